"""PIN pads of the SUNSON and SZZT families that need no hardware: docs/wire-pin-pad.md."""

from simulators.pin_pad.faults import PadFault
from simulators.pin_pad.keys import TEST_MASTER_KEY
from simulators.pin_pad.simulator import PadDialect, PadSimulator

__all__ = ["TEST_MASTER_KEY", "PadDialect", "PadFault", "PadSimulator"]
