"""Until the card comes: a temporary card, a slip, a certificate. Region rules: services.papers, papers."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from kiosk.journeys import refusals
from kiosk.journeys.counter_words import in_words, issued_in_words
from kiosk.journeys.filing import file_matter, filed_pages, holder_by_id_card, needs_id_card, number_fact, who
from kiosk.journeys.frame import Ended, Ending, Progress, Session, serve
from kiosk.journeys.holder import Holder
from kiosk.journeys.identify import CANCEL
from kiosk.journeys.printing import warning
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
from kiosk.journeys.wording import Say, Verbatim, say
from kiosk.policy.card_rules import PaperRules
from kiosk.policy.region import Region
from kiosk.records import filings
from kiosk.records.filings import FilingTold, IssuedPaper
from kiosk.records.transaction import Outcome, Service

_ID_CARD = Step(1, 2)


def papers(session: Session) -> Journey[Outcome]:
    """Let a paper be chosen, have the centre issue it, and show what it is good for and until when."""
    return (yield from serve(session, Service.PAPERS, _issue))


def _issue(session: Session, progress: Progress) -> Journey[Ending]:
    region = session.region
    if not region.offers(Service.PAPERS):
        raise refusals.not_offered(region, Service.PAPERS)
    kinds = tuple(kind for kind in IssuedPaper if region.pack.papers[kind].issued.value)
    if not kinds:
        raise refusals.no_papers(region)
    needs_id_card(session, Service.PAPERS)
    kind = yield from _kind(session, kinds)
    while True:
        holder = yield from holder_by_id_card(session, Service.PAPERS, _ID_CARD)
        if (yield from ask(Show(_read_back(region, kind, holder), personal=True))) is not Intent.AGAIN:
            break

    def already(region: Region, told: FilingTold) -> Ended:
        title = say("{name}已经开过了", name=issued_in_words(region, kind))
        return Ended(Ending(Outcome.REFUSED, _pages(session, kind, told, title), reason="already_filed"))

    matter = filings.Paper(kind=kind)
    told = yield from file_matter(session, progress, holder, matter, already)
    title = say("{name}开好了", name=issued_in_words(region, kind))
    return Ending(Outcome.DONE, _pages(session, kind, told, title))


def _kind(session: Session, kinds: tuple[IssuedPaper, ...]) -> Journey[IssuedPaper]:
    """Which paper, after what it is for was read."""
    region = session.region
    view = Choices(say("您要开哪一种？"), tuple(_choice(region, kind) for kind in kinds), None, (CANCEL,))
    while True:
        chosen = yield from ask(Show(view))
        kind = next((kind for kind in kinds if chosen == Chosen(kind.value)), None)
        if kind is not None and (yield from ask(Show(_explanation(session, kind)))) is not Intent.BACK:
            return kind


_IN_SHORT: Final[Mapping[IssuedPaper, Say]] = MappingProxyType(
    {
        IssuedPaper.TEMPORARY_CARD: say("卡没做好，急着用"),
        IssuedPaper.MEDICAL_SLIP: say("换卡时看病用"),
        IssuedPaper.REPLACEMENT_CERTIFICATE: say("换卡时看病用"),
        IssuedPaper.COLLECTION_SLIP: say("领新卡用"),
        IssuedPaper.CANCEL_NOTICE: say("去银行销卡用"),
    }
)


def _choice(region: Region, kind: IssuedPaper) -> Choice:
    return Choice(Chosen(kind.value), issued_in_words(region, kind), _IN_SHORT[kind])


def _explanation(session: Session, kind: IssuedPaper) -> Explain:
    region = session.region
    rules = region.pack.papers[kind]
    use = (say("用处：{use}", use=in_words(rules.use.value)),) if rules.use.value is not None else ()
    people = (say("谁可以办：{people}", people=in_words(rules.for_whom.value)),) if rules.for_whom.value else ()
    return Explain(
        title=issued_in_words(region, kind),
        lines=(*people, *use, _holds(rules)),
        step=None,
        actions=(
            CANCEL,
            Action(Intent.BACK, say("换一种")),
            Action(Intent.NEXT, say("就开这种"), Emphasis.PRIMARY),
        ),
        note=warning(session.printing),
    )


def _holds(rules: PaperRules) -> Say:
    term = rules.term.value
    return say("管 {term}。", term=span(term)) if term is not None else say("管多久，本地手册没有写明。")


def _read_back(region: Region, kind: IssuedPaper, holder: Holder) -> ReadBack:
    return ReadBack(
        title=say("请核对，再开"),
        facts=(who(holder)[0], Fact(say("要开的"), issued_in_words(region, kind))),
        note=say("只能给身份证上的本人开。"),
        step=holder.check,
        actions=(CANCEL, holder.again, Action(Intent.NEXT, say("都对，开这一种"))),
    )


def _pages(session: Session, kind: IssuedPaper, told: FilingTold, title: Say) -> tuple[View, ...]:
    region = session.region
    rules = region.pack.papers[kind]
    until = Verbatim(told.valid_until) if told.valid_until is not None else _holds(rules)
    no_bank_side = (Fact(say("银行功能"), say("没有，不能存钱取钱")),) if rules.bank_side.value is False else ()
    first = Result(title, (number_fact(told), Fact(say("有效到"), until), *no_bank_side), None, ())
    use = (say("用处：{use}", use=in_words(rules.use.value)),) if rules.use.value is not None else ()
    place = (say("要纸质的：{place}", place=in_words(rules.place.value)),) if rules.place.value is not None else ()
    back = (say("用完以后：{what}", what=in_words(rules.returned.value)),) if rules.returned.value is not None else ()
    on_slip = (say("有效到 {until}", until=until), *use)
    name = issued_in_words(region, kind)
    return filed_pages(session, name, told, first, (*use, *place, *back), on_slip)
