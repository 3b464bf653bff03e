"""The terminal's own X server: it can't be ended by keys, and nobody without its key sees or draws anything."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from Xlib.display import Display

from tests.lockdown.real_display import SETTINGS, Keyboard, RealDisplay, real_display
from tests.lockdown.sockets import listeners
from tests.lockdown.window_checks import ALT, BACKSPACE, CTRL

pytestmark = pytest.mark.window
NOBODY = 65534
LOOKS = """
import sys
from Xlib.display import Display
from Xlib.X import ZPixmap
try:
    screen = Display().screen()
    print(len(screen.root.get_image(0, 0, 9, 9, ZPixmap, 0xFFFFFFFF).data))
except Exception as refused:
    print(refused)
"""


def looks(display: RealDisplay, authority: Path, user: int | None = None) -> str:
    """What a program gets that wants to see the screen."""
    return subprocess.run(
        [sys.executable, "-c", LOOKS], check=True, capture_output=True, text=True, user=user, group=user,
        extra_groups=None if user is None else [],
        env={**os.environ, "DISPLAY": display.name, "XAUTHORITY": str(authority), "HOME": "/nonexistent"},
    ).stdout  # fmt: skip


@pytest.fixture
def entered_by_all() -> Iterator[Path]:
    """A folder that nobody is kept out of, so that a file's own mode shows."""
    place = Path(tempfile.mkdtemp(prefix="display-"))
    place.chmod(0o755)
    yield place
    shutil.rmtree(place)


def test_without_the_key_nobody_sees_the_screen(tmp_path: Path, entered_by_all: Path) -> None:
    with real_display(entered_by_all) as display:
        key = Path(display.environment["XAUTHORITY"])
        assert looks(display, key) == "324\n"
        stranger = tmp_path / "stranger"
        stranger.write_bytes(b"")
        for user in (None, NOBODY):
            assert "Authorization required" in looks(display, stranger, user), "a program without the key sees it"
        told = subprocess.run(["cat", display.authority], check=False, capture_output=True, user=NOBODY, group=NOBODY)
        assert (told.returncode, told.stdout) == (1, b""), "anybody reads the key"
        assert [str(one) for one in listeners([display.server.pid])] == [], "it takes calls from a network"


def test_no_client_may_type_or_record(tmp_path: Path) -> None:
    with real_display(tmp_path) as display, pytest.MonkeyPatch.context() as environment:
        environment.setenv("XAUTHORITY", display.environment["XAUTHORITY"])
        client = Display(display.name)
        assert client.query_extension("XInputExtension") is not None
        assert [name for name in ("XTEST", "RECORD", "DPMS") if client.query_extension(name) is not None] == []
        client.close()


@pytest.mark.parametrize("zaps", [False, True], ids=["as-installed", "without-DontZap"])
def test_no_key_ends_the_server(tmp_path: Path, zaps: bool) -> None:
    settings = tmp_path / "settings"
    shutil.copytree(SETTINGS, settings)
    if zaps:
        for file in settings.iterdir():
            file.write_text(file.read_text("utf-8").replace('"DontZap" "on"', '"DontZap" "off"'), "utf-8")
    with real_display(tmp_path, settings) as display, Keyboard(tmp_path / "keys") as keyboard:
        keyboard.press([CTRL, ALT, BACKSPACE])
        if zaps:
            assert display.server.wait(10) == 0, "the same keys would end it"
            return
        with pytest.raises(subprocess.TimeoutExpired):
            display.server.wait(1.0)
