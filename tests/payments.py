"""The provider's till without a wire: what a test of the centre's own rules pays into."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from central.payments import NotificationRefused, Payment, PaymentState, PaymentUnavailable, RefundState
from simulators.payment.till import Declined, Till

_STATES = {
    "NOTPAY": PaymentState.OPEN,
    "SUCCESS": PaymentState.PAID,
    "REFUND": PaymentState.PAID,
    "CLOSED": PaymentState.CLOSED,
}
_REFUNDS = {"SUCCESS": RefundState.DONE, "PROCESSING": RefundState.PENDING, "ABNORMAL": RefundState.STUCK}


@dataclass
class TillAtHand:
    """A :class:`central.payments.PaymentProvider` on a till in the same process."""

    till: Till
    absent: bool = False
    """It does not answer, and nothing is done."""
    answers_lost: int = 0
    """So many calls are done, and nobody hears of it."""
    asked: list[str] = field(default_factory=list)
    """Which calls came."""

    def recover(self) -> None:
        """Work as it should."""
        self.absent, self.answers_lost = False, 0
        self.asked.clear()

    def order(self, number: str, amount_fen: int, expires_at_ms: int) -> str:
        self._begin("order")
        try:
            order = self.till.order(number, amount_fen, expires_at_ms, "")
        except Declined as declined:
            raise PaymentUnavailable(declined.code) from declined
        self._end()
        return order.code_url

    def query(self, number: str) -> Payment:
        self._begin("query")
        try:
            order = self.till.query(number)
        except Declined:
            return Payment(PaymentState.UNKNOWN)
        self._end()
        state = _STATES[order.state]
        return Payment(state, order.paid_fen if state is PaymentState.PAID else None)

    def close(self, number: str) -> None:
        self._begin("close")
        try:
            self.till.close(number)
        except Declined:
            return
        self._end()

    def refund(self, number: str, refund_number: str, amount_fen: int) -> RefundState:
        self._begin("refund")
        try:
            refund = self.till.refund(number, refund_number, amount_fen, amount_fen)
        except Declined as declined:
            raise PaymentUnavailable(declined.code) from declined
        self._end()
        return _REFUNDS[refund.state]

    def notified(self, headers: Mapping[str, str], body: bytes) -> str:
        del headers
        if body not in {number.encode() for number in self.till.orders}:
            raise NotificationRefused("no order of ours")
        return body.decode()

    def _begin(self, what: str) -> None:
        self.asked.append(what)
        if self.absent:
            raise PaymentUnavailable("absent")

    def _end(self) -> None:
        if self.answers_lost:
            self.answers_lost -= 1
            raise PaymentUnavailable("lost")
