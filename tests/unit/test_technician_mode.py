"""A technician at the conductor: real lanes, a clock in the hand, and a desk written here."""

import logging
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from drivers.ports.errors import NotConnected
from drivers.ports.id_reader import ReaderIdentity
from drivers.ports.pin_pad import PadIdentity
from drivers.ports.receipt_printer import PrinterStatus
from kiosk.journeys.technician_views import (
    Act,
    ActTouched,
    Entry,
    EntryKind,
    Filled,
    Leave,
    Mark,
    Page,
    Row,
    TechnicianPage,
    Way,
)
from kiosk.journeys.views import Attract, Home, InsertCard, Intent, OutOfService, TakeCard
from kiosk.policy.rule import Text
from kiosk.power_switch import Power
from kiosk.runtime.closed_note import ClosedNote
from kiosk.runtime.desk_visit import _fits
from kiosk.runtime.live_note import LiveNote
from kiosk.runtime.technician_mode import STANDING, TechnicianMeans
from tests.unit.test_conductor import DEADLINE_S, Eye, Hall, Pad, Plate, Printer, Slot

SECRET = "13579-SECRET"


def told(words: str) -> Text:
    return Text(zh=words, en=words)


class Desk:
    """A desk of a few pages. Its threads and what it is asked are noted; a gate makes it slow."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.given: list[dict[str, str]] = []
        self.threads: set[str] = set()
        self.closed = 0
        self.gate = threading.Event()
        self.gate.set()
        self.raises = False
        self.leave: Leave | None = None
        self.light = 0

    def page(self, word: str) -> Page:
        self._note(f"page {word}")
        match word:
            case "entry":
                code = Entry("code", told("口令"), EntryKind.HIDDEN, 6)
                staff = Entry("staff", told("工号"), EntryKind.DIGITS, 6)
                return Page(word, told("入口"), acts=(Act("admit", told("进入"), entries=(staff, code)),))
            case "home":
                row = Row(told("读卡器"), "ACR39U", Mark.WELL, act=Act("page:reader", told("看")))
                acts = (
                    Act("try", told("试")),
                    Act("close", told("停用"), asks_again=True),
                    Act("page:live", told("值")),
                )
                return Page(word, told("维护"), rows=(row,), acts=acts)
            case "live":
                self.light += 1
                return Page(word, told("值"), rows=(Row(told("亮度"), str(self.light)),), again_after_s=1.0)
            case "reader":
                return Page(word, told("读卡器"))
            case _:
                raise KeyError(word)

    def do(self, page: str, act: str, given: Mapping[str, str]) -> Page:
        self._note(f"do {page} {act}")
        self.given.append(dict(given))
        match page, act:
            case "entry", "admit" if given["code"] == "123456":
                return self.page("home")
            case "entry", "admit":
                entry = self.page("entry")
                return Page("entry", entry.title, acts=entry.acts, note=told("不对"), note_mark=Mark.FAULT)
            case "home", _:
                return Page("home", told("维护"), acts=self.page("home").acts, note=told("办好了"), leave=self.leave)
            case _:
                raise KeyError(act)

    def close(self) -> None:
        self.closed += 1

    def _note(self, asked: str) -> None:
        self.asked.append(asked)
        self.threads.add(threading.current_thread().name)
        assert self.gate.wait(DEADLINE_S)
        if self.raises:
            raise ValueError(SECRET)


class ClosingPad(Pad):
    """It notes in which order it was used and let go of."""

    def __init__(self, noted: list[str]) -> None:
        super().__init__()
        self.noted = noted

    def identify(self) -> PadIdentity:
        self.noted.append("pad used")
        return super().identify()

    def close(self) -> None:
        self.noted.append("pad closed")


class ClosingPlate(Plate):
    def __init__(self, noted: list[str]) -> None:
        super().__init__()
        self.noted = noted

    def identify(self) -> ReaderIdentity:
        self.noted.append("plate used")
        return super().identify()

    def close(self) -> None:
        self.noted.append("plate closed")


class ClosingPrinter(Printer):
    def __init__(self, noted: list[str]) -> None:
        super().__init__()
        self.noted = noted

    def status(self) -> PrinterStatus:
        self.noted.append("printer used")
        return super().status()

    def close(self) -> None:
        self.noted.append("printer closed")


class WatchedSlot(Slot):
    def __init__(self, noted: list[str]) -> None:
        super().__init__()
        self.noted = noted

    def card_present(self) -> bool:
        self.noted.append("slot used")
        return super().card_present()

    def release(self) -> None:
        self.noted.append("slot closed")
        super().release()


@dataclass
class Terminal:
    """A hall with a technician before it."""

    hall: Hall
    desks: list[Desk]
    closed: ClosedNote
    noted: list[str]
    note: LiveNote
    next_desk: list[Desk]
    may_power_off: threading.Event
    powered_off: list[Power]

    @property
    def page(self) -> str:
        view = self.hall.view
        return view.page.word if isinstance(view, TechnicianPage) else type(view).__name__

    @property
    def shown(self) -> TechnicianPage:
        view = self.hall.view
        assert isinstance(view, TechnicianPage)
        return view

    @property
    def desk(self) -> Desk:
        return self.desks[-1]

    def stands(self, page: str) -> None:
        def there() -> bool:
            view = self.hall.view
            return isinstance(view, TechnicianPage) and view.page.word == page and not view.waits

        self.hall.until(there, page)

    def holds(self) -> None:
        self.hall.sees(Attract)
        self.hall.until(lambda: "slot used" in self.noted, "the slot was looked at")
        self.hall.touch(Way.HELD)

    def comes_in(self) -> None:
        self.holds()
        self.stands("entry")
        self.fills("123456")
        self.stands("home")

    def fills(self, code: str) -> None:
        self.hall.touch(ActTouched("admit"))
        self.hall.touch(Filled("admit", {"staff": "100200", "code": code}))

    def acts(self, word: str, page: str) -> None:
        self.hall.touch(ActTouched(word))
        self.stands(page)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    made: list[Desk] = []
    prepared: list[Desk] = []
    powered: list[Power] = []
    noted: list[str] = []

    def make() -> Desk:
        made.append(prepared.pop() if prepared else Desk())
        return made[-1]

    closed = ClosedNote(tmp_path / "closed")
    may_power_off = threading.Event()
    may_power_off.set()

    def power(wanted: Power) -> bool:
        if may_power_off.is_set():
            powered.append(wanted)
        return may_power_off.is_set()

    note = LiveNote()
    means = TechnicianMeans(make, closed, power, note)
    place = Hall(
        plate=ClosingPlate(noted),
        printer=ClosingPrinter(noted),
        eye=Eye(),
        technician=means,
        slot=WatchedSlot(noted),
        pad=ClosingPad(noted),
    )
    yield Terminal(place, made, closed, noted, note, prepared, may_power_off, powered)
    for desk in made:
        desk.gate.set()
    place.conductor.stop()


def test_whoever_holds_the_number_is_asked_who_they_are(terminal: Terminal) -> None:
    terminal.holds()
    terminal.stands("entry")
    assert terminal.hall.conductor.standing == STANDING
    assert not terminal.hall.conductor.vacant
    for word in ("try", "page:home", "close"):
        terminal.hall.touch(ActTouched(word))
    terminal.fills("000000")
    terminal.hall.until(lambda: terminal.shown.page.note is not None)
    assert terminal.page == "entry"
    assert terminal.desk.asked == ["page entry", "do entry admit", "page entry"], "nothing but who it is was asked"


def test_what_was_refused_stays_but_for_its_secrets(terminal: Terminal) -> None:
    terminal.holds()
    terminal.stands("entry")
    terminal.fills("000000")
    terminal.hall.until(lambda: terminal.shown.page.note is not None)
    assert terminal.shown.filled == {"staff": "100200"}
    terminal.fills("123456")
    terminal.stands("home")
    assert terminal.shown.filled == {}
    assert "123456" not in repr(terminal.shown)


def test_how_far_the_desk_is_stands_on_the_page_while_it_is_at_it(terminal: Terminal) -> None:
    terminal.comes_in()
    terminal.desk.gate.clear()
    terminal.hall.touch(ActTouched("try"))
    terminal.hall.until(lambda: terminal.shown.waits, "the desk is at it")
    for text in (told("●"), told("●●")):
        terminal.note.tell(text)
        terminal.hall.until(lambda text=text: terminal.shown.meanwhile == text, text.zh)  # type: ignore[misc]
    terminal.note.clear()
    terminal.desk.gate.set()
    terminal.stands("home")
    assert terminal.shown.meanwhile is None


def test_without_a_desk_the_gesture_does_nothing() -> None:
    hall = Hall()
    hall.sees(Attract)
    hall.touch(Way.HELD)
    hall.conductor.tick()
    assert isinstance(hall.view, Attract)
    hall.conductor.stop()


def test_not_while_somebody_is_served(terminal: Terminal) -> None:
    hall = terminal.hall
    hall.sees(Attract)
    hall.touch(Intent.START)
    hall.sees(Home)
    hall.touch(Way.HELD)
    hall.conductor.tick()
    assert isinstance(hall.view, Home)
    assert terminal.desks == []
    assert not any(noted.endswith("closed") for noted in terminal.noted)


def test_not_while_a_card_lies_in_the_slot(terminal: Terminal) -> None:
    hall = terminal.hall
    hall.conductor._slot_was_full = True
    hall.slot.insert()
    hall.sees(TakeCard)
    hall.touch(Way.HELD)
    hall.later(1)
    assert isinstance(hall.view, TakeCard)
    assert terminal.desks == []
    hall.slot.pull()
    hall.until(lambda: isinstance(hall.view, Attract))
    terminal.holds()
    terminal.stands("entry")


def test_a_terminal_whose_reader_is_gone_lets_its_technician_in(terminal: Terminal) -> None:
    hall = terminal.hall
    hall.slot.gone = NotConnected("card_reader", "no such reader")
    hall.until(lambda: hall.conductor._health.is_broken("card_reader"))
    hall.touch(Way.HELD)
    terminal.stands("entry")


def test_devices_are_let_go_of_and_work_after(terminal: Terminal) -> None:
    hall, noted = terminal.hall, terminal.noted
    hall.until(lambda: {"pad used", "plate used", "printer used", "slot used"} <= set(noted))
    terminal.comes_in()
    assert {"pad closed", "plate closed", "printer closed", "slot closed"} <= set(noted)
    assert isinstance(hall.conductor._devices.camera, Eye)
    assert hall.conductor._devices.camera.closed == 1
    last = {name: max(n for n, one in enumerate(noted) if one.startswith(name)) for name in ("pad", "plate", "printer")}
    assert all(noted[n].endswith("closed") for n in last.values()), noted
    before = len(noted)
    for _ in range(5):
        hall.later(20)
    assert noted[before:] == [], "nobody touches a device that is the technician's"
    hall.touch(Way.LEAVE)
    hall.sees(Attract)
    hall.until(lambda: {"pad used", "plate used", "printer used", "slot used"} <= set(noted[before:]), "as at a start")
    assert terminal.desk.closed == 1
    assert hall.conductor.standing == "waits for somebody"
    hall.touch(Intent.START)
    hall.sees(Home)


def test_a_card_put_in_meanwhile_is_not_touched(terminal: Terminal) -> None:
    hall = terminal.hall
    terminal.comes_in()
    before = len(terminal.noted)
    hall.slot.insert()
    for _ in range(3):
        hall.later(10)
    assert terminal.page == "home"
    assert terminal.noted[before:] == []
    hall.touch(Way.LEAVE)
    hall.sees(TakeCard)
    assert hall.book.entries == []
    hall.slot.pull()
    hall.later(1)
    hall.sees(Attract)


def test_nobody_there_for_three_minutes_is_nobody_admitted(terminal: Terminal) -> None:
    hall = terminal.hall
    terminal.comes_in()
    hall.later(179)
    assert terminal.page == "home"
    hall.conductor.activity(large=False)
    hall.later(179)
    assert terminal.page == "home"
    hall.later(1)
    terminal.stands("entry")
    assert len(terminal.desks) == 2, "who came in is forgotten with the desk"
    assert terminal.desks[0].closed == 1
    hall.later(59)
    assert terminal.page == "entry"
    hall.later(1)
    hall.sees(Attract)
    assert terminal.desks[1].closed == 1


def test_live_values_are_no_sign_of_life(terminal: Terminal) -> None:
    hall = terminal.hall
    terminal.comes_in()
    terminal.acts("page:live", "live")
    for n in range(2, 12):
        hall.later(17)
        hall.until(lambda n=n: terminal.shown.page.rows[0].value == str(n))  # type: ignore[misc]
        assert not terminal.shown.waits, "touches are heard meanwhile"
    hall.later(17)
    terminal.stands("entry")


def test_a_slow_desk_keeps_nobody_waiting_but_who_asked(terminal: Terminal) -> None:
    hall = terminal.hall
    terminal.comes_in()
    terminal.desk.gate.clear()
    hall.touch(ActTouched("try"))
    hall.conductor.tick()
    assert terminal.shown.waits
    hall.touch(ActTouched("page:live"))
    for _ in range(20):
        hall.later(30)
    assert terminal.page == "home", "whoever waits is not sent away"
    assert hall.conductor.ailment is None or "lane-desk" in hall.conductor.ailment
    terminal.desk.gate.set()
    terminal.stands("home")
    assert terminal.shown.page.note == told("办好了")
    assert "page live" not in terminal.desk.asked, "a touch while the desk was at it was not heard"
    assert terminal.desk.threads == {"lane-desk"}, "never in the window's thread"


def test_a_desk_that_hangs_is_no_sign_of_life(terminal: Terminal) -> None:
    terminal.comes_in()
    terminal.desk.gate.clear()
    terminal.hall.touch(ActTouched("try"))
    terminal.hall.conductor.tick()
    terminal.hall.until(lambda: "do home try" in terminal.desk.asked)
    assert terminal.hall.conductor.ailment is None
    terminal.hall.later(601)
    assert terminal.hall.conductor.ailment == "lane-desk hangs"


def test_a_desk_that_raises_shows_a_plain_page_and_its_words_stay_out_of_the_log(
    terminal: Terminal, caplog: pytest.LogCaptureFixture
) -> None:
    terminal.comes_in()
    terminal.desk.raises = True
    with caplog.at_level(logging.DEBUG):
        terminal.acts("try", "failed")
    assert any("a technician's page failed: ValueError at test_technician_mode.py" in line for line in caplog.messages)
    assert SECRET not in caplog.text
    terminal.desk.raises = False
    terminal.hall.touch(Way.BACK)
    terminal.stands("home")
    terminal.hall.touch(Way.LEAVE)
    terminal.hall.sees(Attract)


def test_a_desk_that_can_not_be_made_shows_a_plain_page(terminal: Terminal) -> None:
    broken = Desk()
    broken.raises = True
    terminal.next_desk.append(broken)
    terminal.holds()
    terminal.stands("failed")
    terminal.hall.touch(Way.BACK)
    terminal.hall.sees(Attract)


def test_an_act_that_is_not_on_the_page_is_refused(terminal: Terminal, caplog: pytest.LogCaptureFixture) -> None:
    terminal.comes_in()
    before = list(terminal.desk.asked)
    for intent in (
        ActTouched("shut_down"),
        ActTouched("admit"),
        ActTouched("page:secrets"),
        Filled("admit", {"staff": "1", "code": "1"}),
        Filled("try", {"code": "1"}),
    ):
        terminal.hall.touch(intent)
        terminal.hall.until(lambda: terminal.hall.conductor._lanes.desk.idle)
    assert terminal.desk.asked == before
    assert not terminal.shown.waits
    assert "refused" in caplog.text


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"staff": "100200"},
        {"staff": "100200", "code": ""},
        {"staff": "100200", "code": "1234567"},
        {"staff": "100200", "code": "12a456"},
        {"staff": "１００", "code": "123456"},
        {"staff": "100200", "code": "123456", "role": "full"},
    ],
)
def test_entries_that_do_not_fit_are_refused(terminal: Terminal, given: dict[str, str]) -> None:
    terminal.holds()
    terminal.stands("entry")
    terminal.hall.touch(ActTouched("admit"))
    terminal.hall.touch(Filled("admit", given))
    terminal.hall.until(lambda: terminal.hall.conductor._lanes.desk.idle)
    assert terminal.desk.asked == ["page entry"]


def test_what_may_be_left_empty_may() -> None:
    needed = Entry("counted", told("张数"), EntryKind.DIGITS, 5)
    act = Act("close-out", told("盘点"), entries=(needed, Entry("why", told("原因"), EntryKind.WORD, 8, optional=True)))
    assert _fits(act, {"counted": "20", "why": ""})
    assert not _fits(act, {"counted": "", "why": ""})
    assert not _fits(act, {"counted": "20"}), "it is left empty, not out"


def test_what_was_not_asked_for_is_not_taken(terminal: Terminal) -> None:
    terminal.holds()
    terminal.stands("entry")
    terminal.hall.touch(Filled("admit", {"staff": "100200", "code": "123456"}))
    terminal.hall.until(lambda: terminal.hall.conductor._lanes.desk.idle)
    assert terminal.desk.asked == ["page entry"]
    assert terminal.page == "entry"


def test_what_asks_again_is_done_at_the_second_touch(terminal: Terminal) -> None:
    terminal.comes_in()
    before = list(terminal.desk.asked)
    terminal.hall.touch(ActTouched("close"))
    terminal.hall.conductor.tick()
    assert terminal.shown.asked == "close"
    assert terminal.desk.asked == before
    terminal.hall.touch(Way.BACK)
    terminal.hall.conductor.tick()
    assert terminal.shown.asked == ""
    terminal.hall.touch(ActTouched("close"))
    terminal.hall.touch(ActTouched("try"))
    terminal.stands("home")
    terminal.hall.until(lambda: "do home try" in terminal.desk.asked)
    terminal.stands("home")
    assert "do home close" not in terminal.desk.asked, "another act takes the question back"
    terminal.hall.touch(ActTouched("close"))
    terminal.hall.touch(ActTouched("close"))
    terminal.hall.until(lambda: "do home close" in terminal.desk.asked)


def test_back_goes_the_way_that_was_come_and_signs_off_at_its_end(terminal: Terminal) -> None:
    terminal.comes_in()
    terminal.acts("page:reader", "reader")
    terminal.hall.touch(Way.BACK)
    terminal.stands("home")
    terminal.hall.touch(Way.BACK)
    terminal.stands("entry")
    assert len(terminal.desks) == 2, "whoever went back to the entry has to say anew who they are"
    terminal.hall.touch(Way.BACK)
    terminal.hall.sees(Attract)


def closes(terminal: Terminal, leave: Leave) -> None:
    terminal.desk.leave = leave
    terminal.hall.touch(ActTouched("try"))
    terminal.hall.conductor.tick()


def test_a_closed_terminal_stays_closed_until_it_is_opened(terminal: Terminal) -> None:
    hall = terminal.hall
    terminal.comes_in()
    closes(terminal, Leave.CLOSE_TERMINAL)
    terminal.hall.until(lambda: terminal.closed.is_there)
    terminal.stands("home")
    hall.touch(Way.LEAVE)
    hall.sees(OutOfService)
    assert isinstance(hall.view, OutOfService)
    assert hall.view.code == "S-01"
    hall.slot.insert()
    hall.later(5)
    assert not isinstance(hall.view, InsertCard)
    hall.slot.pull()
    hall.until(lambda: isinstance(hall.view, OutOfService))
    hall.until(lambda: not hall.conductor._slot_was_full)
    hall.touch(Way.HELD)
    terminal.stands("entry")
    terminal.fills("123456")
    terminal.stands("home")
    closes(terminal, Leave.OPEN_TERMINAL)
    terminal.hall.until(lambda: not terminal.closed.is_there)
    hall.touch(Way.LEAVE)
    hall.sees(Attract)


@pytest.mark.parametrize("leave", [Leave.TO_CITIZENS, Leave.RESTART])
def test_leaving_by_an_act(terminal: Terminal, leave: Leave) -> None:
    terminal.comes_in()
    closes(terminal, leave)
    terminal.hall.sees(Attract)
    assert terminal.hall.conductor.restarts is (leave is Leave.RESTART)
    assert terminal.desk.closed == 1


@pytest.mark.parametrize(
    ("leave", "power", "page"),
    [
        (Leave.SHUT_DOWN, Power.OFF, "shutting_down"),
        (Leave.START_MACHINE, Power.ANEW, "starting_machine"),
    ],
)
def test_shutting_down_is_the_lanes_work_and_says_so(terminal: Terminal, leave: Leave, power: Power, page: str) -> None:
    terminal.comes_in()
    closes(terminal, leave)
    terminal.stands(page)
    assert terminal.powered_off == [power]


@pytest.mark.parametrize(
    ("leave", "page"), [(Leave.SHUT_DOWN, "not_shut_down"), (Leave.START_MACHINE, "machine_not_started")]
)
def test_a_machine_that_may_not_be_shut_down_says_so(terminal: Terminal, leave: Leave, page: str) -> None:
    terminal.may_power_off.clear()
    terminal.comes_in()
    closes(terminal, leave)
    terminal.stands(page)
    terminal.hall.touch(Way.BACK)
    terminal.stands("home")


def test_a_terminal_that_is_told_to_stop_lets_the_desk_go_first(terminal: Terminal) -> None:
    terminal.comes_in()
    terminal.hall.conductor.close_terminal()
    terminal.hall.until(lambda: terminal.hall.conductor.vacant)
    assert terminal.desk.closed == 1


def test_a_ledger_is_looked_after_meanwhile(terminal: Terminal) -> None:
    terminal.comes_in()
    terminal.hall.book.full = True
    terminal.hall.later(11)
    terminal.hall.until(lambda: terminal.hall.conductor._health.is_broken("ledger"))
    assert terminal.page == "home"


def test_nothing_of_a_citizens_touch_reaches_a_desk(terminal: Terminal) -> None:
    terminal.comes_in()
    before = list(terminal.desk.asked)
    terminal.hall.touch(Intent.START)
    terminal.hall.conductor.tick()
    assert terminal.page == "home"
    assert terminal.desk.asked == before
