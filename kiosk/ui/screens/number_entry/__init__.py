"""Waiting for a number."""

from functools import partial
from typing import Final

from kivy.clock import Clock
from kivy.graphics import Color, Rectangle
from kivy.uix.widget import Widget

from kiosk.journeys.views import NumberEntry
from kiosk.journeys.wording import Say, say
from kiosk.ui.look import Look
from kiosk.ui.number_draft import NumberDraft, groups
from kiosk.ui.theme import rgba
from kiosk.ui.widgets.entry import Draft, EntryScreen
from kiosk.ui.widgets.keys import KeyGrid, KeyRow, TypingKey
from kiosk.ui.widgets.layout import Panel
from kiosk.ui.widgets.screen import Desk
from kiosk.ui.widgets.text import Text

_GROUP_GAP: Final = 24
_PAD: Final = 20


class Places(Panel):
    """One place a character in the groups that people read it in, each with a stroke below; the next one's is thick."""

    def __init__(self, look: Look, length: int) -> None:
        super().__init__(look=look, surface="surface", edge="border", edge_width=4)
        self._groups = groups(length)
        role = "title" if look.portrait else "key"
        self._chars = [Text(look=look, role=role, halign="center") for _ in range(length)]
        for char in self._chars:
            self.add_widget(char)
        self._height = look.typeface.line_height(look.size(role))
        self._typed = 0
        self._underline = Clock.create_trigger(self._draw_strokes, -1)
        self.bind(pos=self._place, size=self._place)

    def height_for(self, width: float) -> float:
        """Pixels of height needed at this width."""
        return float(self._height + 2 * 16)

    def show(self, text: str) -> None:
        """Put these characters into the places."""
        for char, place in zip(text.ljust(len(self._chars)), self._chars, strict=True):
            place.text = char.strip()
        self._typed = len(text)
        self._underline()

    def _place(self, *_: object) -> None:
        room = self.width - 2 * _PAD - _GROUP_GAP * (len(self._groups) - 1)
        each = room / len(self._chars)
        left, place = self.x + _PAD, 0
        for group in self._groups:
            for char in self._chars[place : place + group]:
                char.size, char.pos = (round(each), self._height), (round(left), round(self.y + 16))
                left += each
            left += _GROUP_GAP
            place += group
        self._underline()

    def _draw_strokes(self, _elapsed: float) -> None:
        self.canvas.after.clear()
        with self.canvas.after:
            for n, char in enumerate(self._chars):
                following = n == self._typed
                Color(*rgba(self.look.colour("primary" if following else "border")))
                Rectangle(pos=(char.x + 4, char.y - 2), size=(char.width - 8, 10 if following else 4))


class NumberEntryScreen(EntryScreen):
    """The number in large figures over a keypad; the last key of the keypad takes one back."""

    keys_width = 624
    draft: NumberDraft

    def __init__(self, desk: Desk, view: NumberEntry, draft: Draft | None) -> None:
        super().__init__(desk, view, draft if isinstance(draft, NumberDraft) else NumberDraft(view.length))

    def on_kv_post(self, base_widget: Widget) -> None:
        """Add the places and the keypad."""
        look, draft = self.look, self.draft
        self.places = Places(look, self.view.length)
        keypad = KeyGrid(look=look, columns=3, key_height=124 if look.portrait else 148, stretch=1.25)
        chars = [
            TypingKey(look=look, text=char, spoken=char, role="title", act=partial(self._press, char))
            for char in ("123456789X0" if self.view.check_character else "1234567890")
        ]
        delete = TypingKey(look=look, text=self.words(say("删除")), role="body", act=self.key(draft.delete))
        delete.spoken = self.words(say("删掉最后一个"))
        rows = [KeyRow([(key, 1) for key in chars[at : at + 3]]) for at in range(0, 9, 3)]
        width = 1 if self.view.check_character else 2  # no key lies where it would not be looked for
        keypad.show([*rows, KeyRow([*((key, width) for key in chars[9:]), (delete, 1)])])
        self.fill(self.places, [keypad])
        self.show_draft()
        super().on_kv_post(base_widget)

    def _press(self, char: str) -> None:
        takes = self.draft.takes(char)
        self.key(lambda: self.draft.press(char))()
        if not takes and self.draft.missing:
            self.guide(say("X 只会是最后一位"))

    def show_draft(self) -> None:
        """Draw the number."""
        self.places.show(self.draft.text)

    def hints(self) -> list[str]:
        """Those of every question, and what this screen says itself."""
        last = (self.words(say("X 只会是最后一位")),) if self.view.check_character else ()
        return [*super().hints(), *last]

    def missing(self) -> Say | None:
        """How many characters are still to come."""
        return say("还差 {count} 位", count=self.draft.missing) if self.draft.missing else None

    def typed_text(self) -> str:
        """The number."""
        return str(self.draft.text)
