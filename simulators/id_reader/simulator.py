"""An identity-card reader on a pseudo-terminal, with a plate, a cable and faults."""

import os
import select
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from simulators.id_reader.documents import DocumentFile
from simulators.id_reader.faults import ReaderFaults
from simulators.id_reader.firmware import ReaderFirmware
from simulators.serial_cable import SerialCable


class IdReaderSimulator:
    """The reader as one would handle it: a document to lay down and to take, a cable to pull, faults to order.

    It answers on :attr:`path` from construction on. All methods may be called from any thread.
    """

    def __init__(self, *, link: Path | None = None) -> None:
        """:param link: a stable symbolic link to the pseudo-terminal, there only while the cable is plugged in."""
        self.faults = ReaderFaults()
        self._link = link
        self._firmware = ReaderFirmware(self.faults)
        self._hands = threading.Lock()
        self._cable: SerialCable | None = None
        self.replug()

    @property
    def path(self) -> str:
        """What the terminal opens: the link, or the pseudo-terminal itself when there is none.

        :raises RuntimeError: unplugged, and there is no link.
        """
        if self._link is not None:
            return str(self._link)
        with self._hands:
            if self._cable is None:
                raise RuntimeError("an unplugged reader has no path")
            return self._cable.host_path

    @property
    def heard(self) -> list[str]:
        """Command and parameter of the last sound commands, in hex."""
        with self._hands:
            return list(self._firmware.heard)

    @property
    def document(self) -> DocumentFile | None:
        """What lies on the plate."""
        with self._hands:
            return self._firmware.document

    def place(self, document: DocumentFile) -> None:
        """Lay a document down; one that lies there already slides off."""
        with self._hands:
            self._firmware.place(document)

    def remove(self) -> None:
        """Take the document away. Harmless when none is there."""
        with self._hands:
            self._firmware.remove()

    def disturb(self, octets: bytes) -> None:
        """Put bytes on the line that no command asked for."""
        with self._hands:
            if self._cable is not None:
                self._cable.send(octets)

    def unplug(self) -> None:
        """Pull the cable, which feeds the reader as well. Harmless when it is out."""
        with self._hands:
            cable, self._cable = self._cable, None
            if cable is None:
                return
            if self._link is not None and self._link.is_symlink():
                self._link.unlink()
        cable.pull()  # without the lock: its thread may be waiting for it
        with self._hands:
            self._firmware.power_cycle()

    def replug(self) -> None:
        """Put the cable in again. Harmless when it is in."""
        with self._hands:
            if self._cable is not None:
                return
            self._cable = SerialCable("id reader", self._serve)
            if self._link is not None:
                fresh = self._link.with_name(self._link.name + ".new")
                fresh.unlink(missing_ok=True)
                fresh.symlink_to(self._cable.host_path)
                fresh.replace(self._link)

    def close(self) -> None:
        """Take the reader off the machine."""
        self.unplug()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _serve(self, cable: SerialCable) -> None:
        while True:
            select.select([cable.device_end, cable.wake], [], [])
            with self._hands:
                if cable.pulled:
                    return
                cable.send(self._firmware.receive(self._arrived(cable)))

    @staticmethod
    def _arrived(cable: SerialCable) -> bytes:
        try:
            return os.read(cable.device_end, 4096)
        except BlockingIOError:
            return b""
