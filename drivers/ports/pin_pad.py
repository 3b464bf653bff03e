"""What the terminal asks of a PIN pad, whoever made it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from drivers.ports.pin import Pin


@dataclass(frozen=True, slots=True)
class PadIdentity:
    """What a pad says of itself; nothing in it is secret."""

    dialect: str
    version: str
    serial: str


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A working key under the pad's master key, as the centre sends it. Useless outside that one pad."""

    cipher: bytes = field(repr=False)
    """16 bytes: a two-key 3DES key, each half encrypted under the master key (ECB)."""
    check_value: bytes
    """First 4 bytes of eight zero bytes encrypted under the key in clear (ISO 9564 / X9.24 practice)."""


@dataclass(frozen=True, slots=True)
class PinBlock:
    """A PIN encrypted inside the pad: ISO 9564-1 format 3 under the working key."""

    cipher: bytes = field(repr=False)
    """8 bytes."""


class PinPad(Protocol):
    """A keypad that takes a PIN. Methods block; one thread uses them, except :meth:`cancel`.

    Every method but :meth:`cancel` and :meth:`close` may raise :class:`~drivers.ports.errors.NotConnected` and
    :class:`~drivers.ports.errors.ProtocolViolation`. After NotConnected the next call tries to open the line again.
    """

    def identify(self) -> PadIdentity:
        """Ask the pad for its version; a harmless status command.

        :raises TimedOut: nothing answered within 1 s.
        """

    def enter_pin(self, length: int, timeout_s: float, on_count: Callable[[int], None]) -> Pin:
        """Let the citizen type a PIN in clear, for a PIN that the chip checks, and hand it over as an opaque handle.

        The caller owns the handle and wipes it.

        :param length: digits wanted; the entry ends with the enter key, which counts only once all are there.
        :param timeout_s: seconds without any key before the entry is given up.
        :param on_count: told the number of digits after each key, from the calling thread.
        :raises EntryCancelled: cancel key, or :meth:`cancel`.
        :raises TimedOut: no key within ``timeout_s``.
        """

    def load_working_key(self, key: WrappedKey) -> None:
        """Load the key under which PIN blocks leave the pad.

        :raises ProtocolViolation: the pad has no master key, or the check value does not fit.
        """

    def enter_pin_block(self, account: str, length: int, timeout_s: float, on_count: Callable[[int], None]) -> PinBlock:
        """Let the citizen type a PIN that leaves the pad only encrypted, for a PIN that the centre checks.

        :param account: twelve digits that the block is bound to (see :func:`kiosk.records.card.pin_account`).
        :raises EntryCancelled: cancel key, or :meth:`cancel`.
        :raises TimedOut: no key within ``timeout_s``.
        """

    def cancel(self) -> None:
        """End a running entry from another thread; it raises EntryCancelled there. Harmless when none runs."""

    def close(self) -> None:
        """Leave the line."""
