from typing import Any

import msgspec
import pytest

from kiosk.journeys.formal_loss import formal_loss
from kiosk.journeys.frame import Session
from kiosk.journeys.printing import Printing
from kiosk.journeys.requests import AskCentre, CitizenCancelled, Distrusted, Record, Show
from kiosk.journeys.temporary_loss import temporary_loss
from kiosk.journeys.views import (
    AnyIntent,
    Emphasis,
    Explain,
    Fault,
    Intent,
    NumberEntry,
    ReadBack,
    Refusal,
    Result,
    Slip,
)
from kiosk.policy.pack import Basis, Rule, Term, Unit
from kiosk.policy.region import Region
from kiosk.records.filings import IdentifiedBy
from kiosk.records.questions import (
    FormalLossReported,
    FormalLossVerdict,
    LossReported,
    LossVerdict,
    ReportFormalLoss,
)
from kiosk.records.transaction import Outcome, Service, Stage
from tests.journeys.test_temporary_loss import NAME, NUMBER, facts, filled, slip, stages, turn_pages
from tests.journeys.world import ID_CARD, REPORTED_MS, TODAY, TRANSACTION_ID, World, region, session, titles, walk

FINAL = "办了就不能撤销。卡再找到，也不能用了。"
NOT_STATED = Rule[Any](basis=Basis.NOT_STATED)


def citizen(**changes: Any) -> World:
    choices: dict[str, AnyIntent] = {**turn_pages(), "正式挂失好了": Intent.NEXT}
    return World(key="yunling", documents=[ID_CARD], choices=choices, **changes)


def answered(verdict: FormalLossVerdict, **other: Any) -> World:
    return citizen(formal_reports=[FormalLossReported(verdict=verdict, **other)])


def ruled(**loss: Any) -> Session:
    """Yunling with other rules of lost cards."""
    pack = region("yunling").pack
    return Session(
        TRANSACTION_ID,
        Region(msgspec.structs.replace(pack, loss=msgspec.structs.replace(pack.loss, **loss))),
        TODAY,
        reads_id_cards=True,
    )


def questions(world: World) -> list[ReadBack]:
    return [view for view in world.seen if isinstance(view, ReadBack)]


def test_it_is_reported_for_good_and_said_to_be_so() -> None:
    world = citizen()
    assert walk(formal_loss(session("yunling", reads_id_cards=True)), world) is Outcome.DONE
    assert stages(world) == [(Stage.BEGUN, None, ""), (Stage.FINISHED, Outcome.DONE, "")]
    entry = world.recorded[-1]
    assert (entry.service, entry.social_security_number, entry.holder_name) == (Service.FORMAL_LOSS, NUMBER, NAME)
    assert entry.done_online is True
    assert not world.card_came
    (question,) = world.asked
    assert isinstance(question, ReportFormalLoss)
    assert (question.transaction_id, question.region) == (TRANSACTION_ID, "yunling")
    assert question.identified_by is entry.identified_by is IdentifiedBy.ID_CARD
    done = next(view for view in world.seen if isinstance(view, Result))
    assert facts(done) == {
        "社保功能": "已停用，不能恢复",
        "银行功能": "还没有挂失，请联系云岭银行 0000-9902",
    }
    assert done.note is not None
    assert done.note.text == "电子社保卡也一起停用了。"


def test_nobody_types_what_can_not_be_taken_back() -> None:
    """Though the region lets a temporary report be typed, and though this terminal reads no identity card."""
    world = World(key="yunling", keyed=[NUMBER, NAME], documents=[ID_CARD])
    assert walk(formal_loss(session("yunling", reads_id_cards=True)), world) is Outcome.DONE
    assert "您带身份证了吗？" not in titles(world)
    assert not any(isinstance(view, NumberEntry) for view in world.seen)
    without_reader = World(key="yunling", keyed=[NUMBER, NAME])
    assert walk(formal_loss(session("yunling")), without_reader) is Outcome.REFUSED
    (refusal,) = without_reader.seen
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.why.text) == ("D-11", "办这件事要放身份证，核对是不是本人。")
    assert not without_reader.asked


def test_it_asks_twice_and_the_second_time_apart_and_without_a_default() -> None:
    world = citizen()
    walk(formal_loss(session("yunling", reads_id_cards=True)), world)
    explained = world.seen[0]
    assert isinstance(explained, Explain)
    assert explained.lines[0].text == FINAL
    read_back, last = questions(world)
    assert not any(action.emphasis is Emphasis.GRAVE for action in read_back.actions), "nothing is done here yet"
    assert [action.emphasis for action in last.actions] == [Emphasis.PLAIN, Emphasis.GRAVE]
    assert not any(action.emphasis is Emphasis.PRIMARY for view in (read_back, last) for action in view.actions)
    assert filled(last.facts[0].value) == FINAL
    assert filled(last.note) == "卡也许还找得到？先办临时挂失就够了。"


@pytest.mark.parametrize("asked", [0, 1])
def test_whoever_stops_at_either_question_has_changed_nothing_and_left_nothing(asked: int) -> None:
    world = citizen()
    journey = formal_loss(session("yunling", reads_id_cards=True))
    request = next(journey)
    left = asked
    while not (isinstance(request, Show) and isinstance(request.view, ReadBack) and left == 0):
        left -= isinstance(request, Show) and isinstance(request.view, ReadBack)
        request = journey.send(world.answer(request))
    last = journey.throw(CitizenCancelled())
    assert last.view.lines[0].text == "这次没有挂失，什么都没有变动。"  # type: ignore[attr-defined]  # a Show
    assert not world.recorded
    assert not world.asked


@pytest.mark.parametrize(
    ("final", "words"),
    [
        (True, FINAL),
        (False, "卡马上停用。找到了，还可以撤销。"),
        (None, "卡马上停用。能不能撤销，本地手册没有写明。"),
    ],
)
def test_whether_it_is_final_is_told_as_the_region_states_it(final: bool | None, words: str) -> None:
    rule = NOT_STATED if final is None else Rule[bool](basis=Basis.SOURCE, value=final, cite=("yunling-handbook 1",))
    world = citizen()
    walk(formal_loss(ruled(formal_is_final=rule)), world)
    explained = world.seen[0]
    assert isinstance(explained, Explain)
    assert explained.lines[0].text == words
    assert words in slip(world)
    done = next(view for view in world.seen if isinstance(view, Result))
    assert facts(done)["社保功能"] == ("已停用，不能恢复" if final else "已停用")


def test_the_slip_says_when_and_whom_to_call_and_names_nobody() -> None:
    world = answered(
        FormalLossVerdict.REPORTED, reported_at_ms=REPORTED_MS, temporary_at_ms=REPORTED_MS - 86_400_000,
        bank="云岭银行",
    )  # fmt: skip
    walk(formal_loss(session("yunling", reads_id_cards=True)), world)
    lines = slip(world)
    assert lines[0] == "云岭 · 正式挂失"
    assert "挂失时间 2026-11-22 10:32" in lines
    assert "临时挂失时间 2026-11-21 10:32" in lines
    assert "云岭银行 0000-9902" in lines
    assert not any(NUMBER in line or NAME in line for line in lines)


def test_what_is_left_to_do_is_told() -> None:
    world = citizen()
    walk(formal_loss(session("yunling", reads_id_cards=True)), world)
    assert left_to_do(world) == {
        "接下来": ["银行功能要另外挂失：打银行电话（在最后一页），说“社保卡丢了，要挂失”。"],
        "补办新卡": ["去哪里：自助机：不用排队", "带：本人身份证", "收费 20.00 元。从交上到拿到卡，要 5 个工作日。"],
    }


def left_to_do(world: World) -> dict[str, list[str]]:
    pages = [view for view in world.seen if isinstance(view, Explain)][1:]
    return {filled(page.title): [filled(line) for line in page.lines] for page in pages}


def replaced_by(**rules: Any) -> Session:
    """Yunling with other rules of a new card."""
    pack = region("yunling").pack
    return Session(
        TRANSACTION_ID,
        Region(msgspec.structs.replace(pack, replacement=msgspec.structs.replace(pack.replacement, **rules))),
        TODAY,
        reads_id_cards=True,
    )


NEW_CARDS = {
    "zhumadian": [
        "去哪里：发卡银行的补换卡窗口：银行账户的挂失、激活一次办完",
        "带：本人有效身份证件",
        "收费 16.00 元。当场就能拿到。",
    ],
    "qingdao": ["去哪里：就近的发卡银行社会保障卡服务网点", "带：本人有效身份证件", "从交上到拿到卡，要 7 个工作日。"],
    "jiangxi": ["去哪里：当地的社会保障卡服务窗口", "收费 32.00 元。"],
    "beijing": [
        "去哪里：社会保障卡服务网点",
        "带：本人身份证",
        "只收制卡工本费；多少钱没有写明。从交上到拿到卡，要 15 个工作日。",
    ],
}


@pytest.mark.parametrize("key", NEW_CARDS)
def test_the_new_card_is_had_as_each_handbook_states_it(key: str) -> None:
    """Were the formal report open there: its pack's own place, papers, fee and term, and nothing it does not state."""
    world = citizen()
    rules = region(key).pack.replacement
    walk(formal_loss(replaced_by(**{name: getattr(rules, name) for name in rules.__struct_fields__})), world)
    assert left_to_do(world)["补办新卡"] == NEW_CARDS[key]
    assert len(NEW_CARDS[key]) <= 3


def test_where_no_place_for_a_new_card_is_stated_the_line_to_call_is_told() -> None:
    world = citizen()
    walk(formal_loss(replaced_by(place=NOT_STATED, advised_place=NOT_STATED)), world)
    assert left_to_do(world)["接下来"][1] == "要补办新卡，先打 0000-9901 问清去哪里、带什么。"
    assert "补办新卡" not in left_to_do(world)


def test_the_new_card_stands_on_the_paper_too() -> None:
    world = citizen(printing=Printing.READY)
    walk(formal_loss(session("yunling", reads_id_cards=True, printing=Printing.READY)), world)
    (paper,) = world.printed
    lines = [filled(line) for line in paper.lines]
    at = lines.index("补办新卡")
    assert lines[at + 1 : at + 3] == ["去哪里：自助机：不用排队", "带：本人身份证"]


@pytest.mark.parametrize(
    ("verdict", "code", "reason"),
    [
        (FormalLossVerdict.FORMALLY_LOST, "R-13", "formally_lost"),
        (FormalLossVerdict.NOT_ACTIVATED, "R-17", "card_not_activated"),
        (FormalLossVerdict.CANCELLED, "R-15", "card_cancelled"),
        (FormalLossVerdict.REPLACED, "R-16", "card_replaced"),
        (FormalLossVerdict.REPLACEMENT_RUNNING, "R-30", "replacement_running"),
        (FormalLossVerdict.NOT_OPEN, "R-01", "not_offered"),
        (FormalLossVerdict.UNKNOWN, "R-14", "unknown_holder"),
        (FormalLossVerdict.ID_CARD_WANTED, "R-32", "id_card_wanted"),
    ],
)
def test_each_answer_has_its_own_refusal(verdict: FormalLossVerdict, code: str, reason: str) -> None:
    world = answered(verdict)
    assert walk(formal_loss(session("yunling", reads_id_cards=True)), world) is Outcome.REFUSED
    told = next(view for view in world.seen if isinstance(view, Refusal))
    assert told.code == code
    assert stages(world)[-1] == (Stage.FINISHED, Outcome.REFUSED, reason)
    assert not world.recorded[-1].done_online


def test_without_the_centre_nothing_final_is_done() -> None:
    world = citizen(centre_up=False)
    assert walk(formal_loss(session("yunling", reads_id_cards=True)), world) is Outcome.REFUSED
    last = world.seen[-1]
    assert isinstance(last, Refusal)
    assert last.code == "N-01"
    assert world.recorded[-1].rule == "services.formal_loss.offline"


@pytest.mark.parametrize("lost", ["lost_answer_to", "distrusted_answer_to"])
def test_a_lost_answer_to_a_formal_report_is_told_as_not_known(lost: str) -> None:
    world = citizen(**{lost: ReportFormalLoss})
    assert walk(formal_loss(session("yunling", reads_id_cards=True)), world) is Outcome.UNKNOWN
    last = world.seen[-1]
    assert isinstance(last, Fault)
    assert (last.code, last.means.text) == ("N-03", "卡可能已经正式挂失，也可能没有。")
    assert stages(world)[-1] == (Stage.FINISHED, Outcome.UNKNOWN, "answer_lost")


def test_a_centre_that_declines_is_told_as_that() -> None:
    world = citizen()
    journey = formal_loss(session("yunling", reads_id_cards=True))
    request = next(journey)
    while not isinstance(request, AskCentre):
        request = journey.send(world.answer(request))
    request = journey.send(Distrusted("423 frozen", maybe_done=False, declined=True))
    assert isinstance(request, Record)
    assert (request.transaction.outcome, request.transaction.reason) == (Outcome.REFUSED, "centre_declines")


@pytest.mark.parametrize(
    ("key", "place", "more"),
    [
        ("zhumadian", "服务窗口", "正式挂失以后能不能撤销，本地手册没有写明。"),
        ("guizhou", "5 日内", "正式（书面）挂失以后，不能再撤销。"),
        ("qingdao", "发卡银行", "正式挂失以后能不能撤销，本地手册没有写明。"),
        ("jiangxi", "社会保障卡服务窗口", "正式挂失以后能不能撤销，本地手册没有写明。"),
        ("beijing", "服务网点", "正式（书面）挂失以后，不能再撤销。"),
    ],
)
def test_no_handbook_opens_it_so_its_own_way_is_told(key: str, place: str, more: str) -> None:
    world = World(key=key)
    assert walk(formal_loss(session(key)), world) is Outcome.REFUSED
    refusal, *_ = world.seen
    assert isinstance(refusal, Refusal)
    assert refusal.code == "R-01"
    assert place in filled(refusal.instead[0])
    assert refusal.instead[1].text == more
    assert refusal.citation is not None
    assert not world.asked
    assert not world.recorded


def days(count: int) -> Rule[Term]:
    return Rule[Term](basis=Basis.SOURCE, value=Term(count=count, unit=Unit.DAYS), cite=("yunling-handbook 1",))


def test_whoever_reported_by_word_of_mouth_learns_the_last_day_for_the_written_report() -> None:
    """Guizhou's five days, were the oral report open to a terminal; counted as calendar days, the earlier reading."""
    there = ruled(formal_deadline=days(5))
    report = LossReported(verdict=LossVerdict.REPORTED, reported_at_ms=REPORTED_MS)
    world = citizen(reports=[report])
    assert walk(temporary_loss(there), world) is Outcome.DONE
    left = next(view for view in world.seen if isinstance(view, Explain) and view.title.text == "接下来")
    assert "找不到卡，来这里办正式挂失。正式挂失要在 5 天内办，请不要晚于 2026-11-27。" in map(filled, left.lines)
    again = citizen(reports=[LossReported(verdict=LossVerdict.ALREADY_REPORTED, reported_at_ms=REPORTED_MS)])
    walk(temporary_loss(there), again)
    last = again.seen[-1]
    assert isinstance(last, Refusal)
    assert "正式挂失要在 5 天内办，请不要晚于 2026-11-27。" in map(filled, last.instead)


def test_working_days_are_told_without_a_date_that_nobody_has_counted() -> None:
    world = citizen(reports=[LossReported(verdict=LossVerdict.REPORTED, reported_at_ms=REPORTED_MS)])
    walk(temporary_loss(session("yunling", reads_id_cards=True)), world)
    left = next(view for view in world.seen if isinstance(view, Explain) and view.title.text == "接下来")
    assert "找不到卡，来这里办正式挂失。正式挂失要在 7 个工作日内办。" in map(filled, left.lines)


def test_nothing_typed_is_in_a_repr() -> None:
    world = citizen()
    journey = formal_loss(session("yunling", reads_id_cards=True))
    request = next(journey)
    texts = []
    try:
        while True:
            texts.append(repr(request))
            request = journey.send(world.answer(request))
    except StopIteration:
        pass
    texts += [repr(one) for one in [*world.recorded, *world.asked]]
    assert not any(NUMBER in text or NAME in text for text in texts)
    assert "正式挂失好了" in titles(world)
    assert any(isinstance(view, Slip) for view in world.seen)
