"""The handbooks as they ship, and every screen on which a citizen can read them."""

from collections import deque
from functools import cache
from pathlib import Path
from typing import Any, Final

from kiosk.handbook.handbook import Handbook, load_handbook
from kiosk.journeys.ask_handbook import ask_handbook
from kiosk.journeys.frame import Session
from kiosk.journeys.views import AnyIntent, SoundEntry, Typed, View, actions_of
from kiosk.policy.pack import load_pack
from kiosk.policy.region import Region
from tests.journeys.world import REGIONS, TODAY, TRANSACTION_ID

KEYS: Final = ("beijing", "guizhou", "jiangxi", "qingdao", "zhumadian")
CONFIG: Final = REGIONS.parent
READINGS: Final = Path(__file__).parents[1] / "assets" / "input" / "pinyin.txt"
LETTERS: Final = ("gs", "qqqq")
"""What is typed on a search's screen: something that finds much, and something that finds nothing."""


@cache
def handbook(key: str) -> Handbook:
    return load_handbook(load_pack(REGIONS / f"{key}.toml"), CONFIG / "handbook", CONFIG / "outlets", READINGS)


def asking(key: str) -> Session:
    return Session(TRANSACTION_ID, Region(load_pack(REGIONS / f"{key}.toml")), TODAY, handbook=handbook(key))


def every_view(key: str) -> list[View]:
    """All that the journey can show, each once, by going wherever it offers to go."""
    session = asking(key)
    found: dict[View, None] = {}
    ways: deque[tuple[AnyIntent, ...]] = deque([()])
    while ways:
        way = ways.popleft()
        view = _at(session, way)
        if view is None or view in found:
            continue
        found[view] = None
        ways.extend((*way, intent) for intent in _intents(view))
    return list(found)


def _intents(view: View) -> list[AnyIntent]:
    typed: list[AnyIntent] = [Typed(letters) for letters in LETTERS] if isinstance(view, SoundEntry) else []
    return [action.intent for action in actions_of(view)] + typed


def _at(session: Session, way: tuple[AnyIntent, ...]) -> View | None:
    """The view after these touches; None where the journey has ended."""
    journey = ask_handbook(session)
    request: Any = next(journey)
    try:
        for intent in way:
            request = journey.send(intent)
    except StopIteration:
        return None
    view: View = request.view
    return view
