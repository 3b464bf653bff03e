"""What a fuzz target is, and what counts as a finding.

A case may end in two ways: the code under test does what its documents say, and the check names that outcome in a word
or two; or something else happens, which is a finding. The words are counted, so that a run shows how far its rubbish
came: a target whose cases all die at the front door tests the door only.
"""

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from types import FrameType
from typing import Literal

Check = Callable[[bytes], str]
"""Plays one case and names its outcome; anything it raises is a finding."""


class Finding(AssertionError):
    """The code under test broke a promise."""


class _TakesTooLong(BaseException):
    """No broad ``except`` of the code under test may catch it."""


@dataclass(frozen=True)
class Target:
    """One wire, or one way into the program."""

    name: str
    engine: Literal["atheris", "hypothesis"]
    """What makes the bytes in a long run: coverage-guided, or by mutation alone where a case does I/O."""
    prepare: Callable[[], AbstractContextManager[Check]]
    """Brings up what the cases need."""
    seeds: Callable[[], Sequence[bytes]]
    """Cases that get far; everything else grows from them."""
    reached: frozenset[str]
    """Outcomes that already the small run must have seen."""
    examples: int
    """Cases of the small run."""
    cpu_s: float = 2.0
    """Most processor time of one case, whatever else the machine does meanwhile."""
    wall_s: float = 60.0
    """Most time of one case by the clock; where a case waits for a device, its own time-outs are far below."""

    def play(self, check: Check, case: bytes) -> str:
        """Play one case within its limits.

        :raises Finding: a promise was broken, or it took too long; what the code under test raised comes as it is.
        """
        began = time.monotonic()
        with _processor_limit(self.cpu_s):
            outcome = check(case)
        if time.monotonic() - began > self.wall_s:
            raise Finding(f"a case took more than {self.wall_s} s")
        return outcome


def always(check: Check) -> Callable[[], AbstractContextManager[Check]]:
    """For a check that needs nothing brought up."""
    return lambda: nullcontext(check)


@contextmanager
def _processor_limit(seconds: float) -> Iterator[None]:
    # Processor time, so that a busy machine makes no hangs; SIGPROF, since pytest-timeout and libFuzzer use SIGALRM.
    def ring(_number: int, _frame: FrameType | None) -> None:
        raise _TakesTooLong

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    except _TakesTooLong as late:
        raise Finding(f"a case needs more than {seconds} s of the processor") from late
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def require(holds: bool, promise: str) -> None:
    """:raises Finding: it does not hold."""
    if not holds:
        raise Finding(promise)


def tells_nothing(error: BaseException, secrets: Sequence[str | bytes]) -> None:
    """Neither an error nor what it was chained from holds what must not be in a log.

    :raises Finding: it does.
    """
    seen: BaseException | None = error
    while seen is not None:
        words = f"{seen} {seen.args!r}"
        for secret in secrets:
            plain = repr(secret)[2:-1] if isinstance(secret, bytes) else secret
            require(plain not in words, f"{type(seen).__name__} tells what belongs to the citizen")
        seen = seen.__cause__ or seen.__context__
