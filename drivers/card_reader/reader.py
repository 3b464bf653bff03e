"""A slot on PC/SC: waits for a card, tells what it is, gives it back."""

import threading
import time
from collections.abc import Callable
from typing import Final

from smartcard import scard

from drivers.card_reader.fields import DEVICE
from drivers.card_reader.personalisation import BlankSession
from drivers.card_reader.session import CardSession, recognise
from drivers.card_reader.technician_card import TechnicianCardSession, find_technician_card
from drivers.ports.card_reader import CardKind
from drivers.ports.errors import DeviceError, MediaRemoved, NotConnected, TimedOut
from drivers.transport.apdu import ApduChannel
from drivers.transport.pcsc import ANSWER_LIMIT_S, CardMute, PcscContact, PcscContext

_SEEN: Final = ~scard.SCARD_STATE_CHANGED


class PcscCardReader:
    """A reader of the PC/SC daemon (:class:`~drivers.ports.card_reader.CardReader`).

    One context waits at the slot, another one, new for each insertion, talks to the card: what a silent card or a
    daemon's restart spoils is gone with the card. A card or daemon that does not answer costs at most
    ``answer_limit_s`` + 0.25 s, then :class:`~drivers.ports.errors.TimedOut`.
    """

    def __init__(
        self,
        reader_name: str | None,
        *,
        device: str = DEVICE,
        answer_limit_s: float = ANSWER_LIMIT_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        :param reader_name: as PC/SC has it, with or without the numbers pcscd appends; None takes the first reader.
        :param device: the port's noun in error texts; a card printer's contact station is ``card_encoder``.
        :param answer_limit_s: longest wait for one answer of the card, seconds.
        """
        self._reader_name = reader_name
        self._device = device
        self._answer_limit_s = answer_limit_s
        self._clock = clock
        self._waiting: PcscContext | None = None
        self._talking: PcscContext | None = None
        self._contact: PcscContact | None = None
        self._session: CardSession | None = None
        self._blank: BlankSession | None = None
        self._channel: ApduChannel | None = None
        self._closed = False
        self._in_use = threading.RLock()  # close() may come from another thread

    def wait_for_card(self, timeout_s: float) -> CardKind:
        """Wait until a card is in the slot, reset it and tell what it is. A card that is there already counts."""
        with self._in_use:
            self.release()
            state = self._wait_until(timeout_s, present=True)
            if state & scard.SCARD_STATE_MUTE:
                return CardKind.DEAD
            try:
                return self._recognise()
            except CardMute:
                self.release()
                return CardKind.DEAD
            except TimedOut:
                self.release()
                return CardKind.SILENT
            except DeviceError:
                self.release()
                raise

    def card_present(self) -> bool:
        """Whether a card is in the slot now, without disturbing it."""
        with self._in_use:
            return bool(self._state() & scard.SCARD_STATE_PRESENT)

    def card(self) -> CardSession:
        """The social-security card that :meth:`wait_for_card` found."""
        if self._session is None:
            raise MediaRemoved(self._device, "no social-security card in hand")
        return self._session

    def blank(self) -> BlankSession:
        """The blank chip that :meth:`wait_for_card` found to be :attr:`CardKind.BLANK`.

        :raises MediaRemoved: there is none.
        """
        if self._blank is None:
            raise MediaRemoved(self._device, "no blank in hand")
        return self._blank

    def technician_card(self) -> TechnicianCardSession | None:
        """The technician's card that :meth:`wait_for_card` found; None when it is any other.

        :raises MediaRemoved: there is no card any more, or it left while it was asked.
        """
        if self._channel is None:
            raise MediaRemoved(self._device, "no card in hand")
        self._session = self._blank = None  # selecting another application forgets theirs
        return find_technician_card(self._channel)

    def release(self) -> None:
        """Power the card off and forget it. Harmless without a card."""
        self._session = self._blank = self._channel = None
        if self._contact is not None:
            self._contact.power_off()
            self._contact = None
        if self._talking is not None:
            self._talking.release()
            self._talking = None

    def wait_for_removal(self, timeout_s: float) -> None:
        """Wait until the slot is empty."""
        with self._in_use:
            self._wait_until(timeout_s, present=False)

    def close(self) -> None:
        """Leave the reader. From another thread it ends a wait or an exchange, which then raises NotConnected."""
        self._closed = True
        for context in (self._waiting, self._talking):
            if context is not None and context.in_a_call:
                context.sever()
        with self._in_use:
            self.release()
            self._forget_waiting()

    def _recognise(self) -> CardKind:
        self._talking = PcscContext(self._device)
        self._contact = self._talking.connect(self._reader(self._talking), self._answer_limit_s)
        channel = ApduChannel(self._contact)
        kind, self._session = recognise(channel, self._contact.answer_to_reset())
        self._blank = BlankSession(channel) if kind is CardKind.BLANK else None
        self._channel = channel
        return kind

    def _wait_until(self, timeout_s: float, *, present: bool) -> int:
        deadline = self._clock() + timeout_s
        state = self._state()
        while bool(state & scard.SCARD_STATE_PRESENT) is not present:
            left = deadline - self._clock()
            if left <= 0:
                raise TimedOut(self._device, "no card" if present else "the card is still there")
            state = self._state(state & _SEEN, left)
        return state

    def _state(self, known: int = scard.SCARD_STATE_UNAWARE, timeout_s: float = 0.0) -> int:
        if self._waiting is not None and not self._closed:
            try:
                return self._ask(self._waiting, known, timeout_s)
            except NotConnected:
                pass  # the daemon may have been restarted since: ask again in a new context
        if self._closed:
            raise NotConnected(self._device, "the reader was closed")
        self._waiting = PcscContext(self._device)
        return self._ask(self._waiting, known, timeout_s)

    def _ask(self, context: PcscContext, known: int, timeout_s: float) -> int:
        try:
            return context.reader_state(self._reader(context), known, timeout_s)
        except DeviceError as error:
            if not isinstance(error, TimedOut) or not context.usable:
                self._forget_waiting()
            if self._closed:
                raise NotConnected(self._device, "the reader was closed") from error
            raise

    def _forget_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.release()
            self._waiting = None

    def _reader(self, context: PcscContext) -> str:
        """The reader's full name; pcscd appends interface and slot numbers, ``Name 00 00``."""
        readers = context.readers()
        wanted = self._reader_name
        if wanted is None and readers:
            return readers[0]
        for reader in readers:
            if reader == wanted or (wanted is not None and reader.startswith(f"{wanted} ")):
                return reader
        raise NotConnected(self._device, f"no reader named {wanted}")
