"""A new card is ordered here and made by an office. Region rules: replacement, proxy."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from kiosk.journeys.counter_words import in_words
from kiosk.journeys.filing import (
    file_matter,
    filed_pages,
    look_it_up,
    matter_in_words,
    number_fact,
)
from kiosk.journeys.frame import Ending, Progress, Session
from kiosk.journeys.guide import (
    collecting,
    old_card_kept,
    once_collected,
    pages,
    photo_demands,
    photo_where,
    until_new_card,
)
from kiosk.journeys.identify import CANCEL
from kiosk.journeys.portrait import DECLINE, WITHDRAW, portrait, wants_portrait, withdraw
from kiosk.journeys.proxy import Filer, at_the_window, filer_by_id_card, on_slip, step_of
from kiosk.journeys.requests import Journey, Show, ask
from kiosk.journeys.terms import span
from kiosk.journeys.typed_entries import typed_phone
from kiosk.journeys.views import Action, Emphasis, Fact, Intent, ReadBack, Result, Step, View
from kiosk.journeys.waiting import Afterwards
from kiosk.journeys.wording import Personal, Say, say
from kiosk.policy.card_rules import WRITTEN_AS, VoidFrom
from kiosk.policy.card_rules import ReplacementReason as Why
from kiosk.policy.region import Region
from kiosk.records.filings import CardReplacement, FilingTold, Proxy, Relation
from kiosk.records.masking import mask_phone
from kiosk.records.portrait import ConsentBy, FiledPortrait, NoPortrait
from kiosk.records.transaction import Outcome, Service

_SERVICE = Service.CARD_REPLACEMENT
_ID_CARD, _TELEPHONE, _PORTRAIT, _CHECK = 1, 2, 3, 4


WHY: Final[Mapping[Why, tuple[Say, Say]]] = MappingProxyType(
    {
        Why.LOST: (say("卡丢了"), say("找不到了，补一张")),
        Why.UNREADABLE: (say("卡坏了"), say("断了、看不清、机器读不出")),
        Why.DAMAGED: (say("卡坏了"), say("断了、看不清、机器读不出")),
        Why.WORN: (say("卡坏了"), say("断了、看不清、机器读不出")),
        Why.EXPIRED: (say("卡到期了"), say("过了卡上的有效期")),
        Why.MISPRINTED: (say("卡印错了"), say("拿到时就不对")),
        Why.OTHER_BANK: (say("想换一家银行"), say("卡的银行功能换一家")),
        Why.NAME_CHANGED: (say("姓名变了"), say("在派出所改了名字")),
        Why.NUMBER_CHANGED: (say("身份证号码变了"), say("派出所换了号码")),
        Why.ETHNIC_GROUP_CHANGED: (say("民族变了"), say("在派出所改了民族")),
        Why.PHOTO_CHANGED: (say("照片要换"), say("样子变了，想换一张")),
        Why.INSURANCE_DATA_CHANGED: (say("参保信息变了"), say("参保登记里有变动")),
    }
)
"""Each reason as its holder would say it, and an example."""


def order_new_card(session: Session, progress: Progress, reason: Why, relation: Relation | None) -> Journey[Ending]:
    """Learn whose card it is, file the order at the centre, and say when, where and with what the new one is had.

    :param relation: of whoever stands there to the holder; None where it is the holder.
    :raises Ended: nothing was filed, with the reason why not.
    """
    # The office has the old card's picture: another is taken only by whoever wants another. Who was sent has not the
    # holder's face.
    pictured = reason is Why.PHOTO_CHANGED and wants_portrait(session) and relation is not Relation.SENT
    consent_by = ConsentBy.HOLDER if relation is None else ConsentBy.GUARDIAN
    while True:
        filer = yield from filer_by_id_card(session, _SERVICE, _step(_ID_CARD, pictured=pictured), relation)
        phone = yield from _phone(step_of(_step(_TELEPHONE, pictured=pictured), relation))
        face: FiledPortrait | NoPortrait | None = None
        if pictured:
            at = step_of(_step(_PORTRAIT, pictured=True), relation)
            face = yield from portrait(session, progress, filer, at, consent_by)
        step = step_of(_step(_CHECK, pictured=pictured), relation)
        while True:
            view = _read_back(session, filer, reason, phone, face, step)
            chosen = yield from ask(Show(view, personal=True))
            if chosen != DECLINE:
                break
            face = yield from withdraw(progress, consent_by)
        if chosen is not Intent.AGAIN:
            break
    sealed = face if isinstance(face, FiledPortrait) else None
    order = CardReplacement(
        reason=WRITTEN_AS[reason], phone=phone, no_portrait=face if isinstance(face, NoPortrait) else None
    )
    picture_by_window = reason is Why.PHOTO_CHANGED and sealed is None
    after = _afterwards(session.region, reason, filer.proxy, picture_by_window=picture_by_window)
    told = yield from file_matter(
        session, progress, filer.holder, order, proxy=filer.proxy, portrait=sealed, afterwards=after
    )
    return Ending(Outcome.DONE, _filed(session, told, filer.proxy, after))


def _step(number: int, *, pictured: bool) -> Step:
    """One less after the telephone where no portrait is taken."""
    return Step(number, 4) if pictured else Step(min(number, 3), 3)


def _phone(step: Step) -> Journey[str | None]:
    title, line = say("留一个手机号码"), say("卡做好了，好通知您。不留也能办。")
    return (yield from typed_phone(title, line, step, Action(Intent.NEXT, say("不留号码"))))


def _ends_now(region: Region) -> bool:
    """Whether the old card dies with the order."""
    return region.pack.replacement.old_card_void.value is VoidFrom.REPLACEMENT_ACCEPTED


def _read_back(
    session: Session, filer: Filer, reason: Why, phone: str | None, face: FiledPortrait | NoPortrait | None, step: Step
) -> ReadBack:
    ends_now = _ends_now(session.region)
    number = Personal(mask_phone(phone), phone) if phone is not None else say("没有留")
    if ends_now:
        note = say("一交上去，旧卡马上作废，不能再用。")
    elif isinstance(face, FiledPortrait):
        note = say("照片拍好了。新卡由窗口做。")
    elif reason is Why.LOST:
        note = say("新卡由窗口做，挂失一直有效，不会到期。")
    else:
        note = say("新卡由窗口做，做好以前旧卡不变。")
    return ReadBack(
        title=say("请核对，再交上去"),
        facts=(filer.facts[0], Fact(say("为什么要新卡"), WHY[reason][0]), Fact(say("手机号码"), number)),
        note=note,
        step=step,
        actions=(
            CANCEL,
            filer.again,
            *((WITHDRAW,) if isinstance(face, FiledPortrait) else ()),
            Action(Intent.NEXT, say("都对，交上去"), Emphasis.GRAVE if ends_now else Emphasis.PLAIN),
        ),
    )


def _afterwards(region: Region, reason: Why, proxy: Proxy | None, *, picture_by_window: bool) -> Afterwards:
    """When, where and with what the card is had, what serves until then, and what is to be done with it."""
    rules = region.pack.replacement
    lost = reason is Why.LOST
    collected = (*collecting(region), *(() if lost else old_card_kept(region)))
    window = (say("新照片由窗口补拍、补交。"), *photo_where(region), *photo_demands(region))
    formal = region.service(Service.FORMAL_LOSS).place.value
    ends_by_report = lost and rules.old_card_void.value is VoidFrom.FORMAL_REPORT
    for_good = (say("正式挂失：{place}", place=in_words(formal)),) if ends_by_report and formal is not None else ()
    term = rules.term.value
    waits = (say("从交上到拿到卡，要 {term}。", term=span(term)),) if term is not None else ()
    return Afterwards(
        next_steps=(*(window if picture_by_window else ()), *collected, *for_good),
        on_slip=(*on_slip(region, proxy), *waits, *collected),
        further=(
            *at_the_window(region, _SERVICE, proxy),
            *pages(say("等新卡的时候"), *until_new_card(region)),
            *pages(say("拿到新卡以后"), *once_collected(region)),
        ),
    )


def _filed(session: Session, told: FilingTold, proxy: Proxy | None, after: Afterwards) -> tuple[View, ...]:
    """Number and term, and what comes after, with the slip."""
    region = session.region
    term = region.pack.replacement.term.value
    until = (Fact(say("多久能拿到卡"), span(term)),) if term is not None else ()
    ended = (Fact(say("旧卡"), say("已经作废")),) if _ends_now(region) else ()
    note = say("窗口看过材料才能办，要带什么请看后面。") if proxy is not None else None
    first = Result(say("交上去了，等着领新卡"), (number_fact(told), *until, *ended), note, ())
    steps = (*after.next_steps, *look_it_up(region))
    name = matter_in_words(region, told.matter)
    return filed_pages(session, name, told, first, steps, after.on_slip, after.further)
