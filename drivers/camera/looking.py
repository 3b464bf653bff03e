"""The thread that takes every picture of an open camera and keeps the newest (docs/wire-camera.md)."""

import logging
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.camera.scrutiny import Look, Scrutiny
from drivers.camera.sources import DEVICE, Source
from drivers.ports.camera import Frame
from drivers.ports.errors import DeviceError, NotConnected, PictureDark, PictureFrozen, ProtocolViolation, TimedOut

FRAME_AGE_S: Final = 1.0
"""A picture older than this, or repeated for so long, says that the camera is lost. OpenCV's ``read()`` may go on to
return True, with the last picture, after a camera was unplugged (opencv#14044, #5746)."""
AGAIN_FIRST_S: Final = 0.25
AGAIN_MOST_S: Final = 4.0
"""Between two tries to open a lost camera; doubled each time up to the latter."""

_trace = logging.getLogger(__name__)


class Looking:
    """From one opening to its closing: the thread that reads, and the newest picture."""

    def __init__(self, source: Source, size: tuple[int, int], clock: Callable[[], float]) -> None:
        self._source, self._size, self._clock = source, size, clock
        self._changed = threading.Condition()
        self._ended = threading.Event()
        self._newest: Frame | None = None
        self._handed_out: weakref.WeakSet[Frame] = weakref.WeakSet()
        self._sequence = 0
        self._trouble: DeviceError | None = None
        """Why there is no picture to hand out."""
        self._repeating = False
        """What arrived last was the newest picture over again."""
        self._scrutiny = Scrutiny()
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._thread.start()

    # For whoever wants pictures.

    @property
    def running(self) -> bool:
        """Whether the thread still runs."""
        return self._thread.is_alive()

    def wait_for_first(self, timeout_s: float) -> None:
        """Wait for the first picture; a dark one is one.

        :raises DeviceError: why none came.
        """
        with self._changed:
            came = self._changed.wait_for(lambda: self._sequence or self._trouble is not None, timeout_s)
            if self._sequence:
                return
            self._complain()
            if not came:
                raise TimedOut(DEVICE, "no picture came")

    def newest(self, timeout_s: float) -> Frame:
        """See :meth:`drivers.ports.camera.Camera.frame`."""
        ends = time.monotonic() + timeout_s
        with self._changed:
            while True:
                self._mind_age()
                self._complain()
                newest = self._newest
                if newest is not None and newest not in self._handed_out:
                    self._handed_out.add(newest)
                    return newest
                left_s = ends - time.monotonic()
                if left_s <= 0:
                    raise TimedOut(DEVICE, "no newer picture came")
                self._changed.wait(min(left_s, FRAME_AGE_S / 4))  # woken by a picture, or to mind the age

    def end(self, wait_s: float) -> None:
        """Take no more pictures, wipe those that are left, and wait for the thread at most ``wait_s``."""
        self._ended.set()
        with self._changed:
            self._forget()
            for frame in self._handed_out:
                frame.wipe()
            self._handed_out.clear()
        self._thread.join(wait_s)
        if self.running:
            _trace.warning("the camera's library has not returned within %.1f s", wait_s)

    def _mind_age(self) -> None:
        newest = self._newest
        if newest is not None and self._clock() - newest.taken_at > FRAME_AGE_S:
            self._trouble = self._too_old()
            self._forget()

    def _too_old(self) -> DeviceError:
        if self._repeating:
            return PictureFrozen(DEVICE, f"the same picture for more than {FRAME_AGE_S:.0f} s")
        return NotConnected(DEVICE, f"no picture for more than {FRAME_AGE_S:.0f} s")

    def _complain(self) -> None:
        if not self.running:
            raise RuntimeError("the camera's thread died")  # of a defect: a fault of the device is a trouble
        if self._trouble is not None:
            raise type(self._trouble)(DEVICE, self._trouble.what) from self._trouble

    # The thread.

    def _run(self) -> None:
        pause_s = AGAIN_FIRST_S
        while not self._ended.is_set():
            seen = self._sequence
            try:
                self._read()
            except DeviceError as fault:
                self._lost(fault)
            pause_s = AGAIN_FIRST_S if self._sequence > seen else min(pause_s * 2, AGAIN_MOST_S)
            self._ended.wait(pause_s)
        self._scrutiny.wipe()
        _trace.debug("closed")

    def _read(self) -> None:
        """Open it and take pictures until it is closed.

        :raises DeviceError: it was lost, or did not open.
        """
        capture = self._source.open(*self._size)
        _trace.debug("opened")
        width, height = self._size
        arriving = np.zeros((height, width, 3), dtype=np.uint8)  # OpenCV fills this one each time: BGR
        try:
            while not self._ended.is_set():
                self._take(capture, arriving)
        except cv2.error as failure:
            # Its text may quote the address: it stays with the cause.
            raise ProtocolViolation(DEVICE, "OpenCV can't read what it sends") from failure
        finally:
            arriving.fill(0)
            capture.release()

    def _take(self, capture: Any, arriving: NDArray[np.uint8]) -> None:
        delivered, picture = capture.read(arriving)
        now = self._clock()
        if not delivered:
            raise NotConnected(DEVICE, "it delivers no picture any more")
        if picture.shape != arriving.shape:
            raise ProtocolViolation(DEVICE, f"a picture of {picture.shape[1]} × {picture.shape[0]}")
        if not self._source.still_there():
            raise NotConnected(DEVICE, "its device has gone")
        match self._scrutiny.look_at(picture):
            case Look.NEW:
                self._put(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), now)
            case Look.DARK:
                self._put(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), now, PictureDark(DEVICE, "it sees only darkness"))
            case Look.REPEATED:
                self._mind_repetition(now)

    def _mind_repetition(self, now: float) -> None:
        """A picture that repeats the last is no news, and after a while a fault.

        :raises PictureFrozen: nothing new for too long. The next opening begins with the same picture, or is well.
        """
        with self._changed:
            newest, self._repeating = self._newest, True
            if newest is None or now - newest.taken_at > FRAME_AGE_S:
                raise self._too_old()

    def _put(self, pixels: NDArray[np.uint8], now: float, trouble: DeviceError | None = None) -> None:
        pixels.flags.writeable = False
        with self._changed:
            frame = Frame(pixels, self._sequence + 1, now)
            if self._ended.is_set():
                frame.wipe()
                return
            self._forget()
            self._repeating = False
            if self._trouble is not None and trouble is None:
                _trace.info("the camera delivers pictures")
            self._newest, self._sequence, self._trouble = frame, frame.sequence, trouble
            self._changed.notify_all()

    def _lost(self, fault: DeviceError) -> None:
        with self._changed:
            if type(fault) is not type(self._trouble):
                _trace.info("%s", fault)
            self._trouble = fault
            self._forget()
            self._changed.notify_all()

    def _forget(self) -> None:
        """Let go of the newest picture, and wipe it unless somebody has it."""
        frame, self._newest = self._newest, None
        if frame is not None and frame not in self._handed_out:
            frame.wipe()
