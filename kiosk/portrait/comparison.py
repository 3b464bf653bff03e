"""Whether two pictures show the same person, one against one: an aid for whoever decides, never the decision.

No picture is searched for among others, and what the model makes of a face is forgotten with the answer.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from kiosk.portrait.landmarks import Face, find_face
from kiosk.portrait.models import RECOGNISER, Models, Pixels, read_model
from kiosk.records.portrait import Likeness

SAME_FROM: Final = 0.363
"""Cosine: OpenCV's documentation of FaceRecognizerSF, chosen there on LFW for the model before it was made smaller."""
OPEN_FROM: Final = 0.2
"""Own: below the threshold nobody is called another person before the faces are clearly different."""
LEAST_EYES: Final = 20.0
"""Pixels between the eyes; a card's photo of 102 × 126 has about thirty."""

_EDGE: Final = 112
_TEMPLATE: Final = np.array(
    ((38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041))
)
"""Where the model wants eyes, nose and corners of the mouth (FaceRecognizerSF::alignCrop of OpenCV, Apache-2.0)."""
_NOSE: Final = 1
_MOUTH: Final = (61, 291)


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of one comparison."""

    similarity: float
    """−1 to 1; not a number where a picture does not show exactly one face, large enough."""

    @property
    def likeness(self) -> Likeness:
        """The same in a word."""
        if self.similarity >= SAME_FROM:
            return Likeness.SAME
        return Likeness.NOT_THE_SAME if self.similarity < OPEN_FROM else Likeness.OPEN


class Comparison:
    """The model, loaded; for one thread.

    :raises ModelsMissing: it is not there or not the one it should be.
    """

    def __init__(self, models: Models, directory: Path) -> None:
        """:param models: find the faces."""
        self._models = models
        self._net: Any = cv2.dnn.readNetFromONNX(np.frombuffer(read_model(directory, RECOGNISER), np.uint8))

    def compare(self, one: Pixels, other: Pixels) -> Compared:
        """How alike the faces of two pictures are; the order does not matter.

        :param one: RGB, not mirrored, as the other.
        """
        faces = [find_face(self._models, pixels) for pixels in (one, other)]
        seen = [
            (pixels, face)
            for pixels, face in zip((one, other), faces, strict=True)
            if face is not None and len(face.boxes) == 1 and face.eye_distance >= LEAST_EYES
        ]
        if len(seen) < len(faces):
            return Compared(math.nan)
        first, second = (self._features(pixels, face) for pixels, face in seen)
        return Compared(float(first @ second))

    def _features(self, pixels: Pixels, face: Face) -> npt.NDArray[np.float32]:
        """128 numbers of length 1."""
        level = cv2.warpAffine(pixels, _onto_template(face), (_EDGE, _EDGE))
        self._net.setInput(cv2.dnn.blobFromImage(level))
        features = np.array(self._net.forward()[0], np.float32)
        return features / np.float32(max(1e-6, float(np.linalg.norm(features))))


def _onto_template(face: Face) -> npt.NDArray[np.float64]:
    """Turn, scale and shift that bring five points of the face nearest to the template, by least squares."""
    eyes = (face.left_eye.corners.mean(0), face.right_eye.corners.mean(0))
    there = np.array((*eyes, face.points[_NOSE], *face.points[list(_MOUTH)]), np.float64)
    off, wanted = there - there.mean(0), _TEMPLATE - _TEMPLATE.mean(0)
    along = float((off * wanted).sum() / (off**2).sum())
    across = float((off[:, 0] * wanted[:, 1] - off[:, 1] * wanted[:, 0]).sum() / (off**2).sum())
    turn = np.array(((along, -across), (across, along)))
    return np.column_stack((turn, _TEMPLATE.mean(0) - turn @ there.mean(0)))
