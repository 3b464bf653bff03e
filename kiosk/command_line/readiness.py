"""``kiosk readiness``: look at everything once more, and give the centre a signed report of it."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from kiosk.central_client.errors import CentreError
from kiosk.command_line.doctor import show
from kiosk.command_line.manual import CONFIGURATION, STATE, ExitCode, closing
from kiosk.configuration import load_configuration, with_credentials_of
from kiosk.technician.doctor import examine
from kiosk.technician.findings import State
from kiosk.technician.readiness import JSON, PDF, devices_of, hand_in, keep, report_of
from kiosk.technician.scan import Found


class Exit(ExitCode):
    """Exit codes of ``kiosk readiness``, the gravest that applies; scripts rely on them."""

    READY = 0, "the centre has the report"
    USAGE = 2, "wrong arguments"
    WARNING = 40, "ready, and somebody should come"
    FAULT = 41, "not ready"
    NO_CENTRE = 69, "the report is written, and the centre has not got it"
    NOT_WRITTEN = 73, "a file can't be written"


_EXAMPLES: Final = {
    "kiosk readiness": "look, sign, write, and hand it in",
    "kiosk readiness --report /media/stick": "the files onto a stick",
}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]", default: Path) -> None:
    """Add ``readiness`` to the kiosk's commands."""
    text = "examine the terminal, sign what was found, write it as JSON and PDF, and hand it to the centre"
    readiness = subparsers.add_parser(
        "readiness",
        help=text,
        description=text,
        epilog=closing(Exit, _EXAMPLES, CONFIGURATION | STATE),
    )
    readiness.add_argument("--config", type=Path, default=default, help="kiosk.toml")
    readiness.add_argument(
        "--report", type=Path, metavar="FOLDER", help="where the report goes; else the state's folder"
    )
    readiness.add_argument("--language", choices=("zh", "en"), default="zh", help="of the words (default zh)")


def run(args: argparse.Namespace) -> int:
    """Look, sign, write, hand in; an :class:`Exit` code.

    :raises ConfigurationError: ``kiosk.toml`` is wrong, or a key is not there.
    """
    return report(args, None)


def report(args: argparse.Namespace, devices: Sequence[Found] | None) -> int:
    """The same with the devices as a scan has found them.

    :param devices: None where nothing was scanned: those that the checks have asked are told.
    """
    chinese = args.language == "zh"
    findings = examine(args.config, os.environ, told=lambda finding: show(finding, args.language))
    configuration = with_credentials_of(os.environ, load_configuration(args.config))
    told = report_of(configuration, findings, devices if devices is not None else devices_of(configuration, findings))
    folder = args.report or configuration.terminal.state
    try:
        signed = keep(configuration, told, folder)
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        return int(Exit.NOT_WRITTEN)
    print(f"{folder / PDF}, {folder / JSON}: {signed.fingerprint}")
    verdict = (
        ("合格，可以服务", "ready") if told.passed else ("不合格，先处理第一个故障", "not ready: mend the first fault")
    )
    print(verdict[0] if chinese else verdict[1])
    try:
        hand_in(configuration, signed)
    except CentreError as error:
        words = f"中心没有收到报告：{error}" if chinese else f"the centre has not got the report: {error}"
        print(words, file=sys.stderr)
        return int(Exit.NO_CENTRE)
    if not told.passed:
        return int(Exit.FAULT)
    return int(Exit.WARNING if any(one.state is State.WARNING for one in findings) else Exit.READY)
