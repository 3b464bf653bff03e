"""What is said to whoever sits before the camera: short, one thing at a time, by the eyes of a mirror."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, assert_never

from kiosk.journeys.wording import Say, Verbatim, say
from kiosk.portrait.guidance import Instruction
from kiosk.records.filings import LONGEST_KEPT_DAYS
from kiosk.records.portrait import CONSENT_TEXT, KEPT_CONSENT_TEXT, NEW_CARD_CONSENT_TEXT, ConsentBy, NoPortrait

INSTRUCTIONS: Final[Mapping[Instruction, Say]] = MappingProxyType(
    {
        Instruction.COME_INTO_VIEW: say("请坐到镜头前"),
        Instruction.ONE_PERSON: say("镜头前请只留一个人"),
        Instruction.COME_CLOSER: say("请靠近一点"),
        Instruction.STEP_BACK: say("请退后一点"),
        Instruction.MOVE_LEFT: say("请往左一点"),
        Instruction.MOVE_RIGHT: say("请往右一点"),
        Instruction.LOWER: say("请坐低一点"),
        Instruction.HIGHER: say("请坐高一点"),
        Instruction.UNCOVER_FACE: say("请把脸露出来"),
        Instruction.FACE_CAMERA: say("请把脸转正"),
        Instruction.HEAD_UPRIGHT: say("请把头摆正"),
        Instruction.CHIN_UP: say("请抬一点下巴"),
        Instruction.CHIN_DOWN: say("请收一点下巴"),
        Instruction.MORE_LIGHT: say("脸上太暗，请朝亮处坐"),
        Instruction.LESS_LIGHT: say("脸上太亮，请避开强光"),
        Instruction.EVEN_LIGHT: say("一边亮一边暗，请正对着光"),
        Instruction.PLAIN_LIGHT: say("光的颜色不对，请避开彩灯"),
        Instruction.OPEN_EYES: say("请睁开眼睛"),
        Instruction.CLOSE_MOUTH: say("请合上嘴"),
        Instruction.LOOK_AT_CAMERA: say("请看镜头"),
        Instruction.HOLD_STILL: say("很好，别动"),
    }
)
_BANDAGED, _COVERED = say("头上有包扎"), say("宗教头巾")
_OUT_OF_REACH, _UNTOLD = say("坐轮椅、够不着"), say("别的原因，不想说")
WHY: Final[Mapping[ConsentBy, Mapping[NoPortrait, Say]]] = MappingProxyType(
    {
        by: MappingProxyType(
            {
                NoPortrait.HEAD_BANDAGED: _BANDAGED,
                NoPortrait.RELIGIOUS_HEAD_COVER: _COVERED,
                NoPortrait.CHILD_IN_ARMS: child,
                NoPortrait.OUT_OF_REACH: _OUT_OF_REACH,
                NoPortrait.UNTOLD: _UNTOLD,
            }
        )
        for by, child in ((ConsentBy.HOLDER, say("抱着孩子")), (ConsentBy.GUARDIAN, say("孩子太小，坐不稳")))
    }
)
"""Why somebody can't be taken, as they are asked; that which says nothing comes last."""
_BLURRED: Final = say("请坐稳，别动")


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a portrait is taken for, in the words that hang on it."""

    consent_text: str
    """The name of the consent page's words."""
    asked: Mapping[ConsentBy, Say]
    """What it is for, by who agrees to it."""
    kept: Say
    """Who gets it, and for how long."""
    otherwise: Say
    """The other way, beside the question."""
    decline: Say
    """The button of whoever does not want it."""
    withdraw: Say
    withdraw_spoken: Say
    not_possible_spoken: Say
    without: Say
    """What becomes of the matter without a picture."""
    without_title: Say
    leave: Say
    """The button of whoever wants no further try."""
    close: Say
    """The button where no further try is left."""


FOR_APPLICATION: Final = Purpose(
    consent_text=CONSENT_TEXT,
    asked=MappingProxyType(
        {
            ConsentBy.HOLDER: say("照片只用来做您的社保卡。"),
            ConsentBy.GUARDIAN: say("照片只用来给孩子做社保卡。"),
        }
    ),
    kept=say("加密交给社保中心，办完就删；这台机器不留。"),
    otherwise=say("不拍一样能办，由窗口补拍、补交。"),
    decline=say("不拍，去窗口补"),
    withdraw=say("不交照片"),
    withdraw_spoken=say("不交照片，接着办。照片马上删掉"),
    not_possible_spoken=say("拍不了。不拍照片也能接着办"),
    without=say("照片由窗口补拍、补交，申领接着办。"),
    without_title=say("拍不了也能办"),
    leave=say("不拍了，接着办"),
    close=say("接着办"),
)
"""It goes to the centre with an application, and a window can take it as well."""
FOR_APPLICATION_KEPT: Final = replace(
    FOR_APPLICATION,
    consent_text=KEPT_CONSENT_TEXT,
    kept=say("加密交给社保中心，办完就删；没交到时，这台机器最多存 {days} 天。", days=Verbatim(str(LONGEST_KEPT_DAYS))),
)
"""The same where it waits here for a centre that does not answer."""
FOR_NEW_CARD: Final = Purpose(
    consent_text=NEW_CARD_CONSENT_TEXT,
    asked=MappingProxyType(dict.fromkeys(ConsentBy, say("照片只用来做您的社保卡。"))),
    kept=say("只印在卡上、写进芯片，办完就删，不传出去。"),
    otherwise=say("不想在这里拍，可以去窗口办。"),
    decline=say("不拍，去窗口办"),
    withdraw=say("不做了"),
    withdraw_spoken=say("不做了。照片马上删掉"),
    not_possible_spoken=say("拍不了。告诉您去哪里办"),
    without=say("没有照片，这里做不了卡。窗口可以办。"),
    without_title=say("拍不了，去窗口办"),
    leave=say("不拍了，去窗口办"),
    close=say("知道了"),
)
"""It is printed here and nothing else; without it no card is made here."""


def still_missing(instruction: Instruction) -> Say:
    """What a try came to grief over."""
    wanted = _BLURRED if instruction is Instruction.HOLD_STILL else INSTRUCTIONS[instruction]
    return say("还差一步：{wanted}", wanted=wanted)


def what_helps(why: NoPortrait, by: ConsentBy) -> tuple[Say, ...]:
    """What makes it go well at the window. No handbook speaks of it; and paper gives nobody's health or faith away."""
    match why:
        case NoPortrait.HEAD_BANDAGED | NoPortrait.RELIGIOUS_HEAD_COVER:
            return (say("怎么拍，窗口同您商量。"),)
        case NoPortrait.CHILD_IN_ARMS if by is ConsentBy.GUARDIAN:
            return (say("去窗口时，请带上孩子。"),)
        case NoPortrait.CHILD_IN_ARMS:
            return (say("去窗口时，请家人帮忙抱孩子。"),)
        case NoPortrait.OUT_OF_REACH:
            return (say("到了窗口，请说一声够不着镜头。"),)
        case NoPortrait.DECLINED | NoPortrait.NOT_TAKEN | NoPortrait.UNTOLD | NoPortrait.LOST:
            return ()
        case other:
            assert_never(other)
