"""A terminal killed again and again while it issues cards: its stock is what was booked, to the blank.

Run as a program, this file is the process that gets killed. KIOSK_KILLS sets the number of rounds.
"""

import random
import sys
from itertools import count
from pathlib import Path

import pytest

from kiosk.custody import Blank, StorageSizes
from kiosk.records.custody import Balance, Impossible, Place, Reason
from tests.integration.test_ledger_kill import KILLS, acknowledge, kill_at_some_moment, victim
from tests.ledgers import book_of, create, reopen

FILLED = 100_000
SIZES = StorageSizes(
    hopper=FILLED, hopper_low=1, reject_bin=9, reject_bin_high=9, retained_bin=9, retained_bin_high=9
)  # fmt: skip
STEPS = 4
"""Of each card: fed, identified, presented, taken."""


def job(number: int) -> str:
    return f"{number:032x}"


def code(number: int) -> str:
    return f"{number:032X}"


def issue_for_ever(folder: Path) -> None:
    """Go on where the book stands; each movement is acknowledged after it was booked, and some are erased."""
    with reopen(folder) as ledger:
        book = book_of(ledger, sizes=SIZES)
        for number in count(book.stock().movements):
            card, step = divmod(number - 1, STEPS)
            match step:
                case 0:
                    book.feed(job(card))
                case 1:
                    book.identify(job(card), code(card))
                case 2:
                    book.present(job(card))
                case _:
                    book.take(job(card))
            acknowledge(number + 1)
            if number % 7 == 0:
                ledger.erase(ledger.head().sequence)


def expected(movements: int) -> Balance:
    """Reckoned from the order of the steps alone."""
    issued, under_way = divmod(movements - 1, STEPS)
    return Balance(
        handed_over=FILLED,
        hopper=FILLED - issued - (under_way > 0),
        printer=int(under_way in {1, 2}),
        exit=int(under_way == 3),
        citizen=issued,
    )


def test_kills_lose_no_blank_and_feed_no_job_twice(tmp_path: Path) -> None:
    folder, dice, acknowledged = tmp_path / "ledger", random.Random(6), 1
    with create(folder) as ledger:
        book_of(ledger, sizes=SIZES).hand_over(FILLED, by="1017", and_by="1018")
    for _ in range(KILLS):
        with victim("issue", folder, module=__name__) as process:
            acknowledged = max(acknowledged, *map(int, kill_at_some_moment(process, dice)))
        with reopen(folder) as ledger:
            book = book_of(ledger, sizes=SIZES)
            stock = book.stock()
            assert acknowledged <= stock.movements <= acknowledged + 1, "one may be booked and not acknowledged"
            assert ledger.head().sequence == stock.movements
            assert stock.balance == expected(stock.movements)
            issued, under_way = divmod(stock.movements - 1, STEPS)
            for card in range(issued):
                taken = Blank(job=job(card), place=Place.CITIZEN, identification_code=code(card))
                assert book.blank(job(card)) == taken
            fed = issued + (under_way > 0)
            assert book.blank(job(fed)) is None
            if fed:
                with pytest.raises(Impossible) as refused:
                    book.feed(job(fed - 1))
                assert refused.value.reason is Reason.FED_BEFORE


if __name__ == "__main__":
    issue_for_ever(Path(sys.argv[2]))
