"""Waiting for a name."""

from functools import partial
from typing import Final

from kivy.uix.widget import Widget

from kiosk.journeys.views import NameEntry
from kiosk.journeys.wording import Say, say
from kiosk.ui.look import Look
from kiosk.ui.name_input import SHAPES, NameDraft, Way
from kiosk.ui.widgets.candidates import Candidates
from kiosk.ui.widgets.entry import Draft, EntryScreen
from kiosk.ui.widgets.keys import Key, KeyGrid, KeyRow, TypingKey
from kiosk.ui.widgets.layout import Panel
from kiosk.ui.widgets.screen import Desk
from kiosk.ui.widgets.text import Text

_LETTERS: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_DOT: Final = "·"
_BLEED: Final = 29
"""Upright, ten keys of 81 px and their gaps are wider than the body."""


class NameField(Panel):
    """The name, and after it the letters or strokes that have not become a character yet."""

    def __init__(self, look: Look) -> None:
        super().__init__(look=look, surface="surface", edge="border", edge_width=4)
        self.name = Text(look=look, role="section", bold=True)
        self.pending = Text(look=look, role="section", ink="primary")
        self.add_widget(self.name)
        self.add_widget(self.pending)
        self.bind(pos=self._place, size=self._place)

    def height_for(self, width: float) -> float:
        """Pixels of height needed at this width: two lines, which hold the longest name."""
        return float(2 * self.look.typeface.line_height(self.look.size("section")) + 2 * 8)

    def show(self, name: str, pending: str) -> None:
        """Show these."""
        self.name.text, self.pending.text = name, pending
        self._place()

    def _place(self, *_: object) -> None:
        inner = round(self.width - 2 * 28)
        if inner <= 0:
            return
        name, pending = self.name, self.pending
        # What two lines can't hold is drawn smaller; only long names in letters are.
        for role in ("section", "body", "caption"):
            name.role = pending.role = role
            beside = name.natural_width() + 20 + pending.natural_width() <= inner - 4
            heights = name.height_for(inner), pending.height_for(inner)
            needed = max(heights) if beside else sum(heights)
            if needed <= self.height:
                break
        left, top = round(self.x + 28), round(self.center_y + needed / 2)
        name.size = (name.natural_width() + 2 if beside else inner, heights[0])
        name.pos = (left, top - heights[0])
        pending.size = (pending.natural_width() + 2 if beside else inner, heights[1])
        after = left + (name.width + 20 if name.text else 0)
        pending.pos = (after, top - heights[1]) if beside else (left, top - needed)


class NameEntryScreen(EntryScreen):
    """The name over candidates over a keyboard, by sound, by strokes or in letters."""

    keys_width = 1040
    draft: NameDraft

    def __init__(self, desk: Desk, view: NameEntry, draft: Draft | None) -> None:
        super().__init__(desk, view, draft if isinstance(draft, NameDraft) else NameDraft(desk.look.name_tables))

    def on_kv_post(self, base_widget: Widget) -> None:
        """Add the field, the ways, the candidates and the keyboard."""
        look = self.look
        self.field = NameField(look)
        self.ways = {
            Way.SOUND: self._way(Way.SOUND, say("拼音"), say("按拼音打字")),
            Way.STROKES: self._way(Way.STROKES, say("笔画"), say("按笔画打字")),
            Way.LETTERS: self._way(Way.LETTERS, say("字母"), say("直接打字母")),
        }
        ways = KeyGrid(look=look, columns=3, key_height=96)
        ways.show([KeyRow([(key, 1) for key in self.ways.values()])])
        self.choices = Candidates(look, self.draft, self.key)
        self.keyboard = KeyGrid(
            look=look, columns=10, key_height=104, stretch=1.25, bleed=_BLEED if look.portrait else 0
        )
        self.fill(self.field, [ways, self.choices, self.keyboard])
        self._lay_keys()
        self.show_draft()
        super().on_kv_post(base_widget)

    def _way(self, way: Way, label: Say, spoken: Say) -> Key:
        key = Key(look=self.look, text=self.words(label), spoken=self.words(spoken), role="body")
        key.act = self.key(lambda: self._choose_way(way))
        return key

    def _choose_way(self, way: Way) -> None:
        if way is not self.draft.way:
            self.draft.choose_way(way)
            self._lay_keys()

    def _lay_keys(self) -> None:
        for way, key in self.ways.items():
            key.chosen = way is self.draft.way
        dot = TypingKey(look=self.look, text=_DOT, spoken=self.words(say("名字中间的点")), role="button")
        dot.act = self.key(partial(self.draft.press, _DOT))
        capital = self.draft.way is Way.LETTERS
        delete = TypingKey(look=self.look, text=self.words(say("删除")), role="body")
        delete.act = self.key(self.draft.delete)
        delete.spoken = self.words(say("删掉最后一个"))
        if self.draft.way is Way.STROKES:
            names = {"h": say("横"), "s": say("竖"), "p": say("撇"), "n": say("点、捺"), "z": say("折")}
            strokes = [
                TypingKey(
                    look=self.look,
                    text=shape,
                    caption=self.words(names[stroke]),
                    spoken=self.words(names[stroke]),
                    role="title",
                    act=self.key(partial(self.draft.press, stroke)),
                )
                for stroke, shape in SHAPES.items()
            ]
            self.keyboard.show([KeyRow([(key, 2) for key in strokes], rows=2), KeyRow([(dot, 4), (delete, 6)])])
            return
        first, second, third = ([self._letter(char, capital=capital) for char in row] for row in _LETTERS)
        space = TypingKey(look=self.look, icon="space", spoken=self.words(say("空格")))
        space.act = self.key(partial(self.draft.press, " "))
        tail: list[tuple[Key, float]] = [(space, 1), (delete, 2)] if capital else [(delete, 3)]
        self.keyboard.show(
            [
                KeyRow([(key, 1) for key in first]),
                KeyRow([(key, 1) for key in (*second, dot)]),
                KeyRow([*((key, 1) for key in third), *tail]),
            ]
        )

    def _letter(self, char: str, *, capital: bool) -> TypingKey:
        char = char.upper() if capital else char
        return TypingKey(
            look=self.look, text=char, spoken=char, role="button", act=self.key(lambda: self.draft.press(char))
        )

    def show_draft(self) -> None:
        """Draw the name and what may come next."""
        self.field.show(self.draft.name, self.draft.pending_shown)
        self.choices.show_candidates(self._nothing_to_choose())

    def _nothing_to_choose(self) -> Say:
        match self.draft.way:
            case Way.LETTERS:
                return say("名字是字母的，照证件上打。")
            case Way.STROKES if self.draft.pending:
                return say("没有这样写的字，请删掉一笔再试。")
            case Way.STROKES:
                return say("按写字的顺序点笔画，再点要的字。")
            case Way.SOUND if self.draft.pending:
                return say("没有这样读的字，请删掉一个字母再试。")
            case _:
                return say("打一个字的拼音，再点要的字。ü 打 v。")

    def hints(self) -> list[str]:
        """Those of every question, and what this screen says itself."""
        return [*super().hints(), self.words(say("还有拼音或笔画没有选成字"))]

    def missing(self) -> Say | None:
        """A name, or the last choice."""
        if self.draft.pending:
            return say("还有拼音或笔画没有选成字")
        return None if self.draft.name.strip() else say("还没有输入姓名")

    def typed_text(self) -> str:
        """The name."""
        return str(self.draft.name).strip()
