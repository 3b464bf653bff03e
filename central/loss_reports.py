"""``POST /v1/loss-reports``, ``/v1/formal-loss-reports`` and ``/v1/loss-liftings``; terms that nobody asks about."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from central.card_states import (
    By,
    Cause,
    answer_to_formal_report,
    answer_to_report,
    is_holder,
    lift,
    report,
    report_formally,
    settle_all,
    verdict_on_formal_report,
    verdict_on_lifting_without_card,
    verdict_on_report,
)
from central.database import Database
from central.exchange import Asker
from central.online import answer_again, locked_transaction, refuse_frozen, region_of
from central.problems import malformed
from central.region_rules import RegionRules
from central.replacement_orders import codes_being_replaced
from central.tables import Card, Holder, TransactionRow
from kiosk.records.card import CardState
from kiosk.records.filings import IdentifiedBy
from kiosk.records.questions import (
    FormalLossReported,
    FormalLossVerdict,
    LiftLossWithoutCard,
    LiftVerdict,
    LossLifted,
    LossReported,
    LossVerdict,
    PinVerdict,
    ReportFormalLoss,
    ReportLoss,
)
from kiosk.records.transaction import Service

_log: Final = logging.getLogger("central")

_Question = ReportLoss | ReportFormalLoss | LiftLossWithoutCard


@dataclass(frozen=True, slots=True)
class LossDesk:
    """Takes reports of cards that are not at hand, and takes them back."""

    database: Database
    rules: RegionRules
    clock: Callable[[], float]
    """Seconds since 1970 UTC."""

    def report(self, asker: Asker, question: ReportLoss) -> LossReported:
        """Stop the social side of a holder's card for now, once per transaction id.

        :raises Declined: a frozen terminal, another region's question, the word that the lost card was shown, or a
            transaction id that is something else's.
        """
        now_ms = self._now_ms()
        with self.database.writing() as session:
            row, cards = _begin(session, asker, question, Service.TEMPORARY_LOSS, now_ms)
            number = question.social_security_number
            rule = self.rules.of(question.region)
            if question.identified_by is IdentifiedBy.TYPED and not rule.temporary_loss_typed:
                return LossReported(verdict=LossVerdict.ID_CARD_WANTED)
            if not is_holder(session.get(Holder, number), question.name):
                return LossReported(verdict=LossVerdict.UNKNOWN)
            if row.formal_loss_at is not None or (row.identification_code and row.loss_reported_at is None):
                raise malformed("this transaction id has asked about a card")
            if row.loss_answer is not None and row.social_security_number == number:
                return answer_again(row.loss_answer, LossReported)
            if row.loss_reported_at is not None:
                raise malformed("this transaction id belongs to another card")
            verdict, card = verdict_on_report(cards, _being_replaced(session, cards))
            if verdict is LossVerdict.REPORTED and card is not None:
                session.add(report(card, rule, now_ms, _cause(asker, question)))
                row.loss_reported_at = now_ms
                _note_change(row, card)
            answer = answer_to_report(verdict, card, rule)
            if verdict is not LossVerdict.UNKNOWN:
                _keep_answer(row, question, answer)
            return answer

    def report_formally(self, asker: Asker, question: ReportFormalLoss) -> FormalLossReported:
        """Stop a holder's card for good where the region's rules let a terminal do so, once per transaction id.

        :raises Declined: as for :meth:`report`.
        """
        now_ms = self._now_ms()
        with self.database.writing() as session:
            row, cards = _begin(session, asker, question, Service.FORMAL_LOSS, now_ms)
            number = question.social_security_number
            if question.identified_by is IdentifiedBy.TYPED:
                return FormalLossReported(verdict=FormalLossVerdict.ID_CARD_WANTED)
            if not is_holder(session.get(Holder, number), question.name):
                return FormalLossReported(verdict=FormalLossVerdict.UNKNOWN)
            if row.loss_reported_at is not None or (row.identification_code and row.formal_loss_at is None):
                raise malformed("this transaction id has asked about a card")
            if row.loss_answer is not None and row.social_security_number == number:
                return answer_again(row.loss_answer, FormalLossReported)
            if row.formal_loss_at is not None:
                raise malformed("this transaction id belongs to another card")
            rule = self.rules.of(question.region)
            verdict, card = verdict_on_formal_report(cards, _being_replaced(session, cards), rule)
            oral_at_ms = None
            if verdict is FormalLossVerdict.REPORTED and card is not None:
                oral_at_ms = card.state_changed_at if card.state == CardState.TEMPORARILY_LOST.value else None
                session.add(report_formally(card, now_ms, _cause(asker, question)))
                row.formal_loss_at = now_ms
                _note_change(row, card)
            answer = answer_to_formal_report(verdict, card, rule, oral_at_ms)
            if verdict is not FormalLossVerdict.UNKNOWN:
                _keep_answer(row, question, answer)
            return answer

    def lift(self, asker: Asker, question: LiftLossWithoutCard) -> LossLifted:
        """Take the temporary report on a holder's card back where the region's rules open it, once per transaction id.

        :raises Declined: as for :meth:`report`.
        """
        now_ms = self._now_ms()
        with self.database.writing() as session:
            row, cards = _begin(session, asker, question, Service.LOSS_LIFTING, now_ms)
            number = question.social_security_number
            if question.identified_by is IdentifiedBy.TYPED:
                return _lifted(LiftVerdict.ID_CARD_WANTED)
            if not is_holder(session.get(Holder, number), question.name):
                return _lifted(LiftVerdict.UNKNOWN)
            if row.loss_reported_at is not None or row.formal_loss_at is not None:
                raise malformed("this transaction id has reported the card")
            if row.identification_code and row.loss_lifted_at is None:
                raise malformed("this transaction id has asked about a card")
            if row.loss_answer is not None and row.social_security_number == number:
                return answer_again(row.loss_answer, LossLifted)
            if row.loss_lifted_at is not None:
                raise malformed("this transaction id belongs to another card")
            rule = self.rules.of(question.region)
            verdict, card = verdict_on_lifting_without_card(cards, _being_replaced(session, cards), rule)
            if verdict is LiftVerdict.LIFTED and card is not None:
                session.add(lift(card, now_ms, _cause(asker, question)))
                row.loss_lifted_at = now_ms
                _note_change(row, card)
            answer = _lifted(verdict)
            if verdict is not LiftVerdict.UNKNOWN:
                _keep_answer(row, question, answer)
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


def _begin(
    session: Session,
    asker: Asker,
    question: _Question,
    service: Service,
    now_ms: int,
) -> tuple[TransactionRow, list[Card]]:
    """The transaction and the settled cards of the holder in question, locked."""
    refuse_frozen(session, asker)
    region = region_of(session, asker.terminal)
    if question.region != region:
        raise malformed("a terminal reports cards of its own region")
    if question.identified_by is IdentifiedBy.CARD:
        raise malformed("whose card is lost has none to show")
    transaction_id = question.transaction_id
    row = locked_transaction(session, asker, service, transaction_id=transaction_id, region=region, now_ms=now_ms)
    return row, _settled_cards(session, question.social_security_number, region, now_ms)


def _cause(asker: Asker, question: _Question) -> Cause:
    return Cause(asker.terminal, question.transaction_id, question.identified_by.value, By.TERMINAL)


def _note_change(row: TransactionRow, card: Card) -> None:
    row.identification_code, row.card_number = card.identification_code, card.card_number
    row.effects += 1


def _keep_answer(
    row: TransactionRow, question: _Question, answer: LossReported | FormalLossReported | LossLifted
) -> None:
    """So that it can be given again, to whoever asks for the same person."""
    row.social_security_number = question.social_security_number
    row.identified_by = question.identified_by.value
    row.loss_answer = msgspec.json.encode(answer).decode()


def _lifted(verdict: LiftVerdict) -> LossLifted:
    return LossLifted(pin=PinVerdict.NOT_ASKED, verdict=verdict)


def _being_replaced(session: Session, cards: list[Card]) -> frozenset[str]:
    return codes_being_replaced(session, [card.identification_code for card in cards])


def _settled_cards(session: Session, social_security_number: str, region: str, now_ms: int) -> list[Card]:
    query = select(Card).where(Card.social_security_number == social_security_number, Card.region == region)
    cards = list(session.scalars(query.order_by(Card.identification_code).with_for_update()))
    session.add_all(settle_all(cards, now_ms))
    return cards
