"""The lock-out: five failures, a quarter of an hour, doubled up to a day; held against a model in plain words."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.records.canonical import canonical
from kiosk.records.upload import decode
from kiosk.technician.lock_out import FAILURES, LONGEST_MS, Tally, admitted, begins_before, failed, locked_ms

MINUTE_MS = 60_000
NOW_MS = 1_796_000_000_000


def locked_out(times: int, now_ms: int = NOW_MS) -> Tally:
    tally = Tally()
    for _ in range(times * FAILURES):
        tally = failed(tally, now_ms)
    return tally


@pytest.mark.parametrize(
    ("times", "minutes"), [(1, 15), (2, 30), (3, 60), (7, 960), (8, 1440), (9, 1440), (10_000, 1440)]
)
def test_each_lock_out_is_twice_as_long_up_to_a_day(times: int, minutes: int) -> None:
    assert locked_ms(locked_out(times), NOW_MS) == minutes * MINUTE_MS


def test_four_failures_lock_nobody_out() -> None:
    tally = Tally()
    for _ in range(FAILURES - 1):
        tally = failed(tally, NOW_MS)
        assert locked_ms(tally, NOW_MS) == 0
    assert locked_ms(failed(tally, NOW_MS), NOW_MS) == 15 * MINUTE_MS


def test_it_ends_by_time_alone() -> None:
    tally = locked_out(1)
    assert locked_ms(tally, NOW_MS + 15 * MINUTE_MS - 1) == 1
    assert locked_ms(tally, NOW_MS + 15 * MINUTE_MS) == 0


def test_a_clock_that_goes_back_makes_it_neither_shorter_nor_endless() -> None:
    tally, back = locked_out(1), NOW_MS - LONGEST_MS * 365
    assert locked_ms(tally, back) == 15 * MINUTE_MS
    restarted = begins_before(tally, back)
    assert restarted is not None
    assert locked_ms(restarted, back + 15 * MINUTE_MS - 1) == 1
    assert locked_ms(restarted, back + 15 * MINUTE_MS) == 0
    assert begins_before(restarted, back) is None
    assert begins_before(Tally(), 0) is None


@dataclass
class Model:
    """What a person with a list and a watch would do."""

    since: int = 0
    lengths: list[int] = field(default_factory=list)
    until: int = 0

    def fail(self, now: int) -> None:
        self.since += 1
        if self.since == 5:
            self.lengths.append(min(2 * self.lengths[-1], 24 * 60) if self.lengths else 15)
            self.until, self.since = now + self.lengths[-1] * MINUTE_MS, 0

    def come_in(self) -> None:
        self.since, self.lengths, self.until = 0, [], 0


@given(st.lists(st.tuples(st.integers(0, 40 * MINUTE_MS), st.booleans()), max_size=80))
def test_whatever_is_tried_and_however_often_it_is_started_anew(tries: list[tuple[int, bool]]) -> None:
    tally, model, now = Tally(), Model(), NOW_MS
    for waited, right in tries:
        now += waited
        assert locked_ms(tally, now) == max(0, model.until - now)
        if locked_ms(tally, now):
            continue
        if right:
            tally = admitted(tally, "T1001", now // 30_000)
            model.come_in()
        else:
            tally = failed(tally, now)
            model.fail(now)
        tally = decode(canonical(tally), Tally)  # the terminal is started anew
