from kiosk.journeys.card_application import card_application
from kiosk.journeys.views import Explain, Intent, NumberEntry, ReadBack, Refusal, Result, Slip, View
from kiosk.journeys.wording import Personal
from kiosk.records.filings import CardApplication
from kiosk.records.transaction import Outcome
from tests.journeys.test_temporary_loss import facts, filled
from tests.journeys.world import FILED_NUMBER, ID_CARD, World, session, titles, walk

PHONE = "13800000000"
TO_SLIP = dict.fromkeys(("申领交上去了", "接下来", "由谁发卡"), Intent.NEXT)


def citizen(key: str = "yunling", **changes: object) -> World:
    return World(key=key, documents=[ID_CARD], **changes)  # type: ignore[arg-type]  # fields by name


def apply(world: World) -> Outcome:
    return walk(card_application(session(world.key, reads_id_cards=True)), world)


def lines(world: World, title: str) -> list[str]:
    pages = [view for view in world.seen if isinstance(view, Explain) and view.title.text == title]
    return [filled(line) for page in pages for line in page.lines]


def first(world: World, kind: type[View]) -> View:
    return next(view for view in world.seen if isinstance(view, kind))


def test_what_it_takes_is_said_before_anything_is_asked() -> None:
    world = citizen(keyed=[PHONE])
    assert apply(world) is Outcome.DONE
    assert titles(world)[:4] == ["办第一张卡", "照片和材料", "给谁办？", "请放上身份证"]
    assert lines(world, "办第一张卡") == [
        "要用身份证，替别人办要两个人的。不收费。",
        "要先参加社会保险。",
        "从交上到拿到卡，要 10 个工作日。",
    ]
    assert lines(world, "照片和材料") == [
        "这台机器不拍照片，照片由窗口补拍、补交。",
        "照片要：白色背景、一寸、电子版、穿深色上衣、不戴帽子、不戴围巾、不戴眼镜、不戴首饰",
        "不满 16 岁的，带：户口本、户口本复印件",
    ]


def test_the_telephone_number_is_read_back_and_filed() -> None:
    world = citizen(keyed=["23800000000", PHONE])
    assert apply(world) is Outcome.DONE
    assert world.asked[-1].matter == CardApplication(phone=PHONE)
    entries = [view for view in world.seen if isinstance(view, NumberEntry)]
    assert [entry.note is None for entry in entries] == [True, False]
    read_back = first(world, ReadBack)
    assert isinstance(read_back, ReadBack)
    assert read_back.facts[-1].value == Personal("138****0000", PHONE)


def test_nobody_has_to_leave_a_telephone_number() -> None:
    world = citizen(choices={"留一个手机号码": Intent.NEXT})
    assert apply(world) is Outcome.DONE
    assert world.asked[-1].matter == CardApplication()


def test_whoever_sees_that_it_is_not_them_begins_with_the_id_card_again() -> None:
    world = citizen(keyed=[PHONE, PHONE], choices={"请核对，再交上去": Intent.AGAIN})
    world.documents.append(ID_CARD)
    journey = card_application(session("yunling", reads_id_cards=True))
    request = next(journey)
    while world.documents or "请核对，再交上去" not in titles(world)[-1]:
        request = journey.send(world.answer(request))
    assert titles(world).count("请放上身份证") == 2
    assert not world.recorded
    journey.close()


def test_the_result_says_the_number_and_that_the_photograph_is_missing() -> None:
    world = citizen(keyed=[PHONE], choices=dict(TO_SLIP))
    apply(world)
    result = first(world, Result)
    assert facts(result) == {
        "受理号（询问时用）": FILED_NUMBER,
        "照片": "由窗口补拍、补交",
        "多久能拿到卡": "10 个工作日",
    }
    assert lines(world, "接下来") == [
        "在哪里办照片：云岭服务大厅",
        "照片要：白色背景、一寸、电子版、穿深色上衣、不戴帽子、不戴围巾、不戴眼镜、不戴首饰",
        "电子照片：宽 295、高 413 像素，20 到 60 KB",
        "急着用卡的，可以办临时社会保障卡",
        "想知道办到哪一步：在这里选“办卡、办别的事”，再选“查进度”。",
    ]
    assert lines(world, "由谁发卡") == ["有单位的：单位发", "其他人：到云岭服务大厅领"]


def test_the_slip_says_what_is_missing_and_names_nobody() -> None:
    world = citizen(keyed=[PHONE], choices=dict(TO_SLIP))
    apply(world)
    slip = first(world, Slip)
    assert isinstance(slip, Slip)
    told = [filled(line) for line in slip.lines]
    assert told[:4] == [
        "云岭 · 社会保障卡申领",
        f"受理号 {FILED_NUMBER}",
        "办理日期 2026-11-22",
        "照片由窗口补拍、补交",
    ]
    assert not any(secret in line for line in told for secret in (PHONE, ID_CARD.name, ID_CARD.number, "138", "小明"))


def test_zhumadian_refuses_and_shows_the_way() -> None:
    world = citizen("zhumadian", choices={"申领不在这里办": Intent.NEXT})
    assert apply(world) is Outcome.REFUSED
    refusal = world.seen[0]
    assert isinstance(refusal, Refusal)
    assert refusal.page is not None
    assert refusal.page.of == len(set(titles(world)))
    assert lines(world, "要带的东西") == ["带：本人身份证", "不满 18 岁的，带：户口本、户口本复印件"]
    assert lines(world, "本人来不了") == ["可以请人代办申领。", "带：电子照片、身份证复印件"]
    assert not world.recorded
