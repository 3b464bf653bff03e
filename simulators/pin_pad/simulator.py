"""A PIN pad on a pseudo-terminal, with fingers, a cable and faults."""

from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

from simulators.pin_pad.faults import PadFaults
from simulators.pin_pad.firmware import CANCEL, CLEAR, ENTER, PadFirmware
from simulators.pin_pad.keys import TEST_MASTER_KEY, KeyStore
from simulators.pin_pad.sunson import SunsonFirmware
from simulators.pin_pad.szzt import SzztFirmware
from simulators.serial_device import SerialDevice

PadDialect = Literal["sunson", "szzt"]
"""Which family's pad it is."""
FIRMWARE: Final[dict[PadDialect, type[PadFirmware]]] = {"sunson": SunsonFirmware, "szzt": SzztFirmware}


class PadSimulator(SerialDevice):
    """The pad as one would handle it: keys to press, a cable to pull, faults to order.

    It answers on :attr:`path` from construction on. All methods may be called from any thread.
    """

    def __init__(
        self,
        dialect: PadDialect,
        *,
        link: Path | None = None,
        state_file: Path | None = None,
        master_key: bytes | None = TEST_MASTER_KEY,
        on_event: Callable[[str], None] | None = None,
    ) -> None:
        """
        :param dialect: what it speaks.
        :param link: a stable symbolic link to the pseudo-terminal, there only while the cable is plugged in.
        :param state_file: where the keys outlive the process.
        :param master_key: 16 bytes, or None for a pad from the factory.
        :param on_event: told ``entering plain 6`` (SZZT ``entering plain``), ``entering block 6`` and ``idle``.
        """
        super().__init__("pin pad", link)
        self.faults = PadFaults()
        self._on_event = on_event
        self._keys = KeyStore(state_file, master_key)
        self._firmware = FIRMWARE[dialect](self._keys, self.faults)
        self._told_entering = False
        self.replug()

    @property
    def heard(self) -> list[str]:
        """Codes of the last sound commands, without their parameters."""
        with self._changed:
            return list(self._firmware.heard)

    def press(self, digits: str) -> None:
        """Press digit keys one after the other."""
        if not (digits.isascii() and digits.isdigit()):
            raise ValueError("the pad has the digits 0 to 9")
        for digit in digits:
            self._press(ord(digit))

    def press_enter(self) -> None:
        """Press the green key."""
        self._press(ENTER)

    def press_cancel(self) -> None:
        """Press the red key."""
        self._press(CANCEL)

    def press_clear(self) -> None:
        """Press the yellow key."""
        self._press(CLEAR)

    def exchange(self, dialect: PadDialect) -> None:
        """Plug another make into the same converter: its port stays. The keys come along, which saves a secure room."""
        with self._changed:
            self._firmware = FIRMWARE[dialect](self._keys, self.faults)
            self._tell()

    def wait_until_entering(self, timeout_s: float) -> bool:
        """Wait until the pad takes keys, and say whether it does."""
        with self._changed:
            return self._changed.wait_for(lambda: self._told_entering, timeout_s)

    def wait_until_idle(self, timeout_s: float) -> bool:
        """Wait until no entry runs, and say whether that is so."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._told_entering, timeout_s)

    def _press(self, key: int) -> None:
        with self._changed:
            if self._cable is not None:
                self._cable.send(self._firmware.press(key))
                self._tell()

    def _patience_s(self) -> float | None:
        return self._firmware.seconds_left()

    def _receive(self, octets: bytes) -> bytes:
        return self._firmware.receive(octets) + self._firmware.expire()

    def _answered(self) -> None:
        self._tell()

    def _power_cycle(self) -> None:
        self._firmware.power_cycle()
        self._tell()

    def _tell(self) -> None:
        entry = self._firmware.entry
        if (entry is not None) == self._told_entering:
            return
        self._told_entering = entry is not None
        self._changed.notify_all()
        if self._on_event is not None:
            if entry is None:
                self._on_event("idle")
            else:
                self._on_event(f"entering {'block' if entry.encrypted else 'plain'} {entry.length or ''}".rstrip())
