"""Signed HTTPS to the centre (docs/protocol.md): every question is signed, no answer is believed before its check."""

import gzip
import secrets
import ssl
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from kiosk.central_client.clock_offset import ClockOffset
from kiosk.central_client.errors import CentreDistrusted, CentreRefused, CentreUnreachable
from kiosk.records import signatures
from kiosk.records.upload import Malformed, Problem, decode, encode

T = TypeVar("T")

MAX_ANSWER_BYTES: Final = 8 * 1024 * 1024
"""Most bytes of an answer, packed or unpacked; docs/protocol.md."""
CONNECT_TIMEOUT_S: Final = 3.05
"""A little over 3 s, so that one lost SYN (resent after 1 s, then 2 s) is forgiven."""
_GZIP: Final = 16 + zlib.MAX_WBITS
_LEVEL: Final = 6
_PIECE: Final = 64 * 1024
_NOT_NOW: Final = frozenset({429, 503})


@dataclass(slots=True)
class _Exchange:
    """One question and its answer, as its socket sees them."""

    ends_at: float = 0.0
    """Monotonic seconds."""
    sent: bool = False
    """Bytes of the question have left."""
    certificate_ends_s: int | None = None
    """Of the certificate that the other end last showed, seconds since 1970 UTC."""

    def remaining(self) -> float:
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer was not whole in time")
        return left


def _socket_for(exchange: _Exchange) -> type[ssl.SSLSocket]:
    class BoundedSocket(ssl.SSLSocket):
        """Time-outs of the libraries count from byte to byte: a sender that drips could hold a terminal for ever."""

        def do_handshake(self, block: bool = False) -> None:
            super().do_handshake(block)
            shown = self.getpeercert()
            if shown:
                exchange.certificate_ends_s = int(ssl.cert_time_to_seconds(str(shown["notAfter"])))

        def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:
            self.settimeout(exchange.remaining())
            return super().recv_into(buffer, nbytes, flags)

        def send(self, data: Any, flags: int = 0) -> int:
            self.settimeout(exchange.remaining())
            exchange.sent = True
            return super().send(data, flags)

    return BoundedSocket


class CentreAdapter(HTTPAdapter):
    """HTTPS that trusts one CA and ends each exchange as a whole in time."""

    def __init__(self, ca_file: Path) -> None:
        self.exchange = _Exchange()
        self._context = ssl.create_default_context(cafile=ca_file)
        self._context.sslsocket_class = _socket_for(self.exchange)
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **pool: Any) -> None:
        """Give the pool our context."""
        super().init_poolmanager(connections, maxsize, block, ssl_context=self._context, **pool)

    def begin(self, seconds: float) -> None:
        """Start the clock of the next exchange."""
        self.exchange.ends_at = time.monotonic() + seconds
        self.exchange.sent = False


class _CentreSession(requests.Session):
    """Sees no redirect: merely to look where one leads, the library would unpack its body without bound."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


class SignedConnection:
    """A kept-alive connection of one terminal to its centre. For one thread at a time.

    :param ca_file: PEM of the only CA that is trusted; the environment is not asked.
    :param centre_keys: the centre's Ed25519 keys by key id.
    :param clock: seconds since 1970 UTC by this machine.
    :param answer_within_s: most seconds from the first byte of a question to the last of its answer.
    :param adapter: what carries the requests; a test puts a bad line here.
    """

    def __init__(
        self,
        base_url: str,
        ca_file: Path,
        *,
        terminal_id: str,
        key: Ed25519PrivateKey,
        centre_keys: Mapping[str, Ed25519PublicKey],
        clock: Callable[[], float],
        offset: ClockOffset,
        answer_within_s: float = 10.0,
        adapter: CentreAdapter | None = None,
    ) -> None:
        if not base_url.startswith("https://"):
            raise ValueError("the centre is reached by https only")
        self.terminal_id = terminal_id
        self.offset = offset
        self._base_url = base_url.rstrip("/")
        self._ca_file = str(ca_file)
        self._key = key
        self._centre_keys = centre_keys
        self._clock = clock
        self._answer_within_s = answer_within_s
        self._adapter = adapter or CentreAdapter(ca_file)
        self._session = _CentreSession()
        self._session.trust_env = False  # REQUESTS_CA_BUNDLE would silently replace the pinned CA (psf/requests#3829)
        self._session.mount("https://", self._adapter)

    def ask(self, path: str, question: msgspec.Struct, kind: type[T]) -> T:
        """The centre's answer to ``question``, its signature checked; a wrong clock of ours is mended on the way.

        :raises CentreUnreachable: no whole answer in time; ``maybe_done`` when the question may have arrived.
        :raises CentreDistrusted: the answer does not prove to be the centre's, or has not the form agreed.
        :raises CentreRefused: the centre says no.
        """
        body = gzip.compress(encode(question), _LEVEL, mtime=0)
        try:
            return self._ask_once(path, body, kind)
        except CentreRefused as refused:
            if refused.problem.type not in {"clock", "replayed"}:
                raise
        return self._ask_once(path, body, kind)

    @property
    def certificate_ends_ms(self) -> int | None:
        """Until when the certificate is good that the centre last showed, ms since 1970 UTC; None before any."""
        ends_s = self._adapter.exchange.certificate_ends_s
        return None if ends_s is None else ends_s * 1000

    def close(self) -> None:
        """Drop the line."""
        self._session.close()

    def _ask_once(self, path: str, body: bytes, kind: type[T]) -> T:
        request = self._signed(path, body)
        self._adapter.begin(self._answer_within_s)
        try:
            with self._session.send(
                request, stream=True, verify=self._ca_file, allow_redirects=False,
                timeout=(CONNECT_TIMEOUT_S, self._answer_within_s),
            ) as answer:  # fmt: skip
                packed = _whole_body(answer)
        except (requests.RequestException, HTTPError) as error:
            if (reason := _certificate_error(error)) is not None:
                raise CentreDistrusted(f"the certificate does not hold: {reason}", maybe_done=False) from error
            raise CentreUnreachable(
                f"no answer: {type(error).__name__}", maybe_done=self._adapter.exchange.sent
            ) from error
        return self._believed(answer, packed, kind)

    def _signed(self, path: str, body: bytes) -> requests.PreparedRequest:
        request = requests.Request(
            "POST", self._base_url + path, data=body,
            headers={"Content-Type": "application/json", "Content-Encoding": "gzip", "Accept-Encoding": "gzip"},
        ).prepare()  # fmt: skip
        now = self._clock() + self.offset.milliseconds() / 1000
        signatures.sign_request(
            request, body, key=self._key, key_id=self.terminal_id, nonce=secrets.token_urlsafe(16), now=now
        )
        return request

    def _believed(self, answer: requests.Response, packed: bytes, kind: type[T]) -> T:
        status = answer.status_code
        if "Signature" not in answer.headers and (status >= 500 or status in _NOT_NOW):
            raise CentreUnreachable(f"{status} from something before the centre", maybe_done=True)
        try:
            signed = signatures.verify_answer(
                signatures.HttpAnswer(status, dict(answer.headers), answer.request), packed, keys=self._centre_keys.get
            )
        except signatures.BadSignature as error:
            raise CentreDistrusted(
                f"an answer {status} that the centre did not sign for this question", maybe_done=True
            ) from error
        self.offset.learn(signed.created, self._clock())
        try:
            body = _unpacked(packed, answer.headers.get("Content-Encoding", ""))
            if status == 200:
                return decode(body, kind)
            problem = decode(body, Problem)
        except Malformed as error:
            raise CentreDistrusted(f"a signed answer {status} that is {error}", maybe_done=status == 200) from error
        if status in _NOT_NOW:
            raise CentreUnreachable("the centre is busy", maybe_done=False)
        if status >= 500:
            raise CentreUnreachable(f"the centre failed: {problem.type}", maybe_done=True)
        raise CentreRefused(status, problem)


def _whole_body(answer: requests.Response) -> bytes:
    body = bytearray()
    while piece := answer.raw.read1(_PIECE, decode_content=False):
        body += piece
        if len(body) > MAX_ANSWER_BYTES:
            raise CentreDistrusted("an answer without end", maybe_done=True)
    return bytes(body)


def _unpacked(packed: bytes, encoding: str) -> bytes:
    if encoding != "gzip":
        raise Malformed("not gzip")
    unpacker = zlib.decompressobj(_GZIP)
    try:
        body = unpacker.decompress(packed, MAX_ANSWER_BYTES + 1)
    except zlib.error as error:
        raise Malformed("not gzip") from error
    if len(body) > MAX_ANSWER_BYTES:
        raise Malformed("too large")
    if not unpacker.eof or unpacker.unused_data:
        raise Malformed("not one whole gzip member")
    return body


def _certificate_error(error: BaseException) -> str | None:
    """What is wrong with the certificate, in OpenSSL's words; None when the line failed for another reason."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause.verify_message
        cause = cause.__cause__ or cause.__context__
    return None
