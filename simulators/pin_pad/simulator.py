"""A PIN pad on a pseudo-terminal, with fingers, a cable and faults."""

import os
import select
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self

from simulators.pin_pad.faults import PadFaults
from simulators.pin_pad.firmware import CANCEL, CLEAR, ENTER, PadFirmware
from simulators.pin_pad.keys import TEST_MASTER_KEY, KeyStore
from simulators.pin_pad.sunson import SunsonFirmware
from simulators.pin_pad.szzt import SzztFirmware
from simulators.serial_cable import SerialCable

PadDialect = Literal["sunson", "szzt"]
"""Which family's pad it is."""
FIRMWARE: Final[dict[PadDialect, type[PadFirmware]]] = {"sunson": SunsonFirmware, "szzt": SzztFirmware}


class PadSimulator:
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
        self.faults = PadFaults()
        self._link = link
        self._on_event = on_event
        self._keys = KeyStore(state_file, master_key)
        self._firmware = FIRMWARE[dialect](self._keys, self.faults)
        self._changed = threading.Condition(threading.RLock())
        self._told_entering = False
        self._cable: SerialCable | None = None
        self.replug()

    @property
    def path(self) -> str:
        """What the terminal opens: the link, or the pseudo-terminal itself when there is none.

        :raises RuntimeError: unplugged, and there is no link.
        """
        if self._link is not None:
            return str(self._link)
        with self._changed:
            if self._cable is None:
                raise RuntimeError("an unplugged pad has no path")
            return self._cable.host_path

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

    def disturb(self, octets: bytes) -> None:
        """Put bytes on the line that no command asked for and no key made: a bad cable, a broken pad."""
        with self._changed:
            if self._cable is not None:
                self._cable.send(octets)

    def unplug(self) -> None:
        """Pull the cable, which feeds the pad as well. Harmless when it is out."""
        with self._changed:
            cable, self._cable = self._cable, None
            if cable is None:
                return
            if self._link is not None and self._link.is_symlink():
                self._link.unlink()
        cable.pull()  # without the lock: its thread may be waiting for it
        with self._changed:
            self._firmware.power_cycle()
            self._tell()

    def replug(self) -> None:
        """Put the cable in again. Harmless when it is in."""
        with self._changed:
            if self._cable is not None:
                return
            self._cable = SerialCable("pin pad", self._serve)
            if self._link is not None:
                fresh = self._link.with_name(self._link.name + ".new")
                fresh.unlink(missing_ok=True)
                fresh.symlink_to(self._cable.host_path)
                fresh.replace(self._link)

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

    def close(self) -> None:
        """Take the pad off the machine."""
        self.unplug()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _press(self, key: int) -> None:
        with self._changed:
            if self._cable is not None:
                self._cable.send(self._firmware.press(key))
                self._tell()

    def _serve(self, cable: SerialCable) -> None:
        while True:
            with self._changed:
                left_s = self._firmware.seconds_left()
            ready, _, _ = select.select([cable.device_end, cable.wake], [], [], left_s)
            with self._changed:
                if cable.pulled:
                    return
                if cable.device_end in ready:
                    cable.send(self._firmware.receive(os.read(cable.device_end, 4096)))
                cable.send(self._firmware.expire())
                self._tell()
                if cable.wake in ready:
                    os.eventfd_read(cable.wake)

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
