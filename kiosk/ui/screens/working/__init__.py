"""Something takes a moment."""

from pathlib import Path
from typing import Final

from kivy.clock import Clock
from kivy.graphics import Color, SmoothEllipse
from kivy.properties import ObjectProperty
from kivy.uix.widget import Widget

from kiosk.journeys.wording import say
from kiosk.ui.theme import rgba
from kiosk.ui.widgets.screen import Screen
from kiosk.ui.widgets.text import Text

_BEAT: Final = 0.25
"""Seconds from one picture of the moving dots to the next: seen as motion, cheap to draw."""
_DOTS_AFTER: Final = 4
_TIME_AFTER: Final = 12
"""Beats, rule 7: one second, three seconds."""


class Patience(Widget):
    """Nothing for a second, then moving dots, after three seconds the time as well."""

    look = ObjectProperty(None)

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self._beats = 0
        self._clock = None
        self._time = Text(look=self.look, role="caption", ink="muted", halign="center")
        self.add_widget(self._time)
        self.bind(parent=self._run, pos=self._place, size=self._place)

    def height_for(self, width: float) -> float:
        """Pixels of height needed at this width."""
        return 64 + 16 + float(self.look.typeface.line_height(self.look.size("caption")))

    def _place(self, *_: object) -> None:
        height = self.look.typeface.line_height(self.look.size("caption"))
        self._time.pos, self._time.size = self.pos, (self.width, height)

    def _run(self, *_: object) -> None:
        if self.parent is not None and self._clock is None:
            self._clock = Clock.schedule_interval(self._beat, _BEAT)

    def _beat(self, _elapsed: float) -> bool:
        if self.get_parent_window() is None:
            return self._beats == 0  # gone; before the first beat it may not be there yet
        self._beats += 1
        if self._beats >= _DOTS_AFTER:
            self._draw()
        if self._beats >= _TIME_AFTER and self._beats % _DOTS_AFTER == 0:
            self._time.text = self.look.words(say("已用 {seconds} 秒", seconds=self._beats // _DOTS_AFTER))
        return True

    def _draw(self) -> None:
        self.canvas.before.clear()
        with self.canvas.before:
            for n in range(4):
                lit = self._beats % 4 == n
                side = 40 if lit else 24
                Color(*rgba(self.look.colour("primary" if lit else "border")))
                SmoothEllipse(
                    pos=(self.center_x + (n - 1.5) * 64 - side / 2, self.top - 32 - side / 2), size=(side, side)
                )


class WorkingScreen(Screen):
    """What is being done; nothing to touch."""

    kv = Path(__file__).with_name("working.kv")
