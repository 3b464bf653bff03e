"""``python -m central technician …``: who may work at the terminals."""

import argparse
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from central.database import Database
from central.keys import CentreKeys, write_secret
from central.settings import Settings, load_settings
from central.tables import Technician
from central.technician_acts import acts_told
from central.technicians import TechnicianDesk
from kiosk.records.china_time import CHINA
from kiosk.records.technician import Role
from kiosk.records.upload import encode

_TERM: Final = timedelta(days=365)
"""Of an entry without another: long enough not to be renewed in haste, short enough for who has left to be seen."""


def add_commands(commands: Any) -> None:
    """Add ``technician …`` to the centre's commands."""
    about = "who may work at the terminals: enter, list, strike off"
    parser = commands.add_parser("technician", help=about, description=about)
    actions = parser.add_subparsers(required=True)

    def action(name: str, run: Any, about: str) -> argparse.ArgumentParser:
        one: argparse.ArgumentParser = actions.add_parser(name, help=about, description=about)
        one.set_defaults(run=run)
        one.add_argument("centre", type=Path, help="directory that init made, or a settings file")
        return one

    add = action("add", _add, "enter somebody; prints the secret of their codes once, as address and QR code")
    add.add_argument("staff", metavar="STAFF", help="staff number, no name")
    add.add_argument("--role", type=Role, choices=list(Role), required=True, metavar="ROLE", help=_ROLES)
    add.add_argument("--region", default="", help="only at this region's terminals; at all without it")
    add.add_argument("--certificate", type=Path, metavar="FILE", help="of their card, PEM or DER; none without it")
    add.add_argument("--valid-until", type=_end_of, metavar="YYYY-MM-DD", help="the last day; a year without it")
    action("list", _list, "print who is entered")
    action("revoke", _revoke, "strike somebody off").add_argument("staff", metavar="STAFF")
    acts = action("acts", _acts, "print what technicians did at terminals, the newest last")
    acts.add_argument("--terminal", default="", help="only at this one")
    acts.add_argument("--staff", default="", help="only by this one")
    acts.add_argument("--last", type=int, default=100, metavar="N", help="how many (default 100)")
    carry = action("roster", _roster, "write a terminal's roster to a file, for a stick")
    carry.add_argument("terminal")
    carry.add_argument("out", type=Path, metavar="FILE", help="never overwritten")


_ROLES: Final = ", ".join(role.value for role in Role)


def _add(options: argparse.Namespace) -> None:
    certificate = options.certificate.read_bytes() if options.certificate is not None else None
    valid_until = options.valid_until or datetime.now(tz=UTC) + _TERM
    enlisted = _desk(options).add(
        options.staff, options.role, valid_until=valid_until, region=options.region, certificate=certificate
    )
    print(f"{options.staff} is on the roster as {options.role.value}. This is shown once:")
    print(enlisted.uri)
    print(enlisted.drawn())


def _list(options: argparse.Namespace) -> None:
    with _database(options).reading() as session:
        for row in session.scalars(select(Technician).order_by(Technician.staff)):
            ends = datetime.fromtimestamp(row.valid_until / 1000, tz=CHINA).date().isoformat()
            how = f"card {row.certificate_sha256[:16]} and code" if row.card_key else "code"
            state = "revoked" if row.revoked_at is not None else f"until {ends}"
            print(f"{row.staff}  {row.role}  {row.region or 'everywhere'}  {how}  {state}")


def _revoke(options: argparse.Namespace) -> None:
    _desk(options).revoke(options.staff)
    print(f"{options.staff} is struck off; terminals know it with their next roster")


def _acts(options: argparse.Namespace) -> None:
    with _database(options).reading() as session:
        for row in acts_told(session, terminal=options.terminal, staff=options.staff, last=options.last):
            at = datetime.fromtimestamp(row.happened_at / 1000, tz=CHINA).isoformat(sep=" ", timespec="seconds")
            who = f"{row.staff} {row.role}".strip() or "nobody known"
            told = (at, row.terminal, who, row.page, row.act, row.outcome, row.why)
            print("  ".join(word for word in told if word))


def _roster(options: argparse.Namespace) -> None:
    roster = _desk(options).roster(options.terminal)
    write_secret(options.out, encode(roster))
    print(f"number {roster.number}, {len(roster.technicians)} technicians")


def _end_of(day: str) -> datetime:
    """The end of a day in China."""
    return datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=CHINA) + timedelta(days=1)


def _desk(options: argparse.Namespace) -> TechnicianDesk:
    settings = _settings(options)
    return TechnicianDesk(Database(settings.database), CentreKeys.load(settings), time.time)


def _database(options: argparse.Namespace) -> Database:
    return Database(_settings(options).database)


def _settings(options: argparse.Namespace) -> Settings:
    return load_settings(options.centre / "centre.toml" if options.centre.is_dir() else options.centre)
