"""Where somebody goes for care: the part of the country, the province, the city, each by a choice."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from kiosk.journeys.choosing import choose
from kiosk.journeys.counter_words import listed
from kiosk.journeys.frame import Session
from kiosk.journeys.requests import Journey
from kiosk.journeys.views import Choice, Chosen
from kiosk.journeys.wording import Say, say
from kiosk.policy.country import AreaKey, Place, Province

AREAS: Final[Mapping[AreaKey, Say]] = MappingProxyType(
    {"1": say("华北"), "2": say("东北"), "3": say("华东"), "4": say("中南"), "5": say("西南"), "6": say("西北")}
)


def place_of_care(session: Session) -> Journey[str]:
    """The code of the place, GB/T 2260: a municipality's own, else that of a city or prefecture."""
    while True:
        area = yield from choose(say("在哪一片看病？"), _areas(session.country.provinces))
        while True:
            there = [one for one in session.country.provinces if one.area == area]
            code = yield from choose(say("在哪个省看病？"), [_province(one) for one in there], leads_back=True)
            province = next((one for one in there if one.code == code), None)
            if province is None:
                break
            if not province.within:
                return province.code
            cities = [_city(province, one) for one in province.within]
            code = yield from choose(say("在哪个市看病？"), cities, leads_back=True)
            if code:
                return code


def place_in_words(session: Session, code: str) -> Say:
    """A place with its province. A code that is on no list stands as it is."""
    for province in session.country.provinces:
        if province.code == code:
            return _named(province)
        for place in province.within:
            if place.code == code:
                return say("{province}{city}", province=_short(province), city=_named(place))
    return Say(code)


def _areas(provinces: tuple[Province, ...]) -> list[Choice]:
    found = []
    for key, name in AREAS.items():
        within = [_short(one) for one in provinces if one.area == key]
        if within:
            found.append(Choice(Chosen(key), name, listed(within)))
    return found


def _province(province: Province) -> Choice:
    line = AREAS[province.area] if province.within else say("直辖市")
    return Choice(Chosen(province.code), _named(province), line)


def _city(province: Province, place: Place) -> Choice:
    return Choice(Chosen(place.code), _named(place), _named(province))


def _named(place: Province | Place) -> Say:
    return Say(place.zh, translations={"en": place.en})


def _short(province: Province) -> Say:
    return Say(province.short, translations={"en": province.en})
