"""A finished portrait: held by a terminal, and sealed on its way to the centre, with who agreed to its being taken.

In the open it exists in a terminal's memory alone, between the camera and the filing that it belongs to.
"""

from enum import Enum
from typing import Annotated, Final, NoReturn

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from kiosk.records.sealing import Unreadable, open_from_terminal, seal_to_centre


def byte_window(least_kb: int, most_kb: int) -> tuple[int, int]:
    """The fewest and the most bytes of a file, whether whoever asks counts a KB as 1000 bytes or as 1024."""
    return least_kb * 1024, most_kb * 1000


NATIONAL_KB: Final = (14, 40)
"""社会保障卡制证用数字相片技术要求; what holds where a region states nothing else."""
LARGEST_KB: Final = 200
"""Twice the largest that a place was seen to ask for."""
ANY_KB: Final = (1, LARGEST_KB)
LEAST_SEALED: Final = 1024
MOST_SEALED: Final = LARGEST_KB * 1000 + 48
"""HPKE adds a public key of 32 bytes and a tag of 16."""
CONSENT_TEXT: Final = "portrait-1"
"""Names the words of the consent page; other words, another name."""
KEPT_CONSENT_TEXT: Final = "portrait-2"
"""The same where the terminal keeps a portrait, sealed, until the centre can be reached."""
NEW_CARD_CONSENT_TEXT: Final = "portrait-new-card-1"
"""The same where the card is made at the terminal and the picture goes nowhere else."""
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


class ConsentWord(Enum):
    """What was said to a portrait's being taken and sent."""

    GIVEN = "given"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    """Taken back before anything was filed; whatever was taken is wiped."""


ConsentText = Annotated[str, msgspec.Meta(pattern=r"\A[a-z0-9-]{1,40}\Z")]
""":data:`CONSENT_TEXT` of the terminal that showed it."""


class Consent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What was said, by whom and to which words: a ledger entry of its own, before a camera opens. Never a picture."""

    word: ConsentWord
    by: ConsentBy
    text: ConsentText = CONSENT_TEXT


class NoPortrait(Enum):
    """Why an application comes without a portrait where there was a camera, for the window that takes one.

    Of the last five the person says as much as they like: two tell of health or religion, so each may stay unsaid, none
    is in the ledger, and the centre forgets them when the application has ended.
    """

    DECLINED = "declined"
    """Consent was not given, or taken back."""
    NOT_TAKEN = "not_taken"
    """The camera failed, or no picture came out to the norm."""
    HEAD_BANDAGED = "head_bandaged"
    RELIGIOUS_HEAD_COVER = "religious_head_cover"
    CHILD_IN_ARMS = "child_in_arms"
    OUT_OF_REACH = "out_of_reach"
    """Above or below what the camera sees; somebody in a wheelchair."""
    UNTOLD = "untold"
    """Something else, or nobody's affair."""
    LOST = "lost"
    """The centre's own word: what was taken down with the application did not come with it."""


class Likeness(Enum):
    """What a machine makes of two pictures: a hint for whoever decides."""

    SAME = "same"
    NOT_THE_SAME = "not_the_same"
    OPEN = "open"
    """It can't tell."""


class FiledComparison(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What came of comparing a portrait with its holder's identity card. No number goes with it."""

    likeness: Likeness
    consent_text: ConsentText
    """:data:`COMPARISON_TEXT` of the terminal that showed it."""


class FiledPortrait(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A portrait on its way to the centre, with an application."""

    sealed: Annotated[bytes, msgspec.Meta(min_length=LEAST_SEALED, max_length=MOST_SEALED)]
    consent_by: ConsentBy
    consent_text: ConsentText
    comparison: FiledComparison | None = None
    """None where nobody has agreed to one, or the terminal makes none."""

    def __repr__(self) -> str:
        return "<FiledPortrait>"


def open_portrait(
    sealed: bytes, transaction_id: str, centre: X25519PrivateKey, kilobytes: tuple[int, int] = NATIONAL_KB
) -> bytes:
    """The centre's side of :meth:`TakenPortrait.sealed`.

    :param kilobytes: the least and the most that a portrait of this region has.
    :raises Unreadable: sealed for another transaction or key, no JPEG, or not of the size that a card's portrait has.
    """
    jpeg = open_from_terminal(sealed, _purpose(transaction_id), centre)
    least, most = byte_window(*kilobytes)
    if not least <= len(jpeg) <= most:
        raise Unreadable(f"a portrait of {len(jpeg)} bytes")
    if not (jpeg.startswith(_BEGINS) and jpeg.endswith(_ENDS)):
        raise Unreadable("a portrait is a whole JPEG")
    return jpeg


def _purpose(transaction_id: str) -> bytes:
    return _PURPOSE + transaction_id.encode()
