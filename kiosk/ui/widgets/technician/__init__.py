"""What a technician's screens share: the tools they keep, and words that are data."""

from typing import Final

from kiosk.journeys.counter_words import in_words
from kiosk.journeys.technician_views import TechnicianIntent, Way
from kiosk.policy.rule import Text as Words
from kiosk.ui.technician_draft import PageDraft
from kiosk.ui.widgets.page_row import begun
from kiosk.ui.widgets.press import PushButton, ToolButton
from kiosk.ui.widgets.screen import Screen, StepBar

_FOR_CITIZENS: Final = ("help", "lower", "upper")
"""Pictures of the tools that are left out: whom to ask, and the way to the buttons for who sits."""


class TechnicianScreen(Screen):
    """Header and bar as on every screen; type size, contrast and language are a technician's too."""

    draft: PageDraft

    def told(self, words: Words) -> str:
        """Words that are data, in the language at hand, as a line begins."""
        return begun(self.words(in_words(words)))

    def _make_progress(self) -> StepBar | None:
        return None

    def _make_tools(self) -> list[ToolButton]:
        return [tool for tool in super()._make_tools() if tool.icon not in _FOR_CITIZENS]

    def _place_tools(self, gap: float, x: float, width: float, y: float) -> float:
        return super()._place_tools(gap + 2, x, width, y)  # thirds of the sheet are no whole pixels

    def own_button(self, words: Words, intent: TechnicianIntent, icon: str, *, goes_back: bool) -> PushButton:
        """A button that every page has."""
        text = self.told(words)
        button = PushButton(look=self.look, text=text, spoken=text, icon=icon, act=lambda: self.desk.post(intent))
        button.goes_back = goes_back
        return button

    def back_button(self) -> PushButton:
        """The way to the page before."""
        return self.own_button(Words(zh="返回", en="Back"), Way.BACK, "left", goes_back=True)
