"""What the window's loop does after each round beside serving: signs of life, the health sheet, the quiet hours."""

import logging

from kiosk.records.health import Ending
from kiosk.runtime.health_keeper import HealthKeeper
from kiosk.runtime.maintenance import Maintenance
from kiosk.runtime.starts import RunBook
from kiosk.runtime.vital_signs import VitalSigns

_log = logging.getLogger(__name__)


class Upkeep:
    """Keeps one run of the application; one thread uses it."""

    def __init__(self, vital_signs: VitalSigns, health: HealthKeeper, maintenance: Maintenance, runs: RunBook) -> None:
        """:param runs: begun already."""
        self._vital_signs, self._health, self._maintenance, self._runs = vital_signs, health, maintenance, runs
        self._ending = Ending.CLEAN

    def round(self, *, drawn: bool, round_s: float) -> bool:
        """Do what is due; whether the application is to end itself now, to be started anew.

        :param drawn: the first screen stands.
        :param round_s: how long the loop's last round took.
        """
        self._vital_signs.tell(drawn=drawn)
        ends = self._maintenance.mind()
        if ends:
            _log.info("nobody is there: the application ends itself, to be started anew")
            self._ending = Ending.MAINTENANCE
        self._health.self_test = self._maintenance.last
        self._health.frames.took(round_s)
        self._health.keep()
        return ends

    def ended(self) -> None:
        """Note that the run came to its end by itself."""
        self._runs.end(self._ending)

    def close(self) -> None:
        """Let go of what runs beside."""
        self._maintenance.close()
