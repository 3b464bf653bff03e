"""From a fault to the words a citizen reads. Codes are those of docs/faults.md."""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

from drivers.ports.errors import (
    Busy,
    DeviceError,
    MediaRemoved,
    NotConnected,
    PictureDark,
    PictureFrozen,
    ProtocolViolation,
    TimedOut,
)
from kiosk.journeys.requests import (
    CardTaken,
    CitizenCancelled,
    CitizenGone,
    GoingOutOfService,
    Interruption,
    LedgerFailed,
    TooManyWait,
)
from kiosk.journeys.views import Action, Emphasis, Explain, Fault, Intent, View
from kiosk.journeys.wording import Say, say
from kiosk.records.transaction import Service

CLOSE = Action(Intent.DONE, say("好的"), Emphasis.PRIMARY, say("好的，回到首页"))


class Effect(Enum):
    """What has become of the citizen's card so far."""

    NONE = "none"
    MAYBE = "maybe"
    """The chip or the centre was asked to change something and has not answered."""
    DONE = "done"
    """It has answered: changed."""


_NOTHING = say("您的卡和钱都没有变动。")
_FILING: Mapping[Effect, Say] = MappingProxyType(
    {
        Effect.NONE: say("这次没有提交，什么都没有变动。"),
        Effect.MAYBE: say("可能已经交上去了，也可能没有。再办一次就知道，不会重复。"),
        Effect.DONE: say("已经交上去了，不用再交。"),
    }
)
_MEANING: Mapping[Service, Mapping[Effect, Say]] = MappingProxyType(
    {
        Service.CARD_QUERY: {},
        Service.CARD_EXAMINATION: {},
        Service.PIN_CHANGE: {
            Effect.MAYBE: say("密码可能已经改了，也可能没改。下次先试新密码，不行再试旧密码。"),
            Effect.DONE: say("密码已经改好，请用新密码。"),
        },
        Service.TEMPORARY_LOSS: {
            Effect.NONE: say("这次没有挂失，什么都没有变动。"),
            Effect.MAYBE: say("挂失可能没有记下。请打电话挂失，这样最稳妥。"),
            Effect.DONE: say("您的卡已经挂失。"),
        },
        Service.FORMAL_LOSS: {
            Effect.NONE: say("这次没有挂失，什么都没有变动。"),
            Effect.MAYBE: say("卡可能已经正式挂失，也可能没有。"),
            Effect.DONE: say("您的卡已经正式挂失。"),
        },
        Service.LOSS_LIFTING: {
            Effect.MAYBE: say("挂失可能已经撤销，也可能没有。插卡查一查就知道。"),
            Effect.DONE: say("挂失已经撤销，卡可以用了。"),
        },
        Service.FILING_PROGRESS: {},
        Service.CARD_APPLICATION: _FILING,
        Service.OFFSITE_CARE: _FILING,
        Service.DATA_CHANGE: _FILING,
        Service.CANCELLING: _FILING,
        Service.PAPERS: _FILING,
        Service.ASK_HANDBOOK: {},
        Service.CARD_ACTIVATION: {
            Effect.NONE: say("这次没有启用，什么都没有变动。"),
            Effect.MAYBE: say("卡可能已经启用，也可能没有。再办一次就知道，不会重复。"),
            Effect.DONE: say("您的卡已经启用。"),
        },
        Service.CARD_REPLACEMENT: _FILING,
    }
)


def meaning(service: Service, effect: Effect) -> Say:
    """What has become of the citizen's card and money."""
    return _MEANING[service].get(effect, _NOTHING)


_DEVICE_LETTERS: Mapping[str, str] = MappingProxyType(
    {"card_reader": "C", "capture_unit": "C", "pin_pad": "P", "id_reader": "D", "camera": "V"}
)
_KIND_NUMBERS: tuple[tuple[type[DeviceError], str], ...] = (
    (NotConnected, "01"),
    (TimedOut, "02"),
    (ProtocolViolation, "03"),
    (Busy, "04"),
    (MediaRemoved, "05"),
    (PictureDark, "06"),
    (PictureFrozen, "07"),
)


def fault_code(error: DeviceError | LedgerFailed) -> str:
    """The short code that staff look up in docs/faults.md."""
    if isinstance(error, TooManyWait):
        return "L-02"
    if isinstance(error, LedgerFailed):
        return "L-01"
    number = next((number for kind, number in _KIND_NUMBERS if isinstance(error, kind)), "09")
    return f"{_DEVICE_LETTERS.get(error.device, 'D')}-{number}"


def fault_view(error: DeviceError | LedgerFailed, hotline: str, means: Say) -> Fault:
    """The screen for a fault that ended a journey."""
    title, now = _words(error)
    return Fault(
        title=title,
        means=means,
        now=now,
        hotline=hotline,
        code=fault_code(error),
        actions=(CLOSE,),
    )


def _words(error: DeviceError | LedgerFailed) -> tuple[Say, Say]:
    if isinstance(error, TooManyWait):
        return say("这台机器暂时收不下申请"), say("请换一台机器，或找工作人员。")
    if isinstance(error, LedgerFailed):
        return say("这台机器暂时不能办理业务"), say("请换一台机器，或找工作人员。")
    if error.device == "pin_pad":
        return say("密码键盘没有反应"), say("请换一台机器，或找工作人员。")
    if error.device == "id_reader":
        return say("身份证阅读器没有反应"), say("请换一台机器，或找工作人员。")
    if error.device == "camera":
        return camera_trouble(error), say("请换一台机器，或找工作人员。")
    if isinstance(error, TimedOut | ProtocolViolation):
        return say("没能读出您的卡"), say("请把卡擦干净再插一次。还不行，请找工作人员。")
    return say("读卡器没有反应"), say("请换一台机器，或找工作人员。")


def camera_trouble(error: DeviceError) -> Say:
    """What is the matter with a camera."""
    if isinstance(error, PictureDark):
        return say("镜头被挡住了，看不见人")
    if isinstance(error, PictureFrozen):
        return say("摄像头的画面不动了")
    return say("摄像头看不见了")


def interruption_view(interruption: Interruption, hotline: str, means: Say) -> View | None:
    """The last screen after an interruption; None where nobody is left to read one."""
    match interruption:
        case CardTaken():
            return Fault(
                title=say("卡被拔出来了"),
                means=means,
                now=say("要继续办，请从头再来，办完前不要拔卡。"),
                hotline=hotline,
                code="C-05",
                actions=(CLOSE,),
            )
        case CitizenCancelled():
            return Explain(title=say("已经取消"), lines=(means,), step=None, actions=(CLOSE,))
        case CitizenGone():
            return None
        case GoingOutOfService():
            return Fault(
                title=say("这台机器要暂停服务"),
                means=means,
                now=say("请换一台机器，或找工作人员。"),
                hotline=hotline,
                code="S-01",
                actions=(CLOSE,),
            )
        case _:
            raise AssertionError(interruption)
