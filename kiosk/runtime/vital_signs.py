"""Whether the terminal can still serve somebody, or only a new start can mend it; the watchdog is fed by this alone."""

import logging
from typing import Final, Protocol

from kiosk.runtime.health import Health
from kiosk.runtime.lanes import Lanes
from kiosk.service_manager import ServiceManager

_log = logging.getLogger(__name__)

LEDGER_PATIENCE_S: Final = 600.0
"""How long a ledger may fail, which the screen says (L-01) while it is opened anew every 10 s. Then a new process is
the last thing left to try; more often would only make the screen flicker."""


class Pulse:
    """Feels what no error tells: a lane that never answers, a ledger that never comes back.

    The window's loop is not felt here: whoever asks is that loop, and one that is frozen does not ask.
    """

    def __init__(self, lanes: Lanes, health: Health) -> None:
        self._lanes, self._health = lanes, health
        self._ledger_fails_since: float | None = None

    def ailment(self, now: float) -> str | None:
        """What only a new start can mend, for technicians; None while all is well or mends itself.

        A lane that waits within its own time-outs, for a card or for digits, is well. A loudspeaker that hangs makes a
        silent terminal, which serves: no new start is worth that.
        """
        if not self._health.is_broken("ledger"):
            self._ledger_fails_since = None
        elif self._ledger_fails_since is None:
            self._ledger_fails_since = now
        for lane in self._lanes.all:
            if lane is not self._lanes.sound and lane.hangs(now):
                return f"{lane.name} hangs"
        if self._ledger_fails_since is not None and now - self._ledger_fails_since >= LEDGER_PATIENCE_S:
            return "the ledger can't be written"
        return None


class Patient(Protocol):
    """Whose signs are told: the conductor."""

    @property
    def ailment(self) -> str | None:
        """What only a new start can mend; None while there is nothing."""

    @property
    def standing(self) -> str:
        """How it stands, naming nobody."""


class VitalSigns:
    """Tells the service manager how the terminal is; called by the window's loop after each of its rounds."""

    def __init__(self, patient: Patient, manager: ServiceManager) -> None:
        self._patient, self._manager = patient, manager
        self._is_ready = False
        self._told: str | None = None

    def tell(self, *, drawn: bool) -> None:
        """Tell that the work goes on, unless it does not.

        :param drawn: the first screen stands; before that nobody is told that the terminal is ready.
        """
        if drawn and not self._is_ready:
            self._is_ready = True
            self._manager.ready()
        ailment = self._patient.ailment
        if ailment != self._told:
            self._told = ailment
            if ailment is not None:
                _log.error("no sign of life from here on: %s", ailment)
        self._manager.standing(ailment or self._patient.standing)
        if ailment is None:
            self._manager.alive()
