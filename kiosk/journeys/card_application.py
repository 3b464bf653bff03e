"""My first card: the person by the ID card, the photograph here or at a window.

Region rules: services.card_application, application, proxy.
"""

from typing import Final, assert_never

from kiosk.journeys import refusals
from kiosk.journeys.counter_words import in_words
from kiosk.journeys.filing import (
    file_matter,
    filed_pages,
    leafed,
    look_it_up,
    matter_in_words,
    needs_id_card,
    number_fact,
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
    photo_file,
    photo_where,
    who_must_come,
)
from kiosk.journeys.identify import CANCEL
from kiosk.journeys.portrait import DECLINE, WITHDRAW, portrait, wants_portrait, withdraw
from kiosk.journeys.portrait_words import what_helps
from kiosk.journeys.proxy import Filer, at_the_window, filer_by_id_card, for_whom, on_slip, step_of
from kiosk.journeys.requests import Journey, Show, ask
from kiosk.journeys.terms import span
from kiosk.journeys.typed_entries import typed_phone
from kiosk.journeys.views import Action, Emphasis, Fact, Intent, ReadBack, Result, Step
from kiosk.journeys.waiting import Afterwards
from kiosk.journeys.wording import Personal, Say, say
from kiosk.policy.counter import Business
from kiosk.policy.region import Region
from kiosk.records.filings import CardApplication, Relation
from kiosk.records.masking import mask_phone
from kiosk.records.portrait import ConsentBy, FiledPortrait, NoPortrait
from kiosk.records.transaction import Outcome, Service

_ID_CARD, _TELEPHONE, _PORTRAIT, _CHECK = 1, 2, 3, 4


def card_application(session: Session) -> Journey[Outcome]:
    """Say what is needed, learn who applies, file it at the centre, and say what comes next."""
    return (yield from serve(session, Service.CARD_APPLICATION, _apply))


def _apply(session: Session, progress: Progress) -> Journey[Ending]:
    region = session.region
    if not region.offers(Service.CARD_APPLICATION):
        raise refusals.not_offered(region, Service.CARD_APPLICATION)
    needs_id_card(session, Service.CARD_APPLICATION)
    yield from leafed(session, _explanation(session), Action(Intent.NEXT, say("开始申领"), Emphasis.PRIMARY))
    relation = yield from for_whom(session, Service.CARD_APPLICATION)
    # Whoever was sent does not have the holder's face.
    pictured = wants_portrait(session) and relation is not Relation.SENT
    consent_by = ConsentBy.HOLDER if relation is None else ConsentBy.GUARDIAN
    while True:
        id_step = _step(_ID_CARD, pictured=pictured)
        filer = yield from filer_by_id_card(session, Service.CARD_APPLICATION, id_step, relation)
        phone = yield from _phone(step_of(_step(_TELEPHONE, pictured=pictured), relation))
        face: _Face = None
        if pictured:
            at = step_of(_step(_PORTRAIT, pictured=True), relation)
            face = yield from portrait(session, progress, filer, at, consent_by)
        step = step_of(_step(_CHECK, pictured=pictured), relation)
        while (chosen := (yield from ask(Show(_read_back(filer, phone, step, face), personal=True)))) == DECLINE:
            face = yield from withdraw(progress, consent_by)
        if chosen is not Intent.AGAIN:
            break
    sealed = face if isinstance(face, FiledPortrait) else None
    application = CardApplication(phone=phone, no_portrait=face if isinstance(face, NoPortrait) else None)
    slip_lines = (*on_slip(region, filer.proxy), *_on_slip(region, face))
    further = (*at_the_window(region, Service.CARD_APPLICATION, filer.proxy), *handed_out(region))
    next_steps = (*_without_portrait(region, face, consent_by, sent=relation is Relation.SENT), *meanwhile(region))
    told = yield from file_matter(
        session,
        progress,
        filer.holder,
        application,
        proxy=filer.proxy,
        portrait=sealed,
        afterwards=Afterwards(next_steps, slip_lines, further),
    )
    note = say("窗口看过材料才能办，要带什么请看后面。") if filer.proxy is not None else None
    first = Result(say("申领交上去了"), (number_fact(told), *_result_facts(region, face)), note, ())
    name = matter_in_words(region, application)
    steps = (*next_steps, *look_it_up(region))
    return Ending(Outcome.DONE, filed_pages(session, name, told, first, steps, slip_lines, further))


_Face = FiledPortrait | NoPortrait | None
"""The portrait, sealed; why there is none; None where this terminal takes none of this person."""


def _step(number: int, *, pictured: bool) -> Step:
    """One less after the telephone where no portrait is taken."""
    return Step(number, 4) if pictured else Step(min(number, 3), 3)


def _explanation(session: Session) -> Pages:
    region = session.region
    rules = region.pack.application
    photo = _PHOTO_HERE if wants_portrait(session) else _PHOTO_ELSEWHERE
    sent, fee = region.may_send(Business.APPLICATION), rules.fee_fen.value
    if fee == 0:
        one = say("要用身份证，替别人办要两个人的。不收费。") if sent else say("要用您本人的身份证。不收费。")
        needed: tuple[Say, ...] = (one,)
    else:
        one = say("要用身份证，替别人办要两个人的。") if sent else say("要用您本人的身份证。")
        needed = (one, *((fee_in_words(fee),) if fee is not None else ()))
    insured = (say("要先参加社会保险。"),) if rules.insured_first.value else ()
    return (
        *pages(say("办第一张卡"), *needed, *insured, *_term(region), *who_must_come(region, Business.APPLICATION)),
        *pages(say("照片和材料"), photo, *photo_demands(region), *minors_bring(region)),
    )


_PHOTO_ELSEWHERE: Final = say("这台机器不拍照片，照片由窗口补拍、补交。")
"""Of a terminal without a camera."""
_PHOTO_HERE: Final = say("照片可以在这里拍，也可以由窗口补拍、补交。")


def _term(region: Region) -> tuple[Say, ...]:
    term = region.pack.application.term.value
    return (say("从交上到拿到卡，要 {term}。", term=span(term)),) if term is not None else ()


def _phone(step: Step) -> Journey[str | None]:
    """A telephone number, if the citizen wants to leave one."""
    title, line = say("留一个手机号码"), say("卡做好了，好通知您。不留也能办。")
    return (yield from typed_phone(title, line, step, Action(Intent.NEXT, say("不留号码"))))


def _read_back(filer: Filer, phone: str | None, step: Step, face: _Face) -> ReadBack:
    number = Personal(mask_phone(phone), phone) if phone is not None else say("没有留")
    return ReadBack(
        title=say("请核对，再交上去"),
        facts=(filer.facts[0], Fact(say("手机号码"), number)),
        note=_read_back_note(face, by_proxy=filer.proxy is not None),
        step=step,
        actions=(
            CANCEL,
            filer.again,
            *((WITHDRAW,) if isinstance(face, FiledPortrait) else ()),
            Action(Intent.NEXT, say("都对，交上去")),
        ),
    )


def _read_back_note(face: _Face, *, by_proxy: bool) -> Say:
    match face:
        case FiledPortrait():
            return say("照片拍好了。卡会按身份证上的信息做。")
        case NoPortrait():
            return say("照片由窗口补拍。卡会按身份证上的信息做。")
        case None:
            return say("由您代办。卡会按对方身份证上的信息做。") if by_proxy else say("窗口会按身份证上的信息做卡。")
        case other:
            assert_never(other)


def _photo(face: _Face) -> Fact:
    there = isinstance(face, FiledPortrait)
    return Fact(say("照片"), say("在这里拍好了") if there else say("由窗口补拍、补交"))


def _result_facts(region: Region, face: _Face) -> tuple[Fact, ...]:
    term = region.pack.application.term.value
    until = (Fact(say("多久能拿到卡"), span(term)),) if term is not None else ()
    return (_photo(face), *until)


def _without_portrait(region: Region, face: _Face, by: ConsentBy, *, sent: bool) -> tuple[Say, ...]:
    """Where the photograph is taken or handed in, what it has to be like, and what helps; nothing where it was taken.

    :param sent: the holder did not come: of that photograph the region's rules of proxies speak.
    """
    if isinstance(face, FiledPortrait):
        return ()
    helps = what_helps(face, by) if face is not None else ()
    return (*photo_where(region), *helps, *(() if sent else (*photo_demands(region), *photo_file(region))))


def _on_slip(region: Region, face: _Face) -> tuple[Say, ...]:
    collection = region.pack.application.handed_out.value or ()
    return (
        say("照片在机器上拍好了") if isinstance(face, FiledPortrait) else say("照片由窗口补拍、补交"),
        *_term(region),
        *(say("领卡，{who}", who=in_words(one)) for one in collection),
    )
