"""What covers a technician's page until the screen itself has been tried: squares to paint, and plain colours."""

from collections.abc import Callable
from typing import Final

from kivy.clock import Clock
from kivy.graphics import Color, Line, Rectangle
from kivy.input import MotionEvent
from kivy.uix.widget import Widget

from kiosk.journeys.wording import Say
from kiosk.ui.look import Look
from kiosk.ui.technician_draft import PageDraft
from kiosk.ui.theme import rgba
from kiosk.ui.widgets.text import Text

SQUARE: Final = 120
"""Pixels, 30 mm at most: a finger covers it, and a dead strip of a touch screen is wider than nothing."""
COLOURS: Final = ("#000000", "#FFFFFF", "#FF0000", "#00FF00", "#0000FF", "#808080")
"""Each shows what the others hide: light that leaks, dead points, a tint."""


class TouchField(Widget):
    """Squares that a finger paints, and how many are left. Gone with the last one.

    Only where the screen told of the finger is painted, not what lies between: a dead strip would be painted over.
    """

    def __init__(self, look: Look, draft: PageDraft, done: Callable[[], None]) -> None:
        super().__init__()
        self._look, self._draft, self._done = look, draft, done
        self._count = Text(look=look, role="section", bold=True, halign="center")
        self.add_widget(self._count)
        self._redraw = Clock.create_trigger(self._draw, -1)
        self.bind(pos=self._place, size=self._place)

    def grid(self) -> tuple[int, int]:
        """How many squares stand across and down."""
        return max(1, round(self.width / SQUARE)), max(1, round(self.height / SQUARE))

    @property
    def left(self) -> int:
        """Squares still to be painted."""
        across, down = self.grid()
        return across * down - len(self._draft.painted)

    def _place(self, *_: object) -> None:
        self._tell()
        self._count.size = (self.width, self._count.height_for(self.width))
        self._count.pos = (self.x, round(self.center_y - self._count.height / 2))

    def _tell(self) -> None:
        say = Say("还剩 {left} 格，用手指涂满", {"left": self.left}, {"en": "{left} squares left: paint them all"})
        self._count.text = self._look.words(say)
        self._redraw()

    def _draw(self, _elapsed: float) -> None:
        across, down = self.grid()
        wide, high = self.width / across, self.height / down
        self.canvas.before.clear()
        with self.canvas.before:
            Color(*rgba(self._look.colour("surface")))
            Rectangle(pos=self.pos, size=self.size)
            Color(*rgba(self._look.colour("plain_pressed")))
            for column, row in self._draft.painted:
                Rectangle(pos=(self.x + column * wide, self.y + row * high), size=(wide, high))
            Color(*rgba(self._look.colour("border")))
            for column in range(across + 1):
                Line(points=(self.x + column * wide, self.y, self.x + column * wide, self.top))
            for row in range(down + 1):
                Line(points=(self.x, self.y + row * high, self.right, self.y + row * high))

    def on_touch_down(self, touch: MotionEvent) -> bool:
        """Paint where the finger is."""
        if not self.collide_point(*touch.pos):
            return False
        touch.grab(self)
        self._paint(touch)
        return True

    def on_touch_move(self, touch: MotionEvent) -> bool:
        """Paint where the finger goes."""
        if touch.grab_current is not self:
            return False
        self._paint(touch)
        return True

    def on_touch_up(self, touch: MotionEvent) -> bool:
        """Whoever has painted the last square has done."""
        if touch.grab_current is not self:
            return False
        touch.ungrab(self)
        if self.left == 0:
            self._done()
        return True

    def _paint(self, touch: MotionEvent) -> None:
        if not self.collide_point(*touch.pos):
            return
        across, down = self.grid()
        column = min(across - 1, int((touch.x - self.x) / (self.width / across)))
        row = min(down - 1, int((touch.y - self.y) / (self.height / down)))
        if (column, row) not in self._draft.painted:
            self._draft.painted.add((column, row))
            self._tell()


class ColourField(Widget):
    """One colour over everything; a touch brings the next, and after the last it is gone."""

    def __init__(self, draft: PageDraft, done: Callable[[], None]) -> None:
        super().__init__()
        self._draft, self._done = draft, done
        draw = Clock.create_trigger(self._draw, -1)
        self._redraw = draw
        self.bind(pos=draw, size=draw)

    def _draw(self, _elapsed: float) -> None:
        self.canvas.clear()
        if self._draft.colour < len(COLOURS):
            with self.canvas:
                Color(*rgba(COLOURS[self._draft.colour]))
                Rectangle(pos=self.pos, size=self.size)

    def on_touch_down(self, touch: MotionEvent) -> bool:
        """Nothing below is touched."""
        touch.grab(self)
        return True

    def on_touch_up(self, touch: MotionEvent) -> bool:
        """The next one."""
        if touch.grab_current is not self:
            return False
        touch.ungrab(self)
        self._draft.colour += 1
        if self._draft.colour >= len(COLOURS):
            self._done()
        self._redraw()
        return True
