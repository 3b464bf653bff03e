"""Rows of issuances: what ends one before the switch, and what its fee becomes with it.

Rows are locked in one order everywhere: the transaction, the issuance, the holder, cards by their codes, the
replacement order, the fee.
"""

from typing import Final

from sqlalchemy.orm import Session

from central.card_states import Cause, Withdrawal, settle_all, withdraw_replacement
from central.region_rules import RegionRules
from central.tables import Card, Fee, Issuance, ReplacementOrder
from kiosk.records.issuance import BlankFate, FeeStanding, IssuanceStage, NewCardFate

BEFORE_SWITCH: Final = frozenset(
    stage.value
    for stage in (
        IssuanceStage.RESERVED,
        IssuanceStage.TOKEN_GIVEN,
        IssuanceStage.BLANK_REGISTERED,
        IssuanceStage.PERSONALISING,
    )
)
TIME_OVER: Final = "time"
"""Why an issuance was abandoned that nobody went on with."""
NO_WORD: Final = "no_word"
"""Why a case is open: the terminal has not said where the new card went."""


def locked_issuance(session: Session, transaction_id: str) -> Issuance | None:
    """The row of an issuance, locked."""
    return session.get(Issuance, transaction_id, with_for_update=True)


def is_due(row: Issuance, now_ms: int) -> bool:
    """Whether the time of an issuance is over, and nobody has noted it yet."""
    waits = row.stage in BEFORE_SWITCH or row.stage == IssuanceStage.SWITCHED.value
    return waits and row.expires_at <= now_ms


def end_if_due(session: Session, row: Issuance, rules: RegionRules, now_ms: int, cause: Cause) -> None:
    """Abandon what was not switched in time; open a case for what was switched and not committed."""
    if not is_due(row, now_ms):
        return
    if row.stage == IssuanceStage.SWITCHED.value:
        open_case(row, rules, NO_WORD)
    else:
        abandon(
            session,
            row,
            rules,
            TIME_OVER,
            BlankFate.UNKNOWN if row.token_expires_at else BlankFate.NOT_FED,
            now_ms,
            cause,
        )


def abandon(
    session: Session, row: Issuance, rules: RegionRules, why: str, blank: BlankFate, now_ms: int, cause: Cause
) -> None:
    """End a locked issuance before the switch. The old card is what it was; what was paid goes back.

    :param why: a machine word.
    """
    card = session.get_one(Card, row.old_card, with_for_update=True)
    session.add_all(settle_all([card], now_ms))
    order = session.get_one(ReplacementOrder, row.transaction_id, with_for_update=True)
    if order.ended_at is None:
        rule = rules.of(row.region)
        session.add_all(withdraw_replacement(card, rule, order, Withdrawal.NOT_MADE, now_ms, cause))
    row.stage, row.ended_at = IssuanceStage.ABANDONED.value, now_ms
    row.why, row.blank_fate = why, blank.value
    start_refund(session, row)


def open_case(row: Issuance, rules: RegionRules, why: str) -> None:
    """Have staff see to a new card that is not known to be with its holder.

    :param why: a :class:`~kiosk.records.issuance.NewCardFate`, or :data:`NO_WORD`.
    """
    instant = rules.of(row.region).instant
    if row.why != NewCardFate.RETAINED.value:  # what is known is not unlearnt
        row.why = why
    row.stage = IssuanceStage.OPEN_CASE.value
    row.place = row.place or (instant.collection_place if instant is not None else "")


def start_refund(session: Session, row: Issuance) -> None:
    """Let what was paid for an issuance go back, once; the provider is told by :class:`central.fees.FeeDesk`."""
    fee = session.get(Fee, row.transaction_id, with_for_update=True)
    if fee is not None and fee.state == FeeStanding.PAID.value:
        mark_for_refund(fee)


def mark_for_refund(fee: Fee) -> None:
    """The same for a locked fee whose payment the centre knows. The refund has one number for ever."""
    fee.state = FeeStanding.REFUND_PENDING.value
    fee.refund_number = f"R{fee.transaction_id}"
