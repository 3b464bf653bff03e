"""A new card in place of another: made here where this terminal can at the moment, else ordered for an office to make.

Region rules: services.card_replacement, replacement, proxy.
"""

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
from kiosk.journeys.identify import CANCEL
from kiosk.journeys.instant_replacement import instant_replacement
from kiosk.journeys.proxy import for_whom
from kiosk.journeys.replacement_order import WHY, order_new_card
from kiosk.journeys.requests import Journey, Show, ask
from kiosk.journeys.reservation import NotReached
from kiosk.journeys.views import Action, Choice, Chosen, Emphasis, Explain, Intent
from kiosk.journeys.waiting import waits_here
from kiosk.journeys.wording import say
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


def card_replacement(session: Session) -> Journey[Outcome | Service]:
    """Learn why a new card is wanted, say what it takes, and have it made or ordered.

    :returns: how it came out; or the service that is begun next, with the new card, where the region demands it.
    """
    made: list[tuple[Progress, Service]] = []

    def body(session: Session, progress: Progress) -> Journey[Ending]:
        ending = yield from _replace(session, progress)
        if ending.onward is not None:
            made.append((progress, ending.onward))
        return ending

    outcome = yield from serve(session, Service.CARD_REPLACEMENT, body)
    for progress, onward in made:
        if outcome is Outcome.DONE and not progress.has_left:
            return onward
    return outcome


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
        try:
            return (yield from instant_replacement(session, progress, WRITTEN_AS[reason]))
        except NotReached:
            if not (rules.order_here.value and waits_here(region, Service.CARD_REPLACEMENT)):
                raise
        progress.outlook = None
        yield from ask(Show(_not_now(region)))
    if not rules.order_here.value:
        raise refusals.not_by_proxy(region, Service.CARD_REPLACEMENT)
    return (yield from order_new_card(session, progress, reason, relation))


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


def _not_now(region: Region) -> Explain:
    """Without the centre no blank moves; whoever does not want to come again leaves the wish here."""
    window = region.pack.replacement.at_once.value
    return Explain(
        title=say("现在联系不上社保中心"),
        lines=(
            say("新卡现在做不了，什么都没有变动。"),
            say("可以先在这里登记，连上以后自动交，由窗口做卡。"),
            *((say("急用的，去窗口当场就能做。"),) if window else ()),
        ),
        step=None,
        actions=(CANCEL, Action(Intent.NEXT, say("先登记"), Emphasis.PRIMARY)),
    )


def _choice(reason: ReplacementReason) -> Choice:
    label, line = WHY[reason]
    return Choice(Chosen(reason.value), label, line)


def _can_make(session: Session, reason: ReplacementReason) -> bool:
    """Whether this terminal makes the card now: an exchange reads the old one and wants room for it."""
    ready = session.makes_cards and session.takes_portraits
    room = (session.keeps_old_cards and session.reads_cards) or reason is ReplacementReason.LOST
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
