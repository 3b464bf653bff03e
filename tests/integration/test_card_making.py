"""One card from the hopper to a hand: real centre, ledger, driver, pcscd and chip; cut short, and brought to an end."""

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import select

from central.tables import Card, Fee
from drivers.capture_unit import EscapeCaptureUnit
from drivers.capture_unit.motor import BAUD_RATE
from drivers.card_encoder import PcscCardEncoder
from drivers.card_printer import EscapeCardPrinter
from drivers.card_printer.escape import Limits
from drivers.card_reader import PcscCardReader
from drivers.ports.card_encoder import ChipData
from drivers.ports.card_reader import HolderData
from drivers.ports.errors import DeviceError
from drivers.transport.byte_line import SerialPortLine, TcpLine
from kiosk.card_face.layout import layout_for
from kiosk.card_face.painter import FacePainter
from kiosk.central_client import CentralClient, ClockOffset, SignedConnection
from kiosk.custody import StockBook
from kiosk.journeys import issuing_requests as wanted
from kiosk.journeys.frame import Progress, Session
from kiosk.journeys.issuing import CardInMaking, End, Issued, make_card
from kiosk.journeys.issuing_recovery import settle
from kiosk.journeys.requests import Announce, AskCentre, Journey, LedgerFailed, Record, Unreachable
from kiosk.journeys.views import Attract, OutOfService, TakeCard, TakeNewCard, View
from kiosk.ledger import Ledger
from kiosk.records.china_time import CHINA
from kiosk.records.custody import Counted
from kiosk.records.filings import IdentifiedBy
from kiosk.records.issuance import (
    AbandonedWhy,
    AskFee,
    CardOrder,
    FeeStanding,
    OrderFee,
    ReplacementReason,
    ReserveIssuance,
)
from kiosk.records.transaction import Service, Stage
from kiosk.runtime.card_making import CardMaker, book_errand, making_errand
from kiosk.runtime.centre import put_question
from kiosk.runtime.conductor import UNSETTLED_POLL_S, Conductor
from kiosk.runtime.journal import DurableJournal
from kiosk.runtime.sitting import Studio
from kiosk.runtime.surroundings import Devices, Surroundings
from kiosk.runtime.watch import POLL_S
from kiosk.ui.fonts import FontBook
from simulators.capture_unit import CaptureUnitSimulator
from simulators.card.slot import CardSlot
from simulators.card_printer import CardPrinterFault, CardPrinterSimulator, tally
from simulators.pcscd import CONTACT_STATION_PORT, PrivatePcscd
from tests.blanks import PHOTO, blank
from tests.centre import REPOSITORY, EnrolledTerminal, RunningCentre
from tests.contract.test_card_printer import face
from tests.integration.test_central_loss_reports import NAMES, YUNLING
from tests.journeys.world import TODAY, region
from tests.ledgers import SIZES
from tests.stack import READER_LIMIT_S
from tests.unit.test_conductor import DEADLINE_S, Pad, Screen, Slot

pytestmark = pytest.mark.stack
STORAGE_KEY = b"s" * 32
JOB = "7a6b5c4d" * 4
PAINTER = FacePainter(
    layout_for(REPOSITORY / "config" / "card_faces", "yunling"), FontBook(REPOSITORY / "assets" / "fonts")
)


@dataclass
class Terminal:
    """What a terminal is made of, without a window; the journeys' requests are carried out one after the other."""

    centre: RunningCentre
    enrolled: EnrolledTerminal
    simulator: CardPrinterSimulator
    ledger: Ledger
    maker: CardMaker
    client: CentralClient
    cut_before: str = ""
    """Name of the request before which the power is cut."""

    @property
    def book(self) -> StockBook:
        return self.maker.book

    def reserve(self) -> CardOrder:
        """Reserve a card, and pay for it."""
        reserved = self.client.reserve_issuance(
            ReserveIssuance(
                transaction_id=JOB,
                region="yunling",
                social_security_number=YUNLING[2],
                name=NAMES[YUNLING],
                identified_by=IdentifiedBy.ID_CARD,
                reason=ReplacementReason.DAMAGED,
            )
        )
        self.centre.till.pay(self.client.order_fee(OrderFee(transaction_id=JOB)).code_url)
        assert self.client.fee(AskFee(transaction_id=JOB)).standing is FeeStanding.PAID
        assert reserved.order is not None
        return reserved.order

    def make(self, order: CardOrder) -> Issued | None:
        """Make it; None where the power was cut."""
        progress = _progress()
        self.ledger.append(progress.transaction(Stage.BEGUN), offset_ms=0)
        card = CardInMaking(JOB, _chip(order), face(), exchange=True)
        return self._run(progress, make_card(progress, card))

    def start_again(self) -> Issued | None:
        """Bring what was cut short to an end."""
        self.cut_before = ""
        (begun,) = self.ledger.unfinished()
        progress = _progress()
        return self._run(progress, settle(progress, begun, somebody_waits=True))

    def _run(self, progress: Progress, journey: Journey[Issued]) -> Issued | None:
        try:
            request = next(journey)
            while True:
                asked = request.question if isinstance(request, AskCentre) else request
                if type(asked).__name__ == self.cut_before:
                    journey.close()
                    return None
                try:
                    answer = self._do(request)
                except (DeviceError, LedgerFailed, wanted.BookRefused) as error:
                    request = journey.throw(error)
                else:
                    request = journey.send(answer)
        except StopIteration as end:
            if not progress.unsettled:
                self.ledger.append(progress.transaction(Stage.FINISHED), offset_ms=0)
            return cast("Issued", end.value)

    def _do(self, request: Any) -> Any:
        match request:
            case Announce() | wanted.Wait() | wanted.HoldOldCard() | wanted.GiveOldCardBack():
                return None  # the old card's slot is a person's hand here
            case wanted.RetainOldCard():
                return True
            case Record(transaction):
                return self.ledger.append(transaction, offset_ms=0).sequence
            case AskCentre():
                return put_question(self.client, request)
            case wanted.Book() | wanted.WhereIsBlank():
                return book_errand(request, self.book)()
            case wanted.AwaitTaken():
                self.simulator.take_card()
                return making_errand(request, self.maker)()
            case _:
                return making_errand(request, self.maker)()


def _progress() -> Progress:
    progress = Progress(Service.CARD_APPLICATION, Session(JOB, region("yunling"), TODAY))
    progress.social_security_number, progress.holder_name = YUNLING[2], NAMES[YUNLING]
    return progress


def _chip(order: CardOrder) -> ChipData:
    return ChipData(
        card_class=order.card_class,
        norm_version=order.norm_version,
        issued_on=date.fromisoformat(order.issued_on),
        expires_on=date.fromisoformat(order.expires_on),
        card_number=order.card_number,
        holder=HolderData(
            social_security_number=order.social_security_number,
            name=order.name,
            sex=order.sex,
            ethnic_group=order.ethnic_group or "01",
            birthplace=order.birthplace or "990100",
            birth_date=date.fromisoformat(order.birth_date),
        ),
        photo=PHOTO,
    )


@pytest.fixture
def terminal(pcscd: PrivatePcscd, own_centre: RunningCentre, tmp_path: Path) -> Iterator[Terminal]:
    if pcscd.pid is None:
        pcscd.start()
    centre, name = own_centre, pcscd.contact_station_name
    enrolled = centre.enrol("yl-0001", "yunling")
    ledger = Ledger.create(tmp_path / "ledger", enrolled.id, STORAGE_KEY, centre.opening_key, centre.clock)
    connection = SignedConnection(
        centre.url,
        centre.ca_file,
        terminal_id=enrolled.id,
        key=enrolled.key,
        centre_keys={centre.keys.key_id: centre.signing_key},
        clock=centre.clock,
        offset=ClockOffset(tmp_path / "offset"),
    )
    station = PcscCardReader(name, answer_limit_s=READER_LIMIT_S)
    station.wait_for_removal(5.0)
    slot = CardSlot(pcscd.network, CONTACT_STATION_PORT)
    with CardPrinterSimulator(tmp_path / "card-printer", slot=slot) as simulator:
        simulator.load_blanks([blank(0x7101 + number) for number in range(5)])
        simulator.change_ribbon()
        printer = EscapeCardPrinter(
            TcpLine("card_printer", "127.0.0.1", simulator.port),
            centre.signing_key,
            enrolled.id,
            now_ms=lambda: int(centre.clock() * 1000),
            limits=Limits(answer_s=2.0, settle_s=5.0),
        )
        encoder = PcscCardEncoder(name, answer_limit_s=READER_LIMIT_S)
        book = StockBook(ledger, "yunling", SIZES, clock=centre.clock, offset_ms=lambda: 0)
        maker = CardMaker(printer, encoder, station, book, PAINTER)
        made = Terminal(centre, enrolled, simulator, ledger, maker, CentralClient(connection))
        made.book.hand_over(5, by="A", and_by="B")
        yield made
        printer.close()
        encoder.close()
        station.close()
    slot.close()
    ledger.close()


def valid_cards(centre: RunningCentre) -> list[str]:
    query = select(Card.identification_code).where(Card.social_security_number == YUNLING[2], Card.state == "1")
    with centre.database.reading() as session:
        return sorted(session.scalars(query))


def fee_state(centre: RunningCentre) -> str:
    with centre.database.reading() as session:
        return session.get_one(Fee, JOB).state


def test_from_the_hopper_to_a_hand(terminal: Terminal, tmp_path: Path) -> None:
    issued = terminal.make(terminal.reserve())
    assert issued == Issued(End.TAKEN)
    counted = tally(tmp_path / "card-printer")
    assert (counted.hopper, counted.taken, counted.reject_bin, counted.inside) == (4, 1, 0, 0)
    assert valid_cards(terminal.centre) == ["411700D1560000050000000000007101"]
    balance = terminal.book.stock().balance
    assert (balance.hopper, balance.citizen, balance.balances) == (4, 1, True)
    assert terminal.ledger.unfinished() == []


CUTS = ("FeedBlank", "IdentifyBlank", "Personalise", "PrintFace", "ReadBack", "SwitchCards", "EjectCard", "AwaitTaken")


@pytest.mark.parametrize("before", CUTS)
def test_cut_short_and_brought_to_an_end(terminal: Terminal, tmp_path: Path, before: str) -> None:
    order = terminal.reserve()
    terminal.cut_before = before
    assert terminal.make(order) is None
    issued = terminal.start_again()
    counted, balance = tally(tmp_path / "card-printer"), terminal.book.stock().balance
    assert issued is not None
    switched = CUTS.index(before) > CUTS.index("SwitchCards")
    assert issued.end is (End.TAKEN if switched else End.ABANDONED)
    valid = valid_cards(terminal.centre)
    assert valid == (["411700D1560000050000000000007101"] if switched else [YUNLING[0]])
    assert fee_state(terminal.centre) in (("paid",) if switched else ("refund_pending", "refunded"))
    assert (counted.inside, counted.printed_twice) == (0, [])
    assert (counted.hopper, counted.taken, counted.reject_bin, counted.retained_bin) == (
        balance.hopper,
        balance.citizen,
        balance.reject_bin,
        balance.retained_bin,
    )
    assert balance.balances
    assert terminal.ledger.unfinished() == []


def test_a_blank_of_another_norm_is_put_away(terminal: Terminal, tmp_path: Path) -> None:
    order = terminal.reserve()
    terminal.simulator.empty("hopper")
    terminal.simulator.load_blanks([blank(0x7201, "2.00")])
    issued = terminal.make(order)
    assert issued == Issued(End.ABANDONED, why=AbandonedWhy.BLANK)
    assert tally(tmp_path / "card-printer").reject_bin == 1
    assert valid_cards(terminal.centre) == [YUNLING[0]]


def test_two_blanks_at_once_go_into_the_bin_together_and_no_card_is_made_until_two_people_have_counted(
    terminal: Terminal, tmp_path: Path
) -> None:
    order = terminal.reserve()
    terminal.simulator.faults.fail_next(CardPrinterFault.TWO_FED)
    assert terminal.make(order) == Issued(End.ABANDONED, why=AbandonedWhy.DEVICE)
    counted, balance = tally(tmp_path / "card-printer"), terminal.book.stock().balance
    assert (counted.hopper, counted.reject_bin, counted.inside) == (3, 2, 0)
    assert (balance.hopper, balance.reject_bin, balance.printer) == (3, 2, 0)
    assert valid_cards(terminal.centre) == [YUNLING[0]]
    assert fee_state(terminal.centre) in ("refund_pending", "refunded")
    hall = Hall(terminal, tmp_path)
    hall.until(lambda: "two blanks have left the hopper at once" in hall.conductor.standing)
    found = Counted(hopper=3, printer=0, reject_bin=2, retained_bin=0)
    hall.book.close_out(found, by="A", and_by="B")
    hall.looks_again(lambda: hall.conductor.standing == "waits for somebody")
    hall.close()


def test_two_blanks_at_once_are_put_away_together_after_a_cut(terminal: Terminal, tmp_path: Path) -> None:
    order = terminal.reserve()
    terminal.simulator.faults.fail_next(CardPrinterFault.TWO_FED)
    terminal.cut_before = "DiscardCard"
    assert terminal.make(order) is None
    assert tally(tmp_path / "card-printer").inside == 2
    assert terminal.start_again() == Issued(End.ABANDONED, why=AbandonedWhy.RESTART)
    counted, balance = tally(tmp_path / "card-printer"), terminal.book.stock().balance
    assert (counted.hopper, counted.reject_bin, counted.inside) == (3, 2, 0)
    assert (balance.hopper, balance.reject_bin, balance.printer) == (3, 2, 0)


@pytest.mark.parametrize("cell", ["EF06:0D", "EF08"])
def test_a_weak_cell_is_seen_though_the_chip_keeps_its_holder_closed(
    terminal: Terminal, tmp_path: Path, cell: str
) -> None:
    order = terminal.reserve()
    assert order.norm_version == "3.00"
    terminal.simulator.empty("hopper")
    terminal.simulator.load_blanks([blank(0x7301, weak_cell=cell)])
    issued = terminal.make(order)
    assert issued == Issued(End.ABANDONED, why=AbandonedWhy.BLANK)
    assert tally(tmp_path / "card-printer").reject_bin == 1
    assert valid_cards(terminal.centre) == [YUNLING[0]]


class Hall:
    """The conductor of that terminal, started again after a cut, with the citizen still there."""

    def __init__(self, terminal: Terminal, folder: Path, *, studio: Studio | None = None, **devices: Any) -> None:
        """:param devices: what else stands there, or another than the plain ones."""
        centre, enrolled = terminal.centre, terminal.enrolled
        terminal.ledger.close()
        self.centre_is_silent = False
        self._journal = DurableJournal(
            lambda: Ledger.open(folder / "ledger", enrolled.id, STORAGE_KEY, centre.opening_key, centre.clock),
            ClockOffset(folder / "offset"),
            folder / "receipts.db",
            enrolled.id,
            {centre.keys.key_id: centre.signing_key},
        )
        self.book = StockBook(self._journal, "yunling", SIZES, clock=centre.clock, offset_ms=lambda: 0)
        maker = dataclasses.replace(terminal.maker, book=self.book)
        self.screen, self._woken = Screen(), threading.Event()
        self.skipped_s = 0.0
        """By how much the monotonic clock was moved on."""
        self.conductor = Conductor(
            region("yunling"),
            dataclasses.replace(Devices(Slot(), Pad(), card_maker=maker, capture_unit=maker.slot), **devices),
            lambda request: Unreachable(True) if self.centre_is_silent else put_question(terminal.client, request),
            self._journal,
            self.screen,
            Surroundings(
                lambda: time.monotonic() + self.skipped_s,
                lambda: TODAY,
                lambda: "ab" * 16,
                self._woken.set,
                lambda: datetime(2026, 11, 22, tzinfo=CHINA),
            ),
            studio=studio,
        )

    def until(self, there: Callable[[], bool]) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while not there():
            assert time.monotonic() < deadline, self.screen.scene
            self.conductor.tick()
            self._woken.wait(0.01)
            self._woken.clear()

    def looks_again(self, there: Callable[[], bool]) -> None:
        """The same after the time between two looks."""
        self.skipped_s += POLL_S
        self.until(there)

    @property
    def view(self) -> View | None:
        return None if self.screen.scene is None else self.screen.scene.view

    @property
    def settled(self) -> bool:
        return self._journal.unsettled() is None

    def close(self) -> None:
        self.conductor.stop()
        self._journal.close()


@pytest.mark.parametrize("before", ["PrintFace", "EjectCard"])
def test_the_terminal_settles_by_itself_what_a_cut_has_left(terminal: Terminal, tmp_path: Path, before: str) -> None:
    order = terminal.reserve()
    terminal.cut_before = before
    assert terminal.make(order) is None
    hall = Hall(terminal, tmp_path)
    if before == "EjectCard":
        hall.until(lambda: isinstance(hall.view, TakeNewCard))
        terminal.simulator.take_card()
    hall.until(lambda: hall.conductor.vacant and hall.settled)
    hall.close()
    counted = tally(tmp_path / "card-printer")
    assert (counted.taken, counted.reject_bin, counted.inside) == ((1, 0, 0) if before == "EjectCard" else (0, 1, 0))
    with Ledger.open(
        tmp_path / "ledger", terminal.enrolled.id, STORAGE_KEY, terminal.centre.opening_key, terminal.centre.clock
    ) as ledger:
        assert ledger.unfinished() == []


def test_a_printer_that_is_not_ready_closes_the_making_of_cards_and_nothing_else(
    terminal: Terminal, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hall = Hall(terminal, tmp_path)
    hall.until(lambda: hall.conductor.standing == "waits for somebody")
    terminal.simulator.open_cover()
    hall.looks_again(lambda: hall.conductor.standing.endswith("makes no card: the printer's cover is open"))
    terminal.simulator.close_cover()
    hall.looks_again(lambda: hall.conductor.standing == "waits for somebody")
    terminal.simulator.empty("hopper")
    hall.looks_again(lambda: "by the book it holds 5: count them" in hall.conductor.standing)
    terminal.simulator.power_cut()
    hall.looks_again(lambda: "makes no card: card_printer" in hall.conductor.standing)
    assert isinstance(hall.view, Attract)
    hall.close()
    assert "no card can be made: the printer's cover is open" in caplog.text


def test_without_the_contact_station_no_card_is_begun(terminal: Terminal, tmp_path: Path) -> None:
    terminal.maker = dataclasses.replace(terminal.maker, station=PcscCardReader("no such reader", answer_limit_s=1.0))
    hall = Hall(terminal, tmp_path)
    hall.until(lambda: "makes no card: card_reader" in hall.conductor.standing)
    assert isinstance(hall.view, Attract)
    hall.close()


def test_the_old_card_stays_inside_until_the_centre_has_said_which_one_is_valid(
    terminal: Terminal, tmp_path: Path
) -> None:
    order = terminal.reserve()
    terminal.cut_before = "SwitchCards"
    assert terminal.make(order) is None
    with CaptureUnitSimulator(tmp_path / "slot", link=tmp_path / "motor") as unit:
        unit.insert(tmp_path / "the-old-card.json")
        motor = EscapeCaptureUnit(SerialPortLine("capture_unit", str(tmp_path / "motor"), BAUD_RATE))
        terminal.maker = dataclasses.replace(terminal.maker, slot=motor)
        hall = Hall(terminal, tmp_path)
        hall.centre_is_silent = True
        hall.until(lambda: isinstance(hall.view, OutOfService))
        assert unit.state.where == "contacts"
        hall.centre_is_silent = False
        hall.skipped_s += UNSETTLED_POLL_S
        hall.until(lambda: unit.state.where == "mouth")
        hall.until(lambda: hall.settled and isinstance(hall.view, TakeCard))
        unit.take()
        hall.looks_again(lambda: isinstance(hall.view, Attract))
        hall.close()
        motor.close()
    assert valid_cards(terminal.centre) == [YUNLING[0]]
