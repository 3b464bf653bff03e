"""What only a booted system shows of the lock-down (docs/lockdown.md)."""

import re
import time
from typing import Final

from tests.e2e.installation.__main__ import expect
from tests.e2e.installation.machine import HARNESS, ROOT, Machine

STATE: Final = "/var/lib/card-terminal"
PROGRAMS: Final = ("card-terminal.service", "card-terminal-uplink.service")
MOUNTERS: Final = frozenset(
    {"autofs", "gvfs", "pmount", "thunar-volman", "udevil", "udiskie", "udisks2", "usbmount", "devmon"}
)
"""Debian's packages that mount a stick by themselves, or let whoever is there do it."""
RESTARTS_S: Final = 120.0
DOOR: Final = """
import os, socket
from tests.lockdown.sockets import listeners
door = socket.create_server(("127.0.0.1", 0))
print(os.getpid(), *listeners(), sep="\\n")
"""


def nobody_signs_in(machine: Machine) -> str:
    """No getty on any terminal, and the running logind makes none when somebody would switch."""
    masked = [
        line for line in (ROOT / "deploy" / "systemd" / "masked-units.txt").read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    ]  # fmt: skip
    for unit in masked:
        stands = machine.run("systemctl", "is-enabled", unit).stdout.strip()
        expect(stands == "masked", f"{unit} is {stands}")
        # A template is of no state; what was made of it is asked for below.
        if "@" not in unit:
            expect(not machine.active(unit), f"{unit} is active")
    listed = ("systemctl", "list-units", "--plain", "--no-legend", "--state=active", "--type=service")
    gettys = machine.run(*listed, "*getty*", "autovt@*").stdout
    expect(gettys == "", f"somebody may sign in: {gettys}")
    manager = ("org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager", "NAutoVTs")
    told = machine.run("busctl", "get-property", *manager).stdout.strip()
    expect(told == "u 0", f"logind makes terminals by itself: {told!r}")
    return f"{len(masked)} units masked, no getty, no terminal of logind's own"


def nothing_mounts_a_stick(machine: Machine) -> str:
    """Nothing that mounts is installed, and the rules that forbid it are where udev looks."""
    installed = set(machine.run("dpkg-query", "-W", "-f", "${Package}\n").stdout.split())
    expect(not installed & MOUNTERS, f"mounts by itself: {installed & MOUNTERS}")
    told = machine.run("systemctl", "list-units", "--plain", "--no-legend", "--type=automount").stdout
    mounts = {line.split()[0] for line in told.splitlines()} - {"proc-sys-fs-binfmt_misc.automount"}
    expect(not mounts, f"mounts by itself: {mounts}")
    rules = machine.path("/etc/udev/rules.d/70-card-terminal.rules").read_text("utf-8")
    expect('ENV{UDISKS_IGNORE}="1"' in rules, "the rule is not there")
    return f"{len(installed)} packages, none of them mounts"


def nothing_is_swapped(machine: Machine) -> str:
    """No swap of this machine's, and none allowed to the terminal, in the kernel's own words where it tells them."""
    swaps = machine.run("systemctl", "list-units", "--plain", "--no-legend", "--type=swap", "--state=active").stdout
    expect(swaps == "", f"there is swap: {swaps}")
    expect(machine.show("cardterminal.slice", "MemorySwapMax") == "0", "the slice may swap")
    expect(machine.show("pcscd.service", "MemorySwapMax") == "0", "pcscd may swap")
    group = machine.show("cardterminal.slice", "ControlGroup")
    told = machine.run("cat", f"/sys/fs/cgroup{group}/memory.swap.max")
    if told.returncode != 0:
        return "no swap; this kernel counts none for a group"
    expect(told.stdout.strip() == "0", f"the kernel lets it swap {told.stdout}")
    return "no swap; the kernel holds the terminal to 0"


def nobody_looks_in(machine: Machine) -> str:
    """A process of the terminal's own user reads neither memory nor environment of either; nobody else reads a file."""
    for unit in PROGRAMS:
        process = machine.show(unit, "MainPID")
        for what in ("mem", "environ"):
            told = machine.run("runuser", "-u", "card-terminal", "--", "head", "-c", "1", f"/proc/{process}/{what}")
            expect(told.returncode != 0, f"{unit}: its own user reads {what}")
            expect("ermission denied" in told.stderr, f"{unit}: {what}: {told.stderr}")
    closed: tuple[str, ...] = (STATE, "/etc/kiosk", "/etc/credstore.encrypted", "/run/card-terminal-display")
    closed += tuple(f"/run/credentials/{unit}" for unit in PROGRAMS)
    for place in closed:
        expect(machine.run("test", "-e", place).returncode == 0, f"{place} is not there")
        told = machine.run("runuser", "-u", "nobody", "--", "ls", place)
        expect(told.returncode != 0, f"anybody reads {place}: {told.stdout}")
    drawing = ("env", "DISPLAY=:0", "XAUTHORITY=/run/card-terminal-display/authority", "hsetroot", "-solid", "#f3f6fb")
    for user, draws in (("card-terminal", True), ("nobody", False)):
        told = machine.run("runuser", "-u", user, "--", *drawing)
        expect((told.returncode == 0) == draws, f"{user} draws on the screen: {draws} was wanted, {told.stderr}")
    return f"neither memory nor environment; {len(closed)} folders and the screen are closed to others"


def nothing_listens(machine: Machine) -> str:
    """But the trial's own virtual reader, in pcscd; a door that is opened meanwhile is seen by the same eye."""
    path = f"PYTHONPATH={HARNESS}/repository"
    told = machine.run("env", path, "PYTHONDONTWRITEBYTECODE=1", "python3", "-c", DOOR)
    expect(told.returncode == 0, told.stderr)
    own, *heard = told.stdout.splitlines()
    expect(any(line.split()[0] == own for line in heard), "an open door is not seen")
    strange = [line for line in heard if line.split()[0] != own and line.split()[1] != "pcscd"]
    expect(not strange, f"listens: {'; '.join(strange)}")
    return "nobody but the trial's own virtual reader"


def a_crash_leaves_no_core(machine: Machine) -> str:
    """The terminal is killed as by a fault of its own: it is started anew, and no file of its memory is left."""
    unit = "card-terminal.service"
    machine.run("touch", "/run/before-the-crash")
    process = machine.show(unit, "MainPID")
    machine.run("sh", "-c", f"kill -SEGV {process}")
    ends = time.monotonic() + RESTARTS_S
    while machine.show(unit, "MainPID") in {process, "0"} or not machine.active(unit):
        expect(time.monotonic() < ends, "nobody restarted it")
        time.sleep(0.5)
    told = machine.run("journalctl", "-b", "--no-pager", "-u", unit).stdout
    expect(re.search(r"code=killed, status=11/SEGV", told), f"it did not die of it, or left a core: {told[-800:]}")
    search = r"find / -xdev \( -path /proc -o -path /sys -o -path /mnt/harness \) -prune -o"
    search += r" -type f -newer /run/before-the-crash \( -name 'core' -o -name 'core.*' -o -size +64M \) -print"
    left = machine.run("sh", "-c", search).stdout.split()
    expect(not left, f"left: {' '.join(left)}")
    return "restarted; no core, and no large file that was not there before"
