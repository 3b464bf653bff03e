"""``POST /v1/telemetry``: a terminal tells how it is. The newest word is kept, and what it had left for forecasts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec
from sqlalchemy import delete

from central.database import Database
from central.exchange import Asker
from central.telemetry_tables import SupplyReading, TerminalWord
from kiosk.records.health import Supplies
from kiosk.records.telemetry import Telemetry, TelemetryTaken

HOUR_MS: Final = 3_600_000
KEPT_MS: Final = 90 * 24 * HOUR_MS
"""So long readings are kept: some rolls of paper, and a forecast needs no more."""


@dataclass(frozen=True, slots=True)
class TelemetryDesk:
    """Takes in what terminals tell of themselves."""

    database: Database
    clock: Callable[[], float]

    def take(self, asker: Asker, told: Telemetry) -> TelemetryTaken:
        """Keep the word in place of the one before it, and the reading in place of this hour's."""
        now_ms = int(self.clock() * 1000)
        with self.database.writing() as session:
            session.merge(
                TerminalWord(terminal=asker.terminal, received_at=now_ms, told=msgspec.json.encode(told).decode())
            )
            session.merge(_reading(asker.terminal, told.supplies, now_ms))
            session.execute(
                delete(SupplyReading).where(
                    SupplyReading.terminal == asker.terminal, SupplyReading.read_at < now_ms - KEPT_MS
                )
            )
        return TelemetryTaken(at_ms=now_ms)


def _reading(terminal: str, supplies: Supplies, now_ms: int) -> SupplyReading:
    return SupplyReading(
        terminal=terminal,
        hour=now_ms // HOUR_MS,
        read_at=now_ms,
        paper=supplies.paper,
        faces_left=supplies.faces_left,
        hopper=supplies.hopper,
        reject_bin_room=_room(supplies.reject_bin, supplies.reject_bin_size),
        retained_bin_room=_room(supplies.retained_bin, supplies.retained_bin_size),
    )


def _room(held: int | None, size: int | None) -> int | None:
    return None if held is None or size is None else max(0, size - held)
