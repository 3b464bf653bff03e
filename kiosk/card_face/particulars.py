"""What is printed of a person, and whether it can be right."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from kiosk.card_face.errors import CardNumberUnsound, DatesUnsound, NameUnsound, NumberUnsound
from kiosk.records.card import card_number_check_character
from kiosk.records.identity import LENGTH, birth_date_of, has_sound_check
from kiosk.records.issuance import CardOrder

_CARD_NUMBER: Final = re.compile(r"[0-9A-Z]{8}[0-9X]", re.ASCII)
_OTHER_NUMBER: Final = re.compile(r"[0-9A-Z]{5,17}", re.ASCII)
"""Of holders who have no number by GB 11643: shorter than one, digits and letters."""


@dataclass(frozen=True, slots=True, repr=False)
class Particulars:
    """The holder's data as the centre's order has them."""

    name: str
    number: str
    """Social security number."""
    card_number: str
    issued_on: date
    expires_on: date | None = None

    @classmethod
    def of(cls, order: CardOrder) -> "Particulars":
        """Those of the centre's order.

        :raises DatesUnsound: no day of issue, or what stands for a day is none.
        """
        try:
            issued = date.fromisoformat(order.issued_on)
            expires = date.fromisoformat(order.expires_on) if order.expires_on else None
        except ValueError:
            raise DatesUnsound("a day of the order is on no calendar") from None
        return cls(order.name, order.social_security_number, order.card_number, issued, expires)

    def check(self) -> None:
        """Promise that a card with these can be right.

        :raises NameUnsound: empty, or with a space at an end.
        :raises NumberUnsound: no social security number, or its check character is wrong.
        :raises CardNumberUnsound: no card number, or its check character is wrong.
        :raises DatesUnsound: issued before the birth that the number tells, or not before it expires.
        """
        if not self.name or self.name != self.name.strip():
            raise NameUnsound("the name is empty, or has a space at an end")
        if not (has_sound_check(self.number) if len(self.number) == LENGTH else _OTHER_NUMBER.fullmatch(self.number)):
            raise NumberUnsound("no social security number, or its check character is wrong")
        if not _CARD_NUMBER.fullmatch(self.card_number):
            raise CardNumberUnsound("a card number is eight digits or letters and a check character")
        if card_number_check_character(self.card_number[:8]) != self.card_number[8]:
            raise CardNumberUnsound("the card number's check character is wrong")
        born = birth_date_of(self.number)
        if len(self.number) == LENGTH and born is None:
            raise NumberUnsound("the number's birth date is on no calendar")
        if born is not None and born > self.issued_on:
            raise DatesUnsound("issued before the holder's birth")
        if self.expires_on is not None and self.expires_on <= self.issued_on:
            raise DatesUnsound("expires before it is issued")
