import pytest

from kiosk.journeys.loss_lifting import loss_lifting
from kiosk.journeys.views import Fault, PinEntry, Refusal, Result
from kiosk.records.card import CardState
from kiosk.records.questions import CardProof, CardProved, LiftLoss, LiftVerdict, LossLifted, PinVerdict
from kiosk.records.transaction import Outcome, Stage
from tests.journeys.world import World, session, titles, walk


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
