"""Whose affair it is where no card is at hand."""

from collections.abc import Callable
from dataclasses import dataclass, field

from kiosk.journeys.frame import Session
from kiosk.journeys.identify import CANCEL
from kiosk.journeys.requests import Journey, Show, ask
from kiosk.journeys.views import Intent, NameEntry, NumberEntry, ReadBack, Step, Typed
from kiosk.journeys.wording import Say, Verbatim, say
from kiosk.records import identity

LONGEST_NAME = 50
"""Characters; EF06 keeps 30 + 20 bytes, and names in letters are the longest."""

CHECK = Step(3, 3)
"""The read-back's step."""

_NUMBER, _NAME = Step(1, 3), Step(2, 3)


@dataclass(frozen=True, slots=True)
class Holder:
    """Number (AAC002) and name (AAC003) as the citizen has confirmed them."""

    number: str = field(repr=False)
    name: str = field(repr=False)


def holder_without_card(session: Session, read_back: Callable[[Holder], ReadBack]) -> Journey[Holder]:
    """Ask for number and name until the citizen says that they are right.

    :param read_back: what is about to be done to this holder's card; its AGAIN asks anew.
    """
    while True:
        number = yield from _number(session)
        name = yield from _name()
        holder = Holder(number, name)
        if (yield from ask(Show(read_back(holder), personal=True))) is not Intent.AGAIN:
            return holder


def _number(session: Session) -> Journey[str]:
    note: Say | None = None
    while True:
        view = NumberEntry(
            title=say("请输入身份证号码"),
            line=say("就是卡上的社会保障号码，18 位。"),
            length=identity.LENGTH,
            confirm=say("输好了"),
            step=_NUMBER,
            note=note,
            actions=(CANCEL,),
        )
        typed = yield from ask(Show(view, personal=True))
        if isinstance(typed, Typed) and identity.is_identity_number(typed.text, session.today):
            return typed.text
        note = (
            say("这个号码不对，请对照身份证改一改。")
            if note is None or not session.region.hotline
            else say("还是不对。证件号码不是 18 位的，请打 {hotline}。", hotline=Verbatim(session.region.hotline))
        )


def _name() -> Journey[str]:
    note: Say | None = None
    while True:
        view = NameEntry(
            title=say("请输入姓名"),
            line=say("和身份证上的一样。"),
            confirm=say("输好了"),
            step=_NAME,
            note=note,
            actions=(CANCEL,),
        )
        typed = yield from ask(Show(view, personal=True))
        if isinstance(typed, Typed) and _may_be_a_name(typed.text.strip()):
            return typed.text.strip()
        note = say("请输入姓名，再按“输好了”。")


def _may_be_a_name(text: str) -> bool:
    # Figures come from a tap on the number's button that was heard too late.
    return 0 < len(text) <= LONGEST_NAME and not any(char.isdecimal() for char in text)
