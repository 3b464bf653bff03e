"""Which way a head is turned, from its landmarks and a head whose measurements are known."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from kiosk.portrait.landmarks import Face

HEAD: Final = {
    4: (0.0000, -0.4632, 7.5866),
    6: (0.0000, 2.4733, 5.7886),
    10: (0.0000, 8.2618, 4.4815),
    33: (-4.4459, 2.6640, 3.1734),
    54: (-6.2793, 6.6154, 1.4259),
    67: (-3.5240, 8.0060, 3.7292),
    117: (-5.2587, 0.9458, 2.9743),
    119: (-3.3007, 0.8616, 3.8728),
    121: (-1.8207, 1.4680, 4.2241),
    127: (-7.7431, 2.3650, -2.0052),
    129: (-1.7858, -0.9783, 4.8505),
    132: (-7.2709, -2.8909, -2.2525),
    133: (-1.8564, 2.5852, 3.7579),
    136: (-5.0853, -7.1786, 0.7147),
    143: (-6.4076, 2.2360, 1.5608),
    147: (-6.2349, -1.9444, 1.6635),
    198: (-1.2468, 0.2303, 5.6810),
    205: (-3.8329, -1.5373, 4.1377),
    263: (4.4459, 2.6640, 3.1734),
    284: (6.2793, 6.6154, 1.4259),
    297: (3.5240, 8.0060, 3.7292),
    346: (5.2587, 0.9458, 2.9743),
    348: (3.3007, 0.8616, 3.8728),
    350: (1.8207, 1.4680, 4.2241),
    356: (7.7431, 2.3650, -2.0052),
    358: (1.7858, -0.9783, 4.8505),
    361: (7.2709, -2.8909, -2.2525),
    362: (1.8564, 2.5852, 3.7579),
    365: (5.0853, -7.1786, 0.7147),
    372: (6.4076, 2.2360, 1.5608),
    376: (6.2349, -1.9444, 1.6635),
    420: (1.2468, 0.2303, 5.6810),
    425: (3.8329, -1.5373, 4.1377),
}
"""Landmark → x, y, z in centimetres: the points by which MediaPipe fits its canonical face, from
canonical_face_model.obj and geometry_pipeline_metadata_landmarks.pbtxt of google-ai-edge/mediapipe (Apache-2.0)."""
_SEEN_FROM: Final = 10.0
"""The lens is about 60 cm before the person, ten times as far as the eyes are apart. Cut-out pictures tell no focal
length; 40 cm or 1 m change the angles of an upright head by less than 1°."""


@dataclass(frozen=True, slots=True)
class Pose:
    """Degrees; roll is the eye line's own (:attr:`Face.roll`)."""

    yaw: float
    """Positive: the nose points to the picture's right."""
    pitch: float
    """Positive: the nose points downwards."""


def head_pose(face: Face) -> Pose:
    """The angles between the head and the line of sight."""
    solid = np.array(list(HEAD.values()), np.float64) * (1, -1, -1)  # OpenCV looks along z, with y downwards
    flat = (face.points[list(HEAD)] - face.eye_middle).astype(np.float64)
    turn = np.radians(face.roll)
    level = np.array(((np.cos(turn), np.sin(turn)), (-np.sin(turn), np.cos(turn))))
    lens = _SEEN_FROM * max(1.0, face.eye_distance)
    camera = np.array(((lens, 0, 0), (0, lens, 0), (0, 0, 1)), np.float64)
    _, rotation, _ = cv2.solvePnP(solid, flat @ level.T, camera, None, flags=cv2.SOLVEPNP_SQPNP)
    matrix, _ = cv2.Rodrigues(rotation)
    # Where the head's own "forwards" (towards the lens: −z here) points.
    forwards = matrix @ np.array((0.0, 0.0, -1.0))
    return Pose(
        yaw=float(np.degrees(np.arctan2(forwards[0], -forwards[2]))),
        pitch=float(np.degrees(np.arcsin(np.clip(forwards[1], -1, 1)))),
    )
