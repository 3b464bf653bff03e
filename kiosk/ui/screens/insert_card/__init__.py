"""Waiting for a card."""

from pathlib import Path

from kivy.uix.widget import Widget

from kiosk.ui.widgets.lines import Note
from kiosk.ui.widgets.screen import Screen


class InsertCardScreen(Screen):
    """How the card goes in."""

    kv = Path(__file__).with_name("insert_card.kv")

    def on_kv_post(self, base_widget: Widget) -> None:
        """Add what must be known first."""
        if self.view.note is not None:
            self.add_widget(Note(look=self.look, text=self.words(self.view.note), icon="info"))
        super().on_kv_post(base_widget)
