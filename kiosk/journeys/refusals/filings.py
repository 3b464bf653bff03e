"""What is filed with an office can't be filed: it stands already, or nothing is there that it could rest on."""

from kiosk.journeys.counter_words import in_words, issued_in_words
from kiosk.journeys.frame import Ended
from kiosk.journeys.refusals.refusing import go_to, refused
from kiosk.journeys.wording import Say, Verbatim, say
from kiosk.policy.region import Region
from kiosk.records.filings import FilingTold, IssuedPaper
from kiosk.records.transaction import Service


def filed_by_another(region: Region, told: FilingTold) -> tuple[Say, ...]:
    """A holder must learn that somebody else has filed in their name; nothing where they did."""
    if not told.by_proxy:
        return ()
    if not region.hotline:
        return (say("这是别人替您交的。不是您让办的，请找工作人员。"),)
    return (say("这是别人替您交的。不是您让办的，请打 {hotline}。", hotline=Verbatim(region.hotline)),)


def already_filed(region: Region, told: FilingTold, *, to_holder: bool = True) -> Ended:
    """The same matter stands open.

    :param to_holder: it is the holder who stands there.
    """
    by_another = filed_by_another(region, told) if to_holder else ()
    progress = region.offers(Service.FILING_PROGRESS)
    return refused(
        region,
        reason="already_filed",
        code="R-40",
        title=say("已经交过了"),
        why=say("受理号 {number}，还在办。不用再交一次。", number=Verbatim(told.number)),
        instead=by_another
        or ((say("想知道办到哪一步：回首页选“办卡、办别的事”，再选“查进度”。"),) if progress else ()),
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
        instead=(say("卡丢了：请回首页选“卡丢了、坏了”。"), say("卡用不了：请选“卡用不了？”，查查哪里不对。")),
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
