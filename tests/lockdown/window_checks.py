"""What fingers and a keyboard that come through the terminal's own X server do to its window."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from Xlib import X
from Xlib.display import Display

from kiosk.journeys.views import ChooseService
from kiosk.records.transaction import Service
from kiosk.ui.widgets.press import Tile
from tests.lockdown.real_display import PLACE, Keyboard, Mouse, TouchScreen
from tests.ui.display import DrivenWindow
from tests.ui.scenes import SCENES
from tests.ui.touch_checks import rest

ESC, BACKSPACE, TAB, Q, W, E, ENTER, CTRL, ALT, F1, F2, F4, F11, F12, DELETE, SUPER = (
    1, 14, 15, 16, 17, 18, 28, 29, 56, 59, 60, 62, 87, 88, 111, 125,
)  # fmt: skip
"""Numbers of <linux/input-event-codes.h>."""
CHORDS: Sequence[Sequence[int]] = (
    [ESC], [F1], [F11], [F12], [SUPER], [CTRL, E], [CTRL, Q], [CTRL, W], [ALT, F4], [ALT, TAB], [ALT, F2], [ALT, ESC],
    [CTRL, ALT, BACKSPACE], [CTRL, ALT, F1], [CTRL, ALT, F2], [CTRL, ALT, DELETE], [CTRL, ALT, F12],
)  # fmt: skip
"""Settings, inspector, whole screen, picture of the screen, end, next window, run, zap, other terminals, restart."""
DIGITS: Sequence[int] = (7, 10, 2, 3, 4, 5, 6, 7, 8, 9, 11, 2, 3)
"""6901234567892 would begin so: what a scanner that acts as a keyboard types, before it types Enter."""
TEN = 10


def place() -> Path:
    """Where the server's devices are."""
    return Path(os.environ[PLACE])


def middle(widget: Any) -> tuple[float, float]:
    """A widget's middle in the display's pixels."""
    from kivy.core.window import Window  # noqa: PLC0415 - opens the window

    x, y = widget.to_window(widget.center_x, widget.center_y)
    return Window.left + x, Window.top + Window.height - y


def tiles(driven: DrivenWindow) -> list[Tile]:
    """What can be chosen, as it stands."""
    return [widget for widget in driven.router.screen.walk(restrict=True) if isinstance(widget, Tile)]


def hands_at_the_window(driven: DrivenWindow) -> Iterator[None]:
    """One window for all of it: opening it takes longer than what is tried in it."""
    with (
        TouchScreen(place() / "touch") as screen,
        Mouse(place() / "mouse") as mouse,
        Keyboard(place() / "keys") as keys,
    ):
        for tried in (
            the_first_of_two_fingers_counts(driven, screen),
            ten_fingers_are_one(driven, screen),
            no_button_of_a_mouse_draws_or_acts(driven, mouse),
            keys_do_nothing(driven, keys),
        ):
            driven.intents.clear()
            driven.window.show(SCENES["home"])
            yield from rest()
            yield from tried


def the_first_of_two_fingers_counts(driven: DrivenWindow, screen: TouchScreen) -> Iterator[None]:
    """A second finger on another button is not heard, neither while the first lies nor when both are lifted."""
    first, second, *_ = (middle(tile) for tile in tiles(driven))
    screen.down(0, *first)
    yield
    assert [tile.pressed for tile in tiles(driven)[:2]] == [True, False], "the touch arrives"
    screen.down(1, *second)
    yield
    assert [tile.pressed for tile in tiles(driven)[:2]] == [True, False], "a second finger is heard"
    screen.up(1, *second)
    yield
    assert driven.intents == [], "a second finger chose"
    screen.up(0, *first)
    yield
    assert driven.intents == [ChooseService(Service.CARD_QUERY)]


def ten_fingers_are_one(driven: DrivenWindow, screen: TouchScreen) -> Iterator[None]:
    """A whole pair of hands, drawn about and lifted, is a touch of the first finger; then one finger counts again."""
    from kivy.core.window import Window  # noqa: PLC0415 - opens the window

    standing = driven.pixels().tobytes(), len(Window.children)
    places = [middle(tile) for tile in tiles(driven)]
    hands = [(10.0, 10.0), *(places[finger % len(places)] for finger in range(1, TEN))]
    for finger, at in enumerate(hands):
        screen.down(finger, *at)
    yield
    for finger, (x, y) in enumerate(hands):
        screen.move(finger, x + 3, y + 3)
    yield
    for finger, (x, y) in reversed(list(enumerate(hands))):
        screen.up(finger, x + 3, y + 3)
    yield
    assert driven.intents == [], "the first finger lay beside every button"
    assert (driven.pixels().tobytes(), len(Window.children)) == standing
    yield from rest()
    screen.down(0, *places[0])
    yield
    screen.up(0, *places[0])
    yield
    assert driven.intents == [ChooseService(Service.CARD_QUERY)]


def no_button_of_a_mouse_draws_or_acts(driven: DrivenWindow, mouse: Mouse) -> Iterator[None]:
    """Right and middle button and both wheels: no red dot of a pretended second finger, and nothing is chosen."""
    heard: list[str] = []
    from kivy.core.window import Window  # noqa: PLC0415 - opens the window

    Window.bind(on_mouse_down=lambda _window, _x, _y, button, *_: heard.append(button))
    display = Display()
    x, y = middle(tiles(driven)[0])
    display.screen().root.warp_pointer(round(x), round(y))
    display.sync()
    yield
    before = driven.pixels().tobytes()
    for button in (2, 3, 4, 5, 6, 7, 8, 9):
        mouse.press(button)
        yield
        mouse.let_go(button)
        yield
        assert driven.pixels().tobytes() == before, f"button {button} draws"
        assert driven.intents == [], f"button {button} chooses"
    assert {"middle", "right", "scrollup", "scrolldown"} <= set(heard), f"the mouse is not heard: {heard}"


def keys_do_nothing(driven: DrivenWindow, keyboard: Keyboard) -> Iterator[None]:
    """Every chord that means something somewhere, and a bar code with its Enter, where one types and where not."""
    from kivy.core.window import Window  # noqa: PLC0415 - opens the window

    heard: list[int] = []
    Window.bind(on_key_down=lambda _window, key, *_: heard.append(key))
    display = Display()
    (own,) = display.screen().root.query_tree().children
    own.set_input_focus(X.RevertToParent, X.CurrentTime)
    display.sync()
    for name in ("home", "number-entry", "name-entry"):
        driven.window.show(SCENES[name])
        yield
        yield
        before = driven.pixels().tobytes(), tuple(Window.size), len(Window.children)
        heard.clear()
        for chord in (*CHORDS, *([digit] for digit in DIGITS), [ENTER]):
            keyboard.chord(chord)
        yield
        yield
        assert {27, 282, 292, 293, 13, *b"0123456789"} <= set(heard), f"keys never came to the window: {heard}"
        assert (driven.pixels().tobytes(), tuple(Window.size), len(Window.children)) == before, name
        assert driven.intents == [], name
    assert display.screen().root.query_tree().children == [own]
