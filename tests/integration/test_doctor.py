"""The doctor before a whole terminal: a healthy one has no fault; of a broken one the one broken thing is named."""

import contextlib
import datetime
import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from central.enrolment import revoke
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
from tests.centre import RunningCentre, a_transaction
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


Plant = Callable[[Site], AbstractContextManager[None]]


@contextlib.contextmanager
def _configuration(site: Site) -> Iterator[None]:
    site.edit("width = 540", 'width = "wide"')
    yield


@contextlib.contextmanager
def _region(site: Site) -> Iterator[None]:
    site.edit('region = "zhumadian"', 'region = "atlantis"')
    yield


@contextlib.contextmanager
def _key_gone(site: Site) -> Iterator[None]:
    (site.folder.directory / "credentials" / "storage.key").unlink()
    yield


@contextlib.contextmanager
def _key_open(site: Site) -> Iterator[None]:
    (site.folder.directory / "credentials" / "terminal.key").chmod(0o644)
    yield


@contextlib.contextmanager
def _state_gone(site: Site) -> Iterator[None]:
    (site.folder.directory / "state").rename(site.folder.directory / "gone")
    yield


@contextlib.contextmanager
def _disk_full(site: Site) -> Iterator[None]:
    """A small disk of its own under the state, filled to the brim."""
    small = site.folder.directory / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", str(small)], check=True)
    try:
        subprocess.run(["cp", "-a", f"{site.folder.directory}/state/.", str(small)], check=True)
        (small / "film").write_bytes(bytes(20 * 1024 * 1024))
        site.edit('state = "state"', 'state = "small"')
        yield
    finally:
        subprocess.run(["umount", str(small)], check=True)


@contextlib.contextmanager
def _ledger_gone(site: Site) -> Iterator[None]:
    for file in (site.folder.directory / "state" / "ledger").iterdir():
        file.unlink()
    yield


@contextlib.contextmanager
def _row_damaged(site: Site) -> Iterator[None]:
    with bootstrap.ledger_opener(site.folder.configuration)() as ledger:
        ledger.append(a_transaction(), offset_ms=0)
        ledger.append(a_transaction(), offset_ms=0)
    with contextlib.closing(sqlite3.connect(site.folder.directory / "state" / "ledger" / "ledger.db")) as db:
        db.execute("UPDATE payload SET ciphertext = zeroblob(length(ciphertext)) WHERE sequence = 1")
        db.commit()
    yield


@contextlib.contextmanager
def _ledger_garbled(site: Site) -> Iterator[None]:
    for file in (site.folder.directory / "state" / "ledger").iterdir():
        file.write_bytes(b"no database" * 1000)
    yield


@contextlib.contextmanager
def _name_unknown(site: Site) -> Iterator[None]:
    site.edit(site.folder.centre.url, "https://centre.invalid:8443")
    yield


@contextlib.contextmanager
def _nobody_listens(site: Site) -> Iterator[None]:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        site.edit(site.folder.centre.url, f"https://127.0.0.1:{reserved.getsockname()[1]}")
        yield


@contextlib.contextmanager
def _expired(site: Site) -> Iterator[None]:
    with _other_server(site, ends_in=datetime.timedelta(days=-1)) as ca:
        site.edit(str(site.folder.centre.ca_file), str(ca))
        yield


@contextlib.contextmanager
def _ends_soon(site: Site) -> Iterator[None]:
    """The server has no centre behind it; only its certificate is looked at."""
    with _other_server(site, ends_in=datetime.timedelta(days=9)) as ca:
        site.edit(str(site.folder.centre.ca_file), str(ca))
        yield


@contextlib.contextmanager
def _stranger(site: Site) -> Iterator[None]:
    with _other_server(site, ends_in=datetime.timedelta(days=300)):
        yield


_SERVER = """
import http.server, ssl, sys
server = http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), http.server.BaseHTTPRequestHandler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[2], sys.argv[3])
server.socket = context.wrap_socket(server.socket, server_side=True)
print('ready', flush=True)
server.serve_forever()
"""
_THIEF = """
import serial, sys, time
port = serial.Serial(sys.argv[1], exclusive=True)
print('has it', flush=True)
time.sleep(60)
"""


@contextlib.contextmanager
def _other_server(site: Site, *, ends_in: datetime.timedelta) -> Iterator[Path]:
    """Something else that speaks TLS, in the place of the centre; its authority's certificate."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(tz=datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stranger")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - datetime.timedelta(days=30))
        .not_valid_after(now + ends_in)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    folder = site.folder.directory
    (folder / "other.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    (folder / "other.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    program = [sys.executable, "-c", _SERVER, str(port), str(folder / "other.pem"), str(folder / "other.key")]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            assert server.stdout.readline() == "ready\n"
            site.edit(site.folder.centre.url, f"https://localhost:{port}")
            yield folder / "other.pem"
        finally:
            server.kill()


@contextlib.contextmanager
def _not_enrolled(site: Site) -> Iterator[None]:
    site.edit('id = "zmd-0001"', 'id = "zmd-0404"')
    yield


@contextlib.contextmanager
def _revoked(site: Site) -> Iterator[None]:
    revoke(site.folder.centre.database, "zmd-0001", lambda: 1_700_000_000.0)
    yield


@contextlib.contextmanager
def _day_off(site: Site) -> Iterator[None]:
    ClockOffset(site.folder.configuration.offset_path).learn(86_400.0, 0.0)
    yield


@contextlib.contextmanager
def _no_daemon(site: Site) -> Iterator[None]:
    site.pcscd.stop()
    try:
        yield
    finally:
        site.pcscd.start()


@contextlib.contextmanager
def _other_reader(site: Site) -> Iterator[None]:
    site.edit('name = "', 'name = "ACS ')
    yield


@contextlib.contextmanager
def _pad_unplugged(site: Site) -> Iterator[None]:
    site.pad.unplug()
    yield


@contextlib.contextmanager
def _other_dialect(site: Site) -> Iterator[None]:
    site.edit('dialect = "sunson"', 'dialect = "szzt"')
    yield


@contextlib.contextmanager
def _pad_stolen(site: Site) -> Iterator[None]:
    path = str(site.folder.directory / "pin-pad")
    with subprocess.Popen([sys.executable, "-c", _THIEF, path], stdout=subprocess.PIPE, text=True) as thief:
        try:
            assert thief.stdout is not None
            assert thief.stdout.readline() == "has it\n"
            yield
        finally:
            thief.kill()


@contextlib.contextmanager
def _id_reader_unplugged(site: Site) -> Iterator[None]:
    site.id_reader.unplug()
    yield


@contextlib.contextmanager
def _no_paper(site: Site) -> Iterator[None]:
    site.printer.run_out()
    yield


@contextlib.contextmanager
def _paper_low(site: Site) -> Iterator[None]:
    site.printer.run_low()
    yield


@contextlib.contextmanager
def _cover_open(site: Site) -> Iterator[None]:
    site.printer.open_cover()
    yield


FAULTS: dict[str, tuple[Plant, str, Cause]] = {
    "configuration": (_configuration, "configuration", Cause.CONFIGURATION_WRONG),
    "region": (_region, "region", Cause.FILES_MISSING),
    "key gone": (_key_gone, "keys", Cause.KEY_MISSING),
    "key open": (_key_open, "keys", Cause.KEY_OPEN),
    "state gone": (_state_gone, "state", Cause.STATE_MISSING),
    "disk full": (_disk_full, "disk", Cause.DISK_FULL),
    "ledger gone": (_ledger_gone, "ledger", Cause.LEDGER_MISSING),
    "ledger row damaged": (_row_damaged, "ledger", Cause.LEDGER_DAMAGED),
    "ledger garbled": (_ledger_garbled, "ledger", Cause.LEDGER_UNREADABLE),
    "name unknown": (_name_unknown, "name", Cause.NAME_NOT_FOUND),
    "nobody listens": (_nobody_listens, "reach", Cause.CENTRE_NOT_REACHED),
    "certificate expired": (_expired, "certificate", Cause.CERTIFICATE_EXPIRED),
    "certificate of a stranger": (_stranger, "certificate", Cause.CERTIFICATE_WRONG),
    "not enrolled": (_not_enrolled, "sign_in", Cause.NOT_ENROLLED),
    "revoked": (_revoked, "sign_in", Cause.REVOKED),
    "no card daemon": (_no_daemon, "card_daemon", Cause.DAEMON_STOPPED),
    "reader of another name": (_other_reader, "card_reader", Cause.DEVICE_MISSING),
    "pad unplugged": (_pad_unplugged, "pin_pad", Cause.DEVICE_MISSING),
    "pad of another dialect": (_other_dialect, "pin_pad", Cause.WRONG_DIALECT),
    "pad stolen": (_pad_stolen, "pin_pad", Cause.DEVICE_HELD),
    "ID reader unplugged": (_id_reader_unplugged, "id_reader", Cause.DEVICE_MISSING),
    "no paper": (_no_paper, "receipt_printer", Cause.PAPER_OUT),
    "paper low": (_paper_low, "receipt_printer", Cause.PAPER_LOW),
    "printer's cover open": (_cover_open, "receipt_printer", Cause.COVER_OPEN),
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_one_thing_that_is_broken_is_named_and_nothing_else(site: Site, name: str) -> None:
    plant, check, cause = FAULTS[name]
    with plant(site):
        assert broken(examined(site)) == {check: cause}


def test_two_at_once_are_both_named(site: Site) -> None:
    with _pad_unplugged(site), _no_paper(site), _nobody_listens(site):
        assert broken(examined(site)) == {
            "reach": Cause.CENTRE_NOT_REACHED,
            "pin_pad": Cause.DEVICE_MISSING,
            "receipt_printer": Cause.PAPER_OUT,
        }


def test_who_holds_the_pad_is_named(site: Site) -> None:
    with _pad_stolen(site):
        assert "by python" in examined(site)["pin_pad"].found


def test_a_clock_that_is_a_day_off_is_told_and_closes_nothing(site: Site) -> None:
    """The centre's answer mends the offset, so what was known before is looked at with the line down."""
    with _day_off(site), _nobody_listens(site):
        findings = examined(site)
    assert broken(findings) == {"reach": Cause.CENTRE_NOT_REACHED, "clock": Cause.CLOCK_OFF}
    assert findings["clock"].state is State.WARNING
    assert "86400 s behind" in findings["clock"].found


def test_a_certificate_that_ends_soon_is_a_warning(site: Site) -> None:
    with _ends_soon(site):
        found = examined(site)["certificate"]
    assert (found.state, found.cause) == (State.WARNING, Cause.CERTIFICATE_ENDS_SOON)
    assert "8 days" in found.found or "9 days" in found.found


def test_the_key_that_others_read_is_closed_by_fix_alone(site: Site) -> None:
    key = site.folder.directory / "credentials" / "terminal.key"
    key.chmod(0o644)
    examine(site.file, os.environ)
    assert key.stat().st_mode & 0o077 == 0o044
    (found,) = (one for one in examine(site.file, os.environ, fix=True) if one.check == "keys")
    assert found.state is State.WELL
    assert key.stat().st_mode & 0o077 == 0


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
    with _row_damaged(site):
        assert without_devices(configuration, os.environ) == (6, ("key_open", "ledger_damaged"))


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
