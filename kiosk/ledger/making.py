"""How a ledger comes to be, whole or not at all, and who may write it."""

import fcntl
import os
import sqlite3
from pathlib import Path
from typing import Final

from kiosk.ledger.errors import LedgerInUse, LedgerMissing, LedgerUnusable
from kiosk.ledger.store import DATABASE, LOCK, SCHEMA, SCHEMA_VERSION, Authenticator, Identity, named, sync

_MAKING: Final = f"{DATABASE}.making"


def lock_of(folder: Path) -> int:
    """Descriptor of the lock file; the kernel lets go of the lock when the process ends, however it ends."""
    try:
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except FileNotFoundError as error:
        raise LedgerMissing(f"no ledger in {folder}") from error
    except OSError as error:
        raise LedgerUnusable(f"the ledger in {folder} can't be locked: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise LedgerInUse(f"the ledger in {folder} is in use") from error
    return descriptor


def make(folder: Path, identity: Identity, authenticator: Authenticator) -> None:
    """Write an empty ledger under another name and give it its own when it is whole and on the disk."""
    making = folder / _MAKING
    try:
        for suffix in ("", "-journal", "-wal", "-shm"):
            making.with_name(making.name + suffix).unlink(missing_ok=True)
        os.close(os.open(making, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        db = sqlite3.connect(making, isolation_level=None)
        try:
            db.execute("PRAGMA synchronous = FULL")
            db.executescript(f"BEGIN; {SCHEMA} COMMIT;")
            db.execute(
                "INSERT INTO ledger VALUES (1, ?, ?, ?, ?, ?, ?, 0)",
                (
                    SCHEMA_VERSION, identity.ledger_id, identity.terminal.encode(), identity.created_ms,
                    identity.digest(), authenticator.identity(identity),
                ),
            )  # fmt: skip
            db.execute("PRAGMA journal_mode = wal")
        finally:
            db.close()
        sync(making)
        making.rename(folder / DATABASE)
        sync(folder)
    except sqlite3.Error as error:
        raise named(error, folder) from error
    except OSError as error:
        raise LedgerUnusable(f"no ledger can be made in {folder}: {error.strerror}") from error
