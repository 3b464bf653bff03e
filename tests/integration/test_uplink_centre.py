"""The uplink and the central client before the real centre, over HTTPS on loopback."""

import base64
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from central.enrolment import revoke, thaw
from central.tables import Entry, TerminalLedger, TransactionRow
from central.telemetry_tables import TerminalWord
from kiosk.central_client import ClockOffset, SignedConnection
from kiosk.ledger import Ledger, LedgerReader
from kiosk.records.health import HealthSheet, Supplies
from kiosk.records.telemetry import Standing, Telemetry
from kiosk.records.transaction import Service
from kiosk.uplink import (
    AlreadyRunning,
    Halted,
    Idle,
    LineState,
    ReceiptReader,
    Receipts,
    Resumed,
    Sent,
    Step,
    Uplink,
    UplinkSettings,
    opened,
)
from kiosk.uplink.settings import nothing_to_wait_for
from tests.centre import REPOSITORY, EnrolledTerminal, RunningCentre, a_transaction

STORAGE_KEY = b"s" * 32


@dataclass
class Kiosk:
    """One terminal's ledger and uplink settings, enrolled at a real centre."""

    folder: Path
    centre: RunningCentre
    id: str
    ledger: Ledger
    key: Ed25519PrivateKey
    clock_error_s: float = 0.0
    hashes: list[bytes] = field(default_factory=list)

    @property
    def settings(self) -> UplinkSettings:
        return UplinkSettings(
            ledger=self.folder / "ledger", receipts=self.folder / "receipts", clock_offset=self.folder / "offset",
            centre=self.centre.url, ca=self.centre.ca_file, terminal=self.id, key=self.key,
            centre_keys={self.centre.keys.key_id: self.centre.signing_key},
        )  # fmt: skip

    def clock(self) -> float:
        return self.centre.clock() + self.clock_error_s

    def append(self, count: int) -> None:
        for _ in range(count):
            change = a_transaction(service=Service.PIN_CHANGE, pin_held_by="chip")
            self.hashes.append(self.ledger.append(change, offset_ms=0).hash)

    def steps(self, uplink: Uplink) -> list[Step]:
        done = [uplink.step()]
        while isinstance(done[-1], Sent | Resumed):
            done.append(uplink.step())
        return done

    def stored(self) -> list[tuple[bytes, str, str]]:
        query = select(Entry.hash, Entry.verdict, Entry.reason).where(Entry.terminal == self.id)
        with self.centre.database.reading() as session:
            return [(row.hash, row.verdict, row.reason) for row in session.execute(query.order_by(Entry.sequence))]

    def command(self) -> list[str]:
        (self.folder / "terminal.pem").write_bytes(
            self.key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        centre_key = base64.b64encode(self.centre.signing_key.public_bytes_raw()).decode()
        return [
            sys.executable, "-m", "kiosk.uplink", "--ledger", str(self.folder / "ledger"),
            "--receipts", str(self.folder / "receipts"), "--centre", self.centre.url,
            "--ca", str(self.centre.ca_file), "--terminal", self.id, "--key", str(self.folder / "terminal.pem"),
            "--centre-key", f"{self.centre.keys.key_id}={centre_key}",
        ]  # fmt: skip


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCentre]:
    with RunningCentre(tmp_path_factory.mktemp("centre")) as running:
        yield running


@pytest.fixture
def kiosk(tmp_path: Path, centre: RunningCentre, request: pytest.FixtureRequest) -> Iterator[Kiosk]:
    name = f"t-{request.node.name}"
    with Ledger.create(tmp_path / "ledger", name, STORAGE_KEY, centre.opening_key) as ledger:
        key = Ed25519PrivateKey.generate()
        centre.register(
            EnrolledTerminal(name, "zhumadian", key, ledger.ledger_id, f"pad of {name}", bytes(16)),
        )
        yield Kiosk(tmp_path, centre, name, ledger, key)


def test_everything_arrives_once_with_its_receipt(kiosk: Kiosk) -> None:
    kiosk.append(501)
    with opened(kiosk.settings) as uplink:
        assert kiosk.steps(uplink) == [Resumed(), Sent(500, 500), Sent(1, 501), Idle()]
    assert kiosk.stored() == [(digest, "applied", "") for digest in kiosk.hashes]
    receipts = ReceiptReader(kiosk.settings.receipts, kiosk.ledger.ledger_id, kiosk.id, kiosk.settings.centre_keys)
    assert receipts.proven_through() == 501
    assert kiosk.ledger.erase(receipts.proven_through()) == 501
    assert kiosk.ledger.verify(from_checkpoint=False) == []
    receipts.close()


def test_whoever_switches_off_waits_for_what_is_under_way_and_for_nothing_else(kiosk: Kiosk) -> None:
    settings = kiosk.settings
    assert nothing_to_wait_for(settings), "an uplink that has never run brings nothing"
    kiosk.append(1)
    with opened(settings) as uplink:
        kiosk.steps(uplink)
        assert nothing_to_wait_for(settings)
        kiosk.append(1)
        assert not nothing_to_wait_for(settings), "the line carries, and one entry is on its way"
        kiosk.steps(uplink)
        assert nothing_to_wait_for(settings)
    kiosk.append(1)
    with Receipts(settings.receipts, kiosk.ledger.ledger_id, now_ms=0) as receipts:
        receipts.stand(LineState.WAITING, "unreachable", now_ms=1, contact=False)
    assert nothing_to_wait_for(settings), "no line: it goes up after the next start"


@pytest.mark.parametrize("error_s", [86_400.0, -86_400.0])
def test_a_clock_a_day_off_loses_nothing(kiosk: Kiosk, error_s: float) -> None:
    kiosk.clock_error_s = error_s
    kiosk.append(2)
    settings = kiosk.settings
    with (
        LedgerReader(settings.ledger) as reader,
        Receipts(settings.receipts, reader.ledger_id, now_ms=0) as receipts,
    ):
        offset = ClockOffset(settings.clock_offset)
        connection = SignedConnection(
            settings.centre, settings.ca, terminal_id=kiosk.id, key=kiosk.key, centre_keys=settings.centre_keys,
            clock=kiosk.clock, offset=offset,
        )  # fmt: skip
        uplink = Uplink(
            reader, receipts, connection, key=kiosk.key, centre_keys=settings.centre_keys,
            clock=kiosk.clock, chance=random.Random(0),
        )  # fmt: skip
        assert kiosk.steps(uplink) == [Resumed(), Sent(2, 2), Idle()]
        connection.close()
    assert offset.milliseconds() == pytest.approx(-error_s * 1000, abs=2_000)
    assert len(kiosk.stored()) == 2


def test_a_restored_backup_adds_nothing(kiosk: Kiosk) -> None:
    kiosk.append(2)
    with opened(kiosk.settings) as uplink:
        kiosk.steps(uplink)
    kiosk.ledger.close()
    shutil.copytree(kiosk.folder / "ledger", kiosk.folder / "backup")
    kiosk.ledger = _reopen(kiosk)
    kiosk.append(2)
    with opened(kiosk.settings) as uplink:
        kiosk.steps(uplink)
    kiosk.ledger.close()
    for path in (kiosk.folder / "ledger", *kiosk.folder.glob("receipts*")):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copytree(kiosk.folder / "backup", kiosk.folder / "ledger")

    kiosk.ledger = _reopen(kiosk)
    with opened(kiosk.settings) as uplink:
        assert kiosk.steps(uplink) == [Halted(300.0, "ledger_behind_centre")]
        kiosk.append(1)
        assert kiosk.steps(uplink) == [Halted(300.0, "frozen")], "it wrote on: two entries under one sequence"
    assert [digest for digest, _, _ in kiosk.stored()] == kiosk.hashes[:4]
    kiosk.ledger.close()


def test_frozen_and_thawed(kiosk: Kiosk) -> None:
    kiosk.append(1)
    _freeze(kiosk, "fork")
    with opened(kiosk.settings) as uplink:
        assert kiosk.steps(uplink) == [Halted(300.0, "frozen")]
        thaw(kiosk.centre.database, kiosk.id, kiosk.ledger.ledger_id)
        assert kiosk.steps(uplink) == [Resumed(), Sent(1, 1), Idle()]


def test_revoked(kiosk: Kiosk) -> None:
    kiosk.append(1)
    revoke(kiosk.centre.database, kiosk.id, kiosk.centre.clock)
    with opened(kiosk.settings) as uplink:
        assert kiosk.steps(uplink) == [Halted(300.0, "revoked")]
    receipts = ReceiptReader(kiosk.settings.receipts, kiosk.ledger.ledger_id, kiosk.id, {})
    assert (receipts.standing().line, receipts.standing().reason) == (LineState.HALTED, "revoked")
    receipts.close()
    assert kiosk.stored() == []


def test_a_tombstone_passes_the_gap(kiosk: Kiosk) -> None:
    kiosk.append(3)
    with sqlite3.connect(kiosk.folder / "ledger" / "ledger.db") as db:
        db.execute("UPDATE payload SET ciphertext = x'00' WHERE sequence = 2")
    with opened(kiosk.settings) as uplink:
        assert kiosk.steps(uplink) == [Resumed(), Sent(3, 3), Idle()]
    assert [verdict for _, verdict, _ in kiosk.stored()] == ["applied", "lost", "applied"]


def test_lost_receipts_after_erasure_change_nothing(kiosk: Kiosk) -> None:
    kiosk.append(3)
    with opened(kiosk.settings) as uplink:
        kiosk.steps(uplink)
    kiosk.ledger.erase(3)
    for path in kiosk.folder.glob("receipts*"):
        path.unlink()
    with opened(kiosk.settings) as uplink:
        assert kiosk.steps(uplink) == [Resumed(), Sent(3, 3), Idle()]
    assert [verdict for _, verdict, _ in kiosk.stored()] == ["applied"] * 3


def test_two_uplinks_at_once(kiosk: Kiosk) -> None:
    """The lock forbids it; should it be lost, the centre still stores once."""
    with opened(kiosk.settings), pytest.raises(AlreadyRunning), opened(kiosk.settings):
        pass
    kiosk.append(600)
    start = threading.Barrier(2)
    ends: list[Step] = []

    def run(number: int) -> None:
        settings = kiosk.settings
        with (
            LedgerReader(settings.ledger) as reader,
            Receipts(settings.receipts.with_name(f"receipts-{number}"), reader.ledger_id, now_ms=0) as receipts,
        ):
            connection = SignedConnection(
                settings.centre, settings.ca, terminal_id=kiosk.id, key=kiosk.key, centre_keys=settings.centre_keys,
                clock=kiosk.clock, offset=ClockOffset(settings.clock_offset),
            )  # fmt: skip
            uplink = Uplink(
                reader, receipts, connection, key=kiosk.key, centre_keys=settings.centre_keys,
                clock=kiosk.clock, chance=random.Random(0),
            )  # fmt: skip
            start.wait()
            ends.append(kiosk.steps(uplink)[-1])
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ends == [Idle(), Idle()]
    assert kiosk.stored() == [(digest, "applied", "") for digest in kiosk.hashes]
    with kiosk.centre.database.reading() as session:
        effects = session.scalars(select(TransactionRow.effects).where(TransactionRow.terminal == kiosk.id)).all()
    assert list(effects) == [1] * 600


def test_process_ends_on_sigterm_and_runs_alone(kiosk: Kiosk) -> None:
    with subprocess.Popen(kiosk.command(), cwd=REPOSITORY, stderr=subprocess.PIPE) as first:
        assert first.stderr is not None
        assert b"runs" in first.stderr.readline()
        second = subprocess.run(kiosk.command(), cwd=REPOSITORY, capture_output=True, check=False, timeout=30)
        assert second.returncode == 3
        assert b"held by another uplink" in second.stderr
        first.send_signal(signal.SIGTERM)
        assert first.wait(timeout=30) == 0


def test_the_process_tells_how_the_terminal_is_beside_its_entries(kiosk: Kiosk) -> None:
    health, now_ms = kiosk.folder / "health.json", int(time.time() * 1000)
    sheet = HealthSheet(
        terminal=kiosk.id, version="0.1.0", started_at_ms=now_ms, written_at_ms=now_ms - 300_000,
        standing="serves somebody", supplies=Supplies(paper="low"),
    )  # fmt: skip
    health.write_bytes(msgspec.json.encode(sheet))
    command = [*kiosk.command(), "--health", str(health)]
    with subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.DEVNULL) as process:
        try:
            told = _told(kiosk)
            kiosk.append(1)
            _until(lambda: len(kiosk.stored()) == 1, "the entry arrives as well")
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    assert (told.standing, told.supplies.paper) == (Standing.SERVES, "low")
    assert told.sheet_age_s is not None
    assert told.sheet_age_s >= 300, "its window stands still, and the centre can see it"
    assert told.disk_free_bytes is not None
    assert told.queue is not None


def _told(kiosk: Kiosk) -> Telemetry:
    found: list[str] = []

    def is_there() -> bool:
        with kiosk.centre.database.reading() as session:
            row = session.get(TerminalWord, kiosk.id)
            found.extend([row.told] if row is not None else [])
        return bool(found)

    _until(is_there, "the centre hears of it")
    return msgspec.json.decode(found[0], type=Telemetry)


def _until(there: Callable[[], bool], what: str) -> None:
    ends = time.monotonic() + 30
    while not there():
        assert time.monotonic() < ends, what
        time.sleep(0.05)


def _reopen(kiosk: Kiosk) -> Ledger:
    return Ledger.open(kiosk.folder / "ledger", kiosk.id, STORAGE_KEY, kiosk.centre.opening_key)


def _freeze(kiosk: Kiosk, reason: str) -> None:
    with kiosk.centre.database.writing() as session:
        session.get_one(TerminalLedger, (kiosk.id, kiosk.ledger.ledger_id)).frozen_reason = reason
