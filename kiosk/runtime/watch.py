"""Looks after devices and ledger while nobody needs them, and tells health what it finds."""

import logging
from collections.abc import Callable
from typing import Any, Final, Literal

from msgspec.structs import replace

from drivers.ports.capture_unit import CaptureStatus
from drivers.ports.card_printer import Fill, Media
from drivers.ports.errors import DeviceError, MediaJammed, MediaPresent, MediaRemoved
from drivers.ports.receipt_printer import Paper
from kiosk.journeys.printing import Printing
from kiosk.journeys.requests import LedgerFailed, SlipFate
from kiosk.records.health import Supplies
from kiosk.runtime.device_states import DeviceStates
from kiosk.runtime.health import Health
from kiosk.runtime.lanes import Lane, LaneAnswer, Lanes
from kiosk.runtime.making_watch import MakingWatch, look_at, stock_of
from kiosk.runtime.paper import PrinterWatch
from kiosk.runtime.surroundings import Devices, Journal

_log = logging.getLogger(__name__)

POLL_S: Final = 10.0
"""How often PIN pad, identity-card reader, camera and ledger are looked at."""
SLOT_POLL_S: Final = 1.0
"""The slot's motor: whoever takes a card that was left there is not to wait for the screen."""
PRINTER_POLL_S: Final = 5.0
"""The printer more often: what it says stands on the screen that shows the services."""
_PAPER: Final[dict[Paper, Literal["enough", "low", "out"]]] = {
    Paper.ENOUGH: "enough",
    Paper.LOW: "low",
    Paper.OUT: "out",
}


class DeviceWatch:
    """What is known of the devices that no card lies in."""

    def __init__(self, devices: Devices, journal: Journal, lanes: Lanes, health: Health, states: DeviceStates) -> None:
        self._devices, self._journal, self._lanes, self._health = devices, journal, lanes, health
        self._states = states
        self._due: dict[Callable[[LaneAnswer], None], float] = {}
        self._printer = PrinterWatch()
        self._making = MakingWatch()
        self.enters_pins = True
        """The PIN pad has not failed lately. The terminal serves without it whoever needs no PIN."""
        self.reads_id_cards = False
        """The reader of identity cards has answered lately. The terminal serves without it."""
        self.camera_there = False
        """The camera has answered lately. The terminal serves without it."""
        self.card_unsettled = True
        """A card may be half made: no other is begun."""
        self._slot: CaptureStatus | None = None
        """How the slot's motor was lately; None while it does not answer, and where there is none."""
        self._card_inside: bool | None = None
        """Whether a card lies in a slot with a motor; None while nothing has been heard of it since the start."""

    @property
    def printing(self) -> Printing:
        """What can be promised of paper."""
        return Printing.ABSENT if self._devices.receipt_printer is None else self._printer.printing

    @property
    def makes_cards(self) -> bool:
        """Whether a new card can be begun."""
        return self._devices.card_maker is not None and self._making.ready and not self.card_unsettled

    @property
    def may_hold_old_card(self) -> bool:
        """Whether a card in the slot may be one that a new card is made for: it stays until that is settled."""
        devices = self._devices
        return devices.capture_unit is not None and devices.card_maker is not None and self.card_unsettled

    @property
    def reads_cards(self) -> bool:
        """Whether the slot does its part. The terminal serves without it whoever needs no card."""
        return self._health.slot_fault is None

    @property
    def holds_somebodys_card(self) -> bool:
        """Whether a card may lie where only the motor can bring it out; one at the mouth is in everybody's reach."""
        if self._devices.capture_unit is None:
            return False
        return self.may_hold_old_card or (self._card_inside is not False and not self.card_at_mouth)

    @property
    def keeps_old_cards(self) -> bool:
        """Whether an old card can be taken in for good."""
        return self._slot is not None and self._slot.bin is not Fill.FULL

    @property
    def slot_is_full(self) -> bool:
        """Whether the slot's bin is known to take no more."""
        return self._slot is not None and self._slot.bin is Fill.FULL

    @property
    def card_at_mouth(self) -> bool:
        """Whether the slot's motor holds a card out for somebody to take."""
        return self._slot is not None and self._slot.media is Media.LATCHED

    @property
    def makes_no_cards(self) -> str:
        """Why none can, in technician's English; empty where one can, and where none is ever made."""
        if self._devices.card_maker is None:
            return ""
        return self._making.hindrance or ("a card was left half made" if self.card_unsettled else "")

    @property
    def slot_seen_empty(self) -> bool:
        """Whether the slot's motor holds no card; so too where there is none, and the reader alone is asked."""
        if self._devices.capture_unit is None:
            return True
        return self._slot is not None and self._slot.media is Media.NOT_PRESENT

    @property
    def equipped(self) -> tuple[str, ...]:
        """The devices that the terminal was delivered with, by the ports' nouns."""
        devices = self._devices
        optional = {
            "id_reader": devices.id_reader,
            "receipt_printer": devices.receipt_printer,
            "camera": devices.camera,
            "card_printer": devices.card_maker,
            "capture_unit": devices.capture_unit,
        }
        return ("card_reader", "pin_pad", *(noun for noun, device in optional.items() if device is not None))

    @property
    def supplies(self) -> Supplies:
        """What is left of what this terminal uses up."""
        paper = self._printer.paper
        return replace(self._making.supplies, paper=_PAPER[paper]) if paper is not None else self._making.supplies

    def look(self, now: float) -> None:
        """Look at what is due; for the time when nobody is being served."""
        self._ask(self._lanes.pad, self._devices.pin_pad.identify, self._pad_seen, now, POLL_S)
        if self._devices.id_reader is not None:
            self._ask(self._lanes.id, self._devices.id_reader.identify, self._id_reader_seen, now, POLL_S)
        if self._devices.camera is not None:
            self._ask(self._lanes.camera, self._devices.camera.identify, self._camera_seen, now, POLL_S)
        self.look_at_ledger(now)
        self.look_at_slot(now)

    def look_at_slot(self, now: float) -> None:
        """Ask the slot's motor, where there is one; while the services are shown as well, if it has failed."""
        if self._devices.capture_unit is not None:
            self._ask(self._lanes.card, self._devices.capture_unit.status, self._slot_seen, now, SLOT_POLL_S)

    def look_at_ledger(self, now: float) -> None:
        """Look after the ledger alone; for the time when the devices are a technician's."""
        self._ask(self._lanes.ledger, self._journal.tidy, self._ledger_seen, now, POLL_S)

    def look_anew(self) -> None:
        """Have everything looked at as at a start."""
        self._due.clear()
        self.reads_id_cards = self.camera_there = False
        self._slot = None

    def look_at_printer(self, now: float) -> None:
        """Ask how the printer is; while the services are shown as well, since the next citizen is told of it."""
        printer = self._devices.receipt_printer
        if printer is not None:
            self._ask(self._lanes.printer, printer.status, self._printer_seen, now, PRINTER_POLL_S)

    def look_at_maker(self, now: float) -> None:
        """Ask what cards are made with how it is; while the services are shown as well, as with the printer."""
        maker = self._devices.card_maker
        if maker is not None:
            self._ask(self._lanes.maker, lambda: look_at(maker), self._maker_seen, now, POLL_S)
            self._ask(self._lanes.ledger, lambda: stock_of(maker), self._stock_seen, now, POLL_S)

    def bring_out_what_was_left(self) -> None:
        """Have the motor hold out a card that nobody is served with."""
        motor = self._devices.capture_unit
        if motor is not None and not self.may_hold_old_card and self._lanes.card.idle:
            self._lanes.do_aside(self._lanes.card, motor.eject, self._brought_out)

    def card_is_in(self) -> None:
        """A card went into the slot."""
        self._card_inside = True

    def card_is_out(self) -> None:
        """The card that was in the slot has left it."""
        self._card_inside = False

    def reader_finds_none(self) -> None:
        """No card is at the reader's contacts. A motor that has spoken since the start knows better."""
        if self._card_inside is None:
            self._card_inside = False

    def printed(self, fate: SlipFate) -> None:
        """Take in what became of a slip."""
        self._printer.printed(fate)

    def lost_pin_pad(self) -> None:
        """It failed somebody: nobody is sent to it until it has answered."""
        self.enters_pins = False

    def lost_id_reader(self) -> None:
        """It failed somebody: nobody is sent to it until it has answered."""
        self.reads_id_cards = False

    def lost_camera(self) -> None:
        """It failed somebody: nobody is sent to it until it has answered."""
        self.camera_there = False

    def _ask(
        self, lane: Lane, work: Callable[[], Any], then: Callable[[LaneAnswer], None], now: float, every_s: float
    ) -> None:
        if lane.idle and now >= self._due.get(then, 0.0):
            self._due[then] = now + every_s
            self._lanes.do_aside(lane, work, then)

    def _printer_seen(self, answer: LaneAnswer) -> None:
        self._states.note("receipt_printer", answer.error)
        if isinstance(answer.error, DeviceError):
            self._printer.failed(answer.error)
        else:
            self._printer.saw(answer.value)

    def _pad_seen(self, answer: LaneAnswer) -> None:
        self._states.note("pin_pad", answer.error)
        works = answer.error is None
        if self.enters_pins and not works:
            _log.error("the PIN pad does not work: %s", answer.error)
        elif works and not self.enters_pins:
            _log.warning("the PIN pad works again")
        self.enters_pins = works

    def _id_reader_seen(self, answer: LaneAnswer) -> None:
        self._states.note("id_reader", answer.error)
        works = answer.error is None
        if works and not self.reads_id_cards:
            _log.info("the identity-card reader works")
        elif self.reads_id_cards and not works:
            _log.error("the identity-card reader does not work: %s", answer.error)
        self.reads_id_cards = works

    def _camera_seen(self, answer: LaneAnswer) -> None:
        self._states.note("camera", answer.error)
        there = answer.error is None
        if there and not self.camera_there:
            _log.info("the camera is there: %s", answer.value.name)
        elif self.camera_there and not there:
            _log.error("the camera is not there: %s", answer.error)
        self.camera_there = there

    def _maker_seen(self, answer: LaneAnswer) -> None:
        self._states.note("card_printer", answer.error)
        if isinstance(answer.error, DeviceError):
            self._making.failed(answer.error)
        else:
            self._making.saw(answer.value)

    def _stock_seen(self, answer: LaneAnswer) -> None:
        if isinstance(answer.error, LedgerFailed):
            self._making.uncounted(answer.error)
        else:
            self._making.counted(*answer.value)

    def _slot_seen(self, answer: LaneAnswer) -> None:
        self._states.note("capture_unit", answer.error)
        if isinstance(answer.error, DeviceError):
            # A card that is drawn in could not be given back.
            self._health.broken("capture_unit", answer.error)
            self._slot = None
            return
        self._slot = answer.value
        self._card_inside = answer.value.media is not Media.NOT_PRESENT
        if answer.value.media is Media.JAMMED:
            self._health.broken("capture_unit", MediaJammed("capture_unit", "a card is stuck in the slot"))
        elif answer.value.media is Media.PRESENT and self.may_hold_old_card:
            self._health.broken(
                "capture_unit", MediaPresent("capture_unit", "it holds a card until a new one is settled")
            )
        else:
            self._health.whole("capture_unit")
            if answer.value.media is Media.PRESENT and self._health.is_broken("card_reader"):
                self.bring_out_what_was_left()  # no reader will tell that it is there

    def _brought_out(self, answer: LaneAnswer) -> None:
        if isinstance(answer.error, DeviceError) and not isinstance(answer.error, MediaRemoved):
            self._health.broken("capture_unit", answer.error)

    def _ledger_seen(self, answer: LaneAnswer) -> None:
        if isinstance(answer.error, LedgerFailed):
            self._health.broken("ledger", answer.error)
            return
        self._health.whole("ledger")
        if answer.value:
            self._health.whole("identity")
        else:
            self._health.broken("identity")
