"""One signed question, one signed answer: everything between HTTP and the centre's rooms.

A body is read no further than the protocol allows, its signature is checked over the bytes as they came, and every
answer that can be bound to a signature is signed, problems and defects included.
"""

import logging
import re
import secrets
import traceback
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures.exceptions import HTTPMessageSignaturesException
from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from central.database import Database
from central.keys import CentreKeys
from central.problems import BUSY, Declined, bad_signature, malformed, too_large
from central.tables import Terminal, UsedNonce
from kiosk.records.enrolment import AskEnrolment
from kiosk.records.signatures import (
    CLOCK_TOLERANCE_S,
    BadSignature,
    HttpAnswer,
    HttpRequest,
    Signed,
    StaleSignature,
    sign_answer,
    verify_request,
)
from kiosk.records.upload import MAX_BATCH_BYTES, Malformed, decode, encode

_log: Final = logging.getLogger("central")
_JSON: Final = "application/json"
_MAX_NONCE: Final = 128
_HOST: Final = re.compile(r"[A-Za-z0-9._:\[\]-]+")
_NONCES_KEPT_S: Final = 2 * CLOCK_TOLERANCE_S
_GZIP: Final = 31  # zlib: 32 KiB window, gzip header and trailer
# What every request needs is built once: building a statement costs as much as executing it.
_terminals: Final = Terminal.__table__.columns
_TERMINAL: Final = select(_terminals["public_key"], _terminals["revoked_at"]).where(
    _terminals["id"] == bindparam("of_terminal")
)
_SEEN: Final = (
    update(Terminal).where(_terminals["id"] == bindparam("of_terminal")).values(last_seen=bindparam("now_ms"))
)
_SPEND_SQLITE: Final = sqlite.insert(UsedNonce).on_conflict_do_nothing().returning(UsedNonce.seen_at)
_SPEND_POSTGRESQL: Final = postgresql.insert(UsedNonce).on_conflict_do_nothing().returning(UsedNonce.seen_at)

Q = TypeVar("Q", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who signed the request."""

    terminal: str
    public_key: Ed25519PublicKey


@dataclass(frozen=True, slots=True)
class Exchange:
    """Receives, checks, answers."""

    database: Database
    keys: CentreKeys
    clock: Callable[[], float]
    """Seconds since 1970 UTC."""

    async def answer(self, request: Request, kind: type[Q], work: Callable[[Asker, Q], msgspec.Struct]) -> Response:
        """Do ``work`` for a genuine request of the given kind and sign what comes of it.

        ``work`` runs in a thread; what it raises as :class:`Declined` becomes a problem.
        """
        question = _as_received(request)
        try:
            body = await _read(request)
        except Declined as declined:
            return await run_in_threadpool(self._signed, question, declined.status, declined.problem(self.clock()))
        return await run_in_threadpool(self._answer, question, body, kind, work)

    async def answer_newcomer(self, request: Request, work: Callable[[AskEnrolment], msgspec.Struct]) -> Response:
        """The same for a terminal that nobody knows yet: what it asks names the key that it must have signed with.

        No nonce is remembered for strangers: ``work`` must answer the same request alike as often as it comes.
        """
        question = _as_received(request)
        try:
            body = await _read(request)
        except Declined as declined:
            return await run_in_threadpool(self._signed, question, declined.status, declined.problem(self.clock()))
        return await run_in_threadpool(self._answered, question, lambda: work(self._self_signed(question, body)))

    def _answer(
        self, question: HttpRequest, body: bytes, kind: type[Q], work: Callable[[Asker, Q], msgspec.Struct]
    ) -> Response:
        return self._answered(question, lambda: work(self._authenticate(question, body), _decode(_unpack(body), kind)))

    def _answered(self, question: HttpRequest, work: Callable[[], msgspec.Struct]) -> Response:
        try:
            status, answer = 200, work()
        except Declined as declined:
            status, answer = declined.status, declined.problem(self.clock())
        except (OperationalError, IntegrityError, PoolExhausted) as error:
            # Locked, restarting, or two transactions that crossed: asked again, it works.
            _log.warning("the database is busy: %s", type(error).__name__)
            status, answer = BUSY, Declined(BUSY, "busy").problem(self.clock())
        except Exception as error:  # noqa: BLE001 - a terminal must get a signed answer even from a defect of ours
            _log.error("defect: %s", _place_of(error))
            status, answer = 500, Declined(500, "defect").problem(self.clock())
        return self._signed(question, status, answer)

    def _authenticate(self, question: HttpRequest, body: bytes) -> Asker:
        """Who asks.

        :raises Declined: not signed, not enrolled, struck off, at the wrong time, or a second time.
        """
        found: dict[str, tuple[Ed25519PublicKey, int | None] | None] = {}

        def public_key(key_id: str) -> Ed25519PublicKey | None:
            found[key_id] = terminal = None if "\0" in key_id else self._enrolled(key_id)
            return terminal[0] if terminal else None

        try:
            signed = verify_request(question, body, keys=public_key, now=self.clock())
        except StaleSignature as error:
            raise Declined(401, "clock") from error
        except BadSignature as error:
            if found and None in found.values():
                raise Declined(403, "unknown_terminal") from error
            raise bad_signature("the signature does not hold") from error
        terminal = found.get(signed.key_id)
        if terminal is None:
            raise bad_signature("the signature names no key")
        public, revoked_at = terminal
        if revoked_at is not None:
            raise Declined(403, "revoked")
        self._remember(signed)
        return Asker(signed.key_id, public)

    def _self_signed(self, question: HttpRequest, body: bytes) -> AskEnrolment:
        """What was asked, by whoever holds the key that stands in it.

        :raises Declined: signed with another key, under another name, or at the wrong time.
        """
        asked = _decode(_unpack(body), AskEnrolment)
        if len(asked.public_key) != 32:
            raise malformed("a terminal's key has 32 bytes")
        key = Ed25519PublicKey.from_public_bytes(asked.public_key)
        try:
            verify_request(question, body, keys=lambda id_: key if id_ == asked.terminal else None, now=self.clock())
        except StaleSignature as error:
            raise Declined(401, "clock") from error
        except BadSignature as error:
            raise bad_signature("not signed with the key that it names") from error
        return asked

    def _enrolled(self, key_id: str) -> tuple[Ed25519PublicKey, int | None] | None:
        """Key of a terminal, and when it was struck off."""
        with self.database.reading() as session:
            row = session.connection().execute(_TERMINAL, {"of_terminal": key_id}).one_or_none()
        return None if row is None else (Ed25519PublicKey.from_public_bytes(row[0]), row[1])

    def _remember(self, signed: Signed) -> None:
        """Spend the nonce.

        :raises Declined: it was spent before.
        """
        if not 0 < len(signed.nonce) <= _MAX_NONCE or "\0" in signed.nonce:
            raise bad_signature("a nonce has 1 to 128 characters")
        now_ms = int(self.clock() * 1000)
        row = {"terminal": signed.key_id, "nonce": signed.nonce, "seen_at": now_ms}
        with self.database.writing() as session:
            connection = session.connection()
            spent = connection.execute(_SPEND_SQLITE if self.database.is_sqlite else _SPEND_POSTGRESQL, row).first()
            if spent is None:
                raise Declined(401, "replayed")
            connection.execute(_SEEN, {"of_terminal": signed.key_id, "now_ms": now_ms})
            if secrets.randbelow(100) == 0:
                session.execute(delete(UsedNonce).where(UsedNonce.seen_at < now_ms - _NONCES_KEPT_S * 1000))

    def _signed(self, question: HttpRequest, status: int, answer: msgspec.Struct) -> Response:
        body = _pack(encode(answer))
        headers = {"content-type": _JSON, "content-encoding": "gzip"}
        try:
            sign_answer(
                HttpAnswer(status, headers, question),
                body,
                key=self.keys.signing,
                key_id=self.keys.key_id,
                nonce=secrets.token_hex(16),
                now=self.clock(),
            )
        except (HTTPMessageSignaturesException, ValueError):
            # A question without a readable signature leaves nothing to bind the answer to: it goes unsigned, and
            # a terminal believes none of it.
            headers = {"content-type": _JSON, "content-encoding": "gzip"}
        return Response(body, status, headers)


async def _read(request: Request) -> bytes:
    received = bytearray()
    try:
        async for chunk in request.stream():
            received += chunk
            if len(received) > MAX_BATCH_BYTES:
                raise too_large("the body is too long")
    except ClientDisconnect as error:
        raise malformed("the body was cut") from error
    return bytes(received)


def _as_received(request: Request) -> HttpRequest:
    """The request with @authority from its Host header, and path and query undecoded, as they were signed."""
    headers: dict[str, str] = {}
    for name, value in request.scope["headers"]:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    query = request.scope["query_string"].decode("latin-1")
    path = request.scope["raw_path"].decode("latin-1")
    host = headers.get("host", "")
    # A host with a path in it, or a fragment, would let a signature hold for another path than the one that is served.
    authority = host if _HOST.fullmatch(host) else ""
    url = f"{request.scope['scheme']}://{authority}{path}" + (f"?{query}" if query else "")
    return HttpRequest(request.method, url.replace("#", "%23"), headers)


def _unpack(body: bytes) -> bytes:
    unpacker = zlib.decompressobj(_GZIP)
    try:
        data = unpacker.decompress(body, MAX_BATCH_BYTES + 1)
    except zlib.error as error:
        raise malformed("the body is not gzip") from error
    if len(data) > MAX_BATCH_BYTES:
        raise too_large("the body unpacks to more than allowed")
    if not unpacker.eof or unpacker.unused_data:
        raise malformed("the body is not one whole gzip member")
    return data


def _pack(data: bytes) -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, _GZIP)
    return packer.compress(data) + packer.flush()


def _decode(data: bytes, kind: type[Q]) -> Q:
    if b"\\u0000" in data:
        raise malformed("no text holds a NUL")  # PostgreSQL can't store it
    try:
        return decode(data, kind)
    except Malformed as error:
        raise malformed(str(error)) from error


def _place_of(error: BaseException) -> str:
    """Type and place of an exception, without its text."""
    frames = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    return f"{type(error).__name__} at {' < '.join(reversed(frames[-4:]))}"
