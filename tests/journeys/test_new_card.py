"""What is shown on the way to a new card: nothing nudges, nothing is promised that nobody knows."""

from datetime import date

import pytest

from kiosk.card_face.particulars import Particulars
from kiosk.card_face.proof import FaceProof
from kiosk.journeys import new_card
from kiosk.journeys.views import Emphasis, Intent, Payment, Step, actions_of
from kiosk.journeys.wording import Personal, PersonName
from kiosk.ui.language import Language, load_languages
from tests.ui.display import ASSETS

ORDER = Particulars("欧阳𠮷㛃", "41170019900307001X", "D2143569X", date(2026, 11, 30))
STEP = Step(3, 5)


@pytest.fixture(scope="module")
def chinese() -> Language:
    return load_languages(ASSETS / "translations")["zh"]


def test_the_preview_masks_its_facts_and_favours_no_answer() -> None:
    view = new_card.preview(FaceProof(b"masked", b"whole"), ORDER, STEP)
    name, number = (fact.value for fact in view.facts)
    assert isinstance(name, PersonName)
    assert isinstance(number, Personal)
    assert (name.masked, number.masked) == ("欧**㛃", "411*************1X")
    assert [(action.intent, action.emphasis) for action in view.actions] == [
        (new_card.WRONG, Emphasis.PLAIN),
        (Intent.NEXT, Emphasis.PLAIN),
    ]
    assert ORDER.name not in repr(view)
    assert ORDER.number not in repr(view)


@pytest.mark.parametrize(
    ("seconds", "left"),
    [
        (300, "还剩 5 分 0 秒"),
        (61, "还剩 1 分 1 秒"),
        (60, "还剩 1 分 0 秒"),
        (59, "还剩 59 秒"),
        (0, "还剩 0 秒"),
        (-3, "还剩 0 秒"),
    ],
)
def test_the_time_that_is_left(chinese: Language, seconds: int, left: str) -> None:
    view = new_card.fee_waiting(1600, new_card.REPLACEMENT_FEE, "weixin://wxpay/x", seconds, STEP)
    assert view.left is not None
    assert chinese.text(view.left) == left


def test_a_code_is_there_while_it_can_be_paid_and_no_longer(chinese: Language) -> None:
    waiting = new_card.fee_waiting(3200, new_card.REPLACEMENT_FEE, "weixin://wxpay/x", 300, STEP)
    paid = new_card.fee_paid(3200, new_card.REPLACEMENT_FEE, STEP)
    closed = new_card.fee_closed(3200, new_card.REPLACEMENT_FEE, STEP)
    assert [bool(view.code_url) for view in (waiting, paid, closed)] == [True, False, False]
    assert [view.payment for view in (waiting, paid, closed)] == [Payment.WAITING, Payment.PAID, Payment.CLOSED]
    assert {chinese.text(view.amount) for view in (waiting, paid, closed)} == {"32.00 元"}
    assert Intent.CANCEL in {action.intent for action in waiting.actions}
    assert paid.actions == ()
    assert "不会白付" in closed.note.text
    assert "wxpay" not in repr(waiting)


def test_how_long_it_takes_is_told_where_somebody_has_stated_it(chinese: Language) -> None:
    assert "分钟" not in chinese.text(new_card.making(0, None).line)
    assert "3 分钟" in chinese.text(new_card.making(0, 3).line)
    for now in range(len(new_card.MAKING) + 1):
        view = new_card.making(now, 3)
        assert (view.now, view.steps) == (now, new_card.MAKING)
        assert not any("%" in chinese.text(said) for said in (view.title, view.line, *view.steps))
        assert actions_of(view) == ()


def test_the_new_card_is_taken_by_hand_alone() -> None:
    for urgent in (False, True):
        view = new_card.take_new_card(urgent=urgent)
        assert actions_of(view) == ()
        assert view.urgent is urgent
    assert new_card.take_new_card(urgent=True).line != new_card.take_new_card(urgent=False).line
