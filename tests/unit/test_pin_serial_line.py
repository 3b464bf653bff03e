"""The serial line below the PIN pad, on a pseudo-terminal whose other end the test holds."""

import os
import threading
import time
import tty
from collections.abc import Iterator

import pytest

from drivers.ports.errors import Busy, NotConnected, TimedOut
from drivers.transport.serial_line import Interrupted, SerialLine


class OtherEnd:
    def __init__(self) -> None:
        self.end, self.port = os.openpty()
        tty.setraw(self.port)
        self.path = os.ttyname(self.port)
        self._open = True

    def hang_up(self) -> None:
        if self._open:
            os.close(self.end)
            os.close(self.port)
            self._open = False


@pytest.fixture
def other_end() -> Iterator[OtherEnd]:
    end = OtherEnd()
    yield end
    end.hang_up()


@pytest.fixture
def line(other_end: OtherEnd) -> Iterator[SerialLine]:
    line = SerialLine("pin_pad", other_end.path, baud_rate=9600)
    assert line.open()
    yield line
    line.close()


def soon(seconds: float = 5.0) -> float:
    return time.monotonic() + seconds


def test_open_says_whether_it_was_necessary(line: SerialLine) -> None:
    assert not line.open()
    line.close()
    line.close()
    assert not line.is_open
    assert line.open()


def test_bytes_go_both_ways_unchanged(line: SerialLine, other_end: OtherEnd) -> None:
    everything = bytes(range(256))
    line.write(everything)
    assert os.read(other_end.end, 256) == everything
    os.write(other_end.end, everything)
    assert bytes(line.read_byte(soon()) for _ in range(256)) == everything


def test_silence(line: SerialLine) -> None:
    began = time.monotonic()
    with pytest.raises(TimedOut):
        line.read_byte(began + 0.1)
    assert 0.1 <= time.monotonic() - began < 1


def test_a_deadline_that_has_passed_ends_even_a_babbling_device(line: SerialLine, other_end: OtherEnd) -> None:
    os.write(other_end.end, b"babble")
    with pytest.raises(TimedOut):
        line.read_byte(time.monotonic() - 0.001)


def test_discarded_input_is_gone(line: SerialLine, other_end: OtherEnd) -> None:
    os.write(other_end.end, b"old")
    line.discard_input()
    os.write(other_end.end, b"n")
    assert line.read_byte(soon()) == ord("n")


def test_a_line_that_takes_no_bytes(line: SerialLine) -> None:
    with pytest.raises(TimedOut, match="takes no bytes"):
        line.write(bytes(1 << 20))


def test_interrupt_ends_an_interruptible_read_only(line: SerialLine, other_end: OtherEnd) -> None:
    line.interrupt()
    os.write(other_end.end, b"x")
    assert line.read_byte(soon()) == ord("x")
    with pytest.raises(Interrupted):
        line.read_byte(soon(), interruptible=True)
    assert line.clear_interrupt()
    assert not line.clear_interrupt()
    with pytest.raises(TimedOut):
        line.read_byte(soon(0.01), interruptible=True)


def test_interrupt_from_another_thread(line: SerialLine) -> None:
    threading.Timer(0.05, line.interrupt).start()
    began = time.monotonic()
    with pytest.raises(Interrupted):
        line.read_byte(soon(), interruptible=True)
    assert time.monotonic() - began < 2


def test_hang_up_is_not_connected_whatever_is_tried(line: SerialLine, other_end: OtherEnd) -> None:
    other_end.hang_up()
    with pytest.raises(NotConnected):
        line.read_byte(soon())
    assert not line.is_open
    for attempt in (line.open, line.discard_input, lambda: line.write(b"x"), lambda: line.read_byte(soon())):
        with pytest.raises(NotConnected):
            attempt()


def test_hang_up_is_noticed_while_writing_and_while_opening(other_end: OtherEnd) -> None:
    writing = SerialLine("pin_pad", other_end.path, baud_rate=9600)
    writing.open()
    other_end.hang_up()
    with pytest.raises(NotConnected):
        writing.write(b"x")
    with pytest.raises(NotConnected):
        writing.open()


def test_the_librarys_error_is_chained(tmp_path: object) -> None:
    line = SerialLine("pin_pad", f"{tmp_path}/nothing", baud_rate=9600)
    with pytest.raises(NotConnected) as caught:
        line.open()
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.device == "pin_pad"


def test_a_second_opener_is_told_that_it_is_busy(line: SerialLine, other_end: OtherEnd) -> None:
    with pytest.raises(Busy):
        SerialLine("id_reader", other_end.path, baud_rate=9600).open()
