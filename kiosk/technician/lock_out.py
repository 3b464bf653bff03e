"""What is remembered of those who tried to come in: failures, the lock-out they bring, codes that were used. Pure."""

from typing import Annotated, Final

import msgspec

from kiosk.records.china_time import Moment

FAILURES: Final = 5
"""So many in a row, by card or by code, and nobody comes in for a while."""
FIRST_MS: Final = 15 * 60 * 1000
LONGEST_MS: Final = 24 * 3600 * 1000
"""Each lock-out in a row is twice as long as the one before, up to this: five guesses a day of a million codes."""

_Number = Annotated[int, msgspec.Meta(ge=0, lt=1 << 47)]


class Tally(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Of one terminal, for cards and codes alike."""

    failures: _Number = 0
    """Since the last admission or lock-out."""
    lock_outs: _Number = 0
    """Since the last admission."""
    locked_at_ms: Moment = 0
    locked_for_ms: Moment = 0
    """0: not locked out since the last admission."""
    steps: dict[str, _Number] = {}
    """By staff number the step of the last code that was accepted (RFC 6238, 5.2): none is taken twice."""
    roster: _Number = 0
    """The newest roster that anybody was judged by."""


def locked_ms(tally: Tally, now_ms: int) -> int:
    """For how much longer nobody comes in; 0: somebody may. A clock before the lock-out's beginning ends nothing."""
    if now_ms < tally.locked_at_ms:
        return tally.locked_for_ms
    return max(0, tally.locked_at_ms + tally.locked_for_ms - now_ms)


def begins_before(tally: Tally, now_ms: int) -> Tally | None:
    """The same with a lock-out that begins now, where the clock has gone back behind its beginning; else None.

    Otherwise a clock that was a year ahead would keep everybody out for a year.
    """
    if not tally.locked_for_ms or now_ms >= tally.locked_at_ms:
        return None
    return msgspec.structs.replace(tally, locked_at_ms=now_ms)


def failed(tally: Tally, now_ms: int) -> Tally:
    """The tally after one more has failed."""
    if tally.failures + 1 < FAILURES:
        return msgspec.structs.replace(tally, failures=tally.failures + 1)
    # Beyond the sixth doubling it is longest anyway; the number itself must not outgrow its field.
    length_ms = min(LONGEST_MS, FIRST_MS << min(tally.lock_outs, 16))
    return msgspec.structs.replace(
        tally, failures=0, lock_outs=tally.lock_outs + 1, locked_at_ms=now_ms, locked_for_ms=length_ms
    )


def admitted(tally: Tally, staff: str, step: int | None) -> Tally:
    """The tally after somebody came in.

    :param step: of the code they came in by; None: by card.
    """
    steps = tally.steps if step is None else tally.steps | {staff: step}
    return Tally(steps=steps, roster=tally.roster)
