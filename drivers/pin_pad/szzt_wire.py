"""The words of the SZZT ZT588 dialect: frames, commands, error codes, keys. No I/O.

A frame is STX, LEN, text, ETX and BCC. LEN is the number of characters of the text in three decimal digits, BCC the
exclusive-or of LEN to ETX in two upper-case hex characters. A command's text is its code and its parameters; a good
answer's text begins with the code plus 30 (``3`` is answered ``c``), a complaint's with E0 to EF.
Table and examples: docs/wire-pin-pad.md.
"""

from typing import Final

from drivers.pin_pad.dialect import STX, DamagedFrame, Reply, hex_digit

ETX: Final = 0x03
MOST_TEXT: Final = 147
"""Longest text of an answer, the status; a longer LEN is a damaged one."""
_LEN: Final = 3
_BCC: Final = 2

# Commands. Those of 5 are settings of the pad: a parameter, and its value as two hex characters.
STATUS: Final = "3"
"""Without anything after it; with text after it this command writes the pad's user information."""
LOAD_WORKING_KEY: Final = "2"
START_ENCRYPTED_ENTRY: Final = "6"
READ_PIN_BLOCK: Final = "7"
DISABLE_KEYS: Final = "5032"
ENABLE_KEYS: Final = "5033"
SET_TIME_LIMIT: Final = "52"
SET_ECHO: Final = "53"

TIMED_OUT: Final = 0xEE
"""Status: no key came within the time limit."""

CLEAR: Final = 0x08
ENTER: Final = 0x0D
CANCEL: Final = 0x1B
ECHO: Final = 0x2A
GAVE_UP: Final = 0x80
"""In a key's place, when no key came within the time limit."""
IDLE_KEYS: Final = frozenset(b"\x07.#ABCDEFGH")
"""The key without a label, the point, the double zero, and the eight beside the screen."""

_COMPLAINTS: Final = {
    0xE0: "reports a low battery (E0)",
    0xE1: "has no initial master key (E1)",
    0xE2: "has no master key (E2)",
    0xE3: "refused the key's length (E3)",
    0xE4: "has no key there (E4)",
    0xE5: "has a key of another kind there (E5)",
    0xE6: "refused the key's parity (E6)",
    0xE7: "refused the key's check (E7)",
    0xE8: "refused the command's length (E8)",
    0xE9: "refused the data (E9)",
    0xEA: "has no such information (EA)",
    0xEB: "refused a parameter (EB)",
    0xEC: "wants to be authenticated first (EC)",
    0xED: "has locked its authentication (ED)",
    0xEE: "gave up waiting (EE)",
    0xEF: "reports a fault (EF)",
}


def done(command: str) -> int:
    """The first character of a good answer to a command."""
    return ord(command[0]) + 0x30


def complaint(status: int) -> str | None:
    """What a status complains of, in technician's English; None if it is no complaint."""
    return _COMPLAINTS.get(status)


def encode(text: str) -> bytes:
    """Put a command into its frame."""
    counted = f"{len(text):03d}{text}".encode("ascii") + bytes((ETX,))
    check = 0
    for octet in counted:
        check ^= octet
    return bytes((STX,)) + counted + f"{check:02X}".encode("ascii")


class ReplyDecoder:
    """See :class:`drivers.pin_pad.dialect.Decoder`."""

    def __init__(self) -> None:
        self._text = bytearray(MOST_TEXT)  # never grows: growing would leave copies behind
        self._taken = 0
        self._length = 0
        self._check = 0
        self._told = 0

    def feed(self, character: int) -> Reply | None:
        """Take one character; the answer when this was its last.

        :raises DamagedFrame: it can't become a sound answer any more.
        """
        position = self._taken
        self._taken += 1
        end = _LEN + self._length
        if position < _LEN:
            self._take_length(position, character)
        elif position < end:
            self._text[position - _LEN] = character
        elif position == end:
            if character != ETX:
                raise DamagedFrame("wrong length")
        else:
            self._told = self._told << 4 | hex_digit(character)
            if position < end + _BCC:
                return None
            if self._told != self._check:
                raise DamagedFrame("wrong check characters")
            return Reply(self._text[0], bytes(self._text[1 : self._length]))
        self._check ^= character
        return None

    def wipe(self) -> None:
        """Zero what was received."""
        self._text[:] = bytes(MOST_TEXT)
        self._taken = 0
        self._length = 0
        self._check = 0
        self._told = 0

    def _take_length(self, position: int, character: int) -> None:
        if not 0x30 <= character <= 0x39:
            raise DamagedFrame("wrong length")
        self._length = self._length * 10 + character - 0x30
        if position == _LEN - 1 and not 1 <= self._length <= MOST_TEXT:
            raise DamagedFrame("wrong length")
