"""A world for the making of a card: a printer with its cards, a ledger on a disk, a centre, and a power cut at will.

The world keeps its own tally of where each card is and which one is valid; verdicts come from that and never from what
the terminal believes. Written by hand from docs/replacement.md, apart from the code that is tried.
"""

from dataclasses import dataclass, field, replace
from datetime import date
from enum import Enum
from typing import Any, Final, cast

from drivers.ports.card_encoder import Blank, ChipData
from drivers.ports.card_printer import (
    FACE_HEIGHT,
    FACE_WIDTH,
    Bin,
    CardPrinterStatus,
    Face,
    Fill,
    Media,
    Position,
    Ribbon,
)
from drivers.ports.card_reader import AuthenticationAlgorithm, Challenge, Cryptogram, HolderData, IssuerData
from drivers.ports.errors import DeviceError, MediaRemoved, TimedOut, TwoFed
from kiosk.custody.stock import Blank as BookedBlank
from kiosk.custody.stock import Stock, StorageSizes, book
from kiosk.journeys import issuing_requests as wanted
from kiosk.journeys.frame import Progress, Session
from kiosk.journeys.issuing import CardInMaking, Issued, make_card
from kiosk.journeys.issuing_recovery import settle
from kiosk.journeys.requests import Announce, AskCentre, Distrusted, Journey, LedgerFailed, Record, Unreachable
from kiosk.records import issuance
from kiosk.records.custody import Counted, Impossible, Move, Movement, differences
from kiosk.records.transaction import Service, Stage, Transaction
from tests.journeys.world import TODAY, TRANSACTION_ID, region

CODE: Final = "4117" + "0" * 27 + "1"
SIZES: Final = StorageSizes(
    hopper=10, hopper_low=2, reject_bin=5, reject_bin_high=4, retained_bin=5, retained_bin_high=4
)
HOLDER: Final = HolderData("11010519491231002X", "王小明", "1", "01", "110105", date(1949, 12, 31))
CHIP: Final = ChipData(
    card_class="1",
    norm_version="2.00",
    issued_on=TODAY,
    expires_on=date(2036, 11, 22),
    card_number="A12345674",
    holder=HOLDER,
    photo=b"\xff\xd8 a photo",
)
SM4_CHIP: Final = replace(CHIP, norm_version="3.00")
READ_CRYPTOGRAM: Final = Cryptogram(b"opens, not writes")
_SESSION: Final = Session(TRANSACTION_ID, region("zhumadian"), TODAY)
_FACE: Final = Face(bytes(FACE_WIDTH * FACE_HEIGHT * 3))


class PowerCut(Exception):
    """The terminal stops, with all that was in its memory."""


class Fault(Enum):
    """What can happen at a request."""

    CUT_BEFORE = "cut_before"
    CUT_AFTER = "cut_after"
    FAILS_UNDONE = "fails_undone"
    """A device fails, or the question never leaves; nothing was done."""
    FAILS_DONE = "fails_done"
    """It was done, and the answer is lost."""


@dataclass
class Printer:
    """The cards in it and what has left it."""

    hopper: int = 5
    inside: str = ""
    """Job of the card in it."""
    at_exit: bool = False
    personalised: bool = False
    printed: int = 0
    rejected: list[str] = field(default_factory=list)
    retained: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    fed: int = 0
    jammed: bool = False
    second: bool = False
    """Another blank lies beside it."""

    @property
    def lies_there(self) -> int:
        return 2 if self.second else 1 if self.inside else 0

    @property
    def status(self) -> CardPrinterStatus:
        position = Position.NONE if not self.inside else Position.EXIT if self.at_exit else Position.CONTACT_STATION
        media = Media.NOT_PRESENT if not self.inside else Media.LATCHED if self.at_exit else Media.PRESENT
        return CardPrinterStatus(
            media=Media.JAMMED if self.jammed or self.second else media,
            position=position,
            two_fed=self.second,
            hopper=Fill.OK if self.hopper else Fill.EMPTY,
            reject_bin=Fill.OK,
            retained_bin=Fill.OK,
            ribbon=Ribbon("YMCKO", 100),
            cover_open=False,
        )


@dataclass
class Centre:
    """What the centre believes."""

    stage: issuance.IssuanceStage = issuance.IssuanceStage.RESERVED
    old_valid: bool = True
    new_valid: bool = False
    paid: bool = True
    refunds: int = 0
    blank: str = ""
    switches: int = 0
    fate: issuance.NewCardFate | None = None
    refuses_switch: bool = False


@dataclass
class Workshop:
    """All of it. The disk, the printer and the centre survive a power cut."""

    citizen_takes: bool = True
    exchange: bool = False
    chip: ChipData = CHIP
    feeds_two: bool = False
    """The hopper lets two blanks go at once."""
    plan: dict[int, Fault] = field(default_factory=dict)
    """Faults by the number of the request, counted over all lives of the terminal."""
    reads_back: wanted.Written | None = None
    """What the new card's chip says, where it is not what was written."""
    ledger_fails_from: int | None = None
    """The number of the request from which on nothing is written, until the terminal starts again."""
    centre_silent_from: int | None = None
    printer: Printer = field(default_factory=Printer)
    centre: Centre = field(default_factory=Centre)
    old_card: str = "slot"
    """``slot``: in its holder's reach; ``held`` by the slot's motor; ``bin``; ``none``: it is lost."""
    entries: list[Transaction] = field(default_factory=list)
    stock: Stock = field(default_factory=Stock)
    blanks: dict[str, BookedBlank] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    finished: bool = False
    old_card_left_to_staff: bool = False

    def __post_init__(self) -> None:
        if not self.exchange:
            self.old_card = "none"
        filled = book(Stock(), Movement(move=Move.HANDED_OVER, count=5, by="A", and_by="B"), SIZES, None)
        self.stock = filled.stock

    @property
    def is_sm4(self) -> bool:
        return self.chip.norm_version >= "3.00"

    # Lives of the terminal.

    def serve(self) -> Issued | None:
        """The making, as the frame runs it; None when it was cut short."""
        progress = _progress()
        self._append(progress.transaction(Stage.BEGUN))
        card = CardInMaking(TRANSACTION_ID, self.chip, _FACE, self.exchange)
        return self._live(progress, make_card(progress, card))

    def restart(self, *, somebody_waits: bool = True) -> Issued | None:
        """Settle what is unfinished, as the terminal does when it starts."""
        if self.finished:
            return None
        self.ledger_fails_from = self.centre_silent_from = None
        progress = _progress()
        return self._live(progress, settle(progress, self.entries[-1], somebody_waits=somebody_waits))

    def _live(self, progress: Progress, journey: Journey[Issued]) -> Issued | None:
        try:
            issued = self._run(journey)
        except PowerCut:
            return None
        except LedgerFailed:
            return None
        if not progress.unsettled:
            self.finished = True
        self.old_card_left_to_staff = issued.old_card_inside
        return issued

    def _run(self, journey: Journey[Issued]) -> Issued:
        try:
            request = next(journey)
            while True:
                try:
                    answer = self._answer(request)
                except PowerCut:
                    journey.close()
                    raise
                except (DeviceError, LedgerFailed, wanted.BookRefused) as error:
                    request = journey.throw(error)
                else:
                    request = journey.send(answer)
        except StopIteration as end:
            return cast("Issued", end.value)

    def _answer(self, request: Any) -> Any:
        if isinstance(request, Announce):
            return None
        number = len(self.asked)
        self.asked.append(_name(request))
        fault = self.plan.get(number)
        if fault is Fault.CUT_BEFORE:
            raise PowerCut
        if fault is Fault.FAILS_UNDONE and not isinstance(request, wanted.Wait | Record | wanted.Book):
            return self._failure(request, done=False)
        try:
            answer = self._do(request)
        finally:
            if fault is Fault.CUT_AFTER:
                raise PowerCut
        if fault is Fault.FAILS_DONE and not isinstance(request, wanted.Wait | Record | wanted.Book):
            return self._failure(request, done=True)
        return answer

    def _failure(self, request: Any, *, done: bool) -> Any:
        if isinstance(request, AskCentre):
            return Unreachable(maybe_done=done)
        if isinstance(request, wanted.WhereIsBlank):
            return self._do(request)
        raise TimedOut("card_printer", "it does not answer")

    # What each request does to the world.

    def _do(self, request: Any) -> Any:  # noqa: C901, PLR0911, PLR0912 - one a request
        printer = self.printer
        match request:
            case wanted.Wait():
                return None
            case Record(transaction):
                self._check_ledger()
                self._append(transaction)
                return len(self.entries)
            case wanted.Book(movement):
                self._check_ledger()
                return self._book(movement)
            case wanted.WhereIsBlank(job):
                known = self.blanks.get(job)
                return None if known is None else wanted.Whereabouts(known.place, known.identification_code)
            case wanted.LookAtPrinter():
                return printer.status
            case wanted.FeedBlank():
                if printer.inside:
                    raise AssertionError("fed on top of a card")
                printer.fed, printer.hopper, printer.inside = printer.fed + 1, printer.hopper - 1, TRANSACTION_ID
                if self.feeds_two:
                    printer.hopper, printer.second = printer.hopper - 1, True
                    raise TwoFed("card_printer", "two blanks left the hopper")
                return None
            case wanted.IdentifyBlank():
                self._needs_card()
                return Blank(CODE, AuthenticationAlgorithm.SM4 if self.is_sm4 else AuthenticationAlgorithm.TRIPLE_DES)
            case wanted.DrawBlankChallenge() | wanted.DrawReadBackChallenge():
                self._needs_card()
                return Challenge(bytes(8))
            case wanted.Personalise(data=data):
                self._needs_card()
                self.chip = data
                printer.personalised = True
                return True
            case wanted.PrintFace():
                self._needs_card()
                printer.printed += 1
                return None
            case wanted.ReadBack(cryptogram):
                self._needs_card()
                opened = not self.is_sm4 or cryptogram == READ_CRYPTOGRAM
                shown = (self.chip.holder, self.chip.photo) if opened else (None, None)
                return self.reads_back or wanted.Written(issuer_of(self.chip), *shown)
            case wanted.HoldOldCard():
                self.old_card = "held"
                return None
            case wanted.RetainOldCard():
                if not self.centre.new_valid:
                    raise AssertionError("somebody's valid card is retained")
                held, self.old_card = self.old_card == "held", "bin" if self.old_card == "held" else self.old_card
                return held
            case wanted.GiveOldCardBack():
                self.old_card = "slot" if self.old_card == "held" else self.old_card
                return None
            case wanted.EjectCard():
                self._needs_card()
                printer.at_exit = True
                return None
            case wanted.AwaitTaken():
                if not printer.at_exit:
                    raise AssertionError("offered what is not there")
                if not self.citizen_takes:
                    return False
                self._leaves(printer.taken)
                return True
            case wanted.DiscardCard(to):
                self._needs_card()
                if printer.at_exit and to is Bin.REJECT:
                    raise AssertionError("a card that was offered goes to the retained bin")
                self._leaves(printer.rejected if to is Bin.REJECT else printer.retained)
                return None
            case AskCentre(question):
                silent = self.centre_silent_from is not None and len(self.asked) > self.centre_silent_from
                return Unreachable(maybe_done=False) if silent else self._told(question)
            case other:
                raise AssertionError(other)

    def _needs_card(self) -> None:
        if not self.printer.inside:
            raise MediaRemoved("card_printer", "there is no card")

    def _leaves(self, to: list[str]) -> None:
        to += [self.printer.inside, "a second"] if self.printer.second else [self.printer.inside]
        self.printer.inside, self.printer.at_exit, self.printer.second = "", False, False

    def _check_ledger(self) -> None:
        if self.ledger_fails_from is not None and len(self.asked) > self.ledger_fails_from:
            raise LedgerFailed

    def _append(self, transaction: Transaction) -> None:
        self.entries.append(transaction)

    def _book(self, movement: Movement) -> None:
        try:
            booked = book(self.stock, movement, SIZES, self.blanks.get(movement.job))
        except Impossible as error:
            raise wanted.BookRefused from error
        self.stock = booked.stock
        self.blanks |= {blank.job: blank for blank in booked.blanks}

    def _told(self, question: Any) -> Any:  # noqa: C901, PLR0911, PLR0912 - one a question
        centre = self.centre
        stages = issuance.IssuanceStage
        ended = centre.stage is stages.ABANDONED
        match question:
            case issuance.RequestToken():
                if ended:
                    return Distrusted("abandoned", declined=True)
                centre.stage = stages.TOKEN_GIVEN
                return issuance.IssuanceToken(
                    job_id=TRANSACTION_ID, terminal="T1", expires_at_ms=2_000_000_000_000, signature=bytes(64)
                )
            case issuance.RegisterBlank(identification_code=code):
                centre.stage, centre.blank = stages.BLANK_REGISTERED, code
                return issuance.BlankRegistered(verdict=issuance.BlankVerdict.REGISTERED)
            case issuance.AuthenticateBlank(purpose=issuance.BlankPurpose.READING_BACK):
                return issuance.BlankAuthenticated(cryptogram=READ_CRYPTOGRAM.value)
            case issuance.AuthenticateBlank():
                centre.stage = stages.PERSONALISING
                return issuance.BlankAuthenticated(cryptogram=bytes(8))
            case issuance.SwitchCards():
                if centre.refuses_switch:
                    return issuance.CardsSwitched(verdict=issuance.SwitchVerdict.CANCELLED)
                if centre.stage is not stages.SWITCHED:
                    centre.switches += 1
                centre.stage, centre.old_valid, centre.new_valid = stages.SWITCHED, False, True
                return issuance.CardsSwitched(verdict=issuance.SwitchVerdict.SWITCHED, switched_at_ms=1)
            case issuance.CommitIssuance(fate=fate):
                if not centre.new_valid:
                    raise AssertionError("committed without a switch")
                if centre.stage is stages.SWITCHED:
                    centre.fate = fate
                    taken = fate is issuance.NewCardFate.TAKEN
                    centre.stage = stages.COMMITTED if taken else stages.OPEN_CASE
                return issuance.IssuanceCommitted(stage=centre.stage)
            case issuance.AbandonIssuance():
                if centre.new_valid:
                    return issuance.IssuanceAbandoned(verdict=issuance.AbandonVerdict.SWITCHED)
                if not ended:
                    centre.stage, centre.refunds = stages.ABANDONED, centre.refunds + 1
                return issuance.IssuanceAbandoned(verdict=issuance.AbandonVerdict.ABANDONED)
            case issuance.AskIssuance():
                state = issuance.FeeState(standing=issuance.FeeStanding.PAID, fee_fen=1600)
                return issuance.IssuanceStanding(stage=centre.stage, fee=state, blank=centre.blank)
            case other:
                raise AssertionError(other)

    def time_runs_out(self) -> None:
        """The centre's own term for a reservation is over: what was not switched is abandoned, the money goes back."""
        if not self.centre.new_valid and self.centre.stage is not issuance.IssuanceStage.ABANDONED:
            self.centre.stage, self.centre.refunds = issuance.IssuanceStage.ABANDONED, self.centre.refunds + 1

    def staff_come(self) -> None:
        """Whoever was told that the old card stays held hands it out; two people count the blanks, and explain."""
        if self.old_card_left_to_staff and self.old_card == "held":
            self.old_card = "slot"
        printer = self.printer
        counted = Counted(
            hopper=printer.hopper,
            printer=printer.lies_there,
            reject_bin=len(printer.rejected),
            retained_bin=len(printer.retained),
        )
        if differences(self.stock.balance, counted):
            self._book(Movement(move=Move.DIFFERENCE, counted=counted, explanation="counted", by="A", and_by="B"))

    def wrongs(self) -> list[str]:
        """What must never be, once everything has come to rest."""
        printer, centre, balance = self.printer, self.centre, self.stock.balance
        open_case = centre.stage is issuance.IssuanceStage.OPEN_CASE
        cards = [printer.hopper, len(printer.rejected), len(printer.retained), len(printer.taken)]
        lies_there = printer.lies_there
        rules = {
            "two valid cards": not (centre.old_valid and centre.new_valid),
            "no valid card": centre.old_valid or centre.new_valid,
            "fed twice": printer.fed <= 1,
            "printed twice": printer.printed <= 1,
            "switched twice": centre.switches <= 1,
            "a card is gone": sum(cards) + lies_there == 5,
            "paid, and neither card nor refund nor open case": (
                centre.refunds == 1 or open_case or (centre.new_valid and bool(printer.taken))
            ),
            "a refund and a card": not (centre.refunds and centre.new_valid),
            "a citizen has a dead new card": centre.new_valid or not printer.taken,
            "a valid card in the reject bin": not (centre.new_valid and printer.rejected),
            "the old card is valid and kept": not (centre.old_valid and self.old_card in {"held", "bin"}),
            "both cards with the citizen": not (printer.taken and self.old_card == "slot"),
            "taken, told otherwise": centre.fate is not issuance.NewCardFate.TAKEN or bool(printer.taken),
            "retained, told otherwise": centre.fate is not issuance.NewCardFate.RETAINED or bool(printer.retained),
            "not settled": self.finished,
            "the book does not balance": balance.balances,
            "the book's hopper": balance.hopper == printer.hopper,
            "the book's printer": balance.printer + balance.exit == lies_there,
            "the book's reject bin": balance.reject_bin == len(printer.rejected),
            "the book's retained bin": balance.retained_bin == len(printer.retained),
            # What two people could not find when they counted is with somebody.
            "the book's citizens": balance.citizen + balance.missing == len(printer.taken),
        }
        return [name for name, holds in rules.items() if not holds]


def issuer_of(chip: ChipData) -> IssuerData:
    return IssuerData(
        identification_code=CODE,
        card_class=chip.card_class,
        norm_version=chip.norm_version,
        initialising_body="00" * 12,
        issued_on=chip.issued_on,
        expires_on=chip.expires_on,
        card_number=chip.card_number,
        region_code="4117",
    )


def _progress() -> Progress:
    progress = Progress(Service.CARD_APPLICATION, _SESSION)
    progress.social_security_number, progress.holder_name = HOLDER.social_security_number, HOLDER.name
    return progress


def _name(request: Any) -> str:
    match request:
        case AskCentre(question):
            return type(question).__name__
        case Record(transaction):
            return f"Record {transaction.step.value if transaction.step else transaction.stage.value}"
        case wanted.Book(movement):
            return f"Book {movement.move.value}"
        case _:
            return type(request).__name__
