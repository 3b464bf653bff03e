"""A centre that lies: to the terminal's client, with and without the real centre's key, and to its uplink."""

import base64
import gzip
import io
import itertools
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

import certifi
import msgspec
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from urllib3 import HTTPHeaderDict, HTTPResponse

from kiosk.central_client import CentreDistrusted, CentreRefused, CentreUnreachable, ClockOffset, SignedConnection
from kiosk.central_client.connection import CentreAdapter
from kiosk.ledger import Ledger, LedgerReader
from kiosk.records.questions import GetWorkingKey, WorkingKey
from kiosk.records.signatures import HttpAnswer, sign_answer
from kiosk.records.transaction import Outcome, Service, Stage, Transaction
from kiosk.records.upload import Batch, Judgement, Malformed, Problem, Receipt, Verdict, decode, encode
from kiosk.uplink import BackOff, Halted, Idle, ReceiptReader, Receipts, Resumed, Sent, Uplink
from tests.fuzz.decisions import Decisions, twisted
from tests.fuzz.in_memory import folder_in_memory
from tests.fuzz.target import Check, Target, require

T = TypeVar("T")
TERMINAL_KEY: Final = Ed25519PrivateKey.from_private_bytes(b"t" * 32)
CENTRE_KEY: Final = Ed25519PrivateKey.from_private_bytes(b"c" * 32)
OTHER_KEY: Final = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
CENTRE_KEYS: Final = {"centre-1": CENTRE_KEY.public_key()}
NOW: Final = 1_800_000_000
ANSWER: Final = WorkingKey(cipher=b"\x01" * 16, check_value=b"\x02" * 4)
QUESTION: Final = GetWorkingKey(pad_serial="PAD00001")
STATUSES: Final = (200, 400, 401, 403, 409, 423, 429, 500, 503, 204, 206, 301, 304, 404, 599)


@dataclass
class Lie:
    """One answer as it goes over the line."""

    status: int
    headers: dict[str, str]
    body: bytes


class LyingLine(CentreAdapter):
    """Answers each request with the next lie, without a network between."""

    def __init__(self) -> None:
        super().__init__(Path(certifi.where()))
        self.lies: list[Any] = []

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """See :meth:`requests.adapters.HTTPAdapter.send`."""
        self.exchange.sent = True
        lie: Lie = self.lies.pop(0)(request)
        raw = HTTPResponse(
            body=io.BytesIO(lie.body), headers=HTTPHeaderDict(lie.headers), status=lie.status, preload_content=False
        )
        return self.build_response(request, raw)


def truth(request: requests.PreparedRequest) -> Lie:
    """What an honest centre answers."""
    return _signed(request, 200, gzip.compress(encode(ANSWER)), CENTRE_KEY, NOW)


def _signed(
    request: requests.PreparedRequest, status: int, body: bytes, key: Ed25519PrivateKey, now: int, nonce: str = "n"
) -> Lie:
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    sign_answer(HttpAnswer(status, headers, request), body, key=key, key_id="centre-1", nonce=nonce, now=now)
    return Lie(status, {name.lower(): value for name, value in headers.items()}, body)


@dataclass
class Listener:
    """A terminal's connection, and whether what it believed was said by the centre."""

    folder: Path
    line: LyingLine = field(default_factory=LyingLine)

    def hear(self, case: bytes) -> str:
        """One lie; then the truth, which must still be understood."""
        decisions = Decisions(case)
        offset_file = self.folder / "offset"
        offset_file.unlink(missing_ok=True)
        connection = SignedConnection(
            "https://centre:8443", Path(certifi.where()), terminal_id="t-1", key=TERMINAL_KEY, centre_keys=CENTRE_KEYS,
            clock=lambda: NOW, offset=ClockOffset(offset_file), adapter=self.line,
        )  # fmt: skip
        has_key = decisions.chance(2)
        tell = self._with_the_key if has_key else self._without_the_key
        # A problem `clock` or `replayed` is answered by asking once more.
        self.line.lies = [lambda request: tell(request, decisions), truth]
        outcome = _ask(connection)
        if not has_key and outcome != "believed":
            require(outcome in {"distrusted", "unreachable"}, "a stranger's word was taken for the centre's")
            require(not offset_file.exists(), "a stranger set the clock")
        self.line.lies = [truth]
        require(_ask(connection) == "believed", "after a lie the truth is not understood any more")
        return f"{'key' if has_key else 'stranger'}: {outcome}"

    def _without_the_key(self, request: requests.PreparedRequest, decisions: Decisions) -> Lie:
        """Anything, an answer by another key, or the centre's own answer with parts exchanged."""
        lie = truth(request)
        match decisions.number(5):
            case 0:
                lie = Lie(decisions.choice(STATUSES), {}, decisions.chunk())
                for _ in range(decisions.number(5)):
                    name = decisions.choice(("signature", "signature-input", "content-digest", "content-encoding", "x"))
                    lie.headers[name] = decisions.chunk().decode("latin-1")
            case 1:
                lie = _signed(request, decisions.choice(STATUSES), lie.body, OTHER_KEY, NOW)
            case 2:
                other = requests.Request("POST", "https://centre:8443/x", headers=dict(request.headers)).prepare()
                other.headers["Signature"] = f"terminal=:{'A' * 86}==:"
                lie = _signed(other, 200, lie.body, CENTRE_KEY, NOW)
            case 3:
                lie.status = decisions.choice(STATUSES[1:])
            case _:
                place = decisions.number(len(lie.body))
                lie.body = (
                    lie.body[:place] + bytes([lie.body[place] ^ (1 + decisions.number(255))]) + lie.body[place + 1 :]
                )
        return lie

    def _with_the_key(self, request: requests.PreparedRequest, decisions: Decisions) -> Lie:
        """Genuinely signed, whatever it says."""
        status = decisions.choice((*STATUSES, decisions.number(600)))
        problem = Problem(type=decisions.choice(("gap", "clock", "busy", "x")), centre_time_ms=decisions.integer())
        message = ANSWER if status == 200 else problem
        body = encode(message)
        if decisions.chance(2):
            body = msgspec.json.encode(twisted(msgspec.to_builtins(message), decisions))
        if decisions.chance(4):
            body = decisions.chunk()
        packed = body if decisions.chance(8) else gzip.compress(body, mtime=0)
        if decisions.chance(4):
            packed += decisions.chunk()
        now = decisions.choice((NOW, 0, 1, 253_402_300_499, NOW + 86_400, NOW - 86_400))
        lie = _signed(request, status, packed, CENTRE_KEY, now)
        if decisions.chance(4):
            return self._at_another_time(request, lie, decisions)
        return lie

    @staticmethod
    def _at_another_time(request: requests.PreparedRequest, lie: Lie, decisions: Decisions) -> Lie:
        """A time that no calendar has, signed all the same."""
        created = decisions.choice((999_999_999_999_999, -999_999_999_999_999, 10**12, -1))
        base = lie.headers["signature-input"].replace(f"created={_created(lie)}", f"created={created}")
        answer = HttpAnswer(lie.status, lie.headers, request)
        return Lie(lie.status, {**lie.headers, **_resigned(answer, base)}, lie.body)


def _created(lie: Lie) -> str:
    return lie.headers["signature-input"].partition("created=")[2].partition(";")[0]


def _resigned(answer: HttpAnswer, signature_input: str) -> dict[str, str]:
    """The two headers of a signature whose parameters the library would not make by itself (RFC 9421, 2.5)."""
    inner = signature_input.partition("=")[2]
    question = answer.request.headers["Signature"].partition("=")[2]
    if isinstance(question, bytes):
        question = question.decode("ascii")
    lines = [
        f'"@status": {answer.status_code}',
        f'"content-digest": {answer.headers["content-digest"]}',
        f'"content-type": {answer.headers["content-type"]}',
        f'"signature";req;key="terminal": {question}',
        f'"@signature-params": {inner}',
    ]
    made = CENTRE_KEY.sign("\n".join(lines).encode("ascii"))
    return {"signature-input": signature_input, "signature": f"centre=:{base64.b64encode(made).decode()}:"}


def _ask(connection: SignedConnection) -> str:
    try:
        answer = connection.ask("/v1/working-keys", QUESTION, WorkingKey)
    except CentreUnreachable:
        return "unreachable"
    except CentreDistrusted:
        return "distrusted"
    except CentreRefused as refused:
        require(bool(refused.problem.type) or refused.problem.type == "", "a problem has its type")
        return "refused"
    require(type(answer) is WorkingKey, "another kind of answer")
    return "believed"


@contextmanager
def _listener() -> Iterator[Check]:
    with folder_in_memory() as folder:
        yield Listener(folder).hear


@dataclass
class LyingCentre:
    """Receipts with one thing changed, by the right key or another; problems of any kind; silence."""

    decisions: Decisions
    genuine: dict[int, bytes]
    """Sequences and hashes that a receipt by the centre's own key has named, for this ledger."""
    terminal: str = "t-1"

    def ask(self, path: str, question: msgspec.Struct, kind: type[T]) -> T:
        """See :class:`kiosk.uplink.uplink.Line`."""
        if not isinstance(question, Batch):
            raise TypeError("an uplink sends batches")
        match self.decisions.number(6):
            case 4:
                raise CentreUnreachable("no answer", maybe_done=True)
            case 5:
                number = self.decisions.integer()
                words = ("gap", "too_large", "clock", "replayed", "frozen", "busy", self.decisions.text())
                problem = Problem(type=self.decisions.choice(words), expected_sequence=number, centre_time_ms=0)
                raise CentreRefused(409, problem)
            case lies:
                return self._receipt(question, kind, lies)

    def _receipt(self, batch: Batch, kind: type[T], lies: int) -> T:
        rows = sorted((entry.sequence, entry.hash) for entry in batch.entries)
        head = max((sequence for sequence, _ in rows), default=0)
        receipt = Receipt(
            terminal=batch.terminal,
            ledger_id=batch.ledger_id,
            judgements=[Judgement(sequence=s, hash=h, verdict=Verdict.APPLIED) for s, h in rows],
            head_sequence=head,
            head_hash=dict(rows).get(head, bytes(32)),
            centre_time_ms=NOW * 1000,
            key_id="centre-1",
        )
        try:
            for _ in range(lies):
                receipt = decode(msgspec.json.encode(twisted(msgspec.to_builtins(receipt), self.decisions)), Receipt)
            key = CENTRE_KEY if not self.decisions.chance(3) else OTHER_KEY
            signed = decode(encode(receipt.signed(key)), Receipt)
        except (Malformed, msgspec.ValidationError) as error:
            raise CentreDistrusted("a receipt that is none", maybe_done=True) from error
        if key is CENTRE_KEY and (signed.terminal, signed.ledger_id, signed.key_id) == (
            batch.terminal, batch.ledger_id, "centre-1",
        ):  # fmt: skip
            self.genuine |= {judgement.sequence: judgement.hash for judgement in signed.judgements}
        require(isinstance(signed, kind), "a receipt")
        return signed  # type: ignore[return-value]  # an uplink asks for receipts only


@dataclass
class Believer:
    """An uplink over a real ledger of five entries, with new receipts for each case."""

    folder: Path
    reader: LedgerReader
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def believe(self, case: bytes) -> str:
        """Six steps before a lying centre: what has no receipt by the centre's key is never passed."""
        path = self.folder / f"receipts-{next(self.numbers)}"
        centre = LyingCentre(Decisions(case), {})
        hashes = {entry.sequence: _hash(entry) for entry in self.reader.entries(0, 100)}
        told = set()
        with Receipts(path, self.reader.ledger_id, now_ms=NOW * 1000) as receipts:
            uplink = Uplink(
                self.reader, receipts, centre, key=TERMINAL_KEY, centre_keys=CENTRE_KEYS, clock=lambda: NOW,
                chance=random.Random(1), monotonic=lambda: 0.0,
            )  # fmt: skip
            proof = ReceiptReader(path, self.reader.ledger_id, "t-1", CENTRE_KEYS)
            for _ in range(6):
                step = uplink.step()
                require(isinstance(step, Idle | Sent | Resumed | BackOff | Halted), "a step of its list")
                covered = _covered(hashes, centre.genuine)
                through = receipts.standing().through
                require(0 <= through <= covered, "the uplink passed what the centre has not acknowledged")
                require(proof.proven_through() <= covered, "an entry may be erased that the centre does not have")
                told.add(type(step).__name__)
            proof.close()
        for left in self.folder.glob(f"{path.name}*"):
            left.unlink()
        return " ".join(sorted(told - {"Resumed"}))


def _hash(entry: object) -> bytes:
    digest: bytes = getattr(entry, "hash", b"")
    return digest


def _covered(hashes: Mapping[int, bytes], genuine: Mapping[int, bytes]) -> int:
    """Up to where each entry stands in a genuine receipt with its own hash, or with one that was lost there."""
    covered = 0
    while covered + 1 in genuine and genuine[covered + 1] in {hashes.get(covered + 1), bytes(32)}:
        covered += 1
    return covered


@contextmanager
def _believer() -> Iterator[Check]:
    sealing = X25519PrivateKey.from_private_bytes(b"x" * 32).public_key()
    with (
        folder_in_memory() as folder,
        Ledger.create(folder / "ledger", "t-1", b"s" * 32, sealing, lambda: NOW) as ledger,
    ):
        for number in range(5):
            ledger.append(
                Transaction(
                    transaction_id=f"{number:032x}", service=Service.CARD_QUERY, stage=Stage.FINISHED,
                    outcome=Outcome.DONE, region="zhumadian", card_number="T41170015", identification_code="0" * 32,
                ),
                offset_ms=0,
            )  # fmt: skip
        with LedgerReader(folder / "ledger") as reader:
            yield Believer(folder, reader).believe


CLIENT: Final = Target(
    name="liar-client",
    engine="atheris",
    prepare=_listener,
    seeds=lambda: [
        b"\0\0\0",
        *(bytes([0, way, 9, 40, 0]) for way in range(1, 5)),
        *(bytes([1, status, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]) for status in range(len(STATUSES))),
        *(b"\1\0\0\0\0\0" + bytes([0, 0, 0, time, 0]) for time in range(6)),
        *(b"\1\0\0\0\0\0" + bytes([0, 0, 0, 0, 3, time]) for time in range(4)),
        b"\1\0\0\0\0\0\0\1\0\3\0\0\0",
    ],
    reached=frozenset(
        {"stranger: distrusted", "stranger: unreachable", "key: believed", "key: refused", "key: distrusted"}
    ),
    examples=200,
)
UPLINK: Final = Target(
    name="liar-uplink",
    engine="atheris",
    prepare=_believer,
    seeds=lambda: [b"\0" * 20, b"\0\0" + b"\1" * 30, b"\0\0\2" + b"\3" * 40, b"\5\0\0\0", b"\0\0\0\5\1\1\0", b"\4" * 9],
    reached=frozenset({"Idle Sent", "BackOff Halted", "BackOff"}),
    examples=150,
)
