"""The rows of a technician's page: what, how it is as shape and colour, and what to do about it."""

import re
from typing import Final

from kivy.uix.widget import Widget

from kiosk.journeys.counter_words import in_words
from kiosk.journeys.technician_views import Mark, Row
from kiosk.ui.look import Look
from kiosk.ui.theme import TARGET
from kiosk.ui.widgets.layout import Panel
from kiosk.ui.widgets.picture import Picture
from kiosk.ui.widgets.press import Press
from kiosk.ui.widgets.text import Text

SIGNS: Final = {
    Mark.NONE: ("", ""),
    Mark.WELL: ("tick", "good"),
    Mark.WARNING: ("warning", "warm_icon"),
    Mark.FAULT: ("stop", "grave"),
}
"""Picture and colour of each: nothing is told by colour alone."""
_COMMANDS: Final = frozenset({"kiosk", "pcscd", "systemctl", "systemd"})
_CHINESE: Final = re.compile("[\u4e00-\u9fff]")
_PAD_X: Final = 24
_PAD_Y: Final = 12
_GAP: Final = 20


def begun(words: str) -> str:
    """Words as a line begins; the English ones are kept as they stand in the doctor's table and within sentences.

    Chinese stays, and so do the names of commands, files and devices.
    """
    first = words.partition(" ")[0]
    if not re.sub("[',:;]", "", first).isalpha() or not first.isascii() or first in _COMMANDS or _CHINESE.search(words):
        return words
    return words[0].upper() + words[1:]


class RowWords(Widget):
    """Sign, label, value and advice. The value stands at the right end of the label's line where there is room."""

    def __init__(self, look: Look, row: Row, *, signed: bool) -> None:
        """:param signed: rows beside it have a sign, so its label stands under theirs."""
        super().__init__()
        self.look, self._signed = look, signed
        self._sign = Picture(look=look)
        self._label = Text(look=look, role="body")
        self._value = Text(look=look, role="body", bold=True)
        self._advice = Text(look=look, role="caption", ink="muted")
        self._arrow = Picture(look=look, name="right", mono="line") if row.act is not None else None
        for part in (self._sign, self._label, self._value, self._advice, self._arrow):
            if part is not None:
                self.add_widget(part)
        self.bind(pos=self.place, size=self.place)
        self.show(row)

    def show(self, row: Row) -> None:
        """Show a row of the same kind."""
        words = self.look.words
        self._sign.name, self._sign.mono = SIGNS[row.mark]
        self._label.text, self._value.text = begun(words(in_words(row.label))), row.value
        self._advice.text = begun(words(in_words(row.advice))) if row.advice is not None else ""
        self.place()

    def _side(self) -> int:
        return int(self.look.size("body"))

    def _inner(self, width: float) -> float:
        sign = self._side() + _GAP if self._signed else 0
        arrow = self._side() + _GAP if self._arrow is not None else 0
        return width - 2 * _PAD_X - sign - arrow

    def _is_beside(self, inner: float) -> bool:
        return self._label.natural_width() + 2 * _GAP + self._value.natural_width() <= inner

    def _heights(self, inner: float) -> tuple[float, float, float]:
        return self._label.height_for(inner), self._value.height_for(inner), self._advice.height_for(inner)

    def height_for(self, width: float) -> float:
        """Pixels of height needed at this width."""
        inner = self._inner(width)
        label, value, advice = self._heights(inner)
        words = (max(label, value) if self._is_beside(inner) else label + value) + advice
        return float(words + 2 * _PAD_Y)

    def place(self, *_: object) -> None:
        """Give every part its place."""
        inner = self._inner(self.width)
        if inner <= 1:
            return
        label, value, advice = self._heights(inner)
        side = self._side()
        left = self.x + _PAD_X + (side + _GAP if self._signed else 0)
        top = self.center_y + (self.height_for(self.width) - 2 * _PAD_Y) / 2
        line = self.look.typeface.line_height(side)
        self._sign.size, self._sign.pos = (side, side), (round(self.x + _PAD_X), round(top - line / 2 - side / 2))
        beside = self._is_beside(inner)
        wide = self._label.natural_width() + 2 if beside else inner
        self._label.size, self._label.pos = (round(wide), label), (round(left), round(top - label))
        self._value.halign = "right" if beside else "left"
        at, top = (top - value, top - max(label, value)) if beside else (top - label - value, top - label - value)
        value_left = left + wide + 2 * _GAP - 4 if beside else left
        self._value.size, self._value.pos = (round(left + inner - value_left), value), (round(value_left), round(at))
        self._advice.size, self._advice.pos = (round(inner), advice), (round(left), round(top - advice))
        if self._arrow is not None:
            self._arrow.size = (side, side)
            self._arrow.pos = (round(self.right - _PAD_X - side), round(self.center_y - side / 2))


class PageRow(Panel):
    """A row that is only read."""

    def __init__(self, look: Look, row: Row, *, signed: bool) -> None:
        super().__init__(look=look, surface="surface", edge="hairline", edge_width=2, radius=14)
        self.words = RowWords(look, row, signed=signed)
        self.add_widget(self.words)
        self.bind(pos=self._place, size=self._place)

    def height_for(self, width: float) -> float:
        """Pixels of height needed at this width."""
        return self.words.height_for(width)

    def show(self, row: Row) -> None:
        """Show a row of the same kind."""
        self.words.show(row)

    def _place(self, *_: object) -> None:
        self.words.size, self.words.pos = self.size, self.pos


class PageRowButton(Press):
    """A row that leads somewhere."""

    def __init__(self, look: Look, row: Row, *, signed: bool, **kwargs: object) -> None:
        super().__init__(look=look, radius=14, **kwargs)
        self.words = RowWords(look, row, signed=signed)
        self.add_widget(self.words)
        self.bind(pos=self._place, size=self._place)

    def height_for(self, width: float) -> float:
        """Pixels of height needed at this width."""
        return max(float(TARGET), self.words.height_for(width))

    def show(self, row: Row) -> None:
        """Show a row of the same kind."""
        self.words.show(row)

    def _place(self, *_: object) -> None:
        self.words.size, self.words.pos = self.size, self.pos
