"""Questions and answers with a pad, in one dialect, over a line that may be noisy, silent or gone.

The trace names questions and how they were answered. Keys, and how many there were, are never logged.
"""

import logging
import time
from typing import Final, TypeVar

from drivers.pin_pad.dialect import STX, DamagedFrame, Dialect, Question, Reply
from drivers.ports.errors import DeviceError, ProtocolViolation, TimedOut
from drivers.transport import wire_trace
from drivers.transport.serial_line import SerialLine

T = TypeVar("T")

DEVICE: Final = "pin_pad"
BAUD_RATE: Final = 9600
ANSWER_S: Final = 1.0
"""Seconds until an answer begins; no command of our dialects works longer in the pad."""
FRAME_S: Final = 0.3
"""Seconds from STX to the last check character; the longest answer, SZZT's status, takes 0.16 s at 9600 baud."""
QUIET_S: Final = 0.05
"""A line this long silent is between two frames."""
RESYNCHRONISE_S: Final = 0.3
"""Most seconds spent waiting for such a silence."""

_trace = logging.getLogger(__name__)


class Conversation:
    """Asks in one dialect. A command takes at most 4 s, whatever the pad does: docs/wire-pin-pad.md adds it up."""

    def __init__(self, line: SerialLine, dialect: Dialect, answer_s: float = ANSWER_S) -> None:
        """
        :param line: open when a question is asked.
        :param answer_s: seconds until an answer must begin.
        """
        self.dialect = dialect
        self._line = line
        self._answer_s = answer_s

    def ask(self, question: Question[T]) -> T:
        """Ask, once more if the answer was damaged and the question is repeatable, and return what was answered.

        :raises TimedOut: no answer, or the pad says that it waited in vain.
        :raises ProtocolViolation: a complaint, or no sound answer.
        """
        try:
            try:
                answer = self.attempt(question)
            except DamagedFrame:
                self.resynchronise()
                if not question.repeatable:
                    raise
                _trace.debug("%s again", question.name)
                answer = self.attempt(question)
        except DamagedFrame as damage:
            _trace.debug("%s failed: %s", question.name, damage)
            raise ProtocolViolation(DEVICE, f"at {question.name} a damaged answer: {damage}") from damage
        except DeviceError as fault:
            _trace.debug("%s failed: %s", question.name, fault)
            raise
        _trace.debug("%s: done", question.name)
        return answer

    def attempt(self, question: Question[T]) -> T:
        """Ask once.

        :raises DamagedFrame: something came, but no sound answer in this dialect.
        """
        self._line.discard_input()
        wire_trace.sent(DEVICE, question.name, question.frame, holds_nothing=question.holds_nothing)
        self._line.write(question.frame)
        deadline = time.monotonic() + self._answer_s
        other_bytes = False
        try:
            while self._line.read_byte(deadline) != STX:
                other_bytes = True  # keys of an entry that ends now, or noise
        except TimedOut as silence:
            if other_bytes:
                raise DamagedFrame("bytes but no answer") from silence
            raise TimedOut(DEVICE, f"no answer to {question.name}") from silence
        reply = self.read_frame()
        told = f"{question.name} {reply.status:02X}"
        wire_trace.came(DEVICE, told, reply.data, holds_nothing=question.holds_nothing)
        if reply.status == question.done:
            return question.read(reply.data)
        complaint = self.dialect.complaint(reply.status)
        if complaint is None:
            raise DamagedFrame("it answers another command")
        if reply.status == self.dialect.timed_out:
            raise TimedOut(DEVICE, f"at {question.name} it {complaint}")
        raise ProtocolViolation(DEVICE, f"at {question.name} it {complaint}")

    def read_frame(self) -> Reply:
        """Read what follows an STX.

        :raises DamagedFrame: it is no sound frame of this dialect.
        """
        deadline = time.monotonic() + FRAME_S
        decoder = self.dialect.decoder()
        try:
            reply = None
            while reply is None:
                reply = decoder.feed(self._line.read_byte(deadline))
        except TimedOut as silence:
            raise DamagedFrame("it broke off") from silence
        finally:
            decoder.wipe()
        return reply

    def resynchronise(self, quiet_s: float = QUIET_S, at_most_s: float = RESYNCHRONISE_S) -> bool:
        """Drop bytes until the line has been quiet for ``quiet_s``, or for ``at_most_s``; whether there were any."""
        end, dropped = time.monotonic() + at_most_s, False
        try:
            while (now := time.monotonic()) < end:
                self._line.read_byte(now + quiet_s)
                dropped = True
        except TimedOut:
            pass
        return dropped
