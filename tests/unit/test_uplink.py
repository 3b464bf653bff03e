"""The uplink over a real ledger, before a centre on paper that can be made to say anything."""

import random
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from kiosk.central_client import CentreDistrusted, CentreError, CentreRefused, CentreUnreachable
from kiosk.ledger import Ledger, LedgerReader
from kiosk.records.transaction import Outcome, Service, Stage, Transaction
from kiosk.records.upload import Batch, Judgement, Problem, Receipt, Verdict
from kiosk.uplink import (
    AlreadyRunning,
    BackOff,
    Halted,
    Idle,
    LineState,
    ReceiptReader,
    Receipts,
    ReceiptsUnusable,
    Resumed,
    Sent,
    Step,
    Uplink,
)
from kiosk.uplink.alone import alone
from kiosk.uplink.uplink import LONGEST_WAIT_S, SIGN_OF_LIFE_S

T = TypeVar("T")
TERMINAL_KEY = Ed25519PrivateKey.from_private_bytes(b"t" * 32)
CENTRE_KEY = Ed25519PrivateKey.from_private_bytes(b"c" * 32)
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
CENTRE_KEYS = {"centre-1": CENTRE_KEY.public_key()}
NOW_S = 1_800_000_000.0
NOW_MS = 1_800_000_000_000


@dataclass
class PaperCentre:
    """Gives receipts as docs/protocol.md says; ``twist`` falsifies the next one, ``says`` answers instead of it."""

    says: list[CentreError] = field(default_factory=list)
    twist: Callable[[Receipt], Receipt] | None = None
    sign_with: Ed25519PrivateKey = CENTRE_KEY
    most: int = 500
    held: list[bytes] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)

    def ask(self, path: str, question: msgspec.Struct, kind: type[T]) -> T:
        assert path == "/v1/entries"
        assert isinstance(question, Batch)
        self.batches.append(question)
        if self.says:
            raise self.says.pop(0)
        rows = sorted(
            [(entry.sequence, entry.hash, Verdict.APPLIED) for entry in question.entries]
            + [(tombstone.sequence, tombstone.stored_hash, Verdict.LOST) for tombstone in question.tombstones]
        )
        if len(rows) > self.most:
            raise refusal("too_large", 413)
        if rows and rows[0][0] > len(self.held) + 1:
            raise refusal("gap", 409, expected=len(self.held) + 1)
        for sequence, digest, _ in rows:
            if sequence == len(self.held) + 1:
                self.held.append(digest)
            if self.held[sequence - 1] != digest:
                raise refusal("frozen", 423)
        receipt = Receipt(
            terminal=question.terminal,
            ledger_id=question.ledger_id,
            judgements=[Judgement(sequence=s, hash=h, verdict=v) for s, h, v in rows],
            head_sequence=len(self.held),
            head_hash=self.held[-1] if self.held else bytes(32),
            centre_time_ms=NOW_MS,
            key_id="centre-1",
        )
        receipt = (self.twist(receipt) if self.twist else receipt).signed(self.sign_with)
        assert isinstance(receipt, kind)
        return receipt


def refusal(kind: str, status: int, *, expected: int | None = None) -> CentreRefused:
    return CentreRefused(status, Problem(type=kind, expected_sequence=expected, centre_time_ms=NOW_MS))


@dataclass
class Bench:
    """A ledger, its receipts, a centre and an uplink between them."""

    folder: Path
    ledger: Ledger
    reader: LedgerReader
    receipts: Receipts
    centre: PaperCentre
    uplink: Uplink
    monotonic: list[float]

    def append(self, count: int, *, padding: int = 0) -> None:
        for _ in range(count):
            self.ledger.append(
                Transaction(
                    transaction_id=f"{random.getrandbits(128):032x}",
                    service=Service.CARD_QUERY,
                    stage=Stage.FINISHED,
                    outcome=Outcome.DONE,
                    region="zhumadian",
                    card_number="A12345678",
                    identification_code="0123456789ABCDEF",
                    reason="x" * padding,
                ),
                offset_ms=0,
            )

    def new_uplink(self) -> Uplink:
        return Uplink(
            self.reader, self.receipts, self.centre, key=TERMINAL_KEY, centre_keys=CENTRE_KEYS,
            clock=lambda: NOW_S, chance=random.Random(1), monotonic=lambda: self.monotonic[0],
        )  # fmt: skip

    def steps(self) -> list[Step]:
        """Until there is nothing to do or something is in the way."""
        done = [self.uplink.step()]
        while isinstance(done[-1], Sent | Resumed):
            done.append(self.uplink.step())
        return done

    def receipt_reader(self) -> ReceiptReader:
        return ReceiptReader(self.folder / "receipts.db", self.ledger.ledger_id, "t-1", CENTRE_KEYS)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    centre_key = X25519PrivateKey.generate().public_key()
    ledger = Ledger.create(tmp_path / "ledger", "t-1", b"s" * 32, centre_key, lambda: NOW_S)
    with (
        ledger,
        LedgerReader(tmp_path / "ledger") as reader,
        Receipts(tmp_path / "receipts.db", ledger.ledger_id, now_ms=NOW_MS) as receipts,
    ):
        centre = PaperCentre()
        monotonic = [0.0]
        uplink = Uplink(
            reader, receipts, centre, key=TERMINAL_KEY, centre_keys=CENTRE_KEYS,
            clock=lambda: NOW_S, chance=random.Random(1), monotonic=lambda: monotonic[0],
        )  # fmt: skip
        yield Bench(tmp_path, ledger, reader, receipts, centre, uplink, monotonic)


def test_greets_first_then_sends_in_sequence(bench: Bench) -> None:
    bench.append(3)
    assert bench.steps() == [Resumed(), Sent(3, 3), Idle()]
    greeting, batch = bench.centre.batches
    assert (greeting.entries, greeting.tombstones, greeting.epochs) == ([], [], [])
    assert [entry.sequence for entry in batch.entries] == [1, 2, 3]
    assert [key.epoch for key in batch.epochs] == [1]
    assert bench.receipts.standing().through == 3


def test_idle_uplink_is_silent_and_greets_every_quarter_hour(bench: Bench) -> None:
    assert bench.steps() == [Idle()]
    bench.monotonic[0] = 899.0
    assert bench.steps() == [Idle()]
    assert len(bench.centre.batches) == 1
    bench.monotonic[0] = 900.0
    assert bench.steps() == [Idle()]
    assert len(bench.centre.batches) == 2


def test_at_most_500_a_batch(bench: Bench) -> None:
    bench.append(501)
    assert bench.steps() == [Resumed(), Sent(500, 500), Sent(1, 501), Idle()]


def test_at_most_2_mib_a_batch(bench: Bench) -> None:
    bench.append(5, padding=700_000)  # two of them make 1.9 MB of base64
    assert bench.steps() == [Resumed(), Sent(2, 2), Sent(2, 4), Sent(1, 5), Idle()]
    assert all(len(msgspec.json.encode(batch)) <= 2 * 1024 * 1024 for batch in bench.centre.batches)


def test_one_entry_above_the_limit_goes_alone(bench: Bench) -> None:
    bench.append(2, padding=2_000_000)
    assert bench.steps() == [Resumed(), Sent(1, 1), Sent(1, 2), Idle()]


def test_halves_what_is_too_large_and_grows_again(bench: Bench) -> None:
    bench.append(40)
    bench.centre.most = 10
    assert Sent(10, 10) in bench.steps()
    assert len(bench.centre.held) == 40
    assert bench.centre.batches[1].entries[-1].sequence == 40
    assert bench.centre.batches[2].entries[-1].sequence == 20
    assert bench.centre.batches[3].entries[-1].sequence == 10
    bench.centre.most = 500
    bench.append(30)
    bench.steps()
    bench.append(30)
    assert Sent(30, 100) in bench.steps()


def test_a_single_entry_that_is_too_large_halts(bench: Bench) -> None:
    bench.append(2)
    bench.centre.most = 0
    assert bench.steps()[-1] == Halted(300.0, "too_large")


def test_lost_answer_sends_the_same_again(bench: Bench) -> None:
    bench.append(2)
    bench.steps()
    bench.append(2)
    bench.centre.says = [CentreUnreachable("cut", maybe_done=True)]
    assert isinstance(bench.steps()[-1], BackOff)
    assert bench.receipts.standing().through == 2
    assert bench.steps() == [Sent(2, 4), Idle()]
    assert bench.centre.batches[-1] == bench.centre.batches[-2]


def test_back_off_doubles_to_five_minutes_with_full_jitter_and_starts_anew(bench: Bench) -> None:
    class Longest(random.Random):
        def uniform(self, a: float, b: float) -> float:
            assert a == 0
            return b

    bench.uplink._chance = Longest()
    bench.centre.says = [CentreUnreachable("cut", maybe_done=False)] * 11
    waits = [step.seconds for step in (bench.uplink.step() for _ in range(11)) if isinstance(step, BackOff)]
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert bench.receipts.standing().line is LineState.WAITING
    assert bench.uplink.step() == Idle()
    bench.append(1)
    bench.centre.says = [CentreDistrusted("certificate", maybe_done=False)]
    assert bench.uplink.step() == BackOff(1, "distrusted")
    assert bench.receipts.standing().reason == "distrusted"


@pytest.mark.parametrize(
    ("kind", "status"),
    [("frozen", 423), ("unknown_terminal", 403), ("revoked", 403), ("malformed", 400), ("signature", 401)],
)
def test_halts_and_notices_the_thaw(bench: Bench, kind: str, status: int) -> None:
    bench.append(1)
    bench.centre.says = [refusal(kind, status)] * 2
    assert bench.steps() == [Halted(300.0, kind)]
    standing = bench.receipt_reader().standing()
    assert (standing.line, standing.reason, standing.last_contact_ms) == (LineState.HALTED, kind, NOW_MS)
    assert bench.steps() == [Halted(300.0, kind)]
    assert bench.steps() == [Resumed(), Sent(1, 1), Idle()]
    assert bench.receipt_reader().standing().line is LineState.SENDING


def test_goes_back_to_what_the_centre_lost(bench: Bench) -> None:
    bench.append(6)
    bench.steps()
    del bench.centre.held[2:]
    bench.append(1)
    assert bench.steps() == [Resumed(), Sent(5, 7), Idle()]
    assert len(bench.centre.held) == 7
    assert bench.receipt_reader().proven_through() == 7


def test_goes_back_on_the_greeting_too(bench: Bench) -> None:
    bench.append(6)
    bench.steps()
    del bench.centre.held[2:]
    bench.uplink = bench.new_uplink()
    assert bench.steps() == [Resumed(), Sent(4, 6), Idle()]
    assert bench.receipt_reader().proven_through() == 6


@pytest.mark.parametrize("expected", [None, 0, 4, 5])
def test_a_gap_that_makes_no_sense_halts(bench: Bench, expected: int | None) -> None:
    bench.append(3)
    bench.steps()
    bench.append(1)
    bench.centre.says = [refusal("gap", 409, expected=expected)]
    assert bench.steps() == [Halted(300.0, "gap")]
    assert bench.receipts.standing().through == 3


def test_a_restored_ledger_overwrites_nothing(bench: Bench) -> None:
    bench.append(2)
    bench.steps()
    bench.centre.held += [b"h" * 32] * 3
    bench.uplink = bench.new_uplink()
    assert bench.steps() == [Halted(300.0, "ledger_behind_centre")]
    greeting, shown = bench.centre.batches[-2:]
    assert (len(greeting.entries), [entry.sequence for entry in shown.entries]) == (0, [2])
    assert len(bench.centre.held) == 5


@pytest.mark.parametrize("written", [1, 3])
def test_a_restored_ledger_that_wrote_on_shows_the_centre_its_fork(bench: Bench, written: int) -> None:
    bench.append(2)
    bench.steps()
    bench.centre.held += [b"h" * 32] * 3
    bench.append(written)  # 3: it has caught up, and only the hash gives it away
    bench.uplink = bench.new_uplink()
    assert bench.steps() == [Halted(300.0, "frozen")]
    assert [entry.sequence for entry in bench.centre.batches[-1].entries] == [2 + written]
    assert len(bench.centre.held) == 5


def test_receipts_beyond_the_ledger_halt_with_or_without_a_line(bench: Bench) -> None:
    bench.append(1)
    bench.steps()
    with sqlite3.connect(bench.folder / "receipts.db") as db:
        db.execute("UPDATE state SET through = 9")
    bench.centre.says = [CentreUnreachable("no line", maybe_done=False)]
    assert bench.steps() == [Halted(300.0, "ledger_behind_centre")]
    assert bench.steps() == [Halted(300.0, "ledger_behind_centre")]
    assert len(bench.centre.held) == 1


def _other_hash(receipt: Receipt) -> Receipt:
    wrong = [msgspec.structs.replace(judgement, hash=b"w" * 32) for judgement in receipt.judgements]
    return msgspec.structs.replace(receipt, judgements=wrong)


@pytest.mark.parametrize(
    ("twist", "reason"),
    [
        (_other_hash, "receipt_not_ours"),
        (lambda r: msgspec.structs.replace(r, judgements=r.judgements[:-1]), "receipt_not_ours"),
        (lambda r: msgspec.structs.replace(r, judgements=[*r.judgements, r.judgements[-1]]), "receipt_not_ours"),
        (lambda r: msgspec.structs.replace(r, terminal="t-2"), "receipt_not_ours"),
        (lambda r: msgspec.structs.replace(r, ledger_id=b"l" * 16), "receipt_not_ours"),
        (lambda r: msgspec.structs.replace(r, key_id="centre-2"), "receipt_not_genuine"),
        (lambda r: msgspec.structs.replace(r, head_hash=b"w" * 32), "ledger_differs_from_centre"),
        (lambda r: msgspec.structs.replace(r, head_sequence=0), "receipt_contradicts_itself"),
        (lambda r: msgspec.structs.replace(r, head_sequence=99), "ledger_behind_centre"),
    ],
)
def test_a_wrong_receipt_is_not_believed(bench: Bench, twist: Callable[[Receipt], Receipt], reason: str) -> None:
    assert bench.steps() == [Idle()]
    bench.append(2)
    bench.centre.twist = twist
    assert bench.steps() == [Halted(300.0, reason)]
    assert bench.receipts.standing().through == 0
    assert bench.receipt_reader().judgements() == []


def test_a_receipt_by_another_key_is_not_believed(bench: Bench) -> None:
    bench.append(1)
    bench.centre.sign_with = OTHER_KEY
    assert bench.steps() == [Halted(300.0, "receipt_not_genuine")]


def test_damaged_rows_go_up_as_signed_tombstones(bench: Bench) -> None:
    bench.append(3)
    with sqlite3.connect(bench.folder / "ledger" / "ledger.db") as db:
        db.execute("UPDATE payload SET ciphertext = x'00' WHERE sequence = 2")
    assert bench.steps() == [Resumed(), Sent(3, 3), Idle()]
    batch = bench.centre.batches[-1]
    assert [entry.sequence for entry in batch.entries] == [1, 3]
    (tombstone,) = batch.tombstones
    assert (tombstone.sequence, tombstone.stored_hash) == (2, batch.entries[1].previous_hash)
    assert tombstone.is_genuine(bench.ledger.ledger_id, TERMINAL_KEY.public_key())
    assert [(j.sequence, j.verdict) for j in bench.receipt_reader().for_staff()] == [(2, Verdict.LOST)]


def test_what_was_erased_goes_up_again_as_tombstones_when_receipts_are_lost(bench: Bench) -> None:
    bench.append(3)
    bench.steps()
    bench.ledger.erase(bench.receipt_reader().proven_through())
    with Receipts(bench.folder / "new.db", bench.ledger.ledger_id, now_ms=NOW_MS) as bench.receipts:
        bench.uplink = bench.new_uplink()
        assert bench.steps() == [Resumed(), Sent(3, 3), Idle()]
    assert [tombstone.reason for tombstone in bench.centre.batches[-1].tombstones] == ["erased"] * 3


def test_terminal_reads_verdicts_and_what_staff_must_see(bench: Bench) -> None:
    verdicts = [(Verdict.APPLIED, ""), (Verdict.REFUSED, "unknown_card"), (Verdict.SUPERSEDED, "card_state_changed")]
    bench.append(3)
    bench.centre.twist = lambda receipt: msgspec.structs.replace(
        receipt,
        judgements=[
            msgspec.structs.replace(judgement, verdict=verdict, reason=reason)
            for judgement, (verdict, reason) in zip(receipt.judgements, verdicts, strict=False)
        ],
    )
    bench.steps()
    reader = bench.receipt_reader()
    assert [(j.sequence, j.verdict, j.reason) for j in reader.judgements(after=1)] == [
        (2, Verdict.REFUSED, "unknown_card"),
        (3, Verdict.SUPERSEDED, "card_state_changed"),
    ]
    assert [j.sequence for j in reader.for_staff()] == [2, 3]
    assert reader.standing().last_contact_ms == NOW_MS


def test_nothing_is_proven_without_the_centres_signature(bench: Bench) -> None:
    for _ in range(3):
        bench.append(2)
        bench.steps()
    reader = bench.receipt_reader()
    assert (reader.proven_through(), reader.proven_through(after=3)) == (6, 6)
    with sqlite3.connect(bench.folder / "receipts.db") as db:
        (signed,) = db.execute("SELECT signed FROM receipt WHERE number = 2").fetchone()
        receipt = msgspec.json.decode(signed, type=Receipt)
        forged = msgspec.json.encode(receipt.signed(OTHER_KEY))
        db.execute("UPDATE receipt SET signed = ? WHERE number = 2", (forged,))
    assert (reader.proven_through(), reader.proven_through(after=4)) == (2, 6)
    with sqlite3.connect(bench.folder / "receipts.db") as db:
        db.execute("UPDATE receipt SET signed = x'7b' WHERE number = 1")
    assert reader.proven_through() == 0
    stranger = ReceiptReader(bench.folder / "receipts.db", b"another ledger..", "t-1", CENTRE_KEYS)
    assert stranger.proven_through(after=4) == 4


def test_more_than_the_uplink_says_is_never_proven(bench: Bench) -> None:
    bench.append(4)
    bench.steps()
    bench.receipts.go_back(1, now_ms=NOW_MS)
    assert bench.receipt_reader().proven_through() == 1


def test_reader_works_while_no_uplink_runs(bench: Bench) -> None:
    bench.append(1)
    bench.steps()
    bench.receipts.close()
    assert bench.receipt_reader().proven_through() == 1
    with pytest.raises(sqlite3.OperationalError):
        bench.receipt_reader()._db.execute("DELETE FROM receipt")


def test_receipts_survive_reopening_and_belong_to_one_ledger(bench: Bench) -> None:
    bench.append(2)
    bench.steps()
    bench.receipts.close()
    with Receipts(bench.folder / "receipts.db", bench.ledger.ledger_id, now_ms=NOW_MS) as again:
        assert again.standing().through == 2
        assert again._db.execute("PRAGMA synchronous").fetchone() == (2,)
        assert again._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    with pytest.raises(ReceiptsUnusable):
        Receipts(bench.folder / "receipts.db", b"another ledger..", now_ms=NOW_MS)


def test_one_uplink_a_ledger(tmp_path: Path) -> None:
    with alone(tmp_path / "lock"), pytest.raises(AlreadyRunning), alone(tmp_path / "lock"):
        pass
    with alone(tmp_path / "lock"):
        pass


class Watch:
    """A stop that lets an uplink take so many waits, and notes how long each was."""

    def __init__(self, waits: int) -> None:
        self.waits, self.waited = waits, list[float]()

    def is_set(self) -> bool:
        return len(self.waited) >= self.waits

    def wait(self, timeout: float) -> bool:
        self.waited.append(timeout)
        return self.is_set()


def test_an_uplink_that_waits_for_its_line_gives_signs_of_life(bench: Bench) -> None:
    bench.centre.says = [CentreRefused(423, Problem(type="frozen", expected_sequence=None, centre_time_ms=NOW_MS))] * 2
    watch, signs = Watch(16), list[Step]()
    bench.uplink.run(watch, signs.append)
    assert sum(watch.waited[:15]) == LONGEST_WAIT_S, "five minutes, and the centre was asked once"
    assert max(watch.waited) == SIGN_OF_LIFE_S
    assert len(signs) == 17
    assert all(isinstance(step, Halted) for step in signs)


def test_an_idle_uplink_gives_a_sign_of_life_each_time_it_looks(bench: Bench) -> None:
    bench.append(3)
    watch, signs = Watch(3), list[Step]()
    bench.uplink.run(watch, signs.append)
    assert [type(step) for step in signs] == [Resumed, Sent, Idle, Idle, Idle]
