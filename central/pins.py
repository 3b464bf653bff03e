"""PINs that the centre holds: opening blocks, judging quality, counting tries."""

import hashlib
import hmac
import itertools
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.card_keys import triple_des
from central.keys import StorageKey
from central.problems import Declined
from central.tables import Card, CentrePin, Pad, PinAnswer, WorkingKeyRow
from kiosk.records.card import pin_account
from kiosk.records.questions import PinVerdict, WorkingKey

PIN_LENGTH: Final = 6
"""Digits; Beijing's rules on the query PIN, note 7."""
_KEYS_KEPT: Final = 2
_FORMAT_3: Final = 3  # ISO 9564-1
_BLOCK: Final = 8


@dataclass(frozen=True, slots=True)
class Pads:
    """PIN pads and the working keys they were given."""

    storage: StorageKey
    clock: Callable[[], float]

    def fresh_key(self, session: Session, terminal: str, serial: str) -> WorkingKey:
        """Make a working key for a pad of ``terminal``; the one before stays good for blocks on their way.

        :raises Declined: not a pad of this terminal.
        """
        pad = session.get(Pad, serial, with_for_update=True)
        if pad is None or pad.terminal != terminal:
            raise Declined(404, "unknown_pad")
        key = _with_odd_parity(secrets.token_bytes(16))
        numbers = session.scalars(
            select(WorkingKeyRow.number).where(WorkingKeyRow.pad_serial == serial).order_by(WorkingKeyRow.number)
        ).all()
        number = (numbers[-1] if numbers else 0) + 1
        for old in numbers[: -(_KEYS_KEPT - 1)]:
            session.delete(session.get_one(WorkingKeyRow, (serial, old)))
        session.add(
            WorkingKeyRow(
                pad_serial=serial,
                number=number,
                wrapped_key=self.storage.wrap(key, f"working key {serial}"),
                given_at=int(self.clock() * 1000),
            )
        )
        master = triple_des(self.storage.unwrap(pad.wrapped_master_key, f"master key {serial}")).encryptor()
        return WorkingKey(cipher=master.update(key), check_value=triple_des(key).encryptor().update(bytes(8))[:4])

    def open_blocks(self, session: Session, terminal: str, serial: str, card: Card, *blocks: bytes) -> list[str] | None:
        """The PINs in blocks of one entry, or None when one of them does not open."""
        pad = session.get(Pad, serial)
        if pad is None or pad.terminal != terminal:
            raise Declined(404, "unknown_pad")
        wrapped = session.scalars(
            select(WorkingKeyRow.wrapped_key)
            .where(WorkingKeyRow.pad_serial == serial)
            .order_by(WorkingKeyRow.number.desc())
            .limit(_KEYS_KEPT)
        )
        keys = [self.storage.unwrap(one, f"working key {serial}") for one in wrapped]
        account = pin_account(card.social_security_number)
        pins = [next(filter(None, (open_block(block, key, account) for key in keys)), None) for block in blocks]
        return None if None in pins else [pin for pin in pins if pin is not None]


@dataclass(frozen=True, slots=True)
class PinCheck:
    """What came of one PIN."""

    verdict: PinVerdict
    tries_left: int | None
    """None where the centre holds no PIN."""

    @property
    def passed(self) -> bool:
        """Whether the PIN was right, or none is held."""
        return self.verdict in {PinVerdict.ACCEPTED, PinVerdict.NOT_ASKED}


@dataclass(frozen=True, slots=True)
class HeldPins:
    """The PINs themselves. Callers hold the row's lock, so tries can't be spent twice at once."""

    storage: StorageKey
    tries: int

    def check(self, session: Session, held: CentrePin, pin: str, transaction_id: str, block: bytes) -> PinCheck:
        """Compare, and spend a try if it is wrong; the same block again in one transaction spends none."""
        if held.tries_left == 0:
            return PinCheck(PinVerdict.LOCKED, 0)
        if self.is_held(held, pin):
            held.tries_left = self.tries
            return PinCheck(PinVerdict.ACCEPTED, self.tries)
        if self.remembered(session, transaction_id, "try", block) is None:
            held.tries_left -= 1
            self.remember(session, transaction_id, "try", "wrong", held.tries_left, block)
        return PinCheck(PinVerdict.WRONG if held.tries_left else PinVerdict.LOCKED, held.tries_left)

    def is_held(self, held: CentrePin, pin: str) -> bool:
        """Whether ``pin`` is the one held; takes the same time either way."""
        return hmac.compare_digest(held.hash, self.storage.pin_hash(pin, held.salt))

    def replace(self, held: CentrePin, pin: str, now_ms: int) -> None:
        """Hold ``pin`` from now on."""
        held.salt = secrets.token_bytes(16)
        held.hash = self.storage.pin_hash(pin, held.salt)
        held.initial = False
        held.tries_left = self.tries
        held.changed_at = now_ms

    def remembered(self, session: Session, transaction_id: str, question: str, *blocks: bytes) -> PinAnswer | None:
        """What was answered to these blocks in this transaction before."""
        return session.get(PinAnswer, (transaction_id, self._digest(question, blocks)))

    def remember(
        self, session: Session, transaction_id: str, question: str, answer: str, tries_left: int | None, *blocks: bytes
    ) -> None:
        """Keep an answer for the case that it is lost on its way."""
        digest = self._digest(question, blocks)
        session.add(PinAnswer(transaction_id=transaction_id, block_digest=digest, answer=answer, tries_left=tries_left))

    def _digest(self, question: str, blocks: Iterable[bytes]) -> bytes:
        joined = b"".join(hashlib.sha256(block).digest() for block in blocks)
        return self.storage.pin_hash("", question.encode() + joined)


def open_block(block: bytes, key: bytes, account: str) -> str | None:
    """The PIN in an ISO 9564-1 format 3 block under a working key, or None if it does not open to six digits."""
    if len(block) != _BLOCK:
        return None
    plain = triple_des(key).decryptor().update(block)
    field = bytes(a ^ b for a, b in zip(plain, bytes.fromhex("0000" + account), strict=True)).hex().upper()
    digits, fill = field[2 : 2 + PIN_LENGTH], field[2 + PIN_LENGTH :]
    if field[:2] != f"{_FORMAT_3}{PIN_LENGTH:X}" or not digits.isdigit() or set(fill) - set("ABCDEF"):
        return None
    return digits


def is_weak(pin: str) -> bool:
    """Whether all digits are one, or each is one more, or one less, than the digit before it; 0 follows 9."""
    steps = {(int(after) - int(before)) % 10 for before, after in itertools.pairwise(pin)}
    return steps in ({0}, {1}, {9})


def _with_odd_parity(key: bytes) -> bytes:
    return bytes(byte & 0xFE | (byte >> 1).bit_count() % 2 ^ 1 for byte in key)


def hand_pin_over(session: Session, old: Card, new: Card) -> None:
    """Where the centre holds the PIN, the new card has the old one's, tries and all."""
    held = session.get(CentrePin, old.identification_code, with_for_update=True)
    if held is not None:
        session.add(
            CentrePin(
                identification_code=new.identification_code,
                salt=held.salt,
                hash=held.hash,
                initial=held.initial,
                tries_left=held.tries_left,
                changed_at=held.changed_at,
            )
        )
