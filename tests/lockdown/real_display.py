"""The terminal's own X server with the installed settings, and hands at it: a touch screen, a mouse, a keyboard.

Xorg draws into memory (xserver-xorg-video-dummy), and its devices are of its own driver for tests (inputtestdrv(4)):
what a finger does goes through the server as from a real screen, ten fingers at once too.
"""

import contextlib
import os
import re
import socket
import struct
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

ROOT: Final = Path(__file__).resolve().parents[2]
SETTINGS: Final = ROOT / "deploy" / "systemd" / "xorg.conf.d"
AUTHORITY: Final = ROOT / "deploy" / "systemd" / "display-authority"
UNIT: Final = ROOT / "deploy" / "systemd" / "system" / "card-terminal-display.service"
WIDTH, HEIGHT = 540, 960
"""Half a sheet: the window is drawn in a quarter of the time."""
STARTS_S: Final = 100.0
PLACE: Final = "LOCKDOWN_PLACE"
"""Environment variable: where the devices' sockets are, for a check in a process of its own."""

_LAYOUT: Final = """
Section "ServerLayout"
    Identifier "trial"
    Screen "memory"
    InputDevice "touch screen" "SendCoreEvents"
    InputDevice "plugged-in mouse" "SendCoreEvents"
    InputDevice "plugged-in keyboard" "CoreKeyboard"
    Option "AutoAddDevices" "off"
EndSection
Section "InputDevice"
    Identifier "touch screen"
    Driver "inputtest"
    Option "SocketPath" "{place}/touch"
    Option "DeviceType" "Touch"
    Option "TouchCount" "10"
EndSection
Section "InputDevice"
    Identifier "plugged-in mouse"
    Driver "inputtest"
    Option "SocketPath" "{place}/mouse"
    Option "DeviceType" "Pointer"
    Option "PointerButtonCount" "9"
EndSection
Section "InputDevice"
    Identifier "plugged-in keyboard"
    Driver "inputtest"
    Option "SocketPath" "{place}/keys"
    Option "DeviceType" "Keyboard"
    Option "XkbOptions" "terminate:ctrl_alt_bksp"
EndSection
Section "Monitor"
    Identifier "memory"
    HorizSync 5-1000
    VertRefresh 5-200
    Modeline "sheet" 40 {width} 560 580 600 {height} 965 970 1000
EndSection
Section "Device"
    Identifier "memory"
    Driver "dummy"
    VideoRam 16384
EndSection
Section "Screen"
    Identifier "memory"
    Device "memory"
    Monitor "memory"
    DefaultDepth 24
    SubSection "Display"
        Depth 24
        Modes "sheet"
    EndSubSection
EndSection
"""


@dataclass(frozen=True)
class RealDisplay:
    """A running Xorg."""

    name: str
    place: Path
    server: "subprocess.Popen[bytes]"

    @property
    def authority(self) -> Path:
        """The key that a client must show, as the display's unit makes it."""
        return self.place / "authority"

    @property
    def environment(self) -> dict[str, str]:
        """What a client gets that has the key. python-xlib knows no key that fits any host, so it is written anew."""
        told = subprocess.run(
            ["xauth", "-f", self.authority, "nlist"], check=True, capture_output=True, text=True
        ).stdout
        own = self.place / "client"
        own.write_bytes(b"")
        subprocess.run(["xauth", "-q", "-f", own, "add", self.name, ".", told.split()[-1]], check=True)
        return {"DISPLAY": self.name, "XAUTHORITY": str(own), PLACE: str(self.place)}


@contextlib.contextmanager
def real_display(place: Path, settings: Path = SETTINGS) -> Iterator[RealDisplay]:
    """Xorg as ``card-terminal-display.service`` starts it, for the length of the block.

    :param place: an empty folder for its key, its log and its devices' sockets.
    :param settings: a folder with ``xorg.conf.d``'s files.
    """
    subprocess.run([AUTHORITY], check=True, env={**os.environ, "RUNTIME_DIRECTORY": str(place)})
    (place / "xorg.conf").write_text(_LAYOUT.format(place=place, width=WIDTH, height=HEIGHT), "ascii")
    reading, writing = os.pipe()
    server = subprocess.Popen(
        [*_command(place, writing), "-config", place / "xorg.conf", "-configdir", settings],
        pass_fds=(writing,), stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(writing)
    try:
        with os.fdopen(reading) as answer:
            number = answer.readline().strip()
        assert number, (place / "xorg.log").read_text("utf-8", "replace")[-2000:]
        yield RealDisplay(f":{number}", place, server)
    finally:
        server.terminate()
        server.wait()


def _command(place: Path, ready: int) -> list[str]:
    """The unit's own words, with a number that is free and a place of the test's."""
    (words,) = re.findall(r"^ExecStart=(.+)$", UNIT.read_text("utf-8"), re.MULTILINE)
    return [
        word.replace("/run/card-terminal-display", str(place))
        for given in words.split()
        for word in (("-displayfd", str(ready)) if given == ":0" else (given,))
    ]


class Device:
    """One of Xorg's devices for tests, opened once, on its socket (xf86-input-inputtest-protocol.h, 1.1)."""

    _VALUATORS: Final = 64

    def __init__(self, path: Path) -> None:
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._line.settimeout(STARTS_S)
        self._line.connect(str(path))
        self._send(0, struct.pack("=HH", 1, 1))
        self._hear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._line.close()

    def settle(self) -> None:
        """Wait until the server has heard all."""
        self._send(1, b"")
        self._hear()

    def _send(self, kind: int, content: bytes) -> None:
        self._line.sendall(struct.pack("=II", 8 + len(content), kind) + content)

    def _hear(self) -> None:
        length = struct.unpack("=I", self._take(4))[0]
        self._take(length - 4)

    def _take(self, count: int) -> bytes:
        taken = b""
        while len(taken) < count:
            piece = self._line.recv(count - len(taken))
            assert piece, "the server has gone"
            taken += piece
        return taken


class TouchScreen(Device):
    """Fingers, each by its number."""

    BEGIN, UPDATE, END = 18, 19, 20
    """XI_TouchBegin and so on (XI2.h)."""

    def down(self, finger: int, x: float, y: float) -> None:
        """Lay a finger on the screen, in the display's pixels."""
        self._touch(finger, self.BEGIN, x, y)

    def move(self, finger: int, x: float, y: float) -> None:
        """Draw it along."""
        self._touch(finger, self.UPDATE, x, y)

    def up(self, finger: int, x: float, y: float) -> None:
        """Lift it."""
        self._touch(finger, self.END, x, y)

    def _touch(self, finger: int, what: int, x: float, y: float) -> None:
        # The device's axes go from 0 to 65535 over the whole screen.
        at = (x / WIDTH * 0xFFFF, y / HEIGHT * 0xFFFF)
        mask = bytes([0b11]) + bytes(self._VALUATORS // 8 - 1)
        values = struct.pack("=2d", *at) + bytes(8 * (self._VALUATORS - 2))
        valuators = struct.pack("=I", 0) + mask + bytes(4) + values + bytes(8 * self._VALUATORS)
        self._send(6, struct.pack("=II", finger, what) + valuators)
        self.settle()


class Mouse(Device):
    """Its buttons, wheels included (4 to 7)."""

    def press(self, button: int) -> None:
        """Press a button where the pointer is."""
        self._button(button, pressed=True)

    def let_go(self, button: int) -> None:
        """And let it go."""
        self._button(button, pressed=False)

    def _button(self, button: int, *, pressed: bool) -> None:
        nowhere = bytes(4 + 4 + self._VALUATORS // 8 + 4 + 2 * 8 * self._VALUATORS)
        self._send(4, struct.pack("=iiI", 0, button, pressed) + nowhere)
        self.settle()


class Keyboard(Device):
    """Keys by the numbers of <linux/input-event-codes.h>, to which X adds 8."""

    def chord(self, keys: Sequence[int]) -> None:
        """Press one after the other, and let go in turn."""
        self.press(keys)
        for key in reversed(keys):
            self._key(key, pressed=False)
        self.settle()

    def press(self, keys: Sequence[int]) -> None:
        """Press one after the other, and hold them. Whether the server lives on is not waited for."""
        for key in keys:
            self._key(key, pressed=True)

    def _key(self, key: int, *, pressed: bool) -> None:
        self._send(5, struct.pack("=iI", key + 8, pressed))
