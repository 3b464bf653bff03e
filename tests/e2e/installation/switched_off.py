"""How the machine is switched off and started anew from its screen: by a sign, by nothing else (docs/systemd.md)."""

import time
from collections.abc import Callable
from functools import partial
from typing import Final

from tests.e2e.installation.__main__ import expect
from tests.e2e.installation.machine import Machine

SIGNS: Final = "/run/card-terminal"
UNITS: Final = {"switch-off": "PowerOff", "start-anew": "Reboot"}
"""Each sign, and what logind calls the same."""
ENDS_S: Final = 150.0
"""Longer than the terminal may take to bring a citizen to an end."""
THROW: Final = """
import os
from kiosk.power_switch import Power, PowerSwitch
print(PowerSwitch.of(os.environ, lambda: True).throw(Power({sign!r})))
"""


def its_user_has_no_other_way(machine: Machine) -> str:
    """Not by systemd's commands, not by logind, not by starting the units, and not by a sign that is no file."""
    manager = ("org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager")
    tried = 0
    for sign, method in UNITS.items():
        for command in (
            ("busctl", "call", *manager, method, "b", "false"),
            ("systemctl", "--no-ask-password", "start", f"card-terminal-{sign}.service"),
            ("systemctl", "--no-ask-password", "poweroff" if sign == "switch-off" else "reboot"),
        ):
            told = machine.run("runuser", "-u", "card-terminal", "--", *command)
            expect(told.returncode != 0, f"the terminal's user may: {' '.join(command)}")
            tried += 1
        machine.run("runuser", "-u", "card-terminal", "--", "mkdir", f"{SIGNS}/{sign}")
        _until(partial(_has_failed, machine, f"card-terminal-{sign}.path"))
        state = machine.run("systemctl", "is-system-running").stdout.strip()
        expect(state in {"running", "degraded"}, f"a folder in the sign's place is obeyed: {state}")
        machine.run("rmdir", f"{SIGNS}/{sign}")
        machine.run("systemctl", "reset-failed", f"card-terminal-{sign}.path", f"card-terminal-{sign}.service")
        machine.run("systemctl", "start", f"card-terminal-{sign}.path")
    others = machine.run("runuser", "-u", "nobody", "--", "touch", f"{SIGNS}/switch-off")
    expect(others.returncode != 0, "anybody may lay down a sign")
    return f"{tried} commands refused, two folders in the signs' places failed and nothing else"


def a_sign_ends_the_machine(machine: Machine, sign: str) -> str:
    """The running terminal's sight of the folder, its code, its user: heard, and the machine ends in order."""
    process = machine.show("card-terminal.service", "MainPID")
    inside = ("nsenter", f"--target={process}", "--mount", "setpriv", "--reuid=card-terminal", "--regid=card-terminal")
    python = ("/opt/card-terminal/current/bin/python", "-c", THROW.format(sign=sign))
    told = machine.run(*inside, "--clear-groups", "env", f"RUNTIME_DIRECTORY={SIGNS}", *python)
    expect(told.stdout.strip() == "True", f"not heard: {told.stdout}{told.stderr}")
    began = time.monotonic()
    code = machine.wait_until_off(ENDS_S)
    return f"heard; off after {time.monotonic() - began:.0f} s, with {code}"


def _has_failed(machine: Machine, unit: str) -> bool:
    return machine.show(unit, "ActiveState") == "failed"


def _until(there: Callable[[], bool]) -> None:
    ends = time.monotonic() + ENDS_S
    while not there():
        expect(time.monotonic() < ends, "never")
        time.sleep(0.2)
