"""Looking at what the centre holds: for its page, and for whoever checks it over a connection of their own."""

from typing import Any

from sqlalchemy import ColumnElement, Engine, func, literal_column, select
from sqlalchemy.orm import Session

from central.tables import Alarm, Card, CardEvent, Entry, Holder, Terminal, TerminalLedger, TransactionRow
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


def latest_transactions(session: Session, limit: int) -> list[dict[str, Any]]:
    """The transactions that changed last, holder masked."""
    return _transactions(session, limit)


def latest_superseded(session: Session, limit: int) -> list[dict[str, Any]]:
    """The newest transactions whose entries came too late to change anything, however far down the others are."""
    # In so many letters: with a parameter in its place the index over these does not serve.
    return _transactions(session, limit, TransactionRow.verdict == literal_column("'superseded'"))


def latest_card_events(session: Session, limit: int) -> list[dict[str, Any]]:
    """What changed cards last, card and holder masked."""
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


def latest_alarms(session: Session, limit: int) -> list[dict[str, Any]]:
    """The newest alarms."""
    query = select(Alarm).order_by(Alarm.number.desc()).limit(limit)
    return [
        {"at": row.raised_at, "terminal": row.terminal, "kind": row.kind, "detail": row.detail}
        for row in session.scalars(query)
    ]
