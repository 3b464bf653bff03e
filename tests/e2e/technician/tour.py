"""The tour: what was drawn is planted, looked at, lifted; before, between and after the terminal must be well."""

import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import cv2
import msgspec

from kiosk.technician.causes import Cause
from kiosk.technician.findings import State
from tests.e2e.technician.draw import Drawing
from tests.e2e.technician.ground import Examination, Told, Words
from tests.e2e.technician.on_screen import Grade, Seen, differences_on_screen
from tests.e2e.technician.plants import PLANTS
from tests.e2e.technician.site import Place, Site
from tests.e2e.technician.table import Fault, Table
from tests.e2e.technician.verdict import differences

_BROKEN_OFF: Final = (TimeoutError, PermissionError, RuntimeError, subprocess.SubprocessError, msgspec.DecodeError)
"""A machine that does not do what it is told; the tour says so and goes on."""
_JPEG: Final = (cv2.IMWRITE_JPEG_QUALITY, 82)
_SMALL: Final = 0.5
"""Pictures of the screen, in its size."""


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
    on_screen: str
    """The cause whose advice the page showed under the check; empty where there is no screen, or it showed none."""
    advice: Words | None
    means: Words | None


class OnScreen(msgspec.Struct, frozen=True, kw_only=True):
    """What the page of findings of the terminal's own window showed meanwhile."""

    seconds: float
    """From the touch that has it look again to the last part of the page."""
    note: str
    """The sentence above the findings."""
    pictures: list[str]
    """Of the parts on which something is broken, or of the first."""


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """One examination, of a terminal in which so much was planted."""

    site: Place
    why_stand: str
    """Why it was planted on the stand, where it was."""
    planted: list[Found]
    seconds: float
    """Of the whole command."""
    screen: OnScreen | None
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

    def with_more(self, other: "Results") -> "Results":
        """These, and those of another site."""
        return Results(
            seed=self.seed,
            well=self.well + other.well,
            singles=self.singles + other.singles,
            pairs=self.pairs + other.pairs,
        )


def toured(
    site: Site,
    table: Table,
    drawing: Drawing,
    seed: int,
    say: Callable[[str], None] = lambda _: None,
    pictures: Path | None = None,
) -> Results:
    """Plant everything that was drawn and look each time; the first and the last look are somebody's who types it.

    :param pictures: where those of the screen go, for a site that has one.
    """
    looks = _Looks(site, table, pictures)
    results = Results(seed=seed, well=[looks.at((), anew=True)], singles=[], pairs=[])
    turns: list[tuple[list[Look], tuple[Fault, ...]]] = [(results.singles, (fault,)) for fault in drawing.singles]
    turns += [(results.pairs, pair) for pair in drawing.pairs]
    say(_told(results.well[0]))
    for kept, planted in turns:
        kept.append(looks.at(planted))
        say(_told(kept[-1]))
        results.well.append(looks.at((), anew=planted is turns[-1][1]))
        say(_told(results.well[-1]))
    return results


def _told(look: Look) -> str:
    names = " + ".join(found.fault for found in look.planted) or "  well"
    screen = f" {look.screen.seconds:5.1f} s on screen" if look.screen is not None else ""
    return f"{'✓' if look.ok else '✗'} {names:60} {look.seconds:5.1f} s{screen}  {'; '.join(look.differences)}"


class _Looks:
    """Looks at one site."""

    def __init__(self, site: Site, table: Table, pictures: Path | None) -> None:
        self._site, self._pictures = site, pictures
        without = table.well_without if site.place == "stand" else []
        self._table = msgspec.structs.replace(table, well_without=without)

    def at(self, planted: Sequence[Fault], *, anew: bool = False) -> Look:
        """At a terminal in which this is planted meanwhile."""
        said, seen, seconds, trouble = Examination(outcome="", findings=[]), None, 0.0, ""
        try:
            with ExitStack() as broken:
                # What the others stand on goes last: nobody hands blanks over by a kiosk.toml that is wrong.
                for fault in sorted(planted, key=self._table.fault.index, reverse=True):
                    broken.enter_context(PLANTS[fault.name](self._site))
                if self._site.technician is not None and planted:
                    self._site.technician.comes_to_work()
                said = self._site.examined(anew=anew)
                if self._site.technician is not None and (planted or anew):
                    self._site.technician.look_again()
                    began = time.monotonic()
                    parts = self._site.technician.seen()
                    seconds = self._site.technician.looked_s + time.monotonic() - began
                    seen = self._site.technician.read(parts)
        except _BROKEN_OFF as error:
            trouble = f"broken off: {type(error).__name__}: {error}"
        found = [trouble] if trouble else differences(self._table, planted, said)
        if seen is not None:
            expected = self._expected_on_screen(planted)
            found += [f"on screen: {words}" for words in differences_on_screen(expected, seen)]
        told = {one.check: one for one in said.findings}
        return Look(
            site=self._site.place,
            why_stand="; ".join(dict.fromkeys(fault.stand for fault in planted if fault.stand)),
            planted=[_found(fault, planted, told.get(fault.check), seen) for fault in planted],
            seconds=said.seconds,
            screen=None if seen is None else self._kept(planted, seen, round(seconds, 1), whole=bool(found)),
            differences=found,
        )

    def _expected_on_screen(self, planted: Sequence[Fault]) -> dict[str, tuple[Grade, Cause]]:
        return {
            fault.check: (fault.grade, fault.cause)
            for fault in planted
            if not any(other.hides_check(fault.check) for other in planted if other is not fault)
        }

    def _kept(self, planted: Sequence[Fault], seen: Seen, seconds: float, *, whole: bool) -> OnScreen:
        """:param whole: every part, as a look that went wrong wants it."""
        names: list[str] = []
        if self._pictures is not None:
            shown = sorted({row.part for row in seen.rows if row.grade in {"fault", "warning"}}) or [0]
            for part in range(len(seen.parts)) if whole else shown:
                name = "-".join(["+".join(fault.name for fault in planted) or "well", str(part + 1)])
                names.append(f"{name.replace(' ', '-').replace(chr(39), '')}.jpg")
                small = cv2.resize(seen.parts[part], None, fx=_SMALL, fy=_SMALL, interpolation=cv2.INTER_AREA)
                cv2.imwrite(str(self._pictures / names[-1]), small[:, :, :3], _JPEG)
        return OnScreen(seconds=seconds, note=seen.note, pictures=names)


def _found(fault: Fault, planted: Sequence[Fault], told: Told | None, seen: Seen | None) -> Found:
    hidden = any(other.hides_check(fault.check) for other in planted if other is not fault)
    broken = told is not None and told.state in (State.FAULT, State.WARNING)
    shown = next((row.causes for row in seen.rows if row.check == fault.check), ()) if seen is not None else ()
    return Found(
        fault=fault.name,
        row=fault.row,
        expected=State.NOT_TRIED.value if hidden else fault.cause.value,
        found_by=fault.check if broken else "",
        cause=told.cause.value if told is not None and told.cause is not None else "",
        grade=told.state.value if told is not None else "",
        found=told.found if told is not None else "",
        on_screen=", ".join(sorted(cause.value for cause in shown)),
        advice=told.advice if told is not None else None,
        means=told.means if told is not None else None,
    )
