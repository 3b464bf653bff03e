"""A search while it is being put together: words that were chosen, and letters."""

from dataclasses import dataclass
from typing import Final

from kiosk.handbook.search import Keyword

OFFERED: Final = 6
"""Words to choose from at once (docs/ux-rules.md rule 6); another letter is quicker than a page."""
_MOST_LETTERS: Final = 12
"""Letters that a search is given at most: four whole syllables."""
_MOST_WORDS: Final = 3
"""Words chosen at most; hardly an article holds more."""


@dataclass(slots=True)
class SoundDraft:
    """The words chosen and the letters typed so far, small ones."""

    keywords: tuple[Keyword, ...] = ()
    chosen: tuple[str, ...] = ()
    letters: str = ""

    @property
    def text(self) -> str:
        """Both, parted by spaces."""
        return " ".join((*self.chosen, self.letters)).strip()

    def press(self, letter: str) -> None:
        """Add a letter, as long as there is room."""
        if len(self.letters) < _MOST_LETTERS:
            self.letters += letter.lower()

    def delete(self) -> None:
        """Take the last letter back, and when there is none the last word."""
        if self.letters:
            self.letters = self.letters[:-1]
        else:
            self.chosen = self.chosen[:-1]

    def clear(self) -> None:
        """Begin anew."""
        self.chosen, self.letters = (), ""

    def candidates(self) -> tuple[str, ...]:
        """Words that the letters may mean, whole ones first; without letters, those that citizens mostly look for.

        After a choice only words that make its articles fewer and leave some.
        """
        if len(self.chosen) == _MOST_WORDS:
            return ()
        offered = [keyword for keyword in self.keywords if self._narrows(keyword)]
        if self.letters:
            spelt = {keyword.word: keyword.spelt_by(self.letters) for keyword in offered}
            offered = [keyword for keyword in offered if spelt[keyword.word]]
            offered.sort(key=lambda keyword: spelt[keyword.word] < len(keyword.word))
        return tuple(keyword.word for keyword in offered[:OFFERED])

    def choose(self, word: str) -> None:
        """Take a candidate in place of the letters."""
        self.chosen, self.letters = (*self.chosen, word), ""

    def _narrows(self, keyword: Keyword) -> bool:
        if not self.chosen:
            return True
        left = frozenset.intersection(*(one.leads_to for one in self.keywords if one.word in self.chosen))
        return not left.isdisjoint(keyword.leads_to) and not left <= keyword.leads_to
