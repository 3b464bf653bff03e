"""Columns, rows and panels that know how high they must be before they are drawn.

Kivy's own layouts find out over several frames; a screen here is measured and arranged in one go, so that a test can
ask whether everything fits.
"""

from kivy.clock import Clock
from kivy.graphics import Color, SmoothLine, SmoothRoundedRectangle
from kivy.properties import BooleanProperty, NumericProperty, ObjectProperty, StringProperty
from kivy.uix.widget import Widget

from kiosk.ui.theme import RADIUS, rgba


class Panel(Widget):
    """A surface with round corners; without a colour it is only a place."""

    look = ObjectProperty(None, allownone=True)
    surface = StringProperty("")
    edge = StringProperty("")
    edge_width = NumericProperty(3)
    radius = NumericProperty(RADIUS)

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        paint = Clock.create_trigger(self._paint, -1)
        for name in ("surface", "edge", "pos", "size"):
            self.fbind(name, paint)
        paint()

    def _paint(self, _elapsed: float) -> None:
        self.canvas.before.clear()
        if self.look is None or not self.surface:
            return
        with self.canvas.before:
            Color(*rgba(self.look.colour(self.surface)))
            SmoothRoundedRectangle(pos=self.pos, size=self.size, radius=[self.radius])
            if self.edge and self.edge != self.surface:
                # A line over the surface: two surfaces would be filled twice, and filling is what a frame costs.
                half = self.edge_width / 2
                Color(*rgba(self.look.colour(self.edge)))
                SmoothLine(
                    rounded_rectangle=(
                        self.x + half,
                        self.y + half,
                        self.width - self.edge_width,
                        self.height - self.edge_width,
                        max(self.radius - half, 1),
                    ),
                    width=half,
                )


class Column(Panel):
    """Children one below the other. Those with ``stretch`` share the spare height, up to so many times theirs."""

    gap = NumericProperty(24)
    pad_x = NumericProperty(0)
    pad_y = NumericProperty(0)
    fixed = NumericProperty(0)
    """Its width in a row; with 0 it shares what is left."""

    def __init__(self, **kwargs: object) -> None:
        self._arrange = Clock.create_trigger(self.arrange, -1)
        super().__init__(**kwargs)
        for name in ("pos", "size", "children", "gap", "pad_y"):
            self.fbind(name, self._arrange)

    def in_order(self) -> list[Widget]:
        """Children from top to bottom; Kivy keeps them the other way round."""
        return list(reversed(self.children))

    def height_for(self, width: float) -> float:
        """Pixels of height needed at this width."""
        inner = width - 2 * self.pad_x
        heights = [child.height_for(inner) for child in self.in_order()]
        shown = [height for height in heights if height]
        return float(sum(shown) + self.gap * max(len(shown) - 1, 0) + 2 * self.pad_y)

    def arrange(self, _elapsed: float = 0) -> None:
        """Give every child its place."""
        inner = self.width - 2 * self.pad_x
        children = self.in_order()
        heights = [child.height_for(inner) for child in children]
        spare = self.height - self.height_for(self.width)
        growing = [n for n, child in enumerate(children) if getattr(child, "stretch", 0) and heights[n]]
        for n in growing:
            most = heights[n] * (children[n].stretch - 1)
            heights[n] += max(0, min(most, spare / len(growing)))
        top = self.top - self.pad_y
        for child, height in zip(children, heights, strict=True):
            child.size = (inner, round(height))
            child.pos = (self.x + self.pad_x, round(top - round(height)))
            if height:
                top -= round(height) + self.gap


class Row(Panel):
    """Children side by side, in the middle of the row's height or along its top.

    A child's ``fixed`` is its own width; those with 0 share the rest.
    """

    gap = NumericProperty(28)
    pad_x = NumericProperty(0)
    pad_y = NumericProperty(0)
    stretch = NumericProperty(0)
    along_top = BooleanProperty(False)

    def __init__(self, **kwargs: object) -> None:
        self._arrange = Clock.create_trigger(self.arrange, -1)
        super().__init__(**kwargs)
        for name in ("pos", "size", "children"):
            self.fbind(name, self._arrange)

    def _widths(self, width: float) -> list[tuple[Widget, float]]:
        children = list(reversed(self.children))
        fixed = [getattr(child, "fixed", 0) for child in children]
        sharing = sum(1 for value in fixed if not value)
        rest = width - 2 * self.pad_x - sum(fixed) - self.gap * max(len(children) - 1, 0)
        return [(child, value or rest / sharing) for child, value in zip(children, fixed, strict=True)]

    def height_for(self, width: float) -> float:
        """Pixels of height needed at this width."""
        return float(max((child.height_for(w) for child, w in self._widths(width)), default=0) + 2 * self.pad_y)

    def arrange(self, _elapsed: float = 0) -> None:
        """Give every child its place."""
        left = self.x + self.pad_x
        for child, width in self._widths(self.width):
            height = round(child.height_for(width))
            child.size = (round(width), height)
            y = self.top - self.pad_y - height if self.along_top else self.center_y - height / 2
            child.pos = (round(left), round(y))
            left += width + self.gap
