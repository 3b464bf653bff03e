"""The simulated reader answers the table's bytes: hand-typed frames, without the driver."""

import os
import select
import termios
from pathlib import Path

import pytest

from simulators.id_reader import DOCUMENTS, IdReaderSimulator, ReaderFault, load_document
from simulators.id_reader.documents import text_of
from simulators.id_reader.faults import ReaderFaults
from simulators.id_reader.firmware import ReaderFirmware
from simulators.id_reader.photo import StandInDecoder, standin_photo

FIND, SELECT, READ = (bytes.fromhex(f"AAAAAA9669 0003 {rest}") for rest in ("2001 22", "2002 21", "3001 32"))
FOUND = bytes.fromhex("AAAAAA9669 0008 00009F 00000000 97")
NOTHING = bytes.fromhex("AAAAAA9669 0004 000080 84")
SELECTED = bytes.fromhex("AAAAAA9669 000C 000090 0000000000000000 9C")
NOT_SELECTED = bytes.fromhex("AAAAAA9669 0004 000081 85")
NOT_READ = bytes.fromhex("AAAAAA9669 0004 000041 45")
MISHEARD = bytes.fromhex("AAAAAA9669 0004 000010 14")


@pytest.fixture
def faults() -> ReaderFaults:
    return ReaderFaults()


@pytest.fixture
def reader(faults: ReaderFaults) -> ReaderFirmware:
    return ReaderFirmware(faults)


def test_find_select_read(reader: ReaderFirmware) -> None:
    assert reader.receive(FIND) == NOTHING
    document = load_document("yun-shili")
    reader.place(document)
    assert reader.receive(FIND) == FOUND
    assert reader.receive(SELECT) == SELECTED
    answer = reader.receive(READ)
    assert len(answer) == 1295
    assert answer[:14] == bytes.fromhex("AAAAAA9669 0508 000090 0100 0400")
    assert answer[14:270] == text_of(document)
    assert answer[270:-1] == standin_photo(document.number)


def test_a_document_must_leave_before_it_is_found_again(reader: ReaderFirmware) -> None:
    reader.place(load_document("yun-shili"))
    assert reader.receive(FIND) == FOUND
    assert reader.receive(FIND) == NOTHING
    reader.remove()
    assert reader.receive(SELECT) == NOT_SELECTED
    reader.place(load_document("yun-shili"))
    assert reader.receive(FIND) == FOUND


def test_nothing_is_read_before_it_was_selected(reader: ReaderFirmware) -> None:
    reader.place(load_document("yun-shili"))
    assert reader.receive(READ) == NOT_READ
    assert reader.receive(SELECT) == NOT_SELECTED


def test_a_damaged_chip_is_found_and_not_read(reader: ReaderFirmware) -> None:
    reader.place(load_document("damaged"))
    assert reader.receive(FIND + SELECT + READ) == FOUND + SELECTED + NOT_READ


def test_a_frame_may_come_in_pieces_behind_noise(reader: ReaderFirmware) -> None:
    assert reader.receive(b"\xaa\xaa\x00") == b""
    assert reader.receive(FIND[:6]) == b""
    assert reader.receive(FIND[6:]) == NOTHING


def test_a_damaged_command_is_answered_so(reader: ReaderFirmware) -> None:
    assert reader.receive(FIND[:-1] + b"\x23") == MISHEARD
    assert reader.receive(FIND) == NOTHING


@pytest.mark.parametrize("kind", list(ReaderFault))
def test_each_fault_spoils_one_answer(reader: ReaderFirmware, faults: ReaderFaults, kind: ReaderFault) -> None:
    reader.place(load_document("yun-shili"))
    sound = FOUND + SELECTED
    command = READ if kind is not ReaderFault.SELECT_FAILED else SELECT
    reader.receive(FIND + SELECT)
    whole = reader.receive(READ) if command is READ else SELECTED
    faults.fail_next(kind, command=command[7:9].hex())
    spoilt = reader.receive(command)
    assert spoilt != whole
    if kind is ReaderFault.PULLED_DURING_READ:
        assert (spoilt, reader.document) == (NOT_READ, None)
        reader.place(load_document("yun-shili"))
        assert reader.receive(FIND + SELECT) == sound
    assert reader.receive(command) == whole


def test_unplugged_and_plugged_in_again(tmp_path: Path) -> None:
    with IdReaderSimulator(link=tmp_path / "id-reader") as simulator:
        simulator.place(load_document("yun-shili"))
        line = os.open(simulator.path, os.O_RDWR | os.O_NOCTTY)
        os.write(line, FIND)
        assert select.select([line], [], [], 5)[0]
        assert os.read(line, 100) == FOUND
        simulator.unplug()
        assert not (tmp_path / "id-reader").exists()
        with pytest.raises((OSError, termios.error)):
            termios.tcgetattr(line)
        os.close(line)
        simulator.replug()
        simulator.replug()
        line = os.open(simulator.path, os.O_RDWR | os.O_NOCTTY)
        os.write(line, FIND)
        assert select.select([line], [], [], 5)[0]
        assert os.read(line, 100) == FOUND, "power was off: it is found again"
        os.close(line)
        assert simulator.heard == ["2001", "2001"]
    assert not (tmp_path / "id-reader").is_symlink()


def test_the_stand_in_s_photos_come_out_as_pictures() -> None:
    picture = StandInDecoder().decode(standin_photo("somebody"))
    assert picture.startswith(b"\x89PNG")
    assert picture[16:24] == (102).to_bytes(4, "big") + (126).to_bytes(4, "big")
    for other in (bytes(1024), standin_photo("somebody")[:-1], b""):
        with pytest.raises(ValueError, match="stand-in"):
            StandInDecoder().decode(other)


def test_the_documents_hold_what_they_are_for() -> None:
    names = {path.stem for path in DOCUMENTS.glob("*.json")}
    assert len(load_document("one-character").name) == 1
    assert len(load_document("long-name").name.encode("utf-16-le")) == 30
    assert any(ord(character) > 0xFFFF for character in load_document("rare-name").name)
    twin, other = load_document("twin-of-zhou-moni"), load_document("zhou-moni")
    assert (twin.birth_date, twin.name[:2]) == (other.birth_date, other.name[:2])
    assert twin.number != other.number
    kinds = {load_document(name).kind for name in names}
    assert kinds == {"resident", "hk_macau_taiwan_resident", "foreigner_2017", "foreigner_2023"}
    assert all(repr(load_document(name)) == "<DocumentFile>" for name in names)
