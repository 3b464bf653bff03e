"""What is about to be done, once more."""

from pathlib import Path

from kivy.uix.widget import Widget

from kiosk.ui.widgets.facts import FactCard
from kiosk.ui.widgets.lines import Note
from kiosk.ui.widgets.screen import Screen


class ReadBackScreen(Screen):
    """The facts to check, what follows from going on, and no action that goes first."""

    kv = Path(__file__).with_name("read_back.kv")

    def on_kv_post(self, base_widget: Widget) -> None:
        """Add the facts and what follows."""
        for fact in self.view.facts:
            self.add_widget(FactCard(self.look, fact, room=self.narrow))
        self.add_widget(Note(look=self.look, text=self.words(self.view.note)))
        super().on_kv_post(base_widget)
