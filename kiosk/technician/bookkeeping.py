"""What is on record and on its way to the centre: ledger, receipts, queue, stock of blank cards."""

import sqlite3
import time
from collections.abc import Sequence
from typing import Final

from kiosk import bootstrap
from kiosk.configuration import ConfigurationError, with_credentials_of
from kiosk.custody.book import read_stock
from kiosk.custody.stock import Level, levels, obstacle
from kiosk.equipment.card_making import stock_sizes
from kiosk.ledger.errors import LedgerDamaged, LedgerError, LedgerMissing
from kiosk.ledger.inspection import ERASED, Damaged
from kiosk.ledger.reader import LedgerReader
from kiosk.records.custody import Place, Reason
from kiosk.technician.causes import Cause
from kiosk.technician.machine import Verdict
from kiosk.technician.subject import NotTried, Subject
from kiosk.technician.waiting import plain
from kiosk.uplink.receipts import LineState, ReceiptReader, ReceiptsUnusable, Standing

OLD_S: Final = 24 * 3600.0
"""A line that is down for a night is no fault of the terminal's."""
_CHUNK: Final = 500
NAMED: Final = 20
"""So many damaged entries are named; ``kiosk ledger check`` names all."""


def ledger(subject: Subject) -> Verdict:
    """Every entry, its place in the chain, and the keys."""
    damaged: list[int] = []
    try:
        with LedgerReader(subject.configuration.ledger_path) as reader:
            head = reader.head().sequence
            damaged += reader.damaged_epochs()
            done = 0
            while done < head:
                for row in reader.entries(done, _CHUNK):
                    if isinstance(row, Damaged) and row.reason != ERASED:
                        damaged.append(row.sequence)
                    done = row.sequence
    except LedgerMissing as error:
        return Cause.LEDGER_MISSING, str(error)
    except LedgerError as error:
        return Cause.LEDGER_UNREADABLE, str(error)
    if damaged:
        return Cause.LEDGER_DAMAGED, f"entries {listed(sorted(set(damaged)))}"
    return None, f"{head} entries"


def listed(numbers: Sequence[int]) -> str:
    """The first :data:`NAMED` of them, and how many more there are."""
    named = ", ".join(map(str, numbers[:NAMED]))
    return f"{named} and {len(numbers) - NAMED} more" if numbers[NAMED:] else named


def receipts(subject: Subject) -> Verdict:
    """What the centre has acknowledged."""
    standing = _standing(subject)
    if isinstance(standing, str):
        return Cause.RECEIPTS_UNREADABLE, standing
    return None, f"delivered through {standing.through}"


def queue(subject: Subject) -> Verdict:
    """What waits for its upload, and whether the uplink waits for somebody."""
    standing = _standing(subject)
    if isinstance(standing, str):
        raise NotTried("the receipts can't be read")
    with LedgerReader(subject.configuration.ledger_path) as reader:
        waiting = reader.head().sequence - standing.through
    found = f"{waiting} entries wait; {standing.line.value} {plain(standing.reason)}".strip()
    if standing.line is LineState.HALTED:
        return Cause.UPLINK_HALTED, found
    silent_s = time.time() - (standing.last_contact_ms or standing.since_ms) / 1000
    return (Cause.QUEUE_OLD if waiting > 0 and silent_s > OLD_S else None), found


def _standing(subject: Subject) -> Standing | str:
    """How the uplink stands, or why its file can't be read."""
    configuration = with_credentials_of(subject.environment, subject.configuration)
    try:
        configuration.receipts_path.stat()
    except FileNotFoundError as missing:
        raise NotTried("the uplink has never run") from missing
    except OSError as error:
        return str(error.strerror)
    settings = bootstrap.uplink_settings(configuration)
    try:
        with LedgerReader(settings.ledger) as reader:
            ledger_id = reader.ledger_id
        opened = ReceiptReader(settings.receipts, ledger_id, settings.terminal, settings.centre_keys)
        try:
            return opened.standing()
        finally:
            opened.close()
    except (sqlite3.Error, ReceiptsUnusable, LedgerDamaged) as error:
        return str(error)


def stock(subject: Subject) -> Verdict:
    """The blank cards, as the book has them."""
    configuration = with_credentials_of(subject.environment, subject.configuration)
    try:
        sizes = stock_sizes(configuration)
    except ConfigurationError as error:
        return Cause.CONFIGURATION_WRONG, str(error)
    try:
        with bootstrap.open_kept(configuration) as reader:
            found = read_stock(reader.kept)
    except LedgerError as error:
        raise NotTried(f"the ledger can't be read: {error}") from error
    balance = found.balance
    seen = f"hopper {balance.hopper}, reject bin {balance.reject_bin}, retained bin {balance.retained_bin}"
    match obstacle(found, sizes):
        case Reason.PRINTER_NOT_CLEAR:
            return Cause.STOCK_DIFFERS, f"{seen}, in the printer {balance.printer + balance.exit}"
        case Reason.TWO_FED:
            return Cause.TWO_FED, f"{seen}; nobody has closed out since"
        case Reason.HOPPER_EMPTY:
            return Cause.HOPPER_EMPTY, seen
        case Reason.REJECT_BIN_FULL | Reason.RETAINED_BIN_FULL:
            return Cause.BIN_FULL, seen
    level = levels(found, sizes)
    if level[Place.HOPPER] is Level.LOW:
        return Cause.HOPPER_LOW, seen
    return (Cause.BIN_HIGH if Level.HIGH in level.values() else None), seen
