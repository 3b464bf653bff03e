"""What is wrong with a card, and which of its PINs is meant: without a PIN, and never at the price of a try."""

import dataclasses
from datetime import date

import pytest

from drivers.ports.card_reader import CardKind
from kiosk.journeys import requests
from kiosk.journeys.card_examination import card_examination
from kiosk.journeys.card_query import card_query
from kiosk.journeys.pin_change import pin_change
from kiosk.journeys.views import Explain, PinEntry, Refusal, Step, View
from kiosk.journeys.wording import Say, Verbatim
from kiosk.records.card import CardState
from kiosk.records.questions import (
    BenefitsBlock,
    CardExamined,
    CardProof,
    CardProved,
    ExamineCard,
    OpenCardSession,
    ProveCard,
)
from kiosk.records.transaction import Outcome
from tests.journeys.world import HOLDER, ISSUER, REPORTED_MS, World, filled, region, session, steps, walk

HEALTHY = CardExamined(card_state=CardState.NORMAL, bank_side_active=True, pin_repeated=False, name_agrees=True)


def pages(world: World) -> list[View]:
    """What a citizen turns through after the card is back, each page once."""
    shown: list[View] = []
    for view in world.seen:
        if isinstance(view, Refusal | Explain) and view not in shown:
            shown.append(view)
    return shown


def titles(world: World) -> list[str]:
    return [view.title.text for view in pages(world)]


def proved(state: CardState) -> CardProved:
    return CardProved(proof=CardProof.GENUINE, card_state=state)


def found_in(key: str, examined: CardExamined, **world: object) -> tuple[World, list[str]]:
    made = World(key=key, proof=proved(examined.card_state), examined=examined, **world)  # type: ignore[arg-type]
    assert walk(card_examination(session(key)), made) is Outcome.DONE
    (entry,) = made.recorded
    assert entry.done_online
    return made, [word for word in entry.reason.split(",") if word]


def test_a_healthy_card_is_told_what_else_may_be_wrong() -> None:
    world, words = found_in("qingdao", HEALTHY)
    assert words == []
    (page,) = pages(world)
    assert isinstance(page, Explain)
    assert page.title.text == "没有查出问题"
    assert [line.text for line in page.lines] == [
        "卡是好的，没有挂失，也没有过期。",
        "窗口还是刷不了的，多半是密码输错了：要输{pin}，不是银行密码。",
        "密码想不起来：{place}",
    ]


def test_no_pin_is_asked_for_and_no_try_is_spent() -> None:
    world = World(tries=3)
    asked = [type(request) for request in steps(card_examination(session("zhumadian")), world)]
    assert not {requests.EnterPin, requests.EnterPinBlock, requests.VerifyPin, requests.LoadWorkingKey} & set(asked)
    assert world.tries == 3
    assert [type(question) for question in world.asked] == [OpenCardSession, ProveCard, ExamineCard]
    assert world.asked[-1].name == HOLDER.name


@pytest.mark.parametrize(
    ("key", "examined", "words", "first"),
    [
        ("guizhou", CardExamined(card_state=CardState.SEALED, bank_side_active=True), ["only_bank_side"], "R-19"),
        ("guizhou", CardExamined(card_state=CardState.SEALED, bank_side_active=False), ["card_not_activated"], "R-17"),
        ("zhumadian", CardExamined(card_state=CardState.LOCKED), ["card_locked"], "R-06"),
        ("qingdao", CardExamined(card_state=CardState.LOST), ["formally_lost"], "R-13"),
        ("qingdao", CardExamined(card_state=CardState.CANCELLED), ["card_cancelled"], "R-15"),
        ("qingdao", CardExamined(card_state=CardState.NORMAL, replaced=True), ["card_replaced"], "R-16"),
        ("guizhou", CardExamined(card_state=CardState.NORMAL, pin_repeated=True), ["pin_repeated"], "R-22"),
        ("qingdao", CardExamined(card_state=CardState.NORMAL, name_agrees=False), ["name_mismatch"], "R-20"),
        ("jiangxi", CardExamined(card_state=CardState.NORMAL, bank_side_active=False), ["bank_side_inactive"], "R-23"),
        *(
            (
                "zhumadian",
                CardExamined(card_state=CardState.NORMAL, benefits_blocked=cause),
                [cause.value],
                "R-21",
            )
            for cause in BenefitsBlock
        ),
    ],
)
def test_each_finding_has_its_page(key: str, examined: CardExamined, words: list[str], first: str) -> None:
    world, found = found_in(key, examined)
    assert found == words
    page = pages(world)[0]
    assert isinstance(page, Refusal)
    assert page.code == first
    assert page.instead
    assert page.hotline == region(key).hotline


def test_only_the_bank_side_leads_back_to_the_bank_by_the_leaflet() -> None:
    world, _ = found_in("guizhou", CardExamined(card_state=CardState.SEALED, bank_side_active=True))
    page = pages(world)[0]
    assert isinstance(page, Refusal)
    assert page.citation is not None
    assert page.citation.section == "第十问"
    place = page.instead[0].values["place"]
    assert isinstance(place, Say)
    assert "制卡银行" in place.text


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("guizhou", ["可以这样办：制卡银行的营业网点，本人去", "请带：社会保障卡、本人身份证"]),
        (
            "qingdao",
            ["可以这样办：就近的发卡银行社会保障卡服务网点", "请带：本人有效身份证件、社会保障卡、以前的医保卡"],
        ),
        ("zhumadian", ["现在就能启用：请回首页选“办卡、办别的事”。", "再选“启用新卡”，带上您的身份证。"]),
        ("beijing", ["请带身份证件到服务窗口问一问。"]),
    ],
)
@pytest.mark.parametrize("bank_only", [True, False])
def test_a_card_never_started_is_sent_where_the_pack_says(key: str, told: list[str], bank_only: bool) -> None:
    world, _ = found_in(key, CardExamined(card_state=CardState.SEALED, bank_side_active=bank_only))
    page = pages(world)[0]
    assert isinstance(page, Refusal)
    assert [filled(line) for line in page.instead] == told


@pytest.mark.parametrize(
    ("key", "told", "section"),
    [
        (
            "qingdao",
            [
                "可以这样办：就近的发卡银行社会保障卡服务网点",
                "请带：本人有效身份证件、社会保障卡",
            ],
            "使用须知第五条",
        ),
        ("beijing", ["请带本人有效身份证件，到社会保障卡服务窗口问怎样换卡。"], None),
    ],
)
def test_an_expired_card_is_sent_where_the_pack_says(key: str, told: list[str], section: str | None) -> None:
    old = dataclasses.replace(ISSUER[key], expires_on=date(2026, 11, 21))
    world, words = found_in(key, HEALTHY, issuer=old)
    assert words == ["expired"]
    page = pages(world)[0]
    assert isinstance(page, Refusal)
    assert [filled(line) for line in page.instead] == told
    assert (page.citation.section if page.citation is not None else None) == section


def test_findings_come_the_gravest_first_and_are_turned_like_pages() -> None:
    examined = CardExamined(
        card_state=CardState.SEALED,
        bank_side_active=True,
        pin_repeated=True,
        benefits_blocked=BenefitsBlock.BENEFITS_BLOCKED,
        name_agrees=False,
    )
    old = dataclasses.replace(ISSUER["yunling"], expires_on=date(2026, 11, 21))
    world, words = found_in("yunling", examined, issuer=old, tries=2)
    assert words == [
        "only_bank_side",
        "expired",
        "benefits_blocked",
        "name_mismatch",
        "pin_repeated",
        "pin_tries_low",
    ]
    assert titles(world) == [
        "只开通了银行功能",
        "这张卡已经过期",
        "看病刷不了卡",
        "卡里的姓名对不上",
        "密码是六个一样的数字",
        "{pin}只能再试 {tries} 次",
    ]
    shown = [view for view in pages(world) if isinstance(view, Refusal | Explain)]
    assert [view.page for view in shown] == [Step(number, 6) for number in range(1, 7)]
    assert all(view.actions for view in shown)
    assert world.recorded[0].rule == "activation.failures"


def test_a_lost_card_is_told_until_when_and_nothing_else() -> None:
    examined = CardExamined(card_state=CardState.TEMPORARILY_LOST, lapses_at_ms=REPORTED_MS)
    old = dataclasses.replace(ISSUER["beijing"], expires_on=date(2026, 11, 21))
    world, words = found_in("beijing", examined, issuer=old)
    assert words == ["temporarily_lost"]
    (page,) = pages(world)
    assert isinstance(page, Refusal)
    assert page.why == Say("挂失有效到 {time}，到时自动解除。", {"time": Verbatim("2026-11-22 10:32")})
    assert page.citation is not None
    assert page.citation.section == "第7问"


def test_where_a_terminal_lifts_it_sends_there() -> None:
    world, _ = found_in("yunling", CardExamined(card_state=CardState.TEMPORARILY_LOST))
    (page,) = pages(world)
    assert isinstance(page, Refusal)
    assert page.instead == (Say("您是本人的：回首页选“卡丢了、坏了”，再选“卡找到了”。"),)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (CardKind.DEAD, "读不出这张卡"),
        (CardKind.SILENT, "读不出这张卡"),
        (CardKind.BANK_ONLY, "这是银行卡"),
        (CardKind.BLANK, "这是一张空白卡"),
    ],
)
def test_what_is_no_readable_card_is_explained_and_leaves_no_entry(kind: CardKind, reason: str) -> None:
    world = World(kind=kind)
    assert walk(card_examination(session("zhumadian")), world) is Outcome.DONE
    assert titles(world) == [reason]
    assert world.recorded == []
    if kind in (CardKind.DEAD, CardKind.SILENT):
        page = pages(world)[0]
        assert isinstance(page, Refusal)
        assert page.citation is not None
        assert page.citation.section == "§4.3"


def test_a_card_of_somewhere_else_is_not_asked_about() -> None:
    world = World(issuer=ISSUER["beijing"])
    assert walk(card_examination(session("zhumadian")), world) is Outcome.DONE
    assert titles(world) == ["这张卡不是本地发的"]
    assert world.asked == []
    assert world.recorded[0].reason == "other_region"


@pytest.mark.parametrize(
    "proof", [CardProof.NOT_GENUINE, CardProof.UNKNOWN_CARD, CardProof.HOLDER_MISMATCH], ids=lambda proof: proof.value
)
def test_a_card_that_is_not_believed_is_told_that_and_no_more(proof: CardProof) -> None:
    world = World(proof=CardProved(proof=proof), tries=1)
    assert walk(card_examination(session("zhumadian")), world) is Outcome.DONE
    assert len(pages(world)) == 1
    assert world.recorded[0].reason == proof.value
    assert not world.recorded[0].done_online
    assert not any(isinstance(question, ExamineCard) for question in world.asked)


def test_a_locked_pin_is_told_with_its_place() -> None:
    world, words = found_in("zhumadian", HEALTHY, tries=0)
    assert words == ["pin_locked"]
    (page,) = pages(world)
    assert isinstance(page, Refusal)
    assert page.code == "R-07"


def test_tries_are_counted_where_the_centre_keeps_them() -> None:
    proof = CardProved(proof=CardProof.GENUINE, card_state=CardState.NORMAL, pin_is_initial=False, pin_tries_left=1)
    world = World(key="beijing", proof=proof, tries=0)
    assert walk(card_examination(session("beijing")), world) is Outcome.DONE
    assert world.recorded[0].reason == "pin_tries_low"


@pytest.mark.parametrize(("tries", "told"), [(6, False), (5, True), (1, True)])
def test_a_spent_try_is_told_where_the_region_states_how_many_there_are(tries: int, told: bool) -> None:
    _, words = found_in("zhumadian", HEALTHY, tries=tries)
    assert (words == ["pin_tries_low"]) is told


@pytest.mark.parametrize(("tries", "told"), [(3, False), (2, True)])
def test_elsewhere_two_are_few(tries: int, told: bool) -> None:
    _, words = found_in("guizhou", HEALTHY, tries=tries)
    assert (words == ["pin_tries_low"]) is told


def test_what_nobody_can_see_on_a_chip_is_asked_and_never_claimed() -> None:
    examined = CardExamined(card_state=CardState.NORMAL, bank_side_active=True, name_agrees=True)
    world, words = found_in("guizhou", examined)
    assert words == [], "a question is no finding"
    assert titles(world) == ["没有查出问题", "密码是六个一样的数字吗？"]
    assert "111111" not in str(pages(world))
    world, words = found_in("zhumadian", examined)
    assert words == []
    assert titles(world) == ["没有查出问题", "初始密码改过了吗？"]
    assert "123456" not in str(pages(world))


def test_without_the_centre_the_chip_alone_is_told_and_that_it_is() -> None:
    world = World(centre_up=False, tries=0)
    assert walk(card_examination(session("zhumadian")), world) is Outcome.PARTLY_DONE
    assert titles(world) == ["{pin}已锁住", "有些事这次没有查到"]
    assert world.recorded[0].reason == "pin_locked,centre_unreachable"
    world = World(key="qingdao", centre_up=False)
    assert walk(card_examination(session("qingdao")), world) is Outcome.PARTLY_DONE
    assert titles(world) == ["芯片没有查出问题"]
    assert world.recorded[0].reason == "centre_unreachable"


def test_an_examination_whose_answer_is_lost_still_knows_the_state() -> None:
    world = World(proof=proved(CardState.CANCELLED), lost_answer_to=ExamineCard)
    assert walk(card_examination(session("zhumadian")), world) is Outcome.PARTLY_DONE
    assert titles(world) == ["这张卡已经注销"]
    assert (world.recorded[0].done_online, world.recorded[0].assumed_card_state) == (False, "9")


@pytest.mark.parametrize("journey", [card_query, pin_change])
@pytest.mark.parametrize(("key", "held"), [("zhumadian", None), ("jiangxi", 6)])
def test_the_first_entry_tells_the_two_pins_apart(journey: object, key: str, held: int | None) -> None:
    proof = CardProved(proof=CardProof.GENUINE, card_state=CardState.NORMAL, pin_is_initial=False, pin_tries_left=held)
    world = World(key=key, typed=["246810", "975318", "975318"], proof=proof)
    walk(journey(session(key)), world)  # type: ignore[operator]
    coached = [view.coach for view in world.seen if isinstance(view, PinEntry)]
    assert coached[0] == Say("看病、办社保用这个密码，银行取钱用的是另一个。")
    assert not any(coached[1:])


def test_after_a_wrong_pin_the_other_is_asked_about() -> None:
    world = World(typed=["000001", "246810"])
    walk(card_query(session("zhumadian")), world)
    coached = [view.coach for view in world.seen if isinstance(view, PinEntry)]
    assert coached[1] == Say("是不是输成了银行密码？那是另一个密码。")


def test_where_no_bank_side_is_known_of_no_second_pin_is_spoken() -> None:
    proof = CardProved(proof=CardProof.GENUINE, card_state=CardState.NORMAL, pin_is_initial=False, pin_tries_left=6)
    world = World(key="beijing", typed=["246810"], proof=proof)
    walk(card_query(session("beijing")), world)
    (entry,) = [view for view in world.seen if isinstance(view, PinEntry)]
    assert entry.coach is None
    assert "银行" not in entry.which.text
