"""New cards that terminals order and offices make: what is ordered, what it does to the old card, how it ends."""

import os
from typing import Any

import pytest
from sqlalchemy import select

from central.card_states import Withdrawal
from central.command_line import main
from central.filings import FilingRefused
from central.query import transaction_row
from central.region_rules import load_region_rules
from central.replacement_orders import MadeCard, OrderDesk, OrderRefused
from central.tables import Card, Filing, ReplacementOrder, TransactionRow
from kiosk.records.card import ReplacementReason
from kiosk.records.filings import (
    CardReplacement,
    Filed,
    FileMatter,
    FilingState,
    FilingVerdict,
    IdentifiedBy,
    IssuedPaper,
    Paper,
    Proxy,
    Relation,
)
from kiosk.records.issuance import IssuanceReserved, IssuanceVerdict, ReserveIssuance
from kiosk.records.portrait import NoPortrait
from kiosk.records.transaction import Outcome, Service, Stage
from kiosk.records.upload import Receipt
from tests.centre import REGION_RULES, EnrolledTerminal, LedgerWriter, RunningCentre, a_transaction
from tests.integration.test_central_filings import a_matter, desk, file, query
from tests.integration.test_central_formal_loss import order_a_new_card
from tests.integration.test_central_loss_reports import (
    BEIJING,
    LOST_YUNLING,
    NAMES,
    NOW,
    YUNLING,
    a_report,
    ask,
    events,
    state,
)
from tests.integration.test_central_replacement_orders import QINGDAO

LOST, DAMAGED, RENEWED = ReplacementReason.LOST, ReplacementReason.DAMAGED, ReplacementReason.RENEWED
PEOPLE = NAMES | {QINGDAO: "沈范例"}
NEW = MadeCard("990100D156000005000000000000900C", "T99010129", "3.00")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def centre(request: pytest.FixtureRequest) -> RunningCentre:
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


def an_order(
    person: tuple[str, str, str], reason: ReplacementReason, region: str = "yunling", **other: Any
) -> FileMatter:
    matter = CardReplacement(reason=reason, **other.pop("matter", {}))
    return a_matter((person[2], PEOPLE[person]), matter, region=region, **other)


def a_reservation() -> ReserveIssuance:
    return ReserveIssuance(
        transaction_id=os.urandom(16).hex(), region="yunling", social_security_number=YUNLING[2],
        name=NAMES[YUNLING], identified_by=IdentifiedBy.ID_CARD, reason=DAMAGED, identification_code=YUNLING[0],
    )  # fmt: skip


def office(centre: RunningCentre) -> OrderDesk:
    return OrderDesk(centre.database, load_region_rules(REGION_RULES), centre.clock)


def orders(centre: RunningCentre) -> list[tuple[str, str, bool]]:
    with centre.database.reading() as session:
        found = session.scalars(select(ReplacementOrder))
        return [(one.order_id, one.reason, one.ended_at is not None) for one in found]


def filed(centre: RunningCentre, transaction_id: str) -> str:
    with centre.database.reading() as session:
        return session.get_one(Filing, transaction_id).state


def test_a_broken_card_is_ordered_once_and_works_on(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    question = an_order(YUNLING, DAMAGED, matter={"phone": "13800000000"})
    answer = file(centre, yunling, question)
    assert answer.verdict is FilingVerdict.FILED
    assert orders(centre) == [(question.transaction_id, "damaged", False)]
    assert state(centre, YUNLING) == "1"
    assert events(centre, YUNLING) == [("replacement_accepted", NOW, "1", "1")]
    assert file(centre, yunling, question) == answer, "the same question again"
    again = file(centre, yunling, an_order(YUNLING, LOST))
    assert (again.verdict, again.filing) == (FilingVerdict.ALREADY_FILED, answer.filing)
    assert len(orders(centre)) == 1
    row = transaction_row(centre.database.engine, question.transaction_id)
    assert row is not None
    assert (row["service"], row["effects"], row["social_security_number"]) == ("card_replacement", 1, YUNLING[2])


def test_a_lost_card_must_be_reported_first(centre: RunningCentre, beijing: EnrolledTerminal) -> None:
    """北京第8问: 挂失 before 补卡."""
    lost = an_order(BEIJING, LOST, "beijing")
    assert file(centre, beijing, lost) == Filed(verdict=FilingVerdict.NOT_REPORTED)
    assert orders(centre) == []
    ask(centre, beijing, a_report(BEIJING, "beijing"))
    assert file(centre, beijing, an_order(BEIJING, DAMAGED, "beijing")).verdict is FilingVerdict.REPORTED_LOST
    assert file(centre, beijing, lost).verdict is FilingVerdict.FILED
    with centre.database.reading() as session:
        card = session.get_one(Card, BEIJING[0])
        assert (card.state, card.loss_lapses_at) == ("4", None), "the report runs out no more"


def test_in_qingdao_the_old_card_ends_with_the_order(centre: RunningCentre) -> None:
    """青岛使用须知第三条."""
    qingdao = centre.enrol("qd-0001", "qingdao")
    assert file(centre, qingdao, an_order(QINGDAO, RENEWED, "qingdao")).verdict is FilingVerdict.FILED
    assert state(centre, QINGDAO) == "9"
    assert [event[0] for event in events(centre, QINGDAO)] == ["replacement_accepted", "cancelled"]


@pytest.mark.parametrize("reason", [RENEWED, ReplacementReason.IDENTITY_CHANGED])
def test_what_the_rules_do_not_open_is_not_ordered(
    centre: RunningCentre, beijing: EnrolledTerminal, reason: ReplacementReason
) -> None:
    answer = file(centre, beijing, an_order(BEIJING, reason, "beijing"))
    assert answer == Filed(verdict=FilingVerdict.NOT_OPEN)
    assert orders(centre) == []


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ({"state": "0"}, FilingVerdict.NOT_ACTIVATED),
        ({"state": "9"}, FilingVerdict.NO_CARD),
        ({"state": "2"}, FilingVerdict.REPORTED_LOST),
        ({"state": "3"}, FilingVerdict.FILED),
    ],
)
def test_the_cards_state_decides(
    centre: RunningCentre, yunling: EnrolledTerminal, values: dict[str, str], verdict: FilingVerdict
) -> None:
    with centre.database.writing() as session:
        session.get_one(Card, YUNLING[0]).state = values["state"]
    assert file(centre, yunling, an_order(YUNLING, DAMAGED)).verdict is verdict


def test_what_a_window_has_ordered_is_not_ordered_again(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    order_a_new_card(centre, YUNLING)
    assert file(centre, yunling, an_order(YUNLING, DAMAGED)) == Filed(verdict=FilingVerdict.RUNNING)
    assert len(orders(centre)) == 1


def test_no_card_is_made_at_a_terminal_while_an_order_stands(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    file(centre, yunling, an_order(YUNLING, DAMAGED))
    reserve = a_reservation()
    assert centre.ask(yunling, "/v1/issuances", reserve, IssuanceReserved).verdict is IssuanceVerdict.RUNNING


def test_a_proxy_orders_where_the_region_lets_somebody_be_sent(
    centre: RunningCentre, yunling: EnrolledTerminal, beijing: EnrolledTerminal
) -> None:
    proxy = Proxy(number="110101196505050017", name="李代办", relation=Relation.SENT, to_show=("mandate",))
    assert file(centre, beijing, an_order(BEIJING, DAMAGED, "beijing", proxy=proxy)).verdict is (
        FilingVerdict.NOT_BY_PROXY
    )
    answer = file(centre, yunling, an_order(YUNLING, DAMAGED, proxy=proxy))
    assert answer.filing is not None
    assert (answer.filing.by_proxy, answer.filing.to_show) == (True, ("mandate",))


def test_papers_rest_on_the_order(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    person = (YUNLING[2], NAMES[YUNLING])
    slip = a_matter(person, Paper(kind=IssuedPaper.MEDICAL_SLIP))
    assert file(centre, yunling, slip).verdict is FilingVerdict.NOTHING_TO_REST_ON
    file(centre, yunling, an_order(YUNLING, DAMAGED))
    assert file(centre, yunling, slip).verdict is FilingVerdict.FILED


# --- how it ends


def test_the_order_ends_when_the_office_hands_the_new_card_over(
    centre: RunningCentre, yunling: EnrolledTerminal
) -> None:
    question = an_order(YUNLING, DAMAGED, matter={"no_portrait": NoPortrait.DECLINED})
    answer = file(centre, yunling, question)
    assert answer.filing is not None
    desk(centre).decide(answer.filing.number, FilingState.READY, place="云岭服务大厅 2 号窗")
    (told,) = query(centre, yunling, (YUNLING[2], NAMES[YUNLING])).filings
    assert (told.state, told.place) == (FilingState.READY, "云岭服务大厅 2 号窗")
    with pytest.raises(FilingRefused, match="replacement-issue"):
        desk(centre).decide(answer.filing.number, FilingState.DONE)
    assert office(centre).hand_over("T99010014", NEW, started=True) == "10"
    with centre.database.reading() as session:
        old, new = session.get_one(Card, YUNLING[0]), session.get_one(Card, NEW.identification_code)
        assert (old.state, old.replaced_by) == ("9", NEW.identification_code)
        assert (new.state, new.social_security_number, new.region, new.bank) == ("1", YUNLING[2], "yunling", old.bank)
    assert filed(centre, question.transaction_id) == FilingState.DONE.value
    assert orders(centre) == [(question.transaction_id, "damaged", True)]
    assert file(centre, yunling, an_order(YUNLING, DAMAGED)).verdict is FilingVerdict.FILED, "the new one, in turn"


def test_a_new_card_may_yet_have_to_be_started(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    file(centre, yunling, an_order(LOST_YUNLING, LOST))
    assert office(centre).hand_over("T99010022", NEW, started=False) == "00"


def test_a_new_card_is_nobodys_before(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    file(centre, yunling, an_order(YUNLING, DAMAGED))
    for taken in (
        MadeCard(LOST_YUNLING[0], "T99010129", "3.00"),
        MadeCard(NEW.identification_code, LOST_YUNLING[1], "3.00"),
    ):
        with pytest.raises(OrderRefused, match="somebody's"):
            office(centre).hand_over("T99010014", taken, started=True)
    with pytest.raises(OrderRefused, match="no order"):
        office(centre).hand_over("T99010022", NEW, started=True)
    assert [ended for *_, ended in orders(centre)] == [False]


@pytest.mark.parametrize("by", ["filing", "order"])
def test_an_order_that_is_taken_back_ends_on_both_sides(
    centre: RunningCentre, yunling: EnrolledTerminal, by: str
) -> None:
    question = an_order(LOST_YUNLING, LOST)
    answer = file(centre, yunling, question)
    assert answer.filing is not None
    if by == "filing":
        desk(centre).decide(answer.filing.number, FilingState.WITHDRAWN)
    else:
        office(centre).withdraw("T99010022", Withdrawal.FOUND)
    assert filed(centre, question.transaction_id) == FilingState.WITHDRAWN.value
    assert orders(centre) == [(question.transaction_id, "lost", True)]
    with centre.database.reading() as session:
        card = session.get_one(Card, LOST_YUNLING[0])
        assert card.state == "4"
        assert card.loss_lapses_at is not None, "the report's term runs as if there had been no order"
    assert file(centre, yunling, an_order(LOST_YUNLING, LOST)).verdict is FilingVerdict.FILED


def test_staff_end_it_by_command(
    centre: RunningCentre, yunling: EnrolledTerminal, capsys: pytest.CaptureFixture[str]
) -> None:
    file(centre, yunling, an_order(YUNLING, DAMAGED))
    where = str(centre.settings.tls_key.parent / "centre.toml")
    arguments = ["replacement-issue", where, "T99010014", NEW.identification_code, NEW.card_number, "--started"]
    assert main(arguments) == 0
    assert capsys.readouterr().out == "handed over; AAZ502 of the new card is 10\n"
    assert main(arguments) == 1


# --- judged


@pytest.mark.parametrize(("ordered", "verdict"), [(True, ("applied", "")), (False, ("refused", "not_done_online"))])
def test_an_entry_that_says_ordered_is_held_against_the_filing(
    centre: RunningCentre, yunling: EnrolledTerminal, ordered: bool, verdict: tuple[str, str]
) -> None:
    question = an_order(YUNLING, DAMAGED)
    if ordered:
        file(centre, yunling, question)
    assert judged(centre, yunling, question.transaction_id) == verdict


def test_a_card_that_was_only_reserved_was_not_made(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    reserve = a_reservation()
    centre.ask(yunling, "/v1/issuances", reserve, IssuanceReserved)
    row = transaction_row(centre.database.engine, reserve.transaction_id)
    assert row is not None
    assert row["effects"] == 1
    assert judged(centre, yunling, reserve.transaction_id) == ("refused", "not_done_online")


@pytest.mark.parametrize(
    ("number", "verdict"), [(YUNLING[2], ("applied", "")), (LOST_YUNLING[2], ("refused", "not_done_online"))]
)
def test_a_card_that_was_switched_was_made(
    centre: RunningCentre, yunling: EnrolledTerminal, number: str, verdict: tuple[str, str]
) -> None:
    reserve = a_reservation()
    centre.ask(yunling, "/v1/issuances", reserve, IssuanceReserved)
    with centre.database.writing() as session:
        session.get_one(TransactionRow, reserve.transaction_id).switched_at = NOW
    assert judged(centre, yunling, reserve.transaction_id, number) == verdict


def judged(
    centre: RunningCentre, terminal: EnrolledTerminal, transaction_id: str, number: str = YUNLING[2]
) -> tuple[str, str]:
    """What becomes of the entry of a new card that is said to be done."""
    ledger = LedgerWriter(terminal, centre)
    entry = a_transaction(
        transaction_id=transaction_id, card=("", "", number), service=Service.CARD_REPLACEMENT,
        stage=Stage.FINISHED, outcome=Outcome.DONE, done_online=True, region="yunling", holder_name=NAMES[YUNLING],
    )  # fmt: skip
    (one,) = centre.ask(terminal, "/v1/entries", ledger.batch([ledger.append(entry)]), Receipt).judgements
    return one.verdict.value, one.reason
