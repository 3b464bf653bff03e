"""A card is gone for good: ended once, only where the region's rules let a terminal, beside orders for new ones."""

import os
from typing import Any

import msgspec
import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from central.card_states import Cause, accept_replacement
from central.region_rules import load_region_rules
from central.tables import Card, ReplacementOrder
from kiosk.records.card import CardState
from kiosk.records.filings import IdentifiedBy
from kiosk.records.issuance import ReplacementReason
from kiosk.records.questions import (
    FormalLossReported,
    FormalLossVerdict,
    LiftVerdict,
    LossVerdict,
    ReportFormalLoss,
)
from kiosk.records.transaction import Outcome, Service
from tests.centre import REGION_RULES, EnrolledTerminal, LedgerWriter, RunningCentre, a_transaction
from tests.integration.test_central_card_sessions import Asked
from tests.integration.test_central_loss_reports import (
    BEIJING,
    DAY,
    HOUR,
    LOST_YUNLING,
    LOST_YUNLING_KEY,
    NAMES,
    NOW,
    YUNLING,
    YUNLING_KEY,
    Person,
    a_report,
    ask,
    at_a_window,
    declined,
    events,
    lift,
    row,
    state,
    taken_down,
    upload,
)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def centre(request: pytest.FixtureRequest) -> RunningCentre:
    """A freshly seeded centre over either database, whose clock stands still at NOW."""
    running: RunningCentre = request.getfixturevalue(
        "sqlite_centre" if request.param == "sqlite" else "postgres_centre"
    )
    running.reset(at_ms=NOW)
    return running


@pytest.fixture
def yunling(centre: RunningCentre) -> EnrolledTerminal:
    return centre.enrol("yl-0001", "yunling")


def a_formal_report(person: Person, **other: Any) -> ReportFormalLoss:
    values: dict[str, Any] = {
        "transaction_id": os.urandom(16).hex(),
        "region": "yunling",
        "social_security_number": person[2],
        "name": NAMES.get(person, ""),
        "identified_by": IdentifiedBy.ID_CARD,
    }
    return ReportFormalLoss(**(values | other))


def formally(centre: RunningCentre, terminal: EnrolledTerminal, question: ReportFormalLoss) -> FormalLossReported:
    return centre.ask(terminal, "/v1/formal-loss-reports", question, FormalLossReported)


def order_a_new_card(centre: RunningCentre, person: Person, region: str = "yunling") -> None:
    """What the window's own system does when it accepts a replacement."""
    rule = load_region_rules(REGION_RULES).of(region)
    with centre.database.writing() as session:
        card = session.get_one(Card, person[0], with_for_update=True)
        order, happened = accept_replacement(
            card, rule, os.urandom(16).hex(), ReplacementReason.LOST, int(centre.clock() * 1000), Cause()
        )
        session.add_all([order, *happened])


def test_a_formal_report_ends_the_card(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    question = a_formal_report(YUNLING)
    answer = formally(centre, yunling, question)
    assert answer == FormalLossReported(
        verdict=FormalLossVerdict.REPORTED, reported_at_ms=NOW, bank="云岭银行", e_card_stopped=True
    )
    assert state(centre, YUNLING) == "2"
    assert events(centre, YUNLING) == [("formally_reported", NOW, "1", "2")]
    kept = row(centre, question.transaction_id)
    assert (kept["service"], kept["formal_loss_at"], kept["effects"]) == ("formal_loss", NOW, 1)
    assert (kept["identification_code"], kept["social_security_number"]) == (YUNLING[0], YUNLING[2])
    centre.clock.held_ms = NOW + 400 * DAY
    assert formally(centre, yunling, question) == answer  # asked again after a lost answer
    assert state(centre, YUNLING) == "2"
    assert row(centre, question.transaction_id)["effects"] == 1


def test_it_follows_the_temporary_one_and_tells_when_that_was(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    answer = formally(centre, yunling, a_formal_report(LOST_YUNLING))
    assert (answer.verdict, answer.temporary_at_ms) == (FormalLossVerdict.REPORTED, NOW - 12 * HOUR)
    centre.clock.held_ms = NOW + 10 * DAY
    ask(centre, yunling, a_report(LOST_YUNLING, "yunling", name="x"))  # a look, with nothing to find
    assert state(centre, LOST_YUNLING) == "2"  # no term ends it


def test_a_second_formal_report_changes_nothing(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    formally(centre, yunling, a_formal_report(YUNLING))
    centre.clock.held_ms = NOW + HOUR
    second = formally(centre, yunling, a_formal_report(YUNLING))
    assert (second.verdict, second.reported_at_ms) == (FormalLossVerdict.FORMALLY_LOST, NOW)
    assert len(events(centre, YUNLING)) == 1


@pytest.mark.parametrize(
    ("card_state", "verdict"),
    [
        (CardState.SEALED, FormalLossVerdict.NOT_ACTIVATED),
        (CardState.CANCELLED, FormalLossVerdict.CANCELLED),
        (CardState.LOCKED, FormalLossVerdict.REPORTED),
    ],
)
def test_each_state_has_its_own_verdict(
    centre: RunningCentre, yunling: EnrolledTerminal, card_state: CardState, verdict: FormalLossVerdict
) -> None:
    at_a_window(centre, YUNLING, card_state, "window", NOW)
    assert formally(centre, yunling, a_formal_report(YUNLING)).verdict is verdict


@pytest.mark.parametrize("name", ["云挂失", "", "云示"])
def test_whoever_is_not_the_holder_ends_no_card(centre: RunningCentre, yunling: EnrolledTerminal, name: str) -> None:
    answer = formally(centre, yunling, a_formal_report(YUNLING, name=name))
    assert answer == FormalLossReported(verdict=FormalLossVerdict.UNKNOWN)
    assert state(centre, YUNLING) == "1"


@pytest.mark.parametrize("name", ["云示例", "别人"])
def test_what_was_only_typed_ends_no_card(centre: RunningCentre, yunling: EnrolledTerminal, name: str) -> None:
    """Though the region lets a temporary report be typed: what nobody takes back wants a card seen."""
    typed = a_formal_report(YUNLING, name=name, identified_by=IdentifiedBy.TYPED)
    answer = formally(centre, yunling, typed)
    assert answer == FormalLossReported(verdict=FormalLossVerdict.ID_CARD_WANTED)
    assert state(centre, YUNLING) == "1"
    assert row(centre, typed.transaction_id)["effects"] == 0
    claimed = a_formal_report(YUNLING, identified_by=IdentifiedBy.CARD)
    assert declined(lambda: formally(centre, yunling, claimed)) == (400, "malformed")


def test_where_the_rules_do_not_open_it_a_terminal_ends_no_card(centre: RunningCentre) -> None:
    """The rules at the centre, whatever the terminal's own pack says."""
    beijing = centre.enrol("bj-0001", "beijing")
    question = a_formal_report(BEIJING, region="beijing")
    answer = formally(centre, beijing, question)
    assert answer.verdict is FormalLossVerdict.NOT_OPEN
    assert formally(centre, beijing, question) == answer
    assert state(centre, BEIJING) == "1"
    assert events(centre, BEIJING) == []


def test_a_transaction_id_reports_one_thing_of_one_holder(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    first = a_formal_report(YUNLING)
    formally(centre, yunling, first)
    other = a_formal_report(LOST_YUNLING, transaction_id=first.transaction_id)
    assert declined(lambda: formally(centre, yunling, other)) == (400, "malformed")
    temporary = a_report(YUNLING, "yunling", transaction_id=first.transaction_id)
    assert declined(lambda: ask(centre, yunling, temporary)) == (400, "malformed")
    elsewhere = centre.enrol("yl-0002", "yunling")
    assert declined(lambda: formally(centre, elsewhere, first)) == (400, "malformed")


def test_what_reported_a_card_for_now_does_not_end_it(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    reported = a_report(YUNLING, "yunling")
    ask(centre, yunling, reported)
    formal = a_formal_report(YUNLING, transaction_id=reported.transaction_id)
    assert declined(lambda: formally(centre, yunling, formal)) == (400, "malformed")
    assert state(centre, YUNLING) == "4"


def test_an_answer_to_one_kind_of_report_is_not_given_to_the_other(
    centre: RunningCentre, yunling: EnrolledTerminal
) -> None:
    """Reports that changed nothing: only what was answered is kept of them."""
    stands = a_report(LOST_YUNLING, "yunling")
    assert ask(centre, yunling, stands).verdict is LossVerdict.ALREADY_REPORTED
    formal = a_formal_report(LOST_YUNLING, transaction_id=stands.transaction_id)
    assert declined(lambda: formally(centre, yunling, formal)) == (400, "malformed")
    assert state(centre, LOST_YUNLING) == "4"
    beijing = centre.enrol("bj-0001", "beijing")
    not_open = a_formal_report(BEIJING, region="beijing")
    assert formally(centre, beijing, not_open).verdict is FormalLossVerdict.NOT_OPEN
    temporary = a_report(BEIJING, "beijing", transaction_id=not_open.transaction_id)
    assert declined(lambda: ask(centre, beijing, temporary)) == (400, "malformed")
    assert state(centre, BEIJING) == "1"


@pytest.mark.parametrize("other", [{"region": "beijing"}, {"transaction_id": "x"}], ids=str)
def test_a_formal_report_that_can_not_be_is_malformed(
    centre: RunningCentre, yunling: EnrolledTerminal, other: dict[str, str]
) -> None:
    question = msgspec.structs.replace(a_formal_report(YUNLING), **other)
    assert declined(lambda: formally(centre, yunling, question)) == (400, "malformed")
    assert state(centre, YUNLING) == "1"


def test_a_formally_lost_card_is_not_let_go(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    formally(centre, yunling, a_formal_report(LOST_YUNLING))
    assert lift(Asked(centre, yunling, LOST_YUNLING, LOST_YUNLING_KEY).proved()).verdict is LiftVerdict.FORMALLY_LOST
    assert state(centre, LOST_YUNLING) == "2"


# --- while a replacement runs


def test_a_report_while_a_replacement_runs_has_its_own_answer(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    order_a_new_card(centre, LOST_YUNLING)
    answer = ask(centre, yunling, a_report(LOST_YUNLING, "yunling"))
    assert answer.verdict is LossVerdict.REPLACEMENT_RUNNING
    late = upload(centre, LedgerWriter(yunling, centre), taken_down(LOST_YUNLING, "yunling"), NOW)
    assert late == ("superseded", "replacement_running")
    centre.clock.held_ms = NOW + 10 * DAY
    ask(centre, yunling, a_report(LOST_YUNLING, "yunling", name="x"))  # a look, with nothing to find
    assert state(centre, LOST_YUNLING) == "4"  # its three days are over, but a new card is on its way


def test_no_lifting_follows_an_accepted_replacement(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    order_a_new_card(centre, LOST_YUNLING)
    asked = Asked(centre, yunling, LOST_YUNLING, LOST_YUNLING_KEY).proved()
    assert lift(asked).verdict is LiftVerdict.REPLACEMENT_RUNNING
    assert state(centre, LOST_YUNLING) == "4"


def test_a_damaged_card_that_is_being_replaced_is_still_stopped_when_it_is_lost(
    centre: RunningCentre, yunling: EnrolledTerminal
) -> None:
    order_a_new_card(centre, YUNLING)
    ledger = LedgerWriter(yunling, centre)
    # The acceptance changed nothing about the card, so it overtakes nothing either.
    centre.clock.held_ms = NOW + HOUR
    assert upload(centre, ledger, taken_down(YUNLING, "yunling"), NOW - 1) == ("applied", "")
    assert state(centre, YUNLING) == "4"


def test_in_qingdao_the_card_ends_with_the_acceptance(centre: RunningCentre) -> None:
    qingdao = centre.enrol("qd-0001", "qingdao")
    person = ("370200D1560000050000000000005001", "", "370200197911305021")
    order_a_new_card(centre, person, "qingdao")
    assert state(centre, person) == "9"
    answer = ask(centre, qingdao, a_report(person, "qingdao", name="沈范例"))
    assert answer.verdict is LossVerdict.REPLACEMENT_RUNNING


def test_one_order_at_a_time(centre: RunningCentre) -> None:
    order_a_new_card(centre, YUNLING)
    with centre.database.reading() as session:
        (order,) = session.scalars(select(ReplacementOrder))
    assert (order.identification_code, order.reason, order.ended_at) == (YUNLING[0], "lost", None)
    with pytest.raises(IntegrityError):
        order_a_new_card(centre, YUNLING)


# --- what the ledger says of it


def formal_entry(person: Person, **other: Any) -> Any:
    values: dict[str, Any] = {"holder_name": NAMES[person], "region": "yunling"}
    return a_transaction(card=("", "", person[2]), service=Service.FORMAL_LOSS, **(values | other))


def test_the_entry_of_a_formal_report_is_believed_when_it_was_made_online(
    centre: RunningCentre, yunling: EnrolledTerminal
) -> None:
    question = a_formal_report(YUNLING)
    formally(centre, yunling, question)
    entry = formal_entry(YUNLING, transaction_id=question.transaction_id, done_online=True)
    assert upload(centre, LedgerWriter(yunling, centre), entry, NOW) == ("applied", "")
    assert row(centre, question.transaction_id)["effects"] == 1


@pytest.mark.parametrize(
    "claim", [{"done_online": True}, {}, {"outcome": Outcome.RECORDED, "assumed_card_state": "1"}], ids=str
)
def test_no_entry_ends_a_card(centre: RunningCentre, yunling: EnrolledTerminal, claim: dict[str, Any]) -> None:
    assert upload(centre, LedgerWriter(yunling, centre), formal_entry(YUNLING, **claim), NOW) == (
        "refused", "not_done_online",
    )  # fmt: skip
    assert state(centre, YUNLING) == "1"


def test_a_card_that_was_ended_tells_nothing_more(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    proved = Asked(centre, yunling, YUNLING, YUNLING_KEY).proved()
    formally(centre, yunling, a_formal_report(YUNLING))
    assert declined(proved.record) == (409, "card_state")
