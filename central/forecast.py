"""In how many days something runs out or is full, by what was used lately; nothing is said of too little. Pure."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

DAY_MS: Final = 86_400_000
OVER_DAYS: Final = 14
"""What was used so lately counts: two weeks hold each weekday twice."""
LEAST_DAYS: Final = 3.0
LEAST_USED: Final = 5
"""Below either nothing is said: two cards in a day are no rate."""
LEAST_ROLLS: Final = 2
"""Rolls that were seen from their first day to the near-end sensor, below which nothing is said of paper."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How much was left at a moment: blanks, faces of the ribbon, room in a bin."""

    at_ms: int
    left: int


@dataclass(frozen=True, slots=True)
class PaperReading:
    """What the near-end sensor said at a moment: ``enough``, ``low``, ``out``."""

    at_ms: int
    paper: str


@dataclass(frozen=True, slots=True)
class Forecast:
    """In how many days from now, and on what that rests."""

    days: float
    used: int
    """Pieces, or whole rolls of paper."""
    over_days: float
    """In so many days."""


def forecast(readings: Sequence[Reading], now_ms: int) -> Forecast | None:
    """When what is left will be used up if it goes on as in the last :data:`OVER_DAYS` days.

    What was filled up in between is left out of account: only what became less was used. None where too little is
    known, or where nothing is used.

    :param readings: oldest first.
    """
    lately = [reading for reading in readings if reading.at_ms >= now_ms - OVER_DAYS * DAY_MS]
    if not lately:
        return None
    over_days = (lately[-1].at_ms - lately[0].at_ms) / DAY_MS
    used = sum(max(0, before.left - after.left) for before, after in pairwise(lately))
    if over_days < LEAST_DAYS or used < LEAST_USED:
        return None
    since = (now_ms - lately[-1].at_ms) / DAY_MS
    return Forecast(max(0.0, lately[-1].left / (used / over_days) - since), used, over_days)


def paper_forecast(readings: Sequence[PaperReading], now_ms: int) -> Forecast | None:
    """When the roll will come near its end, by how long the rolls before it lasted.

    A printer does not tell how much is left on a roll. None while it is low already, or while fewer than
    :data:`LEAST_ROLLS` rolls were seen whole.

    :param readings: oldest first.
    """
    lasted: list[float] = []
    began: int | None = None
    for before, after in pairwise(readings):
        if before.paper != "enough" and after.paper == "enough":
            began = after.at_ms
        elif before.paper == "enough" and after.paper != "enough":
            if began is not None:
                lasted.append((after.at_ms - began) / DAY_MS)
            began = None
    if began is None or len(lasted) < LEAST_ROLLS:
        return None
    days = statistics.median(lasted) - (now_ms - began) / DAY_MS
    return Forecast(max(0.0, days), len(lasted), sum(lasted))
