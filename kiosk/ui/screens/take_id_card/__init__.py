"""The identity card is read."""

from pathlib import Path

from kiosk.ui.widgets.screen import Screen


class TakeIdCardScreen(Screen):
    """Take it back, before anything else is asked."""

    kv = Path(__file__).with_name("take_id_card.kv")
