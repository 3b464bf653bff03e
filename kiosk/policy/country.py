"""What holds in the whole country, whatever the region: its working days and its places."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import msgspec

from kiosk.policy.rule import Words
from kiosk.records.filings import PlaceCode
from kiosk.records.working_days import HolidayCalendar

AreaKey = Annotated[str, msgspec.Meta(pattern=r"\A[1-6]\Z")]
"""The first figure of GB/T 2260: 1 north, 2 north-east, 3 east, 4 middle and south, 5 south-west, 6 north-west."""


class PlacesError(Exception):
    """The list of places can't be used; the text names the file and what is wrong."""


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A city, prefecture, or county that a province governs directly."""

    code: PlaceCode
    zh: Words
    en: Words


class Province(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A province, autonomous region or municipality."""

    code: PlaceCode
    zh: Words
    short: Words
    """Without its kind: 河北, 内蒙古."""
    en: Words
    within: tuple[Place, ...] = ()
    """None in a municipality: it is a place by itself."""

    @property
    def area(self) -> AreaKey:
        """The part of the country it lies in."""
        return self.code[0]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    provinces: tuple[Province, ...]


@dataclass(frozen=True, slots=True)
class Country:
    """Working days and places; by itself it knows none."""

    calendar: HolidayCalendar = field(default_factory=lambda: HolidayCalendar(()))
    provinces: tuple[Province, ...] = ()


def load_places(path: Path) -> tuple[Province, ...]:
    """Read the list of places.

    :raises PlacesError: it can't be read, is not of the form wanted, or names a code twice or under another province.
    """
    try:
        provinces = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _File).provinces
    except OSError as error:
        raise PlacesError(f"{path}: can't be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError, msgspec.ValidationError) as error:
        raise PlacesError(f"{path}: {error}") from error
    seen: set[str] = set()
    for province in provinces:
        named: list[Province | Place] = [province, *province.within]
        for place in named:
            if place.code in seen:
                raise PlacesError(f"{path}: {place.code} stands twice")
            if place.code[:2] != province.code[:2]:
                raise PlacesError(f"{path}: {place.code} is not of {province.code}")
            seen.add(place.code)
    return provinces
