"""The stand's card slot: one that a hand feeds, or one with a motor that draws the card in and holds it."""

from pathlib import Path
from typing import Any, Final

from simulators.bench.server import NotPossible
from simulators.capture_unit import CaptureFault, CaptureUnitSimulator
from simulators.card.slot import CardSlot
from simulators.stand.deck import DemoCard
from simulators.stand.technicians import FOLDER as TECHNICIANS_FOLDER
from simulators.stand.technicians import DemoTechnicianCard

SlotCard = DemoCard | DemoTechnicianCard
_PLACES: Final = {"none": "empty", "contacts": "inside", "mouth": "mouth"}


class SlotAtHand:
    """Both slots are there; which of them the card goes into is a matter of fitting."""

    def __init__(self, folder: Path, contacts: CardSlot, *, motor: bool) -> None:
        """
        :param folder: what the motor's slot keeps, whatever becomes of its power.
        :param contacts: where the chip of a card in the slot is reached.
        :param motor: the slot with the motor is fitted.
        """
        self.contacts = contacts
        self.has_motor = motor
        self.unit = CaptureUnitSimulator(folder, contacts, link=folder / "motor")
        self.port: Final = folder / "motor"
        """The motor's serial port, under a name that stays."""
        if not motor:
            self.unit.clear()
        left = self.unit.state.card
        self._inserted: SlotCard | None = None if left is None else _found(Path(left))

    def inserted(self) -> SlotCard | None:
        """The card that is in it; one that the motor has taken into its bin is not any more."""
        if self.has_motor and self.unit.state.card is None:
            self._inserted = None
        return self._inserted

    def insert(self, card: SlotCard) -> None:
        """Put a card in.

        :raises NotPossible: there is one.
        """
        if self.inserted() is not None:
            raise NotPossible("a card is in the slot already")
        if self.has_motor:
            self.unit.insert(card.path)
        else:
            self.contacts.insert(card.chip())
        self._inserted = card

    def pull(self) -> SlotCard:
        """Take the card out; which one it is.

        :raises NotPossible: there is none, or the motor holds it where no hand gets at it.
        """
        card = self.inserted()
        if card is None:
            raise NotPossible("the slot is empty")
        if not self.has_motor:
            self.contacts.pull()
        elif self.unit.state.where == "mouth":
            self.unit.take()
        else:
            raise NotPossible("the motor holds the card")
        self._inserted = None
        return card

    def fit(self, *, motor: bool) -> None:
        """Fit the other slot.

        :raises NotPossible: a card is in the slot.
        """
        if self.inserted() is not None:
            raise NotPossible("a card is in the slot")
        self.has_motor = motor

    def do(self, what: str) -> tuple[str, str]:
        """Do something to the slot with the motor; what was done, in Chinese and in English.

        :raises NotPossible: no such thing can be done to it.
        """
        match what:
            case "jam_next":
                self.unit.faults.fail_next(CaptureFault.JAM, command="Ser")
                return "卡槽下一次会卡住", "the slot will jam next time"
            case "clear":
                self.unit.clear()
                return "打开卡槽取出了卡", "card taken out of the slot by hand"
            case "empty":
                count = len(self.unit.empty())
                return f"从卡槽的箱子里取出了 {count} 张卡", f"{count} cards taken out of the slot's bin"
            case _:
                raise NotPossible("no such thing can be done to a slot")

    def picture(self) -> dict[str, Any]:
        """What the bench shows of it."""
        state = self.unit.state
        where = "jam" if state.jammed else _PLACES[state.where]
        return {"motor": self.has_motor, "where": where, "retained": len(state.retained)}

    def close(self) -> None:
        """Take it off the machine."""
        self.unit.close()


def _found(path: Path) -> SlotCard:
    """The card of a file, as an earlier run left it in the slot."""
    return (
        DemoTechnicianCard(path.stem, path) if path.parent.name == TECHNICIANS_FOLDER else DemoCard(path.stem, path, "")
    )
