"""Synthetic holders and cards for a centre that has none."""

import hashlib
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
from sqlalchemy.orm import Session

from central.database import Database
from central.keys import CentreKeys
from central.region_rules import load_region_rules
from central.settings import Settings
from central.tables import Card, CentrePin, Filing, Holder, Insurance, MedicalAccount, MedicalYearRow, ReceiptRow
from kiosk.records.card import CardState
from kiosk.records.filings import FilingState, IdentifiedBy, Matter, matter_key
from kiosk.records.masking import mask_account
from kiosk.records.questions import BenefitsBlock
from kiosk.records.settlement import MedicalYear, SettlementReceipt, Shares, disagreements

_HOUR_MS: Final = 60 * 60 * 1000


class SeedRefused(Exception):
    """The seed file is missing or has another shape."""


class SeedInsurance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """See :class:`central.tables.Insurance`."""

    kind: str
    active: bool
    paid_until: str


class SeedPin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A PIN that the centre holds, in clear: seeds are synthetic."""

    pin: str
    initial: bool


class SeedHolder(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A synthetic person with a card. Whoever has several is named once for each, with the same details."""

    about: str
    """The card file that this is the centre's side of."""
    region: str
    social_security_number: str
    name: str
    sex: str
    birth_date: str
    ethnic_group: str | None = None
    birthplace: str | None = None
    person_state: str = "1"
    benefits_blocked: BenefitsBlock | None = None
    identification_code: str
    card_number: str
    norm_version: str
    card_state: CardState = CardState.NORMAL
    reported_hours_ago: int | None = None
    """For a card that is temporarily lost, counted back from the planting; its term runs by the region's rules."""
    replaced_by: str | None = None
    """AAZ501 of the card that was made in its place."""
    bank: str = ""
    bank_account: str = ""
    bank_side_active: bool = False
    pin_repeated: bool | None = None
    medical_account_fen: int | None = None
    medical_account_as_of: str = ""
    insurances: list[SeedInsurance]
    medical_years: list[MedicalYear] = []
    receipts: list[SettlementReceipt] = []
    centre_pin: SeedPin | None = None


class SeedFiling(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A matter that a synthetic person filed at a window."""

    number: str
    region: str
    matter: Matter
    state: FilingState
    filed_hours_ago: int
    valid_until: str | None = None
    place: str = ""
    note: str = ""


class SeedPerson(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A synthetic person without a card, or what somebody with a card has filed."""

    about: str
    social_security_number: str
    name: str
    sex: str
    birth_date: str
    person_state: str = "1"
    filings: list[SeedFiling] = []


class Seed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole file."""

    about: str
    holders: list[SeedHolder]
    people: list[SeedPerson] = []


def load_seed(path: Path) -> Seed:
    """Read a seed file.

    :raises SeedRefused: see there.
    """
    try:
        seed = msgspec.json.decode(path.read_bytes(), type=Seed)
    except (OSError, msgspec.DecodeError) as error:
        raise SeedRefused(f"{path}: {error}") from error
    for one in seed.holders:
        figures = [(str(year.year), year.shares) for year in one.medical_years]
        figures += [(receipt.day, receipt.shares) for receipt in one.receipts]
        for when, shares in figures:
            wrong = ", ".join(sum_.value for sum_ in disagreements(shares))
            if wrong:
                raise SeedRefused(f"{path}: {one.about}, {when}: the figures do not add up: {wrong}")
    return seed


def plant(
    database: Database, keys: CentreKeys, settings: Settings, seed: Seed, clock: Callable[[], float] = time.time
) -> int:
    """Put the seed's people into the centre and tell how many were new; who is there already stays as he is.

    :raises central.region_rules.RegionRulesRefused: the operator's rules can't be read.
    """
    planted = 0
    rules = load_region_rules(settings.region_rules)
    now_ms = int(clock() * 1000)
    with database.writing() as session:
        for one in seed.holders:
            number = one.social_security_number
            if session.get(Card, one.identification_code) is not None:
                continue
            planted += 1
            if session.get(Holder, number) is None:
                session.add(
                    Holder(
                        social_security_number=number,
                        name=one.name,
                        sex=one.sex,
                        birth_date=one.birth_date,
                        ethnic_group=one.ethnic_group,
                        birthplace=one.birthplace,
                        person_state=one.person_state,
                        benefits_blocked=one.benefits_blocked.value if one.benefits_blocked is not None else None,
                    )
                )
                session.flush()
                if one.medical_account_fen is not None:
                    session.add(
                        MedicalAccount(
                            social_security_number=number,
                            balance_fen=one.medical_account_fen,
                            as_of=one.medical_account_as_of,
                        )
                    )
                for kind in one.insurances:
                    session.add(
                        Insurance(
                            social_security_number=number,
                            kind=kind.kind,
                            active=kind.active,
                            paid_until=kind.paid_until,
                        )
                    )
                _plant_settlements(session, one)
            reported_at = None if one.reported_hours_ago is None else now_ms - one.reported_hours_ago * _HOUR_MS
            session.add(
                Card(
                    identification_code=one.identification_code,
                    card_number=one.card_number,
                    social_security_number=number,
                    region=one.region,
                    norm_version=one.norm_version,
                    state=one.card_state.value,
                    bank=one.bank,
                    bank_account=mask_account(one.bank_account) if one.bank_account else "",
                    bank_side_active=one.bank_side_active,
                    state_changed_at=reported_at,
                    state_before_loss=None if reported_at is None else CardState.NORMAL.value,
                    loss_lapses_at=None if reported_at is None else rules.of(one.region).lapses_at(reported_at),
                    replaced_by=one.replaced_by,
                    pin_repeated=one.pin_repeated,
                )
            )
            session.flush()
            if one.centre_pin is not None:
                salt = secrets.token_bytes(16)
                session.add(
                    CentrePin(
                        identification_code=one.identification_code,
                        salt=salt,
                        hash=keys.storage.pin_hash(one.centre_pin.pin, salt),
                        initial=one.centre_pin.initial,
                        tries_left=settings.pin_tries,
                    )
                )
        for person in seed.people:
            planted += _plant_person(session, person, now_ms)
    return planted


def _plant_person(session: Session, person: SeedPerson, now_ms: int) -> int:
    number = person.social_security_number
    is_new = session.get(Holder, number) is None
    if is_new:
        session.add(
            Holder(
                social_security_number=number,
                name=person.name,
                sex=person.sex,
                birth_date=person.birth_date,
                person_state=person.person_state,
            )
        )
        session.flush()
    for one in person.filings:
        transaction_id = hashlib.sha256(f"{number} {one.number}".encode()).hexdigest()[:32]
        if session.get(Filing, transaction_id) is not None:
            continue
        filed_at = now_ms - one.filed_hours_ago * _HOUR_MS
        session.add(
            Filing(
                transaction_id=transaction_id,
                number=one.number,
                terminal="",
                region=one.region,
                social_security_number=number,
                identified_by=IdentifiedBy.ID_CARD.value,
                matter_key=matter_key(one.matter),
                matter=msgspec.json.encode(one.matter).decode(),
                state=one.state.value,
                filed_at=filed_at,
                changed_at=filed_at,
                valid_until=one.valid_until,
                place=one.place,
                note=one.note,
            )
        )
    return int(is_new)


def _plant_settlements(session: Session, one: SeedHolder) -> None:
    number = one.social_security_number
    for year in one.medical_years:
        session.add(
            MedicalYearRow(
                social_security_number=number,
                year=year.year,
                standing=year.standing.value,
                deductible_used_fen=year.deductible_used_fen,
                mutual_aid_fen=year.mutual_aid_fen,
                **_columns_of(year.shares),
            )
        )
    for receipt in one.receipts:
        session.add(
            ReceiptRow(
                social_security_number=number,
                day=receipt.day,
                place=receipt.place,
                mutual_aid_fen=receipt.mutual_aid_fen,
                **_columns_of(receipt.shares),
            )
        )


def _columns_of(shares: Shares) -> dict[str, int]:
    return msgspec.structs.asdict(shares)
