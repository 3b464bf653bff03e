"""A receipt printer on a pseudo-terminal, with a roll, a cover, a cable and faults."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Final

from PIL import Image

from simulators.receipt_printer.faults import PrinterFaults
from simulators.receipt_printer.firmware import NEAR_END, ROLL, PrinterFirmware
from simulators.serial_device import SerialDevice

_KEPT: Final = 20
"""Slips that lie in the tray; older ones are thrown away."""


class PrinterSimulator(SerialDevice):
    """The printer as one would handle it: a roll to change, a cover to open, a cable to pull, faults to order.

    It answers on :attr:`path` from construction on. All methods may be called from any thread.
    """

    def __init__(self, *, link: Path | None = None, on_event: Callable[[str], None] | None = None) -> None:
        """
        :param link: a stable symbolic link to the pseudo-terminal, there only while the cable is plugged in.
        :param on_event: told ``slip`` whenever a piece of paper was cut off.
        """
        super().__init__("receipt printer", link)
        self.faults = PrinterFaults()
        self._on_event = on_event
        self._firmware = PrinterFirmware(self.faults, self._cut_off)
        self._slips: list[bytes] = []
        self._cut = 0
        self.replug()

    @property
    def slips(self) -> list[bytes]:
        """The last pieces of paper that were cut off, oldest first, each a PNG with a border of paper."""
        with self._changed:
            return list(self._slips)

    @property
    def cut(self) -> int:
        """How many pieces were cut off since the beginning."""
        with self._changed:
            return self._cut

    @property
    def hanging_out(self) -> int:
        """Dots of paper printed and not cut."""
        with self._changed:
            return self._firmware.hanging_out

    @property
    def overruns(self) -> int:
        """Bytes lost because the printer's buffer was full."""
        with self._changed:
            return self._firmware.overruns

    @property
    def condition(self) -> str:
        """``ready``, ``low``, ``out``, ``open``, ``stuck`` or ``unplugged``: what a technician sees who looks at it."""
        with self._changed:
            if self._cable is None:
                return "unplugged"
            if self._firmware.cover_open:
                return "open"
            if self._firmware.cutter_stuck:
                return "stuck"
            if self._firmware.paper_dots <= 0:
                return "out"
            return "low" if self._firmware.paper_dots <= NEAR_END else "ready"

    def run_low(self) -> None:
        """Little is left on the roll."""
        self._with_paper(NEAR_END)

    def run_out(self, after_dots: int = 0) -> None:
        """The roll ends.

        :param after_dots: so much is still printed before; 8 are a millimetre.
        """
        self._with_paper(after_dots)

    def refill(self) -> None:
        """A new roll. What hangs out goes with the old one's end."""
        with self._changed:
            self._firmware.tear_off()
            self._with_paper(ROLL)

    def open_cover(self) -> None:
        """Open the cover."""
        with self._changed:
            self._firmware.cover_open = True

    def close_cover(self) -> None:
        """Close it, which also frees a cutter that is stuck."""
        with self._changed:
            self._firmware.cover_open = self._firmware.cutter_stuck = False
            self._go_on()

    def wait_for_cut(self, count: int, timeout_s: float) -> bool:
        """Wait until so many pieces were cut off since the beginning; whether they were."""
        with self._changed:
            return self._changed.wait_for(lambda: self._cut >= count, timeout_s)

    def wait_until_asked(self, timeout_s: float) -> bool:
        """Wait until somebody has asked anew how the printer is; whether they did."""
        with self._changed:
            before = self._firmware.asked
            return self._changed.wait_for(lambda: self._firmware.asked > before, timeout_s)

    def _with_paper(self, dots: int) -> None:
        with self._changed:
            self._firmware.paper_dots = dots
            self._go_on()

    def _go_on(self) -> None:
        answers = self._firmware.wake()
        if self._cable is not None and answers:
            self._cable.send(answers)

    def _receive(self, octets: bytes) -> bytes:
        return self._firmware.receive(octets)

    def _power_cycle(self) -> None:
        self._firmware.power_cycle()

    def _cut_off(self, dots: Image.Image) -> None:
        edge = 32
        paper = Image.new("L", (dots.width + 2 * edge, dots.height + 2 * edge), 250)
        paper.paste(dots.convert("L").point(lambda dot: 250 if dot else 20), (edge, edge))
        file = io.BytesIO()
        paper.save(file, "PNG")
        self._slips = [*self._slips, file.getvalue()][-_KEPT:]
        self._cut += 1
        self._changed.notify_all()
        if self._on_event is not None:
            self._on_event("slip")
