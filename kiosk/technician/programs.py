"""Programs of the system's that the technician's functions run: fixed words of our own, never what somebody typed."""

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

PROGRAM_S: Final = 30.0
"""Longer than any of them takes on a machine that is well."""
NO_SUCH: Final = 127
TOO_LONG: Final = 124


@dataclass(frozen=True, slots=True)
class Ran:
    """What a program came to."""

    code: int
    """:data:`NO_SUCH` where there is no such program, :data:`TOO_LONG` where it took too long, as a shell has it."""
    told: str
    """What it printed."""


Runner = Callable[[Sequence[str]], Ran]


def run_program(arguments: Sequence[str]) -> Ran:
    """Run one program and wait for it, for :data:`PROGRAM_S` at most."""
    try:
        done = subprocess.run(  # noqa: S603 - see the module's words
            list(arguments), capture_output=True, text=True, errors="replace", timeout=PROGRAM_S, check=False
        )
    except FileNotFoundError:
        return Ran(NO_SUCH, f"no {arguments[0]} here")
    except subprocess.TimeoutExpired:
        return Ran(TOO_LONG, f"{arguments[0]} takes longer than {PROGRAM_S:.0f} s")
    return Ran(done.returncode, done.stdout or done.stderr)
