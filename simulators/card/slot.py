"""The slot's mouth: insert a card, pull it, make it misbehave. A TCP client of pcscd's virtual reader.

The wire: two bytes of length, then the bytes. One byte is a control (power off, power on, reset, send the answer to
reset), anything else an APDU to answer.
"""

import socket
import struct
import threading
import time
from contextlib import suppress
from enum import Enum
from typing import Final, Protocol

from simulators.pcscd import VPCD_PORT, PrivatePcscd, socket_in_network

_POWER_OFF: Final = b"\x00"
_POWER_ON: Final = b"\x01"
_RESET: Final = b"\x02"
_SEND_ATR: Final = b"\x04"
_ATR_NO_READER_TAKES: Final = b"\x3b" + bytes(40)
"""Longer than any answer to reset may be (33 bytes): power-up fails, as with a chip that stays mute."""
_RECONNECT_EVERY_S: Final = 0.05
_LEAVE_LIMIT_S: Final = 5.0
_HANDS_NEED_S: Final = 0.6
"""From one card's leaving to the next one's contact. pcscd looks every 0.4 s; a swap in between would go unseen, and a
reset that failed meanwhile would leave the reader empty in pcscd's eyes with a card in it. No hand is that quick."""


class Chip(Protocol):
    """What can be put into the slot."""

    @property
    def atr(self) -> bytes:
        """Answer to reset."""

    def reset(self) -> None:
        """Power on or warm reset."""

    def power_off(self) -> None:
        """Power gone."""

    def transmit(self, apdu: bytes) -> bytes:
        """Answer a command."""


class SlotFault(Enum):
    """What can go wrong with the next command, or for DEAD_ATR with the next insertion."""

    SILENT = "silent"
    """The command is never answered, nor anything after it until the card is pulled."""
    GARBAGE_ANSWER = "garbage_answer"
    """Bytes that are no answer to anything, with a status word that no norm has."""
    TORN_ANSWER = "torn_answer"
    """Half an answer: what is read as its status word is something else."""
    DEAD_ATR = "dead_atr"
    """A chip that does not answer to reset."""


class SlotFaults:
    """Faults to come, kept apart from the physical verbs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next: SlotFault | None = None
        self._pull_in: int | None = None

    def fail_next(self, kind: SlotFault) -> None:
        """Let the next command (DEAD_ATR: the next insertion) fail."""
        with self._lock:
            self._next = kind

    def pull_at(self, command: int) -> None:
        """Let the card leave instead of answering the n-th command from now, counted from 1."""
        with self._lock:
            self._pull_in = command

    def clear(self) -> None:
        """Nothing fails any more."""
        with self._lock:
            self._next = self._pull_in = None

    def take(self, *, at_insertion: bool) -> SlotFault | None:
        """What fails now, once."""
        with self._lock:
            if self._next is None or (self._next is SlotFault.DEAD_ATR) != at_insertion:
                return None
            fault, self._next = self._next, None
            return fault

    def leaves_now(self) -> bool:
        """Count one command; whether it is the one at which the card leaves."""
        with self._lock:
            if self._pull_in is None:
                return False
            self._pull_in -= 1
            if self._pull_in > 0:
                return False
            self._pull_in = None
            return True


class CardSlot:
    """One slot of the virtual reader. Its thread reconnects when pcscd restarts, with the card still in."""

    def __init__(self, network: str | None, port: int = VPCD_PORT) -> None:
        """:param network: :attr:`PrivatePcscd.network`; None for a reader in this process's own network."""
        self._network = network
        self._port = port
        self.faults = SlotFaults()
        self.commands = 0
        """APDUs that came in since the card was inserted."""
        self._changed = threading.Condition()
        self._chip: Chip | None = None
        self._connection: socket.socket | None = None
        self._dead = False
        self._free_at = time.monotonic() + _HANDS_NEED_S  # another slot object's card may just have left
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="card slot", daemon=True)
        self._thread.start()

    @classmethod
    def of(cls, pcscd: PrivatePcscd) -> "CardSlot":
        """The slot of this daemon's reader."""
        return cls(pcscd.network)

    @property
    def holds_card(self) -> bool:
        """Whether a card is in."""
        with self._changed:
            return self._chip is not None

    def insert(self, chip: Chip) -> None:
        """Put a card in; the reader notices within pcscd's poll, 0.4 s.

        :raises ValueError: there is one already.
        """
        with self._changed:
            if self._chip is not None:
                raise ValueError("there is a card in the slot")
            self._dead = self.faults.take(at_insertion=True) is SlotFault.DEAD_ATR
            self.commands = 0
            self._chip = chip
            self._changed.notify_all()

    def pull(self) -> None:
        """Take the card out, at once; harmless when there is none. No command reaches it after this returns."""
        with self._changed:
            self._leave()
            if threading.current_thread() is not self._thread:
                self._changed.wait_for(lambda: self._connection is None, _LEAVE_LIMIT_S)

    def wait_until_empty(self, limit_s: float) -> bool:
        """Whether the slot is empty, waiting for it up to ``limit_s``."""
        with self._changed:
            return self._changed.wait_for(lambda: self._chip is None, limit_s)

    def wait_until_in_contact(self, limit_s: float) -> bool:
        """Whether the card that was inserted lies under the reader's contacts, waiting for it up to ``limit_s``."""
        with self._changed:
            return self._changed.wait_for(lambda: self._connection is not None, limit_s)

    def close(self) -> None:
        """Pull the card and end the thread."""
        with self._changed:
            self._closed = True
            self._leave()
            self._changed.notify_all()
        self._thread.join(_LEAVE_LIMIT_S)

    def _leave(self) -> None:
        if self._chip is not None:
            self._chip.power_off()
            self._chip = None
            self._free_at = time.monotonic() + _HANDS_NEED_S
        if self._connection is not None:
            with suppress(OSError):  # pcscd was quicker
                self._connection.shutdown(socket.SHUT_RDWR)
        self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._chip is not None)
                if self._closed:
                    return
                if (too_quick := self._free_at - time.monotonic()) > 0:
                    self._changed.wait(too_quick)
                    continue
                chip, dead = self._chip, self._dead
            if chip is not None and not self._touch_contacts(chip, dead=dead):
                with self._changed:  # pcscd is away: look again soon, or at once when the card leaves
                    self._changed.wait(_RECONNECT_EVERY_S)

    def _touch_contacts(self, chip: Chip, *, dead: bool) -> bool:
        """Serve the card until it or pcscd leaves; False when pcscd was not there."""
        try:
            connection = socket_in_network(self._network)
        except OSError:
            return False
        with connection:
            try:
                connection.connect(("127.0.0.1", self._port))
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError:
                return False
            with self._changed:
                if self._chip is not chip:
                    return True
                self._connection = connection
                self._changed.notify_all()
            try:
                self._serve(connection, chip, dead=dead)
            except OSError:
                pass  # pulled, or pcscd died: the loop above looks which
            finally:
                with self._changed:
                    self._connection = None
                    self._changed.notify_all()
        return True

    def _serve(self, connection: socket.socket, chip: Chip, *, dead: bool) -> None:
        while True:
            message = _receive(connection)
            match message:
                case bytes() if message == _SEND_ATR:
                    _send(connection, _ATR_NO_READER_TAKES if dead else chip.atr)
                case bytes() if message == _POWER_OFF:
                    chip.power_off()
                case bytes() if message in (_POWER_ON, _RESET):
                    chip.reset()
                case _:
                    answer = self._answer(chip, message)
                    if answer is None:
                        return
                    if answer:
                        _send(connection, answer)

    def _answer(self, chip: Chip, apdu: bytes) -> bytes | None:
        """The answer; empty for silence, None when the card has left."""
        with self._changed:
            if self._chip is not chip:
                return None
            self.commands += 1
            if self.faults.leaves_now():
                self._leave()
                return None
        fault = self.faults.take(at_insertion=False)
        if fault is SlotFault.GARBAGE_ANSWER:
            return bytes.fromhex("DEADBEEF0BAD")
        answer = chip.transmit(apdu)
        if fault is SlotFault.SILENT:
            return b""
        if fault is SlotFault.TORN_ANSWER:
            return answer[: (len(answer) + 1) // 2]
        return answer


def _send(connection: socket.socket, message: bytes) -> None:
    connection.sendall(struct.pack(">H", len(message)) + message)


def _receive(connection: socket.socket) -> bytes:
    (length,) = struct.unpack(">H", _receive_exactly(connection, 2))
    return _receive_exactly(connection, length)


def _receive_exactly(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        # The reader sends length and bytes apart; a delayed acknowledgement would cost 40 ms a command. Linux forgets
        # this setting after each use.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        part = connection.recv(size - len(received))
        if not part:
            raise ConnectionError("pcscd closed the slot")
        received += part
    return received
