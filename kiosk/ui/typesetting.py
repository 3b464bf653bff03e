"""Where a line of Chinese, English or both may end.

Kivy's own wrapping starts lines with ``，`` and splits numbers. Here a closing mark never starts a line, an opening
mark never ends one, and words and numbers stay whole. Chinese has no spaces: where it costs no line, lines end where
the reader draws breath, so that no 机器 is torn into 机 and 器.
"""

import re
from collections.abc import Callable
from functools import cache

CLOSING = frozenset("，。、；：？！）》」』】〉〕…·％”’" + ",.;:?!)]}%")
OPENING = frozenset("（《「『【〈〔“‘" + "([{")
BREATH = frozenset("，。、；？！")
"""Marks behind which a reader pauses; not ``：``, which can leave a label alone on its line."""

Measure = Callable[[str], float]
"""Width of a text in pixels, without a break."""
Cut = Callable[[str], list[str]]
"""The pieces of a text between which a line may end."""

_UNIT = re.compile(r"""\s+|[A-Za-z0-9À-ɏ*+./@#&%"'’:\-–]+|.""", re.DOTALL)


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


def phrases(text: str, marks: frozenset[str] = BREATH) -> list[str]:
    """The pieces of ``text`` that are read in one breath: each ends behind one of ``marks``, or with the text."""
    whole: list[str] = []
    going_on = False
    for piece in unbreakable(text):
        if going_on:
            whole[-1] += piece
        else:
            whole.append(piece)
        going_on = piece.rstrip()[-1:] not in marks or _quotes(whole[-1])
    return whole


def _quotes(text: str) -> bool:
    """Whether a quotation is open at the end: a button's name stays in one piece."""
    return text.count("“") > text.count("”")


def _phrases_and_labels(text: str) -> list[str]:
    return phrases(text, BREATH | {"："})


def break_lines(text: str, width: float, measure: Measure, cut: Cut = unbreakable) -> list[str]:
    """Lines no wider than ``width``, as full as can be. A piece wider than a line is split: cutting it is worse."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for piece in cut(paragraph):
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
    """As many lines as :func:`break_lines`, of even length, so that no last line holds one lonely character.

    They end behind whole phrases if that takes no line more; failing that, behind a label.
    """
    measure = cache(measure)  # for this call alone: the same words are tried at many widths, and none may stay behind
    lines = break_lines(text, width, measure)
    if len(lines) < 2:
        return lines

    def fits(within: float, cut: Cut) -> bool:
        pieces = [piece for paragraph in text.split("\n") for piece in cut(paragraph)]
        whole = all(measure(piece.rstrip()) <= within for piece in pieces)
        return whole and len(break_lines(text, within, measure, cut)) <= len(lines)

    cut = next((cut for cut in (phrases, _phrases_and_labels) if fits(width, cut)), unbreakable)
    low, high = width / len(lines), width
    while high - low > 8:
        middle = (low + high) / 2
        if fits(middle, cut):
            high = middle
        else:
            low = middle
    return break_lines(text, high, measure, cut)
