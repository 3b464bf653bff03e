"""Names between bytes and characters, by hand-typed bytes of GB 18030-2022."""

import pytest

from drivers.card_reader import gb18030
from simulators.card.name_fields import encode_name

# One code moved in 2005, eighteen in 2022, to encoded characters.
MOVED = [
    ("A8BC", 0x1E3F),
    ("A6D9", 0xFE10), ("A6DA", 0xFE12), ("A6DB", 0xFE11), ("A6DC", 0xFE13), ("A6DD", 0xFE14),
    ("A6DE", 0xFE15), ("A6DF", 0xFE16), ("A6EC", 0xFE17), ("A6ED", 0xFE18), ("A6F3", 0xFE19),
    ("FE59", 0x9FB4), ("FE61", 0x9FB5), ("FE66", 0x9FB6), ("FE67", 0x9FB7),
    ("FE6D", 0x9FB8), ("FE7E", 0x9FB9), ("FE90", 0x9FBA), ("FEA0", 0x9FBB),
]  # fmt: skip
# Six ideographs: two bytes on old cards, four on new ones.
BOTH_WAYS = [
    ("FE51", "95329031", 0x20087), ("FE52", "95329033", 0x20089), ("FE53", "95329730", 0x200CC),
    ("FE6C", "9536B937", 0x215D7), ("FE76", "9630BA35", 0x2298F), ("FE91", "9635B630", 0x241FE),
]  # fmt: skip


@pytest.mark.parametrize(("code", "character"), MOVED)
def test_moved_codes_both_ways(code: str, character: int) -> None:
    assert gb18030.decode(bytes.fromhex(code)) == chr(character)
    assert encode_name(chr(character))[0].rstrip(b"\0") == bytes.fromhex(code)


@pytest.mark.parametrize(("old", "new", "character"), BOTH_WAYS)
def test_ideographs_that_old_cards_hold_as_two_bytes(old: str, new: str, character: int) -> None:
    assert gb18030.decode(bytes.fromhex(old)) == chr(character)
    assert gb18030.decode(bytes.fromhex(new)) == chr(character)
    assert encode_name(chr(character))[0].rstrip(b"\0") == bytes.fromhex(new)


@pytest.mark.parametrize(
    ("code", "character"),
    [
        ("D5C5", "张"),
        ("A1A4", "·"),
        ("8139EE39", "\u3400"),
        ("8139EF30", "\u3401"),
        ("82358F33", "\u9fa6"),
        ("82359037", "\u9fb4"),  # what a codec of 2005 wrote
        ("95328236", "\U00020000"),
        ("9933A939", "\U0002cb55"),
    ],
)
def test_codes_that_need_no_difference(code: str, character: str) -> None:
    assert gb18030.decode(bytes.fromhex(code)) == character


def test_no_private_use_character_comes_out() -> None:
    for code in gb18030.DIFFERENCES:
        assert not 0xE000 <= ord(gb18030.decode(code)) <= 0xF8FF


def test_a_name_is_cut_between_characters_only() -> None:
    name, continued = encode_name("人" * 14 + "\U00020000")  # 28 bytes, then a character of four
    assert name.hex().upper() == "C8CB" * 14 + "0000"
    assert continued.hex().upper() == "95328236" + "00" * 16


def test_a_name_that_fits_is_not_cut() -> None:
    name, continued = encode_name("人" * 13 + "\U00020000")
    assert name.hex().upper() == "C8CB" * 13 + "95328236"
    assert continued == bytes(20)


def test_what_follows_the_cut_stays_behind_it() -> None:
    """A short character after the cut would fit the first field's last bytes, and change the name's order."""
    name, continued = encode_name("人" * 14 + "\U00020000" + "一")
    assert name[28:] == b"\0\0"
    assert continued.hex().upper().startswith("95328236" + "D2BB")


def test_a_name_beyond_fifty_bytes_is_refused() -> None:
    with pytest.raises(ValueError, match="50 bytes"):
        encode_name("人" * 26)
