"""What runs inside every simulated pad: an entry with its keys and its time, frames and ordered faults.

A dialect is a subclass. All of it is written from docs/wire-pin-pad.md and shares no code with the drivers, so that a
mistake in one shows in the other.
"""

import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Final

from simulators.pin_pad.faults import PadFault, PadFaults
from simulators.pin_pad.keys import KeyStore, encrypt
from simulators.pin_pad.pin_block import format_3

ENTER: Final = 0x0D
CLEAR: Final = 0x08
CANCEL: Final = 0x1B

STX: Final = 0x02


@dataclass
class Entry:
    """An entry that runs."""

    encrypted: bool
    length: int
    """0 when the pad was not told."""
    seconds: int
    ends_at: float
    key: bytes | None = field(default=None, repr=False)
    account: str = field(default="", repr=False)
    digits: str = field(default="", repr=False)


@dataclass(frozen=True)
class Answer:
    """A status and its data, before they are framed."""

    status: int
    data: bytes = b""


class PadFirmware(ABC):
    """The pad between its line and its keys."""

    hardware_fault: ClassVar[Answer]
    no_master_key: ClassVar[Answer]

    def __init__(self, keys: KeyStore, faults: PadFaults, clock: Callable[[], float] = time.monotonic) -> None:
        self._keys = keys
        self._faults = faults
        self._clock = clock
        self._late = b""
        self.heard: deque[str] = deque(maxlen=64)
        """Codes of the last sound commands, without their parameters."""
        self._power_on()

    def _power_on(self) -> None:
        self.entry: Entry | None = None
        self._characters = bytearray()
        self._in_frame = False
        self._echo = 0x2A
        self._block: bytes | None = None

    def power_cycle(self) -> None:
        """Everything but the key store is forgotten, as when the cable that feeds the pad is pulled."""
        self._late = b""
        self._power_on()

    def receive(self, octets: bytes) -> bytes:
        """Take bytes from the line and return what the pad answers."""
        answers = bytearray()
        for octet in octets:
            if octet == STX:
                self._characters.clear()
                self._in_frame = True
            elif self._in_frame:
                self._characters.append(octet)
                answers += self._frame_so_far()
        return bytes(answers)

    def press(self, key: int) -> bytes:
        """A key goes down; return what the pad sends for it. Out of an entry the keys are dead."""
        entry = self.entry
        if entry is None:
            return b""
        entry.ends_at = self._clock() + entry.seconds
        if not entry.encrypted:
            return bytes((key,))
        if key == CANCEL:
            self.entry = None
        elif key == CLEAR:
            entry.digits = ""
        elif key == ENTER:
            if len(entry.digits) == entry.length:
                self._finish(entry)
        else:
            if len(entry.digits) < entry.length:
                entry.digits += chr(key)
            return bytes((self._echo,))
        return bytes((key,))

    def expire(self) -> bytes:
        """End an entry whose time is over; return what the pad sends then."""
        if self.entry is None or self._clock() < self.entry.ends_at:
            return b""
        self.entry = None
        return self._time_is_over()

    def seconds_left(self) -> float | None:
        """Until :meth:`expire` has something to do."""
        return None if self.entry is None else max(0.0, self.entry.ends_at - self._clock())

    def _finish(self, entry: Entry) -> None:
        self.entry = None
        if entry.key is not None:
            self._block = encrypt(entry.key, format_3(entry.digits, entry.account))

    def _take_block(self) -> bytes | None:
        block, self._block = self._block, None
        return block

    def _obey(self, code: str, command: Callable[[], Answer]) -> bytes:
        """Do a command that came in a sound frame, unless a fault was ordered for it."""
        self.heard.append(code)
        fault = self._faults.take(command=code)
        match fault:
            case PadFault.SILENT:
                return b""
            case PadFault.HARDWARE_ERROR:
                return self._with_late(self._frame(self.hardware_fault))
            case PadFault.NO_MASTER_KEY:
                return self._with_late(self._frame(self.no_master_key))
        answer = command()
        frame = self._frame(answer)
        match fault:
            case PadFault.LATE:
                self._late += frame
                return b""
            case PadFault.GARBAGE:
                frame = b"\xff\x00?\x7fG\xfe"
            case PadFault.HALF_FRAME:
                frame = frame[: len(frame) // 2]
            case PadFault.WRONG_BCC:
                frame = frame[:-1] + (b"0" if frame[-1:] != b"0" else b"1")
            case PadFault.WRONG_LEN:
                frame = self._one_too_short(frame)
            case PadFault.WRONG_SIZE:
                frame = self._frame(Answer(answer.status, answer.data + b"\x00"))
        return self._with_late(frame)

    def _with_late(self, frame: bytes) -> bytes:
        late, self._late = self._late, b""
        return late + frame

    @abstractmethod
    def _frame_so_far(self) -> bytes:
        """Look at the characters since STX; obey and answer once the frame is whole."""

    @abstractmethod
    def _frame(self, answer: Answer) -> bytes:
        """Put an answer into its frame."""

    @abstractmethod
    def _one_too_short(self, frame: bytes) -> bytes:
        """The frame with a length that is one less than what follows."""

    @abstractmethod
    def _time_is_over(self) -> bytes:
        """What the pad sends when an entry's time is over."""


def exclusive_or(octets: bytes) -> int:
    """The check of both dialects."""
    check = 0
    for octet in octets:
        check ^= octet
    return check
