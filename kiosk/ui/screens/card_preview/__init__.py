"""The new card, before it is paid for and printed."""

from pathlib import Path
from typing import Final

from kivy.uix.widget import Widget

from kiosk.ui.theme import GAP
from kiosk.ui.widgets.card_print import CardPrint
from kiosk.ui.widgets.facts import FactCard
from kiosk.ui.widgets.layout import Column, Row
from kiosk.ui.widgets.screen import Screen

_BESIDE: Final = 640
"""Pixels of the card's width on a lying screen."""


class CardPreviewScreen(Screen):
    """Whether all of it is right. Whoever holds an eye sees the whole card as well as that fact."""

    kv = Path(__file__).with_name("card_preview.kv")

    def on_kv_post(self, base_widget: Widget) -> None:
        """Add the card, which nobody can do without, and the facts: below it, or at its left."""
        look = self.look
        self.card = CardPrint(self.view.proof, look=look, fixed=0 if look.portrait else _BESIDE)
        facts = Column(look=look)
        for fact in self.view.facts:
            facts.add_widget(FactCard(look, fact, room=self.narrow, also=self._reveal))
        if look.portrait:
            self.add_widget(self.card)
            self.add_widget(facts)
        else:
            row = Row(look=look, gap=2 * GAP)
            row.add_widget(facts)
            row.add_widget(self.card)
            self.add_widget(row)
        super().on_kv_post(base_widget)

    def on_parent(self, _screen: Widget, parent: Widget | None) -> None:
        """Nothing of it stays when another screen comes."""
        if parent is None:
            self.card.shut()

    def _reveal(self, held: bool) -> None:
        self.card.whole = held
