"""Fees of new cards: ordered once, believed only when asked for, given back once, never lost.

What happens is written down before the provider is asked and after it has answered, so that a power cut anywhere leaves
something that :meth:`FeeDesk.settle_all` goes on with.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from central.card_states import By, Cause
from central.database import Database
from central.issuance_stages import BEFORE_SWITCH, end_if_due, locked_issuance, mark_for_refund
from central.payments import Payment, PaymentProvider, PaymentState, PaymentUnavailable, RefundState
from central.region_rules import RegionRules
from central.tables import Alarm, Fee, Issuance
from kiosk.records.issuance import FeeStanding

LOOKED_AT_AGAIN_MS: Final = 24 * 60 * 60 * 1000
"""For so long a closed order is asked about again: a payment that was under way may yet have come through."""
WRONG_AMOUNT: Final = "amount"
REFUND_STUCK: Final = "refund"
_PENDING, _PAID, _CLOSED = FeeStanding.PENDING.value, FeeStanding.PAID.value, FeeStanding.CLOSED.value
_REFUND_PENDING, _REFUNDED = FeeStanding.REFUND_PENDING.value, FeeStanding.REFUNDED.value
_log: Final = logging.getLogger("central")


@dataclass(frozen=True, slots=True)
class FeeDesk:
    """Orders fees, learns what became of them, gives them back."""

    database: Database
    rules: RegionRules
    provider: PaymentProvider | None
    """None: this centre takes no money."""
    reservation_ms: int
    """How long an issuance may take from the payment to its next step."""
    clock: Callable[[], float]
    """Seconds since 1970 UTC."""

    def order(self, transaction_id: str) -> str:
        """What the QR code of a fee says that was noted as pending.

        :raises PaymentUnavailable: the provider has not answered.
        """
        fee, _ = self._look(transaction_id)
        if fee is None or self.provider is None:
            raise PaymentUnavailable("nobody takes the money")
        if fee.code_url:
            return fee.code_url
        code_url = self.provider.order(transaction_id, fee.amount_fen, fee.expires_at)
        with self.database.writing() as session:
            row = locked_issuance(session, transaction_id)
            fee = session.get_one(Fee, transaction_id, with_for_update=True)
            fee.code_url = fee.code_url or code_url
            ended = row is None or row.ended_at is not None
        if ended:  # meanwhile: nobody may pay what is over
            self.settle(transaction_id)
        return fee.code_url

    def settle(self, transaction_id: str) -> None:
        """Bring one fee as far as its provider lets.

        :raises PaymentUnavailable: it has not answered; nothing is lost.
        """
        for _ in range(3):  # learnt, marked, given back
            fee, row = self._look(transaction_id)
            if fee is None or row is None or self.provider is None:
                return
            if fee.state == _REFUND_PENDING:
                self._give_back(self.provider, fee)
                return
            if fee.state not in (_PENDING, _CLOSED):
                return
            payment = self.provider.query(transaction_id)
            if payment.state is PaymentState.OPEN and (row.ended_at is not None or fee.state == _CLOSED):
                self.provider.close(transaction_id)
                payment = self.provider.query(transaction_id)
            self._note(transaction_id, payment)

    def settle_all(self) -> None:
        """The same for every fee that is not at its end."""
        now_ms = self._now_ms()
        recently = and_(Fee.state == _CLOSED, Fee.closed_at > now_ms - LOOKED_AT_AGAIN_MS)
        unsettled = or_(Fee.state.in_((_PENDING, _REFUND_PENDING)), recently)
        with self.database.reading() as session:
            ids = list(session.scalars(select(Fee.transaction_id).where(unsettled).order_by(Fee.ordered_at)))
        for transaction_id in ids:
            try:
                self.settle(transaction_id)
            except PaymentUnavailable as error:
                _log.warning("a fee is not settled yet: %s", error)

    def unsettled(self) -> int:
        """How many fees somebody may still pay, or are still to go back."""
        with self.database.reading() as session:
            waiting = select(Fee.transaction_id).where(Fee.state.in_((_PENDING, _REFUND_PENDING)))
            return len(session.scalars(waiting).all())

    def notified(self, headers: Mapping[str, str], body: bytes) -> None:
        """Look at the fee that a provider's notification speaks of.

        :raises NotificationRefused: it is not the provider's.
        :raises PaymentUnavailable: the provider, asked about it, has not answered.
        """
        if self.provider is not None:
            self.settle(self.provider.notified(headers, body))

    def _look(self, transaction_id: str) -> tuple[Fee | None, Issuance | None]:
        with self.database.reading() as session:
            found = session.get(Fee, transaction_id), session.get(Issuance, transaction_id)
            session.expunge_all()
            return found

    def _note(self, transaction_id: str, payment: Payment) -> None:
        """Write the provider's word down: honour it where the card is still being made, else let it go back."""
        now_ms = self._now_ms()
        with self.database.writing() as session:
            row = locked_issuance(session, transaction_id)
            if row is None:
                return
            end_if_due(session, row, self.rules, now_ms, Cause(transaction_id=transaction_id, by=By.TERM))
            fee = session.get_one(Fee, transaction_id, with_for_update=True)
            if fee.state not in (_PENDING, _CLOSED):
                return
            match payment.state:
                case PaymentState.PAID:
                    self._note_paid(session, row, fee, payment.paid_fen or 0, now_ms)
                case PaymentState.CLOSED if fee.state == _PENDING:
                    fee.state, fee.closed_at = _CLOSED, now_ms
                case PaymentState.UNKNOWN if fee.state == _PENDING and row.ended_at is not None:
                    fee.state, fee.closed_at = _CLOSED, now_ms
                case _:
                    pass

    def _note_paid(self, session: Session, row: Issuance, fee: Fee, paid_fen: int, now_ms: int) -> None:
        fee.paid_fen, fee.paid_at = paid_fen, now_ms
        if paid_fen != fee.amount_fen:
            fee.trouble = WRONG_AMOUNT
            detail = f"issuance {row.transaction_id[:8]}: {paid_fen} fen instead of {fee.amount_fen}"
            session.add(Alarm(raised_at=now_ms, terminal=row.terminal, kind="wrong_amount", detail=detail))
            mark_for_refund(fee)
        elif row.stage in BEFORE_SWITCH:
            fee.state = _PAID
            row.expires_at = max(row.expires_at, now_ms + self.reservation_ms)
        else:
            mark_for_refund(fee)

    def _give_back(self, provider: PaymentProvider, fee: Fee) -> None:
        if fee.refund_number is None or fee.paid_fen is None:
            raise LookupError("the table's constraints do not hold")
        if fee.paid_fen == 0:  # nothing came, nothing goes back
            state = RefundState.DONE
        else:
            state = provider.refund(fee.transaction_id, fee.refund_number, fee.paid_fen)
        with self.database.writing() as session:
            locked_issuance(session, fee.transaction_id)
            kept = session.get_one(Fee, fee.transaction_id, with_for_update=True)
            if kept.state != _REFUND_PENDING:
                return
            match state:
                case RefundState.DONE:
                    kept.state, kept.refunded_at = _REFUNDED, self._now_ms()
                    kept.trouble = "" if kept.trouble == REFUND_STUCK else kept.trouble
                case RefundState.STUCK:
                    kept.trouble = REFUND_STUCK
                case RefundState.PENDING:
                    pass

    def _now_ms(self) -> int:
        return int(self.clock() * 1000)


def standing(fee: Fee | None, fee_fen: int) -> FeeStanding:
    """How far a fee has come, as a terminal is told.

    :param fee_fen: what the issuance costs; 0 is free.
    """
    if fee_fen == 0:
        return FeeStanding.FREE
    return FeeStanding.NOT_ORDERED if fee is None else FeeStanding(fee.state)


def is_settled(fee: Fee | None, fee_fen: int) -> bool:
    """Whether a card may be made."""
    return standing(fee, fee_fen) in (FeeStanding.FREE, FeeStanding.PAID)
