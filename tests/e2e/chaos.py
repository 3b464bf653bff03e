"""``python -m tests.e2e.chaos [--kills N] [--cuts N] [--break NAME]``: kill and cut the power at random, then count.

A terminal that writes (tests/e2e/chaos_writer.py), the uplink and the centre, each a process of its own. Terminal and
uplink have their state on a disk whose power can be cut (tests/e2e/chaos_disk.py). An entry counts as acknowledged when
its append had returned, a receipt when the uplink had stored it; what the centre's database holds is what was stored.
See docs/chaos.md. The exit code is 0 when nothing was lost, double, out of order or damaged, 1 otherwise, 2 when
nothing could be counted.
"""

import argparse
import base64
import contextlib
import dataclasses
import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select, text

from central.tables import Entry, TransactionRow
from kiosk.ledger import Ledger, LedgerError
from kiosk.uplink import BackOff, Halted, Idle, ReceiptReader, ReceiptsUnusable, UplinkSettings, opened
from tests.centre import REPOSITORY, EnrolledTerminal, RunningCentre
from tests.e2e.chaos_breaks import BREAKS
from tests.e2e.chaos_disk import SIZE_MIB, Disk, why_no_disk
from tests.e2e.chaos_writer import STORAGE_KEY

RESULTS: Final = REPOSITORY / "build" / "chaos" / "results.json"
LOGS: Final = RESULTS.with_name("logs")
"""What uplink and centre said in a campaign that went wrong."""
TERMINAL: Final = "chaos-1"
NOT_COUNTED: Final = 2
_PROGRESS_S: Final = 60.0
"""How long a writer may take for its next acknowledgements, and the uplink to come to rest, before it is given up."""
_MOST_BETWEEN: Final = 400
"""Acknowledgements between two events, at most; about a second of the writer's work, longer than an uplink starts."""
_LEAST_BEFORE_A_CUT: Final = 50
ROOMS: Final = ("central", "config", "drivers", "kiosk", "simulators", "tests")
"""What a campaign needs of the project."""
_AT_THE_END: Final = 150
_WRITER, _UPLINK, _CENTRE, _CUT = "terminal", "uplink", "centre", "cut"


class _Stopped(Exception):
    """The campaign can't go on; what is there is counted."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens to the processes, in an order that the seed decides."""

    kills: int
    """Of terminal and uplink, by ``kill -9``."""
    cuts: int
    """Of their power, both at once."""
    centre_kills: int
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """What came of a campaign."""

    kills: int
    cuts: int
    centre_kills: int
    acknowledged: int
    """Entries whose append had returned."""
    stored: int
    """Entries at the centre."""
    lost: int
    """Acknowledged and not stored as they were, and receipts that a cut took."""
    double: int
    """Effects beyond one a transaction, and entries stored twice."""
    out_of_order: int
    """Entries stored behind another than the one they name."""
    receipts_lost: int
    damaged: int
    """Entries of the ledger that are not what was written."""
    sent_again: int
    """Entries sent a second time at the end, to a centre that has them all."""
    stopped: str
    """Why the campaign ended early; empty when it did not."""

    @property
    def sound(self) -> bool:
        """Whether everything is there once and in order."""
        return not (self.lost or self.double or self.out_of_order or self.damaged or self.stopped)


@dataclass
class _Acknowledged:
    """Hashes by sequence as the writers printed them."""

    hashes: dict[int, bytes] = field(default_factory=dict)
    contradictions: int = 0
    """Sequences that were given out again for something else."""
    changed: threading.Condition = field(default_factory=threading.Condition)

    def read(self, writer: "subprocess.Popen[bytes]") -> None:
        """Take what one writer prints until it is dead and its pipe is empty."""
        assert writer.stdout is not None
        with writer.stdout:
            for line in writer.stdout:
                if not line.endswith(b"\n"):
                    break
                sequence, digest = line.split()
                own = bytes.fromhex(digest.decode())
                with self.changed:
                    self.contradictions += self.hashes.setdefault(int(sequence), own) != own
                    self.hashes[int(sequence)] = own
                    self.changed.notify_all()

    def await_more(self, count: int, writer: "subprocess.Popen[bytes]") -> None:
        """Wait until the writer has acknowledged ``count`` more."""
        wanted, deadline = len(self.hashes) + count, time.monotonic() + _PROGRESS_S
        with self.changed:
            while not self.changed.wait_for(lambda: len(self.hashes) >= wanted, 1.0):
                if writer.poll() is not None:
                    raise _Stopped("the terminal ended by itself")
                if time.monotonic() > deadline:
                    raise _Stopped("the terminal makes no progress")


class _Stand:
    """Files and processes of one campaign."""

    def __init__(self, folder: Path, disk: Disk | None) -> None:
        self._folder, self._disk = folder, disk
        self._state = disk.place if disk else folder / "state"
        self._state.mkdir(exist_ok=True)
        self.centre = RunningCentre(folder)
        key = Ed25519PrivateKey.generate()
        with Ledger.create(self._state / "ledger", TERMINAL, STORAGE_KEY, self.centre.opening_key) as ledger:
            self._terminal = EnrolledTerminal(TERMINAL, "zhumadian", key, ledger.ledger_id, "P-1", bytes(16))
        self.centre.register(self._terminal)
        (folder / "terminal.pem").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        self._keys = {self.centre.keys.key_id: self.centre.signing_key}
        with socket.socket() as held:
            held.bind(("127.0.0.1", 0))
            self._port = held.getsockname()[1]
        self.acknowledged = _Acknowledged()
        self.receipts_lost = 0
        self._readers: list[threading.Thread] = []
        self._server = self._start_centre()
        self._writer = self._start_writer()
        self._receipts_at_start = 0
        self._uplink = self._start_uplink()

    def await_more(self, count: int) -> None:
        """Wait until the terminal has acknowledged ``count`` more entries."""
        self.acknowledged.await_more(count, self._writer)
        if self._uplink.poll() is not None:
            raise _Stopped("the uplink ended by itself")

    def strike(self, what: str) -> None:
        """Kill a process, or cut the power, and start again."""
        if what == _WRITER:
            _kill(self._writer)
            self._writer = self._start_writer()
        elif what == _UPLINK:
            _kill(self._uplink)
            self._uplink = self._start_uplink()
        elif what == _CENTRE:
            _kill(self._server)
            self._server = self._start_centre()
        else:
            self._cut_power()

    def _cut_power(self) -> None:
        assert self._disk is not None, "only a disk has power to cut"
        for process in (self._writer, self._uplink):
            process.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        receipted = self._receipted_through()
        self._disk.keep_copy()
        _kill(self._writer)
        _kill(self._uplink)
        self._disk.lose_power()
        # What it found in the log of a killed one it has not stored itself: that counts from its next receipt on.
        if receipted > self._receipts_at_start and self._receipted_through() < receipted:
            self.receipts_lost += 1
        self._writer, self._uplink = self._start_writer(), self._start_uplink()

    def stop_writing(self) -> None:
        """Kill terminal and uplink for good."""
        _kill(self._writer)
        _kill(self._uplink)
        for reader in self._readers:
            reader.join()

    def drain(self) -> str:
        """Bring up what is left, in this process; why that did not succeed."""
        return self._drain(self._state / "receipts")

    def send_again(self) -> tuple[int, str]:
        """The same for everything, as an uplink that has lost its receipts; how many it did, and why not all."""
        anew = self._state / "receipts-anew"
        stopped = self._drain(anew)
        return self._through(anew), stopped

    def damaged(self) -> int:
        """How many entries the whole ledger names as damaged; 1 when it does not open."""
        try:
            with Ledger.open(self._state / "ledger", TERMINAL, STORAGE_KEY, self.centre.opening_key) as ledger:
                return len(ledger.verify(from_checkpoint=False))
        except LedgerError:
            return 1

    def close(self) -> None:
        """End every process and give the disk back."""
        self.stop_writing()
        self._server.terminate()
        self._server.wait()
        self.centre.database.close()

    def _drain(self, receipts: Path) -> str:
        settings = UplinkSettings(
            ledger=self._state / "ledger",
            receipts=receipts,
            clock_offset=self._state / "clock_offset",
            centre=f"https://127.0.0.1:{self._port}",
            ca=self.centre.ca_file,
            terminal=TERMINAL,
            key=self._terminal.key,
            centre_keys=self._keys,
        )
        pace, deadline, through = threading.Event(), time.monotonic() + _PROGRESS_S, 0
        with opened(settings) as uplink:
            while time.monotonic() < deadline:
                match uplink.step():
                    case Idle():
                        return ""
                    case Halted(reason=reason):
                        return f"the uplink halted: {reason}"
                    case BackOff():
                        pace.wait(0.2)  # the centre is starting
                    case _ if (reached := self._through(receipts)) > through:
                        through, deadline = reached, time.monotonic() + _PROGRESS_S
        return "the uplink does not come to rest"

    def _through(self, receipts: Path) -> int:
        with contextlib.closing(self._reader(receipts)) as reader:
            return reader.standing().through

    def _receipted_through(self) -> int:
        """Up to where the uplink has stored genuine receipts."""
        try:
            with contextlib.closing(self._reader(self._state / "receipts")) as reader:
                return reader.proven_through()
        except (sqlite3.Error, ReceiptsUnusable):
            return 0  # not made yet

    def _reader(self, receipts: Path) -> ReceiptReader:
        return ReceiptReader(receipts, self._terminal.ledger_id, TERMINAL, self._keys)

    def _start_writer(self) -> "subprocess.Popen[bytes]":
        opening, signing = self.centre.opening_key, self.centre.signing_key
        keys = [opening.public_bytes_raw().hex(), self.centre.keys.key_id, signing.public_bytes_raw().hex()]
        writer = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.chaos_writer", str(self._state), TERMINAL, *keys],
            cwd=REPOSITORY, stdout=subprocess.PIPE,
        )  # fmt: skip
        reader = threading.Thread(target=self.acknowledged.read, args=(writer,))
        reader.start()
        self._readers = [one for one in self._readers if one.is_alive()] + [reader]
        return writer

    def _start_uplink(self) -> "subprocess.Popen[bytes]":
        self._receipts_at_start = self._receipted_through()
        public = self.centre.public
        arguments = {
            "--ledger": self._state / "ledger",
            "--receipts": self._state / "receipts",
            "--centre": f"https://127.0.0.1:{self._port}",
            "--ca": public.ca_certificate,
            "--terminal": TERMINAL,
            "--key": self._folder / "terminal.pem",
            "--centre-key": f"{public.key_id}={base64.b64encode(public.signing_key).decode()}",
        }
        return self._start("kiosk.uplink", *(str(part) for pair in arguments.items() for part in pair))

    def _start_centre(self) -> "subprocess.Popen[bytes]":
        return self._start("central", "serve", str(self.centre.directory), "--port", str(self._port))

    def _start(self, module: str, *arguments: str) -> "subprocess.Popen[bytes]":
        with (self._folder / f"{module}.log").open("ab") as log:
            return subprocess.Popen([sys.executable, "-m", module, *arguments], cwd=REPOSITORY, stderr=log)


def run(plan: Plan) -> Count:
    """Kill and cut as planned, bring everything up, bring it up a second time, and count.

    :raises OSError: cuts are planned, and this machine can have no disk for them; see :func:`~chaos_disk.why_no_disk`.
    """
    if plan.cuts and why_no_disk():
        raise OSError(why_no_disk())
    chance = random.Random(plan.seed)
    events = [chance.choice([_WRITER, _UPLINK]) for _ in range(plan.kills)]
    events += [_CUT] * plan.cuts + [_CENTRE] * plan.centre_kills
    chance.shuffle(events)
    struck: list[str] = []
    with tempfile.TemporaryDirectory(prefix="chaos-") as name, _stand(Path(name), plan) as stand:
        stopped = ""
        try:
            for event in events:
                if event == _CUT:
                    stand.await_more(chance.randint(_LEAST_BEFORE_A_CUT, _MOST_BETWEEN))
                elif chance.random() < 0.8:  # the others strike two at once, or one that is just starting
                    stand.await_more(chance.randint(1, _MOST_BETWEEN))
                stand.strike(event)
                struck.append(event)
            stand.await_more(_AT_THE_END)
        except _Stopped as why:
            stopped = str(why)
        stand.stop_writing()
        damaged = stand.damaged()
        if not damaged:
            stopped = stopped or stand.drain()
        count = _count(stand, struck, damaged, stopped)
        if not count.sound:
            _keep_logs(Path(name))
        return count


def _count(stand: _Stand, struck: list[str], damaged: int, stopped: str) -> Count:
    """Compare what was acknowledged with what is stored."""
    sent_again = 0
    if not stopped and not damaged:
        sent_again, stopped = stand.send_again()
    with stand.centre.database.reading() as session:
        rows = session.execute(
            select(Entry.sequence, Entry.hash, Entry.previous_hash)
            .where(Entry.terminal == TERMINAL)
            .order_by(text("entries.rowid"))
        ).all()
        effects = session.scalar(select(func.coalesce(func.sum(TransactionRow.effects), 0))) or 0
        effective = session.scalar(select(func.count()).where(TransactionRow.effects > 0)) or 0
    # A tombstone, which names no predecessor, is the mark of an entry whose content is gone.
    stored = {sequence: digest for sequence, digest, previous in rows if previous is not None}
    acknowledged = stand.acknowledged
    lost = sum(stored.get(sequence) != digest for sequence, digest in acknowledged.hashes.items())
    before = [(0, bytes(32)), *((sequence, digest) for sequence, digest, _ in rows)]
    return Count(
        kills=struck.count(_WRITER) + struck.count(_UPLINK),
        cuts=struck.count(_CUT),
        centre_kills=struck.count(_CENTRE),
        acknowledged=len(acknowledged.hashes),
        stored=len(rows),
        lost=lost + acknowledged.contradictions + stand.receipts_lost,
        double=int(effects) - int(effective) + len(rows) - len({row.sequence for row in rows}),
        out_of_order=sum(
            sequence != last + 1 or previous not in {None, last_digest}
            for (sequence, _, previous), (last, last_digest) in zip(rows, before, strict=False)
        ),
        receipts_lost=stand.receipts_lost,
        damaged=damaged,
        sent_again=sent_again,
        stopped=stopped,
    )


@contextlib.contextmanager
def _stand(folder: Path, plan: Plan) -> Iterator[_Stand]:
    with contextlib.ExitStack() as stack:
        disk = None
        if plan.cuts:
            # Some 200 entries between two events, of which the chain's quarter of a KiB each stays for ever.
            disk = Disk(folder, SIZE_MIB + (plan.kills + plan.cuts) // 10)
            stack.callback(disk.close)
        stand = _Stand(folder, disk)
        stack.callback(stand.close)
        yield stand


def _keep_logs(folder: Path) -> None:
    LOGS.mkdir(parents=True, exist_ok=True)
    for log in folder.glob("*.log"):
        shutil.copy(log, LOGS)


def _kill(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()


def run_broken(name: str, plan: Plan) -> Count:
    """The same campaign on a copy of the project with a planted fault.

    :raises LookupError: the fault no longer fits the source.
    :raises OSError: the campaign in the copy counted nothing.
    """
    with tempfile.TemporaryDirectory(prefix="chaos-broken-") as folder:
        project = Path(folder)
        for room in ROOMS:
            shutil.copytree(REPOSITORY / room, project / room, ignore=shutil.ignore_patterns("__pycache__"))
        for patch in BREAKS[name]:
            patch.apply(project)
        options = [f"--kills={plan.kills}", f"--cuts={plan.cuts}", f"--centre-kills={plan.centre_kills}"]
        ended = subprocess.run(
            [sys.executable, "-m", "tests.e2e.chaos", *options, f"--seed={plan.seed}"],
            cwd=project, env={**os.environ, "PYTHONPATH": str(project), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        counted = project / RESULTS.relative_to(REPOSITORY)
        if ended.returncode == NOT_COUNTED or not counted.exists():
            raise OSError(f"the broken campaign counted nothing:\n{ended.stderr[-2000:]}")
        found = json.loads(counted.read_text())
    return Count(**{field.name: found[field.name] for field in dataclasses.fields(Count)})


def main() -> int:
    """Run and write ``build/chaos/results.json``, or ``broken-NAME.json`` beside it."""
    parser = argparse.ArgumentParser(prog="tests.e2e.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--cuts", type=int, default=5)
    parser.add_argument("--centre-kills", type=int, help="default: a fifth of the kills")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--break", dest="broken", choices=sorted(BREAKS), help="plant a fault: the count must find it")
    given = parser.parse_args()
    left_out = why_no_disk() if given.cuts else ""
    if left_out:
        print(f"NO POWER CUTS: {left_out}", file=sys.stderr)
    centre_kills = given.kills // 5 if given.centre_kills is None else given.centre_kills
    plan = Plan(given.kills, 0 if left_out else given.cuts, centre_kills, given.seed)
    print(f"seed {plan.seed}", flush=True)
    began = time.monotonic()
    try:
        count = run_broken(given.broken, plan) if given.broken else run(plan)
    except (OSError, LookupError, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return NOT_COUNTED
    result = {
        "seed": plan.seed,
        "seconds": round(time.monotonic() - began),
        "broken": given.broken,
        "cuts_left_out": left_out,
        **dataclasses.asdict(count),
    }
    if not count.acknowledged:
        print(f"nothing was acknowledged: {count.stopped}", file=sys.stderr)
        return NOT_COUNTED
    target = RESULTS.with_name(f"broken-{given.broken}.json") if given.broken else RESULTS
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result))
    return 0 if count.sound else 1


if __name__ == "__main__":
    sys.exit(main())
