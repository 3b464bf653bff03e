"""The watchdog is fed by the window's loop, the lanes and the ledger, by nothing else: real lanes, a real socket."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.ports.pin_pad import PadIdentity
from kiosk.journeys.views import Attract, InsertCard, Intent, OutOfService
from kiosk.journeys.views import ChooseService as Choose
from kiosk.records.transaction import Service
from kiosk.runtime.lanes import CARD_S, ID_READER_S, LEDGER_S, PAD_S, Lane
from kiosk.runtime.vital_signs import LEDGER_PATIENCE_S, VitalSigns
from kiosk.service_manager import ServiceManager
from tests.unit.test_conductor import DEADLINE_S, Hall
from tests.unit.test_service_manager import Systemd

WATCHDOG_S = 20.0


class Watched:
    """A terminal in a hall, and systemd, which hears what its loop tells after each round."""

    def __init__(self, systemd: Systemd) -> None:
        self.hall, self.systemd = Hall(), systemd
        self.manager = ServiceManager(systemd.address, watchdog_s=WATCHDOG_S, clock=lambda: self.hall.now)
        self.signs = VitalSigns(self.hall.conductor, self.manager)
        self.drawn = True
        self.standing = ""
        """What ``systemctl status`` would show."""

    def heard(self) -> list[str]:
        """What has been told since."""
        told = self.systemd.heard()
        for words in told:
            if words.startswith("STATUS="):
                self.standing = words.removeprefix("STATUS=")
        return told

    def round(self) -> None:
        self.hall.conductor.tick()
        self.signs.tell(drawn=self.drawn)

    def lives_for(self, seconds: float) -> bool:
        """Whether a sign of life comes in each watchdog's limit of that time."""
        ends = self.hall.now + seconds
        while self.hall.now < ends:
            self.heard()
            for _ in range(10):
                self.hall.now += WATCHDOG_S / 10
                self.round()
                self.hall.until(self.caught_up)
            if "WATCHDOG=1" not in self.heard():
                return False
        return True

    def caught_up(self) -> bool:
        """Whether each lane but the pad's, which a test may have caught, has finished what it began a second ago."""
        lanes = self.hall.conductor._lanes
        return not any(lane.hangs(self.hall.now + lane._longest_s - 1) for lane in lanes.all if lane is not lanes.pad)

    def stands(self, words: str) -> None:
        """Go on until systemd has heard that it stands like this."""
        for _ in range(int(DEADLINE_S / 0.01)):
            self.round()
            self.heard()
            if self.standing == words:
                return
            self.hall.woken.wait(0.01)
            self.hall.woken.clear()
        raise AssertionError(f"never: {words}; it stands like this: {self.standing}")


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    systemd = Systemd(tmp_path / "notify")
    place = Watched(systemd)
    yield place
    place.hall.pad.cancel()
    place.hall.conductor.stop()
    place.manager.close()
    systemd.close()


def test_ready_is_said_once_and_only_when_the_first_screen_stands(watched: Watched) -> None:
    watched.drawn = False
    for _ in range(3):
        watched.round()
    assert "READY=1" not in watched.systemd.heard()
    watched.drawn = True
    watched.round()
    watched.round()
    assert watched.systemd.heard().count("READY=1") == 1


def test_whoever_is_served_is_alive_whatever_is_waited_for(watched: Watched) -> None:
    assert watched.lives_for(300), "nobody is there"
    watched.hall.sees(Attract)
    watched.hall.touch(Intent.START)
    watched.hall.touch(Choose(Service.CARD_QUERY))
    watched.hall.sees(InsertCard)
    assert watched.lives_for(60), "a card is waited for"
    watched.stands("serves somebody")


def test_a_pin_is_waited_for_as_long_as_its_citizen_takes(watched: Watched) -> None:
    watched.hall.to_pin_entry()
    for digits in range(1, 5):
        watched.hall.pad.count(digits)
        assert watched.lives_for(60), "an entry may last four minutes"
    assert watched.hall.pad.entering.is_set()


def test_a_loop_that_stands_still_is_not_alive(watched: Watched) -> None:
    watched.round()
    assert "WATCHDOG=1" in watched.systemd.heard()
    watched.hall.now += 2 * WATCHDOG_S
    assert watched.systemd.hears_nothing(), "lanes that are well say nothing for the window"


@pytest.fixture
def stuck(watched: Watched) -> Iterator[threading.Event]:
    """The pad's lane is in a call that never returns; set, it does."""
    free, caught = threading.Event(), threading.Event()

    def identify() -> PadIdentity:
        caught.set()
        free.wait(4 * DEADLINE_S)
        return PadIdentity("sunson", "1", "PAD1")

    watched.hall.pad.identify = identify  # type: ignore[method-assign]
    watched.hall.later(60)
    assert caught.wait(DEADLINE_S)
    yield free
    free.set()


def test_a_lane_that_hangs_beyond_its_longest_time_out_is_not_alive(
    watched: Watched, stuck: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    assert watched.lives_for(PAD_S - WATCHDOG_S), "it may still answer"
    watched.hall.later(2 * WATCHDOG_S)
    watched.stands("lane-pad hangs")
    assert not watched.lives_for(WATCHDOG_S)
    assert caplog.messages.count("no sign of life from here on: lane-pad hangs") == 1
    stuck.set()
    watched.stands("waits for somebody")
    assert watched.lives_for(WATCHDOG_S), "it has come back before it was killed"


@pytest.mark.parametrize(("name", "longest_s"), [("card", CARD_S), ("id", ID_READER_S), ("ledger", LEDGER_S)])
def test_each_lane_is_felt_by_itself(watched: Watched, name: str, longest_s: float) -> None:
    lanes = watched.hall.conductor._lanes
    lane: Lane = getattr(lanes, name)
    begun, free = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        free.wait(4 * DEADLINE_S)

    lanes.do_aside(lane, work, lambda _answer: None)
    assert begun.wait(DEADLINE_S)
    at_last, too_late = watched.hall.now + longest_s - 1, watched.hall.now + longest_s + 1
    assert not lane.hangs(at_last)
    assert [one.name for one in lanes.all if one.hangs(too_late)] == [f"lane-{name}"]
    free.set()
    watched.hall.until(lambda: lane.idle)
    assert not lane.hangs(too_late)


def test_a_ledger_that_fails_is_said_on_the_screen_and_in_the_end_ends_the_process(watched: Watched) -> None:
    watched.hall.book.full = True
    watched.hall.later(60)
    watched.hall.sees(OutOfService)
    assert watched.lives_for(LEDGER_PATIENCE_S - 2 * WATCHDOG_S), "the screen says so; it is opened anew meanwhile"
    watched.hall.later(3 * WATCHDOG_S)
    watched.stands("the ledger can't be written")
    assert not watched.lives_for(WATCHDOG_S)


def test_a_ledger_that_comes_back_in_time_begins_anew(watched: Watched) -> None:
    for _ in range(2):
        watched.hall.book.full = True
        watched.hall.later(60)
        watched.hall.sees(OutOfService)
        watched.stands("out of service, L-01")
        assert watched.lives_for(LEDGER_PATIENCE_S - 3 * WATCHDOG_S)
        watched.hall.book.full = False
        watched.hall.later(60)
        watched.hall.sees(Attract)
        assert watched.lives_for(WATCHDOG_S)
