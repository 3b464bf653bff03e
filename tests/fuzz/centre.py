"""The centre behind real HTTPS, asked by an enrolled terminal whose questions are signed and otherwise rubbish.

Every answer is one of docs/protocol.md and signed; what is refused changes no row; what is answered changes none that
belongs to a citizen, unless the verdict says so.
"""

import gzip
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec
import requests
from sqlalchemy import delete, select, update

from central.database import Database
from central.tables import Base, Entry, EpochKey, TerminalLedger, TransactionRow
from drivers.card_reader.session import recognise
from drivers.ports.card_reader import Challenge
from drivers.transport.apdu import ApduChannel
from kiosk.records.activation import ActivateCard, ContactData
from kiosk.records.chain import GENESIS, SealedEntry, entry_hash, sha256
from kiosk.records.filings import IdentifiedBy
from kiosk.records.issuance import (
    AbandonedWhy,
    AbandonIssuance,
    AskFee,
    AskIssuance,
    AuthenticateBlank,
    BlankFate,
    CommitIssuance,
    NewCardFate,
    OrderFee,
    RegisterBlank,
    ReplacementReason,
    RequestToken,
    ReserveIssuance,
    SwitchCards,
)
from kiosk.records.questions import (
    AuthenticateTerminal,
    CardProof,
    CardProved,
    CardSessionOpened,
    ChangeCentrePin,
    ExamineCard,
    GetRecord,
    GetWorkingKey,
    LiftLoss,
    LiftLossWithoutCard,
    OpenCardSession,
    ProveCard,
    ReportFormalLoss,
    ReportLoss,
)
from kiosk.records.transaction import Service
from kiosk.records.upload import Malformed, Receipt, Verdict, decode, encode
from tests.centre import BEIJING_CARD, EnrolledTerminal, LedgerWriter, Reply, RunningCentre, a_header, a_transaction
from tests.fuzz.decisions import Decisions, twisted
from tests.fuzz.in_memory import folder_in_memory
from tests.fuzz.target import Check, Target, require
from tests.stack import DirectContact, chip

PROTOCOL: Final = Path(__file__).parents[2] / "docs" / "protocol.md"
UNTOUCHED: Final = frozenset({"used_nonces", "card_sessions", "alarms"})
"""Tables that a refused question may change: what was asked, and what staff must look at."""
OF_CITIZENS: Final = frozenset(
    {
        "holders", "medical_accounts", "insurances", "medical_years", "settlement_receipts", "cards", "centre_pins",
        "replacement_orders", "issuances", "issuance_fees",
    }
)  # fmt: skip
CASES_A_LIFE: Final = 150
"""After so many cases the centre is emptied: what it keeps of them slows the digests down, and sessions end."""
_CITY: Final = ("bj-0001", "beijing")
_TRANSACTION: Final = "0123456789abcdef" * 2


def documented_problems() -> frozenset[tuple[int, str]]:
    """Status and type of each row of the protocol's table, without the centre's own faults."""
    found = set()
    for statuses, types in re.findall(r"^\| ([\d, ]+) \| (`[^|]+`) \|", PROTOCOL.read_text("utf-8"), re.MULTILINE):
        found |= {(int(status), word) for status in statuses.split(", ") for word in re.findall(r"`(\w+)`", types)}
    return frozenset(found - {(500, "defect"), (503, "busy"), (429, "busy")})


def digests(database: Database) -> dict[str, str]:
    """A digest over the rows of each table; when a terminal was last seen counts for nothing."""
    made = {}
    with database.reading() as session:
        for table in Base.metadata.sorted_tables:
            if table.name in UNTOUCHED:
                continue
            columns = [column for column in table.columns if (table.name, column.name) != ("terminals", "last_seen")]
            rows = sorted(repr(tuple(row)) for row in session.execute(select(*columns)))
            made[table.name] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return made


@dataclass
class Asker:
    """An enrolled terminal, with a card that has proved itself and one that has not."""

    centre: RunningCentre
    problems: frozenset[tuple[int, str]] = field(default_factory=documented_problems)
    lived: int = CASES_A_LIFE

    def __post_init__(self) -> None:
        self.centre.reset()
        self.terminal: EnrolledTerminal = self.centre.enrol(*_CITY)

    def begin(self) -> dict[str, str]:
        """Before a case: now and then a new life. The tables as they are."""
        if self.lived >= CASES_A_LIFE:
            self.lived = 0
            self.centre.reset()
            self.centre.register(self.terminal)
            self.open, self.proved = self._session(prove=False), self._session(prove=True)
            self.templates = self._templates()
        self.lived += 1
        return digests(self.centre.database)

    def changed(self, before: Mapping[str, str]) -> frozenset[str]:
        """Tables that are not as they were."""
        after = digests(self.centre.database)
        return frozenset(name for name in after if after[name] != before[name])

    def judge(self, reply: Reply, before: Mapping[str, str], *, tampered: bool = False) -> str:
        """What came of a question that nobody should have sent.

        :param tampered: the message itself was spoilt, so that there may be no signature to answer to.
        """
        changed = self.changed(before)
        if reply.status == 200:
            require(reply.signed, "an answer is signed")
            return "answered"
        if tampered and not reply.signed and _is_below_us(reply):
            require(not changed, f"no question, and yet {sorted(changed)} changed")
            return f"{reply.status} http"
        try:
            problem = reply.problem
        except Malformed as error:
            raise AssertionError(f"an answer {reply.status} that is no problem of the protocol") from error
        outcome = f"{reply.status} {problem.type}"
        require((reply.status, problem.type) in self.problems, f"{outcome} is no answer of the protocol")
        require(reply.signed or (tampered and problem.type == "signature"), f"{outcome} is not signed")
        if problem.type == "frozen" and changed == {"ledgers"}:
            self._thaw()
            return "frozen"
        require(not changed, f"{outcome}, and yet {sorted(changed)} changed")
        return outcome

    def _thaw(self) -> None:
        with self.centre.database.writing() as session:
            session.execute(update(TerminalLedger).values(frozen_reason=None))

    def _session(self, *, prove: bool) -> str:
        code, number, person = BEIJING_CARD
        question = OpenCardSession(
            transaction_id=_TRANSACTION, region="beijing", identification_code=code, card_number=number,
            norm_version="2.00",
        )  # fmt: skip
        opened = self.centre.ask(self.terminal, "/v1/card-sessions", question, CardSessionOpened)
        path = f"/v1/card-sessions/{opened.session_id}"
        if prove:
            card = chip("beijing-normal")
            _, session = recognise(ApduChannel(DirectContact(card.transmit)), card.atr)
            if session is None:
                raise LookupError("the deck has lost its card")
            cryptogram = session.answer_challenge(Challenge(opened.challenge)).value
            proof = ProveCard(cryptogram=cryptogram, social_security_number=person)
            if self.centre.ask(self.terminal, f"{path}/card-proof", proof, CardProved).proof is not CardProof.GENUINE:
                raise LookupError("the deck's card is not the centre's")
        return path

    def _templates(self) -> list[tuple[str, msgspec.Struct]]:
        """Every path with a question of its kind that the centre understands."""
        code, number, person = BEIJING_CARD
        pad = self.terminal.pad_serial
        ledger = LedgerWriter(self.terminal, self.centre)
        entries = [ledger.append(a_transaction()) for _ in range(2)]
        return [
            ("/v1/entries", ledger.batch(entries, [ledger.tombstone(3)])),
            (
                "/v1/card-sessions",
                OpenCardSession(
                    transaction_id=_TRANSACTION, region="beijing", identification_code=code, card_number=number,
                    norm_version="3.00",
                ),
            ),
            (f"{self.open}/terminal-authentication", AuthenticateTerminal(challenge=bytes(16))),
            # Another holder's number: no case may prove the open session.
            (f"{self.open}/card-proof", ProveCard(cryptogram=b"", social_security_number=person)),
            (f"{self.open}/record", GetRecord(transaction_id="a" * 32)),
            (f"{self.proved}/record", GetRecord(transaction_id="b" * 32, pin_block=bytes(8), pad_serial=pad)),
            (
                f"{self.proved}/pin-change",
                ChangeCentrePin(
                    transaction_id="c" * 32, old=bytes(8), new=b"\1" * 8, repeated=b"\1" * 8, pad_serial=pad
                ),
            ),
            (f"{self.proved}/examination", ExamineCard(transaction_id="1" * 32, name="别人")),
            # Another holder's: no case may start the card.
            (
                f"{self.proved}/activation",
                ActivateCard(
                    transaction_id="2" * 32, id_number="11000019900101001X",
                    contact=ContactData(phone="13800000000", address="虚构路五号", postcode="100000"),
                ),
            ),
            (f"{self.proved}/loss-lifting", LiftLoss(transaction_id="d" * 32, pin_block=bytes(8), pad_serial=pad)),
            (
                "/v1/loss-reports",
                ReportLoss(
                    transaction_id="e" * 32, region="beijing", social_security_number=person, name="别人",
                    identified_by=IdentifiedBy.ID_CARD,
                ),
            ),
            (
                "/v1/formal-loss-reports",
                ReportFormalLoss(
                    transaction_id="9" * 32, region="beijing", social_security_number=person, name="别人",
                    identified_by=IdentifiedBy.ID_CARD,
                ),
            ),
            ("/v1/working-keys", GetWorkingKey(pad_serial=pad)),
            ("/v1/card-sessions/00/record", GetRecord(transaction_id="f" * 32)),
            ("/v1/card-sessions/%00/record", GetRecord(transaction_id="f" * 32)),
            (
                "/v1/loss-liftings",
                LiftLossWithoutCard(
                    transaction_id="3" * 32, region="beijing", social_security_number=person, name="别人",
                    identified_by=IdentifiedBy.ID_CARD,
                ),
            ),
            # No terminal of this city makes cards, so no case may get one.
            (
                "/v1/issuances",
                ReserveIssuance(
                    transaction_id="4" * 32, region="beijing", social_security_number=person, name="周模拟",
                    identified_by=IdentifiedBy.ID_CARD, reason=ReplacementReason.DAMAGED, identification_code=code,
                ),
            ),
            ("/v1/issuances/fee-order", OrderFee(transaction_id="4" * 32)),
            ("/v1/issuances/fee", AskFee(transaction_id="4" * 32)),
            ("/v1/issuances/token", RequestToken(transaction_id="4" * 32)),
            ("/v1/issuances/blank", RegisterBlank(transaction_id="4" * 32, identification_code="0" * 32)),
            ("/v1/issuances/blank-authentication", AuthenticateBlank(transaction_id="4" * 32, challenge=bytes(8))),
            (
                "/v1/issuances/switch",
                SwitchCards(transaction_id="4" * 32, identification_code="0" * 32, old_card_kept=True),
            ),
            ("/v1/issuances/commit", CommitIssuance(transaction_id="4" * 32, fate=NewCardFate.TAKEN)),
            (
                "/v1/issuances/abandon",
                AbandonIssuance(transaction_id="4" * 32, why=AbandonedWhy.CITIZEN, blank=BlankFate.NOT_FED),
            ),
            ("/v1/issuances/standing", AskIssuance(transaction_id="4" * 32)),
        ]  # fmt: skip


def _is_below_us(reply: Reply) -> bool:
    """Refused by the HTTP server or the router, before there was a question."""
    return reply.status in {400, 404, 405, 411, 413, 431, 501} and b"centre_time_ms" not in reply.body


@dataclass
class Door(Asker):
    """Questions of every kind with something wrong in them."""

    def ask(self, case: bytes) -> str:
        """One question."""
        before = self.begin()
        decisions = Decisions(case)
        path, template = decisions.choice(self.templates)
        way = decisions.number(5)
        match way:
            case 0 | 1:
                tree = msgspec.to_builtins(template)
                for _ in range(1 + decisions.number(2)):
                    tree = twisted(tree, decisions)
                packed = gzip.compress(json.dumps(tree).encode("utf-8", "surrogatepass"), 1)
            case 2:
                packed = gzip.compress(_spliced(encode(template), decisions), 1)
            case 3:
                packed = _spliced(gzip.compress(encode(template), 1, mtime=0), decisions)
            case _:
                packed = gzip.compress(encode(template), 1)
        request = self.centre.prepare(self.terminal, path, packed)
        tampered = way == 4
        if tampered:
            _tamper(request, decisions)
            with requests.Session() as line:  # the server may hang up on it
                line.trust_env, line.verify = False, str(self.centre.ca_file)
                reply = self.centre.send(request, line)
        else:
            reply = self.centre.send(request)
        outcome = self.judge(reply, before, tampered=tampered)
        if outcome == "answered":
            changed = self.changed(before)
            require(not changed & OF_CITIZENS, f"rubbish was answered, and {sorted(changed & OF_CITIZENS)} changed")
            if path == "/v1/entries" or path.endswith("/card-proof"):
                self.lived = CASES_A_LIFE  # the next batch begins at 1 again; a session proves itself once
        return outcome


def _spliced(value: bytes, decisions: Decisions) -> bytes:
    place = decisions.number(len(value) + 1)
    return value[:place] + decisions.chunk() + value[place + decisions.number(8) :]


def _tamper(request: requests.PreparedRequest, decisions: Decisions) -> None:
    """Replace parts of headers, in what an HTTP client can send at all."""
    names = ("Signature", "Signature-Input", "Content-Digest", "Content-Type", "Content-Encoding", "Host", "X-Other")
    for _ in range(1 + decisions.number(3)):
        name = decisions.choice(names)
        value = request.headers.get(name, "")
        text = value if isinstance(value, str) else value.decode("latin-1")
        put = "".join(chr(0x20 + octet % 0x5F) for octet in decisions.chunk())
        place = decisions.number(len(text) + 1)
        changed = (text[:place] + put + text[place + decisions.number(len(text) + 1) :]).strip()
        if decisions.chance(8):
            request.headers.pop(name, None)
        else:
            request.headers[name] = changed


@dataclass
class Uploader(Asker):
    """Batches whose chain holds, with anything in them, sent twice."""

    def send(self, case: bytes) -> str:
        """One batch into an empty ledger; taken, it is sent again."""
        self.begin()
        self._empty_ledger()
        before = digests(self.centre.database)
        body = self._batch(Decisions(case))
        reply = self.centre.post(self.terminal, "/v1/entries", body)
        outcome = self.judge(reply, before)
        if outcome != "answered":
            return outcome
        receipt = decode(reply.body, Receipt)
        require(receipt.is_genuine(self.centre.signing_key), "a receipt is signed by itself")
        verdicts = {judgement.verdict for judgement in receipt.judgements}
        changed = self.changed(before)
        require(
            Verdict.APPLIED in verdicts or not changed & OF_CITIZENS, "nothing was applied, and a citizen's row changed"
        )
        self._check_stored(receipt)
        stored = digests(self.centre.database)
        again = self.centre.post(self.terminal, "/v1/entries", body)
        require(again.status == 200, "a batch that was taken is refused when it comes again")
        require(digests(self.centre.database) == stored, "a batch that comes again changes something")
        require(
            _without_time(decode(again.body, Receipt)) == _without_time(receipt), "the same batch gets other verdicts"
        )
        return "taken: " + " ".join(sorted(verdict.value for verdict in verdicts))

    def _check_stored(self, receipt: Receipt) -> None:
        with self.centre.database.reading() as session:
            stored = {row.sequence: row for row in session.scalars(select(Entry))}
        told = {judgement.sequence: judgement for judgement in receipt.judgements}
        require(stored.keys() == told.keys(), "stored is what the receipt names, and nothing else")
        for sequence, row in stored.items():
            same = (row.hash, row.verdict, row.reason) == (
                told[sequence].hash, told[sequence].verdict.value, told[sequence].reason,
            )  # fmt: skip
            require(same, "stored is what the receipt says")

    def _empty_ledger(self) -> None:
        with self.centre.database.writing() as session:
            for table in (Entry, EpochKey, TransactionRow):
                session.execute(delete(table))
            session.execute(update(TerminalLedger).values(head_sequence=0, head_hash=GENESIS, frozen_reason=None))

    def _batch(self, decisions: Decisions) -> bytes:
        ledger = LedgerWriter(self.terminal, self.centre)
        entries = []
        for _ in range(1 + decisions.number(3)):
            written = ledger.append(self._content(decisions), header=self._header(decisions))
            entries.append(self._changed(written, ledger, decisions))
        tombstones = []
        if decisions.chance(3):
            stone = ledger.tombstone(ledger.sequence + decisions.choice((1, 0, 2)))
            tombstones = [msgspec.structs.replace(stone, reason=decisions.text()) if decisions.chance(4) else stone]
        batch = ledger.batch(entries, tombstones)
        if decisions.chance(3):
            sealed = msgspec.structs.replace(batch.epochs[0], sealed=_spliced(batch.epochs[0].sealed, decisions))
            batch = msgspec.structs.replace(batch, epochs=[sealed])
        if decisions.chance(4):
            return json.dumps(twisted(msgspec.to_builtins(batch), decisions)).encode("utf-8", "surrogatepass")
        return encode(batch)

    @staticmethod
    def _content(decisions: Decisions) -> bytes:
        whole = encode(
            a_transaction(
                card=BEIJING_CARD, transaction_id="1" * 32, service=decisions.choice(list(Service)), region="beijing",
                pin_held_by=decisions.choice(("", "chip", "centre")), done_online=decisions.chance(4),
            )
        )  # fmt: skip
        match decisions.number(4):
            case 0:
                return whole
            case 1:
                return json.dumps(twisted(json.loads(whole), decisions)).encode("utf-8", "surrogatepass")
            case 2:
                return _spliced(whole, decisions)
            case _:
                return decisions.chunk()

    @staticmethod
    def _header(decisions: Decisions) -> bytes:
        whole = encode(a_header("beijing"))
        match decisions.number(6):
            case 1:
                return json.dumps(twisted(json.loads(whole), decisions)).encode("utf-8", "surrogatepass")
            case 2:
                return _spliced(whole, decisions)
            case _:
                return whole

    @staticmethod
    def _changed(entry: SealedEntry, ledger: LedgerWriter, decisions: Decisions) -> SealedEntry:
        """One field replaced, and the hash made to fit again, so that the chain holds."""
        name = decisions.choice(("", "", "", "ciphertext", "sealed_key", "nonce", "suite", "previous_hash"))
        match name:
            case "":
                return entry
            case "suite":
                changed = msgspec.structs.replace(entry, suite=decisions.integer())
            case _:
                changed = msgspec.structs.replace(entry, **{name: _spliced(getattr(entry, name), decisions)})
        ledger.head = entry_hash(
            ledger.terminal.ledger_id, changed.sequence, changed.previous_hash, sha256(changed.header),
            sha256(changed.ciphertext),
        )  # fmt: skip
        return msgspec.structs.replace(changed, hash=ledger.head)


def _without_time(receipt: Receipt) -> Receipt:
    return msgspec.structs.replace(receipt, centre_time_ms=0, signature=b"")


@contextmanager
def running_centre() -> Iterator[RunningCentre]:
    """A centre over SQLite in memory-backed files."""
    with folder_in_memory() as folder, RunningCentre(folder) as centre:
        yield centre


def asking(centre: RunningCentre) -> Check:
    """The check of :data:`DOOR` at a centre that runs already."""
    return Door(centre).ask


def uploading(centre: RunningCentre) -> Check:
    """The check of :data:`BATCHES` at a centre that runs already."""
    return Uploader(centre).send


def _at_a_centre(make: Callable[[RunningCentre], Check]) -> Callable[[], Any]:
    @contextmanager
    def prepare() -> Iterator[Check]:
        with running_centre() as centre:
            yield make(centre)

    return prepare


def _door_seeds() -> Sequence[bytes]:
    ways = [bytes([path, way, 0, 0, 0, 0]) for path in range(15) for way in (0, 3)]
    spoilt = [bytes([path, 2, place, 2, 0xFF, 0xFE, 1]) for path in (0, 1, 10) for place in (2, 15)]
    other_pad = encode(GetRecord(transaction_id="b" * 32, pin_block=bytes(8), pad_serial="PAD00001")).index(b"PAD")
    spoilt.append(bytes([5, 2, other_pad, 1, 0x58, 1]))
    headers = [bytes([10, 4, 0, name, 3, 0x21, 0x22, 0x23, 5, 2, 0]) for name in range(7)]
    issuances = [bytes([path, way, 0, 0, 0, 0]) for path in range(16, 26) for way in (0, 3)]
    return [*ways, *issuances, *spoilt, b"\x0a\3\x05\2ab\1", b"\x0a\3\0\0\0", *headers]


def _batch_seeds() -> Sequence[bytes]:
    whole = b"\0\0\0\0\0\0\0"
    invalid_text = b"\0\0\0\0\2\x14\2\xff\xfe\1" + b"\0\0"
    invalid_header = b"\0\0\0\0\0\2\x14\2\xff\xfe\1\0"
    twist = b"\0\0\0\0\1\4\0\3\0\0\0"
    pin_change = b"\0\1\1\0\0\0\0"
    tombstone = whole + b"\2\0\0\0\0"
    changed = [b"\0\0\0\0\0\0" + bytes([field, 4, 1, 0x55, 1]) for field in range(3, 8)]
    return [whole, invalid_text, invalid_header, twist, pin_change, tombstone, b"\2" + whole * 3, *changed]


DOOR: Final = Target(
    name="centre-door",
    engine="hypothesis",
    prepare=_at_a_centre(asking),
    seeds=_door_seeds,
    reached=frozenset(
        {
            "answered",
            "400 malformed",
            "401 signature",
            "404 unknown_pad",
            "404 unknown_session",
            "404 unknown_issuance",
            "409 not_proved",
        }
    ),
    examples=60,
    cpu_s=20.0,
)
BATCHES: Final = Target(
    name="centre-batches",
    engine="hypothesis",
    prepare=_at_a_centre(uploading),
    seeds=_batch_seeds,
    reached=frozenset({"taken: applied", "taken: refused", "400 malformed"}),
    examples=60,
    cpu_s=20.0,
)
