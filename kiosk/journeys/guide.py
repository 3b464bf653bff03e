"""What to bring, and in which order, where it is not done here: pages made of a pack's rules, and of nothing else."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final, assert_never

from kiosk.journeys.amounts import yuan
from kiosk.journeys.counter_words import (
    BUSINESS,
    CONTACT,
    DOERS,
    in_words,
    issued_in_words,
    listed,
    papers_in_words,
    photo_in_words,
)
from kiosk.journeys.sources import source_of
from kiosk.journeys.terms import span
from kiosk.journeys.views import Explain
from kiosk.journeys.wording import Say, Verbatim, say
from kiosk.policy.card_rules import ActivationFailure, Need, OldCard, OldCardEnd, VoidFrom
from kiosk.policy.care_rules import SettlementFailure
from kiosk.policy.counter import Business, Side, Step
from kiosk.policy.region import Region
from kiosk.policy.rule import Rule, Term, Text
from kiosk.records.filings import IssuedPaper
from kiosk.records.transaction import Service

MOST_LINES = 3
"""On one page (docs/ux-rules.md rule 1)."""

Pages = tuple[Explain, ...]


def guide(region: Region, service: Service) -> Pages:
    """The way of a service by this region's rules; none where they say nothing of it."""
    match service:
        case Service.CARD_APPLICATION:
            return _application(region)
        case Service.DATA_CHANGE:
            return _data_change(region)
        case Service.CANCELLING:
            return _cancelling(region)
        case Service.OFFSITE_CARE:
            return _offsite(region)
        case Service.PAPERS:
            return _papers(region)
        case Service.CARD_ACTIVATION:
            return _activation(region)
        case Service.FORMAL_LOSS:
            return _by_proxy(region, Business.FORMAL_LOSS)
        case Service.CARD_REPLACEMENT:
            return _replacement(region)
        case _:
            return ()


def _activation(region: Region) -> Pages:
    rules = region.pack.activation
    bring, contact = rules.papers.value, rules.contact_data.value
    return (
        *pages(
            say("启用时要带的"),
            *((say("带：{papers}", papers=papers_in_words(region, bring)),) if bring else ()),
            *((say("还要告诉：{contact}", contact=listed([CONTACT[one] for one in contact])),) if contact else ()),
            *_pin_set_anew(rules.pin_reset),
        ),
        *pages(say("银行功能"), *bank_side(region)),
        *pages(say("旧的医保卡怎么办"), *old_card(region)),
        *_by_proxy(region, Business.ACTIVATION),
    )


def _pin_set_anew(rule: Rule[Need]) -> tuple[Say, ...]:
    match rule.value:
        case Need.REQUIRED:
            return (say("初始密码要改成自己的，卡才能用。"),)
        case Need.VOLUNTARY:
            return (say("密码可以趁这时重设，不重设也行。"),)
        case None:
            return ()
        case other:
            assert_never(other)


def bank_side(region: Region) -> tuple[Say, ...]:
    """Where and with what the bank side of a new card is started, and what to see to."""
    rules = region.pack.activation
    place, bring = rules.bank_side_place.value, rules.bank_side_papers.value
    both = rules.both_sides_at_once.value
    only_bank_side = both and ActivationFailure.ONLY_BANK_SIDE in (rules.failures.value or ())
    return (
        *((say("社保、银行两边的功能，一次一起开。"),) if both else ()),
        *((say("开通银行功能：{place}", place=in_words(place)),) if place is not None else ()),
        *((say("去银行要带：{papers}", papers=papers_in_words(region, bring)),) if bring else ()),
        *((say("只开了银行功能的，请银行把社保功能也开上。"),) if only_bank_side else ()),
    )


def old_card(region: Region) -> tuple[Say, ...]:
    """What becomes of the medical card before it, and of the money in its account."""
    rules = region.pack.activation
    ends = rules.old_card_ends.value
    match rules.balance_moves.value:
        case True:
            balance: tuple[Say, ...] = (say("旧卡医保账户里的钱，自动转到新卡。"),)
        case False:
            balance = (say("旧卡医保账户里的钱，不会自动转到新卡。"),)
        case None:
            balance = (say("旧卡里的钱怎样转，本地手册没有写明。"),) if ends is not None else ()
    before = (say("没启用新卡以前，旧卡还能用。"),) if rules.old_card_works_before.value else ()
    match ends:
        case OldCardEnd.AT_ACTIVATION:
            return (say("新卡一启用，旧卡就停用。"), *before, *balance)
        case OldCardEnd.AT_FIRST_USE:
            return (say("第一次用新卡看病、买药，旧卡就停用。"), *before, *balance)
        case None:
            return (*before, *balance)
        case other:
            assert_never(other)


def _application(region: Region) -> Pages:
    rules = region.pack.application
    return (
        *pages(say("先看一看"), *_told(rules.who), *_insured_first(region), *_told(rules.one_per_number)),
        *pages(say("要带的东西"), *_grown_up_bring(region), *minors_bring(region)),
        *pages(say("照片的要求"), *photo_demands(region), *photo_place(region)),
        *pages(say("费用和时间"), *_fee(rules.fee_fen), *_time(rules.term), *meanwhile(region)),
        *handed_out(region),
        *pages(say("姓名和银行的不一样"), *_told(rules.name_as_at_bank)),
        *_by_proxy(region, Business.APPLICATION),
    )


def _grown_up_bring(region: Region) -> tuple[Say, ...]:
    wanted = region.pack.application.papers.value
    return (say("带：{papers}", papers=papers_in_words(region, wanted)),) if wanted else ()


def minors_bring(region: Region) -> tuple[Say, ...]:
    """What an application wants of somebody too young to make it alone."""
    rules = region.pack.application
    if not rules.minor_papers.value or rules.minor_below.value is None:
        return ()
    papers = papers_in_words(region, rules.minor_papers.value)
    return (say("不满 {age} 岁的，带：{papers}", age=rules.minor_below.value, papers=papers),)


def photo_demands(region: Region) -> tuple[Say, ...]:
    """What the photograph of an application has to be like."""
    demands = region.pack.application.photo.value
    return (say("照片要：{demands}", demands=photo_in_words(demands)),) if demands else ()


def photo_place(region: Region) -> tuple[Say, ...]:
    """Where it is taken, or handed in."""
    place = region.pack.application.photo_place.value
    return (say("在哪里办照片：{place}", place=in_words(place)),) if place is not None else ()


def photo_where(region: Region) -> tuple[Say, ...]:
    """The same for whoever is sent there: where no source says, whom to ask."""
    if region.pack.application.photo_place.value is not None or not region.hotline:
        return photo_place(region)
    return (say("在哪里办照片，请打 {hotline} 问。", hotline=Verbatim(region.hotline)),)


def photo_file(region: Region) -> tuple[Say, ...]:
    """The size of a file, for whoever has one made elsewhere; nothing where no source says."""
    size, window = region.pack.portrait.size.value, region.pack.portrait.file_size.value
    if size is None or window is None:
        return ()
    return (
        say(
            "电子照片：宽 {width}、高 {height} 像素，{least} 到 {most} KB",
            width=size.width,
            height=size.height,
            least=window.least_kb,
            most=window.most_kb,
        ),
    )


def handed_out(region: Region) -> Pages:
    """Who hands out the first card to whom."""
    return pages(say("由谁发卡"), *(in_words(one) for one in region.pack.application.handed_out.value or ()))


def meanwhile(region: Region) -> tuple[Say, ...]:
    """What serves until the card comes."""
    kind = region.pack.application.meanwhile.value
    return (say("急着用卡的，可以办{paper}", paper=issued_in_words(region, kind)),) if kind is not None else ()


def _insured_first(region: Region) -> tuple[Say, ...]:
    return (say("要先参加社会保险。"),) if region.pack.application.insured_first.value else ()


def _data_change(region: Region) -> Pages:
    rules = region.pack.data_change
    steps = rules.status_steps.value or ()
    return (
        *changing_data(region),
        *pages(say("退休、险种变了，不换卡"), *(line for step in steps for line in _step_lines(region, step))),
        *_by_proxy(region, Business.DATA_CHANGE),
    )


def changing_data(region: Region) -> Pages:
    """What is to be done, and by whom, where data of the person have changed."""
    rules = region.pack.data_change
    return (
        *_steps(region, rules.steps.value or ()),
        *pages(say("办完以后"), *((say("最后会换一张新卡。"),) if rules.new_card.value and rules.steps.value else ())),
    )


def changing_status(region: Region) -> Pages:
    """What is to be done where the card's data change and the card stays."""
    return _steps(region, region.pack.data_change.status_steps.value or ())


def _cancelling(region: Region) -> Pages:
    rules = region.pack.cancelling
    death = tuple(line for step in rules.death_steps.value or () for line in _step_lines(region, step))
    return (
        *giving_up(region),
        *pages(say("人过世了，家属来办"), *death),
        *pages(say("人过世了，银行那边"), *_told(rules.death_bank_side)),
        *_by_proxy(region, Business.CANCELLING),
    )


def _replacement(region: Region) -> Pages:
    return (
        *pages(say("卡丢了，要补"), *lost_first(region), *replacement_papers(region, lost=True)),
        *pages(
            say("卡坏了、信息变了，要换"), *replacement_papers(region, lost=False), *old_card_then(region, lost=False)
        ),
        *changing_data(region),
        *pages(say("费用和时间"), *replacement_cost(region), *replacement_time(region)),
        *pages(say("等新卡的时候"), *until_new_card(region)),
        *_by_proxy(region, Business.REPLACEMENT),
    )


def lost_first(region: Region) -> tuple[Say, ...]:
    """Which sides of a lost card must be reported before a new one is asked for."""
    sides = region.pack.replacement.lost_first.value or ()
    if not sides:
        return ()
    both = say("要先挂失，社保、银行两边都要。") if Side.BANK in sides else say("要先挂失。")
    return (both,)


def replacement_papers(region: Region, *, lost: bool) -> tuple[Say, ...]:
    """What has to be brought for a new card."""
    rules = region.pack.replacement
    wanted = rules.lost_papers.value if lost else rules.exchange_papers.value
    return (say("带：{papers}", papers=papers_in_words(region, wanted)),) if wanted else ()


def replacement_cost(region: Region) -> tuple[Say, ...]:
    """What a new card costs; what else is said of it where no amount is stated."""
    rules = region.pack.replacement
    return _fee(rules.fee_fen) or tuple(say("{note}。", note=note) for note in _told(rules.fee_note))


def replacement_time(region: Region) -> tuple[Say, ...]:
    """How soon it is had."""
    rules = region.pack.replacement
    return (say("窗口当场就能做好。"),) if rules.at_once.value else _time(rules.term)


def old_card_then(region: Region, *, lost: bool) -> tuple[Say, ...]:
    """What becomes of the old card, and from when it is void."""
    rules = region.pack.replacement
    instead = (say("没有旧卡的，按卡丢了办。"),) if rules.without_old_card_lost.value and not lost else ()
    return (*_void_from(rules.old_card_void, lost=lost), *(() if lost else old_card_kept(region)), *instead)


def _void_from(rule: Rule[VoidFrom], *, lost: bool) -> tuple[Say, ...]:
    match rule.value:
        case VoidFrom.REPLACEMENT_ACCEPTED:
            return (say("一受理，旧卡马上作废，找到也不能用。") if lost else say("一受理，旧卡马上作废。"),)
        case VoidFrom.FORMAL_REPORT:
            return (say("正式挂失以后，旧卡作废，找到也不能用。"),) if lost else ()
        case None:
            return ()
        case other:
            assert_never(other)


def old_card_kept(region: Region) -> tuple[Say, ...]:
    """Who gets the old card, where it is at hand."""
    match region.pack.replacement.old_card.value:
        case OldCard.COLLECTED_AND_DESTROYED:
            return (say("旧卡要收回，统一销毁。"),)
        case OldCard.TAKEN_BACK:
            return (say("旧卡要收回。"),)
        case OldCard.HANDED_IN:
            return (say("旧卡要交回。"),)
        case OldCard.BROUGHT_ALONG:
            return (say("旧卡要一起带去。"),)
        case None:
            return ()
        case other:
            assert_never(other)


def collecting(region: Region) -> tuple[Say, ...]:
    """Where and with what the new card is collected; where no source says, where it would be asked for."""
    rules = region.pack.replacement
    place = rules.collect_place if rules.collect_place.value is not None else rules.place
    there = (say("去哪里领：{place}", place=in_words(place.value)),) if place.value is not None else ()
    return (*there, *collected_with(region))


def collected_with(region: Region) -> tuple[Say, ...]:
    """With what the new card is collected."""
    wanted = region.pack.replacement.collect_papers.value
    return (say("领卡要带：{papers}", papers=papers_in_words(region, wanted)),) if wanted else ()


def until_new_card(region: Region) -> tuple[Say, ...]:
    """What serves until the new card comes, and how care is paid for."""
    rules = region.pack.replacement
    kind = rules.meanwhile.value
    paper = (say("急着用卡的，可以办{paper}", paper=issued_in_words(region, kind)),) if kind is not None else ()
    return (*paper, *_told(rules.meanwhile_care))


def once_collected(region: Region) -> tuple[Say, ...]:
    """What is to be done with the new card."""
    return steps_in_brief(region.pack.replacement.afterwards.value or ())


def replacing_a_lost_card(region: Region) -> Pages:
    """Where a new card for a lost one is had, with what, for how much and how soon; none where no place is stated."""
    rules = region.pack.replacement
    place = rules.advised_place if rules.advised_place.value is not None else rules.place
    if place.value is None:
        return ()
    fee = replacement_cost(region)
    time = (say("当场就能拿到。"),) if rules.at_once.value else _time(rules.term)
    return pages(
        say("补办新卡"),
        *_where(place),
        *replacement_papers(region, lost=True),
        *((say("{fee}{time}", fee=fee[0], time=time[0]),) if fee and time else (*fee, *time)),
    )


def giving_up(region: Region) -> Pages:
    """What is to be done with the card of a holder whose insurance ends or moves."""
    rules = region.pack.cancelling
    return (
        *_steps(region, rules.leaving_steps.value or ()),
        *pages(say("卡归谁"), *_told(rules.card_kept_by)),
    )


def after_death(region: Region) -> Pages:
    """What is to be done with the card of somebody who has died."""
    rules = region.pack.cancelling
    return (
        *_steps(region, rules.death_steps.value or ()),
        *pages(say("银行那边"), *_told(rules.death_bank_side)),
    )


def _offsite(region: Region) -> Pages:
    rules = region.pack.offsite
    term = rules.emergency_term.value
    emergency = (say("急诊住院的，入院后 {term} 内补备案。", term=span(term)),) if term is not None else ()
    left_open = (in_words(term.leaves_open),) if term is not None and term.leaves_open is not None else ()
    claim = rules.claim_papers.value
    return (
        *_steps(region, rules.steps.value or ()),
        *pages(say("急诊住院"), *emergency, *left_open),
        *pages(say("出发以前"), *_told(rules.check_card_first)),
        *pages(
            say("在外地刷不了卡"),
            *(cause_and_remedy(region, cause) for cause in rules.failures.value or ()),
        ),
        *pages(
            say("先付了钱的，怎样报销"),
            *_where(rules.claim_place),
            *((say("带：{papers}", papers=papers_in_words(region, claim)),) if claim else ()),
        ),
    )


CAUSES: Final[Mapping[SettlementFailure, Say]] = MappingProxyType(
    {
        SettlementFailure.NOT_ACTIVATED: say("卡没有启用"),
        SettlementFailure.WRONG_PERSONAL_DATA: say("登记的信息有错"),
        SettlementFailure.REGISTRATION_NOT_ARRIVED: say("备案没有传到"),
        SettlementFailure.BENEFITS_BLOCKED: say("医保待遇停了"),
        SettlementFailure.DATES_DISAGREE: say("日期对不上"),
    }
)
"""Why a card does not settle at a hospital elsewhere, in a few words."""


def remedy(region: Region, cause: SettlementFailure) -> Say:
    """What helps: where the card is started, where data are changed, or whoever registers care elsewhere."""
    match cause:
        case SettlementFailure.NOT_ACTIVATED:
            place = region.pack.activation.place.value
        case SettlementFailure.WRONG_PERSONAL_DATA:
            place = region.service(Service.DATA_CHANGE).place.value
        case (
            SettlementFailure.REGISTRATION_NOT_ARRIVED
            | SettlementFailure.BENEFITS_BLOCKED
            | SettlementFailure.DATES_DISAGREE
        ):
            place = region.pack.offsite.place.value
        case other:
            assert_never(other)
    return say("到这里问：{place}", place=in_words(place)) if place is not None else say("请打电话问一问")


def cause_and_remedy(region: Region, cause: SettlementFailure) -> Say:
    """Both in one line."""
    return say("{cause}。{remedy}", cause=CAUSES[cause], remedy=remedy(region, cause))


def _papers(region: Region) -> Pages:
    """A page for each paper that the region has."""
    found: list[Explain] = []
    for kind in IssuedPaper:
        rules = region.pack.papers[kind]
        if not rules.issued.value:
            continue
        bring = rules.papers.value
        found += pages(
            issued_in_words(region, kind),
            *((say("谁可以办：{people}", people=in_words(rules.for_whom.value)),) if rules.for_whom.value else ()),
            *_where(rules.place),
            *((say("带：{papers}", papers=papers_in_words(region, bring)),) if bring else ()),
            *((say("用处：{use}", use=in_words(rules.use.value)),) if rules.use.value else ()),
        )
    return tuple(found)


def instead_of_the_holder(region: Region, business: Business) -> Pages:
    """Whether somebody may be sent, and with what."""
    return _by_proxy(region, business)


def steps_in_brief(steps: tuple[Step, ...]) -> tuple[Say, ...]:
    """One line a step, for a slip."""
    return tuple(
        say(
            "{number}. {who}：{place}，{what}",
            number=number,
            who=DOERS[step.who],
            place=in_words(step.where),
            what=in_words(step.what),
        )
        for number, step in enumerate(steps, 1)
    )


def _steps(region: Region, steps: tuple[Step, ...]) -> Pages:
    """One page a step, in their order."""
    return tuple(
        Explain(
            title=say("第 {number} 步，{who}去办", number=number, who=DOERS[step.who]),
            lines=_step_lines(region, step),
            step=None,
            actions=(),
        )
        for number, step in enumerate(steps, 1)
    )


def _step_lines(region: Region, step: Step) -> tuple[Say, ...]:
    bring = (say("带：{papers}", papers=papers_in_words(region, step.papers, step.who)),) if step.papers else ()
    return (
        say("去哪里：{place}", place=in_words(step.where)),
        say("办什么：{what}", what=in_words(step.what)),
        *bring,
    )


def _by_proxy(region: Region, business: Business) -> Pages:
    """Whether somebody may be sent, with what, and where that stands."""
    rules = region.pack.proxy
    if region.wants_holder(business):
        rule: Rule[tuple[Business, ...]] = rules.in_person
        lines = (say("这件事要本人来办。"), *_told(rules.otherwise))
    elif region.may_send(business):
        rule = rules.allowed
        wanted = region.proxy_papers(business)
        bring = (say("带：{papers}", papers=papers_in_words(region, wanted)),) if wanted else ()
        lines = (say("可以请人代办{business}。", business=BUSINESS[business]), *bring)
    else:
        line = (say("请先打 {hotline} 问一问。", hotline=Verbatim(region.hotline)),) if region.hotline else ()
        return pages(say("本人来不了"), say("能不能请人代办，本地手册没有写明。"), *line)
    citation = region.citation(region.of_business(rule, business))
    note = source_of(citation) if citation is not None else None
    return tuple(replace(page, note=note) for page in pages(say("本人来不了"), *lines))


def who_must_come(region: Region, business: Business) -> tuple[Say, ...]:
    """Said before something begins where nobody is sent for it; nothing where somebody may be."""
    if region.may_send(business):
        return ()
    if region.wants_holder(business):
        return (say("这件事要本人来办。"),)
    return (say("能不能请人代办，本地手册没有写明。"),)


def pages(title: Say, *lines: Say) -> Pages:
    """As many pages as the lines want; none without any."""
    return tuple(
        Explain(title=title, lines=lines[at : at + MOST_LINES], step=None, actions=())
        for at in range(0, len(lines), MOST_LINES)
    )


def _told(rule: Rule[Text]) -> tuple[Say, ...]:
    return (in_words(rule.value),) if rule.value is not None else ()


def _where(place: Rule[Text]) -> tuple[Say, ...]:
    return (say("去哪里：{place}", place=in_words(place.value)),) if place.value is not None else ()


def _fee(fee_fen: Rule[int]) -> tuple[Say, ...]:
    if fee_fen.value is None:
        return ()
    return (fee_in_words(fee_fen.value),)


def fee_in_words(fee_fen: int) -> Say:
    """What it costs.

    :param fee_fen: in fen.
    """
    return say("不收费。") if fee_fen == 0 else say("收费 {amount} 元。", amount=Verbatim(yuan(fee_fen)))


def _time(term: Rule[Term]) -> tuple[Say, ...]:
    return (say("从交上到拿到卡，要 {term}。", term=span(term.value)),) if term.value is not None else ()
