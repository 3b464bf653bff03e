"""A card is gone, a card is found: stopped once, let go to the millisecond, never against what came later."""

import gzip
import logging
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests
from sqlalchemy import select
from sqlalchemy.event import listen

from central.card_states import Cause, change
from central.database import Database
from central.exchange import Asker
from central.ingest import Ingest
from central.query import transaction_row
from central.tables import Card, CardEvent, CentrePin, Holder
from kiosk.records.card import CardState
from kiosk.records.filings import IdentifiedBy
from kiosk.records.questions import (
    LiftLoss,
    LiftVerdict,
    LossLifted,
    LossReported,
    LossVerdict,
    PinVerdict,
    ReportLoss,
)
from kiosk.records.transaction import Outcome, Service, Stage, Transaction
from kiosk.records.upload import Receipt, decode, encode
from tests.centre import EnrolledTerminal, LedgerWriter, Refusal, RunningCentre, a_header, a_transaction
from tests.integration.test_central_card_sessions import Asked

NOW = 1_800_000_000_000
HOUR = 3_600_000
DAY = 86_400_000
# Of config/demo/centre.json and tests/regions/centre.json: identification code, card number, social security number.
BEIJING = ("110000D1560000050000000000002001", "T11000015", "110000198807212015")
BEIJING_KEY = "2B4F34FB9A01F6B1CAEC0F625F7BBA39"
JIANGXI = ("360100D1560000050000000000006001", "T36010017", "360100198609086013")
ZHUMADIAN = ("411700D1560000050000000000001001", "T41170015", "411700198504121036")
YUNLING = ("990100D1560000050000000000009001", "T99010014", "990100198701059015")
LOST_YUNLING = ("990100D1560000050000000000009002", "T99010022", "990100199409169027")
# Internal keys, typed over from tests/regions/cards.
YUNLING_KEY = "2E9E40ADE827EEDF4C29C3E294CB974F"
LOST_YUNLING_KEY = "5F7F0E6B8234A8C21F6B1E00EB389CA7"
NAMES = {BEIJING: "周模拟", JIANGXI: "朱举例", ZHUMADIAN: "张示例", YUNLING: "云示例", LOST_YUNLING: "云挂失"}
Person = tuple[str, str, str]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def centre(request: pytest.FixtureRequest) -> RunningCentre:
    """A freshly seeded centre over either database, whose clock stands still at NOW."""
    running: RunningCentre = request.getfixturevalue(
        "sqlite_centre" if request.param == "sqlite" else "postgres_centre"
    )
    running.reset(at_ms=NOW)
    return running


@pytest.fixture
def beijing(centre: RunningCentre) -> EnrolledTerminal:
    return centre.enrol("bj-0001", "beijing")


@pytest.fixture
def yunling(centre: RunningCentre) -> EnrolledTerminal:
    return centre.enrol("yl-0001", "yunling")


@pytest.fixture
def found(centre: RunningCentre, yunling: EnrolledTerminal) -> Asked:
    """A card that was reported lost twelve hours ago, in the slot."""
    return Asked(centre, yunling, LOST_YUNLING, LOST_YUNLING_KEY)


def a_report(person: Person, region: str, **other: Any) -> ReportLoss:
    values: dict[str, Any] = {
        "transaction_id": os.urandom(16).hex(),
        "region": region,
        "social_security_number": person[2],
        "name": NAMES.get(person, ""),
        "identified_by": IdentifiedBy.ID_CARD,
    }
    return ReportLoss(**(values | other))


def ask(centre: RunningCentre, terminal: EnrolledTerminal, question: ReportLoss) -> LossReported:
    return centre.ask(terminal, "/v1/loss-reports", question, LossReported)


def lift(asked: Asked, transaction_id: str | None = None, block: bytes | None = None) -> LossLifted:
    serial = asked.terminal.pad_serial if block is not None else ""
    question = LiftLoss(transaction_id=transaction_id or asked.transaction_id, pin_block=block, pad_serial=serial)
    return asked.centre.ask(asked.terminal, asked.path("loss-lifting"), question, LossLifted)


def declined(question: Callable[[], object]) -> tuple[int, str]:
    with pytest.raises(Refusal) as caught:
        question()
    return caught.value.status, caught.value.problem.type


def state(centre: RunningCentre, person: Person) -> str:
    with centre.database.reading() as session:
        return session.get_one(Card, person[0]).state


def at_a_window(centre: RunningCentre, person: Person, to: CardState, event: str, at_ms: int, **other: Any) -> None:
    """What a window's own system does to a card."""
    with centre.database.writing() as session:
        card = session.get_one(Card, person[0])
        session.add(change(card, to, event, at_ms, Cause(reason="window")))
        for name, value in other.items():
            setattr(card, name, value)


def events(centre: RunningCentre, person: Person) -> list[tuple[str, int, str, str]]:
    with centre.database.reading() as session:
        query = select(CardEvent).where(CardEvent.identification_code == person[0]).order_by(CardEvent.number)
        return [(one.event, one.at_ms, one.from_state, one.to_state) for one in session.scalars(query)]


def row(centre: RunningCentre, transaction_id: str) -> dict[str, Any]:
    found = transaction_row(centre.database.engine, transaction_id)
    assert found is not None
    return found


def taken_down(person: Person, region: str, **other: Any) -> Transaction:
    """The entry of a report that was typed without the centre."""
    values: dict[str, Any] = {"assumed_card_state": "1", "holder_name": NAMES.get(person, ""), "region": region}
    return a_transaction(
        card=("", "", person[2]), service=Service.TEMPORARY_LOSS, outcome=Outcome.RECORDED, **(values | other)
    )


def upload(
    centre: RunningCentre, ledger: LedgerWriter, transaction: Transaction, typed_ms: int, offset_ms: int = 0
) -> tuple[str, str]:
    """Send one entry and get its verdict.

    :param typed_ms: what the terminal's clock showed.
    :param offset_ms: what the terminal knows of that clock's error.
    """
    header = a_header(ledger.terminal.region, created_ms=typed_ms)
    header = msgspec.structs.replace(header, clock_offset_ms=offset_ms)
    batch = ledger.batch([ledger.append(transaction, header=header)])
    (one,) = centre.ask(ledger.terminal, "/v1/entries", batch, Receipt).judgements
    return one.verdict.value, one.reason


# --- online


def test_a_report_stops_the_card_for_the_regions_term(centre: RunningCentre, beijing: EnrolledTerminal) -> None:
    question = a_report(BEIJING, "beijing")
    answer = ask(centre, beijing, question)
    assert answer == LossReported(
        verdict=LossVerdict.REPORTED, reported_at_ms=1_800_000_000_000, lapses_at_ms=1_800_864_000_000
    )
    assert state(centre, BEIJING) == "4"
    assert events(centre, BEIJING) == [("reported", NOW, "1", "4")]
    kept = row(centre, question.transaction_id)
    assert (kept["service"], kept["loss_reported_at"], kept["effects"]) == ("temporary_loss", NOW, 1)
    assert (kept["identification_code"], kept["card_number"]) == BEIJING[:2]


@pytest.mark.parametrize(
    ("person", "region", "lapses_at", "bank"),
    [(JIANGXI, "jiangxi", 1_800_432_000_000, "中国工商银行"), (ZHUMADIAN, "zhumadian", None, "中国农业银行")],
)
def test_the_term_is_the_regions_own_or_none(
    centre: RunningCentre, person: Person, region: str, lapses_at: int | None, bank: str
) -> None:
    answer = ask(centre, centre.enrol("t-0001", region), a_report(person, region))
    assert (answer.lapses_at_ms, answer.bank) == (lapses_at, bank)


def test_the_same_report_again_changes_nothing(centre: RunningCentre, beijing: EnrolledTerminal) -> None:
    question = a_report(BEIJING, "beijing")
    first = ask(centre, beijing, question)
    centre.clock.held_ms = NOW + HOUR
    assert ask(centre, beijing, question) == first
    # The card was let go at a window meanwhile: an answer given again does not stop it again.
    at_a_window(centre, BEIJING, CardState.NORMAL, "lifted", NOW + HOUR)
    assert ask(centre, beijing, question) == first
    assert state(centre, BEIJING) == "1"
    assert row(centre, question.transaction_id)["effects"] == 1
    assert len(events(centre, BEIJING)) == 2


@pytest.mark.parametrize(
    ("person", "region", "verdict"),
    [
        (BEIJING, "beijing", LossVerdict.ID_CARD_WANTED),
        (JIANGXI, "jiangxi", LossVerdict.REPORTED),
        (YUNLING, "yunling", LossVerdict.REPORTED),
        (ZHUMADIAN, "zhumadian", LossVerdict.ID_CARD_WANTED),
    ],
)
def test_what_was_typed_stops_a_card_only_where_the_region_lets_it(
    centre: RunningCentre, person: Person, region: str, verdict: LossVerdict
) -> None:
    terminal = centre.enrol("t-0001", region)
    typed = a_report(person, region, identified_by=IdentifiedBy.TYPED)
    assert ask(centre, terminal, typed).verdict is verdict
    assert state(centre, person) == ("4" if verdict is LossVerdict.REPORTED else "1")
    kept = row(centre, typed.transaction_id)
    assert (kept["effects"], kept["identified_by"]) == ((1, "typed") if verdict is LossVerdict.REPORTED else (0, None))
    # Whoever then lays the ID card down is served under the same transaction.
    shown = msgspec.structs.replace(typed, identified_by=IdentifiedBy.ID_CARD)
    assert ask(centre, terminal, shown).verdict is LossVerdict.REPORTED
    assert len(events(centre, person)) == 1


@pytest.mark.parametrize("number", [BEIJING[2], "110000198807212016", "110000197312082058"])
def test_whoever_only_types_is_told_the_same_of_everybody(
    centre: RunningCentre, beijing: EnrolledTerminal, number: str
) -> None:
    typed = a_report(("", "", number), "beijing", name="何书面", identified_by=IdentifiedBy.TYPED)
    assert ask(centre, beijing, typed) == LossReported(verdict=LossVerdict.ID_CARD_WANTED)


def test_a_lost_card_identifies_nobody(centre: RunningCentre, beijing: EnrolledTerminal) -> None:
    claimed = a_report(BEIJING, "beijing", identified_by=IdentifiedBy.CARD)
    assert declined(lambda: ask(centre, beijing, claimed)) == (400, "malformed")
    assert state(centre, BEIJING) == "1"


def test_a_report_that_does_not_say_how_is_malformed(centre: RunningCentre, beijing: EnrolledTerminal) -> None:
    said = msgspec.to_builtins(a_report(BEIJING, "beijing"))
    del said["identified_by"]
    reply = centre.post(beijing, "/v1/loss-reports", msgspec.json.encode(said))
    assert (reply.status, state(centre, BEIJING)) == (400, "1")


def test_a_second_report_does_not_begin_the_term_anew(centre: RunningCentre, beijing: EnrolledTerminal) -> None:
    ask(centre, beijing, a_report(BEIJING, "beijing"))
    centre.clock.held_ms = NOW + DAY
    second = a_report(BEIJING, "beijing")
    answer = ask(centre, beijing, second)
    assert answer == LossReported(
        verdict=LossVerdict.ALREADY_REPORTED, reported_at_ms=NOW, lapses_at_ms=1_800_864_000_000
    )
    centre.clock.held_ms = NOW + 11 * DAY
    assert ask(centre, beijing, second) == answer  # the same question, so the same verdict
    assert row(centre, second.transaction_id)["effects"] == 0


@pytest.mark.parametrize(
    ("region", "number", "name", "verdict", "bank"),
    [
        ("beijing", "110000198406122043", "许预挂", LossVerdict.ALREADY_REPORTED, ""),
        ("beijing", "110000197312082058", "何书面", LossVerdict.FORMALLY_LOST, ""),
        ("beijing", "110000193905032066", "吕注销", LossVerdict.CANCELLED, ""),
        ("beijing", "110000199508272071", "施补卡", LossVerdict.REPLACED, ""),
        ("jiangxi", "36010019780315605X", "孔临挂", LossVerdict.ALREADY_REPORTED, "中国农业银行"),
        ("jiangxi", "360100198811176063", "曹正挂", LossVerdict.FORMALLY_LOST, "交通银行"),
        ("jiangxi", "360100194207086071", "严销卡", LossVerdict.CANCELLED, ""),
        ("jiangxi", "360100199302206089", "华换卡", LossVerdict.REPLACED, ""),
        ("beijing", "110000198807212015", "周模擬", LossVerdict.UNKNOWN, ""),
        ("beijing", "110000198807212015", "", LossVerdict.UNKNOWN, ""),
        ("beijing", "110000198807212016", "周模拟", LossVerdict.UNKNOWN, ""),
        ("beijing", "360100198609086013", "朱举例", LossVerdict.UNKNOWN, ""),
    ],
)
def test_each_state_has_its_own_answer(
    centre: RunningCentre, region: str, number: str, name: str, verdict: LossVerdict, bank: str
) -> None:
    terminal = centre.enrol("t-0001", region)
    question = a_report(("", "", number), region, name=name)
    with centre.database.reading() as session:
        before = {card.identification_code: card.state for card in session.scalars(select(Card))}
    answer = ask(centre, terminal, question)
    assert (answer.verdict, answer.bank) == (verdict, bank)
    assert ask(centre, terminal, question) == answer
    with centre.database.reading() as session:
        assert {card.identification_code: card.state for card in session.scalars(select(Card))} == before
        assert list(session.scalars(select(CardEvent))) == []


def test_the_seeded_reports_stand_since_when_they_say(centre: RunningCentre) -> None:
    terminal = centre.enrol("jx-0001", "jiangxi")
    answer = ask(centre, terminal, a_report(("", "", "36010019780315605X"), "jiangxi", name="孔临挂"))
    assert (answer.reported_at_ms, answer.lapses_at_ms) == (NOW - 24 * HOUR, NOW + 4 * DAY)


@pytest.mark.parametrize(("before", "verdict"), [("0", LossVerdict.NOT_ACTIVATED), ("3", LossVerdict.REPORTED)])
def test_a_sealed_card_and_a_locked_one(
    centre: RunningCentre, beijing: EnrolledTerminal, before: str, verdict: LossVerdict
) -> None:
    with centre.database.writing() as session:
        session.get_one(Card, BEIJING[0]).state = before
    assert ask(centre, beijing, a_report(BEIJING, "beijing")).verdict is verdict
    centre.clock.held_ms = NOW + 10 * DAY
    ask(centre, beijing, a_report(BEIJING, "beijing", name="x"))  # a look, with nothing to find
    assert state(centre, BEIJING) == before  # what was locked is locked again


def test_two_terminals_at_once_stop_a_card_once(centre: RunningCentre) -> None:
    terminals = [centre.enrol(f"bj-000{number}", "beijing") for number in range(1, 5)]
    together = threading.Barrier(len(terminals))

    def at_once(terminal: EnrolledTerminal) -> LossVerdict:
        request = centre.prepare(terminal, "/v1/loss-reports", gzip.compress(encode(a_report(BEIJING, "beijing"))))
        with requests.Session() as session:
            session.trust_env, session.verify = False, str(centre.ca_file)
            together.wait(10)
            return decode(centre.send(request, session).body, LossReported).verdict

    with ThreadPoolExecutor(len(terminals)) as pool:
        verdicts = [verdict.value for verdict in pool.map(at_once, terminals)]
    assert sorted(verdicts) == ["already_reported"] * 3 + ["reported"]
    assert events(centre, BEIJING) == [("reported", NOW, "1", "4")]


def test_a_name_counts_however_its_characters_are_composed(centre: RunningCentre, beijing: EnrolledTerminal) -> None:
    with centre.database.writing() as session:
        from_register = session.get_one(Card, BEIJING[0]).social_security_number
        session.connection().exec_driver_sql(
            f"UPDATE holders SET name = 'Ren\u00e9e' WHERE social_security_number = '{from_register}'"
        )
    assert ask(centre, beijing, a_report(BEIJING, "beijing", name="Rene\u0301e")).verdict is LossVerdict.REPORTED


@pytest.mark.parametrize(
    ("held", "typed"),
    [
        ("Anna Müller", "ANNA MÜLLER"),  # the terminal's keyboard has capitals only
        ("JOHN  SMITH", "JOHN SMITH"),
        ("阿布都拉•艾买提", "阿布都拉·艾买提"),
        ("阿布都拉．艾买提", "阿布都拉·艾买提"),
        ("阿布都拉 · 艾买提", "阿布都拉·艾买提"),
        ("王　明", "王明"),
        ("JEAN-PAUL O'BRIEN", "JEAN PAUL OBRIEN"),
    ],
)
def test_a_name_counts_however_a_register_writes_it(
    centre: RunningCentre, beijing: EnrolledTerminal, held: str, typed: str
) -> None:
    with centre.database.writing() as session:
        session.get_one(Holder, BEIJING[2]).name = held
    assert ask(centre, beijing, a_report(BEIJING, "beijing", name=typed)).verdict is LossVerdict.REPORTED


@pytest.mark.parametrize(
    ("held", "typed"),
    [("王明", "王 萌"), ("JOHN SMITH", "JOHN SMYTH"), ("李丽", "李俪"), ("王\ue863", "王"), ("", " "), ("·", " ")],
)
def test_another_name_is_another_name(centre: RunningCentre, beijing: EnrolledTerminal, held: str, typed: str) -> None:
    with centre.database.writing() as session:
        session.get_one(Holder, BEIJING[2]).name = held
    assert ask(centre, beijing, a_report(BEIJING, "beijing", name=typed)).verdict is LossVerdict.UNKNOWN


def test_a_report_is_not_taken_back_under_its_own_transaction(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    report = a_report(YUNLING, "yunling")
    ask(centre, yunling, report)
    proved = Asked(centre, yunling, YUNLING, YUNLING_KEY).proved()
    assert declined(lambda: lift(proved, report.transaction_id)) == (400, "malformed")
    assert state(centre, YUNLING) == "4"


def test_a_card_is_not_reported_under_the_transaction_that_let_it_go(
    centre: RunningCentre, yunling: EnrolledTerminal, found: Asked
) -> None:
    lift(found.proved())
    entry = lifting_entry(found, outcome=Outcome.DONE, done_online=True)
    assert upload(centre, LedgerWriter(yunling, centre), entry, NOW) == ("applied", "")
    report = a_report(LOST_YUNLING, "yunling", transaction_id=found.transaction_id)
    assert declined(lambda: ask(centre, yunling, report)) == (400, "malformed")


def test_whoever_has_a_new_card_reports_that_one(centre: RunningCentre, beijing: EnrolledTerminal) -> None:
    new = ("110000D1560000050000000000002008", "T11000082", "110000199508272071")
    at_a_window(centre, new, CardState.NORMAL, "activated", NOW)
    assert ask(centre, beijing, a_report(new, "beijing", name="施补卡")).verdict is LossVerdict.REPORTED
    assert state(centre, new) == "4"
    assert state(centre, ("110000D1560000050000000000002007", "", "")) == "9"


@pytest.mark.parametrize(
    "other", [{"region": "jiangxi"}, {"transaction_id": "x"}, {"transaction_id": "A" * 32}], ids=str
)
def test_a_report_that_can_not_be_is_malformed(
    centre: RunningCentre, beijing: EnrolledTerminal, other: dict[str, str]
) -> None:
    report = msgspec.structs.replace(a_report(BEIJING, "beijing"), **other)
    assert declined(lambda: ask(centre, beijing, report)) == (400, "malformed")
    assert state(centre, BEIJING) == "1"


def test_a_transaction_id_reports_one_holder(centre: RunningCentre, beijing: EnrolledTerminal) -> None:
    first = a_report(BEIJING, "beijing")
    ask(centre, beijing, first)
    other = a_report(("", "", "11000019760229207X"), "beijing", name="吴假设", transaction_id=first.transaction_id)
    assert declined(lambda: ask(centre, beijing, other)) == (400, "malformed")
    stolen = centre.enrol("bj-0002", "beijing")
    assert declined(lambda: ask(centre, stolen, first)) == (400, "malformed")
    wrong_name = a_report(BEIJING, "beijing", name="某某", transaction_id=first.transaction_id)
    assert ask(centre, beijing, wrong_name) == LossReported(verdict=LossVerdict.UNKNOWN)


def test_a_transaction_that_asked_about_a_card_reports_none(centre: RunningCentre, beijing: EnrolledTerminal) -> None:
    asked = Asked(centre, beijing, BEIJING, BEIJING_KEY).load_key().proved()
    asked.record(asked.block("135790"))
    report = a_report(("", "", "11000019760229207X"), "beijing", name="吴假设", transaction_id=asked.transaction_id)
    assert declined(lambda: ask(centre, beijing, report)) == (400, "malformed")


# --- the term


def test_a_report_stands_to_the_last_millisecond(centre: RunningCentre, beijing: EnrolledTerminal) -> None:
    ask(centre, beijing, a_report(BEIJING, "beijing"))
    centre.clock.held_ms = 1_800_863_999_999
    asked = Asked(centre, beijing, BEIJING, BEIJING_KEY)
    assert asked.open().prove().card_state is CardState.TEMPORARILY_LOST
    assert declined(asked.record) == (409, "card_state")
    centre.clock.held_ms = 1_800_864_000_000
    later = Asked(centre, beijing, BEIJING, BEIJING_KEY).load_key()
    assert later.open().prove().card_state is CardState.NORMAL
    assert later.record(later.block("135790")).record is not None
    assert events(centre, BEIJING)[-1] == ("lapsed", 1_800_864_000_000, "4", "1")


def test_a_term_that_ends_while_the_card_is_in_the_slot_ends(centre: RunningCentre, beijing: EnrolledTerminal) -> None:
    ask(centre, beijing, a_report(BEIJING, "beijing"))
    centre.clock.held_ms = 1_800_863_999_999
    asked = Asked(centre, beijing, BEIJING, BEIJING_KEY).load_key().proved()
    centre.clock.held_ms = 1_800_864_000_000
    assert asked.record(asked.block("135790")).record is not None


def test_a_lapse_is_dated_when_it_happened_not_when_somebody_looked(
    centre: RunningCentre, beijing: EnrolledTerminal
) -> None:
    ask(centre, beijing, a_report(BEIJING, "beijing"))
    centre.clock.held_ms = NOW + 17 * DAY
    answer = ask(centre, beijing, a_report(BEIJING, "beijing"))
    assert (answer.verdict, answer.reported_at_ms) == (LossVerdict.REPORTED, NOW + 17 * DAY)
    assert events(centre, BEIJING) == [
        ("reported", NOW, "1", "4"),
        ("lapsed", 1_800_864_000_000, "4", "1"),
        ("reported", NOW + 17 * DAY, "1", "4"),
    ]


@pytest.mark.parametrize("error_ms", [-3 * DAY, 3 * DAY])
def test_the_terminals_clock_moves_no_term(centre: RunningCentre, error_ms: int) -> None:
    """A terminal whose clock is three days off, once online and once with an entry that arrives late."""
    terminal = centre.enrol("bj-0001", "beijing")
    packed = centre.prepare(terminal, "/v1/loss-reports", b"", now=(NOW + error_ms) / 1000)
    assert centre.send(packed).problem.type == "clock"  # so it signs anew, by the centre's clock
    assert ask(centre, terminal, a_report(BEIJING, "beijing")).lapses_at_ms == NOW + 10 * DAY

    ledger = LedgerWriter(terminal, centre)
    other = ("110000D1560000050000000000002002", "T11000023", "11000019760229207X")
    centre.clock.held_ms = NOW + DAY
    entry = taken_down(other, "beijing", holder_name="吴假设")
    assert upload(centre, ledger, entry, NOW + error_ms, -error_ms) == ("applied", "")
    with centre.database.reading() as session:
        assert session.get_one(Card, other[0]).loss_lapses_at == NOW + DAY + 10 * DAY


def test_rows_are_right_even_when_nobody_asks(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    swept = threading.Event()

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "have run out" in record.getMessage():
                swept.set()

    listener = Listener()
    with caplog.at_level("INFO", logger="central"), RunningCentre(tmp_path, sweep_every_s=0.05) as centre:
        logging.getLogger("central").addHandler(listener)
        centre.reset(at_ms=NOW)
        ask(centre, centre.enrol("bj-0001", "beijing"), a_report(BEIJING, "beijing"))
        centre.clock.held_ms = NOW + 10 * DAY
        assert swept.wait(10)
        logging.getLogger("central").removeHandler(listener)
        assert state(centre, BEIJING) == "1"
        assert events(centre, BEIJING) == [("reported", NOW, "1", "4"), ("lapsed", 1_800_864_000_000, "4", "1")]


def test_the_page_shows_what_changed_cards_and_hides_who(centre: RunningCentre, beijing: EnrolledTerminal) -> None:
    first = a_report(BEIJING, "beijing")
    ask(centre, beijing, first)
    ledger = LedgerWriter(beijing, centre)
    late = taken_down(BEIJING, "beijing")
    assert upload(centre, ledger, late, NOW) == ("superseded", "already_reported")
    centre.clock.held_ms = NOW + 10 * DAY + 1
    with requests.Session() as session:
        session.trust_env, session.verify = False, str(centre.ca_file)
        answer = session.get(f"{centre.url}/overview.json", timeout=10)
    assert state(centre, BEIJING) == "1"  # the page's look is one too
    shown = answer.json()
    mine = [one for one in shown["card_events"] if one["transaction"] in {first.transaction_id, ""}]
    assert [(one["event"], one["at"], one["from"], one["to"]) for one in mine if one["card"] == "T******15"] == [
        ("lapsed", 1_800_864_000_000, "4", "1"), ("reported", NOW, "1", "4"),
    ]  # fmt: skip
    assert {one["holder"] for one in mine if one["card"] == "T******15"} == {"周*拟"}
    (superseded,) = shown["superseded"]
    assert (superseded["id"], superseded["verdict_reason"]) == (late.transaction_id, "already_reported")
    for secret in ("周模拟", "110000198807212015", "T11000015", "110000D1560000050000000000002001"):
        assert secret not in answer.text


# --- found again


def test_a_found_card_is_let_go_once(centre: RunningCentre, found: Asked) -> None:
    proved = found.open().prove()
    assert proved.card_state is CardState.TEMPORARILY_LOST
    for _ in range(2):
        assert lift(found) == LossLifted(pin=PinVerdict.NOT_ASKED, verdict=LiftVerdict.LIFTED)
    assert state(centre, LOST_YUNLING) == "1"
    assert events(centre, LOST_YUNLING) == [("lifted", NOW, "4", "1")]
    kept = row(centre, found.transaction_id)
    assert (kept["service"], kept["loss_lifted_at"], kept["effects"]) == ("loss_lifting", NOW, 1)
    assert found.record(transaction_id=os.urandom(16).hex()).record is not None


def test_a_lost_card_may_do_nothing_else(found: Asked) -> None:
    assert declined(lambda: lift(found.open())) == (409, "not_proved")
    found.proved()
    assert declined(found.record) == (409, "card_state")
    assert declined(lambda: found.change(b"", b"", b"")) == (409, "card_state")


def test_a_card_is_let_go_to_what_it_was(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    with centre.database.writing() as session:
        session.get_one(Card, YUNLING[0]).state = "3"
    ask(centre, yunling, a_report(YUNLING, "yunling"))
    assert lift(Asked(centre, yunling, YUNLING, YUNLING_KEY).proved()).verdict is LiftVerdict.LIFTED
    assert events(centre, YUNLING) == [("reported", NOW, "3", "4"), ("lifted", NOW, "4", "3")]


def test_lifting_ends_with_the_term(centre: RunningCentre, found: Asked) -> None:
    centre.clock.held_ms = NOW - 12 * HOUR + 259_200_000 - 1
    found.proved()
    centre.clock.held_ms += 1
    assert lift(found).verdict is LiftVerdict.NOT_REPORTED
    assert events(centre, LOST_YUNLING) == [("lapsed", NOW - 12 * HOUR + 259_200_000, "4", "1")]
    assert row(centre, found.transaction_id)["effects"] == 0


@pytest.mark.parametrize(
    ("to", "verdict"),
    [
        (CardState.NORMAL, LiftVerdict.NOT_REPORTED),
        (CardState.LOST, LiftVerdict.FORMALLY_LOST),
        (CardState.CANCELLED, LiftVerdict.CANCELLED),
    ],
)
def test_what_a_window_decided_stands(centre: RunningCentre, found: Asked, to: CardState, verdict: LiftVerdict) -> None:
    at_a_window(centre, LOST_YUNLING, to, "window", NOW)
    assert lift(found.proved()) == LossLifted(pin=PinVerdict.NOT_ASKED, verdict=verdict)
    assert state(centre, LOST_YUNLING) == to.value
    # Whatever comes later, the same question gets the same verdict.
    if to is not CardState.CANCELLED:
        at_a_window(centre, LOST_YUNLING, CardState.TEMPORARILY_LOST, "reported", NOW)
    assert lift(found).verdict is verdict


def new_card(centre: RunningCentre, card_state: str) -> str:
    """A second card of the holder whose card was found."""
    code = "990100D156000005000000000000900A"
    with centre.database.writing() as session:
        session.add(
            Card(
                identification_code=code,
                card_number="T99010103",
                social_security_number=LOST_YUNLING[2],
                region="yunling",
                norm_version="2.00",
                state=card_state,
                bank="",
                bank_account="",
                bank_side_active=False,
            )
        )
    return code


@pytest.mark.parametrize("card_state", ["0", "1", "3", "4"])
def test_a_card_is_not_let_go_beside_its_replacement(centre: RunningCentre, found: Asked, card_state: str) -> None:
    new_card(centre, card_state)
    assert lift(found.proved()).verdict is LiftVerdict.REPLACED
    assert state(centre, LOST_YUNLING) == "4"


def test_a_replaced_card_is_not_let_go(centre: RunningCentre, found: Asked) -> None:
    with centre.database.writing() as session:
        session.get_one(Card, LOST_YUNLING[0]).replaced_by = "990100D156000005000000000000900A"
    assert lift(found.proved()).verdict is LiftVerdict.REPLACED


def test_a_cancelled_card_of_old_is_in_nobodys_way(centre: RunningCentre, found: Asked) -> None:
    new_card(centre, "9")
    assert lift(found.proved()).verdict is LiftVerdict.LIFTED


def test_a_region_that_does_not_open_lifting_keeps_the_card_stopped(
    centre: RunningCentre, beijing: EnrolledTerminal
) -> None:
    ask(centre, beijing, a_report(BEIJING, "beijing"))
    asked = Asked(centre, beijing, BEIJING, BEIJING_KEY).load_key().proved()
    assert lift(asked, block=asked.block("135790")).verdict is LiftVerdict.NOT_OPEN
    assert state(centre, BEIJING) == "4"


def test_another_regions_terminal_lets_no_card_go(
    centre: RunningCentre, beijing: EnrolledTerminal, found: Asked
) -> None:
    elsewhere = Asked(centre, beijing, found.card, LOST_YUNLING_KEY).proved()
    assert lift(elsewhere).verdict is LiftVerdict.NOT_OPEN


def test_lifting_is_behind_the_pin_where_the_centre_holds_it(centre: RunningCentre, found: Asked) -> None:
    salt = bytes(16)
    with centre.database.writing() as session:
        hash_ = centre.keys.storage.pin_hash("135790", salt)
        session.add(CentrePin(identification_code=LOST_YUNLING[0], salt=salt, hash=hash_, initial=False, tries_left=6))
    found.load_key().proved()
    assert lift(found) == LossLifted(pin=PinVerdict.UNREADABLE, pin_tries_left=6)
    wrong = found.block("111111")
    for _ in range(2):
        assert lift(found, block=wrong) == LossLifted(pin=PinVerdict.WRONG, pin_tries_left=5)
    assert state(centre, LOST_YUNLING) == "4"
    right = LossLifted(pin=PinVerdict.ACCEPTED, pin_tries_left=6, verdict=LiftVerdict.LIFTED)
    assert lift(found, block=found.block("135790")) == right
    assert lift(found, block=wrong) == right  # it is done: the answer is given again


def test_the_entry_of_a_lifting_is_believed_when_it_was_done_online(centre: RunningCentre, found: Asked) -> None:
    lift(found.proved())
    ledger = LedgerWriter(found.terminal, centre)
    entry = lifting_entry(found, outcome=Outcome.DONE, done_online=True)
    assert upload(centre, ledger, entry, NOW) == ("applied", "")
    assert row(centre, found.transaction_id)["effects"] == 1


@pytest.mark.parametrize(
    "claim",
    [
        {"outcome": Outcome.DONE, "done_online": True},
        {"outcome": Outcome.DONE},
        {"outcome": Outcome.RECORDED, "assumed_card_state": "4"},
    ],
    ids=str,
)
def test_nothing_is_lifted_by_an_entry(centre: RunningCentre, found: Asked, claim: dict[str, Any]) -> None:
    ledger = LedgerWriter(found.terminal, centre)
    assert upload(centre, ledger, lifting_entry(found, **claim), NOW) == ("refused", "not_done_online")
    assert state(centre, LOST_YUNLING) == "4"


def lifting_entry(asked: Asked, **other: Any) -> Transaction:
    return a_transaction(
        card=asked.card, service=Service.LOSS_LIFTING, transaction_id=asked.transaction_id, region="yunling", **other
    )


# --- taken down without the centre


@pytest.fixture
def ledger(centre: RunningCentre, beijing: EnrolledTerminal) -> LedgerWriter:
    return LedgerWriter(beijing, centre)


def test_a_report_takes_effect_when_it_arrives(centre: RunningCentre, ledger: LedgerWriter) -> None:
    centre.clock.held_ms = NOW + 2 * DAY
    entry = taken_down(BEIJING, "beijing")
    assert upload(centre, ledger, entry, NOW + HOUR) == ("applied", "")
    assert events(centre, BEIJING) == [("reported", NOW + 2 * DAY, "1", "4")]
    kept = row(centre, entry.transaction_id)
    assert (kept["effects"], kept["outcome"], kept["loss_reported_at"]) == (1, "recorded", NOW + 2 * DAY)
    # Its answer is the online one's, should the same transaction still be asked about.
    again = ask(centre, ledger.terminal, a_report(BEIJING, "beijing", transaction_id=entry.transaction_id))
    assert again == LossReported(
        verdict=LossVerdict.REPORTED, reported_at_ms=NOW + 2 * DAY, lapses_at_ms=NOW + 12 * DAY
    )
    centre.clock.held_ms = NOW + 12 * DAY
    late = taken_down(("", "", "11000019760229207X"), "beijing", holder_name="吴假设")
    upload(centre, ledger, late, NOW)
    assert state(centre, BEIJING) == "4"  # nobody looked at this card
    upload(centre, ledger, a_transaction(card=BEIJING, region="beijing"), NOW)
    assert state(centre, BEIJING) == "1"


def test_the_same_entry_again_reports_nothing_twice(centre: RunningCentre, ledger: LedgerWriter) -> None:
    batch = ledger.batch([ledger.append(taken_down(BEIJING, "beijing"))])
    answers = [centre.ask(ledger.terminal, "/v1/entries", batch, Receipt).judgements for _ in range(2)]
    assert answers[0] == answers[1]
    assert len(events(centre, BEIJING)) == 1


def test_a_lost_answer_is_reconciled_by_the_entry(centre: RunningCentre, ledger: LedgerWriter) -> None:
    entry = taken_down(BEIJING, "beijing")
    ask(centre, ledger.terminal, a_report(BEIJING, "beijing", transaction_id=entry.transaction_id))
    at_a_window(centre, BEIJING, CardState.NORMAL, "lifted", NOW + 1)
    centre.clock.held_ms = NOW + HOUR
    assert upload(centre, ledger, entry, NOW) == ("applied", "")
    assert state(centre, BEIJING) == "1"
    assert row(centre, entry.transaction_id)["effects"] == 1


def test_what_was_lifted_since_is_not_reported_again(centre: RunningCentre, ledger: LedgerWriter) -> None:
    ask(centre, ledger.terminal, a_report(BEIJING, "beijing"))
    at_a_window(centre, BEIJING, CardState.NORMAL, "lifted", NOW + 2 * HOUR)
    centre.clock.held_ms = NOW + DAY
    entry = taken_down(BEIJING, "beijing")
    assert upload(centre, ledger, entry, NOW + 2 * HOUR - 1) == ("superseded", "overtaken")
    assert state(centre, BEIJING) == "1"
    assert row(centre, entry.transaction_id)["effects"] == 0
    # Typed after the card was let go, it counts.
    assert upload(centre, ledger, taken_down(BEIJING, "beijing"), NOW + 2 * HOUR) == ("applied", "")


def test_a_lapse_overtakes_what_was_typed_before_it(centre: RunningCentre, ledger: LedgerWriter) -> None:
    ask(centre, ledger.terminal, a_report(BEIJING, "beijing"))
    centre.clock.held_ms = NOW + 11 * DAY
    assert upload(centre, ledger, taken_down(BEIJING, "beijing"), NOW + 9 * DAY) == ("superseded", "overtaken")
    assert events(centre, BEIJING)[-1] == ("lapsed", 1_800_864_000_000, "4", "1")


def test_a_new_card_is_not_stopped_for_the_old_one(centre: RunningCentre, ledger: LedgerWriter) -> None:
    new = ("110000D1560000050000000000002008", "", "")
    old = ("110000D1560000050000000000002007", "", "")
    with centre.database.writing() as session:
        session.get_one(Card, new[0]).state = "1"
    at_a_window(centre, old, CardState.CANCELLED, "replaced", NOW + HOUR, replaced_by=new[0])
    centre.clock.held_ms = NOW + DAY
    entry = taken_down(("", "", "110000199508272071"), "beijing", holder_name="施补卡")
    assert upload(centre, ledger, entry, NOW) == ("superseded", "overtaken")
    assert state(centre, new) == "1"


@pytest.mark.parametrize("typed_ms", [NOW - 1, NOW + DAY + 1, 0, NOW + 400 * DAY])
def test_a_clock_that_can_not_be_right_proves_nothing(
    centre: RunningCentre, ledger: LedgerWriter, typed_ms: int
) -> None:
    """Before the ledger was registered, or still to come."""
    at_a_window(centre, BEIJING, CardState.NORMAL, "unlocked", NOW + HOUR)
    centre.clock.held_ms = NOW + DAY
    assert upload(centre, ledger, taken_down(BEIJING, "beijing"), typed_ms) == ("applied", "")


@pytest.mark.parametrize(
    ("number", "name", "verdict"),
    [
        ("110000198406122043", "许预挂", ("superseded", "already_reported")),
        ("110000197312082058", "何书面", ("superseded", "formally_lost")),
        ("110000193905032066", "吕注销", ("superseded", "cancelled")),
        ("110000199508272071", "施补卡", ("superseded", "replaced")),
        ("110000198807212015", "周模擬", ("refused", "unknown_holder")),
        ("110000198807212015", "", ("refused", "unknown_holder")),
        ("360100198609086013", "朱举例", ("refused", "unknown_holder")),
        ("", "", ("refused", "unknown_holder")),
    ],
)
def test_each_late_report_has_its_own_verdict(
    centre: RunningCentre, ledger: LedgerWriter, number: str, name: str, verdict: tuple[str, str]
) -> None:
    entry = taken_down(("", "", number), "beijing", holder_name=name)
    assert upload(centre, ledger, entry, NOW) == verdict
    assert row(centre, entry.transaction_id)["effects"] == 0
    with centre.database.reading() as session:
        assert list(session.scalars(select(CardEvent))) == []


def test_a_card_in_another_state_than_assumed_is_left_alone(centre: RunningCentre, ledger: LedgerWriter) -> None:
    with centre.database.writing() as session:
        session.get_one(Card, BEIJING[0]).state = "0"
    assert upload(centre, ledger, taken_down(BEIJING, "beijing"), NOW) == ("superseded", "not_activated")
    assert state(centre, BEIJING) == "0"


def test_a_locked_card_is_reported_offline_as_online(centre: RunningCentre, ledger: LedgerWriter) -> None:
    with centre.database.writing() as session:
        session.get_one(Card, BEIJING[0]).state = "3"
    assert upload(centre, ledger, taken_down(BEIJING, "beijing"), NOW) == ("applied", "")
    assert state(centre, BEIJING) == "4"


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        (IdentifiedBy.TYPED, ("refused", "id_card_wanted")),
        (IdentifiedBy.CARD, ("refused", "id_card_wanted")),
        (IdentifiedBy.ID_CARD, ("applied", "")),
        (None, ("applied", "")),
    ],
)
def test_a_late_report_says_how_its_holder_was_identified(
    centre: RunningCentre, ledger: LedgerWriter, said: IdentifiedBy | None, verdict: tuple[str, str]
) -> None:
    """An entry from before terminals said it is not thrown away: the card must stop."""
    entry = taken_down(BEIJING, "beijing", identified_by=said)
    assert upload(centre, ledger, entry, NOW) == verdict
    assert state(centre, BEIJING) == ("4" if verdict[0] == "applied" else "1")
    assert row(centre, entry.transaction_id)["identified_by"] == (said.value if said is not None else None)


def test_what_was_typed_without_the_centre_counts_where_the_region_lets_it(centre: RunningCentre) -> None:
    ledger = LedgerWriter(centre.enrol("jx-0001", "jiangxi"), centre)
    entry = taken_down(JIANGXI, "jiangxi", identified_by=IdentifiedBy.TYPED)
    assert upload(centre, ledger, entry, NOW) == ("applied", "")
    assert row(centre, entry.transaction_id)["identified_by"] == "typed"


def test_two_reports_in_one_batch_stop_the_card_once(centre: RunningCentre, ledger: LedgerWriter) -> None:
    entries = [ledger.append(taken_down(BEIJING, "beijing")) for _ in range(2)]
    receipt = centre.ask(ledger.terminal, "/v1/entries", ledger.batch(entries), Receipt)
    assert [(one.verdict.value, one.reason) for one in receipt.judgements] == [
        ("applied", ""), ("superseded", "already_reported"),
    ]  # fmt: skip
    assert len(events(centre, BEIJING)) == 1


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ({"outcome": Outcome.DONE, "done_online": True}, ("refused", "not_done_online")),
        ({"outcome": Outcome.DONE}, ("refused", "not_done_online")),
        ({"outcome": Outcome.RECORDED, "done_online": True}, ("refused", "not_done_online")),
        ({"outcome": Outcome.CANCELLED}, ("applied", "")),
        ({"outcome": Outcome.UNKNOWN}, ("applied", "")),
        ({"outcome": None, "stage": Stage.BEGUN}, ("applied", "")),
        ({"service": Service.CARD_QUERY}, ("refused", "not_done_online")),
        ({"service": Service.PIN_CHANGE}, ("refused", "not_done_online")),
    ],
    ids=str,
)
def test_nothing_else_reports_a_card(
    centre: RunningCentre, ledger: LedgerWriter, claim: dict[str, Any], verdict: tuple[str, str]
) -> None:
    entry = msgspec.structs.replace(taken_down(BEIJING, "beijing"), **claim)
    assert upload(centre, ledger, entry, NOW) == verdict
    assert state(centre, BEIJING) == "1"


def test_what_was_done_online_is_believed(centre: RunningCentre, ledger: LedgerWriter) -> None:
    question = a_report(BEIJING, "beijing")
    ask(centre, ledger.terminal, question)
    entry = msgspec.structs.replace(
        taken_down(BEIJING, "beijing"),
        transaction_id=question.transaction_id,
        outcome=Outcome.DONE,
        done_online=True,
    )
    assert upload(centre, ledger, entry, NOW) == ("applied", "")
    assert row(centre, question.transaction_id)["effects"] == 1
    other = msgspec.structs.replace(entry, social_security_number="11000019760229207X")
    fresh = LedgerWriter(centre.replace_ledger(ledger.terminal), centre)
    assert upload(centre, fresh, other, NOW) == ("superseded", "duplicate_transaction")


def test_a_batch_of_reports_asks_the_database_no_more_than_one(centre: RunningCentre, ledger: LedgerWriter) -> None:
    """Holders and cards come in one query each, however many entries name them."""
    asked: list[int] = []
    people = [("110000198807212015", "周模拟"), ("11000019760229207X", "吴假设"), ("110000200001012030", "郑试用")]
    for count in (1, 3):
        entries = [
            ledger.append(taken_down(("", "", number), "beijing", holder_name=name)) for number, name in people[:count]
        ] + [ledger.append(taken_down(("", "", "nobody"), "beijing")) for _ in range(20 * count)]
        statements: list[str] = []
        ingest = Ingest(Database(centre.settings.database), centre.keys, centre.clock)
        listen(ingest.database.engine, "before_cursor_execute", lambda *a, into=statements: into.append(a[2]))
        batch = ledger.batch(entries)
        ingest.receive(Asker(ledger.terminal.id, ledger.terminal.key.public_key()), batch)
        ingest.database.close()
        asked.append(sum(one.lstrip().startswith("SELECT") for one in statements))
    assert asked[0] == asked[1]
