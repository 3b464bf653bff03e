from collections.abc import Callable

import pytest

from kiosk.journeys.card_activation import card_activation
from kiosk.journeys.card_examination import card_examination
from kiosk.journeys.card_query import card_query
from kiosk.journeys.frame import Session
from kiosk.journeys.loss_lifting import loss_lifting
from kiosk.journeys.pin_change import pin_change
from kiosk.journeys.requests import Journey
from kiosk.journeys.views import Fault, Intent, PinEntry
from kiosk.journeys.wording import Say
from kiosk.records.card import CardState
from kiosk.records.questions import CardProof, CardProved, ChangeCentrePin, PinChange, PinChanged
from kiosk.records.transaction import Outcome, Stage
from tests.journeys.world import HOLDER_X, ID_CARD, World, session, titles, walk

CENTRE = CardProved(proof=CardProof.GENUINE, card_state=CardState.NORMAL, pin_is_initial=False, pin_tries_left=6)


def stages(world: World) -> list[tuple[Stage, Outcome | None, str]]:
    return [(entry.stage, entry.outcome, entry.reason) for entry in world.recorded]


def notes(world: World) -> list[str]:
    return [view.note.text for view in world.seen if isinstance(view, PinEntry) and view.note]


def test_old_new_repeat() -> None:
    world = World(typed=["246810", "975318", "975318"])
    assert walk(pin_change(session("zhumadian")), world) is Outcome.DONE
    assert world.chip_pin == "changed"
    assert stages(world) == [(Stage.BEGUN, None, ""), (Stage.FINISHED, Outcome.DONE, "")]
    assert [(view.step.number, view.step.of) for view in world.seen if isinstance(view, PinEntry) and view.step] == [
        (1, 3), (2, 3), (3, 3),
    ]  # fmt: skip


def test_on_the_chip_it_works_without_the_centre_and_says_when_it_is_reported() -> None:
    world = World(typed=["246810", "975318", "975318"], centre_up=False)
    assert walk(pin_change(session("zhumadian")), world) is Outcome.DONE
    assert world.recorded[-1].done_online is False
    assert world.seen[-1].note == Say("新密码现在就能用。现在联系不上社保中心，这次办理稍后自动上报。")  # type: ignore[union-attr]  # it is a Result


def test_repeat_that_differs_starts_the_new_pin_again() -> None:
    world = World(typed=["246810", "975318", "975319", "864209", "864209"])
    assert walk(pin_change(session("zhumadian")), world) is Outcome.DONE
    assert notes(world) == ["两遍不一样，请重新设新密码。"]


def test_new_pin_must_differ() -> None:
    world = World(typed=["246810", "246810", "975318", "975318"])
    assert walk(pin_change(session("zhumadian")), world) is Outcome.DONE
    assert notes(world) == ["新密码和原来一样，请换一个。"]


def test_initial_pin_is_no_new_pin_in_zhumadian() -> None:
    world = World(typed=["246810", "123456", "975318", "975318"])
    assert walk(pin_change(session("zhumadian")), world) is Outcome.DONE
    assert notes(world) == ["不能再用初始密码，请换一个。"]


def test_weak_pin_is_advised_against_and_can_be_kept() -> None:
    world = World(typed=["246810", "888888", "888888"], choices={"这个密码容易被人猜到": Intent.NEXT})
    assert walk(pin_change(session("zhumadian")), world) is Outcome.DONE
    assert "这个密码容易被人猜到" in titles(world)


def test_weak_pin_is_given_up_by_default() -> None:
    world = World(typed=["246810", "888888", "975318", "975318"])
    assert walk(pin_change(session("zhumadian")), world) is Outcome.DONE
    assert world.typed == []


def test_it_ends_kindly_when_nothing_settles() -> None:
    world = World(typed=["246810", *["246810"] * 5])
    assert walk(pin_change(session("zhumadian")), world) is Outcome.REFUSED
    assert stages(world) == [(Stage.FINISHED, Outcome.REFUSED, "new_pin_not_settled")]
    assert world.chip_pin == "246810"


def test_chip_that_refuses_the_change_says_so() -> None:
    world = World(typed=["246810", "975318", "975318"], refuses_change=True)
    assert walk(pin_change(session("zhumadian")), world) is Outcome.REFUSED
    assert stages(world)[-1] == (Stage.FINISHED, Outcome.REFUSED, "chip_refused_change")


def test_centre_compares_the_blocks() -> None:
    world = World(key="beijing", typed=["135790", "975318", "975318"], proof=CENTRE)
    assert walk(pin_change(session("beijing")), world) is Outcome.DONE
    assert world.pins == []
    assert stages(world)[-1] == (Stage.FINISHED, Outcome.DONE, "")
    assert world.recorded[-1].done_online
    question = world.asked[-1]
    assert isinstance(question, ChangeCentrePin)
    assert (question.old[:6], question.new[:6], question.repeated[:6]) == (b"135790", b"975318", b"975318")


def test_wrong_old_pin_at_the_centre_asks_for_all_three_again() -> None:
    changes = [PinChanged(change=PinChange.WRONG, pin_tries_left=5), PinChanged(change=PinChange.CHANGED)]
    world = World(key="beijing", typed=["1", "2", "2", "3", "4", "4"], proof=CENTRE, changes=changes)
    assert walk(pin_change(session("beijing")), world) is Outcome.DONE
    assert world.typed == []
    assert [entry.stage for entry in world.recorded] == [Stage.BEGUN, Stage.FINISHED]


def test_mismatch_at_the_centre_keeps_the_old_block() -> None:
    changes = [PinChanged(change=PinChange.MISMATCH), PinChanged(change=PinChange.CHANGED)]
    world = World(key="beijing", typed=["1", "2", "3", "4", "4"], proof=CENTRE, changes=changes)
    assert walk(pin_change(session("beijing")), world) is Outcome.DONE
    assert notes(world) == ["两遍不一样，请重新设新密码。"]


def test_weak_at_the_centre_is_asked_again_with_consent() -> None:
    changes = [PinChanged(change=PinChange.WEAK), PinChanged(change=PinChange.CHANGED)]
    world = World(
        key="beijing",
        typed=["1", "2", "2"],
        proof=CENTRE,
        changes=changes,
        choices={"这个密码容易被人猜到": Intent.NEXT},
    )
    assert walk(pin_change(session("beijing")), world) is Outcome.DONE
    consents = [question.accept_weak for question in world.asked if isinstance(question, ChangeCentrePin)]
    assert consents == [False, True]


def test_locked_at_the_centre_before_the_first_key() -> None:
    proof = CardProved(proof=CardProof.GENUINE, card_state=CardState.NORMAL, pin_is_initial=False, pin_tries_left=0)
    world = World(key="beijing", proof=proof)
    assert walk(pin_change(session("beijing")), world) is Outcome.REFUSED
    assert stages(world) == [(Stage.FINISHED, Outcome.REFUSED, "pin_locked")]


def test_lost_answer_is_told_as_not_known() -> None:
    world = World(key="beijing", typed=["135790", "975318", "975318"], proof=CENTRE, lost_answer_to=ChangeCentrePin)
    assert walk(pin_change(session("beijing")), world) is Outcome.UNKNOWN
    assert stages(world) == [(Stage.BEGUN, None, ""), (Stage.FINISHED, Outcome.UNKNOWN, "answer_lost")]
    (fault,) = [view for view in world.seen if isinstance(view, Fault)]
    assert fault.means == Say("密码可能已经改了，也可能没改。下次先试新密码，不行再试旧密码。")


def test_answer_that_can_not_be_believed_is_told_as_not_known() -> None:
    world = World(
        key="beijing", typed=["135790", "975318", "975318"], proof=CENTRE, distrusted_answer_to=ChangeCentrePin
    )
    assert walk(pin_change(session("beijing")), world) is Outcome.UNKNOWN
    assert stages(world)[-1] == (Stage.FINISHED, Outcome.UNKNOWN, "answer_lost")


def test_beijing_letter_in_the_initial_pin() -> None:
    proof = CardProved(proof=CardProof.GENUINE, card_state=CardState.NORMAL, pin_is_initial=True, pin_tries_left=6)
    world = World(key="beijing", proof=proof, holder=HOLDER_X)
    assert walk(pin_change(session("beijing")), world) is Outcome.REFUSED
    assert stages(world) == [(Stage.FINISHED, Outcome.REFUSED, "pin_untypable")]


@pytest.mark.parametrize(
    ("journey", "key"),
    [(pin_change, "zhumadian"), (card_query, "beijing"), (card_examination, "jiangxi"), (card_activation, "yunling")],
)
def test_without_a_card_slot_nothing_that_wants_a_card_begins(
    journey: Callable[[Session], Journey[Outcome]], key: str
) -> None:
    world = World(key=key)
    assert walk(journey(session(key, reads_cards=False, enters_pins=False)), world) is Outcome.REFUSED
    assert titles(world) == ["这台机器现在读不了卡"]
    assert not world.asked
    assert not world.recorded


def test_without_a_card_slot_a_report_is_taken_back_by_the_id_card_where_that_is_let() -> None:
    world = World(key="yunling", documents=[ID_CARD])
    assert walk(loss_lifting(session("yunling", reads_id_cards=True, reads_cards=False)), world) is Outcome.DONE
    without = World(key="yunling")
    assert walk(loss_lifting(session("yunling", reads_cards=False)), without) is Outcome.REFUSED
    assert titles(without) == ["这台机器现在读不了卡"]


@pytest.mark.parametrize(
    ("journey", "key"), [(pin_change, "zhumadian"), (pin_change, "beijing"), (card_query, "beijing")]
)
def test_without_a_pin_pad_nothing_that_wants_a_pin_begins(
    journey: Callable[[Session], Journey[Outcome]], key: str
) -> None:
    world = World(key=key)
    assert walk(journey(session(key, enters_pins=False)), world) is Outcome.REFUSED
    assert titles(world) == ["这台机器现在输不了密码"]
    assert not world.asked
    assert not world.recorded


def test_without_a_pin_pad_a_report_is_taken_back_by_the_id_card_where_that_is_let() -> None:
    world = World(key="yunling", documents=[ID_CARD])
    terminal = session("yunling", reads_id_cards=True, enters_pins=False)
    assert walk(loss_lifting(terminal), world) is Outcome.DONE
    assert "请放上身份证" in titles(world)
    without = session("yunling", enters_pins=False)
    assert walk(loss_lifting(without), World(key="yunling")) is Outcome.REFUSED
