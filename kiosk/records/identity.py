"""The citizen identification number of GB 11643: eighteen characters, of which the last checks the others."""

import re
from datetime import date
from typing import Final

from stdnum.iso7064 import mod_11_2

LENGTH: Final = 18
_WRITTEN: Final = date(2026, 1, 1)
"""A clock before this is dead, not right: nobody is turned away because of it."""
_FORM: Final = re.compile(r"[1-9][0-9]{16}[0-9X]", re.ASCII)


def is_identity_number(number: str, today: date) -> bool:
    """Whether a typed number can be somebody's: its form, its birth date, its check character.

    The area code is not looked up: old ones stay with their holders after the area is gone.
    """
    if not has_sound_check(number):
        return False
    born = birth_date_of(number)
    return born is not None and date(1870, 1, 1) <= born <= max(today, _WRITTEN)


def has_sound_check(number: str) -> bool:
    """Whether a number has the form of GB 11643 and its last character fits the others."""
    return _FORM.fullmatch(number) is not None and mod_11_2.is_valid(number)


def birth_date_of(number: str) -> date | None:
    """The birth date within a number; None where no calendar has that day, or the number has another form."""
    if not _FORM.fullmatch(number):
        return None
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def age(born: date, today: date) -> int:
    """Whole years; whoever was born on 29 February has their birthday on 1 March in other years."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def age_told(born: date, today: date) -> int | None:
    """The same on a terminal's day; None where its clock is dead, which would make children of the old."""
    return None if is_dead_clock(today) else age(born, today)


def is_dead_clock(today: date) -> bool:
    """Whether a terminal's date can't be today's: its battery is flat and the centre has not told the time yet."""
    return today < _WRITTEN
