"""What the making of a card asks for: of the card printer, of the contact station in it, and of the stock's book.

None of these but :class:`Pause` can be interrupted: a card that has left the hopper is seen to its end, whoever walks
away.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar

from drivers.ports.card_encoder import Blank, ChipData
from drivers.ports.card_printer import Bin, CardPrinterStatus, Face, IssuanceToken
from drivers.ports.card_reader import Challenge, Cryptogram, HolderData, IssuerData
from kiosk.card_face.painted import PaintedCard
from kiosk.card_face.particulars import Particulars
from kiosk.journeys.requests import Announce, Request
from kiosk.journeys.views import AnyIntent, View
from kiosk.records.custody import Movement, Place
from kiosk.records.portrait import TakenPortrait


class BookRefused(Exception):
    """The stock's book says that a movement can't be: what lies in the terminal is not what is on record."""


class Unprintable(Enum):
    """Why no card can be made of an order: told before any fee."""

    CHARACTERS = "characters"
    """A character of the name is in no font, or joins with its neighbours."""
    NAME_TOO_LONG = "name_too_long"
    """It fits the face, or the chip, in no way."""
    DATA = "data"
    """Numbers or dates of the order can't be right."""
    PORTRAIT = "portrait"
    """The portrait becomes no picture for face and chip."""


@dataclass(frozen=True, slots=True)
class CheckParticulars(Request[Unprintable | None]):
    """Whether everything but the portrait goes on a card and into its chip; None where it does."""

    interruptible: ClassVar[bool] = False
    particulars: Particulars


@dataclass(frozen=True, slots=True)
class PaintCard(Request[PaintedCard | Unprintable]):
    """Paint the card: what is printed, what its person looks at before, and the chip's portrait.

    A painted card that comes back is the journey's to wipe.
    """

    interruptible: ClassVar[bool] = False
    particulars: Particulars
    portrait: TakenPortrait


@dataclass(frozen=True, slots=True)
class TellTime(Request[int]):
    """What time it is by the centre's clock, as last told: milliseconds since 1970 UTC."""

    interruptible: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class AnnounceStep(Announce):
    """Show how far the making has come; while a card is in the printer nothing is thrown in here either."""

    interruptible: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class LookAtPrinter(Request[CardPrinterStatus]):
    """How the card printer is; moves nothing."""

    interruptible: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class FeedBlank(Request[None]):
    """Bring one blank from the hopper to the contact station."""

    interruptible: ClassVar[bool] = False
    token: IssuanceToken


@dataclass(frozen=True, slots=True)
class IdentifyBlank(Request[Blank]):
    """Which blank lies at the contact station."""

    interruptible: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class DrawBlankChallenge(Request[Challenge]):
    """The blank's random bytes, which the centre must answer before it lets itself be written to."""

    interruptible: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class Personalise(Request[bool]):
    """Write the chip; False where it did not take the centre's answer."""

    interruptible: ClassVar[bool] = False
    cryptogram: Cryptogram
    data: ChipData


@dataclass(frozen=True, slots=True)
class PrintFace(Request[None]):
    """Print the face of the card at the contact station, once."""

    interruptible: ClassVar[bool] = False
    job: str
    face: Face = field(repr=False)


@dataclass(frozen=True, slots=True)
class Written:
    """What a new card's chip says of itself."""

    issuer: IssuerData
    holder: HolderData | None = field(repr=False)
    """None where the chip keeps it closed."""
    photo: bytes | None = field(default=None, repr=False)
    """EF08; None where the chip keeps it closed, or has none."""


@dataclass(frozen=True, slots=True)
class DrawReadBackChallenge(Request[Challenge]):
    """The new card's random bytes, which the centre must answer before it shows its holder."""

    interruptible: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class ReadBack(Request[Written]):
    """Read the new card as any reader would."""

    interruptible: ClassVar[bool] = False
    cryptogram: Cryptogram | None = None
    """The centre's answer to the challenge drawn just before; None for a card that is free to read."""


@dataclass(frozen=True, slots=True)
class HoldOldCard(Request[None]):
    """Make sure that the slot's motor holds the old card where no hand reaches it."""

    interruptible: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class GiveOldCardBack(Request[None]):
    """Bring the old card that is held back to the mouth of its slot. Harmless where none is held."""

    interruptible: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class RetainOldCard(Request[bool]):
    """Take the old card that is held into its bin, for good; False where none is held."""

    interruptible: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class EjectCard(Request[None]):
    """Bring the new card to the exit."""

    interruptible: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class AwaitTaken(Request[bool]):
    """Wait until the citizen has taken the new card; False where it still lies in the exit at the end.

    The runtime calls for it ever more urgently.
    """

    interruptible: ClassVar[bool] = False
    patience_s: float


@dataclass(frozen=True, slots=True)
class DiscardCard(Request[None]):
    """Put the card in the printer into a bin."""

    interruptible: ClassVar[bool] = False
    to: Bin


@dataclass(frozen=True, slots=True)
class Book(Request[None]):
    """Make a movement of the stock durable.

    :class:`BookRefused` is thrown where it can't be, and
    :class:`~kiosk.journeys.requests.LedgerFailed` where it can't be written.
    """

    interruptible: ClassVar[bool] = False
    movement: Movement


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where the book has the blank of a job."""

    place: Place
    identification_code: str
    """AAZ501; empty until its chip has told it."""


@dataclass(frozen=True, slots=True)
class WhereIsBlank(Request[Whereabouts | None]):
    """Where the book has the blank of a job; None where none was fed for it."""

    interruptible: ClassVar[bool] = False
    job: str


@dataclass(frozen=True, slots=True)
class Pause(Request[AnyIntent | None]):
    """Show a view for a while; the intent that the citizen touched meanwhile, or None."""

    awaits_citizen: ClassVar[bool] = True
    view: View
    seconds: float
    personal: bool = True


@dataclass(frozen=True, slots=True)
class Wait(Request[None]):
    """Let a moment pass, where nothing may interrupt."""

    interruptible: ClassVar[bool] = False
    seconds: float
