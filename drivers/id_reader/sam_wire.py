"""The words of a reader's security module (SAM): frames, commands, status words. No I/O. docs/wire-id-reader.md.

A frame is a preamble of five bytes, a length of two (big-endian, of what follows it), the content, and the XOR of
length and content. A command's content is command and parameter; an answer's is SW1 SW2 SW3 and data.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import Final

PREAMBLE: Final = bytes.fromhex("AAAAAA9669")
TEXT_SIZE: Final = 256
PHOTO_SIZE: Final = 1024
LONGEST: Final = 3 + 4 + TEXT_SIZE + PHOTO_SIZE + 1
"""What the length of a read answer counts; a longer one is a damaged one. The whole frame has 1295 bytes."""


class DamagedFrame(Exception):
    """Bytes that can't be a sound answer. Expected on a noisy line; the text tells none of them."""


class Command(Enum):
    """Command and parameter."""

    FIND = b"\x20\x01"
    """Look for a document that has come into the field since the last find."""
    SELECT = b"\x20\x02"
    """Choose the one found. Ours: answered for as long as it lies there, so it tells too whether it still does."""
    READ = b"\x30\x01"
    """Text and photo of the one chosen."""
    STATUS = b"\x11\xff"
    SAM_ID = b"\x12\xff"


REPEATABLE: Final = frozenset({Command.SELECT, Command.READ, Command.STATUS, Command.SAM_ID})
"""Asked once more after a damaged answer. Not FIND: a document is found once, and the answer that said so is gone."""


class Status(IntEnum):
    """The third status byte; the first two are zero."""

    DONE = 0x90
    FOUND = 0x9F
    FIND_FAILED = 0x80
    SELECT_FAILED = 0x81
    READ_FAILED = 0x41
    CHECKSUM = 0x10
    CARD_DISTRUSTS_SAM = 0x31
    SAM_DISTRUSTS_CARD = 0x32
    NO_CONTENT = 0x91


_WORDS: Final[Mapping[int, str]] = {
    Status.DONE: "says done (90)",
    Status.FOUND: "says found (9F)",
    Status.FIND_FAILED: "finds nothing (80)",
    Status.SELECT_FAILED: "can't select (81)",
    Status.READ_FAILED: "can't read (41)",
    Status.CHECKSUM: "heard a damaged command (10)",
    Status.CARD_DISTRUSTS_SAM: "was not accepted by the card (31)",
    Status.SAM_DISTRUSTS_CARD: "does not accept the card (32)",
    Status.NO_CONTENT: "has no content (91)",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A sound answer."""

    status: int
    """SW3, or all three bytes as a number where the first two are not zero."""
    data: bytes = field(repr=False)

    @property
    def complaint(self) -> str:
        """What it says, in technician's English."""
        return _WORDS.get(self.status, f"answers an unknown status ({self.status:02X})")


def exclusive_or(octets: bytes | bytearray) -> int:
    """The check byte of a frame: over length and content."""
    check = 0
    for octet in octets:
        check ^= octet
    return check


def encode(command: Command) -> bytes:
    """Put a command into its frame."""
    counted = (len(command.value) + 1).to_bytes(2, "big") + command.value
    return PREAMBLE + counted + bytes((exclusive_or(counted),))


class AnswerDecoder:
    """Takes what follows the preamble, byte by byte."""

    def __init__(self) -> None:
        self._octets = bytearray()

    def feed(self, octet: int) -> Answer | None:
        """Take one byte; the answer when this was its last.

        :raises DamagedFrame: it can't become a sound answer any more.
        """
        self._octets.append(octet)
        if len(self._octets) < 2:
            return None
        length = int.from_bytes(self._octets[:2], "big")
        if not 4 <= length <= LONGEST:
            raise DamagedFrame("wrong length")
        if len(self._octets) < 2 + length:
            return None
        if exclusive_or(self._octets):
            raise DamagedFrame("wrong check byte")
        return Answer(int.from_bytes(self._octets[2:5], "big"), bytes(self._octets[5:-1]))


class PreambleWatch:
    """Finds the preamble in a stream that may begin with anything."""

    def __init__(self) -> None:
        self._last = b""

    def feed(self, octet: int) -> bool:
        """Take one byte; whether it was the last of a preamble."""
        self._last = (self._last + bytes((octet,)))[-len(PREAMBLE) :]
        return self._last == PREAMBLE


def sam_number(data: bytes) -> str:
    """The module's number as readers print it: two numbers of two digits, then three of up to ten.

    :raises DamagedFrame: not 16 bytes.
    """
    if len(data) != 16:
        raise DamagedFrame("a module's number of another size")
    first, second = (int.from_bytes(data[at : at + 2], "little") for at in (0, 2))
    rest = (int.from_bytes(data[at : at + 4], "little") for at in (4, 8, 12))
    return f"{first:02}.{second:02}-" + "-".join(f"{number:010}" for number in rest)


def text_and_photo(data: bytes) -> tuple[bytes, bytes]:
    """The two parts of a read answer.

    :raises DamagedFrame: the sizes are not those of a document.
    """
    if data[:4] != TEXT_SIZE.to_bytes(2, "big") + PHOTO_SIZE.to_bytes(2, "big"):
        raise DamagedFrame("parts of another size")
    if len(data) != 4 + TEXT_SIZE + PHOTO_SIZE:
        raise DamagedFrame("parts that are not there")
    return data[4 : 4 + TEXT_SIZE], data[4 + TEXT_SIZE :]
