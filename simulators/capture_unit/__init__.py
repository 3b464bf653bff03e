"""The motor of a card slot that needs no hardware: docs/wire-capture-unit.md."""

from simulators.capture_unit.simulator import CaptureFault, CaptureUnitSimulator

__all__ = ["CaptureFault", "CaptureUnitSimulator"]
