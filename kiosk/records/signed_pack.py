"""A region pack as the centre hands it out: its file's bytes under the centre's signature."""

from typing import Annotated

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kiosk.records.canonical import canonical
from kiosk.records.china_time import Moment

SUFFIX = ".pack"
"""Of a file that holds one."""
LONGEST = 1 << 20
"""Bytes of such a file; the largest pack has a twentieth of it."""


class SignedPack(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One pack, for every terminal of its region."""

    region: Annotated[str, msgspec.Meta(pattern=r"\A[a-z][a-z0-9_]{0,39}\Z")]
    """The pack's key."""
    signed_ms: Moment
    """When it was signed; of two packs the later one counts."""
    content: bytes
    """The TOML file, byte for byte."""
    key_id: str
    signature: bytes = b""

    def signed(self, key: Ed25519PrivateKey) -> "SignedPack":
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
        return b"ssct-region-pack-1" + canonical(msgspec.structs.replace(self, signature=b""))
