"""A camera's frames in a row are judged as each is alone, two frames late at most."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Final

import numpy as np
import pytest

from kiosk.portrait import following
from kiosk.portrait.following import Following
from kiosk.portrait.measures import measure_frame
from kiosk.portrait.models import Pixels
from kiosk.portrait.norm import Measure, Norm
from simulators.camera import SCENES
from tests import portraits

NORM: Final = Norm()
AT_ONCE: Final = ("two", "nobody", "aside", "tilted")
LATE: Final = 2
"""Frames, 80 ms: so old may the number of faces or the outline be."""


def frames(scene: str, count: int) -> list[Pixels]:
    pictures = _pictures(scene)
    return [pictures[place % len(pictures)] for place in range(count)]


@cache
def _pictures(scene: str) -> list[Pixels]:
    return [np.ascontiguousarray(picture[..., ::-1]) for picture in SCENES[scene].film().pictures[:5]]


def refused(measured: Iterable[Pixels]) -> list[frozenset[Measure]]:
    walk = Following(portraits.models(), NORM)
    return [frozenset(walk.measure(pixels).failed) for pixels in measured]


def alone(pixels: Pixels) -> frozenset[Measure]:
    return frozenset(measure_frame(portraits.models(), pixels, NORM).failed)


@pytest.mark.parametrize("scene", sorted(SCENES))
def test_a_row_of_frames_is_judged_as_each_alone(scene: str) -> None:
    seen = frames(scene, 5)
    assert refused(seen)[LATE:] == [alone(pixels) for pixels in seen][LATE:]


@pytest.mark.parametrize("after", AT_ONCE)
def test_what_changes_before_the_camera_is_seen_soon(after: str) -> None:
    then, now = frames("adult", 3), frames(after, 4)
    assert refused(then + now)[len(then) + LATE :] == [alone(pixels) for pixels in now][LATE:]


@pytest.mark.parametrize("before", AT_ONCE)
def test_and_so_is_what_becomes_right(before: str) -> None:
    then, now = frames(before, 3), frames("adult", 4)
    assert refused(then + now)[len(then) + LATE :] == [alone(pixels) for pixels in now][LATE:]


def test_whoever_joins_is_counted_though_nothing_else_moves() -> None:
    then = [portraits.frame("portrait-a", "none", 0)] * 3
    now = [portraits.frame("portrait-a", "somebody_behind", 0.7)] * 3
    assert [Measure.SINGLE_FACE in one for one in refused(then + now)] == [False, False, False, True, True, True]


def test_faces_and_outline_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def noted(name: str) -> Callable[..., Any]:
        real = getattr(following, name)

        def ask(*given: Any) -> Any:
            asked.append(name)
            return real(*given)

        return ask

    for name in ("find_boxes", "person_mask"):
        monkeypatch.setattr(following, name, noted(name))
    walk = Following(portraits.models(), NORM)
    for pixels in frames("adult", 5):
        asked.append("frame")
        walk.measure(pixels)
    assert asked == [
        "frame", "person_mask",  # the first is looked at whole
        "frame", "find_boxes", "frame", "person_mask", "frame", "find_boxes", "frame", "person_mask",
    ]  # fmt: skip


def test_nothing_is_kept_of_who_was_followed() -> None:
    walk = Following(portraits.models(), NORM)
    first, *_ = frames("near", 1)
    walk.measure(first)
    outline = walk._mask
    assert outline is not None
    assert outline.any()
    walk.forget()
    assert not outline.any()
    (other,) = frames("adult", 1)
    assert frozenset(walk.measure(other).failed) == alone(other)
