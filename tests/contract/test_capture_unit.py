"""What every slot with a motor keeps to, on the simulator or, with ``--hardware capture_unit=/dev/…``, a real one."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.capture_unit import EscapeCaptureUnit
from drivers.capture_unit.motor import BAUD_RATE, Limits
from drivers.capture_unit.motor_wire import Word, status_of, word_of
from drivers.card_reader import PcscCardReader
from drivers.ports.capture_unit import CaptureUnit
from drivers.ports.card_printer import Fill, Media
from drivers.ports.card_reader import CardKind
from drivers.ports.errors import (
    Busy,
    DeviceError,
    MediaJammed,
    MediaPresent,
    MediaRemoved,
    NotConnected,
    ProtocolViolation,
    StorageFull,
    TimedOut,
)
from drivers.transport.byte_line import SerialPortLine
from simulators.capture_unit import CaptureUnitSimulator
from simulators.card.card_file import DECK
from simulators.card.slot import CardSlot
from simulators.pcscd import READER_NAME, PrivatePcscd
from tests.stack import INSERT_LIMIT_S

QUICK = Limits(answer_s=0.3, move_s=0.5, settle_s=1.0)


@pytest.fixture
def card(tmp_path: Path) -> Path:
    return Path(shutil.copy(DECK / "zhumadian-normal.json", tmp_path / "card.json"))


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[CaptureUnitSimulator]:
    with CaptureUnitSimulator(tmp_path / "slot", link=tmp_path / "capture-unit") as slot:
        yield slot


@pytest.fixture
def unit(request: pytest.FixtureRequest) -> Iterator[CaptureUnit]:
    devices = dict(entry.split("=", 1) for entry in request.config.getoption("hardware", default=[]) or [])
    path = devices.get("capture_unit") or request.getfixturevalue("simulator").path
    made = EscapeCaptureUnit(SerialPortLine("capture_unit", path, BAUD_RATE), limits=QUICK)
    yield made
    made.close()


def test_an_empty_slot(unit: CaptureUnit) -> None:
    assert unit.status().media is Media.NOT_PRESENT
    for act in (unit.eject, unit.retain):
        with pytest.raises(MediaRemoved):
            act()
    unit.wait_until_taken(0.0)


@pytest.mark.simulated
def test_a_card_goes_back_and_is_taken(unit: CaptureUnit, simulator: CaptureUnitSimulator, card: Path) -> None:
    simulator.insert(card)
    assert unit.status().media is Media.PRESENT
    with pytest.raises(MediaPresent):
        unit.wait_until_taken(0.1)
    unit.eject()
    unit.eject()
    assert unit.status().media is Media.LATCHED
    with pytest.raises(TimedOut):
        unit.wait_until_taken(0.1)
    threading.Timer(0.2, simulator.take).start()
    unit.wait_until_taken(5.0)
    assert unit.status().media is Media.NOT_PRESENT


@pytest.mark.simulated
@pytest.mark.parametrize("offered", [True, False])
def test_a_card_is_retained_from_contacts_and_mouth(
    unit: CaptureUnit, simulator: CaptureUnitSimulator, card: Path, offered: bool
) -> None:
    simulator.insert(card)
    if offered:
        unit.eject()
    unit.retain()
    assert unit.status().media is Media.NOT_PRESENT
    assert simulator.state.retained == [str(card)]
    assert simulator.empty() == [card]


@pytest.mark.simulated
def test_a_full_bin_keeps_the_card_where_it_is(unit: CaptureUnit, simulator: CaptureUnitSimulator, card: Path) -> None:
    for number in range(20):
        simulator.insert(card)
        unit.retain()
        assert (unit.status().bin is Fill.HIGH) is (15 <= number < 19)
    assert unit.status().bin is Fill.FULL
    simulator.insert(card)
    with pytest.raises(StorageFull):
        unit.retain()
    assert simulator.state.where == "contacts"
    unit.eject()
    assert simulator.take() == card


@pytest.mark.simulated
@pytest.mark.parametrize("act", ["eject", "retain"])
def test_a_jam_in_the_slot(unit: CaptureUnit, simulator: CaptureUnitSimulator, card: Path, act: str) -> None:
    simulator.insert(card)
    simulator.faults.fail_next("jam")
    for _ in range(2):
        with pytest.raises(MediaJammed):
            getattr(unit, act)()
    with pytest.raises(MediaJammed):
        unit.wait_until_taken(0.1)
    assert simulator.clear() == card
    assert unit.status().media is Media.NOT_PRESENT


@pytest.mark.simulated
@pytest.mark.parametrize("fault", ["lost_answer", "garbage"])
def test_a_lost_answer_of_the_motor_is_made_up_for(
    unit: CaptureUnit, simulator: CaptureUnitSimulator, card: Path, fault: str
) -> None:
    simulator.insert(card)
    simulator.faults.fail_next(fault, command="Ser")
    unit.eject()
    assert simulator.state.where == "mouth"
    simulator.take()
    simulator.insert(card)
    simulator.faults.fail_next(fault, command="Ser")
    unit.retain()
    assert simulator.state.retained == [str(card)]


@pytest.mark.simulated
def test_a_lost_answer_to_retaining_at_the_mouth_does_not_say_who_has_it(
    unit: CaptureUnit, simulator: CaptureUnitSimulator, card: Path
) -> None:
    simulator.insert(card)
    unit.eject()
    simulator.faults.fail_next("lost_answer", command="Ser")
    with pytest.raises(TimedOut, match="nobody tells where"):
        unit.retain()


@pytest.mark.simulated
@pytest.mark.parametrize("act", ["eject", "retain"])
def test_what_the_motor_did_not_hear_has_moved_nothing(
    unit: CaptureUnit, simulator: CaptureUnitSimulator, card: Path, act: str
) -> None:
    simulator.insert(card)
    simulator.faults.fail_next("deaf", command="Ser")
    with pytest.raises(TimedOut, match="has not moved"):
        getattr(unit, act)()
    assert simulator.state.where == "contacts"


@pytest.mark.simulated
def test_somebody_is_quicker_than_the_motor(unit: CaptureUnit, simulator: CaptureUnitSimulator, card: Path) -> None:
    simulator.insert(card)
    unit.eject()
    simulator.take()
    with pytest.raises(MediaRemoved):
        unit.retain()


@pytest.mark.simulated
def test_a_slot_without_power_comes_back_with_its_card(
    unit: CaptureUnit, simulator: CaptureUnitSimulator, card: Path
) -> None:
    simulator.insert(card)
    assert unit.status().media is Media.PRESENT
    simulator.unplug()
    for _ in range(2):
        with pytest.raises(NotConnected):
            unit.status()
    simulator.replug()
    assert unit.status().media is Media.PRESENT
    unit.eject()


@pytest.mark.simulated
def test_what_lies_in_the_slot_outlives_its_process(tmp_path: Path, card: Path) -> None:
    with CaptureUnitSimulator(tmp_path / "slot") as first:
        first.insert(card)
    with CaptureUnitSimulator(tmp_path / "slot") as again:
        assert again.state.card == str(card)
        with pytest.raises(ValueError, match="in the slot"):
            again.insert(card)


@pytest.mark.simulated
def test_a_port_of_the_motor_that_another_holds(unit: CaptureUnit, simulator: CaptureUnitSimulator) -> None:
    other = EscapeCaptureUnit(SerialPortLine("capture_unit", simulator.path, BAUD_RATE), limits=QUICK)
    assert other.status().media is Media.NOT_PRESENT
    with pytest.raises(Busy):
        unit.status()
    other.close()
    assert unit.status().media is Media.NOT_PRESENT


def test_a_motor_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotConnected):
        EscapeCaptureUnit(SerialPortLine("capture_unit", str(tmp_path / "nothing"), BAUD_RATE)).status()


@pytest.mark.parametrize("line", [b"", b"OK", b"card=mouth", b"card=mouth;state=ok;bin=ok;x", b"\xff" * 20])
def test_what_is_no_answer_of_a_motor(line: bytes) -> None:
    assert status_of(line) is None
    if line != b"OK":
        with pytest.raises(ProtocolViolation):
            word_of(line)


def test_every_word_of_the_motor_is_known() -> None:
    assert all(word_of(word.value.encode()) is word for word in Word)
    moving = status_of(b"card=contacts;state=moving;bin=unknown")
    assert moving is not None
    assert (moving.media, moving.bin) == (Media.ENTERING, Fill.UNKNOWN)


@pytest.mark.stack
def test_the_card_is_read_by_the_same_contacts(slot: CardSlot, pcscd: PrivatePcscd, tmp_path: Path, card: Path) -> None:
    reader = PcscCardReader(READER_NAME)
    with CaptureUnitSimulator(tmp_path / "slot", slot, link=tmp_path / "motor") as motor:
        unit = EscapeCaptureUnit(SerialPortLine("capture_unit", motor.path, BAUD_RATE), limits=Limits(answer_s=2.0))
        motor.insert(card)
        assert reader.wait_for_card(INSERT_LIMIT_S) is CardKind.SOCIAL_SECURITY
        assert reader.card().read_issuer().card_number == "T41170015"
        reader.release()
        unit.retain()
        reader.wait_for_removal(INSERT_LIMIT_S)
        with pytest.raises(DeviceError):
            unit.eject()
        unit.close()
    reader.close()
