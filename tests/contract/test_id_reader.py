"""What every identity-card reader keeps to, on the simulator or, with ``--hardware id_reader=/dev/…``, on a real one.

On a real reader a person is the hand: the terminal tells them what to lay down. Any identity card will do; what it says
is looked at for its form and told to nobody.
"""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from drivers.id_reader import SerialIdReader
from drivers.ports.errors import Busy, DeviceError, MediaRemoved, NotConnected, ProtocolViolation, TimedOut
from drivers.ports.id_reader import DocumentUnreadable, IdReader
from simulators.id_reader import DOCUMENTS, IdReaderSimulator, load_document

SOMEBODY = "yun-shili"
ANSWER_S = 0.3


@dataclass
class Plate:
    """A reader under test, with a hand at it, and with its inside when it is simulated."""

    reader: IdReader
    patience_s: float
    maybe_simulator: IdReaderSimulator | None

    @property
    def simulator(self) -> IdReaderSimulator:
        if self.maybe_simulator is None:
            pytest.skip("needs the inside of a simulated reader")
        return self.maybe_simulator

    def place(self, name: str = SOMEBODY) -> None:
        if self.maybe_simulator is not None:
            self.maybe_simulator.place(load_document(name))
        else:
            self._say("lay an identity card down and leave it there")

    def remove(self) -> None:
        if self.maybe_simulator is not None:
            self.maybe_simulator.remove()
        else:
            self._say("take the identity card away")

    def found(self, name: str = SOMEBODY) -> None:
        """A document lies there and was found."""
        self.place(name)
        self.reader.wait_for_document(self.patience_s)

    @staticmethod
    def _say(what: str) -> None:
        with Path("/dev/tty").open("w") as terminal:
            terminal.write(f"\n>>> on the identity-card reader: {what}\n")


@pytest.fixture
def plate(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Plate]:
    ports = dict(entry.split("=", 1) for entry in request.config.getoption("hardware", default=[]) or [])
    if "id_reader" in ports:
        real = Plate(SerialIdReader(ports["id_reader"]), 60.0, None)
        yield real
        real.remove()
        real.reader.close()
        return
    with IdReaderSimulator(link=tmp_path / "id-reader") as simulator:
        reader = SerialIdReader(simulator.path, answer_s=ANSWER_S, read_answer_s=ANSWER_S)
        yield Plate(reader, 2.0, simulator)
        reader.close()


def test_it_says_who_it_is(plate: Plate) -> None:
    assert plate.reader.identify().sam_id[2] == "."


def test_no_document_is_a_time_out(plate: Plate) -> None:
    began = time.monotonic()
    with pytest.raises(TimedOut):
        plate.reader.wait_for_document(0.5)
    assert 0.4 <= time.monotonic() - began <= 1.5


def test_a_document_is_found_and_read_and_leaves(plate: Plate) -> None:
    plate.found()
    document = plate.reader.read_document()
    assert document.name
    assert len(document.photo) == 1024
    assert document.name not in repr(document)
    with pytest.raises(TimedOut):
        plate.reader.wait_for_removal(0.3)
    plate.remove()
    plate.reader.wait_for_removal(plate.patience_s)


def test_it_is_read_twice_while_it_lies_there(plate: Plate) -> None:
    plate.found()
    assert plate.reader.read_document() == plate.reader.read_document()


def test_a_document_that_was_found_must_leave_before_it_counts_again(plate: Plate) -> None:
    plate.found()
    with pytest.raises(TimedOut):
        plate.reader.wait_for_document(0.5)
    plate.remove()
    plate.reader.wait_for_removal(plate.patience_s)
    plate.found()
    plate.reader.read_document()


def test_an_empty_plate_is_free_at_once(plate: Plate) -> None:
    plate.remove()
    plate.reader.wait_for_removal(plate.patience_s)


@pytest.mark.simulated
@pytest.mark.parametrize("name", sorted(path.stem for path in DOCUMENTS.glob("*.json") if path.stem != "damaged"))
def test_every_document_comes_across_whole(plate: Plate, name: str) -> None:
    plate.found(name)
    read, written = plate.reader.read_document(), load_document(name)
    assert read.kind.value == written.kind
    for field in (
        "name", "chinese_name", "sex", "nation", "birth_date", "address", "number", "issuer", "valid_from",
        "valid_until", "travel_document", "issue_count",
    ):  # fmt: skip
        assert getattr(read, field) == getattr(written, field), field


@pytest.mark.simulated
def test_taken_away_between_finding_and_reading(plate: Plate) -> None:
    plate.found()
    plate.remove()
    with pytest.raises(MediaRemoved):
        plate.reader.read_document()


@pytest.mark.simulated
def test_pulled_during_the_read(plate: Plate) -> None:
    plate.found()
    plate.simulator.faults.fail_next("pulled_during_read")
    with pytest.raises(MediaRemoved):
        plate.reader.read_document()
    plate.found()
    plate.reader.read_document()


@pytest.mark.simulated
@pytest.mark.parametrize("kind", ["read_failed", "not_genuine"])
def test_a_document_that_stays_and_is_not_read_is_unreadable(plate: Plate, kind: str) -> None:
    plate.found()
    plate.simulator.faults.fail_next(kind)
    with pytest.raises(DocumentUnreadable):
        plate.reader.read_document()
    plate.reader.read_document()


@pytest.mark.simulated
def test_a_damaged_chip_is_unreadable(plate: Plate) -> None:
    plate.found("damaged")
    with pytest.raises(DocumentUnreadable):
        plate.reader.read_document()


@pytest.mark.simulated
def test_select_failed_counts_as_taken_away(plate: Plate) -> None:
    plate.found()
    plate.simulator.faults.fail_next("select_failed")
    with pytest.raises(MediaRemoved):
        plate.reader.read_document()


DAMAGE = ["garbage", "half_frame", "wrong_checksum", "misheard"]


@pytest.mark.simulated
@pytest.mark.parametrize("command", ["11ff", "12ff"])
@pytest.mark.parametrize("kind", DAMAGE)
def test_one_damaged_answer_is_asked_again(plate: Plate, kind: str, command: str) -> None:
    plate.simulator.faults.fail_next(kind, command=command)
    assert plate.reader.identify().sam_id.endswith("42")


@pytest.mark.simulated
@pytest.mark.parametrize("kind", DAMAGE)
def test_one_damaged_read_is_asked_again(plate: Plate, kind: str) -> None:
    plate.found()
    plate.simulator.faults.fail_next(kind, command="3001")
    assert plate.reader.read_document().number == load_document(SOMEBODY).number


@pytest.mark.simulated
@pytest.mark.parametrize("kind", ["garbage", "half_frame", "wrong_checksum"])
def test_two_damaged_answers_are_a_violation_and_then_it_recovers(plate: Plate, kind: str) -> None:
    plate.simulator.faults.fail_next(kind, command="11ff", times=2)
    with pytest.raises(ProtocolViolation):
        plate.reader.identify()
    plate.reader.identify()


@pytest.mark.simulated
@pytest.mark.parametrize("kind", ["garbage", "half_frame", "wrong_checksum"])
def test_a_document_whose_finding_was_damaged_is_not_lost(plate: Plate, kind: str) -> None:
    """The module says once that it found one; asked again it says that there is nothing."""
    plate.simulator.faults.fail_next(kind, command="2001")
    plate.found()
    assert plate.reader.read_document().number == load_document(SOMEBODY).number


@pytest.mark.simulated
def test_a_silent_reader_is_not_connected_and_then_it_recovers(plate: Plate) -> None:
    plate.simulator.faults.fail_next("silent", times=3)
    for call in (plate.reader.identify, lambda: plate.reader.wait_for_document(0.5), plate.found):
        began = time.monotonic()
        with pytest.raises(NotConnected):
            call()
        assert time.monotonic() - began < ANSWER_S + 1.0
    plate.reader.identify()


@pytest.mark.simulated
def test_unplugged_while_it_waits_and_plugged_in_again(plate: Plate) -> None:
    plate.reader.identify()
    plate.simulator.unplug()
    with pytest.raises(NotConnected):
        plate.reader.wait_for_document(5.0)
    with pytest.raises(NotConnected):
        plate.reader.identify()
    plate.simulator.replug()
    plate.found()
    plate.reader.read_document()


@pytest.mark.simulated
def test_a_port_that_another_process_holds_is_busy(plate: Plate) -> None:
    other = SerialIdReader(plate.simulator.path)
    other.identify()
    with pytest.raises(Busy):
        plate.reader.identify()
    other.close()
    plate.reader.identify()


@pytest.mark.simulated
def test_noise_before_an_answer_is_passed_over(plate: Plate) -> None:
    plate.reader.identify()
    plate.simulator.disturb(b"\xaa\xaa\xaa\x96")
    plate.reader.identify()


@pytest.mark.simulated
def test_the_trace_names_commands_and_nobody(plate: Plate, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    plate.found()
    plate.reader.read_document()
    assert "READ: it says done (90)" in caplog.text
    somebody = load_document(SOMEBODY)
    assert not any(word in caplog.text for word in (somebody.name, somebody.number, somebody.address))


@pytest.mark.simulated
@pytest.mark.parametrize("kind", ["garbage", "half_frame", "wrong_checksum", "silent", "read_failed"])
def test_no_error_tells_who_it_was(plate: Plate, kind: str) -> None:
    plate.found()
    plate.simulator.faults.fail_next(kind, command="3001", times=2)
    with pytest.raises((DeviceError, DocumentUnreadable)) as error:
        plate.reader.read_document()
    assert load_document(SOMEBODY).number not in repr(error.value.__dict__) + str(error.value)
