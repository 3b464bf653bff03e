"""Which font draws which character. The text provider has no fallback of its own."""

import json
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
        runs: list[tuple[str, str]] = []
        for char in text:
            font = next((name for name in (first, *NAMES) if self.covers(name, char)), None)
            piece = char if font else f"〔U+{ord(char):X}〕"
            font = font or first
            if runs and runs[-1][0] == font:
                runs[-1] = (font, runs[-1][1] + piece)
            else:
                runs.append((font, piece))
        return runs
