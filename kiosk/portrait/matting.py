"""The person before the background: how much of each pixel is theirs, and what colour theirs is."""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from kiosk.portrait.landmarks import MASK_EDGE, person_mask
from kiosk.portrait.models import Floats, Models, Pixels
from kiosk.portrait.sampling import smaller

WIDE: Final = 1.6
"""How much more the wide view for the segmentation shows."""
_RADIUS: Final = 0.012
"""Of the picture's height: how far a hair's edge is looked for."""
_COARSE: Final = 4
"""What is even over a wide area is looked for in a picture this many times smaller."""
_EVENNESS: Final = 1e-3
"""The guided filter's ε, for colours of 0–1: below this variance an area counts as even."""
_SURELY_NOT: Final = 0.4
_SURELY: Final = 0.9
"""Below and above, a pixel is all background or all person: no grey veil around hair, no holes in a white top."""
_ISLAND_EDGE: Final = 5
"""Pixels, of the halved picture, that an island reaches beyond where the model is sure of it."""


def person_shares(models: Models, tight: Pixels, wide: Pixels | None) -> Floats:
    """How surely each place of ``tight`` is the person, 0–1, on half as many rows and columns.

    The model is asked about each view twice, once in a mirror: its mistakes differ, and their mean errs less.

    :param wide: the same around the same middle, but :data:`WIDE` times as much of it; None where there are no
        surroundings.
    """
    half = _halved(tight)
    shares = cv2.resize(_answers(models, tight), half)
    if wide is not None:
        first, last = round(MASK_EDGE * (1 - 1 / WIDE) / 2), round(MASK_EDGE * (1 + 1 / WIDE) / 2)
        shares = (shares + cv2.resize(_answers(models, wide)[first:last, first:last], half)) / 2
    return _largest(np.asarray(shares, np.float32))


def person_alpha(shares: Floats, tight: Pixels) -> Floats:
    """The share 0–1 of each pixel of ``tight`` that is the person.

    :param shares: of :func:`person_shares`.
    """
    alpha = _guided(tight, shares, max(2, round(_RADIUS * tight.shape[0])))
    return np.asarray(np.clip((alpha - _SURELY_NOT) / (_SURELY - _SURELY_NOT), 0, 1), np.float32)


def on_white(picture: Pixels, alpha: Floats) -> Pixels:
    """The person on white, without the old background's colour in the hair.

    The foreground is estimated twice, from far and from near (Forte, Approximate Fast Foreground Colour Estimation,
    2021).
    """
    height, width = picture.shape[:2]
    seen = picture.astype(np.float32)
    coarse = (max(1, width // _COARSE), max(1, height // _COARSE))
    small, thin = (cv2.resize(each, coarse, interpolation=cv2.INTER_AREA) for each in (seen, alpha))
    far = _foreground(small, small, small, thin, max(2, coarse[1] // 10))
    near, behind = (np.asarray(cv2.resize(each, (width, height)), np.float32) for each in far)
    near, _ = _foreground(seen, near, behind, alpha, max(2, height // 75))
    near -= 255
    near *= cv2.merge((alpha, alpha, alpha))
    near += 255.5  # what follows cuts off
    return near.astype(np.uint8)


def _foreground(seen: Floats, near: Floats, behind: Floats, alpha: Floats, radius: int) -> tuple[Floats, Floats]:
    size = (2 * radius + 1, 2 * radius + 1)
    share = np.asarray(cv2.merge((alpha, alpha, alpha)), np.float32)
    rest = 1 - share
    # Of one channel, and three times the same: cheaper than three channels of it.
    weight = cv2.blur(alpha, size)
    scale, other = 1 / (weight + 1e-5), 1 / (1 - weight + 1e-5)
    person = cv2.blur(near * share, size) * cv2.merge((scale, scale, scale))
    surroundings = cv2.blur(behind * rest, size) * cv2.merge((other, other, other))
    better = person + share * (seen - share * person - rest * surroundings)
    return np.clip(better, 0, 255), np.asarray(surroundings, np.float32)


def _halved(picture: Pixels) -> tuple[int, int]:
    return max(1, picture.shape[1] // 2), max(1, picture.shape[0] // 2)


def _answers(models: Models, view: Pixels) -> Floats:
    """Both of the model's answers about a view, on its own grid."""
    small = smaller(view, MASK_EDGE, MASK_EDGE)
    mirrored = person_mask(models, np.ascontiguousarray(small[:, ::-1]))
    return np.asarray((person_mask(models, small) + mirrored[:, ::-1]) / 2, np.float32)


def _largest(shares: Floats) -> Floats:
    """Without islands: what does not hang together with the largest part is background."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((shares > 0.5).astype(np.uint8))
    if count < 3:
        return shares
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    islands = ((labels != largest) & (labels != 0)).astype(np.uint8)
    islands = cv2.dilate(islands, np.ones((_ISLAND_EDGE, _ISLAND_EDGE), np.uint8))
    return np.where((islands > 0) & (labels != largest), np.float32(0), shares)


def _guided(picture: Pixels, mask: Floats, radius: int) -> Floats:
    """The mask drawn to the picture's edges: the guided filter with a colour guide, its lines found at half the size.

    He, Sun and Tang, Guided Image Filtering, 2010; He and Sun, Fast Guided Filter, 2015.
    """
    half = _halved(picture)
    guide = cv2.split(cv2.resize(picture, half, interpolation=cv2.INTER_AREA).astype(np.float32) / 255)
    radius = max(1, round(radius / 2))
    size = (2 * radius + 1, 2 * radius + 1)

    def mean(values: npt.NDArray[np.float32]) -> Floats:
        return np.asarray(cv2.blur(values, size), np.float32)

    middles, mask_mean = [mean(one) for one in guide], mean(mask)
    tr, tg, tb = (mean(one * mask) - middle * mask_mean for one, middle in zip(guide, middles, strict=True))
    pairs = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
    rr, rg, rb, gg, gb, bb = (mean(guide[one] * guide[other]) - middles[one] * middles[other] for one, other in pairs)
    rr, gg, bb = rr + _EVENNESS, gg + _EVENNESS, bb + _EVENNESS
    # The inverse of the symmetric 3 × 3 matrix at each pixel, by cofactors.
    c_rr, c_rg, c_rb = gg * bb - gb * gb, gb * rb - rg * bb, rg * gb - gg * rb
    c_gg, c_gb, c_bb = rr * bb - rb * rb, rb * rg - rr * gb, rr * gg - rg * rg
    whole = rr * c_rr + rg * c_rg + rb * c_rb
    slopes = (
        (c_rr * tr + c_rg * tg + c_rb * tb) / whole,
        (c_rg * tr + c_gg * tg + c_gb * tb) / whole,
        (c_rb * tr + c_gb * tg + c_bb * tb) / whole,
    )
    offset = mask_mean - sum(slope * middle for slope, middle in zip(slopes, middles, strict=True))
    whole_size = (picture.shape[1], picture.shape[0])
    drawn = np.asarray(cv2.resize(mean(offset), whole_size), np.float32)
    for slope, channel in zip(slopes, cv2.split(picture), strict=True):
        drawn += cv2.multiply(cv2.resize(mean(slope), whole_size), channel, scale=1 / 255, dtype=cv2.CV_32F)
    return drawn
