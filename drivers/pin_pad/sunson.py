"""Driver for PIN pads of the SUNSON XZ-F10/F31 family: 9600 8N1, docs/wire-pin-pad.md.

The trace names commands and how they were answered. Keys, and how many there were, are never logged.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from drivers.pin_pad.sunson_wire import (
    ANSWER_SIZE,
    DIGIT_KEYS,
    ECHO,
    ECHO_KEYS,
    REPEATABLE,
    STX,
    Command,
    DamagedFrame,
    EntryMode,
    Key,
    Reply,
    ReplyDecoder,
    Status,
    encode,
    entry_parameters,
)
from drivers.ports.errors import DeviceError, EntryCancelled, ProtocolViolation, TimedOut
from drivers.ports.pin import Pin
from drivers.ports.pin_pad import PadIdentity, PinBlock, WrappedKey
from drivers.transport.serial_line import Interrupted, SerialLine

BAUD_RATE: Final = 9600
ANSWER_S: Final = 1.0
"""Seconds until an answer begins; none of the dialect's commands works longer in the pad."""
FRAME_S: Final = 0.3
"""Seconds from STX to the check byte; the longest answer of our profile takes 0.14 s at 9600 baud."""
QUIET_S: Final = 0.05
"""A line this long silent is between two frames."""
RESYNCHRONISE_S: Final = 0.3
"""Most seconds spent waiting for such a silence."""
MOST_KEYS: Final = 240
"""Keys of one entry after which a key must be stuck; a person typing six digits needs a tenth of it."""

_MASTER_SLOT: Final = 0
_WORKING_SLOT: Final = 0
_TRIAL_SLOT: Final = 1
"""A working key is loaded here first: one whose check value does not fit never replaces the good one."""

_DEVICE: Final = "pin_pad"
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


class SunsonPinPad:
    """A SUNSON pad on a serial port, as a :class:`drivers.ports.pin_pad.PinPad`.

    The port is opened by the first call and again after the cable was pulled. A pad of which it isn't known
    that it is at rest (just opened, or a fault before) is reset, keeping its keys, before anything else is asked.

    No call hangs. One command takes at most 4 s (two attempts of 0.5 s writing, 1 s until the answer begins and
    0.3 s for it; 0.35 s to find the line's silence between them); a silent pad is given up after 1 s.
    docs/wire-pin-pad.md adds it up for each method.
    """

    def __init__(self, port_path: str, *, answer_s: float = ANSWER_S) -> None:
        """
        :param port_path: device file or symbolic link, such as ``/dev/serial/by-id/…``.
        :param answer_s: seconds until an answer must begin.
        """
        self._line = SerialLine(_DEVICE, port_path, baud_rate=BAUD_RATE)
        self._answer_s = answer_s
        self._at_rest = False

    def identify(self) -> PadIdentity:
        """Ask the pad for its version and serial number.

        :raises TimedOut: nothing answered within 1 s.
        """
        self._make_ready()
        text = self._ask(Command.VERSION)
        if not text.isascii():
            raise ProtocolViolation(_DEVICE, "its version is no text")
        version, _, serial = text.decode("ascii").partition(";")
        return PadIdentity(dialect="sunson", version=version, serial=serial)

    def enter_pin(self, length: int, timeout_s: float, on_count: Callable[[int], None]) -> Pin:
        """Let the citizen type a PIN in clear; see :meth:`drivers.ports.pin_pad.PinPad.enter_pin`.

        :param length: 4 to 12 digits. A digit beyond is ignored.
        :raises ValueError: another length.
        """
        _check_length(length)
        pin = Pin(length)
        try:
            with self._entry():
                self._ask(Command.START_PLAIN_ENTRY, entry_parameters(EntryMode.PLAIN, length, timeout_s))
                self._take_keys(pin, DIGIT_KEYS, length, timeout_s, on_count)
        except BaseException:
            pin.wipe()
            raise
        return pin

    def load_working_key(self, key: WrappedKey) -> None:
        """Load and activate the key under which PIN blocks leave the pad.

        A key that does not fit leaves the former one in its place.

        :raises ProtocolViolation: not 16 bytes and 4 of check value, no master key in the pad, or a check value that
            does not fit.
        """
        if len(key.cipher) != 16 or len(key.check_value) != 4:
            raise ProtocolViolation(_DEVICE, "a working key is 16 bytes and its check value 4")
        self._make_ready()
        for slot in (_TRIAL_SLOT, _WORKING_SLOT):
            check_value = self._ask(Command.LOAD_WORKING_KEY, bytes((_MASTER_SLOT, slot)) + key.cipher)
            if check_value != key.check_value:
                raise ProtocolViolation(_DEVICE, "the working key's check value does not fit")
        self._ask(Command.ACTIVATE_KEY, bytes((_MASTER_SLOT, _WORKING_SLOT)))

    def enter_pin_block(self, account: str, length: int, timeout_s: float, on_count: Callable[[int], None]) -> PinBlock:
        """Let the citizen type a PIN that stays in the pad; see :meth:`drivers.ports.pin_pad.PinPad.enter_pin_block`.

        :param length: 4 to 12 digits. A digit beyond is ignored.
        :raises ValueError: another length, or an account that is not twelve digits.
        :raises ProtocolViolation: also when no working key was ever loaded.
        """
        _check_length(length)
        if len(account) != 12 or not account.isascii() or not account.isdigit():
            raise ValueError("an account is twelve digits")
        with self._entry():
            # The reset after each entry has put the key out of use.
            self._ask(Command.ACTIVATE_KEY, bytes((_MASTER_SLOT, _WORKING_SLOT)))
            self._ask(Command.SET_ACCOUNT, account.encode("ascii"))
            self._ask(Command.SET_ECHO, bytes((ECHO,)))
            self._ask(Command.START_ENCRYPTED_ENTRY, entry_parameters(EntryMode.ENCRYPTED, length, timeout_s))
            self._take_keys(_EchoCount(), ECHO_KEYS, length, timeout_s, on_count)
            return PinBlock(self._ask(Command.READ_PIN_BLOCK))

    def cancel(self) -> None:
        """End a running entry from another thread. Harmless when none runs: an entry forgets what came before it."""
        self._line.interrupt()

    def close(self) -> None:
        """Leave the line; the next call would open it again."""
        self._line.close()

    @contextmanager
    def _entry(self) -> Iterator[None]:
        """Whatever ends it: the pad is told to leave entry mode and late keys are dropped."""
        self._line.clear_interrupt()
        self._make_ready()
        self._at_rest = False
        try:
            yield
            if self._line.clear_interrupt():
                raise EntryCancelled(_DEVICE, "the terminal cancelled the entry at its last key")
        finally:
            self._leave_entry()

    def _leave_entry(self) -> None:
        if not self._line.is_open:
            return
        try:
            self._reset()
        except DeviceError as fault:
            # The entry's own outcome stands; the next call resets before it asks for anything.
            _trace.warning("entry mode was not left: %s", fault)

    def _make_ready(self) -> None:
        if self._line.open():
            self._at_rest = False
        if not self._at_rest:
            self._resynchronise()
            self._reset()

    def _reset(self) -> None:
        # Keys come before the answer on the line: once it is read, none of this entry can follow.
        self._ask(Command.RESET)
        self._at_rest = True

    def _take_keys(
        self,
        digits: _Digits,
        digit_keys: frozenset[int],
        length: int,
        timeout_s: float,
        on_count: Callable[[int], None],
    ) -> None:
        for _ in range(MOST_KEYS):
            match self._next_key(timeout_s):
                case Key.CANCEL:
                    raise EntryCancelled(_DEVICE, "cancel key")
                case Key.CLEAR:
                    digits.clear()
                case Key.ENTER:
                    if len(digits) == length:
                        on_count(length)
                        return
                case key if key in digit_keys:
                    if len(digits) < length:
                        digits.append(key)
                case _ if digit_keys is ECHO_KEYS:
                    raise ProtocolViolation(_DEVICE, "a byte that is no echo came during an encrypted entry")
                case _:
                    # On a noisy line a digit may be wrong as well, and a wrong PIN costs one of few tries.
                    raise ProtocolViolation(_DEVICE, "a byte that is no key came during an entry")
            on_count(len(digits))
        raise ProtocolViolation(_DEVICE, "a key seems stuck")

    def _next_key(self, timeout_s: float) -> int:
        try:
            key = self._line.read_byte(time.monotonic() + timeout_s, interruptible=True)
        except Interrupted as interruption:
            raise EntryCancelled(_DEVICE, "the terminal cancelled the entry") from interruption
        except TimedOut as silence:
            raise TimedOut(_DEVICE, "no key was pressed in time") from silence
        if key == STX:
            self._hear_complaint()
        return key

    def _hear_complaint(self) -> None:
        """A frame in the midst of an entry: the pad has ended it by itself."""
        reply = self._read_frame()
        if reply.status == Status.TIMED_OUT:
            raise TimedOut(_DEVICE, "no key was pressed in time, says the pad")
        raise ProtocolViolation(_DEVICE, f"during an entry it {reply.complaint() or 'sent a frame'}")

    def _ask(self, command: Command, data: bytes = b"") -> bytes:
        """Send a command and return the answer's data."""
        try:
            try:
                reply = self._attempt(command, data)
            except ProtocolViolation:
                self._resynchronise()
                if command not in REPEATABLE:
                    raise
                _trace.debug("%s again", command.name)
                reply = self._attempt(command, data)
        except DeviceError as fault:
            self._at_rest = False
            _trace.debug("%s failed: %s", command.name, fault)
            raise
        complaint = reply.complaint()
        _trace.debug("%s: %s", command.name, complaint or "done")
        if complaint is None:
            return reply.data
        self._at_rest = False
        if reply.status == Status.TIMED_OUT:
            raise TimedOut(_DEVICE, f"at {command.name} it {complaint}")
        raise ProtocolViolation(_DEVICE, f"at {command.name} it {complaint}")

    def _attempt(self, command: Command, data: bytes) -> Reply:
        self._line.discard_input()
        self._line.write(encode(command, data))
        deadline = time.monotonic() + self._answer_s
        other_bytes = False
        try:
            while self._line.read_byte(deadline) != STX:
                other_bytes = True  # keys of an entry that ends now, or noise
        except TimedOut as silence:
            if other_bytes:
                raise ProtocolViolation(_DEVICE, f"bytes but no answer to {command.name}") from silence
            raise TimedOut(_DEVICE, f"no answer to {command.name}") from silence
        reply = self._read_frame()
        if reply.status == Status.DONE and ANSWER_SIZE.get(command, len(reply.data)) != len(reply.data):
            raise ProtocolViolation(_DEVICE, f"the answer to {command.name} has a wrong size")
        return reply

    def _read_frame(self) -> Reply:
        """Read what follows an STX."""
        deadline = time.monotonic() + FRAME_S
        decoder = ReplyDecoder()
        try:
            reply = None
            while reply is None:
                reply = decoder.feed(self._line.read_byte(deadline))
        except TimedOut as silence:
            raise ProtocolViolation(_DEVICE, "an answer broke off") from silence
        except DamagedFrame as damage:
            raise ProtocolViolation(_DEVICE, f"a damaged answer: {damage}") from damage
        finally:
            decoder.wipe()
        return reply

    def _resynchronise(self) -> None:
        """Drop bytes until the line is quiet, or for :data:`RESYNCHRONISE_S`."""
        end = time.monotonic() + RESYNCHRONISE_S
        try:
            while (now := time.monotonic()) < end:
                self._line.read_byte(now + QUIET_S)
        except TimedOut:
            return


def _check_length(length: int) -> None:
    if not 4 <= length <= 12:
        raise ValueError("a PIN has 4 to 12 digits")
