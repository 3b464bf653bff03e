"""Nobody knows who is here: no reader, an unsound identity card, a person whom the centre does not know."""

from kiosk.journeys.counter_words import in_words, papers_in_words
from kiosk.journeys.frame import Ended
from kiosk.journeys.refusals.refusing import go_to, refused
from kiosk.journeys.wording import say
from kiosk.policy.region import BUSINESS_OF, Region
from kiosk.records.transaction import Service


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
