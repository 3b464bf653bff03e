"""What cards are made with, as the runtime sees it while nobody needs it.

A printer, a contact station or a stock that is not ready closes the making of cards and nothing else: citizens are told
before they begin.
"""

import logging
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from drivers.ports.card_printer import CardPrinterStatus, Fill, Media
from drivers.ports.errors import DeviceError
from kiosk.custody.stock import Stock, StorageSizes, obstacle
from kiosk.journeys.requests import LedgerFailed
from kiosk.ledger.errors import LedgerError
from kiosk.records.custody import Reason
from kiosk.records.health import Supplies
from kiosk.runtime.card_making import CardMaker

_log = logging.getLogger(__name__)

_NOT_ASKED: Final = "it has not told yet how it is"
_BY_THE_BOOK: Final = {
    Reason.PRINTER_NOT_CLEAR: "by the book a card is in the printer",
    Reason.TWO_FED: "two blanks have left the hopper at once: look after it, count, and close out",
    Reason.HOPPER_EMPTY: "by the book the hopper is empty",
    Reason.REJECT_BIN_FULL: "by the book the reject bin is full",
    Reason.RETAINED_BIN_FULL: "by the book the retained bin is full",
}


@dataclass(frozen=True, slots=True)
class MakerSeen:
    """How the devices are at this moment."""

    printer: CardPrinterStatus
    chip_at_station: bool


def look_at(maker: CardMaker) -> MakerSeen:
    """Ask printer and contact station; moves nothing.

    :raises DeviceError: one of them does not tell.
    """
    return MakerSeen(maker.printer.status(), maker.station.card_present())


def stock_of(maker: CardMaker) -> tuple[Stock, StorageSizes]:
    """What the book has, and how much the storage units take; for the ledger's lane.

    :raises LedgerFailed: the book can't be read.
    """
    try:
        return maker.book.stock(), maker.book.sizes
    except LedgerError as error:
        raise LedgerFailed(str(error)) from error


class MakingWatch:
    """Whether a card can be begun, told to technicians when it changes."""

    def __init__(self) -> None:
        self._devices = _NOT_ASKED
        self._stock = _NOT_ASKED
        self._hopper_empty = False
        """By the printer's own sensor."""
        self._hopper_count = 0
        """By the book."""
        self.supplies = Supplies()
        """What is left to make cards with, and how full the bins are."""
        self._told: str | None = None

    @property
    def hindrance(self) -> str:
        """Why no card can be begun, in technician's English; empty when one can."""
        if self._devices or self._stock:
            return self._devices or self._stock
        if self._hopper_empty:
            return f"the hopper is empty, and by the book it holds {self._hopper_count}: count them"
        return ""

    @property
    def ready(self) -> bool:
        """Whether a card that is begun now can be fed, printed, and put away if it fails."""
        return not self.hindrance

    def saw(self, seen: MakerSeen) -> None:
        """Take in how the devices are."""
        self._devices = _hindrance_of(seen)
        self._hopper_empty = seen.printer.hopper is Fill.EMPTY
        self.supplies = replace(self.supplies, faces_left=seen.printer.ribbon.faces_left)
        self._tell()

    def failed(self, error: DeviceError) -> None:
        """One of them did not tell."""
        self._devices = str(error)
        self.supplies = replace(self.supplies, faces_left=None)
        self._tell()

    def counted(self, stock: Stock, sizes: StorageSizes) -> None:
        """Take in what the book has."""
        reason = obstacle(stock, sizes)
        self._stock = "" if reason is None else _BY_THE_BOOK.get(reason, reason.value)
        self._hopper_count = stock.balance.hopper
        self.supplies = Supplies(
            faces_left=self.supplies.faces_left,
            hopper=stock.balance.hopper,
            reject_bin=stock.balance.reject_bin,
            reject_bin_size=sizes.reject_bin,
            retained_bin=stock.balance.retained_bin,
            retained_bin_size=sizes.retained_bin,
        )
        self._tell()

    def uncounted(self, error: LedgerFailed) -> None:
        """The book can't be read."""
        self._stock = str(error)
        self.supplies = Supplies(faces_left=self.supplies.faces_left)
        self._tell()

    def _tell(self) -> None:
        now = self.hindrance
        if now == self._told or _NOT_ASKED in (self._devices, self._stock):
            return
        self._told = now
        if now:
            _log.error("no card can be made: %s", now)
        else:
            _log.info("cards can be made")


def _hindrance_of(seen: MakerSeen) -> str:
    printer = seen.printer
    found = (
        ("the printer's cover is open", printer.cover_open),
        ("two blanks lie in the printer", printer.two_fed),
        ("a card is stuck in the printer", printer.media is Media.JAMMED),
        ("a card lies in the printer", printer.media is not Media.NOT_PRESENT),
        ("a chip is at the contact station of an empty printer", seen.chip_at_station),
        ("the printer has no ribbon", printer.ribbon.faces_left == 0),
        ("a bin of the printer is full", Fill.FULL in (printer.reject_bin, printer.retained_bin)),
    )
    return next((words for words, holds in found if holds), "")
