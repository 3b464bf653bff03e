"""What a technician sees on the terminal's screen: one plain page after another, made of rows and acts.

Whoever works here has keys to the cabinet and an hour: a page says more at once than a citizen's, and needs no journey.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from kiosk.journeys.counter_words import in_words
from kiosk.journeys.wording import Say
from kiosk.policy.rule import Text
from kiosk.records.technician import Role


class Mark(Enum):
    """What stands before a row."""

    NONE = "none"
    WELL = "well"
    WARNING = "warning"
    FAULT = "fault"


class Special(Enum):
    """What a page shows beside its rows, drawn by the window itself."""

    NOTHING = "nothing"
    CAMERA = "camera"
    """The live picture, with the oval where a head belongs."""
    CODE = "code"
    """The live picture, with nothing drawn over it: somebody holds a code before the lens."""
    TOUCH = "touch"
    """A field to be painted with a finger until no square of it is left."""
    COLOURS = "colours"
    """Black, white, red, green, blue and grey in turn, over the whole screen."""


class Leave(Enum):
    """What becomes of the terminal with a page; the runtime carries it out."""

    TO_CITIZENS = "to_citizens"
    """The devices go back, and whoever comes is served."""
    CLOSE_TERMINAL = "close_terminal"
    """From the next citizen on nobody is served, over restarts too. The technician works on."""
    OPEN_TERMINAL = "open_terminal"
    """Citizens are served again, once the technician has left."""
    RESTART = "restart"
    """The application ends, and is started anew."""
    SHUT_DOWN = "shut_down"
    """The machine is shut down."""
    START_MACHINE = "start_machine"
    """The machine is shut down, and comes up anew."""


class EntryKind(Enum):
    """What an act asks for before it is done."""

    DIGITS = "digits"
    """With the screen's own digits: codes, counts."""
    WORD = "word"
    """Latin letters, digits, dot, hyphen, colon and slash: names, addresses."""
    CHINESE = "chinese"
    """Characters by sound or by strokes, Latin letters, digits: what people call a place."""
    HIDDEN = "hidden"
    """Digits that are drawn as dots: one-time codes."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One field that is filled in before an act is done."""

    word: str
    """Its key among what is handed to :meth:`TechnicianDesk.do`."""
    label: Text
    kind: EntryKind
    longest: int
    given: str = ""
    """What stands in it at first."""
    optional: bool = False
    """It may be left empty."""


@dataclass(frozen=True, slots=True)
class Act:
    """A button."""

    word: str
    """What is done, ``retry``; or the page that is opened, ``page:network``."""
    label: Text
    needs: Role = Role.SUPPLIES
    """Who lacks it does not see the button."""
    asks_again: bool = False
    """A second touch is wanted: it can't be undone, or citizens feel it."""
    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One line: what, how it is, and what to do."""

    label: Text
    value: str = ""
    """Numbers, names, states, as they are in logs and manuals."""
    mark: Mark = Mark.NONE
    advice: Text | None = None
    act: Act | None = None
    """What a touch on the row does."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page; its acts stand in one column, ``back`` and ``leave`` are the window's own."""

    word: str
    title: Text
    rows: tuple[Row, ...] = ()
    acts: tuple[Act, ...] = ()
    special: Special = Special.NOTHING
    note: Text | None = None
    """One sentence under the title: what came of the last act, or what to do now."""
    note_mark: Mark = Mark.NONE
    again_after_s: float | None = None
    """The page is asked for anew so often while it stands: live values."""
    leave: Leave | None = None
    """What the act that led here wants of the terminal itself."""

    def acts_offered(self) -> tuple[Act, ...]:
        """Every act that can be touched on it, those of rows included."""
        return (*(row.act for row in self.rows if row.act is not None), *self.acts)

    def act(self, word: str) -> Act | None:
        """The act of that word; None where the page offers none."""
        return next((act for act in self.acts_offered() if act.word == word), None)


class TechnicianDesk(Protocol):
    """What answers a technician at the screen. Both may take seconds, and are called by one lane, never at once."""

    def page(self, word: str) -> Page:
        """A page as things are now; ``home`` is the first. It holds only what the role of who came in may do.

        :raises KeyError: there is no such page, or it is not this role's.
        """

    def do(self, page: str, act: str, given: Mapping[str, str]) -> Page:
        """Do it, and show what came of it: the same page with its note, or the next one.

        :param given: by each entry's word what was filled in.
        :raises KeyError: there is no such act, or it is not this role's.
        """

    def close(self) -> None:
        """Let go of every device and file that it holds. Nothing is asked of it afterwards."""


class Way(Enum):
    """What the window offers by itself."""

    HELD = "held"
    """Somebody has held the terminal's number for as long as it takes. It admits nobody: a page asks who it is."""
    BACK = "back"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class ActTouched:
    """A technician has touched an act."""

    word: str


@dataclass(frozen=True, slots=True)
class Filled:
    """A technician has filled in the entries of an act and confirmed them."""

    act: str
    given: Mapping[str, str] = field(repr=False)


TechnicianIntent = Way | ActTouched | Filled


@dataclass(frozen=True, slots=True)
class TechnicianPage:
    """A page on the screen."""

    page: Page
    waits: bool = False
    """The desk is at it: touches are not heard, and the page says so."""
    meanwhile: Text | None = None
    """What the desk says of it so far, in place of the words that ask for patience."""
    filled: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What the entries of an act that was refused held, but for secrets."""
    filling: str = ""
    """The act whose entries are being filled in: keys take the place of the rows."""
    asked: str = ""
    """The act that was touched and asks a second time."""

    @property
    def title(self) -> Say:
        """The page's, as other views have theirs."""
        return in_words(self.page.title)
