"""States of a card, why it is replaced, and the check characters of its numbers."""

from enum import Enum
from typing import Final


class CardState(Enum):
    """AAZ502, the state of a card at the centre. Values as seen in provincial interfaces (docs/wire.md)."""

    SEALED = "0"
    """Made, not activated."""
    NORMAL = "1"
    LOST = "2"
    """Formally reported lost."""
    LOCKED = "3"
    """The social-security application is locked."""
    TEMPORARILY_LOST = "4"
    CANCELLED = "9"


class ReplacementReason(Enum):
    """AAE160, why a new card is wanted. Values are the centre's own words; what a region writes stands in its codes."""

    LOST = "lost"
    DAMAGED = "damaged"
    IDENTITY_CHANGED = "identity_changed"
    BANK_CHANGED = "bank_changed"
    RENEWED = "renewed"
    OTHER = "other"


_CARD_NUMBER_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def card_number_check_character(first_eight: str) -> str:
    """The ninth character of a card number, after the organisation-code rule of GB 11714.

    :param first_eight: digits and upper-case letters.
    :raises ValueError: not eight such characters.
    """
    if len(first_eight) != 8:
        raise ValueError("a card number has eight characters before its check character")
    total = sum(weight * _ALPHABET.index(char) for weight, char in zip(_CARD_NUMBER_WEIGHTS, first_eight, strict=True))
    check = 11 - total % 11
    return {10: "X", 11: "0"}.get(check, str(check))


def pin_account(social_security_number: str) -> str:
    """The twelve digits a PIN block is bound to: those before the check digit of the social security number.

    ISO 9564-1 takes the twelve rightmost digits of the account without its check digit; the social security number
    (GB 11643) stands in for the account. Foreigners' numbers hold letters, which count as A = 0 … J = 9, K = 0 …, and
    a shorter number is filled with zeros on the left: our rule, the same at both ends.
    """
    body = social_security_number[:-1][-12:]
    return "".join(char if "0" <= char <= "9" else str((ord(char) - ord("A")) % 10) for char in body).rjust(12, "0")
