"""The form of a region pack (``config/regions/<region>.toml``) and its loading.

Every rule says on what it rests. What no handbook states is ``not_stated`` and has no value:
the terminal invents nothing there.
"""

import tomllib
from enum import Enum
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from kiosk.records.transaction import Service

T_co = TypeVar("T_co", covariant=True)


class PackError(Exception):
    """A region pack does not have the form wanted. The text names the file, the rule and what is allowed."""


class Basis(Enum):
    """What a rule rests on."""

    SOURCE = "source"
    """The handbook says so; ``cite`` says where."""
    INFERRED = "inferred"
    """Follows from what a source says; ``reason`` says how."""
    OPERATOR = "operator"
    """The operator of this terminal decided it; ``reason`` says why."""
    NOT_STATED = "not_stated"
    """No source says anything. There is no value."""


class Rule(msgspec.Struct, Generic[T_co], frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One rule with its basis."""

    basis: Basis
    value: T_co | None = None
    cite: tuple[str, ...] = ()
    """``<source id> <section>``, such as ``zhumadian-2019 §3.1``."""
    reason: str = ""

    def stated(self) -> T_co:
        """The value.

        :raises LookupError: the rule is not stated; the caller must ask :attr:`basis` first.
        """
        if self.value is None:
            raise LookupError("this rule is not stated")
        return self.value


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Our own words in each language."""

    zh: str
    en: str


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A document that rules rest on."""

    id: str
    title: str
    publisher: str
    """Empty when the document names none."""
    date: str
    """As the document gives it; empty when it carries none."""
    sha256: str = ""
    """Of the text that was read; empty for a norm that is only cited."""


class HeldBy(Enum):
    """Who checks the social-security PIN."""

    CHIP = "chip"
    CENTRE = "centre"


class InitialPin(Enum):
    """How a first PIN is formed where it is not one number for all."""

    LAST_SIX_OF_SOCIAL_SECURITY_NUMBER = "last_six_of_social_security_number"


class PinRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Rules of the social-security PIN."""

    name: Rule[Text]
    """What the region calls it."""
    held_by: Rule[HeldBy]
    length: Rule[int]
    """Digits."""
    initial: Rule[str]
    """Digits, or the word of :class:`InitialPin`."""
    initial_must_change: Rule[bool]
    tries: Rule[int]
    weak_refused: Rule[bool]
    change: Rule[Text]
    """Where a PIN is changed, by the source."""
    forgotten: Rule[Text]
    """Where a forgotten PIN is set anew."""
    locked: Rule[Text]
    """Where a locked card is opened again."""


class ServiceRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Rules of one service."""

    self_service: Rule[bool]
    """Whether this terminal offers it."""
    pin_required: Rule[bool]
    place: Rule[Text]
    """Where it is done otherwise."""


class Pack(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole region."""

    key: str
    name: Text
    codes: Rule[tuple[str, ...]]
    """GB/T 2260, first four digits, as they stand in a card's answer to reset."""
    sources: tuple[Source, ...]
    hotline: Rule[str]
    """The line for questions about the social side, as the source prints it."""
    medical_account: Rule[Text]
    """What a holder must know of the personal medical account beside its balance."""
    pin: PinRules
    services: dict[Service, ServiceRules]


def load_pack(path: Path) -> Pack:
    """Read and check one pack.

    :raises PackError: not TOML, an unknown key, a wrong type, or a rule without what its basis demands.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PackError(f"{path}: can't be read: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise PackError(f"{path}: not TOML: {error}") from error
    services = raw.get("services", {})
    for name in services if isinstance(services, dict) else ():
        if name not in {service.value for service in Service}:
            allowed = ", ".join(service.value for service in Service)
            raise PackError(f"{path}: services.{name}: no such service; there are {allowed}")
    try:
        pack = msgspec.convert(raw, Pack)
    except msgspec.ValidationError as error:
        raise PackError(f"{path}: {error}") from error
    if pack.key != path.stem:
        raise PackError(f"{path}: key is {pack.key!r}; it must be the file's name, {path.stem!r}")
    known = {source.id for source in pack.sources}
    for name, rule in rules_of(pack):
        _check_rule(path, name, rule, known)
    missing = [service.value for service in Service if service not in pack.services]
    if missing:
        raise PackError(f"{path}: services: missing {', '.join(missing)}; each service needs its rules")
    return pack


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
        elif isinstance(value, (PinRules, ServiceRules, Pack)):
            for field in value.__struct_fields__:
                walk(f"{prefix}.{field}" if prefix else field, getattr(value, field))

    walk("", pack)
    return found


def _check_rule(path: Path, name: str, rule: Rule[object], known: set[str]) -> None:
    def wrong(what: str) -> PackError:
        return PackError(f"{path}: {name}: {what}")

    if (rule.value is None) != (rule.basis is Basis.NOT_STATED):
        raise wrong("a value is wanted with every basis but not_stated, and none with that")
    if rule.basis is Basis.SOURCE and not rule.cite:
        raise wrong('basis source wants cite = ["<source id> <section>"]')
    if rule.basis in (Basis.INFERRED, Basis.OPERATOR) and not rule.reason:
        raise wrong(f"basis {rule.basis.value} wants a reason")
    for citation in rule.cite:
        source, _, section = citation.partition(" ")
        if source not in known or not section:
            raise wrong(f"cite {citation!r}: wanted is one of {', '.join(sorted(known))}, a space, and the section")
