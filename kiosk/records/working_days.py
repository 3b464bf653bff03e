"""Working days of mainland China, counted from the State Council's yearly notices (``config/holidays/china.toml``)."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Final

import msgspec

Words = Annotated[str, msgspec.Meta(pattern=r"\S")]

_SATURDAY: Final = 5  # date.weekday()
_YEARS_END: Final = (12, 29)
"""From this day on the next year's notice has its say: that of 2019 (国办发明电〔2018〕15号) made 29 December 2018 a
working day and 31 December a day off. No notice since 2004 has reached further back."""


class CalendarError(Exception):
    """A holiday calendar that can't be used; each line names the file and what is wrong."""


class DaysOff(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A span of days off; both ends count."""

    name: Words
    """As the notice calls the holiday."""
    first: date
    last: date


class YearNotice(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What one notice of the State Council's General Office orders for one year."""

    year: Annotated[int, msgspec.Meta(ge=1949, le=9999)]
    title: Words
    number: Words
    """The document's number, 国办发明电〔2025〕7号: its citation."""
    issued: date
    off: tuple[DaysOff, ...]
    worked: tuple[date, ...]
    """Saturdays and Sundays that are working days, 调休上班."""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    years: tuple[YearNotice, ...]


@dataclass(frozen=True, slots=True)
class NotKnown:
    """The calendar says nothing of a day that the count runs over; nothing is guessed."""

    day: date
    """The first such day."""


class HolidayCalendar:
    """Which days are worked, for the years whose notice is there."""

    def __init__(self, notices: tuple[YearNotice, ...]) -> None:
        self.notices: Final = {notice.year: notice for notice in notices}
        self._off: Final = frozenset(
            span.first + timedelta(days=number)
            for notice in notices
            for span in notice.off
            for number in range((span.last - span.first).days + 1)
        )
        self._worked: Final = frozenset(day for notice in notices for day in notice.worked)

    def knows(self, day: date) -> bool:
        """Whether the notices settle this day: its year's own, and at the year's end the next one's too."""
        settled = (day.month, day.day) < _YEARS_END or day.year + 1 in self.notices
        return day.year in self.notices and settled

    def works(self, day: date) -> bool | NotKnown:
        """Whether a day is a working day."""
        if not self.knows(day):
            return NotKnown(day)
        return day in self._worked or (day.weekday() < _SATURDAY and day not in self._off)


def working_days_after(start: date, count: int, calendar: HolidayCalendar) -> date | NotKnown:
    """The last of ``count`` working days that follow ``start``; ``start`` itself does not count.

    The first day after the event is day one, as in 民法典 第二百零一条. Where a source says otherwise, the pack's
    ``leaves_open`` says so.

    :param count: working days, 0 up; 0 gives ``start``.
    :raises ValueError: ``count`` is negative.
    """
    if count < 0:
        raise ValueError("working days are counted forward")
    day = start
    while count:
        day += timedelta(days=1)
        match calendar.works(day):
            case NotKnown() as unknown:
                return unknown
            case worked:
                count -= worked
    return day


def load_calendar(path: Path | None) -> HolidayCalendar:
    """Read and check a holiday calendar; without one no day is known.

    :raises CalendarError: it can't be read, is not of the form wanted, or contradicts itself.
    """
    if path is None:
        return HolidayCalendar(())
    try:
        file = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _File)
    except OSError as error:
        raise CalendarError(f"{path}: can't be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise CalendarError(f"{path}: not TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise CalendarError(f"{path}: {error}") from error
    faults = [f"{path}: {fault}" for fault in _faults(file.years)]
    if faults:
        raise CalendarError("\n".join(faults))
    return HolidayCalendar(file.years)


def _faults(notices: tuple[YearNotice, ...]) -> Iterator[str]:
    for earlier, later in pairwise(notices):
        if later.year <= earlier.year:
            yield f"{later.year} stands after {earlier.year}; years want their order, each once"
    for notice in notices:
        yield from (f"{notice.number}: {fault}" for fault in _notice_faults(notice))


def _notice_faults(notice: YearNotice) -> Iterator[str]:
    for span in notice.off:
        if span.last < span.first:
            yield f"{span.name} ends before it begins"
    for earlier, later in pairwise(notice.off):
        if later.first <= earlier.last:
            yield f"{later.name} begins before {earlier.name} has ended"
    for day in notice.worked:
        if day.weekday() < _SATURDAY:
            yield f"{day} is no Saturday or Sunday; only those are made up"
        if any(span.first <= day <= span.last for span in notice.off):
            yield f"{day} is both off and worked"
    begins, ends = date(notice.year - 1, *_YEARS_END), date(notice.year, 12, 31)
    for day in (*notice.worked, *(day for span in notice.off for day in (span.first, span.last))):
        if not begins <= day <= ends:
            yield f"{day} is not of {notice.year}"
