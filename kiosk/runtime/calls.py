"""What somebody is called for to take: drawn over the journey's view, since it is the runtime that waits."""

from typing import Any, Final

from kiosk.journeys.issuing_requests import AwaitTaken
from kiosk.journeys.new_card import take_new_card
from kiosk.journeys.requests import Request, ReturnCard, ReturnIdDocument
from kiosk.journeys.views import TakeCard, TakeIdCard, TakeNewCard
from kiosk.journeys.wording import say

ID_TAKEN_AT_ONCE_S: Final = 0.3
"""Whoever has taken the identity card by then is not asked for it."""
URGENT_S: Final = 10.0
"""After this long a forgotten card is called for urgently (docs/ux-rules.md rule 9)."""


def called_for(
    request: Request[Any], waited_s: float, *, last: bool = False
) -> TakeCard | TakeNewCard | TakeIdCard | None:
    """The call that goes with a request which waits for a hand; None with any other.

    :param waited_s: for how long it has.
    :param last: soon the slot's motor takes a card in that nobody takes.
    """
    urgent = waited_s >= URGENT_S
    match request:
        case ReturnCard():
            return take_card(urgent=urgent, last=last)
        case AwaitTaken():
            return take_new_card(urgent=urgent)
        case ReturnIdDocument(line=line) if waited_s >= ID_TAKEN_AT_ONCE_S:
            return TakeIdCard(
                title=say("请拿回身份证"),
                line=say("身份证还在机器上，别忘了拿走。") if urgent else line,
                urgent=urgent,
            )
        case _:
            return None


def take_card(*, urgent: bool, last: bool = False) -> TakeCard:
    """The card is free.

    :param urgent: it has been for long, or nobody is being served.
    :param last: soon the slot's motor takes it in.
    """
    line = say("卡还在机器里，别忘了拿走。") if urgent else say("取走卡以后，屏幕上会告诉您结果。")
    if last:
        line = say("再不取走，机器就把卡收起来保管。")
    return TakeCard(say("请取走您的卡"), line, urgent=urgent)
