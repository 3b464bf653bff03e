"""WeChat Pay's wire against a provider whose signatures are real: paid once, believed when asked, given back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from central.payments import (
    MerchantRefused,
    NotificationRefused,
    Payment,
    PaymentState,
    PaymentUnavailable,
    RefundState,
)
from central.tables import Fee
from central.wechat_pay import WechatPay, load_merchant
from kiosk.records.issuance import AbandonedWhy, FeeStanding
from simulators.payment.keys import make_keys
from simulators.payment.server import SimulatedProvider
from simulators.payment.till import Declined, Till
from tests.centre import RunningCentre
from tests.integration.test_central_issuance import Job
from tests.integration.test_central_loss_reports import YUNLING

NOW = 1_800_000_000_000
SOON = NOW + 300_000
NUMBER, OTHER = "0123456789abcdef" * 2, "fedcba9876543210" * 2


class Clock:
    """Where the provider's clock stands, milliseconds since 1970 UTC."""

    now_ms = NOW

    def __call__(self) -> float:
        return self.now_ms / 1000


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[SimulatedProvider]:
    clock = Clock()
    with SimulatedProvider(clock=clock) as running:
        running.keys, _ = make_keys(tmp_path, gateway=running.url, notify_url="https://127.0.0.1:1/nobody")
        yield running


@pytest.fixture
def merchant(provider: SimulatedProvider, tmp_path: Path) -> WechatPay:
    return WechatPay(load_merchant(tmp_path / "payment.toml"))


def test_an_order_is_one_however_often_it_is_made(provider: SimulatedProvider, merchant: WechatPay) -> None:
    code_url = merchant.order(NUMBER, 1600, SOON)
    assert code_url.startswith("weixin://wxpay/bizpayurl?pr=")
    assert merchant.order(NUMBER, 1600, SOON) == code_url
    assert [(one.number, one.amount_fen, one.expires_at_ms) for one in provider.till.orders.values()] == [
        (NUMBER, 1600, SOON)
    ]
    with pytest.raises(PaymentUnavailable):
        merchant.order(NUMBER, 1, SOON)


def test_paid_is_what_was_paid(provider: SimulatedProvider, merchant: WechatPay) -> None:
    assert merchant.query(NUMBER) == Payment(PaymentState.UNKNOWN)
    code_url = merchant.order(NUMBER, 1600, SOON)
    assert merchant.query(NUMBER) == Payment(PaymentState.OPEN)
    provider.till.pay(code_url)
    assert merchant.query(NUMBER) == Payment(PaymentState.PAID, 1600)
    provider.till.pay(merchant.order(OTHER, 1600, SOON), 16)
    assert merchant.query(OTHER) == Payment(PaymentState.PAID, 16)


def test_what_is_closed_is_not_paid_and_what_is_paid_not_closed(
    provider: SimulatedProvider, merchant: WechatPay
) -> None:
    code_url = merchant.order(NUMBER, 1600, SOON)
    merchant.close(NUMBER)
    assert merchant.query(NUMBER) == Payment(PaymentState.CLOSED)
    with pytest.raises(Declined):
        provider.till.pay(code_url)
    provider.till.pay(merchant.order(OTHER, 1600, SOON))
    merchant.close(OTHER)
    assert merchant.query(OTHER) == Payment(PaymentState.PAID, 1600)
    merchant.close("0" * 32)  # of one that is not there nothing happens


def test_an_answer_is_on_the_order_that_was_asked_about(provider: SimulatedProvider, merchant: WechatPay) -> None:
    """A signature says that the provider spoke, not of what."""
    provider.till.pay(merchant.order(OTHER, 1600, SOON))
    provider.till.orders[NUMBER] = provider.till.orders[OTHER]
    with pytest.raises(PaymentUnavailable):
        merchant.query(NUMBER)


def test_a_refund_moves_money_once(provider: SimulatedProvider, merchant: WechatPay) -> None:
    provider.till.pay(merchant.order(NUMBER, 1600, SOON))
    assert merchant.refund(NUMBER, f"R{NUMBER}", 1600) is RefundState.PENDING
    assert merchant.refund(NUMBER, f"R{NUMBER}", 1600) is RefundState.DONE
    assert merchant.refund(NUMBER, f"R{NUMBER}", 1600) is RefundState.DONE
    assert provider.till.orders[NUMBER].refunded_fen == 1600
    with pytest.raises(PaymentUnavailable):
        merchant.refund(NUMBER, "another", 1600)
    assert merchant.query(NUMBER) == Payment(PaymentState.PAID, 1600)


def test_a_refund_that_does_not_arrive_is_said_to_be_stuck(provider: SimulatedProvider, merchant: WechatPay) -> None:
    provider.till.pay(merchant.order(NUMBER, 1600, SOON))
    provider.till.refunds_stick = True
    assert merchant.refund(NUMBER, f"R{NUMBER}", 1600) is RefundState.STUCK


@pytest.mark.parametrize("fault", ["refuse", "lose", "forge"])
def test_what_is_not_the_providers_answer_counts_for_nothing(
    provider: SimulatedProvider, merchant: WechatPay, fault: str
) -> None:
    setattr(provider.faults, fault, 1)
    with pytest.raises(PaymentUnavailable):
        merchant.order(NUMBER, 1600, SOON)
    assert (NUMBER in provider.till.orders) is (fault != "refuse")
    assert merchant.order(NUMBER, 1600, SOON) == merchant.order(NUMBER, 1600, SOON)


def test_nobody_listens(tmp_path: Path) -> None:
    make_keys(tmp_path, gateway="http://127.0.0.1:1", notify_url="https://127.0.0.1:1/nobody")
    with pytest.raises(PaymentUnavailable):
        WechatPay(load_merchant(tmp_path / "payment.toml")).query(NUMBER)


def test_another_merchants_requests_are_refused(provider: SimulatedProvider, tmp_path: Path) -> None:
    """The stand-in is worth nothing unless it checks."""
    _, file = make_keys(tmp_path / "other", gateway=provider.url, notify_url="https://127.0.0.1:1/nobody")
    with pytest.raises(PaymentUnavailable, match="SIGN_ERROR"):
        WechatPay(load_merchant(file)).order(NUMBER, 1600, SOON)


def test_a_notification_is_the_providers_own(provider: SimulatedProvider, merchant: WechatPay, tmp_path: Path) -> None:
    order = provider.till.pay(merchant.order(NUMBER, 1600, SOON))
    headers, body = provider.notification(order)
    assert merchant.notified(headers, body) == NUMBER
    lowered = {name.lower(): value for name, value in headers.items()}  # as a server has them
    assert merchant.notified(lowered, body) == NUMBER
    for spoilt_headers, spoilt in (
        (headers, body.replace(b"transaction", b"transactioN")),
        (headers | {"Wechatpay-Nonce": "0"}, body),
        (headers | {"Wechatpay-Serial": "no number"}, body),
        ({}, body),
        (headers, b""),
    ):
        with pytest.raises(NotificationRefused):
            merchant.notified(spoilt_headers, spoilt)
    own = provider.keys
    provider.keys, _ = make_keys(tmp_path / "other", gateway=provider.url, notify_url="https://127.0.0.1:1/nobody")
    with pytest.raises(NotificationRefused):
        merchant.notified(*provider.notification(order))
    provider.keys = own
    with pytest.raises(NotificationRefused, match="no order"):
        merchant.notified(*provider.notification(order, out_trade_no=None))


def test_a_strangers_notification_sends_the_centre_nowhere(
    provider: SimulatedProvider, merchant: WechatPay, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = provider.till.pay(merchant.order(NUMBER, 1600, SOON))
    headers, body = provider.notification(order)
    asked: list[str] = []

    def note(_provider: SimulatedProvider, _method: str, path: str, *_: object) -> tuple[int, dict[str, str]]:
        asked.append(path)
        return 404, {}

    monkeypatch.setattr(SimulatedProvider, "respond", note)
    with pytest.raises(NotificationRefused):
        merchant.notified(headers | {"Wechatpay-Serial": "5157F09E"}, body)
    assert asked == []


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("merchant_id = 1", "merchant_id"),
        ('merchant = "1"', "merchant"),
        ('private_key = "nothing.key"', "key"),
        ('provider_key = "merchant.key"', "key"),
        ("", "certificate_serial"),
    ],
)
def test_a_merchants_file_is_read_strictly(tmp_path: Path, line: str, word: str) -> None:
    _, file = make_keys(tmp_path, gateway="http://127.0.0.1:1", notify_url="https://127.0.0.1:1/nobody")
    name = line.partition(" ")[0] or "certificate_serial"
    kept = [one for one in file.read_text(encoding="utf-8").splitlines() if not one.startswith(f"{name} =")]
    file.write_text("\n".join([*kept, line]), encoding="utf-8")
    with pytest.raises(MerchantRefused, match=word):
        WechatPay(load_merchant(file))


def test_a_new_card_is_paid_over_the_wire_and_given_back(provider: SimulatedProvider, tmp_path: Path) -> None:
    with RunningCentre(tmp_path) as centre:  # once, to learn where it listens
        notify_url = f"{centre.url}/v1/payment-notifications"
        provider.keys, file = make_keys(tmp_path / "merchant", gateway=provider.url, notify_url=notify_url)
        centre.takes_fees = WechatPay(load_merchant(file))
        centre.restart()
        centre.clock.held_ms = NOW
        job = Job(centre, centre.enrol("yl-0001", "yunling"), YUNLING)
        job.reserve()
        order = provider.till.pay(job.order_fee().code_url)
        assert order.number == job.transaction_id
        assert provider.notify(order, trust=str(centre.ca_file)) == 204
        with centre.database.reading() as session:
            assert session.get_one(Fee, job.transaction_id).state == "paid"
        assert job.token().job_id == job.transaction_id
        provider.faults.lose = 1  # the refund is begun, and nobody hears of it
        job.abandon(AbandonedWhy.DEVICE)
        assert job.fee() is FeeStanding.REFUNDED
        assert [one.refunded_fen for one in provider.till.orders.values()] == [2000]
        forged = provider.notification(order)[0] | {"Wechatpay-Nonce": "0"}
        answer = requests.post(notify_url, data=b"{}", headers=forged, verify=str(centre.ca_file), timeout=10)
        assert (answer.status_code, answer.json()["code"]) == (401, "FAIL")


def test_nobody_pays_after_the_end() -> None:
    clock = Clock()
    till = Till(clock)
    order = till.order(NUMBER, 1600, SOON, "")
    clock.now_ms = SOON
    with pytest.raises(Declined):
        till.pay(order.code_url)
    assert till.come_through(NUMBER).paid_fen == 1600
    assert till.query(NUMBER).state == "SUCCESS"
