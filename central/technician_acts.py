"""What technicians did at terminals, as the ledgers tell it."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.tables import TechnicianActRow
from kiosk.records.technician import TechnicianAct

LOCKED_OUT: Final = "technician_locked_out"
"""The alarm: somebody has tried to come in as a technician until the terminal took nobody any more."""


class OpenedAct(NamedTuple):
    """An entry whose seal holds and that is a technician's act."""

    act: TechnicianAct
    happened_ms: int
    """When, by the terminal's clock corrected to the centre's, milliseconds since 1970 UTC."""


def act_row(terminal: str, ledger_id: bytes, sequence: int, opened: OpenedAct) -> TechnicianActRow:
    """The row of an act."""
    act = opened.act
    return TechnicianActRow(
        terminal=terminal,
        ledger_id=ledger_id,
        sequence=sequence,
        staff=act.staff,
        role=act.role.value if act.role is not None else "",
        act=act.act,
        page=act.page,
        outcome=act.outcome.value,
        why=act.why,
        happened_at=opened.happened_ms,
    )


def acts_told(session: Session, *, terminal: str = "", staff: str = "", last: int = 100) -> Sequence[TechnicianActRow]:
    """The newest acts, the newest last.

    :param terminal: only at this one; at all without it.
    :param staff: only by this one.
    """
    query = select(TechnicianActRow)
    if terminal:
        query = query.where(TechnicianActRow.terminal == terminal)
    if staff:
        query = query.where(TechnicianActRow.staff == staff)
    newest = query.order_by(TechnicianActRow.happened_at.desc(), TechnicianActRow.sequence.desc()).limit(max(0, last))
    return session.scalars(newest).all()[::-1]
