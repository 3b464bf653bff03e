"""A rule says no."""

from pathlib import Path

from kivy.uix.widget import Widget

from kiosk.journeys.sources import source_of
from kiosk.journeys.wording import say
from kiosk.ui.widgets.lines import Sentence
from kiosk.ui.widgets.screen import Screen
from kiosk.ui.widgets.way_on import add_way_on


class RefusalScreen(Screen):
    """Why, what to do instead, whom to ask, and where the rule stands."""

    kv = Path(__file__).with_name("refusal.kv")

    def on_kv_post(self, base_widget: Widget) -> None:
        """Add the way out."""
        several = len(self.view.instead) > 1
        for number, line in enumerate(self.view.instead, 1):
            icon = "" if several else "right"
            self.add_widget(Sentence(look=self.look, text=self.words(line), number=number if several else 0, icon=icon))
        told = [self.words(line) for line in (self.view.title, self.view.why, *self.view.instead)]
        code = self.words(say("编号 {code}", code=self.view.code)) if self.view.code else ""
        self.spare_part = add_way_on(self, told, self.view.hotline, code, self._small_print(code))
        super().on_kv_post(base_widget)

    def _small_print(self, code: str) -> str:
        citation = self.view.citation
        source = self.words(source_of(citation)) if citation is not None else ""
        return "\n".join(line for line in (source, code) if line)
