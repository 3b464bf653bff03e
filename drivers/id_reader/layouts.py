"""The text of a document: 256 bytes of UTF-16LE in four layouts. Offsets and sizes: docs/wire-id-reader.md. No I/O."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

from drivers.ports.id_reader import DocumentKind, DocumentUnreadable, IdDocument

_KIND: Final = (248, 2)
_WITHOUT_END: Final = "长期"
_FORM: Final = re.compile(r"[0-9]{17}[0-9X]", re.ASCII)
_FORM_2017: Final = re.compile(r"[A-Z]{3}[0-9]{12}", re.ASCII)


def document_of(text: bytes, photo: bytes) -> IdDocument:
    """The document behind the two parts of a read answer.

    :param text: 256 bytes.
    :raises DocumentUnreadable: it is no text of a document. The exception does not tell what stands there.
    """
    kind = _field(text, *_KIND)
    read = _LAYOUTS.get(kind)
    if read is None:
        raise DocumentUnreadable("a kind of document that is not known")
    return read(text, photo)


def _resident(text: bytes, photo: bytes) -> IdDocument:
    return IdDocument(
        kind=DocumentKind.RESIDENT,
        name=_name(text, 0, 30),
        chinese_name="",
        sex=_field(text, 30, 2),
        nation=_field(text, 32, 4),
        birth_date=_day(text, 36),
        address=_field(text, 52, 70),
        number=_number(text, 122, 36, _FORM),
        issuer=_field(text, 158, 30),
        valid_from=_day(text, 188),
        valid_until=_last_day(text, 204),
        travel_document="",
        issue_count="",
        photo=photo,
    )


def _hk_macau_taiwan(text: bytes, photo: bytes) -> IdDocument:
    return IdDocument(
        kind=DocumentKind.HK_MACAU_TAIWAN_RESIDENT,
        name=_name(text, 0, 30),
        chinese_name="",
        sex=_field(text, 30, 2),
        nation="",
        birth_date=_day(text, 36),
        address=_field(text, 52, 70),
        number=_number(text, 122, 36, _FORM),
        issuer=_field(text, 158, 30),
        valid_from=_day(text, 188),
        valid_until=_last_day(text, 204),
        travel_document=_field(text, 220, 18),
        issue_count=_field(text, 238, 4),
        photo=photo,
    )


def _foreigner_2017(text: bytes, photo: bytes) -> IdDocument:
    return IdDocument(
        kind=DocumentKind.FOREIGNER_2017,
        name=_name(text, 0, 120),
        chinese_name=_field(text, 158, 30),
        sex=_field(text, 120, 2),
        nation=_field(text, 152, 6),
        birth_date=_day(text, 220),
        address="",
        number=_number(text, 122, 30, _FORM_2017),
        issuer=_field(text, 240, 8),
        valid_from=_day(text, 188),
        valid_until=_last_day(text, 204),
        travel_document="",
        issue_count="",
        photo=photo,
    )


def _foreigner_2023(text: bytes, photo: bytes) -> IdDocument:
    # What a name is longer than 35 letters goes on behind the dates; a space may stand at the seam.
    return IdDocument(
        kind=DocumentKind.FOREIGNER_2023,
        name=_name(text[52:122] + text[220:242], 0, 92),
        chinese_name=_field(text, 0, 30),
        sex=_field(text, 30, 2),
        nation=_field(text, 242, 6),
        birth_date=_day(text, 36),
        address="",
        number=_number(text, 122, 36, _FORM),
        issuer="",
        valid_from=_day(text, 188),
        valid_until=_last_day(text, 204),
        travel_document="",
        issue_count=_field(text, 32, 4),
        photo=photo,
    )


_LAYOUTS: Final[Mapping[str, Callable[[bytes, bytes], IdDocument]]] = {
    "": _resident,
    "J": _hk_macau_taiwan,
    "I": _foreigner_2017,
    "Y": _foreigner_2023,
}
"""By the letter at byte 248."""


def _field(text: bytes, offset: int, size: int) -> str:
    """A field without its padding of spaces (ours: or of zeros).

    A character beyond the basic plane takes two units. Where a full field ends between them, its half is dropped.
    """
    units = text[offset : offset + size]
    if 0xD8 <= units[-1] <= 0xDB:
        units = units[:-2]
    # Let through and then looked for: a decoder's error would carry the bytes.
    words = units.decode("utf-16-le", errors="surrogatepass")
    field = words.strip(" \0")
    # A zero within would make whatever names somebody unreadable to the centre.
    if "\0" in field or any("\ud800" <= character <= "\udfff" for character in field):
        raise DocumentUnreadable("a field that is no text")
    return field


def _name(text: bytes, offset: int, size: int) -> str:
    name = _field(text, offset, size)
    if not name:
        raise DocumentUnreadable("no name")
    return name


def _number(text: bytes, offset: int, size: int, form: re.Pattern[str]) -> str:
    number = _field(text, offset, size)
    if not form.fullmatch(number):
        raise DocumentUnreadable("a number of another form")
    return number


def _day(text: bytes, offset: int) -> date:
    written = _field(text, offset, 16)
    if not re.fullmatch(r"[0-9]{8}", written, re.ASCII):
        raise DocumentUnreadable("a date of another form")
    try:
        return date(int(written[:4]), int(written[4:6]), int(written[6:]))
    except ValueError:
        raise DocumentUnreadable("a day that no calendar has") from None


def _last_day(text: bytes, offset: int) -> date | None:
    return None if _field(text, offset, 16) == _WITHOUT_END else _day(text, offset)
