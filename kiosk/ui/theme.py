"""Sizes and colours of every screen. The numbers come from docs/ux-rules.md, rules 1–3."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

REACH_LINE: Final = 226
"""Pixels below the upper edge of a portrait screen whose lower edge is at 800 mm: above it nothing is touched."""
GAP: Final = 32
"""Between two targets; the rule's least is 24."""
LEAST_GAP: Final = 26
"""Where six targets stand below each other in large type: the rule's least, and what rounding may take of it."""
MARGIN: Final = 56
TARGET: Final = 96
"""Least side of a target; the rule's least is 81 (20 mm)."""
PRIMARY_HEIGHT: Final = 144
"""Of the primary action; the rule's least is 120."""
BUTTON_HEIGHT: Final = 120
RADIUS: Final = 28


class Shape(Enum):
    """The two logical drawing sheets; a smaller window shows them scaled."""

    PORTRAIT = (1080, 1920)
    LANDSCAPE = (1920, 1080)


@dataclass(frozen=True, slots=True)
class TypeSizes:
    """Font sizes in pixels. There are no others."""

    caption: int
    body: int
    button: int
    section: int
    title: int
    key: int


NORMAL: Final = TypeSizes(caption=32, body=40, button=48, section=56, title=64, key=88)
LARGE: Final = TypeSizes(caption=40, body=52, button=60, section=72, title=80, key=96)


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours by their job, as ``#RRGGBB``."""

    ground: str
    surface: str
    """Cards and plain buttons."""
    ink: str
    muted: str
    """Terms and captions; still 7:1."""
    border: str
    """Edges of plain buttons and panels; 3:1."""
    hairline: str
    """Parts what is already apart by space; carries no meaning."""
    primary: str
    primary_pressed: str
    on_primary: str
    grave: str
    grave_pressed: str
    on_grave: str
    good: str
    on_good: str
    plain_pressed: str
    tint: str
    """Behind pictures."""
    line: str
    """Strokes of pictures; 3:1 on tint and surface."""
    fill: str
    """Bodies within pictures."""
    accent: str
    """The one thing to look at in a picture; 3:1 on tint and surface."""
    warm: str
    """Behind a note."""
    warm_icon: str
    hero: str
    on_hero: str
    hero_fill: str
    hero_accent: str


DAY: Final = Palette(
    ground="#F3F6FB",
    surface="#FFFFFF",
    ink="#111827",
    muted="#3B4658",
    border="#6B7A90",
    hairline="#D5DDE9",
    primary="#0B4FA3",
    primary_pressed="#073872",
    on_primary="#FFFFFF",
    grave="#A3161A",
    grave_pressed="#741013",
    on_grave="#FFFFFF",
    good="#0F5C2E",
    on_good="#FFFFFF",
    plain_pressed="#C9D9EF",
    tint="#E1EBF8",
    line="#0B4FA3",
    fill="#FFFFFF",
    accent="#B4540A",
    warm="#FFF3DA",
    warm_icon="#9A4A06",
    hero="#08305F",
    on_hero="#FFFFFF",
    hero_fill="#0B4178",
    hero_accent="#FFD27A",
)
CONTRAST: Final = Palette(
    ground="#000000",
    surface="#000000",
    ink="#FFE600",
    muted="#FFE600",
    border="#FFE600",
    hairline="#FFE600",
    primary="#FFE600",
    primary_pressed="#FFFFFF",
    on_primary="#000000",
    grave="#FFFFFF",
    grave_pressed="#FFE600",
    on_grave="#000000",
    good="#FFE600",
    on_good="#000000",
    plain_pressed="#4A4300",
    tint="#000000",
    line="#FFE600",
    fill="#000000",
    accent="#FFFFFF",
    warm="#000000",
    warm_icon="#FFE600",
    hero="#000000",
    on_hero="#FFE600",
    hero_fill="#000000",
    hero_accent="#FFFFFF",
)

TEXT_PAIRS: Final = (
    ("ink", "ground"),
    ("ink", "surface"),
    ("ink", "plain_pressed"),
    ("ink", "warm"),
    ("ink", "tint"),
    ("muted", "ground"),
    ("muted", "surface"),
    ("on_primary", "primary"),
    ("on_primary", "primary_pressed"),
    ("on_grave", "grave"),
    ("on_grave", "grave_pressed"),
    ("on_good", "good"),
    ("on_hero", "hero"),
    ("grave", "surface"),
    ("primary", "surface"),
)
"""Every text colour with every ground it is drawn on: 7:1."""
PICTURE_PAIRS: Final = (
    ("border", "ground"),
    ("border", "surface"),
    ("line", "tint"),
    ("line", "surface"),
    ("line", "ground"),
    ("line", "fill"),
    ("accent", "tint"),
    ("accent", "surface"),
    ("warm_icon", "warm"),
    ("good", "surface"),
    ("grave", "surface"),
    ("on_hero", "hero_fill"),
    ("hero_accent", "hero"),
    ("hero_accent", "hero_fill"),
)
"""Every picture's or edge's colour with its ground: 3:1."""


def rgba(colour: str, alpha: float = 1.0) -> tuple[float, float, float, float]:
    """``#RRGGBB`` as four numbers from 0 to 1."""
    return (int(colour[1:3], 16) / 255, int(colour[3:5], 16) / 255, int(colour[5:7], 16) / 255, alpha)
