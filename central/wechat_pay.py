"""WeChat Pay Native (API v3) by ``wechatpayv3``: a QR code, a question, a refund.

The library signs requests with the merchant's key and checks every answer and notification with the provider's public
key.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import requests
from wechatpayv3 import WeChatPay, WeChatPayType

from central.payments import (
    MerchantRefused,
    NotificationRefused,
    Payment,
    PaymentState,
    PaymentUnavailable,
    RefundState,
)
from kiosk.records.china_time import CHINA

GATEWAY: Final = "https://api.mch.weixin.qq.com"
DESCRIPTION: Final = "社会保障卡工本费"
"""What the payer's telephone shows; names nobody."""
_TIMEOUT_S: Final = (3.05, 10)
_ORDER: Final = msgspec.json.Decoder(dict[str, Any])
_STATES: Final = {
    "SUCCESS": PaymentState.PAID,
    "REFUND": PaymentState.PAID,
    "NOTPAY": PaymentState.OPEN,
    "USERPAYING": PaymentState.OPEN,
    "PAYERROR": PaymentState.OPEN,
    "CLOSED": PaymentState.CLOSED,
    "REVOKED": PaymentState.CLOSED,
}
"""``trade_state``."""
_REFUNDS: Final = {
    "SUCCESS": RefundState.DONE,
    "PROCESSING": RefundState.PENDING,
    "ABNORMAL": RefundState.STUCK,
    "CLOSED": RefundState.STUCK,
}
_NOTHING_TO_CLOSE: Final = frozenset({"ORDERPAID", "ORDER_PAID", "ORDER_CLOSED", "ORDERNOTEXIST", "ORDER_NOT_EXIST"})
_NOT_THERE: Final = frozenset({"ORDERNOTEXIST", "ORDER_NOT_EXIST", "RESOURCE_NOT_EXISTS"})


class Merchant(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who takes the money, as WeChat Pay's merchant platform names it. Paths are relative to the file they stand in."""

    merchant_id: str
    """mchid."""
    app_id: str
    certificate_serial: str
    """Of the merchant's API certificate."""
    private_key: Path
    """Of the same, RSA, PEM."""
    api_v3_key: Path
    """A file with 32 characters: opens notifications."""
    provider_key: Path
    """The provider's public key, PEM."""
    provider_key_id: str
    """``PUB_KEY_ID_…``."""
    notify_url: str
    """Where the provider reaches ``POST /v1/payment-notifications``."""
    gateway: str = GATEWAY

    def __repr__(self) -> str:
        return f"<Merchant {self.merchant_id}>"


def load_merchant(path: Path) -> Merchant:
    """Read a merchant's file.

    :raises MerchantRefused: see there; the text names the field.
    """

    def decode_path(kind: type, value: Any) -> Any:
        if kind is Path and isinstance(value, str):
            return (path.parent / value).resolve()
        raise TypeError("a path in quotes is wanted")

    try:
        return msgspec.toml.decode(path.read_bytes(), type=Merchant, dec_hook=decode_path)
    except (OSError, UnicodeDecodeError, RecursionError, msgspec.DecodeError) as error:
        raise MerchantRefused(f"{path}: {error}") from error


class WechatPay:
    """A :class:`central.payments.PaymentProvider`.

    :raises MerchantRefused: a key can't be read.
    """

    def __init__(self, merchant: Merchant) -> None:
        self._merchant = merchant
        try:
            self._client = WeChatPay(
                wechatpay_type=WeChatPayType.NATIVE,
                mchid=merchant.merchant_id,
                private_key=merchant.private_key.read_text(encoding="ascii"),
                cert_serial_no=merchant.certificate_serial,
                appid=merchant.app_id,
                apiv3_key=merchant.api_v3_key.read_text(encoding="ascii").strip(),
                notify_url=merchant.notify_url,
                timeout=_TIMEOUT_S,
                public_key=merchant.provider_key.read_text(encoding="ascii"),
                public_key_id=merchant.provider_key_id,
            )
        except Exception as error:  # the library raises nothing narrower
            raise MerchantRefused(f"{merchant.merchant_id}: a key can't be read") from error
        # It has no public word for another address than the provider's own.
        self._client._core._gate_way = merchant.gateway.rstrip("/")

    def order(self, number: str, amount_fen: int, expires_at_ms: int) -> str:
        """See :meth:`central.payments.PaymentProvider.order`."""
        until = datetime.fromtimestamp(expires_at_ms // 1000, CHINA).isoformat()
        status, told = self._asked(
            "order",
            self._client.pay,
            description=DESCRIPTION,
            out_trade_no=number,
            amount={"total": amount_fen, "currency": "CNY"},
            time_expire=until,
        )
        code_url = told.get("code_url")
        if status != 200 or not isinstance(code_url, str):
            raise PaymentUnavailable(f"order: {status} {told.get('code')}")
        return code_url

    def query(self, number: str) -> Payment:
        """See :meth:`central.payments.PaymentProvider.query`."""
        status, told = self._asked("query", self._client.query, out_trade_no=number)
        if status == 404 and told.get("code") in _NOT_THERE:
            return Payment(PaymentState.UNKNOWN)
        state = _STATES.get(str(told.get("trade_state")))
        # The answer is signed, but over whatever order it is: it must be the one that was asked about.
        if status != 200 or state is None or told.get("out_trade_no") != number:
            raise PaymentUnavailable(f"query: {status} {told.get('code')}")
        if state is not PaymentState.PAID:
            return Payment(state)
        amount = told.get("amount")
        total = amount.get("total") if isinstance(amount, dict) else None
        if not isinstance(total, int) or told.get("mchid") != self._merchant.merchant_id:
            raise PaymentUnavailable("query: a payment without its amount, or another merchant's")
        return Payment(state, total)

    def close(self, number: str) -> None:
        """See :meth:`central.payments.PaymentProvider.close`."""
        status, told = self._asked("close", self._client.close, out_trade_no=number)
        if status not in (200, 204) and told.get("code") not in _NOTHING_TO_CLOSE:
            raise PaymentUnavailable(f"close: {status} {told.get('code')}")

    def refund(self, number: str, refund_number: str, amount_fen: int) -> RefundState:
        """See :meth:`central.payments.PaymentProvider.refund`."""
        status, told = self._asked(
            "refund",
            self._client.refund,
            out_refund_no=refund_number,
            out_trade_no=number,
            amount={"refund": amount_fen, "total": amount_fen, "currency": "CNY"},
        )
        state = _REFUNDS.get(str(told.get("status")))
        if status != 200 or state is None or told.get("out_refund_no") != refund_number:
            raise PaymentUnavailable(f"refund: {status} {told.get('code')}")
        return state

    def notified(self, headers: Mapping[str, str], body: bytes) -> str:
        """See :meth:`central.payments.PaymentProvider.notified`."""
        serial = {name.lower(): value for name, value in headers.items()}.get("wechatpay-serial")
        if serial != self._merchant.provider_key_id:
            # For another key the library would ask the provider, as often as anybody likes.
            raise NotificationRefused("signed with another key than the provider's")
        try:
            told = self._client.callback(dict(headers), body)
        except Exception as error:  # the library raises nothing narrower
            raise NotificationRefused(type(error).__name__) from error
        resource = told.get("resource") if isinstance(told, dict) else None
        number = resource.get("out_trade_no") if isinstance(resource, dict) else None
        if not isinstance(number, str):
            raise NotificationRefused("it names no order, or does not open")
        return number

    def _asked(self, what: str, call: Any, **values: Any) -> tuple[int, dict[str, Any]]:
        """Status and body of an answer whose signature holds, or of a refusal, which has none."""
        try:
            status, text = call(**values)
        except requests.RequestException as error:
            raise PaymentUnavailable(f"{what}: {type(error).__name__}") from error
        except Exception as error:  # a signature that does not hold: the library raises nothing narrower
            raise PaymentUnavailable(f"{what}: an answer that is not the provider's") from error
        try:
            return status, _ORDER.decode(text) if text else {}
        except msgspec.DecodeError as error:
            raise PaymentUnavailable(f"{what}: {status} without words") from error
