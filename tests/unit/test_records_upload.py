"""Messages: decoded strictly, signed over everything they say, encoded one way only."""

import base64
import json
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.records.canonical import canonical
from kiosk.records.chain import SealedEntry
from kiosk.records.china_time import minute_of
from kiosk.records.questions import LossReported
from kiosk.records.sealing import SealedEpochKey
from kiosk.records.transaction import Header, Outcome, Service, Stage, Transaction
from kiosk.records.upload import Batch, Judgement, Malformed, Problem, Receipt, Tombstone, Verdict, decode, encode

LEDGER_ID = bytes(range(16))
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes([1] * 32))

ENTRY = SealedEntry(
    sequence=1, previous_hash=bytes(32), hash=bytes(32), header=b"{}", suite=1, sealed_key=b"k", nonce=b"n",
    ciphertext=b"c",
)  # fmt: skip
BATCH = Batch(
    terminal="t-1", ledger_id=LEDGER_ID, epochs=[SealedEpochKey(epoch=1, sealed=b"s")], entries=[ENTRY],
    tombstones=[Tombstone(sequence=2, stored_hash=bytes(32), reason="erased")],
)  # fmt: skip
RECEIPT = Receipt(
    terminal="t-1", ledger_id=LEDGER_ID,
    judgements=[Judgement(sequence=1, hash=bytes(32), verdict=Verdict.REFUSED, reason="unknown_card")],
    head_sequence=1, head_hash=bytes(32), centre_time_ms=1, key_id="centre-1",
)  # fmt: skip


def test_canonical_sorts_keys_leaves_no_spaces_and_keeps_chinese_as_utf_8() -> None:
    encoded = canonical({"b": 1, "a": [True, None, "张"], "c": b"\x00\xff"})
    assert encoded == '{"a":[true,null,"张"],"b":1,"c":"AP8="}'.encode()


def test_a_header_has_one_encoding() -> None:
    header = Header(
        service="card_query", stage="begun", outcome=None, region="beijing", created_ms=5, clock_offset_ms=-6, epoch=7
    )
    assert canonical(header) == (
        b'{"service":"card_query","stage":"begun","outcome":null,"region":"beijing","created_ms":5,'
        b'"clock_offset_ms":-6,"epoch":7}'
    )


def test_a_message_survives_the_way() -> None:
    assert decode(encode(BATCH), Batch) == BATCH
    assert decode(encode(RECEIPT), Receipt) == RECEIPT
    assert json.loads(encode(BATCH))["ledger_id"] == base64.b64encode(LEDGER_ID).decode()


def changed(**changes: Any) -> bytes:
    return json.dumps(json.loads(encode(BATCH)) | changes).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"null", b"[]", b"\xff\xfe", b'{"terminal": "t-1"}',
        changed(extra=1),
        changed(terminal=7),
        changed(ledger_id="*"),
        changed(entries={}),
        changed(entries=[{"sequence": 1}]),
        changed(entries=[json.loads(encode(ENTRY)) | {"sequence": "1"}]),
        changed(entries=[json.loads(encode(ENTRY)) | {"sequence": 1.5}]),
        changed(entries=[json.loads(encode(ENTRY)) | {"name": "x"}]),
        changed(tombstones=None),
        b"[" * 100_000,
        b'{"terminal":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"unknown":' * 100_000,
    ],
)  # fmt: skip
def test_anything_but_the_shape_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed) as caught:
        decode(data, Batch)
    assert str(caught.value) == "not a Batch"


def test_an_unknown_verdict_service_or_stage_is_malformed() -> None:
    with pytest.raises(Malformed):
        decode(encode(RECEIPT).replace(b"refused", b"perhaps"), Receipt)
    with pytest.raises(Malformed):
        decode(canonical(TRANSACTION).replace(b"pin_change", b"pin_charge"), Transaction)
    with pytest.raises(Malformed):
        decode(canonical(TRANSACTION).replace(b"finished", b"halfway"), Transaction)


TRANSACTION = Transaction(
    transaction_id="ab" * 16, service=Service.PIN_CHANGE, stage=Stage.FINISHED, outcome=Outcome.DONE, region="beijing",
    social_security_number="11010119900307004X", card_number="D2143569X", identification_code="0" * 32,
)  # fmt: skip


@pytest.mark.parametrize("moment", [-1, 10**18, 1 << 62])
def test_a_moment_beyond_every_calendar_is_malformed(moment: int) -> None:
    for field in ("reported_at_ms", "lapses_at_ms"):
        with pytest.raises(Malformed):
            decode(json.dumps({"verdict": "reported", field: moment}).encode(), LossReported)
    latest = decode(json.dumps({"verdict": "reported", "lapses_at_ms": (1 << 47) - 1}).encode(), LossReported)
    assert latest.lapses_at_ms is not None
    assert minute_of(latest.lapses_at_ms) == "6429-10-17 10:45"


def test_a_transaction_shows_nothing_personal() -> None:
    assert repr(TRANSACTION) == "<Transaction pin_change finished abababab>"
    assert decode(canonical(TRANSACTION), Transaction) == TRANSACTION


def test_a_problem_needs_its_type_and_time() -> None:
    assert decode(b'{"type":"gap","expected_sequence":7,"centre_time_ms":1}', Problem).expected_sequence == 7
    with pytest.raises(Malformed):
        decode(b'{"type":"gap"}', Problem)


@pytest.mark.parametrize(
    "change",
    [
        {"terminal": "t-2"}, {"ledger_id": bytes(16)}, {"judgements": []}, {"head_sequence": 2},
        {"head_hash": bytes([1] * 32)}, {"centre_time_ms": 2}, {"key_id": "centre-2"}, {"signature": b""},
        {"judgements": [Judgement(sequence=1, hash=bytes(32), verdict=Verdict.APPLIED, reason="unknown_card")]},
    ],
)  # fmt: skip
def test_a_receipt_is_genuine_only_as_it_was_signed(change: dict[str, object]) -> None:
    receipt = RECEIPT.signed(KEY)
    assert receipt.is_genuine(KEY.public_key())
    assert decode(encode(receipt), Receipt).is_genuine(KEY.public_key())
    assert not receipt.is_genuine(OTHER_KEY.public_key())
    assert not RECEIPT.is_genuine(KEY.public_key())
    assert not msgspec.structs.replace(receipt, **change).is_genuine(KEY.public_key())


@pytest.mark.parametrize("change", [{"sequence": 3}, {"stored_hash": bytes([1] * 32)}, {"reason": "row_damaged"}])
def test_a_tombstone_is_genuine_only_as_it_was_signed_for_its_ledger(change: dict[str, object]) -> None:
    tombstone = BATCH.tombstones[0].signed(LEDGER_ID, KEY)
    assert tombstone.is_genuine(LEDGER_ID, KEY.public_key())
    assert not tombstone.is_genuine(bytes(16), KEY.public_key())
    assert not tombstone.is_genuine(LEDGER_ID, OTHER_KEY.public_key())
    assert not msgspec.structs.replace(tombstone, **change).is_genuine(LEDGER_ID, KEY.public_key())
