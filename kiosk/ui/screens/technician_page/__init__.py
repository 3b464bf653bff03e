"""A page for whoever looks after the terminal."""

import dataclasses
from collections.abc import Sequence
from typing import Final

from kivy.uix.widget import Widget

from kiosk.journeys.counter_words import in_words
from kiosk.journeys.technician_views import Act, ActTouched, Mark, Page, Row, Special, TechnicianPage, Way
from kiosk.journeys.views import Emphasis, View
from kiosk.journeys.wording import Say
from kiosk.policy.rule import Text as Words
from kiosk.ui.technician_draft import PageDraft
from kiosk.ui.theme import GAP, MARGIN
from kiosk.ui.widgets.keys import Key
from kiosk.ui.widgets.lines import Heading
from kiosk.ui.widgets.mirror import Mirror
from kiosk.ui.widgets.page_row import SIGNS, PageRow, PageRowButton, begun
from kiosk.ui.widgets.picture import Picture
from kiosk.ui.widgets.press import PushButton
from kiosk.ui.widgets.screen import Desk
from kiosk.ui.widgets.screen_trial import COLOURS, ColourField, TouchField
from kiosk.ui.widgets.technician import TechnicianScreen
from kiosk.ui.widgets.text import Text

_WAIT: Final = Words(zh="正在办，请稍候。", en="Working on it. Please wait.")
_HEADER: Final = {True: 160, False: 96}
_READ_GAP: Final = 12
_TOUCH_GAP: Final = 26
"""Between two rows that can be touched; what rounding may take of it is more than the rule's least."""
_SIDE: Final = 600
"""Width of one column of acts beside rows."""
_MANY: Final = 5
"""More acts than these stand in two columns."""
_MOST_IN_THREE: Final = 9
"""More acts than these stand in four columns where nothing stands beside them."""
_PICTURE_SHARE: Final = 0.5
"""Of the height that a live picture takes at least, upright."""
_ACROSS: Final = 5 / 6
"""Width of a live picture in its height, lying, where the rows stand beside it."""


class TechnicianPageScreen(TechnicianScreen):
    """Title and note, rows, a column of acts, and the ways back and out. What is longer than the screen has parts."""

    def __init__(self, desk: Desk, view: TechnicianPage, draft: PageDraft | None) -> None:
        self.draft = draft or PageDraft()
        super().__init__(desk, view)

    def on_kv_post(self, base_widget: Widget) -> None:
        """Make every part; :meth:`arrange` lays out those that have room."""
        look, page = self.look, self.page
        signed = any(row.mark is not Mark.NONE for row in page.rows)
        self.heading = Heading(look=look, text=self.told(page.title))
        self.note = PageNote(self)
        self.rows = [self._row(row, signed=signed) for row in page.rows]
        self.acts = [self._act(act) for act in page.acts]
        if page.special in {Special.TOUCH, Special.COLOURS}:
            again = self.told(Words(zh="再试一次", en="Try again"))
            self.acts.append(PushButton(look=look, text=again, spoken=again, act=self._try_again))
        self.mirror = (
            Mirror(self.desk.look_through, oval=page.special is Special.CAMERA, look=look)
            if page.special in {Special.CAMERA, Special.CODE}
            else None
        )
        self.earlier = self._turn_button(Words(zh="上一屏", en="Earlier"), "left", -1)
        self.further = self._turn_button(Words(zh="下一屏", en="Further"), "right", 1)
        self.part = Text(look=look, role="body", halign="center")
        self.cover: Widget | None = None
        super().on_kv_post(base_widget)
        for widget in (self.heading, self.note):
            Widget.add_widget(self, widget)
        self._cover()

    @property
    def page(self) -> Page:
        """What is shown."""
        page: Page = self.view.page
        return page

    def on_parent(self, _screen: Widget, parent: Widget | None) -> None:
        """Look through the camera for as long as this is what is shown."""
        if self.mirror is None:
            return
        if parent is None:
            self.mirror.shut()
        else:
            self.mirror.open()

    def take(self, view: View) -> bool:
        """Live values, and that the desk is at it, only change the words, so that no touch is lost to a redraw."""
        if not isinstance(view, TechnicianPage) or _shape(view) != _shape(self.view):
            return False
        self.view = view
        for widget, row in zip(self.rows, view.page.rows, strict=True):
            widget.show(row)
            if widget.parent is not None and widget.height_for(widget.width) > widget.height + 1:
                return False
        return self.note.tell()

    # What stands on it

    def _row(self, row: Row, *, signed: bool) -> PageRow | PageRowButton:
        act = row.act
        if act is None:
            return PageRow(self.look, row, signed=signed)
        label, value = self.told(row.label), row.value
        return PageRowButton(
            self.look,
            row,
            signed=signed,
            spoken=f"{label} {value}".strip(),
            act=lambda: self.desk.post(ActTouched(act.word)),
        )

    def _act(self, act: Act) -> PushButton:
        text = self.told(act.label)
        grave = act.word == self.view.asked
        return PushButton(
            look=self.look,
            text=text,
            spoken=text,
            emphasis=(Emphasis.GRAVE if grave else Emphasis.PLAIN).value,
            act=lambda: self.desk.post(ActTouched(act.word)),
        )

    def _make_buttons(self) -> list[PushButton]:
        leave = self.own_button(Words(zh="离开", en="Leave"), Way.LEAVE, "close", goes_back=False)
        return [self.back_button(), leave]

    def _turn_button(self, words: Words, icon: str, by: int) -> Key:
        return Key(look=self.look, icon=icon, spoken=self.told(words), act=lambda: self._turn(by))

    def _turn(self, by: int) -> None:
        self.draft.part += by
        self._show_part()

    # Where it stands

    def arrange(self) -> None:
        """Give every part its place; rows and acts that have no room stand on a further part of the page."""
        look = self.look
        width, height = self.size
        inner = width - 2 * MARGIN
        header = _HEADER[look.portrait]
        self._place(self.header, 0, height - header, width, header)
        if look.portrait:
            bar = self._place_tools(24, MARGIN, inner, 24)
            self._place(self.bar, 0, 0, width, bar)
            floor = self._place_buttons(MARGIN, bar + GAP, inner)
        else:
            floor = self._place_bar_landscape(MARGIN, inner, self._bar_widths(inner)) + 8
        self._place(self.illustration, 0, 0, 0, 0)
        self._place(self.body, MARGIN, floor, inner, 0)
        top = height - header - 8
        for part in (self.heading, self.note):
            needs = part.height_for(inner)
            self._place(part, MARGIN, top - needs, inner, needs)
            top -= needs + _READ_GAP
        self._divide(MARGIN, floor, inner, top - floor)

    def _divide(self, left: float, floor: float, width: float, height: float) -> None:
        """Share what is left between rows, acts and a live picture."""
        portrait = self.look.portrait
        beside = not portrait and bool(self.rows or self.mirror) and bool(self.acts)
        columns = self._columns(beside=beside)
        acts_width = (_SIDE if columns == 1 else round(width * 0.46)) if beside else width
        acts_most = height if beside or not (self.rows or self.mirror) else height * 0.55
        self._acts_box = (left + width - acts_width, floor, acts_width, columns)
        rows_left, rows_width = left, width - acts_width - GAP if beside else width
        turning = self.earlier.height_for(width) + GAP
        if self.mirror is not None and not portrait and self.rows:
            across = round(height * _ACROSS)
            self._place_mirror(left, floor, across, height)
            rows_left, rows_width = left + across + GAP, rows_width - across - GAP
        acts, lines = self._act_lines(acts_width, columns), self._row_heights(rows_width)
        acts_parts = _divided([high for high, _ in acts], GAP, acts_most)
        acts_need = 0.0 if beside or not acts else self._acts_height([high for high, _ in acts], acts_most) + GAP
        room = height - acts_need
        if self.mirror is not None and self.mirror.parent is None:
            needs = sum(lines) + self._row_gap() * len(lines)
            high = max(room * _PICTURE_SHARE, room - needs) if lines else room
            self._place_mirror(left, floor + acts_need + room - high, rows_width, high)
            room -= high + (_READ_GAP if lines else 0)
        rows_parts = _divided(lines, self._row_gap(), room)
        under_acts = beside or not lines
        if max(len(acts_parts), len(rows_parts)) > 1:
            if under_acts:
                acts_parts = _divided([high for high, _ in acts], GAP, acts_most - turning)
            else:
                rows_parts = _divided(lines, self._row_gap(), room - turning)
        self._acts, self._acts_parts, self._rows_parts = [made for _, made in acts], acts_parts, rows_parts
        self._rows_box = (rows_left, floor + acts_need, rows_width, room)
        turn_left, turn_width = (left + width - acts_width, acts_width) if under_acts else (rows_left, rows_width)
        self._turn_box = (turn_left, floor if under_acts else floor + acts_need, turn_width)
        spent = turning if len(rows_parts) > 1 and not under_acts else 0
        lacking = max(lines) - (room - spent) if lines else max([0.0, *(high for high, _ in acts)]) - acts_most
        self.overflow = max(0, lacking)
        self._show_part()

    def _columns(self, *, beside: bool) -> int:
        if self.look.portrait:
            return 2 if len(self.acts) > 1 else 1
        if beside:
            return 2 if len(self.acts) > _MANY else 1
        return min(4 if len(self.acts) > _MOST_IN_THREE else 3, max(1, len(self.acts)))

    def _act_lines(self, width: float, columns: int) -> list[tuple[float, list[PushButton]]]:
        each = (width - GAP * (columns - 1)) / columns
        lines = [self.acts[at : at + columns] for at in range(0, len(self.acts), columns)]
        return [(max(act.height_for(each) for act in line), line) for line in lines]

    def _acts_height(self, heights: Sequence[float], most: float) -> float:
        part = _divided(heights, GAP, most)[0]
        return sum(heights[n] for n in part) + GAP * (len(part) - 1)

    def _row_gap(self) -> int:
        return _TOUCH_GAP if any(isinstance(row, PageRowButton) for row in self.rows) else _READ_GAP

    def _row_heights(self, width: float) -> list[float]:
        return [float(row.height_for(width)) for row in self.rows]

    def _place_mirror(self, left: float, floor: float, width: float, height: float) -> None:
        self._place(self.mirror, left, floor, width, height)
        Widget.add_widget(self, self.mirror)

    def _show_part(self) -> None:
        """Show one part of the page: its rows, its acts, and where there are more the way to them."""
        count = max(len(self._rows_parts), len(self._acts_parts), 1)
        self.draft.part = max(0, min(self.draft.part, count - 1))
        for widget in (*self.rows, *self.acts, self.earlier, self.further, self.part):
            if widget.parent is not None:
                widget.parent.remove_widget(widget)
        self._show_rows()
        self._show_acts()
        if count > 1:
            self._show_turning(count)

    def _show_rows(self) -> None:
        left, floor, width, room = self._rows_box
        top = floor + room
        for n in self._rows_parts[min(self.draft.part, len(self._rows_parts) - 1)] if self._rows_parts else ():
            row = self.rows[n]
            high = row.height_for(width)
            self._place(row, left, top - high, width, high)
            Widget.add_widget(self, row)
            top -= high + self._row_gap()

    def _show_acts(self) -> None:
        if not self._acts_parts:
            return
        left, floor, width, columns = self._acts_box
        part = self._acts_parts[min(self.draft.part, len(self._acts_parts) - 1)]
        lines = [self._acts[n] for n in part]
        each = (width - GAP * (columns - 1)) / columns
        heights = [max(act.height_for(each) for act in line) for line in lines]
        beside = not self.look.portrait or not (self.rows or self.mirror)
        used = sum(heights) + GAP * (len(heights) - 1)
        top = self.note.y - _READ_GAP if beside else floor + used
        for line, high in zip(lines, heights, strict=True):
            for column, act in enumerate(line):
                self._place(act, left + column * (each + GAP), top - high, each, high)
                Widget.add_widget(self, act)
            top -= high + GAP

    def _show_turning(self, count: int) -> None:
        left, floor, width = self._turn_box
        high = self.earlier.height_for(width)
        self.part.text = f"{self.draft.part + 1} / {count}"
        middle = max(150, self.part.natural_width() + 8)
        each = (width - middle - 2 * GAP) / 2
        self._place(self.part, left + each + GAP, floor, middle, high)
        Widget.add_widget(self, self.part)
        for button, at, offered in (
            (self.earlier, left, self.draft.part > 0),
            (self.further, left + each + middle + 2 * GAP, self.draft.part < count - 1),
        ):
            self._place(button, at, floor, each, high)
            if offered:
                Widget.add_widget(self, button)

    # What covers it

    def _cover(self) -> None:
        """Put the squares or the colours over the page while there are any left."""
        covered = self.page.special
        if covered is Special.COLOURS and self.draft.colour < len(COLOURS):
            self.cover = ColourField(self.draft, self._uncover)
            self._place(self.cover, 0, 0, *self.size)
        elif covered is Special.TOUCH:
            field = TouchField(self.look, self.draft, self._uncover)
            floor = max(self.bar.top, *(button.top for button in self.buttons)) + 16
            self._place(field, 0, floor, self.width, self.height - floor)
            self.cover = field if field.left else None
        if self.cover is not None:
            Widget.add_widget(self, self.cover)

    def _uncover(self) -> None:
        if self.cover is not None:
            self.remove_widget(self.cover)
            self.cover = None

    def _try_again(self) -> None:
        self.draft.colour = 0
        self.draft.painted.clear()
        self._cover()


class PageNote(Widget):
    """What came of the last act, that it asks again, or that the desk is at it; after its sign."""

    def __init__(self, screen: TechnicianPageScreen) -> None:
        super().__init__()
        self._screen, self._look = screen, screen.look
        self._sign = Picture(look=self._look)
        self._words = Text(look=self._look, role="body", reserve=screen.told(_WAIT))
        self.add_widget(self._sign)
        self.add_widget(self._words)
        self.bind(pos=self._place, size=self._place)
        self.tell()

    def tell(self) -> bool:
        """Say what the page says now, and whether there is room for it."""
        view: TechnicianPage = self._screen.view
        words, (self._sign.name, self._sign.mono) = _note_of(view)
        self._words.text = begun(self._look.words(words)) if words is not None else ""
        self._words.bold = view.waits or view.page.note_mark is Mark.FAULT or bool(view.asked)
        return bool(self.height < 2 or self.height_for(self.width) <= self.height + 1)

    def _inner(self, width: float) -> float:
        return float(width - self._look.size("body") - 20)

    def height_for(self, width: float) -> float:
        """Pixels of height needed at this width: at least those of the words that ask for patience."""
        return float(self._words.height_for(self._inner(width)))

    def _place(self, *_: object) -> None:
        side, line = self._look.size("body"), self._look.typeface.line_height(self._look.size("body"))
        self._sign.size, self._sign.pos = (side, side), (self.x, round(self.top - line / 2 - side / 2))
        self._words.size, self._words.pos = (round(self._inner(self.width)), self.height), (self.x + side + 20, self.y)
        self._words.valign = "top"


def _note_of(view: TechnicianPage) -> tuple[Say | None, tuple[str, str]]:
    if view.waits:
        return in_words(view.meanwhile or _WAIT), ("clock", "line")
    act = view.page.act(view.asked)
    if act is not None:
        label = in_words(act.label)
        asked = Say("再点一次“{act}”就办。", {"act": label}, {"en": "Touch “{act}” once more to have it done."})
        return asked, SIGNS[Mark.WARNING]
    if view.page.note is None:
        return None, SIGNS[Mark.NONE]
    sign = SIGNS[view.page.note_mark] if view.page.note_mark is not Mark.NONE else ("info", "line")
    return in_words(view.page.note), sign


def _shape(view: TechnicianPage) -> tuple[object, ...]:
    """All of a page that can't be changed in place."""
    page = view.page
    signed = any(row.mark is not Mark.NONE for row in page.rows)
    rows = tuple(dataclasses.replace(row, value="", mark=Mark.NONE) for row in page.rows)
    live = dataclasses.replace(page, rows=rows, note=None, note_mark=Mark.NONE, again_after_s=None, leave=None)
    return live, signed, view.filling, view.asked


def _divided(heights: Sequence[float], gap: float, room: float) -> list[list[int]]:
    """Which of these stand together, one part after the other, in so much height; none is torn."""
    parts: list[list[int]] = []
    used = 0.0
    for number, height in enumerate(heights):
        if parts and used + gap + height <= room:
            parts[-1].append(number)
            used += gap + height
        else:
            parts.append([number])
            used = height
    return parts
