"""The rows of docs/faults.md, and those of docs/faults.zh-CN.md beside them."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

_HEADS: Final = ("| code |", "| 代码 |", "|---")
_QUOTED: Final = re.compile(r"`[^`]+`")
_ON_SCREEN: Final = re.compile(r"[\u4e00-\u9fff]+")
_FIGURE: Final = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Row:
    """One fault, in either language; ``section`` is the English heading."""

    section: str
    codes: tuple[str, ...]
    trigger: str
    read: str
    seen: str
    recovery: str
    tests: tuple[str, ...]

    @property
    def words(self) -> str:
        """All that is said of it."""
        return f"{self.trigger}\n{self.read}\n{self.seen}\n{self.recovery}"

    @property
    def quoted(self) -> frozenset[str]:
        """What stands in backticks: commands, files, words of logs and entries."""
        return frozenset(_QUOTED.findall(self.words))


def fault_rows(text: str) -> Iterator[Row]:
    """The rows of either page, in order. A Chinese heading ends with the English one, after a dot in the middle."""
    section = ""
    for line in text.splitlines():
        if line.startswith("## "):
            section = line.removeprefix("## ").rpartition(" · ")[2]
        elif line.startswith("| ") and not line.startswith(_HEADS):
            code, trigger, read, seen, recovery, tests = (cell.strip() for cell in line.strip("|").split(" |"))
            codes = tuple(re.findall(r"[A-Z]-\d\d", code))
            yield Row(section, codes, trigger, read, seen, recovery, tuple(re.findall(r"\w+", tests)))


def _exactly(row: Row) -> object:
    return row.section, row.codes, row.tests, row.quoted


def _nearly(row: Row) -> object:
    return row.section, row.codes, row.tests[:1]


def beside(
    rows: Sequence[Row],
    translated: Sequence[Row],
    by: Sequence[Callable[[Row], object]] = (_exactly, _nearly),
) -> Iterator[tuple[Row | None, Row | None]]:
    """Each row of either page in order, with its counterpart or None. Where a row was changed, codes and test tell."""
    alike, *otherwise = by
    matched = SequenceMatcher(None, [alike(row) for row in rows], [alike(row) for row in translated], autojunk=False)
    for what, first, last, its_first, its_last in matched.get_opcodes():
        here, there = rows[first:last], translated[its_first:its_last]
        if what == "equal":
            yield from zip(here, there, strict=True)
        elif otherwise:
            yield from beside(here, there, otherwise)
        else:
            yield from ((row, None) for row in here)
            yield from ((None, row) for row in there)


def amiss(rows: Sequence[Row], translated: Sequence[Row]) -> Iterator[str]:
    """What the Chinese page lacks, has too much or says otherwise; a line each, for whoever is to mend it."""
    after = "the heading"
    for pair in beside(rows, translated):
        match pair:
            case (Row() as row, None):
                yield (
                    f"docs/faults.zh-CN.md lacks the Chinese for “{row.trigger}” ({' '.join(row.tests)}): "
                    f"it belongs into “{row.section}”, after “{after}”"
                )
            case (None, Row() as chinese):
                yield (
                    f"docs/faults.md has no row for “{chinese.trigger}” ({' '.join(chinese.tests)}) "
                    f"in “{chinese.section}”"
                )
            case (Row() as row, Row() as chinese):
                yield from (f"docs/faults.zh-CN.md, “{chinese.trigger}”, {what}" for what in _otherwise(row, chinese))
                after = chinese.trigger


def _otherwise(row: Row, chinese: Row) -> Iterator[str]:
    if row.tests != chinese.tests:
        other = " ".join(sorted({*row.tests} ^ {*chinese.tests})) or "in another order"
        yield f"names other tests than “{row.trigger}”: {other}"
    for word in sorted(row.quoted ^ chinese.quoted):
        yield f"has {word} and “{row.trigger}” has not, or the other way round"
    on_screen = {*_ON_SCREEN.findall(_QUOTED.sub("", row.words))}
    for word in sorted(word for word in on_screen if word not in chinese.words):
        yield f"does not have the words {word} of “{row.trigger}”"
    for figure in sorted({*_FIGURE.findall(row.words)} - {*_FIGURE.findall(chinese.words)}):
        yield f"does not have the figure {figure} of “{row.trigger}”"
