"""Filings that were taken down without the centre, as they arrive: once, by the desk's rules."""

import os
import sqlite3
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from central.database import Database
from central.exchange import Asker
from central.filings import FilingRefused
from central.ingest import Ingest
from central.region_rules import load_region_rules
from central.tables import Alarm, Filing, TransactionRow
from kiosk.records.canonical import canonical
from kiosk.records.chain import SealedEntry, sha256
from kiosk.records.filings import (
    CardApplication,
    FileMatter,
    FilingState,
    FilingVerdict,
    IdentifiedBy,
    Proxy,
    Relation,
    taken_down,
)
from kiosk.records.portrait import NoPortrait
from kiosk.records.sealing import seal_enclosure
from kiosk.records.transaction import Outcome, Service, Stage, Transaction
from kiosk.records.upload import Batch, Judgement, Receipt, SealedEnclosure, Verdict
from tests.centre import REGION_RULES, EnrolledTerminal, LedgerWriter, RunningCentre
from tests.integration.test_central_filings import (
    JPEG,
    NOT_INSURED,
    NOW,
    WITH_CARD,
    WITHOUT_CARD,
    a_matter,
    centre,
    declined,
    desk,
    file,
    hanging,
    query,
    terminal,
    with_portrait,
)
from tests.kill_points import killed_before

__all__ = ["centre", "terminal"]
STRIDE = 53  # every line in turn takes minutes
_CODE = ("central/ingest.py", "central/judging.py", "central/arrived_filings.py", "central/filings.py")


@pytest.fixture
def writer(centre: RunningCentre, terminal: EnrolledTerminal) -> LedgerWriter:
    return LedgerWriter(terminal, centre)


def taken(
    writer: LedgerWriter, centre: RunningCentre, question: FileMatter, **changes: Any
) -> tuple[SealedEntry, list[SealedEnclosure]]:
    """The entry of a question that nobody answered, and what goes with it, as ledger and uplink make them."""
    filing, enclosure = taken_down(question)
    enclosed: list[SealedEnclosure] = []
    if enclosure is not None:
        key, ciphertext = seal_enclosure(
            canonical(enclosure), writer.terminal.ledger_id, question.transaction_id, centre.opening_key
        )
        filing = msgspec.structs.replace(filing, enclosure=sha256(ciphertext))
        enclosed = [SealedEnclosure(sequence=writer.sequence + 1, sealed_key=key, ciphertext=ciphertext)]
    values: dict[str, Any] = {
        "transaction_id": question.transaction_id,
        "service": Service.CARD_APPLICATION,
        "stage": Stage.FINISHED,
        "outcome": Outcome.RECORDED,
        "reason": "centre_unreachable",
        "region": question.region,
        "social_security_number": question.social_security_number,
        "holder_name": question.name,
        "identified_by": question.identified_by,
        "proxy_number": question.proxy.number if question.proxy else "",
        "proxy_name": question.proxy.name if question.proxy else "",
        "card_number": "",
        "identification_code": "",
        "filing": filing,
    }
    return writer.append(Transaction(**(values | changes))), enclosed


def batch(writer: LedgerWriter, entry: SealedEntry, enclosed: list[SealedEnclosure]) -> Batch:
    return msgspec.structs.replace(writer.batch([entry]), enclosures=enclosed)


def upload(
    centre: RunningCentre, writer: LedgerWriter, entry: SealedEntry, enclosed: list[SealedEnclosure]
) -> tuple[Verdict, str]:
    receipt = centre.ask(writer.terminal, "/v1/entries", batch(writer, entry, enclosed), Receipt)
    (judgement,) = receipt.judgements
    assert isinstance(judgement, Judgement)
    return judgement.verdict, judgement.reason


def filings_of(centre: RunningCentre, question: FileMatter) -> list[Filing]:
    with centre.database.reading() as session:
        mine = Filing.social_security_number == question.social_security_number
        return [one for one in session.scalars(select(Filing).where(mine)) if one.matter_key == "card_application"]


def alarms(centre: RunningCentre) -> list[tuple[str, str]]:
    with centre.database.reading() as session:
        return [(one.kind, one.detail) for one in session.scalars(select(Alarm))]


def test_it_is_filed_when_it_arrives_with_its_portrait(centre: RunningCentre, writer: LedgerWriter) -> None:
    question = with_portrait(centre, WITHOUT_CARD)
    entry, enclosed = taken(writer, centre, question)
    assert upload(centre, writer, entry, enclosed) == (Verdict.APPLIED, "")
    assert upload(centre, writer, entry, enclosed) == (Verdict.APPLIED, ""), "sent again"
    (filed,) = filings_of(centre, question)
    assert (filed.transaction_id, filed.state, filed.verdict) == (question.transaction_id, "received", None)
    assert filed.number == question.transaction_id[:8].upper(), "as it stands on the slip"
    assert desk(centre).portrait(filed.number) == JPEG
    (told, *_) = query(centre, writer.terminal, WITHOUT_CARD).filings
    assert (told.number, told.state, told.has_portrait) == (filed.number, FilingState.RECEIVED, True)
    with centre.database.reading() as session:
        row = session.get_one(TransactionRow, question.transaction_id)
        assert (row.effects, row.outcome, row.social_security_number) == (1, "recorded", WITHOUT_CARD[0])


@pytest.mark.parametrize("first", ["question", "entry"])
def test_question_and_entry_of_one_number_file_it_once(centre: RunningCentre, writer: LedgerWriter, first: str) -> None:
    question = with_portrait(centre, WITHOUT_CARD)
    entry, enclosed = taken(writer, centre, question)
    if first == "question":
        told = file(centre, writer.terminal, question)
        assert upload(centre, writer, entry, enclosed) == (Verdict.APPLIED, "")
    else:
        assert upload(centre, writer, entry, enclosed) == (Verdict.APPLIED, "")
        told = file(centre, writer.terminal, question)
    (filed,) = filings_of(centre, question)
    assert told.verdict is FilingVerdict.FILED
    assert told.filing is not None
    assert told.filing.number == filed.number
    with centre.database.reading() as session:
        assert session.get_one(TransactionRow, question.transaction_id).effects == 1


@pytest.mark.parametrize(
    ("person", "verdict"), [(WITH_CARD, FilingVerdict.HAS_CARD), (NOT_INSURED, FilingVerdict.NOT_INSURED)]
)
def test_what_is_refused_on_arrival_is_read_under_progress(
    centre: RunningCentre, writer: LedgerWriter, person: tuple[str, str], verdict: FilingVerdict
) -> None:
    question = with_portrait(centre, person)
    entry, enclosed = taken(writer, centre, question)
    assert upload(centre, writer, entry, enclosed) == (Verdict.REFUSED, verdict.value)
    (filed,) = filings_of(centre, question)
    assert (filed.state, filed.verdict) == ("refused", verdict.value)
    assert hanging(centre, question) is None, "of no use any more"
    told = next(one for one in query(centre, writer.terminal, person).filings if one.number == filed.number)
    assert (told.state, told.verdict, told.has_portrait) == (FilingState.REFUSED, verdict, False)
    assert file(centre, writer.terminal, question).verdict is verdict, "a question that came late hears the same"
    with pytest.raises(FilingRefused):
        desk(centre).decide(filed.number, FilingState.READY)


def test_what_stands_open_is_not_filed_again(centre: RunningCentre, writer: LedgerWriter) -> None:
    assert file(centre, writer.terminal, a_matter(WITHOUT_CARD, CardApplication())).verdict is FilingVerdict.FILED
    question = with_portrait(centre, WITHOUT_CARD)
    assert upload(centre, writer, *taken(writer, centre, question)) == (Verdict.SUPERSEDED, "already_filed")
    assert len(filings_of(centre, question)) == 1


def test_two_waiting_wishes_of_one_person_are_one_filing(centre: RunningCentre, writer: LedgerWriter) -> None:
    said = [upload(centre, writer, *taken(writer, centre, with_portrait(centre, WITHOUT_CARD))) for _ in range(2)]
    assert said == [(Verdict.APPLIED, ""), (Verdict.SUPERSEDED, "already_filed")]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"holder_name": "云他人"}, (Verdict.REFUSED, "unknown_holder")),
        ({"identified_by": IdentifiedBy.TYPED}, (Verdict.REFUSED, "id_card_wanted")),
        ({"identified_by": None}, (Verdict.REFUSED, "id_card_wanted")),
        ({"region": "beijing"}, (Verdict.REFUSED, "other_region")),
        ({"done_online": True}, (Verdict.REFUSED, "malformed_payload")),
        ({"outcome": Outcome.DONE}, (Verdict.REFUSED, "malformed_payload")),
        ({"proxy_number": "990100198701059015"}, (Verdict.REFUSED, "malformed_payload")),
        ({"filing": None}, (Verdict.REFUSED, "not_done_online")),
    ],
    ids=lambda value: str(next(iter(value))) if isinstance(value, dict) else "",
)
def test_an_entry_that_is_none_files_nothing(
    centre: RunningCentre, writer: LedgerWriter, changes: dict[str, Any], said: tuple[Verdict, str]
) -> None:
    question = a_matter(WITHOUT_CARD, CardApplication())
    entry, enclosed = taken(writer, centre, question, **changes)
    assert upload(centre, writer, entry, enclosed) == said
    assert filings_of(centre, question) == []


def test_who_was_sent_stands_with_the_filing(centre: RunningCentre, writer: LedgerWriter) -> None:
    sent = Proxy(number=WITH_CARD[0], name=WITH_CARD[1], relation=Relation.SENT, to_show=("mandate",))
    question = a_matter(WITHOUT_CARD, CardApplication(), proxy=sent)
    assert upload(centre, writer, *taken(writer, centre, question)) == (Verdict.APPLIED, "")
    (told, *_) = query(centre, writer.terminal, WITHOUT_CARD).filings
    assert (told.by_proxy, told.to_show) == (True, ("mandate",))
    assert file(centre, writer.terminal, question).verdict is FilingVerdict.FILED, "the very same question"


def test_why_there_is_no_portrait_comes_beside_the_entry(centre: RunningCentre, writer: LedgerWriter) -> None:
    question = a_matter(WITHOUT_CARD, CardApplication(no_portrait=NoPortrait.HEAD_BANDAGED))
    assert upload(centre, writer, *taken(writer, centre, question)) == (Verdict.APPLIED, "")
    with pytest.raises(FilingRefused, match="head_bandaged"):
        desk(centre).portrait(question.transaction_id[:8].upper())


@pytest.mark.parametrize("why", ["expired", "missing", "damaged", "unreadable", "another's"])
def test_a_portrait_that_does_not_come_keeps_nobody_from_a_card(
    centre: RunningCentre, writer: LedgerWriter, why: str
) -> None:
    question = with_portrait(centre, WITHOUT_CARD)
    entry, (sealed,) = taken(writer, centre, question)
    match why:
        case "unreadable":
            gone = msgspec.structs.replace(sealed, sealed_key=os.urandom(len(sealed.sealed_key)))
        case "another's":
            _, (other,) = taken(writer.fork(), centre, with_portrait(centre, WITH_CARD))
            gone = msgspec.structs.replace(other, sequence=entry.sequence)
        case _:
            gone = SealedEnclosure(sequence=entry.sequence, gone=why)
    assert upload(centre, writer, entry, [gone]) == (Verdict.APPLIED, "")
    said = "unreadable" if why == "another's" else why
    assert ("enclosure_lost", f"sequence {entry.sequence}: {said}") in alarms(centre)
    (filed,) = filings_of(centre, question)
    assert hanging(centre, question) is None
    with pytest.raises(FilingRefused, match="lost"):
        desk(centre).portrait(filed.number)


def test_a_lost_portrait_of_what_was_filed_before_takes_nothing_away(
    centre: RunningCentre, writer: LedgerWriter
) -> None:
    question = with_portrait(centre, WITHOUT_CARD)
    told = file(centre, writer.terminal, question).filing
    assert told is not None
    entry, _ = taken(writer, centre, question)
    gone = SealedEnclosure(sequence=entry.sequence, gone="expired")
    assert upload(centre, writer, entry, [gone]) == (Verdict.APPLIED, "")
    assert desk(centre).portrait(told.number) == JPEG


def test_an_entry_without_its_enclosure_is_not_stored(centre: RunningCentre, writer: LedgerWriter) -> None:
    question = with_portrait(centre, WITHOUT_CARD)
    entry, enclosed = taken(writer, centre, question)
    wrong: list[list[SealedEnclosure]] = [
        [],
        enclosed * 2,
        [*enclosed, SealedEnclosure(sequence=9, gone="missing")],
    ]
    for one in wrong:
        assert declined(lambda one=one: upload(centre, writer, entry, one)) == (400, "malformed")  # type: ignore[misc]  # a default of a lambda
    assert filings_of(centre, question) == []
    assert upload(centre, writer, entry, enclosed) == (Verdict.APPLIED, "")


def test_another_terminals_number_files_nothing(centre: RunningCentre, writer: LedgerWriter) -> None:
    question = with_portrait(centre, WITHOUT_CARD)
    other = centre.enrol("yl-0002", "yunling")
    assert file(centre, other, question).verdict is FilingVerdict.FILED
    assert upload(centre, writer, *taken(writer, centre, question)) == (Verdict.REFUSED, "foreign_transaction")


@pytest.mark.parametrize("known", [False, True], ids=["entry-alone", "question-before"])
def test_a_centre_killed_in_the_middle_of_an_upload_files_it_once(
    sqlite_centre: RunningCentre, tmp_path: Path, known: bool
) -> None:
    """A centre's own process, killed before lines spread over all of its work; then the uplink sends it again."""
    sqlite_centre.reset(at_ms=NOW)
    writer = LedgerWriter(sqlite_centre.enrol("yl-0001", "yunling"), sqlite_centre)
    question = with_portrait(sqlite_centre, WITHOUT_CARD)
    if known:
        file(sqlite_centre, writer.terminal, question)
    sent = batch(writer, *taken(writer, sqlite_centre, question))
    asker = Asker(writer.terminal.id, writer.terminal.key.public_key())

    def receive(database: Path, begin: Callable[[], None] = lambda: None) -> Receipt:
        rules = load_region_rules(REGION_RULES)
        ingest = Ingest(Database(f"sqlite:///{database}"), sqlite_centre.keys, sqlite_centre.clock, rules)
        begin()
        return ingest.receive(asker, sent)

    before = 0
    for line in count(1, STRIDE):
        victim = tmp_path / f"{line}.db"
        with sqlite3.connect(sqlite_centre.directory / "centre.db") as source, sqlite3.connect(victim) as copy:
            source.backup(copy)
        killed = killed_before(line, lambda begin, victim=victim: receive(victim, begin), *_CODE)  # type: ignore[misc]  # a default of a lambda
        with sqlite3.connect(victim) as database:
            (stored,) = database.execute("SELECT count(*) FROM entries").fetchone()
        before += not stored
        assert [one.verdict for one in receive(victim).judgements] == [Verdict.APPLIED]
        with sqlite3.connect(victim) as database:
            mine = "SELECT count(*) FROM filings WHERE transaction_id = ?"
            assert database.execute(mine, (question.transaction_id,)).fetchone() == (1,)
            assert database.execute("SELECT count(*) FROM filing_portraits").fetchone() == (1,)
            assert database.execute(
                "SELECT effects FROM transactions WHERE transaction_id = ?", (question.transaction_id,)
            ).fetchone() == (1,)
        if not killed:
            break
    assert before > 5, "it was killed before it had stored anything"
