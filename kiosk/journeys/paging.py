"""Several screens that say one thing: a citizen turns them with next and back."""

from typing import Final

from kiosk.journeys.faults import CLOSE
from kiosk.journeys.views import Action, Emphasis, Intent, Step
from kiosk.journeys.wording import say


def turning(number: int, of: int, *, slip_behind: bool = False) -> tuple[Action, ...]:
    """The actions of page ``number``, counted from 1.

    :param slip_behind: the last page has a slip behind it, which is no page of the matter.
    """
    back = (Action(Intent.BACK, say("上一页")),) if number > 1 else ()
    if number < of:
        return (*back, Action(Intent.DONE, say("看完了")), Action(Intent.NEXT, say("下一页"), Emphasis.PRIMARY))
    return (*back, *TO_SLIP) if slip_behind else (*back, CLOSE)


TO_SLIP: Final = (Action(Intent.NEXT, say("要凭条")), CLOSE)
"""Under a result that has a slip behind it: most citizens are done."""
FROM_SLIP: Final = (Action(Intent.BACK, say("上一页")), CLOSE)


def page(number: int, of: int) -> Step | None:
    """Which page this is; None when it is the only one."""
    return Step(number, of) if of > 1 else None
