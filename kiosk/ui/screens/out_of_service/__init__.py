"""The terminal serves nobody at the moment."""

from pathlib import Path

from kivy.uix.widget import Widget

from kiosk.journeys.wording import say
from kiosk.ui.widgets.lines import Hotline
from kiosk.ui.widgets.screen import Screen
from kiosk.ui.widgets.terminal_number import add_terminal_number
from kiosk.ui.widgets.text import Text


class OutOfServiceScreen(Screen):
    """Why, and where to go instead."""

    kv = Path(__file__).with_name("out_of_service.kv")

    def on_kv_post(self, base_widget: Widget) -> None:
        """Add whom to call, and the code for staff."""
        if self.view.hotline:
            self.add_widget(Hotline(look=self.look, hotline=self.view.hotline, text=self.view.hotline))
        code = self.words(say("编号 {code}", code=self.view.code))
        self.add_widget(Text(look=self.look, text=code, role="caption", ink="muted"))
        add_terminal_number(self, halign="left")
        super().on_kv_post(base_widget)
