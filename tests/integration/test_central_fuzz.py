"""Whatever is sent, the centre answers with a signed refusal: never a defect, never silence."""

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kiosk.records.upload import encode
from tests.centre import EnrolledTerminal, LedgerWriter, RunningCentre, a_transaction
from tests.postgres import PrivatePostgres

PATHS = (
    "/v1/entries",
    "/v1/card-sessions",
    "/v1/card-sessions/00/terminal-authentication",
    "/v1/card-sessions/00/card-proof",
    "/v1/card-sessions/00/record",
    "/v1/card-sessions/%00/record",
    "/v1/card-sessions/00/pin-change",
    "/v1/card-sessions/00/loss-lifting",
    "/v1/loss-reports",
    "/v1/working-keys",
)
EXAMPLES = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "60")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
# Texts that databases and codecs stumble over, beside whatever Hypothesis makes up.
AWKWARD = ["", "\0", "a\0b", "\ud7ff", "💳", "𬱖", "'; DROP TABLE entries; --", "A" * 5000, "../..", "%00", "NaN"]
TEXTS = st.one_of(st.sampled_from(AWKWARD), st.text(max_size=40))
NUMBERS = st.one_of(st.sampled_from([-1, 0, 1, 2**31, 2**32, 2**63 - 1, 2**63, 2**64, 10**40]), st.integers())
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, st.floats(allow_nan=False, allow_infinity=False), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=12,
)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCentre]:
    database = None
    if request.param == "postgresql":
        server: PrivatePostgres = request.getfixturevalue("postgres_server")
        database = server.create_database()
    directory: Path = tmp_path_factory.mktemp("fuzz")
    with RunningCentre(directory, database=database) as centre:
        yield centre


@pytest.fixture(scope="module")
def terminal(running: RunningCentre) -> EnrolledTerminal:
    return running.enrol()


@pytest.fixture(scope="module")
def whole(running: RunningCentre, terminal: EnrolledTerminal) -> dict[str, Any]:
    """A batch in order, as JSON; never sent as it is."""
    ledger = LedgerWriter(terminal, running)
    entries = [ledger.append(a_transaction()) for _ in range(2)]
    made: dict[str, Any] = json.loads(encode(ledger.batch(entries, [ledger.tombstone(3)])))
    return made


def refused(reply: Any) -> None:
    assert 400 <= reply.status < 500
    assert reply.signed
    assert reply.problem.type != "defect"


@EXAMPLES
@given(
    path=st.sampled_from(PATHS), body=st.one_of(st.binary(max_size=200), JSON.map(lambda one: json.dumps(one).encode()))
)
def test_any_body_is_refused(running: RunningCentre, terminal: EnrolledTerminal, path: str, body: bytes) -> None:
    refused(running.post(terminal, path, body))


@EXAMPLES
@given(data=st.data())
def test_a_batch_with_one_thing_changed_is_refused_or_stored(
    running: RunningCentre, terminal: EnrolledTerminal, whole: dict[str, Any], data: st.DataObject
) -> None:
    places = [
        (whole, name) for name in ("terminal", "ledger_id", "epochs", "entries", "tombstones")
    ] + [
        (part, name)
        for part in (whole["epochs"][0], whole["entries"][0], whole["entries"][1], whole["tombstones"][0])
        for name in part
    ]  # fmt: skip
    holder, name = data.draw(st.sampled_from(places))
    kept = holder[name]
    holder[name] = data.draw(st.one_of(NUMBERS, TEXTS, JSON, st.just("AAAA"), st.just([kept, kept])))
    try:
        reply = running.post(terminal, "/v1/entries", json.dumps(whole).encode())
    finally:
        holder[name] = kept
    # A changed seal, nonce or epoch is well-formed: such an entry is stored and refused by its verdict.
    assert reply.status in {200, 400, 403, 409, 413, 423}
    assert reply.signed


@EXAMPLES
@given(
    values=st.fixed_dictionaries(
        {
            "transaction_id": st.one_of(TEXTS, st.just("0" * 32)),
            "region": TEXTS,
            "identification_code": st.one_of(TEXTS, st.just("A" * 32)),
            "card_number": TEXTS,
            "norm_version": st.one_of(TEXTS, st.just("2.00")),
        }
    )
)
def test_any_card_is_refused_or_challenged(
    running: RunningCentre, terminal: EnrolledTerminal, values: dict[str, str]
) -> None:
    reply = running.post(terminal, "/v1/card-sessions", json.dumps(values).encode())
    assert reply.status in {200, 400}
    assert reply.signed


@EXAMPLES
@given(
    header=st.sampled_from(
        ["Signature", "Signature-Input", "Content-Digest", "Content-Type", "Content-Encoding", "Host"]
    ),
    value=st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=120),
    appended=st.booleans(),
)
def test_any_header_is_refused(
    running: RunningCentre, terminal: EnrolledTerminal, header: str, value: str, appended: bool
) -> None:
    request = running.prepare(terminal, "/v1/entries", gzip.compress(b"{}"))
    request.headers[header] = (str(request.headers[header]) if appended else "") + value.strip()
    session = requests.Session()
    session.trust_env, session.verify = False, str(running.ca_file)
    with session:
        answer = session.send(request, timeout=30)
    assert 400 <= answer.status_code < 500
