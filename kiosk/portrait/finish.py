"""From a picture to the card's portrait: level, cut out, on white, into the byte window, and measured once more."""

import logging
from dataclasses import dataclass
from io import BytesIO
from typing import Final

import cv2
import numpy as np
from PIL import Image

from kiosk.portrait.crop import Crop, carried, crown_within, cut, cut_around, place
from kiosk.portrait.errors import NoFace, NotCompliant
from kiosk.portrait.landmarks import MASK_EDGE
from kiosk.portrait.matting import WIDE, on_white, person_alpha, person_shares
from kiosk.portrait.measures import Measured, measure_finished, measure_frame
from kiosk.portrait.models import Floats, Models, Pixels
from kiosk.portrait.norm import ROOM, Measure, Norm
from kiosk.portrait.picture import read_picture
from kiosk.portrait.plate import behind, set_off

_log = logging.getLogger(__name__)

_SAME_ROWS: Final = 1.5
_SAME_SCALE: Final = 0.01
"""A frame that the crown, measured to the pixel, moves by less than this is kept."""
_MOST_MOVES: Final = 2
_CARRIED: Final = 8
"""Pixels: a frame that reaches no further beyond the last needs no segmentation of its own."""
_CUT_OFF: Final = 1.5
"""Rows: a crown above these may be where the frame ends, not the hair."""
_LEAST_QUALITY: Final = 40
_BEST_QUALITY: Final = 100
_WHOLE_COLOUR: Final = 90
"""Above this quality colour is no longer stored at half the resolution."""
CHIP_SIZE: Final = (102, 126)
CHIP_BYTES: Final = 4096
"""What the chip's EF08 takes."""
_CHIP_QUALITIES: Final = range(90, 49, -5)
"""Below these a face of 102 pixels falls into blocks."""


@dataclass(frozen=True, slots=True, repr=False)
class Portrait:
    """A finished portrait that was measured and complies."""

    jpeg: bytes
    measured: Measured


def finish(models: Models, pixels: Pixels, norm: Norm, plate: Pixels | None = None) -> Portrait:
    """The card's portrait from a frame or picture.

    The eyes' distance alone may be less than a camera's frame must have: a smaller picture is enlarged, and what that
    costs shows in the finished portrait's sharpness.

    :param pixels: RGB, not mirrored.
    :param plate: the empty booth by the same camera; used where the booth is still as it was.
    :raises NoFace: nobody is found.
    :raises NotCompliant: it can't be brought to the norm; says by which measures.
    """
    frame = measure_frame(models, pixels, norm)
    if frame.face is None:
        raise NoFace("no face is found")
    refused = [measure for measure in frame.failed if measure is not Measure.EYE_DISTANCE]
    if refused:
        raise NotCompliant(refused)
    portrait, measured = attempt(models, pixels, frame, norm, plate)
    if measured.failed:
        raise NotCompliant(measured.failed)
    return Portrait(portrait, measured)


def attempt(
    models: Models, pixels: Pixels, frame: Measured, norm: Norm, plate: Pixels | None = None
) -> tuple[bytes, Measured]:
    """The portrait as far as it goes, and what it measures: for whoever wants to see why it was refused.

    :param frame: what these pixels measure.
    :raises NoFace: nobody is found.
    :raises NotCompliant: the picture ends within the portrait, or no JPEG quality fits the byte window.
    """
    if frame.face is None or frame.crop is None:
        raise NoFace("no face is found")
    crop, tight = frame.crop, cut(pixels, frame.crop)
    shares = _shares(models, pixels, crop, tight)
    alpha = person_alpha(shares, tight)
    for _ in range(_MOST_MOVES):
        crown = crown_within(alpha, crop, frame.face)
        better = place(frame.face, crown, norm)
        if abs(better.eye_row - crop.eye_row) <= _SAME_ROWS and abs(better.scale / crop.scale - 1) <= _SAME_SCALE:
            break
        tight = cut(pixels, better)
        if better.beyond(crop) <= _CARRIED and crown * crop.scale < crop.eye_row - _CUT_OFF:
            shares = carried(shares, crop, better)
        else:
            shares = _shares(models, pixels, better, tight)
        crop, alpha = better, person_alpha(shares, tight)
    height, width = pixels.shape[:2]
    beyond = [side for side, left in zip(ROOM, crop.room(width, height), strict=True) if left < 0]
    if beyond:
        raise NotCompliant(beyond)
    if plate is not None:
        alpha = _against(plate, pixels, crop, tight, alpha)
    white = on_white(tight, alpha)
    jpeg = encode(white, norm)
    return jpeg, measure_finished(models, read_picture(jpeg), norm)


def encode(pixels: Pixels, norm: Norm) -> bytes:
    """A JPEG within the byte window: at the norm's quality if that fits, else at the nearest that does; no EXIF.

    :raises NotCompliant: no quality fits.
    """
    image = Image.fromarray(pixels)
    jpeg = _jpeg(image, norm.quality, norm.dots_per_inch)
    if norm.least_bytes <= len(jpeg) <= norm.most_bytes:
        return jpeg
    nearest = range(norm.quality + 1, _BEST_QUALITY + 1)
    if len(jpeg) > norm.most_bytes:
        nearest = range(norm.quality - 1, _LEAST_QUALITY - 1, -1)
    low, high = 0, len(nearest)
    while low < high:  # the size grows with the quality: the first that is past the missed end
        middle = (low + high) // 2
        size = len(_jpeg(image, nearest[middle], norm.dots_per_inch))
        reached = size <= norm.most_bytes if len(jpeg) > norm.most_bytes else size >= norm.least_bytes
        low, high = (low, middle) if reached else (middle + 1, high)
    if low < len(nearest):
        fitting = _jpeg(image, nearest[low], norm.dots_per_inch)
        if norm.least_bytes <= len(fitting) <= norm.most_bytes:
            return fitting
    raise NotCompliant((Measure.FILE_SIZE,))


def chip_portrait(jpeg: bytes) -> bytes:
    """The finished portrait small enough for the chip's EF08: 102 × 126, at most 4096 bytes.

    :raises NotCompliant: not even a coarse JPEG is small enough.
    """
    pixels = read_picture(jpeg).pixels
    width, height = CHIP_SIZE
    image = Image.fromarray(np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8))
    for quality in _CHIP_QUALITIES:
        small = _jpeg(image, quality, None)
        if len(small) <= CHIP_BYTES:
            return small
    raise NotCompliant((Measure.FILE_SIZE,))


def _shares(models: Models, pixels: Pixels, crop: Crop, tight: Pixels) -> Floats:
    return person_shares(models, tight, cut_around(pixels, crop, WIDE, MASK_EDGE))


def _against(plate: Pixels, pixels: Pixels, crop: Crop, tight: Pixels, alpha: Floats) -> Floats:
    wall = behind(plate, pixels)
    better = None if wall is None else set_off(tight, cut(wall, crop), alpha)
    if better is None:
        _log.warning("the plate is not used: the booth is not as it was when the plate was taken")
        return alpha
    return better


def _jpeg(image: Image.Image, quality: int, dots_per_inch: int | None) -> bytes:
    out = BytesIO()
    density = {} if dots_per_inch is None else {"dpi": (dots_per_inch, dots_per_inch)}
    sampling = 0 if quality > _WHOLE_COLOUR else 2
    image.save(out, "JPEG", quality=quality, subsampling=sampling, optimize=True, **density)
    return out.getvalue()
