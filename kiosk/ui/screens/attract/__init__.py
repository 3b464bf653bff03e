"""Nobody is here."""

from pathlib import Path

from kiosk.ui.widgets.screen import Screen


class AttractScreen(Screen):
    """An invitation, and one button."""

    kv = Path(__file__).with_name("attract.kv")
