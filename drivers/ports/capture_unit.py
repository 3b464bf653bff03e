"""The motor of a card slot that can hold a card back, in the words of XFS4IoT's CardReader.

The card itself is read through :mod:`drivers.ports.card_reader`, by the same contacts. A plain slot has no such motor:
there the citizen's hand brings the card in and takes it out, and a forgotten card can only be called for.
"""

from dataclasses import dataclass
from typing import Protocol

from drivers.ports.card_printer import Fill, Media


@dataclass(frozen=True, slots=True)
class CaptureStatus:
    """How the slot is at this moment."""

    media: Media
    """PRESENT: held at the contacts. LATCHED: at the mouth, where it can be taken."""
    bin: Fill
    """Where retained cards lie."""


class CaptureUnit(Protocol):
    """A slot's motor. Methods block; one thread uses them.

    Every method but :meth:`close` may raise :class:`~drivers.ports.errors.NotConnected`,
    :class:`~drivers.ports.errors.Busy`, :class:`~drivers.ports.errors.TimedOut` and
    :class:`~drivers.ports.errors.ProtocolViolation`. Nothing that moves a card is sent a second time; an answer that is
    lost is made up for by asking the sensors, and what a method returns or raises is what they tell.
    """

    def status(self) -> CaptureStatus:
        """Ask how it is; moves nothing.

        :raises TimedOut: no answer within 2 s.
        """

    def eject(self) -> None:
        """Bring the card to the mouth, where it can be taken. One that is there already stays.

        :raises MediaRemoved: there is no card.
        :raises MediaJammed: it did not get there.
        :raises TimedOut: it has not moved.
        """

    def wait_until_taken(self, timeout_s: float) -> None:
        """Wait until no card is at the mouth.

        :raises TimedOut: it is still there; nothing else is meant by it.
        :raises MediaJammed: it is stuck there.
        :raises MediaPresent: it is inside, where nobody can take it.
        """

    def retain(self) -> None:
        """Take the card into the bin, from the contacts or from the mouth.

        :raises MediaRemoved: there is no card; at the mouth, somebody was quicker.
        :raises StorageFull: the bin is full; the card stays where it is.
        :raises MediaJammed: it does not move.
        :raises TimedOut: it is still where it was; or, of a card at the mouth, it has gone, and whether into the bin or
            into a hand is not known.
        """

    def close(self) -> None:
        """Leave the unit. A card in it stays where it is."""
