"""Everything that can be touched."""

from collections.abc import Callable

from kivy.input import MotionEvent
from kivy.properties import BooleanProperty, NumericProperty, ObjectProperty, StringProperty

from kiosk.ui.theme import BUTTON_HEIGHT, NORMAL, PRIMARY_HEIGHT, TARGET
from kiosk.ui.widgets.layout import Panel
from kiosk.ui.widgets.picture import Picture
from kiosk.ui.widgets.text import Text


class Press(Panel):
    """Acts when it is let go of inside; dragging out takes the touch back; a second tap at once is not heard."""

    spoken = StringProperty("")
    """What is read for it; never empty."""
    pressed = BooleanProperty(False)
    act = ObjectProperty(None, allownone=True)
    """Called without arguments."""

    def _idle_colours(self) -> tuple[str, str]:
        return "surface", "border"

    def _pressed_colours(self) -> tuple[str, str]:
        return "plain_pressed", "border"

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self._colour()
        self.fbind("pressed", self._colour)

    def _colour(self, *_: object) -> None:
        self.surface, self.edge = self._pressed_colours() if self.pressed else self._idle_colours()

    def _opens(self, began: float) -> bool:
        return bool(self.look.taps.opens(began))

    def _passed(self, ended: float) -> None:
        self.look.taps.passed(ended)

    def on_touch_down(self, touch: MotionEvent) -> bool:
        """Take the touch if it is one that counts."""
        if not self.collide_point(*touch.pos):
            return False
        if getattr(touch, "button", "left") == "left" and self._opens(touch.time_start):
            touch.grab(self)
            self.pressed = True
        return True

    def on_touch_move(self, touch: MotionEvent) -> bool:
        """Show whether letting go would act."""
        if touch.grab_current is not self:
            return False
        self.pressed = self.collide_point(*touch.pos)
        return True

    def on_touch_up(self, touch: MotionEvent) -> bool:
        """Act if the finger is still inside, and the screen still there."""
        if touch.grab_current is not self:
            return False
        touch.ungrab(self)
        self.pressed = False
        still_shown = self.get_parent_window() is not None
        if self.collide_point(*touch.pos) and still_shown and self.act is not None:
            self._passed(touch.time_end)
            self.act()
        return True


class PushButton(Press):
    """A button with a label and perhaps an icon beside it."""

    text = StringProperty("")
    icon = StringProperty("")
    icon_after = BooleanProperty(False)
    """The picture points onwards and stands behind the label."""
    emphasis = StringProperty("plain")
    """Value of :class:`kiosk.journeys.views.Emphasis`."""
    fixed = NumericProperty(0)

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.edge_width = 4
        ink = {"primary": "on_primary", "grave": "on_grave"}.get(self.emphasis, "ink")
        self._label = Text(look=self.look, text=self.text, role="button", bold=True, ink=ink, halign="center")
        self.add_widget(self._label)
        self._icon = Picture(look=self.look, name=self.icon, mono=ink) if self.icon else None
        if self._icon is not None:
            self.add_widget(self._icon)
        self.bind(pos=self._place, size=self._place)

    def _idle_colours(self) -> tuple[str, str]:
        return {"primary": ("primary", "primary"), "grave": ("grave", "grave")}.get(
            self.emphasis, ("surface", "border")
        )

    def _pressed_colours(self) -> tuple[str, str]:
        return {
            "primary": ("primary_pressed", "primary_pressed"),
            "grave": ("grave_pressed", "grave_pressed"),
        }.get(self.emphasis, ("plain_pressed", "border"))

    def _icon_room(self) -> float:
        return float(self.look.size("button") + 20) if self.icon else 0

    def _label_width(self, width: float) -> float:
        return width - 2 * 20 - self._icon_room()

    def height_for(self, width: float) -> float:
        """Pixels of height needed at this width."""
        least = PRIMARY_HEIGHT if self.emphasis == "primary" else BUTTON_HEIGHT
        return max(least, float(self._label.height_for(self._label_width(width))) + 2 * 20)

    def lines_at(self, width: float) -> int:
        """Lines that the label takes at this width."""
        line = self.look.typeface.line_height(self.look.size("button"))
        lines: int = round(self._label.height_for(self._label_width(width)) / line)
        return lines

    def _place(self, *_: object) -> None:
        width = min(self._label_width(self.width), self._label.natural_width() + 2)
        room = self._icon_room()
        left = round(self.center_x - (width + room) / 2)
        self._label.size = (round(width), self.height)
        self._label.pos = (left if self.icon_after else round(left + room), self.y)
        if self._icon is not None:
            side = self.look.size("button")
            self._icon.size = (side, side)
            self._icon.pos = (
                round(left + width + room - side) if self.icon_after else left,
                round(self.center_y - side / 2),
            )


class ToolButton(Press):
    """A small button of the bottom bar: a picture over one short word."""

    text = StringProperty("")
    icon = StringProperty("")
    chosen = BooleanProperty(False)
    """What it offers is switched on."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        ink = "on_primary" if self.chosen else "ink"
        self._icon = Picture(look=self.look, name=self.icon, mono="on_primary" if self.chosen else "line")
        self._label = Text(look=self.look, text=self.text, role="caption", ink=ink, halign="center")
        self.add_widget(self._icon)
        self.add_widget(self._label)
        self.bind(pos=self._place, size=self._place)

    def _idle_colours(self) -> tuple[str, str]:
        return ("primary", "primary") if self.chosen else ("surface", "border")

    def _pressed_colours(self) -> tuple[str, str]:
        return ("primary_pressed", "primary_pressed") if self.chosen else ("plain_pressed", "border")

    def height_for(self, width: float) -> float:
        """Pixels of height needed at this width."""
        return float(20 + 52 + 4 + self._label.height_for(width - 8) + 12)

    def _place(self, *_: object) -> None:
        self._icon.size = (52, 52)
        self._icon.pos = (round(self.center_x - 26), round(self.top - 20 - 52))
        height = self._label.height_for(self.width - 8)
        self._label.size = (self.width - 8, height)
        self._label.pos = (self.x + 4, self.y + 12)


class EyeButton(Press):
    """Shows something as long as it is held, and only so long."""

    text = StringProperty("")
    fixed = NumericProperty(0)
    reveal = ObjectProperty(None, allownone=True)
    """Called with True when it is held and with False when it is not."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self._icon = Picture(look=self.look, name="eye", mono="line")
        self._label = Text(look=self.look, text=self.text, role="caption", ink="ink", halign="center")
        self.add_widget(self._icon)
        self.add_widget(self._label)
        self._lying = False
        self.fixed = max(TARGET + 60, self._label.natural_width() + 40)
        if not self.look.portrait:
            self.lie_down()
        self.bind(pos=self._place, size=self._place, pressed=self._tell, parent=self._tell)

    def lie_down(self) -> None:
        """Put picture and word side by side."""
        self._lying = True
        self.fixed = 20 + 52 + 8 + self._label.natural_width() + 24

    def _tell(self, *_: object) -> None:
        if self.reveal is not None:
            reveal: Callable[[bool], None] = self.reveal
            reveal(bool(self.pressed and self.parent is not None))

    def height_for(self, width: float) -> float:
        """Pixels of height needed at this width."""
        if self._lying:
            return TARGET
        return float(16 + 52 + self._label.height_for(width - 8) + 10)

    def _place(self, *_: object) -> None:
        self._icon.size = (52, 52)
        if not self._lying:
            height = self._label.height_for(self.width - 8)
            self._icon.pos = (round(self.center_x - 26), round(self.top - 16 - 52))
            self._label.size, self._label.pos = (self.width - 8, height), (self.x + 4, self.y + 10)
        else:
            self._icon.pos = (round(self.x + 20), round(self.center_y - 26))
            self._label.size = (round(self.width - 20 - 52 - 8 - 12), self.height)
            self._label.pos = (round(self.x + 20 + 52 + 8), self.y)


class ChoiceButton(Press):
    """A matter to look at: its name, perhaps a line below it, and an arrow that points onwards."""

    label = StringProperty("")
    line = StringProperty("")

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        # Whole questions in large type's own button size would not leave room for six.
        role = "body" if not self.line and self.look.size("body") > NORMAL.body else "button"
        self._label = Text(look=self.look, text=self.label, role=role, bold=True)
        self._line = Text(look=self.look, text=self.line, role="body", ink="muted") if self.line else None
        self._arrow = Picture(look=self.look, name="right", mono="line")
        for child in (self._label, self._line, self._arrow):
            if child is not None:
                self.add_widget(child)
        self.bind(pos=self._place, size=self._place)

    def leave_out_line(self) -> None:
        """Show the name alone."""
        if self._line is not None:
            self.remove_widget(self._line)
            self._line = None

    def _inner(self, width: float) -> float:
        return float(width - 2 * 32 - self.look.size("button") - 20)

    def _words_height(self, width: float) -> float:
        inner = self._inner(width)
        below = 0.0 if self._line is None else 4 + self._line.height_for(inner)
        return float(self._label.height_for(inner) + below)

    def height_for(self, width: float) -> float:
        """Pixels of height needed at this width."""
        return max(float(BUTTON_HEIGHT), self._words_height(width) + 2 * 8)

    def _place(self, *_: object) -> None:
        inner, side = self._inner(self.width), self.look.size("button")
        label = self._label.height_for(inner)
        top = self.center_y + self._words_height(self.width) / 2
        self._label.size, self._label.pos = (inner, label), (round(self.x + 32), round(top - label))
        if self._line is not None:
            line = self._line.height_for(inner)
            self._line.size, self._line.pos = (inner, line), (round(self.x + 32), round(top - label - 4 - line))
        self._arrow.size = (side, side)
        self._arrow.pos = (round(self.right - 32 - side), round(self.center_y - side / 2))


class Tile(Press):
    """A service: its picture, the plain verb, the term below. ``compact`` where more than four share a screen.

    ``closed`` where the region does it elsewhere: quieter, since it only tells where, but touched like any other.
    """

    label = StringProperty("")
    term = StringProperty("")
    icon = StringProperty("")
    compact = BooleanProperty(False)
    sideways = BooleanProperty(False)
    """The picture stands at the left of the words, where rows are low and wide."""
    closed = BooleanProperty(False)

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        roles = ("button", "caption") if self.compact else ("section", "body")
        align = "left" if self.sideways else "center"
        self._side = 96 if self.compact else 168
        self._least = 64 if self.compact else 104
        self._pad = 16 if self.compact or self.sideways else 24
        self._under = 12 if self.compact else 20
        self._icon = Picture(
            look=self.look,
            name=self.icon,
            mono="muted" if self.closed else "",
            backdrop="" if self.closed else "tint",
        )
        ink = "muted" if self.closed else "ink"
        self._label = Text(look=self.look, text=self.label, role=roles[0], bold=not self.closed, ink=ink, halign=align)
        self._term = Text(look=self.look, text=self.term, role=roles[1], ink="muted", halign=align)
        for child in (self._icon, self._label, self._term):
            self.add_widget(child)
        self.bind(pos=self._place, size=self._place)

    def _idle_colours(self) -> tuple[str, str]:
        return ("ground", "border") if self.closed else ("surface", "border")

    def _inner(self, width: float) -> float:
        return width - 2 * self._pad - (self._side + 24 if self.sideways else 0)

    def _words_height(self, width: float) -> float:
        inner = self._inner(width)
        return float(self._label.height_for(inner) + 8 + self._term.height_for(inner))

    def height_for(self, width: float) -> float:
        """Pixels of height needed at this width."""
        if self.sideways:
            return max(self._side, self._words_height(width)) + 2 * self._pad
        return self._pad + self._least + self._under + self._words_height(width) + self._pad

    def _place(self, *_: object) -> None:
        inner = self._inner(self.width)
        label, term = self._label.height_for(inner), self._term.height_for(inner)
        if self.sideways:
            icon_size = self._side, self._side
            icon_x, words_x = self.x + self._pad, self.x + self._pad + self._side + 24
            top = self.center_y + (label + 8 + term) / 2
            self._icon.pos = (round(icon_x), round(self.center_y - self._side / 2))
        else:
            spare = max(self.height - self.height_for(self.width), 0)
            height = min(self._least + spare * 0.9, 760)
            icon_size = (self.width - 2 * 32 if spare > 120 else height, height)
            words_x = self.x + self._pad
            top = self.center_y + (height + self._under + label + 8 + term) / 2
            self._icon.pos = (round(self.center_x - icon_size[0] / 2), round(top - height))
            top -= height + self._under
        self._icon.inset = round(min(icon_size) * 0.12)
        self._icon.size = (round(icon_size[0]), round(icon_size[1]))
        self._label.size, self._label.pos = (inner, label), (round(words_x), round(top - label))
        top -= label + 8
        self._term.size, self._term.pos = (inner, term), (round(words_x), round(top - term))
