import dataclasses
from datetime import date

import msgspec
import pytest

from kiosk.journeys.frame import Session
from kiosk.journeys.loss_lifting import loss_lifting
from kiosk.journeys.views import Chosen, Emphasis, Fault, Intent, PinEntry, ReadBack, Refusal, Result
from kiosk.policy.pack import Basis, LiftedBy, Rule
from kiosk.policy.region import Region
from kiosk.records.card import CardState
from kiosk.records.filings import IdentifiedBy
from kiosk.records.questions import (
    CardProof,
    CardProved,
    LiftLoss,
    LiftLossWithoutCard,
    LiftVerdict,
    LossLifted,
    PinVerdict,
)
from kiosk.records.transaction import Outcome, Stage
from tests.journeys.world import ID_CARD, TRANSACTION_ID, World, session, steps, titles, walk

ASKED, CHECKED = "卡在手上吗？", "请核对，再撤销挂失"
BY_ID_CARD = Rule[tuple[LiftedBy, ...]](value=(LiftedBy.ID_CARD,), basis=Basis.OPERATOR, reason="a test's")


def proof(state: CardState = CardState.TEMPORARILY_LOST) -> CardProved:
    return CardProved(proof=CardProof.GENUINE, card_state=state)


def finder(**changes: object) -> World:
    return World(key="yunling", **{"typed": ["246810"], "proof": proof(), **changes})  # type: ignore[arg-type]  # fields by name


def stages(world: World) -> list[tuple[Stage, Outcome | None, str]]:
    return [(entry.stage, entry.outcome, entry.reason) for entry in world.recorded]


def test_the_card_and_its_pin_take_the_report_back() -> None:
    world = finder()
    assert walk(loss_lifting(session("yunling")), world) is Outcome.DONE
    assert stages(world) == [(Stage.BEGUN, None, ""), (Stage.FINISHED, Outcome.DONE, "")]
    assert world.recorded[-1].assumed_card_state == "4"
    assert world.recorded[-1].done_online is True
    assert isinstance(world.seen[-1], Result)
    assert titles(world)[-1] == "挂失已撤销"
    assert world.card_returned


def test_a_wrong_pin_lifts_nothing() -> None:
    world = finder(typed=["111222", "246810"])
    walk(loss_lifting(session("yunling")), world)
    notes = [view.note.text for view in world.seen if isinstance(view, PinEntry) and view.note]
    assert notes == ["密码不对，还可以试 {tries} 次。"]
    assert len([question for question in world.asked if isinstance(question, LiftLoss)]) == 1


@pytest.mark.parametrize("key", ["zhumadian", "beijing", "guizhou", "qingdao", "jiangxi"])
def test_no_real_region_lets_a_terminal_do_it(key: str) -> None:
    world = World(key=key, proof=proof())
    assert walk(loss_lifting(session(key)), world) is Outcome.REFUSED
    (refusal,) = world.seen
    assert isinstance(refusal, Refusal)
    assert refusal.code == "R-01"
    assert refusal.instead
    assert not world.card_came


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (CardState.NORMAL, "R-18"),
        (CardState.LOST, "R-13"),
        (CardState.CANCELLED, "R-15"),
        (CardState.LOCKED, "R-06"),
        (CardState.SEALED, "R-06"),
    ],
)
def test_a_card_in_another_state(state: CardState, code: str) -> None:
    world = finder(proof=proof(state))
    assert walk(loss_lifting(session("yunling")), world) is Outcome.REFUSED
    last = world.seen[-1]
    assert isinstance(last, Refusal)
    assert last.code == code
    assert not any(isinstance(question, LiftLoss) for question in world.asked)


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        (LiftVerdict.NOT_REPORTED, "R-18"),
        (LiftVerdict.FORMALLY_LOST, "R-13"),
        (LiftVerdict.REPLACED, "R-16"),
        (LiftVerdict.REPLACEMENT_RUNNING, "R-31"),
        (LiftVerdict.CANCELLED, "R-15"),
        (LiftVerdict.NOT_OPEN, "R-01"),
    ],
)
def test_each_answer_is_its_own(verdict: LiftVerdict, code: str) -> None:
    world = finder(liftings=[LossLifted(pin=PinVerdict.NOT_ASKED, verdict=verdict)])
    assert walk(loss_lifting(session("yunling")), world) is Outcome.REFUSED
    last = world.seen[-1]
    assert isinstance(last, Refusal)
    assert last.code == code


def test_without_the_centre_it_is_refused_before_the_pin() -> None:
    world = finder(centre_up=False)
    assert walk(loss_lifting(session("yunling")), world) is Outcome.REFUSED
    last = world.seen[-1]
    assert isinstance(last, Refusal)
    assert last.code == "N-01"
    assert last.why.text == "这件事要社保中心当场核对，联系不上就不能办。什么都没有改动。"
    assert not world.pins


def test_a_lost_answer_is_told_as_not_known() -> None:
    world = finder(lost_answer_to=LiftLoss)
    assert walk(loss_lifting(session("yunling")), world) is Outcome.UNKNOWN
    last = world.seen[-1]
    assert isinstance(last, Fault)
    assert last.means.text == "挂失可能已经撤销，也可能没有。插卡查一查就知道。"


# --- the found card lies elsewhere


def holder(**changes: object) -> World:
    choices = {ASKED: Chosen("id_card")}
    return World(key="yunling", **{"documents": [ID_CARD], "choices": choices, **changes})  # type: ignore[arg-type]  # fields by name


def ruled(rule: Rule[tuple[LiftedBy, ...]], *, reads_id_cards: bool = True) -> Session:
    """A terminal where the region's rule is another."""
    plain = session("yunling", reads_id_cards=reads_id_cards)
    loss = msgspec.structs.replace(plain.region.pack.loss, lifting_identified_by=rule)
    return dataclasses.replace(plain, region=Region(msgspec.structs.replace(plain.region.pack, loss=loss)))


def last_refusal(world: World) -> Refusal:
    last = world.seen[-1]
    assert isinstance(last, Refusal)
    return last


def test_the_id_card_takes_the_report_back() -> None:
    world = holder()
    assert walk(loss_lifting(session("yunling", reads_id_cards=True)), world) is Outcome.DONE
    assert stages(world) == [(Stage.BEGUN, None, ""), (Stage.FINISHED, Outcome.DONE, "")]
    (question,) = world.asked
    assert question == LiftLossWithoutCard(
        transaction_id=TRANSACTION_ID,
        region="yunling",
        social_security_number=ID_CARD.number,
        name=ID_CARD.name,
        identified_by=IdentifiedBy.ID_CARD,
    )
    assert {entry.identified_by for entry in world.recorded} == {IdentifiedBy.ID_CARD}
    assert {entry.identification_code for entry in world.recorded} == {""}
    assert world.recorded[-1].done_online is True
    assert titles(world)[0] == ASKED
    assert titles(world)[-1] == "挂失已撤销"
    assert not world.card_came
    assert not world.pins
    assert not world.on_the_reader


def test_whoever_has_the_card_there_is_asked_for_it() -> None:
    world = finder(choices={ASKED: Chosen("card")})
    assert walk(loss_lifting(session("yunling", reads_id_cards=True)), world) is Outcome.DONE
    assert any(isinstance(question, LiftLoss) for question in world.asked)
    assert world.recorded[-1].identified_by is None


def test_a_terminal_that_reads_no_id_cards_asks_nothing_and_wants_the_card() -> None:
    world = finder()
    assert walk(loss_lifting(session("yunling")), world) is Outcome.DONE
    assert ASKED not in titles(world)


def test_nothing_is_lifted_before_the_holder_has_said_that_it_is_them() -> None:
    world = holder(documents=[ID_CARD, ID_CARD], choices={ASKED: Chosen("id_card"), CHECKED: Intent.AGAIN})
    walking = steps(loss_lifting(session("yunling", reads_id_cards=True)), world)
    while titles(world).count(CHECKED) < 2:
        next(walking)
        assert not world.asked
        assert not world.recorded
    read_back = world.seen[-1]
    assert isinstance(read_back, ReadBack)
    assert read_back.actions[-1].emphasis is Emphasis.GRAVE


def test_where_only_the_id_card_counts_nobody_is_asked_for_the_card() -> None:
    world = holder()
    assert walk(loss_lifting(ruled(BY_ID_CARD)), world) is Outcome.DONE
    assert ASKED not in titles(world)
    assert not world.card_came
    without_reader = holder()
    assert walk(loss_lifting(ruled(BY_ID_CARD, reads_id_cards=False)), without_reader) is Outcome.REFUSED
    assert last_refusal(without_reader).code == "D-11"
    assert not without_reader.asked


def test_where_the_pack_does_not_say_by_what_nothing_is_lifted() -> None:
    world = holder()
    assert walk(loss_lifting(ruled(Rule(basis=Basis.NOT_STATED))), world) is Outcome.REFUSED
    assert last_refusal(world).code == "R-01"
    assert not world.asked


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        (LiftVerdict.NOT_REPORTED, "R-18"),
        (LiftVerdict.FORMALLY_LOST, "R-13"),
        (LiftVerdict.REPLACED, "R-16"),
        (LiftVerdict.REPLACEMENT_RUNNING, "R-31"),
        (LiftVerdict.CANCELLED, "R-15"),
        (LiftVerdict.NOT_OPEN, "R-01"),
        (LiftVerdict.ID_CARD_WANTED, "R-32"),
        (LiftVerdict.UNKNOWN, "R-14"),
    ],
)
def test_each_answer_without_the_card_is_its_own(verdict: LiftVerdict, code: str) -> None:
    world = holder(liftings=[LossLifted(pin=PinVerdict.NOT_ASKED, verdict=verdict)])
    assert walk(loss_lifting(session("yunling", reads_id_cards=True)), world) is Outcome.REFUSED
    assert last_refusal(world).code == code


def test_of_a_card_that_was_not_seen_nobody_says_that_it_works() -> None:
    answer = LossLifted(pin=PinVerdict.NOT_ASKED, verdict=LiftVerdict.NOT_REPORTED)
    world = holder(liftings=[answer])
    walk(loss_lifting(session("yunling", reads_id_cards=True)), world)
    assert last_refusal(world).why.text == "没有挂失过，或者挂失已经到期自动解除。"


def test_a_childs_report_is_taken_back_at_a_window() -> None:
    world = holder(documents=[dataclasses.replace(ID_CARD, birth_date=date(2020, 3, 7))])
    assert walk(loss_lifting(session("yunling", reads_id_cards=True)), world) is Outcome.REFUSED
    assert not world.asked
    assert not world.recorded


def test_without_the_centre_nothing_is_lifted_by_the_id_card() -> None:
    world = holder(centre_up=False)
    assert walk(loss_lifting(session("yunling", reads_id_cards=True)), world) is Outcome.REFUSED
    assert last_refusal(world).code == "N-01"
    assert stages(world)[-1] == (Stage.FINISHED, Outcome.REFUSED, "centre_unreachable")


def test_a_lost_answer_to_the_id_card_is_told_as_not_known() -> None:
    world = holder(lost_answer_to=LiftLossWithoutCard)
    assert walk(loss_lifting(session("yunling", reads_id_cards=True)), world) is Outcome.UNKNOWN
    assert isinstance(world.seen[-1], Fault)
    assert stages(world)[-1] == (Stage.FINISHED, Outcome.UNKNOWN, "answer_lost")
