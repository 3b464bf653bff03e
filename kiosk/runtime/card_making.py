"""What each request of a card in the making asks of the printer, of its contact station and of the stock's book."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, assert_never

from drivers.ports.card_encoder import CardEncoder, NameDoesNotFit, PersonalisationRefused
from drivers.ports.card_printer import CardPrinter
from drivers.ports.card_reader import CardKind, CardReader, HolderDataProtected
from drivers.ports.errors import ProtocolViolation, TimedOut
from kiosk.custody.book import StockBook
from kiosk.journeys.issuing_requests import (
    AwaitTaken,
    Book,
    BookRefused,
    DiscardCard,
    DrawBlankChallenge,
    EjectCard,
    FeedBlank,
    IdentifyBlank,
    LookAtPrinter,
    Personalise,
    PrintFace,
    ReadBack,
    Whereabouts,
    WhereIsBlank,
    Written,
)
from kiosk.journeys.requests import LedgerFailed
from kiosk.ledger.errors import LedgerError
from kiosk.records.custody import Impossible

_CHIP_WAIT_S: Final = 5.0
"""A chip that was brought to the contacts answers at once, or pcscd's next look finds it (0.4 s)."""
TAKEN_WAIT_S: Final = 0.5
"""One wait for a hand at the exit; short, so that the call for it becomes urgent in time."""

PrinterRequest = (
    LookAtPrinter
    | FeedBlank
    | IdentifyBlank
    | DrawBlankChallenge
    | Personalise
    | PrintFace
    | ReadBack
    | EjectCard
    | AwaitTaken
    | DiscardCard
)


@dataclass(frozen=True, slots=True)
class CardMaker:
    """A card printer, and the two ways to the chip at its contact station."""

    printer: CardPrinter
    encoder: CardEncoder
    station: CardReader
    """The same contacts, read as any reader would."""


def making_errand(request: PrinterRequest, maker: CardMaker) -> Callable[[], Any]:
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
        case ReadBack():
            return lambda: _read_back(maker.station)
        case EjectCard():
            return printer.eject
        case AwaitTaken():
            return lambda: _taken(printer)
        case DiscardCard(to):
            return lambda: printer.discard(to)
        case other:
            assert_never(other)


def book_errand(request: Book | WhereIsBlank, book: StockBook) -> Callable[[], Any]:
    """The call on the stock's book that answers ``request``; for the ledger's lane."""
    match request:
        case Book():
            return lambda: _book(book, request)
        case WhereIsBlank(job):
            return lambda: _whereabouts(book, job)
        case other:
            assert_never(other)


def _personalise(encoder: CardEncoder, request: Personalise) -> bool:
    try:
        encoder.personalise(request.cryptogram, request.data)
    except (PersonalisationRefused, NameDoesNotFit):
        return False
    finally:
        encoder.release()  # the card is about to move
    return True


def _read_back(station: CardReader) -> Written:
    try:
        kind = station.wait_for_card(_CHIP_WAIT_S)
        if kind is not CardKind.SOCIAL_SECURITY:
            raise ProtocolViolation("card_encoder", f"a card was written, and this is {kind.value}")
        card = station.card()
        try:
            return Written(card.read_issuer(), card.read_holder())
        except HolderDataProtected:
            return Written(card.read_issuer(), None)
    finally:
        station.release()


def _taken(printer: CardPrinter) -> bool:
    try:
        printer.wait_until_taken(TAKEN_WAIT_S)
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
