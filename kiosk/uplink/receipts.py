"""What the centre has acknowledged, in a file of the uplink's own: verdicts, signed receipts, and how the line stands.

The terminal reads it (:class:`ReceiptReader`) before it erases anything and trusts no row by itself: only a receipt
whose signature holds proves that an entry is stored.
"""

import contextlib
import logging
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kiosk.records.upload import Judgement, Malformed, Receipt, Verdict, decode, encode

_SCHEMA: Final = """
CREATE TABLE receipt (
    number INTEGER PRIMARY KEY,
    signed BLOB NOT NULL
) STRICT;
CREATE TABLE judgement (
    sequence INTEGER PRIMARY KEY,
    hash BLOB NOT NULL,
    verdict TEXT NOT NULL,
    reason TEXT NOT NULL,
    receipt INTEGER NOT NULL REFERENCES receipt
) STRICT;
CREATE INDEX for_staff ON judgement (sequence) WHERE verdict IN ('refused', 'superseded', 'lost');
CREATE TABLE state (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    ledger_id BLOB NOT NULL,
    through INTEGER NOT NULL,
    line TEXT NOT NULL,
    reason TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    last_contact_ms INTEGER
) STRICT;
PRAGMA user_version = 1;
"""
_VERSION: Final = 1
_log = logging.getLogger(__name__)
_BUSY_S: Final = 5.0


class ReceiptsUnusable(Exception):
    """The file is another ledger's, of another version, or did not take the durability it was told."""


class ReceiptsDamaged(ReceiptsUnusable):
    """What stands in the file is not what was written."""


class LineState(Enum):
    """How the uplink stands with the centre."""

    SENDING = "sending"
    """The last exchange went well."""
    WAITING = "waiting"
    """The centre is not reached; the uplink tries again by itself."""
    HALTED = "halted"
    """Somebody must act; ``reason`` is a word of docs/protocol.md or docs/uplink.md."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the uplink is, and how the line stands. Times are the terminal's clock, ms since 1970 UTC."""

    through: int
    """Every sequence up to here has its receipt."""
    line: LineState
    reason: str
    since_ms: int
    last_contact_ms: int | None


class Receipts:
    """The uplink's own file; it alone writes it.

    :raises ReceiptsDamaged: see there.
    :raises ReceiptsUnusable: see there.
    :raises sqlite3.Error: the file can't be read or written.
    """

    def __init__(self, path: Path, ledger_id: bytes, *, now_ms: int) -> None:
        self._db = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
        try:
            self._prepare(ledger_id, now_ms)
        except sqlite3.DatabaseError as error:
            self._db.close()
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                raise ReceiptsDamaged(str(error)) from error
            raise
        except BaseException:
            self._db.close()
            raise

    @classmethod
    def open_or_renew(cls, path: Path, ledger_id: bytes, *, now_ms: int) -> "Receipts":
        """The same, but a damaged file is put aside and a new one begun: the centre gives every receipt again.

        :raises ReceiptsUnusable: see there.
        :raises sqlite3.Error: see there.
        :raises OSError: the damaged file can't be put aside.
        """
        try:
            return cls(path, ledger_id, now_ms=now_ms)
        except ReceiptsDamaged as error:
            aside = path.with_name(f"{path.name}.damaged-{now_ms}")
            _log.error("receipts are damaged and put aside as %s: %s", aside.name, error)
            # The log first: left beside a new file it would be taken for that one's.
            for suffix in ("-wal", "-shm", ""):
                with contextlib.suppress(FileNotFoundError):
                    path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
        return cls(path, ledger_id, now_ms=now_ms)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def standing(self) -> Standing:
        """See :class:`Standing`."""
        return _standing(self._db)

    def keep(self, receipt: Receipt, *, through: int, now_ms: int) -> None:
        """Store a verified receipt and move on to ``through``, in one durable transaction."""
        with self._transaction():
            if receipt.judgements:
                number = self._db.execute("INSERT INTO receipt (signed) VALUES (?)", (encode(receipt),)).lastrowid
                self._db.executemany(
                    "INSERT OR REPLACE INTO judgement VALUES (?, ?, ?, ?, ?)",
                    [(j.sequence, j.hash, j.verdict.value, j.reason, number) for j in receipt.judgements],
                )
            self._db.execute("UPDATE state SET through = ?, last_contact_ms = ?", (through, now_ms))
            self._stand(LineState.SENDING, "", now_ms)

    def go_back(self, through: int, *, now_ms: int) -> None:
        """The centre holds less than it acknowledged: send again from ``through`` + 1. Receipts are kept as proof."""
        with self._transaction():
            self._db.execute("UPDATE state SET through = ?, last_contact_ms = ?", (through, now_ms))

    def stand(self, line: LineState, reason: str, *, now_ms: int, contact: bool) -> None:
        """Note how the line stands; costs a write only when that changes.

        :param contact: the centre itself was heard.
        """
        known = self.standing()
        if (known.line, known.reason) == (line, reason) and not contact:
            return
        with self._transaction():
            if contact:
                self._db.execute("UPDATE state SET last_contact_ms = ?", (now_ms,))
            self._stand(line, reason, now_ms)

    def _stand(self, line: LineState, reason: str, now_ms: int) -> None:
        self._db.execute(
            "UPDATE state SET line = ?1, reason = ?2, since_ms = ?3 WHERE (line, reason) IS NOT (?1, ?2)",
            (line.value, reason, now_ms),
        )

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _prepare(self, ledger_id: bytes, now_ms: int) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        if self._db.execute("PRAGMA synchronous").fetchone() != (2,):
            raise ReceiptsUnusable("synchronous=FULL did not hold")
        with self._transaction():
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                for statement in _SCHEMA.split(";"):
                    self._db.execute(statement)
                self._db.execute(
                    "INSERT INTO state VALUES (1, ?, 0, ?, 'new', ?, NULL)",
                    (ledger_id, LineState.WAITING.value, now_ms),
                )
            elif version != _VERSION:
                raise ReceiptsUnusable(f"version {version} is not known here")
        if self._db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise ReceiptsDamaged("pages of the file are damaged")
        self.standing()
        if self._db.execute("SELECT ledger_id FROM state").fetchone() != (ledger_id,):
            raise ReceiptsUnusable("these are the receipts of another ledger")


class ReceiptReader:
    """The receipts as the terminal sees them: read-only, nothing believed without the centre's signature.

    :param centre_keys: the centre's Ed25519 keys by key id.
    :raises ReceiptsDamaged: see there; so do all questions.
    :raises sqlite3.Error: the uplink has not made the file yet, or it can't be read; so do all questions.
    """

    def __init__(
        self, path: Path, ledger_id: bytes, terminal: str, centre_keys: Mapping[str, Ed25519PublicKey]
    ) -> None:
        self._db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=_BUSY_S, isolation_level=None)
        self._ledger_id, self._terminal, self._centre_keys = ledger_id, terminal, centre_keys
        try:
            self.standing()  # opens the file now, not at the first question
        except BaseException:
            self._db.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def standing(self) -> Standing:
        """How far the uplink says it is, and how the line stands."""
        return _standing(self._db)

    def proven_through(self, after: int = 0) -> int:
        """The highest sequence so that each from ``after`` + 1 up to it stands in a receipt whose signature holds.

        Everything up to it may be erased. ``after`` itself is taken on trust: pass what was proven and erased before.
        """
        proven = after
        for judgements in self._proven(after):
            for judgement in judgements:
                if judgement.sequence > proven + 1:
                    return proven
                proven = max(proven, judgement.sequence)
        return min(proven, max(after, self.standing().through))

    def judgements(self, after: int = 0) -> list[Judgement]:
        """The verdicts on the sequences past ``after``, in order."""
        return self._judgements("sequence > ?", after)

    def for_staff(self) -> list[Judgement]:
        """Entries that were refused, superseded or lost, in order."""
        return self._judgements("verdict IN ('refused', 'superseded', 'lost') AND sequence > ?", 0)

    def _judgements(self, which: str, after: int) -> list[Judgement]:
        rows = self._db.execute(
            f"SELECT sequence, hash, verdict, reason FROM judgement WHERE {which} ORDER BY sequence",  # noqa: S608  # one of the two conditions above, no value in it
            (after,),
        )
        try:
            return [Judgement(sequence=s, hash=h, verdict=Verdict(v), reason=r) for s, h, v, r in rows]
        except ValueError as error:
            raise ReceiptsDamaged("a verdict is none") from error

    def _proven(self, after: int) -> Iterator[Sequence[Judgement]]:
        rows = self._db.execute(
            "SELECT signed FROM receipt JOIN judgement ON receipt = number WHERE sequence > ? "
            "GROUP BY number ORDER BY min(sequence)",
            (after,),
        )
        for (signed,) in rows:
            try:
                receipt = decode(signed, Receipt)
            except Malformed:
                continue
            key = self._centre_keys.get(receipt.key_id)
            ours = (receipt.terminal, receipt.ledger_id) == (self._terminal, self._ledger_id)
            if ours and key is not None and receipt.is_genuine(key):
                yield receipt.judgements


def _standing(db: sqlite3.Connection) -> Standing:
    row = db.execute("SELECT through, line, reason, since_ms, last_contact_ms FROM state").fetchone()
    try:
        through, line, reason, since_ms, last_contact_ms = row
        return Standing(through, LineState(line), reason, since_ms, last_contact_ms)
    except (TypeError, ValueError) as error:
        raise ReceiptsDamaged("the file does not say how the uplink stands") from error
