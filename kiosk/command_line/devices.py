"""``kiosk devices``: what is plugged in, and the lines for ``kiosk.toml``."""

import argparse
import json
import textwrap

from kiosk.command_line.manual import ExitCode, closing
from kiosk.technician.scan import Found, scan


class Exit(ExitCode):
    """Exit codes of ``kiosk devices``."""

    FOUND = 0
    USAGE = 2, "wrong arguments"
    NOTHING = 42, "no device answered"


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``devices`` to the kiosk's commands."""
    text = "look for devices: PC/SC readers, serial ports asked in each dialect, cameras, USB printers"
    devices = subparsers.add_parser(
        "devices",
        help=text,
        description=f"{text}. Stop the terminal first: it holds its devices.",
        epilog=closing(
            Exit,
            {
                "kiosk devices": "everything that is plugged in",
                "kiosk devices --port /dev/ttyUSB0": "what is on one cable",
            },
        ),
    )
    devices.add_argument("--port", action="append", metavar="PORT", help="try this serial port only; may be repeated")
    devices.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Look, print, and return an :class:`Exit` code."""
    found: list[Found] = []
    for one in scan(args.port):
        found.append(one)
        if not args.json:
            print(as_printed(one), flush=True)
    if args.json:
        shown = [
            {"kind": one.kind or None, "name": one.name, "told": one.told, "section": one.section} for one in found
        ]
        print(json.dumps({"devices": shown}, ensure_ascii=False, indent=2))
    return int(Exit.FOUND if any(one.kind for one in found) else Exit.NOTHING)


def as_printed(found: Found) -> str:
    """One line for what was found, and below it its lines for ``kiosk.toml``."""
    line = f"{found.kind or '?'}: {found.name}: {found.told}"
    return f"{line}\n{textwrap.indent(found.section, '    ')}" if found.section else line
