"""``kiosk support-bundle``: one archive for whoever helps from afar."""

import argparse
import os
import sys
from pathlib import Path

from kiosk.command_line.manual import CONFIGURATION, STATE, ExitCode, closing
from kiosk.technician.support_bundle import write_bundle


class Exit(ExitCode):
    """Exit codes of ``kiosk support-bundle``."""

    WRITTEN = 0
    USAGE = 2, "wrong arguments"
    NOT_WRITTEN = 47, "the archive is there already, or can't be written"


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]", default: Path) -> None:
    """Add ``support-bundle`` to the kiosk's commands."""
    text = "write the doctor's findings, settings, versions and logs into one archive, without citizens' data"
    bundle = subparsers.add_parser(
        "support-bundle",
        help=text,
        description=text,
        epilog=closing(
            Exit,
            {
                "kiosk support-bundle /tmp/bundle.tar.gz": "for whoever helps from afar",
                "kiosk support-bundle /tmp/bundle.tar.gz --log /var/log/syslog": "with another log; look into it first",
            },
            CONFIGURATION | STATE,
        ),
    )
    bundle.add_argument("target", type=Path, metavar="FILE", help="a .tar.gz that is not there yet")
    bundle.add_argument("--log", type=Path, action="append", default=[], metavar="FILE", help="a further log file")
    bundle.add_argument("--config", type=Path, default=default, help="kiosk.toml")


def run(args: argparse.Namespace) -> int:
    """Write it; the exit code."""
    try:
        write_bundle(args.target, args.config, os.environ, args.log)
    except OSError as error:
        print(f"kiosk support-bundle: {error.filename}: {error.strerror}", file=sys.stderr)
        return Exit.NOT_WRITTEN
    print(f"{args.target}: look into it before you send it")
    return 0
