"""What is tried on the booted machine, step by step: each is a sentence for people and the work behind it."""

import json
import os
import queue
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import cv2
import msgspec

from central.enrolment import EnrolmentRequest, PadOfTerminal, enrol
from simulators.card.slot import CardSlot
from simulators.pin_pad import TEST_MASTER_KEY
from simulators.screen import Screen
from tests.centre import RunningCentre
from tests.e2e.installation import assistant, locks
from tests.e2e.installation.__main__ import NotAsItShould, expect
from tests.e2e.installation.machine import ROOT, Machine
from tests.stack import chip
from tests.terminal import TerminalFolder

TERMINAL: Final = "zmd-0001"
REGION: Final = "zhumadian"
CARD, PIN = "zhumadian-normal", "246810"
PAD_SERIAL: Final = "PADzmd-0001"
STATE: Final = "/var/lib/card-terminal"
SERVICES: Final = (
    "card-terminal-check.service", "card-terminal-display.service", "card-terminal.service",
    "card-terminal-uplink.service",
)  # fmt: skip
QUEUE_NOT_EMPTY, NOT_WORKING = 76, 70
"""Exit codes of deploy/install.sh."""
PATIENCE_S: Final = 90.0
"""A citizen's, on a machine with other work."""
FREEZES_S: Final = 120.0
"""The watchdog bites after 20 s; then a start, which other work on the machine may draw out."""

Steps = Iterator[tuple[str, Callable[[], str]]]


class Trial(AbstractContextManager["Trial"]):
    """A centre outside the machine, a card slot and a PIN pad at it, and somebody who installs."""

    def __init__(self, machine: Machine, build: Path, *, on_screen: bool = False) -> None:
        """:param on_screen: only the installation that is set up on its screen."""
        self.machine, self.build, self.on_screen = machine, build, on_screen
        shutil.rmtree(build / "centre-folder", ignore_errors=True)
        self.centre = RunningCentre(build / "centre-folder")
        self._pad: subprocess.Popen[str] | None = None
        self._pad_said: queue.Queue[str] = queue.Queue()
        self._slot: CardSlot | None = None
        self.devices = ExitStack()
        """Further ones, which stay to the end."""

    def __enter__(self) -> Self:
        self.centre.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._slot is not None:
            self._slot.close()
        self.unplugs_the_pad()
        self.devices.close()
        self.centre.stop()
        self.centre.database.close()
        shutil.rmtree(self.build / "centre-folder", ignore_errors=True)

    def steps(self) -> Steps:
        """Everything, in order."""
        yield "a bare Debian boots", self.boots
        if self.on_screen:
            yield from assistant.steps(self, bare=True)
            return
        yield "a damaged bundle is refused and nothing changes", self.refuses_a_damaged_bundle
        yield "the bundle is installed without a network", self.installs
        yield "the trial's display, reader and pad", self.gets_devices
        yield "keys are made and bound to the machine", self.enrols
        yield "the machine restarts and everything is active by itself", self.restarts
        yield "one citizen is served", self.serves
        yield "a frozen window is restarted by the watchdog", self.freezes
        yield "nothing but its own folders is writable for the terminal", self.writes_nowhere_else
        yield "nobody signs in", lambda: locks.nobody_signs_in(self.machine)
        yield "a stick is mounted by nothing", lambda: locks.nothing_mounts_a_stick(self.machine)
        yield "nothing is swapped", lambda: locks.nothing_is_swapped(self.machine)
        yield "nobody looks into memory, files or the screen", lambda: locks.nobody_looks_in(self.machine)
        yield "nothing listens", lambda: locks.nothing_listens(self.machine)
        yield "a crash leaves no core", lambda: locks.a_crash_leaves_no_core(self.machine)
        yield "the same bundle again changes nothing", self.installs_again
        yield "a newer version takes over and serves", self.upgrades
        yield "a version that does not start gives way to the one before", self.gives_way
        yield "back to the first version", self.rolls_back
        yield "it is not removed while entries wait", self.keeps_its_queue
        yield "removed; configuration, keys and ledger stay", self.removes
        yield "installed again it serves with its old ledger", self.comes_back
        yield "purged with its ledger once nothing waits", self.purges
        yield from assistant.steps(self)

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

    def gets_devices(self) -> str:
        self.machine.put("/root/extra.list", "deb [trusted=yes] file:/root/extra ./\n")
        sources = ["-o", "Dir::Etc::sourcelist=/root/extra.list", "-o", "Dir::Etc::sourceparts=/dev/null"]
        for words in (["update"], ["install", "--no-install-recommends", "xvfb", "vsmartcard-vpcd"]):
            told = self.machine.run(
                "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-y", *sources,
                "-o", "APT::Sandbox::User=root", *words,
            )  # fmt: skip
            expect(told.returncode == 0, told.stderr)
        self.machine.put(
            "/etc/systemd/system/card-terminal-display.service.d/trial.conf",
            "[Service]\nExecStart=\nExecStart=/usr/bin/Xvfb :0 -screen 0 1080x1920x24"
            " -auth /run/card-terminal-display/authority -nolisten tcp -noreset\n",
        )
        return "Xvfb in the place of Xorg, a virtual reader, a pad on a pseudo-terminal"

    def configures(self) -> None:
        """Fill the pattern that the installer has laid there, as a technician would."""
        text = self.machine.path("/etc/kiosk/kiosk.toml").read_text("utf-8")
        for old, new in (
            ('id = "to-be-set"', f'id = "{TERMINAL}"'),
            ('name = "to-be-set"', 'name = "Virtual PCD"'),
            ("https://centre.invalid", self.centre.url),
        ):
            expect(text.count(old) == 1, f"the pattern has no {old}")
            text = text.replace(old, new)
        self.machine.put("/etc/kiosk/kiosk.toml", text)
        self.machine.put("/etc/kiosk/ca.pem", self.centre.ca_file.read_bytes())
        self.machine.put("/etc/kiosk/centre.json", msgspec.json.encode(self.centre.public))

    def enrols(self) -> str:
        self.configures()
        told = self.machine.run("/usr/lib/card-terminal/enrol")
        expect(told.returncode == 0, told.stderr)
        request = msgspec.json.decode(self.machine.path("/root/terminal-request.json").read_bytes(), type=dict)
        request["pad"] = msgspec.to_builtins(PadOfTerminal(serial=PAD_SERIAL, master_key=TEST_MASTER_KEY))
        enrol(
            self.centre.database, self.centre.keys, msgspec.convert(request, EnrolmentRequest), self.centre.clock
        )  # fmt: skip
        open_keys = self.machine.run(
            "find", STATE, "/etc", "-name", "terminal.key", "-o", "-name", "storage.key"
        ).stdout
        expect(open_keys == "", f"open keys are left: {open_keys}")
        again = self.machine.run("/usr/lib/card-terminal/enrol")
        expect(again.returncode == 1, "keys were made twice")
        return told.stdout.strip()

    # --- Serving ---------------------------------------------------------------------------------------------------

    def restarts(self) -> str:
        self.switches_on_anew()
        self.all_active()
        expect(self.machine.run("systemctl", "is-enabled", "getty.target").stdout.strip() == "masked", "a getty waits")
        return ", ".join(f"{unit} {self.machine.show(unit, 'StatusText') or 'active'}" for unit in SERVICES)

    def switches_on_anew(self) -> None:
        """Off and on again, with the devices that hang on it."""
        self.unplugs_the_pad()
        self.machine.switch_off()
        self.machine.switch_on()
        self.plugs_in_the_pad()
        self._slot = CardSlot(None)

    def plugs_in_the_pad(self) -> None:
        memory = {"serial": PAD_SERIAL, "master": {"0": TEST_MASTER_KEY.hex()}, "working": {}}
        self.machine.put("/run/pin-pad.json", json.dumps(memory))
        self.machine.run("mkdir", "-p", "/dev/card-terminal")
        self._pad = self.machine.simulator(
            "simulators.pin_pad", "--link", "/dev/card-terminal/pin-pad", "--state", "/run/pin-pad.json"
        )
        threading.Thread(target=self.listens_to, args=(self._pad,), daemon=True).start()
        self.pad_says("ready")
        # What udev's rule does on a machine that has udev.
        self.machine.run("sh", "-c", "chown root:card-terminal $(readlink -f /dev/card-terminal/pin-pad)")
        self.machine.run("sh", "-c", "chmod 0660 $(readlink -f /dev/card-terminal/pin-pad)")

    def unplugs_the_pad(self) -> None:
        """It runs on the machine, which would wait for it before it is off."""
        if self._pad is not None:
            assert self._pad.stdin is not None
            self._pad.stdin.close()
            self._pad.wait(PATIENCE_S)
            self._pad = None

    def listens_to(self, pad: "subprocess.Popen[str]") -> None:
        assert pad.stdout is not None
        for line in pad.stdout:
            self._pad_said.put(line)

    def pad_says(self, words: str) -> None:
        heard: list[str] = []
        while True:
            try:
                line = self._pad_said.get(timeout=PATIENCE_S)
            except queue.Empty:
                raise NotAsItShould(f"the pad never said {words}, but {heard}") from None
            heard.append(line.strip())
            if line.startswith(words):
                return

    def all_active(self, units: tuple[str, ...] = SERVICES) -> None:
        ends = time.monotonic() + PATIENCE_S
        while not all(self.machine.active(unit) for unit in units):
            if time.monotonic() > ends:
                told = self.machine.run("journalctl", "-b", "-n", "40", "--no-pager", "-u", "card-terminal*").stdout
                raise NotAsItShould(f"not all active:\n{told}")
            time.sleep(0.5)

    def serves(self, terminal: str = TERMINAL) -> str:
        before = len(self.stored(terminal))
        with self.screen() as screen:
            try:
                self.queries(screen)
                screen.wait_for("看完了", timeout_s=PATIENCE_S)
            finally:
                picture = screen.capture()
                if picture is not None:
                    cv2.imwrite(str(self.build / "served.png"), picture)
            self.touches(screen, "看完了")
        ends = time.monotonic() + PATIENCE_S
        while len(self.stored(terminal)) == before:
            expect(time.monotonic() < ends, "the centre has heard of nobody")
            time.sleep(0.2)
        return f"{len(self.stored(terminal)) - before} entries at the centre, {self.build / 'served.png'}"

    def queries(self, screen: Screen) -> None:
        """One visit, up to the card in one's hand again."""
        assert self._slot is not None
        assert self._pad is not None
        assert self._pad.stdin is not None
        self.touches(screen, "点这里开始")
        self.touches(screen, "查我的卡")
        screen.wait_for("请插入社会保障卡", timeout_s=PATIENCE_S)
        self._slot.insert(chip(CARD))
        screen.wait_for("请在键盘上输入", timeout_s=PATIENCE_S)
        self.pad_says("entering plain")  # the chip checks it here
        self._pad.stdin.write(f"press {PIN}\nenter\n")
        screen.wait_for("请取走您的卡", timeout_s=PATIENCE_S)
        self._slot.pull()

    def touches(self, screen: Screen, words: str) -> None:
        _, box = screen.wait_for(words, timeout_s=PATIENCE_S)
        screen.touch_until_heard(*box.centre)

    def screen(self) -> Screen:
        """The machine's, with its own key; python-xlib knows no key that fits any host, so it is written anew."""
        told = self.machine.run("xauth", "-f", "/run/card-terminal-display/authority", "nlist").stdout
        key = told.split()[-1]
        authority = self.build / "authority"
        authority.write_bytes(b"")
        subprocess.run(["xauth", "-q", "-f", authority, "add", ":0", ".", key], check=True)
        os.environ["XAUTHORITY"] = str(authority)
        return Screen(":0", ROOT / "assets" / "fonts")

    def stored(self, terminal: str = TERMINAL) -> list[int]:
        folder = TerminalFolder(self.build, terminal, REGION, self.centre)
        return [sequence for sequence, *_ in folder.stored()]

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
        own = re.compile(rf"{STATE}(/|$)")
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
        told = self.machine.run("/usr/sbin/card-terminal-install", "--remove")
        expect(told.returncode == 0, told.stdout + told.stderr)
        for gone in ("/opt/card-terminal", "/usr/lib/card-terminal", "/usr/lib/systemd/system/card-terminal.service"):
            expect(not self.machine.path(gone).exists(), f"{gone} is left")
        for kept in ("/etc/kiosk/kiosk.toml", f"{STATE}/ledger", "/etc/credstore.encrypted/card-terminal.storage.key"):
            expect(self.machine.path(kept).exists(), f"{kept} is gone")
        masked = self.machine.run("systemctl", "is-enabled", "getty@.service").stdout.strip()
        expect(masked != "masked", "no console comes back")
        return told.stdout.splitlines()[-1]

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
