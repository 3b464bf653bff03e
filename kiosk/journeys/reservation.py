"""A new card reserved at the centre: asked for, refused, or given up again before anything can't be undone.

Whoever leaves between the reservation and the making leaves nothing behind: the centre is told, and what was paid goes
back. Where it can't be told, its own time for the reservation runs out (docs/central.md).
"""

from typing import Final, assert_never

from kiosk.journeys import refusals
from kiosk.journeys.frame import Ended, Progress, Session
from kiosk.journeys.holder import Holder
from kiosk.journeys.issuing import PAUSE_S, Hold, tell_abandoned
from kiosk.journeys.issuing_requests import Wait
from kiosk.journeys.requests import A, Announce, Distrusted, Journey, Question, Record, Unreachable, ask, ask_centre
from kiosk.journeys.views import Working
from kiosk.journeys.wording import say
from kiosk.policy.region import Region
from kiosk.records.card import CardState
from kiosk.records.filings import GUARDIAN_BELOW
from kiosk.records.issuance import (
    AbandonedWhy,
    BlankFate,
    IssuanceReserved,
    IssuanceVerdict,
    ReplacementReason,
    ReserveIssuance,
)
from kiosk.records.transaction import Service, Stage

_SERVICE: Final = Service.CARD_REPLACEMENT


class NoCard(Exception):
    """No card comes of a reservation: what the centre is told of it, and the citizen."""

    def __init__(self, why: AbandonedWhy, ended: Ended) -> None:
        super().__init__(why.value)
        self.why, self.ended = why, ended


class NotReached(Ended):
    """The centre could not be asked: it knows of nothing, and the wish can be taken down instead."""


def reserve(
    session: Session, progress: Progress, holder: Holder, reason: ReplacementReason, shown: str | None
) -> Journey[IssuanceReserved]:
    """Reserve a new card; what comes back has an order and a fee.

    :param shown: identification code of the old card, where its chip was read.
    :raises Ended: the centre says no, each time with its own way on; or nothing that can be believed came.
    """
    region = session.region
    progress.stands_for(holder.number, holder.name)
    yield from ask(Record(progress.transaction(Stage.BEGUN)))
    progress.began = True
    progress.outlook = say("没有做新卡，别的都没有变动。")
    yield from ask(Announce(Working(say("正在核对"), say("请稍候。"))))
    question = ReserveIssuance(
        transaction_id=session.transaction_id,
        region=region.key,
        social_security_number=holder.number,
        name=holder.name,
        identified_by=holder.identified_by,
        reason=reason,
        identification_code=shown,
    )
    answer = yield from asked_again(question, IssuanceReserved)
    if isinstance(answer, Unreachable | Distrusted):
        ended = refusals.no_answer(region, _SERVICE, answer)
        if answer.maybe_done:
            yield from give_up(session, progress, AbandonedWhy.NO_ANSWER)
        elif isinstance(answer, Unreachable):
            raise NotReached(ended.ending)
        raise ended
    if answer.verdict is not IssuanceVerdict.RESERVED:
        raise _refusal(region, answer)
    if answer.order is None or answer.fee_fen is None:  # without these it is no answer
        yield from give_up(session, progress, AbandonedWhy.NO_ANSWER)
        raise refusals.not_ready(region, _SERVICE)
    return answer


def asked_again(question: Question, expected: type[A]) -> Journey[A | Unreachable | Distrusted]:
    """Ask the centre, once more where nothing came; the same question changes nothing twice."""
    answer = yield from ask_centre(question, expected)
    if not isinstance(answer, Unreachable):
        return answer
    yield from ask(Wait(PAUSE_S))
    again = yield from ask_centre(question, expected)
    if isinstance(again, Unreachable) and answer.maybe_done:
        return answer
    return again


def give_up(session: Session, progress: Progress, why: AbandonedWhy) -> Journey[None]:
    """Tell the centre that no card is made; nothing has moved. What was paid goes back."""
    yield from tell_abandoned(Hold(progress, session.transaction_id), why, BlankFate.NOT_FED)


def _refusal(region: Region, answer: IssuanceReserved) -> Ended:  # noqa: C901, PLR0911, PLR0912 - one a verdict
    match answer.verdict:
        case IssuanceVerdict.UNKNOWN:
            return refusals.unknown_holder(region, _SERVICE)
        case IssuanceVerdict.ID_CARD_WANTED:
            return refusals.id_card_wanted(region)
        case IssuanceVerdict.NEEDS_GUARDIAN:
            return refusals.needs_guardian(region, _SERVICE, GUARDIAN_BELOW)
        case IssuanceVerdict.NOT_OPEN:
            return refusals.not_made_here(region)
        case IssuanceVerdict.INCOMPLETE:
            return refusals.incomplete(region)
        case IssuanceVerdict.NO_PAYMENT:
            return refusals.no_payment(region)
        case IssuanceVerdict.NO_CARD:
            return refusals.no_card(region)
        case IssuanceVerdict.NOT_ACTIVATED:
            return refusals.card_state(region, CardState.SEALED)
        case IssuanceVerdict.CANCELLED:
            return refusals.cancelled_card(region)
        case IssuanceVerdict.REPLACED:
            return refusals.replaced_card(region)
        case IssuanceVerdict.REPORTED_LOST:
            return refusals.reported_lost(region)
        case IssuanceVerdict.ANOTHER_CARD:
            return refusals.another_card(region)
        case IssuanceVerdict.RUNNING:
            return refusals.being_made(region)
        case IssuanceVerdict.WAITS:
            return refusals.waits_for_you(region, answer.place)
        case IssuanceVerdict.RESERVED:
            raise ValueError("a card is reserved")
        case other:
            assert_never(other)
