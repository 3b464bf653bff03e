"""What every screen shares: header, body, picture, actions and the bottom bar, and where each goes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from kivy.clock import Clock
from kivy.graphics import Color, Rectangle, RoundedRectangle
from kivy.properties import NumericProperty, ObjectProperty, StringProperty
from kivy.uix.widget import Widget

from kiosk.journeys.views import Action, Emphasis, Intent, Posted, Step, View, actions_of
from kiosk.journeys.wording import Say, Verbatim, say
from kiosk.runtime.viewfinder import Glance
from kiosk.ui.language import OWN_NAMES
from kiosk.ui.look import Look
from kiosk.ui.theme import GAP, MARGIN, rgba
from kiosk.ui.widgets.layout import Column, Row
from kiosk.ui.widgets.picture import Picture
from kiosk.ui.widgets.press import PushButton, ToolButton
from kiosk.ui.widgets.text import Text

_BACKWARDS: Final = (Intent.BACK, Intent.CANCEL)
_ICONS: Final = {Intent.BACK: "left", Intent.CANCEL: "close", Intent.NEXT: "right"}
_LEAST_PICTURE: Final = 240
_MOST_PICTURE: Final = 900
_LANDSCAPE_PICTURE: Final = 640
_LANDSCAPE_LEFT: Final = 420
_LANDSCAPE_TOOL: Final = 176
_TOOL_GAP: Final = 24
_EMBLEM: Final = 72


def _nothing() -> None:
    """What a part of the body leaves out that has no lines below its labels."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What the bottom bar does. These are the window's own, never the journey's."""

    larger: Callable[[], None]
    contrast: Callable[[], None]
    lower: Callable[[], None]
    help: Callable[[], None]
    language: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Desk:
    """What a screen is given to work with."""

    look: Look
    region: Verbatim | Say
    hotline: str
    post: Callable[[Posted], None]
    tools: Tools
    look_through: Callable[[], Glance | None]
    """The newest of what the camera sees."""
    terminal: str = ""
    """The terminal's number."""


class StepBar(Widget):
    """第 2 步，共 4 步, with as many strokes, the past ones filled."""

    look = ObjectProperty(None)
    step = ObjectProperty(None)
    words = StringProperty("")

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self._words = Text(look=self.look, text=self.words, role="caption", bold=True, halign="right")
        self.add_widget(self._words)
        self.fixed = max(self._words.natural_width() + 2, 300)
        draw = Clock.create_trigger(self._draw, -1)
        self.bind(pos=draw, size=draw)

    def height_for(self, width: float) -> float:
        """Pixels of height needed at this width."""
        return float(self._words.height_for(width) + 8 + 12)

    def _draw(self, _elapsed: float) -> None:
        self._words.size = (self.width, self._words.height_for(self.width))
        self._words.pos = (self.x, self.y + 20)
        self.canvas.before.clear()
        part = (self.width - 8 * (self.step.of - 1)) / self.step.of
        with self.canvas.before:
            for n in range(self.step.of):
                reached = n < self.step.number
                height = 12 if reached else 4  # not by colour alone
                Color(*rgba(self.look.colour("primary" if reached else "border")))
                RoundedRectangle(
                    pos=(self.x + n * (part + 8), self.y + 6 - height / 2), size=(part, height), radius=[height / 2]
                )


class Bar(Widget):
    """The bottom bar's ground, parted from the body by a line."""

    look = ObjectProperty(None)

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        draw = Clock.create_trigger(self._draw, -1)
        self.bind(pos=draw, size=draw)

    def _draw(self, _elapsed: float) -> None:
        self.canvas.clear()
        with self.canvas:
            Color(*rgba(self.look.colour("surface")))
            Rectangle(pos=self.pos, size=self.size)
            Color(*rgba(self.look.colour("hairline")))
            Rectangle(pos=(self.x, self.top - 2), size=(self.width, 2))


class Screen(Widget):
    """A view drawn. A screen's kv puts its own children into the body; the rest is arranged here."""

    kv: ClassVar[Path | None] = None
    """Its layout; None where code fills the body."""
    is_about_its_picture: ClassVar[bool] = False
    """Without its picture it says nothing: where buttons take the picture's place, it stands below the words."""
    desk = ObjectProperty(None)
    look = ObjectProperty(None)
    view = ObjectProperty(None, rebind=True)  # kv follows what is within it
    picture = StringProperty("")
    backdrop = StringProperty("tint")
    overflow = NumericProperty(0)
    """Pixels of height that the body lacks; 0 when everything fits."""
    spare_part = ObjectProperty(None, allownone=True)
    """What goes before anything is drawn smaller."""

    def __init__(self, desk: Desk, view: View, **kwargs: object) -> None:
        look = desk.look
        width, height = look.shape.value
        self.body = Column(look=look, gap=28)
        super().__init__(desk=desk, look=look, view=view, size=(width, height), size_hint=(None, None), **kwargs)

    def on_kv_post(self, _base_widget: Widget) -> None:
        """Arrange once kv has filled the body."""
        self.header = self._make_header()
        self.bar = Bar(look=self.look)
        self.tools = self._make_tools()
        self.buttons = self._make_buttons()
        self.illustration = self._make_illustration()
        for widget in (self.body, self.bar, self.header, *self.tools, self.illustration, *self.buttons):
            super().add_widget(widget)
        self.arrange()

    def add_widget(self, widget: Widget, *args: object, **kwargs: object) -> None:
        """Children from kv go into the body."""
        self.body.add_widget(widget)

    def words(self, value: object) -> str:
        """``value`` in the citizen's language."""
        return str(self.desk.look.words(value))

    def take(self, view: View) -> bool:
        """Show ``view`` by changing what already stands there, and whether that could be done."""
        return False

    @property
    def narrow(self) -> float:
        """Pixels of width that the body has at least."""
        width = self.look.shape.value[0] - 2 * MARGIN
        return float(width if self.look.portrait else width - _LANDSCAPE_PICTURE - 2 * GAP)

    # What stands around the body

    def _make_header(self) -> Row:
        row = Row(look=self.look, gap=24, pad_x=MARGIN)
        row.add_widget(Picture(look=self.look, name="emblem", fixed=_EMBLEM))
        region = Text(look=self.look, text=self.words(self.desk.region), role="body", bold=True)
        place = Text(look=self.look, text=self.words(say("社会保障卡自助服务")), role="caption", ink="muted")
        progress = self._make_progress()
        if self.look.portrait:
            names = Column(look=self.look, gap=0)
            names.add_widget(region)
            room = self.width - 2 * MARGIN - _EMBLEM - 24 - (progress.fixed + 24 if progress else 0)
            if place.natural_width() <= room:  # with a long language the step is worth more than our name
                names.add_widget(place)
            row.add_widget(names)
        else:
            region.fixed = region.natural_width() + 2
            row.add_widget(region)
            row.add_widget(place)
        if progress is not None:
            row.add_widget(progress)
        return row

    def _make_progress(self) -> StepBar | None:
        step: Step | None = getattr(self.view, "step", None)
        page: Step | None = getattr(self.view, "page", None)
        if step is not None:
            words = say("第 {number} 步，共 {of} 步", number=step.number, of=step.of)
            return StepBar(look=self.look, step=step, words=self.words(words))
        if page is not None:
            words = say("第 {number} 页，共 {of} 页", number=page.number, of=page.of)
            return StepBar(look=self.look, step=page, words=self.words(words))
        return None

    def _make_tools(self) -> list[ToolButton]:
        look, tools, preferences = self.look, self.desk.tools, self.look.preferences
        other = OWN_NAMES.get(look.next_language.code, look.next_language.code)
        offered = [
            (
                say("小字") if preferences.large else say("大字"),
                say("换回普通字号") if preferences.large else say("把字放大"),
                "larger",
                preferences.large,
                tools.larger,
            ),
            (
                say("普通色") if preferences.high_contrast else say("高对比"),
                say("换回普通颜色") if preferences.high_contrast else say("换成黑底黄字"),
                "contrast",
                preferences.high_contrast,
                tools.contrast,
            ),
            (say("帮助"), say("帮助。怎么找工作人员"), "help", False, tools.help),
            (Verbatim(other), Verbatim(other), "globe", False, tools.language),
        ]
        if look.portrait:
            offered.insert(
                2,
                (
                    say("调高") if preferences.low else say("调低"),
                    say("把按钮放回原处") if preferences.low else say("把内容移到屏幕下半部"),
                    "upper" if preferences.low else "lower",
                    preferences.low,
                    tools.lower,
                ),
            )
        return [
            ToolButton(look=look, text=look.words(label), spoken=look.words(spoken), icon=icon, chosen=chosen, act=act)
            for label, spoken, icon, chosen, act in offered
        ]

    def actions(self) -> Sequence[Action]:
        """The buttons outside the body; home has tiles within it instead."""
        return actions_of(self.view)

    def _make_buttons(self) -> list[PushButton]:
        return [self.button_for(action) for action in self.actions()]

    def button_for(self, action: Action) -> PushButton:
        """A button that posts the action's intent."""
        intent = action.intent
        button = PushButton(
            look=self.look,
            text=self.words(action.label),
            spoken=self.words(action.spoken or action.label),
            icon=self._icon_for(action),
            icon_after=intent is Intent.NEXT,
            emphasis=action.emphasis.value,
            act=lambda: self.desk.post(intent),
        )
        button.goes_back = intent in _BACKWARDS
        return button

    def _icon_for(self, action: Action) -> str:
        if action.intent is Intent.NEXT and action.emphasis is not Emphasis.PRIMARY:
            return ""  # an arrow would recommend what is not recommended
        return _ICONS.get(action.intent, "") if isinstance(action.intent, Intent) else ""

    def _make_illustration(self) -> Widget:
        return Picture(look=self.look, name=self.picture, backdrop=self.backdrop, inset=36)

    # Where everything goes

    def arrange(self) -> None:
        """Give every part its place, from the numbers of docs/ux-rules.md."""
        if self.look.portrait:
            self._arrange_portrait()
        else:
            self._arrange_landscape()

    def _place(self, widget: Widget, x: float, y: float, width: float, height: float) -> None:
        widget.size = (round(width), round(height))
        widget.pos = (round(x), round(y))

    def _arrange_portrait(self) -> None:
        width, height = self.size
        inner = width - 2 * MARGIN
        header = 160
        self._place(self.header, 0, height - header, width, header)
        bottom = self._place_tools(24, MARGIN, inner, 24)
        self._place(self.bar, 0, 0, width, bottom)
        bottom = self._place_buttons(MARGIN, bottom + GAP, inner)
        top = height - header - 16
        available = top - bottom
        body_needs = self._fit(inner, available)
        if self.look.low:
            body_height = max(body_needs, height / 2 - bottom)
            body_top = bottom + body_height
            self._place_picture(MARGIN, body_top + GAP, inner, min(top - body_top - GAP, _MOST_PICTURE))
            self._place(self.body, MARGIN, bottom, inner, body_height)
            return
        spare = available - body_needs - GAP
        if self.picture and spare >= _LEAST_PICTURE:
            picture = min(spare, _MOST_PICTURE)
            shift = round((spare - picture) / 2)
            self._place(self.body, MARGIN, top - body_needs, inner, body_needs)
            self._place_picture(MARGIN, bottom + shift, inner, picture)
        else:
            self._place(self.body, MARGIN, bottom, inner, available)
            self._place_picture(0, 0, 0, 0)

    def _arrange_landscape(self) -> None:
        width, height = self.size
        inner = width - 2 * MARGIN
        header = 96
        self._place(self.header, 0, height - header, width, header)
        in_bar = self._bar_widths(inner)
        choices = [] if in_bar else self.buttons
        bottom = self._place_bar_landscape(MARGIN, inner, in_bar)
        top = height - header - 16
        available = top - bottom
        narrow = self.narrow
        if choices:
            needs = sum(b.height_for(_LANDSCAPE_PICTURE) for b in choices) + GAP * (len(choices) - 1)
            y = bottom + (available + needs) / 2
            for button in self._forward_first(choices):
                button_height = button.height_for(_LANDSCAPE_PICTURE)
                y -= button_height
                self._place(button, MARGIN + narrow + 2 * GAP, y, _LANDSCAPE_PICTURE, button_height)
                y -= GAP
        beside = bool(choices) or (bool(self.picture) and self.body.height_for(narrow) <= available)
        body_width = narrow if beside else inner
        needs = self._fit(body_width, available)
        if choices and self.is_about_its_picture:
            self._place(self.body, MARGIN, top - needs, body_width, needs)
            self._place_picture(MARGIN, bottom, body_width, available - needs - GAP)
            return
        growing = any(getattr(child, "stretch", 0) for child in self.body.children)
        height = available if growing or needs > available else needs
        self._place(self.body, MARGIN, bottom + (available - height) / 2, body_width, height)
        if beside and not choices:
            self._place_picture(MARGIN + narrow + 2 * GAP, bottom, _LANDSCAPE_PICTURE, available)
        else:
            self._place_picture(0, 0, 0, 0)

    def _fit(self, width: float, available: float) -> float:
        """Height that the body needs; where it is short of room, it draws together first."""
        needs = float(self.body.height_for(width))
        if needs > available:
            self.body.gap = 12
            for child in self.body.children:
                child.pad_y = min(getattr(child, "pad_y", 0), 10)
            needs = float(self.body.height_for(width))
        if needs > available:
            for child in self.body.children:
                getattr(child, "leave_out_lines", _nothing)()
            needs = float(self.body.height_for(width))
        if needs > available and self.spare_part is not None:
            self.spare_part.parent.remove_widget(self.spare_part)
            self.spare_part = None
            needs = float(self.body.height_for(width))
        self.overflow = max(0, needs - available)
        return needs

    def _place_picture(self, x: float, y: float, width: float, height: float) -> None:
        shown = height >= _LEAST_PICTURE
        self._place(self.illustration, x, y, width if shown else 0, height if shown else 0)

    def _place_tools(self, gap: float, x: float, width: float, y: float) -> float:
        each = (width - gap * (len(self.tools) - 1)) / len(self.tools)
        height = max(tool.height_for(each) for tool in self.tools)
        for n, tool in enumerate(self.tools):
            self._place(tool, x + n * (each + gap), y, each, height)
        return y + height + 24

    def _forward_first(self, buttons: list[PushButton]) -> list[PushButton]:
        return sorted(buttons, key=lambda button: (button.goes_back, button.emphasis != "primary"))

    def _place_buttons(self, x: float, y: float, width: float) -> float:
        """The way on over the whole width; beside or under it the others, side by side where labels keep to a line."""
        rows: list[list[PushButton]] = [[button] for button in self._forward_first(self.buttons)]
        for shares in ((0.38, 0.62), (0.5, 0.5)):
            if len(rows) > 1 and self._one_line(pair := self._left_right(*rows[-2], *rows[-1]), shares, width):
                rows[-2:] = [list(pair)]
                break
        for row in reversed(rows):
            each = [(width - GAP) * share for share in shares] if len(row) == 2 else [width]
            height = max(button.height_for(w) for button, w in zip(row, each, strict=True))
            left = x
            for button, w in zip(row, each, strict=True):
                self._place(button, left, y, w, height)
                left += w + GAP
            y += height + GAP
        return y

    def _one_line(self, pair: tuple[PushButton, PushButton], shares: tuple[float, float], width: float) -> bool:
        if shares[0] != shares[1] and not (pair[0].goes_back or pair[1].emphasis == "primary"):
            return False
        return all(button.lines_at((width - GAP) * share) == 1 for button, share in zip(pair, shares, strict=True))

    def _left_right(self, first: PushButton, second: PushButton) -> tuple[PushButton, PushButton]:
        return (second, first) if second.goes_back or first.emphasis == "primary" else (first, second)

    def _bar_widths(self, width: float) -> list[tuple[PushButton, float]]:
        """Buttons of a landscape bar from left to right with their widths; none where more than two do not fit."""
        right = width - _LANDSCAPE_LEFT - self._tools_width() - 2 * GAP
        ordered = list(reversed(self._forward_first(self.buttons)))
        if len(ordered) > 2:
            each = (width - self._tools_width() - GAP * len(ordered)) / len(ordered)
            fits = all(button.lines_at(each) == 1 for button in ordered)
            return [(button, each) for button in ordered] if fits else []
        if len(ordered) == 2 and not any(button.goes_back or button.emphasis == "primary" for button in ordered):
            # Two answers of one weight are of one width: neither may seem to be the expected one.
            each = (width - self._tools_width() - 2 * GAP) / 2
            return [(button, each) for button in reversed(ordered)]  # in their own order, as on an upright screen
        if len(ordered) == 1 and not ordered[0].goes_back:
            return [(ordered[0], right)]
        return list(zip(ordered, (_LANDSCAPE_LEFT, right), strict=False))

    def _tools_width(self) -> float:
        return float(_LANDSCAPE_TOOL * len(self.tools) + _TOOL_GAP * (len(self.tools) - 1))

    def _place_bar_landscape(self, x: float, width: float, buttons: list[tuple[PushButton, float]]) -> float:
        """The way on at the right end, the others at the left, the tools between and mostly at the same place."""
        pad = 24
        tools_height = max(tool.height_for(_LANDSCAPE_TOOL) for tool in self.tools)
        height = max([tools_height, *(button.height_for(each) for button, each in buttons)])
        left = x
        for n, (button, each) in enumerate(buttons):
            at_right = n == len(buttons) - 1 and not button.goes_back
            self._place(button, x + width - each if at_right else left, pad, each, height)
            left += 0 if at_right else each + GAP
        left = max(left, x + _LANDSCAPE_LEFT + GAP)
        for n, tool in enumerate(self.tools):
            place = left + n * (_LANDSCAPE_TOOL + _TOOL_GAP)
            self._place(tool, place, pad + (height - tools_height) / 2, _LANDSCAPE_TOOL, tools_height)
        self._place(self.bar, 0, 0, self.width, height + 2 * pad)
        return float(height + 2 * pad + 16)
