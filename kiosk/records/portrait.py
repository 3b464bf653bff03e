"""A finished portrait: held by a terminal, and sealed on its way to the centre, with who agreed to its being taken.

In the open it exists in a terminal's memory alone, between the camera and the filing that it belongs to.
"""

from enum import Enum
from typing import Annotated, Final, NoReturn

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from kiosk.records.sealing import Unreadable, open_from_terminal, seal_to_centre

LEAST_BYTES: Final = 14 * 1024
MOST_BYTES: Final = 40_000
"""社会保障卡制证用数字相片技术要求: 14–40 KB, read as docs/portrait.md does."""
MOST_SEALED: Final = MOST_BYTES + 48
"""HPKE adds a public key of 32 bytes and a tag of 16."""
CONSENT_TEXT: Final = "portrait-1"
"""Names the words of the consent page; other words, another name."""
COMPARISON_TEXT: Final = "comparison-1"
"""The same for the page that asks whether the portrait may be compared with the identity card's photo."""
_PURPOSE: Final = b"ssct-portrait-1"
_BEGINS, _ENDS = b"\xff\xd8", b"\xff\xd9"


class TakenPortrait:
    """The JPEG of one person, until it is wiped. Nothing tells what it shows; copying and pickling are refused."""

    __slots__ = ("_jpeg",)

    def __init__(self, jpeg: bytes) -> None:
        self._jpeg = bytearray(jpeg)

    @property
    def jpeg(self) -> memoryview:
        """The picture, for whoever draws or seals it; empty when wiped. Not to be kept."""
        return memoryview(self._jpeg).toreadonly()

    def wipe(self) -> None:
        """Overwrite it. Harmless when it was."""
        self._jpeg[:] = bytes(len(self._jpeg))

    @property
    def wiped(self) -> bool:
        """Whether nothing is left of it."""
        return not any(self._jpeg[:2])

    def sealed(self, transaction_id: str, centre: X25519PublicKey) -> bytes:
        """The picture so that only the centre opens it, and only for this transaction."""
        return seal_to_centre(bytes(self._jpeg), _purpose(transaction_id), centre)

    def __repr__(self) -> str:
        return "<TakenPortrait>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a portrait is not copied")


class ConsentBy(Enum):
    """Who agreed that the portrait is taken and sent: Personal Information Protection Law, §§ 29, 31."""

    HOLDER = "holder"
    GUARDIAN = "guardian"


class Likeness(Enum):
    """What a machine makes of two pictures: a hint for whoever decides."""

    SAME = "same"
    NOT_THE_SAME = "not_the_same"
    OPEN = "open"
    """It can't tell."""


class FiledComparison(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What came of comparing a portrait with its holder's identity card. No number goes with it."""

    likeness: Likeness
    consent_text: Annotated[str, msgspec.Meta(pattern=r"\A[a-z0-9-]{1,40}\Z")]
    """:data:`COMPARISON_TEXT` of the terminal that showed it."""


class FiledPortrait(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A portrait on its way to the centre, with an application."""

    sealed: Annotated[bytes, msgspec.Meta(min_length=LEAST_BYTES, max_length=MOST_SEALED)]
    consent_by: ConsentBy
    consent_text: Annotated[str, msgspec.Meta(pattern=r"\A[a-z0-9-]{1,40}\Z")]
    """:data:`CONSENT_TEXT` of the terminal that showed it."""
    comparison: FiledComparison | None = None
    """None where nobody has agreed to one, or the terminal makes none."""

    def __repr__(self) -> str:
        return "<FiledPortrait>"


def open_portrait(sealed: bytes, transaction_id: str, centre: X25519PrivateKey) -> bytes:
    """The centre's side of :meth:`TakenPortrait.sealed`.

    :raises Unreadable: sealed for another transaction or key, no JPEG, or not of the size that a card's portrait has.
    """
    jpeg = open_from_terminal(sealed, _purpose(transaction_id), centre)
    if not LEAST_BYTES <= len(jpeg) <= MOST_BYTES:
        raise Unreadable(f"a portrait of {len(jpeg)} bytes")
    if not (jpeg.startswith(_BEGINS) and jpeg.endswith(_ENDS)):
        raise Unreadable("a portrait is a whole JPEG")
    return jpeg


def _purpose(transaction_id: str) -> bytes:
    return _PURPOSE + transaction_id.encode()
