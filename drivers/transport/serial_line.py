"""A serial line that may be unplugged at any moment: opened when it is needed, read byte by byte against a deadline.

What travels on it is the business of a device's dialect; this module knows ports, deadlines and lost cables.
"""

import errno
import os
import select
import termios
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import serial

from drivers.ports.errors import Busy, NotConnected, TimedOut

WRITE_S: Final = 0.5
"""Most seconds one write may take; the longest frame of our devices needs 0.1 s at 9600 baud."""


class Interrupted(Exception):
    """:meth:`SerialLine.interrupt` ended an interruptible read."""


class SerialLine:
    """One serial port, 8N1. One thread uses it; only :meth:`interrupt` may come from another.

    Every method but :meth:`close`, :meth:`interrupt` and :meth:`clear_interrupt` may raise
    :class:`~drivers.ports.errors.NotConnected`; the port is closed then and :meth:`open` tries again.
    """

    def __init__(self, device: str, port_path: str, *, baud_rate: int) -> None:
        """
        :param device: the port's noun in error texts, such as ``pin_pad``.
        :param port_path: device file, or a stable symbolic link to one; looked up anew at every opening.
        :param baud_rate: bits a second.
        """
        self._device = device
        self._port_path = port_path
        self._baud_rate = baud_rate
        self._port: serial.Serial | None = None
        self._interruption = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        weakref.finalize(self, os.close, self._interruption)

    @property
    def is_open(self) -> bool:
        """Whether the port is held open."""
        return self._port is not None

    def open(self) -> bool:
        """Open the port unless it is open and alive, and say whether that was necessary.

        :raises NotConnected: there is no such port.
        :raises Busy: another process holds it.
        """
        if self._port is not None:
            if not self._hung_up(self._port):
                return False
            self.close()
        try:
            self._port = serial.Serial(
                self._port_path, self._baud_rate, timeout=0, write_timeout=WRITE_S, exclusive=True
            )
        except (OSError, termios.error) as fault:
            if getattr(fault, "errno", None) in (errno.EAGAIN, errno.EBUSY):
                raise Busy(self._device, f"{self._port_path} is held by another process") from fault
            raise NotConnected(self._device, f"{self._port_path} can't be opened") from fault
        return True

    def close(self) -> None:
        """Leave the port. Harmless when it is closed."""
        port, self._port = self._port, None
        if port is not None:
            port.close()

    def write(self, octets: bytes) -> None:
        """Send bytes.

        :raises TimedOut: the line did not take them within :data:`WRITE_S`.
        """
        with self._faults_named() as port:
            port.write(octets)

    def read_byte(self, deadline: float, *, interruptible: bool = False) -> int:
        """Wait for one byte.

        One at a time, as an integer, so that no sequence of keys is ever an object on the heap.

        :param deadline: seconds of :func:`time.monotonic`.
        :param interruptible: whether :meth:`interrupt` ends the wait.
        :raises TimedOut: the deadline has passed, even if a babbling device has more to say.
        :raises Interrupted: only if ``interruptible``.
        """
        while True:
            with self._faults_named() as port:
                watched = [port.fileno(), self._interruption] if interruptible else [port.fileno()]
                left_s = max(0.0, deadline - time.monotonic())
                ready, _, _ = select.select(watched, [], [], left_s)
                if self._interruption in ready:
                    raise Interrupted
                if not ready or left_s == 0.0:
                    raise TimedOut(self._device, "nothing came in time")
                octet = port.read(1)
            if octet:
                return octet[0]

    def discard_input(self) -> None:
        """Forget what has arrived and was not read."""
        with self._faults_named() as port:
            port.reset_input_buffer()

    def interrupt(self) -> None:
        """End the interruptible read that runs, or else the next one. From any thread, even on a closed line."""
        os.eventfd_write(self._interruption, 1)

    def clear_interrupt(self) -> bool:
        """Take an :meth:`interrupt` back that met no read, and say whether there was one."""
        try:
            return os.eventfd_read(self._interruption) > 0
        except BlockingIOError:
            return False

    @staticmethod
    def _hung_up(port: serial.Serial) -> bool:
        poll = select.poll()
        poll.register(port.fileno(), 0)
        return bool(poll.poll(0))  # with no event asked for, only POLLHUP, POLLERR and POLLNVAL are told

    @contextmanager
    def _faults_named(self) -> Iterator[serial.Serial]:
        if self._port is None:
            raise NotConnected(self._device, f"{self._port_path} is not open")
        try:
            yield self._port
        except serial.SerialTimeoutException as fault:
            raise TimedOut(self._device, "the line takes no bytes") from fault
        except (OSError, termios.error) as fault:
            self.close()
            raise NotConnected(self._device, f"{self._port_path} went away") from fault
