"""A slot with a motor and a bin, on a pseudo-terminal. Where its cards are lies in a folder and survives every cut."""

import os
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Final

import msgspec

from simulators.card.chips import chip_of
from simulators.card.slot import CardSlot
from simulators.card_printer.firmware import Stream
from simulators.ordered_faults import OrderedFaults
from simulators.serial_device import SerialDevice

BIN_HOLDS: Final = 20
BIN_HIGH: Final = 16
_CONTACT_S: Final = 3.0


class CaptureFault(Enum):
    """How a command goes wrong."""

    JAM = "jam"
    """The card stops half way and moves no more until somebody has cleared it."""
    LOST_ANSWER = "lost_answer"
    """It is done, and the answer never comes."""
    GARBAGE = "garbage"
    """It is done, and the answer is no word."""
    DEAF = "deaf"
    """It is not heard."""


class CaptureFaults(OrderedFaults[CaptureFault]):
    """Faults waiting for their moment."""

    kinds = CaptureFault


class Slot(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where everything is; cards are the paths of their files."""

    card: str | None = None
    where: str = "none"
    """``none``, ``contacts`` or ``mouth``."""
    jammed: bool = False
    retained: list[str] = []


class CaptureUnitSimulator(SerialDevice):
    """The slot as one would handle it. A card that is put in is drawn to the contacts by itself.

    All methods may be called from any thread. Its power comes through its cable.
    """

    def __init__(self, folder: Path, slot: CardSlot | None = None, *, link: Path | None = None) -> None:
        """
        :param folder: where it is kept what lies in it; made where it is missing.
        :param slot: where the chip of a card at the contacts appears; None: nowhere.
        """
        super().__init__("capture unit", link)
        self.faults = CaptureFaults()
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "slot.json"
        self._slot = slot
        self._state = msgspec.json.decode(self._file.read_bytes(), type=Slot) if self._file.exists() else Slot()
        self._stream = Stream()
        if self._state.where == "contacts":
            self._touch()
        self.replug()

    @property
    def state(self) -> Slot:
        """Where everything is at this moment."""
        with self._changed:
            return self._state

    # Hands.

    def insert(self, card: Path) -> None:
        """Put a card in.

        :raises ValueError: there is one.
        """
        with self._changed:
            if self._state.card is not None:
                raise ValueError("there is a card in the slot")
            self._become(card=str(card), where="contacts")
            self._touch()

    def take(self) -> Path:
        """Take the card from the mouth.

        :raises ValueError: there is none.
        """
        with self._changed:
            if self._state.where != "mouth" or self._state.card is None:
                raise ValueError("no card at the mouth")
            card = self._state.card
            self._become(card=None, where="none", jammed=False)
            return Path(card)

    def clear(self) -> Path | None:
        """Open it and take the card out by hand."""
        with self._changed:
            self._leave()
            card = self._state.card
            self._become(card=None, where="none", jammed=False)
            return None if card is None else Path(card)

    def jam(self) -> None:
        """Wedge its rollers: nothing moves until :meth:`clear`."""
        with self._changed:
            self._become(jammed=True)

    def stuff_bin(self, card: Path) -> None:
        """Fill the bin with cards like this one."""
        with self._changed:
            self._become(retained=[str(card)] * BIN_HOLDS)

    def empty(self) -> list[Path]:
        """Empty the bin."""
        with self._changed:
            retained = self._state.retained
            self._become(retained=[])
            return [Path(card) for card in retained]

    # The line.

    def _receive(self, octets: bytes) -> bytes:
        answers = b""
        for parts, _ in self._stream.take(octets):
            answer = self._obeyed(parts)
            if answer is not None:
                answers += answer.encode("ascii") + b"\r"
        return answers

    def _power_cycle(self) -> None:
        self._stream = Stream()

    def _obeyed(self, parts: list[str]) -> str | None:
        letters = parts[0]
        if self.faults.take(CaptureFault.DEAF, command=letters) is not None:
            return None
        answer = self._done(parts)
        match self.faults.take(CaptureFault.LOST_ANSWER, CaptureFault.GARBAGE, command=letters):
            case CaptureFault.LOST_ANSWER:
                return None
            case CaptureFault.GARBAGE:
                return "\x00?"
        return answer

    def _done(self, parts: list[str]) -> str:
        verbs: dict[tuple[str, ...], Callable[[], str]] = {
            ("Rse",): self._sensors,
            ("Ser",): self._eject,
            ("Ser", "k"): self._retain,
        }
        verb = verbs.get(tuple(parts))
        return "UNKNOWN" if verb is None else verb()

    def _sensors(self) -> str:
        full = len(self._state.retained)
        fill = "full" if full >= BIN_HOLDS else "high" if full >= BIN_HIGH else "ok"
        return f"card={self._state.where};state={'jam' if self._state.jammed else 'ok'};bin={fill}"

    def _eject(self) -> str:
        if self._state.card is None:
            return "NO CARD"
        if self._state.where == "mouth":
            return "OK"
        return "JAM" if self._stopped() else self._moved(where="mouth")

    def _retain(self) -> str:
        card = self._state.card
        if card is None:
            return "NO CARD"
        if len(self._state.retained) >= BIN_HOLDS:
            return "BIN FULL"
        if self._stopped():
            return "JAM"
        return self._moved(card=None, where="none", retained=[*self._state.retained, card])

    def _stopped(self) -> bool:
        if self.faults.take(CaptureFault.JAM, command="Ser") is not None:
            self._leave()
            self._become(jammed=True)
        return self._state.jammed

    def _moved(self, **changed: object) -> str:
        self._leave()
        self._become(**changed)
        return "OK"

    def _touch(self) -> None:
        if self._slot is not None and self._state.card is not None:
            self._slot.insert(chip_of(Path(self._state.card)))
            self._slot.wait_until_in_contact(_CONTACT_S)

    def _leave(self) -> None:
        if self._slot is not None:
            self._slot.pull()

    def _become(self, **changed: object) -> None:
        """Let it be so, for good."""
        self._state = msgspec.structs.replace(self._state, **changed)
        fresh = self._file.with_suffix(".new")
        with fresh.open("wb") as file:
            file.write(msgspec.json.encode(self._state))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._file)
        self._changed.notify_all()
