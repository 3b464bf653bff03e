"""The durable journal of what was done for citizens: encrypted, chained, append-only, erasable. See docs/ledger.md."""

from kiosk.ledger.errors import ErasureIncomplete, LedgerDamaged, LedgerError, LedgerFull, LedgerMissing, LedgerUnusable
from kiosk.ledger.inspection import Damaged
from kiosk.ledger.journal import Damage, Ledger
from kiosk.ledger.reader import LedgerReader
from kiosk.ledger.store import Appended

__all__ = [
    "Appended",
    "Damage",
    "Damaged",
    "ErasureIncomplete",
    "Ledger",
    "LedgerDamaged",
    "LedgerError",
    "LedgerFull",
    "LedgerMissing",
    "LedgerReader",
    "LedgerUnusable",
]
