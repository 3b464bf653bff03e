"""Who stands before the camera, and how: two faces (tests/data/LICENSES.md) in a booth, and what can be wrong there.

Everything but the faces is made by code, so that each scene can be told to be a little worse.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from simulators.camera.film import Film, Picture

FACES: Final = Path(__file__).parents[2] / "tests" / "data" / "faces"
WIDTH: Final = 1280
HEIGHT: Final = 720
EYES: Final = 122.0
"""Pixels between the eyes of somebody who stands where they should: a little over the 110 of a capture."""
EYE_LINE: Final = 0.46
"""From the top, of the height, where the eyes are of somebody of the camera's height."""


@dataclass(frozen=True, slots=True)
class Sitter:
    """A face's file and where in it things are, in its pixels."""

    file: str
    left_eye: tuple[int, int]
    """Left in the picture."""
    right_eye: tuple[int, int]
    eye_size: tuple[int, int]
    """Half axes of what the lids show."""
    crown: int
    chin: int
    mouth: int
    outline: tuple[tuple[int, int], ...]
    """Of the whole person, traced by hand to some :data:`_TRACED` pixels of the halved picture."""


_TRACED: Final = 7
# fmt: off
ADULT: Final = Sitter(
    "portrait-a.webp", (341, 515), (468, 513), (33, 15), 232, 740, 660,
    (
        (0, 1146), (0, 905), (15, 885), (50, 855), (110, 832), (150, 815), (175, 760), (188, 700), (185, 600),
        (190, 520), (200, 430), (225, 380), (260, 320), (300, 275), (345, 245), (400, 228), (450, 228), (490, 248),
        (520, 280), (554, 320), (588, 372), (608, 430), (618, 520), (620, 600), (632, 690), (650, 760), (675, 810),
        (700, 850), (740, 875), (764, 905), (764, 1146),
    ),
)
CHILD: Final = Sitter(
    "portrait-b.png", (281, 244), (372, 244), (22, 12), 48, 375, 334,
    (
        (82, 718), (70, 690), (45, 655), (32, 634), (55, 605), (90, 550), (112, 500), (135, 450), (155, 415),
        (172, 395), (172, 375), (178, 300), (185, 250), (195, 200), (205, 160), (215, 130), (235, 100), (252, 80),
        (270, 65), (300, 52), (350, 46), (385, 55), (410, 70), (432, 90), (448, 115), (458, 145), (465, 180),
        (468, 220), (468, 280), (470, 330), (480, 370), (490, 395), (500, 402), (530, 425), (550, 460), (575, 510),
        (600, 570), (621, 615), (612, 630), (590, 665), (577, 700), (578, 718),
    ),
)
# fmt: on


@dataclass(frozen=True, slots=True)
class Scene:
    """What stands on the bench's button, and what the camera then sees."""

    zh: str
    en: str
    film: Callable[[], Film]


def booth(size: tuple[int, int] = (WIDTH, HEIGHT)) -> Picture:
    """The empty booth: a light grey wall, a little brighter in the middle."""
    width, height = size
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    away = np.hypot((columns - width / 2) / width, (rows - height / 2) / height)
    wall = np.array((206.0, 203.0, 198.0), dtype=np.float32) - 46.0 * away[..., None]
    picture: Picture = wall.astype(np.uint8)
    return picture


def standing(
    sitter: Sitter = ADULT,
    *,
    eyes: float = EYES,
    across: float = 0.5,
    turned: float = 0.0,
    light: float = 1.0,
    dressed: Callable[[Picture, Sitter], None] = lambda _picture, _sitter: None,
    before: Picture | None = None,
    row: float = EYE_LINE * HEIGHT,
    size: tuple[int, int] = (WIDTH, HEIGHT),
) -> Picture:
    """Somebody in the booth.

    :param eyes: pixels between the eyes.
    :param across: where the face is, from the left, of the width.
    :param turned: degrees that the head hangs to its side.
    :param light: what falls on the person; 1 as on the wall.
    :param dressed: paints on the person's own picture.
    :param before: what stands there already; the empty booth unless given.
    :param row: the eyes', for whoever is taller or sits lower.
    :param size: width and height of the camera's picture.
    """
    face, mask = cut_out(sitter.file)
    face = face.copy()
    dressed(face, sitter)
    scale = eyes / (sitter.right_eye[0] - sitter.left_eye[0])
    middle = ((sitter.left_eye[0] + sitter.right_eye[0]) / 2, (sitter.left_eye[1] + sitter.right_eye[1]) / 2)
    width, height = size
    lowest = height - (face.shape[0] - middle[1]) * scale + 2  # nobody's picture ends above the ground
    place = cv2.getRotationMatrix2D(middle, turned, scale)
    place[:, 2] += (across * width - middle[0], max(row, lowest) - middle[1])
    person = cv2.warpAffine(face, place, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    there = cv2.warpAffine(mask, place, size, flags=cv2.INTER_LINEAR)[..., None].astype(np.float32) / 255
    behind = booth(size) if before is None else before
    seen: Picture = (person * light * there + behind * (1 - there)).clip(0, 255).astype(np.uint8)
    return seen


@cache
def cut_out(file: str) -> tuple[Picture, NDArray[np.uint8]]:
    """A face's picture and where in it the person is: as traced, and near that as the colours part."""
    face = cv2.imread(str(FACES / file), cv2.IMREAD_COLOR)
    if face is None:
        raise ValueError(f"{file} is no picture")
    small = cv2.resize(face, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    sitter = ADULT if file == ADULT.file else CHILD
    inside = np.zeros(small.shape[:2], dtype=np.uint8)
    cv2.fillPoly(inside, [np.array(sitter.outline) // 2], 255)
    near = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _TRACED + 1, 2 * _TRACED + 1))
    found = np.where(inside > 0, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    found[cv2.erode(inside, near) > 0] = cv2.GC_FGD
    found[cv2.dilate(inside, near) == 0] = cv2.GC_BGD
    cv2.setRNGSeed(1)
    cv2.grabCut(small, found, None, np.zeros((1, 65)), np.zeros((1, 65)), 3, cv2.GC_INIT_WITH_MASK)
    person = np.isin(found, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8) * 255
    person = cv2.morphologyEx(person, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    mask = cv2.resize(person, face.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    return face, cv2.GaussianBlur(mask, (5, 5), 0)


# What somebody wears or does; painted on their own picture.


def _cap(face: Picture, sitter: Sitter) -> None:
    eyes = (sitter.left_eye[1] + sitter.right_eye[1]) // 2
    middle = (sitter.left_eye[0] + sitter.right_eye[0]) // 2
    half = (sitter.chin - sitter.crown) * 2 // 5
    brow = sitter.crown + (eyes - sitter.crown) * 3 // 5
    cv2.ellipse(face, (middle, brow), (half, brow - sitter.crown + 12), 0, 180, 360, (96, 48, 28), -1)
    cv2.ellipse(face, (middle, brow), (half + 16, half // 7), 0, 0, 360, (70, 34, 20), -1)


def _glasses(face: Picture, sitter: Sitter) -> None:
    radius = (sitter.right_eye[0] - sitter.left_eye[0]) * 2 // 5
    stroke = max(3, radius // 10)
    for x, y in (sitter.left_eye, sitter.right_eye):
        cv2.circle(face, (x, y), radius, (24, 20, 18), stroke, cv2.LINE_AA)
    (left, y), right = sitter.left_eye, sitter.right_eye[0]
    cv2.line(face, (left + radius, y - 4), (right - radius, y - 4), (24, 20, 18), stroke, cv2.LINE_AA)


def _eyes_shut(face: Picture, sitter: Sitter) -> None:
    half_x, half_y = sitter.eye_size
    for x, y in (sitter.left_eye, sitter.right_eye):
        skin = face[y + half_y * 2 : y + half_y * 3, x - half_x : x + half_x].reshape(-1, 3)
        lid = tuple(int(value * 0.95) for value in np.median(skin, axis=0))
        smooth = face.copy()
        cv2.ellipse(smooth, (x, y), (half_x + 6, half_y + 5), 0, 0, 360, lid, -1)
        area = np.zeros(face.shape[:2], dtype=np.uint8)
        cv2.ellipse(area, (x, y), (half_x + 4, half_y + 3), 0, 0, 360, 255, -1)
        share = cv2.GaussianBlur(area, (9, 9), 0)[..., None] / 255
        face[:] = (smooth * share + face * (1 - share)).astype(np.uint8)
        cv2.ellipse(face, (x, y + half_y // 3), (half_x, half_y // 2), 0, 10, 170, (38, 34, 40), 3, cv2.LINE_AA)


def _hand(face: Picture, sitter: Sitter) -> None:
    middle = (sitter.left_eye[0] + sitter.right_eye[0]) // 2
    width = (sitter.chin - sitter.crown) // 9
    colour, shade = (148, 170, 205), (110, 132, 170)
    cv2.ellipse(face, (middle + width, sitter.chin), (width * 2, width * 2), 0, 0, 360, colour, -1, cv2.LINE_AA)
    for finger in range(4):
        x = middle - width + finger * (width + 2)
        top = sitter.mouth - width * (3 if finger in (1, 2) else 2)
        cv2.line(face, (x, top), (x + width // 3, sitter.chin), shade, width + 4, cv2.LINE_AA)
        cv2.line(face, (x, top), (x + width // 3, sitter.chin), colour, width, cv2.LINE_AA)


# What the light and the lens do; done to the whole picture.


def _dim(picture: Picture, light: float) -> Picture:
    dimmed: Picture = (picture * light).astype(np.uint8)
    return dimmed


def _blurred(picture: Picture, along: int = 15) -> Picture:
    blurred: Picture = cv2.GaussianBlur(picture, (along, along), 0).astype(np.uint8)
    return blurred


def _moving() -> Film:
    """Somebody who steps from side to side, smeared as an exposure of 1/15 s smears it."""
    smear = np.zeros((25, 25), dtype=np.float32)
    smear[12] = 1 / 25
    steps = [0.5 + 0.09 * np.sin(step * np.pi / 6) for step in range(12)]
    return Film(tuple(cv2.filter2D(standing(across=float(across)), -1, smear) for across in steps))


def _backlit() -> Picture:
    bright = np.full((HEIGHT, WIDTH, 3), 252, dtype=np.uint8)
    return standing(light=0.3, before=bright)


def _two() -> Picture:
    return standing(CHILD, eyes=84, across=0.74, before=standing(eyes=92, across=0.3))


def _still(picture: Callable[[], Picture]) -> Callable[[], Film]:
    return lambda: Film.still(picture())


SCENES: Final[Mapping[str, Scene]] = {
    "nobody": Scene("没有人", "nobody", _still(booth)),
    "adult": Scene("一位成人，站得正好", "an adult, standing well", _still(standing)),
    "child": Scene("一个孩子", "a child", _still(lambda: standing(CHILD))),
    "two": Scene("两个人", "two people", _still(_two)),
    "near": Scene("太近", "too near", _still(lambda: standing(eyes=230))),
    "far": Scene("太远", "too far", _still(lambda: standing(eyes=58))),
    "aside": Scene("站偏了", "aside", _still(lambda: standing(across=0.28))),
    "tilted": Scene("歪着头", "head tilted", _still(lambda: standing(turned=18))),
    "dark": Scene("太暗", "too dark", _still(lambda: _dim(standing(), 0.22))),
    "backlit": Scene("逆光", "backlit", _still(_backlit)),
    "bright": Scene("太亮", "too bright", _still(lambda: cv2.convertScaleAbs(standing(), alpha=1.75, beta=20))),
    "blurred": Scene("模糊", "blurred", _still(lambda: _blurred(standing()))),
    "moving": Scene("动来动去", "moving", _moving),
    "cap": Scene("戴帽子", "wearing a cap", _still(lambda: standing(dressed=_cap))),
    "glasses": Scene("戴眼镜", "wearing glasses", _still(lambda: standing(dressed=_glasses))),
    "eyes_shut": Scene("闭着眼", "eyes shut", _still(lambda: standing(dressed=_eyes_shut))),
    "hand": Scene("手挡着脸", "a hand before the face", _still(lambda: standing(dressed=_hand))),
}
"""By the name that the bench and the tests call them."""
