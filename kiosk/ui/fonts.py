"""Which font draws which character. The text provider has no fallback of its own."""

import json
import re
from bisect import bisect_right
from pathlib import Path
from typing import Final

INTERFACE: Final = "interface"
INTERFACE_BOLD: Final = "interface-bold"
NAMES: Final = ("names", "hanamin-a", "hanamin-b")
"""Asked in this order for what the interface's fonts lack."""


class FontsMissing(Exception):
    """The fonts have not been built."""


class FontBook:
    """The fonts of one folder and what each covers.

    :raises FontsMissing: the folder holds no finished build, or has lost a file of it.
    """

    def __init__(self, directory: Path) -> None:
        try:
            index = json.loads((directory / "coverage.json").read_bytes())
        except OSError as error:
            raise FontsMissing(f"{directory} holds no fonts; make them with: python deploy/build_fonts.py") from error
        lost = sorted(file for file in index["files"].values() if not (directory / file).is_file())
        if lost:
            raise FontsMissing(f"{directory} has lost {', '.join(lost)}; make them with: python deploy/build_fonts.py")
        self._files = {name: str(directory / file) for name, file in index["files"].items()}
        self._starts = {name: [first for first, _ in ranges] for name, ranges in index["ranges"].items()}
        self._ends = {name: [last for _, last in ranges] for name, ranges in index["ranges"].items()}
        self._stretches: dict[str, re.Pattern[str]] = {}

    def file(self, font: str) -> str:
        """Path of a font."""
        return self._files[font]

    def covers(self, font: str, char: str) -> bool:
        """Whether ``font`` has a glyph for ``char``."""
        code = ord(char)
        place = bisect_right(self._starts[font], code) - 1
        return place >= 0 and code <= self._ends[font][place]

    def draws(self, char: str) -> bool:
        """Whether any font has a glyph for ``char``."""
        return any(self.covers(font, char) for font in (INTERFACE, *NAMES))

    def runs(self, text: str, *, bold: bool = False) -> list[tuple[str, str]]:
        """``text`` as (font, piece). A character that no font has is drawn as its code, never as an empty box."""
        first = INTERFACE_BOLD if bold else INTERFACE
        stretch = self._stretch(first)
        runs: list[tuple[str, str]] = []
        at = 0
        while at < len(text):
            covered = stretch.match(text, at)
            if covered:
                font, piece = first, covered[0]
                at = covered.end()
            else:
                font, piece = self._elsewhere(text[at]) or (first, f"〔U+{ord(text[at]):X}〕")
                at += 1
            if runs and runs[-1][0] == font:
                runs[-1] = (font, runs[-1][1] + piece)
            else:
                runs.append((font, piece))
        return runs

    def _stretch(self, font: str) -> re.Pattern[str]:
        """As many characters in a row as the font has: nearly always all, and asked thousands of times a screen."""
        if font not in self._stretches:
            ranges = zip(self._starts[font], self._ends[font], strict=True)
            within = "".join(f"{re.escape(chr(first))}-{re.escape(chr(last))}" for first, last in ranges)
            self._stretches[font] = re.compile(f"[{within}]+")
        return self._stretches[font]

    def _elsewhere(self, char: str) -> tuple[str, str] | None:
        font = next((name for name in NAMES if self.covers(name, char)), None)
        return None if font is None else (font, char)
