"""An ESC/POS printer on a serial port: docs/wire-receipt-printer.md.

One portion of a slip is on its way at a time: the next is sent when the printer has said that it has done this one. So
nothing runs over in a buffer, whatever flow control the line has, and a printer that stops holds one portion at most.
"""

import logging
import time
from collections.abc import Sequence
from typing import Final

from drivers.ports.errors import (
    DeviceError,
    MediaExhausted,
    MediaJammed,
    MediaRemoved,
    PartlyPrinted,
    ProtocolViolation,
    TimedOut,
)
from drivers.ports.receipt_printer import Paper, PrinterStatus, Slip
from drivers.receipt_printer.commands import ASK_WHETHER_DONE, cleared, portions
from drivers.receipt_printer.lettering import Lettering, Runs
from drivers.transport import wire_trace
from drivers.transport.serial_line import SerialLine

DEVICE: Final = "receipt_printer"
BAUD_RATE: Final = 115200
STATUS_S: Final = 0.25
"""Seconds for one of the four bytes of a status, which a printer sends whatever else it does."""
PORTION_S: Final = 4.0
"""Seconds for a portion to be printed, or the cutter to cut; the slowest cutters take 2."""

_LINE_S: Final = 0.2
"""Seconds that a portion may take on the line, well within :data:`drivers.transport.serial_line.WRITE_S`."""
_PORTION_MOST: Final = 2048
"""Bytes; the smallest buffers in use hold 4096."""
_FIXED: Final = 0x93
_FIXED_ON: Final = 0x12
"""Of the bits 0, 1, 4 and 7 of a real-time status, 1 and 4 are always on, the others never."""

_trace = logging.getLogger(__name__)


class SerialReceiptPrinter:
    """A printer as a :class:`drivers.ports.receipt_printer.ReceiptPrinter`. The port is opened by the first call."""

    def __init__(self, port_path: str, runs: Runs, *, baud_rate: int = BAUD_RATE, portion_s: float = PORTION_S) -> None:
        """
        :param port_path: device file or symbolic link.
        :param runs: which font draws which piece of a text; see :class:`drivers.receipt_printer.lettering.Lettering`.
        :param portion_s: seconds until a printer that does not go on is asked why.
        """
        self._line = SerialLine(DEVICE, port_path, baud_rate=baud_rate)
        self._lettering = Lettering(runs)
        self._portion_bytes = min(_PORTION_MOST, round(baud_rate / 10 * _LINE_S))
        self._portion_s = portion_s
        self._left_over = False
        """A slip broke off: its rest may be in the printer, its beginning hang out of it."""

    def status(self) -> PrinterStatus:
        """Ask the four real-time questions, once more if an answer was damaged.

        :raises TimedOut: no answer within 1 s.
        """
        self._line.open()
        try:
            return self._asked()
        except ProtocolViolation:
            _trace.debug("status again")
            return self._asked()

    def print_slip(self, slip: Slip) -> None:
        """Print one slip and cut it; see :meth:`drivers.ports.receipt_printer.ReceiptPrinter.print_slip`."""
        job = list(portions(slip, self._lettering, self._portion_bytes))
        self._require_ready(self.status())
        if self._left_over:
            self._send([cleared()])
            self._left_over = False
            self._require_ready(self.status())
        try:
            self._send(job)
        except DeviceError as fault:
            self._left_over = True
            raise PartlyPrinted(DEVICE, f"a slip broke off: {fault.what}") from fault
        _trace.debug("a slip of %d portions: done", len(job))

    def close(self) -> None:
        """Leave the line; the next call would open it again."""
        self._line.close()

    def _send(self, job: Sequence[bytes]) -> None:
        """Send portions, each after the one before it is done.

        :raises DeviceError: why it did not go on.
        """
        for portion in job:
            self._line.discard_input()
            wire_trace.sent(DEVICE, "a portion of a slip", portion)
            self._line.write(portion + ASK_WHETHER_DONE)
            try:
                told = self._line.read_byte(time.monotonic() + self._portion_s)
            except TimedOut:
                self._require_ready(self.status())  # mostly the reason
                raise
            wire_trace.came(DEVICE, "GS r", bytes((told,)), holds_nothing=True)
            if told & 0xF0:  # bits 4 to 7 of this answer are 0
                raise ProtocolViolation(DEVICE, f"{told:02X} is no answer to GS r")

    def _asked(self) -> PrinterStatus:
        printer, offline, error, paper = (self._real_time(number) for number in (1, 2, 3, 4))
        left = Paper.LOW if paper & 0x0C else Paper.ENOUGH
        if offline & 0x20 or paper & 0x60:
            left = Paper.OUT
        return PrinterStatus(
            paper=left,
            cover_open=bool(offline & 0x04),
            jammed=bool(error & 0x68),
            offline=bool(printer & 0x08),
        )

    def _real_time(self, number: int) -> int:
        """DLE EOT n."""
        self._line.discard_input()
        question = bytes((0x10, 0x04, number))
        wire_trace.sent(DEVICE, f"DLE EOT {number}", question, holds_nothing=True)
        self._line.write(question)
        try:
            told = self._line.read_byte(time.monotonic() + STATUS_S)
        except TimedOut as silence:
            raise TimedOut(DEVICE, f"no answer to DLE EOT {number}") from silence
        wire_trace.came(DEVICE, f"DLE EOT {number}", bytes((told,)), holds_nothing=True)
        if told & _FIXED != _FIXED_ON:
            raise ProtocolViolation(DEVICE, f"{told:02X} is no answer to DLE EOT {number}")
        return told

    @staticmethod
    def _require_ready(status: PrinterStatus) -> None:
        if status.cover_open:
            raise MediaRemoved(DEVICE, "its cover is open")
        if status.paper is Paper.OUT:
            raise MediaExhausted(DEVICE, "no paper")
        if status.jammed:
            raise MediaJammed(DEVICE, "cutter or paper is stuck")
        if status.offline:
            raise DeviceError(DEVICE, "it is offline and does not say why")
