#!/usr/bin/env python3
"""Fill the pages for technicians in ``docs/field`` from docs/faults.md, its Chinese and what the doctor can find.

``write`` writes what is generated, ``check`` tells whether it is as it should be; a test does the same. Either tells
which row lacks its Chinese. The pages are written by hand but for their blocks, such as ``<!-- causes: pin_pad -->``.
"""

import argparse
import ast
import functools
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # the doctor of this tree, whichever is installed

from deploy.fault_rows import Row, amiss, beside, fault_rows  # noqa: E402 - see above
from kiosk.policy.rule import Text  # noqa: E402
from kiosk.technician import devices  # noqa: E402
from kiosk.technician.causes import Cause  # noqa: E402
from kiosk.technician.doctor import CHECKS, Check  # noqa: E402

FIELD: Final = ROOT / "docs" / "field"
FAULTS: Final = ROOT / "docs" / "faults.md"
IN_CHINESE: Final = ROOT / "docs" / "faults.zh-CN.md"
BLOCK: Final = re.compile(r"(<!-- (causes|faults|codes|others|checks): (.+?) -->\n).*?(<!-- /\2 -->)", re.DOTALL)
LETTERS: Final = {
    "C": ("card_daemon", "card_reader", "capture_unit"),
    "P": ("pin_pad",),
    "D": ("id_reader",),
    "V": ("camera",),
    "L": ("state", "disk", "ledger"),
    "I": ("sign_in",),
    "N": ("link", "address", "name", "reach", "certificate", "sign_in"),
}
"""The checks that look at what a code's letter stands for."""
ASIDE: Final = {
    "D-11": ("id_reader",),
    "K-01": ("card_printer", "stock"),
    "K-02": ("camera",),
    "K-03": ("capture_unit",),
    "K-21": ("card_printer", "capture_unit"),
    "L-02": ("queue",),
}
"""Codes whose checks are others; whatever these may name is behind them."""
PAGES: Final = {
    "card_daemon": "card-reader",
    "card_reader": "card-reader",
    "pin_pad": "pin-pad",
    "id_reader": "id-reader",
    "receipt_printer": "receipt-printer",
    "camera": "camera",
    "card_printer": "card-printer",
    "stock": "card-printer",
    "capture_unit": "capture-unit",
}
"""The page of the device that a check looks at."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One row in both languages; where its Chinese lacks, the English stands for it."""

    row: Row
    chinese: Row

    def in_both(self, cell: Callable[[Row], str]) -> str:
        """A cell, the Chinese above the English."""
        return _both(Text(zh=cell(self.chinese), en=cell(self.row)))


def main() -> int:
    """Write or check; 1 where something is stale, or a row lacks its Chinese."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("action", choices=("write", "check"))
    chosen = parser.parse_args()
    lacking = tuple(amiss(*(_rows(page) for page in (FAULTS, IN_CHINESE))))
    stale = {page: text for page, text in generated().items() if page.read_text("utf-8") != text}
    for page, text in stale.items():
        if chosen.action == "write":
            page.write_text(text, encoding="utf-8")
        print(f"{page.relative_to(ROOT)}: {'written' if chosen.action == 'write' else 'stale; write it anew'}")
    for line in lacking:
        print(line)
    return 1 if lacking or (stale and chosen.action == "check") else 0


def generated() -> dict[Path, str]:
    """Every page of the folder, with its blocks as they should be."""
    rows = faults()
    return {page: filled(page.read_text("utf-8"), rows) for page in sorted(FIELD.glob("*.md"))}


def faults() -> tuple[Fault, ...]:
    """The rows of docs/faults.md, in order, with links as the folder has them."""
    rows, chinese = (_rows(page) for page in (FAULTS, IN_CHINESE))
    return tuple(Fault(row, its or row) for row, its in beside(rows, chinese) if row is not None)


def _rows(page: Path) -> tuple[Row, ...]:
    return tuple(fault_rows(re.sub(r"\]\(([\w.-]+\.md)", r"](../\1", page.read_text("utf-8"))))


@functools.cache
def causes_of(check: Check) -> tuple[Cause, ...]:
    """What a check can name, read from its code and what that calls; in the order of the causes."""
    found: set[Cause] = set()
    _follow(check.look, found, set())
    if check.word != "camera":  # every device's errors are told by one table
        found -= {Cause.CAMERA_DARK, Cause.CAMERA_FROZEN}
    return tuple(cause for cause in Cause if cause in found)


def _follow(look: Callable[..., object], found: set[Cause], done: set[object]) -> None:
    if look in done:
        return
    done.add(look)
    module = sys.modules[look.__module__]
    for node in ast.walk(ast.parse(inspect.getsource(look))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Cause":
            found.add(Cause[node.attr])
        elif isinstance(node, ast.Name):
            meant = getattr(module, node.id, None)
            if inspect.isfunction(meant) and meant.__module__.startswith("kiosk.technician"):
                _follow(meant, found, done)
            elif isinstance(meant, (tuple, dict, frozenset)):
                found |= set(_named_in(meant))


def _named_in(table: object) -> Iterator[Cause]:
    match table:
        case Cause():
            yield table
        case dict():
            yield from _named_in(tuple(table.values()))
        case tuple() | frozenset():
            for one in table:
                yield from _named_in(one)


def filled(page: str, rows: tuple[Fault, ...]) -> str:
    """A page of a device with its blocks as they should be."""

    def block(found: re.Match[str]) -> str:
        lines = _BLOCKS[found[2]](found[3], rows)
        return found[1] + "\n".join(lines).rstrip() + "\n" + found[4]

    return BLOCK.sub(block, page)


def _causes(words: str, _: tuple[Fault, ...]) -> Iterator[str]:
    yield "| 诊断说 doctor says | 影响 means | 怎么办 what to do |"
    yield "|---|---|---|"
    told: set[Cause] = set()
    for word in words.split(", "):
        for cause in causes_of(_check(word)):
            if cause not in told:
                told.add(cause)
                yield _line(f"`{cause.value}`", _both(cause.means), _both(cause.advice))


def _faults(sections: str, rows: tuple[Fault, ...]) -> Iterator[str]:
    yield _line(
        "代码 code", "什么情况 when", "屏幕上写的 on screen", "技术员看到 the technician sees", "怎么恢复 recovery"
    )
    yield "|---|---|---|---|---|"
    for section in sections.split(", "):
        of_it = [fault for fault in rows if fault.row.section == section]
        if not of_it:
            raise LookupError(f"docs/faults.md has no section {section!r}")
        for fault in of_it:
            cells = (lambda row: row.trigger, lambda row: row.read, lambda row: row.seen, lambda row: row.recovery)
            yield _line(", ".join(fault.row.codes) or "–", *(fault.in_both(cell) for cell in cells))


def _codes(language: str, rows: tuple[Fault, ...]) -> Iterator[str]:
    """Each code that a screen can show of the terminal's own faults; those that mean the same in one line."""
    titles = (
        ("代码", "诊断的哪一项", "可能说什么，怎么办")
        if language == "zh"
        else ("code", "looked at by", "what it may say, and what to do")
    )
    yield _line(*titles)
    yield "|---|---|---|"
    for (checks, causes), codes in _alike(rows).items():
        if causes:
            where = ("、" if language == "zh" else ", ").join(_in(check.title, language) for check in checks)
            means = "<br>".join(f"`{cause.value}` {_in(cause.advice, language)}" for cause in causes)
            yield _line(", ".join(codes), where, means)


def _others(language: str, rows: tuple[Fault, ...]) -> Iterator[str]:
    """The codes that are no faults of the terminal, and what each is about."""
    yield _line(*(("代码", "什么情况", "怎么恢复") if language == "zh" else ("code", "when", "recovery")))
    yield "|---|---|---|"
    for (_, causes), codes in _alike(rows).items():
        for code in () if causes else codes:
            for fault in (fault for fault in rows if code in fault.row.codes):
                told = fault.chinese if language == "zh" else fault.row
                yield _line(code, told.trigger, told.recovery)


def _checks(language: str, _: tuple[Fault, ...]) -> Iterator[str]:
    titles = ("诊断说", "影响", "怎么办") if language == "zh" else ("it says", "it means", "what to do")
    for check in CHECKS:
        page = PAGES.get(check.word)
        yield f"### {_in(check.title, language)} `{check.word}`{f' → [{page}]({page}.md)' if page else ''}"
        yield _line(*titles)
        yield "|---|---|---|"
        for cause in causes_of(check):
            yield _line(f"`{cause.value}`", _in(cause.means, language), _in(cause.advice, language))
        yield ""


def _alike(rows: tuple[Fault, ...]) -> dict[tuple[tuple[Check, ...], tuple[Cause, ...]], list[str]]:
    alike: dict[tuple[tuple[Check, ...], tuple[Cause, ...]], list[str]] = {}
    for code in sorted({code for fault in rows for code in fault.row.codes}):
        alike.setdefault(by_code(code), []).append(code)
    return alike


def by_code(code: str) -> tuple[tuple[Check, ...], tuple[Cause, ...]]:
    """The checks that look at what a code on a screen is about, and what they may name for it."""
    checks = tuple(_check(word) for word in ASIDE.get(code, LETTERS.get(code[0], ())))
    named = {cause for check in checks for cause in causes_of(check)}
    number = code[2:]
    if code in ASIDE:
        pass
    elif code[0] in "CPDV":
        wanted = {
            devices._BY_NUMBER.get(number, Cause.DEVICE_FAILED if number == "09" else None)
        }  # as fault_code has it
        wanted |= {cause for cause in Cause if cause.code == code}
        named &= wanted
    elif code[0] in "LI":
        named = {cause for cause in named if cause.code == code}
    return checks, tuple(cause for cause in Cause if cause in named)


_BLOCKS: Final[dict[str, Callable[[str, tuple[Fault, ...]], Iterator[str]]]] = {
    "causes": _causes,
    "faults": _faults,
    "codes": _codes,
    "others": _others,
    "checks": _checks,
}


def _check(word: str) -> Check:
    return next(check for check in CHECKS if check.word == word)


def _both(words: Text) -> str:
    return f"{words.zh}<br>{words.en}" if words.zh != words.en else words.zh


def _in(words: Text, language: str) -> str:
    return words.zh if language == "zh" else words.en


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
