"""A terminal that nobody sets up at a shell: installed, switched on, and led through its first run by touches alone."""

from pathlib import Path
from types import TracebackType
from typing import Final

import msgspec

from central.enrolment_codes import make_code, package
from simulators.camera import CameraSimulator, Film
from simulators.screen import Screen
from tests.e2e.installation.__main__ import expect
from tests.e2e.installation.machine import Machine
from tests.e2e.installation.site import HEARD, REGION, STATE, TERMINAL
from tests.e2e.installation.trial import Steps, Trial
from tests.ear import card_that_keeps
from tests.enrolment_paper import paper

FIRST_RUN: Final = "card-terminal-first-run.service"
UNPROVISIONED: Final = ("card-terminal-display.service", FIRST_RUN, "card-terminal-take-over.path")
SKIPPED: Final = ("card-terminal-check.service", "card-terminal.service", "card-terminal-uplink.service")
CAMERA: Final = '#[camera]\n#source = "/dev/card-terminal/camera"'
KEYS: Final = "/etc/credstore.encrypted/card-terminal.terminal.key"
STARTS_S: Final = 180.0
"""From the last touch until citizens are asked in: the settings are looked at, the keys bound, the terminal started."""
SCANS_S: Final = 180.0


class ScreenTrial(Trial):
    """A technician before the screen, the centre's paper in the hand."""

    def __init__(self, machine: Machine, build: Path) -> None:
        super().__init__(machine, build)
        self._camera = CameraSimulator()
        self._touches = 0

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._camera.close()
        super().__exit__(kind, error, trace)

    def steps(self) -> Steps:
        """Everything, in order."""
        yield "a bare Debian boots", self.boots
        yield "the bundle is installed without a network", self.installs
        yield "the trial's display, reader and pad", self.gets_devices
        yield "switched on, the first run is at the screen", self.is_switched_on
        yield "set up on the screen: code by the camera, place, enrolment, devices, report", self.is_set_up
        yield "root takes over, and the terminal starts by itself", self.is_taken_over
        yield "one citizen is served by the terminal that was set up on its screen", self.serves

    def is_switched_on(self) -> str:
        """Nothing of the terminal itself runs, and nothing has failed. What no scan finds, a network camera and a
        loudspeaker, stands in the settings from the beginning."""
        self._camera.show(self._paper())
        settings = self.machine.path("/etc/kiosk/kiosk.toml").read_text("utf-8")
        expect(settings.count(CAMERA) == 1, "the pattern has no camera")
        named = f'[camera]\nsource = "{self._camera.url}"'
        self.machine.put("/etc/kiosk/kiosk.toml", f"{settings.replace(CAMERA, named)}\n[sound]\n")
        self.machine.put("/etc/asound.conf", card_that_keeps(Path(HEARD)))
        self.switches_on_anew()
        self.all_active(UNPROVISIONED)
        failed = self.machine.run("systemctl", "--failed", "--plain", "--no-legend").stdout
        expect("card-terminal" not in failed, failed)
        for unit in SKIPPED:
            expect(self.machine.show(unit, "ConditionResult") == "no", f"{unit} was not skipped")
        return self.machine.show(FIRST_RUN, "StatusText")

    def is_set_up(self) -> str:
        """Touch by touch."""
        with self.screen() as screen:
            screen.wait_for("设置这台终端", timeout_s=STARTS_S)
            self.touch(screen, "中心给的登记文件", "让摄像头看二维码")
            screen.wait_for(f"读到了，终端编号 {TERMINAL}", timeout_s=STARTS_S)
            self.photographs(screen, "first-run-read")
            self.touch(screen, "放在哪里", "填写放在哪里", "d", "a", "大")
            self.photographs(screen, "first-run-place")
            self.touch(screen, "确定", "在中心登记", "用读到的登记码")
            screen.wait_for(f"{TERMINAL}, {REGION}", timeout_s=STARTS_S)
            self.touch(screen, "找设备")
            screen.wait_for("设备")
            self.touch(screen, "找设备")
            screen.wait_for("2 × card_reader", timeout_s=SCANS_S)
            self.photographs(screen, "first-run-devices")
            self.touch(screen, "Virtual PCD 00 00: a PC/SC reader", "检查和报告", "开始检查", "签名并交报告")
            screen.wait_for("中心收到了", timeout_s=SCANS_S)
            self.photographs(screen, "first-run-report")
            self.touch(screen, "返回")
            screen.wait_for("开始使用")
            self.photographs(screen, "first-run-done")
        return f"{self._touches} touches"

    def is_taken_over(self) -> str:
        """Nobody touches anything but the last button, twice."""
        expect(not self.machine.path(KEYS).exists(), "keys are bound before anybody said so")
        with self.screen() as screen:
            self.touch(screen, "开始使用", "开始使用")
            screen.wait_for("点这里开始", timeout_s=STARTS_S)
        self.all_active()
        expect(self.machine.path(KEYS).exists(), "no keys are bound")
        for gone in ("provisioning", "credentials"):
            expect(not self.machine.path(f"{STATE}/{gone}").exists(), f"{gone} is left")
        expect(not self.machine.active(FIRST_RUN), "the first run runs on")
        return f"take-over: {self.machine.show('card-terminal-take-over.service', 'Result')}"

    def touch(self, screen: Screen, *words: str) -> None:
        """One after the other, each as soon as it is there."""
        for one in words:
            self.touches(screen, one)
            self._touches += 1

    def _paper(self) -> Film:
        code = make_code(self.centre.database, TERMINAL, REGION, self.centre.clock)
        told = package(self.centre.settings, self.centre.keys, TERMINAL, REGION, code, self.centre.url)
        return paper(msgspec.json.encode(told), 5, turned=4)
