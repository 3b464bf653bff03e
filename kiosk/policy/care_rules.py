"""Rules of care and money: care away from the insured place, the card on the telephone, accounts and what is paid."""

from enum import Enum
from typing import Annotated

import msgspec

from kiosk.policy.card_rules import Fen
from kiosk.policy.counter import Paper, Step
from kiosk.policy.rule import Rule, Term, Text
from kiosk.records.filings import OffsiteGroup

Site = Annotated[
    str, msgspec.Meta(pattern=r"\A[a-z0-9.-]+\Z", description="the name of a host without http:// in quotes")
]


class OffsiteDatum(Enum):
    """What a registration holds."""

    REASON = "reason"
    PLACE_OF_CARE = "place_of_care"


class Channel(Enum):
    """How an office is reached from afar."""

    PHONE = "phone"
    FAX = "fax"


class RuledBy(Enum):
    """Whose rules hold."""

    PLACE_OF_CARE = "place_of_care"
    PLACE_OF_INSURANCE = "place_of_insurance"


class Lookup(Enum):
    """What can be looked up of care elsewhere."""

    HOSPITALS = "hospitals"
    REGISTRATIONS = "registrations"
    OFFICES = "offices"
    COSTS = "costs"
    OPEN_REGIONS = "open_regions"


class SettlementFailure(Enum):
    """Why a card does not settle at a hospital or pharmacy."""

    NOT_ACTIVATED = "not_activated"
    WRONG_PERSONAL_DATA = "wrong_personal_data"
    REGISTRATION_NOT_ARRIVED = "registration_not_arrived"
    BENEFITS_BLOCKED = "benefits_blocked"
    DATES_DISAGREE = "dates_disagree"
    """Referral and admission have dates that do not fit."""


class OffsiteRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Rules of care away from the insured place, 异地就医."""

    groups: Rule[tuple[OffsiteGroup, ...]]
    covers: Rule[Text]
    """What is settled there: which places, which care."""
    form: Rule[Text]
    """The form of a registration."""
    place: Rule[Text]
    """Where one registers."""
    data: Rule[tuple[OffsiteDatum, ...]]
    steps: Rule[tuple[Step, ...]]
    emergency_term: Rule[Term]
    """Within which time of the admission an emergency is registered."""
    emergency_channels: Rule[tuple[Channel, ...]]
    catalogue: Rule[RuledBy]
    """Whose lists of drugs, treatments and facilities, and whose prices."""
    benefits: Rule[RuledBy]
    """Whose deductible, share and ceiling."""
    check_card_first: Rule[Text]
    """What to see to before going."""
    pays_at_discharge: Rule[Text]
    """What the person pays at a hospital that settles directly."""
    together: Rule[Text]
    """Whether supplementary insurances are settled along."""
    claim_place: Rule[Text]
    """Where costs paid in full are claimed."""
    claim_papers: Rule[tuple[Paper, ...]]
    claim_papers_without_card: Rule[tuple[Paper, ...]]
    """What stands in for the copy of the card where there is none."""
    lookups: Rule[tuple[Lookup, ...]]
    lookup_site: Rule[Site]
    lookup_condition: Rule[Text]
    lookup_within_province: Rule[Text]
    failures: Rule[tuple[SettlementFailure, ...]]


class Authorisation(Enum):
    """Whose consent it takes to use personal data."""

    PERSONAL = "personal"
    DEPARTMENT = "department"
    CHANNEL = "channel"
    """Of the application through which it is used."""


class EcardRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Rules of the card on the telephone, 电子社会保障卡."""

    channel: Rule[Text]
    """Where it is applied for."""
    same_state: Rule[bool]
    """Whether it is always in the state of the card itself."""
    stops_with_card: Rule[bool]
    """Whether reporting the card lost stops it."""
    card_stops_with_it: Rule[bool]
    """Whether stopping it stops the card."""
    functions: Rule[Text]
    authorisations: Rule[tuple[Authorisation, ...]]


class BankPerk(Enum):
    """What the bank does not charge for."""

    OPENING = "opening"
    ANNUAL = "annual"
    ANNUAL_CHECK = "annual_check"
    CARD_MANAGEMENT = "card_management"
    SMALL_ACCOUNT = "small_account"
    LOSS_REPORT = "loss_report"
    SAME_BANK_CASH = "same_bank_cash"
    """Cash in and out at the same bank."""
    TWO_CROSS_BANK_WITHDRAWALS = "two_cross_bank_withdrawals"
    """The first two of a month at other banks."""


class WithoutCard(Enum):
    """When care without the card is claimed afterwards all the same."""

    EMERGENCY = "emergency"
    FAMILY_PLANNING_SURGERY = "family_planning_surgery"
    EMPLOYER_IN_ARREARS = "employer_in_arrears"
    DURING_MANUAL_CLAIM = "during_manual_claim"
    DURING_REPLACEMENT = "during_replacement"
    NOT_YET_ISSUED = "not_yet_issued"


class MoneyRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Rules of accounts and of what a holder pays. Amounts are of the source's time."""

    accounts_separate: Rule[bool]
    transfer_between: Rule[bool]
    """Whether money can move from one account to the other."""
    credit: Rule[bool]
    """Whether the bank side can be overdrawn."""
    bank_perks: Rule[tuple[BankPerk, ...]]
    cross_bank_cap_fen: Rule[Fen]
    """Up to which amount, in fen, withdrawals at other banks are free."""
    deductible_working_fen: Rule[Fen]
    """Outpatient, a year, in fen."""
    deductible_retired_fen: Rule[Fen]
    below_deductible: Rule[Text]
    visit_fee_by_fund_fen: Rule[Fen]
    """What the fund pays of a visit's fee, in fen."""
    without_card: Rule[Text]
    """Who pays for care without the card."""
    without_card_exceptions: Rule[tuple[WithoutCard, ...]]
    without_reader: Rule[Text]
    """How it goes at a hospital that can't read cards."""
    before_card: Rule[Text]
    """How costs from before the card are claimed."""
    hospitals: Rule[Text]
    """At which hospitals the card may be used."""
