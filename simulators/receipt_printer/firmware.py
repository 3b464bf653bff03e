"""What the printer makes of the bytes it gets: docs/wire-receipt-printer.md.

Text comes out in the printer's own small letters, QR codes in its own drawing: a driver may use them or send images.
"""

from collections.abc import Callable
from typing import Final

import segno
from PIL import Image, ImageChops, ImageDraw, ImageFont

from simulators.receipt_printer.faults import PrinterFault, PrinterFaults

WIDTH: Final = 576
ROLL: Final = 200_000
"""Dots of a full roll: 25 m."""
NEAR_END: Final = 12_000
"""Dots left when the near-end sensor sees the core."""

_DLE, _ESC, _GS, _LF = 0x10, 0x1B, 0x1D, 0x0A
_LINE: Final = 30
"""Dots of a line feed."""
_TEXT: Final = 24
_BUFFER: Final = 4096


class PrinterFirmware:
    """The printer without its cable: bytes in, bytes out, dots on paper."""

    def __init__(self, faults: PrinterFaults, on_cut: Callable[[Image.Image], None]) -> None:
        """:param on_cut: given each piece of paper that is cut off."""
        self._faults = faults
        self._on_cut = on_cut
        self._handlers: dict[bytes, Callable[[], int | None]] = {
            b"\x1b@": self._initialise,
            b"\x1bd": self._feed_lines,
            b"\x1bJ": self._feed_dots,
            b"\x1ba": lambda: 3,
            b"\x1dV": self._cut,
            b"\x1dv": self._raster,
            b"\x1dr": self._tell_when_done,
            b"\x1d(": self._two_dimensional,
        }
        self.paper_dots = ROLL
        self.cover_open = False
        self.cutter_stuck = False
        self.asked = 0
        """How often somebody wanted to know how it is."""
        self.overruns = 0
        """Bytes that came while the buffer was full and are lost."""
        self._rows: list[Image.Image] = []
        self.power_cycle()

    def power_cycle(self) -> None:
        """Forget everything but the paper and what hangs out of the mouth."""
        self._buffer = bytearray()
        self._real_time = bytearray()
        self._answers = bytearray()
        self._line = b""
        self._code, self._module = b"", 3

    @property
    def hanging_out(self) -> int:
        """Dots printed and not cut."""
        return sum(rows.height for rows in self._rows)

    def tear_off(self) -> None:
        """What hangs out is torn off by hand."""
        self._rows = []

    def receive(self, octets: bytes) -> bytes:
        """Take bytes in; what the printer answers."""
        for octet in octets:
            self._obey_at_once(octet)
            if len(self._buffer) == _BUFFER:
                self._work()
            if len(self._buffer) < _BUFFER:
                self._buffer.append(octet)
            else:
                self.overruns += 1
        self._work()
        answers, self._answers = bytes(self._answers), bytearray()
        return answers

    def wake(self) -> bytes:
        """Go on after paper came or the cover was closed; what is answered late."""
        return self.receive(b"")

    # Real time: obeyed on arrival, wherever it stands.

    def _obey_at_once(self, octet: int) -> None:
        self._real_time = (self._real_time + bytes((octet,)))[-3:]
        if self._real_time == bytes((_DLE, 0x04, octet)) and octet in (1, 2, 3, 4):
            self._tell_status(octet)

    def _tell_status(self, number: int) -> None:
        self.asked += number == 4
        fault = self._faults.take(PrinterFault.SILENT, PrinterFault.GARBAGE)
        if fault is PrinterFault.SILENT:
            return
        out = self.paper_dots <= 0
        told = {
            1: 0x12 | 0x08 * self.stopped,
            2: 0x12 | 0x04 * self.cover_open | 0x20 * out | 0x40 * self.cutter_stuck,
            3: 0x12 | 0x08 * self.cutter_stuck,
            4: 0x12 | 0x0C * (self.paper_dots <= NEAR_END) | 0x60 * out,
        }[number]
        self._answers.append(0xFF if fault is PrinterFault.GARBAGE else told)

    @property
    def stopped(self) -> bool:
        """Whether nothing is printed until somebody has done something."""
        return self.paper_dots <= 0 or self.cover_open or self.cutter_stuck

    # In order, from the buffer.

    def _work(self) -> None:
        """Do what is in the buffer and whole, as long as there is paper."""
        while self._buffer and not self.stopped:
            if self._buffer[0] == _DLE:
                taken: int | None = 3 if len(self._buffer) >= 3 else None
            elif self._buffer[0] in (_ESC, _GS):
                taken = self._command()
            else:
                taken = self._character()
            if taken is None:
                return
            del self._buffer[:taken]

    def _command(self) -> int | None:
        if len(self._buffer) < 2:
            return None
        handler = self._handlers.get(bytes(self._buffer[:2]))
        return 2 if handler is None else handler()

    def _character(self) -> int:
        if self._buffer[0] == _LF:
            self._end_line()
        else:
            self._line += bytes(self._buffer[:1])
        return 1

    def _end_line(self) -> None:
        row = _white(_LINE)
        if self._line:
            letters = ImageFont.load_default(_TEXT)
            ImageDraw.Draw(row).text((0, 2), self._line.decode("ascii", "replace"), 0, letters)
            self._line = b""
        self._print(row)

    def _print(self, rows: Image.Image) -> None:
        """Print rows as far as the paper goes."""
        fits = min(rows.height, self.paper_dots)
        if fits > 0:
            self._rows.append(rows.crop((0, 0, WIDTH, fits)))
        self.paper_dots -= fits

    def _initialise(self) -> int:
        self._line = b""
        return 2

    def _feed_lines(self) -> int | None:
        if len(self._buffer) < 3:
            return None
        self._print(_white(self._buffer[2] * _LINE))
        return 3

    def _feed_dots(self) -> int | None:
        if len(self._buffer) < 3:
            return None
        self._print(_white(self._buffer[2]))
        return 3

    def _cut(self) -> int | None:
        if len(self._buffer) < 3:
            return None
        if self._faults.take(PrinterFault.CUTTER_STUCK) is not None:
            self.cutter_stuck = True
        elif self._rows:
            self._on_cut(_joined(self._rows))
            self._rows = []
        return 4 if self._buffer[2] in (65, 66) else 3

    def _raster(self) -> int | None:
        """GS v 0 m xL xH yL yH."""
        if len(self._buffer) < 8:
            return None
        across = self._buffer[4] | self._buffer[5] << 8
        down = self._buffer[6] | self._buffer[7] << 8
        if len(self._buffer) < 8 + across * down:
            return None
        dots = Image.frombytes("1", (across * 8, down), bytes(self._buffer[8 : 8 + across * down]))
        rows = _white(down)
        rows.paste(ImageChops.invert(dots.convert("L")).convert("1"), (0, 0))
        self._print(rows)
        return 8 + across * down

    def _tell_when_done(self) -> int | None:
        if len(self._buffer) < 3:
            return None
        fault = self._faults.take(PrinterFault.MUTE_WHEN_DONE)
        if fault is None:
            self._answers.append(0x03 if self.paper_dots <= NEAR_END else 0x00)
        return 3

    def _two_dimensional(self) -> int | None:
        """GS ( k: QR code, the functions 65, 67, 69, 80 and 81."""
        if len(self._buffer) < 5:
            return None
        size = 5 + (self._buffer[3] | self._buffer[4] << 8)
        if len(self._buffer) < size:
            return None
        function, data = self._buffer[6], bytes(self._buffer[7:size])
        match function:
            case 67:
                self._module = max(1, data[0])
            case 80:
                self._code = data[1:]
            case 81 if self._code:
                self._print(self._code_rows())
        return size

    def _code_rows(self) -> Image.Image:
        rows = [list(row) for row in segno.make_qr(self._code).matrix_iter(border=0)]
        code = Image.new("1", (len(rows), len(rows)), 1)
        code.putdata([0 if dark else 1 for row in rows for dark in row])
        side = len(rows) * self._module
        picture = _white(side)
        picture.paste(code.resize((side, side), Image.Resampling.NEAREST), (0, 0))
        return picture


def _white(height: int) -> Image.Image:
    return Image.new("1", (WIDTH, height), 1)


def _joined(rows: list[Image.Image]) -> Image.Image:
    paper = _white(sum(row.height for row in rows))
    top = 0
    for row in rows:
        paper.paste(row, (0, top))
        top += row.height
    return paper
