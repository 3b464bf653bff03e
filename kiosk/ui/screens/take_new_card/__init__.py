"""The new card lies at the exit."""

from pathlib import Path

from kiosk.ui.widgets.screen import Screen


class TakeNewCardScreen(Screen):
    """Take it, before anything else is said."""

    kv = Path(__file__).with_name("take_new_card.kv")
