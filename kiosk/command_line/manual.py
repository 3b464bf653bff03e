"""What stands at the foot of each command's ``--help``: its exit codes, files and examples.

The pages of the manual are made from the same words (``deploy/build_manual.py``).
"""

import argparse
import re
import textwrap
from collections.abc import Mapping
from enum import IntEnum
from typing import Any, Final, Self

CONFIGURATION: Final = {"/etc/kiosk/kiosk.toml": "what is configured, where --config names no other file"}
STATE: Final = {"/var/lib/card-terminal": "ledger, receipts and state, by terminal.state of kiosk.toml"}
PACKS: Final = {"/opt/card-terminal/config": "region packs, handbooks and card faces of an installed terminal"}
ASSETS: Final = {"/opt/card-terminal/assets": "fonts, models and tables of an installed terminal"}


class ExitCode(IntEnum):
    """An exit code that says what it means."""

    meaning: str
    """Empty where its name says it."""

    def __new__(cls, value: int, meaning: str = "") -> Self:
        """A member with its words."""
        made = int.__new__(cls, value)
        made._value_ = value
        made.meaning = meaning
        return made


def closing(codes: type[ExitCode], examples: Mapping[str, str], files: Mapping[str, str] | None = None) -> str:
    """The foot of a command's help.

    :param examples: whole commands, and what each is for.
    :param files: paths on an installed terminal, and what lies there.
    """
    told = {
        str(code.value): ": ".join(part for part in (code.name.lower().replace("_", " "), code.meaning) if part)
        for code in codes
    }
    blocks = [_block("exit codes", [f"  {number:<3} {words}" for number, words in told.items()])]
    if files:
        blocks.append(_block("files", [line for path, what in files.items() for line in _told(path, what)]))
    blocks.append(_block("examples", [line for command, what in examples.items() for line in _told(command, what)]))
    return "\n\n".join(blocks)


def _block(title: str, lines: list[str]) -> str:
    return "\n".join((f"{title}:", *lines))


def _told(term: str, what: str) -> tuple[str, str]:
    return f"  {term}", f"      {what}"


class Command(argparse.ArgumentParser):
    """A parser whose epilog keeps its lines; those of its commands do too."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **{"formatter_class": KeepsLines, **named})


class KeepsLines(argparse.HelpFormatter):
    """Wraps each line by itself, what does not fit beneath its words."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        lines = []
        for line in text.splitlines():
            hang = re.match(r" *(\d+ +)?", line)
            beneath = indent + " " * (hang.end() if hang is not None else 0)
            lines += textwrap.wrap(line, width, initial_indent=indent, subsequent_indent=beneath) or [""]
        return "\n".join(lines)
