"""How a card's state changes. Rules on rows alone: they ask nobody and store nothing, and each change is an event.

The caller holds the cards' rows locked and stores the events with them.
"""

import hmac
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from central.region_rules import RegionRule
from central.tables import Card, CardEvent, Holder
from kiosk.records.card import CardState
from kiosk.records.questions import LiftVerdict, LossReported, LossVerdict

REPORTED: Final = "reported"
LIFTED: Final = "lifted"
LAPSED: Final = "lapsed"
_STATES: Final = {
    CardState.TEMPORARILY_LOST: LossVerdict.ALREADY_REPORTED,
    CardState.NORMAL: LossVerdict.REPORTED,
    CardState.LOCKED: LossVerdict.REPORTED,
    CardState.LOST: LossVerdict.FORMALLY_LOST,
    CardState.SEALED: LossVerdict.NOT_ACTIVATED,
    CardState.CANCELLED: LossVerdict.CANCELLED,
}
"""What a report of such a card comes to. Of several cards the first in this order is meant: whoever reports again,
to be sure, must not stop the other card in their pocket, and whoever has one in use reports that one lost, not the one
that was cancelled years ago."""
_ORDER: Final = list(_STATES)
_TELLS_BANK: Final = frozenset({LossVerdict.REPORTED, LossVerdict.ALREADY_REPORTED, LossVerdict.FORMALLY_LOST})
"""Verdicts after which the bank side may still be open, so that its bank must be told."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Who or what changed a state."""

    terminal: str = ""
    """Empty for a window and for a term that ran out."""
    transaction_id: str = ""
    reason: str = ""
    """A machine word."""


def change(card: Card, to: CardState, event: str, at_ms: int, cause: Cause) -> CardEvent:
    """Put a card into another state, whatever it was in: windows do that, terminals go by the functions below."""
    before, card.state = card.state, to.value
    card.state_changed_at = at_ms
    card.state_before_loss = before if to is CardState.TEMPORARILY_LOST else None
    card.loss_lapses_at = None
    return CardEvent(
        identification_code=card.identification_code,
        at_ms=at_ms,
        event=event,
        from_state=before,
        to_state=to.value,
        terminal=cause.terminal,
        transaction_id=cause.transaction_id,
        reason=cause.reason,
    )


def settle(card: Card, now_ms: int) -> CardEvent | None:
    """End a report whose term has run out, at the moment it did. Whoever looks at a card settles it first."""
    lapses_at = card.loss_lapses_at
    if card.state != CardState.TEMPORARILY_LOST.value or lapses_at is None or now_ms < lapses_at:
        return None
    return change(card, _before_loss(card), LAPSED, lapses_at, Cause(reason="term_over"))


def settle_all(cards: Iterable[Card], now_ms: int) -> list[CardEvent]:
    """The same for several."""
    return [event for card in cards if (event := settle(card, now_ms)) is not None]


def is_holder(holder: Holder | None, name: str) -> bool:
    """Whether ``name`` is the holder's, however a register writes it; as slow for a wrong one."""
    held = _letters(holder.name if holder is not None else "")
    same = bool(held) and hmac.compare_digest(held.encode(), _letters(name).encode())
    return same and holder is not None


def _letters(name: str) -> str:
    """A name without what registers and keyboards differ in: composition, width, case, accents, dots and spaces."""
    decomposed = unicodedata.normalize("NFKD", name).casefold()
    return "".join(char for char in decomposed if unicodedata.category(char)[0] not in "MPSZ")


def verdict_on_report(cards: Sequence[Card]) -> tuple[LossVerdict, Card | None]:
    """What a report by a holder of these settled cards comes to, and the card that is meant; REPORTED is yet to do."""
    replaced = {card.replaced_by for card in cards if card.replaced_by is not None}
    current = [card for card in cards if card.replaced_by is None]
    if not current:
        return (LossVerdict.REPLACED if cards else LossVerdict.UNKNOWN), None
    meant = min(current, key=lambda card: (_ORDER.index(CardState(card.state)), card.identification_code))
    verdict = _STATES[CardState(meant.state)]
    if verdict is LossVerdict.NOT_ACTIVATED and meant.identification_code in replaced:
        verdict = LossVerdict.REPLACED
    return verdict, meant


def report(card: Card, rule: RegionRule, now_ms: int, cause: Cause) -> CardEvent:
    """Stop a card for now; its term counts from ``now_ms``."""
    event = change(card, CardState.TEMPORARILY_LOST, REPORTED, now_ms, cause)
    card.loss_lapses_at = rule.lapses_at(now_ms)
    return event


def answer_to_report(verdict: LossVerdict, card: Card | None) -> LossReported:
    """What the citizen is told, once it is done."""
    if card is None or verdict not in _TELLS_BANK:
        return LossReported(verdict=verdict)
    if verdict is LossVerdict.FORMALLY_LOST:
        return LossReported(verdict=verdict, bank=card.bank)
    return LossReported(
        verdict=verdict, reported_at_ms=card.state_changed_at, lapses_at_ms=card.loss_lapses_at, bank=card.bank
    )


def verdict_on_lifting(card: Card, others: Iterable[Card], rule: RegionRule, *, here: bool) -> LiftVerdict:
    """What taking the report on a settled card back comes to; LIFTED is yet to do.

    :param others: the holder's other cards of that region.
    :param here: the terminal is of the card's region.
    """
    if card.replaced_by is not None:
        return LiftVerdict.REPLACED
    match CardState(card.state):
        case CardState.LOST:
            return LiftVerdict.FORMALLY_LOST
        case CardState.CANCELLED:
            return LiftVerdict.CANCELLED
        case CardState.TEMPORARILY_LOST:
            pass
        case _:
            return LiftVerdict.NOT_REPORTED
    if any(_stands_for(other, rule) for other in others):
        return LiftVerdict.REPLACED
    return LiftVerdict.LIFTED if here and rule.lifting else LiftVerdict.NOT_OPEN


def lift(card: Card, now_ms: int, cause: Cause) -> CardEvent:
    """Let a card work again as before it was reported lost."""
    return change(card, _before_loss(card), LIFTED, now_ms, cause)


def _stands_for(other: Card, rule: RegionRule) -> bool:
    """Whether another card has taken a lost card's place: it is in use or, where the region says so, only made."""
    if other.replaced_by is not None or other.state == CardState.CANCELLED.value:
        return False
    return other.state != CardState.SEALED.value or rule.lifting_until_replacement


def _before_loss(card: Card) -> CardState:
    return CardState(card.state_before_loss or CardState.NORMAL.value)
