"""Names as bytes: GB 18030-2022. Python's codec has the mapping of 2000.

The edition of 2005 moved one two-byte code from a private-use character to an encoded one, that of 2022 eighteen more
(ten vertical punctuation marks, eight ideographs). Six further ideographs still decode to private-use characters,
although they have been encoded since Unicode 3.1; cards written before 2022 hold them as two bytes. The four-byte codes
of all 25 decode rightly already. So a table from what the codec gives to what the card means is all it takes.
"""

from typing import Final

DIFFERENCES: Final[dict[bytes, str]] = {
    b"\xa8\xbc": "\u1e3f",
    b"\xa6\xd9": "\ufe10",
    b"\xa6\xda": "\ufe12",
    b"\xa6\xdb": "\ufe11",
    b"\xa6\xdc": "\ufe13",
    b"\xa6\xdd": "\ufe14",
    b"\xa6\xde": "\ufe15",
    b"\xa6\xdf": "\ufe16",
    b"\xa6\xec": "\ufe17",
    b"\xa6\xed": "\ufe18",
    b"\xa6\xf3": "\ufe19",
    b"\xfe\x59": "\u9fb4",
    b"\xfe\x61": "\u9fb5",
    b"\xfe\x66": "\u9fb6",
    b"\xfe\x67": "\u9fb7",
    b"\xfe\x6d": "\u9fb8",
    b"\xfe\x7e": "\u9fb9",
    b"\xfe\x90": "\u9fba",
    b"\xfe\xa0": "\u9fbb",
    # Reading only: since 2022 nobody writes these two-byte codes for the ideographs.
    b"\xfe\x51": "\U00020087",
    b"\xfe\x52": "\U00020089",
    b"\xfe\x53": "\U000200cc",
    b"\xfe\x6c": "\U000215d7",
    b"\xfe\x76": "\U0002298f",
    b"\xfe\x91": "\U000241fe",
}
"""Two-byte codes that the codec decodes to a private-use character, and the character they stand for."""
_READ_ONLY: Final = frozenset("\U00020087\U00020089\U000200cc\U000215d7\U0002298f\U000241fe")

_CODES: Final = {character: code for code, character in DIFFERENCES.items() if character not in _READ_ONLY}
_TRANSLATION: Final = {ord(code.decode("gb18030")): character for code, character in DIFFERENCES.items()}


def decode(text: bytes) -> str:
    """Decode GB 18030 text by the 2022 mapping; GBK and GB 2312 text is GB 18030 text.

    :raises UnicodeDecodeError: not GB 18030.
    """
    return text.decode("gb18030").translate(_TRANSLATION)


def encode(text: str) -> bytes:
    """Encode text by the 2022 mapping.

    :raises UnicodeEncodeError: half a surrogate pair.
    """
    return b"".join(_CODES.get(character) or character.encode("gb18030") for character in text)
