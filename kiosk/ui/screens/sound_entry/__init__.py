"""Waiting for a few letters of what is looked for."""

from functools import partial
from typing import Final

from kivy.uix.widget import Widget

from kiosk.journeys.views import SoundEntry
from kiosk.journeys.wording import Say, say
from kiosk.ui.look import Look
from kiosk.ui.sound_draft import SoundDraft
from kiosk.ui.widgets.entry import Draft, EntryScreen
from kiosk.ui.widgets.keys import KeyGrid, KeyRow, TypingKey
from kiosk.ui.widgets.layout import Panel
from kiosk.ui.widgets.screen import Desk
from kiosk.ui.widgets.text import Text

_ROWS: Final = {True: ("abcdef", "ghijkl", "mnopqr", "stuvwx", "yz"), False: ("abcdefg", "hijklmn", "opqrstu", "vwxyz")}
"""In the alphabet's order, which whoever has no keyboard at home finds soonest; portrait, landscape."""


class SoundField(Panel):
    """The letters, in capitals as on the keys."""

    def __init__(self, look: Look) -> None:
        super().__init__(look=look, surface="surface", edge="border", edge_width=4)
        self.letters = Text(look=look, role="title", bold=True)
        self.add_widget(self.letters)
        self.bind(pos=self._place, size=self._place)

    def height_for(self, width: float) -> float:
        """Pixels of height needed at this width."""
        return float(self.look.typeface.line_height(self.look.size("title")) + 2 * 16)

    def show(self, text: str) -> None:
        """Show these."""
        self.letters.text = text.upper()

    def _place(self, *_: object) -> None:
        self.letters.size = (self.width - 2 * 28, self.height)
        self.letters.pos = (self.x + 28, self.y)


class SoundEntryScreen(EntryScreen):
    """The letters over a keyboard in the alphabet's order; its last key takes one back."""

    keys_width = 1000
    draft: SoundDraft

    def __init__(self, desk: Desk, view: SoundEntry, draft: Draft | None) -> None:
        super().__init__(desk, view, draft if isinstance(draft, SoundDraft) else SoundDraft())

    def on_kv_post(self, base_widget: Widget) -> None:
        """Add the field and the keyboard."""
        look, draft = self.look, self.draft
        self.field = SoundField(look)
        rows = _ROWS[look.portrait]
        columns = len(rows[0])
        keys = KeyGrid(look=look, columns=columns, key_height=104 if look.portrait else 124, stretch=1.25)
        delete = TypingKey(look=look, text=self.words(say("删除")), role="body", act=self.key(draft.delete))
        delete.spoken = self.words(say("删掉最后一个"))
        lettered = [[(self._letter(char), 1.0) for char in row] for row in rows]
        lettered[-1].append((delete, float(columns - len(rows[-1]))))
        keys.show([KeyRow(row) for row in lettered])
        self.fill(self.field, [keys])
        self.show_draft()
        super().on_kv_post(base_widget)

    def _letter(self, char: str) -> TypingKey:
        shown = char.upper()
        return TypingKey(
            look=self.look, text=shown, spoken=shown, role="section", act=self.key(partial(self.draft.press, char))
        )

    def show_draft(self) -> None:
        """Draw the letters."""
        self.field.show(self.draft.text)

    def hints(self) -> list[str]:
        """Those of every question, and what this screen says itself."""
        return [*super().hints(), self.words(say("还没有打字母"))]

    def missing(self) -> Say | None:
        """A letter."""
        return None if self.draft.text else say("还没有打字母")

    def typed_text(self) -> str:
        """The letters."""
        return str(self.draft.text)
