"""Who may do what at a terminal as its technician, and what they did, as ledger entries. Names no citizen."""

from enum import Enum
from typing import Annotated, Final

import msgspec

SERVICE: Final = "technician"
"""What an entry's header has for a service: so readers tell a technician's act from a citizen's."""

SCHEMA_VERSION: Final = 1
ADMISSION: Final = "admission"
"""The act of coming in, by card or by code."""
WITNESS: Final = "witness"
"""A second person has shown by a code that they stand beside the first."""
LOCK_OUT: Final = "lock_out"
"""Too many have failed to come in: nobody does for a while."""

_Word = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_:.-]{1,40}\Z")]
_WordOrNone = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_:.-]{0,40}\Z")]
StaffNumber = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z.-]{1,12}\Z")]
"""A staff number, never a name: Latin letters and digits, too short for anybody's ID number."""


class Role(Enum):
    """What somebody may do; each may do all that those before may."""

    SUPPLIES = "supplies"
    """Look at everything, fill paper, ribbon and blanks, close out as one of two, open and close the terminal."""
    CONFIGURE = "configure"
    """Also change settings and take in signed files."""
    FULL = "full"
    """Also restart the application and shut the machine down."""

    def covers(self, wanted: "Role") -> bool:
        """Whether this role may do what ``wanted`` may."""
        ranks = tuple(Role)
        return ranks.index(self) >= ranks.index(wanted)


class ActOutcome(Enum):
    """What came of an act."""

    DONE = "done"
    REFUSED = "refused"
    """It was not allowed, or could not be; nothing was done."""
    FAILED = "failed"


class TechnicianAct(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, repr_omit_defaults=True):
    """One act of a technician: the plaintext of a ledger entry, beside ``Transaction`` and ``Movement``.

    Only machine words and a staff number fit into it, so that no citizen's data can.
    """

    schema: int = SCHEMA_VERSION
    region: str = ""
    """Pack key, as in other entries."""
    act: _Word
    """What was done: ``admission``, ``lock_out``, or the word of an act on the technician's pages."""
    page: _WordOrNone = ""
    """On which page; empty where none stood."""
    outcome: ActOutcome
    why: _WordOrNone = ""
    """Of a refusal or a failure; of an admission by what it was, ``card`` or ``code``."""
    staff: Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z.-]{0,12}\Z")] = ""
    """Who, by staff number; empty where nobody was known."""
    role: Role | None = None
    """As what; None where nobody was known."""
