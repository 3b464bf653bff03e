"""The demo's technicians: what the stand shows of them lets them in, and what should not does not."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from central.technicians import TechnicianDesk
from kiosk import bootstrap
from kiosk.__main__ import main as kiosk
from kiosk.central_client.clock_offset import ClockOffset
from kiosk.credentials import read_centre_keys
from kiosk.journeys.technician_views import Page
from kiosk.records.technician import Role
from kiosk.runtime.journal import DurableJournal
from kiosk.runtime.live_note import LiveNote
from kiosk.runtime.viewfinder import Viewfinder
from kiosk.technician.way_in import desk_maker
from simulators.capture_unit import simulator as capture_unit
from simulators.card.slot import CardSlot
from simulators.card.technician_chip import load_technician_card
from simulators.stand.card_slot import SlotAtHand
from simulators.stand.technicians import FOLDER, TechniciansAtHand
from tests.centre import RunningCentre
from tests.terminal import TerminalFolder


def at_hand(folder: Path, centre: RunningCentre, asked: list[str]) -> TechniciansAtHand:
    desk = TechnicianDesk(centre.database, centre.keys, centre.clock)

    def enlist(staff: str, role: Role, certificate: Path) -> str:
        asked.append(staff)
        in_a_year = datetime.now(tz=UTC) + timedelta(days=365)
        return desk.add(staff, role, valid_until=in_a_year, certificate=certificate.read_bytes()).uri

    return TechniciansAtHand.enlisted(folder / FOLDER, enlist)


def came_in(terminal: TerminalFolder, staff: str, code: str) -> Page:
    configuration = terminal.configuration
    with DurableJournal(
        bootstrap.ledger_opener(configuration),
        ClockOffset(configuration.offset_path),
        configuration.receipts_path,
        configuration.terminal.id,
        read_centre_keys(configuration).signing(),
    ) as journal:
        made = desk_maker(terminal.directory / "kiosk.toml", configuration)(
            journal=journal, viewfinder=Viewfinder(), note=LiveNote()
        )
        try:
            return made.do("entry", "code", {"staff": staff, "code": code})
        finally:
            made.close()


def test_the_code_that_the_stand_shows_lets_in_and_outlives_the_stand(
    sqlite_centre: RunningCentre, tmp_path: Path
) -> None:
    sqlite_centre.reset()
    terminal = TerminalFolder.enrolled(tmp_path / "terminal", sqlite_centre)
    asked: list[str] = []
    at_hand(tmp_path, sqlite_centre, asked)
    again = at_hand(tmp_path, sqlite_centre, asked)  # the same state, with --keep
    assert asked == ["T1001", "T1002"], "nobody is entered twice"
    assert kiosk(["roster", "fetch", "--config", str(terminal.directory / "kiosk.toml")]) == 0
    shown = {one["staff"]: one for one in again.picture(datetime.now(tz=UTC).timestamp())}
    assert [one["role"] for one in shown.values()] == ["full", "supplies"]
    assert came_in(terminal, "T1002", shown["T1001"]["code"]).word == "entry", "it is somebody else's"
    page = came_in(terminal, "T1001", shown["T1001"]["code"])
    assert page.word == "home", page.note
    assert (tmp_path / FOLDER / "telephones").stat().st_mode & 0o077 == 0


def test_a_code_lasts_half_a_minute(sqlite_centre: RunningCentre, tmp_path: Path) -> None:
    sqlite_centre.reset()
    shown = at_hand(tmp_path, sqlite_centre, [])
    codes = [shown.picture(at)[0]["code"] for at in (900.0, 929.9, 930.0)]
    assert codes[0] == codes[1] != codes[2]


@pytest.mark.parametrize("motor", [True, False])
def test_a_technicians_card_goes_into_either_slot_and_is_found_there_again(
    sqlite_centre: RunningCentre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, motor: bool
) -> None:
    monkeypatch.setattr(capture_unit, "_CONTACT_S", 0.1)  # there is no reader
    sqlite_centre.reset()
    technicians = at_hand(tmp_path, sqlite_centre, [])
    card = technicians.cards["t1001"]
    contacts = CardSlot(None, 1)  # nobody reads it
    slot = SlotAtHand(tmp_path / "slot", contacts, motor=motor)
    try:
        slot.insert(card)
        assert slot.inserted() == card
        assert contacts.holds_card
    finally:
        slot.close()
        contacts.close()
    if motor:
        empty = CardSlot(None, 1)
        found = SlotAtHand(tmp_path / "slot", empty, motor=True)
        try:
            assert found.inserted() == card
            assert empty.holds_card
        finally:
            found.close()
            empty.close()


def test_what_a_card_remembers_stays_with_the_stand(sqlite_centre: RunningCentre, tmp_path: Path) -> None:
    sqlite_centre.reset()
    card = at_hand(tmp_path, sqlite_centre, []).cards["t1001"]
    chip = card.chip()
    chip.transmit(bytes.fromhex("00A4040009A00000030800001000"))
    wrong = bytes.fromhex("0020008008") + b"000000\xff\xff"
    assert chip.transmit(wrong) == bytes.fromhex("63C2")
    assert load_technician_card(card.path).pin.tries_left == 2
