"""What runs inside the simulated pad: command frames and key presses in, bytes for the line out.

Written from docs/wire-pin-pad.md and sharing no code with the driver, so that a mistake in one shows in the other.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from simulators.pin_pad.faults import PadFault, PadFaults
from simulators.pin_pad.keys import KeyStore, check_value, decrypt, encrypt
from simulators.pin_pad.pin_block import format_3

DONE: Final = 0x04
BAD_PARAMETER: Final = 0x15
TIMED_OUT: Final = 0x80
NO_MASTER_KEY: Final = 0xA4
UNKNOWN_COMMAND: Final = 0xE0
HARDWARE_FAULT: Final = 0xF1

ENTER: Final = 0x0D
CLEAR: Final = 0x08
CANCEL: Final = 0x1B

_STX: Final = 0x02
_MODEL: Final = "XZ-F10 SIM 1.0"
_SLOTS: Final = 4


@dataclass
class Entry:
    """An entry that runs."""

    encrypted: bool
    length: int
    seconds: int
    ends_at: float
    digits: str = field(default="", repr=False)


@dataclass(frozen=True)
class _Answer:
    status: int
    data: bytes = b""


class PadFirmware:
    """The pad between its line and its keys."""

    def __init__(self, keys: KeyStore, faults: PadFaults, clock: Callable[[], float] = time.monotonic) -> None:
        self._keys = keys
        self._faults = faults
        self._clock = clock
        self._late = b""
        self._power_on()

    def _power_on(self) -> None:
        self.entry: Entry | None = None
        self._characters = bytearray()
        self._in_frame = False
        self._active: tuple[int, int] | None = None
        self._account: str | None = None
        self._echo = 0x2A
        self._block: bytes | None = None

    def power_cycle(self) -> None:
        """Everything but the key store is forgotten, as when the cable that feeds the pad is pulled."""
        self._late = b""
        self._power_on()

    def receive(self, octets: bytes) -> bytes:
        """Take bytes from the line and return what the pad answers."""
        answers = bytearray()
        for octet in octets:
            if octet == _STX:
                self._characters.clear()
                self._in_frame = True
            elif self._in_frame:
                self._characters.append(octet)
                answers += self._frame_so_far()
        return bytes(answers)

    def press(self, key: int) -> bytes:
        """A key goes down; return what the pad sends for it. Out of an entry the keys are dead."""
        entry = self.entry
        if entry is None:
            return b""
        entry.ends_at = self._clock() + entry.seconds
        if not entry.encrypted:
            return bytes((key,))
        if key == CANCEL:
            self.entry = None
        elif key == CLEAR:
            entry.digits = ""
        elif key == ENTER:
            if len(entry.digits) == entry.length:
                self._finish(entry)
        else:
            if len(entry.digits) < entry.length:
                entry.digits += chr(key)
            return bytes((self._echo,))
        return bytes((key,))

    def expire(self) -> bytes:
        """End an entry whose time is over; return what the pad sends then."""
        if self.entry is None or self._clock() < self.entry.ends_at:
            return b""
        self.entry = None
        return _frame(TIMED_OUT)

    def seconds_left(self) -> float | None:
        """Until :meth:`expire` has something to do."""
        return None if self.entry is None else max(0.0, self.entry.ends_at - self._clock())

    def _finish(self, entry: Entry) -> None:
        self.entry = None
        key = None if self._active is None else self._keys.working(self._active[1])
        if key is not None and self._account is not None:
            self._block = encrypt(key, format_3(entry.digits, self._account))

    def _frame_so_far(self) -> bytes:
        if len(self._characters) < 2:
            return b""
        try:
            counted = bytes.fromhex(self._characters[: len(self._characters) // 2 * 2].decode("ascii"))
        except ValueError:
            self._in_frame = False
            return _frame(BAD_PARAMETER)
        if len(counted) < counted[0] + 2:
            return b""
        self._in_frame = False
        check = 0
        for octet in counted:
            check ^= octet
        if check or counted[0] < 1:
            return _frame(BAD_PARAMETER)
        return self._obey(counted[1], counted[2:-1])

    def _obey(self, command: int, data: bytes) -> bytes:
        fault = self._faults.take(command)
        match fault:
            case PadFault.SILENT:
                return b""
            case PadFault.HARDWARE_ERROR:
                return self._with_late(_frame(HARDWARE_FAULT))
            case PadFault.NO_MASTER_KEY:
                return self._with_late(_frame(NO_MASTER_KEY))
        answer = self._commanded(command, data)
        frame = _frame(answer.status, answer.data)
        match fault:
            case PadFault.LATE:
                self._late += frame
                return b""
            case PadFault.GARBAGE:
                frame = b"\xff\x00?\x7fG\xfe"
            case PadFault.HALF_FRAME:
                frame = frame[: len(frame) // 2]
            case PadFault.WRONG_BCC:
                frame = frame[:-1] + (b"0" if frame[-1:] != b"0" else b"1")
            case PadFault.WRONG_LEN:
                frame = frame[:1] + b"%02X" % len(answer.data) + frame[3:]
            case PadFault.WRONG_SIZE:
                frame = _frame(answer.status, answer.data + b"\x00")
        return self._with_late(frame)

    def _with_late(self, frame: bytes) -> bytes:
        late, self._late = self._late, b""
        return late + frame

    def _commanded(self, command: int, data: bytes) -> _Answer:
        handlers: dict[int, Callable[[bytes], _Answer]] = {
            0x30: self._version,
            0x31: self._reset,
            0x32: self._load_master_key,
            0x33: self._load_working_key,
            0x34: self._set_account,
            0x35: lambda parameters: self._start_entry(parameters, encrypted=True),
            0x42: self._read_block,
            0x43: self._activate,
            0x44: self._set_echo,
            0x45: lambda parameters: self._start_entry(parameters, encrypted=False),
        }
        handler = handlers.get(command)
        return _Answer(UNKNOWN_COMMAND) if handler is None else handler(data)

    def _version(self, data: bytes) -> _Answer:
        return _Answer(DONE, f"{_MODEL};{self._keys.serial}".encode("ascii"))

    def _reset(self, data: bytes) -> _Answer:
        if data not in (b"", b"\x38"):
            return _Answer(BAD_PARAMETER)
        if data:
            self._keys.wipe()
        self._power_on()
        return _Answer(DONE)

    def _load_master_key(self, data: bytes) -> _Answer:
        if len(data) != 17 or data[0] >= _SLOTS or self._keys.master(data[0]) is not None:
            return _Answer(BAD_PARAMETER)
        self._keys.set_master(data[0], data[1:])
        return _Answer(DONE, check_value(data[1:]))

    def _load_working_key(self, data: bytes) -> _Answer:
        if len(data) != 18 or data[0] >= _SLOTS or data[1] >= _SLOTS:
            return _Answer(BAD_PARAMETER)
        master = self._keys.master(data[0])
        if master is None:
            return _Answer(NO_MASTER_KEY)
        key = decrypt(master, data[2:])
        self._keys.set_working(data[1], key)
        return _Answer(DONE, check_value(key))

    def _activate(self, data: bytes) -> _Answer:
        if len(data) != 2:
            return _Answer(BAD_PARAMETER)
        if self._keys.master(data[0]) is None:
            return _Answer(NO_MASTER_KEY)
        if self._keys.working(data[1]) is None:
            return _Answer(BAD_PARAMETER)
        self._active = (data[0], data[1])
        return _Answer(DONE)

    def _set_account(self, data: bytes) -> _Answer:
        if len(data) != 12 or not data.isdigit():
            return _Answer(BAD_PARAMETER)
        self._account = data.decode("ascii")
        return _Answer(DONE)

    def _set_echo(self, data: bytes) -> _Answer:
        if len(data) != 1 or not 0x20 <= data[0] <= 0x7E:
            return _Answer(BAD_PARAMETER)
        self._echo = data[0]
        return _Answer(DONE)

    def _start_entry(self, data: bytes, *, encrypted: bool) -> _Answer:
        modes = b"\x01\x01\x00" if encrypted else b"\x02\x00\x00"
        if len(data) != 5 or not 4 <= data[0] <= 12 or data[1:4] != modes or data[4] == 0:
            return _Answer(BAD_PARAMETER)
        if encrypted and (self._active is None or self._account is None):
            return _Answer(BAD_PARAMETER)
        self._block = None
        self.entry = Entry(encrypted, data[0], data[4], self._clock() + data[4])
        return _Answer(DONE)

    def _read_block(self, data: bytes) -> _Answer:
        block, self._block = self._block, None
        return _Answer(BAD_PARAMETER) if block is None else _Answer(DONE, block)


def _frame(status: int, data: bytes = b"") -> bytes:
    counted = bytes((1 + len(data), status)) + data
    check = 0
    for octet in counted:
        check ^= octet
    return bytes((_STX,)) + (counted + bytes((check,))).hex().upper().encode("ascii")
