"""From a touch to a changed picture, seen from outside: X test touches, the eye takes the display's shared memory.

The real terminal on the whole stand, walked from screen to screen without a card. The eye looks at a column in the
middle of the display, which no two screens have alike, every few milliseconds, and compares it with what stood there
before the finger came; its own time for one look is the floor. A touch is down and up at once.
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

from benchmarks.citizens import Eye, NeverSeen
from benchmarks.figures import Figure, report
from simulators.screen import Box, NotSeen
from simulators.stand.stand import Stand, StandSettings

COLUMN: Final = Box(480, 0, 120, 1920)
"""A look at the whole display would cost a core that the terminal needs."""
AT_MOST_MS: Final = 100
_WALK: Final = ("点这里开始", "English", "中文", "查我的卡", "不办了")
"""What is touched, in this order, from the attract screen on."""
_BACK: Final = ("点这里开始", "好的", "退出")
_PATIENCE_S: Final = 20.0
_BETWEEN_LOOKS_S: Final = 0.002
_SETTLED_S: Final = 0.25
"""A screen that has not changed for so long is finished."""
_HAND_S: Final = 0.5
"""A finger's way to the next button; the screen takes a quicker second tap for trembling (kiosk/ui/taps.py)."""


def run(*, quick: bool) -> dict[str, Any]:
    """Every figure of this benchmark, ready for JSON; times in ms."""
    rounds = 3 if quick else 20
    samples: dict[str, list[Any]] = {"touched": [], "first": [], "last": []}
    with tempfile.TemporaryDirectory() as folder, Stand(StandSettings(state=Path(folder) / "stand")) as stand:
        eye = Eye(stand.surroundings.display)
        try:
            _walk_back(stand)
            samples["look"] = _looks(eye, 30 if quick else 200)
            for _ in range(rounds):
                for words in _WALK:
                    first, last = _touch(stand, eye, words)
                    samples["touched"].append(words)
                    samples["first"].append(first)
                    samples["last"].append(last)
                _walk_back(stand)
        finally:
            eye.close()
    return report(_figures(samples), samples)


def _figures(samples: dict[str, list[Any]]) -> list[Figure]:
    look = statistics.median(samples["look"])
    worst = max(zip(samples["first"], samples["touched"], strict=True))
    return [
        Figure(
            name="touch → changed frame, p95",
            unit="ms",
            median=percentile(samples["first"], 95),
            low=min(samples["first"]),
            high=max(samples["first"]),
            at_most=AT_MOST_MS,
            beside=f"p50 {statistics.median(samples['first']):.0f} ms of {len(samples['first'])} touches; the eye's "
            f"own look {look:.1f} ms; the slowest was {worst[1]}",
        ),
        Figure(
            name="  touch → last change of that screen, p95",
            unit="ms",
            median=percentile(samples["last"], 95),
            low=min(samples["last"]),
            high=max(samples["last"]),
            beside=f"p50 {statistics.median(samples['last']):.0f} ms",
        ),
    ]


def percentile(samples: list[float], percent: int) -> float:
    """The smallest sample that so many percent do not exceed."""
    return sorted(samples)[max(0, -(-len(samples) * percent // 100) - 1)]


def _looks(eye: Eye, times: int) -> list[float]:
    """Milliseconds of one look and its comparison, while nothing moves."""
    before, taken = eye.look(COLUMN), []
    for _ in range(times):
        begun = time.perf_counter()
        np.array_equal(eye.look(COLUMN), before)
        taken.append(1000 * (time.perf_counter() - begun))
    return taken


def _touch(stand: Stand, eye: Eye, words: str) -> tuple[float, float]:
    """Milliseconds from the touch to the first and to the last change of the picture."""
    _, box = stand.screen.wait_for(words, timeout_s=_PATIENCE_S)
    time.sleep(_HAND_S)
    shown = eye.look(COLUMN)
    touched = time.perf_counter()
    stand.screen.touch(*box.centre)
    first = last = 0.0
    while True:
        picture = eye.look(COLUMN)
        now = time.perf_counter()
        if not np.array_equal(picture, shown):
            shown, last = picture, now
            first = first or now
        elif first and now - last > _SETTLED_S:
            return 1000 * (first - touched), 1000 * (last - touched)
        elif now - touched > _PATIENCE_S:
            raise NeverSeen(words)
        time.sleep(_BETWEEN_LOOKS_S)


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
