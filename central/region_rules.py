"""What each region lets the centre do with a lost card, and the codes it writes: the operator's file of tables."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec

from kiosk.records.card import CardState, ReplacementReason
from kiosk.records.filings import MATTER_KEYS
from kiosk.records.issuance import Fen
from kiosk.records.portrait import LARGEST_KB, NATIONAL_KB

DAY_MS: Final = 24 * 60 * 60 * 1000
"""A day of a term: 24 hours from the centre's receipt, the operator's reading where a source leaves the kind open."""
_KEY: Final = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_MOST_DAYS: Final = 3660
N = TypeVar("N", bound=Enum)


class RegionRulesRefused(Exception):
    """The file is missing, malformed, or says something that can't be meant."""


Code = Annotated[str, msgspec.Meta(pattern=r"\A[0-9A-Z]{1,4}\Z", description="one to four digits or capitals")]


Kilobytes = Annotated[int, msgspec.Meta(ge=1, le=LARGEST_KB)]

Contact = Literal["phone", "address", "postcode"]


def _all_differ(codes: tuple[str, ...]) -> None:
    if len(set(codes)) < len(codes):
        raise ValueError("each needs a code of its own")


def _named(code: str, names: Iterable[N], codes: msgspec.Struct) -> N:
    found = next((one for one in names if getattr(codes, one.name.lower()) == code), None)
    if found is None:
        raise LookupError("the region has no such code")
    return found


class StateCodes(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """AAZ502 as a region's own systems write it. What is left out is as provincial interfaces were seen to have it."""

    sealed: Code = "0"
    normal: Code = "1"
    lost: Code = "2"
    locked: Code = "3"
    temporarily_lost: Code = "4"
    cancelled: Code = "9"

    def __post_init__(self) -> None:
        """:raises ValueError: two states share a code."""
        _all_differ(msgspec.structs.astuple(self))

    def code_of(self, state: CardState) -> str:
        """What the region writes for a state."""
        code: str = getattr(self, state.name.lower())
        return code

    def state_of(self, code: str) -> CardState:
        """What the region means by a code.

        :raises LookupError: it has no such code.
        """
        return _named(code, CardState, self)


class ReasonCodes(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """AAE160 of a replacement as a region's own systems write it; left out as above."""

    lost: Code = "11"
    damaged: Code = "12"
    identity_changed: Code = "22"
    bank_changed: Code = "23"
    renewed: Code = "80"
    other: Code = "90"

    def __post_init__(self) -> None:
        """:raises ValueError: two reasons share a code."""
        _all_differ(msgspec.structs.astuple(self))

    def code_of(self, reason: ReplacementReason) -> str:
        """What the region writes for a reason."""
        code: str = getattr(self, reason.value)
        return code

    def reason_of(self, code: str) -> ReplacementReason:
        """What the region means by a code.

        :raises LookupError: it has no such code.
        """
        return _named(code, ReplacementReason, self)


class InstantRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a terminal of the region makes while people wait, and what for."""

    reasons: Annotated[tuple[ReplacementReason, ...], msgspec.Meta(min_length=1)]
    """Why somebody gets a new card at a terminal."""
    fee_fen: Fen = 0
    free_reasons: tuple[ReplacementReason, ...] = ()
    """Of :attr:`reasons`, those that cost nothing."""
    first_free: bool = False
    """Whether the first new card of a person costs nothing, whatever the reason."""
    sealed: bool = False
    """Whether the new card must still be started, elsewhere."""
    valid_years: Annotated[int, msgspec.Meta(ge=1, le=50)] = 10
    """How long a new card holds; the operator's figure."""
    card_number_prefix: Annotated[str, msgspec.Meta(pattern=r"\A[0-9A-Z]{1,4}\Z")]
    """With what the numbers begin that this centre allots (AAZ500); what follows of the eight is counted."""
    region_code: Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{6}\Z")]
    """AAB301."""
    norm_version: Annotated[str, msgspec.Meta(pattern=r"\A[0-9]\.[0-9]{2}\Z")] = "2.00"
    """AAZ508 of the blanks: it says by which algorithm they ask for the terminal's proof."""
    card_class: Annotated[str, msgspec.Meta(pattern=r"\A[0-9A-Z]\Z")] = "1"
    bank: Annotated[str, msgspec.Meta(max_length=40)] = ""
    """AAE008, of the bank whose side the blanks bring; empty: that of the old card."""
    collection_place: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    """Where a new card is collected that nobody took; stands on a terminal's screen."""

    def __post_init__(self) -> None:
        """:raises ValueError: a reason is free that is not open."""
        if not set(self.free_reasons) <= set(self.reasons):
            raise ValueError("free_reasons names what does not stand in reasons")

    def costs(self, reason: ReplacementReason, replaced_before: int) -> int:
        """The fee, in fen.

        :param replaced_before: how many cards of the person were replaced so far.
        """
        free = reason in self.free_reasons or (self.first_free and replaced_before == 0)
        return 0 if free else self.fee_fen


class RegionRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The rules of one region. What is left out is not open, and has no term."""

    temporary_loss_days: Annotated[int, msgspec.Meta(ge=1, le=_MOST_DAYS)] | None = None
    """After so many days a temporary report lifts by itself; None: it stands until somebody takes it back."""
    temporary_loss_typed: bool = False
    """Whether a temporary report may rest on a number and a name that were typed; a formal one never does."""
    lifting: bool = False
    """Whether a terminal may take a report back when the card itself is there."""
    lifting_by_id_card: bool = False
    """Whether it may when it has read the holder's ID card instead."""
    lifting_until_replacement: bool = False
    """Whether that ends as soon as a replacement was accepted or made, before anybody activates it."""
    formal_loss: bool = False
    """Whether a terminal may report a card lost for good."""
    acceptance_ends_card: bool = False
    """Whether a card ends when the order for its replacement is accepted."""
    activation: bool = False
    """Whether a terminal may start the social side of a new card."""
    activation_by_id_card: bool = False
    """Whether only for whoever shows the ID card with the card's own number."""
    activation_contact: tuple[Contact, ...] = ()
    """What of the holder must be told with it."""
    instant: InstantRule | None = None
    """What terminals make while people wait; None: no card."""
    e_card_stops: bool = False
    """Whether the electronic card stops with the card; False: the handbook does not say."""
    states: StateCodes = StateCodes()
    reasons: ReasonCodes = ReasonCodes()
    filings: tuple[str, ...] = ()
    """Matters that a terminal may file (:data:`kiosk.records.filings.MATTER_KEYS`)."""
    proxies: tuple[str, ...] = ()
    """Of :attr:`filings`, those for which somebody may be sent."""
    order_reasons: tuple[ReplacementReason, ...] = ()
    """Why somebody orders a new card at a terminal, for an office to make."""
    lost_reported_first: bool = False
    """Whether a lost card must be reported before its order."""
    minor_below: Annotated[int, msgspec.Meta(ge=1, le=120)] | None = None
    """Below so many years nobody applies for a card without their guardian."""
    temporary_card_months: Annotated[int, msgspec.Meta(ge=1, le=120)] | None = None
    """How long a temporary card holds."""
    offsite_emergency_working_days: Annotated[int, msgspec.Meta(ge=1, le=60)] | None = None
    """Within so many working days after the admission an emergency elsewhere is registered; None: at any time."""

    portrait_kb: tuple[Kilobytes, Kilobytes] = NATIONAL_KB
    """The fewest and the most that a portrait has."""

    def __post_init__(self) -> None:
        """:raises ValueError: no portrait could have the size wanted."""
        if self.portrait_kb[0] >= self.portrait_kb[1]:
            raise ValueError("portrait_kb: first the fewest, then the most")

    def lapses_at(self, reported_at_ms: int) -> int | None:
        """When a report lifts by itself, milliseconds since 1970 UTC."""
        return None if self.temporary_loss_days is None else reported_at_ms + self.temporary_loss_days * DAY_MS


@dataclass(frozen=True, slots=True)
class RegionRules:
    """The rules of all regions."""

    by_region: Mapping[str, RegionRule] = field(default_factory=dict)

    def of(self, region: str) -> RegionRule:
        """The rules of a region; one that has no entry has no term and no lifting."""
        return self.by_region.get(region, RegionRule())


def load_region_rules(path: Path | None) -> RegionRules:
    """Read the operator's file; without one no region has rules.

    :raises RegionRulesRefused: see there; the text names file and field.
    """
    if path is None:
        return RegionRules()
    try:
        tables = msgspec.toml.decode(path.read_bytes(), type=dict[str, Any])
    except (OSError, UnicodeDecodeError, RecursionError, msgspec.DecodeError) as error:
        raise RegionRulesRefused(f"{path}: {error}") from error
    rules = {}
    for key, table in tables.items():
        if not _KEY.fullmatch(key):
            raise RegionRulesRefused(f"{path}: {key!r} is no region's key")
        try:
            rule = rules[key] = msgspec.convert(table, RegionRule)
        except msgspec.ValidationError as error:
            raise RegionRulesRefused(f"{path}: {key}: {error}") from error
        contradiction = _contradiction(rule)
        if contradiction:
            raise RegionRulesRefused(f"{path}: {key}: {contradiction}")
    return RegionRules(rules)


def _contradiction(rule: RegionRule) -> str:
    """What of a rule can't be meant; empty: all can."""
    if rule.lifting_until_replacement and not (rule.lifting or rule.lifting_by_id_card):
        return "lifting_until_replacement says nothing without lifting"
    if (rule.activation_by_id_card or rule.activation_contact) and not rule.activation:
        return "activation_by_id_card and activation_contact say nothing without activation"
    if rule.instant is not None and rule.acceptance_ends_card:
        # Whoever gives up before the new card is theirs keeps the old one.
        return "instant and acceptance_ends_card contradict each other"
    for word in rule.filings:
        if word not in MATTER_KEYS:
            return f"filings: {word!r} is no matter; allowed: {', '.join(sorted(MATTER_KEYS))}"
    if ("card_replacement" in rule.filings) is not bool(rule.order_reasons):
        return "order_reasons go with card_replacement in filings, and only with that"
    if rule.lost_reported_first and not rule.order_reasons:
        return "lost_reported_first says nothing without order_reasons"
    for word in rule.proxies:
        if word not in rule.filings:
            return f"proxies: {word!r} does not stand in filings"
    return ""
