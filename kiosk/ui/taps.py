"""Which touches count."""

from typing import Final

PAUSE: Final = 0.4
"""Seconds after an accepted tap in which another is a trembling hand, not a wish (docs/ux-rules.md rule 2)."""


BOUNCE: Final = 0.12
"""Seconds in which the same typing key pressed again is a bounce. Eighteen digits in a row can't wait 0.4 s each."""


class TapGate:
    """Lets a tap through unless it follows another too closely, on whichever button and screen."""

    def __init__(self) -> None:
        self._last: float | None = None
        self._last_key: tuple[int, float] | None = None
        """Which key, by ``id``: the key itself would keep its screen, and what was typed on it."""

    def opens(self, began: float) -> bool:
        """Whether a touch that began at this time (seconds) may act. A clock set back does not lock the screen."""
        return self._last is None or not 0 <= began - self._last < PAUSE

    def passed(self, ended: float) -> None:
        """A tap was accepted at this time."""
        self._last = ended

    def opens_key(self, key: object, began: float) -> bool:
        """Whether a touch on a typing key may act: another key at once, the same one when it can't be a bounce."""
        last, ended = self._last_key or (None, 0.0)
        return self.opens(began) and not (last == id(key) and 0 <= began - ended < BOUNCE)

    def key_passed(self, key: object, ended: float) -> None:
        """A typing key was accepted at this time."""
        self._last_key = id(key), ended
