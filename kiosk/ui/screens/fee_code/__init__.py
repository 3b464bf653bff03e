"""What is to be paid."""

import dataclasses
from pathlib import Path
from typing import Final

from kivy.uix.widget import Widget

from kiosk.journeys.views import FeeCode, Payment, View
from kiosk.ui.widgets.layout import Column, Row
from kiosk.ui.widgets.lines import Heading, Note
from kiosk.ui.widgets.qr_code import QrCode
from kiosk.ui.widgets.screen import Screen
from kiosk.ui.widgets.text import Text

_SIDE: Final = 440
_SIDE_UPRIGHT: Final = 560
"""Pixels of the code's place: as large as there is room, for a telephone held by somebody who stands."""
_SIGNS: Final = {
    Payment.WAITING: ("phone", "line"),
    Payment.PAID: ("tick", "good"),
    Payment.CLOSED: ("clock", "warm_icon"),
}
"""Beside the title, and their ink."""


class FeeCodeScreen(Screen):
    """The amount, large, and while it is waited for the code beside it and the time that is left."""

    kv = Path(__file__).with_name("fee_code.kv")

    def on_kv_post(self, base_widget: Widget) -> None:
        """Add the title with its sign, the amount, the code, and what happens next."""
        look, view = self.look, self.view
        icon, ink = _SIGNS[view.payment]
        self.add_widget(Heading(look=look, text=self.words(view.title), icon=icon, icon_ink=ink))
        fee = (Column if look.portrait else Row)(
            look=look, surface="surface", edge="hairline", edge_width=2, pad_x=40, pad_y=32
        )
        fee.add_widget(self._amount())
        if view.payment is Payment.WAITING:
            fee.add_widget(QrCode(look=look, text=view.code_url, fixed=_SIDE_UPRIGHT if look.portrait else _SIDE))
        self.add_widget(fee)
        if view.payment is Payment.CLOSED:
            self.add_widget(Note(look=look, text=self.words(view.note), icon="info"))
        else:
            self.add_widget(Text(look=look, text=self.words(view.note)))
        super().on_kv_post(base_widget)

    def take(self, view: View) -> bool:
        """Another second only changes the time that is left."""
        if not isinstance(view, FeeCode) or dataclasses.replace(self.view, left=view.left) != view:
            return False
        if view.left is None or self.view.left is None:
            return False
        self.view = view
        self.time_left.text = self.words(view.left)
        return True

    def _amount(self) -> Column:
        look, view = self.look, self.view
        words = Column(look=look, gap=12)
        words.add_widget(Text(look=look, text=self.words(view.reason), ink="muted"))
        words.add_widget(Text(look=look, text=self.words(view.amount), role="key", bold=True))
        self.time_left = Text(look=look, text=self.words(view.left) if view.left else "", bold=True)
        words.add_widget(self.time_left)
        return words
