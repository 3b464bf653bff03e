"""What OpenCV opens: the two backends, and what each must have agreed to before a picture is believed."""

from typing import Any, Final

import cv2

from drivers.ports.errors import Busy, NotConnected, ProtocolViolation

DEVICE: Final = "camera"
MJPG: Final = "MJPG"
"""Uncompressed pictures of full size are too much for USB 2 at more than some 10 a second."""
STREAM_OPEN_S: Final = 2.0
STREAM_READ_S: Final = 2.0
"""Seconds without a byte until a stream is given up and opened again."""


def open_device(path: str, name: str, width: int, height: int) -> Any:
    """A ``cv2.VideoCapture`` of a V4L2 camera, which was asked for MJPG of this size and has agreed.

    :param path: of a device that has said that it takes pictures.
    :raises Busy: it does not open all the same: another program holds it.
    :raises ProtocolViolation: it does not agree.
    """
    capture = cv2.VideoCapture(path, cv2.CAP_V4L2)
    if not capture.isOpened():
        raise Busy(DEVICE, f"{name} does not open: another program holds it")
    capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*MJPG))
    capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
    capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
    form = int(capture.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little", signed=True).decode("ascii", "replace")
    if form != MJPG:
        capture.release()
        raise ProtocolViolation(DEVICE, f"{name} was asked for {MJPG} and gives {form!r}")
    return _of_size(capture, name, width, height)


def open_stream(url: str, name: str, width: int, height: int) -> Any:
    """A ``cv2.VideoCapture`` of a stream. Its size can't be asked for, only looked at.

    :raises NotConnected: it does not open.
    :raises ProtocolViolation: another size.
    """
    capture = cv2.VideoCapture(
        url,
        cv2.CAP_FFMPEG,
        [
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, int(STREAM_OPEN_S * 1000),
            cv2.CAP_PROP_READ_TIMEOUT_MSEC, int(STREAM_READ_S * 1000),
        ],
    )  # fmt: skip
    if not capture.isOpened():
        raise NotConnected(DEVICE, f"{name} delivers no stream of pictures")
    return _of_size(capture, name, width, height)


def _of_size(capture: Any, name: str, width: int, height: int) -> Any:
    given = tuple(int(capture.get(side)) for side in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
    if given != (width, height):
        capture.release()
        raise ProtocolViolation(DEVICE, f"{name} gives {given[0]} × {given[1]} where {width} × {height} is wanted")
    return capture
