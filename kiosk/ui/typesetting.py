"""Where a line of Chinese, English or both may end.

Kivy's own wrapping starts lines with ``，`` and splits numbers. Here a closing mark never starts a line, an opening
mark never ends one, and words and numbers stay whole.
"""

import re
from collections.abc import Callable
from functools import cache

CLOSING = frozenset("，。、；：？！）》」』】〉〕…·％”’" + ",.;:?!)]}%")
OPENING = frozenset("（《「『【〈〔“‘" + "([{")

Measure = Callable[[str], float]
"""Width of a text in pixels, without a break."""

_UNIT = re.compile(r"\s+|[A-Za-z0-9À-ɏ*+./@#&%'’:\-–]+|.", re.DOTALL)


def unbreakable(text: str) -> list[str]:
    """The pieces of ``text`` between which a line may end; spaces close the piece before them."""
    pieces: list[str] = []
    glue = False
    for unit in _UNIT.findall(text):
        joins = unit.isspace() or unit in CLOSING or glue
        if joins and pieces:
            pieces[-1] += unit
        else:
            pieces.append(unit)
        glue = unit in OPENING or (glue and unit.isspace())
    return pieces


def break_lines(text: str, width: float, measure: Measure) -> list[str]:
    """Lines no wider than ``width``, as full as can be. A piece wider than a line is split: cutting it is worse."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for piece in unbreakable(paragraph):
            if measure((line + piece).rstrip()) <= width:
                line += piece
                continue
            if line:
                lines.append(line.rstrip())
            rest = piece
            while measure(rest.rstrip()) > width and len(rest) > 1:
                head = next(n for n in range(len(rest) - 1, 0, -1) if n == 1 or measure(rest[:n]) <= width)
                lines.append(rest[:head])
                rest = rest[head:]
            line = rest
        lines.append(line.rstrip())
    return lines


def balanced_lines(text: str, width: float, measure: Measure) -> list[str]:
    """As many lines as :func:`break_lines`, of even length, so that no last line holds one lonely character."""
    measure = cache(measure)  # for this call alone: the same words are tried at many widths, and none may stay behind
    lines = break_lines(text, width, measure)
    if len(lines) < 2:
        return lines
    low, high = width / len(lines), width
    while high - low > 8:
        middle = (low + high) / 2
        if len(break_lines(text, middle, measure)) > len(lines) or _splits_a_piece(text, middle, measure):
            low = middle
        else:
            high = middle
    return break_lines(text, high, measure)


def _splits_a_piece(text: str, width: float, measure: Measure) -> bool:
    return any(measure(piece.rstrip()) > width for piece in unbreakable(text))
