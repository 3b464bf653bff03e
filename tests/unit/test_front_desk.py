"""The page that asks who it is: nobody sees what lies behind it before they have come in, nor after they have left."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

import pytest

from kiosk.journeys.technician_views import Mark, Page
from kiosk.policy.rule import Text
from kiosk.records.roster import Technician
from kiosk.records.technician import ActOutcome, Role
from kiosk.records.upload import encode
from kiosk.technician.admission import Admitted
from kiosk.technician.front_desk import Devices, FrontDesk, recorder
from tests.technicians import NOW_MS, a_roster, code, technician
from tests.unit.test_admission import Door

IN = {"staff": "T1001", "code": code("T1001", NOW_MS)}
WRONG = {"staff": "T1001", "code": "000000"}


class Rooms:
    """The pages behind, as plain as can be."""

    def __init__(self, who: Admitted) -> None:
        self.who, self.closed, self.done = who, False, list[tuple[str, str]]()

    def page(self, word: str) -> Page:
        return Page(word, Text(zh=word, en=self.who.role.value))

    def do(self, page: str, act: str, given: Mapping[str, str]) -> Page:
        self.done.append((page, act))
        return self.page(page)

    def close(self) -> None:
        self.closed = True


class House:
    """A front desk and whoever was let in behind it."""

    def __init__(self, door: Door) -> None:
        self.door, self.rooms = door, list[Rooms]()
        devices = Devices(_not_here, _not_here)
        self.desk = FrontDesk(door.admission(), devices, self._inside)

    def _inside(self, who: Admitted) -> Rooms:
        self.rooms.append(Rooms(who))
        return self.rooms[-1]


def _not_here() -> NoReturn:
    raise AssertionError("no device is asked for a code")


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(Door(tmp_path))


def test_nobody_sees_a_page_behind_it_before_they_have_come_in(house: House) -> None:
    assert house.desk.page("entry").word == "entry"
    asked: list[Callable[[], Page]] = [
        lambda: house.desk.page("home"),
        lambda: house.desk.page("devices"),
        lambda: house.desk.do("home", "restart", {}),
        lambda: house.desk.do("entry", "restart", {}),
    ]
    for ask in asked:
        with pytest.raises(KeyError):
            ask()
    assert house.desk.do("entry", "code", WRONG).word == "entry"
    with pytest.raises(KeyError):
        house.desk.page("home")
    assert house.rooms == []


def test_a_code_opens_the_first_page_for_its_role(house: House) -> None:
    page = house.desk.do("entry", "code", IN)
    assert (page.word, page.title.en) == ("home", "full")
    house.desk.do("home", "restart", {})
    assert house.rooms[0].done == [("home", "restart")]


def test_whoever_goes_back_to_the_entry_has_left(house: House) -> None:
    house.desk.do("entry", "code", IN)
    assert house.desk.page("entry").word == "entry"
    assert house.rooms[0].closed
    with pytest.raises(KeyError):
        house.desk.page("home")
    assert house.desk.do("entry", "code", IN).note is not None, "the code was used"
    house.desk.close()


def test_a_refusal_and_a_lock_out_stand_on_the_page(house: House) -> None:
    page = house.desk.do("entry", "code", WRONG)
    assert page.note is not None
    assert (page.note.zh, page.note_mark) == ("不能进入", Mark.FAULT)
    for _ in range(4):
        page = house.desk.do("entry", "code", WRONG)
    again = house.desk.page("entry")
    assert again.note == page.note
    assert again.note is not None
    assert "15" in again.note.zh
    assert house.desk.do("entry", "card", {}).note == again.note, "nobody types a PIN for nothing"


def test_no_secret_and_no_number_stands_on_the_page(house: House) -> None:
    page = house.desk.do("entry", "code", {"staff": "T1001", "code": "135792"})
    assert "135792" not in repr(page)
    assert "T1001" not in repr(page)


@pytest.mark.parametrize(
    ("now", "why"),
    [
        ([technician("T1001", revoked=True)], "revoked"),
        ([technician("T1001", Role.SUPPLIES)], "another_role"),
        ([technician("T1001", valid_until_ms=NOW_MS)], "expired"),
        ([technician("T1002")], "unknown"),
    ],
)
def test_whoever_is_struck_off_meanwhile_does_nothing_more(house: House, now: list[Technician], why: str) -> None:
    house.desk.do("entry", "code", IN)
    house.desk.do("home", "restart", {})
    house.door.keeper.take(encode(a_roster(8, now)))
    page = house.desk.do("home", "shut-down", {})
    assert page.word == "entry"
    assert page.note is not None
    assert page.note.zh == "不能进入"
    assert house.rooms[0].closed
    assert house.rooms[0].done == [("home", "restart")]
    with pytest.raises(KeyError):
        house.desk.page("home")
    assert [(act.staff, act.outcome, act.why) for act in house.door.acts()][1:] == [("T1001", ActOutcome.REFUSED, why)]


def test_a_roster_that_goes_meanwhile_sends_nobody_away(house: House) -> None:
    house.desk.do("entry", "code", IN)
    house.door.keeper.kept.unlink()
    assert house.desk.page("devices").word == "devices"


def test_what_is_done_behind_it_goes_on_record(house: House) -> None:
    record = recorder(house.door.admission(), Admitted("T1001", Role.FULL))
    record("device:pin_pad", "test", ActOutcome.FAILED)
    record("rules", "take:林小明 411700198504121036.toml", ActOutcome.DONE)
    record("x" * 50, "重启", ActOutcome.REFUSED)
    told = [(act.page, act.act, act.outcome, act.staff, act.role) for act in house.door.acts()]
    assert told == [
        ("device:pin_pad", "test", ActOutcome.FAILED, "T1001", Role.FULL),
        ("rules", "take", ActOutcome.DONE, "T1001", Role.FULL),
        ("other", "other", ActOutcome.REFUSED, "T1001", Role.FULL),
    ]


def test_a_second_person_shows_by_a_code_that_they_stand_there(house: House) -> None:
    admission = house.door.admission()
    assert not admission.witness("T1001", house.door.right(), beside="T1001"), "two different people"
    assert not admission.witness("T1002", "000000", beside="T1001")
    assert admission.witness("T1002", house.door.right("T1002"), beside="T1001")
    assert not admission.witness("T1002", house.door.right("T1002"), beside="T1001"), "a code is good once"
    assert [(act.act, act.why) for act in house.door.acts()] == [
        ("witness", "code_wrong"),
        ("witness", "code"),
        ("witness", "code_used"),
    ]
