"""The card printer beside a terminal of the stand, and what hands can do to it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from simulators.bench.server import NotPossible
from simulators.card.slot import CardSlot
from simulators.card_printer import CardPrinterFault, CardPrinterSimulator
from simulators.card_printer.blanks import BlankMaker
from simulators.card_printer.body import Tally, tally
from simulators.stand.deck import DemoCard

_BLANKS: Final = 20
"""In the hopper of a printer that was just delivered."""
_PACK: Final = 10
_ORDERED: Final = {
    "jam_next": (CardPrinterFault.JAM, "下一张卡会卡住", "the next card will jam"),
    "two_next": (CardPrinterFault.TWO_FED, "下一次会进两张", "two blanks at once, next time"),
    "dead_next": (CardPrinterFault.DEAD_CHIP, "下一张卡的芯片是坏的", "the next blank's chip is dead"),
    "ribbon_next": (CardPrinterFault.RIBBON_ENDS, "下一面打到一半色带用完", "the ribbon ends within the next face"),
    "lost_next": (CardPrinterFault.LOST_ANSWER, "下一个动作的回答会丢", "the next movement's answer will be lost"),
}
_MOVING: Final = frozenset({CardPrinterFault.JAM, CardPrinterFault.LOST_ANSWER})
"""Meant for the next feed: questions have answers too."""


class CardPrinterAtHand:
    """One terminal's card printer. It has power while its terminal stands there: the contact station is one."""

    def __init__(self, folder: Path, slot: CardSlot, region_code: str, chip_pin: str | None) -> None:
        """
        :param region_code: four digits GB/T 2260, of its blanks.
        :param chip_pin: the initial PIN on them; None where the centre holds it.
        """
        self._blanks = BlankMaker(folder, region_code, "3.00", chip_pin, "示例银行")
        self.simulator = CardPrinterSimulator(folder, slot=slot)
        body = self.simulator.body
        if not (body.hopper or body.inside or body.taken or body.staff or body.reject_bin or body.retained_bin):
            self.simulator.load_blanks(self._blanks.make(_BLANKS))
            self.simulator.change_ribbon()

    def do(self, what: str) -> tuple[str, str]:
        """Do something to it; what was done, in Chinese and in English.

        :raises NotPossible: there is no card to do it to, or no such thing.
        """
        if what in _ORDERED:
            fault, zh, en = _ORDERED[what]
            self.simulator.faults.fail_next(fault, command="Sis" if fault in _MOVING else None)
            return zh, en
        printer = self.simulator
        verbs: dict[str, tuple[Callable[[], object], str, str]] = {
            "take": (printer.take_card, "从出卡口取走了卡", "card taken from the printer"),
            "load": (self.load, "放进十张空白卡，没有登账", "ten blanks loaded, nobody signed"),
            "clear": (printer.clear, "打开机器取出了卡", "card taken out by hand"),
            "empty_reject": (lambda: printer.empty("reject_bin"), "清空了废卡箱", "reject bin emptied"),
            "empty_retained": (lambda: printer.empty("retained_bin"), "清空了回收箱", "retained bin emptied"),
            "ribbon_out": (printer.run_ribbon_out, "色带用完了", "ribbon out"),
            "ribbon": (printer.change_ribbon, "换了新色带", "new ribbon"),
            "open": (printer.open_cover, "制卡机盖打开了", "card printer's cover open"),
            "close": (printer.close_cover, "制卡机盖合上了", "card printer's cover closed"),
            "off": (printer.power_cut, "制卡机断电了", "card printer without power"),
            "on": (printer.power_on, "制卡机通电了", "card printer has power"),
        }
        if what not in verbs:
            raise NotPossible("no such thing can be done to a card printer")
        act, zh, en = verbs[what]
        try:
            act()
        except ValueError as error:
            raise NotPossible(str(error)) from error
        return zh, en

    @property
    def counted(self) -> Tally:
        """What a hand finds that counts the cards in it."""
        return tally(self._blanks.folder)

    def load(self) -> int:
        """Put a pack of blanks into its hopper; how many those are."""
        self.simulator.load_blanks(self._blanks.make(_PACK))
        return _PACK

    def handed_out(self) -> list[DemoCard]:
        """The cards that were taken from its exit: whoever holds them now may put them into the slot."""
        folder = self._blanks.folder
        return [
            DemoCard(f"{folder.parent.name}-{serial}", folder / "cards" / f"{serial}.json", "", made_here=True)
            for serial in self.simulator.body.taken
        ]

    def picture(self) -> dict[str, Any]:
        """What the bench shows of it."""
        body = self.simulator.body
        return {
            "condition": self.simulator.condition,
            "where": body.where.value,
            "hopper": len(body.hopper),
            "reject_bin": len(body.reject_bin),
            "retained_bin": len(body.retained_bin),
            "taken": len(body.taken),
            "faces_left": body.faces_left,
            "printed": sum(body.printed.values()),
        }

    def last_face(self) -> bytes | None:
        """The face that was printed last, a PNG; None before the first."""
        printed = list(self.simulator.body.printed)
        return self.simulator.face_path(printed[-1]).read_bytes() if printed else None

    def close(self) -> None:
        """Take it off the machine."""
        self.simulator.close()
