"""What a picture measures: a number for each row of the table in :mod:`kiosk.portrait.norm`."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from kiosk.portrait.crop import Crop, crown_above_eyes, place
from kiosk.portrait.head import head_pose
from kiosk.portrait.landmarks import LIPS, Box, Face, find_face, person_mask
from kiosk.portrait.matting import person_alpha, person_shares
from kiosk.portrait.models import Floats, Models, Pixels
from kiosk.portrait.norm import ROOM, Measure, Norm, Stage, Verdict, failed, judge
from kiosk.portrait.picture import Picture
from kiosk.portrait.sampling import sampled

_EYES: Final = 90
"""Pixels between the eyes of the levelled face on which light and sharpness are measured, whatever the picture's size;
about as many as in a finished portrait."""
_PATCH: Final = (260, 280)
_EYE_PLACE: Final = (130, 100)
_LEFT_CHEEK: Final = 101
_RIGHT_CHEEK: Final = 330
_BRIDGE: Final = 168
_CHEEK_HALF: Final = 0.2
"""Of the eye distance: half the edge of the square on each cheek."""
_DARK: Final = 25
_BRIGHT: Final = 247
_WHITE: Final = 250
_STEP: Final = 4
"""Grey levels a bin of the cheeks' histograms: at one level each, smooth skin fails for a difference nobody sees."""
_WEIGHTS: Final = np.array(((0.2126, 0.7152, 0.0722),), np.float32)
"""Of red, green and blue in luminance (ITU-R BT.709)."""
_TOP_GRID: Final = 60
"""Samples of a top as far as the eyes are apart; more tell nothing new about its lightness."""
_LEAST_CLOTH: Final = 50
"""Pixels; with fewer there is no top to be seen."""
_EDGE_SHARE: Final = 0.03
"""Of the picture's width: so near to the person the background is not judged, for hair and the JPEG's own ripples."""


@dataclass(frozen=True, slots=True, repr=False)
class Measured:
    """A picture's numbers and what they were taken from."""

    stage: Stage
    verdicts: tuple[Verdict, ...]
    face: Face | None
    crop: Crop | None
    """Where the finished portrait would be cut out; at capture only."""

    @property
    def failed(self) -> tuple[Measure, ...]:
        """What refuses the picture; empty when it complies."""
        return failed(self.verdicts)

    @property
    def values(self) -> Mapping[Measure, float]:
        """Each number by its measure."""
        return {verdict.limit.measure: verdict.value for verdict in self.verdicts}


def measure_frame(models: Models, pixels: Pixels, norm: Norm) -> Measured:
    """What a frame of the camera, or any picture to be finished, measures.

    :param pixels: RGB, not mirrored.
    """
    face = find_face(models, pixels)
    return measured_of(pixels, face, None if face is None else person_mask(models, pixels), norm)


def measured_of(pixels: Pixels, face: Face | None, mask: Floats | None, norm: Norm) -> Measured:
    """What a frame measures in which the face and the person have been found already.

    :param mask: of :func:`kiosk.portrait.landmarks.person_mask`; wanted where there is a face.
    """
    if face is None or mask is None:
        return Measured(Stage.CAPTURE, judge({Measure.SINGLE_FACE: 0.0}, Stage.CAPTURE, norm), None, None)
    crop = place(face, crown_above_eyes(mask, face, pixels), norm)
    height, width = pixels.shape[:2]
    values = (
        _of_face(face, pixels) | _of_top(face, pixels, mask) | dict(zip(ROOM, crop.room(width, height), strict=True))
    )
    return Measured(Stage.CAPTURE, judge(values, Stage.CAPTURE, norm), face, crop)


def measure_finished(models: Models, picture: Picture, norm: Norm) -> Measured:
    """What a picture measures that is meant to be the card's as it stands."""
    pixels = picture.pixels
    values = {
        Measure.WIDTH: float(picture.width),
        Measure.HEIGHT: float(picture.height),
        Measure.CHANNELS: float(picture.channels),
        Measure.FILE_SIZE: float(picture.size),
    }
    if picture.density is not None:
        values[Measure.DENSITY] = round(picture.density, 1)
    face = find_face(models, pixels)
    if face is None:
        values[Measure.SINGLE_FACE] = 0.0
        return Measured(Stage.FINISHED, judge(values, Stage.FINISHED, norm), None, None)
    mask = person_alpha(person_shares(models, pixels, None), pixels)
    values |= _of_face(face, pixels) | _of_top(face, pixels, mask)
    values |= {
        Measure.FACE_WIDTH: face.width,
        Measure.CROWN: float(face.eye_middle[1]) - crown_above_eyes(mask, face, pixels),
        Measure.EYE_LINE: pixels.shape[0] - float(face.eye_middle[1]),
        Measure.EYE_MIDPOINT: float(face.eye_middle[0]),
        Measure.BACKGROUND: _white_share(pixels, mask),
    }
    return Measured(Stage.FINISHED, judge(values, Stage.FINISHED, norm), face, None)


def _of_face(face: Face, pixels: Pixels) -> dict[Measure, float]:
    pose = head_pose(face)
    return {
        Measure.SINGLE_FACE: _alone(face.boxes),
        Measure.FACE_PRESENCE: face.presence,
        Measure.EYE_DISTANCE: face.eye_distance / max(0.1, float(np.cos(np.radians(pose.yaw)))),
        Measure.ROLL: face.roll,
        Measure.YAW: pose.yaw,
        Measure.PITCH: pose.pitch,
        Measure.EYES_OPEN: min(face.left_eye.lid_gap, face.right_eye.lid_gap) / face.eyes_to_chin,
        Measure.MOUTH_CLOSED: float(np.linalg.norm(face.points[LIPS[1]] - face.points[LIPS[0]])) / face.eyes_to_chin,
        Measure.GAZE: _gaze(face),
    } | _of_light(face, pixels)


def _alone(boxes: tuple[Box, ...]) -> float:
    """100 with one face, less the larger a second one is."""
    return 100.0 if len(boxes) == 1 else 100 * (1 - boxes[1].area / boxes[0].area)


def _gaze(face: Face) -> float:
    """How far both irises lie to one side; a squint, which moves them apart, cancels out."""
    shifts = []
    for eye in (face.left_eye, face.right_eye):
        along = eye.corners[1] - eye.corners[0]
        width = float(np.linalg.norm(along))
        shifts.append(float((eye.iris - eye.middle) @ along) / max(width * width, 1.0))
    return abs(sum(shifts) / len(shifts))


def _of_light(face: Face, pixels: Pixels) -> dict[Measure, float]:
    patch, points = _levelled(face, pixels)
    hull = np.zeros(patch.shape[:2], np.uint8)
    cv2.fillConvexPoly(hull, cv2.convexHull(np.rint(points).astype(np.int32)), 1)
    grey = cv2.cvtColor(patch, cv2.COLOR_RGB2GRAY)
    linear = _luminance(patch)
    histogram, lights = (
        cv2.calcHist([levels], [0], hull, [256], [0, 256]).ravel() / max(1, cv2.countNonZero(hull))
        for levels in (grey, np.rint(255 * linear).astype(np.uint8))
    )
    taken = lights[lights > 0]
    mean, spread = (float(value[0, 0]) for value in cv2.meanStdDev(linear, mask=hull))
    spread = 60 * spread * spread
    left, right = _cheek(points, _LEFT_CHEEK), _cheek(points, _RIGHT_CHEEK)
    return {
        Measure.SHARPNESS: _sharpness(grey, cv2.erode(hull, np.ones((7, 7), np.uint8))),
        Measure.LUMINANCE: mean,
        Measure.CONTRAST: 100 * float(np.sin(np.pi * spread / (spread + 1))),
        Measure.UNDER_EXPOSED: float(histogram[: _DARK + 1].sum()),
        Measure.OVER_EXPOSED: float(histogram[_BRIGHT:].sum()),
        Measure.DYNAMIC_RANGE: 12.5 * float(-(taken * np.log2(taken)).sum()),
        Measure.EVEN_LIGHT: _evenness(grey[left], grey[right]),
        Measure.SIDE_SHADOW: float(linear[left].mean() / max(1e-4, float(linear[right].mean()))),
        Measure.NATURAL_COLOUR: _natural(np.concatenate((patch[left], patch[right]), axis=1)),
        Measure.NOSE_BRIDGE: _bridge(grey, points, (left, right)),
    }


def _sharpness(grey: Pixels, inside: Pixels) -> float:
    """The less sharp direction's variance: a head that moved is blurred in one direction only."""
    calm = cv2.GaussianBlur(grey, (3, 3), 0)
    edges = (cv2.Sobel(calm, cv2.CV_16S, *orders) for orders in ((2, 0), (0, 2)))
    return min(float(cv2.meanStdDev(each, mask=inside)[1][0, 0]) ** 2 for each in edges)


def _levelled(face: Face, pixels: Pixels) -> tuple[Pixels, npt.NDArray[np.float32]]:
    """The face alone, level and with :data:`_EYES` between the eyes, and its landmarks in that patch."""
    step = face.eye_distance / _EYES
    turn = np.radians(face.roll)
    cos, sin = np.cos(turn) * step, np.sin(turn) * step
    (x, y), (across, down) = face.eye_middle, _EYE_PLACE
    back = np.array(((cos, -sin, x - cos * across + sin * down), (sin, cos, y - sin * across - cos * down)), np.float64)
    there = np.asarray(cv2.invertAffineTransform(back), np.float64)
    patch = sampled(pixels, back, *_PATCH)
    return patch, np.asarray(face.points @ there[:, :2].T + there[:, 2], np.float32)


def _luminance(patch: Pixels) -> Floats:
    """Linear light 0–1 of sRGB (IEC 61966-2-1)."""
    return np.asarray(cv2.transform(cv2.LUT(patch, _linear()), _WEIGHTS), np.float32)


@cache
def _linear() -> Floats:
    levels = np.arange(256, dtype=np.float32) / 255
    return np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4).astype(np.float32)


def _cheek(points: npt.NDArray[np.float32], landmark: int) -> tuple[slice, slice]:
    half = round(_CHEEK_HALF * _EYES)
    x, y = (round(float(value)) for value in points[landmark])
    x, y = min(max(x, half), _PATCH[0] - half), min(max(y, half), _PATCH[1] - half)
    return slice(y - half, y + half), slice(x - half, x + half)


def _evenness(left: Pixels, right: Pixels) -> float:
    bins = 256 // _STEP
    one, other = (np.bincount(cheek.ravel() // _STEP, minlength=bins) / cheek.size for cheek in (left, right))
    return 100 * float(np.minimum(one, other).sum() ** 0.3)


def _natural(cheeks: Pixels) -> float:
    """100 within the window, less the farther the cheeks' mean colour lies outside; 0 where it is greenish or blue."""
    lab = cv2.cvtColor(cheeks.mean((0, 1), dtype=np.float32)[None, None] / 255, cv2.COLOR_RGB2LAB)
    a, b = (float(value) for value in lab[0, 0, 1:])
    if a < 0 or b < 0:
        return 0.0
    off = float(np.hypot(max(0, 5 - a, a - 25), max(0, 5 - b, b - 35)))
    return 200 / (1 + float(np.exp(off / 10)))


def _bridge(grey: Pixels, points: npt.NDArray[np.float32], cheeks: tuple[tuple[slice, slice], ...]) -> float:
    """The strongest horizontal edge between the eyes, beside the strongest on the cheeks."""
    edges = np.abs(cv2.Sobel(cv2.GaussianBlur(grey, (3, 3), 0), cv2.CV_32F, 0, 1))
    x, y = (round(float(value)) for value in points[_BRIDGE])
    half = round(0.12 * _EYES)
    rows = slice(max(0, y - round(0.04 * _EYES)), y + round(0.26 * _EYES))
    between = edges[rows, max(0, x - half) : x + half]
    strongest = max(float(edges[cheek].mean(1).max()) for cheek in cheeks)
    return float(between.mean(1).max()) / (strongest + _SKIN_EDGE) if between.size else 0.0


_SKIN_EDGE: Final = 12.0
"""Grey levels: so much edge has skin without a frame; it keeps smooth cheeks from making glasses of nothing."""


def _of_top(face: Face, pixels: Pixels, mask: Floats) -> dict[Measure, float]:
    """The shoulders beside the neck; empty where the picture ends above them."""
    unit = face.eye_distance
    x, chin = float(face.eye_middle[0]), float(face.eye_middle[1]) + face.eyes_to_chin
    height, width = pixels.shape[:2]
    step = max(1, int(unit / _TOP_GRID))
    rows = np.arange(max(0, round(chin + 0.5 * unit)), min(height, round(chin + 1.0 * unit)), step)
    sides = []
    for near, far in ((-1.6, -0.8), (0.8, 1.6)):
        columns = np.arange(max(0, round(x + near * unit)), min(width, round(x + far * unit)), step)
        theirs = mask[np.ix_(rows * mask.shape[0] // height, columns * mask.shape[1] // width)] > 0.9
        sides.append(pixels[np.ix_(rows, columns)][theirs])
    cloth = np.concatenate(sides)
    if len(cloth) < _LEAST_CLOTH / step**2:
        return {}
    lab = cv2.cvtColor((cloth[None].astype(np.float32)) / 255, cv2.COLOR_RGB2LAB)
    return {Measure.TOP_LIGHTNESS: float(np.percentile(lab[..., 0], 75))}


def _white_share(pixels: Pixels, mask: Floats) -> float:
    """Percent of the background that is white; 0 where the person leaves none."""
    reach = max(3, round(_EDGE_SHARE * pixels.shape[1])) * 2 + 1
    person = cv2.dilate((mask > 0.1).astype(np.uint8), np.ones((reach, reach), np.uint8))
    behind = pixels[person == 0]
    return 100 * float((behind.min(axis=-1) >= _WHITE).mean()) if behind.size else 0.0
