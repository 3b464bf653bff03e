"""A matter that the centre did not answer: taken down, kept with what goes with it, and told as no more than that."""

from typing import Any

import msgspec
import pytest

from kiosk.journeys.card_application import card_application
from kiosk.journeys.frame import Session
from kiosk.journeys.portrait import AGREE, DECLINE
from kiosk.journeys.requests import Distrusted, LedgerFailed, Record, TooManyWait
from kiosk.journeys.views import AnyIntent, Explain, Fault, Intent, Result, Slip
from kiosk.records.card import ReplacementReason
from kiosk.records.filings import (
    CardApplication,
    CardReplacement,
    Enclosure,
    FileMatter,
    FilingState,
    FilingVerdict,
    IdentifiedBy,
    taken_down,
)
from kiosk.records.portrait import KEPT_CONSENT_TEXT, NoPortrait
from kiosk.records.transaction import Outcome, Service, Stage
from tests.journeys.test_card_replacement import citizen as order
from tests.journeys.test_card_replacement import want
from tests.journeys.test_filing_progress import look
from tests.journeys.test_portrait import ended
from tests.journeys.test_temporary_loss import facts, filled, stages
from tests.journeys.world import ID_CARD, JPEG, World, asking_only, filing, session, titles, walk

PHONE = "13800000000"
WAITS = "记下了，还没收到社保中心答复"
CONSENT = "要在这里拍照吗？"


def citizen(*sittings: bytes, **changes: Any) -> World:
    choices: dict[str, AnyIntent] = {CONSENT: AGREE, "这张照片行吗？": Intent.NEXT, WAITS: Intent.NEXT}
    values: dict[str, Any] = {"centre_up": False, "choices": choices | {"接下来": Intent.NEXT}}
    return World(key="yunling", documents=[ID_CARD], keyed=[PHONE], sittings=list(sittings), **(values | changes))


def terminal(*, camera: bool = False) -> Session:
    return session("yunling", reads_id_cards=True, takes_portraits=camera)


def apply(world: World, *, camera: bool = False) -> Outcome:
    return walk(card_application(terminal(camera=camera)), world)


def test_the_wish_is_taken_down_once_with_its_portrait_and_nobody_has_to_try_again() -> None:
    world = citizen(JPEG)
    assert apply(world, camera=True) is Outcome.RECORDED
    (asked,) = world.asked
    assert stages(world)[-1] == (Stage.FINISHED, Outcome.RECORDED, "centre_unreachable")
    entry = world.recorded[-1]
    assert entry.filing is not None
    assert (entry.filing.matter, entry.filing.relation) == (CardApplication(phone=PHONE), None)
    assert (entry.identified_by, entry.done_online, entry.rule) == (
        IdentifiedBy.ID_CARD, False, "services.card_application.offline",
    )  # fmt: skip
    assert world.enclosed == [Enclosure(portrait=asked.portrait)], "the very portrait that the centre may have seen"
    assert asked.portrait.consent_text == KEPT_CONSENT_TEXT
    assert all(portrait.wiped for portrait in world.portraits)


@pytest.mark.parametrize("how", ["lost_answer_to", "distrusted_answer_to"])
def test_a_lost_answer_is_taken_down_under_the_same_number(how: str) -> None:
    world = citizen(JPEG, centre_up=True, **{how: FileMatter})
    assert apply(world, camera=True) is Outcome.RECORDED
    assert world.asked[-1].transaction_id == world.recorded[-1].transaction_id


def test_what_is_said_is_true_whatever_the_centre_has_heard() -> None:
    world = citizen(JPEG)
    apply(world, camera=True)
    result = next(view for view in world.seen if isinstance(view, Result))
    assert result.title.text == WAITS
    assert not result.in_force
    assert facts(result) == {
        "受理号（询问时用）": world.recorded[-1].transaction_id[:8].upper(),
        "什么时候交到": "这台机器连上社保中心，就自动交",
    }
    told = [filled(line) for view in world.seen if isinstance(view, Explain) for line in view.lines]
    assert "2026-11-23 起，带身份证在这里“查进度”。查不到就是还没交到。" in told
    assert "没通过的，查的时候会说为什么、去哪里办。" in told
    assert "照片锁在这台机器里，交到就删，最多存 30 天。" in told
    slip = next(view for view in world.seen if isinstance(view, Slip))
    assert slip.paper is not None
    assert slip.paper.warning is not None
    assert filled(slip.paper.warning) == "还没收到社保中心的答复。这台机器连上社保中心后会自动交，不会交重。"
    lines = [filled(line) for line in slip.lines]
    assert lines[2:4] == [
        "2026-11-22 已记下，连上社保中心后自动交",
        "2026-11-23 起，带身份证在这里“查进度”。查不到就是还没交到。",
    ]
    assert not any(secret in line for line in lines for secret in (PHONE, ID_CARD.name, ID_CARD.number))


def test_why_there_is_no_portrait_stands_in_no_entry_and_goes_with_it() -> None:
    world = citizen(choices={CONSENT: DECLINE})
    assert apply(world, camera=True) is Outcome.RECORDED
    entry = world.recorded[-1]
    assert entry.filing is not None
    assert entry.filing.matter == CardApplication(phone=PHONE)
    assert world.enclosed == [Enclosure(no_portrait=NoPortrait.DECLINED)]
    told = [filled(line) for view in world.seen if isinstance(view, Explain) for line in view.lines]
    assert "在哪里办照片：云岭服务大厅" in told, "the way to the window is whole"
    assert not any("锁在这台机器里" in line for line in told)


def test_without_a_camera_nothing_is_kept_beside_the_entry() -> None:
    world = citizen()
    assert apply(world) is Outcome.RECORDED
    assert world.enclosed == []


def test_what_was_taken_down_is_the_question_again() -> None:
    question = FileMatter(
        transaction_id="0" * 32,
        region="yunling",
        social_security_number=ID_CARD.number,
        name=ID_CARD.name,
        identified_by=IdentifiedBy.ID_CARD,
        matter=CardApplication(phone=PHONE, no_portrait=NoPortrait.HEAD_BANDAGED),
    )
    down, enclosure = taken_down(question)
    assert (down.relation, down.to_show, down.enclosure) == (None, (), None)
    assert enclosure == Enclosure(no_portrait=NoPortrait.HEAD_BANDAGED)
    assert b"bandaged" not in msgspec.json.encode(down)


def test_a_centre_that_declines_is_not_gone_round() -> None:
    world = citizen(centre_up=True)
    journey = card_application(terminal())
    request = next(journey)
    while not isinstance(getattr(request, "question", None), FileMatter):
        request = journey.send(world.answer(request))
    request = journey.send(Distrusted("malformed", maybe_done=False, declined=True))
    assert ended(journey, world, request) is Outcome.REFUSED
    assert world.recorded[-1].filing is None


def test_where_the_region_does_not_say_so_nothing_is_taken_down() -> None:
    world = citizen()
    journey = card_application(asking_only(terminal(), Service.CARD_APPLICATION))
    assert walk(journey, world) is Outcome.REFUSED
    assert world.recorded[-1].filing is None


@pytest.mark.parametrize(
    ("failure", "outcome", "means", "code"),
    [
        (TooManyWait("500 wait"), Outcome.FAILED, "这次没有提交，什么都没有变动。", "L-02"),
        (LedgerFailed("disk"), Outcome.UNKNOWN, "可能已经交上去了，也可能没有。再办一次就知道，不会重复。", "L-01"),
    ],
    ids=["full", "disk"],
)
def test_what_could_not_be_kept_is_promised_to_nobody(
    failure: LedgerFailed, outcome: Outcome, means: str, code: str
) -> None:
    world = citizen(JPEG)
    journey = card_application(terminal(camera=True))
    request = next(journey)
    while not (isinstance(request, Record) and request.transaction.stage is Stage.FINISHED):
        request = journey.send(world.answer(request))
    assert ended(journey, world, journey.throw(failure)) is outcome
    last = world.seen[-1]
    assert isinstance(last, Fault)
    assert (last.means.text, last.code) == (means, code)
    assert WAITS not in titles(world)
    assert (world.recorded[-1].outcome, world.recorded[-1].filing) == (outcome, None)
    assert world.enclosed == []


@pytest.mark.parametrize(
    ("verdict", "why"),
    [
        (FilingVerdict.HAS_CARD, "原因：已经有一张社保卡了。"),
        (FilingVerdict.NOT_INSURED, "原因：还没有参加社会保险。"),
        (FilingVerdict.NEEDS_GUARDIAN, "原因：孩子的事，要监护人来办。"),
        (None, "没有写明原因。"),
    ],
)
def test_why_the_centre_refused_it_is_read_under_progress(verdict: FilingVerdict | None, why: str) -> None:
    told = filing(state=FilingState.REFUSED, verdict=verdict)
    world = World(key="yunling", documents=[ID_CARD], filings=[told], choices={"社会保障卡申领": Intent.NEXT})
    assert look(world) is Outcome.DONE
    assert why in [filled(line) for view in world.seen if isinstance(view, Explain) for line in view.lines]


def test_an_order_for_a_new_card_waits_as_an_application_does() -> None:
    world = order("yunling", "lost", centre_up=False, choices={WAITS: Intent.NEXT})
    assert want(world) is Outcome.RECORDED
    entry = world.recorded[-1]
    assert entry.filing is not None
    assert entry.filing.matter == CardReplacement(reason=ReplacementReason.LOST, phone=PHONE)
    assert entry.rule == "services.card_replacement.offline"
    assert WAITS in titles(world)
