"""What a citizen takes along."""

from pathlib import Path
from typing import Final

from kivy.uix.widget import Widget

from kiosk.ui.widgets.layout import Column, Row
from kiosk.ui.widgets.qr_code import QrCode
from kiosk.ui.widgets.screen import Screen
from kiosk.ui.widgets.text import Text

_MOST_LINES: Final = 6


class SlipScreen(Screen):
    """The slip's lines, and the same as a code for a telephone."""

    kv = Path(__file__).with_name("slip.kv")

    def on_kv_post(self, base_widget: Widget) -> None:
        """Add the lines and the code: the code below them, or at their right."""
        look = self.look
        lines = [self.words(line) for line in self.view.lines]
        text = self._text(lines)
        code = Column(look=look, gap=8, fixed=480)
        told = [*lines, *(self.words(line) for line in self.view.only_in_code)]
        code.add_widget(QrCode(look=look, text="\n".join(told), fixed=460))
        code.add_widget(Text(look=look, text=self.words(self.view.note), role="caption", ink="muted", halign="center"))
        slip = (Column if look.portrait else Row)(
            look=look, surface="surface", edge="hairline", edge_width=2, pad_x=40, pad_y=32
        )
        slip.add_widget(text)
        slip.add_widget(code)
        self.add_widget(slip)
        super().on_kv_post(base_widget)

    def _text(self, lines: list[str]) -> Widget:
        """The lines below each other; a list that is long in two columns of small type."""
        long = len(lines) > _MOST_LINES
        columns = Row(look=self.look, along_top=True)
        half = (len(lines) + 1) // 2 if long else len(lines)
        for part in (lines[:half], lines[half:]):
            column = Column(look=self.look, gap=12)
            for line in part:
                text = Text(look=self.look, text=line, role="caption" if long else "body", bold=line is lines[0])
                column.add_widget(text)
            if part:
                columns.add_widget(column)
        return columns
