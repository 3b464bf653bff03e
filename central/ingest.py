"""``POST /v1/entries``: store a batch in sequence, judge it, and sign for it, in one transaction of the database."""

import copy
import functools
import itertools
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Select, and_, bindparam, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from central.arrived_filings import LOST_ENCLOSURE, ArrivalDesk, lock_holders
from central.blank_custody import OpenedMovement, put_back, shelf_of
from central.bulk import insert_rows, one_of, update_rows
from central.card_states import settle_all
from central.database import Database
from central.exchange import Asker
from central.filings import FilingDesk
from central.judging import (
    Bench,
    Case,
    Opened,
    Ruling,
    may_change_cards,
    open_entry,
    read_header,
    replaces_card,
    reports_loss,
)
from central.keys import CentreKeys
from central.problems import Declined, malformed, too_large
from central.region_rules import RegionRules
from central.replacement_orders import codes_being_replaced
from central.tables import Alarm, Card, Entry, EpochKey, Filing, Holder, Terminal, TerminalLedger, TransactionRow
from central.technician_acts import LOCKED_OUT, OpenedAct, act_row
from kiosk.records import sealing
from kiosk.records.chain import GENESIS, HASH_SIZE, SealedEntry
from kiosk.records.custody import Move
from kiosk.records.sealing import SealedEpochKey, Unreadable, open_sealed_epoch
from kiosk.records.technician import LOCK_OUT
from kiosk.records.upload import MAX_BATCH, Batch, Judgement, Receipt, Tombstone, Verdict
from kiosk.records.working_days import HolidayCalendar

_log: Final = logging.getLogger("central")
_LOST_HASH: Final = bytes(HASH_SIZE)
"""What a tombstone says when the ledger has not even the hash any more."""
_MAX_SEQUENCE: Final = (1 << 63) - 1
_MAX_EPOCH: Final = (1 << 32) - 1
_ENTRY_COLUMNS: Final = tuple(column.name for column in Entry.__table__.columns)
Item = SealedEntry | Tombstone


class _Ledger(NamedTuple):
    """The row of a ledger, locked, with the region in which its terminal is enrolled."""

    registered_at: int
    head_sequence: int
    head_hash: bytes
    frozen_reason: str | None
    region: str


_KEYS_REMEMBERED: Final = 10_000
# Statements that every batch needs are built once: building them anew costs as much as executing them.
_ledgers: Final = TerminalLedger.__table__.columns
_AT_PLACE: Final = and_(
    _ledgers["terminal"] == bindparam("of_terminal"), _ledgers["ledger_id"] == bindparam("of_ledger")
)
_LEDGER: Final = (
    select(*(_ledgers[name] for name in _Ledger._fields[:-1]), Terminal.__table__.columns["region"])
    .join(Terminal.__table__, Terminal.__table__.columns["id"] == _ledgers["terminal"])
    .where(_AT_PLACE)
    .with_for_update(of=TerminalLedger.__table__)
)
_ADVANCE: Final = (
    update(TerminalLedger).where(_AT_PLACE).values(head_sequence=bindparam("head"), head_hash=bindparam("hash"))
)


class Forked(Exception):
    """Another hash stands under a sequence that this ledger has already used."""

    def __init__(self, sequence: int) -> None:
        super().__init__(f"sequence {sequence}")
        self.sequence = sequence


@dataclass(frozen=True, slots=True)
class Ingest:
    """Takes in what the uplinks send."""

    database: Database
    keys: CentreKeys
    clock: Callable[[], float]
    """Seconds since 1970 UTC."""
    rules: RegionRules = field(default_factory=RegionRules)
    calendar: HolidayCalendar = field(default_factory=lambda: HolidayCalendar(()))
    """For the terms of what was taken down without the centre."""
    _stored_keys: dict[tuple[str, bytes, int], sealing.EpochKey] = field(default_factory=dict, init=False, repr=False)
    """Opened epoch keys by terminal, ledger id and epoch. What is stored of them never changes."""

    def receive(self, asker: Asker, batch: Batch) -> Receipt:
        """Store and judge a batch; the same batch again changes nothing and gets the same verdicts.

        :raises Declined: see docs/protocol.md; nothing of the batch is stored then.
        """
        items = _in_sequence(batch)
        if batch.terminal != asker.terminal:
            raise malformed("the batch names another terminal")
        for tombstone in batch.tombstones:
            if not tombstone.is_genuine(batch.ledger_id, asker.public_key):
                self._alarm(asker.terminal, "forged_tombstone", f"sequence {tombstone.sequence}")
                raise malformed("a tombstone is not signed by its terminal")
        try:
            with self.database.writing() as session:
                return self._store(session, batch, items)
        except Forked as fork:
            self._freeze(batch, fork)
            raise Declined(423, "frozen", "fork") from fork

    def _store(self, session: Session, batch: Batch, items: Sequence[Item]) -> Receipt:
        ledger = _lock(session, batch)
        if ledger is None:
            raise Declined(403, "unknown_terminal", "this ledger is not registered")
        if ledger.frozen_reason is not None:
            raise Declined(423, "frozen", ledger.frozen_reason)
        if items and items[0].sequence > ledger.head_sequence + 1:
            raise Declined(409, "gap", expected_sequence=ledger.head_sequence + 1)
        _check_links(items)
        known = _stored_verdicts(session, ledger, batch, items)
        new = [item for item in items if item.sequence > ledger.head_sequence]
        if new:
            known |= self._append(session, ledger, batch, new)
            ledger = ledger._replace(head_sequence=new[-1].sequence, head_hash=_hash_of(new[-1]))
        receipt = Receipt(
            terminal=batch.terminal,
            ledger_id=batch.ledger_id,
            judgements=[
                Judgement(
                    sequence=item.sequence,
                    hash=_hash_of(item),
                    verdict=known[item.sequence].verdict,
                    reason=known[item.sequence].reason,
                )
                for item in items
            ],
            head_sequence=ledger.head_sequence,
            head_hash=ledger.head_hash,
            centre_time_ms=self._now_ms(),
            key_id=self.keys.key_id,
        )
        return receipt.signed(self.keys.signing)

    def _append(self, session: Session, ledger: _Ledger, batch: Batch, new: Sequence[Item]) -> dict[int, Ruling]:
        first = new[0]
        if isinstance(first, SealedEntry) and first.previous_hash != ledger.head_hash != _LOST_HASH:
            raise Forked(ledger.head_sequence)
        if isinstance(first, SealedEntry) and ledger.head_sequence == 0 and first.previous_hash != GENESIS:
            raise malformed("the first entry names a predecessor")
        opened = self._opened(session, batch, new)
        movements = {sequence: one for sequence, one in opened.items() if isinstance(one, OpenedMovement)}
        acts = {sequence: one for sequence, one in opened.items() if isinstance(one, OpenedAct)}
        others = {sequence: one for sequence, one in opened.items() if not isinstance(one, OpenedMovement | OpenedAct)}
        rulings = self._judge(session, ledger, batch, others) | self._judge_movements(session, batch, movements)
        rulings |= self._take_acts(session, batch, acts)
        for item in new:
            if isinstance(item, Tombstone):
                rulings[item.sequence] = Ruling(Verdict.LOST, item.reason)
        now_ms = self._now_ms()
        rows = [(batch.terminal, batch.ledger_id, *_values(item, rulings[item.sequence]), now_ms) for item in new]
        try:
            insert_rows(session, Entry, _ENTRY_COLUMNS, rows)
        except IntegrityError as error:
            raise AssertionError("the ledger's lock did not hold") from error
        session.connection().execute(_ADVANCE, _place(batch) | {"head": new[-1].sequence, "hash": _hash_of(new[-1])})
        return rulings

    def _judge(
        self, session: Session, ledger: _Ledger, batch: Batch, opened: Mapping[int, Opened | Ruling]
    ) -> dict[int, Ruling]:
        readable = [one.transaction for one in opened.values() if isinstance(one, Opened)]
        stored = _cases(session, {one.transaction_id for one in readable})
        now_ms = self._now_ms()
        arrivals = self._arrivals(session, ledger, batch, opened)
        issued = _issued(session, {one.identification_code for one in readable})
        due = {code for code, lapses_at in issued.items() if lapses_at is not None and lapses_at <= now_ms}
        # Most entries change no card: theirs are not locked, or two terminals would wait for each other's citizens.
        changing = [one for one in readable if may_change_cards(one)]
        # Only a report names somebody whose card is not at hand; everybody else's holder is of no concern here.
        named = {one.social_security_number for one in changing if reports_loss(one)}
        cards = _cards(session, {one.identification_code for one in changing} | due, named, ledger.region)
        session.add_all(settle_all(cards.values(), now_ms))
        before = {key: copy.copy(case) for key, case in stored.items()}

        def take(one: Opened, sequence: int, case: Case | None) -> Ruling:
            done_before = case is not None and (bool(case.effects) or case.loss_reported_at is not None)
            at_ms = one.happened_ms if bench.believes(one.happened_ms) else now_ms
            return Ruling(*arrivals.judge(one.transaction, sequence, at_ms, done_before=done_before))

        bench = Bench(
            terminal=batch.terminal,
            ledger_id=batch.ledger_id,
            registered_ms=ledger.registered_at,
            now_ms=now_ms,
            region=ledger.region,
            rule=self.rules.of(ledger.region),
            cases=stored,
            issued=issued,
            cards=cards,
            cards_of=_by_holder(cards.values(), ledger.region),
            holders=_holders(session, named),
            being_replaced=codes_being_replaced(session, cards) if named else (),
            take=take,
            ordered=_ordered(session, {one.transaction_id for one in readable if replaces_card(one)}),
        )
        rulings = {
            sequence: one if isinstance(one, Ruling) else bench.judge(one, sequence) for sequence, one in opened.items()
        }
        session.add_all(bench.events)
        numbers = (transaction_id[:8].upper() for transaction_id in bench.kept)
        session.add_all(self._new_alarm(batch.terminal, "card_kept", f"number {number}") for number in numbers)
        session.add_all(
            self._new_alarm(batch.terminal, LOST_ENCLOSURE, f"sequence {one.sequence}: {one.why}")
            for one in arrivals.lost
        )
        new = [case for key, case in sorted(bench.cases.items()) if key not in before]
        columns = Case.__struct_fields__
        insert_rows(session, TransactionRow, columns, [msgspec.structs.astuple(case) for case in new])
        changed = [bench.cases[key] for key, case in before.items() if case != bench.cases[key]]
        update_rows(session, TransactionRow, columns, [msgspec.structs.astuple(case) for case in changed])
        return rulings

    def _arrivals(
        self, session: Session, ledger: _Ledger, batch: Batch, opened: Mapping[int, Opened | Ruling]
    ) -> ArrivalDesk:
        """The desk for what was taken down without the centre, everybody whom it concerns locked.

        :raises Declined: an entry without the enclosure that it names, or a word why it does not come.
        """
        desk = ArrivalDesk(
            session=session,
            desk=FilingDesk(self.database, self.keys, self.rules, self.calendar, self.clock),
            keys=self.keys,
            terminal=batch.terminal,
            ledger_id=batch.ledger_id,
            region=ledger.region,
            enclosures={one.sequence: one for one in batch.enclosures},
            now_ms=self._now_ms(),
        )
        arrived = {
            sequence: one.transaction
            for sequence, one in opened.items()
            if isinstance(one, Opened) and one.transaction.filing is not None
        }
        for sequence, one in arrived.items():
            wanted = one.filing.enclosure if one.filing is not None else None
            if wanted is not None and sequence not in desk.enclosures:
                raise malformed(f"sequence {sequence} comes without its enclosure")
        lock_holders(session, {one.social_security_number for one in arrived.values()})
        return desk

    def _judge_movements(
        self, session: Session, batch: Batch, movements: Mapping[int, OpenedMovement]
    ) -> dict[int, Ruling]:
        """Most batches have none: then nothing is asked of the database."""
        if not movements:
            return {}
        jobs = {one.movement.job for one in movements.values() if one.movement.move is Move.FED}
        shelf = shelf_of(session, batch.terminal, batch.ledger_id, self._now_ms(), jobs)
        rulings = {sequence: Ruling(*shelf.judge(one, sequence)) for sequence, one in movements.items()}
        put_back(session, shelf)
        session.add_all(self._new_alarm(batch.terminal, alarm.kind, alarm.detail) for alarm in shelf.alarms)
        return rulings

    def _take_acts(self, session: Session, batch: Batch, acts: Mapping[int, OpenedAct]) -> dict[int, Ruling]:
        """What technicians did is kept as it was told: there is nothing to compare it with."""
        session.add_all(
            act_row(batch.terminal, batch.ledger_id, sequence, one) for sequence, one in acts.items()
        )  # fmt: skip
        session.add_all(
            self._new_alarm(batch.terminal, LOCKED_OUT, f"sequence {sequence}")
            for sequence, one in acts.items()
            if one.act.act == LOCK_OUT
        )
        return dict.fromkeys(acts, Ruling(Verdict.APPLIED))

    def _opened(
        self, session: Session, batch: Batch, new: Sequence[Item]
    ) -> dict[int, Opened | OpenedMovement | OpenedAct | Ruling]:
        sealed = [(entry, read_header(entry)) for entry in new if isinstance(entry, SealedEntry)]
        keys = self._epoch_keys(session, batch, {header.epoch for _, header in sealed if header is not None})
        return {entry.sequence: open_entry(entry, header, batch.ledger_id, keys) for entry, header in sealed}

    def _epoch_keys(self, session: Session, batch: Batch, named: set[int]) -> dict[int, sealing.EpochKey]:
        """Keep the epoch keys that came, and open those that are named: a ledger gets a new one at every start."""
        sent = {key.epoch for key in batch.epochs}
        place = (batch.terminal, batch.ledger_id)
        keys = {epoch: key for epoch in named if (key := self._stored_keys.get((*place, epoch))) is not None}
        if all((*place, epoch) in self._stored_keys for epoch in named | sent):
            return keys
        stored = session.execute(
            select(EpochKey.epoch, EpochKey.sealed).where(
                EpochKey.terminal == batch.terminal,
                EpochKey.ledger_id == batch.ledger_id,
                EpochKey.epoch.in_([epoch for epoch in named | sent if 0 <= epoch <= _MAX_EPOCH]),
            )
        )
        known = [SealedEpochKey(epoch=epoch, sealed=sealed) for epoch, sealed in stored]
        fresh = sent - {key.epoch for key in known}
        insert_rows(
            session,
            EpochKey,
            ("terminal", "ledger_id", "epoch", "sealed"),
            [(batch.terminal, batch.ledger_id, key.epoch, key.sealed) for key in batch.epochs if key.epoch in fresh],
        )
        for sealed in known + batch.epochs:
            if sealed.epoch in keys or sealed.epoch not in named:
                continue
            try:
                keys[sealed.epoch] = open_sealed_epoch(sealed, batch.ledger_id, self.keys.opening)
            except Unreadable:
                _log.warning("an epoch key of %s does not open", batch.terminal)
        self._remember(place, {key.epoch: keys[key.epoch] for key in known if key.epoch in keys})
        return keys

    def _remember(self, place: tuple[str, bytes], keys: Mapping[int, sealing.EpochKey]) -> None:
        """Of keys that were found stored only: this transaction may yet be rolled back."""
        if len(self._stored_keys) > _KEYS_REMEMBERED:
            self._stored_keys.clear()
        self._stored_keys.update({(*place, epoch): key for epoch, key in keys.items()})

    def _freeze(self, batch: Batch, fork: Forked) -> None:
        with self.database.writing() as session:
            ledger = session.get(TerminalLedger, (batch.terminal, batch.ledger_id), with_for_update=True)
            if ledger is not None and ledger.frozen_reason is None:
                ledger.frozen_reason = "fork"
                session.add(self._new_alarm(batch.terminal, "fork", str(fork)))
        _log.error("ledger of %s frozen: fork at sequence %d", batch.terminal, fork.sequence)

    def _alarm(self, terminal: str, kind: str, detail: str) -> None:
        with self.database.writing() as session:
            session.add(self._new_alarm(terminal, kind, detail))

    def _new_alarm(self, terminal: str, kind: str, detail: str) -> Alarm:
        return Alarm(raised_at=self._now_ms(), terminal=terminal, kind=kind, detail=detail)

    def _now_ms(self) -> int:
        return int(self.clock() * 1000)


def _in_sequence(batch: Batch) -> list[Item]:
    """Entries and tombstones as one run.

    :raises Declined: too many, out of order, with holes, or with numbers and hashes that can't be.
    """
    if len(batch.entries) + len(batch.tombstones) > MAX_BATCH:
        raise too_large(f"a batch has at most {MAX_BATCH} entries")
    for run in (batch.entries, batch.tombstones):
        numbers = [item.sequence for item in run]
        if numbers != sorted(set(numbers)):
            raise malformed("entries and tombstones come in sequence")
    items: list[Item] = sorted([*batch.entries, *batch.tombstones], key=lambda item: item.sequence)
    if items:
        first, last = items[0].sequence, items[-1].sequence
        whole = last - first == len(items) - 1 and len({item.sequence for item in items}) == len(items)
        if first < 1 or last > _MAX_SEQUENCE or not whole:
            raise malformed("a batch has no holes and counts from 1")
    if not all(0 <= key.epoch <= _MAX_EPOCH for key in batch.epochs):
        raise malformed("an epoch is a 32-bit number")
    if len({key.epoch for key in batch.epochs}) != len(batch.epochs):
        raise malformed("an epoch is named once")
    for entry in batch.entries:
        if not 0 <= entry.suite <= 0xFF or not entry.hash_fits(batch.ledger_id):
            raise malformed(f"the hash of sequence {entry.sequence} is not that of its fields")
    enclosed = [enclosure.sequence for enclosure in batch.enclosures]
    if len(set(enclosed)) != len(enclosed) or not set(enclosed) <= {entry.sequence for entry in batch.entries}:
        raise malformed("an enclosure goes with an entry, one with one")
    if not all(len(tombstone.stored_hash) == HASH_SIZE for tombstone in batch.tombstones):
        raise malformed("a hash has 32 bytes")
    return items


def _check_links(items: Sequence[Item]) -> None:
    for before, after in itertools.pairwise(items):
        expected = _hash_of(before)
        if isinstance(after, SealedEntry) and after.previous_hash != expected != _LOST_HASH:
            raise malformed(f"sequence {after.sequence} does not follow the one before it")


def _stored_verdicts(session: Session, ledger: _Ledger, batch: Batch, items: Sequence[Item]) -> dict[int, Ruling]:
    """Verdicts of those items that are already stored.

    :raises Forked: one of them, or the one before the first, is stored with another hash.
    """
    if not items or items[0].sequence > ledger.head_sequence:
        return {}
    first = items[0]
    stored = {
        sequence: (hash_, Ruling(Verdict(verdict), reason))
        for sequence, hash_, verdict, reason in session.execute(
            select(Entry.sequence, Entry.hash, Entry.verdict, Entry.reason).where(
                Entry.terminal == batch.terminal,
                Entry.ledger_id == batch.ledger_id,
                Entry.sequence.between(first.sequence - 1, items[-1].sequence),
            )
        )
    }
    if isinstance(first, SealedEntry):
        before = stored[first.sequence - 1][0] if first.sequence > 1 else GENESIS
        if first.sequence > 1 and not _agree(before, first.previous_hash):
            raise Forked(first.sequence - 1)
    for item in items:
        if item.sequence in stored and not _agree(stored[item.sequence][0], _hash_of(item)):
            raise Forked(item.sequence)
    return {sequence: ruling for sequence, (_hash, ruling) in stored.items()}


def _agree(stored: bytes, sent: bytes) -> bool:
    """Whether two hashes can be of one entry: a lost hash contradicts nothing."""
    return stored == sent or _LOST_HASH in {stored, sent}


def _hash_of(item: Item) -> bytes:
    return item.hash if isinstance(item, SealedEntry) else item.stored_hash


def _place(batch: Batch) -> dict[str, Any]:
    return {"of_terminal": batch.terminal, "of_ledger": batch.ledger_id}


def _lock(session: Session, batch: Batch) -> _Ledger | None:
    row = session.connection().execute(_LEDGER, _place(batch)).one_or_none()
    return None if row is None else _Ledger._make(row)


def _cases(session: Session, transaction_ids: set[str]) -> dict[str, Case]:
    connection = session.connection()
    found = connection.execute(_cases_query(connection.dialect.name), {"values": list(transaction_ids)})
    cases = [Case(*row) for row in found]
    return {case.transaction_id: case for case in cases}


@functools.cache
def _cases_query(dialect: str) -> Select[Any]:
    columns = TransactionRow.__table__.columns
    key = columns["transaction_id"]
    wanted = select(*(columns[name] for name in Case.__struct_fields__)).where(one_of(key, dialect))
    return wanted.order_by(key).with_for_update()


def _issued(session: Session, identification_codes: set[str]) -> dict[str, int | None]:
    """When the reports on these cards lapse. Codes that no card has are left out."""
    connection = session.connection()
    found = connection.execute(_issued_query(connection.dialect.name), {"values": list(identification_codes)})
    return dict(found.all())


@functools.cache
def _issued_query(dialect: str) -> Select[str, int | None]:
    columns = Card.__table__.columns
    key = columns["identification_code"]
    return select(key, columns["loss_lapses_at"]).where(one_of(key, dialect))


def _ordered(session: Session, transaction_ids: set[str]) -> frozenset[str]:
    """Those of these under which something was filed. Most batches have none: then the database is not asked."""
    if not transaction_ids:
        return frozenset()
    filed = select(Filing.transaction_id).where(Filing.transaction_id.in_(sorted(transaction_ids)))
    return frozenset(session.scalars(filed))


def _cards(
    session: Session, identification_codes: set[str], social_security_numbers: set[str], region: str
) -> dict[str, Card]:
    """These cards, and those in the region of these holders, locked in one order."""
    if not identification_codes and not social_security_numbers:
        return {}
    key = Card.identification_code
    wanted: ColumnElement[bool] = key.in_(sorted(identification_codes))
    if social_security_numbers:
        theirs = Card.social_security_number.in_(sorted(social_security_numbers))
        wanted = or_(wanted, and_(theirs, Card.region == region))
    found = session.scalars(select(Card).where(wanted).order_by(key).with_for_update())
    return {card.identification_code: card for card in found}


def _by_holder(cards: Iterable[Card], region: str) -> dict[str, list[Card]]:
    found: dict[str, list[Card]] = {}
    for card in cards:
        if card.region == region:
            found.setdefault(card.social_security_number, []).append(card)
    return found


def _holders(session: Session, social_security_numbers: set[str]) -> dict[str, Holder]:
    if not social_security_numbers:
        return {}
    key = Holder.social_security_number
    found = session.scalars(select(Holder).where(key.in_(sorted(social_security_numbers))))
    return {holder.social_security_number: holder for holder in found}


def _values(item: Item, ruling: Ruling) -> tuple[Any, ...]:
    """From sequence to reason, in the order of :data:`_ENTRY_COLUMNS`."""
    said = (ruling.verdict.value, ruling.reason)
    if isinstance(item, Tombstone):
        return (item.sequence, item.stored_hash, None, None, None, None, None, None, item.signature, *said)
    return (
        item.sequence,
        item.hash,
        item.previous_hash,
        item.header,
        item.suite,
        item.sealed_key,
        item.nonce,
        item.ciphertext,
        None,
        *said,
    )
