"""The machine with all that is about it: a centre, a card slot, a PIN pad, a screen, and a citizen who is served."""

import contextlib
import json
import os
import queue
import shutil
import subprocess
import threading
import time
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import cv2
import msgspec

from central.enrolment import EnrolmentRequest, PadOfTerminal, enrol
from central.technicians import TechnicianDesk
from drivers.ports.sounder import RATE_HZ, SAMPLE_BYTES
from kiosk.records.health import HealthSheet
from kiosk.records.technician import Role
from simulators.card.slot import CardSlot
from simulators.card.technician_chip import TECHNICIANS, load_technician_card
from simulators.pin_pad import TEST_MASTER_KEY
from simulators.screen import NotSeen, Screen
from tests.centre import RunningCentre
from tests.e2e.installation import provisioned
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
PAD_SERIAL: Final = "PADzmd-0001"
STATE: Final = "/var/lib/card-terminal"
SERVICES: Final = (
    "card-terminal-check.service", "card-terminal-display.service", "card-terminal.service",
    "card-terminal-uplink.service",
)  # fmt: skip
PATIENCE_S: Final = 90.0
"""A citizen's, on a machine with other work."""


class Site(AbstractContextManager["Site"]):
    """A centre outside the machine, a card slot and a PIN pad at it."""

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

    def gets_devices(self) -> str:
        provisioned.give_stand_ins(self.machine)
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
        if self._slot is not None:
            self._slot.close()
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
