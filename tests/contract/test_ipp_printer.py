"""The IPP driver before CUPS' ``ippeveprinter``, as far as a card printer's contract goes for one that only prints.

What that one never says, a list of answers does.
"""

import base64
import io
import os
import re
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from drivers.card_printer.ipp import IppCardPrinter, Limits
from drivers.card_printer.ipp_document import document_of
from drivers.card_printer.ipp_queue import IppQueue, JobState
from drivers.card_printer.ipp_status import card_size, status_of
from drivers.card_printer.ipp_wire import Answer, answer_of
from drivers.ports.card_printer import (
    Ability,
    Bin,
    CardPrinter,
    Face,
    Fill,
    IssuanceRefused,
    IssuanceToken,
    Media,
    Refusal,
)
from drivers.ports.errors import (
    Busy,
    MediaExhausted,
    MediaJammed,
    MediaRemoved,
    NotConnected,
    NotEquipped,
    PartlyPrinted,
    ProtocolViolation,
    TimedOut,
)
from drivers.transport.wire_trace import watched
from tests.contract.test_card_printer import CENTRE, JOB, NOW_MS, OTHER_JOB, TERMINAL, face, token
from tests.everywhere import EverywherePrinter

QUICK = Limits(answer_s=1.0, hand_over_s=5.0, print_s=8.0, settle_s=1.5)
ISO_A4 = "iso_a4_210x297mm"


def driver(uri: str, limits: Limits = QUICK) -> IppCardPrinter:
    return IppCardPrinter(IppQueue(uri), CENTRE.public_key(), TERMINAL, now_ms=lambda: NOW_MS, limits=limits)


@pytest.fixture
def everywhere(tmp_path: Path) -> Iterator[EverywherePrinter]:
    with EverywherePrinter(tmp_path / "printer") as printer:
        yield printer


@pytest.fixture
def printer(everywhere: EverywherePrinter) -> CardPrinter:
    return driver(everywhere.uri)


def pixels_of(printed: Face) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    return np.frombuffer(printed.colours, np.uint8).reshape(648, 1016, 3)


def as_cups_reads_it(raster: bytes, folder: Path) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    """Through CUPS' own reader of rasters, to PostScript and back."""
    (folder / "raster").write_bytes(raster)
    told = subprocess.run(
        ["/usr/sbin/ippeveps", str(folder / "raster")],
        env={**os.environ, "CONTENT_TYPE": "image/pwg-raster"},
        check=True,
        capture_output=True,
    )
    assert b"648x1016x24" in told.stderr
    rows = re.findall(rb"(\d+) L\n(.*?)~>", told.stdout, re.DOTALL)
    page = np.full((1016, 648, 3), 255, np.uint8)  # it leaves white lines out
    for number, octets in rows:
        page[1015 - int(number)] = np.frombuffer(base64.a85decode(octets), np.uint8).reshape(648, 3)
    return page


# --- the way of a card


def test_a_card_is_printed_as_it_was_sent(printer: CardPrinter, everywhere: EverywherePrinter, tmp_path: Path) -> None:
    assert printer.status().ready
    printer.feed(token())
    assert everywhere.begun == 0
    printer.print_face(JOB, face())
    [card] = everywhere.cards
    assert (as_cups_reads_it(card, tmp_path) == np.rot90(pixels_of(face()))).all()
    how = everywhere.how
    assert how["IPP_JOB_NAME"] == f"card {JOB}"
    assert how["IPP_MEDIA"] == "om_card_54x86mm"
    assert (how["IPP_COPIES"], how["IPP_PRINTER_RESOLUTION"], how["IPP_PRINT_SCALING"]) == ("1", "300dpi", "none")
    assert printer.status().ready


def test_whoever_watches_the_line_sees_no_job_and_no_face(printer: CardPrinter) -> None:
    with watched() as trace:
        printer.feed(token())
        printer.print_face(JOB, face())
    passages = trace.passages()
    assert {one.device for one in passages} == {"card_printer"}
    assert {(one.what, one.outward) for one in passages if one.shown is not None} == {("GET-PRINTER-ATTRIBUTES", True)}
    (handed,) = (one for one in passages if one.what == "PRINT-JOB")
    assert handed.length is not None
    assert handed.length > len(face().colours)
    assert "PRINT-JOB 0000" in {one.what for one in passages}
    assert JOB not in repr(passages)


def test_a_password_in_an_address_is_not_seen_on_the_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as held, watched() as trace:
        port = held.getsockname()[1]
        held.close()
        with pytest.raises(NotConnected):
            driver(f"ipp://staff:planted@127.0.0.1:{port}/cards").status()
    assert [(one.what, one.shown) for one in trace.passages()] == [("GET-PRINTER-ATTRIBUTES", None)]


def test_it_says_what_it_can_not_do(printer: CardPrinter) -> None:
    assert not printer.abilities & set(Ability)
    acts: tuple[Callable[[], None], ...] = (
        printer.eject,
        lambda: printer.wait_until_taken(0.1),
        lambda: printer.discard(Bin.REJECT),
    )
    for act in acts:
        with pytest.raises(NotEquipped):
            act()
    printer.close()


@pytest.mark.parametrize("kind", ["image/jpeg", "image/png"])
def test_a_printer_without_rasters_gets_a_picture_of_the_same_size(tmp_path: Path, kind: str) -> None:
    with EverywherePrinter(tmp_path / "printer", takes=f"application/pdf,{kind}") as everywhere:
        printer = driver(everywhere.uri)
        printer.feed(token())
        printer.print_face(JOB, face())
        [card] = everywhere.cards
        assert everywhere.how["IPP_PRINT_SCALING"] == "fill"
    with Image.open(io.BytesIO(card)) as picture:
        assert (picture.size, round(picture.info["dpi"][0])) == ((648, 1016), 300)
        near = np.asarray(picture.convert("RGB")).astype(np.int16)
    off = np.abs(near - np.rot90(pixels_of(face())))
    assert off.max() == 0 if kind == "image/png" else off.mean() < 2


def test_black_of_its_own_is_black_in_a_document() -> None:
    black = np.zeros((648, 1016), bool)
    black[0, 0:8] = True
    made = document_of(Face(face().colours, np.packbits(black).tobytes()), "image/png")
    with Image.open(io.BytesIO(made)) as picture:
        assert [picture.getpixel((0, 1015 - at)) for at in (0, 7, 8)] == [(0, 0, 0), (0, 0, 0), (255, 255, 255)]
    with pytest.raises(ValueError, match="pdf"):
        document_of(face(), "application/pdf")


# --- leave


@pytest.mark.parametrize(
    ("shown", "why"),
    [
        (token(terminal="t-0002"), Refusal.OTHER_TERMINAL),
        (token(lives_ms=0), Refusal.EXPIRED),
        (token("not a job"), Refusal.NOT_SIGNED),
    ],
)
def test_no_face_without_the_centres_leave(
    printer: CardPrinter, everywhere: EverywherePrinter, shown: IssuanceToken, why: Refusal
) -> None:
    with pytest.raises(IssuanceRefused) as refused:
        printer.feed(shown)
    assert refused.value.why is why
    with pytest.raises(IssuanceRefused) as refused:
        printer.print_face(JOB, face())
    assert refused.value.why is Refusal.NOT_FED
    assert everywhere.begun == 0


def test_a_face_is_printed_once_whoever_asks(printer: CardPrinter, everywhere: EverywherePrinter) -> None:
    printer.feed(token())
    printer.print_face(JOB, face())
    started_anew = driver(everywhere.uri)
    for one in (printer, started_anew):
        with pytest.raises(IssuanceRefused) as refused:
            one.feed(token())
        assert refused.value.why is Refusal.FED_ALREADY
        with pytest.raises(IssuanceRefused) as refused:
            one.print_face(JOB, face())
        assert refused.value.why is Refusal.PRINTED_ALREADY
    assert started_anew.standing(JOB) is JobState.COMPLETED
    assert started_anew.standing(OTHER_JOB) is None
    assert everywhere.begun == 1


# --- what stops a card


def ended(everywhere: EverywherePrinter) -> JobState | None:
    """How the job ended, once it has."""
    deadline, asked = time.monotonic() + 10.0, driver(everywhere.uri)
    while (state := asked.standing(JOB)) is JobState.PROCESSING:
        assert time.monotonic() < deadline
    return state


@pytest.mark.parametrize(("said", "cause"), [("media-jam", MediaJammed), ("cover-open", MediaRemoved)])
def test_a_card_that_stops_is_called_off_and_not_printed_later(
    printer: CardPrinter, everywhere: EverywherePrinter, said: str, cause: type[Exception]
) -> None:
    everywhere.amid(f"echo 'STATE: +{said}' >&2; while [ ! -e cleared ]; do sleep 0.1; done")
    printer.feed(token())
    with pytest.raises(PartlyPrinted) as partly:
        printer.print_face(JOB, face())
    assert isinstance(partly.value.__cause__, cause)
    with pytest.raises(cause):
        printer.feed(token(OTHER_JOB))
    everywhere.leave("cleared")
    assert ended(everywhere) is JobState.CANCELLED
    with pytest.raises(IssuanceRefused):
        printer.print_face(JOB, face())
    assert everywhere.begun == 1


def test_the_last_blank_is_printed_and_the_next_refused(printer: CardPrinter, everywhere: EverywherePrinter) -> None:
    everywhere.amid("echo 'STATE: +media-empty' >&2; sleep 1")
    printer.feed(token())
    printer.print_face(JOB, face())
    assert len(everywhere.cards) == 1
    status = printer.status()
    assert (status.hopper, status.ready) == (Fill.EMPTY, False)
    with pytest.raises(MediaExhausted, match="blank"):
        printer.feed(token(OTHER_JOB))


def test_a_ribbon_that_has_ended_begins_nothing(printer: CardPrinter, everywhere: EverywherePrinter) -> None:
    everywhere.amid("echo 'STATE: +marker-supply-empty' >&2")
    printer.feed(token())
    printer.print_face(JOB, face())
    assert printer.status().ribbon.faces_left == 0
    with pytest.raises(MediaExhausted, match="ribbon"):
        printer.feed(token(OTHER_JOB))
    assert everywhere.begun == 1


def test_a_job_that_staff_cancel_may_have_been_begun(printer: CardPrinter, everywhere: EverywherePrinter) -> None:
    everywhere.amid("touch amid-it; sleep 3")
    printer.feed(token())

    def cancel() -> None:
        everywhere.until("amid-it")
        subprocess.run(["ipptool", everywhere.uri, "cancel-current-job.test"], check=True, capture_output=True)

    staff = threading.Thread(target=cancel)
    staff.start()
    with pytest.raises(PartlyPrinted, match="called off"):
        printer.print_face(JOB, face())
    staff.join()
    with pytest.raises(IssuanceRefused):
        printer.feed(token())
    assert everywhere.begun == 1


def test_a_job_without_end_is_called_off(everywhere: EverywherePrinter) -> None:
    printer = driver(everywhere.uri, Limits(answer_s=1.0, hand_over_s=5.0, print_s=1.0, settle_s=4.0))
    everywhere.amid("sleep 2.5")
    printer.feed(token())
    with pytest.raises(PartlyPrinted) as partly:
        printer.print_face(JOB, face())
    assert isinstance(partly.value.__cause__, TimedOut)
    assert everywhere.begun == 1


@pytest.mark.parametrize("comes_back", [True, False])
def test_a_printer_killed_amid_a_card_is_an_open_case(
    printer: CardPrinter, everywhere: EverywherePrinter, comes_back: bool
) -> None:
    everywhere.amid("touch amid-it; sleep 3")
    printer.feed(token())

    def cut() -> None:
        everywhere.until("amid-it")
        everywhere.kill()
        if comes_back:
            everywhere.start()

    power = threading.Thread(target=cut)
    power.start()
    with pytest.raises(PartlyPrinted, match="forgotten" if comes_back else "nobody tells"):
        printer.print_face(JOB, face())
    power.join()
    if not comes_back:
        everywhere.start()
    with pytest.raises(IssuanceRefused) as refused:
        printer.feed(token())
    assert refused.value.why is Refusal.FED_ALREADY
    everywhere.amid("")
    printer.feed(token(OTHER_JOB))
    printer.print_face(OTHER_JOB, face())
    assert (everywhere.begun, len(everywhere.cards)) == (2, 1)


def test_a_printer_that_is_off_takes_nothing_and_may_be_asked_again(
    printer: CardPrinter, everywhere: EverywherePrinter, monkeypatch: pytest.MonkeyPatch
) -> None:
    printer.feed(token())
    hand_over = IppQueue.print_job

    def off(*args: object) -> object:
        everywhere.kill()
        return hand_over(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(IppQueue, "print_job", off)
    with pytest.raises(NotConnected):
        printer.print_face(JOB, face())
    monkeypatch.undo()
    with pytest.raises(NotConnected):
        printer.status()
    everywhere.start()
    printer.print_face(JOB, face())
    assert (everywhere.begun, len(everywhere.cards)) == (1, 1)


class Relay:
    """A cable to a printer that is cut once a request with a document has gone through."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            near, _ = self._listener.accept()
            far = socket.create_connection(("127.0.0.1", self._to))
            sent = [0]
            forth = threading.Thread(target=self._forth, args=(near, far, sent), daemon=True)
            forth.start()
            answer = far.recv(1 << 16)
            while answer and sent[0] < 100_000:
                near.sendall(answer)
                answer = far.recv(1 << 16)
            with suppress(OSError):
                near.shutdown(socket.SHUT_RDWR)  # closing alone would leave the other thread's hold on it
            near.close()
            far.close()

    def _forth(self, near: socket.socket, far: socket.socket, sent: list[int]) -> None:
        try:
            while octets := near.recv(1 << 16):
                sent[0] += len(octets)
                far.sendall(octets)
            far.shutdown(socket.SHUT_WR)
        except OSError:
            return


def test_a_lost_answer_to_a_face_is_made_up_for_by_its_name(everywhere: EverywherePrinter) -> None:
    printer = driver(f"ipp://localhost:{Relay(everywhere.port).port}/ipp/print")
    printer.feed(token())
    printer.print_face(JOB, face())
    assert (everywhere.begun, len(everywhere.cards)) == (1, 1)


# --- queues that are set up wrongly


def test_a_queue_that_would_print_again_by_itself_is_refused(tmp_path: Path) -> None:
    with EverywherePrinter(tmp_path / "p", more="ATTR keyword printer-error-policy retry-job") as everywhere:
        with pytest.raises(ProtocolViolation, match="abort-job"):
            driver(everywhere.uri).feed(token())
        assert everywhere.begun == 0


def test_a_queue_without_cards_prints_nothing(tmp_path: Path) -> None:
    with EverywherePrinter(tmp_path / "p", media=ISO_A4) as everywhere:
        printer = driver(everywhere.uri)
        printer.feed(token())
        with pytest.raises(ProtocolViolation, match="card's size"):
            printer.print_face(JOB, face())
        assert everywhere.begun == 0


@pytest.mark.parametrize("uri", ["http://localhost/ipp", "ipp://localhost", "ipps://localhost/ipp", "lp0"])
def test_what_is_no_queue(uri: str) -> None:
    with pytest.raises(ValueError, match="is no ipp"):
        IppQueue(uri)


def test_a_queue_that_is_not_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(NotConnected):
        driver(f"ipp://127.0.0.1:{port}/ipp/print").status()


# --- what ippeveprinter never says


def answer(status: int, number: int, *groups: tuple[int, list[tuple[int, str, bytes]]]) -> bytes:
    octets = struct.pack(">BBHI", 2, 0, status, number)
    for tag, attributes in groups:
        octets += bytes([tag])
        for kind, name, value in attributes:
            octets += struct.pack(">BH", kind, len(name)) + name.encode()
            octets += struct.pack(">H", len(value)) + value
    return octets + b"\x03"


def number(value: int) -> bytes:
    return struct.pack(">i", value)


IDLE = (
    4,
    [
        (0x23, "printer-state", number(3)),
        (0x44, "printer-state-reasons", b"none"),
        (0x49, "document-format-supported", b"image/jpeg"),
        (0x44, "media-supported", b"om_card_54x86mm"),
    ],
)


@pytest.fixture
def stage() -> Iterator[tuple[str, list[Callable[[int, int], bytes | int]]]]:
    """A queue that answers from a list, the operation and the request's number given; an int is an HTTP status."""
    answers: list[Callable[[int, int], bytes | int]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            operation, number = struct.unpack(">HI", asked[2:8])
            told = (answers.pop(0) if len(answers) > 1 else answers[0])(operation, number)
            self.send_response(200 if isinstance(told, bytes) else told)
            self.end_headers()
            if isinstance(told, bytes):
                self.wfile.write(told)

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"ipp://127.0.0.1:{server.server_port}/ipp/print", answers
        server.shutdown()
        thread.join()


def told_by(operation: int, number_: int, job_state: int, begun: bytes | None) -> bytes:
    """An idle printer that knows no jobs before it has one, which then is as given."""
    if operation == 0x000B:
        return answer(0, number_, IDLE)
    if operation == 0x000A:
        return answer(0, number_)
    at = [(0x21, "time-at-processing", begun)] if begun is not None else [(0x13, "time-at-processing", b"")]
    job = [(0x21, "job-id", number(7)), (0x42, "job-name", f"card {JOB}".encode()), *at]
    return answer(0, number_, (2, [*job, (0x23, "job-state", number(job_state))]))


def test_a_job_called_off_before_it_began_has_printed_nothing(stage: tuple[str, list[Callable[..., bytes]]]) -> None:
    uri, answers = stage
    answers.append(lambda operation, number_: told_by(operation, number_, 7, None))
    printer = driver(uri)
    printer.feed(token())
    with pytest.raises(TimedOut, match="called it off"):
        printer.print_face(JOB, face())
    with pytest.raises(IssuanceRefused):
        printer.print_face(JOB, face())
    answers[:] = [lambda operation, number_: told_by(operation, number_, 8, number(4))]
    printer.feed(token(OTHER_JOB))
    with pytest.raises(PartlyPrinted):
        printer.print_face(OTHER_JOB, face())


@pytest.mark.parametrize(
    "told",
    [
        b"",
        b"\x02\x00\x00\x00\x00\x00\x00\x01\x01\x44\x00\x00\xff\xfb\x03",
        answer(0, 99, IDLE),
        answer(0x0403, 1),
        answer(0, 1, (4, [])),
        500,
        302,
    ],
)
def test_rubbish_of_a_queue(stage: tuple[str, list[Callable[..., bytes | int]]], told: bytes | int) -> None:
    uri, answers = stage
    answers.append(lambda _operation, _number: told)
    with pytest.raises(ProtocolViolation):
        driver(uri).status()


def test_a_queue_that_is_paused_or_busy(stage: tuple[str, list[Callable[..., bytes | int]]]) -> None:
    uri, answers = stage
    answers.append(lambda _operation, number_: answer(0, number_, (4, [(0x23, "printer-state", number(5))])))
    with pytest.raises(Busy, match="paused"):
        driver(uri).status()
    answers[:] = [lambda _operation, number_: answer(0x0507, number_)]
    with pytest.raises(Busy):
        driver(uri).status()


def test_reasons_and_sizes_in_the_words_of_the_port() -> None:
    def status(*reasons: str, state: int = 3) -> Media:
        return status_of({"printer-state": (state,), "printer-state-reasons": reasons}).media

    assert status("media-jam-error") is Media.JAMMED
    assert status("output-area-full-warning") is Media.LATCHED
    assert status("none", state=4) is Media.ENTERING
    with pytest.raises(NotConnected):
        status("offline-report")
    assert status_of({"printer-state": (5,), "printer-state-reasons": ("door-open",)}).cover_open
    assert status_of({"printer-state": (3,), "printer-state-reasons": ("media-low-warning",)}).hopper is Fill.LOW
    assert card_size([ISO_A4, "custom_min_1x1mm", "oe_cr80_2.13x3.37in"]) == "oe_cr80_2.13x3.37in"
    assert card_size([ISO_A4, "om_....x...mm", "jpn_hagaki_100x148mm"]) is None


@given(st.binary(max_size=200))
def test_reading_an_answer_ends_whatever_it_is(octets: bytes) -> None:
    for tried in (octets, b"\x02\x00\x00\x00\x00\x00\x00\x01\x04" + octets):
        try:
            assert isinstance(answer_of(tried), Answer)
        except ProtocolViolation:
            continue


def test_members_of_collections_belong_to_no_attribute() -> None:
    nested = [
        (0x34, "media-col", b""),
        (0x4A, "", b"media-size"),
        (0x34, "", b""),
        (0x4A, "", b"x-dimension"),
        (0x21, "", number(5398)),
        (0x37, "", b""),
        (0x37, "", b""),
        (0x44, "sides-supported", b"one-sided"),
        (0x44, "", b"two-sided-long-edge"),
        (0x36, "job-name", b"\x00\x02en\x00\x04card"),
    ]
    [printer] = answer_of(answer(0, 1, (4, nested))).of(4)  # type: ignore[arg-type]
    assert printer == {
        "media-col": [],
        "sides-supported": ["one-sided", "two-sided-long-edge"],
        "job-name": ["card"],
    }
