"""What this terminal can do for a citizen."""

from collections.abc import Callable, Mapping
from typing import Final

from kiosk.journeys.ask_handbook import ask_handbook
from kiosk.journeys.cancelling import cancelling
from kiosk.journeys.card_activation import card_activation
from kiosk.journeys.card_application import card_application
from kiosk.journeys.card_examination import card_examination
from kiosk.journeys.card_query import card_query
from kiosk.journeys.card_replacement import card_replacement
from kiosk.journeys.data_change import data_change
from kiosk.journeys.filing_progress import filing_progress
from kiosk.journeys.formal_loss import formal_loss
from kiosk.journeys.frame import Session
from kiosk.journeys.loss_lifting import loss_lifting
from kiosk.journeys.offsite_care import offsite_care
from kiosk.journeys.papers import papers
from kiosk.journeys.pin_change import pin_change
from kiosk.journeys.requests import Journey
from kiosk.journeys.temporary_loss import temporary_loss
from kiosk.records.transaction import Outcome, Service

JOURNEYS: Final[Mapping[Service, Callable[[Session], Journey[Outcome | Service]]]] = {
    Service.CARD_QUERY: card_query,
    Service.PIN_CHANGE: pin_change,
    Service.TEMPORARY_LOSS: temporary_loss,
    Service.LOSS_LIFTING: loss_lifting,
    Service.CARD_EXAMINATION: card_examination,
    Service.OFFSITE_CARE: offsite_care,
    Service.DATA_CHANGE: data_change,
    Service.CANCELLING: cancelling,
    Service.CARD_APPLICATION: card_application,
    Service.FILING_PROGRESS: filing_progress,
    Service.PAPERS: papers,
    Service.FORMAL_LOSS: formal_loss,
    Service.ASK_HANDBOOK: ask_handbook,
    Service.CARD_ACTIVATION: card_activation,
    Service.CARD_REPLACEMENT: card_replacement,
}
"""One journey a service; it ends with how it came out, or with the service that its person does next."""
