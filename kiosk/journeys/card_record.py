"""What there is to look at of a card: a few choices, and behind each its pages. Money is fen, and shown in yuan."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, assert_never

from drivers.ports.card_reader import DamagedRecord, HolderData, IssuerData, LoggedKind, LoggedTransaction
from kiosk.journeys.amounts import yuan
from kiosk.journeys.counter_words import in_words
from kiosk.journeys.frame import Ending
from kiosk.journeys.paging import FINISH, LOOK_ON, TO_SLIP, page, turning, turning_behind_a_choice
from kiosk.journeys.views import Choice, Choices, Chosen, Explain, Fact, Result, Slip, View
from kiosk.journeys.wording import Personal, PersonName, Say, Verbatim, say
from kiosk.policy.pack import Rule
from kiosk.policy.region import Region
from kiosk.records.card import CardState
from kiosk.records.masking import mask_card_number, mask_name, mask_number
from kiosk.records.questions import HolderRecord, InsuranceStatus
from kiosk.records.settlement import (
    MedicalYear,
    SettlementReceipt,
    Shares,
    Standing,
    disagreements,
    remaining_deductible,
)
from kiosk.records.transaction import Outcome

FACTS_A_PAGE: Final = 3
"""docs/ux-rules.md rule 1."""
_LOGGED_A_PAGE: Final = 2
"""Each takes two lines before its amount."""
CHIP_ONLY: Final = say("现在联系不上社保中心，只能看到卡里存的信息。账户余额请稍后再查。")

_STATE_WORDS: Final = {
    CardState.SEALED: say("还没有启用"),
    CardState.NORMAL: say("正常"),
    CardState.LOST: say("已挂失"),
    CardState.LOCKED: say("社保功能已锁定"),
    CardState.TEMPORARILY_LOST: say("已临时挂失"),
    CardState.CANCELLED: say("已注销"),
}
_INSURANCE_WORDS: Final = {
    "pension": say("养老保险"),
    "medical": say("医疗保险"),
    "unemployment": say("失业保险"),
    "work_injury": say("工伤保险"),
    "maternity": say("生育保险"),
}
_LOGGED_WORDS: Final = {
    LoggedKind.OUTPATIENT: say("门诊"),
    LoggedKind.INPATIENT: say("住院"),
    LoggedKind.PHARMACY: say("买药"),
    LoggedKind.REFUND: say("退费"),
    LoggedKind.OTHER: say("其他"),
}


class LogUnread:
    """The chip keeps a log and could not tell it."""


Log = tuple[LoggedTransaction | DamagedRecord, ...] | LogUnread | None
"""None where the chip keeps none."""


@dataclass(frozen=True, slots=True)
class _Branch:
    """A choice and what is behind it; further choices that stand on its pages come along."""

    key: str
    label: Say
    line: Say | Verbatim
    pages: tuple[View, ...]
    further: tuple["_Branch", ...] = ()


def of_the_centre(region: Region, record: HolderRecord, log: Log, slip: Slip) -> Ending:
    """Everything that the centre and the chip have, and a slip that says so."""
    branches = [
        _overview(region, record),
        _insurances(record),
        *_medical_years(region, record),
        *_receipts(region, record),
        *_log(region, log),
        *_bank(record),
    ]
    title = say("您的社保卡信息")
    return _ending(Outcome.DONE, title, branches, None, slip)


def of_the_chip(region: Region, issuer: IssuerData, holder: HolderData | None, log: Log, slip: Slip) -> Ending:
    """The chip's part alone, and that the rest must wait."""
    title = say("您卡里的信息")
    facts = _chip_facts(issuer, holder)
    line = say("卡号、有效期") if holder is None else say("姓名、卡号、有效期")
    branches = [_Branch("chip", title, line, _pages([(facts, CHIP_ONLY)], title)), *_log(region, log)]
    ending = _ending(Outcome.PARTLY_DONE, title, branches, CHIP_ONLY, slip)
    return replace(ending, reason="centre_unreachable")


def _ending(outcome: Outcome, title: Say, branches: Sequence[_Branch], note: Say | None, slip: Slip) -> Ending:
    if len(branches) == 1:  # nothing to choose from
        pages = branches[0].pages
        turned = tuple(_turned(view, n, len(pages)) for n, view in enumerate(pages, 1))
        return Ending(outcome, (*turned, slip), personal=True)
    choices = Choices(title, _choices(branches), note, (TO_SLIP[0], FINISH))
    behind = {Chosen(one.key): one.pages for branch in branches for one in (branch, *branch.further)}
    return Ending(outcome, (choices, slip), behind, personal=True)


def _choices(branches: Sequence[_Branch]) -> tuple[Choice, ...]:
    return tuple(Choice(Chosen(branch.key), branch.label, branch.line) for branch in branches)


def _turned(view: View, number: int, of: int) -> View:
    """A page of a matter that stands alone."""
    return replace(view, actions=turning(number, of, slip_behind=True)) if isinstance(view, Result | Explain) else view


def _list(key: str, label: Say, line: Say | Verbatim, title: Say, branches: Sequence[_Branch]) -> _Branch:
    """Several of a kind: a choice that leads to choices."""
    choices = Choices(title, _choices(branches), None, (FINISH, LOOK_ON))
    return _Branch(key, label, line, (choices,), tuple(branches))


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


def _overview(region: Region, record: HolderRecord) -> _Branch:
    state = _STATE_WORDS[record.card_state]
    facts = [
        Fact(say("姓名"), PersonName(mask_name(record.name), record.name)),
        Fact(say("卡的状态"), state),
    ]
    said = region.pack.medical_account.value
    note = in_words(said) if said is not None else None
    line = state
    if record.medical_account_fen is not None:
        facts = [Fact(say("医保个人账户余额"), _yuan(record.medical_account_fen), key=True), *facts]
        line = say("余额 {amount} 元", amount=Verbatim(yuan(record.medical_account_fen)))
        if note is None and record.medical_account_as_of:
            note = say("余额截至 {day}。", day=Verbatim(record.medical_account_as_of))
    label = say("卡和医保账户")
    return _Branch("overview", label, line, _pages([(facts, note)], label))


def _insurances(record: HolderRecord) -> _Branch:
    label = say("参加的保险")
    facts = [_insurance_fact(item) for item in sorted(record.insurances, key=_insurance_order)]
    if not facts:
        return _Branch("insurance", label, say("没有"), _told(label, say("社保中心没有您的参保记录。")))
    return _Branch("insurance", label, say("一共 {count} 种", count=len(facts)), _pages([(facts, None)], label))


def _insurance_order(insurance: InsuranceStatus) -> int:
    """The order in which people name them: pension and medical first."""
    known = list(_INSURANCE_WORDS)
    return known.index(insurance.kind) if insurance.kind in known else len(known)


def _insurance_fact(insurance: InsuranceStatus) -> Fact:
    value = say("已停保")
    if insurance.active:
        month = insurance.paid_until
        value = say("正常参保，缴到 {month}", month=Verbatim(month)) if month else say("正常参保")
    elif insurance.paid_until:
        value = say("已停保，缴到 {month}", month=Verbatim(insurance.paid_until))
    return Fact(_INSURANCE_WORDS.get(insurance.kind, say("其他保险")), value)


def _medical_years(region: Region, record: HolderRecord) -> list[_Branch]:
    branches = [_medical_year(region, year) for year in record.medical_years]
    if len(branches) < 2:
        return [replace(branch, label=say("看病花费"), line=branch.label) for branch in branches]
    title = say("看病花费")
    line = say("{newer} 年、{older} 年", newer=_year(record.medical_years[0]), older=_year(record.medical_years[1]))
    return [_list("years", title, line, say("看哪一年？"), branches)]


def _year(year: MedicalYear) -> Verbatim:
    return Verbatim(str(year.year))


def _medical_year(region: Region, year: MedicalYear) -> _Branch:
    key, label = f"year {year.year}", say("{year} 年", year=_year(year))
    title = say("{year} 年看病花费", year=_year(year))
    if disagreements(year.shares):
        return _Branch(key, label, say("数字对不上"), _do_not_add_up(region, title))
    groups = [
        *_share_groups(year.shares),
        (
            [
                Fact(say("您付的现金"), _yuan(year.shares.cash_fen)),
                Fact(say("大额互助当年付了"), _yuan(year.mutual_aid_fen)),
            ],
            say("都从 1 月 1 日算起，一年一算。"),
        ),
        _deductible(region, year),
        *_visit_fee(region),
    ]
    spent = say("花了 {amount} 元", amount=Verbatim(yuan(year.shares.total_fen)))
    return _Branch(key, label, spent, _pages(groups, title))


_Group = tuple[list[Fact], Say | None]


def _share_groups(shares: Shares) -> list[_Group]:
    """Two pages that say who pays what, each with its sum."""
    return [
        (
            [
                Fact(say("一共花了"), _yuan(shares.total_fen), key=True),
                Fact(say("医保基金付了"), _yuan(shares.fund_fen)),
                Fact(say("您负担"), _yuan(shares.person_fen)),
            ],
            say(
                "{fund} + {person} = {total}，对得上。基金是大家交的医保钱。",
                fund=Verbatim(yuan(shares.fund_fen)),
                person=Verbatim(yuan(shares.person_fen)),
                total=Verbatim(yuan(shares.total_fen)),
            ),
        ),
        (
            [
                Fact(say("医保管的费用（范围内）"), _yuan(shares.in_range_fen)),
                Fact(say("其中您付的一份"), _yuan(shares.own_share_fen)),
                Fact(say("医保不管的（范围外）"), _yuan(shares.out_of_range_fen)),
            ],
            say(
                "您负担：{own} + {out} = {person} 元。范围外的全由您付。",
                own=Verbatim(yuan(shares.own_share_fen)),
                out=Verbatim(yuan(shares.out_of_range_fen)),
                person=Verbatim(yuan(shares.person_fen)),
            ),
        ),
    ]


def _deductible(region: Region, year: MedicalYear) -> _Group:
    rule = region.deductible(year.standing)
    match year.standing:
        case Standing.WORKING:
            label = say("起付线（在职）")
        case Standing.RETIRED:
            label = say("起付线（退休）")
        case _:
            assert_never(year.standing)
    if rule.value is None:
        return [Fact(label, say("本地手册没有写明"))], _whom_to_ask(region)
    left = remaining_deductible(rule.value, year.deductible_used_fen)
    if left is None:
        return (
            [Fact(label, _yuan(rule.value)), Fact(say("已经算进去"), say("数字对不上"))],
            _whom_to_ask(region),
        )
    return (
        [
            Fact(label, _yuan(rule.value)),
            Fact(say("已经算进去"), _yuan(year.deductible_used_fen)),
            Fact(say("离起付线还差"), _yuan(left), key=True),
        ],
        say("没过起付线的钱由您付。{dated}", dated=_dated(region, rule)),
    )


def _visit_fee(region: Region) -> list[_Group]:
    rule = region.pack.money.visit_fee_by_fund_fen
    if rule.value is None:
        return []
    note = say("挂号时的诊疗费，其余您付现金。{dated}", dated=_dated(region, rule))
    return [([Fact(say("每次挂号，基金付"), _yuan(rule.value))], note)]


def _dated(region: Region, rule: Rule[int]) -> Say:
    """From when a figure is; it may have changed since."""
    citation = region.citation(rule)
    year = (citation.about or citation.date)[:4] if citation is not None else ""
    if not year:
        return say("手册上的数可能变了，请问 {hotline}。", hotline=Verbatim(region.hotline))
    return say(
        "这是 {year} 年手册的数，可能变了，请问 {hotline}。", year=Verbatim(year), hotline=Verbatim(region.hotline)
    )


def _receipts(region: Region, record: HolderRecord) -> list[_Branch]:
    branches = [_receipt(region, number, receipt) for number, receipt in enumerate(record.receipts, 1)]
    if not branches:
        return []
    line = say("最近 {count} 张", count=len(branches))
    return [_list("receipts", say("看病收据"), line, say("看哪一张收据？"), branches)]


def _receipt(region: Region, number: int, receipt: SettlementReceipt) -> _Branch:
    key, day, place = f"receipt {number}", Verbatim(receipt.day), Verbatim(receipt.place)
    title = say("{day} 的收据", day=day)
    if disagreements(receipt.shares):
        return _Branch(key, say("{day} 数字对不上", day=day), place, _do_not_add_up(region, title))
    groups = [
        *_share_groups(receipt.shares),
        (
            [
                Fact(say("您付的现金"), _yuan(receipt.shares.cash_fen)),
                Fact(say("大额互助当年付了"), _yuan(receipt.mutual_aid_fen)),
            ],
            say("现金是您负担里当场交的钱。大额互助从 1 月 1 日累计到这一天。"),
        ),
    ]
    amount = Verbatim(yuan(receipt.shares.total_fen))
    return _Branch(key, say("{day} {amount} 元", day=day, amount=amount), place, _pages(groups, title))


def _do_not_add_up(region: Region, title: Say) -> tuple[View, ...]:
    return _told(
        title,
        say("社保中心给的数字加起来对不上，不能当真，所以不显示。"),
        say("请拿着纸质收据，到医院收费处核对。"),
        _whom_to_ask(region),
    )


def _whom_to_ask(region: Region) -> Say:
    if not region.hotline:
        return say("请招呼身边的工作人员。")
    return say("想问清楚，请打 {hotline}。", hotline=Verbatim(region.hotline))


def _log(region: Region, log: Log) -> list[_Branch]:
    label = say("卡里的记录")
    if log is None:
        return []
    if isinstance(log, LogUnread):
        told = _told(label, say("卡里的记录这次没读出来。"), say("卡的别的功能不受影响。"), _whom_to_ask(region))
        return [_Branch("log", label, say("没读出来"), told)]
    if not log:
        told = _told(label, say("卡里还没有记录。"), say("在医院、药店刷卡以后，这里会记下来。"))
        return [_Branch("log", label, say("还没有记录"), told)]
    groups: list[_Group] = []
    for start in range(0, len(log), _LOGGED_A_PAGE):
        entries = log[start : start + _LOGGED_A_PAGE]
        note = say("这是医院、药店刷卡时写进芯片的。") if start == 0 else None
        if any(isinstance(entry, DamagedRecord) for entry in entries):
            note = say("有一条坏了，读不出就不猜。{whom}", whom=_whom_to_ask(region))
        groups.append(([_log_fact(entry) for entry in entries], note))
    return [_Branch("log", label, say("最近 {count} 笔", count=len(log)), _pages(groups, label))]


def _log_fact(entry: LoggedTransaction | DamagedRecord) -> Fact:
    if isinstance(entry, DamagedRecord):
        return Fact(say("倒数第 {number} 笔", number=entry.number), say("读不出来"))
    day, kind = Verbatim(entry.at.date().isoformat()), _LOGGED_WORDS[entry.kind]
    label = say("{day} {kind} {place}", day=day, kind=kind, place=Verbatim(entry.place))
    return Fact(label, _yuan(entry.amount_fen))


def _bank(record: HolderRecord) -> list[_Branch]:
    if not record.bank:
        return []
    label = say("银行账户")
    active = say("已经开通了") if record.bank_side_active else say("还没有开通，请到发卡银行办")
    facts = [
        Fact(say("发卡银行"), Verbatim(record.bank)),
        Fact(say("账号"), Verbatim(record.bank_account)),
        Fact(say("银行功能"), active),
    ]
    two_accounts = Explain(
        say("一张卡，两个账户"),
        (
            say("医保个人账户看病、买药用。"),
            say("银行账户和普通银行卡一样，存钱、取钱用。"),
            say("两边的钱不能互转。这里不知道银行余额，请问银行。"),
        ),
        None,
        turning_behind_a_choice(2, 2),
        page(2, 2),
    )
    first = Result(label, tuple(facts), None, turning_behind_a_choice(1, 2), page(1, 2))
    return [_Branch("bank", label, Verbatim(record.bank), (first, two_accounts))]


def _told(title: Say, *lines: Say) -> tuple[View, ...]:
    return (Explain(title, lines, None, turning_behind_a_choice(1, 1)),)


def _pages(groups: Sequence[_Group], title: Say) -> tuple[View, ...]:
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
            turning_behind_a_choice(number, len(pages)),
            page(number, len(pages)),
        )
        for number, (facts, note) in enumerate(pages, 1)
    )


def _yuan(fen: int) -> Say:
    return say("{amount} 元", amount=Verbatim(yuan(fen)))
