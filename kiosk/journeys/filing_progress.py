"""How far has it come? One's own matters at the offices. Region rules: services.filing_progress, application."""

from dataclasses import replace
from typing import Final, assert_never

from kiosk.journeys import refusals
from kiosk.journeys.counter_words import in_words
from kiosk.journeys.filing import filings_of, matter_in_words, needs_id_card, number_fact, state_in_words
from kiosk.journeys.frame import Ending, Progress, Session, serve
from kiosk.journeys.guide import Pages, collected_with, meanwhile, pages, photo_where, until_new_card
from kiosk.journeys.holder import Holder
from kiosk.journeys.id_card import id_card
from kiosk.journeys.paging import FINISH, page, turned, turning_behind_a_choice
from kiosk.journeys.proxy import shown_at_window
from kiosk.journeys.refusals import filed_by_another, go_to
from kiosk.journeys.requests import Journey
from kiosk.journeys.terms import span
from kiosk.journeys.views import Action, Choice, Choices, Chosen, Emphasis, Explain, Fact, Intent, Result, View
from kiosk.journeys.wording import Say, Verbatim, say
from kiosk.policy.region import Region
from kiosk.records.china_time import minute_of
from kiosk.records.filings import (
    Cancelling,
    CardApplication,
    CardReplacement,
    DataChange,
    FilingState,
    FilingTold,
    FilingVerdict,
    OffsiteCare,
    Paper,
)
from kiosk.records.transaction import Outcome, Service

MOST_CHOICES: Final = 4
"""On one screen, which has room for the ways to newer and older ones in large type too."""


def filing_progress(session: Session) -> Journey[Outcome]:
    """List what somebody has filed, the newest first, each with its state and what to do next."""
    return (yield from serve(session, Service.FILING_PROGRESS, _look))


def _look(session: Session, progress: Progress) -> Journey[Ending]:
    region = session.region
    if not region.offers(Service.FILING_PROGRESS):
        raise refusals.not_offered(region, Service.FILING_PROGRESS)
    needs_id_card(session, Service.FILING_PROGRESS)
    document = yield from id_card(session, None)
    filings = yield from filings_of(session, progress, Holder(document.number, document.name, document))
    if not filings:
        return Ending(Outcome.DONE, turned(_nothing(region)), reason="nothing_filed")
    if len(filings) == 1:
        return Ending(Outcome.DONE, turned(_about(region, filings[0])), personal=True)
    keys = [Chosen(str(at)) for at in range(len(filings))]
    choices = [
        Choice(key, matter_in_words(region, told.matter), state_in_words(told.state))
        for key, told in zip(keys, filings, strict=True)
    ]
    lists = tuple(
        Choices(say("您交过这些"), tuple(choices[at : at + MOST_CHOICES]), None, _leaving(at, len(choices)))
        for at in range(0, len(choices), MOST_CHOICES)
    )
    behind = {key: _behind(_about(region, told)) for key, told in zip(keys, filings, strict=True)}
    return Ending(Outcome.DONE, lists, behind, personal=True)


def _leaving(at: int, of: int) -> tuple[Action, ...]:
    newer = (Action(Intent.BACK, say("看新的")),) if at else ()
    older = (Action(Intent.NEXT, say("看更早的"), Emphasis.PRIMARY),) if at + MOST_CHOICES < of else ()
    return (*newer, FINISH, *older)


def _behind(views: tuple[Result | Explain, ...]) -> tuple[View, ...]:
    of = len(views)
    return tuple(
        replace(view, actions=turning_behind_a_choice(at, of), page=page(at, of)) for at, view in enumerate(views, 1)
    )


def _nothing(region: Region) -> Pages:
    line = (say("在窗口交的，请打 {hotline} 问。", hotline=Verbatim(region.hotline)),) if region.hotline else ()
    none = say("{region}的社保中心没有您交的申请。", region=in_words(region.pack.name))
    return pages(say("没有查到在办的事"), none, *line)


def _about(region: Region, told: FilingTold) -> tuple[Result | Explain, ...]:
    filed = Fact(say("交的时间"), Verbatim(minute_of(told.filed_at_ms)))
    until = Fact(say("有效到"), Verbatim(told.valid_until)) if told.valid_until is not None else filed
    state = Fact(say("办到哪一步"), state_in_words(told.state), key=True)
    number = replace(number_fact(told), key=False)
    there = told.state in (FilingState.READY, FilingState.DONE)
    first = Result(matter_in_words(region, told.matter), (state, number, until), None, (), in_force=there)
    return (first, *pages(say("接下来"), *filed_by_another(region, told), *_next_steps(region, told)))


def _next_steps(region: Region, told: FilingTold) -> tuple[Say, ...]:
    """What the person does, or waits for."""
    match told.state:
        case FilingState.RECEIVED | FilingState.IN_PRODUCTION:
            to_show = shown_at_window(region, told.to_show)
            wait = (*to_show, *_photo_wanted(region, told)) or (say("现在不用做什么，等着就行。"),)
            return (*wait, *_while_waiting(region, told), *_ask(region))
        case FilingState.READY:
            place = (say("去哪里领：{place}", place=Verbatim(told.place)),) if told.place else _ask(region)
            bring = collected_with(region) if isinstance(told.matter, CardReplacement) else ()
            return (say("已经好了，请去领。"), *place, *bring)
        case FilingState.DONE:
            return (say("已经办好，不用再做什么。"),)
        case FilingState.REFUSED:
            return (_why_refused(told), *go_to(region.service(service_of(told)).place), *_ask(region))
        case FilingState.WITHDRAWN:
            return (say("已经撤回。要办的话，可以重新交。"),)
        case other:
            assert_never(other)


def _why_refused(told: FilingTold) -> Say:
    """By an office's own words, or by the rule that met it when it arrived."""
    if told.note:
        return say("原因：{note}", note=Verbatim(told.note))
    return say("原因：{why}", why=verdict_in_words(told.verdict)) if told.verdict else say("没有写明原因。")


def verdict_in_words(verdict: FilingVerdict) -> Say:  # noqa: C901, PLR0911, PLR0912 - one a verdict
    """Why the centre refused what was taken down without it."""
    match verdict:
        case FilingVerdict.NOT_INSURED:
            return say("还没有参加社会保险。")
        case FilingVerdict.HAS_CARD:
            return say("已经有一张社保卡了。")
        case FilingVerdict.NO_CARD:
            return say("名下没有正在用的社保卡。")
        case FilingVerdict.NOTHING_TO_REST_ON:
            return say("没有正在办的申领或者补卡。")
        case FilingVerdict.NOT_REPORTED:
            return say("卡还没有挂失。")
        case FilingVerdict.REPORTED_LOST:
            return say("卡已经挂失了。")
        case FilingVerdict.NOT_ACTIVATED:
            return say("卡还没有启用。")
        case FilingVerdict.RUNNING:
            return say("新卡已经在办了。")
        case FilingVerdict.LATE:
            return say("办理的期限已经过了。")
        case FilingVerdict.NOT_OPEN:
            return say("这件事不能在机器上办。")
        case FilingVerdict.NOT_BY_PROXY:
            return say("这件事要本人来办。")
        case FilingVerdict.PROXY_MINOR:
            return say("代办的人还没有成年。")
        case FilingVerdict.NEEDS_GUARDIAN:
            return say("孩子的事，要监护人来办。")
        case FilingVerdict.HOLDER_ADULT:
            return say("已经成年了，要本人来办。")
        case FilingVerdict.UNKNOWN | FilingVerdict.FILED | FilingVerdict.ALREADY_FILED:
            return say("没有写明。")
        case other:
            assert_never(other)


def _photo_wanted(region: Region, told: FilingTold) -> tuple[Say, ...]:
    """Where the photograph is taken that did not come with an application; the window may have it by now."""
    rules = region.pack.application
    wanted = bool(rules.photo.value) or rules.photo_place.value is not None
    waits = isinstance(told.matter, CardApplication) and told.state is FilingState.RECEIVED
    if told.has_portrait or not (wanted and waits):
        return ()
    return (say("照片由窗口补拍、补交；交过的，等着就行。"), *photo_where(region))


def _while_waiting(region: Region, told: FilingTold) -> tuple[Say, ...]:
    match told.matter:
        case CardApplication():
            term, serves = region.pack.application.term.value, meanwhile(region)
        case CardReplacement():
            term, serves = region.pack.replacement.term.value, until_new_card(region)
        case _:
            return ()
    until = (say("从交上到拿到卡，要 {term}。", term=span(term)),) if term is not None else ()
    return (*until, *serves)


def _ask(region: Region) -> tuple[Say, ...]:
    return (say("要问，请打 {hotline}。", hotline=Verbatim(region.hotline)),) if region.hotline else ()


def service_of(told: FilingTold) -> Service:
    """The service by which a matter was filed."""
    match told.matter:
        case CardApplication():
            return Service.CARD_APPLICATION
        case OffsiteCare():
            return Service.OFFSITE_CARE
        case DataChange():
            return Service.DATA_CHANGE
        case Cancelling():
            return Service.CANCELLING
        case CardReplacement():
            return Service.CARD_REPLACEMENT
        case Paper():
            return Service.PAPERS
        case other:
            assert_never(other)
