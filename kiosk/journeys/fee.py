"""The fee of a new card: a code on the screen, and the centre's word that it was paid. No money passes the terminal."""

from typing import Final, assert_never

from kiosk.journeys import refusals
from kiosk.journeys.faults import CLOSE
from kiosk.journeys.frame import Ended, Ending, Progress, Session
from kiosk.journeys.issuing_requests import Pause, TellTime
from kiosk.journeys.new_card import NO_TELEPHONE, REPLACEMENT_FEE, fee_closed, fee_paid, fee_waiting
from kiosk.journeys.requests import Announce, Distrusted, Journey, Record, Show, Unreachable, ask, ask_centre
from kiosk.journeys.reservation import NoCard, asked_again
from kiosk.journeys.views import Fault, Step, Working
from kiosk.journeys.wording import say
from kiosk.policy.region import Region
from kiosk.records.issuance import AbandonedWhy, AskFee, FeeOrdered, FeeStanding, FeeState, OrderFee
from kiosk.records.transaction import IssuanceStep, Outcome, Service, Stage

SECOND_S: Final = 1.0
"""The time that is left goes down by this."""
ASKED_EVERY: Final = 3
"""Seconds between two questions whether it has come."""
GRACE_S: Final = 30
"""After the code's time the centre is heard a little longer: it asks the provider what became of it."""


def pay(session: Session, progress: Progress, fee_fen: int, step: Step) -> Journey[None]:
    """Have the fee paid; nothing is asked for where it is free.

    :raises NoCard: it was not paid in time or not by telephone, or the centre does not say; what came goes back.
    """
    if fee_fen == 0:
        return
    yield from ask(Announce(Working(say("正在准备收款"), say("请稍候。"))))
    ordered = yield from asked_again(OrderFee(transaction_id=session.transaction_id), FeeOrdered)
    if isinstance(ordered, Unreachable):
        raise NoCard(AbandonedWhy.NO_ANSWER, refusals.no_answer(session.region, Service.CARD_REPLACEMENT, ordered))
    if isinstance(ordered, Distrusted):
        raise NoCard(AbandonedWhy.REFUSED, _declined(session.region, ordered))
    progress.outlook = say("没有做新卡。要是已经付了钱，会原路退给您。")
    yield from ask(Record(progress.transaction(Stage.STEP, step=IssuanceStep.FEE_ORDERED)))
    yield from _paid(session, ordered, step)
    progress.outlook = say("没有做新卡。付的钱会原路退给您。")
    yield from ask(Record(progress.transaction(Stage.STEP, step=IssuanceStep.FEE_PAID)))
    yield from ask(Announce(fee_paid(fee_fen, REPLACEMENT_FEE, step)))


def _paid(session: Session, ordered: FeeOrdered, step: Step) -> Journey[None]:
    """Wait until the centre says so."""
    while True:
        left = yield from _shown(session, ordered, step)
        match (yield from _asked(session)):
            case FeeStanding.PAID | FeeStanding.FREE:
                return
            case FeeStanding.REFUND_PENDING | FeeStanding.REFUNDED:
                raise NoCard(AbandonedWhy.FEE, refusals.paid_too_late(session.region))
            case FeeStanding.CLOSED:
                yield from _looked_for(session, ordered, step)
                return
            case FeeStanding.PENDING | FeeStanding.NOT_ORDERED:
                if left <= -GRACE_S:
                    yield from _looked_for(session, ordered, step)
                    return
            case None:
                if left <= -GRACE_S:
                    raise NoCard(AbandonedWhy.NO_ANSWER, _not_told(session.region))
            case other:
                assert_never(other)


def _shown(session: Session, ordered: FeeOrdered, step: Step) -> Journey[int]:
    """Show the code until the centre is asked again; how many seconds are left then, and below 0 since when none is."""
    left = 0
    for _ in range(ASKED_EVERY):
        now_ms = yield from ask(TellTime())
        left = (ordered.expires_at_ms - now_ms) // 1000
        view = fee_waiting(ordered.fee_fen, REPLACEMENT_FEE, ordered.code_url, left, step)
        if (yield from ask(Pause(view, SECOND_S))) == NO_TELEPHONE:
            raise NoCard(AbandonedWhy.CITIZEN, refusals.not_by_telephone(session.region))
    return left


def _asked(session: Session) -> Journey[FeeStanding | None]:
    """How far it has come; None where the centre does not say.

    :raises NoCard: the centre knows nothing of it any more.
    """
    answer = yield from ask_centre(AskFee(transaction_id=session.transaction_id), FeeState)
    if isinstance(answer, Distrusted) and answer.declined:
        raise NoCard(AbandonedWhy.REFUSED, refusals.time_over(session.region))
    return answer.standing if isinstance(answer, FeeState) else None


def _looked_for(session: Session, ordered: FeeOrdered, step: Step) -> Journey[None]:
    """The code's time is over. Whoever has paid in the last moment has it looked for as often as they like."""
    while True:
        yield from ask(Show(fee_closed(ordered.fee_fen, REPLACEMENT_FEE, step)))
        match (yield from _asked(session)):
            case FeeStanding.PAID | FeeStanding.FREE:
                return
            case FeeStanding.REFUND_PENDING | FeeStanding.REFUNDED:
                raise NoCard(AbandonedWhy.FEE, refusals.paid_too_late(session.region))
            case FeeStanding.CLOSED | FeeStanding.NOT_ORDERED:
                raise NoCard(AbandonedWhy.FEE, refusals.not_paid(session.region))
            case FeeStanding.PENDING | None:
                pass
            case other:
                assert_never(other)


def _declined(region: Region, answer: Distrusted) -> Ended:
    if answer.declined:
        return refusals.time_over(region)
    return refusals.no_answer(region, Service.CARD_REPLACEMENT, answer)


def _not_told(region: Region) -> Ended:
    view = Fault(
        title=say("没收到付款的消息"),
        means=say("没有做新卡。要是已经付了钱，会原路退给您。"),
        now=say("现在联系不上社保中心，请过一会儿再来。"),
        hotline=region.hotline,
        code="K-20",
        actions=(CLOSE,),
    )
    return Ended(Ending(Outcome.FAILED, (view,), reason="fee_unknown"))
