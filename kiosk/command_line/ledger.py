"""``kiosk ledger check``: how ledger and uplink stand, for the technician; works while the terminal runs."""

import argparse
import json
import os
import sqlite3
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from kiosk.command_line.manual import CONFIGURATION, STATE, ExitCode, closing
from kiosk.ledger.errors import LedgerError
from kiosk.ledger.inspection import EPOCH_DAMAGED, ERASED, Damaged
from kiosk.ledger.reader import LedgerReader
from kiosk.uplink.receipts import LineState, ReceiptReader, ReceiptsUnusable
from kiosk.uplink.settings import UplinkSettings

LOW_SPACE_BYTES: Final = 64 * 1024 * 1024
"""Some 20 000 entries with their receipts, about a hundred busy days."""
_CHUNK: Final = 500


class Exit(ExitCode):
    """Exit codes of ``kiosk ledger check``, the gravest that applies; scripts rely on them."""

    SOUND = 0
    USAGE = 2, "wrong arguments"
    LOW_SPACE = 20
    RECEIPTS = 21, "the receipts can't be read; the uplink makes new ones at its next start"
    HALTED = 22, "the uplink waits for somebody to act; the reason is a word of docs/uplink.md"
    DAMAGED = 23, "entries, keys or enclosures; they go up as tombstones, applications without their portrait"
    UNREADABLE = 24, "no ledger, or its file as a whole can't be read"


_EXAMPLES: Final = {
    "check": {
        "kiosk ledger check": "while the terminal runs, or not",
        "kiosk ledger check --json": "for a program",
    },
}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]", default: Path) -> None:
    """Add ``ledger check`` to the kiosk's commands."""
    ledger = subparsers.add_parser("ledger", help="look at what is on record")
    commands = ledger.add_subparsers(required=True)
    check = commands.add_parser(
        "check",
        help="look at every entry, at the receipts and at the space left; changes nothing",
    )
    check.add_argument("--config", type=Path, default=default, help="kiosk.toml")
    check.add_argument("--json", action="store_true", help="print one JSON object")
    for name, command in commands.choices.items():
        command.epilog = closing(Exit, _EXAMPLES[name], CONFIGURATION | STATE)


def run(args: argparse.Namespace, terminal: UplinkSettings) -> int:
    """Look at everything and return an :class:`Exit` code."""
    shown: dict[str, object] = {}
    codes = [Exit.SOUND]
    try:
        with LedgerReader(terminal.ledger) as reader:
            codes += [_look_at_entries(reader, shown), _look_at_enclosures(reader, shown)]
            codes.append(_look_at_receipts(reader, terminal, shown))
    except LedgerError as error:
        print(error, file=sys.stderr)
        codes.append(Exit.UNREADABLE)
    codes.append(_look_at_space(terminal.ledger, shown))
    code = max(codes)
    if args.json:
        print(json.dumps({"outcome": code.name.lower(), **shown}, indent=2))
    else:
        print(f"outcome: {code.name.lower()}")
        for key, value in shown.items():
            print(f"{key.replace('_', ' ')}: {_in_words(value)}")
    return int(code)


def _look_at_entries(reader: LedgerReader, shown: dict[str, object]) -> Exit:
    head, erased_through = reader.head().sequence, reader.erased_through()
    shown |= {"terminal": reader.terminal, "ledger_id": reader.ledger_id.hex(), "entries": head}
    shown["erased_through"] = erased_through
    damaged = [f"{first} {EPOCH_DAMAGED}" for first in reader.damaged_epochs()]
    done = 0
    while done < head:
        for row in reader.entries(done, _CHUNK):
            if isinstance(row, Damaged) and row.reason != ERASED:
                damaged.append(f"{row.sequence} {row.reason}")
            done = row.sequence
    shown["damaged"] = damaged
    return Exit.DAMAGED if damaged else Exit.SOUND


def _look_at_enclosures(reader: LedgerReader, shown: dict[str, object]) -> Exit:
    """How many portraits wait for the centre, and since when; never whose."""
    waiting = reader.waiting()
    shown |= {
        "enclosures_waiting": waiting.count,
        "oldest_enclosure": _time(waiting.oldest_ms),
        "enclosures_amiss": [f"{sequence} {what}" for sequence, what in waiting.amiss.items()],
    }
    return Exit.DAMAGED if waiting.amiss else Exit.SOUND


def _look_at_receipts(reader: LedgerReader, terminal: UplinkSettings, shown: dict[str, object]) -> Exit:
    try:
        terminal.receipts.stat()
    except FileNotFoundError:
        shown["uplink"] = "has never run"
        return Exit.SOUND
    except OSError as error:
        shown["uplink"] = f"its receipts can't be read: {error.strerror}"
        return Exit.RECEIPTS
    try:
        receipts = ReceiptReader(terminal.receipts, reader.ledger_id, terminal.terminal, terminal.centre_keys)
        try:
            standing, for_staff = receipts.standing(), receipts.for_staff()
            proven = receipts.proven_through()
        finally:
            receipts.close()
    except (sqlite3.Error, ReceiptsUnusable) as error:
        shown["uplink"] = f"its receipts can't be read: {error}"
        return Exit.RECEIPTS
    shown |= {
        "delivered_through": standing.through,
        "proven_through": proven,
        "uplink": f"{standing.line.value} {standing.reason}".strip(),
        "since": _time(standing.since_ms),
        "last_contact": _time(standing.last_contact_ms),
        "for_staff": [f"{one.sequence} {one.verdict.value} {one.reason}".strip() for one in for_staff],
    }
    return Exit.HALTED if standing.line is LineState.HALTED else Exit.SOUND


def _look_at_space(folder: Path, shown: dict[str, object]) -> Exit:
    try:
        disk = os.statvfs(folder)
    except OSError as error:
        shown["disk"] = str(error.strerror)
        return Exit.UNREADABLE
    free = disk.f_bavail * disk.f_frsize
    shown |= {"disk": "read-only" if disk.f_flag & os.ST_RDONLY else "writable", "free_bytes": free}
    return Exit.LOW_SPACE if free < LOW_SPACE_BYTES or disk.f_flag & os.ST_RDONLY else Exit.SOUND


def _time(milliseconds: int | None) -> str | None:
    """By this terminal's clock, as it was then."""
    if milliseconds is None:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC).isoformat(timespec="seconds")


def _in_words(value: object) -> object:
    match value:
        case None:
            return "never"
        case []:
            return "none"
        case list():
            return ", ".join(map(str, value))
        case _:
            return value
