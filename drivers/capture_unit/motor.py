"""A slot's motor on the escape stream: docs/wire-capture-unit.md. What moves a card goes out once, as at a printer."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, assert_never

from drivers.capture_unit.motor_wire import DEVICE, Word, status_of, word_of
from drivers.ports.capture_unit import CaptureStatus
from drivers.ports.card_printer import Media
from drivers.ports.errors import (
    DeviceError,
    MediaJammed,
    MediaPresent,
    MediaRemoved,
    ProtocolViolation,
    StorageFull,
    TimedOut,
)
from drivers.transport.byte_line import ByteLine
from drivers.transport.escape_line import EscapeLine, command
from drivers.transport.settling import LOOK_S, settled

BAUD_RATE: Final = 9600


@dataclass(frozen=True, slots=True)
class Limits:
    """How long the motor may take, in seconds."""

    answer_s: float = 0.5
    move_s: float = 8.0
    """A card's length; slow ones take three."""
    settle_s: float = 5.0
    """Until everything stands still after an answer that did not come."""


class EscapeCaptureUnit:
    """A :class:`drivers.ports.capture_unit.CaptureUnit`. The line is opened by the first call."""

    def __init__(
        self, line: ByteLine, *, limits: Limits | None = None, pause: Callable[[float], None] = time.sleep
    ) -> None:
        """:param pause: waits so many seconds."""
        self._limits = limits or Limits()
        self._line = EscapeLine(DEVICE, line, self._limits.answer_s)
        self._pause = pause

    def status(self) -> CaptureStatus:
        """Ask the sensors; see :meth:`drivers.ports.capture_unit.CaptureUnit.status`."""
        return self._line.asked("Rse", status_of)

    def eject(self) -> None:
        """Bring the card to the mouth; see :meth:`drivers.ports.capture_unit.CaptureUnit.eject`."""
        before = self._require_card()
        if before.media is Media.LATCHED:
            return
        told = self._moved(command("Ser"))
        after = self._settled(told)
        _require_free(after, told, "the card did not get to the mouth")
        # None at all: somebody was quick, as there is no other way out.
        if after.media not in (Media.LATCHED, Media.NOT_PRESENT):
            raise TimedOut(DEVICE, "the card has not moved") from _lost(told)

    def wait_until_taken(self, timeout_s: float) -> None:
        """Wait until the mouth is empty; see :meth:`drivers.ports.capture_unit.CaptureUnit.wait_until_taken`."""
        deadline = time.monotonic() + timeout_s
        while True:
            media = self.status().media
            match media:
                case Media.NOT_PRESENT:
                    return
                case Media.JAMMED:
                    raise MediaJammed(DEVICE, "the card is stuck at the mouth")
                case Media.PRESENT:
                    raise MediaPresent(DEVICE, "the card is inside, where nobody can take it")
                case Media.LATCHED | Media.ENTERING:
                    if time.monotonic() >= deadline:
                        raise TimedOut(DEVICE, "the card was not taken")
                    self._pause(LOOK_S)
                case _:
                    assert_never(media)

    def retain(self) -> None:
        """Take the card into the bin; see :meth:`drivers.ports.capture_unit.CaptureUnit.retain`."""
        before = self._require_card()
        told = self._moved(command("Ser", "k"))
        after = self._settled(told)
        _require_free(after, told, "the card does not move into the bin")
        if after.media is not Media.NOT_PRESENT:
            raise TimedOut(DEVICE, "the card has not moved") from _lost(told)
        if before.media is Media.LATCHED and isinstance(told, DeviceError):
            raise TimedOut(DEVICE, "the card has gone from the mouth, and nobody tells where") from told

    def close(self) -> None:
        """Leave the line; the next call would open it again."""
        self._line.close()

    def _require_card(self) -> CaptureStatus:
        status = self.status()
        if status.media is Media.NOT_PRESENT:
            raise MediaRemoved(DEVICE, "no card in it")
        return status

    def _moved(self, octets: bytes) -> Word | DeviceError:
        """Send it once; raise what the motor names when it has done nothing."""
        told = self._line.sent_once(octets, self._limits.move_s, word_of)
        match told:
            case Word.NO_CARD:
                raise MediaRemoved(DEVICE, "no card in it")
            case Word.BIN_FULL:
                raise StorageFull(DEVICE, "the bin is full")
            case Word.UNKNOWN:
                raise ProtocolViolation(DEVICE, "it does not know what was asked")
            case Word.OK | Word.JAM | DeviceError():
                return told
            case _:
                assert_never(told)

    def _settled(self, told: Word | DeviceError) -> CaptureStatus:
        return settled(
            self.status,
            lambda status: status.media is Media.ENTERING,
            TimedOut(DEVICE, "it does not come to rest"),
            _lost(told),
            self._limits.settle_s,
            self._pause,
        )


def _require_free(status: CaptureStatus, told: Word | DeviceError, otherwise: str) -> None:
    if status.media is Media.JAMMED or told is Word.JAM:
        raise MediaJammed(DEVICE, otherwise) from _lost(told)


def _lost(told: Word | DeviceError) -> DeviceError | None:
    return told if isinstance(told, DeviceError) else None
