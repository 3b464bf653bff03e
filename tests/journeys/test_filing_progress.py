import pytest

from kiosk.journeys.filing_progress import filing_progress
from kiosk.journeys.requests import Show
from kiosk.journeys.views import Choices, Chosen, Explain, Fact, Intent, Refusal, Result
from kiosk.records import filings
from kiosk.records.card import ReplacementReason
from kiosk.records.filings import CardReplacement, FilingState, FilingTold, GetFilings, OffsiteCare, OffsiteGroup, Paper
from kiosk.records.transaction import Outcome, Stage
from tests.journeys.test_temporary_loss import facts, filled, stages
from tests.journeys.world import ID_CARD, World, filing, session, titles, walk

REFERRAL = OffsiteCare(group=OffsiteGroup.REFERRED, place="110100")
ORDER = CardReplacement(reason=ReplacementReason.LOST)


def citizen(told: list[FilingTold], **changes: object) -> World:
    choices = dict.fromkeys(("社会保障卡申领", "异地就医的备案", "临时社会保障卡", "补卡"), Intent.NEXT)
    return World(key="yunling", documents=[ID_CARD], filings=told, choices=choices, **changes)  # type: ignore[arg-type]


def look(world: World) -> Outcome:
    return walk(filing_progress(session(world.key, reads_id_cards=True)), world)


def next_steps(world: World) -> list[str]:
    pages = [view for view in world.seen if isinstance(view, Explain) and view.title.text == "接下来"]
    return [filled(line) for page in pages for line in page.lines]


def test_one_matter_is_told_at_once() -> None:
    world = citizen([filing()])
    assert look(world) is Outcome.DONE
    result = next(view for view in world.seen if isinstance(view, Result))
    assert facts(result) == {"办到哪一步": "卡正在做", "受理号（询问时用）": "A1B2C3D4", "交的时间": "2026-11-21 10:32"}
    assert "急着用卡的，可以办临时社会保障卡" in next_steps(world)
    assert stages(world) == [(Stage.FINISHED, Outcome.DONE, "")]
    assert isinstance(world.asked[0], GetFilings)


@pytest.mark.parametrize(
    ("told", "step"),
    [
        (filing(state=FilingState.RECEIVED, has_portrait=True), "现在不用做什么，等着就行。"),
        (filing(state=FilingState.RECEIVED), "照片由窗口补拍、补交；交过的，等着就行。"),
        (filing(state=FilingState.RECEIVED), "在哪里办照片：云岭服务大厅"),
        (filing(state=FilingState.RECEIVED, matter=REFERRAL), "现在不用做什么，等着就行。"),
        (filing(state=FilingState.IN_PRODUCTION), "现在不用做什么，等着就行。"),
        (filing(state=FilingState.READY, place="3 号窗口"), "去哪里领：3 号窗口"),
        (filing(state=FilingState.READY), "要问，请打 0000-9901。"),
        (filing(state=FilingState.RECEIVED, matter=ORDER), "现在不用做什么，等着就行。"),
        (filing(state=FilingState.RECEIVED, matter=ORDER), "从交上到拿到卡，要 5 个工作日。"),
        (filing(state=FilingState.IN_PRODUCTION, matter=ORDER), "急着用卡的，可以办临时就医证"),
        (filing(state=FilingState.READY, matter=ORDER, place="3 号窗口"), "领卡要带：本人身份证、领卡证明"),
        (filing(state=FilingState.REFUSED, matter=ORDER), "可以这样办：自助机，或云岭服务大厅"),
        (filing(state=FilingState.DONE), "已经办好，不用再做什么。"),
        (filing(state=FilingState.WITHDRAWN), "已经撤回。要办的话，可以重新交。"),
        (filing(state=FilingState.REFUSED, matter=REFERRAL, note="没有转诊单"), "原因：没有转诊单"),
        (filing(state=FilingState.REFUSED, matter=REFERRAL), "没有写明原因。"),
    ],
)
def test_each_state_says_what_to_do_next(told: FilingTold, step: str) -> None:
    world = citizen([told])
    look(world)
    assert step in next_steps(world)


def test_why_it_was_refused_comes_with_the_place_that_mends_it() -> None:
    world = citizen([filing(state=FilingState.REFUSED, matter=REFERRAL, note="没有转诊单")])
    look(world)
    assert next_steps(world)[:2] == ["原因：没有转诊单", "可以这样办：自助机，或云岭服务大厅"]


def test_a_paper_says_until_when_it_holds() -> None:
    paper = Paper(kind=filings.IssuedPaper.TEMPORARY_CARD)
    world = citizen([filing(matter=paper, state=FilingState.DONE, valid_until="2027-01-21")])
    look(world)
    result = next(view for view in world.seen if isinstance(view, Result))
    assert facts(result)["有效到"] == "2027-01-21"


def test_eight_matters_are_turned_by_four() -> None:
    world = citizen([filing(number=f"A1B2C3D{n}") for n in range(8)])
    look(world)
    lists = [view for view in world.seen if isinstance(view, Choices)]
    assert [choice.intent for choice in lists[0].choices] == [Chosen(str(n)) for n in range(4)]
    assert [action.intent for action in lists[0].actions] == [Intent.DONE, Intent.NEXT]
    assert len({view.facts[1] for view in world.seen if isinstance(view, Result)}) == 4


def test_what_is_older_stands_behind_the_first_four() -> None:
    world = citizen([filing(number=f"A1B2C3D{n}") for n in range(8)])
    journey = filing_progress(session("yunling", reads_id_cards=True))
    request = next(journey)
    while not isinstance(request, Show):
        request = journey.send(world.answer(request))
    request = journey.send(Intent.NEXT)
    assert isinstance(request, Show)
    assert isinstance(request.view, Choices)
    assert [choice.intent for choice in request.view.choices] == [Chosen(str(n)) for n in range(4, 8)]
    assert [action.intent for action in request.view.actions] == [Intent.BACK, Intent.DONE]
    journey.close()


def test_each_of_several_stands_behind_its_choice() -> None:
    world = citizen([filing(), filing(number="B2C3D4E5", state=FilingState.READY, place="3 号窗口")])
    look(world)
    numbers = [facts(view)["受理号（询问时用）"] for view in world.seen if isinstance(view, Result)]
    assert numbers == ["A1B2C3D4", "B2C3D4E5"]


def test_nothing_filed_is_said_in_words() -> None:
    world = citizen([])
    assert look(world) is Outcome.DONE
    assert titles(world)[-1] == "没有查到在办的事"
    assert stages(world) == [(Stage.FINISHED, Outcome.DONE, "nothing_filed")]


def test_whom_the_centre_does_not_know_is_told_so() -> None:
    world = citizen([], known=False)
    assert look(world) is Outcome.REFUSED
    (refusal,) = (view for view in world.seen if isinstance(view, Refusal))
    assert refusal.code == "R-41"


def test_without_the_centre_nothing_is_told() -> None:
    world = citizen([filing()], centre_up=False)
    assert look(world) is Outcome.REFUSED
    (refusal,) = (view for view in world.seen if isinstance(view, Refusal))
    assert refusal.code == "N-01"


def test_nothing_of_the_person_stands_on_the_list() -> None:
    world = citizen([filing(), filing(state=FilingState.READY)])
    look(world)
    values: list[Fact] = [fact for view in world.seen if isinstance(view, Result) for fact in view.facts]
    assert not any(ID_CARD.number in repr(fact) or ID_CARD.name in repr(fact) for fact in values)
