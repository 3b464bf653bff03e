"""The stand's payment provider: a process that the centre's driver trusts, and a telephone that pays."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from central.payments import Payment, PaymentState, RefundState
from central.wechat_pay import WechatPay, load_merchant
from simulators.bench.server import NotPossible
from simulators.stand.paying import PayingAtHand

NUMBER = "0123456789abcdef" * 2
NEVER = 4_000_000_000_000


@pytest.fixture
def paying(tmp_path: Path) -> Iterator[PayingAtHand]:
    at_hand = PayingAtHand(tmp_path / "payment", "https://127.0.0.1:1/nobody", tmp_path / "ca.pem", tmp_path)
    at_hand.start()
    yield at_hand
    at_hand.program.stop()


def test_the_code_on_the_screen_is_paid_and_given_back(paying: PayingAtHand) -> None:
    merchant = WechatPay(load_merchant(paying.merchant))
    with pytest.raises(NotPossible):
        paying.pay()
    merchant.order(NUMBER, 1600, NEVER)
    assert paying.pay() == 1600
    assert merchant.query(NUMBER) == Payment(PaymentState.PAID, 1600)
    with pytest.raises(NotPossible):
        paying.pay()
    merchant.refund(NUMBER, f"R{NUMBER}", 1600)
    assert merchant.refund(NUMBER, f"R{NUMBER}", 1600) is RefundState.DONE
    (order,) = paying.orders()
    assert (order["number"], order["paid_fen"], order["refunded_fen"]) == (NUMBER, 1600, 1600)


def test_what_is_over_is_not_paid(paying: PayingAtHand) -> None:
    WechatPay(load_merchant(paying.merchant)).order(NUMBER, 1600, 1_000_000_000_000)
    with pytest.raises(NotPossible):
        paying.pay()
