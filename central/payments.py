"""Who takes the money for a new card, seen from the centre: an order, a question, a refund.

All calls go out over a network and are made outside every database transaction. Each carries a number of ours by which
the provider knows it again, so that whatever got lost is asked once more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class MerchantRefused(Exception):
    """The merchant's file is missing, malformed, or names a key that can't be read."""


class PaymentUnavailable(Exception):
    """No answer that counts; whether anything was done is not known, and asking again is safe."""


class NotificationRefused(Exception):
    """What came is not a word of the provider's."""


class PaymentState(Enum):
    """How far an order has come at the provider."""

    OPEN = "open"
    """Somebody can pay it."""
    PAID = "paid"
    CLOSED = "closed"
    """Not paid, and nobody can any more."""
    UNKNOWN = "unknown"
    """The provider has no such order."""


class RefundState(Enum):
    """How far a refund has come at the provider."""

    PENDING = "pending"
    DONE = "done"
    STUCK = "stuck"
    """The money does not go back by itself: staff must see to it."""


@dataclass(frozen=True, slots=True)
class Payment:
    """The provider's word on one order."""

    state: PaymentState
    paid_fen: int | None = None
    """With PAID: how much."""


class PaymentProvider(Protocol):
    """Takes fees by a QR code and gives them back. Every method may raise :class:`PaymentUnavailable`."""

    def order(self, number: str, amount_fen: int, expires_at_ms: int) -> str:
        """What the QR code says. The same order again gives a code for the same order.

        :param number: 32 characters, the order's for ever.
        """
        ...

    def query(self, number: str) -> Payment:
        """How far an order has come."""
        ...

    def close(self, number: str) -> None:
        """Let nobody pay an order any more; of one that was paid, or is not there, nothing happens."""
        ...

    def refund(self, number: str, refund_number: str, amount_fen: int) -> RefundState:
        """Give back all that was paid. The same refund number again moves no money and tells how far it has come."""
        ...

    def notified(self, headers: Mapping[str, str], body: bytes) -> str:
        """The number of the order that a notification speaks of. What it says of the order is not believed: ask.

        :raises NotificationRefused: its signature does not hold, or it names no order.
        """
        ...
