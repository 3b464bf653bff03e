"""What an append costs beside the disk's floor, bare SQLite and persist-queue, all on one disk in one run.

The kinds take turns in short rounds, so that a busy moment of the machine hits all of them; compare the ratios.
Run by ``python -m benchmarks.ledger [--quick] [--folder DIR]``.
"""

import argparse
import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import persistqueue
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from kiosk.ledger import Ledger, LedgerReader
from kiosk.records.canonical import canonical
from kiosk.records.sealing import EpochKey
from kiosk.records.transaction import Outcome, Service, Stage, Transaction
from simulators.stand.requirements import REPOSITORY

PAYLOAD_BYTES: Final = 1024
_STORAGE_KEY: Final = bytes(range(32))
_OPENS: Final = 9
_SIZES: Final = (1_000, 100_000, 1_000_000)
"""Entries; the last takes 2 GB of disk for a while."""
_CENTRE: Final = X25519PrivateKey.generate().public_key()


def run(*, quick: bool, folder: Path | None = None) -> dict[str, Any]:
    """Every figure of this benchmark, ready for JSON. Times in µs unless the name says ms.

    :param folder: on the disk to measure; that of ``build`` by default.
    """
    build = folder or REPOSITORY / "build"
    build.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix="ledger-bench-", dir=build))
    try:
        return {
            "payload_bytes": PAYLOAD_BYTES,
            "append": _appends(place, rounds=8 if quick else 30, each=100 if quick else 200),
            "epoch_seal_us": _epoch_seal(20 if quick else 200),
            "by_size": _by_size(
                place, [1_000, 20_000] if quick else [1_000, 100_000, 1_000_000], each=50 if quick else 200
            ),
        }
    finally:
        shutil.rmtree(place)


def _appends(place: Path, rounds: int, each: int) -> dict[str, Any]:
    ledger = _new_ledger(place / "ours")
    kinds: dict[str, Callable[[], None]] = {
        "floor": _floor(place),
        "sqlite3": _bare_sqlite(place),
        "persist-queue FIFO": _persist_queue(persistqueue.FIFOSQLiteQueue, place / "fifo"),
        "persist-queue Ack": _persist_queue(persistqueue.SQLiteAckQueue, place / "ack"),
        "ledger": lambda: _append(ledger),
    }
    medians = _in_turns(kinds, rounds, each)
    ledger.close()
    return {kind: _beside_floor(times, medians["floor"]) for kind, times in medians.items()}


def _in_turns(kinds: dict[str, Callable[[], None]], rounds: int, each: int) -> dict[str, list[float]]:
    """Medians of each round, µs."""
    medians: dict[str, list[float]] = {kind: [] for kind in kinds}
    for number in range(rounds + 1):
        for kind, put in kinds.items():
            taken = []
            for _ in range(each):
                start = time.perf_counter_ns()
                put()
                taken.append((time.perf_counter_ns() - start) / 1000)
            if number:  # the first round fills caches and gives the logs their size
                medians[kind].append(statistics.median(taken))
    return medians


def _beside_floor(times: list[float], floors: list[float]) -> dict[str, float]:
    ratios = [own / floor for own, floor in zip(times, floors, strict=True)]
    return {
        "p50_us": round(statistics.median(times), 1),
        "x_floor": round(statistics.median(ratios), 2),
        "x_floor_low": round(min(ratios), 2),
        "x_floor_high": round(max(ratios), 2),
    }


def _floor(place: Path) -> Callable[[], None]:
    """What the disk asks of any durable append: the bytes and one sync."""
    file = os.open(place / "floor", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    data = os.urandom(PAYLOAD_BYTES)

    def put() -> None:
        os.write(file, data)
        os.fdatasync(file)

    return put


def _bare_sqlite(place: Path) -> Callable[[], None]:
    db = sqlite3.connect(place / "bare.db", isolation_level=None)
    db.execute("PRAGMA journal_mode = wal")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE item (number INTEGER PRIMARY KEY, data BLOB)")
    data = os.urandom(PAYLOAD_BYTES)

    def put() -> None:
        db.execute("INSERT INTO item (data) VALUES (?)", (data,))

    return put


def _persist_queue(kind: Callable[..., Any], folder: Path) -> Callable[[], None]:
    # Its default is WAL with SQLite's default synchronous=FULL, committed at every put.
    queue = kind(str(folder), auto_commit=True, multithreading=True)
    data = os.urandom(PAYLOAD_BYTES)
    return lambda: queue.put(data)


def _new_ledger(folder: Path) -> Ledger:
    return Ledger.create(folder, "bench", _STORAGE_KEY, _CENTRE)


def _transaction() -> Transaction:
    """A transaction whose plaintext has the size that every other kind writes."""
    bare = Transaction(
        transaction_id=os.urandom(16).hex(), service=Service.CARD_QUERY, stage=Stage.FINISHED, outcome=Outcome.DONE,
        region="beijing", card_number="D2143569X", identification_code="0" * 32, reason="",
    )  # fmt: skip
    padding = PAYLOAD_BYTES - len(canonical(bare))
    return Transaction(
        transaction_id=bare.transaction_id, service=bare.service, stage=bare.stage, outcome=bare.outcome,
        region=bare.region, card_number=bare.card_number, identification_code=bare.identification_code,
        reason="x" * padding,
    )  # fmt: skip


_TRANSACTION: Final = _transaction()


def _append(ledger: Ledger) -> None:
    ledger.append(_TRANSACTION, offset_ms=0)


def _epoch_seal(times: int) -> float:
    """Making, wrapping and sealing one epoch key: once a start, once a day."""
    taken = []
    for number in range(times):
        start = time.perf_counter_ns()
        key = EpochKey.generate(number)
        key.wrap_for_storage(bytes(16), _STORAGE_KEY)
        key.seal_for_centre(bytes(16), _CENTRE)
        taken.append((time.perf_counter_ns() - start) / 1000)
    return round(statistics.median(taken), 1)


def _by_size(place: Path, sizes: Sequence[int], *, each: int) -> dict[str, Any]:
    """Appending, opening and reading at several lengths of one ledger, each in a process of its own for its memory."""
    folder = place / "grown"
    _new_ledger(folder).close()
    result: dict[str, Any] = {}
    for size in sizes:
        with Ledger.open(folder, "bench", _STORAGE_KEY, _CENTRE) as ledger:
            # Growing is not what is measured here: without syncs it takes seconds, not minutes.
            ledger._db.execute("PRAGMA synchronous = OFF")
            while ledger.head().sequence < size:
                _append(ledger)
        os.sync()
        inside = [sys.executable, "-m", "benchmarks.ledger", "--inside", str(folder), "--each", str(each)]
        measured = subprocess.run(inside, cwd=REPOSITORY, check=True, stdout=subprocess.PIPE, text=True)
        result[str(size)] = json.loads(measured.stdout)
    first = result[str(sizes[0])]
    for one in result.values():
        one["append_to_first"] = round(one["append_x_floor"] / first["append_x_floor"], 2)
    return result


def _grown(folder: Path, each: int) -> dict[str, float]:
    """What a ledger that has grown costs; run in a fresh process."""
    empty = _memory_mb("VmRSS")
    opened = []
    for _ in range(_OPENS):
        start = time.perf_counter_ns()
        ledger = Ledger.open(folder, "bench", _STORAGE_KEY, _CENTRE)
        opened.append((time.perf_counter_ns() - start) / 1e6)
        ledger.close()
    with LedgerReader(folder) as reader:
        start = time.perf_counter_ns()
        read = len(reader.entries(reader.head().sequence - 500, 500))
        drained = read / ((time.perf_counter_ns() - start) / 1e9)
    with Ledger.open(folder, "bench", _STORAGE_KEY, _CENTRE) as ledger:
        taken = _in_turns({"floor": _floor(folder.parent), "ledger": lambda: _append(ledger)}, rounds=10, each=each)
    beside = _beside_floor(taken["ledger"], taken["floor"])
    return {
        "p50_ms": round(statistics.median(opened), 2),
        "read_by_500_per_s": round(drained),
        "append_p50_us": beside["p50_us"],
        "append_x_floor": beside["x_floor"],
        "floor_p50_us": round(statistics.median(taken["floor"]), 1),
        "memory_mb": round(_memory_mb("VmHWM") - empty, 1),
    }


def _memory_mb(line: str) -> float:
    """This process's memory by /proc: ``VmRSS`` now, ``VmHWM`` the most so far (rusage would count the parent's)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition(f"{line}:")[2].split()[0]) / 1024


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, small ledgers")
    parser.add_argument("--folder", type=Path, help="on the disk to measure")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--each", type=int, default=200, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        print(json.dumps(_grown(options.inside, options.each)))
    else:
        print(json.dumps(run(quick=options.quick, folder=options.folder), indent=2))


if __name__ == "__main__":
    main()
