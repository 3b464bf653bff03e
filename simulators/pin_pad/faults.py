"""What can go wrong inside the pad or on its line, ordered beforehand by a test or a bench."""

from enum import Enum

from simulators.ordered_faults import OrderedFaults


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


class PadFaults(OrderedFaults[PadFault]):
    """Faults waiting for their command, whose code is such as ``31`` (SUNSON) or ``5032`` (SZZT)."""

    kinds = PadFault
