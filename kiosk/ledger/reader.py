"""The uplink's side: reads the ledger while the terminal writes it, holds no key, can change nothing."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from kiosk.ledger import enclosures
from kiosk.ledger.errors import LedgerUnusable
from kiosk.ledger.inspection import Damaged, damaged_epochs, inspect, last_entry
from kiosk.ledger.store import READER_SETTINGS, Appended, connect, has_table, read_erased_through, read_identity
from kiosk.records.chain import SealedEntry
from kiosk.records.sealing import SealedEpochKey
from kiosk.records.upload import SealedEnclosure


class LedgerReader:
    """A read-only view of the ledger in ``folder``, for one thread.

    Needs the rights of the user that writes it, since SQLite keeps its index of the log in a file beside the
    database.

    :raises LedgerMissing: no ledger there yet.
    :raises LedgerUnusable: its identity can't be read.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._db = connect(folder, "ro", READER_SETTINGS)
        try:
            self._identity = read_identity(self._db)
        except LedgerUnusable:
            self._db.close()
            raise

    @property
    def ledger_id(self) -> bytes:
        """16 random bytes."""
        return self._identity.ledger_id

    @property
    def terminal(self) -> str:
        """The terminal that writes this ledger."""
        return self._identity.terminal

    def head(self) -> Appended:
        """The newest entry; sequence 0 while there is none. All its hash is zero when its row is damaged.

        :raises LedgerUnusable: the file as a whole can't be read.
        """
        with self._snapshot():
            return last_entry(self._db, self.ledger_id)

    def entries(self, after: int, limit: int) -> list[SealedEntry | Damaged]:
        """At most ``limit`` answers, one for each sequence after ``after`` without gaps: the entry, or why not.

        :raises LedgerUnusable: the file as a whole can't be read.
        """
        with self._snapshot():
            through = min(after + limit, last_entry(self._db, self.ledger_id).sequence)
            return list(inspect(self._db, self.ledger_id, after, through))

    def erased_through(self) -> int:
        """Up to which sequence the payloads are gone because the centre has signed for them.

        :raises LedgerUnusable: the file can't be read.
        """
        with self._snapshot():
            return read_erased_through(self._db)

    def damaged_epochs(self) -> list[int]:
        """The first entry under each epoch key that rotted.

        :raises LedgerUnusable: the file can't be read.
        """
        with self._snapshot():
            return damaged_epochs(self._db, last_entry(self._db, self.ledger_id).sequence)

    def epochs(self, numbers: Iterable[int]) -> list[SealedEpochKey]:
        """The sealed epoch keys of these numbers that the ledger still has, in order.

        :raises LedgerUnusable: the file can't be read.
        """
        with self._snapshot():
            found = [
                self._db.execute("SELECT number, sealed_for_centre FROM epoch WHERE number = ?", (number,)).fetchone()
                for number in sorted(set(numbers))
            ]
        return [SealedEpochKey(epoch=row[0], sealed=row[1]) for row in found if row]

    def enclosure_sizes(self, after: int, limit: int) -> dict[int, int]:
        """Bytes of what goes with the entries after ``after``, by sequence; those without an enclosure are left out.

        :raises LedgerUnusable: the file can't be read.
        """
        with self._snapshot():
            return enclosures.sizes(self._db, after, after + limit) if has_table(self._db, "enclosure") else {}

    def enclosure(self, sequence: int) -> SealedEnclosure:
        """What goes with an entry, or the word why it is gone.

        :raises LedgerUnusable: the file can't be read.
        """
        with self._snapshot():
            return enclosures.sealed(self._db, self._folder, sequence)

    def waiting(self) -> enclosures.Waiting:
        """How many enclosures wait for the centre, for how long, and what is amiss with them.

        :raises LedgerUnusable: the file can't be read.
        """
        with self._snapshot():
            if not has_table(self._db, "enclosure"):
                return enclosures.Waiting(0, None, {})
            return enclosures.waiting(self._db, self._folder)

    def close(self) -> None:
        """Close the file. Nothing works afterwards."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        """Several reads of one state. Kept short: the log can't be emptied meanwhile."""
        try:
            self._db.execute("BEGIN")
            try:
                yield
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise LedgerUnusable(f"the ledger can't be read: {error}") from error
