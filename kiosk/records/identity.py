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
    if not _FORM.fullmatch(number) or not mod_11_2.is_valid(number):
        return False
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    return date(1870, 1, 1) <= born <= max(today, _WRITTEN)
