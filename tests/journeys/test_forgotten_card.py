"""A card that nobody takes: on record before and after it is kept, no result for whoever comes, the way to get it."""

from collections.abc import Callable
from typing import Any

import pytest

from drivers.ports.card_reader import CardKind
from drivers.ports.errors import NotConnected
from kiosk.journeys.card_query import card_query
from kiosk.journeys.printing import Printing
from kiosk.journeys.requests import Journey, KeepCard, Kept, LedgerFailed, Record, Request, ReturnCard
from kiosk.journeys.views import Explain
from kiosk.journeys.wording import Say, Verbatim
from kiosk.records.transaction import Outcome, Stage
from tests.journeys.world import World, session, titles, walk

KEPT = "您的卡由机器保管"
RESULT = "您的社保卡信息"


def reasons(world: World) -> list[str]:
    return [entry.reason for entry in world.recorded if entry.stage is Stage.CARD_KEPT]


def test_a_kept_card_is_on_record_before_and_after_and_its_result_is_not_shown() -> None:
    world = World(typed=["246810"], forgotten=Kept.KEPT)
    assert walk(card_query(session("zhumadian")), world) is Outcome.DONE
    assert [entry.stage for entry in world.recorded] == [Stage.FINISHED, Stage.CARD_KEPT, Stage.CARD_KEPT]
    assert reasons(world) == ["about_to", "kept"]
    assert {entry.card_number for entry in world.recorded} == {"A12345674"}
    assert titles(world)[-1] == KEPT
    assert RESULT not in titles(world)


def test_the_slip_that_is_laid_out_names_nobody_and_the_place() -> None:
    world = World(typed=["246810"], forgotten=Kept.KEPT, printing=Printing.READY)
    walk(card_query(session("zhumadian", Printing.READY, gives_back_at="大厅服务台")), world)
    [slip] = world.printed
    assert Say("到{place}领回。", {"place": Verbatim("大厅服务台")}) in slip.lines
    assert [fact.text for fact in slip.facts] == ["受理号 {number}"]
    shown = world.seen[-1]
    assert isinstance(shown, Explain)
    assert shown.lines[0] == Say("到{place}领回。", {"place": Verbatim("大厅服务台")})


def test_without_a_place_staff_are_named() -> None:
    world = World(typed=["246810"], forgotten=Kept.KEPT)
    walk(card_query(session("zhumadian")), world)
    shown = world.seen[-1]
    assert isinstance(shown, Explain)
    assert shown.lines[0] == Say("请找这里的工作人员领回。")
    assert not world.printed


def test_whoever_is_quicker_than_the_motor_reads_their_result() -> None:
    world = World(typed=["246810"], forgotten=Kept.TAKEN)
    walk(card_query(session("zhumadian")), world)
    assert reasons(world) == ["about_to", "taken"]
    assert RESULT in titles(world)


@pytest.mark.parametrize("fate", [Kept.STAYS, Kept.UNKNOWN])
def test_a_card_that_was_not_kept_for_certain_promises_nothing(fate: Kept) -> None:
    world = World(typed=["246810"], forgotten=fate)
    walk(card_query(session("zhumadian")), world)
    assert reasons(world) == ["about_to", fate.value]
    assert KEPT not in titles(world)
    assert RESULT not in titles(world)


def test_a_card_of_nobody_that_is_known_is_on_record_too() -> None:
    world = World(kind=CardKind.FOREIGN, forgotten=Kept.KEPT)
    walk(card_query(session("zhumadian")), world)
    assert reasons(world) == ["about_to", "kept"]
    assert {entry.card_number for entry in world.recorded} == {""}


def stopped_at(wanted: Callable[[Request[Any]], bool], world: World, error: Exception) -> None:
    journey: Journey[Outcome] = card_query(session("zhumadian"))
    request = next(journey)
    try:
        while True:
            at_hand = wanted(request)
            request = journey.throw(error) if at_hand else journey.send(world.answer(request))
    except StopIteration:
        return


def test_without_an_entry_nothing_is_kept() -> None:
    world = World(typed=["246810"], forgotten=Kept.KEPT)
    asked: list[type] = []

    def at_first_entry(request: Request[Any]) -> bool:
        asked.append(type(request))
        return isinstance(request, Record) and request.transaction.stage is Stage.CARD_KEPT

    stopped_at(at_first_entry, world, LedgerFailed("disk full"))
    assert ReturnCard in asked
    assert KeepCard not in asked
    assert KEPT not in titles(world)


def test_a_motor_that_falls_silent_leaves_it_open() -> None:
    world = World(typed=["246810"], forgotten=Kept.KEPT)
    stopped_at(lambda request: isinstance(request, KeepCard), world, NotConnected("capture_unit", "gone"))
    assert reasons(world) == ["about_to", "unknown"]
    assert KEPT not in titles(world)
