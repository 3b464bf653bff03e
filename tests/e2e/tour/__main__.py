"""``python -m tests.e2e.tour``: serve the demo's citizens and compare what happened with the reviewed table."""

import argparse
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any, Final

import msgspec

from simulators.card.card_file import DECK
from simulators.pcscd import PcscdUnavailable, pcscd_version
from simulators.screen import NotSeen, StillSeen
from simulators.stand.programs import ProgramDied
from simulators.stand.requirements import REPOSITORY
from simulators.stand.stand import CanNotStart, Stand, StandSettings
from simulators.stand.terminals import TERMINALS, DemoTerminal
from tests.e2e.tour.breaks import BREAKS, KEY_BREAK, break_centre_key, copy_packs
from tests.e2e.tour.citizen import Citizen, NotAsExpected, Step
from tests.e2e.tour.matrix import SERVICES, matrix
from tests.e2e.tour.observation import Observed, Observer
from tests.e2e.tour.report import write_report
from tests.e2e.tour.stories import STORIES
from tests.e2e.tour.table import Expected, Table, load_table

FICTIONAL: Final = REPOSITORY / "tests" / "regions"
YUNLING: Final = DemoTerminal("yl-0001", "00000047", "szzt", "云岭", "Yunling", ("9901",))
"""A region that does not exist and opens every service."""


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """One journey in ``results.json``."""

    journey: str
    region: str
    about: str
    steps: list[Step]
    services: list[str]
    """Chosen on the way, as :class:`~kiosk.records.transaction.Service` writes them."""
    expected: Expected
    outcome: Observed
    seconds: float
    ledger_sequence: int | None
    """Of the journey's last entry; None when it wrote none."""
    centre_row: dict[str, Any] | None
    """Read over a connection of the tour's own."""
    ok: bool


def main() -> int:
    """0 when everything came out as the table says, 1 when not, 2 when it could not start."""
    options = _parser().parse_args()
    build: Path = options.build.resolve()
    table = load_table()
    chosen = [
        one
        for one in table.journeys
        if (not options.only or any(part in one.name for part in options.only))
        and (not options.region or one.region in options.region)
    ]
    if not chosen:
        print(f"tour: no journey is called {' or '.join(options.only + options.region)}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    shutil.rmtree(build, ignore_errors=True)
    (build / "shots").mkdir(parents=True)
    packs = copy_packs(REPOSITORY / "config" / "regions", build / "regions", options.rule)
    shutil.copy(FICTIONAL / "yunling.toml", packs)
    for name in ("handbook", "outlets"):
        shutil.copytree(REPOSITORY / "config" / name, build / name)
        shutil.copy(FICTIONAL / name / "yunling.toml", build / name)
    settings = StandSettings(
        state=build / "stand",
        regions=packs,
        handbook=build / "handbook",
        outlets=build / "outlets",
        region=chosen[0].region,
        terminals={**TERMINALS, "yunling": YUNLING},
        decks=(DECK, FICTIONAL / "cards"),
        seeds=(REPOSITORY / "config" / "demo" / "centre.json", FICTIONAL / "centre.json"),
        region_rules=FICTIONAL / "central" / "region_rules.toml",
    )
    began = time.monotonic()
    try:
        with Stand(settings, say=lambda line: print(f"  {line}", flush=True)) as stand:
            if options.rule == KEY_BREAK:
                break_centre_key(stand.centre.public_keys)
                stand.power_off()
                stand.power_on()
            served = _serve_all(stand, table, chosen, build)
            about = {
                "reader_name": stand.pcscd.reader_name,
                "pcscd_version": pcscd_version(),
                "display": "1080×1920, Xvfb",
                "broken_rule": options.rule or "",
                "seconds": round(time.monotonic() - began, 1),
            }
    except (CanNotStart, ProgramDied, PcscdUnavailable) as refusal:
        print(f"tour: {refusal}", file=sys.stderr)
        return 2
    (build / "results.json").write_bytes(msgspec.json.format(msgspec.json.encode([about, *served]), indent=1))
    write_report(build, about, served, matrix(packs, served))
    failed = [one for one in served if not one.ok]
    for one in failed:
        print(f"✗ {one.journey}: {'; '.join(differences(one.expected, one.outcome))}")
    print(f"{len(served) - len(failed)} of {len(served)} journeys as expected · {build / 'index.html'}")
    return 1 if failed else 0


def _serve_all(stand: Stand, table: Table, chosen: list[Expected], build: Path) -> list[Served]:
    observer = Observer(stand)
    try:
        served = []
        for expected in chosen:
            if expected.region != stand.region:
                stand.choose_region(expected.region)
            one = _serve(stand, observer, table, expected, build / "shots")
            served.append(one)
            print(f"{'✓' if one.ok else '✗'} {one.journey:32} {one.seconds:5.1f} s  {one.outcome.trouble}", flush=True)
        return served
    finally:
        observer.close()


def _serve(stand: Stand, observer: Observer, table: Table, expected: Expected, shots: Path) -> Served:
    stand.fresh_cards()
    citizen = Citizen(stand, table.words, shots, expected.name, expected.final)
    before = observer.head()
    trouble = ""
    try:
        STORIES[expected.name](citizen)
    except NotAsExpected as difference:
        trouble = str(difference)
    seconds = round(time.monotonic() - citizen.begun, 2)
    if stand.inserted is not None:
        stand.pull()
    if stand.placed is not None:
        stand.take_id()
    stand.cable.plug()
    if not trouble:
        try:
            citizen.departs()
        except (NotSeen, StillSeen) as lost:
            trouble = f"could not leave: {lost}"
    if trouble:
        stand.power_off()
        stand.power_on()
    through = observer.head()
    if not observer.wait_until_delivered(through):
        trouble = trouble or "the centre did not get every entry"
    observed = observer.observe(before, citizen.seen_at_the_end, citizen.card, trouble)
    return Served(
        journey=expected.name,
        region=expected.region,
        about=expected.about,
        steps=citizen.steps,
        services=[SERVICES[name].value for name in citizen.chosen],
        expected=expected,
        outcome=observed,
        seconds=seconds,
        ledger_sequence=through if through > before else None,
        centre_row=observer.row(before),
        ok=not differences(expected, observed),
    )


def differences(expected: Expected, observed: Observed) -> list[str]:
    """Where what happened is not what the table says, in words."""
    names = ["final", "entries", "verdicts", "outcome", "reason", "effects"]
    names += [name for name in ("chip_pin", "chip_tries") if getattr(expected, name) is not None]
    found = [
        f"{name}: expected {getattr(expected, name)}, was {getattr(observed, name)}"
        for name in names
        if getattr(expected, name) != getattr(observed, name)
    ]
    return [observed.trouble, *found] if observed.trouble else found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.tour", description=__doc__)
    parser.add_argument("--break", dest="rule", choices=BREAKS, help="run with this rule broken; must fail")
    parser.add_argument("--only", action="append", default=[], help="journeys whose name contains this; repeatable")
    parser.add_argument("--region", action="append", default=[], help="this region's journeys; repeatable")
    parser.add_argument("--build", type=Path, default=REPOSITORY / "build" / "tour", help="where the report goes")
    return parser


if __name__ == "__main__":
    sys.exit(main())
