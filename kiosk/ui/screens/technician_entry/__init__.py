"""A technician fills something in."""

from collections.abc import Callable
from functools import partial
from typing import Final

from kivy.uix.widget import Widget

from kiosk.journeys.counter_words import in_words
from kiosk.journeys.technician_views import Act, Entry, EntryKind, Filled, TechnicianPage
from kiosk.journeys.views import Emphasis
from kiosk.journeys.wording import Say
from kiosk.policy.rule import Text as Words
from kiosk.ui.look import Look
from kiosk.ui.name_input import SHAPES, NameDraft
from kiosk.ui.name_input import Way as NameWay
from kiosk.ui.technician_draft import DIGITS, PageDraft
from kiosk.ui.widgets.candidates import Candidates
from kiosk.ui.widgets.keys import Key, KeyGrid, KeyRow, TypingKey
from kiosk.ui.widgets.layout import Column, Row
from kiosk.ui.widgets.lines import Heading
from kiosk.ui.widgets.press import Press, PushButton
from kiosk.ui.widgets.screen import Desk
from kiosk.ui.widgets.technician import TechnicianScreen
from kiosk.ui.widgets.text import Text

_KEYBOARD: Final = ("1234567890", "qwertyuiop", "asdfghjkl.", "zxcvbnm-:/")
_BLEED: Final = 29
"""Upright, ten keys of 81 px and their gaps are wider than the body."""
_LETTERS: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_WAYS: Final = {
    NameWay.SOUND: Words(zh="拼音", en="Pinyin"),
    NameWay.STROKES: Words(zh="笔画", en="Strokes"),
    NameWay.LETTERS: Words(zh="字母数字", en="ABC 123"),
}
_PENDING: Final = Words(zh="还有没选成字的", en="Something is not chosen yet")
_KEYS_WIDTH: Final = {EntryKind.WORD: 1040, EntryKind.CHINESE: 1040, EntryKind.DIGITS: 624, EntryKind.HIDDEN: 624}
"""Pixels of the keys beside the entries on a lying screen."""


class EntryBox(Press):
    """One entry: what it is, and what stands in it; the keys write into the one with the thick edge."""

    def __init__(self, look: Look, label: str, **kwargs: object) -> None:
        super().__init__(look=look, spoken=label, radius=18, **kwargs)
        self._label = Text(look=look, text=label, role="caption", ink="muted")
        self._value = Text(look=look, role="body", bold=True)
        self.add_widget(self._label)
        self.add_widget(self._value)
        self.bind(pos=self._place, size=self._place)

    def show(self, text: str, *, active: bool) -> None:
        """Show what was typed; the newest of what is too long for the box."""
        self.edge_width = 8 if active else 3
        room = max(self.width - 2 * 28, 100)
        shown = text
        self._value.text = shown
        while self._value.natural_width() > room and len(shown) > 1:
            shown = shown[1:]
            self._value.text = f"…{shown}"
        self._colour()
        self._place()

    def height_for(self, width: float) -> float:
        """Pixels of height needed at this width."""
        value = self.look.typeface.line_height(self.look.size("body"))
        return float(self._label.height_for(width - 2 * 28) + value + 2 * 12)

    def _place(self, *_: object) -> None:
        inner = round(self.width - 2 * 28)
        if inner <= 0:
            return
        label, value = self._label.height_for(inner), self.look.typeface.line_height(self.look.size("body"))
        self._label.size, self._label.pos = (inner, label), (round(self.x + 28), round(self.top - 12 - label))
        self._value.size, self._value.pos = (inner, value), (round(self.x + 28), round(self.y + 12))


class TechnicianEntryScreen(TechnicianScreen):
    """What an act asks for, its entries, and keys of our own; no keyboard that is plugged in is heard."""

    def __init__(self, desk: Desk, view: TechnicianPage, act: Act, draft: PageDraft | None) -> None:
        self.draft = draft or PageDraft()
        self.draft.begin(act.entries, dict(view.filled))
        self.act = act
        super().__init__(desk, view)

    def on_kv_post(self, base_widget: Widget) -> None:
        """Add the question, the entries and the keys: keys below, or to the right where it lies."""
        look = self.look
        self.boxes = {
            entry.word: EntryBox(look, self.told(entry.label), act=partial(self._choose, entry.word))
            for entry in self.act.entries
        }
        self._guide = Text(look=look, role="body", ink="muted", reserve=self.told(_left_out(0)))
        self.ways = KeyGrid(look=look, columns=3, key_height=92)
        self.keys = KeyGrid(look=look, stretch=1.35)
        for entry in self.act.entries:
            if entry.kind is EntryKind.CHINESE and entry.word not in self.draft.chinese:
                typed = NameDraft(self.desk.look.name_tables, name=self.draft.texts[entry.word], longest=entry.longest)
                self.draft.chinese[entry.word] = typed
        question: list[Widget] = [Heading(look=look, text=self.told(self.act.label)), self._guide, *self.boxes.values()]
        if look.portrait:
            for part in (*question, *self._banks(), self.keys):
                self.add_widget(part)
        else:
            widest = max(_KEYS_WIDTH[entry.kind] for entry in self.act.entries)
            left, right = Column(look=look, gap=28), Column(look=look, gap=24, fixed=widest)
            for part in question:
                left.add_widget(part)
            for part in (*self._banks(), self.keys):
                right.add_widget(part)
            row = Row(look=look, gap=56, along_top=True)
            row.add_widget(left)
            row.add_widget(right)
            self.add_widget(row)
        self._lay_keys()
        super().on_kv_post(base_widget)
        for box in self.boxes.values():
            box.bind(size=lambda *_: self.show_draft())
        self.show_draft()

    @property
    def entry(self) -> Entry:
        """The one that the keys write into."""
        return next(entry for entry in self.act.entries if entry.word == self.draft.active)

    def show_draft(self) -> None:
        """Draw what was typed."""
        for entry in self.act.entries:
            self.boxes[entry.word].show(self.draft.shown(entry), active=entry.word == self.draft.active)
        for chinese in self.draft.chinese.values():
            self.candidates.show_candidates(self._nothing_to_choose(chinese))

    def _choose(self, word: str) -> None:
        self.draft.active = word
        self._lay_keys()
        self._typed()

    def _typed(self) -> None:
        self._guide.text = ""
        self.show_draft()

    def _key(self, text: str, columns: float = 1) -> tuple[Key, float]:
        return TypingKey(look=self.look, text=text, spoken=text, role="button", act=lambda: self._press(text)), columns

    def _press(self, key: str) -> None:
        chinese = self.draft.chinese.get(self.draft.active)
        if chinese is not None:
            self._changed(partial(chinese.press, key))()
            return
        self.draft.press(self.entry, key)
        self._typed()

    def _delete(self) -> None:
        chinese = self.draft.chinese.get(self.draft.active)
        if chinese is not None:
            self._changed(chinese.delete)()
            return
        self.draft.delete(self.entry)
        self._typed()

    def _shift(self) -> None:
        self.draft.capitals = not self.draft.capitals
        self._lay_keys()

    def _lay_keys(self) -> None:
        look = self.look
        removing = self.told(Words(zh="删除", en="Delete"))
        delete = TypingKey(look=look, text=removing, spoken=removing, role="body", act=self._delete)
        chinese = self.draft.chinese.get(self.draft.active)
        if chinese is not None:
            self._lay_ways(chinese)
        if self.entry.kind in {EntryKind.DIGITS, EntryKind.HIDDEN}:
            self.draft.capitals = False
            self.keys.columns, self.keys.key_height, self.keys.bleed = 3, 124 if look.portrait else 132, 0
            rows = [KeyRow([self._key(char) for char in DIGITS[at : at + 3]]) for at in range(1, 10, 3)]
            self.keys.show([*rows, KeyRow([self._key("0", 2), (delete, 1)])])
            return
        self.keys.columns, self.keys.key_height, self.keys.bleed = 10, 92, _BLEED if look.portrait else 0
        if chinese is not None and chinese.way is not NameWay.LETTERS:
            self.draft.capitals = False
            self._lay_parts(chinese.way, delete)
            return
        capitals = self.draft.capitals
        case = self.told(Words(zh="小写", en="abc") if capitals else Words(zh="大写", en="ABC"))
        shift = Key(look=look, text=case, spoken=case, role="body", act=self._shift, chosen=capitals)
        lines = [KeyRow([self._key(char.upper() if capitals else char) for char in line]) for line in _KEYBOARD]
        self.keys.show([*lines, KeyRow([(shift, 3), (delete, 7)])])

    # Chinese text

    def _banks(self) -> tuple[Widget, ...]:
        """What stands above the keys where Chinese text is typed."""
        if not self.draft.chinese:
            return ()
        (typed,) = self.draft.chinese.values()
        self.candidates = Candidates(self.look, typed, self._changed)
        return (self.ways, self.candidates)

    def _changed(self, change: Callable[[], None]) -> Callable[[], None]:
        """What a key for Chinese text does: change what is typed, and have it drawn."""

        def act() -> None:
            change()
            self.draft.texts[self.draft.active] = self.draft.chinese[self.draft.active].name
            self._typed()

        return act

    def _lay_ways(self, chinese: NameDraft) -> None:
        keys = []
        for way, words in _WAYS.items():
            text = self.told(words)
            key = Key(look=self.look, text=text, spoken=text, role="body", chosen=way is chinese.way)
            key.act = self._changed(partial(self._choose_way, way))
            keys.append((key, 1.0))
        self.ways.show([KeyRow(keys)])

    def _choose_way(self, way: NameWay) -> None:
        self.draft.chinese[self.draft.active].choose_way(way)
        self._lay_keys()

    def _lay_parts(self, way: NameWay, delete: TypingKey) -> None:
        """The letters of a sound, or the five strokes."""
        if way is NameWay.SOUND:
            first, second, third = ([self._key(char) for char in line] for line in _LETTERS)
            self.keys.show([KeyRow(first), KeyRow(second), KeyRow([*third, (delete, 3)])])
            return
        strokes = [(self._stroke(letter, shape), 2.0) for letter, shape in SHAPES.items()]
        self.keys.show([KeyRow(strokes, rows=2), KeyRow([(delete, 10)])])

    def _stroke(self, letter: str, shape: str) -> TypingKey:
        return TypingKey(look=self.look, text=shape, spoken=shape, role="title", act=lambda: self._press(letter))

    def _nothing_to_choose(self, chinese: NameDraft) -> Say:
        if chinese.way is NameWay.LETTERS:
            return in_words(Words(zh="字母和数字直接打。", en="Letters and digits are typed as they are."))
        if chinese.pending:
            return in_words(Words(zh="没有这样的字，请删掉一个再试。", en="No such character: delete one and try."))
        if chinese.way is NameWay.STROKES:
            return in_words(Words(zh="按写字的顺序点笔画，再点要的字。", en="Strokes in the order of writing."))
        return in_words(Words(zh="打一个字的拼音，再点要的字。", en="The sound of one character, then choose it."))

    def _make_buttons(self) -> list[PushButton]:
        text = self.told(Words(zh="确定", en="Confirm"))
        confirm = PushButton(
            look=self.look,
            text=text,
            spoken=text,
            icon="right",
            icon_after=True,
            emphasis=Emphasis.PRIMARY.value,
            act=self._confirm,
        )
        confirm.goes_back = False
        return [self.back_button(), confirm]

    def _confirm(self) -> None:
        empty = [entry for entry in self.act.entries if not entry.optional and not self.draft.texts[entry.word]]
        if empty:
            self._choose(empty[0].word)
            self._guide.text = self.told(_left_out(len(empty)))
            return
        if any(chinese.pending for chinese in self.draft.chinese.values()):
            self._guide.text = self.told(_PENDING)
            return
        texts = {entry.word: self.draft.texts[entry.word] for entry in self.act.entries}
        for entry in self.act.entries:
            if entry.kind is EntryKind.HIDDEN:
                self.draft.texts[entry.word] = ""
        self.desk.post(Filled(self.act.word, texts))


def _left_out(count: int) -> Words:
    return Words(zh=f"还有 {count} 项没填", en=f"{count} still to be filled in")
