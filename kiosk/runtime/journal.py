"""The ledger and the centre's receipts, as the conductor sees them."""

import logging
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kiosk.central_client.clock_offset import ClockOffset
from kiosk.journeys.requests import LedgerFailed, TooManyWait
from kiosk.ledger.errors import EnclosuresFull, ErasureIncomplete, LedgerError, LedgerUnusable
from kiosk.ledger.journal import Damage, Ledger
from kiosk.records.custody import Movement
from kiosk.records.filings import LONGEST_KEPT_DAYS, Enclosure
from kiosk.records.technician import TechnicianAct
from kiosk.records.transaction import Outcome, Stage, Transaction
from kiosk.uplink.receipts import LineState, ReceiptReader, ReceiptsUnusable, Standing

_log = logging.getLogger(__name__)

_CLOSING: Final = frozenset(
    {"frozen", "unknown_terminal", "revoked", "signature", "ledger_behind_centre", "ledger_differs_from_centre"}
)
"""Reasons of a halted uplink for which the terminal may serve nobody: the centre will not take its word."""
_NAMED: Final = 20
"""So many damaged entries are named in the log; ``kiosk ledger check`` names all."""


class DurableJournal:
    """Appends to the ledger, erases what the centre has signed for, and knows whether the identity stands.

    A ledger that can't be opened, or that failed, is opened anew by the next call: what a technician has mended serves
    again without a restart, and until then nothing of the disk is held open.

    :param open_ledger: opens this terminal's ledger; raises what ``Ledger.open`` raises.
    """

    def __init__(
        self,
        open_ledger: Callable[[], Ledger],
        offset: ClockOffset,
        receipts: Path,
        terminal: str,
        centre_keys: Mapping[str, Ed25519PublicKey],
    ) -> None:
        self._open, self._offset, self._receipts = open_ledger, offset, receipts
        self._terminal, self._centre_keys = terminal, centre_keys
        self._ledger: Ledger | None = None
        self._has_failed = False
        self._erased_through = 0
        self._unerased = ""
        """Why something could not be erased, as last told."""
        self._owed: list[Transaction] = []
        """Ends that could not be written; they go in as soon as the ledger takes entries again."""

    @property
    def is_open(self) -> bool:
        """Whether the ledger is open; it is not while it can't be used."""
        return self._ledger is not None

    def append(self, transaction: Transaction, enclosure: Enclosure | None = None) -> int:
        """Make a transaction's stage durable, and the enclosure of a filing with it; its sequence.

        :raises TooManyWait: too many wait with an enclosure; without one it would be taken.
        :raises LedgerFailed: it could not be.
        """
        try:
            ledger, offset_ms = self._opened(), self._offset.milliseconds()
            return ledger.append(transaction, offset_ms=offset_ms, enclosure=enclosure).sequence
        except EnclosuresFull as error:
            _log.error("a filing was not taken down: %s", error)
            raise TooManyWait(str(error)) from error
        except LedgerError as error:
            is_end = transaction.stage is Stage.FINISHED and transaction.filing is None
            if is_end and transaction not in self._owed:
                self._owed.append(transaction)
            raise self._failed(error) from error

    def append_movement(self, movement: Movement, *, offset_ms: int, keep: Mapping[str, bytes | None]) -> int:
        """Make a movement of blank cards durable; its sequence. With :meth:`kept` what the book of the blanks needs.

        :raises LedgerFailed: it could not be.
        """
        try:
            return self._opened().append_movement(movement, offset_ms=offset_ms, keep=keep).sequence
        except LedgerError as error:
            raise self._failed(error) from error

    def append_act(self, act: TechnicianAct, *, offset_ms: int, keep: Mapping[str, bytes | None]) -> int:
        """Make a technician's act durable; its sequence. With :meth:`kept` what admitting technicians needs.

        :raises LedgerFailed: it could not be.
        """
        try:
            return self._opened().append_act(act, offset_ms=offset_ms, keep=keep).sequence
        except LedgerError as error:
            raise self._failed(error) from error

    def kept(self, name: str) -> bytes | None:
        """What the ledger keeps under this name.

        :raises LedgerFailed: it can't be read.
        """
        try:
            return self._opened().kept(name)
        except LedgerError as error:
            raise self._failed(error) from error

    def close_interrupted(self) -> int:
        """Finish on record what was begun and not finished while nobody is being served; how many there were.

        An end that is known and could not be written is written now. Of the others, left by a power cut or a crash,
        nobody knows what became, so they end as ``unknown``, and staff see them at the centre.

        :raises LedgerFailed: the ledger can't be read or written.
        """
        while self._owed:
            self.append(self._owed[0])
            self._owed.pop(0)
        lost = [transaction for transaction in self._begun() if transaction.step is None]
        for transaction in lost:
            self.append(
                msgspec.structs.replace(
                    transaction, stage=Stage.FINISHED, outcome=Outcome.UNKNOWN, reason="interrupted"
                )
            )
        return len(lost)

    def unsettled(self) -> Transaction | None:
        """The newest entry of a card that was left half made: its end can be found out, and is not guessed.

        :raises LedgerFailed: the ledger can't be read.
        """
        return next((transaction for transaction in self._begun() if transaction.step is not None), None)

    def _begun(self) -> list[Transaction]:
        try:
            return self._opened().unfinished()
        except LedgerError as error:
            raise self._failed(error) from error

    def tidy(self) -> bool:
        """Finish what was interrupted, erase what the centre has signed for; whether the identity is in good standing.

        Called while nobody is being served. Erasing writes to the ledger even when nothing is left to erase, so a full
        or dying disk shows before a citizen depends on it, and a mended one shows too.

        :raises LedgerFailed: the ledger can't be written.
        """
        interrupted = self.close_interrupted()
        if interrupted:
            _log.warning("%d transactions had been interrupted", interrupted)
        try:
            ledger = self._opened()
            standing = self._read_receipts(ledger)
            ledger.erase(self._erased_through)
            self._expire(ledger)
        except ErasureIncomplete as error:
            if str(error) != self._unerased:
                _log.warning("each round erases again: %s", error)
            self._unerased = str(error)
        except LedgerError as error:
            raise self._failed(error) from error
        return standing is None or not (standing.line is LineState.HALTED and standing.reason in _CLOSING)

    def _expire(self, ledger: Ledger) -> None:
        expired = ledger.expire_enclosures()
        if expired:
            _log.error(
                "erased after %d days without a receipt: the enclosures of entries %s", LONGEST_KEPT_DAYS, expired
            )

    def close(self) -> None:
        """Close the ledger's files."""
        if self._ledger is not None:
            self._ledger.close()
            self._ledger = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _opened(self) -> Ledger:
        if self._ledger is None:
            ledger = self._open()
            try:
                report(ledger.verify_undelivered())
                if self._has_failed:
                    # The kernel takes a page whose sync failed for clean: what stands in the log must go to the
                    # database before anything is built on it. Erasing empties the log.
                    ledger.erase(self._erased_through)
            except LedgerError:
                ledger.close()
                raise
            self._ledger, self._has_failed = ledger, False
        return self._ledger

    def _failed(self, error: LedgerError) -> LedgerFailed:
        _log.error("the ledger failed: %s", error)
        if isinstance(error, LedgerUnusable):
            self._has_failed = True
            self.close()
        return LedgerFailed(str(error))

    def _read_receipts(self, ledger: Ledger) -> Standing | None:
        """How the uplink stands; None while it has not started or its file can't be read."""
        try:
            self._receipts.stat()
        except OSError:
            return None
        try:
            reader = ReceiptReader(self._receipts, ledger.ledger_id, self._terminal, self._centre_keys)
        except (sqlite3.Error, ReceiptsUnusable) as error:
            _log.warning("receipts can't be read: %s", error)
            return None
        try:
            proven = reader.proven_through(self._erased_through)
            self._erased_through = min(proven, ledger.head().sequence)
            return reader.standing()
        except (sqlite3.Error, ReceiptsUnusable) as error:
            _log.warning("receipts can't be read: %s", error)
            return None
        finally:
            reader.close()


def report(damage: list[Damage]) -> None:
    """Tell the technician what is damaged; the uplink sends a tombstone for each, so staff see them as well."""
    if damage:
        named = ", ".join(f"{one.sequence} {one.what}" for one in damage[:_NAMED])
        _log.error(
            "%d damaged places in the ledger, at entries %s%s", len(damage), named, " …" if damage[_NAMED:] else ""
        )
