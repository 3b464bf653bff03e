"""The doctor before a whole terminal, still or running, by its functions and its command."""

import contextlib
import json
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk import bootstrap
from kiosk.__main__ import main
from kiosk.central_client.clock_offset import ClockOffset
from kiosk.runtime.health_keeper import HealthKeeper
from kiosk.technician.causes import Cause
from kiosk.technician.doctor import CHECKS, examine
from kiosk.technician.findings import Finding, State
from kiosk.technician.self_test import SELF_TEST, without_devices
from simulators.card.slot import CardSlot
from simulators.id_reader import IdReaderSimulator
from simulators.pcscd import PrivatePcscd
from simulators.pin_pad import PadSimulator
from simulators.receipt_printer import PrinterSimulator
from tests.centre import RunningCentre
from tests.terminal import RunningTerminal, TerminalFolder

pytestmark = pytest.mark.stack


class Site:
    """One terminal with its simulated devices, as a technician finds it."""

    def __init__(self, folder: TerminalFolder, pcscd: PrivatePcscd) -> None:
        self.folder, self.pcscd = folder, pcscd
        self.pad = PadSimulator("sunson", link=folder.directory / "pin-pad")
        self.id_reader = IdReaderSimulator(link=folder.directory / "id-reader")
        self.printer = PrinterSimulator(link=folder.directory / "printer")
        self.edit('port = "pin-pad"', 'port = "pin-pad"\ndialect = "sunson"')
        self.edit("[centre]", '[receipt_printer]\nport = "printer"\n[centre]')

    @property
    def file(self) -> Path:
        return self.folder.directory / "kiosk.toml"

    def edit(self, old: str, new: str) -> None:
        text = self.file.read_text(encoding="utf-8")
        assert old in text
        self.file.write_text(text.replace(old, new, 1), encoding="utf-8")

    def close(self) -> None:
        for device in (self.pad, self.id_reader, self.printer):
            device.close()


@pytest.fixture
def site(tmp_path: Path, centre: RunningCentre, pcscd: PrivatePcscd, slot: object) -> Iterator[Site]:
    made = Site(TerminalFolder.enrolled(tmp_path / "terminal", centre), pcscd)
    with contextlib.closing(made):
        yield made


def examined(site: Site) -> dict[str, Finding]:
    return {found.check: found for found in examine(site.file, os.environ)}


def broken(findings: dict[str, Finding]) -> dict[str, Cause | None]:
    return {word: one.cause for word, one in findings.items() if one.state in {State.FAULT, State.WARNING}}


def test_a_healthy_terminal_has_no_fault(site: Site) -> None:
    findings = examined(site)
    assert [found.check for found in findings.values()] == [check.word for check in CHECKS]
    assert broken(findings) == {}
    absent = {word for word, found in findings.items() if found.state is State.ABSENT}
    assert absent == {"camera", "card_printer", "capture_unit", "stock"}
    looked_at = {"pin_pad", "id_reader", "receipt_printer", "card_reader", "ledger", "sign_in", "certificate"}
    assert {findings[word].state for word in looked_at} == {State.WELL}
    assert "zmd-0001" in findings["sign_in"].found
    assert "sunson" in findings["pin_pad"].found


def test_a_roster_that_was_never_asked_for_is_no_fault(site: Site) -> None:
    (found,) = (one for one in examine(site.file, os.environ) if one.check == "roster")
    assert (found.state, found.found) == (State.NOT_TRIED, "the uplink has not asked for a roster yet")


@contextlib.contextmanager
def _nobody_listens(site: Site) -> Iterator[None]:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        site.edit(site.folder.centre.url, f"https://127.0.0.1:{reserved.getsockname()[1]}")
        yield


def test_two_at_once_are_both_named(site: Site) -> None:
    site.pad.unplug()
    site.printer.run_out()
    with _nobody_listens(site):
        assert broken(examined(site)) == {
            "reach": Cause.CENTRE_NOT_REACHED,
            "pin_pad": Cause.DEVICE_MISSING,
            "receipt_printer": Cause.PAPER_OUT,
        }


def test_a_clock_that_is_a_day_off_is_told_and_closes_nothing(site: Site) -> None:
    """The centre's answer mends the offset, so what was known before is looked at with the line down."""
    ClockOffset(site.folder.configuration.offset_path).learn(86_400.0, 0.0)
    with _nobody_listens(site):
        findings = examined(site)
    assert broken(findings) == {"reach": Cause.CENTRE_NOT_REACHED, "clock": Cause.CLOCK_OFF}
    assert findings["clock"].state is State.WARNING
    assert "86400 s behind" in findings["clock"].found


def test_the_key_that_others_read_is_closed_by_fix_alone(site: Site) -> None:
    key = site.folder.directory / "credentials" / "terminal.key"
    key.chmod(0o644)
    examine(site.file, os.environ)
    assert key.stat().st_mode & 0o077 == 0o044
    (found,) = (one for one in examine(site.file, os.environ, fix=True) if one.check == "keys")
    assert found.state is State.WELL
    assert key.stat().st_mode & 0o077 == 0


def test_fix_changes_the_rights_of_nothing_that_a_link_leads_to(site: Site) -> None:
    key, elsewhere = site.folder.directory / "credentials" / "terminal.key", site.folder.directory / "elsewhere"
    key.rename(elsewhere)
    elsewhere.chmod(0o644)
    key.symlink_to(elsewhere)
    (found,) = (one for one in examine(site.file, os.environ, fix=True) if one.check == "keys")
    assert (found.state, found.cause) == (State.FAULT, Cause.KEY_OPEN)
    assert elsewhere.stat().st_mode & 0o777 == 0o644


def test_a_path_that_no_disk_has_is_a_finding_and_ends_no_examination(site: Site) -> None:
    site.edit('state = "state"', f'state = "{"x" * 300}"')
    findings = examined(site)
    assert findings["state"].cause is Cause.STATE_MISSING
    assert findings["region"].state is State.NOT_TRIED
    assert "too long" in findings["region"].found


def test_beside_a_running_terminal_its_own_sheet_is_believed(site: Site, slot: CardSlot) -> None:
    site.pad.close()
    site.id_reader.close()
    configuration = site.folder.configuration
    with bootstrap.reserved_state(configuration), RunningTerminal(site.folder, slot) as terminal:
        keeper = HealthKeeper(
            configuration.health_path, site.folder.id, terminal.conductor, lambda: int(time.time() * 1000)
        )
        terminal.until(lambda: len(terminal.conductor.device_health) >= 3, "every device was heard of")
        keeper.keep()
        well = examined(site)
        terminal.pad.unplug()
        terminal.skipped_s += 11  # the next look
        terminal.until(lambda: any(one.code for one in terminal.conductor.device_health), "the pad is missed")
        keeper.keep()
        ill = examined(site)
        tested = {found.check: found for found in examine(site.file, os.environ, words=SELF_TEST)}
    assert broken(well) == {}
    assert {word for word, one in tested.items() if one.state is State.FAULT} == {"pin_pad"}
    assert well["pin_pad"].found == "by the running terminal"
    assert well["terminal"].found == "waits for somebody"
    assert broken(ill) == {"pin_pad": Cause.DEVICE_MISSING}
    assert ill["pin_pad"].found.startswith("P-01: ")
    assert ill["receipt_printer"].state is State.NOT_TRIED  # this terminal was put together without one


def test_what_a_terminal_tests_of_itself_beside_its_devices(site: Site) -> None:
    configuration = site.folder.configuration
    site.pad.unplug()
    assert without_devices(configuration, os.environ) == (6, ())
    (site.folder.directory / "credentials" / "terminal.key").chmod(0o644)
    for file in configuration.ledger_path.iterdir():
        file.unlink()
    assert without_devices(configuration, os.environ) == (6, ("key_open", "ledger_missing"))


def test_the_command_prints_what_to_do_and_its_code_says_it(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    well = site.folder.run("doctor", "--language", "en")
    assert (well.returncode, well.stdout.splitlines()[-1]) == (0, "All is well.")
    site.printer.run_out()
    site.pad.unplug()
    ill = site.folder.run("doctor")
    assert ill.returncode == 41
    assert "密码键盘" in ill.stdout
    assert Cause.DEVICE_MISSING.advice.zh in ill.stdout
    told = json.loads(site.folder.run("doctor", "--json").stdout)
    assert told["outcome"] == "fault"
    found = {one["check"]: one for one in told["findings"]}
    assert found["pin_pad"]["cause"] == "device_missing"
    assert found["receipt_printer"]["state"] == "warning"
    assert set(found) == {check.word for check in CHECKS}
    capsys.readouterr()
    assert main(["selftest", "--json", "--config", str(site.file)]) == 41
    assert {one["check"] for one in json.loads(capsys.readouterr().out)["findings"]} == SELF_TEST
