"""The provider's own books: orders, payments, refunds. What was really paid is told here, and nowhere else."""

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field


class Declined(Exception):
    """The provider's answer to what it does not do."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


@dataclass(slots=True)
class Order:
    """An order as the provider has it."""

    number: str
    amount_fen: int
    expires_at_ms: int
    notify_url: str
    code_url: str
    state: str = "NOTPAY"
    paid_fen: int = 0
    payment: str = ""
    """The provider's own number of the payment."""
    refunds: dict[str, "Refund"] = field(default_factory=dict)

    @property
    def refunded_fen(self) -> int:
        """What has gone back, or is going."""
        return sum(one.amount_fen for one in self.refunds.values() if one.state != "ABNORMAL")


@dataclass(slots=True)
class Refund:
    """A refund as the provider has it."""

    number: str
    amount_fen: int
    state: str


class Till:
    """Physical verbs of whoever pays: :meth:`pay`. The rest is asked by the merchant.

    :param clock: seconds since 1970 UTC.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.orders: dict[str, Order] = {}
        self.refunds_stick = False
        """The payer's bank account is gone: nothing goes back by itself."""
        self._clock = clock
        self._lock = threading.RLock()

    def forget(self) -> None:
        """Have no orders, as at the beginning."""
        with self._lock:
            self.orders.clear()
            self.refunds_stick = False

    def pay(self, code_url: str, amount_fen: int | None = None) -> Order:
        """Somebody scans the code and pays.

        :param amount_fen: another amount than was asked for, as only a broken provider has it.
        :raises Declined: nobody can pay this order now.
        """
        with self._lock:
            order = next((one for one in self.orders.values() if one.code_url == code_url), None)
            if order is None:
                raise Declined(404, "ORDER_NOT_EXIST")
            if order.state != "NOTPAY" or self._now_ms() >= order.expires_at_ms:
                raise Declined(400, "ORDER_CLOSED")
            self._take(order, order.amount_fen if amount_fen is None else amount_fen)
            return order

    def come_through(self, number: str) -> Order:
        """A payment that was under way when its order closed arrives nevertheless."""
        with self._lock:
            order = self._order(number)
            self._take(order, order.amount_fen)
            return order

    def order(self, number: str, amount_fen: int, expires_at_ms: int, notify_url: str) -> Order:
        """A merchant's order, made once.

        :raises Declined: it is closed, paid, or was another.
        """
        with self._lock:
            known = self.orders.get(number)
            if known is None:
                code_url = f"weixin://wxpay/bizpayurl?pr={secrets.token_urlsafe(9)}"
                known = self.orders[number] = Order(number, amount_fen, expires_at_ms, notify_url, code_url)
            if known.state == "CLOSED":
                raise Declined(400, "ORDER_CLOSED")
            if known.state != "NOTPAY":
                raise Declined(400, "ORDERPAID")
            if known.amount_fen != amount_fen:
                raise Declined(400, "PARAM_ERROR")
            return known

    def query(self, number: str) -> Order:
        """:raises Declined: no such order."""
        with self._lock:
            return self._order(number)

    def close(self, number: str) -> None:
        """:raises Declined: no such order, or it is paid."""
        with self._lock:
            order = self._order(number)
            if order.state not in ("NOTPAY", "CLOSED"):
                raise Declined(400, "ORDERPAID")
            order.state = "CLOSED"

    def refund(self, number: str, refund_number: str, amount_fen: int, total_fen: int) -> Refund:
        """A refund, made once; asked again it has gone on.

        :raises Declined: not paid, or more than was.
        """
        with self._lock:
            order = self._order(number)
            known = order.refunds.get(refund_number)
            if known is not None:
                if known.amount_fen != amount_fen:
                    raise Declined(400, "PARAM_ERROR")
                known.state = "SUCCESS" if known.state == "PROCESSING" else known.state
                return known
            if order.state not in ("SUCCESS", "REFUND") or total_fen != order.paid_fen:
                raise Declined(400, "INVALID_REQUEST")
            if order.refunded_fen + amount_fen > order.paid_fen:
                raise Declined(403, "NOT_ENOUGH")
            made = Refund(refund_number, amount_fen, "ABNORMAL" if self.refunds_stick else "PROCESSING")
            order.refunds[refund_number], order.state = made, "REFUND"
            return made

    def _take(self, order: Order, amount_fen: int) -> None:
        order.state, order.paid_fen, order.payment = "SUCCESS", amount_fen, f"42{secrets.randbelow(10**26):026}"

    def _order(self, number: str) -> Order:
        order = self.orders.get(number)
        if order is None:
            raise Declined(404, "ORDER_NOT_EXIST")
        return order

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)
