"""How a card printer is driven whose sensors tell where its card is, whatever its wire.

What moves a card or prints on it is commanded once. Whatever the answer, or without one, the sensors are asked where
the card is, and they decide.
"""

import logging
import time
from collections.abc import Callable
from typing import Protocol, assert_never

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from drivers.card_printer.leave import require_leave
from drivers.card_printer.words import DEVICE, NOTHING_MOVED, Sensors, Word, status_of
from drivers.ports.card_printer import (
    SELF_SERVICE,
    Ability,
    Bin,
    CardPrinterStatus,
    Face,
    Fill,
    IssuanceRefused,
    IssuanceToken,
    Media,
    Position,
    Refusal,
    Ribbon,
)
from drivers.ports.errors import (
    Busy,
    DeviceError,
    MediaExhausted,
    MediaJammed,
    MediaPresent,
    MediaRemoved,
    PartlyPrinted,
    ProtocolViolation,
    StorageFull,
    TimedOut,
    TwoFed,
)
from drivers.transport.settling import LOOK_S, settled

_trace = logging.getLogger(__name__)


class Mechanism(Protocol):
    """A printer's own words. What moves something returns the printer's word for it, or the error that came instead of
    one; it is never sent twice. Questions raise :class:`~drivers.ports.errors.DeviceError`.
    """

    def sensors(self) -> Sensors:
        """Where everything is."""

    def ribbon(self) -> Ribbon:
        """What is left to print with."""

    def feed(self) -> Word | DeviceError:
        """Bring a blank to the contact station."""

    def hand_over(self, face: Face) -> None:
        """Give it what it is to print; nothing is printed yet.

        :raises DeviceError: it has not got it.
        """

    def print(self) -> Word | DeviceError:
        """Print that on the card, and bring it back to the contact station."""

    def eject(self) -> Word | DeviceError:
        """Bring the card to the exit."""

    def discard(self, to: Bin) -> Word | DeviceError:
        """Put the card into a bin."""

    def close(self) -> None:
        """Leave it; whatever is asked next comes back to it."""


class SensedCardPrinter:
    """A :class:`drivers.ports.card_printer.CardPrinter` over a mechanism. Nothing is asked before the first call."""

    def __init__(
        self,
        mechanism: Mechanism,
        centre: Ed25519PublicKey,
        terminal: str,
        *,
        now_ms: Callable[[], int],
        settle_s: float,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """
        :param centre: the key by which the centre signs its answers and its tokens.
        :param terminal: this terminal's id, as tokens name it.
        :param now_ms: UTC by the best clock there is, milliseconds since 1970.
        :param settle_s: seconds until everything stands still after an answer that did not come.
        :param pause: waits so many seconds.
        """
        self._mechanism = mechanism
        self._centre = centre
        self._terminal = terminal
        self._now_ms = now_ms
        self._settle_s = settle_s
        self._pause = pause
        self._fed: set[str] = set()
        self._printed: set[str] = set()
        self._job: str | None = None
        """Whose blank is in the printer."""

    @property
    def abilities(self) -> frozenset[Ability]:
        """All of them."""
        return SELF_SERVICE

    def status(self) -> CardPrinterStatus:
        """Ask the sensors and the ribbon; see :meth:`drivers.ports.card_printer.CardPrinter.status`."""
        return status_of(self._mechanism.sensors(), self._mechanism.ribbon())

    def feed(self, token: IssuanceToken) -> None:
        """Bring one blank to the contact station; see :meth:`drivers.ports.card_printer.CardPrinter.feed`."""
        require_leave(token, self._centre, self._terminal, self._now_ms())
        if token.job_id in self._fed:
            raise IssuanceRefused(Refusal.FED_ALREADY)
        _require_ready_to_feed(self.status())
        self._fed.add(token.job_id)  # before it goes out: from here on a blank may leave the hopper
        self._job = token.job_id
        told = self._mechanism.feed()
        if told in NOTHING_MOVED:
            self._fed.discard(token.job_id)
            self._job = None
        require_moved(told)
        sensors = self._settled(told)
        if sensors.two_fed or told is Word.TWO_FED:
            raise TwoFed(DEVICE, "two blanks left the hopper") from _lost(told)
        if sensors.media is Media.NOT_PRESENT:
            raise TimedOut(DEVICE, "no blank has come") from _lost(told)
        if sensors.media is Media.JAMMED or sensors.position is not Position.CONTACT_STATION or told is Word.JAM:
            raise MediaJammed(DEVICE, "a blank stopped on its way to the contact station") from _lost(told)

    def print_face(self, job_id: str, face: Face) -> None:
        """Print the face; see :meth:`drivers.ports.card_printer.CardPrinter.print_face`."""
        if job_id != self._job:
            raise IssuanceRefused(Refusal.NOT_FED)
        if job_id in self._printed:
            raise IssuanceRefused(Refusal.PRINTED_ALREADY)
        before = self.status()
        _require_ready_to_print(before)
        self._mechanism.hand_over(face)
        self._printed.add(job_id)  # before it goes out: from here on there may be a dot
        told = self._mechanism.print()
        if told in NOTHING_MOVED:
            self._printed.discard(job_id)
        require_moved(told)
        try:
            sensors, ribbon = self._settled(told), self._mechanism.ribbon()
        except DeviceError as silence:
            raise PartlyPrinted(DEVICE, "nobody tells what became of a face") from silence
        self._judge_print(told, sensors, used=before.ribbon.faces_left - ribbon.faces_left)

    def eject(self) -> None:
        """Bring the card to the exit; see :meth:`drivers.ports.card_printer.CardPrinter.eject`."""
        before = self.status()
        _require_card(before)
        if before.position is Position.EXIT:
            return
        if before.media is Media.JAMMED:
            raise MediaJammed(DEVICE, "the card does not move")
        told = self._mechanism.eject()
        require_moved(told)
        sensors = self._settled(told)
        if sensors.media is Media.JAMMED or told is Word.JAM:
            raise MediaJammed(DEVICE, "the card did not get to the exit") from _lost(told)
        if sensors.cover_open:
            raise MediaRemoved(DEVICE, "its cover was opened") from _lost(told)
        # None at all: somebody was quick, as there is no other way out.
        if sensors.media not in (Media.LATCHED, Media.NOT_PRESENT):
            raise TimedOut(DEVICE, "the card has not moved") from _lost(told)

    def wait_until_taken(self, timeout_s: float) -> None:
        """Wait until the exit is empty; see :meth:`drivers.ports.card_printer.CardPrinter.wait_until_taken`."""
        deadline = time.monotonic() + timeout_s
        while True:
            sensors = self._mechanism.sensors()
            match sensors.media:
                case Media.NOT_PRESENT if sensors.cover_open:
                    raise MediaRemoved(DEVICE, "its cover is open, and who has the card is not known")
                case Media.NOT_PRESENT:
                    self._job = None
                    return
                case Media.JAMMED:
                    raise MediaJammed(DEVICE, "the card is stuck at the exit")
                case Media.PRESENT:
                    raise MediaPresent(DEVICE, "the card is inside, where nobody can take it")
                case Media.LATCHED | Media.ENTERING:
                    if time.monotonic() >= deadline:
                        raise TimedOut(DEVICE, "the card was not taken")
                    self._pause(LOOK_S)
                case _:
                    assert_never(sensors.media)

    def discard(self, to: Bin) -> None:
        """Put the card into a bin; see :meth:`drivers.ports.card_printer.CardPrinter.discard`."""
        before = self.status()
        _require_card(before)
        if before.position is Position.EXIT and to is Bin.REJECT:
            raise ValueError("a card at the exit goes to the retained bin")
        told = self._mechanism.discard(to)
        require_moved(told)
        sensors = self._settled(told)
        if sensors.media is Media.JAMMED or told is Word.JAM:
            raise MediaJammed(DEVICE, "the card does not move into the bin") from _lost(told)
        if sensors.media is not Media.NOT_PRESENT:
            raise TimedOut(DEVICE, "the card has not moved") from _lost(told)
        self._job = None
        if before.position is Position.EXIT and isinstance(told, DeviceError):
            raise TimedOut(DEVICE, "the card has gone from the exit, and nobody tells where") from told

    def close(self) -> None:
        """Leave the printer; the next call would come back to it."""
        self._mechanism.close()

    def _judge_print(self, told: Word | DeviceError, sensors: Sensors, *, used: int) -> None:
        """Done, or the error that says what is on the card."""
        back = sensors.media is Media.PRESENT and sensors.position is Position.CONTACT_STATION
        match told:
            case Word.OK if back:
                return
            case DeviceError() if back and used == 1:
                _trace.debug("the answer to a face was lost; ribbon and sensors say that it is whole")
            case DeviceError() if back and used == 0:
                raise TimedOut(DEVICE, "it did not begin to print") from told
            case DeviceError():
                raise PartlyPrinted(DEVICE, "a face was begun and nobody tells its end") from told
            case Word.RIBBON_ENDED:
                raise PartlyPrinted(DEVICE, "a face broke off") from MediaExhausted(DEVICE, "the ribbon ended")
            case _:
                raise PartlyPrinted(DEVICE, "a face broke off") from MediaJammed(DEVICE, "the card is stuck")

    def _settled(self, told: Word | DeviceError) -> Sensors:
        return settled(
            self._mechanism.sensors,
            lambda sensors: sensors.media is Media.ENTERING,
            TimedOut(DEVICE, "it does not come to rest"),
            _lost(told),
            self._settle_s,
            self._pause,
        )


def _lost(told: Word | DeviceError) -> DeviceError | None:
    return told if isinstance(told, DeviceError) else None


def require_moved(told: Word | DeviceError) -> None:
    """Raise what the printer names when it has done nothing; go on otherwise."""
    match told:
        case Word.HOPPER_EMPTY:
            raise MediaExhausted(DEVICE, "no blank in the hopper")
        case Word.RIBBON_EMPTY:
            raise MediaExhausted(DEVICE, "no ribbon")
        case Word.COVER_OPEN:
            raise MediaRemoved(DEVICE, "its cover is open")
        case Word.NO_CARD:
            raise MediaRemoved(DEVICE, "no card in it")
        case Word.CARD_INSIDE:
            raise MediaPresent(DEVICE, "a card is in it already")
        case Word.BIN_FULL:
            raise StorageFull(DEVICE, "the bin is full")
        case Word.BUSY:
            raise Busy(DEVICE, "it is moving")
        case Word.NO_FACE | Word.UNKNOWN:
            raise ProtocolViolation(DEVICE, f"{told.value} is no answer to what was asked")
        case Word.OK | Word.JAM | Word.TWO_FED | Word.RIBBON_ENDED | DeviceError():
            return
        case _:
            assert_never(told)


def _require_ready_to_feed(status: CardPrinterStatus) -> None:
    if status.cover_open:
        raise MediaRemoved(DEVICE, "its cover is open")
    if status.media is not Media.NOT_PRESENT:
        raise MediaPresent(DEVICE, "a card is in it already")
    if status.hopper is Fill.EMPTY:
        raise MediaExhausted(DEVICE, "no blank in the hopper")
    if Fill.FULL in (status.reject_bin, status.retained_bin):
        raise StorageFull(DEVICE, "a bin is full")
    if status.ribbon.faces_left == 0:
        raise MediaExhausted(DEVICE, "no ribbon")


def _require_card(status: CardPrinterStatus) -> None:
    if status.cover_open:
        raise MediaRemoved(DEVICE, "its cover is open")
    if status.media is Media.NOT_PRESENT:
        raise MediaRemoved(DEVICE, "no card in it")


def _require_ready_to_print(status: CardPrinterStatus) -> None:
    _require_card(status)
    if status.media is Media.JAMMED:
        raise MediaJammed(DEVICE, "the card does not move")
    if status.position is not Position.CONTACT_STATION:
        raise MediaRemoved(DEVICE, "the card is not at the contact station")
    if status.ribbon.faces_left == 0:
        raise MediaExhausted(DEVICE, "no ribbon")
