#!/usr/bin/env python3
"""Make the pages of the manual and the shell's completion of ``kiosk`` out of the words of its own commands.

``kiosk.__main__.command_parser`` is the one source: what ``--help`` says stands on a page of each command, and what it
takes is what the shell completes. The bundle holds both, and the installer puts them where Debian has them.
"""

import argparse
import gzip
import os
import re
import sys
import textwrap
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import shtab
from argparse_manpage.manpage import Manpage

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # the commands of this tree, whichever is installed

from kiosk.__main__ import command_parser  # noqa: E402 - see above

BLOCKS: Final = {"exit codes": "exit status", "files": "files", "examples": "examples"}
"""Heads in a command's epilog, and what these are called on a page of the manual."""
SECTION: Final = 1


def main() -> int:
    """Make them; where they lie is printed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "manual", help="folder of what is made")
    chosen = parser.parse_args()
    write(chosen.output, epoch=int(os.environ.get("SOURCE_DATE_EPOCH", time.time())))
    print(f"manual: {chosen.output}")
    return 0


def write(folder: Path, *, epoch: int) -> None:
    """Lay out ``man1`` and ``completions`` in a folder.

    :param epoch: the day that stands in the pages' heads, in seconds since 1970.
    """
    parser = command_parser()
    (folder / "man1").mkdir(parents=True)
    for name, text in pages(parser, epoch).items():
        # As Debian has them, and without a time of their own.
        packed = gzip.compress(text.encode(), 9, mtime=0)
        (folder / "man1" / f"{name}.{SECTION}.gz").write_bytes(packed)
    (folder / "completions").mkdir()
    (folder / "completions" / parser.prog).write_text(completion(parser), encoding="utf-8")


def pages(parser: argparse.ArgumentParser, epoch: int) -> dict[str, str]:
    """A page for each command and each group of commands, by its name: ``kiosk-config-set``."""
    day = datetime.fromtimestamp(epoch, UTC).date().isoformat()
    return {one.prog.replace(" ", "-"): _page(one, told, day) for one, told in walk(parser)}


def walk(parser: argparse.ArgumentParser, told: str = "") -> Iterator[tuple[argparse.ArgumentParser, str]]:
    """Each parser of the tree, and what its parent says of it."""
    yield parser, told or parser.description or ""
    for command, text in _commands(parser).values():
        yield from walk(command, text)


def completion(parser: argparse.ArgumentParser) -> str:
    """A script for bash; where a file is asked for, files are offered."""
    for one, _ in walk(parser):
        for action in one._actions:
            if action.type is Path:
                action.complete = shtab.FILE  # type: ignore[attr-defined]
    script: str = shtab.complete(parser, "bash")
    return script


def _commands(parser: argparse.ArgumentParser) -> dict[str, tuple[argparse.ArgumentParser, str]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            texts = {one.dest: one.help or "" for one in action._get_subactions()}
            return {name: (command, texts[name]) for name, command in action.choices.items()}
    return {}


def _page(parser: argparse.ArgumentParser, told: str, day: str) -> str:
    commands = _commands(parser)
    usage = " ".join(parser.format_usage().split()).removeprefix("usage: ").replace("%", "%%")
    # A page lists the commands below it and does not repeat theirs.
    alone = argparse.ArgumentParser(
        prog=parser.prog,
        usage=f"{parser.prog} COMMAND ..." if commands else usage,
        description=parser.description or told,
        parents=() if commands else (parser,),
        add_help=False,
    )
    page = Manpage(alone)
    page.prog, page.description = parser.prog.replace(" ", "-"), told
    page.date, page.source, page.manual = day, "card-terminal", "Card terminal"
    if commands:
        listed = [_term(f"{parser.prog} {name}", text) for name, (_, text) in commands.items()]
        page.add_section("commands", "=", "\n".join(listed))
    for head, content in _blocks(parser.epilog or ""):
        page.add_section(head, "=", content)
    others = [parser.prog.rpartition(" ")[0], *(command.prog for command, _ in commands.values())]
    seen = [f"\\fB{_plain(other.replace(' ', '-'))}\\fR({SECTION})" for other in others if other]
    page.add_section("see also", "=", ",\n".join(seen))
    return str(page)


def _blocks(epilog: str) -> Iterator[tuple[str, str]]:
    """The blocks of an epilog as sections: indented lines under a head, else the words as they are."""
    for block in filter(None, epilog.split("\n\n")):
        head, _, body = block.partition(":")
        section = BLOCKS.get(head, "notes")
        if head not in BLOCKS:
            yield section, _plain(block)
        elif not body.startswith("\n"):
            yield section, _plain(body.strip())
        else:
            yield section, "\n".join(_lines(textwrap.dedent(body.strip("\n")).splitlines()))


def _lines(lines: list[str]) -> Iterator[str]:
    """Terms with what is said of them beneath, or numbers with it behind them."""
    for line in lines:
        if coded := re.match(r"(\d+) +(.*)", line):
            yield _term(coded[1], coded[2])
        elif line.startswith(" "):
            yield _plain(line.strip())
        else:
            yield f".TP\n\\fB{_plain(line)}\\fR"


def _term(term: str, text: str) -> str:
    return f".TP\n\\fB{_plain(term)}\\fR\n{_plain(text)}"


def _plain(text: str) -> str:
    """Text that troff takes for nothing else."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped


if __name__ == "__main__":
    sys.exit(main())
