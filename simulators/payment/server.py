"""The provider on HTTP: ``/v3/…`` for merchants, signed both ways; ``/bench/…`` for whoever pays in a demonstration."""

import base64
import json
import logging
import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import unquote

import requests
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

from simulators.payment.keys import APP_ID, MERCHANT_ID, MERCHANT_SERIAL, PROVIDER_KEY_ID, ProviderKeys
from simulators.payment.till import Declined, Order, Refund, Till

_log: Final = logging.getLogger(__name__)
_SCHEME: Final = "WECHATPAY2-SHA256-RSA2048"
_PARAMETER: Final = re.compile(r'(\w+)="([^"]*)"')
_TOLERANCE_S: Final = 300
_NOTIFY_TIMEOUT_S: Final = 10
_BY_NUMBER: Final = re.compile(r"/v3/pay/transactions/out-trade-no/([^/?]+)(/close)?(?:\?mchid=(\d+))?")


@dataclass
class Faults:
    """What goes wrong on the way, ordered from outside."""

    refuse: int = 0
    """So many requests are answered 503, and nothing is done."""
    lose: int = 0
    """So many are done, and their answer never leaves."""
    forge: int = 0
    """So many answers are signed by somebody else."""


class SimulatedProvider:
    """A provider that listens on loopback. Use as a context manager.

    :param clock: seconds since 1970 UTC, of orders; signatures go by the machine's.
    """

    def __init__(
        self, keys: ProviderKeys | None = None, *, port: int = 0, clock: Callable[[], float] = time.time
    ) -> None:
        self.keys = keys
        self.till = Till(clock)
        self.faults = Faults()
        self.trust: Path | None = None
        """The CA of the merchant's own server; without it nobody is told of payments made on the bench."""
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="payment", daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def serve(self) -> None:
        """Serve until the process ends."""
        self._server.serve_forever()

    def notification(self, order: Order, **changed: Any) -> tuple[dict[str, str], bytes]:
        """Headers and body of what a merchant is told of a payment.

        :param changed: fields of the sealed part that are to say something else.
        """
        keys = self._keys()
        nonce, associated = secrets.token_hex(6), "transaction"
        plain = json.dumps(_told(order) | changed).encode()
        sealed = AESGCM(keys.api_v3_key.encode()).encrypt(nonce.encode(), plain, associated.encode())
        body = json.dumps(
            {
                "id": secrets.token_hex(16),
                "event_type": "TRANSACTION.SUCCESS",
                "resource_type": "encrypt-resource",
                "resource": {
                    "algorithm": "AEAD_AES_256_GCM",
                    "ciphertext": base64.b64encode(sealed).decode(),
                    "nonce": nonce,
                    "associated_data": associated,
                },
            }
        ).encode()
        return self.signed(body), body

    def notify(self, order: Order, *, trust: str | bool = True) -> int:
        """Tell the merchant of a payment; its answer's status.

        :param trust: a file with the CA of the merchant's own server.
        """
        headers, body = self.notification(order)
        headers["Content-Type"] = "application/json"
        return requests.post(
            order.notify_url, data=body, headers=headers, verify=trust, timeout=_NOTIFY_TIMEOUT_S
        ).status_code

    def signed(self, body: bytes) -> dict[str, str]:
        """The headers that sign a body as the provider."""
        timestamp, nonce = str(int(time.time())), secrets.token_hex(16)
        message = b"%s\n%s\n%s\n" % (timestamp.encode(), nonce.encode(), body)
        signature = self._keys().signing.sign(message, PKCS1v15(), SHA256())
        return {
            "Wechatpay-Timestamp": timestamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Serial": PROVIDER_KEY_ID,
            "Wechatpay-Signature": base64.b64encode(signature).decode(),
            "Wechatpay-Signature-Type": _SCHEME,
        }

    def check(self, method: str, path: str, authorization: str, body: bytes) -> None:
        """:raises Declined: the merchant has not signed this."""
        scheme, _, rest = authorization.partition(" ")
        values = dict(_PARAMETER.findall(rest))
        message = "\n".join((method, path, values.get("timestamp", ""), values.get("nonce_str", ""), "")).encode()
        try:
            late = abs(time.time() - int(values.get("timestamp", ""))) > _TOLERANCE_S
            self._keys().merchant.verify(
                base64.b64decode(values.get("signature", "")), message + body + b"\n", PKCS1v15(), SHA256()
            )
        except (InvalidSignature, ValueError) as error:
            raise Declined(401, "SIGN_ERROR") from error
        named = (values.get("mchid"), values.get("serial_no")) == (MERCHANT_ID, MERCHANT_SERIAL)
        if scheme != _SCHEME or late or not named:
            raise Declined(401, "SIGN_ERROR")

    def respond(self, method: str, path: str, authorization: str, body: bytes) -> tuple[int, Any]:
        """Status and words for whoever asks."""
        try:
            if path.startswith("/bench/"):
                return 200, self.bench(method, path)
            if self.faults.refuse > 0:
                self.faults.refuse -= 1
                return 503, {"code": "SYSTEM_ERROR"}
            self.check(method, path, authorization, body)
            told = self.answer(method, path, body)
        except Declined as declined:
            return declined.status, {"code": declined.code}
        except (KeyError, TypeError, ValueError):
            return 400, {"code": "PARAM_ERROR"}
        return (204 if told is None else 200), told

    def answer(self, method: str, path: str, body: bytes) -> dict[str, Any] | None:
        """What a merchant's genuine request comes to; None without words.

        :raises Declined: it comes to nothing.
        """
        found = _BY_NUMBER.fullmatch(path)
        match method, path:
            case "POST", "/v3/pay/transactions/native":
                return self._native(json.loads(body))
            case "POST", "/v3/refund/domestic/refunds":
                asked = json.loads(body)
                amount = asked["amount"]
                refund = self.till.refund(
                    asked["out_trade_no"], asked["out_refund_no"], amount["refund"], amount["total"]
                )
                return _refund_told(asked["out_trade_no"], refund)
            case "GET", _ if found is not None and not found[2] and found[3] == MERCHANT_ID:
                return _told(self.till.query(unquote(found[1])))
            case "POST", _ if found is not None and found[2] and json.loads(body) == {"mchid": MERCHANT_ID}:
                self.till.close(unquote(found[1]))
                return None
            case _:
                raise Declined(404, "NOT_FOUND")

    def bench(self, method: str, path: str) -> Any:
        """What somebody at the demonstration sees and does.

        :raises Declined: nobody can pay that now.
        """
        match method, path:
            case "GET", "/bench/orders":
                return [
                    {"number": one.number, "amount_fen": one.amount_fen, "state": one.state, "code_url": one.code_url,
                     "paid_fen": one.paid_fen, "refunded_fen": one.refunded_fen}
                    for one in self.till.orders.values()
                ]  # fmt: skip
            case "POST", _ if path.startswith("/bench/pay?code_url="):
                order = self.till.pay(unquote(path.partition("=")[2]))
                if self.trust is not None:
                    threading.Thread(target=self._tell, args=(order,), name="notification", daemon=True).start()
                return {"number": order.number, "state": order.state}
            case _:
                raise Declined(404, "NOT_FOUND")

    def _tell(self, order: Order) -> None:
        try:
            self.notify(order, trust=str(self.trust))
        except requests.RequestException as error:
            _log.warning("nobody took the notification: %s", type(error).__name__)  # the merchant asks by itself

    def _native(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        if (asked["mchid"], asked["appid"], asked["amount"]["currency"]) != (MERCHANT_ID, APP_ID, "CNY"):
            raise Declined(400, "PARAM_ERROR")
        until = int(datetime.fromisoformat(asked["time_expire"]).timestamp() * 1000)
        order = self.till.order(asked["out_trade_no"], asked["amount"]["total"], until, asked["notify_url"])
        return {"code_url": order.code_url}

    def _keys(self) -> ProviderKeys:
        if self.keys is None:
            raise LookupError("it was not given its keys yet")
        return self.keys


def _told(order: Order) -> dict[str, Any]:
    told: dict[str, Any] = {
        "appid": APP_ID, "mchid": MERCHANT_ID, "out_trade_no": order.number, "trade_type": "NATIVE",
        "trade_state": order.state,
    }  # fmt: skip
    if order.paid_fen:
        told["transaction_id"] = order.payment
        told["amount"] = {"total": order.paid_fen, "payer_total": order.paid_fen, "currency": "CNY"}
    return told


def _refund_told(number: str, refund: Refund) -> dict[str, Any]:
    return {
        "out_trade_no": number, "out_refund_no": refund.number, "status": refund.state,
        "amount": {"refund": refund.amount_fen, "currency": "CNY"},
    }  # fmt: skip


def _handler(provider: SimulatedProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._serve("GET")

        def do_POST(self) -> None:
            self._serve("POST")

        def log_message(self, *_: Any) -> None:
            """Order numbers are nobody's business."""

        def _serve(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            status, told = provider.respond(method, self.path, self.headers.get("authorization", ""), body)
            if provider.faults.lose > 0:
                provider.faults.lose -= 1
                self.close_connection = True
                return
            self._send(status, told, sign=status in (200, 204) and self.path.startswith("/v3/"))

        def _send(self, status: int, told: Any, *, sign: bool) -> None:
            body = b"" if told is None else json.dumps(told).encode()
            self.send_response(status)
            for name, value in (provider.signed(body) if sign else {}).items():
                forged = name == "Wechatpay-Signature" and provider.faults.forge > 0
                if forged:
                    provider.faults.forge -= 1
                self.send_header(name, base64.b64encode(bytes(256)).decode() if forged else value)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler
