"""One command, one answer: the transport port of a smart card, and what T=0 makes of it.

T=0 can't send data and get data in one command, and tells a wrong expected length by its right value; both are
settled here (ISO/IEC 7816-3 §12, 7816-4 §5.6), so that a session sees plain answers.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from drivers.ports.errors import ProtocolViolation
from drivers.transport import wire_trace

_trace = logging.getLogger("drivers.transport.apdu")
"""Instruction and status word of each exchange, at DEBUG; never a byte of data."""

_SELECT: Final = 0xA4
"""Its data are names of files and applications: the trace shows them. Of every other command it shows the header."""
_MOST_PARTS: Final = 16
"""GET RESPONSEs one answer may need; a card that always has more to say would hold the lane for ever."""

SecretWriter = Callable[[memoryview], int]
"""Writes a command's data into locked memory and returns how many bytes it wrote."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the card, short form."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = field(default=b"", repr=False)
    expected: int | None = None
    """Bytes expected back, without the status word; None when the command brings none."""

    @property
    def header(self) -> bytes:
        """CLA INS P1 P2."""
        return bytes((self.cla, self.ins, self.p1, self.p2))


@dataclass(frozen=True, slots=True)
class Response:
    """What the card answered."""

    data: bytes = field(repr=False)
    status: int
    """SW1 SW2."""


class Contact(Protocol):
    """The contact to one card, byte by byte. Raises the errors of :mod:`drivers.ports.errors`."""

    @property
    def device(self) -> str:
        """The port's noun, for errors."""

    @property
    def expects_length_after_data(self) -> bool:
        """Whether a command with data carries its expected length too: T=1 yes, T=0 no."""

    def exchange(self, command: bytes) -> bytes:
        """Send a command, get data and status word."""

    def exchange_secret(self, header: bytes, write: SecretWriter) -> bytes:
        """Send a command whose data exist only in locked memory, wiped before this returns."""


class ApduChannel:
    """Commands to one card, over one contact."""

    def __init__(self, contact: Contact) -> None:
        self._contact = contact

    def transmit(self, command: Command) -> Response:
        """Send a command and fetch its whole answer.

        :raises ProtocolViolation: the answer has no status word, or never ends.
        """
        response = self._exchange(command.ins, self._encoded(command))
        if response.status >> 8 == 0x6C:
            response = self._exchange(command.ins, command.header + bytes([response.status & 0xFF]))
        data = response.data
        for _ in range(_MOST_PARTS):
            if response.status >> 8 != 0x61:
                return Response(data, response.status)
            response = self._exchange(0xC0, bytes((command.cla & 0x03, 0xC0, 0x00, 0x00, response.status & 0xFF)))
            if response.status >> 8 == 0x6C:
                fetch = bytes((command.cla & 0x03, 0xC0, 0x00, 0x00, response.status & 0xFF))
                response = self._exchange(0xC0, fetch)
            data += response.data
        raise ProtocolViolation(self._contact.device, f"the answer to INS {command.ins:02X} does not end")

    def transmit_secret(self, header: bytes, write: SecretWriter) -> int:
        """Send a command with secret data and return its status word.

        :param header: CLA INS P1 P2.
        """
        wire_trace.sent(self._contact.device, header.hex(" ").upper(), None)
        return self._parsed(header[1], self._contact.exchange_secret(header, write)).status

    def _encoded(self, command: Command) -> bytes:
        if not command.data:
            return command.header + bytes([(command.expected or 0) & 0xFF])
        encoded = command.header + bytes([len(command.data)]) + command.data
        if command.expected is not None and self._contact.expects_length_after_data:
            encoded += bytes([command.expected & 0xFF])
        return encoded

    def _exchange(self, ins: int, encoded: bytes) -> Response:
        name = encoded[:4].hex(" ").upper()
        wire_trace.sent(self._contact.device, name, encoded, holds_nothing=ins == _SELECT)
        return self._parsed(ins, self._contact.exchange(encoded))

    def _parsed(self, ins: int, answer: bytes) -> Response:
        if len(answer) < 2:
            raise ProtocolViolation(self._contact.device, f"no status word after INS {ins:02X}")
        response = Response(answer[:-2], int.from_bytes(answer[-2:], "big"))
        _trace.debug("INS %02X SW %04X", ins, response.status)
        wire_trace.came(self._contact.device, f"INS {ins:02X} SW {response.status:04X}", response.data)
        return response
