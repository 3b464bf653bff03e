"""Where what is printed on a card's face, as data: ``config/card_faces/<region>.toml``, or ``national.toml`` there.

Which layout is right depends on what is printed on the blanks that an operator was given; no handbook states it.
All places are in millimetres from the left and upper edge of the card.
"""

import itertools
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Annotated, Final

import msgspec

from kiosk.policy.document import DocumentError, load_document
from kiosk.policy.form import Fault
from kiosk.policy.rule import Words
from kiosk.portrait.norm import Norm

CARD_WIDTH_MM: Final = 85.60
CARD_HEIGHT_MM: Final = 53.98
CORNER_MM: Final = 3.18
"""ID-1 of ISO/IEC 7810, and the radius of its corners."""
MM_AN_INCH: Final = 25.4
POINTS_AN_INCH: Final = 72
LEADING: Final = 1.1
"""From line to line, by em: the two lines of a long name stand close."""
NATIONAL: Final = "national"
"""The layout of a region that has none of its own."""
_MOST_CUT: Final = 0.05
"""Of the portrait's longer side, so that it fills its box unstretched; the norm leaves about as much beside a head."""


class LayoutError(DocumentError):
    """A layout does not have the form wanted."""


Across = Annotated[float, msgspec.Meta(ge=0, le=CARD_WIDTH_MM)]
Down = Annotated[float, msgspec.Meta(ge=0, le=CARD_HEIGHT_MM)]
Points = Annotated[float, msgspec.Meta(ge=4, le=24)]
"""1/72 inch. Nobody reads less than 4, and no line of this card has room for more than 24."""
Colour = Annotated[str, msgspec.Meta(pattern=r"\A#[0-9A-F]{6}\Z", description='"#RRGGBB", such as "#000000"')]


class Datum(Enum):
    """What may be printed."""

    NAME = "name"
    NUMBER = "number"
    """The social security number."""
    CARD_NUMBER = "card_number"
    ISSUED_ON = "issued_on"
    EXPIRES_ON = "expires_on"


class Labels(Enum):
    """Where the words before the values come from."""

    PREPRINTED = "preprinted"
    """They stand on the blank already: a preview shows them, the printer does not."""
    PRINTED = "printed"


class DateForm(Enum):
    """How a date is written."""

    DAY = "day"
    """2026年11月30日."""
    MONTH = "month"
    """2026年11月."""
    ISO = "iso"
    """2026-11-30."""


class Align(Enum):
    """Where a line stands in its box."""

    LEFT = "left"
    CENTRE = "centre"
    RIGHT = "right"


class Font(Enum):
    """A font of ``assets/fonts``."""

    INTERFACE = "interface"
    INTERFACE_BOLD = "interface-bold"
    NAMES = "names"
    HANAMIN_A = "hanamin-a"
    HANAMIN_B = "hanamin-b"


class Box(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A place on the card."""

    x: Across
    y: Down
    width: Across
    height: Down

    def faults(self) -> Iterator[Fault]:
        """What is not on the card."""
        if self.x + self.width > CARD_WIDTH_MM:
            yield Fault(("width",), f"reaches {self.x + self.width:.2f} mm; the card ends at {CARD_WIDTH_MM:.2f}")
        if self.y + self.height > CARD_HEIGHT_MM:
            yield Fault(("height",), f"reaches {self.y + self.height:.2f} mm; the card ends at {CARD_HEIGHT_MM:.2f}")

    def meets(self, other: "Box") -> bool:
        """Whether the two share any of the card."""
        beside = self.x + self.width <= other.x or other.x + other.width <= self.x
        above = self.y + self.height <= other.y or other.y + other.height <= self.y
        return not (beside or above)


class PortraitBox(Box, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The portrait's place, which it fills."""

    def faults(self) -> Iterator[Fault]:
        """What is not on the card, and a shape for which too much of the portrait would be cut away."""
        yield from super().faults()
        wanted = Norm().width / Norm().height
        ratio = self.width / self.height / wanted if self.height else 0
        if not 1 - _MOST_CUT <= ratio <= 1 / (1 - _MOST_CUT):
            yield Fault(("width",), f"the portrait is {wanted:.3f} times as wide as high; this box cuts too much of it")


class TextBox(Box, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A value's place: the em square of its first character begins at ``x`` and, in ``size_pt``, at ``y``."""

    datum: Datum
    label: str
    """The word before it; empty for none."""
    label_x: Across
    """On the value's first line."""
    size_pt: Points
    least_pt: Points
    """Down to this a longer value is made smaller."""
    lines: Annotated[int, msgspec.Meta(ge=1, le=2)]
    """In how many a value may be broken that is too long for one in the least size."""
    align: Align
    colour: Colour
    """Pure black is printed by the black resin panel, everything else in colour."""
    fonts: tuple[Font, ...]
    """Asked in this order for each character."""

    def faults(self) -> Iterator[Fault]:
        """What is not on the card, and type that has no room."""
        yield from super().faults()
        if self.least_pt > self.size_pt:
            yield Fault(("least_pt",), "larger than size_pt")
        if lines_mm(1, self.size_pt) > self.height:
            yield Fault(("height",), f"less than a line of {self.size_pt:g} pt, {lines_mm(1, self.size_pt):.2f} mm")
        if lines_mm(self.lines, self.least_pt) > self.height:
            needs = lines_mm(self.lines, self.least_pt)
            yield Fault(("height",), f"less than {self.lines} lines of {self.least_pt:g} pt, {needs:.2f} mm")
        if not self.fonts:
            yield Fault(("fonts",), "names no font")


class Layout(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The face of one kind of blank."""

    source: Words
    """Whose numbers these are."""
    labels: Labels
    date_form: DateForm
    ground: Colour
    """Of a preview, for the blank's own print, which nobody but its maker has."""
    portrait: PortraitBox
    texts: tuple[TextBox, ...]

    def faults(self) -> Iterator[Fault]:
        """What is printed twice, over something else, or not at all though no card does without it."""
        data = [text.datum for text in self.texts]
        for datum in (Datum.NAME, Datum.NUMBER):
            if datum not in data:
                yield Fault(("texts",), f"{datum.value} has no place")
        for number, text in enumerate(self.texts):
            if text.datum in data[:number]:
                yield Fault(("texts", number, "datum"), f"{text.datum.value} has a place already")
            if text.meets(self.portrait):
                yield Fault(("texts", number), f"{text.datum.value} is printed over the portrait")
        for (_, one), (number, other) in itertools.combinations(enumerate(self.texts), 2):
            if one.meets(other):
                yield Fault(("texts", number), f"{other.datum.value} is printed over {one.datum.value}")


def lines_mm(lines: int, size_pt: float) -> float:
    """Height of so many lines, from the first em square's top to the last one's bottom."""
    return (1 + LEADING * (lines - 1)) * size_pt / POINTS_AN_INCH * MM_AN_INCH


def load_layout(path: Path) -> Layout:
    """Read and check one layout.

    :raises LayoutError: names the file and everything that is wrong with it.
    """
    return load_document(path, Layout, lambda _: (), LayoutError)


def layout_for(directory: Path, region: str) -> Layout:
    """The layout for a region's blanks: its own where the folder has one, else the national one.

    :raises LayoutError: it can't be read, or has not the form wanted.
    """
    own = directory / f"{region}.toml"
    return load_layout(own if own.is_file() else directory / f"{NATIONAL}.toml")
