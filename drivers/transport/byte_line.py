"""A line to a device that is a stream of bytes both ways: a TCP port, a serial port, a USB printer's device file.

Opened when it is needed, read against a deadline; what travels on it is the business of a device's own wire.
"""

import errno
import fcntl
import os
import select
import socket
import termios
import time
import tty
from abc import ABC, abstractmethod
from typing import Final

from drivers.ports.errors import Busy, NotConnected, TimedOut

OPEN_S: Final = 1.0
"""Most seconds a connection may take to come about."""
_CHUNK: Final = 65536


class ByteLine(ABC):
    """One line, held by one thread. After NotConnected it is closed and :meth:`open` tries again."""

    def __init__(self, device: str, where: str) -> None:
        """
        :param device: the port's noun in error texts, such as ``card_printer``.
        :param where: the line in error texts.
        """
        self._device = device
        self._where = where
        self._descriptor: int | None = None

    @abstractmethod
    def _opened(self) -> int:
        """A descriptor that does not block.

        :raises OSError: there is none to be had.
        """

    @property
    @abstractmethod
    def _ends(self) -> bool:
        """Whether reading nothing means that the other side has hung up."""

    def open(self) -> bool:
        """Open the line unless it is open, and say whether that was necessary.

        :raises NotConnected: nobody is there.
        :raises Busy: another process holds it.
        """
        if self._descriptor is not None:
            return False
        try:
            self._descriptor = self._opened()
        except OSError as fault:
            if fault.errno in (errno.EBUSY, errno.EAGAIN):
                raise Busy(self._device, f"{self._where} is held by another process") from fault
            raise NotConnected(self._device, f"{self._where} can't be opened") from fault
        return True

    def close(self) -> None:
        """Leave the line. Harmless when it is closed."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def write(self, octets: bytes, deadline: float) -> None:
        """Send bytes, all of them.

        :param deadline: seconds of :func:`time.monotonic`.
        :raises TimedOut: the line did not take them in time; some may have gone.
        """
        left = memoryview(octets)
        while left:
            descriptor = self._wait(deadline, to_write=True)
            try:
                left = left[os.write(descriptor, left[:_CHUNK]) :]
            except BlockingIOError:
                continue
            except OSError as fault:
                raise self._gone() from fault

    def read(self, deadline: float) -> bytes:
        """Wait for bytes; what has come, at least one.

        :raises TimedOut: nothing came in time.
        """
        while True:
            descriptor = self._wait(deadline, to_write=False)
            try:
                octets = os.read(descriptor, _CHUNK)
            except BlockingIOError:
                continue
            except OSError as fault:
                raise self._gone() from fault
            if octets:
                return octets
            if self._ends:
                raise self._gone()

    def _wait(self, deadline: float, *, to_write: bool) -> int:
        if self._descriptor is None:
            raise NotConnected(self._device, f"{self._where} is not open")
        poll = select.poll()
        poll.register(self._descriptor, select.POLLOUT if to_write else select.POLLIN)
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise TimedOut(self._device, "the line takes no bytes" if to_write else "nothing came in time")
        return self._descriptor

    def _gone(self) -> NotConnected:
        self.close()
        return NotConnected(self._device, f"{self._where} went away")


class TcpLine(ByteLine):
    """A TCP port."""

    def __init__(self, device: str, host: str, port: int) -> None:
        super().__init__(device, f"{host}:{port}")
        self._address = (host, port)

    def _opened(self) -> int:
        connection = socket.create_connection(self._address, OPEN_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setblocking(False)
        return connection.detach()

    @property
    def _ends(self) -> bool:
        return True


class DeviceFileLine(ByteLine):
    """A device file such as ``/dev/usb/lp0``, both ways.

    The kernel's usblp gives a printer to one process at a time, and hands on the empty packets that a printer sends
    while it has nothing to say: reading nothing is no end.
    """

    def __init__(self, device: str, path: str) -> None:
        super().__init__(device, path)

    def _opened(self) -> int:
        return os.open(self._where, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)

    @property
    def _ends(self) -> bool:
        return False


class SerialPortLine(ByteLine):
    """A serial port, 8N1, for one process."""

    def __init__(self, device: str, path: str, baud_rate: int) -> None:
        """:param baud_rate: one of the rates that termios names."""
        super().__init__(device, path)
        self._speed: int = getattr(termios, f"B{baud_rate}")

    def _opened(self) -> int:
        descriptor = os.open(self._where, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            tty.setraw(descriptor)
            attributes = termios.tcgetattr(descriptor)
            attributes[2] |= termios.CLOCAL | termios.CREAD
            attributes[4] = attributes[5] = self._speed
            termios.tcsetattr(descriptor, termios.TCSANOW, attributes)
            termios.tcflush(descriptor, termios.TCIOFLUSH)
        except (OSError, termios.error) as fault:
            os.close(descriptor)
            raise OSError(*fault.args) from fault
        return descriptor

    @property
    def _ends(self) -> bool:
        return True
