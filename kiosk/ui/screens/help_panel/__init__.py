"""Help, on every screen the same."""

from pathlib import Path

from kivy.properties import ObjectProperty
from kivy.uix.widget import Widget

from kiosk.journeys.wording import Verbatim, say
from kiosk.ui.widgets.lines import Sentence
from kiosk.ui.widgets.overlay import Overlay
from kiosk.ui.widgets.press import PushButton


class HelpOverlay(Overlay):
    """Staff, the hotline, the way for somebody else's card."""

    kv = Path(__file__).with_name("help_panel.kv")
    close = ObjectProperty(None)
    """Called without arguments."""
    question = say("需要帮忙吗？")

    def on_kv_post(self, base_widget: Widget) -> None:
        """Add the three ways and the way back."""
        ways = [("person", say("请招呼身边的工作人员。"))]
        if self.desk.hotline:
            ways.append(("phone", say("也可以打电话：{hotline}", hotline=Verbatim(self.desk.hotline))))
        ways.append(("people", say("替别人办事：请带上两个人的身份证，问工作人员。")))
        for icon, words in ways:
            self.add_widget(Sentence(look=self.look, icon=icon, text=self.words(words)))
        self.add_widget(
            PushButton(
                look=self.look,
                text=self.words(say("知道了")),
                spoken=self.words(say("知道了，关闭帮助")),
                emphasis="primary",
                act=self.close,
            )
        )
        super().on_kv_post(base_widget)
