"""The form of a region's outlets and lines (``config/outlets/<region>.toml``), their loading and choosing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from kiosk.handbook.articles import HandbookError, Id
from kiosk.policy.document import load_document
from kiosk.policy.form import Fault
from kiosk.policy.pack import Line, Pack, Unreadable, citation_faults, key_faults
from kiosk.policy.rule import Text, Words


class Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A district or county, or a bank."""

    id: Id
    name: Text


class Outlet(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where a citizen can go. No handbook gives an outlet's telephone number that can be read."""

    name: Words
    """As it is written over the door, in Chinese whatever the citizen reads: it is looked for in the street."""
    district: Id
    bank: Id | None = None
    address: Words
    """As the source prints it."""
    cite: Words


class Telephone(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A line to call."""

    name: Text
    line: Line
    """As the source prints it."""
    cite: Words


class Outlets(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All of a region."""

    key: str
    """The region pack's."""
    does: Text | None = None
    """What the outlets are for."""
    newest: Text | None = None
    """Where the source sends for its newest list."""
    districts: tuple[Group, ...] = ()
    banks: tuple[Group, ...] = ()
    outlets: tuple[Outlet, ...] = ()
    lines: tuple[Telephone, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()

    def faults(self) -> Iterator[Fault]:
        """Outlets of a district or bank that is none of these, and one without outlets; nobody to call."""
        districts, banks = [group.id for group in self.districts], [group.id for group in self.banks]
        for number, district in enumerate(districts):
            if not self.in_district(district):
                yield Fault(("districts", number), f'"{district}" has no outlet')
        for number, bank in enumerate(banks):
            if not self.of_bank(bank):
                yield Fault(("banks", number), f'"{bank}" has no outlet')
        if not self.lines:
            yield Fault(("lines",), "missing; a citizen wants somebody to call")
        for number, outlet in enumerate(self.outlets):
            if outlet.district not in districts:
                yield Fault(("outlets", number, "district"), f'"{outlet.district}"; allowed: {", ".join(districts)}')
            if outlet.bank is not None and outlet.bank not in banks:
                yield Fault(("outlets", number, "bank"), f'"{outlet.bank}"; allowed: {", ".join(banks)}')

    def in_district(self, district: str) -> tuple[Outlet, ...]:
        """Those of a district, in the source's order."""
        return tuple(outlet for outlet in self.outlets if outlet.district == district)

    def of_bank(self, bank: str) -> tuple[Outlet, ...]:
        """Those of a bank, in the source's order."""
        return tuple(outlet for outlet in self.outlets if outlet.bank == bank)


def load_outlets(path: Path, pack: Pack) -> Outlets:
    """Read and check the outlets of one region.

    :raises HandbookError: with everything that is wrong, as with the articles.
    """

    def further(raw: dict[str, Any]) -> Iterator[Fault]:
        yield from key_faults(raw, path)
        yield from citation_faults(raw, {source.id for source in pack.sources})

    return load_document(path, Outlets, further, HandbookError)
