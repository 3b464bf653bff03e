"""Our profile of HTTP Message Signatures (RFC 9421) over content digests (RFC 9530), the same at both ends.

A request covers @method, @authority, @path, @query, content-digest (over the bytes as sent, compressed),
content-type and content-encoding, with created, expires, nonce, keyid, alg and tag; a centre that misses one of them
refuses. An answer covers @status, content-digest, content-type and the request's own signature, so that it can be
neither moved to another question nor kept for later: that binding, not the terminal's clock, makes an answer fresh.
"""

import datetime
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    algorithms,
)
from http_message_signatures.exceptions import HTTPMessageSignaturesException

REQUEST_COMPONENTS: Final = (
    "@method", "@authority", "@path", "@query", "content-digest", "content-type", "content-encoding",
)  # fmt: skip
ANSWER_COMPONENTS: Final = ("@status", "content-digest", "content-type", '"signature";req;key="terminal"')
REQUEST_TAG: Final = "ssct-request"
ANSWER_TAG: Final = "ssct-answer"
REQUEST_LABEL: Final = "terminal"
ANSWER_LABEL: Final = "centre"
CLOCK_TOLERANCE_S: Final = 300
"""How far a request's ``created`` may lie from the centre's clock, either way."""
_END_OF_TIME: Final = 1 << 37
"""The year 6325: a terminal that took a time beyond all calendars for its own could sign nothing any more."""
_PARAMETERS: Final = frozenset({"created", "expires", "nonce", "keyid", "alg", "tag"})


class BadSignature(Exception):
    """Not signed, not by this key, not over these bytes, or not over all that must be covered."""


class StaleSignature(Exception):
    """A genuine signature whose time lies outside the tolerance. The sender's clock is wrong, or it is a replay."""


class Message(Protocol):
    """What the signature library needs of a request."""

    method: Any
    url: Any
    headers: Any


@dataclass(slots=True)
class HttpRequest:
    """A request as the centre received it."""

    method: str
    url: str
    headers: MutableMapping[str, str] = field(repr=False)


@dataclass(slots=True)
class HttpAnswer:
    """An answer together with the request that it answers."""

    status_code: int
    headers: MutableMapping[str, str] = field(repr=False)
    request: Message = field(repr=False)


@dataclass(frozen=True, slots=True)
class Signed:
    """What a genuine signature says of its making."""

    key_id: str
    nonce: str
    created: int
    """Seconds since 1970 UTC, by the signer's clock."""


class _Resolver(HTTPSignatureKeyResolver):
    def __init__(
        self,
        private: Ed25519PrivateKey | None = None,
        public: Callable[[str], Ed25519PublicKey | None] | None = None,
    ) -> None:
        self._private, self._public = private, public

    def resolve_private_key(self, key_id: str) -> Ed25519PrivateKey:
        if self._private is None:
            raise LookupError("no key to sign with")
        return self._private

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey | None:
        return self._public(key_id) if self._public else None


class _Verifier(HTTPMessageVerifier):
    def validate_created_and_expires(self, sig_input: Any, max_age: Any = None) -> None:
        """Time is judged by us, after the signature: a wrong clock must be told from a wrong key."""


def sign_request(request: Message, body: bytes, *, key: Ed25519PrivateKey, key_id: str, nonce: str, now: float) -> None:
    """Sign a request in place.

    :param body: the bytes as sent, compressed.
    :param nonce: random, never used twice.
    :param now: signer's clock, seconds since 1970 UTC, its known offset to the centre already added.
    """
    created = _when(now)
    HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=_Resolver(private=key)).sign(
        request, key_id=key_id, created=created, expires=created + datetime.timedelta(seconds=CLOCK_TOLERANCE_S),
        nonce=nonce, label=REQUEST_LABEL, tag=REQUEST_TAG, covered_component_ids=REQUEST_COMPONENTS, body=body,
    )  # fmt: skip


def verify_request(
    request: Message, body: bytes, *, keys: Callable[[str], Ed25519PublicKey | None], now: float
) -> Signed:
    """What the signature of a request says.

    The caller remembers the nonce for twice :data:`CLOCK_TOLERANCE_S` and refuses a second use.

    :param keys: the terminal's public key by key id, or None.
    :raises BadSignature: see there.
    :raises StaleSignature: genuine, but made more than the tolerance from ``now``, or expired.
    """
    signed, parameters = _verify(request, body, REQUEST_TAG, REQUEST_COMPONENTS, keys)
    expires = parameters["expires"]
    if abs(now - signed.created) > CLOCK_TOLERANCE_S or now > expires or expires - signed.created > CLOCK_TOLERANCE_S:
        raise StaleSignature("made outside the time allowed")
    return signed


def sign_answer(
    answer: HttpAnswer, body: bytes, *, key: Ed25519PrivateKey, key_id: str, nonce: str, now: float
) -> None:
    """Sign an answer in place, bound to the signature of the request it answers."""
    created = _when(now)
    HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=_Resolver(private=key)).sign(
        answer, key_id=key_id, created=created, expires=created + datetime.timedelta(seconds=CLOCK_TOLERANCE_S),
        nonce=nonce, label=ANSWER_LABEL, tag=ANSWER_TAG, covered_component_ids=ANSWER_COMPONENTS, body=body,
    )  # fmt: skip


def verify_answer(answer: HttpAnswer, body: bytes, *, keys: Callable[[str], Ed25519PublicKey | None]) -> Signed:
    """What the signature of an answer says; ``created`` is the centre's clock.

    :raises BadSignature: see there; also an answer to another request.
    """
    signed = _verify(answer, body, ANSWER_TAG, ANSWER_COMPONENTS, keys)[0]
    if not 0 <= signed.created < _END_OF_TIME:
        raise BadSignature("made at a time that no clock shows")
    return signed


def _verify(
    message: Message | HttpAnswer,
    body: bytes,
    tag: str,
    components: tuple[str, ...],
    keys: Callable[[str], Ed25519PublicKey | None],
) -> tuple[Signed, Mapping[str, Any]]:
    verifier = _Verifier(signature_algorithm=algorithms.ED25519, key_resolver=_Resolver(public=keys))
    try:
        results = verifier.verify(message, max_age=None, expect_tag=tag, require_components=components, body=body)
    except (HTTPMessageSignaturesException, ValueError, KeyError, AttributeError) as error:
        raise BadSignature("the signature does not hold") from error
    if len(results) != 1 or results[0].body is None:
        raise BadSignature("one signature over the content is wanted")
    parameters = results[0].parameters
    if not parameters.keys() >= _PARAMETERS:
        raise BadSignature("created, expires, nonce, keyid, alg and tag are all wanted")
    return Signed(str(parameters["keyid"]), str(parameters["nonce"]), int(parameters["created"])), parameters


def _when(now: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(int(now), tz=datetime.UTC)
