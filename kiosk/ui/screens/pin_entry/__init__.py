"""Waiting for the PIN pad."""

import dataclasses
from pathlib import Path
from typing import Final

from kivy.clock import Clock
from kivy.graphics import Color, SmoothEllipse
from kivy.properties import NumericProperty, ObjectProperty
from kivy.uix.widget import Widget

from kiosk.journeys.views import PinEntry, View
from kiosk.ui.theme import rgba
from kiosk.ui.widgets.screen import Screen

_DOT: Final = 80
_GAP: Final = 32


class Dots(Widget):
    """One ring a digit, filled as they come. What they are is never known here."""

    look = ObjectProperty(None)
    length = NumericProperty(0)
    typed = NumericProperty(0)

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        draw = Clock.create_trigger(self._draw, -1)
        self.bind(pos=draw, size=draw, typed=draw, length=draw)

    def height_for(self, width: float) -> float:
        """Pixels of height needed at this width."""
        return _DOT + 40

    def _draw(self, _elapsed: float) -> None:
        self.canvas.clear()
        count = int(max(self.length, self.typed))
        whole = count * _DOT + max(count - 1, 0) * _GAP
        # Up to twelve digits (ISO 9564): a row that is too long is drawn smaller, not cut.
        scale = min(1.0, self.width / whole) if whole else 1.0
        dot, gap = _DOT * scale, _GAP * scale
        left = round(self.center_x - whole * scale / 2)
        y = round(self.center_y - dot / 2)
        with self.canvas:
            for n in range(count):
                x = round(left + n * (dot + gap))
                filled = n < self.typed
                Color(*rgba(self.look.colour("primary" if filled else "border")))
                SmoothEllipse(pos=(x, y), size=(dot, dot))
                if not filled:
                    Color(*rgba(self.look.colour("surface")))
                    SmoothEllipse(pos=(x + 5, y + 5), size=(dot - 10, dot - 10))


class PinEntryScreen(Screen):
    """Which PIN, how many digits have come, and what went wrong before."""

    kv = Path(__file__).with_name("pin_entry.kv")

    def take(self, view: View) -> bool:
        """Another count only moves the dots."""
        if not isinstance(view, PinEntry) or dataclasses.replace(self.view, typed=view.typed) != view:
            return False
        self.view = view
        return True
