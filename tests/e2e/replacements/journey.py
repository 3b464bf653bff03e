"""The citizen's way to a new card in a campaign: no screens but the fee's, and no proof of who they are."""

from collections.abc import Callable
from datetime import date
from typing import Final

from drivers.ports.card_encoder import ChipData
from drivers.ports.card_printer import Face
from drivers.ports.card_reader import HolderData
from drivers.ports.errors import DeviceError
from kiosk.journeys.frame import Ending, Progress, Session, serve
from kiosk.journeys.identify import await_card
from kiosk.journeys.issuing import CardInMaking, End, Hold, Issued, make_card, tell_abandoned
from kiosk.journeys.issuing_requests import Pause
from kiosk.journeys.new_card import REPLACEMENT_FEE, fee_waiting
from kiosk.journeys.requests import Interruption, Journey, Record, ask, ask_centre
from kiosk.records.filings import IdentifiedBy
from kiosk.records.issuance import (
    AbandonedWhy,
    AskFee,
    BlankFate,
    CardOrder,
    FeeOrdered,
    FeeStanding,
    FeeState,
    IssuanceReserved,
    OrderFee,
    ReserveIssuance,
)
from kiosk.records.transaction import IssuanceStep, Outcome, Service, Stage
from tests.blanks import PHOTO
from tests.e2e.replacements.plan import Replacement

_POLLS: Final = 60
_POLL_S: Final = 2.0


def replacement(planned: Replacement, face: Face, *, again: bool) -> Callable[[Session], Journey[Outcome]]:
    """The journey of one replacement.

    :param again: it was paid for in an earlier life, and is begun once more.
    """

    def body(session: Session, progress: Progress) -> Journey[Ending]:
        del session
        return (yield from _body(planned, face, progress, again=again))

    return lambda session: serve(session, Service.CARD_APPLICATION, body)


def _body(planned: Replacement, face: Face, progress: Progress, *, again: bool) -> Journey[Ending]:
    person, hold = planned.person, Hold(progress, planned.job)
    progress.stands_for(person.number, person.name)
    if planned.exchanges and not again:
        yield from await_card(progress)
    yield from ask(Record(progress.transaction(Stage.BEGUN)))
    try:
        order = yield from _paid_for(planned, hold, again=again)
    except (Interruption, DeviceError):
        yield from _given_up(hold)
        raise
    if order is None:
        return _ending((yield from _given_up(hold)))
    issued = yield from make_card(progress, CardInMaking(planned.job, _chip(order), face, planned.exchanges))
    if issued.end is not End.ABANDONED or issued.old_card_inside:
        progress.holds_card = False
    return _ending(issued)


def _paid_for(planned: Replacement, hold: Hold, *, again: bool) -> Journey[CardOrder | None]:
    person = planned.person
    reserved = yield from ask_centre(
        ReserveIssuance(
            transaction_id=planned.job,
            region=hold.progress.session.region.key,
            social_security_number=person.number,
            name=person.name,
            identified_by=IdentifiedBy.ID_CARD,
            reason=planned.reason,
        ),
        IssuanceReserved,
    )
    if not isinstance(reserved, IssuanceReserved) or reserved.order is None:
        return None
    if again:
        return reserved.order
    yield from hold.record(IssuanceStep.RESERVED)
    yield from hold.record(IssuanceStep.FEE_ORDERED)
    ordered = yield from ask_centre(OrderFee(transaction_id=planned.job), FeeOrdered)
    if not isinstance(ordered, FeeOrdered):
        return None
    view = fee_waiting(ordered.fee_fen, REPLACEMENT_FEE, ordered.code_url, 300, None)
    for _ in range(_POLLS):
        told = yield from ask_centre(AskFee(transaction_id=planned.job), FeeState)
        if isinstance(told, FeeState) and told.standing is FeeStanding.PAID:
            yield from hold.record(IssuanceStep.FEE_PAID)
            return reserved.order
        yield from ask(Pause(view, _POLL_S))
    return None


def _given_up(hold: Hold) -> Journey[Issued]:
    return (yield from tell_abandoned(hold, AbandonedWhy.FEE, BlankFate.NOT_FED))


_OUTCOMES: Final = {
    End.TAKEN: Outcome.DONE,
    End.RETAINED: Outcome.PARTLY_DONE,
    End.UNSEEN: Outcome.UNKNOWN,
    End.ABANDONED: Outcome.FAILED,
    End.UNSETTLED: Outcome.UNKNOWN,
}


def _ending(issued: Issued) -> Ending:
    return Ending(_OUTCOMES[issued.end], (), reason="" if issued.end is End.TAKEN else issued.end.value)


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
            ethnic_group=order.ethnic_group,
            birthplace=order.birthplace,
            birth_date=date.fromisoformat(order.birth_date),
        ),
        photo=PHOTO,
    )
