"""Asking while the citizen waits: copies and replays are refused, PINs are counted, nothing happens twice."""

import os
import secrets
from collections.abc import Callable

import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from sqlalchemy import select

from central.pins import is_weak, open_block
from central.query import transaction_row
from central.tables import Alarm, Card, CentrePin, TerminalLedger, WorkingKeyRow
from kiosk.records.card import CardState
from kiosk.records.questions import (
    AuthenticateTerminal,
    CardProof,
    CardProved,
    CardSessionOpened,
    ChangeCentrePin,
    GetRecord,
    GetWorkingKey,
    OpenCardSession,
    PinChange,
    PinChanged,
    PinVerdict,
    ProveCard,
    RecordAnswer,
    TerminalAuthenticated,
    WorkingKey,
)
from kiosk.records.transaction import Outcome, Service
from kiosk.records.upload import Receipt
from tests.centre import (
    BEIJING_CARD,
    ZHUMADIAN_CARD,
    EnrolledTerminal,
    LedgerWriter,
    Refusal,
    RunningCentre,
    a_transaction,
)

# Keys of simulators/cards/*.json, typed over from there: 3DES and SM4.
ZHUMADIAN_KEY = "03166C456FB1F475F54B7BBEC0A416F0"
ZHUMADIAN_3_CARD = ("411700D1560000050000000000001004", "T4117004X", "411700200106191047")
ZHUMADIAN_3_KEY = "451B6672828EFA11C0EA5EFCF4D9E578"
ZHUMADIAN_3_EXTERNAL_KEY = "DBF5DAF21BBE113CA4D0A5FCD0B273C2"
BEIJING_KEY = "2B4F34FB9A01F6B1CAEC0F625F7BBA39"
BEIJING_X_CARD = ("110000D1560000050000000000002002", "T11000023", "11000019760229207X")
BEIJING_X_KEY = "71F98BCAAAD300BDC5A3A98AE6F4EE3D"
Card3 = tuple[str, str, str]


def two_key(key: bytes) -> Cipher[modes.ECB]:
    return Cipher(TripleDES(key + key[:8]), modes.ECB())


class Asked:
    """One card at one terminal, asking one thing after the other."""

    def __init__(
        self, centre: RunningCentre, terminal: EnrolledTerminal, card: Card3, key: str, norm_version: str = "2.00"
    ) -> None:
        self.centre, self.terminal, self.card = centre, terminal, card
        self.key, self.norm_version = bytes.fromhex(key), norm_version
        self.transaction_id = os.urandom(16).hex()
        self.session = ""
        self.challenge = b""
        self.working_key = b""

    def open(self) -> "Asked":
        question = OpenCardSession(
            transaction_id=self.transaction_id,
            region="beijing",
            identification_code=self.card[0],
            card_number=self.card[1],
            norm_version=self.norm_version,
        )
        opened = self.centre.ask(self.terminal, "/v1/card-sessions", question, CardSessionOpened)
        self.session, self.challenge = opened.session_id, opened.challenge
        return self

    def answer(self) -> bytes:
        """What the chip says to the challenge."""
        cipher = Cipher(SM4(self.key), modes.ECB()) if self.norm_version == "3.00" else two_key(self.key)
        return cipher.encryptor().update(self.challenge)

    def prove(self, cryptogram: bytes | None = None, number: str | None = None) -> CardProved:
        question = ProveCard(
            cryptogram=self.answer() if cryptogram is None else cryptogram,
            social_security_number=self.card[2] if number is None else number,
        )
        return self.centre.ask(self.terminal, self.path("card-proof"), question, CardProved)

    def proved(self) -> "Asked":
        assert self.open().prove().proof is CardProof.GENUINE
        return self

    def path(self, last: str) -> str:
        return f"/v1/card-sessions/{self.session}/{last}"

    def load_key(self) -> "Asked":
        self.working_key = a_working_key(self.centre, self.terminal)
        return self

    def block(self, pin: str) -> bytes:
        return pin_block(pin, self.card[2], self.working_key)

    def record(self, block: bytes | None = None, transaction_id: str | None = None) -> RecordAnswer:
        question = GetRecord(
            transaction_id=transaction_id or self.transaction_id,
            pin_block=block,
            pad_serial=self.terminal.pad_serial if block else "",
        )
        return self.centre.ask(self.terminal, self.path("record"), question, RecordAnswer)

    def change(self, old: bytes, new: bytes, repeated: bytes, *, accept_weak: bool = False) -> PinChanged:
        question = ChangeCentrePin(
            transaction_id=self.transaction_id,
            old=old,
            new=new,
            repeated=repeated,
            pad_serial=self.terminal.pad_serial,
            accept_weak=accept_weak,
        )
        return self.centre.ask(self.terminal, self.path("pin-change"), question, PinChanged)

    def change_to(self, old: str, new: str, repeated: str | None = None) -> PinChanged:
        return self.change(self.block(old), self.block(new), self.block(new if repeated is None else repeated))


def a_working_key(centre: RunningCentre, terminal: EnrolledTerminal) -> bytes:
    """Ask for a key and unwrap it as the pad does."""
    question = GetWorkingKey(pad_serial=terminal.pad_serial)
    given = centre.ask(terminal, "/v1/working-keys", question, WorkingKey)
    key = two_key(terminal.pad_master_key).decryptor().update(given.cipher)
    assert given.check_value == two_key(key).encryptor().update(bytes(8))[:4]
    return key


def pin_block(pin: str, social_security_number: str, key: bytes) -> bytes:
    """ISO 9564-1 format 3, written from the norm: 3, length, digits, random fill A to F; exclusive or the account."""
    fill = "".join(secrets.choice("ABCDEF") for _ in range(14 - len(pin)))
    field = bytes.fromhex(f"3{len(pin):X}{pin}{fill}")
    account = bytes.fromhex("0000" + social_security_number[-13:-1])
    plain = bytes(a ^ b for a, b in zip(field, account, strict=True))
    return two_key(key).encryptor().update(plain)


@pytest.fixture
def terminal(any_centre: RunningCentre) -> EnrolledTerminal:
    return any_centre.enrol("bj-0001", "beijing")


@pytest.fixture
def zhumadian(any_centre: RunningCentre, terminal: EnrolledTerminal) -> Asked:
    return Asked(any_centre, terminal, ZHUMADIAN_CARD, ZHUMADIAN_KEY)


@pytest.fixture
def beijing(any_centre: RunningCentre, terminal: EnrolledTerminal) -> Asked:
    """Its PIN at the centre is 135790, changed since it was handed out; six tries."""
    return Asked(any_centre, terminal, BEIJING_CARD, BEIJING_KEY).load_key()


def declined(question: Callable[[], object]) -> tuple[int, str]:
    with pytest.raises(Refusal) as caught:
        question()
    return caught.value.status, caught.value.problem.type


def alarms(centre: RunningCentre) -> list[tuple[str, str]]:
    with centre.database.reading() as session:
        return [(one.terminal, one.kind) for one in session.scalars(select(Alarm))]


def tries_left(centre: RunningCentre, card: Card3) -> int:
    with centre.database.reading() as session:
        return session.get_one(CentrePin, card[0]).tries_left


def test_the_block_of_the_norms_example_opens() -> None:
    # PIN 123456, card 111222333444555, whose twelve digits before the check digit are 122233344455, fill AFBECDDC.
    key = bytes(range(16))
    block = two_key(key).encryptor().update(bytes.fromhex("361226749C8A8989"))
    assert open_block(block, key, "122233344455") == "123456"
    assert open_block(block, key, "122233344499") is None
    assert open_block(block, bytes(16), "122233344455") is None
    assert open_block(block[:7], key, "122233344455") is None


@pytest.mark.parametrize("pin", ["000000", "888888", "123456", "654321", "012345", "987654", "890123", "210987"])
def test_repeats_and_runs_are_weak(pin: str) -> None:
    assert is_weak(pin)


@pytest.mark.parametrize("pin", ["135790", "112233", "123457", "890124", "246810"])
def test_other_pins_are_not(pin: str) -> None:
    assert not is_weak(pin)


def test_a_weak_pin_is_taken_once_the_citizen_keeps_it(beijing: Asked) -> None:
    blocks = [beijing.proved().block(pin) for pin in ("135790", "777777", "777777")]
    assert beijing.change(*blocks).change is PinChange.WEAK
    assert beijing.change(*blocks).change is PinChange.WEAK
    assert beijing.change(*blocks, accept_weak=True) == PinChanged(change=PinChange.CHANGED, pin_tries_left=6)


def test_a_frozen_terminal_is_told_nothing(beijing: Asked) -> None:
    beijing.proved()
    with beijing.centre.database.writing() as session:
        session.scalars(select(TerminalLedger)).one().frozen_reason = "fork"
    assert declined(lambda: beijing.change_to("135790", "246810")) == (423, "frozen")
    assert declined(beijing.open) == (423, "frozen")
    assert declined(lambda: a_working_key(beijing.centre, beijing.terminal)) == (423, "frozen")


@pytest.mark.parametrize(("norm_version", "length"), [("1.00", 8), ("2.00", 8), ("3.00", 16)])
def test_the_challenge_has_the_length_of_the_cards_block(zhumadian: Asked, norm_version: str, length: int) -> None:
    zhumadian.norm_version = norm_version
    first, second = zhumadian.open().challenge, zhumadian.open().challenge
    assert len(first) == len(second) == length
    assert first != second


def test_a_genuine_card_whose_chip_holds_the_pin_gets_its_record(zhumadian: Asked) -> None:
    proved = zhumadian.open().prove()
    assert proved == CardProved(proof=CardProof.GENUINE, card_state=CardState.NORMAL)
    answer = zhumadian.record()
    assert (answer.pin, answer.pin_tries_left) == (PinVerdict.NOT_ASKED, None)
    record = answer.record
    assert record is not None
    assert (record.name, record.social_security_number) == ("张示例", "411700198504121036")
    assert (record.card_number, record.card_state, record.person_state) == ("T41170015", CardState.NORMAL, "1")
    assert (record.medical_account_fen, record.medical_account_as_of) == (328645, "2026-10-31")
    assert (record.bank_account[:4], record.bank_side_active) == ("****", True)
    assert {one.kind for one in record.insurances} == {
        "pension", "medical", "unemployment", "work_injury", "maternity",
    }  # fmt: skip


def test_a_card_of_norm_3_opens_its_holder_file_first(any_centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    asked = Asked(any_centre, terminal, ZHUMADIAN_3_CARD, ZHUMADIAN_3_KEY, "3.00").open()
    challenge = secrets.token_bytes(16)
    question = AuthenticateTerminal(challenge=challenge)
    given = any_centre.ask(terminal, asked.path("terminal-authentication"), question, TerminalAuthenticated)
    external = Cipher(SM4(bytes.fromhex(ZHUMADIAN_3_EXTERNAL_KEY)), modes.ECB())
    assert given.cryptogram == external.encryptor().update(challenge)
    assert asked.prove().proof is CardProof.GENUINE


@pytest.mark.parametrize(("norm_version", "length"), [("2.00", 8), ("2.00", 16), ("3.00", 8), ("3.00", 0)])
def test_other_challenges_are_not_answered(
    any_centre: RunningCentre, zhumadian: Asked, norm_version: str, length: int
) -> None:
    zhumadian.norm_version = norm_version
    path = zhumadian.open().path("terminal-authentication")
    question = AuthenticateTerminal(challenge=bytes(length))
    ask = lambda: any_centre.ask(zhumadian.terminal, path, question, TerminalAuthenticated)  # noqa: E731 - one line
    assert declined(ask) == (400, "malformed")


def test_a_copy_with_another_key_is_not_genuine(any_centre: RunningCentre, zhumadian: Asked) -> None:
    zhumadian.key = bytes(range(16))
    assert zhumadian.open().prove() == CardProved(proof=CardProof.NOT_GENUINE)
    assert alarms(any_centre) == [("bj-0001", "not_genuine")]
    assert declined(zhumadian.record) == (404, "unknown_session")
    assert declined(zhumadian.prove) == (404, "unknown_session")


def test_a_replayed_answer_is_not_genuine(any_centre: RunningCentre, zhumadian: Asked) -> None:
    recorded = zhumadian.proved().answer()
    again = zhumadian.open()
    assert again.prove(recorded).proof is CardProof.NOT_GENUINE
    assert alarms(any_centre) == [("bj-0001", "not_genuine")]


@pytest.mark.parametrize("cryptogram", [b"", b"\0", bytes(16), bytes(4096)])
def test_an_answer_of_any_length_is_judged(any_centre: RunningCentre, zhumadian: Asked, cryptogram: bytes) -> None:
    assert zhumadian.open().prove(cryptogram).proof is CardProof.NOT_GENUINE


def test_a_card_that_claims_another_norm_is_not_genuine(zhumadian: Asked) -> None:
    zhumadian.norm_version = "1.00"  # same algorithm, same key: only the claim is wrong
    assert zhumadian.open().prove().proof is CardProof.NOT_GENUINE


def test_an_unknown_card_raises_no_alarm(any_centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    stranger = ("310000D156000005000000000000AAAA", "T31000001", "310000199001010000")
    asked = Asked(any_centre, terminal, stranger, "00" * 16).open()
    assert asked.prove() == CardProved(proof=CardProof.UNKNOWN_CARD)
    assert alarms(any_centre) == []
    assert declined(asked.record) == (404, "unknown_session")


def test_a_genuine_chip_with_another_number_is_a_mismatch(any_centre: RunningCentre, zhumadian: Asked) -> None:
    assert zhumadian.open().prove(number="411700199208301029").proof is CardProof.HOLDER_MISMATCH
    assert declined(zhumadian.record) == (404, "unknown_session")


def test_a_session_proves_itself_once(zhumadian: Asked) -> None:
    zhumadian.proved()
    assert declined(zhumadian.prove) == (404, "unknown_session")


def test_nothing_is_told_before_the_proof(zhumadian: Asked, beijing: Asked) -> None:
    assert declined(zhumadian.open().record) == (409, "not_proved")
    beijing.open()
    assert declined(lambda: beijing.change_to("135790", "246810")) == (409, "not_proved")


def test_a_session_is_good_for_its_terminal_only(any_centre: RunningCentre, zhumadian: Asked) -> None:
    zhumadian.open()
    other = any_centre.enrol("bj-0002", "beijing")
    mine, zhumadian.terminal = zhumadian.terminal, other
    assert declined(zhumadian.prove) == (404, "unknown_session")
    zhumadian.terminal = mine
    assert zhumadian.prove().proof is CardProof.GENUINE
    zhumadian.terminal = other
    assert declined(zhumadian.record) == (404, "unknown_session")


def test_a_challenge_is_good_for_two_minutes(any_centre: RunningCentre, zhumadian: Asked) -> None:
    zhumadian.open()
    any_centre.clock.offset_s += 121
    assert declined(zhumadian.prove) == (404, "unknown_session")


def test_a_proved_card_can_be_asked_about_for_ten_minutes(any_centre: RunningCentre, zhumadian: Asked) -> None:
    zhumadian.proved()
    any_centre.clock.offset_s += 590
    assert zhumadian.record().record is not None
    any_centre.clock.offset_s += 11
    assert declined(zhumadian.record) == (404, "unknown_session")


@pytest.mark.parametrize("state", ["2", "4", "9"])
def test_a_lost_or_cancelled_card_gets_nothing(any_centre: RunningCentre, beijing: Asked, state: str) -> None:
    with any_centre.database.writing() as session:
        session.get_one(Card, BEIJING_CARD[0]).state = state
    proved = beijing.open().prove()
    assert (proved.proof, proved.card_state) == (CardProof.GENUINE, CardState(state))
    assert declined(lambda: beijing.record(beijing.block("135790"))) == (409, "card_state")
    assert declined(lambda: beijing.change_to("135790", "246810")) == (409, "card_state")


def test_a_record_behind_a_pin(beijing: Asked) -> None:
    proved = beijing.open().prove()
    assert (proved.pin_is_initial, proved.pin_tries_left) == (False, 6)
    told = beijing.record(beijing.block("135790"))
    assert (told.pin, told.pin_tries_left) == (PinVerdict.ACCEPTED, 6)
    assert told.record is not None
    assert told.record.name == "周模拟"


def test_no_record_without_a_pin(beijing: Asked) -> None:
    beijing.proved()
    assert beijing.record() == RecordAnswer(pin=PinVerdict.UNREADABLE, pin_tries_left=6)


def test_an_initial_pin_that_ends_in_x_matches_no_digits(any_centre: RunningCentre, terminal: EnrolledTerminal) -> None:
    asked = Asked(any_centre, terminal, BEIJING_X_CARD, BEIJING_X_KEY).load_key()
    assert asked.open().prove().pin_is_initial is True
    assert asked.record(asked.block("292070")).pin is PinVerdict.WRONG


def test_wrong_pins_are_counted_and_lock(any_centre: RunningCentre, beijing: Asked) -> None:
    beijing.proved()
    for left in (5, 4, 3, 2, 1):
        assert beijing.record(beijing.block("111111")) == RecordAnswer(pin=PinVerdict.WRONG, pin_tries_left=left)
    assert beijing.record(beijing.block("111111")) == RecordAnswer(pin=PinVerdict.LOCKED, pin_tries_left=0)
    # Locked means locked, for the right PIN as well and for a new session.
    assert beijing.record(beijing.block("135790")) == RecordAnswer(pin=PinVerdict.LOCKED, pin_tries_left=0)
    again = Asked(any_centre, beijing.terminal, BEIJING_CARD, BEIJING_KEY).load_key()
    assert again.open().prove().pin_tries_left == 0
    assert again.change_to("135790", "246810") == PinChanged(change=PinChange.LOCKED, pin_tries_left=0)


def test_a_right_pin_gives_all_tries_back(any_centre: RunningCentre, beijing: Asked) -> None:
    beijing.proved()
    for _ in range(5):
        beijing.record(beijing.block("111111"))
    assert beijing.record(beijing.block("135790")).pin_tries_left == 6
    assert tries_left(any_centre, BEIJING_CARD) == 6


def test_the_same_wrong_block_spends_one_try(any_centre: RunningCentre, beijing: Asked) -> None:
    beijing.proved()
    block = beijing.block("111111")
    for _ in range(4):
        assert beijing.record(block) == RecordAnswer(pin=PinVerdict.WRONG, pin_tries_left=5)
    assert tries_left(any_centre, BEIJING_CARD) == 5
    # The same block under another transaction is another attempt.
    assert beijing.record(block, os.urandom(16).hex()).pin_tries_left == 4


def test_a_block_under_another_key_spends_no_try(any_centre: RunningCentre, beijing: Asked) -> None:
    beijing.proved()
    beijing.working_key = secrets.token_bytes(16)
    assert beijing.record(beijing.block("135790")) == RecordAnswer(pin=PinVerdict.UNREADABLE, pin_tries_left=6)
    for rubbish in (b"\0", bytes(7), bytes(9), bytes(4096)):
        assert beijing.record(rubbish).pin is PinVerdict.UNREADABLE
    assert tries_left(any_centre, BEIJING_CARD) == 6


def test_the_newest_two_keys_open_blocks(any_centre: RunningCentre, beijing: Asked) -> None:
    beijing.proved()
    typed_before = beijing.block("135790")
    beijing.load_key()
    assert beijing.record(typed_before).pin is PinVerdict.ACCEPTED
    beijing.load_key()
    assert beijing.record(typed_before).pin is PinVerdict.UNREADABLE
    with any_centre.database.reading() as session:
        kept = session.scalars(select(WorkingKeyRow.number).order_by(WorkingKeyRow.number)).all()
    assert list(kept) == [2, 3]


def test_a_pad_is_good_for_its_terminal_only(any_centre: RunningCentre, beijing: Asked) -> None:
    other = any_centre.enrol("bj-0002", "beijing")
    question = GetWorkingKey(pad_serial=other.pad_serial)
    ask = lambda: any_centre.ask(beijing.terminal, "/v1/working-keys", question, WorkingKey)  # noqa: E731 - one line
    assert declined(ask) == (404, "unknown_pad")


def test_keys_and_pins_do_not_lie_open_in_the_database(any_centre: RunningCentre, beijing: Asked) -> None:
    with any_centre.database.reading() as session:
        (row,) = session.scalars(select(WorkingKeyRow)).all()
        held = session.get_one(CentrePin, BEIJING_CARD[0])
    assert beijing.working_key not in row.wrapped_key
    assert b"135790" not in held.hash + held.salt


def test_a_pin_is_changed_once(any_centre: RunningCentre, beijing: Asked) -> None:
    beijing.proved()
    blocks = beijing.block("135790"), beijing.block("246810"), beijing.block("246810")
    assert beijing.change(*blocks) == PinChanged(change=PinChange.CHANGED, pin_tries_left=6)
    # The answer was lost, so it is asked again; then the terminal's entry says the same a third time.
    assert beijing.change(*blocks) == PinChanged(change=PinChange.CHANGED, pin_tries_left=6)
    assert tries_left(any_centre, BEIJING_CARD) == 6
    ledger = LedgerWriter(beijing.terminal, any_centre)
    entry = a_transaction(
        card=BEIJING_CARD,
        service=Service.PIN_CHANGE,
        transaction_id=beijing.transaction_id,
        pin_held_by="centre",
        done_online=True,
    )
    receipt = any_centre.ask(beijing.terminal, "/v1/entries", ledger.batch([ledger.append(entry)]), Receipt)
    assert [(one.verdict.value, one.reason) for one in receipt.judgements] == [("applied", "")]
    row = transaction_row(any_centre.database.engine, beijing.transaction_id)
    assert row is not None
    assert (row["effects"], row["outcome"], row["finished_sequence"]) == (1, "done", 1)
    later = Asked(any_centre, beijing.terminal, BEIJING_CARD, BEIJING_KEY).load_key().proved()
    assert later.record(later.block("135790")).pin is PinVerdict.WRONG
    assert later.record(later.block("246810")).pin is PinVerdict.ACCEPTED


def test_a_transaction_that_changed_a_pin_changes_no_other(any_centre: RunningCentre, beijing: Asked) -> None:
    beijing.proved()
    assert beijing.change_to("135790", "246810").change is PinChange.CHANGED
    assert beijing.change_to("246810", "975310").change is PinChange.CHANGED
    later = Asked(any_centre, beijing.terminal, BEIJING_CARD, BEIJING_KEY).load_key().proved()
    assert later.record(later.block("246810")).pin is PinVerdict.ACCEPTED
    row = transaction_row(any_centre.database.engine, beijing.transaction_id)
    assert row is not None
    assert row["effects"] == 1


def test_a_lost_answer_is_reconciled_by_the_entry(any_centre: RunningCentre, beijing: Asked) -> None:
    assert beijing.proved().change_to("135790", "246810").change is PinChange.CHANGED
    ledger = LedgerWriter(beijing.terminal, any_centre)
    entry = a_transaction(
        card=BEIJING_CARD,
        service=Service.PIN_CHANGE,
        outcome=Outcome.UNKNOWN,
        transaction_id=beijing.transaction_id,
        pin_held_by="centre",
    )
    any_centre.ask(beijing.terminal, "/v1/entries", ledger.batch([ledger.append(entry)]), Receipt)
    row = transaction_row(any_centre.database.engine, beijing.transaction_id)
    assert row is not None
    assert (row["outcome"], row["effects"]) == ("unknown", 1)
    assert row["pin_changed_at"] is not None


@pytest.mark.parametrize(
    ("old", "new", "repeated", "verdict", "left"),
    [
        ("135790", "246810", "246811", PinChange.MISMATCH, 6),
        ("111111", "246810", "246811", PinChange.MISMATCH, 6),
        ("111111", "246810", "246810", PinChange.WRONG, 5),
        ("135790", "135790", "135790", PinChange.SAME, 6),
        ("135790", "777777", "777777", PinChange.WEAK, 6),
        ("135790", "345678", "345678", PinChange.WEAK, 6),
    ],
)
def test_a_change_that_may_not_be(
    any_centre: RunningCentre, beijing: Asked, old: str, new: str, repeated: str, verdict: PinChange, left: int
) -> None:
    beijing.proved()
    blocks = beijing.block(old), beijing.block(new), beijing.block(repeated)
    for _ in range(2):
        assert beijing.change(*blocks) == PinChanged(change=verdict, pin_tries_left=left)
    assert tries_left(any_centre, BEIJING_CARD) == left
    # The citizen tries again within the same transaction.
    assert beijing.change_to("135790", "246810").change is PinChange.CHANGED


def test_wrong_old_pins_lock_a_change_too(beijing: Asked) -> None:
    beijing.proved()
    verdicts = [beijing.change_to("111111", "246810") for _ in range(6)]
    assert [one.pin_tries_left for one in verdicts] == [5, 4, 3, 2, 1, 0]
    assert [one.change for one in verdicts] == [PinChange.WRONG] * 5 + [PinChange.LOCKED]


def test_a_repeated_old_block_spends_no_second_try(any_centre: RunningCentre, beijing: Asked) -> None:
    beijing.proved()
    old = beijing.block("111111")
    for new in ("246810", "975310"):
        assert beijing.change(old, beijing.block(new), beijing.block(new)).change is PinChange.WRONG
    assert tries_left(any_centre, BEIJING_CARD) == 5


def test_a_pin_on_the_chip_is_not_changed_here(any_centre: RunningCentre, zhumadian: Asked) -> None:
    zhumadian.load_key().proved()
    assert declined(lambda: zhumadian.change_to("246810", "135790")) == (409, "pin_not_held")


def test_a_transaction_id_belongs_to_one_card(any_centre: RunningCentre, zhumadian: Asked, beijing: Asked) -> None:
    zhumadian.proved().record()
    beijing.proved()
    stolen = lambda: beijing.record(beijing.block("135790"), zhumadian.transaction_id)  # noqa: E731 - one line
    assert declined(stolen) == (400, "malformed")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("transaction_id", "x"),
        ("transaction_id", "A" * 32),
        ("identification_code", "zz"),
        ("identification_code", "411700d1560000050000000000001001"),
        ("norm_version", "3"),
        ("norm_version", "３.00"),
    ],
)
def test_a_question_that_can_not_be_is_malformed(zhumadian: Asked, field: str, value: str) -> None:
    if field == "identification_code":
        zhumadian.card = (value, *zhumadian.card[1:])
    else:
        setattr(zhumadian, field, value)
    assert declined(zhumadian.open) == (400, "malformed")
