"""The centre's own balance of each terminal's blank cards, from the movements in its ledger. Judging is pure.

The centre computes what a movement comes to and compares it with what the terminal says. What can't be is refused, and
an alarm is raised for staff; from there on the balance goes by the terminal's word, so that one fault is told once.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import msgspec
from sqlalchemy.orm import Session

from central.tables import BlankMovement, BlankStock, FedJob
from kiosk.records.custody import Balance, Impossible, Move, Movement, Place, differences, moved
from kiosk.records.upload import Verdict

_PLACES: Final = tuple(place.value for place in Place)


class OpenedMovement(NamedTuple):
    """An entry whose seal holds and that is a movement of blank cards."""

    movement: Movement
    happened_ms: int
    """When, by the terminal's clock corrected to the centre's, milliseconds since 1970 UTC."""


class StockAlarm(NamedTuple):
    """What staff must look at."""

    kind: str
    detail: str


@dataclass(slots=True)
class Shelf:
    """The blanks of one ledger's terminal as the centre has them, while movements of one upload are judged."""

    terminal: str
    ledger_id: bytes
    now_ms: int
    movements: int
    """The number of the last one."""
    balance: Balance
    closed_out_at: int | None
    flagged: int
    """How many movements since the last close-out can't be."""
    fed: set[str]
    """Those jobs among the named that had their blank already, at this terminal or any other."""
    rows: list[BlankMovement] = field(default_factory=list)
    alarms: list[StockAlarm] = field(default_factory=list)

    def judge(self, opened: OpenedMovement, sequence: int) -> tuple[Verdict, str]:
        """Verdict and reason for one movement; see "Verdicts on entries" in docs/protocol.md."""
        movement = opened.movement
        problem = self._problem(movement)
        if problem:
            self.flagged += 1
            self.alarms.append(StockAlarm("stock_impossible", f"{problem}, movement {movement.number}"))
        elif movement.move is Move.TWO_FED:
            self.alarms.append(StockAlarm("stock_two_fed", f"movement {movement.number}"))
        elif movement.move is Move.DIFFERENCE:
            self.alarms.append(StockAlarm("stock_difference", _in_short(self.balance, movement)))
        if movement.number > self.movements:
            self.movements = movement.number
            self.balance = movement.after if movement.after.balances else self.balance
            if movement.move is Move.COUNTED and not problem:
                self.closed_out_at, self.flagged = opened.happened_ms, 0
        if movement.move is Move.FED:
            self.fed.add(movement.job)
        self.rows.append(self._row(opened, sequence, problem))
        return (Verdict.REFUSED, problem) if problem else (Verdict.APPLIED, "")

    def _problem(self, movement: Movement) -> str:
        """Why a movement can't be; empty when it can."""
        if movement.number <= self.movements:
            return "movement_repeated"
        if movement.move is Move.FED and movement.job in self.fed:
            return "fed_before"
        if not movement.after.balances:
            return "does_not_balance"
        if movement.number > self.movements + 1:
            return "movements_missing"
        try:
            own = moved(self.balance, movement)
        except Impossible as impossible:
            return impossible.reason.value
        return "" if own == movement.after else "another_balance"

    def _row(self, opened: OpenedMovement, sequence: int, problem: str) -> BlankMovement:
        movement = opened.movement
        return BlankMovement(
            terminal=self.terminal,
            ledger_id=self.ledger_id,
            sequence=sequence,
            number=movement.number,
            move=movement.move.value,
            count=movement.count,
            place=movement.place.value if movement.place is not None else "",
            job=movement.job,
            identification_code=movement.identification_code,
            why=movement.why,
            explanation=movement.explanation,
            signed_by=movement.by,
            and_by=movement.and_by,
            happened_at=opened.happened_ms,
            problem=problem,
        )


def shelf_of(session: Session, terminal: str, ledger_id: bytes, now_ms: int, jobs: Collection[str]) -> Shelf:
    """What is known of a ledger's blanks. The ledger's row is held locked by whoever asks.

    :param jobs: those that these movements feed; they count as fed from here on.
    """
    row = session.get(BlankStock, (terminal, ledger_id))
    fed_before = [job for job in sorted(jobs) if not _is_first(session, job, terminal)]
    return Shelf(
        terminal=terminal,
        ledger_id=ledger_id,
        now_ms=now_ms,
        movements=row.movements if row is not None else 0,
        balance=balance_of(row) if row is not None else Balance(),
        closed_out_at=row.closed_out_at if row is not None else None,
        flagged=row.flagged if row is not None else 0,
        fed=set(fed_before),
    )


def put_back(session: Session, shelf: Shelf) -> None:
    """Keep what judging has made of the shelf."""
    row = session.get(BlankStock, (shelf.terminal, shelf.ledger_id))
    if row is None:
        row = BlankStock(terminal=shelf.terminal, ledger_id=shelf.ledger_id)
        session.add(row)
    row.movements, row.closed_out_at, row.changed_at = shelf.movements, shelf.closed_out_at, shelf.now_ms
    row.flagged, row.handed_over = shelf.flagged, shelf.balance.handed_over
    for place in _PLACES:
        setattr(row, place, getattr(shelf.balance, place))
    session.add_all(shelf.rows)


def balance_of(row: BlankStock) -> Balance:
    """The counts of a row."""
    return msgspec.convert(
        {name: getattr(row, name) for name in Balance.__struct_fields__}, Balance
    )  # fmt: skip


def _is_first(session: Session, job: str, terminal: str) -> bool:
    """Whether nobody has fed this job before. Who comes second at the same moment waits for the first."""
    connection = session.connection()
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    statement = f"INSERT INTO {FedJob.__tablename__} (job, terminal) VALUES ({mark}, {mark}) ON CONFLICT DO NOTHING"  # noqa: S608 - our own names
    return connection.exec_driver_sql(statement, (job, terminal)).rowcount == 1


def _in_short(balance: Balance, movement: Movement) -> str:
    off = differences(balance, movement.counted) if movement.counted is not None else {}
    return ", ".join(f"{name} {count:+d}" for name, count in off.items()) + f", movement {movement.number}"
