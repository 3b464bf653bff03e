"""A technician's pages under a finger from outside."""

import dataclasses
import time
from collections.abc import Iterator
from typing import Any

from kivy.clock import Clock

from kiosk.journeys.technician_views import ActTouched, Filled, Mark, Row, TechnicianPage, Way
from kiosk.journeys.views import Scene
from kiosk.ui.settings import Preferences
from kiosk.ui.widgets.press import Press
from kiosk.ui.widgets.screen_trial import COLOURS
from kiosk.ui.widgets.terminal_number import TerminalNumber
from tests.ui.display import DrivenWindow
from tests.ui.portrait_checks import seen_by
from tests.ui.scenes import SCENES
from tests.ui.technician_scenes import LOGS, NETWORK
from tests.ui.touch_checks import Finger, rest

HOLD_S = 3.0


def every_check(driven: DrivenWindow) -> Iterator[None]:
    """All of this module, in one window."""
    for check in (
        only_who_holds_the_number_is_heard,
        live_values_lose_no_touch,
        a_part_at_a_time_and_all_of_it,
        codes_are_dots_and_are_handed_over,
        words_are_typed_in_both_cases,
        a_place_is_typed_by_sound_by_strokes_and_with_digits,
        squares_are_painted_until_none_is_left,
        colours_follow_each_other,
        no_picture_stays,
    ):
        yield from rest()  # the one before may have ended with a tap
        driven.intents.clear()
        yield from check(driven)


def _shown(driven: DrivenWindow, view: TechnicianPage) -> Any:
    driven.window.show(Scene(view, SCENES["home"].region_name, "12333"))
    return driven.router.screen


def _spoken(driven: DrivenWindow, words: str) -> Press:
    """What can be touched and is spoken so."""
    (found,) = (w for w in driven.router.screen.walk(restrict=True) if isinstance(w, Press) and w.spoken == words)
    return found


def only_who_holds_the_number_is_heard(driven: DrivenWindow) -> Iterator[None]:
    """A tap does nothing, nor a finger that wanders off; held for three seconds it is."""
    finger = Finger()
    for scene in ("attract", "out-of-service"):
        driven.window.show(SCENES[scene])
        yield
        (number,) = (w for w in driven.router.screen.walk(restrict=True) if isinstance(w, TerminalNumber))
        assert number.hold_s == HOLD_S
        number.hold_s = 600.0  # frames are slow on a busy machine
        finger.move(number)
        yield
        finger.down()
        yield
        assert number._due is not None
        finger.up()
        yield
        assert number._due is None, "a tap"
        finger.down()
        yield
        finger.move(number, dy=200)
        yield
        assert number._due is None, "a finger that wandered off"
        finger.up()
        yield
        assert driven.intents == []
    number.hold_s = HOLD_S
    finger.move(number)
    yield
    began = time.monotonic()
    finger.down()
    while not driven.intents and time.monotonic() < began + 10 * HOLD_S:
        yield
    assert driven.intents == [Way.HELD]
    assert time.monotonic() - began >= HOLD_S
    finger.up()
    yield
    assert driven.intents == [Way.HELD]


def live_values_lose_no_touch(driven: DrivenWindow) -> Iterator[None]:
    """Another value only changes the words: a finger that is down meanwhile still acts when it lets go."""
    finger = Finger()
    screen = _shown(driven, TechnicianPage(NETWORK))
    yield
    before = driven.pixels().tobytes()
    button = _spoken(driven, "再查一遍")
    finger.move(button)
    finger.down()
    yield
    first = dataclasses.replace(NETWORK.rows[0], value="enp3s0, 100 Mb/s", mark=Mark.WARNING)
    page = dataclasses.replace(NETWORK, rows=(first, *NETWORK.rows[1:]))
    assert _shown(driven, TechnicianPage(page)) is screen
    yield
    finger.up()
    yield
    assert driven.intents == [ActTouched("retry")]
    assert driven.pixels().tobytes() != before
    assert _shown(driven, TechnicianPage(page, waits=True)) is screen
    longer = dataclasses.replace(page, rows=(*page.rows, Row(page.title, "new")))
    assert _shown(driven, TechnicianPage(longer)) is not screen
    yield


def a_part_at_a_time_and_all_of_it(driven: DrivenWindow) -> Iterator[None]:
    """What is longer than the screen is turned to by large buttons, and every row stands on one part."""
    finger = Finger()
    screen = _shown(driven, TechnicianPage(LOGS))
    yield
    seen: list[int] = []
    for part in range(len(LOGS.rows)):
        assert screen.draft.part == part, "the button that was touched turns to the next"
        shown = [n for n, row in enumerate(screen.rows) if row.parent is not None]
        assert shown, "an empty part"
        seen += shown
        if screen.further.parent is None:
            break
        yield from rest()
        finger.tap(screen.further)
        yield
        yield
    assert seen == list(range(len(LOGS.rows)))
    last = screen.draft.part
    driven.prefer(Preferences(language="en"))
    yield
    assert driven.router.screen.draft.part == last, "another language stays on the same part"
    driven.prefer(Preferences())


def codes_are_dots_and_are_handed_over(driven: DrivenWindow) -> Iterator[None]:
    """Of a code only dots stand on the screen; what is missing is said; it is gone once it was handed over."""
    finger = Finger()
    view = SCENES["technician-entry-code"].view
    assert isinstance(view, TechnicianPage)
    screen = _shown(driven, view)
    yield
    finger.tap(screen.buttons[1])
    yield
    assert driven.intents == []
    assert screen._guide.text == "还有 1 项没填"
    yield from rest()
    for digit in "1357924":
        finger.tap(_spoken(driven, digit))
        yield
        yield
    assert screen.boxes["code"]._value.text == "●" * 6, "the seventh is too many"
    driven.prefer(Preferences(language="en"))
    yield
    screen = driven.router.screen
    assert screen.boxes["code"]._value.text == "●" * 6
    assert "135792" not in repr(screen.draft)
    yield from rest()
    finger.tap(screen.buttons[1])
    yield
    yield
    assert driven.intents == [Filled("admit_by_code", {"staff": "100200", "code": "135792"})]
    assert "135792" not in repr(driven.intents)
    assert screen.draft.texts["code"] == ""
    draft = screen.draft
    driven.prefer(Preferences())
    driven.window.show(SCENES["attract"])
    yield
    assert draft.texts == {}


def words_are_typed_in_both_cases(driven: DrivenWindow) -> Iterator[None]:
    """Addresses are typed on keys of our own, over what stood there."""
    finger = Finger()
    view = SCENES["technician-network-address"].view
    assert isinstance(view, TechnicianPage)
    screen = _shown(driven, view)
    yield
    for spoken in ("大写", "A", "小写", "b", "删除", ":", "/"):
        yield from rest()
        finger.tap(_spoken(driven, spoken))
        yield
        yield
    assert screen.draft.texts["url"] == "https://centre.exampleA:/"
    yield from rest()
    finger.tap(screen.boxes["port"])
    yield
    yield
    assert [w.spoken for w in screen.keys.walk(restrict=True) if isinstance(w, Press)][:3] == ["1", "2", "3"]
    yield from rest()
    finger.tap(screen.buttons[0])
    yield
    yield
    assert driven.intents == [Way.BACK]


def a_place_is_typed_by_sound_by_strokes_and_with_digits(driven: DrivenWindow) -> Iterator[None]:
    """What has not become a character yet is not handed over; in another language all of it stays."""
    finger = Finger()
    view = SCENES["technician-place"].view
    assert isinstance(view, TechnicianPage)
    screen = _shown(driven, view)
    yield
    for spoken in ("d", "a"):
        yield from rest()
        finger.tap(_spoken(driven, spoken))
        yield
        yield
    yield from rest()
    finger.tap(screen.buttons[1])
    yield
    yield
    assert (driven.intents, screen._guide.text) == ([], "还有没选成字的")
    driven.prefer(Preferences(language="en"))
    yield
    driven.prefer(Preferences())
    yield
    screen = driven.router.screen
    for spoken in ("大", "笔画", "一", "删除", "字母数字", "3"):
        yield from rest()
        finger.tap(_spoken(driven, spoken))
        yield
        yield
    yield from rest()
    finger.tap(screen.buttons[1])
    yield
    yield
    assert driven.intents == [Filled("take", {"place": "市人社局一楼大厅大3"})]
    driven.window.show(SCENES["attract"])
    yield
    assert screen.draft.chinese == {}


def squares_are_painted_until_none_is_left(driven: DrivenWindow) -> Iterator[None]:
    """Each square that the finger is told on counts once; with the last one the page comes to light."""
    finger = Finger()
    view = SCENES["technician-touch"].view
    assert isinstance(view, TechnicianPage)
    screen = _shown(driven, view)
    yield
    field = screen.cover
    all_of_them = field.left
    assert all_of_them > 100
    for aside in (-300, -300, 0):
        finger.move(field, dx=aside)
        finger.down()
        finger.up()
        yield
        yield
    assert field.left == all_of_them - 2
    across, down = field.grid()
    here = next(iter(screen.draft.painted))
    screen.draft.painted.update((column, row) for column in range(across) for row in range(down))
    screen.draft.painted.remove(here)
    assert field.left == 1
    driven.prefer(Preferences(language="en"))
    yield
    screen, field = driven.router.screen, driven.router.screen.cover
    assert field.left == 1, "what was painted stays through another language"
    wide, high = field.width / across, field.height / down
    finger.move(field, dx=(here[0] + 0.5) * wide - field.width / 2, dy=(here[1] + 0.5) * high - field.height / 2)
    finger.down()
    finger.up()
    yield
    yield
    assert screen.cover is None
    assert driven.intents == [], "painting touches nothing"
    driven.prefer(Preferences())


def colours_follow_each_other(driven: DrivenWindow) -> Iterator[None]:
    """Each fills the whole screen, and nothing under it is touched."""
    finger = Finger()
    view = SCENES["technician-colours"].view
    assert isinstance(view, TechnicianPage)
    screen = _shown(driven, view)
    yield
    button = screen.buttons[1]
    for colour in COLOURS:
        picture = driven.pixels()
        wanted = tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))
        assert {picture.getpixel(at) for at in ((2, 2), (500, 900), (picture.width - 3, picture.height - 3))} == {
            wanted
        }
        finger.tap(button)
        yield
        yield
    assert screen.cover is None
    assert driven.intents == []
    yield from rest()
    finger.tap(screen.acts[-1])
    yield
    yield
    assert screen.cover is not None, "and all of them once more"


def no_picture_stays(driven: DrivenWindow) -> Iterator[None]:
    """The live picture is shown while its page stands, and is black afterwards."""
    view = SCENES["technician-camera"].view
    assert isinstance(view, TechnicianPage)
    screen = _shown(driven, view)
    yield
    seen_by(driven.viewfinder)
    driven.quiet = 4
    yield
    mirror = screen.mirror
    assert mirror.drawn == 1
    texture = mirror._texture
    assert any(texture.pixels)
    driven.window.show(SCENES["home"])
    yield
    assert not any(texture.pixels[0::4])
    Clock.tick_draw()
