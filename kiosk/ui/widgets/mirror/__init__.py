"""Faces on the screen: what the camera sees as in a mirror, and a finished portrait. Put away, neither stays."""

from collections.abc import Callable
from io import BytesIO
from typing import Final

from kivy.clock import Clock
from kivy.core.image import Image as CoreImage
from kivy.graphics import Color, Rectangle, SmoothLine, SmoothRoundedRectangle, Triangle
from kivy.graphics.texture import Texture
from kivy.properties import NumericProperty, ObjectProperty, StringProperty
from kivy.uix.widget import Widget

from kiosk.portrait.guidance import Instruction
from kiosk.runtime.viewfinder import Glance
from kiosk.ui.theme import RADIUS, rgba

_PULL_S: Final = 1 / 30
"""How often a newer picture is looked for; cameras bring 25 a second."""
_OVAL: Final = (0.46, 0.54)
"""Width and height of the oval in the picture's own: for a head with 122 px between the eyes, of 600 × 720."""
_OVAL_MIDDLE: Final = 0.52
"""Of the height, from below."""
_ARROWS: Final = {
    Instruction.MOVE_LEFT: ((-1, 0),),
    Instruction.MOVE_RIGHT: ((1, 0),),
    Instruction.LOWER: ((0, -1),),
    Instruction.CHIN_DOWN: ((0, -1),),
    Instruction.HIGHER: ((0, 1),),
    Instruction.CHIN_UP: ((0, 1),),
}
"""Where to, in the mirror."""
_ARROW: Final = 84
_LINE: Final = 5.0
_RING: Final = 11.0


class Mirror(Widget):
    """The newest picture, an oval for the head, a ring that fills while all is well, and an arrow where one helps."""

    look = ObjectProperty(None)
    instruction = StringProperty("")
    held = NumericProperty(0.0)

    def __init__(self, look_through: Callable[[], Glance | None], *, oval: bool = True, **kwargs: object) -> None:
        """:param oval: it is a head that is wanted before the lens."""
        super().__init__(**kwargs)
        self._look_through, self._oval = look_through, oval
        self._texture: Texture | None = None
        self._pulling = None
        self.drawn = 0
        """Pictures that have been shown."""
        self._redraw = Clock.create_trigger(self._draw, -1)
        for name in ("pos", "size", "instruction", "held"):
            self.fbind(name, self._redraw)

    def open(self) -> None:
        """Begin to show what the camera sees. Harmless when open."""
        if self._pulling is None:
            self._pulling = Clock.schedule_interval(self._pull, _PULL_S)

    def shut(self) -> None:
        """Show nothing any more, and leave no picture behind."""
        if self._pulling is not None:
            self._pulling.cancel()
            self._pulling = None
        if self._texture is not None:
            blacken(self._texture)
            self._texture = None

    def _pull(self, _elapsed: float) -> None:
        glance = self._look_through()
        if glance is None:
            return
        if self._texture is None or self._texture.size != (glance.width, glance.height):
            self._texture = Texture.create(size=(glance.width, glance.height), colorfmt="rgb")
            self._redraw()
        self._texture.blit_buffer(glance.pixels.data, colorfmt="rgb", bufferfmt="ubyte")
        glance.wipe()
        self.drawn += 1
        self.canvas.ask_update()

    def _draw(self, _elapsed: float) -> None:
        self.canvas.clear()
        if min(self.size) < 2:
            return
        across, down = self._texture.size if self._texture is not None else (5, 6)
        scale = min(self.width / across, self.height / down)
        width, height = round(across * scale), round(down * scale)
        left, bottom = round(self.center_x - width / 2), round(self.center_y - height / 2)
        with self.canvas:
            if self._texture is None:  # under a picture nobody would see it, and software GL would paint it each time
                Color(*rgba(self.look.colour("hero")))
                SmoothRoundedRectangle(pos=(left, bottom), size=(width, height), radius=[RADIUS])
            else:
                Color(1, 1, 1, 1)
                Rectangle(texture=self._texture, pos=(left, bottom), size=(width, height))
            if not self._oval:
                return
            oval_width, oval_height = width * _OVAL[0], height * _OVAL[1]
            at = (left + (width - oval_width) / 2, bottom + height * _OVAL_MIDDLE - oval_height / 2)
            box = (*at, oval_width, oval_height)
            Color(0, 0, 0, 0.55)  # on skin and on a white wall alike: a dark line under a light one
            SmoothLine(ellipse=box, width=_LINE + 3)
            Color(1, 1, 1, 1)
            SmoothLine(ellipse=box, width=_LINE)
            if self.held > 0:
                Color(*rgba(self.look.colour("good")))
                SmoothLine(ellipse=(*box, 0, round(360 * self.held)), width=_RING)
            self._draw_arrows((left, bottom, width, height))

    def _draw_arrows(self, picture: tuple[int, int, int, int]) -> None:
        left, bottom, width, height = picture
        for x, y in _ARROWS.get(Instruction(self.instruction), ()) if self.instruction else ():
            middle = (left + width / 2 + x * (width / 2 - _ARROW), bottom + height / 2 + y * (height / 2 - _ARROW))
            for size, colour in ((_ARROW + 14, (1, 1, 1, 1)), (_ARROW, rgba(self.look.colour("primary")))):
                Color(*colour)
                Triangle(points=_pointing(middle, (x, y), size / 2))


class Print(Widget):
    """A finished portrait, as large as its box allows."""

    look = ObjectProperty(None)

    def __init__(self, jpeg: bytes, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self._texture: Texture | None = None
        if jpeg:
            self._texture = CoreImage(BytesIO(jpeg), ext="jpg", nocache=True, mipmap=False).texture
        draw = Clock.create_trigger(self._draw, -1)
        self.bind(pos=draw, size=draw)
        self._redraw = draw

    def shut(self) -> None:
        """Show nothing any more, and leave no picture behind."""
        if self._texture is not None:
            blacken(self._texture)
            self._texture = None
        self._redraw()

    def _draw(self, _elapsed: float) -> None:
        self.canvas.clear()
        if self._texture is None or min(self.size) < 2:
            return
        across, down = self._texture.size
        scale = min(self.width / across, self.height / down)
        size = (round(across * scale), round(down * scale))
        at = (round(self.center_x - size[0] / 2), round(self.center_y - size[1] / 2))
        with self.canvas:
            Color(*rgba(self.look.colour("border")))  # its own ground is white, as the screen's may be
            Rectangle(pos=(at[0] - 3, at[1] - 3), size=(size[0] + 6, size[1] + 6))
            Color(1, 1, 1, 1)
            Rectangle(texture=self._texture, pos=at, size=size)


def blacken(texture: Texture) -> None:
    """Leave nothing of a face in the graphics memory."""
    width, height = texture.size
    texture.blit_buffer(bytes(len(texture.colorfmt) * width * height), colorfmt=texture.colorfmt, bufferfmt="ubyte")


def _pointing(middle: tuple[float, float], towards: tuple[int, int], half: float) -> list[float]:
    """A triangle around ``middle`` that points there."""
    (x, y), (to_x, to_y) = middle, towards
    return [
        x + to_x * half,
        y + to_y * half,
        x - to_x * half + to_y * half,
        y - to_y * half - to_x * half,
        x - to_x * half - to_y * half,
        y - to_y * half + to_x * half,
    ]
