"""What all questions of a journey have in common: an asker who is one machine, and a transaction known by its id."""

import re
from typing import Final, TypeVar

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from central.exchange import Asker
from central.problems import Declined, malformed
from central.tables import Terminal, TerminalLedger, TransactionRow
from kiosk.records.transaction import Service

A = TypeVar("A")
_TRANSACTION_ID: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)


def check_transaction_id(transaction_id: str) -> None:
    """:raises Declined: not 32 lower-case hex characters."""
    if not _TRANSACTION_ID.fullmatch(transaction_id):
        raise malformed("a transaction id is 32 lower-case hex characters")


def region_of(session: Session, terminal: str) -> str:
    """The region in which a terminal is enrolled: its own word for it counts for nothing."""
    return session.get_one(Terminal, terminal).region


def refuse_frozen(session: Session, asker: Asker) -> None:
    """A terminal whose newest ledger has forked is two machines; neither of them is told anything.

    :raises Declined: it is frozen.
    """
    newest = session.scalars(
        select(TerminalLedger)
        .where(TerminalLedger.terminal == asker.terminal)
        .order_by(TerminalLedger.registered_at.desc())
        .limit(1)
    ).one_or_none()
    if newest is not None and newest.frozen_reason is not None:
        raise Declined(423, "frozen", newest.frozen_reason)


def locked_transaction(
    session: Session,
    asker: Asker,
    service: Service | str,
    *,
    transaction_id: str,
    region: str,
    identification_code: str = "",
    card_number: str = "",
    now_ms: int,
) -> TransactionRow:
    """The row of a transaction, locked; made if neither a question nor an entry has made it already.

    :param service: or its word, where no terminal's menu has it yet.
    :raises Declined: its id is no such id, or another terminal's.
    """
    check_transaction_id(transaction_id)
    word = service.value if isinstance(service, Service) else service
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.execute(
        insert(TransactionRow)
        .values(
            transaction_id=transaction_id,
            terminal=asker.terminal,
            region=region,
            service=word,
            identification_code=identification_code,
            card_number=card_number,
            changed_at=now_ms,
        )
        .on_conflict_do_nothing()
    )
    row = session.scalars(
        select(TransactionRow).where(TransactionRow.transaction_id == transaction_id).with_for_update()
    ).one()
    if row.terminal != asker.terminal:
        raise malformed("this transaction id belongs to another terminal")
    if row.begun_sequence is None and row.finished_sequence is None:
        row.service = word
    row.changed_at = now_ms
    return row


def answer_again(kept: str, kind: type[A]) -> A:
    """The answer that was kept of a transaction.

    :param kept: JSON of :attr:`central.tables.TransactionRow.loss_answer`, whichever question it answered.
    :raises Declined: that was another question.
    """
    try:
        return msgspec.json.decode(kept, type=kind)
    except msgspec.ValidationError as error:
        raise malformed("this transaction id has asked something else") from error
