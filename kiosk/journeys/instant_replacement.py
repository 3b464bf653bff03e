"""A new card in the hand while its holder waits: who it is, the old card, the portrait, the fee, the making.

What can't be undone is in :mod:`kiosk.journeys.issuing`. All before it can be left at any moment: whoever leaves has
no reservation and no fee left behind. Region rules: replacement, loss, pin, activation. docs/replacement.md tells it.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from drivers.ports.card_encoder import ChipData
from drivers.ports.card_printer import Face
from drivers.ports.card_reader import CardKind, HolderData
from drivers.ports.errors import DeviceError, ProtocolViolation, TimedOut
from kiosk.card_face.errors import CardFaceError
from kiosk.card_face.painted import PaintedCard
from kiosk.card_face.particulars import Particulars
from kiosk.journeys import refusals
from kiosk.journeys.counter_words import listed
from kiosk.journeys.faults import Effect
from kiosk.journeys.fee import pay
from kiosk.journeys.filing import holder_by_id_card, needs_id_card, who
from kiosk.journeys.frame import Ended, Ending, Progress, Session
from kiosk.journeys.holder import Holder
from kiosk.journeys.identify import CANCEL, read_issuer
from kiosk.journeys.issuing import CardInMaking, Issued, make_card
from kiosk.journeys.issuing_requests import CheckParticulars, PaintCard, Unprintable
from kiosk.journeys.lost_card import bank_lines, name_of_report
from kiosk.journeys.new_card import WRONG, preview
from kiosk.journeys.new_card_endings import Made, told
from kiosk.journeys.portrait import portrait_for_new_card
from kiosk.journeys.proxy import Filer
from kiosk.journeys.requests import (
    Announce,
    AwaitCard,
    CardTaken,
    CitizenCancelled,
    CitizenGone,
    Interruption,
    Journey,
    LedgerFailed,
    Record,
    ReturnCard,
    Show,
    ask,
)
from kiosk.journeys.reservation import NoCard, give_up, reserve
from kiosk.journeys.views import Action, Emphasis, Explain, InsertCard, Intent, ReadBack, Step, Working
from kiosk.journeys.without_cards import needs_card
from kiosk.journeys.wording import say
from kiosk.policy.counter import Side
from kiosk.policy.region import Region
from kiosk.records.issuance import AbandonedWhy, CardOrder, IssuanceReserved, ReplacementReason
from kiosk.records.portrait import NoPortrait
from kiosk.records.transaction import IssuanceStep, Service, Stage

_SERVICE: Final = Service.CARD_REPLACEMENT
_OLD_CARD, _PORTRAIT, _CHECK, _FEE = 2, 3, 4, 5


@dataclass(frozen=True, slots=True)
class _Way:
    """What is asked for: an exchange has one step more, for the old card."""

    reason: ReplacementReason

    @property
    def exchange(self) -> bool:
        return self.reason is not ReplacementReason.LOST

    def step(self, number: int) -> Step:
        return Step(number, 5) if self.exchange else Step(max(number - 1, 1), 4)


def instant_replacement(session: Session, progress: Progress, reason: ReplacementReason) -> Journey[Ending]:
    """Have a new card made in place of another and hand it out; or tell why not, and where one is had.

    :raises Ended: no card comes of it, and nothing is left behind.
    """
    way = _Way(reason)
    _can_be_made(session, way)
    if not way.exchange:
        yield from ask(Show(_lost(session.region)))
    holder = yield from _who(session, way)
    shown = (yield from _old_card(session, progress, way.step(_OLD_CARD))) if way.exchange else None
    reserved = yield from reserve(session, progress, holder, reason, shown)
    try:
        card = yield from _ordered(session, progress, way, holder, reserved)
    except NoCard as stop:
        yield from give_up(session, progress, stop.why)
        raise stop.ended from None
    except (CitizenCancelled, CitizenGone, CardTaken):
        yield from give_up(session, progress, AbandonedWhy.CITIZEN)
        raise
    except (Ended, Interruption, DeviceError, LedgerFailed):
        yield from give_up(session, progress, AbandonedWhy.DEVICE)
        raise
    issued = yield from _made(progress, card)
    if issued.old_card_inside:
        progress.holds_card = False  # the slot does not let it go, or must not yet: nobody is told to take it
    made = Made(exchange=way.exchange, fee_fen=reserved.fee_fen or 0, number=holder.number)
    return told(session, progress, made, issued)


def _can_be_made(session: Session, way: _Way) -> None:
    """Let nobody begin what can't be ended.

    :raises Ended: this terminal lacks something.
    """
    region = session.region
    if not session.makes_cards:
        raise refusals.makes_no_cards(region)
    if way.exchange:
        needs_card(session, _SERVICE)
    if way.exchange and not session.keeps_old_cards:
        raise refusals.keeps_no_old_cards(region)
    if not session.takes_portraits:
        raise refusals.takes_no_portraits(region)
    needs_id_card(session, _SERVICE)


def _lost(region: Region) -> Explain:
    """The formal report goes with the new card: the centre books it in the same step that starts the new one.

    Asked apart from everything else, and with no default: a finger that goes on by habit stops here.
    """
    bank_first = Side.BANK in (region.pack.replacement.lost_first.value or ())
    lines = bank_lines(region, "") if bank_first else ()
    return Explain(
        title=say("卡真的找不回来了吗？"),
        lines=(
            say("新卡一做好，旧卡就正式挂失作废，找到也不能用了。"),
            *(
                (say("也许还找得到的，先办{name}就够了。", name=name_of_report(region)),)
                if region.offers(Service.TEMPORARY_LOSS)
                else ()
            ),
            *((say("请先找发卡银行挂失银行功能，再接着办。"),) if bank_first else ()),
        ),
        step=None,
        actions=(CANCEL, Action(Intent.NEXT, say("找不回来了，做新卡"), Emphasis.GRAVE)),
        note=listed(lines) if lines else None,
    )


def _who(session: Session, way: _Way) -> Journey[Holder]:
    """Learn from the ID card whose card it is, and ask once more: the old card is void afterwards."""
    while True:
        holder = yield from holder_by_id_card(session, _SERVICE, way.step(1))
        if (yield from ask(Show(_read_back(holder, way), personal=True))) is not Intent.AGAIN:
            return holder


def _read_back(holder: Holder, way: _Way) -> ReadBack:
    return ReadBack(
        title=say("请核对，给这个人做新卡"),
        facts=who(holder),
        note=(
            say("新卡一做好，旧卡就作废，由机器收走。")
            if way.exchange
            else say("新卡一做好，旧卡就作废，找到也不能用了。")
        ),
        step=way.step(1),
        actions=(
            CANCEL,
            holder.again,
            Action(Intent.NEXT, say("对，做新卡"), Emphasis.PLAIN, say("号码和姓名都对，给我做新卡")),
        ),
    )


def _old_card(session: Session, progress: Progress, step: Step) -> Journey[str | None]:
    """Have the old card put into the slot, where it stays; its identification code, None where its chip is dead.

    :raises Ended: something else was put in.
    """
    while True:
        kind = yield from ask(AwaitCard(_insert(step)))
        progress.holds_card = True
        match kind:
            case CardKind.SOCIAL_SECURITY:
                code = yield from _code_of(session, progress)
            case CardKind.DEAD | CardKind.SILENT:
                code = None
            case _:
                raise refusals.not_a_social_security_card(session.region, kind)
        if code is not None or (yield from ask(Show(_unreadable(step)))) is Intent.NEXT:
            return code
        yield from ask(ReturnCard())
        progress.holds_card = False


def _insert(step: Step) -> InsertCard:
    return InsertCard(
        title=say("请把旧卡插进来"),
        line=say("金色芯片朝上、朝前，插到底。旧卡先留在机器里。"),
        step=step,
        actions=(CANCEL,),
    )


def _code_of(session: Session, progress: Progress) -> Journey[str | None]:
    """Which card it is: the centre replaces no other; None where the chip fell silent."""
    try:
        issuer = yield from read_issuer(progress)
    except (TimedOut, ProtocolViolation):
        return None
    if not session.region.serves(issuer.region_code):
        raise refusals.other_region(session.region)
    return issuer.identification_code


def _unreadable(step: Step) -> Explain:
    return Explain(
        title=say("读不出这张卡"),
        lines=(say("可能插反了，也可能芯片坏了。"), say("芯片坏了的旧卡，也能换新卡。")),
        step=step,
        actions=(
            CANCEL,
            Action(Intent.AGAIN, say("退出来，再插一次")),
            Action(Intent.NEXT, say("就是旧卡，接着办"), Emphasis.PRIMARY),
        ),
    )


def _ordered(
    session: Session, progress: Progress, way: _Way, holder: Holder, reserved: IssuanceReserved
) -> Journey[CardInMaking]:
    """From the reservation to a card that can be made: it can be printed, its holder has agreed, it is paid.

    :raises NoCard: none is made after all.
    """
    yield from ask(Record(progress.transaction(Stage.STEP, step=IssuanceStep.RESERVED)))
    order = reserved.order
    if order is None:
        raise LookupError("nothing was reserved")
    particulars = yield from _printable(session, order)
    painted = yield from _painted(session, progress, way, holder, particulars)
    chip = _chip(session, order, painted)
    if (yield from ask(Show(preview(painted.proof, particulars, way.step(_CHECK)), personal=True))) == WRONG:
        raise NoCard(AbandonedWhy.CITIZEN, refusals.face_not_right(session.region))
    yield from pay(session, progress, reserved.fee_fen or 0, way.step(_FEE))
    face = Face(painted.face.colour, painted.face.resin)
    return CardInMaking(session.transaction_id, chip, face, way.exchange, session.usual_minutes)


def _printable(session: Session, order: CardOrder) -> Journey[Particulars]:
    """The order's particulars, all of which can be printed: asked before anybody's picture is taken."""
    try:
        particulars = Particulars.of(order)
    except CardFaceError:
        raise _unprintable(session, Unprintable.DATA) from None
    why = yield from ask(CheckParticulars(particulars))
    if why is not None:
        raise _unprintable(session, why)
    return particulars


def _painted(
    session: Session, progress: Progress, way: _Way, holder: Holder, particulars: Particulars
) -> Journey[PaintedCard]:
    """Take the portrait and paint the card; the portrait is wiped then, the painted card by the frame."""
    taken = yield from portrait_for_new_card(session, progress, Filer(holder), way.step(_PORTRAIT))
    if isinstance(taken, NoPortrait):
        raise NoCard(AbandonedWhy.CITIZEN, refusals.no_portrait(session.region))
    yield from ask(Announce(Working(say("正在画出您的新卡"), say("请稍候。"))))
    painted = yield from ask(PaintCard(particulars, taken))
    if isinstance(painted, Unprintable):
        raise _unprintable(session, painted)
    progress.painted.append(painted)
    taken.wipe()
    return painted


def _unprintable(session: Session, why: Unprintable) -> NoCard:
    return NoCard(AbandonedWhy.DEVICE, refusals.unprintable(session.region, why))


def _chip(session: Session, order: CardOrder, painted: PaintedCard) -> ChipData:
    """What the chip gets.

    :raises NoCard: a day of the order is none.
    """
    try:
        issued, expires, born = map(date.fromisoformat, (order.issued_on, order.expires_on, order.birth_date))
    except ValueError:
        raise _unprintable(session, Unprintable.DATA) from None
    return ChipData(
        card_class=order.card_class,
        norm_version=order.norm_version,
        issued_on=issued,
        expires_on=expires,
        card_number=order.card_number,
        holder=HolderData(
            order.social_security_number, order.name, order.sex, order.ethnic_group, order.birthplace, born
        ),
        photo=bytes(painted.chip_portrait),
    )


def _made(progress: Progress, card: CardInMaking) -> Journey[Issued]:
    """Make it. A ledger that fails leaves it to the terminal to settle, as a power cut would."""
    try:
        return (yield from make_card(progress, card))
    except LedgerFailed:
        progress.unsettled = True
        progress.outlook = (
            say("旧卡已经作废，新卡是有效的。没拿到新卡的，请找工作人员。")
            if progress.effect is Effect.DONE
            else say("新卡没有做成。付了的钱会原路退给您。")
        )
        raise
