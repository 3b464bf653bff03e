"""The ledger and the centre's receipts, as the conductor sees them."""

import logging
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kiosk.central_client.clock_offset import ClockOffset
from kiosk.journeys.requests import LedgerFailed
from kiosk.ledger.errors import ErasureIncomplete, LedgerError
from kiosk.ledger.journal import Ledger
from kiosk.records.transaction import Outcome, Stage, Transaction
from kiosk.uplink.receipts import LineState, ReceiptReader, Standing

_log = logging.getLogger(__name__)

_CLOSING: Final = frozenset({"frozen", "unknown_terminal", "revoked", "ledger_behind_centre"})
"""Reasons of a halted uplink for which the terminal may serve nobody: the centre will not take its word."""


class DurableJournal:
    """Appends to the ledger, erases what the centre has signed for, and knows whether the identity stands."""

    def __init__(
        self,
        ledger: Ledger,
        offset: ClockOffset,
        receipts: Path,
        terminal: str,
        centre_keys: Mapping[str, Ed25519PublicKey],
    ) -> None:
        self._ledger, self._offset, self._receipts = ledger, offset, receipts
        self._terminal, self._centre_keys = terminal, centre_keys
        self._erased_through = 0
        self._owed: list[Transaction] = []
        """Ends that could not be written; they go in as soon as the ledger takes entries again."""

    def append(self, transaction: Transaction) -> int:
        """Make a transaction's stage durable; its sequence.

        :raises LedgerFailed: it could not be.
        """
        try:
            return self._ledger.append(transaction, offset_ms=self._offset.milliseconds()).sequence
        except LedgerError as error:
            _log.error("append: %s", error)
            if transaction.stage is Stage.FINISHED and transaction not in self._owed:
                self._owed.append(transaction)
            raise LedgerFailed(str(error)) from error

    def close_interrupted(self) -> int:
        """Finish on record what was begun and not finished while nobody is being served; how many there were.

        An end that is known and could not be written is written now. Of the others, left by a power cut or a crash,
        nobody knows what became, so they end as ``unknown``, and staff see them at the centre.

        :raises LedgerFailed: the ledger can't be read or written.
        """
        while self._owed:
            self.append(self._owed[0])
            self._owed.pop(0)
        try:
            begun = self._ledger.unfinished()
        except LedgerError as error:
            raise LedgerFailed(str(error)) from error
        for transaction in begun:
            self.append(
                msgspec.structs.replace(
                    transaction, stage=Stage.FINISHED, outcome=Outcome.UNKNOWN, reason="interrupted"
                )
            )
        return len(begun)

    def tidy(self) -> bool:
        """Finish what was interrupted, erase what the centre has signed for; whether the identity is in good standing.

        Called while nobody is being served. Erasing writes to the ledger even when nothing is left to erase, so a full
        or dying disk shows before a citizen depends on it, and a mended one shows too.

        :raises LedgerFailed: the ledger can't be written.
        """
        interrupted = self.close_interrupted()
        if interrupted:
            _log.warning("%d transactions had been interrupted", interrupted)
        standing = self._read_receipts()
        try:
            self._ledger.erase(self._erased_through)
        except ErasureIncomplete:
            _log.info("the uplink was reading; the next round erases again")
        except LedgerError as error:
            raise LedgerFailed(str(error)) from error
        return standing is None or not (standing.line is LineState.HALTED and standing.reason in _CLOSING)

    def _read_receipts(self) -> Standing | None:
        """How the uplink stands; None while it has not started or its file can't be read."""
        try:
            reader = ReceiptReader(self._receipts, self._ledger.ledger_id, self._terminal, self._centre_keys)
        except sqlite3.Error:
            return None
        try:
            proven = reader.proven_through(self._erased_through)
            self._erased_through = min(proven, self._ledger.head().sequence)
            return reader.standing()
        except sqlite3.Error as error:
            _log.warning("receipts can't be read: %s", error)
            return None
        finally:
            reader.close()
