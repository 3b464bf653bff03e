"""Who may work at a terminal as its technician: the centre's list for one terminal, signed and numbered.

It names staff by their numbers and nobody by name. Since it carries its own signature, a stick brings it as well as the
line does; since the secrets in it are sealed to the terminal's key, it may lie on either.
"""

from typing import Annotated, Final

import msgspec

from kiosk.records.centre_signed import CentreSigned
from kiosk.records.china_time import Moment
from kiosk.records.technician import Role, StaffNumber

SCHEMA_VERSION: Final = 1
MOST_TECHNICIANS: Final = 1000
"""Revoked ones among them; a roster of so many has about 300 KiB."""
CARD_KEY_SIZE: Final = 65
"""A point of P-256, uncompressed (SEC 1, 2.3.3)."""


class Technician(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One member of staff."""

    staff: StaffNumber
    role: Role
    valid_until_ms: Moment
    """From this moment on nobody is admitted by it."""
    card_key: bytes = b""
    """The public key of their card, :data:`CARD_KEY_SIZE` bytes; empty where they have none."""
    sealed_secret: bytes = b""
    """Of their one-time codes, sealed to this terminal for :func:`secret_purpose`; empty once revoked."""
    revoked: bool = False
    """Kept on the list so that a terminal's log can tell it from nobody's."""

    def __repr__(self) -> str:
        return f"<Technician {self.staff}>"


class Roster(CentreSigned, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The list of one terminal."""

    purpose = b"ssct-roster-1"
    schema: int = SCHEMA_VERSION
    terminal: str
    number: Annotated[int, msgspec.Meta(ge=0)]
    """Grows with every change at the centre; a terminal takes none that is older than its own."""
    made_at_ms: Moment
    technicians: Annotated[tuple[Technician, ...], msgspec.Meta(max_length=MOST_TECHNICIANS)]
    key_id: str
    signature: bytes = b""


class AskRoster(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """POST /v1/roster. Who may work at whoever signs this? Changes nothing."""

    known: int = 0
    """The number of the roster that the terminal has; 0: none."""


class RosterTold(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The centre's list, where the terminal has another one."""

    roster: Roster | None = None


def secret_purpose(terminal: str, staff: str) -> bytes:
    """What a secret of one-time codes is sealed for: it opens at no other terminal, and for nobody else."""
    return b"ssct-technician-code-1" + terminal.encode() + b"\0" + staff.encode()
