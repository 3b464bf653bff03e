"""The chain's hashes, against digests that openssl made from bytes laid out by hand."""

import msgspec
import pytest

from kiosk.records.chain import GENESIS, SealedEntry, associated_data, entry_hash, sha256

LEDGER_ID = bytes.fromhex("00112233445566778899aabbccddeeff")
HEADER_HASH = bytes.fromhex("015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862")  # of {"a":1}
CIPHERTEXT_HASH = bytes.fromhex("c806cd9c716cfbfdb4763c71dd1394b3e602fce81291a0338bf8e3225416ac32")  # of cipher
FIRST = bytes.fromhex("a163d037c616fe9fb8b8657e85c0c0e7d00ab690eaae39cdce0d38a0fbb346fc")
SECOND = bytes.fromhex("b971b656fe1c35b71514e8ae5bdf1998e0e3f8c5a43c86bbf0d4aba35e2fecf0")

ENTRY = SealedEntry(
    sequence=2, previous_hash=FIRST, hash=SECOND, header=b'{"a":1}', suite=1, sealed_key=b"k", nonce=b"n",
    ciphertext=b"cipher",
)  # fmt: skip


def test_sha256_of_abc_is_that_of_fips_180() -> None:
    assert sha256(b"abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_two_entries_chain_as_openssl_says() -> None:
    assert bytes(32) == GENESIS
    assert entry_hash(LEDGER_ID, 1, GENESIS, HEADER_HASH, CIPHERTEXT_HASH) == FIRST
    assert entry_hash(LEDGER_ID, 2, FIRST, HEADER_HASH, CIPHERTEXT_HASH) == SECOND


def test_associated_data_names_ledger_place_predecessor_and_suite() -> None:
    assert associated_data(LEDGER_ID, 2, FIRST, 1).hex() == (
        "737363742d6161642d31"
        "00112233445566778899aabbccddeeff"
        "0000000000000002"
        "a163d037c616fe9fb8b8657e85c0c0e7d00ab690eaae39cdce0d38a0fbb346fc"
        "01"
    )


def test_an_entry_knows_its_own_hash() -> None:
    assert ENTRY.hash_fits(LEDGER_ID)
    assert not ENTRY.hash_fits(bytes(16))


@pytest.mark.parametrize(
    "change",
    [
        {"sequence": 3}, {"previous_hash": GENESIS}, {"hash": FIRST}, {"header": b'{"a":2}'}, {"ciphertext": b"cipheR"},
    ],
)  # fmt: skip
def test_any_covered_field_that_changes_breaks_the_hash(change: dict[str, object]) -> None:
    assert not msgspec.structs.replace(ENTRY, **change).hash_fits(LEDGER_ID)


def test_repr_shows_the_sequence_only() -> None:
    assert repr(ENTRY) == "<SealedEntry 2>"
