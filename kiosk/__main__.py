"""``kiosk``: run the terminal, its uplink, or one of the technician's commands."""

import argparse
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from kiosk import bootstrap
from kiosk.central_client.clock_offset import ClockOffset
from kiosk.command_line import (
    card,
    card_face,
    config,
    devices,
    doctor,
    handbook,
    ledger,
    photo,
    plate,
    provision,
    queue,
    readiness,
    region,
    roster,
    stock,
    support_bundle,
)
from kiosk.command_line.manual import CONFIGURATION, STATE, Command, ExitCode, closing
from kiosk.configuration import Configuration, ConfigurationError, load_configuration, with_credentials_of
from kiosk.credentials import read_centre_keys
from kiosk.equipment.devices import open_camera, open_card_reader
from kiosk.journeys.technician_views import TechnicianDesk
from kiosk.ledger.errors import LedgerError
from kiosk.records.roster import AskRoster, RosterTold
from kiosk.runtime.viewfinder import Viewfinder
from kiosk.service_manager import ServiceManager
from kiosk.technician import self_test
from kiosk.technician.first_run import FirstRunDesk, packages_beside
from kiosk.technician.hand_over import HandOver
from kiosk.technician.unprovisioned import UnprovisionedDesk
from kiosk.technician.way_in import desk_maker
from kiosk.uplink.__main__ import RUNS_ALREADY
from kiosk.uplink.__main__ import run as run_uplink
from kiosk.uplink.alone import AlreadyRunning

DEFAULT_CONFIGURATION = Path("/etc/kiosk/kiosk.toml")
DEFAULT_WORK = Path("/var/lib/card-terminal/provisioning")
"""The same as in deploy/systemd/take-over."""
USAGE = 64
"""Exit code of a wrong configuration, after sysexits.h EX_USAGE."""
INTERRUPTED = 128 + signal.SIGINT
"""As a shell has it of a program that Ctrl-C ends; what it had begun is whole or undone."""
READER_GONE = 128 + signal.SIGPIPE
"""Exit code of a printing command whose reader has gone, as a shell has it."""


class Exit(ExitCode):
    """Exit codes of what serves citizens, and of what makes it ready."""

    DONE = 0
    DISK = 1, "uplink: ledger or receipts can't be read or written"
    WRONG_ARGUMENTS = 2
    RUNS_ALREADY = RUNS_ALREADY, "another one runs by the same kiosk.toml"
    WRONG_CONFIGURATION = USAGE, "file and key are named; or the ledger can't be used"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    chosen = command_parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    try:
        return _run(chosen)
    except (ConfigurationError, LedgerError) as error:
        print(f"kiosk: {error}", file=sys.stderr)
        return USAGE
    except AlreadyRunning as error:
        print(f"kiosk: {error}", file=sys.stderr)
        return RUNS_ALREADY
    except KeyboardInterrupt:
        return INTERRUPTED


def command_parser() -> argparse.ArgumentParser:
    """All commands with their words, of which the pages of the manual and the shell's completion are made as well."""
    parser: argparse.ArgumentParser = Command(
        prog="kiosk", description="run the terminal, its uplink, or one of the technician's commands"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text, example in (
        ("run", "serve citizens", "kiosk run"),
        ("uplink", "upload what the ledger holds", "kiosk uplink"),
        ("check", "try all that a start needs before its window and its devices; changes nothing", "kiosk check"),
        (
            "first-run",
            "set a new terminal up on its screen, for root to take over; what the service of the first run runs",
            "kiosk first-run",
        ),
        (
            "enrol",
            "make this terminal's keys and ledger, and write what the centre must register",
            "kiosk enrol --request /root/terminal-request.json",
        ),
    ):
        epilog = closing(Exit, {example: text}, CONFIGURATION | STATE)
        command = commands.add_parser(name, help=text, description=text, epilog=epilog)
        command.add_argument("--config", type=Path, default=DEFAULT_CONFIGURATION, help="kiosk.toml")
        if name == "first-run":
            command.add_argument("--work", type=Path, default=DEFAULT_WORK, metavar="FOLDER", help="where it is set up")
        if name == "enrol":
            command.add_argument("--request", type=Path, required=True, help="where the request is written")
    card.add_parser(commands)
    ledger.add_parser(commands, DEFAULT_CONFIGURATION)
    region.add_parser(commands, DEFAULT_CONFIGURATION)
    handbook.add_parser(commands)
    photo.add_parser(commands, DEFAULT_CONFIGURATION)
    stock.add_parser(commands, DEFAULT_CONFIGURATION)
    plate.add_parser(commands, DEFAULT_CONFIGURATION)
    card_face.add_parser(commands)
    doctor.add_parser(commands, DEFAULT_CONFIGURATION)
    devices.add_parser(commands)
    config.add_parser(commands, DEFAULT_CONFIGURATION)
    queue.add_parser(commands, DEFAULT_CONFIGURATION)
    roster.add_parser(commands, DEFAULT_CONFIGURATION)
    support_bundle.add_parser(commands, DEFAULT_CONFIGURATION)
    provision.add_parser(commands, DEFAULT_CONFIGURATION)
    readiness.add_parser(commands, DEFAULT_CONFIGURATION)
    return parser


def _run(chosen: argparse.Namespace) -> int:
    match chosen.command:
        case "run":
            configuration = _as_handed_over(chosen.config)
            with (
                bootstrap.reserved_state(configuration),
                contextlib.closing(ServiceManager.of(os.environ)) as manager,
            ):
                if bootstrap.is_new(configuration):
                    bootstrap.run_assistant(
                        configuration, manager, lambda seen: _first_run_desk(chosen.config, configuration, seen)
                    )
                else:
                    bootstrap.run_terminal(
                        configuration,
                        manager,
                        desk=desk_maker(chosen.config, configuration),
                        self_test=lambda: self_test.without_devices(configuration, os.environ),
                    )
        case "first-run":
            _run_first(chosen.config, HandOver(chosen.work))
        case "uplink":
            bootstrap.harden_process()
            return run_uplink(bootstrap.uplink_settings(_as_handed_over(chosen.config)))
        case "check":
            bootstrap.harden_process()
            bootstrap.check_start(_as_handed_over(chosen.config))
            print("all that a start needs is there")
        case "enrol":
            bootstrap.harden_process()
            request = bootstrap.enrol(load_configuration(chosen.config))
            chosen.request.write_bytes(msgspec.json.encode(request))
        case _:
            return _printed(lambda: _tell(chosen))
    return 0


def _first_run_desk(file: Path, configuration: Configuration, viewfinder: Viewfinder) -> TechnicianDesk:
    """The steps of setting up; where this user may not write the settings, the command that does it."""
    if os.access(file, os.W_OK) and os.access(file.parent, os.W_OK):
        return FirstRunDesk(file, packages=lambda: packages_beside(file), viewfinder=viewfinder)
    return UnprovisionedDesk(configuration.terminal.id)


def _run_first(settings: Path, hand_over: HandOver) -> None:
    """The first run of an installed terminal, whose user may not write the settings."""
    file = hand_over.begin(settings.parent)
    configuration = load_configuration(file)
    bootstrap.refuse_lost_keys(configuration)
    with bootstrap.reserved_state(configuration), contextlib.closing(ServiceManager.of(os.environ)) as manager:
        bootstrap.run_assistant(
            configuration,
            manager,
            lambda seen: FirstRunDesk(
                file, packages=lambda: packages_beside(settings), hand_over=hand_over, viewfinder=seen
            ),
        )


def _tell(chosen: argparse.Namespace) -> int:
    """The commands that print what they find."""
    return _TELLING[chosen.command](chosen)


def _plate(chosen: argparse.Namespace) -> int:
    configuration = load_configuration(chosen.config)
    return plate.run(configuration, open_camera(configuration))


def _roster(chosen: argparse.Namespace) -> int:
    configuration = _as_handed_over(chosen.config)

    def ask(question: AskRoster) -> RosterTold:
        offset = ClockOffset(configuration.offset_path)
        with contextlib.closing(bootstrap.connect(configuration, read_centre_keys(configuration), offset)) as line:
            return line.ask("/v1/roster", question, RosterTold)

    return roster.run(chosen, configuration, ask)


_TELLING: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "card": lambda chosen: card.run(chosen, open_card_reader),
    "card-face": card_face.run,
    "config": config.run,
    "devices": devices.run,
    "doctor": doctor.run,
    "handbook": handbook.run,
    "ledger": lambda chosen: ledger.run(chosen, bootstrap.uplink_settings(_as_handed_over(chosen.config))),
    "photo": photo.run,
    "plate": _plate,
    "provision": provision.run,
    "queue": lambda chosen: queue.run(chosen, bootstrap.uplink_settings(_as_handed_over(chosen.config))),
    "readiness": readiness.run,
    "region": region.run,
    "roster": _roster,
    "selftest": doctor.run_self_test,
    "stock": lambda chosen: stock.run(chosen, _as_handed_over(chosen.config)),
    "support-bundle": support_bundle.run,
}


def _as_handed_over(file: Path) -> Configuration:
    """What a service runs by: the file, and the keys that the service manager hands over, if it does."""
    return with_credentials_of(os.environ, load_configuration(file))


def _printed(command: Callable[[], int]) -> int:
    """Run a command that prints. A reader that has seen enough, such as ``head``, is no fault."""
    try:
        code = command()
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the interpreter flushes once more at its end
        return READER_GONE
    return code


if __name__ == "__main__":
    sys.exit(main())
