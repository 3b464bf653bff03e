"""What a dialect is: questions and how their answers are read, key codes, and a reader of frames. No I/O.

A dialect is one value of :class:`Dialect`; :class:`drivers.pin_pad.serial_pad.SerialPinPad` speaks whichever it is
given.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Generic, Protocol, TypeVar

from drivers.ports.pin_pad import PadIdentity

T = TypeVar("T")

STX: Final = 0x02
"""Opens a frame in every dialect. No key sends it."""
DIGIT_KEYS: Final = frozenset(range(0x30, 0x3A))
"""A digit in clear is its ASCII code in every dialect."""


class DamagedFrame(Exception):
    """An answer that can't be relied on. The text never shows what was received."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A sound frame from the pad."""

    status: int
    data: bytes = field(repr=False)


class Decoder(Protocol):
    """Takes the characters after STX one by one and gives the answer once it is complete and sound.

    A pad that starts a frame and then sends keys would put digits in here: :meth:`wipe` when it is over.
    """

    def feed(self, character: int) -> Reply | None:
        """Take one character; the answer when this was its last.

        :raises DamagedFrame: it can't become a sound answer any more.
        """

    def wipe(self) -> None:
        """Zero what was received."""


@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    """A command in its frame, and what a good answer to it is."""

    name: str
    """For the trace; without parameters."""
    frame: bytes = field(repr=False)
    done: int
    """Status of a good answer."""
    read: Callable[[bytes], T]
    """Makes sense of a good answer's data, or raises :class:`DamagedFrame`."""
    repeatable: bool
    """Whether doing it twice equals doing it once, so that a damaged answer may be asked for again."""
    holds_nothing: bool = False
    """Neither the question nor its answer can hold a key, an account or a PIN: the trace shows their bytes."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What the pad sends for keys that are no digits; every key press is one unframed byte."""

    clear: int
    enter: int
    cancel: int
    echo: int
    """In place of a digit of an encrypted entry."""
    idle: frozenset[int] = frozenset()
    """Keys that mean nothing in a PIN, such as the decimal point."""
    gave_up: int | None = None
    """What a pad sends in a key's place when it has waited for one long enough; None if it sends a frame."""


class KeySlot(Enum):
    """Where a working key goes: one whose check value does not fit must never replace the good one."""

    TRIAL = "trial"
    WORKING = "working"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one family of pads is spoken to."""

    name: str
    keys: Keys
    decoder: Callable[[], Decoder]
    complaint: Callable[[int], str | None]
    """What a status complains of, in technician's English; None if it is no complaint."""
    timed_out: int
    """Status by which the pad says that no key came."""
    identity: Question[PadIdentity]
    """Changes nothing in the pad, nor in a pad of any other dialect that hears it: discovery rests on that."""
    rest: Question[None]
    """Ends any entry and leaves the keys in the pad; whatever was pressed is sent before the answer."""
    plain_entry: Callable[[int, float], Sequence[Question[None]]]
    """By digits wanted and seconds without a key."""
    encrypted_entry: Callable[[str, int, float], Sequence[Question[None]]]
    """By account, digits wanted and seconds without a key."""
    pin_block: Question[bytes]
    """The eight bytes that an encrypted entry left."""
    load_key: Callable[[bytes, KeySlot], Question[bytes]]
    """By wrapped key; answered with the check value."""


def nothing(data: bytes) -> None:
    """Read an answer that carries no data."""
    if data:
        raise DamagedFrame("wrong size")


def whole_seconds(timeout_s: float) -> int:
    """A time-out as the pads take it: rounded up, 1 to 255 s, one byte."""
    return min(255, max(1, -int(-timeout_s // 1)))


def hex_digit(character: int) -> int:
    """The value of one upper-case hex character.

    :raises DamagedFrame: it is none.
    """
    if 0x30 <= character <= 0x39:
        return character - 0x30
    if 0x41 <= character <= 0x46:
        return character - 0x37
    raise DamagedFrame("not an upper-case hex character")
