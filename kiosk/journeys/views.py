"""What a screen shows: frozen data, one class a screen. A screen draws it and posts one of its intents.

Every focusable thing carries its label and what is spoken for it; nothing is told by colour or picture alone.
At most three facts and about sixty characters stand on a screen (docs/ux-rules.md rule 1): longer matter is paged.
"""

from dataclasses import dataclass, field
from enum import Enum

from kiosk.card_face.proof import FaceProof
from kiosk.handbook.search import Keyword
from kiosk.journeys.portrait_words import INSTRUCTIONS
from kiosk.journeys.technician_views import TechnicianIntent, TechnicianPage
from kiosk.journeys.wording import Personal, PersonName, Say, Verbatim, say
from kiosk.policy.region import Citation
from kiosk.portrait.guidance import Instruction
from kiosk.records.portrait import TakenPortrait
from kiosk.records.transaction import Service


class Intent(Enum):
    """What the citizen wants of a running journey."""

    START = "start"
    NEXT = "next"
    BACK = "back"
    CANCEL = "cancel"
    DONE = "done"
    AGAIN = "again"
    TYPE = "type"
    """Type it on the screen instead of laying an ID card down."""
    GO_ON = "go_on"
    PRINT = "print"


@dataclass(frozen=True, slots=True)
class ChooseService:
    """A tile of the home screen."""

    service: Service


class Menu(Enum):
    """A further choice behind a tile of the home screen."""

    LOST = "lost"
    CARD = "card"
    FILED = "filed"


@dataclass(frozen=True, slots=True)
class OpenMenu:
    """A tile that leads to a further choice."""

    menu: Menu


@dataclass(frozen=True, slots=True)
class Typed:
    """What the citizen has typed on the screen's own keys and confirmed."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Chosen:
    """One of the choices of a :class:`Choices` screen."""

    key: str


AnyIntent = Intent | ChooseService | OpenMenu | Typed | Chosen
Posted = AnyIntent | TechnicianIntent
"""What the window hands in. A technician's never reaches a journey."""


class Emphasis(Enum):
    """How an action looks. A step that can't be undone is never the default."""

    PRIMARY = "primary"
    PLAIN = "plain"
    GRAVE = "grave"


@dataclass(frozen=True, slots=True)
class Action:
    """A button."""

    intent: AnyIntent
    label: Say
    emphasis: Emphasis = Emphasis.PLAIN
    spoken: Say | None = None
    """What is read for it; the label when None."""


@dataclass(frozen=True, slots=True)
class Step:
    """第 2 步，共 4 步."""

    number: int
    of: int


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and its value."""

    label: Say
    value: Say | Verbatim | Personal | PersonName
    key: bool = False
    """The one figure the citizen came for: drawn large."""


@dataclass(frozen=True, slots=True)
class Attract:
    """Nobody is here."""

    title: Say
    line: Say
    start: Action
    picture: str = "insert"
    """A picture's name in ``assets/pictures``."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A service on the home screen, or a further choice: the plain verb first, the term below."""

    intent: ChooseService | OpenMenu
    label: Say
    term: Say
    icon: str
    """A picture's name in ``assets/pictures``."""
    spoken: Say
    elsewhere: Say | None = None
    """In the term's place, where the region does not open the service here or this terminal can't do it now."""


@dataclass(frozen=True, slots=True)
class Home:
    """What can be done here; at most six tiles."""

    title: Say
    tiles: tuple[Tile, ...]
    back: Action


@dataclass(frozen=True, slots=True)
class Choice:
    """A matter to look at: its plain name, and perhaps below it a figure or what is behind."""

    intent: Chosen
    label: Say
    line: Say | Verbatim | None = None
    spoken: Say | None = None
    """What is read for it; the label when None."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to look at; at most six."""

    title: Say
    choices: tuple[Choice, ...]
    note: Say | None
    actions: tuple[Action, ...]
    page: Step | None = None


@dataclass(frozen=True, slots=True)
class InsertCard:
    """Waiting for a card."""

    title: Say
    line: Say
    step: Step | None
    actions: tuple[Action, ...]
    note: Say | None = None
    """What a citizen must know before they begin."""


@dataclass(frozen=True, slots=True)
class PlaceIdCard:
    """Waiting for an identity card on the reader."""

    title: Say
    line: Say
    step: Step | None
    note: Say | None
    """Why the last time did not count."""
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class PinEntry:
    """Waiting for the PIN pad: a row of dots, never digits."""

    title: Say
    which: Say
    """Which of the card's two PINs this is."""
    length: int
    typed: int
    step: Step | None
    note: Say | None
    """Tries left, or why the last entry did not count."""
    actions: tuple[Action, ...]
    coach: Say | None = None
    """How the card's two PINs are told apart, while that may still be asked."""


@dataclass(frozen=True, slots=True)
class NumberEntry:
    """Waiting for a number, typed on a keypad on the screen. Answered by :class:`Typed`."""

    title: Say
    line: Say
    length: int
    """Characters of a whole number; the confirming key works from there on."""
    confirm: Say
    step: Step | None
    note: Say | None
    """Why the last entry did not count."""
    actions: tuple[Action, ...]
    check_character: bool = True
    """An ID number, whose last character may be an X; digits alone otherwise."""


@dataclass(frozen=True, slots=True)
class NameEntry:
    """Waiting for a name, typed on the screen by sound, by strokes, or in letters. Answered by :class:`Typed`."""

    title: Say
    line: Say
    confirm: Say
    step: Step | None
    note: Say | None
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class SoundEntry:
    """Waiting for what is looked for: words to choose, initials or more of their pinyin. Answered by :class:`Typed`."""

    title: Say
    line: Say
    confirm: Say
    note: Say | None
    """Why the last entry led nowhere."""
    actions: tuple[Action, ...]
    keywords: tuple[Keyword, ...] = ()
    """The words that may be chosen, in the order in which they are offered."""


@dataclass(frozen=True, slots=True)
class PortraitPreview:
    """Somebody sits before the camera: what it sees, as in a mirror, and the one thing to do now.

    The pictures are no part of it: the screen takes each from the viewfinder, and nothing keeps them.
    """

    line: Say
    step: Step | None
    actions: tuple[Action, ...]
    instruction: Instruction = Instruction.COME_INTO_VIEW
    held: float = 0.0
    """0–1: how long all has been well; at 1 the picture is taken."""

    @property
    def title(self) -> Say:
        """The instruction in words."""
        return INSTRUCTIONS[self.instruction]


@dataclass(frozen=True, slots=True)
class PortraitProof:
    """The finished portrait, for its person to take or not."""

    title: Say
    line: Say
    portrait: TakenPortrait
    """Drawn while it stands there; wiped by whoever holds it."""
    step: Step | None
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class CardPreview:
    """The new card as it will look, for its holder to check; the facts beside it, since a card's type is small."""

    title: Say
    line: Say
    proof: FaceProof
    """Drawn masked, and whole while an eye is held; wiped by whoever holds it."""
    facts: tuple[Fact, ...]
    step: Step | None
    actions: tuple[Action, ...]


class Payment(Enum):
    """How far a fee has come, as far as the screen tells."""

    WAITING = "waiting"
    PAID = "paid"
    CLOSED = "closed"
    """Its time is over: nobody pays by this code any more."""


@dataclass(frozen=True, slots=True)
class FeeCode:
    """What is to be paid and what for, and the code by which a telephone pays it."""

    title: Say
    amount: Say
    reason: Say
    note: Say
    """What happens next, and what becomes of the money."""
    payment: Payment
    step: Step | None
    actions: tuple[Action, ...]
    code_url: str = field(default="", repr=False)
    """As the centre gives it; drawn while it is waited for."""
    left: Say | None = None
    """How long that is; counted down in place."""


@dataclass(frozen=True, slots=True)
class Making:
    """The machine makes the card: its steps, and which of them it is at. Nothing to touch."""

    title: Say
    line: Say
    """What to do meanwhile, and how long it usually takes, where that is known."""
    steps: tuple[Say, ...]
    now: int
    """Index of the step that is being done; those before it are."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A part of what the handbook states on a question, with where it stands."""

    title: Say
    heading: Say | None
    """What this part is: the steps, the papers."""
    lines: tuple[Say, ...]
    numbered_from: int
    """Of the first line, where they follow each other; 0 where they don't."""
    facts: tuple[Fact, ...]
    sources: tuple[Citation, ...]
    actions: tuple[Action, ...]
    page: Step | None = None


@dataclass(frozen=True, slots=True)
class Working:
    """Something takes a moment; no touch is needed."""

    title: Say
    line: Say


@dataclass(frozen=True, slots=True)
class Explain:
    """A short text before a step, or a question with at most three answers."""

    title: Say
    lines: tuple[Say, ...]
    step: Step | None
    actions: tuple[Action, ...]
    page: Step | None = None
    note: Say | None = None
    """What a citizen must know before they begin."""


@dataclass(frozen=True, slots=True)
class Result:
    """It is done, or here is what was asked for."""

    title: Say
    facts: tuple[Fact, ...]
    note: Say | None
    actions: tuple[Action, ...]
    page: Step | None = None
    in_force: bool = True
    """False: it was taken down, and something must still happen before it holds; no tick then."""


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What is about to be done, once more, before a step that can't simply be undone. No action is the default."""

    title: Say
    facts: tuple[Fact, ...]
    note: Say
    step: Step | None
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class PaperSlip:
    """What a printer puts on paper, in the citizen's language. It goes into one hand, so it may name its holder."""

    heading: tuple[Say, ...]
    """The region, and what was done."""
    warning: Say | None
    """Where it does not hold yet."""
    facts: tuple[Say, ...]
    """Number and, masked, the holder; the time of printing is added."""
    lines: tuple[Say, ...]
    """What it means, until when, what to do next."""
    call: Say | None
    code: tuple[Say, ...] = ()
    """The impersonal lines that a telephone reads from it; no code when empty."""


@dataclass(frozen=True, slots=True)
class Slip:
    """What a citizen takes along: a QR code that a telephone reads without a network. Holds nothing personal."""

    title: Say
    lines: tuple[Say, ...]
    """The slip's text, one line each, drawn beside the code and written into it in the citizen's language."""
    note: Say
    actions: tuple[Action, ...]
    page: Step | None = None
    paper: PaperSlip | None = None
    """The same for a printer, and more."""
    only_in_code: tuple[Say, ...] = ()
    """Further lines for the code alone, after the others: what has been read on the screens before."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A rule says no: why, and where it is done instead."""

    title: Say
    why: Say
    instead: tuple[Say, ...]
    """What to do now, in order."""
    hotline: str
    """As the source prints it; empty when it states none."""
    citation: Citation | None
    code: str
    actions: tuple[Action, ...]
    page: Step | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """Something failed: what happened, what it means for the card and the money, what to do now."""

    title: Say
    means: Say
    now: Say
    hotline: str
    code: str
    """Short code of docs/faults.md, such as ``C-03``."""
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class OutOfService:
    """The terminal serves nobody at the moment."""

    title: Say
    why: Say
    instead: Say
    hotline: str
    code: str


@dataclass(frozen=True, slots=True)
class StillThere:
    """The countdown before an idle session ends; drawn over the screen it interrupts."""

    seconds: int
    go_on: Action = field(
        default=Action(Intent.GO_ON, say("我还在，继续办"), Emphasis.PRIMARY, say("我还在，继续办。请按这个大按钮"))
    )


@dataclass(frozen=True, slots=True)
class TakeCard:
    """The card is free; it goes back before any success screen."""

    title: Say
    line: Say
    urgent: bool
    """It has been waiting for ten seconds and more."""


@dataclass(frozen=True, slots=True)
class TakeNewCard:
    """The new card lies at the printer's exit."""

    title: Say
    line: Say
    urgent: bool
    """It has been lying there for ten seconds and more."""


@dataclass(frozen=True, slots=True)
class TakeIdCard:
    """The identity card is read and lies on the reader still; it goes back before anything else is asked."""

    title: Say
    line: Say
    urgent: bool
    """It has been lying there for ten seconds and more."""


View = (
    Attract
    | Home
    | Choices
    | InsertCard
    | PlaceIdCard
    | PinEntry
    | NumberEntry
    | NameEntry
    | SoundEntry
    | PortraitPreview
    | PortraitProof
    | CardPreview
    | FeeCode
    | Making
    | TakeNewCard
    | Choices
    | Answer
    | Working
    | Explain
    | Result
    | ReadBack
    | Slip
    | Refusal
    | Fault
    | OutOfService
    | TakeCard
    | TakeIdCard
    | TechnicianPage
)


@dataclass(frozen=True, slots=True)
class Scene:
    """All that the window draws: a view, and over it perhaps the idle warning."""

    view: View
    region_name: Verbatim | Say
    hotline: str
    """For the help panel."""
    still_there: StillThere | None = None
    terminal: str = ""
    """The terminal's number: it stands at the foot of the screens that nobody is served on."""


def actions_of(view: View) -> tuple[Action, ...]:
    """Every action a view offers."""
    match view:
        case Attract():
            return (view.start,)
        case Home():
            tiles = tuple(Action(tile.intent, tile.label, spoken=tile.spoken) for tile in view.tiles)
            return (*tiles, view.back)
        case Choices():
            choices = tuple(Action(choice.intent, choice.label, spoken=choice.spoken) for choice in view.choices)
            return (*choices, *view.actions)
        case Working() | Making() | OutOfService() | TakeCard() | TakeNewCard() | TakeIdCard() | TechnicianPage():
            return ()
        case _:
            return view.actions
