"""One of many: choices six a screen, turned with next and back."""

from collections.abc import Sequence
from typing import Final

from kiosk.journeys.identify import CANCEL
from kiosk.journeys.requests import Journey, Show, ask
from kiosk.journeys.views import Action, Choice, Choices, Chosen, Intent
from kiosk.journeys.wording import Say, say

MOST: Final = 6
"""On one screen (docs/ux-rules.md rule 6)."""

_BACK: Final = Action(Intent.BACK, say("上一页"))
_ON: Final = Action(Intent.NEXT, say("下一页"))


def choose(title: Say, choices: Sequence[Choice], *, leads_back: bool = False, note: Say | None = None) -> Journey[str]:
    """The key of the choice that was made; empty where the citizen went back to what was asked before.

    :param choices: any number; screens are filled evenly.
    :param leads_back: there is something before.
    :param note: stands on every screen; where there are several without one, their number does.
    """
    of = max(1, -(-len(choices) // MOST))
    size = -(-len(choices) // of)
    at = 0
    while True:
        view = Choices(
            title=title,
            choices=tuple(choices[at * size : (at + 1) * size]),
            note=note or (say("第 {number} 页，共 {of} 页", number=at + 1, of=of) if of > 1 else None),
            actions=(
                CANCEL,
                *((_BACK,) if leads_back or at > 0 else ()),
                *((_ON,) if at + 1 < of else ()),
            ),
        )
        match (yield from ask(Show(view))):
            case Chosen(key):
                return key
            case Intent.NEXT if at + 1 < of:
                at += 1
            case Intent.BACK if at > 0:
                at -= 1
            case Intent.BACK if leads_back:
                return ""
            case _:
                pass
