"""Which cards are being replaced at the moment, and orders that are taken back."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.card_states import Cause, Withdrawal, withdraw_replacement
from central.database import Database
from central.region_rules import RegionRules
from central.tables import Card, Issuance, ReplacementOrder
from kiosk.records.card import CardState


class OrderRefused(Exception):
    """Staff named a card for which no order is in progress."""


@dataclass(frozen=True, slots=True)
class OrderDesk:
    """What a window does with orders for new cards."""

    database: Database
    rules: RegionRules
    clock: Callable[[], float]
    """Seconds since 1970 UTC."""

    def withdraw(self, card_number: str, why: Withdrawal) -> str:
        """End the order in progress for a card without a new one; the state it is left in, as its region writes that.

        :param card_number: AAZ500 of the old card.
        :raises OrderRefused: there is no such card, no order for it is in progress, or a terminal is at it.
        """
        now_ms = int(self.clock() * 1000)
        with self.database.writing() as session:
            card = session.scalars(select(Card).where(Card.card_number == card_number).with_for_update()).one_or_none()
            orders = [] if card is None else orders_in_progress(session, [card.identification_code])
            if card is None or not orders:
                raise OrderRefused("no order for this card is in progress")
            if session.get(Issuance, orders[0].order_id) is not None:
                raise OrderRefused(
                    "a terminal is making this card; what is not finished in time is withdrawn by itself"
                )
            rule = self.rules.of(card.region)
            session.add_all(withdraw_replacement(card, rule, orders[0], why, now_ms, Cause()))
            return rule.states.code_of(CardState(card.state))


def orders_in_progress(session: Session, identification_codes: Iterable[str]) -> list[ReplacementOrder]:
    """The orders for these cards that are in progress, oldest first; the caller holds the cards' rows locked."""
    code = ReplacementOrder.identification_code
    in_progress = (
        select(ReplacementOrder)
        .where(code.in_(sorted(identification_codes)), ReplacementOrder.ended_at.is_(None))
        .order_by(ReplacementOrder.accepted_at, ReplacementOrder.order_id)
    )
    return list(session.scalars(in_progress))


def codes_being_replaced(session: Session, identification_codes: Iterable[str]) -> frozenset[str]:
    """Of these cards those for which an order is in progress; the caller holds the cards' rows locked."""
    return frozenset(order.identification_code for order in orders_in_progress(session, identification_codes))
