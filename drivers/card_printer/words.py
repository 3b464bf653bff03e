"""What a card printer's mechanism says, whatever its wire: an answer to what was commanded, and where everything is."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from drivers.ports.card_printer import CardPrinterStatus, Fill, Media, Position, Ribbon

DEVICE: Final = "card_printer"


class Word(Enum):
    """What a printer says to a command that moves something. The texts are the escape stream's, ours but for OK."""

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


@dataclass(frozen=True, slots=True)
class Sensors:
    """Where everything is."""

    media: Media
    position: Position
    two_fed: bool
    hopper: Fill
    reject_bin: Fill
    retained_bin: Fill
    cover_open: bool


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
