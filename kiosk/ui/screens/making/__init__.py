"""The machine makes the card."""

import dataclasses
from pathlib import Path

from kivy.properties import NumericProperty, StringProperty
from kivy.uix.widget import Widget

from kiosk.journeys.views import Making, View
from kiosk.ui.screens.working import Patience
from kiosk.ui.widgets.layout import Column, Row
from kiosk.ui.widgets.picture import Picture
from kiosk.ui.widgets.screen import Screen
from kiosk.ui.widgets.text import Text


class MakingStep(Row):
    """One step: ticked when it is done, pointed at and bold while it is, quiet before."""

    text = StringProperty("")
    number = NumericProperty(0)
    now = NumericProperty(0)

    def on_kv_post(self, _base_widget: object) -> None:
        """Add the sign and the words."""
        side = self.look.typeface.line_height(self.look.size("body"))
        self._sign = Picture(look=self.look, fixed=side, inset=round(side * 0.1))
        self._words = Text(look=self.look, text=self.text, role="body")
        self.add_widget(self._sign)
        self.add_widget(self._words)
        self.bind(now=self._tell)
        self._tell()

    def _tell(self, *_: object) -> None:
        done, doing = self.number < self.now, self.number == self.now
        self._sign.name = "tick" if done else "right" if doing else ""
        self._sign.mono = "good" if done else "line"
        self._words.bold = doing
        self._words.ink = "ink" if done or doing else "muted"


class MakingScreen(Screen):
    """The steps, what is done now, and that it goes on. No share of a whole is told: nobody knows it."""

    kv = Path(__file__).with_name("making.kv")

    def on_kv_post(self, base_widget: Widget) -> None:
        """Add the steps, and what moves."""
        view = self.view
        steps = Column(look=self.look, gap=8, surface="surface", edge="hairline", edge_width=2, pad_x=40, pad_y=24)
        for number, step in enumerate(view.steps):
            steps.add_widget(MakingStep(look=self.look, text=self.words(step), number=number, now=view.now))
        self.steps = steps.in_order()
        self.add_widget(steps)
        self.add_widget(Patience(look=self.look))
        super().on_kv_post(base_widget)

    def take(self, view: View) -> bool:
        """Another step only moves the signs, and the time goes on."""
        if not isinstance(view, Making) or dataclasses.replace(self.view, now=view.now) != view:
            return False
        self.view = view
        for step in self.steps:
            step.now = view.now
        return True
