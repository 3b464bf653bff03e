"""What others make of the same pictures: who finds the face, and who tells the person from the wall.

OpenCV brings both peers: the Haar cascade and GrabCut. The mattes are known by construction (tests/mattes.py), so an
error of a matte is one of the matting, and no model has drawn the truth.
"""

import statistics
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from benchmarks.figures import Figure
from kiosk.portrait.crop import Crop, cut, cut_around
from kiosk.portrait.landmarks import MASK_EDGE, find_boxes
from kiosk.portrait.matting import WIDE, person_alpha, person_shares
from kiosk.portrait.measures import measure_frame
from kiosk.portrait.models import Floats, Models, Pixels
from kiosk.portrait.norm import Norm
from kiosk.portrait.plate import set_off
from tests import portraits
from tests.mattes import SITTERS, WALLS, Seated, seated

_GRAB_ROUNDS: Final = 5
Found = list[tuple[float, float, float, float]]
"""Left, top, width and height of each face."""


def found(models: Models, faces: Iterable[str], *, rounds: int) -> tuple[list[Figure], dict[str, Any]]:
    """Milliseconds of each detector on frames of 1280 × 720, taking turns, and how many it finds right.

    Right is one box that holds the point between the eyes, where somebody stands, and none where nobody does.
    """
    pictures = [
        (portraits.frame(face, *change), None if change[0] == "nobody" else (portraits.WIDTH / 2, portraits.EYE_ROW))
        for face in faces
        for change in (("none", 0), ("size", 0.8), ("tilt", 12), ("light", 0.4), ("blur", 3), ("nobody", 0))
    ]
    haar = cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_default.xml"))
    assert not haar.empty()
    detectors: dict[str, Callable[[Pixels], Found]] = {
        "ours": lambda pixels: [(box.left, box.top, box.width, box.height) for box in find_boxes(models, pixels)],
        "Haar": lambda pixels: [
            (float(left), float(top), float(width), float(height))
            for left, top, width, height in haar.detectMultiScale(
                cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), scaleFactor=1.1, minNeighbors=5, minSize=(80, 80)
            )
        ],
    }
    times: dict[str, list[float]] = {name: [] for name in detectors}
    right = dict.fromkeys(detectors, 0)
    for turn in range(rounds):
        for pixels, between in pictures:
            for name, detect in detectors.items():
                began = time.perf_counter()
                boxes = detect(pixels)
                times[name].append(1000 * (time.perf_counter() - began))
                right[name] += turn == 0 and _right(boxes, between)
    of = len(pictures)
    peers = "; ".join(
        f"{name} {statistics.median(times[name]):.1f} ms, {right[name]} of {of} right"
        for name in detectors
        if name != "ours"
    )
    figure = Figure.of("portrait: faces found", "ms", times["ours"], beside=f"{right['ours']} of {of} right; {peers}")
    return [figure], {"detect_ms": times, "detect_right": right, "detect_of": of}


def _right(boxes: Found, between: tuple[float, float] | None) -> bool:
    if between is None:
        return not boxes
    if len(boxes) != 1:
        return False
    left, top, width, height = boxes[0]
    return left < between[0] < left + width and top < between[1] < top + height


def set_apart(models: Models) -> tuple[list[Figure], dict[str, Any]]:
    """The error of each matte within the portrait's frame, in thousandths of a pixel's share, and its milliseconds."""
    errors: dict[str, list[float]] = {"ours": [], "with the plate": [], "GrabCut": []}
    times: dict[str, list[float]] = {name: [] for name in errors}
    for sitter in SITTERS:
        for wall in WALLS:
            shown = seated(sitter, wall)
            crop = measure_frame(models, shown.picture, Norm()).crop
            assert crop is not None
            for name, alpha, took in _mattes(models, shown, crop):
                grey = np.repeat((255 * shown.alpha).astype(np.uint8)[..., None], 3, axis=2)
                errors[name].append(1000 * float(np.abs(alpha - cut(grey, crop)[..., 0] / 255).mean()))
                times[name].append(took)
    told = ", ".join(
        f"{name} {statistics.median(errors[name]):.1f} (worst {max(errors[name]):.1f}) in "
        f"{statistics.median(times[name]):.0f} ms"
        for name in ("with the plate", "GrabCut")
    )
    figure = Figure.of(
        "portrait: error of the matte",
        "‰",
        errors["ours"],
        beside=f"in {statistics.median(times['ours']):.0f} ms; {told}; {len(errors['ours'])} known mattes",
    )
    return [figure], {"matte_error": errors, "matte_ms": times}


def _mattes(models: Models, shown: Seated, crop: Crop) -> Iterable[tuple[str, Floats, float]]:
    began = time.perf_counter()
    tight = cut(shown.picture, crop)
    alpha = person_alpha(person_shares(models, tight, cut_around(shown.picture, crop, WIDE, MASK_EDGE)), tight)
    ours = time.perf_counter()
    yield "ours", alpha, 1000 * (ours - began)
    better = set_off(tight, cut(shown.plate, crop), alpha)
    assert better is not None
    yield "with the plate", better, 1000 * (time.perf_counter() - began)
    began = time.perf_counter()
    yield "GrabCut", _grabbed(tight), 1000 * (time.perf_counter() - began)


def _grabbed(tight: Pixels) -> Floats:
    """GrabCut from where a portrait's head and shoulders lie by the norm; it knows no half pixels."""
    height, width = tight.shape[:2]
    guess = np.full((height, width), cv2.GC_PR_BGD, np.uint8)
    cv2.ellipse(
        guess, (width // 2, height // 2), (round(0.36 * width), round(0.46 * height)), 0, 0, 360, cv2.GC_PR_FGD, -1
    )
    cv2.ellipse(guess, (width // 2, height), (round(0.48 * width), height // 5), 0, 180, 360, cv2.GC_PR_FGD, -1)
    cv2.ellipse(guess, (width // 2, height // 2), (width // 5, height // 4), 0, 0, 360, cv2.GC_FGD, -1)
    guess[: height // 60] = cv2.GC_BGD
    cv2.setRNGSeed(1)
    cv2.grabCut(tight, guess, None, np.zeros((1, 65)), np.zeros((1, 65)), _GRAB_ROUNDS, cv2.GC_INIT_WITH_MASK)
    return np.isin(guess, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
