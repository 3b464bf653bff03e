"""The conductor with real lanes, a clock in the hand, and devices written here that do what the test says."""

import gettext
import threading
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import cast

import pytest

from drivers.ports.camera import Camera, CameraIdentity, Frame
from drivers.ports.card_reader import (
    AuthenticationAlgorithm,
    CardKind,
    Challenge,
    Cryptogram,
    HolderData,
    IssuerData,
    PinCheck,
    TransactionLog,
)
from drivers.ports.errors import (
    DeviceError,
    EntryCancelled,
    MediaExhausted,
    NotConnected,
    PartlyPrinted,
    PictureDark,
    ProtocolViolation,
    TimedOut,
)
from drivers.ports.id_reader import IdDocument, ReaderIdentity
from drivers.ports.pin import Pin
from drivers.ports.pin_pad import PadIdentity, PinBlock, WrappedKey
from drivers.ports.receipt_printer import Heading, Line, Paper, PrinterStatus, Slip
from kiosk.journeys.frame import Session
from kiosk.journeys.issuing_requests import Pause, Wait
from kiosk.journeys.printing import Printing
from kiosk.journeys.requests import (
    AskCentre,
    CentreAnswer,
    Distrusted,
    Journey,
    LedgerFailed,
    ReturnIdDocument,
    Unreachable,
    ask,
)
from kiosk.journeys.views import (
    Action,
    AnyIntent,
    Attract,
    Choices,
    ChooseService,
    Explain,
    Fault,
    Home,
    InsertCard,
    Intent,
    Menu,
    OpenMenu,
    OutOfService,
    PinEntry,
    PlaceIdCard,
    Posted,
    ReadBack,
    Refusal,
    Scene,
    TakeCard,
    TakeIdCard,
    View,
)
from kiosk.journeys.wording import Say, say
from kiosk.records.china_time import CHINA
from kiosk.records.filings import Enclosure
from kiosk.records.transaction import Outcome, Service, Transaction
from kiosk.runtime.bell import Bell
from kiosk.runtime.conductor import Conductor
from kiosk.runtime.repertoire import JOURNEYS
from kiosk.runtime.sitting import Studio
from kiosk.runtime.surroundings import Devices, Surroundings
from kiosk.runtime.technician_mode import TechnicianMeans
from kiosk.ui.language import Language
from tests.journeys.world import HOLDER, ID_CARD, ISSUER, World, pin, region

DEADLINE_S = 5.0


class Slot:
    """A reader and its card, moved by the test."""

    def __init__(self) -> None:
        self.present = False
        self.gone: DeviceError | None = None
        self.gone_at_return: DeviceError | None = None
        self.released = 0
        self.moved = threading.Event()
        self.read_may_go_on = threading.Event()
        self.read_may_go_on.set()

    def insert(self) -> None:
        self.present = True
        self.moved.set()

    def pull(self) -> None:
        self.present = False
        self.moved.set()

    def wait_for_card(self, timeout_s: float) -> CardKind:
        self.moved.wait(0.01)
        self.moved.clear()
        if self.gone:
            raise self.gone
        if not self.present:
            raise TimedOut("card_reader", "no card")
        return CardKind.SOCIAL_SECURITY

    def card_present(self) -> bool:
        if self.gone:
            raise self.gone
        return self.present

    def card(self) -> "Slot":
        return self

    def release(self) -> None:
        self.released += 1

    def wait_for_removal(self, timeout_s: float) -> None:
        if self.gone_at_return:
            raise self.gone_at_return
        self.moved.wait(0.01)
        self.moved.clear()
        if self.present:
            raise TimedOut("card_reader", "still there")

    def close(self) -> None:
        pass

    algorithm = AuthenticationAlgorithm.TRIPLE_DES

    def read_issuer(self) -> IssuerData:
        assert self.read_may_go_on.wait(DEADLINE_S)
        return ISSUER["zhumadian"]

    def read_holder(self) -> HolderData:
        return HOLDER

    def read_photo(self) -> bytes | None:
        return None

    def read_transaction_log(self) -> TransactionLog | None:
        return None

    def pin_tries_left(self) -> int:
        return 6

    def verify_pin(self, pin: Pin) -> PinCheck:
        return PinCheck(accepted=True, tries_left=6)

    def change_pin(self, old: Pin, new: Pin) -> PinCheck:
        return PinCheck(accepted=True, tries_left=6)

    def answer_challenge(self, challenge: Challenge) -> Cryptogram:
        return Cryptogram(bytes(8))

    def draw_challenge(self) -> Challenge:
        return Challenge(bytes(8))

    def authenticate_terminal(self, cryptogram: Cryptogram) -> None:
        pass


class Pad:
    """A pad whose keys the test presses."""

    def __init__(self) -> None:
        self.pressed = threading.Event()
        self.cancelled = False
        self.digits = "246810"
        self.count: Callable[[int], None] = lambda _: None
        self.entering = threading.Event()
        self.handed: list[Pin] = []
        self.gone: DeviceError | None = None
        self.times_out = False
        self.may_begin = threading.Event()
        self.may_begin.set()

    def identify(self) -> PadIdentity:
        if self.gone:
            raise self.gone
        return PadIdentity("sunson", "1", "PAD1")

    def enter_pin(self, length: int, timeout_s: float, on_count: Callable[[int], None]) -> Pin:
        self.count = on_count
        assert self.may_begin.wait(DEADLINE_S)
        self.entering.set()
        assert self.pressed.wait(DEADLINE_S)
        self.pressed.clear()
        self.entering.clear()
        if self.times_out:
            self.times_out = False
            raise TimedOut("pin_pad", "nothing came")
        if self.cancelled:
            self.cancelled = False
            raise EntryCancelled("pin_pad", "cancelled")
        handle = pin(self.digits)
        self.handed.append(handle)
        return handle

    def enter_pin_block(self, account: str, length: int, timeout_s: float, on_count: Callable[[int], None]) -> PinBlock:
        raise AssertionError

    def load_working_key(self, key: WrappedKey) -> None:
        raise AssertionError

    def cancel(self) -> None:
        if self.entering.is_set():
            self.cancelled = True
            self.pressed.set()

    def close(self) -> None:
        pass


class Plate:
    """A reader of identity cards, and a hand at it."""

    def __init__(self) -> None:
        self.lies_there = False
        self.gone: DeviceError | None = None
        self.asked = 0
        self.looking = threading.Event()
        self.may_find = threading.Event()
        self.may_find.set()

    def identify(self) -> ReaderIdentity:
        self.asked += 1
        if self.gone:
            raise self.gone
        return ReaderIdentity("05.03")

    def wait_for_document(self, timeout_s: float) -> None:
        self.looking.set()
        assert self.may_find.wait(DEADLINE_S)
        if self.gone:
            raise self.gone
        if not self.lies_there:
            raise TimedOut("id_reader", "nothing")

    def read_document(self) -> IdDocument:
        if self.gone:
            raise self.gone
        return ID_CARD

    def wait_for_removal(self, timeout_s: float) -> None:
        if self.gone:
            raise self.gone
        if self.lies_there:
            raise TimedOut("id_reader", "still there")

    def close(self) -> None:
        pass


class Printer:
    """A printer that does what the test says."""

    def __init__(self) -> None:
        self.condition = PrinterStatus(Paper.ENOUGH, cover_open=False, jammed=False, offline=False)
        self.gone: DeviceError | None = None
        self.breaks: DeviceError | None = None
        self.slips: list[Slip] = []

    def status(self) -> PrinterStatus:
        if self.gone:
            raise self.gone
        return self.condition

    def print_slip(self, slip: Slip) -> None:
        self.slips.append(slip)
        if self.breaks:
            raise self.breaks

    def close(self) -> None:
        pass


class Book:
    def __init__(self) -> None:
        self.entries: list[Transaction] = []
        self.full = False
        self.in_standing = True
        self.half_made: Transaction | None = None

    def unsettled(self) -> Transaction | None:
        return self.half_made

    def append(self, transaction: Transaction, enclosure: Enclosure | None = None) -> int:
        if self.full:
            raise LedgerFailed("disk full")
        self.entries.append(transaction)
        return len(self.entries)

    def tidy(self) -> bool:
        if self.full:
            raise LedgerFailed("disk full")
        return self.in_standing


class Eye:
    """A camera that notes what is asked of it."""

    def __init__(self) -> None:
        self.gone: DeviceError | None = None
        self.asked = self.opened = self.closed = 0

    def identify(self) -> CameraIdentity:
        self.asked += 1
        if self.gone:
            raise self.gone
        return CameraIdentity("an eye")

    def open(self, timeout_s: float) -> None:
        self.opened += 1

    def frame(self, timeout_s: float) -> Frame:
        raise PictureDark("camera", "nobody asked for a picture")

    def close(self) -> None:
        self.closed += 1


class Screen:
    def __init__(self) -> None:
        self.scene: Scene | None = None
        self.resets = 0

    def show(self, scene: Scene) -> None:
        self.scene = scene

    def reset_preferences(self) -> None:
        self.resets += 1

    def words(self, sentence: Say) -> str:
        return Language("zh", gettext.NullTranslations()).text(sentence)


class Hall:
    """A terminal in a hall, and a citizen."""

    def __init__(
        self,
        key: str = "zhumadian",
        plate: Plate | None = None,
        printer: Printer | None = None,
        eye: Camera | None = None,
        studio: Studio | None = None,
        *,
        technician: TechnicianMeans | None = None,
        slot: Slot | None = None,
        pad: Pad | None = None,
        bell: Bell | None = None,
    ) -> None:
        self.now = 1000.0
        self.woken = threading.Event()
        self.slot, self.pad, self.book, self.screen = slot or Slot(), pad or Pad(), Book(), Screen()
        self.world = World()
        self.conductor = Conductor(
            region(key),
            Devices(self.slot, self.pad, plate, printer, eye, bell=bell),
            self.ask_centre,
            self.book,
            self.screen,
            Surroundings(
                lambda: self.now,
                lambda: date(2026, 11, 22),
                lambda: "ab" * 16,
                self.woken.set,
                lambda: datetime(2026, 11, 22, 10, 40, tzinfo=CHINA),
            ),
            studio=studio,
            terminal="zmd-0001",
            technician=technician,
        )

    def ask_centre(self, request: AskCentre) -> CentreAnswer | Unreachable | Distrusted:
        return cast("CentreAnswer | Unreachable | Distrusted", self.world.answer(request))

    def until(self, there: Callable[[], bool], what: str = "") -> None:
        for _ in range(int(DEADLINE_S / 0.01)):
            self.conductor.tick()
            if there():
                return
            self.now += 0.001
            self.woken.wait(0.01)
            self.woken.clear()
        raise AssertionError(f"never: {what}; shown is {self.view}")

    def sees(self, kind: type[View]) -> None:
        self.until(lambda: isinstance(self.view, kind), kind.__name__)

    @property
    def view(self) -> View:
        assert self.screen.scene is not None
        return self.screen.scene.view

    def touch(self, intent: Posted) -> None:
        self.conductor.intent(intent)

    def to_pin_entry(self) -> None:
        self.to_pin_screen()
        assert self.pad.entering.wait(DEADLINE_S)

    def to_pin_screen(self) -> None:
        self.sees(Attract)
        self.touch(Intent.START)
        self.sees(Home)
        self.touch(ChooseService(Service.CARD_QUERY))
        self.sees(InsertCard)
        self.slot.insert()
        self.sees(PinEntry)

    def later(self, seconds: float) -> None:
        self.now += seconds
        self.conductor.tick()

    @property
    def warning(self) -> int | None:
        assert self.screen.scene is not None
        return self.screen.scene.still_there.seconds if self.screen.scene.still_there else None

    def to_loss_report(self) -> None:
        self.sees(Attract)
        self.touch(Intent.START)
        self.sees(Home)
        self.touch(OpenMenu(Menu.LOST))
        self.touch(ChooseService(Service.TEMPORARY_LOSS))

    def to_plate(self, plate: Plate) -> None:
        self.until(lambda: plate.asked > 0, "the reader was asked who it is")
        self.until(lambda: self.conductor._watch.reads_id_cards, "its answer was taken in")
        self.to_loss_report()
        self.sees(Explain)
        self.touch(Intent.NEXT)
        self.sees(PlaceIdCard)


@pytest.fixture
def plate() -> Plate:
    return Plate()


@pytest.fixture
def beijing(plate: Plate) -> Iterator[Hall]:
    place = Hall("beijing", plate)
    yield place
    plate.may_find.set()
    place.conductor.stop()


@pytest.fixture
def hall() -> Iterator[Hall]:
    place = Hall()
    yield place
    place.pad.cancel()
    place.conductor.stop()


def test_one_citizen_from_attract_to_home_again(hall: Hall) -> None:
    hall.to_pin_entry()
    hall.pad.count(3)
    hall.until(lambda: isinstance(hall.view, PinEntry) and hall.view.typed == 3)
    hall.pad.pressed.set()
    hall.sees(TakeCard)
    assert [entry.outcome for entry in hall.book.entries] == [Outcome.DONE], "on record before the card goes back"
    hall.slot.pull()
    hall.sees(Choices)
    assert len(hall.pad.handed[0]) == 0, "the PIN is wiped"
    hall.touch(Intent.DONE)
    hall.sees(Home)


def test_idle_in_front_of_personal_data_after_60_s(hall: Hall) -> None:
    hall.to_pin_entry()
    hall.later(59)
    assert hall.warning is None
    hall.later(1.5)
    assert hall.warning == 30
    hall.later(10)
    assert hall.warning == 20
    hall.touch(Intent.GO_ON)
    hall.conductor.tick()
    assert hall.warning is None
    hall.later(91)
    hall.sees(TakeCard)
    hall.slot.pull()
    hall.sees(Attract)
    assert [entry.reason for entry in hall.book.entries] == ["citizen_gone"]
    assert hall.screen.resets >= 1


def test_idle_elsewhere_after_120_s_and_in_large_type_after_180(hall: Hall) -> None:
    hall.sees(Attract)
    hall.touch(Intent.START)
    hall.sees(Home)
    hall.later(119)
    assert hall.warning is None
    hall.later(1.5)
    assert hall.warning == 30
    hall.conductor.activity(large=True)
    hall.later(179)
    assert hall.warning is None
    hall.later(1.5)
    assert hall.warning == 30
    hall.later(31)
    hall.sees(Attract)


def test_attract_screen_is_never_idle(hall: Hall) -> None:
    hall.sees(Attract)
    hall.later(10_000)
    assert hall.warning is None


def test_keys_on_the_pad_are_signs_of_life(hall: Hall) -> None:
    hall.to_pin_entry()
    hall.later(50)
    hall.pad.count(1)
    hall.until(lambda: isinstance(hall.view, PinEntry) and hall.view.typed == 1)
    hall.later(50)
    assert hall.warning is None


def test_card_pulled_at_the_pin(hall: Hall) -> None:
    hall.to_pin_entry()
    hall.slot.pull()
    hall.now += 1
    hall.sees(Fault)
    assert isinstance(hall.view, Fault)
    assert hall.view.code == "C-05"
    assert [entry.reason for entry in hall.book.entries] == ["card_taken"]
    assert hall.pad.handed == []


def test_cancel_on_the_screen_ends_the_entry_at_the_pad(hall: Hall) -> None:
    hall.to_pin_entry()
    hall.touch(Intent.CANCEL)
    hall.sees(TakeCard)
    hall.slot.pull()
    hall.sees(Explain)
    assert [entry.outcome for entry in hall.book.entries] == [Outcome.CANCELLED]


def test_cancel_that_comes_before_the_pad_has_begun_still_counts(hall: Hall) -> None:
    hall.pad.may_begin.clear()
    hall.to_pin_screen()
    hall.touch(Intent.CANCEL)
    hall.conductor.tick()
    hall.pad.may_begin.set()
    hall.sees(TakeCard)
    hall.slot.pull()
    hall.sees(Explain)


def test_a_pin_that_comes_after_the_cancel_is_wiped(hall: Hall) -> None:
    hall.to_pin_entry()
    hall.touch(Intent.CANCEL)
    hall.woken.clear()
    hall.pad.pressed.set()  # the last key, before the conductor has told the pad of the cancel
    while not hall.pad.handed:
        assert hall.woken.wait(DEADLINE_S)
        hall.woken.clear()
    hall.sees(TakeCard)
    assert len(hall.pad.handed[0]) == 0, "a PIN that nobody takes any more is wiped"
    hall.slot.pull()
    hall.sees(Explain)
    assert [entry.outcome for entry in hall.book.entries] == [Outcome.CANCELLED]


def test_pad_timer_runs_out_while_the_citizen_is_there(hall: Hall) -> None:
    hall.to_pin_entry()
    for _ in range(5):
        hall.later(50)
        hall.conductor.activity(large=False)
    hall.pad.times_out = True
    hall.pad.pressed.set()
    hall.until(lambda: not hall.pad.times_out and hall.pad.entering.is_set())
    hall.pad.pressed.set()
    hall.sees(TakeCard)
    hall.slot.pull()
    hall.sees(Choices)


def test_silent_pad_is_a_fault_not_a_missing_citizen(hall: Hall) -> None:
    hall.to_pin_entry()
    hall.pad.times_out = True
    hall.pad.pressed.set()
    hall.sees(TakeCard)
    hall.slot.pull()
    hall.sees(Fault)
    assert isinstance(hall.view, Fault)
    assert hall.view.code == "P-02"


def test_a_touch_that_the_screen_does_not_offer_is_ignored(hall: Hall) -> None:
    hall.sees(Attract)
    hall.touch(Intent.DONE)
    hall.touch(ChooseService(Service.PIN_CHANGE))
    hall.conductor.tick()
    assert isinstance(hall.view, Attract)


def test_interruption_waits_for_what_can_not_be_interrupted(hall: Hall) -> None:
    hall.sees(Attract)
    hall.touch(Intent.START)
    hall.sees(Home)
    hall.touch(ChooseService(Service.CARD_QUERY))
    hall.slot.read_may_go_on.clear()
    hall.slot.insert()
    hall.until(lambda: not isinstance(hall.view, InsertCard))
    hall.conductor.close_terminal()
    hall.conductor.tick()
    assert hall.slot.released == 0
    hall.slot.read_may_go_on.set()
    hall.sees(TakeCard)
    hall.slot.pull()
    hall.sees(Fault)
    hall.touch(Intent.DONE)
    hall.sees(OutOfService)
    assert hall.conductor.vacant


def test_full_ledger_closes_the_terminal_until_it_can_write_again(hall: Hall) -> None:
    hall.to_pin_entry()
    hall.book.full = True
    hall.pad.pressed.set()
    hall.sees(TakeCard)
    hall.slot.pull()
    hall.sees(Fault)
    assert isinstance(hall.view, Fault)
    assert hall.view.code == "L-01"
    hall.touch(Intent.DONE)
    hall.sees(OutOfService)
    hall.book.full = False
    hall.now += 11
    hall.sees(Attract)


def test_reader_gone_and_back(hall: Hall) -> None:
    hall.sees(Attract)
    hall.slot.gone = NotConnected("card_reader", "unplugged")
    hall.now += 1
    hall.sees(OutOfService)
    assert isinstance(hall.view, OutOfService)
    assert hall.view.code == "C-01"
    hall.touch(Intent.START)
    hall.conductor.tick()
    assert isinstance(hall.view, OutOfService)
    hall.slot.gone = None
    hall.now += 1
    hall.sees(Attract)


def test_without_a_reader_what_needs_no_card_goes_on(beijing: Hall, plate: Plate) -> None:
    beijing.until(lambda: beijing.conductor._watch.reads_id_cards)
    beijing.slot.gone = NotConnected("card_reader", "unplugged")
    beijing.until(lambda: isinstance(beijing.view, Attract) and "先别插卡" in beijing.view.line.text, "it is said")
    assert beijing.conductor.standing == "waits for somebody, reads no card: C-01"
    beijing.to_plate(plate)
    beijing.touch(Intent.CANCEL)
    beijing.sees(Explain)
    beijing.touch(Intent.DONE)
    beijing.sees(Home)
    beijing.touch(Intent.CANCEL)
    plate.gone = NotConnected("id_reader", "unplugged")
    beijing.now += 11
    beijing.sees(OutOfService)
    plate.gone = None
    beijing.now += 11
    beijing.sees(Attract)
    beijing.slot.gone = None
    beijing.until(lambda: isinstance(beijing.view, Attract) and "先别插卡" not in beijing.view.line.text, "it is back")


def test_a_reader_that_goes_while_a_card_is_waited_for_is_not_offered_again(beijing: Hall, plate: Plate) -> None:
    beijing.until(lambda: beijing.conductor._watch.reads_id_cards)
    beijing.touch(Intent.START)
    beijing.sees(Home)
    beijing.touch(ChooseService(Service.CARD_QUERY))
    beijing.sees(InsertCard)
    beijing.slot.gone = NotConnected("card_reader", "unplugged")
    beijing.sees(Fault)
    beijing.touch(Intent.DONE)
    beijing.sees(Home)
    beijing.touch(ChooseService(Service.CARD_QUERY))
    beijing.sees(Refusal)
    assert isinstance(beijing.view, Refusal)
    assert beijing.view.title.text == "这台机器现在读不了卡"
    beijing.touch(Intent.DONE)
    beijing.slot.gone = None
    beijing.sees(Home)
    beijing.now += 1
    beijing.until(lambda: beijing.conductor._watch.reads_cards, "it is back")
    beijing.touch(ChooseService(Service.CARD_QUERY))
    beijing.sees(InsertCard)


def test_pad_gone_and_back(hall: Hall) -> None:
    hall.sees(Attract)
    hall.pad.gone = NotConnected("pin_pad", "unplugged")
    hall.now += 11
    hall.until(lambda: not hall.conductor._watch.enters_pins, "the pad is missed")
    hall.touch(Intent.START)
    hall.sees(Home)
    hall.touch(ChooseService(Service.CARD_QUERY))
    hall.sees(Refusal)
    assert isinstance(hall.view, Refusal)
    assert (hall.view.title.text, hall.view.code) == ("这台机器现在输不了密码", "P-01")
    hall.touch(Intent.DONE)
    hall.sees(Home)
    hall.touch(ChooseService(Service.CARD_EXAMINATION))
    hall.sees(InsertCard)
    hall.touch(Intent.CANCEL)
    hall.pad.gone = None
    hall.sees(Explain)
    hall.touch(Intent.DONE)
    hall.sees(Home)
    hall.touch(Intent.CANCEL)
    hall.sees(Attract)
    hall.now += 11
    hall.until(lambda: hall.conductor._watch.enters_pins, "it is back")


def test_frozen_identity_serves_nobody(hall: Hall) -> None:
    hall.sees(Attract)
    hall.book.in_standing = False
    hall.now += 11
    hall.sees(OutOfService)
    assert isinstance(hall.view, OutOfService)
    assert hall.view.code == "I-01"


def test_card_put_in_before_the_first_touch_opens_home(hall: Hall) -> None:
    hall.sees(Attract)
    hall.now += 1
    hall.until(lambda: hall.conductor._slot_was_full is False)
    hall.slot.insert()
    hall.now += 1
    hall.sees(Home)


def test_forgotten_card_is_called_for_after_10_s(hall: Hall) -> None:
    hall.to_pin_entry()
    hall.touch(Intent.CANCEL)
    hall.sees(TakeCard)
    assert isinstance(hall.view, TakeCard)
    assert not hall.view.urgent
    hall.later(10)
    assert isinstance(hall.view, TakeCard)
    assert hall.view.urgent
    hall.slot.pull()
    hall.sees(Explain)


def test_reader_that_fails_while_the_card_goes_back_is_asked_again(hall: Hall) -> None:
    hall.to_pin_entry()
    hall.slot.gone_at_return = NotConnected("card_reader", "hung up")
    hall.touch(Intent.CANCEL)
    hall.sees(TakeCard)
    hall.later(5)
    hall.sees(TakeCard)
    hall.slot.gone_at_return = None
    hall.slot.pull()
    hall.now += 1
    hall.sees(Explain)


def test_reader_that_stays_away_is_given_up_after_10_s(hall: Hall) -> None:
    hall.to_pin_entry()
    hall.slot.gone_at_return = NotConnected("card_reader", "hung up")
    hall.touch(Intent.CANCEL)
    hall.sees(TakeCard)
    hall.now += 11
    hall.sees(Explain)
    hall.slot.gone = NotConnected("card_reader", "hung up")
    hall.touch(Intent.DONE)
    hall.sees(OutOfService)


def test_closing_waits_for_the_card_to_be_taken(hall: Hall) -> None:
    hall.to_pin_entry()
    hall.touch(Intent.CANCEL)
    hall.sees(TakeCard)
    hall.conductor.close_terminal()
    hall.later(30)
    hall.sees(TakeCard)
    hall.slot.pull()
    hall.sees(Explain)


def test_card_that_comes_with_the_cancel_goes_back(hall: Hall) -> None:
    hall.sees(Attract)
    hall.touch(Intent.START)
    hall.sees(Home)
    hall.touch(ChooseService(Service.CARD_QUERY))
    hall.sees(InsertCard)
    hall.slot.insert()
    hall.touch(Intent.CANCEL)
    hall.sees(TakeCard)
    hall.slot.pull()
    hall.sees(Explain)


def test_closing_at_home_serves_nobody_any_more(hall: Hall) -> None:
    hall.sees(Attract)
    hall.touch(Intent.START)
    hall.sees(Home)
    hall.conductor.close_terminal()
    hall.touch(ChooseService(Service.CARD_QUERY))
    hall.sees(OutOfService)


def test_closing_lets_the_result_be_read_for_20_s(hall: Hall) -> None:
    hall.to_pin_entry()
    hall.pad.pressed.set()
    hall.sees(TakeCard)
    hall.conductor.close_terminal()
    hall.slot.pull()
    hall.sees(Choices)
    hall.later(19)
    hall.sees(Choices)
    hall.later(1.5)
    hall.sees(OutOfService)


def test_card_left_behind_is_called_for_before_anybody_is_served(hall: Hall) -> None:
    hall.to_pin_entry()
    hall.slot.gone_at_return = NotConnected("card_reader", "hung up")
    hall.touch(Intent.CANCEL)
    hall.sees(TakeCard)
    hall.now += 11
    hall.sees(Explain)
    hall.slot.gone_at_return = None
    hall.touch(Intent.DONE)
    hall.now += 1
    hall.until(lambda: isinstance(hall.view, TakeCard) and hall.view.urgent)
    hall.touch(Intent.START)
    hall.conductor.tick()
    assert isinstance(hall.view, TakeCard)
    hall.slot.pull()
    hall.now += 1
    hall.sees(Attract)


def test_waiting_for_the_card_to_be_taken_is_not_idleness(hall: Hall) -> None:
    hall.to_pin_entry()
    hall.touch(Intent.CANCEL)
    hall.sees(TakeCard)
    hall.later(1000)
    assert hall.warning is None
    assert isinstance(hall.view, TakeCard)


def test_an_identity_card_is_read_and_called_for_until_it_is_taken(beijing: Hall, plate: Plate) -> None:
    beijing.to_plate(plate)
    plate.lies_there = True
    beijing.until(lambda: isinstance(beijing.conductor._request, ReturnIdDocument), "it was read")
    beijing.later(0.4)
    assert isinstance(beijing.view, TakeIdCard)
    assert not beijing.view.urgent
    beijing.later(10.0)
    assert isinstance(beijing.view, TakeIdCard)
    assert beijing.view.urgent
    plate.lies_there = False
    beijing.sees(ReadBack)


def test_an_identity_card_that_comes_at_the_last_moment_is_given_back(beijing: Hall, plate: Plate) -> None:
    plate.may_find.clear()
    beijing.to_plate(plate)
    assert plate.looking.wait(DEADLINE_S)
    plate.lies_there = True
    beijing.touch(Intent.CANCEL)
    plate.may_find.set()
    beijing.until(lambda: isinstance(beijing.conductor._request, ReturnIdDocument), "it is called for")
    plate.lies_there = False
    beijing.sees(Explain)
    assert beijing.view.title.text == "已经取消"


def test_waiting_for_an_identity_card_can_be_cancelled(beijing: Hall, plate: Plate) -> None:
    beijing.to_plate(plate)
    beijing.touch(Intent.CANCEL)
    beijing.sees(Explain)
    assert beijing.view.title.text == "已经取消"


def test_an_identity_card_reader_that_goes_away_ends_the_service_and_closes_nothing(
    beijing: Hall, plate: Plate
) -> None:
    beijing.to_plate(plate)
    plate.gone = NotConnected("id_reader", "unplugged")
    beijing.sees(Fault)
    assert isinstance(beijing.view, Fault)
    assert beijing.view.code == "D-01"
    beijing.touch(Intent.DONE)
    beijing.sees(Home)
    beijing.touch(OpenMenu(Menu.LOST))
    beijing.touch(ChooseService(Service.TEMPORARY_LOSS))
    beijing.sees(Refusal)
    assert isinstance(beijing.view, Refusal)
    assert beijing.view.code == "D-11"


def test_a_reader_that_answers_again_is_used_again(beijing: Hall, plate: Plate) -> None:
    plate.gone = NotConnected("id_reader", "unplugged")
    beijing.until(lambda: plate.asked > 0, "the reader was asked who it is")
    beijing.later(0.1)
    assert isinstance(beijing.view, Attract), "the terminal serves without it"
    plate.gone = None
    beijing.later(11.0)
    beijing.until(lambda: beijing.conductor._watch.reads_id_cards, "it was asked again")
    beijing.to_plate(plate)


def test_a_card_that_stays_on_a_reader_that_is_gone_is_given_up(beijing: Hall, plate: Plate) -> None:
    beijing.to_plate(plate)
    plate.lies_there = True
    beijing.until(lambda: isinstance(beijing.conductor._request, ReturnIdDocument), "it was read")
    plate.gone = NotConnected("id_reader", "unplugged")
    beijing.until(lambda: beijing.conductor._retry_return_at is not None, "the reader has failed")
    beijing.later(11.0)
    beijing.sees(ReadBack)


def test_a_camera_is_asked_whether_it_is_there_and_looks_at_nobody(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    eye = Eye()
    hall = Hall(eye=eye)
    hall.until(lambda: "the camera is there: an eye" in caplog.text)
    eye.gone = NotConnected("camera", "unplugged")
    hall.later(11.0)
    hall.until(lambda: "the camera is not there: camera: unplugged" in caplog.text)
    assert isinstance(hall.view, Attract), "the terminal serves without it"
    eye.gone = None
    hall.later(11.0)
    hall.until(lambda: caplog.text.count("the camera is there") == 2)
    hall.touch(Intent.START)
    hall.sees(Home)
    assert eye.opened == 0
    hall.conductor.stop()
    assert eye.closed == 1, "a terminal that ends looks at nobody"


@pytest.fixture
def printer() -> Printer:
    return Printer()


@pytest.fixture
def printing_hall(printer: Printer) -> Iterator[Hall]:
    place = Hall(printer=printer)
    yield place
    place.pad.cancel()
    place.conductor.stop()


def to_refusal(hall: Hall) -> Refusal:
    """A service that the region does not open here: nothing but a refusal, and a slip of it."""
    hall.sees(Attract)
    hall.touch(Intent.START)
    hall.sees(Home)
    hall.touch(OpenMenu(Menu.LOST))
    hall.touch(ChooseService(Service.TEMPORARY_LOSS))
    hall.sees(Refusal)
    assert isinstance(hall.view, Refusal)
    return hall.view


def offers_paper(view: Refusal) -> bool:
    return Intent.PRINT in {action.intent for action in view.actions}


def test_a_slip_is_printed_while_the_citizen_reads(printing_hall: Hall, printer: Printer) -> None:
    hall = printing_hall
    hall.until(lambda: hall.conductor._watch.printing is Printing.READY)
    assert offers_paper(to_refusal(hall))
    hall.touch(Intent.PRINT)
    hall.sees(Explain)
    (slip,) = printer.slips
    assert slip.blocks[:2] == (Heading("驻马店"), Heading("挂失不在这里办"))
    assert Line("打印时间 2026-11-22 10:40", strong=True) in slip.blocks
    assert title(hall.view) == "凭条打好了"


@pytest.mark.parametrize(
    "fault",
    [
        NotConnected("receipt_printer", "no such port"),
        TimedOut("receipt_printer", "silent"),
        ProtocolViolation("receipt_printer", "FF is no answer"),
    ],
)
def test_a_printer_that_is_gone_closes_nothing_and_is_logged_once(
    printing_hall: Hall, printer: Printer, fault: DeviceError, caplog: pytest.LogCaptureFixture
) -> None:
    hall, printer.gone = printing_hall, fault
    hall.until(lambda: "receipt_printer" in caplog.text)
    for _ in range(3):
        hall.now += 10
        hall.until(lambda: hall.conductor._lanes.printer.idle)
    assert caplog.text.count(fault.what) == 1
    assert isinstance(hall.view, Attract)
    assert not offers_paper(to_refusal(hall))
    printer.gone = None
    hall.touch(Intent.DONE)
    hall.sees(Home)
    hall.now += 10
    hall.until(lambda: hall.conductor._watch.printing is Printing.READY)
    assert "receipt_printer: in order" in caplog.text


@pytest.mark.parametrize(
    ("condition", "told", "prints"),
    [
        (PrinterStatus(Paper.LOW, cover_open=False, jammed=False, offline=False), "paper is low", True),
        (PrinterStatus(Paper.OUT, cover_open=False, jammed=False, offline=True), "no paper", False),
        (PrinterStatus(Paper.ENOUGH, cover_open=True, jammed=False, offline=True), "the cover is open", False),
        (PrinterStatus(Paper.ENOUGH, cover_open=False, jammed=True, offline=True), "stuck", False),
        (PrinterStatus(Paper.ENOUGH, cover_open=False, jammed=False, offline=True), "offline", False),
    ],
)
def test_technicians_read_how_the_printer_is(
    printing_hall: Hall,
    printer: Printer,
    condition: PrinterStatus,
    told: str,
    prints: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    printer.condition = condition
    printing_hall.until(lambda: told in caplog.text, told)
    assert printing_hall.conductor.supplies.paper == condition.paper.value
    assert offers_paper(to_refusal(printing_hall)) is prints


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (MediaExhausted("receipt_printer", "no paper"), "打印机没有纸了"),
        (PartlyPrinted("receipt_printer", "a slip broke off"), "凭条没有打完整"),
        (NotConnected("receipt_printer", "gone"), "打印机没有反应"),
    ],
)
def test_a_slip_that_fails_is_said_and_sent_once(
    printing_hall: Hall, printer: Printer, fault: DeviceError, said: str
) -> None:
    hall, printer.breaks = printing_hall, fault
    hall.until(lambda: hall.conductor._watch.printing is Printing.READY)
    to_refusal(hall)
    hall.touch(Intent.PRINT)
    hall.sees(Explain)
    assert title(hall.view) == said
    hall.touch(Intent.BACK)
    hall.sees(Refusal)
    assert isinstance(hall.view, Refusal)
    assert not offers_paper(hall.view)
    assert len(printer.slips) == 1
    assert hall.conductor._watch.printing is Printing.UNABLE, "nothing is promised before it was asked again"


def test_a_terminal_without_a_printer_promises_none(hall: Hall) -> None:
    assert not offers_paper(to_refusal(hall))


def title(view: View) -> str:
    assert isinstance(view, Explain)
    return view.title.text


def test_a_pause_ends_by_itself_or_by_a_touch(monkeypatch: pytest.MonkeyPatch) -> None:
    came: list[AnyIntent | None] = []

    def paused(_session: Session) -> Journey[Outcome]:
        view = Explain(say("请稍候"), (), None, (Action(Intent.NEXT, say("好的")),))
        came.append((yield from ask(Pause(view, 5.0))))
        came.append((yield from ask(Pause(view, 5.0))))
        yield from ask(Wait(5.0))
        came.append((yield from ask(Pause(view, 5.0))))
        return Outcome.DONE

    monkeypatch.setitem(JOURNEYS, Service.CARD_QUERY, paused)
    hall = Hall()
    hall.sees(Attract)
    hall.touch(Intent.START)
    hall.sees(Home)
    hall.touch(ChooseService(Service.CARD_QUERY))
    hall.sees(Explain)
    hall.later(4.9)
    assert came == []
    hall.later(0.2)
    assert came == [None]
    hall.touch(Intent.NEXT)
    assert came == [None, Intent.NEXT]
    hall.touch(Intent.NEXT)
    hall.later(4.9)
    assert came == [None, Intent.NEXT], "nobody hurries a wait"
    hall.later(0.2)
    hall.touch(Intent.CANCEL)
    assert came == [None, Intent.NEXT], "what the view does not offer is not heard"
    hall.later(5.1)
    assert came == [None, Intent.NEXT, None]
    hall.conductor.stop()
