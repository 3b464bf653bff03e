"""My card is found: take the temporary loss report back, by the card or, where it lies elsewhere, by the ID card.

Region rules: services.loss_lifting, loss, pin.
"""

from typing import Literal, assert_never

from drivers.ports.pin_pad import PinBlock
from kiosk.journeys import refusals
from kiosk.journeys.choosing import choose
from kiosk.journeys.counter_words import in_words
from kiosk.journeys.faults import CLOSE, Effect, meaning
from kiosk.journeys.filing import holder_by_id_card, needs_id_card, who
from kiosk.journeys.frame import Ended, Ending, Progress, Session, serve
from kiosk.journeys.holder import Holder
from kiosk.journeys.identify import CANCEL, CentreSession, identify_card
from kiosk.journeys.paging import FROM_SLIP, TO_SLIP
from kiosk.journeys.pin_entry import (
    CentrePad,
    centre_pad,
    chip_pin,
    last_try_note,
    needs_pin_pad,
    perhaps_the_other,
    pin_name,
    pin_view,
    telling_apart,
    tries_note,
)
from kiosk.journeys.requests import Announce, Distrusted, Journey, Record, Show, Unreachable, ask, ask_centre
from kiosk.journeys.slips import slip
from kiosk.journeys.views import (
    Action,
    Choice,
    Chosen,
    Emphasis,
    Explain,
    Fact,
    Fault,
    Intent,
    ReadBack,
    Result,
    Step,
    Working,
)
from kiosk.journeys.without_cards import needs_card
from kiosk.journeys.wording import Verbatim, say
from kiosk.policy.pack import HeldBy, LiftedBy
from kiosk.policy.region import Region
from kiosk.records.card import CardState
from kiosk.records.questions import LiftLoss, LiftLossWithoutCard, LiftVerdict, LossLifted, PinVerdict
from kiosk.records.transaction import Outcome, Service, Stage


def loss_lifting(session: Session) -> Journey[Outcome]:
    """The card, with its PIN where the region asks for that, or the ID card proves who wants the report taken back."""
    return (yield from serve(session, Service.LOSS_LIFTING, _lift))


def _lift(session: Session, progress: Progress) -> Journey[Ending]:
    region = session.region
    if not region.offers(Service.LOSS_LIFTING):
        raise refusals.not_offered(region, Service.LOSS_LIFTING)
    match (yield from _way(session)):
        case LiftedBy.CARD:
            verdict = yield from _by_card(session, progress)
        case LiftedBy.ID_CARD:
            verdict = yield from _by_id_card(session, progress)
        case other:
            assert_never(other)
    if verdict is not LiftVerdict.LIFTED:
        raise _refusal(region, verdict, seen=progress.holds_card)
    progress.effect = Effect.DONE
    progress.done_online = True
    bank = say("银行功能挂失过的，请到银行解除。") if region.pack.loss.bank_side.value else None
    view = Result(
        title=say("挂失已撤销"),
        facts=(Fact(say("社保功能"), say("现在就能用"), key=True),),
        note=bank,
        actions=TO_SLIP,
    )
    day = say("办理日期 {day}", day=Verbatim(session.today.isoformat()))
    further = (say("这张卡的社保功能现在就能用。"), *((bank,) if bank is not None else ()))
    return Ending(Outcome.DONE, (view, slip(session, say("撤销挂失"), (day,), FROM_SLIP, further=further)))


def _way(session: Session) -> Journey[LiftedBy]:
    """By what the report is taken back: what the region lets, what this terminal can read, what the citizen has there.

    :raises Ended: there is no such thing.
    """
    ways = session.region.lifted_by
    if not ways:
        raise refusals.not_offered(session.region, Service.LOSS_LIFTING)
    if LiftedBy.CARD not in ways:
        needs_id_card(session, Service.LOSS_LIFTING)
        return LiftedBy.ID_CARD
    if LiftedBy.ID_CARD not in ways or not session.reads_id_cards:
        needs_card(session, Service.LOSS_LIFTING)
        needs_pin_pad(session, Service.LOSS_LIFTING)
        return LiftedBy.CARD
    types_no_pin = session.region.asks_pin(Service.LOSS_LIFTING) and not session.enters_pins
    if types_no_pin or not session.reads_cards:
        return LiftedBy.ID_CARD
    choices = (
        Choice(Chosen(LiftedBy.CARD.value), say("在手上，插卡办")),
        Choice(Chosen(LiftedBy.ID_CARD.value), say("没带来，用身份证办")),
    )
    return LiftedBy((yield from choose(say("卡在手上吗？"), choices)))


def _by_card(session: Session, progress: Progress) -> Journey[LiftVerdict]:
    region = session.region
    identified = yield from identify_card(
        session, progress, wanted=CardState.TEMPORARILY_LOST, otherwise=refusals.state_to_lift
    )
    centre = identified.centre
    if centre is None:
        raise refusals.without_centre(region, Service.LOSS_LIFTING, declined=identified.declined)
    yield from ask(Show(_explanation(session)))
    pad: CentrePad | None = None
    if region.asks_pin(Service.LOSS_LIFTING):
        match region.pin_held_by:
            case HeldBy.CHIP:
                yield from chip_pin(session, progress, say("请在键盘上输入{pin}", pin=pin_name(region)))
            case HeldBy.CENTRE:
                centre, pad = yield from centre_pad(session, identified, Service.LOSS_LIFTING)
            case other:
                assert_never(other)
    return (yield from _verdict(session, progress, centre, pad))


def _by_id_card(session: Session, progress: Progress) -> Journey[LiftVerdict]:
    yield from ask(Show(_explanation(session)))
    while True:
        holder = yield from holder_by_id_card(session, Service.LOSS_LIFTING, Step(1, 2))
        if (yield from ask(Show(_read_back(holder), personal=True))) is not Intent.AGAIN:
            break
    progress.social_security_number, progress.holder_name = holder.number, holder.name
    progress.identified_by = holder.identified_by
    yield from ask(Record(progress.transaction(Stage.BEGUN)))
    progress.began = True
    yield from ask(Announce(Working(say("正在撤销挂失"), say("请稍候。"))))
    question = LiftLossWithoutCard(
        transaction_id=session.transaction_id,
        region=session.region.key,
        social_security_number=holder.number,
        name=holder.name,
        identified_by=holder.identified_by,
    )
    answer = yield from _answer(session, progress, question)
    if answer.verdict is None:
        raise refusals.not_ready(session.region, Service.LOSS_LIFTING)
    return answer.verdict


def _refusal(
    region: Region,
    verdict: Literal[
        LiftVerdict.NOT_REPORTED,
        LiftVerdict.FORMALLY_LOST,
        LiftVerdict.REPLACED,
        LiftVerdict.REPLACEMENT_RUNNING,
        LiftVerdict.CANCELLED,
        LiftVerdict.NOT_OPEN,
        LiftVerdict.ID_CARD_WANTED,
        LiftVerdict.UNKNOWN,
    ],
    *,
    seen: bool,
) -> Ended:
    """What the centre's no comes to.

    :param seen: the card is there, and its state was told.
    """
    match verdict:
        case LiftVerdict.NOT_REPORTED:
            return refusals.not_reported(region, CardState.NORMAL if seen else None)
        case LiftVerdict.FORMALLY_LOST:
            return refusals.formally_lost(region)
        case LiftVerdict.REPLACED:
            return refusals.replaced_card(region)
        case LiftVerdict.REPLACEMENT_RUNNING:
            return refusals.not_lifted_any_more(region)
        case LiftVerdict.CANCELLED:
            return refusals.cancelled_card(region)
        case LiftVerdict.NOT_OPEN:
            return refusals.not_offered(region, Service.LOSS_LIFTING)
        case LiftVerdict.ID_CARD_WANTED:
            return refusals.id_card_wanted(region)
        case LiftVerdict.UNKNOWN:
            return refusals.unknown_holder(region, Service.LOSS_LIFTING)
        case other:
            assert_never(other)


def _explanation(session: Session) -> Explain:
    condition = session.region.pack.loss.lifting_condition.value
    said = (in_words(condition),) if condition is not None else ()
    return Explain(
        title=say("卡找到了？"),
        lines=(*said, say("撤销挂失以后，这张卡马上可以用。")),
        step=None,
        actions=(CANCEL, Action(Intent.NEXT, say("撤销挂失"), Emphasis.PRIMARY)),
    )


def _read_back(holder: Holder) -> ReadBack:
    return ReadBack(
        title=say("请核对，再撤销挂失"),
        facts=who(holder),
        note=say("撤销以后，这张卡的社保功能马上恢复。"),
        step=holder.check,
        actions=(
            CANCEL,
            holder.again,
            Action(Intent.NEXT, say("对，撤销挂失"), Emphasis.GRAVE, say("号码和姓名都对，撤销挂失")),
        ),
    )


def _verdict(
    session: Session, progress: Progress, centre: CentreSession, pad: CentrePad | None
) -> Journey[LiftVerdict]:
    """Ask the centre to lift, with a PIN block where ``pad`` is given.

    :raises Ended: the PIN is locked, or the centre gives no answer that can be believed.
    """
    region = session.region
    note, coach = last_try_note(centre.pin_tries_left), telling_apart(region)
    title = say("请在键盘上输入{pin}", pin=pin_name(region))
    while True:
        block: PinBlock | None = None
        if pad is not None:
            block = yield from pad.block(pin_view(session, title, note=note, coach=coach))
        if not progress.began:
            yield from ask(Record(progress.transaction(Stage.BEGUN)))
            progress.began = True
        yield from ask(Announce(Working(say("正在撤销挂失"), say("请稍候，不要拔卡。"))))
        question = LiftLoss(
            transaction_id=session.transaction_id,
            pin_block=block.cipher if block is not None else None,
            pad_serial=pad.pad.serial if pad is not None else "",
        )
        answer = yield from _answer(session, progress, question, centre.session_id)
        match answer.pin:
            case PinVerdict.ACCEPTED | PinVerdict.NOT_ASKED:
                if answer.verdict is None:
                    raise refusals.not_ready(region, Service.LOSS_LIFTING)
                return answer.verdict
            case PinVerdict.WRONG if pad is not None:
                note, coach = tries_note(answer.pin_tries_left), perhaps_the_other(region)
            case PinVerdict.LOCKED:
                raise refusals.pin_locked(region)
            case _:
                raise refusals.not_ready(region, Service.LOSS_LIFTING)


def _answer(
    session: Session, progress: Progress, question: LiftLoss | LiftLossWithoutCard, session_id: str = ""
) -> Journey[LossLifted]:
    """What the centre says to it.

    :raises Ended: nothing that can be believed.
    """
    progress.effect = Effect.MAYBE
    answer = yield from ask_centre(question, LossLifted, session_id)
    if isinstance(answer, Unreachable | Distrusted) and answer.maybe_done:
        raise Ended(Ending(Outcome.UNKNOWN, (_unknown_view(session),), reason="answer_lost"))
    progress.effect = Effect.NONE
    if isinstance(answer, Unreachable | Distrusted):
        raise refusals.no_answer(session.region, Service.LOSS_LIFTING, answer)
    return answer


def _unknown_view(session: Session) -> Fault:
    return Fault(
        title=say("没收到社保中心答复"),
        means=meaning(Service.LOSS_LIFTING, Effect.MAYBE),
        now=say("查到还在挂失的，请再来撤销一次，或打电话。"),
        hotline=session.region.hotline,
        code="N-03",
        actions=(CLOSE,),
    )
