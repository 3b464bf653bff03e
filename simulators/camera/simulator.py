"""A network camera on a loopback port, with a lens to look through, a cable and faults.

It serves ``multipart/x-mixed-replace`` of JPEGs over HTTP, as cameras on a network do. A USB camera's wire is the
kernel's V4L2, which only a library within the same process can answer for (:mod:`simulators.camera.preload`); from
OpenCV on, the driver goes the same way with both.
"""

import socket
import struct
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

import numpy as np

from simulators.camera.faults import StreamFault, StreamFaults
from simulators.camera.film import Film
from simulators.camera.scenes import SCENES

FRAMES_PER_SECOND: Final = 25.0
PATH: Final = "/camera.mjpg"

_BOUNDARY: Final = b"picture"
_REQUEST_MOST: Final = 8192
_REQUEST_S: Final = 5.0
_ABORT: Final = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: closing sends RST, as a cable does that is pulled."""


class CameraSimulator:
    """The camera as one would handle it. It is served from construction on; nobody stands before it.

    All methods may be called from any thread.
    """

    def __init__(self, *, width: int = 1280, height: int = 720, frames_per_second: float = FRAMES_PER_SECOND) -> None:
        self.faults = StreamFaults()
        self.sent = 0
        """Pictures that have left it."""
        self._every_s = 1 / frames_per_second
        self._size = (width, height)
        self._changed = threading.Condition()
        self._film = SCENES["nobody"].film()
        self._strip = self._film.developed(width, height)
        self._black = _darkness(width, height)
        self._covered = self._frozen = self._hung = self._unplugged = self._closed = False
        self._lines: set[socket.socket] = set()
        self._at = 0
        self._listener = _bound_for_good()
        self._listener.listen()
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._listen, name="camera", daemon=True).start()

    @property
    def url(self) -> str:
        """What the terminal opens; the same while it is unplugged."""
        return f"http://127.0.0.1:{self.port}{PATH}"

    @property
    def viewers(self) -> int:
        """How many look through it at this moment."""
        with self._changed:
            return len(self._lines)

    @property
    def condition(self) -> str:
        """``seeing``, ``covered``, ``frozen``, ``hung`` or ``unplugged``."""
        with self._changed:
            for what, so in (
                ("unplugged", self._unplugged), ("hung", self._hung), ("frozen", self._frozen),
                ("covered", self._covered),
            ):  # fmt: skip
                if so:
                    return what
            return "seeing"

    def picture(self) -> bytes:
        """What stands before it, as a JPEG."""
        with self._changed:
            return self._current()

    def show(self, film: Film) -> None:
        """Let this pass before the lens, again and again."""
        strip = film.developed(*self._size)
        with self._changed:
            self._film, self._strip = film, strip
            self._changed.notify_all()

    def cover(self) -> None:
        """Lay a hand on the lens."""
        self._become(covered=True)

    def uncover(self) -> None:
        """Take it away."""
        self._become(covered=False)

    def freeze(self) -> None:
        """Send the same picture from now on, whatever passes, and after a new connection as well."""
        self._become(frozen=True)

    def hang(self) -> None:
        """Send nothing more and keep the line."""
        self._become(hung=True)

    def recover(self) -> None:
        """Neither frozen nor hung any more."""
        self._become(frozen=False, hung=False)

    def unplug(self) -> None:
        """Pull the cable. Harmless when it is out."""
        with self._changed:
            if self._unplugged:
                return
            self._unplugged = True
            # A socket that is shut down keeps its port and refuses; listen() opens it again.
            self._listener.shutdown(socket.SHUT_RDWR)
            self._break_all()

    def replug(self) -> None:
        """Put the cable in again. Harmless when it is in."""
        with self._changed:
            if self._unplugged:
                self._unplugged = False
                self._listener.listen()
                self._changed.notify_all()

    def swap(self, width: int, height: int) -> None:
        """Put another camera in its place, with a sensor of this size, before the same scene."""
        strip, black = self._film.developed(width, height), _darkness(width, height)
        with self._changed:
            self._size, self._strip, self._black = (width, height), strip, black
            self._break_all()

    def close(self) -> None:
        """Take it off the machine."""
        with self._changed:
            self._closed = True
            with suppress(OSError):  # it does not listen while unplugged
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._break_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _become(self, *, covered: bool | None = None, frozen: bool | None = None, hung: bool | None = None) -> None:
        with self._changed:
            self._covered = self._covered if covered is None else covered
            self._frozen = self._frozen if frozen is None else frozen
            self._hung = self._hung if hung is None else hung
            self._changed.notify_all()

    def _break_all(self) -> None:
        for line in self._lines:
            _break(line)
        self._lines.clear()
        self._changed.notify_all()

    def _current(self) -> bytes:
        strip = self._black if self._covered else self._strip
        return strip[self._at % len(strip)]

    def _listen(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or not self._unplugged)
                if self._closed:
                    return
            try:
                line, _ = self._listener.accept()
            except OSError:
                continue  # unplugged or closed while it waited: looked at above
            threading.Thread(target=self._serve, args=(line,), name="camera viewer", daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        try:
            if not _asked_for_pictures(line):
                return
            with self._changed:
                if self._unplugged or self._closed:
                    return
                self._lines.add(line)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=" + _BOUNDARY
                + b"\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n--" + _BOUNDARY + b"\r\n"
            )  # fmt: skip
            self._project(line)
        except OSError:
            pass  # whoever looked has left, or the cable was pulled
        finally:
            with self._changed:
                self._lines.discard(line)
            line.close()

    def _project(self, line: socket.socket) -> None:
        due = time.monotonic()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: not self._hung or line not in self._lines)
                if line not in self._lines:
                    return
                if not self._frozen:
                    self._at += 1
                picture, fault = self._current(), self.faults.take()
                self.sent += 1
            line.sendall(_part(picture, fault))
            if fault is StreamFault.BROKEN_OFF:
                return
            due = max(due + self._every_s, time.monotonic())
            with self._changed:  # a pulled cable ends the wait
                self._changed.wait_for(lambda: line not in self._lines, max(0.0, due - time.monotonic()))


def _part(picture: bytes, fault: StreamFault | None) -> bytes:
    """One picture and the boundary behind it. A player that waits for the boundary gets it with the picture."""
    match fault:
        case StreamFault.TORN:
            picture = picture[: len(picture) // 2]
        case StreamFault.GARBAGE:
            picture = bytes(reversed(picture))
        case StreamFault.EMPTY:
            picture = b""
    head = b"Content-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(picture)
    match fault:
        case StreamFault.NO_BOUNDARY:
            return head + picture + b"\r\nneither part nor boundary\r\n"
        case StreamFault.BROKEN_OFF:
            return head + picture[: len(picture) // 2]
    return head + picture + b"\r\n--" + _BOUNDARY + b"\r\n"


def _asked_for_pictures(line: socket.socket) -> bool:
    """Read a request; whether it asks for what is served here. Whoever only knocked has left already."""
    line.settimeout(_REQUEST_S)
    request = b""
    while b"\r\n\r\n" not in request and len(request) < _REQUEST_MOST:
        piece = line.recv(_REQUEST_MOST)
        if not piece:
            return False
        request += piece
    if request.startswith(b"GET " + PATH.encode() + b" "):
        return True
    line.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    return False


def _darkness(width: int, height: int) -> Sequence[bytes]:
    return Film.still(np.full((height, width, 3), 2, dtype=np.uint8)).developed(width, height)


def _bound_for_good() -> socket.socket:
    """A socket on a free loopback port that Linux leaves it even while it does not listen (see the network cable)."""
    found, asked = socket.socket(), socket.socket()
    with found:
        for one in (found, asked):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(("127.0.0.1", 0))
        asked.bind(found.getsockname())
    return asked


def _break(line: socket.socket) -> None:
    with suppress(OSError):  # gone already
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
        line.shutdown(socket.SHUT_RDWR)
