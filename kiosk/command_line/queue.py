"""``kiosk queue``: what waits for its upload and why, and one more try now."""

import argparse
import json
import sqlite3
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from kiosk.command_line.manual import CONFIGURATION, STATE, ExitCode, closing
from kiosk.ledger.errors import LedgerError
from kiosk.technician.waiting import Tried, Waiting, plain, try_now, waiting
from kiosk.uplink.receipts import LineState, ReceiptsUnusable
from kiosk.uplink.settings import UplinkSettings


class Exit(ExitCode):
    """Exit codes of ``kiosk queue``."""

    EMPTY = 0, "nothing waits, or with retry nothing waits any more"
    USAGE = 2, "wrong arguments"
    WAITS = 44, "something waits, and goes up by itself"
    HALTED = 45, "the uplink waits for somebody to act"
    UNREADABLE = 46, "ledger or receipts can't be read"


_IN_WORDS = {
    Tried.DELIVERED: "delivered: nothing waits",
    Tried.NOT_YET: "the centre is not reached; kiosk doctor tells where the way ends",
    Tried.UNFINISHED: "some of it went up within two minutes; once more",
    Tried.HALTED: "halted: somebody must act first, see docs/uplink.md",
    Tried.RESTARTED: "the uplink was started anew and tries at once",
    Tried.IN_USE: "the uplink runs and tries by itself; it could not be started anew from here",
}
_CODES = {Tried.DELIVERED: Exit.EMPTY, Tried.HALTED: Exit.HALTED}


_EXAMPLES: Final = {
    "show": {
        "kiosk queue show": "how much waits, and why",
    },
    "retry": {
        "kiosk queue retry": "once more at once",
    },
}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]", default: Path) -> None:
    """Add ``queue …`` to the kiosk's commands."""
    queue = subparsers.add_parser("queue", help="what waits for its upload, and why")
    commands = queue.add_subparsers(dest="action", required=True)
    show = commands.add_parser("show", help="print it; works while everything runs")
    show.add_argument("--json", action="store_true", help="print one JSON object")
    retry = commands.add_parser("retry", help="try once more now")
    for command in (show, retry):
        command.add_argument("--config", type=Path, default=default, help="kiosk.toml")
    for name, command in commands.choices.items():
        command.epilog = closing(Exit, _EXAMPLES[name], CONFIGURATION | STATE)


def run(args: argparse.Namespace, settings: UplinkSettings) -> int:
    """Do what was asked and return an :class:`Exit` code."""
    try:
        if args.action == "retry":
            tried = try_now(settings)
            print(_IN_WORDS[tried])
            return int(_CODES.get(tried, Exit.WAITS))
        found = waiting(settings)
    except (LedgerError, ReceiptsUnusable, sqlite3.Error) as error:
        print(f"kiosk queue: {error}", file=sys.stderr)
        return int(Exit.UNREADABLE)
    _show(args, found)
    if found.standing is not None and found.standing.line is LineState.HALTED:
        return int(Exit.HALTED)
    return int(Exit.WAITS if found.count else Exit.EMPTY)


def _show(args: argparse.Namespace, found: Waiting) -> None:
    standing = found.standing
    shown: dict[str, object] = {
        "waiting": found.count,
        "entries": found.head,
        "line": "the uplink has never run"
        if standing is None
        else f"{standing.line.value} {plain(standing.reason)}".strip(),
        "since": None if standing is None else _time(standing.since_ms),
        "last_contact": None if standing is None else _time(standing.last_contact_ms),
        "for_staff": [f"{one.sequence} {one.verdict.value} {plain(one.reason)}".strip() for one in found.for_staff],
    }
    if args.json:
        print(json.dumps(shown, indent=2))
        return
    for key, value in shown.items():
        told = "never" if value is None else (", ".join(value) or "none") if isinstance(value, list) else value
        print(f"{key.replace('_', ' ')}: {told}")


def _time(milliseconds: int | None) -> str | None:
    if milliseconds is None:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC).isoformat(timespec="seconds")
