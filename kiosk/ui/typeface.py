"""Text measured and drawn with the real fonts."""

import math
from dataclasses import dataclass

from kivy.core.text import Label as CoreLabel
from kivy.graphics.texture import Texture

from kiosk.ui.fonts import FontBook


@dataclass(frozen=True, slots=True)
class DrawnRun:
    """A piece of a line in one font."""

    texture: Texture
    x: int
    drop: int
    """Pixels from the line's top to the texture's, so that baselines meet."""


class Typeface:
    """Measures and draws lines of text."""

    def __init__(self, fonts: FontBook, *, mipmap: bool) -> None:
        self._fonts = fonts
        self._mipmap = mipmap
        self._rulers: dict[tuple[str, int], CoreLabel] = {}

    def _ruler(self, font: str, size: int) -> CoreLabel:
        ruler = self._rulers.get((font, size))
        if ruler is None:
            ruler = CoreLabel(font_name=self._fonts.file(font), font_size=size)
            ruler.resolve_font_name()
            self._rulers[font, size] = ruler
        return ruler

    def width(self, text: str, size: int, *, bold: bool = False) -> float:
        """Pixels that ``text`` takes on one line."""
        runs = self._fonts.runs(text, bold=bold)
        return sum(float(self._ruler(font, size).get_extents(piece)[0]) for font, piece in runs)

    def line_height(self, size: int) -> int:
        """Pixels from line to line: at least 1.3 times ``size``, and room for the tallest of the fonts."""
        return math.ceil(size * 1.45)

    def draw(self, text: str, size: int, *, bold: bool = False) -> list[DrawnRun]:
        """White textures of one line, from left to right."""
        drawn: list[DrawnRun] = []
        x = 0
        baseline = round(size * 1.16)  # Noto Sans CJK's ascent
        for font, piece in self._fonts.runs(text, bold=bold):
            label = CoreLabel(
                text=piece, font_name=self._fonts.file(font), font_size=size, color=(1, 1, 1, 1), mipmap=self._mipmap
            )
            label.refresh()
            ascent = self._ruler(font, size).get_ascent()
            drawn.append(DrawnRun(label.texture, x, round(baseline - ascent)))
            x += label.texture.width
        return drawn
