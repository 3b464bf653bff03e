"""A reader of identity cards on a serial port: docs/wire-id-reader.md."""

import logging
import time
from collections.abc import Callable
from typing import Final, TypeVar

from drivers.id_reader.layouts import document_of
from drivers.id_reader.sam_wire import (
    REPEATABLE,
    Answer,
    AnswerDecoder,
    Command,
    DamagedFrame,
    PreambleWatch,
    Status,
    encode,
    sam_number,
    text_and_photo,
)
from drivers.ports.errors import DeviceError, MediaRemoved, NotConnected, ProtocolViolation, TimedOut
from drivers.ports.id_reader import DocumentUnreadable, IdDocument, ReaderIdentity
from drivers.transport import wire_trace
from drivers.transport.serial_line import SerialLine

T = TypeVar("T")

DEVICE: Final = "id_reader"
BAUD_RATE: Final = 115200
ANSWER_S: Final = 1.0
"""Seconds until an answer begins."""
READ_ANSWER_S: Final = 3.0
"""The same for a read: module and card prove themselves to one another first."""
FRAME_S: Final = 0.5
"""Seconds from the preamble to the last byte; the longest answer takes 0.12 s at 115200 baud."""
FIND_EVERY_S: Final = 0.2
"""Between two looks for a document, or at whether it still lies there."""
QUIET_S: Final = 0.05
RESYNCHRONISE_S: Final = 0.3
"""Most seconds spent waiting for a line that is silent for :data:`QUIET_S`."""

_trace = logging.getLogger(__name__)


class SerialIdReader:
    """A reader as an :class:`drivers.ports.id_reader.IdReader`.

    The port is opened by the first call and again after the cable was pulled. The trace names commands and status
    words; what stands on a document is never logged.
    """

    def __init__(
        self,
        port_path: str,
        *,
        answer_s: float = ANSWER_S,
        read_answer_s: float = READ_ANSWER_S,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """
        :param port_path: device file or symbolic link, such as ``/dev/serial/by-id/…``.
        :param answer_s: seconds until an answer must begin.
        :param read_answer_s: the same for a read.
        :param pause: waits between two looks.
        """
        self._line = SerialLine(DEVICE, port_path, baud_rate=BAUD_RATE)
        self._answer_s, self._read_answer_s = answer_s, read_answer_s
        self._pause = pause

    def identify(self) -> ReaderIdentity:
        """Ask the reader for its status, then for its module's number."""
        self._done(Command.STATUS)
        try:
            return ReaderIdentity(sam_number(self._done(Command.SAM_ID).data))
        except DamagedFrame as damage:
            raise ProtocolViolation(DEVICE, f"at {Command.SAM_ID.name} {damage}") from damage

    def wait_for_document(self, timeout_s: float) -> None:
        """Look for a document until one has come; see :meth:`drivers.ports.id_reader.IdReader.wait_for_document`.

        :raises TimedOut: none came; the last look may end up to 1 s after ``timeout_s``.
        """
        self._wait(timeout_s, self._finds, "no document came")

    def read_document(self) -> IdDocument:
        """Select and read the document that was found.

        :raises MediaRemoved: it was taken away.
        :raises DocumentUnreadable: it is there and does not let itself be read.
        """
        if not self._still_there():
            raise MediaRemoved(DEVICE, "the document left before it was read")
        try:
            answer = self._ask(Command.READ)
            if answer.status == Status.DONE:
                return document_of(*text_and_photo(answer.data))
        except DamagedFrame as damage:
            raise ProtocolViolation(DEVICE, f"at {Command.READ.name} {damage}") from damage
        # The module says "can't read" of a dead card and of one that was taken away.
        if not self._still_there():
            raise MediaRemoved(DEVICE, "the document left while it was read")
        if answer.status in _ABOUT_THE_CARD:
            raise DocumentUnreadable(f"the reader {answer.complaint}")
        raise ProtocolViolation(DEVICE, f"at {Command.READ.name} it {answer.complaint}")

    def wait_for_removal(self, timeout_s: float) -> None:
        """Wait until the document is gone; see :meth:`drivers.ports.id_reader.IdReader.wait_for_removal`."""
        self._wait(timeout_s, lambda: not self._still_there(), "the document is still there")

    def close(self) -> None:
        """Leave the line; the next call would open it again."""
        self._line.close()

    def _wait(self, timeout_s: float, arrived: Callable[[], bool], otherwise: str) -> None:
        deadline = time.monotonic() + timeout_s
        while not arrived():
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                raise TimedOut(DEVICE, otherwise)
            self._pause(min(FIND_EVERY_S, left_s))

    def _finds(self) -> bool:
        try:
            answer = self._attempt(Command.FIND)
        except DamagedFrame:
            # The answer may have said that a document was found, which the module says once only.
            self._resynchronise()
            return self._still_there()
        match answer.status:
            case Status.FOUND:
                return True
            case Status.FIND_FAILED | Status.CHECKSUM:
                return False
        raise ProtocolViolation(DEVICE, f"at {Command.FIND.name} it {answer.complaint}")

    def _still_there(self) -> bool:
        answer = self._ask(Command.SELECT)
        match answer.status:
            case Status.DONE:
                return True
            case Status.SELECT_FAILED:
                return False
        raise ProtocolViolation(DEVICE, f"at {Command.SELECT.name} it {answer.complaint}")

    def _done(self, command: Command) -> Answer:
        answer = self._ask(command)
        if answer.status != Status.DONE:
            raise ProtocolViolation(DEVICE, f"at {command.name} it {answer.complaint}")
        return answer

    def _ask(self, command: Command) -> Answer:
        """Ask, once more if question or answer was damaged on its way, and return what was answered."""
        try:
            answer = self._attempt(command)
            if answer.status != Status.CHECKSUM:
                return answer
        except DamagedFrame as damage:
            self._resynchronise()
            if command not in REPEATABLE:
                raise ProtocolViolation(DEVICE, f"at {command.name} a damaged answer: {damage}") from damage
        _trace.debug("%s again", command.name)
        try:
            return self._attempt(command)
        except DamagedFrame as damage:
            raise ProtocolViolation(DEVICE, f"at {command.name} a damaged answer: {damage}") from damage

    def _attempt(self, command: Command) -> Answer:
        """Ask once.

        :raises DamagedFrame: something came, but no sound answer.
        :raises NotConnected: nothing came, or there is no port.
        """
        self._line.open()
        self._line.discard_input()
        holds_nothing = command in _OF_THE_READER
        wire_trace.sent(DEVICE, command.name, encode(command), holds_nothing=holds_nothing)
        try:
            self._line.write(encode(command))
        except TimedOut as full:  # a time-out is what a wait for a document ends with, and nothing else
            raise NotConnected(DEVICE, "the line takes no bytes") from full
        answer_s = self._read_answer_s if command is Command.READ else self._answer_s
        try:
            answer = self._hear(time.monotonic() + answer_s)
        except (DamagedFrame, DeviceError) as fault:
            _trace.debug("%s failed: %s", command.name, fault)
            raise
        _trace.debug("%s: it %s", command.name, answer.complaint)
        wire_trace.came(DEVICE, f"{command.name} {answer.status:02X}", answer.data, holds_nothing=holds_nothing)
        return answer

    def _hear(self, deadline: float) -> Answer:
        watch, heard = PreambleWatch(), False
        try:
            while not watch.feed(self._line.read_byte(deadline)):
                heard = True
        except TimedOut as silence:
            if heard:
                raise DamagedFrame("bytes but no answer") from silence
            raise NotConnected(DEVICE, "it does not answer") from silence
        decoder, deadline = AnswerDecoder(), time.monotonic() + FRAME_S
        try:
            while (answer := decoder.feed(self._line.read_byte(deadline))) is None:
                pass
        except TimedOut as silence:
            raise DamagedFrame("it broke off") from silence
        return answer

    def _resynchronise(self) -> None:
        """Drop bytes until the line is quiet, for :data:`RESYNCHRONISE_S` at most."""
        end = time.monotonic() + RESYNCHRONISE_S
        try:
            while (now := time.monotonic()) < end:
                self._line.read_byte(now + QUIET_S)
        except TimedOut:
            return


_OF_THE_READER: Final = frozenset({Command.STATUS, Command.SAM_ID})
"""Asked and answered without any document: the trace shows their bytes."""
_ABOUT_THE_CARD: Final = frozenset(
    {Status.READ_FAILED, Status.CARD_DISTRUSTS_SAM, Status.SAM_DISTRUSTS_CARD, Status.NO_CONTENT}
)
"""What a read answers of a card, not of the line or the reader."""
