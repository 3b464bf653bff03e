"""A new card is started once, for its holder alone, where the region lets a terminal do it; nobody ends up with two."""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select

from central.card_states import Cause, change
from central.query import transaction_row
from central.tables import Card, CardEvent, CardSession, Holder
from kiosk.records.activation import ActivateCard, ActivationVerdict, CardActivated, ContactData
from kiosk.records.card import CardState
from kiosk.records.questions import CardProof
from kiosk.records.transaction import Outcome, Service
from kiosk.records.upload import Receipt
from tests.centre import EnrolledTerminal, LedgerWriter, RunningCentre, a_transaction
from tests.integration.test_central_card_sessions import Asked, declined

# Of simulators/cards and tests/regions/cards: identification code, card number, social security number; and the key.
YUNLING = ("990100D1560000050000000000009007", "T99010073", "990100197203189074")
YUNLING_KEY = "6DCF72FE0BE7FA30453638BBB301FE3D"
ZHUMADIAN = ("411700D156000005000000000000100C", "T4117012X", "411700197104181123")
ZHUMADIAN_KEY = "82D00810F8E1B7AF097C7B608A8B4593"
QINGDAO = ("370200D1560000050000000000005004", "T37020049", "37020020030228504X")
QINGDAO_KEY = "0306E2753ED6AAEDA8386FB3A756D642"
SECOND = "990100D1560000050000000000009F07"
CONTACT = ContactData(phone="13800000000", address="云岭市样板区测试街3号", postcode="430000")


@pytest.fixture
def terminal(any_centre: RunningCentre) -> EnrolledTerminal:
    return any_centre.enrol("yl-0001", "yunling")


@pytest.fixture
def newcomer(any_centre: RunningCentre, terminal: EnrolledTerminal) -> Asked:
    return Asked(any_centre, terminal, YUNLING, YUNLING_KEY)


def start(asked: Asked, transaction_id: str | None = None, **other: Any) -> CardActivated:
    values: dict[str, Any] = {"id_number": asked.card[2], "contact": CONTACT} | other
    question = ActivateCard(transaction_id=transaction_id or asked.transaction_id, **values)
    return asked.centre.ask(asked.terminal, asked.path("activation"), question, CardActivated)


def state(centre: RunningCentre, code: str) -> str:
    with centre.database.reading() as session:
        return session.get_one(Card, code).state


def reached_by(centre: RunningCentre, number: str) -> tuple[str | None, str | None, str | None]:
    with centre.database.reading() as session:
        holder = session.get_one(Holder, number)
        return holder.phone, holder.address, holder.postcode


def at_a_window(centre: RunningCentre, to: CardState, **other: object) -> None:
    with centre.database.writing() as session:
        card = session.get_one(Card, YUNLING[0])
        session.add(change(card, to, "window", 1, Cause(reason="window")))
        for name, value in other.items():
            setattr(card, name, value)


def a_second_card(centre: RunningCentre, to: CardState = CardState.SEALED) -> None:
    """Another card of the same person, as no bureau should make it."""
    with centre.database.writing() as session:
        first = session.get_one(Card, YUNLING[0])
        values = {column.key: getattr(first, column.key) for column in Card.__table__.columns}
        session.add(Card(**values | {"identification_code": SECOND, "card_number": "T9901F070", "state": to.value}))


def test_a_new_card_is_started_and_its_holder_can_be_reached(newcomer: Asked) -> None:
    centre = newcomer.centre
    told = CardActivated(verdict=ActivationVerdict.ACTIVATED, bank_side_active=False)
    assert start(newcomer.proved()) == told
    assert state(centre, YUNLING[0]) == CardState.NORMAL.value
    assert reached_by(centre, YUNLING[2]) == (CONTACT.phone, CONTACT.address, CONTACT.postcode)
    with centre.database.reading() as session:
        (event,) = session.scalars(select(CardEvent).where(CardEvent.identification_code == YUNLING[0]))
    assert (event.event, event.from_state, event.to_state) == ("activated", "0", "1")
    assert (event.terminal, event.transaction_id) == ("yl-0001", newcomer.transaction_id)
    kept = transaction_row(centre.database.engine, newcomer.transaction_id)
    assert kept is not None
    assert (kept["service"], kept["effects"], kept["activated_at"]) == ("card_activation", 1, event.at_ms)
    assert "测试街" not in str(kept)


def test_the_same_question_starts_nothing_twice(newcomer: Asked) -> None:
    first = start(newcomer.proved())
    at_a_window(newcomer.centre, CardState.LOCKED)
    assert start(newcomer) == first
    assert state(newcomer.centre, YUNLING[0]) == CardState.LOCKED.value
    again = start(newcomer, os.urandom(16).hex())
    assert again == CardActivated(verdict=ActivationVerdict.LOCKED)


def test_only_the_holders_own_id_card_starts_it(newcomer: Asked) -> None:
    newcomer.proved()
    for shown in ("990100198701059015", ""):
        answer = start(newcomer, os.urandom(16).hex(), id_number=shown)
        assert answer.verdict is ActivationVerdict.HOLDER_MISMATCH
    assert state(newcomer.centre, YUNLING[0]) == CardState.SEALED.value
    assert reached_by(newcomer.centre, YUNLING[2]) == (None, None, None)


@pytest.mark.parametrize("missing", ["phone", "address", "postcode"])
def test_what_the_region_asks_for_must_be_told(newcomer: Asked, missing: str) -> None:
    told = ContactData(**{one: getattr(CONTACT, one) for one in ("phone", "address", "postcode") if one != missing})
    newcomer.proved()
    assert declined(lambda: start(newcomer, contact=told)) == (400, "malformed")
    assert state(newcomer.centre, YUNLING[0]) == CardState.SEALED.value


def test_what_the_region_does_not_ask_for_is_not_kept(any_centre: RunningCentre) -> None:
    zhumadian = Asked(any_centre, any_centre.enrol("zmd-0001", "zhumadian"), ZHUMADIAN, ZHUMADIAN_KEY)
    assert start(zhumadian.proved()).verdict is ActivationVerdict.ACTIVATED
    assert reached_by(any_centre, ZHUMADIAN[2]) == (None, None, None)


def test_a_region_that_opens_it_to_no_terminal_starts_none(any_centre: RunningCentre) -> None:
    qingdao = Asked(any_centre, any_centre.enrol("qd-0001", "qingdao"), QINGDAO, QINGDAO_KEY)
    assert start(qingdao.proved()).verdict is ActivationVerdict.NOT_OPEN
    assert state(any_centre, QINGDAO[0]) == CardState.SEALED.value


def test_another_regions_terminal_starts_none(any_centre: RunningCentre) -> None:
    elsewhere = Asked(any_centre, any_centre.enrol("zmd-0001", "zhumadian"), YUNLING, YUNLING_KEY)
    assert start(elsewhere.proved()).verdict is ActivationVerdict.NOT_OPEN


@pytest.mark.parametrize(
    ("to", "verdict"),
    [
        (CardState.NORMAL, ActivationVerdict.IN_USE),
        (CardState.LOCKED, ActivationVerdict.LOCKED),
        (CardState.TEMPORARILY_LOST, ActivationVerdict.ALREADY_REPORTED),
        (CardState.LOST, ActivationVerdict.FORMALLY_LOST),
        (CardState.CANCELLED, ActivationVerdict.CANCELLED),
    ],
)
def test_a_card_in_another_state_is_told_so(newcomer: Asked, to: CardState, verdict: ActivationVerdict) -> None:
    at_a_window(newcomer.centre, to)
    assert start(newcomer.proved()) == CardActivated(verdict=verdict)
    assert state(newcomer.centre, YUNLING[0]) == to.value


def test_a_card_that_was_replaced_is_told_so(newcomer: Asked) -> None:
    a_second_card(newcomer.centre)
    at_a_window(newcomer.centre, CardState.CANCELLED, replaced_by=SECOND)
    assert start(newcomer.proved()).verdict is ActivationVerdict.REPLACED


@pytest.mark.parametrize("to", [CardState.NORMAL, CardState.LOCKED, CardState.TEMPORARILY_LOST])
def test_nobody_gets_a_second_card_that_works(newcomer: Asked, to: CardState) -> None:
    a_second_card(newcomer.centre, to)
    assert start(newcomer.proved()).verdict is ActivationVerdict.ANOTHER_CARD
    assert state(newcomer.centre, YUNLING[0]) == CardState.SEALED.value


def test_many_terminals_at_once_start_one_card(any_centre: RunningCentre, newcomer: Asked) -> None:
    """The same card, held out to four terminals by a copy of its answers: one start, one event."""
    others = [any_centre.enrol(f"yl-000{n}", "yunling") for n in (2, 3, 4)]
    asked = [newcomer, *(Asked(any_centre, one, YUNLING, YUNLING_KEY) for one in others)]
    proved = [one.proved() for one in asked]
    with ThreadPoolExecutor(len(proved)) as pool:
        verdicts = sorted(answer.verdict.value for answer in pool.map(start, proved))
    assert verdicts == ["activated", "in_use", "in_use", "in_use"]
    with any_centre.database.reading() as session:
        assert len(session.scalars(select(CardEvent).where(CardEvent.event == "activated")).all()) == 1


def test_of_two_cards_started_at_once_one_works(any_centre: RunningCentre) -> None:
    a_second_card(any_centre)
    asked = []
    for nth, code in enumerate((YUNLING[0], SECOND) * 2, 1):
        one = Asked(any_centre, any_centre.enrol(f"yl-000{nth}", "yunling"), (code, "", YUNLING[2]), YUNLING_KEY)
        one.session = f"{nth:032x}"
        with any_centre.database.writing() as session:
            session.add(
                CardSession(
                    session_id=one.session,
                    terminal=one.terminal.id,
                    transaction_id=one.transaction_id,
                    region="yunling",
                    identification_code=code,
                    card_number="",
                    norm_version="2.00",
                    challenge=b"",
                    expires_at=1 << 46,
                    stage="proved",
                )
            )
        asked.append(one)
    with ThreadPoolExecutor(len(asked)) as pool:
        verdicts = [answer.verdict for answer in pool.map(start, asked)]
    assert verdicts.count(ActivationVerdict.ACTIVATED) == 1
    assert sorted((state(any_centre, YUNLING[0]), state(any_centre, SECOND))) == ["0", "1"]


def test_nothing_is_started_before_a_genuine_proof(newcomer: Asked) -> None:
    newcomer.open()
    assert declined(lambda: start(newcomer)) == (409, "not_proved")
    assert newcomer.prove(cryptogram=bytes(8)).proof is CardProof.NOT_GENUINE
    assert declined(lambda: start(newcomer)) == (404, "unknown_session")


@pytest.mark.parametrize(
    ("started", "verdict"),
    [(True, ("applied", "")), (False, ("refused", "not_done_online"))],
    ids=["started", "claimed"],
)
def test_the_entry_of_a_start_is_believed_when_it_was_done_online(
    newcomer: Asked, started: bool, verdict: tuple[str, str]
) -> None:
    centre = newcomer.centre
    if started:
        start(newcomer.proved())
    ledger = LedgerWriter(newcomer.terminal, centre)
    entry = a_transaction(
        card=YUNLING,
        service=Service.CARD_ACTIVATION,
        transaction_id=newcomer.transaction_id,
        outcome=Outcome.DONE,
        region="yunling",
        done_online=True,
    )
    receipt = centre.ask(ledger.terminal, "/v1/entries", ledger.batch([ledger.append(entry)]), Receipt)
    (judged,) = receipt.judgements
    assert (judged.verdict.value, judged.reason) == verdict
    assert state(centre, YUNLING[0]) == (CardState.NORMAL if started else CardState.SEALED).value
