"""``POST /v1/issuances…``: a new card made while its holder waits, from the reservation to where the card went.

Everything that a terminal says is checked against what the centre has written down before: it alone knows what a card
costs, whether that was paid, which blank belongs to which transaction, and when the new card takes the old one's place.
"""

import logging
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from central.card_keys import Algorithm
from central.card_states import (
    By,
    Cause,
    accept_replacement,
    cancel,
    is_holder,
    settle_all,
    switch_cards,
    verdict_on_issuance,
    verdict_on_switch,
)
from central.database import Database
from central.exchange import Asker
from central.fees import FeeDesk, is_settled, standing
from central.filings import age_of
from central.issuance_stages import (
    BEFORE_SWITCH,
    abandon,
    end_if_due,
    is_due,
    locked_issuance,
    mark_for_refund,
    open_case,
)
from central.keys import CentreKeys
from central.online import check_transaction_id, locked_transaction, refuse_frozen, region_of
from central.payments import PaymentUnavailable
from central.pins import hand_pin_over
from central.problems import BUSY, Declined, malformed
from central.region_rules import InstantRule, RegionRules
from central.replacement_orders import codes_being_replaced
from central.tables import Card, CardNumberSeries, Fee, Holder, Issuance, ReplacementOrder, TransactionRow
from kiosk.records.card import CardState, card_number_check_character
from kiosk.records.china_time import CHINA
from kiosk.records.filings import GUARDIAN_BELOW, IdentifiedBy
from kiosk.records.issuance import (
    SERVICE,
    AbandonIssuance,
    AbandonVerdict,
    AskFee,
    AskIssuance,
    AuthenticateBlank,
    BlankAuthenticated,
    BlankPurpose,
    BlankRegistered,
    BlankVerdict,
    CardOrder,
    CardsSwitched,
    CommitIssuance,
    FeeOrdered,
    FeeStanding,
    FeeState,
    IssuanceAbandoned,
    IssuanceCommitted,
    IssuanceReserved,
    IssuanceStage,
    IssuanceStanding,
    IssuanceToken,
    IssuanceVerdict,
    NewCardFate,
    OrderFee,
    RegisterBlank,
    ReplacementReason,
    RequestToken,
    ReserveIssuance,
    SwitchCards,
    SwitchVerdict,
    token_bytes,
)

_NUMBER_LENGTH: Final = 8
"""Characters of a card number before its check character."""
_BLANK_KNOWN: Final = frozenset({IssuanceStage.BLANK_REGISTERED.value, IssuanceStage.PERSONALISING.value})
_FED: Final = frozenset({IssuanceStage.TOKEN_GIVEN.value, *_BLANK_KNOWN})
_SWITCHED: Final = frozenset(
    {IssuanceStage.SWITCHED.value, IssuanceStage.OPEN_CASE.value, IssuanceStage.COMMITTED.value}
)
_log: Final = logging.getLogger("central")


class NumbersUsedUp(Exception):
    """No card number is left with the beginning that the rules name."""


class CaseRefused(Exception):
    """Staff named an issuance for which no case is open."""


class CaseOutcome(Enum):
    """How staff close a case."""

    HANDED_OUT = "handed_out"
    """Its holder has the new card."""
    DESTROYED = "destroyed"
    """Nobody will get it: it is cancelled, and what was paid goes back."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How long each step may take, in milliseconds. The centre's own figures (docs/central.md)."""

    reservation_ms: int
    """From one step of an issuance to its next."""
    fee_ms: int
    """For the person to pay."""
    token_ms: int
    """For the terminal to feed the blank."""


@dataclass(frozen=True, slots=True)
class IssuanceDesk:
    """Answers the steps of an issuance. At most one is under way for a person and for a card, whoever asks."""

    database: Database
    keys: CentreKeys
    rules: RegionRules
    terms: Terms
    fees: FeeDesk
    clock: Callable[[], float]
    """Seconds since 1970 UTC."""

    def reserve(self, asker: Asker, question: ReserveIssuance) -> IssuanceReserved:
        """Reserve a new card for a holder, once per transaction id, and say what it must carry and what it costs.

        :raises Declined: a frozen terminal, another region's question, or a transaction id that is something else's.
        """
        check_transaction_id(question.transaction_id)
        self._end_due(Issuance.social_security_number == question.social_security_number)
        now_ms = self._now_ms()
        with self.database.writing() as session:
            refuse_frozen(session, asker)
            region = region_of(session, asker.terminal)
            if question.region != region:
                raise malformed("a terminal makes cards of its own region")
            transaction = locked_transaction(
                session, asker, SERVICE, transaction_id=question.transaction_id, region=region, now_ms=now_ms
            )
            before = locked_issuance(session, question.transaction_id)
            if before is not None:
                if msgspec.json.decode(before.question, type=ReserveIssuance) != question:
                    raise malformed("this transaction id has reserved something else")
                return msgspec.json.decode(before.answer, type=IssuanceReserved)
            if transaction.effects or transaction.loss_reported_at is not None:
                raise malformed("this transaction id has done something else")
            number = question.social_security_number
            holder = session.scalars(
                select(Holder).where(Holder.social_security_number == number).with_for_update()
            ).one_or_none()
            instant = self.rules.of(region).instant
            refusal = self._refusal(session, question, holder, instant, now_ms)
            if refusal is not None or holder is None or instant is None:
                return refusal or IssuanceReserved(verdict=IssuanceVerdict.UNKNOWN)
            cards = _settled_cards(session, number, now_ms)
            here = [card for card in cards if card.region == region]
            verdict, card = verdict_on_issuance(
                here,
                [other for other in cards if other.region != region],
                codes_being_replaced(session, [one.identification_code for one in here]),
                question.reason,
                question.identification_code,
            )
            if verdict is IssuanceVerdict.RESERVED and not (holder.ethnic_group and holder.birthplace):
                verdict = IssuanceVerdict.INCOMPLETE
            fee_fen = instant.costs(question.reason, sum(one.replaced_by is not None for one in cards))
            if verdict is IssuanceVerdict.RESERVED and fee_fen and self.fees.provider is None:
                verdict = IssuanceVerdict.NO_PAYMENT
            if verdict is not IssuanceVerdict.RESERVED or card is None:
                return IssuanceReserved(verdict=verdict)
            cause = Cause(asker.terminal, question.transaction_id, by=By.TERMINAL)
            order, events = accept_replacement(
                card, self.rules.of(region), question.transaction_id, question.reason, now_ms, cause
            )
            session.add_all([order, *events])
            session.flush()  # first the order, to which the issuance points
            answer = IssuanceReserved(
                verdict=verdict,
                order=_order_of(holder, card, instant, _allot(session, instant.card_number_prefix), now_ms),
                fee_fen=fee_fen,
                expires_at_ms=now_ms + self.terms.reservation_ms,
            )
            session.add(_issuance(asker, question, region, card, answer, now_ms))
            transaction.identification_code, transaction.card_number = card.identification_code, card.card_number
            transaction.social_security_number, transaction.identified_by = number, question.identified_by.value
            transaction.effects += 1
            return answer

    def order_fee(self, asker: Asker, question: OrderFee) -> FeeOrdered:
        """Have the fee of what was reserved asked for, once, and tell by what it is paid.

        :raises Declined: no such issuance, it costs nothing, it is past that step, or nobody takes the money now.
        """
        self._end_if_due(question.transaction_id)
        now_ms = self._now_ms()
        with self.database.writing() as session:
            row = self._row(session, asker, question.transaction_id)
            fee_fen = _fee_fen(row)
            if fee_fen == 0:
                raise malformed("this card costs nothing")
            _require(row, {IssuanceStage.RESERVED.value}, now_ms)
            fee = session.get(Fee, row.transaction_id, with_for_update=True)
            if fee is None:
                fee = _fee(row.transaction_id, fee_fen, now_ms, min(now_ms + self.terms.fee_ms, row.expires_at))
                session.add(fee)
            expires_at_ms = fee.expires_at
        try:
            code_url = self.fees.order(question.transaction_id)
        except PaymentUnavailable as error:
            raise Declined(BUSY, "busy", "the payment provider does not answer") from error
        return FeeOrdered(code_url=code_url, fee_fen=fee_fen, expires_at_ms=expires_at_ms)

    def fee(self, asker: Asker, question: AskFee) -> FeeState:
        """Tell how far a fee has come, after asking who takes the money.

        :raises Declined: no such issuance.
        """
        self._end_if_due(question.transaction_id)
        with self.database.reading() as session:
            self._row(session, asker, question.transaction_id, lock=False)
        self._settle_fee(question.transaction_id)
        with self.database.reading() as session:
            return _fee_state(session, self._row(session, asker, question.transaction_id, lock=False))

    def token(self, asker: Asker, question: RequestToken) -> IssuanceToken:
        """Give leave to feed one blank, once it is paid: the same token however often it is asked for.

        :raises Declined: no such issuance, it is over, or its fee is not paid.
        """
        self._end_if_due(question.transaction_id)
        now_ms = self._now_ms()
        with self.database.writing() as session:
            row = self._row(session, asker, question.transaction_id)
            _require(row, BEFORE_SWITCH, now_ms)
            if row.token_expires_at is None:
                if not is_settled(session.get(Fee, row.transaction_id, with_for_update=True), _fee_fen(row)):
                    raise Declined(409, "fee_open")
                row.stage = IssuanceStage.TOKEN_GIVEN.value
                row.token_expires_at = now_ms + self.terms.token_ms
                row.expires_at = now_ms + self.terms.reservation_ms
            expires_at_ms = row.token_expires_at
            signed = token_bytes(row.transaction_id, row.terminal, expires_at_ms)
            return IssuanceToken(
                job_id=row.transaction_id,
                terminal=row.terminal,
                expires_at_ms=expires_at_ms,
                signature=self.keys.signing.sign(signed),
            )

    def register_blank(self, asker: Asker, question: RegisterBlank) -> BlankRegistered:
        """Bind a blank that was fed to its transaction, unless it is somebody's card or was fed before.

        :raises Declined: no such issuance, or no blank is due.
        """
        self._end_if_due(question.transaction_id)
        now_ms = self._now_ms()
        code = question.identification_code
        with self.database.writing() as session:
            row = self._row(session, asker, question.transaction_id)
            _require(row, _FED, now_ms)
            if row.blank is not None:
                same = (row.blank, row.bank_account) == (code, question.bank_account)
                return BlankRegistered(verdict=BlankVerdict.REGISTERED if same else BlankVerdict.ANOTHER_BLANK)
            if session.get(Card, code) is not None:
                return BlankRegistered(verdict=BlankVerdict.KNOWN_CARD)
            if session.scalars(select(Issuance.transaction_id).where(Issuance.blank == code)).first() is not None:
                return BlankRegistered(verdict=BlankVerdict.USED_BLANK)
            row.blank, row.bank_account = code, question.bank_account
            row.stage = IssuanceStage.BLANK_REGISTERED.value
            row.expires_at = now_ms + self.terms.reservation_ms
            return BlankRegistered(verdict=BlankVerdict.REGISTERED)

    def authenticate_blank(self, asker: Asker, question: AuthenticateBlank) -> BlankAuthenticated:
        """Answer the challenge of the blank that is registered, so that it lets itself be written to, or read back.

        :raises Declined: no such issuance, no blank is registered or, to be read back, none was written, or not a
            challenge of such a card.
        """
        self._end_if_due(question.transaction_id)
        now_ms = self._now_ms()
        with self.database.writing() as session:
            row = self._row(session, asker, question.transaction_id)
            reads_back = question.purpose is BlankPurpose.READING_BACK
            _require(row, {IssuanceStage.PERSONALISING.value} if reads_back else _BLANK_KNOWN, now_ms)
            algorithm = Algorithm.of_norm(_order(row).norm_version)
            if len(question.challenge) != algorithm.value or row.blank is None:
                raise malformed(f"a blank of this norm asks with {algorithm.value} bytes")
            row.stage = IssuanceStage.PERSONALISING.value
            cards = self.keys.cards
            answer = cards.terminal_cryptogram if reads_back else cards.personalisation_cryptogram
            cryptogram = answer(algorithm, row.blank, question.challenge)
        return BlankAuthenticated(cryptogram=cryptogram)

    def switch(self, asker: Asker, question: SwitchCards) -> CardsSwitched:
        """Let the new card take the old one's place, in one step and once: the point of no return.

        :raises Declined: no such issuance, it is not at this step, another card than its blank was read back, or the
            old card was left with its holder.
        """
        self._end_if_due(question.transaction_id)
        now_ms = self._now_ms()
        with self.database.writing() as session:
            transaction = self._transaction(session, asker, question.transaction_id, now_ms)
            row = self._row(session, asker, question.transaction_id)
            if row.stage not in _SWITCHED:
                _require(row, {IssuanceStage.PERSONALISING.value}, now_ms)
            if row.blank != question.identification_code:
                raise malformed("another card than the blank that was registered")
            if row.stage in _SWITCHED:
                return CardsSwitched(verdict=SwitchVerdict.SWITCHED, switched_at_ms=row.switched_at, sealed=row.sealed)
            if not is_settled(session.get(Fee, row.transaction_id, with_for_update=True), _fee_fen(row)):
                raise Declined(409, "fee_open")
            number = row.social_security_number
            session.scalars(select(Holder).where(Holder.social_security_number == number).with_for_update()).one()
            cards = _settled_cards(session, number, now_ms)
            old = next(card for card in cards if card.identification_code == row.old_card)
            order = session.get_one(ReplacementOrder, row.transaction_id, with_for_update=True)
            if order.reason != ReplacementReason.LOST.value and not question.old_card_kept:
                raise malformed("the old card was left with its holder")
            others = [card for card in cards if card is not old]
            instant = self.rules.of(row.region).instant
            if order.ended_at is not None or old.replaced_by is not None or instant is None:
                return CardsSwitched(verdict=SwitchVerdict.CANCELLED)
            verdict = verdict_on_switch(old, others)
            if verdict is not SwitchVerdict.SWITCHED:
                return CardsSwitched(verdict=verdict)
            new = _new_card(row, old)
            session.add(new)
            session.flush()  # first the card, to which its events point
            cause = Cause(asker.terminal, row.transaction_id, by=By.TERMINAL)
            session.add_all(switch_cards(old, others, order, new, now_ms, cause, sealed=instant.sealed))
            hand_pin_over(session, old, new)
            row.stage, row.switched_at, row.sealed = IssuanceStage.SWITCHED.value, now_ms, instant.sealed
            row.expires_at = now_ms + self.terms.reservation_ms
            transaction.switched_at = now_ms
            transaction.effects += 1
            return CardsSwitched(verdict=verdict, switched_at_ms=now_ms, sealed=instant.sealed)

    def commit(self, asker: Asker, question: CommitIssuance) -> IssuanceCommitted:
        """Note where the new card went; what its holder has not taken is an open case.

        :raises Declined: no such issuance, it was not switched, or something else was said of the card before.
        """
        self._end_if_due(question.transaction_id)
        now_ms = self._now_ms()
        with self.database.writing() as session:
            row = self._row(session, asker, question.transaction_id)
            if row.stage not in _SWITCHED:
                raise Declined(409, "issuance_state", row.stage)
            taken = question.fate is NewCardFate.TAKEN
            if row.stage == IssuanceStage.COMMITTED.value:
                if taken is not (row.why == NewCardFate.TAKEN.value):
                    raise Declined(409, "issuance_state", row.stage)
            elif taken:
                if row.why == NewCardFate.RETAINED.value:
                    raise Declined(409, "issuance_state", row.stage)
                row.stage, row.ended_at = IssuanceStage.COMMITTED.value, now_ms
                row.why, row.place = NewCardFate.TAKEN.value, ""
            else:
                open_case(row, self.rules, question.fate.value)
            return IssuanceCommitted(stage=IssuanceStage(row.stage), place=row.place)

    def abandon(self, asker: Asker, question: AbandonIssuance) -> IssuanceAbandoned:
        """End an issuance before the switch: the old card is what it was, and what was paid goes back.

        :raises Declined: no such issuance.
        """
        check_transaction_id(question.transaction_id)
        now_ms = self._now_ms()
        with self.database.writing() as session:
            row = self._row(session, asker, question.transaction_id)
            if row.stage in _SWITCHED:
                return IssuanceAbandoned(verdict=AbandonVerdict.SWITCHED)
            if row.stage in BEFORE_SWITCH:
                cause = Cause(asker.terminal, row.transaction_id, by=By.TERMINAL)
                abandon(session, row, self.rules, question.why.value, question.blank, now_ms, cause)
        self._settle_fee(question.transaction_id)
        return IssuanceAbandoned(verdict=AbandonVerdict.ABANDONED)

    def standing(self, asker: Asker, question: AskIssuance) -> IssuanceStanding:
        """Tell what the centre believes of an issuance.

        :raises Declined: no such issuance.
        """
        self._end_if_due(question.transaction_id)
        with self.database.reading() as session:
            row = self._row(session, asker, question.transaction_id, lock=False)
            return IssuanceStanding(
                stage=IssuanceStage(row.stage),
                fee=_fee_state(session, row),
                blank=row.blank or "",
                sealed=row.sealed,
                place=row.place,
            )

    def sweep(self) -> int:
        """End what has run out, though nobody asks, bring fees on, and tell how many issuances ended."""
        ended = self._end_due()
        if ended:
            _log.info("%d issuances have run out", ended)
        self.fees.settle_all()
        return ended

    def close_case(self, transaction_id: str, outcome: CaseOutcome) -> None:
        """Staff's word on a case.

        :param transaction_id: its first characters, as many as only one open case has.
        :raises CaseRefused: no such case is open, or several are.
        """
        now_ms = self._now_ms()
        with self.database.writing() as session:
            found = session.scalars(
                select(Issuance)
                .where(
                    Issuance.transaction_id.startswith(transaction_id, autoescape=True),
                    Issuance.stage == IssuanceStage.OPEN_CASE.value,
                )
                .with_for_update()
            ).all()
            if len(found) != 1:
                raise CaseRefused(f"{len(found)} open cases begin with {transaction_id}")
            (row,) = found
            row.stage, row.ended_at, row.why = IssuanceStage.COMMITTED.value, now_ms, outcome.value
            row.place = ""
            if outcome is CaseOutcome.DESTROYED:
                new = session.get_one(Card, row.blank, with_for_update=True)
                session.add_all(settle_all([new], now_ms))
                if new.state != CardState.CANCELLED.value and new.replaced_by is None:
                    session.add(cancel(new, now_ms, Cause(transaction_id=row.transaction_id)))
                fee = session.get(Fee, row.transaction_id, with_for_update=True)
                if fee is not None and fee.state == FeeStanding.PAID.value:
                    mark_for_refund(fee)
        self._settle_fee(row.transaction_id)

    def _transaction(self, session: Session, asker: Asker, transaction_id: str, now_ms: int) -> TransactionRow:
        region = region_of(session, asker.terminal)
        return locked_transaction(session, asker, SERVICE, transaction_id=transaction_id, region=region, now_ms=now_ms)

    def _row(self, session: Session, asker: Asker, transaction_id: str, *, lock: bool = True) -> Issuance:
        """:raises Declined: a frozen terminal, or no such issuance of it."""
        refuse_frozen(session, asker)
        row = locked_issuance(session, transaction_id) if lock else session.get(Issuance, transaction_id)
        if row is None or row.terminal != asker.terminal:
            raise Declined(404, "unknown_issuance")
        return row

    def _end_if_due(self, transaction_id: str) -> None:
        """Note whether one issuance has run out. Whoever asks about it does so first.

        :raises Declined: its id is no such id.
        """
        check_transaction_id(transaction_id)
        self._end_due(Issuance.transaction_id == transaction_id)

    def _end_due(self, *of: ColumnElement[bool]) -> int:
        """Note which issuances have run out, each in a transaction of its own; how many there were."""
        now_ms = self._now_ms()
        with self.database.reading() as session:
            rows = session.scalars(
                select(Issuance).where(Issuance.ended_at.is_(None), Issuance.expires_at <= now_ms, *of)
            ).all()
            due = [row.transaction_id for row in rows if is_due(row, now_ms)]
        for transaction_id in due:
            with self.database.writing() as session:
                row = locked_issuance(session, transaction_id)
                if row is not None:
                    end_if_due(session, row, self.rules, now_ms, Cause(transaction_id=transaction_id, by=By.TERM))
        return len(due)

    def _refusal(
        self,
        session: Session,
        question: ReserveIssuance,
        holder: Holder | None,
        instant: InstantRule | None,
        now_ms: int,
    ) -> IssuanceReserved | None:
        """What stands against a new card before the cards themselves are looked at; None: nothing does."""
        if _proves_nothing(question):
            return IssuanceReserved(verdict=IssuanceVerdict.ID_CARD_WANTED)
        if not is_holder(holder, question.name) or holder is None:
            return IssuanceReserved(verdict=IssuanceVerdict.UNKNOWN)
        if instant is None or question.reason not in instant.reasons:
            return IssuanceReserved(verdict=IssuanceVerdict.NOT_OPEN)
        age = age_of(holder.social_security_number, _day_of(now_ms), register=holder.birth_date)
        if age is not None and age < GUARDIAN_BELOW:
            return IssuanceReserved(verdict=IssuanceVerdict.NEEDS_GUARDIAN)
        return self._under_way(session, holder.social_security_number)

    def _under_way(self, session: Session, social_security_number: str) -> IssuanceReserved | None:
        """The refusal of a second card beside one that is under way."""
        row = session.scalars(
            select(Issuance).where(
                Issuance.social_security_number == social_security_number, Issuance.ended_at.is_(None)
            )
        ).one_or_none()
        if row is None:
            return None
        if row.stage == IssuanceStage.OPEN_CASE.value:
            return IssuanceReserved(verdict=IssuanceVerdict.WAITS, place=row.place)
        return IssuanceReserved(verdict=IssuanceVerdict.RUNNING)

    def _settle_fee(self, transaction_id: str) -> None:
        try:
            self.fees.settle(transaction_id)
        except PaymentUnavailable as error:
            _log.warning("a fee is not settled yet: %s", error)

    def _now_ms(self) -> int:
        return int(self.clock() * 1000)


def _proves_nothing(question: ReserveIssuance) -> bool:
    """Whether nothing was seen that shows who stands there: whose card is lost has none to show."""
    lost = question.reason is ReplacementReason.LOST
    by = question.identified_by
    return by is IdentifiedBy.TYPED or (lost and by is IdentifiedBy.CARD)


def _require(row: Issuance, stages: AbstractSet[str], now_ms: int) -> None:
    """:raises Declined: an issuance is not at one of these stages, or its time is over."""
    if row.stage not in stages or is_due(row, now_ms):
        raise Declined(409, "issuance_state", row.stage)


def _issuance(
    asker: Asker, question: ReserveIssuance, region: str, card: Card, answer: IssuanceReserved, now_ms: int
) -> Issuance:
    if answer.order is None or answer.expires_at_ms is None:
        raise LookupError("nothing was reserved")
    return Issuance(
        transaction_id=question.transaction_id,
        terminal=asker.terminal,
        region=region,
        social_security_number=question.social_security_number,
        old_card=card.identification_code,
        card_number=answer.order.card_number,
        question=msgspec.json.encode(question).decode(),
        answer=msgspec.json.encode(answer).decode(),
        stage=IssuanceStage.RESERVED.value,
        reserved_at=now_ms,
        expires_at=answer.expires_at_ms,
    )


def _fee(transaction_id: str, amount_fen: int, now_ms: int, expires_at_ms: int) -> Fee:
    return Fee(
        transaction_id=transaction_id,
        amount_fen=amount_fen,
        state=FeeStanding.PENDING.value,
        ordered_at=now_ms,
        expires_at=expires_at_ms,
    )


def _answer(row: Issuance) -> IssuanceReserved:
    return msgspec.json.decode(row.answer, type=IssuanceReserved)


def _fee_fen(row: Issuance) -> int:
    return _answer(row).fee_fen or 0


def _order(row: Issuance) -> CardOrder:
    order = _answer(row).order
    if order is None:
        raise LookupError("nothing was reserved")
    return order


def _fee_state(session: Session, row: Issuance) -> FeeState:
    fee_fen = _fee_fen(row)
    return FeeState(standing=standing(session.get(Fee, row.transaction_id), fee_fen), fee_fen=fee_fen)


def _order_of(holder: Holder, card: Card, instant: InstantRule, card_number: str, now_ms: int) -> CardOrder:
    issued_on = _day_of(now_ms)
    return CardOrder(
        name=holder.name,
        social_security_number=holder.social_security_number,
        sex=holder.sex,
        ethnic_group=holder.ethnic_group or "",  # never empty: INCOMPLETE
        birthplace=holder.birthplace or "",
        birth_date=holder.birth_date,
        card_number=card_number,
        issued_on=issued_on.isoformat(),
        expires_on=_years_later(issued_on, instant.valid_years).isoformat(),
        card_class=instant.card_class,
        norm_version=instant.norm_version,
        region_code=instant.region_code,
        bank=instant.bank or card.bank,
    )


def _day_of(now_ms: int) -> date:
    return datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(CHINA).date()


def _years_later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February, in a year that has none
        return day.replace(year=day.year + years, day=28)


def _allot(session: Session, prefix: str) -> str:
    """The next card number with this beginning that nobody has.

    :raises NumbersUsedUp: the operator must choose another beginning.
    """
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.execute(insert(CardNumberSeries).values(prefix=prefix, last=0).on_conflict_do_nothing())
    series = session.get_one(CardNumberSeries, prefix, with_for_update=True)
    digits = _NUMBER_LENGTH - len(prefix)
    while series.last + 1 < 10**digits:
        series.last += 1
        first_eight = f"{prefix}{series.last:0{digits}}"
        number = first_eight + card_number_check_character(first_eight)
        if session.scalars(select(Card.card_number).where(Card.card_number == number)).first() is None:
            return number
    raise NumbersUsedUp(f"all numbers that begin with {prefix} are allotted")


def _settled_cards(session: Session, social_security_number: str, now_ms: int) -> list[Card]:
    """All cards of a holder, of whatever region, locked."""
    query = select(Card).where(Card.social_security_number == social_security_number)
    cards = list(session.scalars(query.order_by(Card.identification_code).with_for_update()))
    session.add_all(settle_all(cards, now_ms))
    return cards


def _new_card(row: Issuance, old: Card) -> Card:
    """The new card, still sealed. Its bank side is the bank's to start."""
    order = _order(row)
    if row.blank is None:
        raise LookupError("the table's constraints do not hold")
    return Card(
        identification_code=row.blank,
        card_number=row.card_number,
        social_security_number=old.social_security_number,
        region=row.region,
        norm_version=order.norm_version,
        state=CardState.SEALED.value,
        bank=order.bank,
        bank_account=row.bank_account,
        bank_side_active=False,
    )
