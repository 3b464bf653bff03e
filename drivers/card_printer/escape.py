"""A card printer on the escape stream: docs/wire-card-printer.md."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from drivers.card_printer.escape_wire import download, ribbon_of, sensors_of, word_of
from drivers.card_printer.panels import panels_of
from drivers.card_printer.sensed import SensedCardPrinter, require_moved
from drivers.card_printer.words import DEVICE, Sensors, Word
from drivers.ports.card_printer import Bin, Face, Ribbon
from drivers.ports.errors import Busy, DeviceError, ProtocolViolation
from drivers.transport.byte_line import ByteLine
from drivers.transport.escape_line import LONGEST_ANSWER, EscapeLine, command

_INTO: Final = {Bin.REJECT: "r", Bin.RETAINED: "k"}


@dataclass(frozen=True, slots=True)
class Limits:
    """How long the printer may take, in seconds."""

    answer_s: float = 0.5
    """For a question, which is answered whatever else goes on."""
    download_s: float = 20.0
    """For a panel's data: half a megabyte, on the slowest USB a second."""
    feed_s: float = 15.0
    print_s: float = 90.0
    """Five panels take the slow models of this kind three quarters of a minute."""
    eject_s: float = 15.0
    settle_s: float = 10.0
    """Until everything stands still after an answer that did not come."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Which printer it is."""

    serial: str
    firmware: str


class _Stream:
    """The mechanism behind the escape stream. The line is opened by the first call."""

    def __init__(self, line: ByteLine, limits: Limits) -> None:
        self._limits = limits
        # The first word takes the printer's own recovery away from it: it would print on by itself.
        self.line = EscapeLine(DEVICE, line, limits.answer_s, (command("Pem", "2"), _judge_greeting))

    def sensors(self) -> Sensors:
        return self.line.asked("Rse", sensors_of)

    def ribbon(self) -> Ribbon:
        return self.line.asked("Rlr", ribbon_of)

    def feed(self) -> Word | DeviceError:
        return self._sent_once(command("Sis"), self._limits.feed_s)

    def hand_over(self, face: Face) -> None:
        for octets in (command("Ss"), *(download(panel) for panel in panels_of(face))):
            told = self._sent_once(octets, self._limits.download_s)
            require_moved(told)
            if isinstance(told, DeviceError):
                raise told
            if told is not Word.OK:
                raise ProtocolViolation(DEVICE, f"{told.value} is no answer to data")

    def print(self) -> Word | DeviceError:
        return self._sent_once(command("Se"), self._limits.print_s)

    def eject(self) -> Word | DeviceError:
        return self._sent_once(command("Ser"), self._limits.eject_s)

    def discard(self, to: Bin) -> Word | DeviceError:
        return self._sent_once(command("Ser", _INTO[to]), self._limits.eject_s)

    def close(self) -> None:
        self.line.close()

    def _sent_once(self, octets: bytes, limit_s: float) -> Word | DeviceError:
        return self.line.sent_once(octets, limit_s, word_of)


class EscapeCardPrinter(SensedCardPrinter):
    """A :class:`drivers.ports.card_printer.CardPrinter`. The line is opened by the first call."""

    def __init__(
        self,
        line: ByteLine,
        centre: Ed25519PublicKey,
        terminal: str,
        *,
        now_ms: Callable[[], int],
        limits: Limits | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """For the rest see :class:`SensedCardPrinter`.

        :param limits: the usual ones where it is left out.
        """
        limits = limits or Limits()
        self._stream = _Stream(line, limits)
        super().__init__(self._stream, centre, terminal, now_ms=now_ms, settle_s=limits.settle_s, pause=pause)

    def identify(self) -> Identity:
        """Which printer it is, for whoever looks after it."""
        return Identity(self._stream.line.asked("Rsn", _text), self._stream.line.asked("Rfv", _text))


def _judge_greeting(line: bytes) -> None:
    told = word_of(line)
    if told is Word.BUSY:
        raise Busy(DEVICE, "another connection is served")
    if told is not Word.OK:
        raise ProtocolViolation(DEVICE, f"{told.value} is no answer to Pem")


def _text(line: bytes) -> str | None:
    text = line.decode("ascii", "replace")
    return text if text.isprintable() and text and len(text) <= LONGEST_ANSWER else None
