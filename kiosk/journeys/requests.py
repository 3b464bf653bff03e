"""What a journey asks for. A journey yields a request and gets back what happened; the runtime does the doing.

Answers expected in the field (a wrong PIN, the centre unreachable) are values. What can end a journey at any moment
is thrown in at the yield: an Interruption, a :class:`~drivers.ports.errors.DeviceError`, or LedgerFailed.
"""

from collections.abc import Generator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar, Generic, TypeVar, cast

from drivers.ports.card_reader import CardKind, Challenge, Cryptogram, HolderData, IssuerData, PinCheck, TransactionLog
from drivers.ports.id_reader import IdDocument
from drivers.ports.pin import Pin
from drivers.ports.pin_pad import PadIdentity, PinBlock, WrappedKey
from kiosk.journeys.views import (
    AnyIntent,
    InsertCard,
    PaperSlip,
    PinEntry,
    PlaceIdCard,
    PortraitPreview,
    View,
    Working,
)
from kiosk.journeys.wording import Say
from kiosk.portrait.guidance import Instruction
from kiosk.records.activation import ActivateCard, CardActivated
from kiosk.records.filings import Enclosure, Filed, FileMatter, FilingsTold, GetFilings
from kiosk.records.issuance import (
    AbandonIssuance,
    AskFee,
    AskIssuance,
    AuthenticateBlank,
    BlankAuthenticated,
    BlankRegistered,
    CardsSwitched,
    CommitIssuance,
    FeeOrdered,
    FeeState,
    IssuanceAbandoned,
    IssuanceCommitted,
    IssuanceReserved,
    IssuanceStanding,
    IssuanceToken,
    OrderFee,
    RegisterBlank,
    RequestToken,
    ReserveIssuance,
    SwitchCards,
)
from kiosk.records.portrait import ConsentBy, FiledPortrait, Likeness, TakenPortrait
from kiosk.records.questions import (
    AuthenticateTerminal,
    CardExamined,
    CardProved,
    CardSessionOpened,
    ChangeCentrePin,
    ExamineCard,
    FormalLossReported,
    GetRecord,
    GetWorkingKey,
    LiftLoss,
    LiftLossWithoutCard,
    LossLifted,
    LossReported,
    OpenCardSession,
    PinChanged,
    ProveCard,
    RecordAnswer,
    ReportFormalLoss,
    ReportLoss,
    TerminalAuthenticated,
    WorkingKey,
)
from kiosk.records.transaction import Transaction

T = TypeVar("T")


class Interruption(Exception):
    """Something outside the journey ends it."""


class CitizenCancelled(Interruption):
    """Cancel, on the screen or on the pad."""


class CitizenGone(Interruption):
    """Nobody answered the question whether somebody is there."""


class CardTaken(Interruption):
    """The card left the slot while the journey held it."""


class GoingOutOfService(Interruption):
    """Staff or the system close the terminal."""


class LedgerFailed(Exception):
    """An entry could not be made durable. The terminal stops accepting."""


class TooManyWait(LedgerFailed):
    """As many enclosures wait for the centre as may. Nothing was written, and entries without one are taken."""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """The centre did not answer."""

    maybe_done: bool
    """The request may have arrived: the answer was lost, not the question."""


@dataclass(frozen=True, slots=True)
class Distrusted:
    """What answered is not the centre, or the centre refuses this question. Staff must look."""

    reason: str
    maybe_done: bool = False
    """The question was sent, and no answer to be believed came."""
    declined: bool = False
    """The centre itself, genuinely, says that it does not do this for this terminal."""


class Request(Generic[T]):
    """Asks for a ``T``."""

    __slots__ = ()

    awaits_citizen: ClassVar[bool] = False
    """The citizen must act; idleness is timed, and the card may be taken."""
    interruptible: ClassVar[bool] = True
    """Whether an interruption may be thrown in here. Where not, it waits for the answer."""


Journey = Generator[Request[Any], Any, T]
"""A story that yields requests and returns a ``T``."""


def ask(request: Request[T]) -> Journey[T]:
    """Yield one request and return its answer, typed."""
    return cast("T", (yield request))


@dataclass(frozen=True, slots=True)
class Show(Request[AnyIntent]):
    """Show a view and wait for one of its intents. Cancel is thrown, not returned."""

    awaits_citizen: ClassVar[bool] = True
    view: View
    personal: bool = False
    """Someone's data stands on it: the shorter idle time."""
    ending: bool = False
    """It tells how a journey ended: all is on record, and a closing terminal lets it be read."""


@dataclass(frozen=True, slots=True)
class Announce(Request[None]):
    """Show a view and go on at once."""

    view: View


@dataclass(frozen=True, slots=True)
class AwaitCard(Request[CardKind]):
    """Wait for a card and tell what it is. From here on the journey holds a card."""

    awaits_citizen: ClassVar[bool] = True
    view: InsertCard


@dataclass(frozen=True, slots=True)
class ReadIssuer(Request[IssuerData]):
    """EF05."""


@dataclass(frozen=True, slots=True)
class ReadHolder(Request[HolderData | None]):
    """EF06; None when the chip keeps it closed."""


@dataclass(frozen=True, slots=True)
class ReadTransactionLog(Request[TransactionLog | None]):
    """EF08 of the medical application; None when the chip keeps none. The last that is asked of a chip."""


@dataclass(frozen=True, slots=True)
class PinTriesLeft(Request[int | None]):
    """Tries left on the chip, without spending one; None when it does not say."""


@dataclass(frozen=True, slots=True)
class VerifyPin(Request[PinCheck]):
    """Let the chip check the PIN."""

    interruptible: ClassVar[bool] = False
    pin: Pin


@dataclass(frozen=True, slots=True)
class ChangeChipPin(Request[PinCheck]):
    """Let the chip change the PIN. A device error here means that nobody knows whether it did."""

    interruptible: ClassVar[bool] = False
    old: Pin
    new: Pin


@dataclass(frozen=True, slots=True)
class AnswerChallenge(Request[Cryptogram]):
    """INTERNAL AUTHENTICATE."""

    challenge: Challenge


@dataclass(frozen=True, slots=True)
class DrawChallenge(Request[Challenge]):
    """GET CHALLENGE."""


@dataclass(frozen=True, slots=True)
class OpenChip(Request[bool]):
    """EXTERNAL AUTHENTICATE with the centre's cryptogram; whether the chip accepted it."""

    cryptogram: Cryptogram


class Returned(Enum):
    """How giving a card back ended."""

    TAKEN = "taken"
    FORGOTTEN = "forgotten"
    """It still lies at the mouth, long after it was called for, and the slot's motor can keep it."""


@dataclass(frozen=True, slots=True)
class ReturnCard(Request[Returned]):
    """Give the card back and wait until it is taken; where no motor can keep it, for ever."""

    interruptible: ClassVar[bool] = False


class Kept(Enum):
    """What became of a card that was to be kept."""

    KEPT = "kept"
    TAKEN = "taken"
    """Somebody was quicker."""
    STAYS = "stays"
    """It lies where it lay: the bin is full, or it is stuck."""
    UNKNOWN = "unknown"
    """Nobody tells whether it went into the bin or into a hand."""


@dataclass(frozen=True, slots=True)
class KeepCard(Request[Kept]):
    """Have the slot's motor take a forgotten card into its bin."""

    interruptible: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class AwaitIdDocument(Request[None]):
    """Wait for an identity card on the reader. It lies there from here on: :class:`ReturnIdDocument` must follow."""

    awaits_citizen: ClassVar[bool] = True
    view: PlaceIdCard


class Unread(Enum):
    """Why an identity card was not read."""

    TAKEN_AWAY = "taken_away"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class ReadIdDocument(Request[IdDocument | Unread]):
    """Read it. A few seconds at most."""

    interruptible: ClassVar[bool] = False
    view: Working


@dataclass(frozen=True, slots=True)
class ReturnIdDocument(Request[None]):
    """Wait until the citizen has taken the identity card back; call for it where it stays."""

    interruptible: ClassVar[bool] = False
    line: Say
    """What came of it, said while the card still lies there."""


@dataclass(frozen=True, slots=True)
class NotTaken:
    """A try came to its end without a portrait."""

    amiss: tuple[Instruction, ...]
    """What was asked for and not seen, that which stood longest first; at most two. None where the person did all that
    was asked, and no picture came out to the norm."""


class NoSitting(Enum):
    """Why a try came to nothing that says nothing of the person."""

    LEFT = "left"
    """The citizen touched another way out than cancel."""
    NOT_READY = "not_ready"
    """This terminal can't measure a picture. The camera was not opened."""


@dataclass(frozen=True, slots=True)
class TakePortrait(Request[TakenPortrait | NotTaken | NoSitting]):
    """Open the camera, guide the person until all is well, and finish the portrait; the camera is shut afterwards.

    Consent comes before it. A portrait that comes back is the journey's to wipe.
    """

    awaits_citizen: ClassVar[bool] = True
    view: PortraitPreview


@dataclass(frozen=True, slots=True)
class ComparePortrait(Request[Likeness]):
    """Compare an accepted portrait with the photo of an identity card. Consent of its own comes before it."""

    portrait: TakenPortrait
    photo: bytes = field(repr=False)
    """As it lies in the card's chip."""


@dataclass(frozen=True, slots=True)
class SealPortrait(Request[FiledPortrait]):
    """Seal an accepted portrait to the centre, for one transaction."""

    portrait: TakenPortrait
    transaction_id: str
    consent_by: ConsentBy
    consent_text: str
    """Which words they read."""
    likeness: Likeness | None = None
    """None where nothing was compared."""


@dataclass(frozen=True, slots=True)
class EnterPin(Request[Pin]):
    """Let the citizen type a PIN that the chip checks. Cancel at the pad is thrown as CitizenCancelled."""

    awaits_citizen: ClassVar[bool] = True
    view: PinEntry


@dataclass(frozen=True, slots=True)
class EnterPinBlock(Request[PinBlock]):
    """Let the citizen type a PIN that leaves the pad only encrypted."""

    awaits_citizen: ClassVar[bool] = True
    view: PinEntry
    account: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class IdentifyPad(Request[PadIdentity]):
    """Which pad this is."""


@dataclass(frozen=True, slots=True)
class LoadWorkingKey(Request[None]):
    """Load a working key into the pad."""

    key: WrappedKey


Question = (
    OpenCardSession
    | AuthenticateTerminal
    | ProveCard
    | GetRecord
    | ChangeCentrePin
    | GetWorkingKey
    | ReportLoss
    | ReportFormalLoss
    | LiftLoss
    | LiftLossWithoutCard
    | FileMatter
    | GetFilings
    | ExamineCard
    | ActivateCard
    | ReserveIssuance
    | OrderFee
    | AskFee
    | RequestToken
    | RegisterBlank
    | AuthenticateBlank
    | SwitchCards
    | CommitIssuance
    | AbandonIssuance
    | AskIssuance
)
CentreAnswer = (
    CardSessionOpened
    | TerminalAuthenticated
    | CardProved
    | RecordAnswer
    | PinChanged
    | WorkingKey
    | LossReported
    | FormalLossReported
    | LossLifted
    | Filed
    | FilingsTold
    | CardExamined
    | CardActivated
    | IssuanceReserved
    | FeeOrdered
    | FeeState
    | IssuanceToken
    | BlankRegistered
    | BlankAuthenticated
    | CardsSwitched
    | IssuanceCommitted
    | IssuanceAbandoned
    | IssuanceStanding
)
A = TypeVar(
    "A",
    CardSessionOpened,
    TerminalAuthenticated,
    CardProved,
    RecordAnswer,
    PinChanged,
    WorkingKey,
    LossReported,
    FormalLossReported,
    LossLifted,
    Filed,
    FilingsTold,
    CardExamined,
    CardActivated,
    IssuanceReserved,
    FeeOrdered,
    FeeState,
    IssuanceToken,
    BlankRegistered,
    BlankAuthenticated,
    CardsSwitched,
    IssuanceCommitted,
    IssuanceAbandoned,
    IssuanceStanding,
)


@dataclass(frozen=True, slots=True)
class AskCentre(Request[CentreAnswer | Unreachable | Distrusted]):
    """Ask the centre while the citizen waits."""

    interruptible: ClassVar[bool] = False
    question: Question = field(repr=False)
    session_id: str = ""


def ask_centre(question: Question, expected: type[A], session_id: str = "") -> Journey[A | Unreachable | Distrusted]:
    """Ask the centre and get the answer that fits the question.

    An answer of another kind than ``expected`` counts as distrusted.
    """
    answer = yield from ask(AskCentre(question, session_id))
    if isinstance(answer, (Unreachable, Distrusted, expected)):
        return answer
    return Distrusted("unexpected_answer", maybe_done=True)


class SlipFate(Enum):
    """What became of a slip."""

    PRINTED = "printed"
    NO_PAPER = "no_paper"
    """Nothing was printed: the roll is empty, or the cover open."""
    NO_PRINTER = "no_printer"
    """Nothing was printed: there is no printer, or it does not answer."""
    PARTLY = "partly"
    """It began and was not heard to end. Nobody prints it again."""


@dataclass(frozen=True, slots=True)
class PrintSlip(Request[SlipFate]):
    """Print one slip, once. A printer's faults are values: no slip is worth ending a journey for."""

    interruptible: ClassVar[bool] = False
    slip: PaperSlip


@dataclass(frozen=True, slots=True)
class Record(Request[int]):
    """Make a transaction's stage durable; the sequence of its entry.

    :class:`LedgerFailed` is thrown where that can't be done.
    """

    interruptible: ClassVar[bool] = False
    transaction: Transaction
    enclosure: Enclosure | None = None
    """What goes with the filing in it, kept beside the ledger."""
