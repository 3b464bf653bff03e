"""Something failed."""

from pathlib import Path

from kivy.uix.widget import Widget

from kiosk.journeys.wording import say
from kiosk.ui.widgets.screen import Screen
from kiosk.ui.widgets.way_on import add_way_on


class FaultScreen(Screen):
    """What happened, what it means for card and money, what to do now."""

    kv = Path(__file__).with_name("fault.kv")

    def on_kv_post(self, base_widget: Widget) -> None:
        """Add whom to call, and the code for staff."""
        code = self.words(say("编号 {code}", code=self.view.code))
        told = [self.words(self.view.title), self.words(self.view.means), self.words(self.view.now)]
        self.spare_part = add_way_on(self, told, self.view.hotline, code, code)
        super().on_kv_post(base_widget)
