"""What is on my card, and what does the centre have for me? Region rules: services.card_query, pin, money."""

from drivers.ports.errors import ProtocolViolation
from kiosk.journeys import refusals
from kiosk.journeys.card_record import CHIP_ONLY, Log, LogUnread, of_the_centre, of_the_chip
from kiosk.journeys.frame import Ending, Progress, Session, serve
from kiosk.journeys.identify import CentreSession, Identified, identify_card
from kiosk.journeys.paging import FROM_SLIP
from kiosk.journeys.pin_entry import (
    CentrePad,
    centre_pad,
    chip_pin,
    is_forbidden_initial_pin,
    last_try_note,
    needs_pin_pad,
    perhaps_the_other,
    pin_name,
    pin_view,
    telling_apart,
    tries_note,
)
from kiosk.journeys.requests import (
    Announce,
    Distrusted,
    Journey,
    ReadTransactionLog,
    Unreachable,
    ask,
    ask_centre,
)
from kiosk.journeys.slips import slip
from kiosk.journeys.views import Slip, Working
from kiosk.journeys.without_cards import needs_card
from kiosk.journeys.wording import Say, Verbatim, say
from kiosk.policy.pack import HeldBy
from kiosk.records.questions import GetRecord, PinVerdict, RecordAnswer
from kiosk.records.transaction import Outcome, Service


def card_query(session: Session) -> Journey[Outcome]:
    """Show the chip's part and the centre's part; without the centre the chip's part only, and say so."""
    return (yield from serve(session, Service.CARD_QUERY, _query))


def _query(session: Session, progress: Progress) -> Journey[Ending]:
    region = session.region
    if not region.offers(Service.CARD_QUERY):
        raise refusals.not_offered(region, Service.CARD_QUERY)
    needs_card(session, Service.CARD_QUERY)
    needs_pin_pad(session, Service.CARD_QUERY)
    identified = yield from identify_card(session, progress)
    if identified.centre is None:
        refusals.unless_by_chip(region, Service.CARD_QUERY, declined=identified.declined)
    if region.asks_pin(Service.CARD_QUERY):
        match region.pin_held_by:
            case HeldBy.CHIP:
                pin = yield from chip_pin(session, progress, say("请在键盘上输入{pin}", pin=pin_name(region)))
                if is_forbidden_initial_pin(region, pin):
                    raise refusals.initial_pin_in_use(region)
            case HeldBy.CENTRE:
                centre, pad = yield from centre_pad(session, identified, Service.CARD_QUERY)
                answer = yield from _record_by_centre_pin(session, centre, pad)
                progress.done_online = answer.record is not None
                return _ending(session, identified, answer, (yield from _read_log()))
    if identified.centre is None:
        return _chip_only(session, identified, (yield from _read_log()))
    yield from ask(Announce(Working(say("正在查询"), say("请稍候，不要拔卡。"))))
    question = GetRecord(transaction_id=session.transaction_id)
    answer_or_not = yield from ask_centre(question, RecordAnswer, identified.centre.session_id)
    if isinstance(answer_or_not, Unreachable | Distrusted):
        declined = isinstance(answer_or_not, Distrusted) and answer_or_not.declined
        refusals.unless_by_chip(region, Service.CARD_QUERY, declined=declined)
        return _chip_only(session, identified, (yield from _read_log()))
    progress.done_online = answer_or_not.record is not None
    return _ending(session, identified, answer_or_not, (yield from _read_log()))


def _record_by_centre_pin(session: Session, centre: CentreSession, pad: CentrePad) -> Journey[RecordAnswer]:
    note, coach = last_try_note(centre.pin_tries_left), telling_apart(session.region)
    title = say("请在键盘上输入{pin}", pin=pin_name(session.region))
    while True:
        block = yield from pad.block(pin_view(session, title, note=note, coach=coach))
        yield from ask(Announce(Working(say("正在查询"), say("请稍候，不要拔卡。"))))
        question = GetRecord(transaction_id=session.transaction_id, pin_block=block.cipher, pad_serial=pad.pad.serial)
        answer = yield from ask_centre(question, RecordAnswer, centre.session_id)
        if isinstance(answer, Unreachable | Distrusted):
            raise refusals.no_answer(session.region, Service.CARD_QUERY, answer)
        match answer.pin:
            case PinVerdict.ACCEPTED | PinVerdict.NOT_ASKED:
                return answer
            case PinVerdict.LOCKED:
                raise refusals.pin_locked(session.region)
            case PinVerdict.WRONG:
                note, coach = tries_note(answer.pin_tries_left), perhaps_the_other(session.region)
            case PinVerdict.UNREADABLE:
                raise refusals.not_ready(session.region, Service.CARD_QUERY)


def _read_log() -> Journey[Log]:
    """A log that the chip tells wrongly keeps nobody from the rest."""
    try:
        return (yield from ask(ReadTransactionLog()))
    except ProtocolViolation:
        return LogUnread()


def _ending(session: Session, identified: Identified, answer: RecordAnswer, log: Log) -> Ending:
    if answer.record is None:
        return _chip_only(session, identified, log)
    return of_the_centre(session.region, answer.record, log, _slip(session))


def _chip_only(session: Session, identified: Identified, log: Log) -> Ending:
    return of_the_chip(session.region, identified.issuer, identified.holder, log, _slip(session, CHIP_ONLY))


def _slip(session: Session, note: Say | None = None) -> Slip:
    day = say("办理日期 {day}", day=Verbatim(session.today.isoformat()))
    further = (say("只是查询，您的卡和钱都没有变动。"), *((note,) if note is not None else ()))
    return slip(session, say("社保卡信息查询"), (day,), FROM_SLIP, further=further)
