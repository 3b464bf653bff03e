"""Rows of filings: what is written in them, and what goes with their end."""

from typing import Final

import msgspec
from sqlalchemy import delete
from sqlalchemy.orm import Session

from central.tables import Filing, FilingPortrait
from kiosk.records.filings import OPEN_STATES, CardApplication, CardReplacement, FilingState, Matter

PICTURED: Final = (CardApplication, CardReplacement)
"""Matters that end in a card with a portrait on it."""


def written(matter: Matter) -> str:
    """A matter as its row has it."""
    return msgspec.json.encode(matter).decode()


def matter_of(filing: Filing) -> Matter:
    """What was filed."""
    matter: Matter = msgspec.json.decode(filing.matter, type=Matter)
    return matter


def discreet(matter: Matter) -> Matter:
    """The matter without what is for an office to know, and only as long as it takes a portrait for it."""
    return msgspec.structs.replace(matter, no_portrait=None) if isinstance(matter, PICTURED) else matter


def put(session: Session, filing: Filing, state: FilingState, now_ms: int) -> None:
    """Let a locked filing come further; with its end goes what was for the office alone."""
    filing.state, filing.changed_at = state.value, now_ms
    if state not in OPEN_STATES:
        filing.matter = written(discreet(matter_of(filing)))
        session.execute(delete(FilingPortrait).where(FilingPortrait.transaction_id == filing.transaction_id))
