"""What the making of a card asks for: of the card printer, of the contact station in it, and of the stock's book.

None of these can be interrupted: a card that has left the hopper is seen to its end, whoever walks away.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from drivers.ports.card_encoder import Blank, ChipData
from drivers.ports.card_printer import Bin, CardPrinterStatus, Face, IssuanceToken
from drivers.ports.card_reader import Challenge, Cryptogram, HolderData, IssuerData
from kiosk.journeys.requests import Request
from kiosk.journeys.views import AnyIntent, View
from kiosk.records.custody import Movement, Place


class BookRefused(Exception):
    """The stock's book says that a movement can't be: what lies in the terminal is not what is on record."""


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
