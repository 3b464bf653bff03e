from dataclasses import replace
from datetime import date

import pytest

from kiosk.journeys.requests import AskCentre, CitizenCancelled, Distrusted, LedgerFailed, Record
from kiosk.journeys.temporary_loss import temporary_loss
from kiosk.journeys.views import Explain, Fault, Intent, NumberEntry, ReadBack, Refusal, Result, Slip, View
from kiosk.journeys.wording import Personal, PersonName, Say, Verbatim
from kiosk.records.filings import IdentifiedBy
from kiosk.records.questions import LossReported, LossVerdict, ReportLoss
from kiosk.records.transaction import Outcome, Stage
from tests.journeys.world import ID_CARD, REPORTED_MS, TEN_DAYS_LATER_MS, World, session, titles, walk

NUMBER = "11010119900307002X"
WRONG_CHECK = "110101199003070029"
NO_SUCH_DAY = "110101199002300014"
NAME = "王小明"


def citizen(key: str = "beijing", **changes: object) -> World:
    return World(key=key, keyed=[NUMBER, NAME], documents=[ID_CARD], **changes)  # type: ignore[arg-type]  # fields by name


def stages(world: World) -> list[tuple[Stage, Outcome | None, str]]:
    return [(entry.stage, entry.outcome, entry.reason) for entry in world.recorded]


def filled(text: Say | Verbatim | str | int | Personal | PersonName) -> str:
    """A sentence with its gaps filled, in Chinese."""
    if isinstance(text, Verbatim):
        return text.text
    if isinstance(text, Say):
        return text.text.format(**{name: filled(value) for name, value in text.values.items()})
    assert isinstance(text, str | int)
    return str(text)


def facts(view: View) -> dict[str, str]:
    assert isinstance(view, Result)
    return {fact.label.text: filled(fact.value) for fact in view.facts}


def slip(world: World) -> list[str]:
    view = next(view for view in world.seen if isinstance(view, Slip))
    return [filled(line) for line in view.lines]


def answered(verdict: LossVerdict) -> World:
    if verdict is LossVerdict.ALREADY_REPORTED:
        report = LossReported(verdict=verdict, reported_at_ms=REPORTED_MS, lapses_at_ms=TEN_DAYS_LATER_MS)
    else:
        report = LossReported(verdict=verdict)
    return citizen(reports=[report])


def turn_pages() -> dict[str, Intent]:
    return {"挂失好了": Intent.NEXT, "挂失已记下，还没有生效": Intent.NEXT, "接下来": Intent.NEXT}


def test_beijing_reports_for_ten_days() -> None:
    world = citizen(choices=turn_pages())
    assert walk(temporary_loss(session("beijing", reads_id_cards=True)), world) is Outcome.DONE
    assert stages(world) == [(Stage.BEGUN, None, ""), (Stage.FINISHED, Outcome.DONE, "")]
    entry = world.recorded[-1]
    assert (entry.social_security_number, entry.holder_name, entry.card_number) == (NUMBER, NAME, "")
    assert entry.done_online is True
    assert not world.card_came
    explained = world.seen[0]
    assert isinstance(explained, Explain)
    assert "有效 10 天，到时自动解除。" in [filled(line) for line in explained.lines]
    done = next(view for view in world.seen if isinstance(view, Result))
    assert facts(done)["有效到"] == "2026-12-02 10:32，到时自动解除"
    assert facts(done)["社保功能"] == "已停用"


def test_the_slip_says_when_until_when_and_whom_to_call_and_names_nobody() -> None:
    world = citizen(choices=turn_pages())
    walk(temporary_loss(session("beijing", reads_id_cards=True)), world)
    lines = slip(world)
    assert lines[0] == "北京 · 预挂失"
    assert "受理号 01234567" in lines
    assert "挂失时间 2026-11-22 10:32" in lines
    assert "有效到 2026-12-02 10:32，到时自动解除" in lines
    assert "服务电话 96102" in lines
    assert not any(NUMBER in line or NAME in line or "小明" in line for line in lines)


def test_jiangxi_names_the_bank_s_line() -> None:
    world = citizen("jiangxi", choices=turn_pages())
    assert walk(temporary_loss(session("jiangxi")), world) is Outcome.DONE
    explained = world.seen[0]
    assert isinstance(explained, Explain)
    assert "有效 5 天，到时自动解除。" in [filled(line) for line in explained.lines]
    assert "要输入您的身份证号码和姓名。不收费。" in [filled(line) for line in explained.lines]
    done = next(view for view in world.seen if isinstance(view, Result))
    assert facts(done)["银行功能"] == "还没有挂失，请联系中国银行 95566"
    assert [line for line in slip(world) if "955" in line] == ["中国银行 95566"]


def test_a_bank_that_is_not_known_leaves_every_line_of_the_region_on_the_slip() -> None:
    report = LossReported(verdict=LossVerdict.REPORTED, reported_at_ms=REPORTED_MS)
    world = citizen("jiangxi", reports=[report], choices=turn_pages())
    walk(temporary_loss(session("jiangxi")), world)
    assert len([line for line in slip(world) if "95" in line or "962268" in line]) == 7


def test_a_term_that_is_not_stated_is_said_to_be_so() -> None:
    report = LossReported(verdict=LossVerdict.REPORTED, reported_at_ms=REPORTED_MS)
    world = citizen(reports=[report], choices=turn_pages())
    walk(temporary_loss(session("beijing", reads_id_cards=True)), world)
    done = next(view for view in world.seen if isinstance(view, Result))
    assert facts(done)["有效到"] == "本地手册没有写明"


@pytest.mark.parametrize(
    ("key", "place", "source"),
    [
        ("zhumadian", "12333", "社会保障卡知识手册 v1.0"),
        ("guizhou", "12333", ""),
        ("qingdao", "12345", "青岛市社会保障卡"),
    ],
)
def test_where_it_is_not_open_the_handbook_s_way_is_told(key: str, place: str, source: str) -> None:
    world = citizen(key)
    assert walk(temporary_loss(session(key)), world) is Outcome.REFUSED
    (refusal,) = world.seen
    assert isinstance(refusal, Refusal)
    assert refusal.code == "R-01"
    assert place in filled(refusal.instead[0])
    assert refusal.citation is not None
    assert refusal.citation.title.startswith(source)
    assert refusal.citation.section
    assert not world.recorded
    assert not world.asked


@pytest.mark.parametrize(
    ("verdict", "code", "reason", "title"),
    [
        (LossVerdict.ALREADY_REPORTED, "R-12", "already_reported", "已经挂失过了"),
        (LossVerdict.FORMALLY_LOST, "R-13", "formally_lost", "这张卡已经正式挂失"),
        (LossVerdict.UNKNOWN, "R-14", "unknown_holder", "查不到这个人的卡"),
        (LossVerdict.CANCELLED, "R-15", "card_cancelled", "这张卡已经注销"),
        (LossVerdict.REPLACED, "R-16", "card_replaced", "已经补办了新卡"),
        (LossVerdict.NOT_ACTIVATED, "R-17", "card_not_activated", "这张卡还没有启用"),
        (LossVerdict.REPLACEMENT_RUNNING, "R-30", "replacement_running", "新卡正在补办"),
        (LossVerdict.ID_CARD_WANTED, "R-32", "id_card_wanted", "要放身份证才能办"),
    ],
)
def test_each_answer_is_its_own(verdict: LossVerdict, code: str, reason: str, title: str) -> None:
    world = answered(verdict)
    assert walk(temporary_loss(session("beijing", reads_id_cards=True)), world) is Outcome.REFUSED
    last = world.seen[-1]
    assert isinstance(last, Refusal)
    assert (last.code, last.title.text) == (code, title)
    assert stages(world)[-1] == (Stage.FINISHED, Outcome.REFUSED, reason)


def test_the_e_card_that_stops_with_it_is_told_where_the_region_states_it() -> None:
    report = LossReported(verdict=LossVerdict.REPORTED, reported_at_ms=REPORTED_MS, e_card_stopped=True)
    world = World(key="yunling", keyed=[NUMBER, NAME], reports=[report])
    assert walk(temporary_loss(session("yunling")), world) is Outcome.DONE
    explained = world.seen[0]
    assert isinstance(explained, Explain)
    assert "电子社保卡" in explained.lines[0].text
    done = next(view for view in world.seen if isinstance(view, Result))
    assert done.note is not None
    assert done.note.text == "电子社保卡也一起停用了。"
    beijing = World(key="beijing", documents=[ID_CARD])
    walk(temporary_loss(session("beijing", reads_id_cards=True)), beijing)
    first, result = beijing.seen[0], next(view for view in beijing.seen if isinstance(view, Result))
    assert isinstance(first, Explain)
    assert "电子" not in first.lines[0].text
    assert result.note is None


def test_the_citizen_is_told_what_to_say_to_the_bank() -> None:
    world = citizen("jiangxi", choices=turn_pages())
    walk(temporary_loss(session("jiangxi")), world)
    left = next(view for view in world.seen if isinstance(view, Explain) and view.title.text == "接下来")
    assert filled(left.lines[0]) == "银行功能要另外挂失：打银行电话（在最后一页），说“社保卡丢了，要挂失”。"


def test_already_reported_says_until_when() -> None:
    world = answered(LossVerdict.ALREADY_REPORTED)
    walk(temporary_loss(session("beijing", reads_id_cards=True)), world)
    last = world.seen[-1]
    assert isinstance(last, Refusal)
    assert filled(last.why) == "这张卡正在挂失中，有效到 2026-12-02 10:32。不用再报一次。"


@pytest.mark.parametrize("wrong", [WRONG_CHECK, NO_SUCH_DAY, "123", "", "110101209903070013"])
def test_a_number_that_is_nobody_s_is_asked_for_again(wrong: str) -> None:
    world = World(key="jiangxi", keyed=[wrong, NUMBER, NAME])
    assert walk(temporary_loss(session("jiangxi")), world) is Outcome.DONE
    entries = [view for view in world.seen if isinstance(view, NumberEntry)]
    assert [view.note.text if view.note else None for view in entries] == [
        None,
        "这个号码不对，请对照身份证改一改。",
    ]


def test_whoever_has_no_such_number_is_told_where_else() -> None:
    world = World(key="jiangxi", keyed=["1", "2", "3", NUMBER, NAME])
    assert walk(temporary_loss(session("jiangxi")), world) is Outcome.DONE
    notes = [filled(view.note) for view in world.seen if isinstance(view, NumberEntry) and view.note]
    assert notes == ["这个号码不对，请对照身份证改一改。", *["还是不对。证件号码不是 18 位的，请打 12333。"] * 2]


def test_a_centre_that_declines_after_a_lost_answer_gets_no_entry_that_never_arrives() -> None:
    world = citizen()
    journey = temporary_loss(session("beijing", reads_id_cards=True))
    request = next(journey)
    while not (isinstance(request, AskCentre) and isinstance(request.question, ReportLoss)):
        request = journey.send(world.answer(request))
    request = journey.send(Distrusted("423 frozen", maybe_done=True, declined=True))
    assert isinstance(request, Record)
    assert (request.transaction.outcome, request.transaction.reason) == (Outcome.UNKNOWN, "answer_lost")


def test_an_empty_name_is_asked_for_again() -> None:
    world = World(key="jiangxi", keyed=[NUMBER, "  ", f" {NAME} "])
    assert walk(temporary_loss(session("jiangxi")), world) is Outcome.DONE
    assert world.recorded[-1].holder_name == NAME


def test_a_number_that_comes_late_is_no_name() -> None:
    """A second tap on the number's button, heard after its question was answered."""
    world = World(key="jiangxi", keyed=[NUMBER, NUMBER, NAME])
    assert walk(temporary_loss(session("jiangxi")), world) is Outcome.DONE
    assert world.recorded[-1].holder_name == NAME


def test_a_clock_that_is_dead_turns_nobody_away() -> None:
    """Before the battery's day, until the centre has told the time, everybody would be born tomorrow."""
    dead = replace(session("jiangxi"), today=date(1970, 1, 1))
    world = World(key="jiangxi", keyed=[NUMBER, NAME])
    assert walk(temporary_loss(dead), world) is Outcome.DONE


def test_read_back_is_masked_and_can_be_mended() -> None:
    world = World(key="jiangxi", keyed=[NUMBER, "王小萌", NUMBER, NAME])
    journey = temporary_loss(session("jiangxi"))
    again = iter([Intent.AGAIN, Intent.NEXT])
    pick = world.pick
    world.pick = lambda view: next(again) if isinstance(view, ReadBack) else pick(view)  # type: ignore[method-assign]  # a citizen who changes their mind
    assert walk(journey, world) is Outcome.DONE
    first = next(view for view in world.seen if isinstance(view, ReadBack))
    values = {fact.label.text: fact.value for fact in first.facts}
    name, number = values["姓名"], values["身份证号码"]
    assert isinstance(name, PersonName)
    assert name.masked == "王*萌"
    assert isinstance(number, Personal)
    assert number.masked == "110*************2X"
    assert world.recorded[-1].holder_name == NAME
    assert not any(action.emphasis.value == "primary" for action in first.actions), "a grave step has no default"


@pytest.mark.parametrize("centre_up", [True, False])
@pytest.mark.parametrize(
    ("key", "reads_id_cards", "said"),
    [("beijing", True, IdentifiedBy.ID_CARD), ("jiangxi", False, IdentifiedBy.TYPED)],
)
def test_the_centre_is_told_how_the_holder_was_identified(
    key: str, reads_id_cards: bool, said: IdentifiedBy, centre_up: bool
) -> None:
    world = citizen(key, centre_up=centre_up)
    walk(temporary_loss(session(key, reads_id_cards=reads_id_cards)), world)
    (question,) = [one for one in world.asked if isinstance(one, ReportLoss)]
    assert question.identified_by is said
    assert [entry.identified_by for entry in world.recorded] == [said] * 2


def test_without_the_centre_it_is_taken_down_and_said_to_be_no_more_than_that() -> None:
    world = citizen(centre_up=False, choices=turn_pages())
    assert walk(temporary_loss(session("beijing", reads_id_cards=True)), world) is Outcome.RECORDED
    entry = world.recorded[-1]
    assert (entry.outcome, entry.done_online, entry.assumed_card_state) == (Outcome.RECORDED, False, "1")
    assert "挂失已记下，还没有生效" in titles(world)
    assert "2026-11-22 已记下，连上社保中心后生效" in slip(world)


def test_a_lost_answer_is_taken_down_under_the_same_transaction() -> None:
    world = citizen(lost_answer_to=ReportLoss)
    assert walk(temporary_loss(session("beijing", reads_id_cards=True)), world) is Outcome.RECORDED
    (asked,) = [question for question in world.asked if isinstance(question, ReportLoss)]
    assert asked.transaction_id == world.recorded[-1].transaction_id


def test_a_ledger_that_fails_at_the_last_moment_does_not_promise_anything() -> None:
    world = citizen(centre_up=False)
    journey = temporary_loss(session("beijing", reads_id_cards=True))
    request = next(journey)
    while not (isinstance(request, Record) and request.transaction.stage is Stage.FINISHED):
        request = journey.send(world.answer(request))
    request = journey.throw(LedgerFailed("disk full"))
    assert isinstance(request.view, Fault)  # type: ignore[attr-defined]  # a Show
    assert request.view.means.text == "挂失可能没有记下。请打电话挂失，这样最稳妥。"  # type: ignore[attr-defined]
    with pytest.raises(StopIteration) as end:
        journey.send(Intent.DONE)
    assert end.value.value is Outcome.UNKNOWN


def test_nothing_of_what_was_typed_is_in_a_repr() -> None:
    world = citizen()
    journey = temporary_loss(session("beijing", reads_id_cards=True))
    request = next(journey)
    texts = []
    try:
        while True:
            texts.append(repr(request))
            request = journey.send(world.answer(request))
    except StopIteration:
        pass
    texts += [repr(entry) for entry in world.recorded] + [repr(question) for question in world.asked]
    assert not any(NUMBER in text or NAME in text for text in texts)


def test_cancelled_before_it_is_confirmed_leaves_no_entry() -> None:
    world = citizen()
    journey = temporary_loss(session("beijing", reads_id_cards=True))
    request = next(journey)
    while not isinstance(getattr(request, "view", None), ReadBack):
        request = journey.send(world.answer(request))
    last = journey.throw(CitizenCancelled())
    assert last.view.title.text == "已经取消"  # type: ignore[attr-defined]  # a Show
    assert last.view.lines[0].text == "这次没有挂失，什么都没有变动。"  # type: ignore[attr-defined]
    assert not world.recorded
