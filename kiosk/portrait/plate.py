"""The empty booth's picture by the fixed camera, and what of a portrait differs from it."""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from kiosk.portrait.errors import NotEmpty
from kiosk.portrait.landmarks import find_boxes, person_mask
from kiosk.portrait.models import Floats, Models, Pixels
from kiosk.portrait.picture import read_picture

_SOMEBODY: Final = 0.01
"""Of the picture that the segmentation calls a person: more is somebody; a whole portrait has a third."""
_CLEAR: Final = 0.05
"""Of the height: from so far beyond the outline that the model found on all is wall."""
_REACH: Final = 0.024
"""Of the height: how far beyond that outline hair is looked for. As near as the finished portrait's background is not
judged (:mod:`kiosk.portrait.measures`): longer hairs are cut off, as barbers of portraits do."""
_INNER: Final = 0.02
"""Of the height: how far within it background is looked for."""
_SOLID_FROM: Final = 0.01
"""Of the height: from so far within the outline on all colour is the person's own."""
_GAIN: Final = (0.7, 1.4)
"""By how much a camera's exposure and white balance may have changed the whole booth."""
_MOST_RESIDUE: Final = 10.0
"""Grey levels, of 255: where the known background differs by more in one pixel of twenty, it is not the plate's any
more: a lamp has gone, a shadow falls, the camera was moved. A sensor's noise leaves 2–4."""
_LEAST_BACKGROUND: Final = 0.03
"""Of the portrait: with less nothing can be compared."""
_ALIKE: Final = 6.0
"""Grey levels over all channels: a pixel that differs by no more may be the wall."""
_CONTRAST: Final = 30.0
"""The same between person and wall at which the difference counts half; below it the model's word counts more."""
_SOLID: Final = 0.85
"""Of a person's own colour's distance from the wall: hair is not all of one colour."""


def plate_of(models: Models, pictures: Sequence[Pixels]) -> Pixels:
    """The empty booth out of several pictures of it, without the sensor's noise.

    :param pictures: RGB, of one size; five or more.
    :raises NotEmpty: somebody is in one of them.
    """
    for picture in pictures:
        _empty(models, picture)
    plate = np.asarray(np.median(np.stack(pictures), axis=0), np.uint8)
    _empty(models, plate)
    return plate


def read_plate(models: Models, content: bytes) -> Pixels:
    """The plate in these bytes, looked at again.

    :raises UnreadablePicture: no picture.
    :raises NotEmpty: somebody is in it.
    """
    plate = read_picture(content).pixels
    _empty(models, plate)
    return plate


def _empty(models: Models, picture: Pixels) -> None:
    if find_boxes(models, picture) or float((person_mask(models, picture) > 0.5).mean()) > _SOMEBODY:
        raise NotEmpty("somebody is in the picture of the empty booth")


def behind(plate: Pixels, picture: Pixels) -> Pixels | None:
    """The part of the plate that this picture shows: all of it, or the columns in its middle.

    None where the picture is of another height, or wider: by another camera, or a file.
    """
    height, width = picture.shape[:2]
    left = (plate.shape[1] - width) // 2
    if plate.shape[0] != height or left < 0:
        return None
    return plate[:, left : left + width]


def set_off(tight: Pixels, wall: Pixels, alpha: Floats) -> Floats | None:
    """The person's share of each pixel, from what differs from the empty booth near the outline that the model found.

    Where person and wall have the same colour the model's word stands.

    :param tight: the portrait's frame.
    :param wall: the same frame of the plate.
    :param alpha: the person's share by the model, 0–1.
    :return: None where the booth is not as it was: the plate says nothing then.
    """
    rows = tight.shape[0]
    beyond, within = _depth(alpha <= 0.02) / rows, _depth(alpha >= 0.98) / rows
    outside = beyond > _CLEAR
    fitted = _as_lit_now(tight, wall, outside)
    if fitted is None:
        return None
    backdrop, residue = fitted
    seen = tight.astype(np.float32)
    differs = _distance(seen, backdrop)
    alike = max(_ALIKE, 2 * residue)
    if _shaded(differs, (beyond > _INNER) & ~outside, alike):
        return None
    own, enough = _own_colour(seen, within > _SOLID_FROM, max(2, round(0.03 * rows)))
    apart = _distance(own, backdrop)
    sure = apart**2 / (apart**2 + _CONTRAST**2) * enough
    share = np.clip((differs - alike) / np.maximum(_SOLID * apart - alike, 1), 0, 1)
    near = np.clip(2 - 2 * beyond / _REACH, 0, 1)
    found = np.maximum(alpha, share * sure * near)
    empty = np.clip(2 - cv2.blur(differs, (3, 3)) / alike, 0, 1)
    return np.asarray(np.where(within > _INNER, found, found * (1 - empty * sure)), np.float32)


def _as_lit_now(tight: Pixels, wall: Pixels, outside: npt.NDArray[np.bool_]) -> tuple[Floats, float] | None:
    """The wall with the exposure and white balance of this picture, and how much it still differs; None: too much."""
    if outside.mean() < _LEAST_BACKGROUND:
        return None
    now, then = tight[outside].astype(np.float32), wall[outside].astype(np.float32)
    gains = np.median(now / np.maximum(then, 8), axis=0)
    if not (gains.min() >= _GAIN[0] and gains.max() <= _GAIN[1]):
        return None
    residue = float(np.percentile(np.abs(now - then * gains).max(axis=-1), 95))
    if residue > _MOST_RESIDUE:
        return None
    return np.asarray(wall * gains.astype(np.float32), np.float32), residue


def _shaded(differs: Floats, around: npt.NDArray[np.bool_], alike: float) -> bool:
    """Whether the person's shadow lies beside them: it fills more than half of one side, which loose hair does not."""
    middle = around.shape[1] // 2
    sides = (differs[:, half][around[:, half]] for half in (slice(None, middle), slice(middle, None)))
    return any(side.size > 0 and float(np.median(side)) > alike for side in sides)


def _own_colour(seen: Floats, solid: npt.NDArray[np.bool_], radius: int) -> tuple[Floats, Floats]:
    """What colour the person has nearby, and 0–1 whether there is enough of them near; found at half the size."""
    whole, half = (seen.shape[1], seen.shape[0]), (seen.shape[1] // 2, seen.shape[0] // 2)
    size = (2 * radius + 1, 2 * radius + 1)
    theirs = solid.astype(np.float32)
    small = cv2.resize(seen * theirs[..., None], half, interpolation=cv2.INTER_AREA)
    weight = cv2.blur(cv2.resize(theirs, half, interpolation=cv2.INTER_AREA), size)
    colour = cv2.blur(small, size) / (weight[..., None] + 1e-4)
    return np.asarray(cv2.resize(colour, whole), np.float32), np.clip(cv2.resize(weight, whole) / 0.05, 0, 1)


def _distance(one: Floats, other: Floats) -> Floats:
    apart = one - other
    return np.asarray(np.sqrt(cv2.transform(apart * apart, np.ones((1, 3), np.float32))), np.float32)


def _depth(area: npt.NDArray[np.bool_]) -> Floats:
    """Of each pixel of an area, how far it is to the next that is not in it; 0 outside."""
    return np.asarray(cv2.distanceTransform(area.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_3), np.float32)
