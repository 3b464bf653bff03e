"""Which screen draws which view."""

from typing import Final, assert_never

from kivy.lang import Builder

from kiosk.journeys.technician_views import TechnicianPage
from kiosk.journeys.views import (
    Answer,
    Attract,
    CardPreview,
    Choices,
    Explain,
    Fault,
    FeeCode,
    Home,
    InsertCard,
    Making,
    NameEntry,
    NumberEntry,
    OutOfService,
    PinEntry,
    PlaceIdCard,
    PortraitPreview,
    PortraitProof,
    ReadBack,
    Refusal,
    Result,
    Slip,
    SoundEntry,
    TakeCard,
    TakeIdCard,
    TakeNewCard,
    View,
    Working,
)
from kiosk.ui.screens.answer import AnswerScreen
from kiosk.ui.screens.attract import AttractScreen
from kiosk.ui.screens.card_preview import CardPreviewScreen
from kiosk.ui.screens.choices import ChoicesScreen
from kiosk.ui.screens.explain import ExplainScreen
from kiosk.ui.screens.fault import FaultScreen
from kiosk.ui.screens.fee_code import FeeCodeScreen
from kiosk.ui.screens.help_panel import HelpOverlay
from kiosk.ui.screens.home import HomeScreen
from kiosk.ui.screens.insert_card import InsertCardScreen
from kiosk.ui.screens.making import MakingScreen
from kiosk.ui.screens.name_entry import NameEntryScreen
from kiosk.ui.screens.number_entry import NumberEntryScreen
from kiosk.ui.screens.out_of_service import OutOfServiceScreen
from kiosk.ui.screens.pin_entry import PinEntryScreen
from kiosk.ui.screens.place_id_card import PlaceIdCardScreen
from kiosk.ui.screens.portrait_preview import PortraitPreviewScreen
from kiosk.ui.screens.portrait_proof import PortraitProofScreen
from kiosk.ui.screens.read_back import ReadBackScreen
from kiosk.ui.screens.refusal import RefusalScreen
from kiosk.ui.screens.result import ResultScreen
from kiosk.ui.screens.slip import SlipScreen
from kiosk.ui.screens.sound_entry import SoundEntryScreen
from kiosk.ui.screens.still_there import StillThereOverlay
from kiosk.ui.screens.take_card import TakeCardScreen
from kiosk.ui.screens.take_id_card import TakeIdCardScreen
from kiosk.ui.screens.take_new_card import TakeNewCardScreen
from kiosk.ui.screens.technician_entry import TechnicianEntryScreen
from kiosk.ui.screens.technician_page import TechnicianPageScreen
from kiosk.ui.screens.working import WorkingScreen
from kiosk.ui.technician_draft import PageDraft
from kiosk.ui.widgets.entry import Draft
from kiosk.ui.widgets.screen import Desk, Screen

__all__ = ["HelpOverlay", "StillThereOverlay", "load_kv", "screen_for"]

_DRAWN: Final = (
    AttractScreen,
    HomeScreen,
    ChoicesScreen,
    InsertCardScreen,
    PlaceIdCardScreen,
    PinEntryScreen,
    NumberEntryScreen,
    NameEntryScreen,
    SoundEntryScreen,
    PortraitPreviewScreen,
    PortraitProofScreen,
    CardPreviewScreen,
    FeeCodeScreen,
    MakingScreen,
    TakeNewCardScreen,
    ChoicesScreen,
    AnswerScreen,
    WorkingScreen,
    ExplainScreen,
    ReadBackScreen,
    ResultScreen,
    SlipScreen,
    RefusalScreen,
    FaultScreen,
    OutOfServiceScreen,
    TakeCardScreen,
    TakeIdCardScreen,
    TechnicianPageScreen,
    TechnicianEntryScreen,
    StillThereOverlay,
    HelpOverlay,
)


def load_kv() -> None:
    """Read the layout of every screen, once a process."""
    for drawn in _DRAWN:
        if drawn.kv is not None and str(drawn.kv) not in Builder.files:
            Builder.load_file(str(drawn.kv))


def screen_for(desk: Desk, view: View, draft: Draft | None = None) -> Screen:  # noqa: C901, PLR0911, PLR0912 - one a view
    """The screen of a view.

    :param draft: what the citizen has typed on it already.
    """
    match view:
        case Attract():
            return AttractScreen(desk, view)
        case Home():
            return HomeScreen(desk, view)
        case Choices():
            return ChoicesScreen(desk, view)
        case InsertCard():
            return InsertCardScreen(desk, view)
        case PlaceIdCard():
            return PlaceIdCardScreen(desk, view)
        case PinEntry():
            return PinEntryScreen(desk, view)
        case NumberEntry():
            return NumberEntryScreen(desk, view, draft)
        case NameEntry():
            return NameEntryScreen(desk, view, draft)
        case SoundEntry():
            return SoundEntryScreen(desk, view, draft)
        case PortraitPreview():
            return PortraitPreviewScreen(desk, view)
        case PortraitProof():
            return PortraitProofScreen(desk, view)
        case CardPreview():
            return CardPreviewScreen(desk, view)
        case FeeCode():
            return FeeCodeScreen(desk, view)
        case Making():
            return MakingScreen(desk, view)
        case TakeNewCard():
            return TakeNewCardScreen(desk, view)
        case Choices():
            return ChoicesScreen(desk, view)
        case Answer():
            return AnswerScreen(desk, view)
        case Working():
            return WorkingScreen(desk, view)
        case Explain():
            return ExplainScreen(desk, view)
        case ReadBack():
            return ReadBackScreen(desk, view)
        case Slip():
            return SlipScreen(desk, view)
        case Result():
            return ResultScreen(desk, view)
        case Refusal():
            return RefusalScreen(desk, view)
        case Fault():
            return FaultScreen(desk, view)
        case OutOfService():
            return OutOfServiceScreen(desk, view)
        case TakeCard():
            return TakeCardScreen(desk, view)
        case TakeIdCard():
            return TakeIdCardScreen(desk, view)
        case TechnicianPage():
            return _technicians(desk, view, draft if isinstance(draft, PageDraft) else None)
        case _:
            assert_never(view)


def _technicians(desk: Desk, view: TechnicianPage, draft: PageDraft | None) -> Screen:
    act = view.page.act(view.filling)
    if act is not None and act.entries:
        return TechnicianEntryScreen(desk, view, act, draft)
    return TechnicianPageScreen(desk, view, draft)
