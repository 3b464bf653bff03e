"""A damaged ledger: what is wrong is named, and everything else still reaches the centre."""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.ledger import Damage, Damaged, LedgerReader, LedgerUnusable
from kiosk.records.chain import SealedEntry, entry_hash, sha256
from kiosk.records.transaction import Stage
from tests.ledgers import change, create, fill, reopen, transaction

ENTRIES = 12
LOST = bytes(32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A closed ledger of twelve entries."""
    folder = tmp_path / "ledger"
    with create(folder) as ledger:
        fill(ledger, ENTRIES)
    return folder


def read(folder: Path) -> list[SealedEntry | Damaged]:
    with LedgerReader(folder) as reader:
        return reader.entries(0, 500)


def flip(folder: Path, where: bytes) -> None:
    """Flip one bit in the middle of these bytes, the one place where they lie in the database."""
    data = bytearray((folder / "ledger.db").read_bytes())
    assert data.count(where) == 1
    data[data.index(where) + len(where) // 2] ^= 0x10
    (folder / "ledger.db").write_bytes(data)


def damage_of(folder: Path) -> list[Damage]:
    with reopen(folder) as ledger:
        assert tuple(ledger.verify(from_checkpoint=False)) == ledger.damage_at_open
        return list(ledger.damage_at_open)


@pytest.mark.parametrize("field", ["header", "sealed_key", "nonce", "ciphertext"])
def test_a_bit_in_a_payload(folder: Path, field: str) -> None:
    before = read(folder)
    entry = before[4]
    assert isinstance(entry, SealedEntry)
    if field == "header":  # headers of one second are alike
        change(
            folder, "UPDATE payload SET header = CAST(replace(header, 'beijing', 'beijinG') AS BLOB) WHERE sequence = 5"
        )
    else:
        flip(folder, getattr(entry, field))
    assert read(folder) == [*before[:4], Damaged(5, entry.hash, "row_damaged"), *before[5:]]
    assert damage_of(folder) == [Damage(5, "row_damaged")]


@pytest.mark.parametrize("sequence", [1, 5, ENTRIES])
@pytest.mark.parametrize("column", ["previous_hash", "hash", "header_hash", "ciphertext_hash"])
def test_a_bit_in_a_link_of_the_chain(folder: Path, column: str, sequence: int) -> None:
    before = read(folder)
    entry = before[sequence - 1]
    assert isinstance(entry, SealedEntry)
    change(folder, f"UPDATE entry SET {column} = CAST(zeroblob(31) || x'01' AS BLOB) WHERE sequence = ?", sequence)
    # The next entry names the hash that was; of the newest nothing does.
    stored = LOST if sequence == ENTRIES else entry.hash
    after = read(folder)
    assert after == [*before[: sequence - 1], Damaged(sequence, stored, "row_damaged"), *before[sequence:]]
    damage = damage_of(folder)
    assert Damage(sequence, "row_damaged") in damage
    assert {one.sequence for one in damage} == {sequence}
    with reopen(folder) as ledger:  # and the chain goes on from the hash that was
        ledger.append(transaction(99), offset_ms=0)
    again = read(folder)
    assert again[sequence - 1] == Damaged(sequence, entry.hash, "row_damaged")
    assert isinstance(again[-1], SealedEntry)
    assert again[-1].previous_hash == before[-1].hash if isinstance(before[-1], SealedEntry) else False


@pytest.mark.parametrize("value", [None, 7, "text", b"", b"short"])
def test_a_column_of_the_wrong_kind(folder: Path, value: object) -> None:
    before = read(folder)
    # The tables are strict and refuse such values; on a rotted page they come all the same.
    db = sqlite3.connect(folder / "ledger.db", isolation_level=None)
    db.execute("PRAGMA writable_schema = ON")
    definitions = db.execute("SELECT sql, name FROM sqlite_schema").fetchall()
    db.execute("UPDATE sqlite_schema SET sql = replace(replace(sql, 'NOT NULL', ''), 'STRICT', '')")
    db.close()
    change(folder, "UPDATE entry SET hash = ? WHERE sequence = 3", value)
    change(folder, "UPDATE payload SET sealed_key = ? WHERE sequence = 7", value)
    db = sqlite3.connect(folder / "ledger.db", isolation_level=None)
    db.execute("PRAGMA writable_schema = ON")
    db.executemany("UPDATE sqlite_schema SET sql = ? WHERE name = ?", definitions)
    db.close()
    after = read(folder)
    assert [one.sequence for one in after if isinstance(one, Damaged)] == [3, 7]
    assert [one for one in after if isinstance(one, SealedEntry)] == [
        one for one in before if one.sequence not in (3, 7)
    ]
    assert {one.sequence for one in damage_of(folder)} == {3, 7}


@pytest.mark.parametrize("sequence", [1, 5])
def test_a_missing_link(folder: Path, sequence: int) -> None:
    before = read(folder)
    change(folder, "DELETE FROM entry WHERE sequence = ?", sequence)
    gone = Damaged(sequence, before[sequence].previous_hash, "row_damaged")  # type: ignore[union-attr]  # all are sound
    assert read(folder) == [*before[: sequence - 1], gone, *before[sequence:]]
    assert damage_of(folder) == [Damage(sequence, "row_damaged")]


def test_two_missing_links_leave_a_hash_that_nothing_names(folder: Path) -> None:
    before = read(folder)
    change(folder, "DELETE FROM entry WHERE sequence IN (5, 6)")
    assert read(folder)[4:6] == [
        Damaged(5, LOST, "row_damaged"),
        Damaged(6, before[6].previous_hash, "row_damaged"),  # type: ignore[union-attr]  # all are sound
    ]
    assert read(folder)[6:] == before[6:]


@pytest.mark.parametrize("sequence", [1, 5, ENTRIES])
def test_a_missing_payload(folder: Path, sequence: int) -> None:
    before = read(folder)
    change(folder, "DELETE FROM payload WHERE sequence = ?", sequence)
    (found,) = [one for one in read(folder) if isinstance(one, Damaged)]
    assert found == Damaged(sequence, before[sequence - 1].hash, "row_damaged")  # type: ignore[union-attr]  # all are sound
    assert damage_of(folder) == [Damage(sequence, "row_damaged")]


def test_a_chain_that_lost_its_end_goes_no_further(folder: Path) -> None:
    before = read(folder)
    change(folder, "DELETE FROM entry WHERE sequence > 10")
    with pytest.raises(LedgerUnusable, match=r"entries 11 to 12 .* are gone"):
        reopen(folder)
    assert read(folder) == before[:10]


def test_a_chain_whose_end_is_scrambled_goes_no_further(folder: Path) -> None:
    change(folder, "UPDATE entry SET hash = zeroblob(32), previous_hash = zeroblob(32) WHERE sequence = ?", ENTRIES)
    with pytest.raises(LedgerUnusable, match="last entry"):
        reopen(folder)


def test_a_rewritten_chain_is_not_ours(folder: Path) -> None:
    """Hashes need no key: someone with the disk can compute them anew, but not the terminal's mark."""
    with LedgerReader(folder) as reader:
        ledger_id = reader.ledger_id
    db = sqlite3.connect(folder / "ledger.db")
    previous = db.execute("SELECT hash FROM entry WHERE sequence = 4").fetchone()[0]
    with db:
        for sequence in range(5, ENTRIES + 1):
            header_hash, ciphertext_hash = db.execute(
                "SELECT header_hash, ciphertext_hash FROM entry WHERE sequence = ?",
                (sequence + 1 if sequence < 7 else 5,),
            ).fetchone()
            own = entry_hash(ledger_id, sequence, previous, header_hash, ciphertext_hash)
            db.execute(
                "UPDATE entry SET previous_hash = ?, hash = ?, header_hash = ?, ciphertext_hash = ? WHERE sequence = ?",
                (previous, own, header_hash, ciphertext_hash, sequence),
            )
            previous = own
    db.close()
    with pytest.raises(LedgerUnusable, match="last entry"):
        reopen(folder)


def test_one_entry_rewritten_to_fit_itself_is_told_by_its_successor(folder: Path) -> None:
    before = read(folder)
    fourth, fifth = before[3], before[4]
    assert isinstance(fourth, SealedEntry)
    assert isinstance(fifth, SealedEntry)
    with LedgerReader(folder) as reader:
        forged = entry_hash(reader.ledger_id, 5, fourth.hash, sha256(b"{}"), sha256(fifth.ciphertext))
    change(folder, "UPDATE entry SET hash = ?, header_hash = ? WHERE sequence = 5", forged, sha256(b"{}"))
    change(folder, "UPDATE payload SET header = ? WHERE sequence = 5", b"{}")
    assert read(folder) == [*before[:4], Damaged(5, fifth.hash, "row_damaged"), *before[5:]]
    assert damage_of(folder) == [Damage(5, "not_ours"), Damage(5, "row_damaged")]


def test_a_mark_that_does_not_fit_is_named(folder: Path) -> None:
    change(folder, "UPDATE entry SET mac = zeroblob(32) WHERE sequence = 5")
    assert damage_of(folder) == [Damage(5, "not_ours")]


def test_an_epoch_key_that_rotted_is_named(folder: Path) -> None:
    with reopen(folder) as ledger:
        fill(ledger, 1)
    change(folder, "UPDATE epoch SET sealed_for_centre = zeroblob(80) WHERE number = 2")
    assert damage_of(folder) == [Damage(13, "epoch_damaged")]


def test_an_identity_that_rotted_keeps_everyone_out(folder: Path) -> None:
    change(folder, "UPDATE ledger SET ledger_id = zeroblob(16)")
    with pytest.raises(LedgerUnusable):
        reopen(folder)
    with pytest.raises(LedgerUnusable):
        LedgerReader(folder)


def test_an_unfinished_transaction_that_does_not_open_is_named_not_invented(folder: Path) -> None:
    with reopen(folder) as ledger:
        ledger.append(transaction(70, Stage.BEGUN), offset_ms=0)
        ledger.append(transaction(71, Stage.BEGUN), offset_ms=0)
    change(folder, "UPDATE payload SET ciphertext = zeroblob(100) WHERE sequence = 13")
    with reopen(folder) as ledger:
        assert ledger.unfinished() == [transaction(71, Stage.BEGUN)]
        assert ledger.damage_at_open == (Damage(13, "row_damaged"),)


def pages_of(folder: Path, table: str) -> list[tuple[int, bytes]]:
    """Number and content of the pages that hold rows of a table: leaves of its tree have 0x0d as their first byte."""
    data = (folder / "ledger.db").read_bytes()
    db = sqlite3.connect(folder / "ledger.db")
    (root,) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
    db.close()
    size = 4096
    page = data[(root - 1) * size : root * size]
    if page[0] == 0x0D:
        return [(root, page)]
    cells = int.from_bytes(page[3:5], "big")
    pointers = [int.from_bytes(page[12 + 2 * i : 14 + 2 * i], "big") for i in range(cells)]
    children = [int.from_bytes(page[at : at + 4], "big") for at in pointers] + [int.from_bytes(page[8:12], "big")]
    return [(child, data[(child - 1) * size : child * size]) for child in children]


def zero(folder: Path, page: int) -> None:
    data = bytearray((folder / "ledger.db").read_bytes())
    data[(page - 1) * 4096 : page * 4096] = bytes(4096)
    (folder / "ledger.db").write_bytes(data)


def test_a_zeroed_payload_page_costs_its_own_entries_only(folder: Path) -> None:
    before = read(folder)
    pages = pages_of(folder, "payload")
    assert len(pages) > 1
    number, content = pages[0]
    lost = {e.sequence for e in before if isinstance(e, SealedEntry) and e.ciphertext in content}
    assert 0 < len(lost) < ENTRIES
    zero(folder, number)
    assert read(folder) == [
        Damaged(e.sequence, e.hash, "page_damaged") if e.sequence in lost and isinstance(e, SealedEntry) else e
        for e in before
    ]
    assert damage_of(folder) == [Damage(sequence, "page_damaged") for sequence in sorted(lost)]


def test_a_zeroed_page_of_the_chain_costs_its_own_entries_only(tmp_path: Path) -> None:
    folder = tmp_path / "longer"
    with create(folder) as ledger:
        fill(ledger, 60)
    before = read(folder)
    pages = pages_of(folder, "entry")
    number, content = pages[1]
    lost = {e.sequence for e in before if isinstance(e, SealedEntry) and e.hash + e.header[:0] in content}
    zero(folder, number)
    after = read(folder)
    damaged = {e.sequence for e in after if isinstance(e, Damaged)}
    assert damaged <= lost  # a hash also lies in its successor's row
    assert len(damaged) >= len(lost) - 1 > 5
    assert {e.reason for e in after if isinstance(e, Damaged)} == {"page_damaged"}
    assert [e for e in after if isinstance(e, SealedEntry)] == [e for e in before if e.sequence not in damaged]
    last = max(damaged)
    assert after[last - 1] == Damaged(last, before[last - 1].hash, "page_damaged")  # type: ignore[union-attr]  # all are sound
    assert damage_of(folder) == [Damage(sequence, "page_damaged") for sequence in sorted(damaged)]


def test_a_zeroed_end_of_the_chain_still_delivers_what_was_before(tmp_path: Path) -> None:
    folder = tmp_path / "longer"
    with create(folder) as ledger:
        fill(ledger, 60)
    before = read(folder)
    zero(folder, pages_of(folder, "entry")[-1][0])
    with pytest.raises(LedgerUnusable, match="SQLITE_CORRUPT"):
        reopen(folder)
    after = read(folder)
    sound = [e for e in after if isinstance(e, SealedEntry)]
    assert len(after) == 60
    assert sound == before[: len(sound)]
    assert len(sound) > 20
    assert {e.reason for e in after[len(sound) :] if isinstance(e, Damaged)} == {"page_damaged"}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("sample") / "ledger"
    with create(folder) as ledger:
        fill(ledger, 8)
        ledger.append(transaction(50, Stage.BEGUN), offset_ms=0)
        fill(ledger, 8)
        ledger.erase(3)
        fill(ledger, 13)
    yield folder
    shutil.rmtree(folder)


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_no_flipped_byte_anywhere_makes_the_reader_lie(sample: Path, data: st.DataObject) -> None:
    whole = (sample / "ledger.db").read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1), label="offset")
    mask = data.draw(st.integers(1, 255), label="mask")
    before = read(sample)
    folder = sample.with_name("flipped")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "ledger.db").write_bytes(whole[:at] + bytes([whole[at] ^ mask]) + whole[at + 1 :])
    try:
        after = read(folder)
    except LedgerUnusable:
        after = None
    try:
        with reopen(folder) as ledger:
            named = {one.sequence for one in ledger.verify(from_checkpoint=False)}
    except LedgerUnusable:
        named = None
    if after is not None:
        assert len(after) <= len(before)
        for was, now in zip(before, after, strict=False):
            assert now.sequence == was.sequence
            if now != was:
                assert isinstance(now, Damaged)
                assert now.stored_hash in (was.stored_hash if isinstance(was, Damaged) else was.hash, LOST)
                assert named is None or now.sequence in named or now.reason == "erased"
        if named is not None:  # what the terminal goes on with loses no sequence
            assert len(after) == len(before)


def test_rotted_table_definitions_keep_everyone_out(folder: Path) -> None:
    data = (folder / "ledger.db").read_bytes()
    for rotted in (b"previous_hasj BLOB", b"previous\xa0hash BLOB"):
        (folder / "ledger.db").write_bytes(data.replace(b"previous_hash BLOB", rotted))
        with pytest.raises(LedgerUnusable, match="tables are damaged"):
            reopen(folder)
        with pytest.raises(LedgerUnusable, match="tables are damaged"):
            LedgerReader(folder)
