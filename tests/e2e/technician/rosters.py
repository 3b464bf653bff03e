"""A roster for one terminal, as its centre signs it and the terminal keeps it."""

import time

from kiosk.configuration import Configuration
from kiosk.records.roster import Roster, Technician
from kiosk.records.technician import Role
from kiosk.records.upload import encode
from kiosk.technician.roster import RosterKeeper
from tests.centre import RunningCentre

DAY_S = 86_400.0


def lay_roster(configuration: Configuration, centre: RunningCentre, *, number: int = 1, good_for_s: float) -> None:
    """Have the terminal take in a roster of one technician.

    :param good_for_s: so long they may come in; below zero their term is over.
    """
    now_ms = int(time.time() * 1000)
    somebody = Technician(staff="T1001", role=Role.FULL, valid_until_ms=now_ms + int(good_for_s * 1000))
    roster = Roster(
        terminal=configuration.terminal.id,
        number=number,
        made_at_ms=now_ms,
        technicians=(somebody,),
        key_id=centre.keys.key_id,
    )
    RosterKeeper.of(configuration).take(encode(roster.signed(centre.keys.signing)))
