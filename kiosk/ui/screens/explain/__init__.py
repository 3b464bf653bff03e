"""A short text before a step, or a question."""

from pathlib import Path

from kivy.uix.widget import Widget

from kiosk.ui.widgets.lines import Note, Sentence
from kiosk.ui.widgets.screen import Screen


class ExplainScreen(Screen):
    """One matter in few sentences; each a paragraph."""

    kv = Path(__file__).with_name("explain.kv")

    def on_kv_post(self, base_widget: Widget) -> None:
        """Add the sentences."""
        for line in self.view.lines:
            self.add_widget(Sentence(look=self.look, text=self.words(line)))
        if self.view.note is not None:
            self.add_widget(Note(look=self.look, text=self.words(self.view.note), icon="info"))
        super().on_kv_post(base_widget)
