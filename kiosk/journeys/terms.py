"""Terms in words."""

from typing import assert_never

from kiosk.journeys.wording import Say, say
from kiosk.policy.rule import Term, Unit


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
