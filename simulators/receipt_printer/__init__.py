"""A receipt printer that needs no hardware: docs/wire-receipt-printer.md. What it cuts off lies there as pictures."""

from simulators.receipt_printer.faults import PrinterFault
from simulators.receipt_printer.simulator import PrinterSimulator

__all__ = ["PrinterFault", "PrinterSimulator"]
