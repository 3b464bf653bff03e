"""Which touches count."""

from typing import Final

PAUSE: Final = 0.4
"""Seconds after an accepted tap in which another is a trembling hand, not a wish (docs/ux-rules.md rule 2)."""


class TapGate:
    """Lets a tap through unless it follows another too closely, on whichever button and screen."""

    def __init__(self) -> None:
        self._last: float | None = None

    def opens(self, began: float) -> bool:
        """Whether a touch that began at this time (seconds) may act. A clock set back does not lock the screen."""
        return self._last is None or not 0 <= began - self._last < PAUSE

    def passed(self, ended: float) -> None:
        """A tap was accepted at this time."""
        self._last = ended
