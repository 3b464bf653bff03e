"""Bytes of the card's records turned into values; what does not parse is named by field, never by value."""

import datetime
import re
from contextlib import suppress
from typing import Final

from drivers.card_reader import gb18030
from drivers.ports.errors import ProtocolViolation

DEVICE: Final = "card_reader"
"""The port's noun, for errors."""

_T0_INTERFACE_BITS: Final = (0x10, 0x20, 0x40, 0x80)


def unreadable(field: str, what: str) -> ProtocolViolation:
    """The error for a field the card holds wrongly."""
    return ProtocolViolation(DEVICE, f"{field}: {what}")


def text(value: bytes, field: str, pattern: str) -> str:
    """ASCII text, padded with zero bytes or spaces.

    :param pattern: what the whole text must look like.
    """
    decoded = value.rstrip(b"\0 ").decode("ascii", errors="replace")
    if re.fullmatch(pattern, decoded) is None:
        raise unreadable(field, "not in its form")
    return decoded


def digits(value: bytes, field: str) -> str:
    """BCD digits without padding."""
    decoded = value.hex()
    if not decoded.isdecimal():
        raise unreadable(field, "not BCD")
    return decoded


def date(value: bytes, field: str) -> datetime.date:
    """A BCD date YYYYMMDD."""
    decoded = digits(value, field)
    try:
        return datetime.date(int(decoded[:4]), int(decoded[4:6]), int(decoded[6:8]))
    except ValueError:
        raise unreadable(field, "no such day") from None  # the cause would quote the value


def moment(value: bytes, field: str) -> datetime.datetime:
    """A BCD date and time YYYYMMDDHHMMSS, China time."""
    decoded = digits(value, field)
    day = date(value[:4], field)
    try:
        time = datetime.time(int(decoded[8:10]), int(decoded[10:12]), int(decoded[12:14]))
    except ValueError:
        raise unreadable(field, "no such time") from None  # the cause would quote the value
    return datetime.datetime.combine(day, time)


def card_number(value: bytes) -> str:
    """Nine characters.

    The last one checks the others (GB 11714) on most cards, but Beijing's may differ, so nobody is refused for it.
    """
    return text(value, "card number", "[0-9A-Z]{9}")


def name(value: bytes, continued: bytes) -> str:
    """Tags 09 and 4E joined."""
    return words(value.rstrip(b"\0 ") + continued.rstrip(b"\0 "), "name")


def words(value: bytes, field: str) -> str:
    """GB 18030, padded with zero bytes or spaces."""
    decoded = ""
    # The codec's error carries the citizen's bytes: none of ours may be raised while it is being handled.
    with suppress(UnicodeDecodeError):
        decoded = gb18030.decode(value.rstrip(b"\0 "))
    if not decoded or not decoded.isprintable():
        raise unreadable(field, f"empty, not GB 18030, or with characters no {field} has")
    return decoded


def ethnic_group(value: bytes) -> str:
    """A code of GB/T 3304: 01 to 56, 97 another group, 98 a naturalised foreigner."""
    code = digits(value, "ethnic group")
    if not (1 <= int(code) <= 56 or code in {"97", "98"}):
        raise unreadable("ethnic group", "no code of GB/T 3304")
    return code


def region_code(answer_to_reset: bytes) -> str:
    """Four digits GB/T 2260 from historical bytes 8 and 9."""
    historical = historical_bytes(answer_to_reset)
    if len(historical) < 9:
        raise unreadable("region code", "the answer to reset is too short")
    return digits(historical[7:9], "region code")


def historical_bytes(answer_to_reset: bytes) -> bytes:
    """The historical bytes of an answer to reset (ISO/IEC 7816-3 §8.2); empty when it is malformed."""
    if len(answer_to_reset) < 2:
        return b""
    count = answer_to_reset[1] & 0x0F
    position, announced = 1, answer_to_reset[1]
    while position < len(answer_to_reset):
        interface = sum(bool(announced & bit) for bit in _T0_INTERFACE_BITS)
        position += interface
        if not announced & 0x80 or position >= len(answer_to_reset):
            break
        announced = answer_to_reset[position]
    historical = answer_to_reset[position + 1 : position + 1 + count]
    return historical if len(historical) == count else b""
