"""Typing on the screen's own keys, with a finger from outside."""

import gc
import weakref
from collections.abc import Iterable, Iterator
from typing import Any

from kiosk.journeys.views import Intent, Typed
from kiosk.ui.settings import Preferences
from kiosk.ui.widgets.keys import CandidateKey, Key
from tests.ui.display import DrivenWindow
from tests.ui.scenes import SCENES
from tests.ui.touch_checks import Finger, rest

NUMBER = "11010519491231001X"


def key_named(router: Any, spoken: str) -> Key:
    """The key that is spoken so."""
    (found,) = (w for w in router.screen.walk(restrict=True) if isinstance(w, Key) and w.spoken == spoken)
    return found


def confirm(router: Any) -> Any:
    """The button that hands over what was typed."""
    (found,) = (button for button in router.screen.buttons if button.emphasis == "primary")
    return found


def type_keys(driven: DrivenWindow, finger: Finger, keys: Iterable[str]) -> Iterator[None]:
    """One key after the other, as quickly as frames come; the same key twice is two taps."""
    before = ""
    for spoken in keys:
        if spoken == before:
            yield from rest()
        before = spoken
        finger.tap(key_named(driven.router, spoken))
        yield
        yield


def shown_number(router: Any) -> str:
    """What stands in the places."""
    return "".join(place.text for place in router.screen.places._chars)


def a_whole_number(driven: DrivenWindow) -> Iterator[None]:
    """Each key types itself; it is handed over whole, and what is missing is said before."""
    finger, router = Finger(), driven.router
    driven.window.show(SCENES["number-entry"])
    yield
    for count in range(1, 18):
        yield from type_keys(driven, finger, NUMBER[count - 1 : count])
        assert shown_number(router) == NUMBER[:count]
        if NUMBER[count] == NUMBER[count - 1]:
            yield from rest()
    finger.tap(confirm(router))
    yield
    yield
    assert driven.intents == []
    assert router.screen._guide.text == "还差 1 位"
    yield from rest()
    finger.tap(key_named(router, "X"))
    yield from rest()
    finger.tap(confirm(router))
    yield
    yield
    assert driven.intents == [Typed(NUMBER)]
    assert NUMBER not in repr(driven.intents)
    yield from rest()
    finger.tap(key_named(router, "删掉最后一个"))
    yield from rest()
    assert shown_number(router) == NUMBER[:17]
    finger.tap(key_named(router, "清空，从头输"))
    yield
    yield
    assert shown_number(router) == ""


def a_name(driven: DrivenWindow) -> Iterator[None]:
    """By sound, a dot, by strokes; handed over when nothing is left to choose."""
    finger, router = Finger(), driven.router
    driven.window.show(SCENES["name-entry"])
    yield
    yield from type_keys(driven, finger, "shan")
    finger.tap(confirm(router))
    yield
    yield
    assert driven.intents == []
    yield from rest()
    finger.tap(key_named(router, "单"))
    yield from rest()
    assert router.screen.field.name.text == "单"
    finger.tap(key_named(router, "按笔画打字"))
    yield from rest()
    yield from type_keys(driven, finger, ("横", "横", "横", "竖", "折", "撇", "折", "撇", "横"))
    yield from rest()
    finger.tap(key_named(router, "㛃"))
    yield from rest()
    written = router.screen.field.name
    assert {words for words, *_ in written._broken} == {written.text}, "no earlier word stays in it"
    finger.tap(confirm(router))
    yield
    yield
    assert driven.intents == [Typed("单㛃")]


def a_search(driven: DrivenWindow) -> Iterator[None]:
    """Letters bring words, a word takes their place and leaves those that go with it; the last key takes it back."""
    finger, router = Finger(), driven.router

    def offered() -> list[str]:
        return [w.text for w in router.screen.walk(restrict=True) if isinstance(w, CandidateKey)]

    driven.window.show(SCENES["sound-entry"])
    yield
    assert offered() == ["挂失", "密码", "补卡", "启用", "网点", "电话"]
    finger.tap(confirm(router))
    yield
    yield
    assert driven.intents == []
    assert router.screen._guide.text == "先点一个词，或打字母"
    yield from rest()
    yield from type_keys(driven, finger, "GS")
    assert router.screen.field.typed.text == "GS"
    assert offered() == ["挂失", "过世"]
    finger.tap(key_named(router, "挂失"))
    yield from rest()
    assert router.screen.field.typed.text == "挂失"
    assert offered() == ["网点", "电话"], "those that leave some of its answers"
    finger.tap(confirm(router))
    yield from rest()
    assert driven.intents == [Typed("挂失")]
    finger.tap(key_named(router, "电话"))
    yield from rest()
    finger.tap(confirm(router))
    yield from rest()
    assert driven.intents[1:] == [Typed("挂失 电话")]
    assert offered() == []
    for left in ("挂失", ""):
        finger.tap(key_named(router, "删掉最后一个"))
        yield from rest()
        assert router.screen.field.typed.text == left


def what_is_typed_stays(driven: DrivenWindow) -> Iterator[None]:
    """Through language, size, contrast, low mode, help, the idle warning and a note; not through another screen."""
    finger, router = Finger(), driven.router
    driven.window.show(SCENES["number-entry"])
    yield
    yield from type_keys(driven, finger, "1052")
    for icon in ("globe", "larger", "contrast", "lower", "help"):
        yield from rest()
        finger.tap(next(tool for tool in router.screen.tools if tool.icon == icon))
        yield
        yield
        assert shown_number(router) == "1052", icon
    assert router.help is not None
    driven.window.show(SCENES["number-entry-asleep"])
    yield
    driven.window.show(SCENES["number-entry-wrong"])
    yield
    assert shown_number(router) == "1052"
    driven.prefer(Preferences())
    driven.window.show(SCENES["name-entry"])
    yield from rest()
    yield from type_keys(driven, finger, "li")
    driven.prefer(Preferences(language="en", large=True))
    yield
    assert router.screen.field.pending.text == "li"
    driven.window.show(SCENES["attract"])
    driven.window.show(SCENES["number-entry"])
    yield
    assert shown_number(router) == ""
    assert Intent.CANCEL not in driven.intents


def a_second_wrong_number_is_told_too(driven: DrivenWindow) -> Iterator[None]:
    """The journey asks again in the very same words: nothing new is drawn, and yet the button must not seem dead."""
    finger, router = Finger(), driven.router
    driven.window.show(SCENES["number-entry-wrong"])
    yield
    assert router.screen._guide.text == "这个号码不对，请对照身份证改一改。"
    yield from type_keys(driven, finger, NUMBER)
    assert router.screen._guide.text == "就是卡上的社会保障号码，18 位。"
    yield from rest()
    finger.tap(confirm(router))
    yield
    driven.window.show(SCENES["number-entry-wrong"])
    yield
    assert driven.intents == [Typed(NUMBER)]
    assert router.screen._guide.text == "这个号码不对，请对照身份证改一改。"


def what_was_typed_goes_with_its_question(driven: DrivenWindow) -> Iterator[None]:
    """Nothing in the window reaches it any more, not even the key that was touched last."""
    finger, router = Finger(), driven.router
    driven.window.show(SCENES["number-entry"])
    yield
    yield from type_keys(driven, finger, "1052")
    draft = router.screen.draft
    screen = weakref.ref(router.screen)
    driven.window.show(SCENES["attract"])
    yield
    assert draft.text == ""
    del finger
    for _ in range(3):
        yield
        gc.collect()
    assert screen() is None
