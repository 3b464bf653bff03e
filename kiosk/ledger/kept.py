"""What entries have come to, beside the chain: sealed under the storage key, changed in the transaction of an entry.

Erasing takes the entries of the past. Whoever has to go on from what they came to keeps that here.
"""

import hmac
import os
import sqlite3
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kiosk.ledger.errors import LedgerDamaged, LedgerUnusable
from kiosk.ledger.store import READER_SETTINGS, Authenticator, Identity, connect, has_table, named, read_identity

_NONCE_SIZE: Final = 12  # SP 800-38D


@dataclass(frozen=True, slots=True)
class Keeper:
    """Seals what is kept, and opens it again; a row that rotted, was changed or renamed does not open."""

    ledger_id: bytes
    _cipher: AESGCM = field(repr=False)

    @classmethod
    def derive(cls, ledger_id: bytes, storage_key: bytes) -> "Keeper":
        """The keeper of a ledger; its key serves nothing else."""
        return cls(ledger_id, AESGCM(hmac.digest(storage_key, b"ssct-kept-1" + ledger_id, "sha256")))

    def write(self, db: sqlite3.Connection, sequence: int, keep: Mapping[str, bytes | None]) -> None:
        """Keep these values with entry ``sequence``; None drops a name."""
        for name, value in keep.items():
            if value is None:
                db.execute("DELETE FROM kept WHERE name = ?", (name,))
                continue
            nonce = os.urandom(_NONCE_SIZE)
            sealed = self._cipher.encrypt(nonce, value, self._place(sequence, name))
            db.execute("INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?)", (name, sequence, nonce, sealed))

    def read(self, db: sqlite3.Connection, name: str) -> bytes | None:
        """What is kept under this name, or None.

        :raises LedgerDamaged: it does not open.
        """
        row = db.execute("SELECT sequence, nonce, sealed FROM kept WHERE name = ?", (name,)).fetchone()
        if row is None:
            return None
        try:
            sequence, nonce, sealed = row
            return self._cipher.decrypt(nonce, sealed, self._place(sequence, name))
        except (InvalidTag, ValueError, TypeError, struct.error) as error:
            raise LedgerDamaged("what the ledger keeps beside its entries is damaged") from error

    def _place(self, sequence: int, name: str) -> bytes:
        return b"ssct-kept-1" + self.ledger_id + struct.pack(">Q", sequence) + name.encode()


class KeptReader:
    """Reads what is kept while the terminal writes; can change nothing.

    :raises LedgerMissing: no ledger there yet.
    :raises LedgerUnusable: its identity can't be read, or the storage key is another's.
    """

    def __init__(self, folder: Path, storage_key: bytes) -> None:
        self._folder = folder
        self._db = connect(folder, "ro", READER_SETTINGS)
        try:
            identity = read_identity(self._db)
            _check_key(self._db, identity, storage_key, folder)
            self._is_there = has_table(self._db, "kept")
        except sqlite3.Error as error:
            self._db.close()
            raise named(error, folder) from error
        except LedgerUnusable:
            self._db.close()
            raise
        self._keeper = Keeper.derive(identity.ledger_id, storage_key)

    def kept(self, name: str) -> bytes | None:
        """What is kept under this name, or None.

        :raises LedgerUnusable: it can't be read.
        """
        try:
            return self._keeper.read(self._db, name) if self._is_there else None
        except sqlite3.Error as error:
            raise named(error, self._folder) from error

    def __enter__(self) -> Self:
        self._db.execute("BEGIN")  # several reads of one state
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()


def _check_key(db: sqlite3.Connection, identity: Identity, storage_key: bytes, folder: Path) -> None:
    (mark,) = db.execute("SELECT mac FROM ledger").fetchone()
    if mark != Authenticator.derive(identity.ledger_id, storage_key).identity(identity):
        raise LedgerUnusable(f"the storage key is not that of the ledger in {folder}")
