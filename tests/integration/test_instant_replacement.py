"""The whole of a replacement through the conductor: real centre, till, ledger, printer, pcscd and chip, one citizen."""

import dataclasses
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import pytest
from PIL import Image

from drivers.capture_unit import EscapeCaptureUnit
from drivers.capture_unit.motor import BAUD_RATE
from drivers.ports.camera import Frame
from drivers.ports.card_reader import CardKind, IssuerData
from drivers.ports.errors import TimedOut
from drivers.ports.id_reader import IdDocument
from drivers.transport.byte_line import SerialPortLine
from kiosk.journeys.new_card import WRONG
from kiosk.journeys.portrait import AGREE
from kiosk.journeys.views import (
    Attract,
    CardPreview,
    ChooseService,
    Chosen,
    Emphasis,
    FeeCode,
    Home,
    InsertCard,
    Intent,
    Menu,
    OpenMenu,
    Payment,
    PlaceIdCard,
    PortraitProof,
    ReadBack,
    Refusal,
    Result,
    TakeCard,
    TakeNewCard,
    View,
    actions_of,
)
from kiosk.ledger import Ledger
from kiosk.portrait.darkroom import Darkroom
from kiosk.records.transaction import Service
from kiosk.runtime.sitting import Studio
from kiosk.runtime.viewfinder import Viewfinder
from simulators.capture_unit import CaptureUnitSimulator
from simulators.card_printer import tally
from tests.centre import REPOSITORY
from tests.integration.test_card_making import STORAGE_KEY, Hall, Terminal, terminal, valid_cards
from tests.integration.test_central_loss_reports import NAMES, YUNLING
from tests.journeys.world import ID_CARD
from tests.unit.test_conductor import Eye, Plate, Slot
from tests.unit.test_portrait_guidance import seen

__all__ = ["terminal"]
pytestmark = pytest.mark.stack
JOB: Final = "ab" * 16
NEW_CARD: Final = "411700D1560000050000000000007101"
OWN: Final = dataclasses.replace(ID_CARD, name=NAMES[YUNLING], number=YUNLING[2], birth_date=date(1987, 1, 5))
OLD: Final = IssuerData(YUNLING[0], "1", "3.00", "0" * 24, date(2020, 1, 1), date(2040, 1, 1), YUNLING[1], "9901")


def a_portrait() -> bytes:
    image = Image.open(REPOSITORY / "tests" / "data" / "faces" / "portrait-a.webp").convert("RGB")
    out = BytesIO()
    image.resize((358, 441), box=(90, 190, 730, 978)).save(out, "JPEG", quality=85)
    return out.getvalue()


class _Darkroom(Darkroom):
    """Finds everybody well, and has one portrait."""

    def __init__(self) -> None:
        self.jpeg = a_portrait()

    def measure(self, pixels: Any) -> tuple[Any, ...]:
        return seen()

    def finish(self, pixels: Any) -> bytes:
        return self.jpeg

    def forget(self) -> None:
        """Nobody is followed."""


class _Eye(Eye):
    """A camera before somebody who holds still."""

    def __init__(self) -> None:
        super().__init__()
        self._number = 0

    def frame(self, timeout_s: float) -> Frame:
        self._number += 1
        return Frame(np.full((60, 80, 3), 120, np.uint8), self._number, 0.1 * self._number)


class _Plate(Plate):
    def read_document(self) -> IdDocument:
        return OWN


class _Slot(Slot):
    """The contacts of a slot whose motor moves the card."""

    def __init__(self, unit: CaptureUnitSimulator | None) -> None:
        super().__init__()
        self._unit = unit

    def wait_for_card(self, timeout_s: float) -> CardKind:
        if not self.card_present():
            raise TimedOut("card_reader", "no card")
        return CardKind.SOCIAL_SECURITY

    def card_present(self) -> bool:
        return self._unit is not None and self._unit.state.where == "contacts"

    def read_issuer(self) -> IssuerData:
        return OLD


class _Replacement:
    """A citizen who wants a new card, and touches what they want."""

    def __init__(self, terminal: Terminal, folder: Path, unit: CaptureUnitSimulator | None, **choices: Any) -> None:
        self.terminal, self.unit, self.folder = terminal, unit, folder
        self.plate = _Plate()
        studio = Studio(_Darkroom, Viewfinder(), cast("Any", None))
        slot, eye = _Slot(unit), _Eye()
        self.hall = Hall(terminal, folder, studio=studio, card_reader=slot, id_reader=self.plate, camera=eye)
        self._touched: dict[str, Any] = {
            "给谁办？": Chosen("self"),
            "卡真的找不回来了吗？": Intent.NEXT,
            "要在这里拍照吗？": AGREE,
        } | choices
        self.met: list[View] = []

    def to_the_end(self) -> View:
        """As far as the first screen that tells how it ended."""
        hall, watch = self.hall, self.hall.conductor._watch
        hall.until(lambda: watch.makes_cards and watch.reads_id_cards and watch.camera_there)
        hall.until(lambda: watch.keeps_old_cards or self.unit is None)
        hall.until(lambda: isinstance(hall.view, Attract))
        hall.conductor.intent(Intent.START)
        hall.until(lambda: isinstance(hall.view, Home))
        hall.conductor.intent(OpenMenu(Menu.LOST))
        hall.conductor.intent(ChooseService(Service.CARD_REPLACEMENT))
        while not isinstance(hall.view, Result | Refusal):
            self._meets(hall.view)
        return hall.view

    def _meets(self, view: View | None) -> None:
        hall = self.hall
        if view is not None:
            self.met.append(view)
        match view:
            case PlaceIdCard():
                self.plate.lies_there = True
                hall.until(lambda: hall.view != view)
                self.plate.lies_there = False
            case InsertCard() if self.unit is not None:
                self.unit.insert(self.folder / "the-old-card.json")
            case FeeCode(payment=Payment.WAITING, code_url=code_url):
                self.terminal.centre.till.pay(code_url)
                hall.until(lambda: not isinstance(hall.view, FeeCode))
            case TakeNewCard():
                self.terminal.simulator.take_card()
            case TakeCard() if self.unit is not None:
                self.unit.take()
            case CardPreview() | PortraitProof() | ReadBack():
                hall.conductor.intent(self._touched.get(view.title.text, Intent.NEXT))
            case None:
                pass
            case _:
                self._touches(view)
        hall.until(lambda: hall.view != view)

    def _touches(self, view: View) -> None:
        primary = [action.intent for action in actions_of(view) if action.emphasis is Emphasis.PRIMARY]
        wanted = self._touched.get(view.title.text, primary[0] if primary else None)
        if wanted is not None:
            self.hall.conductor.intent(wanted)

    def entries(self) -> list[Any]:
        self.hall.conductor.intent(Intent.DONE)
        self.hall.until(lambda: self.hall.settled)
        self.hall.close()
        centre, enrolled = self.terminal.centre, self.terminal.enrolled
        with Ledger.open(self.folder / "ledger", enrolled.id, STORAGE_KEY, centre.opening_key, centre.clock) as ledger:
            return ledger.unfinished()


@pytest.fixture
def unit(tmp_path: Path, terminal: Terminal) -> Iterator[CaptureUnitSimulator]:
    with CaptureUnitSimulator(tmp_path / "slot", link=tmp_path / "motor") as simulator:
        motor = EscapeCaptureUnit(SerialPortLine("capture_unit", str(tmp_path / "motor"), BAUD_RATE))
        terminal.maker = dataclasses.replace(terminal.maker, slot=motor)
        yield simulator
        motor.close()


def test_a_damaged_card_goes_in_and_a_new_one_comes_out(
    terminal: Terminal, unit: CaptureUnitSimulator, tmp_path: Path
) -> None:
    citizen = _Replacement(terminal, tmp_path, unit, **{"为什么要新卡？": Chosen("unreadable")})
    ended = citizen.to_the_end()
    assert isinstance(ended, Result)
    assert ended.title.text == "新卡办好了", ended
    counted = tally(tmp_path / "card-printer")
    assert (counted.hopper, counted.taken, counted.reject_bin, counted.inside) == (4, 1, 0, 0)
    assert valid_cards(terminal.centre) == [NEW_CARD]
    assert (unit.state.where, len(unit.state.retained)) == ("none", 1)
    assert citizen.entries() == []


def test_a_lost_card_is_replaced_without_a_motor(terminal: Terminal, tmp_path: Path) -> None:
    citizen = _Replacement(terminal, tmp_path, None, **{"为什么要新卡？": Chosen("lost")})
    ended = citizen.to_the_end()
    assert isinstance(ended, Result)
    assert ended.title.text == "新卡办好了", ended
    assert valid_cards(terminal.centre) == [NEW_CARD]
    assert citizen.entries() == []


def test_what_is_wrong_on_the_card_costs_nothing_and_the_old_one_comes_back(
    terminal: Terminal, unit: CaptureUnitSimulator, tmp_path: Path
) -> None:
    choices = {"为什么要新卡？": Chosen("unreadable"), "请看看新卡对不对": WRONG}
    citizen = _Replacement(terminal, tmp_path, unit, **choices)
    ended = citizen.to_the_end()
    assert isinstance(ended, Refusal)
    assert ended.code == "K-12"
    assert any(isinstance(view, TakeCard) for view in citizen.met), "the old card went back first"
    assert tally(tmp_path / "card-printer").hopper == 5
    assert valid_cards(terminal.centre) == [YUNLING[0]]
    assert (unit.state.where, unit.state.retained) == ("none", [])
    assert citizen.entries() == []
