"""What a frame costs while somebody is guided, and what the finished portrait costs.

Frames of 1280 × 720 with the test data's faces, moved a little from frame to frame as a person does. Loading and memory
are measured in a fresh process each, beside the same process without models. How often the measures err is counted by
benchmarks/judgement.py. Run by ``python -m benchmarks.portrait [--quick]``.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.figures import Figure, report
from kiosk.portrait.finish import attempt, finish
from kiosk.portrait.guidance import Guidance
from kiosk.portrait.measures import measure_frame
from kiosk.portrait.models import Models, Pixels
from kiosk.portrait.norm import Norm
from simulators.stand.requirements import REPOSITORY
from tests import portraits

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
    finished = _finished(models, frames[:: 5 if quick else 2], norm)
    processes = [_process() for _ in range(2 if quick else 5)]
    loads, bare, whole = (list(column) for column in zip(*processes, strict=True))
    p95 = statistics.quantiles(guided, n=20)[-1]
    figures = [
        Figure(
            name="portrait: guidance a frame, p95",
            unit="ms",
            median=p95,
            low=min(guided),
            high=max(guided),
            at_most=_FRAME_MS,
            beside=f"median {statistics.median(guided):.1f} ms; 1280 × 720",
        ),
        Figure.of(
            "portrait: capture → finished", "ms", finished, at_most=_FINISH_MS, beside="measured again, included"
        ),
        Figure.of(
            "portrait: models loaded", "ms", loads, at_most=_LOAD_MS, beside="in a fresh process, disk cache warm"
        ),
        Figure.of(
            "portrait: memory after one",
            "MB",
            whole,
            beside=f"the same process before {statistics.median(bare):.0f} MB",
        ),
    ]
    return report(figures, {"guided": guided, "finished": finished})


def _moved(pixels: Pixels, step: int) -> Pixels:
    return np.ascontiguousarray(np.roll(pixels, (step % 4, 3 * (step % 7)), axis=(0, 1)))


def _guided(models: Models, frames: list[Pixels], norm: Norm, *, rounds: int) -> list[float]:
    guidance: Guidance[int] = Guidance()
    samples = []
    for number, pixels in enumerate(frames * rounds):
        started = time.perf_counter()
        guidance.look(number, measure_frame(models, pixels, norm).verdicts, number / 30)
        samples.append(1000 * (time.perf_counter() - started))
    return samples


def _finished(models: Models, frames: list[Pixels], norm: Norm) -> list[float]:
    samples = []
    for pixels in frames:
        frame = measure_frame(models, pixels, norm)  # the guidance has done this already
        started = time.perf_counter()
        attempt(models, pixels, frame, norm)
        samples.append(1000 * (time.perf_counter() - started))
    finish(models, frames[0], norm)  # and what comes out complies
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
