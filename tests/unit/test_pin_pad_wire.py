"""Frames of both dialects against bytes typed by hand from their tables."""

from collections.abc import Callable

import pytest

from drivers.pin_pad import szzt_wire
from drivers.pin_pad.dialect import DamagedFrame, Decoder, KeySlot, Question, Reply
from drivers.pin_pad.sunson_wire import Command, EntryMode, ReplyDecoder, complaint, encode, entry_parameters
from drivers.pin_pad.szzt import SZZT
from drivers.ports.pin_pad import PadIdentity

STATUS_TEXT = (
    b"A TERMINAL'S PAD".ljust(50)
    + b"3132331B3435360837383907"
    + b"2E30230D4143454742444648"
    + b"04001E2A040C33370A00"
    + b"00000000"
    + b"ZT588 "
    + b"1.0"
    + b"2.1"
    + b"1307"
    + b"0042"
)


def decode(characters: bytes, new: Callable[[], Decoder] = ReplyDecoder) -> Reply | None:
    decoder = new()
    reply = None
    for character in characters:
        assert reply is None, "more came after the end"
        reply = decoder.feed(character)
    return reply


@pytest.mark.parametrize(
    ("command", "data", "frame"),
    [
        (Command.VERSION, b"", b"\x02013031"),
        (Command.RESET, b"", b"\x02013130"),
        (Command.RESET, b"\x38", b"\x020231380B"),
        (Command.READ_PIN_BLOCK, b"", b"\x02014243"),
        (Command.START_ENCRYPTED_ENTRY, b"\x06\x01\x01\x00\x3c", b"\x020635060101003C09"),
    ],
)
def test_commands(command: Command, data: bytes, frame: bytes) -> None:
    assert encode(command, data) == frame


def test_an_encrypted_entry_of_six_digits_and_sixty_seconds_is_the_public_example() -> None:
    parameters = entry_parameters(EntryMode.ENCRYPTED, 6, 60.0)
    assert encode(Command.START_ENCRYPTED_ENTRY, parameters) == b"\x020635060101003C09"


@pytest.mark.parametrize(
    ("timeout_s", "octet"), [(60, 0x3C), (60.2, 0x3D), (0.2, 0x01), (0, 0x01), (254.5, 0xFF), (255, 0xFF), (9000, 0xFF)]
)
def test_seconds_are_rounded_up_and_fit_a_byte(timeout_s: float, octet: int) -> None:
    assert entry_parameters(EntryMode.PLAIN, 4, timeout_s) == bytes((4, 2, 0, 0, octet))


@pytest.mark.parametrize(
    ("characters", "status", "data"),
    [
        (b"010405", 0x04, b""),
        (b"011514", 0x15, b""),
        (b"018081", 0x80, b""),
        (b"01A4A5", 0xA4, b""),
        (b"01E0E1", 0xE0, b""),
        (b"0504DEADBEEF23", 0x04, b"\xde\xad\xbe\xef"),
    ],
)
def test_answers(characters: bytes, status: int, data: bytes) -> None:
    assert decode(characters) == Reply(status, data)


def test_the_longest_answer() -> None:
    # 65 = 0x41; 64 equal bytes cancel out, so the check byte is 41 ^ 04
    assert decode(b"4104" + b"5A" * 64 + b"45") == Reply(4, b"Z" * 64)


@pytest.mark.parametrize(
    ("characters", "damage"),
    [
        (b"010404", "check"),
        (b"0204000", None),
        (b"00", "length"),
        (b"42", "length"),
        (b"FF", "length"),
        (b"0104g", "hex"),
        (b"01a4", "hex"),
        (b"01\x02", "hex"),
        (b"01 4", "hex"),
    ],
)
def test_damaged_answers(characters: bytes, damage: str | None) -> None:
    if damage is None:
        assert decode(characters) is None
        return
    with pytest.raises(DamagedFrame, match=damage):
        decode(characters)


def test_a_wiped_decoder_holds_nothing() -> None:
    decoder = ReplyDecoder()
    for character in b"20193751":
        decoder.feed(character)
    decoder.wipe()
    assert not any(decoder._octets)


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (0x04, None),
        (0x15, "refused a parameter (15)"),
        (0x80, "gave up waiting (80)"),
        (0xA4, "has no master key (A4)"),
        (0xE0, "does not know the command (E0)"),
        (0xF0, "reports a hardware fault (F0)"),
        (0xFF, "reports a hardware fault (FF)"),
        (0x33, "answered an unknown status (33)"),
    ],
)
def test_complaints(status: int, text: str | None) -> None:
    assert complaint(status) == text


def test_repr_shows_no_data() -> None:
    assert "5a" not in repr(Reply(4, b"Z")).lower().replace("0x", "")
    assert "Z" not in repr(Reply(4, b"Z"))


# --- SZZT


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        ("3", b"\x02" + b"001" + b"3" + b"\x03" + b"01"),
        ("53", b"\x02" + b"002" + b"53" + b"\x03" + b"37"),
        ("5033", b"\x02" + b"004" + b"5033" + b"\x03" + b"32"),  # 34 ^ 35 ^ 30 ^ 03
    ],
)
def test_szzt_frames(text: str, frame: bytes) -> None:
    assert szzt_wire.encode(text) == frame


@pytest.mark.parametrize(
    ("question", "frame"),
    [
        (SZZT.identity, b"\x020013\x0301"),
        (SZZT.rest, b"\x020045032\x0333"),
        (SZZT.pin_block, b"\x020017\x0305"),
        (SZZT.plain_entry(6, 60.0)[0], b"\x02004523C\x0340"),
        (SZZT.plain_entry(6, 60.0)[1], b"\x020045033\x0332"),
        (SZZT.encrypted_entry("122233344455", 6, 60.0)[1], b"\x02004532A\x0342"),
        (SZZT.encrypted_entry("122233344455", 6, 60.0)[2], b"\x02019640#006122233344455\x0318"),
        (
            SZZT.load_key(bytes.fromhex("24F245DE3267B34C9C7A0ED6717B5803"), KeySlot.TRIAL),
            b"\x020392" + b"00" + b"48" + b"3" + b"2" + b"24F245DE3267B34C9C7A0ED6717B5803" + b"\x0304",
        ),
    ],
)
def test_szzt_questions(question: Question[object], frame: bytes) -> None:
    assert question.frame == frame


@pytest.mark.parametrize(
    ("characters", "reply"),
    [
        (b"001e\x0357", Reply(0x65, b"")),
        (b"009b62B4CED1\x0359", Reply(0x62, b"62B4CED1")),
        (b"001\xe8\x03DA", Reply(0xE8, b"")),
        (b"147c" + STATUS_TEXT + b"\x035A", Reply(0x63, STATUS_TEXT)),
    ],
)
def test_szzt_answers(characters: bytes, reply: Reply) -> None:
    assert decode(characters, szzt_wire.ReplyDecoder) == reply


@pytest.mark.parametrize(
    ("characters", "damage"),
    [
        (b"001e\x0356", "check"),
        (b"001e\x0375", "check"),
        (b"001f\x0357", "check"),
        (b"000", "length"),
        (b"148", "length"),
        (b"999", "length"),
        (b"0 1", "length"),
        (b"\x02", "length"),
        (b"001ee", "length"),  # no ETX where LEN says
        (b"002e\x03", None),
        (b"003e\x03577", "length"),
        (b"001e\x035g", "hex"),
        (b"001\xe8\x03da", "hex"),
        (b"001e\x035", None),
    ],
)
def test_szzt_damaged_answers(characters: bytes, damage: str | None) -> None:
    if damage is None:
        assert decode(characters, szzt_wire.ReplyDecoder) is None
        return
    with pytest.raises(DamagedFrame, match=damage):
        decode(characters, szzt_wire.ReplyDecoder)


def test_a_wiped_szzt_decoder_holds_nothing() -> None:
    decoder = szzt_wire.ReplyDecoder()
    for character in b"020193751":
        decoder.feed(character)
    assert any(decoder._text)
    decoder.wipe()
    assert not any(decoder._text)
    assert decoder._told == decoder._check == 0


def test_a_szzt_pad_is_what_its_status_says() -> None:
    assert SZZT.identity.read(STATUS_TEXT) == PadIdentity("szzt", "ZT588 1.0-2.1", "13070042")
    for damaged in (STATUS_TEXT[:-1], STATUS_TEXT + b"0", STATUS_TEXT[:-1] + b"\xff"):
        with pytest.raises(DamagedFrame):
            SZZT.identity.read(damaged)


def test_a_szzt_pin_block_comes_behind_its_track_and_length() -> None:
    assert SZZT.pin_block.read(b"0006361226749C8A8989") == bytes.fromhex("361226749C8A8989")
    for damaged in (b"", b"0006361226749C8A89", b"xx06361226749C8A8989", b"0006361226749C8A898G"):
        with pytest.raises(DamagedFrame):
            SZZT.pin_block.read(damaged)


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (0x65, None),
        (0xE2, "has no master key (E2)"),
        (0xE8, "refused the command's length (E8)"),
        (0xEC, "wants to be authenticated first (EC)"),
        (0xEE, "gave up waiting (EE)"),
        (0xEF, "reports a fault (EF)"),
        (0xF0, None),
    ],
)
def test_szzt_complaints(status: int, text: str | None) -> None:
    assert szzt_wire.complaint(status) == text


def test_only_what_may_be_done_twice_is_repeatable() -> None:
    limit, enable = SZZT.plain_entry(6, 60)
    same_limit, echo, start = SZZT.encrypted_entry("122233344455", 6, 60)
    key = SZZT.load_key(bytes(16), KeySlot.WORKING)
    assert not any((enable.repeatable, start.repeatable, SZZT.pin_block.repeatable, key.repeatable))
    assert all(
        (limit.repeatable, same_limit.repeatable, echo.repeatable, SZZT.identity.repeatable, SZZT.rest.repeatable)
    )
