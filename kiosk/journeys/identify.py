"""From an empty slot to a card that has proved itself.

A card's word alone is worth nothing: its files are free to copy.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from drivers.ports.card_reader import CardKind, Challenge, Cryptogram, HolderData, IssuerData
from kiosk.journeys import refusals
from kiosk.journeys.frame import Ended, Progress, Session
from kiosk.journeys.printing import warning
from kiosk.journeys.requests import (
    Announce,
    AnswerChallenge,
    AwaitCard,
    Distrusted,
    DrawChallenge,
    Journey,
    OpenChip,
    ReadHolder,
    ReadIssuer,
    Unreachable,
    ask,
    ask_centre,
)
from kiosk.journeys.views import Action, InsertCard, Intent, Working
from kiosk.journeys.wording import say
from kiosk.policy.region import Region
from kiosk.records.card import CardState
from kiosk.records.questions import (
    AuthenticateTerminal,
    CardProof,
    CardProved,
    CardSessionOpened,
    OpenCardSession,
    ProveCard,
    TerminalAuthenticated,
)

CANCEL = Action(Intent.CANCEL, say("不办了"), spoken=say("不办了，退出"))


@dataclass(frozen=True, slots=True)
class CentreSession:
    """The centre believes this card, for two minutes."""

    session_id: str
    pin_is_initial: bool | None
    pin_tries_left: int | None


@dataclass(frozen=True, slots=True)
class Identified:
    """A card, and how far it is to be believed."""

    issuer: IssuerData
    holder: HolderData | None = field(repr=False)
    """None while a 3.0 chip is closed, which only the centre can open."""
    centre: CentreSession | None
    """None when the centre can't be reached: the chip's own data only."""
    declined: bool = False
    """The centre was reached and does not deal with this terminal."""


@dataclass(frozen=True, slots=True)
class Presented:
    """A card, and what the centre makes of its proof."""

    issuer: IssuerData
    holder: HolderData | None = field(repr=False)
    session_id: str = ""
    proved: CardProved | None = None
    """None when the centre did not judge."""
    declined: bool = False
    """The centre was reached and does not deal with this terminal."""


def identify_card(
    session: Session,
    progress: Progress,
    *,
    wanted: CardState = CardState.NORMAL,
    otherwise: Callable[[Region, CardState], Ended] = refusals.card_state,
) -> Journey[Identified]:
    """Wait for a card, read it, and let it prove itself to the centre where that can be reached.

    :param wanted: the state that the service needs the card to be in.
    :param otherwise: the refusal for a card in another state.
    :raises Ended: not a social-security card, another region's, expired, not genuine, or not to be used.
    """
    region = session.region
    kind = yield from await_card(progress)
    if kind is not CardKind.SOCIAL_SECURITY:
        raise refusals.not_a_social_security_card(region, kind)
    issuer = yield from read_issuer(progress)
    if not region.serves(issuer.region_code):
        raise refusals.other_region(region)
    if issuer.expires_on < session.today:
        raise refusals.expired(region)
    presented = yield from present_card(session, progress, issuer)
    holder, proved = presented.holder, presented.proved
    if proved is None:
        return Identified(issuer, holder, None, declined=presented.declined)
    if proved.proof is not CardProof.GENUINE:
        raise refusals.not_proved(region, proved.proof)
    state = proved.card_state
    if state is None:
        raise refusals.not_ready(region, progress.service)
    progress.card_state = state.value
    if state is not wanted:
        raise otherwise(region, state)
    centre = CentreSession(presented.session_id, proved.pin_is_initial, proved.pin_tries_left)
    return Identified(issuer, holder, centre)


def await_card(progress: Progress) -> Journey[CardKind]:
    """Wait for a card and hold it."""
    kind = yield from ask(
        AwaitCard(
            InsertCard(
                title=say("请插入社会保障卡"),
                line=say("金色芯片朝上、朝前，插到底。办完前不要拔卡。"),
                step=None,
                actions=(CANCEL,),
                note=warning(progress.session.printing),
            )
        )
    )
    progress.holds_card = True
    return kind


def read_issuer(progress: Progress) -> Journey[IssuerData]:
    """Read what every chip tells: from here on there is a card to write an entry for."""
    yield from ask(Announce(Working(say("正在读卡"), say("请稍候，不要拔卡。"))))
    issuer = yield from ask(ReadIssuer())
    progress.issuer = issuer
    return issuer


def present_card(session: Session, progress: Progress, issuer: IssuerData) -> Journey[Presented]:
    """Let a card prove itself to the centre where that can be reached, and read its holder as far as it lets."""
    opened = yield from ask_centre(
        OpenCardSession(
            transaction_id=session.transaction_id,
            region=session.region.key,
            identification_code=issuer.identification_code,
            card_number=issuer.card_number,
            norm_version=issuer.norm_version,
        ),
        CardSessionOpened,
    )
    holder = yield from ask(ReadHolder())
    if not isinstance(opened, CardSessionOpened):
        _note_holder(progress, holder)
        return Presented(issuer, holder, declined=isinstance(opened, Distrusted) and opened.declined)
    if holder is None:
        answer = yield from _terminal_cryptogram(opened)
        if not isinstance(answer, TerminalAuthenticated):
            return Presented(issuer, None)
        holder = yield from _open_chip(answer)
        if holder is None:
            return Presented(issuer, None, proved=CardProved(proof=CardProof.NOT_GENUINE))
    _note_holder(progress, holder)
    cryptogram = yield from ask(AnswerChallenge(Challenge(opened.challenge)))
    proved = yield from ask_centre(
        ProveCard(cryptogram=cryptogram.value, social_security_number=holder.social_security_number),
        CardProved,
        opened.session_id,
    )
    if isinstance(proved, Unreachable | Distrusted):
        return Presented(issuer, holder)
    return Presented(issuer, holder, opened.session_id, proved)


def _terminal_cryptogram(opened: CardSessionOpened) -> Journey[TerminalAuthenticated | Unreachable | Distrusted]:
    drawn = yield from ask(DrawChallenge())
    return (
        yield from ask_centre(AuthenticateTerminal(challenge=drawn.value), TerminalAuthenticated, opened.session_id)
    )


def _open_chip(answer: TerminalAuthenticated) -> Journey[HolderData | None]:
    if not (yield from ask(OpenChip(Cryptogram(answer.cryptogram)))):
        return None
    return (yield from ask(ReadHolder()))


def _note_holder(progress: Progress, holder: HolderData | None) -> None:
    if holder is not None:
        progress.social_security_number = holder.social_security_number
        progress.name_on_card = holder.name
