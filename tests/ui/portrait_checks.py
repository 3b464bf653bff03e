"""The mirror is a mirror, and no face stays on a screen that has been put away."""

import dataclasses
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
from kivy.graphics import SmoothRoundedRectangle

from kiosk.journeys.views import PortraitPreview
from kiosk.portrait.guidance import Instruction
from kiosk.runtime.viewfinder import Viewfinder
from kiosk.ui.settings import Preferences
from tests.ui.display import DrivenWindow
from tests.ui.scenes import SCENES

RED, GREEN, BLUE, GREY = (220, 30, 30), (30, 200, 30), (30, 30, 220), (128, 128, 128)
TICKS = 4


def seen_by(viewfinder: Viewfinder) -> Any:
    """A frame with a colour in each corner, as the sensor sees it; what was put."""
    pixels = np.empty((720, 600, 3), np.uint8)
    pixels[:360, :300], pixels[:360, 300:], pixels[360:, :300], pixels[360:, 300:] = RED, GREEN, BLUE, GREY
    viewfinder.put(pixels)
    return pixels


def corners(driven: DrivenWindow) -> list[tuple[int, int, int]]:
    """What stands in the mirror near its corners: upper left, upper right, lower left, lower right."""
    mirror, picture = driven.router.screen.mirror, driven.pixels()
    height = picture.height
    found = []
    across = min(mirror.width, mirror.height * 5 / 6)
    for y in (0.9, 0.1):
        for x in (-0.45, 0.45):
            at = (round(mirror.center_x + x * across), round(height - mirror.y - y * mirror.height))
            found.append(picture.getpixel(at))
    return found


def it_is_a_mirror(driven: DrivenWindow) -> Iterator[None]:
    """What is left of the sensor's picture is right on the screen, and above stays above."""
    driven.window.show(SCENES["portrait-preview"])
    yield
    seen_by(driven.viewfinder)
    driven.quiet = TICKS
    yield
    yield
    assert driven.router.screen.mirror.drawn == 1
    assert corners(driven) == [GREEN, RED, GREY, BLUE]


def nothing_is_drawn_under_a_picture(driven: DrivenWindow) -> Iterator[None]:
    """The ground stands while no picture has come, and again on the next visit; with a picture there is none."""

    def grounds() -> int:
        return sum(isinstance(part, SmoothRoundedRectangle) for part in driven.router.screen.mirror.canvas.children)

    for _ in range(2):
        driven.window.show(SCENES["portrait-preview"])
        yield
        assert grounds() == 1
        seen_by(driven.viewfinder)
        driven.quiet = TICKS
        yield
        yield
        assert driven.router.screen.mirror.drawn == 1
        assert grounds() == 0
        driven.window.show(SCENES["home"])
        yield


def an_instruction_changes_words_and_ring_alone(driven: DrivenWindow) -> Iterator[None]:
    """The screen is not rebuilt for each of them, and pictures go on."""
    scene = SCENES["portrait-preview"]
    view = scene.view
    assert isinstance(view, PortraitPreview)
    driven.window.show(scene)
    yield
    screen, before = driven.router.screen, driven.pixels().tobytes()
    told = dataclasses.replace(view, instruction=Instruction.MOVE_LEFT, held=0.3)
    driven.window.show(dataclasses.replace(scene, view=told))
    yield
    assert driven.router.screen is screen
    assert driven.pixels().tobytes() != before
    seen_by(driven.viewfinder)
    driven.quiet = TICKS
    yield
    assert screen.mirror.drawn == 1


def no_is_as_large_as_yes(driven: DrivenWindow) -> Iterator[None]:
    """Both answers to the question for consent have one size, in every language and size of type."""
    for name in ("portrait-consent", "portrait-consent-child"):
        driven.window.show(SCENES[name])
        for language, large in itertools.product(("zh", "en"), (False, True)):
            driven.prefer(Preferences(language=language, large=large))
            no, yes = driven.router.screen.buttons
            assert no.size == yes.size, (name, language, large, no.size, yes.size)
            yield


def nobody_decides_about_a_picture_that_is_not_there(driven: DrivenWindow) -> Iterator[None]:
    """The finished portrait stands beside its buttons, larger than a matchbox, in every language and size of type."""
    for name in ("portrait-proof", "portrait-proof-last"):
        driven.window.show(SCENES[name])
        for language, large in itertools.product(("zh", "en"), (False, True)):
            driven.prefer(Preferences(language=language, large=large))
            yield
            screen = driven.router.screen
            assert min(screen.illustration.size) >= 300, (name, language, large, screen.illustration.size)
            for other in (*screen.buttons, *screen.tools):
                assert not screen.illustration.collide_widget(other), (name, language, large, other.text)


def no_face_stays(driven: DrivenWindow) -> Iterator[None]:
    """Another screen: nobody takes pictures any more, and what was drawn is blackened."""
    driven.window.show(SCENES["portrait-preview"])
    yield
    seen_by(driven.viewfinder)
    driven.quiet = TICKS
    yield
    mirror = driven.router.screen.mirror
    texture = mirror._texture
    assert any(texture.pixels)
    driven.window.show(SCENES["portrait-proof"])
    yield
    seen_by(driven.viewfinder)
    driven.quiet = TICKS
    yield
    assert mirror.drawn == 1
    assert not any(texture.pixels[0::4])
    proof = driven.router.screen.illustration._texture
    driven.window.show(SCENES["home"])
    yield
    assert not any(proof.pixels[0::4])
