"""The tour: what was drawn is planted, looked at, lifted; before, between and after the terminal must be well."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack

import msgspec

from kiosk.technician.findings import State
from tests.e2e.technician.draw import Drawing
from tests.e2e.technician.machine import Told, Words
from tests.e2e.technician.plants import PLANTS
from tests.e2e.technician.site import Site
from tests.e2e.technician.table import Fault, Table
from tests.e2e.technician.verdict import differences


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """One planted fault in ``results.json``."""

    fault: str
    row: str
    """How its trigger begins in docs/faults.md."""
    expected: str
    """Its cause by the table, or that it can't be tried."""
    found_by: str
    """The check; empty where none found it."""
    cause: str
    grade: str
    found: str
    """What the check saw, or why it could not look."""
    advice: Words | None
    means: Words | None


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """One examination, of a terminal in which so much was planted."""

    planted: list[Found]
    seconds: float
    """Of the whole command."""
    differences: list[str]
    """Where it was not as the table says; empty is good."""

    @property
    def ok(self) -> bool:
        """Whether all was found, nothing misnamed, and nothing else reported."""
        return not self.differences


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a tour."""

    seed: int
    well: list[Look]
    """Before the first fault, and after each."""
    singles: list[Look]
    pairs: list[Look]

    @property
    def ok(self) -> bool:
        """Whether every look was as it should be."""
        return all(look.ok for look in (*self.well, *self.singles, *self.pairs))


def toured(
    site: Site, table: Table, drawing: Drawing, seed: int, say: Callable[[str], None] = lambda _: None
) -> Results:
    """Plant everything that was drawn and look each time; the first and the last look are somebody's who types it."""
    results = Results(seed=seed, well=[_looked(site, table, (), anew=True)], singles=[], pairs=[])
    turns: list[tuple[list[Look], tuple[Fault, ...]]] = [(results.singles, (fault,)) for fault in drawing.singles]
    turns += [(results.pairs, pair) for pair in drawing.pairs]
    for kept, planted in turns:
        kept.append(_looked(site, table, planted))
        results.well.append(_looked(site, table, (), anew=planted is turns[-1][1]))
        for look in (kept[-1], results.well[-1]):
            names = " + ".join(found.fault for found in look.planted) or "  well again"
            say(f"{'✓' if look.ok else '✗'} {names:60} {look.seconds:5.1f} s  {'; '.join(look.differences)}")
    return results


def _looked(site: Site, table: Table, planted: Sequence[Fault], *, anew: bool = False) -> Look:
    with ExitStack() as broken:
        # What the others stand on goes last: nobody hands blanks over by a kiosk.toml that is wrong.
        for fault in sorted(planted, key=table.fault.index, reverse=True):
            broken.enter_context(PLANTS[fault.name](site))
        said = site.examined(anew=anew)
    told = {one.check: one for one in said.findings}
    return Look(
        planted=[_found(fault, planted, told.get(fault.check)) for fault in planted],
        seconds=said.seconds,
        differences=differences(table, planted, said),
    )


def _found(fault: Fault, planted: Sequence[Fault], told: Told | None) -> Found:
    hidden = any(other.hides_check(fault.check) for other in planted if other is not fault)
    broken = told is not None and told.state in (State.FAULT, State.WARNING)
    return Found(
        fault=fault.name,
        row=fault.row,
        expected=State.NOT_TRIED.value if hidden else fault.cause.value,
        found_by=fault.check if broken else "",
        cause=told.cause.value if told is not None and told.cause is not None else "",
        grade=told.state.value if told is not None else "",
        found=told.found if told is not None else "",
        advice=told.advice if told is not None else None,
        means=told.means if told is not None else None,
    )
