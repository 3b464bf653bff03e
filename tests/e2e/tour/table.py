"""The reviewed table of expected outcomes, strictly read."""

from pathlib import Path
from typing import Final

import msgspec

TABLE: Final = Path(__file__).parent.parent / "expected_outcomes.toml"


class Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What one journey must come to. See the head of the table."""

    name: str
    region: str
    about: str
    final: list[str]
    entries: list[str]
    verdicts: list[str]
    outcome: str
    reason: str
    effects: int
    chip_pin: str | None = None
    chip_tries: int | None = None


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole table."""

    words: dict[str, dict[str, str]]
    journeys: list[Expected]


def load_table() -> Table:
    """Read the table.

    :raises msgspec.ValidationError: it is not in the form that its head describes.
    """
    return msgspec.toml.decode(TABLE.read_bytes(), type=Table)
