"""The stock as movements make it: which blank of which job is where, and what can't be. Pure."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

import msgspec

from kiosk.records.custody import STEPS, Balance, Impossible, Move, Movement, Place, Reason, Step, moved

_AT_HAND: Final = frozenset({Place.PRINTER, Place.EXIT, Place.REJECT_BIN, Place.RETAINED_BIN})
_IN_THE_PRINTER: Final = (Place.EXIT, Place.PRINTER)


class Level(Enum):
    """How full a storage unit is, in the words of XFS4IoT's replenishment states."""

    OK = "ok"
    LOW = "low"
    EMPTY = "empty"
    HIGH = "high"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class StorageSizes:
    """How many cards the storage units take, and at which count somebody should come (XFS4IoT: capacity, threshold)."""

    hopper: int
    hopper_low: int
    """At this count or below it is low."""
    reject_bin: int
    reject_bin_high: int
    """At this count or above it is high."""
    retained_bin: int
    retained_bin_high: int


class Blank(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The one blank of a job."""

    job: str
    place: Place
    identification_code: str = ""
    """AAZ501; empty until its chip has told it."""

    def __repr__(self) -> str:
        return f"<Blank {self.job[:8]} {self.place.value}>"


class Stock(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All that is known after a movement, but for the jobs whose blanks have left; bounded, however long the ledger."""

    movements: int = 0
    """The number of the last one."""
    balance: Balance = Balance()
    blanks: tuple[Blank, ...] = ()
    """Those in the printer, at its exit and in the bins."""
    hopper_initial: int = 0
    """What lay in the hopper after it was last filled (XFS4IoT: initialCount)."""
    closed_out: int = 0
    """The number of the last close-out; 0: never."""
    two_fed: int = 0
    """The number of the last movement by which two blanks left the hopper at once; 0: never."""

    def blank_of(self, job: str) -> Blank | None:
        """The blank of a job, while it is at hand."""
        return next((blank for blank in self.blanks if blank.job == job), None)


@dataclass(frozen=True, slots=True)
class Booked:
    """What a movement came to."""

    movement: Movement
    """Complete: with its number, the blank's code and the balance after it."""
    stock: Stock
    blanks: tuple[Blank, ...]
    """Those whose place or code is another now."""


def obstacle(stock: Stock, sizes: StorageSizes) -> Reason | None:
    """Why no blank can be fed; None when one can. A bin must have room for it before it leaves the hopper."""
    balance = stock.balance
    if balance.printer or balance.exit:
        return Reason.PRINTER_NOT_CLEAR
    if stock.two_fed > stock.closed_out:
        return Reason.TWO_FED
    if not balance.hopper:
        return Reason.HOPPER_EMPTY
    if balance.reject_bin >= sizes.reject_bin:
        return Reason.REJECT_BIN_FULL
    if balance.retained_bin >= sizes.retained_bin:
        return Reason.RETAINED_BIN_FULL
    return None


def levels(stock: Stock, sizes: StorageSizes) -> dict[Place, Level]:
    """How full hopper and bins are."""
    hopper = stock.balance.hopper
    found = {Place.HOPPER: Level.EMPTY if not hopper else Level.LOW if hopper <= sizes.hopper_low else Level.OK}
    for place, size, high in (
        (Place.REJECT_BIN, sizes.reject_bin, sizes.reject_bin_high),
        (Place.RETAINED_BIN, sizes.retained_bin, sizes.retained_bin_high),
    ):
        count = stock.balance.at(place)
        found[place] = Level.FULL if count >= size else Level.HIGH if count >= high else Level.OK
    return found


def book(stock: Stock, wish: Movement, sizes: StorageSizes, known: Blank | None) -> Booked:
    """Take a movement into the stock.

    :param wish: without number, balance and, after the chip has told it once, code.
    :param known: the blank of the wish's job, wherever it is by now; None: the job was never fed.
    :raises Impossible: with the first reason that applies; the stock stands as it was.
    """
    if wish.move is Move.FED and known is not None:
        raise Impossible(Reason.FED_BEFORE)
    if wish.move is Move.REJECTED:
        # The printer puts all that lies in it into the bin: both, where two have left the hopper.
        wish = msgspec.structs.replace(wish, count=max(1, stock.balance.printer))
    balance = moved(stock.balance, wish)
    _check_sizes(wish, balance, sizes, stock)
    changed = _changed(stock, wish, known)
    of_job = next((blank for blank in changed if blank.job == wish.job), None)
    movement = msgspec.structs.replace(
        wish, number=stock.movements + 1, after=balance,
        identification_code=of_job.identification_code if of_job is not None else wish.identification_code,
    )  # fmt: skip
    others = {blank.job: blank for blank in stock.blanks} | {blank.job: blank for blank in changed}
    is_filled = wish.move is Move.HANDED_OVER
    return Booked(
        movement,
        Stock(
            movements=movement.number,
            balance=balance,
            blanks=tuple(blank for blank in others.values() if blank.place in _AT_HAND),
            hopper_initial=balance.hopper if is_filled else stock.hopper_initial,
            closed_out=movement.number if wish.move is Move.COUNTED else stock.closed_out,
            two_fed=movement.number if wish.move is Move.TWO_FED else stock.two_fed,
        ),
        changed,
    )


def _check_sizes(wish: Movement, balance: Balance, sizes: StorageSizes, stock: Stock) -> None:
    if wish.move is Move.HANDED_OVER and balance.hopper > sizes.hopper:
        raise Impossible(Reason.HOPPER_OVERFULL)
    if wish.move is Move.FED and (reason := obstacle(stock, sizes)) is not None:
        raise Impossible(reason)
    if wish.move is Move.REJECTED and balance.reject_bin > sizes.reject_bin:
        raise Impossible(Reason.REJECT_BIN_FULL)
    if wish.move is Move.RETAINED and balance.retained_bin > sizes.retained_bin:
        raise Impossible(Reason.RETAINED_BIN_FULL)


def _changed(stock: Stock, wish: Movement, known: Blank | None) -> tuple[Blank, ...]:
    """The blanks that a movement concerns, as they are after it."""
    if wish.move is Move.EMPTIED:
        return tuple(_gone_to(blank, Place.STAFF) for blank in stock.blanks if blank.place is wish.place)
    if wish.move is Move.DIFFERENCE:
        return _lost_in_the_printer(stock, wish)
    if not wish.job:
        _check_nameless(stock, wish)
        return ()
    if wish.move is Move.FED:
        known = Blank(job=wish.job, place=Place.HOPPER)
    if known is None:
        raise Impossible(Reason.NEVER_FED)
    step = STEPS.get(wish.move) or Step(wish.place or Place.PRINTER, Place.STAFF, Reason.NOT_IN_PRINTER)
    if wish.move is Move.TWO_FED:
        step = Step(Place.PRINTER, Place.PRINTER, Reason.NOT_IN_PRINTER)  # by the job's own; the other one has no job
    if known.place is not step.source and not (wish.move is Move.RETAINED and known.place is Place.PRINTER):
        raise Impossible(step.otherwise)
    _check_code(stock, wish, known)
    code = wish.identification_code or known.identification_code
    return (Blank(job=wish.job, place=step.target, identification_code=code),)


def _check_nameless(stock: Stock, wish: Movement) -> None:
    """One is taken out of the printer without a job only where the book knows of more than it has jobs for."""
    named = sum(blank.place is wish.place for blank in stock.blanks)
    if wish.place is not None and stock.balance.at(wish.place) <= named:
        raise Impossible(Reason.INCOMPLETE)


def _check_code(stock: Stock, wish: Movement, known: Blank) -> None:
    code = wish.identification_code
    if not code:
        return
    is_anothers = any(blank.identification_code == code and blank.job != wish.job for blank in stock.blanks)
    if is_anothers or known.identification_code not in {"", code}:
        raise Impossible(Reason.ANOTHER_BLANK)


def _lost_in_the_printer(stock: Stock, wish: Movement) -> tuple[Blank, ...]:
    """Those that nobody found in the printer. Which one is gone from a bin nobody knows: its blanks stay named."""
    found = wish.counted.printer if wish.counted is not None else 0
    there = [blank for place in _IN_THE_PRINTER for blank in stock.blanks if blank.place is place]
    return tuple(_gone_to(blank, Place.MISSING) for blank in there[found:])


def _gone_to(blank: Blank, place: Place) -> Blank:
    return msgspec.structs.replace(blank, place=place)
