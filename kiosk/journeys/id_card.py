"""An identity card on the reader: laid down, read, given back, and held against the calendar and itself."""

from contextlib import suppress
from typing import Final

from drivers.ports.errors import DeviceError
from drivers.ports.id_reader import DocumentKind, IdDocument
from kiosk.journeys import refusals
from kiosk.journeys.frame import Session
from kiosk.journeys.identify import CANCEL
from kiosk.journeys.requests import AwaitIdDocument, Journey, ReadIdDocument, ReturnIdDocument, Unread, ask
from kiosk.journeys.views import PlaceIdCard, Step, Working
from kiosk.journeys.wording import Say, say
from kiosk.records import identity

ATTEMPTS: Final = 3
"""How often a document that does not let itself be read is asked for."""

_STEP: Final = Step(1, 2)
_TITLE: Final = say("请放上身份证")
_LINE: Final = say("平放在读卡区，先别拿开。屏幕会告诉您什么时候拿。")


def id_card(
    session: Session, step: Step | None = _STEP, title: Say = _TITLE, line: Say = _LINE, note: Say | None = None
) -> Journey[IdDocument]:
    """Have an identity card laid down, read it and give it back, before anything else is asked.

    :param step: of the journey; None where it is the only one.
    :param title: whose is to be laid down, where there are two.
    :param note: why the card that was laid down before does not count.
    :raises Ended: it does not let itself be read, or may not be used.
    """
    for _ in range(ATTEMPTS):
        read = yield from _read(PlaceIdCard(title, line, step, note, (CANCEL,)))
        match read:
            case IdDocument():
                _check(session, read)
                return read
            case Unread.TAKEN_AWAY:
                note = say("刚才拿开得早了一点，请再放一次。")
            case Unread.UNREADABLE:
                note = say("没有读出来。请转个方向，再放一次。")
    raise refusals.id_unreadable(session.region)


def _read(view: PlaceIdCard) -> Journey[IdDocument | Unread]:
    yield from ask(AwaitIdDocument(view))
    try:
        read = yield from ask(ReadIdDocument(Working(say("正在读身份证"), say("请稍候，先别拿开。"))))
    except DeviceError:
        yield from _give_back(say("没有读出来。"))
        raise
    yield from _give_back(say("没有读出来。") if isinstance(read, Unread) else say("已经读好了。"))
    return read


def _give_back(line: Say) -> Journey[None]:
    # A reader that is gone holds nothing: the card lies in the citizen's reach.
    with suppress(DeviceError):
        yield from ask(ReturnIdDocument(line))


def _check(session: Session, document: IdDocument) -> None:
    """Let nobody in with a document that contradicts itself or may not be used today.

    :raises Ended: see there.
    """
    region = session.region
    # The number of 2017 has neither a check character nor a whole birth date in it.
    if document.kind is not DocumentKind.FOREIGNER_2017:
        if not identity.has_sound_check(document.number):
            raise refusals.id_number_unsound(region)
        if identity.birth_date_of(document.number) != document.birth_date:
            raise refusals.id_birth_date_contradicts(region)
    if document.valid_until is not None and document.valid_until < session.today:
        raise refusals.id_expired(region)
    if document.valid_from > session.today and not identity.is_dead_clock(session.today):
        raise refusals.id_not_yet_valid(region)
