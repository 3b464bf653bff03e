"""Citizens who look their card up on the whole stack, and an eye that is quick enough to time what they see."""

import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import mss
import numpy as np
from numpy.typing import NDArray

from simulators.card.application import CardApplication
from simulators.screen import Box
from simulators.stand.stand import Stand
from tests.e2e.tour.citizen import Citizen
from tests.e2e.tour.table import load_table

CARD: Final = "zhumadian-normal"
PIN: Final = "246810"
_LOOK_S: Final = 0.004
_PATIENCE_S: Final = 20.0
_HAND_S: Final = 0.5
"""A finger's way to the next button; the screen takes a quicker second tap for trembling (kiosk/ui/taps.py)."""

Pixels = NDArray[np.uint8]


class NeverSeen(Exception):
    """The screen did not come to show what was waited for."""


class Eye:
    """Looks at a small part of a display every few milliseconds."""

    def __init__(self, display: str) -> None:
        self._eye = mss.MSS(display=display)

    def close(self) -> None:
        self._eye.close()

    def look(self, box: Box) -> Pixels:
        shot = self._eye.grab({"left": box.x, "top": box.y, "width": box.width, "height": box.height})
        return np.frombuffer(shot.raw, np.uint8).reshape(shot.height, shot.width, 4)[..., :3]

    def when_shown(self, box: Box, wanted: Pixels) -> float:
        """The moment (``time.perf_counter``) at which this part of the screen shows exactly these pixels."""
        deadline = time.perf_counter() + _PATIENCE_S
        while not np.array_equal(self.look(box), wanted):
            if time.perf_counter() > deadline:
                raise NeverSeen(str(box))
            time.sleep(_LOOK_S)
        return time.perf_counter()

    def when_not_black(self, box: Box) -> float:
        """The moment at which anything is drawn there."""
        deadline = time.perf_counter() + _PATIENCE_S
        while not self.look(box).any():
            if time.perf_counter() > deadline:
                raise NeverSeen(str(box))
            time.sleep(_LOOK_S)
        return time.perf_counter()

    def wait_until_black(self, box: Box) -> None:
        """Wait until the last window has gone."""
        self.when_shown(box, np.zeros((box.height, box.width, 3), np.uint8))


@dataclass
class NotedChip:
    """A chip that notes when it first got power and what was asked of it."""

    chip: CardApplication
    powered_at: float | None = None
    commands: list[bytes] = field(default_factory=list)

    @property
    def atr(self) -> bytes:
        return self.chip.atr

    def reset(self) -> None:
        if self.powered_at is None:
            self.powered_at = time.perf_counter()
        self.chip.reset()

    def power_off(self) -> None:
        self.chip.power_off()

    def transmit(self, apdu: bytes) -> bytes:
        self.commands.append(apdu)
        return self.chip.transmit(apdu)


@dataclass(frozen=True)
class Visit:
    """What one citizen waited for, in seconds; their own time at keys and slot is not in it."""

    noticed: float
    """Card in → the reader gives the chip power."""
    prompt: float
    """Card in → the screen asks for the PIN."""
    card_back: float
    """Green key → the screen asks to take the card."""
    record: float
    """Card out → the record on the screen."""

    @property
    def whole(self) -> float:
        return self.prompt + self.card_back + self.record


class Citizens:
    """One after the other, each the whole way from the attract screen and back."""

    def __init__(self, stand: Stand) -> None:
        self._stand = stand
        self._eye = Eye(stand.surroundings.display)
        self._words = load_table().words
        self._known: dict[str, tuple[Box, Pixels]] = {}

    def close(self) -> None:
        self._eye.close()

    def serve(self) -> Visit:
        """Serve one; the first also learns where the words stand, and is not quick."""
        stand = self._stand
        for name in ("start", "query"):
            box, _ = self._seen(name)
            time.sleep(_HAND_S)
            stand.screen.touch(*box.centre)
        self._seen("insert_card")
        chip = NotedChip(stand.cards[CARD].chip())
        inserted = time.perf_counter()
        stand.slot.contacts.insert(chip)
        _, prompted = self._seen("enter_pin")
        if not stand.pad.wait_until_entering(_PATIENCE_S):
            raise NeverSeen("the PIN pad takes no keys")
        stand.pad.press(PIN)
        entered = time.perf_counter()
        stand.pad.press_enter()
        _, asked_to_take = self._seen("take_card")
        pulled = time.perf_counter()
        stand.slot.contacts.pull()
        _, shown = self._seen("record")
        self._departs()
        return Visit(
            noticed=(chip.powered_at or inserted) - inserted,
            prompt=prompted - inserted,
            card_back=asked_to_take - entered,
            record=shown - pulled,
        )

    def _seen(self, name: str) -> tuple[Box, float]:
        if name in self._known:
            box, pixels = self._known[name]
            return box, self._eye.when_shown(box, pixels)
        _, box = self._stand.screen.wait_for(self._words["zh"][name], timeout_s=_PATIENCE_S)
        self._known[name] = box, self._eye.look(box).copy()
        return box, time.perf_counter()

    def _departs(self) -> None:
        with tempfile.TemporaryDirectory() as shots:
            Citizen(self._stand, self._words, Path(shots), "benchmark", []).departs()
