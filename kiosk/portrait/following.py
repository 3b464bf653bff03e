"""Measures one camera's frames one after the other: what costs most is looked for in every second frame by turns.

From one frame to the next, a twenty-fifth of a second later, a face is where it was, and so is the person. The faces
are counted in one frame and the person's outline is found in the next, so that no frame pays for both; the landmarks
are new in each. What a portrait is made of is measured whole again, alone (:func:`kiosk.portrait.finish.finish`).
"""

from kiosk.portrait.landmarks import SAME_FACE, Box, Face, find_boxes, find_face, follow_face, overlap, person_mask
from kiosk.portrait.measures import Measured, measured_of
from kiosk.portrait.models import Floats, Models, Pixels
from kiosk.portrait.norm import Norm


class Following:
    """One person before one camera; for one thread."""

    def __init__(self, models: Models, norm: Norm) -> None:
        self._models, self._norm = models, norm
        self._face: Face | None = None
        self._mask: Floats | None = None
        self._outline_is_due = False

    def measure(self, pixels: Pixels) -> Measured:
        """What this frame measures; the number of faces or the outline may be one frame old.

        :param pixels: RGB, not mirrored, as large as the last one's.
        """
        before, mask = self._face, self._mask
        if before is None or mask is None:
            face = find_face(self._models, pixels)
            mask = None if face is None else person_mask(self._models, pixels)
            self._outline_is_due = False
        elif self._outline_is_due:
            face, mask = self._seen_again(pixels, before.boxes, before), person_mask(self._models, pixels)
            self._outline_is_due = False
        else:
            boxes = find_boxes(self._models, pixels)
            face = self._seen_again(pixels, boxes, before) if boxes else None
            self._outline_is_due = True
        self._face, self._mask = face, mask if face is not None else None
        return measured_of(pixels, face, mask, self._norm)

    def forget(self) -> None:
        """Keep nothing of who was followed."""
        if self._mask is not None:
            self._mask.fill(0)
        self._face = self._mask = None

    def _seen_again(self, pixels: Pixels, boxes: tuple[Box, ...], before: Face) -> Face | None:
        if overlap(boxes[0], before.boxes[0]) >= SAME_FACE:
            face = follow_face(self._models, pixels, boxes, before)
            if face is not None:
                return face
        return find_face(self._models, pixels)
