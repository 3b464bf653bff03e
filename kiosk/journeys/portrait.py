"""A portrait: asked for first, taken, accepted by its person; sealed for the centre, or open for a card made here.

Nobody must: at every step there is a way on without a picture, and a window takes it then. What was said to it is on
record before the camera opens. Whether it may be compared with the identity card's photo is asked apart, and what comes
of it changes nothing here. Region rules: application.photo, portrait. Consent by 人脸识别技术应用安全管理办法 (in force
since 2025-06-01) and the Personal Information Protection Law, §§ 15, 28–31.
"""

from dataclasses import dataclass
from typing import Final, assert_never

from drivers.ports.errors import DeviceError
from kiosk.journeys.counter_words import photo_in_words
from kiosk.journeys.faults import camera_trouble, fault_code
from kiosk.journeys.frame import Progress, Session
from kiosk.journeys.identify import CANCEL
from kiosk.journeys.portrait_words import (
    FOR_APPLICATION,
    FOR_APPLICATION_KEPT,
    FOR_NEW_CARD,
    WHY,
    Purpose,
    still_missing,
    what_helps,
)
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
from kiosk.journeys.waiting import waits_here
from kiosk.journeys.wording import Say, say
from kiosk.policy.counter import PhotoDemand
from kiosk.policy.region import Region
from kiosk.portrait.guidance import Instruction
from kiosk.portrait.regional import may_cover_head, worn
from kiosk.records.portrait import (
    COMPARISON_TEXT,
    Consent,
    ConsentBy,
    ConsentWord,
    FiledPortrait,
    NoPortrait,
    TakenPortrait,
)
from kiosk.records.transaction import Stage

TRIES: Final = 3
AGREE: Final = Chosen("agree")
DECLINE: Final = Chosen("decline")
NOT_POSSIBLE: Final = Chosen("not_possible")
"""Of whoever can't be taken. Why, they are asked; they need not say."""

_OUT_OF_REACH: Final = frozenset({Instruction.HIGHER, Instruction.LOWER})
"""Asked for until a try was over: the camera does not see so high or so low."""
_AGAIN: Final = Action(Intent.AGAIN, say("再拍一次"), Emphasis.PRIMARY)


@dataclass(frozen=True, slots=True)
class Sitter:
    """Who agrees to a portrait, what for, and where in the journey."""

    step: Step
    consent_by: ConsentBy = ConsentBy.HOLDER
    purpose: Purpose = FOR_APPLICATION

    @property
    def withdraw(self) -> Action:
        """Takes consent back, as easily as it was given."""
        return Action(DECLINE, self.purpose.withdraw, spoken=self.purpose.withdraw_spoken)

    @property
    def not_possible(self) -> Action:
        """Of whoever can't be taken."""
        return Action(NOT_POSSIBLE, say("拍不了"), spoken=self.purpose.not_possible_spoken)

    @property
    def close(self) -> Action:
        """On, without another try."""
        return Action(Intent.NEXT, self.purpose.close, Emphasis.PRIMARY)


WITHDRAW: Final = Sitter(Step(1, 1)).withdraw
"""Of an application."""


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
    sitter = Sitter(step, consent_by, _filed_for(progress))
    if not (yield from _agreed(progress, sitter, filer)):
        return NoPortrait.DECLINED
    photo = filer.photo if session.compares_portraits else b""
    if photo:
        compared = (yield from ask(Show(_comparison(step, consent_by)))) == AGREE
        word = ConsentWord.GIVEN if compared else ConsentWord.DECLINED
        yield from _on_record(progress, word, consent_by, COMPARISON_TEXT)
        photo = photo if compared else b""
    taken = yield from _accepted(session, progress, sitter)
    if isinstance(taken, NoPortrait):
        return taken
    likeness = (yield from ask(ComparePortrait(taken, photo))) if photo else None
    sealed = yield from ask(
        SealPortrait(taken, session.transaction_id, consent_by, sitter.purpose.consent_text, likeness)
    )
    taken.wipe()
    return sealed


def portrait_for_new_card(
    session: Session, progress: Progress, filer: Filer, step: Step
) -> Journey[TakenPortrait | NoPortrait]:
    """A portrait that its person has agreed to and accepted, open, since face and chip need it; else why there is none.

    It stands in ``progress.portraits``, so that it is wiped however the journey ends.
    """
    sitter = Sitter(step, purpose=FOR_NEW_CARD)
    if not (yield from _agreed(progress, sitter, filer)):
        return NoPortrait.DECLINED
    return (yield from _accepted(session, progress, sitter))


def _agreed(progress: Progress, sitter: Sitter, filer: Filer) -> Journey[bool]:
    """Ask before the camera opens, and put on record what was said."""
    agreed = (yield from ask(Show(_consent(sitter)))) == AGREE
    progress.stands_for(filer.holder.number, filer.holder.name, filer.proxy)
    word = ConsentWord.GIVEN if agreed else ConsentWord.DECLINED
    yield from _on_record(progress, word, sitter.consent_by, sitter.purpose.consent_text)
    return agreed


def _accepted(session: Session, progress: Progress, sitter: Sitter) -> Journey[TakenPortrait | NoPortrait]:
    """The portrait that its person has said yes to, open; else why there is none."""
    if (yield from ask(Show(_checklist(session.region, sitter)))) == NOT_POSSIBLE:
        why = yield from _why_not(sitter, TRIES)
        if why is not None:
            return why
    for tries_left in reversed(range(TRIES)):
        came = yield from _one_try(session, progress, sitter, tries_left)
        if came is not None:
            return came
    return NoPortrait.NOT_TAKEN


def withdraw(progress: Progress, consent_by: ConsentBy, purpose: Purpose | None = None) -> Journey[NoPortrait]:
    """Put on record that consent was taken back; whoever holds the picture lets go of it.

    :param purpose: what it was taken for; to be filed when None.
    """
    text = (purpose or _filed_for(progress)).consent_text
    yield from _on_record(progress, ConsentWord.WITHDRAWN, consent_by, text)
    return NoPortrait.DECLINED


def _filed_for(progress: Progress) -> Purpose:
    """What is said of a picture that is filed: whether it may have to wait here is the region's rule."""
    return FOR_APPLICATION_KEPT if waits_here(progress.session.region, progress.service) else FOR_APPLICATION


def _on_record(progress: Progress, word: ConsentWord, by: ConsentBy, text: str) -> Journey[None]:
    yield from ask(Record(progress.transaction(Stage.CONSENT, consent=Consent(word=word, by=by, text=text))))


def _one_try(
    session: Session, progress: Progress, sitter: Sitter, tries_left: int
) -> Journey[TakenPortrait | NoPortrait | None]:
    """The accepted portrait, or why there is none; None where the citizen wants another try."""
    try:
        taken = yield from ask(TakePortrait(_preview(sitter)))
    except DeviceError as error:
        if error.device != "camera":
            raise
        again = yield from _once_more(_failed_camera(session.region, error, sitter, tries_left))
        return None if again else NoPortrait.NOT_TAKEN
    match taken:
        case TakenPortrait():
            progress.portraits.append(taken)
            chosen = yield from ask(Show(_proof(taken, sitter, tries_left), personal=True))
            if chosen is Intent.NEXT:
                return taken
            taken.wipe()
            if chosen is Intent.AGAIN:
                return None
            return (yield from withdraw(progress, sitter.consent_by, sitter.purpose))
        case NotTaken(amiss):
            again = yield from _once_more(_not_taken(amiss, sitter, tries_left))
            why = NoPortrait.NOT_TAKEN if _OUT_OF_REACH.isdisjoint(amiss) else NoPortrait.OUT_OF_REACH
            return None if again else why
        case NoSitting.LEFT:
            return (yield from _why_not(sitter, tries_left))
        case NoSitting.NOT_READY:
            yield from ask(Show(_not_ready(sitter)))
            return NoPortrait.NOT_TAKEN
        case other:
            assert_never(other)


def _consent(sitter: Sitter) -> Explain:
    """Purpose, who keeps it and how long, and the other way; both answers are of the same size."""
    guardian, purpose = sitter.consent_by is ConsentBy.GUARDIAN, sitter.purpose
    return Explain(
        title=say("给孩子拍照，您同意吗？") if guardian else say("要在这里拍照吗？"),
        lines=(purpose.asked[sitter.consent_by], purpose.kept, purpose.otherwise),
        step=sitter.step,
        actions=(Action(DECLINE, purpose.decline), Action(AGREE, say("同意，现在拍"))),
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


def _checklist(region: Region, sitter: Sitter) -> Explain:
    """What no model can tell: the person sees to it."""
    demands = worn(region)
    return Explain(
        title=say("拍之前，请看一看"),
        lines=(
            say("请{demands}。", demands=photo_in_words(demands)),
            *_kept_on(glasses=PhotoDemand.NO_GLASSES not in demands, cover=may_cover_head(region)),
            say("有难处不勉强，按“拍不了”就行。"),
        ),
        step=sitter.step,
        actions=(sitter.not_possible, Action(Intent.NEXT, say("好了，开始拍"), Emphasis.PRIMARY)),
    )


def _kept_on(*, glasses: bool, cover: bool) -> tuple[Say, ...]:
    if glasses and cover:
        return (say("常戴的眼镜、宗教头巾可以戴：别反光，脸露全。"),)
    if glasses:
        return (say("常戴的眼镜可以戴，别反光。"),)
    return (say("宗教头巾可以戴，脸要露全。"),) if cover else ()


def _preview(sitter: Sitter) -> PortraitPreview:
    return PortraitPreview(say("看着镜头坐好，机器会自己拍。"), sitter.step, (CANCEL, sitter.not_possible))


def _proof(taken: TakenPortrait, sitter: Sitter, tries_left: int) -> PortraitProof:
    again = (Action(Intent.AGAIN, say("重拍，还能拍 {tries} 次", tries=tries_left)),) if tries_left else ()
    return PortraitProof(
        title=say("这张照片行吗？"),
        line=say("卡上就印这一张。"),
        portrait=taken,
        step=sitter.step,
        actions=(sitter.withdraw, *again, Action(Intent.NEXT, say("就用这张"), Emphasis.PRIMARY)),
    )


def _not_taken(amiss: tuple[Instruction, ...], sitter: Sitter, tries_left: int) -> Explain:
    lines = tuple(map(still_missing, amiss)) or (say("您坐得很好，是照片达不到做卡的要求。"),)
    if tries_left:
        leave = Action(Intent.NEXT, sitter.purpose.leave)
        return Explain(say("这次没有拍成"), lines, sitter.step, (leave, _AGAIN))
    return Explain(say("还是没有拍成"), (*lines, sitter.purpose.without), sitter.step, (sitter.close,))


def _why_not(sitter: Sitter, tries_left: int) -> Journey[NoPortrait | None]:
    """Why somebody can't be taken, as far as they say; None where they try once more."""
    chosen = yield from ask(Show(_reasons(sitter.consent_by, tries_left)))
    if not isinstance(chosen, Chosen):
        return None
    why = NoPortrait(chosen.key)
    yield from ask(Show(_without(sitter, why)))
    return why


def _reasons(by: ConsentBy, tries_left: int) -> Choices:
    again = (Action(Intent.AGAIN, say("再试试")),) if tries_left else ()
    return Choices(
        title=say("为什么拍不了？"),
        choices=tuple(Choice(Chosen(why.value), words) for why, words in WHY[by].items()),
        note=say("只告诉窗口，好帮您拍。不想说，就选最后一个。"),
        actions=(CANCEL, *again),
    )


def _without(sitter: Sitter, why: NoPortrait) -> Explain:
    purpose = sitter.purpose
    lines = (purpose.without, *what_helps(why, sitter.consent_by))
    return Explain(purpose.without_title, lines, sitter.step, (sitter.close,))


def _failed_camera(region: Region, error: DeviceError, sitter: Sitter, tries_left: int) -> Fault:
    again = (Action(Intent.AGAIN, say("再试试")),) if tries_left else ()
    return Fault(
        title=camera_trouble(error),
        means=say("没有拍成，别的都不受影响。"),
        now=sitter.purpose.without,
        hotline=region.hotline,
        code=fault_code(error),
        actions=(*again, sitter.close),
    )


def _once_more(view: Explain | Fault) -> Journey[bool]:
    """Whether the citizen wants another try."""
    return (yield from ask(Show(view))) is Intent.AGAIN


def _not_ready(sitter: Sitter) -> Explain:
    return Explain(say("这台机器现在拍不了照片"), (sitter.purpose.without,), sitter.step, (sitter.close,))
