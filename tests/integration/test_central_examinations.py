"""What whoever holds a proved card may know of it: what stops it, and nothing of its holder."""

import json
import os

import msgspec
import pytest

from central.card_states import Cause, change
from central.query import transaction_row
from central.tables import Card, CentrePin, Holder
from kiosk.records.card import CardState
from kiosk.records.questions import BenefitsBlock, CardExamined, CardProof, ExamineCard, GetRecord, RecordAnswer
from kiosk.records.transaction import Outcome, Service
from kiosk.records.upload import Receipt
from tests.centre import (
    BEIJING_CARD,
    ZHUMADIAN_CARD,
    EnrolledTerminal,
    LedgerWriter,
    RunningCentre,
    a_transaction,
)
from tests.integration.test_central_card_sessions import BEIJING_KEY, ZHUMADIAN_KEY, Asked, declined

# Of simulators/cards: identification code, card number, social security number; and the internal key.
GUIZHOU_BANK_SIDE_ONLY = ("520000D1560000050000000000004004", "T52000046", "520000197406114045")
GUIZHOU_BANK_SIDE_ONLY_KEY = "B22F025B5474A754EF485523CBC00C53"
GUIZHOU_OLD_PIN = ("520000D1560000050000000000004003", "T52000038", "520000195710094035")
GUIZHOU_OLD_PIN_KEY = "E1BB3D44BF71CB936EC61E11FB870E0F"
RENAMED = ("411700D156000005000000000000100B", "T41170111", "411700199105201113")
RENAMED_KEY = "35C5BEB4C9B0D1BFAC48BFB2B0734BE5"
NOT_ACTIVATED = ("370200D1560000050000000000005004", "T37020049", "37020020030228504X")
NOT_ACTIVATED_KEY = "0306E2753ED6AAEDA8386FB3A756D642"
BEIJING_LOST = ("110000D1560000050000000000002004", "T1100004X", "110000198406122043")
BEIJING_LOST_KEY = "F4A032E2B3AFE87CFFC22424A233F992"
BEIJING_REPLACED = ("110000D1560000050000000000002007", "T11000074", "110000199508272071")
BEIJING_REPLACED_KEY = "43720D85EEC8B463748713BD2BE6199F"


@pytest.fixture
def terminal(any_centre: RunningCentre) -> EnrolledTerminal:
    return any_centre.enrol("bj-0001", "beijing")


@pytest.fixture
def zhumadian(any_centre: RunningCentre, terminal: EnrolledTerminal) -> Asked:
    return Asked(any_centre, terminal, ZHUMADIAN_CARD, ZHUMADIAN_KEY)


def examine(asked: Asked, name: str, transaction_id: str | None = None) -> CardExamined:
    question = ExamineCard(transaction_id=transaction_id or asked.transaction_id, name=name)
    return asked.centre.ask(asked.terminal, asked.path("examination"), question, CardExamined)


def at_the_office(centre: RunningCentre, number: str, blocked: str | None) -> None:
    with centre.database.writing() as session:
        session.get_one(Holder, number).benefits_blocked = blocked


def test_a_card_in_order(zhumadian: Asked) -> None:
    assert examine(zhumadian.proved(), "张示例") == CardExamined(
        card_state=CardState.NORMAL, bank_side_active=True, name_agrees=True
    )
    kept = transaction_row(zhumadian.centre.database.engine, zhumadian.transaction_id)
    assert kept is not None
    assert (kept["service"], kept["effects"], kept["record_disclosed_at"]) == ("card_examination", 0, None)


@pytest.mark.parametrize(
    ("card", "key", "name", "told"),
    [
        (
            GUIZHOU_BANK_SIDE_ONLY,
            GUIZHOU_BANK_SIDE_ONLY_KEY,
            "陆只银",
            CardExamined(card_state=CardState.SEALED, bank_side_active=True, name_agrees=True),
        ),
        (
            NOT_ACTIVATED,
            NOT_ACTIVATED_KEY,
            "于未启",
            CardExamined(card_state=CardState.SEALED, bank_side_active=False, name_agrees=True),
        ),
        (
            GUIZHOU_OLD_PIN,
            GUIZHOU_OLD_PIN_KEY,
            "蒋旧卡",
            CardExamined(card_state=CardState.NORMAL, bank_side_active=True, pin_repeated=True, name_agrees=True),
        ),
        (BEIJING_CARD, BEIJING_KEY, "周模拟", CardExamined(card_state=CardState.NORMAL, name_agrees=True)),
    ],
    ids=["only the bank side", "not activated", "one digit all through", "no bank side"],
)
def test_each_card_is_told_what_stops_it(
    any_centre: RunningCentre,
    terminal: EnrolledTerminal,
    card: tuple[str, str, str],
    key: str,
    name: str,
    told: CardExamined,
) -> None:
    assert examine(Asked(any_centre, terminal, card, key).proved(), name) == told


@pytest.mark.parametrize("cause", list(BenefitsBlock), ids=lambda cause: cause.value)
def test_each_cause_is_told_by_its_word(any_centre: RunningCentre, zhumadian: Asked, cause: BenefitsBlock) -> None:
    at_the_office(any_centre, ZHUMADIAN_CARD[2], cause.value)
    assert examine(zhumadian.proved(), "张示例").benefits_blocked is cause


@pytest.mark.parametrize(("name", "agrees"), [("范旧名", False), ("范新名", True), ("范 新名", True), ("", False)])
def test_a_name_is_compared_and_never_told(
    any_centre: RunningCentre, terminal: EnrolledTerminal, name: str, agrees: bool
) -> None:
    answer = examine(Asked(any_centre, terminal, RENAMED, RENAMED_KEY).proved(), name)
    assert answer.name_agrees is agrees
    assert "范" not in json.dumps(msgspec.to_builtins(answer), ensure_ascii=False)


def test_a_name_is_compared_once_a_transaction(any_centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    """Whoever guesses learns nothing from a second guess."""
    asked = Asked(any_centre, terminal, RENAMED, RENAMED_KEY).proved()
    first = examine(asked, "范旧名")
    assert examine(asked, "范新名") == first
    assert not first.name_agrees


def test_the_same_question_gets_the_same_answer_whatever_came_between(
    any_centre: RunningCentre, zhumadian: Asked
) -> None:
    first = examine(zhumadian.proved(), "张示例")
    at_the_office(any_centre, ZHUMADIAN_CARD[2], "benefits_blocked")
    assert examine(zhumadian, "张示例") == first
    assert examine(zhumadian, "张示例", os.urandom(16).hex()).benefits_blocked is BenefitsBlock.BENEFITS_BLOCKED


def test_of_a_card_that_is_lost_or_void_nothing_else_is_told(
    any_centre: RunningCentre, terminal: EnrolledTerminal, zhumadian: Asked
) -> None:
    at_the_office(any_centre, BEIJING_LOST[2], "benefits_blocked")
    with any_centre.database.reading() as session:
        lapses_at = session.get_one(Card, BEIJING_LOST[0]).loss_lapses_at
    assert lapses_at is not None
    lost = Asked(any_centre, terminal, BEIJING_LOST, BEIJING_LOST_KEY).proved()
    assert examine(lost, "许预挂") == CardExamined(card_state=CardState.TEMPORARILY_LOST, lapses_at_ms=lapses_at)
    replaced = Asked(any_centre, terminal, BEIJING_REPLACED, BEIJING_REPLACED_KEY).proved()
    assert examine(replaced, "施补卡") == CardExamined(card_state=CardState.CANCELLED, replaced=True)
    at_the_office(any_centre, ZHUMADIAN_CARD[2], "benefits_blocked")
    for state in (CardState.LOST, CardState.CANCELLED):
        with any_centre.database.writing() as session:
            card = session.get_one(Card, ZHUMADIAN_CARD[0])
            session.add(change(card, state, "window", 1, Cause(reason="window")))
        zhumadian.transaction_id = os.urandom(16).hex()
        assert examine(zhumadian.proved(), "张示例") == CardExamined(card_state=state)


def test_a_report_that_has_run_out_is_settled_first(any_centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    lost = Asked(any_centre, terminal, BEIJING_LOST, BEIJING_LOST_KEY).proved()
    with any_centre.database.writing() as session:
        session.get_one(Card, BEIJING_LOST[0]).loss_lapses_at = 1
    assert examine(lost, "许预挂") == CardExamined(card_state=CardState.NORMAL, name_agrees=True)


def test_nothing_is_told_before_a_genuine_proof(zhumadian: Asked) -> None:
    zhumadian.open()
    assert declined(lambda: examine(zhumadian, "张示例")) == (409, "not_proved")
    assert zhumadian.prove(cryptogram=bytes(8)).proof is CardProof.NOT_GENUINE
    assert declined(lambda: examine(zhumadian, "张示例")) == (404, "unknown_session")


def test_a_session_that_is_over_examines_nothing(any_centre: RunningCentre, zhumadian: Asked) -> None:
    zhumadian.proved()
    any_centre.clock.offset_s = 601
    try:
        assert declined(lambda: examine(zhumadian, "张示例")) == (404, "unknown_session")
    finally:
        any_centre.clock.run()


def test_no_try_of_a_pin_is_spent(any_centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    beijing = Asked(any_centre, terminal, BEIJING_CARD, BEIJING_KEY)
    for _ in range(8):
        beijing.transaction_id = os.urandom(16).hex()
        examine(beijing.proved(), "周模拟")
    with any_centre.database.reading() as session:
        assert session.get_one(CentrePin, BEIJING_CARD[0]).tries_left == 6


@pytest.mark.parametrize(
    ("examined", "verdict"),
    [(True, ("applied", "")), (False, ("refused", "not_done_online"))],
    ids=["asked", "claimed"],
)
def test_an_entry_counts_as_done_online_only_when_it_was(
    any_centre: RunningCentre, zhumadian: Asked, examined: bool, verdict: tuple[str, str]
) -> None:
    if examined:
        examine(zhumadian.proved(), "张示例")
    ledger = LedgerWriter(zhumadian.terminal, any_centre)
    entry = a_transaction(
        card=ZHUMADIAN_CARD,
        service=Service.CARD_EXAMINATION,
        transaction_id=zhumadian.transaction_id,
        outcome=Outcome.DONE,
        reason="pin_locked,pin_repeated",
        done_online=True,
    )
    receipt = any_centre.ask(ledger.terminal, "/v1/entries", ledger.batch([ledger.append(entry)]), Receipt)
    (judged,) = receipt.judgements
    assert (judged.verdict.value, judged.reason) == verdict
    kept = transaction_row(any_centre.database.engine, zhumadian.transaction_id)
    assert kept is not None
    assert kept["reason"] == "pin_locked,pin_repeated"


def test_an_examination_opens_no_record(zhumadian: Asked) -> None:
    """A card that is not to be used is examined; its record stays closed."""
    with zhumadian.centre.database.writing() as session:
        card = session.get_one(Card, ZHUMADIAN_CARD[0])
        session.add(change(card, CardState.CANCELLED, "window", 1, Cause(reason="window")))
    examine(zhumadian.proved(), "张示例")
    question = GetRecord(transaction_id=os.urandom(16).hex())
    path = zhumadian.path("record")
    asked = (zhumadian.terminal, path, question, RecordAnswer)
    assert declined(lambda: zhumadian.centre.ask(*asked)) == (409, "card_state")
