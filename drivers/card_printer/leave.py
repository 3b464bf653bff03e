"""Whether a token is the centre's leave to feed a blank, here and now. Whether it was used is its printer's to know."""

import re
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from drivers.ports.card_printer import IssuanceRefused, IssuanceToken, Refusal

_JOB_ID: Final = re.compile(r"[0-9a-f]{32}")


def require_leave(token: IssuanceToken, centre: Ed25519PublicKey, terminal: str, now_ms: int) -> None:
    """Nothing but an answer: return, or raise.

    :param centre: the key that signs the centre's answers.
    :param now_ms: UTC, milliseconds since 1970.
    :raises IssuanceRefused: the token is not the centre's, not this terminal's, or its time is over.
    """
    # A line feed within a field would let one signature stand for another token.
    if _JOB_ID.fullmatch(token.job_id) is None:
        raise IssuanceRefused(Refusal.NOT_SIGNED)
    try:
        centre.verify(token.signature, token.signed_bytes)
    except InvalidSignature:
        raise IssuanceRefused(Refusal.NOT_SIGNED) from None
    if token.terminal != terminal:
        raise IssuanceRefused(Refusal.OTHER_TERMINAL)
    if now_ms >= token.expires_at_ms:
        raise IssuanceRefused(Refusal.EXPIRED)
