"""A card printer behind a TCP port or on a pseudo-terminal, with hands to fill, empty, open, jam and switch it off."""

import os
import select
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self

from simulators.card.application import CardApplication
from simulators.card.card_file import CardFile
from simulators.card.slot import CardSlot, SlotFault
from simulators.card_printer.body import RIBBON_FACES, Body, Folder, Where
from simulators.card_printer.faults import CardPrinterFault, CardPrinterFaults
from simulators.card_printer.firmware import Firmware, PowerGone, Stream
from simulators.serial_cable import SerialCable

HOST: Final = "127.0.0.1"
_CHUNK: Final = 65536
_CONTACT_S: Final = 3.0


class _Contacts:
    """The contact station: the simulated card of :mod:`simulators.card` on a slot of the virtual reader, if any."""

    def __init__(self, folder: Folder, slot: CardSlot | None) -> None:
        self._folder = folder
        self._slot = slot

    def touch(self, serial: str) -> None:
        if self._slot is None:
            return
        if serial in self._folder.body.dead:
            self._slot.faults.fail_next(SlotFault.DEAD_ATR)
        self._slot.insert(CardApplication(self._folder.card(serial), keep=self._folder.keep))
        # A card that is said to be there is there: pcscd has seen the one before it go.
        self._slot.wait_until_in_contact(_CONTACT_S)

    def leave(self) -> None:
        if self._slot is not None:
            self._slot.pull()


class CardPrinterSimulator:
    """The printer as one would handle it. What it holds lies in its folder and survives it, however it ends.

    It answers from construction on. All methods may be called from any thread.
    """

    def __init__(
        self,
        folder: Path,
        *,
        line: Literal["tcp", "pty"] = "tcp",
        port: int = 0,
        slot: CardSlot | None = None,
        pace_s: float = 0.0,
        late_s: float = 1.0,
        on_event: Callable[[str], None] | None = None,
    ) -> None:
        """
        :param port: of the TCP line; 0 takes a free one and keeps it.
        :param slot: where the chip of a card at the contact station appears; None: nowhere.
        :param pace_s: seconds of one movement.
        :param late_s: how late a late answer comes.
        :param on_event: told ``dark`` when the power has gone, ``taken`` when a card was taken.
        """
        self.faults = CardPrinterFaults()
        self._changed = threading.Condition(threading.RLock())
        self._folder = Folder(folder)
        self._contacts = _Contacts(self._folder, slot)
        self._firmware = Firmware(self._folder, self.faults, self._contacts, self._spend)
        self._kind = line
        self._port = port
        self._pace_s = pace_s
        self._late_s = late_s
        self._on_event = on_event or (lambda _: None)
        self._powered = False
        self._busy_s = 0.0
        self._listener: socket.socket | None = None
        self._connection: socket.socket | None = None
        self._cable: SerialCable | None = None
        self.power_on()

    # Where it is reached.

    @property
    def port(self) -> int:
        """The TCP port; it stays the same while the power is cut."""
        return self._port

    @property
    def path(self) -> str:
        """The pseudo-terminal.

        :raises RuntimeError: it has none, or no power.
        """
        with self._changed:
            if self._cable is None:
                raise RuntimeError("there is no pseudo-terminal")
            return self._cable.host_path

    # What one sees who opens it.

    @property
    def body(self) -> Body:
        """Where everything is at this moment."""
        with self._changed:
            return self._folder.body

    @property
    def powered(self) -> bool:
        """Whether it has power."""
        with self._changed:
            return self._powered

    @property
    def asked(self) -> int:
        """How often somebody wanted to know where the card is."""
        with self._changed:
            return self._firmware.asked

    @property
    def busy_s(self) -> float:
        """How long it has been at work on commands since it was put up, its mechanics and all."""
        with self._changed:
            return self._busy_s

    @property
    def condition(self) -> str:
        """``ready``, ``jam``, ``open``, ``empty``, ``no_ribbon`` or ``dark``: what a technician sees there."""
        with self._changed:
            body = self._folder.body
            if not self._powered:
                return "dark"
            if body.jammed:
                return "jam"
            if body.cover_open:
                return "open"
            if not body.hopper:
                return "empty"
            return "ready" if body.faces_left > 0 else "no_ribbon"

    def card(self, serial: str) -> CardFile:
        """A card's chip, wherever the card is."""
        return self._folder.card(serial)

    def face_path(self, serial: str) -> Path:
        """Where the PNG of a card's face is, if it has one."""
        return self._folder.face_path(serial)

    # Hands.

    def load_blanks(self, cards: Sequence[CardFile]) -> None:
        """Put blanks into the hopper, under those that are there."""
        with self._changed:
            self._folder.load(cards)

    def take_card(self) -> str:
        """Take the card from the exit; its serial.

        :raises ValueError: there is none.
        """
        with self._changed:
            if self._folder.body.where is not Where.EXIT:
                raise ValueError("no card at the exit")
            taken = self._folder.body.inside[0]
            self._folder.record("taken", [taken])
            self._changed.notify_all()
        self._on_event("taken")
        return taken

    def jam(self) -> None:
        """The card inside moves no more.

        :raises ValueError: there is none.
        """
        with self._changed:
            body = self._folder.body
            if not body.inside:
                raise ValueError("no card in it")
            self._folder.record("jammed", body.inside, body.where)

    def clear(self) -> None:
        """Open it, take out by hand whatever is inside, close it. Harmless when it is empty."""
        with self._changed:
            if self._folder.body.inside:
                self._contacts.leave()
                self._folder.record("cleared", self._folder.body.inside)

    def run_ribbon_out(self, after_faces: int = 0) -> None:
        """The ribbon ends after so many more faces."""
        with self._changed:
            self._folder.record("ribbon", faces_left=after_faces)

    def change_ribbon(self) -> None:
        """A new ribbon."""
        with self._changed:
            self._folder.record("ribbon", faces_left=RIBBON_FACES)
            if self._powered:
                self._firmware.ribbon_changed()

    def open_cover(self) -> None:
        """Open the cover."""
        with self._changed:
            self._folder.record("cover_opened")

    def close_cover(self) -> None:
        """Close it."""
        with self._changed:
            self._folder.record("cover_closed")

    def empty(self, which: Literal["hopper", "reject_bin", "retained_bin"]) -> int:
        """Take everything out of the hopper or a bin; how many cards that were."""
        with self._changed:
            count = len(getattr(self._folder.body, which))
            self._folder.record(f"{which}_emptied")
            return count

    def power_cut(self) -> None:
        """The power goes. Harmless without any."""
        with self._changed:
            if not self._powered:
                return
            self._powered = False
            self._changed.notify_all()
        self._part()
        self._contacts.leave()
        self._on_event("dark")

    def power_on(self) -> None:
        """The power comes back; what was on its way lies where it stopped. Harmless with power."""
        with self._changed:
            if self._powered:
                return
            self._firmware.power_on()
            body = self._folder.body
            if body.where is Where.CONTACT and not body.jammed:
                self._contacts.touch(body.inside[0])
            self._powered = True
            self._answer_line()

    def unplug(self) -> None:
        """Pull the line's cable; the power stays."""
        self._part()

    def replug(self) -> None:
        """Put it in again. Harmless when it is in."""
        with self._changed:
            if self._powered and self._listener is None and self._cable is None:
                self._answer_line()

    def wait_until_asked(self, timeout_s: float) -> bool:
        """Wait until somebody has asked anew where the card is; whether they did."""
        with self._changed:
            before = self._firmware.asked
            return self._changed.wait_for(lambda: self._firmware.asked > before, timeout_s)

    def close(self) -> None:
        """Switch it off and let its folder go."""
        self.power_cut()
        self._folder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # The line.

    def _answer_line(self) -> None:
        if self._kind == "pty":
            self._cable = SerialCable("card printer", self._serve_cable)
            return
        self._listener = socket.create_server((HOST, self._port))
        self._port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), name="card printer", daemon=True).start()

    def _part(self) -> None:
        with self._changed:
            listener, self._listener = self._listener, None
            connection, self._connection = self._connection, None
            cable, self._cable = self._cable, None
        for end in (listener, connection):
            if end is not None:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()
        if cable is not None and threading.current_thread().name != "card printer":
            cable.pull()
        elif cable is not None:
            threading.Thread(target=cable.pull, daemon=True).start()  # its own thread can't wait for itself

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return  # the cable was pulled, or the power went
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._changed:
                if self._listener is not listener:
                    connection.close()
                    return
                older, self._connection = self._connection, connection
            if older is not None:
                with suppress(OSError):
                    older.shutdown(socket.SHUT_RDWR)
            serve = threading.Thread(target=self._serve, args=(connection,), name="card printer", daemon=True)
            serve.start()

    def _serve(self, connection: socket.socket) -> None:
        stream = Stream()
        with connection:
            while True:
                try:
                    octets = connection.recv(_CHUNK)
                except OSError:
                    return
                if not octets or not self._obeyed(
                    stream, octets, connection.sendall, lambda: self._connection is connection
                ):
                    return

    def _serve_cable(self, cable: SerialCable) -> None:
        stream = Stream()
        while True:
            ready, _, _ = select.select([cable.device_end, cable.wake], [], [])
            if cable.pulled:
                return
            if cable.device_end in ready and not self._obeyed(
                stream, os.read(cable.device_end, _CHUNK), cable.send, lambda: self._cable is cable
            ):
                return

    def _obeyed(
        self, stream: Stream, octets: bytes, send: Callable[[bytes], None], is_ours: Callable[[], bool]
    ) -> bool:
        """Do what has come in whole; False once the line has parted."""
        for parts, data in stream.take(octets):
            try:
                with self._changed:
                    if not is_ours():
                        return False
                    late = self.faults.take(CardPrinterFault.LATE_ANSWER, command=parts[0]) is not None
                    begun = time.monotonic()
                    try:
                        answer = self._firmware.obey(parts, data)
                    finally:
                        self._busy_s += time.monotonic() - begun
                    self._changed.notify_all()
            except PowerGone:
                self.power_cut()
                return False
            if answer is None:
                continue
            told = answer.encode("ascii") + b"\r"
            if late:
                threading.Timer(self._late_s, _send_late, (send, told)).start()
                continue
            try:
                send(told)
            except OSError:
                return False
        return True

    def _spend(self) -> None:
        """Let the time of a movement pass, with the lock given away."""
        if self._pace_s > 0:
            deadline = time.monotonic() + self._pace_s
            self._changed.wait_for(lambda: not self._powered, max(0.0, deadline - time.monotonic()))
            if not self._powered:
                raise PowerGone


def _send_late(send: Callable[[bytes], None], octets: bytes) -> None:
    with suppress(OSError):
        send(octets)
