"""A portrait within the application: asked for, guided, accepted or not, and never a dead end."""

import dataclasses
from datetime import date
from typing import Any

import msgspec
import pytest

from drivers.ports.errors import Busy, DeviceError, NotConnected, PictureDark, PictureFrozen, ProtocolViolation
from kiosk.journeys.card_application import card_application
from kiosk.journeys.frame import Session
from kiosk.journeys.guide import photo_where
from kiosk.journeys.portrait import AGREE, DECLINE, NOT_POSSIBLE, TRIES
from kiosk.journeys.portrait_words import INSTRUCTIONS
from kiosk.journeys.requests import CitizenGone, Journey, NoSitting, NotTaken, Request, TakePortrait
from kiosk.journeys.views import (
    AnyIntent,
    Choices,
    Chosen,
    Emphasis,
    Explain,
    Fault,
    Intent,
    PortraitPreview,
    PortraitProof,
    ReadBack,
    Result,
    Slip,
    View,
    actions_of,
)
from kiosk.policy.region import Region
from kiosk.policy.rule import Basis, Rule, Text
from kiosk.portrait.guidance import Instruction
from kiosk.records.filings import CardApplication, FileMatter
from kiosk.records.portrait import (
    COMPARISON_TEXT,
    CONSENT_TEXT,
    KEPT_CONSENT_TEXT,
    Consent,
    ConsentBy,
    ConsentWord,
    FiledComparison,
    Likeness,
    NoPortrait,
    TakenPortrait,
)
from kiosk.records.transaction import Outcome, Service, Stage
from tests.journeys.test_temporary_loss import facts, filled
from tests.journeys.world import ID_CARD, JPEG, World, asking_only, region, session, title_of, titles, walk

CONSENT = "要在这里拍照吗？"
PROOF = "这张照片行吗？"
COMPARISON = "要比一比是不是本人吗？"
WHY = "为什么拍不了？"
TO_SLIP: dict[str, AnyIntent] = dict.fromkeys(("申领交上去了", "接下来", "由谁发卡"), Intent.NEXT)
NOT_THIS_TIME = NotTaken((Instruction.COME_CLOSER,))
CHILD = dataclasses.replace(ID_CARD, name="王小小", number="110101201211230016", birth_date=date(2012, 11, 23))
SOMEBODY_ELSE = dataclasses.replace(ID_CARD, name="李代办", number="110101196505050017", birth_date=date(1965, 5, 5))
Came = bytes | NotTaken | NoSitting | DeviceError


def sitter(*sittings: Came, **choices: Any) -> World:
    agreeing: dict[str, AnyIntent] = {CONSENT: AGREE, PROOF: Intent.NEXT}
    return World(
        key="yunling",
        documents=[ID_CARD],
        keyed=["13800000000"],
        takes_portraits=True,
        sittings=list(sittings),
        choices=agreeing | choices,
    )


def terminal_of(world: World) -> Session:
    return session(
        world.key,
        reads_id_cards=True,
        takes_portraits=world.takes_portraits,
        compares_portraits=world.looks is not None,
    )


def apply(world: World) -> Outcome:
    return walk(card_application(terminal_of(world)), world)


def apply_online(world: World) -> Outcome:
    """In a region where nothing is taken down without the centre."""
    return walk(card_application(asking_only(terminal_of(world), Service.CARD_APPLICATION)), world)


def ended(journey: Journey[Outcome], world: World, request: Request[Any]) -> Outcome:
    """How it comes out from here on."""
    while True:
        try:
            request = journey.send(world.answer(request))
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome


def view(world: World, title: str) -> View:
    return next(one for one in world.seen if title_of(one) == title)


def first_slip(world: World) -> Slip:
    return next(one for one in world.seen if isinstance(one, Slip))


def filed(world: World) -> Any:
    return world.asked[-1].portrait


def test_a_portrait_is_asked_for_taken_accepted_and_filed_sealed() -> None:
    world = sitter(JPEG)
    assert apply(world) is Outcome.DONE
    seen = titles(world)
    assert seen[seen.index(CONSENT) :][:5] == [
        CONSENT,
        "拍之前，请看一看",
        "请坐到镜头前",
        PROOF,
        "请核对，再交上去",
    ]
    assert world.sealed == [JPEG]
    assert filed(world).consent_by is ConsentBy.HOLDER
    assert filed(world).consent_text == KEPT_CONSENT_TEXT
    read_back = view(world, "请核对，再交上去")
    assert isinstance(read_back, ReadBack)
    assert filled(read_back.note) == "照片拍好了。卡会按身份证上的信息做。"
    result = view(world, "申领交上去了")
    assert isinstance(result, Result)
    assert facts(result)["照片"] == "在这里拍好了"


def test_the_picture_is_wiped_before_anything_else_is_asked() -> None:
    world = sitter(JPEG)
    journey = card_application(session("yunling", reads_id_cards=True, takes_portraits=True))
    request = next(journey)
    while "请核对，再交上去" not in titles(world):
        request = journey.send(world.answer(request))
    assert world.portraits[0].wiped
    journey.close()


def test_the_camera_opens_for_nobody_who_has_not_agreed() -> None:
    world = sitter(JPEG, **{CONSENT: DECLINE})
    assert apply(world) is Outcome.DONE
    assert world.camera_opened_after == []
    assert filed(world) is None
    read_back = view(world, "请核对，再交上去")
    assert isinstance(read_back, ReadBack)
    assert filled(read_back.note) == "照片由窗口补拍。卡会按身份证上的信息做。"
    agreed = sitter(JPEG)
    apply(agreed)
    assert CONSENT in agreed.camera_opened_after


def test_no_is_as_easy_as_yes() -> None:
    world = sitter(**{CONSENT: DECLINE})
    apply(world)
    consent = view(world, CONSENT)
    assert isinstance(consent, Explain)
    assert [action.intent for action in consent.actions] == [DECLINE, AGREE]
    assert {action.emphasis for action in consent.actions} == {Emphasis.PLAIN}
    assert [filled(line) for line in consent.lines] == [
        "照片只用来做您的社保卡。",
        "加密交给社保中心，办完就删；没交到时，这台机器最多存 30 天。",
        "不拍一样能办，由窗口补拍、补交。",
    ]


def test_a_guardian_agrees_for_a_child() -> None:
    world = sitter(JPEG, **{"给谁办？": Chosen("guardian"), "给孩子拍照，您同意吗？": AGREE})
    world.documents = [ID_CARD, CHILD]
    assert apply(world) is Outcome.DONE
    assert CONSENT not in titles(world)
    assert filed(world).consent_by is ConsentBy.GUARDIAN


def test_whoever_was_sent_is_not_taken_for_the_holder() -> None:
    world = sitter(JPEG, **{"给谁办？": Chosen("sent")})
    world.documents = [SOMEBODY_ELSE, ID_CARD]
    assert apply(world) is Outcome.DONE
    assert CONSENT not in titles(world)
    assert filed(world) is None


def test_the_regions_own_demands_are_what_the_person_sees_to() -> None:
    world = sitter(JPEG)
    apply(world)
    checklist = view(world, "拍之前，请看一看")
    assert isinstance(checklist, Explain)
    assert [filled(line) for line in checklist.lines] == [
        "请穿深色上衣、不戴帽子、不戴围巾、不戴眼镜、不戴首饰。",
        "宗教头巾可以戴，脸要露全。",
        "有难处不勉强，按“拍不了”就行。",
    ]


def test_another_try_and_the_first_picture_is_gone() -> None:
    world = sitter(JPEG, JPEG, **{PROOF: Intent.AGAIN})
    journey = card_application(session("yunling", reads_id_cards=True, takes_portraits=True))
    request = next(journey)
    while len(world.portraits) < 2:
        request = journey.send(world.answer(request))
    assert world.portraits[0].wiped
    journey.close()
    assert world.portraits[1].wiped, "a terminal that ends wipes as well"


def test_three_pictures_and_then_take_it_or_leave_it() -> None:
    world = sitter(JPEG, JPEG, JPEG, **{PROOF: Intent.AGAIN})
    journey = card_application(session("yunling", reads_id_cards=True, takes_portraits=True))
    request = next(journey)
    while len([one for one in world.seen if isinstance(one, PortraitProof)]) < TRIES:
        request = journey.send(world.answer(request))
    (*_, last) = (one for one in world.seen if isinstance(one, PortraitProof))
    assert [action.intent for action in actions_of(last)] == [DECLINE, Intent.NEXT]
    (first, *_) = (one for one in world.seen if isinstance(one, PortraitProof))
    assert [action.intent for action in actions_of(first)] == [DECLINE, Intent.AGAIN, Intent.NEXT]
    world.choices[PROOF] = DECLINE
    journey.close()


def test_after_three_tries_the_window_and_what_was_missing() -> None:
    lacking = NotTaken((Instruction.OPEN_EYES, Instruction.LOOK_AT_CAMERA))
    world = sitter(NOT_THIS_TIME, NOT_THIS_TIME, lacking)
    assert apply(world) is Outcome.DONE
    assert titles(world).count("这次没有拍成") == TRIES - 1
    end = view(world, "还是没有拍成")
    assert isinstance(end, Explain)
    assert [filled(line) for line in end.lines] == [
        "还差一步：请睁开眼睛",
        "还差一步：请看镜头",
        "照片由窗口补拍、补交，申领接着办。",
    ]
    assert filed(world) is None
    result = view(world, "申领交上去了")
    assert isinstance(result, Result)
    assert facts(result)["照片"] == "由窗口补拍、补交"


def test_who_did_all_that_was_asked_is_not_blamed() -> None:
    world = sitter(NotTaken(()), JPEG)
    assert apply(world) is Outcome.DONE
    missed = view(world, "这次没有拍成")
    assert isinstance(missed, Explain)
    assert [filled(line) for line in missed.lines] == ["您坐得很好，是照片达不到做卡的要求。"]


@pytest.mark.parametrize(
    ("key", "words", "helps"),
    [
        ("head_bandaged", "头上有包扎", ["怎么拍，窗口同您商量。"]),
        ("religious_head_cover", "宗教头巾", ["怎么拍，窗口同您商量。"]),
        ("child_in_arms", "抱着孩子", ["去窗口时，请家人帮忙抱孩子。"]),
        ("out_of_reach", "坐轮椅、够不着", ["到了窗口，请说一声够不着镜头。"]),
        ("untold", "别的原因，不想说", []),
    ],
)
@pytest.mark.parametrize("where", ["checklist", "camera"])
def test_who_cant_be_taken_goes_on_without(where: str, key: str, words: str, helps: list[str]) -> None:
    at_checklist = {"拍之前，请看一看": NOT_POSSIBLE} if where == "checklist" else {}
    world = sitter(NoSitting.LEFT, **at_checklist, **{WHY: Chosen(key)}, **TO_SLIP)
    assert apply(world) is Outcome.DONE
    asked = view(world, WHY)
    assert isinstance(asked, Choices)
    assert words in [filled(choice.label) for choice in asked.choices]
    page = view(world, "拍不了也能办")
    assert isinstance(page, Explain)
    assert [filled(line) for line in page.lines] == ["照片由窗口补拍、补交，申领接着办。", *helps]
    assert world.asked[-1].matter == CardApplication(phone="13800000000", no_portrait=NoPortrait(key))
    assert filed(world) is None
    assert bool(world.camera_opened_after) == (where == "camera")
    paper = first_slip(world).paper
    assert paper is not None
    on_paper = [filled(line) for line in paper.lines]
    assert set(helps) <= set(on_paper)
    assert not any(word in line for line in on_paper for word in ("包扎", "宗教头巾", "轮椅")), (
        "paper may be left behind"
    )


def test_a_guardian_is_asked_of_the_child() -> None:
    world = sitter(**{"给谁办？": Chosen("guardian"), "给孩子拍照，您同意吗？": AGREE, WHY: Chosen("child_in_arms")})
    world.choices["拍之前，请看一看"] = NOT_POSSIBLE
    world.documents = [ID_CARD, CHILD]
    assert apply(world) is Outcome.DONE
    asked = view(world, WHY)
    assert isinstance(asked, Choices)
    assert "孩子太小，坐不稳" in [filled(choice.label) for choice in asked.choices]
    page = view(world, "拍不了也能办")
    assert isinstance(page, Explain)
    assert filled(page.lines[-1]) == "去窗口时，请带上孩子。"


def test_whoever_the_camera_sees_too_low_is_told_apart_from_a_failed_try() -> None:
    low, other = NotTaken((Instruction.HIGHER, Instruction.HOLD_STILL)), NOT_THIS_TIME
    for amiss, why in ((low, NoPortrait.OUT_OF_REACH), (other, NoPortrait.NOT_TAKEN)):
        world = sitter(amiss, 这次没有拍成=Intent.NEXT)
        assert apply(world) is Outcome.DONE
        assert world.asked[-1].matter.no_portrait is why


def said(world: World) -> list[tuple[ConsentWord, ConsentBy, str]]:
    found = [entry.consent for entry in world.recorded if entry.stage is Stage.CONSENT]
    return [(one.word, one.by, one.text) for one in found if one is not None]


def test_consent_is_on_record_before_the_camera_opens() -> None:
    world = sitter(JPEG)
    journey = card_application(session("yunling", reads_id_cards=True, takes_portraits=True))
    request = next(journey)
    while not isinstance(request, TakePortrait):
        request = journey.send(world.answer(request))
    (entry,) = world.recorded
    assert entry.consent == Consent(word=ConsentWord.GIVEN, by=ConsentBy.HOLDER, text=KEPT_CONSENT_TEXT)
    assert (entry.social_security_number, entry.holder_name) == (ID_CARD.number, ID_CARD.name)
    assert not any(secret in repr(entry) for secret in (ID_CARD.number, ID_CARD.name))
    journey.close()


def test_no_is_on_record_as_well() -> None:
    world = sitter(**{CONSENT: DECLINE})
    assert apply(world) is Outcome.DONE
    assert said(world) == [(ConsentWord.DECLINED, ConsentBy.HOLDER, KEPT_CONSENT_TEXT)]
    assert world.asked[-1].matter.no_portrait is NoPortrait.DECLINED
    assert [entry.stage for entry in world.recorded] == [Stage.CONSENT, Stage.BEGUN, Stage.FINISHED]


def test_a_guardians_word_names_both() -> None:
    world = sitter(JPEG, **{"给谁办？": Chosen("guardian"), "给孩子拍照，您同意吗？": AGREE})
    world.documents = [ID_CARD, CHILD]
    assert apply(world) is Outcome.DONE
    assert said(world) == [(ConsentWord.GIVEN, ConsentBy.GUARDIAN, KEPT_CONSENT_TEXT)]
    assert (world.recorded[0].proxy_number, world.recorded[0].social_security_number) == (ID_CARD.number, CHILD.number)


@pytest.mark.parametrize("where", [PROOF, "请核对，再交上去"])
def test_consent_is_taken_back_as_easily_as_it_was_given(where: str) -> None:
    world = sitter(JPEG, **{where: DECLINE})
    assert apply(world) is Outcome.DONE
    assert [word for word, *_ in said(world)] == [ConsentWord.GIVEN, ConsentWord.WITHDRAWN]
    assert world.portraits[0].wiped
    assert filed(world) is None
    assert world.asked[-1].matter.no_portrait is NoPortrait.DECLINED
    *_, last = (one for one in world.seen if isinstance(one, ReadBack))
    assert filled(last.note) == "照片由窗口补拍。卡会按身份证上的信息做。"
    assert DECLINE not in {action.intent for action in last.actions}, "nothing is left to take back"


def test_where_nothing_waits_for_the_centre_it_is_said_that_nothing_is_kept() -> None:
    world = sitter(JPEG)
    assert apply_online(world) is Outcome.DONE
    consent = view(world, CONSENT)
    assert isinstance(consent, Explain)
    assert filled(consent.lines[1]) == "加密交给社保中心，办完就删；这台机器不留。"
    assert said(world) == [(ConsentWord.GIVEN, ConsentBy.HOLDER, CONSENT_TEXT)]
    assert filed(world).consent_text == CONSENT_TEXT


def test_a_centre_that_does_not_answer_loses_no_portrait() -> None:
    world = sitter(JPEG, 没收到社保中心答复=Intent.AGAIN)
    world.centre_up = False
    journey = card_application(asking_only(terminal_of(world), Service.CARD_APPLICATION))
    request = next(journey)
    while "没收到社保中心答复" not in titles(world):
        request = journey.send(world.answer(request))
    world.centre_up = True
    assert ended(journey, world, request) is Outcome.DONE
    assert len(world.asked) == 2
    assert world.asked[0] == world.asked[1], "the same portrait under the same number: nothing is filed twice"
    assert len(world.sealed) == 1
    assert len(world.portraits) == 1


@pytest.mark.parametrize("lost", [False, True])
def test_after_three_askings_it_ends_as_it_always_did(lost: bool) -> None:
    world = sitter(JPEG)
    world.centre_up, world.lost_answer_to = lost, FileMatter if lost else None
    assert apply_online(world) is (Outcome.UNKNOWN if lost else Outcome.REFUSED)
    assert len(world.asked) == 3
    assert titles(world).count("没收到社保中心答复") == (3 if lost else 2)


def test_whoever_does_not_wait_for_the_centre_may_leave() -> None:
    world = sitter(JPEG, 没收到社保中心答复=Intent.DONE)
    world.centre_up = False
    assert apply_online(world) is Outcome.REFUSED
    assert len(world.asked) == 1


def test_who_walks_away_while_the_answer_is_out_leaves_an_unknown_end() -> None:
    world = sitter(JPEG)
    world.lost_answer_to = FileMatter
    journey = card_application(asking_only(terminal_of(world), Service.CARD_APPLICATION))
    request = next(journey)
    while "没收到社保中心答复" not in titles(world):
        request = journey.send(world.answer(request))
    assert ended(journey, world, journey.throw(CitizenGone())) is Outcome.UNKNOWN


def test_without_a_portrait_nobody_is_kept_waiting() -> None:
    world = sitter(**{CONSENT: DECLINE})
    world.centre_up = False
    assert apply_online(world) is Outcome.REFUSED
    assert len(world.asked) == 1


def test_without_a_camera_the_way_to_the_window_is_whole() -> None:
    world = sitter(**TO_SLIP)
    world.takes_portraits = False
    assert apply(world) is Outcome.DONE
    whole = [
        "在哪里办照片：云岭服务大厅",
        "照片要：白色背景、一寸、电子版、穿深色上衣、不戴帽子、不戴围巾、不戴眼镜、不戴首饰",
        "电子照片：宽 295、高 413 像素，20 到 60 KB",
    ]
    pages = [one for one in world.seen if isinstance(one, Explain) and one.title.text == "接下来"]
    assert [filled(line) for page in pages for line in page.lines][:3] == whole
    slip = first_slip(world)
    assert slip.paper is not None
    on_paper = [filled(line) for line in slip.paper.lines]
    assert on_paper[1] == "照片由窗口补拍、补交"
    assert set(whole) <= set(on_paper)
    assert world.asked[-1].matter.no_portrait is None


def test_where_no_source_names_a_place_the_hotline_does() -> None:
    pack = region("yunling").pack
    place: Rule[Text] = Rule(basis=Basis.NOT_STATED)
    bare = Region(
        msgspec.structs.replace(pack, application=msgspec.structs.replace(pack.application, photo_place=place))
    )
    (line,) = photo_where(bare)
    assert filled(line) == "在哪里办照片，请打 0000-9901 问。"


def test_the_preview_always_shows_a_way_past_it() -> None:
    world = sitter(JPEG)
    apply(world)
    (preview,) = (one for one in world.seen if isinstance(one, PortraitPreview))
    assert [action.intent for action in preview.actions] == [Intent.CANCEL, NOT_POSSIBLE]


def test_who_can_after_all_is_taken() -> None:
    world = sitter(NoSitting.LEFT, JPEG, **{WHY: Intent.AGAIN})
    assert apply(world) is Outcome.DONE
    assert world.sealed == [JPEG]


@pytest.mark.parametrize(
    ("error", "title", "code"),
    [
        (NotConnected("camera", "x"), "摄像头看不见了", "V-01"),
        (ProtocolViolation("camera", "x"), "摄像头看不见了", "V-03"),
        (Busy("camera", "x"), "摄像头看不见了", "V-04"),
        (PictureDark("camera", "x"), "镜头被挡住了，看不见人", "V-06"),
        (PictureFrozen("camera", "x"), "摄像头的画面不动了", "V-07"),
    ],
)
def test_a_camera_that_fails_stops_no_application(error: DeviceError, title: str, code: str) -> None:
    world = sitter(error)
    assert apply(world) is Outcome.DONE
    fault = view(world, title)
    assert isinstance(fault, Fault)
    assert fault.code == code
    assert filled(fault.means) == "没有拍成，别的都不受影响。"
    assert filled(fault.now) == "照片由窗口补拍、补交，申领接着办。"
    assert filed(world) is None


def test_a_camera_that_fails_may_be_tried_again() -> None:
    world = sitter(PictureDark("camera", "x"), JPEG, **{"镜头被挡住了，看不见人": Intent.AGAIN})
    assert apply(world) is Outcome.DONE
    assert world.sealed == [JPEG]


def test_a_terminal_that_cant_measure_says_so_and_goes_on() -> None:
    world = sitter(NoSitting.NOT_READY)
    assert apply(world) is Outcome.DONE
    assert "这台机器现在拍不了照片" in titles(world)


def test_without_a_camera_nobody_is_asked() -> None:
    world = sitter(JPEG)
    world.takes_portraits = False
    assert apply(world) is Outcome.DONE
    assert CONSENT not in titles(world)


def comparing(looks: Likeness, *sittings: Came, **choices: Any) -> World:
    world = sitter(*sittings, **({COMPARISON: AGREE} | choices))
    world.looks = looks
    return world


@pytest.mark.parametrize("looks", Likeness)
def test_what_a_comparison_says_goes_with_the_filing_and_changes_nothing_else(looks: Likeness) -> None:
    world, plain = comparing(looks, JPEG), sitter(JPEG)
    assert apply(world) is Outcome.DONE
    assert apply(plain) is Outcome.DONE
    assert world.compared == [ID_CARD.photo]
    assert filed(world).comparison == FiledComparison(likeness=looks, consent_text=COMPARISON_TEXT)
    seen = titles(world)
    assert seen.index(CONSENT) + 1 == seen.index(COMPARISON)
    seen.remove(COMPARISON)
    assert seen == titles(plain), "nobody is told anything else, or asked anything more, for it"


def test_where_it_is_switched_off_nothing_is_compared_or_asked() -> None:
    world = sitter(JPEG, **{COMPARISON: AGREE})
    assert apply(world) is Outcome.DONE
    assert COMPARISON not in titles(world)
    assert world.compared == []
    assert filed(world).comparison is None


def test_who_wants_no_comparison_is_taken_all_the_same() -> None:
    world = comparing(Likeness.SAME, JPEG, **{COMPARISON: DECLINE})
    assert apply(world) is Outcome.DONE
    assert world.compared == []
    assert world.sealed == [JPEG]
    assert filed(world).comparison is None
    assert said(world) == [
        (ConsentWord.GIVEN, ConsentBy.HOLDER, KEPT_CONSENT_TEXT),
        (ConsentWord.DECLINED, ConsentBy.HOLDER, COMPARISON_TEXT),
    ]


def test_a_comparison_is_asked_for_apart_and_in_plain_words() -> None:
    world = comparing(Likeness.SAME, JPEG)
    apply(world)
    page = view(world, COMPARISON)
    assert isinstance(page, Explain)
    assert [action.intent for action in page.actions] == [DECLINE, AGREE]
    assert {action.emphasis for action in page.actions} == {Emphasis.PLAIN}
    assert [filled(line) for line in page.lines] == [
        "机器把照片和身份证照片比一比，给窗口提个醒。",
        "结果交给社保中心，办完就删；像不像都照办。",
        "不比也一样能拍、能办。",
    ]


def test_who_wants_no_picture_is_not_asked_to_have_it_compared() -> None:
    world = comparing(Likeness.SAME, **{CONSENT: DECLINE})
    assert apply(world) is Outcome.DONE
    assert COMPARISON not in titles(world)


def test_a_child_is_compared_with_its_own_card_if_the_guardian_agrees() -> None:
    own_photo = dataclasses.replace(CHILD, photo=b"\1" * 1024)
    world = comparing(
        Likeness.SAME,
        JPEG,
        **{"给谁办？": Chosen("guardian"), "给孩子拍照，您同意吗？": AGREE, "要比一比是不是孩子本人吗？": AGREE},
    )
    world.documents = [ID_CARD, own_photo]
    assert apply(world) is Outcome.DONE
    assert world.compared == [own_photo.photo]


def test_only_the_picture_that_is_taken_is_compared() -> None:
    world = comparing(Likeness.SAME, JPEG, JPEG, **{PROOF: Intent.AGAIN})
    journey = card_application(session("yunling", reads_id_cards=True, takes_portraits=True, compares_portraits=True))
    request = next(journey)
    while len(world.portraits) < 2:
        request = journey.send(world.answer(request))
    assert world.compared == []
    journey.close()


def test_every_instruction_has_words_of_its_own() -> None:
    assert set(INSTRUCTIONS) == set(Instruction)
    assert len({words.text for words in INSTRUCTIONS.values()}) == len(Instruction)


def test_a_portrait_tells_nothing_of_itself() -> None:
    portrait = TakenPortrait(JPEG)
    assert repr(portrait) == "<TakenPortrait>"
    with pytest.raises(TypeError):
        portrait.__reduce__()
    assert bytes(portrait.jpeg) == JPEG
    portrait.wipe()
    assert portrait.wiped
    assert not any(portrait.jpeg)
