"""What goes over the wires, for a technician who watches a test: off unless somebody watches.

The bytes of a message are shown only where its driver knows that they can hold nothing: status and identity. Of all
else there is the command's name, how long it was, and how it was answered. A message nobody has judged is not shown:
PINs, keys, and what stands on cards and documents go over the same wires.
"""

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

LONGEST_SHOWN: Final = 64
"""Bytes; of a longer message the beginning is shown."""
KEPT: Final = 200
"""Messages; the oldest go first."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One message on one line."""

    at_s: float
    """Seconds of a monotonic clock."""
    device: str
    """The port's noun."""
    outward: bool
    """From the terminal to the device."""
    what: str
    """The command's name, or how it was answered."""
    length: int | None
    """Bytes; None where they lie in locked memory and nobody counts them."""
    shown: bytes | None
    """The bytes, where they can hold nothing; else None."""


class WireTrace:
    """The last passages, of one thread."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._kept: deque[Passage] = deque(maxlen=KEPT)

    def keep(self, device: str, outward: bool, what: str, length: int | None, shown: bytes | None) -> None:
        """Take one passage."""
        self._kept.append(Passage(self._clock(), device, outward, what, length, shown))

    def passages(self) -> tuple[Passage, ...]:
        """All that is kept, oldest first."""
        return tuple(self._kept)


_watching: Final[ContextVar[WireTrace | None]] = ContextVar("watching", default=None)
"""Who watches the wires of this thread; a log would reach whoever reads logs."""


@contextlib.contextmanager
def watched(clock: Callable[[], float] = time.monotonic) -> Iterator[WireTrace]:
    """Watch the wires that this thread talks on for as long as the block runs."""
    trace = WireTrace(clock)
    token = _watching.set(trace)
    try:
        yield trace
    finally:
        _watching.reset(token)


def sent(device: str, what: str, octets: bytes | None, *, holds_nothing: bool = False) -> None:
    """A message goes to a device.

    :param octets: None where they lie in locked memory.
    :param holds_nothing: it is known that no secret and nobody's data can stand in it.
    """
    _passes(device, True, what, octets, holds_nothing)


def came(device: str, what: str, octets: bytes | None, *, holds_nothing: bool = False) -> None:
    """A message came from a device; see :func:`sent`."""
    _passes(device, False, what, octets, holds_nothing)


def _passes(device: str, outward: bool, what: str, octets: bytes | None, holds_nothing: bool) -> None:
    trace = _watching.get()
    if trace is None:
        return
    length = None if octets is None else len(octets)
    shown = octets[:LONGEST_SHOWN] if octets is not None and holds_nothing else None
    trace.keep(device, outward, what, length, shown)
