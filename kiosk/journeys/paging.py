"""Several screens that say one thing: a citizen turns them with next and back."""

from dataclasses import replace
from typing import Final

from kiosk.journeys.faults import CLOSE
from kiosk.journeys.views import Action, Emphasis, Explain, Intent, Refusal, Result, Slip, Step
from kiosk.journeys.wording import say

Page = Result | Explain | Refusal | Slip

FINISH: Final = Action(Intent.DONE, say("看完了"))
LOOK_ON: Final = Action(Intent.AGAIN, say("看别的"))


def turning(number: int, of: int, *, slip_behind: bool = False) -> tuple[Action, ...]:
    """The actions of page ``number``, counted from 1.

    :param slip_behind: the last page has a slip behind it, which is no page of the matter.
    """
    back = (Action(Intent.BACK, say("上一页")),) if number > 1 else ()
    if number < of:
        return (*back, FINISH, Action(Intent.NEXT, say("下一页"), Emphasis.PRIMARY))
    return (*back, *TO_SLIP) if slip_behind else (*back, CLOSE)


def turning_behind_a_choice(number: int, of: int) -> tuple[Action, ...]:
    """The same for pages that stand behind a choice: they lead back to the choices."""
    back = (Action(Intent.BACK, say("上一页")),) if number > 1 else ()
    if number < of:
        return (*back, LOOK_ON, Action(Intent.NEXT, say("下一页"), Emphasis.PRIMARY))
    return (*back, FINISH, replace(LOOK_ON, emphasis=Emphasis.PRIMARY))


TO_SLIP: Final = (Action(Intent.NEXT, say("要凭条")), CLOSE)
"""Under a result that has a slip behind it: most citizens are done."""
FROM_SLIP: Final = (Action(Intent.BACK, say("上一页")), CLOSE)


def page(number: int, of: int) -> Step | None:
    """Which page this is; None when it is the only one."""
    return Step(number, of) if of > 1 else None


def turned(views: tuple[Page, ...]) -> tuple[Page, ...]:
    """Views as pages of one thing, turned with next and back."""
    of = len(views)
    return tuple(replace(view, actions=turning(at, of), page=page(at, of)) for at, view in enumerate(views, 1))
