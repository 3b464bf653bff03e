"""A virtual display of our own, and a window on it that a script can drive frame by frame."""

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from kiosk.journeys.views import Posted
from kiosk.runtime.viewfinder import Viewfinder
from kiosk.ui.settings import DisplaySettings, Preferences
from kiosk.ui.taps import TapGate
from kiosk.ui.window import TerminalWindow

ROOT: Final = Path(__file__).resolve().parent.parent.parent
ASSETS: Final = ROOT / "assets"


@contextlib.contextmanager
def virtual_display(width: int, height: int) -> Iterator[str]:
    """A private X server with one screen; gives its ``DISPLAY``."""
    with mortal_display(width, height) as (name, _):
        yield name


@contextlib.contextmanager
def mortal_display(width: int, height: int) -> "Iterator[tuple[str, subprocess.Popen[bytes]]]":
    """The same, and the server itself, for who wants to see it die."""
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp"],
        pass_fds=(writing,),
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as answer:
            number = answer.readline().strip()
        if not number:
            raise RuntimeError("Xvfb did not start; install it with: apt-get install xvfb")
        yield f":{number}", server
    finally:
        server.terminate()
        server.wait()


def settings_for(width: int, height: int, kivy_home: Path) -> DisplaySettings:
    """Settings of a window of this size, with this repository's assets."""
    return DisplaySettings(
        width=width, height=height, fullscreen=False, assets=ASSETS, kivy_home=kivy_home, fonts=ASSETS / "fonts"
    )


Script = Callable[["DrivenWindow"], Iterator[None]]
"""A script yields wherever it wants what it did to be on the screen: two frames later it goes on."""


class DrivenWindow:
    """A terminal window, what it reported, and its frames."""

    FRAMES: Final = 2
    """Frames until what was asked for is certainly on the screen; the first may have been under way."""

    def __init__(self, width: int, height: int) -> None:
        self.intents: list[Posted] = []
        self.activity: list[Preferences] = []
        self.viewfinder = Viewfinder()
        """Where a test puts what the camera would see."""
        self._home = tempfile.TemporaryDirectory()
        self.window: TerminalWindow = TerminalWindow(
            settings_for(width, height, Path(self._home.name)),
            on_intent=self.intents.append,
            on_activity=self.activity.append,
            look_through=self.viewfinder.take,
        )
        self.flips = 0
        self.quiet = 0
        """Ticks to let pass before the script goes on, in which nobody asks for a frame."""

    @property
    def router(self) -> Any:
        """The router, for tests that look inside."""
        return self.window._router

    def begin_anew(self) -> None:
        """Take away all that was shown, wished and touched, as in a window that was just opened."""
        router = self.router
        self.window.reset_preferences()
        router._close_still_there()
        if router.screen is not None:
            router.stage.remove_widget(router.screen)
        router.screen = router._scene = None
        router._taps = TapGate()
        self.viewfinder.clear()
        self.intents.clear()
        self.activity.clear()

    def prefer(self, preferences: Preferences) -> None:
        """Put preferences in place at once."""
        self.router.preferences = preferences
        self.router._redraw()

    def run(self, script: Script) -> None:
        """Run ``script`` to its end in the window's loop."""
        from kivy.core.window import Window  # noqa: PLC0415 - opens the window

        def flipped(*_: object) -> None:
            self.flips += 1

        Window.bind(on_flip=flipped)
        steps = script(self)
        waiting_from = -self.FRAMES

        def tick() -> None:
            nonlocal waiting_from
            if self.quiet:
                self.quiet -= 1
                return
            if self.flips < waiting_from + self.FRAMES:
                Window.canvas.ask_update()
                return
            try:
                next(steps)
            except StopIteration:
                self.window.stop()
                return
            waiting_from = self.flips if not self.quiet else -self.FRAMES
            if self.quiet:
                return
            Window.canvas.ask_update()

        self.window.run(tick)

    def pixels(self) -> Any:
        """The window's pixels as a Pillow picture."""
        from kivy.core.window import Window  # noqa: PLC0415 - opens the window
        from kivy.graphics.opengl import GL_RGB, GL_UNSIGNED_BYTE, glReadPixels  # noqa: PLC0415 - needs the window
        from PIL import Image  # noqa: PLC0415 - not wanted by every test

        width, height = Window.size
        raw = glReadPixels(0, 0, width, height, GL_RGB, GL_UNSIGNED_BYTE)
        return Image.frombytes("RGB", (width, height), bytes(raw)).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
