"""What must hold for every screen in every look. Numbers are those of docs/ux-rules.md, typed by hand."""

import itertools
import os
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any, Final

import segno
from kivy.clock import Clock

from kiosk.ui.name_input import Way
from kiosk.ui.settings import Preferences
from kiosk.ui.theme import Shape
from kiosk.ui.typesetting import unbreakable
from kiosk.ui.widgets.press import Press, PushButton
from kiosk.ui.widgets.text import Text
from tests.ui.display import DrivenWindow
from tests.ui.in_window import SHARE, SHARES
from tests.ui.scenes import SCENES

NORMAL_SIZES = {32, 40, 48, 56, 64, 88}
LARGE_SIZES = {40, 52, 60, 72, 80, 96}
LEAST_TARGET = 81
LEAST_PRIMARY = 120
LEAST_GAP = 24
SHEETS = ((1080, 1920), (1920, 1080))
REACH = {(1080, 1920): 1694, (1920, 1080): 1080}
"""Nothing is touched above this height, counted from the lower edge: 226 px below the upper in portrait."""
_BETWEEN_FRAMES: Final = 6
"""Scenes; a frame takes as long as two looks at a screen, and lets go of what was drawn for those that are gone."""
_LINES: Final = 1000
"""Drawn ones that are kept: those of a few screens, some 100 kB each."""
TOO_MUCH_FOR_LARGE = {
    "slip-banks",
    "slip-banks-on-paper",
    "finding-longest",
    "number-entry-phone",
    "activation-read-back",
    "order-beijing-5",
    "order-qingdao-2",
    "order-proxy-3",
    "card-preview-longest",
    "new-card-retained-slip",
    "application-waits-slip",
}
"""The lines of seven banks in English, a place in two parts with its source, an address as long as ID cards have them,
in English on a lying screen a keypad above three buttons, on a lying screen what is read back of an order above its
warning, a card with a name of fifty letters, a slip with a place of thirty characters, and the slip of what waits here,
which says when it goes, what is kept and what comes after, fall back to the normal size (see docs/ux-rules.md)."""


def a_share_of_the_screens_fits(driven: DrivenWindow) -> Iterator[None]:
    """All rules of geometry, for every scene of the share, language and size, and low mode."""
    router = driven.router
    sizes: dict[bool, set[int]] = {False: set(), True: set()}
    wrong: list[str] = []
    typed = {f"name-entry {way.value}": SCENES["name-entry"] for way in Way}
    scenes = [*SCENES.items(), *typed.items(), ("help", SCENES["home"])]
    lows = (False, True) if router.stage.shape is Shape.PORTRAIT else (False,)
    looks = list(itertools.product(("zh", "en"), (False, True), lows))
    segno.make = cache(segno.make)  # what a code holds is the same in every look, and takes as long as the screen
    typeface = router._typeface  # the same lines stand in most looks; a terminal forgets them, a test need not
    typeface.width, typeface.draw = cache(typeface.width), lru_cache(_LINES)(typeface.draw)
    for number, (name, scene) in enumerate(scenes[int(os.environ[SHARE]) :: SHARES]):
        driven.window.show(SCENES["attract"])
        for language, large, low in looks:
            router.preferences = Preferences(language=language, large=large, low=low)
            if router._scene is scene:
                router._redraw()
            else:
                driven.window.show(scene)
                if name in typed:
                    _type(router.screen, Way(name.split()[1]))
            if name == "help":
                router._open_help()
            Clock.tick_draw()  # everything is arranged, nothing need be drawn
            where = f"{name} {language} {'large' if large else 'normal'} {'low' if low else ''}: "
            found = list(_faults(router))
            fell_back = large and router.screen.look.sizes.body != 52
            if fell_back and name not in TOO_MUCH_FOR_LARGE:
                found.append("fell back to the normal size")
            wrong += [where + fault for fault in found]
            if not fell_back:
                sizes[large] |= {text.font_size for text in _texts(router.stage)}
        router._close_help()
        if number % _BETWEEN_FRAMES == 0:
            yield
    yield
    del typeface.width, typeface.draw
    assert not wrong, "\n".join(wrong)
    assert sizes[False] <= NORMAL_SIZES, sizes
    assert sizes[True] <= LARGE_SIZES, sizes


def every_size_is_seen(driven: DrivenWindow) -> Iterator[None]:
    """No size of the rulebook is there for nothing: these few scenes have them all."""
    for large, wanted in ((False, NORMAL_SIZES), (True, LARGE_SIZES)):
        seen: set[int] = set()
        for name in ("attract", "home-lost", "result-first-page", "slip", "number-entry", "take-card"):
            driven.window.show(SCENES[name])
            driven.prefer(Preferences(large=large))
            seen |= {text.font_size for text in _texts(driven.router.stage)}
        assert seen == wanted, seen
    yield


def _type(screen: Any, way: Way) -> None:
    """Fill a name's screen: a name of two lines, and in each way what it takes to have candidates."""
    screen._choose_way(way)
    screen.draft.name = "ANNA MARGARETA LINDSTROEM OF UPPSALA" if way is Way.LETTERS else "阿不都热合曼·吾布力喀斯木"
    for key in {Way.SOUND: "zhuang", Way.STROKES: "hsz", Way.LETTERS: "X"}[way]:
        screen.draft.press(key)
    screen.show_draft()


def _texts(root: Any) -> list[Text]:
    return [widget for widget in root.walk(restrict=True) if isinstance(widget, Text) and widget.text]


def _faults(router: Any) -> Iterator[str]:
    sheet = router.stage.shape.value
    if router.screen.overflow:
        yield f"body lacks {router.screen.overflow} px"
    for text in _texts(router.stage):
        yield from _text_faults(text, sheet)
    layers = [
        router.screen,
        *([router.help] if router.help else []),
        *([router.still_there] if router.still_there else []),
    ]
    for layer in layers:
        targets = [widget for widget in layer.walk(restrict=True) if isinstance(widget, Press)]
        if not targets and layer is not router.screen:
            yield "an overlay without a way out"
        for target in targets:
            yield from _target_faults(target, sheet)
        for one, other in itertools.combinations(targets, 2):
            if _gap(one, other) < LEAST_GAP:
                yield f"{one.spoken!r} and {other.spoken!r} are {_gap(one, other)} px apart"
    body, bar = router.screen.body, router.screen.bar
    floor = max([bar.top, *(b.top for b in router.screen.buttons if b.x < body.right and b.right > body.x)])
    if body.y < floor - 1:
        yield f"the body reaches {floor - body.y} px under the buttons"


def _text_faults(text: Text, sheet: tuple[int, int]) -> Iterator[str]:
    look, size = text.look, text.font_size

    def measure(piece: str) -> float:
        return float(look.typeface.width(piece, size, bold=text.bold))

    for content in {text.text, text.reserve} - {""}:
        if text.height_for(text.width) > text.height + 1:
            yield f"{content!r} needs {text.height_for(text.width)} px of height and has {text.height}"
        widest = max(measure(piece.rstrip()) for piece in unbreakable(content) if piece.strip())
        if widest > text.width + 1:
            yield f"{content!r} has a word of {widest} px in a box of {text.width}"
    if "".join(text.lines).replace(" ", "") != text.text.replace("\n", "").replace(" ", ""):
        yield f"{text.text!r} is drawn as {text.lines}"
    if any(measure(line) > text.width + 1 for line in text.lines):
        yield f"{text.text!r} sticks out"
    if text.x < 0 or text.y < 0 or text.right > sheet[0] or text.top > sheet[1]:
        yield f"{text.text!r} leaves the sheet"
    if look.typeface.line_height(size) < 1.3 * size:
        yield f"{text.text!r} has tight lines"
    if "〔U+" in "".join(piece for _, piece in look.typeface._fonts.runs(text.text.replace("\n", ""))):
        yield f"{text.text!r} has a character without a glyph"


def _target_faults(target: Press, sheet: tuple[int, int]) -> Iterator[str]:
    if not target.spoken:
        yield f"{target} has nothing to be spoken"
    if min(target.size) < LEAST_TARGET:
        yield f"{target.spoken!r} is {target.size}"
    if isinstance(target, PushButton) and target.emphasis == "primary" and target.height < LEAST_PRIMARY:
        yield f"{target.spoken!r} is {target.height} px high"
    if target.top > REACH[sheet]:
        yield f"{target.spoken!r} is out of reach at {target.top}"
    if target.x < 0 or target.y < 0 or target.right > sheet[0]:
        yield f"{target.spoken!r} leaves the sheet"


def _gap(one: Any, other: Any) -> float:
    """Distance between two boxes; negative where they overlap."""
    across = max(one.x, other.x) - min(one.right, other.right)
    down = max(one.y, other.y) - min(one.top, other.top)
    return float(max(across, down))


def a_cut_label_is_found(driven: DrivenWindow) -> Iterator[None]:
    """The faults above are really found: each is planted once."""
    router = driven.router
    driven.window.show(SCENES["home"])
    yield
    assert not (found := list(_faults(router))), found
    button = router.screen.buttons[0]
    label = next(text for text in _texts(button))
    label.width = 20
    assert any("has a word of" in fault for fault in _faults(router))
    yield
    driven.window.show(SCENES["insert-card"])
    yield
    button = router.screen.buttons[0]
    before = tuple(button.size), tuple(button.pos)
    for change, expected in (
        ({"height": 80}, "is ["),
        ({"top": 1700}, "out of reach"),
        ({"spoken": ""}, "nothing to be spoken"),
        ({"y": router.screen.tools[0].top + 10}, "px apart"),
    ):
        for attribute, value in change.items():
            setattr(button, attribute, value)
        assert any(expected in fault for fault in _faults(router)), expected
        button.size, button.pos, button.spoken = *before, "x"
    yield
