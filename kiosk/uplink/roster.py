"""Fetches the list of who may work at this terminal, and lays it down for the terminal to take in.

The uplink has no key that opens what the terminal keeps: what it fetches lies as it came, signed by the centre, with
every secret in it sealed to the terminal.
"""

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from kiosk.central_client import CentreDistrusted, CentreRefused, CentreUnreachable
from kiosk.records.roster import AskRoster, Roster, RosterTold
from kiosk.records.upload import encode
from kiosk.uplink.uplink import Line

ASKED_EVERY_S: Final = 900.0
"""How long a technician who was struck off may still be admitted where the line carries."""
_AGAIN_AFTER_S: Final = 60.0
"""When the line did not carry."""

_log = logging.getLogger(__name__)


class RosterErrand:
    """Asks for the roster at the start and every quarter of an hour, while nothing else waits to be sent."""

    def __init__(self, line: Line, arrived: Path, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """:param arrived: where a new one is laid down; whoever takes it in checks its signature."""
        self._line, self._arrived, self._monotonic = line, arrived, monotonic
        self._known = 0
        self._due_at = monotonic()

    def __call__(self) -> None:
        """Do it if it is due. What goes wrong is told in the log and tried again."""
        if self._monotonic() < self._due_at:
            return
        try:
            told = self._line.ask("/v1/roster", AskRoster(known=self._known), RosterTold)
            if told.roster is not None:
                lay_down(self._arrived, told.roster)
                self._known = told.roster.number
                _log.info("roster %d has arrived", told.roster.number)
        except (CentreUnreachable, CentreDistrusted, CentreRefused, OSError) as error:
            _log.warning("no roster: %s", error)
            self._due_at = self._monotonic() + _AGAIN_AFTER_S
        else:
            self._due_at = self._monotonic() + ASKED_EVERY_S


def lay_down(arrived: Path, roster: Roster) -> None:
    """Put a roster where the terminal takes it from, whole or not at all.

    :raises OSError: the disk takes no file.
    """
    fresh = arrived.with_name(f"{arrived.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(encode(roster))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(arrived)
