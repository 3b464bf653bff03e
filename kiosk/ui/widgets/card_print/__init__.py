"""A card on the screen, as it will be printed. Put away, it does not stay."""

from io import BytesIO
from typing import Final

from kivy.clock import Clock
from kivy.core.image import Image as CoreImage
from kivy.graphics import Color, Rectangle, SmoothLine
from kivy.graphics.texture import Texture
from kivy.properties import BooleanProperty, NumericProperty, ObjectProperty
from kivy.uix.widget import Widget

from kiosk.card_face.layout import CARD_HEIGHT_MM, CARD_WIDTH_MM, CORNER_MM
from kiosk.card_face.proof import FaceProof
from kiosk.ui.theme import rgba
from kiosk.ui.widgets.mirror import blacken

_LEAST: Final = 404
"""Pixels of height: about twice a real card's."""


class CardPrint(Widget):
    """The card as large as its box allows: masked, and whole while ``whole`` is set."""

    look = ObjectProperty(None)
    fixed = NumericProperty(0)
    """Its width in a row."""
    stretch = 1.5
    whole = BooleanProperty(False)

    def __init__(self, proof: FaceProof, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self._textures: tuple[Texture, ...] = ()
        if not proof.wiped:
            self._textures = (_texture(proof.masked), _texture(proof.whole))
        self._redraw = Clock.create_trigger(self._draw, -1)
        for name in ("pos", "size", "whole"):
            self.fbind(name, self._redraw)

    def height_for(self, width: float) -> float:
        """Pixels of height needed at this width."""
        return min(_LEAST, width * CARD_HEIGHT_MM / CARD_WIDTH_MM)

    def shut(self) -> None:
        """Show nothing any more, and leave no picture behind."""
        for texture in self._textures:
            blacken(texture)
        self._textures = ()
        self._redraw()

    def _draw(self, _elapsed: float) -> None:
        self.canvas.clear()
        if not self._textures or min(self.size) < 2:
            return
        texture = self._textures[self.whole]
        across, down = texture.size
        scale = min(self.width / across, self.height / down)
        width, height = round(across * scale), round(down * scale)
        at = (round(self.center_x - width / 2), round(self.center_y - height / 2))
        radius = width * CORNER_MM / CARD_WIDTH_MM
        with self.canvas:
            Color(1, 1, 1, 1)
            Rectangle(texture=texture, pos=at, size=(width, height))
            Color(*rgba(self.look.colour("border")))  # a light card on a light screen
            SmoothLine(rounded_rectangle=(*at, width, height, radius), width=1.5)


def _texture(png: memoryview) -> Texture:
    return CoreImage(BytesIO(png), ext="png", nocache=True, mipmap=True).texture
