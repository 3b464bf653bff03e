"""``kiosk roster``: who may work at this terminal as its technician."""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from kiosk.central_client.errors import CentreError
from kiosk.command_line.manual import CONFIGURATION, STATE, ExitCode, closing
from kiosk.configuration import Configuration
from kiosk.records.china_time import minute_of
from kiosk.records.roster import AskRoster, Roster, RosterTold, Technician
from kiosk.records.upload import encode
from kiosk.technician.roster import MOST_BYTES, NoRoster, RosterKeeper, RosterRefused

Ask = Callable[[AskRoster], RosterTold]
"""Asks the centre; raises :class:`~kiosk.central_client.errors.CentreError`."""


class Exit(ExitCode):
    """Exit codes of ``kiosk roster``; scripts rely on them."""

    SOUND = 0
    USAGE = 2, "wrong arguments"
    NONE = 36, "show: the terminal has no roster, nobody is let in"
    REFUSED = 37, "it is not taken; the terminal's own stands as it was"
    NOT_FETCHED = 38, "the centre gave no roster"


_EXAMPLES: Final = {
    "show": {"kiosk roster show": "who may work at this terminal, and until when"},
    "fetch": {"kiosk roster fetch": "ask the centre at once, after somebody was struck off"},
    "take": {"kiosk roster take /media/stick/zmd-0001.json": "where there is no line to the centre"},
}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]", default: Path) -> None:
    """Add ``roster …`` to the kiosk's commands."""
    about = "see and renew the list of who may work at this terminal"
    roster = subparsers.add_parser("roster", help=about, description=about)
    commands = roster.add_subparsers(dest="action", required=True)
    commands.add_parser("show", help="print staff numbers, roles and terms")
    commands.add_parser("fetch", help="ask the centre now")
    take = commands.add_parser("take", help="take it in from a file that the centre wrote")
    take.add_argument("file", type=Path, metavar="FILE", help="as central technician roster writes it")
    for name, command in commands.choices.items():
        command.add_argument("--config", type=Path, default=default, help="kiosk.toml")
        command.add_argument("--json", action="store_true", help="print one JSON object")
        command.epilog = closing(Exit, _EXAMPLES[name], CONFIGURATION | STATE)


def run(args: argparse.Namespace, configuration: Configuration, ask: Ask) -> int:
    """Do what was asked and return an :class:`Exit` code.

    :raises ConfigurationError: a key is missing.
    """
    keeper = RosterKeeper.of(configuration)
    try:
        match args.action:
            case "fetch":
                told = ask(AskRoster())
                if told.roster is not None:
                    keeper.take(encode(told.roster))
            case "take":
                with args.file.open("rb") as file:
                    keeper.take(file.read(MOST_BYTES + 1))
        roster = keeper.roster()
    except NoRoster:
        return _failed(
            args, Exit.NONE, "还没有名单：联网后 kiosk roster fetch，或从中心带来", "no roster yet: fetch or take one"
        )
    except RosterRefused as refused:
        return _failed(args, Exit.REFUSED, refused.words.zh, refused.words.en)
    except CentreError as error:
        return _failed(args, Exit.NOT_FETCHED, "没有从中心取到名单", str(error))
    except OSError as error:
        return _failed(args, Exit.REFUSED, "文件读不出来或写不进去", f"{error.filename}: {error.strerror}")
    _tell(args, roster)
    return Exit.SOUND


def _failed(args: argparse.Namespace, code: Exit, zh: str, en: str) -> int:
    print(f"kiosk roster: {zh}。{en[:1].upper()}{en[1:]}.", file=sys.stderr)
    outcome = code.name.lower()
    print(json.dumps({"outcome": outcome}) if args.json else f"outcome: {outcome}")
    return code


def _tell(args: argparse.Namespace, roster: Roster) -> None:
    now_ms = int(time.time() * 1000)
    if args.json:
        told = {
            "outcome": Exit.SOUND.name.lower(),
            "number": roster.number,
            "made_at_ms": roster.made_at_ms,
            "technicians": [
                {
                    "staff": one.staff,
                    "role": one.role.value,
                    "card": bool(one.card_key),
                    "valid_until_ms": one.valid_until_ms,
                    "state": _state(one, now_ms),
                }
                for one in roster.technicians
            ],
        }
        print(json.dumps(told, ensure_ascii=False, indent=2))
        return
    print(f"名单 roster: {roster.number}, {minute_of(roster.made_at_ms)}")
    for one in roster.technicians:
        card = "卡 card" if one.card_key else "无卡 no card"
        state = _state(one, now_ms)
        print(f"{one.staff}  {one.role.value}  {card}  {minute_of(one.valid_until_ms)}  {state}")


def _state(technician: Technician, now_ms: int) -> str:
    if technician.revoked:
        return "revoked"
    return "expired" if technician.valid_until_ms <= now_ms else "valid"
