"""Frames of the SUNSON dialect against bytes typed from its public table."""

import pytest

from drivers.pin_pad.sunson_wire import (
    Command,
    DamagedFrame,
    EntryMode,
    Reply,
    ReplyDecoder,
    encode,
    entry_parameters,
)


def decode(characters: bytes) -> Reply | None:
    decoder = ReplyDecoder()
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
    ("status", "complaint"),
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
def test_complaints(status: int, complaint: str | None) -> None:
    assert Reply(status, b"").complaint() == complaint


def test_repr_shows_no_data() -> None:
    assert "5a" not in repr(Reply(4, b"Z")).lower().replace("0x", "")
    assert "Z" not in repr(Reply(4, b"Z"))
