"""What can go wrong inside the pad or on its line, ordered beforehand by a test or a bench."""

from dataclasses import dataclass
from enum import Enum


class PadFault(Enum):
    """How an answer is spoilt."""

    SILENT = "silent"
    """The command is not heard."""
    LATE = "late"
    """The command is done, its answer comes just before the next one."""
    GARBAGE = "garbage"
    """The command is done, the answer arrives as bytes that are no frame."""
    HALF_FRAME = "half_frame"
    """The command is done, the answer breaks off in the middle."""
    WRONG_BCC = "wrong_bcc"
    WRONG_LEN = "wrong_len"
    """LEN is one less than what follows."""
    WRONG_SIZE = "wrong_size"
    """A sound frame with one byte of data too many."""
    HARDWARE_ERROR = "hardware_error"
    """The command is not done; SUNSON ST F1, SZZT EF."""
    NO_MASTER_KEY = "no_master_key"
    """The command is not done; SUNSON ST A4, SZZT E2."""


@dataclass
class _Order:
    kind: PadFault
    command: str | None
    times: int


class PadFaults:
    """Faults waiting for their command."""

    def __init__(self) -> None:
        self._orders: list[_Order] = []

    def fail_next(self, kind: PadFault | str, *, command: str | None = None, times: int = 1) -> None:
        """Spoil the next commands.

        :param kind: a fault or its name.
        :param command: only this code, such as ``31`` (SUNSON) or ``5032`` (SZZT); None means whichever comes.
        :param times: how many in a row.
        :raises ValueError: no such fault.
        """
        self._orders.append(_Order(PadFault(kind), command, times))

    def clear(self) -> None:
        """Nothing fails any more."""
        self._orders.clear()

    def take(self, command: str) -> PadFault | None:
        """The fault that this command meets, used up."""
        for order in self._orders:
            if order.command in (None, command):
                order.times -= 1
                if order.times == 0:
                    self._orders.remove(order)
                return order.kind
        return None
