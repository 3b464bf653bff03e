"""The picture of the terminal's screen as the browser gets it: a frame only when something changed."""

import cv2
import numpy as np

from simulators.screen import Picture, Screen

_QUALITY = 82
"""JPEG quality: text edges stay clean, a full screen is about 100 kB."""


class LiveScreen:
    """One viewer's memory of what was sent last."""

    def __init__(self) -> None:
        self._last: Picture | None = None
        self._dark: bool | None = None

    def next_frame(self, screen: Screen | None) -> bytes | None:
        """A JPEG of the screen when it differs from the last one, ``b""`` once when it goes dark, else None.

        :param screen: None while the terminal has no power.
        """
        picture = screen.capture() if screen is not None else None
        if picture is None or not picture[..., :3].any():
            was, self._dark, self._last = self._dark, True, None
            return None if was else b""
        self._dark = False
        if self._last is not None and np.array_equal(self._last, picture):
            return None
        self._last = picture
        done, encoded = cv2.imencode(".jpg", picture[..., :3], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
        return encoded.tobytes() if done else None
