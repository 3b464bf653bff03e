"""Rot in the ledger's file: told at the start, shown to the technician, passed by tombstones, no reason to close."""

import logging
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from central.enrolment import add_ledger
from kiosk import bootstrap
from kiosk.command_line.ledger import Exit
from kiosk.journeys.requests import LedgerFailed
from kiosk.journeys.views import OutOfService
from kiosk.records.transaction import Service, Stage
from simulators.card.slot import CardSlot
from tests.centre import RunningCentre, a_transaction
from tests.terminal import RunningTerminal, TerminalFolder, running

PAGE = 4096
ENTRIES = 60
"""Enough for several pages of each table."""


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory, sqlite_centre: RunningCentre) -> TerminalFolder:
    """A terminal with entries that nobody has fetched, everything in the database and nothing in its log."""
    sqlite_centre.reset()
    made = TerminalFolder.enrolled(tmp_path_factory.mktemp("sound") / "terminal", sqlite_centre)
    with made.journal() as book:
        for _ in range(ENTRIES):
            book.append(a_transaction(service=Service.PIN_CHANGE, pin_held_by="chip"))
    return made


@pytest.fixture
def folder(sound: TerminalFolder, tmp_path: Path, centre: RunningCentre) -> TerminalFolder:
    """A copy of it, registered at the emptied centre."""
    copied = sound.copy(tmp_path / "terminal")
    copied.register()
    return copied


def bit_in(column: str, table: str) -> Callable[[Path], None]:
    def rot(database: Path) -> None:
        db = sqlite3.connect(database)
        (value,) = db.execute(f"SELECT {column} FROM {table} WHERE sequence = 20").fetchone()
        with db:
            db.execute(
                f"UPDATE {table} SET {column} = ? WHERE sequence = 20",
                (bytes([value[0] ^ 0x10]) + value[1:],),
            )
        db.close()

    return rot


def rotted_epoch_key(database: Path) -> None:
    db = sqlite3.connect(database)
    with db:
        db.execute("UPDATE epoch SET sealed_for_centre = zeroblob(length(sealed_for_centre))")
    db.close()


def zeroed_page_of(table: str) -> Callable[[Path], None]:
    """The first leaf of the table's tree, so that its oldest rows are gone."""

    def zero(database: Path) -> None:
        data = bytearray(database.read_bytes())
        db = sqlite3.connect(database)
        (root,) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
        db.close()
        page = data[(root - 1) * PAGE : root * PAGE]
        assert page[0] == 0x05, "an inner page of a table's tree"
        first_cell = int.from_bytes(page[12:14], "big")
        leaf = int.from_bytes(page[first_cell : first_cell + 4], "big")
        data[(leaf - 1) * PAGE : leaf * PAGE] = bytes(PAGE)
        database.write_bytes(data)

    return zero


def zeroed_header(database: Path) -> None:
    data = bytearray(database.read_bytes())
    data[:100] = bytes(100)
    database.write_bytes(data)


def truncated(database: Path) -> None:
    os.truncate(database, database.stat().st_size // 2)


def rotted_identity(database: Path) -> None:
    db = sqlite3.connect(database)
    with db:
        db.execute("UPDATE ledger SET terminal = x'7a'")
    db.close()


DELIVERED_ROUND: dict[str, tuple[Callable[[Path], None], str]] = {
    "payload": (bit_in("ciphertext", "payload"), "row_damaged"),
    "sealed key": (bit_in("sealed_key", "payload"), "row_damaged"),
    "header": (bit_in("header", "payload"), "row_damaged"),
    "chain": (bit_in("hash", "entry"), "row_damaged"),
    "digest of the header": (bit_in("header_hash", "entry"), "row_damaged"),
    "page of payloads": (zeroed_page_of("payload"), "page_damaged"),
    "page of the chain": (zeroed_page_of("entry"), "page_damaged"),
}


@pytest.mark.parametrize("what", DELIVERED_ROUND)
def test_damage_is_told_at_the_start_and_delivered_round(
    folder: TerminalFolder, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    rot, reason = DELIVERED_ROUND[what]
    rot(folder.configuration.ledger_path / "ledger.db")
    with folder.journal() as book, caplog.at_level(logging.ERROR):
        assert book.tidy(), "the rest is sound: the terminal serves"
        (told,) = [record.getMessage() for record in caplog.records if "damaged places" in record.getMessage()]
        assert reason in told
        assert book.append(a_transaction()) == ENTRIES + 1
    checked = folder.run("ledger", "check")
    assert checked.returncode == Exit.DAMAGED
    damaged = [int(one.split()[0]) for one in _line(checked.stdout, "damaged").split(", ")]
    assert damaged == ([20] if reason == "row_damaged" else list(range(1, len(damaged) + 1)))
    with running(folder.command("uplink")):
        folder.wait_until_standing("sending", through=ENTRIES + 1)
    lost = [(sequence, why) for sequence, _, verdict, why in folder.stored() if verdict == "lost"]
    assert lost == [(sequence, reason) for sequence in damaged]
    assert [s for s, _, verdict, _ in folder.stored() if verdict == "applied"] == sorted(
        set(range(1, ENTRIES + 2)) - set(damaged)
    )
    with folder.journal() as book:  # erasing meets the damage as well
        assert book.tidy()
        assert book.append(a_transaction()) == ENTRIES + 2
    assert _line(folder.run("ledger", "check").stdout, "for staff").count(f"lost {reason}") == len(damaged)


def _line(output: str, key: str) -> str:
    (found,) = [line for line in output.splitlines() if line.startswith(f"{key}: ")]
    return found.removeprefix(f"{key}: ")


def test_an_epoch_key_that_rotted_is_told_and_blocks_nothing(
    folder: TerminalFolder, caplog: pytest.LogCaptureFixture
) -> None:
    rotted_epoch_key(folder.configuration.ledger_path / "ledger.db")
    with folder.journal() as book, caplog.at_level(logging.ERROR):
        assert book.tidy()
        assert "1 epoch_damaged" in caplog.text
        book.append(a_transaction())  # under this start's own key
    checked = folder.run("ledger", "check")
    assert (checked.returncode, _line(checked.stdout, "damaged")) == (Exit.DAMAGED, "1 epoch_damaged")
    with running(folder.command("uplink")):
        folder.wait_until_standing("sending", through=ENTRIES + 1)
    assert [(verdict, reason) for _, _, verdict, reason in folder.stored()] == [
        *[("refused", "unreadable")] * ENTRIES, ("applied", ""),
    ]  # fmt: skip


UNUSABLE = {"header of the file": zeroed_header, "half the file": truncated, "identity": rotted_identity}


@pytest.mark.stack
@pytest.mark.parametrize("what", UNUSABLE)
def test_a_file_that_can_not_be_read_closes_the_terminal_and_a_new_ledger_opens_it(
    folder: TerminalFolder, slot: CardSlot, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    UNUSABLE[what](folder.configuration.ledger_path / "ledger.db")
    with RunningTerminal(folder, slot) as terminal, caplog.at_level(logging.ERROR):
        assert terminal.sees(OutOfService).code == "L-01"
        assert "the ledger failed" in caplog.text
        checked = folder.run("ledger", "check")
        assert checked.returncode == Exit.UNREADABLE
        assert "Traceback" not in checked.stderr
        told = folder.run("uplink")
        assert told.returncode == 1
        assert "Traceback" not in told.stderr
        # As docs/faults.md says: the ledger is put aside, a new one made and registered, while the terminal waits.
        ledger = folder.configuration.ledger_path
        ledger.rename(ledger.with_name("ledger.aside"))
        request = bootstrap.enrol(folder.configuration)
        add_ledger(folder.centre.database, folder.id, request.ledger_id, folder.centre.clock)
        terminal.skipped_s += 11
        terminal.until(lambda: terminal.journal.is_open, "the new ledger is open")
        terminal.until(lambda: not isinstance(terminal.view, OutOfService) or terminal.view.code != "L-01", "open")


def test_a_damaged_end_closes_the_terminal_and_what_was_before_is_delivered(
    folder: TerminalFolder, tmp_path: Path
) -> None:
    """Where the chain goes on is not known: going on anywhere could give a sequence out twice."""
    db = sqlite3.connect(folder.configuration.ledger_path / "ledger.db")
    with db:
        db.execute("UPDATE entry SET hash = zeroblob(32), previous_hash = zeroblob(32) WHERE sequence = ?", (ENTRIES,))
    db.close()
    with folder.journal() as book, pytest.raises(LedgerFailed, match="last entry"):
        book.tidy()
    with running(folder.command("uplink")):
        folder.wait_until_standing("sending", through=ENTRIES)
    verdicts = [verdict for _, _, verdict, _ in folder.stored()]
    assert verdicts == [*["applied"] * (ENTRIES - 1), "lost"]


def test_an_unfinished_transaction_on_a_damaged_page_does_not_close_the_terminal(
    folder: TerminalFolder,
) -> None:
    with folder.journal() as book:
        book.append(a_transaction(stage=Stage.BEGUN, outcome=None))
    bad = folder.configuration.ledger_path / "ledger.db"
    db = sqlite3.connect(bad)
    with db:
        db.execute("UPDATE payload SET ciphertext = x'00' WHERE sequence = ?", (ENTRIES + 1,))
    db.close()
    with folder.journal() as book:
        assert book.tidy()
        assert book.append(a_transaction()) == ENTRIES + 2
