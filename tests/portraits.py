"""Faces as a camera would see them, and what goes wrong before a camera, made by code from a few pictures.

``tests/data/portrait_cases.toml`` says which measures each of these must fail; it is typed by hand, apart from this.
"""

from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from kiosk.portrait.finish import attempt
from kiosk.portrait.landmarks import Face, find_face
from kiosk.portrait.measures import measure_frame
from kiosk.portrait.models import Models, Pixels
from kiosk.portrait.norm import Norm
from kiosk.portrait.picture import read_picture

ROOT: Final = Path(__file__).parent
FACES: Final = ROOT / "data" / "faces"
MODELS: Final = ROOT.parent / "assets" / "models"
WIDTH: Final = 1280
HEIGHT: Final = 720
EYES: Final = 122
"""Pixels between the eyes of somebody who stands where they should."""
EYE_ROW: Final = 330
GREY: Final = (158, 160, 162)
SKIN_BROWN: Final = (96, 66, 54)

Points = npt.NDArray[np.float32]
Change = Callable[[Pixels, Face, float], Pixels]


@cache
def models() -> Models:
    return Models(MODELS)


@cache
def original(name: str) -> tuple[Pixels, Face]:
    (path,) = FACES.glob(f"{name}.*")
    pixels = read_picture(path.read_bytes()).pixels
    face = find_face(models(), pixels)
    assert face is not None
    return pixels, face


@cache
def standing(name: str) -> Pixels:
    """A camera's frame of 1280 × 720 with somebody in the right place."""
    return _placed(name, EYES, (WIDTH / 2, EYE_ROW), 0.0)


def frame(name: str, change: str, amount: float) -> Pixels:
    """The same with one thing changed."""
    if change in _PLACES:
        return _placed(name, *_PLACES[change](amount))
    pixels = standing(name)
    if change == "none":
        return pixels
    face = find_face(models(), pixels)
    assert face is not None
    return np.asarray(_CHANGES[change](pixels.copy(), face, amount), np.uint8)


def _placed(name: str, eyes: float, middle: tuple[float, float], turn: float) -> Pixels:
    pixels, face = original(name)
    scale = eyes / face.eye_distance
    angle = np.radians(turn - face.roll)
    cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
    x, y = (float(value) for value in face.eye_middle)
    there = np.array(((cos, -sin, middle[0] - cos * x + sin * y), (sin, cos, middle[1] - sin * x - cos * y)))
    return np.asarray(
        cv2.warpAffine(
            pixels, there, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT, borderValue=GREY
        ),
        np.uint8,
    )


_PLACES: Final[dict[str, Callable[[float], tuple[float, tuple[float, float], float]]]] = {
    "size": lambda times: (EYES * times, (WIDTH / 2, EYE_ROW), 0.0),
    "across": lambda by: (EYES, (WIDTH / 2 + by, EYE_ROW), 0.0),
    "down": lambda by: (EYES, (WIDTH / 2, EYE_ROW + by), 0.0),
    "tilt": lambda degrees: (EYES, (WIDTH / 2, EYE_ROW), degrees),
}


def _light(pixels: Pixels, _face: Face, times: float) -> Pixels:
    """More or less light on everything, in linear light."""
    linear = (pixels / 255.0) ** 2.2 * times
    return np.asarray(255 * np.clip(linear, 0, 1) ** (1 / 2.2), np.uint8)


def _blur(pixels: Pixels, _face: Face, sigma: float) -> Pixels:
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), sigma), np.uint8)


def _shaken(pixels: Pixels, _face: Face, length: float) -> Pixels:
    kernel = np.zeros((1, int(length)), np.float32) + np.float32(1 / int(length))
    return np.asarray(cv2.filter2D(pixels, -1, kernel), np.uint8)


def _window_beside(pixels: Pixels, face: Face, times: float) -> Pixels:
    """A window at one side: the light falls off across the face."""
    left, right = face.points[:, 0].min(), face.points[:, 0].max()
    fall = np.clip((np.arange(WIDTH) - left) / (right - left), 0, 1)[None, :, None]
    linear = (pixels / 255.0) ** 2.2 * (1 + (times - 1) * fall)
    return np.asarray(255 * np.clip(linear, 0, 1) ** (1 / 2.2), np.uint8)


def _window_behind(pixels: Pixels, face: Face, times: float) -> Pixels:
    """A window behind: the camera makes the person dark and the rest white."""
    dark = _light(pixels, face, times)
    left, top = (int(value) for value in face.points.min(0))
    white = np.full_like(pixels, 250)
    white[max(0, top - 120) :, left - 100 : left + 380] = dark[max(0, top - 120) :, left - 100 : left + 380]
    return white


def _colour(pixels: Pixels, _face: Face, blue: float) -> Pixels:
    """A lamp's colour over everything."""
    return np.asarray(np.clip(pixels * np.array((1 - blue, 1, 1 + blue)), 0, 255), np.uint8)


def _grey(pixels: Pixels, _face: Face, _amount: float) -> Pixels:
    return np.repeat(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)


def _somebody_behind(pixels: Pixels, _face: Face, size: float) -> Pixels:
    """A second, smaller person at the side."""
    other, face = original("portrait-b")
    scale = EYES * size / face.eye_distance
    small = cv2.resize(other, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    height, width = min(small.shape[0], HEIGHT), min(small.shape[1], 380)
    left = (small.shape[1] - width) // 2
    pixels[HEIGHT - height :, WIDTH - width :] = small[:height, left : left + width]
    return pixels


def _nobody(pixels: Pixels, _face: Face, _amount: float) -> Pixels:
    pixels[:] = GREY
    return pixels


def _sheet_before_face(pixels: Pixels, face: Face, _amount: float) -> Pixels:
    """A brown folder held before the whole face."""
    (left, top), (right, bottom) = face.points.min(0), face.points.max(0)
    cv2.rectangle(pixels, (int(left) - 20, int(top) - 40), (int(right) + 20, int(bottom) + 20), SKIN_BROWN, -1)
    return pixels


def _eyes_shut(pixels: Pixels, face: Face, share: float) -> Pixels:
    """The upper lids come down by this share of the opening; the skin above is stretched over it."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    source = y.copy()
    for eye in (face.left_eye, face.right_eye):
        middle, width = eye.corners.mean(0), float(np.linalg.norm(eye.corners[1] - eye.corners[0]))
        arch = np.sqrt(np.clip(1 - ((x - middle[0]) / (0.6 * width)) ** 2, 0, 1))
        half = 0.65 * eye.lid_gap * arch
        upper, lower = middle[1] - half, middle[1] + half
        lid = lower - (1 - share) * (lower - upper)
        brow = upper - 1.2 * eye.lid_gap
        stretched = brow + (y - brow) * (upper - brow) / np.maximum(lid - brow, 1)
        squeezed = lower - (lower - y) / max(1 - share, 0.02)
        source = np.where((y >= brow) & (y < lid) & (arch > 0), stretched, source)
        source = np.where((y >= lid) & (y < lower) & (arch > 0), squeezed, source)
    return np.asarray(cv2.remap(pixels, x, source.astype(np.float32), cv2.INTER_LINEAR), np.uint8)


def _mouth_open(pixels: Pixels, face: Face, share: float) -> Pixels:
    """All below the lips' line moves down, and the gap is dark."""
    gap = share * face.eyes_to_chin
    lips = face.points[[13, 14]].mean(0)
    half = float(np.linalg.norm(face.points[291] - face.points[61])) / 2
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    wide = np.clip(1 - ((x - lips[0]) / half) ** 2, 0, 1)
    fade = np.clip(1 - (y - lips[1]) / (1.5 * face.eyes_to_chin), 0, 1)
    opened = gap * np.sqrt(wide)
    inside = (y > lips[1]) & (y < lips[1] + opened)
    source = np.where(y > lips[1], np.maximum(lips[1], y - opened * fade), y)
    moved = cv2.remap(pixels, x, source.astype(np.float32), cv2.INTER_LINEAR)
    moved[inside] = (45, 15, 18)
    return np.asarray(moved, np.uint8)


def _looking_aside(pixels: Pixels, face: Face, share: float) -> Pixels:
    """Both irises move to one side by this share of the eye's width."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    source = x.copy()
    for eye in (face.left_eye, face.right_eye):
        width = float(np.linalg.norm(eye.corners[1] - eye.corners[0]))
        far = ((x - eye.iris[0]) / (0.5 * width)) ** 2 + ((y - eye.iris[1]) / (0.3 * width)) ** 2
        source -= np.where(far < 1, share * width * (1 - far), 0).astype(np.float32)
    return np.asarray(cv2.remap(pixels, source, y, cv2.INTER_LINEAR), np.uint8)


def _turned(pixels: Pixels, face: Face, degrees: float, axis: int) -> Pixels:
    """The head turned: what is nearer to the lens moves further, as on a ball with a nose."""
    nose = face.points[1]
    size = 1.15 * face.width / 2
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    middle = (float(face.points[[234, 454], 0].mean()), float(nose[1]))
    far = ((x - middle[0]) / size) ** 2 + ((y - middle[1]) / (1.4 * size)) ** 2
    depth = size * np.sqrt(np.clip(1 - far, 0, 1))
    beak = ((x - nose[0]) / (0.35 * size)) ** 2 + ((y - nose[1]) / (0.35 * size)) ** 2
    depth += 0.3 * size * np.clip(1 - beak, 0, 1)
    shift = (np.sin(np.radians(degrees)) * depth).astype(np.float32)
    sources = [x, y]
    sources[axis] = sources[axis] - shift
    return np.asarray(cv2.remap(pixels, sources[0], sources[1], cv2.INTER_LINEAR), np.uint8)


def _glasses(pixels: Pixels, face: Face, share: float) -> Pixels:
    """A dark frame; its strokes are this share of the eye distance."""
    unit = face.eye_distance
    stroke = max(1, round(share * unit))
    for eye in (face.left_eye, face.right_eye):
        x, y = (int(value) for value in eye.corners.mean(0))
        cv2.circle(pixels, (x, y), int(0.38 * unit), (40, 30, 30), stroke)
    x, y = (int(value) for value in face.points[6])
    cv2.line(pixels, (int(x - 0.13 * unit), y), (int(x + 0.13 * unit), y), (40, 30, 30), stroke)
    return pixels


def _printed(pixels: Pixels, face: Face, _amount: float) -> Pixels:
    """The person's own picture on paper, held up: a white border and a hand's width of table around it."""
    (left, top), (right, bottom) = face.points.min(0), face.points.max(0)
    upper, lower = (int(left) - 190, int(top) - 190), (int(right) + 190, int(bottom) + 110)
    paper = pixels.copy()
    paper[:] = (120, 96, 78)
    cv2.rectangle(paper, (upper[0] - 12, upper[1] - 12), (lower[0] + 12, lower[1] + 12), (248, 248, 246), -1)
    rows, columns = slice(max(0, upper[1]), lower[1]), slice(upper[0], lower[0])
    paper[rows, columns] = pixels[rows, columns]
    return paper


def _swung(pixels: Pixels, face: Face, degrees: float) -> Pixels:
    """The whole picture as a flat sheet, swung about its upright middle line before a lens sixty centimetres away."""
    x, y = (float(value) for value in face.points[1])
    far = 10 * face.eye_distance
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    to_middle = np.array(((1, 0, -x), (0, 1, -y), (0, 0, 1)))
    swing = np.array(((cos, 0, 0), (0, 1, 0), (sin / far, 0, 1)))
    there = np.linalg.inv(to_middle) @ swing @ to_middle
    return np.asarray(cv2.warpPerspective(pixels, there, (WIDTH, HEIGHT), borderValue=GREY), np.uint8)


_CHANGES: Final[dict[str, Change]] = {
    "light": _light,
    "blur": _blur,
    "shaken": _shaken,
    "window_beside": _window_beside,
    "window_behind": _window_behind,
    "colour": _colour,
    "grey": _grey,
    "somebody_behind": _somebody_behind,
    "nobody": _nobody,
    "sheet_before_face": _sheet_before_face,
    "eyes_shut": _eyes_shut,
    "mouth_open": _mouth_open,
    "looking_aside": _looking_aside,
    "turn": lambda pixels, face, degrees: _turned(pixels, face, degrees, 0),
    "nod": lambda pixels, face, degrees: _turned(pixels, face, degrees, 1),
    "glasses": _glasses,
    "printed": _printed,
    "swung": _swung,
}


@cache
def finished(name: str) -> bytes:
    """The portrait of somebody who stood right; made whether they smile or not."""
    pixels, norm = standing(name), Norm()
    jpeg, _ = attempt(models(), pixels, measure_frame(models(), pixels, norm), norm)
    return jpeg


def spoilt(name: str, change: str, amount: float) -> bytes:
    """The finished portrait with one thing changed."""
    norm = Norm()
    if change == "none":
        return finished(name)
    image = Image.open(BytesIO(finished(name)))
    pixels = np.array(image)
    density: int = norm.dots_per_inch
    quality = 90  # a second compression takes a little away
    match change:
        case "up" | "aside":
            shift = (amount, 0) if change == "aside" else (0, -amount)
            there = np.array(((1, 0, shift[0]), (0, 1, shift[1])), np.float64)
            pixels = cv2.warpAffine(pixels, there, image.size, borderMode=cv2.BORDER_REPLICATE)
        case "shrunk":
            there = cv2.getRotationMatrix2D((norm.width / 2, float(norm.height)), 0, amount)
            pixels = cv2.warpAffine(
                pixels, there, image.size, borderMode=cv2.BORDER_CONSTANT, borderValue=(255, 255, 255)
            )
        case "veil":
            pixels = np.minimum(pixels, int(amount))
        case "wall_shadow":
            lower = pixels[300:, : norm.width // 2]
            lower[lower.min(axis=-1) > 250] = 225
            pixels[:60, :60] = 225
        case "size":
            pixels = cv2.resize(pixels, None, fx=amount, fy=amount, interpolation=cv2.INTER_AREA)
        case "density":
            density = int(amount)
        case "grey":
            pixels = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
        case "quality":
            quality = int(amount)
        case _:
            raise ValueError(change)
    out = BytesIO()
    told = {"dpi": (density, density)} if density else {}
    Image.fromarray(pixels).save(out, "JPEG", quality=quality, **told)
    return out.getvalue()
