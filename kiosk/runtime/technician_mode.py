"""The terminal in a technician's hands: devices let go of, pages shown, and all of it given back to citizens."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, assert_never

from kiosk.journeys.technician_views import Leave, Page, TechnicianDesk, TechnicianIntent, TechnicianPage
from kiosk.policy.rule import Text
from kiosk.power_switch import Power
from kiosk.runtime.closed_note import ClosedNote
from kiosk.runtime.desk_visit import DeskVisit
from kiosk.runtime.health import Health
from kiosk.runtime.lanes import Lane, LaneAnswer, Lanes
from kiosk.runtime.live_note import LiveNote
from kiosk.runtime.surroundings import Devices

_log = logging.getLogger(__name__)

STANDING: Final = "technician at work"
_LETTING_GO: Final = TechnicianPage(
    Page("letting_go", Text(zh="正在放开设备", en="Letting go of the devices")), waits=True
)


@dataclass(frozen=True, slots=True)
class TechnicianMeans:
    """What a terminal needs to be looked after on its own screen."""

    make_desk: Callable[[], TechnicianDesk]
    closed: ClosedNote
    power: Callable[[Power], bool]
    """Has the machine shut down or started anew; whether anybody heard."""
    note: LiveNote = field(default_factory=LiveNote)
    """Where the desk says how far it is with what it does."""


class _Phase(Enum):
    AWAY = "away"
    LETTING_GO = "letting_go"
    AT_WORK = "at_work"
    COMING_BACK = "coming_back"


class TechnicianMode:
    """Whether a technician is at work, and what they see. The conductor asks it once a round."""

    def __init__(
        self, lanes: Lanes, devices: Devices, health: Health, clock: Callable[[], float], means: TechnicianMeans
    ) -> None:
        self._lanes, self._devices, self._health, self._clock, self._means = lanes, devices, health, clock, means
        self._phase = _Phase.AWAY
        self._still_held = 0
        self._visit: DeskVisit | None = None
        self.restarts = False
        """A technician wants the application to end and be started anew."""

    @property
    def is_on(self) -> bool:
        """Whether the terminal is a technician's, or is just being given back."""
        return self._phase is not _Phase.AWAY

    @property
    def view(self) -> TechnicianPage:
        """What stands on the screen while it is."""
        return self._visit.view if self._visit is not None else _LETTING_GO

    def come_in(self) -> None:
        """Let go of every device, and ask who it is once none is held any more."""
        _log.info("somebody holds the terminal's number: the devices are let go of")
        self._phase = _Phase.LETTING_GO
        for lane, let_go in _letting_go(self._devices, self._lanes):
            self._still_held += 1
            self._lanes.do_aside(lane, let_go, self._let_go_of)

    def intent(self, intent: TechnicianIntent) -> None:
        """Hand on what was touched."""
        if self._visit is not None and self._phase is _Phase.AT_WORK:
            self._visit.intent(intent)

    def touched(self) -> None:
        """Somebody is there."""
        if self._visit is not None:
            self._visit.touched()

    def go_away(self) -> None:
        """Give the terminal back as soon as the desk has let go of what it holds."""
        if self._phase is _Phase.AT_WORK and self._visit is not None:
            self._phase = _Phase.COMING_BACK
            self._visit.end(self._gone)

    def tick(self, now: float) -> None:
        """Mind the time, and carry out what the last page wants of the terminal."""
        visit = self._visit
        if visit is None or self._phase is not _Phase.AT_WORK:
            return
        visit.tick(now)
        leave, visit.leave = visit.leave, None
        match leave:
            case None:
                return
            case Leave.TO_CITIZENS:
                self.go_away()
            case Leave.CLOSE_TERMINAL:
                self._means.closed.leave()
                self._health.broken("closed")
            case Leave.OPEN_TERMINAL:
                self._means.closed.remove()
                self._health.whole("closed")
            case Leave.RESTART:
                self.restarts = True
                self.go_away()
            case Leave.SHUT_DOWN:
                visit.end_machine(Power.OFF, self._means.power)
            case Leave.START_MACHINE:
                visit.end_machine(Power.ANEW, self._means.power)
            case _:
                assert_never(leave)

    def _let_go_of(self, answer: LaneAnswer) -> None:
        if answer.error is not None:
            _log.warning("a device was not let go of: %s", answer.error)
        self._still_held -= 1
        if self._still_held == 0:
            self._phase = _Phase.AT_WORK
            self._visit = DeskVisit(self._lanes, self._clock, self._means.make_desk, note=self._means.note)

    def _gone(self) -> None:
        _log.info("the technician has left: the devices are looked at as at a start")
        self._phase, self._visit = _Phase.AWAY, None


def _letting_go(devices: Devices, lanes: Lanes) -> Iterator[tuple[Lane, Callable[[], Any]]]:
    """What lets go of each device, and the lane that does. Each is opened again by whatever is next asked of it."""
    yield lanes.card, devices.card_reader.release
    if devices.capture_unit is not None:
        yield lanes.card, devices.capture_unit.close
    yield lanes.pad, devices.pin_pad.close
    if devices.id_reader is not None:
        yield lanes.id, devices.id_reader.close
    if devices.receipt_printer is not None:
        yield lanes.printer, devices.receipt_printer.close
    if devices.camera is not None:
        yield lanes.camera, devices.camera.close
    if devices.card_maker is not None:
        yield lanes.maker, devices.card_maker.printer.close
        yield lanes.maker, devices.card_maker.station.release
