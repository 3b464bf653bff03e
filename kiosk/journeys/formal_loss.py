"""My card is gone for good: a report that nobody takes back. Region rules: services.formal_loss, loss."""

from typing import assert_never

from kiosk.journeys import refusals
from kiosk.journeys.faults import CLOSE, Effect, meaning
from kiosk.journeys.frame import Ended, Ending, Progress, Session, serve
from kiosk.journeys.guide import replacing_a_lost_card
from kiosk.journeys.holder import Holder, holder_without_card, ways_to_identify
from kiosk.journeys.identify import CANCEL
from kiosk.journeys.lost_card import (
    bank_lines,
    bank_side,
    bank_step,
    name_of_report,
    pages,
)
from kiosk.journeys.printing import warning
from kiosk.journeys.requests import Announce, Distrusted, Journey, Record, Show, Unreachable, ask, ask_centre
from kiosk.journeys.terms import span
from kiosk.journeys.views import Action, Emphasis, Explain, Fact, Fault, Intent, ReadBack, Result, View, Working
from kiosk.journeys.wording import Personal, PersonName, Say, Verbatim, say
from kiosk.policy.pack import Identification
from kiosk.policy.region import Region
from kiosk.records.china_time import minute_of
from kiosk.records.masking import mask_name, mask_number
from kiosk.records.questions import FormalLossReported, FormalLossVerdict, ReportFormalLoss
from kiosk.records.transaction import Outcome, Service, Stage


def formal_loss(session: Session) -> Journey[Outcome]:
    """Say what can't be undone, learn whose card it is, ask once more, and report it lost for good at the centre."""
    return (yield from serve(session, Service.FORMAL_LOSS, _report))


def _report(session: Session, progress: Progress) -> Journey[Ending]:
    region = session.region
    if not region.offers(Service.FORMAL_LOSS):
        raise refusals.not_offered(region, Service.FORMAL_LOSS)
    if Identification.ID_CARD not in ways_to_identify(session):
        raise refusals.no_id_reader(region, Service.FORMAL_LOSS)
    yield from ask(Show(_explanation(session)))
    holder = yield from holder_without_card(session, _read_back, may_type=False)
    yield from ask(Show(_last_question(region)))
    progress.social_security_number, progress.holder_name = holder.number, holder.name
    progress.identified_by = holder.identified_by
    yield from ask(Record(progress.transaction(Stage.BEGUN)))
    progress.began = True
    yield from ask(Announce(Working(say("正在正式挂失"), say("请稍候。"))))
    progress.effect = Effect.MAYBE
    question = ReportFormalLoss(
        transaction_id=session.transaction_id,
        region=region.key,
        social_security_number=holder.number,
        name=holder.name,
        identified_by=holder.identified_by,
    )
    answer = yield from ask_centre(question, FormalLossReported)
    if isinstance(answer, Unreachable | Distrusted) and answer.maybe_done:
        return Ending(Outcome.UNKNOWN, (_unknown_view(session),), reason="answer_lost")
    progress.effect = Effect.NONE
    if isinstance(answer, Unreachable | Distrusted):
        raise refusals.no_answer(region, Service.FORMAL_LOSS, answer)
    if answer.verdict is not FormalLossVerdict.REPORTED:
        raise _refusal(region, answer.verdict)
    progress.effect = Effect.DONE
    progress.done_online = True
    return Ending(Outcome.DONE, _reported_views(session, answer))


def _refusal(region: Region, verdict: FormalLossVerdict) -> Ended:
    """What the centre's no comes to.

    :raises ValueError: it is none.
    """
    match verdict:
        case FormalLossVerdict.FORMALLY_LOST:
            return refusals.formally_lost(region)
        case FormalLossVerdict.NOT_ACTIVATED:
            return refusals.never_activated(region)
        case FormalLossVerdict.CANCELLED:
            return refusals.cancelled_card(region)
        case FormalLossVerdict.REPLACED:
            return refusals.replaced_card(region)
        case FormalLossVerdict.REPLACEMENT_RUNNING:
            return refusals.replacement_running(region)
        case FormalLossVerdict.NOT_OPEN:
            return refusals.not_offered(region, Service.FORMAL_LOSS)
        case FormalLossVerdict.ID_CARD_WANTED:
            return refusals.id_card_wanted(region)
        case FormalLossVerdict.UNKNOWN:
            return refusals.unknown_holder(region, Service.FORMAL_LOSS)
        case FormalLossVerdict.REPORTED:
            raise ValueError("the card is reported")
        case other:
            assert_never(other)


def _unknown_view(session: Session) -> Fault:
    return Fault(
        title=say("没收到社保中心答复"),
        means=meaning(Service.FORMAL_LOSS, Effect.MAYBE),
        now=say("请再办一次，办过了会告诉您。也可以打电话问。"),
        hotline=session.region.hotline,
        code="N-03",
        actions=(CLOSE,),
    )


def _explanation(session: Session) -> Explain:
    region = session.region
    loss = region.pack.loss
    time = (
        (say("办过{name}的，要在 {term}内办正式挂失。", name=name_of_report(region), term=span(term)),)
        if (term := loss.formal_deadline.value) is not None
        else ()
    )
    free = region.service(Service.FORMAL_LOSS).fee_fen.value == 0
    needed = say("要用您的身份证。不收费。") if free else say("要用您的身份证。")
    return Explain(
        title=say("卡找不回来了，办正式挂失"),
        lines=(_whether_final(region), *time, needed),
        step=None,
        actions=(CANCEL, Action(Intent.NEXT, say("知道了，接着办"), Emphasis.PRIMARY)),
        note=warning(session.printing),
    )


def _whether_final(region: Region) -> Say:
    match region.pack.loss.formal_is_final.value:
        case True:
            return say("办了就不能撤销。卡再找到，也不能用了。")
        case False:
            return say("卡马上停用。找到了，还可以撤销。")
        case None:
            return say("卡马上停用。能不能撤销，本地手册没有写明。")


def _read_back(holder: Holder) -> ReadBack:
    return ReadBack(
        title=say("请核对，是不是您本人"),
        facts=(
            Fact(say("姓名"), PersonName(mask_name(holder.name), holder.name)),
            Fact(say("身份证号码"), Personal(mask_number(holder.number), holder.number)),
        ),
        note=say("现在还没有挂失，下一步再问您一次。"),
        step=holder.check,
        actions=(
            CANCEL,
            holder.again,
            Action(Intent.NEXT, say("对，是我本人"), Emphasis.PLAIN, say("号码和姓名都对，是我本人")),
        ),
    )


def _last_question(region: Region) -> ReadBack:
    """Asked apart from everything else, and with no default: a finger that goes on by habit stops here."""
    instead = (
        say("卡也许还找得到？先办{name}就够了。", name=name_of_report(region))
        if region.offers(Service.TEMPORARY_LOSS)
        else say("卡也许还找得到的，请先不要办。")
    )
    return ReadBack(
        title=say("真的要正式挂失吗？"),
        facts=(Fact(say("办了以后"), _whether_final(region)),),
        note=instead,
        step=None,
        actions=(CANCEL, Action(Intent.NEXT, say("正式挂失这张卡"), Emphasis.GRAVE)),
    )


def _reported_views(session: Session, answer: FormalLossReported) -> tuple[View, ...]:
    region = session.region
    done_at = minute_of(answer.reported_at_ms) if answer.reported_at_ms is not None else session.today.isoformat()
    bank = bank_side(region, answer.bank)
    facts: tuple[Fact, ...] = (
        Fact(
            say("社保功能"),
            say("已停用，不能恢复") if region.pack.loss.formal_is_final.value else say("已停用"),
            key=True,
        ),
    )
    if bank is not None:
        facts = (*facts, Fact(say("银行功能"), bank))
    first = Result(
        title=say("正式挂失好了"),
        facts=facts,
        note=say("电子社保卡也一起停用了。") if answer.e_card_stopped else None,
        actions=(),
    )
    banks = bank_lines(region, answer.bank)
    oral = (
        (say("{name}时间 {time}", name=name_of_report(region), time=Verbatim(minute_of(answer.temporary_at_ms))),)
        if answer.temporary_at_ms is not None
        else ()
    )
    lines = (say("挂失时间 {time}", time=Verbatim(done_at)), _whether_final(region), *oral)
    return pages(
        session,
        first,
        say("正式挂失"),
        lines,
        next_steps=lambda numbers_follow: _next_steps(region, numbers_follow=numbers_follow),
        banks=banks,
        means=say("这张卡的社保功能已经停用，别人捡到也用不了。"),
        behind=replacing_a_lost_card(region),
    )


def _next_steps(region: Region, *, numbers_follow: bool) -> tuple[Say, ...]:
    """What is left to do: the bank, and whom to ask about a new card where no page follows that tells it."""
    bank = bank_step(region, numbers_follow=numbers_follow)
    new_card = (
        (say("要补办新卡，先打 {hotline} 问清去哪里、带什么。", hotline=Verbatim(region.hotline)),)
        if region.hotline and not replacing_a_lost_card(region)
        else ()
    )
    return (*((bank,) if bank is not None else ()), *new_card)
