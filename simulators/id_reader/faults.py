"""What can go wrong inside the reader, on its line or on its plate, ordered beforehand by a test or a bench."""

from enum import Enum
from typing import Final

from simulators.ordered_faults import OrderedFaults


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


class ReaderFaults(OrderedFaults[ReaderFault]):
    """Faults waiting for their command, whose code is such as ``3001``."""

    kinds = ReaderFault

    def only_at(self, kind: ReaderFault) -> str | None:
        """See :meth:`OrderedFaults.only_at`."""
        return _ONLY_AT.get(kind)
