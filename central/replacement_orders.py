"""Which cards are being replaced at the moment."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from central.tables import ReplacementOrder


def codes_being_replaced(session: Session, identification_codes: Iterable[str]) -> frozenset[str]:
    """Of these cards those for which an order is in progress; the caller holds the cards' rows locked."""
    code = ReplacementOrder.identification_code
    in_progress = select(code).where(code.in_(sorted(identification_codes)), ReplacementOrder.ended_at.is_(None))
    return frozenset(session.scalars(in_progress))
