"""What goes with a filing and stands in no entry: whole or not at all, sealed, gone after the receipt, not before."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from itertools import count
from pathlib import Path
from unittest import mock

import pytest

from kiosk.ledger import EnclosuresFull, Ledger, LedgerFull, LedgerReader, LedgerUnusable, enclosures
from kiosk.records.canonical import canonical
from kiosk.records.chain import SealedEntry, sha256
from kiosk.records.filings import Enclosure
from kiosk.records.sealing import Unreadable, open_enclosure
from kiosk.records.transaction import Transaction
from kiosk.records.upload import SealedEnclosure, decode
from tests.kill_points import killed_before
from tests.ledgers import (
    CENTRE,
    SetClock,
    bytes_on_disk,
    change,
    create,
    enclosed_filing,
    files_of,
    fill,
    opened_by_centre,
    reopen,
    transaction,
)
from tests.unit.test_ledger_disk import fill_up, small_disk

__all__ = ["small_disk"]
DAY = 86_400.0
_CODE = ("kiosk/ledger/enclosures.py", "kiosk/ledger/journal.py")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create(tmp_path / "ledger").close()
    return tmp_path / "ledger"


def enclose(ledger: Ledger, number: int) -> Enclosure:
    filing, enclosure = enclosed_filing(number)
    ledger.append(filing, offset_ms=0, enclosure=enclosure)
    return enclosure


def at_the_centre(reader: LedgerReader, sequence: int) -> tuple[Transaction, Enclosure]:
    """What the centre makes of an entry and of what goes with it."""
    (entry,) = reader.entries(sequence - 1, 1)
    assert isinstance(entry, SealedEntry)
    opened, sealed = opened_by_centre(reader, entry), reader.enclosure(sequence)
    assert opened.filing is not None
    assert opened.filing.enclosure == sha256(sealed.ciphertext)
    plain = open_enclosure(sealed.sealed_key, sealed.ciphertext, reader.ledger_id, opened.transaction_id, CENTRE)
    return opened, decode(plain, Enclosure)


def test_it_comes_to_the_centre_with_the_entry_that_names_it(folder: Path) -> None:
    with reopen(folder) as ledger:
        fill(ledger, 1)
        kept = enclose(ledger, 7)
        fill(ledger, 1)
        assert ledger.verify(from_checkpoint=False) == []
    with LedgerReader(folder) as reader:
        assert list(reader.enclosure_sizes(0, 3)) == [2]
        opened, enclosure = at_the_centre(reader, 2)
    assert (opened.transaction_id, enclosure) == (f"{7:032x}", kept)
    (file,) = files_of(folder)
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_no_byte_of_it_lies_open_on_the_disk(folder: Path) -> None:
    with reopen(folder) as ledger:
        kept = enclose(ledger, 1)
        plain = canonical(kept)
        on_disk = bytes_on_disk(folder)
        assert kept.portrait is not None
        assert kept.portrait.sealed[100:164] not in on_disk, "not even as it goes to the centre"
        assert not any(plain[at : at + 24] in on_disk for at in range(0, len(plain) - 24, 97))


def test_it_opens_for_its_own_transaction_and_ledger_alone(folder: Path) -> None:
    with reopen(folder) as ledger, LedgerReader(folder) as reader:
        enclose(ledger, 1)
        sealed = reader.enclosure(1)
        for ledger_id, transaction_id in ((bytes(16), f"{1:032x}"), (reader.ledger_id, f"{2:032x}")):
            with pytest.raises(Unreadable):
                open_enclosure(sealed.sealed_key, sealed.ciphertext, ledger_id, transaction_id, CENTRE)


def test_the_file_is_durable_before_the_entry_that_names_it_is_written(folder: Path) -> None:
    done: list[str] = []
    sync = os.fsync
    with reopen(folder) as ledger:
        fill(ledger, 1)  # the epoch's row

        def synced(descriptor: int) -> None:
            sync(descriptor)
            name = Path(f"/proc/self/fd/{descriptor}").readlink()
            done.append("the names" if name.is_dir() else f"{name.stat().st_size} bytes")

        ledger._db.set_trace_callback(lambda statement: done.append(statement.split("(")[0].strip()))
        with mock.patch.object(os, "fsync", synced):
            enclose(ledger, 1)
        ledger._db.set_trace_callback(None)
    (file,) = files_of(folder)
    size = f"{file.stat().st_size} bytes"
    # The folder is new, so its own name is made durable first.
    assert [step for step in done if step != "SELECT count"][:4] == ["the names", size, "the names", "BEGIN IMMEDIATE"]
    assert done[-1] == "COMMIT"


def test_it_stays_until_the_receipt_and_goes_with_its_key(folder: Path) -> None:
    with reopen(folder) as ledger, LedgerReader(folder) as reader:
        enclose(ledger, 1)
        enclose(ledger, 2)
        before = [reader.enclosure(sequence) for sequence in (1, 2)]
        ledger.erase(0)
        assert len(files_of(folder)) == 2, "nothing was acknowledged"
        ledger.erase(1)
        assert [reader.enclosure(sequence) for sequence in (1, 2)] == [
            SealedEnclosure(sequence=1, gone="missing"), before[1],
        ]  # fmt: skip
        on_disk = bytes_on_disk(folder)
        assert before[0].sealed_key not in on_disk, "whoever has the file's bytes opens nothing"
        assert before[0].ciphertext[:64] not in on_disk
        assert before[1].sealed_key in on_disk
        (left,) = files_of(folder)
        assert left.read_bytes() == before[1].ciphertext


def test_what_is_erased_is_overwritten_first(folder: Path) -> None:
    with reopen(folder) as ledger:
        enclose(ledger, 1)
        (file,) = files_of(folder)
        size = file.stat().st_size
        beside = folder / "beside"
        beside.hardlink_to(file)
        ledger.erase(1)
    assert beside.read_bytes() == bytes(size)


def test_after_thirty_days_without_a_receipt_it_is_erased_and_the_reason_stays(folder: Path) -> None:
    clock = SetClock()
    with reopen(folder, clock) as ledger, LedgerReader(folder) as reader:
        enclose(ledger, 1)
        key = reader.enclosure(1).sealed_key
        clock.now += 30 * DAY
        enclose(ledger, 2)
        assert ledger.expire_enclosures() == [], "thirty days are not over"
        clock.now += 1
        assert ledger.expire_enclosures() == [1]
        assert ledger.expire_enclosures() == []
        assert reader.enclosure(1) == SealedEnclosure(sequence=1, gone="expired")
        assert key not in bytes_on_disk(folder)
        assert len(files_of(folder)) == 1
        assert ledger.verify() == [], "it is no damage"
        assert reader.waiting().count == 1
        ledger.erase(2)
        assert reader.enclosure_sizes(0, 2) == {}


@pytest.mark.parametrize("jump", [-60 * DAY, -50 * 365 * DAY], ids=["later-right", "battery-dead"])
def test_a_clock_that_was_wrong_erases_nothing_before_its_time(folder: Path, jump: float) -> None:
    clock = SetClock()
    right = clock.now
    with reopen(folder, clock) as ledger, LedgerReader(folder) as reader:
        clock.now = right + jump
        enclose(ledger, 1)
        assert ledger.expire_enclosures() == []
        clock.now = right
        assert ledger.expire_enclosures() == [], "it waits from now on"
        clock.now = right + 29 * DAY
        assert ledger.expire_enclosures() == []
        assert reader.waiting().count == 1
        clock.now = right + 31 * DAY
        assert ledger.expire_enclosures() == [1]


def test_so_many_may_wait_and_entries_without_one_are_still_taken(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enclosures, "MOST_WAITING", 2)
    with reopen(folder) as ledger:
        enclose(ledger, 1)
        enclose(ledger, 2)
        filing, enclosure = enclosed_filing(3)
        with pytest.raises(EnclosuresFull, match="2 enclosures wait"):
            ledger.append(filing, offset_ms=0, enclosure=enclosure)
        assert (ledger.head().sequence, len(files_of(folder))) == (2, 2)
        fill(ledger, 1)
        ledger.erase(1)
        enclose(ledger, 3)


def test_a_full_disk_keeps_nothing_of_it(small_disk: Path) -> None:
    folder = small_disk / "ledger"
    with create(folder) as ledger:
        enclose(ledger, 1)
        ballast = fill_up(small_disk)
        filing, enclosure = enclosed_filing(2)
        with pytest.raises(LedgerFull, match="no space left for an enclosure"):
            ledger.append(filing, offset_ms=0, enclosure=enclosure)
        assert (ledger.head().sequence, len(files_of(folder))) == (1, 1)
        ballast.unlink()
        enclose(ledger, 2)
        assert ledger.verify(from_checkpoint=False) == []


def test_a_file_that_is_gone_or_rotted_is_told_and_the_rest_goes_up(folder: Path) -> None:
    with reopen(folder) as ledger:
        for number in range(3):
            enclose(ledger, number)
    with LedgerReader(folder) as reader:
        names = [sha256(reader.enclosure(sequence).ciphertext).hex() for sequence in (1, 2)]
    (folder / "enclosures" / names[0]).unlink()
    (folder / "enclosures" / names[1]).write_bytes(b"rot")
    with reopen(folder) as ledger, LedgerReader(folder) as reader:
        found = [(one.sequence, one.what) for one in ledger.damage_at_open]
        assert found == [(1, "enclosure_missing"), (2, "enclosure_damaged")]
        assert [reader.enclosure(sequence).gone for sequence in (1, 2, 3)] == ["missing", "damaged", ""]
        assert reader.waiting().amiss == dict(found)
        ledger.erase(3)
        assert ledger.verify() == []
    assert files_of(folder) == []


def test_a_file_that_no_entry_names_is_removed_at_the_start(folder: Path) -> None:
    with reopen(folder) as ledger:
        enclose(ledger, 1)
    stray = folder / "enclosures" / ("ab" * 32)
    stray.write_bytes(b"of an entry that a cut took")
    (folder / "enclosures" / "core").write_bytes(b"nobody's")
    with reopen(folder):
        assert len(files_of(folder)) == 1


def test_a_folder_that_is_none_keeps_the_filing_out_and_the_ledger_open(folder: Path) -> None:
    (folder / "enclosures").write_bytes(b"")
    with reopen(folder) as ledger:
        fill(ledger, 1)
        filing, enclosure = enclosed_filing(1)
        with pytest.raises(LedgerUnusable, match="no enclosure can be kept"):
            ledger.append(filing, offset_ms=0, enclosure=enclosure)
        assert ledger.head().sequence == 1


def test_without_their_table_no_file_goes_by_a_guess(folder: Path) -> None:
    with reopen(folder) as ledger:
        enclose(ledger, 1)
    failing = mock.Mock(spec=sqlite3.Connection)
    error = sqlite3.DatabaseError("malformed")
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    failing.execute.side_effect = error
    enclosures.Enclosures(folder, 0).sweep(failing)
    assert len(files_of(folder)) == 1


def test_an_older_ledger_gets_the_table_and_a_reader_does_without(folder: Path) -> None:
    change(folder, "DROP TABLE enclosure")
    with LedgerReader(folder) as reader:
        assert (reader.enclosure_sizes(0, 9), reader.waiting().count) == ({}, 0)
    with reopen(folder) as ledger:
        enclose(ledger, 1)
    with LedgerReader(folder) as reader:
        assert reader.waiting().count == 1


def test_an_enclosure_goes_with_a_filing_only(folder: Path) -> None:
    _, enclosure = enclosed_filing(1)
    with reopen(folder) as ledger, pytest.raises(ValueError, match="goes with a filing"):
        ledger.append(transaction(1), offset_ms=0, enclosure=enclosure)


def test_a_kill_before_any_line_leaves_both_or_neither(folder: Path, tmp_path: Path) -> None:
    """From before the file until the promise: of each cut the pair is whole, or there is nothing of it."""
    filing, enclosure = enclosed_filing(1)

    def work(begin: Callable[[], None]) -> None:
        with reopen(victim) as ledger:
            begin()
            ledger.append(filing, offset_ms=0, enclosure=enclosure)

    seen = {True: 0, False: 0}
    for line in count(1):
        victim = tmp_path / str(line)
        shutil.copytree(folder, victim)
        killed = killed_before(line, work, *_CODE)
        with reopen(victim) as ledger, LedgerReader(victim) as reader:
            assert ledger.damage_at_open == ()
            there = ledger.head().sequence == 1
            seen[there] += 1
            if there:
                assert at_the_centre(reader, 1)[1] == enclosure
            assert len(files_of(victim)) == reader.waiting().count == int(there), "no stray file outlives the start"
        if not killed:
            break
    assert min(seen.values()) > 1, seen


def test_a_kill_before_any_line_of_the_erasing_leaves_what_the_next_erasing_takes(folder: Path, tmp_path: Path) -> None:
    with reopen(folder) as ledger, LedgerReader(folder) as reader:
        enclose(ledger, 1)
        enclose(ledger, 2)
        of_two = [reader.enclosure(sequence) for sequence in (1, 2)]

    def work(begin: Callable[[], None]) -> None:
        with reopen(victim) as ledger:
            begin()
            ledger.erase(1)

    for line in count(1):
        victim = tmp_path / str(line)
        shutil.copytree(folder, victim)
        killed = killed_before(line, work, *_CODE)
        with reopen(victim) as ledger, LedgerReader(victim) as reader:
            assert reader.enclosure(2) == of_two[1], "what has no receipt is untouched"
            assert ledger.damage_at_open == (), "its key goes first"
            ledger.erase(1)
            assert of_two[0].sealed_key not in bytes_on_disk(victim)
            assert len(files_of(victim)) == 1
        if not killed:
            break
    assert line > 20


def _entry(reader: LedgerReader, sequence: int) -> SealedEntry:
    (entry,) = reader.entries(sequence - 1, 1)
    assert isinstance(entry, SealedEntry)
    return entry
