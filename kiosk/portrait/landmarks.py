"""Where a face is and where its parts are, in pixels of the picture that is looked at."""

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from kiosk.portrait.models import Floats, Models, Pixels
from kiosk.portrait.sampling import smaller

Points = npt.NDArray[np.float32]
"""n × 2: x to the right, y downwards."""

_DETECTOR_EDGE: Final = 128
_MESH_EDGE: Final = 192
_IRIS_EDGE: Final = 64
MASK_EDGE: Final = 256
_LEAST_SCORE: Final = 0.5
_LEAST_PRESENCE: Final = 0.5
"""Of a face that is followed (MediaPipe, face_landmark_front_cpu: min_tracking_confidence)."""
SAME_FACE: Final = 0.3
"""Overlap (intersection ÷ union) above which two boxes are one face."""
_MARGIN: Final = 1.5
"""The square around a face that the landmark model expects (MediaPipe, face_detection_front_detection_to_roi)."""
_EYE_MARGIN: Final = 2.3
"""The same for an eye (MediaPipe, iris_landmark_landmarks_to_roi)."""

# The landmark model's points that are used by name. Left and right are the picture's.
LEFT_CORNERS: Final = (33, 133)
RIGHT_CORNERS: Final = (362, 263)
LIPS: Final = (13, 14)
CHIN: Final = 152
FOREHEAD: Final = 10
LEFT_EDGE: Final = 234
RIGHT_EDGE: Final = 454
_LOWER_LID: Final = 4
_UPPER_LID: Final = 12
"""Places in the iris model's eye contour, which lists the lower lid from corner to corner, then the upper."""


@dataclass(frozen=True, slots=True, repr=False)
class Box:
    """A face as the detector finds it; pixels."""

    left: float
    top: float
    width: float
    height: float
    left_eye: tuple[float, float]
    right_eye: tuple[float, float]
    score: float

    @property
    def area(self) -> float:
        """Square pixels."""
        return self.width * self.height


@dataclass(frozen=True, slots=True, repr=False)
class Eye:
    """One eye by the iris model."""

    iris: Points
    """Its centre, 2 numbers."""
    corners: Points
    """2 × 2, from left to right."""
    lid_gap: float
    """Pixels between the middles of both lids."""

    @property
    def middle(self) -> Points:
        """Between the corners, 2 numbers."""
        return np.asarray((self.corners[0] + self.corners[1]) / 2, np.float32)


@dataclass(frozen=True, slots=True, repr=False)
class Face:
    """The largest face of a picture with its parts."""

    boxes: tuple[Box, ...]
    """Every face found, the largest first."""
    points: Points
    """468 × 2."""
    presence: float
    """The landmark model's own word, 0–1, that it looks at a face."""
    left_eye: Eye
    right_eye: Eye

    @property
    def eye_middle(self) -> Points:
        """The middle between both eyes' middles."""
        return np.asarray((self.left_eye.middle + self.right_eye.middle) / 2, np.float32)

    @property
    def eye_distance(self) -> float:
        """Pixels between both eyes' middles."""
        return float(np.linalg.norm(self.right_eye.middle - self.left_eye.middle))

    @property
    def roll(self) -> float:
        """Degrees by which the right eye of the picture lies lower than the left."""
        across, down = self.right_eye.middle - self.left_eye.middle
        return float(np.degrees(np.arctan2(down, across)))

    @property
    def width(self) -> float:
        """Pixels from the outline before one ear to that before the other; ears do not count."""
        return float(np.linalg.norm(self.points[RIGHT_EDGE] - self.points[LEFT_EDGE]))

    @property
    def eyes_to_chin(self) -> float:
        """Pixels; the length by which ISO/IEC 29794-5 scales eyes and mouth."""
        return float(np.linalg.norm(self.points[CHIN] - self.eye_middle))


def find_face(models: Models, picture: Pixels) -> Face | None:
    """The largest face; None when there is none."""
    boxes = find_boxes(models, picture)
    if not boxes:
        return None
    box = boxes[0]
    turn = np.arctan2(box.right_eye[1] - box.left_eye[1], box.right_eye[0] - box.left_eye[0])
    middle = (box.left + box.width / 2, box.top + box.height / 2)
    points, _ = _mesh(models, picture, middle, _MARGIN * max(box.width, box.height), float(turn))
    return _around(models, picture, boxes, points)  # once more: the detector's box is coarse


def follow_face(models: Models, picture: Pixels, boxes: tuple[Box, ...], before: Face) -> Face | None:
    """The face that was there in the frame before; None when it isn't where it was.

    :param boxes: every face, the largest first, of this frame or of the one before.
    """
    face = _around(models, picture, boxes, before.points)
    return face if face.presence >= _LEAST_PRESENCE else None


def _around(models: Models, picture: Pixels, boxes: tuple[Box, ...], points: Points) -> Face:
    (left, top), (right, bottom) = points.min(0), points.max(0)
    across, down = points[RIGHT_CORNERS[1]] - points[LEFT_CORNERS[0]]
    middle = (float(left + right) / 2, float(top + bottom) / 2)
    edge = _MARGIN * float(max(right - left, bottom - top))
    points, presence = _mesh(models, picture, middle, edge, float(np.arctan2(down, across)))
    return Face(
        boxes=boxes,
        points=points,
        presence=presence,
        left_eye=_eye(models, picture, points[list(LEFT_CORNERS)], mirrored=False),
        right_eye=_eye(models, picture, points[list(RIGHT_CORNERS)], mirrored=True),
    )


def find_boxes(models: Models, picture: Pixels) -> tuple[Box, ...]:
    """Every face, the largest first."""
    height, width = picture.shape[:2]
    edge = max(height, width)
    scale = _DETECTOR_EDGE / edge
    small = smaller(picture, max(1, round(width * scale)), max(1, round(height * scale)))
    square = np.zeros((_DETECTOR_EDGE, _DETECTOR_EDGE, 3), np.float32)
    above, before = (_DETECTOR_EDGE - small.shape[0]) // 2, (_DETECTOR_EDGE - small.shape[1]) // 2
    square[above : above + small.shape[0], before : before + small.shape[1]] = small / 127.5 - 1
    raw, logits = models.detector.run(square, ("regressors", "classificators"))
    scores = 1 / (1 + np.exp(-np.clip(logits[:, 0], -80, 80)))
    sure = np.flatnonzero(scores >= _LEAST_SCORE)
    sure = sure[np.argsort(-scores[sure])]
    scores, places = scores[sure], raw[sure].reshape(-1, 8, 2) / _DETECTOR_EDGE
    places[:, 0] += _anchors()[sure]
    places[:, 2:] += _anchors()[sure, None]
    shift = np.array((before, above), np.float32) / _DETECTOR_EDGE
    found: list[Box] = []
    for index in range(len(sure)):
        centre, size = (places[index, 0] - shift) * edge, places[index, 1] * edge
        eyes = (places[index, 2:4] - shift) * edge
        box = Box(
            left=float(centre[0] - size[0] / 2),
            top=float(centre[1] - size[1] / 2),
            width=float(size[0]),
            height=float(size[1]),
            left_eye=(float(eyes[0, 0]), float(eyes[0, 1])),
            right_eye=(float(eyes[1, 0]), float(eyes[1, 1])),
            score=float(scores[index]),
        )
        if all(overlap(box, other) < SAME_FACE for other in found):
            found.append(box)
    return tuple(sorted(found, key=lambda box: -box.area))


def person_mask(models: Models, picture: Pixels) -> Floats:
    """How surely each place is the person, 0–1, on the model's own grid of 256 × 256 over the whole picture."""
    small = smaller(picture, MASK_EDGE, MASK_EDGE).astype(np.float32)
    (mask,) = models.person.run(small / np.float32(255), ("activation_10",))
    return mask[..., 0]


@cache
def _anchors() -> Floats:
    """The centres that the detector's answers start from: 16 × 16 with two each, 8 × 8 with six each; 0–1."""
    rows = []
    for cells, each in ((16, 2), (8, 6)):
        middles = (np.arange(cells, dtype=np.float32) + 0.5) / cells
        across, down = np.meshgrid(middles, middles)
        rows.append(np.repeat(np.stack((across.ravel(), down.ravel()), 1), each, axis=0))
    return np.concatenate(rows)


def overlap(one: Box, other: Box) -> float:
    """How much two boxes are one: intersection ÷ union, 0–1."""
    across = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    down = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    if across <= 0 or down <= 0:
        return 0.0
    return across * down / (one.area + other.area - across * down)


def _square(picture: Pixels, middle: tuple[float, float], edge: float, turn: float, size: int) -> tuple[Floats, Any]:
    """A turned square of the picture in the model's size, 0–1, and the transform that leads back."""
    scale = edge / size
    cos, sin = np.cos(turn) * scale, np.sin(turn) * scale
    half = size / 2
    back = np.array(
        (
            (cos, -sin, middle[0] - cos * half + sin * half),
            (sin, cos, middle[1] - sin * half - cos * half),
        )
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    cut = cv2.warpAffine(picture, back, (size, size), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return cut.astype(np.float32) / 255, back


def _mesh(
    models: Models, picture: Pixels, middle: tuple[float, float], edge: float, turn: float
) -> tuple[Points, float]:
    square, back = _square(picture, middle, edge, turn, _MESH_EDGE)
    mesh, presence = models.landmarks.run(square, ("conv2d_21", "conv2d_31"))
    flat = mesh.reshape(-1, 3)[:, :2]
    score = 1 / (1 + np.exp(-float(np.clip(presence.ravel()[0], -80, 80))))
    return np.asarray(flat @ back[:, :2].T + back[:, 2], np.float32), float(score)


def _eye(models: Models, picture: Pixels, corners: Points, *, mirrored: bool) -> Eye:
    """The model knows one side only, so the other eye is shown to it in a mirror."""
    across, down = corners[1] - corners[0]
    centre = corners.mean(0)
    edge = max(4.0, _EYE_MARGIN * float(np.hypot(across, down)))
    turn = float(np.arctan2(down, across))
    square, back = _square(picture, (float(centre[0]), float(centre[1])), edge, turn, _IRIS_EDGE)
    if mirrored:
        square = np.ascontiguousarray(square[:, ::-1])
    contour, iris = models.iris.run(square, ("output_eyes_contours_and_brows", "output_iris"))
    places = np.concatenate((contour.reshape(-1, 3)[:, :2], iris.reshape(-1, 3)[:, :2]))
    if mirrored:
        places[:, 0] = _IRIS_EDGE - places[:, 0]
    there = places @ back[:, :2].T + back[:, 2]
    ends = there[[0, 8]]
    return Eye(
        iris=np.asarray(there[71], np.float32),
        corners=np.asarray(ends[np.argsort(ends[:, 0])], np.float32),
        lid_gap=float(np.linalg.norm(there[_UPPER_LID] - there[_LOWER_LID])),
    )
