"""Reads entries and tells for each whether it is what was written. The one judgement both sides share."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from kiosk.ledger.store import Appended, epoch_digest, is_damage, key_digest, read_erased_through
from kiosk.records.chain import GENESIS, HASH_SIZE, SealedEntry, entry_hash, sha256

ROW_DAMAGED: Final = "row_damaged"
PAGE_DAMAGED: Final = "page_damaged"
EPOCH_DAMAGED: Final = "epoch_damaged"
ERASED: Final = "erased"
LOST_HASH: Final = bytes(HASH_SIZE)
"""Stands for the hash of an entry that nothing in the ledger names any more."""

_LOOK_BACK: Final = 16
_LINK: Final = "SELECT sequence, previous_hash, hash, header_hash, ciphertext_hash FROM entry "
_ENTRIES: Final = _LINK + "WHERE sequence BETWEEN ? AND ?"
_NEWEST: Final = _LINK + "ORDER BY sequence DESC LIMIT ?"
_PAYLOADS: Final = (
    "SELECT sequence, header, suite, sealed_key, nonce, key_digest, ciphertext "
    "FROM payload WHERE sequence BETWEEN ? AND ?"
)
_Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Damaged:
    """A sequence whose entry can't be delivered any more."""

    sequence: int
    stored_hash: bytes = field(repr=False)
    """What the next entry names as its hash; :data:`LOST_HASH` when nothing does."""
    reason: str
    """``row_damaged``, ``page_damaged`` or ``erased``: the words of a tombstone."""


def last_entry(db: sqlite3.Connection, ledger_id: bytes) -> Appended:
    """The newest entry, sound or not; its hash is :data:`LOST_HASH` when its row does not hold together."""
    newest = (
        "SELECT sequence, previous_hash, hash, header_hash, ciphertext_hash FROM entry ORDER BY sequence DESC LIMIT ?"
    )
    try:
        rows = db.execute(newest, (_LOOK_BACK,)).fetchall()
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        return Appended(traces_of_last(db), LOST_HASH)
    found = {row[0] for row in rows}
    for row in rows:
        if _fits(ledger_id, row):
            # A row with a rotted sequence may stand behind: only the direct successor is believed to exist.
            return Appended(row[0] + 1, LOST_HASH) if row[0] + 1 in found else Appended(row[0], row[2])
    last = traces_of_last(db)
    return Appended(last, LOST_HASH if last else GENESIS)


def traces_of_last(db: sqlite3.Connection) -> int:
    """The highest sequence that anything but the chain itself speaks of."""
    (found,) = db.execute(
        "SELECT max(coalesce((SELECT max(sequence) FROM payload), 0),"
        " coalesce((SELECT max(first_sequence) FROM epoch), 0), (SELECT erased_through FROM ledger))"
    ).fetchone()
    return int(found)


def inspect(db: sqlite3.Connection, ledger_id: bytes, after: int, through: int) -> Iterator[SealedEntry | Damaged]:
    """One answer for each sequence from ``after + 1`` to ``through``, in order.

    An entry counts as sound when its row gives its own hash, its successor names that hash, and header, key and
    ciphertext are those whose digests it holds.
    """
    wanted = range(after + 1, through + 1)
    erased_through = read_erased_through(db)
    links, unreadable_links = _fetch(db, _ENTRIES, range(after + 1, through + 2), ask_from=after + 1)
    payloads, unreadable_payloads = _fetch(db, _PAYLOADS, wanted, ask_from=erased_through + 1)
    sound = {sequence for sequence, row in links.items() if _fits(ledger_id, row)}
    for sequence in wanted:
        named = links[sequence + 1][1] if sequence + 1 in sound else None
        if sequence not in sound or named not in (None, links[sequence][2]):
            reason = PAGE_DAMAGED if sequence in unreadable_links else ROW_DAMAGED
            yield Damaged(sequence, named or LOST_HASH, reason)
            continue
        link = links[sequence]
        if sequence in payloads:
            entry = _entry(link, payloads[sequence])
            yield entry or Damaged(sequence, link[2], ROW_DAMAGED)
        elif sequence in unreadable_payloads:
            yield Damaged(sequence, link[2], PAGE_DAMAGED)
        else:
            yield Damaged(sequence, link[2], ERASED if sequence <= erased_through else ROW_DAMAGED)


def damaged_epochs(db: sqlite3.Connection, head: int) -> list[int]:
    """The first entry under each epoch key that rotted; ``head`` when the keys can't be read."""
    rows = "SELECT number, first_sequence, wrapped_for_storage, sealed_for_centre, digest FROM epoch"
    found: list[int] = []
    try:
        for number, first_sequence, wrapped, sealed, digest in db.execute(rows):
            is_whole = isinstance(wrapped, bytes) and isinstance(sealed, bytes)
            if not is_whole or epoch_digest(number, wrapped, sealed) != digest:
                found.append(first_sequence)
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        found.append(head)
    return found


def _fetch(db: sqlite3.Connection, sql: str, wanted: range, ask_from: int) -> tuple[dict[int, _Row], set[int]]:
    """Rows by sequence, and the sequences whose page does not read.

    One bad page ends a scan, and a rotted key ends it early: what it did not bring is asked for one by one.

    :param ask_from: a row missing below this is no surprise.
    """
    rows: dict[int, _Row] = {}
    unreadable: set[int] = set()
    try:
        rows = _in_range(db, sql, wanted)
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        ask_from = wanted.start
    for sequence in wanted:
        if sequence in rows or sequence < ask_from:
            continue
        try:
            rows |= _in_range(db, sql, range(sequence, sequence + 1))
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            unreadable.add(sequence)
    return rows, unreadable


def _in_range(db: sqlite3.Connection, sql: str, wanted: range) -> dict[int, _Row]:
    # Even the order of rows is not to be trusted on a damaged page.
    return {row[0]: row for row in db.execute(sql, (wanted.start, wanted.stop - 1)) if row[0] in wanted}


def _fits(ledger_id: bytes, row: _Row) -> bool:
    sequence, previous, stored, header_hash, ciphertext_hash = row
    for value in (previous, stored, header_hash, ciphertext_hash):
        if not isinstance(value, bytes) or len(value) != HASH_SIZE:
            return False
    return sequence > 0 and bool(stored == entry_hash(ledger_id, sequence, previous, header_hash, ciphertext_hash))


def _entry(link: _Row, payload: _Row) -> SealedEntry | None:
    sequence, previous, stored, header_hash, ciphertext_hash = link
    match payload[1:]:
        case (bytes(header), int(suite), bytes(sealed_key), bytes(nonce), bytes(digest), bytes(ciphertext)) if (
            0 <= suite < 256
            and sha256(header) == header_hash
            and sha256(ciphertext) == ciphertext_hash
            and key_digest(suite, sealed_key, nonce) == digest
        ):
            return SealedEntry(
                sequence=sequence, previous_hash=previous, hash=stored, header=header, suite=suite,
                sealed_key=sealed_key, nonce=nonce, ciphertext=ciphertext,
            )  # fmt: skip
        case _:
            return None
