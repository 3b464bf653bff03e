"""Words on the screen."""

from kivy.clock import Clock
from kivy.graphics import Color, Rectangle
from kivy.properties import BooleanProperty, ObjectProperty, OptionProperty, StringProperty
from kivy.uix.widget import Widget

from kiosk.ui.theme import rgba
from kiosk.ui.typesetting import balanced_lines


class Text(Widget):
    """Lines of text, broken by our own rules and drawn unscaled, from the top of the box or in its middle."""

    look = ObjectProperty(None, allownone=True)
    text = StringProperty("")
    reserve = StringProperty("")
    """Another text that may take this one's place: the box has room for either."""
    role = OptionProperty("body", options=("caption", "body", "button", "section", "title", "key"))
    bold = BooleanProperty(False)
    ink = StringProperty("ink")
    halign = OptionProperty("left", options=("left", "center", "right"))
    valign = OptionProperty("middle", options=("top", "middle"))

    def __init__(self, **kwargs: object) -> None:
        self._broken: dict[tuple[str, float, int, bool], list[str]] = {}
        """Lines by what they depend on: a screen asks for each several times. No word stays behind another."""
        super().__init__(**kwargs)
        self.lines: list[str] = []
        for name in ("text", "reserve"):
            self.fbind(name, self._forget)
        draw = Clock.create_trigger(self._draw, -1)
        for name in ("text", "role", "bold", "ink", "pos", "size"):
            self.fbind(name, draw)
        draw()

    @property
    def font_size(self) -> int:
        """Pixels."""
        return int(self.look.size(self.role))

    def _measure(self, text: str) -> float:
        return float(self.look.typeface.width(text, self.font_size, bold=self.bold))

    def _lines(self, text: str, width: float) -> list[str]:
        if not text:
            return []
        wanted = text, width, self.font_size, self.bold
        if wanted not in self._broken:
            self._broken[wanted] = balanced_lines(text, width, self._measure)
        return self._broken[wanted]

    def _forget(self, *_: object) -> None:
        self._broken.clear()

    def height_for(self, width: float) -> int:
        """Pixels of height needed at this width."""
        count = max(len(self._lines(self.text, width)), len(self._lines(self.reserve, width)))
        return count * int(self.look.typeface.line_height(self.font_size))

    def natural_width(self) -> int:
        """Pixels of width on one line."""
        return round(max(self._measure(self.text), self._measure(self.reserve)))

    def _draw(self, _elapsed: float) -> None:
        self.canvas.clear()
        if self.look is None or self.width <= 1:
            return
        self.lines = self._lines(self.text, self.width)
        pitch = self.look.typeface.line_height(self.font_size)
        used = pitch * len(self.lines)
        top = self.top - (round((self.height - used) / 2) if self.valign == "middle" else 0)
        with self.canvas:
            Color(*rgba(self.look.colour(self.ink)))
            for line in self.lines:
                runs = self.look.typeface.draw(line, self.font_size, bold=self.bold)
                spare = self.width - (runs[-1].x + runs[-1].texture.width if runs else 0)
                left = self.x + {"left": 0, "center": round(spare / 2), "right": round(spare)}[self.halign]
                for run in runs:
                    width, height = run.texture.size
                    at = (round(left + run.x), round(top - run.drop - height))
                    Rectangle(texture=run.texture, pos=at, size=(width, height))
                top -= pitch
