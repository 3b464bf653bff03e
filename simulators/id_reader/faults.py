"""What can go wrong inside the reader, on its line or on its plate, ordered beforehand by a test or a bench."""

from dataclasses import dataclass
from enum import Enum
from typing import Final


class ReaderFault(Enum):
    """How an answer is spoilt."""

    SILENT = "silent"
    """The command is not heard."""
    GARBAGE = "garbage"
    """The command is done, the answer arrives as bytes that are no frame."""
    HALF_FRAME = "half_frame"
    """The command is done, the answer breaks off in the middle."""
    WRONG_CHECKSUM = "wrong_checksum"
    """The command is done, the last byte of the answer is wrong."""
    MISHEARD = "misheard"
    """The command arrived damaged: status 10."""
    SELECT_FAILED = "select_failed"
    """The document lies there and is not selected: 81."""
    READ_FAILED = "read_failed"
    """The document lies there and is not read: 41."""
    NOT_GENUINE = "not_genuine"
    """The module does not accept the document: 32."""
    PULLED_DURING_READ = "pulled_during_read"
    """The document leaves the plate while it is being read: 41."""


_ONLY_AT: Final = {
    ReaderFault.SELECT_FAILED: "2002",
    ReaderFault.READ_FAILED: "3001",
    ReaderFault.NOT_GENUINE: "3001",
    ReaderFault.PULLED_DURING_READ: "3001",
}


@dataclass
class _Order:
    kind: ReaderFault
    command: str | None
    times: int


class ReaderFaults:
    """Faults waiting for their command."""

    def __init__(self) -> None:
        self._orders: list[_Order] = []

    def fail_next(self, kind: ReaderFault | str, *, command: str | None = None, times: int = 1) -> None:
        """Spoil the next commands.

        :param kind: a fault or its name.
        :param command: only this one, such as ``3001``; None means whichever comes that can fail so.
        :param times: how many in a row.
        :raises ValueError: no such fault.
        """
        fault = ReaderFault(kind)
        self._orders.append(_Order(fault, command or _ONLY_AT.get(fault), times))

    def clear(self) -> None:
        """Nothing fails any more."""
        self._orders.clear()

    def take(self, command: str) -> ReaderFault | None:
        """The fault that this command meets, used up."""
        for order in self._orders:
            if order.command in (None, command):
                order.times -= 1
                if order.times == 0:
                    self._orders.remove(order)
                return order.kind
        return None
