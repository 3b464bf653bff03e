"""A picture from a file, whatever kind it is, as upright RGB pixels; its header is looked at before it is decoded."""

from dataclasses import dataclass
from io import BytesIO
from typing import Final

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from kiosk.portrait.errors import PictureTooLarge, PictureTooSmall, TruncatedPicture, UnreadablePicture
from kiosk.portrait.models import Pixels

MOST_PIXELS: Final = 40_000_000
"""More than any camera of a terminal gives; decoded they take 120 MB, and 160 MB with an alpha channel."""
MOST_BYTES: Final = 64 * 1024 * 1024
LEAST_EDGE: Final = 64
"""Below this no face can be found, whatever it shows."""
KINDS: Final = ("JPEG", "PNG", "WEBP", "BMP")
LONGEST_EDGE: Final = 2560
"""A larger picture is made smaller first: the finished one has 441 rows."""


@dataclass(frozen=True, slots=True, repr=False)
class Picture:
    """What a file holds."""

    pixels: Pixels
    """Upright, RGB, not wider or higher than :data:`LONGEST_EDGE`."""
    width: int
    """As in the file."""
    height: int
    density: float | None
    """Dots per inch; None where the file does not say, or says two."""
    channels: int
    """1 grey, 3 RGB, 4 with alpha or CMYK."""
    size: int
    """Bytes of the file."""


def read_picture(content: bytes) -> Picture:
    """The picture in these bytes.

    :raises UnreadablePicture: no picture of a kind that we open; its subclasses say more.
    :raises PictureTooSmall: an edge has fewer than :data:`LEAST_EDGE` pixels.
    """
    if len(content) > MOST_BYTES:
        raise PictureTooLarge(f"{len(content)} bytes")
    try:
        image = Image.open(BytesIO(content), formats=KINDS)
    except UnidentifiedImageError as error:
        raise UnreadablePicture(f"no picture of a kind that is opened: {', '.join(KINDS)}") from error
    except Image.DecompressionBombError as error:
        raise PictureTooLarge("more pixels than are decoded") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise UnreadablePicture("a damaged header") from error
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise PictureTooLarge(f"{width} × {height} pixels")
    if min(width, height) < LEAST_EDGE:
        raise PictureTooSmall(f"{width} × {height} pixels")
    density = image.info.get("dpi")
    channels = len(image.getbands()) if image.mode != "P" else 3
    try:
        image.draft("RGB", (LONGEST_EDGE, LONGEST_EDGE))  # a JPEG is decoded at a fraction of its size, if that will do
        image.load()
        upright = _upright(image)
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise TruncatedPicture("it breaks off or is damaged") from error
    upright.thumbnail((LONGEST_EDGE, LONGEST_EDGE))
    return Picture(
        pixels=np.array(upright, np.uint8),
        width=width,
        height=height,
        density=float(density[0]) if density and round(density[0]) == round(density[1]) else None,
        channels=channels,
        size=len(content),
    )


def _upright(image: Image.Image) -> Image.Image:
    turned = ImageOps.exif_transpose(image)
    if turned.mode in {"RGBA", "LA", "PA"} or "transparency" in turned.info:
        layers = turned.convert("RGBA")
        white = Image.new("RGBA", layers.size, "white")
        return Image.alpha_composite(white, layers).convert("RGB")
    return turned.convert("RGB")
