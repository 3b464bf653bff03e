"""Technicians at a real centre: entered and struck off by command, told to terminals over the line and by a file."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
import pytest

from central.command_line import main
from central.tables import TerminalLedger
from kiosk.__main__ import main as kiosk
from kiosk.records.roster import AskRoster, Roster, RosterTold
from kiosk.records.technician import Role
from kiosk.records.upload import decode
from kiosk.technician.roster import RosterKeeper
from simulators.card.technician_chip import TECHNICIANS, load_technician_card
from tests.centre import EnrolledTerminal, Refusal, RunningCentre
from tests.technicians import card_key
from tests.terminal import TerminalFolder, running

Central = Callable[..., str]


@pytest.fixture
def running_centre(request: pytest.FixtureRequest) -> RunningCentre:
    """Over either database where a test wants both, else over SQLite."""
    name = "any_centre" if "any_centre" in request.fixturenames else "centre"
    found: RunningCentre = request.getfixturevalue(name)
    return found


@pytest.fixture
def central(running_centre: RunningCentre, capsys: pytest.CaptureFixture[str]) -> Central:
    """Run ``central technician …``; what it printed, or its complaint after an exclamation mark."""

    def run(action: str, *arguments: str) -> str:
        capsys.readouterr()
        code = main(["technician", action, str(running_centre.directory), *arguments])
        said = capsys.readouterr()
        return said.out if code == 0 else f"!{said.err}"

    return run


def certificate(folder: Path, name: str = "t1001") -> str:
    path = folder / f"{name}.der"
    path.write_bytes(load_technician_card(TECHNICIANS / f"{name}.json").certificate)
    return str(path)


def told(centre: RunningCentre, terminal: EnrolledTerminal, known: int = 0) -> Roster | None:
    return centre.ask(terminal, "/v1/roster", AskRoster(known=known), RosterTold).roster


def test_whoever_is_entered_is_told_with_role_key_and_number(
    any_centre: RunningCentre, central: Central, tmp_path: Path
) -> None:
    terminal = any_centre.enrol()
    assert told(any_centre, terminal) is not None
    said = central("add", "T1001", "--role", "full", "--certificate", certificate(tmp_path))
    assert said.startswith("T1001 is on the roster as full.")
    central("add", "T1002", "--role", "supplies", "--region", "beijing")
    roster = told(any_centre, terminal)
    assert roster is not None
    assert roster.is_genuine(any_centre.signing_key)
    assert (roster.terminal, roster.number) == (terminal.id, 2)
    (one,) = roster.technicians
    assert (one.staff, one.role, one.card_key, one.revoked) == ("T1001", Role.FULL, card_key("t1001"), False)
    assert told(any_centre, terminal, known=2) is None
    assert told(any_centre, terminal, known=1) is not None


def test_the_secret_is_shown_once_and_is_the_terminals(centre: RunningCentre, central: Central, tmp_path: Path) -> None:
    folder = TerminalFolder.enrolled(tmp_path / "terminal", centre)
    said = central("add", "T1001", "--role", "configure")
    (uri,) = re.findall(r"otpauth://\S+", said)
    assert unquote(urlsplit(uri).path).endswith(":T1001")
    (secret,) = parse_qs(urlsplit(uri).query)["secret"]
    assert "█" in said or "▄" in said
    assert secret not in central("list")
    assert folder.run("roster", "fetch").returncode == 0
    keeper = RosterKeeper.of(folder.configuration)
    (one,) = keeper.roster().technicians
    assert keeper.secret(one).decode() == secret
    assert pyotp.TOTP(secret).verify(pyotp.TOTP(secret).now(), valid_window=1)


def test_whoever_is_struck_off_is_told_so(any_centre: RunningCentre, central: Central) -> None:
    terminal = any_centre.enrol()
    central("add", "T1001", "--role", "full")
    before = told(any_centre, terminal)
    assert "struck off" in central("revoke", "T1001")
    central("revoke", "T1001")
    after = told(any_centre, terminal)
    assert before is not None
    assert after is not None
    assert (before.number, after.number) == (1, 2)
    (one,) = after.technicians
    assert (one.revoked, one.sealed_secret) == (True, b"")
    assert "revoked" in central("list")
    assert central("add", "T1001", "--role", "supplies").startswith("T1001 is on the roster as supplies")


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("add", "王小明", "--role", "full"), "staff number"),
        (("add", "411700198504121036", "--role", "full"), "staff number"),
        (("add", "T1", "--role", "full", "--valid-until", "2020-01-01"), "over"),
        (("add", "T1", "--role", "full", "--certificate", "pyproject.toml"), "no certificate"),
        (("revoke", "T1"), "not on the roster"),
        (("roster", "nobody", "out"), "not enrolled"),
    ],
)
def test_what_can_not_be_is_one_line(central: Central, arguments: tuple[str, ...], word: str) -> None:
    said = central(*arguments)
    assert said.startswith("!")
    assert word in said
    assert said.count("\n") == 1


def test_nobody_is_entered_twice(central: Central) -> None:
    central("add", "T1001", "--role", "full")
    assert "revoke it first" in central("add", "T1001", "--role", "supplies")


def test_a_frozen_terminal_is_told_nobody(centre: RunningCentre) -> None:
    terminal = centre.enrol()
    with centre.database.writing() as session:
        session.get_one(TerminalLedger, (terminal.id, terminal.ledger_id)).frozen_reason = "fork"
    with pytest.raises(Refusal) as refused:
        told(centre, terminal)
    assert refused.value.problem.type == "frozen"


def test_a_stick_brings_it_and_the_centres_signature_lets_it_in(
    centre: RunningCentre, central: Central, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = TerminalFolder.enrolled(tmp_path / "terminal", centre)
    folder.configure("https://127.0.0.1:1")  # the line is down

    def kiosk_roster(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = kiosk(["roster", *arguments, "--config", str(folder.directory / "kiosk.toml")])
        return code, *capsys.readouterr()

    code, _, complaint = kiosk_roster("show")
    assert (code, "fetch or take" in complaint) == (36, True)
    assert kiosk_roster("fetch")[0] == 38
    stick, older = tmp_path / "roster.json", tmp_path / "older.json"
    central("add", "T1001", "--role", "full", "--certificate", certificate(tmp_path))
    assert central("roster", folder.id, str(older)) == "number 1, 1 technicians\n"
    central("revoke", "T1001")
    central("roster", folder.id, str(stick))
    code, shown, _ = kiosk_roster("take", str(stick), "--json")
    assert code == 0
    assert json.loads(shown)["number"] == 2
    assert [one["state"] for one in json.loads(shown)["technicians"]] == ["revoked"]
    code, _, complaint = kiosk_roster("take", str(older))
    assert (code, "newer one" in complaint) == (37, True)
    stick.write_bytes(stick.read_bytes().replace(b'"revoked":true', b'"revoked":false'))
    assert kiosk_roster("take", str(stick))[0] == 37
    assert kiosk_roster("take", str(tmp_path / "nowhere"))[0] == 37
    assert "revoked" in kiosk_roster("show")[1]


def test_the_uplink_lays_it_down_by_itself(centre: RunningCentre, central: Central, tmp_path: Path) -> None:
    folder = TerminalFolder.enrolled(tmp_path / "terminal", centre)
    central("add", "T1001", "--role", "full")
    with running(folder.command("uplink")) as uplink:
        uplink.says("roster 1 has arrived")
    arrived = decode(folder.configuration.arrived_roster_path.read_bytes(), Roster)
    assert [one.staff for one in arrived.technicians] == ["T1001"]
    assert RosterKeeper.of(folder.configuration).roster() == arrived
    assert not folder.configuration.arrived_roster_path.exists()


def test_a_terminal_that_was_struck_off_is_refused(centre: RunningCentre) -> None:
    terminal = centre.enrol()
    assert main(["revoke", str(centre.directory), terminal.id]) == 0
    with pytest.raises(Refusal) as refused:
        told(centre, terminal)
    assert refused.value.problem.type == "revoked"
