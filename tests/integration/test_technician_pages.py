"""The technician's pages on a whole terminal: what they show, who may do what, and that each act is on record."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.command_line import main as central
from kiosk import bootstrap
from kiosk.command_line.region import Exit
from kiosk.custody.book import read_stock
from kiosk.custody.stock import Stock
from kiosk.journeys.technician_views import EntryKind, Leave, Mark, Special
from kiosk.policy.rule import Text
from kiosk.records.signed_pack import SignedPack
from kiosk.records.technician import Role
from kiosk.runtime.live_note import LiveNote
from kiosk.runtime.tones import STEP_DB
from kiosk.runtime.viewfinder import Viewfinder
from kiosk.technician.causes import Cause
from kiosk.technician.desk.desk import LONGEST
from kiosk.technician.doctor import examine, examine_one
from kiosk.technician.findings import State
from kiosk.technician.packs import NotTaken, take_pack
from simulators.card.slot import CardSlot
from simulators.pcscd import PrivatePcscd
from tests.centre import REPOSITORY, RunningCentre
from tests.ear import ear_at, loudness_db
from tests.integration.technician_stand import STAFF, Stand, a_stand, milliseconds, values
from tests.stack import chip

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def stand(
    tmp_path_factory: pytest.TempPathFactory, sqlite_centre: RunningCentre, pcscd: PrivatePcscd
) -> Iterator[Stand]:
    sqlite_centre.reset()
    with a_stand(tmp_path_factory.mktemp("technician"), sqlite_centre) as made:
        yield made


@pytest.fixture(autouse=True)
def _nothing_told(stand: Stand) -> None:
    stand.told.clear()


def until(so: Callable[[], bool]) -> None:
    """Wait for what happens in a thread of a device's own."""
    ends, moment = time.monotonic() + 10, threading.Event()
    while not so():
        assert time.monotonic() < ends
        moment.wait(0.02)


def pressing(stand: Stand, press: Callable[[], None]) -> threading.Thread:
    """Somebody at the PIN pad, who presses as soon as it listens."""

    def pressed() -> None:
        assert stand.pad.wait_until_entering(10)
        press()

    fingers = threading.Thread(target=pressed)
    fingers.start()
    return fingers


def stock_of(stand: Stand) -> Stock:
    with bootstrap.open_kept(stand.folder.configuration) as kept:
        return read_stock(kept.kept)


# --- first page, all checks


def test_the_first_page_says_that_all_is_well_and_leads_everywhere(stand: Stand) -> None:
    desk = stand.desk()
    home = desk.page("home")
    assert home.note is not None
    assert (home.note.en, home.note_mark) == ("all is well", Mark.WELL)
    for act in home.acts_offered():
        if act.word.startswith("page:"):
            page = desk.do("home", act.word, {})
            assert page.word == act.word.removeprefix("page:")
            assert page.rows or page.acts or page.special is not Special.NOTHING
    desk.close()
    assert stand.told == []  # looking is no act


def test_a_fault_is_counted_and_its_advice_stands_below_it(stand: Stand) -> None:
    desk = stand.desk()
    stand.pad.unplug()
    try:
        home = desk.do("home", "look", {})
        found = desk.page("findings")
    finally:
        stand.pad.replug()
    assert home.note is not None
    assert home.note.en.startswith("1 faults")
    assert next(row.mark for row in home.rows if row.label.en == "devices") is Mark.FAULT
    (row,) = (row for row in found.rows if row.label.en == "PIN pad")
    assert (row.mark, row.advice) == (Mark.FAULT, Cause.DEVICE_MISSING.advice)
    assert found.rows[0] is row, "nobody turns pages to find it"
    assert stand.told == [("home", "look", "done")]


def test_the_doctor_is_told_that_its_caller_holds_the_state(stand: Stand) -> None:
    configuration = stand.folder.configuration
    with bootstrap.reserved_state(configuration):
        by_itself = {one.check: one for one in examine(stand.file, {})}
        in_hand = {one.check: one for one in examine(stand.file, {}, in_hand=True)}
    assert by_itself["pin_pad"].state is State.NOT_TRIED
    assert (in_hand["pin_pad"].state, in_hand["terminal"].state) == (State.WELL, State.WELL)


# --- devices


def test_a_device_is_shown_as_it_is_at_this_moment(stand: Stand) -> None:
    desk = stand.desk()
    assert values(desk.page("device:receipt_printer"))["paper"] == "enough"
    stand.printer.run_low()
    page = desk.page("device:receipt_printer")
    stand.printer.refill()
    assert page.again_after_s is not None
    assert values(page)["paper"] == "low"
    assert page.rows[0].advice == Cause.PAPER_LOW.advice
    stand.pad.unplug()
    page = desk.page("device:pin_pad")
    stand.pad.replug()
    assert (page.rows[0].mark, page.rows[0].advice) == (Mark.FAULT, Cause.DEVICE_MISSING.advice)
    assert "sunson" in values(desk.page("device:pin_pad"))["dialect"]
    stand.card_printer.open_cover()
    shown = values(desk.page("device:card_printer"))
    stand.card_printer.close_cover()
    assert (shown["hopper"], shown["cover is open"]) == ("ok", "是 yes")


@pytest.mark.parametrize("noun", ["pin_pad", "id_reader", "receipt_printer", "capture_unit", "camera"])
def test_a_device_is_tried_and_passes(stand: Stand, noun: str) -> None:
    desk = stand.desk()
    with stand.with_camera():
        page = desk.do(f"device:{noun}", "test", {})
    assert page.note is not None
    assert (page.note.en.split(":")[0], page.note_mark) == ("passed", Mark.WELL)
    assert stand.told == [(f"device:{noun}", "test", "done")]


def test_a_device_that_is_gone_does_not_pass(stand: Stand) -> None:
    desk = stand.desk()
    stand.id_reader.unplug()
    page = desk.do("device:id_reader", "test", {})
    stand.id_reader.replug()
    assert page.note_mark is Mark.FAULT
    assert stand.told == [("device:id_reader", "test", "failed")]


def test_a_slip_is_printed(stand: Stand) -> None:
    before = stand.printer.cut
    stand.desk().do("device:receipt_printer", "test", {})
    assert stand.printer.cut == before + 1


def test_any_card_is_put_in_and_nothing_of_it_is_shown(stand: Stand, slot: CardSlot) -> None:
    desk = stand.desk()
    slot.insert(chip("zhumadian-normal"))
    page = desk.do("device:card_reader", "test", {})
    assert page.note is not None
    assert page.note.en.startswith(("passed: a card: social_security", "not passed: no card in it"))
    trace = desk.do("device:card_reader", "page:trace:card_reader", {})
    lines = [row.value for row in trace.rows]
    assert any("00 B2" in line for line in lines)
    assert all(line.endswith(" B)") for line in lines if "INS B2" in line)


def test_without_a_test_the_trace_says_so(stand: Stand) -> None:
    page = stand.desk().page("trace:pin_pad")
    assert page.note is not None
    assert page.rows == ()
    desk = stand.desk()
    desk.do("device:pin_pad", "test", {})
    assert any("VERSION" in row.value and row.value.rstrip()[-2:].isalnum() for row in desk.page("trace:pin_pad").rows)


class OverheardNote(LiveNote):
    """A note that keeps all that was told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def tell(self, text: Text) -> None:
        self.told.append(text.en)
        super().tell(text)


def test_each_key_is_shown_as_it_is_pressed_and_never_which(stand: Stand) -> None:
    note = OverheardNote()
    desk = stand.desk(note=note)

    def press() -> None:
        stand.pad.press("19")
        stand.pad.press_clear()

    fingers = pressing(stand, press)
    assert desk.do("pad-keys", "clear", {}).note_mark is Mark.WELL
    fingers.join()
    assert note.told == ["press on the pad", "● 1 heard", "●● 2 heard", "no digit stands"]
    assert note.text is None, "nothing is said once it is over"


def test_the_keys_of_the_pad_are_tried_and_no_digit_is_seen(stand: Stand) -> None:
    desk = stand.desk()

    def digits(which: str) -> Callable[[], None]:
        def press() -> None:
            stand.pad.press(which)
            stand.pad.press_enter()

        return press

    def cleared() -> None:
        stand.pad.press("5")
        stand.pad.press_clear()

    came = []
    for act, press in (
        ("digits", digits("1234567890")),
        ("digits", digits("1234567899")),
        ("clear", cleared),
        ("cancel", stand.pad.press_cancel),
    ):
        fingers = pressing(stand, press)
        page = desk.do("pad-keys", act, {})
        fingers.join()
        came.append(page.note_mark)
        assert "12345" not in repr(page.note)
    assert came == [Mark.WELL, Mark.FAULT, Mark.WELL, Mark.WELL]


# --- supplies


GIVEN = {"by": STAFF, "and_by": "2044", "count": "5"}


def test_two_people_hand_over_count_and_empty(stand: Stand) -> None:
    desk = stand.desk(Role.SUPPLIES)
    before = stock_of(stand).balance.hopper
    page = desk.do("supplies", "hand-over", GIVEN)
    assert page.note_mark is Mark.WELL
    assert values(page)["hopper"].startswith(f"{before + 5} / 20, low at 2")
    counted = {"hopper": str(before + 5), "printer": "0", "reject_bin": "0", "retained_bin": "0", "explanation": ""}
    assert desk.do("supplies", "close-out", GIVEN | counted).note_mark is Mark.WELL
    off = desk.do("supplies", "close-out", GIVEN | counted | {"hopper": str(before)})
    assert off.note_mark is Mark.WARNING  # it does not balance, and nothing was written
    assert desk.do("supplies", "empty-hopper", GIVEN | {"count": str(before + 5)}).note_mark is Mark.WELL
    assert stock_of(stand).balance.hopper == 0
    assert desk.do("supplies", "hand-over", GIVEN | {"count": str(before)}).note_mark is Mark.WELL
    assert [outcome for _, _, outcome in stand.told] == ["done", "done", "refused", "done", "done"]


@pytest.mark.parametrize(
    "given",
    [{"and_by": STAFF}, {"and_by": ""}, {"by": "3055"}, {"count": "x"}, {"count": "99"}, {"count": "0"}],
    ids=str,
)
def test_one_person_alone_books_nothing(stand: Stand, given: dict[str, str]) -> None:
    before = stock_of(stand)
    page = stand.desk().do("supplies", "hand-over", GIVEN | given)
    assert page.note_mark is Mark.WARNING
    assert stock_of(stand) == before
    assert stand.told == [("supplies", "hand-over", "refused")]


def test_the_second_person_shows_a_code_where_codes_are_known(stand: Stand) -> None:
    desk = stand.desk(witness=lambda staff, code: (staff, code) == ("2044", "123456"))
    act = desk.page("supplies").act("close-out")
    assert act is not None
    assert [entry.word for entry in act.entries if entry.kind is EntryKind.HIDDEN] == ["code"]
    before = stock_of(stand)
    counted = {"hopper": str(before.balance.hopper), "printer": "0", "reject_bin": "0", "retained_bin": "0"}
    wrong = desk.do("supplies", "close-out", GIVEN | counted | {"code": "654321"})
    assert (wrong.note_mark, stock_of(stand)) == (Mark.WARNING, before)
    assert desk.do("supplies", "close-out", GIVEN | counted | {"code": "123456"}).note_mark is Mark.WELL


# --- queue, network


def test_what_waits_is_tried_again(stand: Stand) -> None:
    desk = stand.desk()
    assert int(values(desk.page("queue"))["waiting"]) > 0 or values(desk.page("queue"))["waiting"] == "0"
    page = desk.do("queue", "retry", {})
    assert (page.note_mark, values(page)["waiting"]) == (Mark.WELL, "0")


def test_the_way_to_the_centre_is_walked_step_by_step(stand: Stand) -> None:
    desk = stand.desk()
    page = desk.page("network")
    assert [row.label.en for row in page.rows][-1] == "sign-in"
    assert all(" ms" in row.value for row in page.rows)
    assert "zmd-0001" in page.rows[-1].value
    text = stand.file.read_text("utf-8")
    stand.file.write_text(text.replace(stand.folder.centre.url, "https://centre.invalid:8443"), encoding="utf-8")
    try:
        broken = desk.do("network", "again", {})
    finally:
        stand.file.write_text(text, encoding="utf-8")
    assert broken.note is not None
    assert broken.note.en == "it breaks at: name of the centre"
    rows = {row.label.en: row for row in broken.rows}
    assert rows["name of the centre"].advice == Cause.NAME_NOT_FOUND.advice
    assert "not tried" in rows["reach"].value
    assert desk.do("network", "again", {}).note_mark is Mark.WELL


# --- rules


def test_what_no_screen_draws_is_not_handed_to_it(stand: Stand) -> None:
    names = [b"\xff\xfe\x1b[31m.pack", b"a\nb.pack", b"x" * 240 + b".pack"]
    for name in names:
        Path(os.fsdecode(bytes(stand.stick) + b"/" + name)).write_bytes(b"none")
    stand.log.write_bytes(b"\x1b[2J\x07 ERROR pin_pad \xe2\x80\xae\x00 " + b"long " * 9999 + b"\n")
    try:
        desk = stand.desk()
        pages = [desk.page("region"), desk.do("region", "take-0", {}), desk.page("logs"), desk.page("device:pin_pad")]
        desk.close()
    finally:
        for name in names:
            Path(os.fsdecode(bytes(stand.stick) + b"/" + name)).unlink()
        stand.log.write_text("")
    shown = [act.label.zh for page in pages for act in page.acts] + [row.value for page in pages for row in page.rows]
    shown += [page.note.zh for page in pages if page.note is not None]
    assert sum("装入" in one for one in shown) >= len(names)
    for one in shown:
        assert all(sign.isprintable() or sign == "\n" for sign in one), repr(one)
        one.encode("utf-8")
        assert len(one) <= LONGEST + 2


@pytest.fixture
def pack(stand: Stand, tmp_path: Path) -> Iterator[Path]:
    """Rules signed by the centre's command, and afterwards none of it."""
    source = tmp_path / "zhumadian.toml"
    shipped = (REPOSITORY / "config" / "regions" / "zhumadian.toml").read_text("utf-8")
    source.write_text(shipped + "# from the centre\n", encoding="utf-8")
    assert central(["sign-pack", str(stand.folder.centre.directory), str(source)]) == 0
    yield source.with_suffix(".pack")
    for left in (stand.stick, stand.folder.configuration.signed_pack_path.parent):
        for file in left.glob("*"):
            file.unlink()


def changed(pack: Path, **other: object) -> bytes:
    return msgspec.json.encode(
        msgspec.structs.replace(msgspec.json.decode(pack.read_bytes(), type=SignedPack), **other)
    )


def resigned(stand: Stand, pack: Path, **other: object) -> bytes:
    made = msgspec.json.decode(changed(pack, **other), type=SignedPack)
    return msgspec.json.encode(made.signed(stand.folder.centre.keys.signing))


def test_rules_are_shown_with_what_they_rest_on(stand: Stand) -> None:
    shown = values(stand.desk().page("region"))
    assert shown["region"].startswith("zhumadian")
    assert shown["pin.tries"].startswith("6 | source: ")
    assert "§3.3" in shown["pin.tries"]


def test_signed_rules_are_taken_from_a_stick_and_the_former_are_kept(stand: Stand, pack: Path) -> None:
    desk = stand.desk(Role.CONFIGURE)
    folder = stand.stick / "rules"
    folder.mkdir()
    try:
        (folder / "zhumadian.pack").write_bytes(pack.read_bytes())
        desk.page("region")
        page = desk.do("region", "take-0", {})
        assert page.note_mark is Mark.WELL
        assert "SHA-256" in values(page)["signed by the centre"]
        taken = stand.folder.configuration.signed_pack_path
        assert bootstrap.load_region(stand.folder.configuration).key == "zhumadian"
        again = desk.do("region", "take-0", {})
        assert (again.note_mark, taken.with_name(f"{taken.name}.before").exists()) == (Mark.FAULT, False)
        first = taken.read_bytes()
        (folder / "zhumadian.pack").write_bytes(resigned(stand, pack, signed_ms=milliseconds() + 1000))
        assert desk.do("region", "take-0", {}).note_mark is Mark.WELL
        assert taken.with_name(f"{taken.name}.before").read_bytes() == first
    finally:
        (folder / "zhumadian.pack").unlink()
        folder.rmdir()
    assert [outcome for _, _, outcome in stand.told] == ["done", "refused", "done"]


def test_what_the_centre_did_not_sign_is_not_taken(stand: Stand, pack: Path) -> None:
    configuration = stand.folder.configuration
    signed = msgspec.json.decode(pack.read_bytes(), type=SignedPack)
    stranger = Ed25519PrivateKey.generate()
    no_rules = signed.content.replace(b"[pin.tries]", b"[pin.trials]")
    for data, why in (
        (changed(pack, content=signed.content + b"# more\n"), "not signed by this terminal's centre"),
        (changed(pack, signed_ms=signed.signed_ms + 1), "not signed by this terminal's centre"),
        (changed(pack, key_id="another"), "not signed by this terminal's centre"),
        (msgspec.json.encode(signed.signed(stranger)), "not signed by this terminal's centre"),
        (resigned(stand, pack, region="beijing"), "rules of beijing"),
        (resigned(stand, pack, content=no_rules), "pin.trials"),
        (signed.content, "not a signed pack"),
        (bytes(1 << 21), "too many"),
    ):
        pack.write_bytes(data)
        with pytest.raises(NotTaken, match=why):
            take_pack(configuration, pack)
        assert not configuration.signed_pack_path.exists()
    told = stand.folder.run("region", "take", str(pack))
    assert (told.returncode, "too many" in told.stderr) == (Exit.NOT_TAKEN, True)


def test_the_command_takes_rules_and_a_damaged_file_is_told(stand: Stand, pack: Path) -> None:
    taken = stand.folder.run("region", "take", str(pack))
    assert (taken.returncode, "counts from the terminal's next start on" in taken.stdout) == (0, True)
    path = stand.folder.configuration.signed_pack_path
    path.write_bytes(path.read_bytes()[:-9] + b'AAAAAAA"}')
    found = examine_one("region", stand.file, {}, in_hand=True)
    assert found.cause is Cause.CONFIGURATION_WRONG
    assert "not signed" in found.found or "not a signed pack" in found.found


# --- screens


def test_the_camera_is_looked_through_while_its_page_stands(stand: Stand) -> None:
    viewfinder = Viewfinder()
    desk = stand.desk(viewfinder=viewfinder)
    until(lambda: stand.camera.viewers == 0)
    with stand.with_camera():
        page = desk.page("camera")
        assert (page.special, stand.camera.viewers) == (Special.CAMERA, 1)
        assert {"brightness", "left, right", "picture"} == set(values(page))
        seen = viewfinder.take()
        assert seen is not None
        assert (seen.width, seen.height) == (1280, 720)
        desk.page("camera")
        desk.page("touch")
        assert viewfinder.take() is None, "nobody is seen any more"
        until(lambda: stand.camera.viewers == 0)
        desk.page("camera")
        desk.close()
        until(lambda: stand.camera.viewers == 0)
    assert desk.page("colours").special is Special.COLOURS


def test_the_volume_is_set_listened_to_and_on_record(stand: Stand, tmp_path: Path) -> None:
    assert values(stand.desk().page("volume")) == {"loudspeaker": "没有设 none: kiosk.toml [sound]"}
    before = stand.file.read_text("utf-8")
    stand.file.write_text(f"{before}[sound]\nvolume = 4\n", encoding="utf-8")
    try:
        with ear_at(tmp_path) as ear:
            desk = stand.desk()
            assert values(desk.page("volume")) == {"volume": "4 / 10", "loudspeaker": "default"}
            assert len(ear.listen()) == 0, "looking is silent"
            desk.do("volume", "listen", {})
            usual = loudness_db(ear.listen())
            assert values(desk.do("volume", "louder", {}))["volume"] == "5 / 10"
            assert loudness_db(ear.listen()) - usual == pytest.approx(STEP_DB, abs=0.2)
            assert values(stand.desk().page("volume"))["volume"] == "5 / 10", "kept for the next visit"
            for _ in range(6):
                page = desk.do("volume", "softer", {})
            assert values(page)["volume"] == "0 / 10"
            ear.listen()
            desk.do("volume", "listen", {})
            assert len(ear.listen()) == 0
        page = stand.desk(Role.SUPPLIES).page("volume")
        assert [act.word for act in page.acts] == ["listen"]
        assert stand.told[:2] == [("volume", "listen", "done"), ("volume", "louder", "done")]
        stand.file.write_text(f'{before}[sound]\ndevice = "none-here"\n', encoding="utf-8")
        stand.folder.configuration.volume_path.unlink()
        desk = stand.desk()
        (_, speaker) = desk.page("volume").rows
        assert (speaker.mark, "none-here" in speaker.value, speaker.advice is not None) == (Mark.FAULT, True, True)
        assert desk.do("volume", "listen", {}).note_mark is Mark.FAULT
    finally:
        stand.file.write_text(before, encoding="utf-8")
        stand.folder.configuration.volume_path.unlink(missing_ok=True)


# --- roles, leaving, health


def test_a_role_sees_no_more_than_it_may(stand: Stand, pack: Path) -> None:
    (stand.stick / "zhumadian.pack").write_bytes(pack.read_bytes())
    offered = {
        role: {
            (word, act.word)
            for word in ("terminal", "region", "supplies")
            for act in stand.desk(role).page(word).acts_offered()
        }
        for role in Role
    }
    assert offered[Role.CONFIGURE] - offered[Role.SUPPLIES] == {("region", "take-0")}
    assert offered[Role.FULL] - offered[Role.CONFIGURE] == {
        ("terminal", "restart"), ("terminal", "restart-machine"), ("terminal", "shut-down"),
    }  # fmt: skip
    desk = stand.desk(Role.SUPPLIES)
    for word, act in (("terminal", "restart"), ("region", "take-0"), ("home", "nothing")):
        with pytest.raises(KeyError):
            desk.do(word, act, {})
    with pytest.raises(KeyError):
        desk.page("nowhere")
    assert stand.told == []


def test_opening_closing_and_ending_ask_again_and_are_on_record_first(stand: Stand) -> None:
    desk = stand.desk()
    wanted = []
    for act in desk.page("terminal").acts:
        assert act.asks_again
        wanted.append(desk.do("terminal", act.word, {}).leave)
    assert wanted == [
        Leave.OPEN_TERMINAL, Leave.CLOSE_TERMINAL, Leave.RESTART, Leave.START_MACHINE, Leave.SHUT_DOWN,
    ]  # fmt: skip
    assert [act for _, act, _ in stand.told] == ["open", "close", "restart", "restart-machine", "shut-down"]
    assert desk.page("terminal").leave is None


def test_health_tells_versions_and_what_is_left(stand: Stand) -> None:
    shown = values(stand.desk().page("health"))
    assert {"version", "up for", "memory free", "disk free", "now"} <= set(shown)
    assert ["systemctl", "show", "--property=NRestarts", "--value", "card-terminal.service"] in stand.ran
