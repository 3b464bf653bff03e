"""The chip that a card's file holds: a citizen's, or a technician's."""

from pathlib import Path

import msgspec

from simulators.card.application import CardApplication
from simulators.card.card_file import load_card_file, save_card_file
from simulators.card.slot import Chip
from simulators.card.technician_chip import TechnicianChip, load_technician_card, save_technician_card


def chip_of(path: Path) -> Chip:
    """The chip, ready to be put into a slot; what it keeps goes back into the file.

    :raises msgspec.ValidationError: the file is no card's.
    """
    try:
        citizens = load_card_file(path)
    except msgspec.ValidationError:
        technicians = load_technician_card(path)
        return TechnicianChip(technicians, keep=lambda card: save_technician_card(path, card))
    return CardApplication(citizens, keep=lambda card: save_card_file(path, card))
