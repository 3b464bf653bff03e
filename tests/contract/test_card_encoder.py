"""What every contact station keeps to: on the simulated printer's, through the real pcscd and pyscard."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drivers.card_encoder import PcscCardEncoder
from drivers.card_printer import EscapeCardPrinter
from drivers.card_printer.escape import Limits
from drivers.card_reader import PcscCardReader
from drivers.ports.card_encoder import PersonalisationRefused
from drivers.ports.card_printer import Bin, IssuanceToken, Position
from drivers.ports.card_reader import AuthenticationAlgorithm, CardKind, Cryptogram
from drivers.ports.errors import MediaRemoved, NotConnected, ProtocolViolation, TimedOut
from drivers.transport.byte_line import TcpLine
from simulators.card.slot import CardSlot, SlotFault
from simulators.card_printer import CardPrinterSimulator, tally
from simulators.pcscd import CONTACT_STATION_PORT, PrivatePcscd
from tests.blanks import DATA, PHOTO, blank, centre_answers
from tests.contract.test_card_printer import CENTRE, JOB, NOW_MS, OTHER_JOB, TERMINAL, face, token
from tests.stack import INSERT_LIMIT_S, READER_LIMIT_S

pytestmark = pytest.mark.stack
LIMITS = Limits(answer_s=2.0, settle_s=5.0)


@dataclass
class Station:
    """A printer, the encoder at its contact station, and an ordinary reader on the same contacts."""

    simulator: CardPrinterSimulator
    printer: EscapeCardPrinter
    encoder: PcscCardEncoder
    reader: PcscCardReader
    slot: CardSlot = field(repr=False)


@pytest.fixture
def station(pcscd: PrivatePcscd, tmp_path: Path) -> Iterator[Station]:
    if pcscd.pid is None:
        pcscd.start()
    name = pcscd.contact_station_name
    reader = PcscCardReader(name, answer_limit_s=READER_LIMIT_S)
    reader.wait_for_removal(5.0)
    slot = CardSlot(pcscd.network, CONTACT_STATION_PORT)
    with CardPrinterSimulator(tmp_path / "card-printer", slot=slot) as simulator:
        simulator.load_blanks([blank(0x3101, "2.00"), blank(0x3102), blank(0x3103)])
        simulator.change_ribbon()
        printer = EscapeCardPrinter(
            TcpLine("card_printer", "127.0.0.1", simulator.port),
            CENTRE.public_key(),
            TERMINAL,
            now_ms=lambda: NOW_MS,
            limits=LIMITS,
        )
        encoder = PcscCardEncoder(name, answer_limit_s=READER_LIMIT_S)
        yield Station(simulator, printer, encoder, reader, slot)
        printer.close()
        encoder.close()
        reader.close()
    slot.close()


def personalise(station: Station, norm_version: str) -> None:
    of = station.encoder.blank(INSERT_LIMIT_S)
    cryptogram = centre_answers(of, station.encoder.draw_challenge())
    station.encoder.personalise(cryptogram, replace(DATA, norm_version=norm_version))
    station.encoder.release()


def test_a_blank_becomes_somebodys_card_and_reads_as_one(station: Station) -> None:
    station.printer.feed(token())
    of = station.encoder.blank(INSERT_LIMIT_S)
    assert of.identification_code == "411700D1560000050000000000003101"
    assert of.algorithm is AuthenticationAlgorithm.TRIPLE_DES
    personalise(station, "2.00")
    station.printer.print_face(JOB, face())
    assert station.reader.wait_for_card(INSERT_LIMIT_S) is CardKind.SOCIAL_SECURITY
    card = station.reader.card()
    assert card.read_issuer().identification_code == of.identification_code
    assert card.read_holder() == DATA.holder
    assert card.read_photo() == PHOTO
    station.reader.release()
    station.printer.eject()
    station.reader.wait_for_removal(INSERT_LIMIT_S)
    serial = station.simulator.take_card()
    kept = station.simulator.card(serial).social_security
    assert kept is not None
    assert kept.blank is None
    assert kept.pin is not None
    assert kept.pin.digits == "123456"


@pytest.mark.simulated
@pytest.mark.parametrize(
    ("name", "room"),
    [("王小明", True), ("王" * 25, True), ("王" * 26, False), ("A" * 50, True), ("A" * 51, False), ("𠮷" * 12, True)],
)
def test_whether_a_name_has_room_is_known_without_a_chip(*, name: str, room: bool) -> None:
    assert PcscCardEncoder("no such station").has_room_for(name) is room


def test_a_wrong_cryptogram_leaves_a_blank(station: Station) -> None:
    station.printer.feed(token())
    station.encoder.blank(INSERT_LIMIT_S)
    station.encoder.draw_challenge()
    with pytest.raises(PersonalisationRefused):
        station.encoder.personalise(Cryptogram(bytes(8)), replace(DATA, norm_version="2.00"))
    assert station.encoder.blank(INSERT_LIMIT_S).identification_code.endswith("3101")


@pytest.mark.simulated
def test_a_dead_chip_is_told_and_the_next_one_lives(station: Station) -> None:
    station.simulator.faults.fail_next("dead_chip")
    station.printer.feed(token())
    with pytest.raises(TimedOut):
        station.encoder.blank(INSERT_LIMIT_S)
    station.printer.discard(Bin.REJECT)
    station.printer.feed(token(OTHER_JOB))
    assert station.encoder.blank(INSERT_LIMIT_S).identification_code.endswith("3102")


@pytest.mark.simulated
def test_a_chip_that_falls_silent_in_the_middle_costs_a_limited_time(station: Station) -> None:
    station.printer.feed(token())
    of = station.encoder.blank(INSERT_LIMIT_S)
    cryptogram = centre_answers(of, station.encoder.draw_challenge())
    station.slot.faults.fail_next(SlotFault.SILENT)
    with pytest.raises(TimedOut):
        station.encoder.personalise(cryptogram, replace(DATA, norm_version="2.00"))
    station.printer.discard(Bin.REJECT)


def test_no_card_at_the_contacts(station: Station) -> None:
    with pytest.raises(TimedOut):
        station.encoder.blank(0.2)
    with pytest.raises(MediaRemoved):
        station.encoder.draw_challenge()
    station.encoder.release()


@pytest.mark.simulated
def test_somebodys_card_at_the_contacts_is_no_blank(station: Station) -> None:
    station.printer.feed(token())
    personalise(station, "2.00")
    with pytest.raises(ProtocolViolation, match="social_security"):
        station.encoder.blank(INSERT_LIMIT_S)
    with pytest.raises(MediaRemoved):
        station.encoder.draw_challenge()


def test_no_such_station(pcscd: PrivatePcscd) -> None:
    nowhere = PcscCardEncoder("No Such Station")
    with pytest.raises(NotConnected, match="card_encoder"):
        nowhere.blank(0.1)
    nowhere.close()


# A process of its own


@dataclass
class Process:
    """The simulated printer in a process that can be killed."""

    folder: Path
    network: str
    running: subprocess.Popen[str] = field(init=False)
    port: int = 0

    def start(self, *more: str) -> None:
        self.running = subprocess.Popen(
            [
                sys.executable, "-m", "simulators.card_printer", "--folder", str(self.folder),
                "--port", str(self.port), "--contacts", self.network, "--pin", "123456", *more,
            ],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.port = int(self._heard().removeprefix("ready "))

    def tell(self, line: str) -> str:
        assert self.running.stdin is not None
        self.running.stdin.write(line + "\n")
        self.running.stdin.flush()
        return self._heard()

    def kill(self) -> None:
        os.kill(self.running.pid, signal.SIGKILL)
        self.running.wait(10)

    def end(self) -> None:
        if self.running.poll() is None:
            self.running.communicate("quit\n", timeout=10)

    def _heard(self) -> str:
        assert self.running.stdout is not None
        return self.running.stdout.readline().strip()


def test_a_printer_that_is_killed_comes_back_with_its_cards_where_they_were(
    pcscd: PrivatePcscd, tmp_path: Path
) -> None:
    process = Process(tmp_path / "card-printer", pcscd.network)
    process.start()
    try:
        assert process.tell("load 4") == "done"
        assert process.tell("change_ribbon") == "done"
        assert process.tell("dance") == "refused dance"
        key = Ed25519PrivateKey.from_private_bytes(CENTRE.private_bytes_raw())
        printer = EscapeCardPrinter(
            TcpLine("card_printer", "127.0.0.1", process.port),
            key.public_key(), TERMINAL, now_ms=lambda: NOW_MS, limits=LIMITS,
        )  # fmt: skip
        encoder = PcscCardEncoder(pcscd.contact_station_name, answer_limit_s=READER_LIMIT_S)
        printer.feed(token())
        of = encoder.blank(INSERT_LIMIT_S)
        encoder.personalise(centre_answers(of, encoder.draw_challenge()), DATA)
        process.kill()
        with pytest.raises(NotConnected):
            printer.status()
        encoder.release()
        process.start()
        assert printer.status().position is Position.CONTACT_STATION
        with pytest.raises(ProtocolViolation, match="social_security"):
            encoder.blank(INSERT_LIMIT_S)
        printer.print_face(JOB, face())
        printer.eject()
        assert process.tell("take") == "done 00010001"
        counts = json.loads(process.tell("tally").removeprefix("done "))
        assert (counts["loaded"], counts["hopper"], counts["taken"], counts["printed_twice"]) == (4, 3, 1, [])
        process.kill()
        assert tally(process.folder).balanced
        printer.close()
        encoder.close()
    finally:
        process.end()


def test_a_token_is_what_the_centre_signs() -> None:
    """The bytes both sides sign, typed from the design."""
    shown = IssuanceToken("5e4d3c2b" * 4, "t-0001", 1_796_000_060_000, b"")
    text = b"card-terminal issuance token v1\n5e4d3c2b5e4d3c2b5e4d3c2b5e4d3c2b\nt-0001\n1796000060000"
    assert shown.signed_bytes == text
