"""Waiting for a card."""

from pathlib import Path

from kiosk.ui.widgets.screen import Screen


class InsertCardScreen(Screen):
    """How the card goes in."""

    kv = Path(__file__).with_name("insert_card.kv")
