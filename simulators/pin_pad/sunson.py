"""The SUNSON XZ-F10/F31 family's firmware: docs/wire-pin-pad.md."""

from collections.abc import Callable
from typing import Final

from simulators.pin_pad.firmware import STX, Answer, Entry, PadFirmware, exclusive_or
from simulators.pin_pad.keys import check_value, decrypt

DONE: Final = 0x04
BAD_PARAMETER: Final = 0x15
TIMED_OUT: Final = 0x80
NO_MASTER_KEY: Final = 0xA4
UNKNOWN_COMMAND: Final = 0xE0
HARDWARE_FAULT: Final = 0xF1

_MODEL: Final = "XZ-F10 SIM 1.0"
_SLOTS: Final = 4


class SunsonFirmware(PadFirmware):
    """See :class:`PadFirmware`."""

    hardware_fault = Answer(HARDWARE_FAULT)
    no_master_key = Answer(NO_MASTER_KEY)

    def _power_on(self) -> None:
        super()._power_on()
        self._active: int | None = None
        self._account: str | None = None

    def _frame_so_far(self) -> bytes:
        if len(self._characters) < 2:
            return b""
        try:
            counted = bytes.fromhex(self._characters[: len(self._characters) // 2 * 2].decode("ascii"))
        except ValueError:
            self._in_frame = False
            return self._frame(Answer(BAD_PARAMETER))
        if len(counted) < counted[0] + 2:
            return b""
        self._in_frame = False
        if exclusive_or(counted) or counted[0] < 1:
            return self._frame(Answer(BAD_PARAMETER))
        command, data = counted[1], counted[2:-1]
        return self._obey(f"{command:02X}", lambda: self._commanded(command, data))

    def _frame(self, answer: Answer) -> bytes:
        counted = bytes((1 + len(answer.data), answer.status)) + answer.data
        return bytes((STX,)) + (counted + bytes((exclusive_or(counted),))).hex().upper().encode("ascii")

    def _one_too_short(self, frame: bytes) -> bytes:
        return frame[:1] + b"%02X" % (int(frame[1:3], 16) - 1) + frame[3:]

    def _time_is_over(self) -> bytes:
        return self._frame(Answer(TIMED_OUT))

    def _commanded(self, command: int, data: bytes) -> Answer:
        handlers: dict[int, Callable[[bytes], Answer]] = {
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
        return Answer(UNKNOWN_COMMAND) if handler is None else handler(data)

    def _version(self, data: bytes) -> Answer:
        return Answer(DONE, f"{_MODEL};{self._keys.serial}".encode("ascii"))

    def _reset(self, data: bytes) -> Answer:
        if data not in (b"", b"\x38"):
            return Answer(BAD_PARAMETER)
        if data:
            self._keys.wipe()
        self._power_on()
        return Answer(DONE)

    def _load_master_key(self, data: bytes) -> Answer:
        if len(data) != 17 or data[0] >= _SLOTS or self._keys.master(data[0]) is not None:
            return Answer(BAD_PARAMETER)
        self._keys.set_master(data[0], data[1:])
        return Answer(DONE, check_value(data[1:]))

    def _load_working_key(self, data: bytes) -> Answer:
        if len(data) != 18 or data[0] >= _SLOTS or data[1] >= _SLOTS:
            return Answer(BAD_PARAMETER)
        master = self._keys.master(data[0])
        if master is None:
            return Answer(NO_MASTER_KEY)
        key = decrypt(master, data[2:])
        self._keys.set_working(data[1], key)
        return Answer(DONE, check_value(key))

    def _activate(self, data: bytes) -> Answer:
        if len(data) != 2:
            return Answer(BAD_PARAMETER)
        if self._keys.master(data[0]) is None:
            return Answer(NO_MASTER_KEY)
        if self._keys.working(data[1]) is None:
            return Answer(BAD_PARAMETER)
        self._active = data[1]
        return Answer(DONE)

    def _set_account(self, data: bytes) -> Answer:
        if len(data) != 12 or not data.isdigit():
            return Answer(BAD_PARAMETER)
        self._account = data.decode("ascii")
        return Answer(DONE)

    def _set_echo(self, data: bytes) -> Answer:
        if len(data) != 1 or not 0x20 <= data[0] <= 0x7E:
            return Answer(BAD_PARAMETER)
        self._echo = data[0]
        return Answer(DONE)

    def _start_entry(self, data: bytes, *, encrypted: bool) -> Answer:
        modes = b"\x01\x01\x00" if encrypted else b"\x02\x00\x00"
        if len(data) != 5 or not 4 <= data[0] <= 12 or data[1:4] != modes or data[4] == 0:
            return Answer(BAD_PARAMETER)
        self._block = None
        entry = Entry(encrypted, data[0], data[4], self._clock() + data[4])
        if encrypted:
            if self._active is None or self._account is None:
                return Answer(BAD_PARAMETER)
            entry.key, entry.account = self._keys.working(self._active), self._account
        self.entry = entry
        return Answer(DONE)

    def _read_block(self, data: bytes) -> Answer:
        block = self._take_block()
        return Answer(BAD_PARAMETER) if block is None else Answer(DONE, block)
