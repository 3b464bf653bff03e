"""How a value is set in its box: smaller, then in two lines, then not at all."""

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from kiosk.card_face.layout import TextBox, lines_mm

STEP_PT: Final = 0.5
_JOINTS: Final = frozenset("·•・-")
"""Signs within names behind which a line may end."""

Measure = Callable[[str, float], float]
"""Millimetres that a text takes on one line in so many points."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Lines and the size in which they fit."""

    lines: tuple[str, ...]
    size_pt: float


def fit(text: str, box: TextBox, measure: Measure) -> Setting | None:
    """The largest setting on one line; else on two, if the box allows; None where neither fits in the least size."""
    sizes = [box.size_pt - STEP_PT * step for step in range(int((box.size_pt - box.least_pt) / STEP_PT) + 1)]
    if sizes[-1] > box.least_pt:
        sizes.append(box.least_pt)
    for size in sizes:
        if measure(text, size) <= box.width:
            return Setting((text,), size)
    if box.lines == 1:
        return None
    for size in sizes:
        if lines_mm(2, size) > box.height:
            continue
        for within_a_name in (False, True):
            fitting = [
                (max(measure(line, size) for line in lines), lines)
                for lines in _halves(text, within_a_name=within_a_name)
            ]
            if fitting and min(fitting)[0] <= box.width:
                return Setting(min(fitting)[1], size)
    return None


def _halves(text: str, *, within_a_name: bool) -> Iterator[tuple[str, str]]:
    """Where a name may be broken: behind a space or a joint; within a name only between characters, never letters."""
    for place in range(1, len(text)):
        before, after = text[place - 1], text[place]
        if after == " " or after in _JOINTS:
            continue
        if before == " " or before in _JOINTS or (within_a_name and _wide(before) and _wide(after)):
            yield text[:place].rstrip(), text[place:]


def _wide(char: str) -> bool:
    return unicodedata.east_asian_width(char) in {"W", "F"}
