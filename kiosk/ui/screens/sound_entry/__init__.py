"""Waiting for what is looked for: words to choose, and letters."""

from functools import partial
from typing import Final

from kivy.uix.widget import Widget

from kiosk.journeys.views import SoundEntry
from kiosk.journeys.wording import Say, say
from kiosk.ui.look import Look
from kiosk.ui.sound_draft import OFFERED, SoundDraft
from kiosk.ui.widgets.entry import Draft, EntryScreen
from kiosk.ui.widgets.keys import KEY_GAP, CandidateKey, KeyGrid, KeyRow, TypingKey
from kiosk.ui.widgets.layout import Panel
from kiosk.ui.widgets.screen import Desk
from kiosk.ui.widgets.text import Text

_ROWS: Final = {True: ("abcdef", "ghijkl", "mnopqr", "stuvwx", "yz"), False: ("abcdefg", "hijklmn", "opqrstu", "vwxyz")}
"""In the alphabet's order, which whoever has no keyboard at home finds soonest; portrait, landscape."""
_IN_A_ROW: Final = 3
"""Words to choose."""
_KEY_HEIGHT: Final = 92
"""Seven rows and the question in large type leave no more; letters stretch where there is room."""


class SoundField(Panel):
    """The words chosen, and after them the letters, in capitals as on the keys."""

    def __init__(self, look: Look) -> None:
        super().__init__(look=look, surface="surface", edge="border", edge_width=4)
        self.typed = Text(look=look, role="title", bold=True)
        self.add_widget(self.typed)
        self.bind(pos=self._place, size=self._place)

    def height_for(self, width: float) -> float:
        """Pixels of height needed at this width."""
        return float(self.look.typeface.line_height(self.look.size("title")) + 2 * 16)

    def show(self, text: str) -> None:
        """Show these."""
        self.typed.text = text.upper()
        self._place()

    def _place(self, *_: object) -> None:
        inner = round(self.width - 2 * 28)
        for role in ("title", "section", "body", "caption"):
            self.typed.role = role
            if self.typed.natural_width() <= inner:
                break
        self.typed.size = (inner, self.height)
        self.typed.pos = (self.x + 28, self.y)


class Words(KeyGrid):
    """Words to choose from, or a sentence where there is nothing to choose; as high with the one as with the other."""

    def __init__(self, look: Look, draft: SoundDraft, screen: EntryScreen) -> None:
        self._nothing = Text(look=look, halign="center", ink="muted")
        super().__init__(look=look, columns=_IN_A_ROW, key_height=_KEY_HEIGHT)
        self._draft, self._screen = draft, screen
        self._keys = [CandidateKey(look=look, role="body") for _ in range(OFFERED)]
        self.bind(pos=self._place_nothing, size=self._place_nothing)

    def height_for(self, width: float) -> float:
        """Pixels of height needed at this width."""
        rows = OFFERED // self.columns
        return float(rows * (self.key_height + KEY_GAP) - KEY_GAP)

    def show_words(self, nothing: Say) -> None:
        """Show the draft's candidates, or ``nothing`` where there are none."""
        words = self._draft.candidates()
        if not words:
            self.show(())
            self._nothing.text = self.look.words(nothing)
            self.add_widget(self._nothing)
            self._place_nothing()
            return
        for key, word in zip(self._keys, words, strict=False):
            key.text = key.spoken = word
            key.act = self._screen.key(partial(self._draft.choose, word))
        shown = [(key, 1.0) for key in self._keys[: len(words)]]
        empty = [KeyRow(()) for _ in range(OFFERED // self.columns)]
        rows = [KeyRow(shown[at : at + self.columns]) for at in range(0, len(shown), self.columns)]
        self.show([*rows, *empty[len(rows) :]])  # a row of keys is as high in a short list as in a full one

    def _place_nothing(self, *_: object) -> None:
        height = self._nothing.height_for(self.width)
        self._nothing.size = (self.width, height)
        self._nothing.pos = (self.x, round(self.center_y - height / 2))


class SoundEntryScreen(EntryScreen):
    """What is typed over words to choose and a keyboard in the alphabet's order; its last key takes one back."""

    keys_width = 1000
    draft: SoundDraft

    def __init__(self, desk: Desk, view: SoundEntry, draft: Draft | None) -> None:
        super().__init__(desk, view, draft if isinstance(draft, SoundDraft) else SoundDraft(view.keywords))

    def on_kv_post(self, base_widget: Widget) -> None:
        """Add the field, the words and the keyboard."""
        look, draft = self.look, self.draft
        self.field = SoundField(look)
        rows = _ROWS[look.portrait]
        columns = len(rows[0])
        keys = KeyGrid(look=look, columns=columns, key_height=_KEY_HEIGHT, stretch=1.25)
        delete = TypingKey(look=look, text=self.words(say("删除")), role="body", act=self.key(draft.delete))
        delete.spoken = self.words(say("删掉最后一个"))
        lettered = [[(self._letter(char), 1.0) for char in row] for row in rows]
        lettered[-1].append((delete, float(columns - len(rows[-1]))))
        keys.show([KeyRow(row) for row in lettered])
        self.choices = Words(look, draft, self)
        self.fill(self.field, [self.choices, keys])
        self.show_draft()
        super().on_kv_post(base_widget)

    def _letter(self, char: str) -> TypingKey:
        shown = char.upper()
        return TypingKey(
            look=self.look, text=shown, spoken=shown, role="section", act=self.key(partial(self.draft.press, char))
        )

    def show_draft(self) -> None:
        """Draw what is typed, and the words that it may mean."""
        self.field.show(self.draft.text)
        self.choices.show_words(
            say("没有这样读的词，删掉一个字母再试。") if self.draft.letters else say("请按“找一找”，看找到了什么。")
        )

    def hints(self) -> list[str]:
        """Those of every question, and what this screen says itself."""
        return [*super().hints(), self.words(say("先点一个词，或打字母"))]

    def missing(self) -> Say | None:
        """A word or a letter."""
        return None if self.draft.text else say("先点一个词，或打字母")

    def typed_text(self) -> str:
        """Words and letters."""
        return str(self.draft.text)
