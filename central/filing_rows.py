"""Rows of filings: what is written in them, and what goes with their end."""

import msgspec
from sqlalchemy import delete
from sqlalchemy.orm import Session

from central.tables import Filing, FilingPortrait
from kiosk.records.filings import OPEN_STATES, FilingState, Matter, discreet


def written(matter: Matter) -> str:
    """A matter as its row has it."""
    return msgspec.json.encode(matter).decode()


def matter_of(filing: Filing) -> Matter:
    """What was filed."""
    matter: Matter = msgspec.json.decode(filing.matter, type=Matter)
    return matter


def is_filed_as(filing: Filing, matter: Matter) -> bool:
    """Whether a filing is of this matter, whatever else was for the office to know."""
    return discreet(matter_of(filing)) == discreet(matter)


def put(session: Session, filing: Filing, state: FilingState, now_ms: int) -> None:
    """Let a locked filing come further; with its end goes what was for the office alone."""
    filing.state, filing.changed_at = state.value, now_ms
    if state not in OPEN_STATES:
        filing.matter = written(discreet(matter_of(filing)))
        session.execute(delete(FilingPortrait).where(FilingPortrait.transaction_id == filing.transaction_id))
