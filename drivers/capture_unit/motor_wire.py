"""Answers of a slot's motor as values (docs/wire-capture-unit.md)."""

import re
from enum import Enum
from typing import Final

from drivers.ports.capture_unit import CaptureStatus
from drivers.ports.card_printer import Fill, Media
from drivers.ports.errors import ProtocolViolation

DEVICE: Final = "capture_unit"


class Word(Enum):
    """What a motor says to a command."""

    OK = "OK"
    NO_CARD = "NO CARD"
    BIN_FULL = "BIN FULL"
    JAM = "JAM"
    UNKNOWN = "UNKNOWN"


_SENSORS: Final = re.compile("card=(none|contacts|mouth);state=(ok|moving|jam);bin=(ok|high|full|unknown)")
_MEDIA: Final = {"none": Media.NOT_PRESENT, "contacts": Media.PRESENT, "mouth": Media.LATCHED}


def word_of(line: bytes) -> Word:
    """The answer to a command.

    :raises ProtocolViolation: no such word.
    """
    try:
        return Word(line.decode("ascii", "replace"))
    except ValueError:
        raise ProtocolViolation(DEVICE, "an answer that is none") from None


def status_of(line: bytes) -> CaptureStatus | None:
    """What ``Rse`` says; None when the line is the answer to something else."""
    told = _SENSORS.fullmatch(line.decode("ascii", "replace"))
    if told is None:
        return None
    card, state, fill = told.groups()
    media = {"moving": Media.ENTERING, "jam": Media.JAMMED}.get(state) or _MEDIA[card]
    return CaptureStatus(media, Fill(fill))
