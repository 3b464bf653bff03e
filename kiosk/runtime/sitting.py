"""One try before the camera, in the camera's lane: open, guide, take, finish, shut."""

import logging
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from drivers.ports.camera import Camera
from drivers.ports.errors import DeviceError, NotConnected, TimedOut
from kiosk.journeys.requests import NoSitting, NotTaken
from kiosk.portrait.errors import ModelsMissing, PortraitError
from kiosk.portrait.guidance import Guidance, Instruction
from kiosk.records.portrait import TakenPortrait
from kiosk.runtime.likeness import LikenessCheck
from kiosk.runtime.viewfinder import Viewfinder

if TYPE_CHECKING:  # nobody loads numpy and the models before the first picture
    import numpy as np
    from numpy.typing import NDArray

    from kiosk.portrait.darkroom import Darkroom

_log = logging.getLogger(__name__)

TRY_S: Final = 60.0
"""How long somebody is guided before the journey asks whether to go on: twenty instructions of three seconds."""
PATIENCE_S: Final = 3.0
"""How long a camera may fail before the try is given up: a hand before the lens, a cable put in again."""
MOST_UNFINISHED: Final = 3
"""Frames that may fail to become a portrait: nobody holds still for ever before a wall that stays grey."""
_OPEN_S: Final = 5.0
_FRAME_S: Final = 0.5
_FAILING_PAUSE_S: Final = 0.05
_WIDE, _HIGH = 5, 6
"""The part of the frame that is looked at and shown, upright, in the middle and of all its height: a whole portrait's
frame and a hand's width beside it, and whoever stands at the side is left alone."""


@dataclass(frozen=True, slots=True)
class Studio:
    """What portraits are taken with, beside the camera."""

    darkroom: "Callable[[], Darkroom]"
    """Loads the models; called in the camera's lane, at the first sitting."""
    viewfinder: Viewfinder
    centre: X25519PublicKey
    """Whom a portrait is sealed to."""
    likeness: LikenessCheck | None = None
    """Compares a portrait with an identity card's photo; None where that is switched off."""


@dataclass(slots=True, eq=False)
class _Still:
    pixels: "NDArray[np.uint8]" = field(repr=False)

    def wipe(self) -> None:
        self.pixels.fill(0)


class Sitting:
    """One try. :meth:`take` runs in the camera's lane, :meth:`stop` is for any other thread."""

    def __init__(
        self,
        camera: Camera,
        studio: Studio,
        tell: Callable[[Instruction, float], None],
        clock: Callable[[], float],
    ) -> None:
        """
        :param tell: what is to be done now, and how long all has been well, 0–1; from the lane's thread.
        :param clock: seconds that never go back.
        """
        self._camera, self._studio, self._tell, self._clock = camera, studio, tell, clock
        self._stopped = threading.Event()
        self._asked: Counter[Instruction] = Counter()
        self.failing = False
        """The camera shows nothing at the moment."""

    def stop(self) -> None:
        """Have it end soon, even before it has begun."""
        self._stopped.set()

    def take(self) -> TakenPortrait | NotTaken | NoSitting:
        """Guide until a portrait is finished, the try is over, or somebody stops it. Nothing stays in the camera.

        :raises DeviceError: the camera can't be opened, or failed for longer than :data:`PATIENCE_S`.
        """
        try:
            darkroom = self._studio.darkroom()  # first: nobody is looked at while it loads
        except ModelsMissing as error:
            _log.error("no portraits: %s", error)
            return NoSitting.NOT_READY
        if self._stopped.is_set():
            return NoSitting.LEFT
        try:
            self._camera.open(_OPEN_S)
        except TimedOut as error:  # to whoever waits it is all one: there is no picture
            raise NotConnected(error.device, "no picture came") from error
        try:
            return self._guide(darkroom)
        finally:
            self._camera.close()
            self._studio.viewfinder.clear()
            darkroom.forget()

    def _guide(self, darkroom: "Darkroom") -> TakenPortrait | NotTaken | NoSitting:
        guidance: Guidance[_Still] = Guidance()
        ends, failing_since, seen_at = self._clock() + TRY_S, 0.0, self._clock()
        kept: _Still | None = None
        unfinished = 0
        try:
            while not self._stopped.is_set():
                now = self._clock()
                if now >= ends:
                    return NotTaken(self._amiss())
                try:
                    frame = self._camera.frame(_FRAME_S)
                except TimedOut:
                    continue
                except DeviceError:
                    self._studio.viewfinder.clear()
                    failing_since = failing_since if self.failing else now
                    self.failing = True
                    if now - failing_since > PATIENCE_S:
                        raise
                    self._stopped.wait(_FAILING_PAUSE_S)
                    continue
                self.failing = False
                still = _Still(_seat(frame.pixels))
                frame.wipe()
                self._studio.viewfinder.put(still.pixels)
                advice = guidance.look(still, darkroom.measure(still.pixels), frame.taken_at)
                for one in (kept, still):
                    if one is not None and one is not guidance.kept and one is not advice.taken:
                        one.wipe()
                kept = guidance.kept
                self._asked[advice.instruction] += round(1000 * (now - seen_at))
                seen_at = now
                self._tell(advice.instruction, advice.held)
                if advice.taken is not None:
                    finished = self._finished(darkroom, advice.taken)
                    if finished is not None:
                        return finished
                    unfinished += 1
                    if unfinished == MOST_UNFINISHED:
                        return NotTaken(())
            return NoSitting.LEFT
        finally:
            if kept is not None:
                kept.wipe()

    def _finished(self, darkroom: "Darkroom", still: _Still) -> TakenPortrait | None:
        try:
            return TakenPortrait(darkroom.finish(still.pixels))
        except PortraitError as error:
            _log.info("a frame did not become a portrait: %s", error)
            return None
        finally:
            still.wipe()

    def _amiss(self) -> tuple[Instruction, ...]:
        wanted = [one for one, _ in self._asked.most_common() if one is not Instruction.HOLD_STILL]
        return tuple(wanted[:2]) or (Instruction.HOLD_STILL,)


def _seat(pixels: "NDArray[np.uint8]") -> "NDArray[np.uint8]":
    """A copy of the part that is looked at."""
    height, width = pixels.shape[:2]
    across = min(width, height * _WIDE // _HIGH)
    left = (width - across) // 2
    return pixels[:, left : left + across].copy()
