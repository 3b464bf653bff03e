"""A card is given up: a notice is taken here, the card is cancelled where its papers are seen.

Region rules: services.cancelling, cancelling, proxy.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from kiosk.journeys import refusals
from kiosk.journeys.choosing import choose
from kiosk.journeys.filing import file_matter, needs_id_card, number_fact
from kiosk.journeys.frame import Ended, Ending, Progress, Session, serve
from kiosk.journeys.guide import after_death, giving_up, instead_of_the_holder, steps_in_brief, who_must_come
from kiosk.journeys.identify import CANCEL
from kiosk.journeys.paging import turned
from kiosk.journeys.proxy import Filer, at_the_window, filer_by_id_card, for_whom, on_slip, step_of
from kiosk.journeys.requests import Journey, Show, ask
from kiosk.journeys.slips import slip
from kiosk.journeys.views import Action, Choice, Chosen, Emphasis, Explain, Fact, Intent, ReadBack, Result, Step
from kiosk.journeys.wording import Say, Verbatim, say
from kiosk.policy.counter import Business
from kiosk.policy.region import Region
from kiosk.records.filings import Cancelling, FilingTold, LeavingReason, Proxy, Relation
from kiosk.records.transaction import Outcome, Service

_CARD, _CHECK = Step(1, 2), Step(2, 2)


def cancelling(session: Session) -> Journey[Outcome]:
    """Take a notice of why a card is given up, and tell the steps that are left, in this region's order."""
    return (yield from serve(session, Service.CANCELLING, _cancel))


def _cancel(session: Session, progress: Progress) -> Journey[Ending]:
    region = session.region
    if not region.offers(Service.CANCELLING):
        raise refusals.not_offered(region, Service.CANCELLING)
    choices = [Choice(Chosen(one.value), REASONS[one], _LINES[one]) for one in LeavingReason]
    reason = LeavingReason((yield from choose(say("为什么不用这张卡了？"), choices)))
    if reason is LeavingReason.DEATH:
        raise _for_the_family(session)
    needs_id_card(session, Service.CANCELLING)
    yield from ask(Show(_explanation(region)))
    relation = yield from for_whom(session, Service.CANCELLING)
    filer = yield from filer_by_id_card(session, Service.CANCELLING, _CARD, relation)
    yield from ask(Show(_read_back(filer, reason, relation), personal=True))
    told = yield from file_matter(session, progress, filer.holder, Cancelling(reason=reason), proxy=filer.proxy)
    return _filed(session, told, filer.proxy)


def _for_the_family(session: Session) -> Ended:
    """Nothing is filed: who stands there is not the holder, and no ID card but the holder's own files for them."""
    pages = after_death(session.region)
    if not pages:
        return refusals.no_steps_after_death(session.region)
    first = Explain(
        title=say("由家属到窗口办"),
        lines=(say("请您节哀。"), say("这件事要家属去窗口办，这里不用登记。"), say("去哪里、带什么，请看后面。")),
        step=None,
        actions=(),
    )
    return Ended(Ending(Outcome.DONE, turned((first, *pages))))


def _explanation(region: Region) -> Explain:
    return Explain(
        title=say("先在这里登记"),
        lines=(
            say("这里只记下您不用这张卡了，卡还没有销。"),
            say("销卡要到窗口办。销掉以后，这张卡不能再恢复。"),
            *who_must_come(region, Business.CANCELLING),
        ),
        step=None,
        actions=(CANCEL, Action(Intent.NEXT, say("开始登记"), Emphasis.PRIMARY)),
    )


def _read_back(filer: Filer, reason: LeavingReason, relation: Relation | None) -> ReadBack:
    return ReadBack(
        title=say("请核对，再登记销卡"),
        facts=(*filer.facts, Fact(say("为什么"), REASONS[reason])),
        note=say("登记以后卡还能用，到窗口办了才销掉。"),
        step=step_of(_CHECK, relation),
        actions=(
            CANCEL,
            Action(Intent.NEXT, say("对，登记销卡"), Emphasis.GRAVE, say("姓名、号码和原因都对，登记销卡")),
        ),
    )


def _filed(session: Session, told: FilingTold, proxy: Proxy | None) -> Ending:
    region = session.region
    result = Result(
        title=say("记下了，卡还没有销"),
        facts=(number_fact(told), Fact(say("接下来"), say("按后面几页的顺序去办"))),
        note=None,
        actions=(),
        in_force=False,
    )
    by_proxy = at_the_window(region, Service.CANCELLING, proxy)
    may_send = instead_of_the_holder(region, Business.CANCELLING) if proxy is None else ()
    pages = (*by_proxy, *giving_up(region), *may_send)
    lines = steps_in_brief(region.pack.cancelling.leaving_steps.value or ())
    day = say("办理日期 {day}", day=Verbatim(session.today.isoformat()))
    receipt = slip(session, say("注销社会保障卡"), (day, *on_slip(region, proxy), *lines), (), number=told.number)
    return Ending(Outcome.DONE, turned((result, *pages, receipt)))


REASONS: Final[Mapping[LeavingReason, Say]] = MappingProxyType(
    {
        LeavingReason.INSURANCE_ENDED: say("不再参保了"),
        LeavingReason.MOVED_AWAY: say("保险转到外地了"),
        LeavingReason.DEATH: say("家里人过世了"),
    }
)
_LINES: Final[Mapping[LeavingReason, Say]] = MappingProxyType(
    {
        LeavingReason.INSURANCE_ENDED: say("社会保险已经终止"),
        LeavingReason.MOVED_AWAY: say("以后在那边参保"),
        LeavingReason.DEATH: say("替过世的人来办"),
    }
)
