"""One scene of every kind, as the journeys make them. All people and numbers are invented."""

import dataclasses
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image

from drivers.ports.errors import PictureDark
from kiosk.card_face.layout import load_layout
from kiosk.card_face.painter import FacePainter
from kiosk.card_face.particulars import Particulars
from kiosk.handbook.search import Keyword
from kiosk.journeys import filing, guide, new_card, portrait, refusals, waiting
from kiosk.journeys.answer_printing import NO_PAPER, printed_view, with_printing
from kiosk.journeys.counter_words import listed
from kiosk.journeys.faults import CLOSE, Effect, fault_view, meaning
from kiosk.journeys.forgotten_card import kept_view
from kiosk.journeys.frame import Session
from kiosk.journeys.identify import CANCEL
from kiosk.journeys.paging import TO_SLIP, turning
from kiosk.journeys.portrait_words import FOR_APPLICATION_KEPT
from kiosk.journeys.printing import PRINTING, Printing, fate_view, offering, warning
from kiosk.journeys.requests import SlipFate, TooManyWait
from kiosk.journeys.views import (
    Action,
    Answer,
    Attract,
    Choice,
    Choices,
    ChooseService,
    Chosen,
    Emphasis,
    Explain,
    Fact,
    Fault,
    Home,
    InsertCard,
    Intent,
    Menu,
    NameEntry,
    NumberEntry,
    OpenMenu,
    OutOfService,
    PinEntry,
    PlaceIdCard,
    ReadBack,
    Refusal,
    Result,
    Scene,
    Slip,
    SoundEntry,
    Step,
    StillThere,
    TakeCard,
    TakeIdCard,
    Tile,
    View,
    Working,
)
from kiosk.journeys.without_cards import without_cards
from kiosk.journeys.wording import Personal, PersonName, Say, Verbatim
from kiosk.policy.country import load_places
from kiosk.policy.pack import load_pack
from kiosk.policy.region import Citation, Region
from kiosk.portrait.guidance import Instruction
from kiosk.records.filings import CardApplication
from kiosk.records.portrait import ConsentBy, NoPortrait, TakenPortrait
from kiosk.records.transaction import Service
from kiosk.ui.fonts import FontBook
from tests.ui.new_card_scenes import NEW_CARD_VIEWS
from tests.ui.order_scenes import ORDER_VIEWS
from tests.ui.technician_scenes import TECHNICIAN_VIEWS


def told(text: str, **values: str | int | Verbatim | Say) -> Say:
    """A sentence that the code says elsewhere; not called ``say``, so that nobody translates it for a test's sake."""
    return Say(text, values)


REGION: Final = Say("驻马店", translations={"en": "Zhumadian"})
HOTLINE: Final = "12333、0396-12333"
TERMINAL: Final = "zmd-0001"
RARE_NAME: Final = "欧阳𠮷㛃"
"""The third character is beyond GB 2312, GBK and the basic plane; the fourth is in GBK's extension only."""
MARSHAL: Final = "𬸪𮧵"

_PIN_NAME = Say("社保密码", translations={"en": "social security PIN"})
_QUERY = Tile(
    ChooseService(Service.CARD_QUERY),
    told("查我的卡"),
    told("社保卡信息查询"),
    "query",
    told("查我的卡。看卡的状态、医保余额和参保情况"),
)
_PIN = Tile(
    ChooseService(Service.PIN_CHANGE),
    told("改密码"),
    told("修改{pin}", pin=_PIN_NAME),
    "pin",
    told("改密码。修改社会保障卡的{pin}", pin=_PIN_NAME),
)
_LOSS = Tile(
    ChooseService(Service.TEMPORARY_LOSS),
    told("先挂失"),
    Say("预挂失（临时挂失）", translations={"en": "Preliminary loss report"}),
    "loss",
    told("先挂失。卡的社保功能马上停用，别人捡到也用不了"),
)
_FOUND = Tile(
    ChooseService(Service.LOSS_LIFTING),
    told("卡找到了"),
    told("撤销挂失"),
    "found",
    told("卡找到了。撤销挂失，让卡重新能用"),
)
_GONE = Tile(
    ChooseService(Service.FORMAL_LOSS),
    told("卡找不回来了"),
    told("正式挂失"),
    "loss",
    told("卡找不回来了。正式挂失，旧卡不再用"),
)
_EXAMINE = Tile(
    ChooseService(Service.CARD_EXAMINATION),
    told("卡用不了？"),
    told("查查卡哪里不对"),
    "examine",
    told("卡用不了？查查卡哪里不对，告诉您去哪里办。不用输密码"),
)
_LOST = Tile(
    OpenMenu(Menu.LOST),
    told("卡丢了、坏了"),
    told("挂失、找到了、要新卡"),
    "loss",
    told("卡丢了、坏了，或者找到了。挂失，撤销挂失，补一张、换一张新卡"),
)
_ELSEWHERE = told("看去哪儿办")


def a_face() -> bytes:
    """A portrait's size and form, cut by hand out of a picture of nobody (tests/data/LICENSES.md)."""
    image = Image.open(Path(__file__).parents[1] / "data" / "faces" / "portrait-a.webp").convert("RGB")
    out = BytesIO()
    image.resize((358, 441), box=(90, 190, 730, 978)).save(out, "JPEG", quality=85)
    return out.getvalue()


def _tile(leads_to: Service | Menu, label: str, term: str, icon: str) -> Tile:
    intent = OpenMenu(leads_to) if isinstance(leads_to, Menu) else ChooseService(leads_to)
    return Tile(intent, told(label), told(term), icon, told(label))


_CLOSED = tuple(dataclasses.replace(tile, elsewhere=_ELSEWHERE) for tile in (_PIN, _LOST, _LOSS, _FOUND))
_OUTLET = Say(
    "就近的发卡银行社会保障卡服务网点", translations={"en": "The nearest card service outlet of the issuing bank"}
)
_REPORT = Say("口头挂失", translations={"en": "oral (temporary) loss report"})
_BANK = Say("江西省农村信用社（农商银行）", translations={"en": "Jiangxi Rural Credit Union (rural commercial banks)"})
_BACK = Action(Intent.BACK, told("上一页"))
_FINISH = Action(Intent.DONE, told("看完了"))
_NEXT = Action(Intent.NEXT, told("下一页"), Emphasis.PRIMARY)
_LOOK_ON = Action(Intent.AGAIN, told("看别的"))
_LOOK_ON_LAST = dataclasses.replace(_LOOK_ON, emphasis=Emphasis.PRIMARY)
_LONG_PLACE = "模拟大学医学部附属第一医院东院区国际门诊部"


def _choice(key: str, label: Say, line: Say | Verbatim) -> Choice:
    return Choice(Chosen(key), label, line)


_LOG_CHOICE = _choice("log", told("卡里的记录"), told("最近 {count} 笔", count=10))
_KEYWORDS = (
    Keyword("挂失", (("gua",), ("shi",)), frozenset({"lost", "report", "found"})),
    Keyword("密码", (("mi",), ("ma",)), frozenset({"forgotten", "change"})),
    Keyword("补卡", (("bu",), ("ka",)), frozenset({"replacement"})),
    Keyword("启用", (("qi",), ("yong",)), frozenset({"start"})),
    Keyword("网点", (("wang",), ("dian",)), frozenset({"outlets", "report"})),
    Keyword("电话", (("dian",), ("hua",)), frozenset({"lines", "lost"})),
    Keyword("过世", (("guo",), ("shi",)), frozenset({"death"})),
    Keyword("丢了", (("diu",), ("le", "liao")), frozenset({"lost", "report", "found"})),
)
_LONGEST_KEYWORDS = tuple(
    Keyword(word, tuple((syllable,) for syllable in syllables.split()), frozenset({word}))
    for word, syllables in (
        ("电子社保卡", "dian zi she bao ka"),
        ("想不起密码", "xiang bu qi mi ma"),
        ("还有多少钱", "hai you duo shao qian"),
        ("临时就医证", "lin shi jiu yi zheng"),
        ("劳动保障卡", "lao dong bao zhang ka"),
        ("即时补换卡", "ji shi bu huan ka"),
    )
)
_RETURN = Action(Intent.BACK, told("返回"))
_PROVINCES = {one.code: one for one in load_places(Path(__file__).resolve().parents[2] / "assets" / "places.toml")}
_TURNED = (CANCEL, _BACK, Action(Intent.NEXT, told("下一页")))


def _place(code: str) -> Say:
    """A province, or a city within one, as the list has it."""
    province = _PROVINCES[code[:2] + "0000"]
    place = next((one for one in province.within if one.code == code), province)
    return Say(place.zh, translations={"en": place.en})


def _within(code: str) -> Say:
    """A city after its province's short name."""
    province = _PROVINCES[code[:2] + "0000"]
    return told("{province}{city}", province=Say(province.short, translations={"en": province.en}), city=_place(code))


def _area(key: str, name: str) -> Choice:
    within = [Say(one.short, translations={"en": one.en}) for one in _PROVINCES.values() if one.area == key]
    return _choice(key, told(name), listed(within))


_WINDOW = Say(
    "社会保障卡综合服务窗口，或定点医院、定点药店的医保收费窗口，带本人有效身份证件",
    translations={
        "en": "A social security card service window, or the medical insurance till of a designated hospital or "
        "pharmacy; bring your ID"
    },
)
_LOCKED = Say("密码输错，卡锁了怎么办？", translations={"en": "Wrong PIN: the card is locked"})
_STANDS = Citation("社会保障卡知识手册 v1.0", "2019-05", "§3.3、§4.5")
_ASK = Tile(
    ChooseService(Service.ASK_HANDBOOK), told("问一问"), told("办事指南"), "help", told("问一问。看办事指南，不用卡")
)

_COLLECTION_OFFICE = Say(
    "省社会保险事业局医保征缴处，本人带社会保障卡和身份证。代办要带两个人的身份证和社会保障卡",
    translations={
        "en": "The medical insurance collection office of the provincial social insurance bureau, in person with card "
        "and ID. Someone acting for you brings both people's IDs and the card"
    },
)


def _listed(*items: str | Say) -> Say:
    """As the code lists papers: each sentence within the next."""
    sentence, *others = [item if isinstance(item, Say) else told(item) for item in items]
    for item in others:
        sentence = told("{before}、{item}", before=sentence, item=item)
    return sentence


_PROXY_PAPERS = _listed("本人身份证", "身份证复印件", "代办人身份证", "代办人身份证复印件", "委托书")
_PHOTO = _listed("白色背景", "一寸", "电子版", "穿深色上衣", "不戴帽子", "不戴围巾", "不戴眼镜", "不戴首饰")

_TOPICS = Choices(
    told("您想问什么？"),
    tuple(
        Choice(Chosen(en), Say(zh, translations={"en": en}))
        for zh, en in (
            ("认识社保卡", "About the card"),
            ("领卡和启用", "Getting a card"),
            ("密码和锁卡", "PINs and locked cards"),
            ("卡丢了、坏了", "Lost or worn cards"),
            ("去外地看病", "Care away from home"),
            ("手机里的电子卡", "The card on your phone"),
        )
    ),
    None,
    (
        Action(Intent.DONE, told("回首页")),
        Action(Chosen("outlets"), told("找网点"), spoken=told("找网点和电话")),
        Action(Chosen("search"), told("打字找"), Emphasis.PRIMARY, told("点词或打拼音的首字母来找")),
    ),
)
_SLIP_ANSWER = Slip(
    told("带走这个答案"),
    (
        _LOCKED,
        Say(
            "社保密码连错 6 次、银行密码连错 3 次就锁。锁哪边，就到哪边解。",
            translations={
                "en": "Six wrong social security PINs or three wrong bank PINs in a row lock that side. "
                "Each side is unlocked at its own place."
            },
        ),
        told("服务电话 {hotline}", hotline=Verbatim(HOTLINE)),
    ),
    told("用手机扫一扫，全部内容都能存下来。"),
    (_BACK, CLOSE),
    only_in_code=(Say("社保这边：到社保卡服务窗口解锁", translations={"en": "Social side: a card service window"}),),
)
_PLACE_TO_APPLY: Final = Say(
    "就近的社会保障卡服务网点，或银行网点", translations={"en": "The nearest card service outlet, or a bank outlet"}
)
_JIANGXIS_MANDATE: Final = Say(
    "《社会保障卡业务代理委托书》", translations={"en": "written authorisation (社会保障卡业务代理委托书)"}
)

VIEWS: Final[dict[str, View]] = {
    "attract": Attract(
        told("社会保障卡自助服务"),
        told("{region}的社会保障卡，可以在这里自己办。", region=REGION),
        Action(Intent.START, told("点这里开始"), Emphasis.PRIMARY, told("点这里开始办理")),
    ),
    "home": Home(told("您想办什么？"), (_QUERY, _EXAMINE, _PIN, _LOST, _ASK), Action(Intent.CANCEL, told("退出"))),
    "home-lost": Home(told("您想办哪一项？"), (_LOSS, _FOUND), _BACK),
    "home-lost-three": Home(told("您想办哪一项？"), (_LOSS, _FOUND, _GONE), _BACK),
    "home-closed": Home(
        told("您想办什么？"), (_QUERY, _EXAMINE, *_CLOSED[:2], _ASK), Action(Intent.CANCEL, told("退出"))
    ),
    "home-lost-closed": Home(told("您想办哪一项？"), _CLOSED[2:], _BACK),
    "home-six": Home(
        told("您想办什么？"), (_QUERY, _PIN, _LOSS, _CLOSED[3], _QUERY, _PIN), Action(Intent.CANCEL, told("退出"))
    ),
    "home-cards": Home(
        told("您想办哪一项？"),
        (
            _tile(Service.CARD_APPLICATION, "办第一张卡", "申领社会保障卡", "apply"),
            _tile(Service.CARD_ACTIVATION, "启用新卡", "激活社保功能", "start"),
            _tile(Menu.FILED, "查进度、拿证明", "办到哪一步、临时卡", "progress"),
            _tile(Service.DATA_CHANGE, "信息变了", "姓名、证件号码等", "data"),
            _tile(Service.CANCELLING, "不用这张卡了", "注销社会保障卡", "cancel"),
            _tile(Service.OFFSITE_CARE, "去外地看病", "异地就医备案", "away"),
        ),
        _BACK,
    ),
    "insert-card": InsertCard(
        told("请插入社会保障卡"), told("金色芯片朝上、朝前，插到底。办完前不要拔卡。"), None, (CANCEL,)
    ),
    "place-id-card": PlaceIdCard(
        told("请放上身份证"),
        told("平放在读卡区，先别拿开。屏幕会告诉您什么时候拿。"),
        Step(1, 2),
        None,
        (CANCEL,),
    ),
    "place-id-card-again": PlaceIdCard(
        told("请放上身份证"),
        told("平放在读卡区，先别拿开。屏幕会告诉您什么时候拿。"),
        Step(1, 2),
        told("刚才拿开得早了一点，请再放一次。"),
        (CANCEL,),
    ),
    "proxy-for-whom": Choices(
        told("给谁办？"),
        (
            _choice("self", told("给自己办"), told("用自己的身份证")),
            _choice("guardian", told("替孩子办"), told("我是孩子的监护人")),
            _choice("sent", told("替别人办"), told("对方让我来的")),
        ),
        None,
        (CANCEL,),
    ),
    "proxy-papers": Explain(
        told("这些都带了吗？"),
        (
            told("您的和对方的身份证，都要原件。"),
            told(
                "窗口还要看：{papers}",
                papers=_listed("持卡人身份证复印件", "代办人身份证复印件", _JIANGXIS_MANDATE),
            ),
        ),
        None,
        (
            CANCEL,
            Action(Intent.BACK, told("没带齐")),
            Action(Intent.NEXT, told("带齐了"), Emphasis.PRIMARY),
        ),
        note=told("机器只看身份证，别的材料由窗口看。"),
    ),
    "proxy-papers-of-a-child": Explain(
        told("这些都带了吗？"),
        (
            told("您的和孩子的身份证，都要原件。"),
            told("不满 {age} 岁的，带：{papers}", age=18, papers=_listed("户口本", "户口本复印件")),
            told("不满 {age} 岁的，还要监护人的书面同意。", age=14),
        ),
        None,
        (
            CANCEL,
            Action(Intent.BACK, told("没带齐")),
            Action(Intent.NEXT, told("带齐了"), Emphasis.PRIMARY),
        ),
        note=told("机器只看身份证，别的材料由窗口看。"),
    ),
    "proxy-own-card": PlaceIdCard(
        told("先放您自己的身份证"),
        told("平放在读卡区，先别拿开。屏幕会告诉您什么时候拿。"),
        Step(1, 4),
        None,
        (CANCEL,),
    ),
    "proxy-others-card": PlaceIdCard(
        told("再放对方的身份证"),
        told("您替谁办，就放谁的。平放在读卡区，先别拿开。"),
        Step(2, 4),
        told("这还是您自己的身份证，请放对方的。"),
        (CANCEL,),
    ),
    "proxy-still-to-do": Explain(
        told("代办还要做的"),
        (
            told("窗口还要看：{papers}", papers=_listed("持卡人身份证复印件", "代办人身份证复印件", _JIANGXIS_MANDATE)),
            told("本人不来拍照的，照片要：{demands}", demands=_listed("白色背景", "电子版")),
        ),
        None,
        (_BACK, _FINISH, _NEXT),
        Step(3, 5),
    ),
    "filing-refused-in-many-words": Explain(
        told("接下来"),
        (
            told("这是别人替您交的。不是您让办的，请打 {hotline}。", hotline=Verbatim(HOTLINE)),
            told(
                "原因：{note}",
                note=Verbatim("照片不是白色背景，脸也没有全照到，请换一张近三个月的" * 2 + "再交上来办，谢谢"),
            ),
            told("要问，请打 {hotline}。", hotline=Verbatim(HOTLINE)),
        ),
        None,
        (_BACK, _LOOK_ON, _NEXT),
        Step(2, 3),
    ),
    "guide-proxy": Explain(
        told("本人来不了"),
        (
            told("可以请人代办{business}。", business=told("补卡、换卡")),
            told("带：{papers}", papers=_PROXY_PAPERS),
        ),
        None,
        (_BACK, CLOSE),
        Step(6, 6),
        note=told(
            "依据：《{title}》（{date}）{section}",
            title=Verbatim("社会保障卡知识手册 v1.0"),
            date=Verbatim("2019-05"),
            section=Verbatim("§2.1"),
        ),
    ),
    "found-card-at-hand": Choices(
        told("卡在手上吗？"),
        (
            Choice(Chosen("card"), told("在手上，插卡办")),
            Choice(Chosen("id_card"), told("没带来，用身份证办")),
        ),
        None,
        (CANCEL,),
    ),
    "found-check": ReadBack(
        told("请核对，再撤销挂失"),
        (
            Fact(told("姓名"), PersonName("*小明", "王小明")),
            Fact(told("身份证号码"), Personal("110*************2X", "11010119900307002X")),
        ),
        told("撤销以后，这张卡的社保功能马上恢复。"),
        Step(2, 2),
        (
            CANCEL,
            Action(Intent.AGAIN, told("不是我，重新放")),
            Action(Intent.NEXT, told("对，撤销挂失"), Emphasis.GRAVE, told("号码和姓名都对，撤销挂失")),
        ),
    ),
    "id-card-or-typing": Explain(
        told("您带身份证了吗？"),
        (told("带了，放一下就行，不用打字。"), told("没带，就自己输号码和姓名。")),
        None,
        (
            CANCEL,
            Action(Intent.TYPE, told("没带，自己输")),
            Action(Intent.NEXT, told("带了，放身份证"), Emphasis.PRIMARY),
        ),
    ),
    "insert-card-no-paper": InsertCard(
        told("请插入社会保障卡"),
        told("金色芯片朝上、朝前，插到底。办完前不要拔卡。"),
        None,
        (CANCEL,),
        note=warning(Printing.UNABLE),
    ),
    "pin-entry": PinEntry(
        told("请在键盘上输入{pin}", pin=_PIN_NAME),
        told("{pin}，不是银行密码", pin=_PIN_NAME),
        6,
        3,
        Step(1, 3),
        None,
        (CANCEL,),
    ),
    "pin-entry-first": PinEntry(
        told("请在键盘上输入{pin}", pin=_PIN_NAME),
        told("{pin}，不是银行密码", pin=_PIN_NAME),
        6,
        0,
        Step(1, 3),
        told("没改过的话，和原来医保卡的密码一样。"),
        (CANCEL,),
        told("看病、办社保用这个密码，银行取钱用的是另一个。"),
    ),
    "pin-entry-wrong": PinEntry(
        told("请在键盘上输入{pin}", pin=_PIN_NAME),
        told("{pin}，不是银行密码", pin=_PIN_NAME),
        6,
        0,
        Step(1, 3),
        told("密码不对，只剩最后 1 次，再错就锁住。想不起来，请按“不办了”。"),
        (CANCEL,),
        told("是不是输成了银行密码？那是另一个密码。"),
    ),
    "number-entry": NumberEntry(
        told("请输入身份证号码"),
        told("就是卡上的社会保障号码，18 位。"),
        18,
        told("输好了"),
        Step(1, 3),
        None,
        (CANCEL,),
    ),
    "number-entry-wrong": NumberEntry(
        told("请输入身份证号码"),
        told("就是卡上的社会保障号码，18 位。"),
        18,
        told("输好了"),
        Step(1, 3),
        told("这个号码不对，请对照身份证改一改。"),
        (CANCEL,),
    ),
    "number-entry-phone": NumberEntry(
        told("留一个手机号码"),
        told("卡做好了，好通知您。不留也能办。"),
        11,
        told("输好了"),
        Step(2, 3),
        told("手机号码是 1 开头的 11 位数字，请改一改。"),
        (CANCEL, Action(Intent.NEXT, told("不留号码"))),
        check_character=False,
    ),
    "name-entry": NameEntry(
        told("请输入姓名"), told("和身份证上的一样。"), told("输好了"), Step(2, 3), None, (CANCEL,)
    ),
    "name-entry-wrong": NameEntry(
        told("请输入姓名"),
        told("和身份证上的一样。"),
        told("输好了"),
        Step(2, 3),
        told("请输入姓名，再按“输好了”。"),
        (CANCEL,),
    ),
    "read-back": ReadBack(
        told("请核对，再挂失"),
        (
            Fact(told("姓名"), PersonName("欧**㛃", RARE_NAME)),
            Fact(told("身份证号码"), Personal("110*************1X", "11010519491231001X")),
        ),
        told("挂失后，这张卡的社保功能马上停用。"),
        Step(3, 3),
        (
            CANCEL,
            Action(Intent.AGAIN, told("不对，重新输")),
            Action(Intent.NEXT, told("对，挂失这张卡"), Emphasis.GRAVE, told("号码和姓名都对，挂失这张卡")),
        ),
    ),
    "read-back-filing": ReadBack(
        told("请核对，再交上去"),
        (
            Fact(told("姓名"), PersonName("欧**㛃", RARE_NAME)),
            Fact(told("手机号码"), Personal("138****0000", "13800000000")),
        ),
        told("窗口会按身份证上的信息做卡。"),
        Step(3, 3),
        (
            CANCEL,
            Action(Intent.AGAIN, told("不是我，重新放")),
            Action(Intent.NEXT, told("都对，交上去")),
        ),
    ),
    "read-back-by-proxy": ReadBack(
        told("请核对，再交上去"),
        (
            Fact(told("替谁办"), PersonName("欧**㛃", RARE_NAME)),
            Fact(told("手机号码"), Personal("138****0000", "13800000000")),
        ),
        told("由您代办。卡会按对方身份证上的信息做。"),
        Step(4, 4),
        (
            CANCEL,
            Action(Intent.AGAIN, told("不对，重新放")),
            Action(Intent.NEXT, told("都对，交上去")),
        ),
    ),
    "formal-explain": Explain(
        told("卡找不回来了，办正式挂失"),
        (
            told("办了就不能撤销。卡再找到，也不能用了。"),
            told(
                "办过{name}的，要在 {term}内办正式挂失。",
                name=_REPORT,
                term=told("{count} 个工作日", count=7),
            ),
            told("要用您的身份证。不收费。"),
        ),
        None,
        (CANCEL, Action(Intent.NEXT, told("知道了，接着办"), Emphasis.PRIMARY)),
    ),
    "formal-read-back": ReadBack(
        told("请核对，是不是您本人"),
        (
            Fact(told("姓名"), PersonName("欧**㛃", RARE_NAME)),
            Fact(told("身份证号码"), Personal("110*************1X", "11010519491231001X")),
        ),
        told("现在还没有挂失，下一步再问您一次。"),
        Step(3, 3),
        (
            CANCEL,
            Action(Intent.AGAIN, told("不对，重新输")),
            Action(Intent.NEXT, told("对，是我本人"), Emphasis.PLAIN, told("号码和姓名都对，是我本人")),
        ),
    ),
    "formal-last-question": ReadBack(
        told("真的要正式挂失吗？"),
        (Fact(told("办了以后"), told("卡马上停用。能不能撤销，本地手册没有写明。")),),
        told("卡也许还找得到？先办{name}就够了。", name=_REPORT),
        None,
        (CANCEL, Action(Intent.NEXT, told("正式挂失这张卡"), Emphasis.GRAVE)),
    ),
    "formal-result": Result(
        told("正式挂失好了"),
        (
            Fact(told("社保功能"), told("已停用，不能恢复"), key=True),
            Fact(told("银行功能"), told("还没有挂失，请联系{bank} {line}", bank=_BANK, line=Verbatim("962268"))),
        ),
        told("电子社保卡也一起停用了。"),
        (_FINISH, _NEXT),
        Step(1, 3),
    ),
    "formal-new-card": Explain(
        told("补办新卡"),
        (
            told(
                "去哪里：{place}",
                place=Say(
                    "发卡银行的补换卡窗口：银行账户的挂失、激活一次办完",
                    translations={
                        "en": "The bank's window: reporting and activating the bank side are done there in one go"
                    },
                ),
            ),
            told("带：{papers}", papers=told("本人有效身份证件")),
            told(
                "{fee}{time}",
                fee=told("收费 {amount} 元。", amount=Verbatim("16.00")),
                time=told("从交上到拿到卡，要 {term}。", term=told("{count} 个工作日", count=15)),
            ),
        ),
        None,
        (_BACK, _FINISH, _NEXT),
        Step(3, 4),
    ),
    "loss-next-steps": Explain(
        told("接下来"),
        (
            told("银行功能要另外挂失：打银行电话（在最后一页），说“社保卡丢了，要挂失”。"),
            told(
                "找不到卡，办正式挂失：{place}。{due}",
                place=Say(
                    "发卡银行的营业网点，本人带有效身份证件",
                    translations={"en": "An outlet of the card's issuing bank, in person with your ID"},
                ),
                due=told(
                    "正式挂失要在 {term}内办，请不要晚于 {day}。",
                    term=told("{count} 天", count=5),
                    day=Verbatim("2026-11-27"),
                ),
            ),
            told("卡找到了：带卡来这里撤销挂失。"),
        ),
        None,
        (_BACK, _NEXT),
        Step(2, 3),
    ),
    "slip": Slip(
        told("带走这张凭条"),
        (
            told("{region} · {name}", region=REGION, name=told("临时挂失")),
            told("受理号 {number}", number=Verbatim("8F3A2C71")),
            told("挂失时间 {time}", time=Verbatim("2026-11-22 10:40")),
            told("有效到 {until}", until=told("{time}，到时自动解除", time=Verbatim("2026-11-27 10:40"))),
            told("服务电话 {hotline}", hotline=Verbatim(HOTLINE)),
        ),
        told("用手机扫一扫，就能存下来。"),
        (_BACK, CLOSE),
        Step(3, 3),
    ),
    "slip-banks": Slip(
        told("带走这张凭条"),
        (
            told("{region} · {name}", region=REGION, name=told("临时挂失")),
            told("受理号 {number}", number=Verbatim("8F3A2C71")),
            told("{day} 已记下，连上社保中心后生效", day=Verbatim("2026-11-22")),
            *(
                told("{bank} {line}", bank=bank, line=Verbatim("95588"))
                for bank in (
                    Say("工商银行", translations={"en": "Industrial and Commercial Bank of China"}),
                    Say("农业银行", translations={"en": "Agricultural Bank of China"}),
                    Say("中国银行", translations={"en": "Bank of China"}),
                    Say("建设银行", translations={"en": "China Construction Bank"}),
                    Say("交通银行", translations={"en": "Bank of Communications"}),
                    Say("邮储银行", translations={"en": "Postal Savings Bank of China"}),
                    Say("江西银行", translations={"en": "Jiangxi Bank"}),
                )
            ),
            told("服务电话 {hotline}", hotline=Verbatim(HOTLINE)),
        ),
        told("用手机扫一扫，就能存下来。"),
        (_BACK, CLOSE),
        Step(3, 3),
    ),
    "sound-entry": SoundEntry(
        told("您想找什么？"),
        told("点一个词，或打拼音的首字母：挂失打 GS。"),
        told("找一找"),
        None,
        (_RETURN,),
        _KEYWORDS,
    ),
    "sound-entry-nothing": SoundEntry(
        told("您想找什么？"),
        told("点一个词，或打拼音的首字母：挂失打 GS。"),
        told("找一找"),
        told("没有找到。换个词，再试试。"),
        (_RETURN,),
        _LONGEST_KEYWORDS,
    ),
    "choices-topics": _TOPICS,
    "choices-topics-no-paper": dataclasses.replace(_TOPICS, note=NO_PAPER),
    "choices-questions": Choices(
        told("找到这些"),
        tuple(
            Choice(Chosen(str(number)), Say("在外地急诊住院，没备案怎么办？", translations={"en": english}))
            for number, english in enumerate(["Emergency elsewhere, not registered"] * 5)
        ),
        None,
        (_BACK, Action(Intent.NEXT, told("下一页"))),
        Step(2, 3),
    ),
    "choices-two": Choices(
        told("网点和电话"),
        (Choice(Chosen("district"), told("按县区找网点")), Choice(Chosen("lines"), told("服务电话"))),
        None,
        (_RETURN,),
    ),
    "answer": Answer(
        _LOCKED,
        told("具体来说"),
        (
            Say("社保这边：到社保卡服务窗口解锁", translations={"en": "Social side: a card service window"}),
            Say("银行那边：到银行网点解锁", translations={"en": "Bank side: an outlet of the bank"}),
            Say("两个密码分开记，别弄混", translations={"en": "Keep the two PINs apart"}),
        ),
        1,
        (),
        (_STANDS,),
        (_BACK, _FINISH, _NEXT),
        Step(2, 3),
    ),
    "answer-outlets": Answer(
        Say("市辖区", translations={"en": "City district"}),
        Say("这里能当场补卡、换卡", translations={"en": "Replaces cards while you wait"}),
        (),
        0,
        (
            Fact(
                Say("正阳农商银行明临路支行", translations={"en": "正阳农商银行明临路支行"}),
                Verbatim("正阳县东关畜牧局对面正阳县农商银行明临路支行一楼大厅"),
            ),
            Fact(
                Say("中国银行驻马店分行", translations={"en": "中国银行驻马店分行"}), Verbatim("驻马店市文明路 189 号")
            ),
        ),
        (_STANDS,),
        (_RETURN, _NEXT),
        Step(1, 6),
    ),
    "slip-answer": _SLIP_ANSWER,
    "slip-answer-with-printer": with_printing(_SLIP_ANSWER),
    "slip-answer-printed": printed_view(SlipFate.PRINTED),
    "slip-answer-partly": printed_view(SlipFate.PARTLY),
    "working": Working(told("正在查询"), told("请稍候，不要拔卡。")),
    "explain": Explain(
        told("这个密码容易被人猜到"),
        (told("六个一样的数字、连着的数字，别人一试就中。"), told("建议您换一个。")),
        Step(2, 3),
        (Action(Intent.NEXT, told("就用这个")), Action(Intent.AGAIN, told("换一个"), Emphasis.PRIMARY)),
    ),
    "guide-step": Explain(
        told("第 {number} 步，{who}去办", number=1, who=told("本人")),
        (
            told("去哪里：{place}", place=_COLLECTION_OFFICE),
            told("办什么：{what}", what=Say("变更关键信息", translations={"en": "Have the key data changed"})),
            told("带：{papers}", papers=_PROXY_PAPERS),
        ),
        None,
        (_BACK, _FINISH, _NEXT),
        Step(2, 6),
    ),
    "guide-photo": Explain(
        told("照片和材料"),
        (
            told("这台机器不拍照片，照片由窗口补拍、补交。"),
            told("照片要：{demands}", demands=_PHOTO),
            told("不满 {age} 岁的，带：{papers}", age=16, papers=_listed("户口本", "户口本复印件")),
        ),
        None,
        (CANCEL, _BACK, Action(Intent.NEXT, told("开始申领"), Emphasis.PRIMARY)),
        Step(2, 2),
    ),
    "result-filed": Result(
        told("申领交上去了"),
        (
            Fact(told("受理号（询问时用）"), Verbatim("8F3A2C71"), key=True),
            Fact(told("照片"), told("由窗口补拍、补交")),
            Fact(told("多久能拿到卡"), told("{count} 个工作日", count=10)),
        ),
        None,
        (_FINISH, _NEXT),
        Step(1, 4),
    ),
    "result-filed-by-proxy": Result(
        told("申领交上去了"),
        (
            Fact(told("受理号（询问时用）"), Verbatim("8F3A2C71"), key=True),
            Fact(told("照片"), told("由窗口补拍、补交")),
            Fact(told("多久能拿到卡"), told("{count} 个工作日", count=10)),
        ),
        told("窗口看过材料才能办，要带什么请看后面。"),
        (_FINISH, _NEXT),
        Step(1, 5),
    ),
    "choices-papers": Choices(
        told("您要开哪一种？"),
        (
            _choice("1", told("临时社会保障卡"), told("卡没做好，急着用")),
            _choice("2", told("临时就医证"), told("换卡时看病用")),
            _choice("3", told("补卡、换卡证明"), told("换卡时看病用")),
            _choice("4", told("领卡证明"), told("领新卡用")),
            _choice("5", told("销卡通知书"), told("去银行销卡用")),
        ),
        None,
        (CANCEL,),
    ),
    "choices-filed": Choices(
        told("您交过这些"),
        tuple(_choice(str(at), told("异地就医的备案"), told("已收到，等着办")) for at in range(4)),
        None,
        (Action(Intent.BACK, told("看新的")), _FINISH, Action(Intent.NEXT, told("看更早的"), Emphasis.PRIMARY)),
    ),
    "explain-no-paper": Explain(
        told("卡丢了，先办{name}", name=told("临时挂失")),
        (
            told("挂失后，卡的社保功能停用，别人捡到也用不了。"),
            told("有效 {term}，到时自动解除。", term=told("{count} 天", count=5)),
            told("要输入您的身份证号码和姓名。不收费。"),
        ),
        None,
        (CANCEL, Action(Intent.NEXT, told("开始挂失"), Emphasis.PRIMARY)),
        note=warning(Printing.UNABLE),
    ),
    "slip-printed": fate_view(SlipFate.PRINTED, has_code=True),
    "slip-broken-off": fate_view(SlipFate.PARTLY, has_code=True),
    "slip-no-paper": fate_view(SlipFate.NO_PAPER, has_code=False),
    "printing": PRINTING,
    "explain-cancelled": Explain(told("已经取消"), (meaning(Service.CARD_QUERY, Effect.NONE),), None, (CLOSE,)),
    "result-first-page": Result(
        told("您的社保卡信息"),
        (
            Fact(told("医保个人账户余额"), told("{amount} 元", amount=Verbatim("12,345.67")), key=True),
            Fact(told("姓名"), PersonName("欧**㛃", RARE_NAME)),
            Fact(told("卡的状态"), told("社保功能已锁定")),
        ),
        told("余额截至 {day}。", day=Verbatim("2026-11-20")),
        (_FINISH, _NEXT),
        Step(1, 4),
    ),
    "result-numbers": Result(
        told("您卡里的信息"),
        (
            Fact(told("姓名"), PersonName("𬸪*", MARSHAL)),
            Fact(told("社会保障号码"), Personal("110*************1X", "11010519491231001X")),
            Fact(told("卡号"), Personal("A******78", "A12345678")),
        ),
        told("现在联系不上社保中心，只能看到卡里存的信息。账户余额请稍后再查。"),
        (_BACK, _FINISH, _NEXT),
        Step(2, 4),
    ),
    "result-insurances": Result(
        told("您的社保卡信息"),
        tuple(
            Fact(told(kind), told("正常参保，缴到 {month}", month=Verbatim("2026-10")))
            for kind in ("养老保险", "医疗保险", "失业保险")
        ),
        None,
        (_BACK, _FINISH, _NEXT),
        Step(3, 4),
    ),
    "choices-six": Choices(
        told("您的社保卡信息"),
        (
            _choice("overview", told("卡和医保账户"), told("余额 {amount} 元", amount=Verbatim("12,345.67"))),
            _choice("insurance", told("参加的保险"), told("一共 {count} 种", count=5)),
            _choice(
                "years",
                told("看病花费"),
                told("{newer} 年、{older} 年", newer=Verbatim("2026"), older=Verbatim("2025")),
            ),
            _choice("receipts", told("看病收据"), told("最近 {count} 张", count=4)),
            _LOG_CHOICE,
            _choice("bank", told("银行账户"), Verbatim("中原银行股份有限公司")),
        ),
        None,
        (TO_SLIP[0], _FINISH),
    ),
    "choices-receipts": Choices(
        told("看哪一张收据？"),
        tuple(
            _choice(
                f"receipt {number}",
                told("{day} {amount} 元", day=Verbatim("2026-10-19"), amount=Verbatim("12,345.67")),
                Verbatim(_LONG_PLACE),
            )
            for number in range(1, 5)
        ),
        None,
        (_FINISH, _LOOK_ON),
    ),
    "choices-chip": Choices(
        told("您卡里的信息"),
        (_choice("chip", told("您卡里的信息"), told("姓名、卡号、有效期")), _LOG_CHOICE),
        told("现在联系不上社保中心，只能看到卡里存的信息。账户余额请稍后再查。"),
        (TO_SLIP[0], _FINISH),
    ),
    "result-receipt": Result(
        told("{day} 的收据", day=Verbatim("2026-10-19")),
        (
            Fact(told("一共花了"), told("{amount} 元", amount=Verbatim("123,680.00")), key=True),
            Fact(told("医保基金付了"), told("{amount} 元", amount=Verbatim("93,380.00"))),
            Fact(told("您负担"), told("{amount} 元", amount=Verbatim("30,300.00"))),
        ),
        told(
            "{fund} + {person} = {total}，对得上。基金是大家交的医保钱。",
            fund=Verbatim("93,380.00"),
            person=Verbatim("30,300.00"),
            total=Verbatim("123,680.00"),
        ),
        (_LOOK_ON, _NEXT),
        Step(1, 3),
    ),
    "result-receipt-shares": Result(
        told("{day} 的收据", day=Verbatim("2026-10-19")),
        (
            Fact(told("医保管的费用（范围内）"), told("{amount} 元", amount=Verbatim("600.00"))),
            Fact(told("其中您付的一份"), told("{amount} 元", amount=Verbatim("220.00"))),
            Fact(told("医保不管的（范围外）"), told("{amount} 元", amount=Verbatim("80.00"))),
        ),
        told(
            "您负担：{own} + {out} = {person} 元。范围外的全由您付。",
            own=Verbatim("220.00"),
            out=Verbatim("80.00"),
            person=Verbatim("300.00"),
        ),
        (_BACK, _LOOK_ON, _NEXT),
        Step(2, 3),
    ),
    "result-receipt-cash": Result(
        told("{day} 的收据", day=Verbatim("2026-10-19")),
        (
            Fact(told("您付的现金"), told("{amount} 元", amount=Verbatim("250.00"))),
            Fact(told("大额互助当年付了"), told("{amount} 元", amount=Verbatim("810.00"))),
        ),
        told("现金是您负担里当场交的钱。大额互助从 1 月 1 日累计到这一天。"),
        (_BACK, _FINISH, _LOOK_ON_LAST),
        Step(3, 3),
    ),
    "result-deductible": Result(
        told("{year} 年看病花费", year=Verbatim("2026")),
        (
            Fact(told("起付线（退休）"), told("{amount} 元", amount=Verbatim("1,300.00"))),
            Fact(told("已经算进去"), told("{amount} 元", amount=Verbatim("1,050.50"))),
            Fact(told("离起付线还差"), told("{amount} 元", amount=Verbatim("249.50")), key=True),
        ),
        told(
            "没过起付线的钱由您付。{dated}",
            dated=told(
                "这是 {year} 年手册的数，可能变了，请问 {hotline}。",
                year=Verbatim("2009"),
                hotline=Verbatim("96102"),
            ),
        ),
        (_BACK, _LOOK_ON, _NEXT),
        Step(4, 5),
    ),
    "result-log": Result(
        told("卡里的记录"),
        (
            Fact(
                told(
                    "{day} {kind} {place}",
                    day=Verbatim("2026-10-19"),
                    kind=told("门诊"),
                    place=Verbatim("示例大学附属医院东院区门诊部"),
                ),
                told("{amount} 元", amount=Verbatim("12,345.60")),
            ),
            Fact(told("倒数第 {number} 笔", number=2), told("读不出来")),
        ),
        told("有一条坏了，读不出就不猜。{whom}", whom=told("想问清楚，请打 {hotline}。", hotline=Verbatim(HOTLINE))),
        (_LOOK_ON, _NEXT),
        Step(1, 5),
    ),
    "explain-two-accounts": Explain(
        told("一张卡，两个账户"),
        (
            told("医保个人账户看病、买药用。"),
            told("银行账户和普通银行卡一样，存钱、取钱用。"),
            told("两边的钱不能互转。这里不知道银行余额，请问银行。"),
        ),
        None,
        (_BACK, _FINISH, _LOOK_ON_LAST),
        Step(2, 2),
    ),
    "explain-figures-disagree": Explain(
        told("{day} 的收据", day=Verbatim("2026-10-19")),
        (
            told("社保中心给的数字加起来对不上，不能当真，所以不显示。"),
            told("请拿着纸质收据，到医院收费处核对。"),
            told("想问清楚，请打 {hotline}。", hotline=Verbatim(HOTLINE)),
        ),
        None,
        (_FINISH, _LOOK_ON_LAST),
    ),
    "choices-care-elsewhere": Choices(
        told("去外地看病"),
        (
            _choice("register", told("登记备案"), told("去外地看病以前，先登记")),
            _choice("state", told("看我的备案"), told("登记过的，办到哪一步了")),
            _choice("failures", told("在外地刷不了卡"), told("常见的原因和办法")),
        ),
        None,
        (CANCEL,),
    ),
    "choices-groups": Choices(
        told("您是哪一种情况？"),
        (
            _choice("posted", told("单位派去外地"), told("在那边长期上班")),
            _choice("referred", told("转到外地看病"), told("本地治不了，医院让转的")),
            _choice("long_resident", told("长期住在外地"), told("比如跟着子女住")),
            _choice("settled_retired", told("退休后去外地定居"), told("户口也迁过去了")),
            _choice("settled", told("在外地定居"), told("家安在那边")),
        ),
        None,
        (CANCEL,),
    ),
    "choices-areas": Choices(
        told("在哪一片看病？"),
        (
            _area("1", "华北"),
            _area("2", "东北"),
            _area("3", "华东"),
            _area("4", "中南"),
            _area("5", "西南"),
            _area("6", "西北"),
        ),
        None,
        (CANCEL,),
    ),
    "choices-cities": Choices(
        told("在哪个市看病？"),
        tuple(
            _choice(code, _place(code), _place("650000"))
            for code in ("652700", "652800", "652900", "653000", "653100", "654000")
        ),
        told("第 {number} 页，共 {of} 页", number=2, of=5),
        _TURNED,
    ),
    "choices-days": Choices(
        told("哪天入院的？"),
        (
            _choice("0", told("今天，{day}", day=Verbatim("2026-12-25")), told("最晚哪天登记，算不出来")),
            _choice("1", told("昨天，{day}", day=Verbatim("2026-12-24")), told("最晚哪天登记，算不出来")),
            *(
                _choice(
                    str(ago),
                    told("{count} 天前，{day}", count=ago, day=Verbatim(f"2026-12-{25 - ago}")),
                    told("最晚 {day} 登记", day=Verbatim("2026-12-28")),
                )
                for ago in (3, 4, 5)
            ),
            _choice("earlier", told("还要早"), told("要到窗口问一问")),
        ),
        told("放假安排还不全，最晚哪天请打 {hotline} 问。", hotline=Verbatim(HOTLINE)),
        (CANCEL,),
    ),
    "choices-failures": Choices(
        told("在外地刷不了卡"),
        (
            _choice("not_activated", told("卡没有启用"), told("卡的社保功能还没有在参保的地方启用。")),
            _choice("wrong_personal_data", told("登记的信息有错"), told("参保时登记的个人信息，有一项不对。")),
            _choice("registration_not_arrived", told("备案没有传到"), told("备案还没有传到看病的地方。")),
            _choice("benefits_blocked", told("医保待遇停了"), told("参保的地方停了医保待遇。")),
            _choice("dates_disagree", told("日期对不上"), told("转诊登记的日期和住院的日期不一样。")),
        ),
        None,
        (_FINISH,),
    ),
    "read-back-offsite": ReadBack(
        told("请核对，再交上去"),
        (
            Fact(told("姓名"), PersonName("欧**㛃", RARE_NAME)),
            Fact(told("去哪里看病"), _within("653000")),
        ),
        told("{group}，{day} 急诊入院。", group=told("退休后去外地定居"), day=Verbatim("2026-11-20")),
        Step(2, 2),
        (
            CANCEL,
            Action(Intent.AGAIN, told("不对，重新选")),
            Action(Intent.NEXT, told("对，交上去"), spoken=told("都对，把备案交上去")),
        ),
    ),
    "result-registration": Result(
        told("您的备案"),
        (
            Fact(told("办到哪一步"), told("没有通过"), key=True),
            Fact(told("去哪里看病"), _within("632800")),
            Fact(told("受理号（询问时用）"), Verbatim("8F3A2C71")),
        ),
        told("原因：{note}", note=Verbatim("没有转诊单，请到参保地的医保经办机构补交")),
        (_FINISH, _NEXT),
        Step(1, 2),
        in_force=False,
    ),
    "choices-changed": Choices(
        told("还有别的变了吗？"),
        (
            _choice("number", told("身份证号码"), told("派出所换了号码")),
            _choice("ethnic_group", told("民族"), told("在派出所改了民族")),
            _choice("photo", told("照片"), told("样子变了，想换一张")),
            _choice("insurance_data", told("参保信息"), told("参保登记里有变动")),
            _choice("misprint", told("卡上印错了"), told("拿到时就不对")),
        ),
        None,
        (CANCEL, Action(Intent.NEXT, told("没有了"), Emphasis.PRIMARY)),
    ),
    "result-noted": Result(
        told("记下了，卡还没有销"),
        (
            Fact(told("受理号（询问时用）"), Verbatim("8F3A2C71"), key=True),
            Fact(told("接下来"), told("按后面几页的顺序去办")),
        ),
        None,
        (_FINISH, _NEXT),
        Step(1, 6),
        in_force=False,
    ),
    "explain-death": Explain(
        told("由家属到窗口办"),
        (told("请您节哀。"), told("这件事要家属去窗口办，这里不用登记。"), told("去哪里、带什么，请看后面。")),
        None,
        (_FINISH, _NEXT),
        Step(1, 3),
    ),
    "result-bank": Result(
        told("银行账户"),
        (
            Fact(told("发卡银行"), Verbatim("中原银行股份有限公司")),
            Fact(told("账号"), Verbatim("****1234")),
            Fact(told("银行功能"), told("还没有开通，请到发卡银行办")),
        ),
        None,
        (_LOOK_ON, _NEXT),
        Step(1, 2),
    ),
    "result-numbers-slip": Result(
        told("您卡里的信息"),
        (
            Fact(told("姓名"), PersonName("𬸪*", MARSHAL)),
            Fact(told("社会保障号码"), Personal("110*************1X", "11010519491231001X")),
            Fact(told("卡号"), Personal("A******78", "A12345678")),
        ),
        told("现在联系不上社保中心，只能看到卡里存的信息。账户余额请稍后再查。"),
        turning(2, 2, slip_behind=True),
        Step(2, 2),
    ),
    "result-pin-changed": Result(
        told("密码改好了"),
        (Fact(told("改的是"), _PIN_NAME),),
        told("新密码现在就能用。现在联系不上社保中心，这次办理稍后自动上报。"),
        (CLOSE,),
    ),
    "refusal": Refusal(
        told("{pin}已锁住", pin=_PIN_NAME),
        told("{pin}连续输错 {tries} 次，就锁住了。", pin=_PIN_NAME, tries=6),
        (
            told(
                "可以这样办：{place}",
                place=Say(
                    "社会保障卡服务窗口，办理解锁",
                    translations={"en": "A social security card service window unlocks it"},
                ),
            ),
            told("银行那边的密码没有变化。"),
        ),
        HOTLINE,
        Citation("社会保障卡知识手册 v1.0", "2019-05", "§3.3"),
        "R-07",
        (CLOSE,),
    ),
    "refusal-proxys-papers": Refusal(
        told("带齐了再来办"),
        told("要两个人的身份证原件。孩子没有身份证的，请到窗口办。"),
        (
            told("不满 {age} 岁的，带：{papers}", age=18, papers=_listed("户口本", "户口本复印件")),
            told("可以这样办：{place}", place=_PLACE_TO_APPLY),
        ),
        HOTLINE,
        Citation("社会保障卡知识手册 v1.0", "2019-05", "§2.1"),
        "R-81",
        (CLOSE,),
    ),
    "refusal-childs": Refusal(
        told("不满 {age} 岁，要监护人来办", age=18),
        told("监护人可以在这里选“替孩子办”，也可以一起去窗口。"),
        (
            told("请带：{papers}", papers=_listed("户口本", "户口本复印件")),
            told("可以这样办：{place}", place=_PLACE_TO_APPLY),
        ),
        HOTLINE,
        Citation("社会保障卡知识手册 v1.0", "2019-05", "§2.1"),
        "R-47",
        (CLOSE,),
    ),
    "refusal-longest": Refusal(
        told("这里不能改密码"),
        told("按本地手册，这项业务不在自助机上办。"),
        (told("可以这样办：{place}", place=_WINDOW),),
        HOTLINE,
        Citation("社会保障卡知识手册 v1.0", "2019-05", "§3.1"),
        "R-01",
        (CLOSE,),
    ),
    "refusal-formal": Refusal(
        told("正式挂失不在这里办"),
        told("按本地手册，这项业务不在自助机上办。"),
        (
            told(
                "可以这样办：{place}",
                place=Say(
                    "就近到发卡银行的社会保障卡服务网点，带本人有效身份证件，和补换卡一起办",
                    translations={
                        "en": "The nearest card service outlet of the issuing bank, with your ID, together with the "
                        "replacement"
                    },
                ),
            ),
            told("正式挂失以后能不能撤销，本地手册没有写明。"),
        ),
        HOTLINE,
        Citation("青岛市社会保障卡使用指南（试用版）", "", "使用须知第三条"),
        "R-01",
        (CLOSE,),
    ),
    "refusal-being-replaced": Refusal(
        told("新卡正在补办，旧卡不能恢复"),
        told("新卡已经开始办了，旧卡的挂失就不能再撤销。"),
        (told("请等新卡。办到哪一步，可以打电话问。"),),
        HOTLINE,
        Citation("青岛市社会保障卡使用指南（试用版）", "", "使用须知第四条"),
        "R-31",
        (CLOSE,),
    ),
    "refusal-id-card-wanted": Refusal(
        told("要放身份证才能办"),
        told("社保中心要看身份证。只输号码和姓名，这里办不了。"),
        (told("请带身份证再办一次，或找工作人员。"),),
        HOTLINE,
        None,
        "R-32",
        (CLOSE,),
    ),
    "refusal-centre": Refusal(
        told("现在联系不上社保中心"),
        told("您的密码由社保中心核对，联系不上就不能办。什么都没有改动。"),
        (told("请过一会儿再来。"), told("可以这样办：{place}", place=_WINDOW)),
        HOTLINE,
        None,
        "N-01",
        (CLOSE,),
    ),
    "finding": Refusal(
        told("只开通了银行功能"),
        told("社保功能还没有启用，看病、买药刷不了卡。"),
        (
            told(
                "可以这样办：{place}",
                place=Say("制卡银行的营业网点，本人去", translations={"en": "An outlet of the card's bank, in person"}),
            ),
            told("请带：{papers}", papers=_listed("社会保障卡", "本人身份证")),
        ),
        HOTLINE,
        Citation("贵州省本级社会保障卡问答（原件未见标题）", "", "第十问", "2012"),
        "R-19",
        (_FINISH, _NEXT),
        Step(1, 3),
    ),
    "finding-not-started": Refusal(
        told("这张卡还没有启用"),
        told("社保功能要先启用，卡才能用。"),
        (told("现在就能启用：请回首页选“办卡、办别的事”。"), told("再选“启用新卡”，带上您的身份证。")),
        HOTLINE,
        Citation("社会保障卡知识手册 v1.0", "2019-05", "§3.1"),
        "R-17",
        (_FINISH, _NEXT),
        Step(1, 3),
    ),
    "finding-expired": Refusal(
        told("这张卡已经过期"),
        told("卡里写的有效期已经过了，要换一张新卡。"),
        (
            told("可以这样办：{place}", place=_OUTLET),
            told("请带：{papers}", papers=_listed("本人有效身份证件", "社会保障卡")),
        ),
        "12345",
        Citation("青岛市社会保障卡使用指南（试用版）", "", "使用须知第五条"),
        "R-04",
        (_FINISH, _NEXT),
        Step(1, 3),
    ),
    "activation-explain": Explain(
        told("启用新卡"),
        (
            told("启用以后，看病、买药才能刷这张卡。"),
            told("{needed}{fee}", needed=told("要用新卡和您本人的身份证。"), fee=told("不收费。")),
            told("还会请您留下怎样联系您。"),
        ),
        None,
        (CANCEL, Action(Intent.NEXT, told("下一页"), Emphasis.PRIMARY)),
        Step(1, 2),
        warning(Printing.UNABLE),
    ),
    "activation-old-card": Explain(
        told("旧的医保卡怎么办"),
        (
            told("第一次用新卡看病、买药，旧卡就停用。"),
            told("没启用新卡以前，旧卡还能用。"),
            told("旧卡里的钱怎样转，本地手册没有写明。"),
        ),
        None,
        (CANCEL, Action(Intent.BACK, told("上一页")), Action(Intent.NEXT, told("插卡启用"), Emphasis.PRIMARY)),
        Step(2, 2),
    ),
    "activation-where-to": Explain(
        told("信寄到哪里？"),
        (told("可以寄到身份证上的地址，不用打字。"), told("搬了家的，自己输新地址。")),
        Step(3, 5),
        (
            CANCEL,
            Action(Intent.TYPE, told("别的地址")),
            Action(Intent.NEXT, told("身份证上的地址"), Emphasis.PRIMARY),
        ),
    ),
    "activation-address": NameEntry(
        told("请输入通讯地址"),
        told("门牌号也用汉字，比如“五号”。"),
        told("输好了"),
        Step(3, 5),
        told("请输入地址，再按“输好了”。"),
        (CANCEL,),
    ),
    "activation-postcode": NumberEntry(
        told("请输入邮政编码"),
        told("六位数字。不知道的，请问工作人员。"),
        6,
        told("输好了"),
        Step(4, 5),
        told("邮政编码是六位数字，请改一改。"),
        (CANCEL,),
        check_character=False,
    ),
    "activation-read-back": ReadBack(
        told("请核对，再启用"),
        (
            Fact(told("手机号码"), Personal("138****0000", "13800000000")),
            Fact(
                told("通讯地址、邮政编码"),
                Personal(
                    "虚构市****** 430000", "虚构市样板区测试街道示例社区模拟小区十二号楼三单元一千二百零一室 430000"
                ),
            ),
        ),
        told("启用以后，旧的医保卡就停用。"),
        Step(5, 5),
        (
            CANCEL,
            Action(Intent.AGAIN, told("不对，重新填")),
            Action(Intent.NEXT, told("对，启用这张卡"), Emphasis.PLAIN, told("都对，启用这张卡")),
        ),
    ),
    "activation-result": Result(
        told("新卡启用好了"),
        (
            Fact(told("社保功能"), told("改了初始密码就能用"), key=True),
            Fact(told("旧的医保卡"), told("用过新卡就停用")),
            Fact(told("银行功能"), told("还要到银行开通")),
        ),
        None,
        (_FINISH, _NEXT),
        Step(1, 3),
    ),
    "activation-next-steps": Explain(
        told("接下来"),
        (
            told("先改密码：请回首页选“改密码”，现在就能改。"),
            told("开通银行功能：{place}", place=_OUTLET),
            told("去银行要带：{papers}", papers=_listed("本人有效身份证件", "社会保障卡", "以前的医保卡")),
        ),
        None,
        (_BACK, _FINISH, _NEXT),
        Step(2, 3),
    ),
    "activation-on-receipt": Refusal(
        told("社保功能不用启用"),
        told("领到新卡，社保功能就能用，看病、买药可以刷卡。"),
        (
            told(
                "开通银行功能：{place}",
                place=Say(
                    "合作银行的网点，激活并设银行密码",
                    translations={"en": "An outlet of the partner bank, to activate it and set the bank PIN"},
                ),
            ),
            told("去银行要带：{papers}", papers=told("本人有效身份证件")),
        ),
        "12333",
        Citation("江西省社会保障卡使用手册", "", "§1", "2016–2020"),
        "R-70",
        (CLOSE,),
    ),
    "finding-longest": Refusal(
        told("读不出这张卡"),
        told("卡可能插反了，也可能芯片坏了。"),
        (
            told("请让金色芯片朝上、朝前，再插一次。"),
            told(
                "还是读不出，就要换卡：{place}",
                place=Say(
                    "卡印错了：先到省社保局医保征缴处，再到制卡银行；卡坏了：制卡银行",
                    translations={
                        "en": "Wrong print: the provincial bureau's medical insurance collection office, then the "
                        "card's bank; damage: the card's bank"
                    },
                ),
            ),
        ),
        HOTLINE,
        Citation("贵州省本级社会保障卡问答（原件未见标题）", "", "第六问", "2012"),
        "R-02",
        (CLOSE,),
    ),
    "finding-asked": Explain(
        told("密码是六个一样的数字吗？"),
        (
            told("是的话，卡会用不了，要重新设。"),
            told("芯片里的密码谁也看不到，只能问您。"),
            told("可以这样办：{place}", place=_COLLECTION_OFFICE),
        ),
        None,
        (_BACK, CLOSE),
        Step(3, 3),
    ),
    "finding-none": Explain(
        told("没有查出问题"),
        (
            told("卡是好的，没有挂失，也没有过期。"),
            told("窗口还是刷不了的，多半是密码输错了：要输{pin}，不是银行密码。", pin=_PIN_NAME),
            told("密码想不起来：{place}", place=_COLLECTION_OFFICE),
        ),
        None,
        (_FINISH, _NEXT),
        Step(1, 2),
    ),
    "finding-offline": Explain(
        told("芯片没有查出问题"),
        (
            told("卡没有过期。"),
            told("{pin}没有锁。", pin=_PIN_NAME),
            told("现在联系不上社保中心，有没有挂失、启用、停待遇，这次没有查。"),
            told("请过一会儿再来查一次。"),
        ),
        None,
        (CLOSE,),
    ),
    "fault": Fault(
        told("没能读出您的卡"),
        meaning(Service.CARD_QUERY, Effect.NONE),
        told("请把卡擦干净再插一次。还不行，请找工作人员。"),
        HOTLINE,
        "C-03",
        (CLOSE,),
    ),
    "fault-answer-lost": Fault(
        told("没收到社保中心答复"),
        meaning(Service.PIN_CHANGE, Effect.MAYBE),
        told("如果两个都不对，请打电话或找工作人员。"),
        HOTLINE,
        "N-03",
        (CLOSE,),
    ),
    "out-of-service": OutOfService(
        told("暂停服务"),
        told("读卡器没有准备好。"),
        told("请换一台机器，或到人工窗口。"),
        HOTLINE,
        "C-01",
    ),
    "take-id-card": TakeIdCard(told("请拿回身份证"), told("已经读好了。"), urgent=False),
    "take-id-card-urgent": TakeIdCard(told("请拿回身份证"), told("身份证还在机器上，别忘了拿走。"), urgent=True),
    "take-card": TakeCard(told("请取走您的卡"), told("取走卡以后，屏幕上会告诉您结果。"), urgent=False),
    "take-card-urgent": TakeCard(told("请取走您的卡"), told("取走卡以后，屏幕上会告诉您结果。"), urgent=True),
    "take-card-last-call": TakeCard(told("请取走您的卡"), told("再不取走，机器就把卡收起来保管。"), urgent=True),
    "card-kept": kept_view("5e4d3c2b" * 4, "大厅服务台"),
    "card-kept-by-staff": kept_view("5e4d3c2b" * 4, ""),
}
_TAKEN = TakenPortrait(a_face())
_AT_PORTRAIT = portrait.Sitter(Step(4, 5))
_CHILDS_PORTRAIT = portrait.Sitter(Step(4, 5), ConsentBy.GUARDIAN)
_FICTIONAL = Region(load_pack(Path(__file__).parents[1] / "regions" / "yunling.toml"))
_WAITS = waiting.waiting_pages(
    Session("a1b2c3d4" * 4, _FICTIONAL, date(2026, 11, 22)),
    filing.matter_in_words(_FICTIONAL, CardApplication()),
    waiting.Afterwards((*guide.photo_where(_FICTIONAL), *guide.photo_demands(_FICTIONAL))),
    has_portrait=True,
)
_PORTRAIT_VIEWS: Final[dict[str, View]] = {
    "portrait-consent": portrait._consent(_AT_PORTRAIT),
    "portrait-consent-kept": portrait._consent(dataclasses.replace(_AT_PORTRAIT, purpose=FOR_APPLICATION_KEPT)),
    "portrait-consent-child": portrait._consent(_CHILDS_PORTRAIT),
    "portrait-comparison": portrait._comparison(_AT_PORTRAIT.step, ConsentBy.HOLDER),
    "portrait-comparison-child": portrait._comparison(_AT_PORTRAIT.step, ConsentBy.GUARDIAN),
    "portrait-checklist": portrait._checklist(_FICTIONAL, _AT_PORTRAIT),
    "portrait-preview": portrait._preview(_AT_PORTRAIT),
    "portrait-preview-left": dataclasses.replace(portrait._preview(_AT_PORTRAIT), instruction=Instruction.MOVE_LEFT),
    "portrait-preview-light": dataclasses.replace(portrait._preview(_AT_PORTRAIT), instruction=Instruction.EVEN_LIGHT),
    "portrait-preview-held": dataclasses.replace(
        portrait._preview(_AT_PORTRAIT), instruction=Instruction.HOLD_STILL, held=0.6
    ),
    "portrait-proof": portrait._proof(_TAKEN, _AT_PORTRAIT, 2),
    "portrait-proof-last": portrait._proof(_TAKEN, _AT_PORTRAIT, 0),
    "portrait-not-taken": portrait._not_taken((Instruction.EVEN_LIGHT, Instruction.LOOK_AT_CAMERA), _AT_PORTRAIT, 1),
    "portrait-not-taken-at-all": portrait._not_taken(
        (Instruction.EVEN_LIGHT, Instruction.PLAIN_LIGHT), _AT_PORTRAIT, 0
    ),
    "portrait-why-not": portrait._reasons(ConsentBy.HOLDER, 2),
    "portrait-why-not-child": portrait._reasons(ConsentBy.GUARDIAN, 2),
    "portrait-not-possible": portrait._without(_AT_PORTRAIT, NoPortrait.OUT_OF_REACH),
    "portrait-not-possible-covered": portrait._without(_AT_PORTRAIT, NoPortrait.RELIGIOUS_HEAD_COVER),
    "portrait-not-possible-child": portrait._without(_CHILDS_PORTRAIT, NoPortrait.CHILD_IN_ARMS),
    "portrait-checklist-elsewhere": portrait._checklist(
        Region(load_pack(Path(__file__).parents[2] / "config" / "regions" / "beijing.toml")), _AT_PORTRAIT
    ),
    "application-no-answer": filing._once_more(_FICTIONAL),
    "application-waits": _WAITS[0],
    "application-waits-next": _WAITS[1],
    "application-waits-slip": _WAITS[-1],
    "application-not-kept": fault_view(
        TooManyWait(), _FICTIONAL.hotline, meaning(Service.CARD_APPLICATION, Effect.NONE)
    ),
    "application-photo-at-window": Explain(
        told("接下来"),
        (*guide.photo_where(_FICTIONAL), *guide.photo_demands(_FICTIONAL), *guide.photo_file(_FICTIONAL)),
        Step(2, 6),
        (CANCEL, Action(Intent.NEXT, told("下一页"), Emphasis.PRIMARY)),
    ),
    "portrait-camera-dark": portrait._failed_camera(_FICTIONAL, PictureDark("camera", "dark"), _AT_PORTRAIT, 2),
    "application-read-back-portrait": ReadBack(
        told("请核对，再交上去"),
        (
            Fact(told("姓名"), PersonName("欧*㛃", RARE_NAME)),
            Fact(told("手机号码"), Personal("138****0000", "13800000000")),
        ),
        told("照片拍好了。卡会按身份证上的信息做。"),
        Step(4, 4),
        (
            CANCEL,
            Action(Intent.AGAIN, told("不是我，重新放")),
            portrait.WITHDRAW,
            Action(Intent.NEXT, told("都对，交上去")),
        ),
    ),
}
VIEWS.update(_PORTRAIT_VIEWS)
_ROOT = Path(__file__).parents[2]
_PAINTER = FacePainter(load_layout(_ROOT / "config/card_faces/national.toml"), FontBook(_ROOT / "assets/fonts"))
_LONGEST_NAME = "ANNA MARGARETA LINDSTROEM OF UPPSALA VON HEYDEN AB"


def _ordered(name: str) -> Particulars:
    return Particulars(name, "41170019900307001X", "D2143569X", date(2026, 11, 30))


def _previewed(name: str) -> View:
    return new_card.preview(_PAINTER.proof(_ordered(name), a_face()), _ordered(name), Step(2, 5))


_FEE, _AT_FEE, _CODE_URL = new_card.REPLACEMENT_FEE, Step(3, 5), "weixin://wxpay/bizpayurl?pr=8F3A2C71zz"
VIEWS.update(
    {
        "card-preview": _previewed(RARE_NAME),
        "card-preview-longest": _previewed(_LONGEST_NAME),
        "fee-code": new_card.fee_waiting(1600, _FEE, _CODE_URL, 270, _AT_FEE),
        "fee-code-last-seconds": new_card.fee_waiting(1600, _FEE, _CODE_URL, 9, _AT_FEE),
        "fee-paid": new_card.fee_paid(1600, _FEE, _AT_FEE),
        "fee-closed": new_card.fee_closed(1600, _FEE, _AT_FEE),
        "making": new_card.making(0, None),
        "making-face": new_card.making(2, 3),
        "take-new-card": new_card.take_new_card(urgent=False),
        "take-new-card-urgent": new_card.take_new_card(urgent=True),
    }
)
VIEWS.update(NEW_CARD_VIEWS)
VIEWS.update(
    {
        "attract-no-cards": without_cards(VIEWS["attract"], _FICTIONAL, reads_id_cards=True),
        "home-no-cards": without_cards(VIEWS["home"], _FICTIONAL, reads_id_cards=True),
        "refusal-no-card-slot": refusals.no_card_slot(_FICTIONAL, Service.CARD_QUERY).ending.views[0],
    }
)
VIEWS.update(ORDER_VIEWS)
VIEWS.update(TECHNICIAN_VIEWS)
for _name in ("slip", "slip-banks", "refusal", "refusal-longest", "refusal-centre", "fault", "fault-answer-lost"):
    VIEWS[f"{_name}-on-paper"] = offering(VIEWS[_name])

SCENES: Final[dict[str, Scene]] = {
    name: Scene(view, REGION, HOTLINE, terminal=TERMINAL) for name, view in VIEWS.items()
}
SCENES["still-there"] = Scene(VIEWS["result-numbers"], REGION, HOTLINE, StillThere(24))
SCENES["number-entry-asleep"] = Scene(VIEWS["number-entry"], REGION, HOTLINE, StillThere(24))
