"""What the centre makes of stored entries. Judging is pure: it sees plaintexts and rows, and never raises.

Two of its rules keep "exactly once" true above the chain: a stage of a transaction is judged once, under whichever
sequence it first came, and what was done online is not done again. A third keeps a report that was taken down without
the centre from undoing what came after it.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, assert_never

import msgspec

from central.blank_custody import OpenedMovement
from central.card_states import By, Cause, answer_to_report, is_holder, report, verdict_on_report
from central.region_rules import RegionRule
from central.tables import Card, CardEvent, Holder
from central.technician_acts import OpenedAct
from kiosk.records.card import CardState
from kiosk.records.chain import SealedEntry
from kiosk.records.custody import SERVICE as BLANK_CUSTODY
from kiosk.records.custody import Movement
from kiosk.records.filings import IdentifiedBy
from kiosk.records.questions import LossVerdict
from kiosk.records.sealing import EpochKey, Unreadable, unseal
from kiosk.records.technician import SERVICE as TECHNICIAN
from kiosk.records.technician import TechnicianAct
from kiosk.records.transaction import Header, Outcome, Service, Stage, Transaction
from kiosk.records.upload import Malformed, Verdict, decode

_TRANSACTION_ID: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
_MAX_MILLISECONDS: Final = 1 << 52  # beyond any clock, within every column
_LIES_IN_THE_BIN: Final = frozenset({"kept", "unknown"})
"""How far a forgotten card has come, where staff must look for it."""
_NUL: Final = b"\\u0000"
"""How JSON writes the one character that PostgreSQL can't store; looked for once in all of a plaintext."""
_FILINGS: Final = frozenset(
    {Service.CARD_APPLICATION, Service.OFFSITE_CARE, Service.DATA_CHANGE, Service.CANCELLING, Service.PAPERS}
)
"""What is filed for an office to act on."""
_AT_THE_CENTRE: Final = frozenset(
    {
        Service.TEMPORARY_LOSS,
        Service.LOSS_LIFTING,
        Service.FORMAL_LOSS,
        Service.CARD_ACTIVATION,
        Service.CARD_REPLACEMENT,
        *_FILINGS,
    }
)


@dataclass(frozen=True, slots=True)
class Ruling:
    """Verdict and reason for one entry."""

    verdict: Verdict
    reason: str = ""


_APPLIED: Final = Ruling(Verdict.APPLIED)
_UNREADABLE: Final = Ruling(Verdict.REFUSED, "unreadable")
_MALFORMED: Final = Ruling(Verdict.REFUSED, "malformed_payload")


class Opened(NamedTuple):
    """An entry whose seal and shape hold."""

    transaction: Transaction
    happened_ms: int
    """When, by the terminal's clock corrected to the centre's, milliseconds since 1970 UTC."""


def read_header(entry: SealedEntry) -> Header | None:
    """The header of a sealed entry, or None if it is none."""
    try:
        return decode(entry.header, Header)
    except Malformed:
        return None


def open_entry(
    entry: SealedEntry, header: Header | None, ledger_id: bytes, epochs: Mapping[int, EpochKey]
) -> Opened | OpenedMovement | OpenedAct | Ruling:
    """The transaction, movement of blanks or technician's act in a sealed entry, or the refusal that it deserves."""
    if header is None or header.epoch not in epochs:
        return _UNREADABLE
    try:
        plaintext = unseal(entry, ledger_id, epochs[header.epoch])
        happened_ms = header.created_ms + header.clock_offset_ms
        if not 0 <= happened_ms <= _MAX_MILLISECONDS or _NUL in plaintext:
            return _MALFORMED
        if header.service == BLANK_CUSTODY:
            return OpenedMovement(decode(plaintext, Movement), happened_ms)
        if header.service == TECHNICIAN:
            return OpenedAct(decode(plaintext, TechnicianAct), happened_ms)
        transaction = decode(plaintext, Transaction)
    except Unreadable:
        return _UNREADABLE
    except Malformed:
        return _MALFORMED
    holds = (
        _TRANSACTION_ID.fullmatch(transaction.transaction_id) is not None
        and (transaction.outcome is None) == (transaction.stage is not Stage.FINISHED)
        and (transaction.consent is None) == (transaction.stage is not Stage.CONSENT)
        and (transaction.step is None) == (transaction.stage is not Stage.STEP)
        and (transaction.filing is None or _takes_down(transaction))
    )
    return Opened(transaction, happened_ms) if holds else _MALFORMED


class Case(msgspec.Struct):
    """A row of ``transactions``, column by column, while it is judged.

    Plain, because an ORM's watched attributes cost more than all of the judging.
    """

    transaction_id: str
    terminal: str
    region: str
    service: str
    identification_code: str
    card_number: str
    social_security_number: str = ""
    identified_by: str | None = None
    record_disclosed_at: int | None = None
    pin_changed_at: int | None = None
    loss_reported_at: int | None = None
    loss_lifted_at: int | None = None
    formal_loss_at: int | None = None
    loss_answer: str | None = None
    examination: str | None = None
    activated_at: int | None = None
    switched_at: int | None = None
    begun_ledger: bytes | None = None
    begun_sequence: int | None = None
    finished_ledger: bytes | None = None
    finished_sequence: int | None = None
    outcome: str | None = None
    reason: str = ""
    rule: str = ""
    pin_held_by: str = ""
    done_online: bool = False
    created_ms: int | None = None
    verdict: str | None = None
    verdict_reason: str = ""
    effects: int = 0
    changed_at: int = 0

    def __repr__(self) -> str:
        return f"<Case {self.transaction_id[:8]}>"


@dataclass(slots=True)
class Bench:
    """The rows that the entries of one upload are judged against; judging updates them."""

    terminal: str
    ledger_id: bytes
    registered_ms: int
    """When the ledger was registered: nothing in it happened earlier."""
    now_ms: int
    region: str
    """In which the terminal is enrolled."""
    rule: RegionRule
    """Of that region."""
    cases: dict[str, Case]
    """By transaction id, as far as known; judging adds the new ones."""
    issued: Collection[str]
    """Those identification codes in the entries that are of cards."""
    cards: Mapping[str, Card]
    """By identification code, the cards that entries may change (:func:`may_change_cards`). Settled."""
    cards_of: Mapping[str, Sequence[Card]]
    """The same cards, those in the region, by their holder's social security number."""
    holders: Mapping[str, Holder]
    """By social security number, as far as a report names them."""
    being_replaced: Collection[str] = ()
    """Identification codes of those cards for which an order is in progress."""
    take: Callable[[Opened, int, Case | None], Ruling] | None = None
    """What the desk makes of a filing that was taken down, at this sequence; None where no entry has one."""
    ordered: Collection[str] = ()
    """Those transaction ids in the entries under which an office was asked for a new card."""
    events: list[CardEvent] = field(default_factory=list)
    """What judging did to cards."""
    kept: list[str] = field(default_factory=list)
    """Transactions in which a slot has kept a card, or may have: somebody will come for it."""

    def judge(self, opened: Opened, sequence: int) -> Ruling:
        """Apply the table "Verdicts on entries" of docs/protocol.md to one entry."""
        transaction = opened.transaction
        case = self.cases.get(transaction.transaction_id)
        if case is not None and _is_foreign(case, self.terminal, transaction):
            return Ruling(Verdict.REFUSED, "foreign_transaction")
        if case is not None and _stage_is_judged(case, transaction.stage):
            return Ruling(Verdict.SUPERSEDED, "duplicate_transaction")
        ruling = self._rule(opened, sequence, case)
        if transaction.stage is Stage.CARD_KEPT and transaction.reason in _LIES_IN_THE_BIN:
            self.kept.append(transaction.transaction_id)
        if transaction.stage in (Stage.CONSENT, Stage.STEP, Stage.CARD_KEPT):
            return ruling  # the stored entry is the record; nothing rests on it
        case = case or self._new_case(transaction)
        if ruling.verdict is Verdict.APPLIED and _changes_chip(transaction):
            self._note_chip_change(opened, case)
        if ruling.verdict is Verdict.APPLIED and reports_loss(transaction) and case.loss_reported_at is None:
            self._report_loss(transaction, case)
        if ruling.verdict is Verdict.APPLIED and transaction.filing is not None:
            case.effects = case.effects or 1
        self._record(opened, sequence, ruling, case)
        return ruling

    def _rule(self, opened: Opened, sequence: int, case: Case | None) -> Ruling:
        transaction = opened.transaction
        if transaction.identification_code and transaction.identification_code not in self.issued:
            return Ruling(Verdict.REFUSED, "unknown_card")
        if transaction.stage is not Stage.FINISHED:
            return _APPLIED
        if transaction.filing is not None and self.take is not None:
            return self.take(opened, sequence, case)
        if _needs_online(transaction) and not _was_done_online(transaction, case, self.ordered):
            return Ruling(Verdict.REFUSED, "not_done_online")
        if reports_loss(transaction):
            return self._rule_on_report(opened, case)
        if _changes_chip(transaction):
            card = self.cards.get(transaction.identification_code)
            if card is not None and transaction.assumed_card_state not in {"", card.state}:
                return Ruling(Verdict.SUPERSEDED, "card_state_changed")
        return _APPLIED

    def _rule_on_report(self, opened: Opened, case: Case | None) -> Ruling:
        """A loss report that was taken down without the centre: it takes effect now, unless something overtook it."""
        transaction = opened.transaction
        number = transaction.social_security_number
        if case is not None and case.loss_reported_at is not None:
            # Only the answer was lost; whatever became of the card since is not undone.
            same = case.social_security_number == number
            return _APPLIED if same else Ruling(Verdict.REFUSED, "foreign_transaction")
        by = transaction.identified_by
        # Whose card is lost has none to show.
        if by is IdentifiedBy.CARD or (by is IdentifiedBy.TYPED and not self.rule.temporary_loss_typed):
            return Ruling(Verdict.REFUSED, "id_card_wanted")
        cards = self.cards_of.get(number, ())
        verdict, card = verdict_on_report(cards, self.being_replaced)
        if not is_holder(self.holders.get(number), transaction.holder_name) or verdict is LossVerdict.UNKNOWN:
            return Ruling(Verdict.REFUSED, "unknown_holder")
        if verdict is not LossVerdict.REPORTED or card is None:
            return Ruling(Verdict.SUPERSEDED, verdict.value)
        if self._is_overtaken(opened, cards):
            return Ruling(Verdict.SUPERSEDED, "overtaken")
        # A report can be made of a locked card as well, online and off: it was taken to be in use, and it is.
        if transaction.assumed_card_state not in {"", CardState.NORMAL.value, card.state}:
            return Ruling(Verdict.SUPERSEDED, "card_state_changed")
        return _APPLIED

    def _is_overtaken(self, opened: Opened, cards: Iterable[Card]) -> bool:
        """Whether one of the holder's cards changed its state after the citizen had typed the report.

        A time before the ledger's beginning, or one to come, shows that the terminal's clock was wrong: such a time
        proves nothing, and the card's state alone decides.
        """
        if not self.believes(opened.happened_ms):
            return False
        return any((card.state_changed_at or 0) > opened.happened_ms for card in cards)

    def believes(self, happened_ms: int) -> bool:
        """Whether it can have been then, by the terminal's clock."""
        return self.registered_ms <= happened_ms <= self.now_ms

    def _report_loss(self, transaction: Transaction, case: Case) -> None:
        _, card = verdict_on_report(self.cards_of.get(transaction.social_security_number, ()))
        if card is None:
            return
        cause = Cause(self.terminal, transaction.transaction_id, "taken_down", By.ENTRY)
        self.events.append(report(card, self.rule, self.now_ms, cause))
        case.identification_code, case.card_number = card.identification_code, card.card_number
        case.loss_reported_at = self.now_ms
        case.loss_answer = msgspec.json.encode(answer_to_report(LossVerdict.REPORTED, card, self.rule)).decode()
        case.effects += 1

    def _new_case(self, transaction: Transaction) -> Case:
        case = Case(
            transaction_id=transaction.transaction_id,
            terminal=self.terminal,
            region=transaction.region,
            service=transaction.service.value,
            identification_code=transaction.identification_code,
            card_number=transaction.card_number,
        )
        self.cases[transaction.transaction_id] = case
        return case

    def _note_chip_change(self, opened: Opened, case: Case) -> None:
        case.effects += 1
        card = self.cards.get(opened.transaction.identification_code)
        if card is not None and (card.chip_pin_changed_at or 0) <= opened.happened_ms:
            card.chip_pin_changed_at = opened.happened_ms
            card.chip_pin_changed_by = self.terminal

    def _record(self, opened: Opened, sequence: int, ruling: Ruling, case: Case) -> None:
        transaction = opened.transaction
        if transaction.stage is Stage.BEGUN:
            case.begun_ledger, case.begun_sequence = self.ledger_id, sequence
        else:
            case.finished_ledger, case.finished_sequence = self.ledger_id, sequence
        if transaction.stage is Stage.FINISHED or case.finished_sequence is None:
            # A transaction may begin before its card is known.
            case.identification_code = case.identification_code or transaction.identification_code
            case.card_number = case.card_number or transaction.card_number
            case.social_security_number = transaction.social_security_number or case.social_security_number
            if transaction.identified_by is not None:
                case.identified_by = transaction.identified_by.value
            case.outcome = transaction.outcome.value if transaction.outcome else None
            case.reason = transaction.reason
            case.rule = transaction.rule
            case.pin_held_by = transaction.pin_held_by
            case.done_online = transaction.done_online
            case.created_ms = opened.happened_ms
            case.verdict, case.verdict_reason = ruling.verdict.value, ruling.reason
        case.service = transaction.service.value
        case.changed_at = self.now_ms


def _is_foreign(case: Case, terminal: str, transaction: Transaction) -> bool:
    """Whether the id was used by another terminal, or by entries of another service."""
    has_entries = case.begun_sequence is not None or case.finished_sequence is not None
    return case.terminal != terminal or (has_entries and case.service != transaction.service.value)


def _stage_is_judged(case: Case, stage: Stage) -> bool:
    match stage:
        case Stage.BEGUN:
            return case.begun_sequence is not None
        case Stage.FINISHED:
            return case.finished_sequence is not None
        case Stage.CONSENT | Stage.STEP | Stage.CARD_KEPT:
            return False  # it may be given and taken back as often as somebody likes
        case other:
            assert_never(other)


def _takes_down(transaction: Transaction) -> bool:
    """Whether it is of the form of a filing that waits for the centre."""
    filing = transaction.filing
    return (
        filing is not None
        and transaction.outcome is Outcome.RECORDED
        and not transaction.done_online
        and (filing.relation is None) == (not transaction.proxy_number)
        and (filing.relation is None) == (not transaction.proxy_name)
    )


def may_change_cards(transaction: Transaction) -> bool:
    """Whether judging it wants the rows of its holder's cards, and them locked."""
    return _changes_chip(transaction) or reports_loss(transaction)


def _changes_chip(transaction: Transaction) -> bool:
    return (
        transaction.service is Service.PIN_CHANGE
        and transaction.stage is Stage.FINISHED
        and transaction.outcome is Outcome.DONE
        and transaction.pin_held_by != "centre"
        and not transaction.done_online
    )


def reports_loss(transaction: Transaction) -> bool:
    """Whether it is a report that was taken down without the centre."""
    return (
        transaction.service is Service.TEMPORARY_LOSS
        and transaction.outcome is Outcome.RECORDED
        and not transaction.done_online
    )


def replaces_card(transaction: Transaction) -> bool:
    """Whether it says that a new card was made or ordered."""
    return transaction.service is Service.CARD_REPLACEMENT and transaction.stage is Stage.FINISHED


def _needs_online(transaction: Transaction) -> bool:
    if transaction.done_online:
        return True
    if transaction.outcome is Outcome.RECORDED:
        return transaction.service is not Service.TEMPORARY_LOSS
    if transaction.outcome is not Outcome.DONE:
        return False
    changed_here = transaction.service is Service.PIN_CHANGE and transaction.pin_held_by == "centre"
    return changed_here or transaction.service in _AT_THE_CENTRE


def _was_done_online(transaction: Transaction, case: Case | None, ordered: Collection[str]) -> bool:
    if case is None:
        return False
    if transaction.service is Service.TEMPORARY_LOSS:
        # The card was not at hand: the entry knows its holder only.
        same_holder = case.social_security_number == transaction.social_security_number
        return same_holder and case.loss_reported_at is not None
    if transaction.service is Service.FORMAL_LOSS:
        same_holder = case.social_security_number == transaction.social_security_number
        return same_holder and case.formal_loss_at is not None
    if transaction.service is Service.LOSS_LIFTING and not transaction.identification_code:
        same_holder = case.social_security_number == transaction.social_security_number
        return same_holder and case.loss_lifted_at is not None
    if transaction.service in _FILINGS:
        return case.effects > 0 and case.social_security_number == transaction.social_security_number
    if transaction.service is Service.CARD_REPLACEMENT:
        # What was reserved and abandoned is no card: it was made here, or an office was asked to make it.
        same_holder = case.social_security_number == transaction.social_security_number
        return same_holder and (case.switched_at is not None or case.transaction_id in ordered)
    if case.identification_code != transaction.identification_code:
        return False
    done_at = {
        Service.PIN_CHANGE: case.pin_changed_at,
        Service.LOSS_LIFTING: case.loss_lifted_at,
        Service.CARD_QUERY: case.record_disclosed_at,
        Service.CARD_EXAMINATION: case.examination,
        Service.CARD_ACTIVATION: case.activated_at,
        Service.ASK_HANDBOOK: None,  # the centre is not asked
        Service.FILING_PROGRESS: None,  # it is, and notes nothing
    }
    return done_at[transaction.service] is not None
