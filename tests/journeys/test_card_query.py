from datetime import date

import msgspec
import pytest

from drivers.ports.card_reader import CardKind, IssuerData
from kiosk.journeys.amounts import yuan
from kiosk.journeys.card_query import card_query
from kiosk.journeys.frame import Session
from kiosk.journeys.pin_change import pin_change
from kiosk.journeys.requests import Show
from kiosk.journeys.views import Fact, PinEntry, Refusal, Result
from kiosk.journeys.wording import Personal, PersonName, Say, Verbatim
from kiosk.policy.pack import Basis, Rule
from kiosk.policy.region import Region
from kiosk.records.card import CardState
from kiosk.records.questions import (
    AuthenticateTerminal,
    CardProof,
    CardProved,
    GetRecord,
    InsuranceStatus,
    OpenCardSession,
    PinVerdict,
    ProveCard,
    RecordAnswer,
)
from kiosk.records.transaction import Outcome, Service, Stage
from tests.journeys import world as worlds
from tests.journeys.world import HOLDER_X, ISSUER, RECORD, World, session, title_of, titles, walk


def facts(world: World) -> list[Fact]:
    return [fact for view in world.seen if isinstance(view, Result) for fact in view.facts]


def refusal(world: World) -> Refusal:
    (found,) = [view for view in world.seen if isinstance(view, Refusal)]
    return found


def test_the_chip_proves_itself_before_anything_is_disclosed() -> None:
    world = World(typed=["246810"])
    assert walk(card_query(session("zhumadian")), world) is Outcome.DONE
    assert [type(question) for question in world.asked] == [OpenCardSession, ProveCard, GetRecord]
    assert titles(world)[-1] == "您的社保卡信息"
    shown = facts(world)
    assert shown[0].value == Say("{amount} 元", {"amount": Verbatim("1,234.56")})
    assert PersonName("王*明", "王小明") in [fact.value for fact in shown]
    (entry,) = world.recorded
    assert (entry.stage, entry.outcome, entry.done_online) == (Stage.FINISHED, Outcome.DONE, True)
    assert entry.assumed_card_state == "1"


def test_card_goes_back_before_the_result_is_shown() -> None:
    world = World(typed=["246810"])
    order = [
        title_of(request.view) if isinstance(request, Show) else type(request).__name__
        for request in worlds.steps(card_query(session("zhumadian")), world)
    ]
    recorded, returned, shown = (order.index(step) for step in ("Record", "ReturnCard", "您的社保卡信息"))
    assert recorded < shown, "on record before the screen says so"
    assert returned < shown, "nobody forgets a card that is already in the hand"
    assert recorded < returned, "nobody walks away with a card before it is on record"


def test_without_the_centre_only_the_chip_speaks() -> None:
    world = World(typed=["246810"], centre_up=False, log=None)
    assert walk(card_query(session("zhumadian")), world) is Outcome.PARTLY_DONE
    shown = [fact.value for fact in facts(world)]
    assert Personal("A******74", "A12345674") in shown
    assert Personal("411*************16", "411700199003070016") in shown
    assert not [value for value in shown if isinstance(value, Say)]
    assert world.recorded[0].reason == "centre_unreachable"


def test_closed_chip_without_the_centre_shows_what_is_free() -> None:
    world = World(typed=["246810"], centre_up=False, chip_closed=True, log=None)
    assert walk(card_query(session("zhumadian")), world) is Outcome.PARTLY_DONE
    assert [fact.label.text for fact in facts(world)] == ["卡号", "有效期至"]


def test_closed_chip_is_opened_by_the_centre() -> None:
    world = World(typed=["246810"], chip_closed=True)
    assert walk(card_query(session("zhumadian")), world) is Outcome.DONE
    assert not world.chip_closed


def test_wrong_pin_counts_down_and_says_so() -> None:
    world = World(typed=["000001", "246810"])
    assert walk(card_query(session("zhumadian")), world) is Outcome.DONE
    notes = [view.note for view in world.seen if isinstance(view, PinEntry)]
    assert notes == [None, Say("密码不对，还可以试 {tries} 次。", {"tries": 5})]


def test_last_try_is_announced() -> None:
    world = World(typed=["000001", "246810"], tries=2)
    walk(card_query(session("zhumadian")), world)
    notes = [view.note for view in world.seen if isinstance(view, PinEntry)]
    assert notes[1] == Say("密码不对，只剩最后 1 次，再错就锁住。想不起来，请按“不办了”。")


def test_one_try_left_by_earlier_visits_is_announced_at_once() -> None:
    world = World(typed=["246810"], tries=1)
    walk(card_query(session("zhumadian")), world)
    notes = [view.note for view in world.seen if isinstance(view, PinEntry)]
    assert notes == [Say("只剩最后 1 次，再错就锁住。想不起来，请按“不办了”。")]


def test_a_locked_chip_is_not_asked_for_a_pin() -> None:
    world = World(tries=0)
    assert walk(card_query(session("zhumadian")), world) is Outcome.REFUSED
    assert world.recorded[0].reason == "pin_locked"
    assert refusal(world).why == Say(
        "{pin}连续输错 {tries} 次，就锁住了。",
        {"pin": Say("社保密码", translations={"en": "social security PIN"}), "tries": 6},
    )
    citation = refusal(world).citation
    assert citation is not None
    assert (citation.title, citation.date, citation.section) == ("社会保障卡知识手册 v1.0", "2019-05", "§3.3")


def test_the_sixth_wrong_pin_locks() -> None:
    world = World(typed=["000001"] * 6)
    assert walk(card_query(session("zhumadian")), world) is Outcome.REFUSED
    assert world.typed == []
    assert world.recorded[0].reason == "pin_locked"


def test_initial_pin_must_be_changed_first_in_zhumadian() -> None:
    world = World(typed=["123456"], chip_pin="123456")
    assert walk(card_query(session("zhumadian")), world) is Outcome.REFUSED
    assert world.recorded[0].reason == "initial_pin"
    assert not any(isinstance(question, GetRecord) for question in world.asked)


@pytest.mark.parametrize(
    ("proof", "reason"),
    [
        (CardProof.NOT_GENUINE, "not_genuine"),
        (CardProof.UNKNOWN_CARD, "unknown_card"),
        (CardProof.HOLDER_MISMATCH, "holder_mismatch"),
    ],
)
def test_a_card_that_is_not_believed_learns_nothing(proof: CardProof, reason: str) -> None:
    world = World(typed=["246810"], proof=CardProved(proof=proof))
    assert walk(card_query(session("zhumadian")), world) is Outcome.REFUSED
    assert world.recorded[0].reason == reason
    assert not any(isinstance(question, GetRecord) for question in world.asked)
    assert world.typed == ["246810"], "no PIN is asked of a card that is not believed"


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("0", "card_state_sealed"),
        ("2", "card_state_lost"),
        ("3", "card_state_locked"),
        ("4", "card_state_temporarily_lost"),
        ("9", "card_state_cancelled"),
    ],
)
def test_states_that_may_not_be_used(state: str, reason: str) -> None:
    world = World(typed=["246810"], proof=CardProved(proof=CardProof.GENUINE, card_state=CardState(state)))
    assert walk(card_query(session("zhumadian")), world) is Outcome.REFUSED
    assert world.recorded[0].reason == reason


@pytest.mark.parametrize("kind", [CardKind.BANK_ONLY, CardKind.BLANK, CardKind.FOREIGN, CardKind.DEAD, CardKind.SILENT])
def test_other_cards_are_named_and_leave_no_entry(kind: CardKind) -> None:
    world = World(kind=kind)
    assert walk(card_query(session("zhumadian")), world) is Outcome.REFUSED
    assert world.card_returned
    assert world.recorded == []


@pytest.mark.parametrize("service", [Service.CARD_QUERY, Service.PIN_CHANGE])
def test_a_service_not_open_is_refused_with_its_place(service: Service) -> None:
    pack = session("zhumadian").region.pack
    rules = msgspec.structs.replace(pack.services[service], self_service=Rule(basis=Basis.NOT_STATED))
    closed = Region(msgspec.structs.replace(pack, services={**pack.services, service: rules}))
    journey_of = {Service.CARD_QUERY: card_query, Service.PIN_CHANGE: pin_change}[service]
    world = World()
    assert walk(journey_of(Session("0" * 32, closed, worlds.TODAY)), world) is Outcome.REFUSED
    assert not world.card_came, "no card is asked for what is not done here"
    assert world.recorded == []
    assert refusal(world).citation is not None
    assert refusal(world).instead[0].text == "可以这样办：{place}"


def test_another_regions_card(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(key="beijing", typed=["246810"])  # which the card would take
    assert walk(card_query(session("zhumadian")), world) is Outcome.REFUSED
    assert world.recorded[0].reason == "other_region"
    assert world.asked == []


def test_expired_on_the_day_after_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    def expiring(day: date) -> IssuerData:
        return IssuerData("41170019900307001000000000000001", "3", "2.00", "0" * 24, day, day, "A12345674", "4117")

    monkeypatch.setitem(ISSUER, "zhumadian", expiring(date(2026, 11, 21)))
    world = World(typed=["246810"])
    assert walk(card_query(session("zhumadian")), world) is Outcome.REFUSED
    monkeypatch.setitem(ISSUER, "zhumadian", expiring(date(2026, 11, 22)))
    world = World(typed=["246810"])
    assert walk(card_query(session("zhumadian")), world) is Outcome.DONE


BEIJING = CardProved(proof=CardProof.GENUINE, card_state=CardState.NORMAL, pin_is_initial=False, pin_tries_left=6)


def test_beijing_sends_the_pin_as_a_block_only() -> None:
    world = World(key="beijing", typed=["135790"], proof=BEIJING)
    assert walk(card_query(session("beijing")), world) is Outcome.DONE
    assert world.pins == []
    question = world.asked[-1]
    assert isinstance(question, GetRecord)
    assert question.pin_block is not None
    assert question.pad_serial == "PAD1"


def test_beijing_names_the_pin_as_its_handbook_does_and_speaks_of_no_bank_pin() -> None:
    world = World(key="beijing", typed=["135790"], proof=BEIJING)
    walk(card_query(session("beijing")), world)
    (entry,) = [view for view in world.seen if isinstance(view, PinEntry)]
    assert entry.which.text == "查询密码"
    assert world.recorded[0].done_online


def test_beijing_has_its_medical_account_in_a_passbook() -> None:
    record = msgspec.structs.replace(RECORD, medical_account_fen=None, medical_account_as_of="")
    answers = [RecordAnswer(pin=PinVerdict.ACCEPTED, record=record)]
    world = World(key="beijing", typed=["135790"], proof=BEIJING, records=answers)
    walk(card_query(session("beijing")), world)
    assert "医保个人账户余额" not in [fact.label.text for fact in facts(world)]
    first = next(view for view in world.seen if isinstance(view, Result))
    assert first.note is not None
    assert first.note.text == "医保个人账户的钱已划入银行存折，可以自由支取。"


def test_a_pad_without_the_centres_key_is_not_called_a_lost_line() -> None:
    answers = [RecordAnswer(pin=PinVerdict.UNREADABLE)]
    world = World(key="beijing", typed=["135790"], proof=BEIJING, records=answers)
    assert walk(card_query(session("beijing")), world) is Outcome.REFUSED
    assert world.recorded[0].reason == "centre_declines"


def test_an_insurance_nobody_here_knows_is_shown_as_another_one() -> None:
    kinds = [InsuranceStatus(kind="long_term_care", active=True, paid_until="")]
    answers = [RecordAnswer(pin=PinVerdict.ACCEPTED, record=msgspec.structs.replace(RECORD, insurances=kinds))]
    world = World(typed=["246810"], records=answers)
    assert walk(card_query(session("zhumadian")), world) is Outcome.DONE
    assert "其他保险" in [fact.label.text for fact in facts(world)]


def test_line_lost_while_a_closed_chip_is_opened_is_no_forgery() -> None:
    world = World(typed=["246810"], chip_closed=True, lost_answer_to=AuthenticateTerminal)
    assert walk(card_query(session("zhumadian")), world) is Outcome.PARTLY_DONE
    assert world.recorded[0].reason == "centre_unreachable"


def test_beijing_wrong_pin_then_right() -> None:
    answers = [
        RecordAnswer(pin=PinVerdict.WRONG, pin_tries_left=5),
        RecordAnswer(pin=PinVerdict.ACCEPTED, record=RECORD),
    ]
    world = World(key="beijing", typed=["1", "2"], proof=BEIJING, records=answers)
    assert walk(card_query(session("beijing")), world) is Outcome.DONE


def test_beijing_without_the_centre_refuses() -> None:
    world = World(key="beijing", typed=["135790"], centre_up=False)
    assert walk(card_query(session("beijing")), world) is Outcome.REFUSED
    assert world.recorded[0].reason == "centre_unreachable"
    assert world.typed == ["135790"]


def test_beijing_initial_pin_with_a_letter_goes_to_the_outlet() -> None:
    proof = CardProved(proof=CardProof.GENUINE, card_state=CardState.NORMAL, pin_is_initial=True, pin_tries_left=6)
    world = World(key="beijing", proof=proof, holder=HOLDER_X)
    assert walk(card_query(session("beijing")), world) is Outcome.REFUSED
    assert world.recorded[0].reason == "pin_untypable"
    place = refusal(world).instead[0].values["place"]
    assert isinstance(place, Say)
    assert place.text == "社会保障卡服务网点。忘记密码只能在网点重置"


def test_beijing_initial_pin_of_digits_is_asked_for() -> None:
    proof = CardProved(proof=CardProof.GENUINE, card_state=CardState.NORMAL, pin_is_initial=True, pin_tries_left=6)
    world = World(key="beijing", typed=["070016"], proof=proof)
    assert walk(card_query(session("beijing")), world) is Outcome.DONE


@pytest.mark.parametrize(
    ("fen", "text"), [(0, "0.00"), (5, "0.05"), (100, "1.00"), (1234567, "12,345.67"), (-5, "-0.05")]
)
def test_yuan(fen: int, text: str) -> None:
    assert yuan(fen) == text
