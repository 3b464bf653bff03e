"""What a citizen types on the screen, asked again until it can be right."""

import re
from collections.abc import Callable
from typing import Final

from kiosk.journeys.identify import CANCEL
from kiosk.journeys.requests import Journey, Show, ask
from kiosk.journeys.views import Action, NameEntry, NumberEntry, Step, Typed
from kiosk.journeys.wording import Say, say

PHONE_LENGTH: Final = 11
_PHONE: Final = re.compile(r"1[0-9]{10}", re.ASCII)


def typed_phone(title: Say, line: Say, step: Step, *without: Action) -> Journey[str | None]:
    """A mobile telephone number (AAE005); None where the citizen takes the way ``without`` one."""
    wrong = say("手机号码是 1 开头的 11 位数字，请改一改。")
    return (yield from typed_figures(title, line, PHONE_LENGTH, _PHONE, wrong, step, *without))


def typed_figures(
    title: Say, line: Say, length: int, form: re.Pattern[str], wrong: Say, step: Step, *without: Action
) -> Journey[str | None]:
    """Figures of this form; None where the citizen takes the way ``without`` them.

    :param length: how many the keypad takes.
    """
    note: Say | None = None
    while True:
        view = NumberEntry(
            title=title,
            line=line,
            length=length,
            confirm=say("输好了"),
            step=step,
            note=note,
            actions=(CANCEL, *without),
            check_character=False,
        )
        typed = yield from ask(Show(view, personal=True))
        if isinstance(typed, Typed) and form.fullmatch(typed.text):
            return typed.text
        if without and not isinstance(typed, Typed):
            return None
        note = wrong


def typed_words(title: Say, line: Say, step: Step, may_be: Callable[[str], bool], wrong: Say) -> Journey[str]:
    """Words by the keyboard for names, without blanks at either end.

    :param may_be: whether they can be what was asked for.
    """
    note: Say | None = None
    while True:
        view = NameEntry(title=title, line=line, confirm=say("输好了"), step=step, note=note, actions=(CANCEL,))
        typed = yield from ask(Show(view, personal=True))
        if isinstance(typed, Typed) and may_be(typed.text.strip()):
            return typed.text.strip()
        note = wrong
