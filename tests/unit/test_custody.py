"""Blank cards: what can't be is refused with its reason, what is booked survives cuts and erasure. Figures by hand."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from kiosk.custody import Blank, Level, Stock, StockBook, StorageSizes, levels, obstacle
from kiosk.custody.book import REMEMBERED
from kiosk.ledger import KeptReader, Ledger, LedgerDamaged, LedgerReader, LedgerUnusable
from kiosk.records.canonical import canonical
from kiosk.records.chain import SealedEntry
from kiosk.records.custody import Balance, Counted, Impossible, Move, Movement, Place, Reason, moved
from kiosk.records.transaction import Header, Transaction
from kiosk.records.upload import Malformed, decode
from tests import ledgers
from tests.ledgers import SIZES, STORAGE_KEY, SetClock, book_of, change, create, reopen

JOB, OTHER, THIRD = ("a1" * 16, "b2" * 16, "c3" * 16)
CODE, OTHER_CODE = "411700D156000005000000000000A001", "411700D156000005000000000000A002"
TWO = {"by": "1017", "and_by": "李组长"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "ledger"


@pytest.fixture
def ledger(folder: Path) -> Iterator[Ledger]:
    with create(folder) as ledger:
        yield ledger


@pytest.fixture
def book(ledger: Ledger) -> StockBook:
    return book_of(ledger)


def refused(what: Callable[[], object]) -> Reason:
    with pytest.raises(Impossible) as caught:
        what()
    return caught.value.reason


def issue(book: StockBook, job: str, code: str) -> None:
    """One card from the hopper into a hand."""
    book.feed(job)
    book.identify(job, code)
    book.present(job)
    book.take(job)


def counted(hopper: int, printer: int = 0, reject_bin: int = 0, retained_bin: int = 0) -> Counted:
    return Counted(hopper=hopper, printer=printer, reject_bin=reject_bin, retained_bin=retained_bin)


# A day


def test_a_day_from_the_hand_over_to_the_close_out(book: StockBook) -> None:
    book.hand_over(10, **TWO)
    issue(book, JOB, CODE)
    book.feed(OTHER)
    book.reject(OTHER, "chip_dead")
    book.feed(THIRD)
    book.identify(THIRD, OTHER_CODE)
    book.present(THIRD)
    book.retain(THIRD, "not_taken")
    book.empty(Place.REJECT_BIN, 1, **TWO)
    closed = book.close_out(counted(7, retained_bin=1), **TWO)
    assert [one.movement.move for one in closed] == [Move.COUNTED]
    stock = book.stock()
    assert stock.balance == Balance(handed_over=10, hopper=7, retained_bin=1, citizen=1, staff=1)
    assert stock.balance.balances
    assert stock.blanks == (Blank(job=THIRD, place=Place.RETAINED_BIN, identification_code=OTHER_CODE),)
    assert (stock.movements, stock.closed_out, stock.hopper_initial) == (13, 13, 10)
    assert book.blank(JOB) == Blank(job=JOB, place=Place.CITIZEN, identification_code=CODE)
    assert book.blank(OTHER) == Blank(job=OTHER, place=Place.STAFF)
    assert book.blank("d4" * 16) is None


def test_an_entry_carries_the_whole_balance_and_no_citizen(book: StockBook, folder: Path) -> None:
    book.hand_over(3, **TWO)
    book.feed(JOB)
    book.identify(JOB, CODE)
    booked = book.present(JOB)
    with LedgerReader(folder) as reader:
        entries = [entry for entry in reader.entries(0, 9) if isinstance(entry, SealedEntry)]
        assert ledgers.movement_opened_by_centre(reader, entries[3]) == booked.movement
    assert booked.movement == Movement(
        number=4, move=Move.PRESENTED, region="beijing", job=JOB, identification_code=CODE,
        after=Balance(handed_over=3, hopper=2, exit=1),
    )  # fmt: skip
    header = decode(entries[3].header, Header)
    assert (header.service, header.stage, header.outcome, header.region) == (
        "blank_custody",
        "presented",
        None,
        "beijing",
    )


def test_a_movement_is_no_transaction_and_a_transaction_no_movement() -> None:
    movement = Movement(number=1, move=Move.FED, job=JOB, after=Balance())
    with pytest.raises(Malformed):
        decode(canonical(movement), Transaction)
    with pytest.raises(Malformed):
        decode(canonical(ledgers.transaction(1)), Movement)
    assert decode(canonical(movement), Movement) == movement


def test_nobody_s_initials_are_in_what_a_movement_shows_of_itself() -> None:
    movement = Movement(number=7, move=Move.HANDED_OVER, count=5, by="1017", and_by="李组长")
    assert repr(movement) == "<Movement 7 handed_over >"


# What can't be


def test_a_job_never_gets_a_second_blank(book: StockBook, ledger: Ledger) -> None:
    book.hand_over(5, **TWO)
    issue(book, JOB, CODE)
    assert refused(lambda: book.feed(JOB)) is Reason.FED_BEFORE
    book.feed(OTHER)
    book.feed_failed(OTHER, "jammed_in_hopper")
    assert refused(lambda: book.feed(OTHER)) is Reason.FED_BEFORE, "not even when nothing left the hopper"
    assert ledger.head().sequence == 7, "what is refused writes nothing"
    assert book.stock().balance == Balance(handed_over=5, hopper=4, citizen=1)


@pytest.mark.parametrize(
    ("before", "then", "reason"),
    [
        ([], lambda b: b.feed(JOB), Reason.HOPPER_EMPTY),
        ([lambda b: b.feed(JOB)], lambda b: b.feed(OTHER), Reason.PRINTER_NOT_CLEAR),
        ([lambda b: b.feed(JOB), lambda b: b.present(JOB)], lambda b: b.feed(OTHER), Reason.PRINTER_NOT_CLEAR),
        ([], lambda b: b.present(JOB), Reason.NOT_IN_PRINTER),
        ([], lambda b: b.take(JOB), Reason.NOT_PRESENTED),
        ([lambda b: b.feed(JOB)], lambda b: b.take(JOB), Reason.NOT_PRESENTED),
        ([], lambda b: b.retain(JOB, "not_taken"), Reason.NOT_PRESENTED),
        (
            [lambda b: b.feed(JOB), lambda b: b.reject(JOB, "x"), lambda b: b.feed(OTHER)],
            lambda b: b.retain(JOB, "not_taken"),
            Reason.NOT_PRESENTED,
        ),
        ([lambda b: b.feed(JOB), lambda b: b.present(JOB)], lambda b: b.reject(JOB, "x"), Reason.NOT_IN_PRINTER),
        ([lambda b: b.feed(JOB)], lambda b: b.present(OTHER), Reason.NEVER_FED),
        ([lambda b: b.feed(JOB)], lambda b: b.reject(JOB, "Chip is dead!"), Reason.INCOMPLETE),
        ([lambda b: b.feed(JOB)], lambda b: b.present("short"), Reason.INCOMPLETE),
        ([lambda b: b.feed(JOB)], lambda b: b.identify(JOB, "short"), Reason.INCOMPLETE),
        ([lambda b: b.feed(JOB)], lambda b: b.remove("", "jam", **TWO), Reason.INCOMPLETE),
        (
            [lambda b: b.feed(JOB), lambda b: b.identify(JOB, CODE)],
            lambda b: b.identify(JOB, OTHER_CODE),
            Reason.ANOTHER_BLANK,
        ),
        ([], lambda b: b.remove(JOB, "jam", **TWO), Reason.NOT_IN_PRINTER),
        ([], lambda b: b.two_fed(JOB), Reason.NOT_IN_PRINTER),
        ([lambda b: b.feed(JOB)], lambda b: b.two_fed(OTHER), Reason.NEVER_FED),
        ([lambda b: b.feed(JOB), lambda b: b.two_fed(JOB)], lambda b: b.two_fed(JOB), Reason.PRINTER_NOT_CLEAR),
        ([lambda b: b.feed(JOB), lambda b: b.present(JOB)], lambda b: b.two_fed(JOB), Reason.NOT_IN_PRINTER),
        (
            [lambda b: b.feed(JOB), lambda b: b.two_fed(JOB), lambda b: b.reject(JOB, "device")],
            lambda b: b.feed(OTHER),
            Reason.TWO_FED,
        ),
        ([], lambda b: b.hand_over(0, **TWO), Reason.NOTHING),
        ([], lambda b: b.hand_over(-1, **TWO), Reason.INCOMPLETE),
        ([], lambda b: b.hand_over(21, **TWO), Reason.HOPPER_OVERFULL),
        ([], lambda b: b.empty(Place.REJECT_BIN, 1, **TWO), Reason.NOT_THAT_MANY),
        ([], lambda b: b.empty(Place.CITIZEN, 1, **TWO), Reason.INCOMPLETE),
    ],
)  # fmt: skip
def test_what_can_not_be_is_refused_by_its_name(
    ledger: Ledger,
    before: list[Callable[[StockBook], object]],
    then: Callable[[StockBook], object],
    reason: Reason,
) -> None:
    book = book_of(ledger)
    if before:
        book.hand_over(9, **TWO)
    for step in before:
        step(book)
    stock = book.stock()
    assert refused(lambda: then(book)) is reason
    assert book.stock() == stock


def test_two_blanks_at_once_are_both_on_record_and_none_is_fed_until_two_people_have_counted(
    book: StockBook,
) -> None:
    book.hand_over(5, **TWO)
    book.feed(JOB)
    assert book.two_fed(JOB).stock.balance == Balance(handed_over=5, hopper=3, printer=2)
    rejected = book.reject(JOB, "device")
    assert rejected.movement.count == 2, "the printer puts both away at once"
    assert rejected.stock.balance == Balance(handed_over=5, hopper=3, reject_bin=2)
    assert book.blank(JOB) == Blank(job=JOB, place=Place.REJECT_BIN), "a job has one blank, and the other one no job"
    assert obstacle(book.stock(), SIZES) is Reason.TWO_FED
    book.close_out(counted(3, reject_bin=2), **TWO)
    book.feed(OTHER)
    assert refused(lambda: book.feed(JOB)) is Reason.FED_BEFORE


def test_two_blanks_that_are_stuck_are_taken_out_by_hand_one_after_the_other(book: StockBook) -> None:
    book.hand_over(5, **TWO)
    book.feed(JOB)
    book.two_fed(JOB)
    book.remove(JOB, "jammed", **TWO)
    book.remove("", "jammed", **TWO)
    assert refused(lambda: book.remove("", "jammed", **TWO)) is Reason.NOT_IN_PRINTER
    assert book.stock().balance == Balance(handed_over=5, hopper=3, staff=2)


def test_a_second_blank_is_only_where_the_book_has_one_in_the_hopper(book: StockBook) -> None:
    book.hand_over(1, **TWO)
    book.feed(JOB)
    assert refused(lambda: book.two_fed(JOB)) is Reason.HOPPER_EMPTY


def test_a_chip_can_not_be_in_two_places(book: StockBook) -> None:
    book.hand_over(5, **TWO)
    book.feed(JOB)
    book.identify(JOB, CODE)
    book.reject(JOB, "print_spoilt")
    book.feed(OTHER)
    assert refused(lambda: book.identify(OTHER, CODE)) is Reason.ANOTHER_BLANK


@pytest.mark.parametrize(
    ("by", "and_by"),
    [
        ("1017", "1017"), ("wang", "WANG"), ("1017", ""), ("", "1017"), (" 1017", "1017"), ("1017", "1017 "),
        ("1017", "11010119900307004X"), ("1017", "王\n芳"), ("１０１７", "1017"),
    ],
)  # fmt: skip
def test_one_person_can_not_sign_for_two(book: StockBook, by: str, and_by: str) -> None:
    for movement in (
        lambda: book.hand_over(5, by=by, and_by=and_by),
        lambda: book.empty(Place.HOPPER, 1, by=by, and_by=and_by),
        lambda: book.remove(JOB, "jam", by=by, and_by=and_by),
        lambda: book.close_out(counted(0), by=by, and_by=and_by),
        lambda: book.close_out(counted(1), by=by, and_by=and_by, explanation="found"),
    ):
        assert refused(movement) is Reason.TWO_PEOPLE
    assert book.stock() == Stock()


def test_no_blank_leaves_the_hopper_without_room_for_it_in_both_bins(ledger: Ledger) -> None:
    small = StorageSizes(hopper=9, hopper_low=2, reject_bin=1, reject_bin_high=1, retained_bin=1, retained_bin_high=1)
    book = book_of(ledger, sizes=small)
    book.hand_over(9, **TWO)
    book.feed(JOB)
    book.reject(JOB, "chip_dead")
    assert refused(lambda: book.feed(OTHER)) is Reason.REJECT_BIN_FULL
    assert obstacle(book.stock(), small) is Reason.REJECT_BIN_FULL
    book.empty(Place.REJECT_BIN, 1, **TWO)
    book.feed(OTHER)
    book.present(OTHER)
    book.retain(OTHER, "not_taken")
    assert refused(lambda: book.feed(THIRD)) is Reason.RETAINED_BIN_FULL
    assert levels(book.stock(), small) == {
        Place.HOPPER: Level.OK, Place.REJECT_BIN: Level.OK, Place.RETAINED_BIN: Level.FULL
    }  # fmt: skip


def test_a_hopper_that_runs_low_and_a_bin_that_fills_are_told() -> None:
    def of(hopper: int, reject_bin: int = 0) -> tuple[Level, Level]:
        found = levels(Stock(balance=Balance(hopper=hopper, reject_bin=reject_bin)), SIZES)
        return found[Place.HOPPER], found[Place.REJECT_BIN]

    assert [of(count)[0] for count in (0, 1, 2, 3)] == [Level.EMPTY, Level.LOW, Level.LOW, Level.OK]
    assert [of(9, count)[1] for count in (1, 2, 3, 4)] == [Level.OK, Level.HIGH, Level.FULL, Level.FULL]


# Closing out


def test_a_count_that_differs_does_not_close(book: StockBook, ledger: Ledger) -> None:
    book.hand_over(10, **TWO)
    assert refused(lambda: book.close_out(counted(9), **TWO)) is Reason.DOES_NOT_BALANCE
    assert refused(lambda: book.close_out(counted(9), **TWO, explanation="  ")) is Reason.DOES_NOT_BALANCE
    assert ledger.head().sequence == 1
    explained, closed = book.close_out(counted(9), **TWO, explanation="one lay behind the hopper, bent; thrown away")
    assert (explained.movement.move, closed.movement.move) == (Move.DIFFERENCE, Move.COUNTED)
    assert book.stock().balance == Balance(handed_over=10, hopper=9, missing=1)
    assert book.stock().balance.balances
    book.close_out(counted(10), **TWO, explanation="it was found")
    assert book.stock().balance == Balance(handed_over=10, hopper=10)


def test_a_close_out_alone_can_not_be_booked_over_a_difference() -> None:
    balance = Balance(handed_over=4, hopper=4)
    wrong = Movement(move=Move.COUNTED, counted=counted(5), by="1017", and_by="1018")
    assert refused(lambda: moved(balance, wrong)) is Reason.DOES_NOT_BALANCE
    silent = msgspec.structs.replace(wrong, move=Move.DIFFERENCE)
    assert refused(lambda: moved(balance, silent)) is Reason.UNEXPLAINED
    needless = msgspec.structs.replace(silent, counted=counted(4), explanation="none")
    assert refused(lambda: moved(balance, needless)) is Reason.NO_DIFFERENCE
    assert moved(balance, msgspec.structs.replace(silent, explanation="a sixth")).missing == -1


def test_what_nobody_finds_in_the_printer_is_missing_and_the_printer_is_clear_again(book: StockBook) -> None:
    book.hand_over(3, **TWO)
    book.feed(JOB)
    book.present(JOB)
    book.close_out(counted(2), **TWO, explanation="the mouth was empty after the power cut, nobody knows")
    assert book.blank(JOB) == Blank(job=JOB, place=Place.MISSING)
    assert book.stock().balance == Balance(handed_over=3, hopper=2, missing=1)
    book.feed(OTHER)


def test_a_blank_that_the_book_does_not_know_is_taken_out_of_the_printer(book: StockBook) -> None:
    book.hand_over(3, **TWO)
    book.close_out(counted(3, printer=1), **TWO, explanation="found under the ribbon")
    assert refused(lambda: book.feed(JOB)) is Reason.PRINTER_NOT_CLEAR
    book.remove("", "left_behind", **TWO)
    assert book.stock().balance == Balance(handed_over=3, hopper=3, staff=1, missing=-1)


def test_a_card_that_became_valid_in_the_printer_is_kept_back_from_there(book: StockBook) -> None:
    book.hand_over(3, **TWO)
    book.feed(JOB)
    book.retain(JOB, "power_cut")
    assert book.stock().balance == Balance(handed_over=3, hopper=2, retained_bin=1)
    assert book.blank(JOB) == Blank(job=JOB, place=Place.RETAINED_BIN)
    book.feed(OTHER)
    book.present(OTHER)
    book.retain(OTHER, "not_taken")
    assert book.stock().balance == Balance(handed_over=3, hopper=1, retained_bin=2)


def test_a_jammed_blank_is_taken_out_by_two(book: StockBook) -> None:
    book.hand_over(3, **TWO)
    book.feed(JOB)
    book.remove(JOB, "jammed", **TWO)
    assert (book.blank(JOB), book.stock().blanks) == (Blank(job=JOB, place=Place.STAFF), ())
    book.feed(OTHER)
    book.present(OTHER)
    assert book.remove(OTHER, "jammed", **TWO).movement.place is Place.EXIT


# On record


def test_the_book_goes_on_after_every_entry_was_erased(folder: Path) -> None:
    with create(folder) as ledger:
        book = book_of(ledger)
        book.hand_over(10, **TWO)
        issue(book, JOB, CODE)
        book.feed(OTHER)
        stock = book.stock()
        ledger.erase(ledger.head().sequence)
        assert book.stock() == stock
    with LedgerReader(folder) as reader:
        assert not [entry for entry in reader.entries(0, 99) if isinstance(entry, SealedEntry)], (
            "nothing is left to read"
        )
    with reopen(folder) as ledger:
        book = book_of(ledger)
        assert book.stock() == stock
        assert stock.balance == Balance(handed_over=10, hopper=8, printer=1, citizen=1)
        assert refused(lambda: book.feed(JOB)) is Reason.FED_BEFORE
        book.reject(OTHER, "power_cut")
        assert book.stock().movements == 7


def test_a_cut_between_difference_and_count_is_finished_by_the_same_close_out(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with create(folder) as ledger:
        book = book_of(ledger)
        book.hand_over(5, **TWO)
        append, left = ledger.append_movement, [1]

        def once(*given: object, **named: object) -> object:
            if not left:
                raise KeyboardInterrupt
            left.pop()
            return append(*given, **named)  # type: ignore[arg-type]  # handed on as it came

        monkeypatch.setattr(ledger, "append_movement", once)
        with pytest.raises(KeyboardInterrupt):
            book.close_out(counted(4), **TWO, explanation="one was bent")
    with reopen(folder) as ledger:
        book = book_of(ledger)
        assert book.stock().closed_out == 0
        assert [one.movement.move for one in book.close_out(counted(4), **TWO, explanation="one was bent")] == [
            Move.COUNTED
        ]
        assert book.stock().balance == Balance(handed_over=5, hopper=4, missing=1)


def test_the_newest_movements_can_be_read_again_with_their_time(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiosk.custody.book.REMEMBERED", 3)
    clock = SetClock(1_700_000_000.0)
    book = book_of(ledger, clock)
    for _ in range(5):
        clock.now += 60
        book.hand_over(1, **TWO)
    assert REMEMBERED == 500
    assert [(one.movement.number, one.at_ms) for one in book.history()] == [
        (3, 1_700_000_180_000), (4, 1_700_000_240_000), (5, 1_700_000_300_000)
    ]  # fmt: skip
    assert [one.movement.number for one in book.history(2)] == [4, 5]
    (rows,) = ledger._db.execute("SELECT count(*) FROM kept WHERE name LIKE 'movement/%'").fetchone()
    assert rows == 3, "what is older is gone"


# What the ledger keeps


def test_what_is_kept_is_written_with_its_entry_or_not_at_all(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    book = book_of(ledger)
    book.hand_over(5, **TWO)

    class Cut:
        def write(self, *_: object) -> None:
            raise KeyboardInterrupt

    keeper = ledger._keeper
    monkeypatch.setattr(ledger, "_keeper", Cut())
    with pytest.raises(KeyboardInterrupt):
        ledger.append_movement(Movement(move=Move.FED, job=JOB), offset_ms=0, keep={"stock": b"{}"})
    monkeypatch.setattr(ledger, "_keeper", keeper)
    with LedgerReader(ledger._folder) as reader:
        assert reader.head().sequence == 1
    assert (book.stock().movements, book.blank(JOB)) == (1, None)


def test_what_is_kept_can_be_read_beside_the_writer_with_the_key_only(book: StockBook, folder: Path) -> None:
    book.hand_over(5, **TWO)
    with KeptReader(folder, STORAGE_KEY) as reader:
        content = reader.kept("stock")
        assert content is not None
        assert decode(content, Stock) == book.stock()
        assert reader.kept("nothing") is None
    with pytest.raises(LedgerUnusable, match="storage key"):
        KeptReader(folder, bytes(32))
    assert "李组长".encode() not in ledgers.bytes_on_disk(folder)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE kept SET sealed = CAST(sealed || x'00' AS BLOB) WHERE name = 'stock'",
        "UPDATE kept SET sequence = 1 WHERE name = 'stock'",
        "UPDATE kept SET name = 'stock' WHERE name = 'movement/2'",
    ],
)
def test_a_changed_row_of_what_is_kept_is_damage_and_no_other_count(folder: Path, damage: str) -> None:
    with create(folder) as ledger:
        book_of(ledger).hand_over(5, **TWO)
        book_of(ledger).hand_over(5, **TWO)
    if "movement" in damage:
        change(folder, "DELETE FROM kept WHERE name = 'stock'")
    change(folder, damage)
    with reopen(folder) as ledger, pytest.raises(LedgerDamaged):
        book_of(ledger).hand_over(1, **TWO)
    with KeptReader(folder, STORAGE_KEY) as reader, pytest.raises(LedgerDamaged):
        reader.kept("stock")


def test_a_ledger_older_than_blank_cards_gets_the_table_and_keeps_its_entries(folder: Path) -> None:
    with create(folder) as ledger:
        ledgers.fill(ledger, 3)
        head = ledger.head()
    change(folder, "DROP TABLE kept")
    change(folder, "DROP TABLE enclosure")
    with KeptReader(folder, STORAGE_KEY) as reader:
        assert reader.kept("stock") is None
    with LedgerReader(folder) as reader_of_entries:
        assert reader_of_entries.head() == head
    with reopen(folder) as ledger:
        assert (ledger.head(), ledger.verify(from_checkpoint=False)) == (head, [])
        book_of(ledger).hand_over(5, **TWO)
    with LedgerReader(folder) as reader_of_entries:
        entries = [entry for entry in reader_of_entries.entries(0, 9) if isinstance(entry, SealedEntry)]
        assert [ledgers.opened_by_centre(reader_of_entries, entry) for entry in entries[:3]] == [
            ledgers.transaction(number) for number in range(3)
        ]
    db = sqlite3.connect(folder / "ledger.db")
    assert db.execute("SELECT count(*) FROM kept").fetchone() == (2,)
    db.close()
