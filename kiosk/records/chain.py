"""The hash chain of a ledger, the same on the terminal and at the centre.

::

    hash(n) = SHA-256("ssct-entry-1" ‖ ledger id ‖ n ‖ hash(n-1) ‖ SHA-256(header) ‖ SHA-256(ciphertext))

The chain holds digests only, so header and ciphertext can be erased after the receipt and it stays verifiable.
"""

import hashlib
import struct
from typing import Final

import msgspec

HASH_SIZE: Final = 32
GENESIS: Final = bytes(HASH_SIZE)
"""What entry 1 names as its predecessor."""


def sha256(data: bytes) -> bytes:
    """SHA-256 of ``data``, 32 bytes."""
    return hashlib.sha256(data).digest()


def entry_hash(ledger_id: bytes, sequence: int, previous: bytes, header_hash: bytes, ciphertext_hash: bytes) -> bytes:
    """Hash of one entry.

    :param ledger_id: 16 random bytes made with the ledger.
    :param sequence: counts from 1, without gaps.
    :param previous: hash of entry ``sequence - 1``, or :data:`GENESIS`.
    """
    return sha256(b"ssct-entry-1" + ledger_id + struct.pack(">Q", sequence) + previous + header_hash + ciphertext_hash)


def associated_data(ledger_id: bytes, sequence: int, previous: bytes, suite: int) -> bytes:
    """What the encryption of an entry is bound to: a ciphertext moved elsewhere in any chain does not open."""
    return b"ssct-aad-1" + ledger_id + struct.pack(">Q", sequence) + previous + bytes([suite])


class SealedEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One entry as it lies in the ledger and travels to the centre."""

    sequence: int
    previous_hash: bytes
    hash: bytes
    header: bytes
    """Canonical JSON of :class:`~kiosk.records.transaction.Header`."""
    suite: int
    sealed_key: bytes
    """nonce ‖ content key under the epoch key (see :mod:`kiosk.records.sealing`)."""
    nonce: bytes
    ciphertext: bytes

    def hash_fits(self, ledger_id: bytes) -> bool:
        """Whether the stored hash is the one its own fields give."""
        return self.hash == entry_hash(
            ledger_id, self.sequence, self.previous_hash, sha256(self.header), sha256(self.ciphertext)
        )

    def __repr__(self) -> str:
        return f"<SealedEntry {self.sequence}>"
