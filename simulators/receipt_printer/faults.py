"""What can go wrong inside the printer or on its line, ordered beforehand by a test or a bench."""

from enum import Enum

from simulators.ordered_faults import OrderedFaults


class PrinterFault(Enum):
    """How an answer is spoilt."""

    SILENT = "silent"
    """The question is not heard."""
    GARBAGE = "garbage"
    """The answer is a byte that no answer can be."""
    MUTE_WHEN_DONE = "mute_when_done"
    """What was sent is printed; the answer that says so is lost."""
    CUTTER_STUCK = "cutter_stuck"
    """The cutter stands still from the next cut on, until the cover was opened and closed."""


class PrinterFaults(OrderedFaults[PrinterFault]):
    """Faults waiting for their moment."""

    kinds = PrinterFault
