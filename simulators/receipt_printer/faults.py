"""What can go wrong inside the printer or on its line, ordered beforehand by a test or a bench."""

from dataclasses import dataclass
from enum import Enum


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


@dataclass
class _Order:
    kind: PrinterFault
    times: int


class PrinterFaults:
    """Faults waiting for their moment."""

    def __init__(self) -> None:
        self._orders: list[_Order] = []

    def fail_next(self, kind: PrinterFault | str, *, times: int = 1) -> None:
        """Spoil the next moments that this fault can spoil.

        :raises ValueError: no such fault.
        """
        self._orders.append(_Order(PrinterFault(kind), times))

    def clear(self) -> None:
        """Nothing fails any more."""
        self._orders.clear()

    def take(self, *kinds: PrinterFault) -> PrinterFault | None:
        """The first ordered fault of these kinds, used up."""
        for order in self._orders:
            if order.kind in kinds:
                order.times -= 1
                if order.times == 0:
                    self._orders.remove(order)
                return order.kind
        return None
