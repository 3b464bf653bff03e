"""A new social-security PIN. Region rules: services.pin_change, pin."""

from typing import assert_never

from drivers.ports.pin import Pin
from drivers.ports.pin_pad import PinBlock
from kiosk.journeys import refusals
from kiosk.journeys.counter_words import in_words
from kiosk.journeys.faults import CLOSE, Effect, meaning
from kiosk.journeys.frame import Ended, Ending, Progress, Session, serve
from kiosk.journeys.identify import Identified, identify_card
from kiosk.journeys.paging import FROM_SLIP, TO_SLIP
from kiosk.journeys.pin_entry import (
    CentrePad,
    centre_pad,
    chip_pin,
    is_forbidden_initial_pin,
    last_try_note,
    needs_pin_pad,
    perhaps_the_other,
    pin_name,
    pin_view,
    telling_apart,
    tries_note,
)
from kiosk.journeys.requests import (
    Announce,
    ChangeChipPin,
    Distrusted,
    EnterPin,
    Journey,
    Record,
    Show,
    Unreachable,
    ask,
    ask_centre,
)
from kiosk.journeys.slips import slip
from kiosk.journeys.views import Action, Emphasis, Explain, Fact, Fault, Intent, Result, Step, View, Working
from kiosk.journeys.without_cards import needs_card
from kiosk.journeys.wording import Say, Verbatim, say
from kiosk.policy.pack import HeldBy, PinWeakness
from kiosk.records.questions import ChangeCentrePin, PinChange, PinChanged
from kiosk.records.transaction import Outcome, Service, Stage

ROUNDS = 5
"""How often a new PIN may fail to settle (repeated otherwise, weak, the old one) before the journey ends. Ours."""

_OLD, _NEW, _REPEAT = Step(1, 3), Step(2, 3), Step(3, 3)
_OLD_TITLE = say("请先输入原来的密码")
_NEW_TITLE = say("请输入新密码")
_REPEAT_TITLE = say("请再输一遍新密码")
_MISMATCH = say("两遍不一样，请重新设新密码。")
_SAME = say("新密码和原来一样，请换一个。")
_INITIAL = say("不能再用初始密码，请换一个。")
_WEAK = say("这个密码太容易被猜到，请换一个。")


def pin_change(session: Session) -> Journey[Outcome]:
    """Old PIN, new PIN, new PIN again; changed on the chip or at the centre, as the region holds it."""
    return (yield from serve(session, Service.PIN_CHANGE, _change))


def _change(session: Session, progress: Progress) -> Journey[Ending]:
    region = session.region
    if not region.offers(Service.PIN_CHANGE):
        raise refusals.not_offered(region, Service.PIN_CHANGE)
    needs_card(session, Service.PIN_CHANGE)
    needs_pin_pad(session, Service.PIN_CHANGE)
    identified = yield from identify_card(session, progress)
    if identified.centre is None:
        refusals.unless_by_chip(region, Service.PIN_CHANGE, declined=identified.declined)
    match region.pin_held_by:
        case HeldBy.CHIP:
            return (yield from _change_on_chip(session, progress, identified))
        case HeldBy.CENTRE:
            return (yield from _change_at_centre(session, progress, identified))
        case other:
            assert_never(other)


def _change_on_chip(session: Session, progress: Progress, identified: Identified) -> Journey[Ending]:
    old = yield from chip_pin(session, progress, _OLD_TITLE, step=_OLD)
    new = yield from _new_chip_pin(session, progress, old)
    yield from _begin(progress)
    progress.effect = Effect.MAYBE
    check = yield from ask(ChangeChipPin(old, new))
    if not check.accepted:
        progress.effect = Effect.NONE
        if check.locked:
            raise refusals.pin_locked(session.region)
        raise refusals.change_refused(session.region)
    progress.effect = Effect.DONE
    note = (
        say("银行密码是另一个，没有变。")
        if identified.centre is not None
        else say("新密码现在就能用。现在联系不上社保中心，这次办理稍后自动上报。")
    )
    return Ending(Outcome.DONE, _changed_views(session, note))


def _new_chip_pin(session: Session, progress: Progress, old: Pin) -> Journey[Pin]:
    region = session.region
    note: Say | None = None
    for _ in range(ROUNDS):
        new = yield from ask(EnterPin(pin_view(session, _NEW_TITLE, step=_NEW, note=note)))
        progress.pins.append(new)
        note = None
        if new.equals(old):
            note = _SAME
        elif is_forbidden_initial_pin(region, new):
            note = _INITIAL
        elif (weakness := new.weakness()) is not None:
            if PinWeakness(weakness.value) in region.refused_weaknesses:
                note = _WEAK
            elif not (yield from _keep_weak_pin()):
                continue
        if note is not None:
            continue
        repeated = yield from ask(EnterPin(pin_view(session, _REPEAT_TITLE, step=_REPEAT)))
        progress.pins.append(repeated)
        if repeated.equals(new):
            return new
        note = _MISMATCH
    raise refusals.too_many_attempts(region)


def _change_at_centre(session: Session, progress: Progress, identified: Identified) -> Journey[Ending]:
    centre, pad = yield from centre_pad(session, identified, Service.PIN_CHANGE)
    old: PinBlock | None = None
    note, coach = last_try_note(centre.pin_tries_left), telling_apart(session.region)
    for _ in range(ROUNDS):
        if old is None:
            old = yield from pad.block(pin_view(session, _OLD_TITLE, step=_OLD, note=note, coach=coach))
            note = None
        new = yield from pad.block(pin_view(session, _NEW_TITLE, step=_NEW, note=note))
        repeated = yield from pad.block(pin_view(session, _REPEAT_TITLE, step=_REPEAT))
        yield from _begin(progress)
        answer = yield from _ask_change(session, progress, pad, centre.session_id, (old, new, repeated))
        match answer.change:
            case PinChange.CHANGED:
                progress.effect = Effect.DONE
                progress.done_online = True
                return Ending(Outcome.DONE, _changed_views(session, say("以后查询就用新密码。")))
            case PinChange.WRONG:
                old, note = None, tries_note(answer.pin_tries_left)
                coach = perhaps_the_other(session.region)
            case PinChange.LOCKED:
                raise refusals.pin_locked(session.region)
            case PinChange.MISMATCH:
                note = _MISMATCH
            case PinChange.SAME:
                note = _SAME
            case PinChange.WEAK:
                note = _WEAK
            case PinChange.UNREADABLE:
                raise refusals.not_ready(session.region, Service.PIN_CHANGE)
            case other:
                assert_never(other)
    raise refusals.too_many_attempts(session.region)


def _ask_change(
    session: Session, progress: Progress, pad: CentrePad, session_id: str, blocks: tuple[PinBlock, PinBlock, PinBlock]
) -> Journey[PinChanged]:
    old, new, repeated = blocks
    accept_weak = False
    while True:
        yield from ask(Announce(Working(say("正在改密码"), say("请稍候，不要拔卡。"))))
        question = ChangeCentrePin(
            transaction_id=session.transaction_id,
            old=old.cipher,
            new=new.cipher,
            repeated=repeated.cipher,
            pad_serial=pad.pad.serial,
            accept_weak=accept_weak,
        )
        progress.effect = Effect.MAYBE
        answer = yield from ask_centre(question, PinChanged, session_id)
        if isinstance(answer, Unreachable | Distrusted) and answer.maybe_done:
            raise Ended(Ending(Outcome.UNKNOWN, (_unknown_view(session),), reason="answer_lost"))
        progress.effect = Effect.NONE
        if isinstance(answer, Unreachable | Distrusted):
            raise refusals.no_answer(session.region, Service.PIN_CHANGE, answer)
        if answer.change is not PinChange.WEAK or session.region.refused_weaknesses or accept_weak:
            return answer
        if not (yield from _keep_weak_pin()):
            return answer
        accept_weak = True


def _begin(progress: Progress) -> Journey[None]:
    """Put on record that something irrevocable follows, once a transaction."""
    if not progress.began:
        yield from ask(Record(progress.transaction(Stage.BEGUN)))
        progress.began = True


def _keep_weak_pin() -> Journey[bool]:
    """Advise against a weak PIN where the region leaves the choice to the citizen."""
    intent = yield from ask(
        Show(
            Explain(
                title=say("这个密码容易被人猜到"),
                lines=(say("六个一样的数字、连着的数字，别人一试就中。"), say("建议您换一个。")),
                step=_NEW,
                actions=(
                    Action(Intent.NEXT, say("就用这个")),
                    Action(Intent.AGAIN, say("换一个"), Emphasis.PRIMARY),
                ),
            )
        )
    )
    return intent is Intent.NEXT


def _changed_views(session: Session, note: Say) -> tuple[View, ...]:
    name = pin_name(session.region)
    result = Result(
        title=say("密码改好了"),
        facts=(Fact(say("改的是"), name),),
        note=note,
        actions=TO_SLIP,
    )
    day = say("办理日期 {day}", day=Verbatim(session.today.isoformat()))
    not_you = say("不是您本人改的，请马上打电话")
    forgotten = session.region.pack.pin.forgotten.value
    next_time = (say("以后忘了密码：{place}", place=in_words(forgotten)),) if forgotten is not None else ()
    further = (say("密码已经改好，请用新密码。"), note, *next_time)
    changed = say("修改{pin}", pin=name)
    return (result, slip(session, changed, (day,), FROM_SLIP, further=further, calls=(not_you,)))


def _unknown_view(session: Session) -> View:
    return Fault(
        title=say("没收到社保中心答复"),
        means=meaning(Service.PIN_CHANGE, Effect.MAYBE),
        now=say("如果两个都不对，请打电话或找工作人员。"),
        hotline=session.region.hotline,
        code="N-03",
        actions=(CLOSE,),
    )
