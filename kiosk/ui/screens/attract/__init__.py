"""Nobody is here."""

from pathlib import Path

from kivy.uix.widget import Widget

from kiosk.ui.widgets.screen import Screen
from kiosk.ui.widgets.terminal_number import add_terminal_number


class AttractScreen(Screen):
    """An invitation, and one button."""

    kv = Path(__file__).with_name("attract.kv")

    def on_kv_post(self, base_widget: Widget) -> None:
        """Add the terminal's number."""
        add_terminal_number(self, halign="center")
        super().on_kv_post(base_widget)
