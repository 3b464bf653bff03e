"""Looks at pictures for what only a broken camera, or a covered one, delivers."""

from enum import Enum
from typing import Final

import numpy as np
from numpy.typing import NDArray

DARK_MEAN: Final = 12.0
"""Of 255. With a face before it and the screen's light alone a webcam's gain brings more than twice as much."""
DARK_DEVIATION: Final = 8.0
"""Standard deviation over the picture. A dim room has a lit edge somewhere; a covered lens has noise."""
DARK_FRAMES: Final = 5
"""In a row; a sensor may begin with a black picture or two. All three are ours, no norm states them."""
_EVERY: Final = 8
"""Each eighth pixel of each eighth row: 14 400 of 1280 × 720, none of which repeats its noise by chance."""


class Look(Enum):
    """What a picture is, beside those before it."""

    NEW = "new"
    REPEATED = "repeated"
    """Bit for bit the one before. A living sensor's noise does not repeat."""
    DARK = "dark"
    """One of :data:`DARK_FRAMES` or more in a row without light."""


class Scrutiny:
    """Compares each picture with those before it, across reopenings too."""

    def __init__(self) -> None:
        self._last: NDArray[np.uint8] | None = None
        self._dark_in_a_row = 0

    def look_at(self, pixels: NDArray[np.uint8]) -> Look:
        """Tell what the next picture is."""
        sample = pixels[::_EVERY, ::_EVERY].copy()
        last, self._last = self._last, sample
        dark = bool(sample.mean() < DARK_MEAN) and bool(sample.std() < DARK_DEVIATION)
        self._dark_in_a_row = self._dark_in_a_row + 1 if dark else 0
        if self._dark_in_a_row >= DARK_FRAMES:
            return Look.DARK  # black may well repeat itself: it is not called frozen
        return Look.REPEATED if last is not None and np.array_equal(last, sample) else Look.NEW

    def wipe(self) -> None:
        """Forget what was seen."""
        if self._last is not None:
            self._last.fill(0)
        self._last, self._dark_in_a_row = None, 0
