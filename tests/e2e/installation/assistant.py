"""A terminal that nobody sets up at a shell: installed, switched on, and led through its first run by touches alone."""

from typing import TYPE_CHECKING, Final

import cv2
import msgspec

from central.enrolment_codes import make_code, package
from simulators.camera import CameraSimulator, Film
from simulators.screen import Screen
from tests.e2e.installation.__main__ import expect
from tests.enrolment_paper import paper

if TYPE_CHECKING:
    from tests.e2e.installation.trial import Steps, Trial

TERMINAL: Final = "zmd-0002"
REGION: Final = "zhumadian"
UNPROVISIONED: Final = (
    "card-terminal-display.service",
    "card-terminal-first-run.service",
    "card-terminal-take-over.path",
)
SKIPPED: Final = ("card-terminal-check.service", "card-terminal.service", "card-terminal-uplink.service")
CAMERA: Final = '#[camera]\n#source = "/dev/card-terminal/camera"'
KEYS: Final = "/etc/credstore.encrypted/card-terminal.terminal.key"
STARTS_S: Final = 180.0
"""From the last touch until citizens are asked in: the settings are looked at, the keys bound, the terminal started."""
SCANS_S: Final = 180.0


def steps(trial: "Trial", *, bare: bool = False) -> "Steps":
    """On a machine that has nothing of the terminal on it.

    :param bare: nor the trial's own display and reader.
    """
    scene = Scene(trial)
    yield "installed anew, nobody at a shell", trial.installs
    if bare:
        yield "the trial's display, reader and pad", trial.gets_devices
    yield "switched on, the first run is at the screen", scene.is_switched_on
    yield "set up on the screen: code by the camera, place, enrolment, devices, report", scene.is_set_up
    yield "taken over by root, the terminal starts by itself", scene.is_taken_over
    yield "one citizen is served by the terminal that was set up on its screen", lambda: trial.serves(TERMINAL)


class Scene:
    """A technician before the screen, the centre's paper in the hand."""

    def __init__(self, trial: "Trial") -> None:
        self._trial, self._machine = trial, trial.machine
        self._touches = 0

    def is_switched_on(self) -> str:
        """Nothing of the terminal itself runs, and nothing has failed. A network camera, which no scan finds, stands in
        the settings from the beginning."""
        camera = self._trial.devices.enter_context(CameraSimulator())
        camera.show(self._paper())
        settings = self._machine.path("/etc/kiosk/kiosk.toml").read_text("utf-8")
        expect(settings.count(CAMERA) == 1, "the pattern has no camera")
        named = f'[camera]\nsource = "{camera.url}"'
        self._machine.put("/etc/kiosk/kiosk.toml", settings.replace(CAMERA, named))
        self._trial.switches_on_anew()
        self._trial.all_active(UNPROVISIONED)
        failed = self._machine.run("systemctl", "--failed", "--plain", "--no-legend").stdout
        expect("card-terminal" not in failed, failed)
        for unit in SKIPPED:
            expect(self._machine.show(unit, "ConditionResult") == "no", f"{unit} was not skipped")
        return self._machine.show(UNPROVISIONED[1], "StatusText")

    def is_set_up(self) -> str:
        """Touch by touch."""
        with self._trial.screen() as screen:
            screen.wait_for("设置这台终端", timeout_s=STARTS_S)
            self._touch(screen, "中心给的登记文件", "让摄像头看二维码")
            screen.wait_for(f"读到了，终端编号 {TERMINAL}", timeout_s=STARTS_S)
            self._keep(screen, "read")
            self._touch(screen, "放在哪里", "填写放在哪里")
            self._touch(screen, "d", "a", "大")
            self._keep(screen, "place")
            self._touch(screen, "确定")
            self._touch(screen, "在中心登记", "用读到的登记码")
            screen.wait_for(f"{TERMINAL}, {REGION}", timeout_s=STARTS_S)
            self._touch(screen, "找设备")
            screen.wait_for("设备")
            self._touch(screen, "找设备")
            screen.wait_for("2 × card_reader", timeout_s=SCANS_S)
            self._keep(screen, "devices")
            self._touch(screen, "Virtual PCD 00 00: a PC/SC reader", "检查和报告", "开始检查")
            self._touch(screen, "签名并交报告")
            screen.wait_for("中心收到了", timeout_s=SCANS_S)
            self._keep(screen, "report")
            self._touch(screen, "返回")
            screen.wait_for("开始使用")
            self._keep(screen, "set-up")
        return f"{self._touches} touches"

    def is_taken_over(self) -> str:
        """Nobody touches anything but the last button, twice."""
        expect(not self._machine.path(KEYS).exists(), "keys are bound before anybody said so")
        with self._trial.screen() as screen:
            self._touch(screen, "开始使用", "开始使用")
            screen.wait_for("点这里开始", timeout_s=STARTS_S)
        self._trial.all_active()
        expect(self._machine.path(KEYS).exists(), "no keys are bound")
        for gone in ("provisioning", "credentials"):
            expect(not self._machine.path(f"/var/lib/card-terminal/{gone}").exists(), f"{gone} is left")
        expect(not self._machine.active(UNPROVISIONED[1]), "the first run runs on")
        return self._machine.show("card-terminal-take-over.service", "Result")

    def _paper(self) -> Film:
        centre = self._trial.centre
        code = make_code(centre.database, TERMINAL, REGION, centre.clock)
        told = package(centre.settings, centre.keys, TERMINAL, REGION, code, centre.url)
        return paper(msgspec.json.encode(told), 5, turned=4)

    def _touch(self, screen: Screen, *words: str) -> None:
        for one in words:
            self._trial.touches(screen, one)
            self._touches += 1

    def _keep(self, screen: Screen, name: str) -> None:
        picture = screen.capture()
        if picture is not None:
            cv2.imwrite(str(self._trial.build / f"first-run-{name}.png"), picture)
