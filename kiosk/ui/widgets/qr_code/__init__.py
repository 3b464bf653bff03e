"""A QR code (ISO/IEC 18004) on the screen, for a telephone to read."""

from typing import Final

import segno
from kivy.clock import Clock
from kivy.graphics import Color, Rectangle
from kivy.graphics.texture import Texture
from kivy.properties import NumericProperty, ObjectProperty, StringProperty
from kivy.uix.widget import Widget

QUIET: Final = 4
"""Light modules that the standard wants around the code."""
LEAST: Final = 161
"""Pixels: 40 mm on the panel."""


class QrCode(Widget):
    """``text`` in UTF-8, as large as ``fixed`` allows with modules of whole pixels; dark on white in every theme."""

    look = ObjectProperty(None)
    text = StringProperty("")
    fixed = NumericProperty(420)
    """Pixels of its place in a row, and its height."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        # Bytes by name: segno would write Chinese that Shift JIS has as Kanji, which few telephones know.
        code = segno.make(self.text, error="m", mode="byte", encoding="utf-8", micro=False)
        rows = [bytes(0 if dark else 255 for dark in row) for row in code.matrix_iter(border=QUIET)]
        self.modules = len(rows)
        # One texel a module; a texture's rows go upwards.
        self._texture = Texture.create(size=(self.modules, self.modules), colorfmt="luminance")
        self._texture.mag_filter = self._texture.min_filter = "nearest"
        self._texture.blit_buffer(b"".join(reversed(rows)), colorfmt="luminance")
        draw = Clock.create_trigger(self._draw, -1)
        self.bind(pos=draw, size=draw)

    def height_for(self, width: float) -> float:
        """Pixels of height needed at this width."""
        return float(self.fixed)

    def _draw(self, _elapsed: float) -> None:
        self.canvas.clear()
        side = self.modules * int(min(self.width, self.height) // self.modules)
        with self.canvas:
            Color(1, 1, 1, 1)
            at = (round(self.center_x - side / 2), round(self.center_y - side / 2))
            Rectangle(texture=self._texture, pos=at, size=(side, side))
