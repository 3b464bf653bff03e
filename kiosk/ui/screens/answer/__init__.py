"""What the handbook states on a question."""

from kivy.uix.widget import Widget

from kiosk.journeys.sources import source_of
from kiosk.ui.widgets.facts import FactCard
from kiosk.ui.widgets.lines import Heading, Sentence
from kiosk.ui.widgets.screen import Screen
from kiosk.ui.widgets.text import Text


class AnswerScreen(Screen):
    """A part of the answer, and in small print where it stands."""

    def on_kv_post(self, base_widget: Widget) -> None:
        """Add the question, the part and the source."""
        look, view = self.look, self.view
        role = "button" if look.portrait else "body"
        self.add_widget(Heading(look=look, text=self.words(view.title)))
        if view.heading is not None:
            heading = Text(look=look, text=self.words(view.heading), role="section", bold=True, ink="primary")
            self.add_widget(heading)
            self.spare_part = heading
        for number, line in enumerate(view.lines, view.numbered_from):
            sentence = Sentence(look=look, text=self.words(line), number=number if view.numbered_from else 0, role=role)
            sentence.words.bold = False
            self.add_widget(sentence)
        for fact in view.facts:
            self.add_widget(FactCard(look, fact))
        sources = "\n".join(self.words(source_of(citation)) for citation in view.sources)
        self.add_widget(Text(look=look, text=sources, role="caption", ink="muted"))
        super().on_kv_post(base_widget)
