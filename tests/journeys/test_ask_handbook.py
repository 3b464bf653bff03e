"""Asking the handbook: what can be read, where it stands, and that nobody is identified."""

import dataclasses
import re
from typing import Any

import msgspec
import pytest

from kiosk.journeys import requests
from kiosk.journeys.ask_handbook import ask_handbook
from kiosk.journeys.frame import Session
from kiosk.journeys.printing import Printing
from kiosk.journeys.reception import tile
from kiosk.journeys.requests import SlipFate
from kiosk.journeys.views import (
    Answer,
    AnyIntent,
    Choices,
    Chosen,
    Emphasis,
    Explain,
    Intent,
    Refusal,
    Slip,
    SoundEntry,
    Typed,
    View,
    actions_of,
)
from kiosk.journeys.wording import Say, Verbatim
from kiosk.policy.pack import Basis, Rule
from kiosk.policy.region import Citation, Region
from kiosk.records.transaction import Outcome, Service
from tests.journeys.world import World, walk
from tests.shipped_handbooks import KEYS, asking, every_view
from tests.unit.test_handbook import SECTIONS


def said(value: Any) -> str:
    """A sentence as a Chinese reader sees it."""
    match value:
        case Say():
            return value.text.format(**{name: said(item) for name, item in value.values.items()})
        case Verbatim():
            return value.text
    return str(value)


def going(session: Session, *ways: AnyIntent) -> tuple[View, ...]:
    """The views on the way, the first one and one after each touch."""
    journey = ask_handbook(session)
    seen = [next(journey)]
    seen += [journey.send(way) for way in ways]
    assert all(isinstance(request, requests.Show) for request in seen)
    return tuple(request.view for request in seen if isinstance(request, requests.Show))


def test_a_search_leads_to_the_answer_its_source_and_a_code() -> None:
    session = asking("zhumadian")
    way = (Chosen("search"), Typed("gs"), Chosen("lost"), Intent.NEXT, Intent.NEXT, Intent.NEXT)
    topics, entry, found, *pages, slip = going(session, *way)
    assert isinstance(topics, Choices)
    assert [said(action.label) for action in topics.choices][:2] == ["认识社保卡", "领卡和启用"]
    assert isinstance(entry, SoundEntry)
    assert [keyword.word for keyword in entry.keywords][:3] == ["挂失", "密码", "忘记密码"]
    assert isinstance(found, Choices)
    assert said(found.choices[0].label) == "卡丢了，先做什么？"
    assert all(isinstance(page, Answer) for page in pages)
    told = [said(line) for page in pages if isinstance(page, Answer) for line in page.lines]
    assert told == [
        "马上打两个电话，再带身份证件去正式挂失。",
        "费用：银行那边挂失免费",
        "要带：本人有效身份证件",
        "打 12333，挂失社保这边",
        "打发卡银行的电话，挂失银行那边",
        "到社保卡服务窗口和银行窗口，正式挂失",
        "本地手册没有写明：电话挂失管几天，找到卡能不能撤销。",
        "请打电话问：12333、0396-12333",
    ]
    assert isinstance(pages[0], Answer)
    assert pages[0].sources == (Citation("社会保障卡知识手册 v1.0", "2019-05", "§4.2、§1.7"),)
    assert isinstance(slip, Slip)
    home = [said(line) for line in (*slip.lines, *slip.only_in_code)]
    assert set(told) - {"请打电话问：12333、0396-12333"} <= set(home)
    assert "要带：本人有效身份证件" in home
    assert "服务电话 12333、0396-12333" in home
    assert home[-1] == "依据：《社会保障卡知识手册 v1.0》（2019-05）§4.2、§1.7"


def test_nobody_is_identified_and_nothing_is_asked_of_anyone() -> None:
    world = World(keyed=["gs"])
    assert walk(ask_handbook(asking("zhumadian")), world) is Outcome.DONE
    assert world.recorded == []
    assert world.asked == []
    assert not world.card_came


def test_what_is_not_found_is_said_and_asked_for_again() -> None:
    *_, again = going(asking("qingdao"), Chosen("search"), Typed("zzzz"))
    assert isinstance(again, SoundEntry)
    assert said(again.note) == "没有找到。换个词，再试试。"
    *_, back = going(asking("qingdao"), Chosen("search"), Typed("zzzz"), Intent.BACK)
    assert isinstance(back, Choices)


def test_going_back_leads_to_the_page_that_was_left() -> None:
    session = asking("zhumadian")
    *_, second = going(session, Chosen("away"), Intent.NEXT)
    assert isinstance(second, Choices)
    chosen = second.choices[1].intent
    *_, again = going(session, Chosen("away"), Intent.NEXT, chosen, Intent.BACK)
    assert again == second
    *_, first, topics = going(session, Chosen("away"), Intent.NEXT, Intent.BACK, Intent.BACK)
    assert isinstance(first, Choices)
    assert first.page is not None
    assert first.page.number == 1
    assert isinstance(topics, Choices)
    assert said(topics.title) == "您想问什么？"


def to_code(session: Session) -> tuple[Any, Slip]:
    """The journey as it shows the code of the first answer on lost cards, and that view."""
    journey: Any = ask_handbook(session)
    next(journey)
    journey.send(Chosen("lost"))
    view = journey.send(Chosen("lost")).view
    while isinstance(view, Answer):
        view = journey.send(Intent.NEXT).view
    assert isinstance(view, Slip)
    return journey, view


def test_an_answer_is_printed_whole_and_says_that_it_proves_nothing() -> None:
    world = World(printing=Printing.READY, choices={"您想问什么？": Chosen("lost")})
    session = dataclasses.replace(asking("zhumadian"), printing=Printing.READY)
    assert walk(ask_handbook(session), world) is Outcome.DONE
    (paper,) = world.printed
    assert [said(line) for line in paper.heading] == ["驻马店", "卡丢了，先做什么？"]
    assert [said(line) for line in paper.facts] == ["办事指南的答案，不是凭证。"]
    assert paper.warning is None
    assert paper.call is not None
    assert [said(line) for line in (*paper.lines, paper.call)] == [
        "马上打两个电话，再带身份证件去正式挂失。",
        "费用：银行那边挂失免费",
        "1. 打 12333，挂失社保这边",
        "2. 打发卡银行的电话，挂失银行那边",
        "3. 到社保卡服务窗口和银行窗口，正式挂失",
        "要带：本人有效身份证件",
        "本地手册没有写明：电话挂失管几天，找到卡能不能撤销。",
        "依据：《社会保障卡知识手册 v1.0》（2019-05）§4.2、§1.7",
        "服务电话 12333、0396-12333",
    ]
    (slip, *_) = (view for view in world.seen if isinstance(view, Slip))
    assert paper.code == (*slip.lines, *slip.only_in_code)
    assert world.recorded == [], "nothing was done"


def printing(fate: SlipFate) -> list[View]:
    """What follows the touch that prints, and after each touch of back."""
    journey, slip = to_code(dataclasses.replace(asking("zhumadian"), printing=Printing.READY))
    assert Intent.PRINT in offered(slip)
    assert isinstance(journey.send(Intent.PRINT), requests.Announce)
    assert isinstance(journey.send(None), requests.PrintSlip)
    seen = [journey.send(fate).view]
    seen += [journey.send(touch).view for touch in (Intent.BACK, Intent.BACK, Intent.NEXT, Intent.NEXT)]
    return seen


def offered(view: View) -> set[AnyIntent]:
    return {action.intent for action in actions_of(view)}


@pytest.mark.parametrize("fate", SlipFate)
def test_an_answer_that_was_not_printed_leads_to_its_code_and_nobody_gets_two(fate: SlipFate) -> None:
    told, *after = printing(fate)
    assert isinstance(told, Explain)
    assert isinstance(after[0], Answer if fate is SlipFate.PRINTED else Slip)
    assert not any(Intent.PRINT in offered(view) for view in after)
    text = said(told.title) + "".join(said(line) for line in told.lines)
    assert "办理" not in text, "nothing was done that could be doubted"
    assert ("二维码" in text) is (fate is not SlipFate.PRINTED)


@pytest.mark.parametrize("state", Printing)
def test_before_an_answer_is_sought_the_screen_tells_that_there_is_no_paper(state: Printing) -> None:
    session = dataclasses.replace(asking("qingdao"), printing=state)
    topics, *_ = going(session)
    assert isinstance(topics, Choices)
    assert (said(topics.note) == "没有纸了，答案可以扫码带走。") is (state is Printing.UNABLE)
    _, slip = to_code(session)
    assert (Intent.PRINT in offered(slip)) is (state is Printing.READY)


def test_outlets_by_county_and_by_bank() -> None:
    session = asking("zhumadian")
    *_, ways = going(session, Chosen("outlets"))
    assert isinstance(ways, Choices)
    assert [said(action.label) for action in ways.choices] == ["按县区找网点", "按银行找网点", "服务电话"]
    *_, suiping = going(session, Chosen("outlets"), Chosen("district"), Intent.NEXT, Chosen("suiping"))
    assert isinstance(suiping, Answer)
    assert [(said(fact.label), said(fact.value)) for fact in suiping.facts] == [
        ("中国银行遂平县支行", "遂平县建设路 245 号"),
        ("遂平农商银行开源支行", "遂平县濯阳大道南段"),
    ]
    *_, farmers = going(session, Chosen("outlets"), Chosen("bank"), Chosen("abc"))
    assert isinstance(farmers, Answer)
    assert [said(fact.value) for fact in farmers.facts] == ["正阳县慎西路农业银行第三营业部"]


def test_a_region_without_outlets_goes_straight_to_its_lines() -> None:
    *_, lines = going(asking("beijing"), Chosen("outlets"))
    assert isinstance(lines, Answer)
    assert [said(fact.value) for fact in lines.facts] == ["96102", "12333"]


@pytest.mark.parametrize("key", KEYS)
def test_no_screen_holds_more_than_a_citizen_can_take_in(key: str) -> None:
    for view in every_view(key):
        if isinstance(view, Choices):
            assert 1 <= len(view.choices) <= 6
        if isinstance(view, Answer):
            assert 1 <= len(view.lines) + len(view.facts) <= 3
            assert len("".join(said(line) for line in view.lines)) <= 80, [said(line) for line in view.lines]


@pytest.mark.parametrize("key", KEYS)
def test_every_answer_says_where_it_stands_and_none_names_a_file(key: str) -> None:
    sections = set().union(*SECTIONS.values())
    for view in every_view(key):
        if isinstance(view, Answer):
            assert view.sources
            for source in view.sources:
                assert source.title
                assert not re.search(r"\d{3}_|\.txt|\b00\d\b", source.title + source.section)
                assert set(source.section.split("、")) <= sections


@pytest.mark.parametrize("key", KEYS)
def test_every_screen_has_a_way_out_and_one_way_on_at_most(key: str) -> None:
    for view in every_view(key):
        actions = actions_of(view)
        assert {Intent.BACK, Intent.DONE} & {action.intent for action in actions}
        assert sum(action.emphasis is Emphasis.PRIMARY for action in actions) <= 1


def test_a_terminal_without_a_handbook_says_so() -> None:
    session = asking("jiangxi")
    closed = dataclasses.replace(session, handbook=Session("", session.region, session.today).handbook)
    world = World(key="jiangxi")
    assert walk(ask_handbook(closed), world) is Outcome.REFUSED
    (refusal,) = world.seen
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.hotline) == ("R-01", "12333")


def test_an_operator_may_close_it() -> None:
    session = asking("jiangxi")
    pack = session.region.pack
    shut: Rule[bool] = Rule(basis=Basis.OPERATOR, value=False, reason="x")
    service = msgspec.structs.replace(pack.services[Service.ASK_HANDBOOK], self_service=shut)
    region = Region(msgspec.structs.replace(pack, services={**pack.services, Service.ASK_HANDBOOK: service}))
    world = World(key="jiangxi")
    assert walk(ask_handbook(dataclasses.replace(session, region=region)), world) is Outcome.REFUSED
    assert tile(region, Service.ASK_HANDBOOK).elsewhere is not None
