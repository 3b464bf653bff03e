"""Somebody whose matte is known before a wall that is known: what a portrait's matting is measured against.

The two faces are cut out along a hand-traced outline (:mod:`simulators.camera.scenes`), loose hairs are drawn beyond
it, and both are laid over a wall, so that each pixel's share is known by construction. No model has a part in it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import cv2
import numpy as np

from kiosk.portrait.models import Floats, Pixels
from simulators.camera.scenes import ADULT, CHILD, EYE_LINE, EYES, HEIGHT, WIDTH, Sitter, booth, cut_out

SITTERS: Final[Mapping[str, Sitter]] = {"adult": ADULT, "child": CHILD}
_HAIRS: Final = 90
_HAIR: Final = (40.0, 34.0, 38.0)
_PICTURES: Final = 7
_NOISE: Final = 2.0
_QUALITY: Final = 85
"""As the simulated camera's."""


def _pale() -> Floats:
    return np.asarray(booth()[..., ::-1], np.float32)


def _dark() -> Floats:
    return _pale() * np.float32(0.45)


def _room() -> Floats:
    """A wall with lines on it, a red door and a green sheet."""
    wall = _pale()
    wall[:, ::80] *= 0.8
    wall[::60] *= 0.85
    wall[:300, 300:520] = (150, 70, 60)
    wall[100:420, 820:1000] = (60, 120, 90)
    return np.asarray(cv2.GaussianBlur(wall, (0, 0), 2), np.float32)


WALLS: Final[Mapping[str, Callable[[], Floats]]] = {"pale": _pale, "dark": _dark, "room": _room}


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Seated:
    """A picture, RGB of 1280 × 720, and what is true of it."""

    picture: Pixels
    alpha: Floats
    """The person's share of each pixel, 0–1."""
    plate: Pixels
    """The empty booth, the median of seven."""


@cache
def seated(
    sitter: str,
    wall: str,
    *,
    lit: tuple[float, float, float] = (1.0, 1.0, 1.0),
    shadow: float = 0.0,
    lamp: float = 0.0,
) -> Seated:
    """Somebody before a wall, and the plate of it that was taken before.

    :param lit: how much more light of red, green and blue there is than on the plate.
    :param shadow: how much of the light the person takes from the wall behind them, at most.
    :param lamp: how much more light falls from the right than from the left.
    """
    colour, alpha = _person(sitter)
    behind = WALLS[wall]()
    through = 1 - alpha
    if shadow:
        through *= 1 - shadow * cv2.GaussianBlur(np.roll(alpha, (15, 25), axis=(0, 1)), (0, 0), 18)
    falling = np.linspace(1 - lamp / 2, 1 + lamp / 2, WIDTH, dtype=np.float32)[None, :, None]
    picture = (colour + behind * through[..., None]) * np.array(lit, np.float32) * falling
    return Seated(_taken(picture, 0), alpha, plate(wall))


@cache
def plate(wall: str) -> Pixels:
    """The empty booth."""
    return np.asarray(np.median(np.stack(pictures_of(wall)), axis=0), np.uint8)


def pictures_of(wall: str) -> list[Pixels]:
    """The empty booth several times over."""
    return [_taken(WALLS[wall](), number) for number in range(1, 1 + _PICTURES)]


@cache
def _person(sitter: str) -> tuple[Floats, Floats]:
    """In the frame: their colour where they are, times their share; and their share."""
    who = SITTERS[sitter]
    face, mask = cut_out(who.file)
    share = mask.astype(np.float32) / 255
    hairs = _hairs(mask).astype(np.float32) / 255 * (1 - share)
    colour = face[..., ::-1] * share[..., None] + np.array(_HAIR, np.float32) * hairs[..., None]
    (left, upper), (right, lower) = who.left_eye, who.right_eye
    middle = ((left + right) / 2, (upper + lower) / 2)
    scale = EYES / (right - left)
    place = cv2.getRotationMatrix2D(middle, 0, scale)
    lowest = HEIGHT - (face.shape[0] - middle[1]) * scale + 2
    place[:, 2] += (WIDTH / 2 - middle[0], max(EYE_LINE * HEIGHT, lowest) - middle[1])
    placed, alpha = (cv2.warpAffine(each, place, (WIDTH, HEIGHT)) for each in (colour, share + hairs))
    return np.asarray(placed, np.float32), np.asarray(alpha, np.float32)


def _hairs(mask: Pixels) -> Pixels:
    """Loose hairs that leave the head along its outline."""
    chance = np.random.default_rng(5)
    height, width = mask.shape
    outlines, _ = cv2.findContours((mask > 127).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(outlines, key=len)[:, 0].astype(np.float64)
    outline = outline[(outline[:, 1] < 0.55 * height) & (outline[:, 0] > 8) & (outline[:, 0] < width - 8)]
    drawn = np.zeros((height, width), np.uint8)
    along = np.linspace(0, 1, 12)[:, None]
    for root in outline[chance.integers(0, len(outline), _HAIRS)]:
        out = (root - outline.mean(0)) / np.linalg.norm(root - outline.mean(0))
        aside = np.array((-out[1], out[0])) * chance.choice((-1, 1))
        length = chance.uniform(15, 45)
        hair = root - 6 * out + along * length * (0.35 * out + 0.8 * aside) + along**2 * length * np.array((0, 0.2))
        cv2.polylines(drawn, [np.rint(16 * hair).astype(np.int32)], False, 255, 1, cv2.LINE_AA, 4)
    return drawn


@cache
def _noise() -> Floats:
    return np.random.default_rng(1).normal(0, _NOISE, (HEIGHT, WIDTH, 3)).astype(np.float32)


def _taken(light: Floats, number: int) -> Pixels:
    """As a sensor sees it and a camera sends it."""
    noise = np.roll(_noise(), (7 * number, 13 * number), axis=(0, 1))
    grainy = np.clip(light + noise, 0, 255).astype(np.uint8)
    done, jpeg = cv2.imencode(".jpg", np.ascontiguousarray(grainy[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    assert done
    return np.asarray(cv2.cvtColor(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB), np.uint8)
