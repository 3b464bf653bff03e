"""What each region lets the centre do with a temporary loss report: the operator's file, one table a region."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec

from kiosk.records.filings import MATTER_KEYS

DAY_MS: Final = 24 * 60 * 60 * 1000
"""A day of a term: 24 hours from the centre's receipt, the operator's reading where a source leaves the kind open."""
_KEY: Final = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_MOST_DAYS: Final = 3660


class RegionRulesRefused(Exception):
    """The file is missing, malformed, or says something that can't be meant."""


class RegionRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The rules of one region. What is left out is not open, and has no term."""

    temporary_loss_days: Annotated[int, msgspec.Meta(ge=1, le=_MOST_DAYS)] | None = None
    """After so many days a temporary report lifts by itself; None: it stands until somebody takes it back."""
    lifting: bool = False
    """Whether a terminal may take a report back when the card itself is there."""
    lifting_until_replacement: bool = False
    """Whether that ends as soon as a replacement is made, before anybody activates it."""
    filings: tuple[str, ...] = ()
    """Matters that a terminal may file (:data:`kiosk.records.filings.MATTER_KEYS`)."""
    temporary_card_months: Annotated[int, msgspec.Meta(ge=1, le=120)] | None = None
    """How long a temporary card holds."""
    offsite_emergency_working_days: Annotated[int, msgspec.Meta(ge=1, le=60)] | None = None
    """Within so many working days after the admission an emergency elsewhere is registered; None: at any time."""

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
        if rule.lifting_until_replacement and not rule.lifting:
            raise RegionRulesRefused(f"{path}: {key}: lifting_until_replacement says nothing without lifting")
        for word in rule.filings:
            if word not in MATTER_KEYS:
                allowed = ", ".join(sorted(MATTER_KEYS))
                raise RegionRulesRefused(f"{path}: {key}: filings: {word!r} is no matter; allowed: {allowed}")
    return RegionRules(rules)
