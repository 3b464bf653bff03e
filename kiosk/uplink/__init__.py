"""The uplink brings the ledger to the centre, as a process of its own, and leaves receipts for the terminal to read."""

from kiosk.uplink.alone import AlreadyRunning
from kiosk.uplink.receipts import LineState, ReceiptReader, Receipts, ReceiptsUnusable, Standing
from kiosk.uplink.settings import UplinkSettings, opened
from kiosk.uplink.uplink import BackOff, Halted, Idle, Resumed, Sent, Step, Uplink

__all__ = [
    "AlreadyRunning",
    "BackOff",
    "Halted",
    "Idle",
    "LineState",
    "ReceiptReader",
    "Receipts",
    "ReceiptsUnusable",
    "Resumed",
    "Sent",
    "Standing",
    "Step",
    "Uplink",
    "UplinkSettings",
    "opened",
]
