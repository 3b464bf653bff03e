"""An installed machine becomes a terminal as the handbook has it: devices plugged in, ``provision`` with a code."""

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from central.enrolment import EnrolmentRequest, PadOfTerminal, enrol
from central.enrolment_codes import make_code, package
from central.tables import Terminal, TerminalLedger
from simulators.pin_pad import TEST_MASTER_KEY
from tests.centre import RunningCentre
from tests.e2e.installation.machine import Machine

PORTS: Final = Path("/dev/card-terminal")
"""Where an installed terminal finds its serial devices, by the names of docs/systemd.md."""
PROVISION: Final = "/usr/lib/card-terminal/provision"
READER: Final = "Virtual PCD 00 00"
"""The first slot of the virtual reader, as Debian's package configures it."""
CONTACT_STATION: Final = "Virtual PCD 00 01"
PLACE: Final = "市人社局一楼大厅东侧"
_ANSWERS: Final = "/run/answers.toml"


def open_ports(machine: Machine) -> None:
    """Do what udev's rules do on a machine that has udev: serial ports are the terminal's group's."""
    group = machine.run("getent", "group", "card-terminal").stdout.split(":")[2]
    machine.run("mount", "-o", f"remount,mode=660,gid={group}", "/dev/pts")
    machine.run("mkdir", "-p", str(PORTS))


def provision(
    machine: Machine, centre: RunningCentre, terminal: str, region: str, *, url: str, ports: Iterable[str]
) -> "subprocess.CompletedProcess[str]":
    """Set it up without a question, with what the centre puts onto a stick.

    :param url: where the terminal finds the centre.
    :param ports: at which something hangs, by their names below :data:`PORTS`.
    """
    code = make_code(centre.database, terminal, region, centre.clock)
    stick = package(centre.settings, centre.keys, terminal, region, code, url)
    machine.put("/root/enrolment.json", msgspec.json.encode(stick))
    machine.put(_ANSWERS, f'language = "zh"\nplace = "{PLACE}"\n[devices]\ncard_reader = "{READER}"\n')
    words = [word for port in ports for word in ("--port", str(PORTS / port))]
    return machine.run(PROVISION, "/root/enrolment.json", "--answers", _ANSWERS, *words)


def register_pad(centre: RunningCentre, terminal: str, serial: str) -> None:
    """What the key-loading room tells the centre of a pad before it is built in."""
    with centre.database.reading() as session:
        known = session.get_one(Terminal, terminal)
        (ledger,) = session.query(TerminalLedger).where(TerminalLedger.terminal == terminal)
        request = EnrolmentRequest(
            terminal=terminal,
            region=known.region,
            public_key=known.public_key,
            ledger_id=ledger.ledger_id,
            pad=PadOfTerminal(serial=serial, master_key=TEST_MASTER_KEY),
        )
    enrol(centre.database, centre.keys, request, centre.clock)


def pad_memory(file: Path, serial: str) -> None:
    """A PIN pad as it comes from that room."""
    memory = {"serial": serial, "master": {"0": TEST_MASTER_KEY.hex()}, "working": {}}
    file.write_text(json.dumps(memory), encoding="ascii")


def give_stand_ins(machine: Machine) -> None:
    """Xvfb in the place of Xorg, and a virtual card reader, from the packages in ``/root/extra``.

    :raises RuntimeError: they can't be installed.
    """
    machine.put("/root/extra.list", "deb [trusted=yes] file:/root/extra ./\n")
    sources = ["-o", "Dir::Etc::sourcelist=/root/extra.list", "-o", "Dir::Etc::sourceparts=/dev/null"]
    for words in (["update"], ["install", "--no-install-recommends", "xvfb", "vsmartcard-vpcd"]):
        told = machine.run(
            "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-y", *sources,
            "-o", "APT::Sandbox::User=root", *words,
        )  # fmt: skip
        if told.returncode != 0:
            raise RuntimeError(told.stderr)
    machine.put(
        "/etc/systemd/system/card-terminal-display.service.d/trial.conf",
        "[Service]\nExecStart=\nExecStart=/usr/bin/Xvfb :0 -screen 0 1080x1920x24"
        " -auth /run/card-terminal-display/authority -nolisten tcp -noreset\n",
    )
