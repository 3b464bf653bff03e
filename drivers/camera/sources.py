"""Where pictures come from: a device file or a network stream, each with the backend of OpenCV that reads it."""

import errno
import fcntl
import os
import socket
import struct
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from drivers.ports.camera import CameraIdentity
from drivers.ports.errors import Busy, NotConnected, ProtocolViolation

DEVICE: Final = "camera"
REACH_S: Final = 1.0
"""Seconds for a network camera to take a connection."""

_QUERYCAP: Final = 0x80685600
"""VIDIOC_QUERYCAP of <linux/videodev2.h>: _IOR('V', 0, struct v4l2_capability)."""
_CAPABILITY: Final = struct.Struct("=16s32s32sIII12x")
_HAS_DEVICE_CAPS: Final = 0x80000000
_VIDEO_CAPTURE: Final = 0x00000001 | 0x00001000
"""V4L2_CAP_VIDEO_CAPTURE, single or multi-planar. A webcam's second node carries metadata and has neither."""
_DEFAULT_PORTS: Final = {"http": 80, "https": 443, "rtsp": 554}


class Source(Protocol):
    """One place that pictures come from."""

    def identify(self) -> CameraIdentity:
        """See :meth:`drivers.ports.camera.Camera.identify`."""

    def open(self, width: int, height: int) -> Any:
        """A ``cv2.VideoCapture`` that delivers pictures of this size.

        :raises NotConnected: nothing is there, or nothing that opens.
        :raises Busy: another process holds it.
        :raises ProtocolViolation: no camera, or another size or format.
        """

    def still_there(self) -> bool:
        """Whether what was opened last is still what the name stands for."""


class DeviceNode:
    """A camera of this machine, by its V4L2 device file."""

    def __init__(self, path: str) -> None:
        """:param path: best a name that stays with the camera: ``/dev/v4l/by-id/…-video-index0``."""
        self._path = Path(path)
        self._name = self._path.name
        self._opened: int | None = None

    def identify(self) -> CameraIdentity:
        """Ask the device what it is (QUERYCAP), which switches nothing on."""
        try:
            node = os.open(self._path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as refusal:
            if refusal.errno == errno.EBUSY:
                raise Busy(DEVICE, f"{self._name} is held by another program") from refusal
            raise NotConnected(DEVICE, f"{self._name}: {refusal.strerror}") from refusal
        answer = bytearray(_CAPABILITY.size)
        try:
            fcntl.ioctl(node, _QUERYCAP, answer)
        except OSError as refusal:
            if refusal.errno == errno.ENODEV:
                raise NotConnected(DEVICE, f"{self._name}: {refusal.strerror}") from refusal
            raise ProtocolViolation(DEVICE, f"{self._name} is no camera: V4L2 does not know it") from refusal
        finally:
            os.close(node)
        return CameraIdentity(card_name(bytes(answer), self._name))

    def open(self, width: int, height: int) -> Any:
        """Open it through V4L2 and ask for MJPG of this size."""
        self.identify()
        try:
            self._opened = self._path.stat().st_rdev
        except OSError as gone:
            raise NotConnected(DEVICE, f"{self._name}: {gone.strerror}") from gone
        return _captures().open_device(str(self._path), self._name, width, height)

    def still_there(self) -> bool:
        """Whether the name leads to the device that was opened. After an unplug OpenCV may go on reading for ever."""
        try:
            return self._path.stat().st_rdev == self._opened
        except OSError:
            return False


class Stream:
    """A camera on the network, by its address."""

    def __init__(self, url: str) -> None:
        """:raises ValueError: no address, or of a kind that is not read here."""
        parts = urlsplit(url)
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
            raise ValueError(f"wanted is {', '.join(f'{scheme}://…' for scheme in _DEFAULT_PORTS)}")
        self._url = url
        self._host, self._port = parts.hostname, parts.port or _DEFAULT_PORTS[parts.scheme]
        self._name = f"{self._host}:{self._port}"  # what else stands in an address may be a password

    def identify(self) -> CameraIdentity:
        """Knock at its port and leave; no picture is asked for."""
        try:
            socket.create_connection((self._host, self._port), timeout=REACH_S).close()
        except OSError as refusal:
            raise NotConnected(DEVICE, f"{self._name}: {refusal.strerror or 'no answer'}") from refusal
        return CameraIdentity(self._name)

    def open(self, width: int, height: int) -> Any:
        """Open it through FFmpeg. Its size can't be asked for, only looked at."""
        return _captures().open_stream(self._url, self._name, width, height)

    def still_there(self) -> bool:
        """A stream that has gone ends by itself."""
        return True


def source_of(text: str) -> Source:
    """The source that is meant: an absolute path is a device file, anything else an address.

    :raises ValueError: neither.
    """
    return DeviceNode(text) if text.startswith("/") else Stream(text)


def card_name(capability: bytes, node: str) -> str:
    """The name in a device's answer to QUERYCAP.

    :param capability: ``struct v4l2_capability``, 104 bytes.
    :param node: what to call the device if it is not one for pictures.
    :raises ProtocolViolation: it takes no pictures.
    """
    _driver, card, _bus, _version, of_all_nodes, of_this_node = _CAPABILITY.unpack(capability)
    if not (of_this_node if of_all_nodes & _HAS_DEVICE_CAPS else of_all_nodes) & _VIDEO_CAPTURE:
        raise ProtocolViolation(DEVICE, f"{node} takes no pictures; a camera's index 0 does")
    return bytes(card).split(b"\0", 1)[0].decode("utf-8", "replace")


def _captures() -> ModuleType:
    # OpenCV takes a quarter of a second to load: not before somebody wants a picture, and not in the window's thread.
    from drivers.camera import captures  # noqa: PLC0415 - see above

    return captures
