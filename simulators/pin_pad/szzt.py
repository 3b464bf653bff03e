"""The SZZT ZT588 family's firmware: docs/wire-pin-pad.md."""

from collections.abc import Callable
from typing import Final

from simulators.pin_pad.firmware import STX, Answer, Entry, PadFirmware, exclusive_or
from simulators.pin_pad.keys import check_value, decrypt

ETX: Final = 0x03

NO_MASTER_KEY: Final = 0xE2
WRONG_KEY_LENGTH: Final = 0xE3
NO_SUCH_KEY: Final = 0xE4
WRONG_LENGTH: Final = 0xE8
WRONG_DATA: Final = 0xE9
WRONG_PARAMETER: Final = 0xEB
OTHER_FAULT: Final = 0xEF

TIME_IS_OVER: Final = 0x80

_DEVICE: Final = "00000000" + "ZT588 " + "1.0" + "SIM"
"""Function code, model, hardware, software."""
_KEY_TABLE: Final = b"123\x1b456\x08789\x07.0#\rACEGBDFH"
_USER_TEXT: Final = 50
_PIN_KEYS: Final = (0x40, 0x48)


class SzztFirmware(PadFirmware):
    """See :class:`PadFirmware`."""

    hardware_fault = Answer(OTHER_FAULT)
    no_master_key = Answer(NO_MASTER_KEY)

    user_text = "SIMULATED PIN PAD"
    """What the owner of a pad may write into it."""

    def _power_on(self) -> None:
        super()._power_on()
        self._seconds = 30

    def _frame_so_far(self) -> bytes:
        counted = bytes(self._characters)
        if not counted[:3].isdigit():
            self._in_frame = False  # not for this pad, which says nothing then
            return b""
        if len(counted) < 3 or len(counted) < 3 + int(counted[:3]) + 3:
            return b""
        self._in_frame = False
        text, end, told = counted[3:-3], counted[-3], counted[-2:]
        if end != ETX or told != b"%02X" % exclusive_or(counted[:-2]):
            return self._frame(Answer(WRONG_DATA))
        if not text or not text.isascii():
            return self._frame(Answer(WRONG_LENGTH))
        return self._understand(text.decode("ascii"))

    def _understand(self, text: str) -> bytes:
        if text == "53" or text.startswith("50"):
            code, parameters = text, ""
        else:
            size = 2 if text[0] == "5" else 1
            code, parameters = text[:size], text[size:]
        return self._obey(code, lambda: self._commanded(code, parameters))

    def _frame(self, answer: Answer) -> bytes:
        text = bytes((answer.status,)) + answer.data
        counted = b"%03d" % len(text) + text + bytes((ETX,))
        return bytes((STX,)) + counted + b"%02X" % exclusive_or(counted)

    def _one_too_short(self, frame: bytes) -> bytes:
        return frame[:1] + b"%03d" % (int(frame[1:4]) - 1) + frame[4:]

    def _time_is_over(self) -> bytes:
        return bytes((TIME_IS_OVER,))

    def _commanded(self, code: str, parameters: str) -> Answer:
        handlers: dict[str, Callable[[str], Answer]] = {
            "1": self._load_master_key,
            "2": self._load_working_key,
            "3": self._status,
            "5030": self._reset,
            "5031": self._wipe,
            "5032": self._disable_keys,
            "53": lambda mask: self._set_echo(mask) if mask else self._enable_keys(mask),
            "5033": self._enable_keys,
            "5034": lambda _: _good("5"),  # sound off
            "5035": lambda _: _good("5"),  # and on
            "52": self._set_time_limit,
            "6": self._start_encrypted_entry,
            "7": self._read_block,
        }
        handler = handlers.get(code)
        return Answer(WRONG_PARAMETER) if handler is None else handler(parameters)

    def _status(self, user_text: str) -> Answer:
        if len(user_text) > _USER_TEXT:
            return Answer(WRONG_LENGTH)
        if user_text:
            self.user_text = user_text
            return _good("3")
        blank = self._keys.master(0) is None
        flags = blank | (self.entry is not None) << 1 | 1 << 2
        settings = bytes((flags, 0, self._seconds, self._echo, 4, 12, 0x33, 0x37, 10, 0))
        text = f"{self.user_text:{_USER_TEXT}}{_KEY_TABLE.hex().upper()}{settings.hex().upper()}"
        return _good("3", text + _DEVICE + self._keys.serial)

    def _load_master_key(self, parameters: str) -> Answer:
        """Index, kind, length, key; only into an empty place."""
        key = _key(parameters[4:], parameters[3:4])
        if key is None:
            return Answer(WRONG_KEY_LENGTH)
        if parameters[:3] != "002" or self._keys.master(0) is not None:
            return Answer(WRONG_PARAMETER)
        self._keys.set_master(0, key)
        return _good("1", check_value(key).hex().upper())

    def _load_working_key(self, parameters: str) -> Answer:
        """Index of the key that it is under, index, kind, length, key."""
        wrapped = _key(parameters[6:], parameters[5:6])
        if wrapped is None:
            return Answer(WRONG_KEY_LENGTH)
        index = _octet(parameters[2:4])
        if parameters[:2] != "00" or index not in _PIN_KEYS or parameters[4] != "3":
            return Answer(WRONG_PARAMETER)
        master = self._keys.master(0)
        if master is None:
            return Answer(NO_MASTER_KEY)
        key = decrypt(master, wrapped)
        self._keys.set_working(index, key)
        return _good("2", check_value(key).hex().upper())

    def _reset(self, _: str) -> Answer:
        self._power_on()
        return _good("5")

    def _wipe(self, _: str) -> Answer:
        self._keys.wipe()
        self._power_on()
        return _good("5")

    def _disable_keys(self, _: str) -> Answer:
        self.entry = self._block = None
        return _good("5")

    def _enable_keys(self, _: str) -> Answer:
        self._block = None
        self.entry = Entry(encrypted=False, length=0, seconds=self._seconds, ends_at=self._clock() + self._seconds)
        return _good("5")

    def _set_time_limit(self, seconds: str) -> Answer:
        limit = _octet(seconds)
        if not limit:
            return Answer(WRONG_DATA)
        self._seconds = limit
        return _good("5")

    def _set_echo(self, mask: str) -> Answer:
        echo = _octet(mask)
        if echo is None:
            return Answer(WRONG_DATA)
        self._echo = echo
        return _good("5")

    def _start_encrypted_entry(self, parameters: str) -> Answer:
        """Index of the key, format, how it ends, length, account."""
        length, account = parameters[4:6], parameters[6:]
        if parameters[2:4] != "#0" or not length.isdigit() or not 4 <= int(length) <= 12:
            return Answer(WRONG_PARAMETER)
        if len(account) != 12 or not account.isdigit():
            return Answer(WRONG_DATA)
        index = _octet(parameters[:2])
        key = None if index is None else self._keys.working(index)
        if key is None:
            return Answer(NO_SUCH_KEY)
        self._block = None
        self.entry = Entry(
            encrypted=True,
            length=int(length),
            seconds=self._seconds,
            ends_at=self._clock() + self._seconds,
            key=key,
            account=account,
        )
        self._entered = int(length)
        return _good("6")

    def _read_block(self, _: str) -> Answer:
        block = self._take_block()
        return Answer(OTHER_FAULT) if block is None else _good("7", f"00{self._entered:02d}{block.hex().upper()}")


def _good(command: str, data: str = "") -> Answer:
    return Answer(ord(command) + 0x30, data.encode("ascii"))


def _octet(characters: str) -> int | None:
    try:
        return bytes.fromhex(characters)[0] if len(characters) == 2 else None
    except ValueError:
        return None


def _key(characters: str, length: str) -> bytes | None:
    """Sixteen bytes, the only length that this pad takes."""
    try:
        key = bytes.fromhex(characters)
    except ValueError:
        return None
    return key if length == "2" and len(key) == 16 else None
