"""No new card is made here: why not, and where one is had."""

from typing import assert_never

from kiosk.journeys.frame import Ended
from kiosk.journeys.guide import changing_data
from kiosk.journeys.issuing_requests import Unprintable
from kiosk.journeys.refusals.refusing import go_to, refused
from kiosk.journeys.wording import Say, Verbatim, say
from kiosk.policy.region import Region
from kiosk.records.transaction import Service


def makes_no_cards(region: Region) -> Ended:
    """The printer is not ready, no blank is left, or a card is half made."""
    return _at_a_window(
        region,
        reason="no_card_maker",
        code="K-01",
        title=say("这台机器现在做不了卡"),
        why=say("是机器的问题，不是您的卡有问题。什么都没有改动。"),
    )


def takes_no_portraits(region: Region) -> Ended:
    """There is no camera, and a card has its holder's face on it."""
    return _at_a_window(
        region,
        reason="no_camera",
        code="K-02",
        title=say("这台机器现在拍不了照片"),
        why=say("新卡上要印您的照片，没有照片做不了。"),
    )


def keeps_no_old_cards(region: Region) -> Ended:
    """An exchange, and the slot can't take the old card in."""
    return _at_a_window(
        region,
        reason="no_capture_unit",
        code="K-03",
        title=say("这台机器收不了旧卡"),
        why=say("换卡要把旧卡收回。这台机器只能给卡丢了的人补卡。"),
    )


def no_portrait(region: Region) -> Ended:
    """No picture: not wanted, not possible, or none came out."""
    return _at_a_window(
        region,
        reason="no_portrait",
        code="K-04",
        title=say("没有照片，这里做不了卡"),
        why=say("新卡没有做，别的都没有变动。窗口可以用别的照片办。"),
    )


def not_made_here(region: Region) -> Ended:
    """The centre's rules let no terminal make a card, or not for this reason."""
    return _at_a_window(
        region,
        reason="not_open",
        code="K-05",
        title=say("这样的新卡要到窗口办"),
        why=say("社保中心说，您这种情况不在机器上做卡。"),
    )


def incomplete(region: Region) -> Ended:
    """The centre lacks something that the chip must carry."""
    return _at_a_window(
        region,
        reason="incomplete",
        code="K-06",
        title=say("您登记的资料还不全"),
        why=say("卡里要写的资料，社保中心还缺一样，要先补上。"),
    )


def no_payment(region: Region) -> Ended:
    """It costs something, and nobody takes the money here."""
    return _at_a_window(
        region,
        reason="no_payment",
        code="K-07",
        title=say("这里现在收不了费"),
        why=say("做新卡要收工本费，机器现在收不了。没有扣您的钱。"),
    )


def reported_lost(region: Region) -> Ended:
    """An exchange of a card that is reported lost."""
    found = (say("卡找到了：请回首页选“卡丢了、坏了”，先撤销挂失。"),) if region.offers(Service.LOSS_LIFTING) else ()
    return refused(
        region,
        reason="reported_lost",
        code="K-08",
        title=say("这张卡还在挂失中"),
        why=say("挂失的卡不能拿来换，只能按丢了补办。"),
        instead=(*found, say("卡真的没了：请重来一次，选卡丢了。"), *_where(region)),
    )


def being_made(region: Region) -> Ended:
    """A new card is being made, by an office or at a terminal."""
    return refused(
        region,
        reason="replacement_running",
        code="K-09",
        title=say("您的新卡已经在做了"),
        why=say("一个人只做一张，不用再办。"),
        instead=(
            say("刚在机器上办到一半的，请过一刻钟再来。"),
            *((say("办到哪一步，请打 {hotline} 问。", hotline=Verbatim(region.hotline)),) if region.hotline else ()),
        ),
    )


def waits_for_you(region: Region, place: str) -> Ended:
    """A new card was made, and waits."""
    where = say("请带身份证，到这里领：{place}", place=Verbatim(place)) if place else say("请带身份证，到窗口领。")
    return refused(
        region,
        reason="card_waits",
        code="K-10",
        title=say("您的新卡做好了，等您去领"),
        why=say("旧卡已经作废。领到新卡就能用，不用再办。"),
        instead=(where,),
    )


def unprintable(region: Region, why: Unprintable) -> Ended:
    """It could not be printed whole, or not be right: told before the fee."""
    match why:
        case Unprintable.CHARACTERS:
            title, told = say("您的名字里有这里印不出的字"), say("名字要印得一笔不差，所以这台机器不能做。")
        case Unprintable.NAME_TOO_LONG:
            title, told = say("您的名字太长，卡上印不下"), say("名字要印全，不能缩写，所以这台机器不能做。")
        case Unprintable.DATA:
            title, told = say("社保中心的资料对不上"), say("号码或日期有错，印上去就是一张错卡。")
        case Unprintable.PORTRAIT:
            title, told = say("这张照片做不了卡"), say("照片存不进卡里。")
        case other:
            assert_never(other)
    return _at_a_window(region, reason=f"unprintable_{why.value}", code="K-11", title=title, why=told)


def face_not_right(region: Region) -> Ended:
    """Their holder says that what would be printed is wrong."""
    return refused(
        region,
        reason="face_not_right",
        code="K-12",
        title=say("有不对的，就先不做"),
        why=say("印上去就改不了了。新卡没有做，没有扣您的钱。"),
        instead=(
            say("照片不满意：请重来一次，再拍一张。"),
            say("名字、号码不对：请带身份证件，到窗口先改过来。"),
            *_where(region),
        ),
    )


def not_by_telephone(region: Region) -> Ended:
    """Whoever has no telephone that pays."""
    return _at_a_window(
        region,
        reason="no_telephone",
        code="K-13",
        title=say("不用手机付，请到窗口办"),
        why=say("这台机器只能用手机付。新卡没有做；刚付了的，会退给您。"),
    )


def not_paid(region: Region) -> Ended:
    """Nobody paid in time, as far as the centre knows."""
    return refused(
        region,
        reason="not_paid",
        code="K-14",
        title=say("没有付成，新卡没有做"),
        why=say("过了付款的时间。要是您已经付了，钱会原路退给您。"),
        instead=(say("要做新卡，请从头再来一次。"), *_where(region)),
    )


def paid_too_late(region: Region) -> Ended:
    """It was paid after the time, or another amount: the centre gives it back."""
    return refused(
        region,
        reason="paid_too_late",
        code="K-15",
        title=say("钱会退给您，新卡没有做"),
        why=say("付款到得晚了，或者数目不对。钱会原路退回。"),
        instead=(say("要做新卡，请从头再来一次。"), *_where(region)),
    )


def time_over(region: Region) -> Ended:
    """The centre has ended the reservation meanwhile."""
    return refused(
        region,
        reason="time_over",
        code="K-16",
        title=say("时间太久，这次的办理已经取消"),
        why=say("新卡没有做。要是您已经付了，钱会原路退给您。"),
        instead=(say("要做新卡，请从头再来一次。"), *_where(region)),
    )


def report_first(region: Region) -> Ended:
    """An order for a lost card, and no report stands: without one whoever finds the card uses it."""
    first = region.pack.replacement.lost_first
    here = (
        say("现在就能挂失：回首页选“卡丢了、坏了”，再选“先挂失”。"),
        say("挂失好了，再来选“要一张新卡”。"),
    )
    opened = region.offers(Service.TEMPORARY_LOSS)
    return refused(
        region,
        reason="loss_not_reported",
        code="R-58",
        title=say("要先挂失，再补卡"),
        why=say("这张卡还没有挂失，别人捡到还能用。"),
        instead=here if opened else go_to(region.service(Service.TEMPORARY_LOSS).place),
        rule="replacement.lost_first",
        cited=first if first.value is not None else None,
    )


def papers_first(region: Region) -> Ended:
    """A reason of which an office has to see papers before."""
    rule = region.pack.replacement.window_first
    return refused(
        region,
        reason="papers_first",
        code="R-59",
        title=say("要先把信息改过来"),
        why=say("证明材料要由人来看，机器看不了。改好了再换卡。"),
        instead=go_to(region.service(Service.DATA_CHANGE).place),
        rule="replacement.window_first",
        cited=rule,
        behind=changing_data(region),
    )


def no_reasons(region: Region) -> Ended:
    """The pack opens new cards and does not say what for."""
    return refused(
        region,
        reason="no_replacement_reasons",
        code="R-60",
        title=say("这里不能补卡、换卡"),
        why=say("本地手册没有写明什么情况可以换新卡。"),
        instead=_where(region),
        rule="replacement.reasons",
    )


def _where(region: Region) -> tuple[Say, ...]:
    return go_to(region.service(Service.CARD_REPLACEMENT).place)


def _at_a_window(region: Region, *, reason: str, code: str, title: Say, why: Say) -> Ended:
    """A window makes it."""
    place = region.service(Service.CARD_REPLACEMENT).place
    return refused(
        region,
        reason=reason,
        code=code,
        title=title,
        why=why,
        instead=_where(region) or (say("请到窗口办，或找工作人员。"),),
        rule="services.card_replacement.place" if place.value is not None else "",
        cited=place if place.value is not None else None,
    )
