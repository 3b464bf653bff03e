"""What every simulated serial device has: a cable that can be pulled, and a port that keeps its name."""

import os
import select
import threading
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Self

from simulators.serial_cable import SerialCable


class SerialDevice(ABC):
    """A device on a pseudo-terminal. It answers on :attr:`path` once a subclass has plugged it in.

    All methods may be called from any thread.
    """

    def __init__(self, name: str, link: Path | None) -> None:
        """
        :param name: what it is called.
        :param link: a stable symbolic link to the pseudo-terminal, there only while the cable is plugged in.
        """
        self._name = name
        self._link = link
        self._machine: Path | None = None
        self._changed = threading.Condition(threading.RLock())
        """Held while the device's state is touched, and told of what others wait for."""
        self._cable: SerialCable | None = None

    @abstractmethod
    def _receive(self, octets: bytes) -> bytes:
        """What the device answers to bytes from the line; called with :attr:`_changed` held."""

    @abstractmethod
    def _power_cycle(self) -> None:
        """The cable was pulled, and it feeds the device; called with :attr:`_changed` held."""

    def _answered(self) -> None:
        """The answers are on the line: whoever waits learns it. Called with :attr:`_changed` held."""
        self._changed.notify_all()

    def _patience_s(self) -> float | None:
        """Seconds until the device does something that nobody asked for; None = never."""
        return None

    @property
    def path(self) -> str:
        """What the terminal opens: the link, or the pseudo-terminal itself when there is none.

        :raises RuntimeError: unplugged, and there is no link.
        """
        if self._link is not None:
            return str(self._link)
        with self._changed:
            if self._cable is None:
                raise RuntimeError("an unplugged device has no path")
            return self._cable.host_path

    def disturb(self, octets: bytes) -> None:
        """Put bytes on the line that no command asked for and no key made: a bad cable, a broken device."""
        with self._changed:
            if self._cable is not None:
                self._cable.send(octets)

    def unplug(self) -> None:
        """Pull the cable. Harmless when it is out."""
        with self._changed:
            cable, self._cable = self._cable, None
            if cable is None:
                return
            if self._link is not None and self._link.is_symlink():
                self._link.unlink()
        cable.pull()  # without the lock: its thread may be waiting for it
        with self._changed:
            self._power_cycle()

    def replug(self) -> None:
        """Put the cable in again. Harmless when it is in."""
        with self._changed:
            if self._cable is not None:
                return
            self._cable = SerialCable(self._name, self._serve, self._machine)
            if self._link is not None:
                fresh = self._link.with_name(self._link.name + ".new")
                fresh.unlink(missing_ok=True)
                fresh.symlink_to(self._cable.host_path)
                fresh.replace(self._link)

    def carry_to(self, machine: Path, link: Path) -> None:
        """Plug it into another machine on this kernel: a container with pseudo-terminals of its own.

        :param machine: its root, as this process sees it.
        :param link: a stable name of the port in its file system, as this process sees it.
        """
        self.unplug()
        self._machine, self._link = machine, link
        self.replug()

    def close(self) -> None:
        """Take the device off the machine."""
        self.unplug()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _serve(self, cable: SerialCable) -> None:
        while True:
            with self._changed:
                patience_s = self._patience_s()
            ready, _, _ = select.select([cable.device_end, cable.wake], [], [], patience_s)
            with self._changed:
                if cable.pulled:
                    return
                cable.send(self._receive(os.read(cable.device_end, 4096) if ready else b""))
                self._answered()
