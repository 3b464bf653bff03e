"""A campaign from its seed to its verdict."""

import contextlib
import json
import os
import queue
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from central.app import issuance_desk
from central.region_rules import load_region_rules
from central.seed import Seed, SeedHolder, plant
from central.tables import Issuance
from simulators.card.card_file import load_card_file
from tests.centre import REPOSITORY, RunningCentre
from tests.e2e.chaos import ROOMS
from tests.e2e.replacements.breaks import BREAKS
from tests.e2e.replacements.lane import Fate, Lane, Surroundings, run_lanes
from tests.e2e.replacements.plan import REGION, REGION_CODE, Fault, Person, Replacement, replacements
from tests.e2e.replacements.things import Provider
from tests.e2e.replacements.verdict import Blanks, Verdict, judge, read_book
from tests.postgres import private_postgres

RESULTS: Final = REPOSITORY / "build" / "chaos" / "results.json"
LOGS: Final = REPOSITORY / "build" / "chaos" / "logs"
_DAY_S: Final = 86_400
_START_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Order:
    """What campaign is wanted."""

    count: int
    seed: int
    terminals: int
    postgres: bool = True
    fault: Fault | None = None
    """What goes wrong with each replacement, instead of what is drawn."""
    seconds: float | None = None
    """After so long no other replacement is begun."""


def run(order: Order, tell: Callable[[str], None] = lambda _: None) -> tuple[Verdict, list[Fate]]:
    """Let the replacements happen and judge them.

    :param tell: told how far it has come.
    """
    planned = list(replacements(order.seed, order.count, order.fault))
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))
        database = None
        if order.postgres:
            database = stack.enter_context(private_postgres()).create_database()
        port = _free_port()
        provider = Provider(folder / "provider", f"https://127.0.0.1:{port}/", folder / "provider.log")
        stack.callback(provider.close)
        centre = RunningCentre(folder, database=database, seeded=False, payment=provider.merchant)
        stack.callback(centre.database.close)
        seed = Seed(about="Invented people.", holders=[_holder(one.person) for one in planned])
        plant(centre.database, centre.keys, centre.settings, seed)
        stack.enter_context(_served(centre, folder, port))
        shared = Surroundings(folder, centre, f"https://127.0.0.1:{port}", provider)
        lanes = []
        for number in range(min(order.terminals, order.count)):
            lanes.append(Lane(number, shared))
            stack.callback(lanes[-1].close)
        try:
            fates = _run_all(lanes, planned, order.seconds, tell)
            stopped = [f"{lane.terminal.id}: {why}" for lane in lanes if (why := lane.upload())]
            verdict = _judged(fates, lanes, centre, provider)
            verdict.unfinished += stopped
        finally:
            keep_logs(folder)
        return verdict, fates


def run_broken(name: str, order: Order) -> dict[str, Any]:
    """The results of the same campaign on a copy of the project with a planted fault.

    :raises LookupError: the fault no longer fits the source.
    :raises OSError: the campaign in the copy came to no verdict.
    """
    with tempfile.TemporaryDirectory(prefix="chaos-broken-") as folder:
        project = Path(folder)
        for room in ROOMS:
            shutil.copytree(REPOSITORY / room, project / room, ignore=shutil.ignore_patterns("__pycache__"))
        for patch in BREAKS[name]:
            patch.apply(project)
        options = [f"--seed={order.seed}", f"--terminals={order.terminals}"]
        options += ["--sqlite"] * (not order.postgres) + ([f"--fault={order.fault.value}"] if order.fault else [])
        ended = subprocess.run(
            [sys.executable, "-m", "tests.e2e.replacements", str(order.count), *options],
            cwd=project, env={**os.environ, "PYTHONPATH": str(project), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        found = project / RESULTS.relative_to(REPOSITORY)
        if not found.exists():
            raise OSError(f"the broken campaign came to no verdict:\n{ended.stderr[-2000:]}")
        results: dict[str, Any] = json.loads(found.read_bytes())
        return results


def _run_all(
    lanes: list[Lane], planned: list[Replacement], seconds: float | None, tell: Callable[[str], None]
) -> list[Fate]:
    waiting: queue.SimpleQueue[Replacement] = queue.SimpleQueue()
    for one in planned:
        waiting.put(one)
    done: queue.SimpleQueue[Fate] = queue.SimpleQueue()
    failed: list[BaseException] = []
    until = None if seconds is None else time.monotonic() + seconds
    threads = run_lanes(lanes, waiting, done, failed, until)
    fates: list[Fate] = []
    try:
        while any(thread.is_alive() for thread in threads) or not done.empty():
            with contextlib.suppress(queue.Empty):
                fates.append(done.get(timeout=0.5))
                tell(f"{len(fates)}/{len(planned)}")
    except KeyboardInterrupt as stop:
        failed.append(stop)  # what is under way comes to its end, and nothing after it
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return fates


def _judged(fates: list[Fate], lanes: list[Lane], centre: RunningCentre, provider: Provider) -> Verdict:
    """Let the time of what nobody went on with run out, as the centre does it a day later, and judge."""
    jobs = {fate.planned.job for fate in fates}
    unsettled = {}
    with centre.database.reading() as session:
        for row in session.scalars(select(Issuance).where(Issuance.ended_at.is_(None))):
            if row.transaction_id in jobs and row.stage == "switched":
                unsettled[row.transaction_id] = row.stage
    rules = load_region_rules(centre.settings.region_rules)
    desk = issuance_desk(centre.settings, centre.database, centre.keys, rules, lambda: time.time() + _DAY_S)
    for _ in range(3):  # a refund takes a second asking
        desk.sweep()
    blanks = []
    for lane in lanes:
        kept = {*lane.slot.state["retained"], *lane.destroyed}
        serials = frozenset(load_card_file(Path(file)).serial for file in kept)
        blanks.append(
            Blanks(lane.terminal.id, lane.terminal.ledger_id, lane.printer.folder, lane.printer.tally, serials)
        )
    return judge(fates, blanks, read_book(centre.database, provider.orders()), unsettled)


def _holder(person: Person) -> SeedHolder:
    return SeedHolder(
        about="chaos",
        region=REGION,
        social_security_number=person.number,
        name=person.name,
        sex="1",
        birth_date=person.birth_date.isoformat(),
        ethnic_group="01",
        birthplace=f"{REGION_CODE}00",
        identification_code=person.identification_code,
        card_number=person.card_number,
        norm_version="2.00",
        bank_side_active=True,
        insurances=[],
    )


@contextlib.contextmanager
def _served(centre: RunningCentre, folder: Path, port: int) -> Iterator[None]:
    with (folder / "centre.log").open("ab") as log:
        served = subprocess.Popen(
            [sys.executable, "-m", "central", "serve", str(centre.directory), "--port", str(port)],
            cwd=REPOSITORY, stderr=log,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + _START_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except ConnectionRefusedError:
                if time.monotonic() > deadline or served.poll() is not None:
                    raise
                time.sleep(0.05)
        yield
    finally:
        served.terminate()
        served.wait()


def keep_logs(folder: Path) -> None:
    """Keep what every program said."""
    shutil.rmtree(LOGS, ignore_errors=True)
    LOGS.mkdir(parents=True, exist_ok=True)
    for log in folder.rglob("*.log"):
        shutil.copy(log, LOGS / f"{log.parent.name}-{log.name}")


def _free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
        return port
