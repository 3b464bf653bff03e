"""When the window draws, and when it does not."""

import dataclasses
import os
from collections.abc import Iterator

from kiosk.journeys.views import PinEntry, StillThere
from kiosk.ui.rasteriser import LESS, drawing_threads
from tests.ui.display import DrivenWindow
from tests.ui.scenes import HOTLINE, REGION, SCENES

TICKS = 12


def same_scene_draws_nothing(driven: DrivenWindow) -> Iterator[None]:
    """Idle and repeated scenes cost no frame; a new one does."""
    driven.window.show(SCENES["home"])
    yield
    driven.quiet = TICKS
    yield
    before = driven.flips
    driven.quiet = TICKS
    yield
    assert driven.flips == before, "an idle screen was drawn"
    driven.window.show(dataclasses.replace(SCENES["home"]))
    driven.quiet = TICKS
    yield
    assert driven.flips == before, "the same scene was drawn again"
    driven.window.show(SCENES["insert-card"])
    driven.quiet = TICKS
    yield
    assert driven.flips > before


def the_first_scene_is_told_when_it_stands(driven: DrivenWindow) -> Iterator[None]:
    """Frames before it, and the moment when it is only asked for, count for nothing."""
    yield
    assert driven.flips > 0
    assert not driven.window.is_drawn, "an empty frame is no screen"
    driven.window.show(SCENES["attract"])
    assert not driven.window.is_drawn, "it is asked for and not drawn yet"
    yield
    assert driven.window.is_drawn


def a_digit_moves_only_the_dots(driven: DrivenWindow) -> Iterator[None]:
    """The PIN screen is not rebuilt for each digit, and the pixels change."""
    scene = SCENES["pin-entry"]
    view = scene.view
    assert isinstance(view, PinEntry)
    driven.window.show(scene)
    yield
    screen, before = driven.router.screen, driven.pixels().tobytes()
    driven.window.show(dataclasses.replace(scene, view=dataclasses.replace(view, typed=4)))
    yield
    assert driven.router.screen is screen
    assert driven.pixels().tobytes() != before
    driven.window.show(SCENES["pin-entry-wrong"])
    yield
    assert driven.router.screen is not screen


def a_second_moves_only_the_countdown(driven: DrivenWindow) -> Iterator[None]:
    """The idle warning counts without a rebuild and goes away with its scene."""
    scene = SCENES["still-there"]
    driven.window.show(scene)
    yield
    screen, overlay = driven.router.screen, driven.router.still_there
    driven.window.show(dataclasses.replace(scene, still_there=StillThere(23)))
    yield
    assert driven.router.still_there is overlay
    assert "23" in overlay._seconds.text
    driven.window.show(dataclasses.replace(scene, still_there=None))
    yield
    assert driven.router.screen is screen
    assert driven.router.still_there is None
    assert (scene.region_name, scene.hotline) == (REGION, HOTLINE)


def drawing_gives_way(_driven: DrivenWindow) -> Iterator[None]:
    """With no graphics chip here, Mesa's threads draw; each of them comes after the process's own."""
    yield
    threads = drawing_threads()
    assert threads
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    assert {os.getpriority(os.PRIO_PROCESS, thread) for thread in threads} == {min(19, ours + LESS)}
