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
    "activation": Service.CARD_ACTIVATION,
    "progress": Service.FILING_PROGRESS,
    "offsite": Service.OFFSITE_CARE,
    "changed_data": Service.DATA_CHANGE,
    "papers": Service.PAPERS,
    "cancelling": Service.CANCELLING,
    "replacing": Service.CARD_REPLACEMENT,
}
"""The table's names of the tiles that citizens of the tour touch."""


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """A journey that chose the service."""

    journey: str
    ok: bool
    outcome: str
    """As the centre has it. Where nothing is written, since nobody is identified: refused where the region does not
    open the service, told where it does; and missed where the journey did not come out as the table says."""


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """A service in a region."""

    service: str
    open: bool
    basis: str
    source: str
    """Title, date and section of the rule, or of the place that a refusal names; empty where neither cites one."""
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
    rules = region.service(service)
    is_open = region.offers(service)
    # What a refusal shows to the citizen: kiosk/journeys/refusals.py, not_offered.
    rule = rules.self_service if is_open or rules.place.value is None else rules.place
    cited = region.citation(rule)
    visits = [
        Visit(journey=one.journey, ok=one.ok, outcome=_outcome(one, is_open=is_open))
        for one in served
        if one.region == region.key and service.value in one.services
    ]
    return Cell(
        service=service.value,
        open=is_open,
        basis=rule.basis.value,
        source=_in_words(cited) if cited is not None else "",
        visits=visits,
    )


def _outcome(served: "Served", *, is_open: bool) -> str:
    if not served.ok:
        return served.outcome.outcome or "missed"
    if not is_open:
        return "refused"
    return served.outcome.outcome or "told"


def _in_words(cited: Citation) -> str:
    date = cited.date or (f"约 {cited.about}" if cited.about else "")
    return f"《{cited.title}》{f'（{date}）' if date else ''} {cited.section}"
