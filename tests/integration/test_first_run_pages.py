"""The assistant's pages as data: a technician touches their way from a bare machine to a report at the centre."""

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from kiosk.__main__ import USAGE, main
from kiosk.configuration import load_configuration
from kiosk.journeys.technician_views import Leave, Mark, Page, Special, TechnicianDesk
from kiosk.records.enrolment import grouped
from kiosk.runtime.viewfinder import Viewfinder
from kiosk.technician.code_reading import LOOKS_S
from kiosk.technician.first_run import FirstRunDesk, packages_beside
from kiosk.technician.hand_over import HandOver
from kiosk.technician.provisioning import begin
from kiosk.technician.scan import Found
from simulators.camera import SCENES, CameraSimulator
from simulators.pin_pad import PadSimulator
from tests.centre import RunningCentre
from tests.enrolment_paper import paper
from tests.integration.test_provisioning import NEW, BareMachine
from tests.integration.test_technician_pages import until

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
    order = [Mark.FAULT, Mark.WARNING, Mark.WELL, Mark.NONE]
    assert [row.mark for row in checks.rows] == sorted((row.mark for row in checks.rows), key=order.index)
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


# --- A code before the camera


class Window:
    """A desk with a camera, a clock in the hand, and what the window takes of the picture."""

    def __init__(self, bare: BareMachine, camera: CameraSimulator) -> None:
        self.now = 0.0
        self.seen = Viewfinder()
        text = bare.file.read_text(encoding="utf-8")
        bare.file.write_text(f'{text}\n[camera]\nsource = "{camera.url}"\n', encoding="utf-8")
        self.desk = FirstRunDesk(bare.file, packages=dict, viewfinder=self.seen, look=tuple, clock=lambda: self.now)

    def shown(self, pictures: int = 40) -> Page:
        """The page after so many pictures, or what came of one before."""
        page = self.desk.page("show_code")
        for _ in range(pictures - 1):
            if page.word != "show_code" or page.note_mark is not Mark.NONE:
                break
            page = self.desk.page("show_code")
        return page


@pytest.fixture
def camera() -> Iterator[CameraSimulator]:
    with CameraSimulator() as simulator:
        yield simulator


@pytest.fixture
def window(bare: BareMachine, camera: CameraSimulator) -> Iterator[Window]:
    made = Window(bare, camera)
    yield made
    made.desk.close()


@pytest.mark.parametrize(
    ("module_px", "turned", "tilted", "blurred_px"),
    [(3, 0, 0, 0), (4, 8, 0, 0), (4, 30, 0, 0), (5, 90, 0, 0), (5, 5, 0.08, 0), (6, 4, 0.05, 1.0)],
)
def test_a_package_is_read_off_the_centre_s_paper(
    bare: BareMachine, camera: CameraSimulator, window: Window,
    module_px: float, turned: float, tilted: float, blurred_px: float,
) -> None:  # fmt: skip
    told = bare.package()
    words = msgspec.json.format(msgspec.json.encode(told))
    camera.show(paper(words, module_px, turned=turned, tilted=tilted, blurred_px=blurred_px))
    page = window.shown()
    assert page.word == "home"
    assert page.note is not None
    assert (page.note_mark, NEW in page.note.en, told.code in repr(page)) == (Mark.WELL, True, False)
    assert marks(page)["address of the centre"] is Mark.WELL
    assert "the centre's file of public keys" not in marks(page), "what is there needs no line"
    window.desk.do("place", "take", {"place": "Hall"})
    assert "known" in {act.word for act in window.desk.page("code").acts}
    enrolled = window.desk.do("code", "known", {})
    assert [row.value for row in enrolled.rows][-1] == f"{NEW}, zhumadian"


def test_a_code_alone_is_read_and_used(bare: BareMachine, camera: CameraSimulator, window: Window) -> None:
    told = bare.package()
    window.desk.do("place", "take", {"place": "Hall"})
    camera.show(paper(grouped(told.code).encode(), 5, turned=12))
    page = window.shown()
    assert (page.word, page.note_mark, told.code in repr(page)) == ("code", Mark.WELL, False)
    assert page.acts[0].word == "known"


@pytest.mark.parametrize("part", ["half of the package", "half of the code", "another's"])
def test_half_a_code_and_another_s_are_told_and_nothing_is_taken(
    bare: BareMachine, camera: CameraSimulator, window: Window, part: str
) -> None:
    told = bare.package()
    whole = msgspec.json.encode(told)
    before = bare.file.read_bytes()
    words = {
        "half of the package": whole[: len(whole) // 2],
        "half of the code": grouped(told.code).encode()[:11],
        "another's": b"https://pay.example/4711",
    }[part]
    camera.show(paper(words, 5))
    page = window.shown()
    assert page.note is not None
    assert (page.word, page.note_mark) == ("show_code", Mark.FAULT)
    assert "not the centre's" in page.note.en
    assert (page.special, page.again_after_s is not None) == (Special.CODE, True), "it looks on"
    assert bare.file.read_bytes() == before
    assert "known" not in {act.word for act in window.desk.page("code").acts}


def test_nobody_shows_one_and_the_camera_looks_no_longer_than_it_says(camera: CameraSimulator, window: Window) -> None:
    camera.show(SCENES["nobody"].film())
    page = window.shown(3)
    assert (page.special, page.note_mark, camera.viewers) == (Special.CODE, Mark.NONE, 1)
    assert window.seen.take() is not None
    window.now += LOOKS_S
    page = window.shown(1)
    assert page.note is not None
    assert (page.special, page.note_mark, "Nothing read in 60 s" in page.note.en) == (
        Special.NOTHING, Mark.WARNING, True,
    )  # fmt: skip
    until(lambda: camera.viewers == 0)
    assert page.acts[0].word == "page:show_code", "and is asked to look again"
    assert window.shown(1).special is Special.CODE
    window.desk.page("home")
    until(lambda: camera.viewers == 0)
    assert window.seen.take() is None, "nobody is seen any more"


def test_a_camera_that_is_not_there_is_told(bare: BareMachine, camera: CameraSimulator, window: Window) -> None:
    camera.unplug()
    page = window.shown(1)
    assert (page.note_mark, page.special, page.acts[0].word) == (Mark.FAULT, Special.NOTHING, "page:show_code")
    desk = FirstRunDesk(bare.folder / "pattern.toml", packages=dict, look=tuple)
    assert desk.page("show_code").note_mark is Mark.FAULT


# --- Root takes over


def test_a_ledger_whose_keys_were_lost_is_no_beginning(bare: BareMachine, capsys: pytest.CaptureFixture[str]) -> None:
    package = msgspec.json.encode(bare.package()).decode()
    desk = FirstRunDesk(bare.file, packages=lambda: {"QR": package}, look=tuple)
    desk.do("package", "choose:QR", {})
    desk.do("place", "take", {"place": "Hall"})
    desk.do("code", "known", {})
    (bare.folder / "credentials" / "storage.key").unlink()
    words = ["first-run", "--config", str(bare.pattern), "--work", str(bare.folder)]
    assert main(words) == USAGE
    assert "storage.key was lost" in capsys.readouterr().err


def test_what_is_set_up_is_left_for_root_and_what_root_refused_is_told(bare: BareMachine) -> None:
    hand_over = HandOver(bare.folder)
    package = msgspec.json.encode(bare.package()).decode()
    desk = FirstRunDesk(bare.file, packages=lambda: {"QR": package}, hand_over=hand_over, look=tuple)
    with pytest.raises(KeyError):
        desk.do("home", "hand_over", {})
    desk.do("package", "choose:QR", {})
    desk.do("place", "take", {"place": "Hall"})
    desk.do("code", "known", {})
    # The power went: whoever goes on asks the centre, and needs no code.
    desk = FirstRunDesk(bare.file, packages=dict, hand_over=hand_over, look=tuple)
    home = desk.do("code", "known", {})
    assert {act.word for act in home.acts} >= {"hand_over"}
    assert "again" not in {act.word for act in home.acts}
    done = desk.do("home", "hand_over", {})
    assert (done.word, done.leave, (bare.folder / "done").exists()) == ("handed_over", None, True)
    (bare.folder / "refused").write_text("there is no storage.key; enrol first\n")
    home = desk.page("home")
    assert home.note is not None
    assert (home.note_mark, "there is no storage.key" in home.note.en) == (Mark.FAULT, True)


@pytest.mark.parametrize(
    ("page", "act"), [("nowhere", "take"), ("home", "take"), ("region", "choose:atlantis"), ("checks", "report")]
)
def test_what_is_not_on_a_page_is_not_done(bare: BareMachine, page: str, act: str) -> None:
    desk = FirstRunDesk(bare.file, packages=dict, look=tuple)
    with pytest.raises(KeyError):
        desk.do(page, act, {})
