"""The centre's own keys: made once, read from files that only its user may read."""

import hashlib
import hmac
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from central.card_keys import CardMasterKeys
from central.settings import Settings

_NONCE_SIZE: Final = 12  # SP 800-38D


class StorageKey:
    """What the database's secrets lie under: a stolen database opens neither PINs nor pad keys.

    In production an HSM stands here; the reference centre has a file.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) != 32:
            raise ValueError("the storage key has 32 bytes")
        self._pin_key = _derive(key, b"ssct-centre-pin-1")
        self._pads = AESGCM(_derive(key, b"ssct-centre-pads-1"))

    def pin_hash(self, pin: str, salt: bytes) -> bytes:
        """Keyed hash of a PIN, salted by card (HMAC-SHA-256)."""
        return hmac.new(self._pin_key, salt + pin.encode(), hashlib.sha256).digest()

    def wrap(self, secret: bytes, purpose: str) -> bytes:
        """Encrypt a pad's key so that it opens for the same ``purpose`` only."""
        nonce = os.urandom(_NONCE_SIZE)
        return nonce + self._pads.encrypt(nonce, secret, purpose.encode())

    def unwrap(self, wrapped: bytes, purpose: str) -> bytes:
        """The other way round.

        :raises cryptography.exceptions.InvalidTag: another key or purpose.
        """
        return self._pads.decrypt(wrapped[:_NONCE_SIZE], wrapped[_NONCE_SIZE:], purpose.encode())


@dataclass(frozen=True, slots=True)
class CentreKeys:
    """All keys of one centre."""

    key_id: str
    signing: Ed25519PrivateKey = field(repr=False)
    opening: X25519PrivateKey = field(repr=False)
    cards: CardMasterKeys = field(repr=False)
    storage: StorageKey = field(repr=False)

    @classmethod
    def load(cls, settings: Settings) -> "CentreKeys":
        """Read the files that ``settings`` names.

        :raises OSError: a file is missing.
        :raises ValueError: a file holds another kind of key.
        """
        signing = serialization.load_pem_private_key(settings.signing_key.read_bytes(), None)
        opening = serialization.load_pem_private_key(settings.opening_key.read_bytes(), None)
        if not isinstance(signing, Ed25519PrivateKey) or not isinstance(opening, X25519PrivateKey):
            raise ValueError("the centre signs with Ed25519 and opens with X25519")  # noqa: TRY004 - a wrong file, no wrong call
        return cls(
            key_id=settings.key_id,
            signing=signing,
            opening=opening,
            cards=CardMasterKeys.load(settings.card_master_keys),
            storage=StorageKey(bytes.fromhex(settings.storage_key.read_text())),
        )


def write_secret(path: Path, data: bytes) -> None:
    """Write a new file that only its owner may read.

    :raises FileExistsError: keys are never overwritten.
    """
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)


def _derive(key: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info).derive(key)
