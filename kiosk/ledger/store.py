"""The ledger's file: its tables, how it is opened, and what it says of itself.

``entry`` is the chain. Nothing is ever deleted from it: its last row is the persisted sequence, and none is given out
twice. ``payload`` is what can be erased after the receipt; so is ``enclosure``, the keys of the files beside it.
``kept`` is what entries have come to, changed together with them, and no erasing touches it.
"""

import hashlib
import hmac
import os
import sqlite3
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from kiosk.ledger.errors import LedgerDamaged, LedgerError, LedgerFull, LedgerMissing, LedgerUnusable

SCHEMA_VERSION: Final = 1
DATABASE: Final = "ledger.db"
LOCK: Final = "ledger.lock"
LEDGER_ID_SIZE: Final = 16
STORAGE_KEY_SIZE: Final = 32
BUSY_TIMEOUT_S: Final = 2.0

_FIRST_SCHEMA: Final = """
CREATE TABLE ledger (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    schema_version INTEGER NOT NULL, ledger_id BLOB NOT NULL, terminal BLOB NOT NULL, created_ms INTEGER NOT NULL,
    digest BLOB NOT NULL, mac BLOB NOT NULL, erased_through INTEGER NOT NULL
) STRICT;
CREATE TABLE entry (
    sequence INTEGER PRIMARY KEY,
    previous_hash BLOB NOT NULL, hash BLOB NOT NULL, header_hash BLOB NOT NULL, ciphertext_hash BLOB NOT NULL,
    mac BLOB NOT NULL
) STRICT;
CREATE TABLE payload (
    sequence INTEGER PRIMARY KEY REFERENCES entry (sequence),
    header BLOB NOT NULL, suite INTEGER NOT NULL, sealed_key BLOB NOT NULL, nonce BLOB NOT NULL,
    key_digest BLOB NOT NULL, ciphertext BLOB NOT NULL
) STRICT;
CREATE TABLE open_transaction (
    transaction_id TEXT PRIMARY KEY, sequence INTEGER NOT NULL REFERENCES entry (sequence)
) STRICT, WITHOUT ROWID;
CREATE TABLE epoch (
    number INTEGER PRIMARY KEY, first_sequence INTEGER NOT NULL,
    wrapped_for_storage BLOB NOT NULL, sealed_for_centre BLOB NOT NULL, digest BLOB NOT NULL
) STRICT;
"""
_KEPT: Final = """
CREATE TABLE kept (
    name TEXT PRIMARY KEY, sequence INTEGER NOT NULL REFERENCES entry (sequence), nonce BLOB NOT NULL,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
"""
_ENCLOSURE: Final = """
CREATE TABLE enclosure (
    sequence INTEGER PRIMARY KEY REFERENCES entry (sequence), digest BLOB NOT NULL, size INTEGER NOT NULL,
    kept_ms INTEGER NOT NULL, sealed_key BLOB NOT NULL, gone TEXT NOT NULL
) STRICT;
"""
SCHEMA: Final = _FIRST_SCHEMA + _KEPT + _ENCLOSURE
"""Older ledgers get the tables that they lack from their writer at the next opening; the rest is as it was."""
_ADDED: Final = (_KEPT, _ENCLOSURE)

# FULL: one sync a commit, so that a power cut takes nothing that was acknowledged. 1000 pages: a checkpoint's three
# syncs come once in some 300 entries, and the log that must be read again after a crash stays at 4 MB.
WRITER_SETTINGS: Final[Mapping[str, str | int]] = MappingProxyType(
    {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1, "wal_autocheckpoint": 1000}
)
READER_SETTINGS: Final[Mapping[str, str | int]] = MappingProxyType({"query_only": 1})


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose ledger this is; the same for its whole life."""

    ledger_id: bytes
    terminal: str
    created_ms: int

    def digest(self) -> bytes:
        """Tells an identity row that rotted: with a wrong ledger id every entry would look damaged."""
        terminal = self.terminal.encode()
        fixed = struct.pack(">Iq", SCHEMA_VERSION, self.created_ms)
        return hashlib.sha256(b"ssct-ledger-1" + fixed + self.ledger_id + terminal).digest()


@dataclass(frozen=True, slots=True)
class Appended:
    """An entry that no power cut takes away any more."""

    sequence: int
    """0 and the genesis hash stand for the place before the first entry."""
    hash: bytes


@dataclass(frozen=True, slots=True)
class Authenticator:
    """Marks rows as written by the holder of the storage key, so that a rewritten chain or a cut tail is told."""

    ledger_id: bytes
    _key: bytes = field(repr=False)

    @classmethod
    def derive(cls, ledger_id: bytes, storage_key: bytes) -> "Authenticator":
        """The authenticator of a ledger; its key serves nothing else."""
        return cls(ledger_id, hmac.digest(storage_key, b"ssct-authenticator-1" + ledger_id, "sha256"))

    def identity(self, identity: Identity) -> bytes:
        """Also tells that the storage key is the right one."""
        return hmac.digest(self._key, b"identity" + identity.digest(), "sha256")

    def entry(self, sequence: int, own_hash: bytes) -> bytes:
        """Mark of an entry, and by the hash it holds of all before it: each is a checkpoint."""
        return hmac.digest(self._key, b"entry" + struct.pack(">Q", sequence) + own_hash, "sha256")


def key_digest(suite: int, sealed_key: bytes, nonce: bytes) -> bytes:
    """The chain does not cover what opens a ciphertext; this tells when those bytes rotted."""
    return hashlib.sha256(bytes([suite]) + sealed_key + nonce).digest()


def epoch_digest(number: int, wrapped: bytes, sealed: bytes) -> bytes:
    """Tells an epoch row that rotted."""
    return hashlib.sha256(struct.pack(">II", number, len(wrapped)) + wrapped + sealed).digest()


def primary_code(error: sqlite3.Error) -> int:
    """SQLite's result code without its extension; SQLITE_ERROR for errors of the Python module itself."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF


def is_damage(error: sqlite3.Error) -> bool:
    """Whether SQLite says that bytes on the disk are wrong. A read that failed may succeed the next time."""
    return primary_code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def named(error: sqlite3.Error, folder: Path) -> LedgerError:
    """The ledger's own error for SQLite's, to be raised from it."""
    if primary_code(error) == sqlite3.SQLITE_FULL:
        return LedgerFull(f"no space left for the ledger in {folder}")
    kind = LedgerDamaged if is_damage(error) else LedgerUnusable
    return kind(f"the ledger in {folder} failed: {getattr(error, 'sqlite_errorname', type(error).__name__)}")


def connect(
    folder: Path, mode: str, settings: Mapping[str, str | int], *, any_thread: bool = False
) -> sqlite3.Connection:
    """A connection whose settings were read back.

    :param mode: ``ro`` or ``rw``.
    :raises LedgerMissing: no ledger in this folder.
    :raises LedgerUnusable: not a database, or a setting did not take.
    """
    path = folder / DATABASE
    try:
        path.stat()
    except FileNotFoundError as error:
        raise LedgerMissing(f"no ledger in {folder}") from error
    except OSError as error:
        raise LedgerUnusable(f"the ledger in {folder} can't be read: {error.strerror}") from error
    try:
        db = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=BUSY_TIMEOUT_S,
            check_same_thread=not any_thread,
        )  # fmt: skip
    except sqlite3.Error as error:
        raise named(error, folder) from error
    try:
        for setting, wanted in settings.items():
            _set(db, setting, wanted)
        sync_log(folder)
        if mode == "rw":
            _add_tables(db)
        _check_schema(db)
    except sqlite3.Error as error:
        db.close()
        raise named(error, folder) from error
    except UnicodeDecodeError as error:  # the module decodes SQLite's message, which quotes a rotted definition
        db.close()
        raise LedgerUnusable("the ledger's tables are damaged") from error
    except OSError as error:
        db.close()
        raise LedgerUnusable(f"the log of the ledger in {folder} can't be made durable: {error.strerror}") from error
    except LedgerUnusable:
        db.close()
        raise
    return db


def _set(db: sqlite3.Connection, setting: str, wanted: str | int) -> None:
    """Set a pragma and read it back: SQLite ignores what it does not know or can't do."""
    db.execute(f"PRAGMA {setting} = {wanted}")
    (found,) = db.execute(f"PRAGMA {setting}").fetchone()
    if found != wanted:
        raise LedgerUnusable(f"the ledger must have {setting} {wanted}, but SQLite has {found}")


def _check_schema(db: sqlite3.Connection) -> None:
    """Compare the tables with ours, so that no later statement can stumble over a rotted definition."""
    if _tables(db) not in _schemas():
        raise LedgerUnusable("the ledger's tables are damaged")


def _add_tables(db: sqlite3.Connection) -> None:
    """Bring an older ledger forward, table by table: cut short, it is one that came between."""
    for before, added in zip(_schemas(), _ADDED, strict=False):
        if _tables(db) == before:
            db.execute(added)


def _schemas() -> list[set[bytes]]:
    """What a ledger's tables may be, the oldest first."""
    return [_statements(_FIRST_SCHEMA + "".join(_ADDED[:count])) for count in range(len(_ADDED) + 1)]


def has_table(db: sqlite3.Connection, name: str) -> bool:
    """Whether a table is there that came later: a reader may come to an old ledger before its writer."""
    return db.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (name,)).fetchone() is not None


def _tables(db: sqlite3.Connection) -> set[bytes]:
    return {row[0] for row in db.execute("SELECT CAST(sql AS BLOB) FROM sqlite_schema WHERE sql IS NOT NULL")}


def _statements(schema: str) -> set[bytes]:
    return {part.strip().encode() for part in schema.split(";") if part.strip()}


def sync_log(folder: Path) -> None:
    """Make durable what a killed writer left in the write-ahead log.

    SQLite takes such a commit up again although it was never synced. Were it uploaded and then lost with the power,
    its sequence would be given out twice.
    """
    try:
        log = os.open(folder / f"{DATABASE}-wal", os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        if os.fstat(log).st_size:
            os.fsync(log)
    finally:
        os.close(log)


def sync(path: Path) -> None:
    """Make a file's content, or a folder's names, durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_identity(db: sqlite3.Connection) -> Identity:
    """The identity row, its digest checked.

    :raises LedgerUnusable: damaged, or of another schema.
    """
    try:
        row = db.execute("SELECT schema_version, ledger_id, terminal, created_ms, digest FROM ledger").fetchone()
    except sqlite3.Error as error:
        raise LedgerUnusable(f"the ledger does not say whose it is: {error}") from error
    if row is None:
        raise LedgerUnusable("the ledger does not say whose it is")
    version, ledger_id, terminal, created_ms, digest = row
    if version != SCHEMA_VERSION:
        raise LedgerUnusable(f"the ledger has schema {version}, this program knows {SCHEMA_VERSION}")
    try:
        identity = Identity(ledger_id, terminal.decode(), created_ms)
        genuine = identity.digest() == digest
    except (UnicodeDecodeError, AttributeError, TypeError, struct.error) as error:
        raise LedgerUnusable("the row that says whose ledger this is is damaged") from error
    if not genuine:
        raise LedgerUnusable("the row that says whose ledger this is is damaged")
    return identity


def read_erased_through(db: sqlite3.Connection) -> int:
    """Up to which sequence a missing payload is no damage."""
    (through,) = db.execute("SELECT erased_through FROM ledger").fetchone()
    return int(through)
