"""Runs checks in a window of a process of their own: Kivy opens its window once a process, on import."""

import contextlib
import importlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from typing import IO, Final, Self

import msgspec

from tests.ui.display import ROOT, DrivenWindow, virtual_display

SHARE = "SHARE"
"""Environment variable: which share of the scenes a check takes, counted from 0."""
SHARES = 2
"""Each is a test of its own, so that none takes a minute."""
_DONE: Final = "checked\n"
_END_S: Final = 30.0
"""For a window that closes; the time that a check may take is pytest's."""


class Check(msgspec.Struct):
    """A check that is asked for."""

    name: str
    """``package.module:function``."""
    environment: dict[str, str]
    """What it wants to know."""


class OpenWindow:
    """A window in a process of its own, in which one check follows the other; after one that failed it is gone."""

    def __init__(self, width: int, height: int, environment: Mapping[str, str]) -> None:
        """:param environment: the display, and its key where it has one."""
        self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115 - until it closes; a pipe that nobody reads would stop it
        self._process: subprocess.Popen[str] = subprocess.Popen(
            [sys.executable, "-m", "tests.ui.in_window", str(width), str(height)],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
        )

    def run(self, name: str, environment: Mapping[str, str]) -> None:
        """Run one check; what the process says when it fails is the message."""
        asking, answers = _both(self._process)
        asking.write(msgspec.json.encode(Check(name, dict(environment))).decode() + "\n")
        asking.flush()
        try:
            if _DONE in iter(answers.readline, ""):
                return
            code = self._process.wait(_END_S)
        except BaseException:
            self._process.kill()  # it took too long, and the next check shall not wait for it too
            raise
        self._said.seek(0)
        assert code == 0, self._said.read()[-4000:]
        raise AssertionError("the check did not come to its end")

    @property
    def is_there(self) -> bool:
        """Whether another check can be run in it."""
        return self._process.poll() is None

    def close(self) -> None:
        """Let the process go, or end it when it is in the middle of a check."""
        asking, answers = _both(self._process)
        with contextlib.suppress(BrokenPipeError):
            asking.close()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        answers.close()
        self._said.close()


class Windows:
    """The windows of a file of tests, on displays of their own: one of each size, opened when it is first wanted."""

    def __init__(self) -> None:
        self._open: dict[tuple[int, int], OpenWindow] = {}
        self._things = contextlib.ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._things.close()

    def run(self, check: str, width: int, height: int, environment: Mapping[str, str] | None = None) -> None:
        """Run ``module:function`` of ``tests.ui`` in the window of this size, which begins anew."""
        window = self._open.get((width, height))
        if window is None or not window.is_there:
            display = self._things.enter_context(virtual_display(max(width, 1080), max(height, 1080)))
            window = self._things.enter_context(contextlib.closing(OpenWindow(width, height, {"DISPLAY": display})))
            self._open[width, height] = window
        window.run(f"tests.ui.{check}", environment or {})


def on_display(check: str, width: int, height: int, environment: Mapping[str, str]) -> None:
    """Run one check in a window for it alone, on a display that is there.

    :param check: ``package.module:function``.
    :param environment: the display, its key, and what else the check wants to know.
    """
    with contextlib.closing(OpenWindow(width, height, environment)) as window:
        window.run(check, {})


def in_window(check: str, width: int, height: int) -> None:
    """Run ``module:function`` of ``tests.ui`` in a window where nothing was before."""
    with Windows() as windows:
        windows.run(check, width, height)


def _both(process: "subprocess.Popen[str]") -> tuple[IO[str], IO[str]]:
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout


def asked_for(driven: DrivenWindow) -> Iterator[None]:
    """Each check that is asked for on a line of the standard input."""
    for line in sys.stdin:
        check = msgspec.json.decode(line, type=Check)
        os.environ.update(check.environment)
        module, _, name = check.name.partition(":")
        driven.begin_anew()
        yield from getattr(importlib.import_module(module), name)(driven)
        print(_DONE, end="", flush=True)


def main() -> None:
    """Open the window and run the checks."""
    width, height = map(int, sys.argv[1:])
    driven = DrivenWindow(width, height)  # first: it prepares what the checks' own imports of Kivy read
    driven.run(asked_for)


if __name__ == "__main__":
    main()
