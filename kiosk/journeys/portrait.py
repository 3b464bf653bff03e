"""The portrait for an application: asked for first, taken by the camera, accepted by its person, sealed for the centre.

Nobody must: at every step there is a way on without a picture, and a window takes it then. Whether it may be compared
with the identity card's photo is asked apart, and what comes of it changes nothing here. Region rules:
application.photo. Consent by 人脸识别技术应用安全管理办法 (in force since 2025-06-01) and the Personal Information
Protection Law, §§ 29–31.
"""

from typing import Final, assert_never

from drivers.ports.errors import DeviceError
from kiosk.journeys.counter_words import photo_in_words
from kiosk.journeys.faults import camera_trouble, fault_code
from kiosk.journeys.frame import Progress, Session
from kiosk.journeys.identify import CANCEL
from kiosk.journeys.portrait_words import still_missing
from kiosk.journeys.requests import ComparePortrait, Journey, NoSitting, NotTaken, SealPortrait, Show, TakePortrait, ask
from kiosk.journeys.views import Action, Chosen, Emphasis, Explain, Fault, Intent, PortraitPreview, PortraitProof, Step
from kiosk.journeys.wording import say
from kiosk.policy.counter import PhotoDemand
from kiosk.policy.region import Region
from kiosk.portrait.guidance import Instruction
from kiosk.records.portrait import ConsentBy, FiledPortrait, TakenPortrait

TRIES: Final = 3
AGREE: Final = Chosen("agree")
DECLINE: Final = Chosen("decline")
NOT_POSSIBLE: Final = Chosen("not_possible")
"""Of whoever can't be taken, for whatever reason; none is asked for."""

_WORN: Final = (
    PhotoDemand.DARK_TOP,
    PhotoDemand.NO_HAT,
    PhotoDemand.NO_SCARF,
    PhotoDemand.NO_GLASSES,
    PhotoDemand.NO_JEWELLERY,
)
"""What lies with the person. White, size and form are made by the terminal."""
_WORN_AT_LEAST: Final = (PhotoDemand.NO_HAT, PhotoDemand.NO_SCARF, PhotoDemand.NO_JEWELLERY)
"""Where a region says nothing of it: what no model tells and no card has (docs/portrait.md)."""
_WITHOUT: Final = say("照片由窗口补拍、补交，申领接着办。")
_ON: Final = Action(Intent.NEXT, say("不拍了，接着办"))
_AGAIN: Final = Action(Intent.AGAIN, say("再拍一次"), Emphasis.PRIMARY)


def wants_portrait(session: Session) -> bool:
    """Whether one can be taken here, and the region has a use for it."""
    return session.takes_portraits and bool(session.region.pack.application.photo.value)


def portrait(
    session: Session, progress: Progress, step: Step, consent_by: ConsentBy, photo: bytes
) -> Journey[FiledPortrait | None]:
    """A portrait that its person has agreed to and accepted, sealed; None where a window is to take it.

    The open picture is wiped before this returns.

    :param photo: of the holder's identity card, as it lies in the chip; empty where none was read.
    """
    if (yield from ask(Show(_consent(step, consent_by)))) != AGREE:
        return None
    if not session.compares_portraits or (photo and (yield from ask(Show(_comparison(step, consent_by)))) != AGREE):
        photo = b""
    chosen = yield from ask(Show(_checklist(session.region, step)))
    if chosen == NOT_POSSIBLE and not (yield from _once_more(_not_possible(step, TRIES))):
        return None
    for tries_left in reversed(range(TRIES)):
        came = yield from _one_try(session, progress, step, consent_by, photo, tries_left)
        if isinstance(came, FiledPortrait):
            return came
        if not came:
            break
    return None


def _one_try(
    session: Session, progress: Progress, step: Step, consent_by: ConsentBy, photo: bytes, tries_left: int
) -> Journey[FiledPortrait | bool]:
    """The accepted portrait; else whether the citizen wants another try.

    :param photo: to compare it with; empty where it is not to be compared.
    """
    try:
        taken = yield from ask(TakePortrait(_preview(step)))
    except DeviceError as error:
        if error.device != "camera":
            raise
        return (yield from _once_more(_failed_camera(session.region, error, tries_left)))
    match taken:
        case TakenPortrait():
            progress.portraits.append(taken)
            chosen = yield from ask(Show(_proof(taken, step, tries_left), personal=True))
            if chosen is not Intent.NEXT:
                taken.wipe()
                return chosen is Intent.AGAIN
            likeness = (yield from ask(ComparePortrait(taken, photo))) if photo else None
            sealed = yield from ask(SealPortrait(taken, session.transaction_id, consent_by, likeness))
            taken.wipe()
            return sealed
        case NotTaken(amiss):
            return (yield from _once_more(_not_taken(amiss, step, tries_left)))
        case NoSitting.LEFT:
            return (yield from _once_more(_not_possible(step, tries_left)))
        case NoSitting.NOT_READY:
            return (yield from _once_more(_not_ready(step)))
        case other:
            assert_never(other)


def _consent(step: Step, by: ConsentBy) -> Explain:
    """Purpose, who keeps it and how long, and the other way; both answers are of the same size."""
    guardian = by is ConsentBy.GUARDIAN
    return Explain(
        title=say("给孩子拍照，您同意吗？") if guardian else say("要在这里拍照吗？"),
        lines=(
            say("照片只用来给孩子做社保卡。") if guardian else say("照片只用来做您的社保卡。"),
            say("加密交给社保中心，办完就删；这台机器不留。"),
            say("不拍一样能办，由窗口补拍、补交。"),
        ),
        step=step,
        actions=(Action(DECLINE, say("不拍，去窗口补")), Action(AGREE, say("同意，现在拍"))),
    )


def _comparison(step: Step, by: ConsentBy) -> Explain:
    """Asked for apart from the picture: what is compared, who sees what came of it, and that nothing hangs on it."""
    return Explain(
        title=say("要比一比是不是孩子本人吗？") if by is ConsentBy.GUARDIAN else say("要比一比是不是本人吗？"),
        lines=(
            say("机器把照片和身份证照片比一比，给窗口提个醒。"),
            say("结果交给社保中心，办完就删；像不像都照办。"),
            say("不比也一样能拍、能办。"),
        ),
        step=step,
        actions=(Action(DECLINE, say("不比，接着拍")), Action(AGREE, say("同意，比一比"))),
    )


def _checklist(region: Region, step: Step) -> Explain:
    """What no model can tell: the person sees to it."""
    stated = tuple(demand for demand in region.pack.application.photo.value or () if demand in _WORN)
    worn = stated or _WORN_AT_LEAST
    glasses = () if PhotoDemand.NO_GLASSES in worn else (say("常戴的眼镜可以戴，别反光。"),)
    return Explain(
        title=say("拍之前，请看一看"),
        lines=(
            say("请{demands}。", demands=photo_in_words(worn)),
            *glasses,
            say("有难处不勉强，按“拍不了”就行。"),
        ),
        step=step,
        actions=(_NOT_POSSIBLE, Action(Intent.NEXT, say("好了，开始拍"), Emphasis.PRIMARY)),
    )


_NOT_POSSIBLE: Final = Action(NOT_POSSIBLE, say("拍不了"), spoken=say("拍不了。不拍照片也能接着办"))


def _preview(step: Step) -> PortraitPreview:
    return PortraitPreview(say("看着镜头坐好，机器会自己拍。"), step, (CANCEL, _NOT_POSSIBLE))


def _proof(taken: TakenPortrait, step: Step, tries_left: int) -> PortraitProof:
    again = (
        Action(Intent.AGAIN, say("重拍，还能拍 {tries} 次", tries=tries_left))
        if tries_left
        else Action(DECLINE, _ON.label)
    )
    return PortraitProof(
        title=say("这张照片行吗？"),
        line=say("卡上就印这一张。"),
        portrait=taken,
        step=step,
        actions=(again, Action(Intent.NEXT, say("就用这张"), Emphasis.PRIMARY)),
    )


def _not_taken(amiss: tuple[Instruction, ...], step: Step, tries_left: int) -> Explain:
    lines = tuple(map(still_missing, amiss)) or (say("您坐得很好，是照片达不到做卡的要求。"),)
    if tries_left:
        return Explain(say("这次没有拍成"), lines, step, (_ON, _AGAIN))
    on = Action(Intent.NEXT, say("接着办"), Emphasis.PRIMARY)
    return Explain(say("还是没有拍成"), (*lines, _WITHOUT), step, (on,))


def _not_possible(step: Step, tries_left: int) -> Explain:
    on = Action(Intent.NEXT, say("接着办"), Emphasis.PRIMARY)
    lines = (say("戴头巾、有伤、抱着宝宝、坐轮椅够不着，都不要紧。"), _WITHOUT)
    again = (Action(Intent.AGAIN, say("再试试")),) if tries_left else ()
    return Explain(say("拍不了也能办"), lines, step, (*again, on))


def _failed_camera(region: Region, error: DeviceError, tries_left: int) -> Fault:
    again = (Action(Intent.AGAIN, say("再试试")),) if tries_left else ()
    return Fault(
        title=camera_trouble(error),
        means=say("没有拍成，别的都不受影响。"),
        now=_WITHOUT,
        hotline=region.hotline,
        code=fault_code(error),
        actions=(*again, Action(Intent.NEXT, say("接着办"), Emphasis.PRIMARY)),
    )


def _once_more(view: Explain | Fault) -> Journey[bool]:
    """Whether the citizen wants another try."""
    return (yield from ask(Show(view))) is Intent.AGAIN


def _not_ready(step: Step) -> Explain:
    on = Action(Intent.NEXT, say("接着办"), Emphasis.PRIMARY)
    return Explain(say("这台机器现在拍不了照片"), (_WITHOUT,), step, (on,))
