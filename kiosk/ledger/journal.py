"""The terminal's side: the durable, encrypted, chained journal of what was done."""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Final, Self, assert_never

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from kiosk.ledger.enclosures import ENCLOSURES_UNREADABLE, EnclosureKey, Enclosures, amiss
from kiosk.ledger.errors import (
    ErasureIncomplete,
    LedgerDamaged,
    LedgerError,
    LedgerUnusable,
)
from kiosk.ledger.inspection import EPOCH_DAMAGED, ERASED, Damaged, damaged_epochs, inspect, traces_of_last
from kiosk.ledger.kept import Keeper
from kiosk.ledger.making import lock_of, make
from kiosk.ledger.store import (
    DATABASE,
    LEDGER_ID_SIZE,
    STORAGE_KEY_SIZE,
    WRITER_SETTINGS,
    Appended,
    Authenticator,
    Identity,
    connect,
    epoch_digest,
    is_damage,
    key_digest,
    named,
    primary_code,
    read_erased_through,
    read_identity,
    sync,
)
from kiosk.records.canonical import canonical
from kiosk.records.chain import GENESIS, SealedEntry, associated_data, entry_hash, sha256
from kiosk.records.custody import SERVICE as BLANK_CUSTODY
from kiosk.records.custody import Movement
from kiosk.records.filings import Enclosure
from kiosk.records.sealing import (
    SUITE_AES_256_GCM,
    EpochKey,
    Unreadable,
    open_stored_epoch,
    seal,
    seal_enclosure,
    unseal,
)
from kiosk.records.technician import SERVICE as TECHNICIAN
from kiosk.records.technician import TechnicianAct
from kiosk.records.transaction import Header, Stage, Transaction
from kiosk.records.upload import Malformed, decode

TAIL: Final = 128
"""Newest entries that opening verifies, 2 to 4 ms of work: a crash can have touched the last one only."""
EPOCH_ENTRIES: Final = 65_536
EPOCH_SECONDS: Final = 86_400.0
_VERIFY_CHUNK: Final = 512
_ERASE_CHUNK: Final = 4096
_NOTHING: Final[Mapping[str, bytes | None]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Damage:
    """Something in the ledger is not what was written."""

    sequence: int
    """The entry it concerns."""
    what: str
    """``row_damaged``, ``page_damaged``, ``epoch_damaged``, ``enclosure_missing``, ``enclosure_damaged``,
    ``enclosures_unreadable``, or ``not_ours``: this terminal did not write that row."""


@dataclass(slots=True)
class _Epoch:
    key: EpochKey
    wrapped: bytes = field(repr=False)
    sealed: bytes = field(repr=False)
    since: float
    first_sequence: int | None = None
    """None until the first entry under this key is stored."""


class Ledger:
    """The one writer of a ledger. Any thread may call it; appends happen one after the other."""

    def __init__(
        self, folder: Path, terminal: str, storage_key: bytes, centre_public_key: X25519PublicKey,
        clock: Callable[[], float],
    ) -> None:  # fmt: skip
        """Use :meth:`create` or :meth:`open`."""
        _check_key(storage_key)
        self._folder = folder
        self._storage_key, self._centre, self._clock = storage_key, centre_public_key, clock
        self._turn = threading.RLock()
        self._broken = ""
        self._lock = lock_of(folder)
        try:
            self._db = connect(folder, "rw", WRITER_SETTINGS, any_thread=True)
        except LedgerError:
            os.close(self._lock)
            raise
        try:
            self._identity = read_identity(self._db)
            self._authenticator = Authenticator.derive(self._identity.ledger_id, storage_key)
            self._keeper = Keeper.derive(self._identity.ledger_id, storage_key)
            self._check_identity(terminal)
            self._head = self._find_head()
            with self._reading() as db:
                (self._last_epoch,) = db.execute("SELECT coalesce(max(number), 0) FROM epoch").fetchone()
                self._enclosures = Enclosures(folder, self._identity.created_ms)
                self._enclosures.sweep(db)
            self._epoch = self._new_epoch(clock())
            self.damage_at_open = tuple(self.verify())
        except LedgerError:
            self.close()
            raise

    @classmethod
    def create(
        cls, folder: Path, terminal: str, storage_key: bytes, centre_public_key: X25519PublicKey,
        clock: Callable[[], float] = time.time,
    ) -> "Ledger":  # fmt: skip
        """Make a ledger with a new random id in ``folder`` and open it. Cut short, it can be made again.

        :raises LedgerUnusable: there is one already, or the folder can't be written.
        """
        _check_key(storage_key)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
            sync(folder.parent)
        except OSError as error:
            raise LedgerUnusable(f"no ledger can be made in {folder}: {error.strerror}") from error
        lock = lock_of(folder)
        try:
            if (folder / DATABASE).exists():
                raise LedgerUnusable(f"there is a ledger in {folder} already")
            identity = Identity(os.urandom(LEDGER_ID_SIZE), terminal, int(clock() * 1000))
            make(folder, identity, Authenticator.derive(identity.ledger_id, storage_key))
        finally:
            os.close(lock)
        return cls(folder, terminal, storage_key, centre_public_key, clock)

    @classmethod
    def open(
        cls, folder: Path, terminal: str, storage_key: bytes, centre_public_key: X25519PublicKey,
        clock: Callable[[], float] = time.time,
    ) -> "Ledger":  # fmt: skip
        """Open the ledger in ``folder`` and verify its newest entries; see :attr:`damage_at_open`.

        Damaged entries do not keep it shut: the uplink passes them by tombstones.

        :param storage_key: 32 bytes, kept apart from the ledger's disk where the hardware allows.
        :param clock: seconds since 1970 UTC.
        :raises LedgerMissing: none there, or its making was cut short.
        :raises LedgerUnusable: in use, another terminal's or key's, or its identity or the end of its chain is damaged.
        """
        return cls(folder, terminal, storage_key, centre_public_key, clock)

    @property
    def ledger_id(self) -> bytes:
        """16 random bytes, registered with the centre at enrolment."""
        return self._identity.ledger_id

    def head(self) -> Appended:
        """The newest entry; sequence 0 while there is none."""
        return self._head

    def append(self, transaction: Transaction, *, offset_ms: int, enclosure: Enclosure | None = None) -> Appended:
        """Write one entry and return when it is on the disk for good.

        :param offset_ms: centre's clock minus this one's, as last told by a signed answer.
        :param enclosure: what goes with the filing in it: sealed into a file of its own, which the entry names, and
            before the entry is. Together with it or not at all.
        :raises EnclosuresFull: too many enclosures wait; nothing was written.
        :raises LedgerFull: no space; nothing was written.
        :raises LedgerUnusable: the disk failed. Nothing is written any more until the ledger is opened anew, since
            what a failed sync left behind is unknown.
        :raises ValueError: an enclosure without a filing.
        """
        if enclosure is None:
            return self._append(transaction, offset_ms, _NOTHING)
        if transaction.filing is None:
            raise ValueError("an enclosure goes with a filing")
        key, ciphertext = seal_enclosure(canonical(enclosure), self.ledger_id, transaction.transaction_id, self._centre)
        with self._turn:
            if self._broken:
                raise LedgerUnusable(self._broken)
            with self._reading() as db:
                digest = self._enclosures.keep(db, ciphertext)
            named_by = msgspec.structs.replace(
                transaction, filing=msgspec.structs.replace(transaction.filing, enclosure=digest)
            )
            return self._append(named_by, offset_ms, _NOTHING, EnclosureKey(digest, len(ciphertext), key))

    def append_movement(
        self, movement: Movement, *, offset_ms: int, keep: Mapping[str, bytes | None] = _NOTHING
    ) -> Appended:
        """Write one movement of blank cards; as :meth:`append`.

        :param keep: what is kept beside the chain from this entry on, by name, and read by :meth:`kept`; None drops a
            name. Together with the entry or not at all.
        """
        return self._append(movement, offset_ms, keep)

    def append_act(
        self, act: TechnicianAct, *, offset_ms: int, keep: Mapping[str, bytes | None] = _NOTHING
    ) -> Appended:  # fmt: skip
        """Write one act of a technician; as :meth:`append_movement`."""
        return self._append(act, offset_ms, keep)

    def _append(
        self, entry: Transaction | Movement | TechnicianAct, offset_ms: int, keep: Mapping[str, bytes | None],
        enclosed: EnclosureKey | None = None,
    ) -> Appended:  # fmt: skip
        with self._turn:
            now = self._clock()
            head, epoch = self._head, self._current_epoch(now)
            sequence = head.sequence + 1
            header = canonical(_header(entry, int(now * 1000), offset_ms, epoch.key.epoch))
            aad = associated_data(self.ledger_id, sequence, head.hash, SUITE_AES_256_GCM)
            sealed = seal(canonical(entry), epoch.key, aad)
            header_hash, ciphertext_hash = sha256(header), sha256(sealed.ciphertext)
            own_hash = entry_hash(self.ledger_id, sequence, head.hash, header_hash, ciphertext_hash)
            mark = self._authenticator.entry(sequence, own_hash)
            with self._written() as db:
                db.execute(
                    "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?)",
                    (sequence, head.hash, own_hash, header_hash, ciphertext_hash, mark),
                )
                db.execute(
                    "INSERT INTO payload VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (
                        sequence, header, SUITE_AES_256_GCM, sealed.sealed_key, sealed.nonce,
                        key_digest(SUITE_AES_256_GCM, sealed.sealed_key, sealed.nonce), sealed.ciphertext,
                    ),
                )  # fmt: skip
                if isinstance(entry, Transaction):
                    self._note_stage(entry, sequence)
                if enclosed is not None:
                    self._enclosures.note(db, sequence, enclosed, int(now * 1000))
                self._keeper.write(db, sequence, keep)
                if epoch.first_sequence is None:
                    self._store_epoch(epoch, sequence)
            if epoch.first_sequence is None:
                epoch.first_sequence, self._last_epoch = sequence, epoch.key.epoch
            self._head = Appended(sequence, own_hash)
            return self._head

    def unfinished(self) -> list[Transaction]:
        """Transactions that were begun and not finished, oldest first, each as it was last written down.

        One that does not open any more is among the damage that :meth:`verify` finds.

        :raises LedgerUnusable: the ledger can't be read.
        """
        found = []
        with self._turn, self._reading() as db:
            for (sequence,) in db.execute("SELECT sequence FROM open_transaction ORDER BY sequence").fetchall():
                for entry in inspect(db, self.ledger_id, sequence - 1, sequence):
                    if isinstance(entry, SealedEntry):
                        with suppress(Unreadable, Malformed):
                            found.append(self._open_entry(entry))
        return found

    def kept(self, name: str) -> bytes | None:
        """What the newest entry that was written with this name has left under it; None when nothing.

        :raises LedgerDamaged: it is not what was written.
        :raises LedgerUnusable: the ledger can't be read.
        """
        with self._turn, self._reading() as db:
            return self._keeper.read(db, name)

    def count_undelivered(self, delivered_through: int) -> int:
        """How many entries follow ``delivered_through``, the last sequence the centre has given a receipt for."""
        return max(0, self._head.sequence - delivered_through)

    def erase(self, through: int) -> int:
        """Make the payloads up to ``through`` vanish from the ledger's files; the chain stays verifiable.

        Entries of unfinished transactions stay until these are finished. Epoch keys that nothing needs any more go
        too, and enclosures with their keys. The caller has the centre's receipts for all of them.

        :returns: how many payloads were erased.
        :raises ErasureIncomplete: a reader held the log, or a page is damaged; the ledger can be written, erase again.
        :raises LedgerFull: see :meth:`append`.
        :raises LedgerUnusable: see :meth:`append`.
        :raises ValueError: ``through`` was never written.
        """
        if not 0 <= through <= self._head.sequence:
            raise ValueError(f"sequence {through} was never written")
        erased = 0
        try:
            while (chunk := self._erase_chunk(through)) is not None:
                erased += chunk
        except LedgerDamaged as error:
            with self._turn, self._written() as db:  # shows that the rest takes entries
                db.execute("UPDATE ledger SET erased_through = erased_through")
            raise ErasureIncomplete(f"damaged pages of the ledger in {self._folder} can't be erased") from error
        with self._turn:
            try:
                self._empty_log()
            finally:
                with self._reading() as db:
                    self._enclosures.sweep(db)
        return erased

    def expire_enclosures(self) -> list[int]:
        """Erase enclosures that have waited for the centre too long, and keep the reason; the entries concerned.

        :raises ErasureIncomplete: see :meth:`erase`.
        :raises LedgerFull: see :meth:`append`.
        :raises LedgerUnusable: see :meth:`append`.
        """
        now_ms = int(self._clock() * 1000)
        try:
            with self._turn:
                with self._reading() as db:
                    overdue = self._enclosures.overdue(db, now_ms)
                if not overdue:
                    return []
                with self._written() as db:
                    expired = self._enclosures.expire(db, overdue, now_ms)
                with self._reading() as db:
                    self._enclosures.sweep(db)
                self._empty_log()
        except LedgerDamaged as error:
            raise ErasureIncomplete(f"damaged pages of the ledger in {self._folder} can't be erased") from error
        return expired

    def verify(self, *, from_checkpoint: bool = True) -> list[Damage]:
        """What in the ledger is not what was written, in order.

        Each entry carries the terminal's mark over its hash, and so over all before it: any entry is a checkpoint.

        :param from_checkpoint: only the newest 128 entries; otherwise all, some 60 000 a second, and appends go on
            between chunks.
        :raises LedgerUnusable: the ledger can't be read.
        """
        return self._verify_after(max(0, self._head.sequence - TAIL) if from_checkpoint else 0)

    def verify_undelivered(self) -> list[Damage]:
        """The same for all that is not erased yet: what the centre may still have to get, and the newest 128 anyhow.

        :raises LedgerUnusable: the ledger can't be read.
        """
        with self._turn, self._reading() as db:
            erased_through = read_erased_through(db)
        return self._verify_after(max(0, min(erased_through, self._head.sequence - TAIL)))

    def _verify_after(self, done: int) -> list[Damage]:
        with self._turn, self._reading() as db:
            damage = [Damage(first, EPOCH_DAMAGED) for first in damaged_epochs(db, self._head.sequence)]
            damage += self._damaged_enclosures(db)
        while done < (head := self._head.sequence):
            through = min(done + _VERIFY_CHUNK, head)
            with self._turn, self._reading() as db:
                damage += [
                    Damage(found.sequence, found.reason)
                    for found in inspect(db, self.ledger_id, done, through)
                    if isinstance(found, Damaged) and found.reason != ERASED
                ]
                damage += self._find_forged(db, done, through)
            done = through
        return sorted(set(damage), key=lambda one: (one.sequence, one.what))

    def close(self) -> None:
        """Close the files and let the next writer in. Nothing works afterwards."""
        with self._turn:
            self._db.close()
            if self._lock >= 0:
                os.close(self._lock)
                self._lock = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _check_identity(self, terminal: str) -> None:
        with self._reading() as db:
            (mark,) = db.execute("SELECT mac FROM ledger").fetchone()
        if mark != self._authenticator.identity(self._identity):
            raise LedgerUnusable(f"the storage key is not that of the ledger in {self._folder}")
        if terminal != self._identity.terminal:
            raise LedgerUnusable(f"the ledger in {self._folder} belongs to terminal {self._identity.terminal}")

    def _find_head(self) -> Appended:
        """Where the chain goes on. Never a place that may have been given out already."""
        newest = "SELECT * FROM entry ORDER BY sequence DESC LIMIT 1"
        with self._reading() as db:
            row = db.execute(newest).fetchone()
            traces = traces_of_last(db)
        sequence = row[0] if row else 0
        if sequence < traces:
            raise LedgerUnusable(f"entries {sequence + 1} to {traces} of the ledger in {self._folder} are gone")
        if row is None:
            return Appended(0, GENESIS)
        _, previous, stored, header_hash, ciphertext_hash, mark = row
        if all(isinstance(value, bytes) for value in row[1:]):
            # One rotted column leaves the other way to the hash.
            for candidate in (stored, entry_hash(self.ledger_id, sequence, previous, header_hash, ciphertext_hash)):
                if mark == self._authenticator.entry(sequence, candidate):
                    return Appended(sequence, candidate)
        raise LedgerUnusable(f"the last entry of the ledger in {self._folder} is damaged")

    def _note_stage(self, transaction: Transaction, sequence: int) -> None:
        if transaction.stage is Stage.BEGUN:
            self._db.execute(
                "INSERT INTO open_transaction VALUES (?, ?) ON CONFLICT DO NOTHING",
                (transaction.transaction_id, sequence),
            )
        elif transaction.stage is Stage.STEP:
            self._db.execute(
                "UPDATE open_transaction SET sequence = ? WHERE transaction_id = ?",
                (sequence, transaction.transaction_id),
            )
        elif transaction.stage is Stage.FINISHED:
            self._db.execute("DELETE FROM open_transaction WHERE transaction_id = ?", (transaction.transaction_id,))

    def _new_epoch(self, now: float) -> _Epoch:
        key = EpochKey.generate(self._last_epoch + 1)
        return _Epoch(
            key=key, wrapped=key.wrap_for_storage(self.ledger_id, self._storage_key),
            sealed=key.seal_for_centre(self.ledger_id, self._centre).sealed, since=now,
        )  # fmt: skip

    def _current_epoch(self, now: float) -> _Epoch:
        epoch = self._epoch
        if epoch.first_sequence is not None and (
            self._head.sequence + 1 - epoch.first_sequence >= EPOCH_ENTRIES or abs(now - epoch.since) >= EPOCH_SECONDS
        ):
            self._epoch = self._new_epoch(now)
        return self._epoch

    def _store_epoch(self, epoch: _Epoch, first_sequence: int) -> None:
        number = epoch.key.epoch
        digest = epoch_digest(number, epoch.wrapped, epoch.sealed)
        self._db.execute(
            "INSERT INTO epoch VALUES (?, ?, ?, ?, ?)", (number, first_sequence, epoch.wrapped, epoch.sealed, digest)
        )

    def _open_entry(self, entry: SealedEntry) -> Transaction:
        number = decode(entry.header, Header).epoch
        row = self._db.execute("SELECT wrapped_for_storage FROM epoch WHERE number = ?", (number,)).fetchone()
        if row is None:
            raise Unreadable(f"epoch {number} is gone")
        key = open_stored_epoch(number, row[0], self.ledger_id, self._storage_key)
        return decode(unseal(entry, self.ledger_id, key), Transaction)

    def _erase_chunk(self, through: int) -> int | None:
        """Erase some payloads; None when none is left. In pieces, so that no log grows without bound."""
        with self._turn, self._written() as db:
            (first,) = db.execute(
                "SELECT min(sequence) FROM payload WHERE sequence <= ?"
                " AND sequence NOT IN (SELECT sequence FROM open_transaction)",
                (through,),
            ).fetchone()
            upper = through if first is None else min(first + _ERASE_CHUNK - 1, through)
            erased = db.execute(
                "DELETE FROM payload WHERE sequence <= ? AND sequence NOT IN (SELECT sequence FROM open_transaction)",
                (upper,),
            ).rowcount
            db.execute(
                "DELETE FROM epoch WHERE number < (SELECT max(number) FROM epoch) AND NOT EXISTS"
                " (SELECT 1 FROM payload WHERE sequence >= epoch.first_sequence AND sequence <"
                " (SELECT min(later.first_sequence) FROM epoch AS later WHERE later.number > epoch.number))"
            )
            self._enclosures.forget(db, upper)
            db.execute("UPDATE ledger SET erased_through = max(erased_through, ?)", (upper,))
        return None if first is None else erased

    def _empty_log(self) -> None:
        """Move what is in the write-ahead log to the database and cut the log to nothing."""
        try:
            (busy, _, _) = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as error:
            raise self._named(error) from error
        if busy:
            raise ErasureIncomplete(f"a reader holds the log of the ledger in {self._folder}")

    def _damaged_enclosures(self, db: sqlite3.Connection) -> list[Damage]:
        try:
            return [Damage(sequence, what) for sequence, what in amiss(db, self._folder).items()]
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            return [Damage(self._head.sequence, ENCLOSURES_UNREADABLE)]

    def _find_forged(self, db: sqlite3.Connection, after: int, through: int) -> list[Damage]:
        rows = "SELECT sequence, hash, mac FROM entry WHERE sequence > ? AND sequence <= ?"
        try:
            return [
                Damage(sequence, "not_ours")
                for sequence, own_hash, mark in db.execute(rows, (after, through))
                if not isinstance(own_hash, bytes) or mark != self._authenticator.entry(sequence, own_hash)
            ]
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            return []  # an unreadable page is named by inspect

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        try:
            yield self._db
        except sqlite3.Error as error:
            raise self._named(error) from error

    @contextmanager
    def _written(self) -> Iterator[sqlite3.Connection]:
        """One transaction: durable when the block is left, or never begun."""
        if self._broken:
            raise LedgerUnusable(self._broken)
        db = self._db
        try:
            db.execute("BEGIN IMMEDIATE")
            yield db
            db.execute("COMMIT")
        except BaseException as error:
            if not isinstance(error, sqlite3.Error) or primary_code(error) == sqlite3.SQLITE_IOERR:
                self._broken = f"the ledger in {self._folder} was cut short while writing: open it anew"
            with suppress(sqlite3.Error):
                if db.in_transaction:
                    db.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise self._named(error) from error
            raise

    def _named(self, error: sqlite3.Error) -> LedgerError:
        return named(error, self._folder)


def _header(
    entry: Transaction | Movement | TechnicianAct, created_ms: int, offset_ms: int, epoch: int
) -> Header:  # fmt: skip
    match entry:
        case Transaction():
            outcome = entry.outcome.value if entry.outcome else None
            service, stage = entry.service.value, entry.stage.value
        case Movement():
            service, stage, outcome = BLANK_CUSTODY, entry.move.value, None
        case TechnicianAct():
            service, stage, outcome = TECHNICIAN, entry.act, entry.outcome.value
        case _ as never:
            assert_never(never)
    return Header(
        service=service, stage=stage, outcome=outcome, region=entry.region, created_ms=created_ms,
        clock_offset_ms=offset_ms, epoch=epoch,
    )  # fmt: skip


def _check_key(storage_key: bytes) -> None:
    if len(storage_key) != STORAGE_KEY_SIZE:
        raise ValueError(f"a storage key has {STORAGE_KEY_SIZE} bytes")
