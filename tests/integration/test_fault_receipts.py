"""The uplink killed while the terminal serves, and its receipts lost, damaged, foreign or without space."""

import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import select

from central.tables import TransactionRow
from kiosk.command_line.ledger import Exit
from kiosk.journeys.views import Attract, Choices, Home, Intent, TakeCard
from kiosk.ledger import LedgerReader
from kiosk.records.chain import SealedEntry
from kiosk.records.transaction import Service
from simulators.card.slot import CardSlot
from tests.centre import RunningCentre, a_transaction
from tests.terminal import RunningTerminal, TerminalFolder, running


@pytest.fixture
def folder(tmp_path: Path, centre: RunningCentre) -> TerminalFolder:
    return TerminalFolder.enrolled(tmp_path / "terminal", centre)


def write(folder: TerminalFolder, count: int) -> None:
    with folder.journal() as book:
        for _ in range(count):
            book.append(a_transaction(service=Service.PIN_CHANGE, pin_held_by="chip"))


def with_content(folder: TerminalFolder) -> list[int]:
    """Sequences whose content the terminal still has."""
    with LedgerReader(folder.configuration.ledger_path) as reader:
        return [entry.sequence for entry in reader.entries(0, 500) if isinstance(entry, SealedEntry)]


def effects(folder: TerminalFolder) -> list[int]:
    with folder.centre.database.reading() as session:
        return list(session.scalars(select(TransactionRow.effects).where(TransactionRow.terminal == folder.id)))


@pytest.mark.stack
def test_the_uplink_is_killed_and_the_terminal_goes_on(folder: TerminalFolder, slot: CardSlot) -> None:
    with RunningTerminal(folder, slot) as terminal:
        with running(folder.command("uplink")) as uplink:
            serve(terminal)
            folder.wait_until_stored(1)
            uplink.process.kill()
        serve(terminal)
        assert len(folder.stored()) == 1
        with running(folder.command("uplink")):
            folder.wait_until_standing("sending", through=2)
    assert [verdict for _, _, verdict, _ in folder.stored()] == ["applied", "applied"]


def serve(terminal: RunningTerminal) -> None:
    terminal.chooses(Service.CARD_QUERY, "zhumadian-normal")
    terminal.types("246810")
    terminal.sees(TakeCard)
    terminal.slot.pull()
    terminal.sees(Choices)
    terminal.touch(Intent.NEXT)
    terminal.touch(Intent.DONE)
    terminal.sees(Home)
    terminal.touch(Intent.CANCEL)
    terminal.sees(Attract)


def delete(path: Path) -> None:
    for one in path.parent.glob(f"{path.name}*"):
        one.unlink()


def delete_main_file_only(path: Path) -> None:
    path.unlink()


def zero_the_header(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[:100] = bytes(100)
    path.write_bytes(data)


def rot_a_page(path: Path) -> None:
    """The page that holds the judgements; nothing reads it while the uplink only goes on."""
    with sqlite3.connect(path) as db:
        (root,) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'judgement'").fetchone()
    db.close()
    data = bytearray(path.read_bytes())
    data[(root - 1) * 4096 : root * 4096] = os.urandom(4096)
    path.write_bytes(data)


def cut_in_half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2 + 7)


def no_database_at_all(path: Path) -> None:
    path.write_bytes(os.urandom(8192))


def forget_how_it_stands(path: Path) -> None:
    change(path, "DELETE FROM state")


def stand_in_a_way_there_is_not(path: Path) -> None:
    change(path, "UPDATE state SET line = 'sendinG'")


def change(path: Path, statement: str) -> None:
    db = sqlite3.connect(path)
    with db:
        db.execute(statement)
    db.close()


HARM: list[Callable[[Path], None]] = [
    delete, delete_main_file_only, zero_the_header, rot_a_page, cut_in_half, no_database_at_all, forget_how_it_stands,
    stand_in_a_way_there_is_not,
]  # fmt: skip


@pytest.mark.parametrize("harm", HARM)
def test_lost_or_damaged_receipts_come_again(folder: TerminalFolder, harm: Callable[[Path], None]) -> None:
    write(folder, 2)
    with running(folder.command("uplink")):
        folder.wait_until_standing("sending", through=2)
    with folder.journal() as book:
        assert book.tidy()
    assert with_content(folder) == [], "the centre has signed for both"
    write(folder, 1)
    receipts = folder.configuration.receipts_path
    change(receipts, "PRAGMA wal_checkpoint(TRUNCATE)")  # a whole log would mend the file
    harm(receipts)
    with folder.journal() as book:  # the terminal meets the harm first
        assert book.tidy(), "nothing speaks against the identity"
    assert with_content(folder) == [3], "without a receipt nothing is erased"
    with running(folder.command("uplink")) as uplink:
        folder.wait_until_standing("sending", through=3)
    assert any("put aside" in line for line in uplink.log) is (harm not in (delete, delete_main_file_only))
    assert [verdict for _, _, verdict, _ in folder.stored()] == ["applied"] * 3
    assert effects(folder) == [1] * 3
    with folder.journal() as book:
        assert book.tidy()
    assert with_content(folder) == []
    assert folder.run("ledger", "check").returncode in (Exit.SOUND, Exit.LOW_SPACE)


def test_the_receipts_of_another_ledger_are_refused_in_words(folder: TerminalFolder) -> None:
    write(folder, 1)
    with running(folder.command("uplink")):
        folder.wait_until_standing("sending", through=1)
    change(folder.configuration.receipts_path, "UPDATE state SET ledger_id = zeroblob(16)")
    told = folder.run("uplink")
    assert told.returncode == 1
    assert "receipts of another ledger" in told.stderr
    assert "Traceback" not in told.stderr


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_without_space_the_uplink_ends_in_words_and_loses_nothing(
    tmp_path: Path, centre: RunningCentre, small_disk: Path
) -> None:
    folder = TerminalFolder.enrolled(tmp_path / "terminal", centre, state=small_disk)
    write(folder, 3)
    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    told = folder.run("uplink")
    assert told.returncode == 1
    assert "uplink of zmd-0001 ends" in told.stderr
    assert "Traceback" not in told.stderr
    ballast.unlink()
    with running(folder.command("uplink")):
        folder.wait_until_standing("sending", through=3)
    assert effects(folder) == [1] * 3
