"""How far the terminal's clock is from the centre's, kept in a file that terminal and uplink share."""

import logging
import os
from pathlib import Path
from typing import Final

_log = logging.getLogger(__name__)

_SLACK_MS: Final = 2_000
"""Not worth a write: the centre's time comes in whole seconds, and the answer was on its way for a while."""
_JUMP_MS: Final = 60_000
"""Drift of a quartz takes weeks for a minute; a clock that moves further at once was set, or its battery is flat."""


class ClockOffset:
    """The last known difference, centre minus terminal; 0 until the centre has told it.

    Two processes may keep one file: it is read at each question and replaced whole. Nothing is lost with it, the next
    signed answer tells the offset again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._unwritten: int | None = None
        """Learned while the disk took no file; good for this process."""

    def milliseconds(self) -> int:
        """Centre's clock minus the terminal's."""
        return self._known() or 0

    def learn(self, centre_s: float, own_s: float) -> None:
        """Take the centre's time out of a signed answer.

        :param centre_s: centre's clock, seconds since 1970 UTC.
        :param own_s: this machine's clock at the same moment.
        """
        known = self._known()
        told = round((centre_s - own_s) * 1000)
        moved = abs(told - (known or 0))
        # The first word is kept even of two clocks that agree: the file says that the centre has spoken.
        if known is not None and moved < _SLACK_MS:
            return
        if moved >= _JUMP_MS:
            _log.warning("clock offset to the centre jumped from %d s to %d s", (known or 0) // 1000, told // 1000)
        try:
            self._write(told)
            self._unwritten = None
        except OSError as error:
            _log.warning("the clock offset can't be kept: %s", error.strerror)
            self._unwritten = told

    def _known(self) -> int | None:
        if self._unwritten is not None:
            return self._unwritten
        try:
            return int(self._path.read_text("ascii"))
        except (OSError, ValueError):
            return None

    def _write(self, told: int) -> None:
        fresh = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        with fresh.open("w", encoding="ascii") as file:
            file.write(str(told))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
