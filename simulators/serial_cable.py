"""A cable between a simulated serial device and whoever opens its port."""

import os
import threading
import tty
from collections.abc import Callable
from contextlib import suppress


class SerialCable:
    """One plugged-in cable: the pseudo-terminal and the thread that listens at the device's end."""

    def __init__(self, name: str, serve: Callable[["SerialCable"], None]) -> None:
        """
        :param name: of the device.
        :param serve: runs in the thread until :attr:`pulled`; :attr:`wake` becomes readable then.
        """
        # The host's end stays open here as well: a device does not notice whether anyone has opened the port.
        self.device_end, self._host_end = os.openpty()
        tty.setraw(self._host_end)
        os.set_blocking(self.device_end, False)
        self.wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self.host_path = os.ttyname(self._host_end)
        self.pulled = False
        self._thread = threading.Thread(target=serve, args=(self,), name=name, daemon=True)
        self._thread.start()

    def send(self, octets: bytes) -> None:
        """Put bytes on the line; a full line loses them, as there is no flow control."""
        with suppress(BlockingIOError):
            os.write(self.device_end, octets)

    def pull(self) -> None:
        """Part the ends; the host sees its port hang up."""
        self.pulled = True
        os.eventfd_write(self.wake, 1)
        self._thread.join()
        for descriptor in (self.device_end, self._host_end, self.wake):
            os.close(descriptor)
