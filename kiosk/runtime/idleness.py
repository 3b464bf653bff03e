"""When an unattended session ends (docs/ux-rules.md rule 8)."""

from dataclasses import dataclass
from typing import Final

PERSONAL_S: Final = 60.0
ORDINARY_S: Final = 120.0
LARGE_S: Final = 180.0
WARNING_S: Final = 30.0


@dataclass(slots=True)
class Idleness:
    """Counts the seconds in which the citizen could have acted and did not."""

    since: float = 0.0
    """Monotonic time of the last sign of life."""

    def restart(self, now: float) -> None:
        """A touch, a key, or a new question."""
        self.since = now

    def warning_left(self, now: float, *, personal: bool, large: bool) -> int | None:
        """Seconds left of the warning, 0 when it has run out; None while no warning is due."""
        limit = LARGE_S if large else PERSONAL_S if personal else ORDINARY_S
        over = now - self.since - limit
        if over < 0:
            return None
        return max(0, int(WARNING_S - over + 0.999))
