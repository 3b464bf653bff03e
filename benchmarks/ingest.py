"""How many entries a second the centre takes in, by batch size and database, beside a bare COPY in the same run.

``https`` is the whole way, one client on the same cores: signed, gzip, TLS, judged, receipt signed and checked by
nobody. ``centre`` is the same work without HTTP and signature of the request. ``copy`` puts rows of the same bytes into
a plain PostgreSQL table, one commit a batch, checks nothing and judges nothing. PostgreSQL and SQLite sync every
commit. Compare the ratios. Run by ``python -m benchmarks.ingest [--quick]``.
"""

import argparse
import gzip
import json
import logging
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import psycopg
from sqlalchemy.engine import make_url

from central.exchange import Asker
from central.ingest import Ingest
from kiosk.records.upload import Batch, decode, encode
from tests.centre import LedgerWriter, RunningCentre, a_transaction
from tests.postgres import PrivatePostgres, private_postgres

BATCHES: Final = (1, 50, 500)
_COPIED: Final = (
    "terminal text, ledger_id bytea, sequence bigint, hash bytea, header bytea, sealed_key bytea, ciphertext bytea"
)


def run(*, quick: bool) -> dict[str, Any]:
    """Entries a second, medians of rounds, ready for JSON."""
    rounds = 5 if quick else 25
    with private_postgres(durable=True) as server, tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        figures: dict[str, Any] = {}
        for kind in ("sqlite", "postgresql"):
            database = server.create_database() if kind == "postgresql" else None
            with RunningCentre(Path(folder) / kind, database=database) as centre:
                figures[kind] = {str(size): _measure(centre, size, rounds) for size in BATCHES}
        figures["copy"] = {str(size): _copy(server, size, rounds) for size in BATCHES}
        copied = figures["copy"]["500"]
        figures["centre_to_copy_500"] = round(figures["postgresql"]["500"]["centre"] / copied, 3)
        return figures


def _measure(centre: RunningCentre, size: int, rounds: int) -> dict[str, float]:
    per_round = max(1, 20 // size)
    terminal = centre.enrol(f"bench-{size}")
    ledger = LedgerWriter(terminal, centre)
    ingest = Ingest(centre.database, centre.keys, centre.clock)
    asker = Asker(terminal.id, terminal.key.public_key())

    def batches() -> Iterator[bytes]:
        for _ in range(per_round):
            yield encode(ledger.batch([ledger.append(a_transaction()) for _ in range(size)]))

    def over_https(bodies: Sequence[bytes]) -> None:
        for body in bodies:
            reply = centre.send(centre.prepare(terminal, "/v1/entries", gzip.compress(body, 1)))
            if reply.status != 200:
                raise RuntimeError(f"the centre answered {reply.status}")

    def without_https(bodies: Sequence[bytes]) -> None:
        for body in bodies:
            ingest.receive(asker, decode(body, Batch))

    figures = {}
    for name, work in (("https", over_https), ("centre", without_https)):
        work(list(batches()))
        figures[name] = _rate(size * per_round, [_seconds(work, list(batches())) for _ in range(rounds)])
    return figures


def _copy(server: PrivatePostgres, size: int, rounds: int) -> float:
    url = make_url(server.create_database())
    row = ("bench", bytes(16), 0, bytes(32), bytes(160), bytes(60), bytes(420))
    with psycopg.connect(f"dbname={url.database} host={url.query['host']} user={url.username}") as connection:
        connection.execute(f"CREATE TABLE copied ({_COPIED})")
        connection.commit()

        def copy(rows: int) -> None:
            with connection.cursor().copy("COPY copied FROM STDIN (FORMAT BINARY)") as into:
                into.set_types(["text", "bytea", "int8", "bytea", "bytea", "bytea", "bytea"])
                for _ in range(rows):
                    into.write_row(row)
            connection.commit()

        copy(size)
        return _rate(size, [_seconds(copy, size) for _ in range(rounds)])


def _seconds(work: Callable[[Any], None], what: Any) -> float:
    begun = time.perf_counter()
    work(what)
    return time.perf_counter() - begun


def _rate(entries: int, seconds: Sequence[float]) -> float:
    return round(entries / statistics.median(seconds))


def main() -> None:
    """Print the figures."""
    logging.disable()
    parser = argparse.ArgumentParser(description="entries a second into the centre")
    parser.add_argument("--quick", action="store_true")
    print(json.dumps(run(quick=parser.parse_args().quick), indent=2))


if __name__ == "__main__":
    main()
