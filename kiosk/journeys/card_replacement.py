"""A new card in place of another: made here where this terminal can, else ordered. Region rules: replacement, proxy."""

from kiosk.journeys import refusals
from kiosk.journeys.frame import Ending, Progress, Session, serve
from kiosk.journeys.requests import Journey
from kiosk.records.transaction import Outcome, Service


def card_replacement(session: Session) -> Journey[Outcome]:
    """Say what is needed, learn why a new card is wanted, and have it made or ordered."""
    return (yield from serve(session, Service.CARD_REPLACEMENT, _replace))


def _replace(session: Session, _progress: Progress) -> Journey[Ending]:
    yield from ()
    raise refusals.not_offered(session.region, Service.CARD_REPLACEMENT)
