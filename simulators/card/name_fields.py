"""A name as two fields of the card: tag 09, 30 bytes, and tag 4E, 20 bytes, cut only between characters."""

from typing import Final

NAME_SIZE: Final = 30
CONTINUATION_SIZE: Final = 20

# The editions of 2005 (the first) and 2022 gave these two-byte codes to encoded characters; before, they stood for
# private-use ones, and Python's codec, which has the mapping of 2000, writes the characters as four bytes.
_TWO_BYTES_TODAY: Final = {
    "ḿ": b"\xa8\xbc",
    "︐": b"\xa6\xd9", "︒": b"\xa6\xda", "︑": b"\xa6\xdb", "︓": b"\xa6\xdc", "︔": b"\xa6\xdd",
    "︕": b"\xa6\xde", "︖": b"\xa6\xdf", "︗": b"\xa6\xec", "︘": b"\xa6\xed", "︙": b"\xa6\xf3",
    "龴": b"\xfe\x59", "龵": b"\xfe\x61", "龶": b"\xfe\x66", "龷": b"\xfe\x67",
    "龸": b"\xfe\x6d", "龹": b"\xfe\x7e", "龺": b"\xfe\x90", "龻": b"\xfe\xa0",
}  # fmt: skip


def encode_name(name: str) -> tuple[bytes, bytes]:
    """The values of tags 09 and 4E, zero padded to 30 and 20 bytes.

    :raises ValueError: the name is too long for both.
    """
    fields = [b"", b""]
    sizes = (NAME_SIZE, CONTINUATION_SIZE)
    position = 0
    for character in name:
        code = _TWO_BYTES_TODAY.get(character) or character.encode("gb18030")
        if position == 0 and len(fields[0]) + len(code) > NAME_SIZE:
            position = 1
        if len(fields[position]) + len(code) > sizes[position]:
            raise ValueError("the name does not fit the card's 50 bytes")
        fields[position] += code
    return fields[0].ljust(NAME_SIZE, b"\0"), fields[1].ljust(CONTINUATION_SIZE, b"\0")


def decode_name(first: bytes, continued: bytes) -> str:
    """The name in those two fields.

    :raises UnicodeDecodeError: not GB 18030.
    """
    characters = {code: character for character, code in _TWO_BYTES_TODAY.items()}
    name = ""
    for field in (first.rstrip(b"\0"), continued.rstrip(b"\0")):
        position = 0
        while position < len(field):
            size = 1 if field[position] < 0x80 else 4 if field[position + 1 : position + 2].isdigit() else 2
            code = field[position : position + size]
            name += characters.get(code) or code.decode("gb18030")
            position += size
    return name
