"""What is on my card, and what does the centre have for me? Region rules: services.card_query, pin."""

from drivers.ports.card_reader import HolderData, IssuerData
from kiosk.journeys import refusals
from kiosk.journeys.frame import Ending, Progress, Session, serve
from kiosk.journeys.identify import CentreSession, Identified, identify_card
from kiosk.journeys.paging import FROM_SLIP, page, turning
from kiosk.journeys.pin_entry import (
    CentrePad,
    centre_pad,
    chip_pin,
    is_forbidden_initial_pin,
    last_try_note,
    pin_name,
    pin_view,
    tries_note,
)
from kiosk.journeys.refusals import in_words
from kiosk.journeys.requests import Announce, Distrusted, Journey, Unreachable, ask, ask_centre
from kiosk.journeys.slips import slip
from kiosk.journeys.views import Fact, Result, Slip, View, Working
from kiosk.journeys.wording import Personal, PersonName, Say, Verbatim, say
from kiosk.policy.pack import HeldBy
from kiosk.policy.region import Region
from kiosk.records.card import CardState
from kiosk.records.masking import mask_card_number, mask_name, mask_number
from kiosk.records.questions import GetRecord, HolderRecord, InsuranceStatus, PinVerdict, RecordAnswer
from kiosk.records.transaction import Outcome, Service

FACTS_A_PAGE = 3  # docs/ux-rules.md rule 1

_STATE_WORDS = {
    CardState.SEALED: say("还没有启用"),
    CardState.NORMAL: say("正常"),
    CardState.LOST: say("已挂失"),
    CardState.LOCKED: say("社保功能已锁定"),
    CardState.TEMPORARILY_LOST: say("已临时挂失"),
    CardState.CANCELLED: say("已注销"),
}
_INSURANCE_WORDS = {
    "pension": say("养老保险"),
    "medical": say("医疗保险"),
    "unemployment": say("失业保险"),
    "work_injury": say("工伤保险"),
    "maternity": say("生育保险"),
}


def card_query(session: Session) -> Journey[Outcome]:
    """Show the chip's part and the centre's part; without the centre the chip's part only, and say so."""
    return (yield from serve(session, Service.CARD_QUERY, _query))


def _query(session: Session, progress: Progress) -> Journey[Ending]:
    region = session.region
    if not region.offers(Service.CARD_QUERY):
        raise refusals.not_offered(region, Service.CARD_QUERY)
    identified = yield from identify_card(session, progress)
    if identified.centre is None:
        refusals.unless_by_chip(region, Service.CARD_QUERY, declined=identified.declined)
    if region.asks_pin(Service.CARD_QUERY):
        match region.pin_held_by:
            case HeldBy.CHIP:
                pin = yield from chip_pin(session, progress, say("请在键盘上输入{pin}", pin=pin_name(region)))
                if is_forbidden_initial_pin(region, pin):
                    raise refusals.initial_pin_in_use(region)
            case HeldBy.CENTRE:
                centre, pad = yield from centre_pad(session, identified, Service.CARD_QUERY)
                answer = yield from _record_by_centre_pin(session, centre, pad)
                progress.done_online = answer.record is not None
                return _ending(session, identified, answer)
    if identified.centre is None:
        return _chip_only(session, identified)
    yield from ask(Announce(Working(say("正在查询"), say("请稍候，不要拔卡。"))))
    question = GetRecord(transaction_id=session.transaction_id)
    answer_or_not = yield from ask_centre(question, RecordAnswer, identified.centre.session_id)
    if isinstance(answer_or_not, Unreachable | Distrusted):
        declined = isinstance(answer_or_not, Distrusted) and answer_or_not.declined
        refusals.unless_by_chip(region, Service.CARD_QUERY, declined=declined)
        return _chip_only(session, identified)
    progress.done_online = answer_or_not.record is not None
    return _ending(session, identified, answer_or_not)


def _record_by_centre_pin(session: Session, centre: CentreSession, pad: CentrePad) -> Journey[RecordAnswer]:
    note = last_try_note(centre.pin_tries_left)
    title = say("请在键盘上输入{pin}", pin=pin_name(session.region))
    while True:
        block = yield from pad.block(pin_view(session, title, note=note))
        yield from ask(Announce(Working(say("正在查询"), say("请稍候，不要拔卡。"))))
        question = GetRecord(transaction_id=session.transaction_id, pin_block=block.cipher, pad_serial=pad.pad.serial)
        answer = yield from ask_centre(question, RecordAnswer, centre.session_id)
        if isinstance(answer, Unreachable | Distrusted):
            raise refusals.no_answer(session.region, Service.CARD_QUERY, answer)
        match answer.pin:
            case PinVerdict.ACCEPTED | PinVerdict.NOT_ASKED:
                return answer
            case PinVerdict.LOCKED:
                raise refusals.pin_locked(session.region)
            case PinVerdict.WRONG:
                note = tries_note(answer.pin_tries_left)
            case PinVerdict.UNREADABLE:
                raise refusals.not_ready(session.region, Service.CARD_QUERY)


def _ending(session: Session, identified: Identified, answer: RecordAnswer) -> Ending:
    if answer.record is None:
        return _chip_only(session, identified)
    views = _pages(_record_facts(session.region, answer.record), say("您的社保卡信息"))
    return Ending(Outcome.DONE, (*views, _slip(session)), personal=True)


def _slip(session: Session, note: Say | None = None) -> Slip:
    day = say("办理日期 {day}", day=Verbatim(session.today.isoformat()))
    further = (say("只是查询，您的卡和钱都没有变动。"), *((note,) if note is not None else ()))
    return slip(session, say("社保卡信息查询"), (day,), FROM_SLIP, further=further)


def _chip_only(session: Session, identified: Identified) -> Ending:
    facts = _chip_facts(identified.issuer, identified.holder)
    note = say("现在联系不上社保中心，只能看到卡里存的信息。账户余额请稍后再查。")
    return Ending(
        Outcome.PARTLY_DONE,
        (*_pages([(facts, note)], say("您卡里的信息")), _slip(session, note)),
        reason="centre_unreachable",
        personal=True,
    )


def _chip_facts(issuer: IssuerData, holder: HolderData | None) -> list[Fact]:
    card_number = Personal(mask_card_number(issuer.card_number), issuer.card_number)
    facts = [
        Fact(say("卡号"), card_number),
        Fact(say("有效期至"), Verbatim(issuer.expires_on.isoformat())),
    ]
    if holder is not None:
        number = holder.social_security_number
        facts = [
            Fact(say("姓名"), PersonName(mask_name(holder.name), holder.name)),
            Fact(say("社会保障号码"), Personal(mask_number(number), number)),
            *facts,
        ]
    return facts


def _record_facts(region: Region, record: HolderRecord) -> list[tuple[list[Fact], Say | None]]:
    facts = [
        Fact(say("姓名"), PersonName(mask_name(record.name), record.name)),
        Fact(say("卡的状态"), _STATE_WORDS[record.card_state]),
    ]
    said = region.pack.medical_account.value
    note = in_words(said) if said is not None else None
    if record.medical_account_fen is not None:
        balance = say("{amount} 元", amount=Verbatim(yuan(record.medical_account_fen)))
        facts = [Fact(say("医保个人账户余额"), balance, key=True), *facts]
        if note is None and record.medical_account_as_of:
            note = say("余额截至 {day}。", day=Verbatim(record.medical_account_as_of))
    groups: list[tuple[list[Fact], Say | None]] = [
        (facts, note),
        ([_insurance_fact(item) for item in sorted(record.insurances, key=_insurance_order)], None),
    ]
    if record.bank:
        active = say("已激活") if record.bank_side_active else say("还没有激活，请到发卡银行办理")
        groups.append(
            (
                [
                    Fact(say("银行账户"), Verbatim(record.bank)),
                    Fact(say("账号"), Verbatim(record.bank_account)),
                    Fact(say("银行功能"), active),
                ],
                say("社保账户和银行账户各管各的，钱不能互转。银行余额请问银行。"),
            )
        )
    return groups


def _insurance_order(insurance: InsuranceStatus) -> int:
    """The order in which people name them: pension and medical first."""
    known = list(_INSURANCE_WORDS)
    return known.index(insurance.kind) if insurance.kind in known else len(known)


def _insurance_fact(insurance: InsuranceStatus) -> Fact:
    value = say("已停保")
    if insurance.active:
        month = insurance.paid_until
        value = say("正常参保，缴到 {month}", month=Verbatim(month)) if month else say("正常参保")
    return Fact(_INSURANCE_WORDS.get(insurance.kind, say("其他保险")), value)


def _pages(groups: list[tuple[list[Fact], Say | None]], title: Say) -> tuple[View, ...]:
    pages = [
        (facts[start : start + FACTS_A_PAGE], note)
        for facts, note in groups
        for start in range(0, len(facts), FACTS_A_PAGE)
    ]
    return tuple(
        Result(
            title,
            tuple(facts),
            note,
            turning(number, len(pages), slip_behind=True),
            page(number, len(pages)),
        )
        for number, (facts, note) in enumerate(pages, 1)
    )


def yuan(fen: int) -> str:
    """An amount of fen as yuan with two decimals and grouped thousands: 1234567 → 12,345.67."""
    sign = "-" if fen < 0 else ""
    whole, rest = divmod(abs(fen), 100)
    return f"{sign}{whole:,}.{rest:02}"
