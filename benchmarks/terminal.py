"""The real terminal on the whole stack: cold start, memory, idle CPU, beside a bare Kivy window on the same display.

A start is timed from exec to the first pixels that are not black; disk caches are warm for both. Memory is the resident
set, shared libraries included. Run by ``python -m benchmarks.terminal [--quick]``.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.bare_window import bare_window
from benchmarks.citizens import Citizens, Eye
from benchmarks.figures import Figure, report
from simulators.screen import Box
from simulators.stand.stand import Stand, StandSettings

_MIDDLE: Final = Box(0, 910, 1080, 100)
"""A bare window has its word there, the terminal its background."""
_TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")
_BARE: Final = """
import os, sys
os.environ.update(KIVY_HOME=sys.argv[1], KIVY_NO_ARGS="1", KIVY_NO_FILELOG="1", KIVY_NO_CONSOLELOG="1")
from kivy.config import Config
for name, value in (("multisamples", "0"), ("width", "1080"), ("height", "1920")):
    Config.set("graphics", name, value)
from kivy.base import runTouchApp
from kivy.uix.label import Label
runTouchApp(Label(text="hello", font_size=48))
"""


def run(*, quick: bool) -> dict[str, Any]:
    """Every figure of this benchmark, ready for JSON."""
    rounds, citizens, idle_rounds, idle_s = (2, 3, 1, 5.0) if quick else (7, 20, 3, 20.0)
    samples: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder, Stand(StandSettings(state=Path(folder) / "stand")) as stand:
        eye = Eye(stand.surroundings.display)
        try:
            _starts(stand, eye, Path(folder) / "bare", rounds, samples)
            with bare_window(_BARE, stand, eye, _MIDDLE, Path(folder) / "bare") as (pid, _):
                samples["bare_idle"] = [_cpu_shares((pid,), idle_s)[0] for _ in range(idle_rounds)]
        finally:
            eye.close()
        stand.power_on()
        served = Citizens(stand)
        try:
            terminal, uplink = (pid for name, pid, _, _ in stand.programs() if name.startswith("kiosk ") and pid)
            stand.screen.wait_for("点这里开始", timeout_s=30)
            shares = [_cpu_shares((terminal, uplink), idle_s) for _ in range(idle_rounds)]
            samples["idle"], samples["uplink_idle"], samples["machine"] = (
                list(one) for one in zip(*shares, strict=True)
            )
            samples["memory_by_citizen"] = [_resident_mb(terminal)]
            for _ in range(citizens):
                served.serve()
                samples["memory_by_citizen"].append(_resident_mb(terminal))
            samples["uplink_memory"] = [_resident_mb(uplink)]
        finally:
            served.close()
    return report(_figures(samples, citizens), samples)


def _figures(samples: dict[str, list[float]], citizens: int) -> list[Figure]:
    bare_start = Figure.of("", "", samples["bare_start"]).median
    bare_memory = Figure.of("", "", samples["bare_memory"]).median
    bare_idle = Figure.of("", "", samples["bare_idle"]).median
    after = samples["memory_by_citizen"][-1]
    return [
        Figure.of(
            "cold start: exec → first frame",
            "s",
            samples["start"],
            at_most=3,
            beside=f"bare Kivy window {bare_start:.2f} s",
        ),
        Figure.of("  exec → the terminal offers its services", "s", samples["ready"]),
        Figure.of(
            "memory of kiosk run after the first screen",
            "MB",
            samples["memory"],
            at_most=300,
            beside=f"bare Kivy window {bare_memory:.0f} MB",
        ),
        Figure(
            name=f"memory of kiosk run after {citizens} citizens",
            unit="MB",
            median=after,
            at_most=300,
            beside=f"{after - samples['memory_by_citizen'][0]:+.0f} MB since the first screen; uplink "
            f"{samples['uplink_memory'][0]:.0f} MB",
        ),
        Figure.of(
            "idle CPU of kiosk run, share of a core",
            "%",
            samples["idle"],
            at_most=3,
            beside=f"bare Kivy window {bare_idle:.1f} %, uplink {max(samples['uplink_idle']):.1f} %, the whole machine "
            f"with everybody on it {max(samples['machine']):.0f} %",
        ),
    ]


def _starts(stand: Stand, eye: Eye, kivy_home: Path, rounds: int, samples: dict[str, list[float]]) -> None:
    """Start the terminal and the bare window in turns."""
    for name in ("start", "ready", "memory", "bare_start", "bare_memory"):
        samples[name] = []
    _, offer = stand.screen.wait_for("点这里开始", timeout_s=30)
    offered = eye.look(offer).copy()
    stand.power_off()
    application, _ = stand.place.programs(stand.surroundings.wiring, stand.logs)
    for _ in range(rounds):
        eye.wait_until_black(_MIDDLE)
        begun = time.perf_counter()
        application.start()
        try:
            samples["start"].append(eye.when_not_black(_MIDDLE) - begun)
            samples["ready"].append(eye.when_shown(offer, offered) - begun)
            samples["memory"].append(_resident_mb(application.pid or 0))
        finally:
            application.kill()
        with bare_window(_BARE, stand, eye, _MIDDLE, kivy_home) as (pid, took):
            samples["bare_start"].append(took)
            samples["bare_memory"].append(_resident_mb(pid))


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _cpu_shares(pids: Sequence[int], seconds: float) -> list[float]:
    """Percent of one core that each process uses, and last what everything on the machine uses together."""
    begun, before = time.perf_counter(), [*map(_ticks_of, pids), _ticks_of_all()]
    time.sleep(seconds)
    lasted, after = time.perf_counter() - begun, [*map(_ticks_of, pids), _ticks_of_all()]
    return [100 * (late - early) / _TICKS_A_SECOND / lasted for early, late in zip(before, after, strict=True)]


def _ticks_of(pid: int) -> int:
    """User and system time of all threads (proc(5), /proc/PID/stat fields 14 and 15)."""
    after_name = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return int(after_name[11]) + int(after_name[12])


def _ticks_of_all() -> int:
    """All but idle and waiting for the disk (proc(5), /proc/stat)."""
    whole = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()
    user, nice, system, _idle, _disk, interrupts, soft = map(int, whole[1:8])
    return user + nice + system + interrupts + soft


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    print(json.dumps(run(quick=parser.parse_args().quick), indent=2))


if __name__ == "__main__":
    main()
