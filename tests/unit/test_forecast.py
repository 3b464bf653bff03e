"""In how many days something runs out, held against a terminal whose use is known."""

import math

from hypothesis import given
from hypothesis import strategies as st

from central.forecast import (
    DAY_MS,
    LEAST_DAYS,
    LEAST_USED,
    OVER_DAYS,
    PaperReading,
    Reading,
    forecast,
    paper_forecast,
)

HOURS = 24
START_MS = 1_800_000_000_000


def hourly(levels: list[int]) -> list[Reading]:
    return [Reading(START_MS + hour * DAY_MS // HOURS, left) for hour, left in enumerate(levels)]


def steady(begin: int, a_day: int, days: int) -> list[Reading]:
    """So many pieces a day, taken at noon."""
    return [Reading(START_MS + day * DAY_MS, begin - a_day * day) for day in range(days + 1)]


@given(a_day=st.integers(1, 40), days=st.integers(5, OVER_DAYS), reserve=st.integers(0, 400))
def test_a_steady_use_runs_out_when_it_does(a_day: int, days: int, reserve: int) -> None:
    readings = steady(reserve + a_day * days, a_day, days)
    told = forecast(readings, readings[-1].at_ms)
    assert told is not None
    assert math.isclose(told.days, reserve / a_day)
    assert (told.used, told.over_days) == (a_day * days, days)


@given(st.lists(st.integers(0, 500), max_size=400), st.integers(0, 30))
def test_it_never_tells_less_than_nothing_and_nothing_of_too_little(levels: list[int], later: int) -> None:
    readings = hourly(levels)
    now_ms = (readings[-1].at_ms if readings else START_MS) + later * DAY_MS
    told = forecast(readings, now_ms)
    if told is None:
        return
    assert told.days >= 0
    assert told.used >= LEAST_USED
    assert LEAST_DAYS <= told.over_days <= OVER_DAYS


@given(days=st.integers(0, 2), a_day=st.integers(1, 100))
def test_of_two_days_nothing_is_said(days: int, a_day: int) -> None:
    readings = steady(1000, a_day, days)
    assert forecast(readings, readings[-1].at_ms) is None


def test_of_four_cards_nothing_is_said_and_of_five_something() -> None:
    for used, is_said in ((LEAST_USED - 1, False), (LEAST_USED, True)):
        readings = [Reading(START_MS, 50), Reading(START_MS + 7 * DAY_MS, 50 - used)]
        assert (forecast(readings, readings[-1].at_ms) is not None) is is_said


@given(at=st.integers(1, 9), filled=st.integers(1, 300))
def test_a_refill_is_not_taken_for_a_use_nor_set_off_against_one(at: int, filled: int) -> None:
    plain = steady(500, 10, 10)
    refilled = [Reading(one.at_ms, one.left + (filled if day >= at else 0)) for day, one in enumerate(plain)]
    before, after = forecast(plain, plain[-1].at_ms), forecast(refilled, plain[-1].at_ms)
    assert before is not None
    assert after is not None
    # The day of the refill hides at most what was used on it.
    assert before.used - 10 <= after.used <= before.used
    assert after.days > before.days


@given(more=st.integers(1, 300))
def test_more_left_lasts_longer(more: int) -> None:
    less, fuller = steady(200, 7, 10), steady(200 + more, 7, 10)
    now_ms = less[-1].at_ms
    told, told_fuller = forecast(less, now_ms), forecast(fuller, now_ms)
    assert told is not None
    assert told_fuller is not None
    assert math.isclose(told_fuller.days - told.days, more / 7)


def test_what_was_used_long_ago_does_not_count() -> None:
    busy = steady(1000, 50, 10)
    calm = [Reading(busy[-1].at_ms + day * DAY_MS, busy[-1].left - 2 * day) for day in range(1, OVER_DAYS + 1)]
    told = forecast(busy + calm, calm[-1].at_ms)
    assert told is not None
    assert (told.used, told.over_days) == (2 * OVER_DAYS, OVER_DAYS)


def test_days_that_went_by_since_the_last_word_are_gone() -> None:
    readings = steady(100, 10, 5)
    told = forecast(readings, readings[-1].at_ms + 2 * DAY_MS)
    assert told is not None
    assert math.isclose(told.days, 3)
    later = forecast(readings, readings[-1].at_ms + 9 * DAY_MS)
    assert later is not None
    assert later.days == 0


def rolls(*days: int, age: int = 0) -> list[PaperReading]:
    """A roll that was half used, then whole ones of these lengths, each changed on the day after it ran low."""
    now, told = START_MS, [PaperReading(START_MS, "enough"), PaperReading(START_MS + DAY_MS, "low")]
    now += DAY_MS
    for length in days:
        now += DAY_MS
        told += [PaperReading(now, "enough"), PaperReading(now + length * DAY_MS, "low")]
        now += length * DAY_MS
    return [*told, PaperReading(now + DAY_MS, "enough"), PaperReading(now + (age + 1) * DAY_MS, "enough")]


@given(length=st.integers(2, 20), age=st.integers(0, 30))
def test_a_roll_lasts_as_long_as_those_before_it(length: int, age: int) -> None:
    readings = rolls(length, length, length, age=age)
    told = paper_forecast(readings, readings[-1].at_ms)
    assert told is not None
    assert math.isclose(told.days, max(0, length - age))
    assert told.used == 3


def test_of_one_roll_nothing_is_said_nor_of_one_that_nobody_saw_begin() -> None:
    one = rolls(9)
    assert paper_forecast(one, one[-1].at_ms) is None
    assert paper_forecast([PaperReading(START_MS, "enough")], START_MS) is None
    low = rolls(9, 9, 9)[:-2]
    assert paper_forecast(low, low[-1].at_ms) is None
