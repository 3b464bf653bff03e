"""Rules of a card's life: started, applied for, replaced, changed, cancelled, and by whom."""

from collections.abc import Iterator, Mapping
from enum import Enum
from types import MappingProxyType
from typing import Annotated, Final

import msgspec

from kiosk.policy.counter import Business, Paper, PhotoDemand, ProxyPapers, Side, Step
from kiosk.policy.form import Fault
from kiosk.policy.rule import Rule, Term, Text
from kiosk.records import card
from kiosk.records.filings import ChangedDatum, IssuedPaper
from kiosk.records.portrait import LARGEST_KB, byte_window

Fen = Annotated[int, msgspec.Meta(ge=0)]
"""1/100 yuan."""
Kilobytes = Annotated[int, msgspec.Meta(ge=1, le=LARGEST_KB)]
_LEAST_SHARE: Final = 0.05
_MOST_SHARE: Final = 0.5
"""Bytes a pixel of a portrait on white as a JPEG: 0.05–0.08 at quality 40, 0.40–0.78 at 100, of two faces in three
sizes."""


class SocialSideStart(Enum):
    """What sets a new card's social side going."""

    ON_RECEIPT = "on_receipt"
    """Nothing more than having it."""
    AFTER_PIN_CHANGE = "after_pin_change"
    """It works once the initial PIN was changed."""
    AT_BANK = "at_bank"


class OldCardEnd(Enum):
    """When the medical card before it stops."""

    AT_ACTIVATION = "at_activation"
    AT_FIRST_USE = "at_first_use"
    """When the new card is first used in earnest."""


class Contact(Enum):
    """What is asked of a holder to be reached by."""

    PHONE = "phone"
    ADDRESS = "address"
    POSTCODE = "postcode"


class Need(Enum):
    """Whether something has to be done."""

    REQUIRED = "required"
    VOLUNTARY = "voluntary"


class ActivationFailure(Enum):
    """Why a card that was activated does not work."""

    ONLY_BANK_SIDE = "only_bank_side"
    """The bank set going its own side only."""
    BANK_PIN_TYPED = "bank_pin_typed"
    """The bank's PIN was typed where the social side's is asked."""
    EQUAL_DIGITS = "equal_digits"
    """The PIN taken over from the old card is six equal digits."""


class ActivationRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Rules of starting a new card."""

    social_side: Rule[SocialSideStart]
    place: Rule[Text]
    """Where the social side is set going."""
    papers: Rule[tuple[Paper, ...]]
    both_sides_at_once: Rule[bool]
    """Whether the bank side is set going at the same place and time."""
    bank_side_place: Rule[Text]
    bank_side_papers: Rule[tuple[Paper, ...]]
    contact_data: Rule[tuple[Contact, ...]]
    pin_reset: Rule[Need]
    """Whether the PIN is set anew on that occasion."""
    old_card_ends: Rule[OldCardEnd]
    old_card_works_before: Rule[bool]
    """Whether the old medical card may be used until the new one is started."""
    balance_moves: Rule[bool]
    """Whether what is left in the medical account moves to the new card."""
    failures: Rule[tuple[ActivationFailure, ...]]


class NoCardCause(Enum):
    """Why somebody got no card when the first ones were handed out."""

    LATE_PHOTO = "late_photo"
    """The photograph came late; the card is in a later batch."""
    NO_PHOTO = "no_photo"
    CARD_ELSEWHERE = "card_elsewhere"
    """There is a card of another place with the same ID number."""
    NAME_AT_BANK = "name_at_bank"
    """The bank's account has another name."""


class ApplicationRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Rules of getting a first card."""

    who: Rule[Text]
    insured_first: Rule[bool]
    """Whether someone without insurance must be insured before."""
    place: Rule[Text]
    papers: Rule[tuple[Paper, ...]]
    minor_below: Rule[Annotated[int, msgspec.Meta(ge=1, le=120)]]
    """Below this age, in years, the papers are ``minor_papers``."""
    minor_papers: Rule[tuple[Paper, ...]]
    photo: Rule[tuple[PhotoDemand, ...]]
    photo_place: Rule[Text]
    one_per_number: Rule[Text]
    """Within which bounds an ID number has one card only, and what becomes of another."""
    name_as_at_bank: Rule[Text]
    """What happens when the bank knows the person by another name."""
    fee_fen: Rule[Fen]
    """Of the first card, in fen; 0 is free."""
    term: Rule[Term]
    """From the application to the card."""
    handed_out: Rule[tuple[Text, ...]]
    """Who hands out the card to whom."""
    progress: Rule[Text]
    """Where the state of an application is told."""
    meanwhile: Rule[IssuedPaper]
    """What serves until the card comes."""
    no_card_causes: Rule[tuple[NoCardCause, ...]]

    def faults(self) -> Iterator[Fault]:
        """Papers of minors, with nobody told who is one."""
        if self.minor_papers.value is not None and self.minor_below.value is None:
            yield Fault(("minor_below", "value"), "missing; minor_papers want the age below which they hold")


class PixelSize(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A picture's size. What a booth's camera gives of a face is enlarged at most about twice."""

    width: Annotated[int, msgspec.Meta(ge=100, le=1000)]
    height: Annotated[int, msgspec.Meta(ge=100, le=1400)]

    def faults(self) -> Iterator[Fault]:
        """A portrait that lies on its side, or is a strip."""
        if not self.width < self.height <= 2 * self.width:
            yield Fault(("height",), f"{self} is no portrait; it is higher than wide, at most twice")

    def __str__(self) -> str:
        return f"{self.width} × {self.height} px"


class FileSize(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A file's size in KB as the source prints them: whether of 1000 or 1024 bytes, both readings are kept."""

    least_kb: Kilobytes
    most_kb: Kilobytes

    def faults(self) -> Iterator[Fault]:
        """A window that is closed."""
        least, most = byte_window(self.least_kb, self.most_kb)
        if least >= most:
            yield Fault(("most_kb",), f"{self} leave no file; the larger one is most_kb")

    def __str__(self) -> str:
        return f"{self.least_kb} to {self.most_kb} KB"


class PortraitRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Rules of the portrait on the card, beside what ``application.photo`` asks.

    What is not stated is as the national norm has it (docs/portrait.md).
    """

    size: Rule[PixelSize]
    dots_per_inch: Rule[Annotated[int, msgspec.Meta(ge=72, le=1200)]]
    file_size: Rule[FileSize]
    glasses_worn_daily: Rule[bool]
    """Whether whoever always wears glasses keeps them on; not stated, ``application.photo`` decides."""
    religious_head_cover: Rule[bool]
    """Whether a head cover for religion stays on, the face free; not stated, a window decides."""

    def faults(self) -> Iterator[Fault]:
        """Files that no picture of this size makes."""
        size, window = self.size.value, self.file_size.value
        if size is None or window is None:
            return
        pixels = size.width * size.height
        least, most = byte_window(window.least_kb, window.most_kb)
        if most < pixels * _LEAST_SHARE or least > pixels * _MOST_SHARE:
            yield Fault(("file_size", "value"), f"no portrait of {size} has {window} as a JPEG")


class ReplacementReason(Enum):
    """Why a card is replaced."""

    LOST = "lost"
    DAMAGED = "damaged"
    """Damaged or of no more use, where the source says no more of it."""
    WORN = "worn"
    """People can't read its face."""
    UNREADABLE = "unreadable"
    """Devices can't read it."""
    EXPIRED = "expired"
    NAME_CHANGED = "name_changed"
    NUMBER_CHANGED = "number_changed"
    ETHNIC_GROUP_CHANGED = "ethnic_group_changed"
    PHOTO_CHANGED = "photo_changed"
    INSURANCE_DATA_CHANGED = "insurance_data_changed"
    MISPRINTED = "misprinted"
    """What is printed on it was wrong from the start."""
    OTHER_BANK = "other_bank"


WRITTEN_AS: Final[Mapping[ReplacementReason, card.ReplacementReason]] = MappingProxyType(
    {
        ReplacementReason.LOST: card.ReplacementReason.LOST,
        ReplacementReason.DAMAGED: card.ReplacementReason.DAMAGED,
        ReplacementReason.WORN: card.ReplacementReason.DAMAGED,
        ReplacementReason.UNREADABLE: card.ReplacementReason.DAMAGED,
        ReplacementReason.EXPIRED: card.ReplacementReason.RENEWED,
        ReplacementReason.NAME_CHANGED: card.ReplacementReason.IDENTITY_CHANGED,
        ReplacementReason.NUMBER_CHANGED: card.ReplacementReason.IDENTITY_CHANGED,
        ReplacementReason.ETHNIC_GROUP_CHANGED: card.ReplacementReason.IDENTITY_CHANGED,
        ReplacementReason.PHOTO_CHANGED: card.ReplacementReason.IDENTITY_CHANGED,
        ReplacementReason.INSURANCE_DATA_CHANGED: card.ReplacementReason.OTHER,
        ReplacementReason.MISPRINTED: card.ReplacementReason.OTHER,
        ReplacementReason.OTHER_BANK: card.ReplacementReason.BANK_CHANGED,
    }
)
"""What a handbook calls a reason, as systems write it down (AAE160)."""


class OldCard(Enum):
    """What becomes of the card that is replaced."""

    COLLECTED_AND_DESTROYED = "collected_and_destroyed"
    TAKEN_BACK = "taken_back"
    HANDED_IN = "handed_in"
    BROUGHT_ALONG = "brought_along"
    """It has to be brought; whether it is kept is not stated."""


class VoidFrom(Enum):
    """From when the replaced card is void."""

    REPLACEMENT_ACCEPTED = "replacement_accepted"
    FORMAL_REPORT = "formal_report"


class ReplacementRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Rules of a new card for an old one."""

    reasons: Rule[tuple[ReplacementReason, ...]]
    lost_first: Rule[tuple[Side, ...]]
    """Which sides of a lost card must be reported before."""
    lost_papers: Rule[tuple[Paper, ...]]
    exchange_papers: Rule[tuple[Paper, ...]]
    """Where the old card is at hand."""
    place: Rule[Text]
    advised_place: Rule[Text]
    """Which of the places the source advises, and why."""
    fee_fen: Rule[Fen]
    """In fen."""
    fee_note: Rule[Text]
    """What else is said of the fee."""
    at_once: Rule[bool]
    """Whether the new card is made while the holder waits."""
    term: Rule[Term]
    """From the application to the new card, where it is not made at once."""
    old_card: Rule[OldCard]
    without_old_card_lost: Rule[bool]
    """Whether an exchange without the old card counts as a lost card."""
    old_card_void: Rule[VoidFrom]
    meanwhile: Rule[IssuedPaper]
    """What serves until the new card comes."""
    meanwhile_care: Rule[Text]
    """How care is paid for until then."""
    collect_papers: Rule[tuple[Paper, ...]]
    collect_place: Rule[Text]
    afterwards: Rule[tuple[Step, ...]]
    """What is to be done with the new card."""
    instant_here: Rule[bool]
    """Whether this operator lets a terminal make the new card."""
    order_here: Rule[bool]
    """Whether this operator lets a terminal take down the wish for one, for an office to make."""
    window_first: Rule[tuple[ReplacementReason, ...]]
    """Of the reasons those of which an office has to see papers first: none of a terminal's affair."""

    def faults(self) -> Iterator[Fault]:
        """A card made at once that is waited for, and papers for what is no reason."""
        if self.at_once.value and self.term.value is not None:
            yield Fault(("term",), "a card that is made at once has no term; name one of the two")
        for number, reason in enumerate(self.window_first.value or ()):
            if reason not in (self.reasons.value or ()):
                what = f"{reason.value} does not stand in replacement.reasons"
                yield Fault(("window_first", "value", number), what)


class StatusChange(Enum):
    """What changes in the card's data without a new card."""

    RETIREMENT = "retirement"
    INSURANCE_SCHEME = "insurance_scheme"
    SPECIAL_ILLNESS = "special_illness"
    DISABLED_SOLDIER = "disabled_soldier"


class DataChangeRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Rules of data that no longer are what the card says."""

    data: Rule[tuple[ChangedDatum, ...]]
    steps: Rule[tuple[Step, ...]]
    form: Rule[Text]
    """The form that is filled in or handed out."""
    new_card: Rule[bool]
    """Whether it ends in a new card."""
    status_changes: Rule[tuple[StatusChange, ...]]
    status_steps: Rule[tuple[Step, ...]]


class CancellingRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Rules of a card that is given up."""

    leaving_steps: Rule[tuple[Step, ...]]
    """When the insurance ends or moves elsewhere."""
    death_steps: Rule[tuple[Step, ...]]
    death_bank_side: Rule[Text]
    """What becomes of the bank side after a death."""
    card_kept_by: Rule[Text]
    """Who keeps the card."""


class ProxyRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Rules of acting for the holder."""

    allowed: Rule[tuple[Business, ...]]
    in_person: Rule[tuple[Business, ...]]
    """What the source wants the holder to do."""
    papers: Rule[tuple[ProxyPapers, ...]]
    form: Rule[Text]
    """The written authorisation."""
    photo: Rule[tuple[PhotoDemand, ...]]
    """What the photograph has to be like when the holder does not come for it."""
    otherwise: Rule[Text]
    """What happens to a holder who can't come where nobody may be sent, or by whose rules one may."""

    def faults(self) -> Iterator[Fault]:
        """Business that a proxy may and may not do, papers for what none may, and places that belong to no business."""
        for name in ("allowed", "in_person", "papers"):
            rule = getattr(self, name)
            if len(rule.cite) > 1 and len(rule.cite) != len(rule.value or ()):
                yield Fault((name, "cite"), "one place for all, or one for each business in the value's order")
        allowed = self.allowed.value or ()
        for number, business in enumerate(self.in_person.value or ()):
            if business in allowed:
                yield Fault(("in_person", "value", number), f"{business.value} stands in proxy.allowed too")
        for number, wanted in enumerate(self.papers.value or ()):
            if wanted.business not in allowed:
                where = ("papers", "value", number, "business")
                yield Fault(where, f"{wanted.business.value} does not stand in proxy.allowed")


class PaperRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Rules of one paper that is handed out."""

    issued: Rule[bool]
    """Whether the region has it."""
    name: Rule[Text]
    """As the source calls it."""
    for_whom: Rule[Text]
    place: Rule[Text]
    """Who hands it out."""
    papers: Rule[tuple[Paper, ...]]
    """What has to be brought for it."""
    term: Rule[Term]
    """How long it holds."""
    bank_side: Rule[bool]
    """Whether it has a bank side."""
    use: Rule[Text]
    """What it is for, and what is shown with it."""
    returned: Rule[Text]
    """When it is given back."""
