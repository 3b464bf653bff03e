"""What a real device and its library do and no stream can: read on after an unplug, never return, be no camera.

A hand-written source stands where ``cv2.VideoCapture`` would, and device files that are none of a camera's are what a
wrong configuration names. OpenCV's own V4L2 backend is tried in ``integration/test_camera_v4l2.py``.
"""

import fcntl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from drivers.camera import OpenCvCamera, source_of
from drivers.camera.scrutiny import DARK_FRAMES, Look, Scrutiny
from drivers.camera.sources import DeviceNode, Stream, card_name
from drivers.ports.camera import CameraIdentity
from drivers.ports.errors import Busy, DeviceError, NotConnected, PictureFrozen, ProtocolViolation, TimedOut

LIMIT_S = 10.0
Pixels = NDArray[np.uint8]


class Library:
    """A source and its capture in one: reads a picture of 16 × 8 as often as the test lets it."""

    def __init__(self) -> None:
        self.there = True
        self.shape = (8, 16, 3)
        self.living = True
        """Whether each picture differs from the last."""
        self.fails: Exception | None = None
        self.may_read = threading.Event()
        self.may_read.set()
        self.stands_still = threading.Event()
        """Somebody is in ``read()`` and does not come back until :attr:`may_read`."""
        self.opened = self.released = 0
        self._value = 0

    def identify(self) -> CameraIdentity:
        return CameraIdentity("library")

    def open(self, width: int, height: int) -> "Library":
        self.opened += 1
        return self

    def still_there(self) -> bool:
        return self.there

    def read(self, into: Pixels) -> tuple[bool, Pixels]:
        if not self.may_read.is_set():
            self.stands_still.set()
            assert self.may_read.wait(LIMIT_S)
        if self.fails is not None:
            raise self.fails
        threading.Event().wait(0.005)
        if self.living:
            self._value = self._value % 200 + 1
        picture = np.full(self.shape, 50 + self._value, dtype=np.uint8)
        picture[..., 0] = 7  # blue comes first in OpenCV
        return True, picture

    def release(self) -> None:
        self.released += 1

    def hang(self) -> None:
        """Not to return from ``read()`` any more."""
        self.may_read.clear()
        assert self.stands_still.wait(LIMIT_S)


@pytest.fixture
def library() -> Iterator[Library]:
    made = Library()
    yield made
    made.may_read.set()


@pytest.fixture
def camera(library: Library) -> Iterator[OpenCvCamera]:
    camera = OpenCvCamera(library, width=16, height=8)
    yield camera
    library.may_read.set()
    camera.close()


def until(there: Callable[[], Any], what: str) -> Any:
    ends, moment = time.monotonic() + LIMIT_S, threading.Event()
    while not (found := there()):
        assert time.monotonic() < ends, f"never: {what}"
        moment.wait(0.01)
    return found


def complaint(camera: OpenCvCamera) -> DeviceError | None:
    """What is wrong with it; that there is nothing new yet is not."""
    try:
        camera.frame(0.01)
    except TimedOut:
        return None
    except DeviceError as error:
        return error
    return None


def test_red_comes_first(camera: OpenCvCamera) -> None:
    camera.open(1.0)
    assert camera.frame(1.0).pixels[0, 0, 2] == 7


def test_a_library_that_reads_on_after_the_unplug_is_not_believed(camera: OpenCvCamera, library: Library) -> None:
    """opencv#14044, #5746: ``read()`` says True for ever; the name in /dev/v4l/by-id is what has gone."""
    camera.open(1.0)
    library.there = False
    assert "gone" in until(lambda: complaint(camera), "the unplug is noticed").what
    until(lambda: library.opened > 1, "it is opened again")
    library.there = True
    until(lambda: complaint(camera) is None, "it sees again")
    camera.close()
    assert library.released == library.opened


def test_a_library_that_repeats_the_last_picture_is_frozen(camera: OpenCvCamera, library: Library) -> None:
    camera.open(1.0)
    library.living = False
    assert isinstance(until(lambda: complaint(camera), "the repetition is noticed"), PictureFrozen)


def test_a_library_that_does_not_return_is_lost_by_the_age_of_its_picture(library: Library) -> None:
    """V4L2 waits up to ten seconds within ``read()``."""
    now = [100.0]
    camera = OpenCvCamera(library, width=16, height=8, clock=lambda: now[0])
    camera.open(1.0)
    held = camera.frame(1.0)
    library.hang()
    now[0] += 0.9
    assert complaint(camera) is None
    now[0] += 0.2
    assert isinstance(complaint(camera), NotConnected)
    library.may_read.set()
    assert until(lambda: complaint(camera) is None, "it returns") is True
    camera.close()
    assert not held.pixels.any()


def test_a_library_that_hangs_at_the_close_keeps_no_picture_and_is_busy(
    library: Library, camera: OpenCvCamera, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drivers.camera.opencv_camera.CLOSE_S", 0.05)
    camera.open(1.0)
    held = camera.frame(1.0)
    library.hang()
    camera.close()
    assert not held.pixels.any()
    with pytest.raises(Busy):
        camera.open(1.0)
    library.may_read.set()
    until(lambda: library.released == library.opened, "it lets go")
    until(lambda: not isinstance(_opened(camera), Busy), "it is free")


def _opened(camera: OpenCvCamera) -> DeviceError | None:
    try:
        camera.open(1.0)
    except DeviceError as error:
        return error
    return None


def test_a_picture_of_another_size_in_the_middle_is_a_violation(camera: OpenCvCamera, library: Library) -> None:
    camera.open(1.0)
    library.shape = (4, 4, 3)
    assert isinstance(until(lambda: complaint(camera), "the size is noticed"), ProtocolViolation)


def test_what_the_library_raises_becomes_a_named_error(camera: OpenCvCamera, library: Library) -> None:
    camera.open(1.0)
    library.fails = cv2.error("http://user:secret@camera")
    error = until(lambda: complaint(camera), "the failure is noticed")
    assert isinstance(error, ProtocolViolation)
    assert "secret" not in str(error)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_defect_in_the_thread_is_no_fault_of_the_device(camera: OpenCvCamera, library: Library) -> None:
    camera.open(1.0)
    library.fails = ZeroDivisionError()

    def died() -> bool:
        try:
            camera.frame(0.01)
        except RuntimeError as defect:
            return "died" in str(defect)
        except DeviceError:
            return False
        return False

    until(died, "the defect is told")


# Pictures.


def noisy(level: float, seed: int, deviation: float = 2.0) -> Pixels:
    made = np.random.default_rng(seed).normal(level, deviation, (72, 128, 3))
    return made.clip(0, 255).astype(np.uint8)


def test_darkness_is_dark_only_in_a_row() -> None:
    scrutiny = Scrutiny()
    assert [scrutiny.look_at(noisy(4, number)) for number in range(DARK_FRAMES)] == [
        *[Look.NEW] * (DARK_FRAMES - 1), Look.DARK,
    ]  # fmt: skip
    assert scrutiny.look_at(noisy(60, 99)) is Look.NEW
    assert scrutiny.look_at(noisy(4, 1)) is Look.NEW


def test_black_that_repeats_itself_is_dark_and_not_frozen() -> None:
    scrutiny, black = Scrutiny(), np.zeros((72, 128, 3), dtype=np.uint8)
    assert [scrutiny.look_at(black) for _ in range(DARK_FRAMES + 2)][-3:] == [Look.DARK] * 3


@pytest.mark.parametrize(("level", "deviation"), [(30.0, 2.0), (9.0, 20.0)])
def test_a_dim_room_is_not_a_covered_lens(level: float, deviation: float) -> None:
    scrutiny = Scrutiny()
    assert {scrutiny.look_at(noisy(level, number, deviation)) for number in range(20)} == {Look.NEW}


def test_the_same_picture_is_repeated_and_one_changed_grain_is_not() -> None:
    scrutiny, picture = Scrutiny(), noisy(90, 1)
    assert scrutiny.look_at(picture) is Look.NEW
    assert scrutiny.look_at(picture) is Look.REPEATED
    picture[64, 64, 1] ^= 1
    assert scrutiny.look_at(picture) is Look.NEW


# Device files and addresses.


def test_a_device_that_does_not_exist_is_not_connected(tmp_path: Path) -> None:
    camera = OpenCvCamera(DeviceNode(str(tmp_path / "usb-Somebody_Camera-video-index0")))
    for call in (camera.identify, lambda: camera.open(1.0)):
        with pytest.raises(NotConnected, match="usb-Somebody_Camera-video-index0: No such file"):
            call()


@pytest.mark.parametrize("file", ["/dev/null", "/dev/zero"])
def test_a_device_file_of_another_kind_is_no_camera(file: str) -> None:
    with pytest.raises(ProtocolViolation, match="is no camera"):
        OpenCvCamera(DeviceNode(file)).open(1.0)


def test_a_name_that_leads_elsewhere_after_a_replug_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = tmp_path / "by-id"
    link.symlink_to("/dev/null")
    node = DeviceNode(str(link))
    assert not node.still_there(), "nothing was opened"
    node._opened = link.stat().st_rdev
    assert node.still_there()
    link.unlink()
    assert not node.still_there()
    link.symlink_to("/dev/zero")
    assert not node.still_there()


def capability(card: str, of_all: int, of_this: int) -> bytes:
    return struct.pack("=16s32s32sIII12x", b"uvcvideo", card.encode(), b"usb-1", 0x060100, of_all, of_this)


def test_the_answer_of_a_camera_tells_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes as uvcvideo fills them in: all nodes 84A00001, the one for pictures 04200001, for metadata 04A00000."""
    assert card_name(capability("HD Webcam: HD Webcam", 0x84A00001, 0x04200001), "x") == "HD Webcam: HD Webcam"
    with pytest.raises(ProtocolViolation, match="index1 takes no pictures"):
        card_name(capability("HD Webcam: HD Webcam", 0x84A00001, 0x04A00000), "index1")
    assert card_name(capability("An old one", 0x04000001, 0), "x") == "An old one"

    def answer(_node: int, request: int, into: bytearray) -> int:
        assert request == 0x80685600
        into[:] = capability("A camera", 0x84A00001, 0x04200001)
        return 0

    monkeypatch.setattr(fcntl, "ioctl", answer)
    assert DeviceNode("/dev/null").identify() == CameraIdentity("A camera")
    # It says that it is a camera and does not open: that is what another program's camera looks like.
    with pytest.raises(Busy):
        DeviceNode("/dev/null").open(1280, 720)


@pytest.mark.parametrize("text", ["", "video0", "0", "ftp://camera/x", "http://", "http://camera:port/x", "file:///x"])
def test_what_is_neither_device_nor_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"wanted|[Pp]ort"):
        source_of(text)


def test_a_password_in_an_address_is_in_no_error() -> None:
    source = source_of("rtsp://user:secret@127.0.0.1:1/live?key=secret")
    assert isinstance(source, Stream)
    with pytest.raises(NotConnected, match=r"127\.0\.0\.1:1") as error:
        source.identify()
    assert "secret" not in str(error.value)
