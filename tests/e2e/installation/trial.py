"""What is tried on the booted machine, step by step: each is a sentence for people and the work behind it."""

import contextlib
import json
import os
import queue
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import cv2
import msgspec
from sqlalchemy import select

from central.enrolment import EnrolmentRequest, PadOfTerminal, enrol
from central.tables import TechnicianActRow
from central.technicians import TechnicianDesk
from drivers.ports.sounder import RATE_HZ, SAMPLE_BYTES
from kiosk.records.health import HealthSheet
from kiosk.records.technician import Role
from simulators.card.slot import CardSlot
from simulators.card.technician_chip import TECHNICIANS, TechnicianChip, load_technician_card
from simulators.pin_pad import TEST_MASTER_KEY
from simulators.screen import NotSeen, Screen
from tests.centre import RunningCentre
from tests.e2e.installation import locks, shell, switched_off
from tests.e2e.installation.__main__ import NotAsItShould, expect
from tests.e2e.installation.machine import ROOT, Machine
from tests.ear import card_that_keeps
from tests.stack import chip
from tests.terminal import TerminalFolder

TERMINAL: Final = "zmd-0001"
REGION: Final = "zhumadian"
CARD, PIN = "zhumadian-normal", "246810"
STAFF: Final = "T1001"
HEARD: Final = "/var/lib/card-terminal/heard.raw"
GOES_S: Final = 200.0
"""Until the first screen stands again, with the terminal's number, after a citizen who went without a word."""
HOLDS_S: Final = 3.5
"""Longer than the terminal's number has to be held."""
TURNS_PX: Final = 300
"""From the page's number to the button that turns it, upright."""
NEW_START: Final = 133
"""nspawn's exit code for a machine that wants to be started anew."""
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

    def __init__(self, machine: Machine, build: Path) -> None:
        self.machine, self.build = machine, build
        shutil.rmtree(build / "centre-folder", ignore_errors=True)
        self.centre = RunningCentre(build / "centre-folder")
        self._pad: subprocess.Popen[str] | None = None
        self._pad_said: queue.Queue[str] = queue.Queue()
        self._slot: CardSlot | None = None

    def __enter__(self) -> Self:
        self.centre.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._slot is not None:
            self._slot.close()
        self.unplugs_the_pad()
        self.centre.stop()
        self.centre.database.close()
        shutil.rmtree(self.build / "centre-folder", ignore_errors=True)

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
        self.machine.put("/etc/kiosk/kiosk.toml", f"{text}\n[sound]\n")
        # A machine without a loudspeaker: what the unit's own process plays is kept for the ear.
        self.machine.put("/etc/asound.conf", card_that_keeps(Path(HEARD)))
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
        TechnicianDesk(self.centre.database, self.centre.keys, self.centre.clock).add(
            STAFF, Role.FULL, valid_until=datetime.now(tz=UTC) + timedelta(days=1),
            certificate=load_technician_card(TECHNICIANS / "t1001.json").certificate,
        )  # fmt: skip
        again = self.machine.run("/usr/lib/card-terminal/enrol")
        expect(again.returncode == 1, "keys were made twice")
        return told.stdout.strip()

    # --- Serving ---------------------------------------------------------------------------------------------------

    def restarts(self) -> str:
        self.unplugs_the_pad()
        self.machine.switch_off()
        self.machine.switch_on()
        self.plugs_in_the_pad()
        if self._slot is not None:
            self._slot.close()
        self._slot = CardSlot(None)
        self.all_active()
        expect(self.machine.run("systemctl", "is-enabled", "getty.target").stdout.strip() == "masked", "a getty waits")
        return ", ".join(f"{unit} {self.machine.show(unit, 'StatusText') or 'active'}" for unit in SERVICES)

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

    def all_active(self, within_s: float = PATIENCE_S) -> None:
        ends = time.monotonic() + within_s
        while not all(self.machine.active(unit) for unit in SERVICES):
            if time.monotonic() > ends:
                told = self.machine.run("journalctl", "-b", "-n", "40", "--no-pager", "-u", "card-terminal*").stdout
                raise NotAsItShould(f"not all active:\n{told}")
            time.sleep(0.5)

    def heard(self) -> int:
        """How many bytes of sound the terminal has played."""
        file = self.machine.path(HEARD)
        return file.stat().st_size if file.exists() else 0

    def serves(self) -> str:
        before, silent = len(self.stored()), self.heard()
        with self.screen() as screen:
            self.queries(screen)
            screen.wait_for("看完了", timeout_s=PATIENCE_S)
            self.photographs(screen, "served")
            self.touches(screen, "看完了")
        ends = time.monotonic() + PATIENCE_S
        while len(self.stored()) == before:
            expect(time.monotonic() < ends, "the centre has heard of nobody")
            time.sleep(0.2)
        seconds = (self.heard() - silent) / SAMPLE_BYTES / RATE_HZ
        expect(seconds > 0, "nothing was heard: no key, and nobody was called to take their card")
        return (
            f"{len(self.stored()) - before} entries at the centre, {seconds:.1f} s heard, {self.build / 'served.png'}"
        )

    def queries(self, screen: Screen) -> None:
        """One visit, up to the card in one's hand again."""
        self.knows_its_pad()
        assert self._slot is not None
        assert self._pad is not None
        assert self._pad.stdin is not None
        try:
            # Whoever came before may have touched twice on a slow machine, and left the services standing there.
            found, box = screen.wait_for("点这里开始", "查我的卡", timeout_s=PATIENCE_S)
            screen.touch_until_heard(*box.centre)
            if found == "点这里开始":
                self.touches(screen, "查我的卡")
            screen.wait_for("请插入社会保障卡", timeout_s=PATIENCE_S)
            self._slot.insert(chip(CARD))
            screen.wait_for("请在键盘上输入", timeout_s=PATIENCE_S)
            self.pad_says("entering plain")  # the chip checks it here
            self._pad.stdin.write(f"press {PIN}\nenter\n")
            screen.wait_for("请取走您的卡", timeout_s=PATIENCE_S)
        except NotSeen:
            self.photographs(screen, "not-served")
            raise
        self._slot.pull()

    def photographs(self, screen: Screen, name: str) -> None:
        """What stands on the screen, for whoever reads the results."""
        picture = screen.capture()
        if picture is not None:
            cv2.imwrite(str(self.build / f"{name}.png"), picture)

    def knows_its_pad(self) -> None:
        """It looks for a pad every ten seconds, and tells whoever comes before that that it can take no PIN."""
        ends = time.monotonic() + PATIENCE_S
        began = ("systemctl", "show", "--timestamp=unix", "--value", "-p", "ExecMainStartTimestamp")
        while True:
            with contextlib.suppress(OSError):
                sheet = msgspec.json.decode(self.machine.path(f"{STATE}/health.json").read_bytes(), type=HealthSheet)
                # The sheet of the run before lies there until this one writes its own.
                since_s = int(self.machine.run(*began, "card-terminal.service").stdout.strip().removeprefix("@"))
                heard = {device.device: device.code for device in sheet.devices}
                if sheet.started_at_ms >= since_s * 1000 and heard.get("pin_pad") == "":
                    return
            expect(time.monotonic() < ends, "it never heard of its pad")
            time.sleep(0.5)

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

    def stored(self) -> list[int]:
        folder = TerminalFolder(self.build, TERMINAL, REGION, self.centre)
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
