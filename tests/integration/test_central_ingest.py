"""What becomes of uploaded entries: stored once, judged each, over both databases and real HTTPS."""

import functools
import gzip
import secrets
import threading
from collections.abc import Callable

import msgspec
import pytest
import requests
from sqlalchemy import func, select

from central.card_keys import Algorithm
from central.enrolment import thaw
from central.query import transaction_row
from central.tables import Alarm, Card, Entry, TransactionRow
from kiosk.records.chain import SealedEntry
from kiosk.records.portrait import Consent, ConsentBy, ConsentWord
from kiosk.records.questions import (
    CardProof,
    CardProved,
    CardSessionOpened,
    GetRecord,
    OpenCardSession,
    ProveCard,
    RecordAnswer,
)
from kiosk.records.sealing import EpochKey
from kiosk.records.transaction import IssuanceStep, Outcome, Service, Stage
from kiosk.records.upload import Receipt, Tombstone, Verdict, encode
from tests.centre import (
    ZHUMADIAN_CARD,
    EnrolledTerminal,
    LedgerWriter,
    Refusal,
    RunningCentre,
    a_header,
    a_transaction,
)

ENTRIES = "/v1/entries"
UNKNOWN_CARD = ("411700D156000005000000000000FFFF", "T41179999", "411700198504121036")
Said = list[tuple[int, str, str]]


@pytest.fixture
def terminal(any_centre: RunningCentre) -> EnrolledTerminal:
    return any_centre.enrol()


@pytest.fixture
def ledger(any_centre: RunningCentre, terminal: EnrolledTerminal) -> LedgerWriter:
    return LedgerWriter(terminal, any_centre)


def upload(centre: RunningCentre, ledger: LedgerWriter, *entries: SealedEntry | Tombstone) -> Receipt:
    sealed = [one for one in entries if isinstance(one, SealedEntry)]
    stones = [one for one in entries if isinstance(one, Tombstone)]
    receipt = centre.ask(ledger.terminal, ENTRIES, ledger.batch(sealed, stones), Receipt)
    assert receipt.is_genuine(centre.signing_key)
    return receipt


def declined(question: Callable[[], object]) -> Refusal:
    with pytest.raises(Refusal) as caught:
        question()
    return caught.value


def said(receipt: Receipt) -> Said:
    return [(one.sequence, one.verdict.value, one.reason) for one in receipt.judgements]


def count(centre: RunningCentre, table: type) -> int:
    with centre.database.reading() as session:
        return session.scalars(select(func.count()).select_from(table)).one()


def alarms(centre: RunningCentre) -> list[tuple[str, str]]:
    with centre.database.reading() as session:
        return [(one.terminal, one.kind) for one in session.scalars(select(Alarm))]


def row(centre: RunningCentre, transaction_id: str) -> dict[str, object]:
    found = transaction_row(centre.database.engine, transaction_id)
    assert found is not None
    return found


def card_row(centre: RunningCentre) -> Card:
    with centre.database.reading() as session:
        return session.get_one(Card, ZHUMADIAN_CARD[0])


def set_card_state(centre: RunningCentre, state: str) -> None:
    with centre.database.writing() as session:
        session.get_one(Card, ZHUMADIAN_CARD[0]).state = state


def test_entries_are_stored_as_they_came(any_centre: RunningCentre, ledger: LedgerWriter) -> None:
    entries = [ledger.append(a_transaction()) for _ in range(3)]
    receipt = upload(any_centre, ledger, *entries)
    assert said(receipt) == [(1, "applied", ""), (2, "applied", ""), (3, "applied", "")]
    assert [one.hash for one in receipt.judgements] == [entry.hash for entry in entries]
    assert (receipt.head_sequence, receipt.head_hash) == (3, entries[2].hash)
    with any_centre.database.reading() as session:
        stored = session.scalars(select(Entry).order_by(Entry.sequence)).all()
        for entry, one in zip(entries, stored, strict=True):
            assert (one.hash, one.previous_hash, one.header) == (entry.hash, entry.previous_hash, entry.header)
            assert (one.suite, one.sealed_key, one.nonce) == (1, entry.sealed_key, entry.nonce)
            assert one.ciphertext == entry.ciphertext


def test_an_empty_batch_tells_the_head(any_centre: RunningCentre, ledger: LedgerWriter) -> None:
    assert upload(any_centre, ledger).head_sequence == 0
    first = ledger.append(a_transaction())
    upload(any_centre, ledger, first)
    receipt = upload(any_centre, ledger)
    assert (receipt.judgements, receipt.head_sequence, receipt.head_hash) == ([], 1, first.hash)


def test_the_same_batch_again_changes_nothing(any_centre: RunningCentre, ledger: LedgerWriter) -> None:
    change = a_transaction(service=Service.PIN_CHANGE, pin_held_by="chip")
    entries = [ledger.append(change), ledger.append(b"rubbish"), ledger.append(a_transaction())]
    first = upload(any_centre, ledger, *entries)
    before = row(any_centre, change.transaction_id)
    again = upload(any_centre, ledger, *entries)
    assert again.judgements == first.judgements
    assert count(any_centre, Entry) == 3
    assert row(any_centre, change.transaction_id) == before
    assert before["effects"] == 1


def test_a_batch_may_repeat_what_is_stored_and_go_on(any_centre: RunningCentre, ledger: LedgerWriter) -> None:
    entries = [ledger.append(a_transaction()) for _ in range(6)]
    upload(any_centre, ledger, *entries[:4])
    receipt = upload(any_centre, ledger, *entries[2:])
    assert [sequence for sequence, _, _ in said(receipt)] == [3, 4, 5, 6]
    assert (receipt.head_sequence, count(any_centre, Entry)) == (6, 6)


def test_a_gap_is_told_with_where_to_go_on(any_centre: RunningCentre, ledger: LedgerWriter) -> None:
    entries = [ledger.append(a_transaction()) for _ in range(5)]
    upload(any_centre, ledger, *entries[:2])
    refusal = declined(lambda: upload(any_centre, ledger, *entries[3:]))
    assert (refusal.status, refusal.problem.type, refusal.problem.expected_sequence) == (409, "gap", 3)
    assert count(any_centre, Entry) == 2


def test_a_hole_inside_a_batch_is_malformed(any_centre: RunningCentre, ledger: LedgerWriter) -> None:
    entries = [ledger.append(a_transaction()) for _ in range(3)]
    refusal = declined(lambda: upload(any_centre, ledger, entries[0], entries[2]))
    assert (refusal.status, refusal.problem.type) == (400, "malformed")


def test_a_tombstone_passes_the_gap(any_centre: RunningCentre, ledger: LedgerWriter) -> None:
    entries = [ledger.append(a_transaction()) for _ in range(3)]
    receipt = upload(any_centre, ledger, entries[0], ledger.tombstone(entries[1]), entries[2])
    assert said(receipt) == [(1, "applied", ""), (2, "lost", "row_damaged"), (3, "applied", "")]
    assert receipt.judgements[1].hash == entries[1].hash


def test_a_tombstone_without_a_hash_passes_the_gap(any_centre: RunningCentre, ledger: LedgerWriter) -> None:
    entries = [ledger.append(a_transaction()) for _ in range(4)]
    stone = ledger.tombstone(entries[1], hash_known=False)
    upload(any_centre, ledger, entries[0], stone)
    receipt = upload(any_centre, ledger, stone, *entries[2:])
    assert said(receipt) == [(2, "lost", "row_damaged"), (3, "applied", ""), (4, "applied", "")]


def test_a_tombstone_with_a_hash_keeps_the_chain(any_centre: RunningCentre, ledger: LedgerWriter) -> None:
    first = ledger.append(a_transaction())
    twin = ledger.fork()
    lost, _ = ledger.append(a_transaction()), twin.append(a_transaction())
    stranger = twin.append(a_transaction())
    refusal = declined(lambda: upload(any_centre, ledger, first, ledger.tombstone(lost), stranger))
    assert (refusal.status, refusal.problem.type) == (400, "malformed")
    assert count(any_centre, Entry) == 0


def test_a_forged_tombstone_is_refused_and_told(any_centre: RunningCentre, ledger: LedgerWriter) -> None:
    first, second = ledger.append(a_transaction()), ledger.append(a_transaction())
    forged = msgspec.structs.replace(ledger.tombstone(first), signature=secrets.token_bytes(64))
    unsigned = msgspec.structs.replace(forged, signature=b"")
    retold = msgspec.structs.replace(ledger.tombstone(first), reason="erased")
    for stone in (forged, unsigned, retold):
        refusal = declined(functools.partial(upload, any_centre, ledger, stone, second))
        assert (refusal.status, refusal.problem.type) == (400, "malformed")
    assert count(any_centre, Entry) == 0
    assert alarms(any_centre) == [("zmd-0001", "forged_tombstone")] * 3


def test_an_entry_that_turned_unreadable_after_its_upload_stays_stored(
    any_centre: RunningCentre, ledger: LedgerWriter
) -> None:
    entries = [ledger.append(a_transaction()) for _ in range(3)]
    upload(any_centre, ledger, *entries[:2])
    for stone in (ledger.tombstone(entries[1]), ledger.tombstone(entries[1], hash_known=False)):
        receipt = upload(any_centre, ledger, entries[0], stone)
        assert said(receipt) == [(1, "applied", ""), (2, "applied", "")]
        assert receipt.judgements[1].hash == stone.stored_hash
    assert said(upload(any_centre, ledger, *entries)) == [(1, "applied", ""), (2, "applied", ""), (3, "applied", "")]


def test_a_fork_freezes_and_stores_nothing(any_centre: RunningCentre, ledger: LedgerWriter) -> None:
    first = ledger.append(a_transaction())
    twin = ledger.fork()
    ours, theirs = ledger.append(a_transaction()), twin.append(a_transaction())
    upload(any_centre, ledger, first, ours)
    refusal = declined(lambda: upload(any_centre, ledger, theirs, twin.append(a_transaction())))
    assert (refusal.status, refusal.problem.type) == (423, "frozen")
    assert count(any_centre, Entry) == 2
    assert alarms(any_centre) == [("zmd-0001", "fork")]
    # From now on nothing is taken, right or wrong, and one alarm is enough.
    assert declined(lambda: upload(any_centre, ledger, first, ours)).problem.type == "frozen"
    assert declined(lambda: upload(any_centre, ledger, ledger.append(a_transaction()))).problem.type == "frozen"
    assert alarms(any_centre) == [("zmd-0001", "fork")]


def test_a_restored_backup_that_went_on_is_a_fork_too(any_centre: RunningCentre, ledger: LedgerWriter) -> None:
    first = ledger.append(a_transaction())
    restored = ledger.fork()
    upload(any_centre, ledger, first, ledger.append(a_transaction()))
    restored.append(a_transaction())
    refusal = declined(lambda: upload(any_centre, ledger, restored.append(a_transaction())))
    assert (refusal.status, refusal.problem.type) == (423, "frozen")
    assert alarms(any_centre) == [("zmd-0001", "fork")]


def test_a_thawed_ledger_goes_on(any_centre: RunningCentre, ledger: LedgerWriter) -> None:
    twin = ledger.fork()
    upload(any_centre, ledger, ledger.append(a_transaction()))
    declined(lambda: upload(any_centre, ledger, twin.append(a_transaction())))
    thaw(any_centre.database, "zmd-0001", ledger.terminal.ledger_id)
    assert upload(any_centre, ledger, ledger.append(a_transaction())).head_sequence == 2


def test_a_replaced_disk_starts_a_ledger_of_its_own(any_centre: RunningCentre, ledger: LedgerWriter) -> None:
    upload(any_centre, ledger, ledger.append(a_transaction()))
    fresh = LedgerWriter(any_centre.replace_ledger(ledger.terminal), any_centre)
    assert upload(any_centre, fresh, fresh.append(a_transaction())).head_sequence == 1
    assert count(any_centre, Entry) == 2


def test_a_ledger_that_is_not_registered_is_refused(any_centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    stranger = LedgerWriter(_with_ledger(terminal), any_centre)
    refusal = declined(lambda: upload(any_centre, stranger, stranger.append(a_transaction())))
    assert (refusal.status, refusal.problem.type) == (403, "unknown_terminal")


def _with_ledger(terminal: EnrolledTerminal) -> EnrolledTerminal:
    return EnrolledTerminal(
        terminal.id, terminal.region, terminal.key, bytes(16), terminal.pad_serial, terminal.pad_master_key
    )


@pytest.mark.parametrize("field", ["hash", "header", "ciphertext", "previous_hash", "sequence"])
def test_an_entry_changed_on_its_way_is_malformed(any_centre: RunningCentre, ledger: LedgerWriter, field: str) -> None:
    upload(any_centre, ledger, ledger.append(a_transaction()))
    entry = ledger.append(a_transaction())
    value = getattr(entry, field)
    changed = msgspec.structs.replace(entry, **{field: value + 1 if isinstance(value, int) else b"\1" * 32})
    refusal = declined(lambda: upload(any_centre, ledger, changed))
    assert (refusal.status, refusal.problem.type) in {(400, "malformed"), (409, "gap")}
    assert count(any_centre, Entry) == 1


@pytest.mark.parametrize(
    "rubbish",
    [
        b"", b"{}", b"null", b"[1]", b"\xff\xfe", b'"\\ud800"', b"[" * 5000, b"9" * 400,
        b'{"schema":1,"transaction_id":"zz"}',
    ],
)  # fmt: skip
def test_a_plaintext_of_any_kind_is_stored_and_refused(
    any_centre: RunningCentre, ledger: LedgerWriter, rubbish: bytes
) -> None:
    receipt = upload(any_centre, ledger, ledger.append(rubbish), ledger.append(a_transaction()))
    assert said(receipt) == [(1, "refused", "malformed_payload"), (2, "applied", "")]


CONSENT = Consent(word=ConsentWord.GIVEN, by=ConsentBy.HOLDER)


@pytest.mark.parametrize(
    "change",
    [
        {"transaction_id": "short"},
        {"transaction_id": "A" * 32},
        {"reason": "a\0b"},
        {"outcome": None},
        {"stage": Stage.BEGUN},
        {"consent": CONSENT},
        {"stage": Stage.BEGUN, "outcome": None, "consent": CONSENT},
        {"stage": Stage.CONSENT, "outcome": None},
        {"stage": Stage.STEP, "outcome": None},
        {"stage": Stage.BEGUN, "outcome": None, "step": IssuanceStep.PRINTING},
        {"stage": Stage.CONSENT, "consent": CONSENT},
    ],
)
def test_a_transaction_that_can_not_be_is_refused(
    any_centre: RunningCentre, ledger: LedgerWriter, change: dict[str, object]
) -> None:
    wrong = msgspec.structs.replace(a_transaction(), **change)
    receipt = upload(any_centre, ledger, ledger.append(wrong), ledger.append(a_transaction()))
    assert said(receipt) == [(1, "refused", "malformed_payload"), (2, "applied", "")]


@pytest.mark.parametrize("header", [b"{}", b"", b"\xff", b'{"epoch": 1}'])
def test_a_header_that_can_not_be_read_is_refused(
    any_centre: RunningCentre, ledger: LedgerWriter, header: bytes
) -> None:
    receipt = upload(any_centre, ledger, ledger.append(a_transaction(), header=header), ledger.append(a_transaction()))
    assert said(receipt) == [(1, "refused", "unreadable"), (2, "applied", "")]


def test_times_beyond_any_clock_are_refused(any_centre: RunningCentre, ledger: LedgerWriter) -> None:
    header = a_header(created_ms=10**40)
    receipt = upload(any_centre, ledger, ledger.append(a_transaction(), header=header), ledger.append(a_transaction()))
    assert said(receipt) == [(1, "refused", "malformed_payload"), (2, "applied", "")]


def test_a_seal_that_does_not_open_blocks_nothing(any_centre: RunningCentre, ledger: LedgerWriter) -> None:
    right = ledger.epoch
    ledger.epoch = EpochKey.generate(1)  # not the one that went to the centre
    closed = ledger.append(a_transaction())
    ledger.epoch = right
    unknown_epoch = ledger.append(a_transaction(), header=a_header(epoch=7))
    receipt = upload(any_centre, ledger, closed, unknown_epoch, ledger.append(a_transaction()))
    assert said(receipt) == [(1, "refused", "unreadable"), (2, "refused", "unreadable"), (3, "applied", "")]
    assert count(any_centre, Entry) == 3


def test_an_epoch_key_is_kept_for_later_batches(any_centre: RunningCentre, ledger: LedgerWriter) -> None:
    upload(any_centre, ledger, ledger.append(a_transaction()))
    later = msgspec.structs.replace(ledger.batch([ledger.append(a_transaction())]), epochs=[])
    receipt = any_centre.ask(ledger.terminal, ENTRIES, later, Receipt)
    assert said(receipt) == [(2, "applied", "")]


def test_an_unknown_card_is_refused(any_centre: RunningCentre, ledger: LedgerWriter) -> None:
    receipt = upload(any_centre, ledger, ledger.append(a_transaction(card=UNKNOWN_CARD)))
    assert said(receipt) == [(1, "refused", "unknown_card")]


def test_an_entry_without_a_card_is_kept(any_centre: RunningCentre, ledger: LedgerWriter) -> None:
    nobody = a_transaction(card=("", "", ""), outcome=Outcome.CANCELLED, reason="no_card")
    assert said(upload(any_centre, ledger, ledger.append(nobody))) == [(1, "applied", "")]


@pytest.mark.parametrize(
    "outcome", [Outcome.DONE, Outcome.PARTLY_DONE, Outcome.REFUSED, Outcome.CANCELLED, Outcome.FAILED, Outcome.UNKNOWN]
)
def test_a_query_is_kept_whatever_its_outcome(
    any_centre: RunningCentre, ledger: LedgerWriter, outcome: Outcome
) -> None:
    query = a_transaction(outcome=outcome)
    assert said(upload(any_centre, ledger, ledger.append(query))) == [(1, "applied", "")]
    kept = row(any_centre, query.transaction_id)
    assert (kept["outcome"], kept["effects"]) == (outcome.value, 0)


def test_a_pin_change_on_the_chip_is_noted_at_the_card(any_centre: RunningCentre, ledger: LedgerWriter) -> None:
    change = a_transaction(service=Service.PIN_CHANGE, pin_held_by="chip", assumed_card_state="1")
    begun = msgspec.structs.replace(change, stage=Stage.BEGUN, outcome=None)
    header = a_header(created_ms=1_770_000_123_000)
    receipt = upload(any_centre, ledger, ledger.append(begun), ledger.append(change, header=header))
    assert said(receipt) == [(1, "applied", ""), (2, "applied", "")]
    card = card_row(any_centre)
    assert (card.chip_pin_changed_at, card.chip_pin_changed_by) == (1_770_000_123_000, "zmd-0001")
    kept = row(any_centre, change.transaction_id)
    assert (kept["begun_sequence"], kept["finished_sequence"], kept["effects"]) == (1, 2, 1)


def test_an_older_pin_change_does_not_hide_a_newer_one(any_centre: RunningCentre, ledger: LedgerWriter) -> None:
    for created_ms in (1_770_000_200_000, 1_770_000_100_000):
        change = a_transaction(service=Service.PIN_CHANGE, pin_held_by="chip")
        upload(any_centre, ledger, ledger.append(change, header=a_header(created_ms=created_ms)))
    assert card_row(any_centre).chip_pin_changed_at == 1_770_000_200_000


def test_a_change_is_superseded_when_the_card_was_lost_meanwhile(
    any_centre: RunningCentre, ledger: LedgerWriter
) -> None:
    set_card_state(any_centre, "2")
    change = a_transaction(service=Service.PIN_CHANGE, pin_held_by="chip", assumed_card_state="1")
    receipt = upload(any_centre, ledger, ledger.append(change), ledger.append(a_transaction(assumed_card_state="1")))
    assert said(receipt) == [(1, "superseded", "card_state_changed"), (2, "applied", "")]
    assert card_row(any_centre).chip_pin_changed_at is None
    assert row(any_centre, change.transaction_id)["effects"] == 0


def test_the_same_stage_under_another_sequence_is_superseded(any_centre: RunningCentre, ledger: LedgerWriter) -> None:
    change = a_transaction(service=Service.PIN_CHANGE, pin_held_by="chip")
    in_one = upload(any_centre, ledger, ledger.append(change), ledger.append(change))
    assert said(in_one) == [(1, "applied", ""), (2, "superseded", "duplicate_transaction")]
    later = upload(any_centre, ledger, ledger.append(change))
    assert said(later) == [(3, "superseded", "duplicate_transaction")]
    assert row(any_centre, change.transaction_id)["effects"] == 1
    assert row(any_centre, change.transaction_id)["finished_sequence"] == 1


def test_what_was_said_to_a_portrait_is_kept_each_time_and_changes_nothing(
    any_centre: RunningCentre, ledger: LedgerWriter
) -> None:
    filing = a_transaction(card=("", "", ZHUMADIAN_CARD[2]), service=Service.CARD_APPLICATION, holder_name="张模拟")
    given, back = (
        msgspec.structs.replace(filing, stage=Stage.CONSENT, outcome=None, consent=said_now)
        for said_now in (CONSENT, msgspec.structs.replace(CONSENT, word=ConsentWord.WITHDRAWN))
    )
    entries = [ledger.append(one) for one in (given, back, given)]
    assert said(upload(any_centre, ledger, *entries)) == [(1, "applied", ""), (2, "applied", ""), (3, "applied", "")]
    with any_centre.database.reading() as session:
        assert session.get(TransactionRow, filing.transaction_id) is None, "nothing rests on it"
        kept = session.scalars(select(Entry.ciphertext).order_by(Entry.sequence)).all()
    assert kept == [entry.ciphertext for entry in entries]
    begun = msgspec.structs.replace(filing, stage=Stage.BEGUN, outcome=None)
    ended = msgspec.structs.replace(filing, outcome=Outcome.CANCELLED)
    last = upload(any_centre, ledger, ledger.append(begun), ledger.append(given), ledger.append(ended))
    assert said(last) == [(4, "applied", ""), (5, "applied", ""), (6, "applied", "")]
    stored = row(any_centre, filing.transaction_id)
    assert (stored["begun_sequence"], stored["finished_sequence"], stored["effects"]) == (4, 6, 0)


def test_steps_of_a_card_in_the_making_are_kept_each_time_and_change_nothing(
    any_centre: RunningCentre, ledger: LedgerWriter
) -> None:
    making = a_transaction(card=("", "", ZHUMADIAN_CARD[2]), service=Service.CARD_APPLICATION, holder_name="张模拟")
    begun = msgspec.structs.replace(making, stage=Stage.BEGUN, outcome=None)
    steps = [
        msgspec.structs.replace(making, stage=Stage.STEP, outcome=None, step=step)
        for step in (IssuanceStep.SWITCHING, IssuanceStep.SWITCHED, IssuanceStep.SWITCHED)
    ]
    receipt = upload(any_centre, ledger, *(ledger.append(one) for one in (begun, *steps)))
    assert [(verdict, reason) for _, verdict, reason in said(receipt)] == [("applied", "")] * 4
    stored = row(any_centre, making.transaction_id)
    assert (stored["begun_sequence"], stored["finished_sequence"], stored["effects"]) == (1, None, 0)


def test_a_forgotten_card_raises_an_alarm_and_changes_nothing(any_centre: RunningCentre, ledger: LedgerWriter) -> None:
    query = a_transaction()
    nobodys = a_transaction(card=("", "", ""))
    entries = [ledger.append(query)]
    entries += [
        ledger.append(msgspec.structs.replace(one, stage=Stage.CARD_KEPT, outcome=None, reason=reason))
        for one, reason in ((query, "about_to"), (query, "kept"), (nobodys, "unknown"), (nobodys, "stays"))
    ]
    receipt = upload(any_centre, ledger, *entries)
    assert [verdict for _, verdict, _ in said(receipt)] == ["applied"] * 5
    assert alarms(any_centre) == [("zmd-0001", "card_kept")] * 2
    with any_centre.database.reading() as session:
        details = set(session.scalars(select(Alarm.detail)))
        assert session.get(TransactionRow, nobodys.transaction_id) is None
    assert details == {f"number {one.transaction_id[:8].upper()}" for one in (query, nobodys)}
    assert row(any_centre, query.transaction_id)["finished_sequence"] == 1


def test_consent_under_anothers_transaction_is_foreign(any_centre: RunningCentre, ledger: LedgerWriter) -> None:
    change = a_transaction(service=Service.PIN_CHANGE, pin_held_by="chip")
    word = msgspec.structs.replace(
        change, service=Service.CARD_APPLICATION, stage=Stage.CONSENT, outcome=None, consent=CONSENT
    )
    receipt = upload(any_centre, ledger, ledger.append(change), ledger.append(word))
    assert said(receipt) == [(1, "applied", ""), (2, "refused", "foreign_transaction")]


def test_a_transaction_id_belongs_to_one_terminal(any_centre: RunningCentre, ledger: LedgerWriter) -> None:
    mine = a_transaction()
    upload(any_centre, ledger, ledger.append(mine))
    other = LedgerWriter(any_centre.enrol("zmd-0002"), any_centre)
    assert said(upload(any_centre, other, other.append(mine))) == [(1, "refused", "foreign_transaction")]
    assert row(any_centre, mine.transaction_id)["terminal"] == "zmd-0001"


@pytest.mark.parametrize("service", Service)
def test_done_online_is_not_taken_on_trust(any_centre: RunningCentre, ledger: LedgerWriter, service: Service) -> None:
    begun = a_transaction(service=service, pin_held_by="centre", stage=Stage.BEGUN, outcome=None)
    claim = msgspec.structs.replace(begun, stage=Stage.FINISHED, outcome=Outcome.DONE, done_online=True)
    assert said(upload(any_centre, ledger, ledger.append(begun), ledger.append(claim))) == [
        (1, "applied", ""),
        (2, "refused", "not_done_online"),
    ]
    alone = a_transaction(service=service, pin_held_by="centre", done_online=True)
    assert said(upload(any_centre, ledger, ledger.append(alone))) == [(3, "refused", "not_done_online")]


def test_what_was_done_online_is_not_done_again(
    any_centre: RunningCentre, ledger: LedgerWriter, terminal: EnrolledTerminal
) -> None:
    query = a_transaction(done_online=True)
    code, number, social_security_number = ZHUMADIAN_CARD
    opened = any_centre.ask(
        terminal,
        "/v1/card-sessions",
        OpenCardSession(
            transaction_id=query.transaction_id,
            region="zhumadian",
            identification_code=code,
            card_number=number,
            norm_version="2.00",
        ),
        CardSessionOpened,
    )
    path = f"/v1/card-sessions/{opened.session_id}"
    answer = any_centre.keys.cards.expected_answer(Algorithm.TRIPLE_DES, code, opened.challenge)
    proof = ProveCard(cryptogram=answer, social_security_number=social_security_number)
    assert any_centre.ask(terminal, f"{path}/card-proof", proof, CardProved).proof is CardProof.GENUINE
    asked = GetRecord(transaction_id=query.transaction_id)
    told = any_centre.ask(terminal, f"{path}/record", asked, RecordAnswer)
    assert told.record is not None
    online = row(any_centre, query.transaction_id)
    receipt = upload(any_centre, ledger, ledger.append(query))
    assert said(receipt) == [(1, "applied", "")]
    after = row(any_centre, query.transaction_id)
    assert after["record_disclosed_at"] == online["record_disclosed_at"] is not None
    assert (after["effects"], after["finished_sequence"]) == (0, 1)
    assert count(any_centre, TransactionRow) == 1


def test_too_many_entries_are_too_large(any_centre: RunningCentre, ledger: LedgerWriter) -> None:
    entries = [ledger.append(b"") for _ in range(501)]
    refusal = declined(lambda: upload(any_centre, ledger, *entries))
    assert (refusal.status, refusal.problem.type) == (413, "too_large")
    assert upload(any_centre, ledger, *entries[:500]).head_sequence == 500


def test_the_same_batch_from_two_threads_is_stored_once(
    any_centre: RunningCentre, ledger: LedgerWriter, terminal: EnrolledTerminal
) -> None:
    change = a_transaction(service=Service.PIN_CHANGE, pin_held_by="chip")
    entries = [ledger.append(change), *[ledger.append(a_transaction()) for _ in range(199)]]
    packed = gzip.compress(encode(ledger.batch(entries)))
    threads, answers = 4, list[tuple[int, bytes]]()
    together = threading.Barrier(threads)

    def send() -> None:
        request = any_centre.prepare(terminal, ENTRIES, packed)
        with requests.Session() as session:
            session.trust_env, session.verify = False, str(any_centre.ca_file)
            together.wait(timeout=30)
            reply = any_centre.send(request, session)
            answers.append((reply.status, reply.body))

    senders = [threading.Thread(target=send) for _ in range(threads)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join(timeout=60)
    assert [status for status, _ in answers] == [200] * threads
    receipts = [msgspec.json.decode(body, type=Receipt) for _, body in answers]
    assert all(one.judgements == receipts[0].judgements for one in receipts)
    assert all(one.verdict is Verdict.APPLIED for one in receipts[0].judgements)
    assert count(any_centre, Entry) == 200
    assert row(any_centre, change.transaction_id)["effects"] == 1


def test_what_was_acknowledged_is_there_after_a_restart(any_centre: RunningCentre, ledger: LedgerWriter) -> None:
    entries = [ledger.append(a_transaction()) for _ in range(3)]
    first = upload(any_centre, ledger, *entries)
    any_centre.restart()
    again = upload(any_centre, ledger, *entries)
    assert again.judgements == first.judgements
    assert count(any_centre, Entry) == 3
