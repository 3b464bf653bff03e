"""A card as a JSON file: what is on the chip, readable and editable by hand. Everyone in these files is invented."""

import datetime
import os
import tempfile
from pathlib import Path
from typing import Annotated, Final

import msgspec

DECK: Final = Path(__file__).parent.parent / "cards"
"""The cards that come with the simulator."""


class CardKeys(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The card's own diversified keys, 16 bytes each, in hex."""

    algorithm: int
    """1 3DES, 3 SM4 (docs/wire.md)."""
    internal: str
    """Key 01: the card proves itself."""
    external: str
    """Key 02: the terminal proves itself."""
    personalisation: str | None = None
    """Key 03: whoever personalises the chip proves itself; None once it is somebody's."""

    def __repr__(self) -> str:
        return "<CardKeys>"


class CardPin(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The PIN that the chip checks."""

    digits: Annotated[str, msgspec.Meta(pattern="^[0-9]{4,12}$")]
    tries_left: Annotated[int, msgspec.Meta(ge=0, le=15)]
    tries_allowed: Annotated[int, msgspec.Meta(ge=1, le=15)]

    def __repr__(self) -> str:
        return "<CardPin>"


class Issuer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """EF05."""

    identification_code: Annotated[str, msgspec.Meta(pattern="^[0-9A-F]{32}$")]
    card_class: Annotated[str, msgspec.Meta(pattern="^[0-9A-Z]$")]
    norm_version: Annotated[str, msgspec.Meta(pattern="^[123]\\.00$")]
    initialising_body: Annotated[str, msgspec.Meta(pattern="^[0-9A-F]{24}$")]
    issued_on: datetime.date
    expires_on: datetime.date
    card_number: Annotated[str, msgspec.Meta(pattern="^[0-9A-Z]{9}$")]


class CardHolder(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """EF06."""

    social_security_number: Annotated[str, msgspec.Meta(pattern="^[0-9]{17}[0-9X]$")]
    name: str
    sex: Annotated[str, msgspec.Meta(pattern="^[129]$")]
    ethnic_group: Annotated[str, msgspec.Meta(pattern="^[0-9]{2}$")]
    birthplace: Annotated[str, msgspec.Meta(pattern="^[0-9]{6}$")]
    birth_date: datetime.date

    def __repr__(self) -> str:
        return "<CardHolder>"


class LogRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A record of DF04's EF08 (docs/wire.md)."""

    at: Annotated[str, msgspec.Meta(pattern="^[0-9]{14}$")]
    """YYYYMMDDHHMMSS, China time."""
    kind: Annotated[int, msgspec.Meta(ge=0, le=255)]
    amount_fen: Annotated[int, msgspec.Meta(ge=0, lt=1 << 32)]
    place: str
    damaged: bool = False
    """A bit of it has tipped over since it was written."""

    def __repr__(self) -> str:
        return "<LogRecord>"


class Blank(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a chip holds that nobody has personalised yet, or not to the end."""

    identification_code: Annotated[str, msgspec.Meta(pattern="^[0-9A-F]{32}$")]
    initialising_body: Annotated[str, msgspec.Meta(pattern="^[0-9A-F]{24}$")]
    written: dict[str, str] = {}
    """Records so far, by file and tag such as ``EF06:09``, in hex."""
    photo: bytes = b""
    weak_cell: str | None = None
    """The record, or ``EF08``, that will not hold its last bit: what is read back differs."""

    def __repr__(self) -> str:
        return f"<Blank {self.identification_code}>"


class BankAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the bank has put on the card's other side before it was delivered."""

    bank: str
    account_ends: Annotated[str, msgspec.Meta(pattern="^[0-9]{4}$")]
    """The account's last four digits."""


class SocialSecurity(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The social-security environment. Everything None: a chip that not even its maker has initialised."""

    issuer: Issuer | None = None
    holder: CardHolder | None = None
    keys: CardKeys | None = None
    pin: CardPin | None = None
    """None where the region's centre holds the PIN and the chip has none."""
    log: Annotated[list[LogRecord], msgspec.Meta(max_length=10)] | None = None
    """Newest first; None where the chip keeps no log of transactions."""
    photo: bytes | None = None
    """EF08: a JPEG, filled with zeros to 4096 bytes; None where the chip has no photo."""
    blank: Blank | None = None
    """None once issuer and holder are there."""


class CardFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One card."""

    about: str
    """What the card is for, in a sentence."""
    region: Annotated[str, msgspec.Meta(pattern="^[0-9]{4}$")]
    """GB/T 2260, in the answer to reset."""
    serial: Annotated[str, msgspec.Meta(pattern="^[0-9A-F]{8}$")]
    """The last four historical bytes."""
    social_security: SocialSecurity | None = None
    bank_side: bool = False
    """Whether the payment environment answers."""
    bank: BankAccount | None = None
    """The account behind it, where the bank has personalised its side already."""


def load_card_file(path: Path) -> CardFile:
    """Read a card.

    :raises msgspec.ValidationError: not a card file.
    """
    return msgspec.json.decode(path.read_bytes(), type=CardFile)


def save_card_file(path: Path, card: CardFile) -> None:
    """Replace a card's file, whole or not at all."""
    text = msgspec.json.format(msgspec.json.encode(card), indent=2) + b"\n"
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".new")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
