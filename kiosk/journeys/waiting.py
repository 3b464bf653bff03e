"""A matter that was taken down without the centre: when it gets there, where its person looks, what if it is refused.

Region rules: services.*.offline, services.filing_progress, application.progress.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from kiosk.journeys.counter_words import in_words
from kiosk.journeys.frame import Session
from kiosk.journeys.guide import Pages, pages
from kiosk.journeys.paging import turned
from kiosk.journeys.printing import transaction_number
from kiosk.journeys.slips import slip
from kiosk.journeys.views import Fact, Result, View
from kiosk.journeys.wording import Say, Verbatim, say
from kiosk.policy.pack import Offline
from kiosk.policy.region import Region
from kiosk.records.filings import LONGEST_KEPT_DAYS
from kiosk.records.transaction import Service


@dataclass(frozen=True, slots=True)
class Afterwards:
    """What there is to do and to know of a matter, whoever has it by then."""

    next_steps: tuple[Say, ...] = ()
    """In their order."""
    on_slip: tuple[Say, ...] = ()
    further: Pages = ()
    """Between those and the slip."""


NOTHING_FURTHER: Final = Afterwards()
_DAYS: Final = Verbatim(str(LONGEST_KEPT_DAYS))


def waits_here(region: Region, service: Service) -> bool:
    """Whether a matter is taken down where the centre does not answer."""
    return region.offline(service) is Offline.RECORDED


def waiting_pages(session: Session, name: Say, afterwards: Afterwards, *, has_portrait: bool) -> tuple[View, ...]:
    """That it is taken down and no more than that, and the slip with the number under which it will be found.

    :param name: of the matter, for the slip.
    :param has_portrait: one waits with it.
    """
    number = Verbatim(transaction_number(session.transaction_id))
    first = Result(
        title=say("记下了，还没收到社保中心答复"),
        facts=(
            Fact(say("受理号（询问时用）"), number, key=True),
            Fact(say("什么时候交到"), say("这台机器连上社保中心，就自动交")),
        ),
        note=say("您不用再来交，也不会交重。"),
        actions=(),
        in_force=False,
    )
    kept = (say("照片锁在这台机器里，交到就删，最多存 {days} 天。", days=_DAYS),) if has_portrait else ()
    steps = (*_look(session), *kept, *afterwards.next_steps)
    taken_down_on = say("{day} 已记下，连上社保中心后自动交", day=Verbatim(session.today.isoformat()))
    receipt = slip(
        session,
        name,
        (taken_down_on, *_look(session), *afterwards.on_slip),
        (),
        further=(*kept, *afterwards.next_steps),
        not_yet=say("还没收到社保中心的答复。这台机器连上社保中心后会自动交，不会交重。"),
    )
    return turned((first, *pages(say("接下来"), *steps), *afterwards.further, receipt))


def _look(session: Session) -> tuple[Say, ...]:
    """From when on somebody learns whether it has arrived, and what if the centre said no."""
    region, day = session.region, Verbatim((session.today + timedelta(days=1)).isoformat())
    refused = say("没通过的，查的时候会说为什么、去哪里办。")
    if region.offers(Service.FILING_PROGRESS):
        return (say("{day} 起，带身份证在这里“查进度”。查不到就是还没交到。", day=day), refused)
    place = region.pack.application.progress.value
    if place is not None:
        return (say("{day} 起可以问：{place}", day=day, place=in_words(place)), refused)
    if region.hotline:
        return (say("{day} 起可以打 {hotline} 问。", day=day, hotline=Verbatim(region.hotline)), refused)
    return (say("{day} 起可以到窗口问。", day=day), refused)
