"""Region by service: what the pack says, and which journeys of the tour went there and how they came out."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from kiosk.policy.pack import load_packs
from kiosk.policy.region import Citation, Region
from kiosk.records.transaction import Service

if TYPE_CHECKING:
    from tests.e2e.tour.__main__ import Served

SERVICES: Final = {
    "query": Service.CARD_QUERY,
    "change": Service.PIN_CHANGE,
    "lost": Service.TEMPORARY_LOSS,
    "found": Service.LOSS_LIFTING,
    "gone": Service.FORMAL_LOSS,
    "examine": Service.CARD_EXAMINATION,
    "ask": Service.ASK_HANDBOOK,
    "application": Service.CARD_APPLICATION,
    "progress": Service.FILING_PROGRESS,
    "offsite": Service.OFFSITE_CARE,
    "changed_data": Service.DATA_CHANGE,
    "give_up": Service.CANCELLING,
}
"""The table's names of the tiles that citizens of the tour touch."""


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """A journey that chose the service."""

    journey: str
    ok: bool
    outcome: str
    """As the centre has it; empty where nothing was written."""


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """A service in a region."""

    service: str
    open: bool
    basis: str
    source: str
    """Title, date and section of the rule; empty where it cites none."""
    visits: list[Visit]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A region."""

    region: str
    name: str
    cells: list[Cell]


def matrix(packs: Path, served: Sequence["Served"]) -> list[Row]:
    """One row a region of these packs, one cell a service."""
    return [
        Row(region=key, name=pack.name.zh, cells=[_cell(Region(pack), service, served) for service in Service])
        for key, pack in load_packs(packs).items()
    ]


def _cell(region: Region, service: Service, served: Sequence["Served"]) -> Cell:
    rule = region.service(service).self_service
    cited = region.citation(rule)
    visits = [
        Visit(journey=one.journey, ok=one.ok, outcome=one.outcome.outcome)
        for one in served
        if one.region == region.key and service.value in one.services
    ]
    return Cell(
        service=service.value,
        open=region.offers(service),
        basis=rule.basis.value,
        source=_in_words(cited) if cited is not None else "",
        visits=visits,
    )


def _in_words(cited: Citation) -> str:
    date = cited.date or (f"约 {cited.about}" if cited.about else "")
    return f"《{cited.title}》{f'（{date}）' if date else ''} {cited.section}"
