"""A new card in place of another: made here where this terminal can at the moment, else ordered for an office to make.

Region rules: services.card_replacement, replacement, proxy.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from kiosk.journeys import refusals
from kiosk.journeys.choosing import choose
from kiosk.journeys.filing import leafed, needs_id_card
from kiosk.journeys.frame import Ending, Progress, Session, serve
from kiosk.journeys.guide import (
    Pages,
    lost_first,
    old_card_then,
    pages,
    replacement_cost,
    replacement_time,
    who_must_come,
)
from kiosk.journeys.instant_replacement import instant_replacement
from kiosk.journeys.proxy import for_whom
from kiosk.journeys.replacement_order import order_new_card
from kiosk.journeys.requests import Journey
from kiosk.journeys.views import Action, Choice, Chosen, Emphasis, Intent
from kiosk.journeys.wording import Say, say
from kiosk.policy.card_rules import WRITTEN_AS, ReplacementReason
from kiosk.policy.counter import Business
from kiosk.policy.region import Region
from kiosk.records.transaction import Outcome, Service

_BROKEN: Final = (ReplacementReason.UNREADABLE, ReplacementReason.DAMAGED, ReplacementReason.WORN)
"""One choice for whoever stands there: what of it is broken changes nothing in what follows."""
_CHANGED: Final = (
    ReplacementReason.NAME_CHANGED,
    ReplacementReason.NUMBER_CHANGED,
    ReplacementReason.ETHNIC_GROUP_CHANGED,
    ReplacementReason.PHOTO_CHANGED,
    ReplacementReason.INSURANCE_DATA_CHANGED,
)
_SOMETHING_CHANGED: Final = "changed"
_WHY: Final[Mapping[ReplacementReason, tuple[Say, Say]]] = MappingProxyType(
    {
        ReplacementReason.LOST: (say("卡丢了"), say("找不到了，补一张")),
        ReplacementReason.UNREADABLE: (say("卡坏了"), say("断了、看不清、机器读不出")),
        ReplacementReason.DAMAGED: (say("卡坏了"), say("断了、看不清、机器读不出")),
        ReplacementReason.WORN: (say("卡坏了"), say("断了、看不清、机器读不出")),
        ReplacementReason.EXPIRED: (say("卡到期了"), say("过了卡上的有效期")),
        ReplacementReason.MISPRINTED: (say("卡印错了"), say("拿到时就不对")),
        ReplacementReason.OTHER_BANK: (say("想换一家银行"), say("卡的银行功能换一家")),
        ReplacementReason.NAME_CHANGED: (say("姓名变了"), say("在派出所改了名字")),
        ReplacementReason.NUMBER_CHANGED: (say("身份证号码变了"), say("派出所换了号码")),
        ReplacementReason.ETHNIC_GROUP_CHANGED: (say("民族变了"), say("在派出所改了民族")),
        ReplacementReason.PHOTO_CHANGED: (say("照片要换"), say("样子变了，想换一张")),
        ReplacementReason.INSURANCE_DATA_CHANGED: (say("参保信息变了"), say("参保登记里有变动")),
    }
)
"""Each reason as its holder would say it, and an example."""


def card_replacement(session: Session) -> Journey[Outcome]:
    """Learn why a new card is wanted, say what it takes, and have it made or ordered."""
    return (yield from serve(session, Service.CARD_REPLACEMENT, _replace))


def _replace(session: Session, progress: Progress) -> Journey[Ending]:
    region = session.region
    rules = region.pack.replacement
    if not region.offers(Service.CARD_REPLACEMENT):
        raise refusals.not_offered(region, Service.CARD_REPLACEMENT)
    if not rules.reasons.value:
        raise refusals.no_reasons(region)
    needs_id_card(session, Service.CARD_REPLACEMENT)
    reason = yield from _why(rules.reasons.value)
    if reason in (rules.window_first.value or ()):
        raise refusals.papers_first(region)
    made_here = _can_make(session, reason)
    begin = Action(Intent.NEXT, say("开始办"), Emphasis.PRIMARY)
    yield from leafed(session, _explanation(region, reason, made_here=made_here), begin)
    relation = yield from for_whom(session, Service.CARD_REPLACEMENT)
    if relation is None and (made_here or not rules.order_here.value):
        return (yield from instant_replacement(session, progress, WRITTEN_AS[reason]))
    if not rules.order_here.value:
        raise refusals.not_by_proxy(region, Service.CARD_REPLACEMENT)
    return (yield from order_new_card(session, progress, reason, relation, _WHY[reason][0]))


def _why(reasons: tuple[ReplacementReason, ...]) -> Journey[ReplacementReason]:
    """The reason, in the words of whoever wants the card; those that are one to them are one choice."""
    broken = [one for one in _BROKEN if one in reasons][:1]
    changed = [one for one in _CHANGED if one in reasons]
    alone = [one for one in reasons if one not in _BROKEN and one not in _CHANGED]
    order = [*(one for one in alone if one is ReplacementReason.LOST), *broken]
    choices = [_choice(one) for one in order]
    if len(changed) > 1:
        choices.append(Choice(Chosen(_SOMETHING_CHANGED), say("信息变了"), say("姓名、号码这些变了")))
    elif changed:
        choices.append(_choice(changed[0]))
    choices += [_choice(one) for one in alone if one not in order]
    while True:
        chosen = yield from choose(say("为什么要新卡？"), choices)
        if chosen != _SOMETHING_CHANGED:
            return ReplacementReason(chosen)
        chosen = yield from choose(say("什么变了？"), [_choice(one) for one in changed], leads_back=True)
        if chosen:
            return ReplacementReason(chosen)


def _choice(reason: ReplacementReason) -> Choice:
    label, line = _WHY[reason]
    return Choice(Chosen(reason.value), label, line)


def _can_make(session: Session, reason: ReplacementReason) -> bool:
    """Whether this terminal makes the card now: an exchange wants room for the old one."""
    ready = session.makes_cards and session.takes_portraits
    room = session.keeps_old_cards or reason is ReplacementReason.LOST
    return bool(session.region.pack.replacement.instant_here.value) and ready and room


def _explanation(region: Region, reason: ReplacementReason, *, made_here: bool) -> Pages:
    lost = reason is ReplacementReason.LOST
    sent = region.may_send(Business.REPLACEMENT) and not made_here
    own = say("要用身份证，替别人办要两个人的。") if sent else say("要用您本人的身份证。")
    how = say("新卡现在就做，做好拿走。") if made_here else say("这里先登记，新卡由窗口做。")
    time = () if made_here else replacement_time(region)
    return (
        *pages(say("补一张新卡") if lost else say("换一张新卡"), how, *time, *replacement_cost(region)),
        *pages(
            say("要准备的"),
            own,
            *(lost_first(region) if lost and not made_here else ()),
            *who_must_come(region, Business.REPLACEMENT),
        ),
        *pages(say("旧卡怎么办"), *old_card_then(region, lost=lost)),
    )
