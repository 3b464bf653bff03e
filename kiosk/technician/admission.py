"""Who comes in as a technician: by card and PIN, or by staff number and one-time code, with or without the centre.

Neither what a card says of itself nor a PIN admits anybody: the card signs a challenge with its own key, and the roster
says whose key that is. What came of it is on record before it is told, so that no power cut gives a guess for nothing.
"""

import hashlib
import hmac
import logging
import os
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple, assert_never

import msgspec
import pyotp
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from drivers.ports.card_reader import CardKind
from drivers.ports.errors import DeviceError, TimedOut
from drivers.ports.pin import Pin
from drivers.ports.technician_card import TechnicianCard, TechnicianCardReader
from kiosk.central_client.clock_offset import ClockOffset
from kiosk.configuration import Configuration
from kiosk.journeys.requests import LedgerFailed
from kiosk.ledger.errors import LedgerError
from kiosk.policy.rule import Text
from kiosk.records.canonical import canonical
from kiosk.records.roster import Roster, Technician
from kiosk.records.sealing import Unreadable
from kiosk.records.technician import ADMISSION, LOCK_OUT, WITNESS, ActOutcome, Role
from kiosk.records.upload import decode
from kiosk.technician.acts import ActBook, ActLedger
from kiosk.technician.lock_out import Tally, admitted, begins_before, failed, locked_ms
from kiosk.technician.roster import NoRoster, RosterKeeper

_log = logging.getLogger(__name__)

PIN_LENGTH: Final = 6
"""Digits of a card's PIN; docs/wire.md."""
CODE_LENGTH: Final = 6
STEP_S: Final = 30
"""RFC 6238, 5.2."""
DRIFT_STEPS: Final = 1
"""So many steps either way an authenticator's clock may be off, or its user slow."""
CARD_LIMIT_S: Final = 3.0
"""How long a card may take to be found in the slot, after its owner has typed the PIN."""
PAGE: Final = "entry"
_TALLY: Final = "technician/tally"
_CHALLENGE: Final = b"ssct-technician-card-1"
_MINUTE_MS: Final = 60_000


class Refusal(Enum):
    """Why somebody does not come in, as far as a stranger may know. Log and ledger know more."""

    NOT_ADMITTED = "not_admitted"
    LOCKED_OUT = "locked_out"
    PIN_WRONG = "pin_wrong"
    PIN_BLOCKED = "pin_blocked"
    NO_CARD = "no_card"
    ANOTHER_CARD = "another_card"
    CARD_UNREADABLE = "card_unreadable"
    NO_ROSTER = "no_roster"
    NOT_ON_RECORD = "not_on_record"
    """Nobody comes in without an entry in the ledger."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """Somebody has come in."""

    staff: str
    role: Role


@dataclass(frozen=True, slots=True)
class Refused:
    """Nobody has."""

    refusal: Refusal
    left: int | None = None
    """Tries of the PIN, or minutes of the lock-out; None: not said, or neither."""

    @property
    def words(self) -> Text:
        """For whoever stands there."""
        return _words(self.refusal, self.left)


class _Found(NamedTuple):
    """What was shown, judged."""

    why: str
    """A machine word; empty: come in."""
    technician: Technician | None = None
    step: int | None = None
    told: Refused = Refused(Refusal.NOT_ADMITTED)


class _CardNotRead(Exception):
    """Nothing was shown that could be judged; no failure is counted."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


class Admission:
    """Lets technicians in at one terminal. Any thread may call it; one is judged after the other."""

    def __init__(
        self,
        keeper: RosterKeeper,
        ledger: ActLedger,
        region: str,
        *,
        clock: Callable[[], float],
        offset_ms: Callable[[], int],
        draw: Callable[[int], bytes] = os.urandom,
    ) -> None:
        """
        :param clock: seconds since 1970 UTC by this machine.
        :param offset_ms: centre's clock minus this one's; codes and terms go by the centre's.
        :param draw: random bytes for challenges.
        """
        self._keeper, self._ledger, self._clock, self._offset_ms, self._draw = keeper, ledger, clock, offset_ms, draw
        self.book = ActBook(ledger, region, offset_ms)
        """Where what is done inside goes on record."""
        self._turn = threading.Lock()

    @classmethod
    def of(cls, configuration: Configuration, ledger: ActLedger) -> "Admission":
        """The admission of this terminal.

        :param ledger: its ledger, or the running terminal's journal over it.
        :raises ConfigurationError: a key is not there.
        """
        offset = ClockOffset(configuration.offset_path)
        return cls(
            RosterKeeper.of(configuration),
            ledger,
            configuration.terminal.region,
            clock=time.time,
            offset_ms=offset.milliseconds,
        )

    def by_card(self, reader: TechnicianCardReader, pin: Pin) -> Admitted | Refused:
        """Let in whoever's card answers for itself and hears its own PIN.

        :param reader: its card is powered off afterwards, and lies where it is.
        :param pin: wiped when this returns.
        """
        try:
            return self._judged("card", lambda roster, _tally, now_ms: self._shown_by_card(reader, pin, roster, now_ms))
        finally:
            pin.wipe()
            reader.release()

    def by_code(self, staff: str, digits: str) -> Admitted | Refused:
        """Let in whoever has this staff number and shows the code of these 30 seconds, or of those beside them.

        :param digits: as they were typed.
        """
        return self._judged(
            "code", lambda roster, tally, now_ms: self._shown_by_code(staff, digits, roster, tally, now_ms)
        )

    def witness(self, staff: str, digits: str, *, beside: str) -> bool:
        """Whether a second person shows by their code that they stand there. Counts like coming in, and uses the code.

        :param beside: the staff number of the first.
        """
        if staff == beside:
            return False
        answer = self._judged(
            "code", lambda roster, tally, now_ms: self._shown_by_code(staff, digits, roster, tally, now_ms), WITNESS
        )
        return isinstance(answer, Admitted)

    def struck(self, who: Admitted) -> bool:
        """Whether somebody who came in would not come in as the same now: struck off, past their term, in another role.

        By the roster as it stands by now; without one that can be opened whoever came in stays. It is put on record.
        """
        with self._turn:
            try:
                roster = self._keeper.roster()
            except NoRoster:
                return False
            now_ms = int(self._clock() * 1000) + self._offset_ms()
            found = next((one for one in roster.technicians if one.staff == who.staff), None)
            why = _standing(found, now_ms)
            if not why and found is not None and found.role is not who.role:
                why = "another_role"
            if not why:
                return False
            _log.warning("%s is sent away: %s", who.staff, why)
            try:
                self.book.record(
                    ADMISSION, staff=who.staff, role=who.role, page=PAGE, outcome=ActOutcome.REFUSED, why=why
                )
            except (LedgerError, LedgerFailed) as error:
                _log.error("it could not be put on record: %s", error)
            return True

    def locked_out(self) -> Refused | None:
        """Whether nobody comes in now, or none could be put on record; None where somebody may."""
        try:
            content = self._ledger.kept(_TALLY)
        except (LedgerError, LedgerFailed) as error:
            _log.error("nobody could be let in: %s", error)
            return Refused(Refusal.NOT_ON_RECORD)
        now_ms = int(self._clock() * 1000) + self._offset_ms()
        left_ms = 0 if content is None else locked_ms(decode(content, Tally), now_ms)
        return _locked_out(left_ms) if left_ms else None

    def _judged(
        self, by: str, show: Callable[[Roster, Tally, int], _Found], act: str = ADMISSION
    ) -> Admitted | Refused:
        with self._turn:
            try:
                now_ms = int(self._clock() * 1000) + self._offset_ms()
                tally = self._unlocked(now_ms)
                if isinstance(tally, Refused):
                    return tally
                roster = self._roster(tally)
                tally = msgspec.structs.replace(tally, roster=roster.number)
                return self._told(act, by, show(roster, tally, now_ms), tally, now_ms)
            except NoRoster as error:
                _log.warning("nobody can be let in: %s", error)
                return Refused(Refusal.NO_ROSTER)
            except _CardNotRead as error:
                return Refused(error.refusal)
            except (LedgerError, LedgerFailed) as error:
                _log.error("nobody is let in, it could not be put on record: %s", error)
                return Refused(Refusal.NOT_ON_RECORD)

    def _unlocked(self, now_ms: int) -> Tally | Refused:
        """The tally, unless it keeps everybody out."""
        content = self._ledger.kept(_TALLY)
        tally = Tally() if content is None else decode(content, Tally)
        restarted = begins_before(tally, now_ms)
        if restarted is not None:
            self.book.record(
                LOCK_OUT, staff="", role=None, page=PAGE, outcome=ActOutcome.REFUSED, why="clock_went_back",
                keep={_TALLY: canonical(restarted)},
            )  # fmt: skip
            tally = restarted
        left_ms = locked_ms(tally, now_ms)
        return _locked_out(left_ms) if left_ms else tally

    def _roster(self, tally: Tally) -> Roster:
        roster = self._keeper.roster()
        if roster.number < tally.roster:
            raise NoRoster(f"roster {roster.number} was put in place of {tally.roster}")
        return roster

    def _told(self, act: str, by: str, found: _Found, tally: Tally, now_ms: int) -> Admitted | Refused:
        """Put on record what came of it, and then tell."""
        who = found.technician
        staff, role = (who.staff, who.role) if who is not None else ("", None)
        if not found.why and who is not None:
            after = admitted(tally, who.staff, found.step)
            self.book.record(
                act, staff=staff, role=role, page=PAGE, why=by, keep={_TALLY: canonical(after)}
            )  # fmt: skip
            _log.info("%s is let in by %s as %s", who.staff, by, who.role.value)
            return Admitted(who.staff, who.role)
        after = failed(tally, now_ms)
        self.book.record(
            act, staff=staff, role=role, page=PAGE, outcome=ActOutcome.REFUSED, why=found.why,
            keep={_TALLY: canonical(after)},
        )  # fmt: skip
        _log.warning("%s is not let in by %s: %s", staff or "somebody", by, found.why)
        left_ms = locked_ms(after, now_ms)
        if not left_ms:
            return found.told
        self.book.record(LOCK_OUT, staff=staff, role=role, page=PAGE, outcome=ActOutcome.REFUSED, why=by)
        _log.warning("nobody is let in for %d minutes", left_ms // _MINUTE_MS)
        return _locked_out(left_ms)

    def _shown_by_card(self, reader: TechnicianCardReader, pin: Pin, roster: Roster, now_ms: int) -> _Found:
        try:
            card = self._card(reader)
            key = _key_of(card.read_certificate())
            who = _with_card(roster, key)
            checked = card.verify_pin(pin)
            if not checked.accepted:
                if checked.tries_left:
                    return _Found("pin_wrong", who, told=Refused(Refusal.PIN_WRONG, checked.tries_left))
                return _Found("pin_blocked", who, told=Refused(Refusal.PIN_BLOCKED))
            is_theirs = self._answers_for_itself(card, key)
        except DeviceError as error:
            _log.warning("a technician's card was not read: %s", error)
            raise _CardNotRead(Refusal.CARD_UNREADABLE) from error
        if not is_theirs:
            return _Found("card_not_genuine", who)
        return _Found(_standing(who, now_ms), who)

    def _card(self, reader: TechnicianCardReader) -> TechnicianCard:
        try:
            kind = reader.wait_for_card(CARD_LIMIT_S)
        except TimedOut as error:
            raise _CardNotRead(Refusal.NO_CARD) from error
        if kind in (CardKind.DEAD, CardKind.SILENT):
            raise _CardNotRead(Refusal.CARD_UNREADABLE)
        card = reader.technician_card()
        if card is None:
            raise _CardNotRead(Refusal.ANOTHER_CARD)
        return card

    def _answers_for_itself(self, card: TechnicianCard, key: ec.EllipticCurvePublicKey) -> bool:
        """Whether the card has the key of the certificate that it shows."""
        drawn = self._draw(32)
        digest = hashlib.sha256(_CHALLENGE + self._keeper.terminal.encode() + b"\0" + drawn).digest()
        try:
            key.verify(card.sign_digest(digest), digest, ec.ECDSA(Prehashed(hashes.SHA256())))
        except InvalidSignature:
            return False
        return True

    def _shown_by_code(self, staff: str, digits: str, roster: Roster, tally: Tally, now_ms: int) -> _Found:
        who = next((one for one in roster.technicians if one.staff == staff), None)
        why = _standing(who, now_ms)
        if why or who is None:
            return _Found(why, who)
        try:
            step = _step_of(digits, self._keeper.secret(who).decode("ascii"), now_ms)
        except Unreadable:
            return _Found("secret_unreadable", who)
        if step is None:
            return _Found("code_wrong", who)
        if step <= tally.steps.get(staff, 0):
            return _Found("code_used", who)
        return _Found("", who, step)


def _step_of(digits: str, secret: str, now_ms: int) -> int | None:
    """The newest step around now whose code this is."""
    if re.fullmatch(rf"[0-9]{{{CODE_LENGTH}}}", digits, re.ASCII) is None:
        return None
    codes = pyotp.HOTP(secret, digits=CODE_LENGTH)
    now = now_ms // (STEP_S * 1000)
    steps = range(max(0, now - DRIFT_STEPS), now + DRIFT_STEPS + 1)
    return max((step for step in steps if hmac.compare_digest(codes.at(step), digits)), default=None)


def _standing(who: Technician | None, now_ms: int) -> str:
    """Why somebody who has shown that they are who they are is not let in; empty when they are."""
    if who is None:
        return "unknown"
    if who.revoked:
        return "revoked"
    return "expired" if who.valid_until_ms <= now_ms else ""


def _key_of(certificate: bytes) -> ec.EllipticCurvePublicKey:
    try:
        key = x509.load_der_x509_certificate(certificate).public_key()
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion) as error:
        raise _CardNotRead(Refusal.CARD_UNREADABLE) from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise _CardNotRead(Refusal.ANOTHER_CARD)
    return key


def _with_card(roster: Roster, key: ec.EllipticCurvePublicKey) -> Technician | None:
    point = key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    return next((one for one in roster.technicians if one.card_key == point), None)


def _locked_out(left_ms: int) -> Refused:
    return Refused(Refusal.LOCKED_OUT, -(-left_ms // _MINUTE_MS))


def _words(refusal: Refusal, left: int | None) -> Text:
    match refusal:
        case Refusal.NOT_ADMITTED:
            return Text(zh="不能进入", en="not admitted")
        case Refusal.LOCKED_OUT:
            return Text(zh=f"试错太多次：{left} 分钟后再试", en=f"too many failures: try again in {left} minutes")
        case Refusal.PIN_WRONG:
            return Text(zh=f"密码不对，还可以试 {left} 次", en=f"wrong PIN, {left} tries left")
        case Refusal.PIN_BLOCKED:
            return Text(zh="卡的密码锁住了：找发卡人", en="the card's PIN is blocked: ask whoever issued it")
        case Refusal.NO_CARD:
            return Text(zh="没有卡：插好卡再试", en="no card: insert it and try again")
        case Refusal.ANOTHER_CARD:
            return Text(zh="这不是维护卡", en="this is no technician's card")
        case Refusal.CARD_UNREADABLE:
            return Text(zh="卡没有读完：重新插好再试", en="the card was not read to its end: insert it again")
        case Refusal.NO_ROSTER:
            return Text(
                zh="终端没有维护人员名单：联网，或用 kiosk roster take", en="no roster: connect, or kiosk roster take"
            )
        case Refusal.NOT_ON_RECORD:
            return Text(zh="账本写不进去，不能进入：用命令行检修", en="the ledger takes nothing: use the command line")
        case _ as never:
            assert_never(never)
