"""What each request of a card in the making asks of the printer, of its contact station, of the slot's motor, of the
painter of its face and of the stock's book.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, assert_never

from drivers.ports.capture_unit import CaptureUnit
from drivers.ports.card_encoder import CardEncoder, NameDoesNotFit, PersonalisationRefused
from drivers.ports.card_printer import Bin, CardPrinter, Media
from drivers.ports.card_reader import (
    CardKind,
    CardReader,
    Challenge,
    Cryptogram,
    ExternalAuthenticationRefused,
    HolderDataProtected,
    SocialSecurityCard,
)
from drivers.ports.errors import DeviceError, MediaRemoved, NotConnected, ProtocolViolation, TimedOut
from kiosk.card_face.errors import CardFaceError, GlyphMissing, NameTooLong, PortraitUnfit
from kiosk.card_face.painted import PaintedCard
from kiosk.custody.book import StockBook
from kiosk.journeys.issuing_requests import (
    AwaitTaken,
    Book,
    BookRefused,
    CheckParticulars,
    DiscardCard,
    DrawBlankChallenge,
    DrawReadBackChallenge,
    EjectCard,
    FeedBlank,
    GiveOldCardBack,
    HoldOldCard,
    IdentifyBlank,
    LookAtPrinter,
    PaintCard,
    Personalise,
    PrintFace,
    ReadBack,
    RetainOldCard,
    Unprintable,
    Whereabouts,
    WhereIsBlank,
    Written,
)
from kiosk.journeys.requests import LedgerFailed
from kiosk.ledger.errors import LedgerError
from kiosk.portrait.errors import PortraitError
from kiosk.records.custody import Impossible
from kiosk.runtime.lanes import Lane, Lanes

if TYPE_CHECKING:  # Pillow is loaded where cards are printed only
    from kiosk.card_face.painter import FacePainter

_CHIP_WAIT_S: Final = 5.0
"""A chip that was brought to the contacts answers at once, or pcscd's next look finds it (0.4 s)."""
_TAKEN_WAIT_S: Final = 0.5
"""One wait for a hand at the exit; short, so that the call for it becomes urgent in time."""

PrinterRequest = (
    LookAtPrinter
    | FeedBlank
    | IdentifyBlank
    | DrawBlankChallenge
    | Personalise
    | PrintFace
    | DrawReadBackChallenge
    | ReadBack
    | EjectCard
    | AwaitTaken
    | DiscardCard
)
SlotRequest = HoldOldCard | GiveOldCardBack | RetainOldCard
BookRequest = Book | WhereIsBlank
FaceRequest = CheckParticulars | PaintCard
MakingRequest = PrinterRequest | SlotRequest | BookRequest | FaceRequest


@dataclass(frozen=True, slots=True)
class CardMaker:
    """What a terminal makes cards with."""

    printer: CardPrinter
    encoder: CardEncoder
    station: CardReader
    """The contacts of the encoder, read as any reader would."""
    book: StockBook
    painter: "FacePainter"
    """Of the faces of this region's blanks."""
    slot: CaptureUnit | None = None
    """The motor of the citizen's slot; None where a hand moves the card, and no old card can be kept."""
    usual_minutes: int | None = None
    """How long a card takes, as whoever runs the terminal has stated; None where nobody has."""


def errand(request: MakingRequest, maker: CardMaker, lanes: Lanes) -> tuple[Lane, Callable[[], Any]]:
    """The call that answers ``request``, and the lane that makes it."""
    match request:
        case Book() | WhereIsBlank():
            return lanes.ledger, book_errand(request, maker.book)
        case HoldOldCard() | GiveOldCardBack() | RetainOldCard():
            return lanes.card, slot_errand(request, maker.slot)
        case CheckParticulars() | PaintCard():
            return lanes.maker, face_errand(request, maker)
        case _:
            return lanes.maker, making_errand(request, maker)


def making_errand(  # noqa: PLR0911 - one a request
    request: PrinterRequest, maker: CardMaker
) -> Callable[[], Any]:
    """The call that answers ``request``."""
    printer, encoder = maker.printer, maker.encoder
    match request:
        case LookAtPrinter():
            return printer.status
        case FeedBlank(token):
            return lambda: printer.feed(token)
        case IdentifyBlank():
            return lambda: encoder.blank(_CHIP_WAIT_S)
        case DrawBlankChallenge():
            return encoder.draw_challenge
        case Personalise():
            return lambda: _personalise(encoder, request)
        case PrintFace(job, face):
            return lambda: printer.print_face(job, face)
        case DrawReadBackChallenge():
            return lambda: _challenge_of_new_card(maker.station)
        case ReadBack(cryptogram):
            return lambda: _read_back(maker.station, cryptogram)
        case EjectCard():
            return printer.eject
        case AwaitTaken():
            return lambda: _taken(printer)
        case DiscardCard(to):
            return lambda: _discard(maker, to)
        case other:
            assert_never(other)


def face_errand(request: FaceRequest, maker: CardMaker) -> Callable[[], Any]:
    """The call on the painter that answers ``request``; in the printer's lane, which moves nothing then."""
    match request:
        case CheckParticulars():
            return lambda: _check(maker, request)
        case PaintCard():
            return lambda: _paint(maker.painter, request)
        case other:
            assert_never(other)


def _check(maker: CardMaker, request: CheckParticulars) -> Unprintable | None:
    try:
        maker.painter.check(request.particulars)
    except CardFaceError as error:
        return _in_a_word(error)
    return None if maker.encoder.has_room_for(request.particulars.name) else Unprintable.NAME_TOO_LONG


def _paint(painter: "FacePainter", request: PaintCard) -> PaintedCard | Unprintable:
    from kiosk.portrait.finish import chip_portrait  # noqa: PLC0415 - OpenCV is loaded where a card is painted only

    jpeg, particulars = bytes(request.portrait.jpeg), request.particulars
    try:
        return PaintedCard(
            painter.paint(particulars, jpeg), painter.proof(particulars, jpeg), chip_portrait(jpeg)
        )  # fmt: skip
    except CardFaceError as error:
        return _in_a_word(error)
    except PortraitError:
        return Unprintable.PORTRAIT


def _in_a_word(error: CardFaceError) -> Unprintable:
    match error:
        case GlyphMissing():
            return Unprintable.CHARACTERS
        case NameTooLong():
            return Unprintable.NAME_TOO_LONG
        case PortraitUnfit():
            return Unprintable.PORTRAIT
        case _:
            return Unprintable.DATA


def book_errand(request: BookRequest, book: StockBook) -> Callable[[], Any]:
    """The call on the stock's book that answers ``request``; for the ledger's lane."""
    match request:
        case Book():
            return lambda: _book(book, request)
        case WhereIsBlank(job):
            return lambda: _whereabouts(book, job)
        case other:
            assert_never(other)


def slot_errand(request: SlotRequest, slot: CaptureUnit | None) -> Callable[[], Any]:
    """The call on the slot's motor that answers ``request``; without a motor nothing is ever held."""
    match request:
        case HoldOldCard():
            return lambda: _hold(slot)
        case GiveOldCardBack():
            return lambda: _give_back(slot)
        case RetainOldCard():
            return lambda: _retain(slot)
        case other:
            assert_never(other)


def _hold(slot: CaptureUnit | None) -> None:
    if slot is None:
        raise NotConnected("capture_unit", "this slot has no motor")
    if slot.status().media is not Media.PRESENT:
        raise MediaRemoved("capture_unit", "the old card is not at the contacts")


def _give_back(slot: CaptureUnit | None) -> None:
    if slot is not None:
        with suppress(MediaRemoved):
            slot.eject()


def _retain(slot: CaptureUnit | None) -> bool:
    if slot is None:
        return False
    try:
        slot.retain()
    except MediaRemoved:
        return False
    return True


def _personalise(encoder: CardEncoder, request: Personalise) -> bool:
    try:
        encoder.personalise(request.cryptogram, request.data)
    except (PersonalisationRefused, NameDoesNotFit):
        return False
    finally:
        encoder.release()  # the card is about to move
    return True


def _new_card(station: CardReader) -> SocialSecurityCard:
    kind = station.wait_for_card(_CHIP_WAIT_S)
    if kind is not CardKind.SOCIAL_SECURITY:
        raise ProtocolViolation("card_encoder", f"a card was written, and this is {kind.value}")
    return station.card()


def _challenge_of_new_card(station: CardReader) -> Challenge:
    try:
        return _new_card(station).draw_challenge()
    except DeviceError:
        station.release()
        raise


def _read_back(station: CardReader, cryptogram: Cryptogram | None) -> Written:
    try:
        if cryptogram is None:
            card = _new_card(station)
        else:
            card = station.card()  # the one that drew the challenge
            with suppress(ExternalAuthenticationRefused):  # it stays closed then, and is not what was ordered
                card.authenticate_terminal(cryptogram)
        issuer = card.read_issuer()
        try:
            return Written(issuer, card.read_holder(), card.read_photo())
        except HolderDataProtected:
            return Written(issuer, None)
    finally:
        station.release()


def _discard(maker: CardMaker, to: Bin) -> None:
    maker.station.release()  # it may have been opened to be read, and the centre has not answered
    maker.printer.discard(to)


def _taken(printer: CardPrinter) -> bool:
    try:
        printer.wait_until_taken(_TAKEN_WAIT_S)
    except TimedOut:
        return False
    return True


def _book(book: StockBook, request: Book) -> None:
    try:
        book.record(request.movement)
    except Impossible as error:
        raise BookRefused(error.reason.value) from error
    except LedgerError as error:
        raise LedgerFailed(str(error)) from error


def _whereabouts(book: StockBook, job: str) -> Whereabouts | None:
    try:
        blank = book.blank(job)
    except LedgerError as error:
        raise LedgerFailed(str(error)) from error
    return None if blank is None else Whereabouts(blank.place, blank.identification_code)
