"""An identity-card reader on a pseudo-terminal, with a plate, a cable and faults."""

from pathlib import Path

from simulators.id_reader.documents import DocumentFile
from simulators.id_reader.faults import ReaderFaults
from simulators.id_reader.firmware import ReaderFirmware
from simulators.serial_device import SerialDevice


class IdReaderSimulator(SerialDevice):
    """The reader as one would handle it: a document to lay down and to take, a cable to pull, faults to order.

    It answers on :attr:`path` from construction on. All methods may be called from any thread.
    """

    def __init__(self, *, link: Path | None = None) -> None:
        """:param link: a stable symbolic link to the pseudo-terminal, there only while the cable is plugged in."""
        super().__init__("id reader", link)
        self.faults = ReaderFaults()
        self._firmware = ReaderFirmware(self.faults)
        self.replug()

    @property
    def heard(self) -> list[str]:
        """Command and parameter of the last sound commands, in hex."""
        with self._changed:
            return list(self._firmware.heard)

    @property
    def document(self) -> DocumentFile | None:
        """What lies on the plate."""
        with self._changed:
            return self._firmware.document

    def place(self, document: DocumentFile) -> None:
        """Lay a document down; one that lies there already slides off."""
        with self._changed:
            self._firmware.place(document)

    def remove(self) -> None:
        """Take the document away. Harmless when none is there."""
        with self._changed:
            self._firmware.remove()

    def _receive(self, octets: bytes) -> bytes:
        return self._firmware.receive(octets)

    def _power_cycle(self) -> None:
        self._firmware.power_cycle()
