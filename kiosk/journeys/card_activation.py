"""A new card: its social side is started here, and whoever holds it learns what is left to do.

Region rules: services.card_activation, activation, pin.change.
"""

import re
from dataclasses import dataclass, field
from typing import Final, assert_never

from kiosk.journeys import refusals
from kiosk.journeys.counter_words import in_words
from kiosk.journeys.faults import CLOSE, Effect, meaning
from kiosk.journeys.filing import holder_by_id_card, leafed, needs_id_card
from kiosk.journeys.frame import Ended, Ending, Progress, Session, serve
from kiosk.journeys.guide import Pages, bank_side, fee_in_words, old_card, pages
from kiosk.journeys.identify import CANCEL, Identified, identify_card
from kiosk.journeys.paging import turned
from kiosk.journeys.requests import Announce, Distrusted, Journey, Record, Show, Unreachable, ask, ask_centre
from kiosk.journeys.slips import slip
from kiosk.journeys.typed_entries import typed_figures, typed_phone, typed_words
from kiosk.journeys.views import (
    Action,
    Emphasis,
    Explain,
    Fact,
    Fault,
    Intent,
    ReadBack,
    Result,
    Step,
    Working,
)
from kiosk.journeys.without_cards import needs_card
from kiosk.journeys.wording import Personal, PersonName, Say, Verbatim, say
from kiosk.policy.card_rules import Contact, OldCardEnd, SocialSideStart
from kiosk.policy.counter import Paper
from kiosk.policy.region import Region
from kiosk.records.activation import LONGEST_ADDRESS, ActivateCard, ActivationVerdict, CardActivated, ContactData
from kiosk.records.card import CardState
from kiosk.records.masking import mask_address, mask_name, mask_number, mask_phone
from kiosk.records.transaction import Outcome, Service, Stage

POSTCODE_LENGTH: Final = 6
_POSTCODE: Final = re.compile(r"[0-9]{6}", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Shown:
    """Whom the ID card names; nobody where the region wants none."""

    id_number: str = field(default="", repr=False)
    address: str = field(default="", repr=False)
    """As printed on it; empty on documents that have none."""


def card_activation(session: Session) -> Journey[Outcome]:
    """The card proves itself and the ID card its holder; then the centre starts the social side."""
    return (yield from serve(session, Service.CARD_ACTIVATION, _activate))


def _activate(session: Session, progress: Progress) -> Journey[Ending]:
    region = session.region
    if not region.offers(Service.CARD_ACTIVATION):
        raise refusals.activation_not_here(region)
    needs_card(session, Service.CARD_ACTIVATION)
    by_id = _wants_id_card(region)
    if by_id:
        needs_id_card(session, Service.CARD_ACTIVATION)
    yield from leafed(session, _explanation(region), Action(Intent.NEXT, say("插卡启用"), Emphasis.PRIMARY))
    identified = yield from identify_card(
        session, progress, wanted=CardState.SEALED, otherwise=refusals.state_to_activate
    )
    if identified.centre is None:
        raise refusals.without_centre(region, Service.CARD_ACTIVATION, declined=identified.declined)
    asked = region.pack.activation.contact_data.value or ()
    of = by_id + len(asked) + 1
    shown = (yield from _whose(session, progress, Step(1, of))) if by_id else _Shown()
    while True:
        contact = yield from _contact(asked, shown, Step(1 + by_id, of))
        if (yield from ask(Show(_read_back(region, identified, contact, Step(of, of)), personal=True))) is Intent.NEXT:
            break
    question = ActivateCard(transaction_id=session.transaction_id, id_number=shown.id_number, contact=contact)
    answer = yield from _ask(session, progress, question, identified.centre.session_id)
    if answer.verdict is not ActivationVerdict.ACTIVATED:
        raise _refusal(region, answer.verdict)
    progress.effect = Effect.DONE
    progress.done_online = True
    return _started(session, answer)


def _wants_id_card(region: Region) -> bool:
    """Whether the region wants to see whose card it is. A terminal reads one document: the ID card."""
    return not {Paper.ID, Paper.ID_CARD}.isdisjoint(region.pack.activation.papers.value or ())


def _explanation(region: Region) -> Pages:
    needed = say("要用新卡和您本人的身份证。") if _wants_id_card(region) else say("要用新卡。")
    fee = region.service(Service.CARD_ACTIVATION).fee_fen.value
    asked = (say("还会请您留下怎样联系您。"),) if region.pack.activation.contact_data.value else ()
    return (
        *pages(
            say("启用新卡"),
            say("启用以后，看病、买药才能刷这张卡。"),
            say("{needed}{fee}", needed=needed, fee=fee_in_words(fee)) if fee is not None else needed,
            *asked,
        ),
        *pages(say("旧的医保卡怎么办"), *old_card(region)),
    )


def _whose(session: Session, progress: Progress, step: Step) -> Journey[_Shown]:
    """Let nobody start a card that was made for somebody else.

    :raises Ended: the ID card may not be used, is a child's, or names another person.
    """
    holder = yield from holder_by_id_card(session, Service.CARD_ACTIVATION, step)
    if holder.number != progress.social_security_number:
        raise refusals.not_the_card_holder(session.region)
    return _Shown(holder.number, holder.document.address if holder.document is not None else "")


def _contact(asked: tuple[Contact, ...], shown: _Shown, first: Step) -> Journey[ContactData]:
    """What the region asks for, one after the other."""
    told: dict[Contact, str | None] = {}
    for at, one in enumerate(asked):
        step = Step(first.number + at, first.of)
        match one:
            case Contact.PHONE:
                told[one] = yield from typed_phone(say("请输入手机号码"), say("有事好通知您。"), step)
            case Contact.ADDRESS:
                told[one] = yield from _address(shown, step)
            case Contact.POSTCODE:
                told[one] = yield from _postcode(step)
            case other:
                assert_never(other)
    return ContactData(
        phone=told.get(Contact.PHONE), address=told.get(Contact.ADDRESS), postcode=told.get(Contact.POSTCODE)
    )


def _postcode(step: Step) -> Journey[str | None]:
    title, line = say("请输入邮政编码"), say("六位数字。不知道的，请问工作人员。")
    wrong = say("邮政编码是六位数字，请改一改。")
    return (yield from typed_figures(title, line, POSTCODE_LENGTH, _POSTCODE, wrong, step))


def _address(shown: _Shown, step: Step) -> Journey[str]:
    """Where letters go: as on the ID card, which nobody has to type, or another place."""
    if _may_be_an_address(shown.address) and (yield from _as_on_the_id_card(step)):
        return shown.address.strip()
    title, line = say("请输入通讯地址"), say("门牌号也用汉字，比如“五号”。")
    return (yield from typed_words(title, line, step, _may_be_an_address, say("请输入地址，再按“输好了”。")))


def _as_on_the_id_card(step: Step) -> Journey[bool]:
    view = Explain(
        title=say("信寄到哪里？"),
        lines=(say("可以寄到身份证上的地址，不用打字。"), say("搬了家的，自己输新地址。")),
        step=step,
        actions=(
            CANCEL,
            Action(Intent.TYPE, say("别的地址")),
            Action(Intent.NEXT, say("身份证上的地址"), Emphasis.PRIMARY),
        ),
    )
    return (yield from ask(Show(view))) is not Intent.TYPE


def _may_be_an_address(text: str) -> bool:
    # Figures alone come from a tap on the telephone's button that was heard too late.
    stripped = text.strip()
    return 2 <= len(stripped) <= LONGEST_ADDRESS and stripped.isprintable() and not stripped.isdecimal()


def _read_back(region: Region, identified: Identified, contact: ContactData, step: Step) -> ReadBack:
    facts = _contact_facts(contact)
    again = (Action(Intent.AGAIN, say("不对，重新填")),) if facts else ()
    ends = region.pack.activation.old_card_ends.value is OldCardEnd.AT_ACTIVATION
    return ReadBack(
        title=say("请核对，再启用"),
        facts=facts or _person(identified),
        note=say("启用以后，旧的医保卡就停用。") if ends else say("启用的是社保功能，银行功能不受影响。"),
        step=step,
        actions=(
            CANCEL,
            *again,
            Action(Intent.NEXT, say("对，启用这张卡"), Emphasis.PLAIN, say("都对，启用这张卡")),
        ),
    )


def _person(identified: Identified) -> tuple[Fact, ...]:
    holder = identified.holder
    if holder is None:  # a session with the centre has read it
        return ()
    number = holder.social_security_number
    return (
        Fact(say("姓名"), PersonName(mask_name(holder.name), holder.name)),
        Fact(say("身份证号码"), Personal(mask_number(number), number)),
    )


def _contact_facts(contact: ContactData) -> tuple[Fact, ...]:
    """Two at most, so that the note below them is seen: a postcode goes with the address."""
    phone, address, postcode = contact.phone, contact.address, contact.postcode
    by_phone = (Fact(say("手机号码"), Personal(mask_phone(phone), phone)),) if phone is not None else ()
    if address is None:
        return (*by_phone, *((Fact(say("邮政编码"), Verbatim(postcode)),) if postcode is not None else ()))
    if postcode is None:
        return (*by_phone, Fact(say("通讯地址"), Personal(mask_address(address), address)))
    both = Personal(f"{mask_address(address)} {postcode}", f"{address} {postcode}")
    return (*by_phone, Fact(say("通讯地址、邮政编码"), both))


def _ask(session: Session, progress: Progress, question: ActivateCard, session_id: str) -> Journey[CardActivated]:
    """Put it to the centre; on record before and, by the frame, after.

    :raises Ended: no answer came that can be believed.
    """
    yield from ask(Record(progress.transaction(Stage.BEGUN)))
    progress.began = True
    yield from ask(Announce(Working(say("正在启用"), say("请稍候，不要拔卡。"))))
    progress.effect = Effect.MAYBE
    answer = yield from ask_centre(question, CardActivated, session_id)
    if isinstance(answer, Unreachable | Distrusted) and answer.maybe_done:
        raise Ended(Ending(Outcome.UNKNOWN, (_unknown_view(session),), reason="answer_lost"))
    progress.effect = Effect.NONE
    if isinstance(answer, Unreachable | Distrusted):
        raise refusals.no_answer(session.region, Service.CARD_ACTIVATION, answer)
    return answer


def _refusal(region: Region, verdict: ActivationVerdict) -> Ended:
    match verdict:
        case ActivationVerdict.IN_USE:
            return refusals.already_activated(region)
        case ActivationVerdict.LOCKED:
            return refusals.card_state(region, CardState.LOCKED)
        case ActivationVerdict.ALREADY_REPORTED:
            return refusals.card_state(region, CardState.TEMPORARILY_LOST)
        case ActivationVerdict.FORMALLY_LOST:
            return refusals.formally_lost(region)
        case ActivationVerdict.CANCELLED:
            return refusals.cancelled_card(region)
        case ActivationVerdict.REPLACED:
            return refusals.replaced_card(region)
        case ActivationVerdict.ANOTHER_CARD:
            return refusals.another_card(region)
        case ActivationVerdict.HOLDER_MISMATCH:
            return refusals.not_the_card_holder(region)
        case ActivationVerdict.NOT_OPEN | ActivationVerdict.ACTIVATED:
            return refusals.activation_not_here(region)
        case other:
            assert_never(other)


def _started(session: Session, answer: CardActivated) -> Ending:
    region = session.region
    result = Result(
        title=say("新卡启用好了"),
        facts=(Fact(say("社保功能"), _since_when(region), key=True), *_old_card_fact(region), *_bank_fact(answer)),
        note=None,
        actions=(),
    )
    steps = (*_pin_step(region), *(bank_side(region) if answer.bank_side_active is not True else ()))
    day = say("办理日期 {day}", day=Verbatim(session.today.isoformat()))
    receipt = slip(session, say("启用社会保障卡"), (day,), (), further=(*steps, *old_card(region)))
    return Ending(Outcome.DONE, turned((result, *pages(say("接下来"), *steps), receipt)))


def _since_when(region: Region) -> Say:
    if region.pack.activation.social_side.value is SocialSideStart.AFTER_PIN_CHANGE:
        return say("改了初始密码就能用")
    return say("已经能用了")


def _old_card_fact(region: Region) -> tuple[Fact, ...]:
    match region.pack.activation.old_card_ends.value:
        case OldCardEnd.AT_ACTIVATION:
            return (Fact(say("旧的医保卡"), say("已停用")),)
        case OldCardEnd.AT_FIRST_USE:
            return (Fact(say("旧的医保卡"), say("用过新卡就停用")),)
        case None:
            return ()
        case other:
            assert_never(other)


def _bank_fact(answer: CardActivated) -> tuple[Fact, ...]:
    if answer.bank_side_active is None:
        return ()
    return (Fact(say("银行功能"), say("已经开通了") if answer.bank_side_active else say("还要到银行开通")),)


def _pin_step(region: Region) -> tuple[Say, ...]:
    """The initial PIN, where the card does not work before it is changed."""
    if region.pack.activation.social_side.value is not SocialSideStart.AFTER_PIN_CHANGE:
        return ()
    if region.offers(Service.PIN_CHANGE):
        return (say("先改密码：请回首页选“改密码”，现在就能改。"),)
    place = region.pack.pin.change.value
    return (say("先改密码：{place}", place=in_words(place)),) if place is not None else ()


def _unknown_view(session: Session) -> Fault:
    return Fault(
        title=say("没收到社保中心答复"),
        means=meaning(Service.CARD_ACTIVATION, Effect.MAYBE),
        now=say("请再办一次，启用过了会告诉您。也可以打电话问。"),
        hotline=session.region.hotline,
        code="N-03",
        actions=(CLOSE,),
    )
