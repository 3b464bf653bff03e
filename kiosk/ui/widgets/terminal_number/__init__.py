"""The terminal's number, for whoever calls the hotline; held, it lets a technician be asked who they are."""

from typing import Any, Final

from kivy.clock import Clock
from kivy.input import MotionEvent
from kivy.properties import ObjectProperty

from kiosk.journeys.technician_views import Way
from kiosk.journeys.wording import Verbatim, say
from kiosk.ui.widgets.screen import Screen
from kiosk.ui.widgets.text import Text

HOLD_S = 3.0
"""So long it is held; nobody who leans on the screen by chance does so on one line."""
_AROUND: Final = 16
"""Pixels above and below the words that count as theirs."""


class TerminalNumber(Text):
    """A line in small print. A tap does nothing, and neither does a finger that wanders off."""

    held = ObjectProperty(None, allownone=True)
    """Called without arguments."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(role="caption", ink="muted", **kwargs)
        self.hold_s = HOLD_S
        self._due: Any = None

    def _is_on(self, touch: MotionEvent) -> bool:
        x, y = touch.pos
        return bool(self.x <= x <= self.right and self.y - _AROUND <= y <= self.top + _AROUND)

    def on_touch_down(self, touch: MotionEvent) -> bool:
        """Begin to count."""
        if not self._is_on(touch):
            return False
        touch.grab(self)
        self._stop()
        self._due = Clock.schedule_once(self._reached, self.hold_s)
        return True

    def on_touch_move(self, touch: MotionEvent) -> bool:
        """A finger that leaves the words has let go of them."""
        if touch.grab_current is not self:
            return False
        if not self._is_on(touch):
            self._stop()
        return True

    def on_touch_up(self, touch: MotionEvent) -> bool:
        """Let go too early: nothing."""
        if touch.grab_current is not self:
            return False
        touch.ungrab(self)
        self._stop()
        return True

    def _stop(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _reached(self, _elapsed: float) -> None:
        self._due = None
        if self.get_parent_window() is not None and self.held is not None:
            self.held()


def add_terminal_number(screen: Screen, *, halign: str) -> None:
    """Put the number below what stands in a screen's body, where it is known."""
    number = screen.desk.terminal
    if number:
        words = screen.words(say("机器编号 {number}", number=Verbatim(number)))
        line = TerminalNumber(look=screen.look, text=words, halign=halign, held=lambda: screen.desk.post(Way.HELD))
        screen.add_widget(line)
