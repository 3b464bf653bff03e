"""What both ends read from each other: messages, sealed entries, signatures."""

import inspect
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from starlette.requests import Request

from central.exchange import _as_received
from kiosk.records import questions
from kiosk.records.canonical import canonical
from kiosk.records.chain import GENESIS, SealedEntry, associated_data, entry_hash, sha256
from kiosk.records.custody import Balance, Counted, Move, Movement
from kiosk.records.sealing import (
    SUITE_AES_256_GCM,
    EpochKey,
    SealedEpochKey,
    Unreadable,
    open_sealed_epoch,
    seal,
    unseal,
)
from kiosk.records.signatures import BadSignature, HttpRequest, StaleSignature, sign_request, verify_request
from kiosk.records.transaction import Header, Outcome, Service, Stage, Transaction
from kiosk.records.upload import Batch, Judgement, Malformed, Problem, Receipt, Tombstone, Verdict, decode, encode
from tests.fuzz.decisions import Decisions
from tests.fuzz.target import Target, always, require

LEDGER: Final = bytes(range(16))
TERMINAL_KEY: Final = Ed25519PrivateKey.from_private_bytes(b"t" * 32)
OTHER_KEY: Final = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
CENTRE_KEY: Final = X25519PrivateKey.from_private_bytes(b"c" * 32)
NOW: Final = 1_800_000_000
PLAINTEXT: Final = b'{"what":"an entry"}'

_EPOCH: Final = EpochKey(1, b"e" * 32)
_SEALED_EPOCH: Final = _EPOCH.seal_for_centre(LEDGER, CENTRE_KEY.public_key())
_SEALED: Final = seal(PLAINTEXT, _EPOCH, associated_data(LEDGER, 7, GENESIS, SUITE_AES_256_GCM))
_HEADER: Final = canonical(
    Header(
        service="card_query", stage="finished", outcome="done", region="beijing", created_ms=1, clock_offset_ms=0,
        epoch=1,
    )
)  # fmt: skip
ENTRY: Final = SealedEntry(
    sequence=7,
    previous_hash=GENESIS,
    hash=entry_hash(LEDGER, 7, GENESIS, sha256(_HEADER), sha256(_SEALED.ciphertext)),
    header=_HEADER,
    suite=SUITE_AES_256_GCM,
    sealed_key=_SEALED.sealed_key,
    nonce=_SEALED.nonce,
    ciphertext=_SEALED.ciphertext,
)


def _structs() -> list[type[msgspec.Struct]]:
    asked = [kind for _, kind in inspect.getmembers(questions, inspect.isclass) if issubclass(kind, msgspec.Struct)]
    return [Batch, Receipt, Problem, Header, Transaction, Movement, *asked]


KINDS: Final = _structs()


def decode_message(case: bytes) -> str:
    """A kind of message and any bytes as its JSON."""
    decisions = Decisions(case)
    kind = decisions.choice(KINDS)
    try:
        message: Any = decode(decisions.rest(), kind)
    except Malformed:
        return "malformed"
    require(isinstance(message, kind), "another kind of message")
    require(decode(encode(message), kind) == message, "a message changes on its way")
    require(canonical(message) == canonical(decode(canonical(message), kind)), "one value, two byte sequences")
    return "decoded"


def _message_seeds() -> list[bytes]:
    tombstone = Tombstone(sequence=8, stored_hash=bytes(32), reason="row_damaged").signed(LEDGER, TERMINAL_KEY)
    judgement = Judgement(sequence=7, hash=ENTRY.hash, verdict=Verdict.APPLIED)
    receipt = Receipt(
        terminal="t-1", ledger_id=LEDGER, judgements=[judgement], head_sequence=7, head_hash=ENTRY.hash,
        centre_time_ms=NOW * 1000, key_id="centre-1",
    )  # fmt: skip
    messages: list[msgspec.Struct] = [
        Batch(terminal="t-1", ledger_id=LEDGER, epochs=[_SEALED_EPOCH], entries=[ENTRY], tombstones=[tombstone]),
        receipt.signed(OTHER_KEY),
        Problem(type="gap", detail="it's €", expected_sequence=3, centre_time_ms=NOW * 1000),
        msgspec.json.decode(_HEADER, type=Header),
        Transaction(
            transaction_id="0" * 32, service=Service.CARD_QUERY, stage=Stage.FINISHED, outcome=Outcome.DONE,
            region="beijing", card_number="T11000015", identification_code="0" * 32,
        ),
        Movement(
            number=2, move=Move.DIFFERENCE, region="beijing", by="1017", and_by="1018", explanation="bent",
            counted=Counted(hopper=8, printer=0, reject_bin=0, retained_bin=0),
            after=Balance(handed_over=9, hopper=8, missing=1),
        ),
        questions.GetRecord(transaction_id="0" * 32, pin_block=bytes(8), pad_serial="PAD"),
    ]  # fmt: skip
    return [bytes([KINDS.index(type(message))]) + encode(message) for message in messages]


def open_entry(case: bytes) -> str:
    """One field of a good entry, of its epoch key or of its ledger's name changed: it must not open."""
    decisions = Decisions(case)
    field = decisions.choice(("", *ENTRY.__struct_fields__, "ledger_id", "epoch_key", "sealed_epoch", "epoch_number"))
    changes: dict[str, Any] = {}
    ledger_id, epoch, sealed_epoch = LEDGER, _EPOCH, _SEALED_EPOCH
    match field:
        case "sequence" | "suite":
            changes[field] = decisions.integer()
        case "ledger_id":
            ledger_id = _bent(LEDGER, decisions)
        case "epoch_key":
            epoch = EpochKey(1, (_bent(_EPOCH.key, decisions) + bytes(32))[:32])
        case "sealed_epoch":
            sealed_epoch = SealedEpochKey(epoch=1, sealed=_bent(_SEALED_EPOCH.sealed, decisions))
        case "epoch_number":
            sealed_epoch = SealedEpochKey(epoch=decisions.integer(), sealed=_SEALED_EPOCH.sealed)
        case "":
            pass
        case _:
            changes[field] = _bent(getattr(ENTRY, field), decisions)
    entry = msgspec.structs.replace(ENTRY, **changes)
    same_epoch = (ledger_id, sealed_epoch) == (LEDGER, _SEALED_EPOCH)
    try:
        opened = open_sealed_epoch(sealed_epoch, ledger_id, CENTRE_KEY)
        require(same_epoch and opened.key == _EPOCH.key, "an epoch key opens that was sealed for another place")
    except Unreadable:
        require(not same_epoch, "a good epoch key does not open")
    bound = ("sequence", "previous_hash", "suite", "sealed_key", "nonce", "ciphertext")
    same = all(getattr(entry, name) == getattr(ENTRY, name) for name in bound) and (ledger_id, epoch) == (
        LEDGER,
        _EPOCH,
    )
    try:
        plaintext = unseal(entry, ledger_id, epoch)
    except Unreadable:
        require(not same, "a good entry does not open")
        return "unreadable"
    require(same and plaintext == PLAINTEXT, "an entry opens in another place")
    if 0 <= entry.sequence < 1 << 64:
        chained = ("sequence", "previous_hash", "hash", "header", "ciphertext")
        intact = all(getattr(entry, name) == getattr(ENTRY, name) for name in chained) and ledger_id == LEDGER
        require(entry.hash_fits(ledger_id) == intact, "the chain's hash fits other fields, or not its own")
    return "opened"


def _bent(value: bytes, decisions: Decisions) -> bytes:
    place = decisions.number(len(value) + 1)
    return value[:place] + decisions.chunk() + value[place + decisions.number(len(value) + 1) :]


_BODY: Final = b"a body as it was sent"
_TARGET: Final = "/v1/entries?a=b"


def _genuine() -> HttpRequest:
    headers = {"host": "centre:8443", "content-type": "application/json", "content-encoding": "gzip"}
    request = HttpRequest("POST", f"https://centre:8443{_TARGET}", headers)
    sign_request(request, _BODY, key=TERMINAL_KEY, key_id="t-1", nonce="n-1", now=NOW)
    return request


_GENUINE: Final = _genuine()
_SIGNED_HEADERS: Final = {name.lower(): value for name, value in _GENUINE.headers.items()}
_HEADER_NAMES: Final = tuple(sorted(_SIGNED_HEADERS))


def verify_a_request(case: bytes) -> str:
    """A genuine request of which a few parts were replaced by anything: it must not count as genuine."""
    decisions = Decisions(case)
    method, target, body, now = "POST", _TARGET, _BODY, NOW
    headers = dict(_SIGNED_HEADERS)
    for _ in range(decisions.number(4)):
        match decisions.number(6):
            case 0 | 1:
                name = decisions.choice(_HEADER_NAMES)
                headers[name] = _spliced(headers[name], decisions)
            case 2:
                method = _spliced(method, decisions)
            case 3:
                target = _spliced(target, decisions)
            case 4:
                body = _bent(body, decisions)
            case _:
                now = NOW + decisions.integer()
    if decisions.chance(4):  # another path is asked for, and the signed one hidden in the host
        headers["host"] += _TARGET + decisions.choice("#?/@;")
        target = "/v1/working-keys"
    request = _as_received(_over_asgi(method, target, headers))
    try:
        signed = verify_request(request, body, keys={"t-1": TERMINAL_KEY.public_key()}.get, now=now)
    except BadSignature:
        return "bad"
    except StaleSignature:
        require(abs(now - NOW) > 300, "a fresh signature was taken for a stale one")
        return "stale"
    require((signed.key_id, signed.nonce, signed.created) == ("t-1", "n-1", NOW), "says other than was signed")
    require(abs(now - NOW) <= 300, "a stale signature was taken for a fresh one")
    require((method, body) == ("POST", _BODY), "another method or body than was signed")
    require(target == _TARGET, "another path or query than was signed")
    for name in ("host", "content-type", "content-encoding"):
        require(headers[name].strip().lower() == _SIGNED_HEADERS[name], f"another {name} than was signed")
    return "genuine"


def _over_asgi(method: str, target: str, headers: Mapping[str, str]) -> Request:
    """The request as the centre's framework has it: path and query apart, nothing decoded."""
    path, _, query = target.partition("?")
    return Request(
        {
            "type": "http", "method": method, "scheme": "https", "path": path, "raw_path": path.encode("latin-1"),
            "query_string": query.encode("latin-1"),
            "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
        }
    )  # fmt: skip


def _spliced(value: str, decisions: Decisions) -> str:
    # What a server hands on: one line, no control characters.
    place = decisions.number(len(value) + 1)
    put = "".join(chr(0x20 + octet % 0xDF) for octet in decisions.chunk())
    return value[:place] + put + value[place + decisions.number(len(value) + 1) :]


MESSAGES: Final = Target(
    name="records-messages",
    engine="hypothesis",  # the decoder is C: libFuzzer would see no branch of it and keep two seeds only
    prepare=always(decode_message),
    seeds=_message_seeds,
    reached=frozenset({"decoded", "malformed"}),
    examples=500,
)
SEALING: Final = Target(
    name="records-sealing",
    engine="atheris",
    prepare=always(open_entry),
    seeds=lambda: [bytes([field, 1, 3, 0x55, 0xAA, 0x01, 0x02]) for field in range(13)],
    reached=frozenset({"opened", "unreadable"}),
    examples=500,
)
SIGNATURES: Final = Target(
    name="records-signatures",
    engine="atheris",
    prepare=always(verify_a_request),
    seeds=lambda: [
        b"\0",
        b"\1\0\4\1\0",
        b"\1\5" + b"\1\2\x01\x2c\0",
        *(bytes([0, 3, character]) for character in range(5)),
        *(bytes([1, 0, name, place, 2, 0x41, 0x09, 1]) for name in range(6) for place in (0, 20)),
    ],
    reached=frozenset({"genuine", "bad", "stale"}),
    examples=500,
)
