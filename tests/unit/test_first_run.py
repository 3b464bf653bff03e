"""The first run's window side, with real lanes, and the desk that names the command."""

import threading
from collections.abc import Callable, Iterator, Mapping

import pytest

from kiosk.journeys.technician_views import ActTouched, Leave, Page, TechnicianDesk, TechnicianPage, Way
from kiosk.journeys.views import Intent
from kiosk.policy.rule import Text
from kiosk.runtime.assistant import Assistant
from kiosk.technician.unprovisioned import PROVISION, UnprovisionedDesk
from tests.unit.test_conductor import DEADLINE_S, Screen


class FirstRun:
    """An assistant, and a clock in the hand."""

    def __init__(self, make_desk: Callable[[], TechnicianDesk], *, may_power_off: bool = True) -> None:
        self.now = 1000.0
        self.woken = threading.Event()
        self.screen = Screen()
        self.assistant = Assistant(
            self.screen, lambda: self.now, self.woken.set, make_desk, lambda _power: may_power_off, "zmd-0001"
        )

    def until(self, there: Callable[[], bool]) -> None:
        for _ in range(int(DEADLINE_S / 0.01)):
            self.assistant.tick()
            if there():
                return
            self.woken.wait(0.01)
            self.woken.clear()
        raise AssertionError(f"never; shown is {self.screen.scene}")

    @property
    def view(self) -> TechnicianPage:
        assert self.screen.scene is not None
        view = self.screen.scene.view
        assert isinstance(view, TechnicianPage)
        return view

    def stands(self, word: str) -> None:
        self.until(lambda: self.view.page.word == word and not self.view.waits)


@pytest.fixture
def first_run() -> Iterator[FirstRun]:
    place = FirstRun(lambda: UnprovisionedDesk("zmd-0001"))
    yield place
    place.assistant.close()


def test_a_new_terminal_says_which_command_sets_it_up(first_run: FirstRun) -> None:
    first_run.stands("home")
    assert PROVISION in {row.value for row in first_run.view.page.rows}
    assert first_run.assistant.standing == "first run: waits for a technician"
    assert first_run.assistant.ailment is None
    first_run.assistant.intent(Intent.START)
    first_run.now += 100_000
    first_run.assistant.tick()
    assert first_run.view.page.word == "home", "nobody is sent away: there are no citizens yet"
    first_run.assistant.intent(ActTouched("again"))
    first_run.until(lambda: first_run.assistant.ended)


@pytest.mark.parametrize("way", [Way.BACK, Way.LEAVE])
def test_both_ways_out_end_it(first_run: FirstRun, way: Way) -> None:
    first_run.stands("home")
    first_run.assistant.intent(way)
    first_run.until(lambda: first_run.assistant.ended)


def test_the_desk_of_a_new_terminal_knows_nothing_else() -> None:
    desk = UnprovisionedDesk("zmd-0001")
    with pytest.raises(KeyError):
        desk.page("devices")
    for page, act, given in (("home", "enrol", {}), ("devices", "again", {}), ("home", "again", {"code": "1"})):
        with pytest.raises(KeyError):
            desk.do(page, act, given)
    assert desk.do("home", "again", {}).leave is Leave.RESTART


@pytest.mark.parametrize(("may", "page"), [(True, "shutting_down"), (False, "not_shut_down")])
def test_a_new_machine_is_shut_down_from_its_screen(may: bool, page: str) -> None:
    class Desk(UnprovisionedDesk):
        def do(self, page: str, act: str, given: Mapping[str, str]) -> Page:
            return Page("home", Text(zh="关机", en="Off"), leave=Leave.SHUT_DOWN)

    first_run = FirstRun(lambda: Desk("zmd-0001"), may_power_off=may)
    first_run.stands("home")
    first_run.assistant.intent(ActTouched("again"))
    first_run.stands(page)
    first_run.assistant.close()
