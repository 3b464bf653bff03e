"""A document as a JSON file, and the bytes that its chip holds. Everyone in these files is invented.

Written from docs/wire-id-reader.md; shares no code with the driver, so that a mistake in one shows in the other.
"""

import datetime
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

DOCUMENTS: Final = Path(__file__).parent.parent / "id_documents"
"""The documents that come with the simulator."""

_TEXT_SIZE: Final = 256
_KIND_AT: Final = 248
_WITHOUT_END: Final = "长期"


class DocumentFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One document."""

    about: str
    """What it is for, in a sentence."""
    title: str
    """What it is called on the stand."""
    title_en: str
    region: str = ""
    """The region pack at whose terminal it is of use; empty where at none."""
    kind: Literal["resident", "hk_macau_taiwan_resident", "foreigner_2017", "foreigner_2023"] = "resident"
    name: str
    chinese_name: str = ""
    sex: Annotated[str, msgspec.Meta(pattern="^[129]$")]
    nation: str = ""
    birth_date: datetime.date
    address: str = ""
    number: str
    issuer: str = ""
    valid_from: datetime.date
    valid_until: datetime.date | None
    """None: 长期."""
    travel_document: str = ""
    issue_count: str = ""
    damaged: bool = False
    """The chip is dead: found, and not to be read."""

    def __repr__(self) -> str:
        return "<DocumentFile>"


def load_document(name: str, folder: Path = DOCUMENTS) -> DocumentFile:
    """Read a document by its file's name without ``.json``.

    :raises msgspec.ValidationError: not a document.
    """
    return msgspec.json.decode((folder / f"{name}.json").read_bytes(), type=DocumentFile)


def text_of(document: DocumentFile) -> bytes:
    """The 256 bytes of text."""
    until = _WITHOUT_END if document.valid_until is None else _day(document.valid_until)
    text = bytearray(" ".encode("utf-16-le") * (_TEXT_SIZE // 2))

    def put(offset: int, size: int, words: str) -> None:
        units = words.encode("utf-16-le")[:size]
        text[offset : offset + len(units)] = units

    put(188, 16, _day(document.valid_from))
    put(204, 16, until)
    match document.kind:
        case "resident" | "hk_macau_taiwan_resident":
            put(0, 30, document.name)
            put(30, 2, document.sex)
            put(36, 16, _day(document.birth_date))
            put(52, 70, document.address)
            put(122, 36, document.number)
            put(158, 30, document.issuer)
            if document.kind == "resident":
                put(32, 4, document.nation)
            else:
                put(220, 18, document.travel_document)
                put(238, 4, document.issue_count)
                put(_KIND_AT, 2, "J")
        case "foreigner_2017":
            put(0, 120, document.name)
            put(120, 2, document.sex)
            put(122, 30, document.number)
            put(152, 6, document.nation)
            put(158, 30, document.chinese_name)
            put(220, 16, _day(document.birth_date))
            put(236, 4, "01")
            put(240, 8, document.issuer)
            put(_KIND_AT, 2, "I")
        case "foreigner_2023":
            put(0, 30, document.chinese_name)
            put(30, 2, document.sex)
            put(32, 4, document.issue_count)
            put(36, 16, _day(document.birth_date))
            put(52, 70, document.name[:35])
            put(122, 36, document.number)
            put(220, 22, document.name[35:])
            put(242, 6, document.nation)
            put(_KIND_AT, 2, "Y")
    return bytes(text)


def _day(day: datetime.date) -> str:
    return f"{day:%Y%m%d}"
