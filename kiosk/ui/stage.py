"""The sheet all screens are drawn on: 1080 × 1920 or 1920 × 1080, shown as large as the window allows."""

from kivy.graphics import MatrixInstruction, PopMatrix, PushMatrix
from kivy.graphics.transformation import Matrix
from kivy.input import MotionEvent
from kivy.uix.widget import Widget

from kiosk.ui.theme import Shape


def shape_of(width: float, height: float) -> Shape:
    """The sheet for a window of this size."""
    return Shape.PORTRAIT if height >= width else Shape.LANDSCAPE


class Stage(Widget):
    """Scales its children from the logical sheet to the window, and touches the other way."""

    def __init__(self, width: float, height: float, **kwargs: object) -> None:
        self.shape = shape_of(width, height)
        logical_width, logical_height = self.shape.value
        self.scale = min(width / logical_width, height / logical_height)
        self._left = round((width - logical_width * self.scale) / 2)
        self._bottom = round((height - logical_height * self.scale) / 2)
        super().__init__(size_hint=(None, None), size=(width, height), **kwargs)
        matrix = Matrix().scale(self.scale, self.scale, 1)
        matrix = Matrix().translate(self._left, self._bottom, 0).multiply(matrix)
        with self.canvas.before:
            PushMatrix()
            MatrixInstruction(matrix=matrix)
        with self.canvas.after:
            PopMatrix()

    def to_local(self, x: float, y: float, **kwargs: object) -> tuple[float, float]:
        """Window to sheet."""
        return (x - self._left) / self.scale, (y - self._bottom) / self.scale

    def to_parent(self, x: float, y: float, **kwargs: object) -> tuple[float, float]:
        """Sheet to window."""
        return x * self.scale + self._left, y * self.scale + self._bottom

    def _on_sheet(self, touch: MotionEvent, name: str) -> bool:
        touch.push()
        touch.apply_transform_2d(self.to_local)
        handled = getattr(super(), name)(touch)
        touch.pop()
        return bool(handled)

    def on_touch_down(self, touch: MotionEvent) -> bool:
        """Pass a touch on in the sheet's coordinates."""
        return self._on_sheet(touch, "on_touch_down")

    def on_touch_move(self, touch: MotionEvent) -> bool:
        """Pass a touch on in the sheet's coordinates."""
        return self._on_sheet(touch, "on_touch_move")

    def on_touch_up(self, touch: MotionEvent) -> bool:
        """Pass a touch on in the sheet's coordinates."""
        return self._on_sheet(touch, "on_touch_up")
