"""Who may do what at a terminal as its technician, and what they did, as ledger entries. Names no citizen."""

from enum import Enum
from typing import Annotated, Final

import msgspec

SERVICE: Final = "technician"
"""What an entry's header has for a service: so readers tell a technician's act from a citizen's."""

StaffNumber = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z_.-]{1,12}\Z")]
"""A staff number, never a name: Latin letters and digits, too short for anybody's ID number."""


class Role(Enum):
    """What somebody may do; each may do all that those before may."""

    SUPPLIES = "supplies"
    """Look at everything, fill paper, ribbon and blanks, open and close the terminal."""
    CONFIGURE = "configure"
    """Also change settings and take in signed files."""
    FULL = "full"
    """Also stop, restart and shut down, and let others close out the stock."""

    def covers(self, wanted: "Role") -> bool:
        """Whether this role may do what ``wanted`` may."""
        ranks = tuple(Role)
        return ranks.index(self) >= ranks.index(wanted)
