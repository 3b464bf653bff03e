"""The simulated printer makes paper of hand-typed bytes, without the driver."""

import io
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from PIL import Image

from simulators.receipt_printer.faults import PrinterFault, PrinterFaults
from simulators.receipt_printer.firmware import NEAR_END, ROLL, PrinterFirmware
from simulators.receipt_printer.simulator import PrinterSimulator

CUT = b"\x1dV\x00"
STATUS = tuple(bytes((0x10, 0x04, number)) for number in (1, 2, 3, 4))


class Tray:
    def __init__(self) -> None:
        self.paper: list[Image.Image] = []
        self.faults = PrinterFaults()
        self.firmware = PrinterFirmware(self.faults, self.paper.append)

    def status(self) -> list[int]:
        return [self.firmware.receive(question)[0] for question in STATUS]


@pytest.fixture
def tray() -> Tray:
    return Tray()


def test_a_raster_is_printed_dot_by_dot(tray: Tray) -> None:
    tray.firmware.receive(b"\x1b@\x1dv0\x00\x02\x00\x03\x00" + bytes((0xFF, 0x00, 0x81, 0x01, 0x00, 0x00)) + CUT)
    paper = tray.paper[0]
    assert paper.size == (576, 3)
    black = [(x, y) for y in range(3) for x in range(576) if paper.getpixel((x, y)) == 0]
    assert black == [*((x, 0) for x in range(8)), (0, 1), (7, 1), (15, 1)]


def test_text_and_feeds_take_their_room(tray: Tray) -> None:
    tray.firmware.receive(b"HELLO\n\x1bJ\x20\x1bd\x02" + CUT)
    assert tray.paper[0].height == 30 + 32 + 60
    assert 0 in tray.paper[0].tobytes() or tray.paper[0].getextrema() == (0, 255)


def test_a_native_code_is_drawn(tray: Tray) -> None:
    data = b"\x31\x50\x30" + b"8F3A2C71"
    tray.firmware.receive(b"\x1d(k\x03\x00\x31\x43\x08")
    tray.firmware.receive(
        b"\x1bJ\x40\x1d(k" + bytes((len(data), 0)) + data + b"\x1d(k\x03\x00\x31\x51\x30\x1bJ\x40" + CUT
    )
    paper = np.pad(np.asarray(tray.paper[0].convert("L")), 40, constant_values=255)
    assert cv2.QRCodeDetector().detectAndDecode(np.ascontiguousarray(paper))[0] == "8F3A2C71"


@pytest.mark.parametrize(
    ("happens", "told"),
    [
        (lambda f: None, [0x12, 0x12, 0x12, 0x12]),
        (lambda f: setattr(f, "paper_dots", NEAR_END), [0x12, 0x12, 0x12, 0x1E]),
        (lambda f: setattr(f, "paper_dots", 0), [0x1A, 0x32, 0x12, 0x7E]),
        (lambda f: setattr(f, "cover_open", True), [0x1A, 0x16, 0x12, 0x12]),
        (lambda f: setattr(f, "cutter_stuck", True), [0x1A, 0x52, 0x1A, 0x12]),
    ],
)
def test_the_status_bytes(tray: Tray, happens: Callable[[PrinterFirmware], None], told: list[int]) -> None:
    happens(tray.firmware)
    assert tray.status() == told


def test_a_status_is_told_within_an_image(tray: Tray) -> None:
    assert tray.firmware.receive(b"\x1dv0\x00\x01\x00\x03\x00\x10\x04\x01") == b"\x12"


def test_it_tells_when_done_and_not_without_paper(tray: Tray) -> None:
    assert tray.firmware.receive(b"\x1bJ\x10\x1dr1") == b"\x00"
    tray.firmware.paper_dots = 4
    assert tray.firmware.receive(b"\x1bJ\x10\x1dr1") == b""
    tray.firmware.paper_dots = ROLL
    assert tray.firmware.wake() == b"\x00"


def test_a_full_buffer_loses_what_comes(tray: Tray) -> None:
    tray.firmware.cover_open = True
    tray.firmware.receive(bytes(5000))
    assert tray.firmware.overruns == 5000 - 4096


@pytest.mark.parametrize("fault", list(PrinterFault))
def test_each_fault_strikes_once(tray: Tray, fault: PrinterFault) -> None:
    tray.faults.fail_next(fault)
    first = tray.firmware.receive(STATUS[0]) + tray.firmware.receive(b"\x1bJ\x10\x1dr1" + CUT)
    tray.firmware.cutter_stuck = False
    second = tray.firmware.receive(STATUS[0]) + tray.firmware.receive(b"\x1bJ\x10\x1dr1" + CUT)
    assert second == b"\x12\x00"
    assert first != second or not tray.paper[1:]


def test_the_verbs_and_what_a_technician_sees() -> None:
    with PrinterSimulator() as printer:
        seen = [printer.condition]
        for verb in (printer.run_low, printer.run_out, printer.refill, printer.open_cover, printer.close_cover):
            verb()
            seen.append(printer.condition)
        printer.unplug()
        seen.append(printer.condition)
        with pytest.raises(RuntimeError):
            _ = printer.path
        printer.replug()
        assert seen == ["ready", "low", "out", "ready", "open", "ready", "unplugged"]


def test_a_slip_is_a_picture_with_an_edge() -> None:
    events: list[str] = []
    with PrinterSimulator(on_event=events.append) as printer:
        with open(printer.path, "wb", buffering=0) as line:  # noqa: PTH123 - a port, no file
            line.write(b"\x1bJ\x64" + CUT)
            assert printer.wait_for_cut(1, 5)
        assert Image.open(io.BytesIO(printer.slips[0])).size == (576 + 64, 100 + 64)
    assert events == ["slip"]
