"""A real central system for tests: uvicorn over HTTPS on loopback, its own database, keys, CA and clock.

::

    with RunningCentre(tmp_path) as centre:
        terminal = centre.enrol("zmd-0001", "zhumadian")
        ledger = LedgerWriter(terminal, centre)
        receipt = centre.ask(terminal, "/v1/entries", ledger.batch([ledger.append(a_transaction())]), Receipt)
"""

import gzip
import itertools
import os
import secrets
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec
import requests
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from sqlalchemy import Table, delete, insert, select

from central.app import SWEEP_S, create_app
from central.database import Database
from central.enrolment import (
    EnrolmentRequest,
    PadOfTerminal,
    PublicDetails,
    add_ledger,
    create_centre,
    enrol,
    public_details,
)
from central.keys import CentreKeys
from central.payments import PaymentProvider
from central.seed import load_seed, plant
from central.server import server_config
from central.settings import Settings, load_settings
from central.tables import Base
from kiosk.records.canonical import canonical
from kiosk.records.chain import GENESIS, SealedEntry, associated_data, entry_hash, sha256
from kiosk.records.custody import SERVICE as BLANK_CUSTODY
from kiosk.records.custody import Movement
from kiosk.records.sealing import SUITE_AES_256_GCM, EpochKey, SealedEpochKey, seal
from kiosk.records.signatures import HttpAnswer, sign_request, verify_answer
from kiosk.records.technician import SERVICE as TECHNICIAN
from kiosk.records.technician import TechnicianAct
from kiosk.records.transaction import Header, Outcome, Service, Stage, Transaction
from kiosk.records.upload import Batch, Problem, Tombstone, decode, encode
from simulators.payment.till import Till
from tests.payments import TillAtHand

_SEED_KEEPS_S = 20.0
"""So long what the seed says of hours ago may be old, as it is on a busy machine anyway."""
REPOSITORY = Path(__file__).parent.parent
SEED = REPOSITORY / "config" / "demo" / "centre.json"
CARD_MASTER_KEYS = REPOSITORY / "config" / "demo" / "card_master_keys.json"
# The sixth region exists in tests only.
YUNLING_SEED = REPOSITORY / "tests" / "regions" / "centre.json"
REGION_RULES = REPOSITORY / "tests" / "regions" / "central" / "region_rules.toml"
HOLIDAYS = REPOSITORY / "config" / "holidays" / "china.toml"
# Of simulators/cards/zhumadian-normal.json and beijing-normal.json
ZHUMADIAN_CARD = ("411700D1560000050000000000001001", "T41170015", "411700198504121036")
BEIJING_CARD = ("110000D1560000050000000000002001", "T11000015", "110000198807212015")

A = TypeVar("A", bound=msgspec.Struct)


class Refusal(Exception):
    """The centre answered with a problem."""

    def __init__(self, status: int, problem: Problem) -> None:
        super().__init__(f"{status} {problem.type} {problem.detail}")
        self.status, self.problem = status, problem


@dataclass
class TurnedClock:
    """The machine's clock, turned by ``offset_s``, or standing still."""

    offset_s: float = 0.0
    held_ms: int | None = None
    """Where it stands, milliseconds since 1970 UTC."""

    def __call__(self) -> float:
        if self.held_ms is not None:
            return (self.held_ms + 0.5) / 1000  # half a millisecond off the edge, where a float cuts either way
        return time.time() + self.offset_s

    def run(self) -> None:
        """Be the machine's clock again."""
        self.offset_s, self.held_ms = 0.0, None


@dataclass(frozen=True)
class EnrolledTerminal:
    """A terminal as the test holds it."""

    id: str
    region: str
    key: Ed25519PrivateKey = field(repr=False)
    ledger_id: bytes
    pad_serial: str
    pad_master_key: bytes = field(repr=False)


@dataclass(frozen=True)
class Reply:
    """An answer whose signature was checked."""

    status: int
    body: bytes
    headers: Any
    signed: bool

    @property
    def problem(self) -> Problem:
        """The body of a refusal."""
        return decode(self.body, Problem)


class RunningCentre:
    """A central system from ``start`` to ``stop``; the same directory can be started again.

    :param database: SQLAlchemy URL of an empty database; without one a SQLite file in ``directory``.
    """

    def __init__(
        self,
        directory: Path,
        *,
        database: str | None = None,
        seeded: bool = True,
        sweep_every_s: float = SWEEP_S,
        payment: Path | None = None,
    ) -> None:
        self.directory = directory / "centre"
        self.clock = TurnedClock()
        self.till = Till(self.clock)
        """Where fees are paid."""
        self.provider = TillAtHand(self.till)
        self.takes_fees: PaymentProvider = self.provider
        """Who the application asks; a test that wants a wire between puts another here before the start."""
        made = create_centre(
            self.directory,
            database=database,
            port=0,
            card_master_keys=CARD_MASTER_KEYS,
            region_rules=REGION_RULES,
            holidays=HOLIDAYS,
            payment=payment,
        )
        self.settings: Settings = load_settings(made)
        self.keys = CentreKeys.load(self.settings)
        self.database = Database(self.settings.database)
        """A connection of the test's own, beside the application's."""
        self.database.migrate()
        self._seeds = [load_seed(SEED), load_seed(YUNLING_SEED)] if seeded else []
        self._planted: tuple[float, list[tuple[Table, list[dict[str, Any]]]]] | None = None
        """When the seed was planted by the centre's clock, and its rows."""
        self._sweep_every_s = sweep_every_s
        self._plant()
        self._pads = itertools.count(1)
        self._port = 0
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._app: Any = None
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = str(self.ca_file)

    @property
    def url(self) -> str:
        """Where it listens, without a path."""
        return f"https://127.0.0.1:{self._port}"

    @property
    def port(self) -> int:
        """The TCP port, the same after a restart."""
        return self._port

    @property
    def ca_file(self) -> Path:
        """What a client must trust."""
        return self.settings.ca_certificate

    @property
    def public(self) -> PublicDetails:
        """What a terminal is told."""
        return public_details(self.settings, self.keys)

    @property
    def signing_key(self) -> Ed25519PublicKey:
        """Checks answers and receipts."""
        return self.keys.signing.public_key()

    @property
    def opening_key(self) -> X25519PublicKey:
        """What terminals seal their epoch keys for."""
        return self.keys.opening.public_key()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self.database.close()

    def start(self) -> None:
        """Listen; requests wait in the socket until the application is up."""
        # Said in full, since asyncio switches Nagle's delay (44 ms an answer) off only for sockets that name TCP.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self._port))
        listener.listen(128)
        self._port = listener.getsockname()[1]
        self._app = create_app(
            self.settings, clock=self.clock, sweep_every_s=self._sweep_every_s, provider=self.takes_fees
        )
        config = server_config(self.settings, self._app)
        config.timeout_graceful_shutdown = 1  # clients of a test that still hold a connection are not waited for
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]}, name="centre")
        self._thread.start()

    def stop(self) -> None:
        """Stop listening; what is stored stays."""
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = True
        self._session.close()  # an idle connection would be waited for
        self._thread.join(timeout=20)
        if self._thread.is_alive():
            raise RuntimeError("the centre does not stop")
        self._app.state.database.close()
        self._server = self._thread = None

    def reset(self, *, at_ms: int | None = None) -> None:
        """Forget everything that tests did, running or not: seed only, clock right, or held at ``at_ms``."""
        with self.database.writing() as session:
            for table in reversed(Base.metadata.sorted_tables):
                session.execute(delete(table))
        self.clock.run()
        self.clock.held_ms = at_ms
        self.till.forget()
        self.provider.recover()
        self._plant_again()

    def restart(self) -> None:
        """Stop and start again on the same port, with the same database."""
        self.stop()
        self.start()

    def enrol(self, terminal: str = "zmd-0001", region: str = "zhumadian") -> EnrolledTerminal:
        """Register a new terminal with a ledger and a PIN pad."""
        number = next(self._pads)
        enrolled = EnrolledTerminal(
            id=terminal,
            region=region,
            key=Ed25519PrivateKey.generate(),
            ledger_id=secrets.token_bytes(16),
            pad_serial=f"PAD{number:05d}",
            pad_master_key=secrets.token_bytes(16),
        )
        self.register(enrolled)
        return enrolled

    def register(self, terminal: EnrolledTerminal) -> None:
        """Register a terminal that the test made itself."""
        request = EnrolmentRequest(
            terminal=terminal.id,
            region=terminal.region,
            public_key=terminal.key.public_key().public_bytes_raw(),
            ledger_id=terminal.ledger_id,
            pad=PadOfTerminal(serial=terminal.pad_serial, master_key=terminal.pad_master_key),
        )
        enrol(self.database, self.keys, request, self.clock)

    def replace_ledger(self, terminal: EnrolledTerminal) -> EnrolledTerminal:
        """The same terminal with a new disk."""
        ledger_id = secrets.token_bytes(16)
        add_ledger(self.database, terminal.id, ledger_id, self.clock)
        return EnrolledTerminal(
            terminal.id, terminal.region, terminal.key, ledger_id, terminal.pad_serial, terminal.pad_master_key
        )

    def _plant(self) -> None:
        for seed in self._seeds:
            plant(self.database, self.keys, self.settings, seed, self.clock)

    def _plant_again(self) -> None:
        """The seed row by row takes 300 statements; as it was planted a moment ago, one a table."""
        if self._planted is not None and 0 <= self.clock() - self._planted[0] < _SEED_KEEPS_S:
            with self.database.writing() as session:
                for table, rows in self._planted[1]:
                    session.execute(insert(table), rows)
            return
        now = self.clock()
        self._plant()
        with self.database.reading() as session:
            tables = [
                (table, [dict(row) for row in session.execute(select(table)).mappings()])
                for table in Base.metadata.sorted_tables
            ]
        self._planted = now, [(table, rows) for table, rows in tables if rows]

    def ask(self, terminal: EnrolledTerminal, path: str, question: msgspec.Struct, kind: type[A]) -> A:
        """Ask and get the answer of the given kind.

        :raises Refusal: the centre declined.
        """
        reply = self.post(terminal, path, question)
        if reply.status != 200:
            raise Refusal(reply.status, reply.problem)
        return decode(reply.body, kind)

    def post(self, terminal: EnrolledTerminal, path: str, question: msgspec.Struct | bytes) -> Reply:
        """Ask anything, struct or JSON bytes, and get the answer as it came."""
        return self.send(self.prepare(terminal, path, gzip.compress(_body(question), 1)))

    def prepare(
        self,
        terminal: EnrolledTerminal,
        path: str,
        packed: bytes,
        *,
        key: Ed25519PrivateKey | None = None,
        now: float | None = None,
        nonce: str | None = None,
    ) -> requests.PreparedRequest:
        """A signed request, ready to be sent or tampered with."""
        request = self.unsigned(path, packed)
        sign_request(
            request,
            packed,
            key=key or terminal.key,
            key_id=terminal.id,
            nonce=nonce or secrets.token_hex(16),
            now=self.clock() if now is None else now,
        )
        return request

    def unsigned(self, path: str, packed: bytes) -> requests.PreparedRequest:
        """The same without a signature."""
        headers = {
            "Host": f"127.0.0.1:{self._port}",
            "Content-Type": "application/json",
            "Content-Encoding": "gzip",
        }
        return requests.Request("POST", f"{self.url}{path}", headers=headers, data=packed).prepare()

    def send(self, request: requests.PreparedRequest, session: requests.Session | None = None) -> Reply:
        """Send and check the answer's signature, if it has one.

        :raises kiosk.records.signatures.BadSignature: signed, and wrong.
        """
        answer = (session or self._session).send(request, timeout=30, stream=True, allow_redirects=False)
        raw = answer.raw.read(decode_content=False)
        signed = "signature" in answer.headers
        if signed:
            keys = {self.keys.key_id: self.signing_key}
            verify_answer(HttpAnswer(answer.status_code, answer.headers, request), raw, keys=keys.get)
        packed = answer.headers.get("content-encoding") == "gzip"
        return Reply(answer.status_code, gzip.decompress(raw) if packed else raw, answer.headers, signed)


class LedgerWriter:
    """Writes chained and sealed entries as a terminal's ledger does, but in memory."""

    def __init__(self, terminal: EnrolledTerminal, centre: RunningCentre) -> None:
        self.terminal = terminal
        self.epoch = EpochKey.generate(1)
        self.sealed_epoch: SealedEpochKey = self.epoch.seal_for_centre(terminal.ledger_id, centre.opening_key)
        self.sequence, self.head = 0, GENESIS

    def append(
        self, content: Transaction | Movement | TechnicianAct | bytes, *, header: Header | bytes | None = None
    ) -> SealedEntry:
        """The next entry; ``content`` may be rubbish."""
        if isinstance(content, Movement) and header is None:
            header = msgspec.structs.replace(
                a_header(self.terminal.region), service=BLANK_CUSTODY, stage=content.move.value, outcome=None
            )
        if isinstance(content, TechnicianAct) and header is None:
            header = msgspec.structs.replace(
                a_header(self.terminal.region), service=TECHNICIAN, stage=content.act, outcome=content.outcome.value
            )
        plaintext = content if isinstance(content, bytes) else canonical(content)
        self.sequence += 1
        ledger_id = self.terminal.ledger_id
        aad = associated_data(ledger_id, self.sequence, self.head, SUITE_AES_256_GCM)
        sealed = seal(plaintext, self.epoch, aad)
        head = header if isinstance(header, bytes) else canonical(header or a_header(self.terminal.region))
        hash_ = entry_hash(ledger_id, self.sequence, self.head, sha256(head), sha256(sealed.ciphertext))
        entry = SealedEntry(
            sequence=self.sequence,
            previous_hash=self.head,
            hash=hash_,
            header=head,
            suite=SUITE_AES_256_GCM,
            sealed_key=sealed.sealed_key,
            nonce=sealed.nonce,
            ciphertext=sealed.ciphertext,
        )
        self.head = hash_
        return entry

    def fork(self) -> "LedgerWriter":
        """A second writer that goes on from here, as a restored backup would."""
        twin = object.__new__(LedgerWriter)
        twin.__dict__.update(self.__dict__)
        return twin

    def tombstone(self, entry: SealedEntry | int, *, hash_known: bool = True) -> Tombstone:
        """A signed tombstone in place of an entry."""
        sequence = entry.sequence if isinstance(entry, SealedEntry) else entry
        stored = entry.hash if isinstance(entry, SealedEntry) and hash_known else bytes(32)
        unsigned = Tombstone(sequence=sequence, stored_hash=stored, reason="row_damaged")
        return unsigned.signed(self.terminal.ledger_id, self.terminal.key)

    def batch(self, entries: Sequence[SealedEntry], tombstones: Sequence[Tombstone] = ()) -> Batch:
        """What the uplink would send."""
        return Batch(
            terminal=self.terminal.id,
            ledger_id=self.terminal.ledger_id,
            epochs=[self.sealed_epoch],
            entries=list(entries),
            tombstones=list(tombstones),
        )


def a_header(region: str = "zhumadian", *, epoch: int = 1, created_ms: int = 1_770_000_000_000) -> Header:
    """An entry's header."""
    return Header(
        service="card_query",
        stage="finished",
        outcome="done",
        region=region,
        created_ms=created_ms,
        clock_offset_ms=0,
        epoch=epoch,
    )


def a_transaction(
    *,
    card: tuple[str, str, str] = ZHUMADIAN_CARD,
    service: Service = Service.CARD_QUERY,
    stage: Stage = Stage.FINISHED,
    outcome: Outcome | None = Outcome.DONE,
    **other: Any,
) -> Transaction:
    """A finished card query of a seeded card, or what the arguments make of it."""
    identification_code, card_number, social_security_number = card
    values: dict[str, Any] = {
        "transaction_id": os.urandom(16).hex(),
        "region": "zhumadian",
        "identification_code": identification_code,
        "card_number": card_number,
        "social_security_number": social_security_number,
    }
    return Transaction(service=service, stage=stage, outcome=outcome, **(values | other))


def _body(question: msgspec.Struct | bytes) -> bytes:
    return question if isinstance(question, bytes) else encode(question)
