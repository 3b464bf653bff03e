"""The quiet hours with a clock in the hand: the test, and the new start that nobody notices."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import wait
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.ports.errors import NotConnected
from kiosk.configuration import ConfigurationError, MaintenanceSection
from kiosk.journeys.views import Attract, ChooseService, Explain, Home, InsertCard, Intent, PinEntry, TakeCard
from kiosk.records.china_time import CHINA
from kiosk.records.health import DeviceHealth, SelfTest
from kiosk.records.transaction import Service
from kiosk.runtime.maintenance import Checked, Maintenance, QuietHours
from tests.unit.test_conductor import DEADLINE_S, Hall
from tests.unit.test_receipt_printer_section import configured

NIGHT = QuietHours(time(3, 0), time(4, 0))
EVENING = datetime(2026, 11, 22, 20, 0, tzinfo=CHINA)
THREE = datetime(2026, 11, 23, 3, 0, tzinfo=CHINA)


@dataclass
class Sleeper:
    """A terminal that is as the test says."""

    vacant: bool = True
    at_rest: bool = True
    equipped: tuple[str, ...] = ("card_reader", "pin_pad")
    codes: dict[str, str] = field(default_factory=lambda: {"card_reader": "", "pin_pad": ""})

    @property
    def device_health(self) -> tuple[DeviceHealth, ...]:
        return tuple(DeviceHealth(device=name, code=code, since_ms=1) for name, code in self.codes.items())


class Night:
    """A night of one process, and what it is told to look at."""

    def __init__(self, folder: Path, began: datetime = EVENING) -> None:
        self.folder, self.now = folder, began
        self.sleeper = Sleeper()
        self.finds: Checked = (6, ())
        self.breaks: Exception | None = None
        self.restart = True
        self.hours: QuietHours | None = NIGHT
        self.may_end = threading.Event()
        self.may_end.set()
        self.tests = 0
        self.maintenance = self.process()

    def process(self) -> Maintenance:
        def look() -> Checked:
            self.tests += 1
            assert self.may_end.wait(DEADLINE_S)
            if self.breaks is not None:
                raise self.breaks
            return self.finds

        return Maintenance(
            self.hours, self.folder / "self-test.json", self.sleeper, lambda: self.now,
            restart=self.restart, check=look,
        )  # fmt: skip

    def at(self, moment: datetime) -> bool:
        """Whether it ends itself at this moment."""
        self.now = moment
        return self.maintenance.mind()

    def tested(self) -> SelfTest:
        """What is found once the test that is under way has ended."""
        under_way = self.maintenance._under_way
        assert under_way is not None
        under_way.result(DEADLINE_S)
        self.maintenance.mind()
        assert self.maintenance.last is not None
        return self.maintenance.last


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    night = Night(tmp_path)
    yield night
    night.may_end.set()
    night.maintenance.close()


@given(
    begins=st.times().map(lambda one: one.replace(second=0, microsecond=0)),
    ends=st.times().map(lambda one: one.replace(second=0, microsecond=0)),
    minute=st.integers(0, 3 * 24 * 60),
)
def test_quiet_hours_are_found_whichever_side_of_midnight(begins: time, ends: time, minute: int) -> None:
    if begins == ends:
        return
    now = datetime(2026, 11, 20, tzinfo=CHINA) + timedelta(minutes=minute)
    begun = QuietHours(begins, ends).begun(now)
    of_day = now.time()
    inside = begins <= of_day < ends if begins < ends else of_day >= begins or of_day < ends
    assert (begun is not None) is inside
    if begun is not None:
        assert begun.time() == begins
        assert timedelta(0) <= now - begun < timedelta(days=1)


def test_in_the_quiet_hours_it_tests_itself_and_then_begins_anew(night: Night) -> None:
    assert not night.at(THREE - timedelta(seconds=1))
    assert night.tests == 0
    night.at(THREE)
    found = night.tested()
    assert found == SelfTest(begun_at_ms=int(THREE.timestamp() * 1000), tried=8)
    assert night.at(THREE + timedelta(minutes=1))


def test_the_process_that_began_in_these_hours_stays_and_tests_nothing_again(night: Night) -> None:
    night.at(THREE)
    night.tested()
    night.now = THREE + timedelta(minutes=2)
    second = night.process()
    for minute in range(3, 70):
        night.now = THREE + timedelta(minutes=minute)
        assert not second.mind()
    assert night.tests == 1
    night.now = THREE + timedelta(days=1)
    second.mind()
    assert second._under_way is not None, "the next night it does"
    second._under_way.result(DEADLINE_S)
    second.mind()
    assert second.mind()
    second.close()


def test_whoever_is_there_is_served_first(night: Night) -> None:
    night.at(THREE)
    night.tested()
    night.sleeper.at_rest = False
    for minute in range(1, 50):
        assert not night.at(THREE + timedelta(minutes=minute))
    night.sleeper.at_rest = True
    assert night.at(THREE + timedelta(minutes=50))


def test_a_night_in_which_somebody_stays_passes_without_a_restart(night: Night) -> None:
    night.sleeper.vacant = night.sleeper.at_rest = False
    for minute in range(60):
        assert not night.at(THREE + timedelta(minutes=minute))
    night.sleeper.at_rest = True
    assert not night.at(THREE + timedelta(minutes=60))
    assert night.tests == 0


def test_it_does_not_end_while_the_test_is_under_way(night: Night) -> None:
    night.may_end.clear()
    night.at(THREE)
    assert not night.at(THREE + timedelta(minutes=1))
    night.may_end.set()
    night.tested()
    assert night.at(THREE + timedelta(minutes=2))


def test_what_is_not_well_is_named_and_a_device_that_says_nothing_is_not_well(night: Night) -> None:
    night.sleeper.equipped = ("card_reader", "pin_pad", "camera")
    night.sleeper.codes = {"card_reader": "", "pin_pad": "P-01"}
    night.finds = (6, ("ledger_damaged",))
    night.at(THREE)
    assert night.tested().faults == ("ledger_damaged", "pin_pad", "camera")
    kept = msgspec.json.decode((night.folder / "self-test.json").read_bytes(), type=SelfTest)
    assert kept == night.maintenance.last


def test_a_test_that_breaks_the_process_is_not_begun_again_that_night(night: Night) -> None:
    night.may_end.clear()
    night.at(THREE)
    after_it_died = night.process()
    night.now = THREE + timedelta(minutes=1)
    assert not after_it_died.mind()
    assert after_it_died.last == SelfTest(begun_at_ms=int(THREE.timestamp() * 1000), tried=0)
    after_it_died.close()


def test_a_test_that_raises_is_on_record_and_ends_nobody(night: Night, caplog: pytest.LogCaptureFixture) -> None:
    night.breaks = OSError(5, "张三")
    night.at(THREE)
    under_way = night.maintenance._under_way
    assert under_way is not None
    wait([under_way], DEADLINE_S)
    assert not night.at(THREE + timedelta(minutes=1))
    assert night.maintenance.last == SelfTest(begun_at_ms=int(THREE.timestamp() * 1000), tried=0)
    assert "the self-test broke off: OSError" in caplog.text
    assert "张三" not in caplog.text
    assert night.at(THREE + timedelta(minutes=2)), "the new start is due all the same"
    assert night.tests == 1


def test_a_damaged_record_of_the_last_test_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "self-test.json").write_bytes(b'{"begun_at_ms":1,"faults":["\xff"]}')
    assert Night(tmp_path).maintenance.last is None


@pytest.mark.parametrize("setting", ["none", "no restart"])
def test_what_is_not_set_is_not_done(tmp_path: Path, setting: str) -> None:
    night = Night(tmp_path)
    night.hours, night.restart = (None, True) if setting == "none" else (NIGHT, False)
    night.maintenance = night.process()
    night.at(THREE)
    if setting == "none":
        assert night.maintenance.last is None
    else:
        night.tested()
    assert not night.at(THREE + timedelta(minutes=1))
    night.maintenance.close()


def test_a_test_that_a_wrong_clock_dated_later_keeps_no_night_from_its_own(night: Night) -> None:
    later = SelfTest(begun_at_ms=int((THREE + timedelta(days=900)).timestamp() * 1000), tried=8)
    (night.folder / "self-test.json").write_bytes(msgspec.json.encode(later))
    night.maintenance = night.process()
    night.at(THREE)
    assert night.tested().begun_at_ms == int(THREE.timestamp() * 1000)


def rested(hall: Hall) -> None:
    hall.now += 61
    hall.until(lambda: hall.conductor.at_rest, "it is at rest")


@pytest.fixture
def hall() -> Iterator[Hall]:
    hall = Hall()
    hall.sees(Attract)
    yield hall
    hall.slot.pull()
    hall.conductor.stop()


def test_a_terminal_at_which_nobody_is_is_at_rest_a_minute_after_the_last_touch(hall: Hall) -> None:
    hall.until(lambda: hall.conductor.vacant and not hall.conductor._slot_was_full, "the slot was seen empty")
    hall.conductor.activity(large=False)
    hall.now += 59
    assert not hall.conductor.at_rest
    hall.now += 1
    assert hall.conductor.at_rest


def test_a_citizen_in_the_quiet_hours_is_served_to_the_end_first(hall: Hall, tmp_path: Path) -> None:
    rested(hall)
    moment = [EVENING]
    maintenance = Maintenance(NIGHT, tmp_path / "self-test.json", hall.conductor, lambda: moment[0], restart=True)
    moment[0] = THREE
    maintenance.mind()
    assert maintenance._under_way is not None
    maintenance._under_way.result(DEADLINE_S)
    maintenance.mind()

    def never_ends(there: Callable[[], bool], what: str) -> None:
        def looked() -> bool:
            moment[0] += timedelta(seconds=1)
            assert not maintenance.mind(), what
            return there()

        hall.until(looked, what)

    moment[0] = THREE + timedelta(minutes=10)
    hall.touch(Intent.START)
    never_ends(lambda: isinstance(hall.view, Home), "somebody chooses")
    hall.touch(ChooseService(Service.CARD_QUERY))
    never_ends(lambda: isinstance(hall.view, InsertCard), "a card is asked for")
    hall.slot.insert()
    never_ends(lambda: isinstance(hall.view, PinEntry), "the PIN is asked for")
    assert hall.pad.entering.wait(DEADLINE_S)
    hall.touch(Intent.CANCEL)
    never_ends(lambda: isinstance(hall.view, TakeCard), "the card is to be taken")
    hall.slot.pull()
    never_ends(lambda: isinstance(hall.view, Explain), "it is read how that ended")
    hall.touch(Intent.DONE)
    never_ends(lambda: isinstance(hall.view, Home), "somebody may want more")
    hall.touch(Intent.CANCEL)
    never_ends(lambda: hall.conductor.vacant, "and goes")
    moment[0] = THREE + timedelta(minutes=40)
    rested(hall)
    assert maintenance.mind()
    maintenance.close()


def test_a_card_in_the_slot_is_no_rest(hall: Hall) -> None:
    rested(hall)
    hall.slot.insert()
    hall.until(lambda: not hall.conductor.at_rest, "the card is seen")


def test_while_the_ledger_takes_nothing_it_does_not_end(hall: Hall) -> None:
    rested(hall)
    hall.book.full = True
    hall.now += 11
    hall.until(lambda: hall.conductor._health.is_broken("ledger"), "the ledger is missed")
    assert hall.conductor.vacant
    assert not hall.conductor.at_rest, "what could not be written lies in memory alone"


def test_a_slot_that_nobody_can_look_into_is_no_rest() -> None:
    hall = Hall()
    hall.slot.gone = NotConnected("card_reader", "no reader")
    hall.until(lambda: hall.conductor._health.is_broken("card_reader"), "the reader is missed")
    hall.now += 61
    assert not hall.conductor.at_rest
    hall.conductor.stop()


def test_the_devices_that_a_terminal_has(hall: Hall) -> None:
    assert hall.conductor.equipped == ("card_reader", "pin_pad")


def test_the_section_is_left_out_or_names_two_times(tmp_path: Path) -> None:
    assert configured(tmp_path, "").maintenance is None
    section = '[maintenance]\nbegins = "{}"\nends = "{}"'
    named = configured(tmp_path, section.format("03:00", "04:30")).maintenance
    assert named == MaintenanceSection(begins="03:00", ends="04:30", restart=True)
    for begins, ends in (("3:00", "04:00"), ("03:00", "24:00"), ("03:00", "03:00")):
        with pytest.raises(ConfigurationError, match="maintenance"):
            configured(tmp_path, section.format(begins, ends))
