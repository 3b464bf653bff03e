"""What can be done here."""

from collections.abc import Sequence
from pathlib import Path

from kivy.properties import NumericProperty, ObjectProperty
from kivy.uix.widget import Widget

from kiosk.journeys.views import Action
from kiosk.journeys.views import Tile as TileView
from kiosk.ui.theme import GAP
from kiosk.ui.widgets.press import Tile
from kiosk.ui.widgets.screen import Screen


class TileGrid(Widget):
    """Tiles of one size, at most six."""

    look = ObjectProperty(None)
    stretch = NumericProperty(4)
    gap = NumericProperty(GAP)

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.bind(pos=self._place, size=self._place)

    def _shape(self) -> tuple[int, int]:
        count = len(self.children)
        # Three in two columns would leave one alone, and so would four in three.
        columns = (1 if count <= 3 else 2) if self.look.portrait else 2 if count == 4 else min(3, count)
        return columns, -(-count // columns)

    def _tile_width(self, width: float) -> float:
        columns, _ = self._shape()
        return float((width - self.gap * (columns - 1)) / columns)

    def height_for(self, width: float) -> float:
        """Pixels of height needed at this width."""
        _, rows = self._shape()
        each = max(tile.height_for(self._tile_width(width)) for tile in self.children)
        return float(rows * each + self.gap * (rows - 1))

    def _place(self, *_: object) -> None:
        columns, rows = self._shape()
        width = self._tile_width(self.width)
        height = (self.height - self.gap * (rows - 1)) / rows
        for n, tile in enumerate(reversed(self.children)):
            row, column = divmod(n, columns)
            tile.size = (round(width), round(height))
            tile.pos = (
                round(self.x + column * (width + self.gap)),
                round(self.top - height - row * (height + self.gap)),
            )


class HomeScreen(Screen):
    """The services as tiles."""

    kv = Path(__file__).with_name("home.kv")

    def on_kv_post(self, base_widget: Widget) -> None:
        """Add a tile for each service."""
        grid = TileGrid(look=self.look)
        for tile in self.view.tiles:
            grid.add_widget(self._tile(tile))
        self.add_widget(grid)
        super().on_kv_post(base_widget)

    def actions(self) -> Sequence[Action]:
        """The way back; services are tiles."""
        return (self.view.back,)

    def _tile(self, tile: TileView) -> Tile:
        return Tile(
            look=self.look,
            label=self.words(tile.label),
            term=self.words(tile.term if tile.elsewhere is None else tile.elsewhere),
            closed=tile.elsewhere is not None,
            icon=tile.icon,
            spoken=self.words(tile.spoken),
            compact=len(self.view.tiles) > 4,
            sideways=len(self.view.tiles) > 3 and not self.look.portrait,
            act=lambda: self.desk.post(tile.intent),
        )
