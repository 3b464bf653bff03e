"""Whether what turned between two frames was flat: a hint, and no detection of presentation attacks.

Between two views of a flat thing every point moves by one homography; a head's nose and ears do not.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

import cv2
import numpy as np

from kiosk.portrait.head import HEAD, head_pose
from kiosk.portrait.landmarks import Face

SOLID_FROM: Final = 0.0165
"""Of the eye distance. Own: told twenty of twenty flat pictures from nineteen of twenty heads, all made by code."""
LEAST_TURN: Final = 10.0
"""Degrees of yaw or pitch; own. With less there is nothing to tell a head from a picture by."""


class TurnHint(Enum):
    """What the movement looks like."""

    SOLID = "solid"
    FLAT = "flat"
    NOT_TURNED = "not_turned"


@dataclass(frozen=True, slots=True)
class Turn:
    """How a face moved between two frames."""

    residual: float
    """What no homography explains: root mean square ÷ eye distance."""
    degrees: float
    """How far the pose changed, the larger of yaw and pitch."""

    @property
    def hint(self) -> TurnHint:
        """The same in a word."""
        if self.degrees < LEAST_TURN:
            return TurnHint.NOT_TURNED
        return TurnHint.SOLID if self.residual >= SOLID_FROM else TurnHint.FLAT


def turn_between(one: Face, other: Face) -> Turn:
    """How the face of one frame became that of another.

    The points are those of :data:`~kiosk.portrait.head.HEAD`: what lips and lids do is no sign of depth.
    """
    before, after = (face.points[list(HEAD)].astype(np.float64) for face in (one, other))
    plane, _ = cv2.findHomography(before, after)
    first, second = head_pose(one), head_pose(other)
    degrees = max(abs(first.yaw - second.yaw), abs(first.pitch - second.pitch))
    if plane is None:  # all points on one line, which no face has
        return Turn(0.0, degrees)
    flat = cv2.perspectiveTransform(before[:, None], plane)[:, 0]
    off = float(np.sqrt(((flat - after) ** 2).sum(1).mean()))
    return Turn(off / max(1.0, other.eye_distance), degrees)
