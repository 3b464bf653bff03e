"""An answer of the handbook on paper: offered beside its code, printed once, and no proof of anything."""

from dataclasses import replace
from typing import Final, assert_never

from kiosk.journeys.faults import CLOSE
from kiosk.journeys.requests import Announce, Journey, PrintSlip, Show, SlipFate, ask
from kiosk.journeys.views import Action, Emphasis, Explain, Intent, PaperSlip, Slip, Working
from kiosk.journeys.wording import Say, say

NO_PROOF: Final = say("办事指南的答案，不是凭证。")
"""Above the answer, so that nobody takes it for a slip of something done."""

NO_PAPER: Final = say("没有纸了，答案可以扫码带走。")
"""Beside the questions, before one is read for its slip."""
_PRINT: Final = Action(Intent.PRINT, say("打印出来"), Emphasis.PRIMARY)
_CLOSE: Final = replace(CLOSE, emphasis=Emphasis.PLAIN)
_PRINTING: Final = Working(say("正在打印"), say("请稍候，纸从出纸口出来。"))


def show_code(slip: Slip, paper: PaperSlip, *, may_print: bool) -> Journey[tuple[Intent, bool]]:
    """Show the code of an answer, and print the answer where the citizen wants that.

    :param may_print: the printer is ready, and this answer has not been printed.
    :return: back to the answer or done, and whether it may still be printed.
    """
    while True:
        intent = yield from ask(Show(with_printing(slip) if may_print else slip))
        if intent is not Intent.PRINT or not may_print:
            return Intent.DONE if intent is Intent.DONE else Intent.BACK, may_print
        may_print = False  # whatever becomes of it: nobody gets two
        yield from ask(Announce(_PRINTING))
        fate = yield from ask(PrintSlip(paper))
        if (yield from ask(Show(printed_view(fate)))) is not Intent.BACK:
            return Intent.DONE, may_print
        if fate is SlipFate.PRINTED:
            return Intent.BACK, may_print


def with_printing(slip: Slip) -> Slip:
    """The code of an answer with a button for the printer beside the way back."""
    return replace(slip, actions=(*slip.actions[:-1], _CLOSE, _PRINT))


def printed_view(fate: SlipFate) -> Explain:
    """What the citizen reads when the printer has done what it could; back leads to the answer, or to its code."""
    what = say("答案没有打出来。")
    match fate:
        case SlipFate.PRINTED:
            read_on = Action(Intent.BACK, say("接着看"))
            return Explain(say("答案打好了"), (say("请从出纸口取走。"),), None, (read_on, CLOSE))
        case SlipFate.NO_PAPER:
            title: Say = say("打印机没有纸了")
        case SlipFate.NO_PRINTER:
            title = say("打印机没有反应")
        case SlipFate.PARTLY:
            title, what = say("答案没有打完整"), say("打出来的半张请撕下带走。")
        case other:
            assert_never(other)
    code = Action(Intent.BACK, say("看二维码"), Emphasis.PRIMARY)
    return Explain(title, (what, say("可以用手机扫二维码带走。")), None, (_CLOSE, code))
