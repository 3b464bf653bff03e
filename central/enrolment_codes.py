"""Codes that let one new terminal in, once: made by the operator, spent by ``POST /v1/enrolment``."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from central.database import Database
from central.enrolment import EnrolmentRefused, EnrolmentRequest, register
from central.keys import CentreKeys
from central.problems import Declined, malformed
from central.settings import Settings
from central.tables import Alarm, EnrolmentCode, Terminal, TerminalLedger
from kiosk.records.enrolment import TERMINAL_ID, AskEnrolment, Enrolled, EnrolmentPackage, drawn_code

DAYS: Final = 7
"""How long a code is good when nobody says otherwise: made when the machine leaves, typed when it stands."""
MOST_DAYS: Final = 90
WRONG_TRIES: Final = 5
"""Then a code is good for nobody. Its check sign has told slips of the finger before; the rest are guesses."""
_NOBODYS: Final = bytes(32)


def make_code(
    database: Database, terminal: str, region: str, clock: Callable[[], float], *, days: int = DAYS
) -> str:  # fmt: skip
    """A code for a terminal that is yet to come; an older one of the same terminal is good no more.

    :raises EnrolmentRefused: no number or region, a term out of bounds, or a terminal of this number is known.
    """
    if TERMINAL_ID.fullmatch(terminal) is None:
        raise EnrolmentRefused(f"{terminal!r} is no terminal's number; allowed are 1 to 32 of A-Z a-z 0-9 . _ -")
    if TERMINAL_ID.fullmatch(region) is None:
        raise EnrolmentRefused(f"{region!r} is no region; wanted is the name of its pack, such as zhumadian")
    if not 1 <= days <= MOST_DAYS:
        raise EnrolmentRefused(f"{days} days; allowed are 1 to {MOST_DAYS}")
    code, now_ms = drawn_code(), int(clock() * 1000)
    with database.writing() as session:
        if session.get(Terminal, terminal) is not None:
            raise EnrolmentRefused(f"{terminal} is registered: another machine gets another number")
        session.merge(
            EnrolmentCode(
                terminal=terminal,
                region=region,
                code_hash=_hash(terminal, code),
                made_at=now_ms,
                expires_at=now_ms + days * 86_400_000,
                wrong_tries=0,
                used_at=None,
                used_key=None,
            )
        )
    return code


def package(settings: Settings, keys: CentreKeys, terminal: str, region: str, code: str, url: str) -> EnrolmentPackage:
    """All that the technician takes along for this terminal.

    :param url: the centre as that terminal reaches it.
    :raises OSError: the CA's certificate can't be read.
    """
    return EnrolmentPackage(
        url=url,
        ca_certificate=settings.ca_certificate.read_text(encoding="ascii"),
        key_id=keys.key_id,
        signing_key=keys.signing.public_key().public_bytes_raw(),
        opening_key=keys.opening.public_key().public_bytes_raw(),
        terminal=terminal,
        region=region,
        code=code,
    )


@dataclass(frozen=True, slots=True)
class EnrolmentDesk:
    """Lets terminals in. The request was signed with the very key that it asks to be known by."""

    database: Database
    keys: CentreKeys
    clock: Callable[[], float]

    def enrol(self, question: AskEnrolment) -> Enrolled:
        """Register the terminal, once; the same request again changes nothing and gets the same answer.

        :raises Declined: ``code_refused`` for all that whoever does not know the code may learn: no such terminal, a
            wrong code, or one that was guessed at too often. Who knows it learns ``code_expired``, ``code_used``,
            ``identity_taken`` or ``revoked``.
        """
        if (
            TERMINAL_ID.fullmatch(question.terminal) is None
            or len(question.public_key) != 32
            or len(question.ledger_id) != 16
        ):
            raise malformed("a terminal has a number, a 32-byte key and a 16-byte ledger id")
        now_ms = int(self.clock() * 1000)
        with self.database.writing() as session:
            found = self._judge(session, question, now_ms)
        if isinstance(found, Declined):  # raised only now: what a refusal wrote must stay
            raise found
        return found

    def _judge(self, session: Session, question: AskEnrolment, now_ms: int) -> Enrolled | Declined:
        row = session.get(EnrolmentCode, question.terminal, with_for_update=True)
        known = row is not None and row.wrong_tries < WRONG_TRIES
        kept = row.code_hash if row is not None else _NOBODYS
        if not hmac.compare_digest(kept, _hash(question.terminal, question.code)) or row is None or not known:
            if row is not None and known:
                row.wrong_tries += 1
                if row.wrong_tries == WRONG_TRIES:
                    _alarm(session, question.terminal, now_ms, "enrolment_guessed", f"{WRONG_TRIES} wrong codes")
            return Declined(403, "code_refused")
        terminal = session.get(Terminal, question.terminal)
        if terminal is not None and terminal.revoked_at is not None:
            return Declined(403, "revoked")
        if terminal is not None or row.used_at is not None:
            return _asked_again(session, row, terminal, question, now_ms)
        if now_ms >= row.expires_at:
            return Declined(403, "code_expired")
        if question.region != row.region:
            return malformed(f"the code is for {row.region}")
        request = EnrolmentRequest(
            terminal=question.terminal,
            region=question.region,
            public_key=question.public_key,
            ledger_id=question.ledger_id,
        )
        register(session, self.keys, request, now_ms)
        row.used_at, row.used_key = now_ms, question.public_key
        return Enrolled(terminal=question.terminal, region=question.region, enrolled_at_ms=now_ms)


def _asked_again(
    session: Session, row: EnrolmentCode, terminal: Terminal | None, question: AskEnrolment, now_ms: int
) -> Enrolled | Declined:
    """The terminal itself, whose answer was lost or whom the operator let in by its request; or somebody else."""
    if (
        terminal is None
        or terminal.public_key != question.public_key
        or row.used_key not in {None, question.public_key}
        or terminal.region != question.region
        or session.get(TerminalLedger, (question.terminal, question.ledger_id)) is None
    ):
        return _second(session, question, now_ms, "identity_taken" if row.used_at is None else "code_used")
    return Enrolled(terminal=terminal.id, region=terminal.region, enrolled_at_ms=terminal.enrolled_at)


def _second(session: Session, question: AskEnrolment, now_ms: int, word: str) -> Declined:
    """Another machine, or another disk, with an identity that somebody has: staff must know."""
    detail = f"{word}, key {hashlib.sha256(question.public_key).hexdigest()[:16]}"
    _alarm(session, question.terminal, now_ms, "second_identity", detail)
    return Declined(403, word)


def _alarm(session: Session, terminal: str, now_ms: int, kind: str, detail: str) -> None:
    session.add(Alarm(raised_at=now_ms, terminal=terminal, kind=kind, detail=detail))


def _hash(terminal: str, code: str) -> bytes:
    """What is kept of a code. It has 84 bits: nobody tries them all, so nothing slow is needed."""
    return hashlib.sha256(b"ssct-enrolment-code-1\0" + terminal.encode() + b"\0" + code.encode()).digest()
