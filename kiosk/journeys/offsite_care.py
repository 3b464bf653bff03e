"""Care away from the insured place: register for it, see how far that has come, learn why a card did not settle there.

Region rules: services.offsite_care, offsite.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final, assert_never

from kiosk.journeys import refusals
from kiosk.journeys.choosing import choose
from kiosk.journeys.counter_words import in_words
from kiosk.journeys.filing import (
    file_matter,
    filed_pages,
    filings_of,
    holder_by_id_card,
    needs_id_card,
    number_fact,
    state_in_words,
)
from kiosk.journeys.frame import Ending, Progress, Session, serve
from kiosk.journeys.guide import CAUSES, remedy
from kiosk.journeys.holder import Holder
from kiosk.journeys.identify import CANCEL
from kiosk.journeys.paging import FINISH, turned, turning_behind_a_choice
from kiosk.journeys.place_of_care import place_in_words, place_of_care
from kiosk.journeys.requests import Journey, Show, ask
from kiosk.journeys.terms import span
from kiosk.journeys.views import (
    Action,
    Choice,
    Choices,
    Chosen,
    Emphasis,
    Explain,
    Fact,
    Intent,
    ReadBack,
    Result,
    Step,
    View,
)
from kiosk.journeys.wording import PersonName, Say, Verbatim, say
from kiosk.policy.care_rules import RuledBy, SettlementFailure
from kiosk.policy.region import Region
from kiosk.policy.rule import Term, Unit
from kiosk.records.filings import FilingState, FilingTold, OffsiteCare, OffsiteGroup
from kiosk.records.masking import mask_name
from kiosk.records.transaction import Outcome, Service
from kiosk.records.working_days import NotKnown, working_days_after

LONGEST_LOOK_BACK: Final = 30
"""Days of admission that are offered where the calendar does not say when the term ends; an older one is a window's."""

_REGISTER, _STATE, _FAILURES = "register", "state", "failures"
_EMERGENCY, _PLANNED, _EARLIER = "emergency", "planned", "earlier"
_CARD, _CHECK = Step(1, 2), Step(2, 2)


def offsite_care(session: Session) -> Journey[Outcome]:
    """Register care elsewhere at the centre, or tell what is known of it."""
    return (yield from serve(session, Service.OFFSITE_CARE, _offsite))


def _offsite(session: Session, progress: Progress) -> Journey[Ending]:
    region = session.region
    if not region.offers(Service.OFFSITE_CARE):
        raise refusals.not_offered(region, Service.OFFSITE_CARE)
    failures = region.pack.offsite.failures.value or ()
    choices = [
        Choice(Chosen(_REGISTER), say("登记备案"), say("去外地看病以前，先登记")),
        Choice(Chosen(_STATE), say("看我的备案"), say("登记过的，办到哪一步了")),
    ]
    if failures:
        choices.append(Choice(Chosen(_FAILURES), say("在外地刷不了卡"), say("常见的原因和办法")))
    match (yield from choose(say("去外地看病"), choices)):
        case chosen if chosen == _STATE:
            return (yield from _registrations(session, progress))
        case chosen if chosen == _FAILURES:
            return _causes(region, failures)
        case _:
            return (yield from _register(session, progress))


@dataclass(frozen=True, slots=True)
class _Wish:
    """What is to be registered."""

    group: OffsiteGroup
    place: str
    admitted_on: date | None


def _register(session: Session, progress: Progress) -> Journey[Ending]:
    region = session.region
    groups = region.pack.offsite.groups.value
    if not groups:
        raise refusals.no_offsite_groups(region)
    needs_id_card(session, Service.OFFSITE_CARE)
    holder: Holder | None = None
    while True:
        group = yield from _group(groups)
        place = yield from place_of_care(session)
        admitted_on = yield from _admission(session)
        wish = _Wish(group, place, admitted_on)
        if holder is None:
            holder = yield from holder_by_id_card(session, Service.OFFSITE_CARE, _CARD)
        if (yield from ask(Show(_read_back(session, holder, wish), personal=True))) is not Intent.AGAIN:
            break
    matter = OffsiteCare(
        group=wish.group,
        place=wish.place,
        admitted_on=wish.admitted_on.isoformat() if wish.admitted_on is not None else None,
    )
    told = yield from file_matter(session, progress, holder, matter)
    result = Result(
        title=say("备案交上去了"),
        facts=(number_fact(told), Fact(say("去哪里看病"), place_in_words(session, wish.place))),
        note=say("办好没有：回首页选“办卡、办别的事”，再选“去外地看病”。"),
        actions=(),
    )
    left = _next_steps(region)
    return Ending(Outcome.DONE, filed_pages(session, say("异地就医备案"), told, result, left, left))


def _group(groups: tuple[OffsiteGroup, ...]) -> Journey[OffsiteGroup]:
    choices = [Choice(Chosen(one.value), GROUPS[one], _LINES[one]) for one in groups]
    return OffsiteGroup((yield from choose(say("您是哪一种情况？"), choices)))


GROUPS: Final[Mapping[OffsiteGroup, Say]] = MappingProxyType(
    {
        OffsiteGroup.POSTED: say("单位派去外地"),
        OffsiteGroup.REFERRED: say("转到外地看病"),
        OffsiteGroup.LONG_RESIDENT: say("长期住在外地"),
        OffsiteGroup.SETTLED_RETIRED: say("退休后去外地定居"),
        OffsiteGroup.SETTLED: say("在外地定居"),
    }
)
_LINES: Final[Mapping[OffsiteGroup, Say]] = MappingProxyType(
    {
        OffsiteGroup.POSTED: say("在那边长期上班"),
        OffsiteGroup.REFERRED: say("本地治不了，医院让转的"),
        OffsiteGroup.LONG_RESIDENT: say("比如跟着子女住"),
        OffsiteGroup.SETTLED_RETIRED: say("户口也迁过去了"),
        OffsiteGroup.SETTLED: say("家安在那边"),
    }
)


def _admission(session: Session) -> Journey[date | None]:
    """The day of admission; None where nobody is in hospital yet, or the region has no rule of emergencies.

    :raises Ended: it was longer ago than the term: a window decides.
    """
    term = session.region.pack.offsite.emergency_term.value
    if term is None:
        return None
    choices = [
        Choice(Chosen(_PLANNED), say("还没有住院"), say("先备案，再去看病")),
        Choice(Chosen(_EMERGENCY), say("急诊，已经住院"), say("入院后 {term} 内补登记", term=span(term))),
    ]
    if (yield from choose(say("现在住院了吗？"), choices)) != _EMERGENCY:
        return None
    days = _days_within(session, term)
    choices = [Choice(Chosen(day.isoformat()), _day_in_words(session, day), _until(last)) for day, last in days]
    choices.append(Choice(Chosen(_EARLIER), say("还要早"), say("要到窗口问一问")))
    note = _ask_about_the_term(session.region) if any(last is None for _, last in days) else None
    chosen = yield from choose(say("哪天入院的？"), choices, note=note)
    if chosen == _EARLIER:
        raise refusals.late(session.region, Service.OFFSITE_CARE)
    return date.fromisoformat(chosen)


def _days_within(session: Session, term: Term) -> list[tuple[date, date | None]]:
    """The days of admission whose term runs still, the latest first, each with the last day to register."""
    days: list[tuple[date, date | None]] = []
    for ago in range(LONGEST_LOOK_BACK + 1):
        day = session.today - timedelta(days=ago)
        last = _last_day(session, day, term)
        if last is not None and last < session.today:
            break
        days.append((day, last))
    return days


def _last_day(session: Session, admitted_on: date, term: Term) -> date | None:
    """The last day of the term; None where the calendar does not know it, or the source does not say which days."""
    match term.unit:
        case Unit.WORKING_DAYS:
            last = working_days_after(admitted_on, term.count, session.country.calendar)
            return None if isinstance(last, NotKnown) else last
        case Unit.DAYS | Unit.MONTHS:
            return None
        case other:
            assert_never(other)


def _day_in_words(session: Session, day: date) -> Say:
    match (session.today - day).days:
        case 0:
            return say("今天，{day}", day=Verbatim(day.isoformat()))
        case 1:
            return say("昨天，{day}", day=Verbatim(day.isoformat()))
        case 2:
            return say("前天，{day}", day=Verbatim(day.isoformat()))
        case ago:
            return say("{count} 天前，{day}", count=ago, day=Verbatim(day.isoformat()))


def _until(last: date | None) -> Say:
    if last is None:
        return say("最晚哪天登记，算不出来")
    return say("最晚 {day} 登记", day=Verbatim(last.isoformat()))


def _ask_about_the_term(region: Region) -> Say:
    if region.hotline:
        return say("放假安排还不全，最晚哪天请打 {hotline} 问。", hotline=Verbatim(region.hotline))
    return say("放假安排还不全，最晚哪天请问工作人员。")


def _read_back(session: Session, holder: Holder, wish: _Wish) -> ReadBack:
    group = GROUPS[wish.group]
    note = say("{group}。交上去以后，由医保经办机构来办。", group=group)
    if wish.admitted_on is not None:
        note = say("{group}，{day} 急诊入院。", group=group, day=Verbatim(wish.admitted_on.isoformat()))
    return ReadBack(
        title=say("请核对，再交上去"),
        facts=(
            Fact(say("姓名"), PersonName(mask_name(holder.name), holder.name)),
            Fact(say("去哪里看病"), place_in_words(session, wish.place)),
        ),
        note=note,
        step=_CHECK,
        actions=(
            CANCEL,
            Action(Intent.AGAIN, say("不对，重新选")),
            Action(Intent.NEXT, say("对，交上去"), Emphasis.PLAIN, say("都对，把备案交上去")),
        ),
    )


def _next_steps(region: Region) -> tuple[Say, ...]:
    """What to see to before going, and whose rules hold where."""
    rules = region.pack.offsite
    lines: list[Say] = []
    if rules.check_card_first.value is not None:
        lines.append(in_words(rules.check_card_first.value))
    if rules.catalogue.value is not None:
        lines.append(say("哪些药、哪些项目能报：按{whose}的规定", whose=_RULED[rules.catalogue.value]))
    if rules.benefits.value is not None:
        lines.append(say("能报多少：按{whose}的规定", whose=_RULED[rules.benefits.value]))
    return tuple(lines)


_RULED: Final[Mapping[RuledBy, Say]] = MappingProxyType(
    {RuledBy.PLACE_OF_CARE: say("看病的地方"), RuledBy.PLACE_OF_INSURANCE: say("参保的地方")}
)


def _registrations(session: Session, progress: Progress) -> Journey[Ending]:
    holder = yield from holder_by_id_card(session, Service.OFFSITE_CARE, Step(1, 1))
    told = yield from filings_of(session, progress, holder)
    mine = [(one, one.matter) for one in told if isinstance(one.matter, OffsiteCare)]
    if not mine:
        nothing = Explain(
            title=say("没有查到您的备案"),
            lines=(say("在这里没有登记过。要去外地看病，请先登记备案。"),),
            step=None,
            actions=(FINISH,),
        )
        return Ending(Outcome.DONE, (nothing,))
    return Ending(Outcome.DONE, turned(tuple(_registration(session, *one) for one in mine)), personal=True)


def _registration(session: Session, told: FilingTold, matter: OffsiteCare) -> Result:
    # Where an office has said why, or until when, that stands below.
    until = say("到 {day} 为止", day=Verbatim(told.valid_until)) if told.valid_until is not None else None
    return Result(
        title=say("您的备案"),
        facts=(
            Fact(say("办到哪一步"), state_in_words(told.state), key=True),
            Fact(say("去哪里看病"), place_in_words(session, matter.place)),
            Fact(say("受理号（询问时用）"), Verbatim(told.number)),
        ),
        note=say("原因：{note}", note=Verbatim(told.note)) if told.note else until,
        actions=(),
        in_force=told.state is FilingState.DONE,
    )


def _causes(region: Region, failures: tuple[SettlementFailure, ...]) -> Ending:
    """The causes as choices, and behind each what it means and what helps."""
    view = Choices(
        title=say("在外地刷不了卡"),
        choices=tuple(Choice(Chosen(one.value), CAUSES[one], _MEANINGS[one]) for one in failures),
        note=None,
        actions=(FINISH,),
    )
    behind: Mapping[Chosen, tuple[View, ...]] = MappingProxyType(
        {Chosen(one.value): (_cause(region, one),) for one in failures}
    )
    return Ending(Outcome.DONE, (view,), behind)


def _cause(region: Region, cause: SettlementFailure) -> Explain:
    examined = (say("带着卡的，回首页选“卡用不了？”，就能查。"),) if region.offers(Service.CARD_EXAMINATION) else ()
    return Explain(
        title=CAUSES[cause],
        lines=(_MEANINGS[cause], remedy(region, cause), *examined),
        step=None,
        actions=turning_behind_a_choice(1, 1),
    )


_MEANINGS: Final[Mapping[SettlementFailure, Say]] = MappingProxyType(
    {
        SettlementFailure.NOT_ACTIVATED: say("卡的社保功能还没有在参保的地方启用。"),
        SettlementFailure.WRONG_PERSONAL_DATA: say("参保时登记的个人信息，有一项不对。"),
        SettlementFailure.REGISTRATION_NOT_ARRIVED: say("备案还没有传到看病的地方。"),
        SettlementFailure.BENEFITS_BLOCKED: say("参保的地方停了医保待遇。"),
        SettlementFailure.DATES_DISAGREE: say("转诊登记的日期和住院的日期不一样。"),
    }
)
