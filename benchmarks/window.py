"""The window: cold start beside a bare Kivy window, memory, and what it costs while nobody is there.

Run by ``python -m benchmarks.window [--quick]``; it opens a virtual display of its own.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tests.ui.display import ROOT, DrivenWindow, virtual_display
from tests.ui.scenes import SCENES

SIZE: Final = (1080, 1920)

_BARE: Final = """
import os, sys, tempfile
os.environ.update(KIVY_HOME=tempfile.mkdtemp(), KIVY_NO_ARGS="1", KIVY_NO_FILELOG="1", KIVY_NO_CONSOLELOG="1")
from kivy.config import Config
Config.set("graphics", "multisamples", "0")
Config.set("graphics", "width", "1080")
Config.set("graphics", "height", "1920")
from kivy.base import runTouchApp, stopTouchApp
from kivy.core.window import Window
from kivy.uix.label import Label
Window.bind(on_flip=lambda *_: stopTouchApp())
runTouchApp(Label(text="hello"))
"""


def run(*, quick: bool) -> dict[str, Any]:
    """Seconds to the first frame (medians), resident MB, share of one core while idle, milliseconds."""
    rounds = 1 if quick else 3
    with virtual_display(*SIZE) as display:
        environment = {**os.environ, "DISPLAY": display}

        def seconds(*command: str) -> float:
            began = time.monotonic()
            subprocess.run([sys.executable, *command], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
            return time.monotonic() - began

        pairs = [
            (seconds("-c", _BARE), seconds("-m", "benchmarks.window", "--inside", "first-frame")) for _ in range(rounds)
        ]
        measured = subprocess.run(
            [sys.executable, "-m", "benchmarks.window", "--inside", "measure", *(["--quick"] if quick else [])],
            cwd=ROOT,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
    return {
        "rounds": rounds,
        "bare_kivy_first_frame_s": round(statistics.median(bare for bare, _ in pairs), 3),
        "first_frame_s": round(statistics.median(ours for _, ours in pairs), 3),
        **json.loads(measured.stdout),
    }


def _first_frame() -> None:
    from kiosk.ui.window import TerminalWindow  # noqa: PLC0415 - counted in the start, as in the terminal's own
    from tests.ui.display import settings_for  # noqa: PLC0415 - likewise

    window = TerminalWindow(
        settings_for(*SIZE, Path(tempfile.mkdtemp())), on_intent=lambda _: None, on_activity=lambda _: None
    )
    from kivy.core.window import Window  # noqa: PLC0415 - opens the window

    window.show(SCENES["attract"])
    Window.bind(on_flip=lambda *_: window.stop())
    window.run(lambda: None)


def _measure(*, quick: bool) -> dict[str, float]:
    found: dict[str, float] = {}

    def script(driven: DrivenWindow) -> Iterator[None]:
        driven.window.show(SCENES["attract"])
        yield
        found["resident_after_start_mb"] = _resident_mb()
        idle = 3.0 if quick else 10.0
        cpu, began = time.process_time(), time.monotonic()
        while time.monotonic() < began + idle:
            driven.quiet = 10
            yield
        found["idle_cpu_share"] = round((time.process_time() - cpu) / (time.monotonic() - began), 4)
        changes = []
        for scene in SCENES.values():
            before = time.monotonic()
            driven.window.show(scene)
            changes.append(time.monotonic() - before)
            yield
        found["screen_built_median_ms"] = round(statistics.median(changes) * 1000, 1)
        found["screen_built_worst_ms"] = round(max(changes) * 1000, 1)
        found["resident_after_every_screen_mb"] = _resident_mb()

    DrivenWindow(*SIZE).run(script)
    return found


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--inside", choices=["first-frame", "measure"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.inside == "first-frame":
        _first_frame()
    elif arguments.inside == "measure":
        print(json.dumps(_measure(quick=arguments.quick)))
    else:
        print(json.dumps(run(quick=arguments.quick), indent=2))


if __name__ == "__main__":
    main()
