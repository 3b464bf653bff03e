"""What came of a campaign, told by whom the terminal can't persuade.

The simulators' own tally, the provider's book, the centre's database: nothing here is the terminal's word.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import select

from central.blank_custody import balance_of
from central.database import Database
from central.tables import BlankStock, Card, Fee, Issuance
from kiosk.records.card import CardState
from kiosk.records.issuance import IssuanceStage, NewCardFate
from simulators.card.card_file import load_card_file
from simulators.card_printer import Tally, histories
from tests.e2e.replacements.lane import Fate
from tests.e2e.replacements.plan import Fault

_SWITCHED: Final = frozenset({IssuanceStage.COMMITTED.value, IssuanceStage.OPEN_CASE.value})
_ENDED: Final = frozenset({IssuanceStage.ABANDONED.value, *_SWITCHED})
_LEFT: Final = ("rejected", "retained", "taken", "cleared")
_NO_CARD_SEEN: Final = frozenset(
    {
        Fault.JAM,
        Fault.LOST_ANSWER,
        Fault.GARBAGE,
        Fault.DEAF,
        Fault.COVER_OPEN,
        Fault.TAKEN_IN_THE_DARK,
    }
)
"""After the switch these can leave nobody knowing where the new card is."""


@dataclass(frozen=True, slots=True)
class Blanks:
    """One terminal's cards as they lie there."""

    terminal: str
    ledger_id: bytes
    folder: Path
    tally: Tally
    old_cards_kept: frozenset[str]
    """Old cards in the slot's bin or destroyed out of it, by their serial."""


@dataclass(frozen=True, slots=True)
class _NewCard:
    serial: str
    code: str
    number: str
    """AAC002 of whose it is; empty: nobody's."""
    where: str
    faces: int


@dataclass(frozen=True, slots=True)
class Book:
    """What centre and provider have on record."""

    issuances: Mapping[str, Issuance]
    fees: Mapping[str, Fee]
    valid: Mapping[str, list[str]]
    """Identification codes of valid cards, by AAC002."""
    stocks: Mapping[bytes, BlankStock]
    orders: Mapping[str, Mapping[str, Any]]


class OpenCase(msgspec.Struct, frozen=True, kw_only=True):
    """A card that is not known to be with its holder."""

    index: int
    job: str
    why: str
    card: str
    """Where it is, by the printer's tally."""
    explained_by: list[str]


class Verdict(msgspec.Struct, kw_only=True):
    """The counts of a campaign."""

    replacements: int = 0
    cuts: int = 0
    program_kills: int = 0
    """Of the cuts: the terminal's program died and the devices kept their power."""
    issued: int = 0
    """Persons with a valid new card in their hand."""
    abandoned: int = 0
    never_reserved: int = 0
    doubles: list[str] = []
    dead_cards_out: list[str] = []
    """Dead old cards that somebody with a key took out of the slot between the hold and the bin: no motor prevents
    that, and their holders have their new ones all the same."""
    lost: list[str] = []
    wrongly_charged: list[str] = []
    imbalances: list[str] = []
    unexplained: list[str] = []
    unfinished: list[str] = []
    crashes: list[str] = []
    open_cases: list[OpenCase] = []
    differences: list[str] = []
    """What two people counted otherwise than the book had it, with what explains it."""
    refunded: int = 0
    given_back_by_staff: int = 0
    blanks: dict[str, int] = {}
    cut_points: dict[str, int] = {}
    faults: dict[str, int] = {}

    @property
    def sound(self) -> bool:
        """Whether nobody was wronged, and everything is accounted for."""
        return not (
            self.doubles
            or self.lost
            or self.wrongly_charged
            or self.imbalances
            or self.unexplained
            or self.unfinished
            or self.crashes
        )


def read_book(database: Database, orders: Mapping[str, Mapping[str, Any]]) -> Book:
    """All that is on record, at once."""
    valid: dict[str, list[str]] = defaultdict(list)
    with database.reading() as session:
        for number, code in session.execute(
            select(Card.social_security_number, Card.identification_code).where(Card.state == CardState.NORMAL.value)
        ):
            valid[number].append(code)
        issuances = {row.transaction_id: row for row in session.scalars(select(Issuance))}
        fees = {row.transaction_id: row for row in session.scalars(select(Fee))}
        stocks = {row.ledger_id: row for row in session.scalars(select(BlankStock))}
        session.expunge_all()
    return Book(issuances, fees, valid, stocks, orders)


def judge(fates: Sequence[Fate], lanes: Sequence[Blanks], book: Book, unsettled: Mapping[str, str]) -> Verdict:
    """Compare what lies where with what is on record.

    :param unsettled: stages of issuances that no terminal had brought to an end before their time was over.
    """
    verdict = Verdict()
    cards = [card for lane in lanes for card in _new_cards(lane)]
    kept = frozenset().union(*(lane.old_cards_kept for lane in lanes))
    for fate in sorted(fates, key=lambda one: one.planned.index):
        _Case(verdict, fate, book, cards, kept).judge()
    verdict.unfinished += [f"{job[:8]}: {stage} until its time was over" for job, stage in unsettled.items()]
    for lane in lanes:
        _judge_blanks(verdict, lane, book)
    return verdict


class _Case:
    """One person's replacement."""

    def __init__(
        self, verdict: Verdict, fate: Fate, book: Book, cards: Sequence[_NewCard], kept: frozenset[str]
    ) -> None:
        self._verdict, self._fate, self._book = verdict, fate, book
        person = fate.planned.person
        self._person = person
        self._name = f"{fate.planned.index} {fate.planned.job[:8]}"
        self._cards = [card for card in cards if card.number == person.number]
        self._by_code = {card.code: card for card in cards}
        self._row = book.issuances.get(fate.planned.job)
        self._keeps_old = fate.planned.exchanges and f"{person.order:08X}" not in kept

    def judge(self) -> None:
        verdict, fate = self._verdict, self._fate
        verdict.replacements += 1
        self._count()
        valid = self._book.valid.get(self._person.number, [])
        if len(valid) > 1:
            verdict.doubles.append(f"{self._name}: {len(valid)} valid cards")
        if not valid:
            verdict.lost.append(f"{self._name}: no valid card")
        printed = [card.serial for card in self._cards if card.faces]
        if len(printed) > 1:
            verdict.doubles.append(f"{self._name}: printed on {len(printed)} cards")
        if fate.fed > 1:
            verdict.doubles.append(f"{self._name}: fed {fate.fed} times")
        for card in self._cards:
            if card.faces > 1:
                verdict.doubles.append(f"{self._name}: a card printed {card.faces} times")
        for code in valid:
            self._judge_valid(code)
        self._judge_hands(valid)
        self._judge_money()
        self._judge_end()

    def _count(self) -> None:
        verdict, fate = self._verdict, self._fate
        verdict.cuts += len(fate.struck)
        verdict.program_kills += sum(not one.takes_power for one in fate.struck)
        for one in fate.struck:
            verdict.cut_points[one.during] = verdict.cut_points.get(one.during, 0) + 1
        if fate.planned.fault is not Fault.NONE:
            verdict.faults[fate.planned.fault.value] = verdict.faults.get(fate.planned.fault.value, 0) + 1
        verdict.crashes += [f"{self._name}: ended by itself with {how}" for how in fate.crashes]
        if fate.restless:
            verdict.unfinished.append(f"{self._name}: does not come to rest")
        if fate.differences:
            told = ", ".join(f"{place} {count:+d}" for place, count in fate.differences.items())
            verdict.differences.append(f"{self._name}: {told}: {', '.join(self._causes()) or 'unexplained'}")
            if not self._explains_difference():
                verdict.unexplained.append(f"{self._name}: the book differs, {told}")
        verdict.given_back_by_staff += fate.given_back_by_staff

    def _judge_valid(self, code: str) -> None:
        """Whether a valid card is where it may be."""
        verdict, fate = self._verdict, self._fate
        if code == self._person.identification_code:
            if not fate.planned.exchanges:
                return  # it is lost, as its holder said
            if not self._keeps_old:
                verdict.lost.append(f"{self._name}: the valid old card was swallowed")
            elif fate.given_back_by_staff and not self._slot_may_hold():
                verdict.unexplained.append(f"{self._name}: staff had to give the valid old card back")
            return
        card = self._by_code.get(code)
        if card is None:
            verdict.lost.append(f"{self._name}: a valid card that is nowhere")
            return
        stage = self._row.stage if self._row is not None else ""
        match card.where:
            case "taken" if card.serial in fate.taken:
                verdict.issued += 1
            case "taken":
                verdict.lost.append(f"{self._name}: their valid card is in another's hand")
            case "retained" | "cleared" if stage == IssuanceStage.OPEN_CASE.value:
                pass
            case where:
                verdict.lost.append(f"{self._name}: a valid card {where}, and no open case")

    def _judge_hands(self, valid: Sequence[str]) -> None:
        """What the person holds: at most one card, and no dead new one."""
        held = [card for card in self._cards if card.serial in self._fate.taken]
        dead = [card for card in held if card.code not in valid]
        if dead:
            self._verdict.doubles.append(f"{self._name}: holds a new card that is not valid")
        old = self._keeps_old and self._fate.old_card in {"person", "staff"} and not self._replaced
        if len(held) + old > 1:
            self._verdict.doubles.append(f"{self._name}: holds {len(held) + old} cards")
        if self._replaced and self._fate.old_card == "person":
            pulled = self._fate.planned.fault is Fault.OLD_CARD_PULLED and self._fate.pulled_while_held
            told = self._verdict.dead_cards_out if pulled else self._verdict.doubles
            told.append(f"{self._name}: holds the dead old card as well")

    @property
    def _replaced(self) -> bool:
        return self._row is not None and self._row.stage in _SWITCHED

    def _judge_money(self) -> None:
        order = self._book.orders.get(self._fate.planned.job)
        paid, refunded = (0, 0) if order is None else (int(order["paid_fen"]), int(order["refunded_fen"]))
        self._verdict.refunded += refunded > 0
        owes = self._row is not None and self._row.stage in _SWITCHED
        fee = 2000 if owes else 0
        if paid - refunded != fee:
            self._verdict.wrongly_charged.append(
                f"{self._name}: paid {paid} fen, {refunded} went back, {'card or case' if owes else 'no card'}"
            )
        row = self._book.fees.get(self._fate.planned.job)
        if row is not None and row.state in {"pending", "refund_pending"}:
            self._verdict.unfinished.append(f"{self._name}: the fee is {row.state} at the end")

    def _judge_end(self) -> None:
        verdict, row = self._verdict, self._row
        if row is None:
            verdict.never_reserved += 1
        elif row.stage not in _ENDED:
            verdict.unfinished.append(f"{self._name}: {row.stage} at the end")
        elif row.stage == IssuanceStage.ABANDONED.value:
            verdict.abandoned += 1
            if not self._fate.struck and self._fate.planned.fault is Fault.NONE:
                verdict.unexplained.append(f"{self._name}: abandoned, {row.why}, and nothing was done to it")
        elif row.stage == IssuanceStage.OPEN_CASE.value:
            card = self._by_code.get(row.blank or "")
            causes = self._causes()
            verdict.open_cases.append(
                OpenCase(index=self._fate.planned.index, job=row.transaction_id, why=row.why,
                         card=card.where if card is not None else "nowhere", explained_by=causes)
            )  # fmt: skip
            if not self._explains_case(row.why):
                verdict.unexplained.append(f"{self._name}: an open case, {row.why}")

    # What explains it.

    def _causes(self) -> list[str]:
        planned = self._fate.planned
        cuts = [f"cut {one.blow.value} {one.during}" for one in self._fate.struck]
        fault = [] if planned.fault is Fault.NONE else [f"{planned.fault.value} {planned.at}".strip()]
        return [*cuts, *fault]

    def _explains_case(self, why: str) -> bool:
        """Whether what was done to it can have left its card away from its holder, or nobody knowing."""
        fault, struck = self._fate.planned.fault, self._fate.struck
        if why == NewCardFate.RETAINED.value:
            return fault is Fault.NOT_TAKEN or bool(struck)
        if why == NewCardFate.UNKNOWN.value:
            return bool(struck) or fault in _NO_CARD_SEEN
        return False

    def _explains_difference(self) -> bool:
        """Only a card of which nobody knows makes counts differ."""
        open_case = self._row is not None and self._row.stage == IssuanceStage.OPEN_CASE.value
        two_fed = self._fate.planned.fault is Fault.TWO_FED and bool(self._fate.struck)  # and nobody had seen it
        return two_fed or (open_case and bool(self._causes()))

    def _slot_may_hold(self) -> bool:
        return self._fate.planned.fault is Fault.SLOT_JAM


def _new_cards(lane: Blanks) -> list[_NewCard]:
    found = []
    for serial, history in histories(lane.folder).items():
        side = load_card_file(lane.folder / "cards" / f"{serial}.json").social_security
        if side is None:
            raise LookupError(f"{serial} has no social-security side")
        issuer, blank = side.issuer, side.blank
        where = next((what for what in reversed(history) if what in _LEFT), "inside" if "fed" in history else "hopper")
        code = issuer.identification_code if issuer is not None else blank.identification_code if blank else ""
        number = side.holder.social_security_number if side.holder is not None else ""
        found.append(_NewCard(serial, code, number, where, history.count("printed")))
    return found


def _judge_blanks(verdict: Verdict, lane: Blanks, book: Book) -> None:
    """Whether every blank is in one place, and the centre's balance says so too."""
    tally = lane.tally
    blanks = Counter(verdict.blanks)
    blanks.update({name: getattr(tally, name) for name in ("loaded", "hopper", "inside", "reject_bin", "retained_bin",
                                                           "taken", "staff")})  # fmt: skip
    verdict.blanks = dict(blanks)
    if not tally.balanced:
        verdict.imbalances.append(f"{lane.terminal}: the printer's own cards do not add up")
    if tally.printed_twice:
        verdict.doubles.append(f"{lane.terminal}: printed twice on {len(tally.printed_twice)} cards")
    row = book.stocks.get(lane.ledger_id)
    if row is None:
        verdict.imbalances.append(f"{lane.terminal}: the centre has no balance")
        return
    balance = balance_of(row)
    if not balance.balances:
        verdict.imbalances.append(f"{lane.terminal}: the centre's balance does not add up")
    told = {
        "handed over": (balance.handed_over, tally.loaded),
        "hopper": (balance.hopper, tally.hopper),
        "printer": (balance.printer + balance.exit, tally.inside),
        "reject bin": (balance.reject_bin, tally.reject_bin),
        "retained bin": (balance.retained_bin, tally.retained_bin),
        "citizens": (balance.citizen + balance.missing, tally.taken),
        "staff": (balance.staff, tally.staff),
    }
    verdict.imbalances += [
        f"{lane.terminal}: {name}: {centre} at the centre, {there} there"
        for name, (centre, there) in told.items()
        if centre != there
    ]
    if row.flagged:
        verdict.imbalances.append(f"{lane.terminal}: {row.flagged} movements that can't be")
