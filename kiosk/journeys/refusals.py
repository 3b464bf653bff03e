"""The refusals that journeys share: why, and what to do instead. Codes are those of docs/faults.md."""

from drivers.ports.card_reader import CardKind
from kiosk.journeys.counter_words import in_words as in_words  # noqa: PLC0414 - journeys take it from here
from kiosk.journeys.counter_words import issued_in_words, papers_in_words
from kiosk.journeys.faults import CLOSE
from kiosk.journeys.frame import Ended, Ending
from kiosk.journeys.guide import bank_side, guide, instead_of_the_holder, old_card, pages
from kiosk.journeys.paging import turned
from kiosk.journeys.requests import Distrusted, Unreachable
from kiosk.journeys.terms import formal_report_due
from kiosk.journeys.views import Explain, Refusal
from kiosk.journeys.wording import Say, Verbatim, say
from kiosk.policy.card_rules import ReplacementReason, SocialSideStart
from kiosk.policy.counter import Business
from kiosk.policy.pack import Basis, HeldBy, LossRules, Offline, Rule, Text
from kiosk.policy.region import BUSINESS_OF, Region
from kiosk.records.card import CardState
from kiosk.records.china_time import minute_of
from kiosk.records.filings import FilingTold, IssuedPaper
from kiosk.records.questions import CardProof
from kiosk.records.transaction import Outcome, Service


def refused(
    region: Region,
    *,
    reason: str,
    code: str,
    title: Say,
    why: Say,
    instead: tuple[Say, ...],
    rule: str = "",
    cited: Rule[object] | None = None,
    behind: tuple[Explain, ...] = (),
) -> Ended:
    """An ending that refuses.

    :param instead: where a region states nothing to do, the citizen is sent to the staff.
    :param rule: the dotted name of the pack's rule that decided, for the entry.
    :param cited: that rule, whose source is shown.
    :param behind: pages that follow the refusal: what to bring, and in which order.
    """
    citation = region.citation(cited) if cited is not None else None
    instead = instead or (say("请招呼身边的工作人员。"),)
    view = Refusal(title, why, instead, region.hotline, citation, code, (CLOSE,))
    views = turned((view, *behind)) if behind else (view,)
    return Ended(Ending(Outcome.REFUSED, views, reason=reason, rule=rule))


def go_to(rule: Rule[Text]) -> tuple[Say, ...]:
    """Where to go, as the pack states it; nothing where it does not."""
    return (say("可以这样办：{place}", place=in_words(rule.value)),) if rule.value is not None else ()


def not_offered(region: Region, service: Service) -> Ended:
    """The region does not let a terminal do this: what its handbook says, where that stands, and who does it."""
    rules = region.service(service)
    handbook = rules.place.basis is Basis.SOURCE
    loss = region.pack.loss
    about_formal = service in (Service.LOSS_LIFTING, Service.FORMAL_LOSS)
    final = about_formal and loss.formal_is_final.value
    not_known = service is Service.FORMAL_LOSS and loss.formal_is_final.value is None
    return refused(
        region,
        reason="not_offered",
        code="R-01",
        title=_NOT_HERE[service],
        why=say("按本地手册，这项业务不在自助机上办。") if handbook else say("本地手册没有写明自助机可以办这项业务。"),
        instead=(
            *(go_to(rules.place) or (say("该去哪里办，请打电话问一问。"),)),
            *((say("正式（书面）挂失以后，不能再撤销。"),) if final else ()),
            *((say("正式挂失以后能不能撤销，本地手册没有写明。"),) if not_known else ()),
        ),
        rule=f"services.{service.value}.self_service",
        cited=rules.place if rules.place.value is not None else rules.self_service,
        behind=guide(region, service),
    )


_NOT_HERE = {
    Service.CARD_QUERY: say("这里不能查询"),
    Service.PIN_CHANGE: say("这里不能改密码"),
    Service.TEMPORARY_LOSS: say("挂失不在这里办"),
    Service.LOSS_LIFTING: say("撤销挂失不在这里办"),
    Service.CARD_EXAMINATION: say("这里不能查卡的毛病"),
    Service.CARD_APPLICATION: say("申领不在这里办"),
    Service.FILING_PROGRESS: say("这里不能查进度"),
    Service.PAPERS: say("临时卡和证明不在这里办"),
    Service.DATA_CHANGE: say("改信息不在这里办"),
    Service.CANCELLING: say("销卡不在这里办"),
    Service.OFFSITE_CARE: say("异地就医备案不在这里办"),
    Service.FORMAL_LOSS: say("正式挂失不在这里办"),
    Service.ASK_HANDBOOK: say("这里没有办事指南"),
    Service.CARD_ACTIVATION: say("启用新卡不在这里办"),
}


def activation_not_here(region: Region) -> Ended:
    """A new card is started elsewhere, or its social side works without being started."""
    rules = region.pack.activation
    if rules.social_side.value is not SocialSideStart.ON_RECEIPT:
        return not_offered(region, Service.CARD_ACTIVATION)
    return refused(
        region,
        reason="works_on_receipt",
        code="R-70",
        title=say("社保功能不用启用"),
        why=say("领到新卡，社保功能就能用，看病、买药可以刷卡。"),
        instead=bank_side(region),
        rule="activation.social_side",
        cited=rules.social_side,
        behind=(
            *pages(say("旧的医保卡怎么办"), *old_card(region)),
            *instead_of_the_holder(region, Business.ACTIVATION),
        ),
    )


def not_a_social_security_card(region: Region, kind: CardKind) -> Ended:
    """Something else is in the slot."""
    ask_staff = say("如果这就是您的社保卡，请找工作人员看一看。")
    instead: tuple[Say, ...]
    match kind:
        case CardKind.BANK_ONLY:
            title, why = say("这是银行卡"), say("这张卡上没有社会保障功能。")
            instead = (say("请换插您的社会保障卡。"), ask_staff)
        case CardKind.BLANK:
            title, why = say("这是一张空白卡"), say("这张卡还没有写入持卡人信息。")
            instead = (say("请把它交给工作人员。"),)
        case CardKind.DEAD | CardKind.SILENT:
            title, why = say("读不出这张卡"), say("卡可能插反了，也可能芯片坏了。")
            instead = (say("请让金色芯片朝上、朝前，再插一次。"), say("还是读不出，请找工作人员。"))
        case _:
            title, why = say("这不是社会保障卡"), say("这台机器只认社会保障卡。")
            instead = (say("请换插您的社会保障卡。"), ask_staff)
    return refused(region, reason=f"card_{kind.value}", code="R-02", title=title, why=why, instead=instead)


def other_region(region: Region) -> Ended:
    """A social-security card of somewhere else."""
    return refused(
        region,
        reason="other_region",
        code="R-03",
        title=say("这张卡不是本地发的"),
        why=say("这台机器只能办{region}的社会保障卡。", region=in_words(region.pack.name)),
        instead=(say("请到发卡的地方办理，或拨打 12333 咨询。"),),
        rule="codes",
    )


def expired(region: Region) -> Ended:
    """Past the date in the chip: where an expired card is replaced, as far as the region speaks of one."""
    rules = region.pack.replacement
    stated = ReplacementReason.EXPIRED in (rules.reasons.value or ()) and rules.place.value is not None
    bring = rules.exchange_papers.value
    why = say("卡里写的有效期已经过了。")
    instead: tuple[Say, ...] = (say("请带本人有效身份证件，到社会保障卡服务窗口问怎样换卡。"),)
    if stated:
        papers = (say("请带：{papers}", papers=papers_in_words(region, bring)),) if bring else ()
        why, instead = say("卡里写的有效期已经过了，要换一张新卡。"), (*go_to(rules.place), *papers)
    return refused(
        region,
        reason="expired",
        code="R-04",
        title=say("这张卡已经过期"),
        why=why,
        instead=instead,
        rule="replacement.reasons" if stated else "",
        cited=rules.reasons if stated else None,
    )


def not_proved(region: Region, proof: CardProof) -> Ended:
    """The centre does not believe the card."""
    match proof:
        case CardProof.UNKNOWN_CARD:
            title, why = say("查不到这张卡"), say("社保中心没有这张卡的记录。")
        case CardProof.HOLDER_MISMATCH:
            title, why = say("卡里的信息对不上"), say("卡里的号码和社保中心记录的不一样。")
        case _:
            title, why = say("这张卡没有通过检验"), say("芯片没有给出正确的回答，所以不能显示任何信息。")
    return refused(
        region,
        reason=proof.value,
        code="R-05",
        title=title,
        why=why,
        instead=(say("请带上卡和身份证件，找工作人员或到服务窗口核对。"),),
    )


def card_state(region: Region, state: CardState) -> Ended:
    """The centre says that this card may not be used."""
    match state:
        case CardState.LOST | CardState.TEMPORARILY_LOST:
            title, why = say("这张卡已经挂失"), say("挂失的卡不能办业务，这样别人捡到也用不了。")
        case CardState.CANCELLED:
            title, why = say("这张卡已经作废"), say("社保中心已经注销了这张卡。")
        case CardState.LOCKED:
            title, why = say("这张卡已被锁定"), say("这张卡的社保功能被锁住了。")
        case _:
            return _to_be_started(region, state)
    return refused(
        region,
        reason=f"card_state_{state.name.lower()}",
        code="R-06",
        title=title,
        why=why,
        instead=(say("如果您是本人，请带身份证件到服务窗口。"), say("也可以先打电话问一问。")),
    )


def _to_be_started(region: Region, state: CardState) -> Ended:
    activation = region.pack.activation
    return refused(
        region,
        reason=f"card_state_{state.name.lower()}",
        code="R-06",
        title=say("这张卡还没有启用"),
        why=say("要先启用，才能在这里办业务。"),
        instead=how_to_start(region),
        rule="activation.place" if activation.place.value is not None else "",
        cited=activation.place,
    )


def how_to_start(region: Region) -> tuple[Say, ...]:
    """What to do with a card that was never started: here, or where and with what the region's rules say."""
    activation = region.pack.activation
    if region.offers(Service.CARD_ACTIVATION):
        return (
            say("现在就能启用：请回首页选“办卡、办别的事”。"),
            say("再选“启用新卡”，带上您的身份证。"),
        )
    place, bring = activation.place, activation.papers.value
    if place.value is None:
        return (say("请带身份证件到服务窗口问一问。"),)
    papers = (say("请带：{papers}", papers=papers_in_words(region, bring)),) if bring else ()
    return (*go_to(place), *papers)


def state_to_activate(region: Region, state: CardState) -> Ended:
    """Starting a card, and it is not a new one."""
    match state:
        case CardState.NORMAL:
            return already_activated(region)
        case CardState.LOST:
            return formally_lost(region)
        case CardState.CANCELLED:
            return cancelled_card(region)
        case _:
            return card_state(region, state)


def already_activated(region: Region) -> Ended:
    """It was started before."""
    look = (
        (say("卡用不了的，请回首页选“卡用不了？”，查查哪里不对。"),) if region.offers(Service.CARD_EXAMINATION) else ()
    )
    return refused(
        region,
        reason="already_activated",
        code="R-71",
        title=say("这张卡已经启用了"),
        why=say("社保功能早就开了，不用再启用。"),
        instead=look,
    )


def another_card(region: Region) -> Ended:
    """The holder has another card that works, or may work again."""
    one = region.pack.application.one_per_number
    return refused(
        region,
        reason="another_card",
        code="R-72",
        title=say("您还有一张卡在用"),
        why=in_words(one.value) if one.value is not None else say("一个人只能有一张社会保障卡。"),
        instead=(say("请带两张卡和身份证件，到服务窗口问用哪一张。"),),
        rule="application.one_per_number" if one.value is not None else "",
        cited=one if one.value is not None else None,
    )


def not_the_card_holder(region: Region) -> Ended:
    """The ID card is another person's than the card."""
    return refused(
        region,
        reason="holder_mismatch",
        code="R-73",
        title=say("卡和身份证不是一个人的"),
        why=say("新卡要由本人拿自己的身份证来启用。"),
        instead=(say("请核对拿的是谁的卡。"), *go_to(region.service(Service.CARD_ACTIVATION).place)),
        rule="activation.papers",
        cited=region.pack.activation.papers,
    )


def pin_locked(region: Region) -> Ended:
    """No try is left."""
    pin = region.pack.pin
    tries = pin.tries.value
    name = in_words(pin.name.stated())
    why = (
        say("{pin}连续输错 {tries} 次，就锁住了。", pin=name, tries=tries)
        if tries is not None
        else say("{pin}输错的次数太多，已经锁住了。", pin=name)
    )
    bank_side = (say("银行那边的密码没有变化。"),) if region.pin_held_by is HeldBy.CHIP else ()
    return refused(
        region,
        reason="pin_locked",
        code="R-07",
        title=say("{pin}已锁住", pin=name),
        why=why,
        instead=(*go_to(pin.locked), *bank_side),
        rule="pin.locked",
        cited=pin.locked,
    )


def initial_pin_in_use(region: Region) -> Ended:
    """The region wants the initial PIN changed before the card is used."""
    pin = region.pack.pin
    return refused(
        region,
        reason="initial_pin",
        code="R-10",
        title=say("您还在用初始密码"),
        why=say("初始密码人人知道。按本地规定，要先改成自己的密码才能用。"),
        instead=(say("请回到首页，选“改密码”，现在就能改。"),),
        rule="pin.initial_must_change",
        cited=pin.initial_must_change,
    )


def pin_untypable(region: Region) -> Ended:
    """The initial PIN holds a letter."""
    pin = region.pack.pin
    return refused(
        region,
        reason="pin_untypable",
        code="R-08",
        title=say("您的初始密码带字母 X"),
        why=say("初始密码是社会保障号码的后六位。您的号码末位是 X，键盘上没有这个键。"),
        instead=go_to(pin.forgotten),
        rule="pin.initial",
        cited=pin.initial,
    )


def needs_centre(region: Region, service: Service) -> Ended:
    """It can't be done without the centre, and the centre does not answer."""
    of_pin = service in (Service.CARD_QUERY, Service.PIN_CHANGE) and region.pin_held_by is HeldBy.CENTRE
    return refused(
        region,
        reason="centre_unreachable",
        code="N-01",
        title=say("现在联系不上社保中心"),
        why=(
            say("您的密码由社保中心核对，联系不上就不能办。什么都没有改动。")
            if of_pin
            else say("这件事要社保中心当场核对，联系不上就不能办。什么都没有改动。")
        ),
        instead=(say("请过一会儿再来。"), *go_to(region.service(service).place)),
        rule="pin.held_by" if of_pin else f"services.{service.value}.offline",
    )


def not_ready(region: Region, service: Service) -> Ended:
    """The centre answers, but not to this question: pad, session or terminal are not as it knows them."""
    return refused(
        region,
        reason="centre_declines",
        code="N-04",
        title=say("这台机器现在办不了"),
        why=say("机器和社保中心没有对上。什么都没有改动。"),
        instead=(say("请再试一次，或换一台机器。"), *go_to(region.service(service).place)),
    )


def without_centre(region: Region, service: Service, *, declined: bool) -> Ended:
    """There is no session with the centre: it can't be reached, or it declined."""
    return not_ready(region, service) if declined else needs_centre(region, service)


def unless_by_chip(region: Region, service: Service, *, declined: bool) -> None:
    """Go on without the centre only where the region's rules say so.

    :raises Ended: they do not.
    """
    if region.offline(service) is not Offline.CHIP_ONLY:
        raise without_centre(region, service, declined=declined)


def no_answer(region: Region, service: Service, answer: Unreachable | Distrusted) -> Ended:
    """The service needs the centre, and this is what came instead of its answer."""
    return needs_centre(region, service) if isinstance(answer, Unreachable) else not_ready(region, service)


def change_refused(region: Region) -> Ended:
    """The chip accepted the PIN a moment ago and does not change it now."""
    return refused(
        region,
        reason="chip_refused_change",
        code="R-11",
        title=say("新密码没有设成"),
        why=say("您的卡没有接受这次修改。原来的密码没有变。"),
        instead=(say("请再试一次。"), say("还是不行，请找工作人员。")),
    )


def too_many_attempts(region: Region) -> Ended:
    """The new PIN was not settled after several rounds."""
    return refused(
        region,
        reason="new_pin_not_settled",
        code="R-09",
        title=say("新密码没有设成"),
        why=say("几次输入都没有成功。您原来的密码没有变。"),
        instead=(say("想好六位新密码后，再来办一次。"), say("也可以请工作人员帮忙。")),
    )


def already_reported(region: Region, reported_at_ms: int | None, lapses_at_ms: int | None) -> Ended:
    """A temporary report stands."""
    if lapses_at_ms is not None:
        why = say("这张卡正在挂失中，有效到 {time}。不用再报一次。", time=Verbatim(minute_of(lapses_at_ms)))
    elif reported_at_ms is not None:
        why = say("这张卡 {time} 已经挂失。不用再报一次。", time=Verbatim(minute_of(reported_at_ms)))
    else:
        why = say("这张卡正在挂失中。不用再报一次。")
    loss = region.pack.loss
    return refused(
        region,
        reason="already_reported",
        code="R-12",
        title=say("已经挂失过了"),
        why=why,
        instead=_if_not_found(loss, reported_at_ms),
        cited=loss.validity,
    )


def formally_lost(region: Region, _state: CardState = CardState.LOST) -> Ended:
    """The written report was made."""
    loss = region.pack.loss
    final = bool(loss.formal_is_final.value)
    return refused(
        region,
        reason="formally_lost",
        code="R-13",
        title=say("这张卡已经正式挂失"),
        why=say("正式挂失以后，卡已经作废，不能撤销。") if final else say("这张卡已经办过正式挂失，不用再报。"),
        instead=go_to(loss.formal_place),
        rule="loss.formal_is_final" if final else "",
        cited=loss.formal_is_final if final else None,
    )


def unknown_holder(region: Region, service: Service) -> Ended:
    """Number and name are nobody's here."""
    return refused(
        region,
        reason="unknown_holder",
        code="R-14",
        title=say("查不到这个人的卡"),
        why=say("号码和姓名对不上，或者卡不是{region}发的。", region=in_words(region.pack.name)),
        instead=(say("请对照身份证，再办一次。"), *go_to(region.service(service).place)),
    )


def no_identification(region: Region) -> Ended:
    """This terminal can't read identity cards and the region lets nobody in by what they type, or rules nothing."""
    if region.identified_by:
        title, why = say("这台机器现在读不了身份证"), say("没有卡的时候，要用身份证核对是不是本人。")
        instead = (say("请换一台机器，或找工作人员。"),)
    else:
        title, why = say("这里不能核对身份"), say("本地手册没有写明，没有卡时怎样核对本人。")
        instead = (say("请招呼身边的工作人员。"),)
    return refused(
        region,
        reason="no_identification",
        code="D-11",
        title=title,
        why=why,
        instead=(*instead, *go_to(region.service(Service.TEMPORARY_LOSS).place)),
        rule="loss.identified_by",
        cited=region.pack.loss.identified_by,
    )


def no_id_reader(region: Region, service: Service) -> Ended:
    """What is filed wants an ID card, and this terminal can't read one."""
    return refused(
        region,
        reason="no_id_reader",
        code="D-11",
        title=say("这台机器现在读不了身份证"),
        why=say("办这件事要放身份证，核对是不是本人。"),
        instead=(say("请换一台机器，或找工作人员。"), *go_to(region.service(service).place)),
    )


def id_unreadable(region: Region) -> Ended:
    """The identity card was laid down several times and did not let itself be read."""
    return refused(
        region,
        reason="id_unreadable",
        code="D-12",
        title=say("读不出这张身份证"),
        why=say("可能放的不是身份证，也可能芯片坏了。"),
        instead=(say("请放二代身份证或居住证，再办一次。"), say("还是读不出，请找工作人员。")),
    )


def id_number_unsound(region: Region) -> Ended:
    """The number's check character does not fit."""
    return refused(
        region,
        reason="id_number_unsound",
        code="D-13",
        title=say("身份证号码不对"),
        why=say("证里的号码少了一位或错了一位，不能用来核对。"),
        instead=(say("请把身份证交给工作人员看一看。"),),
    )


def id_birth_date_contradicts(region: Region) -> Ended:
    """The printed birth date is not the number's."""
    return refused(
        region,
        reason="id_birth_date_contradicts",
        code="D-14",
        title=say("身份证上的生日对不上"),
        why=say("证上的出生日期和号码里的不一样，不能用来核对。"),
        instead=(say("请把身份证交给工作人员看一看。"), say("要更正，请到公安派出所。")),
    )


def id_expired(region: Region) -> Ended:
    """Past the document's last day."""
    return refused(
        region,
        reason="id_expired",
        code="D-15",
        title=say("身份证已经过期"),
        why=say("过了有效期的身份证，不能用来核对。"),
        instead=(say("请带没过期的身份证再来。"), say("换新身份证，请到公安派出所。")),
    )


def id_not_yet_valid(region: Region) -> Ended:
    """Before the document's first day."""
    return refused(
        region,
        reason="id_not_yet_valid",
        code="D-16",
        title=say("身份证还没有生效"),
        why=say("还没到证上写的有效期开始那一天。"),
        instead=(say("请带现在有效的身份证再来。"), say("日期不对的，请找工作人员看一看。")),
    )


def cancelled_card(region: Region) -> Ended:
    """The card is void without a successor."""
    return refused(
        region,
        reason="card_cancelled",
        code="R-15",
        title=say("这张卡已经注销"),
        why=say("注销的卡谁也用不了，不用挂失，也不能恢复。"),
        instead=(say("要办新卡，请带身份证件到服务窗口。"),),
    )


def replaced_card(region: Region) -> Ended:
    """A new card has taken this one's place."""
    return refused(
        region,
        reason="card_replaced",
        code="R-16",
        title=say("已经补办了新卡"),
        why=say("旧卡在补办时已经作废，谁也用不了。"),
        instead=(say("请用新卡。没有拿到新卡的，请到办理的地方问一问。"),),
    )


def replacement_running(region: Region) -> Ended:
    """A report, and a new card is being made: the old one is stopped already."""
    return refused(
        region,
        reason="replacement_running",
        code="R-30",
        title=say("新卡正在补办"),
        why=say("补卡已经受理，旧卡已停用。不用再挂失。"),
        instead=(say("请等新卡。办到哪一步，可以打电话问。"),),
    )


def id_card_wanted(region: Region) -> Ended:
    """Number and name were typed, and the centre, whatever the pack here says, wants a card seen."""
    return refused(
        region,
        reason="id_card_wanted",
        code="R-32",
        title=say("要放身份证才能办"),
        why=say("社保中心要看身份证。只输号码和姓名，这里办不了。"),
        instead=(say("请带身份证再办一次，或找工作人员。"),),
    )


def not_lifted_any_more(region: Region) -> Ended:
    """Taking a report back, and a new card is being made."""
    rule = region.pack.loss.lifting_until_replacement
    return refused(
        region,
        reason="replacement_running",
        code="R-31",
        title=say("新卡正在补办，旧卡不能恢复"),
        why=say("补卡受理以后，旧卡的挂失不能再撤销。"),
        instead=(say("请等新卡。办到哪一步，可以打电话问。"),),
        rule="loss.lifting_until_replacement",
        cited=rule,
    )


def never_activated(region: Region) -> Ended:
    """The only card was never activated."""
    return refused(
        region,
        reason="card_not_activated",
        code="R-17",
        title=say("这张卡还没有启用"),
        why=say("没有启用的卡，社保功能用不了，不用挂失。"),
        instead=(say("请带身份证件到服务窗口问一问。"),),
    )


def not_reported(region: Region, _state: CardState = CardState.NORMAL) -> Ended:
    """No report stands: none was made, or its term is over."""
    return refused(
        region,
        reason="not_reported",
        code="R-18",
        title=say("这张卡没有在挂失中"),
        why=say("没有挂失过，或者挂失已经到期自动解除。卡可以正常用。"),
        instead=(say("可以选“查我的卡”，看看卡的状态。"),),
    )


def state_to_lift(region: Region, state: CardState) -> Ended:
    """Taking a report back, and the card is not temporarily lost."""
    match state:
        case CardState.NORMAL:
            return not_reported(region)
        case CardState.LOST:
            return formally_lost(region)
        case CardState.CANCELLED:
            return cancelled_card(region)
        case _:
            return card_state(region, state)


def already_filed(region: Region, told: FilingTold) -> Ended:
    """The same matter stands open."""
    progress = region.offers(Service.FILING_PROGRESS)
    return refused(
        region,
        reason="already_filed",
        code="R-40",
        title=say("已经交过了"),
        why=say("受理号 {number}，还在办。不用再交一次。", number=Verbatim(told.number)),
        instead=(say("想知道办到哪一步，请回首页选“查进度”。"),) if progress else (),
    )


def unknown_person(region: Region, service: Service) -> Ended:
    """Number and name are nobody's here."""
    return refused(
        region,
        reason="unknown_person",
        code="R-41",
        title=say("查不到您的登记"),
        why=say("{region}的社保中心没有您的号码和姓名。", region=in_words(region.pack.name)),
        instead=(say("在别处参保的，请到参保地办。"), *go_to(region.service(service).place)),
    )


def not_insured(region: Region, service: Service) -> Ended:
    """The person is known and not insured."""
    first = region.pack.application.insured_first
    cited = first if service is Service.CARD_APPLICATION and first.value else None
    return refused(
        region,
        reason="not_insured",
        code="R-42",
        title=say("您还没有参保"),
        why=say("参加了社会保险，才能办这件事。"),
        instead=(say("请先办参保登记，再来办。"), *go_to(region.service(service).place)),
        rule="application.insured_first" if cited is not None else "",
        cited=cited,
    )


def has_card(region: Region) -> Ended:
    """A first card, and there is one."""
    one = region.pack.application.one_per_number
    return refused(
        region,
        reason="has_card",
        code="R-43",
        title=say("您已经有卡了"),
        why=in_words(one.value) if one.value is not None else say("一个人只能有一张社会保障卡。"),
        instead=(say("卡丢了：请回首页选“卡丢了、找到了”。"), say("卡用不了：请选“卡用不了？”，查查哪里不对。")),
        rule="application.one_per_number" if one.value is not None else "",
        cited=one,
    )


def no_card(region: Region) -> Ended:
    """The matter is about a card, and the person has none."""
    return refused(
        region,
        reason="no_card",
        code="R-44",
        title=say("没有查到您的卡"),
        why=say("有社会保障卡的人，才能办这件事。"),
        instead=(say("还没有卡的：请回首页选“办卡、办别的事”。"),),
    )


def nothing_to_rest_on(region: Region, kind: IssuedPaper | None) -> Ended:
    """A paper without what it goes with."""
    match kind:
        case IssuedPaper.TEMPORARY_CARD:
            why = say("正在申领新卡的人，才能开。")
        case IssuedPaper.COLLECTION_SLIP:
            why = say("卡做好了、可以领了，才能开。")
        case IssuedPaper.CANCEL_NOTICE:
            why = say("先交了销卡申请，才能开。")
        case _:
            why = say("正在补卡、换卡的人，才能开。")
    place = region.pack.papers[kind].place if kind is not None else region.service(Service.PAPERS).place
    name = issued_in_words(region, kind) if kind is not None else say("证明")
    return refused(
        region,
        reason="nothing_to_rest_on",
        code="R-45",
        title=say("现在开不了{name}", name=name),
        why=why,
        instead=go_to(place),
        cited=place,
    )


def no_papers(region: Region) -> Ended:
    """The region has none of the papers, or nobody states that it has."""
    return refused(
        region,
        reason="no_papers",
        code="R-48",
        title=say("这里没有可以开的证明"),
        why=say("本地手册没有写明有哪种证明。"),
        instead=go_to(region.service(Service.PAPERS).place),
    )


def late(region: Region, service: Service) -> Ended:
    """The term has passed: a window decides."""
    return refused(
        region,
        reason="late",
        code="R-46",
        title=say("过了办理的期限"),
        why=say("期限已经过了，能不能补办，要由窗口来定。"),
        instead=go_to(region.service(service).place),
    )


def no_offsite_groups(region: Region) -> Ended:
    """The pack opens the registration and does not say for whom."""
    return refused(
        region,
        reason="no_offsite_groups",
        code="R-55",
        title=say("这里不能备案"),
        why=say("本地手册没有写明哪些人可以备案。"),
        instead=go_to(region.pack.offsite.place),
        rule="offsite.groups",
    )


def no_data_to_change(region: Region) -> Ended:
    """The pack opens the notice and does not say of what."""
    return refused(
        region,
        reason="no_data_to_change",
        code="R-56",
        title=say("这里不能登记"),
        why=say("本地手册没有写明哪些信息可以改。"),
        instead=go_to(region.service(Service.DATA_CHANGE).place),
        rule="data_change.data",
    )


def no_steps_after_death(region: Region) -> Ended:
    """The pack does not say what the family does."""
    return refused(
        region,
        reason="no_steps_after_death",
        code="R-57",
        title=say("由家属到窗口办"),
        why=say("要带什么、怎样办，本地手册没有写明。"),
        instead=go_to(region.service(Service.CANCELLING).place),
        rule="cancelling.death_steps",
    )


def needs_guardian(region: Region, service: Service, below: int) -> Ended:
    """A child: a window sees the child's papers and the guardian.

    :param below: the age in years below which this holds.
    """
    rules = region.pack.application
    papers = rules.minor_papers.value if service is Service.CARD_APPLICATION else None
    bring = (say("请带：{papers}", papers=papers_in_words(region, papers)),) if papers else ()
    business = BUSINESS_OF.get(service)
    here = business is not None and region.may_send(business)
    return refused(
        region,
        reason="needs_guardian",
        code="R-47",
        title=say("不满 {age} 岁，要监护人来办", age=below) if here else say("不满 {age} 岁，要到窗口办", age=below),
        why=(
            say("监护人可以在这里选“替孩子办”，也可以一起去窗口。")
            if here
            else say("孩子的事，要监护人一起去，窗口才能办。")
        ),
        instead=(*bring, *go_to(region.service(service).place)),
        rule="application.minor_below" if papers else "",
        cited=rules.minor_papers if papers else None,
    )


def _if_not_found(loss: LossRules, reported_at_ms: int | None) -> tuple[Say, ...]:
    """Where the written report is made, and by when where that is stated."""
    place = loss.formal_place
    due = formal_report_due(loss.formal_deadline, reported_at_ms)
    told = (say("找不到卡，要办正式挂失：{place}", place=in_words(place.value)),) if place.value is not None else ()
    return (*told, *((due,) if due is not None else ()))
