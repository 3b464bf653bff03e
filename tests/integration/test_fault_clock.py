"""Clocks that are a day off and that step: before, between question and answer, and while processes run.

libfaketime (Debian: faketime) gives a process a wall clock of its own, which a file sets anew while it runs; everything
in the process sees it, TLS included. The monotonic clock is left alone, as a step of the real clock leaves it. Run as a
program, this file is a terminal with such a clock.
"""

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
import requests
from sqlalchemy import select

from central.tables import Entry, TransactionRow
from kiosk import bootstrap
from kiosk.central_client import CentreAdapter, ClockOffset, SignedConnection
from kiosk.journeys.views import Attract, Choices, Home, Intent, TakeCard
from kiosk.records.questions import CardSessionOpened, OpenCardSession
from kiosk.records.transaction import Service
from simulators.card.slot import CardSlot
from simulators.pcscd import PrivatePcscd
from tests.centre import REPOSITORY, ZHUMADIAN_CARD, RunningCentre, a_transaction
from tests.terminal import RunningTerminal, TerminalFolder, TurnableClock, running

DAY_S = 86_400


@dataclass(frozen=True)
class OwnClock:
    """The wall clock of processes that are started with :attr:`environment`."""

    file: Path

    def step_to(self, error_s: int) -> None:
        """Set it wrong by so many seconds."""
        fresh = self.file.with_suffix(".new")
        fresh.write_text(f"{error_s:+d}\n", encoding="ascii")
        fresh.replace(self.file)

    @property
    def environment(self) -> dict[str, str]:
        (library,) = Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
        return {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }


@pytest.fixture
def clock(tmp_path: Path) -> OwnClock:
    return OwnClock(tmp_path / "clock")


@pytest.fixture
def folder(tmp_path: Path, centre: RunningCentre) -> TerminalFolder:
    return TerminalFolder.enrolled(tmp_path / "terminal", centre)


def times_on_record(folder: TerminalFolder) -> list[float]:
    """When each entry was written, by its own header, in seconds since 1970 UTC by the centre's clock."""
    query = select(Entry.header).where(Entry.terminal == folder.id).order_by(Entry.sequence)
    with folder.centre.database.reading() as session:
        headers = [json.loads(header or b"{}") for header in session.scalars(query)]
    return [(header["created_ms"] + header["clock_offset_ms"]) / 1000 for header in headers]


def test_the_uplinks_clock_steps_while_it_runs(folder: TerminalFolder, clock: OwnClock) -> None:
    clock.step_to(-DAY_S)
    with folder.journal() as book, running(folder.command("uplink"), clock.environment) as uplink:
        for count, error_s in enumerate((-DAY_S, DAY_S, 0, -DAY_S), start=1):
            clock.step_to(error_s)
            book.append(a_transaction())
            folder.wait_until_stored(count)
            assert uplink.process.poll() is None
    offset = ClockOffset(folder.configuration.offset_path)
    assert offset.milliseconds() == pytest.approx(DAY_S * 1000, abs=3_000)
    assert [verdict for _, _, verdict, _ in folder.stored()] == ["applied"] * 4
    assert any("jumped" in line for line in uplink.log)


def test_a_clock_before_the_certificates_first_day_is_named(folder: TerminalFolder, clock: OwnClock) -> None:
    """As with a flat battery: no answer can be had that would tell the time, so a technician must."""
    clock.step_to(-400 * DAY_S)
    with folder.journal() as book, running(folder.command("uplink"), clock.environment) as uplink:
        book.append(a_transaction())
        uplink.says("the certificate does not hold: certificate is not yet valid")
        assert folder.stored() == []
        clock.step_to(0)
        folder.wait_until_stored(1)


class SteppingLine(CentreAdapter):
    """Counts what goes out; the clock may step while the answer is under way."""

    def __init__(self, ca: Path, step: Callable[[int], None]) -> None:
        super().__init__(ca)
        self.sent = 0
        self._step = step

    def send(self, request: requests.PreparedRequest, **how: Any) -> requests.Response:  # type: ignore[override]  # passes on whatever it gets
        self.sent += 1
        answer = super().send(request, **how)
        self._step(self.sent)
        return answer


@pytest.mark.parametrize(("first_s", "then_s"), [(0, DAY_S), (0, -DAY_S), (DAY_S, -DAY_S), (-DAY_S, 0)])
def test_a_step_between_question_and_answer(folder: TerminalFolder, first_s: int, then_s: int) -> None:
    clock = TurnableClock(first_s)
    settings = bootstrap.uplink_settings(folder.configuration)
    offset = ClockOffset(folder.configuration.offset_path)
    offset.learn(time.time(), clock())
    line = SteppingLine(settings.ca, lambda sent: setattr(clock, "error_s", then_s))
    connection = SignedConnection(
        settings.centre, settings.ca, terminal_id=folder.id, key=settings.key, centre_keys=settings.centre_keys,
        clock=clock, offset=offset, adapter=line,
    )  # fmt: skip
    code, number, _ = ZHUMADIAN_CARD
    question = OpenCardSession(
        transaction_id="ab" * 16, region="zhumadian", identification_code=code, card_number=number, norm_version="2.00"
    )
    for sent in (1, 2):
        connection.ask("/v1/card-sessions", question, CardSessionOpened)
        assert line.sent == sent, "the offset was learned from the answer: nothing had to be signed anew"
        assert offset.milliseconds() == pytest.approx(-then_s * 1000, abs=2_000)
    connection.close()


@pytest.mark.stack
def test_the_terminals_clock_steps_while_it_serves(
    folder: TerminalFolder, clock: OwnClock, pcscd: PrivatePcscd, slot: CardSlot
) -> None:
    slot.close()  # the other process has the slot
    clock.step_to(0)
    told = subprocess.run(
        [sys.executable, "-m", __name__, str(folder.directory), pcscd.network], cwd=REPOSITORY, capture_output=True,
        text=True, timeout=120, check=False, env={**os.environ, **clock.environment},
    )  # fmt: skip
    assert told.returncode == 0, told.stderr[-3000:]
    assert "jumped" in told.stderr
    with running(folder.command("uplink")):
        folder.wait_until_stored(3)
    with folder.centre.database.reading() as session:
        assert set(session.scalars(select(TransactionRow.outcome))) == {"done"}
    assert times_on_record(folder) == pytest.approx([time.time()] * 3, abs=90)


def serve_with_a_clock_that_steps(directory: Path, network: str) -> None:
    """Citizens come while the clock is right, a day fast, and a day slow from the middle of a question on."""
    clock = OwnClock(Path(os.environ["FAKETIME_TIMESTAMP_FILE"]))
    folder = TerminalFolder(directory, "zmd-0001", "zhumadian", cast("RunningCentre", None))
    steps: dict[int, int] = {}
    """At which question, counted from now, the clock steps where to."""

    def step(sent: int) -> None:
        if sent in steps:
            clock.step_to(steps.pop(sent))

    slot = CardSlot(network)
    line = SteppingLine(folder.configuration.centre.ca, step)
    with RunningTerminal(folder, slot, adapter=line) as terminal:
        serve(terminal)
        clock.step_to(DAY_S)
        assert_idleness_is_not_moved(terminal)
        serve(terminal)
        clock.step_to(-DAY_S)
        assert_idleness_is_not_moved(terminal)
        clock.step_to(DAY_S)
        steps[line.sent + 2] = -DAY_S
        serve(terminal)
        assert not steps
    slot.close()


def serve(terminal: RunningTerminal) -> None:
    terminal.chooses(Service.CARD_QUERY, "zhumadian-normal")
    terminal.types("246810")
    terminal.sees(TakeCard)
    terminal.slot.pull()
    found = terminal.sees(Choices)
    assert "联系不上" not in str(found)
    terminal.touch(Intent.NEXT)
    terminal.touch(Intent.DONE)
    terminal.sees(Home)
    terminal.touch(Intent.CANCEL)
    terminal.sees(Attract)


def assert_idleness_is_not_moved(terminal: RunningTerminal) -> None:
    """Two minutes are two minutes (docs/ux-rules.md rule 8), whatever the wall clock does meanwhile."""
    terminal.sees(Attract)
    terminal.touch(Intent.START)
    terminal.sees(Home)
    terminal.conductor.tick()
    assert terminal.warning is None
    terminal.skipped_s += 115
    terminal.conductor.tick()
    assert terminal.warning is None
    terminal.skipped_s += 10
    terminal.conductor.tick()
    assert terminal.warning is not None
    terminal.touch(Intent.GO_ON)
    terminal.touch(Intent.CANCEL)
    terminal.sees(Attract)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    serve_with_a_clock_that_steps(Path(sys.argv[1]), sys.argv[2])
