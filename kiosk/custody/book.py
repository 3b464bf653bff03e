"""The stock on record: each movement is an entry of the ledger, and what it comes to is kept with it."""

import threading
from collections.abc import Callable, Mapping
from typing import Final, Protocol

import msgspec

from kiosk.custody.stock import Blank, Booked, Stock, StorageSizes, book
from kiosk.records.canonical import canonical
from kiosk.records.custody import Counted, Impossible, Move, Movement, Place, Reason, differences
from kiosk.records.upload import decode

REMEMBERED: Final = 500
"""So many of the newest movements can be read at the terminal; the centre has all."""
_STOCK: Final = "stock"

Kept = Callable[[str], bytes | None]
"""What the ledger keeps under a name."""


class StockLedger(Protocol):
    """What the book asks of the ledger."""

    def append_movement(self, movement: Movement, *, offset_ms: int, keep: Mapping[str, bytes | None]) -> object:
        """Make a movement durable together with what is kept, or neither."""

    def kept(self, name: str) -> bytes | None:
        """What is kept under this name; erasing entries does not touch it."""


class Remembered(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A movement as it can be read again at the terminal."""

    at_ms: int
    """By the terminal's clock, milliseconds since 1970 UTC."""
    movement: Movement


class StockBook:
    """Books movements, one after the other. A ledger has one book at a time; any thread may call it.

    Every method that books raises :class:`~kiosk.records.custody.Impossible` when the movement can't be, with nothing
    written, and what the ledger raises when it can't be made durable.

    :param region: pack key, for the entries' headers.
    :param clock: seconds since 1970 UTC.
    :param offset_ms: centre's clock minus this one's.
    """

    def __init__(
        self,
        ledger: StockLedger,
        region: str,
        sizes: StorageSizes,
        *,
        clock: Callable[[], float],
        offset_ms: Callable[[], int],
    ) -> None:
        self.sizes = sizes
        self._ledger, self._region, self._clock, self._offset_ms = ledger, region, clock, offset_ms
        self._turn = threading.Lock()

    def stock(self) -> Stock:
        """The stock as it stands."""
        return read_stock(self._ledger.kept)

    def blank(self, job: str) -> Blank | None:
        """Where the blank of a job is, or went; None: the job was never fed. Holds over power cuts and erasure."""
        return read_blank(self._ledger.kept, job)

    def hand_over(self, count: int, *, by: str, and_by: str) -> Booked:
        """Two people have put ``count`` blanks into the hopper."""
        return self.record(Movement(move=Move.HANDED_OVER, count=count, by=by, and_by=and_by))

    def feed(self, job: str) -> Booked:
        """A job is about to get its one blank. Booked before the device is told, so that no restart feeds another."""
        return self.record(Movement(move=Move.FED, job=job))

    def feed_failed(self, job: str, why: str) -> Booked:
        """The device says that nothing has left the hopper."""
        return self.record(Movement(move=Move.FEED_FAILED, job=job, why=why))

    def two_fed(self, job: str) -> Booked:
        """The device says that a second blank has left the hopper with the job's; nothing is fed until a close-out."""
        return self.record(Movement(move=Move.TWO_FED, job=job))

    def identify(self, job: str, identification_code: str) -> Booked:
        """The blank's chip has told its code (AAZ501)."""
        return self.record(Movement(move=Move.IDENTIFIED, job=job, identification_code=identification_code))

    def reject(self, job: str, why: str) -> Booked:
        """The blank is spoilt and lies in the reject bin, and with it whatever else lay in the printer."""
        return self.record(Movement(move=Move.REJECTED, job=job, why=why))

    def present(self, job: str) -> Booked:
        """The card is held out to the citizen."""
        return self.record(Movement(move=Move.PRESENTED, job=job))

    def take(self, job: str) -> Booked:
        """The citizen has taken it."""
        return self.record(Movement(move=Move.TAKEN, job=job))

    def retain(self, job: str, why: str) -> Booked:
        """Nobody took it, or nobody may be offered it any more; it lies in the retained bin."""
        return self.record(Movement(move=Move.RETAINED, job=job, why=why))

    def remove(self, job: str, why: str, *, by: str, and_by: str) -> Booked:
        """Two people have taken a blank out of the printer by hand.

        :param job: empty for one that the book knows no job of.
        """
        with self._turn:
            blank = self.stock().blank_of(job) if job else None
            place = Place.EXIT if blank is not None and blank.place is Place.EXIT else Place.PRINTER
            return self._book(Movement(move=Move.REMOVED, job=job, place=place, why=why, by=by, and_by=and_by))

    def empty(self, place: Place, count: int, *, by: str, and_by: str) -> Booked:
        """Two people have taken out all that lay in hopper or bin, and counted it."""
        return self.record(Movement(move=Move.EMPTIED, place=place, count=count, by=by, and_by=and_by))

    def close_out(self, counted: Counted, *, by: str, and_by: str, explanation: str = "") -> list[Booked]:
        """Two people have counted what is there. It must be what the book has, or they explain the difference.

        The difference and the count are two entries: cut short between them, the same close-out again finishes it.
        """
        count = Movement(move=Move.COUNTED, counted=counted, by=by, and_by=and_by)
        difference = msgspec.structs.replace(count, move=Move.DIFFERENCE, explanation=explanation)
        with self._turn:
            if not differences(self.stock().balance, counted):
                return [self._book(count)]
            if not explanation.strip():
                raise Impossible(Reason.DOES_NOT_BALANCE)
            return [self._book(difference), self._book(count)]

    def history(self, limit: int = REMEMBERED) -> list[Remembered]:
        """The newest movements, oldest first; at most the last 500."""
        return read_history(self._ledger.kept, limit)

    def record(self, wish: Movement) -> Booked:
        """Book a movement as whoever asks has put it together."""
        with self._turn:
            return self._book(wish)

    def _book(self, wish: Movement) -> Booked:
        wish = msgspec.structs.replace(wish, region=self._region)
        booked = book(self.stock(), wish, self.sizes, self.blank(wish.job) if wish.job else None)
        remembered = Remembered(at_ms=int(self._clock() * 1000), movement=booked.movement)
        keep: dict[str, bytes | None] = {
            _STOCK: canonical(booked.stock),
            _movement_name(booked.movement.number): canonical(remembered),
            _movement_name(booked.movement.number - REMEMBERED): None,
        }
        keep |= {_blank_name(blank.job): canonical(blank) for blank in booked.blanks}
        self._ledger.append_movement(booked.movement, offset_ms=self._offset_ms(), keep=keep)
        return booked


def read_stock(kept: Kept) -> Stock:
    """The stock that a ledger keeps; an empty one where no blank was ever handed over."""
    content = kept(_STOCK)
    return Stock() if content is None else decode(content, Stock)


def read_blank(kept: Kept, job: str) -> Blank | None:
    """See :meth:`StockBook.blank`."""
    content = kept(_blank_name(job))
    return None if content is None else decode(content, Blank)


def read_history(kept: Kept, limit: int = REMEMBERED) -> list[Remembered]:
    """See :meth:`StockBook.history`."""
    last = read_stock(kept).movements
    found = (kept(_movement_name(number)) for number in range(max(1, last - limit + 1), last + 1))
    return [decode(content, Remembered) for content in found if content is not None]


def _blank_name(job: str) -> str:
    return f"blank/{job}"


def _movement_name(number: int) -> str:
    return f"movement/{number}"
