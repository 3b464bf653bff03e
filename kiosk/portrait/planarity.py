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
"""Of the eye distance. Own: with landmarks known to the pixel it told twenty of twenty flat pictures from nineteen of
twenty heads, all made by code. A model's landmarks are not: a print swung by 30° has up to 0.03."""
LEAST_TURN: Final = 10.0
"""Degrees of yaw or pitch; own. To the pose a print swung by 40° is one that turned by 8° at most."""
MOST_NARROWED: Final = 1.3
"""Own: how far the face's width may change against its height. Beyond it, the landmark model sees heads in prints."""


class TurnHint(Enum):
    """What the movement looks like."""

    SOLID = "solid"
    FLAT = "flat"
    OPEN = "open"
    """Turned too little or too far to tell."""


@dataclass(frozen=True, slots=True)
class Turn:
    """How a face moved between two frames."""

    residual: float
    """What no homography explains: root mean square ÷ eye distance."""
    degrees: float
    """How far the pose changed, the larger of yaw and pitch."""
    narrowed: float
    """How many times wider against its height the face is in one frame than in the other; at least 1."""

    @property
    def hint(self) -> TurnHint:
        """The same in a word."""
        if self.degrees < LEAST_TURN or self.narrowed > MOST_NARROWED:
            return TurnHint.OPEN
        return TurnHint.SOLID if self.residual >= SOLID_FROM else TurnHint.FLAT


def turn_between(one: Face, other: Face) -> Turn:
    """How the face of one frame became that of another.

    The points are those of :data:`~kiosk.portrait.head.HEAD`: what lips and lids do is no sign of depth.
    """
    before, after = (face.points[list(HEAD)].astype(np.float64) for face in (one, other))
    plane, _ = cv2.findHomography(before, after)
    flat = cv2.perspectiveTransform(before[:, None], plane)[:, 0]
    off = float(np.sqrt(((flat - after) ** 2).sum(1).mean()))
    first, second = head_pose(one), head_pose(other)
    wide = [face.eye_distance / max(1.0, face.eyes_to_chin) for face in (one, other)]
    return Turn(
        residual=off / max(1.0, other.eye_distance),
        degrees=max(abs(first.yaw - second.yaw), abs(first.pitch - second.pitch)),
        narrowed=max(wide) / max(1e-6, min(wide)),
    )
