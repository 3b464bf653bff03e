"""A new card in place of another: why, what it takes, and the order where no card can be made at the moment."""

from collections.abc import Callable, Generator
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from kiosk.journeys import card_replacement as told_here
from kiosk.journeys.card_replacement import card_replacement
from kiosk.journeys.frame import Ended, Ending, Progress, Session
from kiosk.journeys.portrait import AGREE
from kiosk.journeys.requests import Journey, Request
from kiosk.journeys.reservation import NotReached
from kiosk.journeys.views import (
    AnyIntent,
    Choices,
    Chosen,
    Emphasis,
    Explain,
    Intent,
    ReadBack,
    Refusal,
    Result,
    Slip,
    Step,
    View,
)
from kiosk.journeys.wording import Personal, say
from kiosk.policy.card_rules import WRITTEN_AS
from kiosk.policy.card_rules import ReplacementReason as Why
from kiosk.policy.pack import Pack
from kiosk.policy.region import Region
from kiosk.records.card import ReplacementReason
from kiosk.records.filings import CardReplacement, FileMatter, FilingVerdict, Proxy, Relation
from kiosk.records.portrait import ConsentBy, NoPortrait
from kiosk.records.transaction import Outcome, Service, Stage
from tests.journeys.test_proxy import PROXY
from tests.journeys.test_temporary_loss import facts, filled, slip, stages
from tests.journeys.world import FILED_NUMBER, ID_CARD, JPEG, World, region, session, steps, titles, walk

PHONE = "13800000000"
WHY, CHANGED = "为什么要新卡？", "什么变了？"


def citizen(key: str = "beijing", why: str = "lost", **changes: Any) -> World:
    turning: dict[str, AnyIntent] = dict.fromkeys(
        ("交上去了，等着领新卡", "接下来", "等新卡的时候", "拿到新卡以后", "代办还要做的"), Intent.NEXT
    )
    choices = {WHY: Chosen(why), **turning, **changes.pop("choices", {})}
    return Chooser(key=key, documents=changes.pop("documents", [ID_CARD]), keyed=[PHONE], choices=choices, **changes)


class Chooser(World):
    """Picks on a screen of choices what the test has named, however often it is shown."""

    def pick(self, view: View) -> AnyIntent:
        wanted = self.choices.get(view.title.text)
        if isinstance(view, Choices) and wanted in {choice.intent for choice in view.choices}:
            assert wanted is not None
            return wanted
        return super().pick(view)


def want(world: World, at: Session | None = None) -> Outcome:
    return walk(card_replacement(at or session(world.key, reads_id_cards=True)), world)


def asked(world: World) -> FileMatter:
    (question,) = (one for one in world.asked if isinstance(one, FileMatter))
    return question


def refusal(world: World) -> Refusal:
    return next(view for view in world.seen if isinstance(view, Refusal))


def lines(world: World, title: str) -> list[str]:
    pages = [view for view in world.seen if isinstance(view, Explain) and view.title.text == title]
    return [filled(line) for page in pages for line in page.lines]


def without(key: str, *rules: str) -> Session:
    """A region whose pack does not state these rules of replacement."""
    raw: Any = msgspec.to_builtins(region(key).pack)
    for rule in rules:
        raw["replacement"][rule] = {"basis": "not_stated", "cite": [], "reason": "", "value": None}
    return replace(session(key, reads_id_cards=True), region=Region(msgspec.convert(raw, Pack)))


# --- an order


def test_beijing_takes_the_order_and_says_when_where_and_with_what_it_is_collected() -> None:
    """第8问, 第11问, 门诊 6, 注意 8."""
    world = citizen()
    assert want(world) is Outcome.DONE
    assert asked(world).matter == CardReplacement(reason=ReplacementReason.LOST, phone=PHONE)
    result = next(view for view in world.seen if isinstance(view, Result))
    assert facts(result) == {"受理号（询问时用）": FILED_NUMBER, "多久能拿到卡": "15 个工作日"}
    assert lines(world, "接下来") == [
        "去哪里领：补卡：到申请的那个网点领；换卡：到社会保障卡服务网点领",
        "领卡要带：本人身份证、领卡证明",
        "正式挂失：社会保障卡服务网点，带本人身份证，和补卡一起办",
    ]
    assert lines(world, "等新卡的时候") == [
        "急着用卡的，可以办《新发与补（换）社会保障卡证明》",
        "看病时出示证明，先全额付现金，拿到新卡再申报",
    ]
    assert [line[:2] for line in lines(world, "拿到新卡以后")] == ["1.", "2."]
    assert "从交上到拿到卡，要 15 个工作日。" in slip(world)
    assert stages(world) == [(Stage.BEGUN, None, ""), (Stage.FINISHED, Outcome.DONE, "")]


def test_what_it_takes_is_said_before_anything_is_asked() -> None:
    world = citizen()
    want(world)
    assert titles(world)[:5] == [WHY, "补一张新卡", "要准备的", "旧卡怎么办", "请放上身份证"]
    assert lines(world, "补一张新卡") == [
        "这里先登记，新卡由窗口做。",
        "从交上到拿到卡，要 15 个工作日。",
        "只收制卡工本费；多少钱没有写明。",
    ]
    assert lines(world, "要准备的") == [
        "要用您本人的身份证。",
        "要先挂失。",
        "能不能请人代办，本地手册没有写明。",
    ]
    assert lines(world, "旧卡怎么办") == ["正式挂失以后，旧卡作废，找到也不能用。"]


def test_in_qingdao_the_old_card_is_void_with_the_order_and_that_is_read_back() -> None:
    """使用须知第三条."""
    world = citizen("qingdao", "expired")
    assert want(world) is Outcome.DONE
    assert asked(world).matter == CardReplacement(reason=ReplacementReason.RENEWED, phone=PHONE)
    (read_back,) = (view for view in world.seen if isinstance(view, ReadBack))
    assert read_back.note.text == "一交上去，旧卡马上作废，不能再用。"
    assert read_back.actions[-1].emphasis is Emphasis.GRAVE
    assert (filled(read_back.facts[1].value), read_back.facts[2].value) == ("卡到期了", Personal("138****0000", PHONE))
    result = next(view for view in world.seen if isinstance(view, Result))
    assert facts(result)["旧卡"] == "已经作废"
    assert lines(world, "旧卡怎么办") == ["一受理，旧卡马上作废。", "旧卡要收回。"]
    assert "这件事要本人来办。" in lines(world, "要准备的")


def test_elsewhere_the_old_card_stays_what_it_is() -> None:
    lost, broken = citizen(), citizen(why="unreadable")
    want(lost)
    assert next(one for one in lost.seen if isinstance(one, ReadBack)).note.text == (
        "新卡由窗口做，挂失一直有效，不会到期。"
    )
    want(broken)
    (read_back,) = (view for view in broken.seen if isinstance(view, ReadBack))
    assert read_back.note.text == "新卡由窗口做，做好以前旧卡不变。"
    assert all(action.emphasis is Emphasis.PLAIN for action in read_back.actions)


def test_zhumadian_orders_where_no_card_can_be_made_and_names_the_quicker_window() -> None:
    world = citizen("zhumadian", "other_bank")
    assert want(world) is Outcome.DONE
    assert asked(world).matter == CardReplacement(reason=ReplacementReason.BANK_CHANGED, phone=PHONE)
    assert lines(world, "换一张新卡") == ["这里先登记，新卡由窗口做。", "窗口当场就能做好。", "收费 16.00 元。"]
    assert lines(world, "接下来") == ["去哪里领：当地人社部门或发卡银行的即时补换卡窗口", "旧卡要收回，统一销毁。"]


def test_nobody_has_to_leave_a_telephone_number_and_the_slip_names_nobody() -> None:
    world = citizen(choices={"留一个手机号码": Intent.NEXT})
    assert want(world) is Outcome.DONE
    assert asked(world).matter == CardReplacement(reason=ReplacementReason.LOST)
    paper = next(view for view in world.seen if isinstance(view, Slip))
    assert not any(ID_CARD.number in filled(line) or ID_CARD.name in filled(line) for line in paper.lines)


# --- why


@pytest.mark.parametrize(
    ("key", "offered"),
    [
        ("beijing", ["卡丢了", "卡坏了", "信息变了"]),
        ("qingdao", ["卡丢了", "卡坏了", "信息变了", "卡到期了"]),
        ("zhumadian", ["卡丢了", "卡坏了", "信息变了", "想换一家银行"]),
        ("yunling", ["卡丢了", "卡坏了", "信息变了", "卡到期了", "卡印错了", "想换一家银行"]),
    ],
)
def test_the_regions_own_reasons_stand_on_one_screen(key: str, offered: list[str]) -> None:
    world = citizen(key)
    want(world)
    choices = next(view for view in world.seen if isinstance(view, Choices))
    assert [choice.label.text for choice in choices.choices] == offered


def test_what_changed_is_asked_for_and_leads_back() -> None:
    world = citizen("yunling", "changed", choices={CHANGED: Chosen("photo_changed")})
    assert want(world) is Outcome.DONE
    assert asked(world).matter.reason is ReplacementReason.IDENTITY_CHANGED  # type: ignore[union-attr]  # an order
    second = next(view for view in world.seen if isinstance(view, Choices) and view.title.text == CHANGED)
    assert Intent.BACK in {action.intent for action in second.actions}
    assert len(second.choices) == 5


@pytest.mark.parametrize(
    ("key", "changed", "step"),
    [
        ("beijing", "name_changed", "第 1 步，本人去办"),
        ("qingdao", "number_changed", "第 1 步，本人去办"),
        ("yunling", "insurance_data_changed", "第 1 步，单位去办"),
    ],
)
def test_papers_that_an_office_must_see_first_are_no_terminals_affair(key: str, changed: str, step: str) -> None:
    """注意 9; 使用须知第六条."""
    world = citizen(key, "changed", choices={CHANGED: Chosen(changed), "要先把信息改过来": Intent.NEXT})
    assert want(world) is Outcome.REFUSED
    assert (refusal(world).code, refusal(world).title.text) == ("R-59", "要先把信息改过来")
    assert refusal(world).citation is not None
    assert step in [filled(view.title) for view in world.seen if isinstance(view, Explain)]
    assert not world.asked
    assert not world.recorded


def test_every_reason_of_a_handbook_is_written_as_systems_have_it() -> None:
    assert {why: WRITTEN_AS[why].value for why in Why} == {
        Why.LOST: "lost", Why.DAMAGED: "damaged", Why.WORN: "damaged", Why.UNREADABLE: "damaged",
        Why.EXPIRED: "renewed", Why.NAME_CHANGED: "identity_changed", Why.NUMBER_CHANGED: "identity_changed",
        Why.ETHNIC_GROUP_CHANGED: "identity_changed", Why.PHOTO_CHANGED: "identity_changed",
        Why.INSURANCE_DATA_CHANGED: "other", Why.MISPRINTED: "other", Why.OTHER_BANK: "bank_changed",
    }  # fmt: skip


# --- what stands against it


@pytest.mark.parametrize(
    ("verdict", "code", "reason", "title"),
    [
        (FilingVerdict.NOT_REPORTED, "R-58", "loss_not_reported", "要先挂失，再补卡"),
        (FilingVerdict.REPORTED_LOST, "K-08", "reported_lost", "这张卡还在挂失中"),
        (FilingVerdict.NOT_ACTIVATED, "R-06", "card_state_sealed", "这张卡还没有启用"),
        (FilingVerdict.RUNNING, "K-09", "replacement_running", "您的新卡已经在做了"),
        (FilingVerdict.NO_CARD, "R-44", "no_card", "没有查到您的卡"),
        (FilingVerdict.HAS_CARD, "R-43", "has_card", "您已经有卡了"),
        (FilingVerdict.ALREADY_FILED, "R-40", "already_filed", "已经交过了"),
        (FilingVerdict.NOT_OPEN, "R-01", "not_offered", "补卡、换卡不在这里办"),
    ],
)
def test_each_verdict_on_an_order_is_its_own(verdict: FilingVerdict, code: str, reason: str, title: str) -> None:
    world = citizen(verdict=verdict)
    assert want(world) is Outcome.REFUSED
    assert (refusal(world).code, refusal(world).title.text) == (code, title)
    assert stages(world)[-1] == (Stage.FINISHED, Outcome.REFUSED, reason)


def test_where_no_report_stands_the_way_to_one_is_told() -> None:
    beijing, qingdao = (
        citizen(verdict=FilingVerdict.NOT_REPORTED),
        citizen("qingdao", verdict=FilingVerdict.NOT_REPORTED),
    )
    want(beijing)
    assert [filled(line) for line in refusal(beijing).instead] == [
        "现在就能挂失：回首页选“卡丢了、坏了”，再选“先挂失”。",
        "挂失好了，再来选“要一张新卡”。",
    ]
    want(qingdao)
    assert "12345" in filled(refusal(qingdao).instead[0])


@pytest.mark.parametrize(("key", "place"), [("guizhou", "制卡银行"), ("jiangxi", "社会保障卡服务窗口")])
def test_where_no_operator_has_opened_it_the_handbooks_way_is_told(key: str, place: str) -> None:
    world = citizen(key, choices={"补卡、换卡不在这里办": Intent.NEXT})
    assert want(world) is Outcome.REFUSED
    assert refusal(world).code == "R-01"
    assert place in filled(refusal(world).instead[0])
    assert len(world.seen) > 1
    assert not world.recorded


def test_a_pack_without_reasons_is_refused_with_its_place() -> None:
    world = citizen()
    assert want(world, without("beijing", "reasons", "window_first")) is Outcome.REFUSED
    assert refusal(world).code == "R-60"
    assert "社会保障卡服务网点" in filled(refusal(world).instead[0])


def test_without_a_reader_of_id_cards_nothing_begins() -> None:
    world = citizen()
    assert want(world, session("beijing")) is Outcome.REFUSED
    assert titles(world) == ["这台机器现在读不了身份证"]


# --- for another


def test_a_proxy_orders_and_the_window_sees_the_papers() -> None:
    world = citizen("yunling", documents=[PROXY, ID_CARD], choices={"给谁办？": Chosen("sent")})
    assert want(world) is Outcome.DONE
    assert asked(world).social_security_number == ID_CARD.number
    acting = asked(world).proxy
    assert isinstance(acting, Proxy)
    assert (acting.number, acting.relation) == (PROXY.number, Relation.SENT)
    (read_back,) = (view for view in world.seen if isinstance(view, ReadBack))
    assert read_back.step == Step(4, 4)
    assert lines(world, "代办还要做的")


@pytest.mark.parametrize("key", ["beijing", "qingdao", "zhumadian"])
def test_where_nobody_may_be_sent_nobody_is_asked_for_whom(key: str) -> None:
    world = citizen(key, "lost")
    want(world)
    assert "给谁办？" not in titles(world)


# --- the picture


def pictured(**changes: Any) -> tuple[World, Session]:
    world = citizen("yunling", "changed", takes_portraits=True, **changes)
    world.choices[CHANGED] = Chosen("photo_changed")
    return world, session("yunling", reads_id_cards=True, takes_portraits=True)


def test_a_new_picture_goes_with_the_order_of_whoever_wants_one() -> None:
    world, at = pictured(sittings=[JPEG], choices={"要在这里拍照吗？": AGREE, "这张照片行吗？": Intent.NEXT})
    assert want(world, at) is Outcome.DONE
    portrait = asked(world).portrait
    assert portrait is not None
    assert portrait.consent_by is ConsentBy.HOLDER
    (read_back,) = (view for view in world.seen if isinstance(view, ReadBack))
    assert (read_back.step, read_back.note.text) == (Step(4, 4), "照片拍好了。新卡由窗口做。")
    assert "新照片由窗口补拍、补交。" not in lines(world, "接下来")


def test_who_declines_the_picture_orders_all_the_same() -> None:
    world, at = pictured(choices={"要在这里拍照吗？": Chosen("decline")})
    assert want(world, at) is Outcome.DONE
    assert asked(world).matter.no_portrait is NoPortrait.DECLINED  # type: ignore[union-attr]  # an order
    assert lines(world, "接下来")[0] == "新照片由窗口补拍、补交。"


def test_for_any_other_reason_the_old_picture_serves() -> None:
    world = citizen("yunling", takes_portraits=True, sittings=[JPEG])
    assert want(world, session("yunling", reads_id_cards=True, takes_portraits=True)) is Outcome.DONE
    assert asked(world).portrait is None
    assert not world.camera_opened_after


# --- made here, or ordered

Made = list[ReplacementReason]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Made:
    """The reasons for which a card was to be made here; nothing is made."""
    reasons: Made = []

    def instant(_session: Session, _progress: Progress, reason: ReplacementReason) -> Journey[Ending]:
        reasons.append(reason)
        yield from ()
        raise Ended(Ending(Outcome.REFUSED, (), reason="tried"))

    monkeypatch.setattr(told_here, "instant_replacement", instant)
    return reasons


def ready(key: str, **changes: bool) -> Session:
    equipped = {"makes_cards": True, "keeps_old_cards": True, "takes_portraits": True, **changes}
    return replace(session(key, reads_id_cards=True), **equipped)  # type: ignore[arg-type]  # fields by name


def test_a_terminal_that_can_make_the_card_makes_it(made: Made) -> None:
    world = citizen("zhumadian", "unreadable")
    assert want(world, ready("zhumadian")) is Outcome.REFUSED
    assert made == [ReplacementReason.DAMAGED]
    assert lines(world, "换一张新卡") == ["新卡现在就做，做好拿走。", "收费 16.00 元。"]
    assert not world.asked


@pytest.mark.parametrize(
    ("key", "why", "at"),
    [
        ("zhumadian", "lost", lambda key: ready(key, makes_cards=False)),
        ("zhumadian", "lost", lambda key: ready(key, takes_portraits=False)),
        ("zhumadian", "unreadable", lambda key: ready(key, keeps_old_cards=False)),
        ("beijing", "lost", ready),
        ("qingdao", "lost", ready),
    ],
    ids=["no printer", "no camera", "no room for the old card", "beijing", "qingdao"],
)
def test_what_can_not_be_made_is_ordered(made: Made, key: str, why: str, at: Callable[[str], Session]) -> None:
    world = citizen(key, why)
    assert want(world, at(key)) is Outcome.DONE
    assert made == []
    assert isinstance(asked(world).matter, CardReplacement)


def test_a_lost_card_wants_no_room_for_the_old_one(made: Made) -> None:
    want(citizen("zhumadian"), ready("zhumadian", keeps_old_cards=False))
    assert made == [ReplacementReason.LOST]


def test_where_nothing_is_ordered_the_making_says_why_it_can_not_be(made: Made) -> None:
    at = replace(without("zhumadian", "order_here"), makes_cards=False)
    assert want(citizen("zhumadian"), at) is Outcome.REFUSED
    assert made == [ReplacementReason.LOST]


def test_a_proxy_gets_no_card_made_but_may_order_one(made: Made) -> None:
    world = citizen("yunling", documents=[PROXY, ID_CARD], choices={"给谁办？": Chosen("sent")})
    assert want(world, ready("yunling")) is Outcome.DONE
    assert made == []
    closed = citizen("yunling", documents=[PROXY, ID_CARD], choices={"给谁办？": Chosen("sent")})
    assert want(closed, replace(without("yunling", "order_here"), makes_cards=True)) is Outcome.REFUSED
    assert refusal(closed).code == "R-80"


def test_the_service_is_asked_for_by_its_own_name() -> None:
    world = citizen()
    want(world)
    assert {entry.service for entry in world.recorded} == {Service.CARD_REPLACEMENT}


# --- without the centre


@pytest.mark.parametrize("key", ["beijing", "qingdao", "zhumadian", "yunling"])
def test_without_the_centre_the_wish_is_taken_down_and_goes_there_later(key: str) -> None:
    world = citizen(key, centre_up=False, choices={"记下了，还没收到社保中心答复": Intent.NEXT})
    assert want(world) is Outcome.RECORDED
    entry = world.recorded[-1]
    assert (entry.outcome, entry.done_online) == (Outcome.RECORDED, False)
    assert entry.filing is not None
    assert entry.filing.matter == CardReplacement(reason=ReplacementReason.LOST, phone=PHONE)
    paper = next(view for view in world.seen if isinstance(view, Slip))
    assert any("自动交" in filled(line) for line in paper.lines)


def test_a_card_that_can_not_be_made_without_the_centre_is_ordered_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    not_reached(monkeypatch)
    world = citizen("zhumadian", centre_up=False, choices={"记下了，还没收到社保中心答复": Intent.NEXT})
    assert want(world, ready("zhumadian")) is Outcome.RECORDED
    assert "急用的，去窗口当场就能做。" in lines(world, "现在联系不上社保中心")
    assert world.recorded[-1].filing is not None


def test_where_nothing_is_taken_down_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    not_reached(monkeypatch)
    at = replace(without("zhumadian", "order_here"), makes_cards=True, takes_portraits=True)
    assert want(citizen("zhumadian", centre_up=False), at) is Outcome.REFUSED


def not_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    """The making gets no further than to a centre that is not there."""

    def instant(_session: Session, progress: Progress, _reason: ReplacementReason) -> Journey[Ending]:
        progress.outlook = say("没有做新卡，别的都没有变动。")
        yield from ()
        raise NotReached(Ending(Outcome.REFUSED, (), reason="centre_unreachable"))

    monkeypatch.setattr(told_here, "instant_replacement", instant)


@pytest.mark.parametrize("onward", [Service.PIN_CHANGE, None])
@pytest.mark.parametrize("outcome", [Outcome.DONE, Outcome.PARTLY_DONE])
def test_what_follows_a_new_card_follows_where_it_is_there(
    monkeypatch: pytest.MonkeyPatch, onward: Service | None, outcome: Outcome
) -> None:
    def instant(_session: Session, _progress: Progress, _reason: ReplacementReason) -> Journey[Ending]:
        yield from ()
        return Ending(outcome, (), onward=onward)

    monkeypatch.setattr(told_here, "instant_replacement", instant)
    ended: list[Outcome | Service] = []

    def whole() -> Generator[Request[Any], None, None]:
        ended.append((yield from steps(card_replacement(ready("zhumadian")), citizen("zhumadian"))))

    for _ in whole():
        pass
    assert ended == [onward if onward is not None and outcome is Outcome.DONE else outcome]
