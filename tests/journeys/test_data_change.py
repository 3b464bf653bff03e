"""Changed data and given-up cards: a notice, then the region's own steps in the region's own order."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from kiosk.journeys.cancelling import cancelling
from kiosk.journeys.data_change import data_change
from kiosk.journeys.frame import Session
from kiosk.journeys.requests import Journey
from kiosk.journeys.views import Chosen, Emphasis, Explain, Intent, ReadBack, Refusal, Result, Slip
from kiosk.policy.pack import Pack
from kiosk.policy.region import Region
from kiosk.records.filings import (
    Cancelling,
    ChangedDatum,
    DataChange,
    FileMatter,
    FilingVerdict,
    LeavingReason,
)
from kiosk.records.transaction import Outcome
from tests.journeys import world as worlds
from tests.journeys.world import ID_CARD, World, filled, session, titles, walk


class Reader(World):
    """Somebody who turns every page to the last."""

    def pick(self, view: Any) -> Any:
        turns = isinstance(view, Result | Explain | Slip | Refusal)
        if turns and Intent.NEXT in {action.intent for action in view.actions}:
            return Intent.NEXT
        return super().pick(view)


def pages(world: World) -> list[tuple[str, list[str]]]:
    """Title and lines of everything that was explained after the matter was filed, or instead of it."""
    return [
        (filled(view.title), [filled(line) for line in view.lines])
        for view in world.seen
        if isinstance(view, Explain) and view.page is not None
    ]


def matters(world: World) -> list[Any]:
    return [one.matter for one in world.asked if isinstance(one, FileMatter)]


def here(key: str = "yunling", **rules: dict[str, Any]) -> Session:
    """A terminal with everything; rules of a section may be given other values."""
    raw: Any = msgspec.to_builtins(worlds.region(key).pack)
    for section, values in rules.items():
        raw[section].update(values)
    return replace(session(key, reads_id_cards=True), region=Region(msgspec.convert(raw, Pack)))


def opened(key: str, service: str) -> Session:
    """A real region whose operator opens the service: its own steps must come out."""
    open_here = {"basis": "operator", "value": True, "reason": "The test opens it."}
    raw: Any = msgspec.to_builtins(worlds.region(key).pack)
    raw["services"][service]["self_service"] = open_here
    return replace(session(key, reads_id_cards=True), region=Region(msgspec.convert(raw, Pack)))


def test_all_that_has_changed_goes_into_one_notice() -> None:
    world = Reader(key="yunling", documents=[ID_CARD])
    picked = iter([Chosen("number"), Chosen("name"), Intent.NEXT])
    plain = World.pick

    def pick(view: Any) -> Any:
        return next(picked) if view.title.text in ("什么变了？", "还有别的变了吗？") else plain(world, view)

    world.pick = pick  # type: ignore[method-assign]
    assert walk(data_change(here()), world) is Outcome.DONE
    assert matters(world) == [DataChange(data=(ChangedDatum.NAME, ChangedDatum.NUMBER))]
    (read_back,) = [view for view in world.seen if isinstance(view, ReadBack)]
    assert filled(read_back.facts[-1].value) == "姓名、身份证号码"
    assert all(action.emphasis is not Emphasis.PRIMARY for action in read_back.actions)


def test_a_notice_is_no_change_and_says_so() -> None:
    world = Reader(key="yunling", documents=[ID_CARD], choices={"还有别的变了吗？": Intent.NEXT})
    walk(data_change(here()), world)
    result = next(view for view in world.seen if isinstance(view, Result))
    assert (result.title.text, result.in_force) == ("记下了，还没有改", False)
    (receipt,) = [view for view in world.seen if isinstance(view, Slip)]
    assert [filled(line) for line in receipt.lines][3:5] == [
        "1. 单位：云岭服务大厅，交变更表，改参保信息",
        "2. 本人：云岭服务大厅，换卡",
    ]


@pytest.mark.parametrize(
    ("key", "steps"),
    [
        # Typed from the handbooks: Zhumadian §4.1, Guizhou 第六问, Qingdao 第六条, Jiangxi §4, Beijing 第9条.
        ("zhumadian", [("第 1 步，本人去办", "当地人社部门或发卡银行的即时补换卡窗口")]),
        (
            "guizhou",
            [("第 1 步，本人去办", "省社会保险事业局医保征缴处"), ("第 2 步，本人去办", "制卡银行的服务网点")],
        ),
        (
            "qingdao",
            [
                ("第 1 步，本人去办", "区市社会保险经办机构"),
                ("第 2 步，本人去办", "就近的发卡银行社会保障卡服务网点"),
            ],
        ),
        ("jiangxi", [("第 1 步，本人去办", "参保业务窗口"), ("第 2 步，本人去办", "社会保障卡服务窗口")]),
        (
            "beijing",
            [
                ("第 1 步，本人去办", "所在单位"),
                ("第 2 步，单位去办", "参保地的区县社保中心"),
                ("第 3 步，本人去办", "社会保障卡服务网点"),
            ],
        ),
    ],
)
def test_each_regions_steps_in_its_order(key: str, steps: list[tuple[str, str]]) -> None:
    closed, open_ = Reader(key=key), Reader(key=key, documents=[ID_CARD], choices={"还有别的变了吗？": Intent.NEXT})
    assert walk(data_change(session(key, reads_id_cards=True)), closed) is Outcome.REFUSED
    assert walk(data_change(opened(key, "data_change")), open_) is Outcome.DONE
    for world in (closed, open_):
        told = [(title, lines[0]) for title, lines in pages(world) if title.startswith("第")]
        assert told == [(title, f"去哪里：{place}") for title, place in steps]
    assert matters(closed) == []


def test_what_changes_without_a_new_card_is_not_filed() -> None:
    world = Reader(key="yunling", choices={"什么变了？": Intent.NEXT})
    plain = World.pick

    def pick(view: Any) -> Any:
        if view.title.text == "什么变了？":
            keys = [choice.intent for choice in view.choices]
            return Chosen("status") if Chosen("status") in keys else Intent.NEXT
        return Reader.pick(world, view) if view.title.text != "什么变了？" else plain(world, view)

    world.pick = pick  # type: ignore[method-assign]
    assert walk(data_change(here()), world) is Outcome.DONE
    assert (world.asked, world.recorded) == ([], [])
    assert [title for title, _ in pages(world)] == ["卡不用换", "第 1 步，单位去办"]


def test_where_the_holder_must_come_in_person_that_is_told() -> None:
    world = Reader(key="yunling", documents=[ID_CARD], choices={"还有别的变了吗？": Intent.NEXT})
    walk(data_change(here()), world)
    assert ("本人来不了", ["这件事要本人来办。", "来不了的，打 0000-9901 请人上门"]) in pages(world)


@pytest.mark.parametrize("reason", [LeavingReason.INSURANCE_ENDED, LeavingReason.MOVED_AWAY])
def test_a_card_is_given_up_by_a_notice_and_cancelled_at_the_window(reason: LeavingReason) -> None:
    world = Reader(key="yunling", documents=[ID_CARD], choices={"为什么不用这张卡了？": Chosen(reason.value)})
    assert walk(cancelling(here()), world) is Outcome.DONE
    assert matters(world) == [Cancelling(reason=reason)]
    (read_back,) = [view for view in world.seen if isinstance(view, ReadBack)]
    assert [action.emphasis for action in read_back.actions] == [Emphasis.PLAIN, Emphasis.GRAVE]
    result = next(view for view in world.seen if isinstance(view, Result))
    assert (result.title.text, result.in_force) == ("记下了，卡还没有销", False)
    assert [title for title, _ in pages(world)] == ["第 1 步，本人去办", "第 2 步，本人去办", "卡归谁", "本人来不了"]
    assert world.recorded[-1].outcome is Outcome.DONE


def test_after_a_death_the_family_is_told_its_steps_and_nothing_is_filed() -> None:
    world = Reader(key="yunling", documents=[ID_CARD], choices={"为什么不用这张卡了？": Chosen("death")})
    assert walk(cancelling(here()), world) is Outcome.DONE
    assert (world.asked, world.recorded, len(world.documents)) == ([], [], 1)
    assert pages(world)[1:] == [
        (
            "第 1 步，家属去办",
            ["去哪里：云岭服务大厅", "办什么：销社保功能", "带：家属的身份证、持卡人身份证、社会保障卡"],
        ),
        ("银行那边", ["家属再到云岭银行办理"]),
    ]


def test_where_no_step_after_a_death_is_stated_none_is_invented() -> None:
    gone = {"basis": "not_stated"}
    world = Reader(key="yunling", choices={"为什么不用这张卡了？": Chosen("death")})
    one = here(cancelling={"death_steps": gone, "death_bank_side": gone})
    assert walk(cancelling(one), world) is Outcome.REFUSED
    refusal = world.seen[-1]
    assert isinstance(refusal, Refusal)
    assert (refusal.code, filled(refusal.instead[0])) == ("R-57", "可以这样办：云岭服务大厅")


def test_where_no_datum_is_stated_none_is_offered() -> None:
    world = Reader(key="yunling", documents=[ID_CARD])
    assert walk(data_change(here(data_change={"data": {"basis": "not_stated"}})), world) is Outcome.REFUSED
    refusal = world.seen[-1]
    assert isinstance(refusal, Refusal)
    assert (refusal.code, world.asked) == ("R-56", [])


@pytest.mark.parametrize("journey", [data_change, cancelling])
@pytest.mark.parametrize(("verdict", "code"), [(FilingVerdict.NO_CARD, "R-44"), (FilingVerdict.ALREADY_FILED, "R-40")])
def test_each_no_of_the_centre_is_told(journey: Any, verdict: FilingVerdict, code: str) -> None:
    world = World(key="yunling", documents=[ID_CARD], choices={"还有别的变了吗？": Intent.NEXT}, verdict=verdict)
    walking: Journey[Outcome] = journey(here())
    assert walk(walking, world) is Outcome.REFUSED
    assert next(view for view in reversed(world.seen) if isinstance(view, Refusal)).code == code


def test_without_a_reader_a_family_still_reads_its_steps() -> None:
    world = Reader(key="yunling", choices={"为什么不用这张卡了？": Chosen("death")})
    assert walk(cancelling(session("yunling")), world) is Outcome.DONE
    other = Reader(key="yunling")
    assert walk(cancelling(session("yunling")), other) is Outcome.REFUSED
    assert "请放上身份证" not in titles(other)
