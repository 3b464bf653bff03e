"""Starting the social side of a new card: what a terminal asks the centre to do, and the verdict."""

from enum import Enum
from typing import Annotated

import msgspec

from kiosk.records.filings import Phone

Postcode = Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{6}\Z")]
"""AAE007."""
LONGEST_ADDRESS = 40
"""Characters; an ID card's own has 35 at most."""
Address = Annotated[str, msgspec.Meta(pattern=rf"\A[^\x00-\x1f]{{2,{LONGEST_ADDRESS}}}\Z")]
"""AAE006."""
DocumentNumber = Annotated[str, msgspec.Meta(pattern=r"\A[0-9A-Z]{0,18}\Z")]


class ContactData(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a holder is reached: what the region asks for, and no more."""

    phone: Phone | None = None
    """AAE005."""
    address: Address | None = None
    postcode: Postcode | None = None

    def __repr__(self) -> str:
        return "<ContactData>"


class ActivateCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """POST /v1/card-sessions/{id}/activation. A proved card that was never used: start its social side."""

    transaction_id: str
    id_number: DocumentNumber = ""
    """AAE135 of the ID card that the terminal has read; empty where the region wants none."""
    contact: ContactData = ContactData()

    def __repr__(self) -> str:
        return "<ActivateCard>"


class ActivationVerdict(Enum):
    """What became of starting a card."""

    ACTIVATED = "activated"
    IN_USE = "in_use"
    """It was started before; nothing changed."""
    LOCKED = "locked"
    ALREADY_REPORTED = "already_reported"
    """It is reported lost for now: whoever holds it need not be its holder."""
    FORMALLY_LOST = "formally_lost"
    CANCELLED = "cancelled"
    REPLACED = "replaced"
    ANOTHER_CARD = "another_card"
    """Another card of the holder works, or may work again: nobody has two."""
    HOLDER_MISMATCH = "holder_mismatch"
    """The ID card is another person's, or none was shown where the region wants one."""
    NOT_OPEN = "not_open"
    """The region's rules let no terminal do it, or the terminal is another region's."""


class CardActivated(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The verdict. The same transaction id asked again gets the same verdict and changes nothing twice."""

    verdict: ActivationVerdict
    bank_side_active: bool | None = None
    """With ACTIVATED: whether the bank has started its own side already; None where the card has none."""
