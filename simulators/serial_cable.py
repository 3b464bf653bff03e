"""A cable between a simulated serial device and whoever opens its port."""

import fcntl
import os
import struct
import threading
import tty
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

_TIOCSPTLCK: Final = 0x40045431  # <asm-generic/ioctls.h>
_TIOCGPTN: Final = 0x80045430


class SerialCable:
    """One plugged-in cable: the pseudo-terminal and the thread that listens at the device's end."""

    def __init__(self, name: str, serve: Callable[["SerialCable"], None], machine: Path | None = None) -> None:
        """
        :param name: of the device.
        :param serve: runs in the thread until :attr:`pulled`; :attr:`wake` becomes readable then.
        :param machine: root of another machine on this kernel, whose own pseudo-terminals it is plugged into.
        """
        # The host's end stays open here as well: a device does not notice whether anyone has opened the port.
        self.device_end, self._host_end, self.host_path = _here() if machine is None else _there(machine)
        tty.setraw(self._host_end)
        os.set_blocking(self.device_end, False)
        self.wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
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


def _here() -> tuple[int, int, str]:
    device_end, host_end = os.openpty()
    return device_end, host_end, os.ttyname(host_end)


def _there(machine: Path) -> tuple[int, int, str]:
    """What ``openpty`` does, in the other machine's ``/dev/pts``, and the port's name as it is called there."""
    device_end = os.open(machine / "dev/pts/ptmx", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    fcntl.ioctl(device_end, _TIOCSPTLCK, struct.pack("i", 0))
    (number,) = struct.unpack("i", fcntl.ioctl(device_end, _TIOCGPTN, bytes(4)))
    host_end = os.open(machine / f"dev/pts/{number}", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    return device_end, host_end, f"/dev/pts/{number}"
