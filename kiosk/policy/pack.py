"""The form of a region pack (``config/regions/<region>.toml``) and its loading.

Every rule says on what it rests. What no handbook states is ``not_stated`` and has no value:
the terminal invents nothing there.
"""

from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final

import msgspec

from kiosk.policy.card_rules import (
    ActivationRules,
    ApplicationRules,
    CancellingRules,
    DataChangeRules,
    PaperRules,
    PortraitRules,
    ProxyRules,
    ReplacementRules,
)
from kiosk.policy.care_rules import EcardRules, MoneyRules, OffsiteRules
from kiosk.policy.counter import PhotoDemand
from kiosk.policy.document import DocumentError, content_of, read_document
from kiosk.policy.form import Fault
from kiosk.policy.positions import Where
from kiosk.policy.rule import Basis, Rule, Term, Text, Unit, Words
from kiosk.records.filings import IssuedPaper
from kiosk.records.transaction import Service

__all__ = ["Basis", "Rule", "Term", "Text", "Unit"]


class PackError(DocumentError):
    """A region pack does not have the form wanted."""


Digits = Annotated[str, msgspec.Meta(pattern=r"\A[0-9]+\Z", description="digits in quotes")]
Code = Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{4}\Z", description="four digits in quotes")]
Line = Annotated[str, msgspec.Meta(pattern=r"\A[0-9][0-9 -]+\Z", description="a telephone number in quotes")]
Sha256 = Annotated[str, msgspec.Meta(pattern=r"\A([0-9a-f]{64})?\Z", description="64 hexadecimal digits or nothing")]


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A document that rules rest on."""

    id: Annotated[str, msgspec.Meta(pattern=r"\A\S+\Z", description="a word without spaces")]
    title: Words
    publisher: str
    """Empty when the document names none."""
    date: str
    """As the document gives it; empty when it carries none."""
    about: str = ""
    """For a document without a date: from when it must be, by what it mentions."""
    sha256: Sha256 = ""
    """Of the text that was read; empty for a norm that is only cited."""


class Unreadable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Something a source prints that can't be read in the copy at hand: left out, and said to be."""

    what: Text
    cite: Words
    """As in :class:`Rule`."""


class HeldBy(Enum):
    """Who checks the social-security PIN."""

    CHIP = "chip"
    CENTRE = "centre"


class InitialPin(Enum):
    """How a first PIN is formed where it is not one number for all."""

    LAST_SIX_OF_SOCIAL_SECURITY_NUMBER = "last_six_of_social_security_number"
    OLD_MEDICAL_CARD = "old_medical_card"
    """The PIN of the medical insurance card before it."""


FirstPin = Annotated[
    str,
    msgspec.Meta(
        pattern=rf"\A([0-9]+|{'|'.join(word.value for word in InitialPin)})\Z",
        description=f"digits in quotes or one of {', '.join(word.value for word in InitialPin)}",
    ),
]


class PinWeakness(Enum):
    """Forms of a PIN that are easy to guess; the words are those of :class:`drivers.ports.pin.Weakness`."""

    REPEATED = "repeated"
    RUN = "run"


class Offline(Enum):
    """What a service does while the centre can't be reached."""

    CHIP_ONLY = "chip_only"
    """What the chip alone can tell or do; the centre's part waits."""
    RECORDED = "recorded"
    """It is taken down and takes effect when the entry arrives at the centre."""
    REFUSED = "refused"
    WHOLE = "whole"
    """It asks the centre nothing."""


OFFLINE_OF: Final[Mapping[Service, frozenset[Offline]]] = MappingProxyType(
    {
        Service.CARD_QUERY: frozenset({Offline.CHIP_ONLY, Offline.REFUSED}),
        Service.PIN_CHANGE: frozenset({Offline.CHIP_ONLY, Offline.REFUSED}),
        Service.TEMPORARY_LOSS: frozenset({Offline.RECORDED, Offline.REFUSED}),
        Service.CARD_APPLICATION: frozenset({Offline.RECORDED, Offline.REFUSED}),
        Service.OFFSITE_CARE: frozenset({Offline.RECORDED, Offline.REFUSED}),
        Service.DATA_CHANGE: frozenset({Offline.RECORDED, Offline.REFUSED}),
        Service.CANCELLING: frozenset({Offline.RECORDED, Offline.REFUSED}),
        Service.CARD_REPLACEMENT: frozenset({Offline.RECORDED, Offline.REFUSED}),
        Service.CARD_EXAMINATION: frozenset({Offline.CHIP_ONLY, Offline.REFUSED}),
        Service.ASK_HANDBOOK: frozenset({Offline.WHOLE}),
    }
)
"""What a service can do without the centre; the others can do nothing. A paper is issued at once or not at all."""
_NOTHING_OFFLINE: Final = frozenset({Offline.REFUSED})


class BankLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where a bank takes reports for the bank side."""

    bank: Text
    line: Line
    """As the source prints it."""


class Identification(Enum):
    """How a terminal learns whose affair it is where no card is at hand."""

    ID_CARD = "id_card"
    """The identity card on the terminal's reader."""
    TYPED = "typed"
    """Number and name, typed on the screen."""


class LiftedBy(Enum):
    """By what a terminal may take a report back."""

    CARD = "card"
    """The found card itself, which proves itself to the centre."""
    ID_CARD = "id_card"
    """The holder's identity card on the terminal's reader; the found card may lie at home."""


class LossRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Rules of a lost card."""

    name: Rule[Text]
    """What the region calls the temporary report: 预挂失, 临时挂失, 口头挂失."""
    identified_by: Rule[tuple[Identification, ...]]
    """By what a terminal may take it who reports. Not stated means by nothing."""
    validity: Rule[Term]
    """How long a temporary report holds before it lifts by itself."""
    formal_deadline: Rule[Term]
    """Within which time the written report is due; not the same as lapsing."""
    formal_place: Rule[Text]
    """Where the written, formal report is made."""
    formal_is_final: Rule[bool]
    """Whether a written report can't be taken back."""
    lifting_condition: Rule[Text]
    """When a temporary report may be taken back, in words."""
    lifting_within_term: Rule[bool]
    """Whether that ends with the report's term."""
    lifting_until_replacement: Rule[bool]
    """Whether that ends once a replacement was handled."""
    lifting_identified_by: Rule[tuple[LiftedBy, ...]]
    """By what a terminal may take it back. Not stated means by nothing."""
    bank_side: Rule[bool]
    """Whether the card has a bank side, which must be reported to the bank."""
    bank_lines: Rule[tuple[BankLine, ...]]


class PinRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Rules of the social-security PIN."""

    name: Rule[Text]
    """What the region calls it."""
    held_by: Rule[HeldBy]
    length: Rule[Annotated[int, msgspec.Meta(ge=4, le=12)]]
    """Digits; ISO 9564-1 has room for 4 to 12."""
    initial: Rule[FirstPin]
    """Digits, or the word of :class:`InitialPin`."""
    initial_otherwise: Rule[Digits]
    """Digits for those to whom the word does not apply."""
    optional: Rule[bool]
    """Whether a holder may do without a PIN."""
    initial_must_change: Rule[bool]
    tries: Rule[Annotated[int, msgspec.Meta(ge=1)]]
    refused_weaknesses: Rule[tuple[PinWeakness, ...]]
    """Easily guessed forms that a new PIN may not have; of others the terminal only advises against."""
    change: Rule[Text]
    """Where a PIN is changed, by the source."""
    forgotten: Rule[Text]
    """Where a forgotten PIN is set anew."""
    locked: Rule[Text]
    """Where a locked card is opened again."""

    def faults(self) -> Iterator[Fault]:
        """Initial PINs that can't be, and gaps with which no PIN could be asked for."""
        for name, rule in (("name", self.name), ("held_by", self.held_by), ("length", self.length)):
            if rule.basis is Basis.NOT_STATED:
                yield Fault((name, "value"), "missing; no PIN can be asked for without it")
        one_for_all = (self.initial.value or "").isdigit()
        if one_for_all and self.length.value not in {None, len(self.initial.value or "")}:
            yield Fault(("initial", "value"), f"has not the {self.length.value} digits of pin.length")
        if one_for_all and self.initial_otherwise.value is not None:
            yield Fault(("initial_otherwise", "value"), "pin.initial is one number for all; nobody is left for another")


Fen = Annotated[int, msgspec.Meta(ge=0)]


class ServiceRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Rules of one service."""

    self_service: Rule[bool]
    """Whether this terminal offers it."""
    pin_required: Rule[bool]
    place: Rule[Text]
    """Where it is done otherwise."""
    offline: Rule[Offline]
    """What it does without the centre."""
    fee_fen: Rule[Fen]
    """What it costs, in fen (1/100 yuan); 0 is free."""


class Pack(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole region."""

    key: str
    name: Text
    codes: Rule[tuple[Code, ...]]
    """GB/T 2260, first four digits, as they stand in a card's answer to reset."""
    sources: tuple[Source, ...]
    hotline: Rule[str]
    """The line for questions about the social side, as the source prints it."""
    medical_account: Rule[Text]
    """What a holder must know of the personal medical account beside its balance."""
    unreadable: tuple[Unreadable, ...] = ()
    """What a source states and the copy at hand does not show."""
    pin: PinRules
    loss: LossRules
    services: dict[Service, ServiceRules]
    activation: ActivationRules
    application: ApplicationRules
    portrait: PortraitRules
    replacement: ReplacementRules
    data_change: DataChangeRules
    cancelling: CancellingRules
    proxy: ProxyRules
    papers: dict[IssuedPaper, PaperRules]
    offsite: OffsiteRules
    ecard: EcardRules
    money: MoneyRules

    def faults(self) -> Iterator[Fault]:
        """No cards, glasses on and off, a paper that it does not have, new cards that nobody makes, a service that its
        centre would never answer, or that can't do without the centre what its rule says.
        """
        if not self.codes.value:
            yield Fault(("codes", "value"), "missing; without a code no card is this region's")
        if self.portrait.glasses_worn_daily.value and PhotoDemand.NO_GLASSES in (self.application.photo.value or ()):
            what = "must not be true; application.photo has no_glasses"
            yield Fault(("portrait", "glasses_worn_daily", "value"), what)
        for named, of_service in self.services.items():
            can, said = OFFLINE_OF.get(named, _NOTHING_OFFLINE), of_service.offline.value
            if said is not None and said not in can:
                what = f"does not fit this service; allowed: {', '.join(sorted(one.value for one in can))}"
                yield Fault(("services", named.value, "offline", "value"), what)
        for section, rule in (("application", self.application.meanwhile), ("replacement", self.replacement.meanwhile)):
            paper = None if rule.value is None else self.papers.get(rule.value)
            if rule.value is not None and paper is not None and not paper.issued.value:
                what = f"papers.{rule.value.value}.issued is not true; nobody would hand it out"
                yield Fault((section, "meanwhile", "value"), what)
        replaces = self.services.get(Service.CARD_REPLACEMENT)
        opened = self.replacement.instant_here.value or self.replacement.order_here.value
        if replaces is not None and replaces.self_service.value and not opened:
            what = "must not be true; neither replacement.instant_here nor order_here is"
            yield Fault(("services", Service.CARD_REPLACEMENT.value, "self_service", "value"), what)
        if self.pin.held_by.value is not HeldBy.CENTRE:
            return
        for service in (Service.CARD_QUERY, Service.PIN_CHANGE, Service.LOSS_LIFTING):
            rules = self.services.get(service)
            if rules is not None and rules.self_service.value and not rules.pin_required.value:
                yield Fault(
                    ("services", service.value, "pin_required", "value"),
                    "must be true; a centre that holds the PIN tells and changes nothing without it",
                )


def load_pack(path: Path) -> Pack:
    """Read and check one pack.

    :raises PackError: with everything that is wrong: not TOML, an unknown or missing key, a wrong type, or a rule
        without what its basis demands.
    """
    return read_pack(content_of(path, PackError), path)


def read_pack(content: bytes, path: Path) -> Pack:
    """Check a pack whose bytes are at hand; see :func:`load_pack`.

    :param path: the file that faults are told of; its name is the pack's key.
    """

    def further(raw: dict[str, Any]) -> Iterator[Fault]:
        yield from key_faults(raw, path)
        yield from _source_faults(raw)

    return read_document(content, path, Pack, further, PackError)


def load_packs(directory: Path) -> dict[str, Pack]:
    """Every pack of a directory by its key.

    :raises PackError: any of them is wrong, or there is none.
    """
    packs = {path.stem: load_pack(path) for path in sorted(directory.glob("*.toml"))}
    if not packs:
        raise PackError(f"{directory}: no region pack (*.toml) there")
    return packs


def rules_of(pack: Pack) -> list[tuple[str, Rule[object]]]:
    """Every rule of a pack with its dotted name."""
    found: list[tuple[str, Rule[object]]] = []

    def walk(prefix: str, value: object) -> None:
        if isinstance(value, Rule):
            found.append((prefix, value))
        elif isinstance(value, dict):
            for key, item in value.items():
                walk(f"{prefix}.{key.value}", item)
        elif isinstance(value, msgspec.Struct):
            for field in value.__struct_fields__:
                walk(f"{prefix}.{field}" if prefix else field, getattr(value, field))

    walk("", pack)
    return found


def key_faults(raw: dict[str, Any], path: Path) -> Iterator[Fault]:
    """A document whose key is not its file's name."""
    if isinstance(raw.get("key"), str) and raw["key"] != path.stem:
        yield Fault(("key",), f'must be the file\'s name, "{path.stem}", not "{raw["key"]}"')


def _source_faults(raw: dict[str, Any]) -> Iterator[Fault]:
    """Citations of sources that the pack does not name; works on a pack whose form is wrong elsewhere."""
    sources = raw.get("sources")
    ids = [source.get("id") for source in sources if isinstance(source, dict)] if isinstance(sources, list) else []
    for number, name in enumerate(ids):
        if name in ids[:number]:
            yield Fault(("sources", number, "id"), f'"{name}" is there already')
    yield from citation_faults(raw, {str(name) for name in ids})


def citation_faults(raw: dict[str, Any], known: set[str]) -> Iterator[Fault]:
    """Citations that name no section, or a source that is not one of ``known``."""
    for where, citation in _citations(raw, ()):
        source, _, section = citation.partition(" ")
        if source not in known or not section:
            what = f'"{citation}"; wanted is one of {", ".join(sorted(known))}, a space, and the section'
            yield Fault(where, what)


def _citations(raw: object, where: Where) -> Iterator[tuple[Where, str]]:
    if isinstance(raw, dict):
        for key, value in raw.items():
            if key == "cite" and isinstance(value, str):
                yield (*where, key), value
            elif key == "cite" and isinstance(value, list):
                yield from (((*where, key, number), item) for number, item in enumerate(value) if isinstance(item, str))
            else:
                yield from _citations(value, (*where, key))
    elif isinstance(raw, list):
        for number, item in enumerate(raw):
            yield from _citations(item, (*where, number))
