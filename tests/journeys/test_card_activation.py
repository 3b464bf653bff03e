"""A new card is started by itself and the ID card of its holder, where the region lets a terminal do it."""

import dataclasses
from datetime import date

import pytest

from kiosk.journeys import requests
from kiosk.journeys.card_activation import card_activation
from kiosk.journeys.views import Explain, Fault, Intent, NumberEntry, ReadBack, Refusal, Result, Slip
from kiosk.journeys.wording import Personal
from kiosk.records.activation import ActivateCard, ActivationVerdict, CardActivated, ContactData
from kiosk.records.card import CardState
from kiosk.records.questions import CardProof, CardProved
from kiosk.records.transaction import Outcome, Stage
from tests.journeys.world import HOLDER_X, ID_CARD, OWN_ID_CARD, World, filled, region, session, steps, titles, walk

PHONE, POSTCODE = "13800000000", "430000"
IN_CHINESE = "云岭市新街五号"


def proof(state: CardState = CardState.SEALED) -> CardProved:
    return CardProved(proof=CardProof.GENUINE, card_state=state)


def newcomer(key: str = "yunling", **changes: object) -> World:
    contact = [PHONE, POSTCODE] if key == "yunling" else []
    filled_in = {"proof": proof(), "holder": HOLDER_X, "documents": [OWN_ID_CARD], "keyed": contact, **changes}
    return World(key=key, **filled_in)  # type: ignore[arg-type]  # fields by name


def come(world: World) -> Outcome:
    return walk(card_activation(session(world.key, reads_id_cards=True)), world)


def questions(world: World) -> list[ActivateCard]:
    return [question for question in world.asked if isinstance(question, ActivateCard)]


def last_refusal(world: World) -> Refusal:
    last = [view for view in world.seen if isinstance(view, Refusal)][-1]
    assert isinstance(last, Refusal)
    return last


def lines(world: World) -> list[str]:
    return [filled(line) for view in world.seen if isinstance(view, Explain) for line in view.lines]


def test_the_card_the_id_card_and_what_the_region_asks_for_start_a_card() -> None:
    world = newcomer(choices={"新卡启用好了": Intent.NEXT, "接下来": Intent.NEXT})
    assert come(world) is Outcome.DONE
    address = OWN_ID_CARD.address
    (question,) = questions(world)
    assert question.id_number == OWN_ID_CARD.number
    assert question.contact == ContactData(phone=PHONE, address=address, postcode=POSTCODE)
    assert [(one.stage, one.outcome) for one in world.recorded] == [
        (Stage.BEGUN, None),
        (Stage.FINISHED, Outcome.DONE),
    ]
    assert world.recorded[-1].done_online
    assert world.card_returned
    (read_back,) = [view for view in world.seen if isinstance(view, ReadBack)]
    assert [fact.label.text for fact in read_back.facts] == ["手机号码", "通讯地址、邮政编码"]
    assert read_back.facts[1].value == Personal(f"虚构市****** {POSTCODE}", f"{address} {POSTCODE}")
    (result,) = [view for view in world.seen if isinstance(view, Result)]
    assert [(fact.label.text, filled(fact.value)) for fact in result.facts] == [
        ("社保功能", "改了初始密码就能用"),
        ("旧的医保卡", "已停用"),
        ("银行功能", "还要到银行开通"),
    ]
    (slip,) = [view for view in world.seen if isinstance(view, Slip)]
    assert slip.paper is not None
    paper = [filled(line) for line in slip.paper.lines]
    assert "先改密码：请回首页选“改密码”，现在就能改。" in paper
    assert "开通银行功能：云岭银行的网点" in paper
    assert "旧卡医保账户里的钱，自动转到新卡。" in paper
    for personal in (PHONE, POSTCODE, address, OWN_ID_CARD.number):
        assert personal not in str(paper)
        assert personal not in repr(question)


def test_what_becomes_of_the_old_card_is_said_before_the_card_goes_in() -> None:
    world = newcomer()
    come(world)
    before = titles(world)[: titles(world).index("请插入社会保障卡")]
    assert before == ["启用新卡", "旧的医保卡怎么办"]
    assert "新卡一启用，旧卡就停用。" in lines(world)
    assert "要用新卡和您本人的身份证。不收费。" in lines(world)


def test_another_address_is_typed_and_mended() -> None:
    world = newcomer(keyed=["23800000000", PHONE, " ", "12345", IN_CHINESE, "43000", POSTCODE])
    world.choices["信寄到哪里？"] = Intent.TYPE
    assert come(world) is Outcome.DONE
    (question,) = questions(world)
    assert question.contact.address == IN_CHINESE
    notes = [view.note.text for view in world.seen if isinstance(view, NumberEntry) and view.note]
    assert notes == ["手机号码是 1 开头的 11 位数字，请改一改。", "邮政编码是六位数字，请改一改。"]


def test_a_document_without_an_address_asks_for_one() -> None:
    world = newcomer(documents=[dataclasses.replace(OWN_ID_CARD, address="")], keyed=[PHONE, IN_CHINESE, POSTCODE])
    assert come(world) is Outcome.DONE
    assert "信寄到哪里？" not in titles(world)


def test_what_was_filled_in_wrong_is_filled_in_anew() -> None:
    world = newcomer(keyed=["13800000001", "430001", PHONE, POSTCODE])
    journey = card_activation(session("yunling", reads_id_cards=True))
    request = next(journey)
    sent_back = False
    outcome = None
    while outcome is None:
        answer = world.answer(request)
        if isinstance(request, requests.Show) and isinstance(request.view, ReadBack) and not sent_back:
            sent_back, answer = True, Intent.AGAIN
        try:
            request = journey.send(answer)
        except StopIteration as end:
            outcome = end.value
    assert outcome is Outcome.DONE
    assert questions(world)[0].contact.phone == PHONE


def test_zhumadian_starts_it_and_leads_on_to_the_pin() -> None:
    """§3.1: it works once the initial PIN was changed; nothing is asked that the handbook does not ask for."""
    world = newcomer("zhumadian", choices={"新卡启用好了": Intent.NEXT})
    assert come(world) is Outcome.DONE
    (question,) = questions(world)
    assert question.contact == ContactData()
    (read_back,) = [view for view in world.seen if isinstance(view, ReadBack)]
    assert [fact.label.text for fact in read_back.facts] == ["姓名", "身份证号码"]
    assert "先改密码：请回首页选“改密码”，现在就能改。" in lines(world)
    assert "第一次用新卡看病、买药，旧卡就停用。" in lines(world)
    assert not world.pins, "the initial PIN proves nothing"


def test_where_the_bank_side_is_started_already_nobody_is_sent_to_the_bank() -> None:
    started = CardActivated(verdict=ActivationVerdict.ACTIVATED, bank_side_active=True)
    world = newcomer(activations=[started], choices={"新卡启用好了": Intent.NEXT})
    come(world)
    assert not any(line.startswith("开通银行功能：") for line in lines(world))


@pytest.mark.parametrize(
    ("key", "place", "title"),
    [
        ("guizhou", "制卡银行", "启用新卡不在这里办"),
        ("qingdao", "发卡银行", "启用新卡不在这里办"),
        ("beijing", "请打电话", "启用新卡不在这里办"),
        ("jiangxi", "合作银行", "社保功能不用启用"),
    ],
)
def test_elsewhere_it_is_told_where_before_a_card_is_asked_for(key: str, place: str, title: str) -> None:
    world = World(key=key)
    assert come(world) is Outcome.REFUSED
    refusal = last_refusal(world)
    assert refusal.title.text == title
    assert place in filled(refusal.instead[0])
    assert not world.card_came
    assert not world.recorded


def test_guizhou_says_to_ask_the_bank_for_both_sides() -> None:
    world = World(
        key="guizhou", choices={"启用新卡不在这里办": Intent.NEXT, "启用时要带的": Intent.NEXT, "银行功能": Intent.NEXT}
    )
    come(world)
    told = lines(world)
    assert "带：社会保障卡、本人身份证" in told
    assert "社保、银行两边的功能，一次一起开。" in told
    assert "只开了银行功能的，请银行把社保功能也开上。" in told
    assert "旧卡里的钱怎样转，本地手册没有写明。" in told


def test_qingdao_says_what_the_outlet_asks_for() -> None:
    world = World(key="qingdao", choices={"启用新卡不在这里办": Intent.NEXT})
    come(world)
    assert lines(world)[:3] == [
        "带：本人有效身份证件、社会保障卡、以前的医保卡",
        "还要告诉：电话、通讯地址、邮政编码",
        "密码可以趁这时重设，不重设也行。",
    ]


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (CardState.NORMAL, "R-71"),
        (CardState.LOCKED, "R-06"),
        (CardState.TEMPORARILY_LOST, "R-06"),
        (CardState.LOST, "R-13"),
        (CardState.CANCELLED, "R-15"),
    ],
)
def test_a_card_that_is_not_new_is_told_at_once(state: CardState, code: str) -> None:
    world = newcomer(proof=proof(state))
    assert come(world) is Outcome.REFUSED
    assert last_refusal(world).code == code
    assert len(world.documents) == 1, "nobody looks for their ID card for nothing"


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        (ActivationVerdict.IN_USE, "R-71"),
        (ActivationVerdict.LOCKED, "R-06"),
        (ActivationVerdict.ALREADY_REPORTED, "R-06"),
        (ActivationVerdict.FORMALLY_LOST, "R-13"),
        (ActivationVerdict.CANCELLED, "R-15"),
        (ActivationVerdict.REPLACED, "R-16"),
        (ActivationVerdict.ANOTHER_CARD, "R-72"),
        (ActivationVerdict.HOLDER_MISMATCH, "R-73"),
        (ActivationVerdict.NOT_OPEN, "R-01"),
    ],
)
def test_each_verdict_is_its_own(verdict: ActivationVerdict, code: str) -> None:
    world = newcomer(activations=[CardActivated(verdict=verdict)])
    assert come(world) is Outcome.REFUSED
    assert last_refusal(world).code == code


def test_anothers_id_card_starts_nothing() -> None:
    world = newcomer(documents=[ID_CARD])
    assert come(world) is Outcome.REFUSED
    assert last_refusal(world).code == "R-73"
    assert world.recorded[-1].reason == "holder_mismatch"
    assert not questions(world)


def test_a_child_is_sent_to_a_window() -> None:
    child = dataclasses.replace(OWN_ID_CARD, birth_date=date(2014, 3, 1), number="990100201403019052")
    world = newcomer(documents=[child])
    assert come(world) is Outcome.REFUSED
    assert last_refusal(world).code == "R-47"


def test_without_a_reader_of_id_cards_nobody_begins() -> None:
    world = newcomer()
    assert walk(card_activation(session("yunling")), world) is Outcome.REFUSED
    assert last_refusal(world).code == "D-11"
    assert not world.card_came


def test_without_the_centre_no_card_is_started() -> None:
    world = newcomer(centre_up=False)
    assert come(world) is Outcome.REFUSED
    assert last_refusal(world).code == "N-01"
    assert len(world.documents) == 1


def test_a_lost_answer_to_a_start_is_told_as_not_known() -> None:
    world = newcomer(lost_answer_to=ActivateCard)
    assert come(world) is Outcome.UNKNOWN
    last = world.seen[-1]
    assert isinstance(last, Fault)
    assert last.means.text == "卡可能已经启用，也可能没有。再办一次就知道，不会重复。"


def test_nothing_is_asked_of_the_centre_before_it_was_read_back() -> None:
    world = newcomer()
    walked = [type(one) for one in steps(card_activation(session("yunling", reads_id_cards=True)), world)]
    assert walked.index(requests.Record) > max(at for at, kind in enumerate(walked) if kind is requests.ReadIdDocument)
    assert region("yunling").pack.activation.contact_data.value is not None
