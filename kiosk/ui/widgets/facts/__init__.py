"""What a citizen came to read."""

from collections.abc import Callable
from typing import Final

from kivy.properties import ObjectProperty, StringProperty
from kivy.uix.widget import Widget

from kiosk.journeys.views import Fact
from kiosk.journeys.wording import Personal, PersonName, say
from kiosk.ui.look import Look
from kiosk.ui.theme import MARGIN
from kiosk.ui.widgets.layout import Column, Row
from kiosk.ui.widgets.press import EyeButton
from kiosk.ui.widgets.text import Text

_LABEL_COLUMN: Final = 520
"""Least width of a label in landscape, so that values stand under each other."""


class FactCard(Row):
    """A label and its value. Personal data stays masked but for as long as the eye is held.

    Upright the label stands over the value; also within ``room`` pixels of width, beside something on a lying screen.
    ``also`` is told whenever the eye is held and let go of.
    """

    fact = ObjectProperty(None)
    spoken = StringProperty("")

    def __init__(
        self,
        look: Look,
        fact: Fact,
        *,
        room: float = 0,
        also: Callable[[bool], None] = lambda _held: None,
        **kwargs: object,
    ) -> None:
        self._also = also
        self._room = room or look.shape.value[0] - 2 * MARGIN
        super().__init__(
            look=look, fact=fact, surface="surface", edge="hairline", edge_width=2, pad_x=40, pad_y=24, **kwargs
        )
        self.stretch = 1.5
        label = Text(look=look, text=look.words(fact.label), role="body", ink="muted")
        self.value = Text(look=look, text=look.words(fact.value), role="key" if fact.key else "section", bold=True)
        eye = None
        if isinstance(fact.value, Personal | PersonName):
            self.value.reserve = fact.value.whole
            eye = EyeButton(
                look=look,
                text=look.words(say("按住看")),
                spoken=look.words(say("按住显示{label}，松手就隐藏", label=fact.label)),
                reveal=self._reveal,
            )
        for part in self._upright(label, eye) if look.portrait or room else self._in_a_line(label, eye):
            self.add_widget(part)

    def _upright(self, label: Text, eye: EyeButton | None) -> list[Widget]:
        """Label over value, the eye beside both, or beside the label where a long value needs the whole width."""
        words = Column(look=self.look, gap=4)
        beside = self._room - 2 * self.pad_x - self.gap - (eye.fixed if eye else 0)
        if eye is None or self.value.natural_width() <= beside:
            words.add_widget(label)
            words.add_widget(self.value)
            return [words] if eye is None else [words, eye]
        head = Row(look=self.look)
        head.add_widget(label)
        head.add_widget(eye)
        eye.lie_down()
        words.add_widget(head)
        words.add_widget(self.value)
        return [words]

    def _in_a_line(self, label: Text, eye: EyeButton | None) -> list[Widget]:
        label.fixed = max(label.natural_width() + 2, _LABEL_COLUMN)
        return [label, self.value] if eye is None else [label, self.value, eye]

    def _reveal(self, held: bool) -> None:
        value = self.fact.value
        self.value.text = value.whole if held else self.look.words(value)
        self._also(held)
