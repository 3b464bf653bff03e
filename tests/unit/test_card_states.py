"""The table of a card's states: complete, and drawn as it is."""

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from central.card_states import (
    LONGEST_NAME,
    SIDES,
    TRANSITIONS,
    After,
    By,
    Cause,
    Event,
    NotAllowed,
    Reason,
    SideState,
    Withdrawal,
    accept_replacement,
    activate,
    answer_to_report,
    cancel,
    change,
    is_holder,
    issue_replacement,
    lift,
    report,
    report_formally,
    sides_of,
    verdict_on_formal_report,
    verdict_on_lifting,
    verdict_on_report,
    why_not,
    withdraw_replacement,
)
from central.command_line import main
from central.region_rules import RegionRule
from central.tables import Card, Holder, ReplacementOrder
from kiosk.records.card import CardState
from kiosk.records.issuance import ReplacementReason
from kiosk.records.questions import FormalLossVerdict, LiftVerdict, LossVerdict

NOW, LATER = 1_800_000_000_000, 1_800_000_360_000
PICTURE = Path(__file__).parents[2] / "docs" / "card-states.svg"
AT_A_TERMINAL = Cause(terminal="t-1", transaction_id="0" * 32, by=By.TERMINAL)
OPEN = RegionRule(temporary_loss_days=3, lifting=True, formal_loss=True, lifting_until_replacement=True)


def a_card(state: CardState, code: str = "A", **other: object) -> Card:
    values: dict[str, object] = {
        "identification_code": code,
        "social_security_number": "1",
        "region": "yunling",
        "state": state.value,
        "bank": "云岭银行",
        "replaced_by": None,
        "loss_lapses_at": None,
        "state_before_loss": None,
        "state_changed_at": None,
    }
    return Card(**(values | other))


def refused(event: Event, state: CardState) -> Reason:
    reason = why_not(event, state)
    assert reason is not None
    return reason


def test_each_event_is_allowed_or_refused_with_a_reason_in_each_state() -> None:
    allowed = {(row.event, source) for row in TRANSITIONS for source in row.sources}
    assert {row.event for row in TRANSITIONS} == set(Event)
    for event in Event:
        for state in CardState:
            assert (why_not(event, state) is None) is ((event, state) in allowed)
    assert set(SIDES) == set(CardState)


def test_a_cancelled_card_and_a_formally_lost_one_come_back_by_no_row() -> None:
    for row in TRANSITIONS:
        if CardState.CANCELLED in row.sources:
            assert row.to in (CardState.CANCELLED, After.AS_IT_IS)
        if CardState.LOST in row.sources:
            assert row.to in (CardState.CANCELLED, After.AS_IT_IS)


@pytest.mark.parametrize("state", CardState)
def test_whatever_stands_against_a_report_has_its_verdict(state: CardState) -> None:
    """Every reason is a word of the protocol, which the terminal turns into words."""
    card = a_card(state)
    verdict, meant = verdict_on_report([card])
    assert meant is card
    assert (verdict is LossVerdict.REPORTED) is (why_not(Event.REPORTED, state) is None)
    formal, _ = verdict_on_formal_report([card], (), OPEN)
    assert (formal is FormalLossVerdict.REPORTED) is (why_not(Event.FORMALLY_REPORTED, state) is None)
    lifted = verdict_on_lifting(card, (), OPEN, here=True)
    assert (lifted is LiftVerdict.LIFTED) is (state is CardState.TEMPORARILY_LOST)


@pytest.mark.parametrize(
    ("event", "state", "reason"),
    [
        (Event.REPORTED, CardState.SEALED, Reason.NOT_ACTIVATED),
        (Event.REPORTED, CardState.LOST, Reason.FORMALLY_LOST),
        (Event.FORMALLY_REPORTED, CardState.CANCELLED, Reason.CANCELLED),
        (Event.LIFTED, CardState.NORMAL, Reason.NOT_REPORTED),
        (Event.LIFTED, CardState.LOST, Reason.FORMALLY_LOST),
        (Event.ACTIVATED, CardState.NORMAL, Reason.IN_USE),
        (Event.REPLACEMENT_ACCEPTED, CardState.SEALED, Reason.NOT_ACTIVATED),
    ],
)
def test_the_reasons_are_those_of_the_counter(event: Event, state: CardState, reason: Reason) -> None:
    assert refused(event, state) is reason


ATTEMPTS: dict[str, Callable[[Card], object]] = {
    "report": lambda card: report(card, OPEN, NOW, AT_A_TERMINAL),
    "formal report": lambda card: report_formally(card, NOW, AT_A_TERMINAL),
    "lift": lambda card: lift(card, NOW, AT_A_TERMINAL),
    "activate": lambda card: activate(card, (), NOW, AT_A_TERMINAL),
    "cancel": lambda card: cancel(card, NOW, AT_A_TERMINAL),
    "window": lambda card: change(card, CardState.NORMAL, "unlocked", NOW, Cause(reason="window")),
}


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS)
def test_a_cancelled_card_stays_as_it_is(attempt: Callable[[Card], object]) -> None:
    card = a_card(CardState.CANCELLED)
    with pytest.raises(NotAllowed) as caught:
        attempt(card)
    assert caught.value.reason is Reason.CANCELLED
    assert (card.state, card.state_changed_at) == ("9", None)


def test_an_entry_that_came_late_makes_nothing_final() -> None:
    card = a_card(CardState.NORMAL)
    with pytest.raises(NotAllowed, match="not_open"):
        report_formally(card, NOW, Cause(terminal="t-1", by=By.ENTRY))
    assert card.state == "1"


def test_a_formal_report_follows_a_temporary_one_and_lapses_no_more() -> None:
    card = a_card(CardState.LOCKED)
    report(card, OPEN, NOW, AT_A_TERMINAL)
    event = report_formally(card, LATER, AT_A_TERMINAL)
    assert (event.event, event.from_state, event.to_state, event.at_ms) == ("formally_reported", "4", "2", LATER)
    assert (card.loss_lapses_at, card.state_before_loss) == (None, None)


def test_the_e_card_stops_with_the_card_where_the_region_says_so() -> None:
    card = a_card(CardState.NORMAL)
    says = RegionRule(e_card_stops=True)
    assert sides_of(card, says).e_card is SideState.WORKS
    report(card, says, NOW, AT_A_TERMINAL)
    assert answer_to_report(LossVerdict.REPORTED, card, says).e_card_stopped
    assert not answer_to_report(LossVerdict.REPORTED, card, OPEN).e_card_stopped
    assert sides_of(card, OPEN).e_card is None
    assert sides_of(card, says).bank is SideState.TO_BE_TOLD


def accepted(card: Card, rule: RegionRule = OPEN) -> ReplacementOrder:
    order, _ = accept_replacement(card, rule, "f" * 32, ReplacementReason.LOST, LATER, Cause())
    return order


def test_a_report_stands_while_a_replacement_runs() -> None:
    card = a_card(CardState.NORMAL)
    report(card, OPEN, NOW, AT_A_TERMINAL)
    accepted(card)
    assert (card.state, card.loss_lapses_at, card.state_changed_at) == ("4", None, NOW)
    assert verdict_on_report([card], {"A"})[0] is LossVerdict.REPLACEMENT_RUNNING
    assert verdict_on_lifting(card, (), OPEN, here=True, being_replaced=True) is LiftVerdict.REPLACEMENT_RUNNING
    lenient = RegionRule(lifting=True)
    assert verdict_on_lifting(card, (), lenient, here=True, being_replaced=True) is LiftVerdict.LIFTED
    with pytest.raises(NotAllowed, match="replacement_running"):
        accept_replacement(card, OPEN, "e" * 32, ReplacementReason.LOST, LATER, Cause(), being_replaced=True)


def test_a_card_that_still_works_is_stopped_though_a_new_one_is_being_made() -> None:
    """It is damaged, not lost, until it is."""
    card = a_card(CardState.NORMAL)
    accepted(card)
    assert verdict_on_report([card], {"A"})[0] is LossVerdict.REPORTED
    assert verdict_on_formal_report([card], {"A"}, OPEN)[0] is FormalLossVerdict.REPORTED


def test_where_the_region_says_so_the_card_ends_with_the_acceptance() -> None:
    card = a_card(CardState.TEMPORARILY_LOST)
    rule = RegionRule(acceptance_ends_card=True)
    _, events = accept_replacement(card, rule, "f" * 32, ReplacementReason.LOST, LATER, Cause())
    assert [(one.event, one.from_state, one.to_state, one.reason) for one in events] == [
        ("replacement_accepted", "4", "4", "lost"),
        ("cancelled", "4", "9", "replacement_accepted"),
    ]
    assert verdict_on_report([card], {"A"})[0] is LossVerdict.REPLACEMENT_RUNNING
    assert verdict_on_lifting(card, (), OPEN, here=True, being_replaced=True) is LiftVerdict.REPLACEMENT_RUNNING


def test_a_new_card_takes_the_old_ones_place_once() -> None:
    old, new = a_card(CardState.LOST), a_card(CardState.SEALED, "B")
    order = accepted(old)
    issue_replacement(old, order, new, LATER, Cause())
    assert (old.state, old.replaced_by, order.ended_at, order.issued) == ("9", "B", LATER, "B")
    with pytest.raises(NotAllowed):
        issue_replacement(old, order, new, LATER, Cause())
    activate(new, [old], LATER, AT_A_TERMINAL)
    assert new.state == "1"


def test_every_event_has_its_reason() -> None:
    """Its own, or who brought it about."""
    old, new = a_card(CardState.NORMAL), a_card(CardState.SEALED, "B")
    assert report(old, OPEN, NOW, Cause(reason="typed", by=By.TERMINAL)).reason == "typed"
    assert lift(old, NOW, AT_A_TERMINAL).reason == "terminal"
    order, (accepted_event,) = accept_replacement(old, OPEN, "f" * 32, ReplacementReason.DAMAGED, NOW, Cause())
    assert (accepted_event.reason, order.reason) == ("damaged", "damaged")
    assert issue_replacement(old, order, new, LATER, Cause()).reason == "damaged"
    assert activate(new, [old], LATER, Cause()).reason == "window"
    assert change(new, CardState.LOCKED, "locked", LATER, Cause(reason="court")).reason == "court"


STATES_WITH_AN_ORDER = [state for state in CardState if state is not CardState.SEALED]


@pytest.mark.parametrize("state", STATES_WITH_AN_ORDER)
def test_a_withdrawn_order_leaves_the_card_what_it_has_become(state: CardState) -> None:
    card = a_card(CardState.NORMAL)
    order = accepted(card)
    card.state = state.value
    (event,) = withdraw_replacement(card, OPEN, order, Withdrawal.NOT_WANTED, LATER, Cause())
    assert (event.event, event.from_state, event.to_state) == ("replacement_withdrawn", state.value, state.value)
    assert (event.reason, event.at_ms) == ("not_wanted", LATER)
    assert (card.state, card.replaced_by, order.ended_at, order.issued) == (state.value, None, LATER, None)
    with pytest.raises(NotAllowed):
        withdraw_replacement(card, OPEN, order, Withdrawal.NOT_WANTED, LATER, Cause())
    with pytest.raises(NotAllowed):
        issue_replacement(card, order, a_card(CardState.SEALED, "B"), LATER, Cause())


def test_nobody_withdraws_another_cards_order() -> None:
    order = accepted(a_card(CardState.NORMAL))
    with pytest.raises(NotAllowed, match="unknown"):
        withdraw_replacement(a_card(CardState.NORMAL, "B"), OPEN, order, Withdrawal.MISTAKE, LATER, Cause())
    assert order.ended_at is None


def test_a_report_runs_on_from_when_it_was_made_once_the_order_is_withdrawn() -> None:
    card = a_card(CardState.LOCKED)
    report(card, OPEN, NOW, AT_A_TERMINAL)
    order = accepted(card)
    (event,) = withdraw_replacement(card, OPEN, order, Withdrawal.FOUND, LATER, Cause())
    assert (event.event, card.state, card.loss_lapses_at) == ("replacement_withdrawn", "4", NOW + 259_200_000)
    assert card.state_changed_at == NOW, "it overtakes no report"


def test_a_report_whose_term_went_by_meanwhile_is_over_when_the_order_is() -> None:
    """Not before: until then the card was stopped."""
    card = a_card(CardState.LOCKED)
    report(card, OPEN, NOW, AT_A_TERMINAL)
    order, much_later = accepted(card), NOW + 300_000_000
    events = withdraw_replacement(card, OPEN, order, Withdrawal.FOUND, much_later, Cause())
    assert [(one.event, one.at_ms, one.to_state) for one in events] == [
        ("replacement_withdrawn", much_later, "4"), ("lapsed", much_later, "3"),
    ]  # fmt: skip


def test_a_report_without_a_term_or_made_during_the_order_keeps_its_own() -> None:
    endless = a_card(CardState.NORMAL)
    report(endless, RegionRule(), NOW, AT_A_TERMINAL)
    withdraw_replacement(endless, RegionRule(), accepted(endless), Withdrawal.FOUND, LATER, Cause())
    assert (endless.state, endless.loss_lapses_at) == ("4", None)
    damaged = a_card(CardState.NORMAL)
    order = accepted(damaged)
    report(damaged, OPEN, LATER, AT_A_TERMINAL)
    withdraw_replacement(damaged, OPEN, order, Withdrawal.FOUND, LATER + 1, Cause())
    assert damaged.loss_lapses_at == LATER + 259_200_000


def test_where_the_acceptance_ended_the_card_a_withdrawal_revives_nothing() -> None:
    card, rule = a_card(CardState.TEMPORARILY_LOST), RegionRule(acceptance_ends_card=True, temporary_loss_days=3)
    order, _ = accept_replacement(card, rule, "f" * 32, ReplacementReason.LOST, NOW, Cause())
    withdraw_replacement(card, rule, order, Withdrawal.FOUND, LATER, Cause())
    assert (card.state, card.loss_lapses_at) == ("9", None)
    assert verdict_on_report([card])[0] is LossVerdict.CANCELLED
    assert verdict_on_lifting(card, (), OPEN, here=True) is LiftVerdict.CANCELLED


@pytest.mark.parametrize("wrong", [{"social_security_number": "2"}, {"state": "1"}], ids=str)
def test_nobody_gets_anothers_card_or_one_in_use(wrong: dict[str, object]) -> None:
    old, new = a_card(CardState.LOST), a_card(CardState.SEALED, "B")
    for name, value in wrong.items():
        setattr(new, name, value)
    with pytest.raises(NotAllowed, match="another_card"):
        issue_replacement(old, accepted(old), new, LATER, Cause())
    assert old.state == "2"


@pytest.mark.parametrize("state", [CardState.NORMAL, CardState.LOCKED, CardState.TEMPORARILY_LOST])
def test_a_second_card_is_not_activated_beside_one_that_may_work(state: CardState) -> None:
    new = a_card(CardState.SEALED, "B")
    with pytest.raises(NotAllowed, match="another_card"):
        activate(new, [a_card(state)], NOW, AT_A_TERMINAL)
    assert new.state == "0"


def test_a_name_longer_than_any_is_nobodys() -> None:
    """The longest that one request can bring would keep the centre busy for a quarter of a minute."""
    longest = "\ufdfa" * LONGEST_NAME
    assert is_holder(Holder(name=longest), longest)
    assert not is_holder(Holder(name=longest + "王"), longest + "王")
    assert not is_holder(Holder(name="王"), "王" + " " * LONGEST_NAME)


def test_the_picture_is_that_of_the_table(tmp_path: Path) -> None:
    assert main(["card-states", "--svg", str(tmp_path / "drawn.svg")]) == 0
    drawn = (tmp_path / "drawn.svg").read_text(encoding="utf-8")
    assert drawn == PICTURE.read_text(encoding="utf-8"), "python -m central card-states --svg docs/card-states.svg"
    words = "".join(ElementTree.fromstring(drawn).itertext())
    assert all(event.value.split("_", maxsplit=1)[0] in words for event in Event if event is not Event.LAPSED)
    assert all(f"{state.value} " in words for state in CardState)
