"""What a technician finds at the console of an installed terminal: the doctor, the manual, the shell's completion."""

import json
from typing import Final

from tests.e2e.installation.__main__ import expect
from tests.e2e.installation.machine import Machine

COMPLETES: Final = """
. /usr/share/bash-completion/bash_completion
COMP_WORDS=(kiosk do) COMP_CWORD=1 COMP_LINE='kiosk do' COMP_POINT=8
_completion_loader kiosk || [ $? -eq 124 ]
$(complete -p kiosk | sed 's/.* -F \\([^ ]*\\) .*/\\1/') kiosk do kiosk
printf '%s\\n' "${COMPREPLY[@]}"
"""
"""As the shell does when Tab is pressed behind ``kiosk do``."""


def doctor_tells(machine: Machine) -> str:
    """Root asks without further ado. The terminal serves: the doctor finds no fault, and its keys at hand."""
    told = machine.run("kiosk", "doctor", "--json")
    expect(told.stdout, f"nothing but {told.stderr}")
    states = {finding["check"]: finding["state"] for finding in json.loads(told.stdout)["findings"]}
    expect(told.returncode in {0, 40}, f"ended with {told.returncode}: {told.stdout}")
    for check in ("keys", "ledger", "queue", "sign_in", "services", "terminal", "card_reader", "pin_pad"):
        expect(states[check] == "well", f"{check} is {states[check]}: {told.stdout}")
    spoken = machine.run("kiosk", "doctor").stdout
    expect("密码键盘" in spoken, f"it speaks otherwise: {spoken}")
    left = machine.run("find", "/var/lib/card-terminal", "!", "-user", "card-terminal").stdout
    expect(left == "", f"root's in the terminal's state: {left}")
    return f"{sum(state == 'well' for state in states.values())} of {len(states)} checks are well, none a fault"


def manual_and_completion(machine: Machine) -> str:
    """What was laid down is found by the programs that it is for."""
    page = machine.run("env", "MANWIDTH=80", "man", "kiosk-doctor")
    expect(page.returncode == 0, page.stderr)
    lines = [line for line in page.stdout.splitlines() if line.strip()]
    expect(lines[0].startswith("KIOSK-DOCTOR(1)"), f"another page: {lines[:2]}")
    expect(any("--fix" in line for line in lines), "the page names no option")
    completed = machine.run("bash", "-c", COMPLETES)
    expect(completed.stdout.split() == ["doctor"], f"completes to {completed.stdout!r}, {completed.stderr}")
    return f"{len(lines)} lines of kiosk-doctor(1); kiosk do, Tab: doctor"
