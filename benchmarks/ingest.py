"""How many entries a second the centre takes in, by batch size and database, beside a bare COPY in the same run.

``https`` is the whole way as in deployment: the centre is a process of its own (two workers over PostgreSQL), several
terminals upload at a time over connections of their own; each request was signed and packed before the watch ran.
``alone`` is the same with one terminal, which waits for each receipt. ``centre`` is storing and judging without HTTP,
signature and workers. Every batch is of other people's cards.

Beside them the very rows that the centre has stored go into plain PostgreSQL tables by binary COPY, one commit a batch:
``copy`` those of ``entries`` into a table without any key, ``copy_with_key`` the same with the primary key,
``copy_both`` those of ``entries`` and of ``transactions`` without keys. That checks nothing and judges nothing.

PostgreSQL and SQLite sync every commit. Everything takes turns; compare the ratios. CPU is microseconds an entry.
Run by ``python -m benchmarks.ingest [--quick]``.
"""

import argparse
import functools
import gzip
import http.client
import json
import logging
import os
import secrets
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, Self

import psycopg
from psycopg.types.string import BytesBinaryDumper
from sqlalchemy.engine import make_url

from benchmarks.figures import Figure
from central.bulk import insert_rows
from central.exchange import Asker
from central.ingest import Ingest
from central.tables import Base, Card, Entry, Holder, TransactionRow
from kiosk.records.signatures import HttpRequest, sign_request
from kiosk.records.upload import Batch, decode, encode
from tests.centre import REPOSITORY, LedgerWriter, RunningCentre, a_transaction
from tests.postgres import PrivatePostgres, private_postgres

BATCHES: Final = (1, 50, 500)
WORKERS: Final = {"sqlite": 1, "postgresql": 2}
TERMINALS: Final = 4
_CARDS: Final = 5000
_PER_ROUND: Final = {1: 25, 50: 20, 500: 8}
"""Batches of one terminal in one round."""
_HOLDER: Final = ("social_security_number", "name", "sex", "birth_date", "person_state")
_CARD: Final = (
    "identification_code", "card_number", "social_security_number",
    "region", "norm_version", "state", "bank", "bank_account", "bank_side_active",
)  # fmt: skip
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_COPY_TYPES: Final = {"TEXT": "text", "BLOB": "bytea", "BIGINT": "int8", "BOOLEAN": "bool"}
Samples = dict[str, list[float]]


def run(*, quick: bool) -> dict[str, Any]:
    """Entries a second, medians of rounds, ready for JSON."""
    rounds = 3 if quick else 11
    results: dict[str, Any] = {"rounds": rounds, "terminals": TERMINALS, "workers": WORKERS}
    build = REPOSITORY / "build"  # on this disk, since /tmp may lie in memory
    build.mkdir(exist_ok=True)
    with private_postgres(durable=True) as server, tempfile.TemporaryDirectory(dir=build) as folder:
        for kind in WORKERS:
            url = server.create_database() if kind == "postgresql" else None
            results[kind] = _measure(Path(folder) / kind, kind, url, server, rounds)
    for peer in ("copy", "copy_with_key", "copy_both"):
        results[peer] = {size: figures.pop(peer) for size, figures in results["postgresql"].items()}
    whole = results["postgresql"]["500"]
    results["https_to_copy_500"] = {
        peer: round(whole["https"] / results[peer]["500"], 3) for peer in ("copy", "copy_with_key", "copy_both")
    }
    results["figures"] = [figure(kind, results) for kind in WORKERS]
    return results


def figure(kind: str, results: dict[str, Any]) -> dict[str, Any]:
    """A database's line of the table."""
    whole = results[kind]["500"]
    line: dict[str, Any] = {
        "name": f"centre: an entry, 500 a batch over HTTPS, {kind}",
        "unit": "µs",
        "median": round(1e6 / whole["https"], 1),
        "low": round(1e6 / max(whole["samples"]["https"]), 1),
        "high": round(1e6 / min(whole["samples"]["https"]), 1),
        "beside": f"{whole['https']:,}/s; CPU: centre {whole['server_cpu']}, database {whole['database_cpu']}, client "
        f"{whole['client_cpu']} µs; bare COPY of the same rows {results['copy_both']['500']:,}/s",
    }
    if kind == "postgresql":
        line["at_most"] = 33.3
    Figure(**line)
    return line


def _measure(
    folder: Path, kind: str, url: str | None, server: PrivatePostgres, rounds: int
) -> dict[str, dict[str, Any]]:
    figures = {}
    with ExitStack() as stack:
        centre = RunningCentre(folder, database=url)
        stack.callback(centre.database.close)
        people = People(centre)
        serving = stack.enter_context(_serving(centre, WORKERS[kind]))
        copying = _Copying(url, server) if url is not None else None
        for size in BATCHES:
            senders = [stack.enter_context(_Sender(centre, serving, people, f"{size}-{n}")) for n in range(TERMINALS)]
            samples: Samples = defaultdict(list)
            for number in range(-1, rounds):  # the first one warms everything up
                taken = _round(centre, serving, senders, size)
                if copying is not None:
                    taken |= copying.round(size)
                if number >= 0:
                    for name, value in taken.items():
                        samples[name].append(value)
            figures[str(size)] = _summary(samples)
    return figures


def _summary(samples: Samples) -> dict[str, Any]:
    medians: dict[str, Any] = {}
    for name, values in samples.items():
        median = statistics.median(values)
        medians[name] = round(median, 1) if name.endswith("_cpu") else round(median)
    return medians | {"samples": dict(samples)}


def _round(centre: RunningCentre, serving: "_Serving", senders: Sequence["_Sender"], size: int) -> dict[str, float]:
    batches = _PER_ROUND[size]
    queued = [[sender.request(size) for _ in range(batches)] for sender in senders]
    entries = size * batches * len(senders)
    with ThreadPoolExecutor(len(senders)) as pool:
        before = serving.cpu_seconds(), _database_cpu_seconds(serving), time.process_time()
        seconds = _seconds(lambda: list(pool.map(_Sender.send, senders, queued)))
        after = serving.cpu_seconds(), _database_cpu_seconds(serving), time.process_time()
    cpu = [round((end - begun) / entries * 1e6, 1) for begun, end in zip(before, after, strict=True)]
    first = senders[0]
    alone = [first.request(size) for _ in range(batches)]
    bodies = [encode(first.batch(size)) for _ in range(batches)]
    ingest = Ingest(centre.database, centre.keys, centre.clock)
    asker = Asker(first.terminal.id, first.terminal.key.public_key())
    return {
        "https": entries / seconds,
        "server_cpu": cpu[0],
        "database_cpu": cpu[1],
        "client_cpu": cpu[2],
        "alone": size * batches / _seconds(lambda: first.send(alone)),
        "centre": size * batches / _seconds(lambda: [ingest.receive(asker, decode(body, Batch)) for body in bodies]),
    }


class People:
    """Synthetic holders with a card each."""

    def __init__(self, centre: RunningCentre) -> None:
        self.cards = [(f"4117{n:028X}", f"T9{n:07d}", f"4117001985{n:08d}") for n in range(_CARDS)]
        self._next = 0
        holders = [(number, "张示例", "1", "1985-04-12", "1") for _, _, number in self.cards]
        cards = [(*card, "zhumadian", "2.00", "1", "中国银行", "****0000", True) for card in self.cards]
        with centre.database.writing() as session:
            insert_rows(session, Holder, _HOLDER, holders)
            insert_rows(session, Card, _CARD, cards)

    def next_card(self) -> tuple[str, str, str]:
        self._next += 1
        return self.cards[self._next % _CARDS]


class _Serving:
    """The centre's process."""

    def __init__(self, centre: RunningCentre, port: int, pid: int) -> None:
        self.port, self.pid = port, pid
        self.trust = ssl.create_default_context(cafile=str(centre.ca_file))

    def connect(self) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=self.trust, timeout=60)

    def cpu_seconds(self) -> float:
        return _cpu_seconds(_tree(self.pid))


@contextmanager
def _serving(centre: RunningCentre, workers: int) -> Iterator[_Serving]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "central", "serve", str(centre.directory), "--port", str(port)]
    command += ["--workers", str(workers)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            serving = _Serving(centre, port, process.pid)
            _until_healthy(serving, process)
            yield serving
        finally:
            process.terminate()


def _until_healthy(serving: _Serving, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        connection = serving.connect()
        try:
            connection.request("GET", "/health")
            if connection.getresponse().read() == b"ok":
                return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise RuntimeError("the centre does not answer")


class _Sender:
    """A terminal that uploads."""

    def __init__(self, centre: RunningCentre, serving: _Serving, people: People, name: str) -> None:
        self.terminal = centre.enrol(f"bench-{name}")
        self._ledger = LedgerWriter(self.terminal, centre)
        self._people, self._clock = people, centre.clock
        self._authority = f"127.0.0.1:{serving.port}"
        self._connection = serving.connect()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def batch(self, size: int) -> Batch:
        return self._ledger.batch(
            [self._ledger.append(a_transaction(card=self._people.next_card())) for _ in range(size)]
        )

    def request(self, size: int) -> tuple[bytes, dict[str, str]]:
        """The next batch, packed and signed."""
        packed = gzip.compress(encode(self.batch(size)), 1)
        headers = {"Host": self._authority, "Content-Type": "application/json", "Content-Encoding": "gzip"}
        message = HttpRequest("POST", f"https://{self._authority}/v1/entries", headers)
        nonce, key = secrets.token_hex(16), self.terminal.key
        sign_request(message, packed, key=key, key_id=self.terminal.id, nonce=nonce, now=self._clock())
        return packed, headers

    def send(self, requests: Sequence[tuple[bytes, dict[str, str]]]) -> None:
        for packed, headers in requests:
            self._connection.request("POST", "/v1/entries", packed, headers)
            answer = self._connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise RuntimeError(f"the centre answered {answer.status}")


class _Copying:
    """The rows that the centre has stored, put by COPY into tables that look alike."""

    def __init__(self, url: str, server: PrivatePostgres) -> None:
        parts = make_url(url)
        self._connection = psycopg.connect(f"dbname={parts.database} host={parts.query['host']} user={parts.username}")
        self._connection.adapters.register_dumper(bytes, BytesBinaryDumper)
        self._connection.execute("CREATE TABLE bare_entries (LIKE entries)")
        self._connection.execute("CREATE TABLE bare_transactions (LIKE transactions)")
        self._connection.execute("CREATE TABLE keyed_entries (LIKE entries INCLUDING INDEXES)")
        self._connection.commit()

    def round(self, size: int) -> dict[str, float]:
        batches = _PER_ROUND[size]
        entries, transactions = self._stored(Entry, size * batches), self._stored(TransactionRow, size * batches)
        figures = {}
        for name, targets in (
            ("copy", [("bare_entries", Entry, entries)]),
            ("copy_with_key", [("keyed_entries", Entry, entries)]),
            ("copy_both", [("bare_entries", Entry, entries), ("bare_transactions", TransactionRow, transactions)]),
        ):
            seconds = 0.0
            for begin in range(0, size * batches, size):
                one = [(into, kind, rows[begin : begin + size]) for into, kind, rows in targets]
                seconds += _seconds(functools.partial(self._copy, one))
            figures[name] = size * batches / seconds
            for into in {into for into, _, _ in targets}:
                self._connection.execute(f"TRUNCATE {into}".encode())
            self._connection.commit()
        return figures

    def _stored(self, kind: type[Base], count: int) -> list[tuple[Any, ...]]:
        names = ", ".join(column.name for column in kind.__table__.columns)
        found = self._connection.execute(f"SELECT {names} FROM {kind.__tablename__} LIMIT {count}".encode())
        return found.fetchall()

    def _copy(self, targets: Sequence[tuple[str, type[Base], list[tuple[Any, ...]]]]) -> None:
        for into, kind, rows in targets:
            columns = kind.__table__.columns
            names = ", ".join(column.name for column in columns)
            with self._connection.cursor().copy(f"COPY {into} ({names}) FROM STDIN (FORMAT BINARY)".encode()) as copy:
                copy.set_types([_COPY_TYPES[str(column.type)] for column in columns])
                for row in rows:
                    copy.write_row(row)
        self._connection.commit()


def _database_cpu_seconds(serving: _Serving) -> float:
    """Of everything else that this process has started: PostgreSQL, if any."""
    return _cpu_seconds(_tree(os.getpid()) - _tree(serving.pid) - {os.getpid()})


def _tree(root: int) -> set[int]:
    children: dict[int, list[int]] = defaultdict(list)
    for path in Path("/proc").glob("[0-9]*/stat"):
        if fields := _fields(path):
            children[int(fields[1])].append(int(path.parent.name))
    found, waiting = set(), [root]
    while waiting:
        one = waiting.pop()
        found.add(one)
        waiting += children[one]
    return found


def _cpu_seconds(pids: set[int]) -> float:
    stats = [fields for pid in pids if (fields := _fields(Path(f"/proc/{pid}/stat")))]
    return sum(int(fields[11]) + int(fields[12]) for fields in stats) / _TICKS


def _fields(path: Path) -> list[str]:
    """Fields of /proc/PID/stat from the state on; none when the process has ended."""
    try:
        return path.read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _seconds(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def main() -> None:
    """Print the figures."""
    logging.disable()
    parser = argparse.ArgumentParser(description="entries a second into the centre")
    parser.add_argument("--quick", action="store_true")
    print(json.dumps(run(quick=parser.parse_args().quick), indent=2))


if __name__ == "__main__":
    main()
