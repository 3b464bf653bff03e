"""The window on the terminal's own X server, with the settings that are installed."""

from collections.abc import Iterator

import pytest

from tests.lockdown.real_display import HEIGHT, WIDTH, RealDisplay, real_display
from tests.ui.in_window import on_display

pytestmark = pytest.mark.window


@pytest.fixture(scope="module")
def display(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealDisplay]:
    with real_display(tmp_path_factory.mktemp("display")) as running:
        yield running


def test_two_fingers_ten_a_mouse_and_a_keyboard(display: RealDisplay) -> None:
    on_display("tests.lockdown.window_checks:hands_at_the_window", WIDTH, HEIGHT, display.environment)
    assert display.server.poll() is None, "the keys ended the server"
