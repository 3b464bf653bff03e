"""How a card's state changes: one table of data. Rules on rows alone: they ask nobody and store nothing.

The caller holds the cards' rows locked and stores the events with them. ``docs/card-states.svg`` is drawn from the
table.
"""

import hmac
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from types import MappingProxyType
from typing import Final

from central.region_rules import RegionRule
from central.tables import Card, CardEvent, Holder, ReplacementOrder
from kiosk.records.activation import ActivationVerdict
from kiosk.records.card import CardState, ReplacementReason
from kiosk.records.filings import FilingVerdict
from kiosk.records.issuance import IssuanceVerdict, SwitchVerdict
from kiosk.records.questions import (
    FormalLossReported,
    FormalLossVerdict,
    LiftVerdict,
    LossReported,
    LossVerdict,
)


class Event(Enum):
    """What happens to a card."""

    ACTIVATED = "activated"
    LOCKED = "locked"
    UNLOCKED = "unlocked"
    REPORTED = "reported"
    """预挂失, 临时挂失, 口头挂失: for now."""
    LIFTED = "lifted"
    LAPSED = "lapsed"
    """The term of a temporary report is over."""
    FORMALLY_REPORTED = "formally_reported"
    """正式挂失, 书面挂失: for good."""
    REPLACEMENT_ACCEPTED = "replacement_accepted"
    """A new card is being made; from here to REPLACED or REPLACEMENT_WITHDRAWN an order is in progress."""
    REPLACEMENT_WITHDRAWN = "replacement_withdrawn"
    """No new card is made after all."""
    REPLACED = "replaced"
    """The new card is there."""
    CANCELLED = "cancelled"


class By(Enum):
    """Who or what brings an event about."""

    TERMINAL = "terminal"
    """Online, while the citizen waits."""
    ENTRY = "entry"
    """A terminal's, taken down without the centre and judged late."""
    WINDOW = "window"
    TERM = "term"
    """A term that ran out; nobody asked."""


class After(Enum):
    """Where an event leads that leads to no one state."""

    BEFORE_LOSS = "before_loss"
    """To what the card was before it was reported lost."""
    AS_IT_IS = "as_it_is"


class Withdrawal(Enum):
    """Why an order for a new card is taken back."""

    FOUND = "found"
    NOT_WANTED = "not_wanted"
    MISTAKE = "mistake"
    """It was taken down for the wrong card or person."""
    NOT_MADE = "not_made"
    """A terminal that was to make it at once has not."""


class Reason(Enum):
    """Why an event is not allowed: the machine word that a terminal turns into words."""

    UNKNOWN = "unknown"
    NOT_ACTIVATED = "not_activated"
    IN_USE = "in_use"
    LOCKED = "locked"
    NOT_REPORTED = "not_reported"
    ALREADY_REPORTED = "already_reported"
    FORMALLY_LOST = "formally_lost"
    CANCELLED = "cancelled"
    REPLACED = "replaced"
    REPLACEMENT_RUNNING = "replacement_running"
    ANOTHER_CARD = "another_card"
    """Another card of the holder works, or may work again."""
    NOT_OPEN = "not_open"
    """Not to whoever asks."""


class NotAllowed(Exception):
    """A card is left as it is."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason: Final = reason


class SideState(Enum):
    """What one side of a card does."""

    NOT_YET = "not_yet"
    WORKS = "works"
    LOCKED = "locked"
    STOPPED = "stopped"
    """For now."""
    ENDED = "ended"
    ITS_OWN = "its_own"
    """The bank alone knows: nothing that happens here touches it."""
    TO_BE_TOLD = "to_be_told"
    """As before, and its bank must be told: a report here does not reach it."""


@dataclass(frozen=True, slots=True)
class Sides:
    """The sides of a card."""

    social: SideState
    bank: SideState
    e_card: SideState | None
    """None where the region's handbook does not say that the e-card goes with the card."""


SIDES: Final[Mapping[CardState, Sides]] = MappingProxyType(
    {
        CardState.SEALED: Sides(SideState.NOT_YET, SideState.ITS_OWN, SideState.NOT_YET),
        CardState.NORMAL: Sides(SideState.WORKS, SideState.ITS_OWN, SideState.WORKS),
        CardState.LOCKED: Sides(SideState.LOCKED, SideState.ITS_OWN, SideState.LOCKED),
        CardState.TEMPORARILY_LOST: Sides(SideState.STOPPED, SideState.TO_BE_TOLD, SideState.STOPPED),
        CardState.LOST: Sides(SideState.ENDED, SideState.TO_BE_TOLD, SideState.ENDED),
        CardState.CANCELLED: Sides(SideState.ENDED, SideState.ITS_OWN, SideState.ENDED),
    }
)
"""What a card's state does to its sides; the e-card where :attr:`RegionRule.e_card_stops`."""


@dataclass(frozen=True, slots=True)
class Transition:
    """A row of the table."""

    event: Event
    sources: tuple[CardState, ...]
    to: CardState | After
    by: tuple[By, ...]


_SEALED, _NORMAL, _LOCKED = CardState.SEALED, CardState.NORMAL, CardState.LOCKED
_STOPPED, _LOST, _CANCELLED = CardState.TEMPORARILY_LOST, CardState.LOST, CardState.CANCELLED
_AT_A_TERMINAL: Final = (By.TERMINAL, By.WINDOW)

TRANSITIONS: Final = (
    Transition(Event.ACTIVATED, (_SEALED,), _NORMAL, _AT_A_TERMINAL),
    Transition(Event.LOCKED, (_NORMAL,), _LOCKED, (By.WINDOW,)),
    Transition(Event.UNLOCKED, (_LOCKED,), _NORMAL, (By.WINDOW,)),
    Transition(Event.REPORTED, (_NORMAL, _LOCKED), _STOPPED, (By.TERMINAL, By.ENTRY, By.WINDOW)),
    Transition(Event.LIFTED, (_STOPPED,), After.BEFORE_LOSS, _AT_A_TERMINAL),
    Transition(Event.LAPSED, (_STOPPED,), After.BEFORE_LOSS, (By.TERM,)),
    Transition(Event.FORMALLY_REPORTED, (_NORMAL, _LOCKED, _STOPPED), _LOST, _AT_A_TERMINAL),
    Transition(Event.REPLACEMENT_ACCEPTED, (_NORMAL, _LOCKED, _STOPPED, _LOST), After.AS_IT_IS, _AT_A_TERMINAL),
    Transition(
        Event.REPLACEMENT_WITHDRAWN,
        (_NORMAL, _LOCKED, _STOPPED, _LOST, _CANCELLED),
        After.AS_IT_IS,
        (By.TERMINAL, By.WINDOW, By.TERM),
    ),
    Transition(Event.REPLACED, (_NORMAL, _LOCKED, _STOPPED, _LOST, _CANCELLED), _CANCELLED, _AT_A_TERMINAL),
    Transition(Event.CANCELLED, (_SEALED, _NORMAL, _LOCKED, _STOPPED, _LOST), _CANCELLED, _AT_A_TERMINAL),
)
"""Every change that a card's state allows. What stands in no row is refused by :data:`_OBSTACLES`."""

_BY_EVENT: Final = {(row.event, source): row for row in TRANSITIONS for source in row.sources}
_OBSTACLES: Final = {
    _SEALED: Reason.NOT_ACTIVATED,
    _NORMAL: Reason.IN_USE,
    _LOCKED: Reason.LOCKED,
    _STOPPED: Reason.ALREADY_REPORTED,
    _LOST: Reason.FORMALLY_LOST,
    _CANCELLED: Reason.CANCELLED,
}
_NO_REPORT: Final = dict.fromkeys((_SEALED, _NORMAL, _LOCKED), Reason.NOT_REPORTED)
_ORDER: Final = (_STOPPED, _NORMAL, _LOCKED, _LOST, _SEALED, _CANCELLED)
"""Of several cards the first in this order is meant: whoever reports again, to be sure, must not stop the other card in
their pocket, and whoever has one in use reports that one lost, not the one that was cancelled years ago."""
_MAY_WORK: Final = frozenset({_NORMAL.value, _LOCKED.value, _STOPPED.value})
"""States of a card that works, or may work again by itself."""


_NOT_ORDERED: Final = {
    IssuanceVerdict.RUNNING: FilingVerdict.RUNNING,
    IssuanceVerdict.NOT_ACTIVATED: FilingVerdict.NOT_ACTIVATED,
    IssuanceVerdict.REPORTED_LOST: FilingVerdict.REPORTED_LOST,
    IssuanceVerdict.ANOTHER_CARD: FilingVerdict.HAS_CARD,
}
"""What stands against an order, in the words of filings; of every other card there is none to replace."""

LONGEST_NAME: Final = 100
"""Characters; a foreigner's identity card has room for 60. One request can bring millions, and some characters are
eighteen when taken apart: while that is done, nobody else is served."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Who or what changed a state."""

    terminal: str = ""
    """Empty for a window and for a term that ran out."""
    transaction_id: str = ""
    reason: str = ""
    """A machine word. Without one an event's reason is who brought it about."""
    by: By = By.WINDOW


def why_not(event: Event, state: CardState) -> Reason | None:
    """What stands against an event in a state; None: nothing does."""
    if (event, state) in _BY_EVENT:
        return None
    if event in (Event.LIFTED, Event.LAPSED) and state in _NO_REPORT:
        return _NO_REPORT[state]
    return _OBSTACLES[state]


def sides_of(card: Card, rule: RegionRule) -> Sides:
    """What each side of a card does."""
    sides = SIDES[CardState(card.state)]
    return sides if rule.e_card_stops else Sides(sides.social, sides.bank, None)


def change(card: Card, to: CardState, event: str, at_ms: int, cause: Cause) -> CardEvent:
    """Put a card into another state by a window's own decision, whatever the table says of it.

    :param event: the window's own word.
    :raises NotAllowed: it would revive a cancelled card.
    """
    if card.state == _CANCELLED.value and to is not _CANCELLED:
        raise NotAllowed(Reason.CANCELLED)
    return _put(card, to, event, at_ms, cause)


def settle(card: Card, now_ms: int) -> CardEvent | None:
    """End a report whose term has run out, at the moment it did. Whoever looks at a card settles it first."""
    lapses_at = card.loss_lapses_at
    if card.state != _STOPPED.value or card.replaced_by is not None or lapses_at is None or now_ms < lapses_at:
        return None
    return _do(card, Event.LAPSED, lapses_at, Cause(reason="term_over", by=By.TERM))


def settle_all(cards: Iterable[Card], now_ms: int) -> list[CardEvent]:
    """The same for several."""
    return [event for card in cards if (event := settle(card, now_ms)) is not None]


def is_holder(holder: Holder | None, name: str) -> bool:
    """Whether ``name`` is the holder's, however a register writes it; as slow for a wrong one."""
    held = _letters(holder.name if holder is not None else "")
    said = _letters(name) if len(name) <= LONGEST_NAME else ""
    same = bool(held) and hmac.compare_digest(held.encode(), said.encode())
    return same and holder is not None


def _letters(name: str) -> str:
    """A name without what registers and keyboards differ in: composition, width, case, accents, dots and spaces."""
    decomposed = unicodedata.normalize("NFKD", name).casefold()
    return "".join(char for char in decomposed if unicodedata.category(char)[0] not in "MPSZ")


def verdict_on_report(cards: Sequence[Card], being_replaced: Collection[str] = ()) -> tuple[LossVerdict, Card | None]:
    """What a report by a holder of these settled cards comes to, and the card that is meant; REPORTED is yet to do.

    :param being_replaced: identification codes of cards for which an order is in progress.
    """
    reason, card = _obstacle(cards, being_replaced, Event.REPORTED)
    return (LossVerdict.REPORTED if reason is None else LossVerdict(reason.value)), card


def report(card: Card, rule: RegionRule, now_ms: int, cause: Cause) -> CardEvent:
    """Stop a card for now; its term counts from ``now_ms``.

    :raises NotAllowed: see :func:`verdict_on_report`.
    """
    event = _do(card, Event.REPORTED, now_ms, cause)
    card.loss_lapses_at = rule.lapses_at(now_ms)
    return event


def answer_to_report(verdict: LossVerdict, card: Card | None, rule: RegionRule) -> LossReported:
    """What the citizen is told, once it is done."""
    if card is None:
        return LossReported(verdict=verdict)
    bank, e_card_stopped = _told_of_sides(card, rule)
    if card.state != _STOPPED.value:
        return LossReported(verdict=verdict, bank=bank, e_card_stopped=e_card_stopped)
    return LossReported(
        verdict=verdict,
        reported_at_ms=card.state_changed_at,
        lapses_at_ms=card.loss_lapses_at,
        bank=bank,
        e_card_stopped=e_card_stopped,
    )


def verdict_on_formal_report(
    cards: Sequence[Card], being_replaced: Collection[str], rule: RegionRule
) -> tuple[FormalLossVerdict, Card | None]:
    """The same for a formal report, which nobody takes back."""
    reason, card = _obstacle(cards, being_replaced, Event.FORMALLY_REPORTED)
    if reason is not None:
        return FormalLossVerdict(reason.value), card
    return (FormalLossVerdict.REPORTED if rule.formal_loss else FormalLossVerdict.NOT_OPEN), card


def report_formally(card: Card, now_ms: int, cause: Cause) -> CardEvent:
    """Stop a card for good.

    :raises NotAllowed: see :func:`verdict_on_formal_report`.
    """
    return _do(card, Event.FORMALLY_REPORTED, now_ms, cause)


def answer_to_formal_report(
    verdict: FormalLossVerdict, card: Card | None, rule: RegionRule, oral_at_ms: int | None
) -> FormalLossReported:
    """What the citizen is told, once it is done.

    :param oral_at_ms: when the temporary report was made that stood until now; None without one.
    """
    if card is None:
        return FormalLossReported(verdict=verdict)
    bank, e_card_stopped = _told_of_sides(card, rule)
    return FormalLossReported(
        verdict=verdict,
        reported_at_ms=card.state_changed_at if card.state == _LOST.value else None,
        temporary_at_ms=oral_at_ms,
        bank=bank,
        e_card_stopped=e_card_stopped,
    )


def verdict_on_lifting(
    card: Card,
    others: Iterable[Card],
    rule: RegionRule,
    *,
    here: bool,
    being_replaced: bool = False,
    by_id_card: bool = False,
) -> LiftVerdict:
    """What taking the report on a settled card back comes to; LIFTED is yet to do.

    :param others: the holder's other cards of that region.
    :param here: the terminal is of the card's region.
    :param being_replaced: an order for a new card in its place is in progress.
    :param by_id_card: its holder is there, and the card is not.
    """
    if card.replaced_by is not None:
        return LiftVerdict.REPLACED
    reason = why_not(Event.LIFTED, CardState(card.state))
    if being_replaced and (reason is not None or rule.lifting_until_replacement):
        return LiftVerdict.REPLACEMENT_RUNNING
    if reason is not None:
        return LiftVerdict(reason.value)
    if any(_stands_for(other, rule) for other in others):
        return LiftVerdict.REPLACED
    opened = rule.lifting_by_id_card if by_id_card else rule.lifting
    return LiftVerdict.LIFTED if here and opened else LiftVerdict.NOT_OPEN


def verdict_on_lifting_without_card(
    cards: Sequence[Card], being_replaced: Collection[str], rule: RegionRule
) -> tuple[LiftVerdict, Card | None]:
    """What taking a report back by a holder of these settled cards comes to, and the card that is meant.

    :param being_replaced: identification codes of cards for which an order is in progress.
    """
    reason, card = _obstacle(cards, being_replaced, Event.LIFTED)
    if card is None or reason is not None:
        return LiftVerdict((reason or Reason.UNKNOWN).value), card
    others = [other for other in cards if other is not card]
    being = card.identification_code in being_replaced
    return verdict_on_lifting(card, others, rule, here=True, being_replaced=being, by_id_card=True), card


def lift(card: Card, now_ms: int, cause: Cause) -> CardEvent:
    """Let a card work again as before it was reported lost.

    :raises NotAllowed: see :func:`verdict_on_lifting`.
    """
    return _do(card, Event.LIFTED, now_ms, cause)


def verdict_on_activation(
    card: Card, others: Iterable[Card], rule: RegionRule, *, here: bool, id_number: str
) -> ActivationVerdict:
    """What starting a settled card comes to; ACTIVATED is yet to do.

    :param others: all other cards of the holder.
    :param here: the terminal is of the card's region.
    :param id_number: of the ID card that was shown; empty without one.
    """
    if card.replaced_by is not None:
        return ActivationVerdict.REPLACED
    reason = why_not(Event.ACTIVATED, CardState(card.state))
    if reason is not None:
        return ActivationVerdict(reason.value)
    if not (here and rule.activation):
        return ActivationVerdict.NOT_OPEN
    if rule.activation_by_id_card and not hmac.compare_digest(id_number.encode(), card.social_security_number.encode()):
        return ActivationVerdict.HOLDER_MISMATCH
    return ActivationVerdict.ANOTHER_CARD if any(map(_may_work, others)) else ActivationVerdict.ACTIVATED


def activate(card: Card, others: Iterable[Card], now_ms: int, cause: Cause) -> CardEvent:
    """Let a new card work.

    :param others: all other cards of the holder, settled.
    :raises NotAllowed: it is not sealed, or the holder has another card that works or may work again: nobody has two.
    """
    event_is_due = why_not(Event.ACTIVATED, CardState(card.state)) is None
    if event_is_due and any(map(_may_work, others)):
        raise NotAllowed(Reason.ANOTHER_CARD)
    return _do(card, Event.ACTIVATED, now_ms, cause)


def accept_replacement(
    card: Card,
    rule: RegionRule,
    order_id: str,
    reason: ReplacementReason,
    now_ms: int,
    cause: Cause,
    *,
    being_replaced: bool = False,
) -> tuple[ReplacementOrder, list[CardEvent]]:
    """Take the order for a new card in place of a settled one. A report that stands runs out no more.

    :param order_id: 32 lower-case hex characters.
    :raises NotAllowed: the card's state, or an order is in progress already.
    """
    if being_replaced:
        raise NotAllowed(Reason.REPLACEMENT_RUNNING)
    events = [_do(card, Event.REPLACEMENT_ACCEPTED, now_ms, replace(cause, reason=reason.value))]
    card.loss_lapses_at = None
    if rule.acceptance_ends_card:
        events.append(_do(card, Event.CANCELLED, now_ms, replace(cause, reason=Event.REPLACEMENT_ACCEPTED.value)))
    order = ReplacementOrder(
        order_id=order_id,
        identification_code=card.identification_code,
        reason=reason.value,
        accepted_at=now_ms,
        ended_at=None,
        issued=None,
    )
    return order, events


def issue_replacement(card: Card, order: ReplacementOrder, new: Card, now_ms: int, cause: Cause) -> CardEvent:
    """End an order: the new card, still sealed, has taken the old one's place.

    :raises NotAllowed: the order is another card's or over, or the new card is no sealed card of the same holder.
    """
    if order.identification_code != card.identification_code or order.ended_at is not None:
        raise NotAllowed(Reason.UNKNOWN)
    if new.social_security_number != card.social_security_number or new.state != _SEALED.value:
        raise NotAllowed(Reason.ANOTHER_CARD)
    event = _do(card, Event.REPLACED, now_ms, replace(cause, reason=order.reason))
    card.replaced_by = order.issued = new.identification_code
    order.ended_at = now_ms
    return event


def verdict_on_issuance(
    cards: Sequence[Card],
    elsewhere: Iterable[Card],
    being_replaced: Collection[str],
    reason: ReplacementReason,
    shown: str | None,
) -> tuple[IssuanceVerdict, Card | None]:
    """What making a new card at once for a holder of these settled cards comes to, and the card that it replaces.

    :param elsewhere: the holder's cards of other regions.
    :param shown: identification code of the card that was read; None without one.
    """
    obstacle, card = _obstacle(cards, being_replaced, Event.REPLACEMENT_ACCEPTED)
    if card is None:
        return (IssuanceVerdict.REPLACED if cards else IssuanceVerdict.NO_CARD), None
    if card.identification_code in being_replaced:
        return IssuanceVerdict.RUNNING, card
    if obstacle is not None:
        return IssuanceVerdict(obstacle.value), card
    others = [other for other in (*cards, *elsewhere) if other is not card]
    if shown not in (None, card.identification_code) or any(map(_may_work, others)):
        return IssuanceVerdict.ANOTHER_CARD, card
    if reason is not ReplacementReason.LOST and card.state in (_STOPPED.value, _LOST.value):
        return IssuanceVerdict.REPORTED_LOST, card
    return IssuanceVerdict.RESERVED, card


def verdict_on_order(
    cards: Sequence[Card],
    elsewhere: Iterable[Card],
    being_replaced: Collection[str],
    reason: ReplacementReason,
    rule: RegionRule,
) -> tuple[FilingVerdict, Card | None]:
    """What ordering a new card for a holder of these settled cards comes to, and the card that it replaces.

    FILED is yet to do; with any other word there is no card.

    :param elsewhere: the holder's cards of other regions.
    """
    verdict, card = verdict_on_issuance(cards, elsewhere, being_replaced, reason, None)
    if verdict is not IssuanceVerdict.RESERVED or card is None:
        return _NOT_ORDERED.get(verdict, FilingVerdict.NO_CARD), None
    reported = card.state in (_STOPPED.value, _LOST.value)
    if reason is ReplacementReason.LOST and rule.lost_reported_first and not reported:
        return FilingVerdict.NOT_REPORTED, None
    return FilingVerdict.FILED, card


def verdict_on_switch(card: Card, others: Iterable[Card]) -> SwitchVerdict:
    """What still stands against a new card that was made in place of a settled one.

    :param others: all other cards of the holder, settled.
    """
    if card.state == _CANCELLED.value:
        return SwitchVerdict.CANCELLED
    return SwitchVerdict.ANOTHER_CARD if any(map(_may_work, others)) else SwitchVerdict.SWITCHED


def switch_cards(
    card: Card, others: Sequence[Card], order: ReplacementOrder, new: Card, now_ms: int, cause: Cause, *, sealed: bool
) -> list[CardEvent]:
    """Let a new card take the place of the old one, which ends; of a lost one the formal report is booked first.

    :param others: all other cards of the holder, settled.
    :param sealed: the new card must still be started.
    :raises NotAllowed: see :func:`verdict_on_switch`.
    """
    events = []
    if order.reason == ReplacementReason.LOST.value and why_not(Event.FORMALLY_REPORTED, CardState(card.state)) is None:
        events.append(report_formally(card, now_ms, cause))
    events.append(issue_replacement(card, order, new, now_ms, cause))
    if not sealed:
        events.append(activate(new, [card, *others], now_ms, cause))
    return events


def withdraw_replacement(
    card: Card, rule: RegionRule, order: ReplacementOrder, why: Withdrawal, now_ms: int, cause: Cause
) -> list[CardEvent]:
    """End an order without a new card. The old one stays what it has become: a card that ended does not come back.

    A temporary report whose term the order had stopped runs on as if there had been no order: its term counts from when
    it was made, and if it would be over by now, it is over from now on.

    :raises NotAllowed: the order is another card's or over.
    """
    if order.identification_code != card.identification_code or order.ended_at is not None:
        raise NotAllowed(Reason.UNKNOWN)
    events = [_do(card, Event.REPLACEMENT_WITHDRAWN, now_ms, replace(cause, reason=why.value))]
    order.ended_at = now_ms
    if card.state == _STOPPED.value and card.loss_lapses_at is None and card.state_changed_at is not None:
        lapses_at = rule.lapses_at(card.state_changed_at)
        card.loss_lapses_at = None if lapses_at is None else max(lapses_at, now_ms)
    return [*events, *settle_all([card], now_ms)]


def cancel(card: Card, now_ms: int, cause: Cause) -> CardEvent:
    """End a card for good.

    :raises NotAllowed: it has ended already.
    """
    return _do(card, Event.CANCELLED, now_ms, cause)


def _obstacle(
    cards: Sequence[Card], being_replaced: Collection[str], event: Event
) -> tuple[Reason | None, Card | None]:
    """Of a holder's cards the one that a report means, and what stands against the report."""
    replaced = {card.replaced_by for card in cards if card.replaced_by is not None}
    current = [card for card in cards if card.replaced_by is None]
    if not current:
        return (Reason.REPLACED if cards else Reason.UNKNOWN), None
    meant = min(current, key=lambda card: (_ORDER.index(CardState(card.state)), card.identification_code))
    reason = why_not(event, CardState(meant.state))
    if reason is not None and meant.identification_code in being_replaced:
        return Reason.REPLACEMENT_RUNNING, meant
    if meant.state == _SEALED.value and meant.identification_code in replaced:
        return Reason.REPLACED, meant
    return reason, meant


def _told_of_sides(card: Card, rule: RegionRule) -> tuple[str, bool]:
    """The bank that must still be told, and whether the e-card has stopped with the card."""
    sides = sides_of(card, rule)
    bank = card.bank if sides.bank is SideState.TO_BE_TOLD else ""
    return bank, sides.e_card in (SideState.STOPPED, SideState.ENDED)


def _do(card: Card, event: Event, at_ms: int, cause: Cause) -> CardEvent:
    """Let an event happen that the table allows.

    :raises NotAllowed: it does not.
    """
    if card.replaced_by is not None:
        raise NotAllowed(Reason.REPLACED)
    state = CardState(card.state)
    row = _BY_EVENT.get((event, state))
    if row is None:
        raise NotAllowed(why_not(event, state) or Reason.NOT_OPEN)
    if cause.by not in row.by:
        raise NotAllowed(Reason.NOT_OPEN)
    match row.to:
        case After.AS_IT_IS:
            return _event(card, state, state, event.value, at_ms, cause)
        case After.BEFORE_LOSS:
            return _put(card, _before_loss(card), event.value, at_ms, cause)
        case to:
            return _put(card, to, event.value, at_ms, cause)


def _put(card: Card, to: CardState, event: str, at_ms: int, cause: Cause) -> CardEvent:
    before, card.state = CardState(card.state), to.value
    card.state_changed_at = at_ms
    card.state_before_loss = before.value if to is CardState.TEMPORARILY_LOST else None
    card.loss_lapses_at = None
    return _event(card, before, to, event, at_ms, cause)


def _event(card: Card, before: CardState, after: CardState, event: str, at_ms: int, cause: Cause) -> CardEvent:
    return CardEvent(
        identification_code=card.identification_code,
        at_ms=at_ms,
        event=event,
        from_state=before.value,
        to_state=after.value,
        terminal=cause.terminal,
        transaction_id=cause.transaction_id,
        reason=cause.reason or cause.by.value,
    )


def _may_work(other: Card) -> bool:
    """Whether a card works, or may work again."""
    return other.replaced_by is None and other.state in _MAY_WORK


def _stands_for(other: Card, rule: RegionRule) -> bool:
    """Whether another card has taken a lost card's place: it is in use or, where the region says so, only made."""
    if other.replaced_by is not None or other.state == CardState.CANCELLED.value:
        return False
    return other.state != CardState.SEALED.value or rule.lifting_until_replacement


def _before_loss(card: Card) -> CardState:
    return CardState(card.state_before_loss or CardState.NORMAL.value)
