"""``ESC command;parameter CR`` and one line back, on a stream of bytes: docs/wire-card-printer.md.

A line on which an answer went missing is left and opened anew, so that an answer that comes late is never taken for
another's.
"""

import logging
import time
from collections.abc import Callable
from typing import Final, TypeVar

from drivers.ports.errors import DeviceError, ProtocolViolation
from drivers.transport import wire_trace
from drivers.transport.byte_line import ByteLine

LONGEST_ANSWER: Final = 200
"""Bytes before the carriage return; more is no answer."""

_OF_THE_DEVICE: Final = frozenset({"Rse", "Rlr", "Rsn", "Rfv"})
"""Questions about sensors, ribbon, number and version: the trace shows their answers."""
_trace = logging.getLogger(__name__)

_LONGEST_WORD: Final = 4

_Told = TypeVar("_Told")


def command(*parts: str) -> bytes:
    """ESC, the parts between semicolons, CR."""
    return b"\x1b" + ";".join(parts).encode("ascii") + b"\r"


class EscapeLine:
    """Questions and commands to one device. For one thread."""

    def __init__(
        self,
        device: str,
        line: ByteLine,
        answer_s: float,
        greet: tuple[bytes, Callable[[bytes], None]] | None = None,
    ) -> None:
        """
        :param device: the port's noun in error texts.
        :param answer_s: seconds for the answer to a question.
        :param greet: what is said first on a line that was opened, and what judges its answer.
        """
        self._device = device
        self._line = line
        self._answer_s = answer_s
        self._greet = greet
        self._heard = b""

    def asked(self, question: str, read: Callable[[bytes], _Told | None]) -> _Told:
        """Ask what moves nothing.

        :param read: what an answer means; None when it is one to something else.
        :raises TimedOut: no answer.
        :raises NotConnected: nobody is there.
        :raises Busy: another process holds the line.
        :raises ProtocolViolation: an answer to something else.
        """
        try:
            self._open()
            deadline = time.monotonic() + self._answer_s
            wire_trace.sent(self._device, question, command(question), holds_nothing=True)
            self._line.write(command(question), deadline)
            heard = self._line_heard(deadline)
            wire_trace.came(self._device, question, heard, holds_nothing=question in _OF_THE_DEVICE)
            told = read(heard)
            if told is None:
                raise ProtocolViolation(self._device, f"an answer that is none to {question}")
        except DeviceError:
            self._line.close()
            raise
        return told

    def sent_once(self, octets: bytes, limit_s: float, read: Callable[[bytes], _Told]) -> _Told | DeviceError:
        """Send what may move something; its answer, or what came instead of one. Nothing is sent again.

        A question was answered on this line just before.
        """
        deadline = time.monotonic() + limit_s
        name = _name(octets)
        try:
            wire_trace.sent(self._device, name, octets)  # a face's panels go this way too
            self._line.write(octets, deadline)
            heard = self._line_heard(deadline)
            wire_trace.came(self._device, name, heard)
            told = read(heard)
        except DeviceError as lost:
            self._line.close()
            _trace.debug("%s: no answer: %s", self._device, lost.what)
            return lost
        _trace.debug("%s answered", self._device)
        return told

    def close(self) -> None:
        """Leave the line; the next question would open it again."""
        self._line.close()

    def _open(self) -> None:
        if not self._line.open():
            return
        self._heard = b""
        if self._greet is not None:
            octets, judge = self._greet
            deadline = time.monotonic() + self._answer_s
            self._line.write(octets, deadline)
            judge(self._line_heard(deadline))

    def _line_heard(self, deadline: float) -> bytes:
        """The next answer, without its carriage return."""
        while b"\r" not in self._heard:
            if len(self._heard) > LONGEST_ANSWER:
                raise ProtocolViolation(self._device, "an answer without end")
            self._heard += self._line.read(deadline)
        line, _, self._heard = self._heard.partition(b"\r")
        return line


def _name(octets: bytes) -> str:
    """The command's word alone, without what it carries."""
    word = octets.lstrip(b"\x1b").partition(b";")[0].partition(b"\r")[0]
    return word.decode("ascii") if word.isalpha() and len(word) <= _LONGEST_WORD else "a command"
