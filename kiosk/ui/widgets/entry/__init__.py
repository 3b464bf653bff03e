"""What the screens share on which a citizen types."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import ClassVar

from kivy.uix.widget import Widget

from kiosk.journeys.technician_views import TechnicianPage
from kiosk.journeys.views import Emphasis, NameEntry, NumberEntry, SoundEntry, Typed, View
from kiosk.journeys.wording import Say, say
from kiosk.ui.name_input import NameDraft
from kiosk.ui.number_draft import NumberDraft
from kiosk.ui.sound_draft import SoundDraft
from kiosk.ui.technician_draft import PageDraft
from kiosk.ui.widgets.keys import Key
from kiosk.ui.widgets.layout import Column, Row
from kiosk.ui.widgets.lines import Heading
from kiosk.ui.widgets.picture import Picture
from kiosk.ui.widgets.press import PushButton
from kiosk.ui.widgets.screen import Desk, Screen
from kiosk.ui.widgets.text import Text

Draft = NumberDraft | NameDraft | SoundDraft | PageDraft
"""What has been typed. It lives as long as its question stands on the screen, and nowhere else."""


def same_question(one: View, other: View) -> bool:
    """Whether both ask for the same, so that what was typed stays: a new note only says what to correct."""
    if isinstance(one, TechnicianPage) and isinstance(other, TechnicianPage):
        return (one.page.word, one.filling) == (other.page.word, other.filling)
    return (
        isinstance(one, NumberEntry | NameEntry | SoundEntry)
        and type(one) is type(other)
        and dataclasses.replace(one, note=None) == dataclasses.replace(other, note=None)
    )


class EntryScreen(Screen):
    """A question, what has been typed, keys, and a button that hands it over or says what is missing."""

    keys_width: ClassVar[int]
    """Pixels of the keys beside the question on a lying screen."""

    def __init__(self, desk: Desk, view: View, draft: Draft) -> None:
        self.draft = draft
        super().__init__(desk, view)

    def fill(self, typed: Widget, keys: Sequence[Widget]) -> None:
        """Put the question, what is typed and the keys into the body: keys below, or to the right where it lies."""
        look, view = self.look, self.view
        # Its room is its own, so that a word about what is missing moves no key.
        self._guide = Text(look=look, reserve=max(self.hints(), key=len))
        self._sign = Picture(look=look, fixed=look.size("body"), mono="warm_icon")
        line = Row(look=look, gap=20)
        for part in (self._sign, self._guide, self._make_clear()):
            line.add_widget(part)
        self.guide(view.note)
        question: list[Widget] = [Heading(look=look, text=self.words(view.title)), line, typed]
        if look.portrait:
            for part in (*question, *keys):
                self.add_widget(part)
            return
        left, right = Column(look=look, gap=28), Column(look=look, gap=24, fixed=self.keys_width)
        for part in question:
            left.add_widget(part)
        for part in keys:
            right.add_widget(part)
        row = Row(look=look, gap=56, along_top=True)
        row.add_widget(left)
        row.add_widget(right)
        self.add_widget(row)

    def _make_clear(self) -> Key:
        clear = Key(look=self.look, text=self.words(say("清空")), role="body", act=self.key(self.draft.clear))
        clear.spoken = self.words(say("清空，从头输"))
        clear.fixed = max(clear.natural_width(), 160)
        return clear

    def hints(self) -> list[str]:
        """What may stand in the question's line, for which it must have room."""
        view = self.view
        return [self.words(view.line), self.words(view.note) if view.note else ""]

    def missing(self) -> Say | None:
        """What is still to be done before it can be handed over; None when nothing is."""
        raise NotImplementedError

    def show_draft(self) -> None:
        """Draw what is typed."""
        raise NotImplementedError

    def guide(self, words: Say | None) -> None:
        """Say something about the typing in the question's own line; None says the question again."""
        self._guide.bold = words is not None
        self._guide.text = self.words(words or self.view.line)
        self._sign.name = "warning" if words is not None else "info"
        self._sign.mono = "warm_icon" if words is not None else "line"

    def key(self, change: Callable[[], None]) -> Callable[[], None]:
        """What a key does: change the draft, and have it drawn."""

        def act() -> None:
            change()
            self.guide(None)
            self.show_draft()

        return act

    def _make_buttons(self) -> list[PushButton]:
        confirm = PushButton(
            look=self.look,
            text=self.words(self.view.confirm),
            spoken=self.words(self.view.confirm),
            icon="right",
            icon_after=True,
            emphasis=Emphasis.PRIMARY.value,
            act=self._confirm,
        )
        confirm.goes_back = False
        return [*super()._make_buttons(), confirm]

    def _confirm(self) -> None:
        missing = self.missing()
        if missing is not None:
            self.guide(missing)
        else:
            # Asked again in the same words nothing new is drawn: what is wrong with it must stand here once more.
            self.guide(self.view.note)
            self.desk.post(Typed(self.typed_text()))

    def typed_text(self) -> str:
        """What is handed over."""
        raise NotImplementedError
