"""A rule says no."""

from pathlib import Path

from kivy.uix.widget import Widget

from kiosk.journeys.wording import Verbatim, say
from kiosk.ui.widgets.lines import Hotline, Sentence
from kiosk.ui.widgets.screen import Screen
from kiosk.ui.widgets.text import Text


class RefusalScreen(Screen):
    """Why, what to do instead, whom to ask, and where the rule stands."""

    kv = Path(__file__).with_name("refusal.kv")

    def on_kv_post(self, base_widget: Widget) -> None:
        """Add the way out."""
        several = len(self.view.instead) > 1
        for number, line in enumerate(self.view.instead, 1):
            icon = "" if several else "right"
            self.add_widget(Sentence(look=self.look, text=self.words(line), number=number if several else 0, icon=icon))
        if self.view.hotline:
            self.add_widget(Hotline(look=self.look, hotline=self.view.hotline, text=self.view.hotline))
        self.add_widget(Text(look=self.look, text=self._small_print(), role="caption", ink="muted"))
        super().on_kv_post(base_widget)

    def _small_print(self) -> str:
        code = self.words(say("编号 {code}", code=self.view.code)) if self.view.code else ""
        citation = self.view.citation
        if citation is None:
            return code
        values = {"title": Verbatim(citation.title), "section": Verbatim(citation.section)}
        if citation.date:
            source = say("依据：《{title}》（{date}）{section}", date=Verbatim(citation.date), **values)
        elif citation.about:
            source = say("依据：《{title}》（约 {about} 年）{section}", about=Verbatim(citation.about), **values)
        else:
            source = say("依据：《{title}》{section}", **values)
        return "\n".join(line for line in (self.words(source), code) if line)
