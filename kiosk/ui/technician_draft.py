"""What a technician has typed, painted and turned to on a page that is not through yet."""

from dataclasses import dataclass, field
from typing import Final

from kiosk.journeys.technician_views import Entry, EntryKind
from kiosk.ui.name_input import NameDraft

LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
DIGITS: Final = "0123456789"
SIGNS: Final = ".-:/"
_DOT: Final = "●"


@dataclass(slots=True)
class PageDraft:
    """It lives as long as its page stands on the screen, and nowhere else. Its repr tells nothing that was typed."""

    part: int = 0
    """Of a page that is longer than the screen; counted from 0."""
    colour: int = 0
    """How many of the colours have been looked at."""
    painted: set[tuple[int, int]] = field(default_factory=set)
    texts: dict[str, str] = field(default_factory=dict, repr=False)
    active: str = ""
    """The entry that the keys write into."""
    capitals: bool = False
    chinese: dict[str, NameDraft] = field(default_factory=dict, repr=False)
    """Of each entry for Chinese text: how it is typed, and what has not become a character yet."""

    def begin(self, entries: tuple[Entry, ...], filled: dict[str, str]) -> None:
        """Have these filled in; what is typed already stays."""
        for entry in entries:
            self.texts.setdefault(entry.word, filled.get(entry.word, entry.given)[: entry.longest])
        if self.active not in self.texts:
            self.active = entries[0].word

    def press(self, entry: Entry, key: str) -> None:
        """Add a key, unless the entry is as long as it may be."""
        if len(self.texts[entry.word]) < entry.longest:
            self.texts[entry.word] += key.upper() if self.capitals else key

    def delete(self, entry: Entry) -> None:
        """Take the last character back."""
        self.texts[entry.word] = self.texts[entry.word][:-1]

    def shown(self, entry: Entry) -> str:
        """What stands on the screen: of what is hidden, dots."""
        text = self.texts.get(entry.word, "")  # a screen that is gone is arranged once more
        if entry.word in self.chinese:
            return f"{text} {self.chinese[entry.word].pending_shown}".strip()
        return _DOT * len(text) if entry.kind is EntryKind.HIDDEN else text

    def clear(self) -> None:
        """Forget all of it."""
        self.part, self.colour, self.active, self.capitals = 0, 0, "", False
        self.painted.clear()
        self.texts.clear()
        self.chinese.clear()
