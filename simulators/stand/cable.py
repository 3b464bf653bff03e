"""The network cable between the terminal and the centre: pulled out, plugged in, slow, or cut in mid-answer.

A TCP forwarder. TLS passes through it untouched, so the terminal checks the centre's own certificate.
"""

import socket
import struct
import threading
from contextlib import suppress
from enum import Enum
from typing import Final

_CHUNK: Final = 65536
_ABORT: Final = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: closing sends RST, as a line that breaks does, not the polite FIN."""


class CableState(Enum):
    """What the cable does."""

    PLUGGED = "plugged"
    UNPLUGGED = "unplugged"
    SLOW = "slow"


class NetworkCable:
    """Forwards a port of its own to the centre's on the loopback; one thread listens, two serve each connection."""

    SLOW_S: Final = 1.0
    """Delay of every piece that travels over a slow line, seconds."""

    def __init__(self, centre_port: int, listener: socket.socket | None = None) -> None:
        """:param listener: where the terminal's end is, bound by its number; left out, a free loopback port."""
        self._centre_port = centre_port
        self._state = CableState.PLUGGED
        self._changed = threading.Condition()
        self._cut_next = False
        self._closed = False
        self._connections: set[_Connection] = set()
        self._listener = listener or _bound_for_good()
        self._listener.listen()
        self.port: int = self._listener.getsockname()[1]
        """Where the terminal finds the centre. Stays the same while the cable is out."""
        threading.Thread(target=self._listen, name="cable", daemon=True).start()

    @property
    def state(self) -> CableState:
        """How it is now."""
        return self._state

    @property
    def cut_armed(self) -> bool:
        """Whether the next answer will be cut."""
        return self._cut_next

    def plug(self) -> None:
        """Plug it in, at full speed."""
        self._become(CableState.PLUGGED)

    def slow_down(self) -> None:
        """Every piece takes :attr:`SLOW_S` longer."""
        self._become(CableState.SLOW)

    def unplug(self) -> None:
        """Pull it out: what is open breaks, and whoever knocks is refused. Harmless when it is out."""
        if self._state is CableState.UNPLUGGED:
            return
        self._become(CableState.UNPLUGGED)
        # On Linux a listening socket that is shut down keeps its port and refuses; listen() opens it again.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._break_all()

    def lead_to(self, centre_port: int) -> None:
        """Lead what is opened from now on to another loopback port, where something answers in the centre's place."""
        self._centre_port = centre_port

    def cut_next_answer(self) -> None:
        """Let the next question through and break the line in the middle of the answer to it."""
        self._cut_next = True

    def close(self) -> None:
        """Take the cable away."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        with suppress(OSError):  # it does not listen while unplugged
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._break_all()

    def _become(self, state: CableState) -> None:
        with self._changed:
            was, self._state = self._state, state
            if was is CableState.UNPLUGGED and state is not CableState.UNPLUGGED:
                self._listener.listen()
            self._changed.notify_all()

    def _listen(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._state is not CableState.UNPLUGGED)
                if self._closed:
                    return
            try:
                line, _ = self._listener.accept()
            except OSError:
                continue  # unplugged or closed while it waited: looked at above
            try:
                onward = socket.create_connection(("127.0.0.1", self._centre_port), timeout=5)
            except OSError:  # the centre is down
                _break(line)
                continue
            onward.settimeout(None)
            connection = _Connection(self, line, onward)
            with self._changed:
                self._connections.add(connection)
            connection.start()
            if self._state is CableState.UNPLUGGED:
                self._break_all()

    def _break_all(self) -> None:
        with self._changed:
            connections, self._connections = self._connections, set()
        for connection in connections:
            connection.break_off()

    def _forget(self, connection: "_Connection") -> None:
        with self._changed:
            self._connections.discard(connection)

    def _crawl(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed, self.SLOW_S)

    def _take_cut(self) -> bool:
        with self._changed:
            was, self._cut_next = self._cut_next, False
            return was


class _Connection:
    """One connection: a thread a direction."""

    def __init__(self, cable: NetworkCable, line: socket.socket, onward: socket.socket) -> None:
        self._cable = cable
        self._line, self._onward = line, onward
        for end in (line, onward):
            # A cable holds nothing back: Nagle and delayed acknowledgements together would cost 40 ms a question.
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._questions = 0
        self._asking = False
        self._broken = False

    def start(self) -> None:
        for source, target, name in ((self._line, self._onward, "up"), (self._onward, self._line, "down")):
            threading.Thread(target=self._pump, args=(source, target), name=f"cable {name}", daemon=True).start()

    def break_off(self) -> None:
        self._broken = True
        _break(self._line)
        _break(self._onward)

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while piece := source.recv(_CHUNK):
                if self._cable.state is CableState.SLOW:
                    self._cable._crawl()
                if source is self._line:
                    self._questions += not self._asking
                    self._asking = True
                else:
                    self._asking = False
                    # The first thing asked on a connection is the TLS handshake; its answer is none of the centre's.
                    if self._questions > 1 and self._cable._take_cut():
                        target.sendall(piece[: len(piece) // 2])
                        break
                target.sendall(piece)
            else:
                if not self._broken:
                    target.shutdown(socket.SHUT_WR)
                    return
        except OSError:
            pass  # the line broke, as lines do; both ends learn of it below
        self.break_off()
        self._cable._forget(self)


def _bound_for_good() -> socket.socket:
    """A socket on a free loopback port that Linux leaves it even while it does not listen.

    A port that the system chose is taken away when listening ends; one that was asked for by its number stays.
    """
    found, asked = socket.socket(), socket.socket()
    with found:
        for one in (found, asked):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(("127.0.0.1", 0))
        asked.bind(found.getsockname())
    return asked


def _break(line: socket.socket) -> None:
    with suppress(OSError):  # gone already
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
        line.shutdown(socket.SHUT_RD)  # wakes the thread that reads it; sends nothing
    line.close()
