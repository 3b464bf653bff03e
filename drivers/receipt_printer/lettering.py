"""A slip's blocks as black and white strips, as wide as the paper: no printer has the characters of every name."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, assert_never

import segno
from PIL import Image, ImageDraw, ImageFont

from drivers.ports.receipt_printer import Block, Code, Heading, Line, Rule

WIDTH: Final = 576
"""Dots across the printable 72 mm of 80 mm paper, at 203 dots an inch."""
HEADING: Final = 56
"""Dots of an em, 7 mm."""
TEXT: Final = 36
"""4.5 mm: larger than a newspaper's headline type, for eyes without glasses."""
LEADING: Final = 1.3
"""Line height by em; docs/ux-rules.md rule 1."""
GAP: Final = 10
"""Dots of white below each block."""
MODULE: Final = 8
"""Dots of a QR module, 1 mm: an old telephone reads it from 20 cm."""
QUIET: Final = 4
"""Modules of white around a code, ISO/IEC 18004."""

_BASELINE: Final = 0.95
"""Of an em, below the line's top."""
_NEVER_FIRST: Final = frozenset("，。、；：？！）》」』”’…·%,.;:?!)")
_NEVER_LAST: Final = frozenset("（《「『“‘(")

Runs = Callable[[str, bool], Sequence[tuple[str, str]]]
"""From a text, and whether it is bold, to (path of a font, piece of the text that this font draws)."""


class Lettering:
    """Draws blocks with fonts that are given from outside. One thread uses it."""

    def __init__(self, runs: Runs) -> None:
        """:param runs: which font draws which piece of a text."""
        self._runs = runs
        self._faces: dict[tuple[str, int], ImageFont.FreeTypeFont] = {}

    def strips(self, block: Block) -> Iterator[Image.Image]:
        """The block as images of mode ``1``, black on white, :data:`WIDTH` dots wide, from top to bottom."""
        match block:
            case Heading(text):
                for line in self._wrapped(text, HEADING, bold=True):
                    yield self._line(line, HEADING, bold=True, centred=True)
            case Line(text, strong):
                for line in self._wrapped(text, TEXT, bold=strong):
                    yield self._line(line, TEXT, bold=strong, centred=False)
            case Rule():
                stroke = _white(12)
                ImageDraw.Draw(stroke).rectangle((0, 4, WIDTH - 1, 6), fill=0)
                yield stroke
            case Code(payload):
                yield _code(payload)
            case other:
                assert_never(other)
        yield _white(GAP)

    def _line(self, text: str, size: int, *, bold: bool, centred: bool) -> Image.Image:
        # Drawn in grey and cut at the half: thermal dots are black or nothing, and dithered edges print as dirt.
        strip = Image.new("L", (WIDTH, round(size * LEADING)), 255)
        pen = ImageDraw.Draw(strip)
        x = max(0.0, (WIDTH - self._width(text, size, bold=bold)) / 2) if centred else 0.0
        for font, piece in self._runs(text, bold):
            face = self._face(font, size)
            pen.text((x, round(size * (LEADING - 1) / 2 + size * _BASELINE * 0.92)), piece, 0, face, anchor="ls")
            x += face.getlength(piece)
        return strip.point(lambda grey: 255 if grey > 140 else 0).convert("1", dither=Image.Dither.NONE)

    def _wrapped(self, text: str, size: int, *, bold: bool) -> list[str]:
        """``text`` in lines that fit: Chinese breaks anywhere but before a closing sign, words and numbers nowhere."""
        lines: list[str] = []
        line = ""
        for word in _words(text):
            if not line or self._width(line + word.rstrip(), size, bold=bold) <= WIDTH:
                line += word
                continue
            lines.append(line.rstrip())
            line = word.lstrip()
        lines.append(line.rstrip())
        return [part for line in lines for part in self._broken(line, size, bold=bold)]

    def _broken(self, line: str, size: int, *, bold: bool) -> Iterator[str]:
        """A line whose single word is wider than the paper, cut where the paper ends."""
        while line and self._width(line, size, bold=bold) > WIDTH:
            fits = max(
                1, next(n for n in range(1, len(line) + 1) if self._width(line[:n], size, bold=bold) > WIDTH) - 1
            )
            yield line[:fits]
            line = line[fits:]
        yield line

    def _width(self, text: str, size: int, *, bold: bool) -> float:
        return sum(self._face(font, size).getlength(piece) for font, piece in self._runs(text, bold))

    def _face(self, font: str, size: int) -> ImageFont.FreeTypeFont:
        face = self._faces.get((font, size))
        if face is None:
            face = self._faces[font, size] = ImageFont.truetype(font, size)
        return face


def _words(text: str) -> list[str]:
    """Pieces between which a line may break."""
    words: list[str] = []
    for char in text:
        last = words[-1][-1] if words else ""
        together = (
            char in _NEVER_FIRST
            or char == " "
            or last in _NEVER_LAST
            or (char.isascii() and last.isascii() and last not in ("", " "))
        )
        if words and together:
            words[-1] += char
        else:
            words.append(char)
    return words


def _code(payload: str) -> Image.Image:
    modules = [list(row) for row in segno.make_qr(payload, error="m").matrix_iter(border=QUIET)]
    module = min(MODULE, WIDTH // len(modules))
    side = len(modules) * module
    strip = _white(side)
    pen = ImageDraw.Draw(strip)
    left = (WIDTH - side) // 2
    for y, row in enumerate(modules):
        for x, dark in enumerate(row):
            if dark:
                corner = (left + x * module, y * module)
                pen.rectangle((*corner, corner[0] + module - 1, corner[1] + module - 1), fill=0)
    return strip


def _white(height: int) -> Image.Image:
    return Image.new("1", (WIDTH, height), 1)
