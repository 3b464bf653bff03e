"""The preview while somebody is guided: the terminal's window on a virtual display, its camera lane and a camera.

The camera is simulated in a process of its own, as hardware would be, with somebody whose head is tilted too far, so
that guidance goes on and nothing is ever taken. The lane is the terminal's own: driver, sitting, darkroom, viewfinder.
Run by ``python -m benchmarks.preview [--quick]``.
"""

import argparse
import dataclasses
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any, Final

from benchmarks.figures import Figure, report
from benchmarks.touch import percentile
from tests.ui.display import ROOT, virtual_display

SIZE: Final = (1080, 1920)
LEAST_PICTURES: Final = 15
"""A second."""
FRAME_MS: Final = 33
_WARM_S: Final = 2.0
_CAMERA: Final = """
from simulators.camera import SCENES, CameraSimulator
with CameraSimulator() as camera:
    camera.show(SCENES["tilted"].film())
    print(camera.url, flush=True)
    input()
"""


def run(*, quick: bool) -> dict[str, Any]:
    """Pictures a second on the screen and what a frame costs the lane meanwhile, ready for JSON."""
    with (
        subprocess.Popen(
            [sys.executable, "-c", _CAMERA], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as camera,
        virtual_display(*SIZE) as display,
    ):
        assert camera.stdout is not None
        url = camera.stdout.readline().strip()
        command = [sys.executable, "-m", "benchmarks.preview", "--inside", url, *(["--quick"] if quick else [])]
        try:
            done = subprocess.run(
                command, cwd=ROOT, env={**os.environ, "DISPLAY": display}, check=True, capture_output=True, text=True
            )
        finally:
            camera.kill()
    samples = json.loads(done.stdout.splitlines()[-1])
    return report(_figures(samples), samples)


def _figures(samples: dict[str, Any]) -> list[Figure]:
    lane = samples["frame_ms"]
    return [
        Figure.of(
            "portrait: preview while guided",
            "pictures/s",
            samples["pictures_a_second"],
            at_least=LEAST_PICTURES,
            beside=f"{samples['measured_a_second']:.1f} measured a second; the camera sends 25",
        ),
        Figure(
            name="portrait: guidance a frame beside the window, p95",
            unit="ms",
            median=percentile(lane, 95),
            low=min(lane),
            high=max(lane),
            at_most=FRAME_MS,
            beside=f"p50 {statistics.median(lane):.1f} ms, {statistics.median(samples['frame_cpu_ms']):.1f} ms of it "
            f"processor time; the whole process {100 * samples['cpu_share']:.0f} % of a core",
        ),
    ]


def _inside(url: str, *, quick: bool) -> dict[str, Any]:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey  # noqa: PLC0415 - after the display

    from drivers.camera import OpenCvCamera, source_of  # noqa: PLC0415 - likewise
    from kiosk.journeys.views import PortraitPreview  # noqa: PLC0415 - likewise
    from kiosk.portrait.darkroom import Darkroom  # noqa: PLC0415 - likewise
    from kiosk.portrait.guidance import Instruction  # noqa: PLC0415 - likewise
    from kiosk.portrait.norm import Norm, Verdict  # noqa: PLC0415 - likewise
    from kiosk.runtime.sitting import Sitting, Studio  # noqa: PLC0415 - likewise
    from tests.ui.display import ASSETS, DrivenWindow  # noqa: PLC0415 - likewise
    from tests.ui.scenes import SCENES  # noqa: PLC0415 - likewise

    frames: list[tuple[float, float]] = []

    class Timed(Darkroom):
        def measure(self, pixels: Any) -> tuple[Verdict, ...]:
            begun, worked = time.perf_counter(), time.thread_time()
            try:
                return super().measure(pixels)
            finally:
                frames.append((1000 * (time.perf_counter() - begun), 1000 * (time.thread_time() - worked)))

    told: list[tuple[Instruction, float]] = []
    driven = DrivenWindow(*SIZE)
    studio = Studio(
        lambda: Timed(ASSETS / "models", Norm()), driven.viewfinder, X25519PrivateKey.generate().public_key()
    )
    sitting = Sitting(OpenCvCamera(source_of(url)), studio, lambda *now: told.append(now), time.monotonic)
    found: dict[str, Any] = {}

    def script(driven: DrivenWindow) -> Iterator[None]:
        scene = SCENES["portrait-preview"]
        assert isinstance(scene.view, PortraitPreview)
        driven.window.show(scene)
        yield
        lane = threading.Thread(target=sitting.take, name="camera lane")
        lane.start()
        mirror = driven.router.screen.mirror
        rates, shown, began = [], told[-1:], time.monotonic()
        while mirror.drawn == 0 or time.monotonic() < began + _WARM_S:
            driven.quiet = 1
            yield
        frames.clear()
        cpu, first = time.process_time(), time.monotonic()
        for _ in range(3 if quick else 15):
            drawn, second = mirror.drawn, time.monotonic()
            while time.monotonic() < second + 1:
                if told[-1:] != shown:  # as the journey does: the words and the ring change in the view
                    shown = told[-1:]
                    instruction, held = shown[0]
                    now = dataclasses.replace(scene.view, instruction=instruction, held=held)
                    driven.window.show(dataclasses.replace(scene, view=now))
                driven.quiet = 1
                yield
            rates.append((mirror.drawn - drawn) / (time.monotonic() - second))
        elapsed = time.monotonic() - first
        found.update(
            pictures_a_second=rates,
            measured_a_second=len(frames) / elapsed,
            frame_ms=[elapsed_ms for elapsed_ms, _ in frames],
            frame_cpu_ms=[worked_ms for _, worked_ms in frames],
            cpu_share=(time.process_time() - cpu) / elapsed,
        )
        sitting.stop()
        lane.join()

    driven.run(script)
    return found


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--inside", metavar="URL", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        print(json.dumps(_inside(options.inside, quick=options.quick)))
    else:
        print(json.dumps(run(quick=options.quick)["figures"], indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
