"""The stand's network cable, between two plain sockets of this process."""

import socket
import threading
from collections.abc import Iterator

import pytest

from simulators.stand.cable import CableState, NetworkCable

LIMIT_S = 10.0


class Centre:
    """Answers each line with the line twice."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.heard: list[bytes] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                line, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        with line:
            try:
                while heard := line.recv(4096):
                    self.heard.append(heard)
                    line.sendall(heard * 2)
            except OSError:
                return


@pytest.fixture
def centre() -> Iterator[Centre]:
    made = Centre()
    yield made
    made.listener.close()


@pytest.fixture
def cable(centre: Centre) -> Iterator[NetworkCable]:
    made = NetworkCable(centre.port)
    yield made
    made.close()


def ask(line: socket.socket, question: bytes, length: int) -> bytes:
    line.sendall(question)
    heard = b""
    while len(heard) < length and (piece := line.recv(4096)):
        heard += piece
    return heard


def read_to_the_end(line: socket.socket) -> None:
    """A broken line raises; one that ended politely does not."""
    while line.recv(4096):
        pass


def connect(cable: NetworkCable) -> socket.socket:
    return socket.create_connection(("127.0.0.1", cable.port), timeout=LIMIT_S)


def test_what_goes_in_comes_out(cable: NetworkCable) -> None:
    with connect(cable) as line:
        assert ask(line, b"abc", 6) == b"abcabc"
        assert ask(line, b"d", 2) == b"dd"


def test_unplugging_breaks_what_is_open_and_refuses_who_knocks(cable: NetworkCable) -> None:
    with connect(cable) as line:
        assert ask(line, b"abc", 6) == b"abcabc"
        cable.unplug()
        with pytest.raises(ConnectionError):
            read_to_the_end(line)
    with pytest.raises(ConnectionRefusedError):
        connect(cable)


def test_the_same_port_serves_after_plugging_in_again(cable: NetworkCable) -> None:
    for _ in range(3):
        cable.unplug()
        with pytest.raises(ConnectionRefusedError):
            connect(cable)
        cable.plug()
        with connect(cable) as line:
            assert ask(line, b"x", 2) == b"xx"
    assert cable.state is CableState.PLUGGED


def test_a_cut_answer_breaks_in_the_middle_once(cable: NetworkCable, centre: Centre) -> None:
    with connect(cable) as line:
        ask(line, b"hello", 10)  # stands for the handshake
        cable.cut_next_answer()
        line.sendall(b"12345678")
        assert line.recv(16) == b"12345678"  # of twice that
        with pytest.raises(ConnectionError):
            read_to_the_end(line)
    assert centre.heard[-1] == b"12345678"  # the question had arrived
    assert not cable.cut_armed
    with connect(cable) as line:
        assert ask(line, b"again", 10) == b"againagain"


def test_a_handshake_does_not_use_up_the_cut(cable: NetworkCable) -> None:
    cable.cut_next_answer()
    with connect(cable) as line:
        assert ask(line, b"hello", 10) == b"hellohello"
        assert cable.cut_armed


def test_a_slow_line_is_slow_both_ways(cable: NetworkCable) -> None:
    cable.slow_down()
    with connect(cable) as line:
        line.settimeout(0.8 * NetworkCable.SLOW_S)
        line.sendall(b"abc")
        with pytest.raises(TimeoutError):
            line.recv(1)
        line.settimeout(LIMIT_S)
        assert line.recv(1) == b"a"


def test_a_centre_that_is_down_looks_like_a_broken_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    cable = NetworkCable(port)
    try:
        with pytest.raises(ConnectionError), connect(cable) as line:
            assert line.recv(1), "the line ended politely"
    finally:
        cable.close()
