"""What tests of the card stack share: chips, contacts to them, and a person's hands at the slot."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from drivers.ports.pin import Pin
from drivers.transport.apdu import SecretWriter
from simulators.card.application import CardApplication
from simulators.card.card_file import DECK, CardFile, load_card_file
from simulators.card.slot import CardSlot, Chip
from simulators.card.technician_chip import TECHNICIANS, TechnicianChip, load_technician_card
from simulators.pcscd import PrivatePcscd

READER_LIMIT_S = 1.0
"""Answer limit of the readers under test: short, so that a silent card does not cost five seconds."""
INSERT_LIMIT_S = 5.0


def card_file(name: str) -> CardFile:
    """A card of the deck."""
    return load_card_file(DECK / f"{name}.json")


def chip(name: str, keep: Callable[[CardFile], None] | None = None) -> CardApplication:
    """A fresh chip of that card; the deck's file stays as it is."""
    return CardApplication(card_file(name), keep=keep)


def technician_chip(name: str) -> TechnicianChip:
    """A fresh chip of a technician's card; its file stays as it is."""
    return TechnicianChip(load_technician_card(TECHNICIANS / f"{name}.json"))


def typed(digits: str) -> Pin:
    """A PIN as a pad would hand it over."""
    pin = Pin()
    for digit in digits:
        pin.append(ord(digit))
    return pin


@dataclass
class DirectContact:
    """A contact without a reader between: the driver's own side of the wire, for unit tests."""

    answer: Callable[[bytes], bytes]
    commands: list[bytes] = field(default_factory=list)
    expects_length_after_data: bool = False
    device: str = "card_reader"

    def exchange(self, command: bytes) -> bytes:
        """Hand the command over and note it."""
        self.commands.append(command)
        return self.answer(command)

    def exchange_secret(self, header: bytes, write: SecretWriter) -> bytes:
        """The same for a secret; unit tests lock no memory."""
        buffer = bytearray(64)
        length = write(memoryview(buffer))
        return self.exchange(header + bytes([length]) + bytes(buffer[:length]))


class Hands(Protocol):
    """Whoever puts cards in and takes them out."""

    def insert(self, card: str | Chip) -> None:
        """Put a card in; a name is one of the deck's."""

    def pull(self) -> None:
        """Take the card out."""


@dataclass
class SimulatedHands:
    """Hands at the simulated slot."""

    slot: CardSlot
    pcscd: PrivatePcscd

    def insert(self, card: str | Chip) -> None:
        """Put a card in."""
        self.slot.insert(chip(card) if isinstance(card, str) else card)

    def pull(self) -> None:
        """Take the card out."""
        self.slot.pull()


class HumanHands:
    """The person before the real reader."""

    def insert(self, card: str | Chip) -> None:
        """Ask for a card."""
        print(f"\nPlease insert a social-security card such as {card}", file=sys.__stderr__, flush=True)

    def pull(self) -> None:
        """Ask for the card's removal."""
        print("\nPlease take the card out", file=sys.__stderr__, flush=True)
