"""What there is to look at, one below the other."""

from collections.abc import Sequence
from pathlib import Path

from kivy.uix.widget import Widget

from kiosk.journeys.views import Action, Choice
from kiosk.ui.screens.home import TileGrid
from kiosk.ui.theme import LEAST_GAP
from kiosk.ui.widgets.lines import Note
from kiosk.ui.widgets.press import ChoiceButton
from kiosk.ui.widgets.screen import Screen


class ChoiceGrid(TileGrid):
    """Choices of one size: a list upright, two columns on a lying screen."""

    def _shape(self) -> tuple[int, int]:
        count = len(self.children)
        columns = 1 if self.look.portrait or count < 3 else 2
        return columns, -(-count // columns)

    def leave_out_lines(self) -> None:
        """Names alone: in large type, six with a line each may be more than a screen has room for."""
        for button in self.children:
            button.leave_out_line()


class ChoicesScreen(Screen):
    """At most six choices."""

    kv = Path(__file__).with_name("choices.kv")

    def on_kv_post(self, base_widget: Widget) -> None:
        """Add a button for each choice, and the note."""
        grid = ChoiceGrid(look=self.look, stretch=1.6, gap=LEAST_GAP)
        for choice in self.view.choices:
            grid.add_widget(self._button(choice))
        self.add_widget(grid)
        if self.view.note is not None:
            self.add_widget(Note(look=self.look, text=self.words(self.view.note), icon="info"))
        super().on_kv_post(base_widget)

    def actions(self) -> Sequence[Action]:
        """What leads away; choices are within the body."""
        return tuple(self.view.actions)

    def _button(self, choice: Choice) -> ChoiceButton:
        return ChoiceButton(
            look=self.look,
            label=self.words(choice.label),
            line=self.words(choice.line) if choice.line is not None else "",
            spoken=self.words(choice.spoken or choice.label),
            act=lambda: self.desk.post(choice.intent),
        )
