"""A PIN pad on a serial port, in whichever dialect it is given: docs/wire-pin-pad.md."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Protocol, TypeVar

from drivers.pin_pad.conversation import ANSWER_S, BAUD_RATE, DEVICE, Conversation
from drivers.pin_pad.dialect import DIGIT_KEYS, STX, DamagedFrame, Dialect, KeySlot, Question
from drivers.ports.errors import DeviceError, EntryCancelled, ProtocolViolation, TimedOut
from drivers.ports.pin import Pin
from drivers.ports.pin_pad import PadIdentity, PinBlock, WrappedKey
from drivers.transport.serial_line import Interrupted, SerialLine

T = TypeVar("T")

MOST_KEYS: Final = 240
"""Keys of one entry after which a key must be stuck; a person typing six digits needs a tenth of it."""

_trace = logging.getLogger(__name__)


class _Digits(Protocol):
    """What an entry fills: a :class:`Pin`, or a count of echoes."""

    def append(self, digit: int) -> None: ...
    def clear(self) -> None: ...
    def __len__(self) -> int: ...


class _EchoCount:
    """Digits that are known by their number only."""

    def __init__(self) -> None:
        self._length = 0

    def append(self, digit: int) -> None:
        self._length += 1

    def clear(self) -> None:
        self._length = 0

    def __len__(self) -> int:
        return self._length


class SerialPinPad:
    """A pad of a known dialect, as a :class:`drivers.ports.pin_pad.PinPad`.

    The port is opened by the first call and again after the cable was pulled. A pad of which it isn't known
    that it is at rest (just opened, or a fault before) is put to rest, keeping its keys, before anything else is asked.

    No call hangs; a silent pad is given up after 1 s. docs/wire-pin-pad.md adds it up for each method.
    """

    def __init__(self, port_path: str, dialect: Dialect, *, answer_s: float = ANSWER_S) -> None:
        """
        :param port_path: device file or symbolic link, such as ``/dev/serial/by-id/…``.
        :param answer_s: seconds until an answer must begin.
        """
        self._line = SerialLine(DEVICE, port_path, baud_rate=BAUD_RATE)
        self._talk = Conversation(self._line, dialect, answer_s)
        self._at_rest = False

    def identify(self) -> PadIdentity:
        """Ask the pad for its version and serial number.

        :raises TimedOut: nothing answered within 1 s.
        """
        self._make_ready()
        return self._ask(self._talk.dialect.identity)

    def enter_pin(self, length: int, timeout_s: float, on_count: Callable[[int], None]) -> Pin:
        """Let the citizen type a PIN in clear; see :meth:`drivers.ports.pin_pad.PinPad.enter_pin`.

        :param length: 4 to 12 digits. A digit beyond is ignored.
        :raises ValueError: another length.
        """
        _check_length(length)
        pin = Pin(length)
        try:
            with self._entry() as dialect:
                self._ask_all(dialect.plain_entry(length, timeout_s))
                self._take_keys(pin, DIGIT_KEYS, length, timeout_s, on_count)
        except BaseException:
            pin.wipe()
            raise
        return pin

    def load_working_key(self, key: WrappedKey) -> None:
        """Load the key under which PIN blocks leave the pad.

        A key that does not fit leaves the former one in its place.

        :raises ProtocolViolation: not 16 bytes and 4 of check value, no master key in the pad, or a check value that
            does not fit.
        """
        if len(key.cipher) != 16 or len(key.check_value) != 4:
            raise ProtocolViolation(DEVICE, "a working key is 16 bytes and its check value 4")
        self._make_ready()
        for slot in (KeySlot.TRIAL, KeySlot.WORKING):
            check_value = self._ask(self._talk.dialect.load_key(key.cipher, slot))
            if check_value != key.check_value:
                raise ProtocolViolation(DEVICE, "the working key's check value does not fit")

    def enter_pin_block(self, account: str, length: int, timeout_s: float, on_count: Callable[[int], None]) -> PinBlock:
        """Let the citizen type a PIN that stays in the pad; see :meth:`drivers.ports.pin_pad.PinPad.enter_pin_block`.

        :param length: 4 to 12 digits. A digit beyond is ignored.
        :raises ValueError: another length, or an account that is not twelve digits.
        :raises ProtocolViolation: also when no working key was ever loaded.
        """
        _check_length(length)
        if len(account) != 12 or not account.isascii() or not account.isdigit():
            raise ValueError("an account is twelve digits")
        with self._entry() as dialect:
            self._ask_all(dialect.encrypted_entry(account, length, timeout_s))
            self._take_keys(_EchoCount(), frozenset({dialect.keys.echo}), length, timeout_s, on_count)
            return PinBlock(self._ask(dialect.pin_block))

    def cancel(self) -> None:
        """End a running entry from another thread. Harmless when none runs: an entry forgets what came before it."""
        self._line.interrupt()

    def close(self) -> None:
        """Leave the line; the next call would open it again."""
        self._line.close()

    def _meet(self) -> Conversation:
        """In which dialect to go on with a pad of which nothing is known."""
        return self._talk

    def _make_ready(self) -> None:
        if self._line.open():
            self._at_rest = False
        if not self._at_rest:
            self._talk = self._meet()
            self._talk.resynchronise()
            self._put_to_rest()

    def _put_to_rest(self) -> None:
        # Keys come before the answer on the line: once it is read, none of this entry can follow.
        self._ask(self._talk.dialect.rest)
        self._at_rest = True

    @contextmanager
    def _entry(self) -> Iterator[Dialect]:
        """Whatever ends it: the pad is told to leave entry mode and late keys are dropped."""
        self._line.clear_interrupt()
        self._make_ready()
        self._at_rest = False
        try:
            yield self._talk.dialect
            if self._line.clear_interrupt():
                raise EntryCancelled(DEVICE, "the terminal cancelled the entry at its last key")
        finally:
            self._leave_entry()

    def _leave_entry(self) -> None:
        if not self._line.is_open:
            return
        try:
            self._put_to_rest()
        except DeviceError as fault:
            # The entry's own outcome stands; the next call puts the pad to rest before it asks for anything.
            _trace.warning("entry mode was not left: %s", fault)

    def _take_keys(
        self,
        digits: _Digits,
        digit_keys: frozenset[int],
        length: int,
        timeout_s: float,
        on_count: Callable[[int], None],
    ) -> None:
        keys = self._talk.dialect.keys
        for _ in range(MOST_KEYS):
            match self._next_key(timeout_s):
                case keys.cancel:
                    raise EntryCancelled(DEVICE, "cancel key")
                case keys.clear:
                    digits.clear()
                case keys.enter:
                    if len(digits) == length:
                        on_count(length)
                        return
                case key if key in digit_keys:
                    if len(digits) < length:
                        digits.append(key)
                case key if key in keys.idle:
                    pass
                case keys.gave_up:
                    raise TimedOut(DEVICE, "no key was pressed in time, says the pad")
                case _ if digit_keys is not DIGIT_KEYS:
                    raise ProtocolViolation(DEVICE, "a byte that is no echo came during an encrypted entry")
                case _:
                    # On a noisy line a digit may be wrong as well, and a wrong PIN costs one of few tries.
                    raise ProtocolViolation(DEVICE, "a byte that is no key came during an entry")
            on_count(len(digits))
        raise ProtocolViolation(DEVICE, "a key seems stuck")

    def _next_key(self, timeout_s: float) -> int:
        try:
            key = self._line.read_byte(time.monotonic() + timeout_s, interruptible=True)
        except Interrupted as interruption:
            raise EntryCancelled(DEVICE, "the terminal cancelled the entry") from interruption
        except TimedOut as silence:
            raise TimedOut(DEVICE, "no key was pressed in time") from silence
        if key == STX:
            self._hear_complaint()
        return key

    def _hear_complaint(self) -> None:
        """A frame in the midst of an entry: the pad has ended it by itself."""
        dialect = self._talk.dialect
        try:
            status = self._talk.read_frame().status
        except DamagedFrame as damage:
            raise ProtocolViolation(DEVICE, f"during an entry a damaged frame: {damage}") from damage
        if status == dialect.timed_out:
            raise TimedOut(DEVICE, "no key was pressed in time, says the pad")
        raise ProtocolViolation(DEVICE, f"during an entry it {dialect.complaint(status) or 'sent a frame'}")

    def _ask(self, question: Question[T]) -> T:
        try:
            return self._talk.ask(question)
        except DeviceError:
            self._at_rest = False
            raise

    def _ask_all(self, questions: Sequence[Question[None]]) -> None:
        for question in questions:
            self._ask(question)


def _check_length(length: int) -> None:
    if not 4 <= length <= 12:
        raise ValueError("a PIN has 4 to 12 digits")
