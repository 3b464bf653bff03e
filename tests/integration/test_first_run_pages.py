"""The assistant's pages as data: a technician touches their way from a bare machine to a report at the centre."""

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from kiosk.configuration import load_configuration
from kiosk.journeys.technician_views import Leave, Mark, Page, TechnicianDesk
from kiosk.technician.first_run import FirstRunDesk, packages_beside
from kiosk.technician.provisioning import begin
from kiosk.technician.scan import Found
from simulators.pin_pad import PadSimulator
from tests.centre import RunningCentre
from tests.integration.test_provisioning import NEW, BareMachine

pytestmark = pytest.mark.stack


@pytest.fixture
def bare(tmp_path: Path, centre: RunningCentre) -> Iterator[BareMachine]:
    made = BareMachine(tmp_path, centre)
    begin(made.file, made.pattern)
    pad = PadSimulator("sunson", link=tmp_path / "pin-pad")
    yield made
    pad.close()


def marks(page: Page) -> dict[str, Mark]:
    return {row.label.en: row.mark for row in page.rows}


def test_from_a_bare_machine_to_a_report(bare: BareMachine, slot: object) -> None:
    package = msgspec.json.encode(bare.package()).decode()
    twins = tuple(Found("card_reader", f"Terminal Card Slot 00 0{number}", "a PC/SC reader") for number in (0, 1))
    pad = Found("pin_pad", str(bare.folder / "pin-pad"), "sunson, serial 42")
    desk: TechnicianDesk = FirstRunDesk(
        bare.file,
        packages=lambda: {"stick: enrolment.json": package},
        look=lambda: (*twins, pad),
        environment=os.environ,
    )
    assert marks(desk.page("home"))["terminal number"] is Mark.NONE
    assert "choose:stick: enrolment.json" in {row.act.word for row in desk.page("package").rows if row.act}
    home = desk.do("package", "choose:stick: enrolment.json", {})
    assert (home.word, marks(home)["terminal number"]) == ("home", Mark.WELL)
    with pytest.raises(KeyError):
        desk.do("home", "again", {})
    desk.do("language", "choose:en", {})
    refused = desk.do("place", "take", {"place": " "})
    assert refused.note is not None
    assert (refused.note_mark, "allowed: 1 to 60" in refused.note.en) == (Mark.FAULT, True)
    desk.do("place", "take", {"place": "Hall 1"})
    assert load_configuration(bare.file).terminal.place == "Hall 1"
    home = desk.do("code", "enrol", {})
    assert [row.value for row in home.rows][-1] == f"{NEW}, zhumadian"
    refused = desk.do("devices", "look", {})
    assert refused.note is not None
    assert "2 × card_reader" in refused.note.en
    chosen = next(row.act.word for row in refused.rows if row.act and row.value.startswith(twins[1].name))
    desk.do("devices", chosen, {})
    assert load_configuration(bare.file).card_reader.name == twins[1].name
    assert [row.mark for row in desk.page("devices").rows] == [Mark.NONE, Mark.WELL, Mark.WELL]
    checks = desk.do("checks", "check", {})
    assert marks(checks)["PIN pad"] is Mark.WELL
    done = desk.do("checks", "report", {})
    (report,) = bare.reports()
    assert done.note is not None
    assert (done.note_mark, report.place, len(report.devices)) == (Mark.WELL, "Hall 1", 2)
    assert desk.do("home", "again", {}).leave is Leave.RESTART


def test_a_code_is_typed_and_a_refusal_is_told(bare: BareMachine) -> None:
    told = bare.package()
    package = msgspec.json.encode(msgspec.structs.replace(told, code="4" * 20)).decode()
    desk = FirstRunDesk(bare.file, packages=lambda: {"QR": package}, look=tuple)
    wrong = desk.do("package", "choose:QR", {})
    assert wrong.note is not None
    assert "a sign is wrong" in wrong.note.en
    bare.package()  # a newer code
    desk = FirstRunDesk(bare.file, packages=lambda: {"QR": msgspec.json.encode(told).decode()}, look=tuple)
    desk.do("package", "choose:QR", {})
    desk.do("place", "take", {"place": "Hall"})
    refused = desk.do("code", "enrol", {"code": told.code})
    assert refused.note is not None
    assert "have the centre make another" in refused.note.en
    assert told.code not in repr(refused)


def test_a_package_beside_the_settings_is_offered(bare: BareMachine) -> None:
    assert packages_beside(bare.file) == {}
    stick = bare.stick()
    assert packages_beside(bare.file) == {"enrolment.json": stick.read_text(encoding="utf-8")}


@pytest.mark.parametrize(
    ("page", "act"), [("nowhere", "take"), ("home", "take"), ("region", "choose:atlantis"), ("checks", "report")]
)
def test_what_is_not_on_a_page_is_not_done(bare: BareMachine, page: str, act: str) -> None:
    desk = FirstRunDesk(bare.file, packages=dict, look=tuple)
    with pytest.raises(KeyError):
        desk.do(page, act, {})
