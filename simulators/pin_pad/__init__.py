"""A PIN pad of the SUNSON family that needs no hardware: docs/wire-pin-pad.md."""

from simulators.pin_pad.faults import PadFault
from simulators.pin_pad.keys import TEST_MASTER_KEY
from simulators.pin_pad.simulator import SunsonPadSimulator

__all__ = ["TEST_MASTER_KEY", "PadFault", "SunsonPadSimulator"]
