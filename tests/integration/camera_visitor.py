"""A process that looks through a camera, told what to do line by line; each line is answered by one."""

import sys
import threading
import time

from drivers.camera import OpenCvCamera, source_of
from drivers.ports.errors import DeviceError, TimedOut

LIMIT_S = 15.0


def main() -> None:
    """``identify``, ``open``, ``picture``, ``until KIND`` (``picture`` or an error's name), ``close``."""
    camera = OpenCvCamera(source_of(sys.argv[1]))
    for line in sys.stdin:
        word, _, kind = line.strip().partition(" ")
        try:
            match word:
                case "identify":
                    told = camera.identify().name
                case "open":
                    camera.open(5.0)
                    told = "opened"
                case "picture":
                    frame = camera.frame(1.0)
                    colours = frame.pixels.mean(axis=(0, 1))
                    told = f"{frame.pixels.shape} {[round(float(colour)) for colour in colours]}"
                case "until":
                    told = _until(camera, kind)
                case _:
                    camera.close()
                    told = "closed"
        except DeviceError as error:
            told = f"{type(error).__name__} {error.what}"
        print(told, flush=True)


def _until(camera: OpenCvCamera, kind: str) -> str:
    ends, moment = time.monotonic() + LIMIT_S, threading.Event()
    while time.monotonic() < ends:
        try:
            camera.frame(0.2)
        except TimedOut:
            continue
        except DeviceError as error:
            if type(error).__name__ == kind:
                return f"{kind} {error.what}"
        else:
            if kind == "picture":
                return "picture"
        moment.wait(0.01)
    return "never"


if __name__ == "__main__":
    main()
