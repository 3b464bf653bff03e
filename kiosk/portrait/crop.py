"""Where in a picture the finished portrait lies, so that the norm's numbers hold."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from kiosk.portrait.landmarks import Face
from kiosk.portrait.models import Floats, Pixels
from kiosk.portrait.norm import Norm
from kiosk.portrait.sampling import sampled

_EYES: Final = 96
"""Pixels between the eyes of the levelled mask in which the crown is looked for."""
_ABOVE: Final = 300
_HALF: Final = 180
_CROWN_SHARE: Final = 0.12
"""Of the face's width: a row with less hair than this is a stray hair's."""
_SPARE: Final = 4
"""Pixels kept to each end of a window, for what measuring again may differ by."""


@dataclass(frozen=True, slots=True)
class Crop:
    """The finished portrait's frame within a picture."""

    eyes: tuple[float, float]
    """The eyes' middle in the picture."""
    turn: float
    """Radians by which the picture has to be levelled."""
    scale: float
    """Finished pixels a pixel of the picture."""
    eye_row: float
    """The eye line in the finished portrait, from its upper edge."""
    width: int
    height: int

    def back(self, enlarged: float = 1.0) -> npt.NDArray[np.float64]:
        """The transform from the finished portrait's pixels to the picture's.

        :param enlarged: how much wider and higher a view around the same middle is, in the same number of pixels.
        """
        step = enlarged / self.scale
        cos, sin = np.cos(self.turn) * step, np.sin(self.turn) * step
        column = self.width / 2
        row = self.height / 2 + (self.eye_row - self.height / 2) / enlarged
        return np.array(
            (
                (cos, -sin, self.eyes[0] - cos * column + sin * row),
                (sin, cos, self.eyes[1] - sin * column - cos * row),
            )
        )

    def corners(self) -> npt.NDArray[np.float64]:
        """Of the frame in the picture, 4 × 2: upper left, upper right, lower right, lower left."""
        ends = np.array(((0, 0), (self.width, 0), (self.width, self.height), (0, self.height)), np.float64)
        back = self.back()
        return np.asarray(ends @ back[:, :2].T + back[:, 2], np.float64)

    def beyond(self, other: "Crop") -> float:
        """Of this frame's pixels, how many at most it reaches beyond the other's."""
        back = other.back()
        there = np.linalg.solve(back[:, :2], (self.corners() - back[:, 2]).T).T
        outside = np.maximum(-there, there - (other.width, other.height))
        return float(outside.max())

    def room(self, picture_width: int, picture_height: int) -> tuple[float, float, float, float]:
        """What is left of the picture to the left, right, above and below, in the frame's own width and height.

        Negative where the frame reaches beyond the picture.
        """
        corners = self.corners()
        wide, high = self.width / self.scale, self.height / self.scale
        (left, top), (right, bottom) = corners.min(0), corners.max(0)
        return (
            float(left / wide),
            float((picture_width - right) / wide),
            float(top / high),
            float((picture_height - bottom) / high),
        )


def crown_above_eyes(mask: Floats, face: Face, picture: Pixels) -> float:
    """Pixels from the eye line up to the hair's upper edge, measured along the levelled head.

    :param mask: the person, 0–1, over the whole picture, on a grid as fine or as coarse as it may be.
    """
    step = face.eye_distance / _EYES
    turn = np.radians(face.roll)
    cos, sin = np.cos(turn) * step, np.sin(turn) * step
    x, y = face.eye_middle
    back = np.array(((cos, -sin, x - cos * _HALF + sin * _ABOVE), (sin, cos, y - sin * _HALF - cos * _ABOVE)))
    grid = np.array(((mask.shape[1] / picture.shape[1],), (mask.shape[0] / picture.shape[0],)))
    back[:, 2] += 0.5
    back *= grid
    back[:, 2] -= 0.5
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    level = cv2.warpAffine(mask, back, (2 * _HALF, _ABOVE), flags=flags)
    return (_ABOVE - _hair_row(level, _HALF, face.width / step / 2, _ABOVE)) * step


def carried(mask: Floats, crop: Crop, to: Crop) -> Floats:
    """What a mask of one frame says about another that hardly differs; beyond the first it repeats its edge.

    :param mask: on a grid as fine or as coarse as it may be; the result has the same.
    """
    rows, columns = mask.shape[:2]
    grid = np.array((crop.width / columns, crop.height / rows))
    there = np.linalg.inv(np.vstack((crop.back(), (0, 0, 1)))) @ np.vstack((to.back(), (0, 0, 1)))
    between = there[:2, :2] * grid / grid[:, None]
    middle = (there[:2, :2] @ (grid / 2 - 0.5) + there[:2, 2] + 0.5) / grid - 0.5
    back = np.hstack((between, middle[:, None]))
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(mask, back, (columns, rows), flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32
    )


def crown_within(mask: Floats, crop: Crop, face: Face) -> float:
    """The same from a mask of the crop itself, to the finished portrait's pixel; still in the picture's pixels."""
    row = _hair_row(mask, crop.width / 2, face.width * crop.scale / 2, crop.eye_row)
    return (crop.eye_row - row) / crop.scale


def _hair_row(level: Floats, middle: float, half: float, otherwise: float) -> float:
    """The first row of a levelled mask with more than stray hairs above the face."""
    columns = level[:, max(0, round(middle - half)) : round(middle + half)]
    hair = np.flatnonzero((columns >= 0.5).sum(1) >= _CROWN_SHARE * 2 * half)
    return float(hair[0]) if hair.size else otherwise


def place(face: Face, crown: float, norm: Norm) -> Crop:
    """The frame in which face width, crown and eye line come as near to the middle of their windows as they can.

    The eye line has priority (GA 461-2004): with much hair above, the face becomes smaller, down to its least width.
    What fits no window is found when the finished portrait is measured.

    :param crown: pixels from the eye line to the hair (:func:`crown_above_eyes`).
    """
    narrow = norm.face_width[0] / face.width
    lowest = norm.height - norm.least_eye_line - _SPARE
    """The eye line's lowest row."""
    crown_row = sum(norm.crown) / 2
    scale = min(norm.wanted_face_width / face.width, (lowest - crown_row) / max(crown, 1.0))
    least = narrow * (1 + _SPARE / norm.face_width[0])
    if scale < least:
        scale = least
        crown_row = max(norm.crown[0] + _SPARE / 2, min(crown_row, lowest - crown * scale))
    return Crop(
        eyes=(float(face.eye_middle[0]), float(face.eye_middle[1])),
        turn=float(np.radians(face.roll)),
        scale=float(scale),
        eye_row=float(min(crown_row + crown * scale, lowest)),
        width=norm.width,
        height=norm.height,
    )


def cut(picture: Pixels, crop: Crop) -> Pixels:
    """The levelled frame in the finished portrait's size; what lies beyond the picture repeats its edge."""
    return sampled(picture, crop.back(), crop.width, crop.height)


def cut_around(picture: Pixels, crop: Crop, enlarged: float, edge: int) -> Pixels:
    """What surrounds the frame as well, so many times as wide and high, in a square of ``edge`` pixels."""
    grid = np.array((crop.width, crop.height)) / edge
    back = crop.back(enlarged)
    back[:, 2] += back[:, :2] @ (grid / 2 - 0.5)
    back[:, :2] *= grid
    return sampled(picture, back, edge, edge)
