"""How a journey refuses: why, what to do instead, and where that stands."""

from kiosk.journeys.counter_words import in_words
from kiosk.journeys.faults import CLOSE
from kiosk.journeys.frame import Ended, Ending
from kiosk.journeys.paging import turned
from kiosk.journeys.views import Explain, Refusal
from kiosk.journeys.wording import Say, say
from kiosk.policy.pack import Rule, Text
from kiosk.policy.region import Region
from kiosk.records.transaction import Outcome


def refused(
    region: Region,
    *,
    reason: str,
    code: str,
    title: Say,
    why: Say,
    instead: tuple[Say, ...],
    rule: str = "",
    cited: Rule[object] | None = None,
    behind: tuple[Explain, ...] = (),
) -> Ended:
    """An ending that refuses.

    :param instead: where a region states nothing to do, the citizen is sent to the staff.
    :param rule: the dotted name of the pack's rule that decided, for the entry.
    :param cited: that rule, whose source is shown.
    :param behind: pages that follow the refusal: what to bring, and in which order.
    """
    citation = region.citation(cited) if cited is not None else None
    instead = instead or (say("请招呼身边的工作人员。"),)
    view = Refusal(title, why, instead, region.hotline, citation, code, (CLOSE,))
    views = turned((view, *behind)) if behind else (view,)
    return Ended(Ending(Outcome.REFUSED, views, reason=reason, rule=rule))


def go_to(rule: Rule[Text]) -> tuple[Say, ...]:
    """Where to go, as the pack states it; nothing where it does not."""
    return (say("可以这样办：{place}", place=in_words(rule.value)),) if rule.value is not None else ()
