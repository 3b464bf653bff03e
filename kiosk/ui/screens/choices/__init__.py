"""A list to choose from."""

from collections.abc import Sequence

from kivy.properties import StringProperty
from kivy.uix.widget import Widget

from kiosk.journeys.views import Action
from kiosk.ui.theme import GAP, NORMAL, TARGET
from kiosk.ui.widgets.lines import Heading
from kiosk.ui.widgets.picture import Picture
from kiosk.ui.widgets.press import Press
from kiosk.ui.widgets.screen import Screen
from kiosk.ui.widgets.text import Text

_PAD = 32
_ARROW = 48


class Choice(Press):
    """Words that lead somewhere."""

    text = StringProperty("")

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.edge_width = 4
        # Large type's own button size would not leave room for six.
        role = "body" if self.look.size("body") > NORMAL.body else "button"
        self._label = Text(look=self.look, text=self.text, role=role, bold=True)
        self._arrow = Picture(look=self.look, name="right", mono="line")
        self.add_widget(self._label)
        self.add_widget(self._arrow)
        self.bind(pos=self._place, size=self._place)

    def _inner(self, width: float) -> float:
        return width - 2 * _PAD - _ARROW - 16

    def height_for(self, width: float) -> float:
        """Pixels of height needed at this width."""
        return max(TARGET + 24, float(self._label.height_for(self._inner(width))) + 2 * 16)

    def _place(self, *_: object) -> None:
        self._label.size = (round(self._inner(self.width)), self.height)
        self._label.pos = (self.x + _PAD, self.y)
        self._arrow.size = (_ARROW, _ARROW)
        self._arrow.pos = (round(self.right - _PAD - _ARROW), round(self.center_y - _ARROW / 2))


class ChoiceGrid(Widget):
    """Choices of one size below each other; more than three in two columns on a lying screen, read downwards."""

    def __init__(self, choices: Sequence[Choice], *, portrait: bool) -> None:
        self._columns = 2 if len(choices) > 3 and not portrait else 1
        self._rows = -(-len(choices) // self._columns)
        self.stretch = 1.8
        super().__init__()
        self.choices = choices
        for choice in choices:
            self.add_widget(choice)
        self.bind(pos=self._place, size=self._place)

    def _each(self, width: float) -> float:
        return (width - GAP * (self._columns - 1)) / self._columns

    def height_for(self, width: float) -> float:
        """Pixels of height needed at this width."""
        highest = max(choice.height_for(self._each(width)) for choice in self.choices)
        return float(self._rows * highest + GAP * (self._rows - 1))

    def _place(self, *_: object) -> None:
        width = self._each(self.width)
        height = (self.height - GAP * (self._rows - 1)) / self._rows
        for number, choice in enumerate(self.choices):
            column, row = divmod(number, self._rows)
            choice.size = (int(width), int(height))
            choice.pos = (round(self.x + column * (width + GAP)), round(self.top - height - row * (height + GAP)))


class ChoicesScreen(Screen):
    """A question over its choices."""

    def on_kv_post(self, base_widget: Widget) -> None:
        """Add the question and the choices."""
        self.add_widget(Heading(look=self.look, text=self.words(self.view.title)))
        choices = [self._choice(action) for action in self.view.choices]
        self.add_widget(ChoiceGrid(choices, portrait=self.look.portrait))
        super().on_kv_post(base_widget)

    def actions(self) -> Sequence[Action]:
        """The buttons outside the list."""
        actions: tuple[Action, ...] = self.view.actions
        return actions

    def _choice(self, action: Action) -> Choice:
        return Choice(
            look=self.look,
            text=self.words(action.label),
            spoken=self.words(action.spoken or action.label),
            act=lambda: self.desk.post(action.intent),
        )
