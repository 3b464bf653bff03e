"""What the terminal asks of a loudspeaker, whoever made it. Nothing here knows how sound gets there."""

from dataclasses import dataclass, field
from typing import Final, Protocol

RATE_HZ: Final = 48_000
"""The rate that every sound card since AC'97 has for its own."""
SAMPLE_BYTES: Final = 2


@dataclass(frozen=True, slots=True)
class Sound:
    """One piece of sound: a channel of signed 16-bit samples, little-endian, :data:`RATE_HZ` of them a second."""

    samples: bytes = field(repr=False)

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / SAMPLE_BYTES / RATE_HZ


class Sounder(Protocol):
    """A loudspeaker. Methods block; one thread uses them, and nothing is held open between two calls.

    Either method may raise :class:`~drivers.ports.errors.NotConnected`, :class:`~drivers.ports.errors.Busy` and
    :class:`~drivers.ports.errors.TimedOut`.
    """

    def identify(self) -> str:
        """What it calls itself; nothing is heard."""

    def play(self, sound: Sound) -> None:
        """Have a sound heard from its beginning to its end.

        :raises TimedOut: it should have ended 2 s ago; how much of it was heard is not known.
        """
