"""A new card in the hand, as its holder meets it: every verdict, every end, every way of paying and of going away."""

import dataclasses
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from drivers.ports.card_reader import CardKind
from drivers.ports.errors import DeviceError, MediaJammed, ProtocolViolation, TimedOut
from kiosk.journeys import issuing_requests as wanted
from kiosk.journeys import requests
from kiosk.journeys.frame import Progress
from kiosk.journeys.issuing import End, Issued
from kiosk.journeys.new_card import NO_TELEPHONE, WRONG
from kiosk.journeys.new_card_endings import Made, told
from kiosk.journeys.portrait import DECLINE
from kiosk.journeys.requests import (
    CitizenCancelled,
    CitizenGone,
    GoingOutOfService,
    Interruption,
    LedgerFailed,
    NoSitting,
    Request,
)
from kiosk.journeys.views import CardPreview, Explain, FeeCode, Intent, Payment, Result
from kiosk.records import issuance
from kiosk.records.issuance import AbandonedWhy, FeeStanding, IssuanceStage, IssuanceVerdict
from kiosk.records.portrait import NEW_CARD_CONSENT_TEXT, ConsentWord
from kiosk.records.transaction import IssuanceStep, Outcome, Service, Stage
from tests.journeys.replacing import (
    EXCHANGE,
    FEE,
    GONE,
    ORDER,
    PREVIEW,
    TO_SLIP,
    Replacing,
    Walking,
    fault,
    given_up,
    refusal,
    replaced,
    showing,
    slip_lines,
)
from tests.journeys.test_temporary_loss import facts
from tests.journeys.workshop import CHIP, issuer_of
from tests.journeys.world import ID_CARD, ISSUER, filled, session, titles


def result(world: Replacing) -> Result:
    return next(view for view in world.seen if isinstance(view, Result))


def asking(question: type) -> Callable[[Request[Any]], bool]:
    return lambda request: isinstance(request, requests.AskCentre) and isinstance(request.question, question)


def steps(world: Replacing) -> list[IssuanceStep]:
    return [entry.step for entry in world.recorded if entry.step is not None]


def test_from_the_id_card_to_the_hand() -> None:
    world = Replacing(choices=TO_SLIP)
    assert replaced(world) is Outcome.DONE
    seen = list(dict.fromkeys(titles(world)))
    assert seen[:7] == [
        "请放上身份证", "请核对，给这个人做新卡", "请把旧卡插进来", "正在读卡", "正在核对", "要在这里拍照吗？",
        "拍之前，请看一看",
    ]  # fmt: skip
    assert seen[7:14] == [
        "请坐到镜头前", "这张照片行吗？", "正在画出您的新卡", PREVIEW, "正在准备收款", FEE, "付好了",
    ]  # fmt: skip
    assert seen[14:] == ["正在做您的新卡", "新卡办好了", "接下来", "带走这张凭条"]
    assert facts(result(world)) == {
        "社保功能": "改了初始密码就能用", "旧卡": "已作废，机器收走了", "银行功能": "还要到银行开通",
    }  # fmt: skip
    assert world.wrongs() == []
    assert (world.shop.old_card, world.card_returned) == ("bin", False)
    assert steps(world)[:3] == [IssuanceStep.RESERVED, IssuanceStep.FEE_ORDERED, IssuanceStep.FEE_PAID]
    (reserve,) = [asked for asked in world.asked if isinstance(asked, issuance.ReserveIssuance)]
    assert reserve.identification_code == ISSUER["yunling"].identification_code
    assert (reserve.name, reserve.social_security_number) == (ID_CARD.name, ID_CARD.number)
    assert given_up(world) == []


def test_chip_and_face_are_of_one_order() -> None:
    world = Replacing()
    replaced(world)
    (chip,) = world.chips
    assert (chip.card_number, chip.norm_version, chip.issued_on, chip.expires_on) == (
        CHIP.card_number, CHIP.norm_version, CHIP.issued_on, CHIP.expires_on,
    )  # fmt: skip
    assert chip.holder == CHIP.holder
    preview = next(view for view in world.seen if isinstance(view, CardPreview))
    assert preview.facts[0].value.whole == ORDER.name  # type: ignore[union-attr]


def test_a_lost_card_is_told_to_be_void_and_the_bank_is_first() -> None:
    world = Replacing(reason=GONE)
    assert replaced(world) is Outcome.DONE
    first = world.seen[0]
    assert titles(world)[0] == "卡真的找不回来了吗？"
    told = [filled(line) for line in first.lines]  # type: ignore[union-attr]
    assert "正式挂失作废" in told[0]
    assert "先找发卡银行挂失银行功能" in told[2]
    assert "0000-9902" in filled(first.note)  # type: ignore[union-attr]
    assert facts(result(world))["旧卡"] == "已正式挂失、作废"
    (reserve,) = [asked for asked in world.asked if isinstance(asked, issuance.ReserveIssuance)]
    assert (reserve.reason, reserve.identification_code) == (GONE, None)
    assert not world.card_came
    (switch,) = [asked for asked in world.asked if isinstance(asked, issuance.SwitchCards)]
    assert not switch.old_card_kept
    assert world.wrongs() == []


@pytest.mark.parametrize(
    ("lacks", "code"),
    [("makes_cards", "K-01"), ("takes_portraits", "K-02"), ("keeps_old_cards", "K-03"), ("reads_id_cards", "D-11")],
)
def test_nobody_begins_what_this_terminal_can_not_end(lacks: str, code: str) -> None:
    world = Replacing()
    assert replaced(world, **{lacks: False}) is Outcome.REFUSED
    assert len(world.seen) == 1
    assert refusal(world).code == code
    assert world.recorded == []


def test_without_a_motor_a_lost_card_is_replaced_all_the_same() -> None:
    world = Replacing(reason=GONE)
    assert replaced(world, keeps_old_cards=False) is Outcome.DONE


VERDICTS = {
    IssuanceVerdict.UNKNOWN: "R-14",
    IssuanceVerdict.ID_CARD_WANTED: "R-32",
    IssuanceVerdict.NEEDS_GUARDIAN: "R-47",
    IssuanceVerdict.NOT_OPEN: "K-05",
    IssuanceVerdict.INCOMPLETE: "K-06",
    IssuanceVerdict.NO_PAYMENT: "K-07",
    IssuanceVerdict.NO_CARD: "R-44",
    IssuanceVerdict.NOT_ACTIVATED: "R-06",
    IssuanceVerdict.CANCELLED: "R-15",
    IssuanceVerdict.REPLACED: "R-16",
    IssuanceVerdict.REPORTED_LOST: "K-08",
    IssuanceVerdict.ANOTHER_CARD: "R-72",
    IssuanceVerdict.RUNNING: "K-09",
    IssuanceVerdict.WAITS: "K-10",
}


def test_every_verdict_has_its_ending() -> None:
    assert set(VERDICTS) | {IssuanceVerdict.RESERVED} == set(IssuanceVerdict)


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize("key", ["yunling", "zhumadian"])
def test_what_the_centre_says_no_to(verdict: IssuanceVerdict, key: str) -> None:
    world = Replacing(key=key, verdict_on_it=verdict, place="云岭服务大厅")
    assert replaced(world) is Outcome.REFUSED
    view = refusal(world)
    assert view.code == VERDICTS[verdict]
    assert view.instead
    assert given_up(world) == [], "nothing was reserved"
    assert world.camera_opened_after == [], "a picture of somebody who gets no card"
    assert world.card_returned
    if verdict is IssuanceVerdict.WAITS:
        assert view.title.text == "您的新卡做好了，等您去领"
        assert "云岭服务大厅" in filled(view.instead[0])
    assert world.wrongs() == []


def test_without_the_centre_nothing_is_reserved() -> None:
    world = Replacing(centre_up=False)
    assert replaced(world) is Outcome.REFUSED
    assert refusal(world).code == "N-01"
    assert given_up(world) == []


def test_a_reservation_whose_answer_is_lost_twice_is_given_up() -> None:
    world = Replacing(lost_answer_to=issuance.ReserveIssuance)
    assert replaced(world) is Outcome.REFUSED
    assert given_up(world) == [AbandonedWhy.NO_ANSWER]
    assert world.wrongs() == []


def test_a_reservation_without_an_order_is_no_answer() -> None:
    world = Replacing(order=None)
    assert replaced(world) is Outcome.REFUSED
    assert refusal(world).code == "N-04"
    assert world.wrongs() == []


# The old card.


def test_something_else_than_the_old_card_goes_back() -> None:
    for kind in (CardKind.BANK_ONLY, CardKind.BLANK):
        world = Replacing(kind=kind)
        assert replaced(world) is Outcome.REFUSED
        assert refusal(world).code == "R-02"
        assert world.card_returned
        assert world.asked == []


def test_an_old_card_of_another_region_goes_back() -> None:
    world = Replacing(issuer=ISSUER["beijing"])
    assert replaced(world) is Outcome.REFUSED
    assert refusal(world).code == "R-03"


@pytest.mark.parametrize("kind", [CardKind.DEAD, CardKind.SILENT])
def test_a_dead_chip_is_what_a_new_card_is_for(kind: CardKind) -> None:
    world = Replacing(kind=kind)
    assert replaced(world) is Outcome.DONE
    (reserve,) = [asked for asked in world.asked if isinstance(asked, issuance.ReserveIssuance)]
    assert reserve.identification_code is None
    assert "读不出这张卡" in titles(world)
    assert world.shop.old_card == "bin"


def test_a_card_the_wrong_way_round_comes_out_again() -> None:
    world = Replacing(kind=CardKind.SILENT, choices={"读不出这张卡": Intent.AGAIN})
    walking = Walking(world)
    walking.until(lambda _: world.card_returned)
    world.kind = CardKind.SOCIAL_SECURITY
    assert walking.to_the_end() is Outcome.DONE
    assert titles(world).count("请把旧卡插进来") == 2


@pytest.mark.parametrize("error", [TimedOut("card_reader", "silent"), ProtocolViolation("card_reader", "rubbish")])
def test_a_chip_that_falls_silent_while_it_is_read_is_dead(error: DeviceError) -> None:
    world = Replacing()
    walking = Walking(world)
    walking.until(lambda request: isinstance(request, requests.ReadIssuer))
    walking.throw(error)
    assert showing("读不出这张卡")(walking.request)
    assert walking.to_the_end() is Outcome.DONE
    assert world.shop.old_card == "bin"


# Before the fee.


@pytest.mark.parametrize("why", list(wanted.Unprintable))
def test_what_can_not_be_printed_is_told_before_anybody_sits_down(why: wanted.Unprintable) -> None:
    world = Replacing(unprintable=why)
    assert replaced(world) is Outcome.REFUSED
    assert refusal(world).code == "K-11"
    assert world.camera_opened_after == []
    assert not world.ordered
    assert given_up(world) == [AbandonedWhy.DEVICE]
    assert world.wrongs() == []


def test_a_portrait_that_becomes_no_card_costs_nothing() -> None:
    world = Replacing(unpaintable=wanted.Unprintable.PORTRAIT)
    assert replaced(world) is Outcome.REFUSED
    assert not world.ordered
    assert world.wrongs() == []


@pytest.mark.parametrize("field", ["issued_on", "expires_on", "birth_date"])
def test_an_order_with_a_day_that_is_none_costs_nothing(field: str) -> None:
    world = Replacing(order=msgspec.structs.replace(ORDER, **{field: "2026-02-30"}))
    assert replaced(world) is Outcome.REFUSED
    assert refusal(world).code == "K-11"
    assert not world.ordered
    assert world.wrongs() == []


@pytest.mark.parametrize(
    ("sittings", "choices"),
    [
        ([], {"要在这里拍照吗？": DECLINE}),
        ([b"\xff\xd8 one \xff\xd9"], {"这张照片行吗？": DECLINE}),
        ([NoSitting.NOT_READY], {}),
        ([NoSitting.LEFT], {}),
    ],
)
def test_whoever_is_not_taken_is_told_where_it_is_made(sittings: list[Any], choices: dict[str, Any]) -> None:
    world = Replacing(sittings=sittings, choices=choices)
    assert replaced(world) is Outcome.REFUSED
    assert refusal(world).code == "K-04"
    assert "云岭服务大厅" in filled(refusal(world).instead[0])
    assert not world.ordered
    assert given_up(world) == [AbandonedWhy.CITIZEN]
    assert world.wrongs() == []


def test_consent_is_of_its_own_words() -> None:
    world = Replacing()
    replaced(world)
    (entry,) = [entry for entry in world.recorded if entry.stage is Stage.CONSENT]
    assert entry.consent is not None
    assert (entry.consent.word, entry.consent.text) == (ConsentWord.GIVEN, NEW_CARD_CONSENT_TEXT)
    said = next(view for view in world.seen if getattr(view, "title", None) and view.title.text == "要在这里拍照吗？")
    assert "不传出去" in said.lines[1].text  # type: ignore[union-attr]


def test_what_is_wrong_on_the_card_is_not_printed_and_not_paid_for() -> None:
    world = Replacing(choices={PREVIEW: WRONG})
    assert replaced(world) is Outcome.REFUSED
    assert refusal(world).code == "K-12"
    assert not world.ordered
    assert world.wrongs() == []


# The fee.


def test_what_is_free_is_not_asked_for() -> None:
    world = Replacing(fee_fen=0, choices=TO_SLIP)
    assert replaced(world) is Outcome.DONE
    assert not world.ordered
    assert FEE not in titles(world)
    assert not any("收费" in line for line in slip_lines(world))


def test_the_code_is_shown_with_the_time_that_is_left() -> None:
    world = Replacing(standings=[FeeStanding.PENDING, FeeStanding.PENDING, FeeStanding.PAID], choices=TO_SLIP)
    replaced(world)
    codes = [view for view in world.seen if isinstance(view, FeeCode)]
    assert [filled(view.left) for view in codes[:4]] == [
        "还剩 5 分 0 秒", "还剩 4 分 59 秒", "还剩 4 分 58 秒", "还剩 4 分 57 秒",
    ]  # fmt: skip
    assert [view.payment for view in codes] == [*9 * [Payment.WAITING], Payment.PAID]
    assert any("20.00" in line for line in slip_lines(world))


def test_whoever_has_no_telephone_is_told_where_else() -> None:
    world = Replacing(choices={FEE: NO_TELEPHONE})
    assert replaced(world) is Outcome.REFUSED
    assert refusal(world).code == "K-13"
    assert given_up(world) == [AbandonedWhy.CITIZEN]
    assert world.wrongs() == []


CLOSED = "时间到了，这个码不能付了"


def test_paid_in_the_last_moment_is_honoured() -> None:
    world = Replacing(standings=[FeeStanding.CLOSED, FeeStanding.PAID])
    assert replaced(world) is Outcome.DONE
    assert CLOSED in titles(world)
    assert world.wrongs() == []


def test_not_paid_in_time() -> None:
    world = Replacing(standings=[FeeStanding.CLOSED])
    assert replaced(world) is Outcome.REFUSED
    assert refusal(world).code == "K-14"
    assert given_up(world) == [AbandonedWhy.FEE]
    assert not world.shop.printer.fed


@pytest.mark.parametrize("standing", [FeeStanding.REFUND_PENDING, FeeStanding.REFUNDED])
@pytest.mark.parametrize("before", [[], [FeeStanding.CLOSED]])
def test_what_came_too_late_goes_back(standing: FeeStanding, before: list[FeeStanding]) -> None:
    world = Replacing(standings=[*before, standing])
    assert replaced(world) is Outcome.REFUSED
    assert refusal(world).code == "K-15"
    assert world.wrongs() == []


def test_a_code_whose_time_is_over_is_looked_for_though_the_centre_says_pending() -> None:
    world = Replacing(standings=[FeeStanding.PENDING], waits_s=6)
    began, walking = world.now_ms, Walking(world)
    walking.until(showing(CLOSED))
    assert 6 + 30 <= (world.now_ms - began) / 1000 <= 6 + 34
    world.standings = [FeeStanding.PAID]
    assert walking.to_the_end() is Outcome.DONE


def test_a_centre_that_does_not_tell_whether_it_was_paid() -> None:
    world = Replacing(silent_on=(issuance.AskFee,), waits_s=6)
    assert replaced(world) is Outcome.FAILED
    assert fault(world).code == "K-20"
    assert "退给您" in fault(world).means.text
    assert given_up(world) == [AbandonedWhy.NO_ANSWER]
    assert not world.shop.printer.fed


def test_an_answer_that_is_missing_once_is_asked_for_again() -> None:
    walking = Walking(Replacing())
    walking.until(asking(issuance.AskFee))
    walking.send(requests.Unreachable(maybe_done=False))
    assert walking.to_the_end() is Outcome.DONE


def test_a_fee_that_can_not_be_ordered() -> None:
    world = Replacing(silent_on=(issuance.OrderFee,))
    assert replaced(world) is Outcome.REFUSED
    assert refusal(world).code == "N-01"
    assert given_up(world) == [AbandonedWhy.NO_ANSWER]


@pytest.mark.parametrize("question", [issuance.OrderFee, issuance.AskFee])
def test_a_reservation_that_has_run_out(question: type) -> None:
    world = Replacing(declines=(question,))
    assert replaced(world) is Outcome.REFUSED
    assert refusal(world).code == "K-16"
    assert not world.shop.printer.fed


# How the making ends.


def test_a_sealed_card_is_told_to_be_started() -> None:
    world = Replacing(sealed_card=True, choices=TO_SLIP)
    assert replaced(world) is Outcome.DONE
    assert facts(result(world))["社保功能"] == "还要启用，才能用"
    assert any("启用新卡" in line for line in slip_lines(world))


PINS = {
    "yunling": ("123456", "改密码"),
    "zhumadian": ("123456", "改密码"),
    "beijing": ("密码没有变", ""),
}


@pytest.mark.parametrize("key", PINS)
def test_which_pin_the_new_card_has(key: str) -> None:
    world = Replacing(key=key, choices=TO_SLIP, issuer=ISSUER[key])
    assert replaced(world) is Outcome.DONE
    lines = " ".join(slip_lines(world))
    for word in PINS[key]:
        assert word in lines, lines


@pytest.mark.parametrize(
    ("key", "number", "sealed", "onward"),
    [
        ("zhumadian", "411700199503151051", False, Service.PIN_CHANGE),
        ("zhumadian", "411700199503151051", True, None),
        ("yunling", "990100198701059015", False, Service.PIN_CHANGE),
        ("beijing", "110000198807212015", False, None),
    ],
    ids=["must be changed", "must be started first", "must be changed too", "held by the centre"],
)
def test_the_initial_pin_is_changed_before_anybody_leaves(
    key: str, number: str, sealed: bool, onward: Service | None
) -> None:
    about = session(key)
    made = Made(exchange=False, fee_fen=0, number=number)
    ending = told(about, Progress(Service.CARD_REPLACEMENT, about), made, Issued(End.TAKEN, sealed=sealed))
    assert ending.onward is onward
    said = [filled(line) for view in ending.views if isinstance(view, Explain) for line in view.lines]
    assert any("就在这里改密码" in line for line in said) is (onward is not None)


@pytest.mark.parametrize("end", [End.RETAINED, End.UNSEEN, End.UNSETTLED])
def test_who_has_no_new_card_in_the_hand_changes_nothing(end: End) -> None:
    about = session("zhumadian")
    made = Made(exchange=False, fee_fen=0, number="411700199503151051")
    ending = told(about, Progress(Service.CARD_REPLACEMENT, about), made, Issued(end, place="x"))
    assert ending.onward is None


def test_nobody_takes_the_new_card() -> None:
    world = Replacing(place="云岭服务大厅", choices=TO_SLIP)
    world.shop.citizen_takes = False
    assert replaced(world) is Outcome.PARTLY_DONE
    assert facts(result(world))["没拿到的，带身份证去领"] == "云岭服务大厅"
    assert not result(world).in_force
    assert any("云岭服务大厅" in line for line in slip_lines(world))
    assert world.shop.centre.stage is IssuanceStage.OPEN_CASE
    assert (world.card_returned, world.shop.old_card) == (False, "bin")
    assert world.wrongs() == []


def at_making(world: Replacing, kind: type[Request[Any]], error: Exception) -> Outcome:
    """The journey, with one request of the making failing undone."""
    walking = Walking(world)
    walking.until(lambda request: isinstance(request, kind))
    walking.throw(error)
    return walking.to_the_end()


def test_nobody_can_tell_who_has_the_new_card() -> None:
    world = Replacing(place="云岭服务大厅", choices=TO_SLIP)
    assert at_making(world, wanted.AwaitTaken, MediaJammed("card_printer", "stuck")) is Outcome.UNKNOWN
    assert "机器没看清新卡拿走没有" in titles(world)
    assert world.wrongs() == []


@pytest.mark.parametrize(
    ("kind", "code"), [(wanted.PrintFace, "K-21"), (wanted.FeedBlank, "K-21"), (wanted.HoldOldCard, "K-21")]
)
def test_a_device_fails_in_the_making(kind: type[Request[Any]], code: str) -> None:
    world = Replacing()
    assert at_making(world, kind, TimedOut("card_printer", "silent")) is Outcome.FAILED
    assert fault(world).code == code
    assert "20.00 元会原路退回" in filled(fault(world).means)
    assert world.card_returned, "the old card is the valid one"
    assert world.wrongs() == []


def test_a_blank_that_reads_back_otherwise() -> None:
    world = Replacing()
    world.shop.reads_back = wanted.Written(dataclasses.replace(issuer_of(CHIP), card_number="D2143569X"), CHIP.holder)
    assert replaced(world) is Outcome.FAILED
    assert fault(world).code == "K-22"
    assert world.wrongs() == []


def test_the_centre_does_not_switch() -> None:
    world = Replacing()
    world.shop.centre.refuses_switch = True
    assert replaced(world) is Outcome.FAILED
    assert fault(world).code == "K-23"
    assert (world.shop.old_card, world.card_returned) == ("slot", True)
    assert world.wrongs() == []


def test_the_centre_is_silent_before_the_switch() -> None:
    world = Replacing(silent_on=(issuance.RequestToken,))
    assert replaced(world) is Outcome.FAILED
    assert fault(world).code == "K-24"
    assert world.wrongs() == []


def test_an_old_card_that_does_not_come_out_is_staffs() -> None:
    world = Replacing()
    world.shop.centre.refuses_switch = True
    assert at_making(world, wanted.GiveOldCardBack, MediaJammed("capture_unit", "stuck")) is Outcome.FAILED
    assert "找工作人员取出旧卡" in fault(world).now.text
    assert not world.card_returned, "nobody is told to take what can't be taken"


def test_nothing_moves_while_the_centre_does_not_say_which_card_is_valid() -> None:
    world = Replacing(lost_answer_to=issuance.SwitchCards, choices=TO_SLIP)
    assert replaced(world) is Outcome.UNKNOWN
    assert "还没有办完，社保中心没答复" in titles(world)
    assert any("凭这张单子找工作人员" in line for line in slip_lines(world))
    assert (world.shop.printer.inside != "", world.shop.old_card, world.card_returned) == (True, "held", False)
    assert not any(entry.stage is Stage.FINISHED for entry in world.recorded), "the terminal settles it"


@pytest.mark.parametrize("step", list(IssuanceStep))
def test_a_full_ledger_in_the_making_is_settled_as_a_power_cut_is(step: IssuanceStep) -> None:
    world = Replacing()
    walking = Walking(world)
    walking.until(lambda at: isinstance(at, requests.Record) and at.transaction.step is step)
    thrown = walking.outcome is None
    if thrown:
        walking.throw(LedgerFailed("disk full"))
    outcome = walking.to_the_end()
    in_the_making = step not in (IssuanceStep.RESERVED, IssuanceStep.FEE_ORDERED, IssuanceStep.FEE_PAID)
    finished = [entry for entry in world.recorded if entry.stage is Stage.FINISHED]
    assert bool(finished) is not (thrown and in_the_making)
    if thrown and in_the_making and world.shop.centre.new_valid:
        assert outcome is Outcome.DONE
        assert world.shop.printer.taken
    assert world.wrongs() == []


# Whoever goes away.

GOING: tuple[type[Interruption], ...] = (CitizenCancelled, CitizenGone, GoingOutOfService)


@pytest.mark.parametrize("reason", [EXCHANGE, GONE])
@pytest.mark.parametrize("going", GOING)
def test_whoever_goes_at_whatever_point_leaves_nothing_behind(reason: Any, going: type[Interruption]) -> None:
    reached = 0
    for at in range(requests_of(Replacing(reason=reason))):
        world = Replacing(reason=reason)
        walking = Walking(world)
        for _ in range(at):
            walking.step()
        if not walking.request.interruptible:
            continue
        reached += 1
        walking.throw(going())
        walking.to_the_end()
        assert world.wrongs() == [], (at, walking.request)
        assert not world.card_came or world.card_returned or world.card_kept, (at, walking.request)
        if going is GoingOutOfService and world.paid and not world.shop.centre.new_valid:
            assert "退给您" in fault(world).means.text
    assert reached > 20


def requests_of(world: Replacing) -> int:
    walking, count = Walking(world), 0
    while walking.outcome is None:
        walking.step()
        count += 1
    return count


def test_a_centre_that_can_not_be_told_lets_its_time_run_out() -> None:
    world = Replacing(choices={FEE: NO_TELEPHONE}, silent_on=(issuance.AbandonIssuance,))
    assert replaced(world) is Outcome.REFUSED
    assert world.wrongs(told=False) == []
    assert world.recorded[-1].stage is Stage.FINISHED


def test_nothing_interrupts_a_card_that_has_left_the_hopper() -> None:
    world = Replacing()
    walking = Walking(world)
    walking.until(lambda _: bool(world.shop.printer.inside))
    while world.shop.printer.inside:
        assert not walking.request.interruptible, walking.request
        walking.step()


def test_nothing_tells_whose_card_it_is() -> None:
    world = Replacing()
    walking, told = Walking(world), []
    while walking.outcome is None:
        if not isinstance(walking.request, wanted.Book):  # the stock knows blanks by their code, and nobody
            told.append(repr(walking.request))
        walking.step()
    told += [repr(view) for view in world.seen] + [repr(entry) for entry in world.recorded]
    for secret in (ORDER.name, ORDER.social_security_number, ID_CARD.number, CHIP.card_number, "wxpay"):
        assert [line for line in told if secret in line] == []


def test_nobody_is_photographed_who_gets_no_card() -> None:
    world = Replacing()
    replaced(world)
    first_consent = next(at for at, entry in enumerate(world.recorded) if entry.stage is Stage.CONSENT)
    assert IssuanceStep.RESERVED in [entry.step for entry in world.recorded[:first_consent]]


def test_somebody_who_laid_down_the_wrong_id_card_does_it_again() -> None:
    world = Replacing(documents=[ID_CARD, ID_CARD])
    walking = Walking(world)
    walking.until(showing("请核对，给这个人做新卡"))
    walking.send(Intent.AGAIN)
    assert walking.to_the_end() is Outcome.DONE
    assert world.documents == []


def test_what_the_power_cuts_short_before_the_making_is_given_up_at_the_next_start() -> None:
    world = Replacing()
    walking = Walking(world)
    walking.until(showing(PREVIEW))
    walking.close()
    shop = world.shop
    assert shop.entries[-1].step is not None or shop.entries[-1].stage is Stage.CONSENT
    shop.restart()
    assert shop.centre.stage is IssuanceStage.ABANDONED
    assert not shop.printer.fed
