"""Keys on the screen, and the grid they lie in."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from kivy.properties import BooleanProperty, NumericProperty, ObjectProperty, StringProperty
from kivy.uix.widget import Widget

from kiosk.ui.theme import TARGET
from kiosk.ui.widgets.picture import Picture
from kiosk.ui.widgets.press import Press
from kiosk.ui.widgets.text import Text

KEY_GAP: Final = 24
"""Between two keys: the rule's least, since ten must stand in a row."""


class Key(Press):
    """A key: a character, a word or a picture, perhaps over its name."""

    text = StringProperty("")
    caption = StringProperty("")
    icon = StringProperty("")
    role = StringProperty("button")
    chosen = BooleanProperty(False)
    """What it offers is switched on."""
    fixed = NumericProperty(0)

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.radius = 18
        self._icon = Picture(look=self.look, name=self.icon, mono="line") if self.icon else None
        self._label = Text(look=self.look, text=self.text, role=self.role, bold=True, halign="center")
        self._caption = Text(look=self.look, text=self.caption, role="caption", ink="muted", halign="center")
        for part in (self._icon, self._label, self._caption):
            if part is not None:
                self.add_widget(part)
        self.bind(pos=self._place, size=self._place, text=self._write, chosen=self._colour)
        self._colour()

    def _idle_colours(self) -> tuple[str, str]:
        return ("primary", "primary") if self.chosen else ("surface", "border")

    def _pressed_colours(self) -> tuple[str, str]:
        return ("primary_pressed", "primary_pressed") if self.chosen else ("plain_pressed", "border")

    def _colour(self, *_: object) -> None:
        super()._colour()
        if self.children:
            self._label.ink = "on_primary" if self.chosen else "ink"

    def _write(self, *_: object) -> None:
        self._label.text = self.text

    def height_for(self, width: float) -> float:
        """Pixels of height needed at this width."""
        return max(TARGET, float(self._label.height_for(width - 8) + self._caption.height_for(width - 8) + 20))

    def natural_width(self) -> int:
        """Pixels of width with its text on one line."""
        return int(self._label.natural_width()) + 2 * 28

    def _place(self, *_: object) -> None:
        inner = round(self.width - 8)
        caption, label = self._caption.height_for(inner), self._label.height_for(inner)
        top = round(self.center_y + (label + caption) / 2)
        self._label.size, self._label.pos = (inner, label), (self.x + 4, top - label)
        self._caption.size, self._caption.pos = (inner, caption), (self.x + 4, top - label - caption)
        if self._icon is not None:
            self._icon.size, self._icon.pos = (56, 56), (round(self.center_x - 28), round(self.center_y - 28))


class CandidateKey(Key):
    """A character or word to choose; set off from the keys that type."""

    def _idle_colours(self) -> tuple[str, str]:
        return "tint", "line"


class TypingKey(Key):
    """A key that types: other keys may follow it as fast as fingers are, itself once it can't be a bounce."""

    def _opens(self, began: float) -> bool:
        return bool(self.look.taps.opens_key(self, began))

    def _passed(self, ended: float) -> None:
        self.look.taps.key_passed(self, ended)


@dataclass(frozen=True, slots=True)
class KeyRow:
    """Keys side by side with the columns each takes."""

    keys: Sequence[tuple[Key, float]]
    rows: int = 1
    """Rows of the grid that it is high."""
    last: Key | None = None
    """A key in the row's last column, however many stand before it."""


class KeyGrid(Widget):
    """Rows of keys. It reaches ``bleed`` pixels beyond its box on both sides, where ten keys want the sheet's width."""

    look = ObjectProperty(None)
    columns = NumericProperty(1)
    key_height = NumericProperty(120)
    bleed = NumericProperty(0)
    fixed = NumericProperty(0)
    stretch = NumericProperty(0)

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self._rows: Sequence[KeyRow] = ()
        self.bind(pos=self._place, size=self._place)

    def show(self, rows: Sequence[KeyRow]) -> None:
        """Lay out these keys instead of those before."""
        self._rows = rows
        self.clear_widgets()
        for row in rows:
            for key, _ in row.keys:
                self.add_widget(key)
            if row.last is not None:
                self.add_widget(row.last)
        self._place()

    def _count(self) -> int:
        return sum(row.rows for row in self._rows)

    def height_for(self, width: float) -> float:
        """Pixels of height needed at this width."""
        return float(self._count() * (self.key_height + KEY_GAP) - KEY_GAP)

    def _place(self, *_: object) -> None:
        if not self._rows:
            return
        width = self.width + 2 * self.bleed
        column = (width - KEY_GAP * (self.columns - 1)) / self.columns
        row_height = (self.height - KEY_GAP * (self._count() - 1)) / self._count()
        top = self.top
        for row in self._rows:
            height = row.rows * row_height + KEY_GAP * (row.rows - 1)
            place = 0.0
            for key, span in [*row.keys, *([(row.last, 1.0)] if row.last else [])]:
                if key is row.last:
                    place = self.columns - 1
                # Whole pixels, rounded inwards: a gap never gets less than the rule's.
                key.size = (int(span * (column + KEY_GAP) - KEY_GAP), int(height))
                key.pos = (math.ceil(self.x - self.bleed + place * (column + KEY_GAP)), math.ceil(top - height))
                place += span
            top -= height + KEY_GAP
