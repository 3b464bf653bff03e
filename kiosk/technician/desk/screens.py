"""What is tried by eye, ear and hand: the camera's aim and light, touch, colours, the PIN pad's keys, the volume."""

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Final

from drivers.pin_pad.discovery import open_pin_pad
from drivers.ports.camera import Camera
from drivers.ports.errors import DeviceError
from kiosk.equipment.devices import open_bell, open_camera
from kiosk.journeys.technician_views import Act, Mark, Page, Row, Special
from kiosk.policy.rule import Text
from kiosk.records.technician import ActOutcome, Role
from kiosk.runtime.tones import LOUDEST, SOFTEST, Signal
from kiosk.technician.desk.pages import Done, Pages, done, row
from kiosk.technician.desk.visit import Visit
from kiosk.technician.devices import CAMERA_S
from kiosk.technician.trials import try_cancel, try_clear, try_digits

if TYPE_CHECKING:  # nobody loads numpy before the first picture
    import numpy as np
    from numpy.typing import NDArray

PICTURE_S: Final = 0.3
"""Between two pictures: enough to aim by."""
FRAME_S: Final = 1.5
DIM: Final = 60.0
"""Grey levels of 255, on average: below, a face is lost in the noise of the sensors that terminals have."""
GLARING: Final = 200.0
UNEVEN: Final = 40.0
"""Grey levels between the left half and the right: more, and one cheek lies in the shade."""
_EVERY: Final = 8
"""Of the pixels; the rest tells nothing new about the light."""
_STEPS: Final = {"louder": 1, "softer": -1, "listen": 0}
_VOLUME_ACTS: Final = (
    Act("louder", Text(zh="大声一点", en="louder"), Role.CONFIGURE),
    Act("softer", Text(zh="小声一点", en="softer"), Role.CONFIGURE),
    Act("listen", Text(zh="听一听", en="listen")),
)
_SILENT: Final = Text(
    zh="看喇叭的线和插口；名字照 aplay -L 写进 kiosk.toml 的 sound.device",
    en="see to its plug; sound.device in kiosk.toml is a name of aplay -L",
)
_TRIALS: Final = {"digits": try_digits, "clear": try_clear, "cancel": try_cancel}


class Screens(Pages):
    """``camera``, ``touch``, ``colours``, ``pad-keys`` and ``volume``."""

    titles: ClassVar[Mapping[str, Text]] = {
        "camera": Text(zh="摄像头：对准和光线", en="camera: aim and light"),
        "touch": Text(zh="触摸", en="touch"),
        "colours": Text(zh="屏幕颜色", en="colours"),
        "pad-keys": Text(zh="密码键盘：按键", en="PIN pad: keys"),
        "volume": Text(zh="提示音音量", en="volume of the signals"),
    }

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._camera: Camera | None = None

    def page(self, word: str) -> Page:
        """See :meth:`Pages.page`. The camera is looked through for as long as its page stands."""
        title = self.titles[word]
        if word != "camera":
            self.left()
        match word:
            case "camera":
                return self._light()
            case "touch":
                note = Text(zh="用手指涂满，一格也不剩", en="paint it with a finger until no square is left")
                return Page(word, title, special=Special.TOUCH, note=note)
            case "colours":
                note = Text(zh="看有没有坏点、条纹、偏色", en="look for dead dots, stripes, a wrong tint")
                return Page(word, title, special=Special.COLOURS, note=note)
            case "volume":
                return self._volume()
        note = Text(
            zh="先点一项，再在键盘上按；听到一个数字键就多一个圆点，不显示是哪个",
            en="touch one, then press on the pad; each digit key that is heard is a dot, and never which it was",
        )
        acts = (
            Act("digits", Text(zh="依次按 1234567890，再按确认", en="press 1234567890 in order, then enter")),
            Act("clear", Text(zh="按一个数字，再按清除", en="press a digit, then clear")),
            Act("cancel", Text(zh="按取消", en="press cancel")),
        )
        return Page(word, title, acts=acts, note=note)

    def do(self, word: str, act: str, given: Mapping[str, str]) -> Done:
        """Try keys of the PIN pad, or set the volume and listen."""
        if word == "volume":
            return self._louder_or_softer(act)
        section = self._visit.configuration.pin_pad
        self._visit.note.tell(Text(zh="请在键盘上按", en="press on the pad"))
        try:
            with contextlib.closing(open_pin_pad(str(section.port), section.dialect)) as pad:
                trial = _TRIALS[act](pad, self._heard)
        finally:
            self._visit.note.clear()
        if trial.passed:
            return Done(ActOutcome.DONE, Text(zh=f"通过：{trial.told}", en=f"passed: {trial.told}"))
        return Done(ActOutcome.FAILED, Text(zh=f"没通过：{trial.told}", en=f"not passed: {trial.told}"), Mark.FAULT)

    def _heard(self, count: int) -> None:
        """Show a key as it is pressed. The driver tells how many digits stand, and nobody which."""
        dots = "●" * count
        told = Text(zh=f"{dots} 听到 {count} 个数字", en=f"{dots} {count} heard")
        self._visit.note.tell(told if count else Text(zh="数字都清掉了", en="no digit stands"))

    def left(self) -> None:
        """Look at nobody any more."""
        camera, self._camera = self._camera, None
        if camera is not None:
            camera.close()
        if self._visit.viewfinder is not None:
            self._visit.viewfinder.clear()

    def _volume(self) -> Page:
        title, bell = self.titles["volume"], open_bell(self._visit.configuration)
        if bell is None:
            return Page("volume", title, (row("喇叭", "loudspeaker", "没有设 none: kiosk.toml [sound]"),))
        level = bell.volume.level
        rows = [row("音量", "volume", f"{level} / {LOUDEST}", Mark.WARNING if level == SOFTEST else Mark.WELL)]
        try:
            rows.append(row("喇叭", "loudspeaker", bell.sounder.identify(), Mark.WELL))
        except DeviceError as error:
            rows.append(row("喇叭", "loudspeaker", error.what, Mark.FAULT, _SILENT))
        note = Text(
            zh="站到市民站的地方听：轻轻一声是按键，响两声是取卡",
            en="listen where a citizen stands: keys softly, a card twice",
        )
        return Page("volume", title, tuple(rows), _VOLUME_ACTS, note=note)

    def _louder_or_softer(self, act: str) -> Done:
        """Set the level, and let it be heard: the keys' tone and the call for a card, as a citizen hears them."""
        bell = open_bell(self._visit.configuration)
        if bell is None:
            raise KeyError(act)
        level = bell.volume.level + _STEPS[act]
        if act != "listen":
            level = bell.volume.set(level)
        for signal in (Signal.KEY, Signal.TAKE):
            bell.ring(signal)
        return done(f"音量 {level}", f"volume {level}")

    def _light(self) -> Page:
        if self._camera is None:
            self._camera = open_camera(self._visit.configuration)
        camera = self._camera
        title = self.titles["camera"]
        if camera is None:
            return Page("camera", title, (row("摄像头", "camera", "没有 none here"),))
        camera.open(CAMERA_S)
        frame = camera.frame(FRAME_S)
        try:
            rows = light_of(frame.pixels)
            if self._visit.viewfinder is not None:
                self._visit.viewfinder.put(frame.pixels)
        finally:
            frame.wipe()
        return Page("camera", title, rows, special=Special.CAMERA, again_after_s=PICTURE_S)


def light_of(pixels: "NDArray[np.uint8]") -> tuple[Row, ...]:
    """How bright a picture is, and whether evenly, with what to do about it.

    :param pixels: height × width × 3.
    """
    sparse = pixels[::_EVERY, ::_EVERY]
    half = sparse.shape[1] // 2
    left, right, whole = (float(part.mean()) for part in (sparse[:, :half], sparse[:, half:], sparse))
    too_dark, too_bright, uneven = whole < DIM, whole > GLARING, abs(left - right) > UNEVEN
    lamp = Text(zh="开补光灯，查灯管", en="switch the lamp on, see whether it burns")
    shade = Text(zh="调低曝光，遮住对着镜头的光", en="less exposure; shade what shines into the lens")
    side = Text(zh="光从一边来：挪灯或遮窗", en="the light comes from one side: move the lamp, shade the window")
    light = Mark.WARNING if too_dark or too_bright else Mark.WELL
    advice = lamp if too_dark else shade if too_bright else None
    height, width = pixels.shape[:2]
    return (
        row("画面", "picture", f"{width} × {height}"),
        row("亮度", "brightness", f"{whole:.0f} / 255", light, advice),
        row(
            "左右",
            "left, right",
            f"{left:.0f}, {right:.0f}",
            Mark.WARNING if uneven else Mark.WELL,
            side if uneven else None,
        ),
    )
