"""``kiosk``'s commands within the test's own process: what is loaded once serves them all."""

import contextlib
import io
import subprocess
from pathlib import Path

from kiosk.__main__ import main
from simulators.stand.requirements import REPOSITORY


def kiosk(*arguments: str | Path, cwd: Path = REPOSITORY) -> "subprocess.CompletedProcess[str]":
    """Run one; what it printed and its exit code. What it raises fails the test."""
    words = [str(argument) for argument in arguments]
    out, err = io.StringIO(), io.StringIO()
    with contextlib.chdir(cwd), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(words)
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
    return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())
