"""A slip as ESC/POS commands, in portions that a printer's buffer holds whole. The words are python-escpos'."""

import re
import shutil
from collections.abc import Iterator
from typing import Final

from escpos import capabilities
from escpos.escpos import Escpos
from PIL import ImageChops

from drivers.ports.receipt_printer import Slip
from drivers.receipt_printer.lettering import WIDTH, Lettering

PROFILE: Final = "TM-T20II"
"""Of python-escpos' printers the one that has 576 dots and a cutter, and nothing that others lack in what we use."""
ASK_WHETHER_DONE: Final = b"\x1dr1"
"""GS r 49: answered once all that came before it is done, and not while the printer stands still."""

_REAL_TIME: Final = re.compile(rb"\x10(?=[\x04\x05\x14])")
_FEED_MOST: Final = 255

shutil.rmtree(capabilities.pickle_dir, ignore_errors=True)
# Why: at import the library leaves a cache in a new directory under /tmp, for a process that never reads it again.


class _Written(Escpos):  # type: ignore[misc]  # the library ships no types
    """Keeps what a printer would be told. Its own serial class is not used: it knows no deadline and no lost cable."""

    def __init__(self) -> None:
        super().__init__(profile=PROFILE)
        self.octets = b""

    def _raw(self, msg: bytes) -> None:
        self.octets += msg

    def take(self) -> bytes:
        """What was written since the last time."""
        taken, self.octets = self.octets, b""
        return taken


def cleared() -> bytes:
    """Commands for a printer that may still hold the rest of another slip: forget it, cut what hangs out."""
    written = _Written()
    written.hw("INIT")
    written.cut()
    return written.take()


def portions(slip: Slip, lettering: Lettering, most: int) -> Iterator[bytes]:
    """The commands of a slip, feeding and cutting included.

    :param most: bytes of one portion; a portion has at least one row of dots.
    """
    written = _Written()
    written.hw("INIT")
    portion = written.take()
    for piece in _pieces(slip, lettering, written, most):
        if portion and len(portion) + len(piece) > most:
            yield portion
            portion = b""
        portion += piece
    if portion:
        yield portion
    written.cut()
    yield written.take()


def _pieces(slip: Slip, lettering: Lettering, written: _Written, most: int) -> Iterator[bytes]:
    for block in slip.blocks:
        for strip in lettering.strips(block):
            ink = ImageChops.invert(strip.convert("L")).getbbox()
            if ink is None:
                yield _white(strip.height)
                continue
            yield _white(ink[1])
            # White at the right and below costs time on the line and no more.
            rows = strip.crop((0, ink[1], min(WIDTH, -(-ink[2] // 8) * 8), ink[3]))
            at_once = max(1, (most - 16) // (rows.width // 8))
            for top in range(0, rows.height, at_once):
                written.image(rows.crop((0, top, rows.width, min(rows.height, top + at_once))), impl="bitImageRaster")
                yield harmless(written.take())
            yield _white(strip.height - ink[3])


def _white(dots: int) -> bytes:
    """ESC J, once or several times."""
    told = b""
    while dots > 0:
        told += bytes((0x1B, 0x4A, min(dots, _FEED_MOST)))
        dots -= _FEED_MOST
    return told


def harmless(raster: bytes) -> bytes:
    """A raster without what a printer would obey in real time: DLE EOT, DLE ENQ, DLE DC4, even within an image.

    One dot more is printed for each, which nobody sees.
    """
    return _REAL_TIME.sub(b"\x11", raster)
