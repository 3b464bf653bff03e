"""An Evolis card printer through its maker's library (docs/hardware.md: tried on no printer).

The library runs in a process of its own. A call that is over its time ends that process; what the call had begun to
move, the sensors tell when the next process asks them.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from io import BytesIO
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any, Final

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from PIL import Image

from drivers.card_printer import evolis_process
from drivers.card_printer.evolis_process import MISSING, READY
from drivers.card_printer.evolis_words import error_of, ribbon_of, sensors_of, word_of
from drivers.card_printer.panels import blackened
from drivers.card_printer.sensed import SensedCardPrinter
from drivers.card_printer.words import DEVICE, Sensors, Word
from drivers.ports.card_printer import Bin, Face, Ribbon
from drivers.ports.errors import Busy, DeviceError, NotConnected, ProtocolViolation, TimedOut
from drivers.transport import wire_trace

_TRAYS: Final = {Bin.REJECT: "ERROR", Bin.RETAINED: "ERRORSLOT"}
"""Both are there on KC200B, KM500B, KM2000B, KC Prime and KC Max: the box, and the slot below it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long the library may take, in seconds."""

    start_s: float = 20.0
    """To load."""
    answer_s: float = 3.0
    feed_s: float = 20.0
    hand_over_s: float = 20.0
    print_s: float = 90.0
    eject_s: float = 20.0
    settle_s: float = 10.0


def is_installed() -> bool:
    """Whether the extra that brings the library is there; it is not loaded."""
    return find_spec("evolis") is not None


class _Library:
    """The mechanism: one question at a time to a process that holds the library."""

    def __init__(self, name: str, limits: Limits) -> None:
        self._name, self._limits = name, limits
        self._process: subprocess.Popen[bytes] | None = None
        self._line: Connection[Any, Any] | None = None

    def sensors(self) -> Sensors:
        return sensors_of(self._looked()[0])

    def ribbon(self) -> Ribbon:
        return ribbon_of(*self._looked())

    def feed(self) -> Word | DeviceError:
        return self._moved({"do": "feed"}, self._limits.feed_s)

    def hand_over(self, face: Face) -> None:
        self._sure(self._asked({"do": "hand_over"}, self._limits.hand_over_s, _bitmap(face)))

    def print(self) -> Word | DeviceError:
        question = {"do": "print", "limit_ms": round(self._limits.print_s * 1000)}
        # The card goes back to the contact station within the same question.
        return self._moved(question, self._limits.print_s + self._limits.feed_s)

    def eject(self) -> Word | DeviceError:
        return self._moved({"do": "eject"}, self._limits.eject_s)

    def discard(self, to: Bin) -> Word | DeviceError:
        return self._moved({"do": "discard", "tray": _TRAYS[to]}, self._limits.eject_s)

    def close(self) -> None:
        """End the process, whatever it is at."""
        process, self._process = self._process, None
        line, self._line = self._line, None
        if line is not None:
            line.close()
        if process is not None:
            process.kill()
            process.wait()

    def _looked(self) -> tuple[frozenset[str], tuple[str, int] | None]:
        told = self._sure(self._asked({"do": "look"}, self._limits.answer_s))
        try:
            ribbon = told["ribbon"]
            return frozenset(told["flags"]), None if ribbon is None else (str(ribbon[0]), int(ribbon[1]))
        except (KeyError, TypeError, ValueError, IndexError) as fault:
            raise ProtocolViolation(DEVICE, "its library's process tells nonsense") from fault

    def _moved(self, question: dict[str, Any], limit_s: float) -> Word | DeviceError:
        try:
            return word_of(str(self._asked(question, limit_s).get("code")))
        except DeviceError as lost:
            return lost

    def _sure(self, told: dict[str, Any]) -> dict[str, Any]:
        word = word_of(str(told.get("code")))
        if word is Word.BUSY:
            raise Busy(DEVICE, "somebody else has it")
        if isinstance(word, DeviceError):
            raise word
        if word is not Word.OK:
            raise error_of(str(told.get("code")))
        return told

    def _asked(self, question: dict[str, Any], limit_s: float, document: bytes | None = None) -> dict[str, Any]:
        line, word, octets = self._started(), str(question["do"]), json.dumps(question).encode()
        try:
            wire_trace.sent(DEVICE, word, octets, holds_nothing=True)
            line.send_bytes(octets)
            if document is not None:
                wire_trace.sent(DEVICE, "a face", document)
                line.send_bytes(document)
            told = self._answer(line, limit_s)
        except (EOFError, OSError) as fault:
            self.close()
            raise NotConnected(DEVICE, "its library's process has died") from fault
        wire_trace.came(DEVICE, f"{word} {told.get('code')}", json.dumps(told).encode(), holds_nothing=word == "look")
        return told

    def _answer(self, line: "Connection[Any, Any]", limit_s: float) -> dict[str, Any]:
        if not line.poll(limit_s):
            self.close()
            raise TimedOut(DEVICE, "its library does not come back")
        told: dict[str, Any] = json.loads(line.recv_bytes())
        return told

    def _started(self) -> "Connection[Any, Any]":
        if self._line is not None:
            return self._line
        ours, theirs = Pipe()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, by our own interpreter
                # -P: its folder holds a module of the library's own name.
                [sys.executable, "-P", evolis_process.__file__, str(theirs.fileno()), self._name],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        self._line = ours
        try:
            code = self._answer(ours, self._limits.start_s).get("code")
        except (EOFError, OSError) as fault:
            self.close()
            raise NotConnected(DEVICE, "its library's process has died") from fault
        if code == MISSING:
            self.close()
            raise NotConnected(DEVICE, "its library is missing: install the extra [evolis]")
        if code != READY:
            self.close()
            raise ProtocolViolation(DEVICE, "its library's process tells nonsense")
        return ours


class EvolisCardPrinter(SensedCardPrinter):
    """A :class:`drivers.ports.card_printer.CardPrinter`. The library is loaded by the first call."""

    def __init__(
        self,
        name: str,
        centre: Ed25519PublicKey,
        terminal: str,
        *,
        now_ms: Callable[[], int],
        limits: Limits | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """For the rest see :class:`SensedCardPrinter`.

        :param name: as the library names the printer.
        :param limits: the usual ones where it is left out.
        """
        limits = limits or Limits()
        mechanism = _Library(name, limits)
        super().__init__(mechanism, centre, terminal, now_ms=now_ms, settle_s=limits.settle_s, pause=pause)


def _bitmap(face: Face) -> bytes:
    written = BytesIO()
    Image.fromarray(np.ascontiguousarray(blackened(face))).save(written, "BMP")
    return written.getvalue()
