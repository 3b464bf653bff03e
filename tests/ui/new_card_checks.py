"""The screens of a new card: nothing personal by default, nothing left behind, and what moves moves alone."""

import dataclasses
import itertools
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np

from kiosk.journeys import new_card
from kiosk.journeys.views import FeeCode, Making
from kiosk.ui.settings import Preferences
from kiosk.ui.widgets.press import EyeButton
from kiosk.ui.widgets.qr_code import QrCode
from tests.ui.display import DrivenWindow
from tests.ui.scenes import RARE_NAME, SCENES
from tests.ui.touch_checks import Finger

TICKS = 4


def within(driven: DrivenWindow, widget: Any) -> bytes:
    """The pixels of a widget's box."""
    picture = driven.pixels()
    box = (widget.x, picture.height - widget.top, widget.right, picture.height - widget.y)
    return bytes(picture.crop(tuple(map(round, box))).tobytes())


def the_card_is_whole_only_while_held(driven: DrivenWindow) -> Iterator[None]:
    """Either eye shows the whole card beside its own fact; let go of, both are masked again."""
    finger, router = Finger(), driven.router
    driven.window.show(SCENES["card-preview"])
    yield
    eyes = [widget for widget in router.screen.walk(restrict=True) if isinstance(widget, EyeButton)]
    assert len(eyes) == 2
    card = router.screen.card
    masked = within(driven, card)
    for eye in eyes:
        finger.move(eye)
        finger.down()
        yield
        yield
        assert card.whole
        assert within(driven, card) != masked
        finger.up()
        yield
        yield
        assert not card.whole
        assert within(driven, card) == masked
    assert eyes[0].reveal.__self__.value.reserve == RARE_NAME


def the_card_is_there_in_every_look(driven: DrivenWindow) -> Iterator[None]:
    """Large enough to see the face on it: no smaller than a real one, 345 px wide on the panel."""
    for name in ("card-preview", "card-preview-longest"):
        driven.window.show(SCENES[name])
        for language, large, low in itertools.product(("zh", "en"), (False, True), (False, True)):
            driven.prefer(Preferences(language=language, large=large, low=low))
            yield
            card = driven.router.screen.card
            assert min(card.width, card.height * 85.60 / 53.98) >= 345, (name, language, large, low, card.size)
            assert card.height <= card.width


def no_card_stays(driven: DrivenWindow) -> Iterator[None]:
    """Another screen, or another look of the same: what was drawn is overwritten."""
    driven.window.show(SCENES["card-preview"])
    yield
    first = driven.router.screen.card._textures
    assert len(first) == 2
    assert all(any(texture.pixels) for texture in first)
    driven.prefer(Preferences(language="en"))
    yield
    second = driven.router.screen.card._textures
    assert not any(any(texture.pixels) for texture in first)
    driven.window.show(SCENES["home"])
    yield
    assert not any(any(texture.pixels) for texture in second)


def no_answer_goes_first(driven: DrivenWindow) -> Iterator[None]:
    """Wrong is as large as right, in every language and size."""
    driven.window.show(SCENES["card-preview"])
    for language, large in itertools.product(("zh", "en"), (False, True)):
        driven.prefer(Preferences(language=language, large=large))
        wrong, right = driven.router.screen.buttons
        assert wrong.size == right.size, (language, large, wrong.size, right.size)
        assert wrong.emphasis == right.emphasis == "plain"
        yield


def the_code_pays(driven: DrivenWindow) -> Iterator[None]:
    """Read back from the screen as a telephone does; and there is none once nobody can pay by it."""
    for language, contrast, large in itertools.product(("zh", "en"), (False, True), (False, True)):
        driven.prefer(Preferences(language=language, high_contrast=contrast, large=large))
        scene = SCENES["fee-code"]
        driven.window.show(scene)
        yield
        (code,) = (widget for widget in driven.router.screen.walk(restrict=True) if isinstance(widget, QrCode))
        grey = np.asarray(driven.pixels().convert("L"))
        height = grey.shape[0]
        cut = grey[round(height - code.top) : round(height - code.y), round(code.x) : round(code.right)]
        text, _, _ = cv2.QRCodeDetectorAruco().detectAndDecode(np.ascontiguousarray(cut))
        assert isinstance(scene.view, FeeCode)
        assert text == scene.view.code_url, (language, contrast, large)
        for ended in ("fee-paid", "fee-closed"):
            driven.window.show(SCENES[ended])
            assert not [one for one in driven.router.screen.walk(restrict=True) if isinstance(one, QrCode)]


def a_second_moves_only_the_time(driven: DrivenWindow) -> Iterator[None]:
    """The payment's screen is not rebuilt for each second; paid, it is another one."""
    scene = SCENES["fee-code"]
    view = scene.view
    assert isinstance(view, FeeCode)
    driven.window.show(scene)
    yield
    screen, before = driven.router.screen, driven.pixels().tobytes()
    driven.window.show(dataclasses.replace(scene, view=dataclasses.replace(view, left=new_card._left(59))))
    yield
    assert driven.router.screen is screen
    assert "59" in screen.time_left.text
    assert driven.pixels().tobytes() != before
    driven.window.show(SCENES["fee-paid"])
    yield
    assert driven.router.screen is not screen


def a_step_moves_only_the_signs(driven: DrivenWindow) -> Iterator[None]:
    """From step to step the time goes on; each step that is done is ticked."""
    scene = SCENES["making-face"]
    view = scene.view
    assert isinstance(view, Making)
    driven.window.show(scene)
    yield
    screen = driven.router.screen
    assert [step._sign.name for step in screen.steps] == ["tick", "tick", "right", ""]
    driven.window.show(dataclasses.replace(scene, view=dataclasses.replace(view, now=3)))
    driven.quiet = TICKS
    yield
    assert driven.router.screen is screen
    assert [step._sign.name for step in screen.steps] == ["tick", "tick", "tick", "right"]
    assert [step._words.bold for step in screen.steps] == [False, False, False, True]
    driven.window.show(dataclasses.replace(scene, view=dataclasses.replace(view, now=4)))
    driven.quiet = TICKS
    yield
    assert [step._sign.name for step in screen.steps] == ["tick"] * 4
