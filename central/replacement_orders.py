"""Which cards are being replaced at the moment, and how an office ends an order: with a new card or without one."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from central.card_states import (
    Cause,
    NotAllowed,
    Withdrawal,
    accept_replacement,
    activate,
    issue_replacement,
    settle_all,
    verdict_on_order,
    withdraw_replacement,
)
from central.database import Database
from central.filing_rows import put
from central.pins import hand_pin_over
from central.region_rules import RegionRule, RegionRules
from central.tables import Card, Filing, Issuance, ReplacementOrder
from kiosk.records.card import CardState, ReplacementReason
from kiosk.records.filings import OPEN_STATES, FilingState, FilingVerdict


class OrderRefused(Exception):
    """Staff named a card for which no order is in progress, or a new card that can't be its successor."""


@dataclass(frozen=True, slots=True)
class MadeCard:
    """The new card that an office has made."""

    identification_code: str
    """AAZ501."""
    card_number: str
    """AAZ500."""
    norm_version: str
    """AAZ508."""


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
            card, order = _ordered(session, card_number)
            rule = self.rules.of(card.region)
            session.add_all(withdraw_replacement(card, rule, order, why, now_ms, Cause()))
            _end_filing(session, order, FilingState.WITHDRAWN, now_ms)
            return rule.states.code_of(CardState(card.state))

    def hand_over(self, card_number: str, made: MadeCard, *, started: bool) -> str:
        """End the order in progress for a card: its holder has the new one; the state of that, as its region writes it.

        :param card_number: AAZ500 of the old card, which ends.
        :param started: the office has started the new one at once; otherwise it is yet to be started.
        :raises OrderRefused: as :meth:`withdraw`; or the new card is somebody's already, or its holder has another that
            works.
        """
        now_ms = int(self.clock() * 1000)
        with self.database.writing() as session:
            old, order = _ordered(session, card_number)
            taken = Card.identification_code == made.identification_code, Card.card_number == made.card_number
            if session.scalars(select(Card.identification_code).where(or_(*taken)).limit(1)).first() is not None:
                raise OrderRefused("the new card is somebody's already")
            number = old.social_security_number
            others = [
                card
                for card in session.scalars(select(Card).where(Card.social_security_number == number).with_for_update())
                if card is not old
            ]
            session.add_all(settle_all([old, *others], now_ms))
            new = Card(
                identification_code=made.identification_code,
                card_number=made.card_number,
                social_security_number=number,
                region=old.region,
                norm_version=made.norm_version,
                state=CardState.SEALED.value,
                bank=old.bank,
                bank_account="",
                bank_side_active=False,
            )
            session.add(new)
            session.flush()  # first the card, to which its events point
            session.add(issue_replacement(old, order, new, now_ms, Cause()))
            if started:
                try:
                    session.add(activate(new, [old, *others], now_ms, Cause()))
                except NotAllowed as error:
                    raise OrderRefused("another card of the holder works") from error
            hand_pin_over(session, old, new)
            _end_filing(session, order, FilingState.DONE, now_ms)
            return self.rules.of(old.region).states.code_of(CardState(new.state))


def _ordered(session: Session, card_number: str) -> tuple[Card, ReplacementOrder]:
    """A card and the order for its successor that an office is at, both locked.

    :raises OrderRefused: there is no such card, no order for it is in progress, or a terminal is at it.
    """
    card = session.scalars(select(Card).where(Card.card_number == card_number).with_for_update()).one_or_none()
    orders = [] if card is None else orders_in_progress(session, [card.identification_code])
    if card is None or not orders:
        raise OrderRefused("no order for this card is in progress")
    if session.get(Issuance, orders[0].order_id) is not None:
        raise OrderRefused("a terminal is making this card; what is not finished in time is withdrawn by itself")
    return card, orders[0]


def _end_filing(session: Session, order: ReplacementOrder, state: FilingState, now_ms: int) -> None:
    """Let the filing come to its end with the order that it is; an order that a window took has none."""
    filing = session.get(Filing, order.order_id, with_for_update=True)
    if filing is not None and FilingState(filing.state) in OPEN_STATES:
        put(session, filing, state, now_ms)


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


def take_order(
    session: Session,
    reason: ReplacementReason,
    cards: Sequence[Card],
    elsewhere: Sequence[Card],
    rule: RegionRule,
    now_ms: int,
    cause: Cause,
) -> FilingVerdict:
    """Accept a holder's order for a new card under the id of the transaction that caused it; anything but FILED: not.

    :param cards: the holder's in the region, settled and locked.
    :param elsewhere: the same of other regions.
    """
    being_replaced = codes_being_replaced(session, [card.identification_code for card in cards])
    verdict, old = verdict_on_order(cards, elsewhere, being_replaced, reason, rule)
    if old is not None:
        order, events = accept_replacement(old, rule, cause.transaction_id, reason, now_ms, cause)
        session.add_all([order, *events])
    return verdict
