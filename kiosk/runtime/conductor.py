"""Runs journeys: hands each request to the lane that can do it, brings the answer back, and throws in what interrupts.

Everything here happens in one thread, in :meth:`Conductor.tick`; only the lanes block. Time comes from outside.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from drivers.ports.card_printer import IssuanceRefused
from drivers.ports.card_reader import HolderDataProtected
from drivers.ports.errors import DeviceError, EntryCancelled, NotConnected, TimedOut
from drivers.ports.pin import Pin
from kiosk.handbook.handbook import NO_HANDBOOK, Handbook
from kiosk.journeys.counter_words import in_words
from kiosk.journeys.frame import Session
from kiosk.journeys.issuing_recovery import settling
from kiosk.journeys.issuing_requests import AwaitTaken, BookRefused, Pause, RetainOldCard, TellTime, Wait
from kiosk.journeys.reception import reception
from kiosk.journeys.requests import (
    Announce,
    AskCentre,
    AwaitCard,
    AwaitIdDocument,
    CardTaken,
    CentreAnswer,
    CitizenCancelled,
    CitizenGone,
    ComparePortrait,
    Distrusted,
    EnterPin,
    EnterPinBlock,
    GoingOutOfService,
    IdentifyPad,
    Interruption,
    Journey,
    KeepCard,
    Kept,
    LedgerFailed,
    LoadWorkingKey,
    PrintSlip,
    ReadIdDocument,
    Record,
    Request,
    ReturnCard,
    Returned,
    ReturnIdDocument,
    SealPortrait,
    Show,
    SlipFate,
    TakePortrait,
    TooManyWait,
    Unreachable,
)
from kiosk.journeys.technician_views import ActTouched, Filled, Way
from kiosk.journeys.views import (
    Attract,
    FeeCode,
    Intent,
    NameEntry,
    NumberEntry,
    OutOfService,
    PinEntry,
    PortraitPreview,
    Posted,
    Scene,
    SoundEntry,
    StillThere,
    TakeCard,
    Typed,
    View,
    Working,
    actions_of,
)
from kiosk.journeys.without_cards import is_left, without_cards
from kiosk.journeys.wording import say
from kiosk.policy.region import Region
from kiosk.portrait.guidance import Instruction
from kiosk.records.health import DeviceHealth, Supplies
from kiosk.records.portrait import (
    COMPARISON_TEXT,
    FiledComparison,
    FiledPortrait,
    Likeness,
    TakenPortrait,
)
from kiosk.records.transaction import Outcome, Service, Transaction
from kiosk.runtime.bell import Ringer
from kiosk.runtime.calls import called_for, take_card
from kiosk.runtime.card_making import MakingRequest, errand
from kiosk.runtime.device_states import DeviceStates
from kiosk.runtime.errands import card_errand, id_errand, pad_errand, parting_errand
from kiosk.runtime.health import Health
from kiosk.runtime.idleness import Idleness
from kiosk.runtime.lanes import Lane, LaneAnswer, Lanes, Meanwhile, PinCount, PortraitAdvice
from kiosk.runtime.paper import print_once, typeset
from kiosk.runtime.repertoire import JOURNEYS
from kiosk.runtime.sitting import Sitting, Studio
from kiosk.runtime.surroundings import Devices, Display, Journal, Surroundings
from kiosk.runtime.technician_mode import STANDING, TechnicianMeans, TechnicianMode
from kiosk.runtime.vital_signs import Pulse
from kiosk.runtime.watch import DeviceWatch

_log = logging.getLogger(__name__)

CARD_POLL_S: Final = 0.3
"""How often the slot is looked at while a card should be in it, or nobody is here."""
GIVE_UP_READER_S: Final = 10.0
"""How long a failing reader is asked whether the card has been taken."""
CLOSING_S: Final = 20.0
"""How long a closing terminal lets a citizen read how it ended."""
LAST_CALL_S: Final = 20.0
"""So long before a forgotten card is taken in it is said that it will be."""
UNSETTLED_POLL_S: Final = 30.0
"""How often it is looked whether a card is half made; at the start at once."""
WAITS_S: Final = 20.0
"""So soon after a start whoever's card was being made may stand there still."""
AT_REST_S: Final = 60.0
"""So long after the last touch nobody stands there any more."""
_PAD_SILENT_S: Final = 30.0
"""An entry that times out sooner than this never started: the pad is silent."""

_RING_STEPS: Final = 10
"""Parts of the ring that fills while all is well; each is a scene of its own."""

_SHOWS: Final = (
    Show, Pause, Announce, AwaitCard, AwaitIdDocument, ReadIdDocument, EnterPin, EnterPinBlock, TakePortrait,
)  # fmt: skip
"""Requests that bring a view of their own."""


class Conductor:
    """Serves citizens, one after the other, for ever."""

    def __init__(
        self,
        region: Region,
        devices: Devices,
        ask_centre: Callable[[AskCentre], CentreAnswer | Unreachable | Distrusted],
        journal: Journal,
        display: Display,
        surroundings: Surroundings,
        handbook: Handbook = NO_HANDBOOK,
        *,
        studio: Studio | None = None,
        terminal: str = "",
        technician: TechnicianMeans | None = None,
    ) -> None:
        """
        :param studio: what portraits are taken with where there is a camera; without it none are.
        :param terminal: its number, for the screens that nobody is served on.
        :param technician: without it nobody looks after the terminal on its screen.
        """
        self._region, self._devices, self._display, self._journal = region, devices, display, journal
        self._handbook, self._studio = handbook, studio
        self._ask_centre, self._surroundings, self._clock = ask_centre, surroundings, surroundings.monotonic
        self._lanes = Lanes(surroundings.wake, surroundings.monotonic)
        self._health = Health()
        self._pulse = Pulse(self._lanes, self._health)
        self._device_states = DeviceStates(lambda: int(surroundings.now().timestamp() * 1000))
        self._watch = DeviceWatch(devices, journal, self._lanes, self._health, self._device_states)
        self._ringer = Ringer(devices.bell, self._lanes, self._device_states)
        self._terminal = terminal
        self._technician = (
            TechnicianMode(self._lanes, devices, self._health, self._clock, technician) if technician else None
        )
        self._was_technicians = False
        self._idleness = Idleness(self._clock())
        self._large = False
        self._ticket = 0
        self._in_flight = False
        """The request at hand is with a lane."""
        self._sitting: Sitting | None = None
        """The try before the camera that is under way."""
        self._slot_due = 0.0
        self._unsettled_due = 0.0
        self._started_at = self._clock()
        self._interruption: Interruption | DeviceError | None = None
        self._holds_card = False
        self._slot_was_full = False
        self._left_behind = False
        """A card lies in the slot and nobody is being served."""
        self._begun_at = 0.0
        self._released_at = 0.0
        self._retry_return_at: float | None = None
        self._passes_at: float | None = None
        """When the pause at hand is over."""
        self._citizen_present = False
        self._shown: Scene | None = None
        self._view: View = Working(say("正在启动"), say("请稍候。"))
        self._at_reception = True
        self._journey: Journey[Any] = reception(region, start_at_home=False)
        self._request: Request[Any] = next(self._journey)
        self._begin()

    # What comes from the window.

    def intent(self, intent: Posted) -> None:
        """Take in what the citizen touched; ignored unless the view at hand offers it and the terminal is open."""
        if isinstance(intent, Way | ActTouched | Filled):
            self._technicians(intent)
            return
        if self.is_technicians:
            return
        self._idleness.restart(self._clock())
        self._citizen_present = True
        if isinstance(intent, Typed):
            offered = isinstance(self._view, NumberEntry | NameEntry | SoundEntry)
        else:
            offered = intent in {action.intent for action in actions_of(self._view)}
        # While it is asked whether a fee has come, whoever goes away is heard all the same.
        heard = self._request.awaits_citizen or (isinstance(self._view, FeeCode) and intent is Intent.CANCEL)
        if not offered or not heard or self._closed_view() is not None:
            return
        if intent is Intent.CANCEL:
            self._interrupt(CitizenCancelled())
        elif isinstance(self._request, Show | Pause):
            self._send(intent)
        elif self._sitting is not None:
            self._sitting.stop()
        self._surroundings.wake()  # the next screen shall not wait for the next round

    def activity(self, *, large: bool) -> None:
        """Note that the citizen touched the screen.

        :param large: large type is on, which gives more time.
        """
        self._large = large
        self._idleness.restart(self._clock())
        if self._technician is not None:
            self._technician.touched()

    def _technicians(self, intent: Way | ActTouched | Filled) -> None:
        """Take in what a technician touched. Nobody comes in while somebody is served or a card is in the slot."""
        mode = self._technician
        if mode is None:
            return
        if mode.is_on:
            mode.intent(intent)
        elif intent is Way.HELD and self.vacant and self._slot_is_free:
            mode.come_in()
        self._surroundings.wake()

    @property
    def _slot_is_free(self) -> bool:
        """Whether no card is known to be in the slot; a reader that does not answer is what a technician comes for."""
        if isinstance(self._closed_view(), TakeCard):
            return False
        return not self._slot_was_full or self._health.is_broken("card_reader")

    @property
    def is_technicians(self) -> bool:
        """Whether a technician is at work."""
        return self._technician is not None and self._technician.is_on

    @property
    def restarts(self) -> bool:
        """Whether a technician wants the application to be started anew, and nobody is served any more."""
        return self._technician is not None and self._technician.restarts and not self._technician.is_on

    def close_terminal(self) -> None:
        """Bring whoever is being served to an end, and serve nobody any more."""
        self._health.broken("closed")
        if self._technician is not None and self._technician.is_on:
            self._technician.go_away()
        elif not self.vacant and not self._at_ending:
            self._interrupt(GoingOutOfService())

    @property
    def _at_ending(self) -> bool:
        """Whether the citizen reads how it ended; a terminal that closes lets them."""
        return isinstance(self._request, Show) and self._request.ending

    @property
    def vacant(self) -> bool:
        """Whether nobody is being served."""
        return self._at_reception and isinstance(self._view, Attract) and not self.is_technicians

    @property
    def ailment(self) -> str | None:
        """What only a new start of the process can mend; None while there is nothing. Asked after each tick."""
        return self._pulse.ailment(self._clock())

    @property
    def standing(self) -> str:
        """How the terminal stands, in a few words for technicians that name nobody."""
        if self.is_technicians:
            return STANDING
        closed = self._out_of_service
        if closed is not None:
            return f"out of service, {closed.code}"
        serving = "waits for somebody" if self.vacant else "serves somebody"
        if self._health.slot_fault is not None:
            serving += f", reads no card: {self._health.slot_fault}"
        makes_none = self._watch.makes_no_cards
        return f"{serving}, makes no card: {makes_none}" if makes_none else serving

    @property
    def device_health(self) -> tuple[DeviceHealth, ...]:
        """How each device last answered, for technicians."""
        return self._device_states.all

    @property
    def equipped(self) -> tuple[str, ...]:
        """The devices that this terminal was delivered with, by the ports' nouns."""
        return self._watch.equipped

    @property
    def at_rest(self) -> bool:
        """Whether the application may end itself and lose nothing.

        Nobody is served or was there a moment ago, no card is half made or lies in the slot, as far as reader and motor
        tell, and nothing waits in memory for a ledger that takes no entries.
        """
        quiet = self._clock() - self._idleness.since >= AT_REST_S
        empty = not self._slot_was_full and self._watch.slot_seen_empty
        settled = self._devices.card_maker is None or not self._watch.card_unsettled
        known = not any(self._health.is_broken(what) for what in ("card_reader", "capture_unit", "ledger"))
        return self.vacant and quiet and empty and settled and known

    @property
    def supplies(self) -> Supplies:
        """What is left of what the terminal uses up, for technicians."""
        return self._watch.supplies

    def stop(self) -> None:
        """End the lanes and close a running journey, which wipes what it holds."""
        self._devices.pin_pad.cancel()
        if self._sitting is not None:
            self._sitting.stop()
        self._journey.close()
        self._lanes.close()
        if self._devices.camera is not None:
            self._devices.camera.close()

    # The loop.

    def tick(self) -> None:
        """Take in what has arrived, mind the time, draw."""
        for answer in self._lanes.arrived():
            self._take(answer)
        now = self._clock()
        if self._mind_technician(now):
            self._draw(now)
            return
        self._mind_pending_interruption()
        self._mind_return(now)
        self._mind_pause(now)
        self._mind_idleness(now)
        self._mind_slot(now)
        if self.vacant:
            self._watch.look(now)
            self._mind_unsettled(now)
        elif self._at_reception and self._health.is_broken("capture_unit"):
            self._watch.look_at_slot(now)
        if self._at_reception:
            self._watch.look_at_printer(now)
            self._watch.look_at_maker(now)
        self._draw(now)

    def _take(self, answer: LaneAnswer | Meanwhile) -> None:
        if isinstance(answer, PinCount | PortraitAdvice):
            if answer.ticket == self._ticket:
                self._follow(answer)
            return
        if isinstance(answer.value, SlipFate):
            self._watch.printed(answer.value)
        self._in_flight = False
        self._answered(answer)

    def _follow(self, told: Meanwhile) -> None:
        """Show how far the request at hand has come; a digit or a face is a sign of life."""
        match told, self._view:
            case PinCount(count=count), PinEntry() as view:
                self._view = replace(view, typed=count)
            case PortraitAdvice(instruction=instruction, held=held), PortraitPreview() as view:
                self._view = replace(view, instruction=instruction, held=held)
                if instruction is Instruction.COME_INTO_VIEW:
                    return
            case _:
                return
        self._idleness.restart(self._clock())

    # Carrying out the request at hand.

    def _begin(self) -> None:
        """Start on the request at hand."""
        self._ticket += 1
        self._passes_at = None
        request = self._request
        self._begun_at = self._clock()
        if request.awaits_citizen:
            self._idleness.restart(self._begun_at)
        if self._at_ending and isinstance(self._interruption, GoingOutOfService):
            self._interruption = None
        if self._interruption is not None and request.interruptible:
            self._throw_pending()
            return
        if isinstance(request, _SHOWS):
            self._view = request.view
            if isinstance(request.view, Attract):
                # Whoever left from the home screen has left as well: the next citizen is another one.
                self._display.reset_preferences()
                self._large = False
        match request:
            case Show():
                return  # an intent answers it
            case Announce():
                self._send(None)
                return
            case ReturnCard() | ReturnIdDocument():
                self._released_at = self._begun_at
        self._hand_over(request)

    def _hand_over(self, request: Request[Any]) -> None:
        """Give the request at hand, or give it again, to the lane that can do it."""
        match request:
            case AskCentre():
                self._hand(self._lanes.centre, lambda: self._ask_centre(request))
            case Record():
                self._hand(self._lanes.ledger, lambda: self._journal.append(request.transaction, request.enclosure))
            case EnterPin() | EnterPinBlock() | IdentifyPad() | LoadWorkingKey():
                self._hand(self._lanes.pad, self._pad_errand(request))
            case AwaitIdDocument() | ReadIdDocument() | ReturnIdDocument():
                self._hand(self._lanes.id, self._id_errand(request))
            case PrintSlip():
                self._print(request)
            case TakePortrait():
                self._sitting = self._new_sitting()
                self._hand(self._lanes.camera, self._sitting.take)
            case ComparePortrait():
                self._hand(self._lanes.camera, self._comparison(request))
            case SealPortrait():
                self._send(self._sealed(request))
            case TellTime():
                self._send(int(self._surroundings.now().timestamp() * 1000))
            case Pause(seconds=seconds) | Wait(seconds=seconds):
                self._passes_at = self._clock() + seconds
            case _ if isinstance(request, MakingRequest):
                self._make(request)
            case _:
                self._hand(self._lanes.card, self._card_errand(request))

    def _make(self, request: MakingRequest) -> None:
        maker = self._devices.card_maker
        if maker is None:
            raise AssertionError("a journey makes a card where nothing can")
        self._watch.card_unsettled = True  # until the ledger is asked again, once this one has come to its end
        self._hand(*errand(request, maker, self._lanes))

    def _card_errand(self, request: Request[Any]) -> Callable[[], Any]:
        reader = self._devices.card_reader
        if isinstance(request, ReturnCard | KeepCard):
            return parting_errand(request, reader, self._devices.capture_unit)
        return card_errand(request, reader)

    def _id_errand(self, request: AwaitIdDocument | ReadIdDocument | ReturnIdDocument) -> Callable[[], Any]:
        reader = self._devices.id_reader
        if reader is None:
            raise AssertionError("a journey asks for a reader that its session does not have")
        return id_errand(request, reader)

    def _pad_errand(self, request: EnterPin | EnterPinBlock | IdentifyPad | LoadWorkingKey) -> Callable[[], Any]:
        ticket = self._ticket

        def count(digits: int) -> None:
            self._lanes.put(PinCount(ticket, digits))

        return pad_errand(request, self._devices.pin_pad, count)

    def _new_sitting(self) -> Sitting:
        camera, studio, ticket = self._devices.camera, self._studio, self._ticket
        if camera is None or studio is None:
            raise AssertionError("a journey asks for a camera that its session does not have")
        last: list[tuple[Instruction, float]] = []

        def tell(instruction: Instruction, held: float) -> None:
            step = int(held * _RING_STEPS) / _RING_STEPS
            if [(instruction, step)] != last or instruction is not Instruction.COME_INTO_VIEW:
                last[:] = [(instruction, step)]
                self._lanes.put(PortraitAdvice(ticket, instruction, step))

        return Sitting(camera, studio, tell, self._clock)

    def _comparison(self, request: ComparePortrait) -> Callable[[], Likeness]:
        check = self._studio.likeness if self._studio is not None else None
        if check is None:
            raise AssertionError("a journey compares where nothing is compared")
        return lambda: check.tell(request.portrait, request.photo)

    def _sealed(self, request: SealPortrait) -> FiledPortrait:
        if self._studio is None:
            raise AssertionError("nobody has taken this portrait")
        return FiledPortrait(
            sealed=request.portrait.sealed(request.transaction_id, self._studio.centre),
            consent_by=request.consent_by,
            consent_text=request.consent_text,
            comparison=FiledComparison(likeness=request.likeness, consent_text=COMPARISON_TEXT)
            if request.likeness is not None
            else None,
        )

    def _print(self, request: PrintSlip) -> None:
        printer = self._devices.receipt_printer
        if printer is None:
            self._send(SlipFate.NO_PRINTER)
            return
        slip = typeset(request.slip, self._display.words, self._surroundings.now())
        self._hand(self._lanes.printer, lambda: print_once(printer, slip))

    def _hand(self, lane: Lane, work: Callable[[], Any]) -> None:
        self._in_flight = True
        lane.submit(self._ticket, work)

    def _answered(self, answer: LaneAnswer) -> None:
        request, error, value = self._request, answer.error, answer.value
        self._sitting = None
        if isinstance(request, ReturnCard | ReturnIdDocument) and error is not None:
            self._not_yet_taken(error)
            return
        if self._is_still_awaited(request, error, value):
            self._hand_over(request)
            return
        self._note_card(answer)
        # A card that came in the last moment is the journey's: it must give it back.
        if self._interruption is not None and request.interruptible and not self._holds_new_card(request, error):
            if isinstance(value, Pin | TakenPortrait):
                value.wipe()
            self._throw_pending()
            return
        match error:
            case None:
                self._send(value)
            case HolderDataProtected():
                self._send(None)
            case EntryCancelled():
                self._throw(CitizenCancelled())
            case TimedOut() if (
                isinstance(request, EnterPin | EnterPinBlock) and self._clock() - self._begun_at >= _PAD_SILENT_S
            ):
                self._begun_at = self._clock()
                self._view = request.view
                self._hand_over(request)
            case DeviceError() | IssuanceRefused() | BookRefused() | TooManyWait():
                self._failed(request, error)
            case LedgerFailed():
                self._health.broken("ledger", error)
                self._throw(error)
            case defect:
                raise defect

    def _note_card(self, answer: LaneAnswer) -> None:
        """Note whether the card in the slot is the journey's."""
        match self._request:
            case AwaitCard():
                self._holds_card = answer.error is None
                if self._holds_card:
                    self._watch.card_is_in()
            case ReturnCard():
                self._holds_card = False
                self._watch.card_is_out()
            case RetainOldCard() if answer.value is True:
                self._holds_card = False
                self._watch.card_is_out()
            case KeepCard() if answer.value in {Kept.KEPT, Kept.TAKEN}:
                self._watch.card_is_out()
            case _:
                pass

    def _is_still_awaited(self, request: Request[Any], error: BaseException | None, value: Any) -> bool:
        """Whether one short wait is over, and the citizen has time yet."""
        match request:
            case AwaitCard() | AwaitIdDocument():
                return isinstance(error, TimedOut) and self._interruption is None
            case AwaitTaken(patience_s=patience_s):
                return value is False and self._clock() - self._begun_at < patience_s
            case _:
                return False

    def _failed(self, request: Request[Any], error: DeviceError | IssuanceRefused | BookRefused | TooManyWait) -> None:
        _log.warning("%s: %s", type(request).__name__, error)
        if isinstance(error, NotConnected) and error.device == "card_reader":
            self._health.broken("card_reader", error)
        if isinstance(error, NotConnected) and error.device == "pin_pad":
            self._watch.lost_pin_pad()
        if isinstance(error, NotConnected) and error.device == "id_reader":
            self._watch.lost_id_reader()  # nobody else is sent to it until it has answered
        if isinstance(error, NotConnected) and error.device == "camera":
            self._watch.lost_camera()
        self._throw(error)

    def _holds_new_card(self, request: Request[Any], error: BaseException | None) -> bool:
        return (isinstance(request, AwaitCard) and self._holds_card) or (
            isinstance(request, AwaitIdDocument) and error is None
        )

    def _not_yet_taken(self, error: BaseException) -> None:
        """Ask for the card again; a reader that fails for long is given up, and the card with it."""
        if isinstance(error, TimedOut) and self._is_forgotten():
            self._holds_card = False
            self._send(Returned.FORGOTTEN)
        elif isinstance(error, TimedOut):
            self._hand_over(self._request)
        elif not isinstance(error, DeviceError):
            raise error
        elif self._clock() - self._released_at < GIVE_UP_READER_S:
            self._retry_return_at = self._clock() + CARD_POLL_S
        else:
            if isinstance(self._request, ReturnCard):
                self._holds_card = False
                self._health.broken("card_reader", error)
            self._throw(error)

    def _is_forgotten(self, *, within_s: float = 0.0) -> bool:
        """Whether the card at hand is one that the motor takes in by now.

        :param within_s: or so many seconds from now.
        """
        forgotten = self._devices.forgotten
        if forgotten is None or not isinstance(self._request, ReturnCard) or self._watch.slot_is_full:
            return False
        return self._clock() - self._released_at + within_s >= forgotten.retain_after_s

    def _mind_return(self, now: float) -> None:
        if self._retry_return_at is not None and now >= self._retry_return_at:
            self._retry_return_at = None
            self._hand_over(self._request)

    def _mind_pause(self, now: float) -> None:
        if self._passes_at is not None and now >= self._passes_at:
            self._send(None)

    # Moving the journey.

    def _send(self, value: Any) -> None:
        self._advance(lambda: self._journey.send(value))

    def _throw(self, error: Exception) -> None:
        if isinstance(error, CardTaken):
            self._holds_card = False
        if isinstance(error, CitizenGone):
            self._citizen_present = False
        self._advance(lambda: self._journey.throw(error))

    def _advance_with(self, journey: Journey[Any]) -> None:
        self._journey = journey
        self._advance(lambda: next(journey))

    def _throw_pending(self) -> None:
        error, self._interruption = self._interruption, None
        if error is not None:
            self._throw(error)

    def _interrupt(self, error: Interruption | DeviceError) -> None:
        """Throw ``error`` into the journey as soon as the request at hand allows; the first one wins."""
        if self._interruption is None:
            self._interruption = error
        if not self._request.interruptible:
            return
        if not self._in_flight:
            self._throw_pending()

    def _mind_pending_interruption(self) -> None:
        """End the entry at the pad; again each time, since a cancel that comes before the entry has begun is lost."""
        if self._interruption is None or not self._in_flight:
            return
        if isinstance(self._request, EnterPin | EnterPinBlock):
            self._devices.pin_pad.cancel()
        elif self._sitting is not None:
            self._sitting.stop()

    def _advance(self, resume: Callable[[], Request[Any]]) -> None:
        try:
            self._request = resume()
        except StopIteration as end:
            self._next_journey(end.value)
        except (Interruption, DeviceError) as error:
            if not self._at_reception:
                raise
            _log.info("reception starts again after %s", type(error).__name__)
            self._next_journey(None)
        self._begin()

    def _next_journey(self, ended_with: Service | Outcome | None) -> None:
        self._interruption = None
        match ended_with:
            case Service() if self._out_of_service is None:
                maker = self._devices.card_maker
                session = Session(
                    self._surroundings.new_transaction_id(),
                    self._region,
                    self._surroundings.today(),
                    reads_cards=self._watch.reads_cards,
                    enters_pins=self._watch.enters_pins,
                    reads_id_cards=self._watch.reads_id_cards,
                    takes_portraits=self._studio is not None and self._watch.camera_there,
                    compares_portraits=self._studio is not None and self._studio.likeness is not None,
                    makes_cards=self._watch.makes_cards,
                    keeps_old_cards=self._watch.keeps_old_cards,
                    usual_minutes=maker.usual_minutes if maker is not None else None,
                    printing=self._watch.printing,
                    gives_back_at=self._devices.forgotten.gives_back_at if self._devices.forgotten else "",
                    handbook=self._handbook,
                    country=self._surroundings.country,
                )
                self._at_reception = False
                self._journey = JOURNEYS[ended_with](session)
            case _:
                self._slot_was_full = True  # unless seen empty, what lies in the slot is a card left behind
                if isinstance(ended_with, Outcome):
                    _log.info("a journey ended: %s", ended_with.value)
                open_still = self._out_of_service is None
                stays = self._citizen_present and ended_with is not None and open_still
                self._citizen_present = False
                self._at_reception = True
                self._holds_card = False
                self._journey = reception(self._region, start_at_home=stays)
                if not stays:
                    self._display.reset_preferences()
                    self._large = False
        self._request = next(self._journey)

    # Minding what happens by itself.

    def _mind_technician(self, now: float) -> bool:
        """Whether a technician is at work; once they have left, all is looked at as at a start."""
        mode = self._technician
        if mode is not None and mode.is_on:
            mode.tick(now)
            self._watch.look_at_ledger(now)
            self._was_technicians = True
            return True
        if self._was_technicians:
            self._was_technicians = False
            self._slot_was_full = True  # unless seen empty, what lies in the slot is nobody's who is here
            self._slot_due = 0.0
            self._watch.look_anew()
            self._display.reset_preferences()
            self._large = False
        return False

    def _mind_idleness(self, now: float) -> None:
        closing = self._at_ending and self._health.is_closed and now - self._begun_at >= CLOSING_S
        if closing or self._warning_left(now) == 0:
            self._interrupt(CitizenGone())

    def _warning_left(self, now: float) -> int | None:
        if not self._request.awaits_citizen or isinstance(self._view, Attract):
            return None
        personal = self._holds_card or (isinstance(self._request, Show) and self._request.personal)
        return self._idleness.warning_left(now, personal=personal, large=self._large)

    def _mind_unsettled(self, now: float) -> None:
        """Look whether a card was left half made, by a power cut or a silent centre, and bring it to its end."""
        if self._devices.card_maker is not None and self._lanes.ledger.idle and now >= self._unsettled_due:
            self._unsettled_due = now + UNSETTLED_POLL_S
            self._lanes.do_aside(self._lanes.ledger, self._journal.unsettled, self._unsettled_found)

    def _unsettled_found(self, answer: LaneAnswer) -> None:
        if isinstance(answer.error, LedgerFailed):
            self._health.broken("ledger", answer.error)
            return
        begun: Transaction | None = answer.value
        self._watch.card_unsettled = begun is not None
        if begun is None or not self.vacant:
            return
        _log.warning("a card was left half made at %s", begun.step)
        waits = self._clock() - self._started_at < WAITS_S
        session = Session(begun.transaction_id, self._region, self._surroundings.today())
        self._at_reception = False
        self._advance_with(settling(session, begun, somebody_waits=waits))

    def _mind_slot(self, now: float) -> None:
        """Look whether the card is still there while the citizen thinks, or has come while nobody was here."""
        watching = self._holds_card and isinstance(self._request, Show | EnterPin | EnterPinBlock)
        missed = self._at_reception and self._health.is_broken("card_reader")
        if (watching or missed or self.vacant) and self._lanes.card.idle and now >= self._slot_due:
            self._slot_due = now + CARD_POLL_S
            self._lanes.do_aside(self._lanes.card, self._devices.card_reader.card_present, self._slot_seen)

    def _slot_seen(self, answer: LaneAnswer) -> None:
        self._device_states.note("card_reader", answer.error)
        if isinstance(answer.error, DeviceError):
            if self._at_reception:
                self._health.broken("card_reader", answer.error)
            elif self._holds_card:
                self._interrupt(answer.error)
            return
        self._health.whole("card_reader")
        full = bool(answer.value)
        if self._holds_card and not full and isinstance(self._request, Show | EnterPin | EnterPinBlock):
            self._interrupt(CardTaken())
        came, self._slot_was_full = full and not self._slot_was_full, full
        if full:
            self._watch.card_is_in()
        else:
            self._watch.reader_finds_none()
        if not full:
            self._left_behind = False
        elif self.vacant and came and self._serves_who_inserts:
            self._citizen_present = True
            self._send(Intent.START)
        elif self.vacant:
            self._left_behind = True
            self._watch.bring_out_what_was_left()

    @property
    def _serves_who_inserts(self) -> bool:
        """Whether a card that comes before the first touch begins a visit."""
        open_to_cards = self._closed_view() is None and self._watch.reads_cards
        return open_to_cards and not self._watch.may_hold_old_card

    # Drawing.

    @property
    def _out_of_service(self) -> OutOfService | None:
        """Why nobody is served. A slot that does nothing leaves open what needs no card, unless one may lie in it."""
        if self._watch.reads_cards:
            return self._health.view(self._region.hotline)
        maker = self._devices.card_maker
        left = not self._watch.holds_somebodys_card and any(
            is_left(
                self._region,
                service,
                reads_id_cards=self._watch.reads_id_cards,
                makes_cards=maker is not None,
                has_handbook=bool(self._handbook.articles),
            )
            for service in JOURNEYS
        )
        return self._health.view(self._region.hotline, without_cards=left)

    def _closed_view(self) -> OutOfService | TakeCard | None:
        """What nobody can be served for: the terminal's own state, or a card that somebody left in the slot."""
        if not self.vacant:
            return None
        closed = self._out_of_service
        left_inside = self._slot_was_full and self._left_behind and not self._health.is_broken("card_reader")
        if closed is None and (left_inside or self._watch.card_at_mouth):
            return take_card(urgent=True)
        return closed

    def _draw(self, now: float) -> None:
        since = self._begun_at if isinstance(self._request, AwaitTaken) else self._released_at
        last = self._is_forgotten(within_s=LAST_CALL_S)
        view: View = called_for(self._request, now - since, last=last) or self._closed_view() or self._view
        if self._technician is not None and self._technician.is_on:
            view = self._technician.view
        if not self._watch.reads_cards:
            view = without_cards(view, self._region, reads_id_cards=self._watch.reads_id_cards)
        left = self._warning_left(now)
        scene = Scene(
            view,
            in_words(self._region.pack.name),
            self._region.hotline,
            StillThere(left) if left is not None else None,
            self._terminal,
        )
        if scene != self._shown:
            self._shown = scene
            self._display.show(scene)
        self._ringer.mind(scene, now)
