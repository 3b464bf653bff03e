"""Frames and layouts of identity-card readers against bytes typed by hand from docs/wire-id-reader.md."""

from datetime import date

import pytest

from drivers.id_reader.layouts import document_of
from drivers.id_reader.sam_wire import Answer, AnswerDecoder, Command, DamagedFrame, encode, sam_number, text_and_photo
from drivers.ports.id_reader import DocumentKind, DocumentUnreadable, IdDocument

PHOTO = bytes(range(256)) * 4


def text(*fields: tuple[int, str]) -> bytes:
    """256 bytes of spaces with words at some offsets."""
    found = bytearray(b" \0" * 128)
    for offset, words in fields:
        units = words.encode("utf-16-le", "surrogatepass")
        found[offset : offset + len(units)] = units
    return bytes(found)


RESIDENT = (
    (0, "王小明"), (30, "1"), (32, "01"), (36, "19900307"), (52, "虚构市例子路1号"), (122, "11010119900307002X"),
    (158, "虚构市公安局"), (188, "20200101"), (204, "20400101"),
)  # fmt: skip


def read(*fields: tuple[int, str]) -> IdDocument:
    return document_of(text(*fields), PHOTO)


def decoded(octets: str) -> Answer | None:
    decoder, answer = AnswerDecoder(), None
    for octet in bytes.fromhex(octets):
        answer = decoder.feed(octet)
    return answer


@pytest.mark.parametrize(
    ("command", "frame"),
    [
        (Command.FIND, "AAAAAA9669 0003 2001 22"),
        (Command.SELECT, "AAAAAA9669 0003 2002 21"),
        (Command.READ, "AAAAAA9669 0003 3001 32"),
        (Command.STATUS, "AAAAAA9669 0003 11FF ED"),
        (Command.SAM_ID, "AAAAAA9669 0003 12FF EE"),
    ],
)
def test_commands_are_those_of_the_table(command: Command, frame: str) -> None:
    assert encode(command) == bytes.fromhex(frame)


def test_an_answer_is_status_and_data() -> None:
    assert decoded("0008 00009F 00000000 97") == Answer(0x9F, bytes(4))
    assert decoded("0004 000080 84") == Answer(0x80, b"")
    assert decoded("0004 0000") is None


@pytest.mark.parametrize(
    "damaged",
    ["0003 0000 03", "0004 000080 85", "0509 00", "FFFF 00"],
    ids=["too short", "check byte", "longer than a document", "longest"],
)
def test_what_can_not_be_an_answer_is_damaged(damaged: str) -> None:
    with pytest.raises(DamagedFrame):
        decoded(damaged)


def test_a_status_that_is_not_alone_is_another_one() -> None:
    answer = decoded("0004 010090 95")
    assert answer is not None
    assert answer.status != 0x90
    assert "10090" in answer.complaint


def test_the_parts_of_a_read_answer() -> None:
    sound = b"\x01\x00\x04\x00" + bytes(256) + PHOTO
    assert text_and_photo(sound) == (bytes(256), PHOTO)
    for damaged in (sound[:-1], sound + b"\0", b"\x01\x01" + sound[2:], b""):
        with pytest.raises(DamagedFrame):
            text_and_photo(damaged)


def test_the_number_of_a_module_is_written_as_it_is_printed() -> None:
    assert sam_number(bytes.fromhex("05000300 4F6B3501 01000000 2A000000")) == "05.03-0020278095-0000000001-0000000042"
    with pytest.raises(DamagedFrame):
        sam_number(bytes(15))


def test_a_resident() -> None:
    assert read(*RESIDENT) == IdDocument(
        kind=DocumentKind.RESIDENT, name="王小明", chinese_name="", sex="1", nation="01", birth_date=date(1990, 3, 7),
        address="虚构市例子路1号", number="11010119900307002X", issuer="虚构市公安局", valid_from=date(2020, 1, 1),
        valid_until=date(2040, 1, 1), travel_document="", issue_count="", photo=PHOTO,
    )  # fmt: skip


def test_a_resident_without_a_last_day() -> None:
    assert read(*RESIDENT[:-1], (204, "长期")).valid_until is None


def test_a_hong_kong_macau_or_taiwan_resident() -> None:
    document = read(*RESIDENT, (32, "  "), (220, "H12345678"), (238, "02"), (248, "J"))
    assert document.kind is DocumentKind.HK_MACAU_TAIWAN_RESIDENT
    assert (document.nation, document.travel_document, document.issue_count) == ("", "H12345678", "02")


def test_a_foreigner_of_2017() -> None:
    document = read(
        (0, "EXAMPLE, JOHN"), (120, "1"), (122, "XXA990175110201"), (152, "XXA"), (158, "约翰"), (188, "20190601"),
        (204, "20290601"), (220, "19751102"), (236, "01"), (240, "9901"), (248, "I"),
    )  # fmt: skip
    assert document == IdDocument(
        kind=DocumentKind.FOREIGNER_2017, name="EXAMPLE, JOHN", chinese_name="约翰", sex="1", nation="XXA",
        birth_date=date(1975, 11, 2), address="", number="XXA990175110201", issuer="9901",
        valid_from=date(2019, 6, 1), valid_until=date(2029, 6, 1), travel_document="", issue_count="", photo=PHOTO,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["EXAMPLE, MARIA", "A" * 35 + "B" * 11, "EXAMPLE-TESTPERSON MARIA INVENTED-X Y Z"])
def test_a_foreigner_of_2023_whose_name_goes_on_elsewhere(name: str) -> None:
    document = read(
        (0, "玛丽亚"), (30, "2"), (32, "01"), (36, "19860424"), (52, name[:35]), (122, "990100198604249001"),
        (188, "20240115"), (204, "20340115"), (220, name[35:]), (242, "XXB"), (248, "Y"),
    )  # fmt: skip
    assert document.kind is DocumentKind.FOREIGNER_2023
    assert (document.name, document.chinese_name) == (name, "玛丽亚")
    assert (document.nation, document.issue_count, document.issuer) == ("XXB", "01", "")


@pytest.mark.parametrize("name", ["云", "阿卜杜热合曼·吐尔逊江示例人名", "欧阳𬱖㐂", "𬸪𮧵𬱖𠮷𬸪𮧵𬱖"])
def test_names_fill_their_thirty_bytes_and_leave_the_basic_plane(name: str) -> None:
    assert read((0, name), *RESIDENT[1:]).name == name


def test_half_a_character_at_the_end_of_a_full_field_is_dropped() -> None:
    cut = "王" * 14 + "𬱖"  # its second half would be the 16th unit
    assert read((0, cut), *RESIDENT[1:]).name == "王" * 14


@pytest.mark.parametrize(
    "field",
    [
        (0, " " * 15), (0, "王\0明"), (0, "王\udc00明"), (0, "\ud800王明"), (36, "19900231"), (36, "1990030 "),
        (122, "11010119900307002"), (122, "１１０１０１１９９００３０７００２"),
        (188, "长期"), (204, "long"), (248, "Z"),
    ],
    ids=["no name", "a zero within", "second half alone", "first half alone", "no such day", "short date",
         "short number", "wide figures", "begins never", "ends never", "no such kind"],
)  # fmt: skip
def test_what_is_no_document_is_unreadable_and_not_told(field: tuple[int, str]) -> None:
    fields = [*(one for one in RESIDENT if one[0] != field[0]), field]
    with pytest.raises(DocumentUnreadable) as refusal:
        read(*fields)
    error: BaseException | None = refusal.value
    while error is not None:
        assert "王" not in repr(error)
        assert "1990" not in repr(error)
        error = error.__cause__ or error.__context__
