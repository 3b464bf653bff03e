"""One tour over both sites: the installed machine first, and the stand for what can't be planted in it."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from simulators.pcscd import PcscdUnavailable, PrivatePcscd
from tests.e2e.installation.machine import Machine, NotBooted
from tests.e2e.technician.draw import Drawing, divided, drawn
from tests.e2e.technician.installed import Installed
from tests.e2e.technician.report import write_report
from tests.e2e.technician.stand import Stand
from tests.e2e.technician.table import Table
from tests.e2e.technician.tour import Results, toured


def told_and_written(table: Table, seed: int, count: int, machine: Machine | None, place: Path, build: Path) -> int:
    """Draw, plant, look, and write what came of it; see ``__main__`` for the exit code.

    :param machine: switched off, with a bundle in it; None: everything is planted on the stand.
    :param place: an empty folder.
    :param build: where the report goes.
    """

    def say(line: str) -> None:
        print(line, flush=True)

    drawing = drawn(table, seed, count)
    there = divided(drawing) if machine is not None else {"installed": Drawing((), ()), "stand": drawing}
    results = Results(seed=seed, well=[], singles=[], pairs=[])
    try:
        if machine is not None:
            (place / "installed").mkdir()
            with Installed(machine, place / "installed", say) as installed:
                say("it is well, and a technician comes")
                results = toured(installed, table, there["installed"], seed, say, build / "pictures")
        if there["stand"].singles or there["stand"].pairs:
            results = results.with_more(_on_the_stand(table, there["stand"], seed, place, say))
    except (PcscdUnavailable, NotBooted) as refusal:
        print(f"technician-tour: {refusal}", file=sys.stderr)
        return 2
    write_report(build, results)
    planted = [*results.singles, *results.pairs]
    on_screen = sum(look.screen is not None for look in planted)
    say(
        f"{sum(look.ok for look in planted)} of {len(planted)} as planted, {on_screen} of them on screen as well"
        f" · {build / 'index.html'}"
    )
    return 0 if results.ok else 1


def _on_the_stand(table: Table, drawing: Drawing, seed: int, place: Path, say: Callable[[str], None]) -> Results:
    (place / "stand").mkdir()
    with PrivatePcscd(place / "pcscd") as pcscd:
        os.environ.update(pcscd.environment)
        with Stand(place / "stand", pcscd) as stand:
            return toured(stand, table, drawing, seed, say)
