"""What can go wrong with the ledger. Texts are for the technician and hold nothing of a citizen's.

::

    LedgerError
    ├── LedgerFull          no space left; nothing was written, and it works again once there is space
    │   └── EnclosuresFull  as many enclosures wait for the centre as may; entries without one are taken
    ├── ErasureIncomplete   a reader kept erased bytes in the write-ahead log, or pages are damaged; erase again
    └── LedgerUnusable      must not be written to: in use, damaged, another terminal's, a disk error
        ├── LedgerInUse     another process writes it, as the terminal does while it runs
        ├── LedgerDamaged   bytes on the disk are wrong where they were needed
        └── LedgerMissing   there is no ledger in this folder
"""


class LedgerError(Exception):
    """The ledger did not do what was asked of it."""


class LedgerFull(LedgerError):
    """No space left. Nothing was written."""


class EnclosuresFull(LedgerFull):
    """As many enclosures wait for the centre as may. Nothing was written; entries without one are taken."""


class ErasureIncomplete(LedgerError):
    """Payloads that should be gone still lie in the write-ahead log, or on a damaged page. Erase again."""


class LedgerUnusable(LedgerError):
    """This ledger must not be written to."""


class LedgerInUse(LedgerUnusable):
    """Another process writes this ledger."""


class LedgerDamaged(LedgerUnusable):
    """Bytes on the disk are not what was written, at a place that was needed."""


class LedgerMissing(LedgerUnusable):
    """There is no ledger here, or its making was cut short: it can be created."""
