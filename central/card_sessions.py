"""Asking while the citizen waits: a card proves itself, then it is asked about, or its PIN or its loss report."""

import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from central.card_keys import Algorithm
from central.card_states import (
    By,
    Cause,
    activate,
    is_holder,
    lift,
    settle_all,
    verdict_on_activation,
    verdict_on_lifting,
)
from central.database import Database
from central.exchange import Asker
from central.keys import CentreKeys
from central.online import check_transaction_id, locked_transaction, refuse_frozen, region_of
from central.pins import HeldPins, Pads, PinCheck, is_weak
from central.problems import Declined, malformed, unknown_session
from central.region_rules import RegionRules
from central.replacement_orders import codes_being_replaced
from central.tables import (
    Alarm,
    Card,
    CardSession,
    CentrePin,
    Holder,
    Insurance,
    MedicalAccount,
    MedicalYearRow,
    ReceiptRow,
    SharesColumns,
    TransactionRow,
)
from kiosk.records.activation import ActivateCard, ActivationVerdict, CardActivated
from kiosk.records.card import CardState
from kiosk.records.questions import (
    AuthenticateTerminal,
    BenefitsBlock,
    CardExamined,
    CardProof,
    CardProved,
    CardSessionOpened,
    ChangeCentrePin,
    ExamineCard,
    GetRecord,
    GetWorkingKey,
    HolderRecord,
    InsuranceStatus,
    LiftLoss,
    LiftVerdict,
    LossLifted,
    OpenCardSession,
    PinChange,
    PinChanged,
    PinVerdict,
    ProveCard,
    RecordAnswer,
    TerminalAuthenticated,
    WorkingKey,
)
from kiosk.records.settlement import (
    RECEIPTS_TOLD,
    YEARS_TOLD,
    MedicalYear,
    SettlementReceipt,
    Shares,
    Standing,
)
from kiosk.records.transaction import Service

CHALLENGE_LIFE_S: Final = 120
"""How long a challenge may be answered (docs/protocol.md)."""
PROVED_LIFE_S: Final = 600
"""How long a proved card may be asked about: three PIN entries in large type, with rests."""
_IDENTIFICATION_CODE: Final = re.compile(r"[0-9A-F]{32}", re.ASCII)
_NORM_VERSION: Final = re.compile(r"[0-9]\.[0-9]{2}", re.ASCII)
_WITHHELD: Final = frozenset({CardState.LOST.value, CardState.TEMPORARILY_LOST.value, CardState.CANCELLED.value})
"""Who holds such a card need not be who it was made for: nothing is told or changed."""


@dataclass(frozen=True, slots=True)
class CardDesk:
    """Answers the questions of a journey."""

    database: Database
    keys: CentreKeys
    rules: RegionRules
    pin_tries: int
    clock: Callable[[], float]
    """Seconds since 1970 UTC."""

    def open(self, asker: Asker, question: OpenCardSession) -> CardSessionOpened:
        """Draw a challenge for a card."""
        if not _NORM_VERSION.fullmatch(question.norm_version):
            raise malformed("a norm version reads like 2.00")
        if not _IDENTIFICATION_CODE.fullmatch(question.identification_code):
            raise malformed("an identification code is 32 upper-case hex characters")
        check_transaction_id(question.transaction_id)
        challenge = secrets.token_bytes(Algorithm.of_norm(question.norm_version).value)
        opened = CardSessionOpened(session_id=secrets.token_hex(16), challenge=challenge)
        now_ms = self._now_ms()
        with self.database.writing() as session:
            refuse_frozen(session, asker)
            session.execute(delete(CardSession).where(CardSession.expires_at < now_ms))
            session.add(
                CardSession(
                    session_id=opened.session_id,
                    terminal=asker.terminal,
                    transaction_id=question.transaction_id,
                    region=question.region,
                    identification_code=question.identification_code,
                    card_number=question.card_number,
                    norm_version=question.norm_version,
                    challenge=challenge,
                    expires_at=now_ms + CHALLENGE_LIFE_S * 1000,
                    stage="open",
                )
            )
        return opened

    def authenticate_terminal(
        self, asker: Asker, session_id: str, question: AuthenticateTerminal
    ) -> TerminalAuthenticated:
        """Answer a 3.00 card's challenge, so that it opens EF06.

        :raises Declined: no open session, or not such a card.
        """
        with self.database.writing() as session:
            row = self._session(session, asker, session_id)
            if row.stage != "open":
                raise unknown_session()
            algorithm = Algorithm.of_norm(row.norm_version)
            if algorithm is not Algorithm.SM4 or len(question.challenge) != algorithm.value:
                raise malformed("only a card from 3.00 on asks, with 16 bytes")
            cryptogram = self.keys.cards.terminal_cryptogram(algorithm, row.identification_code, question.challenge)
        return TerminalAuthenticated(cryptogram=cryptogram)

    def prove(self, asker: Asker, session_id: str, question: ProveCard) -> CardProved:
        """Judge the chip's answer to the challenge, once.

        :raises Declined: no open session.
        """
        with self.database.writing() as session:
            row = self._session(session, asker, session_id)
            if row.stage != "open":
                raise unknown_session()
            card = session.get(Card, row.identification_code, with_for_update=True)
            proof = self._judge_proof(row, card, question)
            row.stage = "proved" if proof is CardProof.GENUINE else "over"
            if proof is CardProof.NOT_GENUINE:
                detail = f"session {session_id[:8]}, transaction {row.transaction_id[:8]}"
                session.add(Alarm(raised_at=self._now_ms(), terminal=asker.terminal, kind="not_genuine", detail=detail))
            if proof is not CardProof.GENUINE or card is None:
                return CardProved(proof=proof)
            row.expires_at = self._now_ms() + PROVED_LIFE_S * 1000
            self._settle(session, card)
            held = session.get(CentrePin, card.identification_code)
            return CardProved(
                proof=proof,
                card_state=CardState(card.state),
                pin_is_initial=held.initial if held else None,
                pin_tries_left=held.tries_left if held else None,
            )

    def record(self, asker: Asker, session_id: str, question: GetRecord) -> RecordAnswer:
        """Tell the record of a proved card's holder, after the PIN where the centre holds one.

        :raises Declined: no session, not proved, or a card whose state forbids it.
        """
        with self.database.writing() as session:
            row, card = self._proved(session, asker, session_id, question.transaction_id, Service.CARD_QUERY)
            _refuse_withheld(card)
            held = session.get(CentrePin, card.identification_code, with_for_update=True)
            checked = self._check_pin(session, asker, card, held, question)
            if not checked.passed:
                return RecordAnswer(pin=checked.verdict, pin_tries_left=checked.tries_left)
            row.record_disclosed_at = row.record_disclosed_at or self._now_ms()
            return RecordAnswer(
                pin=checked.verdict,
                pin_tries_left=checked.tries_left,
                record=_record_of(session, card),
            )

    def change_pin(self, asker: Asker, session_id: str, question: ChangeCentrePin) -> PinChanged:
        """Change the PIN of a proved card where the centre holds it, once per transaction id.

        :raises Declined: no session, not proved, a card whose state forbids it, or a PIN that the chip holds.
        """
        blocks = (question.old, question.new, question.repeated)
        with self.database.writing() as session:
            row, card = self._proved(session, asker, session_id, question.transaction_id, Service.PIN_CHANGE)
            _refuse_withheld(card)
            held = session.get(CentrePin, card.identification_code, with_for_update=True)
            if held is None:
                raise Declined(409, "pin_not_held")
            if row.pin_changed_at is not None:
                return PinChanged(change=PinChange.CHANGED, pin_tries_left=held.tries_left)
            pins = self._held_pins()
            before = pins.remembered(session, question.transaction_id, "change", *blocks)
            if before is not None:
                return PinChanged(change=PinChange(before.answer), pin_tries_left=before.tries_left)
            changed = self._change(session, asker, card, held, question)
            if changed.change is not PinChange.WEAK:  # the same blocks may come again, with the citizen's consent
                pins.remember(
                    session, question.transaction_id, "change", changed.change.value, changed.pin_tries_left, *blocks
                )
            if changed.change is PinChange.CHANGED:
                row.pin_changed_at = self._now_ms()
                row.effects += 1
            return changed

    def lift_loss(self, asker: Asker, session_id: str, question: LiftLoss) -> LossLifted:
        """Take the temporary loss report on a proved card back, after the PIN where the centre holds one.

        :raises Declined: no session, not proved, or a transaction id that has reported the card.
        """
        with self.database.writing() as session:
            row, card = self._proved(session, asker, session_id, question.transaction_id, Service.LOSS_LIFTING)
            if row.loss_reported_at is not None or row.formal_loss_at is not None:
                raise malformed("this transaction id has reported the card")
            if row.loss_answer is not None:
                return msgspec.json.decode(row.loss_answer, type=LossLifted)
            held = session.get(CentrePin, card.identification_code, with_for_update=True)
            checked = self._check_pin(session, asker, card, held, question)
            if not checked.passed:
                return LossLifted(pin=checked.verdict, pin_tries_left=checked.tries_left)
            others = session.scalars(
                select(Card).where(
                    Card.social_security_number == card.social_security_number,
                    Card.region == card.region,
                    Card.identification_code != card.identification_code,
                )
            )
            here = region_of(session, asker.terminal) == card.region
            being_replaced = bool(codes_being_replaced(session, [card.identification_code]))
            verdict = verdict_on_lifting(
                card, others, self.rules.of(card.region), here=here, being_replaced=being_replaced
            )
            if verdict is LiftVerdict.LIFTED:
                row.loss_lifted_at = self._now_ms()
                row.effects += 1
                cause = Cause(asker.terminal, question.transaction_id, by=By.TERMINAL)
                session.add(lift(card, row.loss_lifted_at, cause))
            answer = LossLifted(pin=checked.verdict, pin_tries_left=checked.tries_left, verdict=verdict)
            row.loss_answer = msgspec.json.encode(answer).decode()
            return answer

    def activate(self, asker: Asker, session_id: str, question: ActivateCard) -> CardActivated:
        """Start the social side of a proved card, once per transaction id, and keep how its holder is reached.

        :raises Declined: no session, not proved, a transaction id that has reported a card, or contact data missing
            that the region asks for.
        """
        with self.database.writing() as session:
            row, card = self._proved(
                session, asker, session_id, question.transaction_id, Service.CARD_ACTIVATION, holder_too=True
            )
            if row.loss_reported_at is not None or row.formal_loss_at is not None:
                raise malformed("this transaction id has reported the card")
            if row.activation is not None:
                return msgspec.json.decode(row.activation, type=CardActivated)
            rule = self.rules.of(card.region)
            others = session.scalars(
                select(Card).where(
                    Card.social_security_number == card.social_security_number,
                    Card.identification_code != card.identification_code,
                )
            ).all()
            here = region_of(session, asker.terminal) == card.region
            verdict = verdict_on_activation(card, others, rule, here=here, id_number=question.id_number)
            if verdict is ActivationVerdict.ACTIVATED:
                holder = session.get_one(Holder, card.social_security_number)
                for asked in rule.activation_contact:
                    told = getattr(question.contact, asked)
                    if told is None:
                        raise malformed(f"this region asks for the {asked}")
                    setattr(holder, asked, told)
                row.activated_at = self._now_ms()
                row.effects += 1
                cause = Cause(asker.terminal, question.transaction_id, by=By.TERMINAL)
                session.add(activate(card, others, row.activated_at, cause))
            bank_side_active = card.bank_side_active if card.bank and row.activated_at is not None else None
            answer = CardActivated(verdict=verdict, bank_side_active=bank_side_active)
            row.activation = msgspec.json.encode(answer).decode()
            return answer

    def examine(self, asker: Asker, session_id: str, question: ExamineCard) -> CardExamined:
        """Tell what keeps a proved card from working, once per transaction id.

        :raises Declined: no session, or not proved.
        """
        with self.database.writing() as session:
            row, card = self._proved(session, asker, session_id, question.transaction_id, Service.CARD_EXAMINATION)
            if row.examination is not None:
                return msgspec.json.decode(row.examination, type=CardExamined)
            examined = _examined(session, card, question.name)
            row.examination = msgspec.json.encode(examined).decode()
            return examined

    def working_key(self, asker: Asker, question: GetWorkingKey) -> WorkingKey:
        """A fresh key for one of the terminal's pads.

        :raises Declined: not one of its pads.
        """
        with self.database.writing() as session:
            refuse_frozen(session, asker)
            return self._pads().fresh_key(session, asker.terminal, question.pad_serial)

    def _session(self, session: Session, asker: Asker, session_id: str) -> CardSession:
        row = session.get(CardSession, session_id, with_for_update=True) if "\0" not in session_id else None
        if row is None or row.terminal != asker.terminal or row.expires_at < self._now_ms() or row.stage == "over":
            raise unknown_session()
        refuse_frozen(session, asker)
        return row

    def _judge_proof(self, row: CardSession, card: Card | None, question: ProveCard) -> CardProof:
        if card is None or card.card_number != row.card_number:
            # Other issuers' cards have other keys: an unknown card is no reason for an alarm.
            return CardProof.UNKNOWN_CARD
        algorithm = Algorithm.of_norm(row.norm_version)
        genuine = self.keys.cards.is_genuine(algorithm, row.identification_code, row.challenge, question.cryptogram)
        if not genuine or card.norm_version != row.norm_version:
            return CardProof.NOT_GENUINE
        if not hmac.compare_digest(card.social_security_number.encode(), question.social_security_number.encode()):
            return CardProof.HOLDER_MISMATCH
        return CardProof.GENUINE

    def _proved(
        self,
        session: Session,
        asker: Asker,
        session_id: str,
        transaction_id: str,
        service: Service,
        *,
        holder_too: bool = False,
    ) -> tuple[TransactionRow, Card]:
        """The transaction and the proved card of a session, locked in the order in which an upload locks them.

        :param holder_too: lock the holder between them, as a filing does: of two cards of one person that are started
            at once, the second finds the first.
        """
        row = self._session(session, asker, session_id)
        if row.stage != "proved":
            raise Declined(409, "not_proved")
        transaction = locked_transaction(
            session,
            asker,
            service,
            transaction_id=transaction_id,
            region=row.region,
            identification_code=row.identification_code,
            card_number=row.card_number,
            now_ms=self._now_ms(),
        )
        if transaction.identification_code != row.identification_code:
            raise malformed("this transaction id belongs to another card")
        if holder_too:
            number = select(Card.social_security_number).where(Card.identification_code == row.identification_code)
            session.scalars(
                select(Holder).where(Holder.social_security_number == number.scalar_subquery()).with_for_update()
            ).one()
        card = session.get_one(Card, row.identification_code, with_for_update=True)
        self._settle(session, card)
        return transaction, card

    def _settle(self, session: Session, card: Card) -> None:
        session.add_all(settle_all([card], self._now_ms()))

    def _check_pin(
        self, session: Session, asker: Asker, card: Card, held: CentrePin | None, question: GetRecord | LiftLoss
    ) -> PinCheck:
        if held is None:
            return PinCheck(PinVerdict.NOT_ASKED, None)
        if held.tries_left == 0:
            return PinCheck(PinVerdict.LOCKED, 0)
        if question.pin_block is None:
            return PinCheck(PinVerdict.UNREADABLE, held.tries_left)
        opened = self._pads().open_blocks(session, asker.terminal, question.pad_serial, card, question.pin_block)
        if opened is None:
            return PinCheck(PinVerdict.UNREADABLE, held.tries_left)
        return self._held_pins().check(session, held, opened[0], question.transaction_id, question.pin_block)

    def _change(
        self, session: Session, asker: Asker, card: Card, held: CentrePin, question: ChangeCentrePin
    ) -> PinChanged:
        if held.tries_left == 0:
            return PinChanged(change=PinChange.LOCKED, pin_tries_left=0)
        opened = self._pads().open_blocks(
            session, asker.terminal, question.pad_serial, card, question.old, question.new, question.repeated
        )
        if opened is None:
            return PinChanged(change=PinChange.UNREADABLE, pin_tries_left=held.tries_left)
        old, new, repeated = opened
        if new != repeated:
            return PinChanged(change=PinChange.MISMATCH, pin_tries_left=held.tries_left)
        pins = self._held_pins()
        checked = pins.check(session, held, old, question.transaction_id, question.old)
        if checked.verdict is not PinVerdict.ACCEPTED:
            return PinChanged(change=PinChange(checked.verdict.value), pin_tries_left=checked.tries_left)
        if new == old:
            return PinChanged(change=PinChange.SAME, pin_tries_left=checked.tries_left)
        if is_weak(new) and not question.accept_weak:
            return PinChanged(change=PinChange.WEAK, pin_tries_left=checked.tries_left)
        pins.replace(held, new, self._now_ms())
        return PinChanged(change=PinChange.CHANGED, pin_tries_left=held.tries_left)

    def _pads(self) -> Pads:
        return Pads(self.keys.storage, self.clock)

    def _held_pins(self) -> HeldPins:
        return HeldPins(self.keys.storage, self.pin_tries)

    def _now_ms(self) -> int:
        return int(self.clock() * 1000)


def _refuse_withheld(card: Card) -> None:
    """:raises Declined: whoever holds such a card is told nothing and changes nothing."""
    if card.state in _WITHHELD:
        raise Declined(409, "card_state", card.state)


def _examined(session: Session, card: Card, name: str) -> CardExamined:
    state, replaced = CardState(card.state), card.replaced_by is not None
    if replaced or card.state in _WITHHELD:
        return CardExamined(card_state=state, lapses_at_ms=card.loss_lapses_at, replaced=replaced)
    holder = session.get_one(Holder, card.social_security_number)
    blocked = holder.benefits_blocked
    return CardExamined(
        card_state=state,
        bank_side_active=card.bank_side_active if card.bank else None,
        pin_repeated=card.pin_repeated,
        benefits_blocked=BenefitsBlock(blocked) if blocked is not None else None,
        name_agrees=is_holder(holder, name),
    )


def _record_of(session: Session, card: Card) -> HolderRecord:
    number = card.social_security_number
    holder = session.get_one(Holder, number)
    account = session.get(MedicalAccount, number)
    insurances = session.scalars(
        select(Insurance).where(Insurance.social_security_number == number).order_by(Insurance.kind)
    )
    years = session.scalars(
        select(MedicalYearRow)
        .where(MedicalYearRow.social_security_number == number)
        .order_by(MedicalYearRow.year.desc())
        .limit(YEARS_TOLD)
    )
    receipts = session.scalars(
        select(ReceiptRow)
        .where(ReceiptRow.social_security_number == number)
        .order_by(ReceiptRow.day.desc(), ReceiptRow.number.desc())
        .limit(RECEIPTS_TOLD)
    )
    return HolderRecord(
        name=holder.name,
        social_security_number=number,
        card_number=card.card_number,
        card_state=CardState(card.state),
        person_state=holder.person_state,
        medical_account_fen=account.balance_fen if account else None,
        medical_account_as_of=account.as_of if account else "",
        bank=card.bank,
        bank_account=card.bank_account,
        bank_side_active=card.bank_side_active,
        insurances=[InsuranceStatus(kind=one.kind, active=one.active, paid_until=one.paid_until) for one in insurances],
        medical_years=[
            MedicalYear(
                year=one.year,
                standing=Standing(one.standing),
                shares=_shares_of(one),
                deductible_used_fen=one.deductible_used_fen,
                mutual_aid_fen=one.mutual_aid_fen,
            )
            for one in years
        ],
        receipts=[
            SettlementReceipt(day=one.day, place=one.place, shares=_shares_of(one), mutual_aid_fen=one.mutual_aid_fen)
            for one in receipts
        ],
    )


def _shares_of(row: SharesColumns) -> Shares:
    return Shares(
        total_fen=row.total_fen,
        in_range_fen=row.in_range_fen,
        fund_fen=row.fund_fen,
        person_fen=row.person_fen,
        own_share_fen=row.own_share_fen,
        out_of_range_fen=row.out_of_range_fen,
        cash_fen=row.cash_fen,
    )
