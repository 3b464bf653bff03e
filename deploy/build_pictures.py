#!/usr/bin/env python3
"""Draw assets/pictures: each picture as white layers on nothing, which the screen tints with the theme's colours.

``fill`` is a body, ``line`` its strokes, ``accent`` the one thing to look at. Icons are drawn on a sheet of 96 units,
illustrations on one of 480 × 360; both four times finer than they are kept, so that edges come out smooth.
index.json says how large each sheet is in pixels and where on it the left lower corner of each layer lies.
"""

import json
import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw

PICTURES: Final = Path(__file__).resolve().parent.parent / "assets" / "pictures"
FINER: Final = 4

Point = tuple[float, float]
Box = tuple[float, float, float, float]


class Sheet:
    """A sheet of units with one mask for each layer, y downwards."""

    def __init__(self, width: int, height: int, scale: float) -> None:
        self.width, self.height, self.scale = width, height, scale
        self._layers: dict[str, Image.Image] = {}

    def _pen(self, layer: str) -> ImageDraw.ImageDraw:
        if layer not in self._layers:
            size = (round(self.width * self.scale * FINER), round(self.height * self.scale * FINER))
            self._layers[layer] = Image.new("L", size, 0)
        return ImageDraw.Draw(self._layers[layer])

    def _at(self, values: Sequence[float]) -> list[float]:
        return [value * self.scale * FINER for value in values]

    def stroke(self, points: Sequence[Point], width: float = 7, layer: str = "line", *, on: bool = True) -> None:
        """A line with round ends and corners."""
        pen, value = self._pen(layer), 255 if on else 0
        flat = [tuple(self._at(point)) for point in points]
        pen.line(flat, fill=value, width=round(width * self.scale * FINER))
        radius = width * self.scale * FINER / 2
        for x, y in flat:
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=value)

    def area(self, points: Sequence[Point], layer: str = "line", *, on: bool = True) -> None:
        """A filled polygon."""
        self._pen(layer).polygon([tuple(self._at(point)) for point in points], fill=255 if on else 0)

    def disc(self, centre: Point, radius: float, layer: str = "line", *, on: bool = True) -> None:
        """A filled circle."""
        x, y = centre
        self._pen(layer).ellipse(self._at((x - radius, y - radius, x + radius, y + radius)), fill=255 if on else 0)

    def ring(self, centre: Point, radius: float, width: float = 7, layer: str = "line") -> None:
        """A circle's line, ``radius`` to its middle."""
        self.arc(centre, radius, 0, 360, width, layer)

    def arc(
        self, centre: Point, radius: float, start: float, end: float, width: float = 7, layer: str = "line"
    ) -> None:
        """Part of a circle's line, degrees clockwise from three o'clock."""
        steps = max(8, round(abs(end - start) / 4))
        angles = [math.radians(start + (end - start) * n / steps) for n in range(steps + 1)]
        self.stroke(
            [(centre[0] + radius * math.cos(a), centre[1] + radius * math.sin(a)) for a in angles], width, layer
        )

    def block(self, box: Box, radius: float, layer: str = "line", *, on: bool = True) -> None:
        """A filled rectangle with round corners."""
        self._pen(layer).rounded_rectangle(
            self._at(box), radius=round(radius * self.scale * FINER), fill=255 if on else 0
        )

    def frame(self, box: Box, radius: float, width: float = 7, layer: str = "line") -> None:
        """A rectangle's line, within ``box``."""
        self._pen(layer).rounded_rectangle(
            self._at(box),
            radius=round(radius * self.scale * FINER),
            outline=255,
            width=round(width * self.scale * FINER),
        )

    def panel(self, box: Box, radius: float, width: float = 7) -> None:
        """A body with its edge, hiding what lies under it."""
        for layer in list(self._layers):
            self.block(box, radius, layer, on=False)
        self.block(box, radius, "fill")
        self.frame(box, radius, width)

    def save(self, name: str) -> dict[str, object]:
        """Write one PNG a layer, without its empty margins, and return where each lies on the sheet."""
        size = (round(self.width * self.scale), round(self.height * self.scale))
        places = {}
        for layer, mask in self._layers.items():
            small = mask.resize(size, Image.Resampling.LANCZOS)
            box = small.getbbox()
            if box is None:
                continue
            left, top, right, bottom = (
                max(box[0] - 1, 0),
                max(box[1] - 1, 0),
                min(box[2] + 1, size[0]),
                min(box[3] + 1, size[1]),
            )
            small = small.crop((left, top, right, bottom))
            white = Image.new("L", small.size, 255)
            Image.merge("LA", (white, small)).convert("RGBA").save(PICTURES / f"{name}.{layer}.png", optimize=True)
            places[layer] = [left, size[1] - bottom]
        return {"size": size, "layers": places}


Draw = Callable[[Sheet], None]


def query(s: Sheet) -> None:
    """The social security card, its chip, its holder."""
    s.panel((6, 20, 90, 76), 9)
    s.frame((16, 32, 38, 50), 4, 5, "accent")
    s.stroke([(17, 41), (37, 41)], 4, "accent")
    s.disc((66, 38), 7)
    s.area([(52, 60), (55, 52), (61, 48), (71, 48), (77, 52), (80, 60)])
    s.stroke([(17, 62), (40, 62)], 5)


def pin(s: Sheet) -> None:
    """A lock over a row of dots."""
    s.arc((48, 32), 17, 180, 360)
    s.stroke([(31, 32), (31, 44)])
    s.stroke([(65, 32), (65, 44)])
    s.panel((16, 42, 80, 88), 10)
    for x in (32, 48, 64):
        s.disc((x, 65), 5.5, "accent")


def loss(s: Sheet) -> None:
    """A card that is gone: crossed out."""
    s.panel((6, 20, 90, 76), 9)
    s.frame((16, 34, 36, 52), 4, 5)
    s.stroke([(17, 62), (40, 62)], 5)
    s.stroke([(54, 36), (80, 62)], 9, "accent")
    s.stroke([(80, 36), (54, 62)], 9, "accent")


def found(s: Sheet) -> None:
    """A card that is there again: under a magnifying glass, ticked."""
    s.panel((4, 14, 78, 64), 9)
    s.stroke([(14, 28), (34, 28)], 6)
    s.stroke([(14, 50), (28, 50)], 5)
    for layer in ("line", "fill"):
        s.disc((60, 58), 31, layer, on=False)
        s.area([(74, 68), (94, 84), (84, 94), (68, 74)], layer, on=False)
    s.disc((60, 58), 24, "fill")
    s.ring((60, 58), 23, 7)
    s.stroke([(77, 75), (88, 86)], 10)
    s.stroke([(50, 58), (57, 66), (70, 50)], 7, "accent")


def apply(s: Sheet) -> None:
    """A card that is to be: with a plus."""
    s.panel((4, 16, 78, 66), 9)
    s.stroke([(14, 32), (36, 32)], 6)
    s.stroke([(14, 50), (30, 50)], 5)
    for layer in ("line", "fill"):
        s.disc((68, 64), 28, layer, on=False)
    s.disc((68, 64), 22, "fill")
    s.ring((68, 64), 21, 7)
    s.stroke([(57, 64), (79, 64)], 7, "accent")
    s.stroke([(68, 53), (68, 75)], 7, "accent")


def progress(s: Sheet) -> None:
    """Steps, of which two are done."""
    for n, y in enumerate((22, 48, 74)):
        if n < 2:
            s.disc((20, y), 11, "accent")
            s.stroke([(14, y), (19, y + 5), (27, y - 5)], 4, "accent", on=False)
        else:
            s.ring((20, y), 9, 5)
        s.stroke([(42, y), (84, y)], 8)


def paper(s: Sheet) -> None:
    """A paper with a stamp."""
    s.panel((18, 6, 78, 90), 7)
    for y, end in ((24, 66), (38, 66), (52, 46)):
        s.stroke([(30, y), (end, y)], 5)
    s.ring((60, 70), 11, 5, "accent")


def start(s: Sheet) -> None:
    """A card that is switched on."""
    s.panel((4, 16, 78, 66), 9)
    s.stroke([(14, 32), (36, 32)], 6)
    s.stroke([(14, 50), (30, 50)], 5)
    for layer in ("line", "fill"):
        s.disc((66, 64), 30, layer, on=False)
    s.disc((66, 64), 24, "fill")
    s.arc((66, 66), 17, 300, 600, 7, "accent")
    s.stroke([(66, 42), (66, 64)], 7, "accent")


def replace(s: Sheet) -> None:
    """A card in place of another: two, and the way round."""
    s.panel((22, 6, 92, 52), 9)
    s.panel((4, 24, 74, 72), 9)
    s.stroke([(14, 40), (32, 40)], 6)
    s.stroke([(14, 57), (26, 57)], 5)
    for layer in ("line", "fill"):
        s.disc((66, 66), 29, layer, on=False)
    s.disc((66, 66), 23, "fill")
    s.arc((66, 66), 16, 0, 285, 7, "accent")
    s.area([(68, 38), (68, 62), (86, 50)], "accent")


def data(s: Sheet) -> None:
    """Somebody's particulars, with a pencil."""
    s.panel((4, 14, 74, 82), 9)
    s.disc((27, 36), 9)
    s.area([(12, 62), (15, 53), (22, 48), (32, 48), (39, 53), (42, 62)])
    s.stroke([(14, 71), (44, 71)], 5)
    for layer in ("line", "fill"):
        s.area([(46, 60), (80, 20), (96, 32), (62, 76), (44, 80)], layer, on=False)
    s.stroke([(58, 66), (84, 34)], 12, "accent")
    s.area([(50, 62), (62, 72), (46, 78)], "accent")


def cancel(s: Sheet) -> None:
    """A card cut in two."""
    s.panel((6, 22, 90, 74), 9)
    s.stroke([(17, 38), (34, 38)], 6)
    s.stroke([(62, 58), (78, 58)], 6)
    for layer in ("line", "fill"):
        s.stroke([(62, 12), (34, 84)], 16, layer, on=False)
    s.stroke([(60, 14), (54, 30)], 5, "accent")
    s.stroke([(51, 38), (45, 54)], 5, "accent")
    s.stroke([(42, 62), (36, 80)], 5, "accent")


def away(s: Sheet) -> None:
    """A hospital, and the way to it."""
    s.panel((38, 20, 90, 84), 6)
    s.stroke([(54, 40), (74, 40)], 7, "accent")
    s.stroke([(64, 30), (64, 50)], 7, "accent")
    s.area([(58, 84), (58, 66), (70, 66), (70, 84)])
    s.stroke([(6, 74), (28, 74)], 7)
    s.stroke([(20, 64), (30, 74), (20, 84)], 7)


def examine(s: Sheet) -> None:
    """A card whose pulse is felt."""
    s.panel((6, 20, 90, 76), 9)
    s.stroke([(16, 50), (32, 50), (40, 34), (52, 64), (60, 50), (80, 50)], 7, "accent")


def person(s: Sheet) -> None:
    """Somebody from the staff."""
    s.disc((48, 28), 17)
    s.area([(14, 84), (16, 68), (26, 56), (40, 51), (56, 51), (70, 56), (80, 68), (82, 84)])
    s.stroke([(15, 83), (81, 83)], 6)


def people(s: Sheet) -> None:
    """One for another."""
    s.disc((33, 32), 14)
    s.area([(5, 82), (7, 66), (17, 56), (28, 52), (40, 52), (50, 56), (58, 66), (60, 82)])
    s.disc((70, 40), 10, "accent")
    s.area([(66, 82), (64, 62), (60, 56), (66, 54), (76, 55), (86, 60), (91, 70), (92, 82)], "accent")


def phone(s: Sheet) -> None:
    """A telephone handset."""
    s.arc((70, 26), 46, 95, 175, 15)
    s.stroke([(25, 17), (31, 33)], 17)
    s.stroke([(64, 66), (79, 71)], 17)


def tick(s: Sheet) -> None:
    """Done."""
    s.disc((48, 48), 42)
    s.stroke([(28, 50), (42, 64), (69, 34)], 9, on=False)


def stop(s: Sheet) -> None:
    """Not here."""
    s.disc((48, 48), 42)
    s.block((24, 42, 72, 54), 4, on=False)


def warning(s: Sheet) -> None:
    """Mind this."""
    s.stroke([(48, 16), (86, 80), (10, 80), (48, 16)], 12)
    s.area([(48, 16), (86, 80), (10, 80)])
    s.stroke([(48, 38), (48, 57)], 8, on=False)
    s.disc((48, 70), 5, on=False)


def shield(s: Sheet) -> None:
    """Nothing is lost."""
    s.area([(48, 6), (84, 18), (83, 48), (72, 72), (48, 90), (24, 72), (13, 48), (12, 18)])
    s.stroke([(31, 47), (44, 60), (66, 35)], 8, on=False)


def eye(s: Sheet) -> None:
    """Look at it whole."""
    s.arc((48, 78), 54, 225, 315)
    s.arc((48, 18), 54, 45, 135)
    s.disc((48, 48), 13)


def clock(s: Sheet) -> None:
    """It takes time."""
    s.ring((48, 48), 38, 8)
    s.stroke([(48, 26), (48, 50), (64, 58)], 7)


def building(s: Sheet) -> None:
    """The counter, the outlet."""
    s.area([(48, 8), (90, 32), (6, 32)])
    for x in (20, 39, 57, 76):
        s.stroke([(x, 42), (x, 70)], 8)
    s.block((8, 78, 88, 87), 3)


def larger(s: Sheet) -> None:
    """Letters, small and large."""
    s.stroke([(8, 78), (22, 44), (36, 78)], 7)
    s.stroke([(14, 67), (30, 67)], 6)
    s.stroke([(38, 78), (64, 16), (90, 78)], 9)
    s.stroke([(48, 57), (80, 57)], 8)


def contrast(s: Sheet) -> None:
    """A half-filled circle."""
    s.ring((48, 48), 37, 8)
    s.area([(48 + 37 * math.sin(math.radians(a)), 48 - 37 * math.cos(math.radians(a))) for a in range(0, 181, 5)])


def lower(s: Sheet) -> None:
    """Everything down."""
    s.stroke([(48, 10), (48, 62)], 9)
    s.stroke([(26, 42), (48, 64), (70, 42)], 9)
    s.stroke([(14, 84), (82, 84)], 9)


def upper(s: Sheet) -> None:
    """Back up."""
    s.stroke([(48, 86), (48, 34)], 9)
    s.stroke([(26, 54), (48, 32), (70, 54)], 9)
    s.stroke([(14, 12), (82, 12)], 9)


def help_(s: Sheet) -> None:
    """A question mark."""
    s.ring((48, 48), 39, 7)
    s.arc((48, 38), 13, 190, 400, 8)
    s.stroke([(57, 48), (48, 54), (48, 60)], 8)
    s.disc((48, 73), 5)


def globe(s: Sheet) -> None:
    """Another language."""
    s.ring((48, 48), 38)
    s.stroke([(10, 48), (86, 48)], 6)
    s.arc((78, 48), 48, 128, 232, 6)
    s.arc((18, 48), 48, -52, 52, 6)


def info(s: Sheet) -> None:
    """Read this."""
    s.disc((48, 48), 42)
    s.disc((48, 28), 6, on=False)
    s.stroke([(48, 46), (48, 70)], 10, on=False)


def left(s: Sheet) -> None:
    """Back."""
    s.stroke([(60, 16), (28, 48), (60, 80)], 10)


def right(s: Sheet) -> None:
    """On."""
    s.stroke([(36, 16), (68, 48), (36, 80)], 10)


def close(s: Sheet) -> None:
    """End this."""
    s.stroke([(24, 24), (72, 72)], 10)
    s.stroke([(72, 24), (24, 72)], 10)


def space(s: Sheet) -> None:
    """The gap between two words: the bracket that keyboards show for it."""
    s.stroke([(12, 48), (12, 66), (84, 66), (84, 48)], 9)


def emblem(s: Sheet) -> None:
    """Our own sign: a card held by two arcs. Nobody's official mark."""
    s.arc((48, 48), 40, 200, 340, 7, "accent")
    s.arc((48, 48), 40, 20, 160, 7)
    s.block((20, 33, 76, 66), 6)
    s.block((28, 42, 42, 52), 2, on=False)


def _card_face(s: Sheet, x: float, y: float, w: float, h: float) -> None:
    s.panel((x, y, x + w, y + h), 14, 6)
    s.block((x + 22, y + h * 0.36, x + 62, y + h * 0.36 + 32), 6, "accent")
    s.stroke([(x + 24, y + h * 0.36 + 16), (x + 60, y + h * 0.36 + 16)], 3, "accent", on=False)
    s.stroke([(x + 42, y + h * 0.36 + 3), (x + 42, y + h * 0.36 + 29)], 3, "accent", on=False)
    s.stroke([(x + 24, y + 24), (x + w * 0.55, y + 24)], 9)
    s.stroke([(x + 24, y + h - 26), (x + w * 0.48, y + h - 26)], 7)
    head = (x + w - 52, y + h * 0.42)
    s.disc(head, 17)
    s.area([
        (head[0] - 30, y + h - 22), (head[0] - 27, y + h - 40), (head[0] - 14, y + h - 50),
        (head[0] + 14, y + h - 50), (head[0] + 27, y + h - 40), (head[0] + 30, y + h - 22),
    ])  # fmt: skip


def _reader(s: Sheet) -> None:
    s.panel((70, 222, 410, 330), 24, 6)
    s.block((112, 246, 368, 264), 9)
    s.disc((240, 300), 9, "accent")
    s.stroke([(150, 300), (205, 300)], 6)
    s.stroke([(275, 300), (330, 300)], 6)


def insert(s: Sheet) -> None:
    """The card on its way into the reader, chip first."""
    _card_face(s, 132, 20, 216, 140)
    _reader(s)
    s.stroke([(240, 174), (240, 212)], 10, "accent")
    s.stroke([(220, 194), (240, 214), (260, 194)], 10, "accent")


def slot(s: Sheet) -> None:
    """The reader alone; the card is laid over it where it moves."""
    _reader(s)


def moving_card(s: Sheet) -> None:
    """The card alone."""
    _card_face(s, 132, 110, 216, 140)


def _plate(s: Sheet) -> None:
    s.panel((60, 238, 420, 338), 24, 6)
    for x, way in ((108, 1), (372, -1)):
        for y, up in ((256, 1), (320, -1)):
            s.stroke([(x, y), (x + way * 26, y)], 6, "accent")
            s.stroke([(x, y), (x, y + up * 18)], 6, "accent")


def _identity_card(s: Sheet, y: float) -> None:
    s.panel((122, y, 358, y + 146), 14, 6)
    for row, end in ((30, 206), (58, 226), (86, 196)):
        s.stroke([(144, y + row), (end, y + row)], 7)
    s.stroke([(144, y + 120), (270, y + 120)], 9, "accent")
    s.disc((310, y + 46), 19)
    s.area([(276, y + 96), (280, y + 80), (294, y + 70), (326, y + 70), (340, y + 80), (344, y + 96)])


def place_id(s: Sheet) -> None:
    """The identity card on its way down to the plate."""
    _identity_card(s, 14)
    _plate(s)
    s.stroke([(240, 174), (240, 222)], 10, "accent")
    s.stroke([(220, 204), (240, 224), (260, 204)], 10, "accent")


def take_id(s: Sheet) -> None:
    """The identity card on its way up from the plate."""
    _identity_card(s, 14)
    _plate(s)
    s.stroke([(240, 174), (240, 222)], 10, "accent")
    s.stroke([(220, 192), (240, 172), (260, 192)], 10, "accent")


def pinpad(s: Sheet) -> None:
    """The keypad below the screen, a shield against onlookers."""
    s.panel((96, 24, 344, 340), 26, 6)
    s.block((124, 52, 316, 98), 10, "line")
    for n in range(6):
        s.disc((152 + n * 27, 75), 7, "line", on=False)
    for row in range(4):
        for column in range(3):
            x, y = 126 + column * 66, 118 + row * 52
            s.block((x, y, x + 56, y + 40), 9, "accent" if (row, column) == (3, 2) else "line")
            s.block((x + 6, y + 6, x + 50, y + 34), 5, "accent" if (row, column) == (3, 2) else "line", on=False)
            if (row, column) != (3, 2):
                s.disc((x + 28, y + 20), 5)
    s.stroke([(140, 294), (150, 304), (168, 286)], 1, on=False)
    s.stroke([(274, 294), (284, 304), (304, 282)], 7, "accent")
    for layer in ("fill", "line", "accent"):
        s.area([(374, 150), (452, 176), (450, 240), (424, 292), (374, 326), (324, 292), (298, 240), (296, 176)],
               layer, on=False)  # fmt: skip
    shield_edge = [(374, 162), (440, 184), (438, 238), (416, 282), (374, 312), (332, 282), (310, 238), (308, 184)]
    s.area(shield_edge, "fill")
    s.stroke([*shield_edge, shield_edge[0]], 7, "line")
    s.stroke([(344, 236), (366, 260), (406, 212)], 12, "accent")


def done(s: Sheet) -> None:
    """A card and a tick."""
    _card_face(s, 90, 80, 260, 168)
    s.disc((340, 236), 76, "line", on=False)
    s.disc((340, 236), 76, "fill", on=False)
    s.disc((340, 236), 66, "accent")
    s.stroke([(308, 238), (332, 262), (374, 212)], 13, "accent", on=False)


def refused(s: Sheet) -> None:
    """The counter, to which the way leads."""
    s.panel((70, 140, 410, 320), 10, 6)
    s.area([(240, 30), (432, 132), (48, 132)], "fill")
    s.stroke([(240, 32), (428, 130), (52, 130), (240, 32)], 7)
    for x in (110, 180, 300, 370):
        s.block((x - 12, 160, x + 12, 290), 6, "line")
    s.block((212, 190, 268, 320), 6, "accent")
    s.disc((240, 96), 16, "accent")


def fault(s: Sheet) -> None:
    """A plug out of its socket."""
    s.stroke([(20, 220), (80, 220), (110, 180), (150, 180)], 10)
    s.panel((140, 124, 236, 236), 22, 7)
    s.stroke([(236, 156), (268, 156)], 12)
    s.stroke([(236, 204), (268, 204)], 12)
    s.panel((324, 116, 420, 244), 22, 7)
    s.block((336, 148, 356, 164), 4)
    s.block((336, 196, 356, 212), 4)
    s.stroke([(420, 180), (466, 180)], 10)
    for dy, dx in ((-76, 0), (-60, -38), (-60, 38)):
        s.stroke([(296 + dx * 0.7, 180 + dy * 0.75), (296 + dx * 1.2, 180 + dy * 1.3)], 9, "accent")
    for dy, dx in ((76, 0), (60, -38), (60, 38)):
        s.stroke([(296 + dx * 0.7, 180 + dy * 0.75), (296 + dx * 1.2, 180 + dy * 1.3)], 9, "accent")


def closed(s: Sheet) -> None:
    """The terminal at rest."""
    s.panel((120, 16, 360, 344), 22, 7)
    s.panel((146, 44, 334, 250), 12, 6)
    s.block((206, 108, 228, 186), 6, "accent")
    s.block((252, 108, 274, 186), 6, "accent")
    s.block((180, 282, 300, 296), 7)


def read(s: Sheet) -> None:
    """Something to read before going on."""
    s.panel((120, 20, 360, 340), 18, 7)
    s.stroke([(160, 80), (280, 80)], 12, "accent")
    for y in (132, 172, 212):
        s.stroke([(160, y), (320, y)], 8)
    s.stroke([(160, 252), (250, 252)], 8)
    s.disc((352, 286), 54, "line", on=False)
    s.disc((352, 286), 54, "fill", on=False)
    s.disc((352, 286), 46, "accent")
    s.disc((352, 264), 6, "accent", on=False)
    s.stroke([(352, 284), (352, 308)], 11, "accent", on=False)


def centre(s: Sheet) -> None:
    """The terminal asks the centre."""
    s.panel((40, 90, 180, 290), 16, 7)
    s.panel((58, 110, 162, 216), 8, 5)
    s.block((84, 250, 136, 260), 5)
    s.panel((310, 70, 440, 150), 12, 7)
    s.panel((310, 150, 440, 230), 12, 7)
    s.panel((310, 230, 440, 310), 12, 7)
    for y in (110, 190, 270):
        s.disc((338, y), 8, "accent")
        s.stroke([(364, y), (412, y)], 7)
    for x in (212, 245, 278):
        s.disc((x, 190), 8, "accent")


def making(s: Sheet) -> None:
    """A card under the print head."""
    s.panel((60, 40, 420, 320), 26, 7)
    s.panel((108, 150, 372, 290), 14, 6)
    s.stroke([(132, 182), (216, 182)], 9)
    s.stroke([(132, 222), (196, 222)], 7)
    s.disc((322, 206), 15)
    s.area([(296, 262), (299, 246), (310, 236), (334, 236), (345, 246), (348, 262)])
    s.block((88, 72, 392, 96), 10)
    s.area([(214, 96), (266, 96), (252, 132), (228, 132)], "accent")
    for x in (172, 308):
        s.stroke([(x, 110), (x, 132)], 7, "accent")


def new_card(s: Sheet) -> None:
    """The new card, half out of the printer's exit, and which way it comes."""
    _card_face(s, 132, 118, 216, 140)
    s.panel((60, 20, 420, 150), 24, 6)
    s.block((104, 118, 376, 136), 9)
    s.disc((240, 68), 9, "accent")
    s.stroke([(150, 68), (205, 68)], 6)
    s.stroke([(275, 68), (330, 68)], 6)
    s.stroke([(240, 276), (240, 340)], 14, "accent")
    s.stroke([(206, 308), (240, 342), (274, 308)], 14, "accent")


ICONS: Final[dict[str, Draw]] = {
    "query": query, "pin": pin, "loss": loss, "found": found, "apply": apply, "progress": progress, "paper": paper,
    "start": start, "replace": replace, "data": data, "cancel": cancel, "away": away, "examine": examine,
    "person": person, "people": people, "phone": phone, "tick": tick, "stop": stop,
    "warning": warning, "shield": shield, "eye": eye, "clock": clock, "building": building, "larger": larger,
    "contrast": contrast, "lower": lower, "upper": upper, "help": help_, "globe": globe, "info": info,
    "left": left, "right": right, "close": close, "space": space, "emblem": emblem,
}  # fmt: skip
ILLUSTRATIONS: Final[dict[str, Draw]] = {
    "insert": insert, "slot": slot, "moving_card": moving_card,
    "place_id": place_id, "take_id": take_id, "pinpad": pinpad, "done": done, "refused": refused,
    "fault": fault, "closed": closed, "read": read, "centre": centre,
    "making": making, "new_card": new_card,
}  # fmt: skip


def main() -> int:
    """Draw every picture anew."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    index: dict[str, object] = {}
    for name, draw in ICONS.items():
        sheet = Sheet(96, 96, 2.5)
        draw(sheet)
        index[name] = sheet.save(name)
    for name, draw in ILLUSTRATIONS.items():
        sheet = Sheet(480, 360, 2)
        draw(sheet)
        index[name] = sheet.save(name)
    (PICTURES / "index.json").write_text(json.dumps(index, indent=1) + "\n")
    print(f"pictures: {len(ICONS) + len(ILLUSTRATIONS)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
