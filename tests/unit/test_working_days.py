"""Working days, counted by hand from the notices, and against someone else's typing of them."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.records.working_days import CalendarError, HolidayCalendar, NotKnown, load_calendar, working_days_after

CHINA = Path(__file__).parents[2] / "config" / "holidays" / "china.toml"
TEXT = CHINA.read_text(encoding="utf-8")
CALENDAR = load_calendar(CHINA)


@pytest.mark.parametrize(
    ("start", "count", "day"),
    [
        # Monday, nothing between: Tuesday to Friday are four, then Monday to Wednesday.
        (date(2026, 3, 2), 7, date(2026, 3, 11)),
        # Friday: its evening does not count, nor the weekend.
        (date(2026, 3, 6), 1, date(2026, 3, 9)),
        # Saturday 14 February 2026 is worked; then nine days off, and Tuesday the 24th is the second.
        (date(2026, 2, 13), 1, date(2026, 2, 14)),
        (date(2026, 2, 13), 2, date(2026, 2, 24)),
        # 24, 25, 26, 27 and Saturday 28 February, then 2 and 3 March.
        (date(2026, 2, 16), 7, date(2026, 3, 3)),
        # The first of October: 8 and 9, Saturday the 10th, 12 to 15.
        (date(2026, 10, 1), 7, date(2026, 10, 15)),
        # Sunday 28 September 2025 is worked; 29, 30; then off to the 8th; 9, 10, Saturday 11, 13.
        (date(2025, 9, 27), 7, date(2025, 10, 13)),
        # Fifteen, over New Year: 22 to 26, 29 to 31 December are eight; off to Saturday the 3rd, Sunday the 4th is the
        # ninth, 5 to 9 make fourteen, and Monday the 12th is the last.
        (date(2025, 12, 19), 15, date(2026, 1, 12)),
        (date(2026, 5, 1), 0, date(2026, 5, 1)),
    ],
)
def test_working_days_counted_by_hand(start: date, count: int, day: date) -> None:
    assert working_days_after(start, count, CALENDAR) == day


def test_counted_backward_is_refused() -> None:
    with pytest.raises(ValueError, match="forward"):
        working_days_after(date(2026, 3, 2), -1, CALENDAR)


@pytest.mark.parametrize(
    ("start", "count", "unknown"),
    [
        (date(2024, 12, 30), 1, date(2024, 12, 31)),
        (date(2024, 5, 6), 7, date(2024, 5, 7)),
        # The notice of 2027 may yet make 29 December 2026 anything.
        (date(2026, 12, 28), 1, date(2026, 12, 29)),
        (date(2026, 12, 21), 7, date(2026, 12, 29)),
    ],
)
def test_a_year_without_a_notice_is_not_guessed(start: date, count: int, unknown: date) -> None:
    assert working_days_after(start, count, CALENDAR) == NotKnown(unknown)


def test_a_count_that_ends_before_what_is_not_known_is_counted() -> None:
    assert working_days_after(date(2026, 12, 21), 5, CALENDAR) == date(2026, 12, 28)
    # Both notices are there for the end of 2025.
    assert working_days_after(date(2025, 12, 30), 1, CALENDAR) == date(2025, 12, 31)


def test_the_notices_are_named() -> None:
    assert [(notice.year, notice.number) for notice in CALENDAR.notices.values()] == [
        (2025, "国办发明电〔2024〕12号"),
        (2026, "国办发明电〔2025〕7号"),
    ]


def test_someone_else_read_the_same_in_the_notices() -> None:
    import chinese_calendar  # noqa: PLC0415 - the other tests go without it

    day = date(2025, 1, 1)
    while CALENDAR.knows(day):
        assert CALENDAR.works(day) is chinese_calendar.is_workday(day), day
        day += timedelta(days=1)
    assert day == date(2026, 12, 29)


KNOWN = st.dates(date(2025, 1, 1), date(2026, 11, 30))


@given(KNOWN, st.integers(1, 15))
def test_the_last_day_is_worked_and_just_so_many_lie_between(start: date, count: int) -> None:
    end = working_days_after(start, count, CALENDAR)
    assert isinstance(end, date)
    days = [start + timedelta(days=number) for number in range(1, (end - start).days + 1)]
    assert CALENDAR.works(end) is True
    assert sum(CALENDAR.works(day) is True for day in days) == count


def refused(folder: Path, old: str, new: str) -> str:
    assert TEXT.count(old) == 1, old
    path = folder / "china.toml"
    path.write_text(TEXT.replace(old, new), encoding="utf-8")
    with pytest.raises(CalendarError) as caught:
        load_calendar(path)
    assert all(line.startswith(f"{path}: ") for line in str(caught.value).splitlines())
    return str(caught.value).removeprefix(f"{path}: ")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("last = 2025-02-04", "last = 2025-01-04", "国办发明电〔2024〕12号: 春节 ends before it begins"),
        ("first = 2025-04-04", "first = 2025-02-04", "国办发明电〔2024〕12号: 清明节 begins before 春节 has ended"),
        ("2025-10-11]", "2025-10-10]", "2025-10-10 is no Saturday or Sunday; only those are made up"),
        ("2025-10-11]", "2025-10-05]", "2025-10-05 is both off and worked"),
        ("2026-10-10]", "2036-10-11]", "2036-10-11 is not of 2026"),
        ("year = 2026", "year = 2025", "2025 stands after 2025; years want their order, each once"),
        ("issued = 2025-11-04", "issued = 2025-11", "not TOML: "),
        ("issued = 2025-11-04", 'issued = "soon"', "Invalid RFC3339"),
        ('number = "国办发明电〔2025〕7号"\n', "", "missing required field `number`"),
    ],
)
def test_a_wrong_calendar_is_refused_with_what_is_wrong(tmp_path: Path, old: str, new: str, fault: str) -> None:
    assert fault in refused(tmp_path, old, new)


def test_a_calendar_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CalendarError, match=r"none\.toml: can't be read: No such file"):
        load_calendar(tmp_path / "none.toml")
    (tmp_path / "china.toml").write_bytes(b"\xff")
    with pytest.raises(CalendarError, match="not TOML"):
        load_calendar(tmp_path / "china.toml")


def test_no_calendar_knows_nothing() -> None:
    assert working_days_after(date(2026, 3, 2), 1, HolidayCalendar(())) == NotKnown(date(2026, 3, 3))
