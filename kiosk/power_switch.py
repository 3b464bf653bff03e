"""What switches the machine off or starts it anew: a sign in a folder that systemd watches, and nothing else.

The sign is an empty file whose name is all it says. Whoever takes it away has heard (docs/systemd.md), so a machine
without those units is told from one that obeys.
"""

import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path
from typing import Final, Self

_log = logging.getLogger(__name__)

DELIVERS_S: Final = 10.0
"""So long the uplink has for what was just written down; it looks every 0.2 s, and a batch takes a second."""
HEARS_S: Final = 10.0
"""So long a sign lies there at most; systemd takes it within a second, on a machine with much to do in a few."""
_LOOKS_S: Final = 0.1


class Power(Enum):
    """What becomes of the machine; the values are the signs' names, and those of the units that watch for them."""

    OFF = "switch-off"
    ANEW = "start-anew"


class PowerSwitch:
    """The folder for signs, if this process was given one. Blocks; for one thread at a time."""

    def __init__(
        self,
        folder: Path | None,
        delivered: Callable[[], bool],
        *,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """
        :param folder: where signs are laid down; None where nobody watches.
        :param delivered: whether waiting for the uplink is over: it has brought all to the centre, or brings nothing.
        """
        self._folder, self._delivered, self._clock, self._pause = folder, delivered, clock, pause

    @classmethod
    def of(cls, environment: Mapping[str, str], delivered: Callable[[], bool]) -> Self:
        """That of a process with this environment, as systemd has made it (``RuntimeDirectory=``)."""
        folder = environment.get("RUNTIME_DIRECTORY")
        return cls(Path(folder) if folder else None, delivered)

    def throw(self, power: Power) -> bool:
        """Give the uplink its moment, then have the machine end; whether anybody heard. Takes 20 s at most."""
        if self._folder is None:
            _log.error("%s: nobody watches for signs here", power.value)
            return False
        self._wait(DELIVERS_S, self._delivered)
        sign = self._folder / power.value
        try:
            sign.touch(mode=0o600)
        except OSError as error:
            _log.error("%s: %s", power.value, error.strerror)
            return False
        if not self._wait(HEARS_S, lambda: not sign.exists()):
            with contextlib.suppress(FileNotFoundError):  # taken in the last moment
                sign.unlink()
                _log.error("%s: nobody has taken the sign", power.value)
                return False
        _log.info("%s: heard", power.value)
        return True

    def _wait(self, longest_s: float, is_over: Callable[[], bool]) -> bool:
        ends = self._clock() + longest_s
        while not is_over():
            if self._clock() >= ends:
                return False
            self._pause(_LOOKS_S)
        return True
