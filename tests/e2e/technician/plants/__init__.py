"""How each fault gets into a terminal that was well, and out of it again."""

from collections.abc import Mapping
from typing import Final

from tests.e2e.technician.plants.devices import DEVICES
from tests.e2e.technician.plants.doors import DOORS
from tests.e2e.technician.plants.installed import INSTALLED
from tests.e2e.technician.plants.on_record import ON_RECORD
from tests.e2e.technician.plants.plant import Plant
from tests.e2e.technician.plants.printers import PRINTERS
from tests.e2e.technician.plants.way import WAY

PLANTS: Final[Mapping[str, Plant]] = {**INSTALLED, **ON_RECORD, **WAY, **DEVICES, **PRINTERS, **DOORS}
"""By the fault's name in the table; the fault lasts as long as the block."""
