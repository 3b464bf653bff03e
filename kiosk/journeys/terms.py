"""Terms in words, and the day on which one ends."""

from datetime import datetime, timedelta
from typing import assert_never

from kiosk.journeys.wording import Say, Verbatim, say
from kiosk.policy.pack import Rule, Term, Unit
from kiosk.records.china_time import CHINA


def span(term: Term) -> Say:
    """A term in words."""
    match term.unit:
        case Unit.DAYS:
            return say("{count} 天", count=term.count)
        case Unit.WORKING_DAYS:
            return say("{count} 个工作日", count=term.count)
        case Unit.MONTHS:
            return say("{count} 个月", count=term.count)
        case other:
            assert_never(other)


def formal_report_due(deadline: Rule[Term], reported_at_ms: int | None) -> Say | None:
    """By when the written report is due after the temporary one; None where no term is stated.

    A day is named where days are meant: the earliest reading, that of calendar days, makes nobody late.

    :param reported_at_ms: when the temporary report was made, by the centre's clock; None where it does not tell.
    """
    term = deadline.value
    if term is None:
        return None
    if term.unit is not Unit.DAYS or reported_at_ms is None:
        return say("正式挂失要在 {term} 内办。", term=span(term))
    last = datetime.fromtimestamp(reported_at_ms / 1000, tz=CHINA).date() + timedelta(days=term.count)
    return say("正式挂失要在 {term} 内办，请不要晚于 {day}。", term=span(term), day=Verbatim(last.isoformat()))
