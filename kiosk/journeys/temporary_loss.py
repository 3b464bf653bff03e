"""My card is gone: its social side stops for now, no card at hand. Region rules: services.temporary_loss, loss."""

from typing import assert_never

from kiosk.journeys import refusals
from kiosk.journeys.counter_words import in_words
from kiosk.journeys.faults import CLOSE, Effect, meaning
from kiosk.journeys.frame import Ending, Progress, Session, serve
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
from kiosk.journeys.terms import formal_report_due, span
from kiosk.journeys.views import (
    Action,
    Emphasis,
    Explain,
    Fact,
    Fault,
    Intent,
    ReadBack,
    Result,
    View,
    Working,
)
from kiosk.journeys.wording import Personal, PersonName, Say, Verbatim, say
from kiosk.policy.pack import Identification, Offline, Rule, Term
from kiosk.policy.region import Region
from kiosk.records.card import CardState
from kiosk.records.china_time import minute_of
from kiosk.records.masking import mask_name, mask_number
from kiosk.records.questions import LossReported, LossVerdict, ReportLoss
from kiosk.records.transaction import Outcome, Service, Stage


def temporary_loss(session: Session) -> Journey[Outcome]:
    """Learn whose card it is, report it lost at the centre; without the centre take the report down."""
    return (yield from serve(session, Service.TEMPORARY_LOSS, _report))


def _report(session: Session, progress: Progress) -> Journey[Ending]:
    region = session.region
    if not region.offers(Service.TEMPORARY_LOSS):
        raise refusals.not_offered(region, Service.TEMPORARY_LOSS)
    yield from ask(Show(_explanation(session, ways_to_identify(session))))
    holder = yield from holder_without_card(session, _read_back)
    progress.social_security_number, progress.holder_name = holder.number, holder.name
    progress.identified_by = holder.identified_by
    yield from ask(Record(progress.transaction(Stage.BEGUN)))
    yield from ask(Announce(Working(say("正在挂失"), say("请稍候。"))))
    question = ReportLoss(
        transaction_id=session.transaction_id,
        region=region.key,
        social_security_number=holder.number,
        name=holder.name,
        identified_by=holder.identified_by,
    )
    answer = yield from ask_centre(question, LossReported)
    if isinstance(answer, Unreachable | Distrusted):
        return _without_the_centre(session, progress, answer)
    match answer.verdict:
        case LossVerdict.REPORTED:
            progress.effect = Effect.DONE
            progress.done_online = True
            return Ending(Outcome.DONE, _reported_views(session, answer))
        case LossVerdict.ALREADY_REPORTED:
            raise refusals.already_reported(region, answer.reported_at_ms, answer.lapses_at_ms)
        case LossVerdict.FORMALLY_LOST:
            raise refusals.formally_lost(region)
        case LossVerdict.NOT_ACTIVATED:
            raise refusals.never_activated(region)
        case LossVerdict.CANCELLED:
            raise refusals.cancelled_card(region)
        case LossVerdict.REPLACED:
            raise refusals.replaced_card(region)
        case LossVerdict.REPLACEMENT_RUNNING:
            raise refusals.replacement_running(region)
        case LossVerdict.ID_CARD_WANTED:
            raise refusals.id_card_wanted(region)
        case LossVerdict.UNKNOWN:
            raise refusals.unknown_holder(region, Service.TEMPORARY_LOSS)
        case other:
            assert_never(other)


def _without_the_centre(session: Session, progress: Progress, answer: Unreachable | Distrusted) -> Ending:
    """Take the report down where the region's rules say so.

    The centre knows the transaction id again, should the report have arrived and only its answer been lost.

    :raises Ended: the centre itself declines, or the region takes nothing down.
    """
    declined = isinstance(answer, Distrusted) and answer.declined
    if declined or session.region.offline(Service.TEMPORARY_LOSS) is not Offline.RECORDED:
        if answer.maybe_done:
            return Ending(Outcome.UNKNOWN, (_unknown_view(session),), reason="answer_lost")
        raise refusals.without_centre(session.region, Service.TEMPORARY_LOSS, declined=declined)
    progress.card_state = CardState.NORMAL.value
    return Ending(
        Outcome.RECORDED, _recorded_views(session), reason="centre_unreachable", rule="services.temporary_loss.offline"
    )


def _unknown_view(session: Session) -> Fault:
    return Fault(
        title=say("没收到社保中心答复"),
        means=meaning(Service.TEMPORARY_LOSS, Effect.MAYBE),
        now=say("请换一台机器，或找工作人员。"),
        hotline=session.region.hotline,
        code="N-03",
        actions=(CLOSE,),
    )


def _explanation(session: Session, ways: frozenset[Identification]) -> Explain:
    region = session.region
    loss = region.pack.loss
    effect = (
        say("挂失后，卡的社保功能和电子社保卡都停用，别人捡到也用不了。")
        if region.pack.ecard.stops_with_card.value
        else say("挂失后，卡的社保功能停用，别人捡到也用不了。")
    )
    if loss.formal_deadline.value is not None:
        time = say("挂失后，要在 {term}内补办书面挂失。", term=span(loss.formal_deadline.value))
    else:
        time = _holds(loss.validity)
    free = region.service(Service.TEMPORARY_LOSS).fee_fen.value == 0
    if len(ways) > 1:
        needed = say("放身份证，或自己输号码和姓名。不收费。") if free else say("放身份证，或自己输号码和姓名。")
    elif Identification.ID_CARD in ways:
        needed = say("要用您的身份证。不收费。") if free else say("要用您的身份证。")
    else:
        needed = say("要输入您的身份证号码和姓名。不收费。") if free else say("要输入您的身份证号码和姓名。")
    return Explain(
        title=say("卡丢了，先办{name}", name=name_of_report(region)),
        lines=(effect, time, needed),
        step=None,
        actions=(CANCEL, Action(Intent.NEXT, say("开始挂失"), Emphasis.PRIMARY)),
        note=warning(session.printing),
    )


def _holds(validity: Rule[Term]) -> Say:
    if validity.value is None:
        return say("挂失管多久，本地手册没有写明。")
    return say("有效 {term}，到时自动解除。", term=span(validity.value))


def _read_back(holder: Holder) -> ReadBack:
    return ReadBack(
        title=say("请核对，再挂失"),
        facts=(
            Fact(say("姓名"), PersonName(mask_name(holder.name), holder.name)),
            Fact(say("身份证号码"), Personal(mask_number(holder.number), holder.number)),
        ),
        note=say("挂失后，这张卡的社保功能马上停用。"),
        step=holder.check,
        actions=(
            CANCEL,
            holder.again,
            Action(Intent.NEXT, say("对，挂失这张卡"), Emphasis.GRAVE, say("号码和姓名都对，挂失这张卡")),
        ),
    )


def _reported_views(session: Session, answer: LossReported) -> tuple[View, ...]:
    region = session.region
    done_at = minute_of(answer.reported_at_ms) if answer.reported_at_ms is not None else session.today.isoformat()
    until = (
        say("{time}，到时自动解除", time=Verbatim(minute_of(answer.lapses_at_ms)))
        if answer.lapses_at_ms is not None
        else say("本地手册没有写明")
    )
    bank = bank_side(region, answer.bank)
    facts: tuple[Fact, ...] = (Fact(say("社保功能"), say("已停用"), key=True), Fact(say("有效到"), until))
    if bank is not None:
        facts = (*facts, Fact(say("银行功能"), bank))
    lines = (say("挂失时间 {time}", time=Verbatim(done_at)), say("有效到 {until}", until=until))
    banks = bank_lines(region, answer.bank)
    note = say("电子社保卡也一起停用了。") if answer.e_card_stopped else None
    first = Result(say("挂失好了"), facts, note, ())
    return pages(
        session,
        first,
        name_of_report(region),
        lines,
        next_steps=lambda numbers_follow: _next_steps(
            region, numbers_follow=numbers_follow, reported_at_ms=answer.reported_at_ms
        ),
        banks=banks,
        means=say("这张卡的社保功能已经停用，别人捡到也用不了。"),
    )


def _recorded_views(session: Session) -> tuple[View, ...]:
    region = session.region
    if region.hotline:
        instead = say("请打 {hotline}", hotline=Verbatim(region.hotline))
    else:
        instead = say("请招呼身边的工作人员。")
    first = Result(
        title=say("挂失已记下，还没有生效"),
        facts=(
            Fact(say("什么时候生效"), say("这台机器连上社保中心以后"), key=True),
            Fact(say("等不及"), instead),
        ),
        note=say("现在联系不上社保中心。连上后自动上报，您不用再来。"),
        actions=(),
        in_force=False,
    )
    line = say("{day} 已记下，连上社保中心后生效", day=Verbatim(session.today.isoformat()))
    return pages(
        session,
        first,
        name_of_report(region),
        (line,),
        next_steps=lambda numbers_follow: _next_steps(region, numbers_follow=numbers_follow, reported_at_ms=None),
        banks=bank_lines(region, ""),
        means=say("等不及：{what}", what=instead),
        not_yet=say("挂失还没有生效，卡还能用。这台机器连上社保中心后会自动上报，那时才生效。"),
    )


def _next_steps(region: Region, *, numbers_follow: bool, reported_at_ms: int | None) -> tuple[Say, ...]:
    """What is left to do: the bank, the written report, what to do should the card turn up.

    :param numbers_follow: the banks' lines stand on the slip.
    :param reported_at_ms: by the centre's clock; None where the report has still to arrive.
    """
    loss = region.pack.loss
    lines: list[Say] = []
    bank = bank_step(region, numbers_follow=numbers_follow)
    if bank is not None:
        lines.append(bank)
    due = formal_report_due(loss.formal_deadline, reported_at_ms)
    if region.offers(Service.FORMAL_LOSS):
        lines.append(say("找不到卡，来这里办正式挂失。{due}", due=due) if due else say("找不到卡，来这里办正式挂失。"))
    elif loss.formal_place.value is not None:
        place = in_words(loss.formal_place.value)
        lines.append(
            say("找不到卡，办正式挂失：{place}。{due}", place=place, due=due)
            if due
            else say("找不到卡，办正式挂失：{place}", place=place)
        )
    lifting = region.service(Service.LOSS_LIFTING).place
    if region.offers(Service.LOSS_LIFTING):
        lines.append(say("卡找到了：带卡来这里撤销挂失。"))
    elif lifting.value is not None:
        lines.append(say("卡找到了，撤销挂失：{place}", place=in_words(lifting.value)))
    return tuple(lines)
