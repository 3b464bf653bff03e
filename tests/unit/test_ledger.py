"""The ledger's promises on a sound disk."""

import re
import sqlite3
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from kiosk.ledger import (
    Appended,
    Damage,
    Damaged,
    ErasureIncomplete,
    Ledger,
    LedgerMissing,
    LedgerReader,
    LedgerUnusable,
    journal,
    store,
)
from kiosk.records.chain import SealedEntry, entry_hash, sha256
from kiosk.records.portrait import Consent, ConsentBy, ConsentWord
from kiosk.records.transaction import Header, IssuanceStep, Stage
from kiosk.records.upload import decode
from tests.ledgers import (
    CARD_NUMBER,
    CENTRE,
    SOCIAL_SECURITY_NUMBER,
    STORAGE_KEY,
    TERMINAL,
    SetClock,
    bytes_on_disk,
    change,
    create,
    fill,
    opened_by_centre,
    reopen,
    transaction,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "ledger"


@pytest.fixture
def ledger(folder: Path) -> Iterator[Ledger]:
    with create(folder) as ledger:
        yield ledger


def sound(reader: LedgerReader, after: int = 0, limit: int = 500) -> list[SealedEntry]:
    entries = reader.entries(after, limit)
    assert not [entry for entry in entries if isinstance(entry, Damaged)]
    return [entry for entry in entries if isinstance(entry, SealedEntry)]


def test_what_is_appended_reaches_the_centre(ledger: Ledger, folder: Path) -> None:
    first = ledger.append(transaction(1, Stage.BEGUN), offset_ms=-250)
    second = ledger.append(transaction(1), offset_ms=-250)
    assert (first.sequence, second.sequence) == (1, 2)
    with LedgerReader(folder) as reader:
        entries = sound(reader)
        assert [opened_by_centre(reader, entry) for entry in entries] == [transaction(1, Stage.BEGUN), transaction(1)]
        assert [entry.hash for entry in entries] == [first.hash, second.hash]
        assert reader.head() == ledger.head() == second
        assert (reader.ledger_id, reader.terminal) == (ledger.ledger_id, "t-1")
    assert decode(entries[0].header, Header) == Header(
        service="pin_change", stage="begun", outcome=None, region="beijing", created_ms=1_700_000_000_000,
        clock_offset_ms=-250, epoch=1,
    )  # fmt: skip


def test_entries_chain_from_the_genesis_on(ledger: Ledger, folder: Path) -> None:
    fill(ledger, 3)
    with LedgerReader(folder) as reader:
        previous = bytes(32)
        for entry in sound(reader):
            assert entry.previous_hash == previous
            assert entry.hash == entry_hash(
                ledger.ledger_id, entry.sequence, previous, sha256(entry.header), sha256(entry.ciphertext)
            )
            assert entry.hash_fits(ledger.ledger_id)
            previous = entry.hash


def test_the_writer_syncs_every_commit_and_wipes_what_it_deletes(ledger: Ledger) -> None:
    # 2 = FULL, 1 = ON. A weaker setting loses acknowledged entries with the power.
    for setting, value in {"synchronous": 2, "journal_mode": "wal", "secure_delete": 1, "foreign_keys": 1}.items():
        assert ledger._db.execute(f"PRAGMA {setting}").fetchone() == (value,), setting


@pytest.mark.parametrize(("setting", "wanted"), [("synchronous", 7), ("journal_mode", "delet"), ("secure_delete", 5)])
def test_a_setting_that_does_not_take_keeps_the_ledger_shut(
    folder: Path, monkeypatch: pytest.MonkeyPatch, setting: str, wanted: str | int
) -> None:
    create(folder).close()
    monkeypatch.setattr(journal, "WRITER_SETTINGS", dict(store.WRITER_SETTINGS) | {setting: wanted})
    with pytest.raises(LedgerUnusable, match=setting):
        reopen(folder)


def test_only_the_owner_reads_the_files(ledger: Ledger, folder: Path) -> None:
    fill(ledger, 1)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}
    assert modes == dict.fromkeys(["ledger.db", "ledger.db-shm", "ledger.db-wal", "ledger.lock"], 0o600)


def test_nothing_personal_lies_open_on_the_disk(ledger: Ledger, folder: Path) -> None:
    ledger.append(transaction(1, Stage.BEGUN, reason="a-rare-reason"), offset_ms=0)
    on_disk = bytes_on_disk(folder)
    assert b"beijing" in on_disk  # the search does find what is there
    for secret in (CARD_NUMBER.encode(), SOCIAL_SECURITY_NUMBER.encode(), b"a-rare-reason", STORAGE_KEY):
        assert secret not in on_disk


def test_a_second_writer_is_kept_out(ledger: Ledger, folder: Path) -> None:
    with pytest.raises(LedgerUnusable, match="in use"):
        reopen(folder)
    with pytest.raises(LedgerUnusable, match="in use"):
        create(folder)
    ledger.close()
    reopen(folder).close()


def test_there_must_be_a_ledger_to_open_and_none_to_create(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(LedgerMissing):
        reopen(tmp_path / "nowhere")
    with pytest.raises(LedgerMissing):
        reopen(tmp_path)
    with pytest.raises(LedgerMissing):
        LedgerReader(tmp_path / "nowhere")
    with create(folder) as ledger:
        ledger_id = ledger.ledger_id
    with pytest.raises(LedgerUnusable, match="already"):
        create(folder)
    with reopen(folder) as ledger:
        assert ledger.ledger_id == ledger_id


def test_two_ledgers_never_share_an_id(tmp_path: Path) -> None:
    with create(tmp_path / "a") as one, create(tmp_path / "b") as other:
        assert one.ledger_id != other.ledger_id
        assert len(one.ledger_id) == 16


def test_another_storage_key_or_terminal_does_not_open_it(folder: Path) -> None:
    create(folder).close()
    with pytest.raises(LedgerUnusable, match="storage key"):
        Ledger.open(folder, TERMINAL, bytes(32), CENTRE.public_key(), SetClock())
    with pytest.raises(LedgerUnusable, match="belongs to terminal t-1"):
        Ledger.open(folder, "t-2", STORAGE_KEY, CENTRE.public_key(), SetClock())
    with pytest.raises(ValueError, match="32 bytes"):
        Ledger.open(folder, TERMINAL, b"short", CENTRE.public_key(), SetClock())
    reopen(folder).close()


def test_a_making_cut_short_can_be_done_again(folder: Path) -> None:
    folder.mkdir()
    for leftover in ("ledger.db.making", "ledger.db.making-journal", "ledger.db.making-wal"):
        (folder / leftover).write_bytes(b"half")
    with pytest.raises(LedgerMissing):
        reopen(folder)
    with create(folder) as ledger:
        assert ledger.append(transaction(1), offset_ms=0).sequence == 1
    assert sorted(file.name for file in folder.iterdir()) == ["ledger.db", "ledger.lock"]


def test_a_file_that_is_no_database_is_named(folder: Path) -> None:
    folder.mkdir()
    (folder / "ledger.db").write_bytes(b"this was never a database" * 400)
    with pytest.raises(LedgerUnusable, match="SQLITE_NOTADB"):
        reopen(folder)
    with pytest.raises(LedgerUnusable):
        LedgerReader(folder)


def test_the_count_goes_on_after_reopening_and_erasing(folder: Path) -> None:
    with create(folder) as ledger:
        fill(ledger, 5)
        ledger.erase(5)
    with reopen(folder) as ledger:
        assert ledger.append(transaction(6), offset_ms=0).sequence == 6
        assert ledger.verify(from_checkpoint=False) == []


def test_unfinished_transactions_survive_until_they_are_finished(folder: Path) -> None:
    with create(folder) as ledger:
        for number in (1, 2, 3):
            ledger.append(transaction(number, Stage.BEGUN), offset_ms=0)
        ledger.append(transaction(2), offset_ms=0)
        ledger.append(transaction(9), offset_ms=0)
    with reopen(folder) as ledger:
        assert ledger.unfinished() == [transaction(1, Stage.BEGUN), transaction(3, Stage.BEGUN)]
        ledger.append(transaction(1), offset_ms=0)
        ledger.append(transaction(3), offset_ms=0)
        assert ledger.unfinished() == []


def test_what_was_said_to_a_portrait_neither_begins_nor_ends_anything(ledger: Ledger) -> None:
    word = Consent(word=ConsentWord.GIVEN, by=ConsentBy.HOLDER)
    entry = msgspec.structs.replace(transaction(1, Stage.CONSENT), consent=word)
    ledger.append(entry, offset_ms=0)
    assert ledger.unfinished() == [], "a power cut leaves nothing to look into"
    ledger.append(transaction(1, Stage.BEGUN), offset_ms=0)
    ledger.append(entry, offset_ms=0)
    assert ledger.unfinished() == [transaction(1, Stage.BEGUN)]


def test_of_what_is_open_the_newest_step_is_told(ledger: Ledger) -> None:
    step = msgspec.structs.replace(transaction(1, Stage.STEP), step=IssuanceStep.SWITCHING)
    ledger.append(step, offset_ms=0)
    assert ledger.unfinished() == [], "a step opens nothing"
    ledger.append(transaction(1, Stage.BEGUN), offset_ms=0)
    ledger.append(transaction(2, Stage.BEGUN), offset_ms=0)
    ledger.append(step, offset_ms=0)
    assert ledger.unfinished() == [transaction(2, Stage.BEGUN), step]
    ledger.erase(ledger.head().sequence)
    assert ledger.unfinished() == [transaction(2, Stage.BEGUN), step], "what is open outlives its delivery"
    ledger.append(transaction(1), offset_ms=0)
    assert ledger.unfinished() == [transaction(2, Stage.BEGUN)]


def test_beginning_twice_is_one_open_transaction(ledger: Ledger) -> None:
    ledger.append(transaction(1, Stage.BEGUN), offset_ms=0)
    ledger.append(transaction(1, Stage.BEGUN), offset_ms=0)
    assert ledger.unfinished() == [transaction(1, Stage.BEGUN)]
    ledger.append(transaction(1), offset_ms=0)
    assert ledger.unfinished() == []


def epochs_of(folder: Path) -> list[int]:
    with LedgerReader(folder) as reader:
        return [decode(entry.header, Header).epoch for entry in sound(reader)]


def test_each_start_has_an_epoch_key_of_its_own_and_an_idle_one_writes_nothing(folder: Path) -> None:
    with create(folder) as ledger:
        fill(ledger, 2)
    before = (folder / "ledger.db").read_bytes()
    reopen(folder).close()
    assert (folder / "ledger.db").read_bytes() == before
    with reopen(folder) as ledger:
        fill(ledger, 1)
    assert epochs_of(folder) == [1, 1, 2]
    with LedgerReader(folder) as reader:
        assert [epoch.epoch for epoch in reader.epochs([2, 1, 2, 7])] == [1, 2]
        assert [opened_by_centre(reader, entry) for entry in sound(reader)] == [transaction(n) for n in (0, 1, 0)]


def test_an_epoch_lasts_a_day_or_so_many_entries(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (journal.EPOCH_SECONDS, journal.EPOCH_ENTRIES) == (86_400, 65_536)
    monkeypatch.setattr(journal, "EPOCH_ENTRIES", 3)
    clock = SetClock()
    with create(folder, clock) as ledger:
        fill(ledger, 4)
        clock.now += 86_399
        fill(ledger, 1)
        clock.now += 1
        fill(ledger, 1)
    assert epochs_of(folder) == [1, 1, 1, 2, 2, 3]


def test_the_reader_sees_each_entry_as_soon_as_it_is_appended(ledger: Ledger, folder: Path) -> None:
    with LedgerReader(folder) as reader:
        assert reader.head() == Appended(0, bytes(32))
        assert reader.entries(0, 10) == []
        for number in range(1, 20):
            appended = ledger.append(transaction(number), offset_ms=0)
            assert reader.head() == appended
            assert [entry.hash for entry in sound(reader, after=number - 1)] == [appended.hash]


def test_the_reader_reads_in_pieces_and_changes_nothing(ledger: Ledger, folder: Path) -> None:
    fill(ledger, 7)
    with LedgerReader(folder) as reader:
        assert [entry.sequence for entry in sound(reader, after=2, limit=3)] == [3, 4, 5]
        assert [entry.sequence for entry in sound(reader, after=5, limit=500)] == [6, 7]
        assert reader.entries(7, 500) == []
        with pytest.raises(sqlite3.OperationalError):
            reader._db.execute("DELETE FROM payload")


def test_the_reader_needs_no_running_writer(folder: Path) -> None:
    with create(folder) as ledger:
        fill(ledger, 2)
    assert not (folder / "ledger.db-wal").exists()
    with LedgerReader(folder) as reader:
        assert len(sound(reader)) == 2
        with reopen(folder) as ledger:
            fill(ledger, 1)
            assert len(sound(reader)) == 3
        assert len(sound(reader)) == 3
    with reopen(folder) as ledger:
        assert ledger.verify(from_checkpoint=False) == []


def test_threads_append_one_after_the_other(ledger: Ledger, folder: Path) -> None:
    found: list[Appended] = []

    def append(first: int) -> None:
        found.extend(ledger.append(transaction(first + number), offset_ms=0) for number in range(20))

    threads = [threading.Thread(target=append, args=(first,)) for first in (100, 200, 300)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.sequence for one in found) == list(range(1, 61))
    assert ledger.verify(from_checkpoint=False) == []


def test_count_undelivered(ledger: Ledger) -> None:
    fill(ledger, 5)
    assert [ledger.count_undelivered(through) for through in (0, 3, 5, 6)] == [5, 2, 0, 0]


# Erasing


def test_erased_payloads_leave_no_byte_in_any_file(ledger: Ledger, folder: Path) -> None:
    fill(ledger, 40)
    with LedgerReader(folder) as reader:
        entries = sound(reader)
        gone, kept = entries[:30], entries[30:]
        assert all(entry.ciphertext in bytes_on_disk(folder) for entry in entries)
        assert ledger.erase(30) == 30
        on_disk = bytes_on_disk(folder)
        for entry in gone:
            assert entry.ciphertext not in on_disk
            assert entry.ciphertext[:24] not in on_disk
            assert entry.sealed_key[12:] not in on_disk
        assert all(entry.ciphertext in on_disk for entry in kept)
        assert reader.entries(0, 30) == [Damaged(entry.sequence, entry.hash, "erased") for entry in gone]
        assert sound(reader, after=30) == kept
    assert ledger.verify(from_checkpoint=False) == []
    assert ledger.erase(30) == 0


def test_erasing_keeps_what_is_not_finished(ledger: Ledger, folder: Path) -> None:
    ledger.append(transaction(50, Stage.BEGUN), offset_ms=0)
    fill(ledger, 3)
    assert ledger.erase(4) == 3
    assert ledger.unfinished() == [transaction(50, Stage.BEGUN)]
    ledger.append(transaction(50), offset_ms=0)
    assert ledger.erase(4) == 1
    assert ledger.erase(5) == 1
    with LedgerReader(folder) as reader:
        assert [entry.reason for entry in reader.entries(0, 9) if isinstance(entry, Damaged)] == ["erased"] * 5
    assert ledger.verify(from_checkpoint=False) == []


def test_only_what_was_written_can_be_erased(ledger: Ledger) -> None:
    fill(ledger, 2)
    for through in (-1, 3):
        with pytest.raises(ValueError, match="never written"):
            ledger.erase(through)


def test_epoch_keys_go_when_no_payload_needs_them_and_their_numbers_never_return(folder: Path) -> None:
    with create(folder) as ledger:
        ledger.append(transaction(50, Stage.BEGUN), offset_ms=0)  # epoch 1, unfinished
    for _ in range(2):  # epochs 2 and 3
        with reopen(folder) as ledger:
            fill(ledger, 2)
    with reopen(folder) as ledger:
        assert ledger.erase(5) == 4
        with LedgerReader(folder) as reader:
            assert [epoch.epoch for epoch in reader.epochs(range(9))] == [1, 3]
        assert ledger.unfinished() == [transaction(50, Stage.BEGUN)]
        fill(ledger, 1)
    with LedgerReader(folder) as reader:
        assert decode(sound(reader, after=5)[0].header, Header).epoch == 4


def test_a_reader_in_the_middle_of_reading_delays_the_erasure(
    ledger: Ledger, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(ledger, 3)
    ledger._db.execute("PRAGMA busy_timeout = 1")
    with LedgerReader(folder) as reader:
        (entry, *_) = sound(reader)
        with reader._snapshot():
            reader._db.execute("SELECT count(*) FROM entry").fetchone()
            with pytest.raises(ErasureIncomplete):
                ledger.erase(3)
        assert entry.ciphertext in bytes_on_disk(folder)
        assert ledger.erase(3) == 0
        assert entry.ciphertext not in bytes_on_disk(folder)


def test_a_long_erasure_goes_in_pieces(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "_ERASE_CHUNK", 3)
    fill(ledger, 10)
    assert ledger.erase(8) == 8
    assert ledger.erase(10) == 2


# What is said


def test_neither_texts_nor_representations_hold_what_a_citizen_said(ledger: Ledger, folder: Path) -> None:
    appended = ledger.append(transaction(1, reason="a-rare-reason"), offset_ms=0)
    ledger.close()
    with pytest.raises(LedgerUnusable) as caught:
        ledger.append(transaction(1, reason="a-rare-reason"), offset_ms=0)
    with LedgerReader(folder) as reader:
        shown = " ".join(map(repr, (ledger, appended, caught.value, reader, reader.entries(0, 9))))
    assert not re.search(rf"{CARD_NUMBER}|{SOCIAL_SECURITY_NUMBER}|a-rare-reason", shown)


def test_opening_verifies_the_newest_128_entries(folder: Path) -> None:
    with create(folder) as ledger:
        ledger._db.execute("PRAGMA synchronous = OFF")  # only to be quick
        fill(ledger, 300)
    change(folder, "UPDATE payload SET nonce = zeroblob(12) WHERE sequence = 172")
    with reopen(folder) as ledger:
        assert ledger.damage_at_open == ()
        assert ledger.verify(from_checkpoint=False) == [Damage(172, "row_damaged")]
    change(folder, "UPDATE payload SET nonce = zeroblob(12) WHERE sequence = 173")
    with reopen(folder) as ledger:
        assert ledger.damage_at_open == (Damage(173, "row_damaged"),)


def test_closing_twice_is_harmless(ledger: Ledger, folder: Path) -> None:
    ledger.close()
    ledger.close()
    reopen(folder).close()
