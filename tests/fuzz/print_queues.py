"""The IPP queue's wire: a queue that answers anything to any question.

Whatever is answered, a face is handed over once, and what is said to be printed the queue has called completed.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from drivers.card_printer.ipp import IppCardPrinter, Limits
from drivers.card_printer.ipp_queue import IppQueue, JobState, NotSent
from drivers.card_printer.ipp_wire import Operation
from drivers.ports.card_printer import IssuanceRefused, IssuanceToken
from drivers.ports.errors import DeviceError, NotConnected, TimedOut
from tests.fuzz.card_printers import CENTRE, FACE, JOB
from tests.fuzz.decisions import Decisions
from tests.fuzz.target import Target, always, require, tells_nothing

STATES: Final = (*reversed(JobState), 0, 10)
REASONS: Final = (b"none", b"media-jam", b"media-empty-error", b"cover-open", b"paused", b"offline-report", b"\xff")


def _attribute(tag: int, name: bytes, value: bytes) -> bytes:
    return struct.pack(">BH", tag, len(name)) + name + struct.pack(">H", len(value)) + value


@dataclass
class RogueQueue(IppQueue):
    """The other side says what the case says."""

    script: Decisions
    sent: list[int] = field(default_factory=list)
    """Operations, in their order."""
    state: int = 0
    """Of the job, as it was told last."""

    def __post_init__(self) -> None:
        super().__init__("ipp://rogue/cards")

    def _exchanged(self, octets: bytes, limit_s: float) -> bytes:
        operation, number = struct.unpack(">HI", octets[2:8])
        self.sent.append(operation)
        genuine = self._genuine(operation, number)
        match self.script.number(16):
            case 15:
                return self.script.chunk()
            case 14:
                at = self.script.number(len(genuine))
                return genuine[:at] + self.script.take(1).ljust(1, b"\xff") + genuine[at + 1 :]
            case 13:
                raise NotConnected("card_printer", "went away")
            case 12:
                raise TimedOut("card_printer", "nothing came in time")
            case 11:
                raise NotSent("card_printer", "not reached")
            case 10:
                return struct.pack(">BBHI", 2, 0, 0x400 + self.script.number(512), number) + b"\x03"
        return genuine

    def _genuine(self, operation: int, number: int) -> bytes:
        head = struct.pack(">BBHI", 2, 0, 0, number)
        if operation == Operation.GET_PRINTER_ATTRIBUTES:
            state = 3 + self.script.number(3)
            told = _attribute(0x23, b"printer-state", struct.pack(">i", state))
            told += _attribute(0x44, b"printer-state-reasons", self.script.choice(REASONS))
            told += _attribute(0x49, b"document-format-supported", b"image/png")
            return head + b"\x04" + told + _attribute(0x44, b"media-supported", b"om_card_54x86mm") + b"\x03"
        if operation in (Operation.CANCEL_JOB, Operation.GET_JOBS) and not self.script.chance(8):
            return head + b"\x03"
        self.state = self.script.choice(STATES)
        told = _attribute(0x21, b"job-id", struct.pack(">i", 7))
        told += _attribute(0x42, b"job-name", f"card {JOB}".encode())
        begun = (0x13, b"") if self.script.chance(3) else (0x21, struct.pack(">i", 4))
        told += _attribute(begun[0], b"time-at-processing", begun[1])
        return head + b"\x02" + told + _attribute(0x23, b"job-state", struct.pack(">i", self.state)) + b"\x03"


def printing(case: bytes) -> str:
    """One card on a queue that answers anything."""
    queue = RogueQueue(Decisions(case))
    printer = IppCardPrinter(
        queue,
        CENTRE.public_key(),
        "t",
        now_ms=lambda: 0,
        limits=Limits(print_s=0.0, settle_s=0.0),
        pause=lambda _: None,
    )
    unsigned = IssuanceToken(JOB, "t", 1, b"")
    token = IssuanceToken(JOB, "t", 1, CENTRE.sign(unsigned.signed_bytes))
    try:
        printer.feed(token)
        require(Operation.PRINT_JOB not in queue.sent, "leave printed something")
        printer.print_face(JOB, FACE)
    except (DeviceError, IssuanceRefused) as error:
        tells_nothing(error, [token.signature])
        outcome = type(error).__name__
    else:
        require(queue.state == JobState.COMPLETED, "printed, and the queue never said so")
        outcome = "printed"
    require(queue.sent.count(Operation.PRINT_JOB) <= 1, "a face was handed over twice")
    require(len(queue.sent) < 100, "questions without end")
    return outcome


def _seeds() -> Sequence[bytes]:
    asked = bytes(2) * 2 + bytes(3)  # no job of that name, twice; the printer's description
    before = asked + asked
    return [
        b"",
        before + b"\x01\0\0" + bytes(3),  # called off, and may have been begun
        before + b"\0\0\x0d" + bytes(4),  # the answer to the face is lost, and the queue knows nothing
        before + b"\0\0\x0b",
        b"\0\x0f\4abcd",
    ]


QUEUE: Final = Target(
    name="print-queue",
    engine="atheris",
    prepare=always(printing),
    seeds=_seeds,
    reached=frozenset({"printed", "PartlyPrinted", "ProtocolViolation"}),
    examples=150,
)
