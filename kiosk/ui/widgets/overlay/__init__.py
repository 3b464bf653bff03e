"""A panel over a dimmed screen; nothing under it can be touched."""

from kivy.clock import Clock
from kivy.graphics import Color, Rectangle
from kivy.input import MotionEvent
from kivy.properties import NumericProperty, ObjectProperty
from kivy.uix.widget import Widget

from kiosk.ui.theme import MARGIN
from kiosk.ui.widgets.layout import Column

_WIDEST = 1240


class Overlay(Widget):
    """A panel in the middle of the screen, or in its lower half in low mode. kv fills the panel."""

    desk = ObjectProperty(None)
    look = ObjectProperty(None)
    overflow = NumericProperty(0)

    def __init__(self, **kwargs: object) -> None:
        desk = kwargs["desk"]
        self.panel: Column | None = None
        look = desk.look  # type: ignore[attr-defined]  # Kivy's keyword arguments have no types
        super().__init__(look=look, size=look.shape.value, size_hint=(None, None), **kwargs)

    def add_widget(self, widget: Widget, *args: object, **kwargs: object) -> None:
        """Children from kv go into the panel."""
        if self.panel is None:
            self.panel = Column(
                look=self.look, surface="surface", edge="border", edge_width=4, pad_x=56, pad_y=56, gap=36
            )
            super().add_widget(self.panel)
        self.panel.add_widget(widget)

    def on_kv_post(self, _base_widget: Widget) -> None:
        """Arrange once kv has filled the panel."""
        Clock.schedule_once(self._dim, -1)
        self.arrange()

    def words(self, value: object) -> str:
        """``value`` in the citizen's language."""
        return str(self.look.words(value))

    def arrange(self) -> None:
        """Put the panel in its place."""
        if self.panel is None:
            return
        width = min(self.width - 2 * MARGIN, _WIDEST)
        height = self.panel.height_for(width)
        self.overflow = max(0, height - (self.height - 2 * 24))
        middle = self.height / 4 if self.look.low else self.height / 2
        self.panel.size = (round(width), round(height))
        self.panel.pos = (round((self.width - width) / 2), max(24, round(middle - height / 2)))

    def _dim(self, _elapsed: float) -> None:
        with self.canvas.before:
            Color(0.03, 0.06, 0.12, 0.72)
            Rectangle(pos=self.pos, size=self.size)

    def on_touch_down(self, touch: MotionEvent) -> bool:
        """Whatever is touched, it does not reach the screen below."""
        super().on_touch_down(touch)
        return True
