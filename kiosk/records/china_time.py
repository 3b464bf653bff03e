"""Times as both ends tell them and a citizen reads them. One zone for the whole country, no daylight saving."""

from datetime import datetime, timedelta, timezone
from typing import Annotated, Final

import msgspec

CHINA: Final = timezone(timedelta(hours=8))
Moment = Annotated[int, msgspec.Meta(ge=0, lt=1 << 47)]
"""Milliseconds since 1970 UTC, before the year 6430: what comes from outside must fit every calendar."""


def minute_of(milliseconds: int) -> str:
    """``2026-12-02 10:32``, seconds cut off, so that a term never seems longer than it is.

    :param milliseconds: since 1970 UTC.
    """
    return datetime.fromtimestamp(milliseconds / 1000, tz=CHINA).strftime("%Y-%m-%d %H:%M")
