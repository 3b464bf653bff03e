"""The person before the background: how much of each pixel is theirs, and what colour theirs is."""

from typing import Final

import cv2
import numpy as np

from kiosk.portrait.landmarks import person_mask
from kiosk.portrait.models import Floats, Models, Pixels

_RADIUS: Final = 0.012
"""Of the picture's height: how far a hair's edge is looked for."""
_COARSE: Final = 4
"""What is even over a wide area is looked for in a picture this many times smaller."""
_EVENNESS: Final = 1e-3
"""The guided filter's ε, for colours of 0–1: below this variance an area counts as even."""
_SURELY_NOT: Final = 0.4
_SURELY: Final = 0.9
"""Below and above, a pixel is all background or all person: no grey veil around hair, no holes in a white top."""


def person_alpha(models: Models, tight: Pixels, wide: Pixels | None, inner: tuple[int, int, int, int]) -> Floats:
    """The share 0–1 of each pixel of ``tight`` that is the person.

    ``wide`` shows the same with its surroundings, and ``inner`` is where in it ``tight`` lies (left, top, right,
    bottom); None where there are no surroundings. The model is asked about each view twice, once in a mirror: its
    mistakes differ, and their mean errs less.
    """
    height, width = tight.shape[:2]
    left, top, right, bottom = inner
    masks: list[Floats] = []
    for view in (tight,) if wide is None else (tight, wide):
        for mirrored in (False, True):
            mask = person_mask(models, np.ascontiguousarray(view[:, ::-1]) if mirrored else view)
            mask = mask[:, ::-1] if mirrored else mask
            if view is wide:
                mask = cv2.resize(np.ascontiguousarray(mask[top:bottom, left:right]), (width, height))
            masks.append(mask)
    mean = np.asarray(sum(masks) / np.float32(len(masks)), np.float32)
    alpha = _guided(np.asarray(tight, np.float32) / np.float32(255), _largest(mean), max(2, round(_RADIUS * height)))
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
    share = alpha[..., None]
    composed = near * share + 255 * (1 - share)
    return np.asarray(np.clip(np.rint(composed), 0, 255), np.uint8)


def _foreground(seen: Floats, near: Floats, behind: Floats, alpha: Floats, radius: int) -> tuple[Floats, Floats]:
    size = (2 * radius + 1, 2 * radius + 1)
    share = alpha[..., None]
    weight, rest = cv2.blur(alpha, size)[..., None], cv2.blur(1 - alpha, size)[..., None]
    person = cv2.blur(near * share, size) / (weight + 1e-5)
    surroundings = cv2.blur(behind * (1 - share), size) / (rest + 1e-5)
    better = person + share * (seen - share * person - (1 - share) * surroundings)
    return np.clip(better, 0, 255), surroundings


def _largest(mask: Floats) -> Floats:
    """Without islands: what does not hang together with the largest part is background."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((mask > 0.5).astype(np.uint8))
    if count < 3:
        return mask
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    islands = ((labels != largest) & (labels != 0)).astype(np.uint8)
    islands = cv2.dilate(islands, np.ones((9, 9), np.uint8))
    return np.where((islands > 0) & (labels != largest), np.float32(0), mask)


def _guided(guide: Floats, mask: Floats, radius: int) -> Floats:
    """The mask drawn to the guide's edges: the guided filter with a colour guide, its lines found at half the size.

    He, Sun and Tang, Guided Image Filtering, 2010; He and Sun, Fast Guided Filter, 2015.
    """
    whole_size, whole_guide = (guide.shape[1], guide.shape[0]), guide
    half = (max(1, guide.shape[1] // 2), max(1, guide.shape[0] // 2))
    guide, mask = (np.asarray(cv2.resize(each, half, interpolation=cv2.INTER_AREA)) for each in (guide, mask))
    radius = max(1, round(radius / 2))
    size = (2 * radius + 1, 2 * radius + 1)

    def mean(values: Floats) -> Floats:
        return np.asarray(cv2.blur(values, size), np.float32)

    middle, mask_mean = mean(guide), mean(mask)
    together = mean(guide * mask[..., None]) - middle * mask_mean[..., None]
    pairs = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
    rr, rg, rb, gg, gb, bb = (
        mean(guide[..., one] * guide[..., other]) - middle[..., one] * middle[..., other] for one, other in pairs
    )
    rr, gg, bb = rr + _EVENNESS, gg + _EVENNESS, bb + _EVENNESS
    # The inverse of the symmetric 3 × 3 matrix at each pixel, by cofactors.
    c_rr, c_rg, c_rb = gg * bb - gb * gb, gb * rb - rg * bb, rg * gb - gg * rb
    c_gg, c_gb, c_bb = rr * bb - rb * rb, rb * rg - rr * gb, rr * gg - rg * rg
    whole = rr * c_rr + rg * c_rg + rb * c_rb
    tr, tg, tb = together[..., 0], together[..., 1], together[..., 2]
    slope = np.stack(
        (
            (c_rr * tr + c_rg * tg + c_rb * tb) / whole,
            (c_rg * tr + c_gg * tg + c_gb * tb) / whole,
            (c_rb * tr + c_gb * tg + c_bb * tb) / whole,
        ),
        axis=-1,
    )
    offset = mask_mean - (slope * middle).sum(-1)
    lines = (np.asarray(cv2.resize(mean(each), whole_size), np.float32) for each in (slope, offset))
    steep, base = lines
    return np.asarray((steep * whole_guide).sum(-1) + base, np.float32)
