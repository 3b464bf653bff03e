"""A camera that OpenCV reads: docs/wire-camera.md."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from drivers.camera.sources import DEVICE, Source
from drivers.ports.camera import CameraIdentity, Frame
from drivers.ports.errors import Busy, DeviceError, NotConnected

if TYPE_CHECKING:
    from drivers.camera.looking import Looking

CLOSE_S: Final = 2.5
"""Seconds that :meth:`OpenCvCamera.close` waits for the reading thread."""


class OpenCvCamera:
    """A camera as a :class:`drivers.ports.camera.Camera`. The trace says when it looks, never at whom."""

    def __init__(
        self,
        source: Source,
        *,
        width: int = 1280,
        height: int = 720,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        :param source: see :func:`drivers.camera.sources.source_of`.
        :param width: pixels, with ``height`` the size that is asked for and looked for in every picture.
        :param clock: seconds; gives pictures their time and their age.
        """
        self._source, self._size, self._clock = source, (width, height), clock
        self._looking: Looking | None = None
        self._last: Looking | None = None
        """Closed, and perhaps still waiting for its library to return."""

    def identify(self) -> CameraIdentity:
        """Tell whether it is there; takes no picture."""
        return self._source.identify()

    def open(self, timeout_s: float) -> None:
        """Begin to take pictures; see :meth:`drivers.ports.camera.Camera.open`."""
        if self._looking is not None:
            return
        if self._last is not None and self._last.running:
            raise Busy(DEVICE, "it has not let go since it was closed")
        self._last = None
        # OpenCV and numpy take a quarter of a second to load: not on the way to the terminal's first screen.
        from drivers.camera.looking import Looking  # noqa: PLC0415 - see above

        self._looking = Looking(self._source, self._size, self._clock)
        try:
            self._looking.wait_for_first(timeout_s)
        except DeviceError:
            self.close()
            raise

    def frame(self, timeout_s: float) -> Frame:
        """The newest picture; see :meth:`drivers.ports.camera.Camera.frame`."""
        if self._looking is None:
            raise NotConnected(DEVICE, "it is not open")
        return self._looking.newest(timeout_s)

    def close(self) -> None:
        """Stop taking pictures and wipe what is left.

        A library that hangs keeps the device up to 10 s longer (V4L2's own limit); no picture of it is kept.
        """
        if self._looking is not None:
            self._looking.end(CLOSE_S)
            self._last, self._looking = self._looking, None
