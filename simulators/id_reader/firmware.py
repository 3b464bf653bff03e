"""What runs inside the simulated reader: frames, the module's commands, and a plate with at most one document.

Written from docs/wire-id-reader.md; shares no code with the driver, so that a mistake in one shows in the other.
"""

from collections import deque
from typing import Final

from simulators.id_reader.documents import DocumentFile, text_of
from simulators.id_reader.faults import ReaderFault, ReaderFaults
from simulators.id_reader.photo import standin_photo

_PREAMBLE: Final = b"\xaa\xaa\xaa\x96\x69"
_LONGEST_COMMAND: Final = 16

_SAM_ID: Final = bytes.fromhex("0500 0300 4F6B3501 01000000 2A000000")
"""05.03-0020278095-0000000001-0000000042."""


class ReaderFirmware:
    """The reader between its line and its plate."""

    def __init__(self, faults: ReaderFaults) -> None:
        self._faults = faults
        self._heard = bytearray()
        self.heard: deque[str] = deque(maxlen=64)
        """Command and parameter of the last sound commands, in hex."""
        self.document: DocumentFile | None = None
        self._found = False
        self._selected = False

    def power_cycle(self) -> None:
        """Everything but what lies on the plate is forgotten, as when the cable that feeds the reader is pulled."""
        self._heard.clear()
        self._found = self._selected = False

    def place(self, document: DocumentFile) -> None:
        """A document comes into the field."""
        self.document = document
        self._found = self._selected = False

    def remove(self) -> None:
        """The field is empty."""
        self.document = None
        self._found = self._selected = False

    def receive(self, octets: bytes) -> bytes:
        """Take bytes from the line and return what the reader answers."""
        self._heard += octets
        answers = bytearray()
        while (command := self._next_command()) is not None:
            answers += command and self._obey(command)
        return bytes(answers)

    def _next_command(self) -> bytes | None:
        """The content of the next whole frame, without its check; empty for a damaged one, None while none is whole."""
        start = self._heard.find(_PREAMBLE)
        if start < 0:
            del self._heard[: max(0, len(self._heard) - len(_PREAMBLE) + 1)]
            return None
        del self._heard[:start]
        if len(self._heard) < 7:
            return None
        length = int.from_bytes(self._heard[5:7], "big")
        if not 3 <= length <= _LONGEST_COMMAND:
            del self._heard[:5]
            return b""
        if len(self._heard) < 7 + length:
            return None
        frame = bytes(self._heard[5 : 7 + length])
        del self._heard[: 7 + length]
        return frame[2:-1] if _exclusive_or(frame) == 0 else b"\0"

    def _obey(self, command: bytes) -> bytes:
        if len(command) < 2:
            return _frame(0x10)
        code = command.hex()
        self.heard.append(code)
        fault = self._faults.take(command=code)
        match fault:
            case ReaderFault.SILENT:
                return b""
            case ReaderFault.MISHEARD:
                return _frame(0x10)
            case ReaderFault.SELECT_FAILED:
                return _frame(0x81)
            case ReaderFault.READ_FAILED:
                return _frame(0x41)
            case ReaderFault.NOT_GENUINE:
                return _frame(0x32)
            case ReaderFault.PULLED_DURING_READ:
                self.remove()
        frame = self._answer(code)
        match fault:
            case ReaderFault.GARBAGE:
                return b"\x00\xff\xaa\xaa\x96\x69U\xaa"
            case ReaderFault.HALF_FRAME:
                return frame[: len(frame) // 2]
            case ReaderFault.WRONG_CHECKSUM:
                return frame[:-1] + bytes((frame[-1] ^ 0x01,))
        return frame

    def _answer(self, code: str) -> bytes:
        match code:
            case "2001":
                if self.document is None or self._found:
                    return _frame(0x80)
                self._found = True
                return _frame(0x9F, bytes(4))
            case "2002":
                if not self._found:
                    return _frame(0x81)
                self._selected = True
                return _frame(0x90, bytes(8))
            case "3001":
                if self.document is None or not self._selected or self.document.damaged:
                    return _frame(0x41)
                text, photo = text_of(self.document), standin_photo(self.document.number)
                sizes = len(text).to_bytes(2, "big") + len(photo).to_bytes(2, "big")
                return _frame(0x90, sizes + text + photo)
            case "11ff":
                return _frame(0x90)
            case "12ff":
                return _frame(0x90, _SAM_ID)
        return _frame(0x21)


def _exclusive_or(octets: bytes) -> int:
    check = 0
    for octet in octets:
        check ^= octet
    return check


def _frame(status: int, data: bytes = b"") -> bytes:
    content = bytes((0, 0, status)) + data
    counted = (len(content) + 1).to_bytes(2, "big") + content
    return _PREAMBLE + counted + bytes((_exclusive_or(counted),))
