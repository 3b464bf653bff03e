"""The simulated camera by its bytes, without the driver, and the scenes by what is wrong in each."""

import itertools
import socket
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from simulators.camera import SCENES, CameraSimulator, Film, StreamFault
from simulators.camera.faults import StreamFaults
from simulators.camera.film import Picture
from simulators.camera.scenes import EYE_LINE, EYES, HEIGHT, WIDTH, booth, standing

ASK = b"GET /camera.mjpg HTTP/1.1\r\nHost: camera\r\n\r\n"


@pytest.fixture
def camera() -> Iterator[CameraSimulator]:
    with CameraSimulator(width=64, height=48, frames_per_second=50) as simulator:
        yield simulator


def viewer(camera: CameraSimulator, ask: bytes = ASK) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", camera.port), timeout=5)
    line.sendall(ask)
    return line


def read_until(line: socket.socket, mark: bytes, times: int = 1) -> bytes:
    heard = b""
    while heard.count(mark) < times:
        piece = line.recv(65536)
        assert piece, heard[-200:]
        heard += piece
    return heard


def pictures(line: socket.socket, count: int) -> list[bytes]:
    """The JPEGs between the boundaries."""
    heard = read_until(line, b"--picture\r\n", count + 1)
    return [
        part.split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n") for part in heard.split(b"--picture\r\n")[1 : count + 1]
    ]


def drained(line: socket.socket) -> str:
    """Read to the end, which may be a break, or until nothing comes any more."""
    try:
        while line.recv(65536):
            pass
    except ConnectionError:
        return "ended"
    except TimeoutError:
        return "silent"
    return "ended"


def test_a_viewer_gets_parts_whose_length_is_told(camera: CameraSimulator) -> None:
    with viewer(camera) as line:
        heard = read_until(line, b"--picture\r\n", 3)
    head, first, second, _ = heard.split(b"--picture\r\n", 3)
    assert head.startswith(b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=picture\r\n")
    for part in (first, second):
        fields, picture = part.split(b"\r\n\r\n", 1)
        assert fields == b"Content-Type: image/jpeg\r\nContent-Length: %d" % (len(picture) - 2)
        assert picture.startswith(b"\xff\xd8\xff")
        assert picture.endswith(b"\xff\xd9\r\n")


def test_no_two_pictures_in_a_row_are_alike_unless_it_is_frozen(camera: CameraSimulator) -> None:
    with viewer(camera) as line:
        living = pictures(line, 12)
    assert all(one != other for one, other in itertools.pairwise(living))
    camera.freeze()
    with viewer(camera) as line:
        frozen = pictures(line, 5)
    assert len(set(frozen)) == 1
    assert camera.condition == "frozen"


def test_only_the_stream_is_served(camera: CameraSimulator) -> None:
    with viewer(camera, b"GET / HTTP/1.1\r\n\r\n") as line:
        assert read_until(line, b"\r\n\r\n").startswith(b"HTTP/1.1 404 ")
    with viewer(camera, b"") as line:
        line.shutdown(socket.SHUT_WR)
        assert line.recv(1) == b""
    assert camera.sent == 0


def test_an_unplugged_camera_refuses_and_keeps_its_address(camera: CameraSimulator) -> None:
    address = camera.url
    with viewer(camera) as line:
        pictures(line, 1)
        camera.unplug()
        camera.unplug()
        assert drained(line) == "ended"
    with pytest.raises(ConnectionError):
        viewer(camera)
    camera.replug()
    camera.replug()
    assert camera.url == address
    with viewer(camera) as line:
        assert pictures(line, 1)


def test_a_hung_camera_keeps_the_line_and_sends_nothing(camera: CameraSimulator) -> None:
    with viewer(camera) as line:
        pictures(line, 1)
        camera.hang()
        line.settimeout(0.3)
        assert drained(line) == "silent"
        camera.recover()
        line.settimeout(5)
        assert pictures(line, 1)


def test_a_covered_lens_is_dark_whoever_stands_there(camera: CameraSimulator) -> None:
    camera.cover()
    camera.show(Film.still(np.full((48, 64, 3), 200, dtype=np.uint8)))
    assert decoded(camera.picture()).mean() < 6
    camera.uncover()
    assert decoded(camera.picture()).mean() > 190


def test_another_camera_has_its_own_size(camera: CameraSimulator) -> None:
    camera.swap(32, 24)
    assert decoded(camera.picture()).shape == (24, 32, 3)


@pytest.mark.parametrize("fault", list(StreamFault))
def test_each_fault_spoils_one_part(camera: CameraSimulator, fault: StreamFault) -> None:
    camera.faults.fail_next(fault)
    with viewer(camera) as line:
        heard = b""
        ends = time.monotonic() + 5
        while time.monotonic() < ends and heard.count(b"--picture\r\n") < 4:
            piece = line.recv(65536)
            if not piece:
                break
            heard += piece
    first = heard.split(b"--picture\r\n")[1]
    whole = b"\xff\xd8\xff" in first and b"\xff\xd9\r\n" in first and b"neither" not in first
    assert not whole
    if fault is not StreamFault.BROKEN_OFF:
        assert heard.rstrip().endswith(b"--picture") or heard.count(b"\xff\xd9\r\n--picture") >= 2


def test_an_unknown_fault_is_refused() -> None:
    with pytest.raises(ValueError, match="nonsense"):
        StreamFaults().fail_next("nonsense")


def test_what_is_no_film_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "picture.png"
    file.write_bytes(b"no picture")
    for files in ([file], []):
        with pytest.raises(ValueError, match="picture"):
            Film.of_files(files)
    with pytest.raises(ValueError, match="clip"):
        Film.of_clip(file)


# Scenes.


def decoded(jpeg: bytes) -> Picture:
    picture: Picture | None = cv2.imdecode(np.frombuffer(jpeg, dtype=np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return picture


@cache
def seen(name: str) -> tuple[Picture, ...]:
    return SCENES[name].film().pictures


def occupied_rows(picture: Picture) -> int:
    """Rows that hold something else than the booth."""
    return int((np.abs(picture.astype(int) - booth()).max(axis=(1, 2)) > 60).sum())


def test_a_sequence_passes_in_its_order(tmp_path: Path) -> None:
    files = []
    for shade in (30, 90, 150):
        files.append(tmp_path / f"{shade}.png")
        cv2.imwrite(str(files[-1]), np.full((48, 64, 3), shade, dtype=np.uint8))
    shades = [decoded(jpeg).mean() for jpeg in Film.of_files(files).developed(64, 48)]
    assert [round(shade / 30) * 30 for shade in shades] == [30, 90, 150]


def test_every_scene_has_the_sensor_s_size_and_differs_from_the_others() -> None:
    coarse = {}
    for name in SCENES:
        picture = seen(name)[0]
        assert picture.shape == (HEIGHT, WIDTH, 3), name
        coarse[name] = picture[::4, ::4].astype(np.int16)
    for one, other in itertools.combinations(SCENES, 2):
        assert np.abs(coarse[one] - coarse[other]).mean() > 0.1, (one, other)


def test_scenes_are_what_they_are_called() -> None:
    well = seen("adult")[0]
    light = {name: float(seen(name)[0].mean()) for name in ("dark", "adult", "bright", "backlit")}
    assert light["dark"] < light["adult"] / 3
    assert light["bright"] > light["adult"] + 30

    def sharpness(picture: Picture) -> float:
        return float(cv2.Laplacian(picture, cv2.CV_64F).var())

    for name in ("blurred", "moving"):
        assert sharpness(seen(name)[0]) < sharpness(well) / 3
    far, near = (seen(name)[0] for name in ("far", "near"))
    assert occupied_rows(far) < occupied_rows(well) < occupied_rows(near)
    backlit = seen("backlit")[0]
    eyes = int(EYE_LINE * HEIGHT)
    face = np.s_[eyes + 40 : eyes + 80, WIDTH // 2 - 40 : WIDTH // 2 + 40]
    assert backlit[face].mean() < well[face].mean() / 2
    assert backlit[:40].mean() > 245
    assert len({picture.tobytes() for picture in seen("moving")}) > 5


def test_an_adult_who_stands_well_has_the_eyes_where_a_capture_wants_them() -> None:
    """At the norm's 110 pixels apart and more: dark pupils on both sides of the middle, bright skin between."""
    assert EYES >= 110
    row = standing()[int(EYE_LINE * HEIGHT) - 2 : int(EYE_LINE * HEIGHT) + 3].mean(axis=(0, 2))
    middle, half = WIDTH // 2, int(EYES / 2)
    assert row[middle - half - 4 : middle - half + 4].min() < 90
    assert row[middle + half - 4 : middle + half + 4].min() < 90
    assert row[middle - 6 : middle + 6].mean() > 140
