"""What each request asks of a device: the blocking call that a lane makes for it."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, assert_never

from drivers.ports.capture_unit import CaptureUnit
from drivers.ports.card_printer import Media
from drivers.ports.card_reader import CardReader, Cryptogram, ExternalAuthenticationRefused
from drivers.ports.errors import MediaJammed, MediaRemoved, StorageFull, TimedOut
from drivers.ports.id_reader import DocumentUnreadable, IdDocument, IdReader
from drivers.ports.pin_pad import PinPad
from kiosk.journeys.requests import (
    AnswerChallenge,
    AwaitCard,
    AwaitIdDocument,
    ChangeChipPin,
    DrawChallenge,
    EnterPin,
    EnterPinBlock,
    IdentifyPad,
    KeepCard,
    Kept,
    LoadWorkingKey,
    OpenChip,
    PinTriesLeft,
    ReadHolder,
    ReadIdDocument,
    ReadIssuer,
    ReadTransactionLog,
    Request,
    ReturnCard,
    Returned,
    ReturnIdDocument,
    Unread,
    VerifyPin,
)

_CARD_WAIT_S: Final = 0.5
"""One wait for a card; short, so that a cancel is heard soon."""
_PIN_WAIT_S: Final = 240.0
"""The pad's own limit; its one-byte timer ends at 255 s. Idleness is ours to mind, so the entry is renewed."""


def card_errand(request: Request[Any], reader: CardReader) -> Callable[[], Any]:
    """The call on the card reader that answers ``request``."""
    match request:
        case AwaitCard():
            return lambda: reader.wait_for_card(_CARD_WAIT_S)
        case ReadIssuer():
            return lambda: reader.card().read_issuer()
        case ReadHolder():
            return lambda: reader.card().read_holder()
        case ReadTransactionLog():
            return lambda: reader.card().read_transaction_log()
        case PinTriesLeft():
            return lambda: reader.card().pin_tries_left()
        case VerifyPin(pin):
            return lambda: reader.card().verify_pin(pin)
        case ChangeChipPin(old, new):
            return lambda: reader.card().change_pin(old, new)
        case AnswerChallenge(challenge):
            return lambda: reader.card().answer_challenge(challenge)
        case DrawChallenge():
            return lambda: reader.card().draw_challenge()
        case OpenChip(cryptogram):
            return lambda: _open_chip(reader, cryptogram)
        case _:
            raise AssertionError(type(request).__name__)


def parting_errand(
    request: ReturnCard | KeepCard, reader: CardReader, motor: CaptureUnit | None
) -> Callable[[], Returned | Kept]:
    """The call by which a card leaves its contacts.

    :param motor: the slot's; None where a hand moves the card.
    """
    match request:
        case ReturnCard():
            return lambda: _return_card(reader, motor)
        case KeepCard():
            return lambda: _keep_card(motor)
        case other:
            assert_never(other)


def pad_errand(
    request: EnterPin | EnterPinBlock | IdentifyPad | LoadWorkingKey, pad: PinPad, count: Callable[[int], None]
) -> Callable[[], Any]:
    """The call on the PIN pad that answers ``request``.

    :param count: told the number of digits after each key, from the lane's thread.
    """
    match request:
        case EnterPin(view):
            return lambda: pad.enter_pin(view.length, _PIN_WAIT_S, count)
        case EnterPinBlock(view, account):
            return lambda: pad.enter_pin_block(account, view.length, _PIN_WAIT_S, count)
        case IdentifyPad():
            return pad.identify
        case LoadWorkingKey(key):
            return lambda: pad.load_working_key(key)
        case other:
            assert_never(other)


def id_errand(request: AwaitIdDocument | ReadIdDocument | ReturnIdDocument, reader: IdReader) -> Callable[[], Any]:
    """The call on the identity-card reader that answers ``request``."""
    match request:
        case AwaitIdDocument():
            return lambda: reader.wait_for_document(_CARD_WAIT_S)
        case ReadIdDocument():
            return lambda: _read_id_document(reader)
        case ReturnIdDocument():
            return lambda: reader.wait_for_removal(_CARD_WAIT_S)
        case other:
            assert_never(other)


def _read_id_document(reader: IdReader) -> IdDocument | Unread:
    try:
        return reader.read_document()
    except MediaRemoved:
        return Unread.TAKEN_AWAY
    except DocumentUnreadable:
        return Unread.UNREADABLE


def _open_chip(reader: CardReader, cryptogram: Cryptogram) -> bool:
    try:
        reader.card().authenticate_terminal(cryptogram)
    except ExternalAuthenticationRefused:
        return False
    return True


def _return_card(reader: CardReader, motor: CaptureUnit | None) -> Returned:
    reader.release()
    if motor is None:
        reader.wait_for_removal(_CARD_WAIT_S)
        return Returned.TAKEN
    with suppress(MediaRemoved):
        motor.eject()  # one that lies at the mouth already stays there
    motor.wait_until_taken(_CARD_WAIT_S)
    return Returned.TAKEN


def _keep_card(motor: CaptureUnit | None) -> Kept:
    if motor is None:
        raise AssertionError("a journey keeps a card where nothing can")
    try:
        motor.retain()
    except MediaRemoved:
        return Kept.TAKEN
    except (MediaJammed, StorageFull):
        return Kept.STAYS
    except TimedOut:
        return Kept.UNKNOWN if motor.status().media is Media.NOT_PRESENT else Kept.STAYS
    return Kept.KEPT
