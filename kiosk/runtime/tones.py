"""The terminal's signals as samples: made here of a few notes, so that no recording is kept or licensed.

Old ears lose the high tones first: half of all men of seventy hear 1 kHz 10 dB worse than at eighteen, and 4 kHz 40 dB
worse (ISO 7029, by its formula; the norm itself was not at hand). Small loudspeakers lose the low tones. So every note
lies between 440 and 1200 Hz, and its one overtone below 2.4 kHz carries it where the loudspeaker does not.
"""

import functools
import math
from array import array
from dataclasses import dataclass
from enum import Enum
from sys import byteorder
from typing import Final

from drivers.ports.sounder import RATE_HZ, Sound

SOFTEST, LOUDEST = 0, 10
"""Levels; at 0 nothing is heard."""
STEP_DB: Final = 2.0
"""Between two levels: just heard as a step by everybody, and ten of them are what a full hall is louder than an empty
one."""
LOUDER_DB: Final = 10.0
"""Twice as loud to the ear: one more sone's doubling (Stevens; ISO 532)."""
FULL: Final = 0.7
"""Of the largest sample: 3 dB below it, so that nothing clips in a card that adds its own."""
ATTACK_S: Final = 0.012
"""Risen over so long a tone has no click; one that begins at once startles."""
_FALL_S: Final = 0.02
_TAIL_S: Final = 0.05
"""Silence behind it: some cards cut off the last they are given."""
_OVERTONE: Final = 0.3
"""How strong the octave is beside the note."""


class Signal(Enum):
    """What the terminal has to say without words."""

    TAKE = "take"
    """Something of the citizen's waits to be taken: two notes, rising."""
    TAKE_AT_LAST = "take_at_last"
    """The same, forgotten for long: twice, and twice as loud."""
    KEY = "key"
    """A key of the PIN pad was pressed. One tone for all of them: whoever listens learns how many, as from the dots."""
    ATTENTION = "attention"
    """Something failed, or is about to end: two notes, falling."""


@dataclass(frozen=True, slots=True)
class _Note:
    hz: float
    """0: silence."""
    seconds: float


_RISING: Final = (_Note(660.0, 0.16), _Note(880.0, 0.26))
_FALLING: Final = (_Note(660.0, 0.16), _Note(495.0, 0.26))
_TUNES: Final[dict[Signal, tuple[tuple[_Note, ...], float]]] = {
    Signal.TAKE: (_RISING, -LOUDER_DB),
    Signal.TAKE_AT_LAST: ((*_RISING, _Note(0.0, 0.1), *_RISING), 0.0),
    Signal.KEY: ((_Note(1000.0, 0.05),), -1.5 * LOUDER_DB),
    Signal.ATTENTION: (_FALLING, -LOUDER_DB),
}
"""The notes, and how loud beside the loudest signal, in dB."""


@functools.cache
def sound_of(signal: Signal, level: int) -> Sound:
    """A signal as it is played at a level of :data:`SOFTEST` to :data:`LOUDEST`; at the former it is empty."""
    if level <= SOFTEST:
        return Sound(b"")
    notes, decibels = _TUNES[signal]
    decibels -= (LOUDEST - min(level, LOUDEST)) * STEP_DB
    peak = 32767 * FULL * 10 ** (decibels / 20)
    samples = array("h")
    for note in (*notes, _Note(0.0, _TAIL_S)):
        samples.extend(round(peak * value) for value in _wave(note))
    if byteorder == "big":
        samples.byteswap()
    return Sound(samples.tobytes())


def _wave(note: _Note) -> list[float]:
    """A note between -1 and 1: risen softly, fading, and gone before the next one."""
    count = round(note.seconds * RATE_HZ)
    if note.hz == 0:
        return [0.0] * count
    turn, fading = 2 * math.pi * note.hz / RATE_HZ, 1 / (RATE_HZ * max(note.seconds, 0.1))
    wave = [
        (math.sin(turn * at) + _OVERTONE * math.sin(2 * turn * at)) / (1 + _OVERTONE) * math.exp(-fading * at)
        for at in range(count)
    ]
    for seconds, places in ((ATTACK_S, range(count)), (_FALL_S, range(count - 1, -1, -1))):
        edge = round(seconds * RATE_HZ)
        for step, place in zip(range(edge), places, strict=False):
            wave[place] *= 0.5 - 0.5 * math.cos(math.pi * step / edge)
    return wave
