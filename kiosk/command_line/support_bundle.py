"""``kiosk support-bundle``: one archive for whoever helps from afar."""

import argparse
import os
import sys
from pathlib import Path

from kiosk.technician.support_bundle import write_bundle

_CAN_NOT_BE_WRITTEN = 47


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]", default: Path) -> None:
    """Add ``support-bundle`` to the kiosk's commands."""
    text = "write the doctor's findings, settings, versions and logs into one archive, without citizens' data"
    bundle = subparsers.add_parser(
        "support-bundle",
        help=text,
        description=text,
        epilog=f"exit codes: 0 written, {_CAN_NOT_BE_WRITTEN} not written",
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
        return _CAN_NOT_BE_WRITTEN
    print(f"{args.target}: look into it before you send it")
    return 0
