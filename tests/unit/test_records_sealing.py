"""Sealing: what another implementation of AES-256-GCM made opens here, and nothing opens out of its place.

The known answers were computed from openssl's AES-256-ECB and a GHASH written for the purpose, itself checked against
test case 14 of the GCM specification.
"""

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from kiosk.records.chain import SealedEntry, associated_data
from kiosk.records.sealing import (
    EpochKey,
    SealedEpochKey,
    Unreadable,
    open_sealed_epoch,
    open_stored_epoch,
    seal,
    unseal,
)

LEDGER_ID = bytes.fromhex("00112233445566778899aabbccddeeff")
OTHER_LEDGER = bytes(16)
PREVIOUS = bytes.fromhex("a163d037c616fe9fb8b8657e85c0c0e7d00ab690eaae39cdce0d38a0fbb346fc")
EPOCH_KEY = EpochKey(3, bytes(range(32)))
STORAGE_KEY = bytes([7] * 32)

KNOWN = SealedEntry(
    sequence=2, previous_hash=PREVIOUS, hash=bytes(32), header=b"{}", suite=1,
    sealed_key=bytes.fromhex(
        "000102030405060708090a0b"
        "6723f438e1c0e43ca568bda09dc45642b3e7b507c44e694b005edfbe21543e8d"
        "2cfd154c7f33bd40906cc5b2987d3b86"
    ),
    nonce=bytes.fromhex("0c0d0e0f1011121314151617"),
    ciphertext=bytes.fromhex("95522f41144a61ccfe318b9a979355f41efb64ee553590b89ff210b48a"),
)  # fmt: skip
KNOWN_WRAPPED = bytes.fromhex(
    "000102030405060708090a0b"
    "1880eb73190cdf4e7fbbef97ee5562f5f12da49d0c7761260ed779a192ca731a"
    "b63f33903f7fe087030ea9dd62a54930"
)


def test_an_entry_sealed_elsewhere_opens() -> None:
    assert unseal(KNOWN, LEDGER_ID, EPOCH_KEY) == b"what was done"


def test_an_epoch_key_wrapped_elsewhere_opens() -> None:
    assert open_stored_epoch(3, KNOWN_WRAPPED, LEDGER_ID, STORAGE_KEY) == EPOCH_KEY


@pytest.mark.parametrize(
    "change",
    [
        {"sequence": 3}, {"previous_hash": bytes(32)}, {"suite": 2}, {"nonce": bytes(12)}, {"nonce": b""},
        {"sealed_key": b""}, {"sealed_key": KNOWN.sealed_key[:-1]}, {"ciphertext": KNOWN.ciphertext[:-1]},
        {"ciphertext": b"\x00" + KNOWN.ciphertext[1:]}, {"ciphertext": b""},
    ],
)  # fmt: skip
def test_an_entry_moved_or_damaged_does_not_open(change: dict[str, object]) -> None:
    with pytest.raises(Unreadable):
        unseal(msgspec.structs.replace(KNOWN, **change), LEDGER_ID, EPOCH_KEY)


def test_an_entry_does_not_open_in_another_ledger_or_epoch() -> None:
    with pytest.raises(Unreadable):
        unseal(KNOWN, OTHER_LEDGER, EPOCH_KEY)
    with pytest.raises(Unreadable):
        unseal(KNOWN, LEDGER_ID, EpochKey(3, bytes(32)))


def test_sealing_twice_repeats_neither_key_nor_nonce() -> None:
    aad = associated_data(LEDGER_ID, 1, bytes(32), 1)
    sealed = [seal(b"same", EPOCH_KEY, aad) for _ in range(50)]
    assert len({one.nonce for one in sealed}) == 50
    assert len({one.sealed_key[:12] for one in sealed}) == 50
    assert len({one.ciphertext for one in sealed}) == 50
    assert {(len(one.nonce), len(one.sealed_key), len(one.ciphertext)) for one in sealed} == {(12, 60, 20)}


def test_what_is_sealed_opens() -> None:
    aad = associated_data(LEDGER_ID, 1, bytes(32), 1)
    sealed = seal("张三 reads 社保卡".encode(), EPOCH_KEY, aad)
    entry = SealedEntry(
        sequence=1, previous_hash=bytes(32), hash=bytes(32), header=b"{}", suite=1, sealed_key=sealed.sealed_key,
        nonce=sealed.nonce, ciphertext=sealed.ciphertext,
    )  # fmt: skip
    assert unseal(entry, LEDGER_ID, EPOCH_KEY).decode() == "张三 reads 社保卡"


@pytest.mark.parametrize(
    ("ledger_id", "sequence", "previous_hash"),
    [(LEDGER_ID, 2, bytes(32)), (LEDGER_ID, 1, b"\x01" * 32), (OTHER_LEDGER, 1, bytes(32))],
    ids=["another sequence", "another predecessor", "another ledger"],
)
def test_what_is_sealed_for_one_place_opens_in_no_other(ledger_id: bytes, sequence: int, previous_hash: bytes) -> None:
    sealed = seal(b"what was done", EPOCH_KEY, associated_data(LEDGER_ID, 1, bytes(32), 1))
    entry = SealedEntry(
        sequence=sequence, previous_hash=previous_hash, hash=bytes(32), header=b"{}", suite=1,
        sealed_key=sealed.sealed_key, nonce=sealed.nonce, ciphertext=sealed.ciphertext,
    )  # fmt: skip
    with pytest.raises(Unreadable):
        unseal(entry, ledger_id, EPOCH_KEY)


def test_the_centre_opens_an_epoch_key_of_this_ledger_and_epoch_only() -> None:
    centre = X25519PrivateKey.generate()
    key = EpochKey.generate(4)
    sealed = key.seal_for_centre(LEDGER_ID, centre.public_key())
    assert sealed.epoch == 4
    assert key.key not in sealed.sealed
    assert open_sealed_epoch(sealed, LEDGER_ID, centre) == key
    with pytest.raises(Unreadable):
        open_sealed_epoch(sealed, OTHER_LEDGER, centre)
    with pytest.raises(Unreadable):
        open_sealed_epoch(SealedEpochKey(epoch=5, sealed=sealed.sealed), LEDGER_ID, centre)
    with pytest.raises(Unreadable):
        open_sealed_epoch(sealed, LEDGER_ID, X25519PrivateKey.generate())
    with pytest.raises(Unreadable):
        open_sealed_epoch(SealedEpochKey(epoch=4, sealed=b"short"), LEDGER_ID, centre)


def test_a_stored_epoch_key_opens_under_its_storage_key_ledger_and_number_only() -> None:
    key = EpochKey.generate(9)
    wrapped = key.wrap_for_storage(LEDGER_ID, STORAGE_KEY)
    assert open_stored_epoch(9, wrapped, LEDGER_ID, STORAGE_KEY) == key
    for number, ledger, storage in (
        (8, LEDGER_ID, STORAGE_KEY), (9, OTHER_LEDGER, STORAGE_KEY), (9, LEDGER_ID, bytes(32)),
    ):  # fmt: skip
        with pytest.raises(Unreadable):
            open_stored_epoch(number, wrapped, ledger, storage)
    with pytest.raises(Unreadable):
        open_stored_epoch(9, b"", LEDGER_ID, STORAGE_KEY)


def test_an_epoch_key_shows_no_byte_of_itself() -> None:
    assert repr(EPOCH_KEY) == "EpochKey(epoch=3)"
