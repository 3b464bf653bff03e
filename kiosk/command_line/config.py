"""``kiosk config``: what is configured, whether it is right, how it differs, and one key changed."""

import argparse
import json
import sys
from pathlib import Path
from typing import Final

from kiosk import bootstrap
from kiosk.command_line.manual import CONFIGURATION, ExitCode, closing
from kiosk.configuration import ConfigurationError, load_configuration
from kiosk.technician.configuring import BEFORE, differences, set_value, settings


class Exit(ExitCode):
    """Exit codes of ``kiosk config``."""

    DONE = 0
    USAGE = 2, "wrong arguments"
    DIFFERS = 43, "diff: something holds otherwise"
    WRONG = 64, "the file is wrong, or would be; nothing was written"


_EXAMPLES: Final = {
    "show": {
        "kiosk config show": "every key that holds",
    },
    "check": {
        "kiosk config check": "every mistake with its line",
    },
    "set": {
        "kiosk config set pin_pad.dialect auto": "one key",
    },
    "diff": {
        "kiosk config diff": "what the last change changed",
        "kiosk config diff /opt/card-terminal/config/kiosk.toml": "what is set here otherwise than in the pattern",
    },
}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]", default: Path) -> None:
    """Add ``config …`` to the kiosk's commands."""
    config = subparsers.add_parser("config", help="show, check, compare and change kiosk.toml")
    commands = config.add_subparsers(dest="action", required=True)
    show = commands.add_parser("show", help="print every key that holds; defaults are marked")
    show.add_argument("--json", action="store_true", help="print one JSON object")
    check = commands.add_parser("check", help="tell everything that is wrong, with its line")
    change = commands.add_parser(
        "set",
        help=f"change one key; comments stay, the file before it is kept with {BEFORE}",
    )
    change.add_argument("key", metavar="SECTION.KEY")
    change.add_argument("value", metavar="VALUE", help="as TOML writes it; plain words are taken for text")
    diff = commands.add_parser("diff", help="what holds otherwise than in another file")
    diff.add_argument("other", type=Path, nargs="?", metavar="FILE", help=f"default: the file with {BEFORE}")
    for command in (show, check, change, diff):
        command.add_argument("--config", type=Path, default=default, help="kiosk.toml")
    for name, command in commands.choices.items():
        command.epilog = closing(Exit, _EXAMPLES[name], CONFIGURATION)


def run(args: argparse.Namespace) -> int:
    """Do what was asked and return an :class:`Exit` code."""
    try:
        match args.action:
            case "show":
                return _show(args)
            case "check":
                bootstrap.load_region(load_configuration(args.config))
                print(f"{args.config}: nothing is wrong")
                return Exit.DONE
            case "set":
                set_value(args.config, args.key, args.value)
                print("changed; it holds from the next start: systemctl restart card-terminal")
                return Exit.DONE
            case _:
                return _diff(args)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"kiosk config: {error.filename}: {error.strerror}", file=sys.stderr)
    return Exit.WRONG


def _show(args: argparse.Namespace) -> int:
    found = settings(args.config)
    if args.json:
        shown = {one.key: {"value": one.value, "default": one.is_default} for one in found}
        print(json.dumps(shown, ensure_ascii=False, indent=2))
        return Exit.DONE
    for one in found:
        print(f"{one.key} = {one.value}{'  # default' if one.is_default else ''}")
    return Exit.DONE


def _diff(args: argparse.Namespace) -> int:
    other = args.other or args.config.with_name(args.config.name + BEFORE)
    found = differences(args.config, other)
    for key, ours, theirs in found:
        print(f"{key}: {_or_left_out(theirs)} → {_or_left_out(ours)}")
    return Exit.DIFFERS if found else Exit.DONE


def _or_left_out(value: str | None) -> str:
    return "left out" if value is None else value
