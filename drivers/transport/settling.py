"""What a device comes to after a movement whose answer may be lost: its sensors are asked until nothing moves."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

from drivers.ports.errors import DeviceError, TimedOut

T = TypeVar("T")

LOOK_S: Final = 0.25
"""Seconds between two looks at the sensors while something moves or is waited for."""
_LOOKS: Final = 2
"""How often the sensors are asked in vain before a device counts as silent."""


def settled(
    look: Callable[[], T],
    moves: Callable[[T], bool],
    restless: TimedOut,
    lost: DeviceError | None,
    limit_s: float,
    pause: Callable[[float], None],
) -> T:
    """How everything is once nothing moves any more.

    :param restless: raised when it still moves after ``limit_s`` seconds.
    :param lost: what came instead of an answer; chained to whatever is raised.
    :param pause: waits so many seconds.
    :raises DeviceError: the sensors do not say.
    """
    deadline = time.monotonic() + limit_s
    silent = 0
    while True:
        try:
            seen = look()
        except DeviceError as silence:
            silent += 1
            if silent == _LOOKS:
                raise silence from lost
            continue
        if not moves(seen):
            return seen
        if time.monotonic() >= deadline:
            raise restless from lost
        pause(LOOK_S)
