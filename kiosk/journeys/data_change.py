"""Data of the person have changed: a notice is taken here, the change is made where its papers are seen.

Region rules: services.data_change, data_change, proxy.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from kiosk.journeys import refusals
from kiosk.journeys.choosing import choose
from kiosk.journeys.counter_words import listed
from kiosk.journeys.filing import file_matter, needs_id_card, number_fact
from kiosk.journeys.frame import Ending, Progress, Session, serve
from kiosk.journeys.guide import (
    Pages,
    changing_data,
    changing_status,
    instead_of_the_holder,
    steps_in_brief,
    who_must_come,
)
from kiosk.journeys.identify import CANCEL
from kiosk.journeys.paging import turned
from kiosk.journeys.proxy import Filer, at_the_window, filer_by_id_card, for_whom, on_slip, step_of
from kiosk.journeys.requests import Journey, Show, ask
from kiosk.journeys.slips import slip
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
)
from kiosk.journeys.wording import Say, Verbatim, say
from kiosk.policy.card_rules import StatusChange
from kiosk.policy.counter import Business
from kiosk.policy.region import Region
from kiosk.records.filings import ChangedDatum, DataChange, FilingTold, Proxy, Relation
from kiosk.records.transaction import Outcome, Service

_CARD, _CHECK = Step(1, 2), Step(2, 2)


def data_change(session: Session) -> Journey[Outcome]:
    """Take a notice of what has changed, and tell the steps that are left, in this region's order."""
    return (yield from serve(session, Service.DATA_CHANGE, _change))


def _change(session: Session, progress: Progress) -> Journey[Ending]:
    region = session.region
    if not region.offers(Service.DATA_CHANGE):
        raise refusals.not_offered(region, Service.DATA_CHANGE)
    rules = region.pack.data_change
    offered = rules.data.value or ()
    if not offered:
        raise refusals.no_data_to_change(region)
    needs_id_card(session, Service.DATA_CHANGE)
    relation: Relation | None = None
    filer: Filer | None = None
    while True:
        choices = [Choice(Chosen(one.value), DATA[one], _EXAMPLES[one]) for one in offered]
        if rules.status_changes.value and rules.status_steps.value:
            names = listed([STATUS[one] for one in rules.status_changes.value])
            choices.append(Choice(Chosen(_STATUS), say("不换卡的"), names))
        first = yield from choose(say("什么变了？"), choices)
        if first == _STATUS:
            return _status_pages(session)
        changed = yield from _others(offered, ChangedDatum(first))
        if filer is None:
            yield from ask(Show(_explanation(region)))
            relation = yield from for_whom(session, Service.DATA_CHANGE)
            filer = yield from filer_by_id_card(session, Service.DATA_CHANGE, _CARD, relation)
        if (yield from ask(Show(_read_back(filer, changed, relation), personal=True))) is not Intent.AGAIN:
            break
    told = yield from file_matter(session, progress, filer.holder, DataChange(data=changed), proxy=filer.proxy)
    return _filed(session, told, filer.proxy)


def _others(offered: tuple[ChangedDatum, ...], first: ChangedDatum) -> Journey[tuple[ChangedDatum, ...]]:
    """All that has changed: a notice that stands open takes nothing more."""
    changed = [first]
    while left := [one for one in offered if one not in changed]:
        view = Choices(
            title=say("还有别的变了吗？"),
            choices=tuple(Choice(Chosen(one.value), DATA[one], _EXAMPLES[one]) for one in left),
            note=None,
            actions=(CANCEL, Action(Intent.NEXT, say("没有了"), Emphasis.PRIMARY)),
        )
        match (yield from ask(Show(view))):
            case Chosen(key):
                changed.append(ChangedDatum(key))
            case _:
                break
    return tuple(one for one in offered if one in changed)


def _explanation(region: Region) -> Explain:
    return Explain(
        title=say("先在这里登记"),
        lines=(
            say("这里只记下哪些信息变了，还没有改。"),
            say("要改，得带证明到窗口。去哪里、带什么，登记完告诉您。"),
            *who_must_come(region, Business.DATA_CHANGE),
        ),
        step=None,
        actions=(CANCEL, Action(Intent.NEXT, say("开始登记"), Emphasis.PRIMARY)),
    )


def _read_back(filer: Filer, changed: tuple[ChangedDatum, ...], relation: Relation | None) -> ReadBack:
    return ReadBack(
        title=say("请核对，再交上去"),
        facts=(*filer.facts, Fact(say("什么变了"), listed([DATA[one] for one in changed]))),
        note=say("交上去以后信息还没有改，要再到窗口办。"),
        step=step_of(_CHECK, relation),
        actions=(
            CANCEL,
            Action(Intent.AGAIN, say("不对，重新选")),
            Action(Intent.NEXT, say("对，交上去"), Emphasis.PLAIN, say("都对，把登记交上去")),
        ),
    )


def _filed(session: Session, told: FilingTold, proxy: Proxy | None) -> Ending:
    region = session.region
    result = Result(
        title=say("记下了，还没有改"),
        facts=(number_fact(told), Fact(say("接下来"), say("按后面几页的顺序去办"))),
        note=None,
        actions=(),
        in_force=False,
    )
    by_proxy = at_the_window(region, Service.DATA_CHANGE, proxy)
    may_send = instead_of_the_holder(region, Business.DATA_CHANGE) if proxy is None else ()
    pages: Pages = (*by_proxy, *changing_data(region), *may_send)
    lines = steps_in_brief(region.pack.data_change.steps.value or ())
    day = say("办理日期 {day}", day=Verbatim(session.today.isoformat()))
    receipt = slip(session, say("信息变更"), (day, *on_slip(region, proxy), *lines), (), number=told.number)
    return Ending(Outcome.DONE, turned((result, *pages, receipt)))


def _status_pages(session: Session) -> Ending:
    """Nothing is taken down: whoever changes these does it without a notice, and the card stays."""
    first = Explain(
        title=say("卡不用换"),
        lines=(say("卡里的信息，按后面的顺序去改。"), say("这里不用登记。")),
        step=None,
        actions=(),
    )
    return Ending(Outcome.DONE, turned((first, *changing_status(session.region))))


_STATUS: Final = "status"
DATA: Final[Mapping[ChangedDatum, Say]] = MappingProxyType(
    {
        ChangedDatum.NAME: say("姓名"),
        ChangedDatum.NUMBER: say("身份证号码"),
        ChangedDatum.ETHNIC_GROUP: say("民族"),
        ChangedDatum.PHOTO: say("照片"),
        ChangedDatum.INSURANCE_DATA: say("参保信息"),
        ChangedDatum.MISPRINT: say("卡上印错了"),
    }
)
_EXAMPLES: Final[Mapping[ChangedDatum, Say]] = MappingProxyType(
    {
        ChangedDatum.NAME: say("在派出所改了名字"),
        ChangedDatum.NUMBER: say("派出所换了号码"),
        ChangedDatum.ETHNIC_GROUP: say("在派出所改了民族"),
        ChangedDatum.PHOTO: say("样子变了，想换一张"),
        ChangedDatum.INSURANCE_DATA: say("参保登记里有变动"),
        ChangedDatum.MISPRINT: say("拿到时就不对"),
    }
)
STATUS: Final[Mapping[StatusChange, Say]] = MappingProxyType(
    {
        StatusChange.RETIREMENT: say("退休"),
        StatusChange.INSURANCE_SCHEME: say("险种"),
        StatusChange.SPECIAL_ILLNESS: say("特殊病"),
        StatusChange.DISABLED_SOLDIER: say("伤残军人"),
    }
)
