"""Enclosures beside the chain: a sealed file each, its key in the database, both gone after the centre's receipt.

What goes with a filing that waits for the centre and may stand in no entry, since the chain's entries are kept: a
portrait. The file is on the disk for good before the entry is that names it by its SHA-256, and the key goes before the
file does: a cut between the two leaves a file that nothing opens, and the next sweep takes it.
"""

import errno
import os
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from kiosk.ledger.errors import EnclosuresFull, LedgerFull, LedgerUnusable
from kiosk.ledger.store import is_damage, sync
from kiosk.records.chain import sha256
from kiosk.records.filings import LONGEST_KEPT_DAYS
from kiosk.records.upload import SealedEnclosure

FOLDER: Final = "enclosures"
MOST_WAITING: Final = 500
"""Files: 10 to 20 MB of portraits, at most 100 MB. A busy terminal's applications of weeks."""
LONGEST_WAIT_MS: Final = LONGEST_KEPT_DAYS * 86_400_000
EXPIRED: Final = "expired"
MISSING: Final = "missing"
DAMAGED: Final = "damaged"
ENCLOSURES_UNREADABLE: Final = "enclosures_unreadable"
"""A page of their table does not read: which there are is not known."""
_NO_SPACE: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for the centre, and whose it is not told."""

    count: int
    oldest_ms: int | None
    """When the oldest was kept, by the terminal's clock, ms since 1970 UTC; None where none waits."""
    amiss: Mapping[int, str]
    """``enclosure_missing``, ``enclosure_damaged``: those that can't be delivered any more, by their entry."""


@dataclass(frozen=True, slots=True)
class EnclosureKey:
    """The sealed key of a file that lies on the disk already."""

    digest: bytes
    size: int
    sealed: bytes = field(repr=False)


class Enclosures:
    """The writer's side. Whoever calls it holds the ledger's turn, so that no file is between two states."""

    def __init__(self, ledger: Path, since_ms: int) -> None:
        """:param since_ms: when the ledger was made: nothing was kept earlier."""
        self._folder, self._since_ms = ledger / FOLDER, since_ms

    def keep(self, db: sqlite3.Connection, ciphertext: bytes) -> bytes:
        """Write a file for good, under its SHA-256 as its name; that SHA-256.

        :raises EnclosuresFull: too many wait.
        :raises LedgerFull: no space.
        :raises LedgerUnusable: the disk failed.
        """
        (waiting,) = db.execute("SELECT count(*) FROM enclosure WHERE gone = ''").fetchone()
        if waiting >= MOST_WAITING:
            raise EnclosuresFull(f"{waiting} enclosures wait in {self._folder}")
        digest = sha256(ciphertext)
        file = self._folder / digest.hex()
        try:
            if not self._folder.is_dir():
                self._folder.mkdir(mode=0o700)
                sync(self._folder.parent)
            _write(file, ciphertext)
            sync(self._folder)
        except OSError as error:
            with suppress(OSError):
                file.unlink(missing_ok=True)  # what is left of it, the next sweep takes
            if error.errno in _NO_SPACE:
                raise LedgerFull(f"no space left for an enclosure in {self._folder}") from error
            raise LedgerUnusable(f"no enclosure can be kept in {self._folder}: {error.strerror}") from error
        return digest

    def note(self, db: sqlite3.Connection, sequence: int, key: EnclosureKey, now_ms: int) -> None:
        """Put the key of a file beside the entry that names it, in that entry's own transaction."""
        row = (sequence, key.digest, key.size, now_ms, key.sealed)
        db.execute("INSERT INTO enclosure VALUES (?, ?, ?, ?, ?, '')", row)

    def forget(self, db: sqlite3.Connection, through: int) -> None:
        """Let go of the keys up to an entry, which the centre has signed for."""
        db.execute("DELETE FROM enclosure WHERE sequence <= ?", (through,))

    def expire(self, db: sqlite3.Connection, sequences: Iterable[int], now_ms: int) -> list[int]:
        """Let go of the keys of those among these that have waited too long; which. That they are gone, and why, stays.

        The others were kept by a wrong clock: they wait from now on.
        """
        ours = [(now_ms, sequence) for sequence in sequences]
        longest = now_ms - LONGEST_WAIT_MS
        expired = [
            sequence
            for _, sequence in ours
            if db.execute(
                "UPDATE enclosure SET sealed_key = x'', gone = ? WHERE sequence = ? AND kept_ms BETWEEN ? AND ?",
                (EXPIRED, sequence, self._since_ms, longest),
            ).rowcount
        ]
        db.executemany("UPDATE enclosure SET kept_ms = ? WHERE sequence = ? AND gone = ''", ours)
        return expired

    def overdue(self, db: sqlite3.Connection, now_ms: int) -> list[int]:
        """Entries whose enclosure has waited too long, or since a time that can't be; none while the clock is wrong."""
        if now_ms < self._since_ms:
            return []
        rows = db.execute(
            "SELECT sequence FROM enclosure WHERE gone = '' AND (kept_ms < ? OR kept_ms > ?) ORDER BY sequence",
            (max(now_ms - LONGEST_WAIT_MS, self._since_ms), now_ms),
        )
        return [sequence for (sequence,) in rows]

    def sweep(self, db: sqlite3.Connection) -> None:
        """Overwrite and remove every file whose key is not, or no more, in the database: a cut may have left some.

        :raises LedgerUnusable: the folder can't be read or written.
        """
        if not self._folder.is_dir():
            return
        try:
            known = {digest for (digest,) in db.execute("SELECT digest FROM enclosure WHERE gone = ''")}
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            return  # whose a file is can't be read: none goes by a guess
        try:
            strays = [file for file in self._folder.iterdir() if _digest_of(file) not in known]
            for file in strays:
                _wipe(file)
            if strays:
                sync(self._folder)
        except OSError as error:
            raise LedgerUnusable(f"enclosures can't be erased in {self._folder}: {error.strerror}") from error


def waiting(db: sqlite3.Connection, ledger: Path) -> Waiting:
    """How many wait, for how long, and which of them can't be delivered."""
    count, oldest = db.execute("SELECT count(*), min(kept_ms) FROM enclosure WHERE gone = ''").fetchone()
    return Waiting(count, oldest, amiss(db, ledger))


def amiss(db: sqlite3.Connection, ledger: Path) -> dict[int, str]:
    """Entries whose enclosure can't be delivered any more, and the word for it."""
    rows = db.execute("SELECT sequence, digest FROM enclosure WHERE gone = '' ORDER BY sequence").fetchall()
    found = {sequence: _read(ledger / FOLDER, digest) for sequence, digest in rows}
    return {sequence: f"enclosure_{one}" for sequence, one in found.items() if isinstance(one, str)}


def sizes(db: sqlite3.Connection, after: int, through: int) -> dict[int, int]:
    """Bytes of the enclosures of these entries, by sequence; 0 for what is gone, and for what can't be read."""
    found: dict[int, int] = {}
    asked = "SELECT sequence, CASE gone WHEN '' THEN size ELSE 0 END FROM enclosure WHERE sequence BETWEEN ? AND ?"
    try:
        return dict(db.execute(asked, (after + 1, through)).fetchall())
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
    for sequence in range(after + 1, through + 1):
        try:
            found |= dict(db.execute(asked, (sequence, sequence)).fetchall())
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            found[sequence] = 0
    return found


def sealed(db: sqlite3.Connection, ledger: Path, sequence: int) -> SealedEnclosure:
    """The enclosure of an entry as it goes to the centre, or the word why it does not."""
    try:
        row = db.execute("SELECT digest, sealed_key, gone FROM enclosure WHERE sequence = ?", (sequence,)).fetchone()
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        return SealedEnclosure(sequence=sequence, gone=DAMAGED)
    if row is None:
        return SealedEnclosure(sequence=sequence, gone=MISSING)
    digest, key, gone = row
    found = gone or _read(ledger / FOLDER, digest)
    if isinstance(found, str):
        return SealedEnclosure(sequence=sequence, gone=found)
    return SealedEnclosure(sequence=sequence, sealed_key=key, ciphertext=found)


def _read(folder: Path, digest: bytes) -> bytes | str:
    """A file's bytes, or why it has none that count."""
    try:
        ciphertext = (folder / digest.hex()).read_bytes()
    except FileNotFoundError:
        return MISSING
    except OSError:
        return DAMAGED
    return ciphertext if sha256(ciphertext) == digest else DAMAGED


def _digest_of(file: Path) -> bytes | None:
    try:
        return bytes.fromhex(file.name)
    except ValueError:
        return None


def _write(file: Path, data: bytes) -> None:
    """All of it, on the disk for good."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as written:
        written.write(data)
        written.flush()
        os.fsync(written.fileno())


def _wipe(file: Path) -> None:
    """Overwrite where a disk has one place for a file's bytes; on flash it is the key's going that counts."""
    with file.open("r+b") as wiped:
        wiped.write(bytes(os.fstat(wiped.fileno()).st_size))
        wiped.flush()
        os.fsync(wiped.fileno())
    file.unlink()
