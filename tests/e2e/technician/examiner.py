"""``kiosk doctor`` by a process that has read the code already: one command a line, one line of JSON an answer.

Each runs in a fork of its own, so it finds and leaves nothing; only the seconds of starting Python are saved.
"""

import contextlib
import io
import json
import os
import sys

import kiosk.portrait.models
import kiosk.technician.doctor  # noqa: F401 - what a doctor's first look would read
from kiosk.__main__ import main


def serve() -> None:
    """Answer until nobody asks any more."""
    print("ready", flush=True)
    for line in sys.stdin:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            _answer(json.loads(line), writing)
        os.close(writing)
        with os.fdopen(reading, encoding="utf-8") as answer:
            told = answer.read()
        os.waitpid(child, 0)
        print(json.dumps(told), flush=True)


def _answer(command: list[str], writing: int) -> None:
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said):
            main(command)
        with os.fdopen(writing, "w", encoding="utf-8") as answer:
            answer.write(said.getvalue())
    finally:
        os._exit(0)  # what the parent has open is the parent's to end


if __name__ == "__main__":
    serve()
