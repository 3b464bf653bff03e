"""Waiting for an identity card."""

from pathlib import Path

from kiosk.ui.widgets.screen import Screen


class PlaceIdCardScreen(Screen):
    """Where the identity card is laid down."""

    kv = Path(__file__).with_name("place_id_card.kv")
