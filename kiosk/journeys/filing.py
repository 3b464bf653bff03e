"""What every matter for an office has in common: who files it, the centre's verdict, and the pages that follow.

The person stands there with the ID card; nothing is filed for a number that somebody types.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final, Literal, assert_never

from kiosk.journeys import refusals
from kiosk.journeys.counter_words import in_words, issued_in_words
from kiosk.journeys.faults import CLOSE, Effect, meaning
from kiosk.journeys.frame import Ended, Ending, Progress, Session
from kiosk.journeys.guide import pages
from kiosk.journeys.holder import Holder
from kiosk.journeys.id_card import id_card
from kiosk.journeys.identify import CANCEL
from kiosk.journeys.paging import page, turned
from kiosk.journeys.printing import warning
from kiosk.journeys.requests import Announce, Distrusted, Journey, Record, Show, Unreachable, ask, ask_centre
from kiosk.journeys.slips import slip
from kiosk.journeys.views import Action, Emphasis, Explain, Fact, Fault, Intent, Result, Step, View, Working
from kiosk.journeys.waiting import NOTHING_FURTHER, Afterwards, waiting_pages, waits_here
from kiosk.journeys.wording import Personal, PersonName, Say, Verbatim, say
from kiosk.policy.region import Region
from kiosk.records.card import CardState, ReplacementReason
from kiosk.records.filings import (
    GUARDIAN_BELOW,
    Cancelling,
    CardApplication,
    CardReplacement,
    DataChange,
    Filed,
    FileMatter,
    FilingState,
    FilingsTold,
    FilingTold,
    FilingVerdict,
    GetFilings,
    IdentifiedBy,
    IssuedPaper,
    Matter,
    OffsiteCare,
    Paper,
    Proxy,
    taken_down,
)
from kiosk.records.masking import mask_name, mask_number
from kiosk.records.portrait import FiledPortrait
from kiosk.records.transaction import Outcome, Service, Stage

_TRIES: Final = 3
"""How often a filing with a portrait that can't wait here is put to a centre that does not answer."""
Already = Callable[[Region, FilingTold], Ended]
"""The ending where the same matter stands open."""


def needs_id_card(session: Session, service: Service) -> None:
    """Let nobody begin what can't be ended.

    :raises Ended: this terminal reads no ID cards.
    """
    if not session.reads_id_cards:
        raise refusals.no_id_reader(session.region, service)


def leafed(session: Session, views: tuple[Explain, ...], begin: Action) -> Journey[None]:
    """Show what is read before something begins, forth and back, until it begins."""
    at, of = 0, len(views)
    while at < of:
        forth = begin if at + 1 == of else Action(Intent.NEXT, say("下一页"), Emphasis.PRIMARY)
        back = (Action(Intent.BACK, say("上一页")),) if at else ()
        note = None if at else warning(session.printing)
        view = replace(views[at], actions=(CANCEL, *back, forth), page=page(at + 1, of), note=note)
        at += -1 if (yield from ask(Show(view))) is Intent.BACK else 1


def holder_by_id_card(session: Session, service: Service, step: Step) -> Journey[Holder]:
    """Learn from the ID card whose matter it is.

    :raises Ended: this terminal reads no ID cards, this one may not be used, or it is a child's.
    """
    needs_id_card(session, service)
    document = yield from id_card(session, step)
    holder = Holder(document.number, document.name, document)
    below = child_below(session.region, service)
    age = holder.age(session.today)
    if age is not None and age < below:
        raise refusals.needs_guardian(session.region, service, below)
    return holder


def child_below(region: Region, service: Service) -> int:
    """The age in years below which the guardian has to act."""
    minor_below = region.pack.application.minor_below.value if service is Service.CARD_APPLICATION else None
    return max(minor_below or 0, GUARDIAN_BELOW)


def who(holder: Holder) -> tuple[Fact, Fact]:
    """The person, for a read-back."""
    return (
        Fact(say("姓名"), PersonName(mask_name(holder.name), holder.name)),
        Fact(say("身份证号码"), Personal(mask_number(holder.number), holder.number)),
    )


def file_matter(
    session: Session,
    progress: Progress,
    holder: Holder,
    matter: Matter,
    already: Already | None = None,
    *,
    proxy: Proxy | None = None,
    portrait: FiledPortrait | None = None,
    afterwards: Afterwards = NOTHING_FURTHER,
) -> Journey[FilingTold]:
    """Put a matter that was read back and confirmed to the centre; on record before and, by the frame, after.

    Without the centre it is taken down where the region's rules say so, and goes there with the ledger.

    :param proxy: who stands there, where it is not the holder.
    :param portrait: with an application, where one was taken and accepted.
    :param already: what is said where the same stands open; a refusal with its number when None.
    :param afterwards: what else its person reads where it was taken down.
    :raises Ended: with the centre's own reason why not; or it was taken down; or no answer came, and whether it is
        filed nobody knows.
    """
    region, service = session.region, progress.service
    progress.stands_for(holder.number, holder.name, proxy)
    yield from ask(Record(progress.transaction(Stage.BEGUN)))
    question = FileMatter(
        transaction_id=session.transaction_id,
        region=region.key,
        social_security_number=holder.number,
        name=holder.name,
        identified_by=IdentifiedBy.ID_CARD,
        matter=matter,
        proxy=proxy,
        portrait=portrait,
    )
    answer = yield from _put(session, progress, question)
    if isinstance(answer, Unreachable | Distrusted):
        if not (isinstance(answer, Distrusted) and answer.declined) and waits_here(region, service):
            progress.identified_by = question.identified_by
            progress.taken_down, progress.enclosure = taken_down(question)
            rule = f"services.{service.value}.offline"
            views = waiting_pages(session, matter_in_words(region, matter), afterwards, has_portrait=bool(portrait))
            raise Ended(Ending(Outcome.RECORDED, views, reason="centre_unreachable", rule=rule))
        raise _unanswered(session, service, answer)
    if answer.verdict is FilingVerdict.FILED and answer.filing is not None:
        progress.effect = Effect.DONE
        progress.done_online = True
        return answer.filing
    if answer.verdict is FilingVerdict.ALREADY_FILED and answer.filing is not None:
        if already is not None:
            raise already(region, answer.filing)
        raise refusals.already_filed(region, answer.filing, to_holder=proxy is None)
    raise _refusal(region, service, matter, answer.verdict)


def _put(session: Session, progress: Progress, question: FileMatter) -> Journey[Filed | Unreachable | Distrusted]:
    """Ask the centre; where nothing comes back and a portrait would be lost, again, as its person likes.

    The transaction id is the same each time, so nothing is filed twice.
    """
    maybe_done = False
    # What waits here is not lost with the answer: nobody need try again for it.
    again = question.portrait is not None and not waits_here(session.region, progress.service)
    for tries_left in reversed(range(_TRIES if again else 1)):
        yield from ask(Announce(Working(say("正在提交"), say("请稍候。"))))
        answer = yield from ask_centre(question, Filed)
        if not isinstance(answer, Unreachable):
            progress.effect = Effect.NONE
            # A centre that declines now may have taken what was sent before.
            return replace(answer, maybe_done=True) if maybe_done and isinstance(answer, Distrusted) else answer
        maybe_done |= answer.maybe_done
        if maybe_done:
            progress.effect = Effect.MAYBE
        if not tries_left or (yield from ask(Show(_once_more(session.region)))) is not Intent.AGAIN:
            break
    return Unreachable(maybe_done=maybe_done)


def _once_more(region: Region) -> Fault:
    return Fault(
        title=say("没收到社保中心答复"),
        means=say("照片还在，不用重拍。"),
        now=say("请再交一次，不会交重。"),
        hotline=region.hotline,
        code="N-05",
        actions=(Action(Intent.DONE, say("不等了")), Action(Intent.AGAIN, say("再交一次"), Emphasis.PRIMARY)),
    )


def filings_of(session: Session, progress: Progress, holder: Holder) -> Journey[tuple[FilingTold, ...]]:
    """The person's own matters, the newest first.

    :raises Ended: the centre can't be asked, or knows nobody of this number and name.
    """
    region = session.region
    yield from ask(Announce(Working(say("正在查询"), say("请稍候。"))))
    progress.social_security_number, progress.holder_name = holder.number, holder.name
    question = GetFilings(
        region=region.key,
        social_security_number=holder.number,
        name=holder.name,
        identified_by=IdentifiedBy.ID_CARD,
    )
    answer = yield from ask_centre(question, FilingsTold)
    if isinstance(answer, Unreachable | Distrusted):
        raise refusals.no_answer(region, progress.service, answer)
    if not answer.known:
        raise refusals.unknown_person(region, progress.service)
    return answer.filings


def _unanswered(session: Session, service: Service, answer: Unreachable | Distrusted) -> Ended:
    """Of a matter that is not taken down here: whether it may be filed only the centre knows."""
    if answer.maybe_done:
        view = Fault(
            title=say("没收到社保中心答复"),
            means=meaning(service, Effect.MAYBE),
            now=say("请换一台机器，或找工作人员。"),
            hotline=session.region.hotline,
            code="N-03",
            actions=(CLOSE,),
        )
        return Ended(Ending(Outcome.UNKNOWN, (view,), reason="answer_lost"))
    return refusals.no_answer(session.region, service, answer)


def _refusal(region: Region, service: Service, matter: Matter, verdict: FilingVerdict) -> Ended:
    match verdict:
        case FilingVerdict.UNKNOWN:
            return refusals.unknown_person(region, service)
        case FilingVerdict.NOT_INSURED:
            return refusals.not_insured(region, service)
        case FilingVerdict.HAS_CARD:
            return refusals.has_card(region)
        case FilingVerdict.NO_CARD:
            return refusals.no_card(region)
        case FilingVerdict.NOTHING_TO_REST_ON:
            return refusals.nothing_to_rest_on(region, _kind(matter))
        case FilingVerdict.LATE:
            return refusals.late(region, service)
        case (
            FilingVerdict.NOT_REPORTED
            | FilingVerdict.REPORTED_LOST
            | FilingVerdict.NOT_ACTIVATED
            | FilingVerdict.RUNNING
        ):
            return _not_replaced(region, verdict)
        case FilingVerdict.NOT_OPEN:
            return refusals.not_offered(region, service)
        case (
            FilingVerdict.NOT_BY_PROXY
            | FilingVerdict.PROXY_MINOR
            | FilingVerdict.NEEDS_GUARDIAN
            | FilingVerdict.HOLDER_ADULT
        ):
            return _not_who_may(region, service, verdict)
        case FilingVerdict.FILED | FilingVerdict.ALREADY_FILED:
            # Without the filing that it speaks of, this is no answer.
            return refusals.not_ready(region, service)
        case other:
            assert_never(other)


def _not_who_may(
    region: Region,
    service: Service,
    verdict: Literal[
        FilingVerdict.NOT_BY_PROXY,
        FilingVerdict.PROXY_MINOR,
        FilingVerdict.NEEDS_GUARDIAN,
        FilingVerdict.HOLDER_ADULT,
    ],
) -> Ended:
    """Who stands there may not file it, by the centre's own count of years."""
    match verdict:
        case FilingVerdict.NOT_BY_PROXY:
            return refusals.not_by_proxy(region, service)
        case FilingVerdict.PROXY_MINOR:
            return refusals.proxy_minor(region)
        case FilingVerdict.NEEDS_GUARDIAN:
            return refusals.needs_guardian(region, service, child_below(region, service))
        case FilingVerdict.HOLDER_ADULT:
            return refusals.holder_adult(region)
        case other:
            assert_never(other)


def _not_replaced(
    region: Region,
    verdict: Literal[
        FilingVerdict.NOT_REPORTED,
        FilingVerdict.REPORTED_LOST,
        FilingVerdict.NOT_ACTIVATED,
        FilingVerdict.RUNNING,
    ],
) -> Ended:
    """A card that no new one is ordered for as it is."""
    match verdict:
        case FilingVerdict.NOT_REPORTED:
            return refusals.report_first(region)
        case FilingVerdict.REPORTED_LOST:
            return refusals.reported_lost(region)
        case FilingVerdict.NOT_ACTIVATED:
            return refusals.card_state(region, CardState.SEALED)
        case FilingVerdict.RUNNING:
            return refusals.being_made(region)
        case other:
            assert_never(other)


def _kind(matter: Matter) -> IssuedPaper | None:
    return matter.kind if isinstance(matter, Paper) else None


def filed_pages(
    session: Session,
    name: Say,
    told: FilingTold,
    first: Result,
    next_steps: tuple[Say, ...],
    on_slip: tuple[Say, ...],
    further: tuple[Explain, ...] = (),
) -> tuple[View, ...]:
    """What came of it, what comes next where anything is known of that, and the slip.

    :param name: of the matter, for the slip.
    :param next_steps: in their order.
    :param on_slip: what is taken home, below number and day.
    :param further: pages between those and the slip.
    """
    day = say("办理日期 {day}", day=Verbatim(session.today.isoformat()))
    receipt = slip(session, name, (day, *on_slip), (), further=next_steps, number=told.number)
    return turned((first, *pages(say("接下来"), *next_steps), *further, receipt))


def look_it_up(region: Region) -> tuple[Say, ...]:
    """Where somebody learns how far it has come."""
    if region.offers(Service.FILING_PROGRESS):
        return (say("想知道办到哪一步：在这里选“办卡、办别的事”，再选“查进度”。"),)
    place = region.pack.application.progress.value
    return (say("想知道办到哪一步：{place}", place=in_words(place)),) if place is not None else ()


def number_fact(told: FilingTold) -> Fact:
    """受理号, the first thing that is told."""
    return Fact(say("受理号（询问时用）"), Verbatim(told.number), key=True)


def matter_in_words(region: Region, matter: Matter) -> Say:
    """What somebody has filed."""
    match matter:
        case CardApplication():
            return say("社会保障卡申领")
        case OffsiteCare():
            return say("异地就医的备案")
        case DataChange():
            return say("信息变更")
        case Cancelling():
            return say("社会保障卡注销")
        case CardReplacement(reason=reason):
            return say("补卡") if reason is ReplacementReason.LOST else say("换卡")
        case Paper(kind=kind):
            return issued_in_words(region, kind)
        case other:
            assert_never(other)


def state_in_words(state: FilingState) -> Say:
    """How far it has come."""
    match state:
        case FilingState.RECEIVED:
            return say("已收到，等着办")
        case FilingState.IN_PRODUCTION:
            return say("卡正在做")
        case FilingState.READY:
            return say("可以领了")
        case FilingState.DONE:
            return say("已办好")
        case FilingState.REFUSED:
            return say("没有通过")
        case FilingState.WITHDRAWN:
            return say("已撤回")
        case other:
            assert_never(other)
