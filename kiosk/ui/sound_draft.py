"""A few letters while they are being typed."""

from dataclasses import dataclass
from typing import Final

_MOST: Final = 12
"""Letters that a search is given at most: four whole syllables."""


@dataclass(slots=True)
class SoundDraft:
    """The letters typed so far, small ones."""

    text: str = ""

    def press(self, letter: str) -> None:
        """Add a letter, as long as there is room."""
        if len(self.text) < _MOST:
            self.text += letter.lower()

    def delete(self) -> None:
        """Take the last letter back."""
        self.text = self.text[:-1]

    def clear(self) -> None:
        """Begin anew."""
        self.text = ""
