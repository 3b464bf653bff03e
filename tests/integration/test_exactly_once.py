"""Exactly once, as a state machine: real ledger, real uplink, real centre over HTTPS, and a line that fails at will.

KIOSK_STEPS sets how long each of the generated stories is, KIOSK_STORIES how many there are. A story that fails is
shortened with KIOSK_SHORTEN=1 only: that takes minutes, since every attempt is played against a real centre.
"""

import itertools
import os
import random
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
import requests
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from central.card_keys import Algorithm
from central.pins import HeldPins
from central.tables import CentrePin, Entry, TransactionRow
from kiosk.central_client import CentralClient, CentreAdapter, CentreUnreachable, ClockOffset, SignedConnection
from kiosk.ledger import Ledger, LedgerReader
from kiosk.records.card import pin_account
from kiosk.records.questions import (
    CardProof,
    ChangeCentrePin,
    GetWorkingKey,
    OpenCardSession,
    PinChange,
    ProveCard,
)
from kiosk.records.transaction import Outcome, Service, Stage, Transaction
from kiosk.records.upload import Verdict
from kiosk.uplink import BackOff, Idle, ReceiptReader, Receipts, Resumed, Sent, Uplink
from tests.centre import BEIJING_CARD, EnrolledTerminal, RunningCentre, a_transaction

STEPS = int(os.environ.get("KIOSK_STEPS", "30"))
STORIES = int(os.environ.get("KIOSK_STORIES", "25"))
FIRST_PIN, SECOND_PIN = "135790", "246813"
FAULTS = (
    "request lost",
    "answer lost",
    "request twice",
    "centre dies before it answers",
    "centre dies before it stores",
)
_numbers = itertools.count(1)


class BadLine(CentreAdapter):
    """Carries requests like the real one, but for the one fault that was asked for."""

    def __init__(self, centre: RunningCentre) -> None:
        super().__init__(centre.ca_file)
        self.centre = centre
        self.fault: str | None = None
        self.lasting = False
        """The fault meets every request, not the next one only."""

    def send(self, request: requests.PreparedRequest, **how: Any) -> requests.Response:  # type: ignore[override]  # passes on whatever it gets
        fault = self.fault
        if not self.lasting:
            self.fault = None
        if fault == "request lost":
            raise requests.ConnectionError("the cable is out")
        if fault == "centre dies before it stores":
            self._fail_second_commit()
        answer = super().send(request, **how)
        if fault == "answer lost":
            answer.close()
            raise requests.ConnectionError("the cable is out")
        if fault == "request twice":
            packed = answer.raw.read(decode_content=False)
            again = self.centre.send(request)
            # A request that was refused for its clock has spent no nonce: it is refused for its clock again.
            refused = "clock" if answer.status_code == 401 else "replayed"
            assert (again.status, again.problem.type, again.signed) == (401, refused, True)
            answer.raw = _Replayed(packed)
        if fault == "centre dies before it answers":
            answer.close()
            assert self.centre._server is not None
            self.centre._server.force_exit = True
            self.centre.restart()
            raise requests.ConnectionError("the centre is gone")
        return answer

    def _fail_second_commit(self) -> None:
        """The first commit of a request spends its nonce, the second one stores."""
        engine = self.centre._app.state.database.engine
        commits = itertools.count(1)

        def fail(_connection: object) -> None:
            if next(commits) == 2:
                event.remove(engine, "commit", fail)
                raise OperationalError("COMMIT", {}, Exception("power cut"))

        event.listen(engine, "commit", fail)


class _Replayed:
    """A body that was read already."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def read1(self, _most: int, *, decode_content: bool) -> bytes:
        body, self._body = self._body, b""
        return body

    def close(self) -> None:
        pass

    def release_conn(self) -> None:
        pass


class ExactlyOnce(RuleBasedStateMachine):
    """One terminal's life between a ledger that must not forget and a line that may do anything."""

    centre: ClassVar[RunningCentre]

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="exactly-once-"))
        self.clock_error_s = 0.0
        self.storage_key = secrets.token_bytes(32)
        name = f"t-{next(_numbers):04d}"
        self.ledger = Ledger.create(
            self.folder / "ledger", name, self.storage_key, self.centre.opening_key, clock=self.clock
        )
        self.terminal = EnrolledTerminal(
            name, "zhumadian", Ed25519PrivateKey.generate(), self.ledger.ledger_id, f"P-{name}", secrets.token_bytes(16)
        )
        self.centre.register(self.terminal)
        self.centre_keys = {self.centre.keys.key_id: self.centre.signing_key}
        self.acknowledged: list[tuple[int, bytes]] = []
        self.verdicts: list[tuple[Verdict, str]] = []
        self.effects: dict[str, int] = {}
        self.chip_changes: list[Transaction] = []
        self.erased_through = 0
        self.pin = FIRST_PIN
        self._hold_pin(FIRST_PIN)
        self.offset = ClockOffset(self.folder / "offset")
        self._start_uplink()

    def clock(self) -> float:
        return self.centre.clock() + self.clock_error_s

    @rule(service=st.sampled_from(["query", "begun", "chip pin"]), count=st.integers(1, 3))
    def append(self, service: str, count: int) -> None:
        for _ in range(count):
            match service:
                case "query":
                    self._append(a_transaction())
                case "begun":
                    self._append(a_transaction(stage=Stage.BEGUN, outcome=None))
                case _:
                    changed = a_transaction(service=Service.PIN_CHANGE, pin_held_by="chip")
                    self.chip_changes.append(changed)
                    self.effects[changed.transaction_id] = 1
                    self._append(changed)

    @rule(which=st.integers(0))
    def append_what_is_there_already(self, which: int) -> None:
        """A terminal that recovers may write an end for the second time."""
        if self.chip_changes:
            self._append(self.chip_changes[which % len(self.chip_changes)], Verdict.SUPERSEDED, "duplicate_transaction")

    @rule(fault=st.none() | st.sampled_from(FAULTS))
    def step(self, fault: str | None) -> None:
        self.line.fault = fault
        step = self.uplink.step()
        assert isinstance(step, Idle | Sent | Resumed | BackOff), step
        self.line.fault = None

    @rule()
    def uplink_dies(self) -> None:
        self._stop_uplink()
        self._start_uplink()

    @rule()
    def terminal_dies(self) -> None:
        self.ledger.close()
        self.ledger = Ledger.open(
            self.folder / "ledger", self.terminal.id, self.storage_key, self.centre.opening_key, clock=self.clock
        )
        assert self.ledger.damage_at_open == ()

    @rule()
    def erase_what_is_delivered(self) -> None:
        receipts = ReceiptReader(self.folder / "receipts", self.ledger.ledger_id, self.terminal.id, self.centre_keys)
        through = receipts.proven_through(self.erased_through)
        receipts.close()
        assert through <= len(self._stored())
        self.ledger.erase(through)
        self.erased_through = through

    @rule(error_s=st.sampled_from([0.0, 86_400.0, -86_400.0, 400.0]))
    def clock_jumps(self, error_s: float) -> None:
        self.clock_error_s = error_s

    @rule(fault=st.none() | st.sampled_from(FAULTS), lasting=st.booleans())
    def change_pin_at_the_centre(self, fault: str | None, lasting: bool) -> None:
        """What was done online comes as an entry too, and must change nothing again."""
        line = BadLine(self.centre)
        connection = self._connection(line)
        client = CentralClient(connection)
        transaction_id = secrets.token_hex(16)
        code, number, person = BEIJING_CARD
        new = SECOND_PIN if self.pin == FIRST_PIN else FIRST_PIN
        opened = client.open_card_session(
            OpenCardSession(
                transaction_id=transaction_id, region="beijing", identification_code=code, card_number=number,
                norm_version="2.00",
            )
        )  # fmt: skip
        answer = self.centre.keys.cards.expected_answer(Algorithm.TRIPLE_DES, code, opened.challenge)
        proved = client.prove_card(opened.session_id, ProveCard(cryptogram=answer, social_security_number=person))
        assert proved.proof is CardProof.GENUINE
        wrapped = client.working_key(GetWorkingKey(pad_serial=self.terminal.pad_serial))
        key = _triple_des(self.terminal.pad_master_key).decryptor().update(wrapped.cipher)
        question = ChangeCentrePin(
            transaction_id=transaction_id, old=_block(self.pin, key, person), new=_block(new, key, person),
            repeated=_block(new, key, person), pad_serial=self.terminal.pad_serial,
        )  # fmt: skip
        line.fault, line.lasting = fault, lasting
        arrives = fault not in {"request lost", "centre dies before it stores"}
        try:
            assert client.change_pin(opened.session_id, question).change is PinChange.CHANGED
            outcome, told = Outcome.DONE, arrives
        except CentreUnreachable as error:
            told = error.maybe_done
            outcome = Outcome.UNKNOWN if arrives else Outcome.FAILED
        finally:
            connection.close()
        assert told is arrives
        if arrives:
            self.pin = new
        self.effects[transaction_id] = 1 if arrives else 0
        self._append(
            a_transaction(
                card=BEIJING_CARD, region="beijing", transaction_id=transaction_id, service=Service.PIN_CHANGE,
                outcome=outcome, pin_held_by="centre", done_online=outcome is Outcome.DONE,
            )
        )  # fmt: skip

    @invariant()
    def the_centre_holds_a_prefix_of_what_was_acknowledged(self) -> None:
        stored = self._stored()
        assert stored == self.acknowledged[: len(stored)]
        assert self.receipts.standing().through <= len(stored)
        assert self.erased_through <= self.receipts.standing().through

    @invariant()
    def nothing_has_its_effect_twice(self) -> None:
        done = self._effects()
        assert all(done[transaction_id] <= 1 for transaction_id in done), done

    def teardown(self) -> None:
        try:
            self._settle()
        finally:
            self._stop_uplink()
            self.ledger.close()
            shutil.rmtree(self.folder)

    def _settle(self) -> None:
        """On a good line everything arrives, in a few steps."""
        for _ in range(10):
            if isinstance(self.uplink.step(), Idle):
                break
        else:
            raise AssertionError("the uplink does not come to rest")
        assert self._stored() == self.acknowledged
        receipts = self._receipt_reader()
        assert receipts.proven_through() == len(self.acknowledged)
        assert [(j.sequence, j.hash) for j in receipts.judgements()] == self.acknowledged
        assert [(j.verdict, j.reason) for j in receipts.judgements()] == self.verdicts
        receipts.close()
        assert self._effects() == {
            transaction_id: self.effects.get(transaction_id, 0) for transaction_id in self._effects()
        }
        assert self._effects().keys() >= self.effects.keys()

    def _append(self, transaction: Transaction, verdict: Verdict = Verdict.APPLIED, reason: str = "") -> None:
        appended = self.ledger.append(transaction, offset_ms=self.offset.milliseconds())
        self.acknowledged.append((appended.sequence, appended.hash))
        self.verdicts.append((verdict, reason))

    def _stored(self) -> list[tuple[int, bytes]]:
        query = (
            select(Entry.sequence, Entry.hash)
            .where(Entry.terminal == self.terminal.id, Entry.ledger_id == self.terminal.ledger_id)
            .order_by(Entry.sequence)
        )
        with self.centre.database.reading() as session:
            return [(sequence, digest) for sequence, digest in session.execute(query)]

    def _effects(self) -> dict[str, int]:
        query = select(TransactionRow.transaction_id, TransactionRow.effects).where(
            TransactionRow.terminal == self.terminal.id
        )
        with self.centre.database.reading() as session:
            return {row.transaction_id: row.effects for row in session.execute(query)}

    def _hold_pin(self, pin: str) -> None:
        with self.centre.database.writing() as session:
            held = session.get_one(CentrePin, BEIJING_CARD[0])
            HeldPins(self.centre.keys.storage, 6).replace(held, pin, 0)

    def _receipt_reader(self) -> ReceiptReader:
        return ReceiptReader(self.folder / "receipts", self.ledger.ledger_id, self.terminal.id, self.centre_keys)

    def _start_uplink(self) -> None:
        self.reader = LedgerReader(self.folder / "ledger")
        self.receipts = Receipts(self.folder / "receipts", self.reader.ledger_id, now_ms=0)
        self.line = BadLine(self.centre)
        self.connection = self._connection(self.line)
        self.uplink = Uplink(
            self.reader, self.receipts, self.connection, key=self.terminal.key, centre_keys=self.centre_keys,
            clock=self.clock, chance=random.Random(0),
        )  # fmt: skip

    def _stop_uplink(self) -> None:
        self.connection.close()
        self.receipts.close()
        self.reader.close()

    def _connection(self, line: BadLine) -> SignedConnection:
        return SignedConnection(
            self.centre.url, self.centre.ca_file, terminal_id=self.terminal.id, key=self.terminal.key,
            centre_keys=self.centre_keys, clock=self.clock, offset=self.offset, adapter=line,
        )  # fmt: skip


def _triple_des(key: bytes) -> Cipher[modes.ECB]:
    return Cipher(TripleDES(key + key[:8]), modes.ECB())


def _block(pin: str, key: bytes, person: str) -> bytes:
    """ISO 9564-1 format 3, as the pad makes it."""
    fill = "".join(secrets.choice("ABCDEF") for _ in range(14 - len(pin)))
    field, account = bytes.fromhex(f"3{len(pin)}{pin}{fill}"), bytes.fromhex("0000" + pin_account(person))
    return _triple_des(key).encryptor().update(bytes(a ^ b for a, b in zip(field, account, strict=True)))


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCentre]:
    with RunningCentre(tmp_path_factory.mktemp("exactly-once")) as running:
        yield running


def test_exactly_once(centre: RunningCentre) -> None:
    ExactlyOnce.centre = centre
    run_state_machine_as_test(
        ExactlyOnce,
        settings=settings(
            max_examples=STORIES,
            stateful_step_count=STEPS,
            deadline=None,
            phases=[Phase.generate, Phase.shrink] if "KIOSK_SHORTEN" in os.environ else [Phase.generate],
            report_multiple_bugs=False,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
