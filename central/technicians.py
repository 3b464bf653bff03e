"""Technicians: who may work at which terminals, their cards and the secrets of their codes, and ``POST /v1/roster``."""

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec
import pyotp
import segno
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from central.database import Database
from central.exchange import Asker
from central.keys import CentreKeys
from central.online import refuse_frozen
from central.tables import RosterChange, Terminal
from central.tables import Technician as TechnicianRow
from kiosk.records.roster import MOST_TECHNICIANS, AskRoster, Roster, RosterTold, Technician, secret_purpose
from kiosk.records.sealing import seal_to_terminal
from kiosk.records.technician import Role, StaffNumber

_ISSUER: Final = "社保卡自助机"
"""Under which an authenticator lists the code."""


class TechnicianRefused(ValueError):
    """What is asked contradicts what is registered."""


@dataclass(frozen=True, slots=True)
class Enlisted:
    """What is handed to a technician once, and shown to nobody again."""

    uri: str
    """``otpauth://``, as authenticators read it."""

    def __repr__(self) -> str:
        return "<Enlisted>"

    def drawn(self) -> str:
        """The same as a QR code of characters."""
        picture = io.StringIO()
        segno.make(self.uri, micro=False).terminal(picture, compact=True)
        return picture.getvalue()


@dataclass(frozen=True, slots=True)
class TechnicianDesk:
    """Registers technicians and tells terminals of them."""

    database: Database
    keys: CentreKeys
    clock: Callable[[], float]
    """Seconds since 1970 UTC."""

    def add(
        self, staff: str, role: Role, *, valid_until: datetime, region: str = "", certificate: bytes | None = None
    ) -> Enlisted:
        """Enter somebody on the rosters, with a fresh secret; whoever was revoked may be entered anew.

        :param region: only at its terminals; at all of this centre's without one.
        :param certificate: of their card, PEM or DER: its key is what counts, and its end, if that is earlier.
        :raises TechnicianRefused: no staff number, entered already, a term that is over, or no certificate of a card.
        """
        _check_staff(staff)
        card = None if certificate is None else _card_of(certificate)
        ends = valid_until if card is None else min(valid_until, card.not_valid_after_utc)
        now_ms, ends_ms = int(self.clock() * 1000), int(ends.timestamp() * 1000)
        if ends_ms <= now_ms:
            raise TechnicianRefused("the term is over, or the certificate is")
        secret = pyotp.random_base32()
        with self.database.writing() as session:
            row = session.get(TechnicianRow, staff, with_for_update=True)
            if row is not None and row.revoked_at is None:
                raise TechnicianRefused(f"{staff} is on the roster; revoke it first")
            if row is None:
                if session.scalar(select(func.count()).select_from(TechnicianRow)) == MOST_TECHNICIANS:
                    raise TechnicianRefused(f"a roster has at most {MOST_TECHNICIANS} technicians")
                row = TechnicianRow(staff=staff)
                session.add(row)
            row.role, row.region, row.valid_until = role.value, region, ends_ms
            row.added_at, row.revoked_at = now_ms, None
            row.card_key = None if card is None else card_key(card)
            row.certificate_sha256 = "" if card is None else _fingerprint(card)
            row.wrapped_secret = self.keys.storage.wrap(secret.encode(), _wrapped_for(staff))
            self._note(session, staff, "added", now_ms)
        return Enlisted(pyotp.TOTP(secret).provisioning_uri(name=staff, issuer_name=_ISSUER))

    def revoke(self, staff: str) -> None:
        """Strike somebody off, card and codes alike; each terminal knows once it has the next roster.

        :raises TechnicianRefused: nobody has this staff number.
        """
        now_ms = int(self.clock() * 1000)
        with self.database.writing() as session:
            row = session.get(TechnicianRow, staff, with_for_update=True)
            if row is None:
                raise TechnicianRefused(f"{staff} is not on the roster")
            if row.revoked_at is None:
                row.revoked_at, row.wrapped_secret = now_ms, b""
                self._note(session, staff, "revoked", now_ms)

    def tell(self, asker: Asker, question: AskRoster) -> RosterTold:
        """The roster of who asks, unless it has it.

        :raises central.problems.Declined: it is frozen.
        """
        with self.database.reading() as session:
            refuse_frozen(session, asker)
            if question.known and question.known == _number(session):
                return RosterTold()
            return RosterTold(roster=self._roster(session, session.get_one(Terminal, asker.terminal)))

    def roster(self, terminal: str) -> Roster:
        """The roster of a terminal, to be carried to it.

        :raises TechnicianRefused: it is not enrolled, or was struck off.
        """
        with self.database.reading() as session:
            row = session.get(Terminal, terminal)
            if row is None or row.revoked_at is not None:
                raise TechnicianRefused(f"{terminal} is not enrolled")
            return self._roster(session, row)

    def _roster(self, session: Session, terminal: Terminal) -> Roster:
        rows = session.scalars(select(TechnicianRow).order_by(TechnicianRow.staff))
        theirs = [row for row in rows if row.region in ("", terminal.region)]
        return Roster(
            terminal=terminal.id,
            number=_number(session),
            made_at_ms=int(self.clock() * 1000),
            technicians=tuple(self._entry(row, terminal) for row in theirs),
            key_id=self.keys.key_id,
        ).signed(self.keys.signing)

    def _entry(self, row: TechnicianRow, terminal: Terminal) -> Technician:
        entry = Technician(
            staff=row.staff,
            role=Role(row.role),
            valid_until_ms=row.valid_until,
            card_key=row.card_key or b"",
            revoked=row.revoked_at is not None,
        )
        if entry.revoked:
            return entry
        secret = self.keys.storage.unwrap(row.wrapped_secret, _wrapped_for(row.staff))
        public = Ed25519PublicKey.from_public_bytes(terminal.public_key)
        sealed = seal_to_terminal(secret, secret_purpose(terminal.id, row.staff), public)
        return msgspec.structs.replace(entry, sealed_secret=sealed)

    def _note(self, session: Session, staff: str, what: str, now_ms: int) -> None:
        """Number the change. Of two at once one fails: a number that came late would be told to nobody."""
        session.add(RosterChange(number=_number(session) + 1, staff=staff, what=what, changed_at=now_ms))
        try:
            session.flush()
        except IntegrityError as error:
            raise TechnicianRefused("the roster is being changed by somebody else; do it again") from error


def card_key(certificate: x509.Certificate) -> bytes:
    """The public key of a technician's card, as a roster has it.

    :raises TechnicianRefused: it is none of P-256.
    """
    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise TechnicianRefused("a technician's card has a P-256 key")
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def _number(session: Session) -> int:
    return session.scalar(select(func.coalesce(func.max(RosterChange.number), 0))) or 0


def _card_of(certificate: bytes) -> x509.Certificate:
    try:
        if certificate.lstrip().startswith(b"-----BEGIN"):
            card = x509.load_pem_x509_certificate(certificate)
        else:
            card = x509.load_der_x509_certificate(certificate)
    except (ValueError, x509.InvalidVersion) as error:
        raise TechnicianRefused("no certificate") from error
    card_key(card)
    return card


def _fingerprint(certificate: x509.Certificate) -> str:
    return hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest()


def _check_staff(staff: str) -> None:
    try:
        msgspec.convert(staff, StaffNumber)
    except msgspec.ValidationError as error:
        raise TechnicianRefused("a staff number has 1 to 12 Latin letters, digits, dots or hyphens") from error


def _wrapped_for(staff: str) -> str:
    return f"technician code {staff}"
