"""A face as a document that an IPP printer takes: the whole card, upright, at its true size."""

import struct
from collections.abc import Collection
from io import BytesIO
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from drivers.card_printer.panels import blackened
from drivers.ports.card_printer import Face

DOTS_PER_INCH: Final = 300
PWG_RASTER: Final = "image/pwg-raster"
PNG: Final = "image/png"
JPEG: Final = "image/jpeg"
_PREFERRED: Final = (PWG_RASTER, PNG, JPEG)
"""The first says size and resolution beyond doubt and loses nothing; the last is what every IPP Everywhere printer
takes beside it."""
_RASTER_KIND: Final = "srgb_8"
_LITERALS: Final = 128
"""Most pixels that one count of PWG 5102.4 stands before."""
_POINTS_PER_INCH: Final = 72
_SRGB: Final = 19


def format_of(offered: Collection[str], raster_kinds: Collection[str]) -> str | None:
    """Which of the offered formats a face is sent in; None where there is none.

    :param raster_kinds: what a raster's pixels may be.
    """
    fit = (one for one in _PREFERRED if one in offered and (one != PWG_RASTER or _RASTER_KIND in raster_kinds))
    return next(fit, None)


def document_of(face: Face, document_format: str) -> bytes:
    """The face in this format.

    Upright, as card sizes are named with their short side first: the face's left edge is the page's lower one.

    :raises ValueError: another format.
    """
    pixels = np.rot90(blackened(face))
    match document_format:
        case "image/pwg-raster":
            return _pwg_raster(pixels)
        case "image/png":
            return _picture(pixels, "PNG")
        case "image/jpeg":
            return _picture(pixels, "JPEG", quality=95, subsampling=0)
        case _:
            raise ValueError(f"no face is sent as {document_format}")


def _picture(pixels: NDArray[np.uint8], kind: str, **how: int) -> bytes:
    written = BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(written, kind, dpi=(DOTS_PER_INCH, DOTS_PER_INCH), **how)
    return written.getvalue()


def _pwg_raster(pixels: NDArray[np.uint8]) -> bytes:
    """One page after PWG 5102.4, every pixel for itself: a card's two megabytes are not worth packing."""
    height, width = pixels.shape[:2]
    lines = bytearray()
    for row in pixels:
        lines.append(0)  # this line once
        for start in range(0, width, _LITERALS):
            run = row[start : start + _LITERALS]
            lines.append((257 - len(run)) & 0xFF)
            lines += run.tobytes()
    return b"RaS2" + _page_header(width, height) + bytes(lines)


def _page_header(width: int, height: int) -> bytes:
    """The 1796 bytes before a page; fields that are not named there are zero (PWG 5102.4, 4.3)."""
    header = bytearray(1796)
    header[0:9] = b"PwgRaster"

    def put(at: int, *numbers: int) -> None:
        header[at : at + 4 * len(numbers)] = struct.pack(f">{len(numbers)}I", *numbers)

    put(276, DOTS_PER_INCH, DOTS_PER_INCH)
    put(340, 1)  # copies
    put(352, *(pixels * _POINTS_PER_INCH // DOTS_PER_INCH for pixels in (width, height)))
    put(372, width, height)
    put(384, 8, 24, width * 3, 0, _SRGB)  # bits a colour and a pixel, bytes a line, chunky
    put(420, 3)  # colours
    put(452, 1, 1, 1)  # pages in all; feed and cross-feed as they are
    return bytes(header)
