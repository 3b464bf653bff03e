"""Looking at what the centre holds: for its page, and for whoever checks it over a connection of their own."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Engine, and_, func, literal_column, or_, select
from sqlalchemy.orm import Session

from central.blank_custody import balance_of
from central.card_states import Event
from central.region_rules import RegionRule, RegionRules
from central.tables import (
    Alarm,
    BlankStock,
    Card,
    CardEvent,
    Entry,
    Fee,
    Holder,
    Issuance,
    Terminal,
    TerminalLedger,
    TransactionRow,
)
from kiosk.records.card import CardState
from kiosk.records.issuance import FeeStanding, IssuanceStage, ReplacementReason
from kiosk.records.masking import mask_card_number, mask_name


def transaction_row(engine: Engine, transaction_id: str) -> dict[str, Any] | None:
    """All columns of one transaction as the centre has it, or None. Bytes come as hex."""
    with Session(engine) as session:
        row = session.get(TransactionRow, transaction_id)
        if row is None:
            return None
        values = {column.name: getattr(row, column.name) for column in TransactionRow.__table__.columns}
        return {name: value.hex() if isinstance(value, bytes) else value for name, value in values.items()}


def terminals(session: Session) -> list[dict[str, Any]]:
    """Every terminal with its newest ledger, what it has delivered and what alarms it raised."""
    alarms = dict(session.execute(select(Alarm.terminal, func.count()).group_by(Alarm.terminal)).all())
    refused = dict(
        session.execute(
            select(Entry.terminal, func.count()).where(Entry.verdict == "refused").group_by(Entry.terminal)
        ).all()
    )
    rows = []
    for terminal in session.scalars(select(Terminal).order_by(Terminal.id)):
        ledger = session.scalars(
            select(TerminalLedger)
            .where(TerminalLedger.terminal == terminal.id)
            .order_by(TerminalLedger.registered_at.desc())
            .limit(1)
        ).first()
        rows.append(
            {
                "id": terminal.id,
                "region": terminal.region,
                "last_seen": terminal.last_seen,
                "revoked": terminal.revoked_at is not None,
                "head": ledger.head_sequence if ledger else None,
                "ledger": ledger.ledger_id.hex()[:8] if ledger else "",
                "frozen": ledger.frozen_reason if ledger else None,
                "refused": refused.get(terminal.id, 0),
                "alarms": alarms.get(terminal.id, 0),
            }
        )
    return rows


def blank_stocks(session: Session) -> list[dict[str, Any]]:
    """Where each terminal's blank cards are, the newest ledger first. An old ledger's stay until all are accounted for.

    ``held`` counts what still lies at the terminal by that ledger's book.
    """
    query = (
        select(BlankStock)
        .join(
            TerminalLedger,
            and_(TerminalLedger.terminal == BlankStock.terminal, TerminalLedger.ledger_id == BlankStock.ledger_id),
        )
        .order_by(BlankStock.terminal, TerminalLedger.registered_at.desc())
    )
    found, seen = [], set()
    for row in session.scalars(query):
        balance = balance_of(row)
        held = balance.hopper + balance.printer + balance.exit + balance.reject_bin + balance.retained_bin
        is_newest = row.terminal not in seen
        seen.add(row.terminal)
        if is_newest or held:
            found.append(
                {
                    "terminal": row.terminal,
                    "ledger": row.ledger_id.hex()[:8],
                    "newest": is_newest,
                    "held": held,
                    **msgspec.structs.asdict(balance),
                    "balances": balance.balances,
                    "flagged": row.flagged,
                    "movements": row.movements,
                    "closed_out": row.closed_out_at,
                }
            )
    return found


def latest_transactions(session: Session, limit: int) -> list[dict[str, Any]]:
    """The transactions that changed last, holder masked."""
    return _transactions(session, limit)


def latest_superseded(session: Session, limit: int) -> list[dict[str, Any]]:
    """The newest transactions whose entries came too late to change anything, however far down the others are."""
    # In so many letters: with a parameter in its place the index over these does not serve.
    return _transactions(session, limit, TransactionRow.verdict == literal_column("'superseded'"))


_OF_AN_ORDER: Final = frozenset({Event.REPLACEMENT_ACCEPTED.value, Event.REPLACED.value})
_REPLACEMENT_REASONS: Final = frozenset(reason.value for reason in ReplacementReason)


class CardChange(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the events of cards as its region's own systems take it in. Names the card in full and nobody."""

    number: int
    """Of the event; later ones have higher numbers, but need not be there earlier."""
    identification_code: str
    """AAZ501."""
    card_number: str
    """AAZ500."""
    at_ms: int
    """AAE036: since when it is in effect, milliseconds since 1970 UTC."""
    event: str
    from_code: str
    """AAZ502 before, as the region writes it."""
    to_code: str
    """AAZ502 since."""
    reason: str
    """This centre's own word."""
    reason_code: str
    """AAE160, as the region writes it, of a new card that was ordered or made; empty otherwise."""
    terminal: str
    transaction_id: str

    def __repr__(self) -> str:
        return f"<CardChange {self.number} {self.event}>"


def card_changes(session: Session, region: str, rule: RegionRule, after: int = 0) -> Iterator[CardChange]:
    """What changed the cards of a region, oldest first, in the region's own codes.

    :param after: only events with a higher number.
    """
    query = (
        select(CardEvent, Card.card_number)
        .join(Card, Card.identification_code == CardEvent.identification_code)
        .where(Card.region == region, CardEvent.number > after)
        .order_by(CardEvent.number)
    )
    for event, card_number in session.execute(query):
        from_code, to_code, reason_code = _codes(event, rule)
        yield CardChange(
            number=event.number,
            identification_code=event.identification_code,
            card_number=card_number,
            at_ms=event.at_ms,
            event=event.event,
            from_code=from_code,
            to_code=to_code,
            reason=event.reason,
            reason_code=reason_code,
            terminal=event.terminal,
            transaction_id=event.transaction_id,
        )


def _codes(event: CardEvent, rule: RegionRule) -> tuple[str, str, str]:
    """State before, state since and reason as a region writes them."""
    before, since = (rule.states.code_of(CardState(state)) for state in (event.from_state, event.to_state))
    ordered = event.event in _OF_AN_ORDER and event.reason in _REPLACEMENT_REASONS
    return before, since, rule.reasons.code_of(ReplacementReason(event.reason)) if ordered else ""


def latest_card_events(session: Session, limit: int, rules: RegionRules) -> list[dict[str, Any]]:
    """What changed cards last, card and holder masked, with the codes of the card's own region."""
    query = (
        select(CardEvent, Card.card_number, Card.region, Holder.name)
        .join(Card, Card.identification_code == CardEvent.identification_code)
        .join(Holder, Holder.social_security_number == Card.social_security_number)
        .order_by(CardEvent.at_ms.desc(), CardEvent.number.desc())
        .limit(limit)
    )
    return [
        {
            "number": event.number,
            "at": event.at_ms,
            "region": region,
            "holder": mask_name(name),
            "card": mask_card_number(card_number),
            "event": event.event,
            "from": event.from_state,
            "to": event.to_state,
            "terminal": event.terminal,
            "transaction": event.transaction_id,
            "reason": event.reason,
            "codes": _codes(event, rules.of(region)),
        }
        for event, card_number, region, name in session.execute(query)
    ]


def _transactions(session: Session, limit: int, *conditions: ColumnElement[bool]) -> list[dict[str, Any]]:
    query = (
        select(TransactionRow, Holder.name)
        .outerjoin(Holder, Holder.social_security_number == TransactionRow.social_security_number)
        .where(*conditions)
        .order_by(TransactionRow.changed_at.desc(), TransactionRow.transaction_id)
        .limit(limit)
    )
    return [
        {
            "id": row.transaction_id,
            "terminal": row.terminal,
            "region": row.region,
            "service": row.service,
            "holder": mask_name(name or ""),
            "card": mask_card_number(row.card_number),
            "begun": row.begun_sequence,
            "finished": row.finished_sequence,
            "online": any(
                (
                    row.pin_changed_at,
                    row.record_disclosed_at,
                    row.loss_reported_at,
                    row.loss_lifted_at,
                    row.examination,
                    row.formal_loss_at,
                    row.activated_at,
                    row.switched_at,
                )
            ),
            "outcome": row.outcome,
            "reason": row.reason,
            "verdict": row.verdict,
            "verdict_reason": row.verdict_reason,
            "changed_at": row.changed_at,
        }
        for row, name in session.execute(query)
    ]


def issuances(session: Session, limit: int) -> list[dict[str, Any]]:
    """New cards that are being made, and whatever staff must see to: open cases and refunds that have not arrived."""
    back = Fee.state == FeeStanding.REFUND_PENDING.value
    query = (
        select(Issuance, Fee, Holder.name)
        .join(Holder, Holder.social_security_number == Issuance.social_security_number)
        .outerjoin(Fee, Fee.transaction_id == Issuance.transaction_id)
        .where(or_(Issuance.ended_at.is_(None), back, Fee.trouble != ""))
        .order_by(Issuance.stage != IssuanceStage.OPEN_CASE.value, Issuance.reserved_at.desc())
        .limit(limit)
    )
    return [
        {
            "id": row.transaction_id,
            "terminal": row.terminal,
            "region": row.region,
            "holder": mask_name(name),
            "card": mask_card_number(row.card_number),
            "stage": row.stage,
            "since": row.switched_at or row.reserved_at,
            "why": row.why,
            "place": row.place,
            "fee": "" if fee is None else fee.state,
            "trouble": "" if fee is None else fee.trouble,
        }
        for row, fee, name in session.execute(query)
    ]


def latest_alarms(session: Session, limit: int) -> list[dict[str, Any]]:
    """The newest alarms."""
    query = select(Alarm).order_by(Alarm.number.desc()).limit(limit)
    return [
        {"at": row.raised_at, "terminal": row.terminal, "kind": row.kind, "detail": row.detail}
        for row in session.scalars(query)
    ]
