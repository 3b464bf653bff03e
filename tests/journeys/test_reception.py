"""From nobody to a citizen who has chosen a service: nothing is out of reach, nothing is crowded."""

import pytest

from kiosk.journeys.reception import further_choice, home, reception
from kiosk.journeys.requests import CitizenCancelled, Request, Show
from kiosk.journeys.views import AnyIntent, Attract, ChooseService, Home, Intent, Menu, OpenMenu
from kiosk.records.transaction import Service
from tests.journeys.world import region

REGIONS = ("zhumadian", "guizhou", "qingdao", "jiangxi", "beijing", "yunling")


def shown(request: Request[object]) -> Home | Attract:
    assert isinstance(request, Show)
    assert isinstance(request.view, Home | Attract)
    return request.view


def choices(key: str) -> list[Home]:
    return [home(region(key)), *(further_choice(region(key), menu) for menu in Menu)]


@pytest.mark.parametrize("key", REGIONS)
def test_every_service_is_reached_once_and_no_screen_is_crowded(key: str) -> None:
    offered = [tile.intent for choice in choices(key) for tile in choice.tiles]
    services = [intent.service for intent in offered if isinstance(intent, ChooseService)]
    assert sorted(services, key=lambda service: service.value) == sorted(Service, key=lambda service: service.value)
    assert sorted(i.menu.value for i in offered if isinstance(i, OpenMenu)) == sorted(m.value for m in Menu)
    assert all(1 < len(choice.tiles) <= 6 for choice in choices(key))


def test_a_further_choice_leads_back_and_on() -> None:
    journey = reception(region("beijing"), start_at_home=True)
    assert isinstance(shown(next(journey)), Home)
    behind = shown(journey.send(OpenMenu(Menu.LOST)))
    assert behind == further_choice(region("beijing"), Menu.LOST)
    first = shown(journey.send(Intent.BACK))
    assert first == home(region("beijing"))
    journey.send(OpenMenu(Menu.LOST))
    with pytest.raises(StopIteration) as end:
        journey.send(ChooseService(Service.TEMPORARY_LOSS))
    assert end.value.value is Service.TEMPORARY_LOSS


def test_a_choice_behind_a_choice_leads_back_one_at_a_time() -> None:
    journey = reception(region("beijing"), start_at_home=True)
    next(journey)
    behind = shown(journey.send(OpenMenu(Menu.CARD)))
    assert shown(journey.send(OpenMenu(Menu.FILED))) == further_choice(region("beijing"), Menu.FILED)
    assert shown(journey.send(Intent.BACK)) == behind
    assert shown(journey.send(Intent.BACK)) == home(region("beijing"))


@pytest.mark.parametrize("before", [(), (OpenMenu(Menu.LOST),)])
def test_leaving_leads_to_the_attract_screen(before: tuple[AnyIntent, ...]) -> None:
    journey = reception(region("beijing"), start_at_home=True)
    next(journey)
    for intent in before:
        journey.send(intent)
    assert isinstance(shown(journey.throw(CitizenCancelled())), Attract)
    assert shown(journey.send(Intent.START)) == home(region("beijing"))


def test_a_tile_is_quiet_where_nothing_behind_it_is_open_here() -> None:
    def lost(key: str) -> bool:
        return next(tile for tile in home(region(key)).tiles if tile.intent == OpenMenu(Menu.LOST)).elsewhere is None

    assert lost("beijing")
    assert lost("zhumadian"), "a new card is made, though no report is taken"
    assert not lost("guizhou")

    def about_cards(key: str) -> bool:
        return next(tile for tile in home(region(key)).tiles if tile.intent == OpenMenu(Menu.CARD)).elsewhere is None

    assert about_cards("jiangxi"), "the progress is open, two choices on"
    assert not about_cards("beijing")
