"""A Kivy window that does next to nothing: the floor beside which the terminal's window is measured."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.citizens import Eye
from simulators.screen import Box
from simulators.stand.stand import Stand


@contextmanager
def bare_window(program: str, stand: Stand, eye: Eye, drawn: Box, kivy_home: Path) -> Iterator[tuple[int, float]]:
    """The window on the stand's display, once the last one has gone; its process and the seconds to its first frame.

    :param program: Python source; its first argument is ``kivy_home``.
    :param drawn: where it shows something.
    :raises NeverSeen: the last window stays, or nothing is drawn.
    """
    eye.wait_until_black(drawn)
    begun = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-c", program, str(kivy_home)],
        env={**os.environ, "DISPLAY": stand.surroundings.display},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as window:
        try:
            yield window.pid, eye.when_not_black(drawn) - begun
        finally:
            window.kill()
