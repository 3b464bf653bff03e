"""What every receipt printer keeps to, on the simulator or, with ``--hardware receipt_printer=/dev/…``, a real one."""

import contextlib
import functools
import io
import json
import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import serial
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from drivers.ports.errors import (
    Busy,
    DeviceError,
    MediaExhausted,
    MediaJammed,
    MediaRemoved,
    NotConnected,
    PartlyPrinted,
    ProtocolViolation,
    TimedOut,
)
from drivers.ports.receipt_printer import Code, Heading, Line, Paper, ReceiptPrinter, Rule, Slip
from drivers.receipt_printer.commands import harmless, portions
from drivers.receipt_printer.lettering import Lettering
from drivers.receipt_printer.serial_printer import SerialReceiptPrinter
from simulators.receipt_printer import PrinterSimulator

FONTS = Path(__file__).parents[2] / "assets" / "fonts"
PAYLOAD = "云岭 · 临时挂失\n受理号 8F3A2C71"
RARE_NAME = "欧阳𠮷㛃 𬸪𮧵"
SLIP = Slip(
    (
        Heading("临时挂失"),
        Rule(),
        Line("受理号 8F3A2C71", strong=True),
        Line(f"持卡人 {RARE_NAME}"),
        Line("找不到卡，办正式挂失：社会保障卡服务窗口，带本人有效身份证件。"),
        Code(PAYLOAD),
    )
)
LONG = Slip(tuple(Line(f"第 {number} 行，够长的一行字，好让纸在中间用完。") for number in range(40)))


INDEX = json.loads((FONTS / "coverage.json").read_text())


@functools.cache
def font_of(char: str, bold: bool) -> str:
    order = ("interface-bold" if bold else "interface", "names", "hanamin-a", "hanamin-b")
    font = next(name for name in order if any(low <= ord(char) <= high for low, high in INDEX["ranges"][name]))
    return str(FONTS / INDEX["files"][font])


def runs(text: str, bold: bool) -> list[tuple[str, str]]:
    """A piece for each character, from the first font that has it: what the terminal gives the driver, written anew."""
    return [(font_of(char, bold), char) for char in text]


@pytest.fixture
def simulator(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PrinterSimulator]:
    with PrinterSimulator(link=tmp_path / "receipt-printer") as printer:
        yield printer


@pytest.fixture
def printer(request: pytest.FixtureRequest, simulator: PrinterSimulator) -> Iterator[ReceiptPrinter]:
    ports = dict(entry.split("=", 1) for entry in request.config.getoption("hardware", default=[]) or [])
    made = SerialReceiptPrinter(ports.get("receipt_printer", simulator.path), runs, portion_s=0.4)
    yield made
    made.close()


def dots(png: bytes) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    return np.asarray(Image.open(io.BytesIO(png)).convert("L"))


# --- printing


def test_a_slip_is_printed_and_cut(printer: ReceiptPrinter) -> None:
    printer.print_slip(SLIP)
    assert printer.status().ready


@pytest.mark.simulated
def test_what_is_printed_can_be_read(printer: ReceiptPrinter, simulator: PrinterSimulator) -> None:
    printer.print_slip(SLIP)
    assert simulator.cut == 1
    assert simulator.hanging_out == 0
    assert simulator.overruns == 0
    paper = dots(simulator.slips[-1])
    assert paper.shape[1] == 576 + 64
    read, _, _ = cv2.QRCodeDetector().detectAndDecode(np.ascontiguousarray(paper))
    assert read == PAYLOAD


@pytest.mark.simulated
def test_rare_characters_are_drawn_as_their_fonts_have_them(
    printer: ReceiptPrinter, simulator: PrinterSimulator
) -> None:
    printed = []
    for char in RARE_NAME.replace(" ", ""):
        printer.print_slip(Slip((Line(char),)))
        printed.append(dots(simulator.slips[-1])[32:, :80].tobytes())
    assert len(set(printed)) == len(printed), "two of them look the same: a box stands for what is missing"
    for piece in printed:
        assert piece.count(20) > 80, "nothing is drawn"


@pytest.mark.simulated
def test_a_line_is_wrapped_and_loses_nothing(printer: ReceiptPrinter, simulator: PrinterSimulator) -> None:
    printer.print_slip(Slip((Line("一" * 16),)))
    one = dots(simulator.slips[-1])
    printer.print_slip(Slip((Line("一" * 17),)))
    two = dots(simulator.slips[-1])
    assert (two == 20).sum() * 16 == (one == 20).sum() * 17
    assert two.shape[0] > one.shape[0]


@pytest.mark.simulated
@pytest.mark.parametrize("text", ["", " ", "A" * 80, "12333、0396-12333、" * 9, "“（" * 20, "a b  c"])
def test_whatever_is_written_fits_the_paper(printer: ReceiptPrinter, simulator: PrinterSimulator, text: str) -> None:
    printer.print_slip(Slip((Heading(text), Line(text))))
    assert (dots(simulator.slips[-1])[:, -32:] == 250).all(), "something runs into the edge"


@given(st.lists(st.sampled_from([0x00, 0x04, 0x05, 0x10, 0x14, 0xFF]), max_size=100).map(bytes))
@example(b"\x10\x04\x01")
def test_no_image_holds_what_a_printer_obeys_at_once(raster: bytes) -> None:
    told = harmless(raster)
    assert len(told) == len(raster)
    for command in (b"\x10\x04", b"\x10\x05", b"\x10\x14"):
        assert command not in told


@pytest.mark.parametrize("most", [240, 768, 2048])
def test_a_portion_fits_the_buffer(most: int) -> None:
    parts = list(portions(SLIP, Lettering(runs), most))
    assert max(len(part) for part in parts) <= most
    for command in (b"\x10\x04", b"\x10\x05", b"\x10\x14"):
        assert all(command not in part for part in parts)


# --- how it is


@pytest.mark.simulated
def test_the_status_tells_each_condition(printer: ReceiptPrinter, simulator: PrinterSimulator) -> None:
    assert printer.status().ready
    simulator.run_low()
    status = printer.status()
    assert (status.paper, status.ready) == (Paper.LOW, True)
    simulator.run_out()
    status = printer.status()
    assert (status.paper, status.ready) == (Paper.OUT, False)
    simulator.refill()
    simulator.open_cover()
    status = printer.status()
    assert (status.paper, status.cover_open, status.ready) == (Paper.ENOUGH, True, False)
    simulator.close_cover()
    assert printer.status().ready


@pytest.mark.simulated
def test_low_paper_prints(printer: ReceiptPrinter, simulator: PrinterSimulator) -> None:
    simulator.run_low()
    printer.print_slip(SLIP)
    assert simulator.cut == 1


# --- not begun: nothing is printed


@pytest.mark.simulated
def test_no_paper_prints_nothing(printer: ReceiptPrinter, simulator: PrinterSimulator) -> None:
    simulator.run_out()
    with pytest.raises(MediaExhausted):
        printer.print_slip(SLIP)
    simulator.refill()
    assert printer.status().ready
    assert (simulator.cut, simulator.hanging_out) == (0, 0)


@pytest.mark.simulated
def test_an_open_cover_prints_nothing(printer: ReceiptPrinter, simulator: PrinterSimulator) -> None:
    simulator.open_cover()
    with pytest.raises(MediaRemoved):
        printer.print_slip(SLIP)
    simulator.close_cover()
    assert printer.status().ready
    assert (simulator.cut, simulator.hanging_out) == (0, 0)


@pytest.mark.simulated
def test_a_printer_that_is_silent_is_told_within_a_second(printer: ReceiptPrinter, simulator: PrinterSimulator) -> None:
    simulator.faults.fail_next("silent", times=8)
    for asked in (printer.status, lambda: printer.print_slip(SLIP)):
        began = time.monotonic()
        with pytest.raises(TimedOut):
            asked()
        assert time.monotonic() - began < 1.0
    simulator.faults.clear()
    printer.print_slip(SLIP)
    assert simulator.cut == 1


@pytest.mark.simulated
def test_one_damaged_status_is_asked_again_and_two_are_a_violation(
    printer: ReceiptPrinter, simulator: PrinterSimulator
) -> None:
    simulator.faults.fail_next("garbage")
    assert printer.status().ready
    simulator.faults.fail_next("garbage", times=2)
    with pytest.raises(ProtocolViolation):
        printer.print_slip(SLIP)
    assert (simulator.cut, simulator.hanging_out) == (0, 0)
    printer.print_slip(SLIP)


@pytest.mark.simulated
def test_an_unplugged_printer_is_found_again(printer: ReceiptPrinter, simulator: PrinterSimulator) -> None:
    assert printer.status().ready
    simulator.unplug()
    for _ in range(2):
        with pytest.raises(NotConnected):
            printer.print_slip(SLIP)
    simulator.replug()
    printer.print_slip(SLIP)
    assert simulator.cut == 1


def test_a_port_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotConnected):
        SerialReceiptPrinter(str(tmp_path / "nothing"), runs).status()


@pytest.mark.simulated
def test_a_port_that_another_holds(printer: ReceiptPrinter, simulator: PrinterSimulator) -> None:
    with serial.Serial(simulator.path, exclusive=True), pytest.raises(Busy):
        printer.status()
    assert printer.status().ready


# --- begun: told, and never sent a second time


@pytest.mark.simulated
def test_paper_that_ends_in_the_middle_of_a_slip_is_told(printer: ReceiptPrinter, simulator: PrinterSimulator) -> None:
    simulator.run_out(after_dots=400)
    with pytest.raises(PartlyPrinted) as broke:
        printer.print_slip(LONG)
    assert isinstance(broke.value.__cause__, MediaExhausted)
    assert simulator.cut == 0
    assert simulator.hanging_out == 400


@pytest.mark.simulated
def test_a_new_roll_brings_no_more_of_the_old_slip_than_a_portion(
    printer: ReceiptPrinter, simulator: PrinterSimulator
) -> None:
    simulator.run_out(after_dots=400)
    with pytest.raises(PartlyPrinted):
        printer.print_slip(LONG)
    simulator.refill()
    assert simulator.hanging_out < 60, "the rest of one citizen's slip comes out before the next one's eyes"
    printer.print_slip(SLIP)
    assert simulator.cut in (1, 2), "what was left of the old slip is cut off before the new one, if anything is"
    read, _, _ = cv2.QRCodeDetector().detectAndDecode(np.ascontiguousarray(dots(simulator.slips[-1])))
    assert read == PAYLOAD
    fresh = dots(simulator.slips[-1])
    printer.print_slip(SLIP)
    assert np.array_equal(dots(simulator.slips[-1]), fresh), "the new slip carries something of the old one"


@pytest.mark.simulated
def test_a_cover_opened_in_the_middle_is_told(simulator: PrinterSimulator) -> None:
    with_patience = SerialReceiptPrinter(simulator.path, runs, portion_s=0.4)
    opened = threading.Timer(0.01, simulator.open_cover)
    long = Slip(LONG.blocks * 4)
    opened.start()
    with pytest.raises((PartlyPrinted, MediaRemoved)) as stopped:
        with_patience.print_slip(long)
    cause = stopped.value if isinstance(stopped.value, MediaRemoved) else stopped.value.__cause__
    assert isinstance(cause, MediaRemoved)
    with_patience.close()


@pytest.mark.simulated
def test_a_stuck_cutter_is_told(printer: ReceiptPrinter, simulator: PrinterSimulator) -> None:
    simulator.faults.fail_next("cutter_stuck")
    with pytest.raises(PartlyPrinted) as broke:
        printer.print_slip(SLIP)
    assert isinstance(broke.value.__cause__, MediaJammed)
    with pytest.raises(MediaJammed):
        printer.print_slip(SLIP)
    simulator.open_cover()
    simulator.close_cover()
    printer.print_slip(SLIP)
    assert simulator.cut == 2, "the old slip and the new one, apart"


@pytest.mark.simulated
def test_a_lost_answer_prints_nothing_twice(printer: ReceiptPrinter, simulator: PrinterSimulator) -> None:
    simulator.faults.fail_next("mute_when_done")
    with pytest.raises(PartlyPrinted) as broke:
        printer.print_slip(SLIP)
    assert isinstance(broke.value.__cause__, TimedOut)
    assert simulator.cut == 0, "the slip was sent again"
    begun = simulator.hanging_out
    assert begun > 0
    printer.status()
    assert (simulator.cut, simulator.hanging_out) == (0, begun), "something was sent again"
    printer.print_slip(SLIP)
    assert simulator.cut == 2, "what had begun, and the new slip, apart"


@pytest.mark.simulated
def test_a_cable_pulled_in_the_middle_is_told(printer: ReceiptPrinter, simulator: PrinterSimulator) -> None:
    long = Slip(LONG.blocks * 4)
    pulled = threading.Timer(0.01, simulator.unplug)
    pulled.start()
    with pytest.raises((PartlyPrinted, NotConnected)) as stopped:
        printer.print_slip(long)
    cause = stopped.value if isinstance(stopped.value, NotConnected) else stopped.value.__cause__
    assert isinstance(cause, NotConnected)
    pulled.join()
    simulator.replug()
    printer.print_slip(SLIP)


@pytest.mark.simulated
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(noise=st.binary(min_size=1, max_size=8))
def test_rubbish_brings_named_errors_only(printer: ReceiptPrinter, simulator: PrinterSimulator, noise: bytes) -> None:
    simulator.disturb(noise)
    with contextlib.suppress(DeviceError):
        printer.status()
    assert printer.status().ready


@pytest.mark.simulated
def test_nothing_of_a_slip_is_in_a_repr_or_a_log(
    printer: ReceiptPrinter, simulator: PrinterSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    printer.print_slip(SLIP)
    simulator.run_out(after_dots=100)
    with pytest.raises(PartlyPrinted) as broke:
        printer.print_slip(SLIP)
    for text in (repr(SLIP), caplog.text, str(broke.value), repr(broke.value)):
        assert "欧阳" not in text
        assert "8F3A2C71" not in text
