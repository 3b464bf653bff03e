"""Brings the ledger to the centre, in sequence, until each entry has its receipt (docs/uplink.md).

The uplink changes nothing but its own receipts, and it moves on only past what a verified receipt covers. So it may be
killed anywhere, lose any answer and send anything twice: the centre knows each entry by its sequence and hash.
"""

import contextlib
import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias, TypeVar, assert_never

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kiosk.central_client import CentreDistrusted, CentreRefused, CentreUnreachable
from kiosk.ledger import Damaged, LedgerReader
from kiosk.records.chain import HASH_SIZE, SealedEntry
from kiosk.records.upload import MAX_BATCH, Batch, Problem, Receipt, SealedEnclosure, Tombstone
from kiosk.uplink.receipts import LineState, Receipts

T = TypeVar("T")

BATCH_BYTES: Final = 2 * 1024 * 1024
"""Most bytes of JSON in one batch, a quarter of what the centre reads: a thin line must have its answer in time."""
FIRST_WAIT_S: Final = 1.0
LONGEST_WAIT_S: Final = 300.0
POLL_S: Final = 0.2
"""How often the ledger's head is looked at; a look costs tens of microseconds."""
SIGN_OF_LIFE_S: Final = 20.0
"""The longest that is waited in one piece, so that a watchdog hears of a healthy uplink whose line is dead."""
GREETING_S: Final = 900.0
"""An idle uplink sends an empty batch this often: it hears of a frozen identity, and keeps the clock's offset fresh."""
_ENTRY_OVERHEAD: Final = 320
"""Bytes of field names, numbers and both hashes of one entry as JSON."""
_LOST: Final = bytes(HASH_SIZE)
"""Stands in a tombstone where the ledger lost even the hash."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Idle:
    """Nothing to send."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The centre has given its receipt for ``count`` entries; everything up to ``through`` is there."""

    count: int
    through: int


@dataclass(frozen=True, slots=True)
class Resumed:
    """Nothing was stored; the next step goes on from another place or with a smaller batch."""


@dataclass(frozen=True, slots=True)
class BackOff:
    """The line does not carry; wait ``seconds``."""

    seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class Halted:
    """Somebody must act; meanwhile ask again every ``seconds``, so that a thaw is noticed."""

    seconds: float
    reason: str


Step: TypeAlias = Idle | Sent | Resumed | BackOff | Halted


class Line(Protocol):
    """What carries a batch: :class:`~kiosk.central_client.connection.SignedConnection`."""

    def ask(self, path: str, question: msgspec.Struct, kind: type[T]) -> T:
        """See :meth:`~kiosk.central_client.connection.SignedConnection.ask`."""
        ...


class Stop(Protocol):
    """What ends :meth:`Uplink.run`: a ``threading.Event``."""

    def is_set(self) -> bool:
        """Whether to stop."""
        ...

    def wait(self, timeout: float) -> bool:
        """Wait that long, or less when told to stop."""
        ...


class _Halt(Exception):
    """What was answered can't be gone on from."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Uplink:
    """One terminal's way to the centre. One process at a time runs it.

    :param key: the terminal's, for tombstones.
    :param centre_keys: the centre's Ed25519 keys by key id, for receipts.
    :param clock: seconds since 1970 UTC by this machine, for the record only: waiting goes by a monotonic clock.
    :param errands: what else goes over the same line, done while nothing waits to be sent; each knows when it is due,
        and raises nothing that the line may do to it.
    """

    def __init__(
        self,
        reader: LedgerReader,
        receipts: Receipts,
        connection: Line,
        *,
        key: Ed25519PrivateKey,
        centre_keys: Mapping[str, Ed25519PublicKey],
        clock: Callable[[], float],
        chance: random.Random,
        monotonic: Callable[[], float] = time.monotonic,
        errands: Sequence[Callable[[], None]] = (),
    ) -> None:
        self._reader, self._receipts, self._connection = reader, receipts, connection
        self._key, self._centre_keys = key, centre_keys
        self._clock, self._chance, self._monotonic = clock, chance, monotonic
        self._errands = errands
        self._most = MAX_BATCH
        self._tried = 0
        self._failures = 0
        self._greeted_at: float | None = None

    def step(self) -> Step:
        """Do one thing: send one batch, greet, or find nothing to do.

        :raises LedgerUnusable: the ledger can't be read.
        :raises sqlite3.Error: the receipts can't be read or written.
        """
        through, head = self._receipts.standing().through, self._reader.head().sequence
        if through == head and self._greeted_at is not None and self._monotonic() - self._greeted_at < GREETING_S:
            return Idle()
        try:
            step = self._send(through)
        except CentreUnreachable as error:
            return self._back_off("unreachable", error)
        except CentreDistrusted as error:
            return self._back_off("distrusted", error)
        except CentreRefused as refused:
            return self._refused(refused.problem, through)
        except _Halt as halt:
            return self._halt(halt.reason, contact=False)
        self._failures = 0
        self._most = min(MAX_BATCH, self._most * 2)
        self._greeted_at = self._monotonic()
        return step

    def _send(self, through: int) -> Step:
        if through > self._reader.head().sequence:
            # An older copy of the ledger was put back: whatever it writes next stands under a sequence that is taken.
            with contextlib.suppress(CentreUnreachable, CentreDistrusted):  # our receipts say so without a line too
                self._testify(self._reader.head().sequence)
            raise _Halt("ledger_behind_centre")
        # First in a run, and after a halt, goes an empty batch: the centre's head is seen before anything is added.
        batch = self._batch(through, 0 if self._greeted_at is None else self._most)
        self._tried = len(batch.entries) + len(batch.tombstones)
        receipt = self._connection.ask("/v1/entries", batch, Receipt)
        self._check(receipt, batch)
        return self._keep(receipt, batch, through)

    def run(self, stop: Stop, alive: Callable[[Step], None] = lambda _step: None) -> None:
        """Step until told to stop.

        :param alive: told what the last step was, after each and at least every :data:`SIGN_OF_LIFE_S` of a wait.
        :raises LedgerUnusable: the ledger can't be read.
        :raises sqlite3.Error: the receipts can't be read or written.
        """
        while not stop.is_set():
            step = self.step()
            alive(step)
            match step:
                case Idle():
                    for errand in self._errands:
                        errand()
                        alive(step)
                    stop.wait(POLL_S)
                case Sent() | Resumed():
                    pass
                case BackOff(seconds=left) | Halted(seconds=left):
                    while left > 0 and not stop.wait(min(left, SIGN_OF_LIFE_S)):
                        left -= SIGN_OF_LIFE_S
                        alive(step)
                case never:
                    assert_never(never)

    def _batch(self, through: int, most: int) -> Batch:
        entries: list[SealedEntry] = []
        tombstones: list[Tombstone] = []
        enclosed: list[SealedEnclosure] = []
        size = 0
        rows = self._reader.entries(through, most)
        sizes = self._reader.enclosure_sizes(through, len(rows))  # after the entries, or a new one might lack its own
        for row in rows:
            match row:
                case SealedEntry():
                    size += _size(row, sizes.get(row.sequence, 0))
                    if size > BATCH_BYTES and (entries or tombstones):
                        break
                    entries.append(row)
                    if row.sequence in sizes:
                        enclosed.append(self._reader.enclosure(row.sequence))
                case Damaged(sequence=sequence, stored_hash=stored_hash, reason=reason):
                    tombstone = Tombstone(sequence=sequence, stored_hash=stored_hash, reason=reason)
                    tombstones.append(tombstone.signed(self._reader.ledger_id, self._key))
                case never:
                    assert_never(never)
        return Batch(
            terminal=self._reader.terminal,
            ledger_id=self._reader.ledger_id,
            epochs=self._reader.epochs({_epoch(entry) for entry in entries}),
            entries=entries,
            tombstones=tombstones,
            enclosures=enclosed,
        )

    def _check(self, receipt: Receipt, batch: Batch) -> None:
        """Believe a receipt only if the centre signed it, for this ledger, over the very hashes that were sent."""
        key = self._centre_keys.get(receipt.key_id)
        if key is None or not receipt.is_genuine(key):
            raise _Halt("receipt_not_genuine")
        if (receipt.terminal, receipt.ledger_id) != (batch.terminal, batch.ledger_id):
            raise _Halt("receipt_not_ours")
        sent = _hashes(batch)
        told = [(judgement.sequence, judgement.hash) for judgement in receipt.judgements]
        if len(sent) != len(told) or not all(map(_same_entry, sent, told)):
            raise _Halt("receipt_not_ours")

    def _keep(self, receipt: Receipt, batch: Batch, through: int) -> Step:
        sent = _hashes(batch)
        reached = sent[-1][0] if sent else through
        if receipt.head_sequence > self._reader.head().sequence:
            self._testify(self._reader.head().sequence)
            raise _Halt("ledger_behind_centre")
        if receipt.head_sequence and not self._holds(receipt.head_sequence, receipt.head_hash):
            self._testify(receipt.head_sequence)
            raise _Halt("ledger_differs_from_centre")
        if receipt.head_sequence < reached:
            if sent:
                raise _Halt("receipt_contradicts_itself")
            # Only a centre that was put back to an older state holds less than it has given receipts for.
            _log.warning("the centre holds entries up to %d only, of %d acknowledged", receipt.head_sequence, through)
            self._receipts.go_back(receipt.head_sequence, now_ms=self._now_ms())
            return Resumed()
        self._receipts.keep(receipt, through=reached, now_ms=self._now_ms())
        if sent:
            return Sent(len(sent), reached)
        return Idle() if reached == self._reader.head().sequence else Resumed()

    def _testify(self, sequence: int) -> None:
        """Show the centre our entry in a place that it has filled: if there are two, it must know and freeze both.

        Nothing can be stored by this, since the centre has an entry there.

        :raises CentreRefused: it froze the ledger.
        """
        batch = self._batch(sequence - 1, 1) if sequence else None
        if batch is not None and batch.entries:
            self._connection.ask("/v1/entries", batch, Receipt)

    def _holds(self, sequence: int, digest: bytes) -> bool:
        match self._reader.entries(sequence - 1, 1):
            case [SealedEntry(hash=own)] | [Damaged(stored_hash=own)]:
                return _same_entry((sequence, own), (sequence, digest))
            case _:
                return False

    def _refused(self, problem: Problem, through: int) -> Step:
        match problem.type:
            case "gap" if problem.expected_sequence is not None and 0 < problem.expected_sequence <= through:
                _log.warning("the centre asks again from entry %d on", problem.expected_sequence)
                self._receipts.go_back(problem.expected_sequence - 1, now_ms=self._now_ms())
                return Resumed()
            case "too_large" if self._tried > 1:
                self._most = self._tried // 2
                return Resumed()
            case "clock" | "replayed":
                return self._back_off(problem.type, None)
            case reason:
                return self._halt(reason, contact=True)

    def _back_off(self, reason: str, error: Exception | None) -> BackOff:
        longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(self._failures, 16))
        self._failures += 1
        step = BackOff(self._chance.uniform(0, longest), reason)
        _log.info("centre %s, again in %.1f s: %s", reason, step.seconds, error)
        self._receipts.stand(LineState.WAITING, reason, now_ms=self._now_ms(), contact=False)
        return step

    def _halt(self, reason: str, *, contact: bool) -> Halted:
        _log.error("halted: %s", reason)
        self._greeted_at = None
        self._receipts.stand(LineState.HALTED, reason, now_ms=self._now_ms(), contact=contact)
        return Halted(LONGEST_WAIT_S, reason)

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)


def _hashes(batch: Batch) -> Sequence[tuple[int, bytes]]:
    rows = [(entry.sequence, entry.hash) for entry in batch.entries]
    return sorted(rows + [(tombstone.sequence, tombstone.stored_hash) for tombstone in batch.tombstones])


def _same_entry(ours: tuple[int, bytes], centres: tuple[int, bytes]) -> bool:
    """A hash that one side has lost agrees with any."""
    return ours[0] == centres[0] and (ours[1] == centres[1] or _LOST in {ours[1], centres[1]})


def _size(entry: SealedEntry, enclosed: int) -> int:
    data = len(entry.header) + len(entry.sealed_key) + len(entry.nonce) + len(entry.ciphertext) + enclosed
    return data * 4 // 3 + _ENTRY_OVERHEAD


class _EpochOf(msgspec.Struct):
    """The one field of a header that the uplink needs, whatever else a later version adds."""

    epoch: int


def _epoch(entry: SealedEntry) -> int:
    return msgspec.json.decode(entry.header, type=_EpochOf).epoch
