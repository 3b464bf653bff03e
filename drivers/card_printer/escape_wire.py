"""The escape stream: commands as bytes, answers as values (docs/wire-card-printer.md)."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from drivers.card_printer.panels import Panel
from drivers.ports.card_printer import CardPrinterStatus, Fill, Media, Position, Ribbon
from drivers.ports.errors import ProtocolViolation

DEVICE: Final = "card_printer"


def download(panel: Panel) -> bytes:
    """``Db``: a panel's data, whose length follows from its levels."""
    return b"\x1b" + f"Db;{panel.letter};{panel.levels};".encode("ascii") + panel.data + b"\r"


class Word(Enum):
    """What a printer says to a command that moves something. The words are ours but for OK."""

    OK = "OK"
    HOPPER_EMPTY = "HOPPER EMPTY"
    RIBBON_EMPTY = "RIBBON EMPTY"
    """There is none to begin with."""
    COVER_OPEN = "COVER OPEN"
    CARD_INSIDE = "CARD INSIDE"
    NO_CARD = "NO CARD"
    BIN_FULL = "BIN FULL"
    NO_FACE = "NO FACE"
    """A panel is missing; nothing was printed."""
    JAM = "JAM"
    TWO_FED = "TWO FED"
    RIBBON_ENDED = "RIBBON ENDED"
    """In the middle of a face."""
    BUSY = "BUSY"
    """Somebody else's connection is served."""
    UNKNOWN = "UNKNOWN"
    """The printer does not know the command, or not so."""


NOTHING_MOVED: Final = frozenset(
    {
        Word.HOPPER_EMPTY,
        Word.RIBBON_EMPTY,
        Word.COVER_OPEN,
        Word.CARD_INSIDE,
        Word.NO_CARD,
        Word.BIN_FULL,
        Word.NO_FACE,
        Word.BUSY,
        Word.UNKNOWN,
    }
)
"""After these everything is where it was, and nothing is printed."""


def word_of(line: bytes) -> Word:
    """The answer to a command that moves something.

    :raises ProtocolViolation: no such word.
    """
    try:
        return Word(line.decode("ascii", "replace"))
    except ValueError:
        raise ProtocolViolation(DEVICE, "an answer that is none") from None


@dataclass(frozen=True, slots=True)
class Sensors:
    """The answer to ``Rse``."""

    media: Media
    position: Position
    two_fed: bool
    hopper: Fill
    reject_bin: Fill
    retained_bin: Fill
    cover_open: bool


_SENSORS: Final = re.compile(
    "card=(none|transport|contact|print|exit);state=(ok|moving|jam|two);hopper=(ok|low|empty|unknown);"
    "reject=(ok|high|full|unknown);retained=(ok|high|full|unknown);cover=(closed|open)"
)
_POSITIONS: Final = {
    "none": Position.NONE,
    "transport": Position.TRANSPORT,
    "contact": Position.CONTACT_STATION,
    "print": Position.PRINT_STATION,
    "exit": Position.EXIT,
}
_RIBBON: Final = re.compile(r"([A-Z]{0,8});([0-9]{1,5})")


def sensors_of(line: bytes) -> Sensors | None:
    """What ``Rse`` says; None when the line is the answer to something else."""
    told = _SENSORS.fullmatch(line.decode("ascii", "replace"))
    if told is None:
        return None
    card, state, hopper, reject, retained, cover = told.groups()
    return Sensors(
        media=_media(card, state),
        position=_POSITIONS[card],
        two_fed=state == "two",
        hopper=Fill(hopper),
        reject_bin=Fill(reject),
        retained_bin=Fill(retained),
        cover_open=cover == "open",
    )


def ribbon_of(line: bytes) -> Ribbon | None:
    """What ``Rlr`` says: the ribbon's panels and the faces left; None when the line answers something else."""
    told = _RIBBON.fullmatch(line.decode("ascii", "replace"))
    return None if told is None else Ribbon(told[1], int(told[2]))


def status_of(sensors: Sensors, ribbon: Ribbon) -> CardPrinterStatus:
    """Both together."""
    return CardPrinterStatus(
        media=sensors.media,
        position=sensors.position,
        two_fed=sensors.two_fed,
        hopper=sensors.hopper,
        reject_bin=sensors.reject_bin,
        retained_bin=sensors.retained_bin,
        ribbon=ribbon,
        cover_open=sensors.cover_open,
    )


def _media(card: str, state: str) -> Media:
    match state, card:
        case "moving", _:
            return Media.ENTERING
        case (("jam" | "two"), _):
            return Media.JAMMED
        case _, "none":
            return Media.NOT_PRESENT
        case _, "exit":
            return Media.LATCHED
        case _:
            return Media.PRESENT
