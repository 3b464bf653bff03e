"""Slips on paper: offered where the printer can, printed once, and what is said where it can not."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from kiosk.journeys.card_query import card_query
from kiosk.journeys.frame import Session
from kiosk.journeys.loss_lifting import loss_lifting
from kiosk.journeys.pin_change import pin_change
from kiosk.journeys.printing import Printing
from kiosk.journeys.requests import Journey, SlipFate
from kiosk.journeys.temporary_loss import temporary_loss
from kiosk.journeys.views import AnyIntent, Choices, Explain, Fault, InsertCard, Intent, Refusal, Slip, View, actions_of
from kiosk.journeys.wording import PersonName
from kiosk.records.card import CardState
from kiosk.records.questions import CardProof, CardProved, LiftLoss, ReportLoss
from kiosk.records.transaction import Outcome
from tests.journeys.world import ID_CARD, World, session, title_of, titles, walk

JourneyOf = Callable[[Session], Journey[Outcome]]

LOST = CardProved(proof=CardProof.GENUINE, card_state=CardState.TEMPORARILY_LOST)
TO_SLIP: dict[str, AnyIntent] = {
    "您的社保卡信息": Intent.NEXT,
    "您卡里的信息": Intent.NEXT,
    "密码改好了": Intent.NEXT,
    "挂失已撤销": Intent.NEXT,
}
EVERY: dict[str, tuple[JourneyOf, Callable[[], World]]] = {
    "query": (card_query, lambda: World(typed=["246810"], choices=TO_SLIP)),
    "query without the centre": (card_query, lambda: World(typed=["246810"], centre_up=False, choices=TO_SLIP)),
    "PIN change": (pin_change, lambda: World(typed=["246810", "975318", "975318"], choices=TO_SLIP)),
    "loss report": (temporary_loss, lambda: World(key="beijing", documents=[ID_CARD])),
    "loss report without the centre": (
        temporary_loss,
        lambda: World(key="beijing", documents=[ID_CARD], centre_up=False),
    ),
    "report taken back": (
        loss_lifting,
        lambda: World(key="yunling", typed=["246810"], proof=LOST, choices=TO_SLIP),
    ),
}


def served(journey: JourneyOf, world: World, printing: Printing) -> Outcome:
    return walk(journey(session(world.key, printing, reads_id_cards=True)), world)


def offers_paper(view: View) -> bool:
    return Intent.PRINT in {action.intent for action in actions_of(view)}


@pytest.mark.parametrize("name", EVERY)
def test_every_service_gives_a_slip_on_paper(name: str) -> None:
    journey, made = EVERY[name]
    world = made()
    assert served(journey, world, Printing.READY) in (Outcome.DONE, Outcome.PARTLY_DONE, Outcome.RECORDED)
    (paper,) = world.printed
    assert len(paper.heading) == 2
    said = [line.text for line in paper.facts]
    assert said == ["受理号 {number}", "持卡人 {name}", "社会保障号码 {number}"]
    holder = paper.facts[1].values["name"]
    assert isinstance(holder, PersonName)
    assert holder.masked == "王*明"
    assert paper.lines, "what it means and what to do next"
    assert paper.call is not None
    assert titles(world)[-1] == "凭条打好了"


@pytest.mark.parametrize("name", EVERY)
def test_the_code_names_nobody(name: str) -> None:
    journey, made = EVERY[name]
    world = made()
    served(journey, world, Printing.READY)
    (paper,) = world.printed
    (slip,) = (view for view in world.seen if isinstance(view, Slip))
    assert paper.code == slip.lines
    for line in paper.code:
        assert not line.text.startswith(("持卡人", "社会保障号码"))


def test_a_report_that_waits_says_so_above_everything() -> None:
    world = EVERY["loss report without the centre"][1]()
    served(temporary_loss, world, Printing.READY)
    (paper,) = world.printed
    assert paper.warning is not None
    assert "还没有生效" in paper.warning.text
    done = EVERY["loss report"][1]()
    served(temporary_loss, done, Printing.READY)
    assert done.printed[0].warning is None


def test_a_slip_is_offered_once() -> None:
    world = EVERY["loss report"][1]()
    world.fate = SlipFate.PARTLY
    served(temporary_loss, world, Printing.READY)
    assert len(world.printed) == 1
    slips = [view for view in world.seen if isinstance(view, Slip)]
    assert [offers_paper(view) for view in slips] == [True, False], "back at the code, without the printer's button"


@pytest.mark.parametrize(
    ("fate", "title"),
    [
        (SlipFate.NO_PAPER, "打印机没有纸了"),
        (SlipFate.NO_PRINTER, "打印机没有反应"),
        (SlipFate.PARTLY, "凭条没有打完整"),
    ],
)
def test_a_printer_that_fails_leaves_the_code_and_nothing_is_done_twice(fate: SlipFate, title: str) -> None:
    world = EVERY["loss report"][1]()
    world.fate = fate
    assert served(temporary_loss, world, Printing.READY) is Outcome.DONE
    (told,) = (view for view in world.seen if title_of(view) == title)
    assert isinstance(told, Explain)
    assert any("不用再办一次" in line.text for line in told.lines)
    assert isinstance(world.seen[-1], Slip), "the citizen ends before the code"
    assert len([question for question in world.asked if isinstance(question, ReportLoss)]) == 1
    assert len(world.recorded) == 2


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("printing", Printing)
def test_a_printer_that_can_not_print_is_told_before_the_service_starts(name: str, printing: Printing) -> None:
    journey, made = EVERY[name]
    world = made()
    served(journey, world, printing)
    first = next(view for view in world.seen if isinstance(view, InsertCard | Explain))
    if printing is Printing.UNABLE:
        assert first.note is not None
        assert "没有纸质凭条" in first.note.text
    else:
        assert first.note is None
    if printing is not Printing.READY:
        assert not any(offers_paper(view) for view in world.seen)
        assert any(isinstance(view, Slip) for view in world.seen), "the code as ever"


def test_a_refusal_can_be_taken_home_and_names_nobody() -> None:
    world = World(key="zhumadian", choices={"挂失不在这里办": Intent.PRINT})
    assert served(temporary_loss, world, Printing.READY) is Outcome.REFUSED
    (paper,) = world.printed
    (refusal,) = (view for view in world.seen if isinstance(view, Refusal))
    assert paper.lines == (refusal.why, *refusal.instead)
    assert paper.facts == (), "nobody was identified, so there is no number"


def test_a_copied_card_gets_no_holder_on_paper() -> None:
    copied = CardProved(proof=CardProof.NOT_GENUINE, card_state=None)
    world = World(proof=copied, choices={"这张卡没有通过检验": Intent.PRINT})
    served(card_query, world, Printing.READY)
    (paper,) = world.printed
    assert [line.text for line in paper.facts] == ["受理号 {number}"]


def test_a_fault_can_be_taken_home() -> None:
    world = World(key="yunling", typed=["246810"], proof=LOST, choices={"没收到社保中心答复": Intent.PRINT})
    world.lost_answer_to = LiftLoss
    assert served(loss_lifting, world, Printing.READY) is Outcome.UNKNOWN
    assert len(world.printed) == 1
    assert any(isinstance(view, Fault) and offers_paper(view) for view in world.seen)


def test_the_result_itself_stays_as_it_was() -> None:
    world = replace(World(typed=["246810"]), choices={})
    served(card_query, world, Printing.READY)
    assert world.printed == []
    assert isinstance(world.seen[-1], Choices)
