"""The escape stream: commands as bytes, answers as values (docs/wire-card-printer.md)."""

import re
from typing import Final

from drivers.card_printer.panels import Panel
from drivers.card_printer.words import DEVICE, Sensors, Word
from drivers.ports.card_printer import Fill, Media, Position, Ribbon
from drivers.ports.errors import ProtocolViolation


def download(panel: Panel) -> bytes:
    """``Db``: a panel's data, whose length follows from its levels."""
    return b"\x1b" + f"Db;{panel.letter};{panel.levels};".encode("ascii") + panel.data + b"\r"


def word_of(line: bytes) -> Word:
    """The answer to a command that moves something.

    :raises ProtocolViolation: no such word.
    """
    try:
        return Word(line.decode("ascii", "replace"))
    except ValueError:
        raise ProtocolViolation(DEVICE, "an answer that is none") from None


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
