"""What every camera keeps to, on the simulator or, with ``--hardware camera=/dev/v4l/by-id/…``, on a real one.

On a real camera a person is the hand: the terminal tells them what to do. No picture is kept or shown.
"""

import itertools
import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from drivers.camera import OpenCvCamera, source_of
from drivers.ports.camera import Camera, Frame
from drivers.ports.errors import DeviceError, NotConnected, PictureDark, PictureFrozen, ProtocolViolation, TimedOut
from simulators.camera import SCENES, CameraSimulator, Film

AGE_S = 1.0
"""What the port promises of a picture's age."""
LIMIT_S = 10.0


@dataclass
class Booth:
    """A camera under test, with a hand at it, and with its inside when it is simulated."""

    camera: Camera
    patience_s: float
    maybe_simulator: CameraSimulator | None

    @property
    def simulator(self) -> CameraSimulator:
        if self.maybe_simulator is None:
            pytest.skip("needs the inside of a simulated camera")
        return self.maybe_simulator

    def cover(self) -> None:
        if self.maybe_simulator is not None:
            self.maybe_simulator.cover()
        else:
            self._say("cover the lens with a thumb, and keep it there")

    def uncover(self) -> None:
        if self.maybe_simulator is not None:
            self.maybe_simulator.uncover()
        else:
            self._say("take the thumb away")

    def unplug(self) -> None:
        if self.maybe_simulator is not None:
            self.maybe_simulator.unplug()
        else:
            self._say("pull the camera's cable")

    def replug(self) -> None:
        if self.maybe_simulator is not None:
            self.maybe_simulator.replug()
        else:
            self._say("plug the camera in again")

    def complains(self, kind: type[DeviceError], meanwhile: tuple[type[DeviceError], ...] = (TimedOut,)) -> DeviceError:
        """Take pictures until this is said of them; pictures may come before, and what ``meanwhile`` names."""
        ends = time.monotonic() + self.patience_s
        while time.monotonic() < ends:
            try:
                self.camera.frame(0.2)
            except kind as complaint:
                return complaint
            except meanwhile:
                continue
        raise AssertionError(f"never {kind.__name__}")

    def sees_again(self) -> Frame:
        """Ask until a picture comes."""
        ends, moment = time.monotonic() + self.patience_s, threading.Event()
        while True:
            try:
                return self.camera.frame(0.5)
            except DeviceError:
                assert time.monotonic() < ends, "it never came back"
                moment.wait(0.05)

    @staticmethod
    def _say(what: str) -> None:
        with Path("/dev/tty").open("w") as terminal:
            terminal.write(f"\n>>> at the camera: {what}\n")


@pytest.fixture
def booth(request: pytest.FixtureRequest) -> Iterator[Booth]:
    ports = dict(entry.split("=", 1) for entry in request.config.getoption("hardware", default=[]) or [])
    if "camera" in ports:
        real = Booth(OpenCvCamera(source_of(ports["camera"])), 60.0, None)
        yield real
        real.camera.close()
        return
    with CameraSimulator() as simulator:
        camera = OpenCvCamera(source_of(simulator.url))
        yield Booth(camera, LIMIT_S, simulator)
        camera.close()


def test_it_says_that_it_is_there_without_a_picture(booth: Booth) -> None:
    assert booth.camera.identify().name
    if booth.maybe_simulator is not None:
        assert booth.maybe_simulator.sent == 0


def test_it_looks_at_nobody_before_it_is_opened_and_after_it_is_closed(booth: Booth) -> None:
    with pytest.raises(NotConnected, match="not open"):
        booth.camera.frame(0.1)
    booth.camera.open(5.0)
    booth.camera.close()
    with pytest.raises(NotConnected, match="not open"):
        booth.camera.frame(0.1)
    booth.camera.close()


def test_pictures_have_the_size_that_was_asked_for_and_are_read_only(booth: Booth) -> None:
    booth.camera.open(5.0)
    booth.camera.open(5.0)
    frame = booth.camera.frame(1.0)
    assert frame.pixels.shape == (720, 1280, 3)
    assert frame.pixels.dtype == np.uint8
    with pytest.raises(ValueError, match="read-only"):
        frame.pixels[0, 0, 0] = 1


def test_each_picture_is_newer_than_the_last(booth: Booth) -> None:
    booth.camera.open(5.0)
    frames = [booth.camera.frame(1.0) for _ in range(6)]
    for one, other in itertools.pairwise(frames):
        assert one.sequence < other.sequence
        assert one.taken_at < other.taken_at


def test_whoever_comes_late_gets_the_newest_and_no_queue(booth: Booth) -> None:
    """What was not asked for is gone: after half a second the next picture is not the next of a row."""
    booth.camera.open(5.0)
    first = booth.camera.frame(1.0)
    threading.Event().wait(0.5)
    second = booth.camera.frame(1.0)
    assert second.sequence >= first.sequence + 4, "it comes from a queue"
    assert time.monotonic() - second.taken_at < 0.2


@pytest.mark.simulated
def test_what_happens_before_it_is_seen_within_half_a_second(booth: Booth) -> None:
    """A library that buffers a stream would be seconds behind; measured are 18 ms, 42 at most (docs/wire-camera.md)."""
    booth.simulator.show(SCENES["adult"].film())
    booth.camera.open(5.0)
    frame = booth.camera.frame(1.0)
    for _ in range(10):
        frame = booth.camera.frame(1.0)
    booth.simulator.show(Film.still(np.full((720, 1280, 3), 30, dtype=np.uint8)))
    shown_at = time.monotonic()
    while frame.pixels.mean() > 40:
        frame = booth.camera.frame(1.0)
    assert frame.taken_at - shown_at < 0.5


def test_no_newer_picture_in_time_is_a_time_out(booth: Booth) -> None:
    """A camera takes some 30 pictures a second: whoever asks a hundred times in a moment gets few of them."""
    booth.camera.open(5.0)
    booth.camera.frame(1.0)
    times_out = 0
    for _ in range(100):
        try:
            booth.camera.frame(0.0)
        except TimedOut:
            times_out += 1
    assert times_out > 50


@pytest.mark.simulated
def test_a_time_out_takes_its_time(booth: Booth) -> None:
    booth.camera.open(5.0)
    booth.simulator.hang()
    booth.complains(TimedOut)
    began = time.monotonic()
    with pytest.raises(TimedOut):
        booth.camera.frame(0.2)
    assert 0.15 <= time.monotonic() - began <= 0.9


def test_a_picture_that_was_wiped_is_not_handed_out_again(booth: Booth) -> None:
    booth.camera.open(5.0)
    for _ in range(10):
        frame = booth.camera.frame(1.0)
        assert frame.pixels.any()
        frame.wipe()
        frame.wipe()
        assert not frame.pixels.any()


def test_frames_that_somebody_holds_are_wiped_at_the_close(booth: Booth) -> None:
    booth.camera.open(5.0)
    held = [booth.camera.frame(1.0)]
    held.append(booth.camera.frame(1.0))
    assert all(frame.pixels.any() for frame in held)
    booth.camera.close()
    assert not any(frame.pixels.any() for frame in held), "a picture outlives the camera"


def test_it_is_opened_again_after_it_was_closed(booth: Booth) -> None:
    for _ in range(3):
        booth.camera.open(5.0)
        assert booth.camera.frame(1.0).pixels.any()
        booth.camera.close()


def test_a_covered_lens_is_said_and_uncovered_it_sees(booth: Booth) -> None:
    booth.camera.open(5.0)
    booth.cover()
    assert "dark" in booth.complains(PictureDark).what
    booth.uncover()
    assert booth.sees_again().pixels.any()


def test_unplugged_while_it_looks_and_plugged_in_again(booth: Booth) -> None:
    booth.camera.open(5.0)
    booth.camera.frame(1.0)
    booth.unplug()
    booth.complains(NotConnected)
    with pytest.raises(NotConnected):
        booth.camera.identify()
    booth.replug()
    assert booth.sees_again().pixels.any()


@pytest.mark.simulated
@pytest.mark.parametrize("name", sorted(SCENES))
def test_every_scene_comes_across_as_it_is(booth: Booth, name: str) -> None:
    """None of them is taken for darkness or for a frozen camera; red stays red."""
    film = SCENES[name].film()
    booth.simulator.show(film)
    booth.camera.open(5.0)
    seen = booth.camera.frame(1.0).pixels.astype(int)
    expected = np.stack([picture[..., ::-1] for picture in film.pictures[:12]]).astype(int)
    # Chroma at half size and a film of several pictures leave a little; another person or other colours, much.
    assert min(np.abs(seen - one).mean() for one in expected) < 4


@pytest.mark.simulated
def test_a_sequence_of_files_and_a_clip_pass_by(booth: Booth, tmp_path: Path) -> None:
    import cv2  # noqa: PLC0415 - the one test that writes files of pictures

    shades = (40, 120, 200)
    files = [tmp_path / f"{shade}.png" for shade in shades]
    clip = cv2.VideoWriter(str(tmp_path / "clip.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 25, (1280, 720))
    for file, shade in zip(files, shades, strict=True):
        picture = np.full((720, 1280, 3), shade, dtype=np.uint8)
        cv2.imwrite(str(file), picture)
        clip.write(picture)
    clip.release()
    for film in (Film.of_files(files), Film.of_clip(tmp_path / "clip.avi")):
        booth.simulator.show(film)
        booth.camera.open(5.0)
        seen: set[int] = set()
        for _ in range(12):
            frame = booth.camera.frame(1.0)
            shown = frame.pixels.mean()
            seen |= {shade for shade in shades if abs(shade - shown) < 5}
        assert seen == set(shades)
        booth.camera.close()


@pytest.mark.simulated
def test_a_frozen_camera_is_said_and_is_not_believed_again_until_it_moves(booth: Booth) -> None:
    booth.camera.open(5.0)
    last = booth.camera.frame(1.0).sequence
    booth.simulator.freeze()
    began = time.monotonic()
    booth.complains(PictureFrozen)
    assert AGE_S * 0.8 <= time.monotonic() - began <= AGE_S + 1.0
    # It is opened anew meanwhile, and delivers at once what it delivered before.
    for _ in range(20):
        with pytest.raises(PictureFrozen):
            booth.camera.frame(0.05)
        threading.Event().wait(0.05)
    booth.simulator.recover()
    assert booth.sees_again().sequence > last


@pytest.mark.simulated
def test_a_camera_that_sends_nothing_more_is_lost_after_a_second(booth: Booth) -> None:
    """The library waits longer than that before it gives the line up."""
    booth.camera.open(5.0)
    booth.simulator.hang()
    began = time.monotonic()
    complaint = booth.complains(NotConnected)
    assert AGE_S * 0.8 <= time.monotonic() - began <= AGE_S + 0.9, complaint
    booth.simulator.recover()
    assert booth.sees_again().pixels.any()


@pytest.mark.simulated
def test_a_camera_that_is_not_there_is_not_connected_at_once_and_stays_closed(booth: Booth) -> None:
    booth.simulator.unplug()
    began = time.monotonic()
    with pytest.raises(NotConnected):
        booth.camera.open(5.0)
    assert time.monotonic() - began < 2.0
    booth.simulator.replug()
    with pytest.raises(NotConnected, match="not open"):
        booth.camera.frame(0.5)
    assert booth.simulator.sent == 0, "it looks although nobody opened it"
    booth.camera.open(5.0)


@pytest.mark.simulated
def test_a_camera_that_says_nothing_when_it_is_opened_is_a_time_out(booth: Booth) -> None:
    booth.simulator.hang()
    with pytest.raises(TimedOut):
        booth.camera.open(0.5)
    booth.simulator.recover()
    booth.camera.open(5.0)


@pytest.mark.simulated
def test_another_size_than_was_asked_for_is_said(booth: Booth) -> None:
    booth.simulator.swap(640, 480)
    with pytest.raises(ProtocolViolation, match="640 × 480 where 1280 × 720"):
        booth.camera.open(5.0)
    booth.simulator.swap(1280, 720)
    booth.camera.open(5.0)
    booth.simulator.swap(800, 600)
    assert "800 × 600" in booth.complains(ProtocolViolation, meanwhile=(TimedOut, NotConnected)).what
    booth.simulator.swap(1280, 720)
    assert booth.sees_again().pixels.shape == (720, 1280, 3)


@pytest.mark.simulated
@pytest.mark.parametrize("kind", ["torn", "garbage", "empty", "no_boundary", "broken_off"])
def test_a_spoilt_part_costs_a_moment(booth: Booth, kind: str) -> None:
    booth.camera.open(5.0)
    before = booth.camera.frame(1.0).sequence
    booth.simulator.faults.fail_next(kind, times=2)
    ends = time.monotonic() + LIMIT_S
    while True:
        try:
            if booth.camera.frame(0.5).sequence > before + 5:
                break
        except (NotConnected, TimedOut):
            assert time.monotonic() < ends, "it never came back"
            threading.Event().wait(0.02)


@pytest.mark.simulated
def test_nobody_is_looked_at_after_the_close(booth: Booth) -> None:
    booth.camera.open(5.0)
    assert booth.simulator.viewers == 1
    booth.camera.close()
    ends, moment = time.monotonic() + LIMIT_S, threading.Event()
    while booth.simulator.viewers:
        assert time.monotonic() < ends, "the line is still open"
        moment.wait(0.02)


@pytest.mark.simulated
def test_trace_and_repr_tell_nothing_of_a_picture(booth: Booth, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    booth.camera.open(5.0)
    frame = booth.camera.frame(1.0)
    assert "pixels" not in repr(frame)
    assert "array" not in repr(frame)
    booth.simulator.unplug()
    booth.complains(NotConnected)
    booth.camera.close()
    told = [record.getMessage() for record in caplog.records]
    assert told[0] == "opened"
    assert told[-1] == "closed"
    assert len(told) == 3, told
