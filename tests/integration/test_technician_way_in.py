"""The whole way in: entered at the centre, the roster fetched, a code typed, a page opened, and all of it on record."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyotp
import pytest
from sqlalchemy import select

from central.tables import TechnicianActRow
from central.technicians import TechnicianDesk
from kiosk import bootstrap
from kiosk.__main__ import main as kiosk
from kiosk.central_client.clock_offset import ClockOffset
from kiosk.credentials import read_centre_keys
from kiosk.records.technician import Role
from kiosk.runtime.journal import DurableJournal
from kiosk.runtime.live_note import LiveNote
from kiosk.runtime.viewfinder import Viewfinder
from kiosk.technician.way_in import desk_maker
from tests.centre import RunningCentre
from tests.terminal import TerminalFolder


def test_from_the_centres_roster_to_a_page_and_back_to_the_centre(
    centre: RunningCentre, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = TerminalFolder.enrolled(tmp_path / "terminal", centre)
    file, configuration = folder.directory / "kiosk.toml", folder.configuration
    enlisted = TechnicianDesk(centre.database, centre.keys, centre.clock).add(
        "T1001", Role.SUPPLIES, valid_until=_in_a_year()
    )
    codes = pyotp.parse_uri(enlisted.uri)
    assert isinstance(codes, pyotp.TOTP)
    assert kiosk(["roster", "fetch", "--config", str(file)]) == 0
    with DurableJournal(
        bootstrap.ledger_opener(configuration),
        ClockOffset(configuration.offset_path),
        configuration.receipts_path,
        configuration.terminal.id,
        read_centre_keys(configuration).signing(),
    ) as journal:
        desk = desk_maker(file, configuration)(journal=journal, viewfinder=Viewfinder(), note=LiveNote())
        assert desk.page("entry").word == "entry"
        with pytest.raises(KeyError):
            desk.page("home")
        home = desk.do("entry", "code", {"staff": "T1001", "code": codes.now()})
        assert home.word == "home", home.note
        assert all(Role.SUPPLIES.covers(act.needs) for act in home.acts_offered())
        assert desk.page("queue").word == "queue"
        desk.close()
    assert kiosk(["queue", "retry", "--config", str(file)]) == 0
    with centre.database.reading() as session:
        (act,) = session.scalars(select(TechnicianActRow))
        assert (act.staff, act.role, act.act, act.page, act.why) == ("T1001", "supplies", "admission", "entry", "code")


def _in_a_year() -> datetime:
    return datetime.now(tz=UTC) + timedelta(days=365)
