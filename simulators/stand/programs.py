"""Programs that the stand starts, watches and stops: each in a session of its own, with a log file of its own."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

_GRACE_S: Final = 5.0
"""How long a program may take to end after SIGTERM."""


class ProgramDied(Exception):
    """A program ended while the stand was being set up."""


class Program:
    """One program. A session of its own keeps the terminal's Ctrl-C from it and holds its children together."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        inherits: Sequence[int] = (),
        on_death: Callable[["Program", int], None] | None = None,
    ) -> None:
        """
        :param inherits: file descriptors it keeps.
        :param on_death: told the exit code, from a thread of its own, when it ends without being stopped.
        """
        self.name = name
        self.log = log
        self._command = list(command)
        self._environment = {**os.environ, **(environment or {})}
        self._directory = directory
        self._inherits = tuple(inherits)
        self._on_death = on_death
        self._process: subprocess.Popen[bytes] | None = None
        self._expected = threading.Event()
        self._lock = threading.Lock()

    @property
    def pid(self) -> int | None:
        """Its process while it runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    @property
    def exit_code(self) -> int | None:
        """How it ended; None while it runs or before it was started."""
        return None if self._process is None else self._process.poll()

    def start(self) -> None:
        """Start it, or start it again."""
        with self._lock:
            self._expected = threading.Event()
            with self.log.open("ab") as log:
                self._process = subprocess.Popen(
                    self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                    env=self._environment, cwd=self._directory, start_new_session=True, pass_fds=self._inherits,
                )  # fmt: skip
            watch = (self._process, self._expected)
            threading.Thread(target=self._watch, args=watch, name=f"watch {self.name}", daemon=True).start()

    def stop(self) -> None:
        """Ask it to end, and end it when it does not."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut does: SIGKILL, to it and to everything it started."""
        self._end(signal.SIGKILL)

    def require_alive(self) -> None:
        """Return while it runs.

        :raises ProgramDied: it has ended; the text ends with the last lines of its log.
        """
        if (code := self.exit_code) is not None:
            raise ProgramDied(f"{self.name} ended with {code}:\n{last_lines(self.log)}")

    def _end(self, with_signal: signal.Signals) -> None:
        with self._lock:
            process = self._process
            self._expected.set()
            if process is None:
                return
            _signal_group(process.pid, with_signal)
            with suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE_S)
            # Whatever it started and left behind goes with it, whether it ended by itself or not.
            _signal_group(process.pid, signal.SIGKILL)
            process.wait()

    def _watch(self, process: subprocess.Popen[bytes], expected: threading.Event) -> None:
        code = process.wait()
        if not expected.is_set() and self._on_death is not None:
            self._on_death(self, code)


def python_module(name: str, *arguments: object) -> list[str]:
    """The command of a module that is a program."""
    return [sys.executable, "-m", name, *map(str, arguments)]


def run_to_end(name: str, command: Sequence[str], log: Path, *, environment: Mapping[str, str] | None = None) -> str:
    """Run a program that ends by itself; what it printed.

    :raises ProgramDied: it ended with another code than 0, or took longer than a minute.
    """
    try:
        done = subprocess.run(
            list(command), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
            env={**os.environ, **(environment or {})}, start_new_session=True,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise ProgramDied(f"{name}: not done within a minute") from error
    with log.open("a", encoding="utf-8") as file:
        file.write(f"$ {' '.join(command)}\n{done.stdout}{done.stderr}")
    if done.returncode != 0:
        raise ProgramDied(f"{name} ended with {done.returncode}:\n{(done.stderr or done.stdout).strip()[-2000:]}")
    return done.stdout


def last_lines(log: Path, count: int = 12) -> str:
    """The end of a log file."""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:])


def _signal_group(group: int, with_signal: signal.Signals) -> None:
    try:
        os.killpg(group, with_signal)
    except ProcessLookupError:
        return  # all of it has ended
