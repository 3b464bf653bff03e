"""The table of faults, strictly read."""

from pathlib import Path
from typing import Final, Literal

import msgspec

from kiosk.technician.causes import Cause

TABLE: Final = Path(__file__).with_name("faults.toml")
EVERYTHING: Final = "*"


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What one fault must be found as. See the head of the table."""

    name: str
    row: str
    check: str
    cause: Cause
    grade: Literal["fault", "warning"] = "fault"
    hides: list[str] = []
    hands: list[str] = []
    says: str = ""
    alone: bool = False
    stand: str = ""

    def hides_check(self, check: str) -> bool:
        """Whether that check can't be tried while this fault lasts."""
        return check in self.hides or (EVERYTHING in self.hides and check != self.check)

    def goes_with(self, other: "Fault") -> bool:
        """Whether both can be planted at once and told apart."""
        apart = self.check != other.check and not set(self.hands) & set(other.hands)
        return apart and not (self.alone or other.alone)


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole table."""

    well_without: list[str]
    fault: list[Fault]


def load_table() -> Table:
    """Read the table.

    :raises msgspec.ValidationError: it is not in the form that its head describes.
    """
    return msgspec.toml.decode(TABLE.read_bytes(), type=Table)
