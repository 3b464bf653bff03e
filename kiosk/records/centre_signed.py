"""What the centre puts its name to, so that it proves something apart from the connection it came over."""

from typing import TYPE_CHECKING, ClassVar, Self

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kiosk.records.canonical import canonical


class CentreSigned(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A message with the centre's Ed25519 signature over its purpose and its canonical bytes.

    Each message declares ``key_id`` and ``signature`` itself, last: canonical bytes go by the fields' order.
    """

    purpose: ClassVar[bytes]
    """What the bytes are signed for: a signature counts for no other message."""
    if TYPE_CHECKING:
        key_id: str
        signature: bytes

    def signed(self, key: Ed25519PrivateKey) -> Self:
        """The same with the centre's signature."""
        return msgspec.structs.replace(self, signature=key.sign(self._signed_bytes()))

    def is_genuine(self, key: Ed25519PublicKey) -> bool:
        """Whether the centre of ``key`` signed it."""
        try:
            key.verify(self.signature, self._signed_bytes())
        except InvalidSignature:
            return False
        return True

    def _signed_bytes(self) -> bytes:
        return self.purpose + canonical(msgspec.structs.replace(self, signature=b""))
