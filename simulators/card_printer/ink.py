"""From the panels of the escape stream to a picture, as docs/wire-card-printer.md has them."""

from typing import Final

import numpy as np
from PIL import Image, ImageChops

WIDTH: Final = 1016
HEIGHT: Final = 648
_PIXELS: Final = WIDTH * HEIGHT
BITS: Final = {2: 1, 32: 5, 64: 6, 128: 7}
"""Bits a pixel, by levels."""
COLOURS: Final = "ymc"
PANELS: Final = "ymck"


def size_of(levels: int) -> int:
    """Bytes of a panel.

    :raises KeyError: no such number of levels.
    """
    return -(-_PIXELS * BITS[levels] // 8)


def ink_of(levels: int, data: bytes) -> Image.Image:
    """How much of a panel's ink comes where, 0 to 255."""
    bits = BITS[levels]
    rows = np.unpackbits(np.frombuffer(data, np.uint8), count=_PIXELS * bits).reshape(_PIXELS, bits)
    level = np.packbits(np.pad(rows, ((0, 0), (8 - bits, 0))))
    shades = np.rint(np.arange(256) * (255 / (levels - 1))).clip(0, 255).astype(np.uint8)
    return Image.fromarray(shades[level].reshape(HEIGHT, WIDTH))


def printed(card: Image.Image | None, panels: dict[str, Image.Image], share: float = 1.0) -> Image.Image:
    """What is on the card afterwards.

    :param card: what was on it before; None: white.
    :param panels: ink by ``y``, ``m``, ``c``, ``k``.
    :param share: how much of the card was reached, from its left edge.
    """
    before = card or Image.new("RGB", (WIDTH, HEIGHT), "white")
    red, green, blue = (ImageChops.invert(panels[panel]) for panel in "cmy")
    paper = ImageChops.multiply(before, Image.merge("RGB", (red, green, blue)))
    paper.paste((0, 0, 0), (0, 0), panels["k"])
    if share >= 1.0:
        return paper
    reached = round(WIDTH * share)
    before = before.copy()
    before.paste(paper.crop((0, 0, reached, HEIGHT)), (0, 0))
    return before
