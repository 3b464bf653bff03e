"""The words of the SUNSON XZ-F10/F31 dialect: frames, command codes, status bytes, keys. No I/O.

A frame is STX and then LEN, CMD (or ST in an answer), DATA and BCC, each byte as two upper-case hex characters.
LEN counts CMD and DATA; BCC is the exclusive-or of LEN to DATA. Table and examples: docs/wire-pin-pad.md.
"""

from enum import Enum, IntEnum
from typing import Final

from drivers.pin_pad.dialect import STX, DamagedFrame, Reply, hex_digit, whole_seconds

MOST_DATA: Final = 64
"""Longest data of an answer in our profile (the version text); a longer LEN is a damaged one."""


class Command(IntEnum):
    """Commands that the driver sends."""

    VERSION = 0x30
    RESET = 0x31
    """Leaves any entry and forgets the active key; without data the stored keys stay."""
    LOAD_WORKING_KEY = 0x33
    SET_ACCOUNT = 0x34
    START_ENCRYPTED_ENTRY = 0x35
    READ_PIN_BLOCK = 0x42
    ACTIVATE_KEY = 0x43
    SET_ECHO = 0x44
    START_PLAIN_ENTRY = 0x45


REPEATABLE: Final = frozenset(
    {Command.VERSION, Command.RESET, Command.SET_ACCOUNT, Command.ACTIVATE_KEY, Command.SET_ECHO}
)
"""Sent a second time after a damaged answer; doing these twice equals doing them once."""


class Status(IntEnum):
    """First byte of an answer. Fx, a hardware fault, is told by :func:`complaint`."""

    DONE = 0x04
    BAD_PARAMETER = 0x15
    TIMED_OUT = 0x80
    NO_MASTER_KEY = 0xA4
    UNKNOWN_COMMAND = 0xE0


class Key(IntEnum):
    """Keys that are no digits; every key press is one unframed byte."""

    CLEAR = 0x08
    ENTER = 0x0D
    CANCEL = 0x1B


ECHO: Final = 0x2A
"""What the pad sends for a digit of an encrypted entry, set by command 44: an asterisk."""


class EntryMode(Enum):
    """The two middle mode bytes of commands 35 and 45. The public table does not explain them: our own profile."""

    ENCRYPTED = (0x01, 0x01)
    """Echo character for each digit; ISO 9564-1 format 3 bound to the account."""
    PLAIN = (0x02, 0x00)
    """The digit itself for each digit; no PIN block."""


_ENDS_BY_ENTER: Final = 0x00
"""Fourth byte of 35 and 45, ours: the pad waits for the enter key, it does not end by itself at the last digit."""


def entry_parameters(mode: EntryMode, length: int, timeout_s: float) -> bytes:
    """The data of commands 35 and 45: length, echo, block format, how it ends, seconds.

    :param length: digits wanted, 4 to 12 (ISO 9564-1).
    :param timeout_s: seconds without a key; rounded up, at most 255 fit.
    """
    return bytes((length, *mode.value, _ENDS_BY_ENTER, whole_seconds(timeout_s)))


def encode(command: Command, data: bytes = b"") -> bytes:
    """Put a command into its frame."""
    counted = bytes((1 + len(data), command)) + data
    check = 0
    for octet in counted:
        check ^= octet
    return bytes((STX,)) + (counted + bytes((check,))).hex().upper().encode("ascii")


_COMPLAINTS: Final = {
    int(Status.BAD_PARAMETER): "refused a parameter (15)",
    int(Status.TIMED_OUT): "gave up waiting (80)",
    int(Status.NO_MASTER_KEY): "has no master key (A4)",
    int(Status.UNKNOWN_COMMAND): "does not know the command (E0)",
}


def complaint(status: int) -> str | None:
    """What a status complains of, in technician's English; None when it says done."""
    if status == Status.DONE:
        return None
    if status >= 0xF0:
        return f"reports a hardware fault ({status:02X})"
    return _COMPLAINTS.get(status, f"answered an unknown status ({status:02X})")


class ReplyDecoder:
    """See :class:`drivers.pin_pad.dialect.Decoder`."""

    def __init__(self) -> None:
        self._octets = bytearray(2 + 1 + MOST_DATA)  # never grows: growing would leave copies behind
        self._characters = 0

    def feed(self, character: int) -> Reply | None:
        """Take one character; the answer when this was its last.

        :raises DamagedFrame: it can't become a sound answer any more.
        """
        nibble = hex_digit(character)
        position, second = divmod(self._characters, 2)
        self._octets[position] = self._octets[position] << 4 | nibble if second else nibble
        self._characters += 1
        if not second:
            return None
        length = self._octets[0]
        if not 1 <= length <= 1 + MOST_DATA:
            raise DamagedFrame("wrong length")
        if position < length + 1:
            return None
        check = 0
        for index in range(position + 1):
            check ^= self._octets[index]
        if check:
            raise DamagedFrame("wrong check byte")
        return Reply(self._octets[1], bytes(self._octets[2:position]))

    def wipe(self) -> None:
        """Zero what was received."""
        self._octets[:] = bytes(len(self._octets))
        self._characters = 0
