"""Pictures, tinted by the theme."""

from kivy.clock import Clock
from kivy.graphics import Color, Rectangle, SmoothRoundedRectangle
from kivy.properties import NumericProperty, ObjectProperty, StringProperty
from kivy.uix.widget import Widget

from kiosk.ui.theme import RADIUS, rgba

_HERO = {"fill": "hero_fill", "line": "on_hero", "accent": "hero_accent"}


class Picture(Widget):
    """A picture as large as its box allows, in the middle. ``mono`` draws all of it in one colour, without its body."""

    look = ObjectProperty(None, allownone=True)
    name = StringProperty("")
    mono = StringProperty("")
    backdrop = StringProperty("")
    """Colour of a round-cornered ground behind the picture."""
    inset = NumericProperty(0)
    fixed = NumericProperty(0)
    """Its width in a row, and its height with it."""
    lift = NumericProperty(0)
    """Pixels above its place, for a card that moves."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        draw = Clock.create_trigger(self._draw, -1)
        for name in ("name", "mono", "pos", "size", "lift"):
            self.fbind(name, draw)
        draw()

    def height_for(self, width: float) -> float:
        """A row's icon is square; an illustration takes what height is left and asks for none."""
        return float(self.fixed)

    def _draw(self, _elapsed: float) -> None:
        self.canvas.clear()
        if self.look is None or not self.name or min(self.size) <= 2 * self.inset:
            return
        colours = _HERO if self.backdrop == "hero" else {"fill": "fill", "line": "line", "accent": "accent"}
        with self.canvas:
            if self.backdrop:
                Color(*rgba(self.look.colour(self.backdrop)))
                SmoothRoundedRectangle(pos=self.pos, size=self.size, radius=[RADIUS])
            picture = self.look.pictures.picture(self.name)
            scale = min((self.width - 2 * self.inset) / picture.width, (self.height - 2 * self.inset) / picture.height)
            left = self.center_x - picture.width * scale / 2
            bottom = self.center_y - (picture.height / 2 - self.lift) * scale
            for layer in picture.layers:
                if self.mono and layer.name == "fill":
                    continue
                Color(*rgba(self.look.colour(self.mono or colours[layer.name])))
                Rectangle(
                    texture=layer.texture,
                    pos=(left + layer.x * scale, bottom + layer.y * scale),
                    size=(layer.texture.width * scale, layer.texture.height * scale),
                )
