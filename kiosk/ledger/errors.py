"""What can go wrong with the ledger. Texts are for the technician and hold nothing of a citizen's.

::

    LedgerError
    ├── LedgerFull          no space left; nothing was written, and it works again once there is space
    ├── ErasureIncomplete   the rows are gone, but a reader kept their bytes in the write-ahead log; erase again
    └── LedgerUnusable      must not be written to: in use, damaged, another terminal's, a disk error
        └── LedgerMissing   there is no ledger in this folder
"""


class LedgerError(Exception):
    """The ledger did not do what was asked of it."""


class LedgerFull(LedgerError):
    """No space left. Nothing was written."""


class ErasureIncomplete(LedgerError):
    """The payloads are deleted, but their bytes still lie in the write-ahead log. Erase again."""


class LedgerUnusable(LedgerError):
    """This ledger must not be written to."""


class LedgerMissing(LedgerUnusable):
    """There is no ledger here, or its making was cut short: it can be created."""
