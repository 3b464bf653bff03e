"""OpenCV's V4L2 backend under the driver, with the kernel's answers played by a preloaded library.

No machine of ours has a V4L2 device (docs/wire-camera.md): this is the next best, and no proof of a real one.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from simulators.camera import Film
from simulators.camera.preload import PreloadedCamera
from tests.centre import REPOSITORY

RED = Film.still(np.full((720, 1280, 3), (30, 60, 200), dtype=np.uint8))
"""In OpenCV's order: blue, green, red."""


@pytest.fixture
def camera(tmp_path: Path) -> PreloadedCamera:
    return PreloadedCamera(tmp_path, RED)


class Visitor:
    """Another process, which has the camera."""

    def __init__(self, camera: PreloadedCamera) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.camera_visitor", str(camera.node)],
            cwd=REPOSITORY, env=camera.process_environment(), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def __call__(self, line: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def leave(self) -> None:
        self._process.communicate(timeout=30)


@pytest.fixture
def visitor(camera: PreloadedCamera) -> Iterator[Visitor]:
    made = Visitor(camera)
    yield made
    made.leave()


def test_a_camera_is_named_opened_and_delivers_what_was_asked_for(visitor: Visitor) -> None:
    assert visitor("identify") == "Preloaded Camera"
    assert visitor("open") == "opened"
    for _ in range(3):
        shape, _, colours = visitor("picture").partition(") ")
        assert shape == "(720, 1280, 3"
        red, green, blue = (int(colour) for colour in colours.strip("[]").split(","))
        assert abs(red - 200) < 6
        assert abs(green - 60) < 6
        assert abs(blue - 30) < 6
    assert visitor("close") == "closed"
    assert visitor("open") == "opened"


def test_another_form_or_size_is_refused_with_its_name(camera: PreloadedCamera, visitor: Visitor) -> None:
    camera.be("sizes", "640x480 800x600")
    assert "gives 640 × 480 where 1280 × 720 is wanted" in visitor("open")
    camera.be("sizes", "1280x720")
    camera.be("formats", "YUYV")
    assert "was asked for MJPG and gives 'YUYV'" in visitor("open")
    camera.be("formats", "MJPG")
    assert visitor("open") == "opened"


def test_the_node_for_metadata_is_no_camera(camera: PreloadedCamera, visitor: Visitor) -> None:
    camera.be("caps", "04A00000")
    for word in ("identify", "open"):
        assert visitor(word).startswith("ProtocolViolation usb-Preloaded_Camera-video-index0 takes no pictures")


def test_a_camera_that_another_program_holds_is_busy(camera: PreloadedCamera, visitor: Visitor) -> None:
    camera.be("state", "held")
    assert visitor("identify") == "Preloaded Camera"
    assert visitor("open").startswith("Busy")
    camera.be("state", "live")
    assert visitor("open") == "opened"


def test_an_unplugged_camera_is_lost_and_found_again(camera: PreloadedCamera, visitor: Visitor) -> None:
    assert visitor("open") == "opened"
    camera.be("state", "gone")
    camera.unplug_name()
    assert visitor("until NotConnected").startswith("NotConnected")
    assert visitor("identify").endswith("No such file or directory")
    camera.plug()
    camera.be("state", "live")
    assert visitor("until picture") == "picture"


def test_a_camera_whose_name_has_gone_is_lost_while_its_pictures_go_on(
    camera: PreloadedCamera, visitor: Visitor
) -> None:
    assert visitor("open") == "opened"
    camera.unplug_name()
    assert visitor("until NotConnected").startswith("NotConnected")
    camera.plug()
    assert visitor("until picture") == "picture"


def test_a_camera_that_repeats_its_last_picture_is_frozen(camera: PreloadedCamera, visitor: Visitor) -> None:
    assert visitor("open") == "opened"
    camera.be("state", "stuck")
    assert visitor("until PictureFrozen").startswith("PictureFrozen the same picture")
    camera.be("state", "live")
    assert visitor("until picture") == "picture"
