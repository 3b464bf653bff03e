"""``kiosk doctor`` and ``kiosk selftest``: what is well and what is not, what it means, and what to do."""

import argparse
import json
import os
import sys
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from kiosk.command_line.manual import CONFIGURATION, STATE, ExitCode, closing
from kiosk.technician.doctor import examine
from kiosk.technician.findings import Finding, State
from kiosk.technician.self_test import SELF_TEST


class Exit(ExitCode):
    """Exit codes of both, the gravest that applies; scripts rely on them."""

    WELL = 0
    USAGE = 2, "wrong arguments"
    WARNING = 40, "it serves, and somebody should come"
    FAULT = 41


_MARKS: Final = {
    State.WELL: ("✓", "正常", "well"),
    State.WARNING: ("!", "注意", "warning"),
    State.FAULT: ("✗", "故障", "fault"),
    State.NOT_TRIED: ("·", "未查", "not tried"),
    State.ABSENT: (" ", "没有", "absent"),
}
_TITLE_COLUMNS: Final = 14


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]", default: Path) -> None:
    """Add ``doctor`` and ``selftest`` to the kiosk's commands."""
    text = "look at everything that a terminal stands on and say what to do; changes nothing without --fix"
    examples = {
        "kiosk doctor": "all of it, in Chinese",
        "kiosk doctor --language en": "in English",
        "kiosk doctor --json": "for a program",
        "kiosk doctor --fix": "mend the rights of keys as well",
    }
    doctor = _add(subparsers, "doctor", text, default, examples)
    doctor.add_argument("--fix", action="store_true", help="mend what is safe to mend")
    text = "test each device, the ledger, files and keys; of a running terminal its own watch is asked; changes nothing"
    examples = {"kiosk selftest": "in Chinese", "kiosk selftest --json": "for a program"}
    _add(subparsers, "selftest", text, default, examples)


def _add(
    subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    text: str,
    default: Path,
    examples: Mapping[str, str],
) -> argparse.ArgumentParser:
    command = subparsers.add_parser(
        name,
        help=text,
        description=text,
        epilog=closing(Exit, examples, CONFIGURATION | STATE),
    )
    command.add_argument("--config", type=Path, default=default, help="kiosk.toml")
    command.add_argument("--json", action="store_true", help="print one JSON object")
    command.add_argument("--language", choices=("zh", "en"), default="zh", help="of the words (default zh)")
    return command


def run(args: argparse.Namespace) -> int:
    """Look at everything, print, and return an :class:`Exit` code."""
    return _run(args, None, fix=args.fix)


def run_self_test(args: argparse.Namespace) -> int:
    """Test what makes up the self-test, print, and return an :class:`Exit` code."""
    return _run(args, SELF_TEST, fix=False)


def _run(args: argparse.Namespace, words: frozenset[str] | None, *, fix: bool) -> int:
    told = None if args.json else lambda finding: show(finding, args.language)
    findings = examine(args.config, os.environ, fix=fix, told=told, words=words)
    states = {finding.state for finding in findings}
    code = Exit.FAULT if State.FAULT in states else Exit.WARNING if State.WARNING in states else Exit.WELL
    if args.json:
        shown = {"outcome": code.name.lower(), "findings": [one.as_json() for one in findings]}
        print(json.dumps(shown, ensure_ascii=False, indent=2))
    elif args.language == "zh":
        print({Exit.WELL: "都正常。", Exit.WARNING: "能办业务，有要处理的。"}.get(code, "有故障，先处理第一个。"))
    else:
        print(
            {Exit.WELL: "All is well.", Exit.WARNING: "It serves; see the warnings."}.get(
                code, "Mend the first fault first."
            )
        )
    return int(code)


def show(finding: Finding, language: str) -> None:
    """Print one finding: its line, and what it means and what to do where it is not well."""
    mark, zh, en = _MARKS[finding.state]
    chinese = language == "zh"
    title = finding.title.zh if chinese else finding.title.en
    print(f"{mark} {_padded(title)} {_padded(zh if chinese else en, 10)} {finding.found}")
    if finding.cause is not None:
        means, advice = finding.cause.means, finding.cause.advice
        print(f"    {'影响' if chinese else 'means'}: {means.zh if chinese else means.en}")
        print(f"    {'处理' if chinese else 'do'}: {advice.zh if chinese else advice.en}")
    sys.stdout.flush()


def _padded(text: str, columns: int = _TITLE_COLUMNS + 6) -> str:
    """Chinese characters are two columns wide on a console."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return text + " " * max(columns - len(text) - wide, 0)
