"""What every card printer keeps to, on the simulator or, with ``--hardware card_printer=HOST:PORT`` or
``card_printer=/dev/usb/lp0``, on a real one: two blanks of it go into the reject bin."""

import copy
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image

from drivers.card_printer import EscapeCardPrinter
from drivers.card_printer.escape import Limits
from drivers.ports.card_printer import (
    Bin,
    CardPrinter,
    Face,
    Fill,
    IssuanceRefused,
    IssuanceToken,
    Media,
    Position,
    Refusal,
)
from drivers.ports.errors import (
    DeviceError,
    MediaExhausted,
    MediaJammed,
    MediaPresent,
    MediaRemoved,
    NotConnected,
    PartlyPrinted,
    ProtocolViolation,
    StorageFull,
    TimedOut,
    TwoFed,
)
from drivers.transport.byte_line import ByteLine, DeviceFileLine, TcpLine
from simulators.card_printer import CardPrinterFault, CardPrinterSimulator, tally
from simulators.card_printer.body import Body, Where
from tests.blanks import blank

CENTRE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
TERMINAL = "t-0001"
NOW_MS = 1_796_000_000_000
JOB, OTHER_JOB = "5e4d3c2b" * 4, "0a1b2c3d" * 4
QUICK = Limits(answer_s=0.3, download_s=5.0, feed_s=0.6, print_s=1.5, eject_s=0.6, settle_s=1.0)
OUR_OWN = "card_printer"


def token(job_id: str = JOB, terminal: str = TERMINAL, lives_ms: int = 60_000) -> IssuanceToken:
    """One that the centre has signed."""
    unsigned = IssuanceToken(job_id, terminal, NOW_MS + lives_ms, b"")
    return replace(unsigned, signature=CENTRE.sign(unsigned.signed_bytes))


def face(colour: tuple[int, int, int] = (200, 30, 90)) -> Face:
    """A coloured card with a black bar and a ramp of greys."""
    picture = np.full((648, 1016, 3), 255, np.uint8)
    picture[100:300, 50:400] = colour
    picture[400:440, 100:900] = 0
    picture[500:600, :] = np.linspace(1, 255, 1016).astype(np.uint8)[None, :, None]
    return Face(picture.tobytes())


@dataclass
class Bench:
    """A printer under test."""

    printer: CardPrinter
    line: ByteLine


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "card-printer"


@pytest.fixture
def simulator(folder: Path) -> Iterator[CardPrinterSimulator]:
    with CardPrinterSimulator(folder, late_s=0.8) as made:
        made.load_blanks([blank(0x3101 + number) for number in range(10)])
        made.change_ribbon()
        yield made


def driver(line: ByteLine, limits: Limits = QUICK) -> EscapeCardPrinter:
    return EscapeCardPrinter(line, CENTRE.public_key(), TERMINAL, now_ms=lambda: NOW_MS, limits=limits)


@pytest.fixture
def printer(request: pytest.FixtureRequest) -> Iterator[CardPrinter]:
    devices = dict(entry.split("=", 1) for entry in request.config.getoption("hardware", default=[]) or [])
    where = devices.get("card_printer")
    if where is None:
        simulator = request.getfixturevalue("simulator")
        made = driver(TcpLine(OUR_OWN, "127.0.0.1", simulator.port))
    elif where.startswith("/"):
        made = driver(DeviceFileLine(OUR_OWN, where), Limits())
    else:
        host, _, port = where.rpartition(":")
        made = driver(TcpLine(OUR_OWN, host, int(port)), Limits())
    yield made
    made.close()


def pixels(simulator: CardPrinterSimulator, serial: str) -> "np.ndarray[tuple[int, ...], np.dtype[np.int16]]":
    with Image.open(simulator.face_path(serial)) as picture:
        assert picture.size == (1016, 648)
        assert round(picture.info["dpi"][0]) == 300
        return np.asarray(picture.convert("RGB")).astype(np.int16)


# --- the way of a card


def test_a_blank_is_fed_and_put_away(printer: CardPrinter) -> None:
    assert printer.status().ready
    printer.feed(token())
    status = printer.status()
    assert (status.media, status.position, status.ready) == (Media.PRESENT, Position.CONTACT_STATION, False)
    printer.discard(Bin.REJECT)
    assert printer.status().media is Media.NOT_PRESENT


@pytest.mark.simulated
def test_a_card_is_printed_offered_and_taken(printer: CardPrinter, simulator: CardPrinterSimulator) -> None:
    printer.feed(token())
    printer.print_face(JOB, face())
    assert printer.status().position is Position.CONTACT_STATION
    printer.eject()
    status = printer.status()
    assert (status.media, status.position) == (Media.LATCHED, Position.EXIT)
    printer.eject()
    with pytest.raises(TimedOut):
        printer.wait_until_taken(0.1)
    threading.Timer(0.2, simulator.take_card).start()
    printer.wait_until_taken(5.0)
    assert simulator.body.taken == ["00003101"]
    assert printer.status().ready
    assert simulator.body.faces_left == 199
    printer.feed(token(OTHER_JOB))
    assert simulator.body.inside == ["00003102"]


@pytest.mark.simulated
def test_what_is_printed_is_what_was_sent(printer: CardPrinter, simulator: CardPrinterSimulator) -> None:
    printer.feed(token())
    sent = face()
    printer.print_face(JOB, sent)
    wanted = np.frombuffer(sent.colours, np.uint8).reshape(648, 1016, 3).astype(np.int16)
    assert np.abs(pixels(simulator, "00003101") - wanted).max() <= 2, "128 levels a colour, no more lost"
    assert (pixels(simulator, "00003101")[400:440, 100:900] == 0).all(), "black is the resin's, and quite black"


@pytest.mark.simulated
def test_black_of_its_own_goes_to_the_black_panel(printer: CardPrinter, simulator: CardPrinterSimulator) -> None:
    black = np.zeros((648, 1016), np.uint8)
    black[0, :9] = 1  # the leftmost pixels, beyond one byte
    printer.feed(token())
    printer.print_face(JOB, replace(face(), black=np.packbits(black, axis=1).tobytes()))
    printed = pixels(simulator, "00003101")
    assert (printed[0, :9] == 0).all()
    assert (printed[0, 9:] == 255).all()


def test_a_face_has_its_size() -> None:
    with pytest.raises(ValueError, match="1016"):
        Face(bytes(1016 * 648))
    with pytest.raises(ValueError, match="bits"):
        Face(bytes(1016 * 648 * 3), bytes(1016 * 648))


@pytest.mark.simulated
def test_a_card_that_is_not_taken_is_retained(printer: CardPrinter, simulator: CardPrinterSimulator) -> None:
    printer.feed(token())
    printer.eject()
    with pytest.raises(TimedOut):
        printer.wait_until_taken(0.0)
    with pytest.raises(ValueError, match="retained"):
        printer.discard(Bin.REJECT)
    printer.discard(Bin.RETAINED)
    assert (simulator.body.retained_bin, simulator.body.reject_bin) == (["00003101"], [])


# --- the token


@pytest.mark.simulated
@pytest.mark.parametrize(
    ("shown", "why"),
    [
        (IssuanceToken(JOB, TERMINAL, NOW_MS + 60_000, b""), Refusal.NOT_SIGNED),
        (replace(token(), signature=bytes(64)), Refusal.NOT_SIGNED),
        (replace(token(), job_id=OTHER_JOB), Refusal.NOT_SIGNED),
        (replace(token(), terminal="t-0002"), Refusal.NOT_SIGNED),
        (replace(token(), expires_at_ms=NOW_MS + 600_000), Refusal.NOT_SIGNED),
        (token(job_id=f"{JOB}\n{TERMINAL}"), Refusal.NOT_SIGNED),
        (token(terminal="t-0002"), Refusal.OTHER_TERMINAL),
        (token(lives_ms=0), Refusal.EXPIRED),
        (token(lives_ms=-1), Refusal.EXPIRED),
    ],
)
def test_no_blank_moves_without_the_centres_leave(
    printer: CardPrinter, simulator: CardPrinterSimulator, shown: IssuanceToken, why: Refusal
) -> None:
    with pytest.raises(IssuanceRefused) as refused:
        printer.feed(shown)
    assert refused.value.why is why
    assert (len(simulator.body.hopper), simulator.body.inside) == (10, [])
    assert simulator.asked == 0


@pytest.mark.simulated
def test_a_token_feeds_once(printer: CardPrinter, simulator: CardPrinterSimulator) -> None:
    printer.feed(token())
    printer.discard(Bin.REJECT)
    for again in (token(), token(lives_ms=90_000)):
        with pytest.raises(IssuanceRefused) as refused:
            printer.feed(again)
        assert refused.value.why is Refusal.FED_ALREADY
    assert len(simulator.body.hopper) == 9


@pytest.mark.simulated
def test_a_token_that_fed_nothing_is_good_still(printer: CardPrinter, simulator: CardPrinterSimulator) -> None:
    simulator.empty("hopper")
    with pytest.raises(MediaExhausted):
        printer.feed(token())
    simulator.load_blanks([blank(0x3201)])
    printer.feed(token())
    assert simulator.body.inside == ["00003201"]


@pytest.mark.simulated
def test_only_the_job_that_fed_is_printed_and_once(printer: CardPrinter, simulator: CardPrinterSimulator) -> None:
    def refusal(job_id: str) -> Refusal:
        with pytest.raises(IssuanceRefused) as refused:
            printer.print_face(job_id, face())
        return refused.value.why

    assert refusal(JOB) is Refusal.NOT_FED
    printer.feed(token())
    assert refusal(OTHER_JOB) is Refusal.NOT_FED
    printer.print_face(JOB, face())
    assert refusal(JOB) is Refusal.PRINTED_ALREADY
    printer.discard(Bin.REJECT)
    assert refusal(JOB) is Refusal.NOT_FED
    assert simulator.body.printed == {"00003101": 1}


@pytest.mark.simulated
def test_a_driver_that_was_started_anew_prints_on_nothing_it_did_not_feed(
    printer: CardPrinter, simulator: CardPrinterSimulator
) -> None:
    printer.feed(token())
    printer.close()
    restarted = driver(TcpLine(OUR_OWN, "127.0.0.1", simulator.port))
    with pytest.raises(IssuanceRefused):
        restarted.print_face(JOB, face())
    with pytest.raises(MediaPresent):
        restarted.feed(token(OTHER_JOB))
    restarted.discard(Bin.REJECT)
    assert simulator.body.reject_bin == ["00003101"]
    restarted.close()


# --- not begun: nothing has moved


@pytest.mark.simulated
@pytest.mark.parametrize(
    ("prepare", "error"),
    [
        (lambda one: one.empty("hopper"), MediaExhausted),
        (lambda one: one.run_ribbon_out(), MediaExhausted),
        (lambda one: one.open_cover(), MediaRemoved),
    ],
    ids=["hopper empty", "no ribbon", "cover open"],
)
def test_nothing_is_fed_that_could_not_be_finished(
    printer: CardPrinter,
    simulator: CardPrinterSimulator,
    prepare: Callable[[CardPrinterSimulator], object],
    error: type[DeviceError],
) -> None:
    prepare(simulator)
    assert not printer.status().ready
    with pytest.raises(error):
        printer.feed(token())
    assert simulator.body.inside == []


@pytest.mark.simulated
def test_the_status_tells_each_condition(printer: CardPrinter, simulator: CardPrinterSimulator) -> None:
    status = printer.status()
    assert (status.hopper, status.ribbon.kind, status.ribbon.faces_left) == (Fill.OK, "YMCKO", 200)
    simulator.empty("hopper")
    assert printer.status().hopper is Fill.EMPTY
    simulator.load_blanks([blank(0x4001 + number) for number in range(60)])
    simulator.open_cover()
    assert printer.status().cover_open
    simulator.close_cover()
    simulator.run_ribbon_out(3)
    assert printer.status().ribbon.faces_left == 3
    assert printer.status().ready


@pytest.mark.simulated
def test_a_full_bin_feeds_nothing_and_keeps_the_card_where_it_is(
    printer: CardPrinter, simulator: CardPrinterSimulator
) -> None:
    simulator.load_blanks([blank(0x4001 + number) for number in range(40)])
    for number in range(24):
        printer.feed(token(f"{number:032x}"))
        printer.discard(Bin.REJECT)
    assert printer.status().reject_bin is Fill.HIGH
    for number in range(24, 30):
        printer.feed(token(f"{number:032x}"))
        printer.discard(Bin.REJECT)
    status = printer.status()
    assert (status.reject_bin, status.retained_bin, status.ready) == (Fill.FULL, Fill.OK, False)
    with pytest.raises(StorageFull):
        printer.feed(token())
    assert simulator.empty("reject_bin") == 30
    printer.feed(token())
    simulator.load_blanks([])
    assert simulator.body.inside


@pytest.mark.simulated
def test_a_bin_that_is_full_at_the_moment_leaves_the_card(printer: CardPrinter, folder: Path) -> None:
    with CardPrinterSimulator(folder / "other") as full:
        full.load_blanks([blank(0x5001 + number) for number in range(40)])
        full.change_ribbon()
        other = driver(TcpLine(OUR_OWN, "127.0.0.1", full.port))
        for number in range(29):
            other.feed(token(f"{number:032x}"))
            other.discard(Bin.REJECT)
        full.faults.fail_next("two_fed")
        with pytest.raises(TwoFed):
            other.feed(token())
        with pytest.raises(StorageFull):
            other.discard(Bin.REJECT)
        assert len(full.body.inside) == 2
        other.close()


# --- begun: told by the sensors, and never sent a second time


@pytest.mark.simulated
@pytest.mark.parametrize("fault", ["lost_answer", "late_answer", "garbage"])
def test_a_lost_answer_to_feeding_is_made_up_for_by_the_sensors(
    printer: CardPrinter, simulator: CardPrinterSimulator, fault: str
) -> None:
    simulator.faults.fail_next(fault, command="Sis")
    printer.feed(token())
    assert (simulator.body.inside, len(simulator.body.hopper)) == (["00003101"], 9)
    printer.print_face(JOB, face())
    assert simulator.body.printed == {"00003101": 1}


@pytest.mark.simulated
def test_a_feed_that_was_not_heard_is_told_and_not_sent_again(
    printer: CardPrinter, simulator: CardPrinterSimulator
) -> None:
    simulator.faults.fail_next("deaf", command="Sis")
    with pytest.raises(TimedOut):
        printer.feed(token())
    assert (simulator.body.inside, len(simulator.body.hopper)) == ([], 10)
    with pytest.raises(IssuanceRefused):
        printer.feed(token())


@pytest.mark.simulated
@pytest.mark.parametrize("fault", ["lost_answer", "late_answer", "garbage"])
def test_a_lost_answer_to_printing_prints_nothing_twice(
    printer: CardPrinter, simulator: CardPrinterSimulator, fault: str
) -> None:
    printer.feed(token())
    simulator.faults.fail_next(fault, command="Se")
    printer.print_face(JOB, face())
    assert (simulator.body.printed, simulator.body.faces_left) == ({"00003101": 1}, 199)
    printer.eject()
    assert tally(simulator.face_path("x").parents[1]).printed_twice == []


@pytest.mark.simulated
def test_a_print_that_was_not_heard_has_printed_nothing(printer: CardPrinter, simulator: CardPrinterSimulator) -> None:
    printer.feed(token())
    simulator.faults.fail_next("deaf", command="Se")
    with pytest.raises(TimedOut):
        printer.print_face(JOB, face())
    assert simulator.body.printed == {}
    with pytest.raises(IssuanceRefused):
        printer.print_face(JOB, face())


@pytest.mark.simulated
@pytest.mark.parametrize("panel", [1, 2, 3, 4])
def test_a_panel_that_does_not_arrive_leaves_the_card_white(
    printer: CardPrinter, simulator: CardPrinterSimulator, panel: int
) -> None:
    printer.feed(token())
    for _ in range(panel):
        simulator.faults.fail_next("garbage", command="Db")
    with pytest.raises(ProtocolViolation):
        printer.print_face(JOB, face())
    assert simulator.body.printed == {}
    simulator.faults.clear()
    printer.print_face(JOB, face())
    assert simulator.body.printed == {"00003101": 1}


@pytest.mark.simulated
def test_a_ribbon_that_ends_in_the_middle_spoils_one_card(
    printer: CardPrinter, simulator: CardPrinterSimulator
) -> None:
    printer.feed(token())
    simulator.faults.fail_next("ribbon_ends")
    with pytest.raises(PartlyPrinted) as broke:
        printer.print_face(JOB, face())
    assert isinstance(broke.value.__cause__, MediaExhausted)
    assert simulator.body.spoilt == ["00003101"]
    simulator.change_ribbon()
    assert simulator.body.printed == {"00003101": 1}, "the printer began again by itself"
    printer.discard(Bin.REJECT)
    assert simulator.body.reject_bin == ["00003101"]


@pytest.mark.simulated
def test_a_card_that_has_gone_through_an_open_cover_was_not_taken_by_a_citizen(
    printer: CardPrinter, simulator: CardPrinterSimulator
) -> None:
    printer.feed(token())
    printer.eject()
    simulator.open_cover()
    simulator.clear()
    with pytest.raises(MediaRemoved, match="cover"):
        printer.wait_until_taken(1.0)
    assert simulator.body.staff == ["00003101"]


@pytest.mark.simulated
def test_a_jam_at_feeding(printer: CardPrinter, simulator: CardPrinterSimulator) -> None:
    simulator.faults.fail_next("jam", command="Sis")
    with pytest.raises(MediaJammed):
        printer.feed(token())
    status = printer.status()
    assert (status.media, status.position) == (Media.JAMMED, Position.TRANSPORT)
    with pytest.raises(MediaJammed):
        printer.discard(Bin.REJECT)
    simulator.clear()
    assert printer.status().ready
    assert simulator.body.staff == ["00003101"]


@pytest.mark.simulated
def test_two_blanks_at_once_are_told_and_put_away_together(
    printer: CardPrinter, simulator: CardPrinterSimulator
) -> None:
    simulator.faults.fail_next("two_fed")
    with pytest.raises(TwoFed):
        printer.feed(token())
    assert printer.status().two_fed
    with pytest.raises(MediaJammed):
        printer.print_face(JOB, face())
    printer.discard(Bin.REJECT)
    assert simulator.body.reject_bin == ["00003101", "00003102"]


@pytest.mark.simulated
def test_a_jam_at_printing(printer: CardPrinter, simulator: CardPrinterSimulator) -> None:
    printer.feed(token())
    simulator.faults.fail_next("jam", command="Se")
    with pytest.raises(PartlyPrinted) as broke:
        printer.print_face(JOB, face())
    assert isinstance(broke.value.__cause__, MediaJammed)
    assert printer.status().media is Media.JAMMED


@pytest.mark.simulated
def test_a_jam_at_ejecting(printer: CardPrinter, simulator: CardPrinterSimulator) -> None:
    printer.feed(token())
    simulator.faults.fail_next("jam", command="Ser")
    with pytest.raises(MediaJammed):
        printer.eject()
    with pytest.raises(MediaJammed):
        printer.eject()
    with pytest.raises(MediaJammed):
        printer.wait_until_taken(0.1)


@pytest.mark.simulated
@pytest.mark.parametrize("fault", ["lost_answer", "late_answer"])
def test_a_lost_answer_to_ejecting(printer: CardPrinter, simulator: CardPrinterSimulator, fault: str) -> None:
    printer.feed(token())
    simulator.faults.fail_next(fault, command="Ser")
    printer.eject()
    assert printer.status().media is Media.LATCHED
    simulator.take_card()
    printer.wait_until_taken(0.0)


@pytest.mark.simulated
def test_an_eject_that_was_not_heard_left_the_card_inside(
    printer: CardPrinter, simulator: CardPrinterSimulator
) -> None:
    printer.feed(token())
    simulator.faults.fail_next("deaf", command="Ser")
    with pytest.raises(TimedOut):
        printer.eject()
    with pytest.raises(MediaPresent):
        printer.wait_until_taken(0.1)
    printer.eject()


@pytest.mark.simulated
def test_a_lost_answer_to_retaining_does_not_say_who_has_the_card(
    printer: CardPrinter, simulator: CardPrinterSimulator
) -> None:
    printer.feed(token())
    printer.eject()
    simulator.faults.fail_next("lost_answer", command="Ser")
    with pytest.raises(TimedOut, match="nobody tells where"):
        printer.discard(Bin.RETAINED)
    assert simulator.body.retained_bin == ["00003101"]


@pytest.mark.simulated
def test_a_lost_answer_to_rejecting_is_made_up_for(printer: CardPrinter, simulator: CardPrinterSimulator) -> None:
    printer.feed(token())
    simulator.faults.fail_next("lost_answer", command="Ser")
    printer.discard(Bin.REJECT)
    assert simulator.body.reject_bin == ["00003101"]


@pytest.mark.simulated
def test_a_card_taken_a_moment_before_it_was_to_be_retained(
    printer: CardPrinter, simulator: CardPrinterSimulator
) -> None:
    printer.feed(token())
    printer.eject()
    simulator.take_card()
    with pytest.raises(MediaRemoved):
        printer.discard(Bin.RETAINED)


# --- power and line


@pytest.mark.simulated
@pytest.mark.parametrize("moment", ["cut_before", "cut_amid", "cut_after"])
@pytest.mark.parametrize("command", ["Sis", "Se", "Ser"])
def test_the_power_goes_at_every_command(
    printer: CardPrinter, simulator: CardPrinterSimulator, folder: Path, command: str, moment: str
) -> None:
    def step(name: str) -> None:
        match name:
            case "Sis":
                printer.feed(token())
            case "Se":
                printer.print_face(JOB, face())
            case _:
                printer.eject()

    for before in ("Sis", "Se", "Ser"):
        if before == command:
            break
        step(before)
    simulator.faults.fail_next(moment, command=command)
    with pytest.raises(DeviceError) as told:
        step(command)
    assert isinstance(told.value, PartlyPrinted if command == "Se" else NotConnected)
    assert not simulator.powered
    with pytest.raises(NotConnected):
        printer.status()
    simulator.power_on()
    status = printer.status()
    moved = {
        ("Sis", "cut_before"): Position.NONE,
        ("Sis", "cut_after"): Position.CONTACT_STATION,
        ("Se", "cut_before"): Position.CONTACT_STATION,
        ("Se", "cut_amid"): Position.PRINT_STATION,
        ("Se", "cut_after"): Position.CONTACT_STATION,
        ("Ser", "cut_before"): Position.CONTACT_STATION,
        ("Ser", "cut_after"): Position.EXIT,
    }.get((command, moment), Position.TRANSPORT)
    assert status.position is moved
    if status.media is not Media.NOT_PRESENT:
        printer.discard(Bin.RETAINED)
    counts = tally(folder)
    assert counts.balanced
    assert counts.printed_twice == []
    assert counts.inside == 0
    assert counts.retained_bin == (moved is not Position.NONE)


@pytest.mark.simulated
def test_a_pulled_cable_and_back(printer: CardPrinter, simulator: CardPrinterSimulator) -> None:
    printer.feed(token())
    simulator.unplug()
    for _ in range(2):
        with pytest.raises(NotConnected):
            printer.status()
    simulator.replug()
    printer.print_face(JOB, face())
    assert simulator.body.printed == {"00003101": 1}


@pytest.mark.simulated
def test_a_silent_printer_is_told_within_its_time(printer: CardPrinter, simulator: CardPrinterSimulator) -> None:
    simulator.faults.fail_next("deaf", times=3)
    began = time.monotonic()
    with pytest.raises(TimedOut):
        printer.status()
    assert time.monotonic() - began < 1.0
    simulator.faults.clear()
    assert printer.status().ready


@pytest.mark.simulated
def test_a_printer_that_moves_slowly_is_waited_for(folder: Path) -> None:
    with CardPrinterSimulator(folder / "slow", pace_s=0.9) as slow:
        slow.load_blanks([blank()])
        slow.change_ribbon()
        patient = driver(TcpLine(OUR_OWN, "127.0.0.1", slow.port), replace(QUICK, settle_s=5.0))
        patient.feed(token())  # given up after 0.6 s, asked after until it stands still
        assert slow.body.inside == ["00003101"]
        patient.print_face(JOB, face())
        assert slow.body.printed == {"00003101": 1}
        patient.close()


def test_a_printer_that_is_not_there(tmp_path: Path) -> None:
    for line in (TcpLine(OUR_OWN, "127.0.0.1", 9), DeviceFileLine(OUR_OWN, str(tmp_path / "lp0"))):
        with pytest.raises(NotConnected):
            driver(line).status()


@pytest.mark.simulated
def test_the_same_over_a_device_file(folder: Path) -> None:
    """A pseudo-terminal in place of /dev/usb/lp0: bytes both ways, without the kernel's usblp."""
    with CardPrinterSimulator(folder / "pty", line="pty") as simulated:
        simulated.load_blanks([blank()])
        simulated.change_ribbon()
        line = DeviceFileLine(OUR_OWN, simulated.path)
        made = driver(line, replace(QUICK, download_s=20.0))
        made.feed(token())
        made.print_face(JOB, face())
        made.eject()
        assert simulated.take_card() == "00003101"
        assert simulated.body.printed == {"00003101": 1}
        simulated.unplug()
        with pytest.raises(NotConnected):
            made.status()
        made.close()


@pytest.mark.simulated
def test_which_printer_it_is(simulator: CardPrinterSimulator) -> None:
    made = driver(TcpLine(OUR_OWN, "127.0.0.1", simulator.port))
    assert (made.identify().serial, made.identify().firmware) == ("SIM00000001", "SIM 1.4")
    made.close()


@pytest.mark.simulated
def test_nothing_of_a_face_or_a_token_is_in_a_repr_or_a_log(
    printer: CardPrinter, simulator: CardPrinterSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    printer.feed(token())
    simulator.faults.fail_next("jam", command="Se")
    with pytest.raises(PartlyPrinted) as broke:
        printer.print_face(JOB, face())
    for text in (repr(face()), repr(token()), caplog.text, str(broke.value), repr(broke.value)):
        assert "xff" not in text
        assert len(text) < 2000


UNTOLD = (NotConnected, ProtocolViolation, MediaRemoved, MediaPresent, IssuanceRefused)
"""The sensors could not be asked, or the step before has failed."""


def stood_still(before: Body, after: Body) -> bool:
    return (before.hopper, before.inside, before.where) == (after.hopper, after.inside, after.where)


def fed_as_told(told: Exception | None, before: Body, after: Body) -> bool:
    match told:
        case None:
            return (len(after.inside), after.where) == (1, Where.CONTACT)
        case MediaJammed():
            return len(after.inside) == (2 if isinstance(told, TwoFed) else 1)
        case TimedOut() | MediaExhausted() | StorageFull():
            return stood_still(before, after)
    return isinstance(told, UNTOLD)


def printed_as_told(told: Exception | None, before: Body, after: Body) -> bool:
    begun = after.printed != before.printed
    match told:
        case None:
            return begun and after.spoilt == before.spoilt and after.where is Where.CONTACT
        case PartlyPrinted():
            return True  # perhaps: that is what it says
    return not begun


def ejected_as_told(told: Exception | None, before: Body, after: Body) -> bool:
    match told:
        case None:
            return after.where is Where.EXIT
        case MediaJammed():
            return after.jammed
        case TimedOut():
            return stood_still(before, after)
    return isinstance(told, UNTOLD)


def rejected_as_told(told: Exception | None, before: Body, after: Body) -> bool:
    match told:
        case None:
            return after.reject_bin == [*before.reject_bin, *before.inside]
        case MediaJammed() | TimedOut() | StorageFull():
            return after.inside == before.inside
    return isinstance(told, UNTOLD)


@pytest.mark.simulated
@pytest.mark.parametrize("fault", list(CardPrinterFault), ids=[fault.value for fault in CardPrinterFault])
def test_whatever_goes_wrong_what_is_told_is_true_and_the_balance_holds(
    printer: CardPrinter, simulator: CardPrinterSimulator, folder: Path, fault: CardPrinterFault
) -> None:
    steps: dict[str, tuple[Callable[[str], object], Callable[[Exception | None, Body, Body], bool]]] = {
        "feed": (lambda job: printer.feed(token(job)), fed_as_told),
        "print": (lambda job: printer.print_face(job, face()), printed_as_told),
        "eject": (lambda _: printer.eject(), ejected_as_told),
        "reject": (lambda _: printer.discard(Bin.REJECT), rejected_as_told),
    }
    ways = (
        ("Sis", "feed", "reject"),
        ("Se", "feed", "print", "reject"),
        ("Ser", "feed", "eject"),
        ("Ser", "feed", "reject"),
    )
    for number, (command, *way) in enumerate((*ways, ("Db", *ways[1][1:]), ("Rse", *ways[1][1:]))):
        simulator.faults.clear()
        simulator.clear()
        simulator.power_on()
        simulator.change_ribbon()
        if len(simulator.body.hopper) < 3:
            simulator.load_blanks([blank(0x9000 + 16 * number + one) for one in range(9)])
        simulator.faults.fail_next(fault, command=command)
        for step in way:
            act, as_told = steps[step]
            before, told = copy.deepcopy(simulator.body), None
            try:
                act(f"{number:032x}")
            except (DeviceError, IssuanceRefused) as error:
                told = error
            assert as_told(told, before, simulator.body), f"{step} told {told!r}, and it is not so"
        counts = tally(folder)
        assert counts.balanced
        assert counts.printed_twice == []
