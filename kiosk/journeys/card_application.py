"""My first card: the person by the ID card, the photograph at a window.

Region rules: services.card_application, application.
"""

import re
from typing import Final

from kiosk.journeys import refusals
from kiosk.journeys.filing import (
    file_matter,
    filed_pages,
    holder_by_id_card,
    leafed,
    look_it_up,
    matter_in_words,
    needs_id_card,
    number_fact,
    who,
)
from kiosk.journeys.frame import Ending, Progress, Session, serve
from kiosk.journeys.guide import (
    Pages,
    fee_in_words,
    handed_out,
    meanwhile,
    minors_bring,
    pages,
    photo_demands,
    photo_place,
)
from kiosk.journeys.holder import Holder
from kiosk.journeys.identify import CANCEL
from kiosk.journeys.refusals import in_words
from kiosk.journeys.requests import Journey, Show, ask
from kiosk.journeys.terms import span
from kiosk.journeys.views import Action, Emphasis, Fact, Intent, NumberEntry, ReadBack, Result, Step, Typed
from kiosk.journeys.wording import Personal, Say, say
from kiosk.policy.region import Region
from kiosk.records.filings import CardApplication
from kiosk.records.masking import mask_phone
from kiosk.records.transaction import Outcome, Service

PHONE_LENGTH: Final = 11
_PHONE: Final = re.compile(r"1[0-9]{10}", re.ASCII)
_ID_CARD, _TELEPHONE, _CHECK = Step(1, 3), Step(2, 3), Step(3, 3)


def card_application(session: Session) -> Journey[Outcome]:
    """Say what is needed, learn who applies, file it at the centre, and say what comes next."""
    return (yield from serve(session, Service.CARD_APPLICATION, _apply))


def _apply(session: Session, progress: Progress) -> Journey[Ending]:
    region = session.region
    if not region.offers(Service.CARD_APPLICATION):
        raise refusals.not_offered(region, Service.CARD_APPLICATION)
    needs_id_card(session, Service.CARD_APPLICATION)
    yield from leafed(session, _explanation(region), Action(Intent.NEXT, say("开始申领"), Emphasis.PRIMARY))
    while True:
        holder = yield from holder_by_id_card(session, Service.CARD_APPLICATION, _ID_CARD)
        phone = yield from _phone()
        if (yield from ask(Show(_read_back(holder, phone), personal=True))) is not Intent.AGAIN:
            break
    application = CardApplication(phone=phone)
    told = yield from file_matter(session, progress, holder, application)
    first = Result(say("申领交上去了"), (number_fact(told), *_result_facts(region)), None, ())
    name = matter_in_words(region, application)
    views = filed_pages(session, name, told, first, _next_steps(region), _on_slip(region), handed_out(region))
    return Ending(Outcome.DONE, views)


def _explanation(region: Region) -> Pages:
    rules = region.pack.application
    if rules.fee_fen.value == 0:
        needed: tuple[Say, ...] = (say("要用您本人的身份证。不收费。"),)
    else:
        fee = (fee_in_words(rules.fee_fen.value),) if rules.fee_fen.value is not None else ()
        needed = (say("要用您本人的身份证。"), *fee)
    insured = (say("要先参加社会保险。"),) if rules.insured_first.value else ()
    return (
        *pages(say("办第一张卡"), *needed, *insured, *_term(region)),
        *pages(say("照片和材料"), _PHOTO_ELSEWHERE, *photo_demands(region), *minors_bring(region)),
    )


_PHOTO_ELSEWHERE: Final = say("这台机器不拍照片，照片由窗口补拍、补交。")
"""Until a terminal takes portraits."""


def _term(region: Region) -> tuple[Say, ...]:
    term = region.pack.application.term.value
    return (say("从交上到拿到卡，要 {term}。", term=span(term)),) if term is not None else ()


def _phone() -> Journey[str | None]:
    """A telephone number, if the citizen wants to leave one."""
    note: Say | None = None
    while True:
        view = NumberEntry(
            title=say("留一个手机号码"),
            line=say("卡做好了，好通知您。不留也能办。"),
            length=PHONE_LENGTH,
            confirm=say("输好了"),
            step=_TELEPHONE,
            note=note,
            actions=(CANCEL, Action(Intent.NEXT, say("不留号码"))),
            check_character=False,
        )
        typed = yield from ask(Show(view, personal=True))
        if not isinstance(typed, Typed):
            return None
        if _PHONE.fullmatch(typed.text):
            return typed.text
        note = say("手机号码是 1 开头的 11 位数字，请改一改。")


def _read_back(holder: Holder, phone: str | None) -> ReadBack:
    number = Personal(mask_phone(phone), phone) if phone is not None else say("没有留")
    return ReadBack(
        title=say("请核对，再交上去"),
        facts=(who(holder)[0], Fact(say("手机号码"), number)),
        note=say("窗口会按身份证上的信息做卡。"),
        step=_CHECK,
        actions=(CANCEL, holder.again, Action(Intent.NEXT, say("都对，交上去"))),
    )


def _result_facts(region: Region) -> tuple[Fact, ...]:
    term = region.pack.application.term.value
    until = (Fact(say("多久能拿到卡"), span(term)),) if term is not None else ()
    return (Fact(say("照片"), say("由窗口补拍、补交")), *until)


def _next_steps(region: Region) -> tuple[Say, ...]:
    return (*photo_place(region), *meanwhile(region), *look_it_up(region))


def _on_slip(region: Region) -> tuple[Say, ...]:
    collection = region.pack.application.handed_out.value or ()
    return (
        say("照片由窗口补拍、补交"),
        *_term(region),
        *(say("领卡，{who}", who=in_words(one)) for one in collection),
    )
