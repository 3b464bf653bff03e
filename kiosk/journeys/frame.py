"""What every journey has in common.

However it ends: PINs and pictures are wiped, the entry is written, the card goes back, one screen says how it ended.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

import msgspec

from drivers.ports.card_reader import IssuerData
from drivers.ports.errors import DeviceError, EntryCancelled, MediaRemoved
from drivers.ports.pin import Pin
from kiosk.card_face.painted import PaintedCard
from kiosk.handbook.handbook import NO_HANDBOOK, Handbook
from kiosk.journeys.faults import Effect, fault_code, fault_view, interruption_view, meaning
from kiosk.journeys.forgotten_card import collection_slip, keep_card, kept_view
from kiosk.journeys.printing import PRINTING, Printing, fate_view, number_line, offering, on_paper
from kiosk.journeys.requests import (
    Announce,
    CardTaken,
    CitizenCancelled,
    CitizenGone,
    Interruption,
    Journey,
    Kept,
    LedgerFailed,
    PrintSlip,
    Record,
    ReturnCard,
    Returned,
    Show,
    TooManyWait,
    ask,
)
from kiosk.journeys.views import Chosen, Intent, PaperSlip, Slip, View
from kiosk.journeys.wording import Personal, PersonName, Say, say
from kiosk.policy.country import Country
from kiosk.policy.region import Region
from kiosk.records.filings import Enclosure, IdentifiedBy, Proxy, TakenDown
from kiosk.records.masking import mask_name, mask_number
from kiosk.records.portrait import Consent, TakenPortrait
from kiosk.records.transaction import IssuanceStep, Outcome, Service, Stage, Transaction


@dataclass(frozen=True, slots=True)
class Session:
    """One citizen, one service."""

    transaction_id: str
    region: Region
    today: date
    reads_cards: bool = True
    """The card slot works: its reader answers, and so does its motor where it has one."""
    enters_pins: bool = True
    """The PIN pad works."""
    reads_id_cards: bool = False
    """This terminal has a reader of identity cards, and it works."""
    takes_portraits: bool = False
    """This terminal has a camera, it is there, and pictures can be measured."""
    compares_portraits: bool = False
    """This terminal can tell whether a portrait looks like an identity card's photo: somebody has switched it on."""
    makes_cards: bool = False
    """A card that is begun now can be made: the printer is ready, there are blanks, no other card is half made."""
    keeps_old_cards: bool = False
    """The slot has a motor, and room for the old card: without it a new card is made for a lost one only."""
    usual_minutes: int | None = None
    """How long the making takes, as whoever runs the terminal has stated."""
    printing: Printing = Printing.ABSENT
    gives_back_at: str = ""
    """Where cards are given back that the slot has kept, in the operator's words; empty: whoever works here."""
    handbook: Handbook = NO_HANDBOOK
    country: Country = field(default_factory=Country)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a journey came out, and the screens that say so."""

    outcome: Outcome
    views: tuple[View, ...]
    """Paged: the citizen turns with next and back."""
    behind: Mapping[Chosen, tuple[View, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """The pages behind each choice that a view offers; again leads back to the choices."""
    reason: str = ""
    rule: str = ""
    personal: bool = False
    onward: Service | None = None
    """What its person does next, at this terminal, before they leave."""


@dataclass(slots=True)
class Progress:
    """What has happened so far, so that an ending at any moment can tell the truth."""

    service: Service
    session: Session
    holds_card: bool = False
    issuer: IssuerData | None = None
    social_security_number: str = field(default="", repr=False)
    holder_name: str = field(default="", repr=False)
    """Typed and confirmed, where no card is at hand."""
    identified_by: IdentifiedBy | None = None
    """Where the centre judges by it."""
    proxy_number: str = field(default="", repr=False)
    proxy_name: str = field(default="", repr=False)
    """Of who acts for the holder."""
    name_on_card: str = field(default="", repr=False)
    card_state: str = ""
    began: bool = False
    """The BEGUN stage is in the ledger: something irrevocable may follow."""
    effect: Effect = Effect.NONE
    done_online: bool = False
    taken_down: TakenDown | None = None
    """What the entry files at a centre that did not answer."""
    enclosure: Enclosure | None = None
    """What goes with it."""
    unsettled: bool = False
    """How it ended is not known yet: no FINISHED is written, and the terminal settles it before it serves again."""
    outlook: Say | None = None
    """What has become of card and money, where the service's own words don't tell it any more."""
    has_left: bool = False
    """Its person did not read to the end how it came out."""
    pins: list[Pin] = field(default_factory=list)
    portraits: list[TakenPortrait] = field(default_factory=list)
    painted: list[PaintedCard] = field(default_factory=list)

    def stands_for(self, number: str, name: str, proxy: Proxy | None = None) -> None:
        """Take down whose affair it is and who acts for them: from here on an entry can be written."""
        self.social_security_number, self.holder_name = number, name
        self.proxy_number, self.proxy_name = ("", "") if proxy is None else (proxy.number, proxy.name)

    @property
    def names_somebody(self) -> bool:
        """Whether it is known for whom an entry would be written."""
        return self.issuer is not None or bool(self.holder_name)

    @property
    def means(self) -> Say:
        """What has become of the citizen's card and money so far."""
        return self.outlook or meaning(self.service, self.effect)

    @property
    def holder_lines(self) -> tuple[Say, ...]:
        """Whose affair it is, masked, as far as that is known: for paper, which goes into one hand."""
        name, number = self.holder_name or self.name_on_card, self.social_security_number
        named = (say("持卡人 {name}", name=PersonName(mask_name(name), name)),) if name else ()
        numbered = (say("社会保障号码 {number}", number=Personal(mask_number(number), number)),) if number else ()
        proxy = self.proxy_name
        acting = (say("代办人 {name}", name=PersonName(mask_name(proxy), proxy)),) if proxy else ()
        return (*named, *numbered, *acting)

    def transaction(
        self,
        stage: Stage,
        ending: Ending | None = None,
        *,
        step: IssuanceStep | None = None,
        consent: Consent | None = None,
    ) -> Transaction:
        """The entry for this moment.

        :param step: with stage STEP.
        :param consent: what was just said, with stage CONSENT.
        :raises ValueError: no card was read and no name confirmed, so there is nobody to write it for.
        """
        if not self.names_somebody:
            raise ValueError("an entry for nobody")
        return self._entry(stage, ending, step=step, consent=consent)

    def card_kept(self, how_far: str) -> Transaction:
        """The entry of a card that nobody took, whether it is known whose it is or not.

        :param how_far: a machine word (:mod:`kiosk.journeys.forgotten_card`).
        """
        return msgspec.structs.replace(self._entry(Stage.CARD_KEPT), reason=how_far)

    def _entry(
        self,
        stage: Stage,
        ending: Ending | None = None,
        *,
        step: IssuanceStep | None = None,
        consent: Consent | None = None,
    ) -> Transaction:
        return Transaction(
            transaction_id=self.session.transaction_id,
            service=self.service,
            stage=stage,
            step=step,
            outcome=ending.outcome if ending else None,
            reason=ending.reason if ending else "",
            region=self.session.region.key,
            social_security_number=self.social_security_number,
            holder_name=self.holder_name,
            identified_by=self.identified_by,
            proxy_number=self.proxy_number,
            proxy_name=self.proxy_name,
            card_number=self.issuer.card_number if self.issuer else "",
            identification_code=self.issuer.identification_code if self.issuer else "",
            assumed_card_state=self.card_state,
            pin_held_by=self.session.region.pin_held_by.value,
            done_online=self.done_online,
            rule=ending.rule if ending else "",
            consent=consent,
            filing=self.taken_down if ending is not None and ending.outcome is Outcome.RECORDED else None,
        )


class Ended(Exception):
    """Raised inside a body to end it from any depth with a known ending. Never leaves :func:`serve`."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.reason)
        self.ending = ending


Body = Callable[[Session, Progress], Journey[Ending]]


def serve(session: Session, service: Service, body: Body) -> Journey[Outcome]:
    """Run ``body`` to its end and bring everything home, whatever interrupts it.

    In order: wipe PINs, portraits and painted cards, make the entry durable, give the card back, say how it ended.
    """
    progress = Progress(service, session)
    try:
        ending = yield from body(session, progress)
    except Ended as ended:
        ending = ended.ending
    except (Interruption, DeviceError, LedgerFailed) as stop:
        ending = _ending_after(stop, progress)
    finally:
        for pin in progress.pins:
            pin.wipe()
        for portrait in progress.portraits:
            portrait.wipe()
        for card in progress.painted:
            card.wipe()
    if progress.names_somebody and not progress.unsettled:
        try:
            yield from ask(Record(progress.transaction(Stage.FINISHED, ending), progress.enclosure))
        except LedgerFailed as failure:
            if ending.outcome is Outcome.RECORDED and not isinstance(failure, TooManyWait):
                progress.effect = Effect.MAYBE  # nothing but the entry would have brought it to the centre
            ending = Ending(
                _outcome(progress.effect, Outcome.FAILED),
                (fault_view(failure, session.region.hotline, progress.means),),
                reason="ledger_failed",
            )
            if progress.taken_down is not None:
                # A filing that is not on the disk is not owed to it either: its person has been told.
                with suppress(LedgerFailed):
                    yield from ask(Record(progress.transaction(Stage.FINISHED, ending)))
    if progress.holds_card:
        # When the reader is gone, nothing holds the card: it sticks out of a dead slot, in the citizen's reach.
        with suppress(DeviceError):
            if (yield from ask(ReturnCard())) is Returned.FORGOTTEN:
                ending = yield from _kept(progress, ending)
    yield from _say_ending(progress, ending)
    return ending.outcome


def _kept(progress: Progress, ending: Ending) -> Journey[Ending]:
    """The same ending. Its screens are for who has taken the card; otherwise they have left, and another may come."""
    kept = yield from keep_card(progress.card_kept)
    if kept is Kept.TAKEN:
        return ending
    session = progress.session
    views: tuple[View, ...] = ()
    number, place = session.transaction_id, session.gives_back_at
    if kept is Kept.KEPT:
        if session.printing is Printing.READY:
            yield from ask(PrintSlip(collection_slip(_region_name(session), number, place, session.region.hotline)))
        views = (kept_view(number, place),)
    return Ending(ending.outcome, views, reason=ending.reason, rule=ending.rule)


def _say_ending(progress: Progress, ending: Ending) -> Journey[None]:
    opened = [(ending.views, 0)] if ending.views else []
    may_print = progress.session.printing is Printing.READY
    try:
        while opened:
            views, page = opened.pop()
            view = views[page]
            paper = _paper(progress, view) if may_print else None
            shown = offering(view) if paper is not None else view
            intent = yield from ask(Show(shown, personal=ending.personal, ending=True))
            match intent:
                case Intent.PRINT if paper is not None:
                    may_print = False  # whatever becomes of it: nobody gets two
                    yield from ask(Announce(PRINTING))
                    fate = yield from ask(PrintSlip(paper))
                    told = fate_view(fate, has_code=isinstance(view, Slip))
                    if (yield from ask(Show(told, ending=True))) is not Intent.BACK:
                        return
                    opened.append((views, page))
                case Chosen() if intent in ending.behind:
                    opened += [(views, page), (ending.behind[intent], 0)]
                case Intent.NEXT if page + 1 < len(views):
                    opened.append((views, page + 1))
                case Intent.BACK if page > 0:
                    opened.append((views, page - 1))
                case Intent.AGAIN if opened:
                    pass
                case _:
                    return
    except (Interruption, DeviceError):
        progress.has_left = True  # it is already over and on record; nobody needs to read on


def _paper(progress: Progress, view: View) -> PaperSlip | None:
    session = progress.session
    facts = (number_line(session.transaction_id),) if progress.names_somebody else ()
    return on_paper(view, _region_name(session), session.region.hotline, facts, progress.holder_lines)


def _region_name(session: Session) -> Say:
    name = session.region.pack.name
    return Say(name.zh, translations={"en": name.en})


def _ending_after(stop: Interruption | DeviceError | LedgerFailed, progress: Progress) -> Ending:
    hotline = progress.session.region.hotline
    match stop:
        case EntryCancelled():
            return _ending_after(CitizenCancelled(), progress)
        case MediaRemoved():
            return _ending_after(CardTaken(), progress)
        case Interruption():
            if isinstance(stop, CardTaken):
                progress.holds_card = False
            view = interruption_view(stop, hotline, progress.means)
            return Ending(_outcome(progress.effect, Outcome.CANCELLED), (view,) if view else (), reason=_reason(stop))
        case DeviceError() | LedgerFailed():
            return Ending(
                _outcome(progress.effect, Outcome.FAILED),
                (fault_view(stop, hotline, progress.means),),
                reason=f"fault_{fault_code(stop)}",
            )


def _outcome(effect: Effect, if_nothing: Outcome) -> Outcome:
    match effect:
        case Effect.NONE:
            return if_nothing
        case Effect.MAYBE:
            return Outcome.UNKNOWN
        case Effect.DONE:
            return Outcome.DONE


def _reason(stop: Interruption) -> str:
    match stop:
        case CardTaken():
            return "card_taken"
        case CitizenCancelled():
            return "cancelled"
        case CitizenGone():
            return "citizen_gone"
        case _:
            return "out_of_service"
