"""A picture with fewer pixels, whole or a levelled part of it, without skipping any."""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from kiosk.portrait.models import Pixels

_SKIPS: Final = 1.5
"""Pixels of the picture a pixel of the result: above this, linear sampling would skip rows."""
_BESIDE: Final = 2
"""Pixels around a part, for what the sampling at its edge looks at."""


def smaller(picture: Pixels, width: int, height: int) -> Pixels:
    """The whole picture in this size: each pixel the mean of what it covers.

    By a half first: OpenCV has that mean at hand, and the other costs it a quarter then. Where so little is left that
    linear sampling skips nothing, that costs a fifth.
    """
    if picture.shape[1] >= 2 * width and picture.shape[0] >= 2 * height:
        half = (picture.shape[1] // 2, picture.shape[0] // 2)
        picture = np.asarray(cv2.resize(picture, half, interpolation=cv2.INTER_AREA), np.uint8)
    skips = max(picture.shape[1] / width, picture.shape[0] / height) > _SKIPS
    how = cv2.INTER_AREA if skips else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (width, height), interpolation=how), np.uint8)


def sampled(picture: Pixels, back: npt.NDArray[np.float64], width: int, height: int) -> Pixels:
    """What a transform makes of a part of the picture; what lies beyond the picture repeats its edge.

    :param back: 2 × 3, from the result's pixels to the picture's.
    """
    step = min(float(np.hypot(back[0, axis], back[1, axis])) for axis in (0, 1))
    if step > _SKIPS:
        corners = np.array(((0, 0), (width, 0), (width, height), (0, height))) @ back[:, :2].T + back[:, 2]
        beyond = np.array(picture.shape[1::-1])
        first = np.clip(np.floor(corners.min(0)) - _BESIDE, 0, beyond - 1).astype(int)
        last = np.clip(np.ceil(corners.max(0)) + _BESIDE, first + 1, beyond).astype(int)
        part = picture[first[1] : last[1], first[0] : last[0]]
        size = np.maximum(1, np.rint((last - first) / step)).astype(int)
        picture = smaller(part, int(size[0]), int(size[1]))
        shrunk = (size / (last - first))[:, None]
        # A pixel's middle lies half a pixel from its corner, in either size.
        moved = back - np.array(((0, 0, first[0] - 0.5), (0, 0, first[1] - 0.5)))
        back = moved * shrunk - np.array(((0, 0, 0.5), (0, 0, 0.5)))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(picture, back, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )
