"""Where a terminal's blank cards are: movements as ledger entries, and the arithmetic that terminal and centre share.

A blank becomes somebody's legal card by what is written on it, so each is on record from the moment in which two people
put it in until a citizen has it or two people have taken it out. Nothing here names a citizen.
"""

import re
from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Annotated, Final, NamedTuple

import msgspec

SCHEMA_VERSION: Final = 1
SERVICE: Final = "blank_custody"
"""What an entry's header has for a service: by it a reader tells a movement from what was done for a citizen."""

_MOST: Final = 1 << 40
"""Far above any stock and inside every integer of a database."""
Count = Annotated[int, msgspec.Meta(ge=0, lt=_MOST)]
_JOB: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
_CODE: Final = re.compile(r"[0-9A-F]{32}", re.ASCII)
_WORD: Final = re.compile(r"[a-z0-9_]{1,40}", re.ASCII)
_STAFF: Final = re.compile(r"[0-9A-Za-z\u4e00-\u9fff_.-]{1,12}")
"""A staff number or initials: too short for anybody's ID number."""
LONGEST_EXPLANATION: Final = 200


class Place(Enum):
    """Where a blank can be. The values are the fields of :class:`Balance`."""

    HOPPER = "hopper"
    PRINTER = "printer"
    """In its transport, at its contact station or under its print head."""
    EXIT = "exit"
    """Held in the mouth of the printer, for the citizen to take."""
    REJECT_BIN = "reject_bin"
    """What was spoilt before anybody was offered it."""
    RETAINED_BIN = "retained_bin"
    """What was offered and not taken, or is valid and may not be offered any more."""
    CITIZEN = "citizen"
    STAFF = "staff"
    """Taken out again by two people."""
    MISSING = "missing"
    """Counted less than the book had; below zero where more was found."""


class Move(Enum):
    """What happened to blanks."""

    HANDED_OVER = "handed_over"
    """Two people filled the hopper."""
    FED = "fed"
    """On record before the device is told: from here on the job has had its blank."""
    FEED_FAILED = "feed_failed"
    """The device says that nothing left the hopper."""
    TWO_FED = "two_fed"
    """The device says that a second blank has left the hopper with the job's own. It is nobody's."""
    IDENTIFIED = "identified"
    """The chip has told its identification code."""
    REJECTED = "rejected"
    PRESENTED = "presented"
    TAKEN = "taken"
    RETAINED = "retained"
    REMOVED = "removed"
    """Two people took it out of the printer by hand, as after a jam."""
    EMPTIED = "emptied"
    """Two people took out all that lay in hopper or bin."""
    DIFFERENCE = "difference"
    """Counted is not what the book had; explained and signed by two."""
    COUNTED = "counted"
    """A close-out: two people counted what the book has."""


class Reason(Enum):
    """Why a movement can't be."""

    INCOMPLETE = "incomplete"
    """It lacks what its kind wants, or has it in a shape that can't be."""
    TWO_PEOPLE = "two_people"
    """Two different people sign."""
    NOTHING = "nothing"
    """A count of none."""
    HOPPER_EMPTY = "hopper_empty"
    PRINTER_NOT_CLEAR = "printer_not_clear"
    NOT_IN_PRINTER = "not_in_printer"
    NOT_PRESENTED = "not_presented"
    NOT_THAT_MANY = "not_that_many"
    DOES_NOT_BALANCE = "does_not_balance"
    NO_DIFFERENCE = "no_difference"
    UNEXPLAINED = "unexplained"
    FED_BEFORE = "fed_before"
    """A job has one blank, whatever becomes of it."""
    NEVER_FED = "never_fed"
    ANOTHER_BLANK = "another_blank"
    """The code is not the one this job's chip told, or another job's chip told it."""
    TWO_FED = "two_fed"
    """Two blanks left the hopper at once, and nobody has counted since."""
    HOPPER_OVERFULL = "hopper_overfull"
    REJECT_BIN_FULL = "reject_bin_full"
    RETAINED_BIN_FULL = "retained_bin_full"


class Impossible(Exception):
    """A movement that can't be; nothing was written."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Counted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What two people found when they counted."""

    hopper: Count
    printer: Count
    """In the transport and in the mouth together."""
    reject_bin: Count
    retained_bin: Count


class Balance(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How many blanks are where."""

    handed_over: Count = 0
    hopper: Count = 0
    printer: Count = 0
    exit: Count = 0
    reject_bin: Count = 0
    retained_bin: Count = 0
    citizen: Count = 0
    staff: Count = 0
    missing: Annotated[int, msgspec.Meta(gt=-_MOST, lt=_MOST)] = 0

    @property
    def balances(self) -> bool:
        """Whether all that was handed over is somewhere."""
        return self.handed_over == sum(self.at(place) for place in Place)

    def at(self, place: Place) -> int:
        """How many are there."""
        count: int = getattr(self, place.value)
        return count

    def shifted(self, count: int, source: Place, target: Place, otherwise: Reason) -> "Balance":
        """The balance after ``count`` blanks went from one place to another.

        :raises Impossible: ``otherwise``, when fewer are there.
        """
        if self.at(source) < count:
            raise Impossible(otherwise)
        if source is target:
            return self
        return msgspec.structs.replace(
            self, **{source.value: self.at(source) - count, target.value: self.at(target) + count}
        )

    def as_counted(self) -> Counted:
        """What a count should find."""
        return Counted(
            hopper=self.hopper, printer=self.printer + self.exit, reject_bin=self.reject_bin,
            retained_bin=self.retained_bin,
        )  # fmt: skip


class Movement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, repr_omit_defaults=True):
    """One movement of blanks: the plaintext of a ledger entry, beside ``Transaction``."""

    schema: int = SCHEMA_VERSION
    number: Count = 0
    """Counts this ledger's movements from 1, without gaps; given by the book, 0 before."""
    move: Move
    region: str = ""
    """Pack key: ``beijing``."""
    count: Count = 1
    place: Place | None = None
    """What was emptied, or from where in the printer one was removed."""
    job: str = ""
    """The transaction id of the replacement, 32 hex characters; of a removed blank that nobody knows, empty."""
    identification_code: str = ""
    """AAZ501 of the blank, once its chip has told it."""
    why: str = ""
    """A machine word such as ``chip_dead``."""
    counted: Counted | None = None
    explanation: str = ""
    """Of a difference, in the words of the two who sign it."""
    by: str = ""
    """Staff number or initials; with ``and_by`` of two different people."""
    and_by: str = ""
    after: Balance = Balance()
    """The book after it: each entry carries the whole balance forward."""

    def __repr__(self) -> str:
        return f"<Movement {self.number} {self.move.value} {self.job[:8]}>"


class Step(NamedTuple):
    """From where to where the blank of a job goes."""

    source: Place
    target: Place
    otherwise: Reason
    """Why not, when it is not there."""


STEPS: Final[Mapping[Move, Step]] = MappingProxyType(
    {
        Move.FED: Step(Place.HOPPER, Place.PRINTER, Reason.HOPPER_EMPTY),
        Move.FEED_FAILED: Step(Place.PRINTER, Place.HOPPER, Reason.NOT_IN_PRINTER),
        Move.TWO_FED: Step(Place.HOPPER, Place.PRINTER, Reason.HOPPER_EMPTY),
        Move.IDENTIFIED: Step(Place.PRINTER, Place.PRINTER, Reason.NOT_IN_PRINTER),
        Move.REJECTED: Step(Place.PRINTER, Place.REJECT_BIN, Reason.NOT_IN_PRINTER),
        Move.PRESENTED: Step(Place.PRINTER, Place.EXIT, Reason.NOT_IN_PRINTER),
        Move.TAKEN: Step(Place.EXIT, Place.CITIZEN, Reason.NOT_PRESENTED),
        Move.RETAINED: Step(Place.EXIT, Place.RETAINED_BIN, Reason.NOT_PRESENTED),
    }
)
"""What needs a job."""
_HAS_A_CAUSE: Final = frozenset({Move.FEED_FAILED, Move.REJECTED, Move.RETAINED, Move.REMOVED})
_SIGNED_BY_TWO: Final = frozenset({Move.HANDED_OVER, Move.REMOVED, Move.EMPTIED, Move.DIFFERENCE, Move.COUNTED})
_OF_A_COUNT: Final = frozenset({Move.DIFFERENCE, Move.COUNTED})
_OF_SEVERAL: Final = frozenset({Move.HANDED_OVER, Move.EMPTIED, Move.REJECTED})
"""What lies in the printer at once is rejected at once."""
_TAKEN_OUT: Final = frozenset({Move.REMOVED, Move.EMPTIED})
_IN_THE_PRINTER: Final = frozenset({Place.PRINTER, Place.EXIT})
EMPTIABLE: Final = (Place.HOPPER, Place.REJECT_BIN, Place.RETAINED_BIN)
"""What staff empty."""


def differences(balance: Balance, counted: Counted) -> dict[str, int]:
    """By how much a count is off the book, place by place; empty when it is not."""
    book = balance.as_counted()
    off = {name: getattr(counted, name) - getattr(book, name) for name in Counted.__struct_fields__}
    return {name: difference for name, difference in off.items() if difference}


def moved(balance: Balance, movement: Movement) -> Balance:
    """The balance after a movement, by what needs no memory of single blanks.

    :raises Impossible: with the first reason that applies.
    """
    _check_form(movement)
    move = movement.move
    match move:
        case Move.HANDED_OVER:
            return msgspec.structs.replace(
                balance, handed_over=balance.handed_over + movement.count, hopper=balance.hopper + movement.count
            )
        case Move.REMOVED | Move.EMPTIED:
            return _taken_out(balance, movement)
        case Move.DIFFERENCE | Move.COUNTED:
            return _counted(balance, movement)
    if move is Move.FED and (balance.printer or balance.exit):
        raise Impossible(Reason.PRINTER_NOT_CLEAR)
    if move is Move.TWO_FED and balance.printer != 1:
        raise Impossible(Reason.PRINTER_NOT_CLEAR if balance.printer else Reason.NOT_IN_PRINTER)
    step = STEPS[move]
    # A valid card that waits inside after a restart is never offered to whoever comes by.
    source = Place.PRINTER if move is Move.RETAINED and not balance.exit else step.source
    return balance.shifted(movement.count, source, step.target, step.otherwise)


def _check_form(movement: Movement) -> None:
    move = movement.move
    if move in _SIGNED_BY_TWO and not _is_signed_by_two(movement):
        raise Impossible(Reason.TWO_PEOPLE)
    if not movement.count:
        raise Impossible(Reason.NOTHING)
    holds = (
        0 < movement.count < _MOST and (movement.count == 1 or move in _OF_SEVERAL),
        bool(_JOB.fullmatch(movement.job)) or (not movement.job and move not in STEPS),
        bool(_CODE.fullmatch(movement.identification_code))
        or (not movement.identification_code and move is not Move.IDENTIFIED),
        bool(_WORD.fullmatch(movement.why)) if move in _HAS_A_CAUSE else not movement.why,
        (movement.counted is not None) == (move in _OF_A_COUNT),
        (movement.place is not None) == (move in _TAKEN_OUT),
        len(movement.explanation) <= LONGEST_EXPLANATION and movement.explanation.isprintable(),
    )
    if not all(holds):
        raise Impossible(Reason.INCOMPLETE)


def _is_signed_by_two(movement: Movement) -> bool:
    by, and_by = movement.by, movement.and_by
    are_named = _STAFF.fullmatch(by) is not None and _STAFF.fullmatch(and_by) is not None
    return are_named and by.casefold() != and_by.casefold()


def _taken_out(balance: Balance, movement: Movement) -> Balance:
    place, is_removed = movement.place, movement.move is Move.REMOVED
    if place is None or place not in (_IN_THE_PRINTER if is_removed else EMPTIABLE):
        raise Impossible(Reason.INCOMPLETE)
    if is_removed:
        return balance.shifted(1, place, Place.STAFF, Reason.NOT_IN_PRINTER)
    if balance.at(place) != movement.count:
        raise Impossible(Reason.NOT_THAT_MANY)
    return balance.shifted(movement.count, place, Place.STAFF, Reason.NOT_THAT_MANY)


def _counted(balance: Balance, movement: Movement) -> Balance:
    counted = movement.counted
    if counted is None:
        raise Impossible(Reason.INCOMPLETE)
    off = differences(balance, counted)
    if movement.move is Move.COUNTED:
        if off:
            raise Impossible(Reason.DOES_NOT_BALANCE)
        return balance
    if not off:
        raise Impossible(Reason.NO_DIFFERENCE)
    if not movement.explanation.strip():
        raise Impossible(Reason.UNEXPLAINED)
    # What is found in the printer and nobody knows of lies in its transport; what is gone from it is gone from both.
    in_transport = counted.printer - min(balance.exit, counted.printer)
    return msgspec.structs.replace(
        balance, hopper=counted.hopper, printer=in_transport, exit=counted.printer - in_transport,
        reject_bin=counted.reject_bin, retained_bin=counted.retained_bin, missing=balance.missing - sum(off.values()),
    )  # fmt: skip
