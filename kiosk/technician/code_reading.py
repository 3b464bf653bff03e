"""A QR code that somebody holds before the terminal's camera: the picture on the screen, and what the code says."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from drivers.ports.camera import Camera
from kiosk.runtime.viewfinder import Viewfinder
from kiosk.technician.devices import CAMERA_S

if TYPE_CHECKING:  # nobody loads numpy before the first picture
    import cv2
    import numpy as np
    from numpy.typing import NDArray

LOOKS_S: Final = 60.0
"""So long the camera looks: a sheet is found and held still in a third of it, and nobody is watched for longer."""
FRAME_S: Final = 1.5


class CodeReading:
    """Looks from the first question on until something is read, the time is over, or it is closed.

    :param open_camera: the terminal's; None where it has none.
    """

    def __init__(
        self, open_camera: Callable[[], Camera | None], viewfinder: Viewfinder, clock: Callable[[], float]
    ) -> None:
        self._open_camera, self._viewfinder, self._clock = open_camera, viewfinder, clock
        self._camera: Camera | None = None
        self._ends_at: float | None = None
        self._looks = 0

    @property
    def is_over(self) -> bool:
        """The time has passed, and nothing was read."""
        return self._ends_at is not None and self._clock() >= self._ends_at

    def begin(self) -> bool:
        """Look from now on; whether there is a camera."""
        if self._camera is None:
            self._camera = self._open_camera()
        if self._ends_at is None:
            self._ends_at = self._clock() + LOOKS_S
        return self._camera is not None

    def look(self) -> str:
        """The words of a whole code in the next picture; empty where there is none.

        :raises DeviceError: the camera shows no picture.
        """
        camera = self._camera
        if camera is None:
            return ""
        camera.open(CAMERA_S)
        frame = camera.frame(FRAME_S)
        try:
            self._viewfinder.put(frame.pixels)
            self._looks += 1
            return words_of(frame.pixels, enlarged=self._looks % 2 == 0)
        finally:
            frame.wipe()

    def close(self) -> None:
        """Look at nobody any more."""
        camera, self._camera, self._ends_at = self._camera, None, None
        if camera is not None:
            camera.close()
        self._viewfinder.clear()


def words_of(pixels: "NDArray[np.uint8]", *, enlarged: bool = False) -> str:
    """The words of the QR code in a picture; empty where none is read whole. Other bytes than UTF-8 are no words.

    :param pixels: height × width × 3.
    :param enlarged: look closely after the first glance, which finds small codes; else so that blurred ones are found.
        Either takes half a second, so that a picture is looked at in one way and the next in the other.
    """
    import cv2  # noqa: PLC0415 - whoever took these pixels has loaded it

    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    words = _decoded(cv2.QRCodeDetectorAruco(), grey)
    if words:
        return words
    if enlarged:
        twice = cv2.resize(grey, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
        return _decoded(cv2.QRCodeDetectorAruco(), twice)
    return _decoded(cv2.QRCodeDetector(), grey)


def _decoded(detector: "cv2.QRCodeDetector | cv2.QRCodeDetectorAruco", grey: "NDArray[np.uint8]") -> str:
    try:
        words, _, _ = detector.detectAndDecode(grey)
    except UnicodeDecodeError:
        return ""
    return str(words)
