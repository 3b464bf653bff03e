"""The card is free."""

from pathlib import Path
from typing import Final

from kivy.clock import Clock
from kivy.properties import ObjectProperty
from kivy.uix.widget import Widget

from kiosk.ui.widgets.picture import Picture
from kiosk.ui.widgets.screen import Screen

_BEAT: Final = 0.3
_WAY: Final = (-90, -60, -20, 30, 80, 100, 100, 100)
"""Heights of the card above its place, one a beat: out of the slot, and a rest."""


class CardComingOut(Widget):
    """The card leaves the reader, again and again, in few pictures."""

    look = ObjectProperty(None)

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self._beats = 0
        backdrop = Picture(look=self.look, name="slot", backdrop="tint", inset=36)
        self._card = Picture(look=self.look, name="moving_card", inset=36)
        slot = Picture(look=self.look, name="slot", inset=36)
        self._parts = (backdrop, self._card, slot)
        for part in self._parts:
            self.add_widget(part)
        self.bind(pos=self._place, size=self._place, parent=self._run)
        self._card.lift = _WAY[0]

    def _place(self, *_: object) -> None:
        for part in self._parts:
            part.pos, part.size = self.pos, self.size

    def _run(self, *_: object) -> None:
        if self.parent is not None:
            Clock.schedule_interval(self._beat, _BEAT)

    def _beat(self, _elapsed: float) -> bool:
        if self.get_parent_window() is None:
            return self._beats == 0
        self._beats += 1
        self._card.lift = _WAY[self._beats % len(_WAY)]
        return True


class TakeCardScreen(Screen):
    """Take the card, before anything else is said."""

    kv = Path(__file__).with_name("take_card.kv")

    def _make_illustration(self) -> Widget:
        return CardComingOut(look=self.look)
