"""The conductor's journal over a real ledger and real receipts."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from kiosk.central_client.clock_offset import ClockOffset
from kiosk.custody import StockBook
from kiosk.journeys.requests import LedgerFailed, TooManyWait
from kiosk.ledger import Ledger, LedgerReader, enclosures
from kiosk.records.chain import SealedEntry
from kiosk.records.custody import Balance, Impossible
from kiosk.records.transaction import IssuanceStep, Outcome, Stage, Transaction
from kiosk.runtime.journal import DurableJournal
from kiosk.uplink import LineState, Receipts
from tests import ledgers


def journal(open_ledger: Callable[[], Ledger], folder: Path) -> DurableJournal:
    return DurableJournal(open_ledger, ClockOffset(folder / "offset"), folder / "receipts.db", ledgers.TERMINAL, {})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty ledger."""
    ledgers.create(tmp_path / "ledger").close()
    return tmp_path / "ledger"


@pytest.fixture
def book(folder: Path, tmp_path: Path) -> Iterator[DurableJournal]:
    with journal(lambda: ledgers.reopen(folder), tmp_path) as made:
        yield made


def entries(folder: Path) -> list[Transaction]:
    """What the centre would read."""
    with LedgerReader(folder) as reader:
        return [
            ledgers.opened_by_centre(reader, entry)
            for entry in reader.entries(0, 500)
            if isinstance(entry, SealedEntry)
        ]


def test_what_was_begun_before_a_kill_is_ended_as_unknown(folder: Path, tmp_path: Path) -> None:
    with journal(lambda: ledgers.reopen(folder), tmp_path) as killed:
        killed.append(ledgers.transaction(1, Stage.BEGUN))
        killed.append(ledgers.transaction(2))
    with journal(lambda: ledgers.reopen(folder), tmp_path) as book:
        assert book.close_interrupted() == 1
        assert book.close_interrupted() == 0
    ended = entries(folder)[2]
    assert (ended.transaction_id, ended.stage, ended.outcome, ended.reason) == (
        f"{1:032x}", Stage.FINISHED, Outcome.UNKNOWN, "interrupted",
    )  # fmt: skip


def test_a_ledger_that_fails_is_told_as_failed_and_closed(book: DurableJournal, folder: Path) -> None:
    assert book.append(ledgers.transaction(1)) == 1
    assert book.tidy() is True, "without receipts nothing speaks against the identity"
    (folder / "ledger.db").rename(folder / "away.db")
    assert book._ledger is not None
    book._ledger.close()  # as after an error of the disk
    with pytest.raises(LedgerFailed):
        book.append(ledgers.transaction(2))
    assert not book.is_open
    with pytest.raises(LedgerFailed, match="no ledger"):
        book.tidy()
    (folder / "away.db").rename(folder / "ledger.db")
    assert book.tidy() is True
    assert [one.transaction_id for one in entries(folder)] == [f"{1:032x}", f"{2:032x}"], "the end it owed went in"


def test_a_ledger_that_another_holds_is_opened_when_it_lets_go(book: DurableJournal, folder: Path) -> None:
    other = ledgers.reopen(folder)
    with pytest.raises(LedgerFailed, match="in use"):
        book.tidy()
    other.close()
    assert book.tidy() is True


@pytest.mark.parametrize(
    ("reason", "stands"),
    [
        ("frozen", False),
        ("ledger_behind_centre", False),
        ("ledger_differs_from_centre", False),
        ("unknown_terminal", False),
        ("revoked", False),
        ("signature", False),
        ("malformed", True),
        ("receipt_not_genuine", True),
    ],
)
def test_a_halted_uplink_closes_the_terminal_where_its_word_counts_for_nothing(
    book: DurableJournal, folder: Path, tmp_path: Path, reason: str, stands: bool
) -> None:
    with LedgerReader(folder) as reader, Receipts(tmp_path / "receipts.db", reader.ledger_id, now_ms=0) as receipts:
        receipts.stand(LineState.HALTED, reason, now_ms=1, contact=True)
        assert book.tidy() is stands
        receipts.stand(LineState.WAITING, reason, now_ms=2, contact=False)
        assert book.tidy() is True


def test_twenty_damaged_entries_are_named_and_the_others_counted(
    book: DurableJournal, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with ledgers.reopen(folder) as ledger:
        ledgers.fill(ledger, 200)
    ledgers.change(folder, "UPDATE payload SET nonce = x'00' WHERE sequence > 20 AND sequence <= 50")
    with caplog.at_level(logging.ERROR):
        book.tidy()
    (told,) = caplog.messages
    assert told.startswith("30 damaged places in the ledger, at entries 21 row_damaged, 22 row_damaged, ")
    assert told.endswith("40 row_damaged …")


def test_the_book_of_the_blanks_goes_through_the_journal(book: DurableJournal, folder: Path) -> None:
    blanks = StockBook(book, "beijing", ledgers.SIZES, clock=ledgers.SetClock(), offset_ms=lambda: 0)
    blanks.hand_over(5, by="1017", and_by="1018")
    with pytest.raises(Impossible):
        blanks.feed("short")
    assert book._ledger is not None
    book._ledger.close()  # as after an error of the disk
    with pytest.raises(LedgerFailed):
        blanks.stock()
    blanks.feed("a1" * 16)
    assert blanks.stock().balance == Balance(handed_over=5, hopper=4, printer=1)
    with LedgerReader(folder) as reader:
        assert reader.head().sequence == 2


def test_a_card_that_was_left_half_made_is_not_ended_by_a_guess(book: DurableJournal) -> None:
    step = msgspec.structs.replace(ledgers.transaction(1, Stage.STEP), step=IssuanceStep.SWITCHING)
    assert book.unsettled() is None
    book.append(ledgers.transaction(1, Stage.BEGUN))
    book.append(step)
    book.append(ledgers.transaction(2, Stage.BEGUN))
    assert book.close_interrupted() == 1
    assert book.unsettled() == step
    book.append(ledgers.transaction(1))
    assert book.unsettled() is None


def test_a_filing_that_could_not_be_kept_is_owed_to_nobody(
    book: DurableJournal, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its person was told that it is not taken down: it must not go in by itself later."""
    filing, enclosure = ledgers.enclosed_filing(1)
    monkeypatch.setattr(enclosures, "MOST_WAITING", 0)
    with pytest.raises(TooManyWait, match="0 enclosures wait"):
        book.append(filing, enclosure)
    assert book.is_open, "entries without one are taken"
    monkeypatch.undo()
    assert book._ledger is not None
    book._ledger.close()  # as after an error of the disk
    with pytest.raises(LedgerFailed):
        book.append(filing, enclosure)
    assert book.tidy() is True
    assert (entries(folder), ledgers.files_of(folder)) == ([], [])


def test_nothing_of_what_waits_goes_without_a_receipt(book: DurableJournal, folder: Path) -> None:
    book.append(*ledgers.enclosed_filing(1))
    for _ in range(3):
        assert book.tidy() is True
    assert len(ledgers.files_of(folder)) == 1


def test_what_has_waited_too_long_is_erased_and_told(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = ledgers.SetClock()
    with journal(lambda: ledgers.reopen(folder, clock), tmp_path) as book:
        book.append(*ledgers.enclosed_filing(1))
        clock.now += 31 * 86_400
        with caplog.at_level(logging.ERROR):
            assert book.tidy() is True
    assert caplog.messages == ["erased after 30 days without a receipt: the enclosures of entries [1]"]
    assert ledgers.files_of(folder) == []
