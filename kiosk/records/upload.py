"""What the uplink sends and what the centre answers: batches, tombstones, receipts. Decoding is strict."""

from enum import Enum
from typing import Final, TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kiosk.records.canonical import canonical
from kiosk.records.centre_signed import CentreSigned
from kiosk.records.chain import SealedEntry
from kiosk.records.sealing import SealedEpochKey

T = TypeVar("T")

MAX_BATCH: Final = 500
"""Most entries and tombstones in one batch; docs/queue.md has the measurement."""
MAX_BATCH_BYTES: Final = 8 * 1024 * 1024
"""Most bytes of a batch after decompression; the centre reads no further."""


class Malformed(Exception):
    """A message does not have the form that docs/protocol.md gives."""


class Tombstone(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Stands for an entry that can't be read any more: the only way past a gap. Signed by the terminal's key."""

    sequence: int
    stored_hash: bytes
    """The hash the ledger still holds for it, or 32 zero bytes when that is lost too."""
    reason: str
    """``row_damaged``, ``page_damaged`` or ``erased``."""
    signature: bytes = b""

    def signed(self, ledger_id: bytes, key: Ed25519PrivateKey) -> "Tombstone":
        """The same tombstone with its signature."""
        return msgspec.structs.replace(self, signature=key.sign(self._signed_bytes(ledger_id)))

    def is_genuine(self, ledger_id: bytes, key: Ed25519PublicKey) -> bool:
        """Whether the terminal of ``key`` signed it for this ledger."""
        try:
            key.verify(self.signature, self._signed_bytes(ledger_id))
        except InvalidSignature:
            return False
        return True

    def _signed_bytes(self, ledger_id: bytes) -> bytes:
        return b"ssct-tombstone-1" + ledger_id + canonical([self.sequence, self.stored_hash, self.reason])


class SealedEnclosure(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What goes with one entry and stands in none, or the word why it does not come any more."""

    sequence: int
    """The entry that names it by the SHA-256 of its ciphertext."""
    sealed_key: bytes = b""
    """HPKE to the centre; see :func:`kiosk.records.sealing.seal_enclosure`."""
    ciphertext: bytes = b""
    gone: str = ""
    """``expired``, ``missing`` or ``damaged``; key and ciphertext are empty then."""

    def __repr__(self) -> str:
        return f"<SealedEnclosure {self.sequence}>"


class Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Entries of one ledger in sequence. Tombstones stand for the sequences that ``entries`` lacks."""

    terminal: str
    ledger_id: bytes
    epochs: list[SealedEpochKey]
    """The epoch keys that ``entries`` name."""
    entries: list[SealedEntry]
    tombstones: list[Tombstone] = []
    enclosures: list[SealedEnclosure] = []
    """Of those of ``entries`` that have one."""


class Verdict(Enum):
    """What the centre made of a stored entry. Storing and judging are separate: a refusal blocks nothing."""

    APPLIED = "applied"
    REFUSED = "refused"
    """Well-formed and stored, but a rule of the centre says no, or it does not open."""
    SUPERSEDED = "superseded"
    """A later event has overtaken it; it changes nothing."""
    LOST = "lost"
    """A tombstone: stored as a gap."""


class Judgement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The verdict on one sequence."""

    sequence: int
    hash: bytes
    verdict: Verdict
    reason: str = ""


class Receipt(CentreSigned, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The centre's signed word that it has stored these entries for good."""

    purpose = b"ssct-receipt-1"
    terminal: str
    ledger_id: bytes
    judgements: list[Judgement]
    head_sequence: int
    """Highest sequence the centre holds of this ledger, without gaps below."""
    head_hash: bytes
    centre_time_ms: int
    key_id: str
    signature: bytes = b""


class Problem(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Why the centre did not do what was asked (after RFC 9457), signed like every answer."""

    type: str
    """One of the words in docs/protocol.md: ``gap``, ``frozen``, ``malformed``, ``unknown_terminal`` …"""
    detail: str = ""
    """For the technician; holds nothing personal."""
    expected_sequence: int | None = None
    """With ``gap``: the sequence the centre waits for."""
    centre_time_ms: int


def encode(message: msgspec.Struct) -> bytes:
    """JSON bytes of a message, before compression."""
    return msgspec.json.encode(message)


def decode(data: bytes, kind: type[T]) -> T:
    """A message of the given kind.

    :raises Malformed: not JSON, a field missing, unknown, or of the wrong type.
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"not a {kind.__name__}") from error
