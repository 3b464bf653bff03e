"""Whom to ask, and what a relative's telephone may take along from a screen that could not help."""

from collections.abc import Sequence
from typing import Final

from kivy.uix.widget import Widget

from kiosk.journeys.wording import Verbatim, say
from kiosk.ui.widgets.layout import Column, Row
from kiosk.ui.widgets.lines import Hotline
from kiosk.ui.widgets.qr_code import QrCode
from kiosk.ui.widgets.screen import Screen
from kiosk.ui.widgets.text import Text

_SIDE: Final = 300
"""Pixels of the code's place: what stands on the longest of these screens keeps modules of 3 px, 0.75 mm."""


def add_way_on(screen: Screen, told: Sequence[str], hotline: str, code: str, small_print: str) -> Widget:
    """Add the hotline, the small print, and beside them a QR code of ``told``, hotline and code.

    :returns: the QR code with its caption: the part to go where type that is large needs the room.
    """
    look = screen.look
    words = Column(look=look, gap=20)
    if hotline:
        words.add_widget(Hotline(look=look, hotline=hotline, text=hotline))
    words.add_widget(Text(look=look, text=small_print, role="caption", ink="muted"))
    call = look.words(say("服务电话 {hotline}", hotline=Verbatim(hotline))) if hotline else ""
    qr_code = QrCode(look=look, text="\n".join(line for line in (*told, call, code) if line), fixed=_SIDE)
    row = Row(look=look)
    row.add_widget(words)
    row.add_widget(qr_code)
    screen.add_widget(row)
    return qr_code
