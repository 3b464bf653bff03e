"""What the terminal asks of a reader of resident identity cards, and of what it reads from one."""

from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Protocol


class DocumentKind(Enum):
    """Which document lies on the reader, by the letter in its text."""

    RESIDENT = "resident"
    """居民身份证."""
    HK_MACAU_TAIWAN_RESIDENT = "hk_macau_taiwan_resident"
    """港澳台居民居住证."""
    FOREIGNER_2017 = "foreigner_2017"
    """外国人永久居留身份证 with a number of three letters and twelve digits."""
    FOREIGNER_2023 = "foreigner_2023"
    """The same document since December 2023, with a number of eighteen characters."""


@dataclass(frozen=True, slots=True)
class ReaderIdentity:
    """What a reader says of itself; nothing in it is secret."""

    sam_id: str
    """The number of the security module, as it is printed on the reader."""


@dataclass(frozen=True, slots=True)
class IdDocument:
    """What stands in a document's chip. Never logged; ``repr`` shows the kind only."""

    kind: DocumentKind
    name: str = field(repr=False)
    """As printed: in Chinese, or a foreigner's in capital letters."""
    chinese_name: str = field(repr=False)
    """A foreigner's name in Chinese; empty where there is none, and on every other kind."""
    sex: str = field(repr=False)
    """"1" male, "2" female, "9" not said (GB/T 2261.1)."""
    nation: str = field(repr=False)
    """A resident's ethnic group, "01" to "56" (GB/T 3304), or a foreigner's country, three letters; else empty."""
    birth_date: date = field(repr=False)
    address: str = field(repr=False)
    """Empty on a foreigner's document."""
    number: str = field(repr=False)
    """18 characters of GB 11643; on :attr:`DocumentKind.FOREIGNER_2017` three letters and twelve digits."""
    issuer: str = field(repr=False)
    """Who issued it, in words, or the code of who did; empty where the layout has no place for it."""
    valid_from: date = field(repr=False)
    valid_until: date | None = field(repr=False)
    """The last day; None stands for 长期, without end."""
    travel_document: str = field(repr=False)
    """A Hong Kong, Macau or Taiwan resident's 通行证; empty on every other kind."""
    issue_count: str = field(repr=False)
    """How often the document was issued, two digits, where the layout tells it; else empty."""
    photo: bytes = field(repr=False)
    """1024 bytes as they lie in the chip, for a :class:`PhotoDecoder`."""


class DocumentUnreadable(Exception):
    """Something lies there and doesn't let itself be read: no identity card, a damaged one, one that isn't genuine.

    Expected in the field, not a device fault.
    """


class PhotoDecoder(Protocol):
    """Turns a document's coded photo (WLT) into a picture. The codec is proprietary: an operator brings a licence."""

    def decode(self, coded: bytes) -> bytes:
        """An image file, 102 × 126 pixels.

        :raises ValueError: these bytes are no photo.
        """


class IdReader(Protocol):
    """A plate to lay one document on. Methods block; one thread uses them.

    Every method but :meth:`close` may raise :class:`~drivers.ports.errors.NotConnected` (no such port, or a silent
    reader), :class:`~drivers.ports.errors.Busy` and :class:`~drivers.ports.errors.ProtocolViolation`. After
    NotConnected the next call tries to open the line again.
    """

    def identify(self) -> ReaderIdentity:
        """Ask the reader for its status and its module's number; harmless at any time."""

    def wait_for_document(self, timeout_s: float) -> None:
        """Wait until a document is laid down. One that was found before must have left first.

        :raises TimedOut: none came within ``timeout_s``; nothing else is meant by it.
        """

    def read_document(self) -> IdDocument:
        """Read what :meth:`wait_for_document` found.

        :raises MediaRemoved: it was taken away before all was read.
        :raises DocumentUnreadable: see there.
        """

    def wait_for_removal(self, timeout_s: float) -> None:
        """Wait until no document that was found lies there any more.

        :raises TimedOut: it is still there; nothing else is meant by it.
        """

    def close(self) -> None:
        """Leave the line."""
