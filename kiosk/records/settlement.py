"""What a visit to a hospital came to, and who pays which part: the receipt's own arithmetic, for terminal and centre.

Money is whole fen (1/100 yuan). The sums are those of Beijing's notice on outpatient care
(社会保障卡门诊就医须知, 第5问).
"""

from enum import Enum
from typing import Annotated, Final

import msgspec

RECEIPTS_TOLD: Final = 4
"""The newest receipts that the centre tells of: an answer stays small, and a screen has room for them."""
YEARS_TOLD: Final = 2
"""This calendar year and the one before."""

Fen = Annotated[int, msgspec.Meta(ge=0, lt=1 << 47)]
"""Nothing on a receipt is below zero; the bound is far above any bill and inside every integer of a database."""
Day = Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")]
"""YYYY-MM-DD."""
Place = Annotated[str, msgspec.Meta(min_length=1, max_length=30)]
Year = Annotated[int, msgspec.Meta(ge=1900, le=9999)]


class Shares(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who pays what, of one visit or of a whole calendar year."""

    total_fen: Fen
    """All that was charged."""
    in_range_fen: Fen
    """What of it medical insurance takes into account."""
    fund_fen: Fen
    """What the fund pays."""
    person_fen: Fen
    """What the person bears."""
    own_share_fen: Fen
    """What of that lies in range."""
    out_of_range_fen: Fen
    """What of that lies out of range."""
    cash_fen: Fen
    """What of the person's part was paid in cash."""

    def __repr__(self) -> str:
        return "<Shares>"


class SettlementReceipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a hospital printed after one visit."""

    day: Day
    place: Place
    shares: Shares
    mutual_aid_fen: Fen
    """What the large-sum mutual aid has paid from 1 January until this visit."""

    def __repr__(self) -> str:
        return "<SettlementReceipt>"


class Standing(Enum):
    """Which deductible counts."""

    WORKING = "working"
    RETIRED = "retired"


class MedicalYear(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a calendar year has come to so far."""

    year: Year
    standing: Standing
    shares: Shares
    deductible_used_fen: Fen
    """What has been counted against the deductible."""
    mutual_aid_fen: Fen
    """What the large-sum mutual aid has paid from 1 January on."""

    def __repr__(self) -> str:
        return "<MedicalYear>"


class Sum(Enum):
    """A sum that must come out."""

    TOTAL = "total"
    """Paid by the fund and borne by the person make the total."""
    PERSON = "person"
    """Out of range and own share in range make what the person bears."""
    IN_RANGE = "in_range"
    """Paid by the fund and own share make what is in range: all in range is either."""
    CASH = "cash"
    """No more can be paid in cash than is borne."""


def disagreements(shares: Shares) -> tuple[Sum, ...]:
    """The sums that do not come out; none where the figures are right."""
    holds = {
        Sum.TOTAL: shares.total_fen == shares.fund_fen + shares.person_fen,
        Sum.PERSON: shares.person_fen == shares.out_of_range_fen + shares.own_share_fen,
        Sum.IN_RANGE: shares.in_range_fen == shares.fund_fen + shares.own_share_fen,
        Sum.CASH: shares.cash_fen <= shares.person_fen,
    }
    return tuple(sum_ for sum_, right in holds.items() if not right)


def remaining_deductible(deductible_fen: int, used_fen: int) -> int | None:
    """Fen that the person still pays in full before the fund pays; None where more was used than there is."""
    left = deductible_fen - used_fen
    return left if left >= 0 else None
