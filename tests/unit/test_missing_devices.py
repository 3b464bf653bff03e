"""What a terminal still does without one of its devices: device by service, in the region that opens everything.

``missing_devices.toml`` says what must come of each, typed apart: what is asked for first (``card``, ``id_card``,
``typed``, ``handbook``), or the title of the refusal.
"""

import dataclasses
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest

from kiosk.journeys.printing import Printing
from kiosk.journeys.reception import further_choice, home
from kiosk.journeys.requests import AwaitCard, AwaitIdDocument, Request, Show
from kiosk.journeys.views import (
    Choices,
    Emphasis,
    Explain,
    Home,
    Menu,
    NameEntry,
    NumberEntry,
    ReadBack,
    Refusal,
    SoundEntry,
    actions_of,
)
from kiosk.journeys.without_cards import is_left, without_cards
from kiosk.journeys.wording import Say
from kiosk.records.transaction import Service
from kiosk.runtime.health import CARD_SLOT, Health
from kiosk.runtime.repertoire import JOURNEYS
from tests.journeys.world import region, session
from tests.shipped_handbooks import handbook

EXPECTED: Final = tomllib.loads((Path(__file__).parent / "missing_devices.toml").read_text(encoding="utf-8"))
ALL: Final = {
    "reads_cards": True,
    "enters_pins": True,
    "reads_id_cards": True,
    "takes_portraits": True,
    "makes_cards": True,
}
TERMINALS: Final[dict[str, dict[str, Any]]] = {
    "nothing": ALL,
    "card_slot": ALL | {"reads_cards": False},
    "pin_pad": ALL | {"enters_pins": False},
    "id_reader": ALL | {"reads_id_cards": False},
    "camera": ALL | {"takes_portraits": False},
    "card_printer": ALL | {"makes_cards": False},
    "receipt_printer": ALL | {"printing": Printing.UNABLE},
}
"""What is missing, and what a citizen's session is told of it."""
LONGEST: Final = 12


def outcome(missing: str, service: Service) -> str:
    """What whoever takes the first way through is asked for, or why they are sent away."""
    given = {"printing": Printing.READY} | TERMINALS[missing]
    terminal = dataclasses.replace(session("yunling", **given), handbook=handbook("zhumadian"))
    journey = JOURNEYS[service](terminal)
    request: Request[Any] = next(journey)
    for _ in range(LONGEST):
        match request:
            case Show(view=Choices()) if service is Service.ASK_HANDBOOK:
                return "handbook"
            case AwaitCard():
                return "card"
            case AwaitIdDocument():
                return "id_card"
            case Show(view=Refusal(title=Say(text=title))):
                return title
            case Show(view=NumberEntry() | NameEntry() | SoundEntry()):
                return "typed"
            case Show(view=Choices() | Explain() | ReadBack() | Home() as view):
                actions = actions_of(view)
                forth = next((one for one in actions if one.emphasis is Emphasis.PRIMARY), actions[0])
                request = journey.send(forth.intent)
            case _:
                return type(request).__name__
    raise AssertionError(f"{service.value} comes to nothing")


@pytest.mark.parametrize("missing", TERMINALS)
def test_without_a_device_only_what_needs_it_is_not_done(missing: str) -> None:
    found = {service.value: outcome(missing, service) for service in Service}
    assert found == EXPECTED["nothing"] | EXPECTED[missing]


def test_the_table_names_what_exists() -> None:
    assert set(EXPECTED) == {*TERMINALS, "closes_everything", "without_card", "without_card_and_id_card"}
    assert {"card_reader", "capture_unit"} == set(CARD_SLOT)
    services = {service.value for service in Service}
    assert set(EXPECTED["nothing"]) == services
    assert all(set(EXPECTED[missing]) <= services for missing in TERMINALS)


@pytest.mark.parametrize("key", EXPECTED["without_card_and_id_card"])
def test_what_is_left_without_a_card_slot_is_what_the_region_opens(key: str) -> None:
    there = region(key)

    def left(*, reads_id_cards: bool) -> set[str]:
        given = {"reads_id_cards": reads_id_cards, "makes_cards": False, "has_handbook": True}
        return {service.value for service in Service if is_left(there, service, **given)}

    assert left(reads_id_cards=False) == set(EXPECTED["without_card_and_id_card"][key])
    assert left(reads_id_cards=True) == set(EXPECTED["without_card"][key])


def marked(view: Home, *, reads_id_cards: bool) -> list[str]:
    shown = without_cards(view, region("yunling"), reads_id_cards=reads_id_cards)
    assert isinstance(shown, Home)
    return [tile.label.text for tile in shown.tiles if tile.elsewhere]


def test_the_screens_say_what_no_card_can_be_read_for() -> None:
    assert marked(home(region("yunling")), reads_id_cards=True) == ["查我的卡", "卡用不了？", "改密码"]
    lost = further_choice(region("yunling"), Menu.LOST)
    assert marked(lost, reads_id_cards=True) == []
    assert marked(lost, reads_id_cards=False) == ["卡找到了"]


@pytest.mark.parametrize("what", [*EXPECTED["closes_everything"]])
def test_what_every_service_needs_closes_the_terminal(what: str) -> None:
    health = Health()
    health._broken[what] = EXPECTED["closes_everything"][what]
    view = health.view("12333")
    assert view is not None
    assert view.code == EXPECTED["closes_everything"][what]
    assert (health.view("12333", without_cards=True) is None) == (what in CARD_SLOT)
