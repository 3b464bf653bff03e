"""Who may ask the centre, and what its answers are worth: real HTTPS, real signatures, tampered with one at a time."""

import base64
import contextlib
import datetime
import gzip
import hashlib
import secrets
import ssl
import tracemalloc

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from http_message_signatures import HTTPMessageSigner, HTTPSignatureKeyResolver, algorithms
from sqlalchemy import func, select

from central.enrolment import revoke
from central.tables import Entry, UsedNonce
from kiosk.records.signatures import BadSignature, HttpAnswer, verify_answer
from kiosk.records.upload import Receipt, decode, encode
from tests.centre import EnrolledTerminal, LedgerWriter, Reply, RunningCentre, a_transaction

COVERED = ("@method", "@authority", "@path", "@query", "content-digest", "content-type", "content-encoding")
ENTRIES = "/v1/entries"


@pytest.fixture
def terminal(centre: RunningCentre) -> EnrolledTerminal:
    return centre.enrol()


def a_body(centre: RunningCentre, terminal: EnrolledTerminal) -> bytes:
    ledger = LedgerWriter(terminal, centre)
    return gzip.compress(encode(ledger.batch([ledger.append(a_transaction())])))


def stored(centre: RunningCentre) -> int:
    with centre.database.reading() as session:
        return session.scalars(select(func.count()).select_from(Entry)).one()


def refused(reply: Reply, status: int, kind: str) -> None:
    assert reply.status == status
    assert reply.problem.type == kind
    assert reply.signed


class _Key(HTTPSignatureKeyResolver):
    def __init__(self, key: Ed25519PrivateKey) -> None:
        self.key = key

    def resolve_private_key(self, key_id: str) -> Ed25519PrivateKey:
        return self.key


def sign_by_hand(
    centre: RunningCentre,
    terminal: EnrolledTerminal,
    request: requests.PreparedRequest,
    body: bytes,
    *,
    covered: tuple[str, ...] = COVERED,
    without: str = "",
    tag: str = "ssct-request",
) -> None:
    """Sign with the library itself, leaving something out that our own profile never would."""
    created = datetime.datetime.fromtimestamp(int(centre.clock()), tz=datetime.UTC)
    signer = HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=_Key(terminal.key))
    # Content-Digest is put there by hand: given the body, the library would always cover it.
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    request.headers["Content-Digest"] = f"sha-256=:{digest}:"
    signer.sign(
        request,
        key_id=terminal.id,
        created=created,
        expires=None if without == "expires" else created + datetime.timedelta(seconds=300),
        nonce=None if without == "nonce" else secrets.token_hex(16),
        label="terminal",
        tag=None if without == "tag" else tag,
        include_alg=without != "alg",
        covered_component_ids=covered,
        use_existing_digest=True,
    )


def test_a_genuine_request_is_answered_and_signed(centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    reply = centre.send(centre.prepare(terminal, ENTRIES, a_body(centre, terminal)))
    assert (reply.status, reply.signed, stored(centre)) == (200, True, 1)
    assert reply.headers["content-encoding"] == "gzip"


def test_the_hand_made_signature_of_these_tests_is_good_when_whole(
    centre: RunningCentre, terminal: EnrolledTerminal
) -> None:
    body = a_body(centre, terminal)
    request = centre.unsigned(ENTRIES, body)
    sign_by_hand(centre, terminal, request, body)
    assert centre.send(request).status == 200


@pytest.mark.parametrize("missing", COVERED)
def test_each_component_must_be_covered(centre: RunningCentre, terminal: EnrolledTerminal, missing: str) -> None:
    body = a_body(centre, terminal)
    request = centre.unsigned(ENTRIES, body)
    covered = tuple(name for name in COVERED if name != missing)
    sign_by_hand(centre, terminal, request, body, covered=covered)
    refused(centre.send(request), 401, "signature")
    assert stored(centre) == 0


@pytest.mark.parametrize("missing", ["expires", "nonce", "alg", "tag"])
def test_each_parameter_must_be_there(centre: RunningCentre, terminal: EnrolledTerminal, missing: str) -> None:
    body = a_body(centre, terminal)
    request = centre.unsigned(ENTRIES, body)
    sign_by_hand(centre, terminal, request, body, without=missing)
    refused(centre.send(request), 401, "signature")
    assert stored(centre) == 0


def test_a_signature_for_another_purpose_counts_for_nothing(centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    body = a_body(centre, terminal)
    request = centre.unsigned(ENTRIES, body)
    sign_by_hand(centre, terminal, request, body, tag="ssct-answer")
    refused(centre.send(request), 401, "signature")


@pytest.mark.parametrize(
    ("header", "value"),
    [("Content-Type", "text/plain"), ("Content-Encoding", "x-gzip"), ("Host", "localhost")],
)
def test_a_changed_header_breaks_the_signature(
    centre: RunningCentre, terminal: EnrolledTerminal, header: str, value: str
) -> None:
    request = centre.prepare(terminal, ENTRIES, a_body(centre, terminal))
    request.headers[header] = value
    refused_unchecked = requests.Session()
    refused_unchecked.trust_env, refused_unchecked.verify = False, str(centre.ca_file)
    answer = refused_unchecked.send(request, timeout=10)
    assert answer.status_code == 401
    assert stored(centre) == 0


def test_a_changed_path_or_query_breaks_the_signature(centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    for url in (f"{centre.url}/v1/working-keys", f"{centre.url}{ENTRIES}?again=1"):
        request = centre.prepare(terminal, ENTRIES, a_body(centre, terminal))
        request.url = url
        assert centre.send(request).problem.type == "signature"


def test_a_changed_body_breaks_the_digest(centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    body = a_body(centre, terminal)
    request = centre.prepare(terminal, ENTRIES, body)
    request.body = body[:-1] + b"\x01"
    refused(centre.send(request), 401, "signature")
    assert stored(centre) == 0


def test_another_key_is_refused(centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    forged = centre.prepare(terminal, ENTRIES, a_body(centre, terminal), key=Ed25519PrivateKey.generate())
    refused(centre.send(forged), 401, "signature")


def test_an_unsigned_request_gets_an_unsigned_refusal(centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    reply = centre.send(centre.unsigned(ENTRIES, a_body(centre, terminal)))
    assert (reply.status, reply.problem.type, reply.signed) == (401, "signature", False)


def test_a_nonce_is_good_once(centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    request = centre.prepare(terminal, ENTRIES, a_body(centre, terminal))
    assert centre.send(request).status == 200
    refused(centre.send(request), 401, "replayed")


def test_a_nonce_is_remembered_over_a_restart(centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    request = centre.prepare(terminal, ENTRIES, a_body(centre, terminal))
    assert centre.send(request).status == 200
    centre.restart()
    refused(centre.send(request), 401, "replayed")


def test_two_terminals_may_draw_the_same_nonce(centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    other = centre.enrol("zmd-0002")
    for one in (terminal, other):
        assert centre.send(centre.prepare(one, ENTRIES, a_body(centre, one), nonce="the-same")).status == 200


def test_a_refused_signature_spends_no_nonce(centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    forged = centre.prepare(terminal, ENTRIES, a_body(centre, terminal), key=Ed25519PrivateKey.generate(), nonce="n-1")
    centre.send(forged)
    with centre.database.reading() as session:
        assert session.scalars(select(func.count()).select_from(UsedNonce)).one() == 0


@pytest.mark.parametrize("offset_s", [-301 - 5, 301 + 5, -86400, 86400])
def test_a_wrong_clock_is_told_and_the_answer_carries_the_right_one(
    centre: RunningCentre, terminal: EnrolledTerminal, offset_s: float
) -> None:
    before = int(centre.clock())
    request = centre.prepare(terminal, ENTRIES, a_body(centre, terminal), now=centre.clock() + offset_s)
    reply = centre.send(request)
    refused(reply, 401, "clock")
    assert before * 1000 <= reply.problem.centre_time_ms <= centre.clock() * 1000
    assert stored(centre) == 0


@pytest.mark.parametrize("offset_s", [-290, 290])
def test_a_clock_within_the_tolerance_is_accepted(
    centre: RunningCentre, terminal: EnrolledTerminal, offset_s: float
) -> None:
    request = centre.prepare(terminal, ENTRIES, a_body(centre, terminal), now=centre.clock() + offset_s)
    assert centre.send(request).status == 200


def test_an_unknown_terminal_is_told_so(centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    stranger = EnrolledTerminal("xxx-0001", "beijing", Ed25519PrivateKey.generate(), bytes(16), "P", bytes(16))
    refused(centre.send(centre.prepare(stranger, ENTRIES, a_body(centre, terminal))), 403, "unknown_terminal")


def test_a_revoked_terminal_is_told_so(centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    revoke(centre.database, terminal.id, centre.clock)
    refused(centre.send(centre.prepare(terminal, ENTRIES, a_body(centre, terminal))), 403, "revoked")


def test_a_terminal_can_not_send_for_another(centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    other = centre.enrol("zmd-0002")
    refused(centre.send(centre.prepare(other, ENTRIES, a_body(centre, terminal))), 400, "malformed")
    assert stored(centre) == 0


def test_an_answer_belongs_to_its_question(centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    ours, theirs = (centre.prepare(terminal, ENTRIES, a_body(centre, terminal)) for _ in range(2))
    session = requests.Session()
    session.trust_env, session.verify = False, str(centre.ca_file)
    answer = session.send(ours, timeout=10, stream=True)
    raw = answer.raw.read(decode_content=False)
    keys = {"centre-1": centre.signing_key}
    verify_answer(HttpAnswer(answer.status_code, answer.headers, ours), raw, keys=keys.get)
    with pytest.raises(BadSignature):
        verify_answer(HttpAnswer(answer.status_code, answer.headers, theirs), raw, keys=keys.get)
    with pytest.raises(BadSignature):
        verify_answer(HttpAnswer(201, answer.headers, ours), raw, keys=keys.get)
    with pytest.raises(BadSignature):
        verify_answer(HttpAnswer(answer.status_code, answer.headers, ours), raw + b"x", keys=keys.get)


@pytest.mark.parametrize(
    ("packed", "status", "kind"),
    [
        (b"not gzip at all", 400, "malformed"),
        (gzip.compress(b"not json"), 400, "malformed"),
        (gzip.compress(b"[]"), 400, "malformed"),
        (gzip.compress(b"[" * 100_000), 400, "malformed"),
        (gzip.compress(b"{}")[:-4], 400, "malformed"),
        (gzip.compress(b"{}") * 2, 400, "malformed"),
        (b"", 400, "malformed"),
        (gzip.compress(b" " * (8 * 1024 * 1024) + b"{}"), 413, "too_large"),
    ],
    ids=["no gzip", "no json", "other shape", "deep", "cut", "two members", "empty", "one byte over"],
)
def test_rubbish_gets_a_signed_refusal(
    centre: RunningCentre, terminal: EnrolledTerminal, packed: bytes, status: int, kind: str
) -> None:
    refused(centre.send(centre.prepare(terminal, ENTRIES, packed)), status, kind)


def test_a_bomb_is_unpacked_no_further_than_allowed(centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    bomb = gzip.compress(bytes(400 * 1024 * 1024), 1)
    tracemalloc.start()
    try:
        refused(centre.send(centre.prepare(terminal, ENTRIES, bomb)), 413, "too_large")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 40 * 1024 * 1024


def test_a_body_of_20_mb_is_read_no_further_than_allowed(centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    request = centre.prepare(terminal, ENTRIES, secrets.token_bytes(20 * 1024 * 1024))
    # The centre may hang up while we are still sending, which is as good.
    with contextlib.suppress(requests.ConnectionError):
        refused(centre.send(request), 413, "too_large")
    assert centre.send(centre.prepare(terminal, ENTRIES, a_body(centre, terminal))).status == 200


def test_plain_http_finds_nobody(centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.1:{centre.port}/health", timeout=10)


def test_the_certificate_names_loopback_only_and_the_ca_is_needed(centre: RunningCentre) -> None:
    context = ssl.create_default_context(cafile=str(centre.ca_file))
    assert context.cert_store_stats() == {"x509": 1, "crl": 0, "x509_ca": 1}
    session = requests.Session()
    session.trust_env = False
    with pytest.raises(requests.exceptions.SSLError):
        session.get(f"{centre.url}/health", timeout=10)
    session.verify = str(centre.ca_file)
    assert session.get(f"https://localhost:{centre.port}/health", timeout=10).text == "ok"


def test_a_receipt_proves_itself_apart_from_the_connection(centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    reply = centre.send(centre.prepare(terminal, ENTRIES, a_body(centre, terminal)))
    receipt = decode(reply.body, Receipt)
    assert receipt.is_genuine(centre.signing_key)
    assert not receipt.is_genuine(Ed25519PrivateKey.generate().public_key())
