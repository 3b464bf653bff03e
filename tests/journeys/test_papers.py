import tomllib

import msgspec
import pytest

from kiosk.journeys.frame import Session
from kiosk.journeys.papers import papers
from kiosk.journeys.views import Choices, Chosen, Explain, Intent, Refusal, Result, Slip
from kiosk.policy.pack import Pack
from kiosk.policy.region import Region
from kiosk.records import filings
from kiosk.records.filings import FilingVerdict, IssuedPaper
from kiosk.records.transaction import Outcome, Stage
from tests.journeys.test_temporary_loss import facts, filled, stages
from tests.journeys.world import FICTIONAL, FILED_NUMBER, ID_CARD, TODAY, TRANSACTION_ID, World, session, titles, walk

TEMPORARY = "临时社会保障卡"
TO_SLIP = {f"{{name}}{done}": Intent.NEXT for done in ("开好了", "已经开过了")} | {"接下来": Intent.NEXT}


def citizen(kind: IssuedPaper = IssuedPaper.TEMPORARY_CARD, **changes: object) -> World:
    before = list(IssuedPaper)[: list(IssuedPaper).index(kind)]
    world = World(key="yunling", documents=[ID_CARD], choices=dict(TO_SLIP), **changes)  # type: ignore[arg-type]  # by name
    world.looked_at = [Chosen(one.value) for one in before]
    return world


def issue(world: World) -> Outcome:
    return walk(papers(session(world.key, reads_id_cards=True)), world)


@pytest.mark.parametrize("kind", IssuedPaper)
def test_every_paper_of_the_region_can_be_chosen(kind: IssuedPaper) -> None:
    world = citizen(kind)
    assert issue(world) is Outcome.DONE
    assert world.asked[-1].matter == filings.Paper(kind=filings.IssuedPaper(kind.value))
    assert stages(world) == [(Stage.BEGUN, None, ""), (Stage.FINISHED, Outcome.DONE, "")]


def test_what_it_is_for_and_how_long_it_holds_is_said_before() -> None:
    world = citizen()
    issue(world)
    explained = next(view for view in world.seen if isinstance(view, Explain))
    assert [filled(line) for line in explained.lines] == [
        "谁可以办：正在申领、急着用卡的人",
        "用处：看病、买药",
        "管 2 个月。",
    ]


def test_another_paper_may_be_looked_at_first() -> None:
    world = citizen()
    world.choices[TEMPORARY] = Intent.BACK
    assert issue(world) is Outcome.DONE
    assert len([view for view in world.seen if isinstance(view, Choices)]) == 2
    assert world.asked[-1].matter.kind is filings.IssuedPaper.MEDICAL_SLIP


def test_the_result_says_until_when_and_what_it_can_not_do() -> None:
    world = citizen(valid_until="2027-01-21")
    issue(world)
    result = next(view for view in world.seen if isinstance(view, Result))
    assert filled(result.title) == "临时社会保障卡开好了"
    assert facts(result) == {
        "受理号（询问时用）": FILED_NUMBER,
        "有效到": "2027-01-21",
        "银行功能": "没有，不能存钱取钱",
    }


def test_the_slip_carries_number_and_term_and_nobody() -> None:
    world = citizen(valid_until="2027-01-21")
    issue(world)
    slip = next(view for view in world.seen if isinstance(view, Slip))
    lines = [filled(line) for line in slip.lines]
    assert lines[:4] == ["云岭 · 临时社会保障卡", f"受理号 {FILED_NUMBER}", "办理日期 2026-11-22", "有效到 2027-01-21"]
    assert not any(ID_CARD.number in line or "小明" in line for line in lines)


def test_a_paper_that_holds_is_shown_again_and_not_issued_again() -> None:
    world = citizen(verdict=FilingVerdict.ALREADY_FILED, valid_until="2027-01-21")
    assert issue(world) is Outcome.REFUSED
    result = next(view for view in world.seen if isinstance(view, Result))
    assert filled(result.title) == "临时社会保障卡已经开过了"
    assert facts(result)["受理号（询问时用）"] == "B2C3D4E5"
    slip = next(view for view in world.seen if isinstance(view, Slip))
    assert "受理号 B2C3D4E5" in [filled(line) for line in slip.lines]
    assert stages(world)[-1] == (Stage.FINISHED, Outcome.REFUSED, "already_filed")


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (IssuedPaper.TEMPORARY_CARD, "正在申领新卡的人，才能开。"),
        (IssuedPaper.MEDICAL_SLIP, "正在补卡、换卡的人，才能开。"),
        (IssuedPaper.REPLACEMENT_CERTIFICATE, "正在补卡、换卡的人，才能开。"),
        (IssuedPaper.COLLECTION_SLIP, "卡做好了、可以领了，才能开。"),
        (IssuedPaper.CANCEL_NOTICE, "先交了销卡申请，才能开。"),
    ],
)
def test_a_paper_without_what_it_goes_with_says_what_that_is(kind: IssuedPaper, why: str) -> None:
    world = citizen(kind, verdict=FilingVerdict.NOTHING_TO_REST_ON)
    assert issue(world) is Outcome.REFUSED
    (refusal,) = (view for view in world.seen if isinstance(view, Refusal))
    assert (refusal.code, refusal.why.text) == ("R-45", why)
    assert refusal.citation is not None


def test_guizhou_tells_where_its_papers_are_handed_out() -> None:
    world = World(key="guizhou", choices={"临时卡和证明不在这里办": Intent.NEXT})
    assert walk(papers(session("guizhou", reads_id_cards=True)), world) is Outcome.REFUSED
    assert {"临时就医证", "销卡通知书"} < set(titles(world))


def test_where_no_paper_is_stated_that_is_said() -> None:
    raw = tomllib.loads((FICTIONAL / "yunling.toml").read_text(encoding="utf-8"))
    raw["papers"] = {kind: {name: {"basis": "not_stated"} for name in rules} for kind, rules in raw["papers"].items()}
    raw["application"]["meanwhile"] = raw["replacement"]["meanwhile"] = {"basis": "not_stated"}
    region = Region(msgspec.convert(raw, Pack))
    world = World(key="yunling")
    assert walk(papers(Session(TRANSACTION_ID, region, TODAY, reads_id_cards=True)), world) is Outcome.REFUSED
    (refusal,) = (view for view in world.seen if isinstance(view, Refusal))
    assert refusal.code == "R-48"
    assert filled(refusal.instead[0]) == "可以这样办：云岭服务大厅"
