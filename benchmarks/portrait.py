"""What a frame costs while somebody is guided, what the finished portrait costs, and what others make of the same.

Frames of 1280 × 720 with the test data's faces, moved a little from frame to frame as a person does, each beside the
floor: a JPEG of it decoded, turned to RGB and copied, as any program that looks at a camera has to. Loading and memory
are measured in a fresh process each, beside the same process without models; the preview in the terminal's own window
(benchmarks/preview.py); detectors and mattes beside OpenCV's (benchmarks/portrait_peers.py). How often the measures err
is counted by benchmarks/judgement.py. Run by ``python -m benchmarks.portrait [--quick]``.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from benchmarks import portrait_peers, preview
from benchmarks.figures import Figure, report
from benchmarks.touch import percentile
from kiosk.portrait.finish import finish
from kiosk.portrait.guidance import Guidance
from kiosk.portrait.measures import measure_frame
from kiosk.portrait.models import Models, Pixels
from kiosk.portrait.norm import Norm
from simulators.stand.requirements import REPOSITORY
from tests import portraits
from tests.mattes import SITTERS, WALLS, seated

_FACES: Final = ("portrait-a", "portrait-b")
_FRAME_MS: Final = 33
_FINISH_MS: Final = 200
_LOAD_MS: Final = 500
_PROCESS: Final = """
import sys, time
import cv2, numpy
from pathlib import Path
def peak():
    (line,) = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024
before, started = peak(), time.perf_counter()
from kiosk.portrait.models import Models
models = Models(Path("assets/models"))
loaded = time.perf_counter() - started
from kiosk.portrait.finish import attempt
from kiosk.portrait.measures import measure_frame
from kiosk.portrait.norm import Norm
from tests.portraits import standing
pixels = standing("portrait-a")
attempt(models, pixels, measure_frame(models, pixels, Norm()), Norm())
print(1000 * loaded, before, peak())
"""


def run(*, quick: bool) -> dict[str, Any]:
    """Every figure of this benchmark, ready for JSON; times in ms, memory in MB."""
    models, norm = portraits.models(), Norm()
    frames = [_moved(portraits.standing(face), step) for face in _FACES for step in range(5 if quick else 15)]
    guided = _guided(models, frames, norm, rounds=2 if quick else 10)
    finished = _finished(models, norm, rounds=1 if quick else 5)
    processes = [_process() for _ in range(2 if quick else 5)]
    loads, bare, whole = (list(column) for column in zip(*processes, strict=True))
    found, finding = portrait_peers.found(models, _FACES, rounds=1 if quick else 5)
    mattes, matting = portrait_peers.set_apart(models)
    shown = preview.run(quick=quick)
    figures = [
        *_figures(guided, finished),
        Figure.of(
            "portrait: models loaded", "ms", loads, at_most=_LOAD_MS, beside="in a fresh process, disk cache warm"
        ),
        Figure.of(
            "portrait: memory after one",
            "MB",
            whole,
            beside=f"the same process before {statistics.median(bare):.0f} MB",
        ),
        *found,
        *mattes,
    ]
    result = report(figures, {**guided, **finished, **finding, **matting, "preview": shown["samples"]})
    result["figures"] += shown["figures"]
    return result


def _figures(guided: dict[str, list[float]], finished: dict[str, list[float]]) -> list[Figure]:
    frames, plated = guided["frame_ms"], finished["finish_with_plate_ms"]
    return [
        Figure(
            name="portrait: guidance a frame, p95",
            unit="ms",
            median=percentile(frames, 95),
            low=min(frames),
            high=max(frames),
            at_most=_FRAME_MS,
            beside=f"p50 {statistics.median(frames):.1f} ms, {statistics.median(guided['frame_cpu_ms']):.1f} ms of "
            f"processor time; decoded and copied alone p50 {statistics.median(guided['floor_ms']):.1f} ms",
        ),
        Figure.of(
            "portrait: capture → finished",
            "ms",
            finished["finish_ms"],
            at_most=_FINISH_MS,
            beside=f"measured before and after, included; {statistics.median(finished['finish_cpu_ms']):.0f} ms of "
            f"processor time; with a plate {statistics.median(plated):.0f} ms",
        ),
    ]


def _moved(pixels: Pixels, step: int) -> Pixels:
    return np.ascontiguousarray(np.roll(pixels, (step % 4, 3 * (step % 7)), axis=(0, 1)))


def _guided(models: Models, frames: list[Pixels], norm: Norm, *, rounds: int) -> dict[str, list[float]]:
    guidance: Guidance[int] = Guidance()
    samples: dict[str, list[float]] = {"floor_ms": [], "frame_ms": [], "frame_cpu_ms": []}
    jpegs = [cv2.imencode(".jpg", pixels[..., ::-1])[1] for pixels in frames]
    for number, jpeg in enumerate(jpegs * rounds):
        started = time.perf_counter()
        pixels = cv2.cvtColor(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB).copy()
        arrived, worked = time.perf_counter(), time.process_time()
        guidance.look(number, measure_frame(models, np.asarray(pixels, np.uint8), norm).verdicts, number / 30)
        samples["floor_ms"].append(1000 * (arrived - started))
        samples["frame_ms"].append(1000 * (time.perf_counter() - arrived))
        samples["frame_cpu_ms"].append(1000 * (time.process_time() - worked))
    return samples


def _finished(models: Models, norm: Norm, *, rounds: int) -> dict[str, list[float]]:
    samples: dict[str, list[float]] = {"finish_ms": [], "finish_cpu_ms": [], "finish_with_plate_ms": []}
    for shown in [seated(sitter, wall) for sitter in SITTERS for wall in WALLS] * rounds:
        started, worked = time.perf_counter(), time.process_time()
        finish(models, shown.picture, norm)
        between = time.perf_counter()
        samples["finish_ms"].append(1000 * (between - started))
        samples["finish_cpu_ms"].append(1000 * (time.process_time() - worked))
        finish(models, shown.picture, norm, shown.plate)
        samples["finish_with_plate_ms"].append(1000 * (time.perf_counter() - between))
    return samples


def _process() -> tuple[float, float, float]:
    command = [sys.executable, "-c", _PROCESS]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=REPOSITORY)
    load, before, after = (float(part) for part in done.stdout.split())
    return load, before, after


def main() -> int:
    """Measure this alone and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    result = run(quick=options.quick)
    if options.json:
        options.json.write_text(json.dumps(result))
    print(json.dumps(result["figures"], indent=2, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
