"""What a citizen came to read."""

from kivy.properties import ObjectProperty, StringProperty

from kiosk.journeys.views import Fact
from kiosk.journeys.wording import Personal, PersonName, say
from kiosk.ui.look import Look
from kiosk.ui.widgets.layout import Column, Row
from kiosk.ui.widgets.press import EyeButton
from kiosk.ui.widgets.text import Text


class FactCard(Row):
    """A label and its value. Personal data stays masked but for as long as the eye is held."""

    fact = ObjectProperty(None)
    spoken = StringProperty("")

    def __init__(self, look: Look, fact: Fact, **kwargs: object) -> None:
        super().__init__(
            look=look, fact=fact, surface="surface", edge="hairline", edge_width=2, pad_x=40, pad_y=24, **kwargs
        )
        self.stretch = 1.5
        role = "key" if fact.key else "section"
        label = Text(look=look, text=look.words(fact.label), role="body", ink="muted")
        self.value = Text(look=look, text=look.words(fact.value), role=role, bold=True)
        hidden = isinstance(fact.value, Personal | PersonName)
        if isinstance(fact.value, Personal | PersonName):
            self.value.reserve = fact.value.whole
        if look.portrait:
            words = Column(look=look, gap=4)
            words.add_widget(label)
            words.add_widget(self.value)
            self.add_widget(words)
        else:
            label.fixed = 0
            self.add_widget(label)
            self.add_widget(self.value)
        if hidden:
            eye = EyeButton(
                look=look,
                text=look.words(say("按住看")),
                spoken=look.words(say("按住显示{label}，松手就隐藏", label=fact.label)),
                reveal=self._reveal,
            )
            self.add_widget(eye)

    def _reveal(self, held: bool) -> None:
        value = self.fact.value
        self.value.text = value.whole if held else self.look.words(value)
