"""Slips on paper: what the first screen says of them, what the last ones offer, and what follows."""

from dataclasses import replace
from enum import Enum
from typing import Final, assert_never

from kiosk.journeys.faults import CLOSE
from kiosk.journeys.requests import SlipFate
from kiosk.journeys.views import Action, Emphasis, Explain, Fault, Intent, PaperSlip, Refusal, Slip, View, Working
from kiosk.journeys.wording import Say, Verbatim, say


class Printing(Enum):
    """Whether this terminal gives slips on paper."""

    ABSENT = "absent"
    """It was delivered without a printer, and promises none."""
    READY = "ready"
    UNABLE = "unable"
    """No paper, cover open, unplugged: a telephone takes the slip along instead."""


_PRINT: Final = Action(Intent.PRINT, say("打印凭条"))
_PRINT_FIRST: Final = replace(_PRINT, emphasis=Emphasis.PRIMARY)
_CLOSE_QUIETLY: Final = replace(CLOSE, emphasis=Emphasis.PLAIN)

PRINTING: Final = Working(say("正在打印凭条"), say("请稍候，凭条从出纸口出来。"))


def warning(printing: Printing) -> Say | None:
    """What a citizen is told before a service starts; None where there is nothing to tell."""
    return say("现在没有纸质凭条，可以用手机扫码。") if printing is Printing.UNABLE else None


def number_line(transaction_id: str) -> Say:
    """The number that a citizen quotes."""
    return say("受理号 {number}", number=Verbatim(transaction_number(transaction_id)))


def transaction_number(transaction_id: str) -> str:
    """With what the centre's own number of a filing begins too: once in thousands of millions it is longer."""
    return transaction_id[:8].upper()


def call_line(hotline: str) -> Say | None:
    """Whom to call; None where the region states nobody."""
    return say("服务电话 {hotline}", hotline=Verbatim(hotline)) if hotline else None


def on_paper(
    view: View, region: Say, hotline: str, facts: tuple[Say, ...], holder: tuple[Say, ...]
) -> PaperSlip | None:
    """What of a last screen goes on paper; None where it has nothing to take along.

    :param facts: of a refusal or a fault: its number, where it has one.
    :param holder: whose affair it is, masked. Not on a refusal: the card may have been somebody else's.
    """
    match view:
        case Slip(paper=PaperSlip() as paper):
            return replace(paper, facts=(*paper.facts, *holder))
        case Refusal():
            lines: tuple[Say, ...] = (view.why, *view.instead)
            return PaperSlip((region, view.title), None, facts, lines, call_line(hotline))
        case Fault():
            return PaperSlip((region, view.title), None, facts, (view.means, view.now), call_line(hotline))
        case _:
            return None


def offering(view: View) -> View:
    """The same screen with a button for the printer.

    On a slip it is what most people have come for, and instead of the way back: all that stood there is on the paper.
    """
    match view:
        case Slip():
            return replace(view, actions=(_CLOSE_QUIETLY, _PRINT_FIRST))
        case Refusal() | Fault():
            return replace(view, actions=(_PRINT, *view.actions))
        case _:
            return view


def fate_view(fate: SlipFate, *, has_code: bool) -> Explain:
    """What the citizen reads when the printer has done what it could. Back leads to what they came from.

    :param has_code: a code for a telephone stands there.
    """
    match fate:
        case SlipFate.PRINTED:
            return Explain(say("凭条打好了"), (say("请从出纸口取走凭条，收好。"),), None, (CLOSE,))
        case SlipFate.NO_PAPER:
            title, what = say("打印机没有纸了"), say("凭条没有打出来。")
        case SlipFate.NO_PRINTER:
            title, what = say("打印机没有反应"), say("凭条没有打出来。")
        case SlipFate.PARTLY:
            title, what = say("凭条没有打完整"), say("打出来的半张请撕下带走。")
        case other:
            assert_never(other)
    code = (say("可以用手机扫二维码带走。"),) if has_code else ()
    back = Action(Intent.BACK, say("看二维码") if has_code else say("再看一遍"), Emphasis.PRIMARY)
    return Explain(title, (what, say("办理结果不受影响，不用再办一次。"), *code), None, (_CLOSE_QUIETLY, back))
