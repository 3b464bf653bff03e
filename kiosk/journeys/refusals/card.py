"""The card can't do it: not one of ours, expired, replaced, cancelled, not started."""

from drivers.ports.card_reader import CardKind
from kiosk.journeys.counter_words import in_words, papers_in_words
from kiosk.journeys.frame import Ended
from kiosk.journeys.refusals.refusing import go_to, refused
from kiosk.journeys.wording import Say, say
from kiosk.policy.card_rules import ReplacementReason
from kiosk.policy.region import Region
from kiosk.records.card import CardState
from kiosk.records.questions import CardProof
from kiosk.records.transaction import Service


def no_card_slot(region: Region, service: Service) -> Ended:
    """A card is wanted, and the slot that reads it does not answer."""
    return refused(
        region,
        reason="no_card_slot",
        code="C-01",
        title=say("这台机器现在读不了卡"),
        why=say("办这件事要插卡，插卡的地方现在用不了。请先别插卡。"),
        instead=(say("请换一台机器，或找工作人员。"), *go_to(region.service(service).place)),
    )


def not_a_social_security_card(region: Region, kind: CardKind) -> Ended:
    """Something else is in the slot."""
    ask_staff = say("如果这就是您的社保卡，请找工作人员看一看。")
    instead: tuple[Say, ...]
    match kind:
        case CardKind.BANK_ONLY:
            title, why = say("这是银行卡"), say("这张卡上没有社会保障功能。")
            instead = (say("请把您的社会保障卡插进来。"), ask_staff)
        case CardKind.BLANK:
            title, why = say("这是一张空白卡"), say("这张卡还没有写入持卡人信息。")
            instead = (say("请把它交给工作人员。"),)
        case CardKind.DEAD | CardKind.SILENT:
            title, why = say("读不出这张卡"), say("卡可能插反了，也可能芯片坏了。")
            instead = (say("请让金色芯片朝上、朝前，再插一次。"), say("还是读不出，请找工作人员。"))
        case _:
            title, why = say("这不是社会保障卡"), say("这台机器只认社会保障卡。")
            instead = (say("请把您的社会保障卡插进来。"), ask_staff)
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
