"""What the terminal asks of a receipt printer, whoever made it. Nothing here knows how a printer is told."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol


class Paper(Enum):
    """What is left on the roll."""

    ENOUGH = "enough"
    LOW = "low"
    """The near-end sensor sees the core: enough for a few slips, and somebody should come with a new roll."""
    OUT = "out"


@dataclass(frozen=True, slots=True)
class PrinterStatus:
    """How a printer is at this moment."""

    paper: Paper
    cover_open: bool
    jammed: bool
    """The cutter stands still, or another fault that a person clears."""
    offline: bool
    """It prints nothing, for one of these reasons or for one that it does not name."""

    @property
    def ready(self) -> bool:
        """Whether a slip that begins now can be printed."""
        return self.paper is not Paper.OUT and not (self.cover_open or self.jammed or self.offline)


@dataclass(frozen=True, slots=True)
class Heading:
    """A line in large bold type, in the middle of the slip."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph, as wide as the paper; any character of Unicode that the fonts have."""

    text: str = field(repr=False)
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A stroke across the paper."""


@dataclass(frozen=True, slots=True)
class Code:
    """A QR code, in the middle of the slip."""

    payload: str = field(repr=False)


Block = Heading | Line | Rule | Code


@dataclass(frozen=True, slots=True)
class Slip:
    """A piece of paper, from top to bottom. After its last block it is fed out and cut."""

    blocks: tuple[Block, ...]


class ReceiptPrinter(Protocol):
    """A printer for slips. Methods block; one thread uses them.

    Every method but :meth:`close` may raise :class:`~drivers.ports.errors.NotConnected`,
    :class:`~drivers.ports.errors.Busy` and :class:`~drivers.ports.errors.ProtocolViolation`. After NotConnected the
    next call tries to open the line again.
    """

    def status(self) -> PrinterStatus:
        """Ask how it is; prints nothing.

        :raises TimedOut: no answer within 1 s.
        """

    def print_slip(self, slip: Slip) -> None:
        """Print one slip and cut it. Returns when the last of it is on paper and cut.

        A slip is sent once. Nothing is ever sent a second time, whatever becomes of it: that is for the caller to
        decide, who knows whether somebody already holds a part. All errors but PartlyPrinted mean that no dot of it
        was printed.

        :raises MediaExhausted: there is no paper.
        :raises MediaRemoved: the cover is open, so that no paper is in place.
        :raises MediaJammed: the cutter or the paper is stuck.
        :raises TimedOut: it does not say how it is within 1 s.
        :raises PartlyPrinted: it began and was not heard to end; what stopped it is the ``__cause__``. Told at most
            5 s after the printer stood still.
        """

    def close(self) -> None:
        """Leave the line."""
