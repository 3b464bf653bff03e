"""What is tried on the booted machine, step by step: each is a sentence for people and the work behind it."""

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Final

from sqlalchemy import select

from central.tables import TechnicianActRow
from simulators.card.technician_chip import TECHNICIANS, TechnicianChip, load_technician_card
from tests.e2e.installation import locks, shell, switched_off
from tests.e2e.installation.__main__ import expect
from tests.e2e.installation.site import PATIENCE_S, STAFF, STATE, TERMINAL, Site

GOES_S: Final = 200.0
"""Until the first screen stands again, with the terminal's number, after a citizen who went without a word."""
HOLDS_S: Final = 3.5
"""Longer than the terminal's number has to be held."""
TURNS_PX: Final = 300
"""From the page's number to the button that turns it, upright."""
NEW_START: Final = 133
"""nspawn's exit code for a machine that wants to be started anew."""
QUEUE_NOT_EMPTY, NOT_WORKING = 76, 70
"""Exit codes of deploy/install.sh."""
FREEZES_S: Final = 120.0
"""The watchdog bites after 20 s; then a start, which other work on the machine may draw out."""

Steps = Iterator[tuple[str, Callable[[], str]]]


class Trial(Site):
    """Somebody who installs from a bundle."""

    def steps(self) -> Steps:
        """Everything, in order."""
        yield "a bare Debian boots", self.boots
        yield "a damaged bundle is refused and nothing changes", self.refuses_a_damaged_bundle
        yield "the bundle is installed without a network", self.installs
        yield "the trial's display, reader and pad", self.gets_devices
        yield "keys are made and bound to the machine", self.enrols
        yield "the machine restarts and everything is active by itself", self.restarts
        yield "one citizen is served", self.serves
        yield "the doctor tells root how it is", lambda: shell.doctor_tells(self.machine)
        yield (
            "a page of the manual is shown, and a command completed",
            lambda: shell.manual_and_completion(self.machine),
        )
        yield "a frozen window is restarted by the watchdog", self.freezes
        yield "nothing but its own folders is writable for the terminal", self.writes_nowhere_else
        yield "nobody signs in", lambda: locks.nobody_signs_in(self.machine)
        yield "a stick is mounted by nothing", lambda: locks.nothing_mounts_a_stick(self.machine)
        yield "nothing is swapped", lambda: locks.nothing_is_swapped(self.machine)
        yield "nobody looks into memory, files or the screen", lambda: locks.nobody_looks_in(self.machine)
        yield "nothing listens", lambda: locks.nothing_listens(self.machine)
        yield "a crash leaves no core", lambda: locks.a_crash_leaves_no_core(self.machine)
        yield "its user has no other way off", lambda: switched_off.its_user_has_no_other_way(self.machine)
        yield "a technician starts the machine anew at its screen", self.is_started_anew
        yield "a sign switches it off", lambda: self.ends_by("switch-off")
        yield "the same bundle again changes nothing", self.installs_again
        yield "a newer version takes over and serves", self.upgrades
        yield "a version that does not start gives way to the one before", self.gives_way
        yield "back to the first version", self.rolls_back
        yield "it is not removed while entries wait", self.keeps_its_queue
        yield "removed; configuration, keys and ledger stay", self.removes
        yield "installed again it serves with its old ledger", self.comes_back
        yield "purged with its ledger once nothing waits", self.purges

    # --- Installing ------------------------------------------------------------------------------------------------

    def boots(self) -> str:
        self.machine.switch_on()
        return self.machine.run("systemctl", "--version").stdout.splitlines()[0]

    def refuses_a_damaged_bundle(self) -> str:
        with self.machine.path("/root/damaged.tar").open("wb") as damaged:
            damaged.write(self.machine.path("/root/bundle.tar").read_bytes())
            damaged.seek(damaged.tell() // 2)
            damaged.write(b"X")
        told = self.installer("--offline", "/root/damaged.tar")
        self.machine.run("rm", "/root/damaged.tar")
        expect(told.returncode == 65, f"ended with {told.returncode}: {told.stderr}")
        expect(not (self.machine.folder / "opt" / "card-terminal").exists(), "something was installed")
        return told.stderr.strip()

    def installs(self) -> str:
        told = self.installer("--offline", "/root/bundle.tar")
        expect(told.returncode == 0, told.stdout + told.stderr)
        expect(self.machine.run("dpkg", "--audit").stdout == "", "packages are half installed")
        return told.stdout.splitlines()[-1]

    def installer(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return self.machine.run("/root/install.sh", *arguments)

    # --- Serving on ------------------------------------------------------------------------------------------------

    def is_started_anew(self) -> str:
        """Card and PIN, the page, pressed twice; the centre has heard of it before the machine ends."""
        assert self._slot is not None
        assert self._pad is not None
        assert self._pad.stdin is not None
        self.knows_its_pad()
        with self.screen() as screen:
            _, box = screen.wait_for(TERMINAL, timeout_s=GOES_S)
            screen.press(*box.centre)
            time.sleep(HOLDS_S)
            screen.lift()
            self.touches(screen, "用维护卡")
            self._slot.insert(TechnicianChip(load_technician_card(TECHNICIANS / "t1001.json")))
            self.pad_says("entering plain")
            self._pad.stdin.write("press 135790\nenter\n")
            _, box = screen.wait_for("1 / 2", timeout_s=PATIENCE_S)
            x, y = box.centre
            screen.touch_until_heard(x + TURNS_PX, y)
            self.touches(screen, "开放、停止、重启、关机")
            self.touches(screen, "重启机器")
            screen.wait_for("再点一次", timeout_s=PATIENCE_S)
            self.touches(screen, "重启机器")
        self._slot.pull()
        self.unplugs_the_pad()
        code = self.machine.wait_until_off(switched_off.ENDS_S)
        expect(code == NEW_START, f"it ended with {code}")
        with self.centre.database.reading() as session:
            told = list(session.scalars(select(TechnicianActRow.act).where(TechnicianActRow.staff == STAFF)))
        expect("restart-machine" in told, f"the centre has heard of {told} only")
        return f"the centre has heard of {', '.join(told)}; then {self.restarts()}"

    def ends_by(self, sign: str) -> str:
        self.unplugs_the_pad()
        told = switched_off.a_sign_ends_the_machine(self.machine, sign)
        return f"{told}; then {self.restarts()}"

    def freezes(self) -> str:
        unit = "card-terminal.service"
        began, process = time.monotonic(), self.machine.show(unit, "MainPID")
        self.machine.run("sh", "-c", f"kill -STOP {process}")
        while self.machine.show(unit, "MainPID") in {process, "0"} or not self.machine.active(unit):
            expect(time.monotonic() < began + FREEZES_S, "nobody restarted it")
            time.sleep(0.5)
        told = self.machine.run("journalctl", "-b", "--no-pager", "-u", unit).stdout
        expect("Watchdog timeout" in told, "it was not the watchdog")
        return f"after {time.monotonic() - began:.0f} s, restarts: {self.machine.show(unit, 'NRestarts')}"

    def writes_nowhere_else(self) -> str:
        """As the user everywhere, and as the process itself, which sees less."""
        search = (
            r"find / -xdev \( -path /proc -o -path /sys -o -path /mnt/harness \) -prune -o"
            r" \( -type f -o -type d \) -writable -print 2>/dev/null"
        )
        as_user = self.machine.run("runuser", "-u", "card-terminal", "--", "sh", "-c", search).stdout.splitlines()
        own = re.compile(rf"({STATE}|/run/card-terminal)(/|$)")
        # Everybody's scratch folders; in the unit they are the unit's own.
        scratch = re.compile(r"(/tmp|/var/tmp|/run/lock|/dev/shm|/dev/mqueue)(/\.[A-Z0-9a-z]+-unix)?$")
        strange = [path for path in as_user if not own.match(path) and not scratch.match(path)]
        expect(not strange, f"writable: {' '.join(strange[:8])}")
        for unit in ("card-terminal.service", "card-terminal-uplink.service"):
            process = self.machine.show(unit, "MainPID")
            inside = ["nsenter", f"--target={process}", "--mount", "setpriv", "--reuid=card-terminal"]
            inside += ["--regid=card-terminal", "--init-groups", "sh", "-c", search.replace(" -xdev", "")]
            seen = self.machine.run(*inside).stdout.splitlines()
            strange = [
                path for path in seen
                if not own.match(path) and not scratch.match(path) and not re.match(r"/(tmp|var/tmp|dev)(/|$)", path)
            ]  # fmt: skip
            expect(not strange, f"{unit} could write {' '.join(strange[:8])}")
        return f"{len([path for path in as_user if own.match(path)])} files and folders, all under {STATE}"

    # --- Upgrade, way back, removal --------------------------------------------------------------------------------

    def current(self) -> str:
        return self.machine.run("readlink", "/opt/card-terminal/current").stdout.strip()

    def installs_again(self) -> str:
        before, process = self.current(), self.machine.path("/etc/kiosk/kiosk.toml").read_bytes()
        told = self.installer("--offline", "/root/bundle.tar")
        expect(told.returncode == 0, told.stdout + told.stderr)
        expect(self.current() == before, "another version")
        expect(self.machine.path("/etc/kiosk/kiosk.toml").read_bytes() == process, "the configuration was overwritten")
        self.all_active()
        return before

    def upgrades(self) -> str:
        before = self.current()
        configuration = self.machine.path("/etc/kiosk/kiosk.toml").read_bytes()
        told = self.installer("--offline", "/root/newer.tar")
        expect(told.returncode == 0, told.stdout + told.stderr)
        expect(self.current() != before, "the version before")
        expect(self.machine.path("/etc/kiosk/kiosk.toml").read_bytes() == configuration, "configuration overwritten")
        self.all_active()
        return f"{before} to {self.current()}; {self.serves()}"

    def gives_way(self) -> str:
        before = self.current()
        told = self.installer("--offline", "/root/broken.tar")
        expect(told.returncode == NOT_WORKING, f"ended with {told.returncode}: {told.stdout}{told.stderr}")
        expect(self.current() == before, f"{self.current()} stays in place")
        self.all_active()
        return told.stderr.strip().splitlines()[-1]

    def rolls_back(self) -> str:
        before = self.current()
        told = self.machine.run("/usr/sbin/card-terminal-install", "--rollback")
        expect(told.returncode == 0, told.stdout + told.stderr)
        expect(self.current() != before, "the same version")
        self.all_active()
        return f"{before} to {self.current()}; {self.serves()}"

    def keeps_its_queue(self) -> str:
        self.centre.stop()
        with self.screen() as screen:
            self.queries(screen)
        told = self.machine.run("/usr/sbin/card-terminal-install", "--remove", "--wait", "5")
        expect(told.returncode == QUEUE_NOT_EMPTY, f"ended with {told.returncode}: {told.stdout}{told.stderr}")
        self.all_active()
        destroying = self.machine.run(
            "/usr/sbin/card-terminal-install", "--purge", "--with-ledger", "--leave-queue", "--wait", "5"
        )
        expect(destroying.returncode == QUEUE_NOT_EMPTY, "entries would have been destroyed")
        self.all_active()
        self.centre.start()
        return told.stderr.strip()

    def removes(self) -> str:
        return self.is_gone_after("/usr/sbin/card-terminal-install", "--remove").stdout.splitlines()[-1]

    def is_gone_after(self, *command: str) -> "subprocess.CompletedProcess[str]":
        told = self.machine.run(*command)
        expect(told.returncode == 0, told.stdout + told.stderr)
        for gone in ("/opt/card-terminal", "/usr/lib/card-terminal", "/usr/lib/systemd/system/card-terminal.service"):
            expect(not self.machine.path(gone).exists(), f"{gone} is left")
        for kept in ("/etc/kiosk/kiosk.toml", *self.only_here()):
            expect(self.machine.path(kept).exists(), f"{kept} is gone")
        masked = self.machine.run("systemctl", "is-enabled", "getty@.service").stdout.strip()
        expect(masked != "masked", "no console comes back")
        return told

    def only_here(self) -> tuple[str, ...]:
        """What nobody can bring again once it is lost."""
        return f"{STATE}/ledger", *(
            f"/etc/credstore.encrypted/card-terminal.{key}.key" for key in ("storage", "terminal")
        )

    def comes_back(self) -> str:
        told = self.installer("--offline", "/root/bundle.tar")
        expect(told.returncode == 0, told.stdout + told.stderr)
        self.all_active()
        return self.serves()

    def purges(self) -> str:
        told = self.machine.run("/usr/sbin/card-terminal-install", "--purge", "--with-ledger")
        expect(told.returncode == 0, told.stdout + told.stderr)
        for gone in ("/opt/card-terminal", "/etc/kiosk", STATE, "/etc/credstore.encrypted/card-terminal.storage.key"):
            expect(not self.machine.path(gone).exists(), f"{gone} is left")
        expect(self.machine.run("getent", "passwd", "card-terminal").returncode != 0, "the user is left")
        return told.stdout.splitlines()[-1]
