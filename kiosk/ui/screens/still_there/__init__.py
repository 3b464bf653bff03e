"""The countdown before an idle session ends."""

from pathlib import Path

from kivy.properties import ObjectProperty
from kivy.uix.widget import Widget

from kiosk.journeys.views import StillThere
from kiosk.journeys.wording import say
from kiosk.ui.widgets.overlay import Overlay
from kiosk.ui.widgets.press import PushButton
from kiosk.ui.widgets.text import Text


class StillThereOverlay(Overlay):
    """One question, the seconds, one big button."""

    kv = Path(__file__).with_name("still_there.kv")
    view = ObjectProperty(None)
    question = say("您还在吗？")

    def on_kv_post(self, base_widget: Widget) -> None:
        """Add the seconds and the button."""
        self._seconds = Text(look=self.look, text=self._countdown(), role="section", bold=True, halign="center")
        self.add_widget(self._seconds)
        action = self.view.go_on
        self.go_on = PushButton(
            look=self.look,
            text=self.words(action.label),
            spoken=self.words(action.spoken or action.label),
            emphasis=action.emphasis.value,
            act=lambda: self.desk.post(action.intent),
        )
        self.add_widget(self.go_on)
        super().on_kv_post(base_widget)

    def _countdown(self) -> str:
        return self.words(say("{seconds} 秒后自动结束", seconds=self.view.seconds))

    def take(self, view: StillThere) -> None:
        """Show the seconds that are left."""
        if view != self.view:
            self.view = view
            self._seconds.text = self._countdown()
