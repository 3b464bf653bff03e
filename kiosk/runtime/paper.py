"""The receipt printer as the runtime sees it: what goes on paper, what came of it, and how the printer is.

A printer that is missing, empty or out of order closes nothing: citizens are told before they begin, and take a code.
"""

import logging
from collections.abc import Callable
from datetime import datetime

from drivers.ports.errors import DeviceError, MediaExhausted, MediaRemoved, PartlyPrinted
from drivers.ports.receipt_printer import Block, Code, Heading, Line, Paper, PrinterStatus, ReceiptPrinter, Rule, Slip
from kiosk.journeys.printing import Printing
from kiosk.journeys.requests import SlipFate
from kiosk.journeys.views import PaperSlip
from kiosk.journeys.wording import Say, Verbatim, say

_log = logging.getLogger(__name__)


def typeset(paper: PaperSlip, words: Callable[[Say], str], now: datetime) -> Slip:
    """A slip in the citizen's language, personal data masked.

    :param now: the time that stands on it.
    """
    time = say("打印时间 {time}", time=Verbatim(now.strftime("%Y-%m-%d %H:%M")))
    blocks: list[Block] = [Heading(words(line)) for line in paper.heading]
    if paper.warning is not None:
        blocks += [Rule(), Line(words(paper.warning), strong=True)]
    blocks += [Rule(), *(Line(words(line), strong=at == 0) for at, line in enumerate((*paper.facts, time)))]
    blocks += [Rule(), *(Line(words(line)) for line in paper.lines)]
    if paper.call is not None:
        blocks.append(Line(words(paper.call), strong=True))
    if paper.code:
        blocks.append(Code("\n".join(words(line) for line in paper.code)))
    return Slip(tuple(blocks))


def print_once(printer: ReceiptPrinter, slip: Slip) -> SlipFate:
    """Print a slip and tell what became of it; faults go to the log."""
    try:
        printer.print_slip(slip)
    except PartlyPrinted as fault:
        _log.warning("%s (%s)", fault, type(fault.__cause__).__name__)
        return SlipFate.PARTLY
    except (MediaExhausted, MediaRemoved) as fault:
        _log.warning("%s", fault)
        return SlipFate.NO_PAPER
    except DeviceError as fault:
        _log.warning("%s", fault)
        return SlipFate.NO_PRINTER
    return SlipFate.PRINTED


class PrinterWatch:
    """What is known of the printer, told to technicians when it changes."""

    def __init__(self) -> None:
        self.printing = Printing.UNABLE
        """Until it has said how it is, nothing is promised of it."""
        self.paper: Paper | None = None
        """What it last said of its paper; None while it says nothing."""
        self._told = ""

    def saw(self, status: PrinterStatus) -> None:
        """Take in a status."""
        self.paper = status.paper
        self.printing = Printing.READY if status.ready else Printing.UNABLE
        self._tell(_condition(status), grave=not status.ready)

    def failed(self, error: DeviceError) -> None:
        """It did not tell how it is."""
        self.paper = None
        self.printing = Printing.UNABLE
        self._tell(str(error), grave=True)

    def printed(self, fate: SlipFate) -> None:
        """Take in what became of a slip; a printer that failed is asked before anything is promised again."""
        if fate is not SlipFate.PRINTED:
            self.printing = Printing.UNABLE

    def _tell(self, what: str, *, grave: bool) -> None:
        if what != self._told:
            _log.log(logging.ERROR if grave else logging.WARNING, "receipt_printer: %s", what)
        self._told = what


def _condition(status: PrinterStatus) -> str:
    if status.cover_open:
        return "the cover is open"
    if status.jammed:
        return "cutter or paper is stuck"
    match status.paper:
        case Paper.OUT:
            return "no paper"
        case Paper.LOW:
            return "paper is low"
        case Paper.ENOUGH:
            return "offline" if status.offline else "in order"
