"""Faults of what is on record: ledger, receipts, the queue to the centre, and the book of the blank cards."""

import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Final

from sqlalchemy import update

from central.enrolment import thaw
from central.tables import TerminalLedger
from kiosk import bootstrap
from kiosk.custody import StockBook
from kiosk.ledger import LedgerReader
from kiosk.records.custody import Counted, Place
from kiosk.uplink.receipts import Receipts
from tests.e2e.technician.plants.plant import Plant
from tests.e2e.technician.site import BLANKS, TWO, Site

_TWO_DAYS_MS: Final = 2 * 24 * 3600 * 1000


@contextmanager
def _ledger_gone(site: Site) -> Iterator[None]:
    with site.kept(site.state):
        for file in (site.state / "ledger").iterdir():
            file.unlink()
        yield


@contextmanager
def _ledger_garbled(site: Site) -> Iterator[None]:
    with site.kept(site.state):
        for file in (site.state / "ledger").iterdir():
            file.write_bytes(b"no database" * 1000)
        yield


@contextmanager
def _row_damaged(site: Site) -> Iterator[None]:
    """One that the centre has not got yet: what it has is erased here, and can't rot."""
    with site.uplink_still():
        sequence = site.append()
        with closing(sqlite3.connect(site.state / "ledger" / "ledger.db")) as db:
            (whole,) = db.execute("SELECT ciphertext FROM payload WHERE sequence = ?", (sequence,)).fetchone()
            changes = "UPDATE payload SET ciphertext = ? WHERE sequence = ?"
            db.execute(changes, (bytes(len(whole)), sequence))
            db.commit()
            yield
            db.execute(changes, (whole, sequence))
            db.commit()
    site.deliver()


@contextmanager
def _receipts_garbled(site: Site) -> Iterator[None]:
    """Mended as the advice has it: the uplink, started anew, puts the file aside and begins another."""
    kept = site.configuration.receipts_path
    with site.uplink_still():
        for file in (kept, kept.with_name(f"{kept.name}-wal")):  # where an uplink runs, most of it lies in the latter
            if file.exists():
                file.write_bytes(b"no database" * 1000)
        yield
        site.deliver()


@contextmanager
def _frozen(site: Site) -> Iterator[None]:
    """The centre has frozen the ledger, as for a fork, and the uplink has heard of it."""
    with site.centre.database.writing() as session:
        session.execute(update(TerminalLedger).values(frozen_reason="fork"))
    site.deliver()
    with site.uplink_still():
        with LedgerReader(site.configuration.ledger_path) as ledger:
            thaw(site.centre.database, site.id, ledger.ledger_id)
        yield
    site.deliver()


@contextmanager
def _waits_for_days(site: Site) -> Iterator[None]:
    """The uplink last heard the centre two days ago, and there is an entry since."""
    configuration = site.configuration
    with site.uplink_still():
        with LedgerReader(configuration.ledger_path) as ledger:
            then_ms = int(time.time() * 1000) - _TWO_DAYS_MS
            with Receipts(configuration.receipts_path, ledger.ledger_id, now_ms=then_ms) as receipts:
                standing = receipts.standing()
                receipts.stand(standing.line, standing.reason, now_ms=then_ms, contact=True)
        site.append()
        yield
    site.deliver()


@contextmanager
def _book(site: Site) -> Iterator[StockBook]:
    with site.at_rest(), bootstrap.open_stock(site.configuration) as book:
        yield book


@contextmanager
def _no_blanks(site: Site) -> Iterator[None]:
    with _book(site) as book:
        book.empty(Place.HOPPER, BLANKS, **TWO)
    yield
    with _book(site) as book:
        book.hand_over(BLANKS, **TWO)


@contextmanager
def _few_blanks(site: Site) -> Iterator[None]:
    with _book(site) as book:
        book.empty(Place.HOPPER, BLANKS, **TWO)
        book.hand_over(4, **TWO)
    yield
    with _book(site) as book:
        book.hand_over(BLANKS - 4, **TWO)


@contextmanager
def _rejected(site: Site, count: int) -> Iterator[None]:
    with _book(site) as book:
        for job in _jobs(count):
            book.feed(job)
            book.reject(job, "dead_chip")
    yield
    with _book(site) as book:
        book.empty(Place.REJECT_BIN, count, **TWO)
        book.hand_over(count, **TWO)


@contextmanager
def _bin_full(site: Site) -> Iterator[None]:
    with _rejected(site, 5):
        yield


@contextmanager
def _bin_high(site: Site) -> Iterator[None]:
    with _rejected(site, 4):
        yield


@contextmanager
def _left_inside(site: Site) -> Iterator[None]:
    """A blank was fed, and nobody knows what came of it."""
    (job,) = _jobs(1)
    with _book(site) as book:
        book.feed(job)
    yield
    with _book(site) as book:
        book.remove(job, "jam", **TWO)
        book.hand_over(1, **TWO)


@contextmanager
def _two_were_fed(site: Site) -> Iterator[None]:
    """Two blanks left the hopper at once and lie in the bin; nobody has counted since."""
    (job,) = _jobs(1)
    with _book(site) as book:
        book.feed(job)
        book.two_fed(job)
        book.reject(job, "two_fed")
    yield
    with _book(site) as book:
        book.empty(Place.REJECT_BIN, 2, **TWO)
        book.hand_over(2, **TWO)
        book.close_out(Counted(hopper=BLANKS, printer=0, reject_bin=0, retained_bin=0), **TWO)


def _jobs(count: int) -> list[str]:
    """Jobs that no blank was ever fed for."""
    return [f"{time.time_ns() + number:032x}" for number in range(count)]


ON_RECORD: Final[Mapping[str, Plant]] = {
    "ledger gone": _ledger_gone,
    "ledger garbled": _ledger_garbled,
    "ledger row damaged": _row_damaged,
    "receipts garbled": _receipts_garbled,
    "uplink halted": _frozen,
    "queue two days old": _waits_for_days,
    "no blanks in the book": _no_blanks,
    "few blanks in the book": _few_blanks,
    "reject bin full by the book": _bin_full,
    "reject bin nearly full by the book": _bin_high,
    "a card in the printer by the book": _left_inside,
    "two fed, and not closed out": _two_were_fed,
}
