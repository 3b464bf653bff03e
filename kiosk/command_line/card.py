"""``kiosk card show``: what the card in a reader says, for the technician who stands before it."""

import argparse
import json
import sys
from collections.abc import Callable
from typing import Final

from drivers.ports.card_reader import CardKind, CardReader, HolderDataProtected, SocialSecurityCard
from drivers.ports.errors import Busy, DeviceError, MediaRemoved, NotConnected, TimedOut
from kiosk.command_line.manual import ExitCode, closing
from kiosk.records.masking import mask_card_number, mask_name, mask_number

OpenReader = Callable[[str | None], CardReader]
"""Opens the reader of that name, or the first one."""

_HIDDEN: Final = "*"


class Exit(ExitCode):
    """Exit codes of ``kiosk card show``; scripts rely on them."""

    SOCIAL_SECURITY = 0
    USAGE = 2, "wrong arguments"
    BLANK = 10
    BANK_ONLY = 11
    FOREIGN = 12
    DEAD = 13
    SILENT = 14, "a card is there, answered to reset and then no more"
    PULLED = 15
    NO_CARD = 16, "none was put in within the time"
    NOT_CONNECTED = 17, "no such reader, or no PC/SC daemon"
    BUSY = 18, "another process has the card"
    UNREADABLE = 19, "a social-security card whose data or answers are not as the norm has them"


_KIND_EXIT: Final = {
    CardKind.SOCIAL_SECURITY: Exit.SOCIAL_SECURITY,
    CardKind.BLANK: Exit.BLANK,
    CardKind.BANK_ONLY: Exit.BANK_ONLY,
    CardKind.FOREIGN: Exit.FOREIGN,
    CardKind.DEAD: Exit.DEAD,
    CardKind.SILENT: Exit.SILENT,
}


_EXAMPLES: Final = {
    "show": {
        "kiosk card show": "the card that lies or is put in within half a minute, what is its holder's masked",
        "kiosk card show --timeout 5 --json": "for a program",
    },
}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``card show`` to the kiosk's commands."""
    card = subparsers.add_parser("card", help="look at the card in a reader")
    commands = card.add_subparsers(required=True)
    show = commands.add_parser(
        "show",
        help="print what the card says",
    )
    show.add_argument("--reader", metavar="NAME", help="PC/SC reader; the first one when left out")
    show.add_argument("--json", action="store_true", help="print one JSON object")
    show.add_argument("--reveal", action="store_true", help="print personal data whole")
    show.add_argument("--timeout", type=float, default=30.0, metavar="SECONDS", help="wait for a card (default 30)")
    for name, command in commands.choices.items():
        command.epilog = closing(Exit, _EXAMPLES[name])


def run(args: argparse.Namespace, open_reader: OpenReader) -> int:
    """Show the card and return an :class:`Exit` code."""
    reader = open_reader(args.reader)
    try:
        shown, code = _look(reader, args.timeout, reveal=args.reveal)
    finally:
        reader.close()
    if args.json:
        print(json.dumps({"outcome": code.name.lower(), **shown}, ensure_ascii=False, indent=2))
    else:
        print(f"outcome: {code.name.lower()}")
        for key, value in shown.items():
            print(f"{key.replace('_', ' ')}: {'not said' if value is None else value}")
    return int(code)


def _look(reader: CardReader, timeout_s: float, *, reveal: bool) -> tuple[dict[str, str | int | None], Exit]:
    try:
        kind = reader.wait_for_card(timeout_s)
        if kind is not CardKind.SOCIAL_SECURITY:
            return {}, _KIND_EXIT[kind]
        shown = _read(reader.card(), reveal=reveal)
        reader.release()
    except TimedOut as error:
        return _explained(error, Exit.SILENT if _still_there(reader) else Exit.NO_CARD)
    except MediaRemoved as error:
        return _explained(error, Exit.PULLED)
    except NotConnected as error:
        return _explained(error, Exit.NOT_CONNECTED)
    except Busy as error:
        return _explained(error, Exit.BUSY)
    except DeviceError as error:
        return _explained(error, Exit.UNREADABLE)
    return shown, Exit.SOCIAL_SECURITY


def _read(card: SocialSecurityCard, *, reveal: bool) -> dict[str, str | int | None]:
    issuer = card.read_issuer()
    shown: dict[str, str | int | None] = {
        "region": issuer.region_code,
        "norm_version": issuer.norm_version,
        "card_class": issuer.card_class,
        "card_number": issuer.card_number if reveal else mask_card_number(issuer.card_number),
        "identification_code": issuer.identification_code if reveal else mask_number(issuer.identification_code),
        "initialising_body": issuer.initialising_body,
        "issued_on": issuer.issued_on.isoformat(),
        "expires_on": issuer.expires_on.isoformat(),
    }
    try:
        holder = card.read_holder()
    except HolderDataProtected:
        shown["holder"] = "closed until the terminal has proved itself"
    else:
        number = holder.social_security_number
        shown |= {
            "name": holder.name if reveal else mask_name(holder.name),
            "social_security_number": number if reveal else mask_number(number),
            "sex": holder.sex if reveal else _HIDDEN,
            "ethnic_group": holder.ethnic_group if reveal else _HIDDEN,
            "birthplace": holder.birthplace if reveal else _HIDDEN,
            "birth_date": holder.birth_date.isoformat() if reveal else _HIDDEN,
        }
    shown["pin_tries_left"] = card.pin_tries_left()
    return shown


def _still_there(reader: CardReader) -> bool:
    try:
        return reader.card_present()
    except DeviceError:
        return False


def _explained(error: DeviceError, code: Exit) -> tuple[dict[str, str | int | None], Exit]:
    print(error, file=sys.stderr)
    return {}, code
