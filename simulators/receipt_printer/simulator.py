"""A receipt printer on a pseudo-terminal, with a roll, a cover, a cable and faults."""

import io
import os
import select
import threading
import tty
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from PIL import Image

from simulators.receipt_printer.faults import PrinterFaults
from simulators.receipt_printer.firmware import NEAR_END, ROLL, PrinterFirmware

_KEPT: Final = 20
"""Slips that lie in the tray; older ones are thrown away."""


class _Cable:
    """One plugged-in cable: the pseudo-terminal and the thread that listens at the printer's end."""

    def __init__(self, hear: Callable[[bytes], bytes]) -> None:
        # The host's end stays open here as well: a printer does not notice whether anyone has opened the port.
        self._printer_end, self._host_end = os.openpty()
        tty.setraw(self._host_end)
        os.set_blocking(self._printer_end, False)
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self.host_path = os.ttyname(self._host_end)
        self._hear = hear
        self._thread = threading.Thread(target=self._serve, name="receipt printer", daemon=True)
        self._thread.start()

    def send(self, octets: bytes) -> None:
        """Put bytes on the line; a full line loses them."""
        with suppress(BlockingIOError):
            os.write(self._printer_end, octets)

    def pull(self) -> None:
        """Part the ends; the host sees its port hang up."""
        os.eventfd_write(self._wake, 1)
        self._thread.join()
        for descriptor in (self._printer_end, self._host_end, self._wake):
            os.close(descriptor)

    def _serve(self) -> None:
        while True:
            ready, _, _ = select.select([self._printer_end, self._wake], [], [])
            if self._wake in ready:
                return
            self.send(self._hear(os.read(self._printer_end, 4096)))


class PrinterSimulator:
    """The printer as one would handle it: a roll to change, a cover to open, a cable to pull, faults to order.

    It answers on :attr:`path` from construction on. All methods may be called from any thread.
    """

    def __init__(self, *, link: Path | None = None, on_event: Callable[[str], None] | None = None) -> None:
        """
        :param link: a stable symbolic link to the pseudo-terminal, there only while the cable is plugged in.
        :param on_event: told ``slip`` whenever a piece of paper was cut off.
        """
        self.faults = PrinterFaults()
        self._link = link
        self._on_event = on_event
        self._changed = threading.Condition(threading.RLock())
        self._firmware = PrinterFirmware(self.faults, self._cut_off)
        self._slips: list[bytes] = []
        self._cut = 0
        self._cable: _Cable | None = None
        self.replug()

    @property
    def path(self) -> str:
        """What the terminal opens: the link, or the pseudo-terminal itself when there is none.

        :raises RuntimeError: unplugged, and there is no link.
        """
        if self._link is not None:
            return str(self._link)
        with self._changed:
            if self._cable is None:
                raise RuntimeError("an unplugged printer has no path")
            return self._cable.host_path

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

    def disturb(self, octets: bytes) -> None:
        """Put bytes on the line that no command asked for: a bad cable."""
        with self._changed:
            if self._cable is not None:
                self._cable.send(octets)

    def unplug(self) -> None:
        """Pull the cable, which feeds the printer as well. Harmless when it is out."""
        with self._changed:
            cable, self._cable = self._cable, None
            if cable is None:
                return
            if self._link is not None and self._link.is_symlink():
                self._link.unlink()
        cable.pull()  # without the lock: its thread may be waiting for it
        with self._changed:
            self._firmware.power_cycle()

    def replug(self) -> None:
        """Put the cable in again. Harmless when it is in."""
        with self._changed:
            if self._cable is not None:
                return
            self._cable = _Cable(self._hear)
            if self._link is not None:
                fresh = self._link.with_name(self._link.name + ".new")
                fresh.unlink(missing_ok=True)
                fresh.symlink_to(self._cable.host_path)
                fresh.replace(self._link)

    def wait_for_cut(self, count: int, timeout_s: float) -> bool:
        """Wait until so many pieces were cut off since the beginning; whether they were."""
        with self._changed:
            return self._changed.wait_for(lambda: self._cut >= count, timeout_s)

    def wait_until_asked(self, timeout_s: float) -> bool:
        """Wait until somebody has asked anew how the printer is; whether they did."""
        with self._changed:
            before = self._firmware.asked
            return self._changed.wait_for(lambda: self._firmware.asked > before, timeout_s)

    def close(self) -> None:
        """Take the printer off the machine."""
        self.unplug()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _with_paper(self, dots: int) -> None:
        with self._changed:
            self._firmware.paper_dots = dots
            self._go_on()

    def _go_on(self) -> None:
        answers = self._firmware.wake()
        if self._cable is not None and answers:
            self._cable.send(answers)

    def _hear(self, octets: bytes) -> bytes:
        with self._changed:
            answers = self._firmware.receive(octets)
            self._changed.notify_all()
            return answers

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
