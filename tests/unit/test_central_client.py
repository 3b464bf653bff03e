"""The terminal's side of the wire against servers that answer rubbish: nothing unproved may be believed."""

import datetime
import gzip
import http.server
import ipaddress
import logging
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

from kiosk.central_client import (
    CentralClient,
    CentreDistrusted,
    CentreRefused,
    CentreUnreachable,
    ClockOffset,
    SignedConnection,
)
from kiosk.records.activation import ActivateCard, ActivationVerdict, CardActivated
from kiosk.records.card import CardState
from kiosk.records.filings import IdentifiedBy
from kiosk.records.issuance import (
    AbandonedWhy,
    AbandonIssuance,
    AbandonVerdict,
    AskFee,
    AskIssuance,
    AuthenticateBlank,
    BlankAuthenticated,
    BlankFate,
    BlankRegistered,
    BlankVerdict,
    CardsSwitched,
    CommitIssuance,
    FeeOrdered,
    FeeStanding,
    FeeState,
    IssuanceAbandoned,
    IssuanceCommitted,
    IssuanceReserved,
    IssuanceStage,
    IssuanceStanding,
    IssuanceToken,
    IssuanceVerdict,
    NewCardFate,
    OrderFee,
    RegisterBlank,
    ReplacementReason,
    RequestToken,
    ReserveIssuance,
    SwitchCards,
    SwitchVerdict,
)
from kiosk.records.questions import (
    CardExamined,
    ChangeCentrePin,
    ExamineCard,
    FormalLossReported,
    FormalLossVerdict,
    GetRecord,
    GetWorkingKey,
    LiftLoss,
    LiftLossWithoutCard,
    LiftVerdict,
    LossLifted,
    LossReported,
    LossVerdict,
    PinChange,
    PinChanged,
    PinVerdict,
    ProveCard,
    RecordAnswer,
    ReportFormalLoss,
    ReportLoss,
    WorkingKey,
)
from kiosk.records.signatures import HttpAnswer, HttpRequest, sign_answer, verify_request
from kiosk.records.upload import Problem, encode

CENTRE_NOW = 1_800_000_000
QUESTION = GetWorkingKey(pad_serial="pad-7")
ANSWER = WorkingKey(cipher=b"\x01" * 16, check_value=b"\x02" * 4)
TERMINAL_KEY = Ed25519PrivateKey.from_private_bytes(b"t" * 32)
CENTRE_KEY = Ed25519PrivateKey.from_private_bytes(b"c" * 32)
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(b"o" * 32)


@dataclass(frozen=True)
class Identity:
    """A CA and one server certificate of it."""

    ca: Path
    chain: Path


def make_identity(folder: Path, name: str, host: x509.GeneralName) -> Identity:
    now = datetime.datetime.now(datetime.UTC)

    def certificate(
        subject: str, issuer: str, key: ec.EllipticCurvePrivateKey, signer: ec.EllipticCurvePrivateKey, *, ca: bool
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if not ca:
            builder = builder.add_extension(x509.SubjectAlternativeName([host]), critical=False)
        return builder.sign(signer, hashes.SHA256())

    ca_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca = certificate(f"{name} CA", f"{name} CA", ca_key, ca_key, ca=True)
    server = certificate(name, f"{name} CA", server_key, ca_key, ca=False)
    made = Identity(folder / f"{name}-ca.pem", folder / f"{name}.pem")
    pem = serialization.Encoding.PEM
    made.ca.write_bytes(ca.public_bytes(pem))
    made.chain.write_bytes(
        server_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + server.public_bytes(pem)
    )
    return made


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    path: str
    question: HttpRequest
    body: bytes


class Handler(http.server.BaseHTTPRequestHandler):
    """Hands each request to the test's own answer."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_POST(self) -> None:
        self.body = self.rfile.read(int(self.headers["Content-Length"]))
        host = self.headers["Host"]
        self.question = HttpRequest(
            "POST", f"https://{host}{self.path}", {k.lower(): v for k, v in self.headers.items()}
        )
        self.server.questions.append(Received(self.path, self.question, self.body))
        answers = self.server.answers
        (answers.pop(0) if len(answers) > 1 else answers[0])(self)

    def do_GET(self) -> None:
        self.server.questions.append(Received(self.path, HttpRequest("GET", self.path, {}), b""))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's own name
        pass

    def send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {"content-length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


Answer = Callable[[Handler], None]


class Server(http.server.ThreadingHTTPServer):
    """One HTTPS server on loopback."""

    daemon_threads = True

    def __init__(self, identity: Identity, *answers: Answer) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = list(answers)
        self.questions: list[Received] = []
        self.connections = 0
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(identity.chain)
        self.ending = threading.Event()

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        connection, address = super().get_request()
        self.connections += 1
        return self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are what these tests are about."""

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.server_address[1]}"


def signed(
    answer: msgspec.Struct,
    status: int = 200,
    *,
    key: Ed25519PrivateKey = CENTRE_KEY,
    key_id: str = "centre-1",
    now: float = CENTRE_NOW,
    bound_to: Callable[[Handler], HttpRequest] = lambda handler: handler.question,
    pack: Callable[[bytes], bytes] = gzip.compress,
    encoding: str = "gzip",
    extra: dict[str, str] | None = None,
) -> Answer:
    def give(handler: Handler) -> None:
        headers = {"content-type": "application/json", "content-encoding": encoding}
        body = pack(encode(answer))
        message = HttpAnswer(status, headers, bound_to(handler))
        sign_answer(message, body, key=key, key_id=key_id, nonce="n", now=now)
        handler.send(status, {**headers, **(extra or {})}, body)

    return give


def problem(kind: str, status: int) -> Answer:
    return signed(Problem(type=kind, centre_time_ms=CENTRE_NOW * 1000), status)


def plain(status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> Answer:
    return lambda handler: handler.send(status, headers or {}, body)


@dataclass
class Stand:
    """What a test needs to put a terminal before a server."""

    folder: Path
    identity: Identity
    servers: list[Server] = field(default_factory=list)
    terminal_now: float = CENTRE_NOW

    def serve(self, *answers: Answer, identity: Identity | None = None) -> Server:
        server = Server(identity or self.identity, *answers)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.servers.append(server)
        return server

    def connection(self, url: str, *, ca: Path | None = None, answer_within_s: float = 5.0) -> SignedConnection:
        return SignedConnection(
            url, ca or self.identity.ca, terminal_id="t-1", key=TERMINAL_KEY,
            centre_keys={"centre-1": CENTRE_KEY.public_key()}, clock=lambda: self.terminal_now,
            offset=ClockOffset(self.folder / "offset"), answer_within_s=answer_within_s,
        )  # fmt: skip

    def ask(self, *answers: Answer) -> WorkingKey:
        return self.connection(self.serve(*answers).url).ask("/v1/working-keys", QUESTION, WorkingKey)


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return make_identity(tmp_path_factory.mktemp("tls"), "centre", x509.IPAddress(ipaddress.ip_address("127.0.0.1")))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return make_identity(tmp_path_factory.mktemp("tls"), "stranger", x509.IPAddress(ipaddress.ip_address("127.0.0.1")))


@pytest.fixture
def stand(tmp_path: Path, identity: Identity) -> Iterator[Stand]:
    made = Stand(tmp_path, identity)
    yield made
    for server in made.servers:
        server.ending.set()
        server.shutdown()
        server.server_close()


def test_question_is_signed_and_line_kept_alive(stand: Stand) -> None:
    server = stand.serve(signed(ANSWER))
    connection = stand.connection(server.url)
    assert connection.ask("/v1/working-keys", QUESTION, WorkingKey) == ANSWER
    assert connection.ask("/v1/working-keys", QUESTION, WorkingKey) == ANSWER
    assert server.connections == 1
    first, second = server.questions
    assert gzip.decompress(first.body) == b'{"pad_serial":"pad-7"}'
    one, two = (
        verify_request(q.question, q.body, keys=lambda _: TERMINAL_KEY.public_key(), now=CENTRE_NOW)
        for q in (first, second)
    )
    assert (one.key_id, one.created) == ("t-1", CENTRE_NOW)
    assert one.nonce != two.nonce


def test_wrong_ca(stand: Stand, stranger: Identity) -> None:
    server = stand.serve(signed(ANSWER), identity=stranger)
    with pytest.raises(CentreDistrusted):
        stand.connection(server.url).ask("/x", QUESTION, WorkingKey)
    assert server.questions == []


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_environment_replaces_no_ca(
    stand: Stand, stranger: Identity, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, str(stranger.ca))
    assert stand.ask(signed(ANSWER)) == ANSWER
    with pytest.raises(CentreDistrusted):
        stand.connection(stand.serve(signed(ANSWER), identity=stranger).url).ask("/x", QUESTION, WorkingKey)


def test_environment_sets_no_proxy(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert stand.ask(signed(ANSWER)) == ANSWER


def test_wrong_host_name(stand: Stand, tmp_path: Path) -> None:
    elsewhere = make_identity(tmp_path, "elsewhere", x509.DNSName("elsewhere.test"))
    server = stand.serve(signed(ANSWER), identity=elsewhere)
    with pytest.raises(CentreDistrusted):
        stand.connection(server.url, ca=elsewhere.ca).ask("/x", QUESTION, WorkingKey)
    assert server.questions == []


def test_http_is_refused_before_anything_is_sent(stand: Stand) -> None:
    with pytest.raises(ValueError, match="https only"):
        stand.connection("http://127.0.0.1:1")


def test_answer_by_another_key(stand: Stand) -> None:
    with pytest.raises(CentreDistrusted):
        stand.ask(signed(ANSWER, key=OTHER_KEY))


def test_answer_by_unknown_key_id(stand: Stand) -> None:
    with pytest.raises(CentreDistrusted):
        stand.ask(signed(ANSWER, key_id="centre-2"))


def test_answer_to_another_question(stand: Stand) -> None:
    server = stand.serve(signed(ANSWER, bound_to=lambda handler: handler.server.questions[0].question))
    connection = stand.connection(server.url)
    assert connection.ask("/v1/working-keys", QUESTION, WorkingKey) == ANSWER
    with pytest.raises(CentreDistrusted):
        connection.ask("/v1/working-keys", QUESTION, WorkingKey)


def test_unsigned_answer(stand: Stand) -> None:
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    with pytest.raises(CentreDistrusted):
        stand.ask(plain(200, headers, gzip.compress(encode(ANSWER))))


@pytest.mark.parametrize("header", ["signature", "signature-input", "content-digest"])
@pytest.mark.parametrize("value", ["", "centre=:AAAA:", "centre", "\x7f", 'centre=("@status");tag="ssct-answer"'])
def test_garbage_in_signature_headers(stand: Stand, header: str, value: str) -> None:
    with pytest.raises(CentreDistrusted):
        stand.ask(signed(ANSWER, extra={header: value}))


def test_changed_body(stand: Stand) -> None:
    def give(handler: Handler) -> None:
        headers = {"content-type": "application/json", "content-encoding": "gzip"}
        sign_answer(
            HttpAnswer(200, headers, handler.question), gzip.compress(encode(ANSWER)),
            key=CENTRE_KEY, key_id="centre-1", nonce="n", now=CENTRE_NOW,
        )  # fmt: skip
        handler.send(200, headers, gzip.compress(encode(WorkingKey(cipher=b"evil", check_value=b""))))

    with pytest.raises(CentreDistrusted):
        stand.ask(give)


def test_gzip_bomb(stand: Stand) -> None:
    with pytest.raises(CentreDistrusted, match="too large"):
        stand.ask(signed(ANSWER, pack=lambda _: gzip.compress(bytes(200 * 1024 * 1024), 1)))


def test_answer_of_exactly_8_mib_is_read(stand: Stand) -> None:
    def padded(body: bytes) -> bytes:
        return gzip.compress(body + b" " * (8 * 1024 * 1024 - len(body)), 1)

    assert stand.ask(signed(ANSWER, pack=padded)) == ANSWER


def test_endless_answer(stand: Stand) -> None:
    def give(handler: Handler) -> None:
        handler.send(200, {"content-length": str(10**12)}, b"")
        while not handler.server.ending.is_set():
            handler.wfile.write(bytes(65536))

    with pytest.raises(CentreDistrusted, match="without end"):
        stand.ask(give)


@pytest.mark.parametrize(
    "packed",
    [b"", b"not gzip", gzip.compress(encode(ANSWER))[:-4], gzip.compress(encode(ANSWER)) + b"more"],
    ids=["nothing", "not gzip", "cut", "with more behind it"],  # gzip holds the time: two runs would differ by name
)
def test_signed_answer_that_does_not_unpack(stand: Stand, packed: bytes) -> None:
    with pytest.raises(CentreDistrusted):
        stand.ask(signed(ANSWER, pack=lambda _: packed))


def test_signed_answer_of_another_shape(stand: Stand) -> None:
    with pytest.raises(CentreDistrusted):
        stand.ask(signed(PinChanged(change=PinChange.CHANGED)))


def test_uncompressed_answer(stand: Stand) -> None:
    with pytest.raises(CentreDistrusted):
        stand.ask(signed(ANSWER, pack=lambda body: body, encoding="identity"))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(stand: Stand, status: int) -> None:
    target = stand.serve(signed(ANSWER))
    for answer in (
        plain(status, {"location": target.url}),
        signed(Problem(type="moved", centre_time_ms=0), status, extra={"location": target.url}),
    ):
        with pytest.raises((CentreDistrusted, CentreRefused)):
            stand.ask(answer)
    assert target.questions == []


def test_cut_body(stand: Stand) -> None:
    def give(handler: Handler) -> None:
        handler.send(200, {"content-length": "1000"}, b"half of it")
        handler.close_connection = True

    with pytest.raises(CentreUnreachable) as caught:
        stand.ask(give)
    assert caught.value.maybe_done


def test_line_cut_before_the_answer(stand: Stand) -> None:
    def give(handler: Handler) -> None:
        handler.close_connection = True

    with pytest.raises(CentreUnreachable) as caught:
        stand.ask(give)
    assert caught.value.maybe_done


def test_nobody_listens(stand: Stand) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound, not listening: refused for certain
        with pytest.raises(CentreUnreachable) as caught:
            stand.connection(f"https://127.0.0.1:{held.getsockname()[1]}").ask("/x", QUESTION, WorkingKey)
    assert not caught.value.maybe_done


def test_name_that_does_not_resolve(stand: Stand) -> None:
    with pytest.raises(CentreUnreachable) as caught:
        stand.connection("https://centre.invalid").ask("/x", QUESTION, WorkingKey)
    assert not caught.value.maybe_done


def test_no_tls_behind_the_port(stand: Stand) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"SSH-2.0-OpenSSH\r\n" * 10)

        threading.Thread(target=answer, daemon=True).start()
        with pytest.raises(CentreUnreachable) as caught:
            stand.connection(f"https://127.0.0.1:{server.getsockname()[1]}").ask("/x", QUESTION, WorkingKey)
    assert not caught.value.maybe_done


def drip(line: bytes) -> Answer:
    def give(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + line)
        while not handler.server.ending.wait(0.05):
            handler.wfile.write(b"x")

    return give


@pytest.mark.parametrize("line", [b"x-slow: ", b"content-length: 100000\r\n\r\n"], ids=["headers", "body"])
def test_dripping_answer_ends_in_time(stand: Stand, line: bytes) -> None:
    server = stand.serve(drip(line))
    started = time.monotonic()
    with pytest.raises(CentreUnreachable) as caught:
        stand.connection(server.url, answer_within_s=0.5).ask("/x", QUESTION, WorkingKey)
    assert caught.value.maybe_done
    assert 0.5 <= time.monotonic() - started < 3


def say_nothing(handler: Handler) -> None:
    handler.server.ending.wait()
    handler.close_connection = True


def test_silent_answer_ends_in_time(stand: Stand) -> None:
    server = stand.serve(say_nothing)
    with pytest.raises(CentreUnreachable) as caught:
        stand.connection(server.url, answer_within_s=0.2).ask("/x", QUESTION, WorkingKey)
    assert caught.value.maybe_done


@pytest.mark.parametrize(
    ("answer", "maybe_done"),
    [
        (plain(500), True),
        (plain(502), True),
        (plain(503), True),
        (plain(429), True),
        (problem("defect", 500), True),
        (problem("busy", 503), False),
        (problem("busy", 429), False),
    ],
)
def test_busy_or_broken(stand: Stand, answer: Answer, maybe_done: bool) -> None:
    with pytest.raises(CentreUnreachable) as caught:
        stand.ask(answer)
    assert caught.value.maybe_done is maybe_done


@pytest.mark.parametrize(
    ("kind", "status"),
    [("signature", 401), ("too_large", 413), ("frozen", 423), ("revoked", 403), ("malformed", 400), ("gap", 409)],
)
def test_problems(stand: Stand, kind: str, status: int) -> None:
    with pytest.raises(CentreRefused) as caught:
        stand.ask(problem(kind, status))
    assert (caught.value.status, caught.value.problem.type) == (status, kind)
    with pytest.raises(CentreDistrusted):
        stand.ask(plain(status))


def keeps_time(handler: Handler) -> None:
    created = int(re.findall(r"created=(\d+)", handler.headers["Signature-Input"])[0])
    (signed(ANSWER) if abs(created - CENTRE_NOW) <= 300 else problem("clock", 401))(handler)


@pytest.mark.parametrize("error_s", [86_400, -86_400])
def test_clock_a_day_off(stand: Stand, error_s: int, caplog: pytest.LogCaptureFixture) -> None:
    stand.terminal_now = CENTRE_NOW + error_s
    server = stand.serve(keeps_time)
    connection = stand.connection(server.url)
    with caplog.at_level(logging.WARNING):
        assert connection.ask("/v1/working-keys", QUESTION, WorkingKey) == ANSWER
    assert len(server.questions) == 2
    assert ClockOffset(stand.folder / "offset").milliseconds() == -error_s * 1000
    assert "jumped" in caplog.text
    assert connection.ask("/v1/working-keys", QUESTION, WorkingKey) == ANSWER
    assert len(server.questions) == 3

    stand.terminal_now = CENTRE_NOW  # somebody sets it right
    assert connection.ask("/v1/working-keys", QUESTION, WorkingKey) == ANSWER
    assert ClockOffset(stand.folder / "offset").milliseconds() == 0


def test_an_unproved_answer_moves_no_clock(stand: Stand) -> None:
    with pytest.raises(CentreDistrusted):
        stand.ask(signed(ANSWER, key=OTHER_KEY, now=CENTRE_NOW + 9_999))
    assert ClockOffset(stand.folder / "offset").milliseconds() == 0


@pytest.mark.parametrize("kind", ["clock", "replayed"])
def test_signed_anew_once_only(stand: Stand, kind: str) -> None:
    server = stand.serve(problem(kind, 401), signed(ANSWER))
    assert stand.connection(server.url).ask("/x", QUESTION, WorkingKey) == ANSWER
    assert len({q.question.headers["signature-input"] for q in server.questions}) == 2

    stubborn = stand.serve(problem(kind, 401))
    with pytest.raises(CentreRefused):
        stand.connection(stubborn.url).ask("/x", QUESTION, WorkingKey)
    assert len(stubborn.questions) == 2


def hang_up(handler: Handler) -> None:
    handler.close_connection = True


def test_lost_answer_is_asked_for_again_by_the_same_transaction(stand: Stand) -> None:
    server = stand.serve(hang_up, signed(RecordAnswer(pin=PinVerdict.NOT_ASKED)))
    client = CentralClient(stand.connection(server.url))
    assert client.record("s/1", GetRecord(transaction_id="ab" * 16)).pin is PinVerdict.NOT_ASKED
    assert [q.path for q in server.questions] == ["/v1/card-sessions/s%2F1/record"] * 2
    assert server.questions[0].body == server.questions[1].body


def test_a_loss_report_whose_answer_was_lost_is_asked_for_again(stand: Stand) -> None:
    question = ReportLoss(
        transaction_id="ab" * 16,
        region="beijing",
        social_security_number="110000198807212015",
        name="周模拟",
        identified_by=IdentifiedBy.ID_CARD,
    )
    told = LossReported(verdict=LossVerdict.REPORTED, reported_at_ms=1, lapses_at_ms=864_000_001, bank="中国银行")
    server = stand.serve(hang_up, signed(told))
    assert CentralClient(stand.connection(server.url)).report_loss(question) == told
    assert [q.path for q in server.questions] == ["/v1/loss-reports"] * 2
    assert server.questions[0].body == server.questions[1].body


def test_a_formal_report_whose_answer_was_lost_is_asked_for_again(stand: Stand) -> None:
    question = ReportFormalLoss(
        transaction_id="ab" * 16,
        region="yunling",
        social_security_number="990100198701059015",
        name="云示例",
        identified_by=IdentifiedBy.ID_CARD,
    )
    told = FormalLossReported(verdict=FormalLossVerdict.REPORTED, reported_at_ms=1, temporary_at_ms=0)
    server = stand.serve(hang_up, signed(told))
    assert CentralClient(stand.connection(server.url)).report_formal_loss(question) == told
    assert [q.path for q in server.questions] == ["/v1/formal-loss-reports"] * 2
    assert server.questions[0].body == server.questions[1].body


def test_a_lifting_whose_answer_was_lost_is_asked_for_again(stand: Stand) -> None:
    told = LossLifted(pin=PinVerdict.NOT_ASKED, verdict=LiftVerdict.LIFTED)
    server = stand.serve(hang_up, signed(told))
    assert CentralClient(stand.connection(server.url)).lift_loss("s/1", LiftLoss(transaction_id="ab" * 16)) == told
    assert [q.path for q in server.questions] == ["/v1/card-sessions/s%2F1/loss-lifting"] * 2


def test_a_lifting_without_the_card_whose_answer_was_lost_is_asked_for_again(stand: Stand) -> None:
    question = LiftLossWithoutCard(
        transaction_id="ab" * 16,
        region="yunling",
        social_security_number="990100199409169027",
        name="云挂失",
        identified_by=IdentifiedBy.ID_CARD,
    )
    told = LossLifted(pin=PinVerdict.NOT_ASKED, verdict=LiftVerdict.LIFTED)
    server = stand.serve(hang_up, signed(told))
    assert CentralClient(stand.connection(server.url)).lift_loss_without_card(question) == told
    assert [q.path for q in server.questions] == ["/v1/loss-liftings"] * 2
    assert server.questions[0].body == server.questions[1].body


def test_a_start_whose_answer_was_lost_is_asked_for_again(stand: Stand) -> None:
    told = CardActivated(verdict=ActivationVerdict.ACTIVATED, bank_side_active=False)
    server = stand.serve(hang_up, signed(told))
    question = ActivateCard(transaction_id="ab" * 16, id_number="990100198701059015")
    assert CentralClient(stand.connection(server.url)).activate_card("s/1", question) == told
    assert [q.path for q in server.questions] == ["/v1/card-sessions/s%2F1/activation"] * 2
    assert server.questions[0].body == server.questions[1].body


NEW_CARD: dict[str, tuple[str, msgspec.Struct, msgspec.Struct]] = {
    "reserve_issuance": (
        "",
        ReserveIssuance(
            transaction_id="ab" * 16, region="yunling", social_security_number="990100198701059015", name="云示例",
            identified_by=IdentifiedBy.ID_CARD, reason=ReplacementReason.LOST,
        ),
        IssuanceReserved(verdict=IssuanceVerdict.RUNNING),
    ),
    "order_fee": (
        "/fee-order", OrderFee(transaction_id="ab" * 16), FeeOrdered(code_url="weixin://", fee_fen=1, expires_at_ms=1),
    ),
    "fee": ("/fee", AskFee(transaction_id="ab" * 16), FeeState(standing=FeeStanding.PAID, fee_fen=1)),
    "issuance_token": (
        "/token", RequestToken(transaction_id="ab" * 16),
        IssuanceToken(job_id="ab" * 16, terminal="t-1", expires_at_ms=1, signature=bytes(64)),
    ),
    "register_blank": (
        "/blank", RegisterBlank(transaction_id="ab" * 16, identification_code="0" * 32),
        BlankRegistered(verdict=BlankVerdict.REGISTERED),
    ),
    "authenticate_blank": (
        "/blank-authentication", AuthenticateBlank(transaction_id="ab" * 16, challenge=bytes(8)),
        BlankAuthenticated(cryptogram=bytes(8)),
    ),
    "switch_cards": (
        "/switch", SwitchCards(transaction_id="ab" * 16, identification_code="0" * 32, old_card_kept=True),
        CardsSwitched(verdict=SwitchVerdict.SWITCHED, switched_at_ms=1),
    ),
    "commit_issuance": (
        "/commit", CommitIssuance(transaction_id="ab" * 16, fate=NewCardFate.TAKEN),
        IssuanceCommitted(stage=IssuanceStage.COMMITTED),
    ),
    "abandon_issuance": (
        "/abandon",
        AbandonIssuance(transaction_id="ab" * 16, why=AbandonedWhy.FEE, blank=BlankFate.NOT_FED),
        IssuanceAbandoned(verdict=AbandonVerdict.ABANDONED),
    ),
    "issuance": (
        "/standing", AskIssuance(transaction_id="ab" * 16),
        IssuanceStanding(
            stage=IssuanceStage.RESERVED, fee=FeeState(standing=FeeStanding.FREE, fee_fen=0),
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("step", NEW_CARD)
def test_a_step_of_a_new_card_whose_answer_was_lost_is_asked_for_again(stand: Stand, step: str) -> None:
    path, question, told = NEW_CARD[step]
    server = stand.serve(hang_up, signed(told))
    assert getattr(CentralClient(stand.connection(server.url)), step)(question) == told
    assert [q.path for q in server.questions] == [f"/v1/issuances{path}"] * 2
    assert server.questions[0].body == server.questions[1].body


def test_an_examination_whose_answer_was_lost_is_asked_for_again(stand: Stand) -> None:
    told = CardExamined(card_state=CardState.NORMAL, name_agrees=True)
    server = stand.serve(hang_up, signed(told))
    question = ExamineCard(transaction_id="ab" * 16, name="周模拟")
    assert CentralClient(stand.connection(server.url)).examine_card("s/1", question) == told
    assert [q.path for q in server.questions] == ["/v1/card-sessions/s%2F1/examination"] * 2


def test_lost_twice_stays_maybe_done(stand: Stand) -> None:
    question = ChangeCentrePin(transaction_id="ab" * 16, old=b"1", new=b"2", repeated=b"2", pad_serial="p")
    kinds = (
        (hang_up, CentreUnreachable),
        (problem("unknown_session", 404), CentreRefused),
        (problem("busy", 503), CentreUnreachable),
    )
    for second, kind in kinds:
        server = stand.serve(hang_up, second)
        with pytest.raises(kind) as caught:
            CentralClient(stand.connection(server.url)).change_pin("s", question)
        assert caught.value.maybe_done  # type: ignore[attr-defined]  # both kinds have it
        assert len(server.questions) == 2


def test_a_proof_is_not_repeated(stand: Stand) -> None:
    server = stand.serve(hang_up)
    with pytest.raises(CentreUnreachable):
        CentralClient(stand.connection(server.url)).prove_card(
            "s", ProveCard(cryptogram=b"x", social_security_number="1")
        )
    assert len(server.questions) == 1


def test_what_was_not_sent_is_not_repeated(stand: Stand) -> None:
    server = stand.serve(problem("busy", 503))
    with pytest.raises(CentreUnreachable) as caught:
        CentralClient(stand.connection(server.url)).record("s", GetRecord(transaction_id="ab" * 16))
    assert not caught.value.maybe_done
    assert len(server.questions) == 1


def test_offset_is_shared_and_whole(tmp_path: Path) -> None:
    one, two = ClockOffset(tmp_path / "offset"), ClockOffset(tmp_path / "offset")
    assert one.milliseconds() == 0
    one.learn(1_000_100.0, 1_000_000.0)
    assert two.milliseconds() == 100_000
    two.learn(1_000_101.0, 1_000_000.0)
    assert one.milliseconds() == 100_000, "a second is the grain of the centre's time"
    assert [path.name for path in tmp_path.iterdir()] == ["offset"]


def test_that_two_clocks_agree_is_kept_as_well_once(tmp_path: Path) -> None:
    offset = ClockOffset(tmp_path / "offset")
    offset.learn(1_000_000.4, 1_000_000.0)
    assert (tmp_path / "offset").read_text("ascii") == "400"
    offset.learn(1_000_001.0, 1_000_000.0)
    assert (tmp_path / "offset").read_text("ascii") == "400"


@pytest.mark.parametrize("damage", ["", "12x", "\N{DIGIT ONE}.5"])
def test_damaged_offset_is_none(tmp_path: Path, damage: str) -> None:
    (tmp_path / "offset").write_text(damage)
    assert ClockOffset(tmp_path / "offset").milliseconds() == 0
