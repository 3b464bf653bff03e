"""Checks in real windows: one of each size, in a process and on a display of its own, that begins anew for each."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.shipped_handbooks import KEYS
from tests.ui.display import ROOT
from tests.ui.in_window import SHARE, SHARES, Windows, in_window

pytestmark = pytest.mark.window
PORTRAIT, LANDSCAPE, HALF = (1080, 1920), (1920, 1080), (540, 960)


@pytest.fixture(scope="module")
def windows() -> Iterator[Windows]:
    with Windows() as windows:
        yield windows


@pytest.mark.timeout(1000)
@pytest.mark.parametrize("size", [PORTRAIT, LANDSCAPE], ids=["portrait", "landscape"])
@pytest.mark.parametrize("share", range(SHARES))
def test_every_screen_fits(windows: Windows, share: int, size: tuple[int, int]) -> None:
    windows.run("layout_checks:a_share_of_the_screens_fits", *size, {SHARE: str(share)})


def test_every_size_is_seen(windows: Windows) -> None:
    windows.run("layout_checks:every_size_is_seen", *PORTRAIT)


@pytest.mark.parametrize("size", [PORTRAIT, LANDSCAPE], ids=["portrait", "landscape"])
@pytest.mark.parametrize("key", KEYS)
def test_every_page_of_every_handbook_fits(windows: Windows, key: str, size: tuple[int, int]) -> None:
    windows.run("handbook_checks:every_page_fits", *size, {"HANDBOOK": key})


def test_a_cut_label_is_found(windows: Windows) -> None:
    windows.run("layout_checks:a_cut_label_is_found", *PORTRAIT)


@pytest.mark.parametrize(
    "check",
    [
        "acts_on_release_inside",
        "second_tap_is_not_heard",
        "a_screen_that_is_gone_does_not_act",
        "keys_open_nothing",
        "personal_is_whole_only_while_held",
        "preferences_change_the_same_screen",
        "overlays_cover_what_is_below",
    ],
)
def test_touch(windows: Windows, check: str) -> None:
    windows.run(f"touch_checks:{check}", *PORTRAIT)


@pytest.mark.parametrize(
    "check",
    [
        "a_whole_number",
        "a_name",
        "a_search",
        "what_is_typed_stays",
        "a_second_wrong_number_is_told_too",
        "what_was_typed_goes_with_its_question",
    ],
)
def test_typing(windows: Windows, check: str) -> None:
    windows.run(f"typing_checks:{check}", *PORTRAIT)


@pytest.mark.parametrize("size", [PORTRAIT, LANDSCAPE], ids=["portrait", "landscape"])
def test_codes(windows: Windows, size: tuple[int, int]) -> None:
    windows.run("code_checks:codes_are_read_back", *size)


def test_a_code_has_its_size_and_quiet_zone(windows: Windows) -> None:
    windows.run("code_checks:a_code_has_its_size_and_quiet_zone", *PORTRAIT)


def test_touch_when_scaled(windows: Windows) -> None:
    windows.run("touch_checks:works_when_scaled", *HALF)


@pytest.mark.parametrize(
    "check",
    [
        "same_scene_draws_nothing",
        "a_digit_moves_only_the_dots",
        "a_second_moves_only_the_countdown",
        "drawing_gives_way",
    ],
)
def test_drawing(windows: Windows, check: str) -> None:
    windows.run(f"drawing_checks:{check}", *PORTRAIT)


def test_the_first_scene_is_told_when_it_stands() -> None:
    in_window("drawing_checks:the_first_scene_is_told_when_it_stands", *PORTRAIT)


@pytest.mark.parametrize(
    "check",
    [
        "it_is_a_mirror",
        "nothing_is_drawn_under_a_picture",
        "an_instruction_changes_words_and_ring_alone",
        "no_face_stays",
    ],
)
def test_portrait(windows: Windows, check: str) -> None:
    windows.run(f"portrait_checks:{check}", *PORTRAIT)


@pytest.mark.parametrize("size", [PORTRAIT, LANDSCAPE], ids=["portrait", "landscape"])
@pytest.mark.parametrize("check", ["no_is_as_large_as_yes", "nobody_decides_about_a_picture_that_is_not_there"])
def test_portrait_in_both_shapes(windows: Windows, check: str, size: tuple[int, int]) -> None:
    windows.run(f"portrait_checks:{check}", *size)


@pytest.mark.parametrize(
    "check",
    [
        "the_card_is_whole_only_while_held",
        "no_card_stays",
        "a_second_moves_only_the_time",
        "a_step_moves_only_the_signs",
    ],
)
def test_new_card(windows: Windows, check: str) -> None:
    windows.run(f"new_card_checks:{check}", *PORTRAIT)


@pytest.mark.parametrize("size", [PORTRAIT, LANDSCAPE], ids=["portrait", "landscape"])
@pytest.mark.parametrize("check", ["the_card_is_there_in_every_look", "no_answer_goes_first", "the_code_pays"])
def test_new_card_in_both_shapes(windows: Windows, check: str, size: tuple[int, int]) -> None:
    windows.run(f"new_card_checks:{check}", *size)


@pytest.mark.parametrize("size", [PORTRAIT, LANDSCAPE], ids=["portrait", "landscape"])
def test_a_technicians_pages(windows: Windows, size: tuple[int, int]) -> None:
    windows.run("technician_checks:every_check", *size)


def test_a_failing_check_fails(windows: Windows) -> None:
    with pytest.raises(AssertionError, match="has no attribute"):
        windows.run("drawing_checks:there_is_no_such_check", *HALF)


def test_importing_the_window_imports_no_kivy() -> None:
    program = "import sys, kiosk.ui.window; sys.exit('kivy' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
