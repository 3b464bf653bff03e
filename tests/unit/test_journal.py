"""The conductor's journal over a real ledger and real receipts."""

import os
from pathlib import Path

import pytest

from kiosk.central_client.clock_offset import ClockOffset
from kiosk.journeys.requests import LedgerFailed
from kiosk.ledger import Ledger, LedgerReader
from kiosk.records.transaction import Outcome, Stage
from kiosk.runtime.journal import DurableJournal
from tests import ledgers


def journal(ledger: Ledger, folder: Path) -> DurableJournal:
    return DurableJournal(ledger, ClockOffset(folder / "offset"), folder / "receipts.db", ledgers.TERMINAL, {})


def test_what_was_begun_before_a_kill_is_ended_as_unknown(tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    with ledgers.create(folder) as ledger:
        journal(ledger, tmp_path).append(ledgers.transaction(1, Stage.BEGUN))
        journal(ledger, tmp_path).append(ledgers.transaction(2))
    with ledgers.reopen(folder) as ledger:
        book = journal(ledger, tmp_path)
        assert book.close_interrupted() == 1
        assert book.close_interrupted() == 0
        reader = LedgerReader(folder)
        (last,) = reader.entries(2, 10)
        ended = ledgers.opened_by_centre(reader, last)  # type: ignore[arg-type]  # nothing is damaged here
        reader.close()
    assert (ended.transaction_id, ended.stage, ended.outcome, ended.reason) == (
        f"{1:032x}", Stage.FINISHED, Outcome.UNKNOWN, "interrupted",
    )  # fmt: skip


def test_a_ledger_that_fails_is_told_as_failed(tmp_path: Path) -> None:
    ledger = ledgers.create(tmp_path / "ledger")
    book = journal(ledger, tmp_path)
    assert book.append(ledgers.transaction(1)) == 1
    assert book.tidy() is True, "without receipts nothing speaks against the identity"
    ledger.close()
    os.truncate(tmp_path / "ledger" / "ledger.db", 100)
    with pytest.raises(LedgerFailed):
        book.append(ledgers.transaction(2))
