"""PC/SC without anybody else's threads: a context and a connection of our own, and a way out of every wait.

pyscard's monitor thread dies with pcscd, so none is used. libpcsclite waits for its daemon without limit, and pcscd
waits for a reader's driver without limit, so a silent card would hold its lane for ever. SCardCancel ends only
SCardGetStatusChange. Therefore each blocking call is watched: when its time is over, the socket to the daemon is shut
down under the call, which then fails at once. The context is lost by that and a new one is made for the next card;
pcscd cleans up behind us when the card is pulled.
"""

import ctypes
import os
import socket
import stat
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import ClassVar, Final, Protocol

from smartcard import scard

from drivers.ports.errors import Busy, DeviceError, MediaRemoved, NotConnected, ProtocolViolation, TimedOut
from drivers.ports.pin import LockedPage
from drivers.transport.apdu import SecretWriter

ANSWER_LIMIT_S: Final = 5.0
"""Longest wait for one answer. A chip may ask for more time as often as it likes, but no command we send takes a
second; a reader of its own gives up a mute card earlier."""

_ESTABLISH_LIMIT_S: Final = 5.0
_GRACE_S: Final = 2.0
"""What the daemon may add to a wait that it limits itself."""
_REMOVAL_NOTICED_S: Final = 1.0
"""pcscd looks for a card every 0.4 s (PCSCLITE_STATUS_POLL_RATE): a command fails before the card counts as gone."""
_DEFAULT_SOCKET: Final = "/run/pcscd/pcscd.comm"
_WATCH_STEP_S: Final = 0.25

_NO_DAEMON: Final = frozenset(
    {
        scard.SCARD_E_NO_SERVICE,
        scard.SCARD_E_SERVICE_STOPPED,
        scard.SCARD_F_COMM_ERROR,
        scard.SCARD_E_INVALID_HANDLE,  # of a daemon that has been restarted
        scard.SCARD_E_READER_UNAVAILABLE,
        scard.SCARD_E_UNKNOWN_READER,
        scard.SCARD_E_NO_READERS_AVAILABLE,
        scard.SCARD_E_CANCELLED,
        scard.SCARD_W_SECURITY_VIOLATION,  # the daemon hung up without an answer: it died, or we may not ask it
    }
)
_CARD_GONE: Final = frozenset(
    {
        scard.SCARD_W_REMOVED_CARD,
        scard.SCARD_E_NO_SMARTCARD,
        scard.SCARD_W_RESET_CARD,  # nobody else may reset it: out and in again
    }
)
_CARD_MUTE: Final = frozenset(
    {scard.SCARD_W_UNRESPONSIVE_CARD, scard.SCARD_W_UNPOWERED_CARD, scard.SCARD_W_UNSUPPORTED_CARD}
)


class CardMute(Exception):
    """There is a card, and it gives no answer to reset that a reader takes."""


class _Cut(Protocol):
    def __call__(self) -> None:
        """End the call that is going on."""


class _Watch:
    """Cuts a blocking call short when its time is over. One sleeping thread, woken for the first of a row of calls."""

    def __init__(self, cut: _Cut) -> None:
        self._cut = cut
        self._lock = threading.Lock()
        self._deadline: float | None = None
        self._armed = threading.Event()
        self._ended = False
        self.fired = False
        self._thread = threading.Thread(target=self._run, name="pcsc watch", daemon=True)
        self._thread.start()

    @contextmanager
    def limit(self, seconds: float) -> Iterator[None]:
        """Give what runs inside ``seconds``."""
        with self._lock:
            self._deadline = time.monotonic() + seconds
            if not self._armed.is_set():
                self._armed.set()
        try:
            yield
        finally:
            with self._lock:
                self._deadline = None

    @property
    def armed(self) -> bool:
        """Whether a call is going on."""
        return self._deadline is not None

    def end(self) -> None:
        """Let the thread go."""
        self._ended = True
        self._armed.set()

    def _run(self) -> None:
        wait = threading.Event().wait
        while True:
            self._armed.wait()
            if self._ended:
                return
            with self._lock:
                left = None if self._deadline is None else self._deadline - time.monotonic()
                if left is not None and left <= 0:
                    self.fired = True
                    self._cut()
                    return
            wait(_WATCH_STEP_S if left is None else min(left, _WATCH_STEP_S))
            with self._lock:
                if left is None and self._deadline is None and not self._ended:
                    self._armed.clear()  # nobody has asked for a whole step: sleep until someone does


class PcscContext:
    """One context with the daemon, and everything asked within it. For one thread; :meth:`sever` for any."""

    _one_at_a_time: ClassVar[threading.Lock] = threading.Lock()
    """A new context's socket is known by being new."""

    def __init__(self, device: str) -> None:
        """Connect to the daemon.

        :param device: the port's noun, for errors.
        :raises NotConnected: no daemon, or it takes the connection and answers nothing.
        """
        self._device = device
        self._severed = False
        self._socket: socket.socket | None = None
        with self._one_at_a_time:
            before = _daemon_sockets()
            self._watch = _Watch(lambda: _shut_down(_newer_than(before)))
            try:
                with self._watch.limit(_ESTABLISH_LIMIT_S):
                    result, self.handle = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
                    if result != scard.SCARD_S_SUCCESS:
                        raise self._no_context(result)
                    new = _newer_than(before)
            except DeviceError:
                self._watch.end()
                raise
        self._watch.end()
        if len(new) != 1:
            scard.SCardReleaseContext(self.handle)
            raise NotConnected(device, "the line to the PC/SC daemon can't be told from others: no wait could be ended")
        self._socket = socket.socket(fileno=os.dup(new.pop()))
        self._watch = _Watch(self.sever)

    @property
    def usable(self) -> bool:
        """Whether the daemon still hears us."""
        return not self._severed

    @property
    def in_a_call(self) -> bool:
        """Whether some thread waits for the daemon now."""
        return self._watch.armed

    def sever(self) -> None:
        """End whatever call is going on in this context, and the context with it. For any thread."""
        self._severed = True
        if self._socket is not None:
            with suppress(OSError):  # the daemon was quicker
                self._socket.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        """Leave the daemon. Harmless when it has gone."""
        with self._watch.limit(_GRACE_S):
            scard.SCardReleaseContext(self.handle)
        self._severed = True
        self._watch.end()
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def readers(self) -> list[str]:
        """The readers the daemon has.

        :raises NotConnected: none, or no daemon.
        """
        with self._watch.limit(_GRACE_S):
            result, names = scard.SCardListReaders(self.handle, [])
        if result != scard.SCARD_S_SUCCESS:
            raise self.error(result, "asking for its readers")
        return sorted(names)

    def reader_state(self, reader: str, known: int = scard.SCARD_STATE_UNAWARE, timeout_s: float = 0.0) -> int:
        """What is in the reader, once it is something else than ``known``; SCARD_STATE flags.

        :raises TimedOut: it is still as known after ``timeout_s``.
        :raises NotConnected: no such reader, or no daemon.
        """
        with self._watch.limit(timeout_s + _GRACE_S):
            result, states = scard.SCardGetStatusChange(self.handle, int(timeout_s * 1000), [(reader, known)])
        if result != scard.SCARD_S_SUCCESS:
            raise self.error(result, "waiting at the slot")
        state: int = states[0][1]
        if state & (scard.SCARD_STATE_UNKNOWN | scard.SCARD_STATE_UNAVAILABLE):
            raise NotConnected(self._device, "the reader has gone")
        return state

    def connect(self, reader: str, answer_limit_s: float = ANSWER_LIMIT_S) -> "PcscContact":
        """Power the card in a reader, for us alone, and reset it.

        :raises CardMute: it does not answer to reset.
        :raises MediaRemoved: there is none.
        :raises Busy: another process has it.
        """
        with self._watch.limit(answer_limit_s):
            result, card, protocol = scard.SCardConnect(
                self.handle, reader, scard.SCARD_SHARE_EXCLUSIVE, scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
            )
        if result == scard.SCARD_S_SUCCESS:
            with self._watch.limit(answer_limit_s):
                result, protocol = scard.SCardReconnect(
                    card,
                    scard.SCARD_SHARE_EXCLUSIVE,
                    scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1,
                    scard.SCARD_RESET_CARD,
                )
        if result in _CARD_MUTE and not self._has_left(reader):
            raise CardMute from self._cause(result)
        if result != scard.SCARD_S_SUCCESS:
            raise self.error(result, "powering the card", reader)
        return PcscContact(self, reader, card, protocol, answer_limit_s)

    def error(self, result: int, doing: str, reader: str | None = None) -> DeviceError:
        """The named error of a PC/SC result, with the library's own words as its cause.

        :param reader: where a card is in use; a failed transmission is told from a pulled card by looking there.
        """
        error: DeviceError
        if self._watch.fired and reader is None:
            error = NotConnected(self._device, f"the PC/SC daemon answers nothing while {doing}")
        elif self._watch.fired:
            error = TimedOut(self._device, f"no answer while {doing}")
        elif result in _NO_DAEMON:
            error = NotConnected(self._device, f"reader or PC/SC daemon gone while {doing}")
        elif result in _CARD_GONE or result in _CARD_MUTE:
            error = MediaRemoved(self._device, f"card gone while {doing}")
        elif result == scard.SCARD_E_SHARING_VIOLATION:
            error = Busy(self._device, "another process uses the card")
        elif result == scard.SCARD_E_TIMEOUT:
            error = TimedOut(self._device, f"no change while {doing}")
        elif reader is not None and self._has_left(reader):
            error = MediaRemoved(self._device, f"card gone while {doing}")
        else:
            error = ProtocolViolation(self._device, f"exchange failed while {doing}")
        error.__cause__ = self._cause(result)
        return error

    @contextmanager
    def limit(self, seconds: float) -> Iterator[None]:
        """Cut off what runs inside after ``seconds``."""
        with self._watch.limit(seconds):
            yield

    def _has_left(self, reader: str) -> bool:
        deadline = time.monotonic() + _REMOVAL_NOTICED_S
        state = scard.SCARD_STATE_UNAWARE
        while (left := deadline - time.monotonic()) > 0:
            try:
                state = self.reader_state(reader, state, left)
            except TimedOut:
                return False
            if not state & scard.SCARD_STATE_PRESENT:
                return True
            state &= ~scard.SCARD_STATE_CHANGED
        return False

    def _no_context(self, result: int) -> DeviceError:
        error: DeviceError = NotConnected(self._device, "no PC/SC daemon")
        if self._watch.fired:
            error = NotConnected(self._device, "the PC/SC daemon answers nothing")
        error.__cause__ = self._cause(result)
        return error

    def _cause(self, result: int) -> OSError:
        return OSError(result, f"PC/SC {result:08X}: {scard.SCardGetErrorMessage(result)}")


class _IoRequest(ctypes.Structure):
    """SCARD_IO_REQUEST of pcsc-lite."""

    _fields_ = (("protocol", ctypes.c_ulong), ("length", ctypes.c_ulong))


class PcscContact:
    """The contact to one inserted card (:class:`~drivers.transport.apdu.Contact`)."""

    def __init__(self, context: PcscContext, reader: str, card: int, protocol: int, answer_limit_s: float) -> None:
        self._context = context
        self._reader = reader
        self._card = card
        self._protocol = protocol
        self._answer_limit_s = answer_limit_s
        self._open = True

    @property
    def device(self) -> str:
        """The port's noun, for errors."""
        return self._context._device

    @property
    def expects_length_after_data(self) -> bool:
        """Whether the card speaks T=1."""
        return self._protocol == int(scard.SCARD_PROTOCOL_T1)

    def answer_to_reset(self) -> bytes:
        """The card's answer to reset."""
        with self._limited():
            result, _, _, _, answer = scard.SCardStatus(self._card)
        self._check(result)
        return bytes(answer)

    def exchange(self, command: bytes) -> bytes:
        """Send a command, get data and status word.

        :raises TimedOut: no answer within the limit; nothing more can be asked of this card.
        :raises MediaRemoved: the card has gone.
        :raises NotConnected: the reader or the daemon has gone.
        """
        with self._limited():
            result, answer = scard.SCardTransmit(self._card, self._protocol, list(command))
        return self._whole(result, bytes(answer))

    def exchange_secret(self, header: bytes, write: SecretWriter) -> bytes:
        """Like :meth:`exchange`, with data that never lie outside a locked page.

        pyscard would copy them into a list and a buffer that it frees unwiped; pcsc-lite's library sends from the
        buffer it is given.
        """
        library = ctypes.CDLL("libpcsclite.so.1")
        answer = ctypes.create_string_buffer(258)
        answer_length = ctypes.c_ulong(len(answer))
        request = _IoRequest(self._protocol, ctypes.sizeof(_IoRequest))
        page = LockedPage()
        try:
            page.view[:4] = header
            length = write(page.view[5:])
            page.view[4] = length
            with self._limited():
                result = library.SCardTransmit(
                    ctypes.c_long(self._card),
                    ctypes.byref(request),
                    ctypes.c_void_p(page.address),
                    ctypes.c_ulong(5 + length),
                    None,
                    answer,
                    ctypes.byref(answer_length),
                )
        finally:
            page.wipe()
        return self._whole(result & 0xFFFFFFFF, answer.raw[: answer_length.value])

    def power_off(self) -> None:
        """Power the card off and leave it. Harmless when it, or the daemon, has gone."""
        if self._open and self._context.usable:
            with self._limited():
                scard.SCardDisconnect(self._card, scard.SCARD_UNPOWER_CARD)
        self._open = False

    @contextmanager
    def _limited(self) -> Iterator[None]:
        if not self._open:
            raise MediaRemoved(self.device, "the card was given back")
        with self._context.limit(self._answer_limit_s):
            yield

    def _whole(self, result: int, answer: bytes) -> bytes:
        if result == scard.SCARD_S_SUCCESS and len(answer) < 2:
            # Some reader drivers report a card pulled in mid-answer as a success without an answer.
            result = scard.SCARD_E_NOT_TRANSACTED
        self._check(result)
        return answer

    def _check(self, result: int) -> None:
        if result != scard.SCARD_S_SUCCESS:
            raise self._context.error(result, "talking to the card", self._reader)


def _daemon_sockets() -> dict[int, int]:
    """What of this process leads to the PC/SC daemon: a file descriptor by its socket's inode.

    Another reader's thread may duplicate or close its own meanwhile; a number is given out again, an inode is not.
    """
    daemon = Path(os.environ.get("PCSCLITE_CSOCK_NAME", _DEFAULT_SOCKET)).resolve()
    found: dict[int, int] = {}
    for entry in Path("/proc/self/fd").iterdir():
        descriptor = int(entry.name)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISSOCK(status.st_mode):
                continue
            with socket.socket(fileno=os.dup(descriptor)) as candidate:
                peer = candidate.getpeername() if candidate.family == socket.AF_UNIX else None
        except OSError:
            continue  # not connected, or closed meanwhile
        if isinstance(peer, str) and peer and Path(peer).resolve() == daemon:
            found[status.st_ino] = descriptor
    return found


def _newer_than(before: Mapping[int, int]) -> set[int]:
    """The file descriptors of those that were not there before, one each."""
    return {descriptor for inode, descriptor in _daemon_sockets().items() if inode not in before}


def _shut_down(descriptors: set[int]) -> None:
    for descriptor in descriptors:
        with suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as ours:
            ours.shutdown(socket.SHUT_RDWR)
