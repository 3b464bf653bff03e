"""Touches and keys that come from outside, through the X server."""

import time
from collections.abc import Iterator
from typing import Any

from Xlib import XK, X
from Xlib.display import Display
from Xlib.ext import xtest

from kiosk.journeys.views import ChooseService, Intent
from kiosk.records.transaction import Service
from kiosk.ui.settings import Preferences
from kiosk.ui.widgets.press import EyeButton, Tile
from tests.ui.display import DrivenWindow
from tests.ui.scenes import RARE_NAME, SCENES

PAUSE = 0.4
"""Seconds: rule 2."""


class Finger:
    """A finger outside the application."""

    def __init__(self) -> None:
        self._display = Display()

    def move(self, widget: Any, *, dx: float = 0, dy: float = 0) -> None:
        """Go to a widget's middle, or so many sheet pixels beside it."""
        x, y = widget.to_window(widget.center_x + dx, widget.center_y + dy)
        window = widget.get_parent_window()
        at = round(window.left + x), round(window.top + window.height - y)
        xtest.fake_input(self._display, X.MotionNotify, x=at[0], y=at[1])
        self._display.sync()

    def down(self) -> None:
        """Touch."""
        xtest.fake_input(self._display, X.ButtonPress, 1)
        self._display.sync()

    def up(self) -> None:
        """Let go."""
        xtest.fake_input(self._display, X.ButtonRelease, 1)
        self._display.sync()

    def tap(self, widget: Any) -> None:
        """Touch and let go."""
        self.move(widget)
        self.down()
        self.up()

    def key(self, name: str) -> None:
        """Type a key into whichever window there is."""
        window = self._display.screen().root.query_tree().children[-1]
        window.set_input_focus(X.RevertToParent, X.CurrentTime)
        code = self._display.keysym_to_keycode(XK.string_to_keysym(name))
        xtest.fake_input(self._display, X.KeyPress, code)
        xtest.fake_input(self._display, X.KeyRelease, code)
        self._display.sync()


def rest() -> Iterator[None]:
    """Frames until a tap counts again, from when the one before was heard."""
    yield
    until = time.monotonic() + PAUSE + 0.05
    while time.monotonic() < until:
        yield


def acts_on_release_inside(driven: DrivenWindow) -> Iterator[None]:
    """A button is marked while it is touched, acts when it is let go of, and not when the finger left it."""
    finger, router = Finger(), driven.router
    driven.window.show(SCENES["attract"])
    yield
    button = router.screen.buttons[0]
    finger.move(button)
    finger.down()
    yield
    assert button.pressed
    assert driven.intents == []
    finger.up()
    yield
    assert not button.pressed
    assert driven.intents == [Intent.START]
    assert driven.activity, "a touch is activity"

    yield from rest()
    finger.move(button)
    finger.down()
    yield
    finger.move(button, dy=button.height)
    yield
    assert not button.pressed
    finger.up()
    yield
    assert driven.intents == [Intent.START]

    driven.window.show(SCENES["home"])
    yield from rest()
    tile = next(widget for widget in router.screen.walk(restrict=True) if isinstance(widget, Tile))
    finger.tap(tile)
    yield
    assert driven.intents[1:] == [ChooseService(Service.CARD_QUERY)]


def second_tap_is_not_heard(driven: DrivenWindow) -> Iterator[None]:
    """Two taps within 400 ms are one; a later one counts again."""
    finger, router = Finger(), driven.router
    driven.window.show(SCENES["attract"])
    yield
    button = router.screen.buttons[0]
    finger.tap(button)
    finger.tap(button)
    yield
    assert driven.intents == [Intent.START]
    yield from rest()
    finger.tap(button)
    yield
    assert driven.intents == [Intent.START, Intent.START]


def a_screen_that_is_gone_does_not_act(driven: DrivenWindow) -> Iterator[None]:
    """The screen changes under the finger: letting go does nothing, neither on the old screen nor on the new."""
    finger, router = Finger(), driven.router
    driven.window.show(SCENES["attract"])
    yield
    finger.move(router.screen.buttons[0])
    finger.down()
    yield
    driven.window.show(SCENES["insert-card"])
    yield
    finger.up()
    yield
    assert driven.intents == []


def keys_open_nothing(driven: DrivenWindow) -> Iterator[None]:
    """Esc, F1, F11, Alt-free: they arrive, and nothing happens."""
    from kivy.core.window import Window  # noqa: PLC0415 - opens the window

    heard: list[int] = []
    Window.bind(on_key_down=lambda _window, key, *_: heard.append(key))
    finger = Finger()
    driven.window.show(SCENES["home"])
    yield
    before = driven.pixels().tobytes(), tuple(Window.size), len(Window.children)
    for name in ("Escape", "F1", "F11"):
        finger.key(name)
        yield
        yield
    assert heard == [27, 282, 292], heard
    assert (driven.pixels().tobytes(), tuple(Window.size), len(Window.children)) == before
    assert driven.intents == []
    Window.dispatch("on_request_close")
    yield
    assert driven.pixels().tobytes() == before[0]


def personal_is_whole_only_while_held(driven: DrivenWindow) -> Iterator[None]:
    """The eye: held, let go, dragged out, and the screen gone."""
    finger, router = Finger(), driven.router
    driven.window.show(SCENES["result-first-page"])
    yield
    eye = next(widget for widget in router.screen.walk(restrict=True) if isinstance(widget, EyeButton))
    value = eye.reveal.__self__.value
    masked_pixels = driven.pixels().tobytes()
    assert value.text == "欧**㛃"
    finger.move(eye)
    finger.down()
    yield
    yield
    assert value.text == RARE_NAME
    assert "".join(value.lines) == RARE_NAME
    finger.up()
    yield
    yield
    assert value.text == "欧**㛃"
    assert driven.pixels().tobytes() == masked_pixels
    finger.down()
    yield
    assert value.text == RARE_NAME
    finger.move(eye, dy=-300)
    yield
    assert value.text == "欧**㛃"
    finger.up()
    yield
    assert driven.intents == []


def preferences_change_the_same_screen(driven: DrivenWindow) -> Iterator[None]:
    """Language, size, contrast and low mode by touch, mid-journey; the next citizen starts from the defaults."""
    finger, router = Finger(), driven.router
    driven.window.show(SCENES["pin-entry"])
    yield
    first = driven.pixels().tobytes()
    wanted = {
        "globe": Preferences(language="en"),
        "larger": Preferences(language="en", large=True),
        "contrast": Preferences(language="en", large=True, high_contrast=True),
        "lower": Preferences(language="en", large=True, high_contrast=True, low=True),
    }
    last = first
    for icon, expected in wanted.items():
        tool = next(tool for tool in router.screen.tools if tool.icon == icon)
        finger.tap(tool)
        yield
        assert driven.window.preferences == expected
        assert driven.activity[-1] == expected
        assert router.screen.view == SCENES["pin-entry"].view
        assert driven.pixels().tobytes() != last
        last = driven.pixels().tobytes()
        yield from rest()
    driven.window.reset_preferences()
    yield
    assert driven.window.preferences == Preferences()
    assert driven.pixels().tobytes() == first


def overlays_cover_what_is_below(driven: DrivenWindow) -> Iterator[None]:
    """Under help and under the idle warning nothing can be touched; both have one way out."""
    finger, router = Finger(), driven.router
    driven.window.show(SCENES["insert-card"])
    yield
    finger.tap(next(tool for tool in router.screen.tools if tool.icon == "help"))
    yield
    assert router.help is not None
    yield from rest()
    finger.tap(router.screen.buttons[0])
    yield
    assert driven.intents == []
    yield from rest()
    finger.tap(router.help.panel.children[0])
    yield
    assert router.help is None

    driven.window.show(SCENES["still-there"])
    yield from rest()
    finger.tap(router.screen.buttons[0])
    yield
    assert driven.intents == []
    yield from rest()
    finger.tap(router.still_there.go_on)
    yield
    assert driven.intents == [Intent.GO_ON]


def works_when_scaled(driven: DrivenWindow) -> Iterator[None]:
    """In a demo window of half the size a touch meets the button that is seen there."""
    finger, router = Finger(), driven.router
    assert router.stage.scale == 0.5
    driven.window.show(SCENES["attract"])
    yield
    finger.tap(router.screen.buttons[0])
    yield
    assert driven.intents == [Intent.START]
