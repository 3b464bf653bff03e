"""Orders for new cards that are taken back, and what a region's own systems are told of its cards."""

import os
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
import requests
from sqlalchemy import select

from central.card_states import Cause, Withdrawal, accept_replacement, activate, issue_replacement
from central.command_line import main
from central.region_rules import load_region_rules
from central.replacement_orders import OrderDesk, OrderRefused
from central.tables import Card, CardEvent, ReplacementOrder
from kiosk.records.filings import IdentifiedBy
from kiosk.records.issuance import ReplacementReason
from kiosk.records.questions import LiftVerdict, LossVerdict
from tests.centre import REGION_RULES, EnrolledTerminal, RunningCentre
from tests.integration.test_central_card_sessions import Asked
from tests.integration.test_central_formal_loss import a_formal_report, formally, order_a_new_card
from tests.integration.test_central_loss_reports import (
    DAY,
    HOUR,
    LOST_YUNLING,
    LOST_YUNLING_KEY,
    NOW,
    YUNLING,
    Person,
    a_report,
    ask,
    events,
    lift,
    state,
)

QINGDAO: Person = ("370200D1560000050000000000005001", "", "370200197911305021")


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


def withdraw(centre: RunningCentre, person: Person, why: Withdrawal = Withdrawal.NOT_WANTED) -> str:
    with centre.database.reading() as session:
        number = session.get_one(Card, person[0]).card_number
    return OrderDesk(centre.database, load_region_rules(REGION_RULES), centre.clock).withdraw(number, why)


def run(centre: RunningCentre, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    command, *others = arguments
    code = main([command, str(centre.settings.tls_key.parent / "centre.toml"), *others])
    return (code, *capsys.readouterr())


def told(lines: str) -> Sequence[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in lines.splitlines()]


def test_a_withdrawn_order_leaves_a_working_card_alone(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    order_a_new_card(centre, YUNLING)
    centre.clock.held_ms = NOW + HOUR
    assert withdraw(centre, YUNLING) == "10"
    assert events(centre, YUNLING) == [
        ("replacement_accepted", NOW, "1", "1"), ("replacement_withdrawn", NOW + HOUR, "1", "1"),
    ]  # fmt: skip
    with centre.database.reading() as session:
        (order,) = session.scalars(select(ReplacementOrder))
        assert (order.ended_at, order.issued) == (NOW + HOUR, None)
    order_a_new_card(centre, YUNLING)  # another may be ordered


@pytest.mark.parametrize("person", [YUNLING, ("", "", "")], ids=["no order", "no card"])
def test_what_is_not_in_progress_is_not_withdrawn(centre: RunningCentre, person: Person) -> None:
    desk = OrderDesk(centre.database, load_region_rules(REGION_RULES), centre.clock)
    with pytest.raises(OrderRefused):
        desk.withdraw("T99010014" if person is YUNLING else "T00000000", Withdrawal.MISTAKE)
    order_a_new_card(centre, YUNLING)
    withdraw(centre, YUNLING)
    with pytest.raises(OrderRefused):
        withdraw(centre, YUNLING)


def test_a_lost_card_is_let_go_again_once_no_new_one_comes(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    order_a_new_card(centre, LOST_YUNLING)
    assert withdraw(centre, LOST_YUNLING, Withdrawal.FOUND) == "2L"
    answer = ask(centre, yunling, a_report(LOST_YUNLING, "yunling"))
    # Reported twelve hours ago for three days, as if there had been no order.
    assert (answer.verdict, answer.lapses_at_ms) == (LossVerdict.ALREADY_REPORTED, NOW - 12 * HOUR + 3 * DAY)
    assert lift(Asked(centre, yunling, LOST_YUNLING, LOST_YUNLING_KEY).proved()).verdict is LiftVerdict.LIFTED
    assert state(centre, LOST_YUNLING) == "1"


def test_a_term_that_went_by_meanwhile_is_over_with_the_order(centre: RunningCentre) -> None:
    order_a_new_card(centre, LOST_YUNLING)
    centre.clock.held_ms = NOW + 10 * DAY
    assert withdraw(centre, LOST_YUNLING) == "10"
    assert events(centre, LOST_YUNLING)[1:] == [
        ("replacement_withdrawn", NOW + 10 * DAY, "4", "4"), ("lapsed", NOW + 10 * DAY, "4", "1"),
    ]  # fmt: skip


def test_a_formally_lost_card_stays_so(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    formally(centre, yunling, a_formal_report(LOST_YUNLING))
    order_a_new_card(centre, LOST_YUNLING)
    assert withdraw(centre, LOST_YUNLING) == "2F"
    assert lift(Asked(centre, yunling, LOST_YUNLING, LOST_YUNLING_KEY).proved()).verdict is LiftVerdict.FORMALLY_LOST


def test_in_qingdao_the_card_ended_with_the_acceptance_and_stays_ended(centre: RunningCentre) -> None:
    """青岛使用须知第三条: invalid from the acceptance on; nothing in the handbook brings it back."""
    qingdao = centre.enrol("qd-0001", "qingdao")
    order_a_new_card(centre, QINGDAO, "qingdao")
    assert withdraw(centre, QINGDAO, Withdrawal.FOUND) == "9"
    answer = ask(centre, qingdao, a_report(QINGDAO, "qingdao", name="沈范例"))
    assert answer.verdict is LossVerdict.CANCELLED


# --- in the region's own codes


def test_a_region_reads_its_cards_changes_in_its_own_codes(
    centre: RunningCentre, yunling: EnrolledTerminal, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = a_report(YUNLING, "yunling", identified_by=IdentifiedBy.TYPED)
    ask(centre, yunling, typed)
    rule = load_region_rules(REGION_RULES).of("yunling")
    with centre.database.writing() as session:
        old = session.get_one(Card, YUNLING[0])
        new = Card(
            identification_code="990100D156000005000000000000900B", card_number="T99010111",
            social_security_number=YUNLING[2], region="yunling", norm_version="2.00", state="0", bank="",
            bank_account="", bank_side_active=False,
        )  # fmt: skip
        session.add(new)
        session.flush()
        order, accepted = accept_replacement(old, rule, os.urandom(16).hex(), ReplacementReason.DAMAGED, NOW, Cause())
        session.add_all([order, *accepted])
        session.flush()
        session.add(issue_replacement(old, order, new, NOW + 1, Cause()))
        session.flush()
        session.add(activate(new, [old], NOW + 2, Cause()))
    code, out, _ = run(centre, capsys, "card-events", "yunling")
    assert code == 0
    changes = [one for one in told(out) if one["at_ms"] >= NOW]
    wanted = ("card_number", "event", "from_code", "to_code", "reason", "reason_code")
    assert [tuple(one[name] for name in wanted) for one in changes] == [
        ("T99010014", "reported", "10", "2L", "typed", ""),
        ("T99010014", "replacement_accepted", "2L", "2L", "damaged", "D"),
        ("T99010014", "replaced", "2L", "99", "damaged", "D"),
        ("T99010111", "activated", "00", "10", "window", ""),
    ]
    assert changes[0]["transaction_id"] == typed.transaction_id
    assert changes[0]["identification_code"] == YUNLING[0]
    _, later, _ = run(centre, capsys, "card-events", "yunling", "--after", str(changes[1]["number"]))
    assert told(later) == changes[2:]
    assert run(centre, capsys, "card-events", "beijing")[1] == "", "another region's cards are no concern of theirs"
    assert "云示例" not in out
    assert YUNLING[2] not in out


def test_a_region_that_is_not_ruled_is_said_to_be_so(centre: RunningCentre, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, error = run(centre, capsys, "card-events", "yunlin")
    assert (code, out) == (1, "")
    assert "yunlin" in error


def test_staff_withdraw_by_the_cards_number(centre: RunningCentre, capsys: pytest.CaptureFixture[str]) -> None:
    order_a_new_card(centre, YUNLING)
    assert run(centre, capsys, "replacement-withdraw", "T99010014", "found") == (0, "withdrawn; AAZ502 is 10\n", "")
    code, _, error = run(centre, capsys, "replacement-withdraw", "T99010014", "found")
    assert (code, "T99010014" in error) == (1, False)
    with centre.database.reading() as session:
        last = session.scalars(select(CardEvent).order_by(CardEvent.number.desc()).limit(1)).one()
    assert (last.event, last.reason) == ("replacement_withdrawn", "found")


def test_the_page_shows_the_regions_codes_beside_the_norms(centre: RunningCentre, yunling: EnrolledTerminal) -> None:
    ask(centre, yunling, a_report(YUNLING, "yunling"))
    order_a_new_card(centre, YUNLING)
    with requests.Session() as session:
        session.trust_env, session.verify = False, str(centre.ca_file)
        shown = session.get(f"{centre.url}/overview.json", timeout=10).json()["card_events"]
    assert [(one["event"], one["from"], one["to"], one["reason"], one["codes"]) for one in shown[:2]] == [
        ("replacement_accepted", "4", "4", "lost", ["2L", "2L", "L"]),
        ("reported", "1", "4", "id_card", ["10", "2L", ""]),
    ]
