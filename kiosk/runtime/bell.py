"""What is rung on the loudspeaker, how loud, and when: nothing else of the terminal waits for it or depends on it."""

import contextlib
import logging
import os
from pathlib import Path
from typing import Final

from drivers.ports.sounder import Sounder
from kiosk.journeys.views import Fault, PinEntry, Scene, StillThere, TakeCard, TakeIdCard, TakeNewCard, View
from kiosk.runtime.device_states import DeviceStates
from kiosk.runtime.lanes import LaneAnswer, Lanes
from kiosk.runtime.tones import LOUDEST, SOFTEST, Signal, sound_of

_log = logging.getLogger(__name__)

CALLS_S: Final = (0.0, 5.0, 10.0)
"""After so long in front of its owner a card is called for (docs/ux-rules.md, rule 9)."""
LOUD_CALLS_S: Final = (30.0, 60.0, 90.0)
"""And louder from here on. After the last one it is the screen alone that calls: whoever has gone hears none."""
RETRY_S: Final = 60.0
"""So long a loudspeaker that failed is let alone: nobody is helped by an error at every key."""


class VolumeNote:
    """How loud this terminal is, kept over restarts in a file that a technician's page writes."""

    def __init__(self, path: Path, usual: int) -> None:
        """:param usual: the level while nobody has set one."""
        self._path, self._usual = path, usual

    @property
    def level(self) -> int:
        """The level; a file that can't be read, or holds none, is as none."""
        with contextlib.suppress(OSError, ValueError):
            told = int(self._path.read_text("ascii"))
            if SOFTEST <= told <= LOUDEST:
                return told
        return self._usual

    def set(self, level: int) -> int:
        """Keep a level, the nearest that there is; it holds from the next signal on. Raises what the disk raises."""
        kept = min(max(level, SOFTEST), LOUDEST)
        fresh = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        fresh.write_text(f"{kept}\n", "ascii")
        fresh.replace(self._path)
        return kept


class Bell:
    """A loudspeaker with its volume. Blocks; one thread uses it."""

    def __init__(self, sounder: Sounder, volume: VolumeNote, *, keys: bool = True) -> None:
        """:param keys: the PIN pad's keys are heard; not where the pad has a tone of its own."""
        self.sounder, self.volume, self._keys = sounder, volume, keys

    def ring(self, signal: Signal) -> None:
        """Have a signal heard, to its end. At level 0 nothing is asked of the loudspeaker.

        Raises what :meth:`drivers.ports.sounder.Sounder.play` raises.
        """
        level = self.volume.level
        if level > SOFTEST and (self._keys or signal is not Signal.KEY):
            self.sounder.play(sound_of(signal, level))


class Chimes:
    """Which signal goes with what the screen shows; remembers what stood there before."""

    def __init__(self) -> None:
        self._called: type[View] | None = None
        """What is called for."""
        self._since = 0.0
        self._calls = 0
        """How many of the calls are behind us."""
        self._typed = 0
        self._warned = False
        self._failed = False

    def due(self, view: View, overlay: StillThere | None, now: float) -> Signal | None:
        """The signal that is to be heard now, if any. Asked once for each scene and each moment."""
        call, key, word = self._call(view, now), self._key(view), self._attention(view, overlay)
        return call or key or word

    def _call(self, view: View, now: float) -> Signal | None:
        if not isinstance(view, TakeCard | TakeNewCard | TakeIdCard):
            self._called = None
            return None
        if type(view) is not self._called:
            self._called, self._since, self._calls = type(view), now, 0
        times = (*CALLS_S, *LOUD_CALLS_S)
        passed = sum(now - self._since >= at for at in times)
        if passed <= self._calls:
            return None
        self._calls = passed
        return Signal.TAKE if passed <= len(CALLS_S) else Signal.TAKE_AT_LAST

    def _key(self, view: View) -> Signal | None:
        before, self._typed = self._typed, view.typed if isinstance(view, PinEntry) else 0
        return Signal.KEY if self._typed > before else None

    def _attention(self, view: View, overlay: StillThere | None) -> Signal | None:
        warned, self._warned = self._warned, overlay is not None
        failed, self._failed = self._failed, isinstance(view, Fault)
        begins = (self._warned and not warned) or (self._failed and not failed)
        return Signal.ATTENTION if begins else None


class Ringer:
    """Has the bell rung in a lane of its own. A terminal whose loudspeaker fails is silent, says so to its technicians,
    and is the same in all else.
    """

    def __init__(self, bell: Bell | None, lanes: Lanes, states: DeviceStates) -> None:
        """:param bell: None where there is no loudspeaker."""
        self._bell, self._lanes, self._states = bell, lanes, states
        self._chimes = Chimes()
        self._silent_until = 0.0
        self._now = 0.0

    def mind(self, scene: Scene, now: float) -> None:
        """Ring what goes with a scene; called after each round, whether the scene has changed or not."""
        bell, lane, self._now = self._bell, self._lanes.sound, now
        signal = self._chimes.due(scene.view, scene.still_there, now)
        if bell is None or signal is None or now < self._silent_until:
            return
        if lane.idle or signal is not Signal.KEY:  # keys that come faster than their tone are not heard after it
            self._lanes.do_aside(lane, lambda: bell.ring(signal), self._rung)

    def _rung(self, answer: LaneAnswer) -> None:
        self._states.note("sounder", answer.error)
        if answer.error is not None:
            _log.warning("a signal was not heard: %s", answer.error)
            self._silent_until = self._now + RETRY_S
