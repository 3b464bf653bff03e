"""Somebody files for another: two ID cards, an age on the day, and the papers that a window has still to see."""

from dataclasses import replace
from datetime import date
from typing import Any

import msgspec
import pytest

from drivers.ports.id_reader import IdDocument
from kiosk.journeys.cancelling import cancelling
from kiosk.journeys.card_application import card_application
from kiosk.journeys.data_change import data_change
from kiosk.journeys.filing_progress import filing_progress
from kiosk.journeys.formal_loss import formal_loss
from kiosk.journeys.frame import Session
from kiosk.journeys.guide import guide
from kiosk.journeys.papers import papers
from kiosk.journeys.printing import Printing
from kiosk.journeys.refusals import not_by_proxy
from kiosk.journeys.sources import source_of
from kiosk.journeys.views import Chosen, Explain, Intent, PlaceIdCard, ReadBack, Refusal, Result, Slip, Step
from kiosk.journeys.wording import PersonName
from kiosk.policy.pack import Pack
from kiosk.policy.region import Region
from kiosk.records.filings import CardApplication, FilingState, FilingVerdict, Proxy, Relation
from kiosk.records.transaction import Outcome, Service, Stage
from tests.journeys import world as worlds
from tests.journeys.test_data_change import Reader, opened, pages
from tests.journeys.test_temporary_loss import stages
from tests.journeys.world import ID_CARD, TODAY, World, filing, filled, region, session, titles, walk

PROXY = replace(ID_CARD, name="李代办", number="110101196505050017", birth_date=date(1965, 5, 5))
SENT, GUARDIAN = Chosen("sent"), Chosen("guardian")
PHONE = "13800000000"
MANDATE = "《云岭代办委托书》"


def born(number: str) -> IdDocument:
    """Somebody of this number."""
    day = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    return replace(ID_CARD, name="王小小", number=number, birth_date=day)


def citizen(*documents: IdDocument, of: type[World] = World, relation: Chosen = SENT, **changes: Any) -> World:
    choices = {"给谁办？": relation, **changes.pop("choices", {})}
    return of(key="yunling", documents=list(documents), keyed=[PHONE], choices=choices, **changes)


def here(today: date = TODAY, **rules: Any) -> Session:
    about = replace(session("yunling", Printing.READY, reads_id_cards=True), today=today)
    if not rules:
        return about
    raw: Any = msgspec.to_builtins(worlds.region("yunling").pack)
    raw["proxy"].update(rules)
    return replace(about, region=Region(msgspec.convert(raw, Pack)))


def apply(world: World, today: date = TODAY) -> Outcome:
    return walk(card_application(here(today)), world)


def give_up(world: World, today: date = TODAY) -> Outcome:
    return walk(cancelling(here(today)), world)


def refusal(world: World) -> Refusal:
    return next(view for view in world.seen if isinstance(view, Refusal))


def behind(world: World) -> dict[str, list[str]]:
    """The lines that follow the result, by the titles of their pages."""
    found: dict[str, list[str]] = {}
    for title, lines in pages(world):
        found.setdefault(title, []).extend(lines)
    return found


def filed_by(world: World) -> Proxy:
    (question,) = world.asked
    proxy: Proxy = question.proxy
    return proxy


def test_the_proxys_card_then_the_holders_and_both_go_on_record() -> None:
    world = citizen(PROXY, ID_CARD)
    assert apply(world) is Outcome.DONE
    placed = [view for view in world.seen if isinstance(view, PlaceIdCard)]
    assert [(filled(view.title), view.step) for view in placed] == [
        ("先放您自己的身份证", Step(1, 4)),
        ("再放对方的身份证", Step(2, 4)),
    ]
    (question,) = world.asked
    assert (question.social_security_number, question.name) == (ID_CARD.number, ID_CARD.name)
    assert question.matter == CardApplication(phone=PHONE)
    assert question.proxy == Proxy(number=PROXY.number, name=PROXY.name, relation=Relation.SENT, to_show=("mandate",))
    assert stages(world) == [(Stage.BEGUN, None, ""), (Stage.FINISHED, Outcome.DONE, "")]
    for entry in world.recorded:
        assert (entry.proxy_number, entry.proxy_name) == (PROXY.number, PROXY.name)
        assert (entry.social_security_number, entry.holder_name) == (ID_CARD.number, ID_CARD.name)


def test_whoever_files_for_themselves_names_no_proxy() -> None:
    world = citizen(ID_CARD, relation=Chosen("self"))
    assert apply(world) is Outcome.DONE
    assert filed_by(world) is None
    assert {(entry.proxy_number, entry.proxy_name) for entry in world.recorded} == {("", "")}
    assert not any("代办" in title for title in titles(world))


def test_the_papers_are_named_before_a_card_is_laid_down() -> None:
    world = citizen(PROXY, ID_CARD)
    apply(world)
    page = next(view for view in world.seen if isinstance(view, Explain) and view.title.text == "这些都带了吗？")
    assert [filled(line) for line in page.lines] == ["您的和对方的身份证，都要原件。", f"窗口还要看：{MANDATE}"]
    assert filled(page.note) == "机器只看身份证，别的材料由窗口看。"
    assert titles(world).index("这些都带了吗？") < titles(world).index("先放您自己的身份证")


@pytest.mark.parametrize(
    ("relation", "bring"),
    [
        (SENT, f"请带：持卡人身份证、代办人身份证、{MANDATE}"),
        (GUARDIAN, "不满 16 岁的，带：户口本、户口本复印件"),
    ],
)
def test_whoever_has_not_all_with_them_is_told_what_to_bring_and_where(relation: Chosen, bring: str) -> None:
    world = citizen(relation=relation, choices={"这些都带了吗？": Intent.BACK})
    assert apply(world) is Outcome.REFUSED
    told = [filled(line) for line in refusal(world).instead]
    assert (refusal(world).code, told[0]) == ("R-81", bring)
    assert any("云岭服务大厅" in line for line in told)
    assert refusal(world).citation is not None
    assert (world.asked, world.recorded) == ([], [])


def test_a_child_without_an_id_card_is_sent_to_the_window() -> None:
    world = citizen(relation=GUARDIAN, choices={"这些都带了吗？": Intent.BACK})
    apply(world)
    assert filled(refusal(world).why) == "要两个人的身份证原件。孩子没有身份证的，请到窗口办。"


@pytest.mark.parametrize("journey", [card_application, cancelling])
def test_the_read_back_says_for_whom(journey: Any) -> None:
    world = citizen(PROXY, ID_CARD)
    walk(journey(here()), world)
    read_back = next(view for view in world.seen if isinstance(view, ReadBack))
    assert (filled(read_back.facts[0].label), read_back.facts[0].value) == ("替谁办", PersonName("王*明", "王小明"))
    assert len(read_back.facts) <= 3
    assert read_back.step is not None
    assert read_back.step.number == read_back.step.of


def test_whoever_sees_that_it_is_the_wrong_card_lays_both_down_again() -> None:
    world = citizen(ID_CARD, PROXY, PROXY, ID_CARD)
    world.keyed.append(PHONE)
    plain, asked = world.pick, iter([Intent.AGAIN, Intent.NEXT])
    world.pick = lambda view: next(asked) if isinstance(view, ReadBack) else plain(view)  # type: ignore[method-assign]
    assert apply(world) is Outcome.DONE
    assert filed_by(world).number == PROXY.number


def test_one_card_laid_down_twice_is_seen_and_asked_for_again() -> None:
    world = citizen(PROXY, PROXY, ID_CARD)
    assert apply(world) is Outcome.DONE
    placed = [view for view in world.seen if isinstance(view, PlaceIdCard)]
    assert [filled(view.note) if view.note else "" for view in placed] == [
        "",
        "",
        "这还是您自己的身份证，请放对方的。",
    ]


def test_nobody_is_their_own_proxy() -> None:
    world = citizen(PROXY, PROXY, PROXY, PROXY)
    assert apply(world) is Outcome.REFUSED
    assert (refusal(world).code, filled(refusal(world).title)) == ("R-83", "两次放的是同一个人的身份证")
    assert (world.asked, world.recorded, world.documents) == ([], [], [])


@pytest.mark.parametrize("documents", [[replace(PROXY, valid_until=date(2026, 11, 21))], [PROXY, "expired"]])
def test_either_id_card_must_be_valid_today(documents: list[Any]) -> None:
    expired = replace(ID_CARD, valid_until=date(2026, 11, 21))
    world = citizen(*[expired if one == "expired" else one for one in documents])
    assert apply(world) is Outcome.REFUSED
    assert refusal(world).code == "D-15"
    assert (world.asked, world.recorded) == ([], [])


@pytest.mark.parametrize(
    ("number", "today", "adult"),
    [
        ("11010120081122001X", TODAY, True),
        ("110101200811230015", TODAY, False),
        # Of 29 February: the birthday is 1 March.
        ("110101200802290016", date(2026, 2, 28), False),
        ("110101200802290016", date(2026, 3, 1), True),
    ],
)
def test_a_proxy_is_grown_up_on_their_eighteenth_birthday(number: str, today: date, adult: bool) -> None:
    world = citizen(born(number), ID_CARD)
    assert apply(world, today) is (Outcome.DONE if adult else Outcome.REFUSED)
    if not adult:
        assert (refusal(world).code, filled(refusal(world).title)) == ("R-82", "代办的人要满 18 岁")
        assert refusal(world).citation is None, "no handbook says so"
        assert (world.asked, world.recorded, len(world.documents)) == ([], [], 1)


@pytest.mark.parametrize(
    ("number", "today", "to_show"),
    [
        # Yunling wants the household register below sixteen; the law the guardian's consent below fourteen.
        ("110101201211230016", TODAY, ("household_register", "household_register_copy", "guardian_consent")),
        ("110101201211220010", TODAY, ("household_register", "household_register_copy")),
        (
            "110101201202290017",
            date(2026, 2, 28),
            ("household_register", "household_register_copy", "guardian_consent"),
        ),
        ("110101201202290017", date(2026, 3, 1), ("household_register", "household_register_copy")),
        ("110101201011230011", TODAY, ("household_register", "household_register_copy")),
        ("110101201011220016", TODAY, ()),
        ("110101200811230015", TODAY, ()),
    ],
)
def test_a_guardian_brings_what_the_childs_age_wants_and_no_mandate(
    number: str, today: date, to_show: tuple[str, ...]
) -> None:
    world = citizen(PROXY, born(number), relation=GUARDIAN)
    assert apply(world, today) is Outcome.DONE
    assert filed_by(world) == Proxy(number=PROXY.number, name=PROXY.name, relation=Relation.GUARDIAN, to_show=to_show)


@pytest.mark.parametrize("relation", [Chosen("self"), SENT])
def test_a_dead_clock_makes_nobody_a_child(relation: Chosen) -> None:
    world = citizen(*([PROXY] if relation == SENT else []), ID_CARD, relation=relation)
    assert apply(world, date(1970, 1, 1)) is Outcome.DONE


def test_whoever_is_of_no_known_age_has_all_of_a_childs_papers_seen() -> None:
    world = citizen(PROXY, born("110101200811230015"), relation=GUARDIAN)
    assert apply(world, date(1970, 1, 1)) is Outcome.DONE
    assert filed_by(world).to_show == ("household_register", "household_register_copy", "guardian_consent")


@pytest.mark.parametrize(("number", "adult"), [("11010120081122001X", True), ("110101200811230015", False)])
def test_a_guardian_acts_for_nobody_who_is_grown_up(number: str, adult: bool) -> None:
    world = citizen(PROXY, born(number), relation=GUARDIAN)
    assert apply(world) is (Outcome.REFUSED if adult else Outcome.DONE)
    if adult:
        assert (refusal(world).code, filled(refusal(world).title)) == ("R-84", "对方已经满 18 岁了")
        assert (world.asked, world.recorded) == ([], [])


@pytest.mark.parametrize(
    ("number", "today", "child"),
    [
        ("110101201211230016", TODAY, True),
        ("110101201211220010", TODAY, False),
        ("110101201202290017", date(2026, 2, 28), True),
        ("110101201202290017", date(2026, 3, 1), False),
    ],
)
def test_a_child_sends_nobody_the_guardian_comes(number: str, today: date, child: bool) -> None:
    world = citizen(PROXY, born(number))
    assert give_up(world, today) is (Outcome.REFUSED if child else Outcome.DONE)
    if child:
        assert (refusal(world).code, filled(refusal(world).title)) == ("R-47", "不满 14 岁，要监护人来办")
        assert filled(refusal(world).why) == "监护人可以在这里选“替孩子办”，也可以一起去窗口。"
        assert (world.asked, world.recorded) == ([], [])


def test_a_guardian_gives_up_a_childs_card_with_their_consent() -> None:
    world = citizen(PROXY, born("110101201211230016"), relation=GUARDIAN)
    assert give_up(world) is Outcome.DONE
    assert filed_by(world).to_show == ("guardian_consent",)


@pytest.mark.parametrize("journey", [card_application, cancelling])
def test_what_is_still_to_be_shown_stands_on_screen_and_slip(journey: Any) -> None:
    world = citizen(PROXY, ID_CARD, of=Reader, printing=Printing.READY, choices={"带走这张凭条": Intent.PRINT})
    assert walk(journey(here()), world) is Outcome.DONE
    told = behind(world)["代办还要做的"]
    assert told[0] == f"窗口还要看：{MANDATE}"
    assert "本人来不了" not in titles(world)
    (slip,) = {view for view in world.seen if isinstance(view, Slip)}
    code = [filled(line) for line in slip.lines]
    assert code[3:5] == ["由别人代办", f"窗口还要看：{MANDATE}"]
    assert not any(secret in line for line in code for secret in ("李", "王", PROXY.number, ID_CARD.number))


def test_the_paper_names_the_proxy_masked() -> None:
    world = citizen(PROXY, ID_CARD, of=Reader, printing=Printing.READY)
    plain = world.pick
    world.pick = lambda view: Intent.PRINT if isinstance(view, Slip) and not world.printed else plain(view)  # type: ignore[method-assign]
    assert apply(world) is Outcome.DONE
    (paper,) = world.printed
    named = [value for line in paper.facts for value in line.values.values() if isinstance(value, PersonName)]
    assert [name.masked for name in named] == ["王*明", "李*办"]


def test_the_photograph_of_who_does_not_come_is_told() -> None:
    world = citizen(PROXY, ID_CARD, of=Reader)
    apply(world)
    assert behind(world)["代办还要做的"][1] == "本人不来拍照的，照片要：白色背景、电子版"


def test_a_holder_learns_that_somebody_else_has_filed() -> None:
    told = filing(by_proxy=True, to_show=("mandate", "a_paper_of_tomorrow"))
    world = Reader(key="yunling", documents=[ID_CARD], filings=[told])
    assert walk(filing_progress(here()), world) is Outcome.DONE
    assert behind(world)["接下来"][:2] == [
        "这是别人替您交的。不是您让办的，请打 0000-9901。",
        f"窗口还要看：{MANDATE}",
    ]


@pytest.mark.parametrize("state", FilingState)
def test_a_holder_learns_it_however_far_it_has_come(state: FilingState) -> None:
    world = Reader(key="yunling", documents=[ID_CARD], filings=[filing(by_proxy=True, state=state)])
    assert walk(filing_progress(here()), world) is Outcome.DONE
    assert behind(world)["接下来"][0] == "这是别人替您交的。不是您让办的，请打 0000-9901。"


@pytest.mark.parametrize("documents", [[ID_CARD], [PROXY, ID_CARD]])
def test_a_holder_who_comes_second_learns_it_and_a_proxy_need_not(documents: list[IdDocument]) -> None:
    relation = SENT if len(documents) > 1 else Chosen("self")
    world = citizen(*documents, relation=relation, verdict=FilingVerdict.ALREADY_FILED, filed_by_proxy=True)
    assert apply(world) is Outcome.REFUSED
    told = [filled(line) for line in refusal(world).instead]
    assert told == (
        ["想知道办到哪一步：回首页选“办卡、办别的事”，再选“查进度”。"]
        if relation == SENT
        else ["这是别人替您交的。不是您让办的，请打 0000-9901。"]
    )


def test_where_the_holder_must_come_nobody_is_asked_for_whom() -> None:
    world = Reader(key="yunling", documents=[ID_CARD], choices={"还有别的变了吗？": Intent.NEXT})
    assert walk(data_change(here()), world) is Outcome.DONE
    assert "给谁办？" not in titles(world)
    before = next(view for view in world.seen if isinstance(view, Explain) and view.title.text == "先在这里登记")
    assert filled(before.lines[-1]) == "这件事要本人来办。"


def test_papers_are_the_holders_alone() -> None:
    world = World(key="yunling", documents=[ID_CARD], valid_until="2027-01-21")
    assert walk(papers(here()), world) is Outcome.DONE
    assert "给谁办？" not in titles(world)


def test_jiangxis_mandate_and_copies_go_to_the_window() -> None:
    """§7 of the manual, where an operator opens the application."""
    world = Reader(key="jiangxi", documents=[PROXY, ID_CARD], keyed=[PHONE], choices={"给谁办？": SENT})
    assert walk(card_application(opened("jiangxi", "card_application")), world) is Outcome.DONE
    assert filed_by(world).to_show == ("id_copy", "proxy_id_copy", "mandate")
    assert behind(world)["代办还要做的"] == [
        "窗口还要看：持卡人身份证复印件、代办人身份证复印件、《社会保障卡业务代理委托书》"
    ]


def test_zhumadians_household_register_is_wanted_below_eighteen() -> None:
    """§2.1: a proxy's papers, and the household register of who is not eighteen yet."""
    for number, more in (("110101200811230015", ("household_register", "household_register_copy")),):
        world = Reader(key="zhumadian", documents=[PROXY, born(number)], keyed=[PHONE], choices={"给谁办？": GUARDIAN})
        assert walk(card_application(opened("zhumadian", "card_application")), world) is Outcome.DONE
        assert filed_by(world).to_show == ("photo_file", "id_copy", *more)
    sent = Reader(
        key="zhumadian", documents=[PROXY, born("110101200811230015")], keyed=[PHONE], choices={"给谁办？": SENT}
    )
    assert walk(card_application(opened("zhumadian", "card_application")), sent) is Outcome.REFUSED
    assert refusal(sent).code == "R-47"


def test_where_no_paper_is_stated_none_is_invented() -> None:
    nothing: dict[str, Any] = {"basis": "not_stated", "cite": [], "reason": "", "value": None}
    world = citizen(PROXY, ID_CARD, of=Reader)
    assert walk(card_application(here(papers=nothing)), world) is Outcome.DONE
    page = next(view for view in world.seen if isinstance(view, Explain) and view.title.text == "这些都带了吗？")
    not_stated = "还要什么材料，本地手册没有写明，窗口会告诉您。"
    assert filled(page.lines[-1]) == not_stated
    assert filed_by(world).to_show == ()
    assert behind(world)["代办还要做的"][0] == not_stated


@pytest.mark.parametrize(
    ("key", "service", "lines", "section"),
    [
        # Typed from the handbooks: Guizhou 第五问, Qingdao 第七条, Jiangxi §7; Beijing's says nothing.
        ("guizhou", Service.FORMAL_LOSS, ["这件事要本人来办。"], "第五问"),
        ("guizhou", Service.CANCELLING, ["可以请人代办销卡。"], "第七问"),
        ("qingdao", Service.FORMAL_LOSS, ["这件事要本人来办。"], "使用须知第七条"),
        ("qingdao", Service.DATA_CHANGE, ["这件事要本人来办。"], "使用须知第七条"),
        ("jiangxi", Service.FORMAL_LOSS, ["可以请人代办正式挂失。"], "§7"),
        ("beijing", Service.CARD_APPLICATION, ["能不能请人代办，本地手册没有写明。", "请先打 96102 问一问。"], ""),
        ("beijing", Service.FORMAL_LOSS, ["能不能请人代办，本地手册没有写明。", "请先打 96102 问一问。"], ""),
    ],
)
def test_what_each_region_rules_of_proxies_is_told_with_its_source(
    key: str, service: Service, lines: list[str], section: str
) -> None:
    (page,) = [page for page in guide(region(key), service) if page.title.text == "本人来不了"]
    told = [filled(line) for line in page.lines]
    assert told[: len(lines)] == lines
    assert (section in filled(page.note)) if section else page.note is None


def test_behind_guizhous_refusal_stands_that_the_holder_comes() -> None:
    world = Reader(key="guizhou")
    assert walk(formal_loss(session("guizhou")), world) is Outcome.REFUSED
    assert titles(world) == ["正式挂失不在这里办", "本人来不了"]


@pytest.mark.parametrize(
    ("key", "rule", "cited"),
    [("qingdao", "proxy.in_person", True), ("beijing", "proxy.allowed", False)],
)
def test_a_centre_that_takes_no_proxy_is_told_by_the_regions_own_rule(key: str, rule: str, cited: bool) -> None:
    ending = not_by_proxy(region(key), Service.DATA_CHANGE).ending
    (view,) = ending.views
    assert isinstance(view, Refusal)
    assert (ending.rule, view.citation is not None) == (rule, cited)
    if view.citation is not None:
        assert "第七条" in filled(source_of(view.citation))
        assert filled(view.instead[0]).startswith("年老、生病、残疾")


def test_nothing_of_a_proxy_shows() -> None:
    proxy = Proxy(number=PROXY.number, name=PROXY.name, relation=Relation.SENT, to_show=("mandate",))
    world = citizen(PROXY, ID_CARD, verdict=FilingVerdict.UNKNOWN)
    apply(world)
    for thing in (proxy, *world.asked, *world.recorded):
        assert not any(secret in repr(thing) for secret in (PROXY.number, PROXY.name, ID_CARD.number))
    assert not any(isinstance(view, Result) for view in world.seen)
