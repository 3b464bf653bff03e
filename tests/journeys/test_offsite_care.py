"""Care away from home: registered by choices, within the term, and never by a guess."""

from dataclasses import replace
from datetime import date

import msgspec
import pytest

from kiosk.journeys.offsite_care import offsite_care
from kiosk.journeys.views import (
    AnyIntent,
    Choices,
    Chosen,
    Explain,
    Intent,
    ReadBack,
    Refusal,
    Result,
    Slip,
    actions_of,
)
from kiosk.journeys.wording import Say, Verbatim
from kiosk.policy.country import Country
from kiosk.policy.pack import Pack
from kiosk.policy.region import Region
from kiosk.records.filings import (
    FileMatter,
    FilingState,
    FilingTold,
    FilingVerdict,
    OffsiteCare,
    OffsiteGroup,
)
from kiosk.records.transaction import Outcome
from kiosk.records.working_days import HolidayCalendar
from tests.journeys import world as worlds
from tests.journeys.world import ID_CARD, World, filing, filled, session, titles, walk

HANGZHOU: dict[str, AnyIntent] = {
    "去外地看病": Chosen("register"),
    "您是哪一种情况？": Chosen("long_resident"),
    "在哪一片看病？": Chosen("3"),
    "在哪个省看病？": Chosen("330000"),
    "在哪个市看病？": Chosen("330100"),
    "现在住院了吗？": Chosen("planned"),
}
EMERGENCY: dict[str, AnyIntent] = HANGZHOU | {"现在住院了吗？": Chosen("emergency")}


def run(world: World, *, today: date = worlds.TODAY, country: Country = worlds.COUNTRY) -> Outcome:
    one = replace(session("yunling", reads_id_cards=True), today=today, country=country)
    return walk(offsite_care(one), world)


def asked(world: World) -> list[FileMatter]:
    return [one for one in world.asked if isinstance(one, FileMatter)]


def days(world: World) -> dict[str, str]:
    """The days of admission that were offered on all pages, each with the last day to register or what stands there."""
    found = {}
    for view in world.seen:
        if isinstance(view, Choices) and view.title.text == "哪天入院的？":
            for choice in view.choices:
                assert isinstance(choice.line, Say)
                day = choice.line.values.get("day")
                found[choice.intent.key] = day.text if isinstance(day, Verbatim) else choice.line.text
    return found


def test_a_planned_stay_is_registered_with_four_choices() -> None:
    world = World(key="yunling", documents=[ID_CARD], choices=dict(HANGZHOU))
    assert run(world) is Outcome.DONE
    (question,) = asked(world)
    assert question.matter == OffsiteCare(group=OffsiteGroup.LONG_RESIDENT, place="330100")
    assert (question.social_security_number, question.name) == (ID_CARD.number, ID_CARD.name)
    assert question.transaction_id == worlds.TRANSACTION_ID
    (read_back,) = [view for view in world.seen if isinstance(view, ReadBack)]
    assert [fact.label.text for fact in read_back.facts] == ["姓名", "去哪里看病"]
    assert [entry.stage.value for entry in world.recorded] == ["begun", "finished"]
    (result,) = [view for view in world.seen if isinstance(view, Result)]
    assert [filled(fact.value) for fact in result.facts] == [worlds.FILED_NUMBER, "浙江杭州市"]


def test_whose_rules_hold_where_is_told_and_stands_on_the_slip() -> None:
    world = World(
        key="yunling",
        documents=[ID_CARD],
        choices=HANGZHOU | {"备案交上去了": Intent.NEXT, "接下来": Intent.NEXT},
    )
    run(world)
    (explained,) = [view for view in world.seen if isinstance(view, Explain) and view.title.text == "接下来"]
    assert [filled(line) for line in explained.lines[1:]] == [
        "哪些药、哪些项目能报：按看病的地方的规定",
        "能报多少：按参保的地方的规定",
    ]
    (receipt,) = [view for view in world.seen if isinstance(view, Slip)]
    assert set(explained.lines) <= set(receipt.lines)


@pytest.mark.parametrize(
    ("today", "offered"),
    [
        # Yunling's four working days, counted by hand. Monday 23 November 2026 has until Friday 27; Sunday 22,
        # Saturday 21 and Friday 20 had until Thursday.
        (
            date(2026, 11, 27),
            {
                "2026-11-27": "2026-12-03",
                "2026-11-26": "2026-12-02",
                "2026-11-25": "2026-12-01",
                "2026-11-24": "2026-11-30",
                "2026-11-23": "2026-11-27",
                "earlier": "要到窗口问一问",
            },
        ),
        # Monday 12 October: 8, 9, Saturday 10, which is worked, and 12 for whoever came in the national day's week.
        (
            date(2026, 10, 12),
            {
                "2026-10-12": "2026-10-16",
                "2026-10-11": "2026-10-15",
                "2026-10-10": "2026-10-15",
                "2026-10-09": "2026-10-14",
                "2026-10-08": "2026-10-13",
                **{f"2026-10-0{number}": "2026-10-12" for number in range(7, 0, -1)},
                "2026-09-30": "2026-10-12",
                "earlier": "要到窗口问一问",
            },
        ),
    ],
)
def test_the_days_of_the_term_are_offered_with_its_last(today: date, offered: dict[str, str]) -> None:
    world = World(key="yunling", documents=[ID_CARD], choices=EMERGENCY | {"哪天入院的？": Intent.NEXT})
    assert run(world, today=today) is Outcome.DONE
    assert list(days(world).items()) == list(offered.items())
    (question,) = asked(world)
    assert isinstance(question.matter, OffsiteCare)
    assert question.matter.admitted_on in offered


def test_what_was_longer_ago_than_the_term_is_a_windows() -> None:
    world = World(key="yunling", choices=EMERGENCY | {"哪天入院的？": Chosen("earlier")})
    assert run(world, today=date(2026, 11, 27)) is Outcome.REFUSED
    assert (asked(world), world.recorded) == ([], [])
    refusal = world.seen[-1]
    assert isinstance(refusal, Refusal)
    assert refusal.code == "R-46"


def test_where_the_calendar_ends_the_last_day_is_not_guessed() -> None:
    world = World(key="yunling", documents=[ID_CARD], choices=EMERGENCY | {"哪天入院的？": Chosen("2026-12-24")})
    assert run(world, today=date(2026, 12, 25)) is Outcome.DONE
    view = next(view for view in world.seen if isinstance(view, Choices) and view.title.text == "哪天入院的？")
    assert view.note is not None
    assert view.note.text == "放假安排还不全，最晚哪天请打 {hotline} 问。"
    # 25 and 28 December are known; the third day may be anything.
    assert days(world)["2026-12-24"] == "最晚哪天登记，算不出来"


def test_without_a_calendar_a_month_of_days_is_offered_and_none_is_refused() -> None:
    world = World(key="yunling", documents=[ID_CARD], choices=EMERGENCY | {"哪天入院的？": Intent.NEXT})
    country = replace(worlds.COUNTRY, calendar=HolidayCalendar(()))
    assert run(world, country=country) is Outcome.DONE
    pages = [view for view in world.seen if isinstance(view, Choices) and view.title.text == "哪天入院的？"]
    assert len({choice.intent.key for view in pages for choice in view.choices}) == 31 + 1
    assert all(len(view.choices) <= 6 for view in pages)


def test_back_leads_to_what_was_asked_before() -> None:
    world = World(key="yunling", documents=[ID_CARD], choices=dict(HANGZHOU))
    went_back: list[str] = []

    def pick(view: object) -> object:
        title = view.title.text  # type: ignore[attr-defined]
        if title in ("在哪个省看病？", "在哪个市看病？") and title not in went_back:
            went_back.append(title)
            return Intent.BACK
        return World.pick(world, view)  # type: ignore[arg-type]

    world.pick = pick  # type: ignore[assignment,method-assign]
    assert run(world) is Outcome.DONE
    shown = [title for title in titles(world) if title.startswith("在哪")]
    assert shown == [
        "在哪一片看病？", "在哪个省看病？", "在哪一片看病？", "在哪个省看病？", "在哪个市看病？",
        "在哪个省看病？", "在哪个市看病？",
    ]  # fmt: skip


def test_a_municipality_is_a_place_by_itself() -> None:
    world = World(key="yunling", documents=[ID_CARD], choices=HANGZHOU | {"在哪个省看病？": Chosen("310000")})
    run(world)
    assert asked(world)[0].matter == OffsiteCare(group=OffsiteGroup.LONG_RESIDENT, place="310000")
    assert "在哪个市看病？" not in titles(world)


def test_every_place_is_within_six_choices_a_screen() -> None:
    for province in worlds.COUNTRY.provinces:
        last = province.within[-1].code if province.within else ""
        world = World(
            key="yunling",
            documents=[ID_CARD],
            choices=HANGZHOU
            | {
                "在哪一片看病？": Chosen(province.area),
                "在哪个省看病？": Chosen(province.code),
                "在哪个市看病？": Chosen(last) if last else Intent.NEXT,
            },
        )
        turned: list[str] = []

        def pick(view: object, world: World = world, turned: list[str] = turned) -> object:
            offered = {action.intent for action in actions_of(view)}  # type: ignore[arg-type]
            wanted = world.choices.get(view.title.text)  # type: ignore[attr-defined]
            if isinstance(view, Choices):
                assert 1 <= len(view.choices) <= 6
                if wanted not in offered:
                    turned.append(view.title.text)
                    return Intent.NEXT
            return World.pick(world, view)  # type: ignore[arg-type]

        world.pick = pick  # type: ignore[assignment,method-assign]
        assert run(world) is Outcome.DONE
        (question,) = asked(world)
        assert isinstance(question.matter, OffsiteCare)
        assert question.matter.place == (last or province.code)


def test_a_second_look_keeps_the_person_and_asks_the_rest_anew() -> None:
    world = World(key="yunling", documents=[ID_CARD], choices=dict(HANGZHOU))
    looked: list[str] = []

    def pick(view: object) -> object:
        if isinstance(view, ReadBack) and not looked:
            looked.append("once")
            world.choices["您是哪一种情况？"] = Chosen("referred")
            return Intent.AGAIN
        return World.pick(world, view)  # type: ignore[arg-type]

    world.pick = pick  # type: ignore[assignment,method-assign]
    assert run(world) is Outcome.DONE
    assert titles(world).count("请放上身份证") == 1
    (question,) = asked(world)
    assert question.matter == OffsiteCare(group=OffsiteGroup.REFERRED, place="330100")


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        (FilingVerdict.LATE, "R-46"),
        (FilingVerdict.NOT_INSURED, "R-42"),
        (FilingVerdict.UNKNOWN, "R-41"),
        (FilingVerdict.ALREADY_FILED, "R-40"),
        (FilingVerdict.NOT_OPEN, "R-01"),
    ],
)
def test_each_no_of_the_centre_is_told(verdict: FilingVerdict, code: str) -> None:
    world = World(key="yunling", documents=[ID_CARD], choices=dict(HANGZHOU), verdict=verdict)
    assert run(world) is Outcome.REFUSED
    refusal = next(view for view in reversed(world.seen) if isinstance(view, Refusal))
    assert refusal.code == code
    assert world.recorded[-1].outcome is Outcome.REFUSED


def registration(state: FilingState, **other: str) -> FilingTold:
    return filing(matter=OffsiteCare(group=OffsiteGroup.REFERRED, place="419001"), state=state, **other)


def test_the_state_of_each_registration_is_told_and_an_offices_word_with_it() -> None:
    filings = [
        registration(FilingState.REFUSED, note="没有转诊单"),
        registration(FilingState.DONE, valid_until="2027-01-31"),
    ]
    world = World(
        key="yunling",
        documents=[ID_CARD],
        choices={"去外地看病": Chosen("state"), "您的备案": Intent.NEXT},
        filings=filings,
    )
    assert run(world) is Outcome.DONE
    first, second = [view for view in world.seen if isinstance(view, Result)][:2]
    assert (filled(first.note), first.in_force) == ("原因：没有转诊单", False)
    assert (filled(second.note), second.in_force) == ("到 2027-01-31 为止", True)
    assert filled(first.facts[1].value) == "河南济源市"
    assert asked(world) == []


def test_whoever_has_registered_nothing_is_told_so() -> None:
    world = World(key="yunling", documents=[ID_CARD], choices={"去外地看病": Chosen("state")})
    assert run(world) is Outcome.DONE
    assert titles(world)[-1] == "没有查到您的备案"


def test_each_of_the_five_causes_leads_to_what_helps_and_asks_for_no_card() -> None:
    world = World(key="yunling", choices={"去外地看病": Chosen("failures")})
    assert run(world) is Outcome.DONE
    causes = [view for view in world.seen if isinstance(view, Explain)]
    assert [view.title.text for view in causes] == [
        "卡没有启用", "登记的信息有错", "备案没有传到", "医保待遇停了", "日期对不上",
    ]  # fmt: skip
    assert all(2 <= len(view.lines) <= 3 for view in causes)
    assert (world.recorded, world.asked) == ([], [])


def test_without_a_reader_nobody_chooses_in_vain() -> None:
    world = World(key="yunling", choices=dict(HANGZHOU))
    assert walk(offsite_care(session("yunling")), world) is Outcome.REFUSED
    assert "您是哪一种情况？" not in titles(world)


def without(rule: str) -> Region:
    raw = msgspec.to_builtins(worlds.region("yunling").pack)
    raw["offsite"][rule] = {"basis": "not_stated"}
    return Region(msgspec.convert(raw, Pack))


def test_where_the_pack_names_no_groups_none_is_invented() -> None:
    world = World(key="yunling", documents=[ID_CARD], choices=dict(HANGZHOU))
    one = replace(session("yunling", reads_id_cards=True), region=without("groups"))
    assert walk(offsite_care(one), world) is Outcome.REFUSED
    refusal = world.seen[-1]
    assert isinstance(refusal, Refusal)
    assert (refusal.code, world.asked) == ("R-55", [])


def test_where_the_pack_states_no_term_no_emergency_is_asked_about() -> None:
    world = World(key="yunling", documents=[ID_CARD], choices=dict(HANGZHOU))
    one = replace(session("yunling", reads_id_cards=True), region=without("emergency_term"))
    assert walk(offsite_care(one), world) is Outcome.DONE
    assert "现在住院了吗？" not in titles(world)


@pytest.mark.parametrize("key", ["zhumadian", "guizhou", "qingdao", "jiangxi", "beijing"])
def test_no_handbook_lets_a_terminal_register(key: str) -> None:
    world = World(key=key)
    assert walk(offsite_care(session(key, reads_id_cards=True)), world) is Outcome.REFUSED
    assert world.asked == []
