"""Runs one check in a window of a process of its own: Kivy opens its window once a process, on import."""

import importlib
import os
import subprocess
import sys
from collections.abc import Mapping

from tests.ui.display import ROOT, DrivenWindow, virtual_display

DEADLINE = 900
SHARE = "SHARE"
"""Environment variable: which share of the scenes a check takes, counted from 0."""
SHARES = 2
"""Each is checked in a process of its own, so that no check takes a minute; more would only open more windows."""


def in_window(check: str, width: int, height: int) -> None:
    """Run ``module:function`` of ``tests.ui`` in a window of this size; what it says when it fails is the message."""
    with virtual_display(max(width, 1080), max(height, 1080)) as display:
        on_display(f"tests.ui.{check}", width, height, {"DISPLAY": display})


def on_display(check: str, width: int, height: int, environment: Mapping[str, str]) -> None:
    """The same on a display that is there.

    :param check: ``package.module:function``.
    :param environment: the display, its key, and what else the check wants to know.
    """
    done = subprocess.run(
        [sys.executable, "-m", "tests.ui.in_window", check, str(width), str(height)],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert done.stdout.strip().endswith("checked"), "the check did not come to its end"


def main() -> None:
    """Open the window and run the check."""
    check, width, height = sys.argv[1:]
    module, _, name = check.partition(":")
    driven = DrivenWindow(int(width), int(height))  # first: it prepares what the checks' own imports of Kivy read
    driven.run(getattr(importlib.import_module(module), name))
    print("checked")


if __name__ == "__main__":
    main()
