"""Decisions a journey asks of a region's rules. Pure; each decision knows where it stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, assert_never

import msgspec

from kiosk.policy.card_rules import ActivationFailure
from kiosk.policy.counter import Business, Paper
from kiosk.policy.pack import (
    BankLine,
    Basis,
    HeldBy,
    Identification,
    InitialPin,
    LiftedBy,
    Offline,
    Pack,
    PinWeakness,
    Rule,
    ServiceRules,
)
from kiosk.records.settlement import Standing
from kiosk.records.transaction import Service

BUSINESS_OF: Final[Mapping[Service, Business]] = MappingProxyType(
    {
        Service.CARD_APPLICATION: Business.APPLICATION,
        Service.DATA_CHANGE: Business.DATA_CHANGE,
        Service.CANCELLING: Business.CANCELLING,
        Service.CARD_REPLACEMENT: Business.REPLACEMENT,
    }
)
"""What is filed as the rules of proxies call it. Of care elsewhere, papers and progress they do not speak: the holder
comes."""


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a rule stands: title, date and section of the handbook, never a file number."""

    title: str
    date: str
    """Empty when the document carries none."""
    section: str
    about: str = ""
    """For a document without a date: the year or years it must be from, by what it mentions."""


class Region:
    """The rules of one region."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self._sources = {source.id: source for source in pack.sources}

    @property
    def key(self) -> str:
        """``beijing``."""
        return self.pack.key

    @property
    def hotline(self) -> str:
        """The social side's line as the source prints it; empty when none is stated."""
        return self.pack.hotline.value or ""

    def serves(self, region_code: str) -> bool:
        """Whether cards of this GB/T 2260 code are this region's."""
        return region_code in self.pack.codes.stated()

    def service(self, service: Service) -> ServiceRules:
        """The rules of one service."""
        return self.pack.services[service]

    def offers(self, service: Service) -> bool:
        """Whether this terminal does it. Not stated means no: the terminal opens nothing on its own."""
        return bool(self.service(service).self_service.value)

    def asks_pin(self, service: Service) -> bool:
        """Whether the service wants the PIN. Not stated means no."""
        return bool(self.service(service).pin_required.value)

    @property
    def pin_held_by(self) -> HeldBy:
        """Who checks the PIN."""
        return self.pack.pin.held_by.stated()

    @property
    def pin_length(self) -> int:
        """Digits of a PIN."""
        return self.pack.pin.length.stated()

    @property
    def initial_pin(self) -> str | None:
        """The initial PIN where it is one number for everybody, else None."""
        value = self.pack.pin.initial.value
        return value if value is not None and value.isdigit() else None

    def initial_pin_untypable(self, social_security_number: str) -> bool:
        """Whether this person's initial PIN holds a letter, which no PIN pad has."""
        return (
            self.pack.pin.initial.value == InitialPin.LAST_SIX_OF_SOCIAL_SECURITY_NUMBER.value
            and not social_security_number[-6:].isdigit()
        )

    @property
    def refused_weaknesses(self) -> frozenset[PinWeakness]:
        """Weak forms a new PIN may not have; of others the terminal advises against and lets the citizen choose."""
        return frozenset(self.pack.pin.refused_weaknesses.value or ())

    def offline(self, service: Service) -> Offline:
        """What a service does without the centre. Not stated means that it refuses."""
        return self.service(service).offline.value or Offline.REFUSED

    @property
    def has_bank_side(self) -> bool:
        """Whether its cards have a bank side, with a PIN of its own. Not stated means that nobody speaks of one."""
        return bool(self.pack.loss.bank_side.value)

    def deductible(self, standing: Standing) -> Rule[int]:
        """What a person pays in full in a calendar year before the fund pays, in fen."""
        match standing:
            case Standing.WORKING:
                return self.pack.money.deductible_working_fen
            case Standing.RETIRED:
                return self.pack.money.deductible_retired_fen
            case _:
                assert_never(standing)

    @property
    def identified_by(self) -> frozenset[Identification]:
        """By what a terminal may take it who somebody without a card is. Not stated means by nothing."""
        return frozenset(self.pack.loss.identified_by.value or ())

    @property
    def lifted_by(self) -> frozenset[LiftedBy]:
        """By what a terminal may take a temporary report back. Not stated means by nothing."""
        return frozenset(self.pack.loss.lifting_identified_by.value or ())

    def bank_line(self, bank: str) -> BankLine | None:
        """The line of a bank by its name at the centre; None when the pack knows none."""
        lines = self.pack.loss.bank_lines.value or ()
        return next((line for line in lines if line.bank.zh == bank), None)

    @property
    def demands_pin_change_first(self) -> bool:
        """Whether the initial PIN must be changed before the card is used; keeping it is then no change."""
        return bool(self.pack.pin.initial_must_change.value)

    @property
    def equal_digits_stop(self) -> bool:
        """Whether a PIN that is one digit all through keeps the card from working. Not stated means no."""
        return ActivationFailure.EQUAL_DIGITS in (self.pack.activation.failures.value or ())

    def may_send(self, business: Business) -> bool:
        """Whether a holder may send somebody for it. Not stated means that the terminal takes nothing from a proxy."""
        return business in (self.pack.proxy.allowed.value or ())

    def wants_holder(self, business: Business) -> bool:
        """Whether the source wants the holder to come."""
        return business in (self.pack.proxy.in_person.value or ())

    def proxy_papers(self, business: Business) -> tuple[Paper, ...]:
        """What somebody brings who was sent; empty where no source says."""
        wanted = self.pack.proxy.papers.value or ()
        return next((one.papers for one in wanted if one.business is business), ())

    def of_business(self, rule: Rule[tuple[object, ...]], business: Business) -> Rule[object]:
        """A rule of proxies with the place of this business alone: where each has its own, they stand in its order."""
        named = [getattr(one, "business", one) for one in rule.value or ()]
        if len(rule.cite) == 1 or business not in named:
            return rule
        return msgspec.structs.replace(rule, cite=(rule.cite[named.index(business)],))

    def citation(self, rule: Rule[object]) -> Citation | None:
        """Where a rule stands, the first place of several; None when it rests on no source."""
        return next(iter(self.citations(rule)), None)

    def citations(self, rule: Rule[object]) -> list[Citation]:
        """Every place on which a rule rests."""
        return [self.place_of(cite) for cite in rule.cite if rule.basis is not Basis.NOT_STATED]

    def place_of(self, cite: str) -> Citation:
        """The title, date and section behind ``<source id> <section>``."""
        source_id, _, section = cite.partition(" ")
        source = self._sources[source_id]
        return Citation(source.title, source.date, section, source.about)
