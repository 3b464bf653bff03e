"""How the making of a new card came out: what its holder has, what waits for them, what is left to do.

Region rules: activation, pin.
"""

from dataclasses import dataclass, field
from typing import assert_never

from kiosk.journeys import refusals
from kiosk.journeys.amounts import yuan
from kiosk.journeys.counter_words import in_words
from kiosk.journeys.faults import CLOSE
from kiosk.journeys.frame import Ending, Progress, Session
from kiosk.journeys.guide import bank_side, pages
from kiosk.journeys.issuing import End, Issued
from kiosk.journeys.paging import turned
from kiosk.journeys.slips import slip
from kiosk.journeys.views import Fact, Fault, Result
from kiosk.journeys.wording import Say, Verbatim, say
from kiosk.policy.card_rules import SocialSideStart
from kiosk.policy.pack import HeldBy, InitialPin
from kiosk.policy.region import Region
from kiosk.records.issuance import AbandonedWhy
from kiosk.records.transaction import Outcome, Service


@dataclass(frozen=True, slots=True)
class Made:
    """What was to be made."""

    exchange: bool
    fee_fen: int
    number: str = field(repr=False)
    """Social security number of its holder: of some, nobody can type the initial PIN."""


def told(session: Session, progress: Progress, made: Made, issued: Issued) -> Ending:
    """The pages for how it ended. What was paid is a card, a refund or an open case, and they say which."""
    match issued.end:
        case End.TAKEN:
            progress.outlook = say("新卡已经给您了。")
            return _taken(session, made, issued)
        case End.RETAINED:
            progress.outlook = say("旧卡已经作废，新卡收在机器里，等您来领。")
            return _retained(session, made, issued)
        case End.UNSEEN:
            progress.outlook = say("旧卡已经作废，新卡是有效的。没拿到的，请找工作人员。")
            return _unseen(session, made, issued)
        case End.ABANDONED:
            return _abandoned(session, made, issued)
        case End.UNSETTLED:
            return _unsettled(session, made, issued)
        case other:
            assert_never(other)


def _taken(session: Session, made: Made, issued: Issued) -> Ending:
    region = session.region
    result = Result(
        title=say("新卡办好了"),
        facts=(
            Fact(say("社保功能"), _since_when(region, issued), key=True),
            Fact(say("旧卡"), say("已作废，机器收走了") if made.exchange else say("已正式挂失、作废")),
            *((Fact(say("银行功能"), say("还要到银行开通")),) if region.has_bank_side else ()),
        ),
        note=None,
        actions=(),
    )
    start, pin, bank = _starting(region, issued), _pin_steps(region, made.number), bank_side(region)
    now = _initial_pin_stops(region) and _is_changed_here(region, made.number) and not issued.sealed
    # The PIN stands in the code as well: who is tired of reading still takes it home.
    receipt = slip(session, _NAME, (*_day_and_fee(session, made), *pin), (), further=(*start, *bank))
    shown = (*pin[:-1], say("看完这几页，就在这里改密码：请拿着新卡。")) if now else pin
    steps = (*start, *shown, *bank)
    onward = Service.PIN_CHANGE if now else None
    return Ending(Outcome.DONE, turned((result, *pages(say("接下来"), *steps), receipt)), onward=onward)


_NAME = say("补换社会保障卡")


def _day_and_fee(session: Session, made: Made) -> tuple[Say, ...]:
    fee = (say("收费 {amount} 元。", amount=Verbatim(yuan(made.fee_fen))),) if made.fee_fen else ()
    return (say("办理日期 {day}", day=Verbatim(session.today.isoformat())), *fee)


def _since_when(region: Region, issued: Issued) -> Say:
    if issued.sealed:
        return say("还要启用，才能用")
    if _initial_pin_stops(region):
        return say("改了初始密码就能用")
    return say("已经能用了")


def _initial_pin_stops(region: Region) -> bool:
    """Whether the new chip's initial PIN has to be changed first. A PIN that the centre holds goes over as it was."""
    if region.pin_held_by is HeldBy.CENTRE:
        return False
    after_change = region.pack.activation.social_side.value is SocialSideStart.AFTER_PIN_CHANGE
    return after_change or region.demands_pin_change_first


def _starting(region: Region, issued: Issued) -> tuple[Say, ...]:
    return refusals.how_to_start(region) if issued.sealed else ()


def _pin_steps(region: Region, number: str) -> tuple[Say, ...]:
    """Which PIN the new card has, and how it is changed: here and now where that can be done."""
    pin = region.pack.pin
    if region.pin_held_by is HeldBy.CENTRE:
        return (say("密码没有变，还是原来的。"),)
    if region.initial_pin is not None:
        which: tuple[Say, ...] = (say("新卡的初始密码是 {pin}，人人知道。", pin=Verbatim(region.initial_pin)),)
    elif pin.initial.value == InitialPin.LAST_SIX_OF_SOCIAL_SECURITY_NUMBER.value:
        which = (say("新卡的初始密码是社会保障号码的后六位。"),)
    else:
        which = (say("新卡的密码是初始密码。"),)
    if region.initial_pin_untypable(number) and pin.forgotten.value is not None:
        return (*which, say("号码末位是 X，机器上改不了：{place}", place=in_words(pin.forgotten.value)))
    if region.offers(Service.PIN_CHANGE):
        return (*which, say("请现在就改：回首页选“改密码”，插新卡。"))
    place = pin.change.value
    return (*which, *((say("请尽快改：{place}", place=in_words(place)),) if place is not None else ()))


def _is_changed_here(region: Region, number: str) -> bool:
    return region.offers(Service.PIN_CHANGE) and not region.initial_pin_untypable(number)


def _retained(session: Session, made: Made, issued: Issued) -> Ending:
    result = Result(
        title=say("新卡没有拿走，先收好了"),
        facts=_collected(issued),
        note=say("旧卡已经作废。新卡是您的，不用再办，也不用再付钱。"),
        actions=(),
        in_force=False,
    )
    return _open_case(session, made, issued, result)


def _unseen(session: Session, made: Made, issued: Issued) -> Ending:
    result = Result(
        title=say("机器没看清新卡拿走没有"),
        facts=_collected(issued),
        note=say("旧卡已经作废，拿到的新卡就能用。不用再办，也不用再付钱。"),
        actions=(),
        in_force=False,
    )
    return _open_case(session, made, issued, result)


def _collected(issued: Issued) -> tuple[Fact, ...]:
    where = Verbatim(issued.place) if issued.place else say("请找工作人员")
    return (Fact(say("没拿到的，带身份证去领"), where),)


def _open_case(session: Session, made: Made, issued: Issued, result: Result) -> Ending:
    not_yet = say("新卡还没有领到")
    where = (say("领新卡：{place}，带身份证", place=Verbatim(issued.place)),) if issued.place else ()
    steps = (*where, *_pin_steps(session.region, made.number))
    receipt = slip(session, _NAME, (*_day_and_fee(session, made), *where), (), further=steps, not_yet=not_yet)
    retained = issued.end is End.RETAINED
    outcome = Outcome.PARTLY_DONE if retained else Outcome.UNKNOWN
    return Ending(outcome, turned((result, receipt)), reason=issued.end.value)


def _abandoned(session: Session, made: Made, issued: Issued) -> Ending:
    region = session.region
    title, code = _why_not(issued.why)
    if issued.old_card_inside:
        means = say("旧卡卡在机器里，没有作废。付了的钱会退给您。")
    elif made.fee_fen:
        means = say("您的卡没有变动。付的 {amount} 元会原路退回。", amount=Verbatim(yuan(made.fee_fen)))
    else:
        means = say("您的卡没有变动。")
    place = region.service(Service.CARD_REPLACEMENT).place.value
    if issued.old_card_inside:
        now = say("请别走开，找工作人员取出旧卡。")
    elif place is not None:
        now = say("请过一会儿再来，或者去：{place}", place=in_words(place))
    else:
        now = say("请换一台机器，或找工作人员。")
    fault = Fault(title=title, means=means, now=now, hotline=region.hotline, code=code, actions=(CLOSE,))
    why = issued.why.value if issued.why is not None else AbandonedWhy.DEVICE.value
    return Ending(Outcome.FAILED, (fault,), reason=f"not_made_{why}")


def _why_not(why: AbandonedWhy | None) -> tuple[Say, str]:
    match why:
        case AbandonedWhy.BLANK:
            return say("这张新卡没有做好，不能给您"), "K-22"
        case AbandonedWhy.REFUSED:
            return say("社保中心没有同意换卡"), "K-23"
        case AbandonedWhy.NO_ANSWER:
            return say("没收到社保中心答复"), "K-24"
        case AbandonedWhy.DEVICE | AbandonedWhy.RESTART | AbandonedWhy.CITIZEN | AbandonedWhy.FEE | None:
            return say("新卡没有做成"), "K-21"
        case other:
            assert_never(other)


def _unsettled(session: Session, made: Made, issued: Issued) -> Ending:
    """Nobody knows which card is the valid one until the centre says so."""
    old = Fact(say("旧卡"), say("先留在机器里")) if issued.old_card_inside else None
    result = Result(
        title=say("还没有办完，社保中心没答复"),
        facts=(
            Fact(say("新卡"), say("先留在机器里，不会给别人")),
            *((old,) if old is not None else ()),
            Fact(say("怎么办"), say("请找工作人员，不用再付钱")),
        ),
        note=say("答复一到，机器自己接着办：新卡留给您领，或者退钱。"),
        actions=(),
        in_force=False,
    )
    lines = (*_day_and_fee(session, made), say("卡还在机器里，请凭这张单子找工作人员。"))
    receipt = slip(session, _NAME, lines, (), further=(), not_yet=say("还没有办完"))
    return Ending(Outcome.UNKNOWN, turned((result, receipt)), reason=issued.end.value)
