"""It is done, or here is what was asked for."""

from pathlib import Path

from kivy.uix.widget import Widget

from kiosk.ui.widgets.facts import FactCard
from kiosk.ui.widgets.lines import Note
from kiosk.ui.widgets.screen import Screen


class ResultScreen(Screen):
    """At most three facts, each on a card of its own."""

    kv = Path(__file__).with_name("result.kv")

    def on_kv_post(self, base_widget: Widget) -> None:
        """Add the facts, the note, the page."""
        if self.view.in_force and (len(self.view.facts) < 2 or self.look.low):
            self.picture = "done"
        for fact in self.view.facts:
            self.add_widget(FactCard(self.look, fact))
        if self.view.note is not None:
            self.add_widget(Note(look=self.look, text=self.words(self.view.note), icon="info"))
        super().on_kv_post(base_widget)
