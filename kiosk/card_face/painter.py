"""Paints a card's face as a printer wants it: 300 dpi, the colours in one raster and the black resin in another."""

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from io import BytesIO
from typing import Final, Protocol, assert_never

from PIL import Image, ImageChops, ImageDraw, ImageFont, ImageOps

from kiosk.card_face.errors import DatesUnsound, GlyphMissing, NameTooLong, PortraitUnfit
from kiosk.card_face.fitting import Setting, fit
from kiosk.card_face.layout import (
    CARD_HEIGHT_MM,
    CARD_WIDTH_MM,
    CORNER_MM,
    LEADING,
    MM_AN_INCH,
    POINTS_AN_INCH,
    Align,
    DateForm,
    Datum,
    Labels,
    Layout,
    LayoutError,
    TextBox,
)
from kiosk.card_face.painted import CardFace
from kiosk.card_face.particulars import Particulars
from kiosk.card_face.proof import FaceProof
from kiosk.portrait.errors import PortraitError
from kiosk.portrait.norm import Norm
from kiosk.portrait.picture import read_picture
from kiosk.records.masking import mask_card_number, mask_name_in_words, mask_number

DOTS_AN_INCH: Final = 300
WIDTH: Final = 1016
HEIGHT: Final = 648
"""Dots of the print head's raster (docs/wire-card-printer.md): 86.02 × 54.86 mm, more than the card is."""
_ASCENT: Final = 0.88
"""Of an em, from its square's top to the baseline: Noto Sans CJK's."""
_INK: Final = 140
"""Greys darker than this become resin, which is black or nothing."""
_EVERYWHERE: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ年月日-*"
"""What numbers, dates and masks are made of."""
_NOT_DRAWN: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Mc", "Me", "Mn", "Zl", "Zp", "Zs"})
"""Unicode's controls, private characters, signs that join with others, and gaps. What this Python's tables do not know
yet (Cn) is the fonts' to say: characters of names go on being added."""
_BLACK: Final = "#000000"
_WHITE: Final = "#FFFFFF"


class Fonts(Protocol):
    """Which font draws what: :class:`kiosk.ui.fonts.FontBook` is one."""

    def file(self, font: str) -> str:
        """Path of a font."""
        ...

    def covers(self, font: str, char: str) -> bool:
        """Whether ``font`` has a glyph for ``char``."""
        ...


class FacePainter:
    """Paints the faces of one layout. The same input gives the same bytes. One thread uses it."""

    def __init__(self, layout: Layout, fonts: Fonts) -> None:
        """:raises LayoutError: a label, or what numbers and dates are made of, is in none of a value's fonts."""
        self._layout = layout
        self._fonts = fonts
        self._faces: dict[tuple[str, float], ImageFont.FreeTypeFont] = {}
        faults = [
            f"texts[{number}].fonts: none of them has {', '.join(missing)}"
            for number, box in enumerate(layout.texts)
            if (missing := [char for char in box.label + _EVERYWHERE if self._font(char, box) is None])
        ]
        if faults:
            raise LayoutError(*faults)

    def missing_glyphs(self, name: str) -> tuple[str, ...]:
        """The characters of a name that the layout's fonts can't draw, each once, in their order.

        Signs that join with their neighbours, blanks other than a space and what leaves no ink count as missing: they
        would be printed wrongly or not at all.
        """
        (box,) = (box for box in self._layout.texts if box.datum is Datum.NAME)
        return tuple(dict.fromkeys(char for char in name if self._font(char, box) is None))

    def check(self, particulars: Particulars) -> None:
        """Promise that everything but the portrait can be printed: to be asked before any fee is.

        :raises CardFaceError: it can't; its subclasses say why.
        """
        particulars.check()
        self._settings(self._values(particulars))

    def paint(self, particulars: Particulars, portrait: bytes) -> CardFace:
        """The face, checked.

        :param portrait: the finished portrait's JPEG, 358 × 441.
        :raises CardFaceError: it can't be printed; its subclasses say why.
        """
        particulars.check()
        colour, resin = self._planes(self._settings(self._values(particulars)), _finished(portrait))
        return CardFace(colour.tobytes(), resin.tobytes())

    def picture(self, particulars: Particulars, portrait: bytes) -> bytes:
        """The card as it will look, in true size, as PNG: with what stands on the blank already, and round corners.

        :raises CardFaceError: it can't be printed; its subclasses say why.
        """
        particulars.check()
        return self._looked_at(self._settings(self._values(particulars)), _finished(portrait))

    def proof(self, particulars: Particulars, portrait: bytes) -> FaceProof:
        """The same for the person to look at.

        :raises CardFaceError: it can't be printed; its subclasses say why.
        """
        particulars.check()
        settings, picture = self._settings(self._values(particulars)), _finished(portrait)
        masked = [(box, _masked(setting, box.datum)) for box, setting in settings]
        return FaceProof(self._looked_at(masked, picture), self._looked_at(settings, picture))

    def _values(self, particulars: Particulars) -> dict[Datum, str]:
        values = {
            Datum.NAME: particulars.name,
            Datum.NUMBER: particulars.number,
            Datum.CARD_NUMBER: particulars.card_number,
            Datum.ISSUED_ON: self._date(particulars.issued_on),
        }
        if particulars.expires_on is not None:
            values[Datum.EXPIRES_ON] = self._date(particulars.expires_on)
        return values

    def _date(self, day: date) -> str:
        match self._layout.date_form:
            case DateForm.DAY:
                return f"{day.year}年{day.month}月{day.day}日"
            case DateForm.MONTH:
                return f"{day.year}年{day.month}月"
            case DateForm.ISO:
                return day.isoformat()
            case other:
                assert_never(other)

    def _settings(self, values: Mapping[Datum, str]) -> list[tuple[TextBox, Setting]]:
        """Each value in its box.

        :raises DatesUnsound: the layout prints a date that is not there.
        :raises GlyphMissing: a name has a character without a glyph.
        :raises NameTooLong: a value does not fit.
        """
        if missing := self.missing_glyphs(values[Datum.NAME]):
            raise GlyphMissing(f"no font of the layout has {len(missing)} of the name's characters")
        settings = []
        for box in self._layout.texts:
            value = values.get(box.datum)
            if value is None:
                raise DatesUnsound(f"the layout prints {box.datum.value}, and the order has none")
            setting = fit(value, box, partial(self._width_mm, box))
            if setting is None:
                room = f"{box.lines} × {box.width:g} mm of {box.least_pt:g} pt"
                raise NameTooLong(f"{box.datum.value} does not fit into {room}")
            settings.append((box, setting))
        return settings

    def _planes(
        self, settings: Sequence[tuple[TextBox, Setting]], portrait: Image.Image
    ) -> tuple[Image.Image, Image.Image]:
        """Colour, and resin with 1 for ink."""
        colour = Image.new("RGB", (WIDTH, HEIGHT), _WHITE)
        resin = Image.new("L", (WIDTH, HEIGHT), 255)
        self._lay_portrait(colour, portrait)
        for box, setting in settings:
            on = resin if box.colour == _BLACK else colour
            self._write(on, box, setting)
            if self._layout.labels is Labels.PRINTED:
                self._label(on, box)
        return colour, resin.point(lambda grey: 255 if grey < _INK else 0).convert("1", dither=Image.Dither.NONE)

    def _looked_at(self, settings: Sequence[tuple[TextBox, Setting]], portrait: Image.Image) -> bytes:
        colour, resin = self._planes(settings, portrait)
        blank = Image.new("RGB", colour.size, self._layout.ground)
        card = ImageChops.multiply(blank, colour)  # ink over a printed ground
        if self._layout.labels is Labels.PREPRINTED:
            for box in self._layout.texts:
                self._label(card, box)
        self._lay_portrait(card, portrait)  # its white is printed on a blank that is white there
        card.paste(_BLACK, mask=resin)
        size = (dots(CARD_WIDTH_MM), dots(CARD_HEIGHT_MM))
        card = card.crop((0, 0, *size))
        card.putalpha(_outline(size))
        out = BytesIO()
        card.save(out, "PNG", dpi=(DOTS_AN_INCH, DOTS_AN_INCH))
        return out.getvalue()

    def _lay_portrait(self, on: Image.Image, portrait: Image.Image) -> None:
        """The portrait fills its box; what is over is cut from both sides alike, and nothing is stretched."""
        box = self._layout.portrait
        size = (dots(box.x + box.width) - dots(box.x), dots(box.y + box.height) - dots(box.y))
        on.paste(ImageOps.fit(portrait, size, Image.Resampling.LANCZOS), (dots(box.x), dots(box.y)))

    def _write(self, on: Image.Image, box: TextBox, setting: Setting) -> None:
        # One line stands on its label's baseline, however small; two begin where the box does.
        first = _ASCENT * _em(setting.size_pt if len(setting.lines) > 1 else box.size_pt)
        for number, line in enumerate(setting.lines):
            spare = box.width - self._width_mm(box, line, setting.size_pt)
            x = box.x + {Align.LEFT: 0, Align.CENTRE: spare / 2, Align.RIGHT: spare}[box.align]
            baseline = dots(box.y) + round(first + number * LEADING * _em(setting.size_pt))
            self._line(on, line, (dots(x), baseline), setting.size_pt, box)

    def _label(self, on: Image.Image, box: TextBox) -> None:
        baseline = dots(box.y) + round(_ASCENT * _em(box.size_pt))
        self._line(on, box.label, (dots(box.label_x), baseline), box.size_pt, box)

    def _line(self, on: Image.Image, text: str, at: tuple[int, int], size_pt: float, box: TextBox) -> None:
        pen = ImageDraw.Draw(on)
        ink = box.colour if on.mode == "RGB" else 0
        x, baseline = float(at[0]), at[1]
        for font, piece in self._runs(text, box):
            face = self._face(font, size_pt)
            pen.text((x, baseline), piece, ink, face, anchor="ls")
            x += face.getlength(piece)

    def _width_mm(self, box: TextBox, text: str, size_pt: float) -> float:
        width = sum(self._face(font, size_pt).getlength(piece) for font, piece in self._runs(text, box))
        return float(width) / DOTS_AN_INCH * MM_AN_INCH

    def _runs(self, text: str, box: TextBox) -> Sequence[tuple[str, str]]:
        """``text`` as (font, piece).

        :raises GlyphMissing: for a text that was not looked through before.
        """
        runs: list[tuple[str, str]] = []
        for char in text:
            font = self._font(char, box)
            if font is None:
                raise GlyphMissing(f"no font of the layout has a character of {box.datum.value}")
            if runs and runs[-1][0] == font:
                runs[-1] = (font, runs[-1][1] + char)
            else:
                runs.append((font, char))
        return runs

    def _font(self, char: str, box: TextBox) -> str | None:
        """The first font that draws the character with ink."""
        if char != " " and unicodedata.category(char) in _NOT_DRAWN:
            return None
        for font in box.fonts:
            if self._fonts.covers(font.value, char) and (char == " " or self._leaves_ink(font.value, char)):
                return font.value
        return None

    def _leaves_ink(self, font: str, char: str) -> bool:
        """Whether the glyph is more than a gap: fonts map fillers that nobody would see missing."""
        left, top, right, bottom = self._face(font, POINTS_AN_INCH).getbbox(char)
        return right > left and bottom > top

    def _face(self, font: str, size_pt: float) -> ImageFont.FreeTypeFont:
        face = self._faces.get((font, size_pt))
        if face is None:
            # Without shaping: it needs a library that not every machine has, and names joined by marks are refused.
            face = ImageFont.truetype(self._fonts.file(font), _em(size_pt), layout_engine=ImageFont.Layout.BASIC)
            self._faces[font, size_pt] = face
        return face


def dots(mm: float) -> int:
    """The dot at so many millimetres."""
    return round(mm / MM_AN_INCH * DOTS_AN_INCH)


def _em(size_pt: float) -> float:
    """Dots of an em."""
    return size_pt / POINTS_AN_INCH * DOTS_AN_INCH


def _outline(size: tuple[int, int]) -> Image.Image:
    """The card's shape: drawn four times finer, so that its corners are smooth."""
    fine = Image.new("L", (4 * size[0], 4 * size[1]), 0)
    ImageDraw.Draw(fine).rounded_rectangle((0, 0, fine.width - 1, fine.height - 1), 4 * dots(CORNER_MM), 255)
    return fine.resize(size, Image.Resampling.BOX)


def _masked(setting: Setting, datum: Datum) -> Setting:
    """The same lines with little left to read; a name keeps its gaps, so that it is broken where the name is."""
    match datum:
        case Datum.NAME:
            hidden = mask_name_in_words(" ".join(setting.lines))
            first = len(setting.lines[0])
            lines = (hidden[:first], hidden[first + 1 :]) if len(setting.lines) > 1 else (hidden,)
            return Setting(lines, setting.size_pt)
        case Datum.NUMBER:
            return Setting(tuple(map(mask_number, setting.lines)), setting.size_pt)
        case Datum.CARD_NUMBER:
            return Setting(tuple(map(mask_card_number, setting.lines)), setting.size_pt)
        case Datum.ISSUED_ON | Datum.EXPIRES_ON:
            return setting
        case other:
            assert_never(other)


def _finished(portrait: bytes) -> Image.Image:
    """The portrait's picture.

    :raises PortraitUnfit: it is none, or not of the norm's size.
    """
    try:
        picture = read_picture(portrait)
    except PortraitError as error:
        raise PortraitUnfit(f"the portrait is no picture to be used: {error}") from error
    norm = Norm()
    if (picture.width, picture.height) != (norm.width, norm.height):
        wanted = f"{norm.width} × {norm.height}"
        raise PortraitUnfit(f"the portrait has {picture.width} × {picture.height} px; a finished one has {wanted}")
    return Image.fromarray(picture.pixels)
