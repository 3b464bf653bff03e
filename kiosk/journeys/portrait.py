"""The portrait for an application: asked for first, taken by the camera, accepted by its person, sealed for the centre.

Nobody must: at every step there is a way on without a picture, and a window takes it then. What was said to it is on
record before the camera opens. Whether it may be compared with the identity card's photo is asked apart, and what comes
of it changes nothing here. Region rules: application.photo, portrait. Consent by 人脸识别技术应用安全管理办法 (in force
since 2025-06-01) and the Personal Information Protection Law, §§ 15, 28–31.
"""

from typing import Final, assert_never

from drivers.ports.errors import DeviceError
from kiosk.journeys.counter_words import photo_in_words
from kiosk.journeys.faults import camera_trouble, fault_code
from kiosk.journeys.frame import Progress, Session
from kiosk.journeys.identify import CANCEL
from kiosk.journeys.portrait_words import WHY, still_missing, what_helps
from kiosk.journeys.proxy import Filer
from kiosk.journeys.requests import (
    ComparePortrait,
    Journey,
    NoSitting,
    NotTaken,
    Record,
    SealPortrait,
    Show,
    TakePortrait,
    ask,
)
from kiosk.journeys.views import (
    Action,
    Choice,
    Choices,
    Chosen,
    Emphasis,
    Explain,
    Fault,
    Intent,
    PortraitPreview,
    PortraitProof,
    Step,
)
from kiosk.journeys.wording import Say, Verbatim, say
from kiosk.policy.counter import PhotoDemand
from kiosk.policy.pack import Offline
from kiosk.policy.region import Region
from kiosk.portrait.guidance import Instruction
from kiosk.portrait.regional import may_cover_head, worn
from kiosk.records.filings import LONGEST_KEPT_DAYS
from kiosk.records.portrait import (
    COMPARISON_TEXT,
    CONSENT_TEXT,
    KEPT_CONSENT_TEXT,
    Consent,
    ConsentBy,
    ConsentWord,
    FiledPortrait,
    NoPortrait,
    TakenPortrait,
)
from kiosk.records.transaction import Service, Stage

TRIES: Final = 3
AGREE: Final = Chosen("agree")
DECLINE: Final = Chosen("decline")
NOT_POSSIBLE: Final = Chosen("not_possible")
"""Of whoever can't be taken. Why, they are asked; they need not say."""

_OUT_OF_REACH: Final = frozenset({Instruction.HIGHER, Instruction.LOWER})
"""Asked for until a try was over: the camera does not see so high or so low."""
_WITHOUT: Final = say("照片由窗口补拍、补交，申领接着办。")
_ON: Final = Action(Intent.NEXT, say("不拍了，接着办"))
_AGAIN: Final = Action(Intent.AGAIN, say("再拍一次"), Emphasis.PRIMARY)
WITHDRAW: Final = Action(DECLINE, say("不交照片"), spoken=say("不交照片，接着办。照片马上删掉"))
"""Takes consent back, as easily as it was given."""


def wants_portrait(session: Session) -> bool:
    """Whether one can be taken here, and the region has a use for it."""
    return session.takes_portraits and bool(session.region.pack.application.photo.value)


def portrait(
    session: Session, progress: Progress, filer: Filer, step: Step, consent_by: ConsentBy
) -> Journey[FiledPortrait | NoPortrait]:
    """A portrait that its person has agreed to and accepted, sealed; else why a window is to take it.

    The open picture is wiped before this returns.

    :param filer: whose portrait it is, and who acts for them.
    """
    text = consent_text(session)
    agreed = (yield from ask(Show(_consent(step, consent_by, may_wait=text == KEPT_CONSENT_TEXT)))) == AGREE
    progress.stands_for(filer.holder.number, filer.holder.name, filer.proxy)
    yield from _on_record(progress, ConsentWord.GIVEN if agreed else ConsentWord.DECLINED, consent_by, text)
    if not agreed:
        return NoPortrait.DECLINED
    photo = filer.photo if session.compares_portraits else b""
    if photo:
        compared = (yield from ask(Show(_comparison(step, consent_by)))) == AGREE
        word = ConsentWord.GIVEN if compared else ConsentWord.DECLINED
        yield from _on_record(progress, word, consent_by, COMPARISON_TEXT)
        photo = photo if compared else b""
    if (yield from ask(Show(_checklist(session.region, step)))) == NOT_POSSIBLE:
        why = yield from _why_not(step, consent_by, TRIES)
        if why is not None:
            return why
    for tries_left in reversed(range(TRIES)):
        came = yield from _one_try(session, progress, step, consent_by, photo, tries_left)
        if came is not None:
            return came
    return NoPortrait.NOT_TAKEN


def withdraw(progress: Progress, consent_by: ConsentBy) -> Journey[NoPortrait]:
    """Put on record that consent was taken back; whoever holds the picture lets go of it."""
    yield from _on_record(progress, ConsentWord.WITHDRAWN, consent_by, consent_text(progress.session))
    return NoPortrait.DECLINED


def consent_text(session: Session) -> str:
    """Which words are shown: whether a portrait may have to wait here for the centre is the region's rule."""
    is_kept = session.region.offline(Service.CARD_APPLICATION) is Offline.RECORDED
    return KEPT_CONSENT_TEXT if is_kept else CONSENT_TEXT


def _on_record(progress: Progress, word: ConsentWord, by: ConsentBy, text: str) -> Journey[None]:
    yield from ask(Record(progress.transaction(Stage.CONSENT, consent=Consent(word=word, by=by, text=text))))


def _one_try(
    session: Session, progress: Progress, step: Step, consent_by: ConsentBy, photo: bytes, tries_left: int
) -> Journey[FiledPortrait | NoPortrait | None]:
    """The accepted portrait, or why there is none; None where the citizen wants another try.

    :param photo: of the holder's identity card, to compare it with; empty where it is not to be compared.
    """
    try:
        taken = yield from ask(TakePortrait(_preview(step)))
    except DeviceError as error:
        if error.device != "camera":
            raise
        again = yield from _once_more(_failed_camera(session.region, error, tries_left))
        return None if again else NoPortrait.NOT_TAKEN
    match taken:
        case TakenPortrait():
            progress.portraits.append(taken)
            chosen = yield from ask(Show(_proof(taken, step, tries_left), personal=True))
            if chosen is not Intent.NEXT:
                taken.wipe()
                return None if chosen is Intent.AGAIN else (yield from withdraw(progress, consent_by))
            likeness = (yield from ask(ComparePortrait(taken, photo))) if photo else None
            text = consent_text(session)
            sealed = yield from ask(SealPortrait(taken, session.transaction_id, consent_by, text, likeness))
            taken.wipe()
            return sealed
        case NotTaken(amiss):
            again = yield from _once_more(_not_taken(amiss, step, tries_left))
            why = NoPortrait.NOT_TAKEN if _OUT_OF_REACH.isdisjoint(amiss) else NoPortrait.OUT_OF_REACH
            return None if again else why
        case NoSitting.LEFT:
            return (yield from _why_not(step, consent_by, tries_left))
        case NoSitting.NOT_READY:
            yield from ask(Show(_not_ready(step)))
            return NoPortrait.NOT_TAKEN
        case other:
            assert_never(other)


def _consent(step: Step, by: ConsentBy, *, may_wait: bool) -> Explain:
    """Purpose, who keeps it and how long, and the other way; both answers are of the same size.

    :param may_wait: without the centre it waits here.
    """
    days = Verbatim(str(LONGEST_KEPT_DAYS))
    guardian = by is ConsentBy.GUARDIAN
    return Explain(
        title=say("给孩子拍照，您同意吗？") if guardian else say("要在这里拍照吗？"),
        lines=(
            say("照片只用来给孩子做社保卡。") if guardian else say("照片只用来做您的社保卡。"),
            say("加密交给社保中心，办完就删；没交到时，这台机器最多存 {days} 天。", days=days)
            if may_wait
            else say("加密交给社保中心，办完就删；这台机器不留。"),
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
    demands = worn(region)
    return Explain(
        title=say("拍之前，请看一看"),
        lines=(
            say("请{demands}。", demands=photo_in_words(demands)),
            *_kept_on(glasses=PhotoDemand.NO_GLASSES not in demands, cover=may_cover_head(region)),
            say("有难处不勉强，按“拍不了”就行。"),
        ),
        step=step,
        actions=(_NOT_POSSIBLE, Action(Intent.NEXT, say("好了，开始拍"), Emphasis.PRIMARY)),
    )


def _kept_on(*, glasses: bool, cover: bool) -> tuple[Say, ...]:
    if glasses and cover:
        return (say("常戴的眼镜、宗教头巾可以戴：别反光，脸露全。"),)
    if glasses:
        return (say("常戴的眼镜可以戴，别反光。"),)
    return (say("宗教头巾可以戴，脸要露全。"),) if cover else ()


_NOT_POSSIBLE: Final = Action(NOT_POSSIBLE, say("拍不了"), spoken=say("拍不了。不拍照片也能接着办"))


def _preview(step: Step) -> PortraitPreview:
    return PortraitPreview(say("看着镜头坐好，机器会自己拍。"), step, (CANCEL, _NOT_POSSIBLE))


def _proof(taken: TakenPortrait, step: Step, tries_left: int) -> PortraitProof:
    again = (Action(Intent.AGAIN, say("重拍，还能拍 {tries} 次", tries=tries_left)),) if tries_left else ()
    return PortraitProof(
        title=say("这张照片行吗？"),
        line=say("卡上就印这一张。"),
        portrait=taken,
        step=step,
        actions=(WITHDRAW, *again, Action(Intent.NEXT, say("就用这张"), Emphasis.PRIMARY)),
    )


def _not_taken(amiss: tuple[Instruction, ...], step: Step, tries_left: int) -> Explain:
    lines = tuple(map(still_missing, amiss)) or (say("您坐得很好，是照片达不到做卡的要求。"),)
    if tries_left:
        return Explain(say("这次没有拍成"), lines, step, (_ON, _AGAIN))
    on = Action(Intent.NEXT, say("接着办"), Emphasis.PRIMARY)
    return Explain(say("还是没有拍成"), (*lines, _WITHOUT), step, (on,))


def _why_not(step: Step, by: ConsentBy, tries_left: int) -> Journey[NoPortrait | None]:
    """Why somebody can't be taken, as far as they say; None where they try once more."""
    chosen = yield from ask(Show(_reasons(by, tries_left)))
    if not isinstance(chosen, Chosen):
        return None
    why = NoPortrait(chosen.key)
    yield from ask(Show(_without(step, why, by)))
    return why


def _reasons(by: ConsentBy, tries_left: int) -> Choices:
    again = (Action(Intent.AGAIN, say("再试试")),) if tries_left else ()
    return Choices(
        title=say("为什么拍不了？"),
        choices=tuple(Choice(Chosen(why.value), words) for why, words in WHY[by].items()),
        note=say("只告诉窗口，好帮您拍。不想说，就选最后一个。"),
        actions=(CANCEL, *again),
    )


def _without(step: Step, why: NoPortrait, by: ConsentBy) -> Explain:
    on = Action(Intent.NEXT, say("接着办"), Emphasis.PRIMARY)
    return Explain(say("拍不了也能办"), (_WITHOUT, *what_helps(why, by)), step, (on,))


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
