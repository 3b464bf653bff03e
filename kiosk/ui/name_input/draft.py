"""A name while it is being typed."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from kiosk.ui.name_input.tables import NameTables

NAME_BYTES: Final = 50
"""Longest name in GB 18030 bytes: the card's own room, 30 bytes of name and 20 of its extension."""
SHAPES: Final = {"h": "一", "s": "丨", "p": "丿", "n": "丶", "z": "乙"}
"""What each stroke looks like, by its letter in the tables."""
_MOST_PENDING: Final = 24
_DOT: Final = "·"


class Way(Enum):
    """How the name is typed."""

    SOUND = "sound"
    STROKES = "strokes"
    LETTERS = "letters"


@dataclass(slots=True)
class NameDraft:
    """What has been typed and what could come next. Its repr tells nothing of the name."""

    tables: NameTables = field(repr=False)
    way: Way = Way.SOUND
    name: str = field(default="", repr=False)
    pending: str = field(default="", repr=False)
    """Letters or strokes that have not become a character yet."""
    page: int = field(default=0, repr=False)
    longest: int | None = None
    """Characters of a text that is no name; None for a name, which has :data:`NAME_BYTES`."""

    @property
    def pending_shown(self) -> str:
        """What is pending as it is drawn: letters, or the shapes of strokes."""
        return "".join(SHAPES[key] for key in self.pending) if self.way is Way.STROKES else self.pending

    def choose_way(self, way: Way) -> None:
        """Type on in another way; what is pending is dropped."""
        if way is not self.way:
            self.way, self.pending, self.page = way, "", 0

    def press(self, key: str) -> None:
        """A letter or stroke key, a space, or the dot between the parts of a name."""
        if self.way is Way.LETTERS or key == _DOT:
            if not (key in {_DOT, " "} and (not self.name or self.name[-1] == key or self.pending)):
                self._append(key)
        elif len(self.pending) < _MOST_PENDING:
            self.pending += key
            self.page = 0

    def delete(self) -> None:
        """Take back the last letter or stroke, and when there is none the last character."""
        if self.pending:
            self.pending = self.pending[:-1]
        else:
            self.name = self.name[:-1]
        self.page = 0

    def clear(self) -> None:
        """Begin anew."""
        self.name, self.pending, self.page = "", "", 0

    def candidates(self) -> tuple[str, ...]:
        """Characters that what is pending may mean, the likeliest first."""
        if self.way is Way.SOUND:
            return self.tables.by_sound(
                self.tables.first_syllable(self.pending), surname=self.longest is None and not self.name
            )
        return self.tables.by_strokes(self.pending) if self.way is Way.STROKES else ()

    def choose(self, char: str) -> None:
        """Take a candidate; letters that go beyond its syllable stay pending."""
        used = len(self.tables.first_syllable(self.pending)) if self.way is Way.SOUND else len(self.pending)
        self.pending, self.page = self.pending[used:], 0
        self._append(char)

    def turn(self, pages: int, *, page_size: int) -> None:
        """Go so many pages of candidates on, or back; not beyond the ends."""
        last = max(0, (len(self.candidates()) - 1) // page_size)
        self.page = min(max(self.page + pages, 0), last)

    def _append(self, text: str) -> None:
        longer = self.name + text
        fits = len(longer.encode("gb18030")) <= NAME_BYTES if self.longest is None else len(longer) <= self.longest
        if fits:
            self.name = longer
