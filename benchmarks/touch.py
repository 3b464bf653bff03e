"""From a finger to a changed picture, seen from outside: X test touches, the eye takes the display's shared memory.

The real terminal on the whole stand, walked from screen to screen without a card. A finger comes down, stays until the
button shows it and 80 ms at least, and lifts; then the next screen comes. The eye looks at the button's words, and
after that at the head of the display, which no two screens have alike and no button touches, every few milliseconds,
and compares with what stood there before. The floor is a bare Kivy window on the same display whose one button changes
its colour, pressed before and after the walk; and the eye's own time for a look.
Run by ``python -m benchmarks.touch [--quick]``.
"""

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.bare_window import bare_window
from benchmarks.citizens import Eye, NeverSeen, Pixels
from benchmarks.figures import Figure, report
from simulators.screen import Box, NotSeen
from simulators.stand.stand import Stand, StandSettings

HEAD: Final = Box(60, 160, 640, 120)
"""A look at the whole display would cost a core that the terminal needs."""
AT_MOST_MS: Final = 100
_WALK: Final = ("点这里开始", "English", "中文", "查我的卡", "不办了")
"""What is touched, in this order, from the attract screen on."""
_BACK: Final = ("点这里开始", "好的", "退出")
_PATIENCE_S: Final = 20.0
_BETWEEN_LOOKS_S: Final = 0.002
_FINGER_S: Final = 0.08
"""How long a tap rests at least."""
_HAND_S: Final = 0.5
"""A finger's way to the next button; the screen takes a quicker second tap for trembling (kiosk/ui/taps.py)."""
_BARE_BUTTON: Final = Box(340, 900, 400, 120)
_BARE: Final = """
import os, sys
os.environ.update(KIVY_HOME=sys.argv[1], KIVY_NO_ARGS="1", KIVY_NO_FILELOG="1", KIVY_NO_CONSOLELOG="1")
from kivy.config import Config
for name, value in (("multisamples", "0"), ("width", "1080"), ("height", "1920"), ("maxfps", "60")):
    Config.set("graphics", name, value)
Config.set("input", "mouse", "mouse,disable_multitouch")
from kivy.base import runTouchApp
from kivy.uix.button import Button
from kivy.uix.floatlayout import FloatLayout
layout = FloatLayout()
layout.add_widget(Button(text="hello", size_hint=(None, None), size=(400, 120), pos=(340, 900)))
runTouchApp(layout)
"""


def run(*, quick: bool) -> dict[str, Any]:
    """Every figure of this benchmark, ready for JSON; times in ms."""
    rounds = 3 if quick else 20
    samples: dict[str, list[Any]] = {"touched": [], "pressed": [], "next": [], "bare": []}
    with tempfile.TemporaryDirectory() as folder, Stand(StandSettings(state=Path(folder) / "stand")) as stand:
        eye = Eye(stand.surroundings.display)
        try:
            samples["bare"] += _bare_presses(stand, eye, Path(folder) / "bare", 5 * rounds // 2)
            _walk_back(stand)
            samples["look"] = _looks(eye, 30 if quick else 200)
            for _ in range(rounds):
                for words in _WALK:
                    pressed, following = _touch(stand, eye, words)
                    samples["touched"].append(words)
                    samples["pressed"].append(pressed)
                    samples["next"].append(following)
                _walk_back(stand)
            samples["bare"] += _bare_presses(stand, eye, Path(folder) / "bare", 5 * rounds // 2)
        finally:
            eye.close()
    return report(_figures(samples), samples)


def _figures(samples: dict[str, list[Any]]) -> list[Figure]:
    look, bare = statistics.median(samples["look"]), samples["bare"]

    def figure(name: str, kind: str, more: str) -> Figure:
        times = samples[kind]
        slowest = max(zip(times, samples["touched"], strict=True))[1]
        return Figure(
            name=name,
            unit="ms",
            median=percentile(times, 95),
            low=min(times),
            high=max(times),
            at_most=AT_MOST_MS,
            beside=f"p50 {statistics.median(times):.0f} ms of {len(times)}; the slowest was {slowest}{more}",
        )

    return [
        figure(
            "finger down → the button shows it, p95",
            "pressed",
            f"; a bare Kivy button p50 {statistics.median(bare):.0f}, p95 {percentile(bare, 95):.0f} ms; "
            f"the eye's own look {look:.1f} ms",
        ),
        figure("finger up → the next screen, p95", "next", ""),
    ]


def percentile(samples: list[float], percent: int) -> float:
    """The smallest sample that so many percent do not exceed."""
    return sorted(samples)[max(0, -(-len(samples) * percent // 100) - 1)]


def _looks(eye: Eye, times: int) -> list[float]:
    """Milliseconds of one look and its comparison, while nothing moves."""
    before, taken = eye.look(HEAD), []
    for _ in range(times):
        begun = time.perf_counter()
        np.array_equal(eye.look(HEAD), before)
        taken.append(1000 * (time.perf_counter() - begun))
    return taken


def _bare_presses(stand: Stand, eye: Eye, kivy_home: Path, times: int) -> list[float]:
    """Milliseconds from the finger down to the changed button of a window that does nothing else."""
    stand.power_off()
    taken = []
    with bare_window(_BARE, stand, eye, _BARE_BUTTON, kivy_home):
        stand.screen.look_at(None)
        for _ in range(times):
            time.sleep(_HAND_S)
            idle = eye.look(_BARE_BUTTON).copy()
            down = time.perf_counter()
            stand.screen.press(*_BARE_BUTTON.centre)
            taken.append(1000 * (_changed(eye, _BARE_BUTTON, idle, "hello") - down))
            time.sleep(_FINGER_S)
            stand.screen.lift()
    stand.power_on()
    stand.screen.wait_for(_WALK[0], timeout_s=_PATIENCE_S)
    return taken


def _touch(stand: Stand, eye: Eye, words: str) -> tuple[float, float]:
    """Milliseconds from the finger down to the pressed button, and from the finger up to the next screen."""
    _, box = stand.screen.wait_for(words, timeout_s=_PATIENCE_S)
    time.sleep(_HAND_S)
    button = eye.look(box).copy()
    down = time.perf_counter()
    stand.screen.press(*box.centre)
    pressed = _changed(eye, box, button, words)
    time.sleep(max(0.0, down + _FINGER_S - time.perf_counter()))
    head = eye.look(HEAD).copy()
    up = time.perf_counter()
    stand.screen.lift()
    return 1000 * (pressed - down), 1000 * (_changed(eye, HEAD, head, words) - up)


def _changed(eye: Eye, box: Box, before: Pixels, words: str) -> float:
    """The moment at which this part of the display differs."""
    deadline = time.perf_counter() + _PATIENCE_S
    while np.array_equal(eye.look(box), before):
        if time.perf_counter() > deadline:
            raise NeverSeen(words)
        time.sleep(_BETWEEN_LOOKS_S)
    return time.perf_counter()


def _walk_back(stand: Stand) -> None:
    """Leave by whatever the screen offers, until the attract screen stands."""
    for _ in range(6):
        words, box = stand.screen.wait_for(*_BACK, timeout_s=_PATIENCE_S)
        if words == _BACK[0]:
            return
        time.sleep(_HAND_S)
        stand.screen.touch(*box.centre)
        stand.screen.wait_until_gone(words, timeout_s=_PATIENCE_S)
    raise NotSeen(_BACK[:1], _PATIENCE_S)


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    print(json.dumps(run(quick=parser.parse_args().quick), indent=2))


if __name__ == "__main__":
    main()
