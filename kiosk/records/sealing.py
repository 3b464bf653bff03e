"""Encryption of ledger entries: readable by this terminal's recovery and by the centre, by nobody between.

Suite 1. Each entry has a content key of its own, AES-256-GCM, random nonce. Content keys lie under an epoch key,
AES-256-GCM, random nonce. The epoch key lies twice: under the terminal's storage key, and sealed to the centre by HPKE
(RFC 9180: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM). The uplink carries sealed things only.
Erasing a content key makes its entry unreadable for good.

The other way, what the centre has for one terminal alone goes by the same HPKE to the terminal's signing key, in its
form on X25519 (as libsodium and age have it): so whoever is enrolled can be sealed to without another key. That one
key pair may serve both is shown for Ed25519 with such a KEM (Thormarker 2021).
"""

import hashlib
import os
import struct
from dataclasses import dataclass, field
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from kiosk.records.chain import SealedEntry, associated_data

SUITE_AES_256_GCM: Final = 1
_NONCE_SIZE: Final = 12  # SP 800-38D
_KEY_SIZE: Final = 32
_MAX_SEQUENCE: Final = (1 << 64) - 1  # eight bytes of the associated data
_FIELD: Final = (1 << 255) - 19
"""Of Curve25519 (RFC 7748, 4.1)."""
_hpke: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class Unreadable(Exception):
    """A ciphertext did not open: damaged, moved, or sealed under another key."""


class SealedEpochKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An epoch key on its way to the centre."""

    epoch: int
    sealed: bytes


@dataclass(frozen=True, slots=True)
class EpochKey:
    """The key that content keys of one epoch lie under."""

    epoch: int
    key: bytes = field(repr=False)
    _cipher: AESGCM = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Made once: expanding the key costs more than opening a content key with it.
        object.__setattr__(self, "_cipher", AESGCM(self.key))

    @classmethod
    def generate(cls, epoch: int) -> "EpochKey":
        """A fresh random key for epoch number ``epoch``."""
        return cls(epoch, os.urandom(_KEY_SIZE))

    def seal_for_centre(self, ledger_id: bytes, centre: X25519PublicKey) -> SealedEpochKey:
        """Seal the key so that only the centre's private key opens it, for this ledger and epoch."""
        return SealedEpochKey(
            epoch=self.epoch, sealed=_hpke.encrypt(self.key, centre, info=_epoch_info(ledger_id, self.epoch))
        )

    def wrap_for_storage(self, ledger_id: bytes, storage_key: bytes) -> bytes:
        """Wrap the key under the terminal's own storage key (32 bytes)."""
        nonce = os.urandom(_NONCE_SIZE)
        return nonce + AESGCM(storage_key).encrypt(nonce, self.key, _epoch_info(ledger_id, self.epoch))


def open_sealed_epoch(sealed: SealedEpochKey, ledger_id: bytes, centre: X25519PrivateKey) -> EpochKey:
    """The centre's side of :meth:`EpochKey.seal_for_centre`.

    :raises Unreadable: sealed for another ledger, epoch or key.
    """
    try:
        key = _hpke.decrypt(sealed.sealed, centre, info=_epoch_info(ledger_id, sealed.epoch))
    except Exception as error:  # the binding raises several types for one meaning
        raise Unreadable("the epoch key does not open") from error
    return EpochKey(sealed.epoch, key)


def open_stored_epoch(epoch: int, wrapped: bytes, ledger_id: bytes, storage_key: bytes) -> EpochKey:
    """The terminal's side of :meth:`EpochKey.wrap_for_storage`.

    :raises Unreadable: another storage key, or damaged.
    """
    try:
        key = AESGCM(storage_key).decrypt(wrapped[:_NONCE_SIZE], wrapped[_NONCE_SIZE:], _epoch_info(ledger_id, epoch))
    except (InvalidTag, ValueError) as error:
        raise Unreadable("the stored epoch key does not open") from error
    return EpochKey(epoch, key)


@dataclass(frozen=True, slots=True)
class Sealed:
    """An encrypted plaintext with its sealed content key."""

    sealed_key: bytes
    nonce: bytes
    ciphertext: bytes


def seal(plaintext: bytes, epoch_key: EpochKey, aad: bytes) -> Sealed:
    """Encrypt ``plaintext`` under a fresh content key, and that key under ``epoch_key``."""
    content_key = os.urandom(_KEY_SIZE)
    nonce, key_nonce = os.urandom(_NONCE_SIZE), os.urandom(_NONCE_SIZE)
    return Sealed(
        sealed_key=key_nonce + epoch_key._cipher.encrypt(key_nonce, content_key, aad),
        nonce=nonce,
        ciphertext=AESGCM(content_key).encrypt(nonce, plaintext, aad),
    )


def unseal(entry: SealedEntry, ledger_id: bytes, epoch_key: EpochKey) -> bytes:
    """Open one entry.

    :raises Unreadable: wrong key, damaged, erased, or moved from its place in the chain.
    """
    if entry.suite != SUITE_AES_256_GCM:
        raise Unreadable(f"unknown suite {entry.suite}")
    if not 0 <= entry.sequence <= _MAX_SEQUENCE:
        raise Unreadable("no sequence of a ledger")
    aad = associated_data(ledger_id, entry.sequence, entry.previous_hash, entry.suite)
    try:
        content_key = epoch_key._cipher.decrypt(entry.sealed_key[:_NONCE_SIZE], entry.sealed_key[_NONCE_SIZE:], aad)
        return AESGCM(content_key).decrypt(entry.nonce, entry.ciphertext, aad)
    except (InvalidTag, ValueError) as error:
        raise Unreadable(f"entry {entry.sequence} does not open") from error


def seal_to_centre(plaintext: bytes, purpose: bytes, centre: X25519PublicKey) -> bytes:
    """Seal so that only the centre's private key opens it, for the same ``purpose``."""
    return _hpke.encrypt(plaintext, centre, info=purpose)


def open_from_terminal(sealed: bytes, purpose: bytes, centre: X25519PrivateKey) -> bytes:
    """The centre's side of :func:`seal_to_centre`.

    :raises Unreadable: sealed for another purpose or key, or damaged.
    """
    try:
        return _hpke.decrypt(sealed, centre, info=purpose)
    except Exception as error:  # the binding raises several types for one meaning
        raise Unreadable("what a terminal sealed does not open") from error


def seal_to_terminal(plaintext: bytes, purpose: bytes, terminal: Ed25519PublicKey) -> bytes:
    """Seal so that only the terminal of this key opens it, for the same ``purpose``."""
    y = int.from_bytes(terminal.public_bytes_raw(), "little") & ((1 << 255) - 1)
    u = (1 + y) * pow(1 - y, -1, _FIELD) % _FIELD  # RFC 7748, 4.1: the birational map from Edwards to Montgomery
    return _hpke.encrypt(plaintext, X25519PublicKey.from_public_bytes(u.to_bytes(32, "little")), info=purpose)


def open_from_centre(sealed: bytes, purpose: bytes, terminal: Ed25519PrivateKey) -> bytes:
    """The terminal's side of :func:`seal_to_terminal`.

    :raises Unreadable: sealed for another purpose or terminal, or damaged.
    """
    scalar = hashlib.sha512(terminal.private_bytes_raw()).digest()[:32]  # RFC 8032, 5.1.5
    try:
        return _hpke.decrypt(sealed, X25519PrivateKey.from_private_bytes(scalar), info=purpose)
    except Exception as error:  # the binding raises several types for one meaning
        raise Unreadable("what the centre sealed does not open") from error


def seal_enclosure(
    plaintext: bytes, ledger_id: bytes, transaction_id: str, centre: X25519PublicKey
) -> tuple[bytes, bytes]:
    """Encrypt under a fresh data key, and seal that key so that only the centre opens it, for this one transaction.

    :returns: the sealed key, and nonce ‖ ciphertext. They lie apart: without its key the ciphertext is noise, to the
        centre as well.
    """
    key, nonce, purpose = os.urandom(_KEY_SIZE), os.urandom(_NONCE_SIZE), _enclosure_info(ledger_id, transaction_id)
    return _hpke.encrypt(key, centre, info=purpose), nonce + AESGCM(key).encrypt(nonce, plaintext, purpose)


def open_enclosure(
    sealed_key: bytes, ciphertext: bytes, ledger_id: bytes, transaction_id: str, centre: X25519PrivateKey
) -> bytes:
    """The centre's side of :func:`seal_enclosure`.

    :raises Unreadable: sealed for another ledger, transaction or key, or damaged.
    """
    purpose = _enclosure_info(ledger_id, transaction_id)
    key = open_from_terminal(sealed_key, purpose, centre)
    try:
        return AESGCM(key).decrypt(ciphertext[:_NONCE_SIZE], ciphertext[_NONCE_SIZE:], purpose)
    except (InvalidTag, ValueError) as error:
        raise Unreadable("an enclosure does not open") from error


def _enclosure_info(ledger_id: bytes, transaction_id: str) -> bytes:
    return b"ssct-enclosure-1" + ledger_id + transaction_id.encode()


def _epoch_info(ledger_id: bytes, epoch: int) -> bytes:
    return b"ssct-epoch-1" + ledger_id + struct.pack(">I", epoch)
