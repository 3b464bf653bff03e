"""The first run: pages of a desk in the terminal's window, before there is a terminal to serve anybody."""

from collections.abc import Callable
from typing import Final

from kiosk.journeys.technician_views import ActTouched, Filled, Leave, TechnicianDesk, Way
from kiosk.journeys.views import Posted, Scene
from kiosk.journeys.wording import Say
from kiosk.power_switch import Power
from kiosk.runtime.desk_visit import DeskVisit
from kiosk.runtime.lanes import Lanes
from kiosk.runtime.surroundings import Display

HOME: Final = "home"
_NAME: Final = Say("新机器", translations={"en": "New terminal"})


class Assistant:
    """Shows the pages until their desk, or whoever stands there, has done."""

    def __init__(
        self,
        display: Display,
        clock: Callable[[], float],
        wake: Callable[[], None],
        make_desk: Callable[[], TechnicianDesk],
        power: Callable[[Power], bool],
        terminal: str,
    ) -> None:
        """:param terminal: its number as far as it is known."""
        self._display, self._clock, self._power, self._terminal = display, clock, power, terminal
        self._lanes = Lanes(wake, clock)
        self._visit = DeskVisit(self._lanes, clock, make_desk, first=HOME, times_out=False)
        self._is_ending = False
        self._shown: Scene | None = None
        self.ended = False
        """The desk has let go of all it held: the window may close."""

    @property
    def ailment(self) -> str | None:
        """What only a new start can mend."""
        return "lane-desk hangs" if self._lanes.desk.hangs(self._clock()) else None

    @property
    def standing(self) -> str:
        """How it stands, naming nobody."""
        return "first run: waits for a technician"

    def intent(self, intent: Posted) -> None:
        """Take in what was touched."""
        if isinstance(intent, Way | ActTouched | Filled) and not self._is_ending:
            self._visit.intent(intent)

    def touched(self) -> None:
        """Somebody is there."""
        self._visit.touched()

    def end(self) -> None:
        """Have it come to its end."""
        if not self._is_ending:
            self._is_ending = True
            self._visit.end(self._has_ended)

    def tick(self) -> None:
        """Take in what has arrived, mind the time, draw."""
        for answer in self._lanes.arrived():
            raise AssertionError(f"{answer} is for a journey, and there is none")
        visit = self._visit
        if not self._is_ending:
            visit.tick(self._clock())
        leave, visit.leave = visit.leave, None
        if leave is Leave.SHUT_DOWN:
            visit.end_machine(Power.OFF, self._power)
        elif leave is not None:
            self.end()
        scene = Scene(visit.view, _NAME, "", None, self._terminal)
        if scene != self._shown:
            self._shown = scene
            self._display.show(scene)

    def close(self) -> None:
        """End the lanes."""
        self._lanes.close()

    def _has_ended(self) -> None:
        self.ended = True
