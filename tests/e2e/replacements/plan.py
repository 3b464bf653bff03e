"""What happens to each replacement of a campaign, drawn from its seed: who comes, what fails, when the power goes."""

import random
from collections.abc import Iterator
from datetime import date, timedelta
from enum import Enum
from typing import Final

import msgspec
from stdnum.iso7064 import mod_11_2

from kiosk.records.card import card_number_check_character
from kiosk.records.issuance import ReplacementReason

REGION: Final = "yunling"
REGION_CODE: Final = "9901"
_FIRST_OLD_CARD: Final = 0x00A00000
_SURNAMES: Final = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"
_GIVEN: Final = "安宁平和康泰明远文静思源嘉禾"
_MOMENTS: Final = 39
"""Of a whole replacement: device calls, questions, entries. Later ones happen where something went wrong."""
_SETTLING: Final = 10
_COMMANDS: Final = ("Sis", "Se", "Ser")
_WRITES: Final = 40
"""Commands on the printer's line in a whole replacement."""


class Blow(Enum):
    """How the terminal is struck."""

    BEFORE = "before"
    """As a device call, a question or an entry is about to be made."""
    AFTER = "after"
    """As soon as it was."""
    AMID = "amid"
    """Some milliseconds after it began."""
    LINE = "line"
    """In the middle of a command on the printer's line."""
    PRINTER = "printer"
    """As the printer does something: it loses its power there itself, and the terminal with it."""
    TIME = "time"
    """Whatever happens at that moment."""


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """One cut."""

    blow: Blow
    number: int = 0
    """Of the moment, or of the write to the line, counted from 0."""
    what: str = ""
    """The moment's name; its first one with that name, instead of a number."""
    share: float = 0.0
    """LINE: of the bytes that go out. AMID and TIME: milliseconds."""
    fault: str = ""
    """PRINTER: cut_before, cut_amid, cut_after."""
    command: str = ""
    takes_power: bool = True
    """Of the devices as well; else only the terminal's program dies."""


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """The centre is not heard."""

    first: int
    """Of the questions of one life of the terminal, counted from 0."""
    count: int
    arrives: bool
    """The question arrives, and its answer is lost."""


class Fault(Enum):
    """What goes wrong beside the power."""

    NONE = "none"
    JAM = "jam"
    TWO_FED = "two_fed"
    RIBBON_ENDS = "ribbon_ends"
    RIBBON_EMPTY = "ribbon_empty"
    HOPPER_EMPTY = "hopper_empty"
    COVER_OPEN = "cover_open"
    DEAD_CHIP = "dead_chip"
    WEAK_CHIP = "weak_chip"
    """It will not hold what is written: it reads back otherwise."""
    LOST_ANSWER = "lost_answer"
    GARBAGE = "garbage"
    DEAF = "deaf"
    SLOT_JAM = "slot_jam"
    SLOT_LOST_ANSWER = "slot_lost_answer"
    OLD_CARD_PULLED = "old_card_pulled"
    """Somebody with a key takes it out of the slot on the way."""
    CENTRE_SILENT = "centre_silent"
    UNPAID = "unpaid"
    PAID_LATE = "paid_late"
    """Only once the terminal has died, or the replacement is over."""
    NOT_TAKEN = "not_taken"
    TAKEN_IN_THE_DARK = "taken_in_the_dark"
    """Out of the exit while nothing has power."""
    TRIED_AGAIN = "tried_again"
    """After the cut the terminal does not ask what became of the job, and begins it once more."""


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody invented, with a card."""

    number: str
    """AAC002."""
    name: str
    birth_date: date
    card_number: str
    identification_code: str
    order: int
    """Of the old card among those of its region; part of its code."""


class Replacement(msgspec.Struct, frozen=True, kw_only=True):
    """One person's replacement and all that befalls it."""

    index: int
    job: str
    person: Person
    reason: ReplacementReason
    fault: Fault = Fault.NONE
    at: str = ""
    """With some faults: the command, or the record of the chip."""
    number: int = 0
    """With OLD_CARD_PULLED: the moment."""
    silence: Silence | None = None
    cuts: tuple[Cut, ...] = ()
    """Of its first life, of what follows it, and so on."""

    @property
    def exchanges(self) -> bool:
        """Whether the old card is there and must be given up."""
        return self.reason is not ReplacementReason.LOST


def replacements(seed: int, count: int, only: Fault | None = None) -> Iterator[Replacement]:
    """The same for the same seed, one by one: the n-th does not depend on how many there are.

    :param only: what goes wrong with each of them; drawn without it.
    """
    for index in range(count):
        yield _drawn(random.Random(f"{seed} {index}"), index, only)


def _drawn(chance: random.Random, index: int, only: Fault | None) -> Replacement:
    lost = chance.random() < 0.4
    fault = Fault.NONE if chance.random() < 0.5 else chance.choice([one for one in Fault if one is not Fault.NONE])
    fault = fault if only is None else only
    lost = lost or fault is Fault.TRIED_AGAIN  # a second try finds no old card to put in
    if lost and fault in (Fault.SLOT_JAM, Fault.SLOT_LOST_ANSWER, Fault.OLD_CARD_PULLED):
        fault = Fault.NONE
    cuts = [] if chance.random() < 0.05 else [_cut(chance, _MOMENTS)]
    while cuts and chance.random() < 0.25 and len(cuts) < 4:
        cuts.append(_cut(chance, _SETTLING))
    if fault is Fault.TRIED_AGAIN:
        # The blank has gone into the reject bin, and the centre has not been told: there a second try finds all clear.
        cuts = [Cut(blow=Blow.BEFORE, what="AbandonIssuance")]
    if fault is Fault.TAKEN_IN_THE_DARK:
        cuts = [Cut(blow=Blow.BEFORE, what="wait_until_taken"), *cuts[1:]]
    at = chance.choice(_COMMANDS) if fault in (Fault.JAM, Fault.LOST_ANSWER, Fault.GARBAGE, Fault.DEAF) else ""
    if fault in (Fault.WEAK_CHIP, Fault.TRIED_AGAIN):
        at = "EF05:07"
    silence = None
    if fault is Fault.CENTRE_SILENT:
        silence = Silence(
            first=chance.randrange(9), count=chance.choice([1, 1, 2, 3, 25]), arrives=chance.random() < 0.5
        )
    return Replacement(
        index=index,
        job=f"{chance.getrandbits(128):032x}",
        person=_person(chance, index),
        reason=ReplacementReason.LOST if lost else ReplacementReason.DAMAGED,
        fault=fault,
        at=at,
        number=chance.randrange(8, 40),
        silence=silence,
        cuts=tuple(cuts),
    )


def _cut(chance: random.Random, moments: int) -> Cut:
    blow = chance.choices(
        [Blow.BEFORE, Blow.AFTER, Blow.AMID, Blow.LINE, Blow.PRINTER, Blow.TIME], [20, 20, 30, 10, 12, 8]
    )[0]
    power = chance.random() < 0.8
    number = chance.randrange(moments)
    match blow:
        case Blow.BEFORE | Blow.AFTER:
            return Cut(blow=blow, number=number, takes_power=power)
        case Blow.AMID:
            return Cut(blow=blow, number=number, share=chance.choice([0, 1, 5, 20, 100]) * chance.random(),
                       takes_power=power)  # fmt: skip
        case Blow.LINE:
            return Cut(blow=blow, number=chance.randrange(_WRITES), share=chance.random(), takes_power=power)
        case Blow.PRINTER:
            fault = chance.choice(["cut_before", "cut_amid", "cut_after"])
            return Cut(blow=blow, fault=fault, command=chance.choice(_COMMANDS))
        case Blow.TIME:
            return Cut(blow=blow, share=chance.uniform(50, 4000), takes_power=power)


def _person(chance: random.Random, index: int) -> Person:
    born = date(1940, 1, 1) + timedelta(days=index % 22_000)
    first = f"{REGION_CODE}00{born:%Y%m%d}{1 + index // 22_000:03}"
    name = chance.choice(_SURNAMES) + chance.choice(_GIVEN) + chance.choice(_GIVEN)
    order = _FIRST_OLD_CARD + index
    eight = f"T{index:07}"
    return Person(
        number=first + mod_11_2.calc_check_digit(first),
        name=name,
        birth_date=born,
        card_number=eight + card_number_check_character(eight),
        identification_code=f"{REGION_CODE}00D156000005{order:016X}",
        order=order,
    )
