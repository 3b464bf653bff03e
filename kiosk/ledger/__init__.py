"""The durable journal of what was done for citizens: encrypted, chained, append-only, erasable. See docs/ledger.md."""

from kiosk.ledger.enclosures import Waiting
from kiosk.ledger.errors import (
    EnclosuresFull,
    ErasureIncomplete,
    LedgerDamaged,
    LedgerError,
    LedgerFull,
    LedgerInUse,
    LedgerMissing,
    LedgerUnusable,
)
from kiosk.ledger.inspection import Damaged
from kiosk.ledger.journal import Damage, Ledger
from kiosk.ledger.kept import KeptReader
from kiosk.ledger.reader import LedgerReader
from kiosk.ledger.store import Appended

__all__ = [
    "Appended",
    "Damage",
    "Damaged",
    "EnclosuresFull",
    "ErasureIncomplete",
    "KeptReader",
    "Ledger",
    "LedgerDamaged",
    "LedgerError",
    "LedgerFull",
    "LedgerInUse",
    "LedgerMissing",
    "LedgerReader",
    "LedgerUnusable",
    "Waiting",
]
