"""A face as the panels of a ribbon (docs/wire-card-printer.md): what each colour prints, packed bit behind bit."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from drivers.ports.card_printer import FACE_HEIGHT, FACE_WIDTH, Face

COLOUR_BITS: Final = 7
"""128 levels, the most the public guide names."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel's data."""

    letter: str
    """y, m, c or k."""
    levels: int
    data: bytes = field(repr=False)


def panels_of(face: Face) -> tuple[Panel, ...]:
    """Yellow, magenta and cyan in 128 levels, black in two, in the ribbon's order."""
    colours = np.frombuffer(face.colours, np.uint8).reshape(-1, 3)
    black = _black(face, colours)
    ink = np.invert(colours) >> np.uint8(1)  # of the complement the highest seven bits
    ink[black] = 0
    magenta_cyan_yellow = {"y": 2, "m": 1, "c": 0}  # against blue, green and red
    return (
        *(Panel(letter, 1 << COLOUR_BITS, _packed(ink[:, band])) for letter, band in magenta_cyan_yellow.items()),
        Panel("k", 2, np.packbits(black).tobytes()),
    )


def blackened(face: Face) -> NDArray[np.uint8]:
    """The whole face in its colours, what its black plane prints included; 648 × 1016 pixels of red, green, blue."""
    pixels = np.frombuffer(face.colours, np.uint8).reshape(FACE_HEIGHT, FACE_WIDTH, 3)
    if face.black is None:
        return pixels
    whole = pixels.copy()
    whole[_black(face, pixels.reshape(-1, 3)).reshape(FACE_HEIGHT, FACE_WIDTH)] = 0
    return whole


def _black(face: Face, colours: NDArray[np.uint8]) -> NDArray[np.bool_]:
    if face.black is None:
        red, green, blue = colours.T  # plane by plane: pixel by pixel numpy takes ten times as long
        unlit: NDArray[np.bool_] = np.equal(red | green | blue, 0)
        return unlit
    return np.unpackbits(np.frombuffer(face.black, np.uint8), count=FACE_WIDTH * FACE_HEIGHT).astype(np.bool_)


def _packed(levels: NDArray[np.uint8]) -> bytes:
    """The lowest seven bits of each level, the highest of them first, without gaps: eight pixels in seven bytes."""
    bits = np.unpackbits(np.ascontiguousarray(levels)).reshape(-1, 8)[:, 8 - COLOUR_BITS :]
    return np.packbits(bits).tobytes()
