"""What a citizen finds behind each choice; figures and sums are typed by hand."""

from datetime import datetime

import msgspec
import pytest

from drivers.ports.card_reader import DamagedRecord, LoggedKind, LoggedTransaction, TransactionLog
from drivers.ports.errors import DeviceError, MediaRemoved, ProtocolViolation
from kiosk.journeys import requests
from kiosk.journeys.card_query import card_query
from kiosk.journeys.requests import Show
from kiosk.journeys.views import Choices, Chosen, Explain, Fact, Intent, Result, View
from kiosk.journeys.wording import Say, Value, Verbatim
from kiosk.records.card import CardState
from kiosk.records.questions import CardProof, CardProved, HolderRecord, InsuranceStatus, PinVerdict, RecordAnswer
from kiosk.records.settlement import SettlementReceipt, Standing
from kiosk.records.transaction import Outcome
from tests.journeys.world import LOG, RECEIPT, RECORD, SHARES, YEAR, World, session, walk

CENTRE_PIN = CardProved(proof=CardProof.GENUINE, card_state=CardState.NORMAL, pin_is_initial=False, pin_tries_left=6)
FULL = msgspec.structs.replace(RECORD, medical_years=[YEAR], receipts=[RECEIPT])


def look(record: HolderRecord = FULL, key: str = "beijing", log: TransactionLog | None = LOG) -> World:
    """A citizen who looks at everything."""
    world = World(
        key=key,
        typed=["246810"],
        proof=CENTRE_PIN if key == "beijing" else CardProved(proof=CardProof.GENUINE, card_state=CardState.NORMAL),
        records=[RecordAnswer(pin=PinVerdict.ACCEPTED, record=record)],
        log=log,
    )
    assert walk(card_query(session(key)), world) is Outcome.DONE
    return world


def plain(value: Value) -> str:
    """A sentence with its gaps filled, as the Chinese screen has it."""
    match value:
        case Say():
            return value.text.format(**{name: plain(gap) for name, gap in value.values.items()})
        case Verbatim():
            return value.text
        case str() | int():
            return str(value)
        case _:
            return value.masked


def told(facts: tuple[Fact, ...]) -> dict[str, str]:
    return {plain(fact.label): plain(fact.value) for fact in facts}


def pages(world: World, title: str) -> list[Result]:
    return [view for view in world.seen if isinstance(view, Result) and plain(view.title) == title]


def menu(world: World, title: str = "您的社保卡信息") -> dict[str, str]:
    choices = next(view for view in world.seen if isinstance(view, Choices) and plain(view.title) == title)
    return {plain(choice.label): plain(choice.line) for choice in choices.choices if choice.line is not None}


def explained(world: World, title: str) -> list[str]:
    views = [view for view in world.seen if isinstance(view, Explain) and plain(view.title) == title]
    return [plain(line) for view in views for line in view.lines]


def test_the_menu_has_six_choices_and_the_balance_on_the_first() -> None:
    assert menu(look()) == {
        "卡和医保账户": "余额 1,234.56 元",
        "参加的保险": "一共 2 种",
        "看病花费": "2026 年",
        "看病收据": "最近 1 张",
        "卡里的记录": "最近 2 笔",
        "银行账户": "中国银行",
    }


def test_what_nobody_has_is_no_choice() -> None:
    bare = msgspec.structs.replace(RECORD, bank="", medical_account_fen=None)
    assert menu(look(bare, log=None)) == {"卡和医保账户": "正常", "参加的保险": "一共 2 种"}


def test_a_receipt_says_who_pays_what_and_how_it_adds_up() -> None:
    first, second, third = pages(look(), "2026-10-19 的收据")
    assert told(first.facts) == {"一共花了": "680.00 元", "医保基金付了": "380.00 元", "您负担": "300.00 元"}
    assert first.note is not None
    assert plain(first.note).startswith("380.00 + 300.00 = 680.00，对得上。")
    assert told(second.facts) == {
        "医保管的费用（范围内）": "600.00 元",
        "其中您付的一份": "220.00 元",
        "医保不管的（范围外）": "80.00 元",
    }
    assert second.note is not None
    assert plain(second.note).startswith("您负担：220.00 + 80.00 = 300.00 元。")
    assert told(third.facts) == {"您付的现金": "250.00 元", "大额互助当年付了": "380.00 元"}


@pytest.mark.parametrize("field", ["total_fen", "person_fen", "in_range_fen", "cash_fen"])
def test_figures_that_disagree_are_never_shown_as_right(field: str) -> None:
    wrong = msgspec.structs.replace(SHARES, **{field: getattr(SHARES, field) + 5001})
    receipt = SettlementReceipt(day="2026-10-19", place="模拟医院", shares=wrong, mutual_aid_fen=0)
    year = msgspec.structs.replace(YEAR, shares=wrong)
    world = look(msgspec.structs.replace(RECORD, medical_years=[year], receipts=[receipt]))
    assert pages(world, "2026-10-19 的收据") == []
    assert pages(world, "2026 年看病花费") == []
    for title in ("2026-10-19 的收据", "2026 年看病花费"):
        said = explained(world, title)
        assert "对不上" in said[0]
        assert "收费处" in said[1]
        assert "96102" in said[2]
    assert menu(world, "看哪一张收据？") == {"2026-10-19 数字对不上": "模拟医院"}


@pytest.mark.parametrize(
    ("standing", "label", "whole", "left"),
    [
        (Standing.WORKING, "起付线（在职）", "1,800.00 元", "549.50 元"),
        (Standing.RETIRED, "起付线（退休）", "1,300.00 元", "49.50 元"),
    ],
)
def test_beijings_deductible_and_what_remains_of_it(standing: Standing, label: str, whole: str, left: str) -> None:
    year = msgspec.structs.replace(YEAR, standing=standing)  # 1,250.50 of it used
    found = pages(look(msgspec.structs.replace(RECORD, medical_years=[year])), "2026 年看病花费")
    assert told(found[3].facts) == {label: whole, "已经算进去": "1,250.50 元", "离起付线还差": left}
    assert found[3].note is not None
    assert "2009 年手册的数，可能变了，请问 96102" in plain(found[3].note)
    assert told(found[4].facts) == {"每次挂号，基金付": "2.00 元"}
    assert len(found) == 5


def test_more_used_than_the_deductible_is_a_disagreement() -> None:
    year = msgspec.structs.replace(YEAR, deductible_used_fen=180001)
    found = pages(look(msgspec.structs.replace(RECORD, medical_years=[year])), "2026 年看病花费")
    assert told(found[3].facts) == {"起付线（在职）": "1,800.00 元", "已经算进去": "数字对不上"}


def test_a_region_without_a_stated_deductible_shows_none() -> None:
    found = pages(look(key="zhumadian"), "2026 年看病花费")
    assert told(found[3].facts) == {"起付线（在职）": "本地手册没有写明"}
    assert found[3].note is not None
    assert "12333" in plain(found[3].note)
    assert len(found) == 4, "no visit fee is stated either"


def test_two_years_are_chosen_from() -> None:
    older = msgspec.structs.replace(YEAR, year=2025)
    world = look(msgspec.structs.replace(RECORD, medical_years=[YEAR, older]))
    assert menu(world)["看病花费"] == "2026 年、2025 年"
    assert menu(world, "看哪一年？") == {"2026 年": "花了 680.00 元", "2025 年": "花了 680.00 元"}


def test_every_kind_of_insurance_says_until_when_it_is_paid() -> None:
    kinds = [
        InsuranceStatus(kind="maternity", active=False, paid_until="2024-02"),
        InsuranceStatus(kind="work_injury", active=True, paid_until=""),
        InsuranceStatus(kind="unemployment", active=False, paid_until=""),
        InsuranceStatus(kind="medical", active=True, paid_until="2026-10"),
        InsuranceStatus(kind="pension", active=True, paid_until="2026-09"),
    ]
    found = pages(look(msgspec.structs.replace(RECORD, insurances=kinds)), "参加的保险")
    assert [told(view.facts) for view in found] == [
        {
            "养老保险": "正常参保，缴到 2026-09",
            "医疗保险": "正常参保，缴到 2026-10",
            "失业保险": "已停保",
        },
        {"工伤保险": "正常参保", "生育保险": "已停保，缴到 2024-02"},
    ]


def test_both_accounts_are_told_apart_and_the_banks_balance_is_not_known_here() -> None:
    said = explained(look(), "一张卡，两个账户")
    assert "不能互转" in said[2]
    assert "不知道银行余额，请问银行" in said[2]


def test_the_log_has_day_kind_place_and_amount() -> None:
    (page,) = pages(look(), "卡里的记录")
    assert told(page.facts) == {"2026-10-19 门诊 模拟医院": "250.00 元", "2026-09-07 买药 模拟药店": "126.40 元"}


def test_a_damaged_record_is_told_and_not_guessed() -> None:
    log = (*LOG, DamagedRecord(3), LoggedTransaction(4, datetime(2026, 1, 2, 3, 4, 5), LoggedKind.OTHER, 1, "模拟"))  # noqa: DTZ001 - the chip's own time
    first, second = pages(look(log=log), "卡里的记录")
    assert first.note is not None
    assert "芯片" in plain(first.note)
    assert told(second.facts) == {"倒数第 3 笔": "读不出来", "2026-01-02 其他 模拟": "0.01 元"}
    assert second.note is not None
    assert "96102" in plain(second.note)


def test_an_empty_log_is_no_fault() -> None:
    world = look(log=())
    assert menu(world)["卡里的记录"] == "还没有记录"
    assert explained(world, "卡里的记录")[0] == "卡里还没有记录。"


def ends_after(error: DeviceError) -> tuple[Outcome, World]:
    """A query whose card fails like this while its log is read."""
    world = World(typed=["246810"])
    journey = card_query(session("zhumadian"))
    request = next(journey)
    while not isinstance(request, requests.ReadTransactionLog):
        request = journey.send(world.answer(request))
    try:
        request = journey.throw(error)
        while True:
            request = journey.send(world.answer(request))
    except StopIteration as end:
        outcome: Outcome = end.value
        return outcome, world


def test_a_log_that_the_chip_tells_wrongly_keeps_nobody_from_the_rest() -> None:
    outcome, world = ends_after(ProtocolViolation("card_reader", "EF08"))
    assert outcome is Outcome.DONE
    assert menu(world)["卡里的记录"] == "没读出来"
    assert menu(world)["卡和医保账户"] == "余额 1,234.56 元"


def test_a_card_pulled_while_its_log_is_read_ends_the_query() -> None:
    outcome, world = ends_after(MediaRemoved("card_reader", "pulled"))
    assert outcome is not Outcome.DONE
    assert not any(isinstance(view, Choices) for view in world.seen)


def test_without_the_centre_the_chips_log_stands_beside_its_data() -> None:
    world = World(typed=["246810"], centre_up=False)
    assert walk(card_query(session("zhumadian")), world) is Outcome.PARTLY_DONE
    assert menu(world, "您卡里的信息") == {"您卡里的信息": "姓名、卡号、有效期", "卡里的记录": "最近 2 笔"}


def shows(intents: list[Intent | Chosen]) -> list[str]:
    """The titles that a citizen sees at the end who does this, one after the other."""
    world = World(typed=["246810"], records=[RecordAnswer(pin=PinVerdict.ACCEPTED, record=FULL)])
    journey = card_query(session("zhumadian"))
    request, seen = next(journey), []
    left = list(intents)
    try:
        while True:
            if isinstance(request, Show) and request.ending:
                assert request.personal, "somebody's data stands there: the shorter idle time"
                view: View = request.view
                page = getattr(view, "page", None)
                seen.append(plain(view.title) + (f" {page.number}" if page else ""))
                request = journey.send(left.pop(0))
            else:
                request = journey.send(world.answer(request))
    except StopIteration:
        assert left == []
    return seen


def test_pages_lead_back_to_the_choices_they_came_from() -> None:
    top, receipts = "您的社保卡信息", "看哪一张收据？"
    done: list[Intent | Chosen] = [
        Chosen("receipts"),
        Chosen("receipt 1"),
        Intent.NEXT,
        Intent.BACK,
        Intent.AGAIN,
        Intent.AGAIN,
        Intent.DONE,
    ]
    assert shows(done) == [
        top,
        receipts,
        "2026-10-19 的收据 1",
        "2026-10-19 的收据 2",
        "2026-10-19 的收据 1",
        receipts,
        top,
    ]
    assert shows([Chosen("bank"), Intent.NEXT, Intent.DONE]) == [top, "银行账户 1", "一张卡，两个账户 2"]
    assert shows([Chosen("of nobody")]) == [top]
