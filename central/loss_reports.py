"""``POST /v1/loss-reports``, and the end of reports whose term has run out though nobody asks."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from central.card_states import (
    Cause,
    answer_to_report,
    is_holder,
    report,
    settle_all,
    verdict_on_report,
)
from central.database import Database
from central.exchange import Asker
from central.online import locked_transaction, refuse_frozen, region_of
from central.problems import malformed
from central.region_rules import RegionRules
from central.tables import Card, Holder
from kiosk.records.questions import LossReported, LossVerdict, ReportLoss
from kiosk.records.transaction import Service

_log: Final = logging.getLogger("central")


@dataclass(frozen=True, slots=True)
class LossDesk:
    """Takes reports of cards that are not at hand."""

    database: Database
    rules: RegionRules
    clock: Callable[[], float]
    """Seconds since 1970 UTC."""

    def report(self, asker: Asker, question: ReportLoss) -> LossReported:
        """Stop the social side of a holder's card for now, once per transaction id.

        :raises Declined: a frozen terminal, another region's question, or a transaction id that is something else's.
        """
        now_ms = self._now_ms()
        with self.database.writing() as session:
            refuse_frozen(session, asker)
            region = region_of(session, asker.terminal)
            if question.region != region:
                raise malformed("a terminal reports cards of its own region")
            number = question.social_security_number
            row = locked_transaction(
                session,
                asker,
                Service.TEMPORARY_LOSS,
                transaction_id=question.transaction_id,
                region=region,
                now_ms=now_ms,
            )
            cards = _settled_cards(session, number, region, now_ms)
            if not is_holder(session.get(Holder, number), question.name):
                return LossReported(verdict=LossVerdict.UNKNOWN)
            if row.identification_code and row.loss_reported_at is None:
                raise malformed("this transaction id has asked about a card")
            if row.loss_answer is not None and row.social_security_number == number:
                return msgspec.json.decode(row.loss_answer, type=LossReported)
            if row.loss_reported_at is not None:
                raise malformed("this transaction id belongs to another card")
            verdict, card = verdict_on_report(cards)
            if verdict is LossVerdict.REPORTED and card is not None:
                cause = Cause(terminal=asker.terminal, transaction_id=question.transaction_id)
                session.add(report(card, self.rules.of(region), now_ms, cause))
                row.identification_code, row.card_number = card.identification_code, card.card_number
                row.loss_reported_at = now_ms
                row.effects += 1
            answer = answer_to_report(verdict, card)
            if verdict is not LossVerdict.UNKNOWN:
                row.social_security_number = number
                row.loss_answer = msgspec.json.encode(answer).decode()
            return answer

    def sweep(self) -> int:
        """End every report whose term has run out, and tell how many there were."""
        now_ms = self._now_ms()
        due = select(Card).where(Card.loss_lapses_at <= now_ms).order_by(Card.identification_code)
        with self.database.reading() as session:
            if session.scalars(due.limit(1)).first() is None:
                return 0
        with self.database.writing() as session:
            # A row that somebody holds is being settled there.
            events = settle_all(session.scalars(due.with_for_update(skip_locked=True)), now_ms)
            session.add_all(events)
        _log.info("%d temporary loss reports have run out", len(events))
        return len(events)

    def _now_ms(self) -> int:
        return int(self.clock() * 1000)


def _settled_cards(session: Session, social_security_number: str, region: str, now_ms: int) -> list[Card]:
    query = select(Card).where(Card.social_security_number == social_security_number, Card.region == region)
    cards = list(session.scalars(query.order_by(Card.identification_code).with_for_update()))
    session.add_all(settle_all(cards, now_ms))
    return cards
