"""A world for a replacement from its first screen to its last: a citizen, a centre with a till, and a workshop.

Verdicts come from what the till, the centre and the printer have come to, never from what the terminal believes.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, Final

from drivers.ports.card_encoder import ChipData
from drivers.ports.card_printer import FACE_HEIGHT, FACE_WIDTH
from kiosk.card_face.painted import CardFace, PaintedCard
from kiosk.card_face.proof import FaceProof
from kiosk.journeys import issuing_requests as wanted
from kiosk.journeys.frame import Progress, Session, serve
from kiosk.journeys.instant_replacement import instant_replacement
from kiosk.journeys.portrait import AGREE
from kiosk.journeys.requests import AskCentre, Distrusted, Journey, Record, Request, ReturnCard, Show, Unreachable
from kiosk.journeys.views import AnyIntent, Fault, Intent, Refusal, Slip, View
from kiosk.records import issuance
from kiosk.records.issuance import FeeStanding, IssuanceStage, IssuanceVerdict, ReplacementReason
from kiosk.records.transaction import Outcome, Service
from tests.journeys.workshop import CHIP, HOLDER, Workshop
from tests.journeys.world import ID_CARD, JPEG, REPORTED_MS, World, advanced, filled, title_of
from tests.journeys.world import session as terminal

EXCHANGE: Final = ReplacementReason.DAMAGED
GONE: Final = ReplacementReason.LOST
ORDER: Final = issuance.CardOrder(
    name=HOLDER.name,
    social_security_number=HOLDER.social_security_number,
    sex="1",
    ethnic_group="01",
    birthplace="110105",
    birth_date="1949-12-31",
    card_number=CHIP.card_number,
    issued_on=CHIP.issued_on.isoformat(),
    expires_on=CHIP.expires_on.isoformat(),
    card_class=CHIP.card_class,
    norm_version=CHIP.norm_version,
    region_code="990100",
    bank="云岭银行",
)
CHIP_JPEG: Final = b"\xff\xd8 a small face \xff\xd9"
PREVIEW: Final = "请看看新卡对不对"
FEE: Final = "用手机扫一扫付款"
_COLOURS: Final = b"\x7f" * (FACE_WIDTH * FACE_HEIGHT * 3)
_RESIN: Final = b"\x01" * (FACE_WIDTH // 8 * FACE_HEIGHT)
_TO_PRINTER: Final = (
    wanted.LookAtPrinter, wanted.FeedBlank, wanted.IdentifyBlank, wanted.DrawBlankChallenge, wanted.Personalise,
    wanted.PrintFace, wanted.DrawReadBackChallenge, wanted.ReadBack, wanted.EjectCard, wanted.AwaitTaken,
    wanted.DiscardCard, wanted.HoldOldCard,
    wanted.GiveOldCardBack, wanted.RetainOldCard, wanted.Book, wanted.WhereIsBlank,
)  # fmt: skip


class _Face(CardFace):
    """One whose two million bytes are not copied for every walk."""

    __slots__ = ("gone",)

    def __init__(self) -> None:
        super().__init__(b"\1", b"\1")
        self.gone = False

    @property
    def colour(self) -> memoryview:
        return memoryview(_COLOURS)

    @property
    def resin(self) -> memoryview:
        return memoryview(_RESIN)

    def wipe(self) -> None:
        self.gone = True

    @property
    def wiped(self) -> bool:
        return self.gone


@dataclass
class Replacing(World):
    """All of it. ``shop`` has the printer, the stock and what the centre believes of the issuance."""

    key: str = "yunling"
    makes_cards: bool = True
    takes_portraits: bool = True
    reason: ReplacementReason = EXCHANGE
    shop: Workshop = field(default_factory=lambda: Workshop(exchange=True))
    verdict_on_it: IssuanceVerdict = IssuanceVerdict.RESERVED
    place: str = ""
    fee_fen: int = 2000
    order: issuance.CardOrder | None = ORDER
    unprintable: wanted.Unprintable | None = None
    unpaintable: wanted.Unprintable | None = None
    standings: list[FeeStanding] = field(default_factory=lambda: [FeeStanding.PENDING, FeeStanding.PAID])
    """What the till says, each time it is asked; the last for ever."""
    silent_on: tuple[type, ...] = ()
    """Questions that never reach the centre."""
    declines: tuple[type, ...] = ()
    sealed_card: bool = False
    waits_s: int = 300
    """How long the code can be paid by."""
    now_ms: int = REPORTED_MS
    painted: list[PaintedCard] = field(default_factory=list)
    chips: list[ChipData] = field(default_factory=list)
    reserved: bool = False
    ordered: bool = False
    paid: bool = False

    def __post_init__(self) -> None:
        if self.reason is GONE:
            self.shop = Workshop(exchange=False)
        self.documents = self.documents or [ID_CARD]
        self.sittings = self.sittings or [JPEG]
        agreeing: dict[str, AnyIntent] = {
            "卡真的找不回来了吗？": Intent.NEXT,
            "要在这里拍照吗？": AGREE,
            "这张照片行吗？": Intent.NEXT,
            PREVIEW: Intent.NEXT,
        }
        self.choices = agreeing | self.choices

    def answer(self, request: Request[Any]) -> Any:
        match request:
            case wanted.AnnounceStep(view):
                self.seen.append(view)
                return None
            case wanted.TellTime():
                return self.now_ms
            case wanted.Pause(view, seconds):
                self.seen.append(view)
                self.now_ms += int(seconds * 1000)
                return self._touched(view)
            case wanted.CheckParticulars():
                return self.unprintable
            case wanted.PaintCard(portrait=portrait):
                assert bytes(portrait.jpeg) == JPEG
                return self.unpaintable or self._paint()
            case Record(transaction):
                self.shop._answer(request)
                self.recorded.append(transaction)
                return len(self.recorded)
            case AskCentre(question) if self._is_of_an_issuance(question):
                return self._issuance(request)
            case wanted.Wait():
                return self.shop._answer(request)
            case _ if isinstance(request, _TO_PRINTER):
                return self._at_the_printer(request)
            case ReturnCard():
                # The motor hands out what it holds; what was taken in for good nobody gets.
                assert self.shop.old_card != "bin"
                self.shop.old_card = "slot"
        return super().answer(request)

    def _touched(self, view: View) -> AnyIntent | None:
        return self.choices.get(title_of(view))

    def _paint(self) -> PaintedCard:
        self.painted.append(PaintedCard(_Face(), FaceProof(b"masked", b"whole"), CHIP_JPEG))
        return self.painted[-1]

    def _at_the_printer(self, request: Any) -> Any:
        if isinstance(request, wanted.Personalise):
            self.chips.append(request.data)
            assert request.data.photo == CHIP_JPEG
        if isinstance(request, wanted.PrintFace):
            assert not self.painted[-1].wiped
        answer = self.shop._answer(request)
        self.card_kept = self.shop.old_card == "bin"
        return answer

    @staticmethod
    def _is_of_an_issuance(question: Any) -> bool:
        return type(question).__module__ == issuance.__name__

    def _issuance(self, request: AskCentre) -> Any:
        question = request.question
        self.asked.append(question)
        if isinstance(question, self.silent_on) or not self.centre_up:
            return Unreachable(maybe_done=False)
        if isinstance(question, self.declines):
            return Distrusted("409 issuance_state", declined=True)
        desk: dict[type, Callable[[], Any]] = {
            issuance.ReserveIssuance: self._reserve,
            issuance.OrderFee: self._order_fee,
            issuance.AskFee: self._fee,
        }
        told = desk.get(type(question), partial(self.shop._answer, request))()
        if isinstance(question, self.lost_answer_to or ()):
            return Unreachable(maybe_done=True)
        if isinstance(told, issuance.CardsSwitched):
            return issuance.CardsSwitched(verdict=told.verdict, switched_at_ms=1, sealed=self.sealed_card)
        if isinstance(told, issuance.IssuanceCommitted):
            place = self.place if told.stage is IssuanceStage.OPEN_CASE else ""
            return issuance.IssuanceCommitted(stage=told.stage, place=place)
        return told

    def _reserve(self) -> issuance.IssuanceReserved:
        if self.verdict_on_it is not IssuanceVerdict.RESERVED:
            return issuance.IssuanceReserved(verdict=self.verdict_on_it, place=self.place)
        self.reserved = True
        return issuance.IssuanceReserved(
            verdict=self.verdict_on_it, order=self.order, fee_fen=self.fee_fen, expires_at_ms=self.now_ms + 900_000
        )

    def _order_fee(self) -> issuance.FeeOrdered:
        assert self.fee_fen, "nobody orders what is free"
        self.ordered = True
        closes = self.now_ms + 1000 * self.waits_s
        return issuance.FeeOrdered(code_url="weixin://wxpay/x", fee_fen=self.fee_fen, expires_at_ms=closes)

    def _fee(self) -> issuance.FeeState:
        standing = self.standings.pop(0) if len(self.standings) > 1 else self.standings[0]
        came = {FeeStanding.PAID, FeeStanding.REFUND_PENDING, FeeStanding.REFUNDED}
        self.paid = self.paid or standing in came
        return issuance.FeeState(standing=standing, fee_fen=self.fee_fen)

    def wrongs(self, *, told: bool = True) -> list[str]:
        """What must never be, once a citizen has gone.

        :param told: the centre could be told that no card is made.
        """
        shop, centre = self.shop, self.shop.centre
        has_card = centre.new_valid and bool(shop.printer.taken)
        open_case = centre.stage is IssuanceStage.OPEN_CASE
        left_to_settle = any(entry.outcome is None for entry in self.recorded[-1:])
        abandoned = centre.stage is IssuanceStage.ABANDONED
        rules = {
            "paid, and neither card nor refund nor open case": (
                not self.paid or has_card or open_case or abandoned or left_to_settle or not told
            ),
            "a refund and a card": not (abandoned and centre.new_valid),
            "reserved, and neither made nor given up": (
                not self.reserved or abandoned or centre.new_valid or left_to_settle or not told
            ),
            "fed twice": shop.printer.fed <= 1,
            "printed twice": shop.printer.printed <= 1,
            "fed before it was paid": not shop.printer.fed or self.paid or not self.fee_fen,
            "two valid cards": not (centre.old_valid and centre.new_valid),
            "no valid card": centre.old_valid or centre.new_valid,
            "the old card is valid and kept": not (centre.old_valid and shop.old_card == "bin"),
            "a portrait is left": all(portrait.wiped for portrait in self.portraits),
            "a painted card is left": all(card.wiped for card in self.painted),
        }
        return [name for name, holds in rules.items() if not holds]


def replacement(reason: ReplacementReason) -> Callable[[Session], Journey[Outcome]]:
    """The journey for one reason, in its frame."""

    def body(session: Session, progress: Progress) -> Journey[Any]:
        return (yield from instant_replacement(session, progress, reason))

    return lambda session: serve(session, Service.CARD_REPLACEMENT, body)


@cache
def _terminal(key: str) -> Session:
    """With all that it takes; a pack takes its time to load."""
    return terminal(key, reads_id_cards=True, takes_portraits=True, makes_cards=True)


class Walking:
    """A replacement under way, one request after the other."""

    def __init__(self, world: Replacing, **lacks: Any) -> None:
        """:param lacks: what this terminal does not have."""
        self.world = world
        self._journey = replacement(world.reason)(dataclasses.replace(_terminal(world.key), **lacks))
        self.outcome: Outcome | None = None
        self.request: Request[Any] = next(self._journey)

    def step(self) -> None:
        """Let the world answer."""
        self._move(lambda: advanced(self._journey, self.world, self.request))

    def send(self, value: Any) -> None:
        """Another answer than the world's."""
        self._move(lambda: self._journey.send(value))

    def throw(self, error: Exception) -> None:
        """Something happens at this request."""
        self._move(lambda: self._journey.throw(error))

    def until(self, there: Callable[[Request[Any]], bool]) -> None:
        """As far as a request that has not been answered yet; the end does as well."""
        while self.outcome is None and not there(self.request):
            self.step()

    def to_the_end(self) -> Outcome:
        """How it came out."""
        self.until(lambda _: False)
        assert self.outcome is not None
        return self.outcome

    def close(self) -> None:
        """The power goes."""
        self._journey.close()

    def _move(self, how: Callable[[], Request[Any]]) -> None:
        try:
            self.request = how()
        except StopIteration as end:
            self.outcome = end.value


def replaced(world: Replacing, **lacks: bool) -> Outcome:
    """The whole of it."""
    return Walking(world, **lacks).to_the_end()


def showing(title: str) -> Callable[[Request[Any]], bool]:
    """Whether a screen of this title waits to be touched."""
    return lambda request: isinstance(request, Show) and title_of(request.view) == title


def refusal(world: Replacing) -> Refusal:
    return next(view for view in reversed(world.seen) if isinstance(view, Refusal))


def fault(world: Replacing) -> Fault:
    return next(view for view in reversed(world.seen) if isinstance(view, Fault))


def given_up(world: Replacing) -> list[issuance.AbandonedWhy]:
    return [asked.why for asked in world.asked if isinstance(asked, issuance.AbandonIssuance)]


def slip_lines(world: Replacing) -> list[str]:
    paper = next(view for view in world.seen if isinstance(view, Slip)).paper
    assert paper is not None
    return [filled(line) for line in (*paper.lines, *((paper.warning,) if paper.warning else ()))]


TO_SLIP: Final[dict[str, AnyIntent]] = dict.fromkeys(
    ("新卡办好了", "接下来", "新卡没有拿走，先收好了", "机器没看清新卡拿走没有", "还没有办完，社保中心没答复"),
    Intent.NEXT,
)
"""The choices of whoever reads on to the slip."""
