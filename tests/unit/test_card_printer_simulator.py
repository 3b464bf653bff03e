"""The simulated card printer by its own bytes, without the driver; each typed from docs/wire-card-printer.md."""

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from simulators.card_printer import CardPrinterFault, CardPrinterSimulator, tally
from simulators.card_printer.body import Folder, Where
from simulators.card_printer.firmware import Stream
from simulators.card_printer.ink import ink_of, printed
from tests.blanks import blank

WHITE = b"\x1bDb;y;2;" + bytes(82_296) + b"\r"


@pytest.fixture
def printer(tmp_path: Path) -> Iterator[CardPrinterSimulator]:
    with CardPrinterSimulator(tmp_path / "printer") as made:
        made.load_blanks([blank(0x3101 + number) for number in range(7)])
        made.change_ribbon()
        yield made


@pytest.fixture
def line(printer: CardPrinterSimulator) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", printer.port)) as connection:
        connection.settimeout(5.0)
        yield connection


def ask(line: socket.socket, command: str | bytes) -> str:
    line.sendall(command if isinstance(command, bytes) else b"\x1b" + command.encode() + b"\r")
    heard = b""
    while not heard.endswith(b"\r"):
        part = line.recv(1)
        if not part:
            raise ConnectionError
        heard += part
    return heard[:-1].decode()


def a_face(line: socket.socket) -> None:
    assert ask(line, "Ss") == "OK"
    for panel in b"ymck":
        assert ask(line, WHITE.replace(b"y", bytes((panel,)), 1)) == "OK"


def test_the_way_of_a_card(printer: CardPrinterSimulator, line: socket.socket) -> None:
    assert ask(line, "Rfv") == "SIM 1.4"
    assert ask(line, "Rsn") == "SIM00000001"
    assert ask(line, "Rlr") == "YMCKO;200"
    still = "hopper=ok;reject=ok;retained=ok;cover=closed"
    assert ask(line, "Rse") == f"card=none;state=ok;{still}"
    assert ask(line, "Pem;2") == "OK"
    assert ask(line, "Sis") == "OK"
    assert ask(line, "Rse") == f"card=contact;state=ok;{still}"
    a_face(line)
    assert ask(line, "Se") == "OK"
    assert ask(line, "Rlr") == "YMCKO;199"
    assert ask(line, "Ser") == "OK"
    assert ask(line, "Rse") == f"card=exit;state=ok;{still}"
    assert printer.take_card() == "00003101"
    assert ask(line, "Rse") == f"card=none;state=ok;{still}"


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("Se", "NO CARD"),
        ("Ser", "NO CARD"),
        ("Ser;r", "NO CARD"),
        ("Ser;q", "UNKNOWN"),
        ("Xyz", "UNKNOWN"),
        ("", "UNKNOWN"),
        ("Pem;1", "UNKNOWN"),
        ("Db;y;128", "UNKNOWN"),
        ("Db;y;abc;", "UNKNOWN"),
        (b"\x1bDb;z;2;" + bytes(82_296) + b"\r", "UNKNOWN"),
    ],
)
def test_what_can_not_be_done_is_said_so(line: socket.socket, command: str | bytes, answer: str) -> None:
    assert ask(line, command) == answer


def test_a_second_blank_is_not_fed_and_half_a_face_not_printed(
    printer: CardPrinterSimulator, line: socket.socket
) -> None:
    assert ask(line, "Sis") == "OK"
    assert ask(line, "Sis") == "CARD INSIDE"
    assert ask(line, "Se") == "NO FACE"
    assert ask(line, WHITE) == "OK"
    assert ask(line, "Se") == "NO FACE"
    printer.run_ribbon_out()
    a_face(line)
    assert ask(line, "Se") == "RIBBON EMPTY"
    printer.open_cover()
    assert ask(line, "Ser") == "COVER OPEN"
    assert len(printer.body.hopper) == 6


def test_the_bitmaps_are_forgotten_when_the_card_leaves(printer: CardPrinterSimulator, line: socket.socket) -> None:
    assert ask(line, "Sis") == "OK"
    a_face(line)
    assert ask(line, "Ser;r") == "OK"
    assert ask(line, "Sis") == "OK"
    assert ask(line, "Se") == "NO FACE"


def test_a_printer_that_recovers_by_itself_prints_again_on_its_own(
    printer: CardPrinterSimulator, line: socket.socket
) -> None:
    assert ask(line, "Sis") == "OK"
    a_face(line)
    printer.faults.fail_next("ribbon_ends")
    assert ask(line, "Se") == "RIBBON ENDED"
    printer.change_ribbon()
    assert printer.body.printed == {"00003101": 2}


def test_a_newer_connection_is_the_one_that_counts(printer: CardPrinterSimulator, line: socket.socket) -> None:
    assert ask(line, "Rsn") == "SIM00000001"
    with socket.create_connection(("127.0.0.1", printer.port)) as newer:
        newer.settimeout(5.0)
        assert ask(newer, "Rsn") == "SIM00000001"
        with suppress(OSError):
            line.sendall(b"\x1bSis\r")
        assert line.recv(1) == b""
        assert ask(newer, "Rse").startswith("card=none")


def test_half_a_face_is_on_the_card_when_the_power_goes(printer: CardPrinterSimulator, line: socket.socket) -> None:
    ask(line, "Sis")
    ask(line, "Ss")
    for panel in b"ymc":
        ask(line, WHITE.replace(b"y", bytes((panel,)), 1))
    ask(line, b"\x1bDb;k;2;" + b"\xff" * 82_296 + b"\r")
    printer.faults.fail_next("cut_amid", command="Se")
    with pytest.raises(OSError):  # noqa: PT011  # however the line breaks
        ask(line, "Se")
    with Image.open(printer.face_path("00003101")) as picture:
        dark = np.asarray(picture.convert("L")) < 10
    assert dark[:, :508].all()
    assert not dark[:, 508:].any()
    printer.power_on()
    assert printer.body.where is Where.PRINT


def test_levels_are_unpacked_bit_behind_bit() -> None:
    levels = bytes([0b0000001_0, 0b000010_00, 0b00011_000, 0b0100_0000, 0b101_00001, 0b10_000011, 0b1_0001000])
    ink = np.asarray(ink_of(128, levels * (576_072 // 7))).reshape(-1)[:8]
    assert [round(shade * 127 / 255) for shade in ink.tolist()] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert np.asarray(ink_of(2, b"\x80" + bytes(82_295))).reshape(-1)[:2].tolist() == [255, 0]
    assert np.asarray(ink_of(32, b"\xf8" + bytes(411_479))).reshape(-1)[:2].tolist() == [255, 0]


def test_printing_over_a_print_makes_it_darker_only() -> None:
    grey, white = Image.new("L", (1016, 648), 100), Image.new("L", (1016, 648), 0)
    once = printed(None, {"y": grey, "m": grey, "c": grey, "k": white})
    twice = printed(once, {"y": grey, "m": grey, "c": grey, "k": white})
    assert once.getpixel((0, 0)) == (155, 155, 155)
    assert twice.getpixel((0, 0)) == (94, 94, 94)


# The folder


def test_where_every_card_is_outlives_the_process(tmp_path: Path) -> None:
    folder = tmp_path / "printer"
    first = CardPrinterSimulator(folder)
    first.load_blanks([blank(0x3101), blank(0x3102)])
    first.change_ribbon()
    with socket.create_connection(("127.0.0.1", first.port)) as line:
        line.settimeout(5.0)
        ask(line, "Sis")
    first.close()
    with CardPrinterSimulator(folder) as again:
        assert (again.body.inside, again.body.where, again.body.hopper) == (["00003101"], Where.CONTACT, ["00003102"])
        assert again.body.faces_left == 200
        with pytest.raises(ValueError, match="was here already"):
            again.load_blanks([blank(0x3102)])
        again.clear()
    counts = tally(folder)
    assert (counts.loaded, counts.hopper, counts.staff, counts.balanced) == (2, 1, 1, True)


def test_a_line_that_the_power_cut_in_half_never_happened(tmp_path: Path) -> None:
    folder = tmp_path / "printer"
    made = Folder(folder)
    made.load([blank(0x3101)])
    made.close()
    with (folder / "events.jsonl").open("ab") as file:
        file.write(b'{"what":"fed","cards":["00003')
    again = Folder(folder)
    assert again.body.hopper == ["00003101"]
    again.record("fed", ["00003101"], Where.CONTACT)
    again.close()
    assert tally(folder).inside == 1


def test_the_tally_knows_a_card_that_was_printed_twice(tmp_path: Path) -> None:
    made = Folder(tmp_path)
    made.load([blank(0x3101)])
    made.record("fed", ["00003101"], Where.CONTACT)
    for _ in range(2):
        made.record("printed", ["00003101"], Where.PRINT, faces_left=1)
    made.close()
    assert tally(tmp_path).printed_twice == ["00003101"]


# The line


@given(st.lists(st.sampled_from([b"\x1bRse\r", WHITE, b"Rlr\r", b"\x1bPem;2\r"]), max_size=4), st.data())
@settings(max_examples=20, suppress_health_check=[HealthCheck.data_too_large])
def test_commands_are_the_same_however_the_bytes_are_cut(commands: list[bytes], data: st.DataObject) -> None:
    octets = b"".join(commands)
    whole = Stream().take(octets)
    assert len(whole) == len(commands)
    stream, found = Stream(), []
    while octets:
        size = data.draw(st.integers(1, len(octets)))
        found += stream.take(octets[:size])
        octets = octets[size:]
    assert found == whole


@given(noise=st.binary(min_size=1, max_size=200))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rubbish_moves_no_card(printer: CardPrinterSimulator, noise: bytes) -> None:
    with socket.create_connection(("127.0.0.1", printer.port)) as line:
        line.settimeout(5.0)
        line.sendall(noise.replace(b"S", b"s") + b"\r")
        line.sendall(b"\x1bRse\r")
        heard = b""
        deadline = time.monotonic() + 5.0
        while b"card=" not in heard and not noise.startswith((b"Db;", b"\x1bDb;")):
            assert time.monotonic() < deadline
            heard += line.recv(4096)
    assert len(printer.body.hopper) == 7


def test_faults_have_their_place(printer: CardPrinterSimulator) -> None:
    assert printer.faults.only_at(CardPrinterFault.TWO_FED) == "Sis"
    assert printer.faults.only_at(CardPrinterFault.RIBBON_ENDS) == "Se"
    assert printer.faults.only_at(CardPrinterFault.JAM) is None
    with pytest.raises(ValueError, match="dance"):
        printer.faults.fail_next("dance")
