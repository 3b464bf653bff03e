"""Characters that what was typed by sound or by strokes may mean."""

from collections.abc import Callable
from functools import partial
from typing import Final

from kiosk.journeys.wording import Say, say
from kiosk.ui.look import Look
from kiosk.ui.name_input import NameDraft
from kiosk.ui.widgets.keys import CandidateKey, Key, KeyGrid, KeyRow
from kiosk.ui.widgets.text import Text

_CELLS: Final = {True: 8, False: 9}
"""Candidates and an arrow in a row; portrait, landscape."""


class Candidates(KeyGrid):
    """Two rows of characters to choose from, an arrow at the end of each; or words where there is nothing to choose."""

    def __init__(self, look: Look, draft: NameDraft, key: Callable[[Callable[[], None]], Callable[[], None]]) -> None:
        """:param key: makes of a change to the draft what a key does: the change, and having it drawn."""
        self._words = Text(look=look, halign="center", ink="muted")
        columns = _CELLS[look.portrait]
        super().__init__(look=look, columns=columns, key_height=104)
        self._draft, self._key = draft, key
        self.page_size = 2 * (columns - 1)
        self._keys = [CandidateKey(look=look, role="section") for _ in range(self.page_size)]
        self._arrows = (self._arrow("left", say("前面的字"), -1), self._arrow("right", say("后面的字"), 1))
        self.bind(pos=self._place_words, size=self._place_words)

    def _arrow(self, icon: str, spoken: Say, by: int) -> Key:
        act = self._key(lambda: self._draft.turn(by, page_size=self.page_size))
        return Key(look=self.look, icon=icon, spoken=self.look.words(spoken), act=act)

    def height_for(self, width: float) -> float:
        """Pixels of height needed at this width: the same with and without candidates."""
        return float(2 * self.key_height + 24)

    def show_candidates(self, words: Say) -> None:
        """Show the page of candidates at hand, or ``words`` where there are none."""
        chars = self._draft.candidates()
        page = chars[self._draft.page * self.page_size :][: self.page_size]
        if not page:
            self.show(())
            self._words.text = self.look.words(words)
            self.add_widget(self._words)
            self._place_words()
            return
        for key, char in zip(self._keys, page, strict=False):
            key.text = key.spoken = char
            key.act = self._key(partial(self._draft.choose, char))
        half = self.page_size // 2
        shown = [(key, 1.0) for key in self._keys[: len(page)]]
        arrows = self._arrows if len(chars) > self.page_size else (None, None)
        self.show([KeyRow(shown[:half], last=arrows[0]), KeyRow(shown[half:], last=arrows[1])])

    def _place_words(self, *_: object) -> None:
        height = self._words.height_for(self.width)
        self._words.size, self._words.pos = (self.width, height), (self.x, round(self.center_y - height / 2))
