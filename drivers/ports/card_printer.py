"""What the terminal asks of a printer for cards, whoever made it. Positions and states of media after XFS4IoT.

A printer has a hopper of blank cards, a station where a card's chip is reached, a print station, an exit where the
citizen takes the card, and two bins: one for blanks that failed, one for cards that were offered and not taken. The
chip under the contact station is another port's, :mod:`drivers.ports.card_encoder`.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Protocol

FACE_WIDTH: Final = 1016
"""Pixels of an ID-1 card, 85.60 mm, at 300 dpi (docs/wire-card-printer.md)."""
FACE_HEIGHT: Final = 648
"""Pixels of 53.98 mm at 300 dpi."""


class Ability(Enum):
    """What not every make of printer can do. A call beyond a printer's abilities raises
    :class:`~drivers.ports.errors.NotEquipped`.
    """

    CONTACT_STATION = "contact_station"
    """A blank stops there before it is printed, and comes back for its chip to be read. Without it :meth:`feed` takes
    the leave and moves nothing: the blank leaves the hopper together with its face."""
    EXIT = "exit"
    """A card is held at the exit until somebody takes it, and the printer tells when. Without it a printed card drops
    where anybody can take it."""
    BINS = "bins"
    """A card that nobody is to get can be put away."""


SELF_SERVICE: Final = frozenset(Ability)
"""What a printer needs before which no staff stand: whoever lets a citizen's card be made looks for all of it."""


class Position(Enum):
    """Where the card is that left the hopper last."""

    NONE = "none"
    TRANSPORT = "transport"
    """Between two stations: something stopped it."""
    CONTACT_STATION = "contact_station"
    PRINT_STATION = "print_station"
    EXIT = "exit"


class Media(Enum):
    """The state of that card, in the words of XFS4IoT's CardReader."""

    NOT_PRESENT = "not_present"
    PRESENT = "present"
    ENTERING = "entering"
    """It is being moved."""
    LATCHED = "latched"
    """At the exit: somebody can take it, and the printer still holds it."""
    JAMMED = "jammed"


class Bin(Enum):
    """Where a card goes that nobody gets."""

    REJECT = "reject_bin"
    """For cards that were never offered to anybody."""
    RETAINED = "retained_bin"
    """For cards that were offered, or that are somebody's already."""


class Fill(Enum):
    """What a storage unit tells of itself. Counts are kept by whoever fills and empties it."""

    OK = "ok"
    LOW = "low"
    EMPTY = "empty"
    HIGH = "high"
    FULL = "full"
    UNKNOWN = "unknown"
    """The device has no sensor there."""


@dataclass(frozen=True, slots=True)
class Ribbon:
    """What is left to print with."""

    kind: str
    """Its panels as the printer names them, such as ``YMCKO``; empty when there is none."""
    faces_left: int
    """Faces it is good for; 1 where the printer tells no more than that it has not ended."""


@dataclass(frozen=True, slots=True)
class CardPrinterStatus:
    """How a card printer is at this moment."""

    media: Media
    position: Position
    two_fed: bool
    """Two blanks lie in it at once."""
    hopper: Fill
    reject_bin: Fill
    retained_bin: Fill
    ribbon: Ribbon
    cover_open: bool

    @property
    def ready(self) -> bool:
        """Whether a card that is begun now can be fed, printed, and put away if it fails."""
        return (
            self.media is Media.NOT_PRESENT
            and self.hopper is not Fill.EMPTY
            and Fill.FULL not in (self.reject_bin, self.retained_bin)
            and self.ribbon.faces_left > 0
            and not self.cover_open
        )


@dataclass(frozen=True, slots=True)
class IssuanceToken:
    """The centre's leave to feed one blank card, for one job on one terminal."""

    job_id: str
    """32 lower-case hex characters: the transaction."""
    terminal: str
    expires_at_ms: int
    """UTC, milliseconds since 1970."""
    signature: bytes = field(repr=False)
    """Ed25519 by the centre over :attr:`signed_bytes`; 64 bytes."""

    @property
    def signed_bytes(self) -> bytes:
        """What the centre signs."""
        lines = ("card-terminal issuance token v1", self.job_id, self.terminal, str(self.expires_at_ms))
        return "\n".join(lines).encode()


class Refusal(Enum):
    """Why the driver itself will not do it. Nothing has moved."""

    NOT_SIGNED = "not_signed"
    """No token, or not one of this centre's."""
    OTHER_TERMINAL = "other_terminal"
    EXPIRED = "expired"
    FED_ALREADY = "fed_already"
    """A blank has left the hopper for this job, or may have."""
    NOT_FED = "not_fed"
    """The card in the printer, if any, was not fed for this job by this driver."""
    PRINTED_ALREADY = "printed_already"
    """A face was begun for this job."""


class IssuanceRefused(Exception):
    """The driver does not do for this job what it was asked to do. Expected, not a device fault; nothing moved."""

    def __init__(self, why: Refusal) -> None:
        super().__init__(f"card_printer: {why.value}")
        self.why = why


@dataclass(frozen=True, slots=True)
class Face:
    """What is printed on the front, as it is looked at: rows from top to bottom, pixels from left to right.

    Planes may be lent as views: whoever paints a face wipes it, and no copy is left here.
    """

    colours: bytes | memoryview = field(repr=False)
    """1016 × 648 pixels of three bytes: red, green, blue."""
    black: bytes | memoryview | None = field(default=None, repr=False)
    """What the black panel prints, one bit a pixel, the leftmost the highest, 127 bytes a row; None: whatever is quite
    black in the colours. The colour panels leave it out."""

    def __post_init__(self) -> None:
        """:raises ValueError: another size."""
        if len(self.colours) != FACE_WIDTH * FACE_HEIGHT * 3:
            raise ValueError("a face has 1016 × 648 pixels of three bytes")
        if self.black is not None and len(self.black) != FACE_WIDTH // 8 * FACE_HEIGHT:
            raise ValueError("a face's black has 1016 × 648 bits")


class CardPrinter(Protocol):
    """A printer for one card at a time. Methods block; one thread uses them.

    Every method but :meth:`close` may raise :class:`~drivers.ports.errors.NotConnected`,
    :class:`~drivers.ports.errors.Busy`, :class:`~drivers.ports.errors.TimedOut` and
    :class:`~drivers.ports.errors.ProtocolViolation`. After NotConnected the next call tries to open the line again.

    **Nothing that moves a card or prints on it is sent a second time by a driver**, whatever becomes of it. An answer
    that is lost is made up for by asking the sensors; what a method returns or raises is what they tell. Where they
    can't be asked either, the method raises what came last, and :meth:`status` tells the truth as soon as it answers.
    """

    @property
    def abilities(self) -> frozenset[Ability]:
        """What this make can do; asks nobody."""

    def status(self) -> CardPrinterStatus:
        """Ask how it is; moves nothing.

        :raises TimedOut: no answer within 3 s.
        """

    def feed(self, token: IssuanceToken) -> None:
        """Bring one blank from the hopper to the contact station.

        One token feeds once. A job whose blank did not leave the hopper by the printer's own word may try again; in
        every other case it may not, as long as this driver lives.

        :raises IssuanceRefused: the token is not the centre's, not this terminal's, past its time, or used.
        :raises MediaPresent: there is a card in the printer already; nothing was fed.
        :raises MediaExhausted: no blank, or no ribbon; nothing was fed.
        :raises StorageFull: a bin is full, so that a blank that fails could not be put away; nothing was fed.
        :raises MediaRemoved: the cover is open; nothing was fed.
        :raises TwoFed: two blanks left the hopper; both lie in the printer.
        :raises MediaJammed: a blank left the hopper and stopped on its way.
        :raises TimedOut: no blank is where it should be, and none is known to have moved.
        """

    def print_face(self, job_id: str, face: Face) -> None:
        """Print the face of the card at the contact station; the card comes back there, for its chip to be read.

        All errors but PartlyPrinted mean that nothing was printed.

        :param job_id: the job it was fed for.
        :raises IssuanceRefused: no card was fed for this job, or a face was begun on it.
        :raises MediaExhausted: no ribbon.
        :raises MediaRemoved: the cover is open, or no card is at the contact station.
        :raises MediaJammed: the card moves no more.
        :raises TimedOut: it did not begin to print.
        :raises PartlyPrinted: it began and is not known to have ended; what stopped it is the ``__cause__``. The card
            is for the reject bin.
        """

    def eject(self) -> None:
        """Bring the card to the exit, where it can be taken. One that is there already stays.

        :raises MediaRemoved: there is no card, or the cover is open.
        :raises MediaJammed: it did not get there.
        :raises TimedOut: it has not moved.
        """

    def wait_until_taken(self, timeout_s: float) -> None:
        """Wait until nobody's card is at the exit.

        :raises TimedOut: it is still there; nothing else is meant by it.
        :raises MediaRemoved: it has gone, and the cover is open: staff may have it.
        :raises MediaJammed: it is stuck there.
        :raises MediaPresent: it is inside, where nobody can take it.
        """

    def discard(self, to: Bin) -> None:
        """Put the card, or both of :class:`~drivers.ports.errors.TwoFed`, into a bin, from wherever it is.

        :raises ValueError: a card at the exit, which somebody may have had in their hand, goes to the retained bin.
        :raises MediaRemoved: there is no card, or the cover is open.
        :raises StorageFull: that bin is full; the card stays where it is.
        :raises MediaJammed: it does not move; somebody must take it out.
        :raises TimedOut: it is still where it was; or, of a card at the exit, it has gone, and whether into the bin or
            into a hand is not known.
        """

    def close(self) -> None:
        """Leave the printer. A card in it stays where it is."""
