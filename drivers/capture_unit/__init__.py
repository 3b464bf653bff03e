"""The motor of a card slot on a serial line: docs/wire-capture-unit.md."""

from drivers.capture_unit.motor import EscapeCaptureUnit

__all__ = ["EscapeCaptureUnit"]
